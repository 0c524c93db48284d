//! Confirming within `import`, `rehearse` and `verify`: what a first import is checked with, and the words for what was
//! seen or not.

use super::context::Context;
use super::exit::{Exit, Failure};
use super::greeting::front_failure;
use super::plan;
use super::sending::stop_failure;
use crate::front::FrontError;
use crate::ledger::{Class, Ledger, LedgerError, Reached, State, Tally, Verdict};
use crate::report::{Amiss, Report, Seen};
use crate::upload;
use crate::verify::{self, Outcome, Stop};
use crate::words::{counted, printable};
use std::ops::Range;

/// Messages that are named.
const MAX_AMISS: usize = 6;

/// What confirming came to.
#[derive(Default)]
pub(super) struct Confirmation {
    /// Runs of it, added up; absent if nothing was looked for.
    pub seen: Option<Seen>,
    /// What stopped it.
    stop: Option<Stop>,
    /// The first conversation, if it was not as planned.
    first: Option<Range<u64>>,
}

impl Confirmation {
    /// Takes up what a run of confirming came to. Says how it ended; what stopped it is kept here.
    pub(super) fn take(&mut self, outcome: Outcome) -> upload::Ending {
        let seen = self.seen.get_or_insert_default();
        seen.confirmed += outcome.confirmed;
        seen.different += outcome.different;
        seen.missing += outcome.missing;
        seen.resent += outcome.resent;
        seen.lookups += outcome.lookups;
        seen.not_resent = seen.not_resent.take().or(outcome.not_resent);
        seen.unanswered = seen.unanswered.take().or(outcome.unanswered);
        match outcome.ending {
            verify::Ending::Finished => upload::Ending::Finished,
            verify::Ending::Interrupted => upload::Ending::Interrupted,
            verify::Ending::Stopped(Stop::Spent) => upload::Ending::Spent,
            verify::Ending::Stopped(stop) => {
                self.stop = Some(stop);
                upload::Ending::Interrupted
            }
        }
    }

    /// Looks at the conversation that was sent before all others. True if it is in Front as planned.
    pub(super) fn is_first_good(&mut self, ledger: &Ledger, range: &Range<u64>) -> Result<bool, LedgerError> {
        let mut confirmed = 0;
        for item in ledger.states(range.clone())? {
            match item?.1 {
                State::Confirmed { differs: None, .. } => confirmed += 1,
                state if verify::is_amiss(&state) || matches!(state, State::Accepted { .. }) => {
                    self.first = Some(range.clone());
                    return Ok(false);
                }
                _ => {}
            }
        }
        if confirmed == 0 {
            self.first = Some(range.clone());
        }
        Ok(confirmed > 0)
    }

    /// Why the command failed, if confirming is why.
    pub(super) fn failure(&self, context: &Context, ledger: &Ledger, command: &str) -> Option<Failure> {
        if let Some(stop) = &self.stop {
            return Some(why_stopped(context, stop));
        }
        let range = self.first.clone()?;
        let unanswered = self.seen.as_ref().and_then(|seen| seen.unanswered.as_deref());
        Some(first_failure(context, ledger, range, unanswered, command).unwrap_or_else(Failure::from))
    }
}

/// The first messages that are missing or different.
pub(super) fn amiss(ledger: &Ledger, total: &Tally) -> Result<Vec<Amiss>, Failure> {
    if total.missing + total.different == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for item in ledger.reached(0..u64::MAX)? {
        let (position, reached) = item?;
        if !matches!(reached, Reached::Missing | Reached::Different) {
            continue;
        }
        let (what, words, url) = match ledger.state(position)? {
            State::Missing { why, .. } => ("missing", why, None),
            State::Confirmed { differs: Some(words), message_id, .. } => {
                ("different", words, verify::url_of(&message_id))
            }
            _ => continue,
        };
        let entry = ledger.entry(position)?;
        if let Verdict::Planned(planned) = entry.verdict {
            let (external_id, original_id) = (planned.external_id, entry.original_id);
            found.push(Amiss { what, external_id, original_id, words, url });
        }
        if found.len() == MAX_AMISS {
            break;
        }
    }
    Ok(found)
}

