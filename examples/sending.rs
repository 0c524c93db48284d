//! How fast an import sends when Front is not what limits it: `just bench-sending [SMALL [LARGE]]`.
//!
//! Sends small mails and mails with a file of a megabyte each, made up here, to the embedded Front, each process by itself:
//!
//! ```text
//! front     the embedded Front at full speed
//! import    the command as people run it: ledger, journal, requests made again from the source, gate
//! ceiling   the same client, gate and requests made again, with as many in flight, and no ledger
//! ```
//!
//! Both clients run on the same plan in turn, each against a Front of its own.

#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

use std::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use threadlift::cli::Exit;
use threadlift::front::{Answer, Cancellation, Client, Settings};
use threadlift::ledger::{Entry, Ledger, Verdict};
use threadlift::plan::Rebuilder;
use threadlift::{mapping, source};
use tokio::sync::Semaphore;

/// Requests in flight: the most that a mapping may ask for.
const IN_FLIGHT: usize = 256;
/// Messages of the conversations, in turn.
const SIZES: [usize; 5] = [1, 2, 3, 4, 5];
/// Bytes of a file.
const FILE: usize = 1_000_000;
/// What a small mail says.
const TEXT: &str = "Hello,\n\nthe parcel came on Tuesday, but the left pedal was missing. Could you send it on? The address is the \
    same as before.\n\nWith kind regards\nand thanks for the quick answer last time\n";
/// The unit in which Linux shows times in /proc, on every architecture in use (proc(5), `USER_HZ`).
const TICKS_A_SECOND: f64 = 100.0;
const TOKEN: &str = "rehearsal";
const INBOX: &str = "inb_bench";

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What a client used up.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Figures {
    accepted: u64,
    /// Sending alone, without what comes before.
    seconds: f64,
    /// Processor time of the whole process, user and system.
    cpu_seconds: f64,
    /// The most memory it held, kB.
    peak_kb: u64,
}

fn main() -> Outcome {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next().as_ref().and_then(|role| role.to_str()) {
        Some("front") => std::process::exit(command("embedded-front", arguments) as i32),
        Some("plan") => std::process::exit(command("plan", arguments) as i32),
        Some("import") => {
            let exit = command("import", arguments);
            // Behind the report, which is the only other thing on stdout.
            println!("{}", serde_json::to_string(&used(0, 0.0)?)?);
            std::process::exit(exit as i32);
        }
        Some("ceiling") => {
            let rest: Vec<OsString> = arguments.collect();
            let [mapping, ledger, base_url] = rest.as_slice() else { return Err("three arguments".into()) };
            let base_url = base_url.to_str().ok_or("no URL")?;
            println!("{}", serde_json::to_string(&ceiling(Path::new(mapping), Path::new(ledger), base_url)?)?);
            Ok(())
        }
        Some(small) => {
            let large = arguments.next().map_or(Ok(2_000), |text| text.to_string_lossy().parse())?;
            bench(small.parse()?, large)
        }
        None => bench(100_000, 2_000),
    }
}

fn command(name: &str, arguments: impl Iterator<Item = OsString>) -> Exit {
    threadlift::cli::run(["threadlift".into(), name.into()].into_iter().chain(arguments))
}

