//! Before anything is sent: whose token this is, and whether Front has what the plan names.

use super::args::FrontArgs;
use super::budget::BudgetArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::{place, token};
use crate::event::Observer;
use crate::front::{self, Client, FrontError};
use crate::ledger::{LedgerError, Target};
use crate::mapping;
use crate::plan::Overview;
use crate::words::printable;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Requests a second on one resource that Front is known to allow.
const FRONT_PER_RESOURCE: u32 = 5;

/// A Front that takes the token.
pub(super) struct Known {
    client: Client,
    company: front::Company,
    base_url: String,
}

impl Known {
    /// The company's id and name.
    pub(super) fn company(&self) -> (&str, &str) {
        (&self.company.id, &self.company.name)
    }
}

/// A Front that was greeted: its company is known, its inboxes are resolved.
pub(super) struct Greeted {
    pub client: Client,
    pub company: String,
    pub target: Target,
}

/// As [`settings`], for work that has a budget and is watched.
pub(super) fn budgeted(
    context: &Context,
    args: &FrontArgs,
    budget: &BudgetArgs,
    observer: &Arc<dyn Observer>,
) -> Result<front::Settings, Failure> {
    let mut settings = settings(context, args)?;
    settings.most_requests = budget.max_requests;
    settings.observer = Arc::clone(observer);
    Ok(settings)
}

/// How to reach Front: what the command line says, else the mapping.
pub(super) fn settings(context: &Context, args: &FrontArgs) -> Result<front::Settings, Failure> {
    let send = &context.mapping.send;
    let base_url = given_base_url(args)?.unwrap_or_else(|| context.mapping.target.base_url.clone());
    if send.per_resource > FRONT_PER_RESOURCE && !mapping::is_loopback(&base_url) {
        return Err(context.wrong_setting(
            Exit::Usage,
            place::of_key(&context.mapping.text, "per_resource"),
            &format!("`per_resource` is {}, more than Front takes", send.per_resource),
            &format!("Front allows {FRONT_PER_RESOURCE} requests a second on one inbox; nothing was sent"),
            &format!("write `per_resource = {FRONT_PER_RESOURCE}`; more is for a target on this machine"),
        ));
    }
    let mut settings = front::Settings::new(base_url, token::read(args)?);
    settings.share = send.share;
    settings.reserve = send.reserve;
    settings.burst = send.burst;
    settings.per_resource = send.per_resource;
    Ok(settings)
}

/// The base URL that the command line or the environment gives.
pub(super) fn given_base_url(args: &FrontArgs) -> Result<Option<String>, Failure> {
    // A variable that is set to nothing, as scripts do, is one that is not set.
    let Some(written) = args.base_url.as_deref().filter(|written| !written.is_empty()) else { return Ok(None) };
    // Not quoted: somebody may have put a password into it.
    let checked = mapping::check_base_url(written).map_err(|wrong| {
        let given = "the base URL given by --base-url or FRONT_BASE_URL";
        Failure::usage(format!("{given} is not accepted: {}; nothing was sent", wrong.reason), wrong.help)
    })?;
    Ok(Some(checked))
}

/// Asks Front whose token this is: the first thing that can be wrong, found before hours of reading.
pub(super) async fn knock(settings: front::Settings) -> Result<Known, Failure> {
    let base_url = settings.base_url.clone();
    let client = Client::new(settings).map_err(|error| front_failure(&error))?;
    let mut company = client.me().await.map_err(|error| {
        let failure = front_failure(&error);
        Failure { message: format!("{}; nothing was sent", failure.message), ..failure }
    })?;
    // Known by its id; the name is for people, and may hold what fakes a line of a report.
    company.name = printable(&company.name);
    Ok(Known { client, company, base_url })
}

/// Finds every inbox and teammate that the plan names. Nothing is sent. An inbox that has another name in Front than when `bound` was
/// recorded is known by its id.
pub(super) async fn greet(
    context: &Context,
    front: Known,
    overview: &Overview,
    bound: Option<&Target>,
) -> Result<Greeted, Failure> {
    let (greeted, lacking) = greet_partly(context, front, overview, bound).await?;
    if let Some(wanted) = lacking.inboxes.first() {
        return Err(no_inbox(context, wanted, &greeted.company, &lacking.known));
    }
    if !overview.teammates.is_empty() {
        let teammates = greeted.client.teammates().await.map_err(|error| front_failure(&error))?;
        let missing: Vec<&str> = overview
            .teammates
            .iter()
            .map(String::as_str)
            .filter(|name| !teammates.iter().any(|it| is_named(it, name)))
            .collect();
        if !missing.is_empty() {
            return Err(no_teammates(context, &greeted.company, &missing));
        }
    }
    Ok(greeted)
}

/// Inboxes of the plan that Front lacks.
pub(super) struct Lacking {
    pub inboxes: Vec<String>,
    /// All that the token can see.
    pub known: Vec<front::Inbox>,
}

