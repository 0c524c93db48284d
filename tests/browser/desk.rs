//! A conversation that was completed: link, notes, people and state beside its messages.

use crate::support::browser::Browser;
use crate::support::must;
use serde_json::{Value, json};
use std::time::Duration;
use threadlift::rehearsal::{Config, InboxSpec, Server, TagSpec, TeammateSpec};

const TOKEN: &str = "a-token-for-tests";

/// A Front with one conversation that has everything.
struct Desk {
    server: Server,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Desk {
    fn new() -> Self {
        let leela = TeammateSpec {
            id: "tea_leela".to_owned(),
            email: "leela@acme.example".to_owned(),
            name: "Leela Turanga".to_owned(),
        };
        let config = Config {
            token: TOKEN.to_owned(),
            inboxes: vec![InboxSpec { name: "Support".to_owned(), id: Some("inb_1".to_owned()) }],
            teammates: vec![leela],
            nested_tags: vec![
                TagSpec { name: "Region".to_owned(), parent: None },
                TagSpec { name: "Norway".to_owned(), parent: Some("Region".to_owned()) },
            ],
            conversation_fields: vec![must("Plan=string".parse(), "field")],
            statuses: vec![must("sts_1=waiting:On hold".parse(), "status"), must("sts_2=open:Open".parse(), "status")],
            appear_after: Duration::ZERO,
            ..Config::default()
        };
        // reqwest is built without cryptography of its own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = must(tokio::runtime::Builder::new_current_thread().enable_all().build(), "runtime");
        let client = must(reqwest::Client::builder().no_proxy().build(), "client");
        let desk = Self { server: must(Server::start(config), "server"), client, runtime };
        desk.fill();
        desk
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.server.base_url());
        let call = self.client.request(must(method.parse(), method), url).bearer_auth(TOKEN).json(body);
        self.runtime.block_on(async {
            let answer = must(call.send().await, path);
            assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
            let text = must(answer.text().await, path);
            serde_json::from_str(&text).unwrap_or_default()
        })
    }

    fn fill(&self) {
        for (n, (is_inbound, body)) in
            [(true, "My lamp broke."), (false, "A new one is on its way.")].iter().enumerate()
        {
            let metadata = json!({ "is_inbound": is_inbound, "thread_ref": "1", "is_archived": false });
            let handle = if *is_inbound { "ana@example.com" } else { "leela@acme.example" };
            let message = json!({
                "sender": { "handle": handle, "name": if *is_inbound { "Ana Lind" } else { "Leela" } },
                "to": ["support@acme.example"],
                "subject": "Broken lamp",
                "body": body,
                "external_id": n.to_string(),
                "created_at": 1_453_770_984 + n,
                "tags": ["Norway", "legacy"],
                "metadata": metadata,
            });
            self.ask("POST", "/inboxes/inb_1/imported_messages", &message);
        }
        let own = self.path("");
        let link =
            self.ask("POST", "/links", &json!({ "external_url": "https://old.example/tickets/7", "name": "Ticket 7" }));
        self.ask("POST", &format!("{own}/links"), &json!({ "link_ids": [link["id"]] }));
        self.ask("POST", &format!("{own}/followers"), &json!({ "teammate_ids": ["tea_leela"] }));
        let note = "Leela Turanga, 2016-01-26:\n\n**Asked** the warehouse <script>alert(1)</script>\n- two lamps left";
        let made = self.ask(
            "POST",
            &format!("{own}/comments"),
            &json!({ "body": note, "author_id": "tea_leela", "is_pinned": true }),
        );
        let reply = format!("/comments/{}/replies", made["id"].as_str().unwrap_or_default());
        self.ask("POST", &reply, &json!({ "body": "From the old helpdesk" }));
        let state = json!({ "assignee_id": "tea_leela", "status_id": "sts_1", "custom_fields": { "Plan": "pro" } });
        self.ask("PATCH", &own, &state);
    }

    /// The path of the conversation, in the API or below `/web`.
    fn path(&self, below: &str) -> String {
        let listed = self.ask("GET", "/inboxes/inb_1/conversations", &Value::Null);
        format!("{below}/conversations/{}", listed["_results"][0]["id"].as_str().unwrap_or_default())
    }

    fn open(&self, browser: &Browser, path: &str) {
        browser.open(&format!("{}{path}", self.server.base_url()));
    }
}

#[test]
fn a_completed_conversation_shows_its_link_notes_people_and_state() {
    let (desk, browser) = (Desk::new(), Browser::start());
    let page = desk.path("/web");
    desk.open(&browser, &page);
    let shown = browser.text("main");
    for expected in [
        "Ticket 7",
        "https://old.example/tickets/7",
        "Leela Turanga",
        "Region/Norway",
        "On hold",
        "pro",
        "Internal note",
        "**Asked** the warehouse <script>alert(1)</script>\n- two lamps left",
        "From the old helpdesk",
    ] {
        assert!(shown.contains(expected), "{expected:?} in {shown}");
    }
    let kinds = "[...document.querySelectorAll('article')].map(it => it.className).join(' ')";
    assert_eq!(browser.eval(kinds), "inbound outbound comment comment", "in the order of time");
    assert_eq!(browser.count("a[href*='old.example']"), 0, "a link of the old helpdesk leads nowhere by itself");
    let papers =
        "new Set([...document.querySelectorAll('article')].map(it => getComputedStyle(it).backgroundColor)).size";
    assert_eq!(browser.eval(papers), 3, "a note looks like no message");
    desk.open(&browser, "/");
    let row = browser.text(".conversations li");
    assert!(row.contains("Leela Turanga") && row.contains("On hold") && row.contains("open"), "{row}");
    for is_dark in [false, true] {
        browser.dark(is_dark);
        for width in [1280, 360] {
            browser.screen(width, 800);
            for path in ["/", page.as_str()] {
                desk.open(&browser, path);
                assert_eq!(browser.complaints(), Vec::<String>::new(), "console of {path}");
                assert_eq!(browser.overflow(), 0, "{path} is wider than the screen");
                assert_eq!(browser.axe(), Vec::<String>::new(), "axe on {path}");
            }
        }
    }
}
