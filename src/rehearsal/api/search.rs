//! `GET /conversations/search/{query}`: words and a few filters, all of which must hold.
//!
//! Of Front's filters `inbox:`, `before:`, `after:` (Unix seconds, of a conversation's last message), `from:` and `to:` are
//! understood. Others are refused and not passed over: a search that finds more than it was asked for misleads.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};

use super::super::errors::ApiError;
use super::super::server::Shared;
use super::super::store::{Conversation, Role, Store};
use super::page::{Asked, Extra};
use super::{next_page, render};

/// What is searched for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    inboxes: Vec<String>,
    before: Option<i64>,
    after: Option<i64>,
    people: Vec<(Role, String)>,
    /// In lower case.
    words: Vec<String>,
}

pub(in super::super) async fn search(
    State(shared): State<Arc<Shared>>,
    Path(query): Path<String>,
    RawQuery(paging): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let wanted = Wanted::parse(&query).map_err(|wrong| ApiError::bad_request(&wrong))?;
    let asked = Asked::parse(paging.as_deref(), Extra::Nothing)?;
    let base = shared.base_url();
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let address = format!("{base}/conversations/search/{}", query.replace('+', "%20"));
    let store = shared.store();
    let found = wanted.find(&store)?;
    let rest = match asked.after {
        Some(last) => found.partition_point(|place| *place >= last),
        None => 0,
    };
    let listed: Vec<(i64, u32)> = found.iter().skip(rest).take(asked.limit + 1).copied().collect();
    let next = next_page(&asked, &address, listed.get(..asked.limit + 1), |place| *place);
    let shown = listed
        .iter()
        .take(asked.limit)
        .filter_map(|(_, number)| Some(render::conversation(&base, &store, *number, store.conversation(*number)?)));
    let mut answer = render::page(&address, &shown.collect::<Vec<Value>>(), next.as_deref());
    answer["_total"] = json!(found.len());
    Ok(Json(answer))
}

impl Wanted {
    fn parse(query: &str) -> Result<Self, String> {
        let mut wanted = Self::default();
        for term in terms(query) {
            let Some((key, value)) = term.split_once(':').filter(|(key, _)| !key.contains(char::is_whitespace)) else {
                wanted.words.push(term.to_lowercase());
                continue;
            };
            let time = || value.parse().map_err(|_| format!("{key}: takes a Unix time in seconds, not {value:?}"));
            match key {
                "inbox" => wanted.inboxes.push(value.to_owned()),
                "before" => wanted.before = Some(time()?),
                "after" => wanted.after = Some(time()?),
                "from" => wanted.people.push((Role::Sender, value.to_owned())),
                "to" => wanted.people.push((Role::Recipient, value.to_owned())),
                _ => return Err(format!("the search filter {key}: is not understood here")),
            }
        }
        Ok(wanted)
    }

    /// The conversations that satisfy all, latest activity first.
    fn find(&self, store: &Store) -> Result<Vec<(i64, u32)>, ApiError> {
        if let Some(unknown) = self.inboxes.iter().find(|id| store.inbox_number(id).is_none()) {
            return Err(ApiError::unknown("inbox", unknown));
        }
        let is_meant = |id: &String| self.inboxes.is_empty() || self.inboxes.contains(id);
        let mut found: Vec<(i64, u32)> = Vec::new();
        for inbox in store.inboxes().filter(|inbox| is_meant(&inbox.id)) {
            let latest = (self.before.unwrap_or(i64::MAX), 0);
            let since = |(time, _): &(i64, u32)| self.after.is_none_or(|after| *time > after);
            let holds = |(_, number): &(i64, u32)| store.conversation(*number).is_some_and(|it| self.holds(it));
            found.extend(inbox.after(latest).take_while(since).filter(holds));
        }
        found.sort_unstable_by(|one, other| other.cmp(one));
        Ok(found)
    }

    fn holds(&self, it: &Conversation) -> bool {
        self.people.iter().all(|(role, handle)| it.has(handle, *role))
            && self.words.iter().all(|word| it.mentions(|text| text.to_lowercase().contains(word)))
    }
}

/// The terms of a query: pieces between spaces; quotes hold spaces together and are dropped.
fn terms(query: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut is_quoted = false;
    for sign in query.chars() {
        match (sign, terms.last_mut()) {
            ('"', _) => is_quoted = !is_quoted,
            (sign, _) if sign.is_whitespace() && !is_quoted => terms.push(String::new()),
            (sign, Some(term)) => term.push(sign),
            (_, None) => {}
        }
    }
    terms.retain(|term| !term.is_empty());
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_filters_and_words() {
        let wanted = Wanted::parse("inbox:inb_1 before:20  after:10 from:a@b to:c@d Hello \"Good Day\"").unwrap();
        let expected = Wanted {
            inboxes: vec!["inb_1".to_owned()],
            before: Some(20),
            after: Some(10),
            people: vec![(Role::Sender, "a@b".to_owned()), (Role::Recipient, "c@d".to_owned())],
            words: vec!["hello".to_owned(), "good day".to_owned()],
        };
        assert_eq!(wanted, expected);
        assert!(Wanted::parse("is:archived").is_err() && Wanted::parse("before:yesterday").is_err());
    }
}
