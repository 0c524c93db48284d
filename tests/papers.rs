//! What describes the program: the schema and the page of the mapping, completions, man pages.

#![expect(clippy::expect_used, reason = "a program that does not run is a failed test")]

mod support;

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::{Workspace, repository};

/// What the program prints; it must end well.
fn printed(arguments: &[&str]) -> String {
    let output = Workspace::empty().threadlift().args(arguments).output().expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A file of the repository is what the program prints now.
fn is_kept(file: &str, arguments: &[&str]) {
    let kept = fs::read_to_string(repository(file)).unwrap_or_default();
    assert!(kept == printed(arguments), "{arguments:?} prints something else than {file}");
}

/// Every command that help names, with its own commands behind it.
fn commands() -> Vec<Vec<String>> {
    let of = |arguments: &[&str]| -> Vec<String> {
        let help = printed(arguments);
        let listed = help.split_once("Commands:\n").map(|(_, rest)| rest.split("\n\n").next().unwrap_or_default());
        let names = listed.unwrap_or_default().lines().filter(|line| !line.starts_with("   "));
        names.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).filter(|it| it != "help").collect()
    };
    let mut all = Vec::new();
    for name in of(&["--help"]) {
        all.extend(of(&[&name, "--help"]).into_iter().map(|inner| vec![name.clone(), inner]));
        all.push(vec![name]);
    }
    assert!(all.len() > 10 && all.contains(&vec!["ledger".to_owned(), "check".to_owned()]), "{all:?}");
    all
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_program() {
    is_kept("docs/mapping.schema.json", &["schema"]);
    let schema: Value = serde_json::from_str(&printed(&["schema"])).expect("JSON");
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert!(schema.get("$id").is_none(), "no host is ours");
}

#[test]
fn the_page_in_the_repository_is_that_of_the_program() {
    is_kept("docs/mapping.md", &["schema", "--reference"]);
}

#[test]
fn editors_find_the_schema_of_the_demo() {
    let demo = fs::read_to_string(repository("mappings/demo.toml")).expect("the demo");
    let hint = demo.lines().next().and_then(|line| line.strip_prefix("#:schema ")).expect("a hint");
    assert!(repository("mappings").join(hint).is_file(), "{hint}");
}

#[test]
fn completions_name_every_command_that_is_shown_and_none_that_is_hidden() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        for name in commands().concat() {
            assert!(script.contains(&name), "{name} for {shell}");
        }
        assert!(!script.contains("embedded-front"), "{shell}");
        assert!(script.contains("create-tags"), "{shell}");
    }
}

#[test]
fn bash_completes_commands_options_and_values() {
    let folder = Workspace::empty();
    folder.write("threadlift.bash", printed(&["completions", "bash"]));
    let bash = |arguments: &[&str]| {
        let output = Command::new("bash").args(arguments).output().expect("bash runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let script = folder.path("threadlift.bash");
    let script = script.to_str().expect("a plain path");
    bash(&["--noprofile", "--norc", "-n", script]);
    for (line, offered) in [
        ("threadlift pl", "plan"),
        ("threadlift ledger ", "check rebuild"),
        ("threadlift import --create", "--create-tags"),
        ("threadlift completions f", "fish"),
        ("threadlift embedded", ""),
    ] {
        // As readline does: the words, and which of them is being typed.
        let words: Vec<&str> = line.split(' ').collect();
        let (last, before) = words.split_last().expect("words");
        let run = format!(
            "source '{script}'; COMP_WORDS=({} '{last}'); COMP_CWORD={}; _threadlift threadlift '{last}' '{}'; echo \"${{COMPREPLY[*]}}\"",
            before.join(" "),
            before.len(),
            before.last().expect("a word before"),
        );
        let reply = bash(&["--noprofile", "--norc", "-c", &run]);
        for word in offered.split(' ') {
            assert!(reply.contains(word), "{line:?} gives {reply:?}");
        }
        assert!(!offered.is_empty() || reply.trim().is_empty(), "{line:?} gives {reply:?}");
    }
}

#[test]
fn the_man_page_names_every_command_and_the_exit_codes() {
    let page = printed(&["man"]);
    assert!(page.contains(".TH threadlift 1"), "{page}");
    for name in commands().into_iter().filter(|names| names.len() == 1).flatten() {
        assert!(page.contains(&format!("threadlift\\-{name}(1)")), "{name}");
    }
    assert!(page.contains("Exit codes: 0 done") && !page.contains("embedded"), "{page}");
}

#[test]
fn every_command_has_a_man_page_that_others_may_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Workspace::empty();
    let program = assert_cmd::cargo::cargo_bin!("threadlift");
    let run = format!("umask 022; '{}' man --dir '{}'", program.display(), folder.path("man/man1").display());
    assert!(Command::new("sh").args(["-c", &run]).status().expect("sh runs").success());
    let mut expected: Vec<String> =
        commands().iter().map(|names| format!("threadlift-{}.1", names.join("-"))).collect();
    expected.push("threadlift.1".to_owned());
    expected.sort();
    let pages = fs::read_dir(folder.path("man/man1")).expect("pages").map(|entry| entry.expect("a page"));
    let mut found: Vec<String> = pages.map(|page| page.file_name().to_string_lossy().into_owned()).collect();
    found.sort();
    assert_eq!(found, expected);
    for name in found {
        let page = folder.path("man/man1").join(&name);
        let mode = fs::metadata(&page).expect("a page").permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "{name}");
        assert!(fs::read_to_string(&page).expect("a page").contains(".SH SYNOPSIS"), "{name}");
    }
}

#[test]
fn man_pages_that_cannot_be_written_are_told() {
    let folder = Workspace::empty();
    folder.write("file", "");
    let output = folder.threadlift().args(["man", "--dir", "file/man1"]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("file/man1") && told.contains("--dir"), "{told}");
    assert!(Path::new(&folder.path("file")).is_file());
}
