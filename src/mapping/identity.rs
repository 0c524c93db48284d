//! `[identity]`: what makes two records one message, and what becomes of one message for several inboxes.

use super::findings::{Findings, quoted};
use super::model::{Collisions, Identity, InboxCopies};
use super::schema::keys;
use super::section::{Section, Text};
use super::value;
use super::when::Rule;

/// Stands for the inbox in `also_in_tag`.
const INBOX: &str = "{inbox}";

/// The policies; `rules` name the inboxes that a tag may have to hold.
pub(super) fn identity(found: &mut Findings, section: &Section, namespace: String, rules: &[Rule]) -> Identity {
    let collisions = section.choice(found, "collisions");
    let copies = section.choice(found, "copies");
    let copies = copies.unwrap_or(InboxCopies::One);
    let also_in_tag = section.text(found, "also_in_tag").and_then(|text| also_in_tag(found, &text, rules, copies));
    Identity { namespace, collisions: collisions.unwrap_or(Collisions::KeepBoth), copies, also_in_tag }
}

/// The `[identity]` of a mapping.
pub(super) fn section<'a>(found: &mut Findings, root: &Section<'a>) -> Section<'a> {
    root.section(found, "identity", keys::Identity::KEYS)
}

/// The namespace of all ids, unless a source has its own.
pub(super) fn namespace(found: &mut Findings, section: &Section) -> String {
    let namespace = section.text(found, "namespace").and_then(|text| value::namespace(found, &text));
    namespace.unwrap_or_else(|| "threadlift".to_owned())
}

fn also_in_tag(found: &mut Findings, text: &Text, rules: &[Rule], copies: InboxCopies) -> Option<String> {
    if copies == InboxCopies::PerInbox {
        let help = "remove one of the two: with `copies = \"per-inbox\"` each inbox gets its own copy";
        found.report(&text.at, "`also_in_tag` has nothing to tag", "no message is left out of an inbox", help);
        return None;
    }
    let without = text.value.replace(INBOX, "");
    if without.contains(['{', '}']) {
        let title = format!("{} holds braces that stand for nothing", quoted(text.value));
        found.report(&text.at, title, "unknown braces", "write `{inbox}` where the inbox's name shall stand");
        return None;
    }
    let named = rules.iter().filter_map(|rule| rule.inbox.as_deref());
    let tags = named.map(|inbox| text.value.replace(INBOX, inbox)).chain([without]);
    let longest = tags.max_by_key(|tag| tag.chars().count())?;
    value::tag(found, &Text { value: &longest, at: text.at.clone() }).map(|_| text.value.to_owned())
}
