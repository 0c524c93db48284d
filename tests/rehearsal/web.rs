//! The web inbox: what it shows, and what hostile mail cannot do in it.

use serde_json::{Value, json};

use super::support::*;

async fn text(front: &Front, path: &str) -> String {
    let page = front.page(path).await;
    assert_eq!(page.status().as_u16(), 200, "{path}");
    page.text().await.unwrap()
}

/// The first address on a page that starts so.
fn link(page: &str, start: &str) -> String {
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
    for expected in ["ana@example.com", "c@example.com", "by Leela Turanga", "photo.png", "the-id", "Sent back"] {
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
    assert_eq!(body.text().await.unwrap(), HOSTILE, "what was imported is what is shown");
}

#[tokio::test]
async fn hostile_text_is_text() {
    let (front, path) = hostile(None).await;
    let page = text(&front, &path).await;
    assert!(page.contains("<pre>&#60;script&#62;") && !page.contains("<script") && !page.contains("<iframe"), "{page}");
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
    let many = text(&front, "/web/search?q=invoice").await;
    assert_eq!(hits(&many), 100);
    assert!(many.contains("The first 100 conversations"));
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
