//! What one answer means. Pure, so that every case stands in one table of tests.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use super::headers;
use super::reason;

/// What an answer to an import means for the message and the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Front took the message; it exists some time later.
    Accepted { uid: String },
    /// A success that does not name the message.
    Unusable { why: String },
    /// Front does not want this message. Also for codes that nobody foresaw: the message stops, the evidence stays.
    Refused { status: u16, cause: String },
    /// A refusal because Front has a message with this external id.
    AlreadyThere { status: u16, cause: String },
    /// The token is bad, or may not do this.
    Unauthorized { status: u16, text: String },
    /// No such inbox, or not for this token.
    UnknownInbox { text: String },
    /// Too many requests; says nothing about the message.
    Throttled { wait: Option<Duration>, cause: String },
    /// The server failed; the same bytes may succeed later.
    Failed { status: u16, wait: Option<Duration>, cause: String },
}

/// Classes of status codes that lookups and imports treat alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Success,
    Unauthorized,
    NotFound,
    Throttled,
    Failed,
    Other,
}

pub(super) fn class(status: u16) -> Class {
    match status {
        200..=299 => Class::Success,
        401 | 403 => Class::Unauthorized,
        404 => Class::NotFound,
        429 => Class::Throttled,
        408 | 500..=599 => Class::Failed,
        _ => Class::Other,
    }
}

/// The verdict on an import's answer. `now` serves only where the answer bears no date of its own.
pub(super) fn classify(status: u16, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Verdict {
    let cause = || reason::reason(body);
    match class(status) {
        Class::Success => match message_uid(body) {
            Some(uid) => Verdict::Accepted { uid },
            None => Verdict::Unusable { why: format!("Front answered {status} without a message_uid ({})", cause()) },
        },
        Class::Unauthorized => Verdict::Unauthorized { status, text: cause() },
        Class::NotFound if names_another(body, "inbox") => Verdict::Refused { status, cause: cause() },
        Class::NotFound => Verdict::UnknownInbox { text: cause() },
        Class::Throttled => Verdict::Throttled { wait: throttle(headers, body, now).wait, cause: cause() },
        Class::Failed => Verdict::Failed { status, wait: headers::retry_after(headers, now), cause: cause() },
        Class::Other if (400..=499).contains(&status) && says_already_there(&cause()) => {
            Verdict::AlreadyThere { status, cause: cause() }
        }
        Class::Other if (300..=399).contains(&status) => {
            Verdict::Refused { status, cause: "a redirect, which is not followed with a message in hand".to_owned() }
        }
        Class::Other => Verdict::Refused { status, cause: cause() },
    }
}

/// What a 429 asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Throttle {
    /// How long to wait, if it says so.
    pub(super) wait: Option<Duration>,
    /// Who must wait.
    pub(super) reach: Reach,
}

/// Who waits after a 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those who want the same resource: a tier of Front's has a limit for each, independent of the company's.
    Resource,
    /// Everyone: the company's limit, or one that cannot be told.
    Company,
}

/// What a 429 asks for. With requests left in the window it is a limit of its own, over as soon as it says, and where it
/// names a tier it is one resource's; with none left, nothing succeeds before the next window, whatever it says.
pub(super) fn throttle(headers: &HeaderMap, body: &[u8], now: Timestamp) -> Throttle {
    let text = reason::reason(body);
    let wait = headers::retry_after(headers, now).or_else(|| reason::milliseconds(&text));
    let next_window = headers::next_window(headers, now);
    if headers::budget(headers).remaining.is_some_and(|remaining| remaining < 1.0) {
        return Throttle { wait: wait.max(next_window), reach: Reach::Company };
    }
    let names_tier = headers::tier(headers).is_some() || text.to_lowercase().contains("tier-");
    let reach = if names_tier { Reach::Resource } else { Reach::Company };
    Throttle { wait: wait.or(next_window), reach }
}

/// Only the uid is looked for: older documentation shows the answer without `status`.
pub(super) fn message_uid(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let uid = value.get("message_uid")?.as_str()?;
    (!uid.is_empty()).then(|| uid.to_owned())
}

/// Whether a 404 is about something in the body of the request rather than the thing in its path, `own`. When in doubt it is
/// the thing in the path: stopping a run costs a rerun, refusing every message of it costs trust.
pub(super) fn names_another(body: &[u8], own: &str) -> bool {
    // The others are words of any sentence, so only the way in which Front names things counts.
    const THINGS: [&str; 10] = [
        "teammate",
        "author",
        "assignee",
        "conversation",
        "tag",
        "unknown inbox",
        "unknown link",
        "unknown status",
        "unknown contact",
        "unknown custom field",
    ];
    let text = reason::reason(body).to_lowercase();
    reason::is_fronts_own(body)
        && !text.contains(&own.replace('_', " "))
        && THINGS.iter().any(|thing| text.contains(thing))
}

