//! What was made for the company: tags and contacts that nobody else uses go, the rest is told.

use super::earlier::Thing;
use super::{Halt, Shared};
use crate::front::{CallResult, Contact, Conversation, Handle, Outcome, Tag};
use crate::ledger::{Effect, EffectChange, EffectEnd, EffectKind};
use crate::stage::{locked, settled};
use serde_json::Value;
use std::collections::BTreeSet;

/// Why a thing is left of which only the request is known.
const PERHAPS_OURS: &str = "an earlier run was stopped while it asked Front for it: whether it is ours is not known";

impl Shared {
    pub(super) async fn take_back_company(&self) {
        if let Err(halt) = self.take_back_tags().await {
            self.settle("tags", Err(halt));
        }
        for contact in &self.earlier.contacts {
            let ended = self.take_back_contact(contact).await;
            self.settle(&format!("contact {}", contact.name), ended);
        }
        if let Err(halt) = self.tell_inboxes().await {
            self.settle("inboxes", Err(halt));
        }
    }

    /// Those below others come first, and only where none is left below one it goes.
    async fn take_back_tags(&self) -> Result<(), Halt> {
        if self.earlier.tags.is_empty() {
            return Ok(());
        }
        let all = self.job.client.tags().await?;
        let mut removed = BTreeSet::new();
        for tag in &self.earlier.tags {
            let ended = self.take_back_tag(tag, &all, &mut removed).await;
            self.settle(&format!("tag {}", tag.name), ended);
        }
        Ok(())
    }

    async fn take_back_tag(&self, tag: &Thing, all: &[Tag], removed: &mut BTreeSet<String>) -> Result<(), Halt> {
        let Some(id) = &tag.id else {
            let is_there = self.job.client.company_tags().await?.iter().any(|there| there.name == tag.name);
            return self.perhaps_ours(EffectKind::Tag, &tag.name, is_there).await;
        };
        let is_below = |other: &&Tag| other.parent_id.as_ref() == Some(id) && !removed.contains(&other.id);
        if let Some(below) = all.iter().find(is_below) {
            return Err(Halt::Left(format!("the tag {} stands below it", below.name)));
        }
        let (client, cancellation) = (&self.job.client, &self.run.cancellation);
        match settled(client.tagged_conversation(id, cancellation, |it| !self.is_taken(it)).await?)? {
            Outcome::Done(None) => {}
            Outcome::Done(Some(other)) => {
                return Err(Halt::Left(format!("a conversation that is not taken back has it ({})", other.id)));
            }
            Outcome::Absent { .. } => return self.company_undone(EffectKind::Tag, &tag.name).await,
            other => return Err(Halt::Left(other.to_string())),
        }
        if !self.job.is_dry {
            gone(client.delete_tag(id, cancellation).await)?;
        }
        removed.insert(id.clone());
        self.run.count(|counts| counts.tags += 1);
        self.company_undone(EffectKind::Tag, &tag.name).await
    }

    /// Its name is `source:handle`.
    async fn take_back_contact(&self, thing: &Thing) -> Result<(), Halt> {
        let (source, handle) = thing.name.split_once(':').unwrap_or(("custom", &thing.name));
        let (client, cancellation) = (&self.job.client, &self.run.cancellation);
        let Some(id) = &thing.id else {
            let known = Handle { handle: handle.to_owned(), source: source.to_owned() };
            let found = settled(client.contact_by_handle(&known, cancellation).await?)?;
            return match found {
                Outcome::Done(_) => self.perhaps_ours(EffectKind::Contact, &thing.name, true).await,
                Outcome::Absent { .. } => self.perhaps_ours(EffectKind::Contact, &thing.name, false).await,
                other => Err(Halt::Left(other.to_string())),
            };
        };
        let contact = match settled(client.contact(id, cancellation).await?)? {
            Outcome::Done(contact) => contact,
            Outcome::Absent { .. } => return self.company_undone(EffectKind::Contact, &thing.name).await,
            other => return Err(Halt::Left(other.to_string())),
        };
        if let Some(what) = added(&contact, handle, thing.given.as_deref()) {
            return Err(Halt::Left(format!("somebody has given it {what}")));
        }
        match settled(client.conversation_of_contact(&contact.id, cancellation, |it| !self.is_taken(it)).await?)? {
            Outcome::Done(None) => {}
            Outcome::Done(Some(other)) => {
                return Err(Halt::Left(format!("they have a conversation that is not taken back ({})", other.id)));
            }
            other => return Err(Halt::Left(other.to_string())),
        }
        if !self.job.is_dry {
            gone(client.delete_contact(&contact.id, cancellation).await)?;
        }
        self.run.count(|counts| counts.contacts += 1);
        self.company_undone(EffectKind::Contact, &thing.name).await
    }

