//! The first page: all inboxes.

use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<h1>{{ company }}</h1>
<p class="summary">{{ super::counted(messages, "message") }} in {{ super::counted(conversations, "conversation") }}
{%- if refused > 0 %} · <strong class="bad">{{ super::counted(refused, "request") }} refused</strong>{% endif %}</p>
{% if rows.is_empty() %}<p class="empty">No inboxes were set up.</p>{% else %}
<ul class="list">
{% for row in rows %}<li><a class="line" href="{{ row.path }}">
<span class="subject">{{ row.name }}</span>
<span class="figure">{{ super::counted(row.conversations, "conversation") }}</span>
<span class="figure">{{ super::counted(row.messages, "message") }}</span>
</a></li>
{% endfor %}</ul>{% endif %}
"#
)]
pub(in super::super) struct InboxesPage<'a> {
    pub(in super::super) company: &'a str,
    pub(in super::super) rows: Vec<InboxRow<'a>>,
    pub(in super::super) messages: u64,
    pub(in super::super) conversations: u64,
    pub(in super::super) refused: u64,
}

pub(in super::super) struct InboxRow<'a> {
    pub(in super::super) path: String,
    pub(in super::super) name: &'a str,
    pub(in super::super) conversations: u64,
    pub(in super::super) messages: u64,
}
