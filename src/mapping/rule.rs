//! Checks `[[rule]]`.

use super::condition::Conditions;
use super::findings::{Findings, any_of};
use super::schema::keys;
use super::section::Section;
use super::value;
use super::when::{Named, NamedBy, Rule, When};
use std::collections::BTreeSet;

/// Only these words leave conversations open: nobody types them by mistake.
pub(super) const LEAVE_OPEN: &str = "no-leave-these-conversations-open";

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
    let conditions = Conditions { sources: &sources };
    root.sections(found, "rule", keys::Rule::KEYS).iter().map(|table| rule(found, table, &conditions)).collect()
}

fn rule(found: &mut Findings, table: &Section, conditions: &Conditions) -> Rule {
    let when = when(found, table, conditions);
    let inbox = table.text(found, "inbox").map(|text| text.value.to_owned());
    let tags = table.list(found, "tags").iter().filter_map(|text| value::tag(found, text)).collect();
    let assignee = table.text(found, "assignee").and_then(|text| value::teammate(found, &text));
    let is_archived = archived(found, table);
    let direction = table.choice(found, "direction");
    let thread = thread(found, table);
    let skip = table.text(found, "skip").map(|text| text.value.to_owned());
    // All keys of a rule but its condition say what it does.
    let is_other = |key: &&str| !matches!(*key, "when" | "skip") && table.value(key).is_some();
    let others: Vec<&str> = keys::Rule::KEYS.iter().copied().filter(is_other).collect();
    match table.key_at("skip") {
        Some(at) if !others.is_empty() => {
            let title = format!("a rule that skips cannot set {} as well", any_of(others.iter().copied()));
            let help = format!("remove `skip`, or remove {}; or write two rules", any_of(others.iter().copied()));
            found.report(&at, title, "what is skipped goes nowhere", help);
        }
        None if others.is_empty() => {
            let help = "add `inbox = \"...\"`, `tags = [\"...\"]` or `skip = \"the reason\"`; or one of `assignee`, \
                        `archived`, `direction`, `thread`";
            found.report(&table.at, "this rule does nothing", "no action", help);
        }
        _ => {}
    }
    Rule { at: found.place_of(&table.at), when, inbox, tags, assignee, is_archived, direction, thread, skip }
}

fn when(found: &mut Findings, table: &Section, conditions: &Conditions) -> When {
    let section = table.section(found, "when", keys::When::KEYS);
    let is_empty = section.is_present() && section.entries().next().is_none();
    if is_empty || table.value("when").is_none() {
        let help = format!(
            "add `when = {{ label = \"...\" }}`; conditions are {}; tags for every message go under [defaults]",
            any_of(keys::When::KEYS.iter().copied())
        );
        found.report(&section.at, "this rule has no condition", "`when` is missing or empty", help);
    }
    conditions.when(found, &section, 0)
}

/// `archived = true`, or the words that leave conversations open.
fn archived(found: &mut Findings, table: &Section) -> Option<bool> {
    let value = table.value("archived")?;
    match (value.get_ref().as_bool(), value.get_ref().as_str()) {
        (Some(true), _) => Some(true),
        (_, Some(LEAVE_OPEN)) => Some(false),
        _ => {
            let help = format!("write `archived = true`, or, to leave them open, `archived = \"{LEAVE_OPEN}\"`");
            found.report(&value.span(), "`archived` takes true or its one long value", "neither of the two", help);
            None
        }
    }
}

/// `thread = { subject = 'pattern' }`, or a header or a column with or without a pattern.
fn thread(found: &mut Findings, table: &Section) -> Option<Named> {
    let section = table.section(found, "thread", keys::RuleThread::KEYS);
    if !section.is_present() {
        return None;
    }
    let given: Vec<&str> =
        ["subject", "header", "column"].into_iter().filter(|key| section.value(key).is_some()).collect();
    let [key] = given.as_slice() else {
        let help = "name one: `subject = '\\[#(\\d+)\\]'`, `header = \"X-Ticket-ID\"` or `column = \"ticket\"`";
        let title = if given.is_empty() { "`thread` names nothing" } else { "`thread` names several things" };
        found.report(&section.at, title, "what says the thread's name?", help);
        return None;
    };
    if *key == "subject" {
        if let Some(at) = section.key_at("pattern") {
            let help = "write the pattern as the value of `subject`";
            found.report(&at, "`pattern` is for a header or a column", "of which value?", help);
        }
        let pattern = section.text(found, "subject").and_then(|text| value::regex(found, &text))?;
        return Some(Named { by: NamedBy::Subject, pattern: Some(pattern) });
    }
    let pattern = section.text(found, "pattern").and_then(|text| value::regex(found, &text));
    let name = section.text(found, key)?;
    let by = match *key {
        "header" => NamedBy::Header(value::header_name(found, &name)?),
        _ => NamedBy::Column(name.value.to_owned()),
    };
    Some(Named { by, pattern })
}
