//! `plan --requests`: one line for every record read, in reading order.

use super::read::STACK;
use super::rebuild::Rebuilder;
use super::{PlanError, RebuildError};
use crate::event::{Event, Observer, Stage};
use crate::ledger::{Entry, Finish, Form, LedgerError, Planned, Verdict};
use crate::record::Record;
use crate::request::{Comment, Delivery, File, ImportRequest};
use crate::source::{Origin, Source};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Entries made at once, at most: enough to keep the cores busy, few enough to hold.
const CHUNK: usize = 64;

/// Bytes of sources made at once, one entry more or less.
const CHUNK_BYTES: u64 = 32 << 20;

#[derive(Serialize)]
struct Line<'a> {
    source: &'a str,
    origin: Vec<Place<'a>>,
    status: &'static str,
    cause: Option<&'a str>,
    external_id: Option<&'a str>,
    thread_ref: Option<&'a str>,
    inbox: Option<&'a str>,
    message_id: Option<&'a str>,
    in_reply_to: Option<&'a str>,
    references: &'a [String],
    labels: &'a [String],
    request: Option<&'a ImportRequest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a Comment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<&'a Delivery>,
    #[serde(skip_serializing_if = "Finish::is_empty")]
    finish: &'a Finish,
    attachments: Vec<Named<'a>>,
    changes: &'a [String],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Place<'a> {
    Line { file: &'a str, line: u64 },
    Bytes { file: &'a str, offset: u64, length: u64 },
}

#[derive(Serialize)]
struct Named<'a> {
    filename: &'a str,
    content_type: &'a str,
    size: u64,
    sha256: String,
    content_id: Option<&'a str>,
}

/// An entry; a copy comes with the external id of the message it is a copy of.
pub(super) type Item = (Entry, Option<String>);

/// Writes one JSON line per entry. `entries` come in reading order.
pub(super) fn write_requests(
    entries: &mut dyn Iterator<Item = Result<Item, LedgerError>>,
    total: u64,
    rebuilder: &Rebuilder,
    threads: usize,
    out: &mut dyn Write,
    observer: &dyn Observer,
    stop: &AtomicBool,
) -> Result<(), PlanError> {
    observer.event(Event::StageStarted { stage: Stage::Requests, total });
    let mut done = 0;
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(PlanError::Interrupted);
        }
        let chunk = chunk(entries)?;
        if chunk.is_empty() {
            break;
        }
        let lines = lines(&chunk, rebuilder, threads)?;
        for line in lines {
            out.write_all(&line?).and_then(|()| out.write_all(b"\n")).map_err(PlanError::Requests)?;
        }
        done += chunk.len() as u64;
        observer.event(Event::StageAdvanced { stage: Stage::Requests, done, records: done });
    }
    out.flush().map_err(PlanError::Requests)?;
    observer.event(Event::StageFinished { stage: Stage::Requests });
    Ok(())
}

/// The next entries, as many as can be held at once.
fn chunk(entries: &mut dyn Iterator<Item = Result<Item, LedgerError>>) -> Result<Vec<Item>, LedgerError> {
    let mut chunk = Vec::new();
    let mut bytes = 0;
    while chunk.len() < CHUNK && bytes < CHUNK_BYTES {
        let Some(item) = entries.next().transpose()? else { break };
        bytes += item.0.origin.pieces.iter().map(|piece| piece.length).sum::<u64>();
        chunk.push(item);
    }
    Ok(chunk)
}

/// Their lines, made on all threads.
fn lines(chunk: &[Item], rebuilder: &Rebuilder, threads: usize) -> Result<Vec<Result<Vec<u8>, PlanError>>, PlanError> {
    let share = chunk.len().div_ceil(threads.max(1));
    std::thread::scope(|scope| {
        let mut workers = Vec::new();
        for part in chunk.chunks(share) {
            let worker = std::thread::Builder::new().stack_size(STACK);
            let work = || part.iter().map(|item| line(item, rebuilder)).collect::<Vec<_>>();
            workers.push(worker.spawn_scoped(scope, work).map_err(PlanError::Thread)?);
        }
        let mut lines = Vec::new();
        for worker in workers {
            lines.extend(worker.join().map_err(|_| PlanError::Panicked)?);
        }
        Ok(lines)
    })
}

