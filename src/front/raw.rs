//! Calls that somebody types, and lists as Front gave them.

use http::Method;
use reqwest::Url;
use serde_json::Value;
use thiserror::Error;

use super::body::raw_json_body;
use super::call::{Attempts, Outcome, Repeat, json};
use super::cancellation::Cancellation;
use super::client::{Client, Reply};
use super::pages::{Page, Pages, in_large_pages};
use super::settings::FrontError;

/// A place of Front's API to which the token may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Why something typed is no place of Front's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadPath {
    /// It cannot be made a URL of.
    #[error("is neither a path nor a URL")]
    Senseless,
    /// It leads to where the token is never sent.
    #[error("leads away from Front's API, and the token with it")]
    Elsewhere,
    /// It has a part that is never sent.
    #[error("has a `#`, and what is behind it would not be sent; write `%23` if it belongs to a name")]
    Fragment,
}

impl Client {
    /// The place behind a path below the base URL, with or without a slash in front and with a query if there is one. Links
    /// from Front's answers are taken, too. `query` is added.
    ///
    /// # Errors
    /// If the token may not be sent there.
    pub fn endpoint(&self, path: &str, query: &[(String, String)]) -> Result<Endpoint, BadPath> {
        // With a slash at its end.
        let base = self.target().url(&[""]);
        let is_link = path.contains("://") && !path.starts_with('/');
        let written = if is_link { path.to_owned() } else { format!("{base}{}", path.trim_start_matches('/')) };
        let mut url = Url::parse(&written).map_err(|_| BadPath::Senseless)?;
        if url.fragment().is_some() {
            return Err(BadPath::Fragment);
        }
        // Steps upwards could leave what a gateway puts before Front's paths.
        let is_below = is_link || url.path().starts_with(base.path());
        if !is_below || !self.target().trusts(&url) {
            return Err(BadPath::Elsewhere);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(Endpoint(url))
    }

    /// What is there, as Front gave it. Asked again when it fails.
    ///
    /// # Errors
    /// As every lookup.
    pub async fn get_raw(&self, endpoint: &Endpoint) -> Result<Outcome<Vec<u8>>, FrontError> {
        Ok(self.carry_out(&Attempts::question(None), &endpoint.0, whole).await?.outcome)
    }

    /// Sends JSON there once, unless Front has certainly not taken it, and gives the answer as it is.
    ///
    /// # Errors
    /// If Front cannot be reached, or refuses the token.
    pub async fn send_raw(
        &self,
        method: Method,
        endpoint: &Endpoint,
        json: Option<Vec<u8>>,
        cancellation: &Cancellation,
    ) -> Result<Outcome<Vec<u8>>, FrontError> {
        let body = json.map(raw_json_body);
        let call =
            Attempts { method, body: body.as_ref(), repeat: Repeat::UnlessLost, cancellation: Some(cancellation) };
        Ok(self.carry_out(&call, &endpoint.0, whole).await?.outcome)
    }

    /// The list that begins there, page by page.
    #[must_use]
    pub fn raw_pages(&self, endpoint: &Endpoint) -> RawPages {
        RawPages { client: self.clone(), pages: Some(Pages::new(endpoint.0.clone())) }
    }

    /// A list with all that Front says of each thing; `None` if there is no such list.
    ///
    /// # Errors
    /// As every lookup.
    pub async fn raw_list(&self, path: &[&str], paging: Paging) -> Result<Option<Vec<Value>>, FrontError> {
        let url = self.target().url(path);
        let first = match paging {
            Paging::Documented => in_large_pages(url),
            Paging::Undocumented => url,
        };
        self.list_if_there(&first).await
    }
}

/// Whether Front documents that a list comes in pages, of which the largest are asked for then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// It does.
    Documented,
    /// It does not; pages are followed if there are any.
    Undocumented,
}

/// A list, page by page.
pub struct RawPages {
    client: Client,
    /// None once the last was given.
    pages: Option<Pages>,
}

impl RawPages {
    /// The next page; `None` after the last. A page that is not there, or that Front refuses, is the last.
    ///
    /// # Errors
    /// As every lookup; also if the answer is no list.
    pub async fn next(&mut self) -> Result<Option<Outcome<Vec<Value>>>, FrontError> {
        let Some(mut pages) = self.pages.take() else { return Ok(None) };
        let question = Attempts::question(None);
        let page = match self.client.carry_out(&question, pages.at(), json::<Page<Value>>).await?.outcome {
            Outcome::Done(page) => page,
            other => return Ok(Some(other.map(|_| Vec::new()))),
        };
        if pages.go_on(&self.client, page.next().as_deref())? {
            self.pages = Some(pages);
        }
        Ok(Some(Outcome::Done(page.results)))
    }
}

