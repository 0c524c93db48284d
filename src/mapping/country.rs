//! How telephone numbers are written at home in each country, as far as it takes to write them for abroad.
//!
//! Calling codes: ITU-T E.164. Trunk prefixes and lengths: the national numbering plans (ITU-T E.129 notifications).
//! A table of our own, and not a library with all numbering plans: those change every month, and what a message becomes
//! must not change with them. It tells apart forms of numbers; whether a number is in use is not its business.

/// A country's way of writing numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Country {
    /// ISO 3166-1 alpha-2 code, upper case.
    pub code: &'static str,
    /// Calling code, without `+`.
    pub calling: &'static str,
    /// What is dialled before a number within the country and left out from abroad; empty if nothing.
    pub trunk: &'static str,
    /// Least and most digits of a number without trunk prefix.
    pub digits: (usize, usize),
}

/// The country of that ISO 3166-1 code, in any case.
#[must_use]
pub fn country(code: &str) -> Option<&'static Country> {
    COUNTRIES.iter().find(|country| country.code.eq_ignore_ascii_case(code))
}

/// Codes of all countries in the table.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    COUNTRIES.iter().map(|country| country.code)
}

const fn row(code: &'static str, calling: &'static str, trunk: &'static str, least: usize, most: usize) -> Country {
    Country { code, calling, trunk, digits: (least, most) }
}

/// By code.
static COUNTRIES: [Country; 76] = [
    row("AE", "971", "0", 8, 9),
    row("AR", "54", "0", 10, 11),
    row("AT", "43", "0", 4, 13),
    row("AU", "61", "0", 9, 9),
    row("BA", "387", "0", 8, 9),
    row("BD", "880", "0", 8, 10),
    row("BE", "32", "0", 8, 9),
    row("BG", "359", "0", 7, 9),
    row("BR", "55", "0", 10, 11),
    row("BY", "375", "8", 9, 9),
    row("CA", "1", "1", 10, 10),
    row("CH", "41", "0", 9, 9),
    row("CL", "56", "", 9, 9),
    row("CN", "86", "0", 9, 12),
    row("CO", "57", "", 10, 10),
    row("CR", "506", "", 8, 8),
    row("CY", "357", "", 8, 8),
    row("CZ", "420", "", 9, 9),
    row("DE", "49", "0", 5, 12),
    row("DK", "45", "", 8, 8),
    row("DZ", "213", "0", 8, 9),
    row("EC", "593", "0", 8, 9),
    row("EE", "372", "", 7, 8),
    row("EG", "20", "0", 8, 10),
    row("ES", "34", "", 9, 9),
    row("FI", "358", "0", 5, 12),
    row("FR", "33", "0", 9, 9),
    row("GB", "44", "0", 9, 10),
    row("GE", "995", "0", 9, 9),
    row("GR", "30", "", 10, 10),
    row("HK", "852", "", 8, 8),
    row("HR", "385", "0", 8, 9),
    row("HU", "36", "06", 8, 9),
    row("ID", "62", "0", 7, 12),
    row("IE", "353", "0", 7, 9),
    row("IL", "972", "0", 8, 9),
    row("IN", "91", "0", 10, 10),
    row("IS", "354", "", 7, 7),
    row("IT", "39", "", 6, 11),
    row("JP", "81", "0", 9, 10),
    row("KE", "254", "0", 9, 9),
    row("KR", "82", "0", 8, 10),
    row("KZ", "7", "8", 10, 10),
    row("LT", "370", "0", 8, 8),
    row("LU", "352", "", 6, 9),
    row("LV", "371", "", 8, 8),
    row("MA", "212", "0", 9, 9),
    row("MT", "356", "", 8, 8),
    row("MX", "52", "", 10, 10),
    row("MY", "60", "0", 8, 10),
    row("NG", "234", "0", 8, 10),
    row("NL", "31", "0", 9, 9),
    row("NO", "47", "", 8, 8),
    row("NZ", "64", "0", 8, 10),
    row("PE", "51", "0", 8, 9),
    row("PH", "63", "0", 8, 10),
    row("PK", "92", "0", 9, 10),
    row("PL", "48", "", 9, 9),
    row("PT", "351", "", 9, 9),
    row("RO", "40", "0", 9, 9),
    row("RS", "381", "0", 8, 9),
    row("RU", "7", "8", 10, 10),
    row("SA", "966", "0", 9, 9),
    row("SE", "46", "0", 7, 9),
    row("SG", "65", "", 8, 8),
    row("SI", "386", "0", 8, 8),
    row("SK", "421", "0", 9, 9),
    row("TH", "66", "0", 8, 9),
    row("TN", "216", "", 8, 8),
    row("TR", "90", "0", 10, 10),
    row("TW", "886", "0", 8, 9),
    row("UA", "380", "0", 9, 9),
    row("US", "1", "1", 10, 10),
    row("UY", "598", "0", 7, 8),
    row("VN", "84", "0", 9, 10),
    row("ZA", "27", "0", 9, 9),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_every_number_fits_e164() {
        assert!(COUNTRIES.windows(2).all(|pair| pair[0].code < pair[1].code));
        for Country { code, calling, trunk, digits: (least, most) } in &COUNTRIES {
            assert!(code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase()), "{code}");
            assert!((1..=3).contains(&calling.len()) && !calling.starts_with('0'), "{code}");
            assert!(least <= most && calling.len() + most <= 15, "{code}");
            assert!(calling.bytes().chain(trunk.bytes()).all(|digit| digit.is_ascii_digit()), "{code}");
        }
        assert_eq!(country("fr").map(|found| found.calling), Some("33"));
        assert_eq!(country("XX"), None);
    }
}
