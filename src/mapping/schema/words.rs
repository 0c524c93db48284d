//! Words that only the mapping file knows: the engine has other names for what they say.

use super::keys;
use crate::mapping::choice::choice;

choice! {
    /// `format` of a source.
    pub(in crate::mapping) enum SourceFormat {
        /// Files with many mails each.
        Mbox = "mbox",
        /// Folders with one mail a file: `.eml` at any depth, Maildir, Apple Mail's `.emlx`.
        Eml = "eml",
        /// Tables of chats.
        Csv = "csv",
    }
}

impl SourceFormat {
    /// Keys of sources of other formats alone.
    pub(in crate::mapping) fn foreign_keys(self) -> Vec<&'static str> {
        match self {
            SourceFormat::Mbox => keys::Table::KEYS.to_vec(),
            SourceFormat::Eml => [keys::Table::KEYS, &["dialect"]].concat(),
            SourceFormat::Csv => keys::Mails::KEYS.to_vec(),
        }
    }
}

choice! {
    /// Names that are labels.
    pub(in crate::mapping) enum LabelName {
        /// The folders between the fixed part of `path` and the file, such as `Archive/2019`.
        Folders = "folders",
        /// The mailbox file's own name without its ending; not of files with one mail.
        File = "file",
        /// Flags of a Maildir or `.emlx`: Trash, Drafts, Junk, Starred.
        Flags = "flags",
    }
}

choice! {
    /// The statement that nothing is left out.
    pub(in crate::mapping) enum Everything {
        /// Front has none of it, or doubles are wanted.
        Everything = "everything",
    }
}

choice! {
    /// What becomes of a mail without any date, unless a day is given.
    pub(in crate::mapping) enum Undated {
        /// The mail is rejected, and named.
        Reject = "reject",
        /// It gets the time at which its file was last changed.
        FileTime = "file-time",
    }
}

choice! {
    /// What a text cell holds.
    pub(in crate::mapping) enum TextFormat {
        /// Text as it is read.
        Plain = "plain",
        /// HTML with its tags.
        Html = "html",
    }
}

choice! {
    /// Formats of times that have a name.
    pub(in crate::mapping) enum DateWord {
        /// `2019-04-03T15:19:13Z` (RFC 3339, ISO 8601).
        Iso = "iso",
        /// Seconds since 1970: `1554304753`.
        EpochSeconds = "epoch-seconds",
        /// Milliseconds since 1970.
        EpochMilliseconds = "epoch-milliseconds",
        /// Microseconds since 1970.
        EpochMicroseconds = "epoch-microseconds",
    }
}
