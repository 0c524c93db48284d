//! Whose contacts the mapping asks for: what a message tells of people outside.

use super::facts::Candidate;
use super::rebuild::{RebuildError, Rebuilder};
use super::short;
use crate::ledger::{Entry, Form, Planned, Verdict};
use crate::mapping::{ContactsOf, Mapping, NO_RECIPIENT};
use crate::record::{Address, Kind, Record, is_made_up};
use std::collections::HashSet;

/// Somebody outside, as one message names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What they are reached by.
    pub reached: Reached,
    /// Their name there; none if it says no more than the handle.
    pub name: Option<String>,
}

/// What somebody is reached by, as Front tells contacts apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reached {
    /// `email`, `phone` or `custom`.
    pub source: &'static str,
    /// An address in lower case, a number, or any other handle as it is sent.
    pub handle: String,
}

impl Reached {
    /// Of a handle that is sent. None for our own, and for what stands in where nobody is named.
    pub(super) fn of(handle: &str, mapping: &Mapping) -> Option<Self> {
        let handle = handle.trim();
        let is_ours = mapping.ours.owns(handle) || mapping.agents.contains_key(&handle.to_lowercase());
        if handle.is_empty() || is_ours || handle == NO_RECIPIENT || is_made_up(handle) {
            return None;
        }
        let digits = handle.strip_prefix('+');
        let is_number =
            digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
        Some(if is_number {
            Self { source: "phone", handle: handle.to_owned() }
        } else if is_address(handle) {
            // One contact, however they wrote it.
            Self { source: "email", handle: handle.to_lowercase() }
        } else {
            Self { source: "custom", handle: handle.to_owned() }
        })
    }

    fn key(&self) -> [u8; 16] {
        short(&blake3::hash(format!("{}:{}", self.source, self.handle).as_bytes()))
    }
}

fn is_address(handle: &str) -> bool {
    let is_whole = |(user, host): (&str, &str)| !user.is_empty() && !host.is_empty();
    handle.rsplit_once('@').is_some_and(is_whole) && !handle.contains(char::is_whitespace)
}

impl Person {
    fn of(handle: &str, name: Option<&str>, mapping: &Mapping) -> Option<Self> {
        let reached = Reached::of(handle, mapping)?;
        // Line ends are folding that survived.
        let name = name.map(|name| name.split_whitespace().collect::<Vec<_>>().join(" "));
        let name = name.filter(|name| !name.is_empty() && name.to_lowercase() != reached.handle.to_lowercase());
        Some(Self { reached, name })
    }
}

/// Whether messages of this sort name anybody whose contact is asked for.
fn is_asked(is_inbound: bool, form: Form, mapping: &Mapping) -> bool {
    let Some(contacts) = &mapping.contacts else { return false };
    // Who writes internal notes is one of us.
    form == Form::Message && (is_inbound || contacts.of == ContactsOf::Everybody)
}

impl Rebuilder {
    /// The people of a planned message whose contacts the mapping asks for. A message that names none of them is not read again.
    ///
    /// # Errors
    /// As [`Rebuilder::read`].
    pub fn people(&self, entry: &Entry) -> Result<Vec<Person>, RebuildError> {
        let mapping = self.mapping();
        match &entry.verdict {
            Verdict::Planned(planned) if is_asked(planned.is_inbound, planned.form, mapping) => {
                Ok(self.record(entry)?.map(|record| people(&record, planned, mapping)).unwrap_or_default())
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// Whom the request of a record names.
fn people(record: &Record, planned: &Planned, mapping: &Mapping) -> Vec<Person> {
    let customer = planned.customer.as_deref();
    let named = |address: &Address| Person::of(&address.handle, address.name.as_deref(), mapping);
    if planned.is_inbound {
        let Some(from) = &record.from else { return Vec::new() };
        // As it is sent: with the handle that the conversation knows them by.
        let handle = customer.filter(|_| record.missing_handles > 0).unwrap_or(&from.handle);
        return Person::of(handle, from.name.as_deref(), mapping).into_iter().collect();
    }
    let stands_in = customer.filter(|_| record.to.is_empty() && record.kind == Kind::Row);
    let stands_in = stands_in.and_then(|handle| Person::of(handle, None, mapping));
    [&record.to, &record.cc, &record.bcc].into_iter().flatten().filter_map(named).chain(stands_in).collect()
}

/// Counts people while messages are gone over: sixteen bytes for each.
#[derive(Default)]
pub(super) struct People(HashSet<[u8; 16]>);

impl People {
    /// Adds those of a message. `better` is the handle that its conversation knows the customer by, where it is not in the message;
    /// `recipients` gives those that it was written to, and is asked only where they count.
    pub(super) fn add<E>(
        &mut self,
        candidate: &Candidate,
        better: Option<&str>,
        mapping: &Mapping,
        recipients: impl FnOnce() -> Result<Vec<String>, E>,
    ) -> Result<(), E> {
        if !is_asked(candidate.is_inbound, candidate.form, mapping) {
            return Ok(());
        }
        let mut count = |handle: &str| self.0.extend(Reached::of(handle, mapping).map(|reached| reached.key()));
        if candidate.is_inbound {
            count(better.filter(|_| candidate.missing_handles > 0).unwrap_or(&candidate.sender));
            return Ok(());
        }
        recipients()?.iter().map(String::as_str).for_each(&mut count);
        better.into_iter().filter(|_| candidate.wants_recipient).for_each(count);
        Ok(())
    }

    /// How many they are.
    pub(super) fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn mapping() -> Mapping {
        let text = "version = 1\n[target]\ninbox = \"S\"\n[ours]\naddresses = [\"help@post.example\"]\ndomains = [\"acme.example\"]\n\
                    [agents]\n\"nell@home.example\" = \"tea_1\"\n[[source]]\nname = \"o\"\nformat = \"eml\"\npath = \"m\"\n";
        crate::mapping::parse(Path::new("m.toml"), text).ok().unwrap()
    }

    #[test]
    fn a_handle_says_what_it_is() {
        let reached = |handle: &str| Reached::of(handle, &mapping()).map(|it| format!("{}:{}", it.source, it.handle));
        for (handle, expected) in [
            ("Ann@Shop.example", Some("email:ann@shop.example")),
            ("+4420", Some("phone:+4420")),
            ("+44 20", Some("custom:+44 20")),
            ("+", Some("custom:+")),
            ("Visitor 17", Some("custom:Visitor 17")),
            ("@ann", Some("custom:@ann")),
            ("a b@shop.example", Some("custom:a b@shop.example")),
            ("bob@ACME.example", None),
            ("Help@post.example", None),
            ("Nell@home.example", None),
            ("undisclosed-recipients", None),
            ("joe@unknown.invalid", None),
            (" ", None),
        ] {
            assert_eq!(reached(handle).as_deref(), expected, "{handle}");
        }
    }

    #[test]
    fn a_name_that_is_the_handle_says_nothing() {
        let name = |name: &str| Person::of("ann@shop.example", Some(name), &mapping()).unwrap().name;
        assert_eq!(name("Ann@shop.example"), None);
        assert_eq!(name(" "), None);
        assert_eq!(name("Ann\n  Lee"), Some("Ann Lee".to_owned()));
    }
}
