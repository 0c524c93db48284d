//! What Front's headers say about time and budget.

use std::time::Duration;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The company's budget as one answer tells it; each part may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Budget {
    /// Requests per minute that the company may make, above 0.
    pub(super) limit: Option<f64>,
    /// Requests left in this window.
    pub(super) remaining: Option<f64>,
    /// Time from now to the next window.
    pub(super) reset: Option<Duration>,
}

/// Reads the `x-ratelimit-*` headers. `now` is this machine's clock, used only when the answer bears no date.
pub(super) fn budget(headers: &HeaderMap, now: Timestamp) -> Budget {
    Budget {
        limit: number(headers, "x-ratelimit-limit").filter(|limit| *limit > 0.0),
        remaining: number(headers, "x-ratelimit-remaining"),
        reset: number(headers, "x-ratelimit-reset").map(|reset| until(reset, server_clock(headers, now))),
    }
}

/// The wait that Retry-After asks for, as seconds (fractions too) or as an HTTP date.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = text(headers, RETRY_AFTER.as_str())?;
    if let Some(seconds) = positive(text) {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    http_date(text).map(|date| until(date, server_clock(headers, now)))
}

/// Seconds on the server's clock: its own Date header where there is one, so that a wrong clock here does no harm.
fn server_clock(headers: &HeaderMap, now: Timestamp) -> f64 {
    text(headers, DATE.as_str()).and_then(http_date).unwrap_or_else(|| seconds(now))
}

fn until(moment: f64, clock: f64) -> Duration {
    Duration::try_from_secs_f64(moment - clock).unwrap_or(Duration::ZERO)
}

/// The form that servers must send (RFC 9110, 5.6.7) is also an RFC 2822 date.
fn http_date(text: &str) -> Option<f64> {
    DateTimeParser::new().parse_timestamp(text).ok().map(seconds)
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

    #[test]
    fn retry_after_is_read_as_seconds_fractions_or_a_date() {
        let wait = |lines: &[_]| retry_after(&headers(lines), now());
        assert_eq!(wait(&[]), None);
        assert_eq!(wait(&[("retry-after", "2")]), Some(Duration::from_secs(2)));
        assert_eq!(wait(&[("retry-after", " 0.25 ")]), Some(Duration::from_millis(250)));
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]), Some(Duration::from_secs(10)));
        for nonsense in ["soon", "-1", "NaN", "inf", "1e300", ""] {
            assert_eq!(retry_after(&headers(&[("retry-after", nonsense)]), now()), None, "{nonsense}");
        }
    }

    #[test]
    fn the_server_s_own_clock_counts() {
        let skewed = headers(&[
            ("date", "Sun, 06 Nov 1994 08:49:30 GMT"),
            ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("x-ratelimit-reset", "784111777.5"),
        ]);
        let wrong_clock = Timestamp::from_second(1_900_000_000).unwrap();
        assert_eq!(retry_after(&skewed, wrong_clock), Some(Duration::from_secs(7)));
        assert_eq!(budget(&skewed, wrong_clock).reset, Some(Duration::from_millis(7500)));
    }

    #[test]
    fn a_missing_or_foolish_number_is_no_number() {
        assert_eq!(budget(&headers(&[]), now()), Budget::default());
        let foolish = headers(&[("x-ratelimit-limit", "0"), ("x-ratelimit-remaining", "many")]);
        assert_eq!(budget(&foolish, now()), Budget::default());
        let past = headers(&[("x-ratelimit-reset", "12")]);
        assert_eq!(budget(&past, now()).reset, Some(Duration::ZERO));
    }
}
