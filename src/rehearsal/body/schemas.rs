//! The requests of Front's API document, field by field.

use super::field::Kind::{
    Choice, Few, File, Files, Flag, Handles, Integer, Number, Object, Short, Text, TextList, TextOrNull,
};
use super::field::{Field, Schema};

/// Longest tag name in characters.
pub(in super::super) const MAX_TAG: usize = 64;

/// Colours of a tag.
const HIGHLIGHTS: &[&str] = &["grey", "pink", "red", "orange", "yellow", "green", "light-blue", "blue", "purple"];

/// What a contact's handle is a handle of.
pub(in super::super) const SOURCES: &[&str] =
    &["twitter", "email", "phone", "facebook", "intercom", "front_chat", "custom"];

const SENDER: &str = "sender";
const METADATA: &str = "metadata";

pub(in super::super) const IMPORT_MESSAGE: Schema = Schema(&[
    Field::within(SENDER, "handle", Text).required(),
    Field::within(SENDER, "name", Text),
    Field::within(SENDER, "author_id", Text),
    Field::new("to", TextList).required(),
    Field::new("cc", TextList),
    Field::new("bcc", TextList),
    Field::new("subject", Text),
    Field::new("body", Text).required(),
    Field::new("body_format", Choice(&["html", "markdown"])),
    Field::new("external_id", Text).required(),
    Field::new("created_at", Integer).required(),
    Field::new("type", Choice(&["email", "sms", "intercom", "custom"])),
    Field::new("assignee_id", Text),
    Field::new("tags", TextList),
    Field::new("conversation_id", Text),
    Field::within(METADATA, "thread_ref", Text),
    Field::within(METADATA, "is_inbound", Flag).required(),
    Field::within(METADATA, "is_archived", Flag),
    Field::within(METADATA, "should_skip_rules", Flag),
    Field::new("attachments", Files),
]);

pub(in super::super) const CUSTOM_MESSAGE: Schema = Schema(&[
    Field::within(SENDER, "handle", Text).required(),
    Field::within(SENDER, "name", Text),
    Field::within(SENDER, "contact_id", Text),
    Field::new("subject", Text),
    Field::new("body", Text).required(),
    Field::new("body_format", Choice(&["html", "markdown"])),
    Field::within(METADATA, "thread_ref", Text),
    Field::within(METADATA, "headers", Object),
    Field::new("attachments", Files),
]);

pub(in super::super) const UPDATE_CONVERSATION: Schema = Schema(&[
    Field::new("assignee_id", TextOrNull),
    Field::new("inbox_id", Text),
    Field::new("status", Choice(&["archived", "open", "deleted", "spam"])),
    Field::new("status_id", Text),
    Field::new("tag_ids", TextList),
    Field::new("description", TextOrNull),
    Field::new("due_at", Number),
    Field::new("custom_fields", Object),
]);

pub(in super::super) const ASSIGNEE: Schema = Schema(&[Field::new("assignee_id", TextOrNull).required()]);

pub(in super::super) const TAG_IDS: Schema = Schema(&[Field::new("tag_ids", TextList).required()]);

pub(in super::super) const FOLLOWERS: Schema = Schema(&[Field::new("teammate_ids", Few(50)).required()]);

pub(in super::super) const TEAMMATE_IDS: Schema = Schema(&[Field::new("teammate_ids", TextList).required()]);

pub(in super::super) const ADD_LINKS: Schema =
    Schema(&[Field::new("link_ids", Few(10)), Field::new("link_external_urls", Few(10))]);

pub(in super::super) const REMOVE_LINKS: Schema = Schema(&[Field::new("link_ids", Few(10)).required()]);

pub(in super::super) const CREATE_COMMENT: Schema = Schema(&[
    Field::new("author_id", Text),
    Field::new("body", Text).required(),
    Field::new("is_pinned", Flag),
    Field::new("attachments", Files),
]);

