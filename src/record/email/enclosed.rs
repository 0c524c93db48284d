//! Files inside a text: uuencode and yEnc. They are taken out, and the text around them stays.

use super::{uuencode, yenc};
use memchr::memmem;
use std::borrow::Cow;
use std::ops::Range;

/// Most files taken out of one text; what is over stays text, so that no text can make a million files.
const MAX_FILES: usize = 1_000;

/// A file that stood in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Enclosed {
    /// Its name as written.
    pub(super) name: String,
    /// Its content.
    pub(super) content: Vec<u8>,
    /// What is wrong with it, in words that follow "file N:".
    pub(super) damage: Option<&'static str>,
}

/// The text without the files in it, and the files.
pub(super) fn take(text: &[u8]) -> (Cow<'_, [u8]>, Vec<Enclosed>) {
    let mut files = Vec::new();
    let mut kept = Vec::new();
    let mut at = 0;
    let mut searched = 0;
    while files.len() < MAX_FILES
        && let Some(start) = next_start(text, searched)
    {
        if let Some((file, place)) = file_at(text, start) {
            kept.extend_from_slice(text.get(at..place.start).unwrap_or_default());
            files.push(file);
            (at, searched) = (place.end, place.end);
        } else {
            searched = start + 1;
        }
    }
    if files.is_empty() {
        return (Cow::Borrowed(text), files);
    }
    kept.extend_from_slice(text.get(at..).unwrap_or_default());
    (Cow::Owned(kept), files)
}

/// The content, if the whole of a part is one encoded file.
pub(super) fn whole(part: &[u8]) -> Option<Enclosed> {
    let start = next_start(part, 0)?;
    file_at(part, start).map(|(file, _)| file)
}

fn file_at(text: &[u8], start: usize) -> Option<(Enclosed, Range<usize>)> {
    uuencode::read(text, start).or_else(|| yenc::read(text, start))
}

/// The next line start, from `from` on, at which a file may begin.
fn next_start(text: &[u8], from: usize) -> Option<usize> {
    let mut searched = from;
    loop {
        let found = memmem::find(text.get(searched..)?, b"begin ")? + searched;
        let start = if found >= 2 && text.get(found - 2..found) == Some(b"=y") { found - 2 } else { found };
        if start >= from && (start == 0 || text.get(start - 1) == Some(&b'\n')) {
            return Some(start);
        }
        searched = found + 1;
    }
}

/// A line of a text.
pub(super) struct Line<'a> {
    /// Without its line end.
    pub(super) text: &'a [u8],
    /// Where the next line starts.
    pub(super) end: usize,
}

/// The lines from `start` on.
pub(super) fn lines(text: &[u8], start: usize) -> impl Iterator<Item = Line<'_>> {
    let mut at = start;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        at += length;
        let line = rest.get(..length)?;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Some(Line { text: line.strip_suffix(b"\r").unwrap_or(line), end: at })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn files_leave_the_text_and_the_rest_stays() {
        let uu = uuencode::tests::encode("a.txt", b"hello");
        let y = yenc::tests::encode("b.bin", b"\0\xff");
        let text = [b"above\n", uu.as_slice(), b"between\nbegin 1 x\n", y.as_slice(), b"below\n"].concat();
        let (rest, files) = take(&text);
        assert_eq!(String::from_utf8_lossy(&rest), "above\nbetween\nbegin 1 x\nbelow\n");
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a.txt", "b.bin"]);
        assert_eq!(files[0].content, b"hello");
    }

    #[test]
    fn a_text_without_files_is_not_touched() {
        let text = b"In the begin 644 there was\n> begin 644 a\nx =ybegin line=1 size=1 name=a\n";
        assert!(matches!(take(text), (Cow::Borrowed(rest), files) if rest == text && files.is_empty()));
    }

    /// What encoded files are made of, in any order.
    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("begin 644 a\n".to_owned()),
            Just("end\n".to_owned()),
            Just("`\n".to_owned()),
            Just("#86)C\n".to_owned()),
            Just("=ybegin line=1 size=1 name=a\n".to_owned()),
            Just("=yend size=1\n".to_owned()),
            "[ -~\n]{0,9}",
        ]
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(lines in proptest::collection::vec(piece(), 0..30)) {
            let text = lines.concat();
            let (rest, files) = take(text.as_bytes());
            prop_assert_eq!(files.is_empty(), rest == text.as_bytes());
        }
    }
}
