//! `status`: what was planned and what became of it.

use super::args::StatusArgs;
use super::context::{Context, say_notices};
use super::exit::{Exit, Failure};
use super::rejects::Bundle;
use super::report_file::ReportFile;
use super::{confirmation, plan, verify};
use crate::ledger::{Ledger, LedgerError, Summary, read_summary};
use crate::plan::{overview_of, staleness};
use crate::report::Report;
use crate::words::{counted, duration};
use jiff::Timestamp;
use std::fmt::Write as _;

pub(super) fn run(context: &Context, args: &StatusArgs) -> Result<Exit, Failure> {
    let bundle = Bundle::at(context, args.rejects.rejects.as_deref())?;
    let dir = context.ledger_dir();
    match Ledger::open_existing(&dir) {
        Ok(ledger) => {
            say_notices(&ledger);
            let is_needed = args.map.is_some() || args.report.report.is_some();
            let sources =
                if is_needed { context.sources_at_hand() } else { Err("they were not asked for".to_owned()) };
            if let Some(path) = &args.map {
                verify::map(context, &ledger, sources.as_ref().ok().map(|sources| sources.as_slice()), path)?;
            }
            let page = ReportFile::at(context, sources, args.report.report.as_deref())?;
            at_rest(context, ledger, bundle, page)
        }
        // An import is running: its summary is at most a second old, and reading it disturbs nobody.
        Err(locked @ LedgerError::Locked { .. }) if bundle.is_some() || args.map.is_some() || args.report.report.is_some() => Err(Failure {
            help: Some(
                "bundle, map and report need the ledger for themselves: ask for them when the other command has ended"
                    .to_owned(),
            ),
            ..locked.into()
        }),
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

fn at_rest(context: &Context, ledger: Ledger, bundle: Option<Bundle>, page: ReportFile) -> Result<Exit, Failure> {
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
    let mut report = plan::report(context, "status", &ledger, overview)?;
    if !report.balanced {
        return Err(plan::unbalanced(&report));
    }
    // A summary that was lost or damaged is whole again for the next `status` beside a run.
    ledger.write_summary("at rest", serde_json::Value::Null)?;
    let said = match bundle {
        None => String::new(),
        Some(bundle) => {
            let sources = context.open_sources()?;
            if let Some(why) = staleness(&ledger, &context.mapping, &sources)? {
                let help = format!("run: {} --rejects DIR", context.command("plan"));
                return Err(Failure::usage(format!("no bundle was written: {why}"), help));
            }
            format!("\n{}", bundle.write(context, &ledger, &sources)?)
        }
    };
    let waits = confirmation::still_waits(context, &report.total);
    let waits = std::iter::once(String::new()).chain(waits).collect::<Vec<_>>().join(" ");
    let exit = conclude(context, &mut report, "Nothing is running.", &format!("{waits}{said}"));
    let written = page.add(context, &ledger, &mut report, exit);
    // Let go before printing: a reader that waits (`| less`) must not keep an import from starting.
    drop(ledger);
    let printed = plan::finish(context, report, exit);
    written.and(printed)
}

fn beside(context: &Context, summary: Summary) -> Result<Exit, Failure> {
    let written = Timestamp::from_second(summary.written_at).unwrap_or_default();
    let pace = Pace::of(&summary);
    let mut now = format!(
        "Another threadlift is at work on this ledger ({}); these figures are from {}.",
        summary.run,
        written.strftime("%Y-%m-%d %H:%M:%S UTC")
    );
    let tallies = summary.sources.into_iter().map(|source| (source.name, source.tally)).collect();
    let mapping = &context.mapping;
    let mut report = Report::of("status", &mapping.path, &context.ledger_dir(), tallies, &mapping.send);
    report.plan_id = summary.plan_id.unwrap_or_default();
    if let Some(pace) = pace {
        let _ = write!(now, " {}", pace.words(report.total.left()));
    }
    if !report.balanced {
        return Err(plan::unbalanced(&report));
    }
    let exit = conclude(context, &mut report, &now, "");
    plan::finish(context, report, exit)
}

/// How fast a run sends, as it wrote into its summary.
struct Pace {
    accepted: u64,
    seconds: f64,
    limited_by: Option<String>,
}

impl Pace {
    fn of(summary: &Summary) -> Option<Self> {
        let details = summary.details.as_object()?;
        Some(Self {
            accepted: details.get("accepted")?.as_u64()?,
            seconds: details.get("seconds")?.as_f64().filter(|seconds| *seconds > 0.0)?,
            limited_by: details.get("limited_by").and_then(|limit| limit.as_str()).map(str::to_owned),
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate"
    )]
    fn words(&self, left: u64) -> String {
        let a_minute = self.accepted as f64 * 60.0 / self.seconds;
        let mut words = format!(
            "It sent {} in {}, {a_minute:.0} a minute",
            counted(self.accepted, "message"),
            duration(self.seconds as u64)
        );
        if a_minute > 0.0 && left > 0 {
            let _ = write!(words, ", about {} left", duration((left as f64 * 60.0 / a_minute) as u64));
        }
        if let Some(limit) = &self.limited_by {
            let _ = write!(words, ", limited by its {limit}");
        }
        words.push('.');
        words
    }
}

/// Writes the closing words, and says how the command ends.
fn conclude(context: &Context, report: &mut Report, now: &str, more: &str) -> Exit {
    report.ending = format!("{}{more}", ending(context, report, now));
    match (report.is_amiss(), report.is_incomplete()) {
        (true, _) => Exit::Unconfirmed,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Done,
    }
}

/// How the import stands, and the next step where there is one.
pub(super) fn ending(context: &Context, report: &Report, now: &str) -> String {
    let left = report.total.left();
    let counted = |number| counted(number, "message");
    let sent = match left {
        0 => "Everything planned was sent.".to_owned(),
        _ => format!("Left to send: {}.", counted(left)),
    };
    let seen = match report.unconfirmed() {
        0 => String::new(),
        unseen => {
            let looks = context.command("verify");
            format!(" Accepted and not seen yet: {}; `{looks}` looks for them.", counted(unseen))
        }
    };
    let total = &report.total;
    let missing = (total.missing > 0).then(|| confirmation::help_for_missing(context));
    let refused = (total.refused > 0).then(|| confirmation::help_for_refused(context));
    let help = missing.into_iter().chain(confirmation::help_for_split(total)).chain(refused);
    let stands = format!("{now} {sent}{seen}");
    std::iter::once(stands).chain(help).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(details: serde_json::Value) -> Option<Pace> {
        Pace::of(&Summary { written_at: 0, pid: 1, run: "sending".into(), plan_id: None, sources: vec![], details })
    }

    #[test]
    fn a_run_beside_says_how_fast_it_is_how_long_it_takes_and_what_limits_it() {
        let sending = pace(serde_json::json!({ "accepted": 1_200, "seconds": 600.0, "limited_by": "quota" })).unwrap();
        assert_eq!(
            sending.words(2_400),
            "It sent 1,200 messages in 10 min 0 s, 120 a minute, about 20 min 0 s left, limited by its quota."
        );
        let begun = pace(serde_json::json!({ "accepted": 0, "seconds": 2.0, "limited_by": null })).unwrap();
        assert_eq!(begun.words(5), "It sent 0 messages in 2 s, 0 a minute.");
        assert!(pace(serde_json::Value::Null).is_none(), "a summary of another stage tells no pace");
    }
}
