//! What one record becomes.

use super::*;
use crate::mapping;
use crate::record::{ActiveContent, Attachment, Identity};
use bytes::Bytes;
use std::path::Path;

fn mapping(more: &str) -> Mapping {
    let base =
        "version = 1\n[target]\ninbox = \"Support\"\n[[source]]\nname = \"box\"\nformat = \"mbox\"\npath = \"x\"\n";
    mapping::parse(Path::new("m.toml"), &format!("{base}{more}")).ok().unwrap()
}

fn address(name: Option<&str>, handle: &str) -> Address {
    Address { name: name.map(str::to_owned), handle: handle.to_owned() }
}

fn mail(body: &str) -> Record {
    Record {
        kind: Kind::Mail,
        message_type: MessageType::Email,
        message_id: None,
        in_reply_to: Vec::new(),
        references: Vec::new(),
        gmail_thread: None,
        conversation: None,
        from: Some(address(Some("Ada"), "ada@shop.example")),
        to: vec![address(None, "support@acme.example")],
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: Vec::new(),
        missing_handles: 0,
        other_handles: Vec::new(),
        delivered_to: Vec::new(),
        active: ActiveContent::default(),
        subject: Some("Hello".to_owned()),
        body: Body::Html(body.to_owned()),
        attachments: Vec::new(),
        date: Some(1),
        labels: Vec::new(),
        stated_direction: None,
        is_note: false,
        thread_value: None,
        identity: Identity { key: [0; 32], sameness: [0; 32] },
        likeness: None,
        changes: Vec::new(),
    }
}

fn chat(text: &str) -> Record {
    let (kind, message_type) = (Kind::Row, MessageType::Custom);
    Record { kind, message_type, to: Vec::new(), body: Body::Text(text.to_owned()), ..mail("") }
}

fn file(filename: &str, size: usize) -> Attachment {
    Attachment {
        filename: filename.to_owned(),
        content_type: "application/pdf".to_owned(),
        content_id: None,
        content: Bytes::from(vec![7; size]),
    }
}

fn draft(record: Record, more: &str) -> Draft {
    Draft::new(record, Direction::Inbound, &mapping(more)).unwrap()
}

const DECISION: Decision<'_> = Decision {
    external_id: "tl1-a",
    thread_ref: "tl1-t",
    tags: &[],
    is_archived: true,
    customer: None,
    assignee: None,
};

fn request(record: Record, more: &str) -> ImportRequest {
    draft(record, more).finish(&DECISION, &mapping(more))
}

#[test]
fn html_stays_as_it_is_and_text_becomes_html() {
    let html = request(mail("<p>5 &lt; 6</p>"), "");
    assert_eq!((html.body.as_str(), html.body_format, html.kind), ("<p>5 &lt; 6</p>", Some("html"), "email"));
    let text = draft(Record { body: Body::Text("a < b\n_c_".to_owned()), ..mail("") }, "");
    assert_eq!(text.changes, ["plain text made HTML"]);
    assert_eq!(text.finish(&DECISION, &mapping("")).body, "a &lt; b<br>\n_c_");
}

#[test]
fn a_chat_line_stays_plain_text() {
    let line = request(chat("a < b\n*c*"), "");
    assert_eq!((line.body.as_str(), line.body_format, line.kind), ("a < b\n*c*", None, "custom"));
}

#[test]
fn a_row_that_was_a_mail_is_sent_as_one_and_still_takes_the_recipient_of_its_conversation() {
    let row = draft(Record { message_type: MessageType::Email, ..chat("a < b\n_c_") }, "");
    assert!(row.wants_recipient());
    assert_eq!(row.changes, ["plain text made HTML"]);
    let sent = row.finish(&Decision { customer: Some("ada@shop.example"), ..DECISION }, &mapping(""));
    assert_eq!((sent.body.as_str(), sent.body_format, sent.kind), ("a &lt; b<br>\n_c_", Some("html"), "email"));
    assert_eq!(sent.to, ["ada@shop.example"]);
}

#[test]
fn a_body_is_never_empty_and_it_is_said_when_it_was() {
    for body in [Body::Html(" \n".to_owned()), Body::Text(String::new()), Body::Text("\u{a0}\n".to_owned())] {
        let draft = draft(Record { body, ..mail("") }, "");
        assert_eq!(draft.changes, ["empty body replaced"]);
        assert_eq!(draft.finish(&DECISION, &mapping("")).body, "<div>(no content)</div>");
    }
    assert_eq!(request(chat(" "), "").body, "(no content)");
}

