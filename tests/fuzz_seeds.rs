//! The promises of the fuzz targets hold of all seeds in `fuzz/seeds`, which hold every input that ever broke one, of the
//! files in `samples/`, and of real exports where they are at hand.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};
use threadlift::fuzzing;

/// Real files above this size are left to the tests that were written for them.
const LARGEST: u64 = 64 << 10;

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 8] = [
    ("addresses", fuzzing::addresses),
    ("csv", fuzzing::csv),
    ("dates", fuzzing::dates),
    ("labels", fuzzing::labels),
    ("mail", fuzzing::mail),
    ("mapping", fuzzing::mapping),
    ("mbox", fuzzing::mbox),
    ("parts", fuzzing::parts),
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Files below `folder`, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter();
    let files = entries.map(|entry| entry.expect("a folder that can be walked")).filter(|e| e.file_type().is_file());
    files.map(walkdir::DirEntry::into_path).collect()
}

fn target(name: &str) -> Target {
    TARGETS.iter().find(|(known, _)| *known == name).expect("a target").1
}

/// Runs over files, all of them, whatever breaks on the way.
#[derive(Default)]
struct Run {
    runs: usize,
    broken: Vec<String>,
}

impl Run {
    fn holds(&mut self, name: &str, bytes: &[u8], file: &Path) {
        self.runs += 1;
        // The panic itself is in the output of the test.
        if std::panic::catch_unwind(|| target(name)(bytes)).is_err() {
            self.broken.push(format!("{name} of {}", file.display()));
        }
    }

    fn holds_chosen(&mut self, name: &str, all: &[Vec<u8>], file: &Path) {
        for bytes in all {
            self.holds(name, bytes, file);
        }
    }

    #[track_caller]
    fn end(self, least: usize) {
        assert!(self.broken.is_empty(), "broken promises:\n{}", self.broken.join("\n"));
        assert!(self.runs >= least, "only {} runs", self.runs);
    }
}

/// The bytes behind each of those that choose how they are read.
fn chosen<const N: usize>(choices: impl IntoIterator<Item = [u8; N]>, bytes: &[u8]) -> Vec<Vec<u8>> {
    choices.into_iter().map(|choice| [&choice, bytes].concat()).collect()
}

/// Every layout of a table, as detected and with more date formats; the plain ones in several encodings, too.
fn tables() -> impl Iterator<Item = [u8; 2]> {
    let layouts = (0..11).flat_map(|layout| [[layout, 0], [layout, 0x80]]);
    layouts.chain([0, 1].into_iter().flat_map(|layout| [2, 6, 0x60].map(|signs| [layout, signs])))
}

fn ending(file: &Path) -> &str {
    file.extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default()
}

/// A file of an export, as all targets that read such files get it.
fn holds_of_export(run: &mut Run, file: &Path, bytes: &[u8]) {
    match ending(file) {
        "csv" | "tsv" => run.holds_chosen("csv", &chosen(tables(), bytes), file),
        "toml" => run.holds("mapping", bytes, file),
        "mbox" | "txt" | "" => {
            // Each dialect, in blocks of a few sizes.
            run.holds_chosen("mbox", &chosen([0, 1, 2, 3, 4, 37, 255].map(|choice| [choice]), bytes), file);
        }
        "jsonl" | "md" | "msf" | "dat" => {}
        _ => {
            run.holds("mail", bytes, file);
            run.holds_chosen("parts", &chosen([[0], [1], [7]], bytes), file);
        }
    }
    if bytes.len() < 4 << 10 {
        for line in bytes.split(|byte| *byte == b'\n') {
            let value = line.iter().position(|byte| *byte == b':').and_then(|at| line.get(at + 1..)).unwrap_or(line);
            for name in ["addresses", "dates", "labels"] {
                run.holds(name, value, file);
            }
        }
    }
}

#[test]
fn every_seed_holds() {
    let all: Vec<PathBuf> = files(&repository().join("fuzz/seeds"));
    let mut run = Run::default();
    for (name, _) in TARGETS {
        let seeds: Vec<_> =
            all.iter().filter(|file| file.parent().is_some_and(|folder| folder.ends_with(name))).collect();
        assert!(seeds.len() >= 5, "hardly any seeds for {name}");
        for file in seeds {
            run.holds(name, &std::fs::read(file).expect("a seed"), file);
        }
    }
    run.end(100);
}

#[test]
fn every_fuzz_target_is_run_here() {
    let mut built: Vec<String> = files(&repository().join("fuzz/targets"))
        .iter()
        .filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()))
        .collect();
    built.sort();
    assert_eq!(built, TARGETS.map(|(name, _)| name.to_owned()));
}

#[test]
fn every_sample_and_every_ready_mapping_holds() {
    let all = [files(&repository().join("samples")), files(&repository().join("mappings"))].concat();
    let mut run = Run::default();
    for file in all {
        holds_of_export(&mut run, &file, &std::fs::read(&file).expect("a sample"));
    }
    run.end(500);
}

#[test]
fn real_files_hold() {
    let beside = repository().join("../shared/samples-real");
    let folder = std::env::var_os("THREADLIFT_REAL_SAMPLES").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        eprintln!("not asked: {} is absent (see THREADLIFT_REAL_SAMPLES)", folder.display());
        return;
    }
    let small = |file: &PathBuf| file.metadata().is_ok_and(|file| file.len() <= LARGEST);
    let mut run = Run::default();
    for file in files(&folder).iter().filter(|file| small(file)) {
        holds_of_export(&mut run, file, &std::fs::read(file).expect("a real file"));
    }
    run.end(1_000);
}
