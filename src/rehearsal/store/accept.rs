//! Taking a message in: the only place where the store changes.

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::time::Instant;

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::super::actor::{Actor, Stamp};
use super::super::config::{RepeatAnswer, UnknownTags};
use super::super::errors::ApiError;
use super::super::import::Checked;
use super::conversation::State;
use super::events::Happening;
use super::{Attachment, Conversation, Message, Person, Role, Store, ThreadKey, hex, parse_id};

/// A message that satisfied all rules that need no knowledge of the store.
pub(in super::super) struct Offer {
    inbox: u32,
    message: Checked,
    /// Its line, still open for the uid.
    line: Vec<u8>,
    digest: u64,
    spool: Option<NonZeroU32>,
    is_lost: bool,
}

/// What was asked to be imported.
pub(in super::super) struct Content<'a> {
    pub(in super::super) multipart: bool,
    pub(in super::super) request: &'a Map<String, Value>,
    pub(in super::super) attachments: &'a [Attachment],
}

impl Content<'_> {
    /// What a repeat is compared by: all of it, and the `body` that was taken out of the request.
    pub(in super::super) fn digest(&self, inbox: &str, external_id: &str, body: &str) -> io::Result<u64> {
        let rest = line(inbox, external_id, self, false)?;
        Ok(first_eight(&Sha256::new().chain_update(rest).chain_update(body).finalize()))
    }
}

fn line(inbox: &str, external_id: &str, content: &Content<'_>, forgotten: bool) -> io::Result<Vec<u8>> {
    let Content { multipart, request, attachments } = *content;
    let line = Line { inbox, external_id, multipart, request, attachments, forgotten };
    serde_json::to_vec(&line).map_err(io::Error::other)
}

/// The line of a message, in the log and in the dump.
#[derive(Serialize)]
struct Line<'a> {
    inbox: &'a str,
    external_id: &'a str,
    multipart: bool,
    request: &'a Map<String, Value>,
    attachments: &'a [Attachment],
    #[serde(skip_serializing_if = "is_false")]
    forgotten: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Offer {
    /// With the digest of what was sent, whatever of it is stored.
    pub(in super::super) fn new(
        inbox: (&str, u32),
        message: Checked,
        content: &Content<'_>,
        forgotten: bool,
        digest: u64,
    ) -> io::Result<Self> {
        let (id, inbox) = inbox;
        // Written here and not under the store's lock: bodies can be large.
        let mut line = line(id, &message.external_id, content, forgotten)?;
        line.pop();
        Ok(Self { inbox, message, line, digest, spool: None, is_lost: false })
    }

    /// Bytes of its line.
    pub(in super::super) fn len(&self) -> u64 {
        self.line.len() as u64
    }

    pub(in super::super) fn with_spool(self, spool: Option<NonZeroU32>) -> Self {
        Self { spool, ..self }
    }

    /// To be lost after its 202.
    pub(in super::super) fn lost(self, is_lost: bool) -> Self {
        Self { is_lost, ..self }
    }

    fn close_line(&mut self, uid: &str) {
        self.line.extend_from_slice(format!(",\"message_uid\":\"{uid}\"}}\n").as_bytes());
    }
}

/// The answer to an offer.
pub(in super::super) struct Accepted {
    pub(in super::super) uid: String,
    pub(in super::super) kept: Kept,
}

/// What is kept of an accepted offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kept {
    Message,
    /// Nothing: the `external_id` was known, or used up.
    Nothing,
    /// Nothing, on request.
    Lost,
}

/// What the message refers to, found.
struct Resolved {
    author: Option<u32>,
    assignee: Option<u32>,
    conversation: Option<u32>,
}

