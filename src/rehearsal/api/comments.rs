//! Comments: what colleagues say among themselves.

use axum::Json;
use axum::extract::{Extension, Path, Request, State};
use axum::http::StatusCode;
use serde_json::Value;

use super::super::actor::Actor;
use super::super::body::{self, CREATE_COMMENT, Decoded, UPDATE_COMMENT, complaints};
use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::{Comment, Conversation, Remark, Said, Store, Teammate, parse_id};
use super::{Answer, App, Made, find_conversation, flag, render, render_desk, satisfied, text};

/// What is copied out of the store, so that what a comment says is read from disk without its lock.
pub(super) struct Copied {
    number: u32,
    comment: Comment,
    author: Option<Teammate>,
}

impl Copied {
    pub(super) fn of(store: &Store, number: u32) -> Option<Self> {
        let comment = *store.comment(number)?;
        Some(Self { number, comment, author: store.teammate(comment.author).cloned() })
    }

    pub(super) fn show(&self, shared: &Shared) -> Result<Value, ApiError> {
        let said: Said = shared.said.read(self.comment.place)?;
        Ok(render_desk::comment(&shared.base_url(), self.number, &self.comment, self.author.as_ref(), &said))
    }
}

/// `GET /conversations/{id}/comments`: newest first, and not in pages.
pub(super) async fn of_conversation(State(shared): App, Path(id): Path<String>) -> Answer {
    let copied: Vec<Copied> = {
        let store = shared.store();
        let number = find_conversation(&shared, &store, &id, "/comments")?;
        let comments = store.conversation(number).map(Conversation::comments).unwrap_or_default();
        comments.iter().rev().filter_map(|number| Copied::of(&store, *number)).collect()
    };
    let shown: Result<Vec<Value>, ApiError> = copied.iter().map(|it| it.show(&shared)).collect();
    let address = format!("{}/conversations/{id}/comments", shared.base_url());
    Ok(Json(render::list(&address, &shown?)))
}

fn find(store: &Store, id: &str) -> Result<u32, ApiError> {
    let number = parse_id("com", id).filter(|number| store.comment(*number).is_some());
    number.ok_or_else(|| ApiError::unknown("comment", id))
}

pub(super) async fn comment(State(shared): App, Path(id): Path<String>) -> Answer {
    let found = {
        let store = shared.store();
        Copied::of(&store, find(&store, &id)?)
    };
    Ok(Json(found.ok_or_else(|| ApiError::unknown("comment", &id))?.show(&shared)?))
}

/// Nobody is mentioned in comments here.
pub(super) async fn mentions(State(shared): App, Path(id): Path<String>) -> Answer {
    find(&shared.store(), &id)?;
    Ok(Json(render::list(&format!("{}/comments/{id}/mentions", shared.base_url()), &[])))
}

pub(super) async fn create(
    State(shared): App,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    request: Request,
) -> Made {
    let find = |store: &Store| Ok((find_conversation(&shared, store, &id, "/comments")?, None));
    add(&shared, actor, request, find).await
}

pub(super) async fn reply(
    State(shared): App,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    request: Request,
) -> Made {
    add(&shared, actor, request, |store| {
        let number = find(store, &id)?;
        let comment = store.comment(number).ok_or_else(|| ApiError::unknown("comment", &id))?;
        Ok((comment.conversation, Some(number)))
    })
    .await
}

/// Adds a comment where `place` says: its conversation, and the comment that it answers.
async fn add(
    shared: &Shared,
    actor: Actor,
    request: Request,
    place: impl Fn(&Store) -> Result<(u32, Option<u32>), ApiError>,
) -> Made {
    let mut spool = shared.spool.begin(true);
    let Decoded { request: fields, attachments, .. } =
        body::decode(request, &mut spool, CREATE_COMMENT, shared.config.undocumented.sizes()).await?;
    satisfied(&complaints(&fields, CREATE_COMMENT))?;
    let stamp = shared.stamp(actor);
    let made = {
        let mut store = shared.store();
        let (conversation, answers) = place(&store)?;
        let body = text(&fields, "body").unwrap_or_default().to_owned();
        let mut wrong = Vec::new();
        if body.is_empty() {
            wrong.push("body must not be empty".to_owned());
        }
        let author = match (text(&fields, "author_id").map(|id| store.active_teammate(id)), actor) {
            (Some(Ok(number)), _) | (None, Actor::Teammate(number)) => Some(number),
            (Some(Err(reason)), _) => {
                wrong.push(format!("author_id {reason}"));
                None
            }
            (None, Actor::Api) => None,
        };
        satisfied(&wrong)?;
        let is_pinned = flag(&fields, "is_pinned").unwrap_or_default();
        let said = Said { body, attachments };
        let remark = Remark { conversation, author, is_pinned, answers, said: &said, spool: spool.number() };
        let number = store.add_comment(&remark, stamp)?;
        spool.keep();
        Copied::of(&store, number)
    };
    let made = made.ok_or_else(|| ApiError::broken("The comment that was made is not there"))?;
    Ok((StatusCode::CREATED, Json(made.show(shared)?)))
}

/// `PATCH /comments/{id}/`: what a comment says can be changed only with the token that wrote it.
pub(super) async fn update(
    State(shared): App,
    Extension(actor): Extension<Actor>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let fields = body::json(request, UPDATE_COMMENT).await?;
    let place = {
        let store = shared.store();
        let number = find(&store, &id)?;
        if fields.contains_key("body") && !store.wrote(number, actor) {
            return Err(ApiError::forbidden("A comment can only be changed with the token that wrote it"));
        }
        store.comment(number).map(|comment| comment.place)
    };
    let unknown = || ApiError::unknown("comment", &id);
    let before: Said = shared.said.read(place.ok_or_else(unknown)?)?;
    let said = text(&fields, "body").map(|body| Said { body: body.to_owned(), ..before });
    if said.as_ref().is_some_and(|said| said.body.is_empty()) {
        return Err(ApiError::unsatisfied(&["body must not be empty".to_owned()]));
    }
    let changed = {
        let mut store = shared.store();
        let number = find(&store, &id)?;
        store.change_comment(number, said.as_ref(), flag(&fields, "is_pinned"))?;
        Copied::of(&store, number)
    };
    Ok(Json(changed.ok_or_else(unknown)?.show(&shared)?))
}
