//! `retry`: what Front refused, or what never came to exist there, is taken up again; then everything goes on as with
//! `import`.

use super::args::RetryArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::import;
use super::printable;
use crate::ledger::Ledger;
use crate::report::{count, counted};
use crate::upload::{self, Chosen, TakenUp};

/// Causes named where nothing fits.
const MAX_CAUSES: usize = 6;

pub(super) fn run(context: &Context, args: &RetryArgs) -> Result<Exit, Failure> {
    let cause = args.cause.clone().unwrap_or_default();
    let chosen = Chosen { cause, ids: args.ids.clone(), missing: args.missing, new_id: args.new_id };
    import::go(context, &args.import, Some(&chosen))
}

/// Finds what is to be taken up again, and says it.
pub(super) fn choose(ledger: &Ledger, chosen: &Chosen) -> Result<TakenUp, Failure> {
    let taken = upload::choose(ledger, chosen)?;
    let kind = if chosen.missing { "missing" } else { "refused" };
    let is_narrowed = !chosen.cause.is_empty() || !chosen.ids.is_empty();
    if let Some(first) = taken.not_found.first() {
        let others = taken.not_found.len() - 1;
        let more = if others == 0 { String::new() } else { format!(" and {others} more") };
        return Err(Failure::usage(
            format!("no {kind} message has the id {}{more}; nothing was changed", printable(first)),
            "give an external id, a Message-ID or an id of the export; `status` names refused messages, `show ID` says what \
             became of one",
        ));
    }
    let counts = ledger.counts();
    let is_left = counts.planned + counts.unknown + counts.sending > 0;
    if taken.count() == 0 && is_narrowed && !is_left {
        return Err(Failure::usage(
            format!("no {kind} message fits; nothing was changed"),
            format!("{}; without --cause and --id all are taken up again", causes(&taken, kind)),
        ));
    }
    // A plan that was just made anew has taken up by itself what is another request now.
    super::say(&match taken.count() {
        0 if is_narrowed => format!("no message is {kind} in that way any more: going on with what is left\n"),
        0 => format!("no message is {kind}: going on with what is left\n"),
        some => format!("{} taken up again\n", counted(some, &format!("{kind} message"))),
    });
    Ok(taken)
}

fn causes(taken: &TakenUp, kind: &str) -> String {
    if taken.causes.is_empty() {
        return format!("no message is {kind}");
    }
    let mut causes: Vec<(&String, &u64)> = taken.causes.iter().collect();
    causes.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let named: Vec<String> = causes
        .iter()
        .take(MAX_CAUSES)
        .map(|(cause, times)| format!("{} × {}", count(**times), printable(cause)))
        .collect();
    format!("causes on record: {}", named.join("; "))
}
