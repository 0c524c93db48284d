//! One contact: made, or completed by what it lacks. What it has is never overwritten.

use super::{ROUNDS, Shared};
use crate::front::{Contact, ContactDetails, Handle, NewContact, Outcome};
use crate::ledger::{Effect, EffectEnd, EffectKind, Standing};
use crate::plan::Person;
use crate::stage::Halt;
use serde_json::{Map, Value, json};

/// What every contact is given beside their name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// Names of lists.
    pub lists: Vec<String>,
    /// Custom fields, by name, as their types take them.
    pub custom_fields: Map<String, Value>,
}

pub(super) async fn make(shared: &Shared, given: &Given, person: &Person) -> Result<(), Halt> {
    let one = One::new(shared, given, person);
    let is_open = match shared.effects.standing(&one.effect) {
        Some(Standing::Left) if !shared.retry_left => {
            shared.run.count(|counts| counts.left += 1);
            shared.run.tell(format!("contact {}", one.effect.what), "left by an earlier run");
            return Ok(());
        }
        None | Some(Standing::Begun | Standing::Undone | Standing::Left) => true,
        Some(Standing::Done) => false,
    };
    if !is_open {
        shared.run.count(|counts| counts.there_already += 1);
        return Ok(());
    }
    one.settle().await
}

struct One<'a> {
    shared: &'a Shared,
    given: &'a Given,
    name: Option<&'a str>,
    handle: Handle,
    effect: Effect,
}

impl<'a> One<'a> {
    fn new(shared: &'a Shared, given: &'a Given, person: &'a Person) -> Self {
        let handle = Handle { handle: person.reached.handle.clone(), source: person.reached.source.to_owned() };
        let what = format!("{}:{}", handle.source, handle.handle);
        let effect = Effect::company(EffectKind::Contact, what);
        Self { shared, given, name: person.name.as_deref(), handle, effect }
    }

    async fn settle(&self) -> Result<(), Halt> {
        let shared = self.shared;
        let mut is_ours = shared.was_begun(&self.effect);
        let mut is_begun = is_ours;
        let mut refused = None;
        for _ in 0..ROUNDS {
            match shared.client.contact_by_handle(&self.handle, &shared.run.cancellation).await?.outcome {
                Outcome::Done(found) => return self.complete(&found, is_ours).await,
                Outcome::Absent { .. } => {}
                other => return self.give_up(other).await,
            }
            if let Some(why) = refused {
                return self.leave(why).await;
            }
            if !is_begun {
                shared.begin(&self.effect).await?;
                is_begun = true;
            }
            let called = shared.client.create_contact(&self.whole(), &shared.run.cancellation).await;
            match shared.outcome_of(&self.effect, is_ours, called).await? {
                Outcome::Done(made) => {
                    let end = EffectEnd::Done { id: Some(made.id), made: true, before: Some(self.given()) };
                    shared.record(&self.effect, end).await?;
                    shared.run.count(|counts| counts.contacts += 1);
                    return Ok(());
                }
                Outcome::Lost { .. } => is_ours = true,
                // Somebody has made it meanwhile, or Front does not want it: with which code is not documented.
                other => refused = Some(other.to_string()),
            }
        }
        Err(Halt::Later(format!("whether the contact {} was made is not known", self.effect.what)))
    }

    /// What it is made with, for whoever takes it back.
    fn given(&self) -> String {
        serde_json::to_string(&self.whole().details).unwrap_or_default()
    }

    /// The contact as it is made.
    fn whole(&self) -> NewContact {
        let Given { lists, custom_fields } = self.given;
        NewContact {
            handles: vec![self.handle.clone()],
            details: ContactDetails {
                name: self.name.map(str::to_owned),
                description: None,
                custom_fields: (!custom_fields.is_empty()).then(|| custom_fields.clone()),
                list_names: (!lists.is_empty()).then(|| lists.clone()),
            },
        }
    }

    /// It is there: it gets what it lacks.
    async fn complete(&self, found: &Contact, is_ours: bool) -> Result<(), Halt> {
        let shared = self.shared;
        if found.is_private {
            return self.leave("it is one teammate's own contact, which is theirs").await;
        }
        let lacking = lacking(found, self.name, self.given);
        if lacking != ContactDetails::default() {
            match shared.client.update_contact(&found.id, &lacking, &shared.run.cancellation).await?.outcome {
                Outcome::Done(()) => {}
                other => return self.give_up(other).await,
            }
        }
        let is_changed = lacking != ContactDetails::default();
        let before = if is_ours { Some(self.given()) } else { is_changed.then(|| before(found)) };
        let end = EffectEnd::Done { id: Some(found.id.clone()), made: is_ours, before };
        shared.record(&self.effect, end).await?;
        shared.run.count(|counts| match (is_ours, is_changed) {
            (true, _) => counts.contacts += 1,
            (false, true) => counts.completed += 1,
            (false, false) => counts.there_already += 1,
        });
        Ok(())
    }

