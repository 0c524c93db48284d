//! A pilot: a sample of the import in a scratch inbox of the real Front, to be looked at there and thrown away.
//!
//! Front keeps one message per external id, and perhaps for ever, deleted ones included. So a pilot has ids and refs in a
//! namespace of its own, and a ledger of its own: the real import is not swallowed as a repetition of it.

use super::context::Context;
use crate::mapping::{InboxCopies, Mapping};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// The import of `context` as a pilot into `inbox`, of so many conversations.
///
/// Another mapping, or another inbox, is another pilot, with ids of its own: what was thrown away of an earlier one can then be
/// sent again. The same one goes on where it stopped.
pub(super) fn of(context: Context, inbox: &str, conversations: u32) -> Context {
    let mut hasher = blake3::Hasher::new_derive_key("threadlift 1 pilot");
    hasher.update(&context.mapping.digest());
    hasher.update(inbox.as_bytes());
    let number: String = hasher.finalize().to_hex().chars().take(8).collect();
    let mut mapping = Mapping::clone(&context.mapping);
    let own = |namespace: &str| format!("{namespace} pilot {number}");
    mapping.identity.namespace = own(&mapping.identity.namespace);
    for source in &mut mapping.sources {
        source.namespace = own(&source.namespace);
    }
    inbox.clone_into(&mut mapping.target.inbox);
    mapping.identity.copies = InboxCopies::One;
    for rule in &mut mapping.rules {
        rule.inbox = None;
    }
    // The text is what tells plans apart.
    // Writing to a String cannot fail.
    let _ = writeln!(mapping.text, "\n# pilot {number}: {conversations} conversations");
    let mut common = context.common.clone();
    common.ledger = Some(beside(&context.ledger_dir(), &number));
    let sample = Some(conversations as usize);
    Context { common, mapping: Arc::new(mapping), sample, pilot: Some(inbox.to_owned()), ..context }
}

/// The pilot's ledger lies beside the real one.
fn beside(ledger: &Path, number: &str) -> std::path::PathBuf {
    let mut name = ledger.file_name().unwrap_or_default().to_owned();
    name.push(format!("-pilot-{number}"));
    ledger.with_file_name(name)
}

/// What to do with it, once it is there.
pub(super) fn farewell(inbox: &str) -> String {
    format!(
        "\nThis was a pilot: look at the conversations in Front, in the inbox {inbox}, and delete them when you have seen enough. \
         Its ids are its own, so the real import will send these messages again. After a change of the mapping a pilot is a \
         new one.\n"
    )
}
