//! The fields of Front's `ImportMessage` schema: what is accepted, what is required, which values are listed.

/// What a field may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Choice(&'static [&'static str]),
    TextList,
    Flag,
    Integer,
    /// Files can only travel as multipart/form-data.
    Files,
}

/// One leaf of the schema.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// The object that holds it; `None` for the message itself.
    pub(super) group: Option<&'static str>,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
}

impl Field {
    /// `metadata.is_inbound`
    pub(super) fn path(&self) -> String {
        match self.group {
            Some(group) => format!("{group}.{}", self.name),
            None => self.name.to_owned(),
        }
    }
}

const fn field(group: Option<&'static str>, name: &'static str, kind: Kind, required: bool) -> Field {
    Field { group, name, kind, required }
}

const SENDER: Option<&str> = Some("sender");
const METADATA: Option<&str> = Some("metadata");

/// The objects of the schema. Both are required, as each holds something required.
pub(super) const GROUPS: [&str; 2] = ["sender", "metadata"];

/// All leaves. Source: `ImportMessage` in Front's API document.
pub(super) const FIELDS: [Field; 19] = [
    field(SENDER, "handle", Kind::Text, true),
    field(SENDER, "name", Kind::Text, false),
    field(SENDER, "author_id", Kind::Text, false),
    field(None, "to", Kind::TextList, true),
    field(None, "cc", Kind::TextList, false),
    field(None, "bcc", Kind::TextList, false),
    field(None, "subject", Kind::Text, false),
    field(None, "body", Kind::Text, true),
    field(None, "body_format", Kind::Choice(&["html", "markdown"]), false),
    field(None, "external_id", Kind::Text, true),
    field(None, "created_at", Kind::Integer, true),
    field(None, "type", Kind::Choice(&["email", "sms", "intercom", "custom"]), false),
    field(None, "assignee_id", Kind::Text, false),
    field(None, "tags", Kind::TextList, false),
    field(None, "conversation_id", Kind::Text, false),
    field(METADATA, "thread_ref", Kind::Text, false),
    field(METADATA, "is_inbound", Kind::Flag, true),
    field(METADATA, "is_archived", Kind::Flag, false),
    field(METADATA, "should_skip_rules", Kind::Flag, false),
];

/// The field that holds the files; it is no leaf of JSON and never reaches the checks.
pub(super) const ATTACHMENTS: Field = field(None, "attachments", Kind::Files, false);

/// The field of that name in that object.
pub(super) fn find(group: Option<&str>, name: &str) -> Option<&'static Field> {
    FIELDS.iter().chain([&ATTACHMENTS]).find(|field| field.group == group && field.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use serde_json::Value;

    use super::*;

    /// Path of the field, whether it is required, and its kind with the listed values.
    type Description = BTreeMap<String, (bool, String)>;

    fn describe(schema: &Value, group: Option<&str>, into: &mut Description) {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, property) in schema["properties"].as_object().unwrap() {
            let path = group.map_or_else(|| name.clone(), |group| format!("{group}.{name}"));
            let kind = match property["type"].as_str().unwrap() {
                "object" => {
                    describe(property, Some(name), into);
                    "object".to_owned()
                }
                "array" => format!("list of {}", property["items"]["format"].as_str().unwrap_or("text")),
                "string" if property["enum"].is_array() => property["enum"].to_string(),
                other => other.to_owned(),
            };
            into.insert(path, (required.contains(&name.as_str()), kind));
        }
    }

    fn described_fields() -> Description {
        let kind = |kind: Kind| match kind {
            Kind::Text => "string".to_owned(),
            Kind::Choice(values) => serde_json::to_string(values).unwrap(),
            Kind::TextList => "list of text".to_owned(),
            Kind::Flag => "boolean".to_owned(),
            Kind::Integer => "integer".to_owned(),
            Kind::Files => "list of binary".to_owned(),
        };
        let leaves =
            FIELDS.iter().chain([&ATTACHMENTS]).map(|field| (field.path(), (field.required, kind(field.kind))));
        let groups = GROUPS.iter().map(|group| ((*group).to_owned(), (true, "object".to_owned())));
        leaves.chain(groups).collect()
    }

    #[test]
    fn the_fields_are_those_of_fronts_own_schema() {
        let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/front-core-api.json"));
        let file = std::env::var_os("THREADLIFT_FRONT_API").map_or(beside, PathBuf::from);
        let Ok(text) = std::fs::read_to_string(&file) else {
            println!("not asked: Front's API document was not found; THREADLIFT_FRONT_API can name it");
            return;
        };
        let document: Value = serde_json::from_str(&text).unwrap();
        let mut schema = Description::new();
        describe(&document["components"]["schemas"]["ImportMessage"], None, &mut schema);
        assert_eq!(described_fields(), schema);
    }
}
