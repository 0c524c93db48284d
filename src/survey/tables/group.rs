//! Tables with the same columns: which of them hold chats, and what to propose for them.

use super::assign::{Assigned, assign};
use super::column::Column;
use super::guess::Guessed;
use super::known::{Columns, Recognised};
use super::transcript::Transcript;
use super::words::Part;
use super::{MOST_NAMED, MOST_OF_A_TABLE, Reading, Refused, SCRATCH_HEAD, TableExport, Trial, Tried, trial};
use crate::mapping::{self, Format, Mapping};
use crate::source::{Look, SourceFile, Watch, look_at_table};
use crate::survey::paths::{Paths, escaped};
use crate::survey::text::{quoted, source_for_trial};
use crate::survey::{Looked, SurveyError};
use std::collections::BTreeSet;
use std::ffi::OsStr;
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

/// Looks at a table and adds it to the group of its columns; gives what is wrong with it, if anything is.
pub(super) fn group_of(path: &Path, groups: &mut Vec<Group>) -> Result<Option<Refused>, SurveyError> {
    let mapping = scratch()?;
    let Some((source, Format::Csv(csv))) = mapping.sources.first().map(|source| (source, &source.format)) else {
        return Ok(None);
    };
    let size = std::fs::metadata(path).map_or(0, |meta| meta.len());
    let file = SourceFile::new(path, &path.to_string_lossy(), size);
    let looked = look_at_table(source, csv, &file, MOST_OF_A_TABLE, &mut |_| false);
    let look = match looked {
        Ok(Some(look)) => look,
        Ok(None) => return Ok(Some(Refused::of("empty", ""))),
        Err(error) => return Ok(Some(Refused::of(error.detail, error.remedy))),
    };
    if look.names.len() < 2 {
        let what = format!("a table of one column, {:?}", look.names.first().map_or("", String::as_str));
        let remedy = "check what stands between its cells, and name that as `delimiter` of a source";
        return Ok(Some(Refused { is_table_by_looks: true, ..Refused::of(what, remedy) }));
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
    /// What a product is known by.
    pub(super) fn columns<'a>(&'a self, paths: &'a [String]) -> Columns<'a> {
        Columns { names: &self.look.names, paths }
    }

    /// The other groups with files in the same folders. `named`: how the mapping names the files of each group.
    pub(super) fn beside<'a>(
        &self,
        own: usize,
        groups: &'a [Group],
        named: &'a [Vec<String>],
    ) -> Vec<(usize, Columns<'a>)> {
        let folders: BTreeSet<&Path> = self.files.iter().filter_map(|file| file.parent()).collect();
        let is_beside =
            |group: &Group| group.files.iter().filter_map(|file| file.parent()).any(|folder| folders.contains(folder));
        let others = groups.iter().zip(named).enumerate().filter(|(at, (group, _))| *at != own && is_beside(group));
        others.map(|(at, (group, paths))| (at, group.columns(paths))).collect()
    }

    /// How the mapping names its files.
    pub(super) fn paths(&self, paths: &Paths) -> Result<Vec<String>, SurveyError> {
        match self.patterns().filter(|_| self.files.len() > MOST_NAMED) {
            None => self.files.iter().map(|file| paths.of(file)).collect(),
            Some(patterns) => {
                let pattern = |(folder, ending): (&Path, &str)| {
                    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                    Ok(format!("{}/*.{}", escaped(&paths.of(folder)?), escaped(ending)))
                };
                patterns.into_iter().map(pattern).collect()
            }
        }
    }

    /// Folders and endings that say which files are its own, if they do: nothing else lies there with such an ending.
    fn patterns(&self) -> Option<BTreeSet<(&Path, &str)>> {
        let patterns: BTreeSet<(&Path, &str)> =
            self.files.iter().map(|file| place_and_ending(file)).collect::<Option<_>>()?;
        let files: BTreeSet<&Path> = self.files.iter().map(PathBuf::as_path).collect();
        let fits = |(folder, ending): &(&Path, &str)| {
            let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let is_ours = |entry: std::fs::DirEntry| {
                let path = folder.join(entry.file_name());
                path.extension() != Some(OsStr::new(ending)) || files.contains(path.as_path())
            };
            std::fs::read_dir(listed).is_ok_and(|mut entries| entries.all(|entry| entry.is_ok_and(is_ours)))
        };
        (patterns.len() <= MOST_NAMED && patterns.iter().all(fits)).then_some(patterns)
    }

    /// As the ready mapping of a product reads it. `None`: all columns are there, and yet most rows are none, so it is
    /// somebody else's table after all.
    pub(super) fn by_ready(&self, known: &Recognised, paths: Vec<String>, watch: &Watch<'_>) -> Option<TableExport> {
        let trial = trial::trial(&known.mapping, watch).ok()?;
        let fits = |trial: &Trial| trial.messages > 0 || trial.bad.is_empty();
        if !fits(&trial) && assign(&self.columns).of(Part::Text).is_some() {
            return None;
        }
        let role = known.role_column().and_then(|name| self.columns.iter().find(|column| column.name == name));
        let values = role.and_then(|column| column.few(100)).unwrap_or_default();
        Some(TableExport {
            name: known.name.to_owned(),
            paths,
            look: self.look.clone(),
            looked: self.looked.clone(),
            reading: Reading::Ready { title: known.title, lines: known.lines.clone() },
            trial: Ok(trial),
            has_roles: known.role_column().is_some(),
            unknown_roles: values.into_iter().filter(|(value, _)| known.knows_role(value) == Some(false)).collect(),
        })
    }

    /// What to propose for a table of no known product; the error is why it holds no chats.
    pub(super) fn export(self, paths: Vec<String>, base: &Path, watch: &Watch<'_>) -> Result<TableExport, Refused> {
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

    /// A guess with so many columns of handles, and what the first rows become by it.
    fn tried(&self, assigned: &Assigned, senders: usize, at: &Place<'_>) -> (Guessed, Tried) {
        let senders = assigned.senders.iter().take(senders).cloned().collect();
        let guessed = Guessed::of(&self.columns, &Assigned { senders, ..assigned.clone() });
        let text = format!("{SCRATCH_HEAD}{}", source_for_trial(&guessed, at.paths, &self.look));
        let trial = match mapping::parse(&at.base.join("look.toml"), &text) {
            Ok(mapping) => trial::trial(&mapping, at.watch),
            Err(errors) => Err((errors.to_string(), String::new())),
        };
        (guessed, trial)
    }

    /// Why a table without a column of texts or of times cannot be imported.
    fn refusal(&self, assigned: &Assigned, base: &Path, paths: &[String], watch: &Watch<'_>) -> Refused {
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
            return Refused::of(what, remedy);
        }
        let lacks = match (assigned.of(Part::Text), assigned.of(Part::Time)) {
            (None, None) => "neither texts nor times",
            (None, _) => "no texts that people wrote",
            _ => "no times",
        };
        let names: Vec<String> = self.columns.iter().take(12).map(|column| format!("{:?}", column.name)).collect();
        let more = if self.columns.len() > 12 { " and more" } else { "" };
        let what = format!("a table with {lacks} in its columns {}{more}", names.join(", "));
        let remedy = "if it does hold chats, start from mappings/chat-csv.toml, which explains other layouts; if not, nothing is \
                      to be done";
        Refused { is_table_by_looks: true, ..Refused::of(what, remedy) }
    }
}

fn place_and_ending(file: &Path) -> Option<(&Path, &str)> {
    Some((file.parent()?, file.extension()?.to_str()?))
}

/// A table with a chat in each cell, whose authors go by names that say nothing of who they are.
fn whole_chats(found: &Transcript) -> Refused {
    let authors: Vec<String> = found.authors.iter().take(4).map(|(name, ..)| format!("{name:?}")).collect();
    Refused::of(
        format!(
            "a chat in each cell of the column {:?}, in which {} and others speak",
            found.column,
            authors.join(", ")
        ),
        "start from mappings/livechat.toml: its [source.transcript] reads such cells, and [[source.people]] says who is meant by \
         a name",
    )
}
