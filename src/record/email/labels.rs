//! Labels of a mail: what exports keep in headers, and what its place says.
//!
//! | field | what is taken |
//! |---|---|
//! | X-Gmail-Labels (Google Takeout) | the list, which may be encoded, folded and quoted; a Sent label states the direction |
//! | X-Keywords (Dovecot, UW-IMAP), X-Mozilla-Keys (Thunderbird) | IMAP keywords; `$label1` to `$label5` by Thunderbird's names |
//! | X-Mozilla-Status | bit 0x4 `Starred`, bit 0x8 `Expunged`: deleted, and still in the file |
//! | X-Status (mbox of Pine, mutt) | `F` `Starred`, `D` `Deleted`, `T` `Drafts` |
//! | X-Evolution | the flags after the dash: deleted, draft, marked, junk |
//! | X-Label (mutt) | the list, or the whole |
//!
//! No labels: Keywords (RFC 5322) and categories that travel with a mail are the sender's words, and X-Spam-Flag is a
//! filter's guess about mail that somebody may have kept all the same.

use super::header::Fields;
use super::words;
use crate::record::Direction;
use crate::record::system_labels::{Meaning, meaning};
use std::collections::HashSet;

/// What Thunderbird calls its five tags unless somebody renames them.
const THUNDERBIRD: [(&str, &str); 5] = [
    ("$label1", "Important"),
    ("$label2", "Work"),
    ("$label3", "Personal"),
    ("$label4", "To Do"),
    ("$label5", "Later"),
];

/// Bits of X-Mozilla-Status (`nsMsgMessageFlags` in Mozilla's source): marked, expunged.
const MOZILLA: [(u32, &str); 2] = [(0x0004, "Starred"), (0x0008, "Expunged")];

/// Bits of X-Evolution (`CamelMessageFlags` in evolution-data-server): deleted, draft, flagged, junk.
const EVOLUTION: [(u32, &str); 4] = [(1 << 1, "Deleted"), (1 << 2, "Drafts"), (1 << 3, "Starred"), (1 << 7, "Spam")];

/// Letters of X-Status that say more than read and answered.
const STATUS: [(u8, &str); 3] = [(b'D', "Deleted"), (b'T', "Drafts"), (b'F', "Starred")];

/// What the label fields and the place say.
pub(super) struct Labels {
    /// Labels in order, each once.
    pub(super) labels: Vec<String>,
    /// Outbound where the origin filed the mail as sent.
    pub(super) direction: Option<Direction>,
}

/// Reads the label fields; `place` are the labels that the source gives: folders, file name, flags.
pub(super) fn read(fields: &Fields<'_>, place: &[String]) -> Labels {
    let mut labels = Distinct::default();
    let mut sent = false;
    for value in fields.all("X-Gmail-Labels") {
        for label in split_commas(&words::decode(value).text) {
            sent |= meaning(&label) == Some(Meaning::Sent);
            labels.add(label);
        }
    }
    for keyword in ["X-Keywords", "X-Mozilla-Keys"].into_iter().flat_map(|name| fields.all(name)).flat_map(keywords) {
        let tag = THUNDERBIRD.iter().find(|(key, _)| key.eq_ignore_ascii_case(&keyword));
        labels.add(tag.map_or(keyword, |(_, name)| (*name).to_owned()));
    }
    for value in fields.all("X-Label") {
        for label in split_commas(&words::decode(value).text) {
            labels.add(label);
        }
    }
    for flag in flags(fields) {
        labels.add(flag.to_owned());
    }
    for path in place {
        sent |= labels.add_place(path);
    }
    Labels { labels: labels.order, direction: sent.then_some(Direction::Outbound) }
}

/// IMAP keywords, divided by space; some programs put commas between them, and then a space is part of a keyword.
fn keywords(value: &[u8]) -> Vec<String> {
    let text = words::decode(value).text;
    if text.contains(',') { split_commas(&text) } else { text.split_whitespace().map(str::to_owned).collect() }
}

/// Labels for the flags that mail programs keep in headers.
fn flags(fields: &Fields<'_>) -> Vec<&'static str> {
    let text = |name: &str| fields.first(name).and_then(|value| std::str::from_utf8(value).ok()).map_or("", str::trim);
    let bits = |number: Option<&str>| number.and_then(|hex| u32::from_str_radix(hex, 16).ok()).unwrap_or(0);
    let mozilla = bits(Some(text("X-Mozilla-Status")));
    let evolution = bits(text("X-Evolution").split_once('-').map(|(_, flags)| flags.trim()));
    // Letters alone: other programs write words into a field of that name.
    let status = Some(text("X-Status")).filter(|value| value.bytes().all(|byte| b"RONUADFT ".contains(&byte)));
    let named = |bits: u32, names: &'static [(u32, &'static str)]| {
        names.iter().filter(move |(bit, _)| bits & bit != 0).map(|(_, name)| *name)
    };
    let letters = STATUS.iter().filter(|(letter, _)| status.is_some_and(|value| value.as_bytes().contains(letter)));
    named(mozilla, &MOZILLA).chain(named(evolution, &EVOLUTION)).chain(letters.map(|(_, name)| *name)).collect()
}

