//! Checks `[[rule]]`.

use super::findings::{Findings, any_of, did_you_mean, quoted};
use super::model::{Rule, When};
use super::section::{Section, Text};
use super::value;
use std::collections::BTreeSet;

const KEYS: [&str; 4] = ["when", "inbox", "tags", "skip"];

const WHEN_KEYS: [&str; 8] = ["source", "label", "sender", "recipient", "domain", "subject", "before", "since"];

/// All rules, in order.
pub(super) fn rules(found: &mut Findings, root: &Section) -> Vec<Rule> {
    // Names of sources as written: one that is wrong for another reason is not reported here as well.
    let sources: BTreeSet<&str> = root
        .value("source")
        .and_then(|sources| sources.get_ref().as_array())
        .into_iter()
        .flat_map(|sources| sources.iter())
        .filter_map(|source| source.get_ref().get("name")?.get_ref().as_str())
        .collect();
    root.sections(found, "rule", &KEYS).iter().map(|table| rule(found, table, &sources)).collect()
}

fn rule(found: &mut Findings, table: &Section, sources: &BTreeSet<&str>) -> Rule {
    let when = when(found, table, sources);
    let inbox = table.text(found, "inbox").map(|text| text.value.to_owned());
    let tags = table.list(found, "tags").iter().filter_map(|text| value::tag(found, text)).collect();
    let skip = table.text(found, "skip").map(|text| text.value.to_owned());
    let others: Vec<&str> = ["inbox", "tags"].into_iter().filter(|key| table.value(key).is_some()).collect();
    match table.key_at("skip") {
        Some(at) if !others.is_empty() => {
            let title = format!("a rule that skips cannot set {} as well", any_of(others.iter().copied()));
            let help = format!("remove `skip`, or remove {}; or write two rules", any_of(others.iter().copied()));
            found.report(&at, title, "what is skipped goes nowhere", help);
        }
        None if others.is_empty() => {
            let help = "add `inbox = \"...\"`, `tags = [\"...\"]` or `skip = \"the reason\"`";
            found.report(&table.at, "this rule does nothing", "no `inbox`, `tags` or `skip`", help);
        }
        _ => {}
    }
    Rule { line: found.line(&table.at), when, inbox, tags, skip }
}

fn when(found: &mut Findings, table: &Section, sources: &BTreeSet<&str>) -> When {
    let section = table.section(found, "when", &WHEN_KEYS);
    let is_empty = section.is_present() && section.entries().next().is_none();
    if is_empty || table.value("when").is_none() {
        let help = format!(
            "add `when = {{ label = \"...\" }}`; conditions are {}; tags for every message go under [defaults]",
            any_of(WHEN_KEYS)
        );
        found.report(&section.at, "this rule has no condition", "`when` is missing or empty", help);
    }
    let source = section.one_or_list(found, "source");
    for name in source.iter().filter(|name| !sources.contains(name.value)) {
        let known: Vec<&str> = sources.iter().copied().collect();
        let otherwise = format!("the sources of this mapping: {}", any_of(known.iter().copied()));
        let help = did_you_mean(name.value, &known, otherwise);
        found.report(&name.at, format!("no source is named {}", quoted(name.value)), "not a source", help);
    }
    let label = section.one_or_list(found, "label");
    let sender = section.one_or_list(found, "sender");
    let recipient = section.one_or_list(found, "recipient");
    let domain = section.one_or_list(found, "domain");
    let subject = section.text(found, "subject");
    let before = section.day(found, "before");
    let since = section.day(found, "since");
    if let Some((before, since)) = before.zip(since)
        && before <= since
    {
        let at = section.key_at("before").unwrap_or(section.at.clone());
        let help = format!("`before` must be later than `since` ({since}); or write two rules");
        found.report(&at, "no message is both before and since these days", "never true together with `since`", help);
    }
    When {
        source: as_written(&source),
        label: as_written(&label),
        sender: in_lower_case(&sender),
        recipient: in_lower_case(&recipient),
        domain: domain.iter().filter_map(|text| value::domain(found, text)).collect(),
        subject: subject.and_then(|text| value::regex(found, &text)),
        before,
        since,
    }
}

fn as_written(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.value.to_owned()).collect()
}

/// Handles need not be mail addresses: chats have others.
fn in_lower_case(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.value.to_ascii_lowercase()).collect()
}
