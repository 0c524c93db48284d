//! The sources of chats.

use super::page::pattern;
use super::{Page, looked, quoted, shown};
use crate::source::Look;
use crate::survey::Survey;
use crate::survey::mails::day;
use crate::survey::tables::{Guessed, Reading, TableExport, Trial, Zone, kind_word, listed, role_word};
use crate::words::{count, counted};

/// Values of roles and kinds that are listed.
const MOST_VALUES: usize = 40;

/// Files that are listed in one line.
const MOST_IN_A_LINE: usize = 12;

/// Columns of times of day that are proposed.
const MOST_CLOCKS: usize = 3;

pub(super) fn source(survey: &Survey, index: usize, table: &TableExport, page: &mut Page) {
    page.blank();
    match &table.reading {
        Reading::Ready { title, lines } => {
            page.comment(&format!("{title}, by its columns: read as the ready mapping `{}.toml` has it.", table.name));
            ready(survey, index, table, lines, page);
        }
        Reading::Guessed(guessed) => {
            let answers = survey.answers.tables.get(&index);
            let sheet = Sheet {
                name: &survey.name_of_table(index),
                has_namespace: has_namespace(survey),
                paths: &table.paths,
                look: &table.look,
                guessed,
                is_day_first: answers.and_then(|answers| answers.is_day_first),
                zone: answers.and_then(|answers| answers.zone.as_deref()),
                stand_in: &[],
            };
            sheet.write(page, |page| first_rows(table, page));
        }
    }
}

/// The same source for a trial: what is open is filled so that the rest can be tried.
pub(in crate::survey) fn source_for_trial(guessed: &Guessed, paths: &[String], look: &Look) -> String {
    // A trial without conversations takes any column for that.
    let texts = guessed.columns.iter().find(|line| line.key == "text");
    let sheet = Sheet {
        name: "look",
        has_namespace: false,
        paths,
        look,
        guessed,
        is_day_first: Some(true),
        zone: Some("UTC"),
        stand_in: texts.map_or(&[], |line| &line.columns),
    };
    let mut page = Page::default();
    sheet.write(&mut page, |_| ());
    page.into_parts().0
}

/// The lines of a ready mapping, with the table's own values among them.
fn ready(survey: &Survey, index: usize, table: &TableExport, lines: &[String], page: &mut Page) {
    let name = survey.name_of_table(index);
    let mut is_first_path = true;
    for line in lines {
        let key = line.split('=').next().unwrap_or_default().trim();
        match key {
            "name" if line.contains(&format!("\"{}\"", table.name)) => {
                page.code(&format!("name   = {}", quoted(&name)), "");
                namespace(&name, has_namespace(survey), page);
            }
            "[source.roles]" => {
                page.line(line);
                unknown_roles(&table.unknown_roles, page);
            }
            _ => page.line(line),
        }
        // The second table has a path, too.
        if key == "path" && std::mem::take(&mut is_first_path) {
            first_rows(table, page);
        }
    }
}

/// A source that was guessed, with what is known of it.
struct Sheet<'a> {
    name: &'a str,
    has_namespace: bool,
    paths: &'a [String],
    look: &'a Look,
    guessed: &'a Guessed,
    is_day_first: Option<bool>,
    zone: Option<&'a str>,
    /// Takes the place of columns that nobody has named yet.
    stand_in: &'a [String],
}

