//! The first page, and the conversations of one inbox.

use axum::extract::{Path, RawQuery, State};
use axum::response::Html;

use super::super::server::Shared;
use super::super::templates::{ConversationRow, InboxPage, InboxesPage, counted};
use super::{App, PAGE, Trouble, inbox_path, links, page, paged, show};

/// Conversations on the first page.
const NEWEST: usize = 12;

pub(in super::super) async fn inboxes(State(shared): App) -> Result<Html<String>, Trouble> {
    let (snapshot, rows) = {
        let store = shared.store();
        let newest = store.newest(None, NEWEST);
        (store.snapshot(), newest.into_iter().filter_map(|(_, number)| show::row(&store, number)).collect())
    };
    let content = InboxesPage {
        company: &shared.config.company.name,
        inboxes: &links(&shared),
        messages: snapshot.messages,
        conversations: snapshot.conversations,
        refused: shared.tally.counts().refused,
        rows,
        kept: kept(&shared),
    };
    page(&shared, "Inboxes", "/", "", &content)
}

/// What lies on the disk, and what does not.
fn kept(shared: &Shared) -> String {
    let keep = &shared.keep;
    let used = show::size(keep.used());
    let limit = match keep.limit() {
        u64::MAX => String::new(),
        limit => format!(" of at most {}", show::size(limit)),
    };
    let forgotten = match keep.forgotten() {
        0 => String::new(),
        some => {
            format!(" The texts and files of {} were counted and compared, but not kept.", counted(&some, "message"))
        }
    };
    format!("Texts and files take {used}{limit} on this machine's disk, until the rehearsal ends.{forgotten}")
}

pub(in super::super) async fn inbox(
    State(shared): App,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, Trouble> {
    let (name, count, rows, pages) = {
        let store = shared.store();
        let inbox = store.inboxes().find(|inbox| inbox.id == id).ok_or(Trouble::Missing("inbox"))?;
        let count = inbox.conversations();
        let pages = paged(query.as_deref(), count);
        let listed = inbox.newest_first().skip((pages.current - 1) * PAGE).take(PAGE);
        let rows: Vec<ConversationRow> = listed.filter_map(|(_, number)| show::row(&store, number)).collect();
        (inbox.name.clone(), count, rows, pages)
    };
    let path = inbox_path(&id);
    page(&shared, &name, &path, "", &InboxPage { path: &path, name: &name, count, rows, pages })
}
