//! What `prepare`, `finish`, `deliver` and `undo` do alike before and after they go over Front.

use super::context::Context;
use super::exit::{Exit, Failure};
use super::{budget, channels, greeting};
use crate::ledger::Ledger;
use crate::plan::staleness;
use crate::source::Source;
use crate::stage::{Ending, Stop};

/// Nothing is done by a plan that mapping or sources no longer fit. `nothing` says so.
///
/// # Errors
/// If the plan is such a one.
pub(super) fn check_plan(
    context: &Context,
    ledger: &Ledger,
    sources: &[Box<dyn Source>],
    nothing: &str,
) -> Result<(), Failure> {
    let Some(why) = staleness(ledger, &context.mapping, sources)? else { return Ok(()) };
    let help = format!("plan again, and look at what it says: {}", context.command("plan"));
    Err(Failure::usage(format!("{why}; {nothing}"), help))
}

/// Exit code and closing words of a run that ended early; nothing for one that went through. `command` goes on with it, and `so_far`
/// says what became of what was done.
///
/// # Errors
/// What stopped it.
pub(super) fn ended_early(
    context: &Context,
    command: &str,
    ending: Ending,
    is_late: bool,
    so_far: &str,
) -> Result<Option<(Exit, String)>, Failure> {
    let used_up = budget::used_up(&ending, is_late);
    let (exit, why) = match ending {
        Ending::Finished => return Ok(None),
        Ending::Stopped(stop) => return Err(stopped(context, stop)),
        Ending::Spent | Ending::Interrupted => {
            used_up.map_or((Exit::Interrupted, "Interrupted"), |what| (Exit::Budget, what))
        }
    };
    Ok(Some((exit, format!("{why}; {so_far}; {}", again(command)))))
}

/// How to go on.
pub(super) fn again(command: &str) -> String {
    format!("run it again to go on: {command}")
}

/// Why a run stopped.
pub(super) fn stopped(context: &Context, stop: Stop) -> Failure {
    match stop {
        Stop::Front(error) => greeting::front_failure(&error),
        Stop::Channel { ref channel, .. } => {
            channels::wrong(context, channel, &stop.to_string(), "not in Front any more")
        }
        Stop::Silent { .. } => Failure::target(
            stop.to_string(),
            "see whether Front is well, and look in the channel's inbox for what is named as unknown; then run it again",
        ),
        Stop::Source(error) => Failure::usage(
            format!("{error}; nothing more was done"),
            "put the export back as it was, or plan again; what was done is in the ledger",
        ),
        Stop::Ledger(error) => Failure::from(error),
        Stop::Thread(error) => {
            Failure::usage(format!("cannot start a thread: {error}"), "free memory, or use fewer --jobs")
        }
        Stop::Panicked => Failure::internal("a task failed in a way it should not (see above)"),
    }
}
