//! What somebody else knows of where messages come from.
//!
//! The embedded Front learns nothing of exports, plans and ledgers: who runs a rehearsal may tell it, message by message,
//! what is then shown beside the message and used for nothing.

/// Somebody who knows.
pub trait Origins: Send + Sync {
    /// What is known of the message with this `external_id`. May take its time and read files.
    ///
    /// # Errors
    /// In words, why it cannot be told.
    fn of(&self, external_id: &str) -> Result<Known, String>;
}

/// What is known of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// One for each record that speaks of it, none where nothing is known.
    pub accounts: Vec<Account>,
    /// Further records.
    pub left_out: usize,
}

/// What is known of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Names and values of one line each, in order; a name may come again.
    pub lines: Vec<(String, String)>,
    /// Texts that are long.
    pub long: Vec<LongText>,
    /// What the source holds.
    pub original: Option<Original>,
}

/// A text of many lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LongText {
    /// What it is.
    pub name: String,
    /// Its beginning, or all of it.
    pub text: String,
    /// There is more than the text shows.
    pub is_cut: bool,
}

/// A record as its source holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Original {
    /// Its beginning, or all of it.
    pub text: String,
    /// All of it in bytes.
    pub size: u64,
    /// There is more than the text shows.
    pub is_cut: bool,
}
