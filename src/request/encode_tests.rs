//! Tests of [`super`], in their own file for length.

use std::cell::RefCell;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::request::{Metadata, Sender};

fn request() -> ImportRequest {
    ImportRequest {
        sender: Sender { handle: "ada@shop.example".into(), name: Some("Ada \"A\" Löve".into()), author_id: None },
        to: vec!["support@acme.example".into(), "two@acme.example".into()],
        cc: vec![],
        bcc: vec![],
        subject: Some("Büro".into()),
        body: "<p>Hi\nthere</p>".into(),
        body_format: Some("html"),
        external_id: "tl1-00".into(),
        created_at: -12,
        kind: "email",
        assignee_id: None,
        tags: vec!["legacy".into()],
        metadata: Metadata {
            thread_ref: "tl1-aa".into(),
            is_inbound: true,
            is_archived: true,
            should_skip_rules: false,
        },
        attachments: vec![],
    }
}

fn file(filename: &str, content_type: &str, content: &'static [u8]) -> File {
    File {
        filename: filename.into(),
        content_type: content_type.into(),
        content_id: Some("c1".into()),
        is_named_by_id: false,
        content: Bytes::from_static(content),
    }
}

fn body(encoded: &Encoded) -> Vec<u8> {
    encoded.chunks.concat()
}

#[derive(Debug, PartialEq, Eq)]
struct Part {
    name: String,
    filename: Option<String>,
    content_type: Option<String>,
    content: Vec<u8>,
}

/// An independent reader of RFC 7578, strict: everything must be where the standard puts it.
fn parse(content_type: &str, body: &[u8]) -> Vec<Part> {
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").expect("multipart");
    let find = |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).position(|window| window == needle);
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // The first delimiter has no line end before it; give it one, and all delimiters look alike.
    let mut rest = [b"\r\n", body].concat();
    assert_eq!(find(&rest, &delimiter), Some(0), "the body begins with a delimiter");
    rest.drain(..delimiter.len());
    let mut parts = Vec::new();
    while rest != b"--\r\n" {
        rest = rest.strip_prefix(b"\r\n").expect("line end after a delimiter").to_vec();
        let end = find(&rest, &delimiter).expect("a delimiter closes the part");
        let part = &rest[..end];
        let blank = find(part, b"\r\n\r\n").expect("blank line after the headers");
        let headers = String::from_utf8(part[..blank].to_vec()).expect("headers are UTF-8");
        let mut read =
            Part { name: String::new(), filename: None, content_type: None, content: part[blank + 4..].to_vec() };
        for line in headers.split("\r\n") {
            if let Some(value) = line.strip_prefix("Content-Type: ") {
                read.content_type = Some(value.into());
            } else {
                let line = line.strip_prefix("Content-Disposition: form-data; name=\"").expect("known header");
                let (name, line) = line.split_once('"').expect("closing quote");
                read.name = name.into();
                if let Some(line) = line.strip_prefix("; filename=\"") {
                    read.filename = Some(line.strip_suffix('"').expect("closing quote").into());
                } else {
                    assert_eq!(line, "");
                }
            }
        }
        parts.push(read);
        rest.drain(..end + delimiter.len());
    }
    parts
}

#[test]
fn a_request_without_files_is_json_with_real_types() {
    let encoded = encode(&request());
    assert_eq!(encoded.content_type, "application/json");
    assert_eq!(
        String::from_utf8(body(&encoded)).unwrap(),
        "{\"sender\":{\"handle\":\"ada@shop.example\",\"name\":\"Ada \\\"A\\\" Löve\"},\
         \"to\":[\"support@acme.example\",\"two@acme.example\"],\"subject\":\"Büro\",\"body\":\"<p>Hi\\nthere</p>\",\
         \"body_format\":\"html\",\"external_id\":\"tl1-00\",\"created_at\":-12,\"type\":\"email\",\
         \"tags\":[\"legacy\"],\"metadata\":{\"thread_ref\":\"tl1-aa\",\"is_inbound\":true,\"is_archived\":true,\
         \"should_skip_rules\":false}}"
    );
}

