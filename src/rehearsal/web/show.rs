//! From what is stored to what the pages name.

use jiff::Timestamp;
use serde_json::Value;

use super::super::store::{Attachment, Comment, Conversation, Person, Said, State, Store, Stored, render_id};
use super::super::templates::{
    AboutLine, AttachmentLine, Body, CommentCard, ConversationRow, MessageCard, Moment, Recipients,
};
use super::mail;

/// People named in a list before the rest is counted.
const NAMED: usize = 4;
/// Longest text shown within a page, in bytes; all of it is one link away.
const SHOWN_TEXT: usize = 100_000;
/// How much of an HTML body is looked at for the height of its frame, in bytes.
const SURVEYED: usize = 1_000_000;

/// Text of strangers on a line of ours, with the marks shown that would turn the direction of what stands around them (Unicode's
/// embeddings, overrides and isolates). Writing from right to left needs none of them.
pub(super) fn straight(text: &str) -> String {
    let is_turning = |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|letter| if is_turning(letter) { '\u{fffd}' } else { letter }).collect()
}

pub(super) fn row(store: &Store, number: u32) -> Option<ConversationRow> {
    let it = store.conversation(number)?;
    // Those with a name first: who wrote says more than the address that was written to.
    let (named, bare): (Vec<&Person>, Vec<&Person>) = it.people.iter().partition(|person| person.name.is_some());
    let mut people: Vec<&str> = named.into_iter().chain(bare).take(NAMED).map(Person::shown).collect();
    let more = match it.people.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("+{more}"),
    };
    if !more.is_empty() {
        people.push(&more);
    }
    Some(ConversationRow {
        id: render_id("cnv", number),
        subject: if it.subject.is_empty() { "(no subject)".to_owned() } else { straight(&it.subject) },
        people: straight(&people.join(", ")),
        count: it.messages.len(),
        tags: store.tags_of(it).into_iter().map(|(number, _)| straight(&store.tag_path(number))).collect(),
        date: moment(it.last()),
        status: match it.state {
            State::Open => "open",
            State::Archived => "archived",
            State::Trashed => "trashed",
        },
        ticket: store.ticket_status(it).map(|status| straight(&status.name)),
        assignee: store.teammate(it.assignee).map(|teammate| teammate.name.clone()),
        found: None,
    })
}

/// A message for the page of its conversation, with pictures from elsewhere if `remote` says so.
pub(super) fn message(number: u32, stored: &Stored, author: Option<String>, remote: bool) -> MessageCard {
    let request = &stored.request;
    let nested = |group: &str, name: &str| request.get(group).and_then(|group| group.get(name));
    let string = |value: Option<&Value>| value.and_then(Value::as_str).map(straight);
    let recipients = [("To", "to"), ("Cc", "cc"), ("Bcc", "bcc")].into_iter().filter_map(|(label, name)| {
        let handles = request.get(name).and_then(Value::as_array)?;
        let handles: Vec<&str> = handles.iter().filter_map(Value::as_str).collect();
        (!handles.is_empty()).then(|| Recipients { label, handles: straight(&handles.join(", ")) })
    });
    let attachments = stored.attachments.iter().map(|file| attachment(file, !stored.forgotten || file.size == 0));
    MessageCard {
        id: render_id("msg", number),
        is_inbound: nested("metadata", "is_inbound").and_then(Value::as_bool).unwrap_or_default(),
        kind: string(request.get("type")).unwrap_or_else(|| "email".to_owned()),
        author,
        name: string(nested("sender", "name")).unwrap_or_default(),
        handle: string(nested("sender", "handle")).unwrap_or_default(),
        recipients: recipients.collect(),
        subject: straight(text(stored, "subject")),
        date: moment(request.get("created_at").and_then(Value::as_i64).unwrap_or_default()),
        external_id: straight(&stored.external_id),
        body: body(stored, remote),
        attachments: attachments.collect(),
    }
}

