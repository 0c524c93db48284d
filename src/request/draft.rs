//! From a record to a request: everything that one record alone decides.
//!
//! What is decided over several records (ids, thread, tags, archived, a chat's customer) is left blank
//! in a [`Draft`] and filled in by [`Draft::finish`]. So the plan can digest a request while reading,
//! before it knows the thread, and the import can prove that it rebuilt the same request.

use super::comment::{self, Comment};
use super::{Customer, Delivery, File, ImportRequest, Metadata, Reference, Sender, encode, is_plain_id};
use crate::mapping::{Inline, Mapping, MessageType, Notes, Oversize};
use crate::record::{Address, Body, Direction, Kind, Record, text_to_html};
use sha2::{Digest, Sha256};

/// Most bytes of a request body. Front's documented limit is 25 MB without saying of what; this stays
/// below it in either reading.
pub const MAX_REQUEST: u64 = 24_000_000;

/// Room kept for what [`Draft::finish`] adds: two ids and a few dozen tags.
const DECIDED_ROOM: u64 = 16_384;

/// What the draft of a comment has for its type: no message is of it, so no message has the digest of a comment.
const COMMENT: &str = "comment";

/// The same for a message that is delivered.
const DELIVERY: &str = "delivery";

/// The change that nearly every plain mail has.
pub const TEXT_MADE_HTML: &str = "plain text made HTML";

/// Stands in for a body that holds nothing: Front asks for one.
const NO_CONTENT: &str = "(no content)";

/// A request but for what is decided over several records.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The request, with ids, tags and archived blank.
    request: ImportRequest,
    /// A customer wrote it, and other messages of the conversation may know a better handle of theirs.
    may_be_known_better: bool,
    /// Files left out because they are too large, and their bytes.
    left_out: (u32, u64),
    /// What was changed beside the record's own changes.
    pub changes: Vec<String>,
    /// Digest of the draft, files included.
    pub digest: [u8; 32],
    /// Bytes of the request body, decided parts included, at most.
    pub size: u64,
}

/// What is decided over several records.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// Front's external id.
    pub external_id: &'a str,
    /// Front's thread ref.
    pub thread_ref: &'a str,
    /// Tags, in order.
    pub tags: &'a [String],
    /// Archived after import.
    pub is_archived: bool,
    /// The conversation's customer: recipient of what we wrote to nobody, or a better handle of an author who is known by
    /// a lesser one.
    pub customer: Option<&'a str>,
    /// Whom the conversation is assigned to: a teammate's id or alias.
    pub assignee: Option<&'a str>,
}

/// Why a record cannot become a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLarge {
    /// What exactly.
    pub detail: String,
}

