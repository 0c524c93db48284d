//! A comment among the messages of a conversation: nobody outside sees such, and it must look so.

use askama::Template;

use super::conversation::AttachmentLine;
use super::lists::Moment;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<article class="comment" id="{{ id }}" aria-label="Internal note of {{ author }}, {{ date.full }}">
<header>
<span class="face" aria-hidden="true">✎</span>
<p class="from"><strong dir="auto">{{ author }}</strong> <span class="direction">Internal note</span>{% if is_answer %} <span class="direction">answers another</span>{% endif %}{% if is_pinned %} <span class="mark">pinned</span>{% endif %}</p>
<time class="date" datetime="{{ date.iso }}">{{ date.full }}</time>
</header>
<div class="text" dir="auto">{{ body }}</div>
{% if is_cut %}<p class="cut">The note goes on: the rest is left out here.</p>{% endif %}
{% if !files.is_empty() %}<ul class="files" aria-label="Files">
{% for file in files %}<li><a href="/web/comments/{{ id }}/{{ loop.index0 }}" download dir="auto">{{ file.filename }}</a> <span>{{ file.size }} · {{ file.content_type }}</span></li>
{% endfor %}</ul>{% endif %}
</article>"#
)]
pub(in super::super) struct CommentCard {
    pub(in super::super) id: String,
    pub(in super::super) author: String,
    pub(in super::super) date: Moment,
    /// Markdown, shown as it was written.
    pub(in super::super) body: String,
    pub(in super::super) is_cut: bool,
    pub(in super::super) is_pinned: bool,
    pub(in super::super) is_answer: bool,
    pub(in super::super) files: Vec<AttachmentLine>,
}
