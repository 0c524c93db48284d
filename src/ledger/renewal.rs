//! New ids for messages whose id Front no longer takes: it answers 202 to it, and makes nothing.
//!
//! That a message got one is a fact of the journal, so that it outlasts any index. Which message an id stands for can be
//! told from the id as well, so that one that was sent is known even where the line of its renewal is lost.

use super::error::LedgerError;
use super::fact::{Fact, Glance};
use super::journal;
use super::ledger::Ledger;
use super::stored::Reached;
use std::collections::{BTreeSet, HashMap};

/// Between an id and the number of its renewal. `-2` alone is the second of equal rows, and collisions have hex digits.
const MARK: &str = "-r";

/// Facts appended at once.
const GROUP: usize = 256;

/// The id that a message had at first.
#[must_use]
pub fn first_id(external_id: &str) -> &str {
    split(external_id).map_or(external_id, |(first, _)| first)
}

/// How many ids the message had with this one: 1 for the first.
#[must_use]
pub fn generation(external_id: &str) -> u32 {
    split(external_id).map_or(1, |(_, generation)| generation)
}

fn split(external_id: &str) -> Option<(&str, u32)> {
    let first = external_id.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = external_id.get(first.len()..)?;
    let first = first.strip_suffix(MARK).filter(|_| !number.starts_with('0'))?;
    Some((first, number.parse().ok().filter(|number| *number > 1)?))
}

/// The id that comes after this one.
pub(super) fn next(external_id: &str) -> String {
    format!("{}{MARK}{}", first_id(external_id), generation(external_id).saturating_add(1))
}

/// The id that came before this one; none before the first.
pub(super) fn former(external_id: &str) -> Option<String> {
    let (first, generation) = split(external_id)?;
    Some(if generation == 2 { first.to_owned() } else { format!("{first}{MARK}{}", generation - 1) })
}

/// The newest id of every message, and the newest ref of every thread, that have more than one, by the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renewals {
    ids: HashMap<Box<str>, u32>,
    refs: HashMap<Box<str>, u32>,
}

impl Renewals {
    /// Takes up an id that is in use.
    pub fn add(&mut self, external_id: &str) {
        add(&mut self.ids, external_id);
    }

    /// Takes up the ids that a fact names: one under which something was sent tells of its renewal although the line that says
    /// so was lost.
    pub(super) fn note(&mut self, fact: &Glance<'_>) {
        for id in [fact.external_id(), fact.renewed_as()].into_iter().flatten() {
            self.add(id);
        }
        if let Some(thread_ref) = fact.thread_renewed_as() {
            add(&mut self.refs, thread_ref);
        }
    }

    /// The ref that a thread has now, if that is another one.
    #[must_use]
    pub fn newest_ref(&self, thread_ref: &str) -> Option<String> {
        let first = first_id(thread_ref);
        let newest = self.refs.get(first)?;
        (*newest > generation(thread_ref)).then(|| format!("{first}{MARK}{newest}"))
    }

    /// The id that the message with this id has now.
    #[must_use]
    pub fn newest(&self, external_id: &str) -> String {
        let first = first_id(external_id);
        self.ids.get(first).map_or_else(|| external_id.to_owned(), |newest| format!("{first}{MARK}{newest}"))
    }

    /// Has the message this id or one that came after it?
    pub(super) fn is_known(&self, external_id: &str) -> bool {
        self.ids.get(first_id(external_id)).is_some_and(|newest| *newest >= generation(external_id))
    }

    /// Has the message another id by now?
    #[must_use]
    pub fn is_former(&self, external_id: &str) -> bool {
        self.ids.get(first_id(external_id)).is_some_and(|newest| generation(external_id) < *newest)
    }
}

fn add(newest: &mut HashMap<Box<str>, u32>, id: &str) {
    if let Some((first, generation)) = split(id) {
        let known = newest.entry(first.into()).or_default();
        *known = generation.max(*known);
    }
}

impl Ledger {
    /// Gives missing messages new ids, for good. The plan still has the old ones and is out of date with that: it must be
    /// made again before anything is sent.
    ///
    /// # Errors
    /// No plan, a position that is not missing, or a ledger that takes nothing more.
    pub fn renew(&self, positions: &BTreeSet<u64>) -> Result<(), LedgerError> {
        let current = self.current()?;
        let positions: Vec<u64> = positions.iter().copied().collect();
        for group in positions.chunks(GROUP) {
            let mut books = self.books();
            let mut facts = Vec::with_capacity(group.len());
            for position in group {
                let (_, planned) = current.planned(self.dir(), *position)?;
                let stored = books.stored(current, *position)?;
                if stored.is_none_or(|stored| stored.reached != Reached::Missing) {
                    return Err(LedgerError::IllegalTransition {
                        position: *position,
                        external_id: planned.external_id,
                        from: "not missing",
                        to: "renewed",
                    });
                }
                let renewed_as = next(&planned.external_id);
                facts.push(Fact::Renewed { external_id: planned.external_id, renewed_as });
            }
            drop(books.renew(&facts)?);
        }
        self.flush()
    }

    /// Did messages get new ids after the plan was made?
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        self.books().is_outdated()
    }

    /// The newest ids of messages that have more than one. Reads the whole journal.
    ///
    /// # Errors
    /// A damaged journal, or what the system refuses.
    pub fn renewals(&self) -> Result<Renewals, LedgerError> {
        let mut renewals = Renewals::default();
        journal::glance(self.dir(), |fact, _, _| {
            renewals.note(fact);
            Ok(())
        })?;
        Ok(renewals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_counted_on_and_lead_back_to_the_first() {
        let second = next("tl1-ab-2");
        assert_eq!((second.as_str(), next(&second).as_str()), ("tl1-ab-2-r2", "tl1-ab-2-r3"));
        assert_eq!((first_id(&second), generation(&second), generation("tl1-ab-2")), ("tl1-ab-2", 2, 1));
        assert_eq!(
            (former(&next(&second)), former(&second), former("tl1-ab-2")),
            (Some(second), Some("tl1-ab-2".into()), None)
        );
        for other in ["tl1-ab-r", "tl1-ab-r1", "tl1-ab-r02", "tl1-ab-r2x", "tl1-ab-0123456789abcdef", "tl1-ab-r+2"] {
            assert_eq!((first_id(other), generation(other)), (other, 1));
        }
    }

    #[test]
    fn the_newest_id_counts_in_whichever_order_they_are_heard_of() {
        let mut renewals = Renewals::default();
        for id in ["tl1-a-r3", "tl1-a-r2", "tl1-b"] {
            renewals.add(id);
        }
        assert_eq!(["tl1-a", "tl1-a-r2", "tl1-b"].map(|id| renewals.newest(id)), ["tl1-a-r3", "tl1-a-r3", "tl1-b"]);
        assert_eq!(
            ["tl1-a", "tl1-a-r2", "tl1-a-r3", "tl1-b"].map(|id| renewals.is_former(id)),
            [true, true, false, false]
        );
    }
}
