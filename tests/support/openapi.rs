//! Front's own API document as a judge of requests and answers, where it is at hand. It is not part of the repository.

use super::{must, repository};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

/// What `OpenAPI` says beside a schema; JSON Schema takes none of it for a rule.
const REMARKS: [&str; 6] = ["example", "description", "default", "deprecated", "nullable", "$ref"];

/// Where the schemas say otherwise than Front's own words: part of the operation, part of what is told, and the reason for
/// which it is no mistake.
const DEVIATIONS: [(&str, &str, &str); 5] = [
    ("tags", "'_pagination' was unexpected", "its parameters, and the guide to pagination: tags come in pages"),
    ("PATCH /tags/{tag_id}", "/parent_tag_id: null", "its description: null takes the parent away"),
    ("PATCH /conversations/{conversation_id}", "/assignee_id: null", "its description: null takes the assignee away"),
    (
        "/imported_messages",
        ".25 is not of type \"integer\"",
        "`probe` asks what becomes of a fraction; imports send none",
    ),
    ("/assignee", "/assignee_id: null", "its description: null takes the assignee away"),
];

/// One call and its answer.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    /// `GET`, `POST`, …
    pub(crate) method: &'a str,
    /// The path as the document writes it: `/conversations/{conversation_id}`.
    pub(crate) template: &'a str,
    /// What was sent as JSON.
    pub(crate) request: Option<&'a Value>,
    pub(crate) status: u16,
    /// What came back as JSON.
    pub(crate) response: Option<&'a Value>,
}

/// The document.
pub(crate) struct Contract {
    document: Value,
    /// By place in the document.
    validators: RefCell<HashMap<String, Rc<Validator>>>,
}

impl Contract {
    /// Looks where `THREADLIFT_FRONT_API` says, or beside the repository. Says so if it is not there.
    #[expect(clippy::print_stderr, reason = "whoever reads the log must know what was not asked")]
    pub(crate) fn find() -> Option<Self> {
        let beside = || repository("../shared/front-core-api.json");
        let file = std::env::var_os("THREADLIFT_FRONT_API").map_or_else(beside, PathBuf::from);
        if !file.exists() {
            eprintln!("not asked: {} is absent (see THREADLIFT_FRONT_API)", file.display());
            return None;
        }
        let text = must(fs::read_to_string(&file), file.display());
        Some(Self { document: must(serde_json::from_str(&text), file.display()), validators: RefCell::default() })
    }

