//! multipart/form-data: one part a leaf, with indexed bracket names.
//!
//! `sender[handle]`, `metadata[is_inbound]`, `to[0]`, `to[1]`, `attachments[0]`. Of the three spellings that Front's
//! documents show for lists only the indexed one is taken, counting from 0 in order and without gaps: with the others
//! the order would hang on the transport.

use axum::extract::Multipart;
use axum::extract::multipart::{Field as Part, MultipartError};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::super::store::{Attachment, Spool, hex};
use super::super::undocumented::Sizes;
use super::disposition::{self, Disposition};
use super::field::{Field, Kind, Schema};

/// Longest text part that is kept, in bytes: Front states no limit but that of the request, which ends before this.
const MAX_TEXT: usize = 25_000_000;
/// Most parts of one request: far beyond any list of recipients, and a bound to what is told about bad ones.
const MAX_PARTS: usize = 20_000;

/// A form as decoded. `wrong` tells what could not be.
pub(super) struct Form {
    schema: Schema,
    pub(super) request: Map<String, Value>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) wrong: Vec<String>,
    /// One of its files is.
    pub(super) is_too_large: bool,
}

/// Why decoding ended early.
pub(super) enum Broken {
    Form(MultipartError),
    Disk(std::io::Error),
}

impl From<MultipartError> for Broken {
    fn from(error: MultipartError) -> Self {
        Self::Form(error)
    }
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Decodes all parts; files go to `spool` as they arrive. Bad parts are told in [`Form::wrong`] and reading goes on, so
/// that the client gets one answer about everything.
pub(super) async fn decode(
    mut parts: Multipart,
    spool: &mut Spool<'_>,
    schema: Schema,
    sizes: Sizes,
) -> Result<Form, Broken> {
    let mut form = Form::new(schema);
    let mut count = 0;
    while let Some(mut part) = parts.next_field().await? {
        count += 1;
        let header = part.headers().get(CONTENT_DISPOSITION).map_or(&[][..], |value| value.as_bytes());
        let target = if count > MAX_PARTS {
            Err(format!("the request has more than {MAX_PARTS} parts"))
        } else {
            disposition::parse(header).and_then(|header| form.target(&part, header))
        };
        match target {
            Ok(Target::File { filename, content_type }) => {
                let cid = content_id(&part);
                let (size, sha256) = spool_part(&mut part, spool).await?;
                form.is_too_large |= size > sizes.file;
                form.attachments.push(Attachment { filename, content_type, size, sha256, cid });
            }
            Ok(Target::Leaf { field, index }) => match read_text(&mut part).await? {
                Ok(text) => form.put(field, index, text),
                Err(reason) => form.wrong.push(format!("{} {reason}", field.path())),
            },
            Err(reason) => {
                if count <= MAX_PARTS + 1 {
                    form.wrong.push(reason);
                }
                while part.chunk().await?.is_some() {}
            }
        }
    }
    Ok(form)
}

/// What a part is.
enum Target {
    Leaf { field: &'static Field, index: Option<usize> },
    File { filename: String, content_type: String },
}

impl Form {
    fn new(schema: Schema) -> Self {
        Self { schema, request: Map::new(), attachments: Vec::new(), wrong: Vec::new(), is_too_large: false }
    }

    fn target(&self, part: &Part<'_>, header: Disposition) -> Result<Target, String> {
        let name = header.name;
        let (field, index) = resolve(self.schema, &name)?;
        let content_type = part.headers().get(CONTENT_TYPE);
        if field.kind != Kind::Files {
            if header.filename.is_some() {
                return Err(format!("{name} is not a file and must not have a filename"));
            }
            if content_type.is_some() {
                return Err(format!("{name} is not a file and must not have a Content-Type"));
            }
        }
        match (field.kind, index) {
            (Kind::TextList | Kind::Files, None) => {
                Err(format!("{name}: entries of a list are written {}[0], {}[1], …", field.name, field.name))
            }
            (Kind::TextList | Kind::Files, Some(index)) => {
                let expected = if field.kind == Kind::Files { self.attachments.len() } else { self.len_of(field) };
                if index != expected {
                    return Err(format!("{name} came where {}[{expected}] was due", field.name));
                }
                if field.kind == Kind::TextList {
                    return Ok(Target::Leaf { field, index: Some(index) });
                }
                let content_type = match content_type.map(|value| value.to_str()) {
                    Some(Ok(value)) => value.to_owned(),
                    Some(Err(_)) => return Err(format!("{name} has a Content-Type that is not ASCII")),
                    None => "application/octet-stream".to_owned(),
                };
                let filename = header.filename.filter(|filename| !filename.is_empty());
                let filename = filename.ok_or_else(|| format!("{name} is a file and must have a filename"))?;
                Ok(Target::File { filename, content_type })
            }
            (_, Some(_)) => Err(format!("{name}: {} is not a list", field.path())),
            (_, None) if self.has(field) => Err(format!("{name} was given twice")),
            (_, None) => Ok(Target::Leaf { field, index: None }),
        }
    }

    fn has(&self, field: &Field) -> bool {
        match field.group {
            Some(group) => self.request.get(group).is_some_and(|group| group.get(field.name).is_some()),
            None => self.request.contains_key(field.name),
        }
    }

