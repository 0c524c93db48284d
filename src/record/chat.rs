//! From a row of a chat table to a [`Record`].

mod time;

use super::email::{active_content, says_something};
use super::handle::sent_as;
use super::identity::Digest;
use super::{ActiveContent, Address, BadRecord, Body, Direction, Identity, Kind, Outcome, Record, subject_value};
use crate::mapping::{CsvMapping, Mapping, MessageType, Notes, Role, RowKind, number_in, numbered};
use crate::source::RawRow;
use std::collections::BTreeMap;
use time::Written;

/// The change that every row without a subject has where the mapping makes one.
pub const SUBJECT_MADE: &str = "subject made by `subject_template`";

/// Reads a row of the source of that name.
///
/// # Errors
/// [`BadRecord`], always rejected: no conversation, sender or text, a role, a kind or a time that the mapping does not
/// explain.
pub fn from_row(row: &RawRow, csv: &CsvMapping, source_name: &str, mapping: &Mapping) -> Result<Outcome, BadRecord> {
    let cells = Cells { row };
    let columns = &csv.columns;
    // A conversation nobody answered has a row, and nothing in it.
    if csv.has_rows_of_many() && cells.text(csv).is_none() {
        return Ok(Outcome::Skip("no text".to_owned()));
    }
    let kind = kind(&cells, csv)?;
    let is_note =
        matches!(kind, Some((RowKind::Note, _))) && mapping.notes != Notes::Nothing && cells.text(csv).is_some();
    if let Some(cause) = kind.filter(|_| !is_note).and_then(|(kind, value)| left_out(kind, value, &cells, csv)) {
        return Ok(Outcome::Skip(cause));
    }
    let mut author = Author::of(&cells, csv)?;
    let direction = match author.direction(&cells, csv)? {
        Stated::Skip(value) => return Ok(Outcome::Skip(format!("role {value}"))),
        Stated::Direction(direction) => direction,
    };
    if direction == Some(Direction::Outbound) && !columns.agent.is_empty() {
        author = author.by_columns_of_agents(&cells, csv);
    }
    let conversation = cells.needed(&columns.conversation, "no conversation")?;
    let (Some(sender), Some(written_sender)) = (author.handle, author.written) else {
        let named = if author.is_agent { &columns.agent } else { &columns.sender };
        return Err(empty(&named.join("\" and \""), "no sender"));
    };
    let text = cells.text(csv).ok_or_else(|| empty(&columns.text, "empty text"))?;
    let written = Written {
        day: cells.filled(&columns.time).unwrap_or_default(),
        clock: cells.named(columns.clock.as_deref()),
        zone: cells.named(columns.timezone.as_deref()),
        header_zone: row.zone.as_ref(),
        run: row.run,
    };
    let mut changes = Vec::new();
    let date = written.read(csv, &mut changes)?;
    let id = cells.named(columns.id.as_deref());
    let subject = cells.named(columns.subject.as_deref()).map(|cell| shown(cell, "subject", &mut changes));
    let namespace = mapping
        .sources
        .iter()
        .find(|source| source.name == source_name)
        .map_or(&mapping.identity.namespace, |source| &source.namespace);
    let thread_column = cells.named(mapping.thread.header.as_deref()).map(str::to_owned);
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    // Made of the cells as they are: no repair may change an id. Only line ends are those of the network, since every
    // program that writes a table again makes them its own.
    let digested = unified.replace('\n', "\r\n");
    let line = Line { namespace, conversation, id, time: &written.text(), sender: written_sender, text: &digested };
    let identity = line.identity();
    let mut to = recipient(&cells, csv, (source_name, mapping), direction, mapping.ours.owns(sender));
    for address in &mut to {
        address.handle = sent_as(one_line(&address.handle, "recipient", &mut changes), csv.phones)?;
    }
    let sender = sent_as(one_line(sender, "sender", &mut changes), csv.phones)?;
    let other_handles = author.others.iter().map(|other| one_line(other, "sender", &mut Vec::new()));
    let other_handles = other_handles.filter_map(|other| sent_as(other, csv.phones).ok()).collect();
    note_unreadable([Some(text), subject.as_deref(), Some(sender.as_str()), author.name], &mut changes);
    let body = without_nul(unified, &mut changes);
    let record = Record {
        kind: Kind::Row,
        message_type: csv.message_type,
        message_id: id.map(str::to_owned),
        in_reply_to: Vec::new(),
        references: Vec::new(),
        gmail_thread: None,
        conversation: Some(conversation.to_owned()),
        to,
        from: Some(Address {
            name: author.name.map(|name| shown(name, "author's name", &mut changes)),
            handle: sender,
        }),
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: Vec::new(),
        missing_handles: author.missing_handles,
        other_handles,
        delivered_to: Vec::new(),
        active: if csv.text_is_html { active_content(&body) } else { ActiveContent::default() },
        thread_value: thread_column.or_else(|| subject_value(subject.as_deref()?, mapping)),
        subject: subject.or_else(|| by_template(&cells, csv, &mut changes)),
        body: if csv.text_is_html { Body::Html(body) } else { Body::Text(body) },
        attachments: Vec::new(),
        date: Some(date),
        labels: cells.labels(columns.labels.as_deref()),
        stated_direction: direction,
        is_note,
        identity,
        likeness: None,
        changes,
    };
    Ok(Outcome::Record(Box::new(record)))
}

