//! Promises of confirming, kept against a scripted Front in virtual time and a real ledger.

mod amiss;
mod claims;
mod front;
mod looking;
mod trouble;

use super::{Ending, Job, Outcome, Resend, Scope, Timing, run};
use crate::event::Silent;
use crate::front::{Cancellation, Message};
use crate::ledger::{Ledger, State};
use crate::plan::testing::Folder;
use crate::request::ImportRequest;
use front::{Front, message_of};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const NOW: Duration = Duration::ZERO;

/// Of virtual time. What has not ended by then never will.
const A_DAY: Duration = Duration::from_hours(24);

/// A planned export with its ledger, and a Front.
struct World {
    folder: Folder,
    ledger: Arc<Ledger>,
    front: Arc<Front>,
    cancellation: Cancellation,
    resends: bool,
}

impl World {
    /// Each name is a message: `a1`, `a2`, … are one conversation, the oldest first.
    fn of(names: &[&str]) -> Self {
        let world = Self::written(names, letter);
        for name in names {
            world.mark(name, &[State::Sending, State::Accepted { uid: (*name).to_owned() }]);
        }
        world
    }

    /// Planned, and nothing sent.
    fn written(names: &[&str], letter: impl Fn(&str) -> String) -> Self {
        let folder = Folder::new();
        for name in names {
            folder.write(&format!("{name}.eml"), &letter(name));
        }
        let mut ledger = folder.open_ledger();
        folder.plan(&mut ledger, "");
        Self {
            folder,
            ledger: Arc::new(ledger),
            front: Arc::new(Front::default()),
            cancellation: Cancellation::new(),
            resends: true,
        }
    }

    /// Front shows a message as it was planned, in the conversation of its letter.
    fn shows(&self, name: &str, after: Duration) {
        self.shows_as(name, after, |message| message);
    }

    fn shows_as(&self, name: &str, after: Duration, change: impl Fn(Message) -> Message) {
        let message = message_of(&self.request(name), &format!("cnv_{}", &name[..1]));
        self.front.shows(name, after, change(message));
    }

    fn request(&self, name: &str) -> ImportRequest {
        let entry = self.ledger.entry(self.position(name)).unwrap();
        self.folder.rebuilder("").request(&entry).unwrap().request
    }

    async fn confirm(&self, scope: Scope) -> Outcome {
        let resend = self.resends.then(|| Resend {
            rebuilder: self.folder.rebuilder(""),
            inboxes: BTreeMap::from([("Support".to_owned(), "inb_1".to_owned())]),
        });
        let job = Job {
            ledger: Arc::clone(&self.ledger),
            sight: Arc::clone(&self.front) as Arc<dyn super::Sight>,
            scope,
            resend,
            in_flight: 4,
            timing: Timing::of(Duration::from_secs(10), Duration::from_mins(5)),
        };
        let running = run(job, Arc::new(Silent), self.cancellation.clone());
        tokio::time::timeout(A_DAY, running).await.expect("it ends")
    }

    /// As a new process would find it.
    fn reopened(mut self) -> Self {
        let ledger = Arc::try_unwrap(self.ledger).expect("nobody else holds the ledger");
        ledger.close().unwrap();
        self.ledger = Arc::new(self.folder.open_ledger());
        self.cancellation = Cancellation::new();
        self
    }

    /// Position of a message in the send order.
    fn position(&self, name: &str) -> u64 {
        self.ledger.find(&format!("{name}@x")).unwrap()[0]
    }

    fn state(&self, name: &str) -> State {
        self.ledger.state(self.position(name)).unwrap()
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

    /// What Front shows otherwise than planned.
    fn differs(&self, name: &str) -> Option<String> {
        match self.state(name) {
            State::Confirmed { differs, .. } => differs,
            other => panic!("{name} is {other:?}"),
        }
    }
}

fn letter(name: &str) -> String {
    let (thread, number) = name.split_at(1);
    let number: u32 = number.parse().unwrap();
    let day = 27 - u32::from(thread.as_bytes()[0] - b'a');
    let (hour, minute) = (number / 60, number % 60);
    format!(
        "Message-ID: <{name}@x>\nReferences: <root-{thread}@x>\nDate: Sun, {day} Jan 2019 {hour:02}:{minute:02}:00 +0000\n\
         From: ada@shop.example\nTo: support@acme.example\nSubject: {name}\n\nThis is {name}.\n"
    )
}

fn is_finished(outcome: &Outcome) -> bool {
    matches!(outcome.ending, Ending::Finished)
}

fn confirmed(name: &str) -> State {
    State::Confirmed {
        message_id: format!("msg_{name}"),
        conversation_id: format!("cnv_{}", &name[..1]),
        differs: None,
    }
}
