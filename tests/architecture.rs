//! Arrows between the rooms of the house point one way. This test reads the `use` lines and fails on
//! an arrow that is not in the table.

#![expect(clippy::expect_used, reason = "a source tree that cannot be read is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Room → the rooms it may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("words", &[]),
    ("mapping", &["words"]),
    ("thread", &[]),
    ("source", &["event", "mapping"]),
    ("record", &["mapping", "source"]),
    ("request", &["mapping", "record"]),
    ("ledger", &["source"]),
    ("plan", &["event", "ledger", "mapping", "record", "request", "source", "thread", "words"]),
    ("front", &["event", "mapping", "request"]),
    ("stage", &["event", "front", "ledger", "plan"]),
    ("prepare", &["event", "front", "ledger", "plan", "stage", "words"]),
    ("upload", &["event", "front", "ledger", "plan", "stage"]),
    ("verify", &["event", "front", "ledger", "plan", "request"]),
    ("finish", &["event", "front", "ledger", "plan", "request", "stage"]),
    ("deliver", &["event", "front", "ledger", "plan", "stage"]),
    ("undo", &["event", "front", "ledger", "plan", "stage"]),
    ("probe", &["event", "front", "mapping", "request"]),
    // The referee: it shares no code with the client it judges.
    ("rehearsal", &[]),
    ("report", &["finish", "ledger", "mapping", "plan", "prepare", "request", "undo", "words"]),
    // It reads exports as a plan does.
    ("survey", &["event", "mapping", "record", "source", "words"]),
    (
        "cli",
        &[
            "deliver",
            "event",
            "finish",
            "front",
            "ledger",
            "mapping",
            "plan",
            "prepare",
            "probe",
            "rehearsal",
            "report",
            "source",
            "stage",
            "survey",
            "undo",
            "upload",
            "verify",
            "words",
        ],
    ),
];

/// What stands beside the rooms and asks promises of all of them; no room may name it.
const ASIDE: &str = "fuzzing";

/// Crates that only some rooms may name.
const RESERVED: &[(&str, &[&str])] = &[
    ("sled", &["ledger"]),
    ("reqwest", &["front"]),
    ("rustls", &["front"]),
    ("reqwest_middleware", &["front"]),
    ("governor", &["front"]),
    ("tokio", &["cli", "deliver", "front", "probe", "rehearsal", "stage", "upload", "verify"]),
    ("axum", &["rehearsal"]),
    ("html5gum", &["rehearsal", "report", "request"]),
    ("mail_parser", &["record"]),
    ("schemars", &["mapping"]),
    ("wide", &["record"]),
    ("flate2", &["ledger", "source"]),
    ("tar", &["source"]),
    ("zip", &["source"]),
    ("rustix", &["cli", "ledger", "source"]),
    ("icu_normalizer", &["record"]),
    ("ammonia", &["report"]),
    ("charts_rs", &["report"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("indicatif", &["cli"]),
];

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.expect("src can be walked").into_path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect();
    files.sort();
    files
}

/// Code lines with their numbers; comments and what stands in doc comments name rooms freely.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).expect("a source file can be read");
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default().to_owned());
    lines.enumerate().map(|(number, line)| (number + 1, line)).collect()
}

/// Names that follow `prefix` in a line, as whole path segments.
fn named_after<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    line.match_indices(prefix)
        .filter(|(at, _)| !line[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
        .map(|(at, _)| {
            let rest = &line[at + prefix.len()..];
            rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
        })
        .collect()
}

fn is_used(line: &str, name: &str) -> bool {
    line.match_indices(&format!("{name}::"))
        .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
}

fn rooms() -> BTreeMap<String, Vec<PathBuf>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms = BTreeMap::new();
    for entry in std::fs::read_dir(&src).expect("src exists") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned();
            if name != ASIDE {
                rooms.insert(name, source_files(&path));
            }
        }
    }
    rooms
}

#[test]
fn every_room_stands_in_the_table_and_every_line_of_the_table_has_a_room() {
    let rooms: BTreeSet<String> = rooms().into_keys().collect();
    let table: BTreeSet<String> = ARROWS.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(rooms, table);
}

#[test]
fn no_part_of_the_program_names_what_only_fuzz_targets_call() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let is_aside = |path: &PathBuf| path.starts_with(src.join(ASIDE)) || path.ends_with(format!("{ASIDE}.rs"));
    let mut wrong = Vec::new();
    let mut declared = 0;
    for file in source_files(&src).into_iter().filter(|path| !is_aside(path)) {
        for (number, line) in code(&file) {
            if line.trim_end().ends_with(&format!("mod {ASIDE};")) {
                declared += 1;
            } else if line.contains(ASIDE) {
                wrong.push(format!("{}:{number}: {line}", file.display()));
            }
        }
    }
    assert!(declared > 1, "nothing is declared: the test does not read the code any more");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_arrow_points_where_the_table_has_none() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (room, files) in rooms() {
        let allowed = ARROWS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, allowed)| *allowed);
        for file in files {
            for (number, line) in code(&file) {
                if line.contains("crate::{") {
                    wrong.push(format!("{}:{number}: write one `use crate::room` a line", file.display()));
                }
                for target in named_after(&line, "crate::") {
                    seen += 1;
                    if target != room && !allowed.contains(&target) {
                        wrong.push(format!("{}:{number}: {room} may not name {target}", file.display()));
                    }
                }
            }
        }
    }
    assert!(seen > 50, "the test found only {seen} arrows: it does not read the code any more");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_arrow_that_nobody_needs() {
    let mut unused = Vec::new();
    for (room, files) in rooms() {
        let used: BTreeSet<String> = files
            .iter()
            .flat_map(|file| code(file))
            .flat_map(|(_, line)| named_after(&line, "crate::").into_iter().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let allowed = ARROWS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, allowed)| *allowed);
        unused.extend(
            allowed.iter().filter(|target| !used.contains(**target)).map(|target| format!("{room} → {target}")),
        );
    }
    assert!(unused.is_empty(), "arrows to take out of the table: {unused:?}");
}

#[test]
fn reserved_crates_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (room, files) in rooms() {
        for file in files {
            for (number, line) in code(&file) {
                for (name, owners) in RESERVED {
                    if is_used(&line, name) && !owners.contains(&room.as_str()) {
                        wrong.push(format!("{}:{number}: only {owners:?} may name {name}", file.display()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn arrows_make_no_circle() {
    let table: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    while placed.len() < table.len() {
        let next: Vec<&str> = table
            .iter()
            .filter(|(room, targets)| !placed.contains(*room) && targets.iter().all(|target| placed.contains(target)))
            .map(|(room, _)| *room)
            .collect();
        assert!(
            !next.is_empty(),
            "the rooms {:?} point at each other",
            table.keys().filter(|r| !placed.contains(*r)).collect::<Vec<_>>()
        );
        placed.extend(next);
    }
}
