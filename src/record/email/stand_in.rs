//! Handles for people who have no mail address.

/// The last label of made-up domains: nothing under it can ever be delivered (RFC 6761 section 6.4), so an answer to a
/// sender without address bounces and does not reach a stranger.
const NOWHERE: &str = "invalid";

/// Is it no mail address but a name of ours for somebody who has none?
#[must_use]
pub fn is_made_up(handle: &str) -> bool {
    handle.rsplit_once('.').is_some_and(|(_, last)| last == NOWHERE)
}

/// A handle for somebody without address: always the same for the same words.
pub(super) fn made_up(name: &str, place: &str) -> Option<String> {
    let slug = |text: &str| {
        let letters: String = text
            .chars()
            .map(|letter| if letter.is_alphanumeric() || "._-".contains(letter) { letter } else { ' ' })
            .collect();
        letters.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-").trim_matches('.').to_owned()
    };
    let (name, place) = (slug(name), slug(place));
    let place = if place.is_empty() { "unknown" } else { &place };
    (!name.is_empty()).then(|| format!("{name}@{place}.{NOWHERE}"))
}

/// A stand-in for an X.500 name: `/O=ACME/OU=SALES/CN=RECIPIENTS/CN=JBLOGGS` is `jbloggs@acme.invalid`.
pub(super) fn x500(text: &str) -> Option<String> {
    let text = text.trim();
    if !text.starts_with('/') {
        return None;
    }
    let value = |part: &str, key: &str| {
        part.get(..key.len())
            .filter(|start| start.eq_ignore_ascii_case(key))
            .and_then(|_| part.get(key.len()..))
            .map(str::to_owned)
    };
    let organisation = text.split('/').find_map(|part| value(part, "O="));
    let name = text.rsplit('/').find_map(|part| value(part, "CN="))?;
    made_up(&name, &organisation.unwrap_or_default())
}

/// Is it an X.500 name that Exchange has wrapped to look like a mail address (MS-OXOABK: `IMCEAEX-_O=...@host`)?
pub(super) fn is_wrapped_x500(handle: &str) -> bool {
    handle.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("IMCEAEX-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_depends_on_the_words_alone_and_no_mail_can_go_to_it() {
        assert_eq!(made_up("Joe  Bloggs", "").as_deref(), Some("joe-bloggs@unknown.invalid"));
        assert_eq!(made_up("Ünal, J.", "Acme & Co").as_deref(), Some("ünal-j@acme-co.invalid"));
        assert_eq!(made_up(" <> ", "x"), None);
        assert!(is_made_up("ann@acme.invalid") && !is_made_up("ann@acme.example") && !is_made_up("invalid"));
    }

    #[test]
    fn the_last_common_name_and_the_organisation_make_the_stand_in() {
        assert_eq!(x500("/o=Acme/ou=A (B)/cn=Recipients/cn=ann").as_deref(), Some("ann@acme.invalid"));
        assert_eq!(x500("/CN=ANN").as_deref(), Some("ann@unknown.invalid"));
        for other in ["", "/", "ann", "/o=acme", "/cn=", "O=ACME/CN=ANN"] {
            assert_eq!(x500(other), None, "{other}");
        }
    }
}
