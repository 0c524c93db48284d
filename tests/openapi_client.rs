//! Everything that the client asks of Front, against Front's own API document: the program through its whole life on the samples, and
//! what the client can ask beyond that. Where the document is not at hand nothing is judged, and that is said.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use support::desk::{Desk, MAPPING};
use support::front::{FULL_SPEED, Front, TOKEN};
use support::openapi::{Call, Contract};
use support::{Workspace, must, read_jsonl};
use threadlift::front::{
    Assignee, Called, Cancellation, Client, ContactDetails, ConversationChange, Handle, NewContact, NewInbox, Outcome,
    Settings, json_body,
};

/// What the program asks for in its life. Kept by hand: all that `src/front` can ask for stands here or in [`BEYOND`].
const IN_ITS_LIFE: &[&str] = &[
    "DELETE /conversations/{conversation_id}",
    "DELETE /conversations/{conversation_id}/links",
    "GET /channels",
    "GET /company/rules",
    "GET /company/statuses",
    "GET /contacts/custom_fields",
    "GET /conversations/custom_fields",
    "GET /conversations/search/{query}",
    "GET /conversations/{conversation_id}",
    "GET /conversations/{conversation_id}/comments",
    "GET /conversations/{conversation_id}/events",
    "GET /conversations/{conversation_id}/followers",
    "GET /conversations/{conversation_id}/messages",
    "GET /inboxes",
    "GET /me",
    "GET /messages/{message_id}",
    "GET /rules",
    "GET /tags",
    "GET /teammates",
    "GET /teams",
    "PATCH /comments/{comment_id}/",
    "PATCH /conversations/{conversation_id}",
    "POST /company/tags",
    "POST /conversations/{conversation_id}/comments",
    "POST /conversations/{conversation_id}/followers",
    "POST /conversations/{conversation_id}/links",
    "POST /inboxes/{inbox_id}/imported_messages",
    "POST /links",
];

/// What the client can ask for and the samples give no cause to, or no command yet.
const BEYOND: &[&str] = &[
    "DELETE /contact_lists/{contact_list_id}/contacts",
    "DELETE /contacts/{contact_id}",
    "DELETE /conversations/{conversation_id}/tags",
    "DELETE /tags/{tag_id}",
    "GET /company/tags",
    "GET /contact_lists",
    "GET /contacts/{contact_id}",
    "GET /contacts/{contact_id}/conversations",
    "GET /links/{link_id}/conversations",
    "GET /tags/{tag_id}/conversations",
    "GET /teams/{team_id}/inboxes",
    "PATCH /contacts/{contact_id}",
    "PATCH /links/{link_id}",
    "POST /channels/{channel_id}/incoming_messages",
    "POST /contact_lists/{contact_list_id}/contacts",
    "POST /contacts",
    "POST /contacts/{contact_id}/handles",
    "POST /conversations/{conversation_id}/tags",
    "POST /inboxes",
    "POST /tags/{tag_id}/children",
    "POST /teams/{team_id}/inboxes",
];

const DEMO: &str = "mappings/demo.toml";
const CALLS: &str = "calls.jsonl";

