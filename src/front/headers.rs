//! What Front's headers say about time and budget.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

/// A wait that is reckoned with this machine's clock, which may be wrong, is believed up to here.
const PLAUSIBLE: f64 = 120.0;

/// So much may an end of window lie beyond a minute: clocks of two machines differ.
const LONGEST_WINDOW: f64 = 65.0;

/// The company's budget as one answer tells it; each part may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Budget {
    /// Requests per minute that the company may make, above 0.
    pub(super) limit: Option<f64>,
    /// Requests left in this window.
    pub(super) remaining: Option<f64>,
    /// When the window ends.
    pub(super) reset: Option<Reset>,
    /// The allowance for bursts: what is left of it, and how much it is when full.
    pub(super) burst: Option<Burst>,
}

/// The end of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reset {
    /// On the server's clock, Unix seconds.
    pub(super) at: f64,
    /// From the moment that the answer is dated.
    pub(super) left: Duration,
}

/// Half the plan's limit, refilled over ten minutes, from which Front serves what exceeds the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Burst {
    pub(super) limit: f64,
    pub(super) remaining: f64,
}

/// Reads the `x-ratelimit-*` headers.
pub(super) fn budget(headers: &HeaderMap) -> Budget {
    let burst = |name| number(headers, name);
    Budget {
        limit: number(headers, "x-ratelimit-limit").filter(|limit| *limit > 0.0),
        remaining: number(headers, "x-ratelimit-remaining"),
        reset: reset(headers),
        burst: burst("x-ratelimit-burst-limit")
            .zip(burst("x-ratelimit-burst-remaining"))
            .map(|(limit, remaining)| Burst { limit, remaining }),
    }
}

/// Against the server's own clock alone: without a date in the answer, or with an end that no minute has, when the window
/// ends is unknown. A wrong clock of ours would make us send into a full window, or wait for hours.
fn reset(headers: &HeaderMap) -> Option<Reset> {
    let at = number(headers, "x-ratelimit-reset")?;
    let left = at - server_clock(headers)?;
    let left = Duration::try_from_secs_f64(left.max(0.0)).ok().filter(|_| left > -1.0 && left <= LONGEST_WINDOW)?;
    Some(Reset { at, left })
}

/// How long the window that is full still lasts. Where the answer bears no date, by this machine's clock `now`, if
/// that makes sense.
pub(super) fn next_window(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    until(number(headers, "x-ratelimit-reset")?, headers, now)
}

/// The wait that Retry-After asks for, as seconds (fractions too) or as an HTTP date.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = text(headers, RETRY_AFTER.as_str())?;
    if let Some(seconds) = positive(text) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    until(http_date(text)?, headers, now)
}

/// The tier whose own limit was exceeded, as a 429 names it.
pub(super) fn tier(headers: &HeaderMap) -> Option<&str> {
    text(headers, "x-front-tier").filter(|tier| !tier.is_empty())
}

/// Seconds on the server's clock.
fn server_clock(headers: &HeaderMap) -> Option<f64> {
    text(headers, DATE.as_str()).and_then(http_date)
}

/// From the answer's own date where there is one, so that a wrong clock here does no harm; else from `now`, where the
/// result is one that a server would ask for.
fn until(moment: f64, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    if let Some(clock) = server_clock(headers) {
        return Some(Duration::try_from_secs_f64(moment - clock).unwrap_or(Duration::ZERO));
    }
    let wait = moment - seconds(now);
    (wait > 0.0 && wait <= PLAUSIBLE).then(|| Duration::try_from_secs_f64(wait).ok()).flatten()
}

