//! What was made before an import, and which agents Front knows.

use super::Extent;
use super::outcome::render_left;
use crate::report::{Agent, AgentStanding, Made, Prepared};
use crate::words::{count, counted, printable};
use std::fmt::Write as _;

/// Agents that are named, the worst first.
const MAX_AGENTS: usize = 8;

pub(in crate::report) fn render_prepared(out: &mut String, prepared: &Prepared, extent: Extent) {
    render_agents(out, &prepared.agents, extent);
    if let Some(made) = &prepared.made {
        render_made(out, made, extent);
    }
}

fn render_agents(out: &mut String, agents: &[Agent], extent: Extent) {
    if agents.is_empty() {
        return;
    }
    let standings = [AgentStanding::Matched, AgentStanding::Blocked, AgentStanding::Unmatched];
    let counts: Vec<String> = standings
        .into_iter()
        .map(|standing| (standing, agents.iter().filter(|agent| agent.standing == standing).count() as u64))
        .filter(|(_, number)| *number > 0)
        .map(|(standing, number)| format!("{} {}", count(number), word(standing)))
        .collect();
    let _ = writeln!(out, "Agents    {}: {}", counted(agents.len() as u64, "teammate"), counts.join(", "));
    let mut worst: Vec<&Agent> = agents.iter().collect();
    worst.sort_by_key(|agent| (agent.standing, !agent.is_needed));
    for agent in worst.iter().take(extent.most(MAX_AGENTS)) {
        let addresses: Vec<String> = agent.addresses.iter().map(|address| printable(address)).collect();
        let old = if addresses.is_empty() { String::new() } else { format!("{} → ", addresses.join(", ")) };
        let id = agent
            .id
            .as_ref()
            .filter(|id| **id != agent.teammate)
            .map(|id| format!(" ({})", printable(id)))
            .unwrap_or_default();
        let name = agent.name.as_ref().map(|name| format!(", {}", printable(name))).unwrap_or_default();
        let unneeded = if agent.is_needed { "" } else { "; the plan does without" };
        let teammate = printable(&agent.teammate);
        let _ = writeln!(out, "          {:>9}  {old}{teammate}{id}{name}{unneeded}", word(agent.standing));
    }
    if worst.len() > extent.most(MAX_AGENTS) {
        let more = worst.len() - MAX_AGENTS;
        let _ = writeln!(out, "          {more} more; `--details` shows them");
    }
    if agents.iter().any(|agent| agent.standing == AgentStanding::Blocked && agent.is_needed) {
        out.push_str(
            "          what Front does with a message of somebody who is blocked, it does not document: look at one after a pilot, or take \
             their line out of [agents]\n",
        );
    }
}

fn word(standing: AgentStanding) -> &'static str {
    match standing {
        AgentStanding::Matched => "matched",
        AgentStanding::Blocked => "blocked",
        AgentStanding::Unmatched => "unmatched",
    }
}

fn render_made(out: &mut String, made: &Made, extent: Extent) {
    let counts = made.counts;
    let inboxes = match counts.inboxes {
        0 => None,
        1 => Some("1 inbox made".to_owned()),
        inboxes => Some(format!("{} inboxes made", count(inboxes))),
    };
    let words: Vec<String> = [
        (counts.tags, "tag", "made"),
        (counts.contacts, "contact", "made"),
        (counts.completed, "contact", "completed"),
    ]
    .into_iter()
    .filter(|(number, ..)| *number > 0)
    .map(|(number, what, how)| format!("{} {how}", counted(number, what)))
    .collect();
    let words: Vec<String> = inboxes.into_iter().chain(words).collect();
    let _ = write!(out, "Prepared  {}", if words.is_empty() { "nothing new".to_owned() } else { words.join(", ") });
    let others = [(counts.there_already, "there already"), (counts.left, "left as they are")];
    for (number, what) in others.into_iter().filter(|(number, _)| *number > 0) {
        let _ = write!(out, ", {} {what}", count(number));
    }
    out.push('\n');
    let left = made.examples.iter().map(|thing| (thing.what.as_str(), thing.why.as_str()));
    render_left(out, left, counts.left, made.unsettled.as_deref(), extent);
}
