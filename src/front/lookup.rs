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
use super::verdict::{Class, class, throttle};

/// Merged conversations redirect once; more hops than this are a loop.
const MOST_REDIRECTS: u32 = 5;

/// Answers to one question that cannot be read, until nobody asks any more.
const MOST_SENSELESS: u32 = 3;

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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Message {
    /// `msg_…`
    pub id: String,
    /// What the import's answer promised it under.
    pub uid: Option<String>,
    /// `cnv_…`, if Front named it.
    pub conversation_id: Option<String>,
    /// As Front shows it; empty where there is none.
    pub subject: Option<String>,
    /// Direction.
    pub is_inbound: Option<bool>,
    /// Unix seconds, with decimals.
    pub created_at: Option<f64>,
    /// Its files, inline ones included, if Front listed them.
    pub files: Option<Files>,
}

/// The files of a message that exists in Front.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Files {
    /// How many.
    pub count: u64,
    /// Bytes of all of them; absent if Front leaves out the size of one.
    pub bytes: Option<u64>,
}

/// Some of a conversation's messages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MessagePage {
    /// Newest first.
    pub messages: Vec<Message>,
    /// Link to the page after this one; a page may hold fewer than were asked for though others follow.
    pub next: Option<String>,
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
    message_uid: Option<String>,
    subject: Option<String>,
    is_inbound: Option<bool>,
    created_at: Option<f64>,
    attachments: Option<Vec<WireFile>>,
    #[serde(rename = "_links")]
    links: Option<Links>,
}

#[derive(Deserialize)]
struct WireFile {
    size: Option<u64>,
}

impl From<WireMessage> for Message {
    fn from(wire: WireMessage) -> Self {
        let conversation = wire.links.and_then(|links| links.related).and_then(|related| related.conversation);
        let files = wire.attachments.map(|files| Files {
            count: files.len() as u64,
            bytes: files.iter().map(|file| file.size).try_fold(0, |sum: u64, size| sum.checked_add(size?)),
        });
        Self {
            id: wire.id,
            uid: wire.message_uid,
            conversation_id: conversation.and_then(|link| last_segment(&link)),
            subject: wire.subject,
            is_inbound: wire.is_inbound,
            created_at: wire.created_at,
            files,
        }
    }
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
        self.message(&format!("alt:uid:{uid}")).await
    }

    /// The message with this id (`msg_…`), or `None` if it does not exist.
    pub async fn message(&self, id: &str) -> Result<Option<Message>, FrontError> {
        let url = self.target().url(&["messages", id]);
        Ok(self.fetch::<WireMessage>(&url).await?.map(Message::from))
    }

    /// Messages of a conversation, newest first: the first page of at most `limit` (1 to 100), or the one that a page
    /// before linked to. `None` if there is no such conversation.
    pub async fn conversation_messages(
        &self,
        conversation_id: &str,
        limit: u32,
        next: Option<&str>,
    ) -> Result<Option<MessagePage>, FrontError> {
        let mut url = self.target().url(&["conversations", conversation_id, "messages"]);
        match next {
            None => drop(url.query_pairs_mut().append_pair("limit", &limit.to_string())),
            Some(next) => url = self.next_page(&url, next)?,
        }
        let Some(page) = self.fetch::<Page<WireMessage>>(&url).await? else { return Ok(None) };
        Ok(Some(MessagePage {
            messages: page.results.into_iter().map(Message::from).collect(),
            next: page.pagination.and_then(|pagination| pagination.next),
        }))
    }

    /// A link to a next page, if it may be followed.
    fn next_page(&self, page: &Url, next: &str) -> Result<Url, FrontError> {
        let next = page.join(next).map_err(|_| unreadable(page, "its link to the next page is not a URL"))?;
        if self.target().trusts(&next) {
            Ok(next)
        } else {
            Err(unreadable(page, "its link to the next page leads away from Front"))
        }
    }

    pub(super) async fn one<T: DeserializeOwned>(&self, url: &Url) -> Result<T, FrontError> {
        self.fetch(url).await?.ok_or_else(|| not_found(url))
    }

    /// All pages. Lists that Front does not page today may be paged one day.
    pub(super) async fn list<T: DeserializeOwned>(&self, first: Url) -> Result<Vec<T>, FrontError> {
        let mut items = Vec::new();
        let mut seen = HashSet::new();
        let mut url = first;
        loop {
            let page: Page<T> = self.one(&url).await?;
            items.extend(page.results);
            let Some(next) = page.pagination.and_then(|pagination| pagination.next) else { return Ok(items) };
            let next = self.next_page(&url, &next)?;
            if !seen.insert(next.clone()) {
                return Err(unreadable(&url, "its pages go round in a circle"));
            }
            url = next;
        }
    }

    /// The content behind the URL, or `None` for 404. Tries again as often as is worth it, and follows redirects within
    /// Front.
    async fn fetch<T: DeserializeOwned>(&self, url: &Url) -> Result<Option<T>, FrontError> {
        let mut at = url.clone();
        let (mut redirects, mut senseless) = (0, 0);
        // Being throttled says nothing against a request, so it does not count as a failure; time alone ends it.
        let (mut attempts, mut throttled) = (0_u32, 0_u32);
        let mut backoff = self.backoff();
        let started = Instant::now();
        loop {
            attempts = attempts.saturating_add(1);
            // Where a 429 says how long to wait, the gate holds us back for that long and no longer.
            let mut is_held = false;
            let last = match self.attempt(Method::GET, &at, None, None).await {
                Err(NoReply::NotSent(why) | NoReply::Lost(why)) => why,
                // Nobody can: no cancellation was handed over.
                Err(NoReply::Cancelled) => "cancelled".to_owned(),
                Err(NoReply::Spent) => return Err(FrontError::Spent),
                Ok(reply) => match self.judge(reply, &at)? {
                    Step::Found(body) => match read(url, &body) {
                        Ok(found) => return Ok(Some(found)),
                        // A proxy's page, or nothing at all: a thing of a moment, unless this is not Front's API.
                        Err(error) => {
                            senseless += 1;
                            if senseless >= MOST_SENSELESS {
                                return Err(error);
                            }
                            error.to_string()
                        }
                    },
                    Step::Absent => return Ok(None),
                    Step::Moved(next) if redirects < MOST_REDIRECTS => {
                        redirects += 1;
                        at = next;
                        continue;
                    }
                    Step::Moved(_) => return Err(unreadable(url, "it redirects without end")),
                    Step::Throttled { why, wait_is_known } => {
                        throttled = throttled.saturating_add(1);
                        is_held = wait_is_known;
                        why
                    }
                    Step::Failed(why) => why,
                },
            };
            let failures = attempts.saturating_sub(throttled);
            if failures >= self.timing().failures || started.elapsed() >= self.timing().outage {
                return Err(FrontError::Unavailable { path: url.path().to_owned(), attempts, last });
            }
            if !is_held {
                self.rest(backoff.pause(), &last, None).await;
            }
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
                let wait_is_known = throttle(&reply.headers, &reply.body, Reply::now()).wait.is_some();
                Ok(Step::Throttled { why: format!("{status}: {}", text()), wait_is_known })
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
    Throttled { why: String, wait_is_known: bool },
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

pub(super) fn last_segment(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    url.path_segments()?.rfind(|segment| !segment.is_empty()).map(str::to_owned)
}
