//! What is asked of Front beside imports: who we are talking to, its inboxes, teammates and tags, and whether a message
//! exists by now.

use std::collections::HashSet;

use http::Method;
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::client::{Client, NoReply, Reply};
use super::reason;
use super::settings::FrontError;
use super::verdict::{Class, class, throttle_wait};

/// Merged conversations redirect once; more hops than this are a loop.
const MOST_REDIRECTS: u32 = 5;

/// The most items per page that Front allows.
const PAGE_LIMIT: &str = "100";

/// The company that a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Company {
    /// `cmp_…`
    pub id: String,
    /// As shown in Front.
    #[serde(default)]
    pub name: String,
}

/// An inbox that the token can see.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Inbox {
    /// `inb_…`
    pub id: String,
    /// As shown in Front.
    #[serde(default)]
    pub name: String,
}

/// A teammate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Teammate {
    /// `tea_…`
    pub id: String,
    /// Address they log in with.
    #[serde(default)]
    pub email: String,
}

/// A tag that the token can see; one name may occur in several workspaces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tag {
    /// `tag_…`
    pub id: String,
    /// As shown in Front, and as imports name it.
    #[serde(default)]
    pub name: String,
}

/// A message that exists in Front.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// `msg_…`
    pub id: String,
    /// `cnv_…`, if Front named it.
    pub conversation_id: Option<String>,
    /// Direction.
    pub is_inbound: Option<bool>,
    /// Unix seconds, with decimals.
    pub created_at: Option<f64>,
    /// How many files it has, inline ones included.
    pub attachments: Option<usize>,
}

#[derive(Deserialize)]
struct Page<T> {
    #[serde(rename = "_results")]
    results: Vec<T>,
    #[serde(rename = "_pagination")]
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Pagination {
    next: Option<String>,
}

#[derive(Deserialize)]
struct WireMessage {
    id: String,
    is_inbound: Option<bool>,
    created_at: Option<f64>,
    attachments: Option<Vec<serde::de::IgnoredAny>>,
    #[serde(rename = "_links")]
    links: Option<Links>,
}

#[derive(Deserialize)]
struct Links {
    related: Option<Related>,
}

#[derive(Deserialize)]
struct Related {
    conversation: Option<String>,
}

impl Client {
    /// The company that the token belongs to.
    pub async fn me(&self) -> Result<Company, FrontError> {
        self.one(&self.target().url(&["me"])).await
    }

    /// All inboxes that the token can see.
    pub async fn inboxes(&self) -> Result<Vec<Inbox>, FrontError> {
        self.list(self.target().url(&["inboxes"])).await
    }

    /// All teammates of the company.
    pub async fn teammates(&self) -> Result<Vec<Teammate>, FrontError> {
        self.list(self.target().url(&["teammates"])).await
    }

    /// All tags that the token can see.
    pub async fn tags(&self) -> Result<Vec<Tag>, FrontError> {
        let mut url = self.target().url(&["tags"]);
        url.query_pairs_mut().append_pair("limit", PAGE_LIMIT);
        self.list(url).await
    }

    /// The message that an import's uid promised, or `None` while it does not exist.
    pub async fn message_by_uid(&self, uid: &str) -> Result<Option<Message>, FrontError> {
        let url = self.target().url(&["messages", &format!("alt:uid:{uid}")]);
        let Some(body) = self.fetch(&url).await? else { return Ok(None) };
        let wire: WireMessage = read(&url, &body)?;
        let conversation = wire.links.and_then(|links| links.related).and_then(|related| related.conversation);
        Ok(Some(Message {
            id: wire.id,
            conversation_id: conversation.and_then(|link| last_segment(&link)),
            is_inbound: wire.is_inbound,
            created_at: wire.created_at,
            attachments: wire.attachments.map(|files| files.len()),
        }))
    }

    async fn one<T: DeserializeOwned>(&self, url: &Url) -> Result<T, FrontError> {
        match self.fetch(url).await? {
            Some(body) => read(url, &body),
            None => Err(not_found(url)),
        }
    }

