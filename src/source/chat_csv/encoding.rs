//! Which characters the bytes of a table stand for.
//!
//! In order: what the mapping declares, a byte order mark, UTF-8 if the bytes fit it but for few places, a guess. A guess
//! and the places are reported.

use super::super::pread::{ReadAt, fill};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memchr_iter;
use std::io::{self, Write};

const BLOCK: usize = 1 << 20;

/// Blocks with characters beyond ASCII that the guess is made from; more would not change it.
const BLOCKS_FOR_GUESS: usize = 64;

/// How many characters beyond ASCII must be whole for each place that is not UTF-8, for a text to be UTF-8 with damaged
/// places. In other encodings bytes beyond ASCII seldom happen to make up a character of UTF-8: in Western and Cyrillic
/// texts hardly any do, in Asian ones far less than half.
const WHOLE_FOR_EACH_DAMAGED: u64 = 10;

/// How an encoding was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Declared,
    /// By byte order mark, or because all bytes are UTF-8, or nearly all.
    Evident,
    Guessed,
}

/// The encoding of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) encoding: &'static Encoding,
    pub(super) known: Known,
    /// Length of the byte order mark.
    pub(super) mark: u64,
    /// The first byte that is not UTF-8, in a file declared as UTF-8.
    pub(super) misfit: Option<u64>,
    /// What is not UTF-8, in a file that is otherwise.
    pub(super) damaged: Option<Damaged>,
}

/// Places in a text that are no characters of its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged {
    /// Bytes in a row are one place.
    pub(super) places: u64,
    /// Line of the first one, from 1.
    pub(super) line: u64,
}

/// A byte order mark that contradicts the mapping.
#[derive(Debug)]
pub(super) struct Contradiction {
    pub(super) declared: &'static Encoding,
    pub(super) marked: &'static Encoding,
}

/// Chooses the encoding of `file`; reads all of it unless declared or marked.
pub(super) fn choose(
    file: &impl ReadAt,
    declared: Option<&'static Encoding>,
) -> io::Result<Result<Chosen, Contradiction>> {
    let mut head = vec![0; 4096];
    let filled = fill(file, &mut head, 0)?;
    head.truncate(filled);
    let marked = Encoding::for_bom(&head);
    let mark = marked.map_or(0, |(_, length)| length as u64);
    if let Some(encoding) = declared {
        let both_utf_16 = |a, b| [UTF_16LE, UTF_16BE].contains(&a) && [UTF_16LE, UTF_16BE].contains(&b);
        let encoding = match marked {
            // The name "utf-16" leaves the byte order to the mark.
            Some((marked, _)) if both_utf_16(marked, encoding) => marked,
            Some((marked, _)) if marked != encoding => {
                return Ok(Err(Contradiction { declared: encoding, marked }));
            }
            _ => encoding,
        };
        let misfit = if encoding == UTF_8 { first_misfit(file)? } else { None };
        return Ok(Ok(Chosen { encoding, known: Known::Declared, mark, misfit, damaged: None }));
    }
    let (encoding, known, damaged) = match (marked, utf16_without_mark(&head)) {
        (Some((encoding, _)), _) if encoding == UTF_8 => (UTF_8, Known::Evident, fit(file)?.damaged),
        (Some((encoding, _)), _) => (encoding, Known::Evident, None),
        (None, Some(encoding)) => (encoding, Known::Guessed, None),
        (None, None) => {
            let Fit { whole, damaged } = fit(file)?;
            let places = damaged.map_or(0, |damaged| damaged.places);
            if whole >= WHOLE_FOR_EACH_DAMAGED.saturating_mul(places) {
                (UTF_8, Known::Evident, damaged)
            } else {
                (guess(file)?, Known::Guessed, None)
            }
        }
    };
    Ok(Ok(Chosen { encoding, known, mark, misfit: None, damaged }))
}

/// How well bytes fit UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fit {
    /// Characters beyond ASCII; not counted if nothing is damaged.
    whole: u64,
    damaged: Option<Damaged>,
}

