//! What stands around every page.

use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} · Rehearsal</title>
<link rel="icon" href="/web/icon.svg">
<link rel="stylesheet" href="/web/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top">
<p class="banner"><strong>Rehearsal</strong> on this machine: nothing here has reached Front, and nobody gets mail</p>
<div class="bar">
<a class="home" href="/"><img src="/web/icon.svg" alt="" width="26" height="26"> threadlift</a>
<form action="/web/search" method="get" role="search">
<input type="search" name="q" value="{{ query }}" placeholder="Search subjects, people, text" aria-label="Search subjects, people, text">
<button>Search</button>
</form>
</div>
</header>
<div class="desk">
<nav class="side" aria-label="Inboxes">
<ul>
<li><a href="/"{% if here == "/" %} aria-current="page"{% endif %}><span class="name">All inboxes</span><span class="figure">{{ super::count(conversations) }}</span></a></li>
{% for inbox in inboxes %}<li><a href="{{ inbox.path }}"{% if inbox.path == here %} aria-current="page"{% endif %}><span class="name" dir="auto">{{ inbox.name }}</span><span class="figure">{{ super::count(inbox.conversations) }}</span></a></li>
{% endfor %}</ul>
</nav>
<main id="main">
{{ content|safe }}
</main>
</div>
</body>
</html>
"##
)]
pub(in super::super) struct Layout<'a> {
    pub(in super::super) title: &'a str,
    /// What was searched for, empty on other pages.
    pub(in super::super) query: &'a str,
    pub(in super::super) inboxes: &'a [InboxLink],
    /// Conversations of all inboxes.
    pub(in super::super) conversations: u64,
    /// Path of the inbox that the page belongs to.
    pub(in super::super) here: &'a str,
    /// A rendered page.
    pub(in super::super) content: &'a str,
}

/// An inbox at the side of every page.
pub(in super::super) struct InboxLink {
    pub(in super::super) path: String,
    pub(in super::super) name: String,
    pub(in super::super) conversations: u64,
    pub(in super::super) messages: u64,
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
{% if pages.current > 1 %}<a href="{{ path }}?page={{ pages.current - 1 }}" rel="prev">← Page {{ pages.current - 1 }}</a>{% else %}<span></span>{% endif %}
<span>Page {{ pages.current }} of {{ pages.last }}</span>
{% if pages.current < pages.last %}<a href="{{ path }}?page={{ pages.current + 1 }}" rel="next">Page {{ pages.current + 1 }} →</a>{% else %}<span></span>{% endif %}
</nav>{% endif %}"#
)]
pub(super) struct PageLinks<'a> {
    path: &'a str,
    pages: &'a Pages,
}
