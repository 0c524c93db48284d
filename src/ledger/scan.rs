//! Reading a journal that may be damaged anywhere: every line that can still be told is found, everything else is named.
//!
//! A line's checksum holds its place. Where bytes were lost or put in, all lines behind stand beside their places by as much; the
//! distance is found by trying, and believed only if two lines in a row agree on it.

use super::error::LedgerError;
use super::fact::{Fact, Glance};
use super::home;
use super::journal;
use super::lines;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// How far from its place a line is looked for, in bytes, either way.
const FARTHEST: u64 = 256 << 10;
/// Lines for which that is tried; a journal with more of them has lost too much for it to matter.
const MOST_TRIED: u32 = 2_000;

/// What a look at every byte of the journal found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Bytes of the file.
    pub(super) bytes: u64,
    /// Good lines.
    pub(super) lines: u64,
    /// Good lines by kind of fact.
    pub(super) facts: BTreeMap<&'static str, u64>,
    /// Lines that cannot be told, in order.
    pub(super) bad: Vec<Bad>,
    /// Where the last good line ends.
    pub(super) good: u64,
    /// Places of the good lines, as they were written for, merged where they touch.
    pub(super) kept: Vec<Range<u64>>,
}

/// Something in the journal that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    /// Number of the line, from 1.
    pub(super) number: u64,
    /// Its first byte.
    pub(super) offset: u64,
    /// Where the next line begins; the same as `offset` where bytes are missing before a good line.
    pub(super) end: u64,
    pub(super) what: String,
}

/// A line that seems to have been written for another place, until the next one agrees.
struct Doubtful {
    bad: Bad,
    json: Vec<u8>,
    place: u64,
}

impl Scan {
    /// Was the line that was written for this place kept?
    pub(super) fn has(&self, place: u64) -> bool {
        let after = self.kept.partition_point(|kept| kept.start <= place);
        after.checked_sub(1).and_then(|at| self.kept.get(at)).is_some_and(|kept| kept.contains(&place))
    }

    /// Bad lines that have good ones behind them: no crash leaves those.
    pub(super) fn damages(&self) -> impl Iterator<Item = &Bad> {
        self.bad.iter().filter(|bad| bad.offset < self.good)
    }

    /// Bytes behind the last good line.
    pub(super) fn torn(&self) -> u64 {
        self.bytes.saturating_sub(self.good)
    }

    fn keep(&mut self, fact: &Glance<'_>, place: u64, end: u64) {
        self.lines += 1;
        *self.facts.entry(fact.name()).or_default() += 1;
        match self.kept.last_mut() {
            Some(last) if last.end == place => last.end = end,
            _ => self.kept.push(place..end),
        }
    }
}

/// Reads the journal, and calls `each` with every good line's fact, its JSON and where in the file it begins.
///
/// # Errors
/// A missing journal, or what the system refuses; damage is no error here.
pub(super) fn scan(dir: &Path, mut each: impl FnMut(&Glance<'_>, &[u8], u64)) -> Result<Scan, LedgerError> {
    let path = home::journal_path(dir);
    let mut lines = journal::read_from(dir, 0)?;
    let mut scan = Scan::default();
    // How many bytes a line was written behind the place at which it stands now.
    let mut shift = 0_i128;
    let mut doubtful: Option<Doubtful> = None;
    let mut tried = 0;
    while let Some(line) = lines.next().map_err(LedgerError::io(&path, "read"))? {
        scan.bytes = line.end;
        let place_by = |shift: i128| u64::try_from(i128::from(line.offset) + shift).ok();
        let length = line.end - line.offset;
        let expected = match &doubtful {
            Some(before) => Some(before.place + (before.bad.end - before.bad.offset)),
            None => place_by(shift),
        };
        let told = |place: Option<u64>| {
            let place = place?;
            let json = lines::json_of(line.bytes, place).filter(|_| line.complete)?;
            Some((place, json, parsed(json)?))
        };
        let mut found = told(expected);
        if let Some(before) = doubtful.take() {
            if let (Some((place, ..)), Some(fact)) = (&found, parsed(&before.json)) {
                let moved = i128::from(*place) - i128::from(line.offset);
                let offset = before.bad.offset;
                scan.bad.push(Bad { number: before.bad.number, offset, end: offset, what: words(moved - shift) });
                shift = moved;
                scan.keep(&fact, before.place, *place);
                each(&fact, &before.json, offset);
            } else {
                scan.bad.push(before.bad);
                found = told(place_by(shift));
            }
        }
        if let Some((place, json, fact)) = found {
            scan.good = line.end;
            scan.keep(&fact, place, place + length);
            each(&fact, json, line.offset);
            continue;
        }
        let what = if line.complete { "its checksum does not match" } else { "it has no end" };
        let bad = Bad { number: line.number, offset: line.offset, end: line.end, what: what.to_owned() };
        tried += 1;
        let near = line.offset.saturating_sub(FARTHEST)..=line.offset + FARTHEST;
        let elsewhere =
            if tried < MOST_TRIED && line.complete { lines::json_elsewhere(line.bytes, near) } else { None };
        match elsewhere {
            Some((place, json)) => doubtful = Some(Doubtful { bad, json: json.to_vec(), place }),
            None => scan.bad.push(bad),
        }
    }
    scan.bad.extend(doubtful.map(|doubtful| doubtful.bad));
    Ok(scan)
}

/// A fact that can be read whole, at a glance.
fn parsed(json: &[u8]) -> Option<Glance<'_>> {
    serde_json::from_slice::<Fact>(json).ok()?;
    serde_json::from_slice(json).ok()
}

