//! `finish`: what conversations get once all of their messages are in Front.

use super::args::FinishArgs;
use super::budget::Clock;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::finishing;
use super::report_file::ReportFile;
use super::{asking, budget, greeting, interrupt, plan, progress, sending};
use crate::event::Observer;
use crate::finish::{self, Ending, Job, Stop};
use crate::front::{self, Cancellation};
use crate::plan::{Rebuilder, overview_of, staleness};
use crate::report::Report;
use crate::words::counted;
use std::sync::Arc;

pub(super) fn run(context: &Context, args: &FinishArgs) -> Result<Exit, Failure> {
    let until = args.budget.until();
    let mut settings = greeting::settings(context, &args.front)?;
    settings.most_requests = args.budget.max_requests;
    let ledger = context.open_planned()?;
    let sources = context.open_sources()?;
    if let Some(why) = staleness(&ledger, &context.mapping, &sources)? {
        let help = format!("plan again, and look at what it says: {}", context.command("plan"));
        return Err(Failure::usage(format!("{why}; nothing was done"), help));
    }
    let overview = ledger.plan().map(overview_of).transpose()?.unwrap_or_default();
    let page = ReportFile::at(context, Ok(Arc::clone(&sources)), args.report.report.as_deref())?;
    let observer: Arc<dyn Observer> = Arc::from(progress::observer(&context.common));
    let settings = front::Settings { observer: Arc::clone(&observer), ..settings };
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
    let cancellation = Cancellation::new();
    let (outcome, is_late) = runtime.block_on(async {
        let watch = tokio::spawn(interrupt::cancel_on(Arc::clone(&context.stop), cancellation.clone()));
        let clock = Clock::start(until, &cancellation);
        let outcome = finish::run(job, observer, cancellation).await;
        watch.abort();
        (outcome, clock.has_struck())
    });
    let mut report = plan::report(context, "finish", &ledger, None)?;
    ledger.flush()?;
    ledger.write_summary("at rest", serde_json::Value::Null)?;
    if !report.balanced {
        return Err(plan::unbalanced(&report));
    }
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
    let again = format!("run it again to go on: {}", context.command("finish"));
    match outcome.ending {
        Ending::Spent => {
            return Ok((Exit::Budget, format!("The budget of requests is used up; nothing is lost; {again}")));
        }
        Ending::Interrupted if is_late => {
            return Ok((Exit::Budget, format!("The time to stop has come; nothing is lost; {again}")));
        }
        Ending::Interrupted => return Ok((Exit::Interrupted, format!("Interrupted; nothing is lost, {again}"))),
        Ending::Stopped(stop) => return Err(failure(stop)),
        Ending::Finished => {}
    }
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

/// Why finishing stopped.
pub(super) fn failure(stop: Stop) -> Failure {
    match stop {
        Stop::Front(error) => greeting::front_failure(&error),
        Stop::Source(error) => Failure::usage(
            format!("{error}; nothing more was done"),
            "put the export back as it was, or plan again; what was done is in the ledger",
        ),
        Stop::Ledger(error) => Failure::from(error),
        Stop::Panicked => Failure::internal("a task of finishing failed in a way it should not (see above)"),
    }
}
