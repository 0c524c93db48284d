//! Where each call goes.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, patch, post, put};

use super::super::server::Shared;
use super::super::{contents, import};
use super::{
    comments, contact_lists, contacts, conversations, events, inboxes, incoming, links, messages, people, search,
    setup, tags,
};

/// All that is served of Front's API, and the state of the rehearsal, which is no part of it.
pub(in super::super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .merge(company())
        .merge(conversation())
        .merge(outside())
        .route("/rehearsal/state", get(contents::state))
}

/// Who works here, and how it is set up.
fn company() -> Router<Arc<Shared>> {
    Router::new()
        .route("/me", get(setup::me))
        .route("/teams", get(people::teams))
        .route("/teams/{team}", get(people::team))
        .route("/teams/{team}/inboxes", get(inboxes::team_inboxes).post(inboxes::create_in_team))
        .route("/teams/{team}/tags", get(tags::team_tags).post(tags::create_in_team))
        .route("/teams/{team}/rules", get(setup::team_rules))
        .route("/teammates", get(people::teammates))
        .route("/teammates/custom_fields", get(setup::no_fields))
        .route("/teammates/{teammate}", get(people::teammate))
        .route("/teammates/{teammate}/rules", get(setup::teammate_rules))
        .route("/inboxes", get(inboxes::inboxes).post(inboxes::create))
        .route("/inboxes/custom_fields", get(setup::no_fields))
        .route("/inboxes/{inbox}", get(inboxes::inbox))
        .route("/inboxes/{inbox}/channels", get(setup::inbox_channels))
        .route("/inboxes/{inbox}/conversations", get(inboxes::conversations))
        .route("/inboxes/{inbox}/imported_messages", post(import::import))
        .route(
            "/inboxes/{inbox}/teammates",
            get(inboxes::teammates).post(inboxes::add_teammates).delete(inboxes::remove_teammates),
        )
        .route("/channels", get(setup::channels))
        .route("/channels/{channel}", get(setup::channel))
        .route("/channels/{channel}/incoming_messages", post(incoming::receive))
        .route("/rules", get(setup::rules))
        .route("/rules/{rule}", get(setup::rule))
        .route("/company/rules", get(setup::company_rules))
        .route("/company/statuses", get(setup::statuses))
        .route("/company/statuses/{status}", get(setup::status))
        .route("/tags", get(tags::tags).post(tags::create_in_oldest_team))
        .route("/company/tags", get(tags::company_tags).post(tags::create))
        .route("/tags/{tag}", get(tags::tag).patch(tags::update).delete(tags::delete))
        .route("/tags/{tag}/children", get(tags::children).post(tags::create_child))
        .route("/tags/{tag}/conversations", get(tags::conversations))
}

/// Conversations, and what stands in them.
fn conversation() -> Router<Arc<Shared>> {
    Router::new()
        .route("/conversations", get(conversations::all))
        .route("/conversations/custom_fields", get(setup::conversation_fields))
        .route("/conversations/search/{query}", get(search::search))
        .route(
            "/conversations/{conversation}",
            get(conversations::conversation).patch(conversations::update).delete(conversations::delete),
        )
        .route("/conversations/{conversation}/assignee", put(conversations::assign))
        .route("/conversations/{conversation}/comments", get(comments::of_conversation).post(comments::create))
        .route("/conversations/{conversation}/events", get(events::of_conversation))
        .route(
            "/conversations/{conversation}/followers",
            get(conversations::followers).post(conversations::follow).delete(conversations::unfollow),
        )
        .route("/conversations/{conversation}/inboxes", get(conversations::inboxes))
        .route(
            "/conversations/{conversation}/links",
            post(conversations::add_links).delete(conversations::remove_links),
        )
        .route("/conversations/{conversation}/messages", get(messages::conversation_messages))
        .route("/conversations/{conversation}/tags", post(conversations::add_tags).delete(conversations::remove_tags))
        .route("/messages/{message}", get(messages::message))
        .route("/comments/{comment}", get(comments::comment))
        // Front documents its PATCH with a slash at the end, and none without.
        .route("/comments/{comment}/", patch(comments::update))
        .route("/comments/{comment}/mentions", get(comments::mentions))
        .route("/comments/{comment}/replies", post(comments::reply))
        .route("/events", get(events::all))
        .route("/events/{event}", get(events::event))
        .route("/download/{file}", get(messages::download))
}

/// People and things outside.
fn outside() -> Router<Arc<Shared>> {
    Router::new()
        .route("/contacts", get(contacts::contacts).post(contacts::create))
        .route("/contacts/custom_fields", get(setup::contact_fields))
        .route("/contacts/{contact}", get(contacts::contact).patch(contacts::update).delete(contacts::delete))
        .route("/contacts/{contact}/conversations", get(contacts::conversations))
        .route("/contacts/{contact}/handles", post(contacts::add_handle).delete(contacts::remove_handle))
        .route("/contact_lists", get(contact_lists::lists).post(contact_lists::create))
        .route("/contact_lists/{list}", axum::routing::delete(contact_lists::delete))
        .route(
            "/contact_lists/{list}/contacts",
            get(contact_lists::members).post(contact_lists::add).delete(contact_lists::remove),
        )
        .route("/links", get(links::links).post(links::create))
        .route("/links/custom_fields", get(setup::no_fields))
        .route("/links/{link}", get(links::link).patch(links::update))
        .route("/links/{link}/conversations", get(links::conversations))
}
