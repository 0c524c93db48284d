//! The guide is true: every command in it runs, in its order, on the samples; every message that it explains is one of the program's.

mod support;

use std::path::Path;
use std::process::Command;
use support::front::{FULL_SPEED, Front, TOKEN};
use support::{Workspace, must, repository};

fn guide() -> String {
    must(std::fs::read_to_string(repository("docs/guide.md")), "docs/guide.md")
}

/// Blocks of shell commands with the chapters they stand in.
fn blocks(guide: &str) -> Vec<(String, String)> {
    let (mut chapter, mut blocks, mut open) = (String::new(), Vec::new(), None);
    for line in guide.lines() {
        match &mut open {
            None => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.clone_into(&mut chapter);
                } else if line == "```sh" {
                    open = Some(String::new());
                }
            }
            Some(_) if line == "```" => blocks.extend(open.take().map(|block| (chapter.clone(), block))),
            Some(block) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

/// Runs commands as a reader would, with the program on the path.
fn run(workspace: &Workspace, front: Option<&Front>, block: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_threadlift"));
    let folder = program.parent().unwrap_or(Path::new("."));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", block]).current_dir(workspace.path(""));
    shell
        .env("PATH", format!("{}:{path}", folder.display()))
        .env_remove("FRONT_API_TOKEN")
        .env_remove("FRONT_BASE_URL");
    if let Some(front) = front {
        shell.env("FRONT_API_TOKEN", TOKEN).env("FRONT_BASE_URL", front.base_url());
    }
    let output = must(shell.stdin(std::process::Stdio::null()).output(), block);
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{block}\n{}\n{}", said(&output.stdout), said(&output.stderr));
}

#[test]
fn every_command_of_the_guide_runs_on_the_samples() {
    let workspace = Workspace::empty();
    workspace.copy("samples/takeout", "Takeout/Mail");
    workspace.copy("samples/eml", "archive");
    workspace.copy("samples/chat-csv/chats", "chats");
    let mut front: Option<Front> = None;
    let mut chapters = Vec::new();
    for (chapter, block) in blocks(&guide()) {
        if chapter.contains("importing") && front.is_none() {
            // What only a reader's Front has: the scratch inbox, and no limit that a test would wait for.
            let mapping = must(std::fs::read_to_string(workspace.path("mail.toml")), "mail.toml");
            let scratch = "[[rule]]\nwhen = { label = \"none\" }\ninbox = \"Scratch\"\n";
            workspace.write("front.toml", format!("{mapping}\n{scratch}"));
            workspace.write("mail.toml", format!("{mapping}\n[send]\n{FULL_SPEED}\n"));
            front = Some(Front::start(&workspace, "front.toml", "dump.jsonl", &["--tag", "imported"]));
        }
        run(&workspace, front.as_ref(), &block);
        if chapters.last() != Some(&chapter) {
            chapters.push(chapter);
        }
    }
    assert_eq!(
        chapters,
        [
            "Google Takeout",
            "An archive of EML files",
            "A chat table (CSV)",
            "Trying it in Front, and importing",
            "Complete conversations",
            "Cut-over",
            "Taking it back",
        ]
    );
    for written in ["plan.html", "import.html", "requests.jsonl", "map.csv"] {
        let length = must(std::fs::metadata(workspace.path(written)), written).len();
        assert!(length > 0, "{written} is empty");
    }
    // What a pilot and an import sent.
    assert!(front.is_some_and(|front| front.stored() > 0));
}

/// What stands in backquotes in the first column of the table below a title.
fn first_column(guide: &str, title: &str) -> Vec<String> {
    let (_, chapter) = guide.split_once(&format!("\n## {title}\n")).unwrap_or_default();
    let chapter = chapter.split("\n## ").next().unwrap_or_default();
    let cells = chapter.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    cells.map(|(cell, _)| cell.to_owned()).collect()
}

#[test]
fn every_message_that_the_guide_explains_is_one_of_the_programs() {
    let messages = first_column(&guide(), "Troubleshooting");
    assert!(messages.len() > 10, "the table is not read: {messages:?}");
    let mut sources = String::new();
    for entry in walkdir::WalkDir::new(repository("src")) {
        let path = must(entry, "src").into_path();
        if path.extension().is_some_and(|ending| ending == "rs") && !path.to_string_lossy().contains("test") {
            sources.push_str(&must(std::fs::read_to_string(&path), path.display()));
        }
    }
    for message in messages {
        assert!(sources.contains(&message), "no message of the program holds {message:?}");
    }
}

#[test]
fn every_link_of_the_guide_leads_somewhere() {
    let guide = guide();
    let anchor = |title: &str| {
        let kept = title
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter))
            .collect::<String>();
        kept.replace(' ', "-")
    };
    let anchors: Vec<String> = guide.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor).collect();
    let links: Vec<&str> = guide.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 8, "{links:?}");
    for link in links.into_iter().filter(|link| !link.starts_with("https://")) {
        match link.strip_prefix('#') {
            Some(inside) => assert!(anchors.iter().any(|anchor| anchor == inside), "no chapter {inside}: {anchors:?}"),
            None => assert!(repository("docs").join(link).exists(), "no file {link}"),
        }
    }
}
