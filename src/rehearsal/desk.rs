//! What a company has set up in Front before anything is imported: workspaces, fields, statuses, rules, people.

use std::str::FromStr;

use serde_json::{Map, Value};

/// A workspace that exists from the start.
#[derive(Clone, Debug, Default)]
pub struct TeamSpec {
    /// `tim_…`; made up when absent.
    pub id: Option<String>,
    /// The name shown to people.
    pub name: String,
    /// Ids or names of its inboxes; those that no workspace names belong to the first.
    pub inboxes: Vec<String>,
    /// Ids of its teammates; everybody where none is named.
    pub teammates: Vec<String>,
}

/// A tag within another.
#[derive(Clone, Debug)]
pub struct TagSpec {
    /// The name shown to people.
    pub name: String,
    /// Name of the tag that it stands within, which must come before it.
    pub parent: Option<String>,
}

/// Somebody who is known from the start.
#[derive(Clone, Debug, Default)]
pub struct ContactSpec {
    /// The name shown to people.
    pub name: String,
    /// Source and handle of each way to reach them.
    pub handles: Vec<(String, String)>,
    /// Values of custom fields by their names.
    pub custom_fields: Map<String, Value>,
}

/// A custom field, written `NAME=TYPE` or `NAME=enum:VALUE,VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// By which values are given.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
}

/// What a custom field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Text.
    Text,
    /// True or false.
    Flag,
    /// A Unix time in seconds.
    Time,
    /// A number.
    Number,
    /// A teammate's address.
    Teammate,
    /// An inbox's id.
    Inbox,
    /// One of these.
    Choice(Vec<String>),
}

/// A ticket status, written `ID=CATEGORY:NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSpec {
    /// `sts_…`
    pub id: String,
    /// The name shown to people.
    pub name: String,
    /// What it means for the conversation.
    pub category: Category,
}

/// What a ticket status means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// It is being worked on.
    Open,
    /// It waits for somebody.
    Waiting,
    /// It is done.
    Resolved,
}

/// A rule, written `NAME=ACTION;ACTION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSpec {
    /// The name shown to people.
    pub name: String,
    /// What it does, in words.
    pub actions: Vec<String>,
    /// Id of the team or teammate it belongs to; the company's where there is none.
    pub owner: Option<String>,
}

impl FieldKind {
    /// Front's word for it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Flag => "boolean",
            Self::Time => "datetime",
            Self::Number => "number",
            Self::Teammate => "teammate",
            Self::Inbox => "inbox",
            Self::Choice(_) => "enum",
        }
    }

    /// Whether a value is of this kind. Whom it names is not looked up.
    pub(super) fn takes(&self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Flag => value.is_boolean(),
            Self::Time | Self::Number => value.is_number(),
            Self::Teammate => value.as_str().is_some_and(|value| value.contains('@')),
            Self::Inbox => value.as_str().is_some_and(|value| value.starts_with("inb_")),
            Self::Choice(values) => value.as_str().is_some_and(|value| values.iter().any(|known| known == value)),
        }
    }
}

impl Category {
    /// Front's word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Resolved => "resolved",
        }
    }
}

/// What is wrong with values of custom fields, where these fields exist.
pub(super) fn wrong_values(fields: &[FieldSpec], values: &Map<String, Value>) -> Vec<String> {
    let wrong = values.iter().filter_map(|(name, value)| match fields.iter().find(|field| field.name == *name) {
        None => Some(format!("custom_fields.{name} does not exist")),
        Some(field) if !field.kind.takes(value) => Some(format!("custom_fields.{name} is no {}", field.kind.name())),
        Some(_) => None,
    });
    wrong.collect()
}

impl FromStr for FieldSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, kind) = text.split_once('=').ok_or("write NAME=TYPE")?;
        let (kind, values) = kind.split_once(':').unwrap_or((kind, ""));
        let kind = match kind {
            "string" => FieldKind::Text,
            "boolean" => FieldKind::Flag,
            "datetime" => FieldKind::Time,
            "number" => FieldKind::Number,
            "teammate" => FieldKind::Teammate,
            "inbox" => FieldKind::Inbox,
            "enum" => FieldKind::Choice(values.split(',').map(str::to_owned).collect()),
            _ => {
                return Err(format!(
                    "{kind:?} is none of string, boolean, datetime, number, teammate, inbox, enum:VALUE,VALUE"
                ));
            }
        };
        Ok(Self { name: name.to_owned(), kind })
    }
}

impl FromStr for StatusSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(id, rest)| Some((id, rest.split_once(':')?)));
        let (id, (category, name)) = parts.ok_or("write ID=CATEGORY:NAME")?;
        let category = match category {
            "open" => Category::Open,
            "waiting" => Category::Waiting,
            "resolved" => Category::Resolved,
            _ => return Err(format!("{category:?} is none of open, waiting, resolved")),
        };
        Ok(Self { id: id.to_owned(), name: name.to_owned(), category })
    }
}

impl FromStr for RuleSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, actions) = text.split_once('=').ok_or("write NAME=ACTION;ACTION")?;
        let actions = actions.split(';').map(|action| action.trim().to_owned()).collect();
        Ok(Self { name: name.to_owned(), actions, owner: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_company_has_is_read_as_it_is_written() {
        let field = |text: &str| text.parse::<FieldSpec>().map(|field| field.kind.name());
        for kind in ["string", "boolean", "datetime", "number", "teammate", "inbox", "enum"] {
            assert_eq!(field(&format!("Plan={kind}")), Ok(kind));
        }
        let choice: FieldSpec = "Plan=enum:basic,pro".parse().unwrap();
        assert!(choice.kind.takes(&Value::from("pro")) && !choice.kind.takes(&Value::from("gold")));
        let status: StatusSpec = "sts_1=waiting:On hold: parts".parse().unwrap();
        assert_eq!((status.name.as_str(), status.category), ("On hold: parts", Category::Waiting));
        let rule: RuleSpec = "Greet=Send a reply; Assign to Leela".parse().unwrap();
        assert_eq!(rule.actions, ["Send a reply", "Assign to Leela"]);
        assert!(field("Plan").is_err() && field("Plan=text").is_err());
        assert!("sts_1=done:x".parse::<StatusSpec>().is_err() && "x".parse::<RuleSpec>().is_err());
    }

    #[test]
    fn values_of_custom_fields_must_have_their_type() {
        let fields: Vec<FieldSpec> = ["Plan=string", "VIP=boolean"].iter().map(|it| it.parse().unwrap()).collect();
        let wrong =
            |text: &str| wrong_values(&fields, serde_json::from_str::<Value>(text).unwrap().as_object().unwrap());
        assert!(wrong(r#"{"Plan": "gold", "VIP": true}"#).is_empty());
        assert_eq!(wrong(r#"{"Plan": 5, "Colour": "red"}"#).len(), 2);
    }
}
