//! `status`: what was planned and what became of it.

use super::context::{Context, say_notices};
use super::exit::{Exit, Failure};
use super::plan;
use crate::ledger::{Ledger, LedgerError, Summary, read_summary};
use crate::plan::overview_of;
use crate::report::Report;
use jiff::Timestamp;

pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let dir = context.ledger_dir();
    match Ledger::open_existing(&dir) {
        Ok(ledger) => {
            say_notices(&ledger);
            at_rest(context, ledger)
        }
        // An import is running: its summary is at most a second old, and reading it disturbs nobody.
        Err(locked @ LedgerError::Locked { .. }) => match read_summary(&dir)? {
            Some(summary) => beside(context, summary),
            None => Err(Failure {
                help: Some("it has only begun and has written no figures yet; ask again in a few seconds".to_owned()),
                ..locked.into()
            }),
        },
        Err(LedgerError::Absent { .. }) => {
            let help = format!("start with: {}", context.command("plan"));
            Err(Failure::usage(format!("there is no ledger at {}: nothing was planned yet", dir.display()), help))
        }
        Err(error) => Err(error.into()),
    }
}

fn at_rest(context: &Context, ledger: Ledger) -> Result<Exit, Failure> {
    let overview = ledger.plan().map(overview_of).transpose()?;
    if overview.is_none() {
        let Some(why) = ledger.index_lost() else {
            let help = format!("run: {}", context.command("plan"));
            return Err(Failure::usage("the ledger holds no plan", help));
        };
        return Err(Failure {
            exit: Exit::Ledger,
            message: format!("the plan in the ledger {} is lost: {why}", ledger.dir().display()),
            help: Some(format!(
                "what was sent is in the journal; restore the rest: {}",
                context.command("ledger rebuild")
            )),
        });
    }
    let report = plan::report(context, "status", &ledger, overview)?;
    if !report.balanced {
        return Err(plan::unbalanced(&report));
    }
    // A summary that was lost or damaged is whole again for the next `status` beside a run.
    ledger.write_summary("at rest", serde_json::Value::Null)?;
    // Let go before printing: a reader that waits (`| less`) must not keep an import from starting.
    drop(ledger);
    conclude(context, report, "Nothing is running.")
}

fn beside(context: &Context, summary: Summary) -> Result<Exit, Failure> {
    let written = Timestamp::from_second(summary.written_at).unwrap_or_default();
    let now = format!(
        "Another threadlift is at work on this ledger; these figures are from {}.",
        written.strftime("%Y-%m-%d %H:%M:%S UTC")
    );
    let tallies = summary.sources.into_iter().map(|source| (source.name, source.tally)).collect();
    let mapping = &context.mapping;
    let mut report = Report::of("status", &mapping.path, &context.ledger_dir(), tallies, mapping.send.share);
    report.plan_id = summary.plan_id.unwrap_or_default();
    if !report.balanced {
        return Err(plan::unbalanced(&report));
    }
    conclude(context, report, &now)
}

fn conclude(context: &Context, mut report: Report, now: &str) -> Result<Exit, Failure> {
    let left = report.total.pending + report.total.unknown;
    report.ending = match left {
        0 => format!("{now} Everything planned was sent."),
        _ => format!("{now} Left to send: {}.", crate::report::counted(left, "message")),
    };
    let exit = if report.is_incomplete() { Exit::Incomplete } else { Exit::Done };
    plan::finish(context, report, exit)
}
