//! What the engine announces while it works, in domain words.
//!
//! Engine code never draws: bars, log lines and JSON are readers of this one stream.

mod waits;

pub use waits::{Limit, Waits};

use std::time::Duration;

/// Something the engine did or found, worth showing while it runs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A stage began. `bytes` or `messages` is its total, where known.
    StageStarted {
        /// Which stage.
        stage: Stage,
        /// Total work in the stage's unit (see [`Stage::unit`]).
        total: u64,
    },
    /// Work done in the running stage since its start, in the stage's unit.
    StageAdvanced {
        /// Which stage.
        stage: Stage,
        /// Work done so far, not since the last event.
        done: u64,
        /// Records (or messages) done so far.
        records: u64,
    },
    /// The stage is over.
    StageFinished {
        /// Which stage.
        stage: Stage,
    },
    /// What holds the running stage up, about once a second.
    Limited {
        /// Which stage.
        stage: Stage,
        /// What most of the time is spent on.
        by: Limit,
    },
    /// What became of one message; only for observers that want to hear it.
    Outcome {
        /// Its external id.
        external_id: String,
        /// In a few words, without anything from the message.
        outcome: String,
    },
    /// Sending waits because Front (or the share left to us) says so.
    Waiting {
        /// How long, from now.
        wait: Duration,
        /// Why, in words for the user.
        why: String,
    },
    /// Something the user should know, that does not end the run.
    Note {
        /// A full sentence.
        text: String,
    },
}

/// The long stages a bar is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Unpacking archives; counted in bytes of the archives.
    Unpacking,
    /// Reading and parsing sources; counted in bytes.
    Reading,
    /// Writing `--requests`; counted in records.
    Requests,
    /// Sending to Front; counted in messages.
    Sending,
    /// Seeing in Front what it has accepted; counted in messages.
    Confirming,
    /// Looking through messages for the people in them, then making contacts; counted in messages, then in people.
    Preparing,
    /// Giving conversations what they get beside their messages; counted in their messages.
    Finishing,
    /// Delivering through channels; counted in messages.
    Delivering,
    /// Taking back what was imported; counted in messages.
    Undoing,
}

/// The unit a stage is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of the sources.
    Bytes,
    /// Records or messages.
    Messages,
}

impl Stage {
    /// The unit of this stage's totals.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Stage::Unpacking | Stage::Reading => Unit::Bytes,
            Stage::Requests
            | Stage::Sending
            | Stage::Confirming
            | Stage::Preparing
            | Stage::Finishing
            | Stage::Delivering
            | Stage::Undoing => Unit::Messages,
        }
    }
}

/// A reader of the event stream. Called from many threads; must return quickly.
pub trait Observer: Send + Sync {
    /// Takes notice of one event.
    fn event(&self, event: Event);

    /// Shall each message's outcome be announced?
    fn wants_outcomes(&self) -> bool {
        false
    }
}

/// An observer that looks away, for tests and `--quiet`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: Event) {}
}
