//! All that there is, as one JSON: for tests that compare what two runs have left. No part of Front's API.
//!
//! Things are named as people name them (inboxes and tags by name, teammates by address, links by address), lists are sorted
//! where their order has no meaning, and neither times nor ids other than those of conversations are given: two servers that
//! hold the same give the same but for those ids.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::errors::ApiError;
use super::server::Shared;
use super::store::{Comment, Conversation, Inbox, Said, Store, render_id};

/// `GET /rehearsal/state`
pub(super) async fn state(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, ApiError> {
    Ok(Json(all(&shared)?))
}

/// A conversation whose comments are still to be read from disk.
struct Read {
    order: (String, Vec<String>),
    shown: Value,
    comments: Vec<(Comment, Option<String>)>,
}

/// Everything that is there.
pub(super) fn all(shared: &Shared) -> std::io::Result<Value> {
    let (mut conversations, mut rest) = {
        let store = shared.store();
        (conversations(&store), around(&store))
    };
    conversations.sort_by(|one, other| one.order.cmp(&other.order));
    let mut shown = Vec::new();
    for read in conversations {
        let mut conversation = read.shown;
        let mut comments = Vec::new();
        for (comment, author) in read.comments {
            let said: Said = shared.said.read(comment.place)?;
            let files: Vec<String> = said.attachments.into_iter().map(|file| file.filename).collect();
            comments.push(json!({
                "author": author,
                "body": said.body,
                "is_pinned": comment.is_pinned,
                "is_reply": comment.answers.is_some(),
                "attachments": files,
            }));
        }
        conversation["comments"] = comments.into();
        shown.push(conversation);
    }
    rest["conversations"] = shown.into();
    Ok(rest)
}

fn conversations(store: &Store) -> Vec<Read> {
    let ids = store.external_ids();
    let places = store.inboxes().flat_map(Inbox::newest_first);
    places.filter_map(|(_, number)| read(store, &ids, number, store.conversation(number)?)).collect()
}

fn read(store: &Store, ids: &HashMap<u32, &str>, number: u32, it: &Conversation) -> Option<Read> {
    let inbox = store.inbox(it.inbox)?;
    let address = |number: u32| store.teammate(Some(number)).map(|it| it.email.clone());
    let external_ids = it.messages.iter().filter_map(|(_, number)| ids.get(number).map(|id| (*id).to_owned()));
    let mut external_ids: Vec<String> = external_ids.collect();
    external_ids.sort();
    let copied = it.comments().iter().filter_map(|number| store.comment(*number));
    let shown = json!({
        "id": render_id("cnv", number),
        "inbox": inbox.name,
        "subject": it.subject,
        "status": it.status(),
        "ticket_status": store.ticket_status(it).map(|status| &status.name),
        "assignee": it.assignee.and_then(address),
        "tags": sorted(it.tags.iter().map(|tag| store.tag_path(*tag))),
        "links": sorted(it.links().iter().filter_map(|link| Some(store.link(*link)?.url.to_string()))),
        "followers": sorted(it.followers().iter().filter_map(|number| address(*number))),
        "custom_fields": it.custom_fields(),
        "messages": it.messages.len(),
        "external_ids": external_ids,
    });
    Some(Read {
        order: (inbox.name.clone(), external_ids),
        shown,
        comments: copied.map(|comment| (*comment, comment.author.and_then(address))).collect(),
    })
}

/// What is there beside conversations.
fn around(store: &Store) -> Value {
    let address = |number: &u32| store.teammate(Some(*number)).map(|it| it.email.clone());
    let team = |number: u32| store.teams().get(number as usize).map(|team| team.name.clone());
    let inboxes = store.inboxes().map(|inbox| {
        json!({
            "name": inbox.name,
            "team": team(inbox.team),
            "teammates": sorted(store.seeing(inbox).iter().filter_map(address)),
        })
    });
    let tags = store.standing_tags().map(|(number, tag)| {
        json!({ "path": store.tag_path(number), "team": tag.team.and_then(team), "is_visible": tag.is_visible })
    });
    let links = store
        .links()
        .iter()
        .map(|link| json!({ "external_url": link.url, "name": link.name, "conversations": link.conversations.len() }));
    let contacts = store.contacts().map(|contact| {
        let known = contact.known();
        let lists = known.lists.iter().filter_map(|list| Some(store.list(*list)?.name.clone()));
        json!({
            "handles": sorted(contact.handles.iter().map(|it| format!("{}:{}", it.source, it.handle))),
            "name": known.name,
            "description": known.description,
            "links": known.links,
            "lists": sorted(lists),
            "custom_fields": known.custom_fields,
        })
    });
    let lists = store.lists().map(|(_, list)| list.name.clone());
    json!({
        "inboxes": in_order(inboxes),
        "tags": in_order(tags),
        "links": in_order(links),
        "contacts": in_order(contacts),
        "contact_lists": sorted(lists),
    })
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts
}

/// Each begins with what it is told apart by.
fn in_order(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<(String, Value)> = values.map(|value| (value.to_string(), value)).collect();
    values.sort_by(|(one, _), (other, _)| one.cmp(other));
    values.into_iter().map(|(_, value)| value).collect()
}