/// Cells of a row, trimmed.
struct Cells<'a> {
    row: &'a RawRow,
}

impl<'a> Cells<'a> {
    /// The cell, if it holds anything.
    fn filled(&self, column: &str) -> Option<&'a str> {
        // Characters that nobody sees, such as the NULs of a broken export, hold nothing.
        let says_something = |cell: &&str| cell.contains(|c: char| !c.is_control() && !c.is_whitespace());
        self.row.get(column).map(str::trim).filter(says_something)
    }

    /// The cell of a column that the mapping may not name.
    fn named(&self, column: Option<&str>) -> Option<&'a str> {
        self.filled(column?)
    }

    /// The cell, or the reason why there is no message without it.
    fn needed(&self, column: &str, cause: &str) -> Result<&'a str, BadRecord> {
        self.filled(column).ok_or_else(|| empty(column, cause))
    }

    /// What was said.
    fn text(&self, csv: &CsvMapping) -> Option<&'a str> {
        self.filled(&csv.columns.text).filter(|text| !csv.text_is_html || says_something(text))
    }

    /// Filled cells of numbered columns, each with what stands for the `*`.
    fn numbered(&self, pattern: (&'a str, &'a str)) -> impl Iterator<Item = (&'a str, &'a str)> {
        let columns = self.row.header.iter().zip(&self.row.cells);
        columns.filter_map(move |(column, cell)| {
            let cell = cell.trim();
            Some((number_in(pattern, column)?, cell)).filter(|_| !cell.is_empty())
        })
    }

    /// One column with commas, or numbered columns of one label each.
    fn labels(&self, column: Option<&'a str>) -> Vec<String> {
        let Some(column) = column else { return Vec::new() };
        let labels: Vec<&str> = match numbered(column) {
            Some(pattern) => self.numbered(pattern).map(|(_, label)| label).collect(),
            None => self.filled(column).unwrap_or_default().split(',').collect(),
        };
        labels.into_iter().map(without_controls).filter(|label| !label.is_empty()).collect()
    }
}

fn empty(column: &str, cause: &str) -> BadRecord {
    BadRecord::rejected(
        cause,
        format!("the cell under \"{column}\" is empty"),
        "fill the cell in the table, name another column under `columns`, or give such rows a role or a kind that is `skip`",
    )
}