/// Words for what stays open though everything was sent; none if all was seen as planned. Without a look, accepted is
/// enough.
pub(super) fn open_questions(context: &Context, report: &Report) -> Option<String> {
    let total = &report.total;
    let unconfirmed = if report.seen.is_some() { report.unconfirmed() } else { 0 };
    if unconfirmed == 0 && !report.is_amiss() {
        return None;
    }
    let mut what = Vec::new();
    let mut help = Vec::new();
    if total.missing > 0 {
        what.push(format!("{} missing", counted_are(total.missing)));
        help.push(help_for_missing(context));
    }
    if total.different > 0 {
        what.push(format!("{} different", counted_are(total.different)));
        help.push(
            "What is different stays as it is: tags and state can be mended in Front, content, people and date cannot."
                .to_owned(),
        );
        help.extend(help_for_split(total));
    }
    if unconfirmed > 0 {
        what.push(format!("{} not confirmed yet", counted_are(unconfirmed)));
        help.push(format!("`{}` looks for what is not confirmed.", context.command("verify")));
    }
    if report.command == "rehearse" {
        help.clear();
    }
    help.extend(left_out(context, report));
    let rest = match (total.refused, total.left()) {
        (0, 0) => "Front accepted every message, but".to_owned(),
        (0, _) => "Of what Front accepted,".to_owned(),
        (refused, _) => format!("Front refused {}; of the others,", counted(refused, "message")),
    };
    Some(format!("{rest} {}. {}", what.join(", "), help.join(" ")).trim_end().to_owned())
}

/// What waits for a command of its own: notes, and what is delivered live. Empty if nothing does.
pub(super) fn still_waits(context: &Context, total: &Tally) -> Vec<String> {
    let wait = |number: u64, what: &str, how: &str, command: &str| {
        let verb = if number == 1 { "waits" } else { "wait" };
        (number > 0).then(|| format!("{} {verb} to be {how}: `{}`.", counted(number, what), context.command(command)))
    };
    let notes = wait(total.notes, "note", "written", "finish");
    notes.into_iter().chain(wait(total.deliveries, "message", "delivered live", "deliver")).collect()
}

/// What comes after the messages. Whether conversations have what they get beside those only Front knows.
///
/// # Errors
/// If the plan's overview cannot be read.
pub(super) fn comes_next(context: &Context, ledger: &Ledger, total: &Tally) -> Result<Option<String>, Failure> {
    let mut words = still_waits(context, total);
    if total.left() + total.notes == 0 && plan::overview(ledger)?.finish.requests > 0 {
        words.insert(0, format!("What conversations get beside messages: `{}`.", context.command("finish")));
    }
    Ok((!words.is_empty()).then(|| words.join(" ")))
}

/// What to do about messages that were accepted and never came to exist.
pub(super) fn help_for_missing(context: &Context) -> String {
    let retry = context.command("retry");
    let is_free = context.mapping.target.probed.as_ref().and_then(|probed| probed.are_deleted_ids_free);
    let begin = "A missing message was accepted and never came to exist";
    match is_free {
        None => format!(
            "{begin}: `{retry} --missing` sends it once more, and with `--new-id` under another id, should Front no longer take the \
             old one."
        ),
        Some(true) => format!(
            "{begin}: `{retry} --missing` sends it once more; this Front takes the id of what was deleted again, so it needs no new one."
        ),
        Some(false) => format!(
            "{begin}: `{retry} --missing` sends it once more. Where its conversation was deleted in Front, only `--new-id` with it helps: \
             this Front was found to keep such ids used up."
        ),
    }
}

