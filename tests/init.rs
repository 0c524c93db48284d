//! `init` on exports that it has never seen: what it writes is planned as it stands, or asks for what no export holds.

mod support;

use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use support::{Workspace, must, repository};
use threadlift::mapping::{self, Format, Mapping, Role};

/// The samples, each a folder of its own.
const SAMPLES: [&str; 18] = [
    "mail",
    "takeout",
    "eml",
    "chat",
    "apple-mail",
    "chat-csv",
    "google-groups",
    "google-takeout",
    "gorgias",
    "helpdesk",
    "intercom",
    "livechat",
    "maildir",
    "outlook-readpst",
    "pipermail",
    "thunderbird",
    "tidio",
    "zendesk-chat",
];

/// Looks at `source` and gives what the program printed as JSON.
fn init(workspace: &Workspace, source: &Path) -> Value {
    let assert = workspace.threadlift().args(["init", "--json", "--quiet"]).arg(source).assert().code(0);
    must(serde_json::from_slice(&assert.get_output().stdout), "JSON of init")
}

/// A workspace with a sample in it and the mapping that `init` wrote for it, and what was printed.
fn of_sample(name: &str) -> (Workspace, Value) {
    let workspace = Workspace::empty();
    workspace.copy(&format!("samples/{name}"), name);
    let printed = init(&workspace, Path::new(name));
    (workspace, printed)
}

fn text(workspace: &Workspace) -> String {
    must(std::fs::read_to_string(workspace.path("threadlift.toml")), "threadlift.toml")
}

fn is_needed(printed: &Value) -> bool {
    printed["todos"].as_array().into_iter().flatten().any(|todo| todo["needed"] == true)
}

fn exit_of_plan(workspace: &Workspace) -> Option<i32> {
    let assert = workspace.threadlift().args(["plan", "threadlift.toml", "--quiet"]).assert();
    assert.get_output().status.code()
}

/// Plans the mapping: accepted, or refused at the lines that are asked for and at no others.
#[track_caller]
fn is_planned_or_asks(workspace: &Workspace, printed: &Value, name: &str) {
    let assert = workspace.threadlift().args(["plan", "threadlift.toml", "--quiet"]).assert();
    let output = assert.get_output();
    let said = String::from_utf8_lossy(&output.stderr);
    if is_needed(printed) {
        assert_eq!(output.status.code(), Some(2), "{name}: {said}");
        assert_eq!(said.matches("error:").count(), said.matches("is still to be filled in").count(), "{name}: {said}");
    } else {
        assert!(matches!(output.status.code(), Some(0 | 3)), "{name}: {said}");
    }
}

#[test]
fn what_is_written_for_a_sample_is_planned_or_asks_for_what_no_export_holds() {
    let mut asks = Vec::new();
    for name in SAMPLES {
        let (workspace, printed) = of_sample(name);
        is_planned_or_asks(&workspace, &printed, name);
        if is_needed(&printed) {
            asks.push(name);
            let filled = text(&workspace).replace("timezone = \"TODO\"", "timezone = \"Europe/Berlin\"");
            workspace.write("threadlift.toml", filled);
            assert_eq!(exit_of_plan(&workspace), Some(0), "{name}");
        }
    }
    // A table without zones cannot be planned without asking; nothing else here is like that.
    assert_eq!(asks, ["chat", "chat-csv"]);
}

#[test]
fn every_sample_is_tried() {
    let folders = must(std::fs::read_dir(repository("samples")), "samples").flatten();
    let mut found: Vec<String> = folders
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let mut tried: Vec<String> = SAMPLES.map(str::to_owned).to_vec();
    found.sort();
    tried.sort();
    assert_eq!(found, tried);
}

#[test]
fn what_is_written_for_a_real_export_is_planned() {
    let folder = std::env::var_os("THREADLIFT_REAL_SAMPLES");
    let folder = folder.map_or_else(|| repository("../shared/samples-real"), std::path::PathBuf::from);
    let Ok(exports) = std::fs::read_dir(&folder) else {
        eprintln!("not asked: {} is absent (see THREADLIFT_REAL_SAMPLES)", folder.display());
        return;
    };
    let mut planned = 0;
    for export in exports.flatten().map(|export| export.path()).filter(|path| path.is_dir()) {
        // The list of 139 MB is read whole by the tests that are about it.
        if export.ends_with("lists") {
            continue;
        }
        let workspace = Workspace::empty();
        let assert = workspace.threadlift().args(["init", "--json", "--quiet"]).arg(&export).assert();
        let output = assert.get_output();
        if output.status.success() {
            let printed: Value = must(serde_json::from_slice(&output.stdout), export.display());
            is_planned_or_asks(&workspace, &printed, &export.display().to_string());
            planned += 1;
        } else {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains("is an export of mails or chats") && said.contains("= help: "), "{said}");
            assert!(!workspace.path("threadlift.toml").exists());
        }
    }
    assert!(planned > 0, "nothing in {} was planned", folder.display());
}

