//! The first page: all inboxes, what is kept of them, and what came last.

use askama::Template;

use super::layout::InboxLink;
use super::lists::ConversationRow;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<h1 dir="auto">{{ company }}</h1>
<p class="summary">{{ super::counted(messages, "message") }} in {{ super::counted(conversations, "conversation") }}
{%- if refused > 0 %} · <strong class="bad">{{ super::counted(refused, "request") }} refused</strong>{% endif %}</p>
{% if inboxes.is_empty() %}<p class="empty">No inboxes were set up.</p>{% else %}
<ul class="list inboxes">
{% for inbox in inboxes %}<li><a class="line" href="{{ inbox.path }}">
<span class="subject" dir="auto">{{ inbox.name }}</span>
<span class="figure">{{ super::counted(inbox.conversations, "conversation") }}</span>
<span class="figure">{{ super::counted(inbox.messages, "message") }}</span>
</a></li>
{% endfor %}</ul>{% endif %}
{% if !rows.is_empty() %}<h2>Newest conversations</h2>
<ul class="list conversations">
{% for row in rows %}{{ row.render()?|safe }}
{% endfor %}</ul>{% endif %}
<p class="kept">{{ kept }}</p>
"#
)]
pub(in super::super) struct InboxesPage<'a> {
    pub(in super::super) company: &'a str,
    pub(in super::super) inboxes: &'a [InboxLink],
    pub(in super::super) messages: u64,
    pub(in super::super) conversations: u64,
    pub(in super::super) refused: u64,
    pub(in super::super) rows: Vec<ConversationRow>,
    /// What lies on this machine's disk, in words.
    pub(in super::super) kept: String,
}
