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
}

const READY: [Ready; 7] = [
    Ready { name: "google-takeout", changes: &[] },
    Ready {
        name: "google-groups",
        changes: &[(
            "Groupes/googlegroups.com/workshop@your-company.example",
            "Groupes/googlegroups.com/workshop@kettlewell.example",
        )],
    },
    Ready { name: "thunderbird", changes: &[] },
    Ready { name: "apple-mail", changes: &[] },
    Ready { name: "maildir", changes: &[] },
    Ready { name: "outlook-readpst", changes: &[] },
    Ready { name: "pipermail", changes: &[(", \"riders/*.txt.gz\"", "")] },
];

/// The export with the mapping beside it, changed as its comments ask.
fn beside_its_export(name: &str) -> Workspace {
    let ready = READY.iter().find(|ready| ready.name == name).unwrap_or_else(|| panic!("{name} is not listed"));
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
    let pairs = expected::lay_side_by_side(&repository(&shown), &shown, workspace.plan("mapping.toml"));
    expected::assert_as_expected(&pairs);
    expected::assert_threads(&pairs);
    let ids: BTreeSet<&str> =
        pairs.iter().filter(|pair| pair.is_planned()).map(|pair| text(&pair.actual["external_id"])).collect();
    assert_eq!(ids.len(), pairs.iter().filter(|pair| pair.is_planned()).count(), "an id stands twice");
    workspace.threadlift().args(["rehearse", "mapping.toml", "--exit"]).assert().code(0);
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
fn the_mapping_for_a_chat_table_works_as_it_stands() {
    let workspace = Workspace::empty();
    workspace.copy("mappings/chat-csv.toml", "chat.toml");
    workspace.write(
        "chats/2019.csv",
        "message_id,chat_id,sent_at,author,author_name,recipient,message,author_type\n\
         1,c1,2019-07-01 10:00:00,visitor-1,Visitor,,\"Hello, anyone there?\",visitor\n\
         2,c1,2019-07-01 10:00:05,system,,,Nell joined,system\n\
         3,c1,2019-07-01 10:00:30,nell@your-company.example,Nell,visitor-1,Yes.,agent\n",
    );
    let lines = workspace.plan("chat.toml");
    assert_eq!(
        (expected::count(&lines, "planned"), expected::count(&lines, "skipped"), lines.len()),
        (2, 1, 3),
        "{}",
        expected::outcomes(&lines)
    );
    // 10:00 in London in July.
    assert_eq!(lines[0]["request"]["created_at"], 1_561_971_600);
}