impl Sheet<'_> {
    /// `first_rows` writes what they become.
    fn write(&self, page: &mut Page, first_rows: impl FnOnce(&mut Page)) {
        let guessed = self.guessed;
        page.header("[[source]]");
        page.code(&format!("name   = {}", quoted(self.name)), "");
        namespace(self.name, self.has_namespace, page);
        page.line("format = \"csv\"");
        match self.paths {
            [one] => page.code(&format!("path   = {}", quoted(one)), super::mails::relative(self.paths)),
            few if few.len() <= MOST_IN_A_LINE => {
                page.code(&format!("path   = {}", listed(few)), "the columns are the same in all of them");
            }
            all => super::mails::listed_below(all, page),
        }
        first_rows(page);
        page.blank();
        self.date(page);
        self.zone(page);
        if let Some(format) = guessed.clock_format {
            page.comment(&format!("The clock ({format}) has a column of its own; the two are read together."));
        }
        if let Some(format) = guessed.transcript.as_ref().and_then(|found| found.clock_format) {
            page.code(
                &format!("clock_format = {}", quoted(format)),
                "of the lines in a transcript; it may pass midnight",
            );
        }
        look(self.look, page);
        if guessed.is_html {
            page.code("text_format = \"html\"", "the texts hold tags");
        }
        phones(guessed, page);
        page.off("message_type = \"email\"", "if these are tickets that were mails; else they are lines of a chat");
        page.off(
            "recipient = \"chat@your-company.example\"",
            "whom a visitor wrote to; the source's name unless given",
        );
        page.blank();
        self.columns(page);
        if let Some(found) = &guessed.transcript {
            page.blank();
            page.comment("A chat is one cell. A line that fits begins a message; lines that do not belong to the message above them.");
            page.header("[source.transcript]");
            page.code(&format!("column = {}", quoted(&found.column)), &found.why);
            page.code(&format!("line   = {}", pattern(found.line)), "");
        }
        values(guessed, page);
    }

    fn date(&self, page: &mut Page) {
        let dates = &self.guessed.dates;
        if let Some(is_day_first) = self.is_day_first.or(dates.open.is_empty().then_some(true)) {
            page.code(&format!("date     = {}", listed(&dates.by_order(is_day_first))), &dates.why);
            return;
        }
        page.comment(
            "Day or month first? A guess would move most messages to other days in silence, so `plan` asks for it:",
        );
        for (is_day_first, what) in [(true, "the day first"), (false, "the month first")] {
            page.off(&format!("date     = {}", listed(&dates.by_order(is_day_first))), what);
        }
        page.todo("date     = \"TODO\"", &format!("one of the two above; {}", dates.why), true);
    }

    fn zone(&self, page: &mut Page) {
        match (&self.guessed.zone, self.zone) {
            (Zone::Said, _) => {}
            (Zone::Utc, _) => page.code("timezone = \"UTC\"", "as the table says"),
            (Zone::Open, Some(zone)) => page.code(&format!("timezone = {}", quoted(zone)), "the clock of the export"),
            (Zone::Open, None) => {
                let what = "the clock of the export, such as \"UTC\" or \"Europe/London\"; nothing in the table says it, ask its maker";
                page.todo("timezone = \"TODO\"", what, true);
            }
        }
    }

    fn columns(&self, page: &mut Page) {
        page.header("[source.columns]");
        for line in &self.guessed.columns {
            let columns = if line.columns.is_empty() { self.stand_in } else { &line.columns };
            if columns.is_empty() {
                let what = match line.key {
                    "conversation" => "the column whose value is the same in all rows of a chat",
                    _ => "the column that says who wrote: an address, or a name that stays the same",
                };
                page.todo(&format!("{:<12} = \"TODO\"", line.key), what, true);
            } else {
                page.code(&format!("{:<12} = {}", line.key, listed(columns)), &line.why);
            }
        }
        for (name, format) in self.guessed.open_clocks.iter().take(MOST_CLOCKS) {
            let what = format!(
                "if these are the times of day of the messages, take the # away and put \" {format}\" behind what `date` is; until \
                 then all messages of a day have one time"
            );
            page.todo(&format!("# {:<12} = {}", "clock", quoted(name)), &what, false);
        }
        let unused = &self.guessed.unused;
        if !unused.is_empty() {
            let names: Vec<String> = unused.iter().take(30).map(|name| shown(name)).collect();
            let more = if unused.len() > 30 { " and more" } else { "" };
            page.comment(&format!("Not used: {}{more}.", names.join(", ")));
        }
    }
}

fn phones(guessed: &Guessed, page: &mut Page) {
    match guessed.phones {
        Some(true) => page.code(
            "country = \"none\"",
            "handles of digits are ids, as their column's name says; else \"GB\" or whose they are",
        ),
        Some(false) => {
            let what = "whose telephone numbers the handles are, such as \"GB\"; \"none\" if they are ids; until then such rows are rejected";
            page.todo("# country = \"none\"", what, false);
        }
        None => {}
    }
}

fn has_namespace(survey: &Survey) -> bool {
    survey.tables.len() > 1
}

/// Conversation 1001 of one product is not conversation 1001 of another.
fn namespace(name: &str, has_namespace: bool, page: &mut Page) {
    if has_namespace {
        page.code(&format!("namespace = {}", quoted(name)), "conversation 1001 of one table is not that of another");
    }
}

fn first_rows(table: &TableExport, page: &mut Page) {
    page.comment(&format!("{}.", looked(&table.looked, "rows")));
    match &table.trial {
        Err((what, remedy)) => page.comment(&format!("It cannot be tried: {what}; {remedy}")),
        Ok(trial) => self::trial(trial, page),
    }
    if table.look.misfits > 0 {
        let rows = counted(table.look.misfits, "row");
        page.comment(&format!("{rows} with another number of cells, or broken quotes: `threadlift plan` names each."));
    }
}

