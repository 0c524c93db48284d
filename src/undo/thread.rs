//! One thread: is its conversation ours alone, and then what we put into it is taken back.
//!
//! It is trashed first of all, right after the look: what a colleague does meanwhile would be lost. What follows is done to what lies
//! in the trash already.

use super::earlier::Removal;
use super::evidence::Ours;
use super::{Halt, Shared, done};
use crate::front::{self, CallResult, ConversationChange, FrontError, Outcome, Status};
use crate::ledger::{Effect, EffectChange, EffectEnd, EffectKind, SentThread, State};
use crate::stage::{self, apart, locked, settled};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What begins the ids of comments in Front; those of messages begin otherwise.
const COMMENT: &str = "com_";

/// Messages of a conversation that Front lists in one answer.
const PER_PAGE: u32 = 100;

pub(super) struct Thread {
    shared: Arc<Shared>,
    sent: SentThread,
    ours: Ours,
    /// Front's ids of its conversations: one, unless Front has split them, with how far an earlier run has removed it.
    conversations: BTreeMap<String, Option<Removal>>,
}

impl Thread {
    pub(super) fn new(shared: Arc<Shared>, sent: SentThread) -> Self {
        let (mut messages, mut comments) = (BTreeSet::new(), BTreeSet::new());
        let mut conversations: BTreeMap<String, Option<Removal>> = BTreeMap::new();
        for pin in &sent.pins {
            if let State::Confirmed { message_id, conversation_id, .. } = &pin.state {
                conversations.insert(conversation_id.clone(), None);
                let of_kind = if message_id.starts_with(COMMENT) { &mut comments } else { &mut messages };
                of_kind.insert(message_id.clone());
            }
        }
        let earlier = shared.earlier.trashed.get(&sent.thread_ref).into_iter().flatten();
        conversations.extend(earlier.map(|(id, removal)| (id.clone(), Some(*removal))));
        let ours = Ours { messages, comments, undone: sent.undone };
        Self { shared, sent, ours, conversations }
    }

    pub(super) async fn take_back(self) -> Result<(), Halt> {
        // What was taken back whole can still be deleted for good.
        if self.sent.pins.is_empty() && !self.shared.job.permanently {
            return Ok(());
        }
        self.check_all_are_answered()?;
        let mut there = Vec::new();
        for (id, removal) in &self.conversations {
            if let Some(found) = self.look(id, *removal).await? {
                there.push(found);
            }
        }
        // Only when all of it is ours is anything of it touched.
        for found in &there {
            self.trash(found).await?;
            self.take_links_off(found).await?;
            if self.shared.job.permanently {
                self.delete(&found.id).await?;
            }
        }
        if !there.is_empty() && !self.shared.job.permanently {
            self.withdraw_comments().await?;
        }
        let messages = self.sent.pins.len() as u64;
        if !self.shared.job.is_dry {
            let (ledger, pins) = (Arc::clone(&self.shared.job.ledger), self.sent.pins);
            apart(move || ledger.undo(&pins)).await?;
        }
        self.shared.run.count(|counts| counts.messages += messages);
        Ok(())
    }

    /// A message that was sent and not seen may turn up at any moment, in a conversation that is trashed by then.
    fn check_all_are_answered(&self) -> Result<(), Halt> {
        let of = |is_such: fn(&State) -> bool| self.sent.pins.iter().filter(|pin| is_such(&pin.state)).count();
        match of(|state| matches!(state, State::Accepted { .. })) {
            0 => {}
            number => {
                return Err(Halt::Left(format!("{number} of its messages were not seen yet: run `verify` first")));
            }
        }
        match of(|state| matches!(state, State::Unknown { .. } | State::Sending)) {
            0 => Ok(()),
            number => Err(Halt::Left(format!(
                "{number} of its messages have no answer yet: `import --settle` asks for it, and `finish` for that of notes"
            ))),
        }
    }

