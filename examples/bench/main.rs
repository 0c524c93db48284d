//! How fast `plan` is, and what it holds in memory: `just bench`.
//!
//! Makes exports of any size, and measures whole commands on them, each in a process of its own: the engine, the least that
//! reading the same bytes costs (`floor.rs`), Python's mailbox and email, notmuch where it is installed, and framing alone by three
//! readers, without their start and from the system's memory, beside reading the bytes alone. Runs that are compared take turns, and
//! the table has the one in the middle.
//!
//! ```text
//! bench speed [MB]        mixed and small mails, a tree of files, a table         (default 300)
//! bench growth [MESSAGES] ten times as many, and exports of the odd kinds         (default 100,000; the larger ones take ten times it)
//! bench again [MESSAGES]  plans on top of a plan                                   (default 100,000)
//! bench huge [MESSAGES]   one mbox of so many small messages                      (default 5,000,000)
//! bench generate KIND MESSAGES PATH                                               an export to keep
//! ```

#![expect(clippy::print_stdout, reason = "a bench tells its figures")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod again;
mod floor;
mod generate;
mod measure;
mod table;

use generate::Kind;
use measure::{Took, measure, median};
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use table::{Figures, Row};
use tempfile::TempDir;

/// Runs of each thing that is compared.
const RUNS: usize = 3;

/// What a plan may end with: some exports hold a mail that cannot be sent.
const PLANNED: [i32; 2] = [0, 3];

/// Python's own reader and parser, every part decoded.
const PYTHON: &str = "
import mailbox, sys
for message in mailbox.mbox(sys.argv[1]):
    for part in message.walk():
        part.get_payload(decode=True)
";

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise: u64| arguments.get(at).map_or(Ok(otherwise), |text| text.parse::<u64>());
    match arguments.first().map_or("speed", String::as_str) {
        "speed" => speed(number(1, 300)? * 1_000_000)?,
        "growth" => growth(number(1, 100_000)?)?,
        "again" => again::again(number(1, 100_000)?)?,
        "huge" => huge(number(1, 5_000_000)?)?,
        "generate" => generate_one(&arguments)?,
        // What the bench starts as processes of their own.
        "floor" => told(floor::run(&given(&arguments)?)?),
        "own-frames" => warm(floor::own_frames, &arguments)?,
        "mail-parser-frames" => warm(|path| Ok(floor::mail_parser_frames(path)?), &arguments)?,
        "mbox-reader-frames" => warm(|path| Ok(floor::mbox_reader_frames(path)?), &arguments)?,
        "bytes-alone" => warm(|path| Ok(floor::bytes_alone(path)?), &arguments)?,
        other => return Err(format!("unknown: {other}; see the head of this file").into()),
    }
    Ok(())
}

fn given(arguments: &[String]) -> Outcome<PathBuf> {
    Ok(arguments.get(1).ok_or("name a file")?.into())
}

fn told(mails: u64) {
    println!("{mails} mails");
}

