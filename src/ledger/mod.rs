//! What was planned and what became of it, safe against a kill at any moment.
//!
//! One directory, one process at a time, readable by its owner alone:
//!
//! | name | holds |
//! | --- | --- |
//! | `format` | `threadlift ledger 1`; a newer number is refused, never misread |
//! | `LOCK` | the lock and the number of the process that has it |
//! | `journal.jsonl` | the truth of what was sent: one fact a line, `<crc32 of place and JSON> <JSON>` |
//! | `sled/` | the current plan, its states and its books: an index that sources and journal can give again |
//! | `readings` | what the last plan has read of each record, so that the next one need not read it again; can be deleted |
//! | `summary.json` | where the run stands, for readers that must not wait for the lock |
//!
//! **Order of writing.** [`Ledger::mark`] appends facts to the journal in one write and one fdatasync, then counts. The states
//! reach sled now and then, in one batch with the books and a *watermark*: the place in the journal, and its last line there, up to
//! which both are complete. sled keeps a batch whole or not at all. Opening replays the journal from there, so a kill at any point
//! costs nothing, and neither all states nor the whole journal are read. A journal without that line has lost facts, and is refused.
//!
//! **Which damage is found when.**
//!
//! | when | what |
//! | --- | --- |
//! | a command opens the ledger | format; the journal's last 32 MiB, and that the line of the watermark is there; plan and books; what sled looks at |
//! | it is read | every line of the journal, entry, state and block of ids, by a checksum over place or key and content |
//! | `plan` | the whole journal |
//! | `ledger check` | every byte: the journal, entries, ids, states against the journal, the books against the states |
//!
//! A bad end of the journal, as a crash leaves it, is cut off after a copy was made (`journal.torn-1`): it belongs to a group that was
//! never acknowledged. A bad line before good ones is damage, and is named; so is a whole line that is gone, doubled or swapped,
//! for all lines behind it then stand at other places than their checksums say. An index that cannot be used is set aside
//! (`sled.damaged-1`), and the ledger opens without a plan, so that the caller plans again. [`Ledger::repair`] makes a damaged journal
//! whole: what the index knows of lost lines is written again as *unknown*, so that nothing loses its id, thread or inbox.
//! A request without an answer counts as `Unknown`; that is derived, not written.
//!
//! **A new plan** is built in `sled.new`, complete and durable, with the states that the journal knows of its external
//! ids; then `sled` is renamed to `sled.old` and `sled.new` to `sled`. If `sled` is missing at the next open,
//! `sled.old` is put back.
//!
//! **Positions.** Messages first, in send order, from 0; then the notes that become comments, in the same order of conversations; then
//! all others in reading order. sled keeps keys one by
//! one in memory, and keys in random order cost it gigabytes, so entries and ids lie in sorted blocks, written in
//! order. A state is only its kind and the place of its line in the journal. Values carry a checksum of ours
//! over key and value. A million entries take 0.2 KB each for the plan, and 0.8 KB more, most of it journal, once they
//! are sent and confirmed (`just ledger-bench`).
//!
//! Only this folder names sled: `guard` tells its panics and errors apart, `watch` bounds its writes in time, `rescue` opens what it refuses.

mod attach;
mod blocks;
mod books;
mod build;
mod checkup;
mod conversation;
mod copy;
mod effect;
mod entry;
mod error;
mod fact;
mod guard;
mod home;
mod ids;
mod index;
mod items;
mod journal;
#[expect(clippy::module_inception, reason = "the folder is the ledger, and this file is the type that stands for it")]
mod ledger;
mod lines;
mod lock;
mod marks;
mod plan_meta;
mod readings;
mod recent;
mod reckoning;
mod renewal;
mod repair;
mod rescue;
mod scan;
mod sealed;
mod standing;
mod stored;
mod summary;
mod tally;
#[cfg(test)]
mod tests;
mod trace;
mod undo;
mod watch;

pub use build::NewPlan;
pub use checkup::{Checkup, Damage, IndexFigures};
pub use effect::{Effect, EffectChange, EffectEnd, EffectKind, Effects, Standing};
pub use entry::{Entry, Finish, Form, Link, Planned, State, Traits, Verdict};
pub use error::{LedgerError, Part};
pub use fact::Target;
pub use guard::hush_index_panics;
pub use index::Files;
pub use ledger::{Entries, Ledger, States};
pub use plan_meta::{FileMeta, Plan, PlanMeta, SourceMeta};
pub use readings::Readings;
pub use renewal::{Renewals, first_id, generation};
pub use repair::Repair;
pub use standing::{Pin, Pins};
pub use stored::Reached;
pub use summary::{SourceTally, Summary, read_summary};
pub use tally::{Class, Counts, Tally};
pub use trace::Trace;
pub use undo::{SentThread, SentThreads};
