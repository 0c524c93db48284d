//! A message as a document of its own, and its files.

use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::super::store::{Attachment, Stored, parse_id, render_id};
use super::conversation::find;
use super::{App, Trouble, aside, asked_here, files, mail, show};

/// Policy for mail itself: as a document of no origin, without script, with its own pictures and its own styles. Nothing is
/// fetched from elsewhere, so no sender learns that the mail was opened.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// The same after the reader has asked for pictures from elsewhere. They come over https alone: what answers to plain http
/// within a company's walls is not to be called by a mail.
const REMOTE_POLICY: &str = "sandbox; default-src 'none'; img-src 'self' data: https:; style-src 'unsafe-inline'; \
                             base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Text that no browser takes for anything else: pages forbid to guess.
const PLAIN: &str = "text/plain; charset=utf-8";

/// Where pictures within mail are served from, before the secret.
pub(in super::super) const PICTURES: &str = "/web/pictures/";

/// Lets documents of no origin, as mail is shown in, have a picture.
pub(in super::super) const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The body of a message as a document of its own: HTML under the mail policy, anything else as plain text.
pub(in super::super) async fn body(
    State(shared): App,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Trouble> {
    let (number, message) = find(&shared, &id).ok_or(Trouble::Missing("message"))?;
    let remote = asked_here(&headers, query.as_deref(), "remote").is_some();
    aside(&shared, move |shared| {
        let stored = kept(shared.log.read(message.place)?)?;
        let body = show::text(&stored, "body");
        if !show::is_html(&stored) {
            return Ok(([(CONTENT_TYPE, PLAIN)], body.to_owned()).into_response());
        }
        let own = format!("{PICTURES}{}/{}", shared.secret, render_id("msg", number));
        let pictures = mail::Pictures { own: &own, files: &stored.attachments, remote };
        let policy = if remote { REMOTE_POLICY } else { MAIL_POLICY };
        let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, policy)];
        Ok((headers, mail::document(body, &pictures)).into_response())
    })
    .await
}

/// The request as it was imported, as text.
pub(in super::super) async fn request(State(shared): App, Path(id): Path<String>) -> Result<Response, Trouble> {
    let (_, message) = find(&shared, &id).ok_or(Trouble::Missing("message"))?;
    aside(&shared, move |shared| {
        let stored: Stored = shared.log.read(message.place)?;
        let text = serde_json::to_string_pretty(&Value::Object(stored.request)).map_err(std::io::Error::other)?;
        Ok(([(CONTENT_TYPE, PLAIN)], text).into_response())
    })
    .await
}

fn kept(stored: Stored) -> Result<Stored, Trouble> {
    if stored.forgotten { Err(Trouble::Missing("text: it was not kept")) } else { Ok(stored) }
}

pub(in super::super) async fn attachment(
    State(shared): App,
    Path((id, place)): Path<(String, usize)>,
) -> Result<Response, Trouble> {
    let (number, _) = find(&shared, &id).ok_or(Trouble::Missing("message"))?;
    aside(&shared, move |shared| {
        let (attachment, bytes) = shared.attachment(number, place)?.ok_or(Trouble::Missing("file"))?;
        Ok(downloaded(&attachment, bytes))
    })
    .await
}

/// A file of a comment.
pub(in super::super) async fn comment_file(
    State(shared): App,
    Path((id, place)): Path<(String, usize)>,
) -> Result<Response, Trouble> {
    let number = parse_id("com", &id).ok_or(Trouble::Missing("comment"))?;
    aside(&shared, move |shared| {
        let found = shared.attachment_of_comment(number, place)?;
        let (attachment, bytes) = found.ok_or(Trouble::Missing("file"))?;
        Ok(downloaded(&attachment, bytes))
    })
    .await
}

fn downloaded(attachment: &Attachment, bytes: Vec<u8>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, files::safe_type(&attachment.content_type));
    headers.insert(CONTENT_DISPOSITION, files::as_download(&attachment.filename));
    (headers, bytes).into_response()
}

/// A picture within a mail. The mail's frame has no origin, so that the browser takes this for a request of strangers: the
/// secret in the address tells that it is not.
pub(in super::super) async fn picture(
    State(shared): App,
    Path((secret, id, place)): Path<(String, String, usize)>,
) -> Result<Response, Trouble> {
    let missing = || Trouble::Missing("picture");
    if secret != shared.secret {
        return Err(missing());
    }
    let (number, _) = find(&shared, &id).ok_or_else(missing)?;
    aside(&shared, move |shared| {
        let found = shared.attachment(number, place)?;
        let (attachment, bytes) =
            found.filter(|(file, _)| files::is_picture(&file.content_type)).ok_or(Trouble::Missing("picture"))?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, files::safe_type(&attachment.content_type));
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        Ok((headers, bytes).into_response())
    })
    .await
}
