//! A look at tables: which hold chats, how they are written, which column is for what, and what stays open.

mod assign;
mod column;
mod known;
mod times;
mod transcript;
mod trial;
mod words;

pub use times::Dates;
pub(super) use trial::{Trial, told};

use super::exports::{Exports, Left};
use super::paths::{Paths, escaped};
use super::text::quoted;
use super::{Looked, SurveyError};
use crate::mapping::{self, Format, Mapping, Role, RowKind, zone_named};
use crate::source::{Look, SourceFile, Watch, look_at_table};
use assign::{Assigned, assign};
use column::Column;
use known::Recognised;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use times::Times;
use transcript::Transcript;
use words::Part;

/// Bytes of one table that are looked at.
pub(super) const MOST_OF_A_TABLE: u64 = 32 << 20;

/// Tables that are looked at.
const MOST_TABLES: usize = 200;

/// Columns of one table that are looked at.
const MOST_COLUMNS: usize = 300;

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

/// Where a group of tables lies.
struct Place<'a> {
    paths: &'a [String],
    base: &'a Path,
    watch: &'a Watch<'a>,
}

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

/// What was guessed of a table that no ready mapping reads.
#[derive(Debug)]
pub(super) struct Guessed {
    pub(super) columns: Vec<Line>,
    pub(super) dates: Dates,
    pub(super) clock_format: Option<&'static str>,
    /// All of a chat in one cell.
    pub(super) transcript: Option<Transcript>,
    pub(super) zone: Zone,
    pub(super) roles: Vec<(String, u64, Option<Role>)>,
    pub(super) kinds: Vec<(String, u64, Option<RowKind>)>,
    /// Handles look like telephone numbers; `Some(true)` if their column says that they are ids.
    pub(super) phones: Option<bool>,
    pub(super) is_html: bool,
    /// Names of columns that nothing is read from.
    pub(super) unused: Vec<String>,
}

/// A key of `columns`, its columns, and what speaks for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) key: &'static str,
    pub(super) columns: Vec<String>,
    pub(super) why: String,
}

/// Where the zone of the times comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Zone {
    /// The times, a column, or the name of the time column say it.
    Said,
    /// The times or their column are marked as UTC.
    Utc,
    /// Nothing says it.
    Open,
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

fn left(path: &Path, what: String, remedy: String) -> Left {
    Left { name: path.to_string_lossy().into_owned(), files: 1, what, remedy }
}

/// Tables with the same columns.
struct Group {
    files: Vec<PathBuf>,
    look: Look,
    looked: Looked,
    columns: Vec<Column>,
}

