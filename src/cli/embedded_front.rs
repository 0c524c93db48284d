//! The embedded Front, set up from a mapping; also as a process of its own (hidden command), for tests
//! that kill the importer and not the Front.

use super::context::Context;
use super::embedded_args::EmbeddedFrontArgs;
use super::exit::{Exit, Failure};
use super::finishing::Wanted;
use crate::ledger::Target;
use crate::mapping::Inline;
use crate::plan::Overview;
use crate::rehearsal::{
    Category, ChannelSpec, Company, Config, FieldKind, FieldSpec, InboxSpec, InlineBy, Server, Snapshot, StatusSpec,
    TeamSpec, TeammateSpec, UnknownTags,
};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(super) fn run(context: &Context, args: &EmbeddedFrontArgs) -> Result<Exit, Failure> {
    let base = config(context, None, None);
    let company = match &args.company {
        Some(id) => Company { id: id.clone(), name: id.clone() },
        None => base.company.clone(),
    };
    let config = Config {
        port: args.port,
        company,
        token: args.token.clone(),
        dump: args.dump.clone(),
        calls: args.calls.clone(),
        limit_per_minute: args.limit,
        appear_after: Duration::from_millis(args.appear_after_ms),
        limit_at: args.limit_at.clone(),
        has_burst: args.burst,
        per_resource: args.per_resource,
        has_rate_headers: !args.no_rate_headers,
        live_team: args.live_team,
        channels: base.channels.iter().chain(&args.channel).cloned().collect(),
        // Those of the mapping, unless a test says which there are.
        tags: or(&args.tag, &base.tags),
        conversation_fields: or(&args.conversation_field, &base.conversation_fields),
        contact_fields: or(&args.contact_field, &base.contact_fields),
        statuses: or(&args.status, &base.statuses),
        teams: args.team.iter().map(|name| TeamSpec { name: name.clone(), ..TeamSpec::default() }).collect(),
        rules: args.rule.clone(),
        blocked_teammates: args.blocked.clone(),
        unknown_tags: if args.refuse_unknown_tags { UnknownTags::Refuse } else { UnknownTags::Create },
        forget_bodies: args.forget_bodies,
        clock_skew: args.clock_skew,
        repeat_answer: args.repeat_answer(),
        undocumented: args.undocumented(),
        burnt: args.burnt.clone(),
        faults: args.faults(),
        ..base
    };
    let server = Server::start(config).map_err(|error| cannot_start(&error, args.port))?;
    super::print(&format!("{}\n", server.base_url()))?;
    while !context.stop.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
    }
    super::print(&format!("{}\n", last_line(&server.state())))?;
    if let Some(file) = &args.burn {
        server.burn(file).map_err(|error| cannot_burn(&error, file))?;
    }
    server.stop();
    Ok(Exit::Done)
}

/// What a test says that there is, else what the mapping asks for.
fn or<T: Clone>(said: &[T], otherwise: &[T]) -> Vec<T> {
    if said.is_empty() { otherwise.to_vec() } else { said.to_vec() }
}

/// What it counted, on one line.
fn last_line(state: &Snapshot) -> serde_json::Value {
    serde_json::json!({
        "messages": state.messages,
        "conversations": state.conversations,
        "repeats": state.repeats,
        "changed_repeats": state.changed_repeats,
        "refused": state.refused,
        "hurried": state.hurried,
        "burnt": state.burnt,
        "lost": state.lost,
        "imports": state.imports,
        "reads": state.reads,
        "busiest_window": state.busiest_window,
        "others_asked": state.others_asked,
        "others_refused": state.others_refused,
        "seconds": state.span.as_secs_f64(),
        "over_limit": state.over_limit,
        "over_resource": state.over_resource,
        "over_search": state.over_search,
        "faults": state.faults,
    })
}

fn cannot_burn(error: &std::io::Error, file: &Path) -> Failure {
    let text = format!("the external ids could not be written to {}: {error}", file.display());
    Failure::usage(text, "name a file that can be written with --burn")
}