fn bench(small: usize, large: usize) -> Outcome {
    let home = tempfile::tempdir()?;
    println!("sizes of conversations in turn: {SIZES:?}; {IN_FLIGHT} requests in flight\n");
    for (name, messages, file) in [("small", small, 0), ("a file of 1 MB each", large, FILE)] {
        if messages == 0 {
            continue;
        }
        let dir = home.path().join(if file == 0 { "small" } else { "large" });
        std::fs::create_dir(&dir)?;
        let bytes = write_source(&dir, messages, file)?;
        let mapping = write_mapping(&dir)?;
        let planning = Instant::now();
        let planned = itself()?.args(["plan", "--quiet"]).arg(&mapping).stdout(Stdio::null()).status()?;
        if !planned.success() {
            return Err("plan failed".into());
        }
        println!(
            "{messages} messages, {name}: {} MB, planned in {:.1} s",
            bytes / 1_000_000,
            planning.elapsed().as_secs_f64()
        );
        println!(
            "                                seconds  messages/s    MB/s  CPU ms a message  peak MB  of the ceiling"
        );
        let megabytes = as_f64(bytes) / 1e6;
        let (ledger, copy) = (mapping.with_extension("ledger"), dir.join("copy.ledger"));
        copy_dir(&ledger, &copy)?;
        let best =
            with_front(&mapping, |base_url| measured(itself()?.arg("ceiling").args([&mapping, &copy]).arg(base_url)))?;
        show("no ledger (the ceiling)", &best, megabytes, &best);
        let without = with_front(&mapping, |base_url| import(&mapping, &ledger, base_url, &["--no-verify"]))?;
        show("import --no-verify", &without, megabytes, &best);
        let with = with_front(&mapping, |base_url| import(&mapping, &copy, base_url, &[]))?;
        show("import, each message confirmed", &with, megabytes, &best);
        for done in [&best, &without, &with] {
            if done.accepted != messages as u64 {
                return Err(format!("{} of {messages} messages were accepted", done.accepted).into());
            }
        }
        println!();
        std::fs::remove_dir_all(dir)?;
    }
    Ok(())
}

fn show(name: &str, figures: &Figures, megabytes: f64, best: &Figures) {
    let messages = as_f64(figures.accepted);
    println!(
        "  {name:<30}{:>7.1}  {:>10.0}  {:>6.0}  {:>16.3}  {:>7.0}  {:>14.2}",
        figures.seconds,
        messages / figures.seconds,
        megabytes / figures.seconds,
        figures.cpu_seconds * 1e3 / messages,
        as_f64(figures.peak_kb) / 1e3,
        best.seconds / figures.seconds,
    );
}

fn import(mapping: &Path, ledger: &Path, base_url: &str, more: &[&str]) -> Outcome<Figures> {
    let mut command = itself()?;
    command.args(["import", "--quiet", "--yes", "--json", "--base-url", base_url, "--ledger"]);
    command.arg(ledger).args(more).arg(mapping).env("FRONT_API_TOKEN", TOKEN);
    measured(&mut command)
}

/// Runs a client; its last line is what it used, and a report before it says what it sent.
fn measured(command: &mut Command) -> Outcome<Figures> {
    let output = command.stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        return Err(format!("{text}\nthe client failed").into());
    }
    let (before, last) = text.trim_end().rsplit_once('\n').unwrap_or(("", text.trim_end()));
    let mut figures: Figures = serde_json::from_str(last)?;
    if !before.is_empty() {
        let report: serde_json::Value = serde_json::from_str(before)?;
        let number = |key: &str| report.pointer(key).ok_or_else(|| format!("the report lacks {key}"));
        figures.accepted = number("/sent/accepted")?.as_u64().unwrap_or_default();
        figures.seconds = number("/sent/seconds")?.as_f64().unwrap_or_default();
    }
    Ok(figures)
}

/// Has an embedded Front of its own for a while.
fn with_front<T>(mapping: &Path, run: impl FnOnce(&str) -> Outcome<T>) -> Outcome<T> {
    let mut front = itself()?;
    front.arg("front").arg(mapping).args(["--forget-bodies", "--appear-after-ms", "0", "--token", TOKEN]);
    let mut front = front.stdout(Stdio::piped()).spawn()?;
    let told = front.stdout.take().map(BufReader::new).ok_or("no pipe")?;
    let done = while_it_runs(told, run);
    stop(&mut front)?;
    done
}

fn while_it_runs<T>(mut told: BufReader<ChildStdout>, run: impl FnOnce(&str) -> Outcome<T>) -> Outcome<T> {
    let mut base_url = String::new();
    told.read_line(&mut base_url)?;
    let done = run(base_url.trim());
    // Read on in a thread of its own, or a last line could wait for a reader while we wait for its end.
    std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
    done
}

fn stop(front: &mut Child) -> Outcome {
    let pid = i32::try_from(front.id()).ok().and_then(Pid::from_raw).ok_or("no process id")?;
    kill_process(pid, Signal::TERM)?;
    front.wait()?;
    Ok(())
}

