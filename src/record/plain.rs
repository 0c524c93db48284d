//! Questions about lines that are answered for many bytes at once: without a way out in the middle, the compiler compares
//! as many of them as the processor can.

use memchr::memchr;

/// The lines, as [`str::lines`] gives them.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = memchr(b'\n', rest.as_bytes()).map(|at| at + 1);
        let (line, after) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        rest = after;
        match (line.as_bytes(), end) {
            ([], _) => None,
            (_, None) => Some(line),
            ([.., b'\r', _], _) => line.get(..line.len() - 2),
            _ => line.get(..line.len() - 1),
        }
    })
}

/// Is it so of all bytes?
pub(crate) fn all(bytes: &[u8], is: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(true, |all, byte| all & is(*byte))
}

/// Is it a letter, digit, sign or space of ASCII?
pub(crate) fn is_printable(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

/// Do two spaces stand side by side?
pub(crate) fn has_two_spaces(bytes: &[u8]) -> bool {
    let next = bytes.get(1..).unwrap_or_default();
    bytes.iter().zip(next).fold(false, |any, (one, two)| any | (is_space(*one) & is_space(*two)))
}

/// Is it a space?
pub(crate) fn is_space(byte: u8) -> bool {
    byte == b' '
}

/// Does a line end with it?
pub(crate) fn is_end(byte: u8) -> bool {
    byte == b'\n'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_are_those_of_the_standard_library(text in "(a|é|\r|\n|\r\n){0,30}") {
            prop_assert_eq!(lines(&text).collect::<Vec<_>>(), text.lines().collect::<Vec<_>>());
        }

        #[test]
        fn two_spaces_are_found_wherever_they_stand(text in "[a ]{0,70}") {
            prop_assert_eq!(has_two_spaces(text.as_bytes()), text.contains("  "));
        }
    }
}
