//! Whether a message reads in Front as it was planned.

use crate::front::Message;
use crate::ledger::Planned;
use crate::request::subject_digest;

/// What of a planned message Front must show again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    /// The id it was sent with.
    pub(super) external_id: String,
    /// Digest of the planned request: what was sent with another one is compared with nothing.
    pub(super) request: [u8; 32],
    subject: [u8; 8],
    created_at: i64,
    is_inbound: bool,
    files: u64,
    file_bytes: u64,
}

impl Expected {
    pub(super) fn of(planned: &Planned) -> Self {
        Self {
            external_id: planned.external_id.clone(),
            request: planned.request,
            subject: planned.traits.subject,
            created_at: planned.created_at,
            is_inbound: planned.is_inbound,
            files: u64::from(planned.traits.files),
            file_bytes: planned.traits.file_bytes,
        }
    }

    /// What Front shows otherwise than planned, in words that are the same for all such messages. What it leaves out of
    /// its answer differs in nothing.
    pub(super) fn differences(&self, seen: &Message) -> Vec<&'static str> {
        let mut words = Vec::new();
        if subject_digest(seen.subject.as_deref()) != self.subject {
            words.push("subject");
        }
        if seen.created_at.is_some_and(|seconds| !is_second(seconds, self.created_at)) {
            words.push("date");
        }
        if seen.is_inbound.is_some_and(|inbound| inbound != self.is_inbound) {
            words.push("direction");
        }
        if let Some(files) = seen.files {
            if files.count != self.files {
                words.push("number of files");
            } else if files.bytes.is_some_and(|bytes| bytes != self.file_bytes) {
                words.push("size of files");
            }
        }
        words
    }
}

/// All that tells one message from others where no id does. Equal ones cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Likeness {
    subject: [u8; 8],
    created_at: i64,
    is_inbound: bool,
    files: u64,
    file_bytes: u64,
}

impl Likeness {
    /// How a message would read in Front.
    pub(super) fn planned(expected: &Expected) -> Self {
        Self {
            subject: expected.subject,
            created_at: expected.created_at,
            is_inbound: expected.is_inbound,
            files: expected.files,
            file_bytes: expected.file_bytes,
        }
    }

    /// How it reads there; nothing where Front leaves something out, for then it may be any.
    #[expect(clippy::cast_possible_truncation, reason = "seconds of dates; what is beyond them equals no plan")]
    pub(super) fn shown(seen: &Message) -> Option<Self> {
        let files = seen.files?;
        Some(Self {
            subject: subject_digest(seen.subject.as_deref()),
            created_at: seen.created_at?.floor() as i64,
            is_inbound: seen.is_inbound?,
            files: files.count,
            file_bytes: files.bytes?,
        })
    }
}

/// Front shows seconds with decimals, and was given whole ones.
#[expect(clippy::cast_precision_loss, reason = "seconds of dates are far below 2^53")]
fn is_second(shown: f64, planned: i64) -> bool {
    (shown.floor() - planned as f64).abs() < 0.5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::Files;

    fn expected() -> Expected {
        Expected {
            external_id: "tl1-a".into(),
            request: [0; 32],
            subject: subject_digest(Some("Lamp  order")),
            created_at: 1_546_300_800,
            is_inbound: true,
            files: 2,
            file_bytes: 30,
        }
    }

    fn shown() -> Message {
        Message {
            subject: Some("Lamp order".into()),
            created_at: Some(1_546_300_800.984),
            is_inbound: Some(true),
            files: Some(Files { count: 2, bytes: Some(30) }),
            ..Message::default()
        }
    }

    #[test]
    fn a_message_that_reads_as_planned_differs_in_nothing() {
        assert_eq!(expected().differences(&shown()), Vec::<&str>::new());
    }

    #[test]
    fn each_thing_that_front_shows_otherwise_is_named() {
        let files = |count, bytes| Some(Files { count, bytes: Some(bytes) });
        let cases = [
            (Message { subject: Some("Lamp".into()), ..shown() }, "subject"),
            (Message { subject: None, ..shown() }, "subject"),
            (Message { created_at: Some(1_546_300_799.0), ..shown() }, "date"),
            (Message { created_at: Some(1_546_300_801.0), ..shown() }, "date"),
            (Message { is_inbound: Some(false), ..shown() }, "direction"),
            (Message { files: files(1, 30), ..shown() }, "number of files"),
            (Message { files: files(2, 29), ..shown() }, "size of files"),
        ];
        for (message, word) in cases {
            assert_eq!(expected().differences(&message), [word]);
        }
    }

    #[test]
    fn a_likeness_is_all_of_it_and_nothing_less() {
        assert_eq!(Likeness::shown(&shown()), Some(Likeness::planned(&expected())));
        let other = [
            Message { subject: Some("Lamp".into()), ..shown() },
            Message { created_at: Some(1_546_300_799.9), ..shown() },
            Message { is_inbound: Some(false), ..shown() },
            Message { files: Some(Files { count: 2, bytes: Some(31) }), ..shown() },
        ];
        for message in other {
            let likeness = Likeness::shown(&message);
            assert!(likeness.is_some() && likeness != Some(Likeness::planned(&expected())), "{message:?}");
        }
        let unsized_files = Some(Files { count: 2, bytes: None });
        let silent = [
            Message { created_at: None, ..shown() },
            Message { is_inbound: None, ..shown() },
            Message { files: None, ..shown() },
            Message { files: unsized_files, ..shown() },
        ];
        for message in silent {
            assert_eq!(Likeness::shown(&message), None);
        }
    }

    #[test]
    fn what_front_does_not_say_is_no_difference() {
        let silent = Message { created_at: None, is_inbound: None, files: None, ..shown() };
        assert_eq!(expected().differences(&silent), Vec::<&str>::new());
        let unsized_files = Message { files: Some(Files { count: 2, bytes: None }), ..shown() };
        assert_eq!(expected().differences(&unsized_files), Vec::<&str>::new());
    }
}
