//! Answers in the shapes of Front's API document.

use serde_json::{Map, Value, json};

use super::super::import::store_view;
use super::super::store::{Attachment, Channel, Conversation, Handle, Inbox, Store, Stored, Tag, Teammate, render_id};
use super::render_desk::link;
use super::text;

/// A list that is never paged.
pub(super) fn list(address: &str, results: &[Value]) -> Value {
    json!({ "_links": { "self": address }, "_results": results })
}

/// One page of a list.
pub(super) fn page(address: &str, results: &[Value], next: Option<&str>) -> Value {
    json!({ "_pagination": { "next": next }, "_links": { "self": address }, "_results": results })
}

pub(super) fn inbox(base: &str, store: &Store, inbox: &Inbox) -> Value {
    let own = format!("{base}/inboxes/{}", inbox.id);
    json!({
        "_links": {
            "self": own,
            "related": {
                "teammates": format!("{own}/teammates"),
                "conversations": format!("{own}/conversations"),
                "channels": format!("{own}/channels"),
                "owner": store.teams().get(inbox.team as usize).map(|team| format!("{base}/teams/{}", team.id)),
            },
        },
        "id": inbox.id,
        "name": inbox.name,
        "is_private": false,
        "is_public": inbox.is_public,
        "custom_fields": {},
    })
}

pub(super) fn teammate(base: &str, teammate: &Teammate) -> Value {
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
        "is_available": !teammate.is_blocked,
        "is_blocked": teammate.is_blocked,
        "type": "user",
        "custom_fields": {},
    })
}

pub(super) fn channel(base: &str, number: u32, channel: &Channel, inbox: &str) -> Value {
    let id = channel.id.clone().unwrap_or_else(|| render_id("cha", number));
    json!({
        "_links": {
            "self": format!("{base}/channels/{id}"),
            "related": { "inbox": format!("{base}/inboxes/{inbox}") },
        },
        "id": id,
        "name": channel.address,
        "address": channel.address,
        "type": if channel.is_custom { "custom" } else { "gmail" },
        "send_as": channel.address,
        "settings": { "undo_send_time": 5 },
        "is_private": false,
        "is_valid": true,
    })
}

pub(super) fn tag(base: &str, store: &Store, number: u32, tag: &Tag) -> Value {
    let id = render_id("tag", number);
    let own = format!("{base}/tags/{id}");
    let team = tag.team.and_then(|team| store.teams().get(team as usize));
    let has_children = store.children(number).next().is_some();
    json!({
        "_links": {
            "self": own,
            "related": {
                "conversations": format!("{own}/conversations"),
                "owner": team.map(|team| format!("{base}/teams/{}", team.id)),
                "parent_tag": tag.parent.map(|parent| format!("{base}/tags/{}", render_id("tag", parent))),
                "children": has_children.then(|| format!("{own}/children")),
            },
        },
        "id": id,
        "name": tag.name,
        "description": tag.description,
        "highlight": tag.highlight,
        "is_private": false,
        "is_visible_in_conversation_lists": tag.is_visible,
    })
}

pub(super) fn conversation(base: &str, store: &Store, number: u32, it: &Conversation) -> Value {
    let id = render_id("cnv", number);
    let own = format!("{base}/conversations/{id}");
    let last = it.messages.last().map(|(_, message)| format!("{base}/messages/{}", render_id("msg", *message)));
    let tags: Vec<Value> = store.tags_of(it).iter().map(|(number, it)| tag(base, store, *number, it)).collect();
    let links = it.links().iter().filter_map(|number| Some(link(base, *number, store.link(*number)?)));
    let recipient = it.recipient.as_ref().map(|(_, source, person)| {
        let contact = contact_address(base, store, source, &person.handle);
        recipient("from", &person.handle, person.name.as_deref(), contact.as_deref())
    });
    let mut shown = json!({
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
        "recipient": recipient,
        "tags": tags,
        "links": links.collect::<Vec<Value>>(),
        "custom_fields": it.custom_fields(),
        "created_at": it.first(),
        "updated_at": it.last(),
        "is_private": false,
        "scheduled_reminders": [],
        "metadata": {},
    });
    if let Some(status) = store.ticket_status(it) {
        shown["status_id"] = json!(status.id);
        shown["status_category"] = json!(status.category.name());
    }
    shown
}

fn recipient(role: &str, handle: &str, name: Option<&str>, contact: Option<&str>) -> Value {
    json!({ "_links": { "related": { "contact": contact } }, "name": name, "handle": handle, "role": role })
}

fn contact_address(base: &str, store: &Store, source: &str, handle: &str) -> Option<String> {
    let number = store.contact_of(&Handle::new(source, handle)?)?;
    Some(format!("{base}/contacts/{}", render_id("crd", number)))
}

/// What a message's answer needs beside its request.
pub(super) struct Heading<'a> {
    pub(super) number: u32,
    pub(super) uid: String,
    pub(super) conversation: u32,
    pub(super) author: Option<&'a Teammate>,
}

pub(super) fn message(base: &str, store: &Store, heading: &Heading<'_>, stored: &Stored) -> Value {
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
    let mut shown = json!({
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
        "version": format!("{}-1", heading.uid),
        "created_at": request.get("created_at"),
        "subject": string(request, "subject").unwrap_or_default(),
        "blurb": text::blurb(&text),
        "recipients": recipients(base, store, request),
        "body": body,
        "text": text,
        "attachments": attachments(base, "fil", heading.number, &stored.attachments),
        "metadata": shown_metadata,
    });
    // Front documents null for neither this nor error_type and signature, which nothing here has.
    if let Some(author) = heading.author {
        shown["author"] = teammate(base, author);
    }
    shown
}

fn recipients(base: &str, store: &Store, request: &Map<String, Value>) -> Vec<Value> {
    let source = store_view(request).source;
    let contact = |handle: &str| contact_address(base, store, source, handle);
    let sender = request.get("sender");
    let of_sender = |name| sender.and_then(|sender| sender.get(name)).and_then(Value::as_str);
    let handle = of_sender("handle").unwrap_or_default();
    let from = recipient("from", handle, of_sender("name"), contact(handle).as_deref());
    let contact = &contact;
    let others = ["to", "cc", "bcc"].into_iter().flat_map(|role| {
        let handles = request.get(role).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        handles.map(move |handle| recipient(role, handle, None, contact(handle).as_deref()))
    });
    std::iter::once(from).chain(others).collect()
}

/// The files of a message or comment, whose ids begin with this prefix.
pub(super) fn attachments(base: &str, prefix: &str, number: u32, files: &[Attachment]) -> Vec<Value> {
    let files = files.iter().enumerate();
    files
        .map(|(n, file)| {
            let mut metadata = json!({ "is_inline": file.cid.is_some() });
            if let Some(cid) = &file.cid {
                metadata["cid"] = json!(cid);
            }
            let id = format!("{}_{n}", render_id(prefix, number));
            json!({
                "id": id,
                "url": format!("{base}/download/{id}"),
                "filename": file.filename,
                "content_type": file.content_type,
                "size": file.size,
                "metadata": metadata,
            })
        })
        .collect()
}

fn string<'a>(request: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    request.get(name).and_then(Value::as_str)
}
