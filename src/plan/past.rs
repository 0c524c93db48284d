//! What the plan before has read: an entry whose bytes are the same is not parsed again, as long as nothing of the mapping that
//! bears on reading has changed. What the mapping decides about it is decided anew in any case.
//!
//! Nothing is believed that the import would not find out: each request is made again from its source before it is sent, and
//! must be the one that was planned.

use super::facts::Facts;
use super::gist::Gist;
use super::short;
use super::texts::{Exported, Texts};
use crate::ledger::{LedgerError, Readings};
use crate::mapping::{
    DateFallback, Defaults, Format, Identity, Mapping, Ours, Silence, SourceMapping, Target, ThreadRule,
};
use crate::record::Direction;
use crate::source::{Content, RawEntry, SourceFile};
use crate::thread::Message;
use serde::{Deserialize, Serialize};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Names all that the facts of an entry come from: its bytes, what its place says, and the mapping.
pub(super) type Key = [u8; 16];

/// Of an entry that was not read.
pub(super) const NO_KEY: Key = [0; 16];

/// A file that was changed less long ago may be changed again without its times telling: some file systems count in seconds.
const UNSURE: Duration = Duration::from_secs(2);

/// What is kept of a record beside its facts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Memo {
    /// Of a record that the mapping was asked about.
    pub gist: Option<Gist>,
    /// How the reference graph knows it, without a group that a rule gives it.
    pub links: Option<Message>,
    /// As decided.
    pub direction: Direction,
    /// As decided.
    pub is_note: bool,
    /// Of one that was skipped.
    pub skipped: Option<Named>,
}

/// What pins know a message by: its identity's key, and its names.
pub(super) type Named = ([u8; 32], Vec<[u8; 16]>);

/// Of an entry that gives no record.
impl Default for Memo {
    fn default() -> Self {
        Self { gist: None, links: None, direction: Direction::Inbound, is_note: false, skipped: None }
    }
}

/// A record as it lies in the readings.
pub(super) fn encoded(key: &Key, facts: &Facts, memo: &Memo) -> Vec<u8> {
    let bytes = postcard::to_extend(facts, key.to_vec()).and_then(|bytes| postcard::to_extend(memo, bytes));
    // Writing into memory fails for no value that can be encoded at all.
    bytes.unwrap_or_default()
}

/// The facts of a record in the readings.
pub(super) fn facts_of(bytes: &[u8]) -> Option<Facts> {
    postcard::from_bytes(bytes.get(NO_KEY.len()..)?).ok()
}

/// The gist of a record in the readings, if it has one.
pub(super) fn gist_of(bytes: &[u8]) -> Option<Gist> {
    let (_, rest) = postcard::take_from_bytes::<Facts>(bytes.get(NO_KEY.len()..)?).ok()?;
    postcard::from_bytes::<Memo>(rest).ok()?.gist
}

/// What stands at the end of the readings.
#[derive(Serialize, Deserialize)]
struct Contents {
    /// The program that has read them.
    program: [u8; 16],
    texts: Exported,
    /// The first half of each key, and the place of its record; sorted.
    places: Vec<(u64, u64)>,
    /// Files that were read whole; sorted.
    files: Vec<ReadFile>,
}

/// A file that was read whole, and whose entries depend on no other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct ReadFile {
    /// See [`file_key`].
    pub key: Key,
    /// The place of its first record, and how many there are.
    pub first: u64,
    pub records: u64,
    /// See [`Source::mark`](crate::source::Source::mark).
    pub mark: Vec<u8>,
}

/// Keeps the readings for the next plan.
pub(super) fn keep(readings: Readings, texts: &Texts, mut files: Vec<ReadFile>) -> Result<(), LedgerError> {
    let mut places = Vec::new();
    readings.walk(|place, record| {
        if let Some(key) = record.first_chunk().filter(|key| **key != NO_KEY) {
            places.push((half(key), place));
        }
    })?;
    places.sort_unstable();
    files.sort_unstable();
    let contents = Contents { program: program(), texts: texts.export(), places, files };
    readings.keep(&postcard::to_stdvec(&contents).unwrap_or_default())
}

/// What the plan before has read.
pub(super) struct Past {
    readings: Readings,
    contents: Contents,
}

impl Past {
    /// That of readings that were kept, with their table of contents; none if another program has read them.
    pub(super) fn of((readings, contents): (Readings, Vec<u8>)) -> Option<Self> {
        let contents: Contents = postcard::from_bytes(&contents).ok()?;
        (contents.program == program()).then_some(Self { readings, contents })
    }

    /// The facts under a key, with the numbers that `texts` gives, and what is kept beside them.
    pub(super) fn find(&self, key: &Key, texts: &Texts) -> Option<(Facts, Memo)> {
        let places = &self.contents.places;
        let first = places.partition_point(|(known, _)| *known < half(key));
        let alike = places.iter().skip(first).take_while(|(known, _)| *known == half(key));
        let mut buffer = Vec::new();
        for (_, place) in alike {
            // What cannot be read is read anew from its source.
            let record = self.readings.get(*place, &mut buffer).ok()?;
            if record.starts_with(key) {
                let (_, facts, memo) = self.decoded(record, texts)?;
                return Some((facts, memo));
            }
        }
        None
    }

    /// A record, with the numbers that `texts` gives.
    pub(super) fn decoded(&self, record: &[u8], texts: &Texts) -> Option<(Key, Facts, Memo)> {
        let (key, rest) = record.split_first_chunk()?;
        let (mut facts, rest) = postcard::take_from_bytes::<Facts>(rest).ok()?;
        facts.finding.renumber(texts, &self.contents.texts)?;
        Some((*key, facts, postcard::from_bytes(rest).ok()?))
    }

