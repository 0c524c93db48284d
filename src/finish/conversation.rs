//! One conversation: what it lacks is made, once, and recorded.

use super::Shared;
use super::state::Wanted;
use super::walk::Work;
use crate::front::{self, Called, Outcome};
use crate::ledger::{Effect, EffectChange, EffectEnd, EffectKind, Link, Standing, State};
use crate::stage::{self, Halt, settled};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) struct Conversation {
    pub(super) shared: Arc<Shared>,
    pub(super) work: Work,
    /// Its id in Front, after merges.
    pub(super) id: String,
}

/// What became of a step.
enum Made {
    /// Front did it.
    Yes,
    /// Front does not want it.
    Refused(String),
}

impl Conversation {
    pub(super) fn new(shared: Arc<Shared>, work: Work) -> Self {
        Self { shared, id: work.conversation.clone(), work }
    }

    pub(super) async fn finish(mut self) -> Result<(), Halt> {
        let steps = self.steps();
        self.tell_left();
        if !steps.is_empty() {
            let Some(found) = self.look(&steps).await? else { return Ok(()) };
            self.attach_links(&steps, &found).await?;
            self.add_tags(&steps, &found).await?;
            self.write_comments().await?;
            self.add_followers(&steps).await?;
            return self.set_state(&steps, &found).await;
        }
        self.write_comments().await
    }

    /// What is still to be made beside the comments.
    fn steps(&self) -> BTreeSet<Effect> {
        let is_open = |step: &Effect| match self.shared.effects.standing(step) {
            None | Some(Standing::Begun | Standing::Undone) => true,
            Some(Standing::Left) => self.shared.job.retry_left,
            Some(Standing::Done) => false,
        };
        self.all_steps().into_iter().filter(is_open).collect()
    }

    /// What an earlier run left is not done because this one does not try it.
    fn tell_left(&self) {
        let is_left = |step: &Effect| self.shared.effects.standing(step) == Some(Standing::Left);
        for step in self.all_steps().into_iter().filter(|step| !self.shared.job.retry_left && is_left(step)) {
            self.shared.left(&self.id, &format!("{}: left by an earlier run", shown(&step)));
        }
    }

    fn all_steps(&self) -> Vec<Effect> {
        let finish = &self.work.finish;
        if finish.is_empty() {
            return Vec::new();
        }
        let links = finish.links.iter().map(|link| self.step(EffectKind::Link, &link.url));
        let tags = finish.tags.iter().map(|tag| self.step(EffectKind::Tagged, tag));
        let followers = finish.followers.iter().map(|follower| self.step(EffectKind::Follower, follower));
        let state = self.step(EffectKind::State, &Wanted::of(&self.work).name());
        links.chain(tags).chain(followers).chain([state]).collect()
    }

    fn step(&self, kind: EffectKind, what: &str) -> Effect {
        Effect::on(&self.work.thread_ref, kind, what)
    }

    /// Was it begun by an earlier run? Then what is found of it is ours.
    fn was_begun(&self, step: &Effect) -> bool {
        self.shared.effects.standing(step) == Some(Standing::Begun)
    }

    /// How the conversation stands; nothing if it is gone, and then everything is left.
    async fn look(&mut self, steps: &BTreeSet<Effect>) -> Result<Option<front::Conversation>, Halt> {
        let called = self.shared.job.client.conversation(&self.id, &self.shared.run.cancellation).await?;
        let gone = match self.moved(called)? {
            Outcome::Done(found) if !found.is_trashed() => {
                self.id.clone_from(&found.id);
                return Ok(Some(found));
            }
            Outcome::Done(_) => "somebody has moved the conversation to the trash".to_owned(),
            other => format!("the conversation is not there any more: {other}"),
        };
        for step in steps {
            self.leave(step, &gone).await?;
        }
        Ok(None)
    }

