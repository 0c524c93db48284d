//! Channels and tags.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::Store;
use super::page::{Asked, Extra};
use super::{Answer, App, next_page, render};

/// Longest tag name in characters (`CreateTag` in Front's API document).
const MAX_TAG: usize = 64;
/// Largest request that makes a tag, in bytes: far beyond what its fields can hold.
const MAX_REQUEST: usize = 64 * 1024;

pub(in super::super) async fn channels(State(shared): App) -> Json<Value> {
    let address = format!("{}/channels", shared.base_url());
    Json(listed_channels(&shared, &shared.store(), &address, |_| true))
}

pub(in super::super) async fn inbox_channels(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let inbox = store.inbox_number(&id).ok_or_else(|| ApiError::unknown("inbox", &id))?;
    let address = format!("{}/inboxes/{id}/channels", shared.base_url());
    Ok(Json(listed_channels(&shared, &store, &address, |of| of == inbox)))
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

pub(in super::super) async fn tags(State(shared): App, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Sort("id"))?;
    let base = shared.base_url();
    let address = format!("{base}/tags");
    let store = shared.store();
    let count = u32::try_from(store.tags().len()).map_err(std::io::Error::other)?;
    let after = asked.after.map(|(_, last)| last);
    let numbers: Box<dyn Iterator<Item = u32>> = if asked.ascending == Some(false) {
        Box::new((0..after.unwrap_or(count).min(count)).rev())
    } else {
        Box::new(after.map_or(0, |last| last.saturating_add(1))..count)
    };
    let named = |number: u32| Some((number, store.tags().get(number as usize)?));
    let listed: Vec<(u32, &String)> = numbers.filter_map(named).take(asked.limit + 1).collect();
    let next = next_page(&asked, &address, listed.get(..asked.limit + 1), |(number, _)| (0, *number));
    let results: Vec<Value> =
        listed.iter().take(asked.limit).map(|(number, name)| render::tag(&base, *number, name)).collect();
    Ok(Json(render::page(&address, &results, next.as_deref())))
}

/// `POST /company/tags`
pub(in super::super) async fn create_tag(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let bytes = axum::body::to_bytes(request.into_body(), MAX_REQUEST).await;
    let bytes = bytes.map_err(|error| ApiError::bad_request(&format!("The request cannot be read: {error}")))?;
    let fields: Map<String, Value> = serde_json::from_slice(&bytes)
        .map_err(|error| ApiError::bad_request(&format!("Body is not a JSON object: {error}")))?;
    let name = checked_name(&fields).map_err(|wrong| ApiError::unsatisfied(&wrong))?;
    let number = shared.store().make_tag(name);
    // What Front does with a second tag of one name is not documented: the stricter reading.
    let number = number.ok_or_else(|| ApiError::unsatisfied(&["a tag of this name exists".to_owned()]))?;
    Ok((StatusCode::CREATED, Json(render::tag(&shared.base_url(), number, name))))
}

fn checked_name(fields: &Map<String, Value>) -> Result<&str, Vec<String>> {
    const FIELDS: [&str; 4] = ["name", "description", "highlight", "is_visible_in_conversation_lists"];
    let unknown = fields.keys().filter(|name| !FIELDS.contains(&name.as_str()));
    let mut wrong: Vec<String> = unknown.map(|name| format!("{name} is not a field of this request")).collect();
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
    if !(1..=MAX_TAG).contains(&name.chars().count()) {
        wrong.push(format!("name must be a string of 1 to {MAX_TAG} characters"));
    }
    if wrong.is_empty() { Ok(name) } else { Err(wrong) }
}
