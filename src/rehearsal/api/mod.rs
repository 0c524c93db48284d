//! The documented calls that read.

mod page;
mod render;
mod text;

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use self::page::{Asked, Extra};
use self::render::Heading;
use super::config::TeammateSpec;
use super::errors::ApiError;
use super::server::Shared;
use super::store::{Message, Store, hex, parse_id, render_id};

type App = State<Arc<Shared>>;
type Answer = Result<Json<Value>, ApiError>;

pub(super) async fn me(State(shared): App) -> Json<Value> {
    let company = &shared.config.company;
    Json(json!({
        "_links": { "self": format!("{}/me", shared.base_url()) },
        "id": company.id,
        "name": company.name,
    }))
}

pub(super) async fn inboxes(State(shared): App) -> Json<Value> {
    let base = shared.base_url();
    let inboxes: Vec<Value> = shared.store().inboxes().map(|inbox| render::inbox(&base, inbox)).collect();
    Json(render::list(&format!("{base}/inboxes"), &inboxes))
}

pub(super) async fn inbox(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let inbox = store.inboxes().find(|inbox| inbox.id == id).ok_or_else(|| ApiError::unknown("inbox", &id))?;
    Ok(Json(render::inbox(&shared.base_url(), inbox)))
}

pub(super) async fn teammates(State(shared): App) -> Json<Value> {
    let base = shared.base_url();
    let teammates: Vec<Value> = shared.store().teammates().iter().map(|it| render::teammate(&base, it)).collect();
    Json(render::list(&format!("{base}/teammates"), &teammates))
}

/// There are none: imported messages are linked to no channel.
pub(super) async fn channels(State(shared): App) -> Json<Value> {
    Json(render::list(&format!("{}/channels", shared.base_url()), &[]))
}

pub(super) async fn tags(State(shared): App, RawQuery(query): RawQuery) -> Answer {
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

pub(super) async fn inbox_conversations(
    State(shared): App,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Statuses)?;
    let base = shared.base_url();
    let address = format!("{base}/inboxes/{id}/conversations");
    let store = shared.store();
    let inbox = store.inboxes().find(|inbox| inbox.id == id).ok_or_else(|| ApiError::unknown("inbox", &id))?;
    let found: Box<dyn Iterator<Item = (i64, u32)>> = match asked.after {
        Some(last) => Box::new(inbox.after(last)),
        None => Box::new(inbox.newest_first()),
    };
    let wanted = |(_, number): &(i64, u32)| store.conversation(*number).is_some_and(|it| asked.wants(it.status()));
    let listed: Vec<(i64, u32)> = found.filter(wanted).take(asked.limit + 1).collect();
    let next = next_page(&asked, &address, listed.get(..asked.limit + 1), |place| *place);
    let shown = listed
        .iter()
        .take(asked.limit)
        .filter_map(|(_, number)| Some(render::conversation(&base, &store, *number, store.conversation(*number)?)));
    Ok(Json(render::page(&address, &shown.collect::<Vec<Value>>(), next.as_deref())))
}

/// The address of the next page, where the list goes on: `found` is there only if one more was found than is shown.
fn next_page<T>(asked: &Asked, address: &str, found: Option<&[T]>, place: impl Fn(&T) -> (i64, u32)) -> Option<String> {
    let last = found?.get(asked.limit.checked_sub(1)?)?;
    Some(asked.next(address, place(last)))
}

pub(super) async fn conversation(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let number = find_conversation(&shared, &store, &id, "")?;
    let it = store.conversation(number).ok_or_else(|| ApiError::unknown("conversation", &id))?;
    Ok(Json(render::conversation(&shared.base_url(), &store, number, it)))
}

/// The number of a conversation; for one that has become part of another the answer that says where that is, with the
/// `rest` of the path behind it.
fn find_conversation(shared: &Shared, store: &Store, id: &str, rest: &str) -> Result<u32, ApiError> {
    let number = parse_id("cnv", id).filter(|number| store.conversation(*number).is_some());
    let number = number.ok_or_else(|| ApiError::unknown("conversation", id))?;
    let survivor = store.survivor(number);
    if survivor == number {
        return Ok(number);
    }
    Err(ApiError::moved(&format!("{}/conversations/{}{rest}", shared.base_url(), render_id("cnv", survivor))))
}

/// What is copied out of the store, so that requests are read from disk without its lock.
struct Listed {
    number: u32,
    message: Message,
    author: Option<TeammateSpec>,
}

pub(super) async fn conversation_messages(
    State(shared): App,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Sort("created_at"))?;
    let address = format!("{}/conversations/{id}/messages", shared.base_url());
    let listed: Vec<Listed> = {
        let store = shared.store();
        let number = find_conversation(&shared, &store, &id, "/messages")?;
        let it = store.conversation(number).ok_or_else(|| ApiError::unknown("conversation", &id))?;
        let found: Box<dyn Iterator<Item = &(i64, u32)>> = match (asked.after, asked.ascending == Some(true)) {
            (None, true) => Box::new(it.messages.iter()),
            (None, false) => Box::new(it.messages.iter().rev()),
            (Some(last), true) => Box::new(it.messages.range(last..).skip_while(move |place| **place == last)),
            (Some(last), false) => Box::new(it.messages.range(..last).rev()),
        };
        let now = Instant::now();
        let copy = |(_, number): &(i64, u32)| {
            let message = *store.message(*number).filter(|_| store.exists(*number, now))?;
            Some(Listed { number: *number, message, author: store.teammate(message.author).cloned() })
        };
        found.filter_map(copy).take(asked.limit + 1).collect()
    };
    let place = |listed: &Listed| (listed.message.created_at, listed.number);
    let next = next_page(&asked, &address, listed.get(..asked.limit + 1), place);
    let shown: Result<Vec<Value>, ApiError> = listed.iter().take(asked.limit).map(|it| show(&shared, it)).collect();
    Ok(Json(render::page(&address, &shown?, next.as_deref())))
}

pub(super) async fn message(State(shared): App, Path(id): Path<String>) -> Answer {
    let listed = {
        let store = shared.store();
        let number = store.find_message(&id, Instant::now());
        let found = number.and_then(|number| Some((number, *store.message(number)?)));
        found.map(|(number, message)| Listed { number, message, author: store.teammate(message.author).cloned() })
    };
    let listed = listed.ok_or_else(|| ApiError::unknown("message", &id))?;
    Ok(Json(show(&shared, &listed)?))
}

fn show(shared: &Shared, listed: &Listed) -> Result<Value, ApiError> {
    let stored = shared.log.read(listed.message.place)?;
    let heading = Heading {
        number: listed.number,
        uid: hex(&listed.message.uid),
        conversation: listed.message.conversation,
        author: listed.author.as_ref(),
    };
    Ok(render::message(&shared.base_url(), &heading, &stored))
}

/// The file behind an attachment's `url`: `fil_…_` with the place in its message at the end.
pub(super) async fn download(State(shared): App, Path(id): Path<String>) -> Result<Response, ApiError> {
    let unknown = || ApiError::unknown("attachment", &id);
    let (file, place) = id.rsplit_once('_').ok_or_else(unknown)?;
    let number = parse_id("fil", file).ok_or_else(unknown)?;
    let place: usize = place.parse().map_err(|_| unknown())?;
    let message = shared.store().find_message(&render_id("msg", number), Instant::now()).ok_or_else(unknown)?;
    let (attachment, bytes) = shared.attachment(message, place)?.ok_or_else(unknown)?;
    Ok(([(CONTENT_TYPE, attachment.content_type)], bytes).into_response())
}
