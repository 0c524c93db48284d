//! Everything that the embedded Front serves, against Front's own API document: what it is asked for is documented so, and
//! so is what it answers. Where the document is not at hand nothing is asked, and that is said.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;
use support::openapi::{Call, Contract};
use threadlift::rehearsal::{Config, ContactSpec, InboxSpec, Server, TagSpec, TeammateSpec};

const TOKEN: &str = "a-token-for-tests";

/// Served, and asked for elsewhere: files are no JSON.
const FILES: &str = "/download/{attachment_link_id}";

struct Front {
    server: Server,
    client: reqwest::Client,
    contract: Contract,
    asked: RefCell<BTreeSet<(String, String)>>,
    complaints: RefCell<Vec<String>>,
}

impl Front {
    fn start(contract: Contract) -> Self {
        // reqwest is built without cryptography of its own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let redirects = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(redirects).build().unwrap();
        let server = Server::start(config()).unwrap();
        Self { server, client, contract, asked: RefCell::default(), complaints: RefCell::default() }
    }

    async fn call(&self, method: &str, path: &str, request: Option<Value>) -> Value {
        let url = format!("{}{path}", self.server.base_url());
        let mut call = self.client.request(method.parse().unwrap(), url).bearer_auth(TOKEN);
        if let Some(request) = &request {
            call = call.json(request);
        }
        let answer = call.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let response: Option<Value> = (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap());
        let template =
            self.contract.template(method, path).unwrap_or_else(|| panic!("{method} {path} is not documented"));
        self.asked.borrow_mut().insert((method.to_owned(), template.clone()));
        let judged =
            Call { method, template: &template, request: request.as_ref(), status, response: response.as_ref() };
        let complaints = self.contract.complaints(&judged);
        let complaints = complaints.iter().map(|told| format!("{method} {template} ({status}): {told}"));
        self.complaints.borrow_mut().extend(complaints);
        json!({ "status": status, "body": response })
    }

    /// A call that must be granted, and what it gives.
    async fn granted(&self, method: &str, path: &str, request: Option<Value>) -> Value {
        let answer = self.call(method, path, request).await;
        let status = answer["status"].as_u64().unwrap();
        assert!((200..300).contains(&status), "{method} {path}: {answer}");
        answer["body"].clone()
    }

    async fn get(&self, path: &str) -> Value {
        self.granted("GET", path, None).await
    }

    async fn refused(&self, method: &str, path: &str, request: Option<Value>, status: u16) {
        let answer = self.call(method, path, request).await;
        assert_eq!(answer["status"], status, "{method} {path}: {answer}");
    }
}

fn config() -> Config {
    let teammate = |id: &str, name: &str| TeammateSpec {
        id: id.to_owned(),
        email: format!("{}@acme.example", name.to_lowercase()),
        name: format!("{name} Example"),
    };
    let contact = ContactSpec {
        name: "Known".to_owned(),
        handles: vec![("email".to_owned(), "known@example.com".to_owned())],
        ..ContactSpec::default()
    };
    Config {
        token: TOKEN.to_owned(),
        inboxes: vec![
            InboxSpec { name: "Support".to_owned(), id: Some("inb_support".to_owned()) },
            InboxSpec { name: "Billing".to_owned(), id: Some("inb_billing".to_owned()) },
        ],
        teammates: vec![teammate("tea_1", "Leela"), teammate("tea_2", "Fry")],
        blocked_teammates: vec!["tea_2".to_owned()],
        tags: vec!["Region".to_owned()],
        nested_tags: vec![TagSpec { name: "EU".to_owned(), parent: Some("Region".to_owned()) }],
        contacts: vec![contact],
        conversation_fields: vec!["Plan=enum:basic,pro".parse().unwrap(), "VIP=boolean".parse().unwrap()],
        contact_fields: vec!["City=string".parse().unwrap()],
        statuses: vec!["sts_1=open:Open".parse().unwrap(), "sts_2=resolved:Done".parse().unwrap()],
        rules: vec!["Greet=Send a reply;Assign to Leela".parse().unwrap()],
        channels: vec![
            "help@acme.example=Support:2024-01-01:3".parse().unwrap(),
            "custom:chat=Support".parse().unwrap(),
        ],
        appear_after: Duration::ZERO,
        ..Config::default()
    }
}

