//! Kinds of calls, by which faults choose theirs.

use std::str::FromStr;

use axum::http::Method;

/// What a call that is no import does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// It changes nothing: every `GET`.
    Read,
    /// It changes a conversation: its state, assignee, tags, followers; or deletes it.
    Conversation,
    /// It writes a comment.
    Comment,
    /// It makes or changes a link, or puts it to a conversation.
    Link,
    /// It makes or changes a contact, its handles or a list of contacts.
    Contact,
    /// It makes or changes a tag.
    Tag,
    /// It makes an inbox, or says who sees it.
    Inbox,
    /// It delivers a message to a custom channel.
    Message,
}

impl CallKind {
    const ALL: [(&'static str, Self); 8] = [
        ("read", Self::Read),
        ("conversation", Self::Conversation),
        ("comment", Self::Comment),
        ("link", Self::Link),
        ("contact", Self::Contact),
        ("tag", Self::Tag),
        ("inbox", Self::Inbox),
        ("message", Self::Message),
    ];

    /// The kind of a call that is no import.
    pub(in super::super) fn of(method: &Method, path: &str) -> Self {
        let mut pieces = path.trim_end_matches('/').rsplit('/');
        if method == Method::GET {
            return Self::Read;
        }
        if path.starts_with("/contact") {
            return Self::Contact;
        }
        let last = pieces.next().unwrap_or_default();
        let in_conversation = path.starts_with("/conversations/");
        match last {
            "incoming_messages" => Self::Message,
            "comments" => Self::Comment,
            "links" => Self::Link,
            _ if in_conversation => Self::Conversation,
            _ if path.starts_with("/comments/") => Self::Comment,
            _ if path.starts_with("/links/") => Self::Link,
            "tags" => Self::Tag,
            _ if path.starts_with("/tags/") => Self::Tag,
            _ => Self::Inbox,
        }
    }

    /// All names, as they are written.
    pub(super) fn names() -> String {
        Self::ALL.map(|(name, _)| name).join(", ")
    }
}

impl FromStr for CallKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
        found.ok_or_else(|| format!("{text:?} is none of {}", Self::names()))
    }
}

/// A call that is no import, and its numbers: among all of them, and among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Numbered {
    pub(in super::super) kind: CallKind,
    pub(in super::super) among_all: u64,
    pub(in super::super) among_kind: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_that_writes_is_of_a_kind() {
        for (method, path, kind) in [
            ("GET", "/conversations/cnv_1/comments", CallKind::Read),
            ("PATCH", "/conversations/cnv_1", CallKind::Conversation),
            ("DELETE", "/conversations/cnv_1", CallKind::Conversation),
            ("PUT", "/conversations/cnv_1/assignee", CallKind::Conversation),
            ("POST", "/conversations/cnv_1/tags", CallKind::Conversation),
            ("POST", "/conversations/cnv_1/followers", CallKind::Conversation),
            ("POST", "/conversations/cnv_1/comments", CallKind::Comment),
            ("PATCH", "/comments/com_1/", CallKind::Comment),
            ("POST", "/comments/com_1/replies", CallKind::Comment),
            ("POST", "/conversations/cnv_1/links", CallKind::Link),
            ("POST", "/links", CallKind::Link),
            ("PATCH", "/links/top_1", CallKind::Link),
            ("POST", "/contacts", CallKind::Contact),
            ("DELETE", "/contacts/crd_1/handles", CallKind::Contact),
            ("POST", "/contact_lists/grp_1/contacts", CallKind::Contact),
            ("POST", "/company/tags", CallKind::Tag),
            ("POST", "/teams/tim_1/tags", CallKind::Tag),
            ("POST", "/tags/tag_1/children", CallKind::Tag),
            ("PATCH", "/tags/tag_1", CallKind::Tag),
            ("POST", "/inboxes", CallKind::Inbox),
            ("POST", "/teams/tim_1/inboxes", CallKind::Inbox),
            ("POST", "/inboxes/inb_1/teammates", CallKind::Inbox),
            ("POST", "/channels/cha_1/incoming_messages", CallKind::Message),
        ] {
            assert_eq!(CallKind::of(&method.parse().unwrap(), path), kind, "{method} {path}");
        }
    }
}
