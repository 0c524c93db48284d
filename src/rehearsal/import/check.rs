//! The rules that every message has to satisfy, however it travelled.

use serde_json::{Map, Value};

use super::super::body::{IMPORT_MESSAGE, MAX_TAG, complaints};

/// Longest `external_id` and `thread_ref`, in characters. The Channel API states 200 for its sibling fields; the import
/// states nothing.
const MAX_ID: usize = 200;
/// From here on a time must have been given in milliseconds.
const MILLISECONDS: i64 = 100_000_000_000;

/// What the store needs of a message that satisfied the rules; the rest stays in the request as received.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Checked {
    pub(in super::super) handle: String,
    pub(in super::super) name: Option<String>,
    /// Of an outbound message: Front ignores the author of an inbound one.
    pub(in super::super) author_id: Option<String>,
    /// `to`, `cc` and `bcc` in this order.
    pub(in super::super) recipients: Vec<String>,
    pub(in super::super) subject: Option<String>,
    pub(in super::super) external_id: String,
    pub(in super::super) created_at: i64,
    pub(in super::super) assignee_id: Option<String>,
    pub(in super::super) tags: Vec<String>,
    pub(in super::super) conversation_id: Option<String>,
    pub(in super::super) thread_ref: Option<String>,
    pub(in super::super) is_inbound: bool,
    pub(in super::super) is_archived: bool,
    /// What its handles are handles of.
    pub(in super::super) source: &'static str,
    /// The custom channel it came in by; its threads are its own. Imports have none.
    pub(in super::super) channel: Option<u32>,
}

/// Checks names, types and values, and tells all that is wrong rather than the first thing.
pub(super) fn check(request: &Map<String, Value>) -> Result<Checked, Vec<String>> {
    let wrong = complaints(request, IMPORT_MESSAGE);
    // Values are judged only where the types hold: everything else has been told already.
    if wrong.is_empty() { judge(request) } else { Err(wrong) }
}

/// What the store needs of a message whose types hold.
pub(in super::super) fn store_view(request: &Map<String, Value>) -> Checked {
    let top = |name: &str| text(request.get(name));
    let within = |group: &str, name: &str| request.get(group).and_then(|group| group.get(name));
    let is_inbound = within("metadata", "is_inbound").and_then(Value::as_bool).unwrap_or_default();
    Checked {
        handle: text(within("sender", "handle")).unwrap_or_default(),
        name: text(within("sender", "name")).filter(|name| !name.is_empty()),
        author_id: text(within("sender", "author_id")).filter(|_| !is_inbound),
        recipients: ["to", "cc", "bcc"].iter().flat_map(|name| texts(request.get(*name))).collect(),
        subject: top("subject").filter(|subject| !subject.is_empty()),
        external_id: top("external_id").unwrap_or_default(),
        created_at: request.get("created_at").and_then(Value::as_i64).unwrap_or_default(),
        assignee_id: top("assignee_id"),
        tags: texts(request.get("tags")),
        conversation_id: top("conversation_id"),
        thread_ref: text(within("metadata", "thread_ref")),
        is_inbound,
        is_archived: within("metadata", "is_archived").and_then(Value::as_bool).unwrap_or(true),
        source: match request.get("type").and_then(Value::as_str) {
            Some("sms") => "phone",
            Some("intercom") => "intercom",
            Some("custom") => "custom",
            _ => "email",
        },
        channel: None,
    }
}