/// In the three forms that a recipient must read (RFC 9110, 5.6.7); the first is also an RFC 2822 date.
fn http_date(text: &str) -> Option<f64> {
    let old =
        |pattern| DateTime::strptime(pattern, text).ok()?.to_zoned(TimeZone::UTC).ok().map(|date| date.timestamp());
    DateTimeParser::new()
        .parse_timestamp(text)
        .ok()
        .or_else(|| old("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| old("%a %b %e %H:%M:%S %Y"))
        .map(seconds)
}

fn seconds(moment: Timestamp) -> f64 {
    moment.as_duration().as_secs_f64()
}

fn number(headers: &HeaderMap, name: &str) -> Option<f64> {
    positive(text(headers, name)?)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn positive(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn now() -> Timestamp {
        // Ten seconds before the dates below.
        Timestamp::from_second(784_111_767).unwrap()
    }

    const DATE_30: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:30 GMT");

    #[test]
    fn retry_after_is_read_as_seconds_fractions_or_a_date() {
        let wait = |lines: &[_]| retry_after(&headers(lines), now());
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&[("retry-after", "2")]), Some(Duration::from_secs(2)));
        assert_eq!(wait(&[("retry-after", " 0.25 ")]), Some(Duration::from_millis(250)));
        for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(wait(&[("retry-after", date)]), Some(Duration::from_secs(10)), "{date}");
        }
        for nonsense in ["soon", "-1", "NaN", "inf", "1e300", "", "Sun, 06 Nov 1994"] {
            assert_eq!(retry_after(&headers(&[("retry-after", nonsense)]), now()), None, "{nonsense}");
        }
    }

    #[test]
    fn the_server_s_own_clock_counts() {
        let skewed =
            headers(&[DATE_30, ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), ("x-ratelimit-reset", "784111777.5")]);
        let wrong_clock = Timestamp::from_second(1_900_000_000).unwrap();
        assert_eq!(retry_after(&skewed, wrong_clock), Some(Duration::from_secs(7)));
        assert_eq!(next_window(&skewed, wrong_clock), Some(Duration::from_millis(7500)));
        let reset = Reset { at: 784_111_777.5, left: Duration::from_millis(7500) };
        assert_eq!(budget(&skewed).reset, Some(reset));
        let past = headers(&[DATE_30, ("retry-after", "Sun, 06 Nov 1994 08:49:20 GMT")]);
        assert_eq!(retry_after(&past, wrong_clock), Some(Duration::ZERO));
    }

    #[test]
    fn without_a_date_of_the_server_our_clock_is_believed_only_where_that_makes_sense() {
        let dateless = [("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), ("x-ratelimit-reset", "784111777")];
        let by = |seconds: i64| {
            let now = Timestamp::from_second(784_111_777 + seconds).unwrap();
            [retry_after(&headers(&dateless), now), next_window(&headers(&dateless), now)]
        };
        assert_eq!(by(-9), [Some(Duration::from_secs(9)); 2]);
        for skew in [3600, 1, 0, -121, -3600] {
            assert_eq!(by(skew), [None; 2], "{skew}");
        }
        assert_eq!(budget(&headers(&dateless)).reset, None);
        let mut soon = HeaderMap::new();
        let end = Timestamp::now().as_second() + 30;
        soon.insert("x-ratelimit-reset", end.to_string().parse().unwrap());
        assert_eq!(budget(&soon).reset, None, "not even where our clock makes sense of it");
    }

    #[test]
    fn a_window_ends_within_a_minute_or_its_end_is_unknown() {
        let left = |reset: &'static str| {
            budget(&headers(&[DATE_30, ("x-ratelimit-reset", reset)])).reset.map(|reset| reset.left.as_secs())
        };
        assert_eq!(left("784111830"), Some(60));
        assert_eq!(left("784111770"), Some(0), "rounded down while the date was not");
        for foolish in ["784111768", "784111836", "784111830000", "42", "1e300", "soon"] {
            assert_eq!(left(foolish), None, "{foolish}");
        }
    }

    #[test]
    fn a_missing_or_foolish_number_is_no_number() {
        assert_eq!(budget(&headers(&[])), Budget::default());
        let foolish = headers(&[("x-ratelimit-limit", "0"), ("x-ratelimit-remaining", "many")]);
        assert_eq!(budget(&foolish), Budget::default());
        let half = headers(&[("x-ratelimit-burst-limit", "50")]);
        assert_eq!(budget(&half), Budget::default());
        let whole = headers(&[("x-ratelimit-burst-limit", "50"), ("x-ratelimit-burst-remaining", "49")]);
        assert_eq!(budget(&whole).burst, Some(Burst { limit: 50.0, remaining: 49.0 }));
    }
}