/// What is known of a conversation beside its messages.
pub(super) fn about(store: &Store, it: &Conversation) -> Vec<AboutLine> {
    let line = |name: &str, value: String, address: &str| AboutLine {
        name: straight(name),
        value: straight(&value),
        address: straight(address),
    };
    let links = it.links().iter().filter_map(|number| store.link(*number));
    let mut lines: Vec<AboutLine> = links.map(|link| line("Link", link.name.to_string(), &link.url)).collect();
    for line in &mut lines {
        // A link without a name of its own is called by its address.
        if line.value == line.address {
            line.address.clear();
        }
    }
    let name = |number: &u32| store.teammate(Some(*number)).map(|it| it.name.clone());
    lines.extend(it.assignee.as_ref().and_then(name).map(|name| line("Assignee", name, "")));
    let followers: Vec<String> = it.followers().iter().filter_map(name).collect();
    if !followers.is_empty() {
        lines.push(line("Followers", followers.join(", "), ""));
    }
    lines.extend(it.custom_fields().iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        line(name, value, "")
    }));
    lines
}

/// A comment for the page of its conversation.
pub(super) fn comment(number: u32, comment: &Comment, author: Option<&str>, said: &Said) -> CommentCard {
    let shown = head(&said.body, SHOWN_TEXT);
    CommentCard {
        id: render_id("com", number),
        author: straight(author.unwrap_or("API")),
        date: moment(seconds(comment)),
        body: straight(shown),
        is_cut: shown.len() < said.body.len(),
        is_pinned: comment.is_pinned,
        is_answer: comment.answers.is_some(),
        files: said.attachments.iter().map(|file| attachment(file, true)).collect(),
    }
}

/// When a comment was written, in Unix seconds.
pub(super) fn seconds(comment: &Comment) -> i64 {
    i64::try_from(comment.stamp.at / 1000).unwrap_or(i64::MAX)
}

fn attachment(file: &Attachment, is_kept: bool) -> AttachmentLine {
    AttachmentLine {
        filename: straight(&file.filename),
        content_type: straight(&file.content_type),
        size: size(file.size),
        is_kept,
    }
}

fn body(stored: &Stored, remote: bool) -> Body {
    if stored.forgotten {
        return Body::Gone;
    }
    let whole = text(stored, "body");
    let shown = head(whole, SHOWN_TEXT);
    let is_cut = shown.len() < whole.len();
    if !is_html(stored) {
        return Body::Text { blocks: mail::of_text(shown), is_cut };
    }
    // A cut through a tag would make text of it.
    if let Some(blocks) = (!is_cut).then(|| mail::of_html(whole)).flatten() {
        return Body::Text { blocks, is_cut };
    }
    let seen = mail::survey(head(whole, SURVEYED), &stored.attachments);
    Body::Html { height: seen.height, remote: seen.remote, is_loaded: remote }
}

/// The beginning of a text, not longer than so many bytes.
fn head(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// A string of the request, empty where there is none.
pub(super) fn text<'a>(stored: &'a Stored, name: &str) -> &'a str {
    stored.request.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn is_html(stored: &Stored) -> bool {
    text(stored, "body_format") == "html"
}

/// A Unix time in seconds, in UTC; years beyond 9999 as the bare number.
fn moment(seconds: i64) -> Moment {
    match Timestamp::from_second(seconds) {
        Ok(time) => Moment {
            day: time.strftime("%Y-%m-%d").to_string(),
            full: time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            iso: time.to_string(),
        },
        Err(_) => Moment { day: seconds.to_string(), full: seconds.to_string(), iso: String::new() },
    }
}

/// A size in the unit that suits it, decimal, rounded to one place after the point, as the terminal writes it.
#[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
pub(super) fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1_000 => return format!("{bytes} bytes"),
        1_000..1_000_000 => (1_000_u64, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    format!("{:.1} {name}", bytes as f64 / unit as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_shown_in_utc() {
        let shown = moment(1_453_770_984);
        assert_eq!([shown.day, shown.full, shown.iso], ["2016-01-26", "2016-01-26 01:16 UTC", "2016-01-26T01:16:24Z"]);
        assert_eq!(moment(i64::MAX).full, i64::MAX.to_string());
    }

    #[test]
    fn sizes_take_the_unit_that_suits_them() {
        assert_eq!([size(0), size(999), size(1_000), size(1_990_000)], ["0 bytes", "999 bytes", "1.0 kB", "2.0 MB"]);
    }

    #[test]
    fn nothing_turns_the_direction_of_a_line() {
        assert_eq!(straight("invoice\u{202e}fdp.exe\u{2066}"), "invoice\u{fffd}fdp.exe\u{fffd}");
        assert_eq!(straight("שלום"), "שלום");
    }
}
