//! Sending a planned ledger to a Front: the same for the real one and for the one inside the program.

use super::confirmation::{self, Confirmation};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::greeting::{Greeted, front_failure, nothing_sent};
use super::sender::Sender;
use super::{budget, interrupt};
use crate::event::Observer;
use crate::front::{FrontError, StopCause};
use crate::ledger::Ledger;
use crate::plan::Rebuilder;
use crate::source::Source;
use crate::upload::{Ending, Stop};
use crate::words::counted;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::runtime::Runtime;

/// Blocking threads rebuild requests, parsing included; nesting is limited before a parse.
const STACK: usize = 16 << 20;

/// So many of them: enough to keep the processors busy making requests while a few others read the ledger at length. Each that
/// makes a request holds its source and what was decoded of it in memory.
const BLOCKING: usize = 6;

/// How to reach and treat a Front.
pub(super) struct Pace {
    pub in_flight: usize,
    pub settle: Duration,
    /// How long a message that Front accepted may take to exist; without it nobody looks.
    pub patience: Option<Duration>,
    /// When to stop by itself.
    pub until: Option<SystemTime>,
    /// Missing messages that are to be sent again, by position.
    pub again: BTreeSet<u64>,
    /// Nothing new is sent: only again what has no answer.
    pub only_unanswered: bool,
}

/// What sending came to.
pub(super) struct Sent {
    pub ledger: Arc<Ledger>,
    pub accepted: u64,
    /// Messages of unknown fate that an earlier run sent as another request than the plan has now.
    pub otherwise: u64,
    /// What was accepted is looked for, too.
    pub looks: bool,
    /// It was time, and not the user, that interrupted it.
    pub is_late: bool,
    /// Nothing new was sent.
    pub only_unanswered: bool,
    pub ending: Ending,
    pub confirmation: Confirmation,
}

/// A runtime for waiting.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK)
        .max_blocking_threads(BLOCKING)
        .enable_all()
        .build()
        .map_err(|error| Failure::internal(format!("cannot start the runtime: {error}")))
}

/// Does what comes before sending, unless the user asks to stop meanwhile, or the time `until` which the command may run is over:
/// Front may be long in answering.
pub(super) async fn unless_stopped<T>(
    context: &Context,
    until: Option<SystemTime>,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        ended = work => ended,
        () = interrupt::noticed(&context.stop) => Err(not_sent()),
        () = budget::over(until) => Err(Failure {
            exit: Exit::Budget,
            message: "the time to stop has come while Front was being asked; nothing was sent".to_owned(),
            help: Some("run the same command again to go on".to_owned()),
        }),
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

/// Sends everything that is left.
pub(super) async fn send(
    context: &Context,
    ledger: Arc<Ledger>,
    sources: Arc<Vec<Box<dyn Source>>>,
    greeted: Greeted,
    pace: Pace,
    observer: Arc<dyn Observer>,
) -> Result<Sent, Failure> {
    ledger.bind(&greeted.target).map_err(nothing_sent)?;
    let sender = |cancellation| Sender {
        ledger,
        rebuilder: Rebuilder::new(Arc::clone(&context.mapping), sources),
        client: greeted.client,
        inboxes: greeted.target.inboxes,
        pace,
        observer,
        cancellation,
    };
    interrupt::heeded(&context.stop, |cancellation| sender(cancellation).send_and_confirm()).await
}

/// Exit code and closing words of a run that sent.
pub(super) fn verdict(
    context: &Context,
    ending: Ending,
    is_late: bool,
    looks: bool,
    report: &crate::report::Report,
) -> Result<(Exit, String), Failure> {
    // What was taken up again is what is left now, and needs no second choice.
    let command = if report.command == "retry" { "import" } else { report.command };
    let again = format!("run it again to go on: {}", context.command(command));
    let left = report.total.left();
    let unseen = if looks { report.total.accepted } else { 0 };
    let used_up = budget::used_up(&ending, is_late);
    let ending = budget::unless_done(ending, is_late, left + unseen == 0);
    match (ending, used_up) {
        (Ending::Interrupted | Ending::Spent, Some(what)) => {
            let left = match (left, unseen) {
                (left, 0) => format!("{} left to send", counted(left, "message")),
                (0, unseen) => format!(
                    "everything was sent, and {} left to look for (`{}` does that alone)",
                    counted(unseen, "message"),
                    context.command("verify")
                ),
                (left, unseen) => format!("{} left to send and {unseen} to look for", counted(left, "message")),
            };
            Ok((Exit::Budget, format!("{what}; nothing is lost, {left}; {again}")))
        }
        (Ending::Interrupted | Ending::Spent, None) => {
            Ok((Exit::Interrupted, format!("Interrupted; nothing is lost, {again}")))
        }
        (Ending::Stopped(stop), _) => Err(stop_failure(stop)),
        (Ending::Finished, _) if report.total.left() > 0 => Ok((
            Exit::Unconfirmed,
            format!("Some messages were sent without a usable answer from Front, or wait behind such a one; {again}"),
        )),
        (Ending::Finished, _) => Ok(finished(context, report)),
    }
}

/// Exit code and closing words of a run that has nothing left to send.
fn finished(context: &Context, report: &crate::report::Report) -> (Exit, String) {
    if let Some(words) = confirmation::open_questions(context, report) {
        return (Exit::Unconfirmed, words);
    }
    if report.is_incomplete() {
        let words = "Done, but some records were unreadable, rejected or refused, see above.";
        let help = confirmation::left_out(context, report);
        return (Exit::Incomplete, format!("{words} {}", help.join(" ")));
    }
    let is_seen = report.unconfirmed() == 0;
    if report.sent.as_ref().is_none_or(|sent| sent.accepted == 0) {
        if report.total.accepted + report.total.confirmed == 0 {
            return (Exit::Done, "There is nothing to send: the mapping leaves out every record.".to_owned());
        }
        let mut words = "Nothing was left to send: all that is planned was sent before".to_owned();
        words.push_str(if is_seen { ", and was seen in Front." } else { "." });
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
        // Spent is a budget, and told as one.
        Stop::Front(StopCause::Spent) => front_failure(&FrontError::Spent),
        Stop::Refusals { what, commonest } => Failure::target(
            format!("{what}; the commonest cause: {commonest}"),
            "mend the mapping so that this cause goes away, then run `plan` and `import` again: a refused message is sent \
             again as soon as its request is another one; where the cause was mended in Front, `retry` takes them up again; \
             `status` names them",
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
