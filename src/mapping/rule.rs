//! Checks `[[rule]]`.

use super::condition::Conditions;
use super::findings::{Findings, any_of};
use super::schema::keys;
use super::section::Section;
use super::when::{Named, Rule, When};
use super::{finish, value};
use std::collections::BTreeSet;

/// Only these words leave conversations open: nobody types them by mistake.
pub(super) const LEAVE_OPEN: &str = "no-leave-these-conversations-open";

/// All rules, in order.
pub(super) fn rules(found: &mut Findings, root: &Section, values: &finish::Values) -> Vec<Rule> {
    // Names of sources as written: one that is wrong for another reason is not reported here as well.
    let sources: BTreeSet<&str> = root
        .value("source")
        .and_then(|sources| sources.get_ref().as_array())
        .into_iter()
        .flat_map(|sources| sources.iter())
        .filter_map(|source| source.get_ref().get("name")?.get_ref().as_str())
        .collect();
    let conditions = Conditions { sources: &sources };
    root.sections(found, "rule", keys::Rule::KEYS).iter().map(|table| rule(found, table, &conditions, values)).collect()
}

fn rule(found: &mut Findings, table: &Section, conditions: &Conditions, values: &finish::Values) -> Rule {
    let when = when(found, table, conditions);
    let inbox = table.text(found, "inbox").map(|text| text.value.to_owned());
    let tags = table.list(found, "tags").iter().filter_map(|text| value::tag(found, text)).collect();
    let assignee = table.text(found, "assignee").and_then(|text| value::teammate(found, &text));
    let is_archived = archived(found, table);
    let direction = table.choice(found, "direction");
    let thread = thread(found, table);
    let finish = finish::finish(found, table, values);
    let is_note = note(found, table);
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
                        `archived`, `direction`, `thread`, `link`, `note`, `status`, `custom_fields`, `followers`";
            found.report(&table.at, "this rule does nothing", "no action", help);
        }
        _ => {}
    }
    Rule {
        at: found.place_of(&table.at),
        when,
        inbox,
        tags,
        assignee,
        is_archived,
        direction,
        thread,
        finish,
        is_note,
        skip,
    }
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

/// `note = true`
fn note(found: &mut Findings, table: &Section) -> bool {
    let Some(value) = table.value("note") else { return false };
    if value.get_ref().as_bool() == Some(true) {
        return true;
    }
    let help = "write `note = true`, or remove it: without it a mail is a message";
    found.report(&value.span(), "`note` takes true and nothing else", "not true", help);
    false
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
    if section.is_present() { finish::named(found, &section, "`thread`") } else { None }
}
