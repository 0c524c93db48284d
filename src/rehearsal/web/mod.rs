//! The web inbox: what colleagues will see in Front, before Front has seen a byte.
//!
//! Server-rendered pages without script. Mail HTML is hostile: it is served from an address of its own under a
//! sandboxing policy, shown in a sandboxed frame, and never written into a page.

mod mail;
mod show;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap};
use axum::response::{Html, IntoResponse, Response};
use url::form_urlencoded;

use super::server::Shared;
use super::store::{parse_id, render_id};
use super::templates::{
    ConversationPage, ConversationRow, InboxPage, InboxRow, InboxesPage, Layout, Pages, SearchPage,
};

/// Conversations, or messages, on one page.
const PAGE: usize = 50;
/// Most hits of a search.
const HITS: usize = 100;
/// Conversations that a search looks at while it holds the store: imports go on in between.
const SEARCH_WINDOW: u32 = 2_000;

/// Policy for mail itself: as a document of no origin, without script, with pictures from this server and styles of its
/// own. Nothing is fetched from elsewhere, so no sender learns that the mail was opened.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

type App = State<Arc<Shared>>;

/// A page that could not be shown.
pub(super) enum Trouble {
    Missing(&'static str),
    Broken(String),
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<askama::Error> for Trouble {
    fn from(error: askama::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        match self {
            Self::Missing(what) => (StatusCode::NOT_FOUND, format!("There is no such {what}.\n")).into_response(),
            Self::Broken(why) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{why}\n")).into_response(),
        }
    }
}

fn page(title: &str, query: &str, content: &impl Template) -> Result<Html<String>, Trouble> {
    Ok(Html(Layout { title, query, content: &content.render()? }.render()?))
}

pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../templates/style.css"))
}

pub(super) async fn inboxes(State(shared): App) -> Result<Html<String>, Trouble> {
    let snapshot = shared.store().snapshot();
    let rows = snapshot.inboxes.iter().map(|inbox| InboxRow {
        path: inbox_path(&inbox.id),
        name: &inbox.name,
        conversations: inbox.conversations,
        messages: inbox.messages,
    });
    let content = InboxesPage {
        company: &shared.config.company.name,
        rows: rows.collect(),
        messages: snapshot.messages,
        conversations: snapshot.conversations,
        refused: shared.tally.counts().refused,
    };
    page("Inboxes", "", &content)
}

/// Inbox ids come from outside and are escaped as a path, not only as HTML.
fn inbox_path(id: &str) -> String {
    let id: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
    format!("/web/inboxes/{}", id.replace('+', "%20"))
}

/// One value of a query string.
fn asked(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The page asked for, of so many entries; the last one where it lies beyond.
fn paged(query: Option<&str>, entries: usize) -> Pages {
    let last = entries.div_ceil(PAGE).max(1);
    let current = asked(query, "page").and_then(|page| page.parse().ok()).unwrap_or(1);
    Pages { current: current.clamp(1, last), last }
}

pub(super) async fn inbox(
    State(shared): App,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, Trouble> {
    let store = shared.store();
    let inbox = store.inboxes().find(|inbox| inbox.id == id).ok_or(Trouble::Missing("inbox"))?;
    let pages = paged(query.as_deref(), inbox.conversations());
    let listed = inbox.newest_first().skip((pages.current - 1) * PAGE).take(PAGE);
    let rows: Vec<ConversationRow> = listed.filter_map(|(_, number)| show::row(&store, number)).collect();
    let content =
        InboxPage { path: inbox_path(&inbox.id), name: &inbox.name, count: inbox.conversations(), rows, pages };
    page(&inbox.name, "", &content)
}

pub(super) async fn conversation(
    State(shared): App,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, Trouble> {
    let missing = || Trouble::Missing("conversation");
    let number = parse_id("cnv", &id).ok_or_else(missing)?;
    let (row, (inbox_path, inbox), pages, listed) = {
        let store = shared.store();
        let it = store.conversation(number).ok_or_else(missing)?;
        let row = show::row(&store, number).ok_or_else(missing)?;
        let inbox = store.inbox(it.inbox).ok_or_else(missing)?;
        let pages = paged(query.as_deref(), it.messages.len());
        let places = it.messages.iter().skip((pages.current - 1) * PAGE).take(PAGE);
        let message = |(_, number): &(i64, u32)| {
            let message = *store.message(*number)?;
            Some((*number, message, store.teammate(message.author).map(|author| author.name.clone())))
        };
        (row, (inbox_path(&inbox.id), inbox.name.clone()), pages, places.filter_map(message).collect::<Vec<_>>())
    };
    let mut messages = Vec::new();
    for (number, message, author) in listed {
        messages.push(show::message(number, &shared.log.read(message.place)?, author));
    }
    let content = ConversationPage {
        path: format!("/web/conversations/{id}"),
        row: &row,
        inbox_path,
        inbox: &inbox,
        messages,
        pages,
    };
    page(&row.subject, "", &content)
}

pub(super) async fn search(State(shared): App, RawQuery(query): RawQuery) -> Result<Html<String>, Trouble> {
    let query = asked(query.as_deref(), "q").unwrap_or_default();
    let needle = query.trim().to_lowercase();
    let mut rows = Vec::new();
    let mut next = (!needle.is_empty()).then_some(u32::MAX);
    while let Some(before) = next.filter(|_| rows.len() <= HITS) {
        {
            let store = shared.store();
            let (found, rest) = store.search(&needle, before, SEARCH_WINDOW);
            let room = (HITS + 1).saturating_sub(rows.len());
            rows.extend(found.iter().take(room).filter_map(|number| show::row(&store, *number)));
            next = rest;
        }
        tokio::task::yield_now().await;
    }
    let more = rows.len() > HITS;
    rows.truncate(HITS);
    let content = SearchPage { query: query.trim(), rows, more, hits: HITS, people: super::store::PEOPLE };
    page("Search", &query, &content)
}

/// The number of a message. The pages show what was accepted at once; only the API makes clients wait for it.
fn find_message(shared: &Shared, id: &str) -> Option<u32> {
    parse_id("msg", id).filter(|number| shared.store().message(*number).is_some())
}

/// The body of a message as a document of its own: HTML under the mail policy, anything else as plain text.
pub(super) async fn body(State(shared): App, Path(id): Path<String>) -> Result<Response, Trouble> {
    let number = find_message(&shared, &id).ok_or(Trouble::Missing("message"))?;
    let message = shared.store().message(number).copied().ok_or(Trouble::Missing("message"))?;
    let stored = shared.log.read(message.place)?;
    let body = show::text(&stored, "body");
    let (kind, body) = if show::is_html(&stored) {
        ("text/html; charset=utf-8", mail::with_pictures(body, &render_id("msg", number), &stored.attachments))
    } else {
        ("text/plain; charset=utf-8", body.to_owned())
    };
    Ok(([(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, MAIL_POLICY)], body).into_response())
}

pub(super) async fn attachment(
    State(shared): App,
    Path((id, place)): Path<(String, usize)>,
) -> Result<Response, Trouble> {
    let number = find_message(&shared, &id).ok_or(Trouble::Missing("message"))?;
    let (attachment, bytes) = shared.attachment(number, place)?.ok_or(Trouble::Missing("attachment"))?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, mail::safe_type(&attachment.content_type));
    headers.insert(CONTENT_DISPOSITION, mail::as_download(&attachment.filename));
    Ok((headers, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_beyond_the_list_is_its_last_and_nonsense_its_first() {
        let page = |query, entries| paged(Some(query), entries).current;
        assert_eq!(page("page=2", 51), 2);
        assert_eq!(page("page=9", 51), 2);
        assert_eq!(page("page=9", 0), 1);
        assert_eq!(page("page=0", 51), 1);
        assert_eq!(page("page=-1", 51), 1);
        assert_eq!(page("page=99999999999999999999999", 51), 1);
    }
}
