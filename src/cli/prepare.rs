//! `prepare`: what Front must have before messages are sent.

use super::args::PrepareArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::report_file::ReportFile;
use super::{asking, budget, finishing, greeting, plan, preparing, progress, sending, stages};
use crate::ledger::Target;
use crate::plan::Rebuilder;
use crate::prepare::{self, Job};
use crate::report::{Prepared, Report};
use std::sync::Arc;

pub(super) fn run(context: &Context, args: &PrepareArgs) -> Result<Exit, Failure> {
    let until = args.budget.until();
    let observer = progress::observer(&context.common);
    let settings = greeting::budgeted(context, &args.front, &args.budget, &observer)?;
    let ledger = context.open_planned()?;
    let sources = context.open_sources()?;
    stages::check_plan(context, &ledger, &sources, "nothing was made")?;
    let overview = plan::overview(&ledger)?;
    let page = ReportFile::at(context, Ok(Arc::clone(&sources)), args.report.report.as_deref())?;
    let runtime = sending::runtime()?;
    let meeting = async {
        let front = greeting::knock(settings).await?;
        let (company, named) = front.company();
        ledger.check_company(company, named).map_err(greeting::nothing_sent)?;
        let found = preparing::look(context, args.create_inboxes, front, &overview, &ledger).await?;
        if finishing::is_wanted(&overview) {
            // Better known before the import than after it.
            finishing::names(context, &found.greeted.client, &overview).await?;
        }
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
    let work = |cancellation| prepare::run(job, observer, cancellation);
    let ((outcome, inboxes), is_late) = runtime.block_on(budget::limited(&context.stop, until, work));
    if !inboxes.is_empty() {
        let inboxes = target.inboxes.iter().chain(&inboxes);
        let inboxes = inboxes.map(|(name, id)| (name.clone(), id.clone())).collect();
        ledger.bind(&Target { inboxes, ..target })?;
    }
    let mut report = plan::booked(context, "prepare", &ledger, None)?;
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
    let command = context.command("prepare");
    if let Some(verdict) = stages::ended_early(context, &command, outcome.ending, is_late, "nothing is lost")? {
        return Ok(verdict);
    }
    let again = stages::again(&command);
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
