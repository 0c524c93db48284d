//! What was made for the company: tags and contacts that nobody else uses go, the rest is told.

use super::thread::{done, settled};
use super::{Halt, Shared};
use crate::front::{Handle, Outcome};
use crate::ledger::{Effect, EffectChange, EffectEnd, EffectKind, Ledger, LedgerError};
use crate::stage::locked;
use std::collections::BTreeMap;

/// What this ledger made for the company, by what names it, with Front's id where that is known.
#[derive(Debug, Default)]
pub(super) struct Made {
    tags: Vec<(String, Option<String>)>,
    contacts: Vec<(String, Option<String>)>,
    inboxes: Vec<String>,
}

/// By `thread_ref`: addresses of the links that we attached.
type Links = BTreeMap<String, Vec<String>>;

/// Everything that was made and not taken back.
pub(super) fn made(ledger: &Ledger) -> Result<(Links, Made), LedgerError> {
    let (mut links, mut company) = (Links::new(), Made::default());
    let effects = ledger.effects()?;
    for change in ledger.last_changes(&effects)? {
        let EffectChange { effect, end, .. } = change?;
        let id = match end {
            EffectEnd::Done { made: true, id, .. } => id,
            // Whether it is ours, only what is found in Front tells; a link that is there is taken off.
            EffectEnd::Begun => None,
            EffectEnd::Done { .. } | EffectEnd::Left { .. } | EffectEnd::Undone => continue,
        };
        match effect.kind {
            EffectKind::Link => links.entry(effect.of).or_default().push(effect.what),
            EffectKind::Tag => company.tags.push((effect.what, id)),
            EffectKind::Contact => company.contacts.push((effect.what, id)),
            EffectKind::Inbox => company.inboxes.push(effect.what),
            EffectKind::Tagged
            | EffectKind::Follower
            | EffectKind::State
            | EffectKind::Trashed
            | EffectKind::Deleted => {}
        }
    }
    Ok((links, company))
}

impl Shared {
    pub(super) async fn take_back_company(&self) {
        for (name, id) in &self.company.tags {
            let ended = self.take_back_tag(name, id.as_deref()).await;
            self.settle(&format!("tag {name}"), ended);
        }
        for (name, id) in &self.company.contacts {
            let ended = self.take_back_contact(name, id.as_deref()).await;
            self.settle(&format!("contact {name}"), ended);
        }
        for name in &self.company.inboxes {
            let why = "Front has no call that deletes an inbox: delete it in Front's settings".to_owned();
            self.settle(&format!("inbox {name}"), Err(Halt::Left(why)));
        }
    }

    fn is_taken(&self, conversation: &str) -> bool {
        locked(&self.taken).contains(conversation)
    }

    async fn take_back_tag(&self, name: &str, id: Option<&str>) -> Result<(), Halt> {
        let id = match id {
            Some(id) => id.to_owned(),
            None => match self.job.client.tags().await?.into_iter().find(|tag| tag.name == name) {
                Some(tag) => tag.id,
                None => return self.company_undone(EffectKind::Tag, name).await,
            },
        };
        let found = match settled(self.job.client.tag_conversations(&id, &self.run.cancellation).await?)? {
            Outcome::Done(found) => found,
            Outcome::Absent { .. } => return self.company_undone(EffectKind::Tag, name).await,
            other => return Err(Halt::Left(other.to_string())),
        };
        if let Some(other) = found.iter().find(|other| other.status != "deleted" && !self.is_taken(&other.id)) {
            return Err(Halt::Left(format!("a conversation that is not taken back has it ({})", other.id)));
        }
        self.run.count(|counts| counts.tags += 1);
        if self.job.is_dry {
            return Ok(());
        }
        match settled(self.job.client.delete_tag(&id, &self.run.cancellation).await?)? {
            Outcome::Done(()) | Outcome::Absent { .. } => self.company_undone(EffectKind::Tag, name).await,
            other => Err(Halt::Left(other.to_string())),
        }
    }

    /// `name` is `source:handle`.
    async fn take_back_contact(&self, name: &str, id: Option<&str>) -> Result<(), Halt> {
        let (source, handle) = name.split_once(':').unwrap_or(("custom", name));
        let known = Handle { handle: handle.to_owned(), source: source.to_owned() };
        let called = match id {
            Some(id) => self.job.client.contact(id, &self.run.cancellation).await?,
            None => self.job.client.contact_by_handle(&known, &self.run.cancellation).await?,
        };
        let contact = match settled(called)? {
            Outcome::Done(contact) => contact,
            Outcome::Absent { .. } => return self.company_undone(EffectKind::Contact, name).await,
            other => return Err(Halt::Left(other.to_string())),
        };
        if contact.handles.iter().any(|other| other.handle != handle) {
            return Err(Halt::Left("somebody has added a handle to it".to_owned()));
        }
        let found = match settled(self.job.client.contact_conversations(&contact.id, &self.run.cancellation).await?)? {
            Outcome::Done(found) => found,
            other => return Err(Halt::Left(other.to_string())),
        };
        if let Some(other) = found.iter().find(|other| other.status != "deleted" && !self.is_taken(&other.id)) {
            return Err(Halt::Left(format!("they have a conversation that is not taken back ({})", other.id)));
        }
        self.run.count(|counts| counts.contacts += 1);
        if self.job.is_dry {
            return Ok(());
        }
        done(self.job.client.delete_contact(&contact.id, &self.run.cancellation).await?)?;
        self.company_undone(EffectKind::Contact, name).await
    }

    async fn company_undone(&self, kind: EffectKind, what: &str) -> Result<(), Halt> {
        if self.job.is_dry {
            return Ok(());
        }
        let effect = Effect::company(kind, what);
        self.record(vec![EffectChange { effect, conversation: None, end: EffectEnd::Undone }]).await
    }
}
