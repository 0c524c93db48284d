//! In place of a page that cannot be shown.

use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<h1>{{ title }}</h1>
<p class="empty">{{ why }}</p>
<p><a href="/">All inboxes</a></p>
"#
)]
pub(in super::super) struct TroublePage<'a> {
    pub(in super::super) title: &'a str,
    pub(in super::super) why: &'a str,
}
