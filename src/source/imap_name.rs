//! Mailbox names as IMAP servers write them to disk: modified UTF-7 (RFC 3501 section 5.1.3).

/// The name in plain text. A name that is not wholly in that encoding (`R&D` is an ordinary folder) stays as it is.
pub(super) fn decoded(name: &str) -> String {
    if name.contains('&') { try_decode(name).unwrap_or_else(|| name.to_owned()) } else { name.to_owned() }
}

fn try_decode(name: &str) -> Option<String> {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((plain, shifted)) = rest.split_once('&') {
        text.push_str(plain);
        let (coded, tail) = shifted.split_once('-')?;
        if coded.is_empty() {
            text.push('&');
        } else {
            text.push_str(&utf16(coded)?);
        }
        rest = tail;
    }
    text.push_str(rest);
    Some(text)
}

/// UTF-16 in base64 with `,` for `/` and without padding; nothing that could have been written plainly.
fn utf16(coded: &str) -> Option<String> {
    let mut units = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for letter in coded.bytes() {
        bits = (bits << 6) | value(letter)?;
        held += 6;
        if held >= 16 {
            held -= 16;
            units.push(u16::try_from((bits >> held) & 0xffff).ok()?);
        }
        bits &= (1 << held) - 1;
    }
    // What is left over are fewer than six bits of padding, all zero.
    if bits != 0 || held >= 6 {
        return None;
    }
    let text = String::from_utf16(&units).ok()?;
    (!text.is_empty() && !text.contains(|letter: char| (' '..='~').contains(&letter))).then_some(text)
}

fn value(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        b',' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn names_that_imap_servers_wrote_read_as_people_wrote_them() {
        assert_eq!(decoded("Entw&APw-rfe"), "Entwürfe");
        assert_eq!(decoded("~peter/mail/&U,BTFw-/&ZeVnLIqe-"), "~peter/mail/台北/日本語");
        assert_eq!(decoded("&2D3eAA-"), "😀");
        assert_eq!(decoded("Tom &- Jerry"), "Tom & Jerry");
    }

    #[test]
    fn names_that_only_look_like_it_stay_as_they_are() {
        for name in ["R&D", "A&B-C", "Q&A - old", "&2D0-", "&AGE-", "&APx-", "&é-", "&", "plain"] {
            assert_eq!(decoded(name), name);
        }
    }
}
