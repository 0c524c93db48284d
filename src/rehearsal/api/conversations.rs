//! Conversations: what they show, and what is done to them.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use serde_json::{Map, Value};
use std::sync::Arc;
use url::form_urlencoded;

use super::super::body::{ADD_LINKS, ASSIGNEE, FOLLOWERS, REMOVE_LINKS, TAG_IDS, UPDATE_CONVERSATION};
use super::super::desk;
use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::{Conversation, Inbox, State as Standing, Store, parse_id};
use super::change::Change;
use super::page::{Asked, Extra};
use super::{
    Answer, App, Done, find_conversation, in_order, page_of_conversations, render, resolve, satisfied, text, texts,
};

pub(super) async fn all(State(shared): App, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::SortedStatuses)?;
    let store = shared.store();
    let places: Vec<(i64, u32)> = store.inboxes().flat_map(Inbox::newest_first).collect();
    let address = format!("{}/conversations", shared.base_url());
    Ok(Json(page_of_conversations(&shared, &store, &asked, &address, in_order(places, &asked))))
}

pub(super) async fn conversation(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let number = find_conversation(&shared, &store, &id, "")?;
    let it = store.conversation(number).ok_or_else(|| ApiError::unknown("conversation", &id))?;
    Ok(Json(render::conversation(&shared.base_url(), &store, number, it)))
}

/// Whom a conversation is given to.
#[derive(Clone, Copy)]
enum Assignee {
    Nobody,
    Teammate(u32),
}

impl Assignee {
    fn number(self) -> Option<u32> {
        match self {
            Self::Nobody => None,
            Self::Teammate(number) => Some(number),
        }
    }
}

/// What a `PATCH` says, each thing found.
#[derive(Default)]
struct Changes {
    assignee: Option<Assignee>,
    inbox: Option<u32>,
    state: Option<Standing>,
    status: Option<u32>,
    tags: Option<Vec<u32>>,
    custom_fields: Option<Map<String, Value>>,
}

pub(super) async fn update(change: Change) -> Done {
    let shared = Arc::clone(&change.shared);
    change
        .make("", UPDATE_CONVERSATION, |store, number, fields, stamp| {
            let changes = changes(&shared, store, fields)?;
            if let Some(inbox) = changes.inbox {
                store.move_to(number, inbox, stamp);
            }
            if let Some(tags) = changes.tags {
                store.replace_tags(number, &tags, stamp);
            }
            if let Some(values) = changes.custom_fields {
                store.set_custom_fields(number, values, stamp);
            }
            if let Some(assignee) = changes.assignee {
                store.assign(number, assignee.number(), stamp);
            }
            if let Some(state) = changes.state {
                store.set_state(number, state, stamp);
            }
            if let Some(status) = changes.status {
                store.set_ticket_status(number, status, stamp);
            }
            Ok(())
        })
        .await
}

fn changes(shared: &Shared, store: &Store, fields: &Map<String, Value>) -> Result<Changes, ApiError> {
    let (mut changes, mut wrong) = (Changes::default(), Vec::new());
    changes.assignee = assignee(store, fields, &mut wrong);
    if let Some(id) = text(fields, "inbox_id") {
        changes.inbox = store.inbox_number(id);
        if changes.inbox.is_none() {
            wrong.push("inbox_id names no inbox".to_owned());
        }
    }
    changes.state = text(fields, "status").map(|status| match status {
        "open" => Standing::Open,
        "archived" => Standing::Archived,
        // Front shows spam as deleted.
        _ => Standing::Trashed,
    });
    if let Some(id) = text(fields, "status_id") {
        changes.status = (0..).zip(store.statuses()).find(|(_, status)| status.id == id).map(|(number, _)| number);
        if changes.state.is_some() {
            wrong.push("only one of status and status_id can be given".to_owned());
        } else if store.statuses().is_empty() {
            wrong.push("status_id can only be given where ticketing is enabled".to_owned());
        } else if changes.status.is_none() {
            wrong.push("status_id names no status".to_owned());
        }
    }
    if let Some(ids) = texts(fields, "tag_ids") {
        changes.tags = Some(resolve("tag_ids", &ids, &mut wrong, |id| tag(store, id)));
    }
    for name in ["description", "due_at"].iter().filter(|name| fields.contains_key(**name)) {
        wrong.push(format!("{name} can only be given for a task"));
    }
    if let Some(Value::Object(values)) = fields.get("custom_fields") {
        wrong.extend(desk::wrong_values(&shared.config.conversation_fields, values));
        changes.custom_fields = Some(values.clone());
    }
    satisfied(&wrong)?;
    Ok(changes)
}

/// Whom `assignee_id` names; `None` where it was not given or names nobody that is there.
fn assignee(store: &Store, fields: &Map<String, Value>, wrong: &mut Vec<String>) -> Option<Assignee> {
    match fields.get("assignee_id")? {
        Value::String(id) => match store.active_teammate(id) {
            Ok(number) => Some(Assignee::Teammate(number)),
            Err(reason) => {
                wrong.push(format!("assignee_id {reason}"));
                None
            }
        },
        _ => Some(Assignee::Nobody),
    }
}

fn tag(store: &Store, id: &str) -> Result<u32, &'static str> {
    parse_id("tag", id).filter(|number| store.standing_tag(*number).is_some()).ok_or("names no tag")
}

