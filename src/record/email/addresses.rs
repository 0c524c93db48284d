//! Address lists (RFC 5322 section 3.4), with the repairs that real exports need.

use super::charset::lossy;
use super::header::Fields;
use super::mailbox::{self, Entry};
use super::stand_in::x500;
use super::words;
use crate::record::Address;
use std::collections::HashSet;

/// What a field gave.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Entries with a usable address, in order, each address once.
    pub(super) addresses: Vec<Address>,
    /// Entries that hold words but no usable address.
    pub(super) unusable: Vec<Unusable>,
    /// Repairs made, in words.
    pub(super) changes: Vec<String>,
    seen: HashSet<String>,
}

/// An entry that no mail can go to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable {
    /// Display name, decoded.
    pub(super) name: Option<String>,
    /// What stands where an address should: a local user, a name.
    pub(super) text: String,
}

/// Reads all fields of one name; `field` names them in the changes, `charset` is the one that the mail's text declares.
pub(super) fn read<'a>(values: impl Iterator<Item = &'a [u8]>, field: &str, charset: Option<&str>) -> List {
    let mut list = List::default();
    for value in values {
        if let Some(handle) = std::str::from_utf8(value.trim_ascii()).ok().and_then(bare) {
            list.push(None, handle);
            continue;
        }
        let (line, repairs) = words::normalize(value, charset);
        for repair in repairs {
            list.changed(&format!("{field}: {repair}"));
        }
        list.read_line(&lossy(&line), field, true);
    }
    list
}

/// The mailboxes that a mail was delivered to, as servers on the way write them. Evidence, so nothing in it is a repair.
pub(super) fn delivered_to(fields: &Fields<'_>) -> Vec<Address> {
    const FIELDS: [&str; 5] = ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To"];
    let values = FIELDS.iter().flat_map(|name| fields.all(name));
    read(values, "Delivered-To", None).addresses
}

impl List {
    fn changed(&mut self, change: &str) {
        if !self.changes.iter().any(|known| known == change) {
            self.changes.push(change.to_owned());
        }
    }

    /// `again` allows to read a whole address that hides in an encoded name.
    fn read_line(&mut self, line: &str, field: &str, again: bool) {
        // Entries that may be the first half of a name such as `Bloggs, Joe <joe@x.example>`.
        let mut halves: Vec<Entry> = Vec::new();
        for entry in mailbox::entries(line) {
            let is_half =
                entry.angle.is_none() && entry.comma && !entry.words.iter().any(|word| word.contains(['@', '/']));
            if is_half && obscured(&entry.words).is_none() && !decoded(&entry.words).contains('@') {
                halves.push(entry);
                continue;
            }
            let joins = entry.angle.as_deref().and_then(handle).is_some() && !entry.words.is_empty();
            let entry = if joins && !halves.is_empty() {
                self.changed(&format!("{field}: comma outside of quotes read as part of a name"));
                with_first_half(&mut halves, entry)
            } else {
                entry
            };
            halves.drain(..).for_each(|half| self.leave_out(&half));
            self.add(&entry, field, again);
        }
        for half in &halves {
            self.leave_out(half);
        }
    }

    fn add(&mut self, entry: &Entry, field: &str, again: bool) {
        if let Some(angle) = entry.angle.as_deref().filter(|angle| !angle.is_empty()) {
            if self.add_angle(entry, angle, field) {
                return;
            }
        } else if self.add_words(entry, field) {
            return;
        }
        // Some senders encode name and address as one word.
        let hidden = decoded(&entry.words);
        if again && hidden.contains('@') {
            self.read_line(&hidden, field, false);
        } else {
            self.leave_out(entry);
        }
    }

    fn add_angle(&mut self, entry: &Entry, angle: &str, field: &str) -> bool {
        let angle = words::decode(angle.as_bytes()).text;
        if let Some(handle) = handle(&angle).or_else(|| handle(&joined(&words_of(&angle), &['@', '.']).concat())) {
            self.push(name(&entry.words, &entry.comment), handle);
            return true;
        }
        if let Some(handle) = obscured(&words_of(&angle)) {
            self.changed(&format!("{field}: \"at\" in an obscured address replaced by @"));
            self.push(name(&entry.words, &entry.comment), handle);
            return true;
        }
        self.add_x500(&angle, name(&entry.words, &entry.comment), field)
    }

