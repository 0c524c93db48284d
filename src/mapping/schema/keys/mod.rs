//! The tables of a mapping and their keys. The checker takes the keys from here, editors and `docs/mapping.md` the comments: what
//! stands here is read by users.

mod finish;
mod rule;
mod source;
mod table;
mod whole;

pub(in crate::mapping) use finish::*;
pub(in crate::mapping) use rule::*;
pub(in crate::mapping) use source::*;
pub(in crate::mapping) use table::*;
pub(in crate::mapping) use whole::*;

#[cfg(test)]
use {schemars::Schema, serde_json::json};

/// A table of the mapping: its keys with their values and comments, and which of them must be there. The program has the keys
/// alone; its tests make the schema of the rest.
macro_rules! keys {
    (
        $(#[$meta:meta])*
        struct $name:ident requires [$($required:literal),*] {
            $($(#[$comment:meta])* $key:ident: $value:ty,)+
        }
    ) => {
        #[cfg(test)]
        #[derive(schemars::JsonSchema)]
        #[schemars(deny_unknown_fields, transform = $crate::mapping::schema::keys::requires(Self::REQUIRED))]
        #[allow(dead_code, reason = "described, and never filled")]
        $(#[$meta])*
        pub(in crate::mapping) struct $name { $($(#[$comment])* $key: $value,)+ }

        #[cfg(not(test))]
        pub(in crate::mapping) struct $name;

        impl $name {
            /// All of them, in the order in which people write them.
            pub(in crate::mapping) const KEYS: &'static [&'static str] = &[$(stringify!($key)),+];
            /// Those that must be there.
            #[cfg(test)]
            pub(in crate::mapping) const REQUIRED: &'static [&'static str] = &[$($required),*];
        }
    };
}
use keys;

/// Says which keys a table must have. As `Option`s the others would be allowed to be null, which TOML does not have.
#[cfg(test)]
fn requires(keys: &'static [&'static str]) -> impl FnMut(&mut Schema) {
    move |schema| {
        if keys.is_empty() {
            schema.remove("required");
        } else {
            schema.insert("required".to_owned(), json!(keys));
        }
    }
}
