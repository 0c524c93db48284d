//! States as the index keeps them: which one, and where in the journal its words are.
//!
//! A value this small lies within sled's own nodes; with the words in it, a million states would cost hundreds of
//! megabytes of memory at every open, and the journal has the words anyway.

use super::entry::State;
use super::error::LedgerError;
use super::journal::FactReader;
use super::standing::NEVER_ANSWERED;
use serde::{Deserialize, Serialize};

/// The state of a planned entry. What was never sent is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// The entry's source, so that counting by source needs no look at the entries.
    pub(super) source: u16,
    pub(super) reached: Reached,
    /// Where in the journal the line begins that made it so.
    pub(super) line: u64,
}

/// A state without its words, which alone the index can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reached {
    /// Not sent.
    Planned,
    /// A request is under way.
    Sending,
    /// The process ended while it was being sent.
    Unanswered,
    /// Front said 202.
    Accepted,
    /// Seen as planned.
    Confirmed,
    /// Front said no.
    Refused,
    /// No usable answer came.
    Unknown,
    /// It was not there when patience ended.
    Missing,
    /// Confirmed, and not as planned.
    Different,
}

impl Reached {
    pub(super) fn of(state: &State) -> Self {
        match state {
            State::Planned => Reached::Planned,
            State::Sending => Reached::Sending,
            State::Accepted { .. } => Reached::Accepted,
            State::Confirmed { differs: None, .. } => Reached::Confirmed,
            State::Confirmed { differs: Some(_), .. } => Reached::Different,
            State::Missing { .. } => Reached::Missing,
            State::Refused { .. } => Reached::Refused,
            State::Unknown { .. } => Reached::Unknown,
        }
    }

    /// A request under way is one without an answer when nobody is left to wait for it.
    pub(super) fn at_rest(self) -> Self {
        if self == Reached::Sending { Reached::Unanswered } else { self }
    }

    pub(super) fn is_settled(self) -> bool {
        matches!(
            self,
            Reached::Accepted | Reached::Confirmed | Reached::Different | Reached::Missing | Reached::Refused
        )
    }
}

impl Stored {
    /// The state with its words.
    pub(super) fn state(self, facts: &mut FactReader) -> Result<State, LedgerError> {
        match self.reached {
            Reached::Planned => Ok(State::Planned),
            Reached::Sending => Ok(State::Sending),
            Reached::Unanswered => Ok(State::Unknown { why: NEVER_ANSWERED.into() }),
            Reached::Accepted
            | Reached::Confirmed
            | Reached::Different
            | Reached::Missing
            | Reached::Refused
            | Reached::Unknown => match facts.read(self.line)?.into_state() {
                Some((_, state)) if Reached::of(&state) == self.reached => Ok(state),
                _ => Err(facts.damaged(self.line, "the line says something else than the index")),
            },
        }
    }

    /// The state with the words that counting needs: those of causes.
    pub(super) fn state_for_counting(self, facts: &mut FactReader) -> Result<State, LedgerError> {
        Ok(match self.reached {
            Reached::Accepted => State::Accepted { uid: String::new() },
            Reached::Confirmed => {
                State::Confirmed { message_id: String::new(), conversation_id: String::new(), differs: None }
            }
            Reached::Planned
            | Reached::Sending
            | Reached::Unanswered
            | Reached::Unknown
            | Reached::Refused
            | Reached::Missing
            | Reached::Different => self.state(facts)?,
        })
    }
}
