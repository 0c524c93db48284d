//! Taking up again what Front refused, or what never came to exist there: by cause, by id, or all of it.

use crate::ledger::{Ledger, LedgerError, Reached, State, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// Changes marked at once.
const GROUP: usize = 256;

/// What to take up again.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// Part of the cause, in any case of letters; empty for any cause.
    pub cause: String,
    /// External ids, Message-IDs or ids of the export; empty for any message.
    pub ids: Vec<String>,
    /// What is missing in Front instead of what was refused.
    pub missing: bool,
    /// Missing messages get new ids.
    pub new_id: bool,
}

/// What was chosen.
#[derive(Debug, Default)]
pub struct TakenUp {
    /// Refused messages, by position.
    refused: Vec<(u64, State)>,
    /// Missing messages, by position: for [`Job::again`](super::Job::again).
    pub missing: BTreeSet<u64>,
    /// Ids that stand for no message that could be taken up, or is left to be sent anyway.
    pub not_found: Vec<String>,
    /// Causes of all messages that could have been chosen, whether they were or not.
    pub causes: BTreeMap<String, u64>,
}

/// Finds what is to be taken up again. Nothing is changed.
///
/// # Errors
/// No plan, or a damaged index.
pub fn choose(ledger: &Ledger, chosen: &Chosen) -> Result<TakenUp, LedgerError> {
    let mut taken = TakenUp::default();
    let cause = chosen.cause.to_lowercase();
    let mut named = BTreeSet::new();
    for id in &chosen.ids {
        let bare = id.trim().trim_start_matches('<').trim_end_matches('>');
        let found = ledger.find(bare)?;
        let mut is_fit = false;
        for position in found {
            if !matches!(ledger.entry(position)?.verdict, Verdict::Planned(_)) {
                continue;
            }
            let state = ledger.state(position)?;
            // What is left to be sent needs no taking up: a plan that was made anew may have seen to it.
            is_fit |= !state.is_settled();
            if reason(&state, chosen.missing).is_some() {
                is_fit = true;
                named.insert(position);
            }
        }
        if !is_fit {
            taken.not_found.push(id.clone());
        }
    }
    for item in ledger.reached(0..u64::MAX)? {
        let (position, reached) = item?;
        if !matches!(reached, Reached::Refused | Reached::Missing) {
            continue;
        }
        let state = ledger.state(position)?;
        let Some(words) = reason(&state, chosen.missing) else { continue };
        if taken.causes.len() < MOST_CAUSES || taken.causes.contains_key(words) {
            *taken.causes.entry(words.to_owned()).or_default() += 1;
        }
        if !words.to_lowercase().contains(&cause) || !(chosen.ids.is_empty() || named.contains(&position)) {
            continue;
        }
        match again(&state) {
            Some(next) => taken.refused.push((position, next)),
            None => _ = taken.missing.insert(position),
        }
    }
    Ok(taken)
}

/// Distinct causes kept: Front's words may differ for each message.
const MOST_CAUSES: usize = 100;

/// Why a message is one of those that can be taken up.
fn reason(state: &State, missing: bool) -> Option<&str> {
    match state {
        State::Refused { cause, .. } if !missing => Some(cause),
        State::Missing { why, .. } if missing => Some(why),
        _ => None,
    }
}

/// What a refused message becomes. One that the server failed on may be in Front all the same.
fn again(state: &State) -> Option<State> {
    match state {
        State::Refused { status, .. } if (400..500).contains(status) => Some(State::Planned),
        State::Refused { cause, .. } => Some(State::Unknown { why: format!("taken up again after: {cause}") }),
        _ => None,
    }
}

impl TakenUp {
    /// How many messages.
    #[must_use]
    pub fn count(&self) -> u64 {
        (self.refused.len() + self.missing.len()) as u64
    }

    /// Makes the refused messages ready to be sent; durable when this returns. The missing ones stay what they are until each
    /// is sent.
    ///
    /// # Errors
    /// What the ledger says to [`Ledger::mark`].
    pub fn take_up(&self, ledger: &Ledger) -> Result<(), LedgerError> {
        self.refused.chunks(GROUP).try_for_each(|group| ledger.mark(group))
    }
}
