//! Finding where mails begin in an mbox file, without holding the file or a mail.
//!
//! A framer of our own, because the crates at hand lose or invent mails: mbox-reader never yields the last message and
//! mail-parser's iterator splits at any line that starts with `From `; both drop what stands before the first separator.
//! Here every line that begins with `From ` is judged ([`super::line`]); what is no separator is text and stays with the
//! mail it stands in. A Content-Length that fits comes before any line within it ([`super::lengths`]).

use super::super::pread::{ReadAt, fill};
use super::lengths::{self, Fit};
use super::line::{self, FromLine, LOOK_AHEAD, LOOK_BACK, Place, Suspect, Verdict};
use super::reading::Reading;
use bytes::{Bytes, BytesMut};
use memchr::memmem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// Bytes looked through per read: as many as the processor's own memory holds while they are looked through.
pub(super) const BLOCK: usize = 256 << 10;

/// A window has room for so many blocks: a mail that is not much shorter is held whole while its end is looked for.
const ROOM: usize = 16;

/// Windows that are kept because a mail still lies in them; of more than these none is read into again.
const MOST_LENT: usize = 16;

/// A stretch of an mbox file. In order, stretches tile the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// First byte.
    pub(super) offset: u64,
    /// Number of bytes.
    pub(super) length: u64,
    pub(super) kind: Kind,
    /// Its separator, where that is its first byte on.
    pub(super) line: Option<FromLine>,
    /// There is a `>From ` in it, which may have to be undone.
    pub(super) has_quotes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A mail, from its separator to the next.
    Mail,
    /// What stands before the first separator; the whole file if there is none.
    Before { blank: bool, whole: bool },
}

/// Where a mail begins, and its separator if it begins with that.
type Separator = (u64, Option<FromLine>);

/// A file that could not be read on from the stretch that starts at `offset`.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) offset: u64,
    pub(super) error: io::Error,
}

/// How often something was met, and where first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) count: u64,
    pub(super) first: u64,
}

/// What was met on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    /// Lines that look like separators and were left as text.
    pub(super) suspects: BTreeMap<Suspect, Seen>,
    /// Separators taken for such although no blank line comes before them.
    pub(super) run_on: Option<Seen>,
    /// Mails with a Content-Length that fits, and with one that does not. Counted only where it is looked at.
    pub(super) fits: u64,
    pub(super) misfits: u64,
    /// Mails without one, where it is looked for.
    pub(super) without: u64,
}

impl Seen {
    fn add(seen: Option<Seen>, at: u64) -> Seen {
        seen.map_or(Seen { count: 1, first: at }, |seen| Seen { count: seen.count + 1, ..seen })
    }
}

/// An iterator over the stretches of a file.
pub(super) struct Framer<R> {
    file: R,
    reading: Reading,
    block: usize,
    finder: memmem::Finder<'static>,
    /// What is held of the file: its first `filled` bytes. The mails found in it are slices of it, not copies.
    window: Bytes,
    filled: usize,
    /// Offset in the file of the window's first byte.
    window_at: u64,
    /// Windows before, to be read into again when no mail lies in them any more.
    lent: Vec<Bytes>,
    /// Lines are looked for in `window[searched..limit]`.
    searched: usize,
    limit: usize,
    /// The window reaches the end of the file.
    at_end: bool,
    /// Start of the stretch whose end is looked for, and what it is as far as it has been seen.
    open: u64,
    open_kind: Kind,
    open_line: Option<FromLine>,
    open_has_quotes: bool,
    /// Where the open mail ends by its Content-Length, if that fits.
    until: Option<u64>,
    /// So far lines have been counted in vain; before it none are, so that no byte is counted twice.
    counted_to: u64,
    tally: Tally,
    done: bool,
}

