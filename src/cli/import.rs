//! `import`: send what was planned; without a current plan, plan, show and ask.

use super::args::{ImportArgs, SendArgs};
use super::confirmation::comes_next;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::greeting::{Greeted, Known};
use super::online::Doubling;
use super::rejects::Bundle;
use super::report_file::ReportFile;
use super::retry;
use super::sending::{self, Pace};
use super::{asking, budget, channels, greeting, online, pilot, plan, progress};
use crate::ledger::Ledger;
use crate::mapping;
use crate::plan::{Overview, Rebuilder, overview_of, rehash, staleness};
use crate::report::{Report, Sent};
use crate::upload::{Chosen, Ending, TakenUp};
use crate::words::{counted, duration, some_of};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// What is sent.
#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    /// Everything that is left.
    Left,
    /// That, and what is chosen to be taken up again.
    LeftAndChosen(&'a Chosen),
    /// Nothing new: only again what has no answer.
    Unanswered,
}

pub(super) fn run(context: Context, args: &ImportArgs) -> Result<Exit, Failure> {
    go(context, &args.send, if args.settle { What::Unanswered } else { What::Left })
}

/// Sends it; as a pilot, if that is asked for.
pub(super) fn go(context: Context, args: &SendArgs, what: What<'_>) -> Result<Exit, Failure> {
    let Some(inbox) = &args.pilot else { return send(&context, args, what) };
    let exit = send(&pilot::of(context, inbox, args.threads), args, what)?;
    super::say(&pilot::farewell(inbox));
    Ok(exit)
}

fn send(context: &Context, args: &SendArgs, what: What<'_>) -> Result<Exit, Failure> {
    let (command, chosen) = match what {
        What::LeftAndChosen(chosen) => ("retry", Some(chosen)),
        What::Left | What::Unanswered => ("import", None),
    };
    let only_unanswered = matches!(what, What::Unanswered);
    let until = args.budget.until();
    let bundle = Bundle::at(context, args.rejects.rejects.as_deref())?;
    let observer = progress::observer(&context.common);
    let settings = greeting::budgeted(context, &args.front, &args.budget, &observer)?;
    let sources = context.open_sources()?;
    let page = ReportFile::at(context, Ok(Arc::clone(&sources)), args.report.report.as_deref())?;
    let mut ledger = context.open_ledger()?;
    let runtime = sending::runtime()?;
    let is_loopback = mapping::is_loopback(&settings.base_url);
    let front = runtime.block_on(sending::unless_stopped(context, until, greeting::knock(settings)))?;
    // Before planning, which may take hours.
    let (company, named) = front.company();
    ledger.check_company(company, named).map_err(greeting::nothing_sent)?;
    let mut is_shown = true;
    let mut stale = staleness(&ledger, &context.mapping, &sources)?;
    if stale.is_none() && args.rehash {
        let rebuilder = Rebuilder::new(Arc::clone(&context.mapping), Arc::clone(&sources));
        stale = rehash(&ledger, &rebuilder, args.reading.threads(), &context.stop)?;
        if context.stop.load(Ordering::Relaxed) {
            return Err(sending::not_sent());
        }
    }
    let overview = match (stale, ledger.plan()) {
        (None, Some(plan)) => overview_of(plan)?,
        (why, _) => {
            super::say(&format!("{}: planning first\n", why.unwrap_or_default()));
            is_shown = false;
            plan::make(context, &sources, &mut ledger, context.settings(&args.reading), observer.as_ref())?
        }
    };
    let mut taken = chosen.map(|chosen| retry::choose(&ledger, chosen)).transpose()?.unwrap_or_default();
    let mut before = plan::report(context, command, &ledger, Some(overview.clone()))?;
    if !before.balanced {
        return Err(plan::unbalanced(&before));
    }
    if overview.doubles > 0 && !args.send_twice {
        return Err(would_double(context, command, &overview));
    }
    let meeting = meet(context, front, &overview, &ledger, args.create_tags);
    let greeted = runtime.block_on(sending::unless_stopped(context, until, meeting))?;
    let left = if only_unanswered { ledger.counts().unanswered() } else { before.total.left() + taken.count() };
    let messages = counted(left, "message");
    before.ending = if only_unanswered {
        format!("Ready to ask {} again for {messages} without an answer.", greeted.company)
    } else {
        let pace = at_this_pace(&before, greeted.client.limit_per_minute(), &context.mapping.send);
        format!("Ready to send {messages} to {}{pace}.", greeted.company)
    };
    let asks = !args.yes && left > 0;
    // A plan that nobody has seen yet is shown, so that a script's log holds what it has agreed to.
    if asks || !is_shown {
        super::say(&before.text(context.extent()));
    } else if !context.common.quiet || before.is_loud() {
        super::say(&before.aloud());
    }
    if asks {
        asking::confirm(context, "Send? Type yes: ")?;
    }
    if let Some(chosen) = chosen.filter(|chosen| chosen.new_id && !taken.missing.is_empty()) {
        let shared = Arc::new(ledger);
        let asked = retry::Taken { missing: &taken.missing, is_named: !chosen.ids.is_empty() };
        let looker = Arc::clone(&observer);
        let is_renewed = retry::renew(context, &runtime, &shared, &greeted, &asked, until, looker)?;
        ledger =
            Arc::into_inner(shared).ok_or_else(|| Failure::internal("the ledger is held by a look that has ended"))?;
        if is_renewed {
            plan::make(context, &sources, &mut ledger, context.settings(&args.reading), observer.as_ref())?;
        }
        // To the new plan they are messages that were never sent.
        taken = TakenUp::default();
    }
    taken.take_up(&ledger)?;
    budget::announce(until);
    // So that a `status` beside this run has figures from its first moment on.
    ledger.write_summary("sending", serde_json::Value::Null)?;
    let company = greeted.company.clone();
    let send = &context.mapping.send;
    let pace = Pace {
        in_flight: send.in_flight,
        settle: send.settle(is_loopback),
        patience: (!args.no_verify).then(|| send.patience(is_loopback)),
        until,
        again: taken.missing,
        only_unanswered,
    };
    let began = Instant::now();
    let sent =
        runtime.block_on(sending::send(context, Arc::new(ledger), Arc::clone(&sources), greeted, pace, observer))?;
    let mut report = plan::booked(context, command, &sent.ledger, None)?;
    report.sent =
        Some(Sent { company, accepted: sent.accepted, seconds: began.elapsed().as_secs_f64(), front_holds: None });
    let said = bundle.map(|bundle| bundle.write(context, &sent.ledger, &sources)).transpose();
    let mut more = if sent.otherwise == 0 { Vec::new() } else { vec![sent_otherwise(sent.otherwise)] };
    more.extend(said.as_ref().ok().cloned().flatten());
    let exit = conclude(context, sent, report, &more, page)?;
    said?;
    Ok(exit)
}

