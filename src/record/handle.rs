//! Telephone numbers as chat handles.
//!
//! Front takes a number without `+` for one of the United States, so two people would become one, or somebody else. A
//! number is sent in E.164 form or not at all.

use super::BadRecord;
use crate::mapping::{Country, Phones};

/// Fewest and most digits of a number in E.164, calling code included. Shorter ones are used, by nobody who chats.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The handle in the form in which it is sent: numbers as `+` and digits, anything else as it is.
///
/// # Errors
/// Rejected if it looks like a number and nobody says of which country, or is none of that country.
pub(super) fn sent_as(handle: String, phones: Option<Phones>) -> Result<String, BadRecord> {
    let Some((international, digits)) = number(&handle) else { return Ok(handle) };
    let found = match phones {
        Some(Phones::AreIds) if !international => return Ok(handle),
        _ if international => valid(digits),
        Some(Phones::Of(country)) => of_country(&digits, country),
        _ => return Err(rejected(&handle, NO_COUNTRY)),
    };
    found.map(|digits| format!("+{digits}")).ok_or_else(|| rejected(&handle, WRONG))
}

const NO_COUNTRY: (&str, &str) = (
    "telephone number without country",
    "add `country = \"FR\"` to the source, with the country of its numbers; or `country = \"none\"` if these are not \
     telephone numbers but ids",
);

const WRONG: (&str, &str) = (
    "not a telephone number",
    "mend the number in the table, or set `country` of the source to the country it is from",
);

fn rejected(handle: &str, (cause, remedy): (&str, &str)) -> BadRecord {
    BadRecord::rejected(cause, format!("the handle {handle:?}"), remedy)
}

/// The digits of what looks like a telephone number, and whether it begins with a `+`.
fn number(handle: &str) -> Option<(bool, String)> {
    let text = handle.trim();
    let international = text.starts_with('+');
    // `+44 (0)20 7946 0018`: the zero is for those who call from within.
    let text = if international { text.replacen("(0)", "", 1) } else { text.to_owned() };
    let rest = text.strip_prefix('+').unwrap_or(&text);
    let is_divider = |character: char| character.is_whitespace() || "-./()\u{2010}\u{2011}".contains(character);
    if !rest.chars().all(|character| character.is_ascii_digit() || is_divider(character)) {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    // Short and very long rows of digits are ids of some program.
    (DIGITS.contains(&digits.len()) || (international && !digits.is_empty())).then_some((international, digits))
}

fn valid(digits: String) -> Option<String> {
    (DIGITS.contains(&digits.len()) && !digits.starts_with('0')).then_some(digits)
}

/// A number as people of that country write it, with its calling code.
fn of_country(digits: &str, country: &Country) -> Option<String> {
    let (least, most) = country.digits;
    let fits = |number: &str| (least..=most).contains(&number.len());
    let abroad = if country.calling == "1" { "011" } else { "00" };
    if let Some(rest) = digits.strip_prefix(abroad) {
        return valid(rest.to_owned());
    }
    let trunk = country.trunk;
    let without_trunk = if trunk.is_empty() { None } else { digits.strip_prefix(trunk) };
    // Where the calling code begins like the trunk prefix (1, 7) only the length tells.
    let with_calling = digits.strip_prefix(country.calling).filter(|rest| fits(rest));
    let national = without_trunk.filter(|rest| fits(rest)).or_else(|| {
        let may_be_international = with_calling.is_some() && (!trunk.is_empty() || !fits(digits));
        if may_be_international { with_calling } else { Some(digits).filter(|number| fits(number)) }
    })?;
    valid(format!("{}{national}", country.calling))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::country;

    fn sent(handle: &str, code: &str) -> Result<String, String> {
        let phones = match code {
            "" => None,
            "none" => Some(Phones::AreIds),
            code => Some(Phones::Of(country(code).unwrap())),
        };
        sent_as(handle.to_owned(), phones).map_err(|bad| bad.cause)
    }

    #[test]
    fn a_number_of_a_declared_country_is_sent_in_e164_form() {
        for (handle, code, expected) in [
            ("06 12 34 56 78", "FR", "+33612345678"),
            ("33612345678", "FR", "+33612345678"),
            ("0033 6 12 34 56 78", "FR", "+33612345678"),
            ("020 7946 0018", "GB", "+442079460018"),
            ("(415) 555-0132", "US", "+14155550132"),
            ("1-415-555-0132", "US", "+14155550132"),
            ("06 1234 5678", "IT", "+390612345678"),
            ("612 345 678", "ES", "+34612345678"),
            ("0170/1234567", "DE", "+491701234567"),
            ("491701234567", "DE", "+491701234567"),
            ("8 912 345-67-89", "RU", "+79123456789"),
            ("79123456789", "RU", "+79123456789"),
        ] {
            assert_eq!(sent(handle, code).as_deref(), Ok(expected), "{handle} in {code}");
        }
    }

    #[test]
    fn a_number_with_its_calling_code_needs_no_country() {
        for code in ["", "FR", "none"] {
            assert_eq!(sent("+44 (0)20 7946-0018", code).as_deref(), Ok("+442079460018"));
            assert_eq!(sent("+1 2", code), Err("not a telephone number".into()));
            assert_eq!(sent("+0612345678", code), Err("not a telephone number".into()));
        }
    }

    #[test]
    fn a_number_without_country_is_rejected_with_the_remedy() {
        let bad = sent_as("06 12 34 56 78".to_owned(), None).unwrap_err();
        assert_eq!(bad.cause, "telephone number without country");
        assert!(bad.remedy.contains("country = "));
        assert_eq!(sent("12", "FR").as_deref(), Ok("12"));
        assert_eq!(sent("12345678901234", "FR"), Err("not a telephone number".into()));
        assert_eq!(sent("1234567", "none").as_deref(), Ok("1234567"));
    }

    #[test]
    fn what_is_no_number_stays_as_it_is() {
        for handle in
            ["ada", "ada@x.example", "#504b0", "agent 7", "", "+ada", "123456", "1234567890123456", "33612345678@c.us"]
        {
            assert_eq!(sent(handle, "").as_deref(), Ok(handle));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_sent_is_sent_as_it_is_the_next_time(handle in "[+0-9 ()-]{0,20}") {
            if let Ok(first) = sent(&handle, "FR") {
                proptest::prop_assert_eq!(sent(&first, "FR"), Ok(first.clone()));
            }
        }
    }
}