impl Store {
    /// Takes a message in, unless its `external_id` is known or used up: Front says that it does not import such.
    pub(in super::super) fn accept(
        &mut self,
        mut offer: Offer,
        now: Instant,
        stamp: Stamp,
    ) -> Result<Accepted, ApiError> {
        let resolved = self.resolve(&offer)?;
        if let Some(accepted) = self.known(&offer)? {
            return Ok(accepted);
        }
        let number = u32::try_from(self.messages.len()).map_err(io::Error::other)?;
        let uid = self.make_uid(u64::from(number));
        let text = hex(&uid);
        offer.close_line(&text);
        let place = self.log.append(&offer.line)?;
        if let Some(dump) = &mut self.dump {
            dump.write_all(&offer.line)?;
        }
        let message = offer.message;
        let arrived = i64::try_from(stamp.at / 1000).unwrap_or_default();
        let order = if self.undocumented.is_by_arrival { arrived } else { message.created_at };
        let thread = self.thread(offer.inbox, number, &message, resolved.conversation, now)?;
        self.messages.push(Message {
            uid,
            conversation: thread,
            created_at: message.created_at,
            order,
            place,
            spool: offer.spool,
            author: resolved.author,
            accepted: now,
            digest: offer.digest,
        });
        self.by_uid.insert(uid, number);
        if !message.external_id.is_empty() {
            self.by_external_id.insert(message.external_id.as_str().into(), number);
        }
        self.join(thread, number, &message, &resolved, stamp);
        Ok(Accepted { uid: text, kept: Kept::Message })
    }

    /// The answer to a message that is not taken in because of its `external_id`.
    fn known(&mut self, offer: &Offer) -> Result<Option<Accepted>, ApiError> {
        let id = offer.message.external_id.as_str();
        if id.is_empty() {
            return Ok(None);
        }
        if let Some(first) = self.by_external_id.get(id).copied() {
            let first = self.messages.get(first as usize);
            let first = first.ok_or_else(|| ApiError::broken("The index names a message that is not"))?;
            if self.conversation(first.conversation).is_none() {
                if self.undocumented.are_deleted_ids_free {
                    return Ok(None);
                }
                // It was deleted with its conversation, and Front may well remember it all the same.
                self.counts.burnt += 1;
                return Ok(Some(Accepted { uid: self.make_phantom(), kept: Kept::Nothing }));
            }
            let uid = hex(&first.uid);
            let changed = first.digest != offer.digest;
            self.counts.repeats += 1;
            self.counts.changed_repeats += u64::from(changed);
            let uid = match self.burnt.repeat_answer {
                RepeatAnswer::FirstUid => uid,
                RepeatAnswer::NewUid => self.make_phantom(),
                RepeatAnswer::Refuse => {
                    return Err(ApiError::conflict("A message with this external_id exists already"));
                }
            };
            return Ok(Some(Accepted { uid, kept: Kept::Nothing }));
        }
        if self.burnt.holds(id) {
            self.counts.burnt += 1;
            return Ok(Some(Accepted { uid: self.make_phantom(), kept: Kept::Nothing }));
        }
        if offer.is_lost && self.burnt.lose(id) {
            self.counts.lost += 1;
            return Ok(Some(Accepted { uid: self.make_phantom(), kept: Kept::Lost }));
        }
        Ok(None)
    }

    fn resolve(&self, offer: &Offer) -> Result<Resolved, ApiError> {
        let message = &offer.message;
        let mut wrong = Vec::new();
        let takes_any = self.undocumented.takes_any_author;
        let mut teammate = |field: &str, reference: &Option<String>| {
            let found = reference.as_ref().map(|reference| self.active_teammate(reference))?;
            found
                .map_err(|reason| {
                    if !takes_any {
                        wrong.push(format!("{field} {reason}"));
                    }
                })
                .ok()
        };
        let author = teammate("sender.author_id", &message.author_id);
        let assignee = teammate("assignee_id", &message.assignee_id);
        if self.unknown_tags == UnknownTags::Refuse {
            let unknown = |(_, tag): &(usize, &String)| !self.tag_numbers.contains_key(tag.as_str());
            let unknown = message.tags.iter().enumerate().filter(unknown);
            wrong.extend(unknown.map(|(n, _)| format!("tags[{n}] does not exist")));
        }
        let conversation = match &message.conversation_id {
            Some(id) => {
                let number = parse_id("cnv", id).filter(|number| self.conversation(*number).is_some());
                let number = number.map(|number| self.survivor(number));
                Some(number.ok_or_else(|| ApiError::unknown("conversation", id))?)
            }
            None => None,
        };
        let found = conversation.and_then(|number| self.conversation(number));
        if found.is_some_and(|found| found.inbox != offer.inbox) {
            wrong.push("conversation_id names a conversation of another inbox".to_owned());
        }
        if wrong.is_empty() {
            Ok(Resolved { author, assignee, conversation })
        } else {
            Err(ApiError::unsatisfied(&wrong))
        }
    }