/// Asks Front for everything that the plan needs. Nothing is sent.
async fn meet(
    context: &Context,
    front: Known,
    overview: &Overview,
    ledger: &Ledger,
    create_tags: bool,
) -> Result<Greeted, Failure> {
    let greeted = greeting::greet(context, front, overview, ledger.target().as_ref()).await?;
    // What a pilot sends is thrown away again.
    if context.pilot.is_none() {
        match online::double_history(context, &greeted, ledger).await? {
            Doubling::Excluded => {}
            Doubling::Likely(double) => return Err(double.failure(context)),
            Doubling::Unclear(note) => super::say(&format!("note: {note}\n")),
        }
    }
    online::check_tags(context, &greeted, overview, create_tags.then_some(ledger)).await?;
    channels::check(context, &greeted.client, overview).await?;
    Ok(greeted)
}

/// Messages that were sent before have other ids now.
fn would_double(context: &Context, command: &str, overview: &Overview) -> Failure {
    Failure::usage(
        format!(
            "{} left to send were sent before under other ids ({}): Front would have them twice; nothing was sent",
            counted(overview.doubles, "message"),
            some_of(&overview.double_ids, overview.doubles)
        ),
        format!(
            "if a `namespace` of the mapping was changed, put it back; if they are to be there twice: {} --send-twice",
            context.command(command)
        ),
    )
}

/// How long sending will take, where that is worth telling.
fn at_this_pace(report: &Report, limit: Option<f64>, send: &mapping::Send) -> String {
    let Some(limit) = limit else { return String::new() };
    match report.seconds_at(limit, send) {
        0..60 => String::new(),
        seconds => format!(": about {} at its {limit:.0} requests a minute", duration(seconds)),
    }
}

/// The words for replays that could not have the bytes of the first attempt.
fn sent_otherwise(messages: u64) -> String {
    format!(
        "{} of unknown fate went out before as another request, and cannot be made again as it was, since mapping or program \
         changed: Front keeps the one that came first; `show ID` has the digests of both.",
        counted(messages, "message")
    )
}

/// Exit code and closing words where nothing new was sent.
fn settled(context: &Context, ledger: &Ledger, report: &Report) -> (Exit, String) {
    let again = context.command("import");
    match ledger.counts().unanswered() {
        0 => {
            let left = counted(report.total.left(), "message");
            let words = format!("Settled: nothing that was sent is without an answer. Left to send: {left}");
            (Exit::Done, format!("{words}; to go on: {again}"))
        }
        unanswered => {
            let words = format!("{} still without an answer", counted(unanswered, "message"));
            (Exit::Unconfirmed, format!("{words}; run it again: {again} --settle"))
        }
    }
}

/// Prints the report with the words that fit its ending, below them `more`, and writes its page.
pub(super) fn conclude(
    context: &Context,
    sent: sending::Sent,
    mut report: Report,
    more: &[String],
    page: ReportFile,
) -> Result<Exit, Failure> {
    let failure = sent.confirmation.failure(context, &sent.ledger, report.command);
    report.seen = sent.confirmation.seen;
    let verdict = match (failure, sent.ending) {
        (Some(failure), _) => Err(failure),
        (None, Ending::Finished) if sent.only_unanswered => Ok(settled(context, &sent.ledger, &report)),
        (None, ending) => sending::verdict(context, ending, sent.is_late, sent.looks, &report),
    };
    // A rehearsal has done all of it.
    let is_through = report.command != "rehearse" && !sent.only_unanswered;
    let is_through = is_through && matches!(verdict, Ok((Exit::Done | Exit::Incomplete, _)));
    let next = if is_through { comes_next(context, &sent.ledger, &report.total)? } else { None };
    let more: Vec<String> = more.iter().cloned().chain(next).collect();
    plan::conclude(context, &sent.ledger, report, verdict, &more, page)
}
