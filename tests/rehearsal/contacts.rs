//! People outside: who they are, and what they are reached by.

use serde_json::{Value, json};
use threadlift::rehearsal::{Config, ContactSpec, Faults};

use super::support::*;

fn known() -> Config {
    let Value::Object(values) = json!({ "City": "Oslo", "VIP": true }) else { unreachable!() };
    let contact = ContactSpec {
        name: "Ana".to_owned(),
        handles: vec![("email".to_owned(), "Ana@Example.com".to_owned())],
        custom_fields: values,
    };
    let fields = vec!["City=string".parse().unwrap(), "VIP=boolean".parse().unwrap()];
    Config { contacts: vec![contact], contact_fields: fields, ..config() }
}

fn handles(contact: &Value) -> Vec<String> {
    each(contact["handles"].as_array().unwrap(), "handle")
}

#[tokio::test]
async fn an_import_makes_contacts_without_names_of_the_handles_that_nobody_has() {
    let front = Front::new(known());
    let values = json!({ "sender": { "handle": "ana@example.com", "name": "Ana" }, "to": ["bob@example.com"] });
    front.import(&with(message("a"), &values)).await.uid();
    let sms = json!({ "sender": { "handle": "+4712345678" }, "type": "sms", "to": ["bob@example.com"] });
    front.import(&with(message("b"), &sms)).await.uid();
    let contacts = front.all("/contacts?limit=2").await;
    assert_eq!(each(&contacts, "name"), ["Ana", "", "", ""]);
    let sources: Vec<&Value> = contacts.iter().map(|it| &it["handles"][0]["source"]).collect();
    assert_eq!(sources, ["email", "email", "phone", "phone"], "what a handle is follows from the message's type");
    let newest = front.all("/contacts?limit=3&sort_by=created_at&sort_order=desc").await;
    assert_eq!(newest, contacts.iter().rev().cloned().collect::<Vec<_>>());
    let conversation = front.all(&format!("/inboxes/{INBOX}/conversations")).await[0].clone();
    let contact = &contacts[2]["_links"]["self"];
    assert_eq!(&conversation["recipient"]["_links"]["related"]["contact"], contact);
}

#[tokio::test]
async fn a_contact_is_found_by_each_of_its_handles() {
    let front = Front::new(known());
    let found = front.get("/contacts/alt:email:ANA%40example.com").await.body;
    assert_eq!(front.get(&format!("/contacts/{}", found["id"].as_str().unwrap())).await.body, found);
    for unknown in ["alt:phone:ana@example.com", "alt:fax:1", "alt:email:bob@example.com", "crd_x"] {
        front.get(&format!("/contacts/{unknown}")).await.refuses(404, "Unknown contact ID");
    }
    let own = format!("/contacts/{}", found["id"].as_str().unwrap());
    let phone = json!({ "handle": "+4712345678", "source": "phone" });
    front.done("POST", &format!("{own}/handles"), &phone).await;
    assert_eq!(handles(&front.get("/contacts/alt:phone:+4712345678").await.body), ["Ana@Example.com", "+4712345678"]);
    front.ask("POST", &format!("{own}/handles"), &phone).await.refuses(409, "has this handle");
    front.done("DELETE", &format!("{own}/handles"), &phone).await;
    let last = json!({ "handle": "ana@example.com", "source": "email" });
    front.ask("DELETE", &format!("{own}/handles"), &phone).await.refuses(400, "no such handle");
    front.ask("DELETE", &format!("{own}/handles"), &last).await.refuses(400, "last handle");
    front.done("DELETE", &format!("{own}/handles"), &with(last, &json!({ "force": true }))).await;
    front.get(&own).await.refuses(404, "Unknown contact ID");
}

