//! `probe`: finds out on a scratch inbox what Front does not document, and writes it down for the mapping to name.

use super::args::Common;
use super::asking;
use super::budget::{self, BudgetArgs};
use super::exit::{Exit, Failure};
use super::greeting::front_failure;
use super::line::{Line, LineArgs, interrupted};
use super::progress;
use crate::front::{Company, Inbox};
use crate::mapping::{FINDINGS_VERSION, Finding, FindingsFile};
use crate::probe::{self, Ending, Job, MARK, Outcome};
use crate::words::{counted, printable};
use clap::Args;
use jiff::Timestamp;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct ProbeArgs {
    /// An inbox to try things in, by its exact name or id: one that holds nothing and in which nobody works
    #[arg(long, value_name = "SCRATCH")]
    pub inbox: String,
    /// A second such inbox: shows whether threads go over inboxes
    #[arg(long, value_name = "INBOX")]
    pub other_inbox: Option<String>,
    /// Where to write what was found; a file that is there is replaced
    #[arg(long, value_name = "FILE.toml", default_value = "front-findings.toml")]
    pub findings: PathBuf,
    /// The inbox may hold conversations other than those of a probe; they are not touched
    #[arg(long)]
    pub not_empty: bool,
    /// Delete for good what was made, instead of leaving it in the trash; also shows whether ids can be used again after that
    #[arg(long)]
    pub permanently: bool,
    /// How long a message may take to exist in Front, such as 90s
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = budget::length)]
    pub patience: Duration,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub budget: BudgetArgs,
    #[command(flatten)]
    pub line: LineArgs,
}

pub(super) fn run(common: &Common, args: &ProbeArgs, stop: &Arc<AtomicBool>) -> Result<Exit, Failure> {
    let until = args.budget.until();
    let line = Line::open(common, &args.line, stop)?;
    let (company, inbox, other) = line.ask(greet(&line, args))?;
    let job = Job {
        client: line.client.clone(),
        inbox_id: inbox.id.clone(),
        other_inbox_id: other.as_ref().map(|other| other.id.clone()),
        permanently: args.permanently,
        patience: args.patience,
        most_requests: args.budget.max_requests,
        run: run_id(),
        date: Timestamp::now().strftime("%Y-%m-%d").to_string(),
        now: Timestamp::now().as_second(),
    };
    if !args.yes {
        super::say(&announcement(args, &company, &inbox, other.as_ref()));
        let otherwise = "look at what it would do above, and run the same command with --yes";
        asking::ask_until(stop, "Try it? Type yes: ", "yes", otherwise)?;
    }
    budget::announce(until);
    let observer = progress::observer(common);
    let date = job.date.clone();
    let work = |cancellation| probe::run(job, observer, cancellation);
    let (outcome, is_late) = line.runtime.block_on(budget::limited(stop, until, work));
    let file = FindingsFile {
        version: FINDINGS_VERSION,
        company_id: company.id,
        company: printable(&company.name),
        inbox_id: inbox.id,
        date,
        finding: outcome.findings.clone(),
    };
    conclude(common, args, &outcome, is_late, &file)
}

/// Whose Front it is, and the inboxes. Nothing is sent.
async fn greet(line: &Line, args: &ProbeArgs) -> Result<(Company, Inbox, Option<Inbox>), Failure> {
    let company = line.client.me().await.map_err(|error| front_failure(&error))?;
    let known = line.client.inboxes().await.map_err(|error| front_failure(&error))?;
    let inbox = named(&known, &args.inbox)?;
    let other = args.other_inbox.as_deref().map(|wanted| named(&known, wanted)).transpose()?;
    if other.as_ref().is_some_and(|other| other.id == inbox.id) {
        let help = "name another one with --other-inbox, or leave it out";
        return Err(Failure::usage("--inbox and --other-inbox are the same inbox; nothing was sent", help));
    }
    for inbox in std::iter::once(&inbox).chain(&other).filter(|_| !args.not_empty) {
        let strangers = probe::strangers(&line.client, &inbox.id).await.map_err(|error| front_failure(&error))?;
        if strangers > 0 {
            let holds = counted(strangers as u64, "conversation");
            return Err(Failure::usage(
                format!(
                    "the inbox `{}` holds {holds} that no probe has made; nothing was sent",
                    printable(&inbox.name)
                ),
                "make an empty inbox in Front to try things in; if this one really is to be tried in, add --not-empty",
            ));
        }
    }
    Ok((company, inbox, other))
}