    /// Addresses without brackets: each takes the words before it as its name, the last also those after it.
    fn add_words(&mut self, entry: &Entry, field: &str) -> bool {
        if let Some(handle) = obscured(&entry.words) {
            self.changed(&format!("{field}: \"at\" in an obscured address replaced by @"));
            self.push(name(&[], &entry.comment), handle);
            return true;
        }
        let text = entry.words.join(" ");
        if text.starts_with('/') && self.add_x500(&text, None, field) {
            return true;
        }
        if !text.contains('@') {
            return false;
        }
        // Spaces around `@` and dots are obsolete syntax (RFC 5322 section 4.4).
        let candidates = [entry.words.clone(), joined(&entry.words, &['@']), joined(&entry.words, &['@', '.'])];
        let holds_one = |words: &[String]| words.iter().any(|word| handle(word).is_some());
        let is_whole = |words: &[String]| !words.iter().any(|word| word.starts_with('.') || word == "@");
        let whole = candidates.iter().find(|words| holds_one(words) && is_whole(words));
        let Some(words) = whole.or_else(|| candidates.iter().find(|words| holds_one(words))) else {
            return false;
        };
        let last = words.iter().rposition(|word| handle(word).is_some());
        let mut before: Vec<String> = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let Some(handle) = handle(word) else {
                before.push(word.clone());
                continue;
            };
            let is_last = Some(index) == last;
            if is_last && before.is_empty() {
                before = words.get(index + 1..).unwrap_or_default().to_vec();
            }
            let comment = if is_last { entry.comment.as_str() } else { "" };
            self.push(name(&std::mem::take(&mut before), comment), handle);
            if is_last {
                break;
            }
        }
        true
    }

    /// An address of Exchange's own directory, which is no mail address: a stand-in of its organisation and its name.
    fn add_x500(&mut self, text: &str, name: Option<String>, field: &str) -> bool {
        let Some(handle) = x500(text) else { return false };
        self.changed(&format!("{field}: made-up address for one of Exchange's own directory"));
        self.push(name, handle);
        true
    }

    fn push(&mut self, name: Option<String>, handle: String) {
        // Most fields hold one address, which is not held against any other.
        if let [only] = self.addresses.as_slice() {
            self.seen.insert(only.handle.to_lowercase());
        }
        if self.addresses.is_empty() || self.seen.insert(handle.to_lowercase()) {
            let name = name.filter(|name| !name.eq_ignore_ascii_case(&handle));
            self.addresses.push(Address { name, handle });
        }
    }

    fn leave_out(&mut self, entry: &Entry) {
        let name = name(&entry.words, &entry.comment);
        // What is no address may still be shown as a name.
        let text = entry.angle.as_deref().filter(|angle| !angle.is_empty());
        let text = text.map_or_else(|| decoded(&entry.words), words::one_line);
        let says_nobody = ["undisclosed", "unlisted-recipients", "recipient list not shown", "no to-header on input"];
        let lower = format!("{text} {}", entry.comment).to_lowercase();
        // A null address (`<>`) and a list that is not shown hold nobody.
        if !text.is_empty() && !says_nobody.iter().any(|words| lower.contains(words)) {
            let name =
                if entry.words.is_empty() || entry.angle.is_some() { name } else { self::name(&[], &entry.comment) };
            self.unusable.push(Unusable { name, text });
        }
    }
}

/// A bare `local@domain`, the domain in lower case; none for what no mail can go to.
pub(super) fn handle(text: &str) -> Option<String> {
    bare(text).or_else(|| wrapped(text))
}

/// An address of nothing but letters, digits and what stands in most of them, with nothing around it: seen at once to be
/// what [`wrapped`] gives.
fn bare(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'.' | b'-');
    let is_user = |byte: u8| is_host(byte) | matches!(byte, b'_' | b'+' | b'=');
    let is_plain = !local.is_empty() && local.bytes().all(is_user) && domain.bytes().all(is_host);
    let is_whole = !domain.is_empty() && !domain.starts_with('.') && !domain.ends_with('.');
    (is_plain && is_whole).then(|| {
        let mut handle = text.to_owned();
        if let Some(domain) = handle.get_mut(local.len()..) {
            domain.make_ascii_lowercase();
        }
        handle
    })
}

