//! Apple Mail's `.emlx`: a line with the byte count of the mail, the mail, and a property list.
//!
//! The property list is searched for the few keys we need instead of parsed: they are flat, and a mail must not be lost
//! because its list is damaged.

use bytes::Bytes;
use memchr::memmem;

/// Seconds between 1970 and 2001, where Apple's own clock begins.
const APPLE_EPOCH: i64 = 978_307_200;

/// How far behind `<?xml` the word `plist` is looked for.
const PLIST_REACH: usize = 256;

/// The bits of `flags` that decide whether and how a mail is kept
/// (<https://www.jwz.org/blog/2005/07/emlx-flags/>).
const FLAGS: [(u64, &str); 4] = [(1, "Trash"), (6, "Drafts"), (24, "Junk"), (4, "Starred")];

/// What an `.emlx` file holds.
#[derive(Debug)]
pub(super) struct Emlx {
    /// The mail.
    pub(super) mail: Bytes,
    /// What its flags say.
    pub(super) labels: Vec<String>,
    /// When it was received, or else sent, in Unix seconds.
    pub(super) time: Option<i64>,
    /// What had to be guessed.
    pub(super) changes: Vec<String>,
}

/// Takes a file apart. Whatever it holds gives a mail; what is no mail is found out later, as with other files.
pub(super) fn read(file: &Bytes) -> Emlx {
    let mut changes = Vec::new();
    let (start, count) = match count_line(file) {
        Some((start, count)) => (start, Some(count)),
        None => (0, None),
    };
    let rest = file.len() - start.min(file.len());
    let counted = count.and_then(|count| start.checked_add(count)).filter(|end| *end <= file.len());
    let is_end = |end: &usize| {
        let behind = file.get(*end..).unwrap_or_default().trim_ascii_start();
        behind.is_empty() || behind.starts_with(b"<?xml") || behind.starts_with(b"<!DOCTYPE plist")
    };
    let end = counted.filter(is_end).unwrap_or_else(|| {
        let found = list_start(file, start);
        let end = found.unwrap_or(file.len());
        changes.push(match (count, found) {
            (None, _) => "emlx: the line with the byte count is missing".to_owned(),
            (Some(count), Some(_)) => {
                format!("emlx: byte count {count} is wrong, the mail has {} bytes", end.saturating_sub(start))
            }
            (Some(count), None) => {
                format!("emlx: byte count {count} is wrong, {rest} bytes are there: the mail may be cut off")
            }
        });
        end
    });
    let list = file.get(end..).unwrap_or_default();
    let flags = number(list, "flags").unwrap_or_default();
    Emlx {
        mail: file.slice(start.min(end)..end),
        labels: FLAGS.iter().filter(|(bit, _)| flags >> bit & 1 == 1).map(|(_, label)| (*label).to_owned()).collect(),
        time: time(list, "date-received").or_else(|| time(list, "date-sent")),
        changes,
    }
}

/// The first line as a number, and where the next one begins.
fn count_line(file: &[u8]) -> Option<(usize, usize)> {
    let head = file.get(..file.len().min(64))?;
    let end = memchr::memchr(b'\n', head)?;
    let digits = head.get(..end)?.trim_ascii();
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let count = std::str::from_utf8(digits).ok().filter(|_| is_number)?;
    // A count that no machine can hold is as wrong as any other.
    Some((end + 1, count.parse().unwrap_or(usize::MAX)))
}

/// Where the property list begins: the last one, for a mail can hold another as its text.
fn list_start(file: &[u8], from: usize) -> Option<usize> {
    let is_list = |at: usize| {
        let line_start = at == from || file.get(at - 1) == Some(&b'\n');
        let reach = file.get(at..file.len().min(at + PLIST_REACH)).unwrap_or_default();
        line_start && memmem::find(reach, b"plist").is_some()
    };
    let rest = file.get(from..)?;
    memmem::rfind_iter(rest, b"<?xml").map(|at| from + at).find(|at| is_list(*at))
}

/// The text of the element behind `<key>name</key>`, with the element's name.
fn value<'a>(list: &'a [u8], name: &str) -> Option<(&'a str, &'a str)> {
    let key = format!("<key>{name}</key>");
    let at = memmem::find(list, key.as_bytes())? + key.len();
    let rest = list.get(at..)?.trim_ascii_start().strip_prefix(b"<")?;
    let open = memchr::memchr(b'>', rest)?;
    let element = std::str::from_utf8(rest.get(..open)?).ok()?;
    let text = rest.get(open + 1..)?;
    let end = memchr::memchr(b'<', text)?;
    Some((element, std::str::from_utf8(text.get(..end)?).ok()?.trim()))
}

fn number(list: &[u8], name: &str) -> Option<u64> {
    let (element, text) = value(list, name)?;
    (element == "integer").then(|| text.parse::<i64>().ok().map(i64::cast_unsigned).or_else(|| text.parse().ok()))?
}