fn named(known: &[Inbox], wanted: &str) -> Result<Inbox, Failure> {
    let found: Vec<&Inbox> = known.iter().filter(|inbox| inbox.id == wanted || inbox.name == wanted).collect();
    match found.as_slice() {
        [inbox] => Ok((*inbox).clone()),
        [] => {
            let names: Vec<&str> = known.iter().map(|inbox| inbox.name.as_str()).collect();
            let help = format!("this token sees: {}", printable(&names.join(", ")));
            Err(Failure::target(
                format!("Front has no inbox `{wanted}` that this token can see; nothing was sent"),
                help,
            ))
        }
        _ => {
            let ids: Vec<&str> = found.iter().map(|inbox| inbox.id.as_str()).collect();
            let help = format!("name one by its id: {}", ids.join(", "));
            Err(Failure::usage(format!("Front has several inboxes named `{wanted}`; nothing was sent"), help))
        }
    }
}

/// Ids of one run are those of no other: used ids may stay used up for good.
fn run_id() -> String {
    format!("{:x}", Timestamp::now().as_nanosecond())
}

fn announcement(args: &ProbeArgs, company: &Company, inbox: &Inbox, other: Option<&Inbox>) -> String {
    let other = other.map(|other| format!(" and `{}`", printable(&other.name))).unwrap_or_default();
    let ends = if args.permanently { "is deleted for good" } else { "is left in the trash" };
    format!(
        "In {}, inbox `{}`{other}: about twenty messages are imported, archived and with Front's rules off, to see what becomes of \
         them. Each is named `{MARK} …`, some ask for a tag, one for an author who does not exist; up to 110 MB are sent to find the \
         largest request. At the end all of it {ends}; the tag and the two contacts are deleted.\n",
        printable(&company.name),
        printable(&inbox.name),
    )
}

/// Writes the findings and says how it ended.
fn conclude(
    common: &Common,
    args: &ProbeArgs,
    outcome: &Outcome,
    is_late: bool,
    file: &FindingsFile,
) -> Result<Exit, Failure> {
    let is_done = matches!(outcome.ending, Ending::Finished);
    if is_done {
        let text =
            file.to_text().map_err(|error| Failure::internal(format!("the findings cannot be written: {error}")))?;
        write(&args.findings, &text).map_err(|error| {
            let message = format!("the findings could not be written to {}: {error}", args.findings.display());
            Failure::usage(message, "name a file that can be written with --findings, and run it again")
        })?;
    }
    if common.json {
        super::print_json(&serde_json::json!({
            "findings": file,
            "written_to": is_done.then(|| args.findings.display().to_string()),
            "trashed": outcome.trashed,
            "deleted": outcome.deleted,
            "left": outcome.left,
        }))?;
    } else {
        super::print(&told(outcome, file))?;
    }
    let left = || {
        let help = format!("remove it by hand in Front: {}", outcome.left.join("; "));
        Failure {
            exit: Exit::Incomplete,
            message: "something that was made is still there".to_owned(),
            help: Some(help),
        }
    };
    match &outcome.ending {
        Ending::Stopped(error) => Err(front_failure(error)),
        Ending::Interrupted if is_late => Err(Failure {
            exit: Exit::Budget,
            message: "the time to stop has come; no findings were written".to_owned(),
            help: Some("what was made was cleaned up as far as told above; run it again with more time".to_owned()),
        }),
        Ending::Interrupted => {
            Err(interrupted("interrupted; what was made was cleaned up, and no findings were written"))
        }
        Ending::Finished if !outcome.left.is_empty() => Err(left()),
        Ending::Finished => {
            let name = args.findings.display();
            super::say(&format!("written to {name}; a mapping names it under [target]: findings = \"{name}\"\n"));
            Ok(Exit::Done)
        }
    }
}

/// Whole or not at all: half a file would be refused, and the one before is gone then.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// For people: a line or two for each finding.
fn told(outcome: &Outcome, file: &FindingsFile) -> String {
    let line = |(name, finding): (&String, &Finding)| match (&finding.value, &finding.unsettled) {
        (Some(value), _) => format!("{name:20}{value}\n{:20}{}", "", finding.evidence),
        (None, why) => format!("{name:20}not settled: {}", why.as_deref().unwrap_or_default()),
    };
    let (trashed, deleted) = (counted(outcome.trashed, "conversation"), counted(outcome.deleted, "conversation"));
    let cleaned = format!("\ncleaned up: {trashed} in the trash, {deleted} deleted for good");
    let left = outcome.left.iter().map(|what| format!("still there: {what}"));
    let lines: Vec<String> = file.finding.iter().map(line).chain([cleaned]).chain(left).collect();
    lines.join("\n") + "\n"
}