/// As [`greet`], though inboxes may be missing; teammates are not looked for.
pub(super) async fn greet_partly(
    context: &Context,
    front: Known,
    overview: &Overview,
    bound: Option<&Target>,
) -> Result<(Greeted, Lacking), Failure> {
    let Known { client, company, base_url } = front;
    check_findings(context, &company)?;
    let inbox = context.mapping.target.inbox.as_str();
    let known = client.inboxes().await.map_err(|error| front_failure(&error))?;
    let mut inboxes = BTreeMap::new();
    let mut missing: Vec<String> = Vec::new();
    for wanted in overview.inboxes.keys().map(String::as_str).chain([inbox]) {
        let found: Vec<&front::Inbox> =
            known.iter().filter(|inbox| inbox.id == wanted || inbox.name == wanted).collect();
        let one = match found.as_slice() {
            [inbox] => Some(*inbox),
            [] => renamed(wanted, bound, &known),
            _ => {
                let ids: Vec<&str> = found.iter().map(|inbox| inbox.id.as_str()).collect();
                return Err(context.wrong_setting(
                    Exit::Target,
                    place::of_value(&context.mapping.text, "inbox", wanted),
                    &format!("{} has several inboxes named `{wanted}`", company.name),
                    &format!("may be any of {}", ids.join(", ")),
                    "write the id of the one you mean; nothing was sent",
                ));
            }
        };
        match one {
            Some(inbox) => {
                inboxes.insert(wanted.to_owned(), inbox.id.clone());
            }
            // The default inbox may be one of the plan's, too.
            None if missing.iter().any(|missing| missing == wanted) => {}
            None => missing.push(wanted.to_owned()),
        }
    }
    let target = Target { company_id: company.id, company_name: company.name.clone(), base_url, inboxes };
    Ok((Greeted { client, company: company.name, target }, Lacking { inboxes: missing, known }))
}

/// Is it this teammate whom the mapping names by an id or an alias?
pub(super) fn is_named(teammate: &front::Teammate, named: &str) -> bool {
    let email = named.strip_prefix("alt:email:");
    teammate.id == named || email.is_some_and(|email| teammate.email.eq_ignore_ascii_case(email))
}

/// The mapping names teammates that Front does not have.
pub(super) fn no_teammates(context: &Context, company: &str, missing: &[&str]) -> Failure {
    let first = missing.first().copied().unwrap_or_default();
    let others = missing.get(1..).filter(|others| !others.is_empty());
    let others = others.map(|others| format!(", nor {}", others.join(", "))).unwrap_or_default();
    context.wrong_setting(
        Exit::Target,
        place::of_value(&context.mapping.text, "", first),
        &format!("{company} has no teammate {first}{others}"),
        "no such teammate; nothing was sent",
        "correct or remove what [agents] says of them; without a line, a message keeps its author's name only",
    )
}

/// What was found out about another company's Front says nothing of this one.
fn check_findings(context: &Context, company: &front::Company) -> Result<(), Failure> {
    let probed = context.mapping.target.probed.as_ref().filter(|probed| probed.company_id != company.id);
    probed.map_or(Ok(()), |probed| {
        Err(context.wrong_setting(
            Exit::Target,
            Some((probed.at.line, probed.at.column)),
            &format!("{} was found out in {} ({})", probed.name, probed.company, probed.company_id),
            &format!("this token is of {} ({}); nothing was sent", company.name, company.id),
            "write findings of this company with `threadlift probe --inbox SCRATCH`, or take the line out",
        ))
    })
}

/// The inbox that the ledger knows by a name that Front knows no longer.
fn renamed<'k>(wanted: &str, bound: Option<&Target>, known: &'k [front::Inbox]) -> Option<&'k front::Inbox> {
    let id = bound?.inboxes.get(wanted)?;
    let inbox = known.iter().find(|inbox| inbox.id == *id)?;
    super::say(&format!(
        "note: the inbox `{wanted}` ({id}) is called `{}` in Front now; it is the same one\n",
        printable(&inbox.name)
    ));
    Some(inbox)
}

/// A ledger that does not fit the target, found before anything was sent.
pub(super) fn nothing_sent(error: LedgerError) -> Failure {
    let failure = Failure::from(error);
    Failure { message: format!("{}; nothing was sent", failure.message), ..failure }
}

/// What went wrong before anything was sent.
pub(super) fn front_failure(error: &FrontError) -> Failure {
    let exit = match error {
        FrontError::Spent => Exit::Budget,
        error if error.is_setting() => Exit::Usage,
        _ => Exit::Target,
    };
    Failure { exit, message: error.to_string(), help: Some(error.remedy().to_owned()) }
}

/// Front lacks an inbox of the plan; where it may be made, the command that makes it is named.
pub(super) fn no_inbox(context: &Context, wanted: &str, company: &str, known: &[front::Inbox]) -> Failure {
    let mut names: Vec<&str> = known.iter().map(|inbox| inbox.name.as_str()).collect();
    names.sort_unstable();
    let nearest = names
        .iter()
        .copied()
        .max_by(|a, b| strsim::jaro_winkler(a, wanted).total_cmp(&strsim::jaro_winkler(b, wanted)));
    let nearest = nearest.filter(|name| strsim::jaro_winkler(name, wanted) > 0.8);
    let help = match nearest {
        Some(name) => format!("did you mean `{}`? Names are compared exactly", printable(name)),
        None if names.is_empty() => {
            "this token sees no inbox at all: give it the inbox's workspace in Front's settings".to_owned()
        }
        None => {
            format!("this token sees: {}. Correct the mapping, or give the token access", printable(&names.join(", ")))
        }
    };
    // An id that Front does not know names nothing that could be made; a pilot's inbox is made by hand, as it is thrown away.
    let can_be_made = !wanted.starts_with("inb_") && context.pilot.is_none();
    let help = if can_be_made {
        format!("{help}; or have it made: {} --create-inboxes", context.command("prepare"))
    } else {
        help
    };
    context.wrong_setting(
        Exit::Target,
        place::of_value(&context.mapping.text, "inbox", wanted),
        &format!("{company} has no inbox `{wanted}` that this token can see"),
        "not in Front; nothing was sent",
        &help,
    )
}
