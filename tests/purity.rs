//! A plan is a pure function of source bytes, mapping and ledger: no path, position, order, clock or thread in it.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use support::chance::Chance;
use support::front::{FULL_SPEED, Front, PATIENCE, Process};
use support::mails::{mail, numbered};
use support::real::RealList;
use support::{Workspace, must, poll, read_jsonl, repository};

const DEMO: &str = "mappings/demo.toml";

/// Mails of the real list that are planned in several arrangements.
const MAILS: usize = if cfg!(debug_assertions) { 1_000 } else { 10_000 };

/// What must be the same however the input lies.
#[derive(PartialEq)]
struct Outcome {
    /// External id → ref, inbox, request and attachments, byte for byte.
    messages: BTreeMap<String, [String; 4]>,
    /// Records by status.
    statuses: BTreeMap<String, usize>,
}

impl Outcome {
    fn of(workspace: &Workspace, mapping: &str, options: &[&str]) -> Self {
        let mut command = workspace.program();
        command.args(["plan", mapping, "--quiet", "--requests", "plan.jsonl"]).args(options);
        let output = must(command.stdin(Stdio::null()).output(), "plan");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let (mut messages, mut statuses) = (BTreeMap::new(), BTreeMap::new());
        for line in read_jsonl(&workspace.path("plan.jsonl")) {
            *statuses.entry(line["status"].as_str().expect("a status").to_owned()).or_default() += 1;
            if line["status"] == "planned" {
                let facts = ["thread_ref", "inbox", "request", "attachments"].map(|key| line[key].to_string());
                let id = line["external_id"].as_str().expect("an external id").to_owned();
                assert!(messages.insert(id, facts).is_none(), "an id of two messages in {line}");
            }
        }
        assert!(messages.len() > 10, "hardly anything was planned");
        Self { messages, statuses }
    }

    /// The same without what line ends may change: those of HTML bodies are kept as they are, and so are those of files
    /// that travel as text.
    fn without_line_ends(&self) -> Self {
        let mut messages = self.messages.clone();
        for [_, _, request, attachments] in messages.values_mut() {
            *request = ["\\r", "\\n", "<br>"].iter().fold(request.clone(), |text, line_end| text.replace(line_end, ""));
            let mut files: Vec<Value> = must(serde_json::from_str(attachments), "attachments");
            for file in &mut files {
                let is_text = file["content_type"].as_str().is_some_and(|kind| !kind.starts_with("image/"));
                if is_text && let Some(facts) = file.as_object_mut() {
                    facts.retain(|key, _| key != "size" && key != "sha256");
                }
            }
            *attachments = Value::Array(files).to_string();
        }
        Self { messages, statuses: self.statuses.clone() }
    }

    #[track_caller]
    fn assert_same(&self, other: &Self) {
        let absent = |one: &Self, two: &Self| {
            one.messages.keys().filter(|id| !two.messages.contains_key(*id)).cloned().collect::<Vec<_>>()
        };
        let (lost, new) = (absent(self, other), absent(other, self));
        assert!(lost.is_empty() && new.is_empty(), "ids lost {lost:?}\nids new {new:?}");
        let differ = |(id, facts): (&String, &[String; 4])| {
            let others = &other.messages[id];
            let differing = facts.iter().zip(others).filter(|(one, two)| one != two);
            differing.map(|(one, two)| format!("{id}\n  {one}\n  {two}")).collect::<Vec<_>>()
        };
        let differences: Vec<String> = self.messages.iter().flat_map(differ).collect();
        let told = differences.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        assert!(differences.is_empty(), "{} facts differ:\n{told}", differences.len());
        assert_eq!(self.statuses, other.statuses);
    }
}

/// The plan of the samples as they lie in the repository.
fn usual() -> &'static Outcome {
    static USUAL: OnceLock<Outcome> = OnceLock::new();
    USUAL.get_or_init(|| Outcome::of(&Workspace::with_samples(), DEMO, &[]))
}

/// The mails of an mbox, each with its separator and a closing blank line, so that any of them may be the last.
fn mails(mbox: &[u8]) -> Vec<Vec<u8>> {
    let starts = memchr::memmem::find_iter(mbox, "\nFrom ").map(|newline| newline + 1);
    let dated = |start: &usize| {
        let line = mbox[*start..].split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
        let year = line.rsplit(|byte| *byte == b' ').find(|word| !word.starts_with(b"+"));
        let is_year = year.is_some_and(|year| year.len() == 4 && year.iter().all(u8::is_ascii_digit));
        let follows_blank = mbox[..*start].ends_with(b"\n\n") || mbox[..*start].ends_with(b"\r\n\r\n");
        is_year && follows_blank
    };
    let bounds: Vec<usize> = [0].into_iter().chain(starts.filter(dated)).chain([mbox.len()]).collect();
    let newline: &[u8] = if memchr::memmem::find(mbox, b"\r\n").is_some() { b"\r\n" } else { b"\n" };
    let closed = |mail: &[u8]| {
        let end = mail.trim_ascii_end().len();
        let mut closed = mail.to_vec();
        while memchr::memchr_iter(b'\n', &closed[end..]).count() < 2 {
            closed.extend_from_slice(newline);
        }
        closed
    };
    bounds.windows(2).map(|pair| closed(&mbox[pair[0]..pair[1]])).collect()
}

