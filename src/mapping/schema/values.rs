//! Single values as JSON Schema has them. It is never stricter than the checker: what is not said here, the checker says.

use super::words::{DateWord, Everything, Undated};
use crate::mapping::rule::LEAVE_OPEN;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::marker::PhantomData;

/// A kind of value, written out wherever it occurs.
macro_rules! value {
    ($($(#[$comment:meta])* $name:ident = $schema:tt;)+) => {$(
        $(#[$comment])*
        #[allow(dead_code, reason = "described, and never filled")]
        pub(super) struct $name(String);

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )+};
}

value! {
    /// A string that is not blank.
    Text = { "title": "text", "type": "string", "minLength": 1 };
    Address = { "title": "address", "type": "string", "pattern": "^[^@]+@[^@]+$" };
    Domain = { "title": "domain", "type": "string", "pattern": "^[^.@*/:][^@*/:]*$" };
    Teammate = { "title": "teammate", "type": "string", "pattern": "^(alt:|tea_)[\\s\\S]", "examples": ["alt:email:nell@acme.example"] };
    Tag = { "title": "tag", "type": "string", "minLength": 1, "maxLength": 64 };
    Namespace = { "title": "text", "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" };
    SourceName = { "title": "name", "type": "string", "pattern": "^[A-Za-z0-9_-]+$" };
    HeaderName = { "title": "name", "type": "string", "pattern": "^[!-9;-~]+$" };
    /// A regular expression of the `regex` crate: `"format": "regex"` would mean those of JavaScript.
    Pattern = { "title": "pattern", "type": "string", "minLength": 1 };
    Size = {
        "title": "size", "type": "string", "pattern": "^[0-9]+[^0-9A-Za-z]*[kKmMgG][bB][^0-9A-Za-z]*$", "examples": ["150 MB"]
    };
    Duration = { "title": "length of time", "type": "string", "pattern": "^[0-9]+(ms|s)$", "examples": ["10s", "500ms"] };
    /// TOML's own dates, which editors hand over as strings.
    Day = { "title": "day", "type": "string", "format": "date", "examples": ["2015-01-01"] };
    Moment = {
        "title": "moment", "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}", "examples": ["2024-01-31T09:30:00Z"]
    };
    Channel = { "title": "channel", "type": "string", "pattern": "^cha_[A-Za-z0-9_]+$" };
    Column = { "title": "column", "type": "string", "minLength": 1, "pattern": "^[^*]*\\*?[^*]*$" };
    DatePattern = { "title": "date pattern", "type": "string", "pattern": "%", "examples": ["%d.%m.%Y %H:%M:%S"] };
    Country = { "title": "code", "type": "string", "pattern": "^([A-Za-z]{2}|none)$" };
    Delimiter = { "title": "sign", "type": "string", "pattern": "^(tab|\\t|[!#-&(-/:-@\\[-`{-~])$" };
    Quote = { "type": "string", "enum": ["\"", "'", "none"] };
    Share = { "title": "number", "type": "number", "exclusiveMinimum": 0, "maximum": 1 };
    Archived = { "enum": [true, LEAVE_OPEN] };
}

/// One of several kinds of values.
macro_rules! either {
    ($($(#[$comment:meta])* $name:ident = $first:ty, $second:ty;)+) => {$(
        $(#[$comment])*
        #[derive(JsonSchema)]
        #[schemars(inline, untagged)]
        #[allow(dead_code, reason = "described, and never filled")]
        pub(super) enum $name { First($first), Second($second) }
    )+};
}

either! {
    DateFormat = DateWord, DatePattern;
    DateFallback = Undated, Day;
    Until = Moment, Everything;
}

/// One value, or a list of at least one.
pub(super) struct OneOrMore<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for OneOrMore<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMore{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}