/// What a row is by its kind column, if there is one, and what stands there.
fn kind<'a>(cells: &Cells<'a>, csv: &CsvMapping) -> Result<Option<(RowKind, &'a str)>, BadRecord> {
    let Some(column) = csv.columns.kind.as_deref() else { return Ok(None) };
    let value = cells.row.get(column).unwrap_or_default().trim();
    let meanings = "\"message\", \"message-if-text\", \"note\" or \"skip\"";
    let kind = listed(&csv.kinds, value).ok_or_else(|| unlisted(value, column, "kind", meanings))?;
    Ok(Some((kind, value)))
}

/// Why a row is no message, by its kind.
fn left_out(kind: RowKind, value: &str, cells: &Cells<'_>, csv: &CsvMapping) -> Option<String> {
    let has_text = cells.text(csv).is_some();
    match kind {
        RowKind::Message => None,
        RowKind::MessageIfText if has_text => None,
        RowKind::MessageIfText => Some(format!("kind {value} without text")),
        RowKind::Note if has_text => Some(format!("internal note (kind {value})")),
        RowKind::Note => Some(format!("internal note (kind {value}) without text")),
        // Whoever skips a kind by `*` must see whether anybody said anything in it.
        RowKind::Skip if has_text => Some(format!("kind {value}, with text")),
        RowKind::Skip => Some(format!("kind {value}")),
    }
}

/// The meaning of a value: as written, else without regard to ASCII case, else that of all others.
fn listed<T: Copy>(table: &BTreeMap<String, T>, value: &str) -> Option<T> {
    let alike = || table.iter().find(|(name, _)| name.eq_ignore_ascii_case(value)).map(|(_, meaning)| meaning);
    table.get(value).or_else(alike).or_else(|| table.get("*")).copied()
}

fn unlisted(value: &str, column: &str, what: &str, meanings: &str) -> BadRecord {
    BadRecord::rejected(
        &format!("unknown {what}"),
        format!("{value:?} under {column:?} is not in the table `{what}s`"),
        format!("add {value:?} to `{what}s` of this source, as {meanings}; `\"*\"` stands for all others"),
    )
}

/// Who wrote a row.
struct Author<'a> {
    /// The cell.
    written: Option<&'a str>,
    /// The cell, or the handle of the person whose name it is.
    handle: Option<&'a str>,
    name: Option<&'a str>,
    /// Columns of better handles that are empty.
    missing_handles: u8,
    /// Cells of less good handles that are filled.
    others: Vec<&'a str>,
    /// Their role by the columns of people.
    role: Option<&'a str>,
    /// Read from the columns of agents.
    is_agent: bool,
}

