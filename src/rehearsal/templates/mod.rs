//! The pages: each page's values beside its markup. askama escapes all that is put in, except the content of
//! [`Layout`], which is a page that has been through it.

mod comment;
mod conversation;
mod inboxes;
mod layout;
mod lists;
mod origin;
mod trouble;

pub(super) use self::comment::CommentCard;
pub(super) use self::conversation::{
    AboutLine, AttachmentLine, Block, Body, ConversationPage, Entry, MessageCard, Recipients,
};
pub(super) use self::inboxes::InboxesPage;
pub(super) use self::layout::{InboxLink, Layout, Pages};
pub(super) use self::lists::{ConversationRow, Found, InboxPage, Moment, SearchPage};
pub(super) use self::origin::OriginPage;
pub(super) use self::trouble::TroublePage;

/// `1 message`, `2,000 messages`
pub(super) fn counted(number: &impl ToString, noun: &str) -> String {
    match count(number).as_str() {
        "1" => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

/// `1234567` → `1,234,567`
fn count(number: &impl ToString) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        assert_eq!([counted(&0, "message"), counted(&1, "message")], ["0 messages", "1 message"]);
        assert_eq!(counted(&2, "message"), "2 messages");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([count(&0), count(&999), count(&20_000)], ["0", "999", "20,000"]);
        assert_eq!(counted(&1_234_567, "message"), "1,234,567 messages");
    }
}