/// Front documents that it keeps one message per external id, but not how it says so.
fn says_already_there(cause: &str) -> bool {
    let text = cause.to_lowercase();
    (text.contains("external_id") || text.contains("external id"))
        && ["already", "exist", "duplicate", "taken", "unique"].iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Verdict {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        classify(status, &headers, body.as_bytes(), Timestamp::UNIX_EPOCH)
    }

    fn error(message: &str) -> String {
        format!(r#"{{"_error":{{"message":"{message}"}}}}"#)
    }

    #[test]
    fn any_success_that_names_the_message_is_accepted() {
        let accepted = Verdict::Accepted { uid: "u1".into() };
        assert_eq!(verdict(202, &[], r#"{"status":"accepted","message_uid":"u1"}"#), accepted);
        assert_eq!(verdict(202, &[], r#"{"message_uid":"u1"}"#), accepted);
        assert_eq!(verdict(200, &[], r#"{"message_uid":"u1"}"#), accepted);
    }

    #[test]
    fn a_success_that_names_no_message_is_never_called_accepted() {
        for body in
            ["", "{}", r#"{"message_uid":""}"#, r#"{"message_uid":7}"#, r#"{"message_uid":"u"#, "<html>ok</html>"]
        {
            assert!(matches!(verdict(202, &[], body), Verdict::Unusable { .. }), "{body}");
        }
        assert!(matches!(verdict(204, &[], ""), Verdict::Unusable { .. }));
    }

    #[test]
    fn a_refusal_is_about_one_message() {
        for status in [400, 405, 406, 409, 410, 413, 414, 415, 422, 451, 418] {
            let cause = "no".to_owned();
            assert_eq!(verdict(status, &[], &error("no")), Verdict::Refused { status, cause });
        }
    }

    #[test]
    fn codes_nobody_foresaw_stop_the_message_and_keep_the_evidence() {
        for status in [100, 301, 302, 307, 308, 600, 999] {
            let Verdict::Refused { status: kept, cause } = verdict(status, &[], "odd") else { panic!("{status}") };
            assert_eq!(kept, status);
            assert!(!cause.is_empty());
        }
    }

    #[test]
    fn a_bad_token_or_inbox_is_not_about_the_message() {
        for status in [401, 403] {
            let text = "Unauthenticated".to_owned();
            assert_eq!(verdict(status, &[], &error("Unauthenticated")), Verdict::Unauthorized { status, text });
        }
        for body in [error("Unknown inbox ID inb_1"), error("Not found"), String::new(), "<html>404</html>".to_owned()]
        {
            assert!(matches!(verdict(404, &[], &body), Verdict::UnknownInbox { .. }), "{body}");
        }
        assert!(matches!(verdict(404, &[], &error("Unknown teammate ID tea_1")), Verdict::Refused { status: 404, .. }));
    }

    #[test]
    fn a_404_is_about_the_thing_in_the_path_unless_front_names_another() {
        let names = |own: &str, text: &str| names_another(error(text).as_bytes(), own);
        for (own, text) in [
            ("conversation", "Unknown tag ID tag_1"),
            ("conversation", "Unknown link ID top_1"),
            ("contact_list", "Unknown contact ID crd_1"),
            ("inbox", "Unknown teammate"),
        ] {
            assert!(names(own, text), "{own}: {text}");
        }
        for (own, text) in [
            ("conversation", "Unknown conversation ID cnv_1"),
            ("contact_list", "Unknown contact list ID grp_1"),
            ("inbox", "Not found, please contact support with this link"),
            ("", "Unknown tag ID tag_1"),
        ] {
            assert!(!names(own, text), "{own}: {text}");
        }
        assert!(!names_another(b"<html>no such tag</html>", "conversation"));
    }

    #[test]
    fn an_external_id_that_is_there_already_is_not_a_plain_refusal() {
        let there = |status, text: &str| matches!(verdict(status, &[], &error(text)), Verdict::AlreadyThere { .. });
        assert!(there(409, "A message with this external_id already exists"));
        assert!(there(400, "Duplicate external ID"));
        assert!(!there(400, "body.external_id: too long"));
        assert!(!there(409, "already exists"));
    }

    #[test]
    fn what_fails_on_the_server_may_be_tried_again() {
        for status in [408, 500, 501, 502, 503, 504, 520, 599] {
            let tried = verdict(status, &[("retry-after", "3")], "<html>bad</html>");
            let Verdict::Failed { status: kept, wait, .. } = tried else { panic!("{status}") };
            assert_eq!((kept, wait), (status, Some(Duration::from_secs(3))));
        }
    }

    #[test]
    fn a_429_names_its_wait_in_four_ways_of_falling_worth() {
        let header = ("retry-after", "1.5");
        let date = ("date", "Sun, 06 Nov 1994 08:49:28 GMT");
        let window = ("x-ratelimit-reset", "784111777");
        let words = error("tier-2 route. Please retry in 341 milliseconds.");
        let wait = |headers: &[_], body: &str| match verdict(429, headers, body) {
            Verdict::Throttled { wait, .. } => wait,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait(&[header, date, window], &words), Some(Duration::from_millis(1500)));
        assert_eq!(wait(&[date, window], &words), Some(Duration::from_millis(341)));
        assert_eq!(wait(&[date, window], ""), Some(Duration::from_secs(9)));
        assert_eq!(wait(&[], ""), None);
    }

    #[test]
    fn a_429_with_requests_left_is_over_when_it_says_and_without_at_the_end_of_the_window() {
        let now = Timestamp::UNIX_EPOCH;
        let asked = |remaining: &'static str, more: &[(&'static str, &'static str)], body: &str| {
            let common = [
                ("date", "Sun, 06 Nov 1994 08:49:28 GMT"),
                ("x-ratelimit-reset", "784111777"),
                ("retry-after", "2"),
                ("x-ratelimit-remaining", remaining),
            ];
            let lines = common.iter().chain(more);
            let headers = lines.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            let Throttle { wait, reach } = throttle(&headers, body.as_bytes(), now);
            (wait.unwrap().as_secs(), reach)
        };
        assert_eq!(asked("40", &[], ""), (2, Reach::Company));
        assert_eq!(asked("40", &[("x-front-tier", "2")], ""), (2, Reach::Resource));
        assert_eq!(asked("40", &[], &error("limit of a tier-2 route")), (2, Reach::Resource));
        assert_eq!(asked("0", &[], ""), (9, Reach::Company));
        assert_eq!(asked("0", &[("x-front-tier", "2")], ""), (9, Reach::Company));
    }
}