impl<'a> Author<'a> {
    fn of(cells: &Cells<'a>, csv: &'a CsvMapping) -> Result<Author<'a>, BadRecord> {
        let Handles { best: written, missing: missing_handles, others } =
            Handles::of(csv.columns.sender.iter().map(|column| cells.filled(column)));
        let name = cells.named(csv.columns.sender_name.as_deref());
        let as_written =
            Author { written, handle: written, name, missing_handles, others, role: None, is_agent: false };
        let Some(called) = written else { return Ok(as_written) };
        let mut meant: Vec<(Option<&'a str>, Handles<'a>)> = Vec::new();
        for person in &csv.people {
            // Each name with its number among numbered ones, which is empty for the only one.
            let names: Vec<(&str, &str)> = match numbered(&person.name) {
                Some(pattern) => cells.numbered(pattern).collect(),
                None => cells.filled(&person.name).map(|name| ("", name)).into_iter().collect(),
            };
            for (number, _) in names.into_iter().filter(|(_, name)| name.eq_ignore_ascii_case(called)) {
                let handles = Handles::of(person.handle.iter().map(|column| match numbered(column) {
                    Some((before, after)) => cells.filled(&format!("{before}{number}{after}")),
                    None => cells.filled(column),
                }));
                meant.push((person.role.as_deref(), handles));
            }
        }
        meant.dedup_by(|one, other| (one.0, one.1.best) == (other.0, other.1.best));
        let mut meant = meant.into_iter();
        let Some((role, Handles { best, missing: missing_handles, others })) = meant.next() else {
            return Ok(as_written);
        };
        let meaning = |role: Option<&str>| listed(&csv.roles, role.unwrap_or_default());
        let namesakes = meant.as_slice();
        if namesakes.iter().any(|(other, _)| meaning(*other) != meaning(role)) {
            return Err(BadRecord::rejected(
                "two people of one name",
                format!("{called:?} is the name of a visitor and of an agent in this row: who said it?"),
                "change one of the two names in the row's text and in its column of names",
            ));
        }
        // Of namesakes in one role, two agents say, nobody knows which: it was one of them.
        if best.is_none() || !namesakes.is_empty() {
            return Ok(Author { role, ..as_written });
        }
        Ok(Author { handle: best, name: name.or(Some(called)), missing_handles, others, role, ..as_written })
    }

    /// The author by the columns of agents.
    fn by_columns_of_agents(self, cells: &Cells<'a>, csv: &'a CsvMapping) -> Author<'a> {
        let Handles { best, missing, others } =
            Handles::of(csv.columns.agent.iter().map(|column| cells.filled(column)));
        Author { written: best, handle: best, missing_handles: missing, others, is_agent: true, ..self }
    }

    /// What the role says, by its column or by who the author is.
    fn direction(&self, cells: &Cells<'_>, csv: &CsvMapping) -> Result<Stated, BadRecord> {
        let stated = |role: Role, value: &str| match role {
            Role::Inbound => Stated::Direction(Some(Direction::Inbound)),
            Role::Outbound => Stated::Direction(Some(Direction::Outbound)),
            Role::Skip => Stated::Skip(value.to_owned()),
        };
        let Some(column) = csv.columns.role.as_deref() else {
            let value = self.role.unwrap_or_default();
            if csv.people.is_empty() || csv.roles.is_empty() {
                return Ok(Stated::Direction(None));
            }
            return match (listed(&csv.roles, value), self.written) {
                (Some(role), _) => Ok(stated(role, value)),
                (None, Some(called)) => Err(BadRecord::rejected(
                    "unknown author",
                    format!("{called:?} stands in none of the columns of names: was it a visitor, an agent or a bot?"),
                    "write the name into the column that it belongs to; or say what all such authors are by `\"*\" = \"outbound\"` \
                     (or \"inbound\", or \"skip\") in `roles` of this source",
                )),
                (None, None) => Ok(Stated::Direction(None)),
            };
        };
        let value = cells.row.get(column).unwrap_or_default().trim();
        match listed(&csv.roles, value) {
            Some(role) => Ok(stated(role, value)),
            None => Err(unlisted(value, column, "role", "\"inbound\", \"outbound\" or \"skip\"")),
        }
    }
}

/// The cells of an author's handles, of which the first are the better ones.
struct Handles<'a> {
    /// The first that is filled.
    best: Option<&'a str>,
    /// How many empty ones stand before it.
    missing: u8,
    /// The filled ones behind it.
    others: Vec<&'a str>,
}

impl<'a> Handles<'a> {
    fn of(cells: impl Iterator<Item = Option<&'a str>>) -> Self {
        let place = |place: usize| u8::try_from(place).unwrap_or(u8::MAX);
        let mut filled = cells.enumerate().filter_map(|(at, cell)| Some((cell?, place(at))));
        let (best, missing) = filled.next().map_or((None, 0), |(cell, missing)| (Some(cell), missing));
        Self { best, missing, others: filled.map(|(cell, _)| cell).collect() }
    }
}

enum Stated {
    Skip(String),
    Direction(Option<Direction>),
}

