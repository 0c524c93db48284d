//! The identity of a mail; the scheme is described in [`crate::record::identity`].

use super::header::{Fields, squeeze};
use super::parser::Structure;
use super::part::Leaf;
use super::{aside, visible, words};
use crate::record::identity::{Digest, mail_key};
use crate::record::{Address, Identity, Likeness};

/// What identity is made of, beside the parts.
pub(super) struct Mail<'a> {
    /// Namespace of the source.
    pub(super) namespace: &'a str,
    /// Fields of the mail.
    pub(super) fields: &'a Fields<'a>,
    /// The person whom a mailing list's address in From hides.
    pub(super) hidden: Option<&'a Address>,
}

/// Both digests, and what else may make it the same message as another.
pub(super) fn identity(
    mail: &Mail<'_>,
    message_id: Option<&str>,
    structure: &Structure,
    leaves: &[Option<Leaf<'_>>],
) -> (Identity, Option<Likeness>) {
    let files = structure.files.iter().filter_map(|id| leaves.get(*id)?.as_ref());
    let files: Vec<(bool, [u8; 32])> = files.map(|leaf| (aside::is_missing(leaf), leaf.canonical_hash())).collect();
    let mut hashes: Vec<[u8; 32]> = files.iter().map(|(_, hash)| *hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let (seen, is_above_footer) = Compared::of(mail, structure, leaves);
    let sender = mail.hidden.map(|person| bare_sender(person.handle.as_bytes()));
    let as_written = (is_above_footer || sender.is_some()).then(|| {
        let text = if is_above_footer { String::new() } else { seen.text.clone() };
        half(&Compared { text, ..seen.clone() }.digest(&hashes))
    });
    let compared = Compared { sender: sender.unwrap_or_else(|| seen.sender.clone()), ..seen };
    let identity = Identity {
        key: message_id.map_or_else(|| content_key(mail, leaves), |id| mail_key(mail.namespace, id)),
        sameness: compared.digest(&hashes),
    };
    let likeness = (!files.is_empty() || as_written.is_some()).then(|| {
        let mut present: Vec<u64> =
            files.iter().filter(|(is_missing, _)| !is_missing).map(|(_, hash)| short(hash)).collect();
        present.sort_unstable();
        present.dedup();
        Likeness {
            base: half(&compared.digest(&[])),
            files: present.into_boxed_slice(),
            missing: u32::try_from(files.iter().filter(|(is_missing, _)| *is_missing).count()).unwrap_or(u32::MAX),
            as_written,
        }
    });
    (identity, likeness)
}

fn short(digest: &[u8; 32]) -> u64 {
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn half(digest: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    half
}

fn content_key(mail: &Mail<'_>, leaves: &[Option<Leaf<'_>>]) -> [u8; 32] {
    let mut digest = Digest::new("threadlift tl1 mail content").field(mail.namespace.as_bytes());
    for name in ["Date", "From", "To", "Cc", "Subject"] {
        digest = digest.list(&squeezed(mail.fields, name));
    }
    let parts: Vec<_> = leaves.iter().flatten().map(Leaf::canonical_hash).collect();
    digest.list(&parts).finish()
}

/// What copies of one message are compared by, beside their files.
#[derive(Clone)]
struct Compared {
    date: Vec<Vec<u8>>,
    sender: Vec<u8>,
    subject: String,
    text: String,
}

impl Compared {
    /// With whether its text stands in HTML above a list's footer in a plain part.
    fn of(mail: &Mail<'_>, structure: &Structure, leaves: &[Option<Leaf<'_>>]) -> (Self, bool) {
        let visible = visible::text(structure, leaves);
        let subject = mail.fields.first("Subject").map(|value| words::decode(value).text).unwrap_or_default();
        let compared = Self {
            date: mail.fields.first("Date").map(squeeze).into_iter().collect(),
            sender: bare_sender(mail.fields.first("From").unwrap_or_default()),
            subject: visible::subject(&subject),
            text: visible.text,
        };
        (compared, visible.is_above_footer)
    }

    fn digest(&self, files: &[[u8; 32]]) -> [u8; 32] {
        Digest::new("threadlift tl1 mail sameness")
            .list(&self.date)
            .field(&self.sender)
            .field(self.subject.as_bytes())
            .field(self.text.as_bytes())
            .list(files)
            .finish()
    }
}

fn squeezed(fields: &Fields<'_>, name: &str) -> Vec<Vec<u8>> {
    fields.all(name).map(squeeze).collect()
}

/// The address of a From field, found so simply that it will be found the same way forever.
fn bare_sender(value: &[u8]) -> Vec<u8> {
    let bracketed = memchr::memrchr(b'<', value).and_then(|at| value.get(at + 1..)).map(|rest| {
        let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
        rest.get(..end).unwrap_or(rest)
    });
    let word = || value.split(u8::is_ascii_whitespace).find(|word| word.contains(&b'@'));
    let mut address = bracketed.or_else(word).unwrap_or(value).to_ascii_lowercase();
    address.retain(|byte| !byte.is_ascii_whitespace());
    address
}

#[cfg(test)]
mod tests {
    use crate::record::testing::{identity, record};

    const PLAIN: &str = "From: A <a@x.example>\nTo: b@x.example\nSubject: [users] Caf=C3=A9\n\
        Date: Fri, 21 Nov 1997 09:55:06 -0600\n";
    const TEXT: &str = "Content-Type: text/plain; charset=utf-8\n\ncafé  au lait\n";

    fn hex(digest: [u8; 32]) -> String {
        blake3::Hash::from_bytes(digest).to_hex().to_string()
    }

    /// Whoever has to change a value below has changed the scheme: every message of every customer would be
    /// imported a second time. That takes a new scheme name, not new values here.
    #[test]
    fn golden_ids_never_change() {
        let with_id = record(format!("Message-ID: <1@x.example>\n{PLAIN}{TEXT}").as_bytes()).identity;
        assert_eq!(hex(with_id.key), "73cfde63577dc36acf436fc6b422b51bec79ba9730c4f18b484d67a1135dc527");
        assert_eq!(hex(with_id.sameness), "63dd8378f1fa83cb9bfe53fb0b487e091e35e0da407fd7007086ef568049fe12");
        let mail = format!(
            "{PLAIN}Content-Type: multipart/mixed; boundary=b\n\n--b\n{TEXT}--b\nContent-Type: application/pdf\n\
             Content-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n--b--\n"
        );
        let without_id = record(mail.as_bytes()).identity;
        assert_eq!(hex(without_id.key), "e735d7c44af18bb3de44e9f9e1c9d8bf6b3424ffaf2d455272d658317ab1dcd7");
        assert_eq!(hex(without_id.sameness), "86cdb3140090f9b8e1038cf9a6f025d4f60bed6b2b540d7fb49a4a8bb9501845");
    }

    #[test]
    fn volatile_headers_and_line_ends_do_not_touch_the_identity() {
        let one = identity(&format!("{PLAIN}{TEXT}"));
        let other = format!(
            "X-Gmail-Labels: Inbox\nReceived: by x; Fri, 21 Nov 1997 15:55:06 +0000\nStatus: RO\n{PLAIN}\
             X-Mozilla-Status: 0001\nContent-Length: 14\nDelivered-To: b@x.example\n{TEXT}\n"
        );
        let two = identity(&other.replace('\n', "\r\n"));
        assert_eq!(one.key, two.key);
        assert_eq!(one.sameness, two.sameness);
    }

    #[test]
    fn another_text_sender_subject_date_or_recipient_is_another_message() {
        let base = format!("{PLAIN}{TEXT}");
        let one = identity(&base);
        for (old, new) in [("au lait", "noir"), ("a@x", "c@x"), ("Caf", "Tea"), ("1997", "1998"), ("b@x", "d@x")] {
            assert_ne!(one.key, identity(&base.replace(old, new)).key, "{new}");
        }
        for (old, new) in [("au lait", "noir"), ("a@x", "c@x"), ("Caf", "Tea"), ("1997", "1998")] {
            assert_ne!(one.sameness, identity(&base.replace(old, new)).sameness, "{new}");
        }
    }

    #[test]
    fn copies_in_another_encoding_or_through_a_list_are_the_same_message() {
        let one = identity(&format!("{PLAIN}{TEXT}"));
        let quoted = "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n\
                      caf=E9 au=\n lait\n";
        assert_eq!(one.sameness, identity(&format!("{PLAIN}{quoted}")).sameness);
        let rule = "_".repeat(47);
        let listed = format!("{PLAIN}{TEXT}{rule}\nusers mailing list\nusers@x.example\n");
        assert_eq!(one.sameness, identity(&listed.replace("[users] ", "")).sameness);
    }

    #[test]
    fn another_file_is_another_message_and_its_name_is_not() {
        let mail = |name: &str, data: &str| {
            identity(&format!(
                "{PLAIN}Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\nContent-Type: image/png; name={name}\n\
                 Content-Transfer-Encoding: base64\n\n{data}\n--b--\n"
            ))
        };
        assert_eq!(mail("a.png", "AAAA").sameness, mail("b.png", "AAAA").sameness);
        assert_ne!(mail("a.png", "AAAA").sameness, mail("a.png", "AAAB").sameness);
    }

    #[test]
    fn the_namespace_of_the_source_is_part_of_the_key() {
        let mail = format!("Message-ID: <1@x.example>\n{PLAIN}{TEXT}");
        let mut mapping = crate::record::testing::mapping();
        let raw = crate::record::testing::mail(mail.as_bytes());
        let one = super::super::from_mail(&raw, &mapping, 0).unwrap().identity;
        mapping.sources[0].namespace = "other".into();
        let two = super::super::from_mail(&raw, &mapping, 0).unwrap().identity;
        assert_ne!(one.key, two.key);
        assert_eq!(one.sameness, two.sameness);
    }
}
