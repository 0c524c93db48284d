//! What was imported: indexes in memory, requests and attachments on disk.

mod accept;
mod burnt;
mod changes;
mod comments;
mod contacts;
mod conversation;
mod events;
mod ids;
mod inbox;
mod keep;
mod links;
mod live;
mod log;
mod merge;
mod spool;
mod tags;
mod teams;

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use self::burnt::Burnt;
use self::log::Log;
use super::config::{Config, UnknownTags};
use super::desk::StatusSpec as Status;
use super::snapshot::{InboxCount, Snapshot};
use super::undocumented::Undocumented;

pub(super) use self::accept::{Content, Kept, Offer};
pub(super) use self::comments::{Comment, Remark, Said};
pub(super) use self::contacts::{Contact, ContactList, Handle, Known};
pub(super) use self::conversation::{Conversation, PEOPLE, Person, Role, State};
pub(super) use self::events::{Event, Happening};
pub(super) use self::ids::{hex, parse as parse_id, render as render_id};
pub(super) use self::inbox::Inbox;
pub(super) use self::keep::Keep;
pub(super) use self::links::Link;
pub(super) use self::live::Channel;
pub(super) use self::log::{Attachment, LogReader, Place, Stored};
pub(super) use self::spool::{Spool, SpoolDir};
pub(super) use self::tags::Tag;
pub(super) use self::teams::{Team, Teammate};

/// What is remembered of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) uid: [u8; 16],
    pub(super) conversation: u32,
    pub(super) created_at: i64,
    /// Where it stands among others in lists.
    pub(super) order: i64,
    pub(super) place: Place,
    pub(super) spool: Option<NonZeroU32>,
    pub(super) author: Option<u32>,
    accepted: Instant,
    /// Of inbox and content, to tell repeats that changed.
    digest: u64,
}

/// Of the handles of messages, where messages of different types never share a conversation.
type Kind = Option<&'static str>;

/// What threads are told apart by: Front threads by `thread_ref`, and by sender where there is none. What comes in by a custom
/// channel never joins what was imported.
#[derive(PartialEq, Eq, Hash)]
enum ThreadKey {
    Ref(Option<u32>, Kind, Box<str>),
    Sender(Option<u32>, Kind, Box<str>),
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    repeats: u64,
    changed_repeats: u64,
    hurried: u64,
    burnt: u64,
    lost: u64,
    merged: u64,
    deleted: u64,
    deleted_messages: u64,
    /// Uids given out that never become messages.
    phantoms: u64,
}

pub(super) struct Store {
    teams: Vec<Team>,
    inboxes: Vec<Inbox>,
    teammates: Vec<Teammate>,
    statuses: Vec<Status>,
    tags: Vec<Tag>,
    /// Which tag a name means to an import.
    tag_numbers: HashMap<String, u32>,
    unknown_tags: UnknownTags,
    appear_after: Duration,
    messages: Vec<Message>,
    by_uid: HashMap<[u8; 16], u32>,
    by_external_id: HashMap<Box<str>, u32>,
    conversations: Vec<Conversation>,
    threads: HashMap<(u32, ThreadKey), u32>,
    links: Vec<Link>,
    link_numbers: HashMap<Box<str>, u32>,
    contacts: Vec<Contact>,
    contact_numbers: HashMap<Box<str>, u32>,
    lists: Vec<ContactList>,
    comments: Vec<Comment>,
    events: Vec<Event>,
    log: Log,
    /// What comments say.
    said: Log,
    dump: Option<File>,
    /// Makes uids differ from one server to the next, as Front's do not follow from the content.
    seed: u64,
    counts: Counts,
    burnt: Burnt,
    race_firsts: bool,
    undocumented: Undocumented,
    channels: Vec<Channel>,
    /// Messages, and as many conversations, that were there before the first import. They have the first numbers.
    live: u32,
}

/// Made for its owner alone: it holds people's mail.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// What a server cannot start with.
fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// The reading ends of what lies on disk.
pub(super) struct Readers {
    /// Messages as they were imported.
    pub(super) messages: LogReader,
    /// What comments say.
    pub(super) said: LogReader,
}

