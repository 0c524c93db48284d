//! `import`: send what was planned; without a current plan, plan, show and ask.

use super::args::ImportArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::sending::{self, Greeted, Pace};
use super::{plan, progress};
use crate::front;
use crate::ledger::Ledger;
use crate::mapping;
use crate::plan::{Overview, overview_of, staleness};
use crate::report::{Report, Sent};
use secrecy::SecretString;
use std::io::{IsTerminal, Write, stdin, stdout};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Requests a second on one resource that Front is known to allow.
const FRONT_PER_RESOURCE: u32 = 5;

pub(super) fn run(context: &Context, args: &ImportArgs) -> Result<Exit, Failure> {
    let settings = settings(context, args)?;
    let sources = context.open_sources()?;
    let mut ledger = Ledger::open(&context.ledger_dir())?;
    let observer: Arc<dyn crate::event::Observer> = Arc::from(progress::observer(context.common.quiet));
    let overview = match (staleness(&ledger, &context.mapping, &sources)?, ledger.plan()) {
        (None, Some(plan)) => overview_of(plan)?,
        (why, _) => {
            super::say(&format!("{}: planning first\n", why.unwrap_or_default()));
            plan::make(context, &sources, &mut ledger, args.reading.threads(), None, observer.as_ref())?
        }
    };
    let before = plan::report(context, "import", &ledger, Some(overview.clone()))?;
    if !before.balanced {
        return Err(plan::unbalanced(&before));
    }
    let runtime = sending::runtime()?;
    let settings = front::Settings { observer: Arc::clone(&observer), ..settings };
    let greeted = runtime.block_on(sending::greet(settings, &overview, &context.mapping.target.inbox))?;
    if !args.yes {
        confirm(before, &greeted)?;
    }
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
    match sending::verdict(ending, &report) {
        Ok((exit, words)) => {
            report.ending = words;
            Ok(plan::finish(context, report, exit))
        }
        Err(failure) => {
            report.ending = format!("Stopped: {}", failure.message);
            plan::finish(context, report, failure.exit);
            Err(failure)
        }
    }
}

fn settings(context: &Context, args: &ImportArgs) -> Result<front::Settings, Failure> {
    let send = &context.mapping.send;
    let base_url = match &args.base_url {
        Some(written) => mapping::check_base_url(written).map_err(|wrong| Failure::usage(wrong.reason, wrong.help))?,
        None => context.mapping.target.base_url.clone(),
    };
    if send.per_resource > FRONT_PER_RESOURCE && !mapping::is_loopback(&base_url) {
        return Err(Failure::usage(
            format!(
                "`per_resource` is {}, but Front allows {FRONT_PER_RESOURCE} requests a second on one inbox",
                send.per_resource
            ),
            format!("set `per_resource = {FRONT_PER_RESOURCE}` under [send]; more is for a target on this machine"),
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
        return Err(Failure::usage("the API token holds characters that no token has (spaces, line ends)", help));
    }
    Ok(SecretString::from(token.to_owned()))
}

/// Shows what will happen and asks once.
fn confirm(mut report: Report, greeted: &Greeted) -> Result<(), Failure> {
    let messages = crate::report::count(report.total.pending + report.total.unknown);
    report.ending = format!("Ready to send {messages} messages to {}.", greeted.company);
    super::say(&report.text());
    if !stdin().is_terminal() {
        return Err(Failure::usage(
            "there is no terminal to ask on; nothing was sent",
            "look at the plan above and run the same command with --yes",
        ));
    }
    let mut out = stdout();
    let _ = out.write_all(b"Send? Type yes: ").and_then(|()| out.flush());
    let mut answer = String::new();
    let _ = stdin().read_line(&mut answer);
    if answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    Err(Failure {
        exit: Exit::Interrupted,
        message: "not sent".to_owned(),
        help: Some("run it again when ready".to_owned()),
    })
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
