//! One thread: is its conversation ours alone, and then what we put into it is taken back.

use super::{Halt, Shared};
use crate::front::{self, Called, ConversationChange, Outcome, Status};
use crate::ledger::{Effect, EffectChange, EffectEnd, EffectKind, Pin, State};
use crate::stage::{self, apart, locked};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The word for what is in Front's trash.
const TRASHED: &str = "deleted";

/// What begins the ids of comments in Front; those of messages begin otherwise.
const COMMENT: &str = "com_";

/// Sources of events that are none of anybody's doing: the token's own, and those of messages that came in.
const NOBODYS: [&str; 6] = ["api", "", "inboxes", "recipient", "imap", "gmail"];

/// What events call messages, which are compared by themselves: of one that we imported its author may be the source.
const MESSAGES: [&str; 3] = ["inbound", "outbound", "out_reply"];

/// Messages of a conversation that Front lists in one answer.
const PER_PAGE: u32 = 100;

pub(super) struct Thread {
    shared: Arc<Shared>,
    pins: Vec<Pin>,
    /// Front's ids of its messages.
    messages: BTreeSet<String>,
    /// Front's ids of its comments.
    comments: Vec<String>,
    /// Front's ids of its conversations: one, unless Front has split them.
    conversations: BTreeSet<String>,
}

impl Thread {
    pub(super) fn new(shared: Arc<Shared>, pins: Vec<Pin>) -> Self {
        let (mut messages, mut comments, mut conversations) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
        for pin in &pins {
            if let State::Confirmed { message_id, conversation_id, .. } = &pin.state {
                conversations.insert(conversation_id.clone());
                if message_id.starts_with(COMMENT) {
                    comments.push(message_id.clone());
                } else {
                    messages.insert(message_id.clone());
                }
            }
        }
        Self { shared, pins, messages, comments, conversations }
    }

    pub(super) async fn take_back(mut self) -> Result<(), Halt> {
        self.check_all_are_seen()?;
        let mut there = Vec::new();
        for id in std::mem::take(&mut self.conversations) {
            match self.look(&id).await? {
                Some(found) => there.push(found),
                None => self.shared.run.count(|counts| counts.gone += 1),
            }
        }
        // Only when all of it is ours is anything of it touched.
        for found in &there {
            locked(&self.shared.taken).insert(found.id.clone());
            self.take_links_off(found).await?;
        }
        if !there.is_empty() && !self.shared.job.permanently {
            self.withdraw_comments().await?;
        }
        for found in &there {
            self.trash(found).await?;
            if self.shared.job.permanently {
                self.delete(&found.id).await?;
            }
        }
        let messages = self.pins.len() as u64;
        self.shared.run.count(|counts| counts.messages += messages);
        if self.shared.job.is_dry {
            return Ok(());
        }
        let (ledger, pins) = (Arc::clone(&self.shared.job.ledger), self.pins);
        Ok(apart(move || ledger.undo(&pins)).await?)
    }

    /// A message that was sent and not seen may turn up at any moment, in a conversation that is trashed by then.
    fn check_all_are_seen(&self) -> Result<(), Halt> {
        let open = self.pins.iter().filter(|pin| {
            matches!(pin.state, State::Accepted { .. } | State::Missing { .. } | State::Unknown { .. } | State::Sending)
        });
        match open.count() {
            0 => Ok(()),
            number => Err(Halt::Left(format!("{number} of its messages were not seen yet: run `verify` first"))),
        }
    }

