//! Mappings of chat tables, for the fuzz target `csv`: what a table may say of itself, and how it may be laid out.

use super::checked;
use crate::mapping::Mapping;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

const ENCODINGS: [Option<&str>; 8] = [
    None,
    Some("utf-8"),
    Some("windows-1252"),
    Some("utf-16le"),
    Some("shift_jis"),
    Some("gb18030"),
    Some("utf-16be"),
    Some("koi8-r"),
];
const DELIMITERS: [Option<&str>; 4] = [None, Some(","), Some(";"), Some("tab")];
const DATES: [&str; 4] = ["iso", "epoch-seconds", "epoch-milliseconds", "%d.%m.%Y %H:%M:%S"];
const QUOTES: [Option<&str>; 4] = [None, Some("\""), Some("'"), Some("none")];
const DAYLIGHT_SAVING: [&str; 4] = ["compatible", "earlier", "later", "reject"];

/// Layouts, those of products among them, so that their exports are seeds.
const LAYOUTS: [&str; 11] = [
    // One row a message, with the columns that a table needs.
    r#"columns = { conversation = "c", time = "t", sender = "s", text = "x" }"#,
    // All columns.
    r#"columns = { conversation = "c", time = "t", sender = "s", text = "x", id = "i", role = "r", sender_name = "n", recipient = "to", subject = "u", labels = "l" }
roles = { v = "inbound", a = "outbound", s = "skip" }
country = "FR""#,
    // A transcript in a cell, its authors among numbered columns, the zone in a column's name: LiveChat.
    r#"columns = { conversation = "chat id", time = "chat start date *", clock = "said", sender = "author", text = "words", labels = "tag *" }
clock_format = "%H:%M:%S"
roles = { agent = "outbound", visitor = "inbound", "" = "skip" }
transcript = { column = "transcript", line = '^\((?<said>\d\d:\d\d:\d\d)\) (?<author>[^:]+): (?<words>.*)$' }
[[source.people]]
name = "operator * nick"
handle = ["operator * id", "operator * mail"]
role = "agent"
[[source.people]]
name = "visitor nick"
handle = ["visitor email", "chat id"]
role = "visitor""#,
    // A transcript whose lines say day and time.
    r#"columns = { conversation = "c", time = "t", sender = "who", sender_name = "n", text = "words" }
transcript = { column = "log", line = '^\[(?<t>[^\]]+)\] ?(?<who>[^:]*): ?(?<words>.*)' }"#,
    // A transcript of which every line is a message.
    r#"columns = { id = "words", conversation = "c", time = "t", sender = "s", text = "words" }
country = "none"
transcript = { column = "log", line = '(?<words>.*)' }"#,
    // Numbered messages in a row.
    r#"columns = { conversation = "c", time = "message * at", timezone = "message * zone", sender = ["message * by", "s"], text = "message * text", role = "message * role", labels = "tag *" }
roles = { v = "inbound", "*" = "outbound" }
[[source.people]]
name = "name *"
handle = "mail *""#,
    // A value inside of JSON, and a second table: Gorgias.
    r#"columns = { conversation = "id", time = "sent_datetime", sender = ["sender_info.email", "sender_info.name"], sender_name = "sender_info.name", text = "body_text", subject = "ticket.Subject", labels = "ticket.Tags" }
join = { name = "ticket", path = "j.csv", on = "id", key = "Ticket id" }"#,
    // Kinds of rows: Intercom.
    r#"columns = { id = "message_id", conversation = "conversation_id", time = "message_created_at", sender = ["message_author_email", "message_author_id"], sender_name = "message_author_name", text = "message_body", kind = "message_type", role = "message_author_type", labels = "conversation_tags" }
roles = { user = "inbound", lead = "inbound", admin = "outbound", "*" = "skip" }
kinds = { open = "message", comment = "message", close = "message-if-text", note = "note", "*" = "skip" }"#,
    // Authors under several columns: Tidio.
    r#"columns = { conversation = "CONVERSATION_ID", time = "TIME_SENT", sender = ["EMAIL", "PHONE", "NAME"], sender_name = "NAME", text = "MESSAGE_CONTENT", role = "SENDER" }
country = "GB"
roles = { visitor = "inbound", operator = "outbound", automation = "skip" }"#,
    // JSON in many cells, whose values may be anything.
    r#"columns = { id = "i.a", conversation = "c.0", time = "t.at", sender = "s.0.mail", recipient = "s.1.mail", text = "x.a.b", labels = "l.a", kind = "k.a" }
kinds = { note = "note", "" = "message", "*" = "message-if-text" }"#,
    // A transcript, with its people in a second table.
    r#"columns = { conversation = "c", time = "t", sender = "who", text = "words", subject = "chat.u", recipient = "chat.to", kind = "chat.k" }
kinds = { chat = "message", "*" = "skip" }
roles = { a = "outbound", "*" = "inbound" }
transcript = { column = "log", line = '^(?<who>\w+): (?<words>.*)$' }
join = { name = "chat", path = "j.csv", on = "c", key = "id" }
[[source.people]]
name = "chat.nick"
handle = "chat.mail"
role = "a""#,
];

