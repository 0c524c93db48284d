//! What in the mapping has no effect on these sources, and most likely should: rules that never match or that others
//! forestall, names that do not occur.

use super::decide::Idle;
use super::noticed::{Names, Noticed, RuleCount};
use super::resolve::Resolution;
use super::texts::Text;
use crate::mapping::{Condition, Diagnostic, Mapping, Place, Rule, Test, nearest};
use crate::words::{count, entries, most_frequent};
use std::collections::BTreeSet;
use std::sync::Arc;

/// All warnings, in the order of the mapping.
pub(super) fn warnings(noticed: &Noticed, resolution: &Resolution<'_>, mapping: &Mapping) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    // Where nothing could be read, the mapping is not to blame.
    if noticed.asked == 0 {
        return warnings;
    }
    for (rule, fared) in mapping.rules.iter().zip(&noticed.rules) {
        warnings.extend(of_rule(rule, fared, noticed, mapping));
    }
    for (label, at) in &mapping.labels_at {
        if !noticed.labels.0.contains_key(label.as_str()) && !noticed.labels.is_cut() {
            let title = format!("no message has the label `{label}`");
            let help = nearest_name(label, &noticed.labels, "labels");
            warnings.push(Diagnostic::at(*at, title, zero_of(noticed), help));
        }
    }
    warnings.extend(inboxes(resolution, mapping));
    warnings.sort_by_key(|warning| (warning.line, warning.column));
    warnings
}

fn of_rule(rule: &Rule, fared: &RuleCount, noticed: &Noticed, mapping: &Mapping) -> Option<Diagnostic> {
    if fared.matched == 0 {
        return Some(never_matches(rule, fared, noticed));
    }
    if fared.decided > 0 {
        return None;
    }
    let matched = format!("matches {} of {}", count(fared.matched), entries(noticed.asked));
    let why = fared.idle_by.iter().max_by_key(|(_, records)| **records).map(|(why, _)| *why);
    let other = match why {
        Some(Idle::Rule(by)) => mapping.rules.get(by).map(|other| (by + 1, other.at.line)),
        _ => None,
    };
    let (title, help) = match (other, why) {
        (Some((number, line)), _) => (
            format!("this rule decides nothing that rule {number} (line {line}) has not decided"),
            "put it before that rule, narrow that rule, or remove this one".to_owned(),
        ),
        (None, Some(Idle::Skipped)) => (
            "whatever this rule matches is skipped already, by a label, by `since` or by `until`".to_owned(),
            "if a label skips them, name it in [labels], which keeps its messages; if `since` or `until` does, leave the rule for \
             the export that holds what comes after; else remove it"
                .to_owned(),
        ),
        _ if rule.thread.is_some() => (
            "`thread` finds a name in no message of this rule".to_owned(),
            "look at one with `threadlift show`, and mend the pattern".to_owned(),
        ),
        _ => (
            "this rule decides nothing that is not decided without it".to_owned(),
            "remove it, or what makes it needless: a line of [labels], a tag of [defaults], a label that is skipped"
                .to_owned(),
        ),
    };
    Some(Diagnostic::at(rule.at, title, matched, help))
}

/// Points at the first condition that holds of nothing that is left by those before it.
fn never_matches(rule: &Rule, fared: &RuleCount, noticed: &Noticed) -> Diagnostic {
    let none = || Diagnostic::at(rule.at, "this rule never matches", zero_of(noticed), "mend it or remove it");
    let Some(at) = fared.held.iter().position(|held| *held == 0) else { return none() };
    let Some(condition) = rule.when.conditions.get(at) else { return none() };
    let left = match at.checked_sub(1).and_then(|before| fared.held.get(before)) {
        Some(left) if *left < noticed.asked => {
            format!("matches 0 of the {} that the conditions before it leave", count(*left))
        }
        _ => zero_of(noticed),
    };
    let help = known_better(condition, noticed).unwrap_or_else(|| {
        "mend the condition, or remove the rule; `plan --requests FILE` shows what the messages say".to_owned()
    });
    Diagnostic::at(condition.at, "this rule never matches", left, help)
}