fn itself() -> Outcome<Command> {
    Ok(Command::new(std::env::current_exe()?))
}

/// What this process used so far, as Linux tells it.
fn used(accepted: u64, seconds: f64) -> Outcome<Figures> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let peak_kb = peak.trim().trim_end_matches("kB").trim().parse()?;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // Behind the name, which may hold anything, utime and stime are the 12th and 13th fields (proc(5)).
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).ok_or("no stat")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    let cpu_seconds = as_f64(ticks) / TICKS_A_SECOND;
    Ok(Figures { accepted, seconds, cpu_seconds, peak_kb })
}

/// Sends everything that is planned, conversation by conversation, and records nothing.
fn ceiling(mapping: &Path, ledger: &Path, base_url: &str) -> Outcome<Figures> {
    let mapping = Arc::new(mapping::load(mapping).map_err(|errors| errors.render(false))?);
    let sources = Arc::new(source::open_all(&mapping).map_err(|errors| format!("{errors:?}"))?);
    let rebuilder = Rebuilder::new(Arc::clone(&mapping), sources);
    let ledger = Arc::new(Ledger::open_existing(ledger)?);
    let mut settings = Settings::new(base_url.to_owned(), SecretString::from(TOKEN.to_owned()));
    (settings.share, settings.reserve, settings.per_resource) = (1.0, 0, mapping.send.per_resource);
    let client = Client::new(settings)?;
    let accepted = Arc::new(AtomicU64::new(0));
    let is_bad = Arc::new(AtomicBool::new(false));
    let mut seconds = 0.0;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).thread_stack_size(16 << 20).enable_all().build()?;
    runtime.block_on(async {
        client.me().await?;
        let began = Instant::now();
        let open = Arc::new(Semaphore::new(IN_FLIGHT));
        let mut conversation: Vec<Entry> = Vec::new();
        let mut conversations = tokio::task::JoinSet::new();
        let mut entries = ledger.entries(0..ledger.plan().map_or(0, |plan| plan.planned))?;
        loop {
            let next = entries.next().transpose()?.map(|(_, entry)| entry);
            let is_over = match (conversation.last(), &next) {
                (Some(last), Some(next)) => thread_ref(last) != thread_ref(next),
                (Some(_), None) => true,
                (None, _) => false,
            };
            if is_over {
                let slot = Arc::clone(&open).acquire_owned().await?;
                let (conversation, client, rebuilder) =
                    (std::mem::take(&mut conversation), client.clone(), rebuilder.clone());
                let (accepted, is_bad) = (Arc::clone(&accepted), Arc::clone(&is_bad));
                conversations.spawn(async move {
                    let sent = send_all(conversation, &client, rebuilder, &accepted).await;
                    is_bad.fetch_or(sent.is_none(), Ordering::Relaxed);
                    drop(slot);
                });
                while conversations.try_join_next().is_some() {}
            }
            let Some(next) = next else { break };
            conversation.push(next);
        }
        while conversations.join_next().await.is_some() {}
        seconds = began.elapsed().as_secs_f64();
        Ok::<(), Box<dyn Error>>(())
    })?;
    if is_bad.load(Ordering::Relaxed) {
        return Err("a message was not accepted".into());
    }
    used(accepted.load(Ordering::Relaxed), seconds)
}

/// Oldest first, one at a time; nothing if one is not accepted.
async fn send_all(conversation: Vec<Entry>, client: &Client, rebuilder: Rebuilder, accepted: &AtomicU64) -> Option<()> {
    let cancellation = Cancellation::new();
    for entry in conversation {
        let rebuilder = rebuilder.clone();
        let rebuilt = tokio::task::spawn_blocking(move || rebuilder.request(&entry)).await.ok()?.ok()?;
        let Answer::Accepted { .. } = client.import(INBOX, &rebuilt.request, &cancellation).await else { return None };
        accepted.fetch_add(1, Ordering::Relaxed);
    }
    Some(())
}

fn thread_ref(entry: &Entry) -> Option<&str> {
    match &entry.verdict {
        Verdict::Planned(planned) => Some(&planned.thread_ref),
        _ => None,
    }
}