/// The last name of a folder path, and whether what stands before it is only the root that a server puts before its own
/// folders.
fn last_folder(path: &str) -> (&str, bool) {
    let path = path.trim_matches('/');
    let (parent, last) = path.rsplit_once('/').unwrap_or(("", path));
    // Courier and Maildir++ divide by dots, below INBOX.
    let below_inbox = |name: &str| name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("INBOX."));
    if parent.is_empty() && below_inbox(last) {
        let (parent, last) = last.rsplit_once('.').unwrap_or(("", last));
        return (last, parent.eq_ignore_ascii_case("INBOX"));
    }
    (last, ["", "[Gmail]", "[Google Mail]", "INBOX"].iter().any(|root| root.eq_ignore_ascii_case(parent)))
}

/// Labels in order, each once.
#[derive(Default)]
struct Distinct {
    order: Vec<String>,
    seen: HashSet<String>,
}

impl Distinct {
    fn add(&mut self, label: String) {
        if !label.is_empty() && self.seen.insert(label.clone()) {
            self.order.push(label);
        }
    }

    /// Adds a folder path. Whatever stands above it, a folder called `Trash` holds trash: where its last name is one of
    /// those, that is a label too. True if it holds what we sent.
    fn add_place(&mut self, path: &str) -> bool {
        // The name of a file may hold anything but `/`.
        let path = words::one_line(path);
        let (last, at_root) = last_folder(&path);
        let known = meaning(last);
        if known.is_some() {
            let last = last.trim().to_owned();
            if !at_root {
                self.add(path);
            }
            self.add(last);
        } else {
            self.add(path);
        }
        known == Some(Meaning::Sent)
    }
}

