//! Links, and the conversations that have them.

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;

use super::super::body::{self, CREATE_LINK, UPDATE_LINK};
use super::super::errors::ApiError;
use super::super::store::{Link, Store, parse_id, render_id};
use super::page::{Asked, Extra};
use super::{Answer, App, Done, Made, in_order, numbered, page_of_conversations, render_desk, text};

pub(super) async fn links(State(shared): App, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Types)?;
    let (base, store) = (shared.base_url(), shared.store());
    // Those that the API makes are all of one type.
    let meant = |number| store.link(number).filter(|_| asked.wants("web"));
    let show = |number, link: &Link| render_desk::link(&base, number, link);
    Ok(Json(numbered(&asked, &format!("{base}/links"), store.links().len(), meant, show)))
}

fn find(store: &Store, id: &str) -> Result<u32, ApiError> {
    let number = parse_id("top", id).filter(|number| store.link(*number).is_some());
    number.ok_or_else(|| ApiError::unknown("link", id))
}

pub(super) async fn link(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let number = find(&store, &id)?;
    let link = store.link(number).ok_or_else(|| ApiError::unknown("link", &id))?;
    Ok(Json(render_desk::link(&shared.base_url(), number, link)))
}

pub(super) async fn create(State(shared): App, request: Request) -> Made {
    let fields = body::json(request, CREATE_LINK).await?;
    let url = match (text(&fields, "external_url"), text(&fields, "pattern")) {
        (Some(url), None) if !url.is_empty() => url,
        (None, Some(_)) => {
            let reason = "pattern matches no application object: none is configured".to_owned();
            return Err(ApiError::unsatisfied(&[reason]));
        }
        _ => return Err(ApiError::unsatisfied(&["give either external_url or pattern".to_owned()])),
    };
    let mut store = shared.store();
    let number = store.make_link(url, text(&fields, "name"));
    let link = store.link(number).ok_or_else(|| ApiError::broken("The link that was made is not there"))?;
    Ok((StatusCode::CREATED, Json(render_desk::link(&shared.base_url(), number, link))))
}

pub(super) async fn update(State(shared): App, Path(id): Path<String>, request: Request) -> Done {
    let fields = body::json(request, UPDATE_LINK).await?;
    let mut store = shared.store();
    let number = find(&store, &id)?;
    if let Some(name) = text(&fields, "name") {
        store.rename_link(number, name);
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn conversations(State(shared): App, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::SortedStatuses)?;
    let store = shared.store();
    let number = find(&store, &id)?;
    let linked = store.link(number).map(|link| link.conversations.as_slice()).unwrap_or_default();
    let places = linked.iter().filter_map(|number| Some((store.conversation(*number)?.last(), *number))).collect();
    let address = format!("{}/links/{}/conversations", shared.base_url(), render_id("top", number));
    Ok(Json(page_of_conversations(&shared, &store, &asked, &address, in_order(places, &asked))))
}
