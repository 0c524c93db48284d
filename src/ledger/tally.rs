//! The books: every record of a source ends in exactly one place.

use super::entry::{Part, State, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Distinct causes kept by class; the rest is added up, since Front's words may differ for each message.
const MOST_CAUSES: usize = 100;
const OTHER_CAUSES: &str = "other causes";
const UNDER_WAY: &str = "under way";
const SAME_MESSAGE: &str = "same message as another";

/// Ends of a record that have a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Sent without a usable answer.
    Unknown,
    /// A copy of another record.
    Duplicate,
    /// Left out by a rule.
    Skipped,
    /// Could not be read.
    Unreadable,
    /// Our own decision before sending.
    Rejected,
    /// Front's answer.
    Refused,
    /// Accepted, and not there when patience ended.
    Missing,
    /// Seen in Front, and not as planned.
    Different,
}

/// What became of the records of one source, or of several added up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Records read.
    pub read: u64,
    /// Seen in Front.
    pub confirmed: u64,
    /// Of these, those that Front shows otherwise than planned.
    pub different: u64,
    /// Front said 202.
    pub accepted: u64,
    /// Of these, those that were not there when patience ended.
    pub missing: u64,
    /// Sent without a usable answer, or being sent.
    pub unknown: u64,
    /// Not sent yet.
    pub pending: u64,
    /// Of those that are pending or unknown, the notes, which wait until their conversations are in Front.
    #[serde(default)]
    pub notes: u64,
    /// Of those that are pending or unknown, what is delivered after all else; what is unknown of it is never sent again.
    #[serde(default)]
    pub deliveries: u64,
    /// Of those that are accepted, what was delivered.
    #[serde(default)]
    pub delivered: u64,
    /// Copies of other records.
    pub duplicate: u64,
    /// Left out by a rule.
    pub skipped: u64,
    /// Could not be read.
    pub unreadable: u64,
    /// Our own decision before sending.
    pub rejected: u64,
    /// Front said no.
    pub refused: u64,
    /// How often each cause occurred.
    pub causes: BTreeMap<Class, BTreeMap<String, u64>>,
}

impl Tally {
    /// Is every record that was read in exactly one place?
    #[must_use]
    pub fn balances(&self) -> bool {
        let ends = [
            self.confirmed,
            self.accepted,
            self.unknown,
            self.pending,
            self.duplicate,
            self.skipped,
            self.unreadable,
            self.rejected,
            self.refused,
        ];
        ends.iter().try_fold(0_u64, |sum, end| sum.checked_add(*end)) == Some(self.read)
    }

    /// Messages left to import.
    #[must_use]
    pub fn left(&self) -> u64 {
        (self.pending + self.unknown).saturating_sub(self.notes + self.deliveries)
    }

    /// Adds another source's tally.
    pub fn add(&mut self, other: &Tally) {
        self.read += other.read;
        self.confirmed += other.confirmed;
        self.different += other.different;
        self.accepted += other.accepted;
        self.missing += other.missing;
        self.unknown += other.unknown;
        self.pending += other.pending;
        self.notes += other.notes;
        self.deliveries += other.deliveries;
        self.delivered += other.delivered;
        self.duplicate += other.duplicate;
        self.skipped += other.skipped;
        self.unreadable += other.unreadable;
        self.rejected += other.rejected;
        self.refused += other.refused;
        for (class, causes) in &other.causes {
            let mine = self.causes.entry(*class).or_default();
            for (cause, count) in causes {
                *mine.entry(cause.clone()).or_default() += count;
            }
        }
    }
}

/// Planned records by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Not sent.
    pub planned: u64,
    /// Being sent.
    pub sending: u64,
    /// Front said 202.
    pub accepted: u64,
    /// Front said 202, and it was not there when patience ended.
    pub missing: u64,
    /// Seen in Front, as planned.
    pub confirmed: u64,
    /// Seen in Front, and not as planned.
    pub different: u64,
    /// Front said no.
    pub refused: u64,
    /// Sent without a usable answer.
    pub unknown: u64,
}

impl Counts {
    fn slot(&mut self, state: &State) -> &mut u64 {
        match state {
            State::Planned => &mut self.planned,
            State::Sending => &mut self.sending,
            State::Accepted { .. } => &mut self.accepted,
            State::Missing { .. } => &mut self.missing,
            State::Confirmed { differs: None, .. } => &mut self.confirmed,
            State::Confirmed { differs: Some(_), .. } => &mut self.different,
            State::Refused { .. } => &mut self.refused,
            State::Unknown { .. } => &mut self.unknown,
        }
    }

