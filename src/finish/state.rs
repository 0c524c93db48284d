//! How a conversation is to stand, and what of that it lacks.

use super::Names;
use super::walk::Work;
use crate::front::{Assignee, Conversation, ConversationChange, Status, typed_value};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Custom fields of conversations, by name: their types, in Front's words.
pub type Fields = BTreeMap<String, String>;

/// How a conversation is to stand, as the mapping names it. Its JSON names the step: another wish is another step.
#[derive(Debug, Serialize)]
pub(super) struct Wanted<'a> {
    is_archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    custom_fields: BTreeMap<&'a str, &'a str>,
}

/// What a conversation lacks of what it is wanted to be.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Lacking {
    /// What would change how it stands: of no conversation that somebody has touched since.
    pub(super) stands: Option<ConversationChange>,
    /// Custom fields that have no value yet, beside those that have.
    pub(super) fields: Option<Map<String, Value>>,
    /// Custom fields that have another value, in words: whoever gave it may have meant it.
    pub(super) held: Option<String>,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(work: &'a Work) -> Self {
        Self {
            is_archived: work.is_archived,
            assignee: work.assignee.as_deref(),
            status: work.finish.status.as_deref(),
            custom_fields: work
                .finish
                .custom_fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
        }
    }

    /// What names the step.
    pub(super) fn name(&self) -> String {
        // Strings and a boolean: nothing that JSON could not hold.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What `found` lacks.
    ///
    /// # Errors
    /// Why a value does not fit its field, in words.
    pub(super) fn lacking(&self, found: &Conversation, names: &Names) -> Result<Lacking, String> {
        let mut change = ConversationChange::default();
        let is_archived = found.status == "archived";
        let assignee = self.assignee.and_then(|assignee| names.teammates.get(assignee));
        if let Some(assignee) = assignee.filter(|assignee| found.assignee_id.as_ref() != Some(assignee)) {
            change.assignee_id = Some(Assignee::Teammate(assignee.clone()));
        }
        let status_id = self.status.and_then(|status| names.statuses.get(status));
        match status_id {
            Some(status_id) if found.status_id.as_ref() != Some(status_id) => {
                change.status_id = Some(status_id.clone());
            }
            None if is_archived != self.is_archived => {
                change.status = Some(if self.is_archived { Status::Archived } else { Status::Open });
            }
            // A ticket's status says more than archived or open, and not both can be given.
            _ => {}
        }
        let mut fields = found.custom_fields.clone();
        let mut is_new = false;
        let mut held = Vec::new();
        for (name, value) in &self.custom_fields {
            let kind = names.fields.get(*name).map_or("string", String::as_str);
            let typed = || typed_value(name, value, kind, |named| names.address_of(named));
            match found.custom_fields.get(*name).filter(|there| !there.is_null()) {
                None => {
                    fields.insert((*name).to_owned(), typed()?);
                    is_new = true;
                }
                // How Front shows the others that it has taken is not documented.
                Some(there) if matches!(kind, "string" | "enum" | "number" | "boolean") => {
                    let is_same = typed().is_ok_and(|wanted| same(there, &wanted));
                    held.extend((!is_same).then(|| format!("the custom field {name} holds {there} and keeps it")));
                }
                Some(_) => {}
            }
        }
        Ok(Lacking {
            stands: (change != ConversationChange::default()).then_some(change),
            fields: is_new.then_some(fields),
            held: (!held.is_empty()).then(|| held.join("; ")),
        })
    }
}

/// 17 and 17.0 are one number.
fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|number| other.as_f64() == Some(number))
}

impl Lacking {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(status: &str, fields: &Value) -> Conversation {
        Conversation {
            id: "cnv_1".into(),
            subject: String::new(),
            status: status.into(),
            status_id: None,
            assignee_id: None,
            tags: Vec::new(),
            links: Vec::new(),
            custom_fields: fields.as_object().cloned().unwrap_or_default(),
        }
    }

    fn names() -> Names {
        let pair = |(one, other): (&str, &str)| (one.to_owned(), other.to_owned());
        Names {
            teammates: [("alt:email:nell@acme.example", "tea_1")].map(pair).into(),
            statuses: [("Waiting", "sts_1")].map(pair).into(),
            fields: [("Case", "number"), ("Paid", "boolean"), ("Due", "datetime"), ("Owner", "teammate")]
                .map(pair)
                .into(),
            ..Names::default()
        }
    }

    fn wanted(is_archived: bool) -> Wanted<'static> {
        Wanted { is_archived, assignee: None, status: None, custom_fields: BTreeMap::new() }
    }

    #[test]
    fn what_stands_as_wanted_lacks_nothing() {
        assert!(wanted(true).lacking(&found("archived", &Value::Null), &names()).unwrap().is_nothing());
        assert!(wanted(false).lacking(&found("unassigned", &Value::Null), &names()).unwrap().is_nothing());
        assert!(wanted(false).lacking(&found("assigned", &Value::Null), &names()).unwrap().is_nothing());
    }

    #[test]
    fn a_late_import_that_reopened_it_is_mended_and_an_assignee_given() {
        let wanted = Wanted { assignee: Some("alt:email:nell@acme.example"), ..wanted(true) };
        let lacking = wanted.lacking(&found("unassigned", &Value::Null), &names()).unwrap();
        let change = serde_json::to_value(lacking.stands.unwrap()).unwrap();
        assert_eq!(change, json!({ "assignee_id": "tea_1", "status": "archived" }));
    }

    #[test]
    fn a_ticket_status_goes_alone() {
        let wanted = Wanted { status: Some("Waiting"), ..wanted(true) };
        let lacking = wanted.lacking(&found("unassigned", &Value::Null), &names()).unwrap();
        assert_eq!(serde_json::to_value(lacking.stands.unwrap()).unwrap(), json!({ "status_id": "sts_1" }));
    }

    #[test]
    fn fields_keep_what_they_hold_and_the_others_are_filled_by_their_types() {
        let fields =
            [("Case", "17"), ("Paid", "yes"), ("Due", "2019-01-01"), ("Owner", "nell@acme.example"), ("Plan", "gold")];
        let wanted = Wanted { custom_fields: fields.into(), ..wanted(true) };
        let lacking =
            wanted.lacking(&found("archived", &json!({ "Plan": "silver", "Other": 1, "Case": null })), &names());
        let expected = json!({
            "Plan": "silver", "Other": 1, "Case": 17, "Due": 1_546_300_800, "Owner": "nell@acme.example", "Paid": true,
        });
        assert_eq!(Value::from(lacking.unwrap().fields.unwrap()), expected);
        let misfit = Wanted { custom_fields: [("Case", "x")].into(), ..wanted };
        let words = misfit.lacking(&found("archived", &Value::Null), &names()).unwrap_err();
        assert_eq!(words, "the custom field Case takes a number, not \"x\"");
    }
}