#[test]
fn a_mail_without_recipients_goes_to_the_stated_fallback() {
    let lonely = || Record { to: Vec::new(), ..mail("Hi") };
    for (more, expected) in [
        ("", "undisclosed-recipients"),
        ("[ours]\naddresses = [\"help@acme.example\"]", "help@acme.example"),
        ("[ours]\naddresses = [\"help@acme.example\"]\n[defaults]\nto = \"desk@acme.example\"", "desk@acme.example"),
    ] {
        let draft = draft(lonely(), more);
        assert_eq!(draft.changes, ["no recipient: the stated fallback stands in"]);
        assert_eq!(draft.finish(&DECISION, &mapping(more)).to, [expected]);
    }
}

#[test]
fn a_chat_line_without_recipient_takes_the_one_of_its_conversation() {
    let line = draft(chat("Hi"), "");
    assert!(line.wants_recipient());
    let decided = Decision { customer: Some("ada"), ..DECISION };
    assert_eq!(line.clone().finish(&decided, &mapping("")).to, ["ada"]);
    assert_eq!(line.finish(&DECISION, &mapping("")).to, ["undisclosed-recipients"]);
}

#[test]
fn no_line_end_gets_into_a_name_or_a_subject() {
    let record = Record {
        subject: Some("Hello\r\n Bcc: eve@x\n\n".to_owned()),
        from: Some(address(Some("Ada\r\nX-Evil: 1"), "ada@shop.example")),
        ..mail("Hi")
    };
    let draft = draft(record, "");
    assert_eq!(draft.changes, ["subject: line ends made spaces", "author's name: line ends made spaces"]);
    let request = draft.finish(&DECISION, &mapping(""));
    assert_eq!(request.subject.as_deref(), Some("Hello Bcc: eve@x"));
    assert_eq!(request.sender.name.as_deref(), Some("Ada X-Evil: 1"));
    let blank = Record { subject: Some("\r\n".to_owned()), from: Some(address(Some(" \n"), "a@x")), ..mail("Hi") };
    let request = self::request(blank, "");
    assert_eq!((request.subject, request.sender.name), (None, None));
}

#[test]
fn what_a_listed_agent_wrote_is_theirs_and_what_they_received_is_not() {
    let agents = "[ours]\naddresses = [\"leela@acme.example\"]\n[agents]\n\"leela@acme.example\" = \"alt:email:leela@acme.example\"";
    let from = |handle| Record { from: Some(address(Some("Leela"), handle)), ..mail("Hi") };
    let author = |record, direction| {
        Draft::new(record, direction, &mapping(agents)).unwrap().finish(&DECISION, &mapping(agents)).sender
    };
    let leela = author(from("Leela@ACME.example"), Direction::Outbound);
    assert_eq!(leela.author_id.as_deref(), Some("alt:email:leela@acme.example"));
    assert_eq!(leela.handle, "Leela@ACME.example");
    assert_eq!(author(from("leela@acme.example"), Direction::Inbound).author_id, None);
    let fry = author(from("fry@acme.example"), Direction::Outbound);
    assert_eq!((fry.author_id, fry.name.as_deref()), (None, Some("Leela")), "an unlisted author keeps the name");
}

#[test]
fn the_largest_files_are_left_out_until_the_rest_fits_and_each_is_named() {
    let record = Record {
        attachments: vec![file("small.pdf", 9_000_000), file("<big>.pdf", 20_000_000), file("mid.pdf", 12_000_000)],
        ..mail("<html><body><p>Hi</p></BODY></html>")
    };
    let draft = draft(record.clone(), "");
    assert_eq!(draft.changes, ["file left out, too large: <big>.pdf (20000000 bytes)"]);
    assert!(draft.size <= MAX_REQUEST);
    let request = draft.finish(&DECISION, &mapping(""));
    let kept: Vec<&str> = request.attachments.iter().map(|file| file.filename.as_str()).collect();
    assert_eq!(kept, ["small.pdf", "mid.pdf"]);
    let digest = Sha256::digest(vec![7; 20_000_000]).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    let note = format!("&lt;big&gt;.pdf (20000000 bytes, SHA-256 {digest})]");
    assert!(request.body.contains(&note), "{}", request.body);
    assert!(request.body.starts_with("<html><body><p>Hi</p>") && request.body.ends_with("</p></BODY></html>"));
}

