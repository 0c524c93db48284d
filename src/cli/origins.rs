//! Where the messages of a rehearsal come from: what `show` tells, for the pages of the inbox.

use super::show;
use crate::ledger::{Entry, Ledger};
use crate::plan::Rebuilder;
use crate::rehearsal::{Account, Original, Origins};
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
                    account.long.push((name.clone(), cut(&facts.join("\n")).to_owned()));
                }
                Value::String(text) => account.lines.push((name.clone(), text.clone())),
                Value::Array(lines) if lines.iter().all(Value::is_string) => {
                    let lines = lines.iter().filter_map(Value::as_str);
                    account.lines.extend(lines.map(|line| (name.clone(), line.to_owned())));
                }
                other => {
                    let text = serde_json::to_string_pretty(other).unwrap_or_default();
                    account.long.push((name.clone(), cut(&text).to_owned()));
                }
            }
        }
        Ok(account)
    }

    /// The record as it is read; nothing where the source is no longer what was planned, which `show` tells.
    fn original(&self, entry: &Entry) -> Option<Original> {
        let (text, size) = match self.rebuilder.read(entry).ok()?.content {
            Content::Mail(mail) => {
                let head = mail.bytes.get(..SHOWN).unwrap_or(&mail.bytes);
                (String::from_utf8_lossy(head).into_owned(), mail.bytes.len())
            }
            Content::Row(row) => {
                let text = row.header.iter().zip(&row.cells).fold(String::new(), |mut text, (name, cell)| {
                    // Writing to a String cannot fail.
                    let _ = writeln!(text, "{name}: {cell}");
                    text
                });
                let size = text.len();
                (text, size)
            }
        };
        Some(Original { text: cut(&text).to_owned(), size: size as u64, is_cut: size > SHOWN })
    }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(SHOWN)).unwrap_or(text)
}

impl Origins for LedgerOrigins {
    fn of(&self, external_id: &str) -> Result<Vec<Account>, String> {
        let positions = show::find(&self.ledger, external_id).map_err(|error| error.to_string())?;
        positions.into_iter().take(show::MAX_SHOWN).map(|position| self.account(position)).collect()
    }
}
