//! `prepare`: what Front must have before messages are sent.

use super::args::PrepareArgs;
use super::budget::Clock;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::report_file::ReportFile;
use super::{asking, budget, finishing, greeting, interrupt, plan, preparing, progress, sending};
use crate::event::Observer;
use crate::front::{self, Cancellation};
use crate::ledger::Target;
use crate::plan::{Rebuilder, overview_of, staleness};
use crate::prepare::{self, Ending, Job, Stop};
use crate::report::{Prepared, Report};
use std::sync::Arc;

pub(super) fn run(context: &Context, args: &PrepareArgs) -> Result<Exit, Failure> {
    let until = args.budget.until();
    let mut settings = greeting::settings(context, &args.front)?;
    settings.most_requests = args.budget.max_requests;
    let ledger = context.open_planned()?;
    let sources = context.open_sources()?;
    if let Some(why) = staleness(&ledger, &context.mapping, &sources)? {
        let help = format!("plan again, and look at what it says: {}", context.command("plan"));
        return Err(Failure::usage(format!("{why}; nothing was made"), help));
    }
    let overview = ledger.plan().map(overview_of).transpose()?.unwrap_or_default();
    let page = ReportFile::at(context, Ok(Arc::clone(&sources)), args.report.report.as_deref())?;
    let observer: Arc<dyn Observer> = Arc::from(progress::observer(&context.common));
    let settings = front::Settings { observer: Arc::clone(&observer), ..settings };
    let runtime = sending::runtime()?;
    let meeting = async {
        let front = greeting::knock(settings).await?;
        let (company, named) = front.company();
        ledger.check_company(company, named).map_err(greeting::nothing_sent)?;
        let found = preparing::look(context, args.create_inboxes, front, &overview, &ledger).await?;
        // What is made here belongs to no conversation yet.
        let rules = finishing::rules_if_told(&found.greeted.client).await;
        Ok((found, rules))
    };
    let (found, rules) = runtime.block_on(sending::unless_stopped(context, until, meeting))?;
    let target = found.greeted.target.clone();
    ledger.bind(&target).map_err(greeting::nothing_sent)?;
    let mut before = plan::report(context, "prepare", &ledger, Some(overview.clone()))?;
    before.front = found.lines(&overview).into_iter().chain(rules).collect();
    before.prepared = Some(Prepared { agents: found.agents.clone(), made: None });
    let is_nothing = found.is_nothing();
    before.ending = if is_nothing {
        format!("{} has every inbox and every tag of the plan.", found.greeted.company)
    } else {
        format!("Ready to prepare {}.", found.greeted.company)
    };
    if !args.yes && !is_nothing {
        super::say(&before.text(context.extent()));
        asking::confirm(context, "Prepare? Type yes: ")?;
    } else if !context.common.quiet {
        super::say(&before.prepare_aloud());
    }
    budget::announce(until);
    let ledger = Arc::new(ledger);
    let agents = found.agents;
    let job = Job {
        ledger: Arc::clone(&ledger),
        rebuilder: Rebuilder::new(Arc::clone(&context.mapping), sources),
        client: found.greeted.client,
        inboxes: found.inboxes,
        tags: found.tags,
        contacts: found.contacts,
        in_flight: context.mapping.send.in_flight,
        threads: args.reading.threads(),
        retry_left: args.retry_left,
    };
    let cancellation = Cancellation::new();
    let (outcome, is_late) = runtime.block_on(async {
        let watch = tokio::spawn(interrupt::cancel_on(Arc::clone(&context.stop), cancellation.clone()));
        let clock = Clock::start(until, &cancellation);
        let outcome = prepare::run(job, observer, cancellation).await;
        watch.abort();
        (outcome, clock.has_struck())
    });
    if !outcome.inboxes.is_empty() {
        let inboxes = target.inboxes.iter().chain(&outcome.inboxes);
        let inboxes = inboxes.map(|(name, id)| (name.clone(), id.clone())).collect();
        ledger.bind(&Target { inboxes, ..target })?;
    }
    let mut report = plan::report(context, "prepare", &ledger, None)?;
    ledger.flush()?;
    ledger.write_summary("at rest", serde_json::Value::Null)?;
    if !report.balanced {
        return Err(plan::unbalanced(&report));
    }
    report.prepared = Some(Prepared { agents, made: Some(preparing::made(&outcome)) });
    let verdict = verdict(context, outcome, is_late, &report);
    plan::conclude(context, &ledger, report, verdict, &[], page)
}

/// Exit code and closing words.
fn verdict(
    context: &Context,
    outcome: prepare::Outcome,
    is_late: bool,
    report: &Report,
) -> Result<(Exit, String), Failure> {
    let again = format!("run it again to go on: {}", context.command("prepare"));
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
        let words = format!("Something has no usable answer from Front yet, see above; {again}");
        return Ok((Exit::Unconfirmed, words));
    }
    if outcome.counts.left > 0 {
        let words = "Done, but something was left as it is, see above";
        return Ok((
            Exit::Incomplete,
            format!("{words}; `{} --retry-left` tries it again", context.command("prepare")),
        ));
    }
    let next = if report.total.left() > 0 { format!(" Next: {}", context.command("import")) } else { String::new() };
    Ok((Exit::Done, format!("Done: Front has what the plan needs.{next}")))
}

/// Why preparing stopped.
pub(super) fn failure(stop: Stop) -> Failure {
    match stop {
        Stop::Front(error) => greeting::front_failure(&error),
        Stop::Source(error) => Failure::usage(
            format!("{error}; nothing more was done"),
            "put the export back as it was, or plan again; what was done is in the ledger",
        ),
        Stop::Ledger(error) => Failure::from(error),
        Stop::Thread(error) => {
            Failure::usage(format!("cannot start a thread: {error}"), "free memory, or use fewer --jobs")
        }
        Stop::Panicked => Failure::internal("a task of preparing failed in a way it should not (see above)"),
    }
}