#[test]
fn in_a_chat_the_note_is_plain_text() {
    let record = Record { attachments: vec![file("<big>.pdf", 25_000_000)], ..chat("Hi") };
    let body = request(record, "").body;
    assert!(body.starts_with("Hi\n[A file was left out") && body.contains("<big>.pdf"), "{body}");
}

#[test]
fn a_request_is_never_larger_than_the_limit_however_its_files_fall() {
    for sizes in [vec![23_999_999], vec![24_000_000], vec![12_000_000; 2], vec![8_000_000; 4], vec![100_000; 400]] {
        let files = sizes.iter().enumerate().map(|(at, size)| file(&format!("{at}.pdf"), *size)).collect();
        let draft = draft(Record { attachments: files, ..mail("Hi") }, "");
        let left_out = draft.changes.len();
        let size = draft.size;
        let request = draft.finish(&DECISION, &mapping(""));
        assert_eq!(request.attachments.len() + left_out, sizes.len(), "kept or named");
        assert_eq!(request.body.matches("SHA-256").count(), left_out);
        assert!(encode::encoded_size(&request) <= size && size <= MAX_REQUEST);
    }
}

#[test]
fn a_mapping_that_rejects_what_is_too_large_leaves_nothing_out() {
    let record = Record { attachments: vec![file("big.pdf", 25_000_000)], ..mail("Hi") };
    let mapping = mapping("[defaults]\noversize = \"reject\"");
    let TooLarge { detail } = Draft::new(record, Direction::Inbound, &mapping).unwrap_err();
    assert!(detail.contains("at most 24000000"), "{detail}");
}

#[test]
fn a_body_that_is_too_large_by_itself_is_rejected() {
    let record = Record { attachments: vec![file("a.pdf", 9)], ..mail(&"x".repeat(24_000_000)) };
    assert!(Draft::new(record, Direction::Inbound, &mapping("")).is_err());
}

#[test]
fn the_digest_covers_the_draft_its_files_and_every_decision() {
    let base = Record { attachments: vec![file("a.pdf", 9)], ..mail("Hi") };
    let digest = |record: Record| draft(record, "").digest;
    let same = digest(base.clone());
    assert_eq!(digest(base.clone()), same);
    for other in [
        Record { body: Body::Html("Ho".to_owned()), ..base.clone() },
        Record { subject: None, ..base.clone() },
        Record { date: Some(2), ..base.clone() },
        Record { attachments: vec![file("b.pdf", 9)], ..base.clone() },
        Record { attachments: vec![file("a.pdf", 8)], ..base.clone() },
        Record { bcc: vec![address(None, "eve@x")], ..base.clone() },
    ] {
        assert_ne!(digest(other), same);
    }
    let decided = |decision: &Decision<'_>| decided_digest(&same, decision);
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let (ab, a_b) = (tags(&["ab"]), tags(&["a", "b"]));
    let decisions = [
        DECISION,
        Decision { external_id: "tl1-b", ..DECISION },
        Decision { thread_ref: "tl1-u", ..DECISION },
        Decision { is_archived: false, ..DECISION },
        Decision { customer: Some("ada"), ..DECISION },
        Decision { assignee: Some("tea_1"), ..DECISION },
        Decision { assignee: Some("ada"), ..DECISION },
        Decision { tags: &ab, ..DECISION },
        Decision { tags: &a_b, ..DECISION },
    ];
    for (at, one) in decisions.iter().enumerate() {
        for (other_at, other) in decisions.iter().enumerate() {
            assert_eq!(decided(one) == decided(other), at == other_at);
        }
    }
}

#[test]
fn the_decisions_reach_the_request() {
    let tags = ["vip".to_owned()];
    let decision = Decision { tags: &tags, is_archived: false, ..DECISION };
    let request = draft(mail("Hi"), "").finish(&decision, &mapping(""));
    assert_eq!((request.external_id.as_str(), request.metadata.thread_ref.as_str()), ("tl1-a", "tl1-t"));
    assert_eq!(request.tags, tags);
    assert!(!request.metadata.is_archived && request.metadata.should_skip_rules && request.metadata.is_inbound);
}
