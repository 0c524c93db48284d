//! From the bytes of a mail to a [`Record`].
//!
//! [`from_mail`] is the whole way on one screen: check limits, find parts, read fields, build body and files, fix the
//! identity. Everything that is repaired on the way is a line in [`Record::changes`].

mod active;
mod addresses;
mod aside;
mod attachments;
mod body;
mod charset;
mod charset_names;
mod dates;
mod enclosed;
mod enriched;
mod filenames;
mod flowed;
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod html;
mod html_charset;
mod identify;
mod ids;
mod labels;
mod layout;
mod limits;
mod loose_date;
mod mailbox;
mod midline;
mod nested;
mod params;
mod parser;
mod part;
mod repeated;
mod sender;
mod stand_in;
mod tnef;
mod transfer;
mod unclosed;
mod uuencode;
mod visible;
mod words;
mod yenc;

#[cfg(test)]
mod whole;

pub(super) use active::count as active_content;
pub(super) use html::says_something;
pub use stand_in::is_made_up;

use super::{BadRecord, Kind, Record};
use crate::mapping::{Mapping, MessageType};
use crate::source::RawMail;
use bytes::Bytes;
use header::Fields;
use parser::{PartKind, Structure};
use part::Leaf;
use std::cell::LazyCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Reads a mail. `source` is the index of its source in the mapping.
///
/// # Errors
/// [`BadRecord`]: unreadable if the bytes are no mail, rejected if it has no sender, no date, or is beyond the limits.
pub fn from_mail(mail: &RawMail, mapping: &Mapping, source: usize) -> Result<Record, BadRecord> {
    let mut changes = mail.changes.clone();
    let bytes = without_lead(&mail.bytes, &mut changes);
    let holds_messages = limits::check(&bytes, &mapping.limits)?;
    let parsed = parse(&bytes, holds_messages)?;
    let mended = mended(&bytes, &parsed, holds_messages, &mut changes)?;
    let structure = mended.as_ref().unwrap_or(&parsed);
    let mut leaves = leaves_of(&bytes, structure);
    let loose = aside::fill(structure, &mut leaves, &mail.aside, &mut changes);
    let block = structure.parts.first().map(|part| part.header.clone()).unwrap_or_default();
    let mut fields = Fields::split(bytes.get(block).unwrap_or_default());
    fields.charset = leaves.iter().flatten().find_map(Leaf::charset).map(str::to_owned);

    let reply_to = recipients(&fields, "Reply-To", &mut changes);
    let from = sender::read(&fields, &reply_to, &mut changes)?;
    let date = dates::read(&fields, mail, mapping, &mut changes)?;
    let message_id = fields.all("Message-ID").find_map(ids::message_id);
    let is_other = |id: &String| Some(id) != message_id.as_ref();
    let to = recipients(&fields, "To", &mut changes);
    let cc = recipients(&fields, "Cc", &mut changes);
    let people =
        LazyCell::new(|| ids::handles([std::slice::from_ref(&from), &reply_to, &to, &cc].into_iter().flatten()));
    let is_id = |id: &String| is_other(id) && !ids::is_address(id, &people);
    let in_reply_to = ids::in_reply_to(fields.all("In-Reply-To")).into_iter().filter(is_id).collect();
    let references = ids::references(fields.all("References")).into_iter().filter(is_id).collect();
    let subject = text_field(&fields, "Subject", &mut changes);
    let labels = labels::read(&fields, &mail.labels);
    let layout = layout::read(&bytes, structure, &leaves);
    let mut built = body::read(&bytes, structure, &layout, &leaves, &mut changes);
    // A text that a damaged header has swallowed may be shown as the body; then nothing is left out.
    if fields.has_stray_lines && !built.is_stand_in {
        changes.push("lines in the header that are no field left out".to_owned());
    }
    let files = layout.files.iter().filter_map(|id| leaves.get(*id)?.as_ref());
    let (missing, present): (Vec<_>, Vec<_>) = files.partition(|leaf| aside::is_missing(leaf));
    let mut attachments = attachments::all(present.into_iter(), built.files, &mut changes);
    attachments.extend(loose);
    let missing: Vec<_> =
        missing.into_iter().enumerate().map(|(index, leaf)| attachments::read(leaf, index + 1, &mut changes)).collect();
    aside::name_missing_text(&mut built.body, structure, &leaves, &mut changes);
    aside::name_missing(&mut built.body, &missing, &mut changes);
    let namespace = namespace(mapping, source);
    // What people see may get better, what a mail is may not: identity keeps to the parts as parsed.
    if mended.is_some() {
        leaves = leaves_of(&bytes, &parsed);
        aside::fill(&parsed, &mut leaves, &mail.aside, &mut Vec::new());
    }
    let hidden = sender::hidden_by_list(&fields, &reply_to);
    let written = identify::Mail { namespace, fields: &fields, hidden: hidden.as_ref() };
    let (identity, likeness) = identify::identity(&written, message_id.as_deref(), &parsed, &leaves);
    Ok(Record {
        kind: Kind::Mail,
        message_type: MessageType::Email,
        in_reply_to,
        references,
        gmail_thread: text_field(&fields, "X-GM-THRID", &mut changes),
        conversation: None,
        from: Some(from),
        to,
        cc,
        bcc: recipients(&fields, "Bcc", &mut changes),
        reply_to,
        missing_handles: 0,
        other_handles: Vec::new(),
        delivered_to: addresses::delivered_to(&fields),
        active: built.active,
        thread_value: thread_value(&fields, subject.as_deref(), mapping),
        subject,
        body: built.body,
        attachments,
        date: Some(date),
        labels: labels.labels,
        stated_direction: labels.direction,
        is_note: false,
        message_id,
        identity,
        likeness: likeness.map(Box::new),
        changes,
    })
}