    /// A uid that never becomes a message.
    fn make_phantom(&mut self) -> String {
        self.counts.phantoms += 1;
        // Messages have numbers of 32 bits, so these are never theirs.
        hex(&self.make_uid(u64::MAX - self.counts.phantoms))
    }

    fn make_uid(&self, number: u64) -> [u8; 16] {
        let digest = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(number.to_be_bytes()).finalize();
        let mut uid = [0; 16];
        uid.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
        uid
    }

    /// The conversation the message belongs to, made if need be.
    fn thread(
        &mut self,
        inbox: u32,
        opener: u32,
        message: &Checked,
        named: Option<u32>,
        now: Instant,
    ) -> io::Result<u32> {
        let known = match named {
            // A conversation_id makes thread_ref void altogether.
            Some(number) => Some(number),
            None => self.threads.get(&self.thread_key(inbox, message)).map(|number| self.survivor(*number)),
        };
        let known = known.filter(|number| self.conversation(*number).is_some());
        if let Some(number) = known {
            let is_early = self.conversation(number).is_some_and(|known| !self.exists(known.opener, now));
            self.counts.hurried += u64::from(is_early);
            if !(is_early && self.race_firsts && named.is_none()) {
                return Ok(number);
            }
        }
        let number = u32::try_from(self.conversations.len()).map_err(io::Error::other)?;
        self.conversations.push(Conversation::new(inbox, opener));
        // Of two that raced, later messages join the first.
        if known.is_none() {
            self.threads.insert(self.thread_key(inbox, message), number);
        }
        Ok(number)
    }

    /// What tells the thread of a message from others: its inbox and its reference, unless Front is played otherwise.
    fn thread_key(&self, inbox: u32, message: &Checked) -> (u32, ThreadKey) {
        let kind = self.undocumented.are_refs_by_type.then_some(message.source);
        let key = match &message.thread_ref {
            Some(reference) => ThreadKey::Ref(message.channel, kind, reference.as_str().into()),
            None => ThreadKey::Sender(message.channel, kind, message.handle.as_str().into()),
        };
        (if self.undocumented.are_refs_shared { 0 } else { inbox }, key)
    }

    fn join(&mut self, thread: u32, number: u32, message: &Checked, resolved: &Resolved, stamp: Stamp) {
        let handles = std::iter::once(&message.handle).chain(&message.recipients);
        let handles: Vec<&str> = handles.map(String::as_str).collect();
        self.meet(message.source, &handles);
        let tags: Vec<u32> = message.tags.iter().map(|tag| self.tag(tag)).collect();
        let Some(conversation) = self.conversations.get_mut(thread as usize) else { return };
        let before = (conversation.last(), thread);
        let is_first = conversation.messages.is_empty();
        let order = self.messages.get(number as usize).map_or(message.created_at, |message| message.order);
        conversation.messages.insert((order, number));
        if conversation.subject.is_empty() {
            conversation.subject = message.subject.as_deref().unwrap_or_default().into();
        }
        conversation.meet(&message.handle, message.name.as_deref(), Role::Sender);
        for handle in &message.recipients {
            conversation.meet(handle, None, Role::Recipient);
        }
        if message.is_inbound && conversation.recipient.as_ref().is_none_or(|(time, ..)| *time <= message.created_at) {
            let person = Person::new(&message.handle, message.name.as_deref());
            conversation.recipient = Some((message.created_at, message.source, person));
        }
        let state = match (message.is_archived, conversation.state) {
            (false, _) => State::Open,
            // What was thrown away is not taken out by something that is over.
            (true, State::Trashed) => State::Trashed,
            (true, _) => State::Archived,
        };
        if is_first {
            conversation.state = state;
        }
        let after = (conversation.last(), thread);
        if let Some(inbox) = self.inboxes.get_mut(conversation.inbox as usize) {
            inbox.messages += 1;
            inbox.take(before);
            inbox.put(after);
        }
        let (what, by) = match (message.is_inbound, resolved.author) {
            (true, _) => (Happening::Inbound, Actor::Api),
            // Front gives an outbound message to its author.
            (false, author) => (Happening::Outbound, author.map_or(stamp.by, Actor::Teammate)),
        };
        self.emit(thread, what, number, Stamp { by, ..stamp });
        self.set_state(thread, state, stamp);
        if resolved.assignee.is_some() {
            self.assign(thread, resolved.assignee, stamp);
        }
        self.add_tags(thread, &tags, stamp);
    }
}

fn first_eight(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