impl<R: ReadAt> Framer<R> {
    /// Reads `file` in blocks of `block` bytes; the result does not depend on it.
    pub(super) fn new(file: R, reading: Reading, block: usize) -> Framer<R> {
        Framer {
            file,
            reading,
            block: block.max(1),
            finder: memmem::Finder::new(b"From "),
            window: Bytes::new(),
            filled: 0,
            window_at: 0,
            lent: Vec::new(),
            searched: 0,
            limit: 0,
            at_end: false,
            open: 0,
            open_kind: Kind::Before { blank: true, whole: true },
            open_line: None,
            open_has_quotes: false,
            until: None,
            counted_to: 0,
            tally: Tally::default(),
            done: false,
        }
    }

    /// The file, to read what the stretches hold.
    pub(super) fn file(&self) -> &R {
        &self.file
    }

    /// What was met so far; complete when the last stretch has been given.
    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The bytes of the stretch given last, if they are held, as those of most mails are.
    pub(super) fn held(&self, stretch: Stretch) -> Option<Bytes> {
        let start = usize::try_from(stretch.offset.checked_sub(self.window_at)?).ok()?;
        let end = start.checked_add(usize::try_from(stretch.length).ok()?)?;
        (end <= self.filled).then(|| self.window.slice(start..end))
    }

    fn held_bytes(&self) -> &[u8] {
        self.window.get(..self.filled).unwrap_or_default()
    }

    fn next_separator(&mut self) -> io::Result<Option<Separator>> {
        loop {
            if let Some(found) = self.search() {
                return Ok(Some(found));
            }
            if self.at_end {
                return Ok(None);
            }
            self.read_block()?;
        }
    }

    /// Reads the next block behind what is still needed: what a line is judged by, and the open mail if there is room for it.
    fn read_block(&mut self) -> io::Result<()> {
        let start = self.still_needed();
        let kept = self.filled - start;
        // A long mail stays where it is as long as there is room behind it.
        let may_stay = kept > self.block && self.filled + self.block <= self.window.len() && self.window.is_unique();
        let start = if may_stay { 0 } else { start };
        let kept = self.filled - start;
        let mut window = self.moved_to_front(start);
        let wanted = window.get_mut(kept..kept + self.block).unwrap_or_default();
        self.window_at += start as u64;
        let read = fill(&self.file, wanted, self.window_at + kept as u64)?;
        self.window = window.freeze();
        self.filled = kept + read;
        self.at_end = read < self.block;
        self.searched -= start;
        self.limit = if self.at_end { self.filled } else { self.filled.saturating_sub(LOOK_AHEAD).max(self.searched) };
        Ok(())
    }

    /// From where on the window is still needed.
    fn still_needed(&self) -> usize {
        let judged_by = self.searched.saturating_sub(LOOK_BACK);
        let open = self.open.checked_sub(self.window_at).and_then(|open| usize::try_from(open).ok());
        let start = open.map_or(judged_by, |open| open.min(judged_by));
        if self.filled - start + self.block <= self.room() { start } else { judged_by }
    }

    fn room(&self) -> usize {
        ROOM * self.block + LOOK_BACK + LOOK_AHEAD
    }

    /// A window that begins with what is held from `start` on: this one if no mail lies in it, else another.
    fn moved_to_front(&mut self, start: usize) -> BytesMut {
        let held = start..self.filled;
        match std::mem::take(&mut self.window).try_into_mut() {
            Ok(window) if start == 0 => window,
            Ok(mut window) => {
                window.copy_within(held, 0);
                window
            }
            Err(lent) => {
                let mut window = self.given_back().unwrap_or_else(|| BytesMut::zeroed(self.room()));
                let kept = lent.get(held).unwrap_or_default();
                if let Some(front) = window.get_mut(..kept.len()) {
                    front.copy_from_slice(kept);
                }
                if !lent.is_empty() && self.lent.len() < MOST_LENT {
                    self.lent.push(lent);
                }
                window
            }
        }
    }

    /// A window in which no mail lies any more.
    fn given_back(&mut self) -> Option<BytesMut> {
        let free = self.lent.iter().position(Bytes::is_unique)?;
        self.lent.swap_remove(free).try_into_mut().ok()
    }