/// Looks at a table and adds it to the group of its columns; gives what is wrong with it and what to do, if anything is.
fn group_of(path: &Path, groups: &mut Vec<Group>) -> Result<Option<(String, String)>, SurveyError> {
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
    fn recognise(&self, listed: &[(PathBuf, String)], base: &Path, watch: &Watch<'_>) -> Option<Recognised> {
        let first = self.files.first()?;
        let path = listed.iter().find(|(file, _)| file == first).map(|(_, path)| path)?;
        let is_beside = |file: &PathBuf| file != first && file.parent() == first.parent();
        let beside: Vec<String> =
            listed.iter().filter(|(file, _)| is_beside(file)).take(MOST_NAMED).map(|(_, path)| path.clone()).collect();
        known::recognise(path, &beside, base, watch)
    }

    /// How the mapping names its files.
    fn paths(&self, paths: &Paths) -> Result<Vec<String>, SurveyError> {
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
    fn export(
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
                return Ok(self.by_ready(known, paths, trial));
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
    fn by_ready(self, known: Recognised, paths: Vec<String>, trial: Tried) -> TableExport {
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
        let guessed = self.guess(&Assigned { senders, ..assigned.clone() });
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

    fn guess(&self, assigned: &Assigned) -> Guessed {
        let at = |part: Part| assigned.of(part).and_then(|index| self.columns.get(index));
        let time = at(Part::Time);
        let clock = at(Part::Clock);
        let joined_clock = clock.map(|clock| Times::clock_format(&clock.example));
        let no_times = Times::default();
        let dates = time.map_or(&no_times, |time| &time.times).dates(joined_clock);
        let transcript = at(Part::Text).and_then(|text| text.lines.transcript(&text.name));
        let role_column = at(Part::Role).filter(|_| transcript.is_none());
        let meaning =
            |column: &Column, value: &str| words::role_by_question(&column.name, value).or_else(|| words::role(value));
        let roles = role_column.map(|column| {
            let values = column.few(100).unwrap_or_default();
            values.into_iter().map(|(value, count)| (value.clone(), count, meaning(column, &value))).collect()
        });
        let kinds = at(Part::Kind).map(|column| {
            let values = column.few(100).unwrap_or_default();
            values.into_iter().map(|(value, count)| (value.clone(), count, words::kind(&column.name, &value))).collect()
        });
        let senders = assigned.senders.iter().filter_map(|(index, _)| self.columns.get(*index));
        let has_numbers = |column: &&Column| column.numbers > 0;
        let says_id = |column: &Column| words::fold(&column.name).contains("id");
        let numbered: Vec<&Column> = senders.filter(has_numbers).collect();
        let phones = (!numbered.is_empty()).then(|| numbered.iter().all(|column| says_id(column)));
        // The clock of a transcript may be another than that of the column.
        let says_zone = dates.says_zone && transcript.as_ref().is_none_or(|found| found.clock_format.is_none());
        let (header_zone, zone) = self.zone(assigned, says_zone, dates.is_utc, time);
        let is_used = |index: &usize| assigned.is_used(*index) || assigned.zone == Some(*index);
        let unused = (0..self.columns.len()).filter(|index| !is_used(index));
        Guessed {
            columns: self.lines(assigned, header_zone, transcript.as_ref()),
            clock_format: joined_clock,
            zone,
            roles: transcript.as_ref().map(|found| found.authors.clone()).or(roles).unwrap_or_default(),
            transcript,
            kinds: kinds.unwrap_or_default(),
            phones,
            is_html: at(Part::Text).is_some_and(|text| text.percent(text.tags) >= 30),
            unused: unused.filter_map(|index| self.columns.get(index)).map(|column| column.name.clone()).collect(),
            dates,
        }
    }

    /// The name of the time column as far as it is no zone, and where the zone comes from.
    fn zone(
        &self,
        assigned: &Assigned,
        says_zone: bool,
        is_utc: bool,
        time: Option<&Column>,
    ) -> (Option<String>, Zone) {
        let name = time.map_or("", |time| time.name.as_str());
        let in_name = name.rsplit_once(' ').filter(|(_, zone)| zone.contains('/') && zone_named(zone).is_some());
        let is_named_utc = name
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .any(|word| word.eq_ignore_ascii_case("utc") || word.eq_ignore_ascii_case("gmt"));
        if says_zone || assigned.zone.is_some() {
            (None, Zone::Said)
        } else if let Some((rest, _)) = in_name {
            (Some(format!("{rest} *")), Zone::Said)
        } else if is_utc || is_named_utc {
            (None, Zone::Utc)
        } else {
            (None, Zone::Open)
        }
    }

    fn lines(&self, assigned: &Assigned, header_zone: Option<String>, transcript: Option<&Transcript>) -> Vec<Line> {
        const KEYS: [(&str, Part); 12] = [
            ("id", Part::Id),
            ("conversation", Part::Conversation),
            ("time", Part::Time),
            ("clock", Part::Clock),
            ("sender", Part::Sender),
            ("agent", Part::Agent),
            ("sender_name", Part::SenderName),
            ("recipient", Part::Recipient),
            ("text", Part::Text),
            ("role", Part::Role),
            ("kind", Part::Kind),
            ("subject", Part::Subject),
        ];
        let name = |index: usize| self.columns.get(index).map(|column| column.name.clone()).unwrap_or_default();
        let mut lines = Vec::new();
        // What the lines of a transcript say takes the place of columns.
        let groups = |key: &str| match key {
            "agent" | "sender_name" | "role" => Some("author"),
            "text" => Some("words"),
            "clock" => transcript?.clock_format.map(|_| "clock"),
            _ => None,
        };
        for (key, part) in KEYS.into_iter().chain([("labels", Part::Labels)]) {
            if let Some(group) = groups(key).filter(|_| transcript.is_some()) {
                lines.push(Line { key, columns: vec![group.to_owned()], why: "of the transcript's lines".to_owned() });
                continue;
            }
            if part == Part::Sender {
                let columns: Vec<String> = assigned.senders.iter().map(|(index, _)| name(*index)).collect();
                let why: Vec<&str> = assigned.senders.iter().map(|(_, why)| why.as_str()).collect();
                lines.push(Line { key, columns, why: why.join("; then: ") });
                continue;
            }
            if let Some((_, index, why)) = assigned.parts.iter().find(|(known, ..)| *known == part) {
                let (column, why) = match &header_zone {
                    Some(named) if part == Part::Time => {
                        (named.clone(), format!("{why}; the rest of the name is the zone"))
                    }
                    _ => (name(*index), why.clone()),
                };
                lines.push(Line { key, columns: vec![column], why });
            } else if part == Part::Conversation {
                lines.push(Line { key, columns: Vec::new(), why: String::new() });
            }
        }
        if let Some(index) = assigned.zone {
            lines.push(Line { key: "timezone", columns: vec![name(index)], why: "every cell names a zone".to_owned() });
        }
        lines
    }
}

impl Recognised {
    /// The lines with all files of the group.
    fn lines_for(&self, paths: &[String]) -> Vec<String> {
        if paths.len() < 2 {
            return self.lines.clone();
        }
        let all: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
        let mut is_first = true;
        let replaced = |line: &String| {
            let is_path = line.trim_start().starts_with("path") && std::mem::take(&mut is_first);
            if is_path { format!("path   = [{}]", all.join(", ")) } else { line.clone() }
        };
        self.lines.iter().map(replaced).collect()
    }
}

impl Guessed {
    /// The source for a trial: what is open is filled so that the rest can be tried.
    fn as_source(&self, paths: &[String], look: &Look) -> String {
        let all: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
        let mut text = format!("[[source]]\nname = \"look\"\nformat = \"csv\"\npath = [{}]\n", all.join(", "));
        let formats = self.dates.formats.iter().chain(self.dates.open.iter().filter_map(|pair| pair.first()));
        let formats: Vec<String> = formats.take(1 + self.dates.formats.len()).map(|format| quoted(format)).collect();
        let _ = writeln!(text, "date = [{}]", formats.join(", "));
        if self.zone != Zone::Said {
            text.push_str("timezone = \"UTC\"\n");
        }
        if let Some(true) = self.phones {
            text.push_str("country = \"none\"\n");
        }
        if self.is_html {
            text.push_str("text_format = \"html\"\n");
        }
        if look.quote == Some('\'') {
            text.push_str("quote = \"'\"\n");
        }
        if let Some(format) = self.transcript.as_ref().and_then(|found| found.clock_format) {
            let _ = writeln!(text, "clock_format = \"{format}\"");
        }
        text.push_str("[source.columns]\n");
        let conversation = self.columns.iter().find(|line| line.key == "text").map(|line| line.columns.clone());
        for line in &self.columns {
            // A trial without conversations takes any column for that.
            let columns =
                if line.columns.is_empty() { conversation.clone().unwrap_or_default() } else { line.columns.clone() };
            let _ = writeln!(text, "{} = {}", line.key, listed(&columns));
        }
        let roles = self.roles.iter().filter_map(|(value, _, role)| Some((value, role_word((*role)?))));
        let kinds = self.kinds.iter().filter_map(|(value, _, kind)| Some((value, kind_word((*kind)?))));
        if let Some(Transcript { column, line, .. }) = &self.transcript {
            let _ = writeln!(text, "[source.transcript]\ncolumn = {}\nline = '{line}'", quoted(column));
        }
        table(&mut text, "roles", roles.collect());
        table(&mut text, "kinds", kinds.collect());
        text
    }
}

fn table(text: &mut String, name: &str, values: Vec<(&String, &str)>) {
    if !values.is_empty() {
        let _ = writeln!(text, "[source.{name}]");
        for (value, word) in values {
            let _ = writeln!(text, "{} = \"{word}\"", quoted(value));
        }
    }
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
