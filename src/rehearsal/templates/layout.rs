//! What stands around every page.

use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} · Rehearsal</title>
<link rel="stylesheet" href="/web/style.css">
</head>
<body>
<p class="banner"><strong>Rehearsal:</strong> nothing here has reached Front</p>
<header>
<a class="home" href="/">threadlift</a>
<form action="/web/search" method="get" role="search">
<input type="search" name="q" value="{{ query }}" placeholder="Search subjects and people" aria-label="Search subjects and people">
<button>Search</button>
</form>
</header>
<main>
{{ content|safe }}
</main>
</body>
</html>
"#
)]
pub(in super::super) struct Layout<'a> {
    pub(in super::super) title: &'a str,
    /// What was searched for, empty on other pages.
    pub(in super::super) query: &'a str,
    /// A rendered page.
    pub(in super::super) content: &'a str,
}

/// Where a page stands in its list, counted from 1.
pub(in super::super) struct Pages {
    pub(in super::super) current: usize,
    pub(in super::super) last: usize,
}

impl Pages {
    /// Links to the neighbours, for a list at this path; nothing where all fits on one page.
    pub(super) fn links<'a>(&'a self, path: &'a str) -> PageLinks<'a> {
        PageLinks { path, pages: self }
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% if pages.last > 1 %}<nav class="pages" aria-label="Pages">
{% if pages.current > 1 %}<a href="{{ path }}?page={{ pages.current - 1 }}" rel="prev">← Back</a>{% else %}<span></span>{% endif %}
<span>Page {{ pages.current }} of {{ pages.last }}</span>
{% if pages.current < pages.last %}<a href="{{ path }}?page={{ pages.current + 1 }}" rel="next">On →</a>{% else %}<span></span>{% endif %}
</nav>{% endif %}"#
)]
pub(super) struct PageLinks<'a> {
    path: &'a str,
    pages: &'a Pages,
}
