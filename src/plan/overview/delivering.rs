//! What is delivered through channels.

use crate::plan::resolve::Resolution;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What `deliver` will do, and what it costs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivering {
    /// Messages.
    pub messages: u64,
    /// Conversations that they make.
    pub conversations: u64,
    /// Messages by channel.
    pub channels: BTreeMap<String, u64>,
    /// Earliest and latest date that they had, Unix seconds.
    pub dates: Option<(i64, i64)>,
    /// Requests that all of it takes, at least: each message, and a look for it.
    pub requests: u64,
}

impl Delivering {
    pub(super) fn of(resolution: &Resolution<'_>) -> Self {
        let mut delivering = Self::default();
        let mut last = None;
        for message in resolution.deliveries() {
            let Some(thread) = resolution.threads.get(message.thread as usize) else { continue };
            let date = resolution.date_of(message);
            let (first, latest) = delivering.dates.unwrap_or((date, date));
            delivering.dates = Some((first.min(date), latest.max(date)));
            delivering.messages += 1;
            delivering.requests += 2;
            delivering.conversations += u64::from(last != Some(message.thread));
            last = Some(message.thread);
            let channel = resolution.read.texts.get(thread.inbox).as_ref().to_owned();
            *delivering.channels.entry(channel).or_default() += 1;
        }
        delivering
    }
}
