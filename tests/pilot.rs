//! A pilot is a sample of the import that leaves no trace in the real one.

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use support::front::{FULL_SPEED, Front, TOKEN};
use support::{Workspace, must};

const DEMO: &str = "mappings/demo.toml";

/// The samples, and a Front that has a scratch inbox beside those of the mapping.
fn scene() -> (Workspace, Front) {
    let workspace = Workspace::with_samples();
    workspace.set_send(DEMO, FULL_SPEED);
    let with_scratch = must(std::fs::read_to_string(workspace.path(DEMO)), DEMO)
        + "\n[[rule]]\nwhen = { label = \"no such label\" }\ninbox = \"Scratch\"\n";
    workspace.write("mappings/front.toml", with_scratch);
    let front = Front::start(&workspace, "mappings/front.toml", "dump.jsonl", &[]);
    (workspace, front)
}

fn import(workspace: &Workspace, front: &Front, options: &[&str]) -> Value {
    let output = must(front.importing(workspace, DEMO, options).output(), "import");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    must(serde_json::from_slice(&output.stdout), "summary")
}

/// What Front stored, line by line.
fn stored(front: &Front) -> Vec<Value> {
    let dump = must(std::fs::read_to_string(front.dump()), "dump");
    dump.lines().map(|line| must(serde_json::from_str(line), "a line")).collect()
}

fn texts(lines: &[Value], pointer: &str) -> BTreeSet<String> {
    lines.iter().filter_map(|line| line.pointer(pointer)?.as_str()).map(str::to_owned).collect()
}

fn ledgers(workspace: &Workspace) -> Vec<PathBuf> {
    let folder = must(std::fs::read_dir(workspace.path("mappings")), "mappings");
    let paths = folder.map(|item| must(item, "item").path());
    paths.filter(|path| path.to_string_lossy().contains(".ledger")).collect()
}

#[test]
fn a_pilot_goes_into_its_inbox_under_ids_of_its_own_and_the_import_sends_everything_all_the_same() {
    let (workspace, front) = scene();
    let pilot = import(&workspace, &front, &["--pilot", "Scratch", "--threads", "4"]);
    assert_eq!(pilot["balanced"], true);
    let sample = stored(&front);
    assert_eq!(texts(&sample, "/request/metadata/thread_ref").len(), 4);
    assert_eq!(texts(&sample, "/inbox").len(), 1);
    assert!(ledgers(&workspace).iter().all(|path| path.to_string_lossy().contains(".ledger-pilot-")));

    // The same again sends nothing: Front has it.
    let again = import(&workspace, &front, &["--pilot", "Scratch", "--threads", "4"]);
    assert_eq!(again["sent"]["accepted"], 0);

    let whole = import(&workspace, &front, &[]);
    assert_eq!(whole["total"]["skipped"], 6, "nothing is left out for the pilot's sake");
    let all = stored(&front);
    let real = &all[sample.len()..];
    assert_eq!(Value::from(real.len()), whole["sent"]["accepted"]);
    for pointer in ["/external_id", "/request/metadata/thread_ref", "/inbox"] {
        assert!(texts(real, pointer).is_disjoint(&texts(&sample, pointer)), "{pointer} of the pilot and of the import");
    }
    assert_eq!(front.stop()["repeats"], 0);
}

#[test]
fn a_changed_mapping_makes_another_pilot_with_other_ids() {
    let (workspace, front) = scene();
    import(&workspace, &front, &["--pilot", "Scratch", "--threads", "2"]);
    let first = stored(&front);
    workspace.replace(DEMO, "[send]\n", "# mended\n[send]\n");
    import(&workspace, &front, &["--pilot", "Scratch", "--threads", "2"]);
    let both = stored(&front);
    let second = &both[first.len()..];
    assert_eq!(texts(second, "/request/metadata/thread_ref").len(), 2);
    assert!(texts(second, "/external_id").is_disjoint(&texts(&first, "/external_id")));
    assert_eq!(ledgers(&workspace).len(), 2);
    front.stop();
}

#[test]
fn what_is_taken_up_again_of_a_pilot_stays_in_the_pilot() {
    let (workspace, front) = scene();
    import(&workspace, &front, &["--pilot", "Scratch", "--threads", "3"]);
    let sample = stored(&front);
    let mut retry = workspace.program();
    retry.args([
        "retry",
        DEMO,
        "--pilot",
        "Scratch",
        "--threads",
        "3",
        "--yes",
        "--json",
        "--base-url",
        front.base_url(),
    ]);
    let output = must(retry.env("FRONT_API_TOKEN", TOKEN).output(), "retry");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = must(serde_json::from_slice(&output.stdout), "summary");
    assert_eq!(summary["sent"]["accepted"], 0);
    assert_eq!(stored(&front).len(), sample.len(), "nothing went into the real inboxes");
    assert_eq!(ledgers(&workspace).len(), 1, "and there is no ledger of the real import");
    front.stop();
}
