//! Who is let in: requests that mean this server, from pages of ours, with the token.

use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Uri};

use super::actor::Actor;
use super::server::Shared;
use super::web::PICTURES;

/// What a browser says of the page that asks (W3C Fetch Metadata).
pub(super) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Whether the request means this server. Pages of other sites can point names of theirs at 127.0.0.1 (DNS rebinding),
/// but cannot make a browser send our name in Host.
pub(super) fn is_ours(uri: &Uri, headers: &HeaderMap, port: u16) -> bool {
    let is_own_name = |authority: &str| {
        authority.rsplit_once(':').is_some_and(|(name, given)| {
            ["127.0.0.1", "localhost", "[::1]"].iter().any(|own| own.eq_ignore_ascii_case(name))
                && given.parse() == Ok(port)
        })
    };
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    host.is_some_and(is_own_name)
        && hosts.next().is_none()
        && uri.authority().is_none_or(|authority| is_own_name(authority.as_str()))
}

/// Whether the page that asks is one of ours, as far as the browser says. Others may lead here, and neither read what is here nor
/// learn from how long an answer takes. Pictures within mail are asked for by documents of no origin (`Origin: null`); their
/// address has a secret in it.
pub(super) fn is_asked_by_us(headers: &HeaderMap, path: &str, port: u16) -> bool {
    let has = |name: HeaderName, value: &str| headers.get(name).is_some_and(|given| given == value);
    let is_picture = path.starts_with(PICTURES);
    let is_own_origin = |origin: &HeaderValue| {
        ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| origin == format!("http://{name}:{port}").as_str())
            || is_picture && origin == "null"
    };
    let leads_here = || has(SEC_FETCH_MODE, "navigate") && has(SEC_FETCH_DEST, "document");
    let is_ours = headers
        .get(SEC_FETCH_SITE)
        .is_none_or(|site| site == "same-origin" || site == "none" || leads_here() || is_picture);
    is_ours && headers.get_all(ORIGIN).iter().all(is_own_origin)
}

/// Whom a request is from: the client with the token, or a colleague, whose id stands behind it after a colon.
pub(super) fn actor(shared: &Shared, headers: &HeaderMap) -> Option<Actor> {
    let colleague = whose(headers, &shared.config.token)?;
    match colleague {
        "" => Some(Actor::Api),
        id => shared.store().teammate_number(id).map(Actor::Teammate),
    }
}

/// What stands behind the token, if it is the right one.
fn whose<'a>(headers: &'a HeaderMap, token: &str) -> Option<&'a str> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?.strip_prefix(token)?;
    if given.is_empty() { Some(given) } else { given.strip_prefix(':').filter(|id| id.starts_with("tea_")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HOST, HeaderValue::from_static(value))])
    }

    #[test]
    fn only_loopback_names_with_the_own_port_are_ours() {
        let uri = Uri::from_static("/me");
        for own in ["127.0.0.1:81", "localhost:81", "LOCALHOST:81", "[::1]:81"] {
            assert!(is_ours(&uri, &host(own), 81), "{own}");
        }
        for foreign in ["127.0.0.1", "127.0.0.1:82", "evil.example:81", "localhost.evil.example:81", "", ":81"] {
            assert!(!is_ours(&uri, &host(foreign), 81), "{foreign}");
        }
        assert!(!is_ours(&uri, &HeaderMap::new(), 81), "a request without Host");
        assert!(
            !is_ours(&Uri::from_static("http://evil.example:81/me"), &host("localhost:81"), 81),
            "an absolute target"
        );
    }

    #[test]
    fn other_pages_may_lead_here_and_no_more() {
        let asked = |pairs: &[(&'static str, &'static str)], path| {
            let pair = |(name, value): &(&'static str, &'static str)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            is_asked_by_us(&pairs.iter().map(pair).collect(), path, 81)
        };
        let (page, picture) = ("/web/search", "/web/pictures/x/msg_1/0");
        assert!(asked(&[], page) && asked(&[("sec-fetch-site", "none")], page));
        assert!(asked(&[("sec-fetch-site", "same-origin"), ("origin", "http://localhost:81")], page));
        for site in ["cross-site", "same-site"] {
            let led = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
            let framed = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
            let fetched = [("sec-fetch-site", site), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")];
            assert!(asked(&led, page) && !asked(&framed, page) && !asked(&fetched, page), "{site}");
            assert!(asked(&fetched, picture), "{site}");
        }
        for origin in ["http://evil.example", "http://localhost:82", "https://localhost:81", "http://localhost", ""] {
            assert!(!asked(&[("origin", origin)], page) && !asked(&[("origin", origin)], picture), "{origin}");
        }
        assert!(!asked(&[("origin", "null")], page) && asked(&[("origin", "null")], picture));
    }

    #[test]
    fn the_token_must_match_to_the_last_character() {
        let with = |value| HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
        assert_eq!(whose(&with("Bearer abc"), "abc"), Some(""));
        assert_eq!(whose(&with("Bearer abc:tea_1"), "abc"), Some("tea_1"));
        for wrong in
            ["Bearer ab", "Bearer abcd", "bearer abc", "Basic abc", "abc", "Bearer  abc", "Bearer abc:", "Bearer abc:x"]
        {
            assert_eq!(whose(&with(wrong), "abc"), None, "{wrong}");
        }
    }
}
