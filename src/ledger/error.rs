//! What can go wrong with a ledger, each with what to do about it.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A part of the ledger's directory, for messages and remedies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `format`.
    Format,
    /// `journal.jsonl`.
    Journal,
    /// `sled/`.
    Index,
    /// `summary.json`.
    Summary,
    /// What planning has read; see [`Readings`](super::Readings).
    Readings,
}

/// A reason why a ledger cannot be used, or refuses a change.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process works with it.
    #[error("the ledger {} is in use by another threadlift{}", path.display(), holder(*pid))]
    Locked {
        /// The ledger's directory.
        path: PathBuf,
        /// The other process, if it left its number.
        pid: Option<u32>,
    },
    /// It was made for another company or inbox.
    #[error("the ledger {} was made for {recorded}, but this run would send to {found}", path.display())]
    Foreign {
        /// The ledger's directory.
        path: PathBuf,
        /// The target on record.
        recorded: String,
        /// The target of this run.
        found: String,
    },
    /// A later threadlift wrote it.
    #[error("the ledger {} has format {found}, and this threadlift knows formats up to {known}", path.display())]
    Newer {
        /// The ledger's directory.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format known here.
        known: u64,
    },
    /// The directory holds something else.
    #[error("{} is not a ledger: it holds other files", path.display())]
    NotALedger {
        /// The directory.
        path: PathBuf,
    },
    /// There is nothing at that place.
    #[error("there is no ledger at {}", path.display())]
    Absent {
        /// The directory.
        path: PathBuf,
    },
    /// Its bytes are not what was written.
    #[error("{} is damaged at {place}: {what}", path.display())]
    Damaged {
        /// Which part.
        part: Part,
        /// The file or directory.
        path: PathBuf,
        /// Line, byte or key.
        place: String,
        /// What is wrong there.
        what: String,
    },
    /// The operating system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried, as a verb.
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// Mending it loses something, which nobody has agreed to yet. Nothing was changed.
    #[error("the ledger {} cannot be mended without loss:{}", path.display(), listed(losses))]
    Lossy {
        /// The ledger's directory.
        path: PathBuf,
        /// What would be lost, by file and place.
        losses: Vec<String>,
    },
    /// There is no room for what must be written.
    #[error("there is no room for the ledger {}: {source}", path.display())]
    Full {
        /// The ledger's directory.
        path: PathBuf,
        /// Bytes that finishing the work takes, roughly.
        needed: u64,
        /// The system's answer.
        source: io::Error,
    },
    /// An earlier write failed, so that nothing more may be recorded before the ledger is opened again.
    #[error("the ledger {} takes no more entries because an earlier write failed", path.display())]
    Broken {
        /// The ledger's directory.
        path: PathBuf,
    },
    /// There is no current plan.
    #[error("the ledger {} holds no current plan", path.display())]
    NoPlan {
        /// The ledger's directory.
        path: PathBuf,
    },
    /// A position at which the plan has nothing to send.
    #[error("position {position} of the plan is not a planned message (there are {planned})")]
    NotPlanned {
        /// The position asked for.
        position: u64,
        /// Planned messages in the plan.
        planned: u64,
    },
    /// A record cannot go from the one state to the other.
    #[error("{external_id} (position {position}) cannot go from {from} to {to}")]
    IllegalTransition {
        /// Position in the plan.
        position: u64,
        /// The message.
        external_id: String,
        /// Its state.
        from: &'static str,
        /// The state asked for.
        to: &'static str,
    },
    /// A plan that breaks the ledger's rules; nothing was replaced.
    #[error("the plan cannot be kept: {what}")]
    Misplanned {
        /// The rule and the entry that breaks it.
        what: String,
    },
}

impl LedgerError {
    /// What the user can do, in one or two sentences.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            LedgerError::Locked { pid: Some(pid), .. } => {
                format!("wait until process {pid} is done or stop it; `threadlift status MAPPING` works meanwhile")
            }
            LedgerError::Locked { pid: None, .. } => {
                "wait until the other one is done or stop it; `threadlift status MAPPING` works meanwhile".into()
            }
            LedgerError::Foreign { .. } => {
                "check token and mapping, or name another ledger with --ledger; one ledger serves one target".into()
            }
            LedgerError::Newer { .. } => "use the threadlift that wrote it, or a later one".into(),
            LedgerError::NotALedger { .. } => "name an empty or a new directory with --ledger".into(),
            LedgerError::Absent { .. } => "run `threadlift plan MAPPING` first, or check --ledger".into(),
            LedgerError::Damaged { part, .. } => part.remedy().into(),
            LedgerError::Io { source, path, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                permission_remedy(owner_of(path), rustix::process::geteuid().as_raw())
            }
            LedgerError::Io { source, .. } => io_remedy(source.kind()).into(),
            LedgerError::Lossy { .. } => "best, restore journal.jsonl from a backup. Otherwise run the same command with \
                 --drop-damaged: a copy of the journal is kept, what the index still knows of these lines is written again, and \
                 the rest is forgotten; a message that is forgotten is sent again under the same external id, which Front takes \
                 for the same message"
                .into(),
            LedgerError::Full { needed, source, .. } => full_remedy(*needed, source.kind()),
            LedgerError::Broken { .. } => {
                "see the first error for the cause; then run the same command again, which takes up where it stopped"
                    .into()
            }
            LedgerError::NoPlan { .. } => "run `threadlift plan MAPPING`".into(),
            LedgerError::NotPlanned { .. } | LedgerError::IllegalTransition { .. } | LedgerError::Misplanned { .. } => {
                "this is a bug in threadlift; please report it with this message".into()
            }
        }
    }

    /// The error for readings that are of another form than they were given.
    pub(crate) fn unknown_reading(bytes: usize) -> Self {
        let (place, what) = (format!("a record of {bytes} bytes"), "it has another form than it was given".to_owned());
        LedgerError::Damaged { part: Part::Readings, path: PathBuf::from("readings"), place, what }
    }

    pub(super) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> LedgerError {
        move |source| LedgerError::Io { path: path.to_path_buf(), doing, source }
    }

    /// The error for a disk without room, if this is one, with the bytes that are needed.
    pub(super) fn or_full(self, dir: &Path, needed: u64) -> Self {
        match self {
            LedgerError::Io { source, .. } if is_full(source.kind()) => {
                LedgerError::Full { path: dir.to_path_buf(), needed, source }
            }
            other => other,
        }
    }

    /// Is it the index that cannot be read? It can be rebuilt, unlike everything else.
    pub(super) fn is_index_damage(&self) -> bool {
        matches!(self, LedgerError::Damaged { part: Part::Index, .. })
    }
}