#[test]
fn a_request_with_files_is_these_bytes_for_ever() {
    let mut request = request();
    request.attachments = vec![file("a\"b\r\nü.txt", "text/plain", b"one\r\n"), file("x", "no type", b"")];
    let encoded = encode(&request);
    let boundary = encoded.content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert_eq!(boundary, "threadlift-0c7aea1a01c260b6725bdac881d985cc");
    let field = |name: &str, value: &str| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let expected = [
        field("sender[handle]", "ada@shop.example"),
        field("sender[name]", "Ada \"A\" Löve"),
        field("to[0]", "support@acme.example"),
        field("to[1]", "two@acme.example"),
        field("subject", "Büro"),
        field("body", "<p>Hi\nthere</p>"),
        field("body_format", "html"),
        field("external_id", "tl1-00"),
        field("created_at", "-12"),
        field("type", "email"),
        field("tags[0]", "legacy"),
        field("metadata[thread_ref]", "tl1-aa"),
        field("metadata[is_inbound]", "true"),
        field("metadata[is_archived]", "true"),
        field("metadata[should_skip_rules]", "false"),
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"attachments[0]\"; \
             filename=\"a%22b%0D%0Aü.txt\"\r\nContent-Type: text/plain\r\n\r\none\r\n\r\n"
        ),
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"attachments[1]\"; filename=\"x\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n\r\n"
        ),
        format!("--{boundary}--\r\n"),
    ]
    .concat();
    assert_eq!(String::from_utf8(body(&encoded)).unwrap(), expected);
}

#[test]
fn files_are_shared_not_copied() {
    let content = Bytes::from(vec![7; 1000]);
    let mut request = request();
    request.attachments = vec![File { content: content.clone(), ..file("big.bin", "application/octet-stream", b"") }];
    assert!(encode(&request).chunks.iter().any(|chunk| chunk.as_ptr() == content.as_ptr()));
}

#[test]
fn a_type_that_is_not_a_type_never_becomes_a_header() {
    for bad in ["", "text", "text/", "/plain", "text/plain; x=y", "text/pl ain", "text/\r\nX: y", "téxt/plain"] {
        assert_eq!(sound_type(bad), UNKNOWN_TYPE, "{bad:?}");
    }
    assert_eq!(sound_type("application/vnd.ms-excel"), "application/vnd.ms-excel");
}

#[test]
fn a_boundary_that_occurs_in_the_content_is_passed_over() {
    let seen = RefCell::new(Vec::new());
    let chosen = boundary(&[1; 32], |candidate| {
        seen.borrow_mut().push(candidate.to_owned());
        seen.borrow().len() < 3
    });
    let seen = seen.into_inner();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen.last(), Some(&chosen));
    assert!(seen.iter().all(|candidate| candidate.len() == BOUNDARY_LENGTH));
    assert_ne!(seen[0], seen[1]);

    let hidden = boundary(&[1; 32], |_| false);
    let fields = [("body".to_owned(), format!("text --{hidden} text"))];
    assert!(occurs(&hidden, &fields, &[]));
    let content = Bytes::from(format!("\r\n--{hidden}--"));
    assert!(occurs(&hidden, &[], &[File { content, ..file("x", "a/b", b"") }]));
    assert!(!occurs(&hidden, &[], &[file("x", "a/b", b"threadlift-")]));
}

#[test]
fn the_digest_tells_apart_what_runs_together() {
    let digest_of = |files: Vec<File>| digest(&ImportRequest { attachments: files, ..request() });
    let all = [
        digest_of(vec![]),
        digest_of(vec![file("ab", "c/d", b"e")]),
        digest_of(vec![file("a", "bc/d", b"e")]),
        digest_of(vec![file("ab", "c/", b"de")]),
        digest_of(vec![file("ab", "c/d", b""), file("e", "", b"")]),
        digest(&ImportRequest { created_at: 0, ..request() }),
    ];
    for (index, one) in all.iter().enumerate() {
        assert!(all.iter().skip(index + 1).all(|other| other != one), "{index}");
    }
}