fn trial(trial: &Trial, page: &mut Page) {
    let records = counted(trial.read, "record");
    let first = if trial.is_cut { format!("of the first {records}") } else { format!("of {records}") };
    let mut said =
        vec![format!("{first}, {} in {}", counted(trial.messages, "message"), counted(trial.conversations, "chat"))];
    if trial.inbound + trial.outbound > 0 {
        said.push(format!("{} in and {} out", count(trial.inbound), count(trial.outbound)));
    }
    if let Some((first, last)) = trial.dates.and_then(|(first, last)| day(first).zip(day(last))) {
        said.push(format!("from {first} to {last}"));
    }
    said.extend(trial.skipped.iter().take(6).map(|(cause, rows)| format!("{} left out ({cause})", count(*rows))));
    page.comment(&format!("Read as below: {}.", said.join(", ")));
    for (cause, (rows, detail, _)) in trial.bad.iter().take(5) {
        page.item(&format!("not a message: {}, {cause}: {detail}", counted(*rows, "row")));
    }
}

fn look(look: &Look, page: &mut Page) {
    let encoding = look.encoding.to_lowercase();
    if look.is_encoding_guessed {
        let why = "a guess from which bytes are frequent; detected again if taken out; look whether accents are right";
        page.code(&format!("encoding  = {}", quoted(&encoding)), why);
    } else {
        page.off(&format!("encoding  = {}", quoted(&encoding)), "as detected");
    }
    let delimiter = if look.delimiter == '\t' { "tab".to_owned() } else { look.delimiter.to_string() };
    page.off(&format!("delimiter = {}", quoted(&delimiter)), "as detected");
    match look.quote {
        Some('"') => {}
        Some(quote) => page.off(&format!("quote     = {}", quoted(&quote.to_string())), "as detected"),
        None => page.off("quote     = \"none\"", "as detected"),
    }
}

fn values(guessed: &Guessed, page: &mut Page) {
    if guessed.roles.is_empty() {
        page.comment("No column says who wrote: what one of [ours] wrote is outbound, everything else inbound.");
    } else {
        page.blank();
        page.comment("What the role column says, by words that have one meaning everywhere.");
        page.header("[source.roles]");
        // Not the most frequent values: those that mean something, without which there is nothing in the table.
        let known = guessed.roles.iter().filter_map(|(value, rows, role)| Some((value, rows, (*role)?)));
        for (value, rows, role) in known.take(MOST_VALUES) {
            page.code(&format!("{} = \"{}\"", quoted(value), role_word(role)), &counted(*rows, "row"));
        }
        let unknown: Vec<(String, u64)> = guessed
            .roles
            .iter()
            .filter(|(.., role)| role.is_none())
            .map(|(value, rows, _)| (value.clone(), *rows))
            .collect();
        if guessed.transcript.is_some() && !unknown.is_empty() {
            let named: Vec<String> =
                unknown.iter().take(6).map(|(name, lines)| format!("{} {}", shown(name), count(*lines))).collect();
            let what = format!(
                "if all others who speak are yours ({}), take the # away; rejected until then",
                named.join(", ")
            );
            page.todo("# \"*\" = \"outbound\"", &what, false);
        } else {
            unknown_roles(&unknown, page);
        }
    }
    if !guessed.kinds.is_empty() {
        page.blank();
        page.comment("What kind of row it is. What becomes of notes is said by [notes].");
        page.header("[source.kinds]");
        for (value, rows, kind) in guessed.kinds.iter().filter(|(value, ..)| value != "*").take(MOST_VALUES) {
            if let Some(kind) = kind {
                page.code(&format!("{} = \"{}\"", quoted(value), kind_word(*kind)), &counted(*rows, "row"));
                continue;
            }
            let rows = counted(*rows, "row");
            let what = format!("{rows}: \"message\", \"message-if-text\", \"note\" or \"skip\"; rejected until then");
            page.todo(&format!("# {} = \"skip\"", quoted(value)), &what, false);
        }
    }
}

fn unknown_roles(unknown: &[(String, u64)], page: &mut Page) {
    for (value, rows) in unknown.iter().filter(|(value, _)| value != "*").take(MOST_VALUES) {
        let what = format!("{}: \"inbound\", \"outbound\" or \"skip\"; rejected until then", counted(*rows, "row"));
        page.todo(&format!("# {} = \"inbound\"", quoted(value)), &what, false);
    }
}
