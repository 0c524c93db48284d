//! From a row of a chat table to a [`Record`].

mod time;

use super::handle::sent_as;
use super::identity::Digest;
use super::{ActiveContent, Address, BadRecord, Body, Direction, Identity, Kind, Outcome, Record, subject_value};
use crate::mapping::{CsvMapping, Mapping, Role};
use crate::source::RawRow;

/// Reads a row of the source of that name.
///
/// # Errors
/// [`BadRecord`], always rejected: no conversation, sender or text, a role or a time that the mapping does not explain.
pub fn from_row(row: &RawRow, csv: &CsvMapping, source_name: &str, mapping: &Mapping) -> Result<Outcome, BadRecord> {
    let cells = Cells { row };
    let columns = &csv.columns;
    let direction = match direction(&cells, csv)? {
        Stated::Skip(value) => return Ok(Outcome::Skip(format!("role {value}"))),
        Stated::Direction(direction) => direction,
    };
    let conversation = cells.needed(&columns.conversation, "no conversation")?;
    let sender = cells.needed(&columns.sender, "no sender")?;
    let text = cells.needed(&columns.text, "empty text")?;
    let time = cells.time(csv);
    let mut changes = Vec::new();
    let date = time::read(&time, csv, &mut changes)?;
    let id = columns.id.as_deref().and_then(|column| cells.filled(column));
    let subject = columns.subject.as_deref().and_then(|column| cells.filled(column)).map(str::to_owned);
    let namespace = mapping
        .sources
        .iter()
        .find(|source| source.name == source_name)
        .map_or(&mapping.identity.namespace, |source| &source.namespace);
    let name = columns.sender_name.as_deref().and_then(|column| cells.filled(column));
    let labels = columns.labels.as_deref().and_then(|column| cells.filled(column)).unwrap_or_default();
    let thread_column = mapping.thread.header.as_deref().and_then(|column| cells.filled(column)).map(str::to_owned);
    // Made of the cells as they are: no repair may change an id.
    let line = Line { namespace, conversation, id, time: &time, sender, text };
    let mut to = recipient(&cells, csv, source_name, direction, mapping.ours.owns(sender));
    for address in &mut to {
        address.handle = sent_as(one_line(&address.handle, "recipient", &mut changes), csv.phones)?;
    }
    let sender = sent_as(one_line(sender, "sender", &mut changes), csv.phones)?;
    let record = Record {
        kind: Kind::Custom,
        message_id: id.map(str::to_owned),
        in_reply_to: Vec::new(),
        references: Vec::new(),
        gmail_thread: None,
        conversation: Some(conversation.to_owned()),
        to,
        from: Some(Address { name: name.map(str::to_owned), handle: sender }),
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: Vec::new(),
        delivered_to: Vec::new(),
        active: ActiveContent::default(),
        thread_value: thread_column.or_else(|| subject_value(subject.as_deref()?, mapping)),
        subject,
        body: Body::Text(without_nul(text.replace("\r\n", "\n").replace('\r', "\n"), &mut changes)),
        attachments: Vec::new(),
        date: Some(date),
        labels: labels.split(',').map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned).collect(),
        stated_direction: direction,
        identity: line.identity(row),
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
        self.row.get(column).map(str::trim).filter(|cell| !cell.is_empty())
    }

    /// The cell, or the reason why there is no message without it.
    fn needed(&self, column: &str, cause: &str) -> Result<&'a str, BadRecord> {
        self.filled(column).ok_or_else(|| {
            BadRecord::rejected(
                cause,
                format!("the cell under {column:?} is empty"),
                "fill the cell in the table, name another column under `columns`, or give such rows a role that is `skip`",
            )
        })
    }

    /// The time as written, joined with its clock.
    fn time(&self, csv: &CsvMapping) -> String {
        let day = self.filled(&csv.columns.time).unwrap_or_default();
        match csv.columns.clock.as_deref().and_then(|column| self.filled(column)) {
            Some(clock) => format!("{day} {clock}"),
            None => day.to_owned(),
        }
    }
}

enum Stated {
    Skip(String),
    Direction(Option<Direction>),
}

/// What the role column says. Values are compared as written, then without regard to ASCII case.
fn direction(cells: &Cells<'_>, csv: &CsvMapping) -> Result<Stated, BadRecord> {
    let Some(column) = csv.columns.role.as_deref() else { return Ok(Stated::Direction(None)) };
    let value = cells.row.get(column).unwrap_or_default().trim();
    let named = csv
        .roles
        .get(value)
        .or_else(|| csv.roles.iter().find(|(name, _)| name.eq_ignore_ascii_case(value)).map(|(_, role)| role));
    match named {
        Some(Role::Inbound) => Ok(Stated::Direction(Some(Direction::Inbound))),
        Some(Role::Outbound) => Ok(Stated::Direction(Some(Direction::Outbound))),
        Some(Role::Skip) => Ok(Stated::Skip(value.to_owned())),
        None => Err(BadRecord::rejected(
            "unknown role",
            format!("{value:?} under {column:?} is not in the table `roles`"),
            format!("add {value:?} to `roles` of this source, as \"inbound\", \"outbound\" or \"skip\""),
        )),
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
    source_name: &str,
    direction: Option<Direction>,
    sender_is_ours: bool,
) -> Vec<Address> {
    let bare = |handle: &str| vec![Address { name: None, handle: handle.to_owned() }];
    if let Some(cell) = csv.columns.recipient.as_deref().and_then(|column| cells.filled(column)) {
        return bare(cell);
    }
    let outbound = direction.map_or(sender_is_ours, |direction| direction == Direction::Outbound);
    if outbound { Vec::new() } else { bare(csv.recipient.as_deref().unwrap_or(source_name)) }
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
    fn identity(&self, row: &RawRow) -> Identity {
        let place = |context| Digest::new(context).field(self.namespace.as_bytes()).field(self.conversation.as_bytes());
        let words = |digest: Digest| {
            digest.field(self.time.as_bytes()).field(self.sender.as_bytes()).field(self.text.as_bytes())
        };
        Identity {
            key: match self.id {
                Some(id) => place("threadlift tl1 chat id").field(id.as_bytes()).finish(),
                None => words(place("threadlift tl1 chat content")).finish(),
            },
            sameness: words(Digest::new("threadlift tl1 chat sameness")).finish(),
            content: Digest::new("threadlift tl1 chat cells").list(&row.header).list(&row.cells).finish(),
        }
    }
}

#[cfg(test)]
mod tests;
