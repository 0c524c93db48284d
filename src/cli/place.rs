//! Finding in the mapping's text what only Front or the command line showed to be wrong, so that the message can point
//! at it. What is written in a way that this does not find (escapes, inline tables for keys) is named without a place.

/// `(line, column)` from 1, the column in characters.
type Place = (usize, usize);

/// Where `value` is given as a string to `key`, or to any key if `key` is empty.
pub(super) fn of_value(text: &str, key: &str, value: &str) -> Option<Place> {
    let gives = |before: &str| {
        before.trim_end().strip_suffix('=').is_some_and(|before| before.trim_end().trim_end_matches('"').ends_with(key))
    };
    let written = [format!("\"{value}\""), format!("'{value}'")];
    lines(text).find_map(|(number, line)| {
        let mut found = written.iter().flat_map(|written| line.match_indices(written.as_str()));
        let before = found.find_map(|(at, _)| line.get(..at).filter(|before| gives(before)))?;
        Some((number, before.chars().count() + 1))
    })
}

/// Where `key` begins a line.
pub(super) fn of_key(text: &str, key: &str) -> Option<Place> {
    lines(text).find_map(|(number, line)| {
        let rest = line.trim_start().strip_prefix(key)?;
        let indent = line.chars().count() - line.trim_start().chars().count();
        rest.trim_start().starts_with('=').then_some((number, indent + 1))
    })
}

/// The lines that are not comments, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPING: &str = "# inbox = \"Support\"\n[defaults]\ntags = [\"Support\"]\n[target]\n  inbox = 'Support'\n\
                           [agents]\n\"lée@a.example\" = \"alt:email:lée@a.example\"\n[send]\nper_resource=9\n";

    #[test]
    fn a_value_is_found_behind_its_key_and_not_in_comments_or_lists() {
        assert_eq!(of_value(MAPPING, "inbox", "Support"), Some((5, 11)));
        assert_eq!(of_value(MAPPING, "", "alt:email:lée@a.example"), Some((7, 19)));
        assert_eq!(of_value(MAPPING, "inbox", "Billing"), None);
    }

    #[test]
    fn a_key_is_found_where_a_line_begins_with_it() {
        assert_eq!(of_key(MAPPING, "per_resource"), Some((9, 1)));
        assert_eq!(of_key(MAPPING, "inbox"), Some((5, 3)));
        assert_eq!(of_key(MAPPING, "per"), None);
    }
}
