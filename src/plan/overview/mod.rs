//! What a plan says about itself: figures to show before anything is sent, kept with the plan.

mod authors;
mod changes;
mod count;
mod delivering;
mod finish;
mod months;
mod prepare;
mod sizes;
mod straddling;

pub use authors::{MAX_AUTHORS, OwnAuthor, OwnAuthors};
pub use changes::{ChangeKind, Changes, MAX_CHANGE_KINDS};
pub use delivering::Delivering;
pub use finish::Finishing;
pub use months::{Month, Months};
pub use prepare::Preparing;
pub use sizes::ThreadSizes;
pub use straddling::{Straddle, Straddling};

pub use changes::kind_of;
pub(super) use count::Counting;

use super::pins::End;
use crate::mapping::Diagnostic;
use crate::record::ActiveContent;
use crate::words::most_frequent;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most lines of any list that grows with the data; what is over is counted.
const MAX_LISTED: usize = 100;

/// A conversation of more messages than this is named. Front states no limit; it lists the messages of a conversation by
/// the hundred, and nobody reads so many as one.
pub const HUGE: u64 = 1_000;

/// The figures of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Messages to be sent, those already sent included.
    pub messages: u64,
    /// Internal notes among them, as messages of type custom.
    #[serde(default)]
    pub note_messages: u64,
    /// Messages and notes that go out under new ids, since what was sent of them was taken back or is missing for good.
    #[serde(default)]
    pub again: u64,
    /// What is made before they are sent.
    #[serde(default)]
    pub prepare: Preparing,
    /// What is done once they are all in Front.
    #[serde(default)]
    pub finish: Finishing,
    /// What is delivered through channels, last of all.
    #[serde(default)]
    pub delivering: Delivering,
    /// Conversations they make.
    pub threads: u64,
    /// Requests that it takes to see them all in Front: one for each conversation's first message, one for each hundred others.
    #[serde(default)]
    pub lookups: u64,
    /// Messages in the largest conversation.
    pub largest_thread: u64,
    /// Conversations of more than [`HUGE`] messages: seldom what people had with each other.
    #[serde(default)]
    pub huge_threads: u64,
    /// The largest of those.
    #[serde(default)]
    pub largest: Vec<LargeThread>,
    /// Conversations whose messages name different inboxes; the oldest that names one decided.
    pub inbox_conflicts: u64,
    /// Messages by inbox.
    pub inboxes: BTreeMap<String, u64>,
    /// Messages that the rules give to further inboxes too, by such an inbox: imported once, into another one.
    #[serde(default)]
    pub also_in: BTreeMap<String, u64>,
    /// Messages that are imported once more, because they are for a further inbox and each gets its own copy.
    #[serde(default)]
    pub further_copies: u64,
    /// Records beyond the first that one mail gives, because it is for several inboxes and each gets its own copy.
    #[serde(default)]
    pub spread: u64,
    /// Conversations that go on beyond `since` or `until`.
    #[serde(default)]
    pub straddling: Straddling,
    /// Conversations sent before that turned out to be one with another; each keeps its ref.
    #[serde(default)]
    pub rejoined: u64,
    /// Messages by month and inbox.
    #[serde(default)]
    pub months: Months,
    /// Conversations by their number of messages.
    #[serde(default)]
    pub thread_sizes: ThreadSizes,
    /// Conversations that rules leave open.
    #[serde(default)]
    pub left_open: u64,
    /// Conversations that rules assign to somebody.
    #[serde(default)]
    pub assigned: u64,
    /// Messages written to us.
    pub inbound: u64,
    /// Messages written by us.
    pub outbound: u64,
    /// Who was treated as us, and why.
    #[serde(default)]
    pub own_authors: OwnAuthors,
    /// Labels that became no tag, most frequent first, with the kept records that carry them.
    pub unlisted_labels: Listed,
    /// Earliest and latest date, Unix seconds.
    pub dates: Option<(i64, i64)>,
    /// Files attached.
    pub files: u64,
    /// Bytes of all files.
    pub file_bytes: u64,
    /// Messages with files.
    #[serde(default)]
    pub with_files: u64,
    /// What is left out of messages because a request would be too large.
    #[serde(default)]
    pub left_out: LeftOut,
    /// Messages with active content in their HTML.
    #[serde(default)]
    pub active: ActiveMessages,
    /// Messages that were changed on the way, other than by making plain text HTML.
    pub changed: u64,
    /// Every kind of change, that of plain text to HTML too, most frequent first.
    #[serde(default)]
    pub changes: Changes,
    /// Messages sent before that would be sent differently now, skipping among it: Front keeps what it has.
    pub sent_differently: u64,
    /// In which ways, with messages; one may differ in several.
    #[serde(default)]
    pub differences: Listed,
    /// Some of them, by the export's own id or else the external id.
    #[serde(default)]
    pub sent_differently_ids: Vec<String>,
    /// Messages sent before that this plan does not hold: their sources are gone, or they cannot be read any more.
    #[serde(default)]
    pub sent_and_gone: u64,
    /// What is known of those.
    #[serde(default)]
    pub gone: Ends,
    /// Messages left to send that were sent before under other ids: Front would have them twice.
    #[serde(default)]
    pub doubles: u64,
    /// Some of them, by the export's own id or else the external id.
    #[serde(default)]
    pub double_ids: Vec<String>,
    /// Messages beside the first of those that share a Message-ID, or an id of the export, and are different.
    #[serde(default)]
    pub collisions: u64,
    /// Chat rows without an id of their own that further exports hold again; they are among the duplicates.
    #[serde(default)]
    pub shared_rows: u64,
    /// Chat rows without an id of their own beside the first of those that are equal in one file; each is a message.
    #[serde(default)]
    pub repeated_rows: u64,
    /// Unreadable and rejected records by cause, each with one example.
    pub problems: Vec<ProblemKind>,
    /// How each rule fared.
    #[serde(default)]
    pub rules: Vec<RuleFigures>,
    /// What in the mapping has no effect on these sources.
    #[serde(default)]
    pub warnings: Vec<Diagnostic>,
    /// Warnings of the sources.
    pub notes: Vec<String>,
    /// Imported conversations are archived.
    pub is_archived: bool,
    /// Front's rules do not run.
    pub should_skip_rules: bool,
    /// Teammates that messages are attributed to, as the mapping names them.
    pub teammates: Vec<String>,
    /// All tags.
    pub tags: Vec<String>,
    /// Tags with the conversations that get them: one tagged message tags all of its conversation.
    #[serde(default)]
    pub tagged: Listed,
}

