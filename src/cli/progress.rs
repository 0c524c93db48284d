//! Drawing: a bar for each stage on a terminal, a plain line every so often elsewhere.

use super::args::Common;
use crate::event::{Event, Limit, Observer, Silent, Stage, Unit};
use crate::words::printable;
use indicatif::{HumanBytes, HumanCount, HumanDuration, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between two plain lines. A stage that took longer leaves a line with its figures.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// On a terminal of fewer columns a bar says less.
const NARROW: u16 = 100;

/// An observer for the mode the terminal and the options ask for.
pub(super) fn observer(common: &Common) -> Arc<dyn Observer> {
    if common.quiet {
        Arc::new(Silent)
    } else if stderr().is_terminal() {
        Arc::new(Bars::new(common.verbose))
    } else {
        Arc::new(Plain { is_verbose: common.verbose, running: Mutex::default() })
    }
}

/// A stage under way, as far as a line about it needs.
struct Running {
    stage: Stage,
    total: u64,
    done: u64,
    records: u64,
    limit: Option<Limit>,
    began: Instant,
}

impl Running {
    fn new(stage: Stage, total: u64) -> Self {
        Self { stage, total, done: 0, records: 0, limit: None, began: Instant::now() }
    }

    /// Work a second since the beginning.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn rate(&self) -> f64 {
        self.done as f64 / self.began.elapsed().as_secs_f64().max(0.001)
    }

    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    fn left(&self) -> Option<Duration> {
        let left = self.total.saturating_sub(self.done) as f64 / self.rate();
        Duration::try_from_secs_f64(left).ok().filter(|_| self.done > 0)
    }

    /// Where it stands.
    fn line(&self) -> String {
        let left = self.left().map(|left| format!(", {} left", HumanDuration(left))).unwrap_or_default();
        let limit = self.limit.map(|limit| format!(", limited by {}", in_words(limit))).unwrap_or_default();
        let (done, total) = (self.amount(self.done), self.amount(self.total));
        format!("{}: {done} of {total}{}, {}{left}{limit}", name(self.stage), self.records(), self.speed())
    }

    /// What it came to, if it took long enough to be told.
    fn end(&self) -> Option<String> {
        let took = self.began.elapsed();
        (took >= PLAIN_EVERY).then(|| {
            let done = self.amount(self.done);
            format!("{}: {done}{} in {}, {}", name(self.stage), self.records(), HumanDuration(took), self.speed())
        })
    }

    fn amount(&self, number: u64) -> String {
        match self.stage.unit() {
            Unit::Bytes => HumanBytes(number).to_string(),
            Unit::Messages => HumanCount(number).to_string(),
        }
    }

    fn records(&self) -> String {
        match self.stage.unit() {
            Unit::Bytes if self.records > 0 => format!(", {} records", HumanCount(self.records)),
            _ => String::new(),
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shown")]
    fn speed(&self) -> String {
        let rate = self.rate();
        match self.stage.unit() {
            Unit::Bytes => format!("{}/s", HumanBytes(rate as u64)),
            // A few a minute are usual for Front.
            Unit::Messages if rate < 10.0 => format!("{:.0} a minute", rate * 60.0),
            Unit::Messages => format!("{rate:.0}/s"),
        }
    }
}

fn in_words(limit: Limit) -> &'static str {
    match limit {
        Limit::Quota => "Front's quota",
        Limit::Network => "the network and Front",
        Limit::Disk => "this machine's disk",
        Limit::Processor => "this machine's processor",
    }
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Unpacking => "unpacking",
        Stage::Reading => "reading",
        Stage::Requests => "writing",
        Stage::Sending => "sending",
        Stage::Confirming => "confirming",
        Stage::Preparing => "preparing",
        Stage::Finishing => "finishing",
        Stage::Delivering => "delivering",
        Stage::Undoing => "taking back",
    }
}

/// Bars, one below the other: an import sends and confirms at once.
struct Bars {
    is_verbose: bool,
    all: MultiProgress,
    running: Mutex<Vec<(Running, ProgressBar)>>,
}

impl Bars {
    fn new(is_verbose: bool) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        Self { is_verbose, all, running: Mutex::default() }
    }

    fn running(&self) -> MutexGuard<'_, Vec<(Running, ProgressBar)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, text: &str) {
        self.all.suspend(|| line(text));
    }
}

