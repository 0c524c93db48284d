//! `undo`: takes back what this ledger has put into Front, after a look that changes nothing.

use super::args::UndoArgs;
use super::context::{Context, quoted_for_shell};
use super::exit::{Exit, Failure};
use super::{asking, budget, greeting, plan, progress, sending, stages};
use crate::ledger::{Form, Ledger, Verdict};
use crate::report::{Report, TakenBack};
use crate::undo::{self, Job, Outcome};
use crate::words::counted;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

pub(super) fn run(context: &Context, args: &UndoArgs) -> Result<Exit, Failure> {
    let until = args.budget.until();
    let observer = progress::observer(&context.common);
    let settings = greeting::budgeted(context, &args.front, &args.budget, &observer)?;
    let ledger = context.open_planned()?;
    let overview = plan::overview(&ledger)?;
    let only = chosen(&ledger, args)?;
    let runtime = sending::runtime()?;
    let bound = ledger.target();
    let meeting = async {
        let front = greeting::knock(settings).await?;
        // Inboxes and teammates of the plan may be gone by now.
        Ok(greeting::greet_partly(context, front, &overview, bound.as_ref()).await?.0)
    };
    let greeted = runtime.block_on(sending::unless_stopped(context, until, meeting))?;
    ledger.bind(&greeted.target).map_err(greeting::nothing_sent)?;
    let ledger = Arc::new(ledger);
    if args.go {
        let words = if args.permanently { DELETE } else { "yes" };
        let question = format!(
            "Take back {} in {}? {}Type {words}: ",
            only.as_ref().map_or("everything that this ledger has imported".to_owned(), |only| {
                counted(only.len() as u64, "conversation")
            }),
            greeted.company,
            if args.permanently { "What is trashed is DELETED FOR GOOD. " } else { "" },
        );
        asking::ask_or_given(context, &question, words, args.confirm.as_deref(), "nothing was changed")?;
    }
    budget::announce(until);
    let job = Job {
        ledger: Arc::clone(&ledger),
        client: greeted.client,
        only,
        is_dry: !args.go,
        permanently: args.permanently,
        gone: args.gone,
        in_flight: context.mapping.send.in_flight,
    };
    let work = |cancellation| undo::run(job, observer, cancellation);
    let (outcome, is_late) = runtime.block_on(budget::limited(&context.stop, until, work));
    let mut report = plan::booked(context, "undo", &ledger, None)?;
    report.taken_back = Some(taken_back(&outcome, !args.go));
    let verdict = verdict(context, outcome, is_late, args);
    conclude(context, report, verdict)
}

/// Nobody types this by mistake.
const DELETE: &str = "delete for good";

/// The threads that were asked for; everything without a choice.
fn chosen(ledger: &Ledger, args: &UndoArgs) -> Result<Option<BTreeSet<String>>, Failure> {
    if args.source.is_empty() && args.tag.is_empty() && args.thread.is_empty() {
        return Ok(None);
    }
    let sources = ledger.plan().map(|plan| plan.sources.clone()).unwrap_or_default();
    if let Some(unknown) = args.source.iter().find(|name| !sources.contains(name)) {
        let help = format!("the sources of the plan: {}", sources.join(", "));
        return Err(Failure::usage(format!("no source is named `{unknown}`; nothing was changed"), help));
    }
    let is_source = |number: u16| sources.get(usize::from(number)).is_some_and(|name| args.source.contains(name));
    // By thread: are all of its messages of these sources, and has one of them such a tag?
    let mut threads: BTreeMap<String, (bool, bool, bool)> = BTreeMap::new();
    let planned = ledger.plan().map_or(0, |plan| plan.planned);
    for item in ledger.entries(0..planned)? {
        let (_, entry) = item?;
        let Verdict::Planned(planned) = entry.verdict else { continue };
        let is_named = args.thread.iter().any(|id| {
            *id == planned.thread_ref || *id == planned.external_id || entry.original_id.as_ref() == Some(id)
        });
        if planned.form == Form::Delivery {
            if is_named {
                let message =
                    format!("{} was delivered live and is not taken back; nothing was changed", planned.external_id);
                let help = "a customer is in that conversation: see to it in Front";
                return Err(Failure::usage(message, help));
            }
            continue;
        }
        let has_tag = planned.tags.iter().any(|tag| args.tag.contains(tag));
        let (is_of_source, is_tagged, is_asked) = threads.entry(planned.thread_ref).or_insert((true, false, false));
        *is_of_source &= is_source(entry.origin.source);
        *is_tagged |= has_tag;
        *is_asked |= is_named;
    }
    let wanted = |(of_source, tagged, named): (bool, bool, bool)| of_source || tagged || named;
    let only: BTreeSet<String> =
        threads.into_iter().filter(|(_, which)| wanted(*which)).map(|(thread, _)| thread).collect();
    if only.is_empty() {
        let help = "name a source, a tag or a message of the plan; without a choice everything is taken back";
        return Err(Failure::usage("no conversation of the plan fits; nothing was changed", help));
    }
    Ok(Some(only))
}

fn taken_back(outcome: &Outcome, is_dry: bool) -> TakenBack {
    TakenBack { is_dry, counts: outcome.counts, left: outcome.left.clone(), unsettled: outcome.unsettled.clone() }
}

/// The command that goes on with this one.
fn again(context: &Context, args: &UndoArgs) -> String {
    let mut command = context.command("undo");
    let named = [("--source", &args.source), ("--tag", &args.tag), ("--thread", &args.thread)];
    for (option, value) in
        named.into_iter().flat_map(|(option, values)| values.iter().map(move |value| (option, value)))
    {
        let _ = write!(command, " {option} {}", quoted_for_shell(Path::new(value)));
    }
    let given = [("--go", args.go), ("--permanently", args.permanently), ("--gone", args.gone)];
    for (option, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        let _ = write!(command, " {option}");
    }
    command
}

/// Exit code and closing words.
fn verdict(context: &Context, outcome: Outcome, is_late: bool, args: &UndoArgs) -> Result<(Exit, String), Failure> {
    let so_far = if args.go { "what was taken back is in the ledger" } else { "nothing was changed" };
    let again = again(context, args);
    if let Some(verdict) = stages::ended_early(context, &again, outcome.ending, is_late, so_far)? {
        return Ok(verdict);
    }
    if outcome.unsettled.is_some() {
        let words = format!("Something has no usable answer from Front yet, see above; {}", stages::again(&again));
        return Ok((Exit::Unconfirmed, words));
    }
    if !args.go {
        let words = "Nothing was changed: this was a look. To do it, the same command with --go";
        return Ok((Exit::Done, words.to_owned()));
    }
    if outcome.counts.left > 0 {
        return Ok((Exit::Incomplete, "Taken back but for what was left, see above.".to_owned()));
    }
    let words = "Taken back. What is imported again goes out under new ids; `plan` says so";
    Ok((Exit::Done, format!("{words}: {}", context.command("plan"))))
}

fn conclude(context: &Context, mut report: Report, verdict: Result<(Exit, String), Failure>) -> Result<Exit, Failure> {
    match verdict {
        Ok((exit, words)) => {
            report.ending = words;
            plan::finish(context, report, exit)
        }
        Err(failure) => {
            report.ending = format!("Stopped: {}", failure.message);
            plan::finish(context, report, failure.exit)?;
            Err(failure)
        }
    }
}
