//! Workspaces, inboxes, rules: what an administrator has set up.

use serde_json::json;
use threadlift::rehearsal::{Config, RuleSpec, Server, TeamSpec, TeammateSpec};

use super::support::*;

fn two_teams() -> Config {
    let team = |id: &str, inbox: &str, teammate: &str| TeamSpec {
        id: Some(id.to_owned()),
        name: id.to_uppercase(),
        inboxes: vec![inbox.to_owned()],
        teammates: vec![teammate.to_owned()],
    };
    let mut config = config();
    config.teammates.push(TeammateSpec {
        id: "tea_fry".to_owned(),
        email: "fry@acme.example".to_owned(),
        name: "Fry".to_owned(),
    });
    Config {
        teams: vec![team("tim_1", INBOX, "tea_leela"), team("tim_2", "Billing", "tea_fry")],
        blocked_teammates: vec!["tea_fry".to_owned()],
        ..config
    }
}

#[tokio::test]
async fn each_workspace_has_its_inboxes_and_its_people() {
    let front = Front::new(two_teams());
    assert_eq!(each(&front.all("/teams").await, "id"), ["tim_1", "tim_2"]);
    assert_eq!(each(&front.all("/teams/tim_2/inboxes").await, "name"), ["Billing"]);
    let team = front.get("/teams/tim_2").await.body;
    assert_eq!(each(team["members"].as_array().unwrap(), "id"), ["tea_fry"]);
    assert_eq!(each(&front.all(&format!("/inboxes/{INBOX}/teammates")).await, "id"), ["tea_leela"]);
    assert_eq!(front.get("/teammates/tea_fry").await.body["is_blocked"], true);
    assert_eq!(front.get("/teammates/alt:email:leela@acme.example").await.body["is_blocked"], false);
    front.get("/teams/tim_9").await.refuses(404, "Unknown team ID");
    let alone = Front::plain();
    assert_eq!(alone.all("/teams").await.len(), 1, "there is always a workspace");
    let nobody = TeamSpec { name: "X".to_owned(), teammates: vec!["tea_none".to_owned()], ..TeamSpec::default() };
    assert!(Server::start(Config { teams: vec![nobody], ..config() }).is_err());
}

#[tokio::test]
async fn an_inbox_is_made_in_its_workspace_and_seen_by_those_who_were_named() {
    let front = Front::new(two_teams());
    let oldest = front.made("/inboxes", &json!({ "name": "New" })).await;
    let own = format!("/inboxes/{}", oldest["id"].as_str().unwrap());
    assert!(front.all(&format!("{own}/teammates")).await.is_empty(), "without access nobody sees it");
    front.done("POST", &format!("{own}/teammates"), &json!({ "teammate_ids": ["tea_leela"] })).await;
    assert_eq!(each(&front.all(&format!("{own}/teammates")).await, "id"), ["tea_leela"]);
    let named = json!({ "name": "New", "teammate_ids": ["alt:email:leela@acme.example"] });
    let second = front.made("/teams/tim_2/inboxes", &named).await;
    assert!(second["_links"]["related"]["owner"].as_str().unwrap().ends_with("/teams/tim_2"));
    assert_ne!(second["id"], oldest["id"], "Front documents nothing against two of one name");
    front.import_into(second["id"].as_str().unwrap(), &open("a")).await.uid();
    front.ask("POST", "/inboxes", &json!({ "name": "x", "teammate_ids": ["tea_fry"] })).await.refuses(400, "blocked");
    front.ask("POST", "/inboxes", &json!({ "teammate_ids": [] })).await.refuses(400, "name is required");
    front
        .ask("POST", "/inboxes", &json!({ "name": "x", "custom_fields": { "a": 1 } }))
        .await
        .refuses(400, "does not exist");
}

#[tokio::test]
async fn rules_are_listed_with_what_they_do() {
    let greet: RuleSpec = "Greet=Send a reply;Assign to Leela".parse().unwrap();
    let own = RuleSpec { name: "Mine".to_owned(), owner: Some("tea_leela".to_owned()), ..greet.clone() };
    let team = RuleSpec { name: "Ours".to_owned(), owner: Some("tim_1".to_owned()), ..greet.clone() };
    let front = Front::new(Config { rules: vec![greet, own, team], ..two_teams() });
    assert_eq!(each(&front.all("/rules").await, "name"), ["Greet", "Mine", "Ours"]);
    let company = front.all("/company/rules").await;
    assert_eq!(each(&company, "name"), ["Greet"]);
    assert_eq!(company[0]["actions"], json!(["Send a reply", "Assign to Leela"]));
    assert_eq!(each(&front.all("/teammates/tea_leela/rules").await, "name"), ["Mine"]);
    assert_eq!(each(&front.all("/teams/tim_1/rules").await, "name"), ["Ours"]);
}
