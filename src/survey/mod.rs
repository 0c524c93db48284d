//! A look at exports of which nobody has said anything yet, and the mapping that comes of it.
//!
//! [`look`] finds out what was given: kinds of exports, who "we" are, labels, ticket numbers, how tables are written and which
//! column is for what. [`Survey::mapping`] writes that down, with what speaks for each guess, and TODO where nothing decides:
//! a guess that would go wrong in silence (the order of day and month, a time zone) is never made. [`Survey::questions`] are
//! the few that somebody at a terminal can answer at once.
//!
//! Mails and rows are read by the rooms that read them for a plan. The look is bounded: 64 MB of a mailbox, 32 MB of a table,
//! 20,000 files of a folder, a minute for all mails; what was looked at stands in the mapping.
//!
//! Inside: `exports` tells kinds apart, `paths` names them, `mails` and `tables` look at each, `questions` asks, `text` writes.

mod exports;
mod mails;
mod paths;
mod questions;
mod tables;
mod text;

#[cfg(test)]
mod tests;

pub use exports::Left;
pub use mails::{Agent, Guess, People, Place, Ticket};
pub use questions::Question;
pub use tables::Dates;
pub use text::{Todo, Written};

use crate::source::Watch;
use exports::MailExport;
use mails::{Budget, Seen, Tally};
use paths::Paths;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use tables::{Reading, TableExport, Zone};

/// What was found out.
#[derive(Debug)]
pub struct Survey {
    mails: Vec<MailSource>,
    tables: Vec<TableExport>,
    /// What of the exports is not read, and what to do about it.
    left: Vec<Left>,
    is_cut: bool,
    tally: Tally,
    people: People,
    answers: Answers,
}

/// An export of mails, and what it said.
#[derive(Debug)]
struct MailSource {
    export: MailExport,
    seen: Seen,
}

/// How much was looked at.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Looked {
    files: u64,
    all_files: u64,
    /// Files of which only the beginning was looked at.
    cut_files: u64,
    bytes: u64,
    all_bytes: u64,
    /// Mails or rows.
    entries: u64,
    /// Those of them that could not be read, or hold none.
    bad: u64,
    is_out_of_time: bool,
}

impl Looked {
    fn is_part(&self) -> bool {
        self.cut_files > 0 || self.is_out_of_time || self.files < self.all_files
    }
}

/// What somebody at a terminal said.
#[derive(Debug, Default)]
struct Answers {
    inbox: Option<String>,
    labels_become_tags: Option<bool>,
    tables: BTreeMap<usize, TableAnswers>,
}

#[derive(Debug, Default)]
struct TableAnswers {
    is_day_first: Option<bool>,
    zone: Option<String>,
}

/// Why there is nothing to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyError {
    /// What is wrong, and where.
    pub message: String,
    /// What to do.
    pub help: String,
    /// What kind of trouble it is.
    pub kind: Trouble,
}

/// Kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// With what was given.
    Given,
    /// It was interrupted.
    Interrupted,
    /// With the program.
    Bug,
}

/// Looks at files and folders; `base` is the folder that the mapping will lie in.
///
/// # Errors
/// If something given cannot be read, or none of it holds mails or chats.
pub fn look(given: &[PathBuf], base: &Path, watch: &Watch<'_>) -> Result<Survey, SurveyError> {
    let paths = Paths::new(base)?;
    let mut found = exports::find(given, &paths, watch.stop)?;
    let tables = tables::look(&mut found, &paths, base, watch)?;
    let mut tally = Tally::default();
    let mut mails = Vec::new();
    let mut budget = Budget::of(found.mails.iter().filter(|export| !export.readable.is_empty()).count());
    for export in found.mails {
        let seen = mails::look(&export, base, &mut tally, &mut budget, watch)?;
        match seen.closed {
            Some((what, remedy)) => {
                let name = export.paths.first().cloned().unwrap_or_default();
                found.left.push(Left::of(name, 1, what, remedy));
            }
            None => mails.push(MailSource { export, seen }),
        }
    }
    if mails.is_empty() && tables.is_empty() {
        return Err(SurveyError::nothing(given, &found.left));
    }
    // That a text with commas is no table needs no remedy where others are.
    for left in found.left.iter_mut().filter(|left| left.is_table_by_looks) {
        if ![".csv", ".tsv", ".tab"].iter().any(|ending| left.name.to_ascii_lowercase().ends_with(ending)) {
            left.remedy.clear();
        }
    }
    found.left.sort();
    let people = People::of(&tally);
    let mut survey =
        Survey { mails, tables, left: found.left, is_cut: found.is_cut, tally, people, answers: Answers::default() };
    survey.people_of_tables(true);
    // A trial that was interrupted says little, and ends without an error.
    if watch.stop.load(Ordering::Relaxed) {
        return Err(SurveyError::interrupted());
    }
    Ok(survey)
}

