//! Keys that take one of a few words: each word, what it means to the engine, and what it says to people, in one place.

/// A value that is written as one of a few words.
pub(super) trait Choice: Copy + 'static {
    /// All of them.
    const WORDS: &'static [(&'static str, Self)];
}

/// An enum whose variants are words of the mapping. The checker reads the words, the schema has them with the comment of each.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident { $($(#[$comment:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
        $(#[$meta])*
        $visibility enum $name { $($(#[$comment])* #[cfg_attr(test, schemars(rename = $word))] $variant,)+ }

        impl $crate::mapping::choice::Choice for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $name::$variant)),+];
        }
    };
}
pub(super) use choice;
