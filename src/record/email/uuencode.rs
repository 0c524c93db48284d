//! uuencode, as `uuencode(1)` of POSIX describes it: how files travelled inside texts before MIME, and still do from old
//! programs.

use super::enclosed::{Enclosed, Line, lines};
use std::ops::Range;

/// Longest data line that programs write: 45 bytes, marked `M`.
const USUAL_LINE: usize = 45;

/// Decodes the file that begins with the line at `start` of `text`; none if what stands there is no uuencoded file.
/// The range is what it took.
pub(super) fn read(text: &[u8], start: usize) -> Option<(Enclosed, Range<usize>)> {
    let mut rest = lines(text, start);
    let name = begin(rest.next()?.text)?;
    let mut content = Vec::new();
    let mut end = start;
    let mut damage = Some("it has no end: it may have been cut");
    let mut is_first = true;
    for line in rest {
        if line.text.trim_ascii_end() == b"end" {
            (end, damage) = (line.end, None);
            break;
        }
        let Some(data) = data(&line, is_first) else {
            // Whatever follows is text again.
            if is_first || !line.text.trim_ascii().is_empty() {
                break;
            }
            continue;
        };
        content.extend_from_slice(&data);
        end = line.end;
        is_first = false;
    }
    (end > start).then_some((Enclosed { name, content, damage }, start..end))
}

/// The file name of `begin 644 name`.
fn begin(line: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(b"begin ")?;
    let space = memchr::memchr(b' ', rest)?;
    let (mode, name) = rest.split_at(space);
    let is_mode = (3..=4).contains(&mode.len()) && mode.iter().all(|byte| (b'0'..=b'7').contains(byte));
    let name = super::charset::decode_raw_header(name.trim_ascii()).0.into_owned();
    (is_mode && !name.is_empty()).then_some(name)
}

/// The bytes of a data line; none if it is none. Blanks that were cut off its end are put back.
fn data(line: &Line<'_>, strict: bool) -> Option<Vec<u8>> {
    let (first, characters) = line.text.split_first()?;
    if !(b' '..=b'`').contains(first) || !characters.iter().all(|byte| (b' '..=b'`').contains(byte)) {
        return None;
    }
    let length = usize::from(value(*first));
    let groups = length.div_ceil(3);
    // A check character or two may follow. The first line must fit exactly, or a sentence would be taken for data.
    let fits = characters.len() >= groups * 4 && characters.len() <= groups * 4 + 2;
    if strict && (!fits || length > USUAL_LINE && characters.len() != groups * 4) {
        return None;
    }
    if !fits && (characters.len() > groups * 4 || length > 0 && characters.is_empty()) {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups * 3);
    for group in characters.chunks(4).take(groups) {
        let word = (0..4).fold(0_u32, |word, at| word << 6 | u32::from(group.get(at).map_or(0, |byte| value(*byte))));
        let [_, one, two, three] = word.to_be_bytes();
        bytes.extend_from_slice(&[one, two, three]);
    }
    bytes.resize(length, 0);
    Some(bytes)
}

fn value(byte: u8) -> u8 {
    byte.wrapping_sub(b' ') & 63
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Plain reference encoder.
    pub(in super::super) fn encode(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut text = format!("begin 644 {name}\n").into_bytes();
        let sign = |bits: u32| if bits.trailing_zeros() >= 6 { b'`' } else { b' ' + u8::try_from(bits & 63).unwrap() };
        for line in bytes.chunks(45) {
            text.push(sign(u32::try_from(line.len()).unwrap()));
            for group in line.chunks(3) {
                let mut word = [0; 4];
                word[1..=group.len()].copy_from_slice(group);
                let word = u32::from_be_bytes(word);
                text.extend([18, 12, 6, 0].map(|shift| sign(word >> shift)));
            }
            text.push(b'\n');
        }
        text.extend_from_slice(b"`\nend\n");
        text
    }

    #[test]
    fn a_file_without_end_is_kept_as_far_as_it_goes() {
        let whole = encode("a.bin", &[7; 100]);
        let (found, _) = read(&whole[..whole.len() - 6], 0).unwrap();
        assert_eq!((found.content.len(), found.damage.is_some()), (100, true));
    }

    #[test]
    fn blanks_lost_at_line_ends_are_put_back() {
        let text = String::from_utf8(encode("a", &[1, 0, 0, 0, 0, 0])).unwrap().replace("$`", "$ ").replace('`', " ");
        let cut: String = text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
        let first = cut.lines().nth(1).unwrap().to_owned();
        assert!(first.len() < 9, "{first}");
        // The first line must fit, so that no sentence is taken for data; later ones may be short.
        let two = cut.replacen(&first, &format!("{}\n{first}", "#86)C"), 1);
        assert_eq!(read(two.as_bytes(), 0).unwrap().0.content, [b"abc".as_slice(), &[1, 0, 0, 0, 0, 0]].concat());
    }

    #[test]
    fn sentences_are_no_files() {
        for text in [
            "begin 644 with me\nHello there\n",
            "begin the day\n#86)C\nend\n",
            "begin 999 x\n#86)C\n`\nend\n",
            "begin 644 a",
        ] {
            assert!(read(text.as_bytes(), 0).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let text = encode("a b.bin", &bytes);
            let (found, place) = read(&text, 0).unwrap();
            prop_assert_eq!((found.name.as_str(), found.content, found.damage), ("a b.bin", bytes, None));
            prop_assert_eq!(place, 0..text.len());
        }
    }
}