    /// One record goes from the one state to the other.
    fn change(&mut self, from: &State, to: &State) {
        let left = self.slot(from);
        // Never below zero: a miscount then shows as books that do not balance.
        *left = left.saturating_sub(1);
        *self.slot(to) += 1;
    }

    /// Counts one more record.
    pub(super) fn count(&mut self, state: &State) {
        *self.slot(state) += 1;
    }

    /// Records that are to be sent, or sent again.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.planned + self.unanswered()
    }

    /// Records that were sent, whatever became of them.
    #[must_use]
    pub fn sent(&self) -> u64 {
        let ended = self.accepted + self.confirmed + self.different + self.missing + self.refused;
        ended + self.unanswered()
    }

    /// Records that were sent and have no answer.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        self.unknown + self.sending
    }

    /// These without others that are among them.
    pub(super) fn less(&self, others: &Counts) -> Counts {
        Counts {
            planned: self.planned.saturating_sub(others.planned),
            sending: self.sending.saturating_sub(others.sending),
            accepted: self.accepted.saturating_sub(others.accepted),
            missing: self.missing.saturating_sub(others.missing),
            confirmed: self.confirmed.saturating_sub(others.confirmed),
            different: self.different.saturating_sub(others.different),
            refused: self.refused.saturating_sub(others.refused),
            unknown: self.unknown.saturating_sub(others.unknown),
        }
    }

    pub(super) fn add(&mut self, other: &Counts) {
        self.planned += other.planned;
        self.sending += other.sending;
        self.accepted += other.accepted;
        self.missing += other.missing;
        self.confirmed += other.confirmed;
        self.different += other.different;
        self.refused += other.refused;
        self.unknown += other.unknown;
    }
}

/// Counts by cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Causes(BTreeMap<String, u64>);

impl Causes {
    fn add(&mut self, cause: &str) {
        if let Some(count) = self.0.get_mut(cause) {
            *count += 1;
        } else if self.0.len() < MOST_CAUSES {
            self.0.insert(cause.to_owned(), 1);
        } else {
            *self.0.entry(OTHER_CAUSES.to_owned()).or_default() += 1;
        }
    }

    /// Takes back one that was added. If its own line is gone it was counted among the others.
    fn remove(&mut self, cause: &str) {
        let line = if self.0.contains_key(cause) { cause } else { OTHER_CAUSES };
        if let Some(count) = self.0.get_mut(line) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(line);
            }
        }
    }
}

/// What a plan decided about the records of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Verdicts {
    read: u64,
    planned: u64,
    duplicate: u64,
    skipped: Causes,
    unreadable: Causes,
    rejected: Causes,
}

impl Verdicts {
    /// Nothing decided yet about `read` records.
    pub(super) fn of_read(read: u64) -> Self {
        Self { read, ..Self::default() }
    }

    pub(super) fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Planned(_) => self.planned += 1,
            Verdict::Duplicate { .. } => self.duplicate += 1,
            Verdict::Skipped { cause } => self.skipped.add(cause),
            Verdict::Unreadable { cause, .. } => self.unreadable.add(cause),
            Verdict::Rejected { cause, .. } => self.rejected.add(cause),
        }
    }
}

/// What became of the planned records of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Outcomes {
    pub(super) counts: Counts,
    /// Of these, the comments.
    pub(super) comments: Counts,
    /// Of all, the deliveries.
    pub(super) deliveries: Counts,
    refusals: Causes,
    silences: Causes,
    absences: Causes,
    differences: Causes,
}

impl Outcomes {
    /// One more record to be sent.
    pub(super) fn add_planned(&mut self, part: Part) {
        self.counts.planned += 1;
        if let Some(counts) = self.counts_of(part) {
            counts.planned += 1;
        }
    }

    /// The counts of a part by itself, of which there are none for messages.
    fn counts_of(&mut self, part: Part) -> Option<&mut Counts> {
        match part {
            Part::Messages => None,
            Part::Comments => Some(&mut self.comments),
            Part::Deliveries => Some(&mut self.deliveries),
        }
    }

    /// One record goes from the one state to the other.
    pub(super) fn change(&mut self, from: &State, to: &State, part: Part) {
        self.counts.change(from, to);
        if let Some(counts) = self.counts_of(part) {
            counts.change(from, to);
        }
        if let Some((causes, cause)) = self.causes(from) {
            causes.remove(&cause);
        }
        if let Some((causes, cause)) = self.causes(to) {
            causes.add(&cause);
        }
    }

