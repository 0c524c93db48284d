//! Who works in Front: teams and teammates.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::super::errors::ApiError;
use super::{Answer, App, render, render_desk};

pub(super) async fn teams(State(shared): App) -> Json<Value> {
    let base = shared.base_url();
    let teams: Vec<Value> = shared.store().teams().iter().map(|team| render_desk::team_preview(&base, team)).collect();
    Json(render::list(&format!("{base}/teams"), &teams))
}

pub(super) async fn team(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let unknown = || ApiError::unknown("team", &id);
    let number = store.team_number(&id).ok_or_else(unknown)?;
    let team = store.teams().get(number as usize).ok_or_else(unknown)?;
    Ok(Json(render_desk::team(&shared.base_url(), &store, number, team)))
}

pub(super) async fn teammates(State(shared): App) -> Json<Value> {
    let base = shared.base_url();
    let teammates: Vec<Value> = shared.store().teammates().iter().map(|it| render::teammate(&base, it)).collect();
    Json(render::list(&format!("{base}/teammates"), &teammates))
}

pub(super) async fn teammate(State(shared): App, Path(id): Path<String>) -> Answer {
    let store = shared.store();
    let found = store.teammate_number(&id).and_then(|number| store.teammate(Some(number)));
    let found = found.ok_or_else(|| ApiError::unknown("teammate", &id))?;
    Ok(Json(render::teammate(&shared.base_url(), found)))
}
