//! Query strings and pages: `limit` up to 100, `page_token` opaque, `_pagination.next` a full address or null.

use std::fmt::Write;

use url::form_urlencoded;

use super::super::errors::ApiError;

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;
/// Most events on one page. Front's reference says 15 of the list of all events and 100 of that of one conversation; a client
/// that counts on more than 15 is told of it here.
const MAX_EVENTS: usize = 15;

/// What a list was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) limit: usize,
    /// Where the page before ended.
    pub(super) after: Option<(i64, u32)>,
    /// `None` where `sort_order` was not given.
    pub(super) ascending: Option<bool>,
    /// Wanted states of conversations, or types of links; empty means all.
    pub(super) wanted: Vec<String>,
    /// What is asked for by those.
    key: &'static str,
}

/// What a list can be asked for beside `limit` and `page_token`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extra {
    /// `sort_order`, and `sort_by` with this only value.
    Sort(&'static str),
    /// `q[statuses][]`
    Statuses,
    /// The two, sorted by date.
    SortedStatuses,
    /// `q[types][]` of links, and their order by id.
    Types,
    /// No more than 15 come on one page, however many were asked for.
    Events,
    Nothing,
}

impl Extra {
    fn sorts_by(self) -> Option<&'static str> {
        match self {
            Self::Sort(field) => Some(field),
            Self::SortedStatuses => Some("date"),
            Self::Types => Some("id"),
            Self::Statuses | Self::Events | Self::Nothing => None,
        }
    }

    fn key(self) -> &'static str {
        if self == Self::Types { "q[types][]" } else { "q[statuses][]" }
    }
}

impl Asked {
    /// Reads a query string; what is not documented for the list is refused, not passed over.
    pub(super) fn parse(query: Option<&str>, extra: Extra) -> Result<Self, ApiError> {
        let mut asked =
            Self { limit: DEFAULT_LIMIT, after: None, ascending: None, wanted: Vec::new(), key: extra.key() };
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let understood = match (key.as_ref(), extra) {
                ("limit", _) => value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).map(|limit| {
                    asked.limit = limit;
                }),
                ("page_token", _) => read_token(&value).map(|after| asked.after = Some(after)),
                ("sort_by", extra) => extra.sorts_by().filter(|field| value == *field).map(|_| ()),
                ("sort_order", extra) if extra.sorts_by().is_some() => {
                    ["asc", "desc"].contains(&value.as_ref()).then(|| {
                        asked.ascending = Some(value == "asc");
                    })
                }
                ("q[statuses][]", Extra::Statuses | Extra::SortedStatuses) => {
                    ["assigned", "unassigned", "archived", "trashed"].contains(&value.as_ref()).then(|| {
                        asked.wanted.push(value.into_owned());
                    })
                }
                ("q[types][]", Extra::Types) => {
                    asked.wanted.push(value.into_owned());
                    Some(())
                }
                _ => None,
            };
            if understood.is_none() {
                return Err(ApiError::bad_request(&format!(
                    "Query parameter {key} is unknown or has an invalid value"
                )));
            }
        }
        if extra == Extra::Events {
            asked.limit = asked.limit.min(MAX_EVENTS);
        }
        Ok(asked)
    }

    /// Whether something of this type, or a conversation of this state, is asked for.
    pub(super) fn wants(&self, kind: &str) -> bool {
        // What is asked for as trashed is shown as deleted.
        let kind = if kind == "deleted" { "trashed" } else { kind };
        self.wanted.is_empty() || self.wanted.iter().any(|wanted| wanted == kind)
    }

    /// The address of the page after the one that ends at `last`.
    pub(super) fn next(&self, address: &str, last: (i64, u32)) -> String {
        let mut next = format!("{address}?limit={}&page_token={}", self.limit, write_token(last));
        if let Some(ascending) = self.ascending {
            next.push_str(if ascending { "&sort_order=asc" } else { "&sort_order=desc" });
        }
        for wanted in &self.wanted {
            let wanted: String = form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
            // Writing to a String cannot fail.
            let _ = write!(next, "&{}={wanted}", self.key);
        }
        next
    }
}

fn write_token((time, number): (i64, u32)) -> String {
    format!("{time:016x}{number:08x}")
}

fn read_token(token: &str) -> Option<(i64, u32)> {
    let (time, number) = token.split_at_checked(16)?;
    let read = (u64::from_str_radix(time, 16).ok()?.cast_signed(), u32::from_str_radix(number, 16).ok()?);
    (write_token(read) == token).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_back_and_nothing_else_is() {
        for place in [(0, 0), (1_453_770_984, 17), (i64::MAX, u32::MAX)] {
            assert_eq!(read_token(&write_token(place)), Some(place));
        }
        for foreign in ["", "x", "00000000000000000000000g", "0000000000000000000000000", "é000000000000000000000000"]
        {
            assert_eq!(read_token(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn limits_go_from_1_to_100() {
        let limit = |query| Asked::parse(Some(query), Extra::Statuses).map(|asked| asked.limit).ok();
        assert_eq!(limit("limit=1"), Some(1));
        assert_eq!(limit("limit=100"), Some(100));
        assert_eq!(limit(""), Some(50));
        for refused in ["limit=0", "limit=101", "limit=x", "limit=", "page_token=1", "colour=red", "sort_order=asc"] {
            assert_eq!(limit(refused), None, "{refused}");
        }
    }

    #[test]
    fn the_next_page_is_asked_for_as_this_one_was() {
        let asked = Asked::parse(Some("limit=7&sort_order=asc&sort_by=created_at"), Extra::Sort("created_at")).unwrap();
        let next = asked.next("http://x/y", (3, 4));
        let again = Asked::parse(next.split_once('?').map(|(_, query)| query), Extra::Sort("created_at")).unwrap();
        assert_eq!(again, Asked { after: Some((3, 4)), ..asked });
    }
}
