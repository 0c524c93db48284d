//! The fuzz target `mbox`.

use crate::mapping::Dialect;
use crate::source;

const DIALECTS: [Dialect; 5] = [Dialect::Auto, Dialect::Mboxo, Dialect::Mboxrd, Dialect::Mboxcl, Dialect::Mboxcl2];

/// Framing of an mbox. The first byte chooses dialect and block size, the rest is the file.
///
/// # Panics
/// If stretches do not tile the file, one behind the first holds no mail, or the block size or CR for LF change what is
/// found.
pub fn mbox(bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else { return };
    let choice = usize::from(*choice);
    let Some(dialect) = DIALECTS.get(choice % DIALECTS.len()) else { return };
    let found = source::mbox_in_memory(file, *dialect, 1 << 16);
    let mut end = 0;
    for (number, (offset, length, mail)) in found.iter().enumerate() {
        assert_eq!(*offset, end, "stretch {number} does not begin where the one before ends");
        assert!(*length > 0, "stretch {number} is empty");
        assert!(mail.is_some() || number == 0, "stretch {number} at {offset} belongs to no mail");
        assert!(mail.as_ref().is_none_or(|mail| mail.bytes.len() as u64 <= *length), "a mail larger than its stretch");
        end += length;
    }
    assert_eq!(end, file.len() as u64, "the stretches do not reach the end");
    let again = source::mbox_in_memory(file, *dialect, 1 + choice / DIALECTS.len());
    assert_eq!(format!("{found:?}"), format!("{again:?}"), "the block size decides what is found");
    if file.contains(&b'\n') && !file.contains(&b'\r') {
        let of_mac: Vec<u8> = file.iter().map(|byte| if *byte == b'\n' { b'\r' } else { *byte }).collect();
        let again = source::mbox_in_memory(&of_mac, *dialect, 1 << 16);
        assert_eq!(format!("{found:?}"), format!("{again:?}"), "with CR alone other mails are found");
    }
}
