//! Tables with the same columns: which of them hold chats, and what to propose for them.

use super::assign::{Assigned, assign};
use super::column::Column;
use super::guess::Guessed;
use super::known::{self, Recognised};
use super::transcript::Transcript;
use super::words::Part;
use super::{MOST_NAMED, MOST_OF_A_TABLE, Reading, SCRATCH_HEAD, TableExport, Trial, Tried, trial};
use crate::mapping::{self, Format, Mapping};
use crate::source::{Look, SourceFile, Watch, look_at_table};
use crate::survey::paths::{Paths, escaped};
use crate::survey::text::quoted;
use crate::survey::{Looked, SurveyError};
use std::path::{Path, PathBuf};

/// Columns of one table that are looked at.
const MOST_COLUMNS: usize = 300;

/// Where a group of tables lies.
struct Place<'a> {
    paths: &'a [String],
    base: &'a Path,
    watch: &'a Watch<'a>,
}

/// Tables with the same columns.
pub(super) struct Group {
    pub(super) files: Vec<PathBuf>,
    look: Look,
    looked: Looked,
    columns: Vec<Column>,
}

/// Looks at a table and adds it to the group of its columns; gives what is wrong with it and what to do, if anything is.
pub(super) fn group_of(path: &Path, groups: &mut Vec<Group>) -> Result<Option<(String, String)>, SurveyError> {
    let mapping = scratch()?;
    let Some((source, Format::Csv(csv))) = mapping.sources.first().map(|source| (source, &source.format)) else {
        return Ok(None);
    };
    let size = std::fs::metadata(path).map_or(0, |meta| meta.len());
    let file = SourceFile::new(path, &path.to_string_lossy(), size);
    let looked = look_at_table(source, csv, &file, MOST_OF_A_TABLE, &mut |_| false);
    let look = match looked {
        Ok(Some(look)) => look,
        Ok(None) => return Ok(Some(("empty".to_owned(), String::new()))),
        Err(error) => return Ok(Some((error.detail, error.remedy))),
    };
    if look.names.len() < 2 {
        let what = format!("a table of one column, {:?}", look.names.first().map_or("", String::as_str));
        return Ok(Some((
            what,
            "check what stands between its cells, and name that as `delimiter` of a source".to_owned(),
        )));
    }
    let place =
        groups.iter().position(|group| group.look.names == look.names && group.look.delimiter == look.delimiter);
    let place = place.unwrap_or_else(|| {
        let columns = Column::all(look.names.iter().take(MOST_COLUMNS));
        groups.push(Group { files: Vec::new(), look: look.clone(), looked: Looked::default(), columns });
        groups.len() - 1
    });
    let Some(group) = groups.get_mut(place) else { return Ok(None) };
    let columns = &mut group.columns;
    let mut take = |cells: &[String]| {
        columns.iter_mut().zip(cells).for_each(|(column, cell)| column.take(cell));
        true
    };
    if let Ok(Some(look)) = look_at_table(source, csv, &file, MOST_OF_A_TABLE, &mut take) {
        group.looked.files += 1;
        group.looked.all_files += 1;
        group.looked.cut_files += u64::from(size > look.bytes);
        group.looked.bytes += look.bytes;
        group.looked.all_bytes += size;
        group.looked.entries += look.rows;
        group.look.rows += look.rows;
        group.look.misfits += look.misfits;
        group.look.is_encoding_guessed |= look.is_encoding_guessed;
    }
    group.files.push(path.to_path_buf());
    Ok(None)
}

fn scratch() -> Result<Mapping, SurveyError> {
    let text = format!(
        "{SCRATCH_HEAD}[[source]]\nname = \"look\"\nformat = \"csv\"\npath = \"look\"\ndate = \"iso\"\n\
         columns = {{ conversation = \"a\", time = \"b\", sender = \"c\", text = \"d\" }}\n"
    );
    mapping::parse(Path::new("look.toml"), &text).map_err(|errors| SurveyError::bug(&errors.to_string()))
}

impl Group {
    pub(super) fn recognise(&self, listed: &[(PathBuf, String)], base: &Path, watch: &Watch<'_>) -> Option<Recognised> {
        let first = self.files.first()?;
        let path = listed.iter().find(|(file, _)| file == first).map(|(_, path)| path)?;
        let is_beside = |file: &PathBuf| file != first && file.parent() == first.parent();
        let beside: Vec<String> =
            listed.iter().filter(|(file, _)| is_beside(file)).take(MOST_NAMED).map(|(_, path)| path.clone()).collect();
        known::recognise(path, &beside, base, watch)
    }

    /// How the mapping names its files.
    pub(super) fn paths(&self, paths: &Paths) -> Result<Vec<String>, SurveyError> {
        if self.files.len() <= MOST_NAMED {
            return self.files.iter().map(|file| paths.of(file)).collect();
        }
        let folders: std::collections::BTreeSet<&Path> = self.files.iter().filter_map(|file| file.parent()).collect();
        let ending =
            self.files.first().and_then(|file| file.extension()).and_then(|ending| ending.to_str()).unwrap_or("csv");
        let patterns =
            folders.into_iter().map(|folder| Ok(format!("{}/*.{}", escaped(&paths.of(folder)?), escaped(ending))));
        patterns.collect()
    }