    /// Where the next mail in the window begins, and its separator if it begins with that.
    fn search(&mut self) -> Option<Separator> {
        let start = self.searched;
        let end = self.limit.saturating_add(4).min(self.filled);
        while let Some(found) = self.window.get(self.searched..end).and_then(|bytes| self.finder.find(bytes)) {
            let at = self.searched + found;
            if at >= self.limit {
                break;
            }
            self.searched = at + 1;
            self.open_has_quotes |= at.checked_sub(1).and_then(|before| self.window.get(before)) == Some(&b'>');
            if let Some((begin, line)) = self.judge(at) {
                self.note_blank(start, at);
                return Some((begin, line));
            }
        }
        self.searched = self.limit;
        self.note_blank(start, self.limit);
        None
    }

    /// If a mail begins with the `From ` at `at` in the window: where, and the separator if it begins with that.
    fn judge(&mut self, at: usize) -> Option<Separator> {
        let held = self.held_bytes();
        let place = line::place(held.get(..at)?, self.window_at == 0)?;
        let line = line::read(held.get(at..)?)?;
        let offset = self.window_at + at as u64;
        let verdict = line::judge(&line, place, self.reading.ways);
        let suspect = match (verdict, self.until) {
            (_, Some(until)) if offset == until => None,
            (Verdict::Separator, Some(until)) if offset < until => Some(Suspect::WithinLength),
            (_, Some(until)) if offset < until => return None,
            (Verdict::Separator, _) => None,
            (Verdict::Suspect(suspect), _) => Some(suspect),
            (Verdict::Text, _) => return None,
        };
        if let Some(suspect) = suspect {
            let seen = self.tally.suspects.get(&suspect).copied();
            self.tally.suspects.insert(suspect, Seen::add(seen, offset));
            return None;
        }
        if place == Place::AfterText && self.until != Some(offset) {
            self.tally.run_on = Some(Seen::add(self.tally.run_on, offset));
        }
        self.until = None;
        if self.reading.lengths {
            let may_count = offset >= self.counted_to;
            match lengths::until(&self.file, offset + line.length as u64, self.reading.ways, may_count) {
                Fit::Absent => self.tally.without += 1,
                Fit::Wrong { counted_to } => {
                    self.tally.misfits += 1;
                    if may_count {
                        self.counted_to = counted_to;
                    }
                }
                Fit::Until(end) => {
                    self.tally.fits += 1;
                    self.until = Some(end);
                }
            }
        }
        // At the start of a file stray bytes may come first.
        Some(if place == Place::FileStart { (0, None) } else { (offset, Some(line)) })
    }

    fn note_blank(&mut self, start: usize, end: usize) {
        if let Kind::Before { blank: true, whole } = self.open_kind {
            let seen = self.window.get(start..end).unwrap_or_default();
            let blank = seen.iter().all(|byte| byte.is_ascii_whitespace() || line::is_stray(*byte));
            self.open_kind = Kind::Before { blank, whole };
        }
    }

    /// Closes the open stretch at `end`, where the `next` mail begins or the file ends.
    fn close(&mut self, end: u64, next: Option<Separator>) -> Option<Stretch> {
        let kind = match self.open_kind {
            Kind::Mail => Kind::Mail,
            Kind::Before { blank, .. } => Kind::Before { blank, whole: next.is_none() },
        };
        let line = std::mem::replace(&mut self.open_line, next.and_then(|(_, line)| line));
        let has_quotes = std::mem::take(&mut self.open_has_quotes);
        let stretch = Stretch { offset: self.open, length: end.saturating_sub(self.open), kind, line, has_quotes };
        self.open = end;
        self.open_kind = Kind::Mail;
        (stretch.length > 0).then_some(stretch)
    }
}

impl<R: ReadAt> Iterator for Framer<R> {
    type Item = Result<Stretch, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            let stretch = match self.next_separator() {
                Ok(Some(next)) => self.close(next.0, Some(next)),
                Ok(None) => {
                    self.done = true;
                    self.close(self.window_at + self.filled as u64, None)
                }
                Err(error) => {
                    self.done = true;
                    return Some(Err(Broken { offset: self.open, error }));
                }
            };
            if let Some(stretch) = stretch {
                return Some(Ok(stretch));
            }
        }
        None
    }
}