#[tokio::test]
async fn a_handle_that_somebody_has_makes_no_second_contact() {
    let front = Front::new(known());
    let contact = |handle: &str| json!({ "name": "B", "handles": [{ "handle": handle, "source": "email" }] });
    front.ask("POST", "/contacts", &contact("ana@example.com")).await.refuses(409, "has this handle");
    let made = front.made("/contacts", &contact("b@example.com")).await;
    front.ask("POST", "/contacts", &contact("b@example.com")).await.refuses(409, "has this handle");
    front.done("DELETE", &format!("/contacts/{}", made["id"].as_str().unwrap()), &Value::Null).await;
    assert_ne!(front.made("/contacts", &contact("b@example.com")).await["id"], made["id"]);
    for (wrong, reason) in [
        (json!({ "name": "x" }), "handles is required"),
        (json!({ "handles": [] }), "at least one"),
        (json!({ "handles": ["x@example.com"] }), "handles[0]"),
        (json!({ "handles": [{ "handle": "x", "source": "mail" }] }), "handles[0]"),
        (with(contact("x@example.com"), &json!({ "custom_fields": { "Colour": "red" } })), "does not exist"),
        (with(contact("x@example.com"), &json!({ "email": "x" })), "not a field"),
    ] {
        front.ask("POST", "/contacts", &wrong).await.refuses(400, reason);
    }
}

#[tokio::test]
async fn custom_fields_of_a_contact_that_are_not_given_again_are_erased() {
    let front = Front::new(known());
    let own = "/contacts/alt:email:ana@example.com";
    front.done("PATCH", own, &json!({ "description": "Buys lamps" })).await;
    let before = front.get(own).await.body;
    assert_eq!((&before["name"], &before["custom_fields"]), (&json!("Ana"), &json!({ "City": "Oslo", "VIP": true })));
    front.done("PATCH", own, &json!({ "custom_fields": { "City": "Bergen" } })).await;
    let after = front.get(own).await.body;
    assert_eq!(after["custom_fields"], json!({ "City": "Bergen" }));
    assert_eq!(after["description"], "Buys lamps");
    front.ask("PATCH", own, &json!({ "handles": [] })).await.refuses(400, "not a field");
    assert_eq!(front.all("/contacts/custom_fields").await.len(), 2);
}

#[tokio::test]
async fn lists_are_made_by_their_names() {
    let front = Front::new(known());
    let contact = json!({ "list_names": ["Old", "VIP"], "handles": [{ "handle": "x", "source": "custom" }] });
    let made = front.made("/contacts", &contact).await;
    assert_eq!(each(made["lists"].as_array().unwrap(), "name"), ["Old", "VIP"]);
    assert_eq!(each(&front.all("/contact_lists").await, "name"), ["Old", "VIP"]);
    front.done("POST", "/contact_lists", &json!({ "name": "New" })).await;
    front.ask("POST", "/contact_lists", &json!({ "name": "New" })).await.refuses(400, "exists");
    let id = front.all("/contact_lists").await[2]["id"].as_str().unwrap().to_owned();
    let list = format!("/contact_lists/{id}/contacts");
    let both = json!({ "contact_ids": ["alt:email:ana@example.com", made["id"]] });
    front.done("POST", &list, &both).await;
    assert_eq!(front.all(&format!("{list}?limit=1")).await.len(), 2);
    front.done("DELETE", &list, &json!({ "contact_ids": [made["id"]] })).await;
    assert_eq!(each(&front.all(&list).await, "name"), ["Ana"]);
    front.ask("DELETE", &list, &json!({ "contact_ids": vec!["x"; 51] })).await.refuses(400, "more than 50");
    front.ask("POST", &list, &json!({ "contact_ids": ["crd_x"] })).await.refuses(400, "names no contact");
    front.done("DELETE", &format!("/contact_lists/{id}"), &Value::Null).await;
    front.get(&list).await.refuses(404, "Unknown contact list ID");
}

#[tokio::test]
async fn a_contact_whose_answer_is_lost_is_there_all_the_same() {
    let lossy = Faults { reads: faults(&["contact/lose-answer=1"]), ..Faults::default() };
    let front = Front::new(Config { faults: lossy, ..known() });
    let contact = json!({ "handles": [{ "handle": "b@example.com", "source": "email" }] });
    let call = front.client.post(front.url("/contacts")).bearer_auth(TOKEN).json(&contact);
    assert!(call.send().await.is_err(), "the answer is lost");
    assert_eq!(front.get("/contacts/alt:email:b@example.com").await.status, 200);
}
