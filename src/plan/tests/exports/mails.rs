//! Mails.

use super::*;
use crate::plan::Rebuilder;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What makes a mail the mail it is, and the mail it answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Letter {
    id: Option<u8>,
    minute: i64,
    author: u8,
    text: u8,
    file: Option<u8>,
    /// Not a part of its identity.
    answers: Option<u8>,
}

impl Letter {
    fn same(&self) -> Self {
        Self { answers: None, ..self.clone() }
    }

    /// Is this the request of this mail and of no other?
    fn shows_in(&self, request: &crate::request::ImportRequest) -> bool {
        request.subject == Some(self.subject())
            && request.sender.handle == format!("author{}@x.example", self.author)
            && request.created_at == NEW_YEAR + self.minute * 60
            && request.body.contains(&format!("Größe = {} Stück", self.text))
            && request.attachments.iter().map(|file| file.content.to_vec()).collect::<Vec<_>>()
                == self.file.map(|file| vec![contents(file)]).unwrap_or_default()
    }

    fn subject(&self) -> String {
        self.id.map_or_else(|| "None".to_owned(), |id| format!("Letter {id}"))
    }

    fn text(&self) -> String {
        // No line ends in a space, which quoted-printable would have to write otherwise.
        let long = "a line that is long enough to be wrapped by whoever encodes it, and then some ".repeat(2);
        format!("Größe = {} Stück\n\n{long}more\nEnd\n", self.text)
    }
}

fn contents(file: u8) -> Vec<u8> {
    (0..200).map(|byte: u8| byte.wrapping_mul(7) ^ file).collect()
}

/// How an export writes a mail.
#[derive(Debug, Clone)]
struct Style {
    volatile: usize,
    encoding: u8,
    boundary: u8,
    is_folded: bool,
}

const VOLATILE: [&str; 4] = [
    "",
    "Status: RO\nX-UID: 17\nX-Mozilla-Status: 0001\nX-Mozilla-Keys: \n",
    "Received: from a.example by b.example; Tue, 1 Jan 2019 09:00:00 +0000\nDelivered-To: support@acme.example\nLines: 4\n",
    "X-Spam-Status: No\nReturn-Path: <author@x.example>\nReceived: by c.example; Wed, 2 Jan 2019 09:00:00 +0000\n",
];