    /// A file that was read under this key, if all its records are sound.
    pub(super) fn file(&self, key: &Key) -> Option<&ReadFile> {
        let files = &self.contents.files;
        let file = files.get(files.binary_search_by(|file| file.key.cmp(key)).ok()?)?;
        self.records(file).all(|record| record.is_ok()).then_some(file)
    }

    /// The records of a file, in order.
    pub(super) fn records(&self, file: &ReadFile) -> impl Iterator<Item = Result<Vec<u8>, LedgerError>> {
        let (mut place, mut buffer) = (file.first, Vec::new());
        (0..file.records).map(move |_| {
            let (record, next) = self.readings.get_next(place, &mut buffer)?;
            place = next;
            Ok(record.to_vec())
        })
    }
}

fn half(key: &Key) -> u64 {
    key.first_chunk().map_or(0, |half| u64::from_be_bytes(*half))
}

/// What in the mapping bears on what is read of an entry, and on the request that is made of it: for each source.
pub(super) fn contexts(mapping: &Mapping) -> Vec<[u8; 16]> {
    mapping.sources.iter().map(|source| context(mapping, source)).collect()
}

/// Every field is named, so that one that is added must be thought about.
fn context(mapping: &Mapping, source: &SourceMapping) -> [u8; 16] {
    let Mapping {
        path: _,
        base: _,
        text: _,
        target: Target { inbox: _, base_url: _, new_inboxes: _, findings: _, probed },
        ours: Ours { addresses, domains },
        agents,
        sources: _,
        defaults:
            Defaults { tags: _, to, date_fallback, oversize, unlisted_labels: _, link: _, custom_fields: _, mark: _ },
        labels: _,
        labels_at: _,
        thread: ThreadRule { header, subject, join_by_subject },
        values,
        rules: _,
        notes,
        contacts: _,
        identity: Identity { namespace: whole_namespace, collisions: _, copies: _, also_in_tag: _ },
        silence: Silence { is_archived: _, should_skip_rules },
        send: _,
        limits,
    } = mapping;
    // Folders and labels that the path gives stand in the entry.
    let SourceMapping { name, paths: _, path_at: _, namespace, labels_from: _, unpack: _, ends: _, deliver: _, format } =
        source;
    // Of a mail only the fallback recipient depends on who we are; direction is decided anew.
    let ours = match format {
        Format::Csv(_) => (addresses.as_slice(), domains.as_slice()),
        Format::Mbox(_) | Format::Eml => (addresses.get(..1).unwrap_or_default(), [].as_slice()),
    };
    let of_mapping = (ours, agents, to, date_fallback, oversize, header, subject.as_ref().map(regex::Regex::as_str));
    // What was found out about Front bears on requests.
    let probed = probed.as_ref().map(|probed| (probed.inline, probed.largest_request));
    let further = (
        *join_by_subject > 0,
        whole_namespace,
        should_skip_rules,
        limits,
        name,
        namespace,
        format,
        (values, notes, probed),
    );
    short(&blake3::hash(format!("{of_mapping:?}{further:?}").as_bytes()))
}

/// Names a file of a source as it is now, without reading it: equal only if nothing was written to it since, and it is read
/// in the same way. None if it was written just now, so that a further change might go unnoticed.
pub(super) fn file_key(context: &[u8; 16], source: &SourceMapping, file: &SourceFile) -> Option<Key> {
    let meta = fs::metadata(&file.path).ok()?;
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(meta.ctime()).ok()?);
    if SystemTime::now().duration_since(changed).ok()? < UNSURE {
        return None;
    }
    // Which folders and names are labels depends on the fixed part of the path.
    let read = (context, &source.paths, source.labels_from, &*file.shown, &file.path);
    let times = (meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec());
    let said = format!("{read:?}{:?}{times:?}", (meta.dev(), meta.ino(), meta.len()));
    Some(short(&blake3::hash(said.as_bytes())))
}

/// The key of an entry; `digest` is that of its bytes.
pub(super) fn key_of(context: &[u8; 16], entry: &RawEntry, digest: &[u8; 16], mapping: &Mapping) -> Key {
    let mut hasher = blake3::Hasher::new();
    hasher.update(context).update(digest).update(&entry.origin.part.to_be_bytes());
    let field = |hasher: &mut blake3::Hasher, text: &str| {
        hasher.update(&(text.len() as u64).to_be_bytes()).update(text.as_bytes());
    };
    match &entry.content {
        Content::Mail(mail) => {
            // A copy of a file has another time, which mostly says nothing.
            let file_time = mail.file_time.filter(|_| mapping.defaults.date_fallback == DateFallback::FileTime);
            for time in [mail.separator_date, file_time] {
                hasher.update(&[u8::from(time.is_some())]).update(&time.unwrap_or_default().to_be_bytes());
            }
            // Its folder is asked for by rules alone, which see where it lies now.
            for list in [&mail.labels, &mail.changes] {
                hasher.update(&(list.len() as u64).to_be_bytes());
                for text in list {
                    field(&mut hasher, text);
                }
            }
        }
        Content::Row(row) => {
            row.header.iter().for_each(|column| field(&mut hasher, column));
            field(&mut hasher, &format!("{:?}", (&row.zone, row.run)));
        }
    }
    short(&hasher.finalize())
}

/// Tells this program from others, and from itself before it was built anew: another one may read otherwise.
fn program() -> [u8; 16] {
    let file = std::env::current_exe().and_then(fs::metadata);
    let built = file.map(|file| {
        let changed = file.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        (file.len(), changed.unwrap_or_default().as_nanos())
    });
    let said = format!("threadlift {} {:?}", env!("CARGO_PKG_VERSION"), built.unwrap_or_default());
    short(&blake3::hash(said.as_bytes()))
}
