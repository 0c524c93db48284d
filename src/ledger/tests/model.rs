//! The ledger against a model of it that fits on a page.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

const MESSAGES: usize = 6;

#[derive(Debug, Clone)]
enum Move {
    /// Mark the entry at this place of the plan.
    Mark(usize, State),
    /// Close and open again.
    Reopen,
    /// Go on with what a kill at this moment leaves.
    Kill,
    /// Replace the plan by these messages, in this order.
    Plan(Vec<usize>),
    /// Lose the index.
    LoseIndex,
}

/// Messages by number: the state of each that the world knows, and the plan.
#[derive(Debug, Default)]
struct Model {
    plan: Option<Vec<usize>>,
    states: HashMap<usize, State>,
    doubted: HashMap<usize, bool>,
}

impl Model {
    fn state(&self, message: usize) -> State {
        self.states.get(&message).cloned().unwrap_or(State::Planned)
    }

    /// Returns whether the change is legal.
    fn mark(&mut self, message: usize, to: &State) -> bool {
        let from = self.state(message);
        if !from.may_become(to) {
            return false;
        }
        let doubted = self.doubted.get(&message) == Some(&true);
        let to = match to {
            State::Planned if doubted => unknown("an earlier attempt was never answered"),
            other => other.clone(),
        };
        self.doubted.insert(message, matches!((&from, &to), (State::Unknown { .. }, State::Sending)));
        self.states.insert(message, to);
        true
    }

    fn come_to_rest(&mut self) {
        self.doubted.clear();
        for state in self.states.values_mut() {
            if *state == State::Sending {
                *state = never_answered();
            }
        }
    }

    fn planned_states(&self) -> Vec<State> {
        self.plan.iter().flatten().map(|message| self.state(*message)).collect()
    }
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let state = prop_oneof![
        4 => Just(State::Sending),
        2 => Just(accepted("u")),
        2 => Just(confirmed()),
        1 => Just(refused("no")),
        2 => Just(unknown("timeout")),
        2 => Just(State::Planned),
    ];
    let messages = Just((0..MESSAGES).collect::<Vec<usize>>()).prop_shuffle();
    let plan = (messages, 0..=MESSAGES).prop_map(|(messages, count)| messages[..count].to_vec());
    let one = prop_oneof![
        24 => (0..MESSAGES, state).prop_map(|(place, state)| Move::Mark(place, state)),
        1 => Just(Move::Reopen),
        1 => Just(Move::Kill),
        1 => plan.prop_map(Move::Plan),
        1 => Just(Move::LoseIndex),
    ];
    prop::collection::vec(one, 1..60)
}

fn write(ledger: &mut Ledger, plan: &[usize]) {
    let names: Vec<String> = plan.iter().map(|message| format!("m{message}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    plan_of(ledger, "p", &names);
}

fn agree(ledger: &Ledger, model: &Model) {
    assert_eq!(ledger.plan().is_some(), model.plan.is_some());
    if model.plan.is_some() {
        let expected = model.planned_states();
        assert_eq!(states(ledger), expected);
        let first_open = expected.iter().position(|state| !state.is_settled()).unwrap_or(expected.len());
        assert_eq!(ledger.first_open(), first_open as u64);
        let counts = ledger.counts();
        let counted = [
            ("planned", counts.planned),
            ("sending", counts.sending),
            ("accepted", counts.accepted),
            ("confirmed", counts.confirmed),
            ("refused", counts.refused),
            ("unknown", counts.unknown),
        ];
        for (name, count) in counted {
            let expected = expected.iter().filter(|state| state.name() == name).count();
            assert_eq!(count, expected as u64, "{name}");
        }
        assert!(ledger.tallies().iter().all(|(_, tally)| tally.balances()));
    }
    let pins: HashMap<String, State> =
        ledger.pins().unwrap().map(|pin| pin.map(|pin| (pin.external_id, pin.state)).unwrap()).collect();
    let mut rested = Model { states: model.states.clone(), ..Model::default() };
    rested.come_to_rest();
    let sent = rested.states.into_iter().map(|(message, state)| (external_id(&format!("m{message}")), state));
    assert_eq!(pins, sent.collect());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_the_ledger_says_what_happened(moves in moves()) {
        let mut dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
        let mut model = Model { plan: Some((0..MESSAGES).collect()), ..Model::default() };
        write(&mut ledger, &(0..MESSAGES).collect::<Vec<_>>());
        for step in moves {
            match step {
                Move::Mark(place, state) => {
                    let message = model.plan.as_ref().and_then(|plan| plan.get(place)).copied();
                    let legal = message.is_some_and(|message| model.mark(message, &state));
                    prop_assert_eq!(ledger.mark(&[(place as u64, state)]).is_ok(), legal);
                }
                Move::Reopen => {
                    drop(ledger);
                    ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
                    model.come_to_rest();
                }
                Move::Kill => {
                    let copy = as_killed_now(&ledger);
                    drop(ledger);
                    dir = copy;
                    ledger = open_copy(&dir);
                    model.come_to_rest();
                }
                Move::Plan(plan) => {
                    write(&mut ledger, &plan);
                    model.come_to_rest();
                    model.plan = Some(plan);
                }
                Move::LoseIndex => {
                    drop(ledger);
                    let sled = dir.path().join("ledger/sled");
                    if sled.exists() {
                        std::fs::remove_dir_all(sled).unwrap();
                    }
                    ledger = open_copy(&dir);
                    model.come_to_rest();
                    model.plan = None;
                }
            }
            agree(&ledger, &model);
        }
    }
}
