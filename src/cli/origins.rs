//! Where the messages of a rehearsal come from: what `show` tells, for the pages of the inbox.

use super::show;
use crate::ledger::{Entry, Ledger};
use crate::plan::Rebuilder;
use crate::rehearsal::{Account, Known, LongText, Original, Origins};
use crate::source::Content;
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::Arc;

/// Most of a record that a page shows, in bytes.
const SHOWN: usize = 100_000;

/// The plan, and the sources it was made of.
pub(super) struct LedgerOrigins {
    ledger: Arc<Ledger>,
    rebuilder: Rebuilder,
}

impl LedgerOrigins {
    pub(super) fn new(ledger: Arc<Ledger>, rebuilder: Rebuilder) -> Self {
        Self { ledger, rebuilder }
    }

    fn account(&self, position: u64) -> Result<Account, String> {
        let words = |error: crate::ledger::LedgerError| error.to_string();
        let entry = self.ledger.entry(position).map_err(words)?;
        let told = show::describe(&self.ledger, &self.rebuilder, &entry, position).map_err(words)?;
        let mut account = Account { original: self.original(&entry), ..Account::default() };
        for (name, value) in told.as_object().into_iter().flatten() {
            match value {
                Value::Null => {}
                Value::Array(changes) if name == "changes" && changes.is_empty() => {
                    account.lines.push((name.clone(), "none".to_owned()));
                }
                Value::Array(facts) if name == "history" => {
                    let facts: Vec<&str> = facts.iter().filter_map(Value::as_str).collect();
                    account.long.push(long(name, &facts.join("\n")));
                }
                Value::String(text) => account.lines.push((name.clone(), text.clone())),
                Value::Array(lines) if lines.iter().all(Value::is_string) => {
                    let lines = lines.iter().filter_map(Value::as_str);
                    account.lines.extend(lines.map(|line| (name.clone(), line.to_owned())));
                }
                other => {
                    account.long.push(long(name, &serde_json::to_string_pretty(other).unwrap_or_default()));
                }
            }
        }
        Ok(account)
    }

    /// The record as it is read; nothing where the source is no longer what was planned, which `show` tells.
    fn original(&self, entry: &Entry) -> Option<Original> {
        match self.rebuilder.read(entry).ok()?.content {
            Content::Mail(mail) => Some(original(&mail.bytes)),
            Content::Row(row) => {
                let text = row.header.iter().zip(&row.cells).fold(String::new(), |mut text, (name, cell)| {
                    // Writing to a String cannot fail.
                    let _ = writeln!(text, "{name}: {cell}");
                    text
                });
                Some(original(text.as_bytes()))
            }
        }
    }
}

/// A record as a page shows it: what is no UTF-8 becomes longer by that.
fn original(bytes: &[u8]) -> Original {
    let head = bytes.get(..SHOWN).unwrap_or(bytes);
    let read = String::from_utf8_lossy(head);
    let text = cut(&read);
    let is_cut = head.len() < bytes.len() || text.len() < read.len();
    Original { text: text.to_owned(), size: bytes.len() as u64, is_cut }
}

fn long(name: &str, text: &str) -> LongText {
    let shown = cut(text);
    LongText { name: name.to_owned(), text: shown.to_owned(), is_cut: shown.len() < text.len() }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(SHOWN)).unwrap_or(text)
}

impl Origins for LedgerOrigins {
    fn of(&self, external_id: &str) -> Result<Known, String> {
        let positions = show::find(&self.ledger, external_id).map_err(|error| error.to_string())?;
        let left_out = positions.len().saturating_sub(show::MAX_SHOWN);
        let shown = positions.into_iter().take(show::MAX_SHOWN);
        let accounts: Result<Vec<Account>, String> = shown.map(|position| self.account(position)).collect();
        Ok(Known { accounts: accounts?, left_out })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_does_not_show_is_said() {
        assert!(!original(&vec![b'a'; SHOWN]).is_cut && original(&vec![b'a'; SHOWN + 1]).is_cut);
        // Three bytes stand for each that is no UTF-8.
        let latin = original(&vec![0xe9; SHOWN / 2]);
        assert!(latin.is_cut && latin.text.len() <= SHOWN && latin.size == SHOWN as u64 / 2);
        let request = long("request", &"é".repeat(SHOWN));
        assert!(request.is_cut && request.text.len() == SHOWN && !long("history", "{}").is_cut);
    }
}
