//! Sample conversations, as colleagues will read them in Front.

use super::mail;
use super::plain;
use super::{Section, rendered, shown};
use crate::report::{Conversation, Conversations, Message, Particulars, Report};
use crate::words::{count, counted, printable_lines, size};
use askama::Template;
use jiff::Timestamp;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"{% if let Some(trouble) = trouble %}<p class="note fair">{{ trouble }}</p>
{% else %}<p>As they {% if is_past %}were sent to{% else %}will stand in{% endif %} Front. Remote pictures are not fetched, and links lead nowhere here; Front shows both.</p>
{% endif %}{% for conversation in conversations %}<details class="conversation"{% if loop.first %} open{% endif %}>
<summary><span class="subject">{{ conversation.subject }}</span> <span class="tag inbox">{{ conversation.inbox }}</span>{% for tag in conversation.tags %} <span class="tag">{{ tag }}</span>{% endfor %}{% if conversation.is_open %} <span class="tag bad">open</span>{% endif %}{% if let Some(assignee) = conversation.assignee %} <span class="tag">{{ assignee }}</span>{% endif %}
<span class="soft">{{ conversation.facts }}</span></summary>
{% for message in conversation.messages %}{% if let Some(gap) = message.gap %}<p class="gap">{{ gap }}</p>
{% endif %}<article class="message {% if message.is_inbound %}in{% else %}out{% endif %}" aria-label="{{ message.label }}">
<div class="head"><p><b>{{ message.author }}</b> <span class="soft">{{ message.handle }}</span></p><p class="soft"><time datetime="{{ message.date }}">{{ message.when }}</time></p></div>
<p class="soft to">{{ message.recipients }}{% if let Some(teammate) = message.teammate %} · by {{ teammate }}{% endif %}{% if let Some(state) = message.state %} · <b>{{ state }}</b>{% endif %}</p>
{% if let Some(trouble) = message.trouble %}<p class="note fair">{{ trouble }}</p>
{% else if message.is_html %}<div class="paper" tabindex="0" role="group" aria-label="Text of this message" dir="auto">{{ message.body|safe }}</div>
{% else %}<div class="paper plain" tabindex="0" role="group" aria-label="Text of this message" dir="auto">{{ message.body }}</div>
{% endif %}{% for note in message.notes %}<p class="soft">{{ note }}</p>
{% endfor %}{% if !message.files.is_empty() %}<ul class="files">{% for file in message.files %}<li>{{ file }}</li>{% endfor %}</ul>
{% endif %}<p class="soft origin">{{ message.origin }}{% for change in message.changes %}<br>changed: {{ change }}{% endfor %}</p>
</article>
{% endfor %}</details>
{% endfor %}{% if let Some(more) = more %}<p class="soft">{{ more }} <code>{{ rehearse }}</code> imports all of them into an inbox on this machine, to click through.</p>
{% endif %}"##
)]
struct Samples<'a> {
    trouble: Option<String>,
    is_past: bool,
    conversations: Vec<Shown>,
    more: Option<String>,
    rehearse: &'a str,
}

struct Shown {
    subject: String,
    inbox: String,
    tags: Vec<String>,
    is_open: bool,
    assignee: Option<String>,
    facts: String,
    messages: Vec<Card>,
}

struct Card {
    label: String,
    author: String,
    handle: String,
    teammate: Option<String>,
    recipients: String,
    is_inbound: bool,
    date: String,
    when: String,
    is_html: bool,
    /// Sanitised HTML, or text as it was written.
    body: String,
    /// What of the body is not shown.
    notes: Vec<String>,
    files: Vec<String>,
    changes: Vec<String>,
    origin: String,
    state: Option<&'static str>,
    trouble: Option<String>,
    gap: Option<String>,
}

pub(super) fn section(report: &Report, conversations: &Conversations, particulars: &Particulars) -> Section {
    let room = mail::Room::default();
    let shown_ones: Vec<Shown> =
        conversations.shown.iter().map(|conversation| of_conversation(conversation, &room)).collect();
    let more = conversations.left_out;
    let samples = Samples {
        trouble: conversations.trouble.as_deref().map(shown),
        is_past: is_past(report, conversations),
        more: (more > 0)
            .then(|| format!("{} {} not shown.", counted(more, "conversation"), if more == 1 { "is" } else { "are" })),
        rehearse: &particulars.commands.rehearse,
        conversations: shown_ones,
    };
    let mark = Some(count(conversations.shown.len() as u64));
    Section { id: "conversations", title: "Sample conversations", mark, content: rendered(&samples) }
}

