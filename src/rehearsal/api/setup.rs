//! What an administrator has set up: the company, channels, rules, ticket statuses, custom fields.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::super::desk::{FieldSpec, RuleSpec};
use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::{Store, parse_id, render_id};
use super::{Answer, App, render, render_desk};

pub(super) async fn me(State(shared): App) -> Json<Value> {
    let company = &shared.config.company;
    Json(json!({
        "_links": { "self": format!("{}/me", shared.base_url()) },
        "id": company.id,
        "name": company.name,
    }))
}

pub(super) async fn channels(State(shared): App) -> Json<Value> {
    let address = format!("{}/channels", shared.base_url());
    Json(listed_channels(&shared, &shared.store(), &address, |_| true))
}

pub(super) async fn inbox_channels(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let inbox = store.inbox_number(&id).ok_or_else(|| ApiError::unknown("inbox", &id))?;
    let address = format!("{}/inboxes/{id}/channels", shared.base_url());
    Ok(Json(listed_channels(&shared, &store, &address, |of| of == inbox)))
}

pub(super) async fn channel(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let unknown = || ApiError::unknown("channel", &id);
    let number = find_channel(&store, &id).ok_or_else(unknown)?;
    let channel = store.channels().get(number as usize).ok_or_else(unknown)?;
    let inbox = store.inbox(channel.inbox).ok_or_else(unknown)?;
    Ok(Json(render::channel(&shared.base_url(), number, channel, &inbox.id)))
}

/// A channel by `cha_…` or `alt:address:…`.
pub(super) fn find_channel(store: &Store, id: &str) -> Option<u32> {
    let is_named = |number: &u32| {
        let channel = store.channels().get(*number as usize);
        match id.strip_prefix("alt:address:") {
            Some(address) => channel.is_some_and(|channel| channel.address.eq_ignore_ascii_case(address)),
            None => match channel.and_then(|channel| channel.id.as_deref()) {
                Some(own) => own == id,
                None => parse_id("cha", id) == Some(*number),
            },
        }
    };
    (0..u32::try_from(store.channels().len()).ok()?).find(is_named)
}

fn listed_channels(shared: &Shared, store: &Store, address: &str, is_meant: impl Fn(u32) -> bool) -> Value {
    let base = shared.base_url();
    let meant = (0..).zip(store.channels()).filter(|(_, channel)| is_meant(channel.inbox));
    let shown = meant.filter_map(|(number, channel)| {
        let inbox = store.inbox(channel.inbox).filter(|inbox| store.inbox_number(&inbox.id).is_some())?;
        Some(render::channel(&base, number, channel, &inbox.id))
    });
    render::list(address, &shown.collect::<Vec<Value>>())
}

pub(super) async fn rules(State(shared): App) -> Json<Value> {
    Json(listed_rules(&shared, "/rules", |_| true))
}

pub(super) async fn company_rules(State(shared): App) -> Json<Value> {
    Json(listed_rules(&shared, "/company/rules", |rule| rule.owner.is_none()))
}

pub(super) async fn team_rules(State(shared): App, Path(id): Path<String>) -> Answer {
    shared.store().team_number(&id).ok_or_else(|| ApiError::unknown("team", &id))?;
    Ok(Json(listed_rules(&shared, &format!("/teams/{id}/rules"), |rule| rule.owner.as_ref() == Some(&id))))
}

pub(super) async fn teammate_rules(State(shared): App, Path(id): Path<String>) -> Answer {
    let number = shared.store().teammate_number(&id);
    let own = number.and_then(|number| shared.store().teammate(Some(number)).map(|it| it.id.clone()));
    let own = own.ok_or_else(|| ApiError::unknown("teammate", &id))?;
    Ok(Json(listed_rules(&shared, &format!("/teammates/{id}/rules"), |rule| rule.owner.as_ref() == Some(&own))))
}

fn listed_rules(shared: &Shared, path: &str, is_meant: impl Fn(&RuleSpec) -> bool) -> Value {
    let base = shared.base_url();
    let meant = (0..).zip(&shared.config.rules).filter(|(_, rule)| is_meant(rule));
    let shown: Vec<Value> = meant.map(|(number, rule)| render_desk::rule(&base, number, rule)).collect();
    render::list(&format!("{base}{path}"), &shown)
}

pub(super) async fn rule(State(shared): App, Path(id): Path<String>) -> Answer {
    let base = shared.base_url();
    let found = (0..).zip(&shared.config.rules).find(|(number, _)| render_id("rul", *number) == id);
    let (number, rule) = found.ok_or_else(|| ApiError::unknown("rule", &id))?;
    Ok(Json(render_desk::rule(&base, number, rule)))
}

pub(super) async fn statuses(State(shared): App) -> Answer {
    if shared.config.statuses.is_empty() {
        // Ticketing is off.
        return Err(ApiError::no_such_path());
    }
    let base = shared.base_url();
    let shown: Vec<Value> = shared.config.statuses.iter().map(|it| render_desk::status(&base, it)).collect();
    Ok(Json(render::list(&format!("{base}/company/statuses"), &shown)))
}

pub(super) async fn status(State(shared): App, Path(id): Path<String>) -> Answer {
    let status = shared.config.statuses.iter().find(|status| status.id == id);
    let status = status.ok_or_else(|| ApiError::unknown("status", &id))?;
    Ok(Json(render_desk::status(&shared.base_url(), status)))
}

pub(super) async fn conversation_fields(State(shared): App) -> Json<Value> {
    Json(listed_fields(&shared, "/conversations/custom_fields", 0, &shared.config.conversation_fields))
}

pub(super) async fn contact_fields(State(shared): App) -> Json<Value> {
    let first = u32::try_from(shared.config.conversation_fields.len()).unwrap_or_default();
    Json(listed_fields(&shared, "/contacts/custom_fields", first, &shared.config.contact_fields))
}

/// Inboxes, links and teammates have no custom fields here.
pub(super) async fn no_fields(State(shared): App, request: axum::extract::Request) -> Json<Value> {
    Json(listed_fields(&shared, request.uri().path(), 0, &[]))
}

fn listed_fields(shared: &Shared, path: &str, first: u32, fields: &[FieldSpec]) -> Value {
    let base = shared.base_url();
    let shown: Vec<Value> =
        (first..).zip(fields).map(|(number, field)| render_desk::field(&base, number, field)).collect();
    render::list(&format!("{base}{path}"), &shown)
}
