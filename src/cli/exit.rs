//! How a command ends: exit codes, and the words an error ends with.

use crate::ledger::LedgerError;
use crate::plan::PlanError;
use crate::words::printable_lines;

/// The documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Every record is accounted for; none unreadable, rejected or refused.
    Done = 0,
    /// A bug.
    Internal = 1,
    /// Usage or mapping; nothing was sent.
    Usage = 2,
    /// Done, but some records were unreadable, rejected or refused.
    Incomplete = 3,
    /// Stopped by the target.
    Target = 4,
    /// Ledger: locked, foreign, newer, or damaged.
    Ledger = 5,
    /// Stopped by a budget.
    Budget = 6,
    /// Sent, but some messages are without a usable answer, not confirmed, missing or different.
    Unconfirmed = 7,
    /// Interrupted.
    Interrupted = 130,
}

/// An error that ends the command.
#[derive(Debug)]
pub(super) struct Failure {
    pub exit: Exit,
    /// What went wrong and where; may have several lines.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
}

impl Failure {
    pub(super) fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into(), help: Some(help.into()) }
    }

    pub(super) fn internal(message: impl Into<String>) -> Self {
        let help = "this is a bug in threadlift: please report it with this text; what was sent is safe in the ledger";
        Self { exit: Exit::Internal, message: message.into(), help: Some(help.into()) }
    }

    pub(super) fn target(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit: Exit::Target, message: message.into(), help: Some(help.into()) }
    }

    /// Message and help in one line.
    pub(super) fn sentence(&self) -> String {
        self.help.as_ref().map_or_else(|| self.message.clone(), |help| format!("{}; {help}", self.message))
    }

    /// The text for stderr.
    pub(super) fn text(&self) -> String {
        // A rendered diagnostic brings its own title, in colour behind an escape, and has been made harmless.
        let is_rendered = self.message.starts_with('\u{1b}');
        let message = match (is_rendered, self.message.starts_with("error")) {
            (true, _) => self.message.clone(),
            (false, true) => printable_lines(&self.message),
            (false, false) => format!("error: {}", printable_lines(&self.message)),
        };
        match &self.help {
            Some(help) => format!("{}\n  = help: {}\n", message.trim_end(), printable_lines(help)),
            None => format!("{}\n", message.trim_end()),
        }
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::from(&error)
    }
}

impl From<&LedgerError> for Failure {
    fn from(error: &LedgerError) -> Self {
        Self { exit: Exit::Ledger, message: error.to_string(), help: Some(error.remedy()) }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Ledger(error) => error.into(),
            PlanError::Interrupted => {
                Self { exit: Exit::Interrupted, message: error.to_string(), help: Some("run it again".into()) }
            }
            PlanError::Rebuild(_) => Self::usage(
                error.to_string(),
                "the source changed while it was read; run the command again when nothing writes to it",
            ),
            PlanError::Requests(_) => Self::usage(error.to_string(), "choose a file that can be written"),
            PlanError::Thread(_) => Self::usage(error.to_string(), "free memory, or use fewer --jobs"),
            PlanError::Panicked | PlanError::Overview(_) => Self::internal(error.to_string()),
        }
    }
}