    async fn attach_links(&mut self, steps: &BTreeSet<Effect>, found: &front::Conversation) -> Result<(), Halt> {
        let links = std::mem::take(&mut self.work.finish.links);
        let open: Vec<(Effect, &Link)> =
            links.iter().map(|link| (self.step(EffectKind::Link, &link.url), link)).collect();
        for (step, link) in open.into_iter().filter(|(step, _)| steps.contains(step)) {
            if let Some(there) = found.links.iter().find(|there| there.external_url == link.url) {
                self.there_already(&step, Some(there.id.clone())).await?;
                continue;
            }
            self.begin(&step).await?;
            if let Some(name) = &link.name {
                // Only so it gets its name. Where Front has the link already, or the answer is lost, it is attached all the same.
                drop(settled(
                    self.shared.job.client.create_link(&link.url, name, &self.shared.run.cancellation).await?,
                )?);
            }
            let urls = [link.url.clone()];
            let called = self.shared.job.client.add_links(&self.id, &urls, &self.shared.run.cancellation).await?;
            match self.made(called)? {
                Made::Yes => {
                    self.done(&step, None).await?;
                    self.shared.run.count(|counts| counts.links += 1);
                }
                Made::Refused(why) => self.leave(&step, &why).await?,
            }
        }
        Ok(())
    }

    async fn add_tags(&mut self, steps: &BTreeSet<Effect>, found: &front::Conversation) -> Result<(), Halt> {
        for tag in std::mem::take(&mut self.work.finish.tags) {
            let step = self.step(EffectKind::Tagged, &tag);
            if !steps.contains(&step) {
                continue;
            }
            if found.tags.iter().any(|there| there.name == tag) {
                self.there_already(&step, None).await?;
                continue;
            }
            let Some(id) = self.shared.job.names.tags.get(&tag).cloned() else {
                self.leave(&step, "Front has no tag of this name").await?;
                continue;
            };
            self.begin(&step).await?;
            let called = self
                .shared
                .job
                .client
                .add_tags(&self.id, std::slice::from_ref(&id), &self.shared.run.cancellation)
                .await?;
            match self.made(called)? {
                Made::Yes => {
                    self.done(&step, Some(id)).await?;
                    self.shared.run.count(|counts| counts.tags += 1);
                }
                Made::Refused(why) => self.leave(&step, &why).await?,
            }
        }
        Ok(())
    }

    async fn add_followers(&mut self, steps: &BTreeSet<Effect>) -> Result<(), Halt> {
        let followers = std::mem::take(&mut self.work.finish.followers);
        let open: Vec<(Effect, String)> =
            followers.into_iter().map(|follower| (self.step(EffectKind::Follower, &follower), follower)).collect();
        let open: Vec<(Effect, String)> = open.into_iter().filter(|(step, _)| steps.contains(step)).collect();
        if open.is_empty() {
            return Ok(());
        }
        let called = self.shared.job.client.followers(&self.id, &self.shared.run.cancellation).await?;
        let there: BTreeSet<String> = match self.moved(called)? {
            Outcome::Done(there) => there.into_iter().map(|teammate| teammate.id).collect(),
            other => {
                for (step, _) in &open {
                    self.leave(step, &other.to_string()).await?;
                }
                return Ok(());
            }
        };
        for (step, follower) in open {
            let Some(id) = self.shared.job.names.teammates.get(&follower).cloned() else {
                self.leave(&step, "Front has no such teammate").await?;
                continue;
            };
            if there.contains(&id) {
                self.there_already(&step, Some(id)).await?;
                continue;
            }
            self.begin(&step).await?;
            let ids = [id.clone()];
            let called = self.shared.job.client.add_followers(&self.id, &ids, &self.shared.run.cancellation).await?;
            match self.made(called)? {
                Made::Yes => {
                    self.done(&step, Some(id)).await?;
                    self.shared.run.count(|counts| counts.followers += 1);
                }
                Made::Refused(why) => self.leave(&step, &why).await?,
            }
        }
        Ok(())
    }

