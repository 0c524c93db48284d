//! The base URL of the API: encrypted, or on this machine.

use url::{Host, Url};

/// Where Front's Core API answers.
pub(super) const FRONT: &str = "https://api2.frontapp.com";

/// A base URL that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongBaseUrl {
    /// What is wrong with it.
    pub reason: String,
    /// What to write instead.
    pub help: String,
}

/// Checks a base URL from wherever it was given, and returns it without a slash at its end.
///
/// It must be `https`; plain `http` would show the token to the network and is only accepted to a loopback host
/// ([`is_loopback`]).
pub fn check_base_url(written: &str) -> Result<String, WrongBaseUrl> {
    let wrong = |reason: String, help: String| Err(WrongBaseUrl { reason, help });
    let example = format!("write a URL such as \"{FRONT}\"");
    let url = match Url::parse(written) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            return wrong("not a URL: it has no scheme".to_owned(), format!("write \"https://{written}\""));
        }
        Err(fault) => return wrong(format!("not a URL: {fault}"), example),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback_url(&url) => {}
        "http" => {
            let help = "use https; plain http is only for a server on this machine, such as \"http://127.0.0.1:8080\"";
            return wrong("plain http would show the token to the network".to_owned(), help.to_owned());
        }
        scheme => return wrong(format!("the scheme `{scheme}` is not https"), example),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong(
            "it holds a user name or password".to_owned(),
            "remove it; the token comes from FRONT_API_TOKEN or --token-file".to_owned(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("it has a query or a fragment".to_owned(), "end the URL before the `?` or `#`".to_owned());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Does this URL lead to this very machine: `localhost`, 127.0.0.0/8 or `::1`?
#[must_use]
pub fn is_loopback(base_url: &str) -> bool {
    Url::parse(base_url).is_ok_and(|url| is_loopback_url(&url))
}

fn is_loopback_url(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere_and_http_only_to_this_machine() {
        for (written, checked) in [
            ("https://api2.frontapp.com", "https://api2.frontapp.com"),
            ("https://proxy.acme.example/front/", "https://proxy.acme.example/front"),
            ("HTTP://LocalHost:8080/", "http://localhost:8080"),
            ("http://127.8.9.1:1", "http://127.8.9.1:1"),
            ("http://[::1]:9/", "http://[::1]:9"),
        ] {
            assert_eq!(check_base_url(written).as_deref(), Ok(checked));
        }
        for written in [
            "http://api2.frontapp.com",
            "http://localhost.acme.example",
            "http://127.0.0.1.acme.example",
            "http://localhost@acme.example",
            "http://10.0.0.1",
        ] {
            assert!(check_base_url(written).unwrap_err().help.contains("use https"), "{written}");
        }
    }

    #[test]
    fn what_is_no_base_url_is_refused_with_the_remedy() {
        for (written, remedy) in [
            ("api2.frontapp.com", "https://api2.frontapp.com"),
            ("ftp://acme.example", "https://api2.frontapp.com"),
            ("https://", "https://api2.frontapp.com"),
            ("https://me:secret@acme.example", "FRONT_API_TOKEN"),
            ("https://acme.example/?key=1", "before the `?`"),
        ] {
            assert!(check_base_url(written).unwrap_err().help.contains(remedy), "{written}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        assert!(is_loopback("http://localhost:1/x") && is_loopback("https://[::1]") && is_loopback("http://127.0.0.1"));
        assert!(!is_loopback("https://api2.frontapp.com") && !is_loopback("nonsense"));
    }
}
