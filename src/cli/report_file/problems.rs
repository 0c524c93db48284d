//! What is wrong, one by one and by kind.

use crate::cli::exit::Failure;
use crate::ledger::{Entry, Ledger, Reached, State, Verdict};
use crate::plan::Rebuilder;
use crate::report::{Problem, ProblemFigures, Problems};
use crate::words::clipped;
use std::collections::BTreeMap;

/// Most problems that are listed one by one: more than anybody reads, few enough for a browser.
const MAX_LISTED: usize = 10_000;

/// Most kinds of problems: Front's words may differ for each message.
const MAX_KINDS: usize = 200;

/// Longest text of a line, in characters.
const LONGEST: usize = 300;

/// The statuses, the worst first.
const STATUSES: [&str; 6] = ["missing", "refused", "unknown", "different", "unreadable", "rejected"];

/// What to do about a status that has no remedy of its own.
fn remedy(status: &str, retry: &str) -> String {
    match status {
        "missing" => {
            format!("Front accepted it and it is not there; to send it again with the same id: {retry} --missing")
        }
        "refused" => format!("mend the mapping, or what Front says is wrong there; then: {retry}"),
        "unknown" => "run the same command again: it is sent again first, with the same id".to_owned(),
        "different" => {
            "it stays as it is: tags and state can be mended in Front, content, people and date cannot".to_owned()
        }
        _ => String::new(),
    }
}

/// Problems of one status, the first ones kept.
#[derive(Default)]
struct Found {
    listed: Vec<Problem>,
    all: u64,
}

struct Collecting<'a> {
    rebuilder: &'a Rebuilder,
    found: BTreeMap<&'static str, Found>,
    kinds: BTreeMap<(&'static str, String), (u64, String)>,
    /// Kinds beyond those that are kept.
    uncounted: u64,
}

/// Walks over the ledger once.
///
/// # Errors
/// If the ledger is damaged.
pub(super) fn collect(ledger: &Ledger, rebuilder: &Rebuilder, retry: &str) -> Result<Problems, Failure> {
    let mut collecting = Collecting { rebuilder, found: BTreeMap::new(), kinds: BTreeMap::new(), uncounted: 0 };
    let total = ledger.tallies().iter().fold((0, 0), |(sent, read), (_, tally)| {
        let sent = sent + tally.refused + tally.missing + tally.different + tally.unknown;
        (sent, read + tally.unreadable + tally.rejected)
    });
    if total.0 > 0 {
        for item in ledger.reached(0..u64::MAX)? {
            let (position, reached) = item?;
            if is_amiss(reached) {
                collecting.sent(ledger, position, retry)?;
            }
        }
    }
    if total.1 > 0 {
        let planned = ledger.plan().map_or(0, |plan| plan.planned);
        for item in ledger.entries(planned..u64::MAX)? {
            collecting.read(&item?.1);
        }
    }
    Ok(collecting.finish())
}

fn is_amiss(reached: Reached) -> bool {
    match reached {
        Reached::Planned | Reached::Accepted | Reached::Confirmed => false,
        Reached::Sending
        | Reached::Unanswered
        | Reached::Refused
        | Reached::Unknown
        | Reached::Missing
        | Reached::Different => true,
    }
}

impl Collecting<'_> {
    fn sent(&mut self, ledger: &Ledger, position: u64, retry: &str) -> Result<(), Failure> {
        let (status, cause, detail) = match ledger.state(position)? {
            State::Missing { why, .. } => ("missing", why, String::new()),
            State::Refused { status: 0, cause } => ("refused", cause, "no answer at all".to_owned()),
            State::Refused { status, cause } => ("refused", cause, format!("Front answered {status}")),
            State::Unknown { why } => ("unknown", why, String::new()),
            State::Sending => ("unknown", "it was being sent when the process ended".to_owned(), String::new()),
            State::Confirmed { differs: Some(words), .. } => ("different", words, String::new()),
            _ => return Ok(()),
        };
        self.count(status, &cause, || remedy(status, retry));
        if self.is_wanted(status) {
            let entry = ledger.entry(position)?;
            self.list(status, &cause, &detail, &entry);
        }
        Ok(())
    }

    fn read(&mut self, entry: &Entry) {
        let (status, cause, detail, remedy) = match &entry.verdict {
            Verdict::Unreadable { cause, detail, remedy } => ("unreadable", cause, detail, remedy),
            Verdict::Rejected { cause, detail, remedy } => ("rejected", cause, detail, remedy),
            _ => return,
        };
        self.count(status, cause, || clipped(remedy, LONGEST));
        if self.is_wanted(status) {
            self.list(status, cause, detail, entry);
        }
    }

    fn is_wanted(&mut self, status: &'static str) -> bool {
        let found = self.found.entry(status).or_default();
        found.all += 1;
        found.listed.len() < MAX_LISTED
    }

    fn count(&mut self, status: &'static str, cause: &str, remedy: impl FnOnce() -> String) {
        let key = (status, clipped(cause, LONGEST));
        if let Some((records, _)) = self.kinds.get_mut(&key) {
            *records += 1;
        } else if self.kinds.len() < MAX_KINDS {
            self.kinds.insert(key, (1, remedy()));
        } else {
            self.uncounted += 1;
        }
    }

    fn list(&mut self, status: &'static str, cause: &str, detail: &str, entry: &Entry) {
        let external_id = match &entry.verdict {
            Verdict::Planned(planned) => planned.external_id.as_str(),
            _ => "",
        };
        let problem = Problem {
            status,
            cause: clipped(cause, LONGEST),
            detail: clipped(detail, LONGEST),
            source: self.rebuilder.source_name(usize::from(entry.origin.source)).to_owned(),
            place: clipped(&self.rebuilder.place(entry), LONGEST),
            id: clipped(entry.original_id.as_deref().unwrap_or(external_id), LONGEST),
        };
        self.found.entry(status).or_default().listed.push(problem);
    }

    /// The worst first, and of equal ones the most frequent.
    fn finish(mut self) -> Problems {
        let mut problems = Problems { kinds_left_out: self.uncounted, ..Problems::default() };
        for status in STATUSES {
            let mut kinds: Vec<ProblemFigures> = Vec::new();
            for ((of, cause), (records, remedy)) in &self.kinds {
                if *of == status {
                    kinds.push(ProblemFigures {
                        status,
                        cause: cause.clone(),
                        records: *records,
                        remedy: remedy.clone(),
                    });
                }
            }
            kinds.sort_by_key(|kind| std::cmp::Reverse(kind.records));
            problems.kinds.extend(kinds);
            let Found { listed, all } = self.found.remove(status).unwrap_or_default();
            let room = MAX_LISTED.saturating_sub(problems.listed.len());
            let kept = listed.len().min(room);
            problems.listed.extend(listed.into_iter().take(room));
            problems.left_out += all.saturating_sub(kept as u64);
        }
        problems
    }
}