    async fn give_up<T>(&self, outcome: Outcome<T>) -> Result<(), Halt> {
        match outcome {
            Outcome::Cancelled => Err(Halt::Cancelled),
            Outcome::Failed { cause, .. } | Outcome::Lost { why: cause } => {
                Err(Halt::Later(format!("the contact {}: {cause}", self.effect.what)))
            }
            other => self.leave(other.to_string()).await,
        }
    }

    async fn leave(&self, why: impl AsRef<str>) -> Result<(), Halt> {
        self.shared.leave(&self.effect, why.as_ref()).await
    }
}

/// What a contact lacks. Lists and custom fields are named with those that it has: Front takes away what is left out.
fn lacking(found: &Contact, name: Option<&str>, given: &Given) -> ContactDetails {
    let has_list = |name: &str| found.lists.iter().any(|list| list.name == name);
    let lists: Vec<&String> = given.lists.iter().filter(|name| !has_list(name)).collect();
    let all_lists = || found.lists.iter().map(|list| &list.name).chain(lists.iter().copied()).cloned().collect();
    let is_empty = |name: &str| found.custom_fields.get(name).is_none_or(|value| value.is_null() || value == "");
    let fields: Vec<(&String, &Value)> = given.custom_fields.iter().filter(|(name, _)| is_empty(name)).collect();
    let all_fields = || {
        let there = found.custom_fields.iter().filter(|(_, value)| !value.is_null());
        there.chain(fields.iter().copied()).map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    ContactDetails {
        name: name.filter(|_| found.name.trim().is_empty()).map(str::to_owned),
        description: None,
        custom_fields: (!fields.is_empty()).then(all_fields),
        list_names: (!lists.is_empty()).then(all_lists),
    }
}

/// How it was, for whoever takes it back.
fn before(found: &Contact) -> String {
    let lists: Vec<&str> = found.lists.iter().map(|list| list.name.as_str()).collect();
    json!({ "name": found.name, "lists": lists, "custom_fields": found.custom_fields }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &Value) -> Contact {
        serde_json::from_value(text.clone()).unwrap()
    }

    fn given() -> Given {
        let custom_fields = json!({ "Origin": "legacy", "Since": 7 }).as_object().unwrap().clone();
        Given { lists: vec!["Old".to_owned()], custom_fields }
    }

    fn words(details: &ContactDetails) -> Value {
        serde_json::to_value(details).unwrap()
    }

    #[test]
    fn a_contact_gets_what_it_lacks_beside_what_it_has() {
        let bare = found(&json!({ "id": "crd_1", "name": null, "custom_fields": {}, "lists": [] }));
        let expected =
            json!({ "name": "Ann", "list_names": ["Old"], "custom_fields": { "Origin": "legacy", "Since": 7 } });
        assert_eq!(words(&lacking(&bare, Some("Ann"), &given())), expected);

        let known = found(&json!({
            "id": "crd_1", "name": "Annie", "lists": [{ "id": "grp_1", "name": "VIP" }],
            "custom_fields": { "Origin": "shop", "Since": null, "City": "Lyon", "Plan": null },
        }));
        let expected = json!({
            "list_names": ["VIP", "Old"], "custom_fields": { "Origin": "shop", "Since": 7, "City": "Lyon" },
        });
        assert_eq!(words(&lacking(&known, Some("Ann"), &given())), expected);
    }

    #[test]
    fn a_contact_that_has_everything_is_left_alone() {
        let whole = found(&json!({
            "id": "crd_1", "name": "Annie", "lists": [{ "id": "grp_1", "name": "Old" }],
            "custom_fields": { "Origin": "shop", "Since": 0 },
        }));
        assert_eq!(lacking(&whole, Some("Ann"), &given()), ContactDetails::default());
        let nameless = found(&json!({ "id": "crd_1" }));
        assert_eq!(lacking(&nameless, None, &Given::default()), ContactDetails::default());
    }
}