#[test]
fn a_content_id_goes_along_where_it_is_asked_for_and_makes_another_request() {
    let with = |ids: &[Option<&str>]| {
        let named = |(id, of): (Option<&str>, File)| File {
            content_id: id.map(str::to_owned),
            is_named_by_id: id.is_some(),
            ..of
        };
        let files = ids.iter().copied().zip([file("a.png", "image/png", b"a"), file("b.png", "image/png", b"b")]);
        ImportRequest { attachments: files.map(named).collect(), ..request() }
    };
    let [none, first, second] = [with(&[None, None]), with(&[Some("x@y"), None]), with(&[None, Some("x@y")])];
    let text = |request: &ImportRequest| String::from_utf8(body(&encode(request))).expect("text");
    assert!(!text(&none).contains("Content-ID"));
    let header = "filename=\"a.png\"\r\nContent-Type: image/png\r\nContent-ID: <x@y>\r\n\r\na\r\n";
    assert!(text(&first).contains(header), "{}", text(&first));
    assert_eq!(encoded_size(&first), encode(&first).size);
    assert!(digest(&none) != digest(&first) && digest(&first) != digest(&second));
    for smuggled in ["x\r\nX-Other: y", "x> <y", "", "é"] {
        let request = with(&[Some(smuggled), None]);
        assert!(!text(&request).contains("Content-ID"), "{smuggled}");
        assert_eq!(digest(&request), digest(&none), "{smuggled}");
    }
}

fn any_file() -> impl Strategy<Value = File> {
    (".{0,12}", "[a-z]{0,4}/?[a-z]{0,4}", vec(any::<u8>(), 0..200)).prop_map(|(filename, content_type, content)| File {
        filename,
        content_type,
        content_id: None,
        is_named_by_id: false,
        content: content.into(),
    })
}

fn any_request() -> impl Strategy<Value = ImportRequest> {
    let text = "(?s).{0,30}";
    (
        (text, proptest::option::of(text), proptest::option::of(text), vec(text, 1..4), vec(text, 0..3)),
        (proptest::option::of(text), text, any::<i64>(), vec(text, 0..3), any::<[bool; 3]>(), vec(any_file(), 0..3)),
    )
        .prop_map(|((handle, name, author_id, to, cc), (subject, body, created_at, tags, flags, attachments))| {
            ImportRequest {
                sender: Sender { handle, name, author_id },
                to,
                cc,
                subject,
                body,
                created_at,
                tags,
                metadata: Metadata {
                    thread_ref: "r".into(),
                    is_inbound: flags[0],
                    is_archived: flags[1],
                    should_skip_rules: flags[2],
                },
                attachments,
                ..request()
            }
        })
}

proptest! {
    #[test]
    fn what_another_parser_reads_is_what_was_asked_for(request in any_request()) {
        let encoded = encode(&request);
        let body = body(&encoded);
        prop_assert_eq!(body.len() as u64, encoded.size);
        prop_assert_eq!(encoded_size(&request), encoded.size);
        prop_assert_eq!(&encode(&request), &encoded);
        if request.attachments.is_empty() {
            let value: Value = serde_json::from_slice(&body).unwrap();
            prop_assert_eq!(value, serde_json::to_value(&request).unwrap());
            return Ok(());
        }
        let mut parts = parse(&encoded.content_type, &body);
        let files = parts.split_off(parts.len() - request.attachments.len());
        for (index, (part, file)) in files.iter().zip(&request.attachments).enumerate() {
            prop_assert_eq!(&part.name, &format!("attachments[{index}]"));
            let filename = file.filename.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
            prop_assert_eq!(part.filename.as_ref(), Some(&filename));
            prop_assert!(part.content_type.is_some());
            prop_assert_eq!(&part.content[..], &file.content[..]);
        }
        let text = |name: &str| {
            let mut found = parts.iter().filter(|part| part.name == name);
            let text = found.next().map(|part| String::from_utf8(part.content.clone()).unwrap());
            assert!(found.next().is_none(), "{name} is there once");
            text
        };
        prop_assert!(parts.iter().all(|part| part.filename.is_none() && part.content_type.is_none()));
        prop_assert_eq!(text("sender[handle]"), Some(request.sender.handle.clone()));
        prop_assert_eq!(text("sender[name]"), request.sender.name.clone());
        prop_assert_eq!(text("sender[author_id]"), request.sender.author_id.clone());
        prop_assert_eq!(text("subject"), request.subject.clone());
        prop_assert_eq!(text("body"), Some(request.body.clone()));
        prop_assert_eq!(text("created_at"), Some(request.created_at.to_string()));
        prop_assert_eq!(text("metadata[is_inbound]"), Some(request.metadata.is_inbound.to_string()));
        for (list, name) in [(&request.to, "to"), (&request.cc, "cc"), (&request.tags, "tags")] {
            for index in 0..=list.len() {
                prop_assert_eq!(text(&format!("{name}[{index}]")), list.get(index).cloned());
            }
        }
    }
}
