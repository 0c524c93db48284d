//! What preparing needs to know of Front, and what it says of itself.

use super::context::Context;
use super::exit::{Exit, Failure};
use super::finishing::Wanted;
use super::greeting::{self, Greeted, Known, Lacking, front_failure, is_named};
use super::place;
use crate::front::{Client, Teammate, typed_value};
use crate::ledger::Ledger;
use crate::plan::Overview;
use crate::prepare::{Given, Inboxes, Outcome, Tags};
use crate::report::{Agent, AgentStanding, LeftThing, Made};
use crate::words::{counted, printable, some_of};
use std::collections::{BTreeMap, BTreeSet};

/// Names in a message; the rest is counted.
const MOST_NAMED: usize = 12;

/// Everything that is to be made, and what there is.
pub(super) struct Found {
    pub greeted: Greeted,
    pub inboxes: Inboxes,
    pub tags: Tags,
    pub contacts: Option<Given>,
    pub agents: Vec<Agent>,
}

/// Asks Front for everything that the plan needs. Nothing is made.
///
/// # Errors
/// What cannot be made, pointed at in the mapping.
pub(super) async fn look(
    context: &Context,
    may_make_inboxes: bool,
    front: Known,
    overview: &Overview,
    ledger: &Ledger,
) -> Result<Found, Failure> {
    let mapping = &context.mapping;
    let (greeted, lacking) = greeting::greet_partly(context, front, overview, ledger.target().as_ref()).await?;
    let client = &greeted.client;
    let teammates = if is_anybody_named(context) {
        client.teammates().await.map_err(|error| front_failure(&error))?
    } else {
        Vec::new()
    };
    let agents = agents(context, overview, &teammates);
    let missing: Vec<&str> = agents
        .iter()
        .filter(|agent| agent.is_needed && agent.standing == AgentStanding::Unmatched)
        .map(|agent| agent.teammate.as_str())
        .collect();
    if !missing.is_empty() {
        let table = crate::report::Prepared { agents: agents.clone(), made: None };
        super::say(&table.text(context.extent()));
        return Err(greeting::no_teammates(context, &greeted.company, &missing));
    }
    let inboxes = inboxes(context, may_make_inboxes, &greeted, lacking, &teammates).await?;
    let tags = tags(client, overview).await?;
    let contacts = match &mapping.contacts {
        Some(contacts) => {
            let lists: BTreeSet<&String> = contacts.lists.iter().collect();
            let custom_fields = custom_fields(context, client, &contacts.custom_fields, &teammates).await?;
            Some(Given { lists: lists.into_iter().cloned().collect(), custom_fields })
        }
        None => None,
    };
    Ok(Found { greeted, inboxes, tags, contacts, agents })
}

fn is_anybody_named(context: &Context) -> bool {
    let mapping = &context.mapping;
    let fields = mapping.contacts.iter().any(|contacts| !contacts.custom_fields.is_empty());
    let rules = mapping.rules.iter().any(|rule| rule.assignee.is_some() || !rule.finish.followers.is_empty());
    fields || rules || !mapping.agents.is_empty() || !mapping.target.new_inboxes.teammates.is_empty()
}

/// Everybody in Front whom the mapping names, in the order of the names.
fn agents(context: &Context, overview: &Overview, teammates: &[Teammate]) -> Vec<Agent> {
    let mapping = &context.mapping;
    let followers = Wanted::of(mapping).followers;
    let mut named: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (address, teammate) in &mapping.agents {
        named.entry(teammate).or_default().push(address.clone());
    }
    let assignees = mapping.rules.iter().filter_map(|rule| rule.assignee.as_ref());
    for teammate in assignees.chain(&followers).chain(&overview.teammates) {
        named.entry(teammate).or_default();
    }
    let agent = |(named, addresses): (&str, Vec<String>)| {
        let found = teammates.iter().find(|teammate| is_named(teammate, named));
        Agent {
            teammate: named.to_owned(),
            addresses,
            standing: match found {
                None => AgentStanding::Unmatched,
                Some(teammate) if teammate.is_blocked => AgentStanding::Blocked,
                Some(_) => AgentStanding::Matched,
            },
            id: found.map(|teammate| teammate.id.clone()),
            name: found.map(Teammate::name).filter(|name| !name.is_empty()),
            is_needed: overview.teammates.iter().any(|needed| needed == named) || followers.contains(named),
        }
    };
    named.into_iter().map(agent).collect()
}

