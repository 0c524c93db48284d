//! A look at tables: which hold chats, how they are written, which column is for what, and what stays open.

mod assign;
mod column;
mod group;
mod guess;
mod known;
mod times;
mod transcript;
mod trial;
mod ways;
mod words;

pub(super) use guess::{Guessed, Zone};
pub use times::Dates;
pub(super) use trial::{Trial, told};

use super::exports::{Exports, Left};
use super::paths::Paths;
use super::text::quoted;
use super::{Looked, SurveyError};
use crate::mapping::{Role, RowKind};
use crate::source::{Look, Watch};
use group::{Group, group_of};
use known::Recognised;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Bytes of one table that are looked at.
pub(super) const MOST_OF_A_TABLE: u64 = 32 << 20;

/// Tables that are looked at.
const MOST_TABLES: usize = 200;

/// Tables of one kind that are named one by one.
const MOST_NAMED: usize = 12;

/// What stands before the source in a mapping that is made for a look.
pub(super) const SCRATCH_HEAD: &str = "version = 1\n[target]\ninbox = \"Chat\"\n";

/// One `[[source]]` of chats.
#[derive(Debug)]
pub(super) struct TableExport {
    pub(super) name: String,
    pub(super) paths: Vec<String>,
    pub(super) look: Look,
    pub(super) looked: Looked,
    pub(super) reading: Reading,
    pub(super) trial: Tried,
    /// A column says who wrote.
    pub(super) has_roles: bool,
    /// Values of the role column that nobody explains, with counts.
    pub(super) unknown_roles: Vec<(String, u64)>,
}

/// What the first rows become; or why that cannot be tried, and the remedy.
type Tried = Result<Trial, (String, String)>;

/// How it is read.
#[derive(Debug)]
pub(super) enum Reading {
    /// By the ready mapping of a product: its name, and the lines of its source.
    Ready {
        title: &'static str,
        lines: Vec<String>,
    },
    Guessed(Box<Guessed>),
}

/// Looks at the tables among the exports; those that hold no chats go to what is left.
///
/// # Errors
/// If it was interrupted.
pub(super) fn look(
    exports: &mut Exports,
    paths: &Paths,
    base: &Path,
    watch: &Watch<'_>,
) -> Result<Vec<TableExport>, SurveyError> {
    let tables = std::mem::take(&mut exports.tables);
    if tables.len() > MOST_TABLES {
        exports.is_cut = true;
    }
    let mut groups: Vec<Group> = Vec::new();
    for path in tables.into_iter().take(MOST_TABLES) {
        if watch.stop.load(Ordering::Relaxed) {
            return Err(SurveyError::interrupted());
        }
        match group_of(&path, &mut groups)? {
            None => {}
            Some((what, remedy)) => exports.left.push(left(&path, what, remedy)),
        }
    }
    let mut found = Vec::new();
    let listed: Vec<(PathBuf, String)> = groups
        .iter()
        .flat_map(|group| &group.files)
        .map(|file| Ok((file.clone(), paths.of(file)?)))
        .collect::<Result<_, SurveyError>>()?;
    let mut seconds: Vec<String> = Vec::new();
    let mut recognised: Vec<Option<Recognised>> = Vec::new();
    for group in &groups {
        let known = group.recognise(&listed, base, watch);
        seconds.extend(known.as_ref().and_then(|known| known.second.clone()));
        recognised.push(known);
    }
    for (group, known) in groups.into_iter().zip(recognised) {
        let named = group.paths(paths)?;
        if known.is_none() && named.iter().any(|name| seconds.contains(name)) {
            continue;
        }
        let first = group.files.first().cloned().unwrap_or_default();
        match group.export(named, known, base, watch) {
            Ok(export) => found.push(export),
            Err((what, remedy)) => exports.left.push(left(&first, what, remedy)),
        }
    }
    Ok(found)
}

fn left(path: &Path, what: String, remedy: String) -> Left {
    Left { name: path.to_string_lossy().into_owned(), files: 1, what, remedy }
}

/// One name, or a list of several.
pub(super) fn listed(columns: &[String]) -> String {
    match columns {
        [one] => quoted(one),
        all => format!("[{}]", all.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")),
    }
}

/// As the mapping has it.
pub(super) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Inbound => "inbound",
        Role::Outbound => "outbound",
        Role::Skip => "skip",
    }
}

/// As the mapping has it.
pub(super) fn kind_word(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Message => "message",
        RowKind::MessageIfText => "message-if-text",
        RowKind::Note => "note",
        RowKind::Skip => "skip",
    }
}
