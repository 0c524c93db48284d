//! What a rehearsal is started with.

use std::path::PathBuf;
use std::time::Duration;

/// How the embedded Front is set up. `Config::default()` answers at full speed and misbehaves in nothing.
///
/// There is no `Debug`: the token must not reach a log by accident.
#[derive(Clone)]
pub struct Config {
    /// The only token that is let in.
    pub token: String,
    /// What `GET /me` answers.
    pub company: Company,
    /// The inboxes that exist; no others are made.
    pub inboxes: Vec<InboxSpec>,
    /// The teammates that `author_id` and `assignee_id` may name.
    pub teammates: Vec<TeammateSpec>,
    /// Names of the tags that exist from the start.
    pub tags: Vec<String>,
    /// Port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// How long after its 202 a message stays unfindable: Front creates messages later than it accepts them.
    pub appear_after: Duration,
    /// Requests a minute for the whole company, announced in `x-ratelimit-limit` and enforced.
    pub limit_per_minute: u64,
    /// A file to which every stored message is appended as one JSON line.
    pub dump: Option<PathBuf>,
    /// Where the temporary directory is made; the system's place for such when absent. It grows to the size of all
    /// that is imported, attachments included.
    pub spill: Option<PathBuf>,
    /// What becomes of tag names that do not exist yet.
    pub unknown_tags: UnknownTags,
    /// Misbehaviour on request.
    pub faults: Faults,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            token: "rehearsal".to_owned(),
            company: Company { id: "cmp_rehearsal".to_owned(), name: "Rehearsal".to_owned() },
            inboxes: Vec::new(),
            teammates: Vec::new(),
            tags: Vec::new(),
            port: 0,
            appear_after: Duration::from_millis(50),
            limit_per_minute: 6_000_000,
            dump: None,
            spill: None,
            unknown_tags: UnknownTags::Create,
            faults: Faults::default(),
        }
    }
}

/// The company that the token belongs to.
#[derive(Clone, Debug)]
pub struct Company {
    /// `cmp_…`
    pub id: String,
    /// The name shown to people.
    pub name: String,
}

/// An inbox that exists from the start.
#[derive(Clone, Debug)]
pub struct InboxSpec {
    /// The name shown to people.
    pub name: String,
    /// `inb_…`; made up when absent.
    pub id: Option<String>,
}

/// A teammate that exists from the start.
#[derive(Clone, Debug)]
pub struct TeammateSpec {
    /// `tea_…`
    pub id: String,
    /// The address that `alt:email:` names.
    pub email: String,
    /// First and last name, separated by the first space.
    pub name: String,
}

/// What becomes of a tag name that does not exist: Front's older documents say it is created, the newer ones are silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownTags {
    /// The tag is created.
    #[default]
    Create,
    /// The message is refused with 400.
    Refuse,
}

/// Misbehaviour on request, counted in import requests from 1 (each attempt counts). Where several fall on the same
/// request, the one that stands first here wins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// From this import on the token is refused, for every call.
    pub unauthorized_from: Option<u64>,
    /// Every so many imports: 429 with `Retry-After: 0.05`, nothing stored.
    pub too_many_every: Option<u64>,
    /// Every so many imports: 500, nothing stored.
    pub fail_every: Option<u64>,
    /// Every so many imports: the message is stored and the connection closed without an answer.
    pub lose_answer_every: Option<u64>,
    /// Time that passes before any API call is looked at.
    pub latency: Duration,
}

/// What happens to one import request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Fair,
    Unauthorized,
    TooMany,
    Fail,
    LoseAnswer,
}

impl Faults {
    pub(super) fn fate(&self, import: u64) -> Fate {
        let falls_on = |every: Option<u64>| every.is_some_and(|every| every > 0 && import.is_multiple_of(every));
        if self.unauthorized_from.is_some_and(|from| import >= from) {
            Fate::Unauthorized
        } else if falls_on(self.too_many_every) {
            Fate::TooMany
        } else if falls_on(self.fail_every) {
            Fate::Fail
        } else if falls_on(self.lose_answer_every) {
            Fate::LoseAnswer
        } else {
            Fate::Fair
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_faults_treats_every_import_fairly() {
        assert!((1..1000).all(|import| Faults::default().fate(import) == Fate::Fair));
    }

    #[test]
    fn faults_fall_on_every_kth_import_and_the_first_named_wins() {
        let faults = Faults {
            too_many_every: Some(4),
            fail_every: Some(2),
            lose_answer_every: Some(3),
            unauthorized_from: Some(9),
            ..Faults::default()
        };
        let fates: Vec<Fate> = (1..=10).map(|import| faults.fate(import)).collect();
        assert_eq!(
            fates,
            [
                Fate::Fair,
                Fate::Fail,
                Fate::LoseAnswer,
                Fate::TooMany,
                Fate::Fair,
                Fate::Fail,
                Fate::Fair,
                Fate::TooMany,
                Fate::Unauthorized,
                Fate::Unauthorized,
            ]
        );
    }

    #[test]
    fn a_period_of_zero_means_never() {
        let faults = Faults { fail_every: Some(0), ..Faults::default() };
        assert!((1..100).all(|import| faults.fate(import) == Fate::Fair));
    }
}