/// The inboxes of the plan, with how the missing ones are made.
async fn inboxes(
    context: &Context,
    may_make: bool,
    greeted: &Greeted,
    lacking: Lacking,
    teammates: &[Teammate],
) -> Result<Inboxes, Failure> {
    let there = greeted.target.inboxes.clone();
    let Some(first) = lacking.inboxes.first() else { return Ok(Inboxes { there, ..Inboxes::default() }) };
    if !may_make || first.starts_with("inb_") {
        return Err(greeting::no_inbox(context, first, &greeted.company, &lacking.known));
    }
    let new = &context.mapping.target.new_inboxes;
    let at = place::of_key(&context.mapping.text, "new_inboxes");
    if new.teammates.is_empty() {
        return Err(context.wrong_setting(
            Exit::Usage,
            at.or_else(|| place::of_value(&context.mapping.text, "inbox", first)),
            &format!("nobody would see the inbox `{first}`"),
            "no teammates are named for new inboxes; nothing was made",
            "name those who shall see it in [target]: new_inboxes = { workspace = \"Support\", teammates = [\"alt:email:nell@acme.example\"] }",
        ));
    }
    let mut seeing = Vec::new();
    for named in &new.teammates {
        let wrong = |title: String, label: &str| {
            let help = "name teammates who can log in to Front; an inbox is seen by nobody else";
            Err(context.wrong_setting(Exit::Target, at, &title, label, help))
        };
        match teammates.iter().find(|teammate| is_named(teammate, named)) {
            None => {
                return wrong(format!("{} has no teammate {named}", greeted.company), "not in Front; nothing was made");
            }
            Some(teammate) if teammate.is_blocked => {
                return wrong(
                    format!("{named} is blocked and would not see the inbox `{first}`"),
                    "blocked in Front; nothing was made",
                );
            }
            Some(teammate) => seeing.push(teammate.id.clone()),
        }
    }
    let workspace = match &new.workspace {
        Some(named) => Some(workspace(context, greeted, named).await?),
        None => None,
    };
    Ok(Inboxes { there, missing: lacking.inboxes, workspace, teammates: seeing })
}

/// The id of the workspace with this name or id.
async fn workspace(context: &Context, greeted: &Greeted, named: &str) -> Result<String, Failure> {
    let all = greeted.client.workspaces().await.map_err(|error| front_failure(&error))?;
    let found: Vec<&str> =
        all.iter().filter(|it| it.id == named || it.name == named).map(|it| it.id.as_str()).collect();
    let (title, help) = match found.as_slice() {
        [id] => return Ok((*id).to_owned()),
        [] => {
            let names: Vec<String> = all.iter().map(|workspace| workspace.name.clone()).collect();
            (format!("{} has no workspace `{named}` that this token can see", greeted.company), in_front(&names))
        }
        ids => (
            format!("{} has several workspaces named `{named}`", greeted.company),
            format!("write the id of the one you mean: {}", ids.join(", ")),
        ),
    };
    let at = place::of_key(&context.mapping.text, "new_inboxes");
    Err(context.wrong_setting(Exit::Target, at, &title, "not in Front; nothing was made", &help))
}

fn in_front(names: &[String]) -> String {
    if names.is_empty() {
        return "this token sees none: give it access in Front's settings".to_owned();
    }
    let named: Vec<String> = names.iter().take(MOST_NAMED).map(|name| printable(name)).collect();
    format!("Front has: {}; correct the mapping, or make it in Front's settings", named.join(", "))
}

async fn tags(client: &Client, overview: &Overview) -> Result<Tags, Failure> {
    if overview.tags.is_empty() {
        return Ok(Tags::default());
    }
    let visible = client.tags().await.map_err(|error| front_failure(&error))?;
    let company = client.company_tags().await.map_err(|error| front_failure(&error))?;
    Ok(Tags::of(&overview.tags, &company, &visible))
}

