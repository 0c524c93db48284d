//! A plan that builds on what the one before has read is the plan that would have been made without it.

use super::*;
use crate::plan::facts::Read;
use crate::plan::past::Past;
use proptest::prelude::*;
use std::sync::Mutex;
use tempfile::TempDir;

/// Plans, with what was kept in `dir` if anything was, and keeps what was read there. Also: how many records were not parsed.
fn plan_in(dir: &TempDir, mapping: &Mapping, sources: &Sources, pins: &Pins) -> (Vec<Entry>, u64) {
    let past = Readings::kept(dir.path()).and_then(Past::of);
    let task = task(2, mapping, sources, pins, past.as_ref());
    let (read, undecided) = read::read_all(task, Readings::new(dir.path()).unwrap()).unwrap();
    let resolution = resolve::resolve(&read, undecided, pins, mapping, None).unwrap();
    let entries = resolution.entries(|_, _| Ok(())).collect::<Result<_, _>>().unwrap();
    drop(resolution);
    let Read { readings, texts, known, files, .. } = read;
    past::keep(readings, &texts, files).unwrap();
    (entries, known)
}

/// What a second plan knows of the first, and that it is the same as a plan from nothing.
fn known(first: (&str, &Sources), second: (&str, &Sources), pins: &Pins) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    plan_in(&dir, &mapping(first.0), first.1, &Pins::default());
    let (entries, known) = plan_in(&dir, &mapping(second.0), second.1, pins);
    assert_eq!(entries, planned(&mapping(second.0), second.1, pins), "{} -> {}", first.0, second.0);
    known
}

/// Mails and rows of every fate.
fn all_sorts() -> Sources {
    let mails = [
        mail(&letter("a", 0, "X-Gmail-Labels: Red\n", "Hi")),
        mail(&letter("b", 1, "In-Reply-To: <a@x>\nFrom: support@acme.example\nTo: ada@shop.example\n", "Hello")),
        mail(&letter("c", 2, "X-Gmail-Labels: Spam\n", "Buy")),
        mail(&letter("d", 3, "X-Queue: Returns\n", "Back")),
        mail(&letter("a", 0, "X-Gmail-Labels: Blue\n", "Hi")),
        mail("Subject: no date, no people\n\nHi\n"),
    ];
    let rows = [
        line("c1", 0, "ada", "Hi", "visitor"),
        line("c1", 5, "bot", "Hello", "system"),
        line("c1", 9, "eve", "How are you", "agent"),
        row_in(0, ["7", "c2", "no time", "ada", "Hi", "visitor", ""]),
    ];
    sources(&mails, &rows)
}

/// Everything is read anew unless it is known: ten records.
const ALL: u64 = 10;

#[test]
fn what_is_unchanged_is_not_parsed_again() {
    let sources = all_sorts();
    assert_eq!(known(("", &sources), ("", &sources), &Pins::default()), ALL);
}