/// The name that occurs and was probably meant.
fn known_better(condition: &Condition, noticed: &Noticed) -> Option<String> {
    Some(match &condition.test {
        Test::Label(labels) => nearest_name(absent(labels, &noticed.labels)?, &noticed.labels, "labels"),
        Test::Folder(folders) => nearest_name(absent(folders, &noticed.folders)?, &noticed.folders, "folders"),
        Test::Column(column, _) if !noticed.columns.0.contains_key(column.as_str()) => {
            format!("no table has the column; {}", nearest_name(column, &noticed.columns, "columns"))
        }
        _ => return None,
    })
}

fn absent<'a>(wanted: &'a [String], names: &Names) -> Option<&'a String> {
    wanted.iter().find(|name| !names.0.contains_key(name.as_str()))
}

/// `did you mean …?`, or the names that there are.
fn nearest_name(wanted: &str, names: &Names, what: &str) -> String {
    const NAMED: usize = 6;
    if let Some(name) = nearest(wanted, names.0.keys().map(AsRef::as_ref)) {
        let known = names.0.get(name).copied().unwrap_or_default();
        let often = if known > 0 { format!(" ({})", entries(known)) } else { String::new() };
        return format!("did you mean `{name}`{often}?");
    }
    let all = most_frequent(names.0.iter().map(|(name, count)| (name, *count)));
    if all.is_empty() {
        return format!("there are no {what} in these sources; remove it, or mend `labels_from` or `path`");
    }
    let more = all.len().saturating_sub(NAMED);
    let mut named: Vec<String> = all.iter().take(NAMED).map(|(name, _)| format!("`{name}`")).collect();
    if more > 0 {
        named.push(format!("{} more", count(more as u64)));
    }
    format!("{what} that occur: {}", named.join(", "))
}

/// Rules that name an inbox into which nothing comes though they match, and names that one letter keeps apart.
fn inboxes(resolution: &Resolution<'_>, mapping: &Mapping) -> Vec<Diagnostic> {
    let mut reached: BTreeSet<Text> = BTreeSet::new();
    reached.extend(resolution.threads.iter().map(|thread| thread.inbox));
    let reached: BTreeSet<Arc<str>> = reached.into_iter().map(|inbox| resolution.read.texts.get(inbox)).collect();
    let mut warnings = Vec::new();
    let mut named: BTreeSet<&str> = BTreeSet::from([mapping.target.inbox.as_str()]);
    for (rule, fared) in mapping.rules.iter().zip(&resolution.read.noticed.rules) {
        let Some(inbox) = rule.inbox.as_deref() else { continue };
        if let Some(other) = nearest(inbox, named.iter().copied()).filter(|other| *other != inbox) {
            let title = format!("the inboxes `{inbox}` and `{other}` differ by little");
            let help = format!("did you mean `{other}`? `plan --online` asks Front for both");
            warnings.push(Diagnostic::at(rule.at, title, "two inboxes, or one misspelt?", help));
        }
        if fared.decided > 0 && named.insert(inbox) && !reached.contains(inbox) {
            let title = format!("nothing comes into the inbox `{inbox}`");
            let label = format!("matches {} of {}", count(fared.matched), entries(resolution.read.noticed.asked));
            let help = "their conversations lie in other inboxes, by their oldest messages that name one, or were sent \
                        there before";
            warnings.push(Diagnostic::at(rule.at, title, label, help));
        }
    }
    warnings
}

fn zero_of(noticed: &Noticed) -> String {
    format!("matches 0 of {}", entries(noticed.asked))
}

impl Diagnostic {
    fn at(at: Place, title: impl Into<String>, label: impl Into<String>, help: impl Into<String>) -> Self {
        let Place { line, column, width } = at;
        Self { line, column, width, title: title.into(), label: label.into(), help: help.into() }
    }
}