impl Observer for Bars {
    fn event(&self, event: Event) {
        match event {
            Event::StageStarted { stage, total } => {
                let bar = self.all.add(bar(stage, total));
                let mut running = self.running();
                running.retain(|(known, bar)| {
                    // A stage that begins anew, such as the second look of a first import.
                    let is_other = known.stage != stage;
                    if !is_other {
                        bar.finish_and_clear();
                    }
                    is_other
                });
                running.push((Running::new(stage, total), bar));
            }
            Event::StageAdvanced { stage, done, records } => {
                if let Some((known, bar)) = self.running().iter_mut().find(|(known, _)| known.stage == stage) {
                    (known.done, known.records) = (done, records);
                    bar.set_position(done);
                    bar.set_message(message(known));
                }
            }
            Event::Limited { stage, by } => {
                if let Some((known, bar)) = self.running().iter_mut().find(|(known, _)| known.stage == stage) {
                    known.limit = Some(by);
                    bar.set_message(message(known));
                }
            }
            Event::StageFinished { stage } => {
                let ended: Vec<(Running, ProgressBar)> =
                    self.running().extract_if(.., |(known, _)| known.stage == stage).collect();
                for (known, bar) in ended {
                    bar.finish_and_clear();
                    if let Some(text) = known.end() {
                        self.line(&text);
                    }
                }
            }
            Event::Waiting { wait, why } => {
                let text = format!("waiting {}: {}", HumanDuration(wait), printable(&why));
                match self.running().first() {
                    Some((_, bar)) if !self.is_verbose => bar.set_message(text),
                    _ => self.line(&text),
                }
            }
            Event::Outcome { external_id, outcome } => self.line(&format!("{external_id} {outcome}")),
            Event::Note { text } => self.line(&text),
        }
    }

    fn wants_outcomes(&self) -> bool {
        self.is_verbose
    }
}

fn message(running: &Running) -> String {
    let limit = running.limit.map(|limit| format!("limited by {}", in_words(limit)));
    let figure = match running.stage.unit() {
        // How fast it goes stands in the bar.
        Unit::Bytes => (running.records > 0).then(|| format!("{} records", HumanCount(running.records))),
        Unit::Messages => Some(running.speed()),
    };
    figure.into_iter().chain(limit).collect::<Vec<_>>().join(", ")
}

fn bar(stage: Stage, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let is_narrow = console::Term::stderr().size().1 < NARROW;
    let template = match (stage.unit(), is_narrow) {
        // Why it waits matters more than a long bar.
        (_, true) => "{prefix:<10} {bar:10} {percent:>3}%, {eta} left  {wide_msg}",
        (Unit::Bytes, false) => "{prefix:<10} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left  {msg}",
        (Unit::Messages, false) => "{prefix:<10} {wide_bar} {human_pos}/{human_len}, {eta} left  {msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(name(stage));
    bar
}

/// Lines for files, pipes and journals.
struct Plain {
    is_verbose: bool,
    running: Mutex<Vec<(Running, Instant)>>,
}

impl Observer for Plain {
    fn event(&self, event: Event) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::StageStarted { stage, total } => {
                running.retain(|(known, _)| known.stage != stage);
                running.push((Running::new(stage, total), Instant::now()));
            }
            Event::StageAdvanced { stage, done, records } => {
                if let Some((known, said)) = running.iter_mut().find(|(known, _)| known.stage == stage) {
                    (known.done, known.records) = (done, records);
                    if said.elapsed() >= PLAIN_EVERY {
                        *said = Instant::now();
                        line(&known.line());
                    }
                }
            }
            Event::Limited { stage, by } => {
                if let Some((known, _)) = running.iter_mut().find(|(known, _)| known.stage == stage) {
                    known.limit = Some(by);
                }
            }
            Event::StageFinished { stage } => {
                for (known, _) in running.extract_if(.., |(known, _)| known.stage == stage) {
                    known.end().iter().for_each(|text| line(text));
                }
            }
            Event::Waiting { wait, why } => line(&format!("waiting {}: {why}", HumanDuration(wait))),
            Event::Outcome { external_id, outcome } => line(&format!("{external_id} {outcome}")),
            Event::Note { text } => line(&text),
        }
    }

    fn wants_outcomes(&self) -> bool {
        self.is_verbose
    }
}

/// A line on stderr. A closed stderr is no reason to stop an import.
fn line(text: &str) {
    let _ = writeln!(stderr(), "{}", printable(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_rate_time_left_and_what_limits_it() {
        let began = Instant::now().checked_sub(Duration::from_secs(100)).unwrap();
        let mut running = Running { done: 150, limit: Some(Limit::Quota), began, ..Running::new(Stage::Sending, 450) };
        assert_eq!(running.line(), "sending: 150 of 450, 90 a minute, 3 minutes left, limited by Front's quota");
        assert_eq!(running.end().as_deref(), Some("sending: 150 in 2 minutes, 90 a minute"));
        running.done = 0;
        assert_eq!(
            running.line(),
            "sending: 0 of 450, 0 a minute, limited by Front's quota",
            "nothing to judge by yet"
        );
        let reading = Running {
            done: 5 << 20,
            records: 70,
            limit: Some(Limit::Processor),
            began,
            ..Running::new(Stage::Reading, 10 << 20)
        };
        assert_eq!(
            reading.line(),
            "reading: 5.00 MiB of 10.00 MiB, 70 records, 51.20 KiB/s, 2 minutes left, limited by this machine's processor"
        );
        assert_eq!(Running::new(Stage::Reading, 1).end(), None, "what was over at once leaves no line");
    }
}
