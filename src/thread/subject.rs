//! A subject without its reply and forward prefixes.

/// The subject without `Re:`, `Fwd:` and their kin in the languages mail programs write them in, and
/// without a counter (`Re[2]:`); white space collapsed, lower case. Empty if nothing is left.
///
/// RFC 5322 section 3.6.5 knows only `Re: `; the others are custom.
#[must_use]
pub fn base_subject(subject: &str) -> String {
    let mut rest = subject.trim();
    while let Some((prefix, after)) = rest.split_once(':') {
        let word = prefix.trim().trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')'));
        if !PREFIXES.iter().any(|known| word.eq_ignore_ascii_case(known)) {
            break;
        }
        rest = after.trim_start();
    }
    rest.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

const PREFIXES: &[&str] = &[
    "re", "aw", "sv", "antw", "vs", "rif", "res", "odp", "ynt", "fw", "fwd", "wg", "tr", "rv", "enc", "vb", "pd", "i",
];

#[cfg(test)]
mod tests {
    use super::base_subject;

    #[test]
    fn reply_prefixes_fall_away_in_several_languages() {
        assert_eq!(base_subject("Re: AW: Fwd: Broken  light"), "broken light");
        assert_eq!(base_subject("Re[2]: Broken light"), "broken light");
    }

    #[test]
    fn a_colon_that_is_no_prefix_stays() {
        assert_eq!(base_subject("Order 12: late"), "order 12: late");
    }

    #[test]
    fn a_bare_prefix_leaves_nothing() {
        assert_eq!(base_subject("Re:"), "");
    }
}
