//! `finish`: what conversations get once all of their messages are in Front.

use super::args::FinishArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::finishing;
use super::report_file::ReportFile;
use super::{asking, budget, greeting, plan, progress, sending, stages};
use crate::finish::{self, Job};
use crate::plan::Rebuilder;
use crate::report::Report;
use crate::words::counted;
use std::sync::Arc;

pub(super) fn run(context: &Context, args: &FinishArgs) -> Result<Exit, Failure> {
    let until = args.budget.until();
    let observer = progress::observer(&context.common);
    let settings = greeting::budgeted(context, &args.front, &args.budget, &observer)?;
    let ledger = context.open_planned()?;
    let sources = context.open_sources()?;
    stages::check_plan(context, &ledger, &sources, "nothing was done")?;
    let overview = plan::overview(&ledger)?;
    let page = ReportFile::at(context, Ok(Arc::clone(&sources)), args.report.report.as_deref())?;
    let runtime = sending::runtime()?;
    let bound = ledger.target();
    let meeting = async {
        let front = greeting::knock(settings).await?;
        let greeted = greeting::greet(context, front, &overview, bound.as_ref()).await?;
        let names = finishing::names(context, &greeted.client, &overview).await?;
        let rules = finishing::rules(&greeted.client).await?;
        Ok((greeted, names, rules))
    };
    let (greeted, names, rules) = runtime.block_on(sending::unless_stopped(context, until, meeting))?;
    ledger.bind(&greeted.target).map_err(greeting::nothing_sent)?;
    let mut before = plan::report(context, "finish", &ledger, Some(overview.clone()))?;
    before.front = rules;
    before.ending = format!("Ready to finish conversations in {}.", greeted.company);
    if !args.yes {
        super::say(&before.text(context.extent()));
        asking::confirm(context, "Finish? Type yes: ")?;
    } else if !context.common.quiet {
        super::say(&before.finish_aloud());
    }
    budget::announce(until);
    let ledger = Arc::new(ledger);
    let job = Job {
        ledger: Arc::clone(&ledger),
        rebuilder: Rebuilder::new(Arc::clone(&context.mapping), sources),
        client: greeted.client,
        names,
        in_flight: context.mapping.send.in_flight,
        retry_left: args.retry_left,
    };
    let work = |cancellation| finish::run(job, observer, cancellation);
    let (outcome, is_late) = runtime.block_on(budget::limited(&context.stop, until, work));
    let mut report = plan::booked(context, "finish", &ledger, None)?;
    report.finished = Some(finishing::finished(&outcome));
    let verdict = verdict(context, outcome, is_late, &report);
    plan::conclude(context, &ledger, report, verdict, &[], page)
}

/// Exit code and closing words.
fn verdict(
    context: &Context,
    outcome: finish::Outcome,
    is_late: bool,
    report: &Report,
) -> Result<(Exit, String), Failure> {
    let command = context.command("finish");
    if let Some(verdict) = stages::ended_early(context, &command, outcome.ending, is_late, "nothing is lost")? {
        return Ok(verdict);
    }
    let again = stages::again(&command);
    if outcome.unsettled.is_some() {
        let words = format!("Some steps have no usable answer from Front yet, see above; {again}");
        return Ok((Exit::Unconfirmed, words));
    }
    if outcome.counts.waiting > 0 {
        let waiting = counted(outcome.counts.waiting, "conversation");
        let words = format!(
            "{waiting} wait: not all of their messages were seen in Front. Then: {}, {}, and this again",
            context.command("import"),
            context.command("verify")
        );
        return Ok((Exit::Unconfirmed, words));
    }
    if outcome.counts.left > 0 || report.is_incomplete() {
        let words = "Done, but something was left as it is, see above";
        return Ok((Exit::Incomplete, format!("{words}; `{} --retry-left` tries it again", context.command("finish"))));
    }
    Ok((Exit::Done, "Done: every conversation has what the mapping gives it.".to_owned()))
}
