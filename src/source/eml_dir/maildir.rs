//! What a Maildir says of a mail in its file name: `1204680122.27c448.host:2,FS`.

use std::path::Path;

/// Before the letters; `;` and `!` where a file system does not take a colon.
const MARKS: [&[u8]; 3] = [b":2,", b";2,", b"!2,"];

/// The letters of the name, if it has any place for them.
pub(in crate::source) fn info(path: &Path) -> Option<&[u8]> {
    let name = path.file_name()?.as_encoded_bytes();
    let place = |mark: &[u8]| memchr::memmem::rfind(name, mark);
    let at = MARKS.iter().filter_map(|mark| place(mark)).max()?;
    let letters = name.get(at + 3..)?;
    // An ending that somebody's export has put behind them is not part of them.
    Some(letters.split(|letter| *letter == b'.').next().unwrap_or(letters))
}

/// What the letters say that decides whether and how a mail is kept. Seen, Replied and Passed say nothing of that.
pub(super) fn labels(path: &Path) -> Vec<String> {
    let letters = info(path).unwrap_or_default();
    let labels = [(b'T', "Trash"), (b'D', "Drafts"), (b'F', "Starred")];
    labels.iter().filter(|(letter, _)| letters.contains(letter)).map(|(_, label)| (*label).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Vec<String> {
        labels(Path::new(name))
    }

    #[test]
    fn trashed_drafted_and_flagged_mails_are_labelled_whatever_divides_the_letters() {
        assert_eq!(of("cur/1204680122.27c448.host:2,FS"), ["Starred"]);
        assert_eq!(of("cur/1204680122.27c448.host,S=120;2,DT"), ["Trash", "Drafts"]);
        assert_eq!(of("cur/1204680122.27c448.host!2,T"), ["Trash"]);
        assert_eq!(of("cur/1204680122.27c448.host:2,Tab"), ["Trash"]);
        assert_eq!(of("cur/1204680122.27c448.host:2,F.eml"), ["Starred"]);
    }

    #[test]
    fn seen_replied_and_passed_mails_have_no_label_and_neither_have_names_without_letters() {
        for name in ["cur/1.host:2,PRS", "new/1.host", "Draft.eml", "Trash:1,T", "1:2,S.Draft", ""] {
            assert_eq!(of(name), [""; 0], "{name}");
        }
    }
}
