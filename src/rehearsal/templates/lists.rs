//! Conversations in a list: of an inbox, and as found by a search.

use askama::Template;

use super::layout::Pages;

/// A conversation in a list, and at the head of its own page.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<li><a class="line" href="/web/conversations/{{ id }}">
<span class="people"><span dir="auto">{{ people }}</span>{% if count > 1 %} <span class="count" title="{{ super::counted(count, "message") }}">{{ super::count(count) }}</span>{% endif %}</span>
<span class="what"><span class="title"><span class="subject" dir="auto">{{ subject }}</span>
<span class="marks">{% for tag in tags %}<span class="tag" dir="auto">{{ tag }}</span>{% endfor %}</span></span>
{% if let Some(found) = found %}<span class="found" dir="auto">{{ found.before }}<mark>{{ found.hit }}</mark>{{ found.after }}</span>{% endif %}</span>
<span class="state">{% if let Some(assignee) = assignee %}<span class="mark" dir="auto" title="Assignee">{{ assignee }}</span> {% endif %}<span class="mark {{ status }}">{{ status }}</span>{% if let Some(ticket) = ticket %} <span class="mark" dir="auto">{{ ticket }}</span>{% endif %}</span>
<time class="date" datetime="{{ date.iso }}" title="{{ date.full }}">{{ date.day }}</time>
</a></li>"#
)]
pub(in super::super) struct ConversationRow {
    pub(in super::super) id: String,
    pub(in super::super) subject: String,
    pub(in super::super) people: String,
    pub(in super::super) count: usize,
    pub(in super::super) tags: Vec<String>,
    /// Of the newest message.
    pub(in super::super) date: Moment,
    pub(in super::super) status: &'static str,
    /// The name of its ticket status, where there are such.
    pub(in super::super) ticket: Option<String>,
    pub(in super::super) assignee: Option<String>,
    /// Where a search found its words, if that was in a text.
    pub(in super::super) found: Option<Found>,
}

/// A time as lists and messages show it.
pub(in super::super) struct Moment {
    pub(in super::super) day: String,
    pub(in super::super) full: String,
    /// For programs.
    pub(in super::super) iso: String,
}

/// Words that were searched for, with what stands around them.
pub(in super::super) struct Found {
    pub(in super::super) before: String,
    pub(in super::super) hit: String,
    pub(in super::super) after: String,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<h1 dir="auto">{{ name }}</h1>
<p class="summary">{{ super::counted(count, "conversation") }}, newest first</p>
{% if rows.is_empty() %}<p class="empty">Nothing has been imported into this inbox.</p>{% else %}
<ul class="list conversations">
{% for row in rows %}{{ row.render()?|safe }}
{% endfor %}</ul>
{{ pages.links(path).render()?|safe }}{% endif %}
"#
)]
pub(in super::super) struct InboxPage<'a> {
    pub(in super::super) path: &'a str,
    pub(in super::super) name: &'a str,
    pub(in super::super) count: usize,
    pub(in super::super) rows: Vec<ConversationRow>,
    pub(in super::super) pages: Pages,
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<h1>Search</h1>
{% if query.is_empty() %}<p class="summary">Searches subjects, names and addresses (of each conversation the first {{ people }} people), and what stands in messages.</p>
{% else %}<p class="summary">{% if rows.is_empty() %}Nothing found{% else %}{{ super::counted(&rows.len(), "conversation") }}{% endif %} for “{{ query }}”, newest first</p>
{% if !rows.is_empty() %}<ul class="list conversations">
{% for row in rows %}{{ row.render()?|safe }}
{% endfor %}</ul>{% endif %}
<p class="kept">{{ extent }}</p>
{% if let Some(next) = next %}<nav class="pages" aria-label="Pages"><span></span><a href="{{ next }}" rel="next">Search older conversations →</a></nav>{% endif %}{% endif %}
"#
)]
pub(in super::super) struct SearchPage<'a> {
    pub(in super::super) query: &'a str,
    pub(in super::super) rows: Vec<ConversationRow>,
    pub(in super::super) people: usize,
    /// What was searched, in words.
    pub(in super::super) extent: String,
    /// Where the search goes on, if it did not come to the end.
    pub(in super::super) next: Option<String>,
}