fn wrapped(text: &str) -> Option<String> {
    let mut found = within(text)?;
    // What programs wrap around an address, they may wrap around it twice: `''joe@x''`.
    loop {
        let inner = within(&found)?;
        if inner.len() >= found.len() {
            return Some(found);
        }
        found = inner;
    }
}

/// The address within one pair of quotes, brackets or the like.
fn within(text: &str) -> Option<String> {
    let text = unquoted(text.trim().trim_matches(['<', '>']).trim());
    let text = match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => text.get(7..)?,
        _ => text,
    };
    // A source route (RFC 5322 section 4.4): `@relay,@other:user@host`.
    let text = if text.starts_with('@') { text.split_once(':')?.1 } else { text };
    let (local, domain) = text.rsplit_once('@')?;
    let domain = domain.trim().trim_end_matches('.');
    let bad = |character: char| character.is_whitespace() || character.is_control() || "<>,;\"()@".contains(character);
    if domain.is_empty() || domain.starts_with('.') || domain.contains(bad) {
        return None;
    }
    let local = local_part(local.trim())?;
    Some(format!("{local}@{}", domain.to_lowercase()))
}

/// Quotes that a local part does not need go: `"joe"@x` and `joe@x` are one mailbox (RFC 5321 section 4.1.2).
fn local_part(local: &str) -> Option<&str> {
    let plain = |text: &str| {
        let bad =
            |character: char| character.is_whitespace() || character.is_control() || "<>,;@\"".contains(character);
        !text.is_empty() && !text.contains(bad)
    };
    match local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inside) if plain(inside) && !inside.contains(['(', ')', ':', '\\', '[', ']']) => Some(inside),
        Some(inside) if !inside.is_empty() && !inside.contains(char::is_control) => Some(local),
        Some(_) => None,
        None => plain(local).then_some(local),
    }
}

/// Without a pair of quotes around all of it.
fn unquoted(text: &str) -> &str {
    let pair = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    pair('\'').or_else(|| pair('"')).map_or(text, str::trim)
}

/// Words, encoded ones decoded, with one space between them.
fn decoded(words: &[String]) -> String {
    words::decode(words.join(" ").as_bytes()).text
}

/// A display name: the words, what a comment adds in parentheses; else the comment.
fn name(words: &[String], comment: &str) -> Option<String> {
    let clean = |text: String| text.trim().trim_matches('"').trim().to_owned();
    let (text, comment) = (clean(decoded(words)), clean(words::decode(comment.as_bytes()).text));
    let name = match (text.is_empty(), comment.is_empty()) {
        (false, false) => format!("{text} ({comment})"),
        (false, true) => text,
        (true, _) => comment,
    };
    (!name.is_empty()).then_some(name)
}

fn words_of(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Words with those joined between which one of these characters stands.
fn joined(words: &[String], around: &[char]) -> Vec<String> {
    let mut joined: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        match joined.last_mut() {
            Some(last) if last.ends_with(around) || word.starts_with(around) => last.push_str(word),
            _ => joined.push(word.clone()),
        }
    }
    joined
}

/// `user at example.com`, as Pipermail archives write senders.
fn obscured(words: &[String]) -> Option<String> {
    let [local, at, domain] = words else { return None };
    let is_plain = !local.contains('@') && domain.contains('.') && !domain.ends_with('.');
    (is_plain && matches!(at.as_str(), "at" | "[at]")).then(|| handle(&format!("{local}@{domain}")))?
}