    /// The conversation, if it is there and ours alone.
    async fn look(&self, id: &str) -> Result<Option<front::Conversation>, Halt> {
        let (client, cancellation) = (&self.shared.job.client, &self.shared.run.cancellation);
        let found = match settled(client.conversation(id, cancellation).await?)? {
            Outcome::Absent { .. } => return Ok(None),
            Outcome::Done(found) => found,
            other => return Err(Halt::Left(format!("it could not be looked at: {other}"))),
        };
        let mut next = None;
        loop {
            let page = client.conversation_messages(&found.id, PER_PAGE, next.as_deref()).await?;
            let Some(page) = page else { return Ok(None) };
            if let Some(foreign) = page.messages.iter().find(|message| !self.messages.contains(&message.id)) {
                return Err(Halt::Left(format!("it holds a message that is not of this import ({})", foreign.id)));
            }
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        match settled(client.conversation_events(&found.id, None, cancellation).await?)? {
            Outcome::Done(events) => {
                let is_sign = |event: &&front::ConversationEvent| {
                    !NOBODYS.contains(&event.source.kind.as_str()) && !MESSAGES.contains(&event.kind.as_str())
                };
                match events.iter().rev().find(is_sign) {
                    Some(event) => {
                        Err(Halt::Left(format!("a {} has touched it since (event: {})", event.source.kind, event.kind)))
                    }
                    None => Ok(Some(found)),
                }
            }
            other => Err(Halt::Left(format!("its events could not be read: {other}"))),
        }
    }

    async fn take_links_off(&self, found: &front::Conversation) -> Result<(), Halt> {
        let thread_ref = self.pins.first().map_or("", |pin| pin.thread_ref.as_str());
        let ours = self.shared.links.get(thread_ref).map(Vec::as_slice).unwrap_or_default();
        let there: Vec<&front::Link> = found.links.iter().filter(|link| ours.contains(&link.external_url)).collect();
        self.shared.run.count(|counts| counts.links += there.len() as u64);
        if there.is_empty() || self.shared.job.is_dry {
            return Ok(());
        }
        let ids: Vec<String> = there.iter().map(|link| link.id.clone()).collect();
        done(self.shared.job.client.remove_links(&found.id, &ids, &self.shared.run.cancellation).await?)?;
        let undone = there.iter().map(|link| EffectChange {
            effect: Effect::on(thread_ref, EffectKind::Link, link.external_url.clone()),
            conversation: Some(found.id.clone()),
            end: EffectEnd::Undone,
        });
        self.record(undone.collect()).await
    }

    /// Front has no call that deletes a comment.
    async fn withdrawn(&self, id: &str) -> Result<(), Halt> {
        const WORDS: &str = "Withdrawn: this note was imported by threadlift, and the import was taken back.";
        done(self.shared.job.client.update_comment(id, WORDS, &self.shared.run.cancellation).await?)
    }

    async fn withdraw_comments(&self) -> Result<(), Halt> {
        for id in &self.comments {
            if !self.shared.job.is_dry {
                self.withdrawn(id).await?;
            }
            self.shared.run.count(|counts| counts.comments += 1);
        }
        Ok(())
    }

    async fn trash(&self, found: &front::Conversation) -> Result<(), Halt> {
        self.shared.run.count(|counts| counts.trashed += 1);
        if self.shared.job.is_dry || found.status == TRASHED {
            return Ok(());
        }
        self.mark(&found.id, EffectKind::Trashed, EffectEnd::Begun).await?;
        let change = ConversationChange { status: Some(Status::Deleted), ..ConversationChange::default() };
        done(self.shared.job.client.update_conversation(&found.id, &change, &self.shared.run.cancellation).await?)?;
        let before = Some(found.status.clone());
        self.mark(&found.id, EffectKind::Trashed, EffectEnd::Done { id: None, made: true, before }).await
    }

    async fn delete(&self, id: &str) -> Result<(), Halt> {
        self.shared.run.count(|counts| counts.deleted += 1);
        if self.shared.job.is_dry {
            return Ok(());
        }
        self.mark(id, EffectKind::Deleted, EffectEnd::Begun).await?;
        // After an attempt without answer it may be gone.
        match settled(self.shared.job.client.delete_conversation(id, &self.shared.run.cancellation).await?)? {
            Outcome::Done(()) | Outcome::Absent { .. } => {}
            other => return Err(Halt::Left(format!("it is trashed, and was not deleted: {other}"))),
        }
        self.mark(id, EffectKind::Deleted, EffectEnd::Done { id: None, made: true, before: None }).await
    }

    async fn mark(&self, conversation: &str, kind: EffectKind, end: EffectEnd) -> Result<(), Halt> {
        let thread_ref = self.pins.first().map_or("", |pin| pin.thread_ref.as_str());
        let (effect, conversation) = (Effect::on(thread_ref, kind, conversation), Some(conversation.to_owned()));
        self.record(vec![EffectChange { effect, conversation, end }]).await
    }

    async fn record(&self, changes: Vec<EffectChange>) -> Result<(), Halt> {
        self.shared.record(changes).await
    }
}

impl Shared {
    /// Records effects; durable when this returns.
    pub(super) async fn record(&self, changes: Vec<EffectChange>) -> Result<(), Halt> {
        let ledger = Arc::clone(&self.job.ledger);
        Ok(apart(move || ledger.record(changes)).await?)
    }
}

/// The outcome of a call, unless the run is cancelled.
pub(super) fn settled<T>(called: Called<T>) -> Result<Outcome<T>, Halt> {
    match called.outcome {
        Outcome::Cancelled => Err(stage::Halt::Cancelled.into()),
        outcome => Ok(outcome),
    }
}

/// That a step was done; what Front does not want is a reason to leave the rest.
pub(super) fn done(called: Called<()>) -> Result<(), Halt> {
    match settled(called)? {
        Outcome::Done(()) => Ok(()),
        other => Err(Halt::Left(other.to_string())),
    }
}
