//! Conversations in a list: of an inbox, and as found by a search.

use askama::Template;

use super::layout::Pages;

/// A conversation in a list, and at the head of its own page.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<li><a class="line" href="/web/conversations/{{ id }}">
<span class="subject">{{ subject }}</span>
<span class="date">{{ date }}</span>
<span class="people">{{ people }}</span>
<span class="marks">{% for tag in tags %}<span class="tag">{{ tag }}</span>{% endfor -%}
{% if let Some(assignee) = assignee %}<span class="mark">{{ assignee }}</span>{% endif -%}
<span class="mark {{ status }}">{{ status }}</span><span class="count" title="messages">{{ count }}</span></span>
</a></li>"#
)]
pub(in super::super) struct ConversationRow {
    pub(in super::super) id: String,
    pub(in super::super) subject: String,
    pub(in super::super) people: String,
    pub(in super::super) count: usize,
    pub(in super::super) tags: Vec<String>,
    /// Of the newest message.
    pub(in super::super) date: String,
    pub(in super::super) status: &'static str,
    pub(in super::super) assignee: Option<String>,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<p class="crumbs"><a href="/">Inboxes</a></p>
<h1>{{ name }}</h1>
<p class="summary">{{ super::counted(count, "conversation") }}, newest first</p>
{% if rows.is_empty() %}<p class="empty">Nothing has been imported into this inbox.</p>{% else %}
<ul class="list conversations">
{% for row in rows %}{{ row.render()?|safe }}
{% endfor %}</ul>
{{ pages.links(path.as_str()).render()?|safe }}{% endif %}
"#
)]
pub(in super::super) struct InboxPage<'a> {
    pub(in super::super) path: String,
    pub(in super::super) name: &'a str,
    pub(in super::super) count: usize,
    pub(in super::super) rows: Vec<ConversationRow>,
    pub(in super::super) pages: Pages,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<p class="crumbs"><a href="/">Inboxes</a></p>
<h1>Search</h1>
{% if query.is_empty() %}<p class="summary">Searches subjects, names and addresses (of each conversation the first {{ people }} people).</p>
{% else if rows.is_empty() %}<p class="empty">Nothing found for “{{ query }}”.</p>
{% else %}<p class="summary">{% if more %}The first {{ hits }} conversations{% else %}{{ rows.len() }} found{% endif %} for “{{ query }}”</p>
<ul class="list conversations">
{% for row in rows %}{{ row.render()?|safe }}
{% endfor %}</ul>{% endif %}
"#
)]
pub(in super::super) struct SearchPage<'a> {
    pub(in super::super) query: &'a str,
    pub(in super::super) rows: Vec<ConversationRow>,
    /// Whether there are more than are shown.
    pub(in super::super) more: bool,
    pub(in super::super) hits: usize,
    pub(in super::super) people: usize,
}