fn base64(bytes: &[u8], width: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let number = (0..3).fold(0_u32, |number, at| number << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        for at in 0..4 {
            let letter = LETTERS[(number >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() { char::from(letter) } else { '=' });
        }
    }
    let lines: Vec<&str> = text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\n") + "\n"
}

/// Quoted-printable, with a soft break after so many bytes.
fn quoted(text: &str, width: usize) -> String {
    let (mut out, mut column) = (String::new(), 0);
    for byte in text.bytes() {
        let written = match byte {
            b'\n' => "\n".to_owned(),
            b' '..=b'~' if byte != b'=' => char::from(byte).to_string(),
            _ => format!("={byte:02X}"),
        };
        if column + written.len() > width && byte != b'\n' {
            out.push_str("=\n");
            column = 0;
        }
        column = if byte == b'\n' { 0 } else { column + written.len() };
        out.push_str(&written);
    }
    out
}

fn rendered(letter: &Letter, style: &Style) -> String {
    let fold = if style.is_folded { "\n\t" } else { " " };
    let text = letter.text();
    let (encoding, text) = match style.encoding {
        0 => ("8bit", text),
        1 => ("quoted-printable", quoted(&text, 70)),
        2 => ("quoted-printable", quoted(&text, 40)),
        3 => ("base64", base64(text.as_bytes(), 76)),
        _ => ("base64", base64(text.replace('\n', "\r\n").as_bytes(), 60)),
    };
    let text = format!("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n{text}");
    let content = match letter.file {
        None => text,
        Some(file) => {
            let boundary = format!("=_b{}", style.boundary);
            let width = if style.encoding.is_multiple_of(2) { 76 } else { 60 };
            format!(
                "Content-Type: multipart/mixed;{fold}boundary=\"{boundary}\"\n\n--{boundary}\n{text}\n--{boundary}\n\
                 Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=a.pdf\n\
                 Content-Transfer-Encoding: base64\n\n{}--{boundary}--\n",
                base64(&contents(file), width)
            )
        }
    };
    let id = letter.id.map(|id| format!("Message-ID: <{id}@x.example>\n")).unwrap_or_default();
    let answers = letter.answers.map(|id| format!("References:{fold}<{id}@x.example>\n")).unwrap_or_default();
    format!(
        "{}{id}Date: {}\nFrom: A{fold}<author{}@x.example>\nTo: support@acme.example\nSubject: {}\n{answers}MIME-Version: 1.0\n{content}",
        VOLATILE[style.volatile],
        date(letter.minute),
        letter.author,
        letter.subject()
    )
}

/// Mails by the number of the file they stand in, with the style of each.
type Copies = Vec<(usize, Letter, Style)>;

fn write_mails(copies: &Copies, names: [&str; 3], is_crlf: bool) -> Export {
    let export = Export::new();
    for (file, name) in names.iter().enumerate() {
        let mut mails = String::new();
        for (_, letter, style) in copies.iter().filter(|(in_file, _, _)| *in_file == file) {
            mails.push_str("From a@x.example Tue Jan  1 00:00:00 2019\n");
            mails.push_str(&rendered(letter, style));
            mails.push('\n');
        }
        if !mails.is_empty() {
            export.write(name, &mails, is_crlf);
        }
    }
    export
}

/// What a plan of mails says: by external id the letter and ref, and how many records are copies.
#[derive(Debug, PartialEq, Eq)]
struct Mails {
    by_id: BTreeMap<String, (Letter, String, [u8; 32])>,
    records: usize,
}

fn plan_mails(export: &Export, letters: &BTreeSet<Letter>, pins: &Pins) -> (Vec<Entry>, Mails) {
    let sources = export.sources();
    let entries = planned_by(2, &export.mapping(), &sources, pins);
    let rebuilder = Rebuilder::new(export.mapping(), sources);
    let mut by_id = BTreeMap::new();
    for entry in &entries {
        let planned = match &entry.verdict {
            Verdict::Planned(planned) => planned,
            Verdict::Duplicate { .. } => continue,
            // The file that holds nothing.
            other => {
                assert!(matches!(other, Verdict::Rejected { .. } | Verdict::Unreadable { .. }), "{other:?}");
                continue;
            }
        };
        let request = rebuilder.request(entry).unwrap().request;
        let shown: Vec<&Letter> = letters.iter().filter(|letter| letter.shows_in(&request)).collect();
        let [letter] = shown[..] else { panic!("{request:?} is {shown:?}") };
        let known =
            by_id.insert(planned.external_id.clone(), (letter.clone(), planned.thread_ref.clone(), planned.request));
        assert_eq!(known, None, "no id twice");
    }
    let records = entries.iter().filter(|entry| !is_rest(entry)).count();
    (entries, Mails { by_id, records })
}

/// Every letter is a message of its own, none twice and none taken for another.
fn assert_whole(mails: &Mails, letters: &BTreeSet<Letter>, copies: usize) {
    let found: Vec<&Letter> = mails.by_id.values().map(|(letter, _, _)| letter).collect();
    assert_eq!(found.iter().copied().cloned().collect::<BTreeSet<_>>(), *letters);
    assert_eq!(found.len(), letters.len(), "none twice: {found:?}");
    assert_eq!(mails.records, copies, "every record has a place");
}

fn any_letter() -> impl Strategy<Value = Letter> {
    let ids = prop::option::weighted(0.8, 0..6_u8);
    let numbers = (0..2_i64, 0..2_u8, 0..3_u8, prop::option::weighted(0.3, 0..2_u8));
    (ids, numbers, prop::option::of(0..7_u8)).prop_map(|(id, (minute, author, text, file), answers)| Letter {
        id,
        minute,
        author,
        text,
        file,
        answers,
    })
}

fn any_style() -> impl Strategy<Value = Style> {
    (0..VOLATILE.len(), 0..5_u8, 0..3_u8, any::<bool>()).prop_map(|(volatile, encoding, boundary, is_folded)| Style {
        volatile,
        encoding,
        boundary,
        is_folded,
    })
}

/// Each of the letters once at least, in any of three files and in any order.
fn any_copies(letters: Vec<Letter>) -> impl Strategy<Value = Copies> {
    let each: Vec<_> = letters.into_iter().map(|letter| vec((0..3_usize, Just(letter), any_style()), 1..3)).collect();
    each.prop_map(|copies| copies.concat()).prop_shuffle()
}

/// Letters, of which those that are one message answer the same one: what they answer is no part of what they are.
fn any_letters(most: usize) -> impl Strategy<Value = Vec<Letter>> {
    vec(any_letter(), 1..most).prop_map(|letters| {
        let mut unique: BTreeMap<Letter, Letter> = BTreeMap::new();
        for letter in letters {
            unique.entry(letter.same()).or_insert(letter);
        }
        unique.into_values().collect()
    })
}

const NAMES: [&str; 3] = ["a.mbox", "b/Sent.mbox", "c.mbox"];
const OTHER_NAMES: [&str; 3] = ["z/Posteingang.mbox", "m.mbox", "a/old (1).mbox"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mails_of_another_export_have_the_ids_refs_and_requests_of_the_first(
        (letters, one, other) in any_letters(10).prop_flat_map(|letters| {
            (Just(letters.clone()), any_copies(letters.clone()), any_copies(letters))
        }),
        is_crlf: bool,
    ) {
        let letters: BTreeSet<Letter> = letters.into_iter().collect();
        let (_, first) = plan_mails(&write_mails(&one, NAMES, false), &letters, &Pins::default());
        let (_, second) = plan_mails(&write_mails(&other, OTHER_NAMES, is_crlf), &letters, &Pins::default());
        assert_whole(&first, &letters, one.len());
        assert_whole(&second, &letters, other.len());
        prop_assert_eq!(first.by_id, second.by_id);
    }

    #[test]
    fn a_later_batch_of_mails_keeps_what_was_sent_and_joins_it(
        (letters, one, other) in any_letters(14).prop_flat_map(|letters| {
            let early = letters[..letters.len().div_ceil(2)].to_vec();
            (Just(letters.clone()), any_copies(early), any_copies(letters))
        }),
        is_crlf: bool,
    ) {
        let all: BTreeSet<Letter> = letters.iter().cloned().collect();
        let early: BTreeSet<Letter> = letters[..letters.len().div_ceil(2)].iter().cloned().collect();
        let (entries, first) = plan_mails(&write_mails(&one, NAMES, is_crlf), &early, &Pins::default());
        assert_whole(&first, &early, one.len());
        let was_sent = entries.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_)));
        let pins = pins_of(was_sent, &accepted());
        let (_, second) = plan_mails(&write_mails(&other, OTHER_NAMES, false), &all, &pins);
        assert_whole(&second, &all, other.len());
        for (id, sent) in &first.by_id {
            prop_assert_eq!(second.by_id.get(id), Some(sent));
        }
        let refs_of = |id: u8| -> BTreeSet<&String> {
            first.by_id.values().filter(|(letter, _, _)| letter.id == Some(id)).map(|(_, thread_ref, _)| thread_ref).collect()
        };
        for (id, (letter, thread_ref, _)) in &second.by_id {
            let is_new = !first.by_id.contains_key(id) && letter.id.is_none_or(|id| refs_of(id).is_empty());
            if let Some(answered) = letter.answers.filter(|answered| is_new && letter.id != Some(*answered)) {
                let refs = refs_of(answered);
                prop_assert!(refs.is_empty() || refs.contains(thread_ref), "{:?} answers what was sent", letter);
            }
        }
    }
}

