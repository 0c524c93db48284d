//! Promises of the plan, over sources that lie in memory.

mod beyond;
mod copies;
mod decide;
mod deliver;
mod diff;
mod exports;
mod finish;
mod ids;
mod inboxes;
mod many;
mod order;
mod overview;
mod people;
mod properties;
mod renewals;
mod requests;
mod reuse;
mod rules;
mod sample;
mod sent_before;
mod stale;
mod threads;

use super::pins::Pins;
use super::{facts, past, read, resolve};
use crate::event::Silent;
use crate::ledger::{Entry, Pin, Planned, Readings, State, Verdict};
use crate::mapping::{self, Mapping};
use crate::source::{Content, Origin, Piece, RawEntry, RawMail, RawRow, Scan, Source, SourceFile, Unreadable};
use bytes::Bytes;
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// 2019-01-01, 00:00 UTC.
const NEW_YEAR: i64 = 1_546_300_800;

const BASE: &str = r#"
version = 1
[target]
inbox = "Support"
[ours]
addresses = ["support@acme.example"]
[[source]]
name = "box"
format = "mbox"
path = "box.mbox"
[[source]]
name = "chat"
format = "csv"
path = "chat.csv"
date = "epoch-seconds"
columns = { id = "id", conversation = "chat", time = "time", sender = "who", text = "text", role = "role", labels = "labels" }
roles = { visitor = "inbound", agent = "outbound", system = "skip" }
"#;

/// A mapping with a source of mails and one of chats, and what else `more` says: before a line `---` keys of both sources, and
/// `deliver` of the chats.
fn mapping(more: &str) -> Arc<Mapping> {
    let (keys, more) = more.split_once("---\n").unwrap_or(("", more));
    let of = |chats: bool| -> String {
        let keys = keys.lines().filter(|line| line.starts_with("deliver") == chats);
        keys.map(|line| format!("{line}\n")).collect::<Vec<_>>().concat()
    };
    let base = BASE.replace("[[source]]\n", &format!("[[source]]\n{}", of(false)));
    let base = base.replace("path = \"chat.csv\"\n", &format!("path = \"chat.csv\"\n{}", of(true)));
    match mapping::parse(Path::new("mapping.toml"), &format!("{base}\n{more}")) {
        Ok(mapping) => Arc::new(mapping),
        Err(errors) => panic!("{}", errors.render(false)),
    }
}

/// A source in memory. Its files are those that its entries name.
struct Memory {
    name: &'static str,
    files: Vec<SourceFile>,
    entries: Vec<RawEntry>,
}

impl Source for Memory {
    fn name(&self) -> &str {
        self.name
    }

    fn files(&self) -> &[SourceFile] {
        &self.files
    }

    fn columns(&self, file: u32) -> &[String] {
        let in_file = |entry: &&RawEntry| entry.origin.pieces.iter().any(|piece| piece.file == file);
        match self.entries.iter().find(in_file).map(|entry| &entry.content) {
            Some(Content::Row(row)) => &row.header,
            _ => &[],
        }
    }

    fn scan(&self) -> Scan<'_> {
        Box::new(self.entries.iter().cloned().map(Ok))
    }

    fn read_at(&self, origin: &Origin) -> Result<RawEntry, Unreadable> {
        let found = self.entries.iter().find(|entry| entry.origin == *origin);
        found.cloned().ok_or_else(|| Unreadable {
            origin: origin.clone(),
            cause: "gone".into(),
            detail: "it is gone".into(),
            remedy: String::new(),
        })
    }
}

type Sources = Arc<Vec<Box<dyn Source>>>;

/// An entry's content, with the number of the file it stands in.
type Written = (u32, Content);

/// The two sources of [`mapping`].
fn sources(mails: &[Written], rows: &[Written]) -> Sources {
    let source = |name, number: u16, written: &[Written]| {
        let origin = |at: usize, file: u32| Origin {
            source: number,
            pieces: vec![Piece { file, offset: at as u64 * 1_000, length: 1_000, line: None }],
            part: 0,
        };
        let entries: Vec<RawEntry> = written
            .iter()
            .enumerate()
            .map(|(at, (file, content))| RawEntry { origin: origin(at, *file), content: content.clone() })
            .collect();
        let files = 0..=written.iter().map(|(file, _)| *file).max().unwrap_or_default();
        let file = |number| {
            let shown = format!("{name}-{number}");
            SourceFile::new(&Path::new("/nowhere").join(&shown), &shown, 0)
        };
        Box::new(Memory { name, files: files.map(file).collect(), entries }) as Box<dyn Source>
    };
    Arc::new(vec![source("box", 0, mails), source("chat", 1, rows)])
}

/// A mail of the first file.
fn mail(text: &str) -> Written {
    let bytes = Bytes::copy_from_slice(text.replace('\n', "\r\n").as_bytes());
    (0, Content::Mail(RawMail::new(bytes)))
}