/// What to do where Front put one thread into several conversations; nothing if it did not.
pub(super) fn help_for_split(total: &Tally) -> Option<String> {
    let mut kinds = total.causes.get(&Class::Different)?.keys();
    kinds.any(|kind| kind.contains(verify::SPLIT)).then(|| {
        "Front can merge the conversations of one thread by hand; a longer `settle` under `[send]` keeps together what is still to \
         be sent."
            .to_owned()
    })
}

/// What to do about records that did not make it, one sentence for each way.
pub(super) fn left_out(context: &Context, report: &Report) -> Vec<String> {
    let total = &report.total;
    let is_rehearsal = report.command == "rehearse";
    let mut help = Vec::new();
    if total.unreadable + total.rejected > 0 {
        // The ledger of a rehearsal has no `status`, and the real one need not exist yet.
        let names =
            if is_rehearsal { context.command("plan") } else { context.command_at("status", &context.ledger_dir()) };
        help.push(format!("`{names}` names place and remedy of what was not sent."));
    }
    if total.refused > 0 {
        help.push(if is_rehearsal {
            format!("What was refused: mend the mapping, and `{}` tries it again.", context.command("rehearse"))
        } else {
            help_for_refused(context)
        });
    }
    help
}

/// What to do about messages that Front refused.
pub(super) fn help_for_refused(context: &Context) -> String {
    // A pilot's plan is not that of the mapping as it is written, which `status` would compare.
    let rejects = if context.pilot.is_some() { "import" } else { "status" };
    format!(
        "What Front refused goes out again with `{}` once the mapping is mended, or with `{}` where the cause was mended in Front; \
         `{} --rejects DIR` writes the originals, to be mended by hand.",
        context.command("import"),
        context.command("retry"),
        context.command(rejects)
    )
}

fn counted_are(number: u64) -> String {
    format!("{} {}", counted(number, "message"), if number == 1 { "is" } else { "are" })
}

fn why_stopped(context: &Context, stop: &Stop) -> Failure {
    match stop {
        Stop::Front(error @ FrontError::Unauthorized { .. }) => Failure::target(
            format!("{error}; looking for messages takes a right that sending does not"),
            format!(
                "give the token `messages:read` in Front (Settings, Developers) and run the same command again; or leave \
                 looking out: `{} --no-verify`",
                context.command("import")
            ),
        ),
        Stop::Front(error) => Failure::target(
            format!("messages could not be looked for: {error}"),
            "run the same command again when Front is back; what was sent and seen is in the ledger",
        ),
        Stop::Sending(cause) => stop_failure(upload::Stop::Front(cause.clone())),
        Stop::Spent => front_failure(&FrontError::Spent),
        Stop::Ledger(error) => error.as_ref().into(),
    }
}

/// The first conversation is not in Front as planned. The report names the messages that are missing or different.
fn first_failure(
    context: &Context,
    ledger: &Ledger,
    range: Range<u64>,
    unanswered: Option<&str>,
    command: &str,
) -> Result<Failure, LedgerError> {
    let size = range.end - range.start;
    let mut found = Found::default();
    for item in ledger.states(range)? {
        found.add(item?.1);
    }
    let help = if command == "rehearse" { Found::help_for_rehearsal(context) } else { found.help(context) };
    Ok(found.failure(size, unanswered, help))
}

/// How the messages of the first conversation stand.
#[derive(Default)]
pub(super) struct Found {
    missing: u64,
    different: u64,
    unseen: u64,
    refused: Option<String>,
}

impl Found {
    pub(super) fn add(&mut self, state: State) {
        match state {
            State::Missing { .. } => self.missing += 1,
            State::Confirmed { differs: Some(_), .. } => self.different += 1,
            State::Accepted { .. } => self.unseen += 1,
            State::Refused { cause, .. } => {
                self.refused.get_or_insert(cause);
            }
            _ => {}
        }
    }

