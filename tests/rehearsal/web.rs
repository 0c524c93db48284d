//! The web inbox: what it shows, and what hostile mail cannot do in it.

use serde_json::{Value, json};
use std::sync::Arc;
use threadlift::rehearsal::{Account, Config, Known, LongText, Origins};

use super::support::*;

pub(crate) async fn text(front: &Front, path: &str) -> String {
    let page = front.page(path).await;
    assert_eq!(page.status().as_u16(), 200, "{path}");
    page.text().await.unwrap()
}

/// The first address on a page that starts so.
pub(crate) fn link(page: &str, start: &str) -> String {
    let at = page.find(&format!("\"{start}")).unwrap_or_else(|| panic!("{start} in {page}"));
    page[at + 1..].split('"').next().unwrap().to_owned()
}

const HOSTILE: &str = "<script>alert(1)</script><img src=\"http://tracker.example/x.png\" onerror=alert(2)>\
                       <form action=\"http://evil.example\"></form></iframe></pre><b>end</b>";

#[tokio::test]
async fn a_message_is_found_by_following_links_from_the_first_page() {
    let front = Front::plain();
    let values = json!({ "subject": "Broken <b>lamp</b>", "tags": ["vip & co"], "cc": ["c@example.com"] });
    let mut parts = form_message("the-id");
    parts.push(field("subject", "Broken <b>lamp</b>"));
    parts.push(field("tags[0]", "vip & co"));
    parts.push(field("cc[0]", "c@example.com"));
    parts.push(file(0, "photo.png", "image/png", b"not really"));
    parts.push(file(1, "page.html", "text/html", b"<script>alert(1)</script>"));
    front.import_form(&parts).await.uid();
    let reply = json!({ "sender": { "handle": "leela@acme.example", "author_id": "tea_leela" }, "body": "Sent back",
        "created_at": 1_453_770_999, "metadata": { "is_inbound": false, "thread_ref": "thread-1" } });
    front.import(&with(with(message("b"), &values), &reply)).await.uid();

    let first = text(&front, "/").await;
    assert!(first.contains("nothing here has reached Front") && first.contains("2 messages in 1 conversation<"));
    let inbox = text(&front, &link(&first, "/web/inboxes/")).await;
    assert!(inbox.contains("vip &#38; co") && inbox.contains("2016-01-26 01:16 UTC"), "{inbox}");
    let conversation = text(&front, &link(&inbox, "/web/conversations/")).await;
    for expected in
        ["ana@example.com", "c@example.com", "by <bdi>Leela Turanga</bdi>", "photo.png", "the-id", "Sent back"]
    {
        assert!(conversation.contains(expected), "{expected} in {conversation}");
    }
    for page in [&inbox, &conversation] {
        assert!(page.contains("Broken &#60;b&#62;lamp") && !page.contains("<b>lamp"), "{page}");
    }
    assert!(conversation.find("inbound") < conversation.find("outbound"), "oldest first");

    let file = link(&conversation, "/web/attachments/");
    let answer = front.page(&file).await;
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment;"));
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.bytes().await.unwrap().as_ref(), b"not really");
    let page = front.page(&file.replace("/0", "/1")).await;
    assert_eq!(page.headers()["content-type"], "application/octet-stream");
    assert_eq!(front.page(&file.replace("/0", "/2")).await.status().as_u16(), 404);
}

async fn hostile(body_format: Option<&str>) -> (Front, String) {
    let front = Front::plain();
    let mut message = with(message("a"), &json!({ "body": HOSTILE, "subject": HOSTILE, "tags": ["<script>"] }));
    message["sender"]["name"] = json!("<script>alert(3)</script>");
    if let Some(format) = body_format {
        message["body_format"] = json!(format);
    }
    front.import(&message).await.uid();
    let listed = front.get(&format!("/inboxes/{INBOX}/conversations")).await.body;
    let path = format!("/web/conversations/{}", listed["_results"][0]["id"].as_str().unwrap());
    (front, path)
}

