//! One conversation with its messages.

use askama::Template;

use super::comment::CommentCard;
use super::layout::Pages;
use super::lists::{ConversationRow, Moment};

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<p class="crumbs"><a href="{{ inbox_path }}">← <bdi>{{ inbox }}</bdi></a>
{%- if let Some(newer) = newer %} · <a href="/web/conversations/{{ newer }}" rel="prev">Newer</a>{% endif -%}
{%- if let Some(older) = older %} · <a href="/web/conversations/{{ older }}" rel="next">Older</a>{% endif %}</p>
<h1 dir="auto">{{ row.subject }}</h1>
<p class="summary">{{ super::counted(row.count, "message") }}, oldest first
<span class="marks"><span class="mark {{ row.status }}">{{ row.status }}</span>{% if let Some(ticket) = row.ticket %}<span class="mark" dir="auto">{{ ticket }}</span>{% endif %}{% for tag in row.tags %}<span class="tag" dir="auto">{{ tag }}</span>{% endfor -%}
</span></p>
{% if !about.is_empty() %}<dl class="about">{% for line in about %}<dt dir="auto">{{ line.name }}</dt><dd dir="auto">{{ line.value }}{% if !line.address.is_empty() %} <span class="address">{{ line.address }}</span>{% endif %}</dd>{% endfor %}</dl>{% endif %}
{% for entry in entries %}{% match entry %}{% when Entry::Comment(comment) %}{{ comment.render()?|safe }}
{% when Entry::Message(message) %}<article class="{% if message.is_inbound %}inbound{% else %}outbound{% endif %}" id="{{ message.id }}" aria-label="{% if message.is_inbound %}Received from{% else %}Sent by{% endif %} {{ message.shown_name() }}, {{ message.date.full }}">
<header>
<span class="face" aria-hidden="true">{{ message.initials() }}</span>
<p class="from"><strong dir="auto">{{ message.shown_name() }}</strong>{% if !message.name.is_empty() %} <span class="handle" dir="auto">{{ message.handle }}</span>{% endif %}
{% if let Some(author) = message.author %}<span class="handle">by <bdi>{{ author }}</bdi></span>{% endif %}
<span class="direction">{% if message.is_inbound %}received{% else %}sent{% endif %}{% if message.kind != "email" %} · {{ message.kind }}{% endif %}</span></p>
<time class="date" datetime="{{ message.date.iso }}">{{ message.date.full }}</time>
</header>
{% if !message.recipients.is_empty() || message.has_own_subject(row) %}<dl class="lines">{% for line in message.recipients %}<dt>{{ line.label }}</dt><dd dir="auto">{{ line.handles }}</dd>{% endfor -%}
{% if message.has_own_subject(row) %}<dt>Subject</dt><dd dir="auto">{{ message.subject }}</dd>{% endif %}</dl>{% endif %}
{% match message.body %}{% when Body::Html with { height, remote, is_loaded } -%}
{% if *remote > 0 && *is_loaded %}<p class="remote">Pictures on other servers were asked for, over https. Their servers know now that this mail was opened, when, and from where.</p>
{% else if *remote > 0 %}<p class="remote">{{ super::counted(remote, "picture") }} on other servers {% if *remote == 1 %}is{% else %}are{% endif %} not loaded. Loading pictures tells those servers that this mail was opened, when, and from where. <a href="{{ path }}?page={{ pages.current }}&amp;remote={{ message.id }}#{{ message.id }}">Load pictures of this message</a></p>{% endif %}
<iframe sandbox="" loading="lazy" referrerpolicy="no-referrer" title="Message of {{ message.date.full }}" height="{{ height }}" src="/web/messages/{{ message.id }}/body{% if *is_loaded %}?remote=1{% endif %}"></iframe>
{% when Body::Text with { blocks, is_cut } %}{% if blocks.is_empty() %}<p class="cut">This message has no text.</p>{% endif %}{% for block in blocks -%}
{% if let Some(lines) = block.folded %}<details class="quote"><summary>Quoted history, {{ super::counted(lines, "line") }}</summary><blockquote class="text" dir="auto">{{ block.text }}</blockquote></details>
{%- else if block.is_quote %}<blockquote class="text" dir="auto">{{ block.text }}</blockquote>
{%- else %}<div class="text" dir="auto">{{ block.text }}</div>{% endif %}{% endfor %}
{% if *is_cut %}<p class="cut">The text goes on: <a href="/web/messages/{{ message.id }}/body">all of it</a>.</p>{% endif -%}
{% when Body::Gone %}<p class="remote">The text of this message was not kept, so that the rehearsal leaves room on the disk (<code>--keep</code>).</p>{% endmatch %}
{% if !message.attachments.is_empty() %}<ul class="files" aria-label="Files">
{% for file in message.attachments %}<li>{% if file.is_kept %}<a href="/web/attachments/{{ message.id }}/{{ loop.index0 }}" download dir="auto">{{ file.filename }}</a>{% else %}<strong dir="auto">{{ file.filename }}</strong>{% endif %} <span>{{ file.size }} · {{ file.content_type }}{% if !file.is_kept %} · not kept{% endif %}</span></li>
{% endfor %}</ul>{% endif %}
<footer>{% if has_origins %}<a href="/web/messages/{{ message.id }}/origin">Origin and changes</a> · {% endif %}<a href="/web/messages/{{ message.id }}/body">Message alone</a> · <a href="/web/messages/{{ message.id }}/request">As imported</a> · <code>{{ message.external_id }}</code></footer>
</article>
{% endmatch %}{% endfor %}{{ pages.links(path.as_str()).render()?|safe }}
"##
)]
pub(in super::super) struct ConversationPage<'a> {
    pub(in super::super) path: String,
    pub(in super::super) row: &'a ConversationRow,
    pub(in super::super) inbox_path: &'a str,
    pub(in super::super) inbox: &'a str,
    /// The conversations beside it in its inbox.
    pub(in super::super) newer: Option<String>,
    pub(in super::super) older: Option<String>,
    /// What is known of it beside its messages.
    pub(in super::super) about: Vec<AboutLine>,
    /// Oldest first.
    pub(in super::super) entries: Vec<Entry>,
    pub(in super::super) pages: Pages,
    /// Somebody can say where messages come from.
    pub(in super::super) has_origins: bool,
}