fn line((entry, other): &Item, rebuilder: &Rebuilder) -> Result<Vec<u8>, PlanError> {
    let unreadable = matches!(entry.verdict, Verdict::Unreadable { .. });
    let record = if unreadable { None } else { rebuilder.record(entry)? };
    let about = record.as_ref().map(About::of).unwrap_or_default();
    let source = usize::from(entry.origin.source);
    let made = match (&entry.verdict, record) {
        (Verdict::Planned(planned), Some(record)) => made(record, planned, rebuilder).ok_or_else(|| {
            let (place, external_id) = (rebuilder.place(entry), planned.external_id.clone());
            RebuildError::RequestChanged { place, external_id }
        })?,
        _ => Made::default(),
    };
    let planned = match &entry.verdict {
        Verdict::Planned(planned) => Some(planned),
        _ => None,
    };
    let (status, cause) = entry.verdict.status();
    // A duplicate names its other, as what is skipped names its rule.
    let named = other.as_ref().map(|other| format!("same message as {other}"));
    let files = made.request.as_ref().map(|request| &request.attachments);
    let files = files.or(made.comment.as_ref().map(|comment| &comment.attachments));
    let files = files.or(made.delivery.as_ref().map(|delivery| &delivery.attachments));
    let nothing = Finish::default();
    let line = Line {
        source: rebuilder.source_name(source),
        origin: origin(rebuilder.sources(), &entry.origin),
        status,
        cause: named.as_deref().or(cause),
        external_id: planned.map(|planned| planned.external_id.as_str()),
        thread_ref: planned.map(|planned| planned.thread_ref.as_str()),
        inbox: planned.map(|planned| planned.inbox.as_str()),
        message_id: about.message_id.as_deref().or(entry.original_id.as_deref()),
        in_reply_to: about.in_reply_to.as_deref(),
        references: &about.references,
        labels: &about.labels,
        request: made.request.as_ref(),
        comment: made.comment.as_ref(),
        delivery: made.delivery.as_ref(),
        finish: planned.map_or(&nothing, |planned| &planned.finish),
        attachments: files.into_iter().flatten().map(described).collect(),
        changes: made.changes.as_ref().unwrap_or(&about.changes),
    };
    serde_json::to_vec(&line).map_err(|error| PlanError::Requests(error.into()))
}

/// What Front gets of a record: one of the three.
#[derive(Default)]
struct Made {
    request: Option<ImportRequest>,
    comment: Option<Comment>,
    delivery: Option<Delivery>,
    changes: Option<Vec<String>>,
}

fn made(record: Record, planned: &Planned, rebuilder: &Rebuilder) -> Option<Made> {
    if planned.form == Form::Comment {
        let made = rebuilder.comment_of(record, planned)?;
        return Some(Made { comment: Some(made.request), changes: Some(made.changes), ..Made::default() });
    }
    if planned.form == Form::Delivery {
        let made = rebuilder.delivery_of(record, planned)?;
        return Some(Made { delivery: Some(made.request), changes: Some(made.changes), ..Made::default() });
    }
    let made = rebuilder.request_of(record, planned)?;
    Some(Made { request: Some(made.request), changes: Some(made.changes), ..Made::default() })
}

/// What a line says of a record beside its request.
#[derive(Default)]
struct About {
    message_id: Option<String>,
    in_reply_to: Option<String>,
    references: Vec<String>,
    labels: Vec<String>,
    changes: Vec<String>,
}

impl About {
    fn of(record: &Record) -> Self {
        Self {
            message_id: record.message_id.clone(),
            in_reply_to: record.in_reply_to.first().cloned(),
            references: record.references.clone(),
            labels: record.labels.clone(),
            changes: record.changes.clone(),
        }
    }
}

fn origin<'a>(sources: &'a [Box<dyn Source>], origin: &Origin) -> Vec<Place<'a>> {
    let files = sources.get(usize::from(origin.source)).map(|source| source.files()).unwrap_or_default();
    let place = |piece: &crate::source::Piece| {
        let file = files.get(piece.file as usize).map_or("", |file| file.shown.as_str());
        match piece.line {
            Some(line) => Place::Line { file, line },
            None => Place::Bytes { file, offset: piece.offset, length: piece.length },
        }
    };
    origin.pieces.iter().map(place).collect()
}

fn described(file: &File) -> Named<'_> {
    Named {
        filename: &file.filename,
        content_type: &file.content_type,
        size: file.content.len() as u64,
        sha256: crate::request::hex(&Sha256::digest(&file.content)),
        content_id: file.content_id.as_deref(),
    }
}
