//! The same mails and chats as another export holds them: in other files, under other names, in another order, with other
//! volatile headers, encodings and line ends, or a batch later. The messages are the same, and so are their ids and refs.

use super::*;
use crate::plan::Rebuilder;
use crate::source::open_all;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tempfile::TempDir;

const SOURCES: &str = r#"
version = 1
[target]
inbox = "Support"
[[source]]
name = "mail"
format = "mbox"
path = "**/*.mbox"
[[source]]
name = "chat"
format = "csv"
path = "**/*.csv"
date = "epoch-seconds"
recipient = "desk"
columns = { id = "id", conversation = "chat", time = "time", sender = "who", text = "text" }
"#;

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
        let long = "a line that is long enough to be wrapped by whoever encodes it, and then some ".repeat(2);
        format!("Größe = {} Stück\n\n{long}\nEnd\n", self.text)
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

/// A folder with the files of an export, and its mapping.
struct Export {
    dir: TempDir,
}

impl Export {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, text: &str, is_crlf: bool) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, if is_crlf { text.replace('\n', "\r\n") } else { text.to_owned() }).unwrap();
    }

    fn mapping(&self) -> Arc<Mapping> {
        mapping::parse(&self.dir.path().join("m.toml"), SOURCES).map(Arc::new).ok().unwrap()
    }

    fn sources(&self) -> Sources {
        // A source that holds nothing is a mistake in a mapping; what these hold is no message.
        self.write(
            "rest/rest.mbox",
            "From a@x.example Tue Jan  1 00:00:00 2019\nSubject: undated\n\nno sender\n",
            false,
        );
        self.write("rest/rest.csv", "id,chat,time,who,text\nr,rest,,rest,rest\n", false);
        Arc::new(open_all(&self.mapping()).unwrap())
    }
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

fn is_rest(entry: &Entry) -> bool {
    matches!(entry.verdict, Verdict::Rejected { .. } | Verdict::Unreadable { .. })
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

/// A line of a chat.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    id: Option<u8>,
    chat: u8,
    second: i64,
    who: u8,
    text: u8,
}

fn any_line() -> impl Strategy<Value = Line> {
    (prop::option::of(0..4_u8), 0..2_u8, 0..2_i64, 0..2_u8, 0..2_u8).prop_map(|(id, chat, second, who, text)| Line {
        id,
        chat,
        second,
        who,
        text,
    })
}

/// What makes a line the line it is: with an id of its own its time may be written otherwise.
fn same_line(line: &Line) -> Line {
    Line { second: if line.id.is_some() { 0 } else { line.second }, ..line.clone() }
}

/// Columns in this order, cells in quotes or not, with a column more or not.
fn table(lines: &[Line], columns: &[usize], is_quoted: bool) -> String {
    let quote = |cell: &str| if is_quoted { format!("\"{cell}\"") } else { cell.to_owned() };
    let row = |cells: [String; 6]| columns.iter().map(|at| quote(&cells[*at])).collect::<Vec<_>>().join(",") + "\n";
    let header = row(["id", "chat", "time", "who", "text", "rating"].map(str::to_owned));
    let rows = lines.iter().map(|line| {
        row([
            line.id.map(|id| format!("m{id}")).unwrap_or_default(),
            format!("c{}", line.chat),
            (NEW_YEAR + line.second).to_string(),
            format!("visitor-{}", line.who),
            format!("text {}", line.text),
            String::new(),
        ])
    });
    header + &rows.collect::<String>()
}

fn write_lines(files: &[Vec<Line>], name: &str, columns: &[usize], is_quoted: bool) -> Export {
    let export = Export::new();
    for (number, lines) in files.iter().enumerate() {
        export.write(&format!("{number}/{name}"), &table(lines, columns, is_quoted), is_quoted);
    }
    export
}

/// Ref, time, author and text.
type Said = (String, i64, String, String);