/// Layouts with a second table.
const JOINED: [usize; 2] = [6, 10];

/// What the first two bytes of an input choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Choice {
    layout: u8,
    signs: u8,
}

impl Choice {
    /// `layout`: its number, then quote, daylight saving. `signs`: bits of encoding (3), delimiter (2), date (2), and one
    /// that asks for further date formats.
    pub(super) const fn new(layout: u8, signs: u8) -> Choice {
        Choice { layout, signs }
    }

    fn number(self) -> usize {
        usize::from(self.layout) % LAYOUTS.len()
    }

    pub(super) fn is_joined(self) -> bool {
        JOINED.contains(&self.number())
    }

    /// Neither is the encoding declared nor the delimiter or the quote.
    pub(super) fn is_detected(self) -> bool {
        usize::from(self.signs).is_multiple_of(ENCODINGS.len() * DELIMITERS.len()) && self.quote().is_none()
    }

    fn quote(self) -> Option<&'static str> {
        QUOTES.get(usize::from(self.layout) / LAYOUTS.len() % QUOTES.len()).copied().flatten()
    }

    /// The mapping of the table.
    pub(super) fn mapping(self) -> Arc<Mapping> {
        // Of all mappings there are far too many to keep.
        const KEPT: usize = 512;
        static MAPPINGS: Mutex<BTreeMap<Choice, Arc<Mapping>>> = Mutex::new(BTreeMap::new());
        let mut mappings = MAPPINGS.lock().unwrap_or_else(PoisonError::into_inner);
        if mappings.len() >= KEPT {
            mappings.clear();
        }
        Arc::clone(mappings.entry(self).or_insert_with(|| Arc::new(checked(&self.text()))))
    }

    fn text(self) -> String {
        let said =
            |key: &str, value: Option<&str>| value.map_or(String::new(), |value| format!("{key} = '''{value}'''\n"));
        let bits = usize::from(self.signs);
        let encoding = said("encoding", ENCODINGS.get(bits & 7).copied().flatten());
        let delimiter = said("delimiter", DELIMITERS.get(bits >> 3 & 3).copied().flatten());
        let date = DATES.get(bits >> 5 & 3).unwrap_or(&"iso");
        let more = if bits >> 7 == 1 { r#", "%Y-%m-%d %H:%M", "epoch-microseconds""# } else { "" };
        let quote = self.quote().map_or(String::new(), |quote| format!("quote = {quote:?}\n"));
        let saving = usize::from(self.layout) / LAYOUTS.len() / QUOTES.len() % DAYLIGHT_SAVING.len();
        let saving = said("daylight_saving", DAYLIGHT_SAVING.get(saving).copied());
        let layout = LAYOUTS.get(self.number()).unwrap_or(&"");
        format!(
            "version = 1\ntarget = {{ inbox = \"Support\" }}\n[[source]]\nname = \"chat\"\nformat = \"csv\"\npath = \"t.csv\"\n\
             date = [\"{date}\"{more}]\ntimezone = \"Europe/Paris\"\n{encoding}{delimiter}{quote}{saving}{layout}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Format;

    #[test]
    fn every_choice_is_a_mapping_that_is_accepted() {
        let layouts = (0..=255).map(|layout| Choice::new(layout, 0));
        let signs = (0..=255).flat_map(|signs| [Choice::new(0, signs), Choice::new(2, signs)]);
        for choice in layouts.chain(signs) {
            let mapping = choice.mapping();
            let Format::Csv(csv) = &mapping.sources[0].format else { panic!("no table") };
            assert_eq!(csv.join.is_some(), choice.is_joined(), "{choice:?}");
            assert_eq!(csv.quote.is_none() && csv.encoding.is_none() && csv.delimiter.is_none(), choice.is_detected());
        }
    }
}