    /// All pages. Lists that Front does not page today may be paged one day.
    async fn list<T: DeserializeOwned>(&self, first: Url) -> Result<Vec<T>, FrontError> {
        let mut items = Vec::new();
        let mut seen = HashSet::new();
        let mut url = first;
        loop {
            let page: Page<T> = self.one(&url).await?;
            items.extend(page.results);
            let Some(next) = page.pagination.and_then(|pagination| pagination.next) else { return Ok(items) };
            let next = url.join(&next).map_err(|_| unreadable(&url, "its link to the next page is not a URL"))?;
            if !self.target().trusts(&next) {
                return Err(unreadable(&url, "its link to the next page leads away from Front"));
            }
            if !seen.insert(next.clone()) {
                return Err(unreadable(&url, "its pages go round in a circle"));
            }
            url = next;
        }
    }

    /// The content behind the URL, or `None` for 404. Tries again as often as is worth it, and follows redirects within
    /// Front.
    async fn fetch(&self, url: &Url) -> Result<Option<Vec<u8>>, FrontError> {
        let mut at = url.clone();
        let mut redirects = 0;
        // Being throttled says nothing against a request, so it does not count as a failure; time alone ends it.
        let (mut attempts, mut throttled) = (0_u32, 0_u32);
        let mut backoff = self.backoff();
        let started = Instant::now();
        loop {
            attempts = attempts.saturating_add(1);
            let last = match self.attempt(Method::GET, &at, None, None).await {
                Err(NoReply::NotSent(why) | NoReply::Lost(why)) => why,
                // Nobody can: no cancellation was handed over.
                Err(NoReply::Cancelled) => "cancelled".to_owned(),
                Err(NoReply::Spent) => return Err(FrontError::Spent),
                Ok(reply) => match self.judge(reply, &at)? {
                    Step::Found(body) => return Ok(Some(body)),
                    Step::Absent => return Ok(None),
                    Step::Moved(next) if redirects < MOST_REDIRECTS => {
                        redirects += 1;
                        at = next;
                        continue;
                    }
                    Step::Moved(_) => return Err(unreadable(url, "it redirects without end")),
                    Step::Throttled(why) => {
                        throttled = throttled.saturating_add(1);
                        why
                    }
                    Step::Failed(why) => why,
                },
            };
            let failures = attempts.saturating_sub(throttled);
            if failures >= self.timing().failures || started.elapsed() >= self.timing().outage {
                return Err(FrontError::Unavailable { path: url.path().to_owned(), attempts, last });
            }
            self.rest(backoff.pause(), &last, None).await;
        }
    }

    fn judge(&self, reply: Reply, at: &Url) -> Result<Step, FrontError> {
        let status = reply.status;
        let path = || at.path().to_owned();
        let text = || reason::reason(&reply.body);
        match class(status) {
            Class::Success => Ok(match reply.cut_off {
                None => Step::Found(reply.body),
                Some(why) => Step::Failed(format!("the answer was cut off: {why}")),
            }),
            Class::NotFound => Ok(Step::Absent),
            Class::Unauthorized => Err(FrontError::Unauthorized { status, path: path(), text: text() }),
            Class::Throttled => {
                if let Some(wait) = throttle_wait(&reply.headers, &reply.body, Reply::now()) {
                    self.cool_down(wait, status);
                }
                Ok(Step::Throttled(format!("{status}: {}", text())))
            }
            Class::Failed => Ok(Step::Failed(format!("{status}: {}", text()))),
            Class::Other => match reply.location(at).filter(|_| (300..=399).contains(&status)) {
                Some(next) if self.target().trusts(&next) => Ok(Step::Moved(next)),
                Some(_) => Err(unreadable(at, "it redirects away from Front")),
                None => Err(FrontError::Unexpected { status, path: path(), text: text() }),
            },
        }
    }
}

/// What one answer to a lookup leads to.
enum Step {
    Found(Vec<u8>),
    Absent,
    Moved(Url),
    Throttled(String),
    Failed(String),
}

fn read<T: DeserializeOwned>(url: &Url, body: &[u8]) -> Result<T, FrontError> {
    serde_json::from_slice(body).map_err(|error| unreadable(url, &error.to_string()))
}

fn unreadable(url: &Url, why: &str) -> FrontError {
    FrontError::Unreadable { path: url.path().to_owned(), why: why.to_owned() }
}

fn not_found(url: &Url) -> FrontError {
    FrontError::Unexpected { status: 404, path: url.path().to_owned(), text: "not found".to_owned() }
}

fn last_segment(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    url.path_segments()?.rfind(|segment| !segment.is_empty()).map(str::to_owned)
}
