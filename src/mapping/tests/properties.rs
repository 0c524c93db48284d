//! No text whatever makes the check panic, and every refusal points into the text.

use super::super::*;
use super::{FULLEST, SMALLEST};
use proptest::prelude::*;

/// Parses and renders, and holds what every outcome promises.
fn holds(text: &str) {
    let Err(errors) = parse(Path::new("m.toml"), text) else { return };
    assert!(!errors.diagnostics().is_empty(), "refused without a reason");
    let lines: Vec<&str> = text.split('\n').collect();
    for found in errors.diagnostics() {
        let line = lines.get(found.line - 1).unwrap_or_else(|| panic!("no such line: {found:?}"));
        assert!(found.column <= line.chars().count() + 1, "outside of its line: {found:?}");
        assert!(!found.title.is_empty() && !found.label.is_empty() && !found.help.is_empty(), "{found:?}");
    }
    assert!(!errors.render(true).is_empty() && !errors.render(false).is_empty());
}

/// Pieces that change what TOML means, beside arbitrary text.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[\\[\\]{}=\",.'#\n\r\t\\\\ %-]{1,3}",
        "(when|source|columns|date|roles|version|path|skip|\\[\\[rule\\]\\]\n|\\[source.columns\\]\n|\"%I\"|1e400|-0|0x7f|2015-01-01)",
        "\\PC{0,4}",
        any::<String>().prop_map(|text| text.chars().take(4).collect()),
    ]
}

fn mutated(valid: &str, cuts: &[(prop::sample::Index, usize, String)]) -> String {
    let mut letters: Vec<char> = valid.chars().collect();
    for (place, length, piece) in cuts {
        let start = place.index(letters.len() + 1);
        let end = (start + length).min(letters.len());
        letters.splice(start..end, piece.chars());
    }
    letters.into_iter().collect()
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        holds(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_text_of_toml_signs_makes_it_panic(text in "([a-z]{1,6}|[=\\[\\]{}\"',.#0-9 \n\r\t\u{feff}日-])*") {
        holds(&text);
    }

    #[test]
    fn no_change_of_a_valid_mapping_makes_it_panic(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, piece()), 1..5)
    ) {
        holds(&mutated(FULLEST, &cuts));
        holds(&mutated(SMALLEST, &cuts));
    }

    #[test]
    fn any_value_in_any_key_is_taken_or_refused_at_its_line(
        line in any::<prop::sample::Index>(),
        value in prop_oneof![Just("{}"), Just("[]"), Just("[[]]"), Just("\"\""), Just("-1"), Just("nan"), Just("inf"),
            Just("99999999999999999999"), Just("0x10"), Just("12:00:00"), Just("2015-01-01T00:00:00Z"), Just("0000-01-01"),
            Just("{ a = { b = 1 } }"), Just("[1, \"a\"]"), Just("true"), Just("\"\\u001b[2J\"")],
    ) {
        let assignments: Vec<usize> =
            FULLEST.lines().enumerate().filter(|(_, line)| line.contains(" = ")).map(|(number, _)| number).collect();
        let chosen = *line.get(&assignments);
        let text: String = FULLEST.lines().enumerate().map(|(number, line)| match line.split_once(" = ") {
            Some((key, _)) if number == chosen => format!("{key} = {value}\n"),
            _ => format!("{line}\n"),
        }).collect();
        holds(&text);
    }
}

#[test]
fn deep_nesting_is_refused_and_does_not_end_the_process() {
    for text in [
        format!("a = {}", "[".repeat(200_000)),
        format!("a = {}", "{a=".repeat(200_000)),
        format!("{}a = 1", "a.".repeat(200_000)),
        format!("[{}a]", "a.".repeat(200_000)),
        "[[a]]\n".repeat(50_000),
    ] {
        holds(&text);
    }
}