    /// What to do about it.
    pub(super) fn help(&self, context: &Context) -> String {
        let mut help = vec!["look at it in Front. If it is late or all right, run the same command again".to_owned()];
        let retry = context.command("retry");
        if self.missing > 0 {
            help.push(format!(
                "if it stays missing, `{retry} --missing` sends it once more, and `{retry} --missing --new-id` under another id"
            ));
        }
        if self.refused.is_some() {
            help.push(format!(
                "what was refused goes out again once the mapping is mended, or with `{retry}` where the cause was mended in Front"
            ));
        }
        help.push(format!("`{} --no-verify` sends the rest without looking", context.command("import")));
        help.join("; ")
    }

    /// What to do about it where there is no other Front to look at.
    pub(super) fn help_for_rehearsal(context: &Context) -> String {
        format!(
            "mend the mapping if the cause is there, and run `{}` again; if it is not, please report it: a rehearsal should not \
             end here",
            context.command("rehearse")
        )
    }

    pub(super) fn failure(&self, size: u64, unanswered: Option<&str>, help: String) -> Failure {
        let amiss = [(self.missing, "missing"), (self.different, "different")];
        let amiss = amiss.iter().filter(|(number, _)| *number > 0);
        let mut seen: Vec<String> = amiss.map(|(number, what)| format!("{} {what}", counted_are(*number))).collect();
        if self.unseen > 0 || (seen.is_empty() && self.refused.is_none()) {
            seen.push(match unanswered.map(printable) {
                None => "Front did not answer when it was looked for".to_owned(),
                Some(words) if words.starts_with("Front did not answer") => words,
                Some(words) => format!("what Front answered when it was looked for makes no sense: {words}"),
            });
        }
        seen.extend(self.refused.as_deref().map(|cause| format!("Front refused a message: {}", printable(cause))));
        Failure {
            exit: Exit::Unconfirmed,
            message: format!(
                "the first conversation, of {}, was sent alone and is not in Front as planned: {}; nothing else was sent",
                counted(size, "message"),
                seen.join("; ")
            ),
            help: Some(help),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::Folder;

    #[test]
    fn the_first_conversation_is_good_only_if_all_that_front_took_of_it_was_seen_as_planned() {
        let accepted = || State::Accepted { uid: "u".into() };
        let seen = |differs: Option<&str>| State::Confirmed {
            message_id: "msg_1".into(),
            conversation_id: "cnv_1".into(),
            differs: differs.map(str::to_owned),
        };
        let good = || vec![State::Sending, accepted(), seen(None)];
        let different = vec![State::Sending, accepted(), seen(Some("date"))];
        let missing = vec![State::Sending, accepted(), State::Missing { uid: "u".into(), why: "not there".into() }];
        let refused = vec![State::Sending, State::Refused { status: 400, cause: "no".into() }];
        let unknown = vec![State::Sending, State::Unknown { why: "lost".into() }];
        for (first, second, is_good) in [
            (good(), good(), true),
            (good(), refused.clone(), true),
            (good(), unknown.clone(), true),
            (good(), different, false),
            (good(), missing, false),
            (good(), vec![State::Sending, accepted()], false),
            (refused, unknown, false),
        ] {
            let folder = Folder::new();
            for name in ["a1", "a2"] {
                let letter = format!(
                    "Message-ID: <{name}@x>\nReferences: <a@x>\nDate: Sun, 27 Jan 2019 10:00:00 +0000\n\
                     From: ada@shop.example\nTo: support@acme.example\n\n{name}\n"
                );
                folder.write(&format!("{name}.eml"), &letter);
            }
            let mut ledger = folder.open_ledger();
            folder.plan(&mut ledger, "");
            for (position, states) in [(0, &first), (1, &second)] {
                let changes: Vec<(u64, State)> = states.iter().map(|state| (position, state.clone())).collect();
                ledger.mark(&changes).unwrap();
            }
            let mut confirmation = Confirmation::default();
            assert_eq!(confirmation.is_first_good(&ledger, &(0..2)).unwrap(), is_good, "{first:?} {second:?}");
            assert_eq!(confirmation.first, (!is_good).then_some(0..2));
        }
    }
}
