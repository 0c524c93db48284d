//! What the run did beside messages, as the terminal says it.

use super::{Section, rendered, shown};
use crate::report::{Extent, Report, text};
use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<pre class="text">{% for line in lines %}{{ line }}
{% endfor %}</pre>
"##
)]
struct Around {
    lines: Vec<String>,
}

/// None where the run did nothing but send or look.
pub(super) fn section(report: &Report) -> Option<Section> {
    let lines: Vec<String> = text::around(report, Extent::Everything).lines().map(shown).collect();
    if lines.is_empty() {
        return None;
    }
    Some(Section { id: "around", title: "What this run did", mark: None, content: rendered(&Around { lines }) })
}