#[test]
fn a_change_of_the_mapping_costs_what_it_bears_on() {
    let sources = all_sorts();
    let known = |before: &str, after: &str| known((before, &sources), (after, &sources), &Pins::default());
    let rule = |when: &str, what: &str| format!("[[rule]]\nwhen = {{ {when} }}\n{what}");
    // Labels, tags, inboxes, threads, sending: decided anew, nothing read.
    for after in [
        "[labels]\nRed = \"red\"",
        "[defaults]\ntags = [\"old\"]\nunlisted_labels = \"tag\"",
        "[silence]\narchived = \"no-leave-every-imported-conversation-open\"",
        "[send]\norder = \"source\"",
        "[identity]\ncollisions = \"richest\"",
        &rule("label = \"Red\"", "inbox = \"Billing\"\ntags = [\"bill\"]"),
        &rule("sender = \"ada@shop.example\"", "assignee = \"tea_1\"\narchived = true"),
        &rule("subject = 'Hello'", "thread = { subject = 'H(.)' }"),
        &rule("header = { x-queue = 'Returns' }", "tags = [\"returns\"]"),
        &rule("column = { who = 'ada' }", "tags = [\"ada\"]"),
        &rule("has_attachment = false", "skip = \"no file\""),
        "[defaults]\nmark = true\nlink = { url = \"https://old.example\" }",
        &rule("label = \"Red\"", "status = \"Open\"\nfollowers = [\"tea_1\"]\ncustom_fields = { Plan = \"gold\" }"),
        "[contacts]\nof = \"senders\"",
    ] {
        assert_eq!(known("", after), ALL, "{after}");
    }
    // What is no longer skipped has no request yet.
    assert_eq!(known("", "[labels]\nSpam = \"spam\""), ALL - 1);
    assert_eq!(
        known(&rule("has_attachment = false", "skip = \"no file\""), ""),
        4,
        "what was bad or skipped by itself"
    );
    // Another direction makes another request.
    let outbound = rule("label = \"Red\"", "direction = \"outbound\"");
    assert_eq!((known("", &outbound), known(&outbound, &outbound)), (ALL - 1, ALL));
    // So does being a note.
    let note = format!("[notes]\ninto = \"comments\"\n{}", rule("sender = \"support@acme.example\"", "note = true"));
    assert_eq!((known("[notes]\ninto = \"comments\"", &note), known(&note, &note)), (ALL - 1, ALL));
    // What bears on reading or on every request leaves nothing; what bears on one kind of source leaves the other.
    for after in [
        "[agents]\n\"support@acme.example\" = \"tea_1\"",
        "[thread]\njoin_by_subject = 3",
        "[values]\nqueue = { header = \"X-Queue\" }",
        "[notes]\ninto = \"messages\"",
    ] {
        assert_eq!(known("", after), 0, "{after}");
    }
}

#[test]
fn a_new_export_with_every_message_elsewhere_costs_what_is_new() {
    let (ada, ben) = (mail(&letter("a", 0, "", "Hi")), mail(&letter("b", 1, "", "Ho")));
    let new = mail(&letter("c", 2, "In-Reply-To: <a@x>\n", "Ha"));
    let before = sources(&[ada.clone(), ben.clone()], &[]);
    let after = sources(&[new, ben, ada], &[]);
    let dir = tempfile::tempdir().unwrap();
    plan_in(&dir, &mapping(""), &before, &Pins::default());
    let (entries, known) = plan_in(&dir, &mapping(""), &after, &Pins::default());
    assert_eq!(known, 2);
    assert_eq!(entries, planned(&mapping(""), &after, &Pins::default()));
    let first = entries.iter().find(|entry| entry.original_id.as_deref() == Some("a@x")).unwrap();
    assert_eq!((first.number, first.origin.pieces[0].offset), (2, 2_000), "found where it is now");
}

#[test]
fn what_was_sent_and_is_skipped_now_stays_a_message() {
    let sources = all_sorts();
    let sent = planned(&mapping(""), &sources, &Pins::default());
    let sent: Vec<&Entry> = sent.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_))).collect();
    let pins = pins_of(sent, &accepted());
    let skip = "[[rule]]\nwhen = { sender = \"ada@shop.example\" }\nskip = \"ada\"";
    assert_eq!(known(("", &sources), (skip, &sources), &pins), ALL);
    // Known as skipped, and sent meanwhile: what would be sent must be known.
    assert_eq!(known((skip, &sources), (skip, &sources), &pins), ALL - 3);
}

#[test]
fn readings_of_another_kind_are_left_alone() {
    let sources = all_sorts();
    let dir = tempfile::tempdir().unwrap();
    plan_in(&dir, &mapping(""), &sources, &Pins::default());
    let path = dir.path().join("readings");
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(97) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        let (entries, _) = plan_in(&dir, &mapping(""), &sources, &Pins::default());
        assert_eq!(entries, planned(&mapping(""), &sources, &Pins::default()), "{at}");
    }
}