fn fit(file: &impl ReadAt) -> io::Result<Fit> {
    let Some(first) = first_misfit(file)? else { return Ok(Fit { whole: 0, damaged: None }) };
    let mut block = vec![0; BLOCK];
    let (mut whole, mut places) = (0, 0);
    let mut is_in_place = false;
    let mut offset = 0;
    loop {
        let filled = fill(file, &mut block, offset)?;
        let is_last = filled < BLOCK;
        let mut read = 0;
        for chunk in block.get(..filled).unwrap_or_default().utf8_chunks() {
            let (valid, invalid) = (chunk.valid().as_bytes(), chunk.invalid());
            whole += valid.iter().filter(|byte| **byte >= FIRST_OF_SEVERAL).count() as u64;
            read += valid.len();
            is_in_place &= valid.is_empty();
            // A character cut by the end of the block is looked at again from its first byte.
            let is_cut = || std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if invalid.is_empty() || (!is_last && read + invalid.len() == filled && is_cut()) {
                break;
            }
            places += u64::from(!is_in_place);
            is_in_place = true;
            read += invalid.len();
        }
        offset += read as u64;
        if is_last {
            return Ok(Fit { whole, damaged: Some(Damaged { places, line: line_at(file, first)? }) });
        }
    }
}

/// The least byte that begins a character of several (RFC 3629, section 3).
const FIRST_OF_SEVERAL: u8 = 0xc0;

/// The line of a byte. Lines end in carriage returns only if no line feed stands before it.
fn line_at(file: &impl ReadAt, offset: u64) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    let (mut at, mut feeds, mut returns) = (0, 0, 0);
    while at < offset {
        let wanted = usize::try_from(offset - at).unwrap_or(BLOCK).min(BLOCK);
        let filled = fill(file, block.get_mut(..wanted).unwrap_or_default(), at)?;
        let bytes = block.get(..filled).unwrap_or_default();
        feeds += memchr_iter(b'\n', bytes).count() as u64;
        returns += memchr_iter(b'\r', bytes).count() as u64;
        at += filled as u64;
        if filled < wanted {
            break;
        }
    }
    Ok(1 + if feeds > 0 { feeds } else { returns })
}

/// Can delimiters, quotes and line ends be found in the bytes as they are? In the Asian double-byte encodings the second
/// byte of a character may be a `|`, and in UTF-16 everything is doubled: those are decoded before they are framed.
pub(super) fn frames_as_it_is(encoding: &'static Encoding) -> bool {
    encoding == UTF_8 || encoding.is_single_byte()
}

/// Offset of the first byte that is not UTF-8.
fn first_misfit(file: &impl ReadAt) -> io::Result<Option<u64>> {
    let mut block = vec![0; BLOCK];
    let mut offset = 0;
    loop {
        let filled = fill(file, &mut block, offset)?;
        let bytes = block.get(..filled).unwrap_or_default();
        let whole = match std::str::from_utf8(bytes) {
            Ok(_) => filled,
            // A character cut by the end of the block is looked at again from its first byte.
            Err(error) if error.error_len().is_none() && filled == BLOCK => error.valid_up_to(),
            Err(error) => return Ok(Some(offset + error.valid_up_to() as u64)),
        };
        offset += whole as u64;
        if filled < BLOCK {
            return Ok(None);
        }
    }
}

/// Latin text in UTF-16 has a zero in every other byte.
fn utf16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), head.len() / 2);
    if half < 4 {
        return None;
    }
    if odd * 2 > half && even * 10 < half {
        return Some(UTF_16LE);
    }
    (even * 2 > half && odd * 10 < half).then_some(UTF_16BE)
}

fn guess(file: &impl ReadAt) -> io::Result<&'static Encoding> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut block = vec![0; BLOCK];
    let mut offset = 0;
    let mut fed = 0;
    loop {
        let filled = fill(file, &mut block, offset)?;
        let bytes = block.get(..filled).unwrap_or_default();
        offset += filled as u64;
        if !bytes.is_ascii() {
            fed += 1;
            detector.feed(bytes, false);
        }
        if filled < BLOCK || fed >= BLOCKS_FOR_GUESS {
            break;
        }
    }
    detector.feed(&[], true);
    Ok(detector.guess(None, Utf8Detection::Deny))
}