/// Puts the words of the first half before those of the entry, with the commas that divided them.
fn with_first_half(halves: &mut Vec<Entry>, mut entry: Entry) -> Entry {
    let mut words: Vec<String> = Vec::new();
    for mut half in halves.drain(..) {
        if let Some(last) = half.words.last_mut() {
            last.push(',');
        }
        words.append(&mut half.words);
    }
    words.append(&mut entry.words);
    Entry { words, ..entry }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: &[u8]) -> List {
        read([value].into_iter(), "To", None)
    }

    fn shown(value: &str) -> Vec<String> {
        let name = |address: &Address| address.name.clone().map(|name| format!("{name}|")).unwrap_or_default();
        list(value.as_bytes()).addresses.iter().map(|found| name(found) + &found.handle).collect()
    }

    proptest::proptest! {
        #[test]
        fn a_bare_address_is_what_any_other_way_of_reading_gives(
            text in "[A-Za-z0-9.@_+=-]{0,12}|[a-z.<' é,:]{0,3}[a-zA-Z0-9_+.-]{1,5}@[A-Za-z0-9.-]{1,6}[.> \";]{0,2}",
        ) {
            let Some(handle) = bare(&text) else { return Ok(()) };
            proptest::prop_assert_eq!(wrapped(&text), Some(handle.clone()));
            let mut list = List::default();
            list.read_line(&text, "To", true);
            proptest::prop_assert_eq!((list.addresses, list.unusable, list.changes), (vec![Address { name: None, handle }], vec![], vec![]));
        }
    }

    #[test]
    fn what_is_no_address_is_told_in_one_line() {
        let found = list(b"<\0\0joe at\x1b[2J x>, <\x01>");
        assert_eq!(found.unusable, [Unusable { name: None, text: "joe at [2J x".into() }]);
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
    fn an_address_in_several_quotes_is_the_one_inside() {
        assert_eq!(shown("''b@x.example'', <mailto:'<c@x.example>'>"), ["b@x.example", "c@x.example"]);
        assert_eq!(list(b"''@''").addresses, []);
    }

    #[test]
    fn groups_are_flattened_and_empty_ones_vanish() {
        assert_eq!(
            shown("Team: a@x.example, B <b@x.example>;, c@x.example"),
            ["a@x.example", "B|b@x.example", "c@x.example"]
        );
        let none = list(b"undisclosed-recipients:;");
        assert!(none.addresses.is_empty());
        assert!(none.unusable.is_empty());
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
        assert_eq!(found.unusable, [Unusable { name: None, text: "Jane Doe".into() }]);
    }

    #[test]
    fn lists_that_show_nobody_are_empty_and_lose_nothing() {
        for value in [
            "undisclosed-recipients:;",
            "Undisclosed recipients: ;",
            "undisclosed-recipients",
            "<>",
            "",
            "unlisted-recipients:; (no To-header on input)",
            "<undisclosed-recipients:;>",
            "\"Undisclosed-Recipient:;\"",
        ] {
            let found = list(value.as_bytes());
            assert!(found.addresses.is_empty() && found.unusable.is_empty(), "{value}: {found:?}");
        }
    }

    #[test]
    fn obsolete_syntax_is_read() {
        assert_eq!(shown("joe . bloggs @ x . example"), ["joe.bloggs@x.example"]);
        assert_eq!(shown("Joe Q. Bloggs <joe . bloggs @ x . example>"), ["Joe Q. Bloggs|joe.bloggs@x.example"]);
        assert_eq!(shown("<@relay.example,@other.example:joe@x.example>"), ["joe@x.example"]);
        assert_eq!(shown("joe(his account)@x.example (Joe (B))"), ["his account Joe (B)|joe@x.example"]);
        assert_eq!(shown("\"joe bloggs\"@x.example, \"ann\"@x.example"), ["\"joe bloggs\"@x.example", "ann@x.example"]);
    }

    #[test]
    fn missing_brackets_quotes_and_commas_lose_nobody() {
        assert_eq!(shown("Joe Bloggs joe@x.example"), ["Joe Bloggs|joe@x.example"]);
        assert_eq!(shown("joe@x.example Joe Bloggs"), ["Joe Bloggs|joe@x.example"]);
        assert_eq!(
            shown("Bloggs, Joe <joe@x.example>, Acme, Inc., Support <s@x.example>"),
            ["Bloggs, Joe|joe@x.example", "Acme, Inc., Support|s@x.example"]
        );
        assert_eq!(
            shown("Bloggs, Joe <joe@x.example>; Doe, Jane <jane@x.example>"),
            ["Bloggs, Joe|joe@x.example", "Doe, Jane|jane@x.example"]
        );
        assert_eq!(shown("A <a@x.example> B <b@x.example>"), ["A|a@x.example", "B|b@x.example"]);
        assert_eq!(shown("\"Joe <joe@x.example>"), ["Joe|joe@x.example"]);
        assert_eq!(shown("Joe <joe@x.example"), ["Joe|joe@x.example"]);
        assert_eq!(shown("<<joe@x.example>>"), ["joe@x.example"]);
        assert_eq!(shown("'joe@x.example' <'joe@x.example'>"), ["'joe@x.example'|joe@x.example"]);
    }

    #[test]
    fn a_comma_read_as_part_of_a_name_is_said() {
        assert_eq!(
            list(b"Bloggs, Joe <joe@x.example>").changes,
            ["To: comma outside of quotes read as part of a name"]
        );
        assert!(list(b"\"Bloggs, Joe\" <joe@x.example>").changes.is_empty());
    }

    #[test]
    fn encoded_words_are_read_wherever_they_stand() {
        assert_eq!(shown("\"=?utf-8?Q?Jos=C3=A9?=\" <j@x.example>"), ["José|j@x.example"]);
        assert_eq!(shown("=?utf-8?Q?Bloggs,_Jo?= <j@x.example>"), ["Bloggs, Jo|j@x.example"]);
        assert_eq!(shown("Jo <=?utf-8?Q?jo=40x.example?=>"), ["Jo|jo@x.example"]);
        assert_eq!(shown("jo@x.example (=?iso-8859-1?Q?Jos=E9?=)"), ["José|jo@x.example"]);
    }

    #[test]
    fn addresses_beyond_ascii_are_kept() {
        assert_eq!(shown("Jörg <jörg@Bücher.example>"), ["Jörg|jörg@bücher.example"]);
        assert_eq!(shown("jo@xn--bcher-kva.example"), ["jo@xn--bcher-kva.example"]);
        assert_eq!(shown("jo@[192.0.2.1], jo@[IPv6:2001:DB8::1]"), ["jo@[192.0.2.1]", "jo@[ipv6:2001:db8::1]"]);
    }

    #[test]
    fn an_address_named_twice_is_one_recipient() {
        assert_eq!(shown("Jo <jo@x.example>, JO@x.example, k@x.example"), ["Jo|jo@x.example", "k@x.example"]);
        let many: Vec<String> = (0..5_000).map(|number| format!("user{number}@x.example")).collect();
        assert_eq!(shown(&many.join(",\r\n ")), many);
    }

    #[test]
    fn exchanges_own_names_get_a_stand_in_that_no_mail_can_go_to() {
        let found = list(
            b"\"Bloggs, Joe\" </O=ACME CORP/OU=EXCHANGE ADMINISTRATIVE GROUP (FYDIBOHF23SPDLT)/CN=RECIPIENTS/CN=JBLOGGS>",
        );
        let joe = Address { name: Some("Bloggs, Joe".into()), handle: "jbloggs@acme-corp.invalid".into() };
        assert_eq!((found.addresses, found.changes.len()), (vec![joe], 1));
        assert_eq!(shown("/o=Acme/ou=First (x)/cn=Recipients/cn=ann"), ["ann@acme.invalid"]);
        assert_eq!(shown("IMCEAEX-_O=ACME_CN=JOE@x.example"), ["IMCEAEX-_O=ACME_CN=JOE@x.example"]);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_reader_of_addresses_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            list(&bytes);
        }

        #[test]
        fn every_address_it_gives_is_one(line in "[a@<>,;:\"()\\[\\]\\\\ é/=.]{0,40}") {
            for address in list(line.as_bytes()).addresses {
                proptest::prop_assert_eq!(handle(&address.handle), Some(address.handle.clone()));
            }
        }

        #[test]
        fn addresses_round_trip(name in "[A-Za-zé]{1,8}( [A-Z,.@(]{1,4})?", local in "[a-z0-9+_-]{1,12}", host in "[a-z]{1,8}") {
            let handle = format!("{local}@{host}.example");
            let written = format!("\"{name}\" <{handle}>");
            let found = list(written.as_bytes()).addresses;
            proptest::prop_assert_eq!(found, [Address { name: Some(name.trim().to_owned()), handle }]);
        }
    }
}