/// By external id what Front gets.
fn plan_lines(export: &Export, pins: &Pins) -> (Vec<Entry>, BTreeMap<String, Said>) {
    let sources = export.sources();
    let entries = planned_by(2, &export.mapping(), &sources, pins);
    let rebuilder = Rebuilder::new(export.mapping(), sources);
    let planned = entries.iter().filter_map(|entry| {
        let Verdict::Planned(planned) = &entry.verdict else { return None };
        let request = rebuilder.request(entry).unwrap().request;
        let said = (planned.thread_ref.clone(), request.created_at, request.sender.handle, request.body);
        Some((planned.external_id.clone(), said))
    });
    let by_id = planned.collect();
    (entries, by_id)
}

/// How many messages these files hold: of lines without an id as many as the one file with most of them.
fn messages_in(files: &[Vec<Line>]) -> usize {
    let mut most: BTreeMap<Line, usize> = BTreeMap::new();
    for file in files {
        let mut here: BTreeMap<Line, usize> = BTreeMap::new();
        for line in file {
            *here.entry(same_line(line)).or_default() += 1;
        }
        for (line, times) in here {
            let times = if line.id.is_some() { 1 } else { times };
            let known = most.entry(line).or_default();
            *known = times.max(*known);
        }
    }
    most.values().sum()
}

/// The same files, each in two parts that never part equal lines.
fn split(files: &[Vec<Line>]) -> Vec<Vec<Line>> {
    let is_early = |line: &Line| (line.second + i64::from(line.text)) % 2 == 0;
    files
        .iter()
        .flat_map(|lines| {
            let (early, late): (Vec<Line>, Vec<Line>) = lines.iter().cloned().partition(is_early);
            [late, early]
        })
        .collect()
}

/// Times differ only between lines of different ids, so that which copy is sent shows nowhere.
fn any_files() -> impl Strategy<Value = Vec<Vec<Line>>> {
    vec(vec(any_line(), 0..12), 1..3).prop_map(|mut files| {
        for line in files.iter_mut().flatten() {
            line.second = line.id.map_or(line.second, i64::from);
        }
        files
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chats_of_another_export_have_the_ids_refs_and_requests_of_the_first(
        files in any_files(),
        order in Just(vec![0, 1, 2, 3, 4, 5]).prop_shuffle(),
    ) {
        let mut turned = split(&files);
        turned.reverse();
        for lines in &mut turned {
            lines.reverse();
        }
        let (entries, one) = plan_lines(&write_lines(&files, "chats.csv", &[0, 1, 2, 3, 4], false), &Pins::default());
        let (_, other) = plan_lines(&write_lines(&turned, "2019.csv", &order, true), &Pins::default());
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(one.len(), messages_in(&files));
        let records = entries.iter().filter(|entry| !is_rest(entry)).count();
        prop_assert_eq!(records, files.iter().map(Vec::len).sum::<usize>());
    }

    #[test]
    fn a_later_batch_of_chats_keeps_what_was_sent_and_doubles_nothing(
        early in any_files(),
        late in any_files(),
        keeps_early: bool,
    ) {
        let (entries, first) = plan_lines(&write_lines(&early, "chats.csv", &[0, 1, 2, 3, 4], false), &Pins::default());
        let was_sent = entries.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_)));
        let pins = pins_of(was_sent, &accepted());
        let both = [early.clone(), late.clone()].concat();
        let now = if keeps_early { &both } else { &late };
        let (_, second) = plan_lines(&write_lines(now, "later.csv", &[4, 3, 2, 1, 0], true), &pins);
        prop_assert_eq!(second.len(), messages_in(now));
        for (id, sent) in &first {
            if keeps_early || second.contains_key(id) {
                prop_assert_eq!(second.get(id), Some(sent));
            }
        }
        let fresh = second.keys().filter(|id| !first.contains_key(*id)).count();
        prop_assert_eq!(fresh, messages_in(&both) - messages_in(&early), "only what Front does not have");
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
