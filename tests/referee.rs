//! What the plan shows is what the import sends: each line of `plan --requests` beside what a Front that shares no code
//! with the client has decoded.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::process::Stdio;
use support::chance::Chance;
use support::compare::Compared;
use support::front::{FULL_SPEED, Front, PATIENCE};
use support::mails::{mail, with_file};
use support::real::{ON_THE_LIST, RealList};
use support::{Workspace, must, poll};

/// Conversations of the real list that are looked up one by one.
const LOOKED_UP: usize = 400;

/// Runs a command to its end, requires exit code 0, and gives its summary.
#[track_caller]
fn run(mut command: std::process::Command) -> Value {
    let output = must(command.stdin(Stdio::null()).output(), "process");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{command:?}\n{complaint}");
    must(serde_json::from_slice(&output.stdout), "summary")
}

/// Plans into the mapping's own ledger.
fn plan(workspace: &Workspace, mapping: &str) -> Value {
    let mut command = workspace.program();
    command.args(["plan", mapping, "--quiet", "--json", "--requests", "plan.jsonl"]);
    run(command)
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("not a number: {value}"))
}

/// The books of a summary balance, source by source, and agree with the plan's lines.
#[track_caller]
fn assert_balance(summary: &Value, compared: &Compared, sent: bool) {
    assert_eq!(summary["balanced"], true);
    let ends =
        ["confirmed", "accepted", "unknown", "pending", "duplicate", "skipped", "unreadable", "rejected", "refused"];
    let sources = summary["sources"].as_array().expect("sources");
    for tally in sources.iter().chain([&summary["total"]]) {
        let sum: u64 = ends.iter().map(|end| number(&tally[*end])).sum();
        assert_eq!(number(&tally["read"]), sum, "{tally}");
    }
    let total = &summary["total"];
    for end in ["duplicate", "skipped", "unreadable", "rejected"] {
        assert_eq!(number(&total[end]), compared.status(end), "{end} in {total}");
    }
    assert_eq!(number(&total["read"]), compared.statuses.values().sum::<u64>(), "{total}");
    let planned = compared.status("planned");
    let (accepted, pending) = if sent { (planned, 0) } else { (0, planned) };
    assert_eq!(number(&total["accepted"]) + number(&total["confirmed"]), accepted, "{total}");
    assert_eq!(number(&total["pending"]), pending, "{total}");
    assert_eq!((number(&total["unknown"]), number(&total["refused"])), (0, 0), "{total}");
}

/// Each inbox of the plan is the one of this name in Front.
#[track_caller]
fn assert_inboxes(front: &Front, compared: &Compared) {
    let known = front.list("/inboxes");
    for (name, ids) in &compared.inboxes {
        let of_name = known.iter().filter(|inbox| inbox["name"] == name.as_str());
        let expected: BTreeSet<String> = of_name.filter_map(|inbox| Some(inbox["id"].as_str()?.to_owned())).collect();
        assert_eq!(*ids, expected, "inbox {name}");
    }
}

/// Messages of one conversation in Front have one ref in the plan, and the other way round.
#[track_caller]
fn assert_conversations(front: &Front, compared: &Compared, mut looked_up: Option<(Chance, usize)>) {
    let sizes = compared.thread_refs.values().fold(HashMap::<&str, usize>::new(), |mut sizes, thread_ref| {
        *sizes.entry(thread_ref).or_default() += 1;
        sizes
    });
    let inboxes = front.list("/inboxes");
    let mut conversations: Vec<String> = Vec::new();
    for inbox in &inboxes {
        let listed = front.list(&format!("/inboxes/{}/conversations?limit=100", inbox["id"].as_str().expect("id")));
        conversations.extend(listed.iter().map(|it| it["id"].as_str().expect("id").to_owned()));
    }
    assert_eq!(conversations.len(), sizes.len(), "conversations in Front, and refs in the plan");
    if let Some((chance, count)) = &mut looked_up {
        chance.shuffle(&mut conversations);
        conversations.truncate(*count);
    }
    for conversation in conversations {
        let mut messages = Vec::new();
        // Front makes a message later than it accepts it.
        poll(PATIENCE, &format!("the messages of {conversation}"), || {
            messages = front.list(&format!("/conversations/{conversation}/messages?limit=100"));
            let uid = messages.first().and_then(|message| message["message_uid"].as_str());
            let size = uid.and_then(|uid| sizes.get(compared.thread_refs.get(uid)?.as_str()));
            size.is_none_or(|size| messages.len() >= *size) && !messages.is_empty()
        });
        let refs: BTreeSet<&str> = messages
            .iter()
            .map(|message| {
                let uid = message["message_uid"].as_str().expect("uid");
                compared.thread_refs.get(uid).unwrap_or_else(|| panic!("{uid} is not in the dump")).as_str()
            })
            .collect();
        let refs: Vec<&str> = refs.into_iter().collect();
        let [one] = refs.as_slice() else { panic!("{conversation} holds several threads: {refs:?}") };
        // All of the ref's messages are here, so no other conversation has any.
        assert_eq!(messages.len(), sizes[one], "messages of {one} in {conversation}");
    }
}

