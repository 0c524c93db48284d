//! What `prepare` makes in Front before an import: each thing once, however often it is run and wherever it is killed, and nothing that
//! is there overwritten.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use support::chance::Chance;
use support::front::{FULL_SPEED, Front, PATIENCE, Process, TOKEN};
use support::{Workspace, must, poll};

const HEAD: &str = r#"version = 1
[target]
inbox = "Support"
new_inboxes = { workspace = "Berlin", teammates = ["alt:email:nell@acme.example"] }
[ours]
domains = ["acme.example"]
[agents]
"nell@acme.example" = "alt:email:nell@acme.example"
"tom@acme.example" = "tea_tom"
[defaults]
tags = ["old", "old/mail", "new/branch"]
"#;

const CONTACTS: &str = r#"[contacts]
of = "everybody"
lists = ["From the old helpdesk"]
custom_fields = { "Origin" = "legacy", "Since" = "2019-01-01" }
"#;

const BILLING: &str = "[[rule]]\nwhen = { subject = 'invoice' }\ninbox = \"Billing\"\n";

/// Fields as Front has them: `Since` is a day.
const FIELDS: [&str; 4] =
    ["--contact-field=Origin=string", "--contact-field=Since=datetime", "--contact-field=City=string", "--team=Berlin"];

/// Mails, a mapping for them, and a Front.
struct Scene {
    workspace: Workspace,
    front: Front,
}

/// What a command came to.
struct Ran {
    code: i32,
    summary: Value,
    said: String,
}

impl Scene {
    /// `front` is what the mapping of the embedded Front says more than the head.
    fn new(more: &str, of_front: &str, options: &[&str]) -> Self {
        let workspace = Workspace::empty();
        let tail = format!(
            "[[source]]\nname = \"mail\"\nformat = \"mbox\"\npath = \"mail.mbox\"\n[send]\nin_flight = 4\n{FULL_SPEED}"
        );
        workspace.write("mail.mbox", mailbox(&[]));
        workspace.write("m.toml", format!("{HEAD}{more}{tail}"));
        workspace.write("front.toml", format!("{HEAD}{of_front}{tail}"));
        // Without this it would have all tags of its mapping.
        let options: Vec<&str> = ["--tag", "unrelated"].iter().chain(&FIELDS).chain(options).copied().collect();
        let front = Front::start(&workspace, "front.toml", "dump.jsonl", &options);
        let scene = Self { workspace, front };
        scene.run("plan", &[]).ended_with(0);
        scene
    }

    fn run(&self, command: &str, options: &[&str]) -> Ran {
        let mut process = self.workspace.program();
        process.args([command, "m.toml", "--quiet", "--json"]).args(options).env("FRONT_API_TOKEN", TOKEN);
        if command != "plan" || options.contains(&"--online") {
            process.env("FRONT_BASE_URL", self.front.base_url());
        }
        let output = must(process.stdin(Stdio::null()).output(), command);
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran {
            code: output.status.code().unwrap_or(-1),
            summary: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            said: said(&output.stderr),
        }
    }

    fn prepare(&self, options: &[&str]) -> Ran {
        self.run("prepare", &[&["--yes"], options].concat())
    }

    /// As it is shown to people.
    fn prepare_shown(&self, options: &[&str]) -> String {
        let mut process = self.workspace.program();
        process.args(["prepare", "m.toml", "--yes"]).args(options).env("FRONT_BASE_URL", self.front.base_url());
        let output = must(process.env("FRONT_API_TOKEN", TOKEN).stdin(Stdio::null()).output(), "prepare");
        let text = [output.stderr, output.stdout].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        text.lines().filter(|line| !line.starts_with("Ledger ")).collect::<Vec<_>>().join("\n")
    }

    fn state(&self) -> Value {
        self.front.get("/rehearsal/state")
    }

    fn journal(&self) -> String {
        std::fs::read_to_string(self.workspace.path("m.ledger/journal.jsonl")).unwrap_or_default()
    }