/// A mail from a customer to us, `minute` minutes into 2019. `headers` are whole lines.
fn letter(id: &str, minute: i64, headers: &str, body: &str) -> String {
    let from = if headers.contains("From: ") { "" } else { "From: Ada <ada@shop.example>\n" };
    let to = if headers.contains("To: ") { "" } else { "To: support@acme.example\n" };
    format!("Message-ID: <{id}@x>\nDate: {}\nSubject: Hello\n{from}{to}{headers}\n{body}\n", date(minute))
}

fn date(minute: i64) -> String {
    let time = Timestamp::from_second(NEW_YEAR + minute * 60).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
    jiff::fmt::rfc2822::to_string(&time).unwrap()
}

/// A row of the chat table in the given file.
fn row_in(file: u32, cells: [&str; 7]) -> Written {
    let header = ["id", "chat", "time", "who", "text", "role", "labels"].map(str::to_owned).to_vec();
    (
        file,
        Content::Row(RawRow {
            header: Arc::new(header),
            cells: cells.map(str::to_owned).to_vec(),
            zone: None,
            run: None,
        }),
    )
}

/// A line of a chat, `second` seconds into 2019, without an id of its own.
fn line(chat: &str, second: i64, who: &str, text: &str, role: &str) -> Written {
    row_in(0, ["", chat, &(NEW_YEAR + second).to_string(), who, text, role, ""])
}

/// All entries, as the ledger would get them.
fn planned(mapping: &Mapping, sources: &Sources, pins: &Pins) -> Vec<Entry> {
    planned_by(1, mapping, sources, pins)
}

fn planned_by(threads: usize, mapping: &Mapping, sources: &Sources, pins: &Pins) -> Vec<Entry> {
    let (read, undecided) = read_by(threads, mapping, sources, pins);
    let resolution = resolve::resolve(&read, undecided, pins, mapping, None).unwrap();
    resolution.entries(|_, _| Ok(())).collect::<Result<_, _>>().unwrap()
}

fn read_by(threads: usize, mapping: &Mapping, sources: &Sources, pins: &Pins) -> (facts::Read, facts::Undecided) {
    let dir = tempfile::tempdir().unwrap();
    let readings = Readings::new(dir.path()).unwrap();
    read::read_all(task(threads, mapping, sources, pins, None), readings).unwrap()
}

fn task<'a>(
    threads: usize,
    mapping: &'a Mapping,
    sources: &'a Sources,
    pins: &'a Pins,
    past: Option<&'a past::Past>,
) -> read::Task<'a> {
    static GOES_ON: AtomicBool = AtomicBool::new(false);
    read::Task { sources, mapping, pins, past, threads, observer: &Silent, stop: &GOES_ON }
}

/// The entries of mails alone, without pins.
fn planned_mails(mapping: &Mapping, mails: &[String]) -> Vec<Entry> {
    planned(mapping, &mails_only(mails), &Pins::default())
}

fn mails_only(mails: &[String]) -> Sources {
    sources(&mails.iter().map(|text| mail(text)).collect::<Vec<_>>(), &[])
}

/// What is sent, in send order.
fn sent(entries: &[Entry]) -> Vec<&Planned> {
    entries
        .iter()
        .filter_map(|entry| match &entry.verdict {
            Verdict::Planned(planned) => Some(planned),
            _ => None,
        })
        .collect()
}

/// The planned message of the record with this number in reading order.
fn of(entries: &[Entry], number: u64) -> &Planned {
    match &entries.iter().find(|entry| entry.number == number).expect("every record has an entry").verdict {
        Verdict::Planned(planned) => planned,
        other => panic!("record {number} is not sent: {other:?}"),
    }
}

/// The status of every record, in reading order.
fn statuses(entries: &[Entry]) -> Vec<&str> {
    let mut numbered: Vec<&Entry> = entries.iter().collect();
    numbered.sort_by_key(|entry| entry.number);
    numbered.into_iter().map(|entry| entry.verdict.status().0).collect()
}

/// The pins of a run that sent these entries and got this state for each.
fn pins_of<'a>(entries: impl IntoIterator<Item = &'a Entry>, state: &State) -> Pins {
    let mut pins = Pins::default();
    for entry in entries {
        pins.add(pin_of(entry, state.clone()));
    }
    pins
}

fn pin_of(entry: &Entry, state: State) -> Pin {
    let Verdict::Planned(planned) = &entry.verdict else { panic!("only planned entries are sent: {entry:?}") };
    Pin {
        is_renewed: false,
        external_id: planned.external_id.clone(),
        original_id: entry.original_id.clone(),
        state,
        thread_ref: planned.thread_ref.clone(),
        inbox: planned.inbox.clone(),
        is_archived: planned.is_archived,
        assignee: planned.assignee.clone(),
        identity: planned.identity,
        request: planned.request,
        plan_id: "p".into(),
    }
}

fn accepted() -> State {
    State::Accepted { uid: "u".into() }
}

fn refused() -> State {
    State::Refused { status: 400, cause: "no".into() }
}
