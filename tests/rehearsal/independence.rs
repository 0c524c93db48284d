//! A misreading of Front's contract must not hide on both sides: the referee shares no code with the client.

use std::fs;
use std::path::{Path, PathBuf};

fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

/// How many modules a file lies below `rehearsal`.
fn depth(root: &Path, file: &Path) -> usize {
    let parts = file.strip_prefix(root).unwrap().components().count();
    if file.ends_with("mod.rs") { parts - 1 } else { parts }
}

/// The longest row of `super::` in a text.
fn climbs(text: &str) -> usize {
    (1..20).take_while(|times| text.contains(&"super::".repeat(*times))).last().unwrap_or_default()
}

#[test]
fn the_referee_uses_nothing_of_ours() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rehearsal");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    assert!(files.len() > 20, "found the referee's files");
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.display();
        assert!(!text.contains("crate::") && !text.contains("threadlift::"), "{name} names another module of ours");
        assert!(climbs(&text) <= depth(&root, &file), "{name} climbs out of the rehearsal");
    }
}

#[test]
fn climbing_is_counted() {
    assert_eq!(climbs("use super::store;"), 1);
    assert_eq!(climbs("pub(in super::super) use super::super::super::front;"), 3);
    assert_eq!(climbs("nothing"), 0);
}
