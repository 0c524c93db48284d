//! The mapping file: what the user decided, checked before anything else happens.
//!
//! A mapping is one TOML file. [`load`] reads it, checks all of it, fills in the defaults and gives a [`Mapping`], in
//! which every value is usable as it stands; or it gives [`MappingErrors`] with everything that is wrong, each thing at its
//! line and column and with its remedy. A syntax error ends the reading; everything else is found in one go.
//!
//! Nothing is guessed: unknown keys, values that could mean two things, and conditions that can never be true are
//! refused. What only the data can tell (no file at `path`, no such column) is found by later stages, which point into
//! the mapping with [`diagnostic()`]. Whether a rule matches a message is decided elsewhere, too.
//!
//! Inside: `check` goes over the document with `source` (its time: `ends`, `deliver`; tables: `csv`, `columns`, `layout`), `rule` (its conditions:
//! `condition`), `identity`, `finish`, `time`, `target` and `value`; `section` reads typed values with their places, `findings` collects
//! what is wrong, `diagnostic` shows it. Which keys and words there are stands in `schema` (and in the enums that `choice` makes),
//! from where editors and the page about the mapping have them, too.

mod check;
mod choice;
mod columns;
mod condition;
mod country;
mod csv;
mod deliver;
mod diagnostic;
mod ends;
mod findings;
mod finish;
mod identity;
mod layout;
mod model;
mod probed;
mod rule;
mod schema;
mod section;
mod source;
mod table;
mod target;
mod template;
mod time;
mod value;
mod when;

pub use country::{Country, country};
pub use deliver::Deliver;
pub use diagnostic::{Diagnostic, MappingErrors, render_warnings};
pub use ends::{Edge, Ends, Moment, Straddling, Until};
pub use findings::nearest;
pub use finish::{Contacts, ContactsOf, CustomFields, Finish, Link, NewInboxes, Notes, Values};
pub use model::*;
pub use probed::{FINDINGS_VERSION, Finding, FindingsFile, Inline, Probed, finding};
pub use schema::{REFERENCE, SCHEMA};
pub use table::*;
pub use target::{WrongBaseUrl, check_base_url, is_loopback};
pub use template::Template;
pub use time::{clock_time, zone_named};
pub use when::*;

use findings::Findings;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use toml::de::DeTable;

/// Largest mapping, in bytes. Tables of ten thousand agents fit; an export given by mistake is not read into memory.
const LARGEST: u64 = 1 << 20;

impl Mapping {
    /// BLAKE3 of the text, and of the findings that it names: a plan made with others is stale.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.text.as_bytes());
        if let Some(probed) = &self.target.probed {
            hasher.update(&probed.digest);
        }
        hasher.finalize().into()
    }

    /// Who stands in for recipients that a mail does not name.
    #[must_use]
    pub fn fallback_recipient(&self) -> String {
        let stated = self.defaults.to.as_ref().or_else(|| self.ours.addresses.first());
        stated.cloned().unwrap_or_else(|| NO_RECIPIENT.to_owned())
    }
}

/// Stands in for recipients when neither message nor mapping names one.
pub const NO_RECIPIENT: &str = "undisclosed-recipients";

/// Reads and checks the mapping at `path`, with the findings that it names.
pub fn load(path: &Path) -> Result<Mapping, MappingErrors> {
    let bytes = read(path)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(path, text).and_then(probed::follow),
        Err(fault) => {
            // Before the first wrong byte, the lossy text is the same as the file.
            let text = String::from_utf8_lossy(&bytes);
            let mut found = Findings::new(&text);
            let at = fault.valid_up_to()..fault.valid_up_to() + char::REPLACEMENT_CHARACTER.len_utf8();
            let help = "save the file in the encoding UTF-8";
            found.report(&at, "the mapping is not UTF-8", "this byte is not UTF-8", help);
            Err(found.into_errors(path))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, MappingErrors> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    let (reason, help) = match read {
        Ok(_) if bytes.len() as u64 <= LARGEST => return Ok(bytes),
        Ok(_) => (
            format!("it is larger than {} MiB", LARGEST >> 20),
            "give the mapping file (TOML), not an export; exports are named by `path` inside the mapping",
        ),
        Err(fault) => (
            fault.to_string(),
            match fault.kind() {
                ErrorKind::NotFound => {
                    "check the path; if there is no mapping yet, `threadlift init EXPORT` looks at an export and writes one"
                }
                ErrorKind::IsADirectory => {
                    "this is a folder; name the mapping file inside it, or if it is an export, `threadlift init FOLDER` writes one"
                }
                ErrorKind::PermissionDenied => "give yourself the right to read the file",
                _ => "check that the file can be read",
            },
        ),
    };
    Err(MappingErrors::whole_file(path, format!("cannot read the mapping: {reason}"), help))
}

/// Checks the text of a mapping; `path` is its file's, for messages and as the start of relative paths.
pub fn parse(path: &Path, text: &str) -> Result<Mapping, MappingErrors> {
    let shown = without_mark(text);
    let mut found = Findings::new(shown);
    let (document, faults) = DeTable::parse_recoverable(shown);
    let mut last_line = 0;
    for fault in &faults {
        let at = fault.span().unwrap_or(0..0);
        // One slip often gives several errors; the first of a line is the one to mend.
        let line = found.line(&at);
        if std::mem::replace(&mut last_line, line) == line {
            continue;
        }
        let help = syntax_help(shown, &at, fault.message());
        found.report(&at, format!("this is not TOML: {}", fault.message()), "cannot be read", help);
    }
    // What was recovered behind a syntax error is not what was meant, so no more is said about it.
    if faults.is_empty()
        && let Some(mapping) = check::check(&mut found, document.get_ref(), path, text)
    {
        return Ok(mapping);
    }
    Err(found.into_errors(path))
}

/// The text less a byte order mark, which no editor counts as a column.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn syntax_help(text: &str, at: &std::ops::Range<usize>, message: &str) -> &'static str {
    let before = text.get(..at.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    if message.contains("duplicate key") {
        "keep one of the two"
    } else if message.contains("unquoted key") {
        "put quotes round a name with spaces, accents or other signs: \"To do\" = \"todo\""
    } else if message.contains("escape") || line.contains("\"\\") {
        "in double quotes a backslash begins an escape; write patterns in single quotes: '\\d+'"
    } else if line.contains('=') {
        "text stands in quotes (\"...\"), lists in brackets ([..., ...]), and each key on a line of its own"
    } else {
        "a line is `key = value`, a header such as `[target]`, or a comment behind `#`"
    }
}

/// One error at a place of a mapping that was loaded, for what only the data can show.
///
/// `at` is `(line, column)` from 1, as in [`SourceMapping::path_at`] and [`CsvMapping::columns_at`]; `width` is the number
/// of characters to underline. `label` stands under them, `help` is the remedy.
#[must_use]
pub fn diagnostic(
    mapping: &Mapping,
    at: (usize, usize),
    width: usize,
    title: impl Into<String>,
    label: impl Into<String>,
    help: impl Into<String>,
) -> MappingErrors {
    let (line, column) = at;
    let (title, label, help) = (title.into(), label.into(), help.into());
    let diagnostic = Diagnostic { line, column, width, title, label, help };
    MappingErrors::new(&mapping.path, without_mark(&mapping.text), vec![diagnostic], 0)
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
