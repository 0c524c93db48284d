//! Notes become comments, each once. Front has no call that makes a comment only where it is missing, so those that are there are listed
//! first, and known by the mark in their first line.

use super::conversation::Conversation;
use super::walk::is_open;
use crate::front::{self, Outcome};
use crate::ledger::{State, Verdict};
use crate::request::mark;
use crate::stage::{self, Halt, apart};

impl Conversation {
    /// Notes become comments, in order, each once.
    pub(super) async fn write_comments(&mut self) -> Result<(), Halt> {
        let range = self.work.comments.clone();
        let reached: Vec<(u64, crate::ledger::Reached)> =
            self.shared.job.ledger.reached(range)?.collect::<Result<_, _>>().map_err(Halt::from)?;
        let open: Vec<u64> = reached.into_iter().filter(|(_, reached)| is_open(*reached)).map(|(at, _)| at).collect();
        if open.is_empty() {
            return Ok(());
        }
        let called = self.shared.job.client.comments(&self.id, &self.shared.run.cancellation).await?;
        let there = match self.moved(called)? {
            Outcome::Done(there) => there,
            other => {
                let why = format!("the conversation is not there any more: {other}");
                for position in open {
                    self.refuse_comment(position, 404, &why).await?;
                }
                return Ok(());
            }
        };
        for position in open {
            self.write_comment(position, &there).await?;
        }
        Ok(())
    }

    async fn write_comment(&mut self, position: u64, there: &[front::Comment]) -> Result<(), Halt> {
        let entry = self.shared.job.ledger.entry(position)?;
        let Verdict::Planned(planned) = &entry.verdict else { return Ok(()) };
        let mark = mark(&planned.external_id);
        if let Some(comment) = there.iter().find(|comment| comment.body.contains(&mark)) {
            self.shared.run.count(|counts| counts.there_already += 1);
            return self.written(position, &comment.id, true).await;
        }
        let rebuilder = self.shared.job.rebuilder.clone();
        let comment = apart(move || rebuilder.comment(&entry)).await?.request;
        self.mark(vec![(position, State::Sending)]).await?;
        let body = comment.encode();
        let called = match self.shared.job.client.create_comment(&self.id, &body, &self.shared.run.cancellation).await {
            Ok(called) => called,
            Err(error) => {
                if error.did_nothing() {
                    self.mark(vec![(position, State::Planned)]).await?;
                }
                return Err(error.into());
            }
        };
        match self.moved_unchecked(called) {
            Outcome::Done(made) => {
                self.written(position, &made.id, false).await?;
                self.shared.run.count(|counts| counts.comments += 1);
                Ok(())
            }
            Outcome::Refused { status, cause } => self.refused(position, status, cause).await,
            Outcome::Absent { cause } => self.refused(position, 404, cause).await,
            Outcome::Failed { cause, .. } | Outcome::Lost { why: cause } => {
                self.mark(vec![(position, State::Unknown { why: cause.clone() })]).await?;
                // Those behind it would overtake it.
                Err(Halt::Later(cause))
            }
            Outcome::Cancelled => {
                self.mark(vec![(position, State::Planned)]).await?;
                Err(Halt::Cancelled)
            }
        }
    }

    /// The comment is in Front, where that was found out or just now.
    async fn written(&self, position: u64, id: &str, was_there: bool) -> Result<(), Halt> {
        let accepted = State::Accepted { uid: id.to_owned() };
        let (message_id, conversation_id) = (id.to_owned(), self.id.clone());
        let confirmed = State::Confirmed { message_id, conversation_id, differs: None };
        let begun = was_there.then_some((position, State::Sending));
        let states = begun.into_iter().chain([(position, accepted), (position, confirmed)]);
        self.mark(states.collect()).await
    }

    async fn refuse_comment(&self, position: u64, status: u16, why: &str) -> Result<(), Halt> {
        self.mark(vec![(position, State::Sending)]).await?;
        self.refused(position, status, why.to_owned()).await
    }

    async fn refused(&self, position: u64, status: u16, cause: String) -> Result<(), Halt> {
        self.shared.left(&self.id, &cause);
        self.mark(vec![(position, State::Refused { status, cause })]).await
    }

    /// Records states of comments; durable when this returns.
    async fn mark(&self, states: Vec<(u64, State)>) -> Result<(), Halt> {
        stage::mark(&self.shared.job.ledger, states).await
    }
}