    /// The conversation, if it is there and ours alone.
    async fn look(&self, id: &str, removal: Option<Removal>) -> Result<Option<front::Conversation>, Halt> {
        if removal == Some(Removal::Deleted) {
            return Ok(None);
        }
        let (client, cancellation) = (&self.shared.job.client, &self.shared.run.cancellation);
        let found = match settled(client.conversation(id, cancellation).await?)? {
            Outcome::Absent { .. } => return self.gone(removal),
            Outcome::Done(found) => found,
            other => return Err(Halt::Left(format!("it could not be looked at: {other}"))),
        };
        if self.sent.pins.is_empty() && !found.is_trashed() {
            return Err(Halt::Left("it was taken back, and somebody has taken it out of the trash since".to_owned()));
        }
        let mut evidence = self.ours.evidence(removal.is_some());
        let mut next = None;
        loop {
            let page = client.conversation_messages(&found.id, PER_PAGE, next.as_deref()).await?;
            let Some(page) = page else { return self.gone(removal) };
            page.messages.iter().try_for_each(|message| evidence.message(message)).map_err(Halt::Left)?;
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        match settled(client.conversation_events(&found.id, None, cancellation).await?)? {
            Outcome::Done(events) => {
                events.iter().rev().try_for_each(|event| evidence.event(event)).map_err(Halt::Left)?;
                Ok(Some(found))
            }
            other => Err(Halt::Left(format!("its events could not be read: {other}"))),
        }
    }

    /// Front does not show it. That is what a conversation looks like that was deleted, and one that this token may not see.
    fn gone(&self, removal: Option<Removal>) -> Result<Option<front::Conversation>, Halt> {
        // Where all counts as not sent already, nothing hangs on it; Front empties its trash by itself.
        let is_expected = removal == Some(Removal::Deleting) || self.sent.pins.is_empty();
        if !is_expected && !self.shared.job.gone {
            let why = "Front does not show it to this token: it was deleted, or lies where the token cannot see it. If you know \
                       that such were deleted, `--gone` takes them for that";
            return Err(Halt::Left(why.to_owned()));
        }
        self.shared.run.count(|counts| counts.gone += 1);
        Ok(None)
    }

    async fn trash(&self, found: &front::Conversation) -> Result<(), Halt> {
        let was_there = found.is_trashed();
        if !self.shared.job.is_dry && !was_there {
            self.mark(&found.id, EffectKind::Trashed, EffectEnd::Begun).await?;
            let change = ConversationChange { status: Some(Status::Deleted), ..ConversationChange::default() };
            let (client, cancellation) = (&self.shared.job.client, &self.shared.run.cancellation);
            done(client.update_conversation(&found.id, &change, cancellation).await?)?;
            let before = Some(found.status.clone());
            self.mark(&found.id, EffectKind::Trashed, EffectEnd::Done { id: None, made: true, before }).await?;
        }
        self.shared.run.count(|counts| counts.trashed += u64::from(!was_there));
        locked(&self.shared.taken).insert(found.id.clone());
        Ok(())
    }

    async fn take_links_off(&self, found: &front::Conversation) -> Result<(), Halt> {
        let thread_ref = self.sent.thread_ref.as_str();
        let ours = self.shared.earlier.links.get(thread_ref).map(Vec::as_slice).unwrap_or_default();
        let there: Vec<&front::Link> = found.links.iter().filter(|link| ours.contains(&link.external_url)).collect();
        if there.is_empty() {
            return Ok(());
        }
        if !self.shared.job.is_dry {
            let ids: Vec<String> = there.iter().map(|link| link.id.clone()).collect();
            let called = self.shared.job.client.remove_links(&found.id, &ids, &self.shared.run.cancellation).await;
            if let Some(why) = refused(called)? {
                self.shared.leave(&found.id, format!("trashed, with its links: {why}"));
                return Ok(());
            }
            let undone = there.iter().map(|link| EffectChange {
                effect: Effect::on(thread_ref, EffectKind::Link, link.external_url.clone()),
                conversation: Some(found.id.clone()),
                end: EffectEnd::Undone,
            });
            self.shared.record(undone.collect()).await?;
        }
        self.shared.run.count(|counts| counts.links += there.len() as u64);
        Ok(())
    }

    /// Front has no call that deletes a comment, and lets only the token that wrote it say something else in it.
    async fn withdraw_comments(&self) -> Result<(), Halt> {
        const WORDS: &str = "Withdrawn: this note was imported by threadlift, and the import was taken back.";
        for id in &self.ours.comments {
            if !self.shared.job.is_dry {
                let called = self.shared.job.client.update_comment(id, WORDS, &self.shared.run.cancellation).await;
                if let Some(why) = refused(called)? {
                    self.shared.leave(id, format!("trashed, with its words as they are: {why}"));
                    continue;
                }
            }
            self.shared.run.count(|counts| counts.comments += 1);
        }
        Ok(())
    }

    async fn delete(&self, id: &str) -> Result<(), Halt> {
        if !self.shared.job.is_dry {
            self.mark(id, EffectKind::Deleted, EffectEnd::Begun).await?;
            // After an attempt without answer it may be gone.
            let (client, cancellation) = (&self.shared.job.client, &self.shared.run.cancellation);
            match settled(client.delete_conversation(id, cancellation).await?)? {
                Outcome::Done(()) | Outcome::Absent { .. } => {}
                other => return Err(Halt::Left(format!("it is trashed, and was not deleted: {other}"))),
            }
            self.mark(id, EffectKind::Deleted, EffectEnd::Done { id: None, made: true, before: None }).await?;
        }
        self.shared.run.count(|counts| counts.deleted += 1);
        Ok(())
    }

    async fn mark(&self, conversation: &str, kind: EffectKind, end: EffectEnd) -> Result<(), Halt> {
        let effect = Effect::on(&self.sent.thread_ref, kind, conversation);
        self.shared.record(vec![EffectChange { effect, conversation: Some(conversation.to_owned()), end }]).await
    }
}

/// Why Front does not want a step without which a conversation counts as taken back all the same: it lies in the trash.
fn refused(called: CallResult<()>) -> Result<Option<String>, Halt> {
    match called {
        // It may be this one thing that the token must not do.
        Err(FrontError::Unauthorized { status: 403, text, .. }) => Ok(Some(text)),
        Err(error) => Err(error.into()),
        Ok(called) => match settled(called)? {
            Outcome::Done(()) => Ok(None),
            Outcome::Failed { cause, .. } | Outcome::Lost { why: cause } => Err(stage::Halt::Later(cause).into()),
            other => Ok(Some(other.to_string())),
        },
    }
}