impl Survey {
    /// What of the exports is not read.
    #[must_use]
    pub fn left(&self) -> &[Left] {
        &self.left
    }

    /// Who we seem to be.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.people
    }

    /// What was found, a line for each source.
    #[must_use]
    pub fn found(&self) -> Vec<String> {
        let mails = self.mails.iter().enumerate().map(|(index, source)| {
            let looked = text_of(&source.seen.looked, "mails", source.export.readable.is_empty());
            format!("{}: {}; {looked}", self.name_of_mails(index), source.export.seen)
        });
        let tables = self.tables.iter().enumerate().map(|(index, table)| {
            let what = match &table.reading {
                Reading::Ready { title, .. } => (*title).to_owned(),
                Reading::Guessed(_) => "a table of chats".to_owned(),
            };
            format!("{}: {what}; {}", self.name_of_table(index), text_of(&table.looked, "rows", false))
        });
        mails.chain(tables).collect()
    }

    /// Ways to join conversations by ticket number.
    #[must_use]
    pub fn tickets(&self) -> Vec<Ticket> {
        self.tally.tickets.found(self.tally.mails)
    }

    /// First and last day of mails and chats.
    #[must_use]
    pub fn days(&self) -> Option<(String, String)> {
        let trials = self.tables.iter().filter_map(|table| table.trial.as_ref().ok()?.dates);
        let all: Vec<(i64, i64)> = trials.chain(self.tally.dates).collect();
        let first = all.iter().map(|(first, _)| *first).min()?;
        let last = all.iter().map(|(_, last)| *last).max()?;
        mails::day(first).zip(mails::day(last))
    }

    /// Was only a part looked at?
    #[must_use]
    pub fn is_part(&self) -> bool {
        let mails = self.mails.iter().map(|source| &source.seen.looked);
        mails.chain(self.tables.iter().map(|table| &table.looked)).any(Looked::is_part)
    }

    /// A year before which there is something.
    fn first_year(&self) -> i16 {
        let first = self.days().and_then(|(first, _)| first.get(..4)?.parse::<i16>().ok());
        first.unwrap_or(2014).saturating_add(1)
    }

    fn usual_inbox(&self) -> &'static str {
        if self.mails.is_empty() { "Chat" } else { "Support" }
    }

    /// The name of a source, unlike all before it.
    fn name_of_mails(&self, index: usize) -> String {
        let names: Vec<&str> = self.mails.iter().map(|source| source.export.program.name()).collect();
        numbered(&names, index)
    }

    /// Likewise of tables, which come behind the mails.
    fn name_of_table(&self, index: usize) -> String {
        let mails = self.mails.iter().map(|source| source.export.program.name());
        let names: Vec<&str> = mails.chain(self.tables.iter().map(|table| table.name.as_str())).collect();
        numbered(&names, self.mails.len() + index)
    }

    /// Do the roles of tables say who wrote, and are there no mails?
    fn says_direction_itself(&self) -> bool {
        self.mails.is_empty() && self.tables.iter().all(|table| table.has_roles)
    }

    /// Adds who wrote for us in tables; and the domain that did, unless somebody has said which are ours.
    fn people_of_tables(&mut self, is_open: bool) {
        for (table, trial) in self.tables.iter().filter_map(|table| Some((table, table.trial.as_ref().ok()?))) {
            if is_open
                && !table.has_roles
                && let Some((value, why)) = trial.hub()
                && !self.people.domains.iter().any(|own| own.value == value)
            {
                self.people.doubtful.push(value.clone());
                self.people.domains.push(Guess { value, why });
            }
            // Where no column says who wrote, those on our side did.
            let wrote = if table.has_roles { &trial.agents } else { &trial.authors };
            for (handle, messages) in mails::most_frequent(wrote, |messages| *messages).into_iter().take(1_000) {
                let is_ours = table.has_roles || self.people.owns(&handle);
                if is_ours
                    && self.people.agents.len() < 40
                    && !self.people.agents.iter().any(|agent| agent.handle == handle)
                {
                    let why = crate::words::counted(messages, "chat message");
                    self.people.agents.push(Agent { handle, why, is_gone: false });
                }
            }
        }
    }
}

