//! Pass 1: reads every source once, decides everything, and leaves in the ledger what the import needs.
//!
//! ```text
//! read      all entries, parsed on all cores, each decided by itself   (read, reader, decide, past, facts)
//! resolve   copies, collisions, threads, order of sending              (resolve, classes, copies, inboxes, threads, order, pins)
//! record    entries and figures into the ledger                        (verdicts, overview, fingerprint)
//! ```
//!
//! A plan is a pure function of source bytes, mapping and ledger. What it shows is what the import
//! sends: both build a request by the same [`Rebuilder`], and the import sends only what digests the same.

mod ahead;
mod authors;
mod beyond;
mod budget;
mod classes;
mod collected;
mod conditions;
mod copies;
mod decide;
mod deliveries;
mod diff;
mod doubles;
mod facts;
mod fingerprint;
mod finish;
mod gist;
mod ids;
mod inboxes;
mod links;
mod namespaces;
mod noticed;
mod order;
mod overview;
mod past;
mod people;
mod pins;
mod read;
mod reader;
mod rebuild;
mod requests;
mod resolve;
mod sample;
mod texts;
mod threads;
mod verdicts;
mod warnings;

pub use deliveries::is_delivered;
pub use diff::{DiffExample, DiffKind, PlanDiff};
pub use fingerprint::rehash;
pub use finish::mark_of;
pub use overview::{
    ActiveMessages, ChangeKind, Changes, Delivering, Ends, Finishing, HUGE, LargeThread, LeftOut, Listed, MAX_AUTHORS,
    MAX_CHANGE_KINDS, Month, Months, Overview, OwnAuthor, OwnAuthors, Preparing, ProblemKind, RuleFigures, Straddle,
    Straddling, ThreadSizes, kind_of as change_kind,
};
pub use people::{Person, Reached};
pub(crate) use read::STACK;
pub use reader::is_expected;
pub use rebuild::{RebuildError, Rebuilder, Rebuilt};

use crate::event::{Event, Observer};
use crate::ledger::{FileMeta, Ledger, LedgerError, Plan, PlanMeta, SourceMeta};
use crate::mapping::{Mapping, Oversize};
use crate::request::{TooLarge, hex};
use crate::source::{Origin, Source};
use crate::words::count;
use ahead::ahead;
use overview::Counting;
use resolve::Resolution;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// From so many records on it is worth saying that they were not parsed again, since somebody may wonder at the pace.
const MANY_KNOWN: u64 = 10_000;

/// Why no plan could be made. None of these is about a single record.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A parsing thread could not be started.
    #[error("cannot start a parsing thread: {0}")]
    Thread(std::io::Error),
    /// A parsing thread panicked: a bug.
    #[error("a parsing thread panicked")]
    Panicked,
    /// The user asked to stop.
    #[error("interrupted while planning; nothing was changed")]
    Interrupted,
    /// `--requests` could not be written.
    #[error("cannot write the requests: {0}")]
    Requests(std::io::Error),
    /// A source changed while it was planned.
    #[error(transparent)]
    Rebuild(RebuildError),
    /// The ledger would not take the plan.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The overview kept with the plan cannot be read.
    #[error("the plan's overview in the ledger cannot be read: {0}")]
    Overview(serde_json::Error),
}

/// How to plan.
pub struct Settings<'a> {
    /// Parsing threads.
    pub threads: usize,
    /// Where to write one line per record, if asked for.
    pub requests: Option<&'a mut dyn Write>,
    /// So many conversations and no more, spread over all; the others are left out and counted.
    pub sample: Option<usize>,
    /// Where to say how it differs from the plan that it replaces, if asked for.
    pub diff: Option<&'a mut PlanDiff>,
}

impl Settings<'_> {
    /// A plan and nothing beside it.
    #[must_use]
    pub fn new(threads: usize, sample: Option<usize>) -> Self {
        Self { threads, requests: None, sample, diff: None }
    }
}

/// Makes a plan and writes it into the ledger.
///
/// # Errors
/// [`PlanError`]; the ledger then still holds the plan it held before.
pub fn plan(
    mapping: &Arc<Mapping>,
    sources: &Arc<Vec<Box<dyn Source>>>,
    ledger: &mut Ledger,
    settings: Settings<'_>,
    observer: &dyn Observer,
    stop: &AtomicBool,
) -> Result<Overview, PlanError> {
    let pins = pins::Pins::of(ledger)?;
    let (past, readings) = (ledger.kept_readings().and_then(past::Past::of), ledger.readings()?);
    let task =
        read::Task { sources, mapping, pins: &pins, past: past.as_ref(), threads: settings.threads, observer, stop };
    let (read, undecided) = read::read_all(task, readings)?;
    if read.known >= MANY_KNOWN {
        let (known, all) = (count(read.known), count(read.briefs.len() as u64));
        let text = format!("{known} of {all} records are known from the plan before and were not parsed again.");
        observer.event(Event::Note { text });
    }
    drop(past);
    let resolution = resolve::resolve(&read, undecided, &pins, mapping, settings.sample)?;
    if let Some(out) = settings.requests {
        let rebuilder = Rebuilder::new(Arc::clone(mapping), Arc::clone(sources));
        let total = read.briefs.len() as u64;
        let mut entries = resolution.entries_as_read();
        requests::write_requests(&mut entries, total, &rebuilder, settings.threads, out, observer, stop)?;
    }
    if let Some(diff) = settings.diff {
        *diff = diff::diff(ledger, &resolution, sources);
    }
    let source_metas = source_metas(sources, &read);
    let meta = PlanMeta {
        plan_id: plan_id(mapping, &source_metas),
        mapping_text: mapping.text.clone(),
        mapping_digest: mapping.digest(),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        sources: source_metas,
    };
    let overview = write(ledger, meta, &resolution, sources)?;
    drop(resolution);
    // The plan stands in any case; without them the next one reads everything again.
    let _ = past::keep(read.readings, &read.texts, read.files);
    Ok(overview)
}

