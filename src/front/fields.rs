//! Custom fields, which are defined in Front alone, and ticket statuses.

use serde::Deserialize;
use serde_json::Value;

use super::client::Client;
use super::settings::FrontError;
use super::wire::or_default;

/// A custom field. Values are given under its name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CustomField {
    /// `fld_…`
    pub id: String,
    /// As shown in Front, and as values are given under.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// What it is for.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// `string`, `boolean`, `datetime`, `number`, `teammate`, `inbox` or `enum`.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    /// What an `enum` may be.
    #[serde(default, deserialize_with = "or_default")]
    pub values: Vec<FieldValue>,
}

/// A value of a custom field of the type `enum`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FieldValue {
    /// As it is given.
    #[serde(default, deserialize_with = "or_default")]
    pub value: String,
    /// As shown in Front.
    #[serde(default, deserialize_with = "or_default")]
    pub label: String,
}

/// A status that a ticket can have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TicketStatus {
    /// `sts_…`
    pub id: String,
    /// As shown in Front.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// `open`, `waiting` or `resolved`.
    pub category: Option<String>,
}

impl Client {
    /// The custom fields of conversations; those that Front manages itself are not among them.
    pub async fn conversation_fields(&self) -> Result<Vec<CustomField>, FrontError> {
        self.list(self.target().url(&["conversations", "custom_fields"])).await
    }

    /// The custom fields of contacts.
    pub async fn contact_fields(&self) -> Result<Vec<CustomField>, FrontError> {
        self.list(self.target().url(&["contacts", "custom_fields"])).await
    }

    /// The statuses of tickets, or `None` where the company does not use tickets.
    pub async fn ticket_statuses(&self) -> Result<Option<Vec<TicketStatus>>, FrontError> {
        self.list_if_there(&self.target().url(&["company", "statuses"])).await
    }
}

/// A value as a field of this type (`kind`) takes it. `address_of` gives the address of a teammate who is named by it, by an alias or
/// by an id: Front has a teammate in a field by that.
///
/// # Errors
/// Why it does not fit, in words.
pub fn typed_value(
    name: &str,
    value: &str,
    kind: &str,
    address_of: impl Fn(&str) -> Option<String>,
) -> Result<Value, String> {
    let wrong = |what: &str| format!("the custom field {name} takes {what}, not \"{value}\"");
    match kind {
        "number" => {
            let number = value.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            // Whole numbers stay whole.
            value.parse::<i64>().map(Value::from).ok().or(number.map(Value::Number)).ok_or_else(|| wrong("a number"))
        }
        "boolean" => match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Value::Bool(true)),
            "false" | "no" | "0" => Ok(Value::Bool(false)),
            _ => Err(wrong("true or false")),
        },
        "datetime" => {
            let moment = value.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second);
            let day = || value.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
            let seconds = moment.ok().or_else(|| value.parse().ok()).or_else(|| Some(day()?.timestamp().as_second()));
            seconds.map(Value::from).ok_or_else(|| wrong("a day or a moment (RFC 3339)"))
        }
        "teammate" => address_of(value).map(Value::from).ok_or_else(|| wrong("a teammate")),
        _ => Ok(Value::from(value)),
    }
}