/// A Front that knows what the mapping names; the company and the ids of a real target, where the
/// ledger is bound to one.
pub(super) fn config(context: &Context, overview: Option<&Overview>, target: Option<&Target>) -> Config {
    let inboxes = inboxes_of(context, overview).into_iter().map(|name| {
        let pinned = target.and_then(|target| target.inboxes.get(&name).cloned());
        let id = pinned.or_else(|| name.starts_with("inb_").then(|| name.clone()));
        InboxSpec { name, id }
    });
    let mut teammates: Vec<TeammateSpec> = Vec::new();
    for (address, named) in &context.mapping.agents {
        let email = named.strip_prefix("alt:email:").unwrap_or(address).to_owned();
        let id = named.strip_prefix("tea_").map_or_else(|| format!("tea_r{}", teammates.len()), |_| named.clone());
        if !teammates.iter().any(|known| known.email == email || known.id == id) {
            let name = email.split('@').next().unwrap_or_default().to_owned();
            teammates.push(TeammateSpec { id, email, name });
        }
    }
    let wanted = Wanted::of(&context.mapping);
    let assignees = context.mapping.rules.iter().filter_map(|rule| rule.assignee.as_ref());
    for named in assignees.chain(&wanted.followers) {
        let is_known =
            |known: &TeammateSpec| known.id == *named || named.strip_prefix("alt:email:") == Some(&known.email);
        if !teammates.iter().any(is_known) {
            let id = if named.starts_with("tea_") { named.clone() } else { format!("tea_r{}", teammates.len()) };
            let email =
                named.strip_prefix("alt:email:").map_or_else(|| format!("{named}@front.invalid"), str::to_owned);
            let name = email.split('@').next().unwrap_or_default().to_owned();
            teammates.push(TeammateSpec { id, email, name });
        }
    }
    let tags = tags_of(context, overview);
    let status = |(number, name): (usize, &String)| {
        let id = if name.starts_with("sts_") { name.clone() } else { format!("sts_r{number}") };
        StatusSpec { id, name: name.clone(), category: Category::Waiting }
    };
    let mut config = Config {
        channels: channels_of(context),
        inboxes: inboxes.collect(),
        teammates,
        tags,
        conversation_fields: text_fields(&wanted.fields),
        contact_fields: context
            .mapping
            .contacts
            .iter()
            .flat_map(|contacts| text_fields(contacts.custom_fields.keys()))
            .collect(),
        statuses: wanted.statuses.iter().enumerate().map(status).collect(),
        ..Config::default()
    };
    if let Some(probed) = &context.mapping.target.probed {
        config.company = Company { id: probed.company_id.clone(), name: probed.company.clone() };
        // As it was found out to be.
        config.undocumented.limit =
            probed.largest_request.unwrap_or(config.undocumented.limit).max(config.undocumented.limit);
        config.undocumented.inline = probed.inline.map(|inline| match inline {
            Inline::ContentId => InlineBy::ContentId,
            Inline::Filename => InlineBy::Filename,
        });
    }
    if let Some(target) = target {
        config.company = Company { id: target.company_id.clone(), name: target.company_name.clone() };
    }
    config
}

/// Fields of these names that hold any text: what Front's own hold is not known here.
fn text_fields<'a>(names: impl IntoIterator<Item = &'a String>) -> Vec<FieldSpec> {
    names.into_iter().map(|name| FieldSpec { name: name.clone(), kind: FieldKind::Text }).collect()
}

/// All inboxes that an import may need.
fn inboxes_of(context: &Context, overview: Option<&Overview>) -> Vec<String> {
    let mapping = &context.mapping;
    let mut names: Vec<String> =
        overview.map(|overview| overview.inboxes.keys().cloned().collect()).unwrap_or_default();
    names.push(mapping.target.inbox.clone());
    names.extend(mapping.rules.iter().filter_map(|rule| rule.inbox.clone()));
    names.sort();
    names.dedup();
    names
}

/// The channels that something is delivered through.
fn channels_of(context: &Context) -> Vec<ChannelSpec> {
    let ids: BTreeSet<&str> = context
        .mapping
        .sources
        .iter()
        .filter_map(|source| source.deliver.as_ref())
        .map(|deliver| deliver.channel.as_str())
        .collect();
    let channel = |id: &str| ChannelSpec {
        id: Some(id.to_owned()),
        address: id.to_owned(),
        inbox: context.mapping.target.inbox.clone(),
        live: None,
        is_custom: true,
    };
    ids.into_iter().map(channel).collect()
}

/// All tags that an import may need.
fn tags_of(context: &Context, overview: Option<&Overview>) -> Vec<String> {
    let mapping = &context.mapping;
    let mut tags = overview.map(|overview| overview.tags.clone()).unwrap_or_default();
    tags.extend(mapping.defaults.tags.iter().chain(mapping.labels.values()).cloned());
    tags.extend(mapping.rules.iter().flat_map(|rule| rule.tags.iter().cloned()));
    tags.sort();
    tags.dedup();
    tags
}

pub(super) fn cannot_start(error: &std::io::Error, port: u16) -> Failure {
    let help = if error.kind() == ErrorKind::AddrInUse {
        "choose another --port, or none for any free one"
    } else {
        "check that this machine lets programs listen on 127.0.0.1 and that its temporary directory has room"
    };
    Failure::usage(format!("cannot start the embedded Front on port {port}: {error}"), help)
}
