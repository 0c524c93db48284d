//! `--report FILE.html`: what a command printed, and much more of it, as one page for people.
//!
//! ```text
//! ReportFile::at      before anything is done: can it be written, and would it cost anybody a file?
//! ReportFile::add     at the end, however that came: problems, changes and samples are collected, the page is made
//! ```

mod changes;
mod messages;
mod problems;
mod samples;

use super::context::Context;
use super::draft::Draft;
use super::exit::{Exit, Failure};
use super::output;
use crate::ledger::Ledger;
use crate::plan::{Rebuilder, STACK, overview_of};
use crate::report::{self, Bounds, Commands, Conversations, Particulars, Report};
use crate::source::Source;
use crate::words::size;
use jiff::Timestamp;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the report will be written, if one was asked for.
pub(super) struct ReportFile {
    asked: Option<Asked>,
    sources: Sources,
}

struct Asked {
    /// As it was typed.
    shown: PathBuf,
    draft: Draft,
}

/// Where entries are read again, or why they cannot be.
pub(super) type Sources = Result<Arc<Vec<Box<dyn Source>>>, String>;

impl ReportFile {
    /// Makes sure that a report can be written to `path`, before hours of work.
    ///
    /// # Errors
    /// If it cannot, or if something is there that is no report.
    pub(super) fn at(context: &Context, sources: Sources, path: Option<&Path>) -> Result<Self, Failure> {
        let asked = path.map(|path| {
            let sources = sources.as_ref().map_or(&[][..], |sources| sources.as_slice());
            output::check(context, sources, "--report", path)?;
            Asked::at(path)
        });
        Ok(Self { asked: asked.transpose()?, sources })
    }

    /// Writes the report if one was asked for, and names it in the ending of what is printed. What stands against it is handed
    /// back, to be said below that: what the command did is the more important of the two.
    pub(super) fn add(
        self,
        context: &Context,
        ledger: &Ledger,
        report: &mut Report,
        exit: Exit,
    ) -> Result<(), Failure> {
        let Some(asked) = self.asked else { return Ok(()) };
        report.exit = exit as u8;
        let said = asked.write(context, ledger, &self.sources, report)?;
        report.ending = format!("{}\n{said}", report.ending);
        Ok(())
    }
}

impl Asked {
    fn at(shown: &Path) -> Result<Self, Failure> {
        let unwritable = |error: io::Error| {
            let help = "choose a file that can be written, such as `report.html`; nothing was done";
            Failure::usage(format!("cannot write {}: {error}", shown.display()), help)
        };
        if shown.exists() && !is_replaceable(shown).map_err(unwritable)? {
            return Err(Failure::usage(
                format!("{} is there already, and is no report of threadlift", shown.display()),
                "give --report the name of a file that does not exist yet, such as `report.html`; nothing was done",
            ));
        }
        Ok(Self { shown: shown.to_owned(), draft: Draft::of(shown).map_err(unwritable)? })
    }

    /// Writes the page of a report whose ending is written, and gives the words that name it.
    ///
    /// # Errors
    /// If the ledger is damaged, or the system refuses to write.
    fn write(
        mut self,
        context: &Context,
        ledger: &Ledger,
        sources: &Sources,
        report: &Report,
    ) -> Result<String, Failure> {
        let particulars = on_a_large_stack(|| collect(context, ledger, sources, report.command))?;
        let plan = match &report.plan {
            Some(_) => None,
            None => ledger.plan().map(overview_of).transpose()?,
        };
        let whole = plan.map(|plan| report.clone().with_plan(plan));
        let page = report::page(whole.as_ref().unwrap_or(report), &particulars);
        self.draft.write_all(page.as_bytes()).and_then(|()| self.draft.keep()).map_err(|error| {
            let help = "what was done is in the ledger: make room, and run `threadlift status MAPPING` with --report";
            Failure::usage(format!("the report {} could not be written: {error}", self.shown.display()), help)
        })?;
        Ok(format!("Report: {} ({})", self.shown.display(), size(page.len() as u64)))
    }
}

/// Is it an empty file, or a report? Anything else may be somebody's work.
fn is_replaceable(path: &Path) -> io::Result<bool> {
    if !fs::metadata(path)?.is_file() {
        return Ok(false);
    }
    let mut head = Vec::new();
    File::open(path)?.take(report::MARK.len() as u64).read_to_end(&mut head)?;
    Ok(head.is_empty() || head == report::MARK.as_bytes())
}

/// Mails are read on a stack of the size that parsing threads have.
fn on_a_large_stack<T: Send>(work: impl FnOnce() -> Result<T, Failure> + Send) -> Result<T, Failure> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let worker = worker.map_err(|error| {
            Failure::usage(format!("cannot start a thread: {error}"), "free memory and run it again")
        })?;
        worker.join().unwrap_or_else(|_| Err(Failure::internal("collecting the report panicked")))
    })
}

fn collect(context: &Context, ledger: &Ledger, sources: &Sources, command: &str) -> Result<Particulars, Failure> {
    let at = |name: &str| context.command_at(name, ledger.dir());
    let rebuilder = Rebuilder::new(Arc::clone(&context.mapping), sources.clone().unwrap_or_default());
    let mut particulars = Particulars {
        // What a plan shows is the same on any day.
        written: (command != "plan").then(|| Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()),
        problems: problems::collect(ledger, &rebuilder, &at("retry"))?,
        commands: Commands {
            show: at("show"),
            requests: format!("{} --requests", context.command("plan")),
            rehearse: context.command("rehearse"),
            rejects: format!("{} --rejects", at("status")),
        },
        bounds: Bounds {
            problems: problems::MAX_LISTED as u64,
            conversations: samples::MAX_SHOWN as u64,
            messages: samples::MAX_MESSAGES,
        },
        ..Particulars::default()
    };
    if let Err(why) = sources {
        let trouble = Some(format!("No message can be shown, since the sources cannot be opened: {why}"));
        particulars.conversations = Conversations { trouble, ..Conversations::default() };
        return Ok(particulars);
    }
    particulars.changes = changes::collect(ledger, &rebuilder)?;
    particulars.conversations = samples::collect(ledger, &rebuilder, &particulars.changes, command != "plan")?;
    Ok(particulars)
}