const CHANGES: [&str; 19] = [
    "[notes]\ninto = \"comments\"\n[[rule]]\nwhen = { direction = \"outbound\" }\nnote = true",
    "[notes]\ninto = \"messages\"\n[[rule]]\nwhen = { label = \"Red\" }\nnote = true",
    "[values]\nsubject = { subject = 'H(.*)' }\n[defaults]\nlink = { url = \"https://x.example/{subject}\" }\nmark = true",
    "",
    "deliver = { channel = \"cha_1\", since = 2019-01-01T00:00:05Z }\n---\n",
    "until = 2019-01-01T00:01:00Z\n---\n",
    "until = 2019-01-01T00:02:00Z\nstraddling = \"whole\"\n---\n",
    "since = 2019-01-01T00:00:05Z\nstraddling = \"leave\"\n---\n",
    "[labels]\nRed = \"red\"\nSpam = \"spam\"",
    "[defaults]\ntags = [\"old\"]",
    "[identity]\ncopies = \"per-inbox\"\n[[rule]]\nwhen = { label = \"Red\" }\ninbox = \"R\"\n[[rule]]\nwhen = { direction = \"inbound\" }\ninbox = \"I\"",
    "[[rule]]\nwhen = { label = \"Red\" }\nskip = \"red\"",
    "[[rule]]\nwhen = { direction = \"inbound\" }\nskip = \"in\"",
    "[[rule]]\nwhen = { label = \"Red\" }\ndirection = \"outbound\"",
    "[[rule]]\nwhen = { header = { x-queue = 'R' } }\nthread = { header = \"x-queue\" }",
    "[[rule]]\nwhen = { column = { who = 'ada' } }\ntags = [\"ada\"]",
    "[thread]\njoin_by_subject = 3",
    "[agents]\n\"support@acme.example\" = \"tea_1\"",
    "[silence]\narchived = \"no-leave-every-imported-conversation-open\"",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_was_planned_before_a_plan_is_the_same(
        before in prop::collection::vec((0..CHANGES.len(), prop::collection::vec(0..10_usize, 0..12), any::<bool>()), 1..4),
        (last, kept, is_sent) in (0..CHANGES.len(), prop::collection::vec(0..10_usize, 1..12), any::<bool>()),
    ) {
        let contents: Vec<Vec<Written>> = all_sorts().iter().map(|source| {
            source.scan().map(|entry| (0, entry.unwrap().content)).collect()
        }).collect();
        let of = |chosen: &[usize]| {
            let mails: Vec<Written> = chosen.iter().filter_map(|at| contents[0].get(*at).cloned()).collect();
            let rows: Vec<Written> =
                chosen.iter().filter_map(|at| contents[1].get(at.checked_sub(6)?).cloned()).collect();
            sources(&mails, &rows)
        };
        let pins = |is_sent: bool| {
            if !is_sent { return Pins::default() }
            let sent = planned(&mapping(""), &all_sorts(), &Pins::default());
            pins_of(sent.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_))), &accepted())
        };
        let dir = tempfile::tempdir().unwrap();
        for (change, chosen, is_sent) in before {
            plan_in(&dir, &mapping(CHANGES[change]), &of(&chosen), &pins(is_sent));
        }
        let (pins, sources) = (pins(is_sent), of(&kept));
        let (entries, _) = plan_in(&dir, &mapping(CHANGES[last]), &sources, &pins);
        prop_assert_eq!(entries, planned(&mapping(CHANGES[last]), &sources, &pins));
    }
}

/// A source that counts which of its files are scanned.
struct Counting {
    inner: Box<dyn Source>,
    scanned: Arc<Mutex<Vec<String>>>,
}

impl Counting {
    fn note(&self, file: &SourceFile) {
        self.scanned.lock().unwrap().push(file.shown.to_string());
    }
}

impl Source for Counting {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn files(&self) -> &[SourceFile] {
        self.inner.files()
    }
    fn scan(&self) -> Scan<'_> {
        self.files().iter().for_each(|file| self.note(file));
        self.inner.scan()
    }
    fn scan_file(&self, file: u32) -> Scan<'_> {
        self.note(&self.files()[file as usize]);
        self.inner.scan_file(file)
    }
    fn columns(&self, file: u32) -> &[String] {
        self.inner.columns(file)
    }
    fn mark(&self, file: u32) -> Option<Vec<u8>> {
        self.inner.mark(file)
    }
    fn take_mark(&self, file: u32, mark: &[u8]) -> bool {
        self.inner.take_mark(file, mark)
    }
    fn read_at(&self, origin: &Origin) -> Result<RawEntry, Unreadable> {
        self.inner.read_at(origin)
    }
    fn notes(&self) -> Vec<String> {
        self.inner.notes()
    }
}