fn message(id: &str) -> Value {
    json!({
        "sender": { "handle": "ana@example.com", "name": "Ana" },
        "to": ["support@acme.example"],
        "subject": "Broken lamp",
        "body": "<p>Hello</p>",
        "body_format": "html",
        "external_id": id,
        "created_at": 1_453_770_984,
        "tags": ["legacy"],
        "metadata": { "is_inbound": true, "thread_ref": id, "is_archived": false, "should_skip_rules": true },
    })
}

async fn setup(front: &Front) {
    for path in [
        "/me",
        "/teams",
        "/teammates",
        "/teammates/tea_1",
        "/teammates/alt:email:fry@acme.example",
        "/teammates/tea_1/rules",
        "/teammates/custom_fields",
        "/inboxes",
        "/inboxes/custom_fields",
        "/inboxes/inb_support",
        "/inboxes/inb_support/channels",
        "/inboxes/inb_support/teammates",
        "/channels",
        "/channels/alt:address:chat",
        "/rules",
        "/rules/rul_100000",
        "/company/rules",
        "/company/statuses",
        "/company/statuses/sts_1",
        "/conversations/custom_fields",
        "/contacts/custom_fields",
        "/links/custom_fields",
    ] {
        front.get(path).await;
    }
    let team = front.get("/teams").await["_results"][0]["id"].as_str().unwrap().to_owned();
    for path in ["", "/inboxes", "/tags", "/rules"] {
        front.get(&format!("/teams/{team}{path}")).await;
    }
    let inbox = json!({ "name": "New", "teammate_ids": ["tea_1"], "is_public": false, "custom_fields": {} });
    let made = front.granted("POST", "/inboxes", Some(inbox.clone())).await;
    front.granted("POST", &format!("/teams/{team}/inboxes"), Some(inbox)).await;
    let people = json!({ "teammate_ids": ["alt:email:leela@acme.example"] });
    let path = format!("/inboxes/{}/teammates", made["id"].as_str().unwrap());
    front.granted("DELETE", &path, Some(people.clone())).await;
    front.granted("POST", &path, Some(people)).await;
    tags(front, &team).await;
}

async fn tags(front: &Front, team: &str) {
    let tag = |name: &str| json!({ "name": name, "description": "From before", "highlight": "light-blue", "is_visible_in_conversation_lists": true });
    front.granted("POST", "/tags", Some(tag("oldest"))).await;
    front.granted("POST", &format!("/teams/{team}/tags"), Some(tag("of a team"))).await;
    let made = front.granted("POST", "/company/tags", Some(tag("parent"))).await;
    let path = format!("/tags/{}", made["id"].as_str().unwrap());
    let child = front.granted("POST", &format!("{path}/children"), Some(tag("child"))).await;
    let child = format!("/tags/{}", child["id"].as_str().unwrap());
    front.granted("PATCH", &child, Some(json!({ "name": "renamed", "parent_tag_id": null }))).await;
    for path in ["/tags?limit=1", "/company/tags", &path, &format!("{path}/children"), &format!("{path}/conversations")]
    {
        front.get(path).await;
    }
    front.granted("DELETE", &child, None).await;
    front.refused("POST", "/company/tags", Some(tag("parent")), 400).await;
}

async fn people(front: &Front) {
    let contact = json!({
        "name": "Ana",
        "description": "Buys lamps",
        "links": ["https://old.example/people/1"],
        "list_names": ["Customers"],
        "custom_fields": { "City": "Oslo" },
        "handles": [{ "handle": "+4712345678", "source": "phone" }],
    });
    let made = front.granted("POST", "/contacts", Some(contact.clone())).await;
    front.refused("POST", "/contacts", Some(contact), 409).await;
    let path = format!("/contacts/{}", made["id"].as_str().unwrap());
    let handle = json!({ "handle": "ana@private.example", "source": "email" });
    front.granted("POST", &format!("{path}/handles"), Some(handle.clone())).await;
    front.get("/contacts/alt:email:ana@private.example").await;
    front.get("/contacts/alt:email:known@example.com/conversations?limit=1").await;
    front.granted("DELETE", &format!("{path}/handles"), Some(handle)).await;
    front.granted("PATCH", &path, Some(json!({ "name": "Ana B." }))).await;
    front.granted("POST", "/contact_lists", Some(json!({ "name": "VIPs" }))).await;
    let lists = front.get("/contact_lists").await;
    let list = format!("/contact_lists/{}", lists["_results"][1]["id"].as_str().unwrap());
    let members = json!({ "contact_ids": [made["id"], "alt:email:known@example.com"] });
    front.granted("POST", &format!("{list}/contacts"), Some(members.clone())).await;
    front.get(&format!("{list}/contacts")).await;
    front.granted("DELETE", &format!("{list}/contacts"), Some(members)).await;
    front.granted("DELETE", &list, None).await;
    front.get("/contacts?limit=1").await;
    front.granted("DELETE", &path, None).await;
    front.refused("GET", &path, None, 404).await;
}