impl Store {
    pub(super) fn open(config: &Config, directory: &Path) -> io::Result<(Self, Readers)> {
        let (log, messages) = log::create(&directory.join("requests.jsonl"))?;
        let (said, said_reader) = log::create(&directory.join("comments.jsonl"))?;
        let dump = match &config.dump {
            Some(path) => Some(private(OpenOptions::new().append(true).create(true)).open(path)?),
            None => None,
        };
        let mut store = Self {
            teams: Vec::new(),
            inboxes: Vec::new(),
            teammates: teams::teammates(config),
            statuses: config.statuses.clone(),
            tags: Vec::new(),
            tag_numbers: HashMap::new(),
            unknown_tags: config.unknown_tags,
            appear_after: config.appear_after,
            messages: Vec::new(),
            by_uid: HashMap::new(),
            by_external_id: HashMap::new(),
            conversations: Vec::new(),
            threads: HashMap::new(),
            links: Vec::new(),
            link_numbers: HashMap::new(),
            contacts: Vec::new(),
            contact_numbers: HashMap::new(),
            lists: Vec::new(),
            comments: Vec::new(),
            events: Vec::new(),
            log,
            said,
            dump: None,
            seed: RandomState::new().hash_one("uid"),
            counts: Counts::default(),
            burnt: Burnt::open(config.burnt.as_deref(), &config.faults, config.repeat_answer)?,
            race_firsts: config.faults.race_firsts,
            undocumented: config.undocumented,
            channels: Vec::new(),
            live: 0,
        };
        store.open_teams(config)?;
        store.open_tags(&config.tags, &config.nested_tags)?;
        store.open_contacts(&config.contacts)?;
        store.open_channels(&config.channels)?;
        store.dump = dump;
        Ok((store, Readers { messages, said: said_reader }))
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let count = |inbox: &Inbox| InboxCount {
            id: inbox.id.clone(),
            name: inbox.name.clone(),
            messages: inbox.messages.saturating_sub(inbox.live),
            conversations: (inbox.conversations() as u64).saturating_sub(inbox.live),
        };
        let live = u64::from(self.live);
        Snapshot {
            messages: self.messages.len() as u64 - live - self.counts.deleted_messages,
            conversations: self.conversations.len() as u64 - self.counts.merged - self.counts.deleted - live,
            repeats: self.counts.repeats,
            changed_repeats: self.counts.changed_repeats,
            hurried: self.counts.hurried,
            burnt: self.counts.burnt,
            lost: self.counts.lost,
            inboxes: self.inboxes.iter().map(count).collect(),
            ..Snapshot::default()
        }
    }

    /// Every `external_id` that cannot be used again.
    pub(super) fn used_ids(&self) -> Vec<Box<str>> {
        self.by_external_id.keys().chain(self.burnt.ids()).cloned().collect()
    }

    /// Deletes an inbox: nobody finds it from now on.
    pub(super) fn remove_inbox(&mut self, id: &str) {
        if let Some(inbox) = self.inboxes.iter_mut().find(|inbox| inbox.id == id) {
            inbox.is_gone = true;
        }
    }

    /// The inboxes that are still there.
    pub(super) fn inboxes(&self) -> impl Iterator<Item = &Inbox> {
        self.inboxes.iter().filter(|inbox| !inbox.is_gone)
    }

    pub(super) fn inbox(&self, number: u32) -> Option<&Inbox> {
        self.inboxes.get(number as usize)
    }

    pub(super) fn inbox_number(&self, id: &str) -> Option<u32> {
        let named = |(_, inbox): &(u32, &Inbox)| inbox.id == id && !inbox.is_gone;
        (0..).zip(&self.inboxes).find(named).map(|(number, _)| number)
    }

    pub(super) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    pub(super) fn statuses(&self) -> &[Status] {
        &self.statuses
    }

    /// A message whose conversation is still there.
    pub(super) fn message(&self, number: u32) -> Option<&Message> {
        self.messages.get(number as usize).filter(|message| self.conversation(message.conversation).is_some())
    }

    /// The external ids of messages by their numbers.
    pub(super) fn external_ids(&self) -> HashMap<u32, &str> {
        self.by_external_id.iter().map(|(id, number)| (*number, &**id)).collect()
    }

    /// The message with a `msg_…` id or `alt:uid:…`, if it exists by now.
    pub(super) fn find_message(&self, reference: &str, now: Instant) -> Option<u32> {
        let number = match reference.strip_prefix("alt:uid:") {
            Some(uid) => *self.by_uid.get(&uid_bytes(uid)?)?,
            None => parse_id("msg", reference)?,
        };
        self.exists(number, now).then_some(number)
    }

    /// Whether a message has appeared: some time after it was accepted.
    pub(super) fn exists(&self, number: u32, now: Instant) -> bool {
        let has_appeared = |it: &Message| now.saturating_duration_since(it.accepted) >= self.appear_after;
        (number < self.live && self.message(number).is_some()) || self.message(number).is_some_and(has_appeared)
    }

    /// A conversation that was not deleted for good.
    pub(super) fn conversation(&self, number: u32) -> Option<&Conversation> {
        self.conversations.get(number as usize).filter(|it| !it.is_gone)
    }

    /// So many conversations of all inboxes, newest message first: time of the last message and number. `after` is the last
    /// one of those before.
    pub(super) fn newest(&self, after: Option<(i64, u32)>, count: usize) -> Vec<(i64, u32)> {
        let mut found: Vec<(i64, u32)> = Vec::new();
        for inbox in self.inboxes() {
            match after {
                Some(last) => found.extend(inbox.after(last).take(count)),
                None => found.extend(inbox.newest_first().take(count)),
            }
        }
        found.sort_unstable_by(|one, other| other.cmp(one));
        found.truncate(count);
        found
    }
}

fn uid_bytes(text: &str) -> Option<[u8; 16]> {
    let value = u128::from_str_radix(text, 16).ok()?;
    let bytes = value.to_be_bytes();
    (hex(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_has_32_lower_case_digits_and_nothing_else() {
        assert!(uid_bytes("1eab543f84a0785f7b6b8967cck18f4d").is_none());
        assert!(uid_bytes("1EAB543F84A0785F7B6B8967CC118F4D").is_none());
        assert!(uid_bytes("1eab").is_none());
        let uid = "0eab543f84a0785f7b6b8967cc118f4d";
        assert_eq!(hex(&uid_bytes(uid).unwrap()), uid);
    }
}
