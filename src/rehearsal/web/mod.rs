//! The web inbox: what colleagues will see in Front, before Front has seen a byte.
//!
//! Server-rendered pages without script. Mail HTML is hostile: it is served from an address of its own under a
//! sandboxing policy, shown in a sandboxed frame, and never written into a page.

mod conversation;
mod files;
mod lists;
mod mail;
mod message;
mod origin;
mod search;
mod show;

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use url::form_urlencoded;

pub(super) use self::conversation::conversation;
pub(super) use self::lists::{inbox, inboxes};
pub(super) use self::message::{PICTURES, RESOURCE_POLICY, attachment, body, comment_file, picture, request};
pub(super) use self::origin::origin;
pub(super) use self::search::{Searches, search};
use super::door::SEC_FETCH_SITE;
use super::server::Shared;
use super::templates::{InboxLink, Layout, Pages, TroublePage};

/// Conversations, or messages, on one page.
const PAGE: usize = 50;

type App = State<Arc<Shared>>;

/// A page that could not be shown.
#[derive(Clone)]
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
    /// The bare answer, which [`dressed`] makes a page of.
    fn into_response(self) -> Response {
        let status = match self {
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, Extension(self)).into_response()
    }
}

/// An answer of these pages as people see it: where one cannot be shown, that is a page, too, from which others are reached.
pub(super) fn dressed(shared: &Shared, answer: Response) -> Response {
    let Some(trouble) = answer.extensions().get::<Trouble>() else { return answer };
    let (title, why) = match trouble {
        Trouble::Missing(what) => ("Nothing here", format!("There is no such {what}.")),
        Trouble::Broken(why) => ("This cannot be shown", show::straight(why)),
    };
    match page(shared, title, "", "", &TroublePage { title, why: &why }) {
        Ok(page) => (answer.status(), page).into_response(),
        Err(_) => answer,
    }
}

/// An address that nothing is at.
pub(super) async fn nowhere() -> Trouble {
    Trouble::Missing("page")
}

/// Does what reads from disk or counts for long where it holds up nobody.
async fn aside<T: Send + 'static>(
    shared: &Arc<Shared>,
    work: impl FnOnce(&Shared) -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let shared = Arc::clone(shared);
    let done = tokio::task::spawn_blocking(move || work(&shared)).await;
    done.unwrap_or_else(|error| Err(Trouble::Broken(error.to_string())))
}

/// A page with what stands around it. `here` is the path of the inbox that it belongs to.
fn page(
    shared: &Shared,
    title: &str,
    here: &str,
    query: &str,
    content: &impl Template,
) -> Result<Html<String>, Trouble> {
    let inboxes = links(shared);
    let conversations = inboxes.iter().map(|inbox| inbox.conversations).sum();
    let content = content.render()?;
    Ok(Html(Layout { title, query, inboxes: &inboxes, conversations, here, content: &content }.render()?))
}

fn links(shared: &Shared) -> Vec<InboxLink> {
    let store = shared.store();
    let link = |inbox: &super::store::Inbox| InboxLink {
        path: inbox_path(&inbox.id),
        name: inbox.name.clone(),
        conversations: inbox.conversations() as u64,
        messages: inbox.messages,
    };
    store.inboxes().map(link).collect()
}

pub(super) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../templates/style.css"))
}

pub(super) async fn icon() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml")], include_str!("../templates/icon.svg"))
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

/// What of a query a reader of these pages must have asked for: pages of others may lead here, and not with that.
fn asked_here(headers: &HeaderMap, query: Option<&str>, name: &str) -> Option<String> {
    let is_here = |site: &HeaderValue| site == "same-origin" || site == "none";
    asked(query, name).filter(|_| headers.get_all(SEC_FETCH_SITE).iter().all(is_here))
}

/// The page asked for, of so many entries; the last one where it lies beyond.
fn paged(query: Option<&str>, entries: usize) -> Pages {
    let last = entries.div_ceil(PAGE).max(1);
    let current = asked(query, "page").and_then(|page| page.parse().ok()).unwrap_or(1);
    Pages { current: current.clamp(1, last), last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_agrees_to_is_not_taken_from_another_page() {
        let asked = |site: Option<&'static str>| {
            let site = site.map(|site| (SEC_FETCH_SITE, HeaderValue::from_static(site)));
            asked_here(&site.into_iter().collect(), Some("remote=1"), "remote").is_some()
        };
        assert!(asked(None) && asked(Some("none")) && asked(Some("same-origin")));
        assert!(!asked(Some("cross-site")) && !asked(Some("same-site")));
    }

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