    /// The last of all: whoever sees the conversation archived or assigned sees it whole.
    async fn set_state(&mut self, steps: &BTreeSet<Effect>, found: &front::Conversation) -> Result<(), Halt> {
        let wanted = Wanted::of(&self.work);
        let step = self.step(EffectKind::State, &wanted.name());
        if !steps.contains(&step) {
            return Ok(());
        }
        let lacking = match wanted.lacking(found, &self.shared.job.names) {
            Ok(lacking) => lacking,
            Err(why) => return self.leave(&step, &why).await,
        };
        if lacking.is_nothing() {
            return self.there_already(&step, None).await;
        }
        let touched = match lacking.stands {
            Some(_) => self.shared.touched(&self.id, &self.own_messages()?).await?,
            None => None,
        };
        let mut change = lacking.stands.filter(|_| touched.is_none()).unwrap_or_default();
        change.custom_fields = lacking.fields;
        let left = [touched, lacking.held].into_iter().flatten().collect::<Vec<_>>().join("; ");
        if change == front::ConversationChange::default() {
            return self.leave(&step, &left).await;
        }
        self.begin(&step).await?;
        let called =
            self.shared.job.client.update_conversation(&self.id, &change, &self.shared.run.cancellation).await?;
        match self.made(called)? {
            Made::Yes => {
                self.shared.run.count(|counts| counts.states += 1);
                if left.is_empty() {
                    return self.record(&step, done(None, Some(before(found)))).await;
                }
                // What could be was changed; the rest is whoever's it is now.
                self.leave(&step, &left).await
            }
            Made::Refused(why) => self.leave(&step, &why).await,
        }
    }

    /// Front's ids of the messages that were imported into it.
    fn own_messages(&self) -> Result<BTreeSet<String>, Halt> {
        let mut own = BTreeSet::new();
        for item in self.shared.job.ledger.states(self.work.positions.clone())? {
            if let (_, State::Confirmed { message_id, .. }) = item? {
                own.insert(message_id);
            }
        }
        Ok(own)
    }

    async fn begin(&self, step: &Effect) -> Result<(), Halt> {
        if self.was_begun(step) { Ok(()) } else { self.record(step, EffectEnd::Begun).await }
    }

    async fn done(&self, step: &Effect, id: Option<String>) -> Result<(), Halt> {
        self.record(step, done(id, None)).await
    }

    async fn there_already(&self, step: &Effect, id: Option<String>) -> Result<(), Halt> {
        self.shared.run.count(|counts| counts.there_already += 1);
        self.record(step, EffectEnd::Done { id, made: self.was_begun(step), before: None }).await
    }

    async fn leave(&self, step: &Effect, why: &str) -> Result<(), Halt> {
        self.shared.left(&self.id, &format!("{}: {why}", shown(step)));
        self.record(step, EffectEnd::Left { why: why.to_owned() }).await
    }

    /// Records what became of a step; durable when this returns.
    async fn record(&self, step: &Effect, end: EffectEnd) -> Result<(), Halt> {
        let change = EffectChange { effect: step.clone(), conversation: Some(self.id.clone()), end };
        stage::record(&self.shared.job.ledger, vec![change]).await
    }

    /// What became of a step that comes to the same when it is made twice.
    fn made(&mut self, called: Called<()>) -> Result<Made, Halt> {
        Ok(match self.moved(called)? {
            Outcome::Done(()) => Made::Yes,
            other => Made::Refused(other.to_string()),
        })
    }

    /// The outcome of a call, with the conversation's new id taken up; what a later run may still do ends this one.
    pub(super) fn moved<T>(&mut self, called: Called<T>) -> Result<Outcome<T>, Halt> {
        match self.moved_unchecked(called) {
            Outcome::Cancelled => Err(Halt::Cancelled),
            Outcome::Failed { cause, .. } => Err(Halt::Later(cause)),
            Outcome::Lost { why } => Err(Halt::Later(why)),
            outcome => Ok(outcome),
        }
    }

    pub(super) fn moved_unchecked<T>(&mut self, called: Called<T>) -> Outcome<T> {
        if let Some(id) = called.merged_into {
            self.id = id;
        }
        called.outcome
    }
}

/// A step, as people call it.
fn shown(step: &Effect) -> &str {
    if step.kind == EffectKind::State { "its state" } else { &step.what }
}

fn done(id: Option<String>, before: Option<String>) -> EffectEnd {
    EffectEnd::Done { id, made: true, before }
}

/// How the conversation stood, for whoever takes it back.
fn before(found: &front::Conversation) -> String {
    serde_json::json!({
        "status": found.status,
        "status_id": found.status_id,
        "assignee_id": found.assignee_id,
        "custom_fields": found.custom_fields,
    })
    .to_string()
}
