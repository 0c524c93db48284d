//! The map from old ids to Front's, as a table for people and their scripts.

use crate::ledger::{Ledger, LedgerError, Pin, State};
use std::io::{self, Write};

/// Opens whatever has the id that is put behind it, for whoever may see it.
const OPEN: &str = "https://app.frontapp.com/open/";

/// The first row.
const HEADER: &str = "old_id,external_id,message_id,conversation_id,url";

/// Why the map was not written.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The file did not take it.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Writes one row for every message that was ever sent, under whichever plan; Front's ids are empty where it was not seen.
/// Gives the number of rows.
///
/// # Errors
/// A damaged ledger, or a file that does not take it.
pub fn write_map(ledger: &Ledger, out: &mut dyn Write) -> Result<u64, MapError> {
    writeln!(out, "{HEADER}")?;
    let mut rows = 0;
    for pin in ledger.pins()? {
        let pin = pin?;
        // Its new id has a row of its own, or will have one.
        if !pin.is_renewed {
            row(&pin, out)?;
            rows += 1;
        }
    }
    out.flush()?;
    Ok(rows)
}

/// The URL that opens a message or conversation in Front; none for what is no id of Front's.
#[must_use]
pub fn url_of(id: &str) -> Option<String> {
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_id.then(|| format!("{OPEN}{id}"))
}

fn row(pin: &Pin, out: &mut dyn Write) -> io::Result<()> {
    let (message, conversation) = match &pin.state {
        State::Confirmed { message_id, conversation_id, .. } => (message_id.as_str(), conversation_id.as_str()),
        _ => ("", ""),
    };
    let url = url_of(message).or_else(|| url_of(conversation)).unwrap_or_default();
    let cells = [pin.original_id.as_deref().unwrap_or_default(), &pin.external_id, message, conversation, &url];
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    writeln!(out, "{}", cells.join(","))
}

/// A cell that is one cell whatever is in it. Ids come from strangers: a spreadsheet must not take one for a formula, so
/// those that begin like one get an apostrophe in front.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
    if guard.is_empty() && !text.contains(['"', ',', ';', '\t', '\r', '\n', '\'']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(original_id: &str, state: State) -> Pin {
        Pin {
            external_id: "tl1-a".into(),
            original_id: Some(original_id.into()),
            state,
            thread_ref: "tl1-t".into(),
            inbox: "Support".into(),
            is_archived: true,
            assignee: None,
            identity: [0; 32],
            request: [0; 32],
            plan_id: "p".into(),
            is_renewed: false,
        }
    }

    fn written(pin: &Pin) -> String {
        let mut out = Vec::new();
        row(pin, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_message_that_was_seen_can_be_opened_from_its_row() {
        let seen = State::Confirmed { message_id: "msg_1".into(), conversation_id: "cnv_1".into(), differs: None };
        let row = written(&pin("a@x.example", seen));
        assert_eq!(row, "a@x.example,tl1-a,msg_1,cnv_1,https://app.frontapp.com/open/msg_1\n");
        assert_eq!(written(&pin("a@x.example", State::Accepted { uid: "u".into() })), "a@x.example,tl1-a,,,\n");
    }

    #[test]
    fn no_id_becomes_a_formula_or_a_second_cell_or_row() {
        for hostile in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "a,b",
            "a\"b",
            "a\nb@x",
            "\";=1",
            "=HYPERLINK(\"x\",\"y\")",
        ] {
            let text = written(&pin(hostile, State::Planned));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            assert_eq!(rows.len(), 1, "{hostile:?}");
            assert_eq!(rows[0].len(), 5, "{hostile:?}");
            let cell = &rows[0][0];
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            assert_eq!(cell.trim_start_matches('\''), hostile);
        }
    }

    #[test]
    fn ids_that_front_would_not_give_make_no_link() {
        let odd = State::Confirmed { message_id: "../x".into(), conversation_id: String::new(), differs: None };
        assert_eq!(written(&pin("a", odd)), "a,tl1-a,../x,,\n");
    }
}