    /// All operations: method and path.
    pub(crate) fn operations(&self) -> Vec<(String, String)> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let operations = paths.flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten().filter(|(name, _)| *name != "parameters");
            methods.map(move |(method, _)| (method.to_uppercase(), path.clone()))
        });
        operations.collect()
    }

    /// The path of the document that a call's path is an example of; one without variables before one with them.
    pub(crate) fn template(&self, method: &str, path: &str) -> Option<String> {
        let pieces: Vec<&str> = path.split('?').next().unwrap_or_default().split('/').collect();
        let fits = |template: &str| {
            let wanted: Vec<&str> = template.split('/').collect();
            let is_variable = |piece: &str| piece.starts_with('{');
            let fits = wanted.len() == pieces.len()
                && wanted
                    .iter()
                    .zip(&pieces)
                    .all(|(wanted, given)| is_variable(wanted) && !given.is_empty() || wanted == given);
            fits.then(|| wanted.iter().filter(|piece| is_variable(piece)).count())
        };
        let operations = self.operations().into_iter().filter(|(its, _)| its == method);
        operations.filter_map(|(_, path)| Some((fits(&path)?, path))).min().map(|(_, path)| path)
    }

    /// What the document says against a call and its answer.
    pub(crate) fn complaints(&self, call: &Call<'_>) -> Vec<String> {
        let operation = &self.document["paths"][call.template][call.method.to_lowercase()];
        if operation.is_null() {
            return vec!["no such operation is documented".to_owned()];
        }
        let place = format!("{} {}", call.method, call.template);
        let mut wrong = self.of_request(call, operation, &place);
        wrong.extend(self.of_response(call, operation, &place));
        wrong.retain(|told| !DEVIATIONS.iter().any(|(at, words, _)| place.contains(at) && told.contains(words)));
        wrong
    }

    /// The parts of a form as the object that Front makes of them: names in brackets are places, and text is what the schema asks
    /// for if it can be read so. A file stands as text, which is what the document calls it.
    pub(crate) fn coerced(&self, method: &str, template: &str, parts: &Map<String, Value>) -> Value {
        let operation = &self.document["paths"][template][method.to_lowercase()];
        let schema = &self.resolved(&operation["requestBody"])["content"]["application/json"]["schema"];
        let mut whole = json!({});
        for (name, part) in parts {
            let text = part.as_str().unwrap_or("a file");
            let (mut place, mut kind) = (&mut whole, self.resolved(schema));
            for piece in name.split('[').map(|piece| piece.trim_end_matches(']')) {
                let is_list = kind["type"] == "array";
                kind = self.resolved(&kind[if is_list { "items" } else { "properties" }]);
                if is_list {
                    if place.is_null() {
                        *place = json!([]);
                    }
                    let list = place.as_array_mut().unwrap_or_else(|| panic!("{name} is a list and something else"));
                    assert_eq!(piece, list.len().to_string(), "{name}: lists are counted from 0 and have no gaps");
                    list.push(Value::Null);
                    place = &mut list[piece.parse::<usize>().unwrap_or_default()];
                } else {
                    kind = self.resolved(&kind[piece]);
                    place = &mut place[piece];
                }
            }
            let read = if kind["type"] == "string" { None } else { serde_json::from_str(text).ok() };
            *place = read.unwrap_or_else(|| text.into());
        }
        whole
    }

    fn of_request(&self, call: &Call<'_>, operation: &Value, place: &str) -> Vec<String> {
        let body = self.resolved(&operation["requestBody"]);
        let schema = &body["content"]["application/json"]["schema"];
        match call.request {
            Some(_) if schema.is_null() => vec!["request: this operation takes none".to_owned()],
            Some(request) => self.judged(&format!("{place} request"), schema, request),
            None => Vec::new(),
        }
    }

    fn of_response(&self, call: &Call<'_>, operation: &Value, place: &str) -> Vec<String> {
        let documented = &operation["responses"][call.status.to_string()];
        if documented.is_null() {
            // Front documents few of its refusals; their shape is known from its guides.
            let error = call.response.map(|body| &body["_error"]);
            let is_refusal = call.status >= 400 && error.is_some_and(|error| error["message"].is_string());
            return if is_refusal { Vec::new() } else { vec![format!("answer: {} is not documented", call.status)] };
        }
        let schema = &self.resolved(documented)["content"]["application/json"]["schema"];
        match call.response {
            Some(_) if schema.is_null() && call.status < 300 => vec!["answer: it should have no body".to_owned()],
            Some(response) if !schema.is_null() => {
                self.judged(&format!("{place} answer {}", call.status), schema, response)
            }
            None if !schema.is_null() => vec!["answer: it has no JSON".to_owned()],
            _ => Vec::new(),
        }
    }

    fn judged(&self, place: &str, schema: &Value, instance: &Value) -> Vec<String> {
        let known = self.validators.borrow().get(place).cloned();
        let validator = known.unwrap_or_else(|| {
            let made = Rc::new(must(jsonschema::validator_for(&self.prepared(schema, true)), place));
            self.validators.borrow_mut().insert(place.to_owned(), Rc::clone(&made));
            made
        });
        let told = place.rsplit_once(' ').map_or(place, |(_, last)| last);
        let told = if told == "request" { "request" } else { "answer" };
        validator.iter_errors(instance).map(|fault| format!("{told} at {}: {fault}", fault.instance_path())).collect()
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = value["$ref"].as_str().and_then(|reference| self.document.pointer(reference.strip_prefix('#')?));
        target.map_or(value, |target| self.resolved(target))
    }

    /// A schema of `OpenAPI` 3.0 as JSON Schema: references written out, `nullable` as a type of its own. What is not
    /// documented is no part of an object: neither client nor server may invent fields.
    fn prepared(&self, schema: &Value, is_closed: bool) -> Value {
        let is_nullable = schema["nullable"] == true || self.resolved(schema)["nullable"] == true;
        let Some(given) = self.resolved(schema).as_object() else { return schema.clone() };
        let mut made = Map::new();
        for (name, value) in given.iter().filter(|(name, _)| !REMARKS.contains(&name.as_str())) {
            let value = match (name.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    properties.iter().map(|(name, it)| (name.clone(), self.prepared(it, true))).collect()
                }
                // The parts of a whole know only their own fields.
                ("allOf", Value::Array(parts)) => parts.iter().map(|part| self.prepared(part, false)).collect(),
                ("oneOf" | "anyOf", Value::Array(parts)) => {
                    parts.iter().map(|part| self.prepared(part, true)).collect()
                }
                ("items", value) => self.prepared(value, true),
                (_, value) => value.clone(),
            };
            made.insert(name.clone(), value);
        }
        // Front requires fields that it forgets to describe, and gives them.
        let required = given.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        if let Some(Value::Object(properties)) = made.get_mut("properties") {
            for name in required {
                properties.entry(name).or_insert(Value::Bool(true));
            }
        }
        if is_closed && (made.contains_key("properties") || made.contains_key("allOf")) {
            made.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
        }
        if is_nullable { json!({ "anyOf": [made, { "type": "null" }] }) } else { Value::Object(made) }
    }
}
