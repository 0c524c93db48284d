//! What is wrong, one by one and by kind.

use crate::cli::exit::Failure;
use crate::ledger::{Entry, Ledger, Reached, State, Verdict};
use crate::plan::Rebuilder;
use crate::report::{Problem, ProblemFigures, Problems};
use crate::words::clipped;
use std::collections::BTreeMap;

/// Most problems that are listed one by one: more than anybody reads, few enough for a browser.
pub(super) const MAX_LISTED: usize = 10_000;

/// Most kinds of problems of one status: Front's words may differ for each message.
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
    /// By cause, records and remedy.
    kinds: BTreeMap<String, (u64, String)>,
    /// Records of kinds beyond those that are kept.
    uncounted: u64,
}

impl Found {
    fn count(&mut self, cause: &str, remedy: impl FnOnce() -> String) {
        let cause = clipped(cause, LONGEST);
        if let Some((records, _)) = self.kinds.get_mut(&cause) {
            *records += 1;
        } else if self.kinds.len() < MAX_KINDS {
            self.kinds.insert(cause, (1, remedy()));
        } else {
            self.uncounted += 1;
        }
    }

    /// The kinds, the most frequent first.
    fn kinds(&mut self, status: &'static str) -> Vec<ProblemFigures> {
        let figures = |(cause, (records, remedy))| ProblemFigures { status, cause, records, remedy };
        let mut kinds: Vec<ProblemFigures> = std::mem::take(&mut self.kinds).into_iter().map(figures).collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.records));
        kinds
    }
}

struct Collecting<'a> {
    rebuilder: &'a Rebuilder,
    found: BTreeMap<&'static str, Found>,
}

/// Walks over the ledger once.
///
/// # Errors
/// If the ledger is damaged.
pub(super) fn collect(ledger: &Ledger, rebuilder: &Rebuilder, retry: &str) -> Result<Problems, Failure> {
    let mut collecting = Collecting { rebuilder, found: BTreeMap::new() };
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
        self.found.entry(status).or_default().count(&cause, || remedy(status, retry));
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
        self.found.entry(status).or_default().count(cause, || clipped(remedy, LONGEST));
        if self.is_wanted(status) {
            self.list(status, cause, detail, entry);
        }
    }

    fn is_wanted(&mut self, status: &'static str) -> bool {
        let found = self.found.entry(status).or_default();
        found.all += 1;
        found.listed.len() < MAX_LISTED
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
        let mut problems = Problems::default();
        for status in STATUSES {
            let mut found = self.found.remove(status).unwrap_or_default();
            problems.kinds.extend(found.kinds(status));
            problems.kinds_left_out += found.uncounted;
            let Found { listed, all, .. } = found;
            let room = MAX_LISTED.saturating_sub(problems.listed.len());
            let kept = listed.len().min(room);
            problems.listed.extend(listed.into_iter().take(room));
            problems.left_out += all.saturating_sub(kept as u64);
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, MAX_KINDS};

    #[test]
    fn of_kinds_without_end_the_first_are_counted_each_and_the_records_of_the_rest_together() {
        let mut found = Found::default();
        for number in 0..MAX_KINDS + 7 {
            found.count(&format!("refused in words of its own, {number}"), String::new);
        }
        for _ in 0..3 {
            found.count("refused in words of its own, 5", String::new);
        }
        assert_eq!(found.uncounted, 7);
        let kinds = found.kinds("refused");
        assert_eq!((kinds.len(), kinds[0].records, kinds[1].records), (MAX_KINDS, 4, 1));
        assert!(kinds[0].cause.ends_with(", 5") && kinds[0].status == "refused");
    }
}
