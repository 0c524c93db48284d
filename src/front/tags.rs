//! Tags: making those that an import needs.

use bytes::Bytes;
use http::Method;

use super::client::{Client, NoReply};
use super::reason;
use super::settings::FrontError;
use super::verdict::{Class, class};
use crate::request::encode::Encoded;

impl Client {
    /// Makes a tag for the whole company, in one attempt. After an error the tag may be there all the same: list the
    /// tags before another.
    pub async fn create_tag(&self, name: &str) -> Result<(), FrontError> {
        let url = self.target().url(&["company", "tags"]);
        let body = serde_json::json!({ "name": name }).to_string();
        let body = Encoded {
            content_type: "application/json".to_owned(),
            size: body.len() as u64,
            chunks: vec![Bytes::from(body)],
        };
        let path = url.path().to_owned();
        let unavailable = |last| Err(FrontError::Unavailable { path: path.clone(), attempts: 1, last });
        let reply = match self.attempt(Method::POST, &url, Some(&body), None).await {
            Ok(reply) => reply,
            Err(NoReply::NotSent(why) | NoReply::Lost(why)) => return unavailable(why),
            Err(NoReply::Cancelled) => return unavailable("cancelled".to_owned()),
            Err(NoReply::Spent) => return Err(FrontError::Spent),
        };
        let (status, text) = (reply.status, reason::reason(&reply.body));
        match class(status) {
            Class::Success => Ok(()),
            Class::Unauthorized => Err(FrontError::Unauthorized { status, path, text }),
            Class::Throttled | Class::Failed => unavailable(text),
            Class::NotFound | Class::Other => Err(FrontError::Unexpected { status, path, text }),
        }
    }
}