/// Says so where bytes of the table held no character.
fn note_unreadable<'a>(texts: impl IntoIterator<Item = Option<&'a str>>, changes: &mut Vec<String>) {
    if texts.into_iter().flatten().any(|text| text.contains('\u{fffd}')) {
        changes.push("characters that the table's encoding does not have stand as \u{fffd}".to_owned());
    }
}

/// A handle that stays one: a line end or another control character in it becomes a space.
fn one_line(handle: &str, what: &str, changes: &mut Vec<String>) -> String {
    if !handle.contains(char::is_control) {
        return handle.to_owned();
    }
    changes.push(format!("{what}: control characters made spaces"));
    handle.replace(char::is_control, " ").trim().to_owned()
}

/// The subject that the mapping makes for a row without one.
fn by_template(cells: &Cells<'_>, csv: &CsvMapping, changes: &mut Vec<String>) -> Option<String> {
    let subject = csv.subject_template.as_ref()?.filled(|column| cells.filled(column))?;
    changes.push(SUBJECT_MADE.to_owned());
    Some(without_controls(&subject))
}

/// A subject or a name, which nobody looks up as it is: control characters between words become one space.
fn shown(cell: &str, what: &str, changes: &mut Vec<String>) -> String {
    if cell.contains(char::is_control) {
        changes.push(format!("{what}: control characters made spaces"));
    }
    without_controls(cell)
}

fn without_controls(cell: &str) -> String {
    let pieces = cell.split(char::is_control).map(str::trim).filter(|piece| !piece.is_empty());
    pieces.collect::<Vec<_>>().join(" ")
}

/// NUL is a character that databases refuse.
fn without_nul(mut text: String, changes: &mut Vec<String>) -> String {
    if text.contains('\0') {
        text.retain(|character| character != '\0');
        changes.push("NUL characters removed from the text".to_owned());
    }
    text
}

/// Whom a row was written to. What we wrote goes to the customer of the conversation, whom only the plan knows.
fn recipient(
    cells: &Cells<'_>,
    csv: &CsvMapping,
    (source_name, mapping): (&str, &Mapping),
    direction: Option<Direction>,
    sender_is_ours: bool,
) -> Vec<Address> {
    let bare = |handle: &str| vec![Address { name: None, handle: handle.to_owned() }];
    if let Some(cell) = csv.columns.recipient.as_deref().and_then(|column| cells.filled(column)) {
        return bare(cell);
    }
    let outbound = direction.map_or(sender_is_ours, |direction| direction == Direction::Outbound);
    if outbound {
        return Vec::new();
    }
    let unnamed = || match csv.message_type {
        MessageType::Custom => source_name.to_owned(),
        // A mail goes to an address.
        MessageType::Email => mapping.fallback_recipient(),
    };
    bare(&csv.recipient.clone().unwrap_or_else(unnamed))
}

/// What the identity of a row is made of; the scheme is described in [`super::identity`].
struct Line<'a> {
    namespace: &'a str,
    conversation: &'a str,
    id: Option<&'a str>,
    time: &'a str,
    sender: &'a str,
    text: &'a str,
}

impl Line<'_> {
    fn identity(&self) -> Identity {
        let place = |context| Digest::new(context).field(self.namespace.as_bytes()).field(self.conversation.as_bytes());
        let words = |digest: Digest| {
            digest.field(self.time.as_bytes()).field(self.sender.as_bytes()).field(self.text.as_bytes())
        };
        let sameness = match self.id {
            // Exports of one product write times in several ways; an id of its own says enough.
            Some(_) => {
                Digest::new("threadlift tl1 chat sameness").field(self.sender.as_bytes()).field(self.text.as_bytes())
            }
            None => words(Digest::new("threadlift tl1 chat sameness")),
        };
        Identity {
            key: match self.id {
                Some(id) => place("threadlift tl1 chat id").field(id.as_bytes()).finish(),
                None => words(place("threadlift tl1 chat content")).finish(),
            },
            sameness: sameness.finish(),
        }
    }
}

#[cfg(test)]
mod tests;
