//! `deliver`: what customers wrote since the cut-over goes through a channel, after everything else is in Front.

use super::args::DeliverArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::report_file::ReportFile;
use super::{asking, budget, channels, greeting, plan, progress, sending, show, stages};
use crate::deliver::{self, Job, Outcome};
use crate::ledger::{Ledger, LedgerError};
use crate::mapping;
use crate::plan::Rebuilder;
use crate::report::{Delivered, Report, UnknownFate};
use crate::words::{counted, printable};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Nobody types this by mistake.
const WORDS: &str = "deliver live";

/// Messages of unknown fate that are named.
const MAX_UNKNOWN: usize = 20;

pub(super) fn run(context: &Context, args: &DeliverArgs) -> Result<Exit, Failure> {
    let until = args.budget.until();
    let observer = progress::observer(&context.common);
    let settings = greeting::budgeted(context, &args.front, &args.budget, &observer)?;
    let is_loopback = mapping::is_loopback(&settings.base_url);
    let ledger = context.open_planned()?;
    let sources = context.open_sources()?;
    stages::check_plan(context, &ledger, &sources, "nothing was delivered")?;
    let overview = plan::overview(&ledger)?;
    let again = named_again(&ledger, &args.again)?;
    let page = ReportFile::at(context, Ok(Arc::clone(&sources)), args.report.report.as_deref())?;
    let mut before = plan::report(context, "deliver", &ledger, Some(overview.clone()))?;
    if let Some(waits) = comes_first(context, &before) {
        return Err(waits);
    }
    let runtime = sending::runtime()?;
    let bound = ledger.target();
    let meeting = async {
        let front = greeting::knock(settings).await?;
        let greeted = greeting::greet(context, front, &overview, bound.as_ref()).await?;
        channels::check(context, &greeted.client, &overview).await?;
        Ok(greeted)
    };
    let greeted = runtime.block_on(sending::unless_stopped(context, until, meeting))?;
    ledger.bind(&greeted.target).map_err(greeting::nothing_sent)?;
    let left = ledger.deliveries().planned + again.len() as u64;
    before.ending = format!("Ready to deliver {} live in {}.", counted(left, "message"), greeted.company);
    if left > 0 {
        super::say(&before.deliver_aloud());
        let question = format!("Deliver live? Type {WORDS}: ");
        asking::ask_or_given(context, &question, WORDS, args.confirm.as_deref(), "nothing was delivered")?;
    }
    budget::announce(until);
    let ledger = Arc::new(ledger);
    let send = &context.mapping.send;
    let job = Job {
        ledger: Arc::clone(&ledger),
        rebuilder: Rebuilder::new(Arc::clone(&context.mapping), sources),
        client: greeted.client,
        patience: send.patience(is_loopback),
        pause: pause(send.settle(is_loopback)),
        again,
    };
    let work = |cancellation| deliver::run(job, observer, cancellation);
    let (outcome, is_late) = runtime.block_on(budget::limited(&context.stop, until, work));
    let mut report = plan::booked(context, "deliver", &ledger, None)?;
    report.delivered = Some(delivered(&ledger, &outcome)?);
    let verdict = verdict(context, &ledger, outcome, is_late);
    plan::conclude(context, &ledger, report, verdict, &[], page)
}

/// The first pause between two looks for a message that takes about so long to exist.
pub(super) fn pause(settle: Duration) -> Duration {
    (settle / 10).max(Duration::from_millis(5))
}

/// The messages of unknown fate that the user names to be delivered once more.
fn named_again(ledger: &Ledger, ids: &[String]) -> Result<BTreeSet<u64>, Failure> {
    let mut again = BTreeSet::new();
    let deliveries = deliver::positions(ledger);
    for id in ids {
        let mut is_found = false;
        for position in show::find(ledger, id.trim())?.into_iter().filter(|position| deliveries.contains(position)) {
            for item in ledger.reached(position..position + 1)? {
                if deliver::is_unknown(item?.1) {
                    is_found |= again.insert(position);
                }
            }
        }
        if !is_found {
            return Err(Failure::usage(
                format!("no delivered message of unknown fate has the id {}; nothing was delivered", printable(id)),
                "give an external id or the export's own id of one that `deliver` names as unknown",
            ));
        }
    }
    Ok(again)
}

/// What must be in Front before anything is delivered.
fn comes_first(context: &Context, report: &Report) -> Option<Failure> {
    let total = &report.total;
    let (what, command) = match (total.left(), report.unconfirmed(), total.notes) {
        (0, 0, 0) => return None,
        (0, 0, notes) => (format!("{} not written yet", counted(notes, "note")), "finish"),
        (0, unseen, _) => (format!("{} not seen in Front yet", counted(unseen, "message")), "verify"),
        (left, ..) => (format!("{} left to import", counted(left, "message")), "import"),
    };
    Some(Failure {
        exit: Exit::Unconfirmed,
        message: format!("{what}: what is live comes last; nothing was delivered"),
        help: Some(format!("first: {}", context.command(command))),
    })
}

/// What delivering came to, for the report.
pub(super) fn delivered(ledger: &Ledger, outcome: &Outcome) -> Result<Delivered, LedgerError> {
    let named = deliver::unknown(ledger, MAX_UNKNOWN)?;
    Ok(Delivered {
        delivered: outcome.counts.delivered,
        seen: outcome.counts.seen,
        refused: outcome.counts.refused,
        unknown: ledger.deliveries().unanswered(),
        examples: named.into_iter().map(|(id, why)| UnknownFate { id, why }).collect(),
        unsettled: outcome.unsettled.clone(),
    })
}

/// Exit code and closing words.
fn verdict(context: &Context, ledger: &Ledger, outcome: Outcome, is_late: bool) -> Result<(Exit, String), Failure> {
    let command = context.command("deliver");
    if let Some(verdict) = stages::ended_early(context, &command, outcome.ending, is_late, "nothing is lost")? {
        return Ok(verdict);
    }
    let again = stages::again(&command);
    let counts = ledger.deliveries();
    let unknown = counts.unanswered();
    if outcome.unsettled.is_some() || counts.planned + counts.accepted > 0 {
        return Ok((Exit::Unconfirmed, format!("Some messages wait, see above; {again}")));
    }
    if unknown > 0 {
        let words = format!(
            "{} of unknown fate: Front may have {}. None is delivered again by itself. Look in the channel's inbox; what is not \
             there: {command} --again-although-front-may-have-it ID",
            counted(unknown, "message"),
            if unknown == 1 { "it" } else { "them" },
        );
        return Ok((Exit::Unconfirmed, words));
    }
    if counts.refused > 0 {
        let help = context.command("retry");
        let words = format!("Done, but Front refused some; `{help}` takes them up again once the cause is mended");
        return Ok((Exit::Incomplete, words));
    }
    let done = counts.confirmed + counts.different;
    Ok((
        Exit::Done,
        if done == 0 {
            "There is nothing to deliver: no source says `deliver`, or nothing is newer than its moment.".to_owned()
        } else {
            format!("Done: {} delivered and seen in Front.", counted(done, "message"))
        },
    ))
}
