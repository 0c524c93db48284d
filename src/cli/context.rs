//! What every command starts from: the mapping, its sources, and where its ledger lies.

use super::args::{Color, Common, FrontArgs, MappingArg, PILOT_THREADS, Reading};
use super::exit::Failure;
use super::progress;
use crate::ledger::{Ledger, LedgerError};
use crate::mapping::{self, Mapping};
use crate::plan;
use crate::report::Extent;
use crate::source::{self, Source, SourceError, Watch};
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A loaded mapping, with the options that apply to every command.
pub(super) struct Context {
    pub common: Common,
    /// The ledger's directory as it was typed, which a pilot does not take for its own.
    pub typed_ledger: Option<PathBuf>,
    /// How to reach Front, as typed.
    pub typed_front: Option<FrontArgs>,
    pub mapping: Arc<Mapping>,
    /// So many conversations and no more.
    pub sample: Option<usize>,
    /// The scratch inbox, if this is a pilot.
    pub pilot: Option<String>,
    /// Set by the first Ctrl-C.
    pub stop: Arc<AtomicBool>,
    pub color: bool,
}

impl Context {
    /// Loads the mapping.
    pub(super) fn load(common: Common, mapping: &MappingArg, stop: Arc<AtomicBool>) -> Result<Self, Failure> {
        let color = match common.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        };
        let mapping = mapping::load(&mapping.mapping).map_err(|errors| mapping_failure(&errors, color))?;
        let typed_ledger = common.ledger.clone();
        let mapping = Arc::new(mapping);
        Ok(Self { common, typed_ledger, typed_front: None, mapping, sample: None, pilot: None, stop, color })
    }

    /// How to plan, with nothing beside the plan.
    pub(super) fn settings<'a>(&self, reading: &Reading) -> plan::Settings<'a> {
        plan::Settings::new(reading.threads(), self.sample)
    }

    /// How much of a report is shown.
    pub(super) fn extent(&self) -> Extent {
        if self.common.details { Extent::Everything } else { Extent::Screen }
    }

    /// The directory of the import's ledger.
    pub(super) fn ledger_dir(&self) -> PathBuf {
        self.common.ledger.clone().unwrap_or_else(|| self.mapping.path.with_extension("ledger"))
    }

    /// Opens all sources; what is wrong with any is said at once, each at its line of the mapping.
    pub(super) fn open_sources(&self) -> Result<Arc<Vec<Box<dyn Source>>>, Failure> {
        let errors = match self.open_all() {
            Ok(sources) => return Ok(sources),
            Err(_) if self.stop.load(Ordering::Relaxed) => {
                let message = "interrupted while unpacking; archives that were unpacked whole are kept".to_owned();
                return Err(Failure { exit: super::Exit::Interrupted, message, help: Some("run it again".to_owned()) });
            }
            Err(errors) => errors,
        };
        let texts: Vec<String> =
            errors.iter().map(|error| self.pointing_at(error.at, &error.title, &error.detail, &error.remedy)).collect();
        Err(Failure { exit: super::Exit::Usage, message: texts.join("\n\n"), help: None })
    }

    /// Opens all sources for what can do without them, or says on one line why that is not possible.
    pub(super) fn sources_at_hand(&self) -> Result<Arc<Vec<Box<dyn Source>>>, String> {
        self.open_all().map_err(|errors| {
            let texts: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.title, error.detail)).collect();
            if texts.is_empty() { "it was interrupted".to_owned() } else { texts.join("; ") }
        })
    }

    fn open_all(&self) -> Result<Arc<Vec<Box<dyn Source>>>, Vec<SourceError>> {
        let observer = progress::observer(&self.common);
        let watch = Watch { observer: observer.as_ref(), stop: &self.stop };
        source::open_all_watched(&self.mapping, &watch).map(Arc::new)
    }

    /// Opens the import's ledger, which is made if there is none, and says what had to be repaired.
    pub(super) fn open_ledger(&self) -> Result<Ledger, Failure> {
        let ledger = Ledger::open(&self.ledger_dir())?;
        say_notices(&ledger);
        Ok(ledger)
    }

    /// Opens the import's ledger, which must hold a plan.
    pub(super) fn open_planned(&self) -> Result<Ledger, Failure> {
        let dir = self.ledger_dir();
        let ledger = match Ledger::open_existing(&dir) {
            Err(LedgerError::Absent { .. }) => {
                let help = format!("start with: {}", self.command("plan"));
                let text = format!("there is no ledger at {}: nothing was planned yet", dir.display());
                return Err(Failure::usage(text, help));
            }
            opened => opened?,
        };
        say_notices(&ledger);
        if ledger.plan().is_none() {
            return Err(Failure::usage("the ledger holds no plan", format!("run: {}", self.command("plan"))));
        }
        Ok(ledger)
    }

    /// A setting of the mapping that only Front or the command line showed to be wrong; points at it where it is found.
    pub(super) fn wrong_setting(
        &self,
        exit: super::Exit,
        at: Option<(usize, usize)>,
        title: &str,
        label: &str,
        help: &str,
    ) -> Failure {
        if let Some(at) = at {
            return Failure { exit, message: self.pointing_at(at, title, label, help), help: None };
        }
        let message = format!("{title} ({}): {label}", self.mapping.path.display());
        Failure { exit, message, help: Some(help.to_owned()) }
    }

    /// A command on this mapping and this ledger, to be pasted into a shell. Further options can follow it.
    ///
    /// What a pilot sent is sent, looked for and taken up again by the pilot alone: its mapping is made for it.
    pub(super) fn command(&self, name: &str) -> String {
        let Some(inbox) = &self.pilot else {
            let sample = self.sample.filter(|_| name == "rehearse").map(|threads| format!(" --threads {threads}"));
            return self.written(name, self.typed_ledger.as_deref(), &sample.unwrap_or_default());
        };
        let name = if name == "retry" { name } else { "import" };
        let sample = self.sample.filter(|threads| *threads != PILOT_THREADS as usize);
        let threads = sample.map(|threads| format!(" --threads {threads}")).unwrap_or_default();
        let options = format!(" --pilot {}{threads}", quoted_for_shell(Path::new(inbox)));
        self.written(name, self.typed_ledger.as_deref(), &options)
    }

    /// A command that reads the ledger at `dir`, be it the import's, a pilot's or a rehearsal's.
    pub(super) fn command_at(&self, name: &str, dir: &Path) -> String {
        let usual = self.mapping.path.with_extension("ledger");
        self.written(name, Some(dir).filter(|dir| *dir != usual), "")
    }

    fn written(&self, name: &str, ledger: Option<&Path>, options: &str) -> String {
        let ledger = ledger.map(|dir| format!(" --ledger {}", quoted_for_shell(dir))).unwrap_or_default();
        let front = self.typed_front.as_ref().filter(|_| ASKING.contains(&name)).map(front_options).unwrap_or_default();
        format!("threadlift {name} {}{ledger}{front}{options}", quoted_for_shell(&self.mapping.path))
    }

    fn pointing_at(&self, at: (usize, usize), title: &str, label: &str, help: &str) -> String {
        let width = width_at(&self.mapping.text, at);
        mapping::diagnostic(&self.mapping, at, width, title, label, help).render(self.color)
    }
}