#[tokio::test]
async fn hostile_html_stands_in_no_page_and_its_frame_is_sandboxed() {
    let (front, path) = hostile(Some("html")).await;
    for page in ["/", &format!("/web/inboxes/{INBOX}"), &path, "/web/search?q=%3Cscript"] {
        let page = text(&front, page).await;
        for forbidden in ["<script", "onerror=alert(2)>", "<b>end"] {
            assert!(!page.contains(forbidden), "{forbidden} in {page}");
        }
    }
    let page = text(&front, &path).await;
    assert!(page.contains("<iframe sandbox=\"\""), "{page}");
    let body = front.page(&link(&page, "/web/messages/")).await;
    let policy = body.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let rules: Vec<&str> = policy.split(';').map(str::trim).collect();
    assert!(rules.contains(&"sandbox") && rules.contains(&"default-src 'none'"), "{policy}");
    assert!(!policy.contains("allow-") && !policy.contains("script"), "{policy}");
    let shown = body.text().await.unwrap();
    assert!(shown.ends_with("<img alt=\"\"></pre><b>end</b>"), "{shown}");
    let request = text(&front, &link(&page, "/web/messages/").replace("/body", "/request")).await;
    assert_eq!(serde_json::from_str::<Value>(&request).unwrap()["body"], HOSTILE, "as imported");
    let asked = front.page(&format!("{}?remote=1", link(&page, "/web/messages/"))).await;
    let policy = asked.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("sandbox; default-src 'none'; img-src 'self' data: https:;"), "{policy}");
    assert!(asked.text().await.unwrap().contains("<img src=\"https://tracker.example/x.png\""));
}

#[tokio::test]
async fn nobody_but_the_reader_asks_for_pictures_from_elsewhere() {
    let (front, path) = hostile(Some("html")).await;
    let message = link(&text(&front, &path).await, "/web/messages/");
    let led = |site: &'static str| {
        let (front, path, message) = (&front, &path, &message);
        async move {
            let id = message.split('/').nth(3).unwrap();
            let ask = |address: String| {
                let asked = front.client.get(front.url(&address)).header("sec-fetch-site", site);
                asked.header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document").send()
            };
            let page = ask(format!("{path}?remote={id}")).await.unwrap().text().await.unwrap();
            let alone = ask(format!("{message}?remote=1")).await.unwrap();
            let policy = alone.headers()["content-security-policy"].to_str().unwrap().to_owned();
            (page.contains("body?remote=1"), policy.contains("https:"))
        }
    };
    assert_eq!(led("same-origin").await, (true, true));
    assert_eq!(led("none").await, (true, true), "typed by the reader");
    assert_eq!(led("cross-site").await, (false, false));
}

