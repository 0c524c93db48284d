//! Mail and its files on their way into a browser.

use std::fmt::Write;

use axum::http::HeaderValue;

use super::super::store::Attachment;

/// Picture types that a browser shows without running anything in them; SVG is not among them.
const SAFE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// The type to serve a file as: everything but plain pictures is bytes.
pub(super) fn safe_type(given: &str) -> HeaderValue {
    let bare = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let safe = SAFE_TYPES.into_iter().find(|safe| *safe == bare);
    HeaderValue::from_static(safe.unwrap_or("application/octet-stream"))
}

/// Content-Disposition that downloads the file under its name (RFC 6266, with RFC 8187 for the name).
pub(super) fn as_download(filename: &str) -> HeaderValue {
    let plain: String =
        filename.chars().map(|c| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' }).collect();
    let mut value = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''");
    for byte in filename.bytes() {
        if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) {
            value.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(value, "%{byte:02X}");
        }
    }
    HeaderValue::from_str(&value).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

/// The HTML with `cid:` pictures shown where they can be found by name. For display alone: an import carries no cid,
/// and what Front makes of them is not documented. Mail programs name such files after their cid
/// (`image001.png@01D0…` is `image001.png`); others stay as they are.
pub(super) fn with_pictures(html: &str, message: &str, attachments: &[Attachment]) -> String {
    let mut shown = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("cid:") {
        let (before, after) = rest.split_at(at);
        shown.push_str(before);
        let after = after.strip_prefix("cid:").unwrap_or(after);
        let end = after.find(['"', '\'', ' ', '>', ')']).unwrap_or(after.len());
        let (cid, tail) = after.split_at(end);
        let is_source = before.ends_with(['"', '\'', '=', '(']);
        if let Some(place) = attachments.iter().position(|file| is_source && is_named(file, cid)) {
            let _ = write!(shown, "/web/attachments/{message}/{place}");
        } else {
            shown.push_str("cid:");
            shown.push_str(cid);
        }
        rest = tail;
    }
    shown.push_str(rest);
    shown
}

fn is_named(file: &Attachment, cid: &str) -> bool {
    let stem = cid.split('@').next().unwrap_or_default();
    !stem.is_empty() && (file.filename.eq_ignore_ascii_case(cid) || file.filename.eq_ignore_ascii_case(stem))
}

/// A height for the frame of a mail, in pixels: without script it cannot be measured.
pub(super) fn frame_height(html: &str) -> usize {
    let html = html.to_ascii_lowercase();
    let tags = [("<p", 36), ("<br", 20), ("<div", 20), ("<tr", 26), ("<li", 20), ("cid:", 120), ("data:image", 120)];
    let shown: usize = tags.iter().map(|(tag, height)| html.matches(tag).count() * height).sum();
    (shown + html.len() / 120 * 20 + 60).clamp(100, 640)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Attachment {
        Attachment { filename: name.to_owned(), content_type: "image/png".to_owned(), size: 1, sha256: String::new() }
    }

    #[test]
    fn pictures_are_found_by_the_name_that_their_cid_carries() {
        let files = [file("report.pdf"), file("image001.png")];
        let html = "<img src=\"cid:image001.png@01D0.AB\"><img src='cid:other@x'> say cid:image001.png";
        let shown = with_pictures(html, "msg_1", &files);
        let expected = "<img src=\"/web/attachments/msg_1/1\"><img src='cid:other@x'> say cid:image001.png";
        assert_eq!(shown, expected);
    }

    #[test]
    fn html_without_pictures_stays_as_it_is() {
        for html in ["", "cid:", "a cid:b", "\"cid:\"", "é\"cid:é@é\"é"] {
            assert_eq!(with_pictures(html, "msg_1", &[file("x")]), html);
        }
    }

    #[test]
    fn a_frame_is_as_high_as_its_mail_seems_and_never_out_of_bounds() {
        assert_eq!(frame_height(""), 100);
        assert_eq!(frame_height("<p>a</p><P>b</P><br>"), 152);
        assert_eq!(frame_height(&"<div>".repeat(10_000)), 640);
    }

    #[test]
    fn only_plain_pictures_keep_their_type() {
        assert_eq!(safe_type("IMAGE/PNG; name=x"), "image/png");
        for hostile in ["text/html", "image/svg+xml", "application/xhtml+xml", "", "text/plain"] {
            assert_eq!(safe_type(hostile), "application/octet-stream", "{hostile}");
        }
    }

    #[test]
    fn a_file_name_cannot_break_out_of_its_header() {
        let header = as_download("a\"\r\nSet-Cookie: x=é.pdf");
        assert_eq!(
            header,
            "attachment; filename=\"a___Set-Cookie_ x__.pdf\"; filename*=UTF-8''a%22%0D%0ASet-Cookie%3A%20x%3D%C3%A9.pdf"
        );
    }
}
