//! Files inside a `winmail.dat` (TNEF, [MS-OXTNEF]): what Outlook wraps the files of a mail in.
//!
//! Only attachments are read. The formatted text inside is Outlook's own form of the text that the mail carries anyway.

use super::charset::{decode, decode_plainly};
use bytes::Bytes;

const SIGNATURE: u32 = 0x223E_9F78;

/// Attributes ([MS-OXTNEF] section 2.1.3.2).
const OEM_CODEPAGE: u32 = 0x0006_9007;
const REND_DATA: u32 = 0x0006_9002;
const TITLE: u32 = 0x0001_8010;
const DATA: u32 = 0x0006_800F;
const PROPERTIES: u32 = 0x0006_9005;

/// Properties ([MS-OXPROPS]) of an attachment.
const LONG_FILENAME: u16 = 0x3707;
const MIME_TAG: u16 = 0x370E;
const CONTENT_ID: u16 = 0x3712;

/// Most files that are read of one wrapper.
const MAX_FILES: usize = 1_000;

/// A file found inside.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inner {
    /// Its name as written, if any.
    pub(super) name: Option<String>,
    /// Its type, if stated.
    pub(super) content_type: Option<String>,
    /// Content-ID without angle brackets.
    pub(super) content_id: Option<String>,
    /// Its content; none for what is no file, such as an embedded Outlook item.
    pub(super) content: Option<Bytes>,
}

/// What a wrapper holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrapper {
    /// Files, in order.
    pub(super) files: Vec<Inner>,
    /// Nothing in it was cut, damaged or of a kind that is not read: the files stand for all attachments inside.
    pub(super) is_whole: bool,
}

/// Opens a wrapper; none if it is not TNEF.
pub(super) fn open(wrapper: &Bytes) -> Option<Wrapper> {
    let mut reader = Reader { bytes: wrapper, at: 0 };
    (reader.u32()? == SIGNATURE).then_some(())?;
    reader.u16()?;
    let mut opened = Wrapper { files: Vec::new(), is_whole: true };
    let mut codepage = None;
    while !reader.is_done() {
        let Some((id, start, length)) = attribute(&mut reader, &mut opened.is_whole) else {
            opened.is_whole = false;
            break;
        };
        let data = wrapper.slice(start..start + length);
        match id {
            OEM_CODEPAGE => codepage = Reader { bytes: &data, at: 0 }.u32().map(|number| format!("cp{number}")),
            REND_DATA if opened.files.len() < MAX_FILES => opened.files.push(Inner::default()),
            REND_DATA => {
                opened.is_whole = false;
                break;
            }
            _ => {
                let Some(file) = opened.files.last_mut() else { continue };
                match id {
                    TITLE => file.name = file.name.take().or_else(|| text(&data, codepage.as_deref())),
                    DATA => file.content = Some(data),
                    PROPERTIES => properties(&data, codepage.as_deref(), file),
                    _ => {}
                }
            }
        }
    }
    opened.is_whole &= opened.files.iter().all(|file| file.content.is_some());
    Some(opened)
}

/// Id and place of the next attribute. A wrong checksum does not stop: the file is better kept than lost.
fn attribute(reader: &mut Reader<'_>, is_whole: &mut bool) -> Option<(u32, usize, usize)> {
    reader.take(1)?;
    let id = reader.u32()?;
    let length = usize::try_from(reader.u32()?).ok()?;
    let start = reader.at;
    let data = reader.take(length)?;
    let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    // Some writers leave out the last checksum.
    *is_whole &= reader.u16().is_none_or(|stated| stated == sum);
    Some((id, start, length))
}

/// Reads the properties of an attachment that matter, up to the first that cannot be read.
fn properties(data: &Bytes, codepage: Option<&str>, file: &mut Inner) {
    let mut reader = Reader { bytes: data, at: 0 };
    let count = reader.u32().unwrap_or_default();
    for _ in 0..count {
        let Some((id, value)) = property(&mut reader, codepage) else { return };
        match (id, value) {
            // The long name is the true one; the title is cut to eight and three letters.
            (LONG_FILENAME, Some(name)) => file.name = Some(name),
            (MIME_TAG, Some(kind)) => file.content_type = Some(kind.to_ascii_lowercase()),
            (CONTENT_ID, Some(id)) => file.content_id = Some(id.trim_matches(['<', '>', ' ']).to_owned()),
            _ => {}
        }
    }
}