/// What became of a decoded file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decoded {
    /// Bytes of UTF-8 written.
    pub(super) length: u64,
    /// Places that held no character and became U+FFFD.
    pub(super) misfits: u64,
}

/// Writes `file` from `start` on to `to` as UTF-8; stops with `None` when that would take more than `most` bytes.
pub(super) fn decode(
    file: &impl ReadAt,
    start: u64,
    encoding: &'static Encoding,
    to: &mut impl Write,
    most: u64,
) -> io::Result<Option<Decoded>> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut block = vec![0; BLOCK];
    let mut text = vec![0; BLOCK];
    let mut offset = start;
    let mut done = Decoded { length: 0, misfits: 0 };
    loop {
        let filled = fill(file, &mut block, offset)?;
        offset += filled as u64;
        let last = filled < BLOCK;
        let mut rest = block.get(..filled).unwrap_or_default();
        loop {
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(rest, &mut text, last);
            rest = rest.get(read..).unwrap_or_default();
            to.write_all(text.get(..written).unwrap_or_default())?;
            done.length += written as u64;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    let replacement = "\u{fffd}".as_bytes();
                    to.write_all(replacement)?;
                    done.length += replacement.len() as u64;
                    done.misfits += 1;
                }
            }
        }
        if done.length > most {
            return Ok(None);
        }
        if last {
            return Ok(Some(done));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{SHIFT_JIS, WINDOWS_1252};

    fn chosen(bytes: &[u8], declared: Option<&'static Encoding>) -> Chosen {
        choose(&bytes, declared).unwrap().unwrap()
    }

    #[test]
    fn what_is_declared_is_not_guessed() {
        let chosen = chosen(b"caf\xe9", Some(WINDOWS_1252));
        assert_eq!((chosen.encoding, chosen.known), (WINDOWS_1252, Known::Declared));
    }

    #[test]
    fn a_byte_order_mark_decides() {
        assert_eq!(chosen(b"\xef\xbb\xbfid", None).encoding, UTF_8);
        assert_eq!(chosen(b"\xff\xfei\0d\0", None).encoding, UTF_16LE);
        assert_eq!(chosen(b"\xfe\xff\0i\0d", None).encoding, UTF_16BE);
        assert_eq!(chosen(b"\xfe\xff\0i\0d", Some(UTF_16LE)).encoding, UTF_16BE);
        assert_eq!(chosen(b"\xef\xbb\xbfid", None).mark, 3);
    }

    #[test]
    fn a_mark_that_contradicts_the_mapping_is_not_passed_over() {
        let contradiction = choose(&&b"\xef\xbb\xbfid"[..], Some(WINDOWS_1252)).unwrap().unwrap_err();
        assert_eq!((contradiction.declared, contradiction.marked), (WINDOWS_1252, UTF_8));
    }

    #[test]
    fn utf_8_is_known_only_if_every_byte_fits() {
        let chosen_utf8 = chosen("déjà".as_bytes(), None);
        assert_eq!((chosen_utf8.encoding, chosen_utf8.known), (UTF_8, Known::Evident));
        let latin = chosen(b"une journ\xe9e d'\xe9t\xe9, tr\xe8s bient\xf4t", None);
        assert_eq!((latin.encoding, latin.known), (WINDOWS_1252, Known::Guessed));
        assert_eq!(chosen(b"abc\xe9def", Some(UTF_8)).misfit, Some(3));
    }

    #[test]
    fn utf_8_with_few_damaged_places_is_no_other_encoding() {
        let text = |whole: usize| [&b"id\nn\n\xc3\xc3,"[..], "ж,".repeat(whole).as_bytes(), b"\xe9"].concat();
        let found = chosen(&text(20), None);
        assert_eq!((found.encoding, found.known), (UTF_8, Known::Evident));
        assert_eq!(found.damaged, Some(Damaged { places: 2, line: 3 }));
        assert_eq!(chosen(&text(19), None).known, Known::Guessed);
        let marked = [b"\xef\xbb\xbf", text(0).as_slice()].concat();
        assert_eq!(
            chosen(&marked, None).damaged,
            Some(Damaged { places: 2, line: 3 }),
            "a mark decides, damage is said"
        );
        assert_eq!(chosen("жж".as_bytes(), None).damaged, None);
    }

    #[test]
    fn neither_whole_characters_nor_damaged_places_are_counted_twice_across_blocks() {
        for shift in 0..4 {
            let text =
                [vec![b'x'; BLOCK - shift], "€".into(), b"\xe2\x82\xe2\x82".to_vec(), "€".repeat(9).into()].concat();
            let found = fit(&text.as_slice()).unwrap();
            assert_eq!((found.whole, found.damaged), (10, Some(Damaged { places: 1, line: 1 })), "{shift}");
        }
        for shift in 1..4 {
            let text = [vec![b'x'; BLOCK - shift], b"\xe2\x82x\xe2\x82".to_vec()].concat();
            assert_eq!(fit(&text.as_slice()).unwrap().damaged, Some(Damaged { places: 2, line: 1 }), "{shift}");
        }
    }

    #[test]
    fn texts_in_other_encodings_are_not_taken_for_damaged_utf_8() {
        use encoding_rs::{BIG5, EUC_JP, EUC_KR, GBK, KOI8_R, WINDOWS_874, WINDOWS_1251};
        let texts = [
            ("DÉJÀ\u{a0}! CLICHÉ\u{a0}: «\u{a0}É» été très bientôt", WINDOWS_1252),
            ("ПРИВЕТ, як справи? Її книжка її сестри", WINDOWS_1251),
            ("здравствуйте, где мой заказ?", KOI8_R),
            ("สวัสดีครับ สินค้าของผมอยู่ที่ไหน", WINDOWS_874),
            ("联通公司的订单什么时候到货", GBK),
            ("請問我的訂單什麼時候到", BIG5),
            ("注文した商品はいつ届きますか", SHIFT_JIS),
            ("ｼｮｳﾋﾝﾊｲﾂﾄﾄﾞｷﾏｽｶ", SHIFT_JIS),
            ("注文した商品はいつ届きますか", EUC_JP),
            ("주문한 상품은 언제 도착하나요", EUC_KR),
        ];
        for (text, encoding) in texts {
            let (bytes, _, is_lossy) = encoding.encode(text);
            assert!(!is_lossy, "{text}");
            assert_eq!(chosen(&bytes.repeat(50), None).known, Known::Guessed, "{text}");
        }
    }

    #[test]
    fn a_character_across_two_blocks_is_still_utf_8() {
        let mut bytes = vec![b'x'; BLOCK - 1];
        bytes.extend_from_slice("é".as_bytes());
        assert_eq!(first_misfit(&bytes.as_slice()).unwrap(), None);
        bytes.pop();
        assert_eq!(first_misfit(&bytes.as_slice()).unwrap(), Some(BLOCK as u64 - 1));
    }

    #[test]
    fn utf_16_without_a_mark_is_guessed_from_its_zeros() {
        assert_eq!(chosen(b"i\0d\0,\0t\0e\0x\0t\0", None).encoding, UTF_16LE);
        assert_eq!(chosen(b"\0i\0d\0,\0t\0e\0x\0t", None).encoding, UTF_16BE);
    }

    #[test]
    fn decoding_counts_what_holds_no_character() {
        let mut text = Vec::new();
        let done = decode(&&b"\x83\x7c,\xff,a"[..], 0, SHIFT_JIS, &mut text, 100).unwrap().unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "ポ,\u{fffd},a");
        assert_eq!(done.misfits, 1);
        assert_eq!(decode(&&b"abcdef"[..], 0, SHIFT_JIS, &mut Vec::new(), 5).unwrap(), None);
    }
}