/// A date, in Unix seconds. Some keys count from 1970 and some from 2001, as versions of Mail differ: what would lie
/// before 2001 in the first reading, when there was no Mail, is meant in the second.
fn time(list: &[u8], name: &str) -> Option<i64> {
    let (element, text) = value(list, name)?;
    match element {
        "integer" | "real" => {
            let whole = text.split('.').next()?.parse::<i64>().ok().filter(|seconds| *seconds > 0)?;
            Some(if whole >= APPLE_EPOCH { whole } else { whole.saturating_add(APPLE_EPOCH) })
        }
        "date" => text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAIL: &str = "From: a@b.example\nSubject: x\n\ntext\n";

    fn list(keys: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
             \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n{keys}</dict>\n</plist>\n"
        )
    }

    fn emlx(count: &str, mail: &str, list: &str) -> Emlx {
        read(&Bytes::from(format!("{count}\n{mail}{list}")))
    }

    fn integer(key: &str, value: &str) -> String {
        format!("\t<key>{key}</key>\n\t<integer>{value}</integer>\n")
    }

    #[test]
    fn count_mail_and_list_are_told_apart() {
        let list = list(&(integer("date-received", "1552986831") + &integer("flags", "8590195713")));
        let found = emlx(&format!("{}      ", MAIL.len()), MAIL, &list);
        assert_eq!(found.mail, MAIL);
        assert_eq!(found.time, Some(1_552_986_831));
        assert_eq!((found.labels.len(), found.changes.len()), (0, 0));
    }

    #[test]
    fn a_wrong_count_is_corrected_by_the_list_and_said() {
        for count in [0, 5, MAIL.len() - 2, MAIL.len() + 1, MAIL.len() + 70, 9_999_999] {
            let found = emlx(&count.to_string(), MAIL, &list(&integer("flags", "2")));
            assert_eq!(found.mail, MAIL, "{count}");
            assert_eq!(found.labels, ["Trash"]);
            assert_eq!(
                found.changes,
                [format!("emlx: byte count {count} is wrong, the mail has {} bytes", MAIL.len())]
            );
        }
        let absurd = emlx("99999999999999999999999999", MAIL, &list(""));
        assert_eq!((&absurd.mail[..], absurd.changes.len()), (MAIL.as_bytes(), 1));
    }

    #[test]
    fn a_mail_that_ends_early_is_kept_and_said_to_be_cut() {
        let found = emlx("4711", MAIL, "");
        assert_eq!(found.mail, MAIL);
        assert!(found.changes[0].contains("cut off"), "{:?}", found.changes);
    }

    #[test]
    fn a_mail_without_a_count_line_is_the_whole_file_up_to_its_list() {
        let found = read(&Bytes::from(format!("{MAIL}{}", list(""))));
        assert_eq!((&found.mail[..], found.changes.len()), (MAIL.as_bytes(), 1));
    }

    #[test]
    fn a_list_inside_the_mail_is_not_the_end_of_it() {
        let mail = format!("{MAIL}{}more\n", list(&integer("flags", "2")));
        let right = emlx(&mail.len().to_string(), &mail, &list(""));
        assert_eq!((&right.mail[..], right.labels.len()), (mail.as_bytes(), 0));
        assert_eq!(emlx("7", &mail, &list("")).mail, mail);
    }

    #[test]
    fn flags_that_matter_are_labels() {
        let of = |flags: u64| emlx("0", "", &list(&integer("flags", &flags.to_string()))).labels;
        assert_eq!(of(1 | 1 << 2 | 1 << 8 | 1 << 23 | 1 << 25), [""; 0]);
        assert_eq!(of(1 << 1), ["Trash"]);
        assert_eq!(of(1 << 6 | 1 << 4), ["Drafts", "Starred"]);
        assert_eq!(of(1 << 24 | 1 << 40), ["Junk"]);
    }

    #[test]
    fn dates_count_from_1970_or_2001_or_are_written_out() {
        let of = |keys: &str| emlx("0", "", &list(keys)).time;
        assert_eq!(of(&integer("date-received", "574679631")), Some(1_552_986_831));
        assert_eq!(of("<key>date-sent</key><real>1552986831.25</real>"), Some(1_552_986_831));
        assert_eq!(of("<key>date-sent</key><date>2019-03-19T09:13:51Z</date>"), Some(1_552_986_831));
        for keys in
            ["", "<key>date-sent</key>", "<key>date-sent</key><integer>-5</integer>", "<key>date-sent</key><real>"]
        {
            assert_eq!(of(keys), None, "{keys}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_mail_that_is_a_part_of_them(
            count in "[0-9]{0,30}",
            middle in proptest::collection::vec(any::<u8>(), 0..200),
            end in prop_oneof![Just(String::new()), Just(list("")), Just("<?xml plist <key>flags</key><".to_owned())],
        ) {
            let file = Bytes::from([format!("{count}\n").as_bytes(), &middle, end.as_bytes()].concat());
            let found = read(&file);
            prop_assert!(memmem::find(&file, &found.mail).is_some());
        }
    }
}
