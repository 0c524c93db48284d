//! What finishing needs to know of Front, and what it says of itself: the same for the real Front and for the one inside the program.

use super::context::Context;
use super::exit::{Exit, Failure};
use super::greeting::front_failure;
use super::place;
use crate::finish::{Names, Outcome};
use crate::front::{Client, Rule};
use crate::mapping::Mapping;
use crate::plan::Overview;
use crate::report::{Finished, LeftStep};
use crate::words::{counted, printable};
use std::collections::{BTreeMap, BTreeSet};

/// Rules that are named with their actions.
const MAX_RULES: usize = 6;

/// Finds in Front what the mapping gives conversations.
///
/// # Errors
/// What is not there, pointed at in the mapping; nothing was done.
pub(super) async fn names(context: &Context, client: &Client, overview: &Overview) -> Result<Names, Failure> {
    let mapping = &context.mapping;
    let mut names = Names::default();
    let Wanted { statuses, fields, followers } = Wanted::of(mapping);
    let teammates: BTreeSet<&str> = overview.teammates.iter().chain(&followers).map(String::as_str).collect();
    let known = |error| front_failure(&error);
    if !fields.is_empty() || !teammates.is_empty() {
        for teammate in client.teammates().await.map_err(known)? {
            names.teammates.insert(format!("alt:email:{}", teammate.email), teammate.id.clone());
            names.teammates.insert(teammate.id.clone(), teammate.id);
        }
        let spelt = spelt_otherwise(&teammates, &names.teammates);
        names.teammates.extend(spelt);
        let missing = followers.iter().find(|follower| !names.teammates.contains_key(*follower));
        if let Some(missing) = missing {
            return Err(not_there(context, missing, &format!("Front has no teammate {missing}"), &names.teammates));
        }
    }
    if let Some(first) = statuses.first() {
        let Some(known) = client.ticket_statuses().await.map_err(known)? else {
            let title = "the mapping gives ticket statuses, but this company has no tickets";
            return Err(not_there(context, first, title, &BTreeMap::new()));
        };
        for status in known {
            names.statuses.insert(status.name, status.id.clone());
            names.statuses.insert(status.id.clone(), status.id);
        }
        if let Some(missing) = statuses.iter().find(|status| !names.statuses.contains_key(*status)) {
            return Err(not_there(context, missing, &format!("Front has no ticket status {missing}"), &names.statuses));
        }
    }
    if !fields.is_empty() {
        for field in client.conversation_fields().await.map_err(known)? {
            names.fields.insert(field.name, field.kind);
        }
        if let Some(missing) = fields.iter().find(|field| !names.fields.contains_key(*field)) {
            let title = format!("Front has no custom field {missing} for conversations");
            return Err(not_there(context, missing, &title, &names.fields));
        }
    }
    if overview.finish.tagged > 0 {
        names.tags = client.tags().await.map_err(known)?.into_iter().map(|tag| (tag.name, tag.id)).collect();
    }
    Ok(names)
}

/// Front compares addresses without regard to case.
fn spelt_otherwise(wanted: &BTreeSet<&str>, known: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let alike = |name: &&str| {
        let (_, id) = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(((*name).to_owned(), id.clone()))
    };
    wanted.iter().filter(|name| !known.contains_key(**name)).filter_map(alike).collect()
}

fn not_there(context: &Context, value: &str, title: &str, known: &BTreeMap<String, String>) -> Failure {
    const NAMED: usize = 12;
    let names: Vec<String> = known.keys().take(NAMED).map(|name| printable(name)).collect();
    let help = if names.is_empty() {
        "remove it from the mapping, or make it in Front's settings; nothing was done".to_owned()
    } else {
        format!(
            "Front has: {}; correct the mapping, or make it in Front's settings; nothing was done",
            names.join(", ")
        )
    };
    context.wrong_setting(Exit::Target, place::of_value(&context.mapping.text, "", value), title, "not in Front", &help)
}

/// Front's rules, in sentences: they are not skipped by what is done beside the import.
///
/// # Errors
/// If Front does not say.
pub(super) async fn rules(client: &Client) -> Result<Vec<String>, Failure> {
    let mut all: BTreeMap<String, Rule> = BTreeMap::new();
    let company = client.company_rules().await.map_err(|error| front_failure(&error))?;
    let visible = client.rules().await.map_err(|error| front_failure(&error))?;
    all.extend(company.into_iter().chain(visible).map(|rule| (rule.id.clone(), rule)));
    if all.is_empty() {
        return Ok(vec![
            "this token sees no rules: Front's settings show whether there are any that run on what `finish` does"
                .to_owned(),
        ]);
    }
    let mut lines = vec![format!(
        "{} may run on what `prepare` and `finish` do (tags, links, comments, assigning, archiving), since only imports skip rules:",
        counted(all.len() as u64, "rule")
    )];
    lines.extend(all.values().take(MAX_RULES).map(|rule| format!("  {}: {}", rule.name, rule.actions.join("; "))));
    if all.len() > MAX_RULES {
        lines.push(format!("  and {} more: `threadlift api GET rules` shows them", all.len() - MAX_RULES));
    }
    Ok(lines)
}

/// As [`rules`], for whoever does nothing that they could run on: that Front does not tell them is a line like the others.
pub(super) async fn rules_if_told(client: &Client) -> Vec<String> {
    let untold = |failure: Failure| vec![format!("its rules could not be asked for: {}", failure.sentence())];
    rules(client).await.unwrap_or_else(untold)
}

/// What finishing came to, for the report.
pub(super) fn finished(outcome: &Outcome) -> Finished {
    let step =
        |(conversation, why): &(String, String)| LeftStep { conversation: conversation.clone(), why: why.clone() };
    Finished {
        counts: outcome.counts,
        examples: outcome.left.iter().map(step).collect(),
        unsettled: outcome.unsettled.clone(),
    }
}

/// Does the mapping give conversations anything at all?
pub(super) fn is_wanted(overview: &Overview) -> bool {
    overview.finish.requests > 0
}

/// Everything that the mapping gives conversations and that must exist in Front: ticket statuses, custom fields, followers.
pub(super) struct Wanted {
    pub statuses: BTreeSet<String>,
    pub fields: BTreeSet<String>,
    pub followers: BTreeSet<String>,
}

impl Wanted {
    pub(super) fn of(mapping: &Mapping) -> Self {
        let finishes = || mapping.rules.iter().map(|rule| &rule.finish);
        let fields = finishes().flat_map(|finish| finish.custom_fields.keys());
        Self {
            statuses: finishes().filter_map(|finish| finish.status.clone()).collect(),
            fields: fields.chain(mapping.defaults.custom_fields.keys()).cloned().collect(),
            followers: finishes().flat_map(|finish| finish.followers.iter().cloned()).collect(),
        }
    }
}