    /// What to propose; the error is why it holds no chats, and what to do.
    pub(super) fn export(
        self,
        paths: Vec<String>,
        known: Option<Recognised>,
        base: &Path,
        watch: &Watch<'_>,
    ) -> Result<TableExport, (String, String)> {
        // All columns are there, and yet most rows are none: then it is somebody else's table after all.
        let fits = |trial: &Trial| trial.messages > 0 || trial.bad.is_empty();
        if let Some(known) = known {
            let trial = trial::trial(&known.mapping, watch);
            if trial.as_ref().is_ok_and(fits) || assign(&self.columns).of(Part::Text).is_none() {
                return Ok(self.by_ready(&known, paths, trial));
            }
        }
        let assigned = assign(&self.columns);
        if assigned.of(Part::Text).is_none() || assigned.of(Part::Time).is_none() {
            return Err(self.refusal(&assigned, base, &paths, watch));
        }
        let text = assigned.of(Part::Text).and_then(|index| self.columns.get(index));
        if let Some(found) =
            text.and_then(|text| text.lines.transcript(&text.name)).filter(|found| !found.names_visitors())
        {
            return Err(whole_chats(&found));
        }
        let at = Place { paths: &paths, base, watch };
        let (mut guessed, mut trial) = self.tried(&assigned, 1, &at);
        // Further columns of handles only where rows are without one: in those that are left out nobody wrote.
        for senders in 2..=assigned.senders.len() {
            if !trial.as_ref().is_ok_and(|trial| trial.bad.contains_key("no sender")) {
                break;
            }
            (guessed, trial) = self.tried(&assigned, senders, &at);
        }
        let unknown_roles = guessed.roles.iter().filter(|(_, _, role)| role.is_none());
        let unknown_roles = unknown_roles.map(|(value, count, _)| (value.clone(), *count)).collect();
        let has_roles = !guessed.roles.is_empty();
        let reading = Reading::Guessed(Box::new(guessed));
        Ok(TableExport {
            name: "chat".to_owned(),
            paths,
            look: self.look,
            looked: self.looked,
            reading,
            trial,
            has_roles,
            unknown_roles,
        })
    }

    /// As the ready mapping of a product reads it.
    fn by_ready(self, known: &Recognised, paths: Vec<String>, trial: Tried) -> TableExport {
        let role = known.role_column().and_then(|name| self.columns.iter().find(|column| column.name == name));
        let values = role.and_then(|column| column.few(100)).unwrap_or_default();
        let unknown_roles = values.into_iter().filter(|(value, _)| known.knows_role(value) == Some(false)).collect();
        let has_roles = known.role_column().is_some();
        let reading = Reading::Ready { title: known.title, lines: known.lines_for(&paths) };
        let name = known.name.to_owned();
        TableExport { name, paths, look: self.look, looked: self.looked, reading, trial, has_roles, unknown_roles }
    }

    /// A guess with so many columns of handles, and what the first rows become by it.
    fn tried(&self, assigned: &Assigned, senders: usize, at: &Place<'_>) -> (Guessed, Tried) {
        let senders = assigned.senders.iter().take(senders).cloned().collect();
        let guessed = Guessed::of(&self.columns, &Assigned { senders, ..assigned.clone() });
        let text = format!("{SCRATCH_HEAD}{}", guessed.as_source(at.paths, &self.look));
        let trial = match mapping::parse(&at.base.join("look.toml"), &text) {
            Ok(mapping) => trial::trial(&mapping, at.watch),
            Err(errors) => Err((errors.to_string(), String::new())),
        };
        (guessed, trial)
    }

    /// Why a table without a column of texts or of times cannot be imported.
    fn refusal(&self, assigned: &Assigned, base: &Path, paths: &[String], watch: &Watch<'_>) -> (String, String) {
        // The source knows tables of figures, and what to export instead of them.
        let column = |index: usize| self.columns.get(index).map_or("x", |column| column.name.as_str());
        let lines: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
        let any = quoted(column(0));
        let text = format!(
            "{SCRATCH_HEAD}[[source]]\nname = \"look\"\nformat = \"csv\"\npath = [{}]\ndate = \"iso\"\ncolumns = {{ \
             conversation = {any}, time = {any}, sender = {any}, text = \"message text\" }}\n",
            lines.join(", ")
        );
        let refused =
            mapping::parse(&base.join("look.toml"), &text).ok().and_then(|mapping| trial::trial(&mapping, watch).err());
        if let Some((what, remedy)) = refused.filter(|(what, _)| what.contains("holds no messages")) {
            return (what, remedy);
        }
        let lacks = match (assigned.of(Part::Text), assigned.of(Part::Time)) {
            (None, None) => "neither texts nor times",
            (None, _) => "no texts that people wrote",
            _ => "no times",
        };
        let names: Vec<String> = self.columns.iter().take(12).map(|column| format!("{:?}", column.name)).collect();
        let more = if self.columns.len() > 12 { " and more" } else { "" };
        (
            format!("a table with {lacks} in its columns {}{more}", names.join(", ")),
            "if it does hold chats, start from mappings/chat-csv.toml, which explains other layouts; if not, nothing is to be done"
                .to_owned(),
        )
    }
}

/// A table with a chat in each cell, whose authors go by names that say nothing of who they are.
fn whole_chats(found: &Transcript) -> (String, String) {
    let authors: Vec<String> = found.authors.iter().take(4).map(|(name, ..)| format!("{name:?}")).collect();
    (
        format!("a chat in each cell of the column {:?}, in which {} and others speak", found.column, authors.join(", ")),
        "start from mappings/livechat.toml: its [source.transcript] reads such cells, and [[source.people]] says who is meant by \
         a name"
            .to_owned(),
    )
}
