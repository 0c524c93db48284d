//! Address lists (RFC 5322 section 3.4), with the repairs that real exports need.

use super::parser::{self, Mailbox};
use super::words;
use crate::record::Address;

/// What a field gave.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Entries with a usable address, in order.
    pub(super) addresses: Vec<Address>,
    /// Entries that hold words but no usable address.
    pub(super) without_address: usize,
    /// Repairs made, in words.
    pub(super) changes: Vec<String>,
}

/// Reads all fields of one name; `field` names them in the changes.
pub(super) fn read<'a>(values: impl Iterator<Item = &'a [u8]>, field: &str) -> List {
    let mut list = List::default();
    for value in values {
        list.read_value(value, field);
    }
    list
}

impl List {
    fn read_value(&mut self, value: &[u8], field: &str) {
        let (line, repaired) = words::normalize(value);
        if repaired {
            self.changes.push(format!("{field}: bytes without a charset read as windows-1252"));
        }
        if let Some(address) = pipermail(&line) {
            self.changes.push(format!("{field}: \"at\" in an obscured address replaced by @"));
            self.addresses.push(address);
            return;
        }
        if let Some(words) = bare_words(&line) {
            self.addresses.extend(words.into_iter().map(|handle| Address { name: None, handle }));
            return;
        }
        for mailbox in parser::addresses(&line) {
            self.add(mailbox, true);
        }
    }

    /// Takes an entry; `again` allows to read a whole address that hides in the name.
    fn add(&mut self, mailbox: Mailbox, again: bool) {
        if let Some(handle) = mailbox.address.as_deref().and_then(handle) {
            let name = mailbox.name.map(|name| display_name(&name)).filter(|name| !name.is_empty() && *name != handle);
            self.addresses.push(Address { name, handle });
            return;
        }
        // Some senders encode name and address as one word.
        let hidden = mailbox.name.as_deref().filter(|name| again && name.contains('@'));
        if let Some(name) = hidden {
            for mailbox in parser::addresses(name.as_bytes()) {
                self.add(mailbox, false);
            }
        } else if mailbox.address.is_some() || mailbox.name.is_some() {
            self.without_address += 1;
        }
    }
}

/// A bare `local@domain`, the domain in lower case; none for what no mail can go to.
pub(super) fn handle(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['<', '>', '\'', '"']).trim();
    let text = match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => text.get(7..)?,
        _ => text,
    };
    // A source route (RFC 5322 section 4.4): `@relay,@other:user@host`.
    let text = if text.starts_with('@') { text.split_once(':')?.1 } else { text };
    let (local, domain) = text.rsplit_once('@')?;
    let bad = |character: char| character.is_control() || matches!(character, '<' | '>' | ',' | ';');
    let domain = domain.trim().trim_end_matches('.');
    if local.trim().is_empty() || domain.is_empty() || domain.contains(char::is_whitespace) || text.contains(bad) {
        return None;
    }
    let local = local.trim();
    if local.contains(|character: char| character.is_whitespace() || character == '@') && !local.starts_with('"') {
        return None;
    }
    Some(format!("{local}@{}", domain.to_lowercase()))
}

/// A name without the quotes and encoded words that a parser may leave.
fn display_name(name: &str) -> String {
    let decoded = words::decode(name.as_bytes()).text;
    decoded.trim().trim_matches('"').trim().to_owned()
}

/// Addresses with nothing but space between them, as some scripts write lists.
fn bare_words(line: &[u8]) -> Option<Vec<String>> {
    if line.iter().any(|byte| b",<>\"();:[]".contains(byte)) {
        return None;
    }
    let words: Option<Vec<String>> = std::str::from_utf8(line).ok()?.split_whitespace().map(handle).collect();
    words.filter(|words| words.len() > 1)
}

/// `user at example.com (Name)`, as Pipermail archives write senders.
fn pipermail(line: &[u8]) -> Option<Address> {
    if line.contains(&b'@') {
        return None;
    }
    let line = std::str::from_utf8(line).ok()?;
    let (address, name) = match line.split_once('(') {
        Some((address, name)) => (address, name.trim_end().strip_suffix(')')?),
        None => (line, ""),
    };
    let (local, domain) = address.trim().split_once(" at ")?;
    let word = |text: &str| !text.is_empty() && !text.contains([' ', '<', '>', ',', ';', '"']);
    if !word(local) || !word(domain) || !domain.contains('.') {
        return None;
    }
    let name = display_name(name);
    Some(Address { name: (!name.is_empty()).then_some(name), handle: handle(&format!("{local}@{domain}"))? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: &[u8]) -> List {
        read([value].into_iter(), "To")
    }

    fn shown(value: &str) -> Vec<String> {
        let name = |address: &Address| address.name.clone().map(|name| format!("{name}|")).unwrap_or_default();
        list(value.as_bytes()).addresses.iter().map(|found| name(found) + &found.handle).collect()
    }

    #[test]
    fn names_and_addresses_in_their_usual_forms() {
        assert_eq!(shown("Ann <Ann@X.Example>, b@x.example"), ["Ann|Ann@x.example", "b@x.example"]);
        assert_eq!(shown("\"Doe, Jane\" <j@x.example>"), ["Doe, Jane|j@x.example"]);
        assert_eq!(shown("j@x.example (Jane Doe)"), ["Jane Doe|j@x.example"]);
        assert_eq!(shown("a@x.example b@x.example"), ["a@x.example", "b@x.example"]);
        assert_eq!(shown("<mailto:j@x.example>"), ["j@x.example"]);
        assert_eq!(shown("\"j@x.example\" <j@x.example>"), ["j@x.example"]);
    }

    #[test]
    fn groups_are_flattened_and_empty_ones_vanish() {
        assert_eq!(
            shown("Team: a@x.example, B <b@x.example>;, c@x.example"),
            ["a@x.example", "B|b@x.example", "c@x.example"]
        );
        let none = list(b"undisclosed-recipients:;");
        assert!(none.addresses.is_empty());
        assert_eq!(none.without_address, 0);
    }

    #[test]
    fn encoded_names_cut_inside_a_character_are_whole() {
        assert_eq!(shown("=?utf-8?Q?J=C3?= =?utf-8?Q?=A9, R?= <j@x.example>"), ["Jé, R|j@x.example"]);
        assert_eq!(shown("=?utf-8?Q?Jane_<j@x.example>?="), ["Jane|j@x.example"]);
    }

    #[test]
    fn raw_bytes_in_names_are_repaired_and_said() {
        let found = list(b"Ren\xE9 <r@x.example>");
        assert_eq!(found.addresses[0].name.as_deref(), Some("René"));
        assert_eq!(found.changes.len(), 1);
    }

    #[test]
    fn an_obscured_archive_address_is_mended_and_said() {
        let found = list(b"jane at X.example (Jane Doe)");
        assert_eq!(found.addresses, [Address { name: Some("Jane Doe".into()), handle: "jane@x.example".into() }]);
        assert_eq!(found.changes.len(), 1);
        assert!(list(b"meet me at noon.").addresses.is_empty());
    }

    #[test]
    fn entries_without_an_address_are_counted_not_kept() {
        let found = list(b"Jane Doe, <>, j@x.example");
        assert_eq!(found.addresses.len(), 1);
        assert_eq!(found.without_address, 1);
    }
}
