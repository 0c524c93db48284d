//! The documented calls beside the import.

mod change;
mod comments;
mod contact_lists;
mod contacts;
mod conversations;
mod events;
mod inboxes;
mod incoming;
mod links;
mod messages;
mod page;
mod people;
mod render;
mod render_desk;
mod routes;
mod search;
mod setup;
mod tags;
mod text;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Map, Value};

use self::page::Asked;
pub(super) use self::routes::routes;
use super::errors::ApiError;
use super::server::Shared;
use super::store::{Store, parse_id, render_id};

type App = State<Arc<Shared>>;
type Answer = Result<Json<Value>, ApiError>;
/// The answer to what makes something.
type Made = Result<(StatusCode, Json<Value>), ApiError>;
/// The answer to what changes something and shows nothing.
type Done = Result<StatusCode, ApiError>;

/// The address of the next page, where the list goes on: `found` is there only if one more was found than is shown.
fn next_page<T>(asked: &Asked, address: &str, found: Option<&[T]>, place: impl Fn(&T) -> (i64, u32)) -> Option<String> {
    let last = found?.get(asked.limit.checked_sub(1)?)?;
    Some(asked.next(address, place(last)))
}

/// One page of what is told apart by numbers up to `count`, in their order unless it was asked for otherwise. `find` gives what
/// a number stands for, if that belongs on the list.
fn numbered<T>(
    asked: &Asked,
    address: &str,
    count: usize,
    find: impl Fn(u32) -> Option<T>,
    show: impl Fn(u32, T) -> Value,
) -> Value {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let after = asked.after.map(|(_, last)| last);
    let numbers: Box<dyn Iterator<Item = u32>> = if asked.ascending == Some(false) {
        Box::new((0..after.unwrap_or(count).min(count)).rev())
    } else {
        Box::new(after.map_or(0, |last| last.saturating_add(1))..count)
    };
    let found: Vec<(u32, T)> =
        numbers.filter_map(|number| Some((number, find(number)?))).take(asked.limit + 1).collect();
    let next = next_page(asked, address, found.get(..asked.limit + 1), |(number, _)| (0, *number));
    let shown: Vec<Value> = found.into_iter().take(asked.limit).map(|(number, it)| show(number, it)).collect();
    render::page(address, &shown, next.as_deref())
}

/// One page of conversations, out of all that come after the page before.
fn page_of_conversations(
    shared: &Shared,
    store: &Store,
    asked: &Asked,
    address: &str,
    found: impl Iterator<Item = (i64, u32)>,
) -> Value {
    let wanted = |(_, number): &(i64, u32)| store.conversation(*number).is_some_and(|it| asked.wants(it.status()));
    let listed: Vec<(i64, u32)> = found.filter(wanted).take(asked.limit + 1).collect();
    let next = next_page(asked, address, listed.get(..asked.limit + 1), |place| *place);
    let base = shared.base_url();
    let shown = listed
        .iter()
        .take(asked.limit)
        .filter_map(|(_, number)| Some(render::conversation(&base, store, *number, store.conversation(*number)?)));
    render::page(address, &shown.collect::<Vec<Value>>(), next.as_deref())
}

/// What comes after the page before, of conversations in any order, in the order that was asked for: newest first unless it
/// says otherwise.
fn in_order(mut places: Vec<(i64, u32)>, asked: &Asked) -> impl Iterator<Item = (i64, u32)> {
    let ascending = asked.ascending == Some(true);
    places.sort_unstable();
    if !ascending {
        places.reverse();
    }
    let after = asked.after;
    places
        .into_iter()
        .filter(move |place| after.is_none_or(|after| if ascending { *place > after } else { *place < after }))
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

/// Text of a request whose types were looked at.
fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

/// A list of text.
fn texts<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<Vec<&'a str>> {
    Some(fields.get(name)?.as_array()?.iter().filter_map(Value::as_str).collect())
}

fn flag(fields: &Map<String, Value>, name: &str) -> Option<bool> {
    fields.get(name).and_then(Value::as_bool)
}

/// What each entry of a list names; what is wrong with those that name nothing goes to `wrong`.
fn resolve<T>(
    name: &str,
    entries: &[&str],
    wrong: &mut Vec<String>,
    find: impl Fn(&str) -> Result<T, &'static str>,
) -> Vec<T> {
    let mut found = Vec::new();
    for (n, entry) in entries.iter().enumerate() {
        match find(entry) {
            Ok(it) => found.push(it),
            Err(reason) => wrong.push(format!("{name}[{n}] {reason}")),
        }
    }
    found
}

/// The answer to a request with these complaints, if there are any.
fn satisfied(wrong: &[String]) -> Result<(), ApiError> {
    if wrong.is_empty() { Ok(()) } else { Err(ApiError::unsatisfied(wrong)) }
}
