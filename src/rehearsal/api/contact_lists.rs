//! Lists of contacts.

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use serde_json::Value;

use super::super::body::{self, ADD_CONTACTS, CREATE_CONTACT_LIST, REMOVE_CONTACTS, Schema};
use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::{Contact, Store, parse_id};
use super::page::{Asked, Extra};
use super::{Answer, App, Done, contacts, numbered, render, render_desk, resolve, satisfied, text, texts};

pub(super) async fn lists(State(shared): App) -> Json<Value> {
    let (base, store) = (shared.base_url(), shared.store());
    let shown: Vec<Value> = store.lists().map(|(number, list)| render_desk::list(&base, number, list)).collect();
    Json(render::list(&format!("{base}/contact_lists"), &shown))
}

/// `POST /contact_lists`, which Front answers without the list's id.
pub(super) async fn create(State(shared): App, request: Request) -> Done {
    let fields = body::json(request, CREATE_CONTACT_LIST).await?;
    let name = text(&fields, "name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::unsatisfied(&["name must not be empty".to_owned()]))?;
    // What Front does with a second list of one name is not documented: the stricter reading.
    let made = shared.store().make_list(name);
    made.map(|_| StatusCode::NO_CONTENT)
        .ok_or_else(|| ApiError::unsatisfied(&["a list of this name exists".to_owned()]))
}

fn find(store: &Store, id: &str) -> Result<u32, ApiError> {
    let number = parse_id("grp", id).filter(|number| store.list(*number).is_some());
    number.ok_or_else(|| ApiError::unknown("contact list", id))
}

pub(super) async fn delete(State(shared): App, Path(id): Path<String>) -> Done {
    let mut store = shared.store();
    let number = find(&store, &id)?;
    store.delete_list(number);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn members(State(shared): App, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Nothing)?;
    let (base, store) = (shared.base_url(), shared.store());
    let number = find(&store, &id)?;
    let show = |number, contact: &Contact| render_desk::contact(&base, &store, number, contact);
    let find = |contact| store.contact(contact).filter(|contact| contact.is_on(number));
    let address = format!("{base}/contact_lists/{id}/contacts");
    Ok(Json(numbered(&asked, &address, store.contact_count(), find, show)))
}

pub(super) async fn add(State(shared): App, Path(id): Path<String>, request: Request) -> Done {
    enlist(&shared, &id, request, ADD_CONTACTS, true).await
}

pub(super) async fn remove(State(shared): App, Path(id): Path<String>, request: Request) -> Done {
    enlist(&shared, &id, request, REMOVE_CONTACTS, false).await
}

async fn enlist(shared: &Shared, id: &str, request: Request, schema: Schema, is_on: bool) -> Done {
    let fields = body::json(request, schema).await?;
    let mut store = shared.store();
    let list = find(&store, id)?;
    let mut wrong = Vec::new();
    let ids = texts(&fields, "contact_ids").unwrap_or_default();
    let named = resolve("contact_ids", &ids, &mut wrong, |id| contacts::find(&store, id).ok_or("names no contact"));
    satisfied(&wrong)?;
    store.enlist(list, &named, is_on);
    Ok(StatusCode::NO_CONTENT)
}