/// Writes the plan, with the overview that is counted on the way.
fn write(
    ledger: &mut Ledger,
    meta: PlanMeta,
    resolution: &Resolution<'_>,
    sources: &[Box<dyn Source>],
) -> Result<Overview, PlanError> {
    let mut overview = Overview::default();
    ledger.write_plan(meta, |plan| {
        let mut counting = Counting::begin(resolution, sources)?;
        // Entries are made while those before them are packed and stored.
        ahead(
            || resolution.entries(|message, facts| counting.add(message, facts)),
            |entries| {
                for entry in entries {
                    plan.add(&entry?)?;
                }
                Ok::<_, LedgerError>(())
            },
        )
        .map_err(PlanError::Thread)??;
        overview = counting.finish()?;
        serde_json::to_vec(&overview).map_err(PlanError::Overview)
    })?;
    Ok(overview)
}

/// The overview that was kept with a plan.
///
/// # Errors
/// [`PlanError::Overview`] if it is not one.
pub fn overview_of(plan: &Plan) -> Result<Overview, PlanError> {
    serde_json::from_slice(&plan.extra).map_err(PlanError::Overview)
}

/// Why the ledger's plan does not stand, in words; `None` if it does.
///
/// # Errors
/// [`LedgerError`] if the plan's files cannot be read.
pub fn staleness(
    ledger: &Ledger,
    mapping: &Mapping,
    sources: &[Box<dyn Source>],
) -> Result<Option<String>, LedgerError> {
    let Some(plan) = ledger.plan() else {
        let lost = ledger.index_lost().map(|why| format!("the plan was lost ({why})"));
        return Ok(Some(lost.unwrap_or_else(|| "nothing is planned yet".to_owned())));
    };
    if plan.mapping_digest != mapping.digest() {
        return Ok(Some("the mapping was changed after it was planned".to_owned()));
    }
    if plan.engine != env!("CARGO_PKG_VERSION") {
        return Ok(Some(format!("it was planned by threadlift {}", plan.engine)));
    }
    if ledger.is_outdated() {
        return Ok(Some("messages got new ids after it was planned".to_owned()));
    }
    for (index, source) in (0..).zip(sources) {
        let then: Vec<FileMeta> = ledger.files(index)?.collect::<Result<_, _>>()?;
        let now = fingerprint::file_metas(source.as_ref());
        if let Some(difference) = fingerprint::difference(source.name(), &then, &now) {
            return Ok(Some(difference));
        }
    }
    Ok(None)
}

/// File and place of an origin, for people.
#[must_use]
pub fn place(sources: &[Box<dyn Source>], origin: &Origin) -> String {
    let files = sources.get(usize::from(origin.source)).map(|source| source.files()).unwrap_or_default();
    let Some(piece) = origin.pieces.first() else { return "an unknown place".to_owned() };
    let file = files.get(piece.file as usize).map_or("an unknown file", |file| file.shown.as_str());
    match piece.line {
        Some(line) => format!("{file}, line {line}"),
        None if piece.offset == 0 => file.to_owned(),
        None => format!("{file}, byte {}", piece.offset),
    }
}

fn source_metas(sources: &[Box<dyn Source>], read: &facts::Read) -> Vec<SourceMeta> {
    let mut metas: Vec<SourceMeta> = sources
        .iter()
        .map(|source| SourceMeta {
            name: source.name().to_owned(),
            read: 0,
            files: fingerprint::file_metas(source.as_ref()),
        })
        .collect();
    for brief in &read.briefs {
        if let Some(meta) = metas.get_mut(usize::from(brief.source)) {
            meta.read += 1;
        }
    }
    metas
}

/// The first half of a digest: enough to tell bytes apart, and all that is kept of millions of them.
fn short(hash: &blake3::Hash) -> [u8; 16] {
    let mut short = [0; 16];
    short.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
    short
}

/// Names a plan: equal for equal mapping, sources and engine.
fn plan_id(mapping: &Mapping, sources: &[SourceMeta]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("threadlift 1 plan");
    hasher.update(&mapping.digest());
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    for source in sources {
        for file in &source.files {
            hasher.update(&file.size.to_be_bytes());
            hasher.update(&file.sample);
        }
    }
    hex(hasher.finalize().as_bytes().get(..8).unwrap_or_default())
}

fn too_large(too_large: TooLarge, policy: Oversize) -> facts::Problem {
    let remedy = match policy {
        Oversize::Reject => "set `oversize = \"note\"` under [defaults] to send it without its largest files",
        Oversize::Note => "its text alone is too large for Front: shorten it in the source, or keep it elsewhere",
    };
    facts::Problem {
        cause: "too large for one request".to_owned(),
        detail: too_large.detail,
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