fn link(store: &Store, id: &str) -> Result<u32, &'static str> {
    parse_id("top", id).filter(|number| store.link(*number).is_some()).ok_or("names no link")
}

pub(super) async fn assign(change: Change) -> Done {
    change
        .make("/assignee", ASSIGNEE, |store, number, fields, stamp| {
            let mut wrong = Vec::new();
            let assignee = assignee(store, fields, &mut wrong);
            satisfied(&wrong)?;
            store.assign(number, assignee.and_then(Assignee::number), stamp);
            Ok(())
        })
        .await
}

pub(super) async fn add_tags(change: Change) -> Done {
    change
        .make("/tags", TAG_IDS, |store, number, fields, stamp| {
            let tags = named(fields, "tag_ids", |id| tag(store, id))?;
            store.add_tags(number, &tags, stamp);
            Ok(())
        })
        .await
}

pub(super) async fn remove_tags(change: Change) -> Done {
    change
        .make("/tags", TAG_IDS, |store, number, fields, stamp| {
            let tags = named(fields, "tag_ids", |id| tag(store, id))?;
            store.remove_tags(number, &tags, stamp);
            Ok(())
        })
        .await
}

/// What the entries of a list name, all of which must name something.
fn named<T>(
    fields: &Map<String, Value>,
    name: &str,
    find: impl Fn(&str) -> Result<T, &'static str>,
) -> Result<Vec<T>, ApiError> {
    let mut wrong = Vec::new();
    let found = resolve(name, &texts(fields, name).unwrap_or_default(), &mut wrong, find);
    satisfied(&wrong)?;
    Ok(found)
}

pub(super) async fn followers(State(shared): App, Path(id): Path<String>) -> Answer {
    let (base, store) = (shared.base_url(), shared.store());
    let number = find_conversation(&shared, &store, &id, "/followers")?;
    let followers = store.conversation(number).map(Conversation::followers).unwrap_or_default();
    let shown = followers.iter().filter_map(|number| Some(render::teammate(&base, store.teammate(Some(*number))?)));
    Ok(Json(render::list(&format!("{base}/conversations/{id}/followers"), &shown.collect::<Vec<Value>>())))
}

pub(super) async fn follow(change: Change) -> Done {
    let ignores = ignores_errors(change.query())?;
    change
        .make("/followers", FOLLOWERS, |store, number, fields, _| {
            let mut wrong = Vec::new();
            let ids = texts(fields, "teammate_ids").unwrap_or_default();
            let teammates = resolve("teammate_ids", &ids, &mut wrong, |id| store.active_teammate(id));
            if !ignores {
                satisfied(&wrong)?;
            }
            store.set_followers(number, &teammates, true);
            Ok(())
        })
        .await
}

fn ignores_errors(query: Option<&str>) -> Result<bool, ApiError> {
    let mut ignores = false;
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match (name.as_ref(), value.as_ref()) {
            ("ignore_errors", "true") => ignores = true,
            ("ignore_errors", "false") => ignores = false,
            _ => {
                return Err(ApiError::bad_request(&format!(
                    "Query parameter {name} is unknown or has an invalid value"
                )));
            }
        }
    }
    Ok(ignores)
}

pub(super) async fn unfollow(change: Change) -> Done {
    change
        .make("/followers", FOLLOWERS, |store, number, fields, _| {
            let find = |id: &str| store.teammate_number(id).ok_or("names no teammate");
            let teammates = named(fields, "teammate_ids", find)?;
            store.set_followers(number, &teammates, false);
            Ok(())
        })
        .await
}

pub(super) async fn add_links(change: Change) -> Done {
    change
        .make("/links", ADD_LINKS, |store, number, fields, stamp| {
            let links = match (texts(fields, "link_ids"), texts(fields, "link_external_urls")) {
                (Some(_), None) => named(fields, "link_ids", |id| link(store, id))?,
                (None, Some(urls)) => urls.iter().map(|url| store.make_link(url, None)).collect(),
                _ => return Err(ApiError::unsatisfied(&["give either link_ids or link_external_urls".to_owned()])),
            };
            store.add_links(number, &links, stamp);
            Ok(())
        })
        .await
}

pub(super) async fn remove_links(change: Change) -> Done {
    change
        .make("/links", REMOVE_LINKS, |store, number, fields, stamp| {
            let links = named(fields, "link_ids", |id| link(store, id))?;
            store.remove_links(number, &links, stamp);
            Ok(())
        })
        .await
}

pub(super) async fn inboxes(State(shared): App, Path(id): Path<String>) -> Answer {
    let (base, store) = (shared.base_url(), shared.store());
    let number = find_conversation(&shared, &store, &id, "/inboxes")?;
    let inbox = store.conversation(number).and_then(|it| store.inbox(it.inbox));
    let shown: Vec<Value> = inbox.iter().map(|inbox| render::inbox(&base, &store, inbox)).collect();
    Ok(Json(render::list(&format!("{base}/conversations/{id}/inboxes"), &shown)))
}

/// `DELETE /conversations/{id}`: for good, and only what is in the trash.
pub(super) async fn delete(State(shared): App, Path(id): Path<String>) -> Done {
    let mut store = shared.store();
    let number = find_conversation(&shared, &store, &id, "")?;
    if store.conversation(number).is_none_or(|it| it.state != Standing::Trashed) {
        return Err(ApiError::bad_request("Conversation must be trashed before it can be permanently deleted"));
    }
    store.delete(number);
    Ok(StatusCode::NO_CONTENT)
}
