//! Lists, page by page.

use std::collections::HashSet;

use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::call::{Attempts, CallResult, Called, Ended, Outcome, json, unreadable};
use super::cancellation::Cancellation;
use super::client::Client;
use super::settings::FrontError;

/// The most items per page that Front allows.
const PAGE_LIMIT: &str = "100";

/// Some of a list.
#[derive(Deserialize)]
pub(super) struct Page<T> {
    #[serde(rename = "_results")]
    pub(super) results: Vec<T>,
    #[serde(rename = "_pagination")]
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Pagination {
    next: Option<String>,
}

impl<T> Page<T> {
    /// The link to the page after this one. A page may hold fewer than were asked for though others follow.
    pub(super) fn next(&self) -> Option<String> {
        self.pagination.as_ref()?.next.clone()
    }
}

/// The pages of one list as they are walked through.
pub(super) struct Pages {
    at: Url,
    seen: HashSet<Url>,
}

impl Pages {
    pub(super) fn new(first: Url) -> Self {
        Self { at: first, seen: HashSet::new() }
    }

    /// The page to ask for.
    pub(super) fn at(&self) -> &Url {
        &self.at
    }

    /// Goes on to the page that this one links to; false at the end.
    ///
    /// # Errors
    /// If the link may not be followed.
    pub(super) fn go_on(&mut self, client: &Client, next: Option<&str>) -> Result<bool, FrontError> {
        let Some(next) = next else { return Ok(false) };
        let next = client.next_page(&self.at, next)?;
        if !self.seen.insert(next.clone()) {
            return Err(unreadable(&self.at, "its pages go round in a circle"));
        }
        self.at = next;
        Ok(true)
    }
}

/// The URL with as many items per page as Front allows.
pub(super) fn in_large_pages(mut url: Url) -> Url {
    url.query_pairs_mut().append_pair("limit", PAGE_LIMIT);
    url
}

impl Client {
    /// A link to a next page, if it may be followed.
    pub(super) fn next_page(&self, page: &Url, next: &str) -> Result<Url, FrontError> {
        let next = page.join(next).map_err(|_| unreadable(page, "its link to the next page is not a URL"))?;
        if self.target().trusts(&next) {
            Ok(next)
        } else {
            Err(unreadable(page, "its link to the next page leads away from Front"))
        }
    }

    pub(super) async fn one<T: DeserializeOwned + Send>(&self, url: &Url) -> Result<T, FrontError> {
        self.fetch(url).await?.ok_or_else(|| not_found(url))
    }

    /// All pages. Lists that Front does not page today may be paged one day.
    pub(super) async fn list<T: DeserializeOwned + Send>(&self, first: Url) -> Result<Vec<T>, FrontError> {
        self.list_if_there(&first).await?.ok_or_else(|| not_found(&first))
    }

    /// All pages, or `None` if there is no such list.
    pub(super) async fn list_if_there<T: DeserializeOwned + Send>(
        &self,
        first: &Url,
    ) -> Result<Option<Vec<T>>, FrontError> {
        let mut items = Vec::new();
        let mut pages = Pages::new(first.clone());
        loop {
            let Some(page) = self.fetch::<Page<T>>(pages.at()).await? else { return Ok(None) };
            let next = page.next();
            items.extend(page.results);
            if !pages.go_on(self, next.as_deref())? {
                return Ok(Some(items));
            }
        }
    }

    /// The content behind the URL, or `None` for 404. Tries again as often as is worth it, and follows redirects within
    /// Front.
    pub(super) async fn fetch<T: DeserializeOwned + Send>(&self, url: &Url) -> Result<Option<T>, FrontError> {
        let Ended { outcome, at } = self.carry_out(&Attempts::question(None), url, json).await?;
        let path = at.path().to_owned();
        match outcome {
            Outcome::Done(found) => Ok(Some(found)),
            Outcome::Absent { .. } => Ok(None),
            Outcome::Refused { status, cause } => Err(FrontError::Unexpected { status, path, text: cause }),
            // A question is repeated until it is answered or given up, and nobody can cancel this one.
            Outcome::Failed { .. } | Outcome::Lost { .. } | Outcome::Cancelled => {
                Err(FrontError::Unavailable { path, attempts: 1, last: "no answer".to_owned() })
            }
        }
    }

    /// The first thing on pages of what belongs to something that may be gone that is `wanted`. Holds a page at a time.
    pub(super) async fn find<T: DeserializeOwned + Send>(
        &self,
        first: Url,
        cancellation: &Cancellation,
        wanted: impl Fn(&T) -> bool,
    ) -> CallResult<Option<T>> {
        let mut found = None;
        let all = self.each_page(first, cancellation, |page: Vec<T>| {
            found = page.into_iter().find(&wanted);
            found.is_none()
        });
        Ok(all.await?.map(|()| found))
    }

    /// All pages of what belongs to a conversation or to something else that may be gone, up to the first page that is
    /// `enough`.
    pub(super) async fn walk<T: DeserializeOwned + Send>(
        &self,
        first: Url,
        cancellation: &Cancellation,
        enough: impl Fn(&[T]) -> bool,
    ) -> CallResult<Vec<T>> {
        let mut items = Vec::new();
        let all = self.each_page(first, cancellation, |page: Vec<T>| {
            let goes_on = !enough(&page);
            items.extend(page);
            goes_on
        });
        Ok(all.await?.map(|()| items))
    }

    /// Hands over page after page, as long as `take` says that further ones are wanted.
    async fn each_page<T: DeserializeOwned + Send>(
        &self,
        first: Url,
        cancellation: &Cancellation,
        mut take: impl FnMut(Vec<T>) -> bool,
    ) -> CallResult<()> {
        let mut pages = Pages::new(first);
        let mut merged_into = None;
        loop {
            let called = self.ask::<Page<T>>(pages.at(), cancellation).await?;
            merged_into = called.merged_into.or(merged_into);
            let page = match called.outcome {
                Outcome::Done(page) => page,
                other => return Ok(Called { outcome: other.map(drop), merged_into }),
            };
            let next = page.next();
            if !take(page.results) || !pages.go_on(self, next.as_deref())? {
                return Ok(Called { outcome: Outcome::Done(()), merged_into });
            }
        }
    }
}

fn not_found(url: &Url) -> FrontError {
    FrontError::Unexpected { status: 404, path: url.path().to_owned(), text: "not found".to_owned() }
}
