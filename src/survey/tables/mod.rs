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
use known::recognise;
use std::collections::BTreeSet;
use std::path::Path;
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

impl Reading {
    /// Does it tell internal notes from messages?
    pub(super) fn has_notes(&self) -> bool {
        match self {
            Self::Ready { lines, .. } => lines.iter().any(|line| line.contains("= \"note\"")),
            Self::Guessed(guessed) => guessed.kinds.iter().any(|(.., kind)| *kind == Some(RowKind::Note)),
        }
    }
}

/// Why a table is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    what: String,
    remedy: String,
    /// It may be no table at all: text with commas looks like one.
    is_table_by_looks: bool,
}

impl Refused {
    fn of(what: impl Into<String>, remedy: impl Into<String>) -> Refused {
        Refused { what: what.into(), remedy: remedy.into(), is_table_by_looks: false }
    }

    fn into_left(self, path: &Path) -> Left {
        let left = Left::of(path.to_string_lossy().into_owned(), 1, self.what, self.remedy);
        Left { is_table_by_looks: self.is_table_by_looks, ..left }
    }
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
    let mut tables = std::mem::take(&mut exports.tables);
    let more = tables.split_off(tables.len().min(MOST_TABLES));
    if let Some(first) = more.first() {
        let what = format!("beyond the first {MOST_TABLES} tables, which were looked at");
        let remedy = "run `threadlift init` on these by themselves".to_owned();
        exports.left.push(Left::of(first.to_string_lossy().into_owned(), more.len() as u64, what, remedy));
    }
    let mut groups: Vec<Group> = Vec::new();
    for path in tables {
        not_stopped(watch)?;
        if let Some(refused) = group_of(&path, &mut groups)? {
            exports.left.push(refused.into_left(&path));
        }
    }
    let named = groups.iter().map(|group| group.paths(paths)).collect::<Result<Vec<_>, _>>()?;
    let mut ready = Vec::new();
    let mut seconds: BTreeSet<usize> = BTreeSet::new();
    for (at, (group, paths)) in groups.iter().zip(&named).enumerate() {
        not_stopped(watch)?;
        let beside = group.beside(at, &groups, &named);
        let known = recognise(group.columns(paths), &beside, base);
        let export = known.as_ref().and_then(|known| group.by_ready(known, paths.clone(), watch));
        seconds.extend(known.filter(|_| export.is_some()).into_iter().flat_map(|known| known.seconds));
        ready.push(export);
    }
    let mut found = Vec::new();
    for (at, ((group, paths), ready)) in groups.into_iter().zip(named).zip(ready).enumerate() {
        not_stopped(watch)?;
        let first = group.files.first().cloned().unwrap_or_default();
        match ready {
            Some(export) => found.push(export),
            None if seconds.contains(&at) => {}
            None => match group.export(paths, base, watch) {
                Ok(export) => found.push(export),
                Err(refused) => exports.left.push(refused.into_left(&first)),
            },
        }
    }
    Ok(found)
}

fn not_stopped(watch: &Watch<'_>) -> Result<(), SurveyError> {
    if watch.stop.load(Ordering::Relaxed) { Err(SurveyError::interrupted()) } else { Ok(()) }
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