/// Splits at commas outside of double quotes; a backslash takes the next character as it is.
fn split_commas(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut quoted = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => part.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => parts.push(std::mem::take(&mut part)),
            other => part.push(other),
        }
    }
    parts.push(part);
    parts.into_iter().map(|part| part.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(block: &str) -> Vec<String> {
        read(&Fields::split(block.as_bytes()), &[]).labels
    }

    fn in_folder(path: &str) -> (Vec<String>, Option<Direction>) {
        let found = read(&Fields::split(b""), &[path.to_owned()]);
        (found.labels, found.direction)
    }

    #[test]
    fn several_fields_and_the_place_unite_each_label_once() {
        let block = "X-Gmail-Labels: Inbox,Work\nX-Gmail-Labels: =?UTF-8?B?V29yayxCw7xybw==?=\nX-Keywords: Work\n";
        let found = read(&Fields::split(block.as_bytes()), &["Work".to_owned(), "Starred".to_owned()]);
        assert_eq!(found.labels, ["Inbox", "Work", "Büro", "Starred"]);
    }

    #[test]
    fn a_folder_is_known_by_its_last_name_and_a_servers_root_says_nothing() {
        for (path, labels) in [
            ("Archive/Sent", vec!["Archive/Sent", "Sent"]),
            ("[Gmail]/Trash", vec!["Trash"]),
            ("[Google Mail]/Papierkorb", vec!["Papierkorb"]),
            ("INBOX.Trash", vec!["Trash"]),
            ("INBOX.Old.Trash", vec!["INBOX.Old.Trash", "Trash"]),
            ("Sent Items", vec!["Sent Items"]),
            ("Customers/Miller", vec!["Customers/Miller"]),
            ("", vec![]),
        ] {
            assert_eq!(in_folder(path).0, labels, "{path}");
        }
    }

    #[test]
    fn a_folder_with_control_characters_in_its_name_makes_a_label_of_one_line() {
        assert_eq!(in_folder("\r\nOrders\n2019\u{1b}[2J/\u{7f}x\0").0, ["Orders 2019 [2J/ x"]);
        assert_eq!(in_folder("\t\u{1}").0, [""; 0]);
        assert_eq!(in_folder("Old/\tTrash").0, in_folder("Old/ Trash").0);
    }

    #[test]
    fn a_folder_of_sent_mail_states_the_direction() {
        for path in ["Sent", "Archive/Sent Items", "Gesendete Elemente", "INBOX.Sent", "[Gmail]/Messages envoyés"] {
            assert_eq!(in_folder(path).1, Some(Direction::Outbound), "{path}");
        }
        for path in ["Sent/2019", "Trash", "Customers"] {
            assert_eq!(in_folder(path).1, None, "{path}");
        }
    }

    #[test]
    fn thunderbirds_tags_and_bits_have_names() {
        let block = "X-Mozilla-Status: 000d\nX-Mozilla-Keys: $label1 $label4 urgent $Forwarded NonJunk   \n";
        let names = ["Important", "To Do", "urgent", "$Forwarded", "NonJunk", "Starred", "Expunged"];
        assert_eq!(labels(block), names);
        assert_eq!(labels("X-Mozilla-Status: 0003\nX-Mozilla-Status2: 00800000\nX-Mozilla-Keys:     \n"), [""; 0]);
    }

    #[test]
    fn flags_of_other_programs_are_labels_and_words_in_their_place_are_not() {
        assert_eq!(labels("Status: RO\nX-Status: AFD\n"), ["Deleted", "Starred"]);
        assert_eq!(labels("X-Status: DELIVERED TODAY\n"), [""; 0]);
        assert_eq!(labels("X-Evolution: 0000a1b2-0012\n"), ["Deleted"]);
        assert_eq!(labels("X-Evolution: 0000a1b2\n"), [""; 0]);
        assert_eq!(labels("X-Label: to do\n"), ["to do"]);
    }

    #[test]
    fn what_the_sender_says_of_a_mail_is_no_label() {
        assert_eq!(labels("Keywords: spam, offer\nX-Categories: Red\nX-Spam-Flag: YES\n"), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_of_labels_panic(
            value in proptest::collection::vec(proptest::num::u8::ANY, 0..64), place in ".{0,24}",
        ) {
            let names = ["X-Gmail-Labels: ", "X-Mozilla-Status: ", "X-Evolution: ", "X-Keywords: "];
            let block: Vec<u8> = names.iter().flat_map(|name| [name.as_bytes(), value.as_slice(), b"\n"].concat()).collect();
            read(&Fields::split(&block), &[place]);
        }
    }

    #[test]
    fn a_plain_list_keeps_its_order_and_names_each_once() {
        assert_eq!(labels("X-Gmail-Labels: Inbox,Work/Billing, Inbox,Opened\n"), ["Inbox", "Work/Billing", "Opened"]);
    }

    #[test]
    fn quoted_labels_keep_their_commas_and_escapes_vanish() {
        assert_eq!(labels("X-Gmail-Labels: \"a, b\",c\\'s\n"), ["a, b", "c's"]);
    }

    #[test]
    fn a_list_cut_inside_a_label_and_a_character_is_whole_again() {
        let block = "X-Gmail-Labels: =?UTF-8?Q?Envoy=C3=A9s,Cat=C3?=\r\n =?UTF-8?Q?=A9gorie_=C2=A0:_Forums?=\r\n";
        assert_eq!(labels(block), ["Envoyés", "Catégorie \u{a0}: Forums"]);
    }

    #[test]
    fn raw_utf8_and_encoded_words_mix() {
        assert_eq!(labels("X-Gmail-Labels: Doručené,=?UTF-8?B?w4VwbmV0?=,x\n"), ["Doručené", "Åpnet", "x"]);
    }

    #[test]
    fn keywords_are_split_by_space_or_comma() {
        assert_eq!(labels("X-Keywords: NonJunk $Forwarded     \n"), ["NonJunk", "$Forwarded"]);
        assert_eq!(labels("X-Keywords: to do, done\n"), ["to do", "done"]);
    }

    #[test]
    fn the_sent_label_states_the_direction_in_the_language_of_the_account() {
        for value in ["Gesendet,Wichtig", "=?UTF-8?Q?Envoy=C3=A9s,Ouvert?=", "送信済み"] {
            let block = format!("X-Gmail-Labels: {value}\n");
            assert_eq!(read(&Fields::split(block.as_bytes()), &[]).direction, Some(Direction::Outbound), "{value}");
        }
        for value in ["Envoyés/Old", "Gesendet an Bob"] {
            let block = format!("X-Gmail-Labels: {value}\n");
            assert_eq!(read(&Fields::split(block.as_bytes()), &[]).direction, None, "{value}");
        }
    }

    #[test]
    fn the_sent_label_states_the_direction() {
        let direction = |block: &str| read(&Fields::split(block.as_bytes()), &[]).direction;
        assert_eq!(direction("X-Gmail-Labels: Sent,Opened\n"), Some(Direction::Outbound));
        assert_eq!(direction("X-Gmail-Labels: Sent to Bob\n"), None);
        assert_eq!(direction("X-Keywords: Sent\n"), None);
    }
}
