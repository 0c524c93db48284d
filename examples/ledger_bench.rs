//! How a ledger of a million entries behaves: `just ledger-bench`.
//!
//! Writes three ledgers (planned; half of it sent; all sent and confirmed) and opens each in a process of its own, so that the
//! memory shown is that of opening alone.

#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use threadlift::ledger::{
    Entry, FileMeta, Finish, Form, Ledger, LedgerError, PlanMeta, Planned, SourceMeta, State, Traits, Verdict,
};
use threadlift::source::{Origin, Piece};

const ENTRIES: u64 = 1_000_000;
/// As many marks as one group of the recorder has.
const GROUP: u64 = 256;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", dir, share] => write(Path::new(dir), share.parse()?),
        ["open", dir] => open(Path::new(dir)),
        _ => all(),
    }
}

fn all() -> Outcome {
    let home = tempfile::tempdir()?;
    let itself = std::env::current_exe()?;
    for (name, share) in [("planned", "0"), ("half sent", "50"), ("sent and confirmed", "100")] {
        let dir = home.path().join(share);
        println!("{name}, {ENTRIES} entries");
        for arguments in [["write", share].as_slice(), &["open"], &["open"]] {
            let mut command = Command::new(&itself);
            let (what, more) = arguments.split_first().ok_or("no arguments")?;
            command.arg(what).arg(&dir).args(more);
            if !command.status()?.success() {
                return Err(format!("{what} failed").into());
            }
        }
        std::fs::remove_dir_all(dir)?;
    }
    Ok(())
}

fn write(dir: &Path, share: u64) -> Outcome {
    let began = Instant::now();
    let mut ledger = Ledger::open(dir)?;
    ledger.write_plan(meta(), |plan| {
        (0..ENTRIES).try_for_each(|number| plan.add(&entry(number)))?;
        Ok::<_, LedgerError>(Vec::new())
    })?;
    println!("  plan written      {:>8.1} s", began.elapsed().as_secs_f64());
    let sent = ENTRIES / 100 * share;
    if sent > 0 {
        let began = Instant::now();
        for start in (0..sent).step_by(usize::try_from(GROUP)?) {
            let group = start..(start + GROUP).min(sent);
            ledger.mark(&group.clone().map(|at| (at, State::Sending)).collect::<Vec<_>>())?;
            ledger.mark(&group.clone().map(|at| (at, accepted(at))).collect::<Vec<_>>())?;
            ledger.mark(&group.map(|at| (at, confirmed(at))).collect::<Vec<_>>())?;
        }
        println!("  marks             {:>8.0} messages/s", per_second(sent, began));
    }
    ledger.close()?;
    let bytes = size(dir)?;
    println!("  disk              {:>8} bytes an entry; peak memory {}", bytes / ENTRIES, peak()?);
    Ok(())
}

fn open(dir: &Path) -> Outcome {
    let began = Instant::now();
    let ledger = Ledger::open_existing(dir)?;
    let opened = began.elapsed();
    let next = ledger.first_open();
    if next < ENTRIES {
        ledger.mark(&[(next, State::Sending)])?;
        ledger.mark(&[(next, State::Planned)])?;
    }
    println!(
        "  opened in         {:>8.3} s, first mark after {:.3} s; peak memory {}",
        opened.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        peak()?
    );
    Ok(ledger.close()?)
}

fn entry(number: u64) -> Entry {
    let name = blake3::hash(&number.to_le_bytes());
    let thread = blake3::hash(&(number / 4).to_le_bytes());
    let id = |hash: &blake3::Hash| hash.to_hex().get(..40).unwrap_or_default().to_owned();
    Entry {
        number,
        origin: Origin {
            source: 0,
            pieces: vec![Piece { file: 0, offset: number * 40_000, length: 40_000, line: None }],
            part: 0,
        },
        digest: [3; 16],
        verdict: Verdict::Planned(Planned {
            external_id: format!("tl1-{}", id(&name)),
            thread_ref: format!("tl1-t-{}", id(&thread)),
            inbox: "Support".into(),
            tags: vec!["legacy".into()],
            is_inbound: true,
            is_archived: true,
            assignee: None,
            customer: None,
            form: Form::Message,
            finish: Finish::default(),
            created_at: 1_600_000_000,
            traits: Traits::default(),
            identity: *name.as_bytes(),
            request: *thread.as_bytes(),
            size: 40_000,
        }),
        original_id: Some(format!("CAF{}@mail.shop.example", id(&thread))),
    }
}

fn meta() -> PlanMeta {
    let files = vec![FileMeta { shown: "mail.mbox".into(), size: ENTRIES * 40_000, sample: [5; 16] }];
    PlanMeta {
        plan_id: "0123456789abcdef".into(),
        mapping_text: "version = 1\n".into(),
        mapping_digest: [1; 32],
        engine: env!("CARGO_PKG_VERSION").into(),
        sources: vec![SourceMeta { name: "takeout".into(), read: ENTRIES, files }],
    }
}

fn accepted(at: u64) -> State {
    State::Accepted { uid: format!("FMID2{at:032x}") }
}

fn confirmed(at: u64) -> State {
    State::Confirmed {
        message_id: format!("msg_{at:012x}"),
        conversation_id: format!("cnv_{:012x}", at / 4),
        differs: None,
    }
}

fn per_second(count: u64, began: Instant) -> f64 {
    // A bench has far fewer than 2^52 of anything.
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / began.elapsed().as_secs_f64()
}

fn size(dir: &Path) -> Result<u64, Box<dyn Error>> {
    let mut bytes = 0;
    for item in walkdir::WalkDir::new(dir) {
        bytes += item?.metadata()?.len();
    }
    Ok(bytes)
}

/// The most memory this process ever held, as Linux tells it.
fn peak() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: unknown");
    Ok(line.trim_start_matches("VmHWM:").trim().to_owned())
}