#[test]
fn a_file_that_nothing_was_written_to_is_not_even_scanned() {
    const MAPPING: &str = "version = 1\n[target]\ninbox = \"Support\"\n[[source]]\nname = \"box\"\nformat = \"mbox\"\npath = \"box/*\"\n\
        [[source]]\nname = \"mails\"\nformat = \"eml\"\npath = \"mails\"\n[[source]]\nname = \"chat\"\nformat = \"csv\"\npath = \"*.csv\"\n\
        date = \"epoch-seconds\"\ncolumns = { conversation = \"chat\", time = \"time\", sender = \"who\", text = \"text\" }\n";
    let (dir, ledger) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let mbox = |id: &str| {
        format!("From a@x Mon Dec  7 10:00:00 2015\n{}\n>From here on\nFrom nobody at all\n\n", letter(id, 0, "", "Hi"))
    };
    for folder in ["box", "mails"] {
        std::fs::create_dir(dir.path().join(folder)).unwrap();
    }
    write("box/1", &mbox("a"));
    write("box/3", &mbox("b"));
    write("mails/1.eml", &letter("m", 1, "In-Reply-To: <a@x>\n", "Hm"));
    write("mails/2.eml", "");
    write("c.csv", "chat,time,who,text\nc1,1546300800,ada,Hi\nc1,soon,ada,Ho\n");
    let plan = |mapping: &Mapping, ledger: &TempDir| {
        let scanned = Arc::new(Mutex::new(Vec::new()));
        let opened = crate::source::open_all(mapping).unwrap().into_iter();
        let counting = |inner| Box::new(Counting { inner, scanned: Arc::clone(&scanned) }) as Box<dyn Source>;
        let sources: Sources = Arc::new(opened.map(counting).collect());
        let (entries, _) = plan_in(ledger, mapping, &sources, &Pins::default());
        let notes: Vec<String> = sources.iter().flat_map(|source| source.notes()).collect();
        (entries, notes, std::mem::take(&mut *scanned.lock().unwrap()))
    };
    let mapping = mapping::parse(&dir.path().join("m.toml"), MAPPING).ok().unwrap();
    let fresh = || plan(&mapping, &tempfile::tempdir().unwrap());
    plan(&mapping, &ledger);
    assert_eq!(plan(&mapping, &ledger).2.len(), 5, "they might be written to within the same tick of the clock");
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    plan(&mapping, &ledger);
    let (entries, notes, scanned) = plan(&mapping, &ledger);
    let (all, all_notes, _) = fresh();
    assert_eq!((entries, notes), (all, all_notes));
    assert_eq!(scanned, ["mails/2.eml"], "what could not be read may be readable now");

    // One more file, one that was written to, and one that is gone: each moves the numbers of the others.
    write("box/2", &mbox("c"));
    write("mails/1.eml", &letter("m", 1, "In-Reply-To: <b@x>\n", "Hm"));
    std::fs::remove_file(dir.path().join("box/1")).unwrap();
    let (entries, notes, scanned) = plan(&mapping, &ledger);
    let (all, all_notes, _) = fresh();
    assert_eq!((entries, notes), (all, all_notes));
    assert_eq!(scanned, ["box/2", "mails/1.eml", "mails/2.eml"]);
    // In a file of another name everything is known by its bytes.
    std::fs::rename(dir.path().join("box/3"), dir.path().join("box/9")).unwrap();
    let (entries, _, scanned) = plan(&mapping, &ledger);
    assert_eq!(entries, fresh().0);
    assert!(scanned.contains(&"box/9".to_owned()), "{scanned:?}");
    // A rule that asks for a header makes the mails be read again, one by one.
    let rule = format!("{MAPPING}[[rule]]\nwhen = {{ header = {{ subject = 'Hello' }} }}\ntags = [\"hello\"]\n");
    let asking = mapping::parse(&dir.path().join("m.toml"), &rule).ok().unwrap();
    let (entries, _, scanned) = plan(&asking, &ledger);
    assert_eq!(entries, plan(&asking, &tempfile::tempdir().unwrap()).0);
    // Two of the files are too young to be sure of.
    assert_eq!(scanned, ["box/2", "box/9", "mails/1.eml", "mails/2.eml"]);
}
