//! A request that changes a conversation.

use axum::extract::{Extension, FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};
use std::sync::Arc;

use super::super::actor::{Actor, Stamp};
use super::super::body::{self, Schema};
use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::Store;
use super::{Done, find_conversation};

/// Whose it is, and the conversation that its path names.
pub(super) struct Change {
    pub(super) shared: Arc<Shared>,
    actor: Actor,
    id: String,
    request: Request,
}

impl FromRequest<Arc<Shared>> for Change {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let actor = Extension::from_request_parts(&mut parts, shared).await;
        let id = Path::from_request_parts(&mut parts, shared).await;
        let Extension(actor) = actor.map_err(IntoResponse::into_response)?;
        let Path(id) = id.map_err(IntoResponse::into_response)?;
        Ok(Self { shared: Arc::clone(shared), actor, id, request: Request::from_parts(parts, body) })
    }
}

impl Change {
    /// What stands behind the `?`.
    pub(super) fn query(&self) -> Option<&str> {
        self.request.uri().query()
    }

    /// Reads the body, finds the conversation, and does with both what `deed` says. `rest` is what its path has behind the id.
    pub(super) async fn make(
        self,
        rest: &str,
        schema: Schema,
        deed: impl FnOnce(&mut Store, u32, &Map<String, Value>, Stamp) -> Result<(), ApiError>,
    ) -> Done {
        let Self { shared, actor, id, request } = self;
        let fields = body::json(request, schema).await?;
        let stamp = shared.stamp(actor);
        let mut store = shared.store();
        let number = find_conversation(&shared, &store, &id, rest)?;
        deed(&mut store, number, &fields, stamp)?;
        Ok(StatusCode::NO_CONTENT)
    }
}
