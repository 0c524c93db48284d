//! The pages: each page's values beside its markup. askama escapes all that is put in, except the content of
//! [`Layout`], which is a page that has been through it.

mod conversation;
mod inboxes;
mod layout;
mod lists;

pub(super) use self::conversation::{AttachmentLine, Body, ConversationPage, MessageCard, Recipients};
pub(super) use self::inboxes::{InboxRow, InboxesPage};
pub(super) use self::layout::{Layout, Pages};
pub(super) use self::lists::{ConversationRow, InboxPage, SearchPage};