#[test]
fn a_rehearsal_of_the_samples_sends_what_the_plan_shows() {
    let workspace = Workspace::with_samples();
    let planned = plan(&workspace, "mappings/demo.toml");
    let mut command = workspace.program();
    command.args(["rehearse", "mappings/demo.toml", "--exit", "--quiet", "--json", "--dump", "dump.jsonl"]);
    let rehearsed = run(command);
    let compared = Compared::of(&workspace.path("plan.jsonl"), &workspace.path("dump.jsonl"));
    compared.assert_equal();
    assert!(compared.attachments > 0, "the samples have attachments");
    assert_balance(&planned, &compared, false);
    assert_balance(&rehearsed, &compared, true);
    assert_eq!(planned["plan"]["messages"], compared.dumped);
    let ids: BTreeSet<&BTreeSet<String>> = compared.inboxes.values().collect();
    assert!(ids.len() == compared.inboxes.len() && ids.iter().all(|ids| ids.len() == 1), "{:?}", compared.inboxes);
    let held: BTreeMap<String, u64> =
        must(serde_json::from_value(rehearsed["sent"]["front_holds"]["inboxes"].clone()), "inboxes");
    assert_eq!(held, compared.planned_by_inbox);
}

#[test]
fn an_import_of_the_samples_makes_the_conversations_that_the_plan_shows() {
    let workspace = Workspace::with_samples();
    workspace.set_send("mappings/demo.toml", FULL_SPEED);
    let planned = plan(&workspace, "mappings/demo.toml");
    let front = Front::start(&workspace, "mappings/demo.toml", "dump.jsonl", &[]);
    let imported = run(front.importing(&workspace, "mappings/demo.toml", &[]));
    let compared = Compared::of(&workspace.path("plan.jsonl"), front.dump());
    compared.assert_equal();
    assert_eq!(planned["plan_id"], imported["plan_id"]);
    assert_balance(&imported, &compared, true);
    assert_inboxes(&front, &compared);
    assert_conversations(&front, &compared, None);
    let counted = front.stop();
    assert_eq!(counted["messages"], compared.dumped);
    for fault in ["repeats", "changed_repeats", "refused", "hurried"] {
        assert_eq!(counted[fault], 0, "{fault}");
    }
}

/// Files as hostile or careless programs name them: their part's head, and their content in base64.
const AWKWARD_FILES: &[(&str, &str)] = &[
    ("Content-Type: text/plain; name=\"a \\\"quoted\\\" name.txt\"\nContent-Disposition: attachment\n", "aGk="),
    (
        "Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''a%0D%0AX-Evil%3A%201%22.txt\n",
        "aGk=",
    ),
    (
        "Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''%E2%82%AC%20%F0%9F%9A%B2.pdf\n",
        "aGk=",
    ),
    ("Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"..\\..\\etc\\passwd\"\n", "aGk="),
    ("Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"a;b=c\\\\d.pdf\"\n", "aGk="),
    ("Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"\"\n", "aGk="),
    ("Content-Type: application/pdf\nContent-Disposition: attachment\n", "aGk="),
    ("Content-Type: application/pdf; name=\"empty.pdf\"\nContent-Disposition: attachment\n", ""),
    ("Content-Type: rubbish\nContent-Disposition: attachment; filename=\"r.bin\"\n", "AAECAw0KDQo="),
    ("Content-Type: a/b/c; x=\"\nContent-Disposition: attachment; filename=\"s.bin\"\n", "DQoNCg=="),
    ("Content-Type: APPLICATION/PDF; NAME=UP.PDF\nContent-Disposition: ATTACHMENT\n", "LS10aHJlYWRsaWZ0LQ=="),
    ("Content-Type: image/png\nContent-ID: <i@x>\nContent-Disposition: inline; filename=\"i.png\"\n", "iVBORw0KGgo="),
    ("Content-Type: message/rfc822\nContent-Disposition: attachment\n", "RnJvbTogYUB4CgpoaQo="),
];

