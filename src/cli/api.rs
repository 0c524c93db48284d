//! `api`: any call to Front, paced and proved as those of an import.

use super::args::Common;
use super::exit::{Exit, Failure};
use super::fields::{self, Field};
use super::greeting::front_failure;
use super::interrupt;
use super::line::{Line, LineArgs, interrupted};
use crate::front::{Endpoint, FrontError, Outcome};
use crate::words::{printable_json, printable_lines};
use clap::{Args, ValueEnum};
use http::Method;
use serde_json::Value;
use std::io::{IsTerminal, stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    threadlift api GET /inboxes\n  \
    threadlift api GET /conversations -f 'q[statuses][]=archived' --paginate\n  \
    threadlift api POST /conversations/cnv_123/tags -f 'tag_ids[]=tag_456'\n  \
    threadlift api PATCH /conversations/cnv_123 --input change.json\n\
    Front's calls are listed at https://dev.frontapp.com/reference")]
pub(super) struct ApiArgs {
    /// How
    #[arg(value_name = "METHOD", ignore_case = true)]
    pub method: How,
    /// Path of Front's API with its query, or a link from one of its answers
    #[arg(value_name = "PATH")]
    pub path: String,
    /// A text field of the JSON body, or with GET a parameter of the query; `name[inner]=…` and `name[]=…` write objects and lists
    #[arg(short = 'f', long = "raw-field", value_name = "NAME=VALUE", value_parser = fields::field)]
    pub plain: Vec<Field>,
    /// The same with a type: numbers, true, false and null are such, and @FILE stands for the text in a file
    #[arg(short = 'F', long = "field", value_name = "NAME=VALUE", value_parser = fields::field)]
    pub typed: Vec<Field>,
    /// Follow a list to its last page, and print one array of all results
    #[arg(long)]
    pub paginate: bool,
    /// File with the JSON to send, `-` for stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["plain", "typed"])]
    pub input: Option<PathBuf>,
    #[command(flatten)]
    pub line: LineArgs,
}

/// HTTP's methods, as far as Front has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(super) enum How {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl How {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

pub(super) fn run(common: &Common, args: &ApiArgs, stop: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    if args.method == How::Get {
        if args.input.is_some() {
            return Err(Failure::usage("GET sends no --input; nothing was sent", "give -f NAME=VALUE for its query"));
        }
    } else if args.paginate {
        return Err(Failure::usage("--paginate is for GET; nothing was sent", "leave it out"));
    }
    let (query, body) = match (args.method, &args.input) {
        (How::Get, _) => (fields::query(&args.plain, &args.typed)?, None),
        (_, None) => (Vec::new(), fields::body(&args.plain, &args.typed)?),
        (_, Some(file)) => (Vec::new(), Some(json_of(file)?)),
    };
    let line = Line::open(common, &args.line, stop)?;
    let endpoint = line.client.endpoint(&args.path, &query).map_err(|wrong| {
        // Not quoted: somebody may have put a password into it.
        let help = "give a path such as /inboxes, or a link from one of Front's answers";
        Failure::usage(format!("the path {wrong}; nothing was sent"), help)
    })?;
    match args.method {
        How::Get if args.paginate => line.ask(print_pages(&line, &endpoint))?,
        How::Get => {
            let asked = async { line.client.get_raw(&endpoint).await.map_err(|error| failure(&error)) };
            print_whole(&done(line.ask(asked)?)?)?;
        }
        how => print_whole(&done(send(&line, how.method(), &endpoint, body)?)?)?,
    }
    Ok(Exit::Done)
}

/// Sends it; what is on its way when the user stops is waited for, since its answer is worth more than the seconds it takes.
fn send(line: &Line, method: Method, endpoint: &Endpoint, body: Option<Vec<u8>>) -> Result<Outcome<Vec<u8>>, Failure> {
    let sending = |cancellation| async move { line.client.send_raw(method, endpoint, body, &cancellation).await };
    line.runtime.block_on(interrupt::heeded(&line.stop, sending)).map_err(|error| failure(&error))
}

/// What Front said, or why it did not do it.
fn done<T>(outcome: Outcome<T>) -> Result<T, Failure> {
    let what = outcome.to_string();
    match outcome {
        Outcome::Done(answer) => Ok(answer),
        // The call was wrong, and neither threadlift nor Front is at fault.
        Outcome::Absent { .. } | Outcome::Refused { .. } => {
            Err(Failure::usage(what, "compare path and fields with https://dev.frontapp.com/reference"))
        }
        Outcome::Failed { .. } => Err(Failure::target(what, "try it again later")),
        Outcome::Lost { .. } => Err(Failure {
            exit: Exit::Unconfirmed,
            message: what,
            help: Some("look in Front whether it was done before you run it again".to_owned()),
        }),
        Outcome::Cancelled => Err(interrupted("interrupted; it was not sent")),
    }
}

fn failure(error: &FrontError) -> Failure {
    match error {
        FrontError::Unauthorized { .. } => Failure::target(
            error.to_string(),
            "check the token (FRONT_API_TOKEN or --token-file): its scopes and workspaces must cover this call",
        ),
        FrontError::Unreadable { .. } => {
            Failure::target(error.to_string(), "check the base URL; --paginate is for lists, which have `_results`")
        }
        _ => front_failure(error),
    }
}

fn json_of(file: &std::path::Path) -> Result<Vec<u8>, Failure> {
    let text = fields::text_of(&file.to_string_lossy())?;
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        let message = format!("{} is not JSON: {error}; nothing was sent", file.display());
        return Err(Failure::usage(message, "correct it; one JSON text is sent as it is"));
    }
    Ok(text.into_bytes())
}

/// Prints an answer: as it is for a program, made readable and harmless for people.
fn print_whole(answer: &[u8]) -> Result<(), Failure> {
    if !stdout().is_terminal() {
        return super::write_bytes(answer).map(drop);
    }
    match serde_json::from_slice::<Value>(answer) {
        Ok(value) => super::print_json(&value),
        Err(_) if answer.is_empty() => Ok(()),
        Err(_) => super::write(&format!("{}\n", printable_lines(&String::from_utf8_lossy(answer)))),
    }
}

/// Prints all results of a list as one array, page by page. It is left open if a page fails, so that nobody takes a part for
/// the whole.
async fn print_pages(line: &Line, first: &Endpoint) -> Result<(), Failure> {
    let for_people = stdout().is_terminal();
    let mut pages = line.client.raw_pages(first);
    let mut is_begun = false;
    while let Some(page) = pages.next().await.map_err(|error| failure(&error))? {
        let mut text = String::new();
        for item in done(page)? {
            text.push_str(if is_begun { ",\n" } else { "[\n" });
            text.push_str(&written(&item, for_people));
            is_begun = true;
        }
        if !super::write_bytes(text.as_bytes())? {
            return Ok(());
        }
    }
    super::write_bytes(if is_begun { b"\n]\n" } else { b"[]\n" }).map(drop)
}

/// One result: on a line of its own for a program, indented for people.
fn written(item: &Value, for_people: bool) -> String {
    if for_people {
        // Serialising plain data cannot fail.
        let pretty = printable_json(&serde_json::to_string_pretty(item).unwrap_or_default());
        pretty.lines().map(|line| format!("  {line}")).collect::<Vec<String>>().join("\n")
    } else {
        item.to_string()
    }
}
