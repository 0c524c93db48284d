//! What the time of a record says: whether its source has ended by then, and whether it is delivered instead of imported.

use super::Deciding;
use crate::mapping::{Direction, Straddling};

impl Deciding<'_> {
    /// Leaves out what lies beyond the ends of its source, unless its conversation is to decide.
    pub(super) fn ends_of_source(&mut self) {
        let Some(source) = self.source else { return };
        let Some(edge) = self.gist.date.and_then(|date| source.ends.beyond(date)) else { return };
        if self.decided.skip.is_some() {
            return;
        }
        let cause = source.ends.cause(edge, &source.name);
        self.decided.beyond = Some(edge);
        if source.ends.straddling == Straddling::Cut {
            self.say(|| format!("skipped: {cause}"));
            self.decided.skip = Some(cause);
        } else {
            self.say(|| format!("{cause}: its conversation decides (`straddling`)"));
        }
    }

    /// What is newer than the cut-over goes through a channel. That takes what customers write, and nothing of ours.
    pub(super) fn delivery(&mut self) {
        let Some((source, deliver)) = self.source.and_then(|source| Some((source, source.deliver.as_ref()?))) else {
            return;
        };
        if self.decided.skip.is_some() || !self.gist.date.is_some_and(|date| deliver.takes(date)) {
            return;
        }
        let (since, channel) = (deliver.since, &deliver.channel);
        if self.decided.direction == Direction::Inbound && !self.decided.is_note {
            self.decided.is_delivery = true;
            self.say(|| format!("delivered through {channel}, not imported: dated {since} or later (`deliver`)"));
            return;
        }
        let what = if self.decided.is_note { "an internal note" } else { "written by us" };
        let cause =
            format!("{what}, {since} or later: a channel takes what customers write (`deliver` of {})", source.name);
        self.say(|| format!("skipped: {cause}"));
        self.decided.beyond = None;
        self.decided.skip = Some(cause);
    }
}
