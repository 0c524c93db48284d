//! What was imported: indexes in memory, requests and attachments on disk.

mod accept;
mod burnt;
mod conversation;
mod ids;
mod keep;
mod live;
mod log;
mod merge;
mod spool;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use self::burnt::Burnt;
use self::log::Log;
use super::config::{Config, TeammateSpec, UnknownTags};
use super::snapshot::{InboxCount, Snapshot};

pub(super) use self::accept::{Content, Kept, Offer};
pub(super) use self::conversation::{Conversation, PEOPLE, Person, Role};
pub(super) use self::ids::{hex, parse as parse_id, render as render_id};
pub(super) use self::keep::Keep;
pub(super) use self::live::Channel;
pub(super) use self::log::{Attachment, LogReader, Place, Stored};
pub(super) use self::spool::{Spool, SpoolDir};

/// The order in which an inbox shows its conversations: newest message first.
type Shelf = BTreeSet<(Reverse<i64>, Reverse<u32>)>;

#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) messages: u64,
    shelf: Shelf,
    is_gone: bool,
    /// Messages, and as many conversations, that were there before the first import.
    live: u64,
}

impl Inbox {
    /// How many conversations there are.
    pub(super) fn conversations(&self) -> usize {
        self.shelf.len()
    }

    /// The conversations newest first: time of the last message and number.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = (i64, u32)> {
        self.shelf.iter().map(|(Reverse(time), Reverse(number))| (*time, *number))
    }

    /// The one before the given one in that order.
    pub(super) fn before(&self, (time, number): (i64, u32)) -> Option<u32> {
        self.shelf.range(..(Reverse(time), Reverse(number))).next_back().map(|(_, Reverse(number))| *number)
    }

    /// Those that come after the given one.
    pub(super) fn after(&self, (time, number): (i64, u32)) -> impl Iterator<Item = (i64, u32)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let start = Excluded((Reverse(time), Reverse(number)));
        self.shelf.range((start, Unbounded)).map(|(Reverse(time), Reverse(number))| (*time, *number))
    }
}

/// What is remembered of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) uid: [u8; 16],
    pub(super) conversation: u32,
    pub(super) created_at: i64,
    pub(super) place: Place,
    pub(super) spool: Option<NonZeroU32>,
    pub(super) author: Option<u32>,
    accepted: Instant,
    /// Of inbox and content, to tell repeats that changed.
    digest: u64,
}

/// What threads are told apart by: Front threads by `thread_ref`, and by sender where there is none.
#[derive(PartialEq, Eq, Hash)]
enum ThreadKey {
    Ref(Box<str>),
    Sender(Box<str>),
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    repeats: u64,
    changed_repeats: u64,
    hurried: u64,
    burnt: u64,
    lost: u64,
    merged: u64,
    /// Uids given out that never become messages.
    phantoms: u64,
}

pub(super) struct Store {
    inboxes: Vec<Inbox>,
    teammates: Vec<TeammateSpec>,
    tags: Vec<String>,
    tag_numbers: HashMap<String, u32>,
    unknown_tags: UnknownTags,
    appear_after: Duration,
    messages: Vec<Message>,
    by_uid: HashMap<[u8; 16], u32>,
    by_external_id: HashMap<Box<str>, u32>,
    conversations: Vec<Conversation>,
    threads: HashMap<(u32, ThreadKey), u32>,
    log: Log,
    dump: Option<File>,
    /// Makes uids differ from one server to the next, as Front's do not follow from the content.
    seed: u64,
    counts: Counts,
    burnt: Burnt,
    race_firsts: bool,
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

impl Store {
    pub(super) fn open(config: &Config, directory: &Path) -> io::Result<(Self, LogReader)> {
        let (log, reader) = log::create(&directory.join("requests.jsonl"))?;
        let dump = match &config.dump {
            Some(path) => Some(private(OpenOptions::new().append(true).create(true)).open(path)?),
            None => None,
        };
        let mut inboxes: Vec<Inbox> = Vec::new();
        for (number, spec) in (0..).zip(&config.inboxes) {
            let id = spec.id.clone().unwrap_or_else(|| render_id("inb", number));
            if inboxes.iter().any(|other| other.id == id) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("two inboxes have the id {id}")));
            }
            inboxes.push(Inbox {
                id,
                name: spec.name.clone(),
                messages: 0,
                shelf: Shelf::new(),
                is_gone: false,
                live: 0,
            });
        }
        let mut store = Self {
            inboxes,
            teammates: config.teammates.clone(),
            tags: Vec::new(),
            tag_numbers: HashMap::new(),
            unknown_tags: config.unknown_tags,
            appear_after: config.appear_after,
            messages: Vec::new(),
            by_uid: HashMap::new(),
            by_external_id: HashMap::new(),
            conversations: Vec::new(),
            threads: HashMap::new(),
            log,
            dump: None,
            seed: RandomState::new().hash_one("uid"),
            counts: Counts::default(),
            burnt: Burnt::open(config.burnt.as_deref(), &config.faults, config.repeat_answer)?,
            race_firsts: config.faults.race_firsts,
            channels: Vec::new(),
            live: 0,
        };
        for tag in &config.tags {
            store.tag(tag);
        }
        store.open_channels(&config.channels)?;
        store.dump = dump;
        Ok((store, reader))
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let count = |inbox: &Inbox| InboxCount {
            id: inbox.id.clone(),
            name: inbox.name.clone(),
            messages: inbox.messages - inbox.live,
            conversations: inbox.conversations() as u64 - inbox.live,
        };
        let live = u64::from(self.live);
        Snapshot {
            messages: self.messages.len() as u64 - live,
            conversations: self.conversations.len() as u64 - self.counts.merged - live,
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

    pub(super) fn teammates(&self) -> &[TeammateSpec] {
        &self.teammates
    }

    pub(super) fn teammate(&self, number: Option<u32>) -> Option<&TeammateSpec> {
        self.teammates.get(number? as usize)
    }

    /// A teammate by `tea_…` or `alt:email:…`.
    fn teammate_number(&self, reference: &str) -> Option<u32> {
        let is_named = |teammate: &TeammateSpec| match reference.strip_prefix("alt:email:") {
            Some(email) => teammate.email.eq_ignore_ascii_case(email),
            None => teammate.id == reference,
        };
        (0..).zip(&self.teammates).find(|(_, teammate)| is_named(teammate)).map(|(number, _)| number)
    }

    pub(super) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Makes a tag; `None` where there is one of that name.
    pub(super) fn make_tag(&mut self, name: &str) -> Option<u32> {
        (!self.tag_numbers.contains_key(name)).then(|| self.tag(name))
    }

    pub(super) fn tags(&self) -> &[String] {
        &self.tags
    }

    /// The names of a conversation's tags with their numbers.
    pub(super) fn tags_of(&self, conversation: &Conversation) -> Vec<(u32, &str)> {
        let name = |number: &u32| Some((*number, self.tags.get(*number as usize)?.as_str()));
        conversation.tags.iter().filter_map(name).collect()
    }

    /// The number of a tag, made if it is new.
    fn tag(&mut self, name: &str) -> u32 {
        if let Some(number) = self.tag_numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.tags.len()).unwrap_or(u32::MAX);
        self.tags.push(name.to_owned());
        self.tag_numbers.insert(name.to_owned(), number);
        number
    }

    pub(super) fn message(&self, number: u32) -> Option<&Message> {
        self.messages.get(number as usize)
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
        number < self.live || self.message(number).is_some_and(has_appeared)
    }

    pub(super) fn conversation(&self, number: u32) -> Option<&Conversation> {
        self.conversations.get(number as usize)
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