/// The Message-ID of a mail that may be no mail at all; only the beginning of it is looked at.
pub(super) fn message_id(mail: &Bytes) -> Option<String> {
    Fields::split(head_block(mail)).all("Message-ID").find_map(ids::message_id)
}

/// The mail without its body, for whoever asks no more than who wrote to whom, when, and under which labels.
#[must_use]
pub fn without_body(mail: RawMail) -> RawMail {
    let header = Bytes::copy_from_slice(head_block(&mail.bytes));
    RawMail { bytes: header, aside: Vec::new(), ..mail }
}

/// The header of a mail, for questions about single fields.
pub struct Head<'a>(Fields<'a>);

/// The header of a mail.
#[must_use]
pub fn head(mail: &RawMail) -> Head<'_> {
    Head(Fields::split(head_block(&mail.bytes)))
}

impl Head<'_> {
    /// Decoded values of all fields of that name, in any case of letters.
    #[must_use]
    pub fn values(&self, name: &str) -> Vec<String> {
        self.0.all(name).map(|value| words::read(value, self.0.charset()).text).collect()
    }

    /// Fields whose names are wanted, in order: the name as written, the value decoded and on one line.
    pub fn named(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let wanted = self.0.named().filter(|(name, _)| is_wanted(name));
        wanted.map(|(name, value)| (name.into_owned(), words::decode(value).text)).collect()
    }
}

/// Where the header of a mail must be; what follows is not looked at.
fn head_block(mail: &[u8]) -> &[u8] {
    const LONGEST: usize = 1 << 20;
    let bytes = mail.get(lead(mail)..).unwrap_or_default();
    let head = bytes.get(..bytes.len().min(LONGEST)).unwrap_or_default();
    let ends = [b"\n\n".as_slice(), b"\n\r\n"].map(|blank| memchr::memmem::find(head, blank));
    ends.into_iter().flatten().min().map_or(head, |end| head.get(..=end).unwrap_or_default())
}

/// The namespace of a source's ids.
fn namespace(mapping: &Mapping, source: usize) -> &str {
    mapping.sources.get(source).map_or(&mapping.identity.namespace, |found| &found.namespace)
}

/// Cuts off what some exports put before the first field.
fn without_lead(mail: &Bytes, changes: &mut Vec<String>) -> Bytes {
    let lead = lead(mail);
    if lead > 0 {
        changes.push("bytes before the first header field left out".to_owned());
    }
    mail.slice(lead..)
}

/// How many bytes stand before the first field: byte order mark, NUL, blank lines.
fn lead(mail: &[u8]) -> usize {
    let mut rest = mail;
    while let [0xEF, 0xBB, 0xBF, tail @ ..] | [0 | b'\r' | b'\n' | b' ' | b'\t', tail @ ..] = rest {
        rest = tail;
    }
    mail.len() - rest.len()
}

/// Finds the parts. The parser is fuzzed not to panic; should it, the one mail is lost and not the run.
fn parse(mail: &[u8], holds_messages: bool) -> Result<Structure, BadRecord> {
    let remedy = "look at the file: if it is a mail, mend its header; if not, take it out of the source";
    match catch_unwind(AssertUnwindSafe(|| parser::structure(mail, holds_messages))) {
        Ok(Some(structure)) => Ok(show_lone_text(structure, mail)),
        Ok(None) => Err(BadRecord::unreadable("not a mail", "there is no header field in it", remedy)),
        Err(_) => Err(BadRecord::unreadable("mail cannot be parsed", "the parser gave up on its structure", remedy)),
    }
}

/// Hides from the parser what it misreads: a copy of the mail that is as long, or nothing if it misreads nothing.
type Hide = fn(&[u8], &Structure) -> Option<Vec<u8>>;

