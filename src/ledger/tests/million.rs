//! Size: nothing here may take time or memory that grows faster than the plan.

use super::*;

fn names(count: u64) -> impl Iterator<Item = (u64, String)> {
    // As long as real ids.
    (0..count).map(|number| (number, blake3::hash(&number.to_le_bytes()).to_hex()[..40].to_owned()))
}

#[test]
fn a_hundred_thousand_entries_are_planned_sent_killed_and_planned_again() {
    const COUNT: u64 = 100_000;
    const SENT: u64 = 20_000;
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
    let entries = || names(COUNT).map(|(number, name)| planned(number, &name));
    ledger.write_plan(meta("p1", COUNT), entries()).unwrap();
    for start in (0..SENT).step_by(1_000) {
        let group: Vec<(u64, State)> =
            (start..start + 1_000).flat_map(|at| [(at, State::Sending), (at, accepted("u"))]).collect();
        ledger.mark(&group).unwrap();
    }
    let copy = as_killed_now(&ledger);
    drop(ledger);
    let mut ledger = open_copy(&copy);
    assert_eq!((ledger.counts().accepted, ledger.first_open()), (SENT, SENT));
    ledger.write_plan(meta("p2", COUNT), entries()).unwrap();
    assert_eq!((ledger.counts().accepted, ledger.counts().planned), (SENT, COUNT - SENT));
    assert_eq!(ledger.pins().unwrap().count() as u64, SENT);
    let (_, last) = names(COUNT).last().unwrap();
    assert_eq!(ledger.find(&external_id(&last)).unwrap(), [COUNT - 1]);
}

#[test]
#[ignore]
fn measure() {
    use std::time::Instant;
    fn rss() -> String {
        std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .filter(|l| l.starts_with("VmRSS") || l.starts_with("VmHWM"))
            .collect::<Vec<_>>()
            .join(" ")
    }
    fn du(p: &Path) -> u64 {
        walkdir::WalkDir::new(p)
            .into_iter()
            .map(|e| e.unwrap())
            .filter(|e| e.file_type().is_file())
            .map(|e| {
                use std::os::unix::fs::MetadataExt;
                e.metadata().unwrap().blocks() * 512
            })
            .sum()
    }
    let count: u64 = std::env::var("N").unwrap().parse().unwrap();
    let base = std::env::var("BASE").unwrap();
    let home = Path::new(&base).join("ledger");
    match std::env::var("STEP").unwrap().as_str() {
        "plan" => {
            let t = Instant::now();
            let mut l = Ledger::open(&home).unwrap();
            println!("open {:?} {}", t.elapsed(), rss());
            let t = Instant::now();
            l.write_plan(meta("p1p1p1p1p1p1p1p1", count), names(count).map(|(n, name)| planned(n, &name))).unwrap();
            println!("plan {:?} {}", t.elapsed(), rss());
            let t = Instant::now();
            drop(l);
            println!("close {:?}", t.elapsed());
        }
        "send" => {
            let t = Instant::now();
            let l = Ledger::open(&home).unwrap();
            println!("open {:?} {}", t.elapsed(), rss());
            let t = Instant::now();
            for s in (0..count).step_by(100) {
                let e = (s + 100).min(count);
                l.mark(&(s..e).map(|p| (p, State::Sending)).collect::<Vec<_>>()).unwrap();
                l.mark(&(s..e).map(|p| (p, accepted("3391a27fb5b2b8e1e1a1d2d2c3c3b4b4"))).collect::<Vec<_>>()).unwrap();
                l.mark(
                    &(s..e)
                        .map(|p| {
                            (
                                p,
                                State::Confirmed {
                                    message_id: "msg_1q15qmtq".into(),
                                    conversation_id: "cnv_yo1kg5q".into(),
                                },
                            )
                        })
                        .collect::<Vec<_>>(),
                )
                .unwrap();
            }
            println!("send {:?} {}", t.elapsed(), rss());
            let t = Instant::now();
            l.close().unwrap();
            println!("close {:?}", t.elapsed());
        }
        "open" => {
            let t = Instant::now();
            let l = Ledger::open(&home).unwrap();
            println!("open {:?} {} {:?} first_open {}", t.elapsed(), rss(), l.counts(), l.first_open());
            let t = Instant::now();
            drop(l);
            println!("close {:?}", t.elapsed());
        }
        "pins" => {
            let l = Ledger::open(&home).unwrap();
            let t = Instant::now();
            println!("{} pins {:?} {}", l.pins().unwrap().count(), t.elapsed(), rss());
            let t = Instant::now();
            println!("{} entries {:?} {}", l.entries(0..u64::MAX).unwrap().count(), t.elapsed(), rss());
        }
        _ => {}
    }
    for n in ["journal.jsonl", "sled"] {
        println!("{n}: {} B/entry", du(&home.join(n)) / count);
    }
}
