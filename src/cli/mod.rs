//! The command line: arguments in, text and exit code out. Only this room draws.

mod api;
mod args;
mod asking;
mod budget;
mod channels;
mod confirmation;
mod context;
mod deliver;
mod draft;
mod embedded_args;
mod embedded_front;
mod exit;
mod fields;
mod finish;
mod finishing;
mod greeting;
mod import;
mod init;
mod interrupt;
mod keep;
mod ledger;
mod line;
mod list;
mod online;
mod origins;
mod output;
mod papers;
mod pilot;
mod place;
mod plan;
mod prepare;
mod preparing;
#[cfg(test)]
mod printed_commands;
mod probe;
mod progress;
mod rehearse;
mod rejects;
mod report_file;
mod retry;
mod sender;
mod sending;
mod show;
mod stages;
mod status;
mod table;
mod token;
mod undo;
mod verify;

pub use exit::Exit;

use crate::ledger::hush_index_panics;
use crate::words::{printable, printable_json, printable_lines};
use args::{Cli, Command, LedgerCommand};
use clap::Parser;
use clap::error::ErrorKind;
use context::Context;
use exit::Failure;
use std::ffi::OsString;
use std::io::{Write, stderr, stdout};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Runs a command line and says how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // Nothing can be done about a terminal that does not take the text.
            let _ = error.print();
            return if asked { Exit::Done } else { Exit::Usage };
        }
    };
    // Whatever is made from here on, by us or by sled, is for its owner alone: ledger, unpacked mail, requests, dumps.
    // Man pages alone are for everybody.
    if !matches!(cli.command, Command::Man(_)) {
        rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    }
    hush_index_panics();
    let stop = match interrupt::first_and_second() {
        Ok(stop) => stop,
        Err(error) => return end(Err(Failure::internal(format!("cannot listen for Ctrl-C: {error}")))),
    };
    // The panic has told its place on stderr already; what is missing is what it means for the user.
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| dispatch(&cli, &stop)));
    end(result.unwrap_or_else(|_| Err(Failure::internal("threadlift failed in a way it should not (see above)"))))
}

fn dispatch(cli: &Cli, stop: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    let load = |mapping| Context::load(cli.common.clone(), mapping, Arc::clone(stop));
    let load_for = |mapping, front: &args::FrontArgs| {
        Ok::<_, Failure>(Context { typed_front: Some(front.clone()), ..load(mapping)? })
    };
    match &cli.command {
        Command::Init(args) => init::run(&cli.common, args, stop),
        Command::Plan(args) => plan::run(&load_for(&args.mapping, &args.front)?, args),
        Command::Rehearse(args) => {
            let sample = args.threads.map(|threads| threads as usize);
            rehearse::run(&Context { sample, ..load(&args.mapping)? }, args)
        }
        Command::Prepare(args) => prepare::run(&load_for(&args.mapping, &args.front)?, args),
        Command::Import(args) => import::run(load_for(&args.send.mapping, &args.send.front)?, args),
        Command::Retry(args) => retry::run(load_for(&args.send.mapping, &args.send.front)?, args),
        Command::Status(args) => status::run(&load(&args.mapping)?, args),
        Command::Verify(args) => verify::run(&load_for(&args.mapping, &args.front)?, args),
        Command::Finish(args) => finish::run(&load_for(&args.mapping, &args.front)?, args),
        Command::Deliver(args) => deliver::run(&load_for(&args.mapping, &args.front)?, args),
        Command::Undo(args) => undo::run(&load_for(&args.mapping, &args.front)?, args),
        Command::Show(args) => show::run(&load(&args.mapping)?, args),
        Command::Probe(args) => probe::run(&cli.common, args, stop),
        Command::List(args) => list::run(&cli.common, args, stop),
        Command::Api(args) => api::run(&cli.common, args, stop),
        Command::Ledger(LedgerCommand::Check(mapping)) => ledger::check(&load(mapping)?),
        Command::Ledger(LedgerCommand::Rebuild(args)) => ledger::rebuild(&load(&args.mapping)?, args),
        Command::Schema(args) => papers::schema(args),
        Command::Completions(args) => papers::completions(args.shell),
        Command::Man(args) => papers::man(args),
        Command::EmbeddedFront(args) => embedded_front::run(&load(&args.mapping)?, args),
    }
}

fn end(result: Result<Exit, Failure>) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(failure) => {
            say_rendered(&failure.text());
            failure.exit
        }
    }
}

/// Prints for people, on stderr. A closed stderr is no reason to stop. What sources and Front say may hold what a terminal
/// would obey; here it ends.
fn say(text: &str) {
    say_rendered(&printable_lines(text));
}

/// Prints what may be in colour, and was made harmless piece by piece.
fn say_rendered(text: &str) {
    let _ = stderr().write_all(text.as_bytes());
}

/// Prints a result on stdout.
///
/// # Errors
/// If it cannot be written, so that no script takes half a result for a whole one.
fn print(text: &str) -> Result<(), Failure> {
    write(&printable_lines(text))
}

/// Prints a result for scripts on stdout: one JSON document.
///
/// # Errors
/// As [`print()`].
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    // Serialising plain data cannot fail; an empty line would be noticed by whoever reads it.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    write(&format!("{}\n", printable_json(&text)))
}

fn write(text: &str) -> Result<(), Failure> {
    write_bytes(text.as_bytes()).map(drop)
}

/// Prints bytes on stdout as they are; false if nobody reads them any more.
fn write_bytes(bytes: &[u8]) -> Result<bool, Failure> {
    let mut out = stdout();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        // A reader that has gone away (`| head`) wants no more.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::usage(
            format!("the result could not be written to stdout: {error}"),
            "what was done is in the ledger: make room, or print elsewhere, and run `threadlift status MAPPING`",
        )),
    }
}
