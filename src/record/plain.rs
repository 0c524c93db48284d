//! Questions about lines that are answered for many bytes at once. The comparing is written out ([`wide`]): a compiler that is to
//! keep the program small does not do it by itself.

use memchr::{memchr, memmem};
use std::sync::LazyLock;
use wide::u8x32;

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

/// Bytes that are looked at together; of each the answer to a question is all ones or all zeros.
pub(crate) type Lanes = u8x32;

/// Is it so of all bytes? It must be so of the letter `a`.
pub(crate) fn all(bytes: &[u8], is: impl Fn(Lanes) -> Lanes) -> bool {
    let (blocks, rest) = bytes.as_chunks();
    let mut last = [b'a'; 32];
    last.iter_mut().zip(rest).for_each(|(lane, byte)| *lane = *byte);
    blocks.iter().all(|block| is(Lanes::new(*block)).all()) && is(Lanes::new(last)).all()
}

/// Which of them are this byte?
pub(crate) fn are(lanes: Lanes, byte: u8) -> Lanes {
    lanes.simd_eq(Lanes::splat(byte))
}

/// Which of them are letters, digits, signs or spaces of ASCII?
pub(crate) fn are_printable(lanes: Lanes) -> Lanes {
    lanes.simd_ge(Lanes::splat(b' ')) & lanes.simd_le(Lanes::splat(b'~'))
}

/// Do two spaces stand side by side?
pub(crate) fn has_two_spaces(bytes: &[u8]) -> bool {
    static TWO: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"  "));
    TWO.find(bytes).is_some()
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
        fn two_spaces_are_found_wherever_they_stand(before in "a{0,200}", text in "[a ]{0,3}", after in "a{0,200}") {
            let text = format!("{before}{text}{after}");
            prop_assert_eq!(has_two_spaces(text.as_bytes()), text.contains("  "));
        }

        #[test]
        fn one_byte_that_is_not_so_is_found_wherever_it_stands(before in 0..100_usize, after in 0..100_usize, byte: u8) {
            let text = [&vec![b'x'; before][..], &[byte], &vec![b'x'; after]].concat();
            prop_assert_eq!(all(&text, are_printable), (b' '..=b'~').contains(&byte));
            prop_assert_eq!(all(&text, |lanes| !are(lanes, b'<')), byte != b'<');
        }
    }
}
