//! Promises of sending, kept against a scripted Front on loopback and a real ledger.

mod faults;
mod front;
mod order;
mod queue;
mod trouble;

use super::{BYTES, Ending, Job, Outcome, run};
use crate::event::Silent;
use crate::front::Cancellation;
use crate::ledger::{Ledger, State, Target, Verdict};
use crate::plan::testing::Folder;
use front::Front;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Longer than any test runs: what waits for it never happens.
const NEVER: Duration = Duration::from_secs(100_000);

/// A test that hangs has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// A planned export with its ledger.
struct World {
    folder: Folder,
    ledger: Arc<Ledger>,
    inboxes: BTreeMap<String, String>,
    cancellation: Cancellation,
    in_flight: usize,
    bytes: u64,
    settle: Duration,
    /// What the mapping says beyond inbox and source.
    more: &'static str,
    again: BTreeSet<u64>,
}

impl World {
    /// Each name is a message: `a1`, `a2`, … are one conversation, the oldest first. Conversations are sent in the
    /// order of their letters.
    fn of(names: &[&str]) -> Self {
        Self::of_letters(names, letter)
    }

    fn of_letters(names: &[&str], letter: impl Fn(&str) -> String) -> Self {
        let folder = Folder::new();
        for name in names {
            folder.write(&format!("{name}.eml"), &letter(name));
        }
        let mut ledger = folder.open_ledger();
        folder.plan(&mut ledger, "");
        let inboxes = BTreeMap::from([("Support".to_owned(), "inb_1".to_owned())]);
        let target = Target {
            company_id: "cmp_1".into(),
            company_name: "Acme".into(),
            base_url: "http://127.0.0.1".into(),
            inboxes: inboxes.clone(),
        };
        ledger.bind(&target).unwrap();
        Self {
            folder,
            ledger: Arc::new(ledger),
            inboxes,
            cancellation: Cancellation::new(),
            in_flight: 4,
            bytes: BYTES,
            settle: Duration::ZERO,
            more: "",
            again: BTreeSet::new(),
        }
    }

    fn job(&self, front: &Front) -> Job {
        Job {
            only_unanswered: false,
            ledger: Arc::clone(&self.ledger),
            rebuilder: self.folder.rebuilder(self.more),
            client: front.client.clone(),
            inboxes: self.inboxes.clone(),
            in_flight: self.in_flight,
            bytes: self.bytes,
            settle: self.settle,
            again: self.again.clone(),
            only: None,
            settled: None,
        }
    }

    async fn send(&self, front: &Front) -> Outcome {
        let running = run(self.job(front), Arc::new(Silent), self.cancellation.clone());
        tokio::time::timeout(PATIENCE, running).await.expect("the run ends")
    }

    /// As a new process would find it.
    fn reopened(mut self) -> Self {
        let ledger = Arc::try_unwrap(self.ledger).expect("nobody else holds the ledger");
        ledger.close().unwrap();
        self.ledger = Arc::new(self.folder.open_ledger());
        self.cancellation = Cancellation::new();
        self
    }

    /// As a new process would find it that plans anew, with more in the mapping.
    fn replanned(self, more: &'static str) -> Self {
        let mut world = Self { more, ..self.reopened() };
        let ledger = Arc::get_mut(&mut world.ledger).expect("nobody else holds the ledger");
        world.folder.plan(ledger, more);
        world
    }

    /// Position of a message in the send order.
    fn position(&self, name: &str) -> u64 {
        let id = format!("{name}@x");
        self.ledger.find(&id).unwrap()[0]
    }

    fn state(&self, name: &str) -> State {
        self.ledger.state(self.position(name)).unwrap()
    }

    fn external_id(&self, name: &str) -> String {
        match self.ledger.entry(self.position(name)).unwrap().verdict {
            Verdict::Planned(planned) => planned.external_id,
            other => panic!("{name} is {other:?}"),
        }
    }

    fn mark(&self, name: &str, states: &[State]) {
        let position = self.position(name);
        let changes: Vec<(u64, State)> = states.iter().map(|state| (position, state.clone())).collect();
        self.ledger.mark(&changes).unwrap();
    }

    /// Names of states, by message.
    fn states(&self, names: &[&str]) -> Vec<&'static str> {
        names.iter().map(|name| self.state(name).name()).collect()
    }
}

fn letter(name: &str) -> String {
    let (thread, number) = name.split_at(1);
    let number: u32 = number.parse().unwrap();
    let day = 27 - u32::from(thread.as_bytes()[0] - b'a');
    format!(
        "Message-ID: <{name}@x>\nReferences: <root-{thread}@x>\nDate: Sun, {day} Jan 2019 10:{number:02}:00 +0000\n\
         From: ada@shop.example\nTo: support@acme.example\nSubject: {name}\n\nThis is {name}.\n"
    )
}

fn accepted() -> State {
    State::Accepted { uid: "u".into() }
}

fn unknown() -> State {
    State::Unknown { why: "lost".into() }
}
