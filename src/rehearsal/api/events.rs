//! What happened, newest first.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};

use super::super::actor::Actor;
use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::{Event, Happening, Store, parse_id, render_id};
use super::comments::Copied;
use super::messages::{self, Listed};
use super::page::{Asked, Extra};
use super::{Answer, App, find_conversation, next_page, render, render_desk};

/// An event whose target may still have to be read from disk.
struct Shown {
    event: Value,
    target: Target,
}

enum Target {
    None,
    Message(Option<Listed>),
    Comment(Option<Copied>),
}

pub(super) async fn all(State(shared): App, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Events)?;
    let address = format!("{}/events", shared.base_url());
    let (shown, next) = {
        let store = shared.store();
        let events: Vec<(u32, Event)> = store
            .all_events(asked.after.map(|(_, last)| last))
            .filter(|(_, event)| store.conversation(event.conversation).is_some())
            .take(asked.limit + 1)
            .collect();
        page(&shared, &store, &asked, &address, &events)
    };
    finish(&shared, &address, shown, next.as_deref())
}

pub(super) async fn of_conversation(State(shared): App, Path(id): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let asked = Asked::parse(query.as_deref(), Extra::Events)?;
    let address = format!("{}/conversations/{id}/events", shared.base_url());
    let (shown, next) = {
        let store = shared.store();
        let number = find_conversation(&shared, &store, &id, "/events")?;
        let events = store.events_of(number, asked.after.map(|(_, last)| last));
        page(&shared, &store, &asked, &address, &events)
    };
    finish(&shared, &address, shown, next.as_deref())
}

pub(super) async fn event(State(shared): App, Path(id): Path<String>) -> Answer {
    let unknown = || ApiError::unknown("event", &id);
    let shown = {
        let store = shared.store();
        let number = parse_id("evt", &id).ok_or_else(unknown)?;
        let event = store.event(number).filter(|event| store.conversation(event.conversation).is_some());
        show(&shared, &store, number, event.ok_or_else(unknown)?)
    };
    Ok(Json(with_target(&shared, shown)?))
}

fn page(
    shared: &Shared,
    store: &Store,
    asked: &Asked,
    address: &str,
    events: &[(u32, Event)],
) -> (Vec<Shown>, Option<String>) {
    let next = next_page(asked, address, events.get(..asked.limit + 1), |(number, _)| (0, *number));
    let shown = events.iter().take(asked.limit).map(|(number, event)| show(shared, store, *number, event)).collect();
    (shown, next)
}

fn finish(shared: &Shared, address: &str, shown: Vec<Shown>, next: Option<&str>) -> Answer {
    let shown: Result<Vec<Value>, ApiError> = shown.into_iter().map(|it| with_target(shared, it)).collect();
    Ok(Json(render::page(address, &shown?, next)))
}

fn with_target(shared: &Shared, shown: Shown) -> Result<Value, ApiError> {
    let mut event = shown.event;
    let target = match shown.target {
        Target::None => None,
        Target::Message(message) => message.map(|it| messages::show(shared, &it)).transpose()?,
        Target::Comment(comment) => comment.map(|it| it.show(shared)).transpose()?,
    };
    if let Some(target) = target {
        event["target"]["data"] = target;
    }
    Ok(event)
}

fn show(shared: &Shared, store: &Store, number: u32, event: &Event) -> Shown {
    let base = shared.base_url();
    let id = render_id("evt", number);
    let it = store.conversation(event.conversation);
    let mut shown = json!({
        "_links": { "self": format!("{base}/events/{id}") },
        "id": id,
        "type": event.what.name(),
        "emitted_at": event.emitted_at(),
        "source": source(&base, store, event),
        "conversation": it.map(|it| render::conversation(&base, store, event.conversation, it)),
    });
    let (kind, data, target) = target(&base, store, event);
    if let Some(kind) = kind {
        shown["target"] = json!({ "_meta": { "type": kind } });
        if let Some(data) = data {
            shown["target"]["data"] = data;
        }
    }
    Shown { event: shown, target }
}

fn source(base: &str, store: &Store, event: &Event) -> Value {
    if event.what == Happening::Inbound {
        let inbox = store.conversation(event.conversation).and_then(|it| store.inbox(it.inbox));
        let inboxes: Vec<Value> = inbox.iter().map(|inbox| render::inbox(base, store, inbox)).collect();
        return json!({ "_meta": { "type": "inboxes" }, "data": inboxes });
    }
    match event.by() {
        Actor::Api => json!({ "_meta": { "type": "api" } }),
        Actor::Teammate(number) => json!({
            "_meta": { "type": "teammate" },
            "data": store.teammate(Some(number)).map(|it| render::teammate(base, it)),
        }),
    }
}

/// The type of what it happened with, and what of it can be shown at once or must be read first.
fn target(base: &str, store: &Store, event: &Event) -> (Option<&'static str>, Option<Value>, Target) {
    let number = event.target;
    let now = |kind, data| (Some(kind), data, Target::None);
    match event.what {
        Happening::Assign | Happening::Unassign => {
            now("teammate", store.teammate(Some(number)).map(|it| render::teammate(base, it)))
        }
        Happening::Tag | Happening::Untag => {
            now("tag", store.standing_tag(number).map(|tag| render::tag(base, store, number, tag)))
        }
        Happening::LinkAdded | Happening::LinkRemoved => {
            now("link", store.link(number).map(|link| render_desk::link(base, number, link)))
        }
        Happening::Move => now("inboxes", store.inbox(number).map(|inbox| render::inbox(base, store, inbox))),
        Happening::ConversationsMerged => now("deleted_conversation_ids", None),
        Happening::CustomFieldUpdated => now("custom_field", None),
        Happening::Inbound | Happening::Outbound => {
            (Some("message"), None, Target::Message(Listed::copy(store, number)))
        }
        Happening::Comment => (Some("comment"), None, Target::Comment(Copied::of(store, number))),
        Happening::Archive
        | Happening::Reopen
        | Happening::Trash
        | Happening::Restore
        | Happening::TicketStatusUpdate => (None, None, Target::None),
    }
}
