//! `import`: send what was planned; without a current plan, plan, show and ask.

use super::args::ImportArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::interrupt::NOTICE;
use super::sending::{self, Pace};
use super::{place, plan, progress};
use crate::front;
use crate::mapping;
use crate::plan::{Overview, Rebuilder, overview_of, rehash, staleness};
use crate::report::{Report, Sent, counted};
use secrecy::SecretString;
use std::io::{IsTerminal, stdin};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Instant;

/// Requests a second on one resource that Front is known to allow.
const FRONT_PER_RESOURCE: u32 = 5;

pub(super) fn run(context: &Context, args: &ImportArgs) -> Result<Exit, Failure> {
    let settings = settings(context, args)?;
    let sources = context.open_sources()?;
    let mut ledger = context.open_ledger()?;
    let observer: Arc<dyn crate::event::Observer> = Arc::from(progress::observer(context.common.quiet));
    let runtime = sending::runtime()?;
    let settings = front::Settings { observer: Arc::clone(&observer), ..settings };
    let front = runtime.block_on(sending::unless_stopped(context, sending::knock(settings)))?;
    // Before planning, which may take hours.
    let (company, named) = front.company();
    ledger.check_company(company, named).map_err(sending::nothing_sent)?;
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
            plan::make(context, &sources, &mut ledger, args.reading.threads(), None, observer.as_ref())?
        }
    };
    let mut before = plan::report(context, "import", &ledger, Some(overview.clone()))?;
    if !before.balanced {
        return Err(plan::unbalanced(&before));
    }
    let bound = ledger.target();
    let greet = sending::greet(context, front, &overview, bound.as_ref());
    let greeted = runtime.block_on(sending::unless_stopped(context, greet))?;
    let left = before.total.pending + before.total.unknown;
    before.ending = format!("Ready to send {} to {}.", counted(left, "message"), greeted.company);
    let asks = !args.yes && left > 0;
    // A plan that nobody has seen yet is shown, so that a script's log holds what it has agreed to.
    if asks || !is_shown {
        super::say(&before.text());
    }
    if asks {
        confirm(context)?;
    }
    // So that a `status` beside this run has figures from its first moment on.
    ledger.write_summary("sending", serde_json::Value::Null)?;
    let company = greeted.company.clone();
    let pace = Pace { in_flight: context.mapping.send.in_flight, settle: context.mapping.send.settle };
    let began = Instant::now();
    let sent = runtime.block_on(sending::send(context, ledger, sources, greeted, pace, observer))?;
    let mut report = plan::report(context, "import", &sent.ledger, None)?;
    report.sent =
        Some(Sent { company, accepted: sent.accepted, seconds: began.elapsed().as_secs_f64(), front_holds: None });
    sent.ledger.flush()?;
    sent.ledger.write_summary("at rest", serde_json::Value::Null)?;
    if !report.balanced {
        return Err(plan::unbalanced(&report));
    }
    conclude(context, sent.ending, report)
}

/// Prints the report with the words that fit its ending.
pub(super) fn conclude(context: &Context, ending: crate::upload::Ending, mut report: Report) -> Result<Exit, Failure> {
    match sending::verdict(context, ending, &report) {
        Ok((exit, words)) => {
            report.ending = words;
            plan::finish(context, report, exit)
        }
        Err(failure) => {
            report.ending = format!("Stopped: {}", failure.message);
            if let Err(unwritten) = plan::finish(context, report, failure.exit) {
                // Why the run stopped is the more important of the two.
                super::say(&unwritten.text());
            }
            Err(failure)
        }
    }
}

fn settings(context: &Context, args: &ImportArgs) -> Result<front::Settings, Failure> {
    let send = &context.mapping.send;
    // A variable that is set to nothing, as scripts do, is one that is not set.
    let base_url = match args.base_url.as_deref().filter(|written| !written.is_empty()) {
        // Not quoted: somebody may have put a password into it.
        Some(written) => mapping::check_base_url(written).map_err(|wrong| {
            let given = "the base URL given by --base-url or FRONT_BASE_URL";
            Failure::usage(format!("{given} is not accepted: {}; nothing was sent", wrong.reason), wrong.help)
        })?,
        None => context.mapping.target.base_url.clone(),
    };
    if send.per_resource > FRONT_PER_RESOURCE && !mapping::is_loopback(&base_url) {
        return Err(context.wrong_setting(
            Exit::Usage,
            place::of_key(&context.mapping.text, "per_resource"),
            &format!("`per_resource` is {}, more than Front takes", send.per_resource),
            &format!("Front allows {FRONT_PER_RESOURCE} requests a second on one inbox; nothing was sent"),
            &format!("write `per_resource = {FRONT_PER_RESOURCE}`; more is for a target on this machine"),
        ));
    }
    let mut settings = front::Settings::new(base_url, token(args.token_file.as_deref())?);
    settings.share = send.share;
    settings.reserve = send.reserve;
    settings.per_resource = send.per_resource;
    Ok(settings)
}

fn token(file: Option<&Path>) -> Result<SecretString, Failure> {
    let help = "make a token in Front (Settings, Developers) with `messages:write`, without `messages:send`; then put it \
                into the environment as FRONT_API_TOKEN or into a file for --token-file";
    let text = match file {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|error| Failure::usage(format!("cannot read the token from {}: {error}", path.display()), help))?,
        None => std::env::var("FRONT_API_TOKEN").unwrap_or_default(),
    };
    let token = text.trim();
    if token.is_empty() {
        return Err(Failure::usage("there is no API token; nothing was sent", help));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        let place = file.map_or_else(|| "FRONT_API_TOKEN".to_owned(), |path| path.display().to_string());
        return Err(Failure::usage(
            format!(
                "the API token in {place} holds characters that no token has (spaces, line ends); nothing was sent"
            ),
            "copy it again from Front (Settings, Developers): it is one word on one line, and nothing else may stand there",
        ));
    }
    Ok(SecretString::from(token.to_owned()))
}

/// Asks once, below the plan.
fn confirm(context: &Context) -> Result<(), Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::usage(
            "there is no terminal to ask on; nothing was sent",
            "look at the plan above and run the same command with --yes",
        ));
    }
    // On stderr: stdout is for the result alone, and under --json for one document.
    super::say("Send? Type yes: ");
    let (sender, answers) = mpsc::channel();
    // Reading goes on after a signal, so it is left to a thread, and Ctrl-C is looked for meanwhile.
    std::thread::spawn(move || {
        let mut answer = String::new();
        let _ = stdin().read_line(&mut answer);
        let _ = sender.send(answer);
    });
    while !context.stop.load(Ordering::Relaxed) {
        match answers.recv_timeout(NOTICE) {
            Ok(answer) if answer.trim().eq_ignore_ascii_case("yes") => return Ok(()),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    super::say("\n");
    Err(sending::not_sent())
}

/// What the overview names, for an embedded Front that must know it.
pub(super) fn inboxes_of(context: &Context, overview: Option<&Overview>) -> Vec<String> {
    let mapping = &context.mapping;
    let mut names: Vec<String> =
        overview.map(|overview| overview.inboxes.keys().cloned().collect()).unwrap_or_default();
    names.push(mapping.target.inbox.clone());
    names.extend(mapping.rules.iter().filter_map(|rule| rule.inbox.clone()));
    names.sort();
    names.dedup();
    names
}
