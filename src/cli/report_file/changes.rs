//! Examples of what is changed on the way, from messages spread over the whole plan.

use crate::cli::exit::Failure;
use crate::ledger::{Entry, Ledger, Verdict};
use crate::plan::{MAX_CHANGE_KINDS, Rebuilder, change_kind, is_expected};
use crate::report::{ChangeExample, ChangeExamples};
use crate::words::clipped;

/// Messages that are made again to find examples.
const MAX_LOOKED_AT: u64 = 2_000;

/// Bytes of requests that are made again to find examples.
const MAX_BYTES: u64 = 200 << 20;

/// Examples of one kind.
const MAX_EXAMPLES: usize = 5;

/// Longest text of a line, in characters.
const LONGEST: usize = 300;

/// Makes messages again, evenly over all, and notes how they are changed.
///
/// # Errors
/// If the ledger is damaged.
pub(super) fn collect(ledger: &Ledger, rebuilder: &Rebuilder) -> Result<ChangeExamples, Failure> {
    let planned = ledger.messages();
    let step = planned.div_ceil(MAX_LOOKED_AT).max(1);
    let mut examples = ChangeExamples::default();
    let (mut position, mut bytes) = (0, 0);
    while position < planned && bytes < MAX_BYTES {
        let entry = ledger.entry(position)?;
        position += step;
        let Verdict::Planned(planned) = &entry.verdict else { continue };
        bytes += planned.size;
        // A source that cannot be read any more has no examples to give; whatever sends will say so.
        let Ok(rebuilt) = rebuilder.request(&entry) else { continue };
        examples.looked_at += 1;
        for change in rebuilt.changes.iter().filter(|change| !is_expected(change)) {
            add(&mut examples, change, &entry, &planned.external_id, rebuilder);
        }
    }
    Ok(examples)
}

fn add(examples: &mut ChangeExamples, change: &str, entry: &Entry, external_id: &str, rebuilder: &Rebuilder) {
    let kind = change_kind(change);
    if examples.kinds.len() >= MAX_CHANGE_KINDS && !examples.kinds.contains_key(&kind) {
        return;
    }
    let of_kind = examples.kinds.entry(kind).or_default();
    let id = entry.original_id.as_deref().unwrap_or(external_id);
    // One message may be changed in one way several times.
    if of_kind.len() < MAX_EXAMPLES && of_kind.iter().all(|example| example.id != id) {
        let (change, id, place) = (clipped(change, LONGEST), clipped(id, LONGEST), rebuilder.place(entry));
        of_kind.push(ChangeExample { change, id, place: clipped(&place, LONGEST) });
    }
}