#[tokio::test]
async fn what_cannot_be_shown_is_said_on_a_page_that_leads_back() {
    let (front, _) = hostile(None).await;
    for (path, said) in [
        ("/web/conversations/cnv_zz", "There is no such conversation."),
        ("/web/inboxes/none", "There is no such inbox."),
        ("/web/nowhere/at/all", "There is no such page."),
    ] {
        let answer = front.page(path).await;
        assert_eq!(answer.status().as_u16(), 404, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        let page = answer.text().await.unwrap();
        assert!(page.contains(said) && page.contains("<a href=\"/\">All inboxes</a>"), "{page}");
        assert!(page.contains(&format!("/web/inboxes/{INBOX}")), "{page}");
    }
}

/// Somebody who knows more than a page shows.
struct Knows;

impl Origins for Knows {
    fn of(&self, external_id: &str) -> Result<Known, String> {
        if external_id == "b" {
            return Err("the source is <gone>".to_owned());
        }
        let long = [("request", true), ("history", false)].map(|(name, is_cut)| LongText {
            name: name.to_owned(),
            text: "{}".to_owned(),
            is_cut,
        });
        let lines = vec![("place".to_owned(), "a\u{202e}xobm, byte 7".to_owned())];
        Ok(Known { accounts: vec![Account { lines, long: long.into(), original: None }], left_out: 1_230 })
    }
}

#[tokio::test]
async fn an_origin_page_says_what_it_leaves_out() {
    let front = Front::new(Config { origins: Some(Arc::new(Knows)), ..config() });
    for id in ["a", "b"] {
        front.import(&message(id)).await.uid();
    }
    let page = text(&front, "/web/messages/msg_100000/origin").await;
    assert_eq!(page.matches("It goes on: the rest is left out here.").count(), 1, "{page}");
    assert!(page.contains("1,230 more records of this message are not shown."), "{page}");
    assert!(page.contains("a\u{fffd}xobm, byte 7") && !page.contains('\u{202e}'), "{page}");
    let broken = front.page("/web/messages/msg_100001/origin").await;
    assert_eq!(broken.status().as_u16(), 500);
    assert!(broken.text().await.unwrap().contains("the source is &#60;gone&#62;"));
}

#[tokio::test]
async fn no_line_of_a_page_is_turned_by_what_a_stranger_writes() {
    let front = Front::plain();
    let values = json!({ "subject": "pay\u{202e}gpj", "cc": ["c\u{2066}@example.com"], "tags": ["t\u{202d}ag"] });
    let mut message = with(message("a"), &values);
    message["sender"]["name"] = json!("Ann\u{202e}a");
    front.import(&message).await.uid();
    let first = text(&front, "/").await;
    let conversation = text(&front, &link(&first, "/web/conversations/")).await;
    for page in [&first, &conversation, &text(&front, "/web/search?q=pay").await] {
        assert!(page.contains("pay\u{fffd}gpj") && page.contains("Ann\u{fffd}a"), "{page}");
        assert!(!page.contains(['\u{202d}', '\u{202e}', '\u{2066}']), "{page}");
    }
    assert!(conversation.contains("<h1 dir=\"auto\">"));
}

#[tokio::test]
async fn hostile_text_is_text() {
    let (front, path) = hostile(None).await;
    let page = text(&front, &path).await;
    assert!(
        page.contains("<div class=\"text\" dir=\"auto\">&#60;script&#62;")
            && !page.contains("<script")
            && !page.contains("<iframe"),
        "{page}"
    );
    let alone = front.page(&link(&page, "/web/messages/")).await;
    assert_eq!(alone.headers()["content-type"], "text/plain; charset=utf-8");
    assert_eq!(alone.headers()["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn every_page_forbids_script_and_strangers() {
    let (front, path) = hostile(Some("html")).await;
    for page in ["/", &format!("/web/inboxes/{INBOX}"), &path, "/web/search?q=x", "/web/style.css", "/web/nowhere"] {
        let answer = front.page(page).await;
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        for rule in ["default-src 'none'", "style-src 'self'", "form-action 'self'", "base-uri 'none'"] {
            assert!(policy.contains(rule), "{rule} on {page}");
        }
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
    for path in ["/", "/web/search?q=x"] {
        let posted = front.client.post(front.url(path)).body("x").send().await.unwrap();
        assert_eq!(posted.status().as_u16(), 405);
    }
}

#[tokio::test]
async fn search_finds_subjects_and_people_in_any_case_and_is_bounded() {
    let front = Front::plain();
    for n in 0..120 {
        let metadata = json!({ "is_inbound": true, "thread_ref": n.to_string() });
        let sender = json!({ "handle": format!("user{n}@example.com"), "name": format!("Ünal {n}") });
        let values = json!({ "subject": format!("Invoice {n}"), "sender": sender, "metadata": metadata });
        front.import(&with(message(&n.to_string()), &values)).await.uid();
    }
    let hits = |page: &str| page.matches("/web/conversations/").count();
    assert_eq!(hits(&text(&front, "/web/search?q=INVOICE+17").await), 1);
    assert_eq!(hits(&text(&front, "/web/search?q=user19%40").await), 1);
    assert_eq!(hits(&text(&front, "/web/search?q=%C3%BCnal+19").await), 1);
    assert_eq!(hits(&text(&front, "/web/search?q=nothing").await), 0);
    assert_eq!(hits(&text(&front, "/web/search?q=").await), 0);
    let first = text(&front, "/web/search?q=invoice").await;
    assert_eq!(hits(&first), 50);
    let second = text(&front, &link(&first, "/web/search?q=invoice&#38;").replace("&#38;", "&")).await;
    let third = text(&front, &link(&second, "/web/search?q=invoice&#38;").replace("&#38;", "&")).await;
    assert_eq!((hits(&second), hits(&third)), (50, 20));
    assert!(!third.contains("Search older conversations"));
    assert!(third.contains("Looked at subjects and people of 20 further conversations"), "{third}");
}

#[tokio::test]
async fn search_reads_messages_as_a_reader_does_and_shows_where_it_found_the_words() {
    let front = Front::plain();
    let html = "<style>p { color: hidden }</style><p>It&rsquo;s a <b>brok</b>en&nbsp;lamp</p><p>that we sent</p>";
    front.import(&with(message("a"), &json!({ "body": html, "body_format": "html", "subject": "Old" }))).await.uid();
    let reply = json!({ "body": "Nothing new", "created_at": 1_453_770_999 });
    front.import(&with(message("b"), &reply)).await.uid();
    for (words, found) in
        [("it%E2%80%99s+A+broken+LAMP", true), ("lamp+that", true), ("hidden", false), ("%3Cb%3E", false)]
    {
        let page = text(&front, &format!("/web/search?q={words}")).await;
        assert_eq!(page.contains("<mark>"), found, "{words} in {page}");
        assert!(page.contains("at the text of 2 messages"), "{page}");
    }
    assert!(text(&front, "/web/search?q=broken").await.contains("It’s a <mark>broken</mark> lamp"), "in its words");
}

#[tokio::test]
async fn what_is_beyond_the_bound_is_compared_and_not_kept() {
    let front = Front::new(Config { keep: 6_000, ..config() });
    let body = "b".repeat(1_000);
    let mut uids = Vec::new();
    for n in 0..8 {
        let metadata = json!({ "is_inbound": true, "thread_ref": n.to_string() });
        let values = json!({ "body": body, "subject": format!("No {n}."), "metadata": metadata });
        uids.push(front.import(&with(message(&n.to_string()), &values)).await.uid());
    }
    let state = front.state();
    assert!(state.kept_bytes <= state.keep_limit && state.keep_limit == 6_000, "{state:?}");
    assert!(state.forgotten > 0 && state.forgotten < 8, "{state:?}");
    for (n, uid) in (0..8).zip(&uids) {
        let metadata = json!({ "is_inbound": true, "thread_ref": n.to_string() });
        let values = json!({ "body": body, "subject": format!("No {n}."), "metadata": metadata });
        assert_eq!(front.import(&with(message(&n.to_string()), &values)).await.uid(), *uid, "a repeat is one");
    }
    assert_eq!((front.state().repeats, front.state().changed_repeats), (8, 0), "whatever of them was kept");
    front.import(&with(message("7"), &json!({ "body": "c" }))).await.uid();
    assert_eq!(front.state().changed_repeats, 1);
    let page = text(&front, "/").await;
    assert!(page.contains("of at most 6.0 kB") && page.contains("were counted and compared, but not kept"), "{page}");
}

#[tokio::test]
async fn pages_are_for_people_who_came_here_and_not_for_other_pages() {
    let front = Front::plain();
    front.import(&message("a")).await.uid();
    let host = front.server.base_url().replace("http://", "");
    let own = format!("Origin: http://{host}\r\n");
    let ask = |path: &str, headers: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
        status_line(&front, &request).split(' ').nth(1).unwrap_or_default().to_owned()
    };
    for path in
        ["/", "/web/search?q=a", "/web/style.css", "/web/messages/msg_100000/body", "/web/attachments/msg_100000/0"]
    {
        let ask = |headers: String| ask(path, &headers);
        let is_there = ask(format!("Host: {host}\r\n"));
        assert!(is_there == "200" || is_there == "404", "{path}: {is_there}");
        assert_eq!(ask(format!("Host: {host}\r\n{own}")), is_there, "{path}");
        for (headers, status) in [
            ("Host: evil.example\r\n".to_owned(), "421"),
            (format!("Host: evil.example:{}\r\n", host.rsplit(':').next().unwrap()), "421"),
            (format!("Host: {host}\r\nHost: evil.example\r\n"), "421"),
            (format!("Host: {host}\r\nOrigin: http://evil.example\r\n"), "403"),
            (format!("Host: {host}\r\nOrigin: null\r\n"), "403"),
            (format!("Host: {host}\r\n{own}Origin: http://evil.example\r\n"), "403"),
            (format!("Host: {host}\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"), "403"),
            (format!("Host: {host}\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Dest: iframe\r\n"), "403"),
        ] {
            assert_eq!(ask(headers.clone()), status, "{path} with {headers}");
        }
    }
    assert_eq!(ask("/web/pictures/guess/msg_100000/0", &format!("Host: {host}\r\n")), "404");
}

#[tokio::test]
async fn lists_are_shown_50_a_page() {
    let front = Front::plain();
    for n in 0..51 {
        let metadata = json!({ "is_inbound": true, "thread_ref": n.to_string() });
        let values: Value = json!({ "subject": format!("No {n}."), "created_at": 1000 + n, "metadata": metadata });
        front.import(&with(message(&n.to_string()), &values)).await.uid();
    }
    let first = text(&front, &format!("/web/inboxes/{INBOX}")).await;
    assert!(first.contains("No 50.") && first.contains("No 1.") && !first.contains("No 0."));
    let second = text(&front, &link(&first, &format!("/web/inboxes/{INBOX}?page=2"))).await;
    assert!(second.contains("No 0.") && !second.contains("No 1."));
}