impl Draft {
    /// Builds the request of a note, as the mapping has it: a message of type custom, or what [`Draft::finish_comment`] makes a
    /// comment of.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn note(mut record: Record, mapping: &Mapping) -> Result<Self, TooLarge> {
        let is_comment = mapping.notes != Notes::Messages;
        let text = if is_comment { comment::unmarked(&record) } else { comment::as_message(&record) };
        // Nobody was written to: that it went from us to ourselves says so, and Front asks for a recipient.
        record.to = record.from.clone().into_iter().map(|from| Address { name: None, ..from }).collect();
        (record.cc, record.bcc) = (Vec::new(), Vec::new());
        (record.message_type, record.body) = (MessageType::Custom, Body::Text(text));
        record.missing_handles = 0;
        let subject = record.subject.take();
        let mut draft =
            Self::new(Record { subject: subject.filter(|_| !is_comment), ..record }, Direction::Outbound, mapping)?;
        if is_comment {
            draft.request.kind = COMMENT;
            draft.measure();
        }
        Ok(draft)
    }

    /// Builds what [`Draft::finish_delivery`] delivers: HTML, since a channel takes a text for Markdown.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn delivery(mut record: Record, mapping: &Mapping) -> Result<Self, TooLarge> {
        record.message_type = MessageType::Email;
        // A channel is written to by whoever writes to it; nobody else is named.
        record.to = record.from.clone().into_iter().collect();
        (record.cc, record.bcc) = (Vec::new(), Vec::new());
        let mut draft = Self::new(record, Direction::Inbound, mapping)?;
        draft.request.kind = DELIVERY;
        draft.measure();
        Ok(draft)
    }

    /// Builds the request of a record.
    ///
    /// # Errors
    /// [`TooLarge`] if it would pass [`MAX_REQUEST`] (or what a probe found instead) and the mapping rejects such messages, or if the
    /// body alone is too large.
    pub fn new(record: Record, direction: Direction, mapping: &Mapping) -> Result<Self, TooLarge> {
        let mut changes = Vec::new();
        let is_email = record.message_type == MessageType::Email;
        let may_be_known_better = direction == Direction::Inbound && record.missing_handles > 0;
        let mut to = handles(&record.to);
        if to.is_empty() && record.kind == Kind::Mail {
            to.push(mapping.fallback_recipient());
            changes.push("no recipient: the stated fallback stands in".to_owned());
        }
        let subject = record.subject.map(|subject| one_line(subject, "subject", &mut changes));
        let mut request = ImportRequest {
            sender: sender(record.from, direction, mapping, &mut changes),
            to,
            cc: handles(&record.cc),
            bcc: handles(&record.bcc),
            subject: subject.filter(|subject| !subject.is_empty()),
            body: body(record.body, record.message_type, &mut changes),
            body_format: is_email.then_some("html"),
            external_id: String::new(),
            created_at: record.date.unwrap_or_default(),
            kind: record.message_type.word(),
            assignee_id: None,
            tags: Vec::new(),
            metadata: Metadata {
                thread_ref: String::new(),
                is_inbound: direction == Direction::Inbound,
                is_archived: true,
                should_skip_rules: mapping.silence.should_skip_rules,
            },
            attachments: record
                .attachments
                .into_iter()
                .map(|file| File {
                    filename: file.filename,
                    content_type: file.content_type,
                    content_id: file.content_id,
                    is_named_by_id: false,
                    content: file.content,
                })
                .collect(),
        };
        if let Some(inline) = mapping.target.probed.as_ref().and_then(|probed| probed.inline) {
            name_inline_files(&mut request, inline);
        }
        let mut draft = Self { request, may_be_known_better, left_out: (0, 0), changes, digest: [0; 32], size: 0 };
        let probed = mapping.target.probed.as_ref().and_then(|probed| probed.largest_request);
        draft.fit(mapping.defaults.oversize, probed.unwrap_or(MAX_REQUEST))?;
        Ok(draft)
    }

    /// Digest of the request that `decision` makes of this draft.
    #[must_use]
    pub fn decided_digest(&self, decision: &Decision<'_>) -> [u8; 32] {
        decided_digest(&self.digest, decision)
    }

    /// Digest of the subject that is sent; see [`subject_digest`].
    #[must_use]
    pub fn subject_digest(&self) -> [u8; 8] {
        subject_digest(self.request.subject.as_deref())
    }

    /// Files that are sent, and their bytes.
    #[must_use]
    pub fn files(&self) -> (u32, u64) {
        let files = &self.request.attachments;
        let bytes = files.iter().map(|file| file.content.len() as u64).sum();
        (u32::try_from(files.len()).unwrap_or(u32::MAX), bytes)
    }

    /// Files that are left out because the request would be too large, and their bytes; `None` without any.
    #[must_use]
    pub fn left_out(&self) -> Option<(u32, u64)> {
        (self.left_out.0 > 0).then_some(self.left_out)
    }

    /// Does it name no recipient, so that one is decided over the conversation?
    #[must_use]
    pub fn wants_recipient(&self) -> bool {
        self.request.to.is_empty()
    }

    /// May other messages of the conversation know a better handle of its author?
    #[must_use]
    pub fn may_be_known_better(&self) -> bool {
        self.may_be_known_better
    }

    /// The request as Front gets it.
    #[must_use]
    pub fn finish(self, decision: &Decision<'_>, mapping: &Mapping) -> ImportRequest {
        let mut request = self.request;
        decision.external_id.clone_into(&mut request.external_id);
        decision.thread_ref.clone_into(&mut request.metadata.thread_ref);
        request.tags = decision.tags.to_vec();
        request.assignee_id = decision.assignee.map(str::to_owned);
        request.metadata.is_archived = decision.is_archived;
        if let Some(customer) = decision.customer
            && self.may_be_known_better
        {
            customer.clone_into(&mut request.sender.handle);
        }
        if request.to.is_empty() {
            request.to.push(decision.customer.map_or_else(|| mapping.fallback_recipient(), str::to_owned));
        }
        request
    }

    /// The message that is delivered.
    #[must_use]
    pub fn finish_delivery(self, decision: &Decision<'_>) -> Delivery {
        let better = decision.customer.filter(|_| self.may_be_known_better).map(str::to_owned);
        let ImportRequest { sender, subject, body, attachments, .. } = self.request;
        Delivery {
            sender: Customer { handle: better.unwrap_or(sender.handle), name: sender.name },
            subject,
            body,
            body_format: "html",
            metadata: Reference { thread_ref: decision.thread_ref.to_owned() },
            attachments,
        }
    }

    /// The comment that Front gets of a note.
    #[must_use]
    pub fn finish_comment(self, decision: &Decision<'_>) -> Comment {
        let ImportRequest { sender, body, attachments, .. } = self.request;
        Comment { body: comment::marked(&body, decision.external_id), author_id: sender.author_id, attachments }
    }

    /// Leaves out the largest files, with a note in the body, until the request fits; and measures it.
    fn fit(&mut self, policy: Oversize, most: u64) -> Result<(), TooLarge> {
        self.measure();
        if self.size <= most {
            return Ok(());
        }
        let mut by_size: Vec<usize> = (0..self.request.attachments.len()).collect();
        by_size.sort_by_key(|at| std::cmp::Reverse(self.request.attachments.get(*at).map(|file| file.content.len())));
        let mut left_out = vec![false; by_size.len()];
        let mut notes = String::new();
        let mut estimate = self.size;
        for at in by_size {
            let Some(file) = self.request.attachments.get(at) else { continue };
            if estimate <= most || policy == Oversize::Reject {
                break;
            }
            let note = note(file, self.request.body_format.is_some());
            estimate = (estimate + 2 * note.len() as u64).saturating_sub(file.content.len() as u64);
            notes.push_str(&note);
            self.left_out.0 += 1;
            self.left_out.1 += file.content.len() as u64;
            self.changes.push(format!("file left out, too large: {} ({} bytes)", file.filename, file.content.len()));
            if let Some(slot) = left_out.get_mut(at) {
                *slot = true;
            }
        }
        let mut left_out = left_out.into_iter();
        self.request.attachments.retain(|_| !left_out.next().unwrap_or_default());
        let end = end_of_content(&self.request.body, self.request.body_format.is_some());
        self.request.body.insert_str(end, &notes);
        let wanted = self.size;
        self.measure();
        if self.size > most {
            let detail = format!("the request would have {wanted} bytes, at most {most} are sent");
            return Err(TooLarge { detail });
        }
        Ok(())
    }

    fn measure(&mut self) {
        let (size, digest) = encode::size_and_digest(&self.request);
        (self.size, self.digest) = (size + DECIDED_ROOM, digest);
    }
}

