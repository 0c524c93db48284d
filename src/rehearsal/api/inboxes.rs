//! Inboxes, who sees them, and what lies in them.

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::super::body::{self, CREATE_INBOX, TEAMMATE_IDS};
use super::super::desk;
use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::{Inbox, Store};
use super::page::{Asked, Extra};
use super::{Answer, App, Done, Made, flag, page_of_conversations, render, resolve, satisfied, text, texts};

pub(super) async fn inboxes(State(shared): App) -> Json<Value> {
    let address = format!("{}/inboxes", shared.base_url());
    Json(listed(&shared, &address, |_| true))
}

pub(super) async fn team_inboxes(State(shared): App, Path(id): Path<String>) -> Answer {
    let team = shared.store().team_number(&id).ok_or_else(|| ApiError::unknown("team", &id))?;
    let address = format!("{}/teams/{id}/inboxes", shared.base_url());
    Ok(Json(listed(&shared, &address, |inbox| inbox.team == team)))
}

fn listed(shared: &Shared, address: &str, is_meant: impl Fn(&Inbox) -> bool) -> Value {
    let (base, store) = (shared.base_url(), shared.store());
    let meant = store.inboxes().filter(|inbox| is_meant(inbox));
    let inboxes: Vec<Value> = meant.map(|inbox| render::inbox(&base, &store, inbox)).collect();
    render::list(address, &inboxes)
}

pub(super) async fn inbox(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let inbox = store.inboxes().find(|inbox| inbox.id == id).ok_or_else(|| ApiError::unknown("inbox", &id))?;
    Ok(Json(render::inbox(&shared.base_url(), &store, inbox)))
}

/// `POST /inboxes`: in the oldest workspace.
pub(super) async fn create(State(shared): App, request: Request) -> Made {
    let fields = body::json(request, CREATE_INBOX).await?;
    make(&shared, 0, &fields)
}

/// `POST /teams/{id}/inboxes`
pub(super) async fn create_in_team(State(shared): App, Path(id): Path<String>, request: Request) -> Made {
    let fields = body::json(request, CREATE_INBOX).await?;
    let team = shared.store().team_number(&id).ok_or_else(|| ApiError::unknown("team", &id))?;
    make(&shared, team, &fields)
}

fn make(shared: &Shared, team: u32, fields: &Map<String, Value>) -> Made {
    let mut store = shared.store();
    let name = text(fields, "name").unwrap_or_default();
    let mut wrong = Vec::new();
    if name.is_empty() {
        wrong.push("name must not be empty".to_owned());
    }
    if let Some(Value::Object(values)) = fields.get("custom_fields") {
        // No inbox has any here.
        wrong.extend(desk::wrong_values(&[], values));
    }
    let named = texts(fields, "teammate_ids").unwrap_or_default();
    let teammates = resolve("teammate_ids", &named, &mut wrong, |it| store.active_teammate(it));
    satisfied(&wrong)?;
    // Who is not named does not see it: the stricter reading of a default that Front does not state.
    let is_public = flag(fields, "is_public").unwrap_or_default();
    let number = store.make_inbox(name, team, is_public, teammates);
    let inbox = store.inbox(number).ok_or_else(|| ApiError::broken("The inbox that was made is not there"))?;
    Ok((StatusCode::CREATED, Json(render::inbox(&shared.base_url(), &store, inbox))))
}

fn find(store: &Store, id: &str) -> Result<u32, ApiError> {
    store.inbox_number(id).ok_or_else(|| ApiError::unknown("inbox", id))
}

pub(super) async fn teammates(State(shared): App, Path(id): Path<String>) -> Answer {
    let (base, store) = (shared.base_url(), shared.store());
    let number = find(&store, &id)?;
    let seeing = store.inbox(number).map(|inbox| store.seeing(inbox)).unwrap_or_default();
    let shown = seeing.iter().filter_map(|number| Some(render::teammate(&base, store.teammate(Some(*number))?)));
    Ok(Json(render::list(&format!("{base}/inboxes/{id}/teammates"), &shown.collect::<Vec<Value>>())))
}

pub(super) async fn add_teammates(State(shared): App, Path(id): Path<String>, request: Request) -> Done {
    set_access(&shared, &id, request, true).await
}

pub(super) async fn remove_teammates(State(shared): App, Path(id): Path<String>, request: Request) -> Done {
    set_access(&shared, &id, request, false).await
}

async fn set_access(shared: &Shared, id: &str, request: Request, has_access: bool) -> Done {
    let fields = body::json(request, TEAMMATE_IDS).await?;
    let mut store = shared.store();
    let number = find(&store, id)?;
    let mut wrong = Vec::new();
    let named = texts(&fields, "teammate_ids").unwrap_or_default();
    let teammates = resolve("teammate_ids", &named, &mut wrong, |it| store.active_teammate(it));
    satisfied(&wrong)?;
    store.set_access(number, &teammates, has_access);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn conversations(State(shared): App, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Statuses)?;
    let address = format!("{}/inboxes/{id}/conversations", shared.base_url());
    let store = shared.store();
    let inbox = store.inboxes().find(|inbox| inbox.id == id).ok_or_else(|| ApiError::unknown("inbox", &id))?;
    let found: Box<dyn Iterator<Item = (i64, u32)>> = match asked.after {
        Some(last) => Box::new(inbox.after(last)),
        None => Box::new(inbox.newest_first()),
    };
    Ok(Json(page_of_conversations(&shared, &store, &asked, &address, found)))
}