/// One property: its id, and its value if it is a single string ([MS-OXTNEF] section 2.1.3.4).
fn property(reader: &mut Reader<'_>, codepage: Option<&str>) -> Option<(u16, Option<String>)> {
    const NAMED: u16 = 0x8000;
    const MULTIPLE: u16 = 0x1000;
    let (kind, id) = (reader.u16()?, reader.u16()?);
    if id >= NAMED {
        reader.take(16)?;
        if reader.u32()? == 0 {
            reader.take(4)?;
        } else {
            reader.padded()?;
        }
    }
    let is_sized = matches!(kind & !MULTIPLE, 0x0D | 0x1E | 0x1F | 0x102);
    let values = if is_sized || kind & MULTIPLE != 0 { reader.u32()? } else { 1 };
    let mut found = None;
    for _ in 0..values {
        let value = match kind & !MULTIPLE {
            0x02 | 0x03 | 0x04 | 0x0A | 0x0B => reader.take(4)?,
            0x05 | 0x06 | 0x07 | 0x14 | 0x40 => reader.take(8)?,
            0x48 => reader.take(16)?,
            0x0D | 0x1E | 0x1F | 0x102 => reader.padded()?,
            _ => return None,
        };
        found = match kind {
            0x1E => text(value, codepage),
            0x1F => text(value, Some("utf-16le")),
            _ => None,
        };
    }
    Some((id, found))
}

/// A string up to its closing NUL; none if it is empty.
fn text(bytes: &[u8], charset: Option<&str>) -> Option<String> {
    let decoded = if charset == Some("utf-16le") {
        decode_plainly(bytes, charset).into_owned()
    } else {
        let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
        decode(bytes.get(..end).unwrap_or_default(), charset).text
    };
    let text = decoded.split('\0').next().unwrap_or_default().trim();
    (!text.is_empty()).then(|| text.to_owned())
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// A value with its length in front and filled up to four bytes.
    fn padded(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let value = self.take(length)?;
        self.take(length.wrapping_neg() % 4)?;
        Some(value)
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_le_bytes(bytes.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        let bytes = self.take(4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn put(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
        let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        let length = u32::try_from(data.len()).unwrap();
        [&[level][..], &id.to_le_bytes(), &length.to_le_bytes(), data, &sum.to_le_bytes()].concat()
    }

    fn string(id: u16, text: &str) -> Vec<u8> {
        let mut data: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        data.extend([0, 0]);
        let length = u32::try_from(data.len()).unwrap();
        data.resize(data.len().next_multiple_of(4), 0);
        [&0x1F_u16.to_le_bytes()[..], &id.to_le_bytes(), &1_u32.to_le_bytes(), &length.to_le_bytes(), &data].concat()
    }

    /// A wrapper with one file.
    pub(in super::super) fn wrapper(name: &str, content: &[u8]) -> Vec<u8> {
        let number = [&0x03_u16.to_le_bytes()[..], &0x3705_u16.to_le_bytes(), &1_u32.to_le_bytes()].concat();
        let named = [
            &0x03_u16.to_le_bytes()[..],
            &0x8001_u16.to_le_bytes(),
            &[9; 16],
            &1_u32.to_le_bytes(),
            &6_u32.to_le_bytes(),
            b"a\0b\0\0\0\0\0",
            &7_u32.to_le_bytes(),
        ]
        .concat();
        let all =
            [&4_u32.to_le_bytes()[..], &number, &named, &string(LONG_FILENAME, name), &string(MIME_TAG, "Text/Plain")];
        [
            &SIGNATURE.to_le_bytes()[..],
            &[1, 0],
            &put(1, OEM_CODEPAGE, &[0xE4, 4, 0, 0, 0, 0, 0, 0]),
            &put(2, REND_DATA, &[0; 14]),
            &put(2, TITLE, b"SHORT~1.TXT\0"),
            &put(2, DATA, content),
            &put(2, PROPERTIES, &all.concat()),
        ]
        .concat()
    }

    #[test]
    fn files_come_out_with_their_long_names() {
        let opened = open(&Bytes::from(wrapper("Größe of all.txt", b"hello"))).unwrap();
        assert!(opened.is_whole);
        let [file] = opened.files.as_slice() else { panic!("{opened:?}") };
        assert_eq!(file.name.as_deref(), Some("Größe of all.txt"));
        assert_eq!(file.content_type.as_deref(), Some("text/plain"));
        assert_eq!(file.content.as_deref(), Some(&b"hello"[..]));
    }

    #[test]
    fn a_cut_or_changed_wrapper_is_not_whole_and_gives_what_it_has() {
        let mut bytes = wrapper("a.txt", b"hello");
        let cut = open(&Bytes::from(bytes[..bytes.len() - 20].to_vec())).unwrap();
        assert!(!cut.is_whole && cut.files[0].content.is_some());
        let at = memchr::memmem::find(&bytes, b"hello").unwrap();
        bytes[at] = b'j';
        let changed = open(&Bytes::from(bytes)).unwrap();
        assert!(!changed.is_whole && changed.files[0].content.as_deref() == Some(b"jello"));
        assert_eq!(open(&Bytes::from_static(b"no wrapper")), None);
    }

    proptest! {
        #[test]
        fn any_damage_is_read_without_panic(changes in proptest::collection::vec((0_usize..400, any::<u8>()), 0..6), cut in 0_usize..400) {
            let mut bytes = wrapper("name.txt", b"content");
            for (at, byte) in changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            bytes.truncate(cut);
            open(&Bytes::from(bytes));
        }
    }
}
