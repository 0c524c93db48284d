//! Numbers and foreign text as people read them.

use std::fmt::Write as _;

/// `1234567` → `1,234,567`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number with what it counts: `1 message`, `1,234 messages`, `2 inboxes`.
#[must_use]
pub fn counted(number: u64, what: &str) -> String {
    let plural = if what.ends_with('x') { "es" } else { "s" };
    format!("{} {what}{}", count(number), if number == 1 { "" } else { plural })
}

/// The most frequent first; of equals by name, so that the order is always the same.
#[must_use]
pub fn most_frequent<K: Ord>(counts: impl IntoIterator<Item = (K, u64)>) -> Vec<(K, u64)> {
    let mut all: Vec<(K, u64)> = counts.into_iter().collect();
    all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    all
}

/// A number of what is read from a source: `1 entry`, `17,885 entries`.
#[must_use]
pub fn entries(number: u64) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{} entries", count(number)) }
}

/// The first of some ids out of a larger number: `a, b, c and more`.
#[must_use]
pub fn some_of(ids: &[String], number: u64) -> String {
    const NAMED: usize = 3;
    let named: Vec<String> = ids.iter().take(NAMED).map(|id| printable(id)).collect();
    let more = if number > named.len() as u64 { " and more" } else { "" };
    format!("{}{more}", named.join(", "))
}

/// The text, or its first characters and a mark that there are more.
#[must_use]
pub fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Bytes in decimal units, one digit after the point: `1.4 MB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
pub fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let fitting = units.iter().find(|(unit, _)| bytes >= *unit);
    fitting
        .map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{:.1} {name}", bytes as f64 / *unit as f64))
}

/// Bytes as people write them: a whole number and its unit, `kB`, `MB` or `GB` (powers of 1,000), in any case of letters.
#[must_use]
pub fn bytes_of(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// Seconds as the two largest units: `3 days 4 h`, `2 h 5 min`, `40 s`.
#[must_use]
pub fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (1, _, _) => format!("1 day {hours} h"),
        _ => format!("{days} days {hours} h"),
    }
}

/// Text from a source or from Front, on one line and without what a terminal would obey.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_obeyed(c) { '\u{fffd}' } else { c }).collect()
}

/// Lines for people, without anything else that a terminal would obey.
#[must_use]
pub fn printable_lines(text: &str) -> String {
    text.chars().map(|c| if is_obeyed(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// A JSON document in which everything that a terminal would obey is written as an escape: it reads as the same data. Such
/// characters stand in its strings alone.
#[must_use]
pub fn printable_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_obeyed(c) && c != '\n' {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Would a terminal do something else than show it? The marks that turn the direction of writing (Unicode's embeddings, overrides and
/// isolates) make a line read otherwise than it is written.
fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{clipped, count, counted, duration, printable, printable_json, printable_lines, size, some_of};

    #[test]
    fn of_what_a_terminal_obeys_only_line_ends_are_left() {
        let hostile = "a\u{1b}]0;owned\u{7}b\r\u{9b}2J\u{8}c\td\ne\u{7f}";
        assert_eq!(
            printable_lines(hostile),
            "a\u{fffd}]0;owned\u{fffd}b\u{fffd}\u{fffd}2J\u{fffd}c\u{fffd}d\ne\u{fffd}"
        );
        assert_eq!(printable_lines("Zoë · 日本\n"), "Zoë · 日本\n");
    }

    #[test]
    fn nothing_turns_the_direction_of_a_line() {
        let turned = "pay\u{202e}gpj.exe\u{2066}x\u{2069}\u{202a}";
        assert_eq!(printable(turned), "pay\u{fffd}gpj.exe\u{fffd}x\u{fffd}\u{fffd}");
        assert_eq!(printable_lines(turned), printable(turned));
        // Writing from right to left needs no marks.
        assert_eq!(printable("שלום"), "שלום");
        assert_eq!(printable("Acme\nSent      all"), "Acme\u{fffd}Sent      all");
    }

    #[test]
    fn a_document_for_scripts_keeps_its_data_and_still_commands_no_terminal() {
        let value = serde_json::json!({"company": "A\u{202e}b\u{9b}2J\u{7f}\u{1b}\n日本"});
        let written = printable_json(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
        assert_eq!(printable_lines(&written), written);
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([count(0), count(999), count(1_000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn one_is_not_plural() {
        assert_eq!(
            [counted(0, "file"), counted(1, "file"), counted(2_000, "file"), counted(2, "inbox")],
            ["0 files", "1 file", "2,000 files", "2 inboxes"]
        );
    }

    #[test]
    fn three_ids_stand_for_all() {
        let ids = ["a", "b\u{1b}", "c", "d"].map(str::to_owned);
        assert_eq!(some_of(&ids, 4), "a, b\u{fffd}, c and more");
        assert_eq!(some_of(&ids[..2], 2), "a, b\u{fffd}");
        assert_eq!(some_of(&ids[..2], 3), "a, b\u{fffd} and more");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!([clipped("né", 2), clipped("née", 2), clipped("", 0)], ["né", "né…", ""]);
    }

    #[test]
    fn sizes_and_durations_take_the_unit_that_fits() {
        assert_eq!([size(12), size(1_500), size(2_000_000)], ["12 bytes", "1.5 kB", "2.0 MB"]);
        assert_eq!([duration(40), duration(125), duration(7_500)], ["40 s", "2 min 5 s", "2 h 5 min"]);
        assert_eq!([duration(90_000), duration(273_600)], ["1 day 1 h", "3 days 4 h"]);
    }
}
