//! Which column is for what, by its name and by what its cells look like. A column is used for one thing.

use super::column::{Column, Repeats};
use super::words::{Part, is_duration, rank, role, role_by_question};

/// Values that a column of roles or kinds has at most.
const MOST_ROLES: usize = 12;
const MOST_KINDS: usize = 40;

/// Shortest mean length of what people say, where the name of the column does not say that it is that.
const LEAST_TEXT: u64 = 15;

/// Columns by number, each with what speaks for it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Assigned {
    pub(super) parts: Vec<(Part, usize, String)>,
    /// Columns of the author's handle, best first.
    pub(super) senders: Vec<(usize, String)>,
    /// The column of the row's time zone.
    pub(super) zone: Option<usize>,
    /// Columns of times of day whose names do not say of what, where the times are days alone.
    pub(super) clocks: Vec<usize>,
}

impl Assigned {
    pub(super) fn of(&self, part: Part) -> Option<usize> {
        self.parts.iter().find(|(known, ..)| *known == part).map(|(_, column, _)| *column)
    }

    pub(super) fn is_used(&self, column: usize) -> bool {
        self.parts.iter().any(|(_, used, _)| *used == column) || self.senders.iter().any(|(used, _)| *used == column)
    }
}

/// Finds out what the columns are for. Without a text there is nothing to import, and the rest is of no use.
pub(super) fn assign(columns: &[Column]) -> Assigned {
    let mut search = Search { columns, found: Assigned::default() };
    search.time();
    search.text();
    search.role();
    search.kind();
    search.found.zone = search.free().find(|at| columns.get(*at).is_some_and(Column::are_zones));
    search.conversation();
    search.id();
    search.agent();
    search.senders();
    search.sender_name();
    for part in [Part::Recipient, Part::Subject, Part::Labels] {
        search.by_name(part, |column| !column.are_times());
    }
    search.found
}

struct Search<'a> {
    columns: &'a [Column],
    found: Assigned,
}