fn whole(reply: &Reply) -> Result<Vec<u8>, String> {
    match &reply.cut_off {
        Some(why) => Err(format!("the answer was cut off: {why}")),
        None => Ok(reply.body.clone()),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::super::Settings;
    use super::super::fake::{Does, Fake, quick, says};
    use super::*;

    #[track_caller]
    fn place(base: &str, path: &str) -> Result<String, BadPath> {
        let client = Client::new(Settings::new(base, SecretString::from("token"))).unwrap();
        client.endpoint(path, &[]).map(|endpoint| endpoint.0.to_string())
    }

    #[tokio::test]
    async fn what_is_typed_never_leads_the_token_away() {
        let front = "https://api2.frontapp.com";
        for (path, url) in [
            ("me", "https://api2.frontapp.com/me"),
            ("/tags?limit=5", "https://api2.frontapp.com/tags?limit=5"),
            ("//evil.example/me", "https://api2.frontapp.com/evil.example/me"),
            ("\\evil.example", "https://api2.frontapp.com//evil.example"),
            ("@evil.example", "https://api2.frontapp.com/@evil.example"),
            (":443@evil.example/", "https://api2.frontapp.com/:443@evil.example/"),
            ("contacts/alt:email:a@b.example", "https://api2.frontapp.com/contacts/alt:email:a@b.example"),
            ("/x?u=https://evil.example", "https://api2.frontapp.com/x?u=https://evil.example"),
            ("https://acme.api.frontapp.com/tags", "https://acme.api.frontapp.com/tags"),
            ("../../me", "https://api2.frontapp.com/me"),
        ] {
            assert_eq!(place(front, path).as_deref(), Ok(url), "{path}");
        }
        for path in ["https://evil.example/me", "http://acme.api.frontapp.com/me", "https://a:b@api2.frontapp.com/me"] {
            assert_eq!(place(front, path), Err(BadPath::Elsewhere), "{path}");
        }
        assert_eq!(place(front, "x://"), Err(BadPath::Elsewhere));
        assert_eq!(place(front, "://"), Err(BadPath::Senseless));
        assert_eq!(place(front, "tags#1"), Err(BadPath::Fragment));
        let gateway = "https://gateway.example/front/";
        assert_eq!(place(gateway, "/me").as_deref(), Ok("https://gateway.example/front/me"));
        for path in ["../other/me", "../frontal/me", "..", "%2e%2e/me"] {
            assert_eq!(place(gateway, path), Err(BadPath::Elsewhere), "{path}");
        }
        assert_eq!(place("http://127.0.0.1:1", "https://acme.api.frontapp.com/me"), Err(BadPath::Elsewhere));
    }

    #[tokio::test]
    async fn questions_are_repeated_and_what_is_sent_is_not() {
        let body = br#"{"a" : 1.50}"#;
        let fine = || says(200, "", std::str::from_utf8(body).unwrap());
        let fake = Fake::script(vec![says(500, "", ""), Does::Resets, fine()]).await;
        let client = fake.client(quick()).await;
        let endpoint = client.endpoint("x", &[("q[statuses][]".into(), "a b".into())]).unwrap();
        assert_eq!(client.get_raw(&endpoint).await.unwrap(), Outcome::Done(body.to_vec()));
        assert_eq!(fake.seen()[2].line(), "GET /x?q%5Bstatuses%5D%5B%5D=a+b HTTP/1.1");

        let fake = Fake::script(vec![says(429, "retry-after: 0.01\r\n", ""), says(500, "", ""), fine()]).await;
        let client = fake.client(quick()).await;
        let endpoint = client.endpoint("x", &[]).unwrap();
        let sent = client.send_raw(Method::PUT, &endpoint, Some(b"{}".to_vec()), &Cancellation::new()).await.unwrap();
        assert!(matches!(sent, Outcome::Lost { .. }), "{sent:?}");
        assert_eq!((fake.seen().len(), fake.seen()[1].body.as_slice()), (2, b"{}".as_slice()));
    }

    #[tokio::test]
    async fn pages_come_one_by_one_and_only_from_front() {
        let page = |next: &str, id: u8| {
            says(200, "", &format!(r#"{{"_pagination":{{"next":{next}}},"_results":[{{"id":{id}}}]}}"#))
        };
        let fake = Fake::script(vec![page(r#""/x?page_token=b""#, 1), page("null", 2)]).await;
        let client = fake.client(quick()).await;
        let mut pages = client.raw_pages(&client.endpoint("x", &[]).unwrap());
        for id in [1, 2] {
            let page = pages.next().await.unwrap();
            assert_eq!(page, Some(Outcome::Done(vec![serde_json::json!({ "id": id })])));
        }
        assert_eq!((pages.next().await.unwrap(), fake.seen().len()), (None, 2));
        for wrong in [page(r#""http://127.0.0.1:1/x""#, 1), says(200, "", r#"{"id":"cmp_1"}"#)] {
            let fake = Fake::script(vec![wrong]).await;
            let client = fake.client(quick()).await;
            let error = client.raw_pages(&client.endpoint("x", &[]).unwrap()).next().await.expect_err("no list");
            assert!(matches!(error, FrontError::Unreadable { .. }), "{error}");
        }
    }
}
