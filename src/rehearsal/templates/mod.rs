//! The pages: each page's values beside its markup. askama escapes all that is put in, except the content of
//! [`Layout`], which is a page that has been through it.

mod conversation;
mod inboxes;
mod layout;
mod lists;
mod origin;

pub(super) use self::conversation::{AttachmentLine, Block, Body, ConversationPage, MessageCard, Recipients};
pub(super) use self::inboxes::InboxesPage;
pub(super) use self::layout::{InboxLink, Layout, Pages};
pub(super) use self::lists::{ConversationRow, Found, InboxPage, Moment, SearchPage};
pub(super) use self::origin::OriginPage;

/// `1 message`, `2 messages`
fn counted(number: &impl ToString, noun: &str) -> String {
    match number.to_string().as_str() {
        "1" => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        assert_eq!([counted(&0, "message"), counted(&1, "message")], ["0 messages", "1 message"]);
        assert_eq!(counted(&2, "message"), "2 messages");
    }
}
