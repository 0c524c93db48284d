//! `plan`: read everything, decide everything, send nothing.

use super::args::PlanArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::output::Output;
use super::rejects::Bundle;
use super::report_file::ReportFile;
use super::{online, progress};
use crate::event::Observer;
use crate::ledger::{Ledger, State, Verdict};
use crate::mapping;
use crate::mapping::Probed;
use crate::plan::{self, Overview, PlanDiff, PlanError};
use crate::report::{Extent, Refusal, Report};
use crate::source::Source;
use std::io::{BufWriter, Write};
use std::sync::Arc;

/// Warnings about the mapping shown with their lines; the rest is counted.
const MAX_WARNINGS: usize = 8;

/// Refused messages named in a report; the rest is counted.
const MAX_REFUSALS: usize = 6;

pub(super) fn run(context: &Context, args: &PlanArgs) -> Result<Exit, Failure> {
    let sources = context.open_sources()?;
    let bundle = Bundle::at(context, args.rejects.rejects.as_deref())?;
    let page = ReportFile::at(context, Ok(Arc::clone(&sources)), args.report.report.as_deref())?;
    let observer = progress::observer(&context.common);
    let mut ledger = context.open_ledger()?;
    let requests = args.requests.as_deref().map(|path| Output::at(context, &sources, "--requests", path));
    let mut requests = requests.transpose()?.map(BufWriter::new);
    let out = requests.as_mut().map(|out| out as &mut dyn Write);
    // The token is asked for, and proved, before hours of reading.
    let online = args.online.then(|| online::Asking::begin(context, &args.front, &ledger)).transpose()?;
    let mut diff = args.diff.then(PlanDiff::default);
    let settings = plan::Settings { requests: out, diff: diff.as_mut(), ..context.settings(&args.reading) };
    let overview = make(context, &sources, &mut ledger, settings, observer.as_ref())?;
    if let Some(out) = requests {
        let out = out.into_inner().map_err(|error| PlanError::Requests(error.into_error()))?;
        out.keep()?;
    }
    let mut report = report(context, "plan", &ledger, Some(overview.clone()))?;
    report.diff = diff;
    report.front = context.mapping.target.probed.as_ref().map(Probed::lines).unwrap_or_default();
    if !report.balanced {
        return Err(unbalanced(&report));
    }
    let refused = match online {
        Some(online) => {
            let (said, refused) = online.answers(context, &ledger, &overview);
            report.front.extend(said);
            refused.err()
        }
        None => None,
    };
    let (exit, words) = if report.is_incomplete() {
        (Exit::Incomplete, "Planned; some records cannot be sent as they are, see above.")
    } else {
        (Exit::Done, "Planned: every record is accounted for.")
    };
    let next = match (&refused, report.plan.as_ref().map_or(0, |plan| plan.messages)) {
        (_, 0) => format!("There is nothing to send. Mend what is named above, then: {}", context.command("plan")),
        (Some(_), _) => "Nothing was sent, and an import would stop before it sends anything.".to_owned(),
        (None, _) => format!("Nothing was sent. Next: {}", context.command("rehearse")),
    };
    let exit = refused.as_ref().map_or(exit, |refused| refused.exit);
    let bundled = bundle.map(|bundle| bundle.write(context, &ledger, &sources)).transpose()?;
    // For a `status` beside the next command on this ledger.
    ledger.write_summary("at rest", serde_json::Value::Null)?;
    ledger.flush()?;
    let concluded = conclude(context, &ledger, report, Ok((exit, format!("{words} {next}"))), bundled.as_slice(), page);
    match refused {
        Some(refused) => concluded.and(Err(refused)),
        None => concluded,
    }
}

/// Makes a plan over opened sources.
pub(super) fn make(
    context: &Context,
    sources: &Arc<Vec<Box<dyn Source>>>,
    ledger: &mut Ledger,
    settings: plan::Settings<'_>,
    observer: &dyn Observer,
) -> Result<Overview, Failure> {
    let overview = plan::plan(&context.mapping, sources, ledger, settings, observer, &context.stop)?;
    warn(context, &overview);
    Ok(overview)
}

