//! A team moves on a Friday evening: history before it, what is still open, and what customers wrote since.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod support;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;
use support::chance::Chance;
use support::front::{FULL_SPEED, Front, PATIENCE, Process, TOKEN};
use support::{Workspace, must, poll};

const HEADER: &str = "id,chat,time,who,text,role,kind,state\n";

/// Up to the evening of the cut-over.
const FRIDAY: &str = "\
m1,closed,2024-05-30T10:00:00Z,ada@shop.example,Is it there?,visitor,message,closed
m2,closed,2024-05-30T10:05:00Z,nell@acme.example,It is.,agent,message,closed
m3,open,2024-05-31T09:00:00Z,ben@shop.example,It broke.,visitor,message,open
m4,open,2024-05-31T09:10:00Z,nell@acme.example,Oh no.,agent,message,open
n1,open,2024-05-31T09:20:00Z,nell@acme.example,Under warranty,agent,note,open
";

/// What the old system got after it.
const NIGHT: &str = "\
m5,open,2024-05-31T19:00:00Z,ben@shop.example,Any *news*?,visitor,message,open
m6,open,2024-05-31T19:30:00Z,nell@acme.example,Soon.,agent,message,open
m7,new,2024-05-31T20:00:00Z,cleo@shop.example,Hello?,visitor,message,open
m8,new,2024-05-31T20:01:00Z,cleo@shop.example,Anybody?,visitor,message,open
";

const DELIVER: &str = "deliver = { channel = \"cha_live\", since = 2024-05-31T18:00:00Z }\n";

fn mapping(source: &str) -> String {
    format!(
        "version = 1\n[target]\ninbox = \"Support\"\n[ours]\ndomains = [\"acme.example\"]\n\
         [agents]\n\"nell@acme.example\" = \"alt:email:nell@acme.example\"\n\
         [[source]]\nname = \"chat\"\nformat = \"csv\"\npath = \"*.csv\"\ndate = \"iso\"\n\
         columns = {{ id = \"id\", conversation = \"chat\", time = \"time\", sender = \"who\", text = \"text\", role = \"role\", \
         kind = \"kind\" }}\n\
         roles = {{ visitor = \"inbound\", agent = \"outbound\" }}\nkinds = {{ message = \"message\", note = \"note\" }}\n{source}\
         [notes]\ninto = \"comments\"\n\
         [[rule]]\nwhen = {{ column = {{ state = '^open$' }} }}\narchived = \"no-leave-these-conversations-open\"\n\
         assignee = \"alt:email:nell@acme.example\"\n\
         [send]\n{FULL_SPEED}"
    )
}

struct Scene {
    workspace: Workspace,
    front: Front,
}

impl Scene {
    fn new(source: &str, rows: &str, options: &[&str]) -> Self {
        let workspace = Workspace::empty();
        workspace.write("m.toml", mapping(source));
        workspace.write("chat.csv", format!("{HEADER}{rows}"));
        let front = Front::start(&workspace, "m.toml", "dump.jsonl", options);
        Self { workspace, front }
    }

    /// With Friday and the night after it, imported and finished.
    fn ready(options: &[&str]) -> Self {
        let scene = Self::new(DELIVER, &format!("{FRIDAY}{NIGHT}"), options);
        scene.done("import", &["--yes"]);
        scene.done("finish", &["--yes"]);
        scene
    }

    fn command(&self, name: &str, options: &[&str]) -> std::process::Command {
        let mut command = self.workspace.program();
        command.args([name, "m.toml", "--quiet", "--json"]).args(options);
        command.env("FRONT_API_TOKEN", TOKEN).env("FRONT_BASE_URL", self.front.base_url());
        command
    }

