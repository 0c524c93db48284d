//! `status`: what was planned and what became of it.

use super::args::MappingArg;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::plan;
use crate::ledger::{Ledger, LedgerError, Summary, read_summary};
use crate::plan::overview_of;
use crate::report::{Report, balance, estimates};

pub(super) fn run(context: &Context, mapping: &MappingArg) -> Result<Exit, Failure> {
    let dir = context.ledger_dir();
    match Ledger::open_existing(&dir) {
        Ok(ledger) => at_rest(context, &ledger),
        // An import is running: its summary is at most a second old, and reading it disturbs nobody.
        Err(locked @ LedgerError::Locked { .. }) => match read_summary(&dir)? {
            Some(summary) => beside(context, summary),
            None => Err(locked.into()),
        },
        Err(LedgerError::Absent { .. }) => {
            let help = format!("start with: threadlift plan {}", mapping.mapping.display());
            Err(Failure::usage(format!("there is no ledger at {}: nothing was planned yet", dir.display()), help))
        }
        Err(error) => Err(error.into()),
    }
}

fn at_rest(context: &Context, ledger: &Ledger) -> Result<Exit, Failure> {
    let overview = ledger.plan().map(overview_of).transpose()?;
    if overview.is_none() {
        let help = format!("run: threadlift plan {}", context.mapping.path.display());
        return Err(Failure::usage("the ledger holds no plan", help));
    }
    let report = plan::report(context, "status", ledger, overview)?;
    if !report.balanced {
        return Err(plan::unbalanced(&report));
    }
    Ok(conclude(context, report, "Nothing is running."))
}

fn beside(context: &Context, summary: Summary) -> Result<Exit, Failure> {
    let tallies = summary.sources.into_iter().map(|source| (source.name, source.tally)).collect();
    let (sources, total, balanced) = balance(tallies);
    let left = total.pending + total.unknown;
    let report = Report {
        command: "status",
        mapping: context.mapping.path.display().to_string(),
        ledger: context.ledger_dir().display().to_string(),
        plan_id: summary.plan_id.unwrap_or_default(),
        plan: None,
        sources,
        total,
        balanced,
        estimates: estimates(left, context.mapping.send.share),
        sent: None,
        ending: String::new(),
        exit: 0,
    };
    if !report.balanced {
        return Err(plan::unbalanced(&report));
    }
    Ok(conclude(context, report, "Another threadlift is at work on this ledger."))
}

fn conclude(context: &Context, mut report: Report, now: &str) -> Exit {
    let left = report.total.pending + report.total.unknown;
    report.ending = match left {
        0 => format!("{now} Everything planned was sent."),
        _ => format!("{now} {} messages are left to send.", crate::report::count(left)),
    };
    let exit = if report.is_incomplete() { Exit::Incomplete } else { Exit::Done };
    plan::finish(context, report, exit)
}
