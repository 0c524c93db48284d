//! `summary.json`: where a run stands, for `status` beside a process that holds the ledger.

use super::error::{LedgerError, Part};
use super::home;
use super::tally::Tally;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

/// The state of a ledger at one moment, small enough to be rewritten often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// When it was written, Unix seconds.
    pub written_at: i64,
    /// The process that wrote it.
    pub pid: u32,
    /// What was going on, in the writer's words.
    pub run: String,
    /// The current plan, if there is one.
    pub plan_id: Option<String>,
    /// The books, by source in the order of the mapping.
    pub sources: Vec<SourceTally>,
    /// More that the writer wants to tell.
    pub details: Value,
}

/// The books of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceTally {
    /// The source's name.
    pub name: String,
    /// Its books.
    pub tally: Tally,
}

/// The file is JSON that any tool can read, with the checksum over the very bytes of the summary inside.
const HEAD: &str = r#"{"crc32":""#;
const MIDDLE: &str = r#"","summary":"#;
const TAIL: &str = "}\n";

/// Replaces the summary.
pub(super) fn write(dir: &Path, summary: &Summary) -> Result<(), LedgerError> {
    let path = home::summary_path(dir);
    let json = serde_json::to_string(summary).map_err(|error| LedgerError::io(&path, "write")(error.into()))?;
    home::write_atomically(&path, format!("{HEAD}{}{MIDDLE}{json}{TAIL}", checksum(&json)).as_bytes())
}

/// The last summary of the ledger at `dir`, if one was ever written. Needs no lock and never opens the index.
///
/// # Errors
/// [`LedgerError::Damaged`] if its checksum does not match.
pub fn read_summary(dir: &Path) -> Result<Option<Summary>, LedgerError> {
    let path = home::summary_path(dir);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LedgerError::io(&path, "read")(error)),
    };
    std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.strip_prefix(HEAD)?.strip_suffix(TAIL)?.split_once(MIDDLE))
        .filter(|(crc32, json)| *crc32 == checksum(json))
        .and_then(|(_, json)| serde_json::from_str(json).ok())
        .map(Some)
        .ok_or_else(|| LedgerError::Damaged {
            part: Part::Summary,
            path,
            place: "its beginning".into(),
            what: "its checksum does not match".into(),
        })
}

fn checksum(json: &str) -> String {
    format!("{:08x}", crc32fast::hash(json.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let tally = Tally { read: 3, pending: 3, ..Tally::default() };
        Summary {
            written_at: 1_700_000_000,
            pid: 7,
            run: "importing".into(),
            plan_id: Some("77".into()),
            sources: vec![SourceTally { name: "takeout".into(), tally }],
            details: serde_json::json!({ "share": 0.8, "waiting": null }),
        }
    }

    #[test]
    fn a_summary_is_read_as_it_was_written_and_leaves_no_draft() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_summary(dir.path()).unwrap(), None);
        write(dir.path(), &summary()).unwrap();
        write(dir.path(), &Summary { run: "done".into(), ..summary() }).unwrap();
        assert_eq!(read_summary(dir.path()).unwrap().unwrap(), Summary { run: "done".into(), ..summary() });
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let text = std::fs::read(home::summary_path(dir.path())).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap()["summary"]["run"], "done");
    }

    #[test]
    fn a_changed_figure_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &summary()).unwrap();
        let path = home::summary_path(dir.path());
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = text.replace("\"pending\":3", "\"pending\":2");
        assert_ne!(text, changed);
        std::fs::write(&path, changed).unwrap();
        assert!(matches!(read_summary(dir.path()), Err(LedgerError::Damaged { part: Part::Summary, .. })));
        std::fs::write(&path, "").unwrap();
        assert!(read_summary(dir.path()).is_err());
    }
}