fn judge(request: &Map<String, Value>) -> Result<Checked, Vec<String>> {
    let message = store_view(request);
    let body = request.get("body").and_then(Value::as_str).unwrap_or_default();
    let kind = request.get("type").and_then(Value::as_str).unwrap_or("email");
    let has_recipient = request.get("to").and_then(Value::as_array).is_some_and(|to| !to.is_empty());
    let id = &message.external_id;

    let mut wrong = Vec::new();
    let mut demand = |holds: bool, otherwise: &dyn Fn() -> String| {
        if !holds {
            wrong.push(otherwise());
        }
    };
    demand(!message.handle.is_empty(), &|| "sender.handle must not be empty".to_owned());
    demand(has_recipient, &|| "to must name at least one recipient".to_owned());
    demand(!body.is_empty(), &|| "body must not be empty".to_owned());
    demand(
        (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_control()),
        &|| format!("external_id must have 1 to {MAX_ID} ASCII characters"),
    );
    demand(message.created_at > 0, &|| "created_at must be a time after 1970-01-01".to_owned());
    demand(message.created_at < MILLISECONDS, &|| "created_at must be in seconds, not in milliseconds".to_owned());
    demand(kind == "email" || !request.contains_key("body_format"), &|| {
        format!("body_format can only be given for type email, not for {kind}")
    });
    demand(message.thread_ref.as_ref().is_none_or(|it| (1..=MAX_ID).contains(&it.chars().count())), &|| {
        format!("metadata.thread_ref must have 1 to {MAX_ID} characters")
    });
    for (n, tag) in message.tags.iter().enumerate() {
        demand(tag.chars().count() <= MAX_TAG, &|| format!("tags[{n}] must not have more than {MAX_TAG} characters"));
    }
    if wrong.is_empty() { Ok(message) } else { Err(wrong) }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(|item| text(Some(item))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message() -> Value {
        json!({
            "sender": { "handle": "ana@example.com" },
            "to": ["support@example.com"],
            "body": "Hello",
            "external_id": "tl1-1",
            "created_at": 1_453_770_984,
            "metadata": { "is_inbound": true },
        })
    }

    fn verdict(message: &Value) -> Result<Checked, Vec<String>> {
        check(message.as_object().unwrap())
    }

    /// The message with one value set by its pointer, or removed by `null` where `remove` says so.
    fn with(pointer: &str, value: Value) -> Value {
        let mut message = message();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        message.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
        message
    }

    #[test]
    fn the_smallest_message_is_accepted_with_fronts_defaults() {
        let checked = verdict(&message()).unwrap();
        assert!(checked.is_archived);
        assert_eq!(checked.thread_ref, None);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let wrong = verdict(&json!({ "sender": { "handle": 5 }, "colour": "red" })).unwrap_err();
        for expected in
            ["colour is not a field", "sender.handle must be a string", "to is required", "is_inbound is required"]
        {
            assert!(wrong.iter().any(|line| line.contains(expected)), "{expected} in {wrong:?}");
        }
    }

    #[test]
    fn each_rule_refuses_the_value_just_beyond_it_and_takes_the_one_just_within() {
        let long = |n: usize| Value::String("x".repeat(n));
        let cases = [
            ("/external_id", long(200), long(201)),
            ("/external_id", long(1), long(0)),
            ("/external_id", json!("abc"), json!("é")),
            ("/metadata/thread_ref", Value::String("é".repeat(200)), long(201)),
            ("/metadata/thread_ref", long(1), long(0)),
            ("/tags", json!(["x".repeat(64)]), json!(["x".repeat(65)])),
            ("/tags", json!([]), json!([""])),
            ("/to", json!(["a"]), json!([])),
            ("/cc", json!([]), json!([""])),
            ("/body", json!(" "), json!("")),
            ("/created_at", json!(1), json!(0)),
            ("/created_at", json!(99_999_999_999_i64), json!(100_000_000_000_i64)),
            ("/created_at", json!(1_453_770_984), json!(1_453_770_984.5)),
            ("/created_at", json!(1_453_770_984), json!("1453770984")),
            ("/metadata/is_inbound", json!(false), json!("false")),
            ("/metadata/is_archived", json!(false), Value::Null),
            ("/sender/handle", json!("a"), json!("")),
            ("/to", json!(["a"]), json!([{ "handle": "a" }])),
            ("/subject", json!(""), json!(1)),
            ("/type", json!("sms"), json!("call")),
            ("/body_format", json!("html"), json!("text")),
        ];
        for (pointer, good, bad) in cases {
            assert!(verdict(&with(pointer, good)).is_ok(), "{pointer} within its rule");
            assert!(verdict(&with(pointer, bad)).is_err(), "{pointer} beyond its rule");
        }
    }

    #[test]
    fn body_format_goes_with_email_only() {
        let mut message = with("/body_format", json!("html"));
        message["type"] = json!("custom");
        assert_eq!(verdict(&message).unwrap_err(), ["body_format can only be given for type email, not for custom"]);
    }

    #[test]
    fn the_author_of_an_inbound_message_is_ignored() {
        assert_eq!(verdict(&with("/sender/author_id", json!("nobody"))).unwrap().author_id, None);
    }

    #[test]
    fn files_in_json_are_refused_with_the_reason() {
        let wrong = verdict(&with("/attachments", json!([]))).unwrap_err();
        assert!(wrong[0].contains("multipart/form-data"), "{wrong:?}");
    }
}