/// Does it once, which brings the file into the system's memory, and then says the seconds of the run in the middle: framing
/// takes less time than a process does to start.
fn warm(frames: impl Fn(&Path) -> Outcome<u64>, arguments: &[String]) -> Outcome {
    let path = given(arguments)?;
    frames(&path)?;
    let mut seconds = Vec::new();
    for _ in 0..RUNS {
        let began = Instant::now();
        black_box(frames(&path)?);
        seconds.push(began.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!("{}", seconds.get(RUNS / 2).ok_or("no run")?);
    Ok(())
}

fn generate_one(arguments: &[String]) -> Outcome {
    let [_, kind, messages, path] = arguments else { return Err("generate KIND MESSAGES PATH".into()) };
    let (messages, path) = (messages.parse()?, Path::new(path));
    let kind = match kind.as_str() {
        "table" => return Ok(generate::table(path, messages)?),
        "tree" => {
            told(generate::tree(path, Kind::Small, messages)?);
            return Ok(());
        }
        "mixed" => Kind::Mixed,
        "small" => Kind::Small,
        "tiny" => Kind::Tiny,
        other => return Err(format!("no kind of export: {other}").into()),
    };
    told(generate::mbox(path, kind, messages, u64::MAX)?);
    Ok(())
}

/// A folder with an export, a mapping for it, and the program.
struct Scene {
    folder: TempDir,
    program: PathBuf,
}

impl Scene {
    fn new() -> Outcome<Self> {
        // What it is compared with is built for speed; it is the program that people get.
        let itself = std::env::current_exe()?;
        let program = itself.ancestors().nth(3).ok_or("no folder of programs")?.join("release/threadlift");
        if !program.is_file() {
            return Err(format!("build {} first: cargo build --release", program.display()).into());
        }
        Ok(Self { folder: tempfile::tempdir()?, program })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn mapping(&self, source: &str) -> Outcome {
        let text = format!(
            "version = 1\n[target]\ninbox = \"Support\"\n[ours]\ndomains = [\"acme.example\"]\n[[source]]\nname = \"bench\"\n{source}\n\
             [[rule]]\nwhen = {{ subject = 'warranty' }}\ninbox = \"Warranty\"\ntags = [\"warranty\"]\n"
        );
        Ok(fs::write(self.path("bench.toml"), text)?)
    }

    /// Plans from nothing.
    fn plan(&self) -> Outcome<Took> {
        let ledger = self.path("bench.ledger");
        if ledger.exists() {
            fs::remove_dir_all(&ledger)?;
        }
        self.plan_again()
    }

    /// Plans on top of the plan before, if there is one.
    fn plan_again(&self) -> Outcome<Took> {
        let mut command = Command::new(&self.program);
        Ok(measure(command.arg("plan").arg(self.path("bench.toml")).arg("-q"), &PLANNED)?)
    }

    /// Bytes of the ledger for each message.
    fn ledger(&self, messages: u64) -> Outcome<u64> {
        Ok(size_of(&self.path("bench.ledger"))? / messages.max(1))
    }
}

/// This program once more, for one of its parts.
fn itself(part: &str, path: &Path) -> Outcome<Took> {
    let mut command = Command::new(std::env::current_exe()?);
    Ok(measure(command.arg(part).arg(path), &[0])?)
}

/// The same for a part that measures itself.
fn itself_warm(part: &str, path: &Path) -> Outcome<Took> {
    let mut command = Command::new(std::env::current_exe()?);
    Ok(measure::told(command.arg(part).arg(path))?)
}

fn size_of(path: &Path) -> Outcome<u64> {
    if path.is_file() {
        return Ok(path.metadata()?.len());
    }
    let mut bytes = 0;
    for entry in walkdir::WalkDir::new(path) {
        let entry = entry?;
        bytes += if entry.file_type().is_file() { entry.metadata()?.len() } else { 0 };
    }
    Ok(bytes)
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

fn speed(bytes: u64) -> Outcome {
    for (name, kind) in [("mixed", Kind::Mixed), ("small", Kind::Small)] {
        let scene = Scene::new()?;
        let export = scene.path("bench.mbox");
        let messages = generate::mbox(&export, kind, u64::MAX, bytes)?;
        scene.mapping("format = \"mbox\"\npath = \"bench.mbox\"")?;
        let figures = Figures { messages, bytes: size_of(&export)? };
        table::title(&format!("{name} mails, an mbox"), figures);
        let (mut plans, mut floors) = (Vec::new(), Vec::new());
        let mut frames = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        let framers = ["own-frames", "mail-parser-frames", "mbox-reader-frames", "bytes-alone"];
        for _ in 0..RUNS {
            plans.push(scene.plan()?);
            floors.push(itself("floor", &export)?);
            for (part, runs) in framers.iter().zip(&mut frames) {
                runs.push(itself_warm(part, &export)?);
            }
        }
        let floor = median(floors).ok_or("no run")?;
        let plan = median(plans).ok_or("no run")?;
        table::row(&Row { what: "`plan`", took: plan, figures, beside: floor });
        table::row(&Row { what: "floor: frame, digest, parse, decode", took: floor, figures, beside: floor });
        if is_installed("python3") {
            let took = measure(Command::new("python3").args(["-c", PYTHON]).arg(&export), &[0])?;
            table::row(&Row { what: "Python's mailbox and email", took, figures, beside: floor });
        }
        for (part, runs) in framers.iter().zip(frames) {
            table::row(&Row { what: part, took: median(runs).ok_or("no run")?, figures, beside: floor });
        }
        println!("\nThe ledger takes {} bytes a message.", scene.ledger(messages)?);
    }
    trees(bytes / 4_500)?;
    tables(bytes / 170)
}

/// A file a mail, beside notmuch.
fn trees(messages: u64) -> Outcome {
    let scene = Scene::new()?;
    let bytes = generate::tree(&scene.path("mails"), Kind::Small, messages)?;
    scene.mapping("format = \"eml\"\npath = \"mails\"")?;
    let figures = Figures { messages, bytes };
    table::title("small mails, a file each", figures);
    let (mut plans, mut others) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        plans.push(scene.plan()?);
        if is_installed("notmuch") {
            others.push(notmuch(&scene)?);
        }
    }
    let plan = median(plans).ok_or("no run")?;
    table::row(&Row { what: "`plan`", took: plan, figures, beside: plan });
    if let Some(took) = median(others) {
        table::row(&Row { what: "`notmuch new`", took, figures, beside: plan });
    }
    Ok(())
}

/// Indexes the tree from nothing.
fn notmuch(scene: &Scene) -> Outcome<Took> {
    let config = scene.path("notmuch");
    fs::write(&config, format!("[database]\npath={}\n[new]\ntags=\n", scene.path("mails").display()))?;
    let index = scene.path("mails/.notmuch");
    if index.exists() {
        fs::remove_dir_all(&index)?;
    }
    let took = measure(Command::new("notmuch").env("NOTMUCH_CONFIG", &config).args(["new", "--quiet"]), &[0])?;
    fs::remove_dir_all(&index)?;
    Ok(took)
}

const TABLE: &str = "format = \"csv\"\npath = \"bench.csv\"\ndate = \"epoch-seconds\"\nrecipient = \"chat@acme.example\"\n\
    columns = { id = \"id\", conversation = \"chat\", time = \"time\", sender = \"who\", role = \"role\", text = \"text\" }\n\
    roles = { visitor = \"inbound\", agent = \"outbound\" }";

fn tables(rows: u64) -> Outcome {
    let scene = Scene::new()?;
    let export = scene.path("bench.csv");
    generate::table(&export, rows)?;
    scene.mapping(TABLE)?;
    let figures = Figures { messages: rows, bytes: size_of(&export)? };
    table::title("a table of chats", figures);
    let plan = scene.plan()?;
    table::row(&Row { what: "`plan`", took: plan, figures, beside: plan });
    Ok(())
}

/// How time and memory grow, and exports of the odd kinds.
fn growth(messages: u64) -> Outcome {
    table::title_of_growth();
    let many = messages * 10;
    let mut first = None;
    for (name, kind, messages) in [
        ("small messages", Kind::Tiny, messages),
        ("ten times as many", Kind::Tiny, many),
        ("one conversation", Kind::OneThread, messages),
        ("copies of one mail", Kind::Duplicates, many),
        ("mails without Message-ID", Kind::WithoutIds, many),
    ] {
        let scene = Scene::new()?;
        generate::mbox(&scene.path("bench.mbox"), kind, messages, u64::MAX)?;
        scene.mapping("format = \"mbox\"\npath = \"bench.mbox\"")?;
        grown(&scene, name, "bench.mbox", messages, &mut first)?;
    }
    let scene = Scene::new()?;
    generate::tree(&scene.path("mails"), Kind::Tiny, many)?;
    scene.mapping("format = \"eml\"\npath = \"mails\"")?;
    grown(&scene, "a file each", "mails", many, &mut first)?;
    let scene = Scene::new()?;
    generate::table(&scene.path("bench.csv"), many * 5)?;
    scene.mapping(TABLE)?;
    grown(&scene, "rows of chats", "bench.csv", many * 5, &mut first)?;
    for (name, bytes) in [("one of three has a file of 140 MB", 140_000_000), ("and of 1 GB", 1_000_000_000)] {
        let scene = Scene::new()?;
        generate::attachment(&scene.path("bench.mbox"), bytes)?;
        scene.mapping("format = \"mbox\"\npath = \"bench.mbox\"")?;
        grown(&scene, name, "bench.mbox", 3, &mut first)?;
    }
    Ok(())
}

fn grown(scene: &Scene, name: &str, export: &str, messages: u64, first: &mut Option<f64>) -> Outcome {
    let took = scene.plan()?;
    let figures = Figures { messages, bytes: size_of(&scene.path(export))? };
    let each = took.seconds / messages.max(1) as f64;
    let beside = *first.get_or_insert(each);
    table::row_of_growth(name, took, figures, each / beside, scene.ledger(messages)?);
    Ok(())
}

fn huge(messages: u64) -> Outcome {
    table::title_of_growth();
    let scene = Scene::new()?;
    generate::mbox(&scene.path("bench.mbox"), Kind::Tiny, messages, u64::MAX)?;
    scene.mapping("format = \"mbox\"\npath = \"bench.mbox\"")?;
    grown(&scene, "small messages", "bench.mbox", messages, &mut None)
}
