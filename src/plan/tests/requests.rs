//! `--requests`, and making requests again.

use super::*;
use crate::plan::requests::write_requests;
use crate::plan::{PlanError, RebuildError, Rebuilder};
use serde_json::Value;
use sha2::Digest;

const ROWS: [[&str; 7]; 3] = [
    ["1", "c1", "1546300800", "ada", "Hi", "visitor", ""],
    ["2", "c1", "1546300801", "leela", "Hello", "agent", ""],
    ["3", "c1", "1546300802", "-", "joined", "system", ""],
];

fn mails() -> [String; 4] {
    let file = "MIME-Version: 1.0\nContent-Type: text/plain; name=\"a.txt\"\nContent-Disposition: attachment; filename=\"a.txt\"\n";
    [
        letter("a", 0, "X-Gmail-Labels: Red\n", "Hi"),
        letter("a", 0, "X-Gmail-Labels: Red\n", "Hi"),
        "no mail at all".to_owned(),
        letter("b", 1, &format!("In-Reply-To: <a@x>\n{file}"), "abc"),
    ]
}

fn world() -> (Sources, Vec<Entry>, Rebuilder) {
    let rows = ROWS.map(|cells| row_in(0, cells));
    let sources = sources(&mails().map(|text| mail(&text)), &rows);
    let mut entries = planned(&mapping(""), &sources, &Pins::default());
    entries.sort_by_key(|entry| entry.number);
    let rebuilder = Rebuilder::new(mapping(""), Arc::clone(&sources));
    (sources, entries, rebuilder)
}

fn lines(entries: &[Entry], rebuilder: &Rebuilder, threads: usize) -> Result<Vec<Value>, PlanError> {
    let mut out = Vec::new();
    let stop = AtomicBool::new(false);
    let total = entries.len() as u64;
    let other = |entry: &Entry| match entry.verdict {
        Verdict::Duplicate { of } => Some(format!("tl1-of-{of}")),
        _ => None,
    };
    let mut entries = entries.iter().map(|entry| Ok((entry.clone(), other(entry))));
    write_requests(&mut entries, total, rebuilder, threads, &mut out, &Silent, &stop)?;
    Ok(std::str::from_utf8(&out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn every_record_has_one_line_in_reading_order_whatever_became_of_it() {
    let (_, entries, rebuilder) = world();
    let lines = lines(&entries, &rebuilder, 3).unwrap();
    let said = |key: &str| lines.iter().map(|line| line[key].as_str().unwrap_or("-")).collect::<Vec<_>>();
    assert_eq!(said("status"), ["planned", "duplicate", "rejected", "planned", "planned", "planned", "skipped"]);
    assert_eq!(said("message_id"), ["a@x", "a@x", "-", "b@x", "1", "2", "3"]);
    assert_eq!(said("source"), ["box", "box", "box", "box", "chat", "chat", "chat"]);
    assert_eq!(lines[1]["cause"], "same message as tl1-of-0", "a duplicate names its other");
    assert_eq!(lines[0]["labels"], serde_json::json!(["Red"]));
    assert_eq!(lines[3]["in_reply_to"], "a@x");
    assert_eq!(lines[3]["thread_ref"], lines[0]["thread_ref"]);
    assert_eq!(lines[3]["request"]["metadata"]["thread_ref"], lines[0]["thread_ref"]);
    assert_eq!(lines[0]["origin"][0]["file"], "box-0");
}

#[test]
fn files_are_named_with_size_and_digest_and_not_spelt_out() {
    let (_, entries, rebuilder) = world();
    let line = &lines(&entries, &rebuilder, 1).unwrap()[3];
    let file = &line["attachments"][0];
    assert_eq!(file["filename"], "a.txt");
    let content = rebuilder.request(&entries[3]).unwrap().request.attachments[0].content.clone();
    assert_eq!(file["size"], content.len());
    assert_eq!(file["sha256"], crate::request::hex(&sha2::Sha256::digest(&content)));
    assert!(line["request"].get("attachments").is_none());
}

#[test]
fn lines_do_not_depend_on_the_number_of_threads() {
    let (_, entries, rebuilder) = world();
    let one = lines(&entries, &rebuilder, 1).unwrap();
    for threads in [0, 2, 64] {
        assert_eq!(lines(&entries, &rebuilder, threads).unwrap(), one);
    }
}

#[test]
fn what_we_wrote_in_a_chat_says_who_stands_in_as_its_recipient() {
    let (_, entries, rebuilder) = world();
    let rebuilt = rebuilder.request(&entries[5]).unwrap();
    assert_eq!(rebuilt.request.to, ["ada"]);
    assert!(
        rebuilt.changes.iter().any(|change| change.starts_with("no recipient: the customer")),
        "{:?}",
        rebuilt.changes
    );
}

#[test]
fn a_byte_that_changed_in_the_source_is_never_sent() {
    let (_, entries, _) = world();
    for (number, from, to) in [(0, "Hi", "Ho"), (3, "abc", "abd"), (0, "Subject: Hello", "Subject: Hallo")] {
        let changed: Vec<Written> = mails().iter().map(|text| mail(&text.replace(from, to))).collect();
        let rebuilder = Rebuilder::new(mapping(""), sources(&changed, &[]));
        let error = rebuilder.request(&entries[number]).unwrap_err();
        assert!(matches!(error, RebuildError::SourceChanged { .. }), "{error}");
    }
    let rebuilder = Rebuilder::new(mapping(""), sources(&[], &[]));
    assert!(matches!(rebuilder.request(&entries[0]), Err(RebuildError::SourceChanged { .. })), "nor one that is gone");
}

#[test]
fn a_request_that_would_differ_from_the_plan_is_never_sent() {
    let (sources, entries, rebuilder) = world();
    let changed =
        Rebuilder::new(mapping("[silence]\nrules = \"run-front-rules-which-may-send-mail-to-customers\""), sources);
    assert!(matches!(changed.request(&entries[0]), Err(RebuildError::RequestChanged { .. })));
    let with = |change: fn(&mut Planned)| {
        let mut entry = entries[0].clone();
        if let Verdict::Planned(planned) = &mut entry.verdict {
            change(planned);
        }
        rebuilder.request(&entry)
    };
    assert!(with(|_| {}).is_ok());
    assert!(with(|planned| planned.tags.push("more".into())).is_err());
    assert!(with(|planned| planned.is_archived = false).is_err());
    assert!(with(|planned| planned.thread_ref.push('x')).is_err());
    assert!(with(|planned| planned.external_id.push('x')).is_err());
    assert!(with(|planned| planned.is_inbound = false).is_err());
    assert!(with(|planned| planned.customer = Some("eve".into())).is_err());
}

#[test]
fn a_source_that_changes_while_its_lines_are_written_ends_the_plan() {
    let (_, entries, _) = world();
    let gone = Rebuilder::new(mapping(""), sources(&[], &[]));
    assert!(matches!(lines(&entries, &gone, 2), Err(PlanError::Rebuild(_))));
}

#[test]
fn an_interruption_ends_the_writing() {
    let (_, entries, rebuilder) = world();
    let stop = AtomicBool::new(true);
    let mut entries = entries.into_iter().map(|entry| Ok((entry, None)));
    let written = write_requests(&mut entries, 7, &rebuilder, 1, &mut std::io::sink(), &Silent, &stop);
    assert!(matches!(written, Err(PlanError::Interrupted)));
}