fn write_mapping(dir: &Path) -> Outcome<PathBuf> {
    let path = dir.join("mapping.toml");
    let text = format!(
        "version = 1\n[target]\ninbox = \"{INBOX}\"\n[ours]\ndomains = [\"acme.example\"]\n\
         [[source]]\nname = \"mail\"\nformat = \"mbox\"\npath = \"mail.mbox\"\nuntil = \"everything\"\n\
         [send]\nshare = 1.0\nreserve = 0\nper_resource = 1000000\nin_flight = {IN_FLIGHT}\n"
    );
    std::fs::write(&path, text)?;
    Ok(path)
}

/// Writes an mbox of so many mails, each with a file of so many bytes, always the same. Returns its size.
fn write_source(dir: &Path, messages: usize, file: usize) -> Outcome<u64> {
    let path = dir.join("mail.mbox");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
    let lines = base64_lines(file);
    let mut conversation = 0;
    let mut within = 0;
    for number in 0..messages {
        write_header(&mut out, number, conversation, within)?;
        if file == 0 {
            writeln!(out, "Content-Type: text/plain; charset=utf-8\n\n{TEXT}")?;
        } else {
            write_file(&mut out, number, &lines)?;
        }
        out.write_all(b"\n")?;
        within += 1;
        if SIZES.get(conversation % SIZES.len()).is_some_and(|size| within == *size) {
            (conversation, within) = (conversation + 1, 0);
        }
    }
    out.flush()?;
    Ok(path.metadata()?.len())
}

fn write_header(out: &mut impl Write, number: usize, conversation: usize, within: usize) -> std::io::Result<()> {
    let customer = format!("Customer {0} <customer-{0}@mail.example>", conversation % 5_000);
    let ours = "Support <support@acme.example>".to_owned();
    let (from, to) = if within.is_multiple_of(2) { (customer, ours) } else { (ours, customer) };
    let (second, minute, hour, day) = (number % 60, number / 60 % 60, number / 3_600 % 24, number / 86_400 % 28 + 1);
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    write!(
        out,
        "From export@acme.example Mon Jan {day:2} {time} 2018\n\
         From: {from}\nTo: {to}\nSubject: Order {conversation}\nDate: {day} Jan 2018 {time} +0000\n\
         Message-ID: <{conversation}.{within}@bench.example>\n"
    )?;
    if within > 0 {
        writeln!(out, "References: <{conversation}.0@bench.example> <{conversation}.{}@bench.example>", within - 1)?;
    }
    writeln!(out, "MIME-Version: 1.0")
}

/// Completes a mail with a line of text and a file.
fn write_file(out: &mut impl Write, number: usize, lines: &[u8]) -> std::io::Result<()> {
    write!(
        out,
        "Content-Type: multipart/mixed; boundary=\"part\"\n\n--part\nContent-Type: text/plain; charset=utf-8\n\n\
         The drawing for order {number} is attached.\n\n--part\nContent-Type: application/octet-stream\n\
         Content-Disposition: attachment; filename=\"drawing-{number}.bin\"\nContent-Transfer-Encoding: base64\n\n"
    )?;
    out.write_all(lines)?;
    out.write_all(b"--part--\n")
}

/// A file of so many bytes in base64, as different within itself as a packed one.
fn base64_lines(file: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut lines = Vec::with_capacity(file / 3 * 4 + file / 50);
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    for count in 1..=file / 3 * 4 {
        // Xorshift: 64 bits, never zero.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        lines.extend(usize::try_from(state >> 58).ok().and_then(|letter| LETTERS.get(letter)));
        if count % 76 == 0 {
            lines.push(b'\n');
        }
    }
    lines.push(b'\n');
    lines
}

fn copy_dir(from: &Path, to: &Path) -> Outcome {
    for item in walkdir::WalkDir::new(from) {
        let item = item?;
        let target = to.join(item.path().strip_prefix(from)?);
        if item.file_type().is_dir() {
            std::fs::create_dir(target)?;
        } else {
            std::fs::copy(item.path(), target)?;
        }
    }
    Ok(())
}

/// Exact far beyond what a bench counts.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 of anything")]
fn as_f64(number: u64) -> f64 {
    number as f64
}
