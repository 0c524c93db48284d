//! The mapping as the engine sees it: every value checked, every default filled in.

use super::choice::choice;
use super::deliver::Deliver;
use super::ends::Ends;
use super::finish::{Contacts, CustomFields, Link, NewInboxes, Notes, Values};
use super::probed::Probed;
use super::table::CsvMapping;
use super::when::{Place, Rule};
use jiff::civil::Date;
use regex::Regex;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A checked mapping.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The file it was read from.
    pub path: PathBuf,
    /// The folder that relative paths start from.
    pub base: PathBuf,
    /// The text as read, kept with each plan.
    pub text: String,
    /// `[target]`
    pub target: Target,
    /// `[ours]`
    pub ours: Ours,
    /// `[agents]`: own address (lower case) → teammate id or alias.
    pub agents: BTreeMap<String, String>,
    /// `[[source]]`, in order, at least one.
    pub sources: Vec<SourceMapping>,
    /// `[defaults]`
    pub defaults: Defaults,
    /// `[labels]`: label → tag.
    pub labels: BTreeMap<String, String>,
    /// Where each of those labels stands.
    pub labels_at: BTreeMap<String, Place>,
    /// `[thread]`
    pub thread: ThreadRule,
    /// `[values]`
    pub values: Values,
    /// `[[rule]]`, in order.
    pub rules: Vec<Rule>,
    /// `[notes]`
    pub notes: Notes,
    /// `[contacts]`
    pub contacts: Option<Contacts>,
    /// `[identity]`
    pub identity: Identity,
    /// `[silence]`
    pub silence: Silence,
    /// `[send]`
    pub send: Send,
    /// `[limits]`
    pub limits: Limits,
}

/// `[target]`: where messages go.
#[derive(Debug, Clone)]
pub struct Target {
    /// Exact inbox name, or `inb_…` id.
    pub inbox: String,
    /// Base URL of the API; `https://api2.frontapp.com` unless given.
    pub base_url: String,
    /// How inboxes are made that are missing, where that is asked for.
    pub new_inboxes: NewInboxes,
    /// The file with what a probe has found out about this Front, as it is named and where.
    pub findings: Option<(String, Place)>,
    /// What of that is followed; only what [`load`](super::load) gives has it, since it is read from that file.
    pub probed: Option<Probed>,
}

/// `[ours]`: what makes a message outbound. Lower case.
#[derive(Debug, Clone, Default)]
pub struct Ours {
    /// Whole addresses.
    pub addresses: Vec<String>,
    /// Domains, without `@`.
    pub domains: Vec<String>,
}

impl Ours {
    /// Is this handle one of ours? Comparison ignores ASCII case.
    #[must_use]
    pub fn owns(&self, handle: &str) -> bool {
        let handle = handle.to_ascii_lowercase();
        self.addresses.contains(&handle)
            || handle.rsplit_once('@').is_some_and(|(_, domain)| self.domains.iter().any(|own| own == domain))
    }
}

/// One `[[source]]`.
#[derive(Debug, Clone)]
pub struct SourceMapping {
    /// Unique name.
    pub name: String,
    /// Glob patterns or plain paths, relative to the mapping's folder. A plain directory is allowed for mails only.
    pub paths: Vec<String>,
    /// `[line, column]` (from 1) of the `path` key, for errors found when the source is opened.
    pub path_at: (usize, usize),
    /// Namespace of this source's ids; the mapping's unless given.
    pub namespace: String,
    /// Which names are data: they become labels of the mails. Empty for tables.
    pub labels_from: LabelsFrom,
    /// Folder, relative to the mapping's, into which packed files that `paths` names are unpacked once.
    pub unpack: Option<PathBuf>,
    /// Its time, and what becomes of conversations that reach beyond.
    pub ends: Ends,
    /// What of it is delivered instead of imported. Of tables alone.
    pub deliver: Option<Deliver>,
    /// Format and its settings.
    pub format: Format,
}

/// Format of a source.
#[derive(Debug, Clone)]
pub enum Format {
    /// mbox files.
    Mbox(Dialect),
    /// Directories of one-mail files.
    Eml,
    /// CSV tables of chat lines.
    Csv(Box<CsvMapping>),
}

choice! {
    /// How an mbox file keeps a line of a mail that begins with `From ` from being taken for a separator.
    pub enum Dialect {
        /// Found out for each file, by evidence that is shown.
        Auto = "auto",
        /// `From ` is written `>From `; `>From ` stays as it is (RFC 4155).
        Mboxo = "mboxo",
        /// One `>` more before every line of `>`s and `From `.
        Mboxrd = "mboxrd",
        /// Content-Length says where a mail ends; `From ` is quoted as in mboxo.
        Mboxcl = "mboxcl",
        /// Content-Length says where a mail ends; nothing is quoted.
        Mboxcl2 = "mboxcl2",
    }
}

/// Names that become labels: the only way in which a path decides anything about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LabelsFrom {
    /// Names of the folders between the fixed part of `path` and the file.
    pub folders: bool,
    /// The file's own name, without extension; not for one-mail files.
    pub file: bool,
    /// Flags in a Maildir name or behind an Apple Mail message: trashed, draft, flagged and so on.
    pub flags: bool,
}

/// `[defaults]`
#[derive(Debug, Clone)]
pub struct Defaults {
    /// Tags of every message.
    pub tags: Vec<String>,
    /// Recipient when a mail names none. Without it: the first own address, else `undisclosed-recipients`.
    pub to: Option<String>,
    /// What to do about a mail without any date.
    pub date_fallback: DateFallback,
    /// What to do about attachments over the limit.
    pub oversize: Oversize,
    /// What becomes of labels that the table does not name.
    pub unlisted_labels: UnlistedLabels,
    /// Link of every conversation whose messages say what it is made of.
    pub link: Option<Link>,
    /// Custom fields of every conversation whose messages say what they are made of.
    pub custom_fields: CustomFields,
    /// Every conversation gets a link that is made of its ref, so that it can be found without the ledger.
    pub mark: bool,
}

