//! `verify`: looks in Front for what was accepted, and for a sample of what was seen; and the map from old ids to Front's.

use super::args::VerifyArgs;
use super::confirmation::{Confirmation, comes_next, open_questions};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::report_file::ReportFile;
use super::{budget, greeting, plan, progress, sending};
use crate::ledger::Ledger;
use crate::mapping;
use crate::plan::Rebuilder;
use crate::report::Report;
use crate::source::Source;
use crate::upload::Ending;
use crate::verify::{self, Job, MapError, Resend, Scope, Timing, write_map};
use crate::words::counted;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

pub(super) fn run(context: &Context, args: &VerifyArgs) -> Result<Exit, Failure> {
    let until = args.budget.until();
    let observer = progress::observer(&context.common);
    let settings = greeting::budgeted(context, &args.front, &args.budget, &observer)?;
    let ledger = context.open_planned()?;
    // Only a message that is missing needs them; what they cannot give is said then.
    let sources = context.sources_at_hand();
    let page = ReportFile::at(context, sources.clone(), args.report.report.as_deref())?;
    let overview = plan::overview(&ledger)?;
    let runtime = sending::runtime()?;
    let is_loopback = mapping::is_loopback(&settings.base_url);
    let bound = ledger.target();
    let greet = async { greeting::greet(context, greeting::knock(settings).await?, &overview, bound.as_ref()).await };
    let greeted = runtime.block_on(sending::unless_stopped(context, until, greet))?;
    ledger.bind(&greeted.target)?;
    let ledger = Arc::new(ledger);
    let send = &context.mapping.send;
    let resend = sources.clone().ok().map(|sources| Resend {
        rebuilder: Rebuilder::new(Arc::clone(&context.mapping), sources),
        inboxes: greeted.target.inboxes,
    });
    let job = Job {
        ledger: Arc::clone(&ledger),
        sight: Arc::new(greeted.client),
        scope: args.sample.map_or(Scope::Open, Scope::Sample),
        resend,
        in_flight: send.in_flight,
        timing: Timing::of(send.settle(is_loopback), send.patience(is_loopback)),
    };
    budget::announce(until);
    let work = |cancellation| verify::run(job, observer, cancellation);
    let (outcome, is_late) = runtime.block_on(budget::limited(&context.stop, until, work));
    let mut confirmation = Confirmation::default();
    let ending = confirmation.take(outcome);
    let failure = confirmation.failure(context, &ledger, "verify");
    let mut report = plan::booked(context, "verify", &ledger, None)?;
    report.seen = confirmation.seen;
    if let Some(path) = &args.map {
        map(context, &ledger, sources.as_ref().ok().map(|sources| sources.as_slice()), path)?;
    }
    if let Some(failure) = failure {
        return plan::conclude(context, &ledger, report, Err(failure), &[], page);
    }
    let verdict = match budget::used_up(&ending, is_late) {
        Some(what) => {
            let left = counted(report.total.accepted, "message");
            let words =
                format!("{what}; what was seen is in the ledger, {left} left to look for{}", of_unknown_fate(&report));
            (Exit::Budget, format!("{words}; run it again to go on: {}", context.command("verify")))
        }
        None if matches!(ending, Ending::Finished) => verdict(context, &report),
        None => interrupted(context),
    };
    let is_through = matches!(verdict.0, Exit::Done | Exit::Incomplete);
    let next = if is_through { comes_next(context, &ledger, &report.total)? } else { None };
    let more: Vec<String> = next.into_iter().collect();
    plan::conclude(context, &ledger, report, Ok(verdict), &more, page)
}

/// What was missing and is sent again at this moment is not accepted any more.
fn of_unknown_fate(report: &Report) -> String {
    match report.total.unknown {
        0 => String::new(),
        unknown => format!(" and {unknown} of unknown fate"),
    }
}

fn interrupted(context: &Context) -> (Exit, String) {
    let again = context.command("verify");
    (Exit::Interrupted, format!("Interrupted; what was seen is in the ledger, run it again to go on: {again}"))
}

fn verdict(context: &Context, report: &Report) -> (Exit, String) {
    if let Some(words) = open_questions(context, report) {
        return (Exit::Unconfirmed, words);
    }
    let left = report.total.left();
    let words = match report.total.confirmed {
        0 => "Nothing was accepted by Front so far.",
        _ => "Every message that Front accepted is there and reads as planned.",
    };
    let left = match left {
        0 => String::new(),
        _ => format!(" Left to send: {}; `{}`.", counted(left, "message"), context.command("import")),
    };
    (if report.is_incomplete() { Exit::Incomplete } else { Exit::Done }, format!("{words}{left}"))
}

/// Writes the map from old ids to Front's. Where the sources could not be opened, nothing that is there is written over:
/// it might be one of them.
pub(super) fn map(
    context: &Context,
    ledger: &Ledger,
    sources: Option<&[Box<dyn Source>]>,
    path: &Path,
) -> Result<(), Failure> {
    if sources.is_none() && path.exists() {
        return Err(Failure::usage(
            format!("{} is there already, and the sources cannot be opened to tell it from them", path.display()),
            "give --map the name of a file that does not exist yet",
        ));
    }
    let mut file = Output::at(context, sources.unwrap_or_default(), "--map", path)?;
    let written = write_map(ledger, &mut BufWriter::new(&mut file));
    match written {
        Ok(rows) => {
            file.keep()?;
            super::say(&format!("{}: {}\n", path.display(), counted(rows, "message")));
            Ok(())
        }
        Err(MapError::Ledger(error)) => Err(error.into()),
        Err(MapError::Write(error)) => Err(Failure::usage(
            format!("cannot write {}: {error}", path.display()),
            "make room, or choose another place for --map",
        )),
    }
}