/// Files that are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Messages that go without one of theirs.
    pub messages: u64,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// How a rule fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFigures {
    /// Its line in the mapping.
    pub line: usize,
    /// Records of which all its conditions hold, copies and skipped ones among them.
    pub matched: u64,
    /// Those of them for which it decided something.
    pub decided: u64,
}

/// How messages that were sent stand, as far as the journal knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    /// They were seen in Front.
    pub seen: u64,
    /// Front accepted them, and they were not seen.
    pub accepted: u64,
    /// Front accepted them, and they were not there.
    pub missing: u64,
    /// Nobody knows whether Front took them.
    pub unknown: u64,
}

impl Ends {
    pub(super) fn add(&mut self, end: End) {
        let count = match end {
            End::Seen => &mut self.seen,
            End::Accepted => &mut self.accepted,
            End::Missing => &mut self.missing,
            End::Unknown => &mut self.unknown,
        };
        *count += 1;
    }

    fn less(self, others: Self) -> Self {
        Self {
            seen: self.seen.saturating_sub(others.seen),
            accepted: self.accepted.saturating_sub(others.accepted),
            missing: self.missing.saturating_sub(others.missing),
            unknown: self.unknown.saturating_sub(others.unknown),
        }
    }

    fn total(self) -> u64 {
        self.seen + self.accepted + self.missing + self.unknown
    }
}

/// A conversation so large that something may have joined too much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeThread {
    /// Its ref.
    pub thread_ref: String,
    /// Its inbox.
    pub inbox: String,
    /// How many messages.
    pub messages: u64,
    /// File and place of its oldest message.
    pub place: String,
}

/// Messages whose HTML would do something by itself in a careless viewer, by what it would do. Front sanitises what it
/// shows; nothing is removed here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveMessages {
    /// With `script` elements or `javascript:` links.
    pub scripts: u64,
    /// With attributes such as `onload`.
    pub handlers: u64,
    /// With forms.
    pub forms: u64,
    /// With images that are fetched from elsewhere.
    pub remote_images: u64,
}

impl ActiveMessages {
    fn add(&mut self, found: ActiveContent) {
        self.scripts += u64::from(found.scripts > 0);
        self.handlers += u64::from(found.handlers > 0);
        self.forms += u64::from(found.forms > 0);
        self.remote_images += u64::from(found.remote_images > 0);
    }
}

/// A list cut at its head.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The first lines.
    pub first: Vec<(String, u64)>,
    /// How many lines were left out.
    pub left_out: u64,
}

impl Listed {
    fn most_frequent(counts: BTreeMap<String, u64>) -> Self {
        let mut all = most_frequent(counts);
        let left_out = all.len().saturating_sub(MAX_LISTED) as u64;
        all.truncate(MAX_LISTED);
        Self { first: all, left_out }
    }
}

/// One kind of problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemKind {
    /// `unreadable` or `rejected`.
    pub status: String,
    /// The cause that all of them share.
    pub cause: String,
    /// How many records.
    pub count: u64,
    /// File and place of the first.
    pub place: String,
    /// What was seen there.
    pub detail: String,
    /// What to do.
    pub remedy: String,
}