    /// How often the journal says this.
    fn facts(&self, piece: &str) -> usize {
        self.journal().matches(piece).count()
    }
}

impl Ran {
    #[track_caller]
    fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{:#}", self.said, self.summary);
        self
    }

    fn made(&self, what: &str) -> u64 {
        self.summary["prepared"]["made"][what].as_u64().unwrap_or_else(|| panic!("no {what} in {:#}", self.summary))
    }

    /// The error alone, as it is shown.
    fn error(&self) -> String {
        let at = self.said.find("error").unwrap_or_else(|| panic!("no error in {}", self.said));
        self.said[at..].to_owned()
    }
}

/// Mails from and to customers; `more` are subjects of further ones.
fn mailbox(more: &[&str]) -> String {
    let mut mailbox = String::new();
    let mut add = |number: usize, from: &str, to: &str, subject: &str| {
        let _ = write!(
            mailbox,
            "From - Mon Jan  2 10:00:00 2017\nFrom: {from}\nTo: {to}\nSubject: {subject}\n\
             Date: Mon, 2 Jan 2017 10:00:{number:02} +0000\nMessage-ID: <m{number}@x.example>\n\nText {number}\n\n"
        );
    };
    add(1, "Ann Lee <ann@shop.example>", "help@acme.example", "Lamp");
    add(2, "\"Ann\" <Ann@shop.example>", "help@acme.example", "Lamps");
    add(3, "Ann Lee <ann@shop.example>", "help@acme.example", "Lampshade");
    add(4, "bob@shop.example", "help@acme.example", "invoice 7");
    add(5, "Nell <nell@acme.example>", "Cleo <cleo@shop.example>, undisclosed-recipients:;", "An offer");
    add(6, "Tom <tom@acme.example>", "ann@shop.example, boss@acme.example", "Re: Lamp");
    more.iter().enumerate().for_each(|(at, subject)| {
        add(10 + at, &format!("P{at} <p{at}@shop.example>"), "help@acme.example", subject);
    });
    mailbox
}

fn contact<'s>(state: &'s Value, handle: &str) -> &'s Value {
    let contacts = state["contacts"].as_array().expect("contacts");
    let found: Vec<&Value> = contacts.iter().filter(|contact| contact["handles"] == json!([handle])).collect();
    assert_eq!(found.len(), 1, "{handle} in {contacts:#?}");
    found[0]
}

