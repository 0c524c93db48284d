//! Names of files, made safe to write to any disk and to show to anyone.

/// Longest name in bytes: file systems take 255, and Front may add to it.
const MAX_BYTES: usize = 200;

/// A declared name without path, control characters and excess length; none if nothing is left.
pub(super) fn clean(declared: &str) -> Option<String> {
    let base = declared.rsplit(['/', '\\']).map(str::trim).find(|part| !part.is_empty())?;
    let visible: String = base.chars().filter(|character| !is_hidden(*character)).collect();
    let name = visible.trim();
    if name.is_empty() || name == "." || name == ".." {
        return None;
    }
    Some(shorten(&without_escapes(name)))
}

/// What a form escapes a quote, CR or LF in a file name as. A name that holds these by itself would be read as what they
/// stand for, since the rule does not escape `%` (HTML standard, multipart/form-data encoding).
const ESCAPES: [&str; 3] = ["22", "0D", "0A"];

/// Would a form's receiver read something else than this name?
pub(super) fn looks_escaped(name: &str) -> bool {
    name.match_indices('%').any(|(at, _)| is_escape(name, at))
}

fn is_escape(name: &str, at: usize) -> bool {
    let code = name.get(at + 1..at + 3).unwrap_or_default();
    ESCAPES.iter().any(|escape| escape.eq_ignore_ascii_case(code))
}

fn without_escapes(name: &str) -> String {
    name.char_indices().map(|(at, c)| if c == '%' && is_escape(name, at) { '_' } else { c }).collect()
}

/// Control characters, and those that turn the reading direction to disguise an extension.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Cuts a name in the middle, so that its extension stays.
fn shorten(name: &str) -> String {
    if name.len() <= MAX_BYTES {
        return name.to_owned();
    }
    let extension = name.rfind('.').and_then(|at| name.get(at..)).filter(|found| found.len() <= 20).unwrap_or("");
    let stem = name.strip_suffix(extension).unwrap_or(name);
    let mut end = MAX_BYTES - extension.len();
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", stem.get(..end).unwrap_or_default())
}

/// A name for a part that has none: by its type, numbered by its place among the files of the mail (from 1).
pub(super) fn generic(content_type: &str, content: &[u8], place: usize) -> String {
    let named = match content_type {
        "application/pgp-signature" => Some("signature.asc"),
        "application/pgp-encrypted" => Some("version.asc"),
        "application/pgp-keys" => Some("publickey.asc"),
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => Some("smime.p7s"),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => Some("smime.p7m"),
        "application/ms-tnef" => Some("winmail.dat"),
        "message/delivery-status" => Some("delivery-status.txt"),
        "message/disposition-notification" => Some("disposition-notification.txt"),
        "message/partial" => Some("message-fragment.txt"),
        "message/external-body" => Some("external-body.txt"),
        "message/feedback-report" => Some("feedback-report.txt"),
        "text/rfc822-headers" => Some("headers.txt"),
        "text/calendar" => Some("invite.ics"),
        _ => None,
    };
    if let Some(name) = named {
        return name.to_owned();
    }
    let stem = match content_type.split('/').next() {
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        _ => "attachment",
    };
    format!("{stem}-{place}.{}", extension(content_type, content))
}

fn extension<'a>(content_type: &'a str, content: &[u8]) -> &'a str {
    match content_type {
        "text/plain" | "text/enriched" | "text/richtext" => "txt",
        "text/html" | "text/x-amp-html" | "text/watch-html" => "html",
        "text/markdown" | "text/x-markdown" => "md",
        "text/csv" => "csv",
        "text/vcard" | "text/x-vcard" | "text/directory" => "vcf",
        "text/x-patch" | "text/x-diff" => "patch",
        "image/jpeg" | "image/jpg" | "image/pjpeg" => "jpg",
        "image/svg+xml" => "svg",
        "image/tiff" => "tif",
        "image/x-icon" | "image/vnd.microsoft.icon" => "ico",
        "audio/mpeg" => "mp3",
        "video/quicktime" => "mov",
        "application/msword" => "doc",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.ms-powerpoint" => "ppt",
        "application/x-gzip" => "gz",
        other => infer::get(content).map_or_else(|| plain_subtype(other), |kind| kind.extension()),
    }
}

/// Subtypes such as `pdf`, `zip`, `png` or `json` are their own extension; anything longer is none.
fn plain_subtype(content_type: &str) -> &str {
    let subtype = content_type.split('/').nth(1).unwrap_or_default();
    let plain = (2..=4).contains(&subtype.len()) && subtype.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { subtype } else { "bin" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_of_any_system_are_cut_off() {
        assert_eq!(clean("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(clean(r"C:\Users\x\a.txt").as_deref(), Some("a.txt"));
        assert_eq!(clean("dir/").as_deref(), Some("dir"));
    }

    #[test]
    fn a_name_never_holds_what_a_form_would_read_as_a_quote_or_line_end() {
        assert_eq!(clean("50%22 off %0d%0A.txt").as_deref(), Some("50_22 off _0d_0A.txt"));
        assert_eq!(clean("100%.txt").as_deref(), Some("100%.txt"));
        assert!(looks_escaped("a%0Ab") && !looks_escaped("a%20b%"));
    }

    #[test]
    fn names_that_name_nothing_are_none() {
        for name in ["", " ", ".", "..", "/", "\u{0}\u{1}", "a/.."] {
            assert_eq!(clean(name), None, "{name:?}");
        }
    }

    #[test]
    fn control_and_direction_characters_go() {
        assert_eq!(clean("a\r\nb\u{202E}gpj.exe ").as_deref(), Some("abgpj.exe"));
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = clean(&format!("{}.pdf", "é".repeat(300))).unwrap();
        assert!(name.len() <= MAX_BYTES && name.rsplit('.').next() == Some("pdf"), "{name}");
    }

    #[test]
    fn nameless_parts_are_named_by_type_and_place() {
        assert_eq!(generic("application/pdf", b"", 1), "attachment-1.pdf");
        assert_eq!(generic("image/png", b"", 2), "image-2.png");
        assert_eq!(generic("application/x-unheard-of", b"PK\x03\x04....", 3), "attachment-3.zip");
        assert_eq!(generic("application/x-unheard-of", b"", 3), "attachment-3.bin");
        assert_eq!(generic("text/calendar", b"", 1), "invite.ics");
    }

    proptest! {
        #[test]
        fn a_clean_name_is_always_safe(declared in "\\PC{0,300}|[./\\\\ \t\r\n\u{0}a]{0,40}") {
            if let Some(name) = clean(&declared) {
                prop_assert!(!name.is_empty() && name.len() <= MAX_BYTES && name != "." && name != "..");
                prop_assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control));
            }
        }
    }
}
