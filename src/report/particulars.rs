//! What a report holds as a file, beside the figures: single problems, examples of changes, sample conversations. All of it
//! is bounded by whoever collects it, and says what was left out.

use bytes::Bytes;
use std::collections::BTreeMap;

/// What a report holds beside the figures.
#[derive(Debug, Clone, Default)]
pub struct Particulars {
    /// The moment it was written, for commands whose outcome belongs to one.
    pub written: Option<String>,
    /// What is wrong, by kind and one by one.
    pub problems: Problems,
    /// Would-be changes, with the messages that they were found in.
    pub changes: ChangeExamples,
    /// Some conversations as they will stand in Front.
    pub conversations: Conversations,
    /// Commands that say more, to be pasted into a shell.
    pub commands: Commands,
    /// How much of it there is at most.
    pub bounds: Bounds,
}

/// How many of each are collected for a report at most.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// Problems that are listed one by one.
    pub problems: u64,
    /// Conversations that are shown.
    pub conversations: u64,
    /// Messages of each of them.
    pub messages: u64,
}

/// Commands that say more than a report does.
#[derive(Debug, Clone, Default)]
pub struct Commands {
    /// One message; its id follows.
    pub show: String,
    /// Every record, with its request; a file's name follows.
    pub requests: String,
    /// The whole import, in an inbox on this machine.
    pub rehearse: String,
    /// Originals of all that cannot be sent; a folder's name follows.
    pub rejects: String,
}

/// Problems, the worst first.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    /// By status and cause.
    pub kinds: Vec<ProblemFigures>,
    /// Records of further kinds.
    pub kinds_left_out: u64,
    /// One by one.
    pub listed: Vec<Problem>,
    /// Further ones.
    pub left_out: u64,
}

/// How often something is wrong, and what to do about it.
#[derive(Debug, Clone)]
pub struct ProblemFigures {
    /// `missing`, `refused`, `unknown`, `different`, `unreadable` or `rejected`.
    pub status: &'static str,
    /// The cause that all of them share.
    pub cause: String,
    /// How many records.
    pub records: u64,
    /// What to do.
    pub remedy: String,
}

/// One record that something is wrong with.
#[derive(Debug, Clone)]
pub struct Problem {
    /// As [`ProblemFigures::status`].
    pub status: &'static str,
    /// Why, in words that others share.
    pub cause: String,
    /// What was seen of this one.
    pub detail: String,
    /// The source's name.
    pub source: String,
    /// File and place.
    pub place: String,
    /// What `show` knows it by; empty if it has no id.
    pub id: String,
}

/// Examples of changes.
#[derive(Debug, Clone, Default)]
pub struct ChangeExamples {
    /// Messages that were looked at.
    pub looked_at: u64,
    /// By kind of change.
    pub kinds: BTreeMap<String, Vec<ChangeExample>>,
}

/// A message that is changed on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeExample {
    /// The change in full.
    pub change: String,
    /// What `show` knows the message by.
    pub id: String,
    /// File and place.
    pub place: String,
}

/// Sample conversations.
#[derive(Debug, Clone, Default)]
pub struct Conversations {
    /// Those that are shown.
    pub shown: Vec<Conversation>,
    /// Further ones.
    pub left_out: u64,
    /// Why none can be shown, if that is so.
    pub trouble: Option<String>,
}

/// A conversation as it will stand in Front.
#[derive(Debug, Clone, Default)]
pub struct Conversation {
    /// Why it is among those shown.
    pub because: Vec<String>,
    /// Subject of its first message.
    pub subject: Option<String>,
    /// Its inbox.
    pub inbox: String,
    /// Nobody is shown it as something to do.
    pub is_archived: bool,
    /// Whom it is assigned to.
    pub assignee: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The first messages and the last, the oldest first.
    pub messages: Vec<Message>,
    /// Messages between them.
    pub left_out: u64,
    /// Behind how many of `messages` those are left out.
    pub gap: usize,
}

/// A message as it will stand in Front.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// The author's name, if there is one.
    pub name: Option<String>,
    /// The author's handle.
    pub handle: String,
    /// The teammate who counts as the author.
    pub teammate: Option<String>,
    /// Recipients, copies and blind copies.
    pub recipients: Vec<(&'static str, String)>,
    /// Further recipients.
    pub more_recipients: u64,
    /// Written to us.
    pub is_inbound: bool,
    /// Unix seconds.
    pub created_at: i64,
    /// The body, as long as it is shown.
    pub body: String,
    /// The body is HTML.
    pub is_html: bool,
    /// Bytes of the body that are not shown.
    pub cut: u64,
    /// Files, by name, type and size.
    pub files: Vec<(String, String, u64)>,
    /// Further files.
    pub more_files: u64,
    /// Pictures that the body shows, by content id.
    pub pictures: BTreeMap<String, Picture>,
    /// What was changed on the way.
    pub changes: Vec<String>,
    /// File and place.
    pub place: String,
    /// What `show` knows it by.
    pub id: String,
    /// What became of it, once something was sent.
    pub state: Option<&'static str>,
    /// Why the rest is empty: the source cannot be read any more.
    pub trouble: Option<String>,
}

/// A picture in a message.
#[derive(Debug, Clone)]
pub struct Picture {
    /// One of the types in [`PICTURES`].
    pub content_type: &'static str,
    /// Its bytes.
    pub content: Bytes,
}

/// Types of pictures that do nothing but show themselves.
pub const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
