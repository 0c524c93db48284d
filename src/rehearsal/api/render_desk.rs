//! Answers in the shapes of Front's API document: what stands around conversations.

use serde_json::{Value, json};

use super::super::desk::{FieldKind, FieldSpec, RuleSpec, StatusSpec};
use super::super::store::{Comment, Contact, ContactList, Link, Said, Store, Team, Teammate, render_id};
use super::render::{attachments, inbox, teammate};

pub(super) fn link(base: &str, number: u32, link: &Link) -> Value {
    let id = render_id("top", number);
    json!({
        "_links": { "self": format!("{base}/links/{id}") },
        "id": id,
        "name": link.name,
        "type": "web",
        "external_url": link.url,
        "custom_fields": {},
    })
}

/// What writes comments of no teammate: Front calls it a bot of its parent's type.
fn bot(base: &str) -> Value {
    let own = format!("{base}/teammates/{BOT}");
    json!({
        "_links": {
            "self": own,
            "related": { "inboxes": format!("{own}/inboxes"), "conversations": format!("{own}/conversations") },
        },
        "id": BOT,
        "email": "api@bots.invalid",
        "username": "api",
        "first_name": "API",
        "last_name": "",
        "license_type": "full",
        "is_admin": false,
        "is_available": true,
        "is_blocked": false,
        "type": "api",
        "custom_fields": {},
    })
}

/// Id of what writes comments of no teammate.
const BOT: &str = "tea_api";

pub(super) fn comment(base: &str, number: u32, it: &Comment, author: Option<&Teammate>, said: &Said) -> Value {
    let id = render_id("com", number);
    let own = format!("{base}/comments/{id}");
    json!({
        "_links": {
            "self": own,
            "related": {
                "conversation": format!("{base}/conversations/{}", render_id("cnv", it.conversation)),
                "mentions": format!("{own}/mentions"),
                "comment_replied_to": it.answers.map(|to| format!("{base}/comments/{}", render_id("com", to))),
            },
        },
        "id": id,
        "author": author.map_or_else(|| bot(base), |author| teammate(base, author)),
        "body": said.body,
        "posted_at": seconds(it.stamp.at),
        "attachments": attachments(base, "fic", number, &said.attachments),
        "is_pinned": it.is_pinned,
    })
}

/// Unix seconds with their milliseconds.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are exact")]
pub(super) fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1000.0
}

pub(super) fn contact(base: &str, store: &Store, number: u32, it: &Contact) -> Value {
    let id = render_id("crd", number);
    let own = format!("{base}/contacts/{id}");
    let known = it.known();
    let lists = known.lists.iter().filter_map(|number| Some(list(base, *number, store.list(*number)?)));
    let lists: Vec<Value> = lists.collect();
    let handles = it.handles.iter().map(|it| json!({ "handle": it.handle, "source": it.source }));
    json!({
        "_links": {
            "self": own,
            "related": { "notes": format!("{own}/notes"), "conversations": format!("{own}/conversations") },
        },
        "id": id,
        "name": known.name,
        "description": known.description,
        "links": known.links,
        "groups": lists,
        "lists": lists,
        "handles": handles.collect::<Vec<Value>>(),
        "custom_fields": known.custom_fields,
        "is_private": false,
    })
}

pub(super) fn list(base: &str, number: u32, list: &ContactList) -> Value {
    let id = render_id("grp", number);
    let own = format!("{base}/contact_lists/{id}");
    json!({
        "_links": { "self": own, "related": { "contacts": format!("{own}/contacts") } },
        "id": id,
        "name": list.name,
        "is_private": false,
    })
}

pub(super) fn team_preview(base: &str, team: &Team) -> Value {
    json!({ "_links": { "self": format!("{base}/teams/{}", team.id) }, "id": team.id, "name": team.name })
}

pub(super) fn team(base: &str, store: &Store, number: u32, team: &Team) -> Value {
    let inboxes = store.inboxes().filter(|inbox| inbox.team == number).map(|it| inbox(base, store, it));
    let members = team.teammates.iter().filter_map(|number| Some(teammate(base, store.teammate(Some(*number))?)));
    let mut shown = team_preview(base, team);
    shown["inboxes"] = inboxes.collect::<Vec<Value>>().into();
    shown["members"] = members.collect::<Vec<Value>>().into();
    shown
}

pub(super) fn rule(base: &str, number: u32, rule: &RuleSpec) -> Value {
    let id = render_id("rul", number);
    let is_private = rule.owner.as_ref().is_some_and(|owner| owner.starts_with("tea_"));
    let kind = if is_private { "teammates" } else { "teams" };
    let owner = rule.owner.as_ref().map(|owner| format!("{base}/{kind}/{owner}"));
    json!({
        "_links": { "self": format!("{base}/rules/{id}"), "related": { "owner": owner } },
        "id": id,
        "name": rule.name,
        "actions": rule.actions,
        "is_private": is_private,
    })
}

pub(super) fn status(base: &str, status: &StatusSpec) -> Value {
    json!({
        "_links": { "self": format!("{base}/company/statuses/{}", status.id) },
        "id": status.id,
        "name": status.name,
        "category": status.category.name(),
        "description": null,
    })
}

pub(super) fn field(base: &str, number: u32, field: &FieldSpec) -> Value {
    let id = render_id("fld", number);
    let mut shown = json!({
        "_links": { "self": format!("{base}/custom_fields/{id}") },
        "id": id,
        "name": field.name,
        "description": "",
        "type": field.kind.name(),
    });
    if let FieldKind::Choice(values) = &field.kind {
        let values: Vec<Value> = values.iter().map(|value| json!({ "value": value, "label": value })).collect();
        shown["values"] = values.into();
    }
    shown
}
