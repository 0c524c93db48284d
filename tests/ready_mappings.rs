//! Each mapping in `mappings/` works on an export of its product as it stands, but for the user's own names.

mod support;

use std::collections::BTreeSet;
use std::io::Write as _;
use support::expected::{self, text};
use support::{Workspace, repository};

/// A mapping, and what its user would change in it. Its export is `samples/<name>`, the expected lines lie in it.
struct Ready {
    name: &'static str,
    changes: &'static [(&'static str, &'static str)],
    /// What a plan and a rehearsal end with: 3 where the export holds records that nobody can read.
    exit: i32,
}

const READY: [Ready; 14] = [
    Ready { name: "google-takeout", changes: &[], exit: 0 },
    Ready {
        name: "google-groups",
        changes: &[(
            "Groupes/googlegroups.com/workshop@your-company.example",
            "Groupes/googlegroups.com/workshop@kettlewell.example",
        )],
        exit: 0,
    },
    Ready { name: "thunderbird", changes: &[], exit: 0 },
    Ready { name: "apple-mail", changes: &[], exit: 0 },
    Ready { name: "maildir", changes: &[], exit: 0 },
    Ready { name: "outlook-readpst", changes: &[], exit: 0 },
    Ready { name: "pipermail", changes: &[(", \"riders/*.txt.gz\"", "")], exit: 0 },
    Ready { name: "livechat", changes: &[], exit: 0 },
    Ready { name: "tidio", changes: &[], exit: 3 },
    Ready { name: "intercom", changes: &[], exit: 0 },
    Ready { name: "gorgias", changes: &[], exit: 3 },
    Ready { name: "zendesk-chat", changes: &[], exit: 0 },
    Ready { name: "chat-csv", changes: &[], exit: 0 },
    Ready {
        name: "helpdesk",
        changes: &[
            ("../samples/helpdesk/comments.csv", "comments.csv"),
            ("../samples/helpdesk/tickets.csv", "tickets.csv"),
        ],
        exit: 0,
    },
];

fn ready(name: &str) -> &'static Ready {
    READY.iter().find(|ready| ready.name == name).unwrap_or_else(|| panic!("{name} is not listed"))
}

/// The export with the mapping beside it, changed as its comments ask.
fn beside_its_export(name: &str) -> Workspace {
    let ready = ready(name);
    let workspace = Workspace::empty();
    workspace.copy(&format!("samples/{}", ready.name), ".");
    workspace.copy(&format!("mappings/{}.toml", ready.name), "mapping.toml");
    for (old, new) in ready.changes {
        workspace.replace("mapping.toml", old, new);
    }
    workspace.replace_all("mapping.toml", "your-company.example", "kettlewell.example");
    workspace
}

fn works(name: &str) {
    let workspace = beside_its_export(name);
    let shown = format!("samples/{name}/expected.jsonl");
    let pairs = expected::lay_side_by_side(
        &repository(&shown),
        &shown,
        workspace.plan_that_exits("mapping.toml", ready(name).exit),
    );
    expected::assert_as_expected(&pairs);
    expected::assert_threads(&pairs);
    let ids: BTreeSet<&str> =
        pairs.iter().filter(|pair| pair.is_planned()).map(|pair| text(&pair.actual["external_id"])).collect();
    assert_eq!(ids.len(), pairs.iter().filter(|pair| pair.is_planned()).count(), "an id stands twice");
    workspace.threadlift().args(["rehearse", "mapping.toml", "--exit"]).assert().code(ready(name).exit);
}

#[test]
fn the_mapping_for_google_takeout_reads_a_takeout() {
    works("google-takeout");
}

#[test]
fn the_mapping_for_google_groups_reads_a_group_and_finds_the_authors_behind_it() {
    works("google-groups");
}

#[test]
fn the_mapping_for_thunderbird_reads_a_profile_and_leaves_out_what_was_deleted() {
    works("thunderbird");
}

#[test]
fn the_mapping_for_apple_mail_reads_messages_with_their_files_beside_them() {
    works("apple-mail");
}

#[test]
fn the_mapping_for_a_maildir_reads_folders_and_flags() {
    works("maildir");
}

#[test]
fn the_mapping_for_outlook_reads_what_readpst_writes() {
    works("outlook-readpst");
}

#[test]
fn the_mapping_for_pipermail_reads_a_month() {
    works("pipermail");
}

#[test]
fn the_mapping_for_livechat_reads_transcripts_on_the_clock_of_the_first_line() {
    works("livechat");
}