fn csv(mapping: &Mapping) -> &mapping::CsvMapping {
    let found = mapping.sources.iter().find_map(|source| match &source.format {
        Format::Csv(csv) => Some(csv),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no table in {}", mapping.path.display()))
}

/// The mapping that people wrote for a sample, and the one that `init` did.
fn both(sample: &str, by_people: &str) -> (Mapping, Mapping) {
    let (workspace, _) = of_sample(sample);
    let filled = text(&workspace).replace("timezone = \"TODO\"", "timezone = \"Europe/Berlin\"");
    workspace.write("threadlift.toml", filled);
    let known = must(std::fs::read_to_string(repository(by_people)), by_people);
    let known = known.replace("your-company.example", "kettlewell.example");
    let known = must(mapping::parse(Path::new(by_people), &known), by_people);
    (known, must(mapping::load(&workspace.path("threadlift.toml")), sample))
}

#[test]
fn columns_dates_and_roles_are_those_of_the_mapping_that_people_wrote() {
    for (sample, by_people) in [
        ("chat", "mappings/demo.toml"),
        ("chat-csv", "mappings/chat-csv.toml"),
        ("gorgias", "mappings/gorgias.toml"),
        ("intercom", "mappings/intercom.toml"),
        ("livechat", "mappings/livechat.toml"),
        ("tidio", "mappings/tidio.toml"),
        ("zendesk-chat", "mappings/zendesk-chat.toml"),
    ] {
        let (known, found) = both(sample, by_people);
        let (known, found) = (csv(&known), csv(&found));
        assert_eq!(sorted(found), sorted(known), "{sample}");
        assert_eq!(found.date, known.date, "{sample}");
        assert_eq!(found.roles, known.roles, "{sample}");
        assert_eq!(found.kinds, known.kinds, "{sample}");
        assert_eq!(found.phones, known.phones, "{sample}");
        assert_eq!(found.people.len(), known.people.len(), "{sample}");
    }
}

fn sorted(csv: &mapping::CsvMapping) -> Vec<(&'static str, &str)> {
    let mut named = csv.columns.named();
    named.sort_unstable();
    named
}

/// A sample, its table, and other names for its columns of conversation, time, role and text.
type Renamed = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[test]
fn a_table_that_no_ready_mapping_reads_is_found_out_by_names_and_cells() {
    // The tables of products, each with other names for its columns.
    let renamed: [Renamed; 2] = [
        (
            "zendesk-chat",
            "chats.tsv",
            &[
                ("conversationId", "Dialog"),
                ("sendTime", "Gesendet am"),
                ("senderType", "Rolle"),
                ("text", "Inhalt"),
                ("agentId", "Agent"),
            ],
        ),
        (
            "intercom",
            "conversations.csv",
            &[
                ("message_created_at", "date"),
                ("message_body", "texte"),
                ("message_author_type", "rol"),
                ("conversation_id", "discussion"),
            ],
        ),
    ];
    for (sample, file, names) in renamed {
        let workspace = Workspace::empty();
        workspace.copy(&format!("samples/{sample}"), sample);
        let path = format!("{sample}/{file}");
        let table = must(std::fs::read_to_string(workspace.path(&path)), &path);
        let (header, rows) = table.split_once('\n').unwrap_or_default();
        let header = names.iter().fold(header.to_owned(), |header, (old, new)| header.replacen(old, new, 1));
        workspace.write(&path, format!("{header}\n{rows}"));
        let printed = init(&workspace, Path::new(sample));
        assert!(printed["found"][0].as_str().is_some_and(|found| found.contains("a table of chats")), "{printed}");
        let filled = text(&workspace).replace("timezone = \"TODO\"", "timezone = \"UTC\"");
        workspace.write("threadlift.toml", &filled);
        let found = must(mapping::load(&workspace.path("threadlift.toml")), sample);
        let columns: BTreeMap<&str, &str> = csv(&found).columns.named().into_iter().collect();
        for (key, old) in [("conversation", 0), ("time", 1), ("role", 2), ("text", 3)] {
            let wanted = if sample == "intercom" { [3, 0, 2, 1][old] } else { old };
            assert_eq!(columns.get(key), Some(&names[wanted].1), "{sample}: {filled}");
        }
        assert!(csv(&found).roles.values().any(|role| *role == Role::Outbound), "{filled}");
        assert_eq!(exit_of_plan(&workspace).map(|code| code == 0 || code == 3), Some(true), "{filled}");
    }
}

#[test]
fn own_domains_are_those_of_the_company_or_asked_for() {
    let mut known = 0;
    for sample in [
        "mail",
        "takeout",
        "eml",
        "google-takeout",
        "google-groups",
        "thunderbird",
        "apple-mail",
        "maildir",
        "outlook-readpst",
        "pipermail",
    ] {
        let (workspace, _) = of_sample(sample);
        let found = must(mapping::load(&workspace.path("threadlift.toml")), sample);
        if found.ours.domains.is_empty() {
            assert!(text(&workspace).contains("TODO: your own domains"), "{sample}");
        } else {
            assert_eq!(found.ours.domains, ["kettlewell.example"], "{sample}");
            known += 1;
        }
    }
    assert!(known >= 7, "only {known} were known");
}

#[test]
fn nothing_is_overwritten_unless_it_is_said_and_the_file_is_its_owners_alone() {
    let (workspace, _) = of_sample("takeout");
    let path = workspace.path("threadlift.toml");
    assert_eq!(must(std::fs::metadata(&path), "mapping").permissions().mode() & 0o777, 0o600);
    workspace.write("threadlift.toml", "mine");
    let assert = workspace.threadlift().args(["init", "takeout"]).assert().code(2);
    let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(
        said.contains("threadlift.toml is there already; nothing was written") && said.contains("--force"),
        "{said}"
    );
    assert_eq!(text(&workspace), "mine");
    workspace.threadlift().args(["init", "takeout", "--force", "--quiet"]).assert().code(0);
    assert!(text(&workspace).contains("version = 1"));
    workspace.threadlift().args(["init", "takeout", "-o", "no/where.toml"]).assert().code(2);
}

#[test]
fn whoever_has_no_mapping_is_told_of_init() {
    let workspace = Workspace::empty();
    for command in ["plan", "rehearse", "import", "status", "verify"] {
        let assert = workspace.threadlift().args([command, "m.toml"]).assert().code(2);
        let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(said.contains("`threadlift init EXPORT`"), "{command}: {said}");
    }
}

#[test]
fn the_same_export_gives_the_same_text_and_a_mapping_elsewhere_finds_it() {
    let (workspace, _) = of_sample("eml");
    let first = text(&workspace);
    workspace.threadlift().args(["init", "eml", "--force", "--quiet"]).assert().code(0);
    assert_eq!(text(&workspace), first);
    must(std::fs::create_dir(workspace.path("maps")), "maps");
    workspace.threadlift().args(["init", "eml", "-o", "maps/m.toml", "--quiet"]).assert().code(0);
    let elsewhere = must(std::fs::read_to_string(workspace.path("maps/m.toml")), "m.toml");
    assert!(elsewhere.contains("path   = \"../eml\""), "{elsewhere}");
    workspace.threadlift().args(["plan", "maps/m.toml", "--quiet"]).assert().code(0);
}

#[test]
fn the_summary_fits_a_screen_and_ends_with_the_next_command() {
    for name in SAMPLES {
        let workspace = Workspace::empty();
        workspace.copy(&format!("samples/{name}"), name);
        let assert = workspace.threadlift().args(["init", name, "--quiet"]).assert().code(0);
        let said = String::from_utf8_lossy(&assert.get_output().stdout).into_owned();
        assert!(said.lines().count() <= 24 && said.lines().all(|line| line.chars().count() <= 120), "{said}");
        assert!(said.trim_end().ends_with("threadlift plan threadlift.toml"), "{said}");
        assert!(said.contains("line "), "{said}");
    }
}

#[test]
fn a_packed_export_is_proposed_to_be_unpacked_and_is_planned() {
    let workspace = Workspace::empty();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    must(zip.start_file("Takeout/Mail/All.mbox", zip::write::SimpleFileOptions::default()), "zip");
    let mbox = must(std::fs::read(repository("samples/mail/support.mbox")), "support.mbox");
    must(std::io::Write::write_all(&mut zip, &mbox), "zip");
    workspace.write("in/takeout-1.zip", must(zip.finish(), "zip").into_inner());
    let printed = init(&workspace, Path::new("in"));
    let written = text(&workspace);
    assert!(written.contains("unpack = \"unpacked\"") && written.contains("format = \"mbox\""), "{written}");
    assert!(!workspace.path("unpacked").exists(), "looking unpacks nothing");
    is_planned_or_asks(&workspace, &printed, "in");
}