fn paths(state: &Value) -> Vec<&str> {
    state["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["path"].as_str()).collect()
}

#[test]
fn everything_is_made_once_and_a_second_run_asks_and_makes_nothing_more() {
    let scene = Scene::new(&format!("{CONTACTS}{BILLING}"), "", &[]);
    let shown = scene.prepare_shown(&["--create-inboxes"]);
    insta::assert_snapshot!(shown, @r#"
    Front     the inbox `Billing` will be made, to be seen by 1 teammate; only people can delete an inbox again
    Front     3 tags of the company will be made: `new/branch`, `old`, `old/mail` below `old`
    Front     3 people will be looked up as contacts, and made or completed; nothing that Front has of them is overwritten
    Front     this token sees no rules: Front's settings show whether there are any that run on what `finish` does
    Ready to prepare Rehearsal.
    Balance                read  =     pending
              mail            6  =           6
    Agents    2 teammates: 2 matched
                matched  nell@acme.example → alt:email:nell@acme.example (tea_r0), nell
                matched  tom@acme.example → tea_tom, tom
    Prepared  1 inbox made, 3 tags made, 3 contacts made, 1 there already

    Done: Front has what the plan needs. Next: threadlift import m.toml
    "#);
    let state = scene.state();
    let billing = json!({ "name": "Billing", "team": "Berlin", "teammates": ["nell@acme.example"] });
    assert!(state["inboxes"].as_array().is_some_and(|all| all.contains(&billing)), "{:#}", state["inboxes"]);
    // Each tag has the name that imports call it by, wherever it stands.
    assert_eq!(paths(&state), ["new/branch", "old", "old/old/mail", "unrelated"]);
    let given = json!({ "Origin": "legacy", "Since": 1_546_300_800 });
    for (handle, name) in
        [("email:ann@shop.example", "Ann Lee"), ("email:bob@shop.example", ""), ("email:cleo@shop.example", "Cleo")]
    {
        let contact = contact(&state, handle);
        assert_eq!((&contact["name"], &contact["custom_fields"]), (&json!(name), &given), "{handle}");
        assert_eq!(contact["lists"], json!(["From the old helpdesk"]));
    }
    assert_eq!(state["contacts"].as_array().map(Vec::len), Some(3));

    let journal = scene.facts("\"effect\"");
    let again = scene.prepare(&[]).ended_with(0);
    for what in ["inboxes", "tags", "contacts", "completed", "left"] {
        assert_eq!(again.made(what), 0, "{what}");
    }
    assert_eq!((again.made("people"), again.made("there_already")), (3, 8));
    assert_eq!(scene.state(), state);
    assert_eq!(scene.facts("\"effect\""), journal, "nothing new to write down");

    // And the import finds all of it.
    scene.run("import", &["--yes"]).ended_with(0);
    assert_eq!(paths(&scene.state()), paths(&state), "no second tag of a name");
}

#[test]
fn the_plan_says_whose_contacts_and_what_it_costs() {
    for (of, people) in [("senders", 2), ("everybody", 3)] {
        let scene = Scene::new(&CONTACTS.replace("everybody", of), "", &[]);
        let plan = scene.run("plan", &[]).ended_with(0).summary;
        assert_eq!(plan["plan"]["prepare"], json!({ "people": people, "tags": 3, "requests": 2 * people + 3 }), "{of}");
        // Known from the plan before, they are counted all the same.
        assert_eq!(scene.run("plan", &[]).summary["plan"]["prepare"]["people"], people);
        let ran = scene.prepare(&[]).ended_with(0);
        assert_eq!((ran.made("people"), ran.made("contacts")), (people, people), "{of}");
    }
    let scene = Scene::new("", "", &[]);
    let ran = scene.prepare(&[]).ended_with(0);
    assert_eq!((ran.made("tags"), ran.made("people")), (3, 0));
    assert_eq!(scene.state()["contacts"], json!([]), "nobody asked for contacts");
}

#[test]
fn what_contacts_have_is_not_overwritten_and_what_they_lack_is_added() {
    let scene = Scene::new(CONTACTS, "", &[]);
    let known = json!({
        "handles": [{ "source": "email", "handle": "ANN@shop.example" }, { "source": "phone", "handle": "+441" }],
        "name": "Annie", "list_names": ["VIP"], "custom_fields": { "City": "Lyon", "Origin": "shop" },
    });
    let nameless = json!({ "handles": [{ "source": "email", "handle": "cleo@shop.example" }] });
    for contact in [&known, &nameless] {
        assert_eq!(scene.front.send("POST", "/contacts", contact).0, 201);
    }
    let ran = scene.prepare(&[]).ended_with(0);
    assert_eq!((ran.made("contacts"), ran.made("completed")), (1, 2));
    let state = scene.state();
    let ann = &state["contacts"].as_array().expect("contacts")[0];
    assert_eq!(
        (&ann["handles"], &ann["name"], &ann["lists"], &ann["custom_fields"]),
        (
            &json!(["email:ANN@shop.example", "phone:+441"]),
            &json!("Annie"),
            &json!(["From the old helpdesk", "VIP"]),
            &json!({ "City": "Lyon", "Origin": "shop", "Since": 1_546_300_800 }),
        )
    );
    assert_eq!(contact(&state, "email:cleo@shop.example")["name"], "Cleo");
    assert_eq!(scene.facts("\"made\":false"), 2, "for whoever takes it back");
    assert_eq!(scene.facts("\\\"City\\\":\\\"Lyon\\\""), 1, "how it was");
}

#[test]
fn a_contact_that_somebody_makes_meanwhile_is_completed_and_theirs() {
    // The first look for a contact finds nobody: the ninth question of all.
    let scene = Scene::new(CONTACTS, "", &["--fault-reads", "read/404=1/9"]);
    for handle in ["ann@shop.example", "bob@shop.example", "cleo@shop.example"] {
        let contact = json!({ "handles": [{ "source": "email", "handle": handle }], "name": "Known" });
        assert_eq!(scene.front.send("POST", "/contacts", &contact).0, 201);
    }
    let ran = scene.prepare(&[]).ended_with(0);
    assert_eq!((ran.made("contacts"), ran.made("completed")), (0, 3));
    let (begun, theirs) = (scene.facts("\"kind\":\"contact\"") - 3, scene.facts("\"made\":false"));
    assert_eq!((begun, theirs), (1, 3), "{}", scene.journal());
    let state = scene.state();
    let contacts = state["contacts"].as_array().expect("contacts");
    assert!(
        contacts.iter().all(|it| it["name"] == "Known" && it["custom_fields"]["Origin"] == "legacy"),
        "{contacts:#?}"
    );
    assert_eq!(contacts.len(), 3);
}

#[test]
fn lost_answers_make_nothing_twice() {
    let faults = ["contact/lose-answer=1/2", "tag/lose-answer=1/2", "inbox/lose-answer=1/1", "contact/503=1/5"];
    let options: Vec<&str> = faults.iter().flat_map(|fault| ["--fault-reads", fault]).collect();
    let scene = Scene::new(&format!("{CONTACTS}{BILLING}"), "", &options);
    let undisturbed = Scene::new(&format!("{CONTACTS}{BILLING}"), "", &[]);
    let ran = scene.prepare(&["--create-inboxes"]).ended_with(0);
    undisturbed.prepare(&["--create-inboxes"]).ended_with(0);
    assert_eq!(scene.state(), undisturbed.state());
    assert_eq!((ran.made("inboxes"), ran.made("tags"), ran.made("contacts"), ran.made("completed")), (1, 3, 3, 0));
    assert_eq!(scene.facts("\"made\":true"), 7, "all of it is ours: {}", scene.journal());
}

#[test]
fn wherever_it_is_killed_each_thing_is_made_once_and_known_to_be_ours() {
    let more: Vec<String> = (0..30).map(|number| format!("Question {number}")).collect();
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let mut landed = 0;
    for seed in 0..4 {
        let mut chance = Chance(seed);
        let scene = Scene::new(&format!("{CONTACTS}{BILLING}"), "", &["--latency-ms", "15"]);
        scene.workspace.write("mail.mbox", mailbox(&more));
        scene.run("plan", &[]).ended_with(0);
        for _ in 0..12 {
            let mut command = scene.workspace.program();
            command.args([
                "prepare",
                "m.toml",
                "--yes",
                "--quiet",
                "--create-inboxes",
                "--base-url",
                scene.front.base_url(),
            ]);
            let mut process = Process::start(command.env("FRONT_API_TOKEN", TOKEN), &scene.workspace.path("out"));
            // Somewhere between one line of the journal and the next.
            let lines = scene.journal().lines().count() + chance.below(9);
            poll(PATIENCE, "lines", || scene.journal().lines().count() > lines || process.has_ended());
            std::thread::sleep(std::time::Duration::from_millis(chance.below(20) as u64));
            landed += usize::from(process.kill().signal().is_some());
        }
        scene.prepare(&["--create-inboxes"]).ended_with(0);
        let state = scene.state();
        assert_eq!(state["contacts"].as_array().map(Vec::len), Some(33), "{:#}", state["contacts"]);
        assert_eq!(paths(&state), ["new/branch", "old", "old/old/mail", "unrelated"]);
        assert_eq!(state["inboxes"].as_array().map(Vec::len), Some(2), "{:#}", state["inboxes"]);
        for handle in 0..30 {
            let what = format!("\"what\":\"email:p{handle}@shop.example\",\"end\":{{\"done\":{{");
            assert_eq!(scene.facts(&what), 1, "{what}");
        }
        assert_eq!(scene.facts("\"made\":false"), 0, "whatever was found had been begun by us");
        assert_eq!(scene.facts("\"made\":true"), 33 + 3 + 1);
    }
    assert!(landed >= 16, "only {landed} kills met a living process");
}

#[test]
fn an_inbox_that_is_missing_is_made_only_if_that_is_asked_for_and_somebody_will_see_it() {
    let scene = Scene::new(BILLING, "", &["--blocked", "tea_r0"]);
    insta::assert_snapshot!(scene.prepare(&[]).ended_with(4).error(), @r#"
    error: Rehearsal has no inbox `Billing` that this token can see
      --> m.toml:14:9
       |
    14 | inbox = "Billing"
       |         ^^^^^^^^^ not in Front; nothing was sent
       |
       = help: this token sees: Support. Correct the mapping, or give the token access; or have it made: threadlift prepare m.toml --create-inboxes
    "#);
    let mapping = |from: &str, to: &str| {
        scene.workspace.replace("m.toml", from, to);
        scene.run("plan", &[]).ended_with(0);
    };
    insta::assert_snapshot!(scene.prepare(&["--create-inboxes"]).ended_with(4).error(), @r#"
    error: alt:email:nell@acme.example is blocked and would not see the inbox `Billing`
     --> m.toml:4:1
      |
    4 | new_inboxes = { workspace = "Berlin", teammates = ["alt:email:nell@acme.example"] }
      | ^^^^^^^^^^^ blocked in Front; nothing was made
      |
      = help: name teammates who can log in to Front; an inbox is seen by nobody else
    "#);
    mapping("workspace = \"Berlin\", teammates = [\"alt:email:nell@acme.example\"]", "workspace = \"Berlin\"");
    insta::assert_snapshot!(scene.prepare(&["--create-inboxes"]).ended_with(2).error(), @r#"
    error: nobody would see the inbox `Billing`
     --> m.toml:4:1
      |
    4 | new_inboxes = { workspace = "Berlin" }
      | ^^^^^^^^^^^ no teammates are named for new inboxes; nothing was made
      |
      = help: name those who shall see it in [target]: new_inboxes = { workspace = "Support", teammates = ["alt:email:nell@acme.example"] }
    "#);
    mapping("workspace = \"Berlin\"", "workspace = \"Paris\", teammates = [\"tea_tom\"]");
    insta::assert_snapshot!(scene.prepare(&["--create-inboxes"]).ended_with(4).error(), @r#"
    error: Rehearsal has no workspace `Paris` that this token can see
     --> m.toml:4:1
      |
    4 | new_inboxes = { workspace = "Paris", teammates = ["tea_tom"] }
      | ^^^^^^^^^^^ not in Front; nothing was made
      |
      = help: Front has: Berlin; correct the mapping, or make it in Front's settings
    "#);
    mapping("tea_tom\"] }", "tea_nobody\"] }");
    insta::assert_snapshot!(scene.prepare(&["--create-inboxes"]).ended_with(4).error(), @r#"
    error: Rehearsal has no teammate tea_nobody
     --> m.toml:4:1
      |
    4 | new_inboxes = { workspace = "Paris", teammates = ["tea_nobody"] }
      | ^^^^^^^^^^^ not in Front; nothing was made
      |
      = help: name teammates who can log in to Front; an inbox is seen by nobody else
    "#);
    assert_eq!(scene.state()["inboxes"].as_array().map(Vec::len), Some(1), "nothing was made");
    assert_eq!(paths(&scene.state()), ["unrelated"]);
    // Front's oldest workspace.
    mapping("workspace = \"Paris\", teammates = [\"tea_nobody\"]", "teammates = [\"tea_tom\"]");
    scene.prepare(&["--create-inboxes"]).ended_with(0);
    let billing = json!({ "name": "Billing", "team": "Berlin", "teammates": ["tom@acme.example"] });
    assert!(scene.state()["inboxes"].as_array().is_some_and(|all| all.contains(&billing)));
}

#[test]
fn agents_are_matched_and_a_blocked_one_is_said() {
    let scene = Scene::new("", "", &["--blocked", "tea_tom", "--rule", "Greet=Send auto-reply;Tag"]);
    let shown = scene.prepare_shown(&[]);
    let (before, _) = shown.split_once("Done: ").expect("an ending");
    insta::assert_snapshot!(before, @r#"
    Front     3 tags of the company will be made: `new/branch`, `old`, `old/mail` below `old`
    Front     1 rule may run on what `prepare` and `finish` do (tags, links, comments, assigning, archiving), since only imports skip rules:
    Front       Greet: Send auto-reply; Tag
    Ready to prepare Rehearsal.
    Balance                read  =     pending
              mail            6  =           6
    Agents    2 teammates: 1 matched, 1 blocked
                blocked  tom@acme.example → tea_tom, tom
                matched  nell@acme.example → alt:email:nell@acme.example (tea_r0), nell
              what Front does with a message of somebody who is blocked, it does not document: look at one after a pilot, or take their line out of [agents]
    Prepared  3 tags made, 1 there already
    "#);
    let ran = scene.prepare(&[]).ended_with(0);
    let agents = &ran.summary["prepared"]["agents"];
    let standings: Vec<&str> =
        agents.as_array().expect("agents").iter().filter_map(|it| it["standing"].as_str()).collect();
    assert_eq!(standings, ["matched", "blocked"], "{agents:#}");

    scene.workspace.replace("m.toml", "= \"tea_tom\"", "= \"tea_gone\"");
    scene.run("plan", &[]).ended_with(0);
    let ran = scene.prepare(&[]).ended_with(4);
    insta::assert_snapshot!(ran.said, @r#"
    Agents    2 teammates: 1 matched, 1 unmatched
              unmatched  tom@acme.example → tea_gone
                matched  nell@acme.example → alt:email:nell@acme.example (tea_r0), nell
    error: Rehearsal has no teammate tea_gone
     --> m.toml:9:22
      |
    9 | "tom@acme.example" = "tea_gone"
      |                      ^^^^^^^^^^ no such teammate; nothing was sent
      |
      = help: correct or remove what [agents] says of them; without a line, a message keeps its author's name only
    "#);
}

#[test]
fn fields_that_do_not_exist_or_values_that_do_not_fit_stop_it_before_anything_is_made() {
    let scene = Scene::new(CONTACTS, "", &[]);
    scene.workspace.replace("m.toml", "\"Origin\" =", "\"Orign\" =");
    scene.run("plan", &[]).ended_with(0);
    insta::assert_snapshot!(scene.prepare(&[]).ended_with(4).error(), @r#"
    error: Front has no custom field Orign for contacts
      --> m.toml:15:29
       |
    15 | custom_fields = { "Orign" = "legacy", "Since" = "2019-01-01" }
       |                             ^^^^^^^^ not in Front; nothing was made
       |
       = help: Front has: Origin, Since, City; correct the mapping, or make it in Front's settings
    "#);
    scene.workspace.replace("m.toml", "\"Orign\" = \"legacy\", \"Since\" = \"2019-01-01\"", "\"Since\" = \"long ago\"");
    scene.run("plan", &[]).ended_with(0);
    insta::assert_snapshot!(scene.prepare(&[]).ended_with(4).error(), @r#"
    error: the custom field Since takes a day or a moment (RFC 3339), not "long ago"
      --> m.toml:15:29
       |
    15 | custom_fields = { "Since" = "long ago" }
       |                             ^^^^^^^^^^ does not fit; nothing was made
       |
       = help: give it a value that the field takes
    "#);
    assert_eq!((paths(&scene.state()), &scene.state()["contacts"]), (vec!["unrelated"], &json!([])));
}

#[test]
fn a_tag_that_stands_elsewhere_is_said() {
    let scene = Scene::new("", "", &[]);
    let team = scene.front.get("/teams")["_results"][0]["id"].as_str().expect("a team").to_owned();
    let (status, _) = scene.front.send("POST", &format!("/teams/{team}/tags"), &json!({ "name": "old" }));
    assert_eq!(status, 201);
    let shown = scene.prepare_shown(&[]);
    assert!(shown.contains("`old` is a tag of a workspace: no second one of that name is made"), "{shown}");
    assert_eq!(paths(&scene.state()), ["new/branch", "old", "old/mail", "unrelated"]);
}

#[test]
fn what_front_refuses_is_left_and_named_and_tried_again_only_if_that_is_asked_for() {
    let scene = Scene::new(CONTACTS, "", &["--fault-reads", "contact/400=1/1"]);
    let ran = scene.prepare(&[]).ended_with(3);
    assert_eq!((ran.made("tags"), ran.made("contacts"), ran.made("left")), (3, 0, 3));
    let examples = ran.summary["prepared"]["made"]["examples"].as_array().expect("examples");
    let mut named: Vec<&str> = examples.iter().filter_map(|it| it["what"].as_str()).collect();
    named.sort_unstable();
    let all = ["contact email:ann@shop.example", "contact email:bob@shop.example", "contact email:cleo@shop.example"];
    assert_eq!(named, all);
    let again = scene.prepare(&[]).ended_with(3);
    assert_eq!((again.made("left"), again.made("there_already")), (3, 4), "left, told, and not asked about again");
    assert_eq!(scene.prepare(&["--retry-left"]).ended_with(3).made("left"), 3);
}

#[test]
fn a_budget_ends_it_and_the_next_run_goes_on() {
    let scene = Scene::new(CONTACTS, "", &[]);
    let ran = scene.prepare(&["--max-requests", "12"]).ended_with(6);
    assert!(ran.summary["ending"].as_str().is_some_and(|it| it.starts_with("The budget of requests is used up")));
    let made = ran.made("tags") + ran.made("contacts");
    assert!(made < 6, "{made}");
    let ran = scene.prepare(&[]).ended_with(0);
    assert_eq!(made + ran.made("tags") + ran.made("contacts"), 6);
    assert_eq!(scene.facts("\"made\":true"), 6);
}

#[test]
fn a_plan_that_is_stale_or_nobody_to_ask_ends_it_before_anything_is_made() {
    let scene = Scene::new("", "", &[]);
    let ran = scene.run("prepare", &[]).ended_with(2);
    assert!(ran.said.contains("there is no terminal to ask on"), "{}", ran.said);
    scene.workspace.write("mail.mbox", mailbox(&["One more"]));
    let ran = scene.prepare(&[]).ended_with(2);
    assert!(ran.said.contains("nothing was made") && ran.said.contains("threadlift plan m.toml"), "{}", ran.said);
    assert_eq!(paths(&scene.state()), ["unrelated"]);
}

#[test]
fn a_plan_that_gives_conversations_something_shows_fronts_rules_when_it_asks_front() {
    let scene = Scene::new("mark = true\n", "", &["--rule", "Greet=Send auto-reply"]);
    scene.prepare(&["--report", "page.html"]).ended_with(0);
    let page = std::fs::read_to_string(scene.workspace.path("page.html")).unwrap_or_default();
    assert!(page.contains("Front has what the plan needs"), "the page says how it ended");
    let front = scene.run("plan", &["--online"]).ended_with(0).summary["front"].to_string();
    assert!(front.contains("1 rule may run on what") && front.contains("Greet: Send auto-reply"), "{front}");
}