#[test]
fn the_mapping_for_tidio_knows_a_visitor_before_the_address_is_given_and_lists_a_broken_row() {
    works("tidio");
}

#[test]
fn the_mapping_for_intercom_leaves_out_notes_and_what_holds_no_text() {
    works("intercom");
}

#[test]
fn the_mapping_for_a_helpdesk_tells_replies_from_notes_and_joins_their_tickets() {
    works("helpdesk");
}

#[test]
fn the_mapping_for_gorgias_joins_tickets_and_messages() {
    works("gorgias");
}

#[test]
fn the_mapping_for_zendesk_chat_reads_a_table_with_tabs() {
    works("zendesk-chat");
}

#[test]
fn the_mapping_for_a_chat_table_reads_one_row_a_message() {
    works("chat-csv");
}

#[test]
fn every_ready_mapping_is_tried() {
    let named = |path: &std::path::Path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let found = std::fs::read_dir(repository("mappings")).into_iter().flatten().flatten();
    let found: BTreeSet<String> = found.filter_map(|entry| named(&entry.path())).collect();
    let tried = READY.iter().map(|ready| ready.name).chain(["demo", "eml-archive"]).map(str::to_owned).collect();
    assert_eq!(found, tried);
}

#[test]
fn a_packed_month_gives_the_ids_of_the_unpacked_one() {
    let ids = |lines: Vec<serde_json::Value>| -> Vec<String> {
        lines.iter().map(|line| text(&line["external_id"]).to_owned()).collect()
    };
    let plain = beside_its_export("pipermail");
    let packed = beside_its_export("pipermail");
    let month = packed.path("riders/2018-October.txt");
    let content = std::fs::read(&month).unwrap_or_default();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let written = encoder.write_all(&content).and_then(|()| encoder.finish());
    packed.write("riders/2018-October.txt.gz", written.unwrap_or_default());
    assert!(std::fs::remove_file(month).is_ok());
    packed.replace("mapping.toml", "\"riders/*.txt\"", "\"riders/*.txt.gz\"");
    let found = ids(packed.plan("mapping.toml"));
    assert_eq!((found.len(), found), (3, ids(plain.plan("mapping.toml"))));
}

#[test]
fn the_mapping_for_an_eml_archive_works_as_it_stands() {
    let workspace = Workspace::empty();
    workspace.copy("mappings/eml-archive.toml", "archive.toml");
    workspace.copy("samples/eml", "archive");
    let lines = workspace.plan("archive.toml");
    assert_eq!((expected::count(&lines, "planned"), lines.len()), (8, 8), "{}", expected::outcomes(&lines));
}

#[test]
fn a_chat_that_two_exports_in_one_file_hold_is_imported_once() {
    let workspace = beside_its_export("livechat");
    let table = std::fs::read_to_string(workspace.path("chats_report.csv")).unwrap_or_default();
    let (_, rows) = table.split_once('\n').unwrap_or_default();
    workspace.write("chats_report.csv", format!("{table}{rows}"));
    let lines = workspace.plan("mapping.toml");
    assert_eq!((expected::count(&lines, "planned"), expected::count(&lines, "duplicate")), (6, 6));
}

#[test]
fn two_products_whose_conversations_have_the_same_ids_are_noticed() {
    let workspace = beside_its_export("tidio");
    let mapping = std::fs::read_to_string(workspace.path("mapping.toml")).unwrap_or_default();
    let (before, rest) = mapping.split_once("[[source]]").unwrap_or_default();
    let (source, after) = rest.split_once("[defaults]").unwrap_or_default();
    let other = source.replace("\"tidio\"", "\"other\"").replace("messages*.csv", "other.csv");
    let with = |other: &str| format!("{before}[[source]]{source}[[source]]{other}[defaults]{after}");
    workspace.write("mapping.toml", with(&other));
    workspace.write(
        "other.csv",
        "CONVERSATION_ID,TIME_SENT,SENDER,MESSAGE_CONTENT,NAME,EMAIL\n9a02,2023-01-01T08:00:00Z,visitor,hi,Bob,bob@x.example\n",
    );
    let note = "1 conversation of chats is made of messages of `tidio` and of `other`";
    let said = |workspace: &Workspace| {
        let output = workspace.threadlift().args(["plan", "mapping.toml"]).assert().code(3).get_output().stdout.clone();
        String::from_utf8_lossy(&output).contains(note)
    };
    assert!(said(&workspace));
    workspace.write("mapping.toml", with(&other.replacen("name", "namespace = \"other\"\nname", 1)));
    assert!(!said(&workspace));
}
