//! How much of a run the user allows: requests, time, or until a moment.

use super::interrupt;
use crate::front::Cancellation;
use crate::stage::Ending;
use clap::Args;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use tokio::task::JoinHandle;

/// Options of every command that sends or looks.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct BudgetArgs {
    /// Stop after so many requests to Front, lookups and repeats included; run again to go on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_requests: Option<u64>,
    /// Stop after so long, such as 8h, 90m or 1h30m, counted from the start of the command
    #[arg(long, value_name = "DURATION", value_parser = length)]
    pub max_duration: Option<Duration>,
    /// Stop at a local time, such as 07:00 (the next one), 2026-11-23T07:00, or one with an offset
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub until: Option<SystemTime>,
}

impl BudgetArgs {
    /// When to stop, if the command begins now.
    pub(super) fn until(&self) -> Option<SystemTime> {
        // A length beyond all calendars is none.
        let from_now = self.max_duration.and_then(|length| SystemTime::now().checked_add(length));
        from_now.into_iter().chain(self.until).min()
    }
}

/// Says when the run will stop by itself, if it will.
pub(super) fn announce(until: Option<SystemTime>) {
    if let Some(until) = until.and_then(local) {
        super::say(&format!("this run stops by itself at {until}\n"));
    }
}

/// A moment as the clock on the wall shows it.
fn local(moment: SystemTime) -> Option<String> {
    let time = Timestamp::try_from(moment).ok()?.to_zoned(TimeZone::system());
    Some(time.strftime("%Y-%m-%d %H:%M %Z").to_string())
}

/// Which budget ended a run, in words; `is_late` if its time did. None if it was no budget.
pub(super) fn used_up<S>(ending: &Ending<S>, is_late: bool) -> Option<&'static str> {
    match ending {
        Ending::Spent => Some("The budget of requests is used up"),
        Ending::Interrupted if is_late => Some("The time to stop has come"),
        _ => None,
    }
}

/// A budget that ended with the work itself has stopped nothing: a run that had no more to do is finished.
pub(super) fn unless_done<S>(ending: Ending<S>, is_late: bool, is_done: bool) -> Ending<S> {
    if is_done && used_up(&ending, is_late).is_some() { Ending::Finished } else { ending }
}

/// Does work that the user may stop, and the time `until` which it may take. Says whether it was that time.
pub(super) async fn limited<T, W: Future<Output = T>>(
    stop: &Arc<AtomicBool>,
    until: Option<SystemTime>,
    work: impl FnOnce(Cancellation) -> W,
) -> (T, bool) {
    let in_time = |cancellation: Cancellation| async move {
        let clock = Clock::start(until, &cancellation);
        let done = work(cancellation).await;
        (done, clock.has_struck())
    };
    interrupt::heeded(stop, in_time).await
}

/// Ends sending and looking alike when their time has come.
pub(super) struct Clock {
    has_struck: Arc<AtomicBool>,
    watch: Option<JoinHandle<()>>,
}

impl Clock {
    /// Cancels at that moment, unless that was done before.
    pub(super) fn start(until: Option<SystemTime>, cancellation: &Cancellation) -> Self {
        let has_struck = Arc::new(AtomicBool::new(false));
        let (struck, cancellation) = (Arc::clone(&has_struck), cancellation.clone());
        let watch = until.map(|until| {
            tokio::spawn(async move {
                over(Some(until)).await;
                struck.store(!cancellation.is_cancelled(), Ordering::Relaxed);
                cancellation.cancel();
            })
        });
        Self { has_struck, watch }
    }

    /// It was time, and not the user, that ended the run.
    pub(super) fn has_struck(&self) -> bool {
        self.has_struck.load(Ordering::Relaxed)
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
    }
}

/// Returns when it is that time; never without one.
pub(super) async fn over(until: Option<SystemTime>) {
    match until {
        Some(until) => passed(until, SystemTime::now).await,
        None => std::future::pending().await,
    }
}