/// Texts and heads that do not survive every encoding.
const AWKWARD_TEXTS: &[(&str, &str)] = &[
    (
        "Content-Type: text/plain; charset=utf-8\n",
        "\n\u{0}nul, \u{7}bell, \u{b}, \u{1f}, \u{85}, \u{2028}, \u{feff}, \u{fffe}\n",
    ),
    ("Content-Type: text/html; charset=utf-8\n", "\n\n\n  <p>\u{1f6b2}\u{200d}\u{2642} &nbsp; </p>\t \n\n\n"),
    ("Content-Type: text/html\n", "\n<p>--threadlift-\r--\r\n</p>\n"),
    ("Content-Type: text/plain; charset=no-such\n", "\nplain\n"),
    ("Content-Type: text/plain\n", "\n"),
    ("X-Nothing: here\n", ""),
    ("Cc: =?utf-8?q?=22C=2C_D=22?= <c@x.example>, group: e@x.example, f@x.example;, <>, ann@x.example\n", "\ngroup\n"),
    ("Bcc: g@x.example, \"quo\\\"ted\"@x.example, j\u{f6}rg@x.example\n", "\nblind\n"),
];

#[test]
fn awkward_names_types_and_texts_arrive_as_the_plan_shows_them() {
    let files = (0..).zip(AWKWARD_FILES).map(|(number, (head, base64))| with_file(number, head, base64));
    let texts = (0..).zip(AWKWARD_TEXTS).flat_map(|(number, (head, body))| {
        let one = |subject: &str, number: usize| {
            let who = "From: \"Ann, \u{1f6b2}\" <ann@x.example>\nTo: bob@y.example\n";
            let id = format!("Message-ID: <text{number}@x.example>\nDate: Fri, 21 Nov 1997 11:{number:02}:06 +0000\n");
            mail(&format!("{who}{id}{subject}{head}"), body)
        };
        [one("Subject: =?utf-8?q?=00=0D=0AX=3A_1?= \u{e9}\n", number), one("", number + 30)]
    });
    let all: Vec<Vec<u8>> = files.chain(texts).collect();
    let compared = assert_arrive_as_shown(&all);
    assert!(compared.attachments > 10, "{} files", compared.attachments);
}

#[test]
fn a_file_name_that_looks_escaped_arrives_as_the_plan_shows_it() {
    let head = "Content-Type: text/plain\nContent-Disposition: attachment; filename=\"50%22 off %0D%0A.txt\"\n";
    assert_arrive_as_shown(&[with_file(1, head, "aGk=")]);
}

/// Plans and imports these mails, all of them.
#[track_caller]
fn assert_arrive_as_shown(all: &[Vec<u8>]) -> Compared {
    let workspace = Workspace::empty();
    workspace.write("list.mbox", all.concat());
    workspace.write("list.toml", format!("{LIST}{FULL_SPEED}"));
    let planned = plan(&workspace, "list.toml");
    assert_eq!(planned["plan"]["messages"], all.len(), "{planned}");
    let front = Front::start(&workspace, "list.toml", "dump.jsonl", &[]);
    let imported = run(front.importing(&workspace, "list.toml", &[]));
    let compared = Compared::of(&workspace.path("plan.jsonl"), front.dump());
    compared.assert_equal();
    assert_balance(&imported, &compared, true);
    assert_eq!(front.stop()["refused"], 0);
    compared
}

/// A mapping for the public archive of a mailing list, as its maintainers would write it.
const LIST: &str = "version = 1\n[target]\ninbox = \"List\"\n[ours]\n\
    addresses = [\"alx@kernel.org\", \"alx.manpages@gmail.com\", \"mtk.manpages@gmail.com\"]\n\
    [[source]]\nname = \"list\"\nformat = \"mbox\"\npath = \"list.mbox\"\n[send]\nin_flight = 32\n";

#[test]
fn an_import_of_a_real_list_sends_what_the_plan_shows() {
    let workspace = Workspace::empty();
    let Some(list) = RealList::find() else { return };
    let mails = list.write_first(ON_THE_LIST, &workspace.path("list.mbox"));
    workspace.write("list.toml", format!("{LIST}{FULL_SPEED}"));
    let planned = plan(&workspace, "list.toml");
    let front = Front::start(&workspace, "list.toml", "dump.jsonl", &[]);
    let imported = run(front.importing(&workspace, "list.toml", &[]));
    let compared = Compared::of(&workspace.path("plan.jsonl"), front.dump());
    compared.assert_equal();
    assert_eq!(planned["plan_id"], imported["plan_id"]);
    assert_eq!(imported["total"]["read"], mails);
    assert_balance(&planned, &compared, false);
    assert_balance(&imported, &compared, true);
    assert_inboxes(&front, &compared);
    assert_conversations(&front, &compared, Some((Chance(17), LOOKED_UP)));
    let counted = front.stop();
    assert_eq!(counted["messages"], compared.dumped);
    assert_eq!(counted["conversations"], planned["plan"]["threads"]);
    for fault in ["repeats", "changed_repeats", "refused", "hurried"] {
        assert_eq!(counted[fault], 0, "{fault}");
    }
}
