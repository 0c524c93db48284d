//! Calls a second for each resource: Front's tier 2. A resource is a path with its id: one conversation, one message.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);
/// Resources remembered before those that were not asked lately are forgotten.
const CROWD: usize = 10_000;

/// When each resource was asked lately. The strictest reading: any second, not those of a clock.
pub(super) struct Resources {
    per_second: usize,
    lately: HashMap<Box<str>, VecDeque<Instant>>,
}

impl Resources {
    pub(super) fn new(per_second: usize) -> Self {
        Self { per_second, lately: HashMap::new() }
    }

    /// Counts one call, or tells how long it must wait.
    pub(super) fn take(&mut self, path: &str, now: Instant) -> Result<(), Duration> {
        let Some(resource) = resource(path) else { return Ok(()) };
        if self.lately.len() > CROWD {
            self.lately
                .retain(|_, calls| calls.back().is_some_and(|last| now.saturating_duration_since(*last) < SECOND));
        }
        let calls = self.lately.entry(resource.into()).or_default();
        while calls.front().is_some_and(|first| now.saturating_duration_since(*first) >= SECOND) {
            calls.pop_front();
        }
        match calls.front() {
            Some(first) if calls.len() >= self.per_second => {
                Err(SECOND.saturating_sub(now.saturating_duration_since(*first)))
            }
            _ => {
                calls.push_back(now);
                Ok(())
            }
        }
    }
}

/// The first two pieces of a path, where the second is an id.
fn resource(path: &str) -> Option<&str> {
    let (kind, rest) = path.strip_prefix('/')?.split_once('/')?;
    let id = rest.split('/').next().filter(|id| !id.is_empty() && kind != "company" && *id != "search")?;
    path.get(..kind.len() + id.len() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_a_path_with_its_id() {
        assert_eq!(resource("/inboxes/inb_1/imported_messages"), Some("/inboxes/inb_1"));
        assert_eq!(resource("/messages/alt:uid:1"), Some("/messages/alt:uid:1"));
        for path in ["/me", "/inboxes", "/inboxes/", "/company/tags", "/conversations/search/x"] {
            assert_eq!(resource(path), None, "{path}");
        }
    }

    #[test]
    fn in_no_second_more_calls_pass_than_allowed_and_others_are_not_kept_waiting() {
        let start = Instant::now();
        let mut resources = Resources::new(2);
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(resources.take("/a/1", at(0)), Ok(()));
        assert_eq!(resources.take("/a/1/b", at(600)), Ok(()));
        assert_eq!(resources.take("/a/1", at(900)), Err(Duration::from_millis(100)));
        assert_eq!(resources.take("/a/2", at(900)), Ok(()));
        assert_eq!(resources.take("/a/1", at(1000)), Ok(()));
        assert_eq!(resources.take("/a/1", at(1100)), Err(Duration::from_millis(500)));
    }
}
