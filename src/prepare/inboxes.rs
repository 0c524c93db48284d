//! Inboxes that the plan names.

use super::Shared;
use crate::front::{NewInbox, Outcome};
use crate::ledger::{Effect, EffectKind};
use crate::stage::{Halt, locked};
use std::collections::BTreeMap;

/// The inboxes of the plan, and how those are made that are missing.
#[derive(Debug, Clone, Default)]
pub struct Inboxes {
    /// Those that Front has: name → id.
    pub there: BTreeMap<String, String>,
    /// Names of those that it lacks.
    pub missing: Vec<String>,
    /// Id of the workspace in which they are made; Front's oldest without it.
    pub workspace: Option<String>,
    /// Ids of the teammates who see them.
    pub teammates: Vec<String>,
}

impl Inboxes {
    pub(super) async fn make(&self, shared: &Shared) -> Result<(), Halt> {
        for (name, id) in &self.there {
            if shared.found(&effect(name), id).await? {
                shared.run.count(|counts| counts.inboxes += 1);
            }
        }
        for name in &self.missing {
            match self.make_one(shared, name).await {
                Ok(Some(id)) => {
                    shared.run.count(|counts| counts.inboxes += 1);
                    locked(&shared.inboxes).insert(name.clone(), id);
                }
                Ok(None) => {}
                Err(halt @ Halt::Later(_)) => {
                    shared.run.halt(halt);
                }
                Err(halt) => return Err(halt),
            }
        }
        Ok(())
    }

    /// The id of the one that was made; none if Front does not want it.
    async fn make_one(&self, shared: &Shared, name: &str) -> Result<Option<String>, Halt> {
        let effect = effect(name);
        let was_begun = shared.was_begun(&effect);
        shared.begin(&effect).await?;
        let inbox = NewInbox { name: name.to_owned(), teammate_ids: self.teammates.clone(), is_public: None };
        let called = shared.client.create_inbox(&inbox, self.workspace.as_deref(), &shared.run.cancellation).await;
        let id = match shared.outcome_of(&effect, was_begun, called).await? {
            Outcome::Done(made) => made.id,
            Outcome::Lost { why } => match find(shared, name).await? {
                Some(id) => id,
                // Nobody can delete an inbox but by hand, so it is not made again before a further run has looked.
                None => return Err(Halt::Later(format!("whether the inbox {name} was made is not known: {why}"))),
            },
            other => {
                shared.leave(&effect, &other.to_string()).await?;
                return Ok(None);
            }
        };
        shared.made(&effect, id.clone()).await?;
        Ok(Some(id))
    }
}

async fn find(shared: &Shared, name: &str) -> Result<Option<String>, Halt> {
    Ok(shared.client.inboxes().await?.into_iter().find(|inbox| inbox.name == name).map(|inbox| inbox.id))
}

fn effect(name: &str) -> Effect {
    Effect::company(EffectKind::Inbox, name)
}
