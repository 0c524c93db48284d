//! What a rehearsal is started with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::channel::ChannelSpec;
use super::desk::{ContactSpec, FieldSpec, RuleSpec, StatusSpec, TagSpec, TeamSpec};
use super::faults::Faults;
use super::origins::Origins;
use super::pace::LiveTeam;
use super::undocumented::Undocumented;

/// How the embedded Front is set up. `Config::default()` answers at full speed and misbehaves in nothing.
///
/// There is no `Debug`: the token must not reach a log by accident.
#[derive(Clone)]
pub struct Config {
    /// The only token that is let in.
    pub token: String,
    /// What `GET /me` answers.
    pub company: Company,
    /// The workspaces; one of the company's name, in which everybody is, where none is named.
    pub teams: Vec<TeamSpec>,
    /// The inboxes that exist from the start.
    pub inboxes: Vec<InboxSpec>,
    /// The teammates that `author_id` and `assignee_id` may name.
    pub teammates: Vec<TeammateSpec>,
    /// Ids of those teammates who are blocked.
    pub blocked_teammates: Vec<String>,
    /// Names of the tags that exist from the start.
    pub tags: Vec<String>,
    /// Tags that stand within others.
    pub nested_tags: Vec<TagSpec>,
    /// People who are known from the start.
    pub contacts: Vec<ContactSpec>,
    /// Custom fields that conversations have.
    pub conversation_fields: Vec<FieldSpec>,
    /// Custom fields that contacts have.
    pub contact_fields: Vec<FieldSpec>,
    /// Ticket statuses; ticketing is off where there are none.
    pub statuses: Vec<StatusSpec>,
    /// Rules, which are listed and never run.
    pub rules: Vec<RuleSpec>,
    /// Port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// How long after its 202 a message stays unfindable: Front creates messages later than it accepts them.
    pub appear_after: Duration,
    /// Requests a minute for the whole company, announced in `x-ratelimit-limit` and enforced.
    pub limit_per_minute: u64,
    /// Limits a minute that begin in mid-run: the import with which each begins, and the limit.
    pub limit_at: Vec<(u64, u64)>,
    /// Half the limit more, refilled over ten minutes, and announced.
    pub has_burst: bool,
    /// Calls a second that each resource takes before it answers 429; Front's tier 2 takes 5.
    pub per_resource: Option<usize>,
    /// Whether answers tell where the limits stand.
    pub has_rate_headers: bool,
    /// Somebody else who uses the same limit.
    pub live_team: Option<LiveTeam>,
    /// Channels of the inboxes, with what they brought in before.
    pub channels: Vec<ChannelSpec>,
    /// Bodies and attachments are forgotten once they were judged: what is stored stays small.
    pub forget_bodies: bool,
    /// Most bytes of bodies and attachments that are kept. Of what comes beyond, lists and lookups know all that they need, and
    /// repeats are told from what is not the same; the pages say that the rest was not kept.
    pub keep: u64,
    /// Who knows where messages come from, for the pages to show.
    pub origins: Option<Arc<dyn Origins>>,
    /// By how many seconds the clock that answers tell is ahead of the machine's.
    pub clock_skew: i64,
    /// A file to which every stored message is appended as one JSON line.
    pub dump: Option<PathBuf>,
    /// A file to which every call of the client that passes the limits is appended as one JSON line: method, path with its query,
    /// what was sent and what was answered. Whole requests are held in memory for it.
    pub calls: Option<PathBuf>,
    /// Where the temporary directory is made; the system's place for such when absent. It grows to what
    /// [`keep`](Self::keep) allows, and by about a kilobyte a message beside.
    pub spill: Option<PathBuf>,
    /// What becomes of tag names that do not exist yet.
    pub unknown_tags: UnknownTags,
    /// What else Front does not document.
    pub undocumented: Undocumented,
    /// What a known `external_id` is answered with.
    pub repeat_answer: RepeatAnswer,
    /// A file of external ids, one a line, that were used up before this server began: each is answered 202 with a uid
    /// that never becomes a message.
    pub burnt: Option<PathBuf>,
    /// Misbehaviour on request.
    pub faults: Faults,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            token: "rehearsal".to_owned(),
            company: Company { id: "cmp_rehearsal".to_owned(), name: "Rehearsal".to_owned() },
            teams: Vec::new(),
            inboxes: Vec::new(),
            teammates: Vec::new(),
            blocked_teammates: Vec::new(),
            tags: Vec::new(),
            nested_tags: Vec::new(),
            contacts: Vec::new(),
            conversation_fields: Vec::new(),
            contact_fields: Vec::new(),
            statuses: Vec::new(),
            rules: Vec::new(),
            port: 0,
            appear_after: Duration::from_millis(50),
            limit_per_minute: 6_000_000,
            limit_at: Vec::new(),
            has_burst: false,
            per_resource: None,
            has_rate_headers: true,
            live_team: None,
            channels: Vec::new(),
            forget_bodies: false,
            keep: u64::MAX,
            origins: None,
            clock_skew: 0,
            dump: None,
            calls: None,
            spill: None,
            unknown_tags: UnknownTags::Create,
            undocumented: Undocumented::default(),
            repeat_answer: RepeatAnswer::FirstUid,
            burnt: None,
            faults: Faults::default(),
        }
    }
}

/// The company that the token belongs to.
#[derive(Clone, Debug)]
pub struct Company {
    /// `cmp_…`
    pub id: String,
    /// The name shown to people.
    pub name: String,
}

/// An inbox that exists from the start.
#[derive(Clone, Debug)]
pub struct InboxSpec {
    /// The name shown to people.
    pub name: String,
    /// `inb_…`; made up when absent.
    pub id: Option<String>,
}

/// A teammate that exists from the start.
#[derive(Clone, Debug)]
pub struct TeammateSpec {
    /// `tea_…`
    pub id: String,
    /// The address that `alt:email:` names.
    pub email: String,
    /// First and last name, separated by the first space.
    pub name: String,
}

/// What becomes of a tag name that does not exist: Front's older documents say it is created, the newer ones are silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownTags {
    /// The tag is created.
    #[default]
    Create,
    /// The message is refused with 400.
    Refuse,
}

/// What an `external_id` that is known already is answered with: Front says that it does not import such a message, and
/// not what it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepeatAnswer {
    /// The uid of the first.
    #[default]
    FirstUid,
    /// A uid of its own, which never becomes a message.
    NewUid,
    /// 409.
    Refuse,
}
