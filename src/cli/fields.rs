//! What `-f` and `-F` say, as the query of a question or the JSON of anything else.

use super::exit::Failure;
use serde_json::{Map, Value};
use std::fs;
use std::io::{Read, stdin};

/// A name and what stands behind its `=`, as typed.
pub(super) type Field = (String, String);

/// Reads `name=value`.
pub(super) fn field(typed: &str) -> Result<Field, String> {
    match typed.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a field is written as name=value".to_owned()),
    }
}

/// As query parameters: names as Front spells them (`q[statuses][]`), values as text.
pub(super) fn query(plain: &[Field], typed: &[Field]) -> Result<Vec<Field>, Failure> {
    let mut query = plain.to_vec();
    for (name, value) in typed {
        let value = match value.strip_prefix('@') {
            Some(file) => text_of(file)?,
            None => value.clone(),
        };
        query.push((name.clone(), value));
    }
    Ok(query)
}

/// As a JSON object; nothing if there are no fields. `a[b]=1` is a field within a field, `a[]=1` one more of a list.
pub(super) fn body(plain: &[Field], typed: &[Field]) -> Result<Option<Vec<u8>>, Failure> {
    if plain.is_empty() && typed.is_empty() {
        return Ok(None);
    }
    let mut fields: Vec<(&str, Value)> =
        plain.iter().map(|(name, value)| (name.as_str(), value.as_str().into())).collect();
    for (name, value) in typed {
        fields.push((name, value_of(value)?));
    }
    let mut whole = Value::Null;
    for (name, value) in fields {
        let keys = keys(name).ok_or_else(|| wrong(name, "its brackets do not match"))?;
        put(&mut whole, &keys, value).map_err(|why| wrong(name, why))?;
    }
    Ok(Some(whole.to_string().into_bytes()))
}

fn wrong(name: &str, why: &str) -> Failure {
    Failure::usage(
        format!("the field `{name}` cannot be written: {why}; nothing was sent"),
        "write name=value, name[inner]=value or name[]=value; --input FILE takes any JSON",
    )
}

/// The text of a file, `-` being stdin.
pub(super) fn text_of(file: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let read = match file {
        "-" => stdin().read_to_string(&mut text).map(drop),
        _ => fs::read_to_string(file).map(|read| text = read),
    };
    read.map_err(|error| {
        let message = format!("cannot read {file}: {error}; nothing was sent");
        Failure::usage(message, "name a file with text in UTF-8, or `-` for stdin")
    })?;
    Ok(text)
}

/// What a typed value stands for.
fn value_of(typed: &str) -> Result<Value, Failure> {
    if let Some(file) = typed.strip_prefix('@') {
        return text_of(file).map(Value::from);
    }
    let parsed: Option<Value> = serde_json::from_str(typed).ok();
    Ok(parsed
        .filter(|value| value.is_number() || value.is_boolean() || value.is_null())
        .unwrap_or_else(|| typed.into()))
}

/// `a[b][]` → `a`, `b` and an empty key.
fn keys(name: &str) -> Option<Vec<&str>> {
    let Some((first, rest)) = name.split_once('[') else { return Some(vec![name]) };
    let inner = rest.strip_suffix(']')?;
    let keys: Vec<&str> = std::iter::once(first).chain(inner.split("][")).collect();
    let is_plain = keys.iter().all(|key| !key.contains(['[', ']']));
    (is_plain && !first.is_empty()).then_some(keys)
}

fn put(place: &mut Value, keys: &[&str], value: Value) -> Result<(), &'static str> {
    match keys {
        [] if place.is_null() => {
            *place = value;
            Ok(())
        }
        [] => Err("it is given twice"),
        ["", rest @ ..] => {
            if place.is_null() {
                *place = Value::Array(Vec::new());
            }
            let Value::Array(items) = place else { return Err("it is a list and something else") };
            // The next field of the object that is being written belongs to it; one that it has begins another.
            let goes_on =
                matches!((items.last(), rest), (Some(Value::Object(last)), [key, ..]) if !last.contains_key(*key));
            if !goes_on {
                items.push(Value::Null);
            }
            items.last_mut().map_or(Ok(()), |last| put(last, rest, value))
        }
        [key, rest @ ..] => {
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            let Value::Object(fields) = place else { return Err("it is an object and something else") };
            put(fields.entry(*key).or_insert(Value::Null), rest, value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, body, field, query};

    fn fields<const N: usize>(typed: [&str; N]) -> Vec<Field> {
        typed.map(|typed| field(typed).unwrap()).to_vec()
    }

    #[track_caller]
    fn written(plain: &[Field], typed: &[Field]) -> String {
        String::from_utf8(body(plain, typed).ok().unwrap().unwrap()).unwrap()
    }

    #[test]
    fn fields_become_an_object() {
        let plain = fields(["name=1", "note=a=b", "empty="]);
        assert_eq!(written(&plain, &[]), r#"{"name":"1","note":"a=b","empty":""}"#);
        let typed = fields(["n=1", "f=-1.5", "yes=true", "none=null", "text=one", "list=[1]", "zip=01"]);
        let expected = r#"{"n":1,"f":-1.5,"yes":true,"none":null,"text":"one","list":"[1]","zip":"01"}"#;
        assert_eq!(written(&[], &typed), expected);
        assert_eq!(body(&[], &[]).ok().unwrap(), None);
    }

    #[test]
    fn brackets_lead_into_lists_and_objects() {
        let tags = fields(["tag_ids[]=tag_1", "tag_ids[]=tag_2", "sender[handle]=a", "sender[name]=b"]);
        assert_eq!(written(&tags, &[]), r#"{"tag_ids":["tag_1","tag_2"],"sender":{"handle":"a","name":"b"}}"#);
        let handles = fields(["h[][source]=email", "h[][handle]=a", "h[][source]=phone", "h[][handle]=1"]);
        let expected = r#"{"h":[{"source":"email","handle":"a"},{"source":"phone","handle":"1"}]}"#;
        assert_eq!(written(&handles, &[]), expected);
        for wrong in [["a=1", "a=2"], ["a=1", "a[b]=2"], ["a[]=1", "a[b]=2"], ["a[b=1", "c=1"], ["[a]=1", "c=1"]] {
            assert!(body(&fields(wrong), &[]).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_query_is_spelled_as_typed() {
        let spelled = query(&fields(["q[statuses][]=archived"]), &fields(["limit=5"])).ok().unwrap();
        assert_eq!(spelled, fields(["q[statuses][]=archived", "limit=5"]));
    }

    #[test]
    fn a_file_stands_for_its_text() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12\n").unwrap();
        let typed = vec![("body".to_owned(), format!("@{}", file.path().display()))];
        assert_eq!(written(&[], &typed), r#"{"body":"12\n"}"#);
        assert_eq!(query(&[], &typed).ok().unwrap(), [("body".to_owned(), "12\n".to_owned())]);
        assert!(body(&[], &fields(["x=@/nowhere/at/all"])).is_err());
    }

    #[test]
    fn a_field_has_a_name_and_a_value() {
        assert!(field("name").is_err() && field("=value").is_err());
    }
}