/// Returns when the `clock` has passed that moment: it is looked at again and again, since a machine that sleeps or a clock
/// that is set must not lengthen a budget.
async fn passed(moment: SystemTime, clock: impl Fn() -> SystemTime) {
    const LOOK: Duration = Duration::from_secs(10);
    while let Ok(left) = moment.duration_since(clock())
        && !left.is_zero()
    {
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

/// `8h`, `1h30m`, `45s`, `2d`.
pub(super) fn length(written: &str) -> Result<Duration, String> {
    let mut seconds = 0_u64;
    let mut rest = written.trim();
    let wrong = || "write whole numbers with their units: s, m, h or d, such as 8h or 1h30m".to_owned();
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, after) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let letters = after.find(|letter: char| !letter.is_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters).ok_or_else(wrong)?;
        let unit = match unit {
            "s" | "sec" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        seconds = number.checked_mul(unit).and_then(|more| seconds.checked_add(more)).ok_or_else(wrong)?;
        rest = after.trim_start();
    }
    if seconds == 0 { Err(wrong()) } else { Ok(Duration::from_secs(seconds)) }
}

fn moment(written: &str) -> Result<SystemTime, String> {
    moment_after(written, &Zoned::now()).map(SystemTime::from)
}

/// The moment that is meant, at `now`.
fn moment_after(written: &str, now: &Zoned) -> Result<Timestamp, String> {
    let written = written.trim();
    let wrong = || "write a time such as 07:00, or a day and a time such as 2026-11-23T07:00".to_owned();
    let padded = if written.find(':') == Some(1) { format!("0{written}") } else { written.to_owned() };
    if let Ok(time) = padded.parse::<Time>()
        && padded.contains(':')
        && !padded.contains('-')
    {
        let zone = now.time_zone();
        let on = |day: jiff::civil::Date| zone.to_zoned(day.to_datetime(time)).map_err(|_| wrong());
        let today = on(now.date())?;
        // A clock that is set forward may leave the time out; then the first moment after it is meant.
        let next = if today > *now { today } else { on(now.date().checked_add(1.day()).map_err(|_| wrong())?)? };
        return Ok(next.timestamp());
    }
    let meant = match written.parse::<Timestamp>() {
        Ok(exact) => exact,
        Err(_) if !written.contains(':') => return Err(wrong()),
        Err(_) => {
            let civil: DateTime = written.parse().map_err(|_| wrong())?;
            now.time_zone().to_timestamp(civil).map_err(|_| wrong())?
        }
    };
    if meant <= now.timestamp() {
        return Err(format!("{} has passed already", super::printable(written)));
    }
    Ok(meant)
}

#[cfg(test)]
mod tests {
    use super::{Clock, length, moment_after, passed, unless_done};
    use crate::front::Cancellation;
    use crate::upload::Ending;
    use jiff::Zoned;
    use std::time::{Duration, SystemTime};
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_forward_while_nobody_looks_ends_a_budget_within_seconds() {
        let (began, start) = (Instant::now(), SystemTime::UNIX_EPOCH);
        // After a minute it shows eight hours more.
        let clock = || {
            let elapsed = began.elapsed();
            start + elapsed + if elapsed < Duration::from_mins(1) { Duration::ZERO } else { Duration::from_hours(8) }
        };
        passed(start + Duration::from_hours(8), clock).await;
        assert!((60..=70).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
        let began_again = Instant::now();
        passed(clock() + Duration::from_mins(3), clock).await;
        assert_eq!(began_again.elapsed().as_secs(), 180, "not before it has passed either");
    }

    #[test]
    fn a_budget_that_ends_with_the_work_itself_has_stopped_nothing() {
        let ended = |ending, is_late, is_done| format!("{:?}", unless_done(ending, is_late, is_done));
        assert_eq!(ended(Ending::Interrupted, true, true), "Finished");
        assert_eq!(ended(Ending::Spent, false, true), "Finished");
        assert_eq!(ended(Ending::Interrupted, true, false), "Interrupted");
        assert_eq!(ended(Ending::Spent, false, false), "Spent");
        assert_eq!(ended(Ending::Interrupted, false, true), "Interrupted", "the user, not a budget");
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_of_time_stops_a_run_and_knows_whether_the_user_was_first() {
        let soon = || Some(SystemTime::now() + Duration::from_millis(20));
        let cancellation = Cancellation::new();
        let clock = Clock::start(soon(), &cancellation);
        assert!(!clock.has_struck());
        cancellation.cancelled().await;
        assert!(clock.has_struck());

        let cancellation = Cancellation::new();
        let clock = Clock::start(soon(), &cancellation);
        cancellation.cancel();
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert!(!clock.has_struck(), "the user stopped it before");

        let cancellation = Cancellation::new();
        drop(Clock::start(soon(), &cancellation));
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert!(!cancellation.is_cancelled(), "what has ended is not stopped any more");
    }

    #[test]
    fn a_length_is_whole_numbers_with_units() {
        for (written, seconds) in [("8h", 28_800), ("1h30m", 5_400), ("45s", 45), ("2d", 172_800), (" 5 min", 0)] {
            let read = length(written).ok().map_or(0, |length| length.as_secs());
            assert_eq!(read, seconds, "{written}");
        }
        assert_eq!(length("90m").unwrap(), Duration::from_mins(90));
        for wrong in ["", "8", "h", "0s", "-1h", "8 hours", "1.5h", "99999999999999999999d", "1h-2m", "é"] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_of_day_is_the_next_one_and_a_day_with_a_time_is_that_one() {
        let now: Zoned = "2026-11-21T23:30:00+01:00[Europe/Paris]".parse().unwrap();
        for (written, meant) in [
            ("07:00", "2026-11-22T06:00:00Z"),
            ("7:00", "2026-11-22T06:00:00Z"),
            ("23:45", "2026-11-21T22:45:00Z"),
            ("23:30", "2026-11-22T22:30:00Z"),
            ("2026-11-23T07:00", "2026-11-23T06:00:00Z"),
            ("2026-11-23 07:00", "2026-11-23T06:00:00Z"),
            ("2026-11-23T07:00:00Z", "2026-11-23T07:00:00Z"),
        ] {
            assert_eq!(moment_after(written, &now).unwrap().to_string(), meant, "{written}");
        }
        for wrong in ["", "7", "25:00", "tomorrow", "2026-11-20T07:00", "2026-11-23", "07:00 pm"] {
            assert!(moment_after(wrong, &now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_that_the_clocks_leave_out_comes_right_after() {
        let now: Zoned = "2026-03-28T12:00:00+01:00[Europe/Paris]".parse().unwrap();
        assert_eq!(moment_after("02:30", &now).unwrap().to_string(), "2026-03-29T01:30:00Z");
    }
}