/// Shows what in the mapping has no effect, each at its line.
fn warn(context: &Context, overview: &Overview) {
    let shown = overview.warnings.get(..MAX_WARNINGS).unwrap_or(&overview.warnings);
    if shown.is_empty() {
        return;
    }
    let mapping = &context.mapping;
    let mut text = mapping::render_warnings(&mapping.path, &mapping.text, shown, context.color);
    let more = overview.warnings.len() - shown.len();
    if more > 0 {
        text = format!("{text}\n\n... and {more} more warnings; `--json` has them all");
    }
    super::say_rendered(&format!("{text}\n\n"));
}

/// The overview of a ledger's plan; an empty one without a plan.
///
/// # Errors
/// If it cannot be read.
pub(super) fn overview(ledger: &Ledger) -> Result<Overview, Failure> {
    Ok(ledger.plan().map(plan::overview_of).transpose()?.unwrap_or_default())
}

/// The report of a ledger as it stands, its ending still to be written.
pub(super) fn report(
    context: &Context,
    command: &'static str,
    ledger: &Ledger,
    overview: Option<Overview>,
) -> Result<Report, Failure> {
    let mapping = &context.mapping;
    let mut report = Report::of(command, &mapping.path, ledger.dir(), ledger.tallies(), &mapping.send);
    report.plan_id = ledger.plan().map(|plan| plan.plan_id.clone()).unwrap_or_default();
    if let Some(overview) = overview {
        report = report.with_plan(overview);
    }
    report.amiss = super::confirmation::amiss(ledger, &report.total)?;
    if report.total.refused > 0 {
        report.refusals = refusals(ledger)?;
        report.show = context.command_at("show", ledger.dir());
    }
    Ok(report)
}

/// The report of a ledger at the end of a run, whose books balance and are safe on disk, its ending still to be written.
///
/// # Errors
/// If they do not balance, or the ledger fails.
pub(super) fn booked(
    context: &Context,
    command: &'static str,
    ledger: &Ledger,
    overview: Option<Overview>,
) -> Result<Report, Failure> {
    let report = report(context, command, ledger, overview)?;
    ledger.flush()?;
    ledger.write_summary("at rest", serde_json::Value::Null)?;
    if report.balanced { Ok(report) } else { Err(unbalanced(&report)) }
}

/// The first refused messages, by name.
fn refusals(ledger: &Ledger) -> Result<Vec<Refusal>, Failure> {
    let mut found = Vec::new();
    for position in ledger.refused(MAX_REFUSALS)? {
        let State::Refused { cause, .. } = ledger.state(position)? else { continue };
        let entry = ledger.entry(position)?;
        if let Verdict::Planned(planned) = entry.verdict {
            found.push(Refusal { external_id: planned.external_id, original_id: entry.original_id, cause });
        }
    }
    Ok(found)
}

/// Prints a report the way it was asked for.
///
/// # Errors
/// If stdout does not take it.
pub(super) fn finish(context: &Context, mut report: Report, exit: Exit) -> Result<Exit, Failure> {
    report.exit = exit as u8;
    if context.common.json {
        super::print_json(&report)?;
    } else {
        super::print(&report.text(context.extent()))?;
    }
    Ok(exit)
}

/// Prints the report with the words that fit how the command ended, below them `more`, and writes its page.
///
/// # Errors
/// The failure that the command ended with, or what stands against writing its page or its report.
pub(super) fn conclude(
    context: &Context,
    ledger: &Ledger,
    mut report: Report,
    verdict: Result<(Exit, String), Failure>,
    more: &[String],
    page: ReportFile,
) -> Result<Exit, Failure> {
    let (exit, words) = match &verdict {
        Ok((exit, words)) => (*exit, words.clone()),
        Err(failure) => (failure.exit, format!("Stopped: {}", failure.message)),
    };
    report.ending = with_more(words, more);
    let written = page.add(context, ledger, &mut report, exit);
    let printed = finish(context, report, exit);
    // Why the run stopped is the most important of the three.
    if let Err(failure) = verdict {
        for unwritten in [written.err(), printed.err()].into_iter().flatten() {
            super::say(&unwritten.text());
        }
        return Err(failure);
    }
    written.and(printed)
}

/// Closing words, each sentence of `more` on a line of its own.
pub(super) fn with_more(words: String, more: &[String]) -> String {
    std::iter::once(words).chain(more.iter().cloned()).collect::<Vec<_>>().join("\n")
}

/// The books do not balance: never shown as a result.
pub(super) fn unbalanced(report: &Report) -> Failure {
    Failure::internal(format!("the books do not balance:\n{}", report.text(Extent::Screen)))
}
