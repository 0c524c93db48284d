//! A look at exports of mails with the project's own readers, bounded in bytes, files and time.

mod people;
mod tally;
mod tickets;

pub use people::{Agent, Guess, People};
pub(super) use people::{day, is_free, is_usable};
pub(super) use tally::{Tally, domain_of, most_frequent};
pub use tickets::{Place, Ticket};

use super::exports::MailExport;
use super::tables::told;
use super::text::quoted;
use super::{Looked, SurveyError};
use crate::event::{Event, Stage};
use crate::mapping::{self, Mapping};
use crate::record::{self, Outcome, email};
use crate::source::{self, Content, RawEntry, Source, Watch};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Bytes of one file that are looked at, if there are few files.
pub(super) const MOST_OF_A_FILE: u64 = 64 << 20;

/// Bytes of all files that are looked at.
const MOST_IN_ALL: u64 = 2 << 30;

/// Files that are looked at, evenly over all.
const MOST_FILES: usize = 20_000;

/// How long mails are looked at.
const LONGEST: Duration = Duration::from_mins(1);

/// Time and bytes for the exports that are still to be looked at, each of which gets the same share of what the others leave.
#[derive(Debug)]
pub(super) struct Budget {
    exports: u32,
    time: Duration,
    bytes: u64,
}

impl Budget {
    pub(super) fn of(exports: usize) -> Budget {
        Budget { exports: u32::try_from(exports).unwrap_or(u32::MAX), time: LONGEST, bytes: MOST_IN_ALL }
    }

    /// The share of the next export.
    fn share(&self) -> (Duration, u64) {
        let exports = self.exports.max(1);
        (self.time / exports, self.bytes / u64::from(exports))
    }

    fn spend(&mut self, time: Duration, bytes: u64) {
        self.exports = self.exports.saturating_sub(1);
        self.time = self.time.saturating_sub(time);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// What one export said of itself.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) looked: Looked,
    /// What the source itself has to say of how it reads them.
    pub(super) notes: Vec<String>,
    /// Why it cannot be opened; what is proposed for it is not tried.
    pub(super) closed: Option<(String, String)>,
}

/// Looks at one export, counting into `tally`.
///
/// # Errors
/// If it was interrupted, or the mapping made for the look is none: a bug.
pub(super) fn look(
    export: &MailExport,
    base: &Path,
    tally: &mut Tally,
    budget: &mut Budget,
    watch: &Watch<'_>,
) -> Result<Seen, SurveyError> {
    if export.readable.is_empty() {
        return Ok(Seen::default());
    }
    let mapping = scratch(export, base)?;
    let source = match source::open(&mapping, 0, watch) {
        Ok(source) => source,
        Err(error) => {
            budget.spend(Duration::ZERO, 0);
            let closed = Some((told(&error), error.remedy));
            return Ok(Seen { closed, ..Seen::default() });
        }
    };
    let mut looked = Looked { all_files: source.files().len() as u64, ..Looked::default() };
    looked.all_bytes = source.files().iter().map(|file| file.size).sum();
    let step = source.files().len().div_ceil(MOST_FILES).max(1);
    let chosen: Vec<u32> = (0..).zip(source.files()).step_by(step).map(|(number, _)| number).collect();
    let (time, bytes) = budget.share();
    let most = MOST_OF_A_FILE.min((bytes / (chosen.len() as u64).max(1)).max(1 << 20));
    let total =
        chosen.iter().filter_map(|number| source.files().get(*number as usize)).map(|file| file.size.min(most)).sum();
    watch.observer.event(Event::StageStarted { stage: Stage::Reading, total });
    let start = Instant::now();
    for number in chosen {
        if looked.files > 0 && start.elapsed() > time {
            looked.is_out_of_time = true;
            break;
        }
        file(source.as_ref(), number, most, &mapping, tally, &mut looked, watch)?;
        watch.observer.event(Event::StageAdvanced {
            stage: Stage::Reading,
            done: looked.bytes,
            records: looked.entries,
        });
    }
    watch.observer.event(Event::StageFinished { stage: Stage::Reading });
    budget.spend(start.elapsed(), looked.bytes);
    Ok(Seen { looked, notes: source.notes(), closed: None })
}

fn file(
    source: &dyn Source,
    number: u32,
    most: u64,
    mapping: &Mapping,
    tally: &mut Tally,
    looked: &mut Looked,
    watch: &Watch<'_>,
) -> Result<(), SurveyError> {
    let Some(size) = source.files().get(number as usize).map(|file| file.size) else { return Ok(()) };
    let mut read = 0;
    for entry in source.scan_file(number) {
        if watch.stop.load(Ordering::Relaxed) {
            return Err(SurveyError::interrupted());
        }
        looked.entries += 1;
        let origin = entry.as_ref().map_or_else(|bad| &bad.origin, |entry| &entry.origin);
        read = origin.pieces.first().map_or(read, |piece| piece.offset.saturating_add(piece.length));
        match entry {
            Ok(RawEntry { content: Content::Mail(mail), origin }) => {
                let mail = email::without_body(mail);
                let fields = record::head(&mail).named(tickets::is_field);
                let entry = RawEntry { content: Content::Mail(mail), origin };
                match record::read(&entry, mapping) {
                    Ok(Outcome::Record(record)) => tally.take(&record, &fields),
                    Ok(Outcome::Skip(_)) => {}
                    Err(bad) => {
                        looked.bad += 1;
                        tally.bad(&bad.cause);
                    }
                }
            }
            Ok(_) => {}
            Err(bad) => {
                looked.bad += 1;
                tally.bad(&bad.cause);
            }
        }
        if read >= most {
            break;
        }
    }
    looked.files += 1;
    looked.cut_files += u64::from(read < size && read >= most);
    looked.bytes = looked.bytes.saturating_add(read.min(size));
    Ok(())
}

/// The mapping that the look is made with.
fn scratch(export: &MailExport, base: &Path) -> Result<Mapping, SurveyError> {
    let paths: Vec<String> = export.readable.iter().map(|path| quoted(path)).collect();
    let mut text = String::from("version = 1\n[target]\ninbox = \"Support\"\n[[source]]\nname = \"look\"\n");
    let _ = writeln!(text, "format = \"{}\"\npath = [{}]", export.program.format(), paths.join(", "));
    if let Some(labels_from) = export.labels_from {
        let _ = writeln!(text, "labels_from = {labels_from}");
    }
    mapping::parse(&base.join("look.toml"), &text).map_err(|errors| SurveyError::bug(&errors.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_exports_share_one_minute_and_what_one_leaves_the_others_have() {
        let mut budget = Budget::of(3);
        assert_eq!(budget.share(), (LONGEST / 3, MOST_IN_ALL / 3));
        budget.spend(Duration::ZERO, 0);
        assert_eq!(budget.share(), (LONGEST / 2, MOST_IN_ALL / 2));
        budget.spend(LONGEST / 2, MOST_IN_ALL / 2);
        assert_eq!(budget.share(), (LONGEST / 2, MOST_IN_ALL / 2));
        budget.spend(LONGEST, MOST_IN_ALL);
        assert_eq!(budget.share(), (Duration::ZERO, 0));
    }
}