pub(in super::super) const UPDATE_COMMENT: Schema = Schema(&[Field::new("body", Text), Field::new("is_pinned", Flag)]);

pub(in super::super) const CREATE_LINK: Schema =
    Schema(&[Field::new("name", Text), Field::new("external_url", Text), Field::new("pattern", Text)]);

pub(in super::super) const UPDATE_LINK: Schema = Schema(&[Field::new("name", Text)]);

pub(in super::super) const CREATE_TAG: Schema = Schema(&[
    Field::new("name", Short(MAX_TAG)).required(),
    Field::new("description", Text),
    Field::new("highlight", Choice(HIGHLIGHTS)),
    Field::new("is_visible_in_conversation_lists", Flag),
]);

pub(in super::super) const UPDATE_TAG: Schema = Schema(&[
    Field::new("name", Short(MAX_TAG)),
    Field::new("description", Text),
    Field::new("highlight", Choice(HIGHLIGHTS)),
    Field::new("parent_tag_id", TextOrNull),
    Field::new("is_visible_in_conversation_lists", Flag),
]);

pub(in super::super) const CONTACT: Schema = Schema(&[
    Field::new("name", Text),
    Field::new("description", Text),
    Field::new("avatar", File),
    Field::new("links", TextList),
    Field::new("group_names", TextList),
    Field::new("list_names", TextList),
    Field::new("custom_fields", Object),
]);

pub(in super::super) const CREATE_CONTACT: Schema = Schema(&[
    Field::new("name", Text),
    Field::new("description", Text),
    Field::new("avatar", File),
    Field::new("links", TextList),
    Field::new("group_names", TextList),
    Field::new("list_names", TextList),
    Field::new("custom_fields", Object),
    Field::new("handles", Handles).required(),
]);

pub(in super::super) const CONTACT_HANDLE: Schema =
    Schema(&[Field::new("handle", Text).required(), Field::new("source", Choice(SOURCES)).required()]);

pub(in super::super) const DELETE_CONTACT_HANDLE: Schema = Schema(&[
    Field::new("handle", Text).required(),
    Field::new("source", Choice(SOURCES)).required(),
    Field::new("force", Flag),
]);

pub(in super::super) const ADD_CONTACTS: Schema = Schema(&[Field::new("contact_ids", TextList).required()]);

pub(in super::super) const REMOVE_CONTACTS: Schema = Schema(&[Field::new("contact_ids", Few(50)).required()]);

pub(in super::super) const CREATE_CONTACT_LIST: Schema = Schema(&[Field::new("name", Text).required()]);

