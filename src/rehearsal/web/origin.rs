//! Where a message comes from.

use axum::extract::{Path, State};
use axum::response::Html;

use super::super::origins::Known;
use super::super::store::{Stored, render_id};
use super::super::templates::OriginPage;
use super::conversation::find;
use super::{App, Trouble, aside, inbox_path, page, show};

pub(in super::super) async fn origin(State(shared): App, Path(id): Path<String>) -> Result<Html<String>, Trouble> {
    let missing = || Trouble::Missing("message");
    let (_, message) = find(&shared, &id).ok_or_else(missing)?;
    aside(&shared, move |shared| {
        let Stored { external_id, .. } = shared.log.read(message.place)?;
        let mut known = match &shared.config.origins {
            Some(origins) => origins.of(&external_id).map_err(Trouble::Broken)?,
            None => Known::default(),
        };
        for (_, value) in known.accounts.iter_mut().flat_map(|account| &mut account.lines) {
            *value = show::straight(value);
        }
        let (subject, here) = {
            let store = shared.store();
            let row = show::row(&store, message.conversation).ok_or(Trouble::Missing("message"))?;
            let inbox = store.conversation(message.conversation).and_then(|it| store.inbox(it.inbox));
            (row.subject, inbox.map(|inbox| inbox_path(&inbox.id)).unwrap_or_default())
        };
        let content = OriginPage {
            conversation: &render_id("cnv", message.conversation),
            message: &id,
            subject: &subject,
            external_id: &external_id,
            known: &known,
        };
        page(shared, &format!("Origin of {subject}"), &here, "", &content)
    })
    .await
}
