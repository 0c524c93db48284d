//! The server's clock, which need not be right.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Tells the time of the answers: the machine's, so many seconds off.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    skew: i64,
}

impl Clock {
    pub(super) fn new(skew: i64) -> Self {
        Self { skew }
    }

    /// Unix seconds `ahead` of now, with decimals as Front gives them.
    pub(super) fn unix(self, ahead: Duration) -> f64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + ahead;
        let skew = Duration::from_secs(self.skew.unsigned_abs());
        let shown = if self.skew < 0 { now.saturating_sub(skew) } else { now + skew };
        shown.as_secs_f64()
    }

    /// The second `ahead` of now as HTTP writes it (RFC 9110, 5.6.7), rounded up.
    pub(super) fn http_date(self, ahead: Duration) -> String {
        let shown = Duration::try_from_secs_f64(self.unix(ahead)).unwrap_or_default();
        let seconds = shown.as_secs() + u64::from(shown.subsec_nanos() > 0);
        let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        time.unwrap_or_default().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// Whether it shows another time than the machine's.
    pub(super) fn is_off(self) -> bool {
        self.skew != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_off_by_what_was_asked() {
        let now = Clock::new(0).unix(Duration::ZERO);
        for skew in [-3600_i32, -1, 1, 90] {
            let shown = Clock::new(skew.into()).unix(Duration::ZERO);
            assert!((shown - now - f64::from(skew)).abs() < 60.0, "{skew}: {shown} for {now}");
        }
    }

    #[test]
    fn dates_are_written_as_http_wants_them() {
        let date = Clock::default().http_date(Duration::from_secs(2));
        assert_eq!(date.len(), "Sun, 06 Nov 1994 08:49:37 GMT".len(), "{date}");
        assert!(date.ends_with(" GMT") && date.get(3..5) == Some(", "), "{date}");
    }
}