/// Date of last resort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateFallback {
    /// Reject the mail (default).
    Reject,
    /// The file's modification time.
    FileTime,
    /// This day, 00:00 UTC.
    Fixed(Date),
}

choice! {
    /// Policy for what is over the size limit of a request.
    pub enum Oversize {
        /// Send without the file, with a note in the body that names it.
        Note = "note",
        /// Reject the message.
        Reject = "reject",
    }
}

choice! {
    /// Policy for labels outside the table.
    pub enum UnlistedLabels {
        /// No tag; the plan lists them with counts.
        Ignore = "ignore",
        /// Each becomes a tag of its own name.
        Tag = "tag",
    }
}

/// `[thread]`: a value that names the conversation, beside the reference graph.
#[derive(Debug, Clone, Default)]
pub struct ThreadRule {
    /// A header whose value names the thread.
    pub header: Option<String>,
    /// A pattern on the subject; its first group (or whole match) names the thread.
    pub subject: Option<Regex>,
    /// Join threads of equal subject that are at most so many days apart; 0 = never.
    pub join_by_subject: u32,
}

/// `[identity]`
#[derive(Debug, Clone)]
pub struct Identity {
    /// Prefix of all ids; changing it imports everything anew.
    pub namespace: String,
    /// Same Message-ID, different message.
    pub collisions: Collisions,
    /// One message, several inboxes.
    pub copies: InboxCopies,
    /// Tag for each further inbox that the copies of a message name; `{inbox}` stands for its name.
    pub also_in_tag: Option<String>,
}

impl Identity {
    /// Does an inbox count that is not the first which the rules give a message?
    #[must_use]
    pub fn names_further_inboxes(&self) -> bool {
        self.copies == InboxCopies::PerInbox || self.also_in_tag.is_some()
    }
}

choice! {
    /// Policy for one message whose copies the rules send to different inboxes.
    pub enum InboxCopies {
        /// Import it once, into the inbox of the first rule that names one.
        One = "one",
        /// Import it into each of them; the inbox becomes part of id and thread.
        PerInbox = "per-inbox",
    }
}

choice! {
    /// Policy for one key with different messages.
    pub enum Collisions {
        /// Keep all, the others with an id suffix.
        KeepBoth = "keep-both",
        /// Keep the richest, count the others as duplicates.
        Richest = "richest",
    }
}

/// `[silence]`: both true unless the mapping says otherwise in long words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// Imported conversations are archived.
    pub is_archived: bool,
    /// Front's rules (auto-replies among them) do not run.
    pub should_skip_rules: bool,
}

/// `[send]`
#[derive(Debug, Clone)]
pub struct Send {
    /// Part of the company's rate limit that is ours, 0 < share ≤ 1.
    pub share: f64,
    /// Requests a minute that stay free for the live team, beside what `share` leaves it.
    pub reserve: u32,
    /// Use half of Front's allowance for bursts beyond the limit, too.
    pub burst: bool,
    /// Requests a second on one resource; more than 5 only to a loopback target.
    pub per_resource: u32,
    /// Wait after the first message of a new thread before its second, if it is stated; see [`Send::settle`].
    pub settle: Option<Duration>,
    /// A message that is not there so long after Front accepted it is missing, if it is stated; see [`Send::patience`].
    pub patience: Option<Duration>,
    /// Requests in flight at once.
    pub in_flight: usize,
    /// Order of threads.
    pub order: Order,
}

impl Send {
    /// How long a Front there may take to make what it accepted, in the ordinary course of things: as stated, or 10 seconds,
    /// and 100 ms for one on this machine.
    #[must_use]
    pub fn settle(&self, is_loopback: bool) -> Duration {
        self.settle.unwrap_or(if is_loopback { Duration::from_millis(100) } else { Duration::from_secs(10) })
    }

    /// After so long a message that is not there is missing: as stated, or 5 minutes, and 10 seconds on this machine.
    #[must_use]
    pub fn patience(&self, is_loopback: bool) -> Duration {
        self.patience.unwrap_or(if is_loopback { Duration::from_secs(10) } else { Duration::from_mins(5) })
    }
}

/// Requests a minute that are ours where the company has `limit`: `share` of it less `reserve`. Where that leaves
/// nothing it is still one, so that limits that change in mid-run never stop an import for good.
#[must_use]
pub fn own_pace(limit: f64, share: f64, reserve: u32) -> f64 {
    (share * limit - f64::from(reserve)).max(1.0)
}

choice! {
    /// Order of threads; within a thread it is always oldest first.
    pub enum Order {
        /// Most recently active threads first.
        RecentThreadsFirst = "recent-threads-first",
        /// Threads by their first message.
        OldestFirst = "oldest-first",
        /// Threads as the sources have the first message of each.
        Source = "source",
    }
}

/// `[limits]`: what is rejected before it is parsed. All lie far above what mail programs write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest mail, in bytes.
    pub mail: u64,
    /// Longest line, in bytes.
    pub line: u64,
    /// Most header lines of a mail.
    pub header_lines: usize,
    /// Most parts of a mail.
    pub parts: usize,
    /// Most messages and multiparts inside one another.
    pub nesting: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { mail: 150_000_000, line: 150_000_000, header_lines: 100_000, parts: 20_000, nesting: 1_000 }
    }
}
