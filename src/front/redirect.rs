//! Conversations that were merged: where a redirect leads, and into which conversation.

use http::Method;
use reqwest::Url;

/// What Front calls the things whose ids stand in paths.
const CONVERSATIONS: &str = "conversations";

/// Where to go after a redirect. A question follows wherever it leads. What writes something goes only where the same thing is
/// to be done to another conversation: what else a redirect may mean for it is not documented, and one that leads to a result
/// would have it done twice.
pub(super) fn follow(method: &Method, status: u16, asked: &Url, location: &Url) -> Option<Url> {
    let (before, after) = (Parts::of(asked), Parts::of(location));
    if *method == Method::GET {
        return Some(match (before, after) {
            (Some(before), Some(after)) if after.rest.is_empty() && !before.rest.is_empty() => {
                the_same_of(&after, &before, asked, location)
            }
            _ => location.clone(),
        });
    }
    let (before, after) = (before?, after?);
    (matches!(status, 301 | 307 | 308) && before.id != after.id).then(|| the_same_of(&after, &before, asked, location))
}

/// Front documents that it redirects to the merged conversation, and not whether what was wanted of it stands behind that.
fn the_same_of(after: &Parts<'_>, before: &Parts<'_>, asked: &Url, location: &Url) -> Url {
    let mut to = location.clone();
    to.set_path(&format!("{}{}", after.to_id, before.rest));
    to.set_query(asked.query());
    to
}

/// The conversation at which a call ended, if it is not the one that was asked for.
pub(super) fn merged_into(asked: &Url, ended: &Url) -> Option<String> {
    let (before, after) = (Parts::of(asked)?, Parts::of(ended)?);
    (before.id != after.id).then(|| after.id.to_owned())
}

/// The kind of thing that a path is about, in the singular, as Front's errors name it.
pub(super) fn subject(url: &Url) -> &str {
    let segments = || url.path_segments().into_iter().flatten();
    // An id tells the place of its kind, whatever a gateway puts before it.
    let kind = segments().zip(segments().skip(1)).find(|(_, id)| id.contains('_') || id.starts_with("alt:"));
    match kind.map_or("", |(kind, _)| kind) {
        "inboxes" => "inbox",
        kind => kind.trim_end_matches('s'),
    }
}

struct Parts<'u> {
    id: &'u str,
    /// The path up to and with the id.
    to_id: &'u str,
    /// What comes behind it, with its slash.
    rest: &'u str,
}

impl<'u> Parts<'u> {
    fn of(url: &'u Url) -> Option<Self> {
        let path = url.path();
        let at = path.find(&format!("/{CONVERSATIONS}/"))? + CONVERSATIONS.len() + 2;
        let id = path.get(at..)?.split('/').next().filter(|id| id.starts_with("cnv_"))?;
        let (to_id, rest) = path.split_at_checked(at + id.len())?;
        Some(Self { id, to_id, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Url {
        Url::parse(&format!("https://acme.api.frontapp.com{path}")).unwrap()
    }

    #[track_caller]
    fn leads(method: &Method, asked: &str, location: &str) -> Option<String> {
        let next = follow(method, 301, &url(asked), &url(location))?;
        Some(next.as_str().strip_prefix("https://acme.api.frontapp.com").unwrap().to_owned())
    }

    #[test]
    fn what_was_wanted_of_a_conversation_is_wanted_of_the_one_it_became() {
        let (old, new) = ("/conversations/cnv_1", "/conversations/cnv_2");
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            assert_eq!(leads(&method, old, new).as_deref(), Some(new));
        }
        for method in [Method::GET, Method::POST] {
            for location in [new, "/conversations/cnv_2/comments"] {
                let led = leads(&method, "/conversations/cnv_1/comments", location);
                assert_eq!(led.as_deref(), Some("/conversations/cnv_2/comments"), "{method} {location}");
            }
        }
        let page = leads(&Method::GET, "/conversations/cnv_1/events?limit=15&page_token=x", new);
        assert_eq!(page.as_deref(), Some("/conversations/cnv_2/events?limit=15&page_token=x"));
        let elsewhere =
            leads(&Method::GET, "/conversations/cnv_1/events?limit=15", "/conversations/cnv_2/events?limit=9");
        assert_eq!(elsewhere.as_deref(), Some("/conversations/cnv_2/events?limit=9"));
    }

    #[test]
    fn only_questions_follow_where_else_a_redirect_leads() {
        assert_eq!(leads(&Method::GET, "/me", "/moved").as_deref(), Some("/moved"));
        for (asked, location) in [
            ("/tags", "/moved"),
            ("/conversations/cnv_1", "/login"),
            ("/conversations/search/x", "/conversations/cnv_2"),
        ] {
            assert_eq!(leads(&Method::POST, asked, location), None, "{asked} {location}");
        }
        let (tags, other) = ("/conversations/cnv_1/tags", "/conversations/cnv_2/tags");
        assert_eq!(leads(&Method::POST, tags, "/conversations/cnv_1"), None, "where the result is");
        for (status, goes) in [(301, true), (302, false), (303, false), (307, true), (308, true)] {
            assert_eq!(follow(&Method::POST, status, &url(tags), &url(other)).is_some(), goes, "{status}");
        }
    }

    #[test]
    fn the_new_conversation_is_told() {
        let told = |asked, ended| merged_into(&url(asked), &url(ended));
        assert_eq!(told("/conversations/cnv_1", "/conversations/cnv_1"), None);
        assert_eq!(told("/front/conversations/cnv_1/tags", "/conversations/cnv_2/tags").as_deref(), Some("cnv_2"));
        assert_eq!(told("/me", "/conversations/cnv_2"), None);
    }

    #[test]
    fn a_path_tells_what_it_is_about() {
        let about = |path| subject(&url(path)).to_owned();
        assert_eq!(about("/conversations/cnv_1/tags"), "conversation");
        assert_eq!(about("/front/contacts/alt:email:a%40b.example"), "contact");
        assert_eq!(about("/inboxes/inb_1/channels"), "inbox");
        assert_eq!(about("/company/tags"), "");
    }
}