fn text_of(looked: &Looked, what: &str, is_packed: bool) -> String {
    if is_packed { "packed, so not looked into".to_owned() } else { text::looked(looked, what) }
}

/// The name at a place; with a number if it stands before that place, too.
fn numbered(names: &[&str], index: usize) -> String {
    let name = names.get(index).copied().unwrap_or("source");
    match names.iter().take(index).filter(|other| **other == name).count() {
        0 => name.to_owned(),
        before => format!("{name}-{}", before + 1),
    }
}

impl SurveyError {
    fn unreadable(path: &Path, error: &io::Error) -> SurveyError {
        let help = match error.kind() {
            io::ErrorKind::NotFound => "check the path",
            io::ErrorKind::PermissionDenied => "make it readable for the user who runs threadlift",
            _ => "check the disk or the network drive, and run the command again",
        };
        SurveyError {
            message: format!("cannot read {}: {error}", path.display()),
            help: help.to_owned(),
            kind: Trouble::Given,
        }
    }

    fn no_file(path: &Path) -> SurveyError {
        let message = format!("{} is a device, a pipe or a socket", path.display());
        SurveyError { message, help: "save its content to a file and give that".to_owned(), kind: Trouble::Given }
    }

    fn no_text(path: &Path) -> SurveyError {
        let message = format!("the name of {} is not UTF-8, and a mapping is", path.display());
        SurveyError { message, help: "rename it, or the folder that it lies in".to_owned(), kind: Trouble::Given }
    }

    fn interrupted() -> SurveyError {
        let message = "interrupted; nothing was written".to_owned();
        SurveyError { message, help: "run it again".to_owned(), kind: Trouble::Interrupted }
    }

    fn bug(what: &str) -> SurveyError {
        let message = format!("the mapping made for a look is none: {what}");
        SurveyError { message, help: String::new(), kind: Trouble::Bug }
    }

    fn nothing(given: &[PathBuf], left: &[Left]) -> SurveyError {
        const MOST: usize = 8;
        let names: Vec<String> = given.iter().take(3).map(|path| path.display().to_string()).collect();
        let mut message = format!("nothing in {} is an export of mails or chats", names.join(", "));
        for Left { name, files, what, remedy, .. } in left.iter().take(MOST) {
            let others = if *files > 1 { format!(" and {} more", files - 1) } else { String::new() };
            let remedy = if remedy.is_empty() { String::new() } else { format!("; {remedy}") };
            message = format!("{message}\n  {name}{others}: {what}{remedy}");
        }
        if left.len() > MOST {
            message = format!("{message}\n  and more");
        }
        let help = "give mbox files, folders with mailboxes or mails, or tables (CSV) with a row a message";
        SurveyError { message, help: help.to_owned(), kind: Trouble::Given }
    }
}

impl fmt::Display for SurveyError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for SurveyError {}