    /// Where a state's cause is counted, if it has one.
    fn causes(&mut self, state: &State) -> Option<(&mut Causes, String)> {
        match state {
            State::Refused { cause, .. } => Some((&mut self.refusals, cause.clone())),
            State::Unknown { why } => Some((&mut self.silences, why.clone())),
            State::Sending => Some((&mut self.silences, UNDER_WAY.to_owned())),
            State::Missing { why, .. } => Some((&mut self.absences, why.clone())),
            State::Confirmed { differs: Some(words), .. } => {
                // What stands behind a colon names ids, which differ for each message.
                let kind = words.split_once(": ").map_or(words.as_str(), |(kind, _)| kind);
                Some((&mut self.differences, kind.to_owned()))
            }
            State::Planned | State::Accepted { .. } | State::Confirmed { differs: None, .. } => None,
        }
    }

    pub(super) fn tally(&self, verdicts: &Verdicts) -> Tally {
        let sum = |causes: &Causes| causes.0.values().sum::<u64>();
        let mut causes: BTreeMap<Class, BTreeMap<String, u64>> = [
            (Class::Skipped, &verdicts.skipped),
            (Class::Unreadable, &verdicts.unreadable),
            (Class::Rejected, &verdicts.rejected),
            (Class::Refused, &self.refusals),
            (Class::Unknown, &self.silences),
            (Class::Missing, &self.absences),
            (Class::Different, &self.differences),
        ]
        .into_iter()
        .filter(|(_, causes)| !causes.0.is_empty())
        .map(|(class, causes)| (class, causes.0.clone()))
        .collect();
        if verdicts.duplicate > 0 {
            causes.insert(Class::Duplicate, BTreeMap::from([(SAME_MESSAGE.to_owned(), verdicts.duplicate)]));
        }
        Tally {
            read: verdicts.read,
            confirmed: self.counts.confirmed + self.counts.different,
            different: self.counts.different,
            accepted: self.counts.accepted + self.counts.missing,
            missing: self.counts.missing,
            unknown: self.counts.unanswered(),
            pending: self.counts.planned,
            notes: self.comments.left(),
            deliveries: self.deliveries.left(),
            delivered: self.deliveries.accepted,
            duplicate: verdicts.duplicate,
            skipped: sum(&verdicts.skipped),
            unreadable: sum(&verdicts.unreadable),
            rejected: sum(&verdicts.rejected),
            refused: self.counts.refused,
            causes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(cause: u16) -> State {
        State::Refused { status: 400, cause: format!("cause {cause}") }
    }

    #[test]
    fn a_record_in_no_place_or_in_two_unbalances_the_books() {
        let balanced = Tally { read: 3, pending: 1, skipped: 2, ..Tally::default() };
        assert!(balanced.balances());
        assert!(!Tally { read: 4, ..balanced.clone() }.balances());
        assert!(!Tally { accepted: 1, ..balanced.clone() }.balances());
        assert!(!Tally { accepted: u64::MAX, ..balanced }.balances());
    }

    #[test]
    fn differences_are_counted_by_kind_whatever_ids_they_name() {
        let differs = |words: &str| State::Confirmed {
            message_id: "m".into(),
            conversation_id: "c".into(),
            differs: Some(words.to_owned()),
        };
        let mut outcomes = Outcomes::default();
        (0..3).for_each(|_| outcomes.add_planned(Part::Messages));
        for words in ["two threads in one conversation: cnv_1", "two threads in one conversation: cnv_2", "subject"] {
            outcomes.change(&State::Sending, &differs(words), Part::Messages);
        }
        let kinds: Vec<(&str, u64)> =
            outcomes.differences.0.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
        assert_eq!(kinds, [("subject", 1), ("two threads in one conversation", 2)]);
        outcomes.change(&differs("two threads in one conversation: cnv_1"), &State::Sending, Part::Messages);
        assert_eq!(outcomes.differences.0.values().sum::<u64>(), 2);
    }

    proptest! {
        #[test]
        fn causes_add_up_however_many_differ(changes in prop::collection::vec((any::<bool>(), 0..300_u16), 0..2_000)) {
            let mut outcomes = Outcomes::default();
            (0..2_000).for_each(|_| outcomes.add_planned(Part::Messages));
            let mut standing: Vec<u16> = Vec::new();
            for (refuse, cause) in changes {
                if refuse {
                    outcomes.change(&State::Sending, &refused(cause), Part::Messages);
                    standing.push(cause);
                } else if !standing.is_empty() {
                    let cause = standing.swap_remove(usize::from(cause) % standing.len());
                    outcomes.change(&refused(cause), &State::Sending, Part::Messages);
                }
                prop_assert_eq!(outcomes.refusals.0.values().sum::<u64>(), standing.len() as u64);
                prop_assert!(outcomes.refusals.0.len() <= MOST_CAUSES + 1);
            }
        }
    }
}
