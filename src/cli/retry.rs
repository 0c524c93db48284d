//! `retry`: what Front refused, or what never came to exist there, is taken up again; then everything goes on as with
//! `import`.

use super::args::RetryArgs;
use super::confirmation::Confirmation;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::greeting::Greeted;
use super::import::{self, What};
use super::{budget, printable, sending};
use crate::event::Observer;
use crate::front::Cancellation;
use crate::ledger::{Ledger, State, Verdict};
use crate::upload::{self, Chosen, TakenUp};
use crate::verify::{self, Scope, Timing};
use crate::words::{count, counted, most_frequent};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::runtime::Runtime;

/// Causes named where nothing fits.
const MAX_CAUSES: usize = 6;

pub(super) fn run(context: Context, args: &RetryArgs) -> Result<Exit, Failure> {
    let cause = args.cause.clone().unwrap_or_default();
    let chosen = Chosen { cause, ids: args.ids.clone(), missing: args.missing, new_id: args.new_id };
    import::go(context, &args.send, What::LeftAndChosen(&chosen))
}

/// Missing messages that are to get new ids.
pub(super) struct Taken<'a> {
    /// By position.
    pub(super) missing: &'a BTreeSet<u64>,
    /// The user named each by its id.
    pub(super) is_named: bool,
}

/// Looks for missing messages once more and gives new ids to those that are still not there, since a message that Front has
/// would be there twice. Says whether any got one: then the plan must be made again.
pub(super) fn renew(
    context: &Context,
    runtime: &Runtime,
    ledger: &Arc<Ledger>,
    greeted: &Greeted,
    taken: &Taken<'_>,
    until: Option<SystemTime>,
    observer: Arc<dyn Observer>,
) -> Result<bool, Failure> {
    let Taken { missing, is_named } = *taken;
    super::say("looking for them once more, before they get new ids\n");
    let job = verify::Job {
        ledger: Arc::clone(ledger),
        sight: Arc::new(greeted.client.clone()),
        scope: Scope::These(missing.clone()),
        resend: None,
        in_flight: context.mapping.send.in_flight,
        timing: Timing::of(Duration::ZERO, Duration::ZERO),
    };
    let cancellation = Cancellation::new();
    let looked = verify::run(job, observer, cancellation);
    let outcome = runtime.block_on(sending::unless_stopped(context, until, async { Ok(looked.await) }))?;
    let unanswered = outcome.unanswered.clone();
    let mut confirmation = Confirmation::default();
    let ending = confirmation.take(outcome);
    if let Some(failure) = confirmation.failure(context, ledger, "retry") {
        return Err(failure);
    }
    if let Some(why) = unanswered {
        return Err(Failure::target(
            format!("whether missing messages are there after all could not be asked: {why}; no message got a new id"),
            "run the same command again",
        ));
    }
    if let Some(what) = budget::used_up(&ending, false) {
        return Err(Failure {
            exit: Exit::Budget,
            message: format!("{what}; no message got a new id"),
            help: Some("run the same command again to go on".to_owned()),
        });
    }
    let mut gone = BTreeSet::new();
    for position in missing {
        if matches!(ledger.state(*position)?, State::Missing { .. }) {
            gone.insert(*position);
        }
    }
    let found = missing.len().saturating_sub(gone.len()) as u64;
    if found > 0 {
        super::say(&format!("{} found in Front after all\n", counted(found, "message")));
    }
    if !is_named {
        let doubtful = unanswered_among(ledger, &gone)?;
        gone.retain(|position| !doubtful.contains(position));
        if !doubtful.is_empty() {
            super::say(&format!(
                "{} may be in Front under a uid that never came, since an attempt was never answered: no new id without a look; \
                 look in Front, and name with --id what is not there (`{}` names them)\n",
                counted(doubtful.len() as u64, "message"),
                context.command("status")
            ));
        }
    }
    if gone.is_empty() {
        return Ok(false);
    }
    ledger.renew(&gone)?;
    super::say("messages got new ids: planning again\n");
    Ok(true)
}

/// Those of which an attempt was never properly answered.
fn unanswered_among(ledger: &Ledger, positions: &BTreeSet<u64>) -> Result<BTreeSet<u64>, Failure> {
    let mut by_id = HashMap::new();
    for position in positions {
        if let Verdict::Planned(planned) = ledger.entry(*position)?.verdict {
            by_id.insert(planned.external_id, *position);
        }
    }
    let traces = ledger.traces(&by_id.keys().cloned().collect())?;
    let unanswered = by_id.into_iter().filter(|(id, _)| traces.get(id).is_some_and(|trace| trace.unanswered));
    Ok(unanswered.map(|(_, position)| position).collect())
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
    let is_left = counts.left() > 0;
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
    let causes = most_frequent(taken.causes.iter().map(|(cause, times)| (cause, *times)));
    let named: Vec<String> = causes
        .iter()
        .take(MAX_CAUSES)
        .map(|(cause, times)| format!("{} × {}", count(*times), printable(cause)))
        .collect();
    format!("causes on record: {}", named.join("; "))
}
