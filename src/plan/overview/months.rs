//! Messages by month.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Messages by month (UTC), the oldest first; months without any are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Months(BTreeMap<String, Month>);

/// The messages of one month.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    /// Written to us.
    pub inbound: u64,
    /// Written by us.
    pub outbound: u64,
    /// By inbox.
    pub inboxes: BTreeMap<String, u64>,
}

impl Months {
    /// Counts a message of that date, Unix seconds.
    pub(super) fn add(&mut self, date: i64, inbox: &str, is_inbound: bool) {
        let Ok(date) = Timestamp::from_second(date) else { return };
        let date = date.to_zoned(TimeZone::UTC);
        let month = self.0.entry(format!("{:04}-{:02}", date.year(), date.month())).or_default();
        *(if is_inbound { &mut month.inbound } else { &mut month.outbound }) += 1;
        match month.inboxes.get_mut(inbox) {
            Some(messages) => *messages += 1,
            None => {
                month.inboxes.insert(inbox.to_owned(), 1);
            }
        }
    }

    /// Each month as `2019-03` with its messages.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Month)> {
        self.0.iter().map(|(month, messages)| (month.as_str(), messages))
    }
}
