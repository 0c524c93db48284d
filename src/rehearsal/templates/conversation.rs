//! One conversation with its messages.

use askama::Template;

use super::layout::Pages;
use super::lists::ConversationRow;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<p class="crumbs"><a href="/">Inboxes</a> › <a href="{{ inbox_path }}">{{ inbox }}</a></p>
<h1>{{ row.subject }}</h1>
<p class="summary">{{ super::counted(row.count, "message") }}, oldest first
<span class="marks">{% for tag in row.tags %}<span class="tag">{{ tag }}</span>{% endfor -%}
{% if let Some(assignee) = row.assignee %}<span class="mark">{{ assignee }}</span>{% endif -%}
<span class="mark {{ row.status }}">{{ row.status }}</span></span></p>
{% for message in messages %}<article class="{% if message.is_inbound %}inbound{% else %}outbound{% endif %}" id="{{ message.id }}">
<header>
<p class="from"><span class="mark">{% if message.is_inbound %}received{% else %}sent{% endif %}</span>
{% if !message.name.is_empty() %}<strong>{{ message.name }}</strong> <span class="handle">{{ message.handle }}</span>{% else %}<strong>{{ message.handle }}</strong>{% endif %}
{% if let Some(author) = message.author %}<span class="handle">by {{ author }}</span>{% endif %}</p>
<p class="date">{{ message.date }}</p>
</header>
{% for line in message.recipients %}<p class="recipients"><span>{{ line.label }}</span> {{ line.handles }}</p>
{% endfor %}{% if !message.subject.is_empty() && message.subject != row.subject %}<p class="recipients"><span>Subject</span> {{ message.subject }}</p>{% endif %}
{% match message.body %}{% when Body::Html with { height } %}<iframe sandbox="" loading="lazy" referrerpolicy="no-referrer" title="Message" height="{{ height }}" src="/web/messages/{{ message.id }}/body"></iframe>
{% when Body::Text with { text, is_cut } %}<pre>{{ text }}</pre>
{% if *is_cut %}<p class="cut">The text goes on.</p>{% endif %}{% endmatch %}
{% if !message.attachments.is_empty() %}<ul class="files">
{% for file in message.attachments %}<li><a href="/web/attachments/{{ message.id }}/{{ loop.index0 }}" download>{{ file.filename }}</a> <span>{{ file.size }} · {{ file.content_type }}</span></li>
{% endfor %}</ul>{% endif %}
<footer>{{ message.kind }} · <a href="/web/messages/{{ message.id }}/body">body alone</a> · <code>{{ message.external_id }}</code></footer>
</article>
{% endfor %}{{ pages.links(path.as_str()).render()?|safe }}
"#
)]
pub(in super::super) struct ConversationPage<'a> {
    pub(in super::super) path: String,
    pub(in super::super) row: &'a ConversationRow,
    pub(in super::super) inbox_path: String,
    pub(in super::super) inbox: &'a str,
    pub(in super::super) messages: Vec<MessageCard>,
    pub(in super::super) pages: Pages,
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
    pub(in super::super) date: String,
    pub(in super::super) external_id: String,
    pub(in super::super) body: Body,
    pub(in super::super) attachments: Vec<AttachmentLine>,
}

/// `To`, `Cc` or `Bcc`.
pub(in super::super) struct Recipients {
    pub(in super::super) label: &'static str,
    pub(in super::super) handles: String,
}

/// HTML is shown in a sandboxed frame and never stands in the page.
pub(in super::super) enum Body {
    Html { height: usize },
    Text { text: String, is_cut: bool },
}

/// A file that can be downloaded.
pub(in super::super) struct AttachmentLine {
    pub(in super::super) filename: String,
    pub(in super::super) content_type: String,
    pub(in super::super) size: String,
}
