//! Tags within tags, of the company and of teams.

use serde_json::{Value, json};
use threadlift::rehearsal::{Config, TagSpec, TeamSpec};

use super::support::*;

fn path(tag: &Value) -> String {
    format!("/tags/{}", tag["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_tag_stands_within_another_and_can_be_moved() {
    let nested = vec![TagSpec { name: "EU".to_owned(), parent: Some("Region".to_owned()) }];
    let front = Front::new(Config { tags: vec!["Region".to_owned()], nested_tags: nested, ..config() });
    let region = front.all("/company/tags").await[0].clone();
    let children = front.all(&format!("{}/children", path(&region))).await;
    assert_eq!(each(&children, "name"), ["EU"]);
    assert_eq!(children[0]["_links"]["related"]["parent_tag"], region["_links"]["self"]);
    assert!(region["_links"]["related"]["children"].is_string());
    let norway = front.made(&format!("{}/children", path(&children[0])), &json!({ "name": "Norway" })).await;
    assert_eq!(norway["is_visible_in_conversation_lists"], false, "Front's own default");
    let into = |parent: &Value| json!({ "parent_tag_id": parent });
    front.ask("PATCH", &path(&region), &into(&norway["id"])).await.refuses(400, "parent_tag_id");
    front.done("PATCH", &path(&norway), &into(&region["id"])).await;
    front.done("PATCH", &path(&norway), &json!({ "name": "NO", "highlight": "blue" })).await;
    assert_eq!(each(&front.all(&format!("{}/children", path(&region))).await, "name"), ["EU", "NO"]);
    front.done("PATCH", &path(&norway), &into(&Value::Null)).await;
    assert_eq!(front.get(&path(&norway)).await.body["_links"]["related"]["parent_tag"], Value::Null);
    front.ask("POST", "/company/tags", &json!({ "name": "x", "parent_tag_id": "y" })).await.refuses(400, "not a field");
}

#[tokio::test]
async fn one_name_is_one_tag_among_those_side_by_side() {
    let front = Front::plain();
    let [one, two] = [
        front.made("/company/tags", &json!({ "name": "One" })).await,
        front.made("/company/tags", &json!({ "name": "Two" })).await,
    ];
    for parent in [&one, &two] {
        let children = format!("{}/children", path(parent));
        front.made(&children, &json!({ "name": "Same" })).await;
        front.ask("POST", &children, &json!({ "name": "Same" })).await.refuses(400, "exists");
    }
    front.ask("PATCH", &path(&two), &json!({ "name": "One" })).await.refuses(400, "exists");
    front.done("PATCH", &path(&two), &json!({ "name": "Two" })).await;
}

#[tokio::test]
async fn a_deleted_tag_is_gone_from_conversations_with_all_below_it() {
    let front = Front::plain();
    let parent = front.made("/company/tags", &json!({ "name": "Parent" })).await;
    let child = front.made(&format!("{}/children", path(&parent)), &json!({ "name": "Child" })).await;
    let own = front.conversation_of(&with(open("a"), &json!({ "tags": ["Child", "Other"] }))).await;
    assert_eq!(each(&front.all(&format!("{}/conversations", path(&child))).await, "subject"), ["a"]);
    front.done("DELETE", &path(&parent), &Value::Null).await;
    front.get(&path(&child)).await.refuses(404, "Unknown tag ID");
    assert_eq!(each(front.get(&own).await.body["tags"].as_array().unwrap(), "name"), ["Other"]);
    front.import(&with(message("b"), &json!({ "tags": ["Child"] }))).await.uid();
    assert_eq!(each(&front.all("/tags").await, "name"), ["Other", "Child"], "an import makes it anew");
}

#[tokio::test]
async fn tags_of_a_team_are_not_the_company_s() {
    let team = TeamSpec { id: Some("tim_1".to_owned()), name: "Sales".to_owned(), ..TeamSpec::default() };
    let front = Front::new(Config { teams: vec![team], ..config() });
    let made = front.made("/teams/tim_1/tags", &json!({ "name": "lead" })).await;
    assert!(made["_links"]["related"]["owner"].as_str().unwrap().ends_with("/teams/tim_1"));
    front.made("/company/tags", &json!({ "name": "lead" })).await;
    front.made("/tags", &json!({ "name": "oldest" })).await;
    assert_eq!(each(&front.all("/teams/tim_1/tags").await, "name"), ["lead", "oldest"]);
    assert_eq!(each(&front.all("/company/tags").await, "name"), ["lead"]);
    assert_eq!(front.all("/tags?limit=1").await.len(), 3);
}