pub(in super::super) const CREATE_INBOX: Schema = Schema(&[
    Field::new("name", Text).required(),
    Field::new("teammate_ids", TextList),
    Field::new("is_public", Flag),
    Field::new("custom_fields", Object),
]);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use serde_json::Value;

    use super::super::field::Kind;
    use super::*;

    /// Path of the field, whether it is required, and its kind with the listed values.
    type Description = BTreeMap<String, (bool, String)>;

    /// Each of our tables and the schema of Front's that it copies.
    const COPIES: [(Schema, &str); 23] = [
        (IMPORT_MESSAGE, "/components/schemas/ImportMessage"),
        (CUSTOM_MESSAGE, "/components/schemas/CustomMessage"),
        (UPDATE_CONVERSATION, "/components/schemas/UpdateConversation"),
        (ASSIGNEE, "/components/schemas/UpdateConversationAssignee"),
        (TAG_IDS, "/components/schemas/TagIds"),
        (TEAMMATE_IDS, "/components/schemas/TeammateIds"),
        (FOLLOWERS, "/paths/~1conversations~1{conversation_id}~1followers/post"),
        (ADD_LINKS, "/paths/~1conversations~1{conversation_id}~1links/post"),
        (REMOVE_LINKS, "/paths/~1conversations~1{conversation_id}~1links/delete"),
        (CREATE_COMMENT, "/components/schemas/CreateComment"),
        (UPDATE_COMMENT, "/components/schemas/UpdateComment"),
        (CREATE_LINK, "/components/schemas/CreateLink"),
        (UPDATE_LINK, "/components/schemas/UpdateLink"),
        (CREATE_TAG, "/components/schemas/CreateTag"),
        (UPDATE_TAG, "/components/schemas/UpdateTag"),
        (CONTACT, "/components/schemas/Contact"),
        (CREATE_CONTACT, "/components/schemas/CreateContact"),
        (CONTACT_HANDLE, "/components/schemas/ContactHandle"),
        (DELETE_CONTACT_HANDLE, "/components/schemas/DeleteContactHandle"),
        (ADD_CONTACTS, "/components/schemas/AddContactsToList"),
        (REMOVE_CONTACTS, "/components/schemas/RemoveContactsFromList"),
        (CREATE_CONTACT_LIST, "/components/schemas/CreateContactList"),
        (CREATE_INBOX, "/components/schemas/CreateInbox"),
    ];

    fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => document.pointer(&reference[1..]).unwrap(),
            None => schema,
        }
    }

    fn describe(document: &Value, schema: &Value, group: Option<&str>, into: &mut Description) {
        let schema = resolved(document, schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            describe(document, part, group, into);
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let property = resolved(document, property);
            let path = group.map_or_else(|| name.clone(), |group| format!("{group}.{name}"));
            let kind = match property["type"].as_str().unwrap() {
                "object" if property["properties"].is_object() => {
                    describe(document, property, Some(name), into);
                    continue;
                }
                "array" => {
                    let most = property["maxItems"].as_u64().map(|most| format!(" up to {most}")).unwrap_or_default();
                    let items = resolved(document, &property["items"]);
                    let entry = items["format"].as_str().or(items["type"].as_str()).unwrap();
                    format!("list of {entry}{most}")
                }
                "string" if property["enum"].is_array() => property["enum"].to_string(),
                "string" if name == "name" && property["maxLength"].is_u64() => {
                    format!("up to {}", property["maxLength"])
                }
                "string" if property["format"] == "binary" => "binary".to_owned(),
                other => other.to_owned(),
            };
            into.insert(path, (false, kind));
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let path = group.map_or_else(|| name.to_owned(), |group| format!("{group}.{name}"));
            if let Some((required, _)) = into.get_mut(&path) {
                *required = true;
            }
        }
    }

    fn described(schema: Schema) -> Description {
        let kind = |kind: Kind| match kind {
            Text | TextOrNull => "string".to_owned(),
            Short(most) => format!("up to {most}"),
            Choice(values) => serde_json::to_string(values).unwrap(),
            TextList => "list of string".to_owned(),
            Few(most) => format!("list of string up to {most}"),
            Handles => "list of object".to_owned(),
            Flag => "boolean".to_owned(),
            Integer => "integer".to_owned(),
            Number => "number".to_owned(),
            Object => "object".to_owned(),
            File => "binary".to_owned(),
            Files => "list of binary".to_owned(),
        };
        schema.fields().map(|field| (field.path(), (field.is_required, kind(field.kind)))).collect()
    }

    #[test]
    fn the_fields_are_those_of_fronts_own_schemas() {
        let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/front-core-api.json"));
        let file = std::env::var_os("THREADLIFT_FRONT_API").map_or(beside, PathBuf::from);
        let Ok(text) = std::fs::read_to_string(&file) else {
            println!("not asked: Front's API document was not found; THREADLIFT_FRONT_API can name it");
            return;
        };
        let document: Value = serde_json::from_str(&text).unwrap();
        for (copy, place) in COPIES {
            let mut original = document.pointer(place).unwrap();
            if place.starts_with("/paths") {
                original = &original["requestBody"]["content"]["application/json"]["schema"];
            }
            let mut description = Description::new();
            describe(&document, original, None, &mut description);
            assert_eq!(described(copy), description, "{place}");
        }
    }
}
