//! Contacts and what they are reached by.

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::super::body::{self, CONTACT, CONTACT_HANDLE, CREATE_CONTACT, DELETE_CONTACT_HANDLE};
use super::super::desk;
use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::{Contact, Handle, Known, Store, parse_id, render_id};
use super::page::{Asked, Extra};
use super::{
    Answer, App, Done, Made, flag, in_order, numbered, page_of_conversations, render_desk, satisfied, text, texts,
};

pub(super) async fn contacts(State(shared): App, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Sort("created_at"))?;
    let (base, store) = (shared.base_url(), shared.store());
    let show = |number, contact: &Contact| render_desk::contact(&base, &store, number, contact);
    let find = |number| store.contact(number);
    Ok(Json(numbered(&asked, &format!("{base}/contacts"), store.contact_count(), find, show)))
}

/// A contact by `crd_…` or `alt:email:…` and the like.
pub(super) fn find(store: &Store, id: &str) -> Option<u32> {
    let number = match id.strip_prefix("alt:").and_then(|alias| alias.split_once(':')) {
        Some((source, handle)) => store.contact_of(&Handle::new(source, handle)?)?,
        None => parse_id("crd", id)?,
    };
    store.contact(number).map(|_| number)
}

fn found(store: &Store, id: &str) -> Result<u32, ApiError> {
    find(store, id).ok_or_else(|| ApiError::unknown("contact", id))
}

pub(super) async fn contact(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let number = found(&store, &id)?;
    let contact = store.contact(number).ok_or_else(|| ApiError::unknown("contact", &id))?;
    Ok(Json(render_desk::contact(&shared.base_url(), &store, number, contact)))
}

/// The conversations in which somebody wrote or was written to by one of their handles, as far as those are remembered.
pub(super) async fn conversations(State(shared): App, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Statuses)?;
    let store = shared.store();
    let number = found(&store, &id)?;
    let handles = store.contact(number).map(|contact| contact.handles.as_slice()).unwrap_or_default();
    let is_theirs = |handle: &str| handles.iter().any(|own| own.handle.eq_ignore_ascii_case(handle));
    let has = |(_, it): &(i64, u32)| {
        store.conversation(*it).is_some_and(|it| it.people.iter().any(|person| is_theirs(&person.handle)))
    };
    let places: Vec<(i64, u32)> = store.inboxes().flat_map(|inbox| inbox.newest_first().filter(has)).collect();
    let address = format!("{}/contacts/{}/conversations", shared.base_url(), render_id("crd", number));
    Ok(Json(page_of_conversations(&shared, &store, &asked, &address, in_order(places, &asked))))
}

pub(super) async fn create(State(shared): App, request: Request) -> Made {
    let fields = body::json(request, CREATE_CONTACT).await?;
    let mut store = shared.store();
    let given = fields.get("handles").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let handles: Vec<Handle> = given.iter().filter_map(Value::as_object).filter_map(handle).collect();
    if handles.is_empty() {
        return Err(ApiError::unsatisfied(&["handles must have at least one entry".to_owned()]));
    }
    let known = change(&shared, &mut store, Known::default(), &fields)?;
    let number = store.make_contact(handles, known).ok_or_else(taken)?;
    let contact = store.contact(number).ok_or_else(|| ApiError::broken("The contact that was made is not there"))?;
    Ok((StatusCode::CREATED, Json(render_desk::contact(&shared.base_url(), &store, number, contact))))
}

fn taken() -> ApiError {
    ApiError::conflict("A contact has this handle already")
}

fn handle(fields: &Map<String, Value>) -> Option<Handle> {
    Handle::new(text(fields, "source")?, text(fields, "handle")?)
}

/// What is known of somebody after a request. What is not given stays; custom fields and lists that are given replace those
/// that were there, all of them.
fn change(
    shared: &Shared,
    store: &mut Store,
    mut known: Known,
    fields: &Map<String, Value>,
) -> Result<Known, ApiError> {
    if let Some(Value::Object(values)) = fields.get("custom_fields") {
        satisfied(&desk::wrong_values(&shared.config.contact_fields, values))?;
        known.custom_fields.clone_from(values);
    }
    for (name, place) in [("name", &mut known.name), ("description", &mut known.description)] {
        if let Some(text) = text(fields, name) {
            text.clone_into(place);
        }
    }
    if let Some(links) = texts(fields, "links") {
        known.links = links.into_iter().map(str::to_owned).collect();
    }
    // The older name of the same.
    let names: Vec<&str> =
        ["list_names", "group_names"].iter().filter_map(|name| texts(fields, name)).flatten().collect();
    if fields.contains_key("list_names") || fields.contains_key("group_names") {
        known.lists = names.into_iter().map(|name| store.list_named(name)).collect();
        known.lists.sort_unstable();
        known.lists.dedup();
    }
    Ok(known)
}

pub(super) async fn update(State(shared): App, Path(id): Path<String>, request: Request) -> Done {
    let fields = body::json(request, CONTACT).await?;
    let mut store = shared.store();
    let number = found(&store, &id)?;
    let known = store.contact(number).map(Contact::known).unwrap_or_default();
    let known = change(&shared, &mut store, known, &fields)?;
    store.change_contact(number, known);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn delete(State(shared): App, Path(id): Path<String>) -> Done {
    let mut store = shared.store();
    let number = found(&store, &id)?;
    store.delete_contact(number);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn add_handle(State(shared): App, Path(id): Path<String>, request: Request) -> Done {
    let fields = body::json(request, CONTACT_HANDLE).await?;
    let mut store = shared.store();
    let number = found(&store, &id)?;
    let handle = checked(&fields)?;
    if store.add_handle(number, handle) { Ok(StatusCode::NO_CONTENT) } else { Err(taken()) }
}

fn checked(fields: &Map<String, Value>) -> Result<Handle, ApiError> {
    let handle = handle(fields).filter(|handle| !handle.handle.is_empty());
    handle.ok_or_else(|| ApiError::unsatisfied(&["handle must not be empty".to_owned()]))
}

pub(super) async fn remove_handle(State(shared): App, Path(id): Path<String>, request: Request) -> Done {
    let fields = body::json(request, DELETE_CONTACT_HANDLE).await?;
    let mut store = shared.store();
    let number = found(&store, &id)?;
    let handle = checked(&fields)?;
    if store.contact_of(&handle) != Some(number) {
        return Err(ApiError::unsatisfied(&["the contact has no such handle".to_owned()]));
    }
    if store.contact(number).is_some_and(|contact| contact.handles.len() > 1) {
        store.remove_handle(number, &handle);
    } else if flag(&fields, "force") == Some(true) {
        store.delete_contact(number);
    } else {
        return Err(ApiError::unsatisfied(&["it is the last handle of the contact: only force takes it".to_owned()]));
    }
    Ok(StatusCode::NO_CONTENT)
}