/// Whether any of them reached Front. A rehearsal sends to itself.
fn is_past(report: &Report, conversations: &Conversations) -> bool {
    let mut states = conversations.shown.iter().flat_map(|shown| &shown.messages).filter_map(|message| message.state);
    report.command != "rehearse" && states.any(|state| state != "planned")
}

fn of_conversation(conversation: &Conversation, room: &mail::Room) -> Shown {
    let all = conversation.messages.len() as u64 + conversation.left_out;
    let because: Vec<String> = conversation.because.iter().map(|why| shown(why)).collect();
    let mut messages: Vec<Card> = conversation.messages.iter().map(|message| card(message, room)).collect();
    if conversation.left_out > 0
        && let Some(behind) = messages.get_mut(conversation.gap)
    {
        behind.gap = Some(format!("{} between these are not shown", counted(conversation.left_out, "message")));
    }
    Shown {
        subject: conversation.subject.as_deref().map_or_else(|| "(no subject)".to_owned(), shown),
        inbox: shown(&conversation.inbox),
        tags: conversation.tags.iter().map(|tag| shown(tag)).collect(),
        is_open: !conversation.is_archived,
        assignee: conversation.assignee.as_deref().map(|assignee| format!("assigned to {}", shown(assignee))),
        facts: format!("{} · {}", counted(all, "message"), because.join(", ")),
        messages,
    }
}

/// A body as it is shown, whether it is HTML, and what of it is not shown.
fn body(message: &Message, room: &mail::Room) -> (String, bool, Vec<String>) {
    let mut notes = Vec::new();
    let html = message.is_html.then(|| mail::harmless(&message.body, &message.pictures, room));
    let (body, is_html) = match html {
        Some(Some(html)) => (html, true),
        Some(None) => {
            notes.push("Its HTML is so interlaced that only its text is shown here.".to_owned());
            (lines(&plain::text_of(&message.body)), false)
        }
        None => (lines(&message.body), false),
    };
    notes.extend((message.cut > 0).then(|| format!("{} more of its text are not shown here", size(message.cut))));
    (body, is_html, notes)
}

/// A text for people; that it has columns is part of what it says.
fn lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\t').map(printable_lines).collect();
    lines.join("\t")
}

fn card(message: &Message, room: &mail::Room) -> Card {
    let (date, when) = moment(message.created_at);
    let (body, is_html, notes) = body(message, room);
    let handle = shown(&message.handle);
    let name = message.name.as_deref().map(shown);
    let mut files: Vec<String> = message
        .files
        .iter()
        .map(|(name, kind, bytes)| format!("{} ({}, {})", shown(name), shown(kind), size(*bytes)))
        .collect();
    files.extend((message.more_files > 0).then(|| format!("and {} more", counted(message.more_files, "file"))));
    let direction = if message.is_inbound { "in" } else { "out" };
    Card {
        label: format!("Message {direction}, from {handle}, {when}"),
        author: name.clone().unwrap_or_else(|| handle.clone()),
        handle: if name.is_some() { handle } else { String::new() },
        teammate: message.teammate.as_deref().map(shown),
        recipients: recipients(message),
        is_inbound: message.is_inbound,
        date,
        when,
        is_html,
        body,
        notes,
        files,
        changes: message.changes.iter().map(|change| shown(change)).collect(),
        origin: format!("{} · {}", shown(&message.place), shown(&message.id)),
        state: message.state,
        trouble: message.trouble.as_deref().map(shown),
        gap: None,
    }
}

/// `To a, b · Cc c and 3 more`
fn recipients(message: &Message) -> String {
    let mut kinds: Vec<(&str, Vec<String>)> = Vec::new();
    for (kind, who) in &message.recipients {
        match kinds.last_mut().filter(|(last, _)| last == kind) {
            Some((_, all)) => all.push(shown(who)),
            None => kinds.push((kind, vec![shown(who)])),
        }
    }
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, all)| format!("{kind} {}", all.join(", "))).collect();
    match message.more_recipients {
        0 => kinds.join(" · "),
        more => format!("{} and {} more", kinds.join(" · "), count(more)),
    }
}

/// For machines and for people.
fn moment(seconds: i64) -> (String, String) {
    let Ok(moment) = Timestamp::from_second(seconds) else { return (String::new(), seconds.to_string()) };
    (moment.to_string(), moment.strftime("%-d %b %Y, %H:%M UTC").to_string())
}