/// The values of the contacts' custom fields, as their types take them.
async fn custom_fields(
    context: &Context,
    client: &Client,
    wanted: &BTreeMap<String, String>,
    teammates: &[Teammate],
) -> Result<serde_json::Map<String, serde_json::Value>, Failure> {
    let mut values = serde_json::Map::new();
    if wanted.is_empty() {
        return Ok(values);
    }
    let fields = client.contact_fields().await.map_err(|error| front_failure(&error))?;
    let address = |named: &str| {
        let alias = format!("alt:email:{named}");
        let found = teammates.iter().find(|it| is_named(it, named) || is_named(it, &alias));
        found.map(|teammate| teammate.email.clone())
    };
    for (name, value) in wanted {
        let at = place::of_value(&context.mapping.text, "", value);
        let Some(field) = fields.iter().find(|field| field.name == *name) else {
            let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
            let title = format!("Front has no custom field {name} for contacts");
            return Err(context.wrong_setting(
                Exit::Target,
                at,
                &title,
                "not in Front; nothing was made",
                &in_front(&names),
            ));
        };
        let choices: Vec<String> = field.values.iter().map(|choice| choice.value.clone()).collect();
        let typed = match field.kind.as_str() {
            "enum" if !choices.is_empty() && !choices.contains(value) => {
                let few = some_of(&choices, choices.len() as u64);
                Err(format!("the custom field {name} takes one of {few}, not \"{value}\""))
            }
            kind => typed_value(name, value, kind, address),
        };
        let typed = typed.map_err(|title| {
            let help = "give it a value that the field takes";
            context.wrong_setting(Exit::Target, at, &title, "does not fit; nothing was made", help)
        })?;
        values.insert(name.clone(), typed);
    }
    Ok(values)
}

impl Found {
    /// What is to be made, in sentences.
    pub(super) fn lines(&self, overview: &Overview) -> Vec<String> {
        let mut lines = Vec::new();
        if let [first, ..] = self.inboxes.missing.as_slice() {
            let named: Vec<String> = self.inboxes.missing.iter().map(|name| format!("`{}`", printable(name))).collect();
            let seen = counted(self.inboxes.teammates.len() as u64, "teammate");
            let them = if self.inboxes.missing.len() == 1 {
                format!("the inbox `{}`", printable(first))
            } else {
                format!("the inboxes {}", named.join(", "))
            };
            lines.push(format!("{them} will be made, to be seen by {seen}; only people can delete an inbox again"));
        }
        let missing = &self.tags.missing;
        if !missing.is_empty() {
            let named: Vec<String> = missing
                .iter()
                .take(MOST_NAMED)
                .map(|name| match self.tags.above(name) {
                    Some(above) => format!("`{}` below `{}`", printable(name), printable(above)),
                    None => format!("`{}`", printable(name)),
                })
                .collect();
            let more = missing.len().saturating_sub(MOST_NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let tags = counted(missing.len() as u64, "tag");
            lines.push(format!("{tags} of the company will be made: {}{more}", named.join(", ")));
        }
        lines.extend(self.tags.elsewhere.iter().cloned());
        if self.contacts.is_some() {
            let people = overview.prepare.people;
            lines.push(format!(
                "{} will be looked up as contacts, and made or completed; nothing that Front has of them is overwritten",
                if people == 1 { "1 person".to_owned() } else { format!("{} people", crate::words::count(people)) }
            ));
        }
        lines
    }

    /// Is nothing to be made, and nobody to be looked up?
    pub(super) fn is_nothing(&self) -> bool {
        self.inboxes.missing.is_empty() && self.tags.missing.is_empty() && self.contacts.is_none()
    }
}

/// What preparing came to, for the report.
pub(super) fn made(outcome: &Outcome) -> Made {
    let left = |(what, why): &(String, String)| LeftThing { what: what.clone(), why: why.clone() };
    Made {
        counts: outcome.counts,
        examples: outcome.left.iter().map(left).collect(),
        unsettled: outcome.unsettled.clone(),
    }
}