/// All of these, in the order in which they are tried, each with what the record says if it was needed.
const HIDDEN: [(Hide, &str); 2] = [(repeated::hidden, repeated::CHANGE), (midline::hidden, midline::CHANGE)];

/// The structure as people would see it, where the parser's is another.
fn mended(
    mail: &[u8],
    parsed: &Structure,
    holds_messages: bool,
    changes: &mut Vec<String>,
) -> Result<Option<Structure>, BadRecord> {
    let mut copy: Option<Vec<u8>> = None;
    let mut mended: Option<Structure> = None;
    for (hidden, change) in HIDDEN {
        let hidden = hidden(copy.as_deref().unwrap_or(mail), mended.as_ref().unwrap_or(parsed));
        if let Some(hidden) = hidden {
            mended = Some(parse(&hidden, holds_messages)?);
            changes.push(change.to_owned());
            copy = Some(hidden);
        }
    }
    let bytes = copy.as_deref().unwrap_or(mail);
    let mut left = unclosed::MAX;
    let closed = closed(bytes, mended.as_ref().unwrap_or(parsed), holds_messages, &mut left)?;
    if closed.is_some() {
        changes.push(unclosed::CHANGE.to_owned());
        mended = closed;
    }
    Ok(mended)
}

/// The structure with every multipart that has no end of its own read up to the boundary that ends it.
fn closed(
    mail: &[u8],
    structure: &Structure,
    holds_messages: bool,
    left: &mut usize,
) -> Result<Option<Structure>, BadRecord> {
    let mut copy = Vec::new();
    let mut around: Option<Structure> = None;
    let mut starts = Vec::new();
    // First all of them are found and taken for single parts, then each is parsed by itself.
    while *left > 0
        && let structure = around.as_ref().unwrap_or(structure)
        && let Some(part) = unclosed::find(mail, structure).and_then(|id| structure.parts.get(id))
    {
        *left -= 1;
        if copy.is_empty() {
            copy = mail.to_vec();
        }
        starts.push(part.header.start);
        unclosed::hide(&mut copy, part);
        around = Some(parse(&copy, holds_messages)?);
    }
    let Some(mut whole) = around else { return Ok(None) };
    for start in starts {
        let Some(id) = whole.parts.iter().position(|part| part.header.start == start) else { continue };
        let Some(slice) = whole.parts.get(id).and_then(|part| mail.get(start..part.body.end)) else { continue };
        let inner = parse(slice, holds_messages)?;
        let inner = closed(slice, &inner, holds_messages, left)?.unwrap_or(inner);
        whole = unclosed::grafted(whole, id, start, inner);
    }
    Ok(Some(whole))
}

/// The leaves, at their part numbers.
fn leaves_of<'a>(mail: &'a Bytes, structure: &Structure) -> Vec<Option<Leaf<'a>>> {
    let leaf = |part: &parser::Part| (part.kind != PartKind::Multipart).then(|| Leaf::read(mail, part));
    structure.parts.iter().map(leaf).collect()
}

/// A mail that calls itself multipart and has no parts, or that gives its type in a way nobody knows, is its text.
fn show_lone_text(mut structure: Structure, mail: &[u8]) -> Structure {
    let [part] = structure.parts.as_slice() else { return structure };
    if part.kind != PartKind::Text || !structure.text.is_empty() {
        return structure;
    }
    let fields = Fields::split(mail.get(part.header.clone()).unwrap_or_default());
    let declared = fields.first("Content-Type").map(params::Parameterized::parse).unwrap_or_default();
    if declared.value.starts_with("multipart/") || !declared.value.contains('/') {
        structure.html = vec![0];
        structure.text = vec![0];
        structure.files = Vec::new();
    }
    structure
}

/// The recipients of all fields of that name.
fn recipients(fields: &Fields<'_>, field: &str, changes: &mut Vec<String>) -> Vec<super::Address> {
    let list = addresses::read(fields.all(field), field, fields.charset());
    changes.extend(list.changes);
    if !list.unusable.is_empty() {
        changes.push(format!("{field}: entries without an address left out"));
    }
    list.addresses
}

/// The decoded first field of that name; none if it is empty.
fn text_field(fields: &Fields<'_>, field: &str, changes: &mut Vec<String>) -> Option<String> {
    let decoded = words::read(fields.first(field)?, fields.charset());
    changes.extend(decoded.repairs.iter().map(|repair| format!("{field}: {repair}")));
    (!decoded.text.is_empty()).then_some(decoded.text)
}

/// What the mapping's thread rule finds: the header, else the subject.
fn thread_value(fields: &Fields<'_>, subject: Option<&str>, mapping: &Mapping) -> Option<String> {
    let header = mapping.thread.header.as_deref().and_then(|name| text_field(fields, name, &mut Vec::new()));
    header.or_else(|| super::subject_value(subject?, mapping))
}
