//! Sending a planned ledger to a Front: the same for the real one and for the one inside the program.

use super::confirmation::{self, Confirmation};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::sender::Sender;
use super::{interrupt, place};
use crate::event::Observer;
use crate::front::{self, Cancellation, Client, FrontError, StopCause};
use crate::ledger::{Ledger, Target};
use crate::plan::{Overview, Rebuilder};
use crate::source::Source;
use crate::upload::{Ending, Stop};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Blocking threads rebuild requests, parsing included; nesting is limited before a parse.
const STACK: usize = 16 << 20;

/// How to reach and treat a Front.
pub(super) struct Pace {
    pub in_flight: usize,
    pub settle: Duration,
    /// How long a message that Front accepted may take to exist; without it nobody looks.
    pub patience: Option<Duration>,
}

/// A Front that takes the token.
pub(super) struct Known {
    client: Client,
    company: front::Company,
    base_url: String,
}

/// A Front that was greeted: its company is known, its inboxes are resolved.
pub(super) struct Greeted {
    pub client: Client,
    pub company: String,
    pub target: Target,
}

/// What sending came to.
pub(super) struct Sent {
    pub ledger: Arc<Ledger>,
    pub accepted: u64,
    pub ending: Ending,
    pub confirmation: Confirmation,
}

/// A runtime for waiting.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK)
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("cannot start the runtime: {error}")))
}

/// Asks Front whose token this is: the first thing that can be wrong, found before hours of reading.
pub(super) async fn knock(settings: front::Settings) -> Result<Known, Failure> {
    let base_url = settings.base_url.clone();
    let client = Client::new(settings).map_err(|error| front_failure(&error))?;
    let company = client.me().await.map_err(|error| front_failure(&error))?;
    Ok(Known { client, company, base_url })
}

/// Does what comes before sending, unless the user asks to stop meanwhile: Front may be long in answering.
pub(super) async fn unless_stopped<T>(
    context: &Context,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        ended = work => ended,
        () = interrupt::noticed(&context.stop) => Err(not_sent()),
    }
}

/// The user stopped the command before anything was sent.
pub(super) fn not_sent() -> Failure {
    Failure {
        exit: Exit::Interrupted,
        message: "not sent".to_owned(),
        help: Some("run it again when ready".to_owned()),
    }
}

/// Finds every inbox and teammate that the plan names. Nothing is sent.
pub(super) async fn greet(context: &Context, front: Known, overview: &Overview) -> Result<Greeted, Failure> {
    let Known { client, company, base_url } = front;
    let inbox = context.mapping.target.inbox.as_str();
    let known = client.inboxes().await.map_err(|error| front_failure(&error))?;
    let mut inboxes = BTreeMap::new();
    for wanted in overview.inboxes.keys().map(String::as_str).chain([inbox]) {
        let found: Vec<&front::Inbox> =
            known.iter().filter(|inbox| inbox.id == wanted || inbox.name == wanted).collect();
        match found.as_slice() {
            [inbox] => inboxes.insert(wanted.to_owned(), inbox.id.clone()),
            [] => return Err(no_inbox(context, wanted, &company.name, &known)),
            _ => {
                let ids: Vec<&str> = found.iter().map(|inbox| inbox.id.as_str()).collect();
                return Err(context.wrong_setting(
                    Exit::Target,
                    place::of_value(&context.mapping.text, "inbox", wanted),
                    &format!("{} has several inboxes named `{wanted}`", company.name),
                    &format!("may be any of {}", ids.join(", ")),
                    "write the id of the one you mean; nothing was sent",
                ));
            }
        };
    }
    if !overview.teammates.is_empty() {
        let teammates = client.teammates().await.map_err(|error| front_failure(&error))?;
        let knows = |wanted: &str| {
            let email = wanted.strip_prefix("alt:email:");
            teammates.iter().any(|teammate| {
                teammate.id == wanted || email.is_some_and(|email| teammate.email.eq_ignore_ascii_case(email))
            })
        };
        let missing: Vec<&str> = overview.teammates.iter().map(String::as_str).filter(|name| !knows(name)).collect();
        if let [first, others @ ..] = missing.as_slice() {
            let others = if others.is_empty() { String::new() } else { format!(", nor {}", others.join(", ")) };
            return Err(context.wrong_setting(
                Exit::Target,
                place::of_value(&context.mapping.text, "", first),
                &format!("{} has no teammate {first}{others}", company.name),
                "no such teammate; nothing was sent",
                "correct or remove what [agents] says of them; without a line, a message keeps its author's name only",
            ));
        }
    }
    let target = Target { company_id: company.id, company_name: company.name.clone(), base_url, inboxes };
    Ok(Greeted { client, company: company.name, target })
}

/// Sends everything that is left.
pub(super) async fn send(
    context: &Context,
    ledger: Ledger,
    sources: Arc<Vec<Box<dyn Source>>>,
    greeted: Greeted,
    pace: Pace,
    observer: Arc<dyn Observer>,
) -> Result<Sent, Failure> {
    ledger.bind(&greeted.target).map_err(|error| {
        let failure = Failure::from(error);
        Failure { message: format!("{}; nothing was sent", failure.message), ..failure }
    })?;
    let cancellation = Cancellation::new();
    let watch = tokio::spawn(interrupt::cancel_on(Arc::clone(&context.stop), cancellation.clone()));
    let sender = Sender {
        ledger: Arc::new(ledger),
        rebuilder: Rebuilder::new(Arc::clone(&context.mapping), sources),
        client: greeted.client,
        inboxes: greeted.target.inboxes,
        pace,
        observer,
        cancellation,
    };
    let sent = sender.send_and_confirm().await;
    watch.abort();
    sent
}

