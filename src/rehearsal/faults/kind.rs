//! What can go wrong with a call.

use std::time::Duration;

use super::{CallKind, Part, Rate};

/// Something that goes wrong, and how often.
///
/// Written `NAME=RATE` or `NAME=RATE:ARGUMENT`, where the rate is a chance such as `0.05` or `1/20` for every twentieth:
///
/// | written | what happens |
/// |---|---|
/// | `503=0.1`, `503=0.1:2`, `503=0.1:0.5`, `503=0.1:date:2`, `429=0.1:text:200` | any status from 400 to 599; Retry-After in seconds or as an HTTP date so many seconds ahead, or the milliseconds in the text alone |
/// | `storm=0.01:50`, `storm=0.01:500ms` | 429 for everything, so many calls or so long |
/// | `reset=0.1` | the connection is reset, nothing is stored |
/// | `lose-answer=0.1` | the connection is reset after all was stored |
/// | `close-idle=0.1` | answered in full; the connection is reset as the next call comes in on it |
/// | `slow=0.1:300`, `drip=0.1:300` | the answer comes so many milliseconds later, at once or bit by bit |
/// | `truncated=0.1`, `not-json=0.1`, `html=0.1`, `empty=0.1`, `no-uid=0.1` | an answer of no use to something done |
/// | `lost=0.1` | 202, and the message never becomes one |
/// | `alter=0.1`, `alter=0.1:subject` | stored otherwise than sent: `subject`, `date`, `direction` or `attachment` |
/// | `comment/lose-answer=1/3` | any of these, on calls of one kind ([`CallKind`]): `read`, `conversation`, `comment`, `link`, `contact`, `tag`, `inbox`, `message` |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub what: Misfortune,
    /// How often it does.
    pub rate: Rate,
    /// The kind of calls that it falls on, counted by themselves; all, where none is named.
    pub on: Option<CallKind>,
}

impl Fault {
    /// A fault that falls on every so many calls.
    #[must_use]
    pub fn every(calls: u64, what: Misfortune) -> Self {
        Self { what, rate: Rate::Every(calls), on: None }
    }
}

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Misfortune {
    /// This status; nothing is stored. 502 and 504 come as a load balancer gives them: HTML, and no word of limits.
    Status(u16, Hint),
    /// 429 for everything from this call on.
    Storm(Stretch),
    /// The connection is reset before anything is stored.
    Reset,
    /// The connection is reset after everything was stored.
    LoseAnswer,
    /// The connection is reset unannounced when the next call arrives on it.
    CloseIdle,
    /// The answer comes so much later.
    Slow(Duration),
    /// The answer's body comes bit by bit over so long.
    Drip(Duration),
    /// The answer ends in the middle of what Content-Length promised.
    Truncated,
    /// The answer is no JSON.
    NotJson,
    /// The answer is a page.
    Html,
    /// The answer is empty.
    Empty,
    /// The answer lacks `message_uid`.
    NoUid,
    /// 202, and the message never becomes one.
    Lost,
    /// The message is stored otherwise than it was sent; without a part, one by chance.
    Altered(Option<Part>),
}

impl Misfortune {
    /// As it is written and counted.
    pub(in super::super) fn name(self) -> String {
        let name = match self {
            Self::Status(status, _) => return status.to_string(),
            Self::Storm(_) => "storm",
            Self::Reset => "reset",
            Self::LoseAnswer => "lose-answer",
            Self::CloseIdle => "close-idle",
            Self::Slow(_) => "slow",
            Self::Drip(_) => "drip",
            Self::Truncated => "truncated",
            Self::NotJson => "not-json",
            Self::Html => "html",
            Self::Empty => "empty",
            Self::NoUid => "no-uid",
            Self::Lost => "lost",
            Self::Altered(_) => "alter",
        };
        name.to_owned()
    }

    pub(super) fn needs_an_import(self) -> bool {
        matches!(self, Self::NoUid | Self::Lost | Self::Altered(_))
    }
}

/// What an answer says about when to come again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hint {
    /// Nothing.
    None,
    /// Retry-After with so many seconds, whole or not.
    Seconds(f64),
    /// Retry-After with an HTTP date so many seconds ahead.
    Date(u32),
    /// So many milliseconds in the text of the error alone.
    Text(u32),
}

/// How long a storm lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// So many calls.
    Calls(u64),
    /// So long.
    Time(Duration),
}