    /// Front has no call that deletes an inbox.
    async fn tell_inboxes(&self) -> Result<(), Halt> {
        if self.earlier.inboxes.is_empty() {
            return Ok(());
        }
        let there = self.job.client.inboxes().await?;
        for made in &self.earlier.inboxes {
            let ended = if there.iter().any(|inbox| inbox.name == made.name || Some(&inbox.id) == made.id.as_ref()) {
                Err(Halt::Left("Front has no call that deletes an inbox: delete it in Front's settings".to_owned()))
            } else {
                self.company_undone(EffectKind::Inbox, &made.name).await
            };
            self.settle(&format!("inbox {}", made.name), ended);
        }
        Ok(())
    }

    /// Is a conversation taken back, so that what hangs on it alone can be taken back, too? One that somebody else has trashed is not:
    /// it may come back.
    fn is_taken(&self, conversation: &Conversation) -> bool {
        let is_trashed = || conversation.is_trashed() && self.trashed_before.contains(&conversation.id);
        locked(&self.taken).contains(&conversation.id) || is_trashed()
    }

    async fn perhaps_ours(&self, kind: EffectKind, name: &str, is_there: bool) -> Result<(), Halt> {
        if is_there { Err(Halt::Left(PERHAPS_OURS.to_owned())) } else { self.company_undone(kind, name).await }
    }

    async fn company_undone(&self, kind: EffectKind, what: &str) -> Result<(), Halt> {
        if self.job.is_dry {
            return Ok(());
        }
        let effect = Effect::company(kind, what);
        self.record(vec![EffectChange { effect, conversation: None, end: EffectEnd::Undone }]).await
    }
}

/// That something does not exist any more, by whomever: after an attempt without answer a deletion ends so.
fn gone(called: CallResult<()>) -> Result<(), Halt> {
    match settled(called?)? {
        Outcome::Done(()) | Outcome::Absent { .. } => Ok(()),
        other => Err(Halt::Left(other.to_string())),
    }
}

/// What a contact has beyond what it was made with, in words.
fn added(contact: &Contact, handle: &str, given: Option<&str>) -> Option<&'static str> {
    let given: Value = given.and_then(|given| serde_json::from_str(given).ok()).unwrap_or_default();
    let lists: Vec<&str> = given["list_names"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let has_other_field =
        || contact.custom_fields.iter().any(|(name, value)| !value.is_null() && given["custom_fields"][name] != *value);
    if contact.handles.iter().any(|other| !other.handle.eq_ignore_ascii_case(handle)) {
        Some("another handle")
    } else if !contact.description.trim().is_empty() {
        Some("a description")
    } else if !contact.links.is_empty() {
        Some("a link")
    } else if contact.lists.iter().any(|list| !lists.contains(&list.name.as_str())) {
        Some("another list")
    } else if !contact.name.is_empty() && given["name"] != contact.name.as_str() {
        Some("another name")
    } else if has_other_field() {
        Some("another value in a custom field")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_somebody_added_to_a_contact_is_seen() {
        let given =
            json!({ "name": "Ann", "list_names": ["Old"], "custom_fields": { "Origin": "legacy" } }).to_string();
        let whole = json!({
            "id": "crd_1", "name": "Ann", "handles": [{ "handle": "Ann@shop.example", "source": "email" }],
            "lists": [{ "id": "grp_1", "name": "Old" }], "custom_fields": { "Origin": "legacy", "City": null },
        });
        let with = |key: &str, value: Value| -> Contact {
            let mut contact = whole.clone();
            contact[key] = value;
            serde_json::from_value(contact).unwrap()
        };
        let seen = |contact: &Contact| added(contact, "ann@shop.example", Some(&given));
        assert_eq!(seen(&with("id", json!("crd_2"))), None);
        assert_eq!(seen(&with("name", json!(""))), None);
        for (key, value, what) in [
            ("name", json!("Ann Lee"), "another name"),
            ("description", json!("VIP"), "a description"),
            ("links", json!(["https://crm.example/7"]), "a link"),
            ("lists", json!([{ "id": "grp_2", "name": "VIP" }]), "another list"),
            ("custom_fields", json!({ "City": "Lyon" }), "another value in a custom field"),
            ("handles", json!([{ "handle": "+4420", "source": "phone" }]), "another handle"),
        ] {
            assert_eq!(seen(&with(key, value)), Some(what));
        }
    }
}
