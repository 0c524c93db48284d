//! What a message gives its conversation once all of that is in Front.

use super::facts::Candidate;
use super::resolve::{Message, Resolution};
use super::threads::Thread;
use crate::ledger::{Finish, Link};
use crate::mapping::{CustomFields, Template};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::borrow::Cow;

/// RFC 3986, section 2.3: what stands for itself everywhere in an address.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Addresses of this kind lead nowhere (RFC 2606, section 2): they are marks.
const MARKS: &str = "https://threadlift.invalid/thread/";

/// The link by which a conversation is found again without the ledger.
#[must_use]
pub fn mark_of(thread_ref: &str) -> String {
    format!("{MARKS}{}", utf8_percent_encode(thread_ref, RESERVED))
}

impl Resolution<'_> {
    /// What the message gives by the defaults and by its rules, and what its conversation was sent without.
    pub(super) fn finish(&self, message: &Message, candidate: &Candidate, thread: &Thread) -> Finish {
        let mapping = self.mapping;
        let value = |name: &str| {
            let at = mapping.values.keys().position(|known| known == name)?;
            candidate.values.get(at)?.as_deref()
        };
        let link = |link: &crate::mapping::Link| {
            let url =
                link.url.complete(|name| value(name).map(|value| Cow::from(utf8_percent_encode(value, RESERVED))))?;
            let name = link.name.as_ref().and_then(|name| name.complete(value));
            Some(Link { url, name })
        };
        let fields = |fields: &CustomFields| {
            let filled = |(name, template): (&String, &Template)| Some((name.clone(), template.complete(value)?));
            fields.iter().filter_map(filled).collect::<Vec<_>>()
        };
        let mut finish = Finish {
            links: mapping.defaults.link.iter().filter_map(link).collect(),
            is_archived: (thread.is_archived != thread.wanted_archived).then_some(thread.wanted_archived),
            ..Finish::default()
        };
        if mapping.defaults.mark {
            let url = mark_of(&thread.thread_ref.text());
            finish.links.push(Link { url, name: Some("Imported by threadlift".to_owned()) });
        }
        let rules = self.rules_of(message);
        let rules = rules.finish.iter().filter_map(|rule| mapping.rules.get(usize::from(*rule)));
        for rule in rules.map(|rule| &rule.finish) {
            finish.add(&Finish {
                links: rule.link.iter().filter_map(link).collect(),
                status: rule.status.clone(),
                custom_fields: fields(&rule.custom_fields),
                followers: rule.followers.clone(),
                ..Finish::default()
            });
        }
        // A rule says more of a message than what holds for all.
        finish.add(&Finish { custom_fields: fields(&mapping.defaults.custom_fields), ..Finish::default() });
        finish
    }
}