async fn conversation(front: &Front) {
    front.granted("POST", "/inboxes/inb_support/imported_messages", Some(message("a"))).await;
    front.granted("POST", "/inboxes/inb_support/imported_messages", Some(message("b"))).await;
    let listed = front.get("/inboxes/inb_support/conversations?limit=50").await;
    let is_imported = |it: &&Value| it["subject"] == "Broken lamp";
    let ids: Vec<Value> =
        listed["_results"].as_array().unwrap().iter().filter(is_imported).map(|it| it["id"].clone()).collect();
    let own = format!("/conversations/{}", ids[0].as_str().unwrap());
    let tag = front.get("/tags").await["_results"][0]["id"].clone();
    let link =
        front.granted("POST", "/links", Some(json!({ "external_url": "https://old.example/1", "name": "One" }))).await;
    for (method, path, request) in [
        (
            "PATCH",
            "",
            json!({ "assignee_id": "tea_1", "status": "archived", "tag_ids": [tag], "inbox_id": "inb_billing" }),
        ),
        ("PATCH", "", json!({ "status_id": "sts_1", "custom_fields": { "Plan": "pro", "VIP": true } })),
        ("PUT", "/assignee", json!({ "assignee_id": null })),
        ("POST", "/tags", json!({ "tag_ids": [tag] })),
        ("DELETE", "/tags", json!({ "tag_ids": [tag] })),
        ("POST", "/followers", json!({ "teammate_ids": ["alt:email:leela@acme.example"] })),
        ("POST", "/links", json!({ "link_ids": [link["id"]] })),
        ("POST", "/links", json!({ "link_external_urls": ["https://old.example/2"] })),
    ] {
        front.granted(method, &format!("{own}{path}"), Some(request)).await;
    }
    comments(front, &own).await;
    for path in ["", "/followers", "/events?limit=100", "/comments", "/inboxes", "/messages"] {
        front.get(&format!("{own}{path}")).await;
    }
    let events = front.get("/events?limit=15").await;
    front.get(&format!("/events/{}", events["_results"][0]["id"].as_str().unwrap())).await;
    let messages = front.get(&format!("{own}/messages")).await;
    front.get(&format!("/messages/{}", messages["_results"][0]["id"].as_str().unwrap())).await;
    front.get("/conversations?q[statuses][]=assigned&q[statuses][]=unassigned").await;
    front.get("/conversations/search/lamp").await;
    let link = format!("/links/{}", link["id"].as_str().unwrap());
    front.granted("PATCH", &link, Some(json!({ "name": "First" }))).await;
    for path in [&link, &format!("{link}/conversations"), "/links?limit=1"] {
        front.get(path).await;
    }
    let linked = json!({ "link_ids": [link.rsplit('/').next().unwrap()] });
    front.granted("DELETE", &format!("{own}/links"), Some(linked)).await;
    front.granted("DELETE", &format!("{own}/followers"), Some(json!({ "teammate_ids": ["tea_1"] }))).await;
    front.refused("PATCH", &own, Some(json!({ "custom_fields": { "Colour": "red" } })), 400).await;
    front.refused("DELETE", &own, None, 400).await;
    front.granted("PATCH", &own, Some(json!({ "status": "deleted" }))).await;
    front.get(&format!("{own}/events")).await;
    front.granted("DELETE", &own, None).await;
    front.refused("DELETE", &own, None, 404).await;
}

async fn comments(front: &Front, own: &str) {
    let comment = json!({ "body": "Called **back**", "author_id": "alt:email:leela@acme.example", "is_pinned": true });
    let made = front.granted("POST", &format!("{own}/comments"), Some(comment)).await;
    let path = format!("/comments/{}", made["id"].as_str().unwrap());
    front.granted("PATCH", &format!("{path}/"), Some(json!({ "body": "Called", "is_pinned": false }))).await;
    front.granted("POST", &format!("{path}/replies"), Some(json!({ "body": "Thanks" }))).await;
    front.get(&path).await;
    front.get(&format!("{path}/mentions")).await;
}