/// Tells subjects apart, whatever was made of their white space; zeros where there is none.
#[must_use]
pub fn subject_digest(subject: Option<&str>) -> [u8; 8] {
    let mut digest = [0; 8];
    let mut words = subject.unwrap_or_default().split_whitespace().peekable();
    if words.peek().is_some() {
        let mut hasher = blake3::Hasher::new_derive_key("threadlift 1 subject");
        for word in words {
            hasher.update(word.as_bytes());
            hasher.update(b" ");
        }
        digest.iter_mut().zip(hasher.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
    }
    digest
}

/// Digest of a whole request from its draft's digest and what was decided.
#[must_use]
pub fn decided_digest(draft: &[u8; 32], decision: &Decision<'_>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("threadlift 1 request");
    hasher.update(draft);
    let mut field = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    field(decision.external_id.as_bytes());
    field(decision.thread_ref.as_bytes());
    field(&[u8::from(decision.is_archived)]);
    field(decision.customer.unwrap_or_default().as_bytes());
    for tag in decision.tags {
        field(tag.as_bytes());
    }
    // Last and with a field before it, so that no tag reads as an assignee.
    if let Some(assignee) = decision.assignee {
        field(b"");
        field(assignee.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// Tells Front which file each `cid:` of the text means, in the way that a probe found to work.
fn name_inline_files(request: &mut ImportRequest, inline: Inline) {
    if request.body_format.is_none() {
        return;
    }
    for file in &mut request.attachments {
        let Some(id) = file.content_id.as_ref().filter(|id| is_plain_id(id)) else { continue };
        if !request.body.contains(&format!("cid:{id}")) {
            continue;
        }
        match inline {
            Inline::ContentId => file.is_named_by_id = true,
            Inline::Filename => file.filename.clone_from(id),
        }
    }
}

fn handles(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(|address| address.handle.clone()).collect()
}

fn sender(from: Option<Address>, direction: Direction, mapping: &Mapping, changes: &mut Vec<String>) -> Sender {
    let Address { name, handle } = from.unwrap_or_else(|| Address { name: None, handle: String::new() });
    let agent = mapping.agents.get(&handle.to_lowercase());
    let author_id = agent.filter(|_| direction == Direction::Outbound).cloned();
    let name = name.map(|name| one_line(name, "author's name", changes)).filter(|name| !name.trim().is_empty());
    Sender { handle, name, author_id }
}

/// Line ends in a header value are folding that survived, or an attempt to smuggle a header.
fn one_line(text: String, what: &str, changes: &mut Vec<String>) -> String {
    if !text.contains(['\r', '\n']) {
        return text;
    }
    changes.push(format!("{what}: line ends made spaces"));
    text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn body(body: Body, message_type: MessageType, changes: &mut Vec<String>) -> String {
    let (text, is_html) = match (body, message_type) {
        (Body::Html(html), _) => (html, true),
        (Body::Text(text), MessageType::Email) if text.trim().is_empty() => (String::new(), true),
        (Body::Text(text), MessageType::Email) => {
            changes.push(TEXT_MADE_HTML.to_owned());
            (text_to_html(&text), true)
        }
        (Body::Text(text), MessageType::Custom) => (text, false),
    };
    if text.trim().is_empty() {
        changes.push("empty body replaced".to_owned());
        return if is_html { format!("<div>{NO_CONTENT}</div>") } else { NO_CONTENT.to_owned() };
    }
    text
}

/// Where something can be added to a body: in HTML before its end tags, since what stands behind them may not be shown.
fn end_of_content(body: &str, html: bool) -> usize {
    let lower = if html { body.to_ascii_lowercase() } else { String::new() };
    lower.rfind("</body").or_else(|| lower.rfind("</html")).unwrap_or(body.len())
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or_default();
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        digits.push(digit(byte >> 4));
        digits.push(digit(byte & 15));
    }
    digits
}

fn note(file: &File, html: bool) -> String {
    let digest = hex(&Sha256::digest(&file.content));
    let line = format!(
        "[A file was left out of this import because it is too large: {} ({} bytes, SHA-256 {digest})]",
        file.filename,
        file.content.len()
    );
    if html { format!("<p>{}</p>", text_to_html(&line)) } else { format!("\n{line}") }
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