    fn len_of(&self, field: &Field) -> usize {
        self.request.get(field.name).and_then(Value::as_array).map_or(0, Vec::len)
    }

    fn put(&mut self, field: &Field, index: Option<usize>, text: String) {
        let value = match (field.kind, text.as_str()) {
            (Kind::Flag, "true") => Value::Bool(true),
            (Kind::Flag, "false") => Value::Bool(false),
            (Kind::Integer, digits) if is_decimal(digits) => match digits.parse::<i64>() {
                Ok(number) => Value::from(number),
                Err(_) => Value::String(text),
            },
            // What cannot be coerced stays text, and the checks say which type was expected.
            _ => Value::String(text),
        };
        if index.is_some() {
            let list = self.request.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(value);
            }
            return;
        }
        match field.group {
            Some(group) => {
                let group = self.request.entry(group).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(group) = group {
                    group.insert(field.name.to_owned(), value);
                }
            }
            None => {
                self.request.insert(field.name.to_owned(), value);
            }
        }
    }
}

/// What stands in the header of a file's part.
fn content_id(part: &Part<'_>) -> Option<String> {
    let value = part.headers().get("content-id")?.to_str().ok()?;
    Some(value.trim().trim_start_matches('<').trim_end_matches('>').to_owned())
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The field that a part's name means, and its place in a list.
fn resolve(schema: Schema, name: &str) -> Result<(&'static Field, Option<usize>), String> {
    let unknown = || format!("{name} is not a field of this request");
    let Some((outer, rest)) = name.split_once('[') else {
        return schema.find(None, name).map(|field| (field, None)).ok_or_else(unknown);
    };
    let inner = rest.strip_suffix(']').ok_or_else(unknown)?;
    if let Some(field) = schema.find(Some(outer), inner) {
        return Ok((field, None));
    }
    let field = schema.find(None, outer).ok_or_else(unknown)?;
    let is_index = inner.bytes().all(|byte| byte.is_ascii_digit()) && (inner == "0" || !inner.starts_with('0'));
    match inner.parse() {
        Ok(index) if is_index => Ok((field, Some(index))),
        _ => Err(format!("{name}: entries of a list are written {outer}[0], {outer}[1], …")),
    }
}

async fn read_text(part: &mut Part<'_>) -> Result<Result<String, &'static str>, MultipartError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await? {
        let room = MAX_TEXT.saturating_sub(bytes.len()).min(chunk.len());
        bytes.extend_from_slice(chunk.get(..room).unwrap_or_default());
    }
    if bytes.len() == MAX_TEXT {
        return Ok(Err("is too long"));
    }
    Ok(String::from_utf8(bytes).map_err(|_| "is not UTF-8"))
}

async fn spool_part(part: &mut Part<'_>, spool: &mut Spool<'_>) -> Result<(u64, String), Broken> {
    let mut digest = Sha256::new();
    let mut size = 0;
    while let Some(chunk) = part.chunk().await? {
        // Plain blocking writes: the runtime serves nobody but this server, and the page cache takes them.
        spool.write(&chunk)?;
        digest.update(&chunk);
        size += chunk.len() as u64;
    }
    Ok((size, hex(&digest.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::super::schemas::IMPORT_MESSAGE;

    #[test]
    fn bracket_names_mean_fields_and_places() {
        let path = |name| resolve(IMPORT_MESSAGE, name).map(|(field, index)| (field.path(), index));
        assert_eq!(path("body"), Ok(("body".to_owned(), None)));
        assert_eq!(path("sender[handle]"), Ok(("sender.handle".to_owned(), None)));
        assert_eq!(path("metadata[is_inbound]"), Ok(("metadata.is_inbound".to_owned(), None)));
        assert_eq!(path("to[0]"), Ok(("to".to_owned(), Some(0))));
        assert_eq!(path("attachments[12]"), Ok(("attachments".to_owned(), Some(12))));
    }

    #[test]
    fn other_spellings_are_refused() {
        for name in
            ["to[]", "to[01]", "to[+1]", "to[-1]", "to[0", "to[0][0]", "sender.handle", "sender[colour]", "colour", ""]
        {
            assert!(resolve(IMPORT_MESSAGE, name).is_err(), "{name}");
        }
    }

    #[test]
    fn only_plain_decimals_become_numbers_and_only_true_and_false_become_flags() {
        let mut form = Form::new(IMPORT_MESSAGE);
        for (name, text, value) in [
            ("created_at", "1453770984", Value::from(1_453_770_984)),
            ("metadata[is_inbound]", "false", Value::Bool(false)),
            ("metadata[is_archived]", "1", Value::from("1")),
            ("metadata[should_skip_rules]", "True", Value::from("True")),
        ] {
            let (field, index) = resolve(IMPORT_MESSAGE, name).unwrap();
            form.put(field, index, text.to_owned());
            let pointer = format!("/{}", field.path().replace('.', "/"));
            assert_eq!(Value::Object(form.request.clone()).pointer(&pointer), Some(&value), "{name}");
        }
        assert!(!is_decimal("+5") && !is_decimal("1.0") && !is_decimal("-") && !is_decimal(""));
    }
}