/// A line of what is known of a conversation: its links lead nowhere by themselves, as links in mail do not.
pub(in super::super) struct AboutLine {
    pub(in super::super) name: String,
    pub(in super::super) value: String,
    /// Of a link.
    pub(in super::super) address: String,
}

/// What stands in a conversation.
pub(in super::super) enum Entry {
    Message(Box<MessageCard>),
    Comment(CommentCard),
}

/// One message.
pub(in super::super) struct MessageCard {
    pub(in super::super) id: String,
    pub(in super::super) is_inbound: bool,
    /// `email`, `sms`, …
    pub(in super::super) kind: String,
    /// The teammate who wrote it.
    pub(in super::super) author: Option<String>,
    /// Empty where the sender has none.
    pub(in super::super) name: String,
    pub(in super::super) handle: String,
    pub(in super::super) recipients: Vec<Recipients>,
    pub(in super::super) subject: String,
    pub(in super::super) date: Moment,
    pub(in super::super) external_id: String,
    pub(in super::super) body: Body,
    pub(in super::super) attachments: Vec<AttachmentLine>,
}

impl MessageCard {
    fn shown_name(&self) -> &str {
        if self.name.is_empty() { &self.handle } else { &self.name }
    }

    /// First letters of the first and the last word of the name.
    fn initials(&self) -> String {
        let mut letters = self
            .shown_name()
            .split_whitespace()
            .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
        let first = letters.next();
        first.into_iter().chain(letters.next_back()).flat_map(char::to_uppercase).collect()
    }

    fn has_own_subject(&self, row: &ConversationRow) -> bool {
        let own = self.subject.strip_suffix(row.subject.as_str()).unwrap_or(&self.subject).trim();
        // `Re:` before the subject of the conversation says nothing new.
        let is_answer = own.len() <= 5 && own.ends_with(':') && own.len() < self.subject.len();
        !own.is_empty() && !is_answer
    }
}

/// `To`, `Cc` or `Bcc`.
pub(in super::super) struct Recipients {
    pub(in super::super) label: &'static str,
    pub(in super::super) handles: String,
}

/// HTML is shown in a sandboxed frame and never stands in the page.
pub(in super::super) enum Body {
    Html {
        height: usize,
        /// Pictures that lie elsewhere.
        remote: usize,
        /// Pictures from elsewhere were asked for.
        is_loaded: bool,
    },
    Text {
        blocks: Vec<Block>,
        is_cut: bool,
    },
    /// It was not kept.
    Gone,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Block {
    pub(in super::super) text: String,
    pub(in super::super) is_quote: bool,
    /// Lines of what is folded.
    pub(in super::super) folded: Option<usize>,
}

/// A file that can be downloaded.
pub(in super::super) struct AttachmentLine {
    pub(in super::super) filename: String,
    pub(in super::super) content_type: String,
    pub(in super::super) size: String,
    pub(in super::super) is_kept: bool,
}
