//! Drawing: bars on a terminal, a plain line every so often elsewhere.

use crate::event::{Event, Observer, Stage, Unit};
use crate::words::printable;
use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two plain lines.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// An observer for the mode the terminal and the options ask for.
pub(super) fn observer(quiet: bool) -> Box<dyn Observer> {
    if quiet {
        Box::new(crate::event::Silent)
    } else if stderr().is_terminal() {
        Box::new(Bars::default())
    } else {
        Box::new(Plain::default())
    }
}

#[derive(Default)]
struct Bars {
    bar: Mutex<Option<ProgressBar>>,
}

impl Observer for Bars {
    fn event(&self, event: Event) {
        let mut slot = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::StageStarted { stage, total } => *slot = Some(bar(stage, total)),
            Event::StageAdvanced { done, records, .. } => {
                if let Some(bar) = slot.as_ref() {
                    bar.set_position(done);
                    if records > 0 {
                        bar.set_message(format!("{} records", HumanCount(records)));
                    }
                }
            }
            Event::StageFinished { .. } => {
                if let Some(bar) = slot.take() {
                    bar.finish_and_clear();
                }
            }
            Event::Waiting { wait, why } => {
                if let Some(bar) = slot.as_ref() {
                    bar.set_message(format!("waiting {}: {}", HumanDuration(wait), printable(&why)));
                }
            }
            Event::Note { text } => match slot.as_ref() {
                Some(bar) => bar.suspend(|| line(&text)),
                None => line(&text),
            },
        }
    }
}

fn bar(stage: Stage, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8));
    let template = match stage.unit() {
        Unit::Bytes => "{prefix:<8} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left  {msg}",
        Unit::Messages => "{prefix:<8} {wide_bar} {human_pos}/{human_len} {per_sec}, {eta} left  {msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(name(stage));
    bar
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Unpacking => "unpacking",
        Stage::Reading => "reading",
        Stage::Requests => "writing",
        Stage::Sending => "sending",
        Stage::Confirming => "confirming",
    }
}

#[derive(Default)]
struct Plain {
    running: Mutex<Option<Running>>,
}

struct Running {
    total: u64,
    began: Instant,
    said: Instant,
}

impl Observer for Plain {
    fn event(&self, event: Event) {
        let mut slot = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::StageStarted { total, .. } => {
                *slot = Some(Running { total, began: Instant::now(), said: Instant::now() });
            }
            Event::StageAdvanced { stage, done, records } => {
                if let Some(running) = slot.as_mut()
                    && running.said.elapsed() >= PLAIN_EVERY
                {
                    running.said = Instant::now();
                    line(&plain(stage, done, records, running));
                }
            }
            Event::StageFinished { .. } => *slot = None,
            Event::Waiting { wait, why } => line(&format!("waiting {}: {why}", HumanDuration(wait))),
            Event::Note { text } => line(&text),
        }
    }
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
fn plain(stage: Stage, done: u64, records: u64, running: &Running) -> String {
    let seconds = running.began.elapsed().as_secs_f64().max(0.001);
    let rate = done as f64 / seconds;
    let left = Duration::from_secs((running.total.saturating_sub(done) as f64 / rate.max(0.001)) as u64);
    match stage.unit() {
        Unit::Bytes => format!(
            "{}: {} of {}, {}{}/s, {} left",
            name(stage),
            HumanBytes(done),
            HumanBytes(running.total),
            if records > 0 { format!("{} records, ", HumanCount(records)) } else { String::new() },
            HumanBytes(rate as u64),
            HumanDuration(left)
        ),
        Unit::Messages => format!(
            "{}: {} of {}, {rate:.1}/s, {} left",
            name(stage),
            HumanCount(done),
            HumanCount(running.total),
            HumanDuration(left)
        ),
    }
}

/// A line on stderr. A closed stderr is no reason to stop an import.
fn line(text: &str) {
    let _ = writeln!(stderr(), "{}", printable(text));
}