async fn incoming(front: &Front) {
    let message = json!({
        "sender": { "handle": "visitor-1", "name": "Visitor" },
        "subject": "Chat",
        "body": "Are you there?",
        "body_format": "markdown",
        "metadata": { "thread_ref": "a", "headers": { "page": "/pricing" } },
    });
    front.granted("POST", "/channels/alt:address:chat/incoming_messages", Some(message.clone())).await;
    front.refused("POST", "/channels/alt:address:help@acme.example/incoming_messages", Some(message), 400).await;
}

#[tokio::test]
async fn every_request_and_every_answer_is_as_front_documents_it() {
    let Some(contract) = Contract::find() else { return };
    let front = Front::start(contract);
    setup(&front).await;
    people(&front).await;
    conversation(&front).await;
    incoming(&front).await;
    serves_nothing_else(&front).await;
    let complaints = front.complaints.borrow();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Asks for what is documented and was not asked for yet, with ids that name nothing: it must be something that is not served.
async fn serves_nothing_else(front: &Front) {
    for (method, template) in front.contract.operations() {
        let is_asked = front.asked.borrow().contains(&(method.clone(), template.clone()));
        if is_asked || template == FILES {
            continue;
        }
        let path: Vec<&str> =
            template.split('/').map(|piece| if piece.starts_with('{') { "x" } else { piece }).collect();
        let url = format!("{}{}", front.server.base_url(), path.join("/"));
        let answer = front.client.request(method.parse().unwrap(), url).bearer_auth(TOKEN).send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        let is_nowhere = status == 405 || status == 404 && text.contains("The requested resource does not exist");
        assert!(is_nowhere, "{method} {template} is served and was not asked for: {status} {text}");
    }
}

#[test]
fn what_is_not_documented_is_told() {
    let Some(contract) = Contract::find() else { return };
    let template = contract.template("PATCH", "/tags/tag_1?x=y").unwrap();
    assert_eq!(template, "/tags/{tag_id}");
    assert_eq!(contract.template("GET", "/contacts/custom_fields").unwrap(), "/contacts/custom_fields");
    assert_eq!(contract.template("DELETE", "/comments/com_1/"), None);
    let told = |method: &str, template: &str, request: &Value, status: u16, response: &Value| {
        let some = |value: &Value| (!value.is_null()).then(|| value.clone());
        let (request, response) = (some(request), some(response));
        let call = Call { method, template, request: request.as_ref(), status, response: response.as_ref() };
        contract.complaints(&call).join("; ")
    };
    let none = Value::Null;
    let name = json!({ "name": "x" });
    assert_eq!(told("PATCH", &template, &name, 204, &none), "");
    assert_eq!(told("PATCH", &template, &json!({ "parent_tag_id": null }), 204, &none), "", "said so in words");
    for (request, status, response, words) in [
        (json!({ "colour": "red" }), 204, &none, "'colour' was unexpected"),
        (json!({ "name": "x".repeat(65) }), 204, &none, "request at /name"),
        (name.clone(), 200, &name, "200 is not documented"),
        (name.clone(), 204, &name, "should have no body"),
        (name.clone(), 400, &json!({ "error": "x" }), "400 is not documented"),
    ] {
        let told = told("PATCH", &template, &request, status, response);
        assert!(told.contains(words), "{words:?} in {told:?}");
    }
    let link =
        json!({ "_links": {}, "id": "top_1", "name": "x", "type": "web", "external_url": "u", "custom_fields": {} });
    assert_eq!(told("GET", "/links/{link_id}", &none, 200, &link), "");
    assert!(told("GET", "/links/{link_id}", &none, 200, &name).contains("required"));
    assert!(told("GET", "/links/{link_id}", &none, 200, &none).contains("no JSON"));
    assert!(told("GET", "/links/{link_id}", &name, 200, &link).contains("takes none"));
    assert_eq!(told("DELETE", "/links/{link_id}", &none, 204, &none), "no such operation is documented");
    assert_eq!(told("GET", "/links/{link_id}", &none, 429, &json!({ "_error": { "message": "later" } })), "");
}