#[test]
fn one_mail_that_takeout_exports_once_for_each_label_is_one_message_with_all_its_tags() {
    let export = Export::new();
    let mail = |labels: &str| {
        let head = format!("From 1@xxx Tue Jan  1 00:00:00 +0000 2019\nX-GM-THRID: 17\nX-Gmail-Labels: {labels}\n");
        format!("{head}{}\n", letter("a", 0, "", "Hi"))
    };
    // Each file names all labels, in its own order; a filter that was changed meanwhile is seen in one only.
    export.write("Takeout/Mail/Bills.mbox", &mail("Inbox,Bills,Red"), true);
    export.write("Takeout/Mail/Red.mbox", &mail("Red,Inbox,Bills"), true);
    export.write("Takeout/Mail/All mail Including Spam and Trash.mbox", &mail("Bills,Inbox,Red,New"), true);
    let tagging = format!("{SOURCES}[defaults]\nunlisted_labels = \"tag\"\n");
    let mapping = mapping::parse(&export.dir.path().join("m.toml"), &tagging).map(Arc::new).ok().unwrap();
    let entries = planned(&mapping, &export.sources(), &Pins::default());
    assert_eq!(sent(&entries).len(), 1);
    assert_eq!(sent(&entries)[0].tags, ["Bills", "New", "Red"]);
    let copies = entries.iter().filter(|entry| matches!(entry.verdict, Verdict::Duplicate { .. })).count();
    assert_eq!(copies, 2, "each copy is counted, and names its other");
}
