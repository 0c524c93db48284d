//! `deliver` of a chat source: what is newer than the cut-over goes through a channel as if it came in now.

use super::ends::{Ends, Moment, Until};
use super::findings::{Findings, quoted};
use super::schema::keys;
use super::section::{Section, moment_of};

/// Which messages of a source are delivered, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deliver {
    /// `cha_…`: a channel of the kind `custom`.
    pub channel: String,
    /// Messages of this moment or later.
    pub since: Moment,
}

/// What the ids of Front's channels begin with.
const CHANNEL: &str = "cha_";

impl Deliver {
    /// Is a message of this moment, in Unix seconds, one of them?
    #[must_use]
    pub fn takes(&self, seconds: i64) -> bool {
        seconds >= self.since.0.as_second()
    }
}

/// `deliver = { channel = "cha_…", since = 2024-05-31T18:00:00Z }`
pub(super) fn deliver(found: &mut Findings, source: &Section, ends: &Ends) -> Option<Deliver> {
    let section = source.section(found, "deliver", keys::Deliver::KEYS);
    if !section.is_present() {
        return None;
    }
    let channel = section.required_text(found, "channel", "\"cha_…\"").filter(|channel| {
        let is_id = channel.value.strip_prefix(CHANNEL).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        if !is_id {
            let title = format!("{} is not the id of a channel", quoted(channel.value));
            let help = "write its id, `cha_…`; `threadlift list channels` shows it";
            found.report(&channel.at, title, "an id, and no name", help);
        }
        is_id
    });
    if section.value("since").is_none() {
        section.missing(found, "since", "add the moment of the cut-over: `since = 2024-05-31T18:00:00Z`");
    }
    let since = section.value("since").and_then(|value| moment_of(found, value, "since")).map(Moment);
    if let (Some(since), Some(Until::Moment(until)), Some(at)) = (since, ends.until, section.key_at("since"))
        && since >= until
    {
        let help = "remove `until`: what follows the cut-over is delivered, and not left out";
        found.report(&at, "nothing is delivered: the source ends before", "not before `until`", help);
    }
    Some(Deliver { channel: channel?.value.to_owned(), since: since? })
}
