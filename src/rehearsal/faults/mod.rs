//! Misbehaviour on request: what can go wrong, how often, and what becomes of one call.
//!
//! Every chance follows from one seed, the fault's place in the list and the number of the call among its kind, so a
//! run can be repeated. Several faults may fall on one call: one of each sort takes effect, the first named.

mod alter;
mod call;
mod chance;
mod chosen;
mod fate;
mod kind;
mod parse;

use std::time::Duration;

pub use self::alter::Part;
pub use self::call::CallKind;
pub use self::chance::Rate;
pub use self::chosen::Refusal;
pub use self::kind::{Fault, Hint, Misfortune, Stretch};

pub(super) use self::call::Numbered;
pub(super) use self::chance::draw;
pub(super) use self::chosen::Chosen;
pub(super) use self::fate::{Doom, Fate, Instead, Spoiling};

/// All that a server does wrong on purpose. The default does nothing wrong.
///
/// Imports are counted from 1, each attempt that reached the server with the right token.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// From which all chances follow.
    pub seed: u64,
    /// What falls on imports.
    pub imports: Vec<Fault>,
    /// What falls on every other call, or on those of one kind.
    pub reads: Vec<Fault>,
    /// Time that passes before any API call is looked at.
    pub latency: Duration,
    /// From this import on the token is refused, for every call.
    pub unauthorized_from: Option<u64>,
    /// The inbox that this import names is deleted just before it.
    pub inbox_gone_at: Option<u64>,
    /// Before each of these imports the two conversations of its inbox that are oldest here become one.
    pub merge_at: Vec<u64>,
    /// Stretches in which nothing is served at all, by the import with which each begins.
    pub outages: Vec<Outage>,
    /// Messages that are refused, whenever they come.
    pub refuse: Vec<Refusal>,
    /// 500 for messages whose `external_id` or subject holds one of these, whenever they come.
    pub poison: Vec<String>,
    /// Messages whose `external_id` or subject holds one of these are lost after their 202, as by [`Misfortune::Lost`].
    pub lose: Vec<String>,
    /// The id of a lost message stays burnt; otherwise it is taken in when it comes again.
    pub lost_stay_burnt: bool,
    /// A message that comes before the first of its thread exists makes a conversation of its own.
    pub race_firsts: bool,
}

/// A stretch in which nothing is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The import with which it begins.
    pub at_import: u64,
    /// How long it lasts.
    pub lasts: Duration,
    /// 503 for everything; otherwise connections are reset, new ones too.
    pub with_answer: bool,
}

impl Faults {
    /// What is wrong with the faults themselves, if anything is.
    pub(super) fn complaint(&self) -> Option<String> {
        if let Some(senseless) = self.reads.iter().find(|fault| fault.what.needs_an_import()) {
            return Some(format!("the fault {} can only fall on imports", senseless.what.name()));
        }
        let senseless = self.imports.iter().find(|fault| fault.on.is_some())?;
        Some(format!(
            "the fault {} is for one kind of the other calls, and stands among those of imports",
            senseless.what.name()
        ))
    }

    /// What becomes of the import with this number.
    pub(super) fn fate_of_import(&self, number: u64) -> Fate {
        Fate::of(&self.imports, self.seed, 0, |_| Some(number))
    }

    /// What becomes of a call that is no import.
    pub(super) fn fate_of_other(&self, call: Numbered) -> Fate {
        Fate::of(&self.reads, self.seed, 1 << 32, |fault| match fault.on {
            None => Some(call.among_all),
            Some(kind) => (kind == call.kind).then_some(call.among_kind),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(number: u64) -> Numbered {
        Numbered { kind: CallKind::Read, among_all: number, among_kind: number }
    }

    #[test]
    fn a_server_without_faults_treats_every_call_fairly() {
        for number in 1..1000 {
            assert_eq!(Faults::default().fate_of_import(number), Fate::default());
            assert_eq!(Faults::default().fate_of_other(read(number)), Fate::default());
        }
    }

    #[test]
    fn the_chances_of_imports_and_of_other_calls_are_not_the_same() {
        let half = vec!["500=0.5".parse().unwrap()];
        let faults = Faults { imports: half.clone(), reads: half, ..Faults::default() };
        assert!((1..100).any(|number| faults.fate_of_import(number) != faults.fate_of_other(read(number))));
    }

    #[test]
    fn a_fault_of_one_kind_counts_the_calls_of_that_kind() {
        let faults = Faults { reads: vec!["comment/500=1/2".parse().unwrap()], ..Faults::default() };
        let falls = |kind, among_all, among_kind| {
            faults.fate_of_other(Numbered { kind, among_all, among_kind }).instead.is_some()
        };
        assert!(falls(CallKind::Comment, 7, 2) && !falls(CallKind::Comment, 8, 3));
        assert!(!falls(CallKind::Read, 8, 2), "it is for another kind");
        let misplaced = Faults { imports: faults.reads, ..Faults::default() };
        assert!(misplaced.complaint().is_some());
    }

    #[test]
    fn what_can_only_happen_to_imports_is_not_taken_for_other_calls() {
        let faults = |fault: &str| Faults { reads: vec![fault.parse().unwrap()], ..Faults::default() };
        for fault in ["no-uid=1", "lost=1", "alter=1"] {
            assert!(faults(fault).complaint().is_some_and(|text| text.contains("only fall on imports")), "{fault}");
        }
        for fault in ["500=1", "reset=1", "lose-answer=1", "drip=1:10"] {
            assert_eq!(faults(fault).complaint(), None, "{fault}");
        }
    }
}
