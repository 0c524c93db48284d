//! Ids as Front's look: a prefix and a number in base 36.

/// Where the numbers start, so that ids have the length of real ones.
const START: u32 = 36_u32.pow(5);

/// `msg_100000` for the first message.
pub(in super::super) fn render(prefix: &str, number: u32) -> String {
    let mut left = u64::from(START) + u64::from(number);
    let mut digits = Vec::new();
    while left > 0 {
        let digit = u32::try_from(left % 36).unwrap_or_default();
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        left /= 36;
    }
    digits.push('_');
    prefix.chars().chain(digits.into_iter().rev()).collect()
}

/// The number of an id with that prefix; `None` for anything that [`render`] does not write.
pub(in super::super) fn parse(prefix: &str, id: &str) -> Option<u32> {
    let digits = id.strip_prefix(prefix)?.strip_prefix('_')?;
    let value = u64::from_str_radix(digits, 36).ok()?;
    let number = u32::try_from(value.checked_sub(u64::from(START))?).ok()?;
    (render(prefix, number) == id).then_some(number)
}

/// Bytes in lower-case hexadecimal.
pub(in super::super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_and_nothing_else_is() {
        for number in [0, 1, 35, 36, 1_000_000, u32::MAX] {
            assert_eq!(parse("msg", &render("msg", number)), Some(number));
        }
        assert_eq!(render("msg", 0), "msg_100000");
        for foreign in [
            "",
            "msg_",
            "msg_0",
            "cnv_100000",
            "msg_100000 ",
            "msg_+100000",
            "MSG_100000",
            "msg_10000A",
            "msg_zzzzzzzzzzzzzz",
        ] {
            assert_eq!(parse("msg", foreign), None, "{foreign}");
        }
    }

    #[test]
    fn bytes_are_written_as_two_digits_each() {
        assert_eq!(hex(&[0, 15, 171]), "000fab");
    }
}