impl<'a> Search<'a> {
    fn free(&self) -> impl Iterator<Item = usize> + use<'a> {
        let used: Vec<usize> = (0..self.columns.len()).filter(|at| self.found.is_used(*at)).collect();
        let zone = self.found.zone;
        let columns = self.columns;
        (0..columns.len()).filter(move |at| {
            !used.contains(at) && zone != Some(*at) && columns.get(*at).is_some_and(|column| column.is_nameable)
        })
    }

    /// The free column that scores best; the first of equals.
    fn best(&self, score: impl Fn(&Column) -> Option<u64>) -> Option<usize> {
        let scored = self.free().filter_map(|at| Some((score(self.columns.get(at)?)?, at)));
        scored.max_by_key(|(score, at)| (*score, std::cmp::Reverse(*at))).map(|(_, at)| at)
    }

    fn put(&mut self, part: Part, at: usize, why: String) {
        self.found.parts.push((part, at, why));
    }

    fn column(&self, at: usize) -> &'a Column {
        static NONE: std::sync::LazyLock<Column> = std::sync::LazyLock::new(Column::default);
        self.columns.get(at).unwrap_or(&NONE)
    }

    fn by_name(&mut self, part: Part, is_possible: impl Fn(&Column) -> bool) {
        let score = |column: &Column| {
            (column.filled > 0 && is_possible(column)).then_some(())?;
            named(part, column)
        };
        if let Some(at) = self.best(score) {
            self.put(part, at, "by its name".to_owned());
        }
    }

    fn time(&mut self) {
        let score = |column: &Column| {
            column.are_times().then(|| named(Part::Time, column).unwrap_or(0) + u64::from(column.is_full()))
        };
        let Some(at) = self.best(score) else { return };
        let column = self.column(at);
        self.put(Part::Time, at, format!("{} of {} cells are times", column.filled, column.rows));
        // A time that has its own clock needs no other.
        if column.times.has_clock() {
            return;
        }
        let is_clock = |column: &Column| column.times.are_clocks() && !is_duration(&column.name);
        let clock = |column: &Column| {
            is_clock(column).then(|| named(Part::Clock, column).or_else(|| named(Part::Time, column))).flatten()
        };
        if let Some(at) = self.best(clock) {
            self.put(Part::Clock, at, "times of day, by its name".to_owned());
        } else {
            self.found.clocks = self.free().filter(|at| is_clock(self.column(*at))).collect();
        }
    }

    fn text(&mut self) {
        let is_plain = |column: &Column| {
            let no_text = column.are_times() || column.times.are_clocks() || column.percent(column.addresses) > 50;
            // Ids are in one piece, and so are texts in scripts without blanks; but those are not of ASCII.
            let is_piece = column.blanks == 0 && column.foreign == 0;
            let is_id = is_piece && column.repeats() != Repeats::Some && column.filled > 3;
            column.filled > 0 && !no_text && !is_id
        };
        let score = |column: &Column| {
            let by_name = named(Part::Text, column);
            let is_long = column.length() >= LEAST_TEXT && column.words_percent() >= 40;
            (is_plain(column) && (by_name.is_some() || is_long)).then(|| {
                by_name.map_or(0, |score| score * 3) + column.words_percent() / 10 + column.length().min(200) / 10
            })
        };
        if let Some(at) = self.best(score) {
            let column = self.column(at);
            self.put(
                Part::Text,
                at,
                format!("{} characters a cell, {} % with blanks", column.length(), column.percent(column.blanks)),
            );
        }
    }

    fn role(&mut self) {
        let score = |column: &Column| {
            let values = column.few(MOST_ROLES)?;
            let meaning = |value: &str| role_by_question(&column.name, value).or_else(|| role(value));
            let known: Vec<_> = values.iter().filter_map(|(value, _)| meaning(value)).collect();
            let is_both =
                known.contains(&crate::mapping::Role::Inbound) && known.contains(&crate::mapping::Role::Outbound);
            let by_name = named(Part::Role, column).unwrap_or(0);
            (is_both || (by_name > 0 && !known.is_empty())).then_some(u64::from(is_both) * 100 + by_name)
        };
        if let Some(at) = self.best(score) {
            self.put(Part::Role, at, "its values say who wrote".to_owned());
        }
    }

    fn kind(&mut self) {
        let score = |column: &Column| {
            let values = column.few(MOST_KINDS)?;
            let known = values.iter().any(|(value, _)| super::words::kind(&column.name, value).is_some());
            named(Part::Kind, column).filter(|_| known && column.is_full())
        };
        if let Some(at) = self.best(score) {
            self.put(Part::Kind, at, "its values say what a row is".to_owned());
        }
    }

    fn conversation(&mut self) {
        let score = |column: &Column| {
            let is_possible = column.is_full() && !column.are_times() && column.blanks == 0;
            let repeats = column.repeats() == Repeats::Some;
            let by_name = named(Part::Conversation, column);
            // A column `id` whose values come again is that of the conversation: a message has one row.
            let by_id = named(Part::Id, column)
                .filter(|_| repeats && column.values.as_ref().is_none_or(|values| values.len() > 1));
            // Of two columns that repeat, the one that is called after conversations.
            let named = by_name.map(|score| score + 30).or(by_id);
            is_possible.then(|| named.map(|score| score + u64::from(repeats) * 40)).flatten()
        };
        if let Some(at) = self.best(score) {
            let column = self.column(at);
            let different = column.values.as_ref().map_or("many".to_owned(), |values| values.len().to_string());
            self.put(Part::Conversation, at, format!("{different} different in {} rows", column.rows));
        }
    }

    fn id(&mut self) {
        let score = |column: &Column| {
            let is_id = column.is_full()
                && column.repeats() == Repeats::Never
                && column.rows > 1
                && column.blanks == 0
                && column.unspaced == 0
                && column.addresses == 0;
            let by_name = named(Part::Id, column).or_else(|| named(Part::Text, column))?;
            (is_id && !column.are_times()).then_some(by_name)
        };
        if let Some(at) = self.best(score) {
            self.put(Part::Id, at, "no two rows have the same".to_owned());
        }
    }

    /// Names of agents in a column of their own help only where a role tells which rows are theirs.
    fn agent(&mut self) {
        if self.found.of(Part::Role).is_some() {
            self.by_name(Part::Agent, |column| !column.is_full());
        }
    }

    /// The author's handle: an address where there is one, then other ids; where a row may have none of them, the
    /// conversation stands for its visitor.
    fn senders(&mut self) {
        let score = |column: &Column| {
            let by_name = named(Part::Sender, column)?;
            (column.filled > 0 && !column.are_times()).then_some(by_name + column.percent(column.addresses) * 2)
        };
        for _ in 0..2 {
            let has_gaps =
                self.found.senders.last().is_none_or(|(at, _)| self.column(*at).filled < self.column(*at).rows);
            if !has_gaps {
                break;
            }
            let Some(at) = self.best(score) else { break };
            let column = self.column(at);
            let what = if column.addresses > 0 {
                format!("{} are addresses", column.addresses)
            } else {
                "by its name".to_owned()
            };
            self.found.senders.push((at, format!("filled in {} of {} rows, {what}", column.filled, column.rows)));
        }
        let has_gaps = self.found.senders.last().is_none_or(|(at, _)| self.column(*at).filled < self.column(*at).rows);
        if let Some(conversation) = self.found.of(Part::Conversation).filter(|_| has_gaps) {
            let why = "a visitor without a handle is known by the conversation".to_owned();
            self.found.senders.push((conversation, why));
        }
    }

    fn sender_name(&mut self) {
        self.by_name(Part::SenderName, |column| column.percent(column.addresses) < 50);
    }
}

/// How clearly the name says it: 20 for the first word of the list, less for later ones.
fn named(part: Part, column: &Column) -> Option<u64> {
    rank(part, &column.name).map(|rank| 20_u64.saturating_sub(rank as u64 / 3).max(5))
}
