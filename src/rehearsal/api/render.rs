//! Answers in the shapes of Front's API document.

use serde_json::{Map, Value, json};

use super::super::config::TeammateSpec;
use super::super::store::{Channel, Conversation, Inbox, Store, Stored, render_id};
use super::text;

/// A list that is never paged.
pub(super) fn list(address: &str, results: &[Value]) -> Value {
    json!({ "_links": { "self": address }, "_results": results })
}

/// One page of a list.
pub(super) fn page(address: &str, results: &[Value], next: Option<&str>) -> Value {
    json!({ "_pagination": { "next": next }, "_links": { "self": address }, "_results": results })
}

pub(super) fn inbox(base: &str, inbox: &Inbox) -> Value {
    let own = format!("{base}/inboxes/{}", inbox.id);
    json!({
        "_links": {
            "self": own,
            "related": {
                "teammates": format!("{own}/teammates"),
                "conversations": format!("{own}/conversations"),
                "channels": format!("{own}/channels"),
            },
        },
        "id": inbox.id,
        "name": inbox.name,
        "is_private": false,
        "is_public": true,
        "custom_fields": {},
    })
}

pub(super) fn teammate(base: &str, teammate: &TeammateSpec) -> Value {
    let own = format!("{base}/teammates/{}", teammate.id);
    let (first, last) = teammate.name.split_once(' ').unwrap_or((&teammate.name, ""));
    let username = teammate.email.split('@').next().unwrap_or_default();
    json!({
        "_links": {
            "self": own,
            "related": { "inboxes": format!("{own}/inboxes"), "conversations": format!("{own}/conversations") },
        },
        "id": teammate.id,
        "email": teammate.email,
        "username": username,
        "first_name": first,
        "last_name": last,
        "license_type": "full",
        "is_admin": false,
        "is_available": true,
        "is_blocked": false,
        "type": "user",
        "custom_fields": {},
    })
}

pub(super) fn channel(base: &str, number: u32, channel: &Channel, inbox: &str) -> Value {
    let id = render_id("cha", number);
    json!({
        "_links": {
            "self": format!("{base}/channels/{id}"),
            "related": { "inbox": format!("{base}/inboxes/{inbox}") },
        },
        "id": id,
        "name": channel.address,
        "address": channel.address,
        "type": "gmail",
        "send_as": channel.address,
        "settings": { "undo_send_time": 5 },
        "is_private": false,
        "is_valid": true,
    })
}

pub(super) fn tag(base: &str, number: u32, name: &str) -> Value {
    let id = render_id("tag", number);
    let own = format!("{base}/tags/{id}");
    json!({
        "_links": {
            "self": own,
            "related": {
                "conversations": format!("{own}/conversations"),
                "owner": null,
                "parent_tag": null,
                "children": null,
            },
        },
        "id": id,
        "name": name,
        "description": null,
        "highlight": null,
        "is_private": false,
        "is_visible_in_conversation_lists": true,
    })
}

pub(super) fn conversation(base: &str, store: &Store, number: u32, it: &Conversation) -> Value {
    let id = render_id("cnv", number);
    let own = format!("{base}/conversations/{id}");
    let last = it.messages.last().map(|(_, message)| format!("{base}/messages/{}", render_id("msg", *message)));
    let tags: Vec<Value> = store.tags_of(it).iter().map(|(number, name)| tag(base, *number, name)).collect();
    json!({
        "_links": {
            "self": own,
            "related": {
                "events": format!("{own}/events"),
                "followers": format!("{own}/followers"),
                "messages": format!("{own}/messages"),
                "comments": format!("{own}/comments"),
                "inboxes": format!("{own}/inboxes"),
                "last_message": last,
            },
        },
        "id": id,
        "type": "conversation",
        "subject": it.subject,
        "status": it.status(),
        "ticket_ids": [],
        "assignee": store.teammate(it.assignee).map(|it| teammate(base, it)),
        "recipient": it.recipient.as_ref().map(|(_, person)| recipient("from", &person.handle, person.name.as_deref())),
        "tags": tags,
        "links": [],
        "custom_fields": {},
        "created_at": it.first(),
        "updated_at": it.last(),
        "is_private": false,
        "scheduled_reminders": [],
        "metadata": {},
    })
}

fn recipient(role: &str, handle: &str, name: Option<&str>) -> Value {
    json!({ "_links": { "related": { "contact": null } }, "name": name, "handle": handle, "role": role })
}

/// What a message's answer needs beside its request.
pub(super) struct Heading<'a> {
    pub(super) number: u32,
    pub(super) uid: String,
    pub(super) conversation: u32,
    pub(super) author: Option<&'a TeammateSpec>,
}

pub(super) fn message(base: &str, heading: &Heading<'_>, stored: &Stored) -> Value {
    let request = &stored.request;
    let id = render_id("msg", heading.number);
    let kind = string(request, "type").unwrap_or("email");
    let body = string(request, "body").unwrap_or_default();
    let is_html = string(request, "body_format") == Some("html");
    let text = if is_html { text::of_html(body) } else { body.to_owned() };
    let metadata = request.get("metadata");
    // The spec gives thread_ref for custom messages alone, and external_id never to an ordinary token.
    let shown_metadata = match metadata.and_then(|metadata| metadata.get("thread_ref")) {
        Some(reference) if kind == "custom" => json!({ "thread_ref": reference }),
        _ => json!({}),
    };
    json!({
        "_links": {
            "self": format!("{base}/messages/{id}"),
            "related": {
                "conversation": format!("{base}/conversations/{}", render_id("cnv", heading.conversation)),
                "message_seen": format!("{base}/messages/{id}/seen"),
            },
        },
        "id": id,
        "message_uid": heading.uid,
        "type": kind,
        "is_inbound": metadata.and_then(|metadata| metadata.get("is_inbound")),
        "draft_mode": null,
        "error_type": null,
        "version": format!("{}-1", heading.uid),
        "created_at": request.get("created_at"),
        "subject": string(request, "subject").unwrap_or_default(),
        "blurb": text::blurb(&text),
        "author": heading.author.map(|author| teammate(base, author)),
        "recipients": recipients(request),
        "body": body,
        "text": text,
        "attachments": attachments(base, heading.number, stored),
        "signature": null,
        "metadata": shown_metadata,
    })
}

fn recipients(request: &Map<String, Value>) -> Vec<Value> {
    let sender = request.get("sender");
    let of_sender = |name| sender.and_then(|sender| sender.get(name)).and_then(Value::as_str);
    let from = recipient("from", of_sender("handle").unwrap_or_default(), of_sender("name"));
    let others = ["to", "cc", "bcc"].into_iter().flat_map(|role| {
        let handles = request.get(role).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        handles.map(move |handle| recipient(role, handle, None))
    });
    std::iter::once(from).chain(others).collect()
}

fn attachments(base: &str, message: u32, stored: &Stored) -> Vec<Value> {
    let files = stored.attachments.iter().enumerate();
    files
        .map(|(n, file)| {
            let id = format!("{}_{n}", render_id("fil", message));
            json!({
                "id": id,
                "url": format!("{base}/download/{id}"),
                "filename": file.filename,
                "content_type": file.content_type,
                "size": file.size,
                "metadata": { "is_inline": false },
            })
        })
        .collect()
}

fn string<'a>(request: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    request.get(name).and_then(Value::as_str)
}
