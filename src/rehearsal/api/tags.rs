//! Tags of the company and of teams, and the conversations that have them.

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::super::body::{self, CREATE_TAG, UPDATE_TAG};
use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::{Store, Tag, parse_id, render_id};
use super::page::{Asked, Extra};
use super::{Answer, App, Done, Made, flag, in_order, numbered, page_of_conversations, render, text};

/// `GET /tags`: of the company and of all teams.
pub(super) async fn tags(State(shared): App, RawQuery(query): RawQuery) -> Answer {
    listed(&shared, query.as_deref(), "/tags", |_| true)
}

pub(super) async fn company_tags(State(shared): App, RawQuery(query): RawQuery) -> Answer {
    listed(&shared, query.as_deref(), "/company/tags", |tag| tag.team.is_none())
}

pub(super) async fn team_tags(State(shared): App, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let team = shared.store().team_number(&id).ok_or_else(|| ApiError::unknown("team", &id))?;
    listed(&shared, query.as_deref(), &format!("/teams/{id}/tags"), |tag| tag.team == Some(team))
}

fn listed(shared: &Shared, query: Option<&str>, path: &str, is_meant: impl Fn(&Tag) -> bool) -> Answer {
    let asked = Asked::parse(query, Extra::Sort("id"))?;
    let (base, store) = (shared.base_url(), shared.store());
    let meant = |number| store.standing_tag(number).filter(|tag| is_meant(tag));
    let show = |number, tag: &Tag| render::tag(&base, &store, number, tag);
    Ok(Json(numbered(&asked, &format!("{base}{path}"), store.tag_count(), meant, show)))
}

fn find(store: &Store, id: &str) -> Result<u32, ApiError> {
    let number = parse_id("tag", id).filter(|number| store.standing_tag(*number).is_some());
    number.ok_or_else(|| ApiError::unknown("tag", id))
}

pub(super) async fn tag(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let number = find(&store, &id)?;
    let tag = store.standing_tag(number).ok_or_else(|| ApiError::unknown("tag", &id))?;
    Ok(Json(render::tag(&shared.base_url(), &store, number, tag)))
}

/// `GET /tags/{id}/children`, which Front documents without pages.
pub(super) async fn children(State(shared): App, Path(id): Path<String>) -> Answer {
    let (base, store) = (shared.base_url(), shared.store());
    let parent = find(&store, &id)?;
    let shown = store.children(parent).map(|(number, tag)| render::tag(&base, &store, number, tag));
    Ok(Json(render::list(&format!("{base}/tags/{id}/children"), &shown.collect::<Vec<Value>>())))
}

pub(super) async fn create(State(shared): App, request: Request) -> Made {
    let fields = body::json(request, CREATE_TAG).await?;
    make(&shared, &fields, |_| Ok((None, None)))
}

/// `POST /tags`, from older times: in the oldest workspace.
pub(super) async fn create_in_oldest_team(State(shared): App, request: Request) -> Made {
    let fields = body::json(request, CREATE_TAG).await?;
    make(&shared, &fields, |_| Ok((None, Some(0))))
}

pub(super) async fn create_in_team(State(shared): App, Path(id): Path<String>, request: Request) -> Made {
    let fields = body::json(request, CREATE_TAG).await?;
    make(&shared, &fields, |store| {
        let team = store.team_number(&id).ok_or_else(|| ApiError::unknown("team", &id))?;
        Ok((None, Some(team)))
    })
}

pub(super) async fn create_child(State(shared): App, Path(id): Path<String>, request: Request) -> Made {
    let fields = body::json(request, CREATE_TAG).await?;
    make(&shared, &fields, |store| {
        let parent = find(store, &id)?;
        Ok((Some(parent), store.standing_tag(parent).and_then(|tag| tag.team)))
    })
}

/// Makes a tag where `place` says: its parent and its team.
fn make(
    shared: &Shared,
    fields: &Map<String, Value>,
    place: impl Fn(&Store) -> Result<(Option<u32>, Option<u32>), ApiError>,
) -> Made {
    let mut store = shared.store();
    let (parent, team) = place(&store)?;
    let mut tag = Tag::new("", parent, team);
    fill(&mut tag, fields);
    let number = store.make_tag(tag).ok_or_else(taken)?;
    let tag = store.standing_tag(number).ok_or_else(|| ApiError::broken("The tag that was made is not there"))?;
    Ok((StatusCode::CREATED, Json(render::tag(&shared.base_url(), &store, number, tag))))
}

/// What Front does with a second tag of one name is not documented: the stricter reading.
fn taken() -> ApiError {
    ApiError::unsatisfied(&["a tag of this name exists".to_owned()])
}

fn fill(tag: &mut Tag, fields: &Map<String, Value>) {
    if let Some(name) = text(fields, "name") {
        name.clone_into(&mut tag.name);
    }
    if let Some(description) = text(fields, "description") {
        tag.description = Some(description.to_owned());
    }
    if let Some(highlight) = text(fields, "highlight") {
        tag.highlight = Some(highlight.to_owned());
    }
    tag.is_visible = flag(fields, "is_visible_in_conversation_lists").unwrap_or(tag.is_visible);
}

pub(super) async fn update(State(shared): App, Path(id): Path<String>, request: Request) -> Done {
    let fields = body::json(request, UPDATE_TAG).await?;
    let mut store = shared.store();
    let number = find(&store, &id)?;
    let mut tag = store.standing_tag(number).cloned().ok_or_else(|| ApiError::unknown("tag", &id))?;
    fill(&mut tag, &fields);
    match fields.get("parent_tag_id") {
        Some(Value::String(parent)) => {
            let found = find(&store, parent).ok().filter(|parent| !store.is_within(*parent, number));
            let wrong = || ApiError::unsatisfied(&["parent_tag_id names no tag that this can stand within".to_owned()]);
            tag.parent = Some(found.ok_or_else(wrong)?);
        }
        Some(_) => tag.parent = None,
        None => {}
    }
    if store.change_tag(number, tag) { Ok(StatusCode::NO_CONTENT) } else { Err(taken()) }
}

pub(super) async fn delete(State(shared): App, Path(id): Path<String>) -> Done {
    let mut store = shared.store();
    let number = find(&store, &id)?;
    store.delete_tag(number);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn conversations(State(shared): App, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Statuses)?;
    let store = shared.store();
    let number = find(&store, &id)?;
    let has = |(_, it): &(i64, u32)| store.conversation(*it).is_some_and(|it| it.tags.contains(&number));
    let places: Vec<(i64, u32)> = store.inboxes().flat_map(|inbox| inbox.newest_first().filter(has)).collect();
    let address = format!("{}/tags/{}/conversations", shared.base_url(), render_id("tag", number));
    Ok(Json(page_of_conversations(&shared, &store, &asked, &address, in_order(places, &asked))))
}