    fn run(&self, name: &str, options: &[&str]) -> (i32, Value, String) {
        let output = must(self.command(name, options).output(), name);
        let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap_or(-1), said, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn done(&self, name: &str, options: &[&str]) -> Value {
        let (code, said, complaint) = self.run(name, options);
        assert_eq!(code, 0, "{name}: {said}\n{complaint}");
        said
    }

    fn deliver(&self, options: &[&str]) -> (i32, Value, String) {
        self.run("deliver", &[&["--confirm", "deliver live"], options].concat())
    }

    fn conversations(&self) -> Vec<Value> {
        self.front.get("/rehearsal/state")["conversations"].as_array().expect("a list").clone()
    }

    /// Texts of messages, conversation by conversation: of those that were imported, or of those that were delivered.
    fn texts(&self, delivered: bool) -> Vec<Vec<String>> {
        let is_delivered = |it: &Value| it["external_ids"] == json!([]);
        let meant = self.conversations().into_iter().filter(|it| is_delivered(it) == delivered);
        let mut all: Vec<Vec<String>> = meant
            .map(|it| {
                let id = it["id"].as_str().expect("an id");
                let mut messages = self.front.list(&format!("/conversations/{id}/messages"));
                messages.reverse();
                messages.iter().map(|message| message["text"].as_str().unwrap_or_default().trim().to_owned()).collect()
            })
            .collect();
        all.sort();
        all
    }
}

fn texts(all: &[&[&str]]) -> Vec<Vec<String>> {
    all.iter().map(|texts| texts.iter().map(|text| (*text).to_owned()).collect()).collect()
}

#[test]
fn a_later_export_adds_what_is_new_to_the_same_conversations_its_notes_once_and_keeps_to_the_ends() {
    let ends = "since = 2024-05-30T10:05:00Z\nuntil = 2024-05-31T20:01:00Z\n";
    let scene = Scene::new(ends, FRIDAY, &[]);
    scene.done("import", &["--yes"]);
    scene.done("finish", &["--yes"]);
    assert_eq!(scene.texts(false), texts(&[&["It broke.", "Oh no."], &["It is."]]));
    let late_note = "n2,open,2024-05-31T19:40:00Z,nell@acme.example,Called him,agent,note,open\n";
    scene.workspace.write("later.csv", format!("{HEADER}{FRIDAY}{NIGHT}{late_note}"));
    let said = scene.done("import", &["--yes"]);
    assert_eq!(said["sent"]["accepted"], 3, "{said}");
    scene.done("finish", &["--yes"]);
    let expected: [&[&str]; 3] = [&["Hello?"], &["It broke.", "Oh no.", "Any *news*?", "Soon."], &["It is."]];
    assert_eq!(scene.texts(false), texts(&expected));
    let notes: Vec<usize> =
        scene.conversations().iter().map(|it| it["comments"].as_array().map_or(0, Vec::len)).collect();
    assert_eq!(notes.iter().sum::<usize>(), 2, "{notes:?}");
    let plan = scene.done("plan", &[]);
    assert_eq!((&plan["plan"]["sent_and_gone"], &plan["total"]["pending"]), (&json!(0), &json!(0)), "{plan}");
    assert_eq!(plan["plan"]["straddling"]["cut"]["conversations"], 2);
}

#[test]
fn what_must_still_be_answered_is_open_and_somebodys_and_all_else_is_archived() {
    let scene = Scene::new("until = 2024-05-31T18:00:00Z\n", &format!("{FRIDAY}{NIGHT}"), &[]);
    scene.done("import", &["--yes"]);
    scene.done("finish", &["--yes"]);
    let states: BTreeMap<u64, (Value, Value)> = scene
        .conversations()
        .into_iter()
        .map(|it| {
            (it["comments"].as_array().map_or(0, Vec::len) as u64, (it["status"].clone(), it["assignee"].clone()))
        })
        .collect();
    assert_eq!(states[&0], (json!("archived"), json!(null)));
    assert_eq!(states[&1], (json!("assigned"), json!("nell@acme.example")), "a conversation of its own, and open");
}

#[test]
fn what_customers_wrote_since_is_delivered_last_and_once_into_conversations_of_its_own() {
    let scene = Scene::new(DELIVER, &format!("{FRIDAY}{NIGHT}"), &[]);
    let (code, _, complaint) = scene.run("plan", &["--details"]);
    assert_eq!(code, 0, "{complaint}");
    let (code, _, complaint) = scene.deliver(&[]);
    assert_eq!(code, 7, "{complaint}");
    assert!(
        complaint.contains("4 messages left to import: what is live comes last; nothing was delivered"),
        "{complaint}"
    );
    scene.done("import", &["--yes"]);
    let (code, _, complaint) = scene.deliver(&[]);
    assert_eq!((code, complaint.contains("1 note not written yet")), (7, true), "{complaint}");
    scene.done("finish", &["--yes"]);
    let imported = scene.texts(false);
    let (code, _, complaint) = scene.run("deliver", &[]);
    assert_eq!((code, complaint.contains("FRONT'S RULES RUN")), (2, true), "it asks: {complaint}");
    assert_eq!(scene.texts(true), Vec::<Vec<String>>::new());

    let (code, said, complaint) = scene.deliver(&[]);
    assert_eq!(code, 0, "{said}\n{complaint}");
    assert_eq!((&said["delivered"]["delivered"], &said["delivered"]["seen"]), (&json!(3), &json!(3)));
    assert_eq!(said["total"]["confirmed"], 8);
    assert_eq!(scene.texts(true), texts(&[&["Any *news*?"], &["Hello?", "Anybody?"]]));
    assert_eq!(scene.texts(false), imported, "what is delivered joins nothing");
    let (code, said, _) = scene.deliver(&[]);
    assert_eq!((code, &said["delivered"]["delivered"]), (0, &json!(0)), "{said}");
    assert_eq!(scene.texts(true), texts(&[&["Any *news*?"], &["Hello?", "Anybody?"]]));
    scene.done("import", &["--yes"]);
    scene.done("verify", &[]);
}

#[test]
fn what_was_delivered_is_never_taken_back() {
    let scene = Scene::ready(&[]);
    let said = scene.done("import", &["--yes"]);
    assert!(
        said["ending"]
            .as_str()
            .expect("words")
            .contains("3 messages wait to be delivered live: `threadlift deliver m.toml`")
    );
    assert_eq!(scene.deliver(&[]).0, 0);
    let live = scene.texts(true);
    let said = scene.done("undo", &["--go", "--confirm", "yes"]);
    assert_eq!((&said["taken_back"]["delivered"], &said["taken_back"]["trashed"]), (&json!(3), &json!(2)), "{said}");
    let (standing, trashed): (Vec<Value>, Vec<Value>) =
        scene.conversations().into_iter().partition(|it| it["status"] != "deleted");
    assert_eq!((standing.len(), trashed.len()), (2, 2), "{standing:?}");
    assert_eq!(scene.texts(true), live);
    let plan = scene.done("plan", &[]);
    assert_eq!(plan["total"]["deliveries"], 0, "none is to be delivered again: {plan}");
    let (code, _, complaint) = scene.run("undo", &["--thread", "m7"]);
    assert_eq!((code, complaint.contains("was delivered live and is not taken back")), (2, true), "{complaint}");
}

#[test]
fn the_plan_says_it_before_all_else() {
    let scene = Scene::new(DELIVER, &format!("{FRIDAY}{NIGHT}"), &[]);
    let output = must(scene.workspace.program().args(["plan", "m.toml", "--quiet"]).output(), "plan");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let first = text.lines().next().expect("a line");
    let loud = "Live      LOUD: 3 messages in 2 conversations, written 2024-05-31 to 2024-05-31, ARE DELIVERED LIVE through cha_live 3 \
                and not imported: FRONT'S RULES RUN, replies go to the channel's webhook and not by e-mail, they never join imported \
                conversations, and Front dates them by the delivery.";
    assert!(first.starts_with(loud), "{text}");
    assert!(
        text.contains("written by us, 2024-05-31T18:00:00Z or later: a channel takes what customers write"),
        "{text}"
    );
}

#[test]
fn a_lost_answer_is_named_and_never_repeated_unless_the_message_is_named() {
    let scene = Scene::ready(&["--fault-reads", "message/lose-answer=1/2"]);
    let (mut lost, mut rounds) = (Vec::new(), 0);
    while rounds < 5 {
        rounds += 1;
        let (code, said, complaint) = scene.deliver(&[]);
        assert!([0, 7].contains(&code), "{code} {said}\n{complaint}");
        let named = said["delivered"]["examples"].as_array().cloned().unwrap_or_default();
        lost = named.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>();
    }
    assert!(!lost.is_empty(), "the fault did not come");
    assert_eq!(scene.texts(true), texts(&[&["Any *news*?"], &["Hello?", "Anybody?"]]), "each is there, and once");
    let before = scene.texts(true);
    let (code, said, complaint) = scene.run("retry", &["--yes"]);
    assert_eq!(code, 0, "{said}\n{complaint}");
    let (code, _, complaint) = scene.run("retry", &["--yes", "--id", &lost[0]]);
    assert_eq!((code, scene.texts(true)), (2, before.clone()), "{complaint}");
    let (code, _, complaint) = scene.deliver(&["--again-although-front-may-have-it", "m1"]);
    assert_eq!((code, scene.texts(true)), (2, before.clone()), "{complaint}");
    scene.deliver(&["--again-although-front-may-have-it", &lost[0]]);
    let all = |texts: &[Vec<String>]| texts.iter().map(Vec::len).sum::<usize>();
    // Whether its answer was lost again or not.
    poll(PATIENCE, "the message that was delivered again", || all(&scene.texts(true)) == all(&before) + 1);
}

#[test]
fn killed_anywhere_and_run_again_no_message_is_delivered_twice() {
    let (mut chance, mut landed) = (Chance(31), 0);
    for round in 0..8 {
        let scene = Scene::ready(&["--latency-ms", "20"]);
        for _ in 0..6 {
            let output = scene.workspace.path("deliver.out");
            let mut deliver = Process::start(&mut scene.command("deliver", &["--confirm", "deliver live"]), &output);
            std::thread::sleep(Duration::from_millis(must(u64::try_from(chance.below(500)), "jitter")));
            landed += usize::from(deliver.kill().signal().is_some());
        }
        let (code, said, complaint) = scene.deliver(&[]);
        assert!([0, 7].contains(&code), "{code} {said}\n{complaint}");
        assert_eq!(said["balanced"], true);
        let unknown = said["delivered"]["unknown"].as_u64().expect("a number");
        let mut there: Vec<String> = scene.texts(true).concat();
        there.sort();
        let all = there.len();
        there.dedup();
        assert_eq!(there.len(), all, "round {round}: nothing twice");
        assert!(there.len() as u64 + unknown >= 3, "round {round}: {there:?}, {unknown} unknown");
        assert_eq!(code == 7, unknown > 0, "{said}");
    }
    assert!(landed >= 8, "only {landed} kills met a living process");
}

#[test]
fn a_channel_that_is_none_or_no_custom_one_is_pointed_at_before_anything_is_sent() {
    for (channel, complaint) in [
        ("cha_live", "Front has no channel cha_live"),
        ("cha_100000", "the channel cha_100000 is of the type gmail, not custom"),
    ] {
        let workspace = Workspace::empty();
        workspace.write("m.toml", mapping(""));
        workspace.write("chat.csv", format!("{HEADER}{FRIDAY}{NIGHT}"));
        let front = Front::start(&workspace, "m.toml", "dump.jsonl", &["--channel", "help@acme.example=Support"]);
        workspace.write("m.toml", mapping(&DELIVER.replace("cha_live", channel)));
        let output = must(front.importing(&workspace, "m.toml", &[]).output(), "import");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.contains(complaint) && said.contains("m.toml:16"), "{said}");
        front.received_nothing();
    }
}

#[test]
fn a_rehearsal_delivers_too() {
    let scene = Scene::new(DELIVER, &format!("{FRIDAY}{NIGHT}"), &[]);
    let mut command = scene.workspace.program();
    let output = must(command.args(["rehearse", "m.toml", "--exit", "--quiet", "--json"]).output(), "rehearse");
    let said: Value = must(serde_json::from_slice(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.status.code(), &said["delivered"]["seen"]), (Some(0), &json!(3)), "{said}");
    assert_eq!(said["sent"]["front_holds"]["messages"], 7);
}