/// Commands that ask Front.
const ASKING: [&str; 7] = ["prepare", "import", "retry", "verify", "finish", "deliver", "undo"];

/// How to reach Front, as it is typed. What an environment says it says to the next command, too.
fn front_options(front: &FrontArgs) -> String {
    let is_said = |url: &&String| !url.is_empty() && std::env::var("FRONT_BASE_URL").as_ref() != Ok(*url);
    let file = front.token_file.as_ref().map(|file| format!(" --token-file {}", quoted_for_shell(file)));
    let url =
        front.base_url.as_ref().filter(is_said).map(|url| format!(" --base-url {}", quoted_for_shell(Path::new(url))));
    file.into_iter().chain(url).collect()
}

impl Reading {
    /// Parsing threads to use.
    pub(super) fn threads(&self) -> usize {
        self.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
    }
}

/// Says what had to be repaired when a ledger was opened.
pub(super) fn say_notices(ledger: &Ledger) {
    for notice in ledger.notices() {
        super::say(&format!("note: {notice}\n"));
    }
}

fn mapping_failure(errors: &mapping::MappingErrors, color: bool) -> Failure {
    Failure { exit: super::Exit::Usage, message: errors.render(color), help: None }
}

/// A path as one word of a shell command.
pub(super) fn quoted_for_shell(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+,:@%".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The ledger of a rehearsal of the import whose ledger is at `dir`.
///
/// It lies beside that ledger and never inside it, however the directory was written: `led/`, `led/.`, `.`.
pub(super) fn rehearsal_dir(dir: &Path) -> PathBuf {
    let whole = if dir.file_name().is_some() { None } else { dir.canonicalize().ok() };
    let dir = whole.as_deref().unwrap_or(dir);
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push("-rehearsal");
    dir.with_file_name(name)
}

/// Characters of the key or quoted value that begins at a place of the mapping.
fn width_at(text: &str, (line, column): (usize, usize)) -> usize {
    let line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let mut rest = line.chars().skip(column.saturating_sub(1));
    match rest.next() {
        Some(quote @ ('"' | '\'')) => 2 + rest.take_while(|c| *c != quote).count(),
        Some(_) => 1 + rest.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-')).count(),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::rehearsal_dir;
    use std::path::Path;

    #[test]
    fn a_rehearsal_never_lies_inside_the_real_ledger() {
        for written in ["x/led", "x/led/", "x/led//", "x/led/."] {
            assert_eq!(rehearsal_dir(Path::new(written)), Path::new("x/led-rehearsal"), "{written}");
        }
        let here = std::env::current_dir().unwrap();
        for written in [".", "./", "src/.."] {
            let beside = rehearsal_dir(Path::new(written));
            assert_eq!(beside.parent(), here.parent(), "{written}");
        }
    }
}
