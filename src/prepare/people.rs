//! Everybody whom the planned messages name, with the name that most of them have.
//!
//! Messages are read again on all cores, and nothing of them is kept but handles and names: some two hundred bytes for each person, and as
//! much again for each further name. No more than sixty-four names of one handle are told apart.

use super::Shared;
use crate::ledger::Ledger;
use crate::plan::{Person, Reached, Rebuilder, STACK};
use crate::stage::{Halt, Stop, apart};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Messages that a thread takes at once.
const AT_ONCE: u64 = 64;

/// Whoever has more names is a machine that writes for many, and none of them is its own.
const MOST_NAMES: usize = 64;

/// What is read, and with how many threads.
pub(super) struct Reading {
    pub(super) ledger: Arc<Ledger>,
    pub(super) rebuilder: Rebuilder,
    pub(super) threads: usize,
}

/// What messages say of people.
#[derive(Default)]
struct People(BTreeMap<Reached, Names>);

/// The names that one handle has in messages, each with how many and the date of the latest; none once they are too many.
#[derive(Default)]
struct Names(Option<BTreeMap<String, Seen>>);

#[derive(Clone, Copy, Default)]
struct Seen {
    messages: u64,
    latest: i64,
}

impl People {
    fn add(&mut self, person: Person, date: i64) {
        let names = self.0.entry(person.reached).or_insert_with(|| Names(Some(BTreeMap::new())));
        if let Some(name) = person.name {
            names.add(name, Seen { messages: 1, latest: date });
        }
    }

    /// The same in whichever order parts are put together.
    fn merge(&mut self, others: Self) {
        for (reached, other) in others.0 {
            let names = self.0.entry(reached).or_insert_with(|| Names(Some(BTreeMap::new())));
            match other.0 {
                Some(other) => other.into_iter().for_each(|(name, seen)| names.add(name, seen)),
                None => names.0 = None,
            }
        }
    }

    fn into_persons(self) -> Vec<Person> {
        self.0.into_iter().map(|(reached, names)| Person { reached, name: names.best() }).collect()
    }
}

impl Names {
    fn add(&mut self, name: String, more: Seen) {
        let Some(names) = &mut self.0 else { return };
        let seen = names.entry(name).or_default();
        seen.messages += more.messages;
        seen.latest = if seen.messages == more.messages { more.latest } else { seen.latest.max(more.latest) };
        if names.len() > MOST_NAMES {
            self.0 = None;
        }
    }

    /// The one that most messages have; of several the latest.
    fn best(self) -> Option<String> {
        let all = self.0?.into_iter();
        all.max_by_key(|(name, seen)| (seen.messages, seen.latest, Reverse(name.clone()))).map(|(name, _)| name)
    }
}

impl Reading {
    /// Reads all messages of the plan.
    pub(super) async fn read(self, shared: &Arc<Shared>) -> Result<Vec<Person>, Halt> {
        let total = self.ledger.messages();
        shared.run.begun(total);
        let watched = Arc::clone(shared);
        let people = apart(move || self.read_all(total, &watched)).await?;
        shared.run.over();
        if shared.run.cancellation.is_cancelled() {
            return Err(Halt::Cancelled);
        }
        Ok(people.into_persons())
    }

    fn read_all(&self, total: u64, shared: &Shared) -> Result<People, Stop> {
        let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
        let work = || -> Result<People, Stop> {
            let mut people = People::default();
            loop {
                let first = next.fetch_add(AT_ONCE, Ordering::Relaxed);
                if first >= total || shared.run.cancellation.is_cancelled() {
                    return Ok(people);
                }
                let range = first..total.min(first.saturating_add(AT_ONCE));
                let messages = range.end - range.start;
                if let Err(stop) = self.read_some(range, &mut people) {
                    // The others need not go on.
                    next.store(total, Ordering::Relaxed);
                    return Err(stop);
                }
                let done = done.fetch_add(messages, Ordering::Relaxed) + messages;
                shared.run.reached(done);
            }
        };
        std::thread::scope(|scope| {
            let mut running = Vec::new();
            for _ in 0..self.threads {
                let thread = std::thread::Builder::new().name("people".to_owned()).stack_size(STACK);
                running.push(thread.spawn_scoped(scope, work).map_err(Stop::Thread)?);
            }
            let mut people = People::default();
            for thread in running {
                people.merge(thread.join().map_err(|_| Stop::Panicked)??);
            }
            Ok(people)
        })
    }

    fn read_some(&self, range: Range<u64>, people: &mut People) -> Result<(), Stop> {
        for item in self.ledger.entries(range)? {
            let (_, entry) = item?;
            let crate::ledger::Verdict::Planned(planned) = &entry.verdict else { continue };
            for person in self.rebuilder.people(&entry)? {
                people.add(person, planned.created_at);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Person {
        let reached = Reached { source: "email", handle: "ann@shop.example".to_owned() };
        Person { reached, name: Some(name.to_owned()).filter(|name| !name.is_empty()) }
    }

    fn name(said: &[(&str, i64)]) -> Option<String> {
        // However they are divided among threads.
        let names: Vec<Option<String>> = (0..=said.len())
            .map(|middle| {
                let part = |said: &[(&str, i64)]| {
                    let mut people = People::default();
                    for (name, date) in said {
                        people.add(person(name), *date);
                    }
                    people
                };
                let (one, other) = said.split_at(middle);
                let mut people = part(other);
                people.merge(part(one));
                let persons = people.into_persons();
                assert_eq!(persons.len(), 1);
                persons.into_iter().next().unwrap().name
            })
            .collect();
        assert!(names.windows(2).all(|pair| pair[0] == pair[1]), "{names:?}");
        names.into_iter().next().unwrap()
    }

    #[test]
    fn the_name_is_the_one_that_most_messages_have_and_of_several_the_latest() {
        assert_eq!(name(&[("Ann", 1), ("Ann Lee", 2), ("Ann", -3)]).as_deref(), Some("Ann"));
        assert_eq!(name(&[("Ann", 5), ("Ann Lee", -2), ("Ann Lee", 4), ("Ann", 1)]).as_deref(), Some("Ann"));
        assert_eq!(name(&[("Ann", -5), ("Ann Lee", -2)]).as_deref(), Some("Ann Lee"));
        assert_eq!(name(&[("", 1), ("", 2), ("Ann", 0)]).as_deref(), Some("Ann"));
        assert_eq!(name(&[("", 1)]), None);
    }

    #[test]
    fn a_machine_that_writes_for_many_has_no_name() {
        let many: Vec<String> = (0..=MOST_NAMES).map(|number| format!("Somebody {number}")).collect();
        let said: Vec<(&str, i64)> = many.iter().map(|name| (name.as_str(), 1)).collect();
        assert_eq!(name(&said), None);
        assert!(name(&said[1..]).is_some());
    }
}
