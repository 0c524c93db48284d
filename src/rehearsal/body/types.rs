//! Whether a request has the fields that it may have, of the types that they have.

use serde_json::{Map, Value};

use super::field::{Field, Kind, Schema};
use super::schemas::SOURCES;

/// All that is wrong with names and types, rather than the first thing.
pub(in super::super) fn complaints(request: &Map<String, Value>, schema: Schema) -> Vec<String> {
    let mut wrong = Vec::new();
    find_unknown(request, schema, &mut wrong);
    for field in schema.fields().filter(|field| !matches!(field.kind, Kind::File | Kind::Files)) {
        match lookup(request, field) {
            Some(value) => check_type(field, value, &mut wrong),
            None if field.is_required => wrong.push(format!("{} is required", field.path())),
            None => {}
        }
    }
    wrong
}

fn find_unknown(request: &Map<String, Value>, schema: Schema, wrong: &mut Vec<String>) {
    for (name, value) in request {
        if schema.has_group(name) {
            match value {
                Value::Object(inner) => wrong.extend(
                    inner
                        .keys()
                        .filter(|inner| schema.find(Some(name), inner).is_none())
                        .map(|inner| format!("{name}.{inner} is not a field of this request")),
                ),
                _ => wrong.push(format!("{name} must be an object")),
            }
            continue;
        }
        match schema.find(None, name).map(|field| field.kind) {
            None => wrong.push(format!("{name} is not a field of this request")),
            Some(Kind::File | Kind::Files) => wrong.push(format!(
                "{name} cannot travel in JSON, in which Front accepts files and loses them. Send multipart/form-data"
            )),
            Some(_) => {}
        }
    }
}

fn lookup<'a>(request: &'a Map<String, Value>, field: &Field) -> Option<&'a Value> {
    match field.group {
        Some(group) => request.get(group)?.get(field.name),
        None => request.get(field.name),
    }
}

fn check_type(field: &Field, value: &Value, wrong: &mut Vec<String>) {
    let path = field.path();
    match field.kind {
        Kind::Text if !value.is_string() => wrong.push(format!("{path} must be a string")),
        Kind::TextOrNull if !value.is_string() && !value.is_null() => {
            wrong.push(format!("{path} must be a string or null"));
        }
        Kind::Short(most) if !value.as_str().is_some_and(|text| (1..=most).contains(&text.chars().count())) => {
            wrong.push(format!("{path} must be a string of 1 to {most} characters"));
        }
        Kind::Choice(listed) if !value.as_str().is_some_and(|value| listed.contains(&value)) => {
            wrong.push(format!("{path} must be one of {}", listed.join(", ")));
        }
        Kind::Flag if !value.is_boolean() => wrong.push(format!("{path} must be true or false")),
        Kind::Integer if value.as_i64().is_none() => wrong.push(format!("{path} must be an integer")),
        Kind::Number if !value.is_number() => wrong.push(format!("{path} must be a number")),
        Kind::Object if !value.is_object() => wrong.push(format!("{path} must be an object")),
        Kind::TextList => check_texts(&path, value, wrong),
        Kind::Few(most) => {
            check_texts(&path, value, wrong);
            if value.as_array().is_some_and(|items| items.len() > most) {
                wrong.push(format!("{path} must not have more than {most} entries"));
            }
        }
        Kind::Handles => check_handles(&path, value, wrong),
        _ => {}
    }
}

fn check_texts(path: &str, value: &Value, wrong: &mut Vec<String>) {
    match value.as_array() {
        Some(items) => wrong.extend(items.iter().enumerate().filter_map(|(n, item)| match item.as_str() {
            Some("") => Some(format!("{path}[{n}] must not be empty")),
            Some(_) => None,
            None => Some(format!("{path}[{n}] must be a string")),
        })),
        None => wrong.push(format!("{path} must be an array of strings")),
    }
}

fn check_handles(path: &str, value: &Value, wrong: &mut Vec<String>) {
    let Some(items) = value.as_array() else {
        wrong.push(format!("{path} must be an array of objects"));
        return;
    };
    for (n, item) in items.iter().enumerate() {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let has_two = item.as_object().is_some_and(|item| item.len() == 2);
        if !has_two || text("handle").is_empty() || !SOURCES.contains(&text("source")) {
            let sources = SOURCES.join(", ");
            wrong.push(format!("{path}[{n}] must be an object of a handle and a source, one of {sources}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::schemas::{ADD_LINKS, ASSIGNEE, CREATE_COMMENT, CREATE_CONTACT, CREATE_TAG, UPDATE_CONVERSATION};
    use super::*;

    #[test]
    fn names_and_types_that_front_does_not_document_are_refused() {
        let cases = [
            (CREATE_TAG, json!({ "name": "x" }), json!({ "name": "x".repeat(65) })),
            (CREATE_TAG, json!({ "name": "x", "highlight": "red" }), json!({ "name": "x", "highlight": "mauve" })),
            (ASSIGNEE, json!({ "assignee_id": null }), json!({})),
            (ADD_LINKS, json!({ "link_ids": vec!["a"; 10] }), json!({ "link_ids": vec!["a"; 11] })),
            (UPDATE_CONVERSATION, json!({ "status": "open" }), json!({ "status": "unassigned" })),
            (UPDATE_CONVERSATION, json!({ "custom_fields": {} }), json!({ "custom_fields": [] })),
            (CREATE_COMMENT, json!({ "body": "x" }), json!({ "body": "x", "created_at": 5 })),
            (CREATE_COMMENT, json!({ "body": "x", "is_pinned": true }), json!({ "body": "x", "attachments": [] })),
            (
                CREATE_CONTACT,
                json!({ "handles": [{ "handle": "a", "source": "email" }] }),
                json!({ "handles": [{ "handle": "a", "source": "mail" }] }),
            ),
        ];
        for (schema, good, bad) in cases {
            assert_eq!(complaints(good.as_object().unwrap(), schema), Vec::<String>::new(), "{good}");
            assert_eq!(complaints(bad.as_object().unwrap(), schema).len(), 1, "{bad}");
        }
    }
}