/// Which operations were asked for, none of them otherwise than Front documents.
fn judged(contract: &Contract, file: &Path) -> BTreeSet<String> {
    let text = must(std::fs::read_to_string(file), file.display());
    assert!(!text.contains(&format!("Bearer {TOKEN}")) && !text.to_lowercase().contains("authorization"));
    let mut asked = BTreeSet::new();
    let mut complaints = BTreeSet::new();
    for call in read_jsonl(file) {
        let (method, path) = (call["method"].as_str().expect("a method"), call["path"].as_str().expect("a path"));
        let Some(template) = contract.template(method, path) else {
            complaints.insert(format!("{method} {path} is not documented"));
            continue;
        };
        asked.insert(format!("{method} {template}"));
        let request = match (call["content_type"].as_str(), &call["request"]) {
            (Some("multipart/form-data"), Value::Object(parts)) => Some(contract.coerced(method, &template, parts)),
            (_, Value::Null) => None,
            (_, request) => Some(request.clone()),
        };
        let status = call["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
        let response = Some(&call["answer"]).filter(|answer| !answer.is_null());
        let told =
            contract.complaints(&Call { method, template: &template, request: request.as_ref(), status, response });
        complaints.extend(told.into_iter().map(|told| format!("{method} {template} ({status}): {told}")));
    }
    assert!(complaints.is_empty(), "{}", complaints.into_iter().collect::<Vec<_>>().join("\n"));
    asked
}

/// Operations, to be compared.
fn listed(operations: &[&str]) -> BTreeSet<String> {
    operations.iter().map(|it| (*it).to_owned()).collect()
}

/// A command that may end in any of these ways.
fn run(workspace: &Workspace, front: &Front, options: &[&str], codes: &[i32]) {
    let mut command = workspace.program();
    command.args(options).args(["--quiet", "--json", "--base-url", front.base_url()]).env("FRONT_API_TOKEN", TOKEN);
    let output = must(command.output(), options.join(" "));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(codes.contains(&output.status.code().unwrap_or(-1)), "{options:?}: {:?} {said}", output.status);
}

/// Mail with files, some of it refused at first, and looked for again.
fn life_of_mail() -> (Workspace, Front) {
    let workspace = Workspace::with_samples();
    workspace.set_send(DEMO, FULL_SPEED);
    let channel = "--channel=support@kettlewell.example=Support:2024-01-01:3";
    let options = ["--calls", CALLS, channel, "--tag", "Something else", "--fault", "413=1/9"];
    let front = Front::start(&workspace, DEMO, "dump.jsonl", &options);
    run(&workspace, &front, &["plan", DEMO, "--online"], &[0, 2, 3, 4]);
    let mapping = must(std::fs::read_to_string(workspace.path(DEMO)), DEMO);
    let mails = ["mbox", "eml"].map(|format| format!("format = \"{format}\"\n"));
    let mapping =
        mails.iter().fold(mapping, |text, format| text.replace(format, &format!("{format}until = \"everything\"\n")));
    workspace.write(DEMO, mapping);
    run(&workspace, &front, &["import", DEMO, "--yes", "--create-tags"], &[3]);
    run(&workspace, &front, &["retry", DEMO, "--yes", "--create-tags"], &[0, 3]);
    run(&workspace, &front, &["verify", DEMO, "--sample", "10"], &[0, 3]);
    for what in ["inboxes", "channels", "teammates", "tags", "teams", "custom-fields"] {
        run(&workspace, &front, &["list", what], &[0]);
    }
    run(&workspace, &front, &["api", "GET", "/tags", "--paginate"], &[0]);
    run(&workspace, &front, &["api", "POST", "/company/tags", "-f", "name=By hand"], &[0]);
    (workspace, front)
}

/// Tickets with all that completes them; trashed, imported again, and deleted for good.
fn life_of_tickets() -> Desk {
    let desk = Desk::new(&["--calls", CALLS, "--tag", "legacy", "--status", "sts_1=resolved:Solved"]);
    let mapping = must(std::fs::read_to_string(desk.workspace.path(MAPPING)), MAPPING);
    let billing = "tags = [\"billing\"]\n";
    let followed = "tags = [\"billing\"]\nfollowers = [\"alt:email:ida@kettlewell.example\"]\nstatus = \"Solved\"\n";
    desk.workspace.write(MAPPING, mapping.replace(billing, followed));
    for (command, options) in
        [("import", &["--create-tags"][..]), ("finish", &[]), ("undo", &[]), ("undo", &["--go", "--confirm", "yes"])]
    {
        let (code, said, complaint) = desk.run(command, options);
        assert_eq!(code, 0, "{command}: {said}\n{complaint}");
    }
    let (code, _, complaint) = desk.plan();
    assert_eq!(code, 0, "{complaint}");
    let for_good = ["--go", "--permanently", "--confirm", "delete for good"];
    for (command, options) in [("import", &["--create-tags"][..]), ("finish", &[]), ("undo", &for_good)] {
        let (code, said, complaint) = desk.run(command, options);
        assert_eq!(code, 0, "{command}: {said}\n{complaint}");
    }
    desk
}

#[test]
fn what_the_program_asks_in_its_life_is_documented_and_so_is_what_it_hears() {
    let Some(contract) = Contract::find() else { return };
    let (workspace, _front) = life_of_mail();
    let desk = life_of_tickets();
    let mail = judged(&contract, &workspace.path(CALLS));
    let tickets = judged(&contract, &desk.workspace.path(CALLS));
    let asked: BTreeSet<String> = mail.union(&tickets).cloned().collect();
    let missing: Vec<String> = listed(IN_ITS_LIFE).difference(&asked).cloned().collect();
    assert!(missing.is_empty(), "not asked for: {missing:?}");
    let forms = read_jsonl(&workspace.path(CALLS));
    let is_form = |call: &&Value| call["content_type"] == "multipart/form-data";
    assert!(forms.iter().filter(is_form).count() > 3, "files were sent");
}

/// What was done, if it was.
fn done<T: std::fmt::Debug>(called: Result<Called<T>, threadlift::front::FrontError>) -> T {
    match must(called, "a call").outcome {
        Outcome::Done(value) => value,
        other => panic!("{other:?}"),
    }
}

async fn everything_else(client: &Client) {
    let on = &Cancellation::new();
    let workspace = must(client.workspaces().await, "workspaces").remove(0);
    must(client.workspace_inboxes(&workspace.id).await, "inboxes");
    let inbox = |name: &str| NewInbox {
        name: name.to_owned(),
        teammate_ids: vec!["alt:email:nell@kettlewell.example".to_owned()],
        is_public: Some(true),
    };
    done(client.create_inbox(&inbox("One"), None, on).await);
    done(client.create_inbox(&inbox("Two"), Some(&workspace.id), on).await);
    let parent = done(client.create_tag("parent", None, on).await);
    let child = done(client.create_tag("child", Some(&parent.id), on).await);
    must(client.company_tags().await, "tags");

    let handle = |handle: &str| Handle { handle: handle.to_owned(), source: "email".to_owned() };
    let details = ContactDetails {
        name: Some("Ana".to_owned()),
        description: Some("Rides".to_owned()),
        custom_fields: json!({ "City": "Oslo" }).as_object().cloned(),
        list_names: Some(vec!["Customers".to_owned()]),
    };
    let new = NewContact { handles: vec![handle("ana@example.com")], details: details.clone() };
    let contact = done(client.create_contact(&new, on).await);
    done(client.update_contact(&contact.id, &details, on).await);
    done(client.add_handle(&contact.id, &handle("ana+2@example.com"), on).await);
    done(client.contact_by_handle(&handle("ana+2@example.com"), on).await);
    done(client.contact(&contact.id, on).await);
    done(client.conversation_of_contact(&contact.id, on, |_| true).await);
    let list = must(client.contact_lists().await, "lists").remove(0);
    done(client.remove_from_contact_list(&list.id, std::slice::from_ref(&contact.id), on).await);
    done(client.add_to_contact_list(&list.id, std::slice::from_ref(&contact.id), on).await);
    done(client.delete_contact(&contact.id, on).await);

    let message = json!({
        "sender": { "handle": "visitor", "name": "Visitor" },
        "subject": "Chat",
        "body": "Are you there?",
        "metadata": { "thread_ref": "a" },
    });
    done(client.deliver("alt:address:chat", &json_body(&message), on).await);
    let all = client.contact_by_handle(&Handle { handle: "visitor".to_owned(), source: "custom".to_owned() }, on).await;
    let conversation = done(client.conversation_of_contact(&done(all).id, on, |_| true).await).expect("one");
    done(client.add_tags(&conversation.id, &[parent.id.clone(), child.id.clone()], on).await);
    done(client.remove_tags(&conversation.id, &[child.id], on).await);
    done(client.tagged_conversation(&parent.id, on, |_| false).await);
    done(client.delete_tag(&parent.id, on).await);
    let link = done(client.create_link("https://old.example/1", "One", on).await);
    done(client.rename_link(&link.id, "First", on).await);
    done(client.link_conversations(&link.id, on).await);
    for change in [
        ConversationChange { assignee_id: Some(Assignee::Nobody), ..ConversationChange::default() },
        ConversationChange { status_id: Some("sts_1".to_owned()), ..ConversationChange::default() },
        ConversationChange { inbox_id: Some("inb_100000".to_owned()), ..ConversationChange::default() },
    ] {
        done(client.update_conversation(&conversation.id, &change, on).await);
    }
}

#[test]
fn what_the_client_can_ask_beyond_that_is_documented_too() {
    let Some(contract) = Contract::find() else { return };
    let workspace = Workspace::with_samples();
    let options =
        ["--calls", CALLS, "--channel=custom:chat=Support", "--contact-field=City=string", "--status=sts_1=open:Open"];
    let front = Front::start(&workspace, MAPPING, "dump.jsonl", &options);
    let mut settings = Settings::new(front.base_url(), SecretString::from(TOKEN));
    settings.per_resource = 1_000_000;
    let runtime = must(tokio::runtime::Runtime::new(), "runtime");
    runtime.block_on(everything_else(&must(Client::new(settings), "client")));
    let asked = judged(&contract, &workspace.path(CALLS));
    let missing: Vec<String> = listed(BEYOND).difference(&asked).cloned().collect();
    assert!(missing.is_empty(), "not asked for: {missing:?}");
}

#[test]
fn what_a_probe_asks_is_documented_but_for_the_fraction_that_it_asks_about() {
    let Some(contract) = Contract::find() else { return };
    let workspace = Workspace::with_samples();
    workspace.set_send(DEMO, FULL_SPEED);
    let options = ["--calls", CALLS, "--tag", "Something else", "--play=fractions=keep", "--play=inline=content-id"];
    let front = Front::start(&workspace, DEMO, "dump.jsonl", &options);
    let probe = ["probe", "--inbox", "Support", "--other-inbox", "Billing", "--permanently", "--yes"];
    run(&workspace, &front, &[&probe[..], &["--mapping", DEMO, "--patience", "1s"]].concat(), &[0]);
    let asked = judged(&contract, &workspace.path(CALLS));
    for operation in ["DELETE /contacts/{contact_id}", "DELETE /tags/{tag_id}", "GET /inboxes/{inbox_id}/conversations"]
    {
        assert!(asked.contains(operation), "{operation} in {asked:?}");
    }
}
