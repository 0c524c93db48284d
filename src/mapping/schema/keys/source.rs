//! `[[source]]`: keys of every source, and those of mails. Those of tables are in `table`.

use super::keys;
#[cfg(test)]
use {
    super::{Table, requires},
    crate::mapping::choice::Choice,
    crate::mapping::ends::Straddling,
    crate::mapping::model::Dialect,
    crate::mapping::schema::values::{Moment, Namespace, OneOrMore, SourceName, Text, Until},
    crate::mapping::schema::words::{LabelName, SourceFormat},
    schemars::{JsonSchema, Schema},
    serde_json::{Map, Value, json},
};

// Text and title of the whole are those of its first part.
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, transform = requires(EverySource::REQUIRED), transform = of_each_format)]
#[allow(dead_code, reason = "described, and never filled")]
pub(in crate::mapping) struct Source {
    #[schemars(flatten)]
    every: EverySource,
    #[schemars(flatten)]
    mails: Mails,
    #[schemars(flatten)]
    table: Table,
}

keys! {
    /// An export: files of mails or of chats. Each has a table of its own, and there is at least one. A message that lies in several of
    /// them is imported once. Which further keys there are depends on `format`.
    ///
    /// ```toml
    /// [[source]]
    /// name = "mail"
    /// format = "mbox"
    /// path = ["Takeout/**/*.mbox", "older.mbox"]
    /// namespace = "acme.mail"
    /// since = 2019-01-01
    /// until = 2024-01-31T09:30:00Z
    /// straddling = "whole"
    /// ```
    #[schemars(title = "[[source]]")]
    struct EverySource requires ["name", "format", "path"] {
        /// A name of your choice, in `A-Z a-z 0-9 _ -`, which no other source has. Reports and rules call the source by it.
        #[schemars(example = &"mail")]
        name: SourceName,
        /// What the export is.
        format: SourceFormat,
        /// Files, folders or patterns, from the mapping's folder: `*` is any part of a name, `**` any number of folders. A folder
        /// stands for all mail in it; tables are named by file or pattern.
        #[schemars(example = &"export/**/*.mbox", example = ["Takeout", "older.mbox"])]
        path: OneOrMore<Text>,
        /// As in [`[identity]`](#identity), which has the default: for this source alone. Several chat products need one each, since
        /// conversation 1001 of one is not that of the other.
        #[schemars(example = &"acme.mail")]
        namespace: Namespace,
        /// Where this source begins: messages before this day or moment are left out.
        since: Moment,
        /// Where this source ends because Front has what follows from a connected channel: messages of this day or moment or later
        /// are left out. It must be said where an own address is a channel of Front's; `plan --online` proposes the moment.
        until: Until,
        /// What becomes of conversations with messages on both sides of `since` or `until`. Internal notes decide nothing about it. With
        /// `"cut"` they are cut as messages are, with the others they go with their conversation.
        #[schemars(extend("default" = "cut"))]
        straddling: Straddling,
    }
}

keys! {
    /// Further keys of sources with `format = "mbox"` or `"eml"`.
    ///
    /// ```toml
    /// [[source]]
    /// name = "archive"
    /// format = "mbox"
    /// path = "archive-*.zip"
    /// dialect = "mboxrd"
    /// labels_from = ["folders", "file", "flags"]
    /// unpack = "unpacked"
    /// ```
    #[schemars(title = "[[source]] of mails")]
    struct Mails requires [] {
        /// How the mbox files keep a line that begins with `From ` from being taken for the begin of a mail. `mbox` alone.
        #[schemars(extend("default" = "auto"))]
        dialect: Dialect,
        /// Which names become labels, and so tags by [`[labels]`](#labels). What this list leaves out does not count.
        #[schemars(extend("default" = ["flags"]), example = ["folders", "file", "flags"])]
        labels_from: Vec<LabelName>,
        /// A folder, from the mapping's, into which archives (`.zip`, `.gz`, `.tgz`, `.tar`) that `path` names are unpacked once.
        /// Without it they are answered with the command that unpacks them. Keep the archives.
        #[schemars(example = &"unpacked")]
        unpack: Text,
    }
}

/// Keys that only some formats have, and keys that tables must have, are said by format.
#[cfg(test)]
fn of_each_format(schema: &mut Schema) {
    let cases = SourceFormat::WORDS.iter().map(|(word, format)| {
        let foreign = format.foreign_keys().into_iter().map(|key| (key.to_owned(), Value::Bool(false)));
        let mut then = Map::from_iter([("properties".to_owned(), Value::Object(foreign.collect()))]);
        if *format == SourceFormat::Csv {
            then.insert("required".to_owned(), json!(Table::REQUIRED));
        }
        json!({ "if": { "properties": { "format": { "const": word } }, "required": ["format"] }, "then": then })
    });
    schema.insert("allOf".to_owned(), cases.collect());
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
}