fn words(moved: i128) -> String {
    if moved > 0 {
        format!("{moved} bytes before it are missing")
    } else {
        format!("{} bytes before it do not belong there", -moved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn journal(names: &[&str]) -> Vec<Vec<u8>> {
        let mut offset = 0;
        names
            .iter()
            .map(|name| {
                let json = format!(r#"{{"accepted":{{"external_id":"tl1-{name}","uid":"u"}}}}"#);
                let mut line = Vec::new();
                lines::write_line(&mut line, json.as_bytes(), offset);
                offset += line.len() as u64;
                line
            })
            .collect()
    }

    /// The messages that are still told, and what is bad.
    fn scanned(bytes: &[u8]) -> (Vec<String>, Scan) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(home::journal_path(dir.path()), bytes).unwrap();
        let mut told = Vec::new();
        let scan = scan(dir.path(), |fact, _, _| told.push(fact.external_id().unwrap()[4..].to_owned())).unwrap();
        (told, scan)
    }

    #[test]
    fn a_line_taken_out_costs_that_line_and_says_how_many_bytes_are_missing() {
        let lines = journal(&["a", "bbb", "c", "d"]);
        let (told, scan) = scanned(&[&lines[0][..], &lines[2], &lines[3]].concat());
        assert_eq!(told, ["a", "c", "d"]);
        let [bad] = &scan.bad[..] else { panic!("{:?}", scan.bad) };
        assert_eq!((bad.number, bad.offset, bad.end), (2, lines[0].len() as u64, lines[0].len() as u64));
        assert_eq!(bad.what, format!("{} bytes before it are missing", lines[1].len()));
        assert_eq!(scan.damages().count(), 1);
        let place = lines[0].len() as u64;
        assert!(!scan.has(place) && scan.has(0) && scan.has(place + lines[1].len() as u64));
    }

    #[test]
    fn bytes_put_in_or_cut_out_within_lines_cost_only_the_lines_they_touch() {
        let lines = journal(&["a", "b", "c", "d", "e"]);
        let whole = lines.concat();
        let end = lines[0].len();
        let mut longer = whole.clone();
        longer.splice(end + 5..end + 5, *b"xxxx\nyyyy");
        let (told, scan) = scanned(&longer);
        assert_eq!(told, ["a", "c", "d", "e"]);
        assert!(scan.bad.iter().any(|bad| bad.what.contains("do not belong there")), "{:?}", scan.bad);
        let mut shorter = whole.clone();
        shorter.drain(end - 3..end + 4);
        let (told, scan) = scanned(&shorter);
        assert_eq!(told, ["c", "d", "e"]);
        assert_eq!(scan.damages().count(), 2);
        let mut flipped = whole;
        flipped[end + 30] ^= 1;
        let (told, scan) = scanned(&flipped);
        assert_eq!(told, ["a", "c", "d", "e"]);
        assert_eq!((scan.bad[0].number, scan.bad[0].offset), (2, end as u64));
    }

    #[test]
    fn what_a_crash_leaves_at_the_end_is_no_damage() {
        let lines = journal(&["a", "b"]);
        let whole = lines.concat();
        let (told, scan) = scanned(&whole[..whole.len() - 1]);
        assert_eq!(told, ["a"]);
        assert_eq!((scan.damages().count(), scan.torn()), (0, lines[1].len() as u64 - 1));
    }
}
