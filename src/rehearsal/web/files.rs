//! Files of a mail on their way into a browser.

use std::fmt::Write;

use axum::http::HeaderValue;

/// Picture types that a browser shows without running anything in them; SVG is not among them.
const SAFE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// The type to serve a file as: everything but plain pictures is bytes.
pub(super) fn safe_type(given: &str) -> HeaderValue {
    HeaderValue::from_static(picture_type(given).unwrap_or("application/octet-stream"))
}

/// Whether a file is a picture that can be shown within a mail.
pub(super) fn is_picture(given: &str) -> bool {
    picture_type(given).is_some()
}

fn picture_type(given: &str) -> Option<&'static str> {
    let bare = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // A name of some old programs for the same.
    let bare = if bare == "image/jpg" || bare == "image/pjpeg" { "image/jpeg" } else { &bare };
    SAFE_TYPES.into_iter().find(|safe| *safe == bare)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_pictures_keep_their_type() {
        assert_eq!(safe_type("IMAGE/PNG; name=x"), "image/png");
        assert_eq!(safe_type("image/jpg"), "image/jpeg");
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
