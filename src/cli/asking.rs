//! Asking before something is done that cannot be taken back.

use super::context::Context;
use super::exit::Failure;
use super::interrupt::NOTICE;
use super::sending;
use std::io::{IsTerminal, stdin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};

/// Asks once, below what was shown; whoever does not type `yes` has said no.
///
/// # Errors
/// Without a terminal to ask on, or if the answer is no.
pub(super) fn confirm(context: &Context, question: &str) -> Result<(), Failure> {
    ask(context, question, "yes", "look at the plan above and run the same command with --yes")
}

/// Asks for `words`; whatever else is typed is a no. `otherwise` says what to do where there is no terminal.
///
/// # Errors
/// Without a terminal to ask on, or if the answer is another.
pub(super) fn ask(context: &Context, question: &str, words: &str, otherwise: &str) -> Result<(), Failure> {
    ask_until(&context.stop, question, words, otherwise)
}

/// The same without a mapping.
///
/// # Errors
/// As [`ask`].
pub(super) fn ask_until(stop: &AtomicBool, question: &str, words: &str, otherwise: &str) -> Result<(), Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal to ask on; nothing was sent", otherwise));
    }
    // On stderr: stdout is for the result alone, and under --json for one document.
    super::say(question);
    let (sender, answers) = mpsc::channel();
    // Reading goes on after a signal, so it is left to a thread, and Ctrl-C is looked for meanwhile.
    std::thread::spawn(move || {
        let mut answer = String::new();
        let _ = stdin().read_line(&mut answer);
        let _ = sender.send(answer);
    });
    while !stop.load(Ordering::Relaxed) {
        match answers.recv_timeout(NOTICE) {
            Ok(answer) if answer.trim().eq_ignore_ascii_case(words) => return Ok(()),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    super::say("\n");
    Err(sending::not_sent())
}

/// Asks for `words` that nobody types by mistake, unless they were given with `--confirm`. `nothing` says what was not done then.
///
/// # Errors
/// If something else was given, or as [`ask`].
pub(super) fn ask_or_given(
    context: &Context,
    question: &str,
    words: &str,
    given: Option<&str>,
    nothing: &str,
) -> Result<(), Failure> {
    match given {
        Some(given) if given.eq_ignore_ascii_case(words) => Ok(()),
        Some(_) => Err(Failure::usage(
            format!("--confirm takes \"{words}\" here; {nothing}"),
            format!("it answers: {question}"),
        )),
        None => ask(context, question, words, &format!("run the same command with --confirm \"{words}\"")),
    }
}