fn sample(path: &str) -> Vec<u8> {
    let path = repository(path);
    must(std::fs::read(&path), path.display())
}

/// A workspace whose shared mailbox lies in these files instead of its own.
fn with_mail_in(files: &[(&str, Vec<u8>)]) -> Workspace {
    let workspace = Workspace::with_samples();
    remove(&workspace.path("samples/mail/support.mbox"));
    for (name, content) in files {
        workspace.write(&format!("samples/mail/{name}"), content);
    }
    workspace
}

fn remove(path: &Path) {
    must(std::fs::remove_file(path), path.display());
}

/// Line ends as CRLF; those that are so already stay.
fn with_crlf(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 30);
    for byte in text {
        if *byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

/// Line ends as LF.
fn without_cr(text: &[u8]) -> Vec<u8> {
    let mut out = text.to_vec();
    let mut at = 0;
    out.retain(|byte| {
        at += 1;
        *byte != b'\r' || text.get(at) != Some(&b'\n')
    });
    out
}

#[test]
fn folders_and_files_may_have_other_names() {
    let workspace = Workspace::empty();
    workspace.copy("samples/mail/support.mbox", "elsewhere/new names/shared mailbox (old).mbox");
    workspace.copy("samples/takeout/Inbox.mbox", "elsewhere/deep/er/Posteingang.mbox");
    workspace.copy("samples/eml", "elsewhere/eml");
    workspace.copy("samples/chat/chats.csv", "elsewhere/2018-2019.csv");
    workspace.copy(DEMO, "demo.toml");
    for (old, new) in [
        ("../samples/mail/*.mbox", "elsewhere/new names/*.mbox"),
        ("../samples/takeout/*.mbox", "elsewhere/deep/**/*.mbox"),
        ("../samples/eml", "elsewhere/eml"),
        ("../samples/chat/*.csv", "elsewhere/*.csv"),
    ] {
        workspace.replace("demo.toml", &format!("\"{old}\""), &format!("\"{new}\""));
    }
    usual().assert_same(&Outcome::of(&workspace, "demo.toml", &[]));
}

#[test]
fn one_mailbox_may_lie_in_many_files_listed_in_any_order() {
    let all = mails(&sample("samples/mail/support.mbox"));
    assert_eq!(all.len(), 50);
    let parts = [("1.mbox", 0..7), ("2.mbox", 7..8), ("3.mbox", 8..31), ("4.mbox", 31..50)];
    let files = parts.map(|(name, range)| (name, all[range].concat()));
    let workspace = with_mail_in(&files);
    let usual = usual();
    usual.assert_same(&Outcome::of(&workspace, DEMO, &[]));
    let mut pattern = "\"../samples/mail/*.mbox\"".to_owned();
    for order in [["4", "3", "2", "1"], ["2", "4", "1", "3"]] {
        let listed = format!("[{}]", order.map(|number| format!("\"../samples/mail/{number}.mbox\"")).join(", "));
        workspace.replace(DEMO, &pattern, &listed);
        usual.assert_same(&Outcome::of(&workspace, DEMO, &[]));
        pattern = listed;
    }
}

#[test]
fn any_number_of_threads_makes_the_same_plan() {
    let workspace = Workspace::with_samples();
    let usual = usual();
    for threads in ["1", "4", "13"] {
        usual.assert_same(&Outcome::of(&workspace, DEMO, &["--jobs", threads]));
    }
}

#[test]
fn line_ends_of_a_mailbox_change_no_id_and_no_conversation() {
    let (support, takeout) = (sample("samples/mail/support.mbox"), sample("samples/takeout/Inbox.mbox"));
    let workspace = with_mail_in(&[("support.mbox", with_crlf(&support))]);
    workspace.write("samples/takeout/Inbox.mbox", without_cr(&takeout));
    let twin = Outcome::of(&workspace, DEMO, &[]);
    usual().without_line_ends().assert_same(&twin.without_line_ends());
}

#[test]
fn sources_may_be_named_in_another_order() {
    let workspace = Workspace::with_samples();
    let text = must(std::fs::read_to_string(workspace.path(DEMO)), DEMO);
    let start = text.find("[[source]]").expect("sources");
    let end = text.find("[defaults]").expect("defaults");
    let mut sources: Vec<String> =
        text[start..end].split("[[source]]").skip(1).map(|source| format!("[[source]]{source}\n")).collect();
    assert_eq!(sources.len(), 4);
    sources.reverse();
    workspace.write(DEMO, format!("{}{}{}", &text[..start], sources.concat(), &text[end..]));
    usual().assert_same(&Outcome::of(&workspace, DEMO, &[]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mails_may_lie_in_any_order(seed: u64) {
        let mut chance = Chance(seed);
        let mut all = mails(&sample("samples/mail/support.mbox"));
        let mut inbox = mails(&sample("samples/takeout/Inbox.mbox"));
        chance.shuffle(&mut all);
        chance.shuffle(&mut inbox);
        let workspace = with_mail_in(&[("support.mbox", all.concat())]);
        workspace.write("samples/takeout/Inbox.mbox", inbox.concat());
        usual().assert_same(&Outcome::of(&workspace, DEMO, &[]));
    }
}

/// Mails whose place could tip a balance: copies as rich as each other, strangers with one Message-ID, twins without
/// any, and threads with gaps, loops and equal dates.
fn treacherous() -> Vec<Vec<u8>> {
    let head = |id: &str, more: &str| {
        format!("From: Ann <ann@x.example>\nSubject: Lamp\nDate: Fri, 21 Nov 1997 09:55:06 +0000\n{id}{more}")
    };
    let mut all = Vec::new();
    for to in ["To: bob@y.example\n", "To: carl@y.example\n", "To: Bob <bob@y.example>\nCc: d@x.example\n"] {
        all.push(mail(&head("Message-ID: <copy@x.example>\n", to), "\nOne text.\n"));
        // No Message-ID: who it went to tells them apart, and a second copy does not.
        all.push(mail(&head("", to), "\nOne text.\n"));
        all.push(mail(&head("X-Mailbox: second\n", to), "\nOne text.\n"));
    }
    for text in ["red", "green", "blue", "grey"] {
        all.push(mail(&head("Message-ID: <shared@x.example>\n", "To: bob@y.example\n"), &format!("\n{text}\n")));
    }
    for (number, more) in [
        "References: <absent@x.example>\n",
        "References: <absent@x.example> <0@x.example>\n",
        "In-Reply-To: <3@x.example>\n",
        "In-Reply-To: <2@x.example>\nReferences: <3@x.example> <4@x.example>\n",
        "References: <2@x.example> <4@x.example>\n",
        "In-Reply-To: <elsewhere@x.example>\nReferences: <shared@x.example>\n",
        "In-Reply-To: <copy@x.example>\n",
        "References: <elsewhere@x.example>\n",
    ]
    .into_iter()
    .enumerate()
    {
        all.push(numbered(number, more));
    }
    all
}

/// Rows without ids, in two exports that overlap: `(rows of the first, rows of the second)`.
fn overlapping_rows() -> [String; 2] {
    let row = |conversation: usize, second: usize, text: &str| {
        format!("c{conversation},2019-07-01 10:00:{second:02},visitor-{conversation},{text}\n")
    };
    let early = [row(1, 0, "hi"), row(1, 0, "hi"), row(1, 5, "hello"), row(2, 0, "hi"), row(2, 1, "?")];
    let late = [row(1, 0, "hi"), row(1, 5, "hello"), row(1, 5, "hello"), row(2, 1, "?"), row(3, 0, "hi")];
    [early, late].map(|rows| format!("chat,time,who,text\n{}", rows.concat()))
}

/// Puts mails into files of different lengths, and chat rows into files named in this order.
fn arranged(mails: &[Vec<u8>], files: usize, csv_names: [&str; 2]) -> Workspace {
    let workspace = Workspace::empty();
    workspace.write(
        "all.toml",
        "version = 1\n[target]\ninbox = \"Support\"\n[ours]\ndomains = [\"y.example\"]\n[[source]]\nname = \"mail\"\n\
         format = \"mbox\"\npath = \"*.mbox\"\n[[source]]\nname = \"chat\"\nformat = \"csv\"\npath = \"*.csv\"\n\
         date = \"%Y-%m-%d %H:%M:%S\"\ntimezone = \"UTC\"\nrecipient = \"desk@y.example\"\n\
         columns = { conversation = \"chat\", time = \"time\", sender = \"who\", text = \"text\" }\n",
    );
    for (number, part) in mails.chunks(mails.len().div_ceil(files)).enumerate() {
        workspace.write(&format!("{number}.mbox"), part.concat());
    }
    for (name, rows) in csv_names.iter().zip(overlapping_rows()) {
        workspace.write(name, rows);
    }
    workspace
}

fn usually_arranged() -> &'static Outcome {
    static USUAL: OnceLock<Outcome> = OnceLock::new();
    USUAL.get_or_init(|| Outcome::of(&arranged(&treacherous(), 1, ["1.csv", "2.csv"]), "all.toml", &[]))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn copies_collisions_gaps_and_loops_are_decided_alike_in_any_order(seed: u64, files in 1..5_usize, late_first: bool) {
        let mut all = treacherous();
        Chance(seed).shuffle(&mut all);
        let names = if late_first { ["2.csv", "1.csv"] } else { ["1.csv", "2.csv"] };
        usually_arranged().assert_same(&Outcome::of(&arranged(&all, files, names), "all.toml", &[]));
    }
}

#[test]
fn a_plan_after_a_part_was_sent_is_the_same_plan() {
    let workspace = Workspace::with_samples();
    workspace.set_send(DEMO, &format!("in_flight = 2\n{FULL_SPEED}"));
    let usual = usual();
    let front = Front::start(&workspace, DEMO, "dump.jsonl", &["--latency-ms", "10"]);
    let mut chance = Chance(31);
    for part in 1..=4 {
        let mut import = Process::start(&mut front.importing(&workspace, DEMO, &[]), &workspace.path("import.out"));
        poll(PATIENCE, "a part of the messages", || front.stored() >= part * 15 || import.has_ended());
        import.kill();
        usual.assert_same(&Outcome::of(&workspace, DEMO, &[]));
        // The rest of the mailbox comes in another order each time.
        let mut all = mails(&sample("samples/mail/support.mbox"));
        chance.shuffle(&mut all);
        workspace.write("samples/mail/support.mbox", all.concat());
        usual.assert_same(&Outcome::of(&workspace, DEMO, &[]));
    }
    let held = usual.messages.len();
    let mut import = Process::start(&mut front.importing(&workspace, DEMO, &[]), &workspace.path("import.out"));
    assert_eq!(import.wait().code(), Some(0));
    let counted = front.stop();
    assert_eq!(counted["messages"], held);
    assert_eq!(counted["changed_repeats"], 0);
}

#[test]
fn what_was_sent_of_copies_and_collisions_decides_nothing_anew() {
    let mut all = treacherous();
    let mut chance = Chance(53);
    for sent in [1, 4, 9, 15, 20] {
        let workspace = arranged(&all, 2, ["1.csv", "2.csv"]);
        let mapping = must(std::fs::read_to_string(workspace.path("all.toml")), "all.toml");
        workspace.write("all.toml", format!("{mapping}[send]\nin_flight = 2\n{FULL_SPEED}"));
        let front = Front::start(&workspace, "all.toml", "dump.jsonl", &["--latency-ms", "20"]);
        let mut import =
            Process::start(&mut front.importing(&workspace, "all.toml", &[]), &workspace.path("import.out"));
        poll(PATIENCE, "a part of the messages", || front.stored() >= sent || import.has_ended());
        import.kill();
        chance.shuffle(&mut all);
        for (number, part) in all.chunks(all.len().div_ceil(2)).enumerate() {
            workspace.write(&format!("{number}.mbox"), part.concat());
        }
        usually_arranged().assert_same(&Outcome::of(&workspace, "all.toml", &[]));
        let mut import =
            Process::start(&mut front.importing(&workspace, "all.toml", &[]), &workspace.path("import.out"));
        assert_eq!(import.wait().code(), Some(0));
        let counted = front.stop();
        assert_eq!(counted["messages"], usually_arranged().messages.len());
        assert_eq!(counted["changed_repeats"], 0);
    }
}

#[test]
fn real_mail_may_lie_in_any_order_in_any_files_with_any_line_ends() {
    let Some(list) = RealList::find() else { return };
    let mut all = list.first(MAILS);
    let mapping = "version = 1\n[target]\ninbox = \"List\"\n[ours]\naddresses = [\"mtk.manpages@gmail.com\"]\n\
                   [[source]]\nname = \"list\"\nformat = \"mbox\"\npath = \"*.mbox\"\n";
    let arranged = |files: &[Vec<u8>]| {
        let workspace = Workspace::empty();
        workspace.write("list.toml", mapping);
        for (number, file) in files.iter().enumerate() {
            workspace.write(&format!("{number}.mbox"), file);
        }
        workspace
    };
    let usual = Outcome::of(&arranged(&[all.concat()]), "list.toml", &[]);
    let crlf = arranged(&[with_crlf(&all.concat())]);
    Chance(77).shuffle(&mut all);
    let thirds: Vec<Vec<u8>> = all.chunks(MAILS.div_ceil(3)).map(<[_]>::concat).collect();
    let shuffled = Outcome::of(&arranged(&thirds), "list.toml", &["--jobs", "1"]);
    usual.assert_same(&shuffled);
    let crlf = Outcome::of(&crlf, "list.toml", &["--jobs", "3"]);
    usual.without_line_ends().assert_same(&crlf.without_line_ends());
}
