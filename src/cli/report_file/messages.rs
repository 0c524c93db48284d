//! A message as it will stand in Front, as much of it as a report shows.

use crate::ledger::{Entry, Planned};
use crate::plan::Rebuilder;
use crate::report::{Message, PICTURES, Picture};
use crate::words::clipped;
use std::collections::BTreeMap;

/// Most bytes of one body that are shown.
const MAX_BODY: usize = 64_000;

/// Most bytes of one picture that is shown in its place.
const MAX_PICTURE: usize = 400_000;

/// Recipients, files and changes that are named of one message.
const MAX_NAMED: usize = 30;

/// Longest name or line, in characters.
const LONGEST: usize = 300;

/// What is left of the bytes that all messages together may show.
pub(super) struct Room {
    bodies: usize,
    pictures: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { bodies: 1_500_000, pictures: 3_000_000 }
    }
}

/// Makes a planned message again, and tells its subject.
pub(super) fn message(
    rebuilder: &Rebuilder,
    entry: &Entry,
    planned: &Planned,
    state: Option<&'static str>,
    room: &mut Room,
) -> (Message, Option<String>) {
    let clipped = |text: &str| clipped(text, LONGEST);
    let known = Message {
        is_inbound: planned.is_inbound,
        created_at: planned.created_at,
        place: clipped(&rebuilder.place(entry)),
        id: clipped(entry.original_id.as_deref().unwrap_or(&planned.external_id)),
        state,
        ..Message::default()
    };
    let rebuilt = match rebuilder.request(entry) {
        Ok(rebuilt) => rebuilt,
        Err(error) => return (Message { trouble: Some(clipped(&error.to_string())), ..known }, None),
    };
    let request = rebuilt.request;
    let (body, cut) = head(&request.body, MAX_BODY.min(room.bodies));
    room.bodies -= body.len();
    let mut pictures = BTreeMap::new();
    for file in &request.attachments {
        let Some(id) = file.content_id.as_ref().filter(|id| body.contains(id.as_str())) else { continue };
        let content_type = PICTURES.into_iter().find(|shown| file.content_type.eq_ignore_ascii_case(shown));
        let size = file.content.len();
        if let Some(content_type) = content_type
            && size <= MAX_PICTURE.min(room.pictures)
        {
            room.pictures -= size;
            pictures.insert(id.clone(), Picture { content_type, content: file.content.clone() });
        }
    }
    let named = [("To", &request.to), ("Cc", &request.cc), ("Bcc", &request.bcc)];
    let recipients = named.into_iter().flat_map(|(kind, all)| all.iter().map(move |handle| (kind, clipped(handle))));
    let more = |all: usize| all.saturating_sub(MAX_NAMED) as u64;
    let message = Message {
        more_recipients: more(request.to.len() + request.cc.len() + request.bcc.len()),
        more_files: more(request.attachments.len()),
        name: request.sender.name.as_deref().map(clipped),
        handle: clipped(&request.sender.handle),
        teammate: request.sender.author_id.clone(),
        recipients: recipients.take(MAX_NAMED).collect(),
        body: body.to_owned(),
        is_html: request.body_format.is_some(),
        cut: cut as u64,
        files: request
            .attachments
            .iter()
            .take(MAX_NAMED)
            .map(|file| (clipped(&file.filename), clipped(&file.content_type), file.content.len() as u64))
            .collect(),
        pictures,
        changes: rebuilt.changes.iter().take(MAX_NAMED).map(|change| clipped(change)).collect(),
        ..known
    };
    (message, request.subject.as_deref().map(clipped))
}

/// As much of a text as there is room for, and how many bytes are left.
fn head(text: &str, most: usize) -> (&str, usize) {
    let end = text.floor_char_boundary(most);
    let head = text.get(..end).unwrap_or_default();
    (head, text.len() - head.len())
}