impl Part {
    fn remedy(self) -> &'static str {
        match self {
            Part::Format => {
                "restore the file from a backup, or run `threadlift ledger rebuild MAPPING`, which writes it anew where the journal \
                 shows that it is of this version"
            }
            Part::Journal => {
                "restore journal.jsonl from a backup, or run `threadlift ledger rebuild MAPPING`: it says what is lost, and mends the \
                 rest. `threadlift ledger check MAPPING` names all that is damaged"
            }
            Part::Index => {
                "run `threadlift ledger rebuild MAPPING`: the index is made again from sources and journal; what was sent is in \
                 journal.jsonl and is not lost"
            }
            Part::Readings => "run the same command again: the file is made anew each time, and nothing depends on it",
            Part::Summary => {
                "run `threadlift status MAPPING` when nothing else uses the ledger; it writes the file anew"
            }
        }
    }
}

/// Is it that there is no room?
pub(super) fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

fn full_remedy(needed: u64, kind: io::ErrorKind) -> String {
    // Never "0 MB".
    let megabytes = (needed >> 20) + 1;
    let cause = match kind {
        io::ErrorKind::FileTooLarge => {
            "let files be larger (`ulimit -f`; some file systems have a limit, too), by about"
        }
        _ => "make room on that disk, or raise the quota, by about",
    };
    format!("{cause} {megabytes} MB, and run the same command again: it takes up where it stopped, and nothing is lost")
}

fn io_remedy(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::ReadOnlyFilesystem => "the ledger must lie on a file system that can be written",
        kind if is_full(kind) => "make room (about 1.5 KB for each message) and run the same command again",
        io::ErrorKind::NotADirectory => "name a directory with --ledger; a file is in its place",
        io::ErrorKind::Unsupported => "put the ledger on a local disk with --ledger; locking must work there",
        _ => "check the disk, then run the same command again; it takes up where it stopped",
    }
}

/// What to do where rights are lacking: the owner's number, if it could be told, and ours.
fn permission_remedy(owner: Option<u32>, us: u32) -> String {
    match owner {
        Some(owner) if owner == us => {
            "it belongs to you, and its rights keep you out: give them back with `chmod -R u+rwX` and the \
             ledger's directory, then run the same command again"
                .into()
        }
        Some(owner) => format!(
            "it belongs to another user (uid {owner}; you are uid {us}): run threadlift as that user, or give the ledger's directory \
             to you with `chown -R`"
        ),
        None => "the ledger must belong to the user who runs threadlift, who may read and write it".into(),
    }
}

/// Whose the file is, or what would hold it.
fn owner_of(path: &Path) -> Option<u32> {
    path.ancestors().find_map(|path| std::fs::metadata(path).ok()).map(|there| there.uid())
}

fn listed(losses: &[String]) -> String {
    losses.iter().fold(String::new(), |text, loss| text + "\n  " + loss)
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

#[cfg(test)]
mod tests {
    use super::permission_remedy;

    #[test]
    fn who_lacks_rights_to_a_ledger_is_told_what_lacks() {
        let mine = permission_remedy(Some(1_000), 1_000);
        assert!(mine.contains("belongs to you") && mine.contains("chmod -R u+rwX"), "{mine}");
        let other = permission_remedy(Some(0), 1_000);
        assert!(other.contains("another user (uid 0") && other.contains("run threadlift as that user"), "{other}");
        assert!(!other.contains("chmod") && !mine.contains("another"), "{other}");
    }

    #[test]
    fn of_what_is_not_there_its_directory_has_the_owner() {
        use std::os::unix::fs::MetadataExt;
        let home = tempfile::tempdir().unwrap();
        let owner = std::fs::metadata(home.path()).unwrap().uid();
        assert_eq!(super::owner_of(&home.path().join("m.ledger/lock")), Some(owner));
    }
}
