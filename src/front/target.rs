//! Where requests may go. The token follows a link only to hosts that this module trusts.

use reqwest::Url;

use super::settings::FrontError;
use crate::mapping::is_loopback;

/// The configured base URL, checked.
#[derive(Debug, Clone)]
pub(super) struct Target {
    base: Url,
    loopback: bool,
}

impl Target {
    /// Checks the base URL. Its text is not quoted in errors: somebody may have put a password into it.
    pub(super) fn new(base_url: &str) -> Result<Self, FrontError> {
        let refuse = |why: &str| Err(FrontError::Setting(format!("the base URL {why}")));
        let Ok(base) = Url::parse(base_url) else {
            return refuse("is not a URL; the usual one is https://api2.frontapp.com");
        };
        if !base.username().is_empty() || base.password().is_some() {
            return refuse("holds a user name or password; Front wants a token alone");
        }
        if base.query().is_some() || base.fragment().is_some() {
            return refuse("ends in a query or fragment; give scheme and host alone");
        }
        let loopback = is_loopback(base.as_str());
        match base.scheme() {
            "https" => Ok(Self { base, loopback }),
            "http" if loopback => Ok(Self { base, loopback }),
            "http" => refuse("is plain http, which would send token and mail unencrypted; use https"),
            _ => refuse("is neither https nor http"),
        }
    }

    /// Whether the target is this very machine.
    pub(super) fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// The base URL with these path segments added, percent-encoded.
    pub(super) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // http and https URLs always have a path to add to.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The base URL with these path segments added, and behind them an alias such as `alt:email:a@b.example`, in which
    /// everything that some server may take for something else is percent-encoded: a `+` is a space to some.
    pub(super) fn url_of_alias(&self, segments: &[&str], alias: &str) -> Url {
        let mut url = self.url(segments);
        let encoded: String = alias.bytes().map(percent_encoded).collect();
        url.set_path(&format!("{}/{encoded}", url.path()));
        url
    }

    /// Whether the token may be sent there: to the base itself, or to Front's own hosts over https (links in Front's
    /// answers name `{company}.api.frontapp.com`). A rehearsal on this machine is never led out to the real Front.
    pub(super) fn trusts(&self, url: &Url) -> bool {
        if !url.username().is_empty() || url.password().is_some() {
            return false;
        }
        if url.origin() == self.base.origin() {
            return true;
        }
        !self.loopback
            && url.scheme() == "https"
            && url.port_or_known_default() == Some(443)
            && url.domain().is_some_and(|host| host.ends_with(".frontapp.com"))
    }
}

fn percent_encoded(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_only_to_this_machine() {
        for good in
            ["http://localhost:80", "http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:3", "https://x.example"]
        {
            assert!(Target::new(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api2.frontapp.com",
            "http://localhost.evil.example",
            "http://10.0.0.1",
            "http://128.0.0.1",
            "ftp://localhost",
            "file:///etc",
            "api2.frontapp.com",
            "",
            "https://me:secret@api2.frontapp.com",
            "https://api2.frontapp.com/?x=1",
        ] {
            let error = Target::new(bad).expect_err(bad).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_token_follows_links_only_to_front() {
        let trusts = |base: &str, url: &str| Target::new(base).unwrap().trusts(&Url::parse(url).unwrap());
        let front = "https://api2.frontapp.com";
        assert!(trusts(front, "https://api2.frontapp.com/tags?page=2"));
        assert!(trusts(front, "https://acme.api.frontapp.com/tags"));
        assert!(!trusts(front, "http://acme.api.frontapp.com/tags"));
        assert!(!trusts(front, "http://acme.api.frontapp.com:443/tags"));
        assert!(!trusts(front, "https://acme.api.frontapp.com:8443/tags"));
        assert!(!trusts(front, "https://evilfrontapp.com/tags"));
        assert!(!trusts(front, "https://api2.frontapp.com.evil.example/"));
        assert!(!trusts(front, "https://u:p@acme.api.frontapp.com/"));
        assert!(!trusts(front, "http://127.0.0.1/"));
        let rehearsal = "http://127.0.0.1:4000";
        assert!(trusts(rehearsal, "http://127.0.0.1:4000/tags"));
        assert!(!trusts(rehearsal, "http://127.0.0.1:4001/tags"));
        assert!(!trusts(rehearsal, "https://acme.api.frontapp.com/tags"));
    }

    #[test]
    fn ids_cannot_leave_their_place_in_the_path() {
        let target = Target::new("https://api2.frontapp.com/").unwrap();
        assert_eq!(target.url(&["messages", "alt:uid:a"]).as_str(), "https://api2.frontapp.com/messages/alt:uid:a");
        assert_eq!(target.url(&["messages", "a/b?c#d"]).as_str(), "https://api2.frontapp.com/messages/a%2Fb%3Fc%23d");
        let prefixed = Target::new("https://gateway.example/front").unwrap();
        assert_eq!(prefixed.url(&["me"]).as_str(), "https://gateway.example/front/me");
    }

    #[test]
    fn handles_cannot_be_taken_for_anything_else() {
        let target = Target::new("https://gateway.example/front").unwrap();
        for (alias, path) in [
            ("alt:email:a+b@c.example", "alt:email:a%2Bb%40c.example"),
            ("alt:phone:+4930 1", "alt:phone:%2B4930%201"),
            ("alt:custom:../x?y#z%2F\\", "alt:custom:..%2Fx%3Fy%23z%252F%5C"),
            ("alt:custom:日", "alt:custom:%E6%97%A5"),
        ] {
            let url = target.url_of_alias(&["contacts"], alias);
            assert_eq!(url.as_str(), format!("https://gateway.example/front/contacts/{path}"));
        }
    }
}