/// Exit code and closing words of a run that sent.
pub(super) fn verdict(
    context: &Context,
    ending: Ending,
    report: &crate::report::Report,
) -> Result<(Exit, String), Failure> {
    let again = format!("run it again to go on: {}", context.command(report.command));
    match ending {
        Ending::Interrupted => Ok((Exit::Interrupted, format!("Interrupted; nothing is lost, {again}"))),
        Ending::Stopped(stop) => Err(stop_failure(stop)),
        Ending::Finished if report.total.unknown + report.total.pending > 0 => Ok((
            Exit::Unconfirmed,
            format!("Some messages were sent without a usable answer from Front, or wait behind such a one; {again}"),
        )),
        Ending::Finished => Ok(finished(context, report)),
    }
}

/// Exit code and closing words of a run that has nothing left to send.
fn finished(context: &Context, report: &crate::report::Report) -> (Exit, String) {
    if let Some(words) = confirmation::open_questions(context, report) {
        return (Exit::Unconfirmed, words);
    }
    if report.is_incomplete() {
        let words = "Done, but some records were unreadable, rejected or refused, see above.";
        // The ledger of a rehearsal has no `status`, and the real one need not exist yet.
        let again = if report.command == "rehearse" { "plan" } else { "status" };
        let status = match report.total.unreadable + report.total.rejected {
            0 => String::new(),
            _ => format!(" `{}` names place and remedy of what was not sent.", context.command(again)),
        };
        return (Exit::Incomplete, format!("{words}{status}"));
    }
    let is_seen = report.unconfirmed() == 0;
    if report.sent.as_ref().is_none_or(|sent| sent.accepted == 0) {
        if report.total.accepted + report.total.confirmed == 0 {
            return (Exit::Done, "There is nothing to send: the mapping leaves out every record.".to_owned());
        }
        let mut words = "Nothing was left to send: all that is planned was sent before".to_owned();
        words.push_str(if is_seen { ", and was seen in Front." } else { "." });
        if report.command == "rehearse" {
            words.push_str(" So this rehearsal shows an empty Front; to rehearse everything, name another --ledger.");
        }
        return (Exit::Done, words);
    }
    if is_seen {
        return (Exit::Done, "Done: every message is in Front and reads as planned.".to_owned());
    }
    let help = match report.command {
        "rehearse" => String::new(),
        _ => format!(": `{}` looks for each", context.command("verify")),
    };
    (Exit::Done, format!("Done: Front accepted every message. Accepted is not seen{help}."))
}

pub(super) fn stop_failure(stop: Stop) -> Failure {
    match stop {
        Stop::Front(StopCause::Unauthorized { status, text }) => Failure::target(
            format!("Front turned the token down ({status}): {text}"),
            "check FRONT_API_TOKEN: it must be valid and have `messages:write` for this inbox; then run the same command again",
        ),
        Stop::Front(StopCause::UnknownInbox { text, .. }) => Failure::target(
            format!("Front no longer knows the inbox: {text}"),
            "check the inbox in Front and in the mapping, then run the same command again",
        ),
        Stop::Front(StopCause::Outage { last }) => Failure::target(
            format!("Front has not answered any request for too long; last seen: {last}"),
            "run the same command again when Front is back; what was sent is in the ledger",
        ),
        Stop::Refusals { what, commonest } => Failure::target(
            format!("{what}; the commonest cause: {commonest}"),
            "mend the mapping so that this cause goes away, then run `plan` and `import` again: a refused message is sent \
             again as soon as its request is another one; `status` names them",
        ),
        Stop::Source(error) => Failure::usage(
            error.to_string(),
            "the source changed after it was planned: restore it, or run `plan` again to take it as it is now",
        ),
        Stop::Inbox(inbox) => Failure::internal(format!("the plan names inbox `{inbox}`, which was not looked up")),
        Stop::Ledger(error) => error.as_ref().into(),
        Stop::Thread(error) => {
            Failure::usage(format!("cannot start a thread: {error}"), "free memory and run it again")
        }
    }
}

/// What went wrong before anything was sent.
pub(super) fn front_failure(error: &FrontError) -> Failure {
    let exit = if error.is_setting() { Exit::Usage } else { Exit::Target };
    Failure { exit, message: error.to_string(), help: Some(error.remedy().to_owned()) }
}

fn no_inbox(context: &Context, wanted: &str, company: &str, known: &[front::Inbox]) -> Failure {
    let mut names: Vec<&str> = known.iter().map(|inbox| inbox.name.as_str()).collect();
    names.sort_unstable();
    let nearest = names
        .iter()
        .copied()
        .max_by(|a, b| strsim::jaro_winkler(a, wanted).total_cmp(&strsim::jaro_winkler(b, wanted)));
    let nearest = nearest.filter(|name| strsim::jaro_winkler(name, wanted) > 0.8);
    let help = match nearest {
        Some(name) => format!("did you mean `{name}`? Names are compared exactly"),
        None if names.is_empty() => {
            "this token sees no inbox at all: give it the inbox's workspace in Front's settings".to_owned()
        }
        None => format!("this token sees: {}. Correct the mapping, or give the token access", names.join(", ")),
    };
    context.wrong_setting(
        Exit::Target,
        place::of_value(&context.mapping.text, "inbox", wanted),
        &format!("{company} has no inbox `{wanted}` that this token can see"),
        "not in Front; nothing was sent",
        &help,
    )
}
