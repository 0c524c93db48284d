//! A 202 is a promise: `import` and `verify` look until each message is in Front and reads as planned, and say so by their
//! exit code where one is not.

mod support;

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::{Output, Stdio};
use std::time::Duration;
use support::front::{Front, PATIENCE, Process, TOKEN};
use support::{Workspace, must, poll};

const MAPPING: &str = "mail.toml";

/// Threads a and b of two messages, c with a file, d to f of one.
const MESSAGES: [(&str, &str); 8] =
    [("a1", ""), ("a2", "a1"), ("b1", ""), ("b2", "b1"), ("c1", ""), ("d1", ""), ("e1", ""), ("f1", "")];

/// Planned messages and the embedded Front that is to get them.
struct Scene {
    workspace: Workspace,
    front: Front,
}

impl Scene {
    fn with(options: &[&str]) -> Self {
        Self::paced("20ms", "400ms", &[&["--appear-after-ms", "10"], options].concat())
    }

    /// A Front that no longer takes the id of this message, as when its conversation was deleted there, nor that id with these
    /// endings.
    fn with_burnt(name: &str, endings: &[&str]) -> (Self, String) {
        let workspace = Self::written("20ms", "400ms");
        let id = format!("{name}@x.example");
        let planned = workspace.plan(MAPPING).into_iter().find(|line| line["message_id"] == id.as_str());
        let id = planned
            .and_then(|line| line["external_id"].as_str().map(str::to_owned))
            .unwrap_or_else(|| panic!("{name} is not planned"));
        let burnt: Vec<String> = endings.iter().map(|ending| format!("{id}{ending}")).collect();
        workspace.write("burnt", burnt.join("\n"));
        let options = ["--appear-after-ms", "10", "--burnt", "burnt"];
        let front = Front::start(&workspace, MAPPING, "dump.jsonl", &options);
        (Self { workspace, front }, id)
    }

    /// `settle` and `patience` as the mapping has them.
    fn paced(settle: &str, patience: &str, options: &[&str]) -> Self {
        let workspace = Self::written(settle, patience);
        let front = Front::start(&workspace, MAPPING, "dump.jsonl", options);
        Self { workspace, front }
    }

    fn written(settle: &str, patience: &str) -> Workspace {
        let workspace = Workspace::empty();
        for (at, (name, parent)) in MESSAGES.iter().enumerate() {
            workspace.write(&format!("mails/{name}.eml"), mail(at, name, parent));
        }
        workspace.write(
            MAPPING,
            format!(
                "version = 1\n[target]\ninbox = \"Support\"\n[ours]\ndomains = [\"y.example\"]\n[[source]]\nname = \"mail\"\n\
                 format = \"eml\"\npath = \"mails\"\n[send]\nper_resource = 1000000\nshare = 1.0\nreserve = 0\n\
                 in_flight = 4\nsettle = \"{settle}\"\npatience = \"{patience}\"\n"
            ),
        );
        workspace
    }

    fn retry(&self, options: &[&str]) -> Ended {
        let mut command = self.workspace.program();
        command.env("FRONT_BASE_URL", self.front.base_url());
        command
            .args(["retry", MAPPING, "--yes", "--quiet", "--json"])
            .args(options)
            .env("FRONT_API_TOKEN", TOKEN)
            .stdin(Stdio::null());
        Ended::of(&must(command.output(), "retry"))
    }

    /// What `show` prints of an id.
    fn shown(&self, id: &str) -> String {
        let output = must(self.workspace.program().args(["show", MAPPING, id]).output(), "show");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn import(&self, options: &[&str]) -> Ended {
        Ended::of(&must(self.front.importing(&self.workspace, MAPPING, options).output(), "import"))
    }

    fn verify(&self, options: &[&str]) -> Ended {
        let mut command = self.workspace.program();
        command.args(["verify", MAPPING, "--quiet", "--json"]).args(options);
        command.env("FRONT_BASE_URL", self.front.base_url()).env("FRONT_API_TOKEN", TOKEN).stdin(Stdio::null());
        Ended::of(&must(command.output(), "verify"))
    }

    fn status(&self, options: &[&str]) -> Ended {
        let mut command = self.workspace.program();
        command.args(["status", MAPPING, "--quiet", "--json"]).args(options).stdin(Stdio::null());
        Ended::of(&must(command.output(), "status"))
    }

    fn journal(&self) -> String {
        std::fs::read_to_string(self.workspace.path("mail.ledger/journal.jsonl")).unwrap_or_default()
    }

    /// Times that a message was sent, by the journal.
    fn sendings(&self, name: &str) -> usize {
        let id = format!("\"original_id\":\"{name}@x.example\"");
        self.journal().lines().filter(|line| line.contains("\"sending\"") && line.contains(&id)).count()
    }
}

fn mail(at: usize, name: &str, parent: &str) -> String {
    let parent = if parent.is_empty() { String::new() } else { format!("In-Reply-To: <{parent}@x.example>\n") };
    let head = format!(
        "From: a@x.example\nTo: b@y.example\nSubject: lamp {name}\nDate: Fri, {:02} Nov 1997 09:55:06 +0000\n\
         Message-ID: <{name}@x.example>\n{parent}",
        20 - at
    );
    match name {
        "c1" => format!(
            "{head}Content-Type: multipart/mixed; boundary=x\n\n--x\n\nText\n--x\n\
             Content-Disposition: attachment; filename=a.txt\n\nfile\n--x--\n"
        ),
        _ => format!("{head}\nText of {name}\n"),
    }
}

/// How a command ended.
struct Ended {
    code: i32,
    summary: Value,
    complaint: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            summary: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            complaint: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{:#}", self.complaint, self.summary);
        self
    }

    #[track_caller]
    fn figure(&self, name: &str) -> u64 {
        self.summary["total"][name].as_u64().unwrap_or_else(|| panic!("no {name} in {:#}", self.summary))
    }

    /// What is amiss: kind, old id, words.
    fn amiss(&self) -> Vec<[String; 3]> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = self.summary["amiss"].as_array().cloned().unwrap_or_default();
        list.iter().map(|it| [text(&it["what"]), text(&it["original_id"]), text(&it["words"])]).collect()
    }

    #[track_caller]
    fn says(&self, words: &[&str]) {
        let said = format!("{}{}", self.complaint, self.summary["ending"].as_str().unwrap_or_default());
        for word in words {
            assert!(said.contains(word), "{word:?} in {said}");
        }
    }
}

#[test]
fn an_import_ends_with_0_when_every_message_was_seen_as_planned() {
    let scene = Scene::with(&[]);
    let import = scene.import(&[]).with(0);
    assert_eq!((import.figure("confirmed"), import.figure("accepted")), (8, 0));
    import.says(&["every message is in Front and reads as planned"]);
    // a and b take two requests each, the other four one.
    assert_eq!(import.summary["seen"]["lookups"], 8, "{:#}", import.summary);
    let again = scene.import(&[]).with(0);
    assert_eq!((&again.summary["sent"]["accepted"], &again.summary["seen"]["lookups"]), (&0.into(), &0.into()));
    again.says(&["was seen in Front"]);
    assert_eq!(scene.status(&[]).with(0).figure("confirmed"), 8);
    assert_eq!(scene.front.stop()["messages"], 8);
}

#[test]
fn what_front_keeps_under_an_answer_that_was_lost_is_found_and_sent_no_further_time() {
    let scene = Scene::with(&["--lose-answer-every", "3", "--new-uid-for-repeats"]);
    for (at, (name, _)) in MESSAGES.iter().enumerate().skip(1) {
        scene.workspace.write(&format!("mails/{name}.eml"), mail(at, name, "a1"));
    }
    let import = scene.import(&[]).with(0);
    assert_eq!((import.figure("confirmed"), import.figure("missing")), (8, 0));
    assert_eq!(import.summary["seen"]["resent"], 0, "{:#}", import.summary);
    assert!(!scene.journal().contains("\"missing\""));
    assert_eq!(scene.front.stop()["messages"], 8);
}

#[test]
fn what_may_be_there_under_a_uid_that_never_came_gets_a_new_id_only_by_name() {
    let scene = Scene::with(&["--lose-answer-every", "3", "--new-uid-for-repeats"]);
    for (at, (name, _)) in MESSAGES.iter().enumerate() {
        scene.workspace.write(&format!("mails/{name}.eml"), mail(at, name, ""));
    }
    let import = scene.import(&[]).with(7);
    let missing = import.figure("missing");
    assert!(missing > 0, "a conversation of one message is known by its uid alone");
    let named = import.amiss()[0][1].clone();
    let retry = scene.retry(&["--missing", "--new-id"]).with(7);
    retry.says(&["may be in Front under a uid that never came", "name with --id what is not there"]);
    assert!(!scene.journal().contains("renewed"));
    assert_eq!(retry.figure("missing"), missing);
    assert_eq!(scene.status(&[]).with(7).figure("read"), 8);

    scene.retry(&["--missing", "--new-id", "--id", &named]);
    assert_eq!(scene.journal().matches("\"renewed\"").count(), 1);
}

#[test]
fn pages_of_a_proxy_among_the_answers_hold_up_nothing() {
    for fault in ["html=1/4", "empty=1/3"] {
        let scene = Scene::with(&["--fault-reads", fault]);
        let import = scene.import(&[]).with(0);
        assert_eq!(import.figure("confirmed"), 8, "{fault}");
    }
}

#[test]
fn without_a_look_accepted_is_not_called_seen_and_verify_makes_up_for_it() {
    let scene = Scene::with(&[]);
    let import = scene.import(&["--no-verify"]).with(0);
    assert_eq!((import.figure("confirmed"), import.figure("accepted")), (0, 8));
    import.says(&["Accepted is not seen", "threadlift verify mail.toml"]);
    scene.status(&[]).with(0).says(&["Accepted and not seen yet: 8 messages"]);
    let verify = scene.verify(&[]).with(0);
    assert_eq!((verify.figure("confirmed"), verify.figure("accepted")), (8, 0));
    let sample = scene.verify(&["--sample", "3"]).with(0);
    assert_eq!((&sample.summary["seen"]["confirmed"], &sample.summary["seen"]["lookups"]), (&3.into(), &3.into()));
}

#[test]
fn a_rehearsal_shows_the_whole_import_whatever_was_sent_and_seen_before() {
    let scene = Scene::with(&["--lose", "lamp d1", "--lost-stay-burnt"]);
    let rehearse = |scene: &Scene| {
        let mut command = scene.workspace.program();
        command.args(["rehearse", MAPPING, "--exit", "--quiet", "--json"]).stdin(Stdio::null());
        let rehearsal = Ended::of(&must(command.output(), "rehearse")).with(0);
        assert_eq!(rehearsal.summary["sent"]["accepted"], 8, "{:#}", rehearsal.summary);
        assert_eq!(rehearsal.summary["sent"]["front_holds"]["messages"], 8);
        assert_eq!((rehearsal.figure("confirmed"), rehearsal.figure("missing")), (8, 0));
    };
    scene.import(&["--no-verify"]).with(0);
    rehearse(&scene);
    assert_eq!(scene.verify(&[]).with(7).figure("confirmed"), 7);
    rehearse(&scene);
    assert_eq!(scene.status(&[]).with(7).figure("missing"), 1, "the real ledger is as it was");
}

#[test]
fn what_front_lost_is_sent_again_once_and_then_reported() {
    let scene = Scene::with(&["--lose", "lamp b2", "--lose", "lamp d1", "--lost-stay-burnt"]);
    let import = scene.import(&[]).with(7);
    assert_eq!((import.figure("confirmed"), import.figure("missing")), (6, 2));
    let words = "accepted twice with the same id, and not there";
    assert_eq!(
        import.amiss(),
        [["missing", "b2@x.example", words], ["missing", "d1@x.example", words]].map(|it| it.map(str::to_owned))
    );
    import.says(&["2 messages are missing", "threadlift retry mail.toml --missing`"]);
    let again = scene.import(&[]).with(7);
    assert_eq!(again.figure("missing"), 2);
    scene.verify(&[]).with(7);
    scene.status(&[]).with(7);
    assert_eq!([scene.sendings("b2"), scene.sendings("d1"), scene.sendings("b1")], [2, 2, 1]);
}

#[test]
fn what_front_lost_and_takes_when_it_comes_again_is_confirmed() {
    let scene = Scene::with(&["--lose", "lamp e1"]);
    let import = scene.import(&[]).with(0);
    assert_eq!((import.figure("confirmed"), &import.summary["seen"]["resent"]), (8, &1.into()));
    assert_eq!([scene.sendings("e1"), scene.sendings("f1")], [2, 1]);
    assert_eq!(scene.front.stop()["changed_repeats"], 0);
}

#[test]
fn what_reads_otherwise_in_front_is_named_with_what_differs() {
    let scene = Scene::with(&["--fault", "alter=1/4:subject", "--fault", "alter=1/7:date"]);
    let import = scene.import(&[]).with(7);
    assert_eq!((import.figure("confirmed"), import.figure("different")), (8, 3));
    let mut kinds: Vec<String> =
        import.amiss().into_iter().map(|[what, _, words]| format!("{what}: {words}")).collect();
    kinds.sort();
    assert_eq!(kinds, ["different: date", "different: subject", "different: subject"]);
    import.says(&["3 messages are different"]);
    assert!(
        import.summary["amiss"][0]["url"]
            .as_str()
            .is_some_and(|url| url.starts_with("https://app.frontapp.com/open/msg_"))
    );
}

#[test]
fn a_first_import_sends_one_conversation_and_nothing_else_until_it_is_there() {
    // The one with a file comes first.
    let scene = Scene::with(&["--lose", "lamp c1", "--lost-stay-burnt"]);
    let import = scene.import(&[]).with(7);
    import.says(&[
        "the first conversation, of 1 message",
        "1 message is missing",
        "nothing else was sent",
        "--no-verify",
    ]);
    import.says(&["`threadlift retry mail.toml --missing`", "`threadlift retry mail.toml --missing --new-id`"]);
    assert_eq!(import.amiss()[0][..2], ["missing".to_owned(), "c1@x.example".to_owned()]);
    assert_eq!((import.figure("pending"), import.figure("missing")), (7, 1));
    assert_eq!((scene.sendings("c1"), scene.front.stored()), (1, 0), "not twice before anybody has looked at it");
    // Again: it is sent once more, and looked for once more.
    scene.import(&[]).with(7);
    assert_eq!((scene.sendings("c1"), scene.front.stored()), (2, 0));
    // What the user wants sent once more is, and comes before everything else, too.
    let retry = scene.retry(&["--missing"]).with(7);
    assert_eq!((scene.sendings("c1"), scene.front.stored(), retry.figure("pending")), (3, 0, 7));
    let mut command = scene.workspace.program();
    command.args(["import", MAPPING, "--yes", "--quiet", "--base-url", scene.front.base_url()]);
    let output = must(command.env("FRONT_API_TOKEN", TOKEN).stdin(Stdio::null()).output(), "import");
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert_eq!(said.matches("c1@x.example").count(), 1, "named once: {said}");
    let import = scene.import(&["--no-verify"]).with(7);
    assert_eq!((import.figure("accepted"), import.figure("missing")), (8, 1));
    assert_eq!(scene.front.stored(), 7);
}

#[test]
fn a_budget_that_ends_with_the_second_sending_leaves_it_to_the_next_run() {
    // The one with a file is sent alone, does not come, and stops the first run.
    let scene = Scene::with(&["--lose", "lamp c1"]);
    scene.import(&[]).with(7);
    // Questions before anything is sent, a look, and another before it is given up: then it would be sent again.
    let spent = (4..12).find_map(|most| {
        let import = scene.import(&["--max-requests", &most.to_string()]).with(6);
        import.says(&["The budget of requests is used up; nothing is lost, "]);
        (scene.sendings("c1") == 2).then_some(import)
    });
    let import = spent.unwrap_or_else(|| panic!("no budget ended there"));
    assert_eq!((import.figure("unknown"), import.figure("missing"), scene.front.stored()), (1, 0, 0));
    import.says(&["8 messages left to send; run it again to go on: threadlift import mail.toml"]);
    let import = scene.import(&[]).with(0);
    assert_eq!((import.figure("confirmed"), import.figure("missing")), (8, 0));
    assert_eq!([scene.sendings("c1"), scene.sendings("d1")], [3, 1]);
    let counted = scene.front.stop();
    assert_eq!((&counted["messages"], &counted["changed_repeats"]), (&8.into(), &0.into()), "{counted}");
}

#[test]
fn a_first_conversation_that_reads_otherwise_stops_the_import_and_going_on_is_a_decision() {
    let scene = Scene::with(&["--fault", "alter=1/1:attachment"]);
    let import = scene.import(&[]).with(7);
    import.says(&["1 message is different", "nothing else was sent"]);
    assert_eq!(import.amiss(), [["different", "c1@x.example", "number of files"].map(str::to_owned)]);
    assert!(
        import.summary["amiss"][0]["url"]
            .as_str()
            .is_some_and(|url| url.starts_with("https://app.frontapp.com/open/msg_"))
    );
    assert_eq!(import.figure("pending"), 7);
    assert_eq!(scene.front.stored(), 1);
    // Seen and said: whoever runs it again wants to go on.
    let import = scene.import(&[]).with(7);
    assert_eq!((import.figure("pending"), import.figure("different")), (0, 1));
}

#[test]
fn a_token_that_may_not_read_messages_stops_the_import_after_one_conversation() {
    // The company, the inboxes and the channels are the first three questions.
    let scene = Scene::with(&["--fault-reads", "403=1/4"]);
    let import = scene.import(&[]).with(4);
    import.says(&["messages:read", "--no-verify"]);
    assert_eq!(import.figure("pending"), 7);
}

#[test]
fn a_thread_that_front_raced_into_two_conversations_is_different() {
    let scene = Scene::paced("1ms", "2s", &["--race-firsts", "--appear-after-ms", "300"]);
    let import = scene.import(&[]).with(7);
    assert_eq!((import.figure("confirmed"), import.figure("different")), (8, 2));
    import.says(&["merge the conversations of one thread by hand", "a longer `settle` under `[send]`"]);
    for [what, _, words] in import.amiss() {
        assert_eq!(what, "different");
        assert!(words.starts_with("one thread in several conversations: cnv_"), "{words}");
    }
}

#[test]
fn two_threads_that_became_one_conversation_are_different() {
    let scene = Scene::with(&["--merge-at", "8"]);
    // Looked for only after the two had become one.
    scene.import(&["--no-verify"]).with(0);
    let import = scene.verify(&[]).with(7);
    assert_eq!(import.figure("different"), 1, "{:#}", import.summary);
    assert!(import.amiss().iter().any(|[_, _, words]| words.starts_with("two threads in one conversation: cnv_")));
}

#[test]
fn a_front_that_takes_its_time_is_waited_for() {
    let scene = Scene::paced("20ms", "60s", &["--appear-after-ms", "1500"]);
    let import = scene.import(&[]).with(0);
    assert_eq!((import.figure("confirmed"), &import.summary["seen"]["resent"]), (8, &0.into()));
}

#[test]
fn a_kill_while_it_looks_loses_nothing_and_the_next_run_goes_on() {
    let scene = Scene::paced("20ms", "60s", &["--appear-after-ms", "400"]);
    let mut command = scene.front.importing(&scene.workspace, MAPPING, &[]);
    let mut import = Process::start(&mut command, &scene.workspace.path("import.out"));
    let seen = || scene.journal().matches("\"confirmed\"").count();
    poll(PATIENCE, "something seen", || seen() > 1 || import.has_ended());
    import.kill();
    let status = scene.status(&[]).with(0);
    let confirmed = status.figure("confirmed");
    assert!(confirmed > 0, "{:#}", status.summary);
    let import = scene.import(&[]).with(0);
    assert_eq!(import.figure("confirmed"), 8);
    assert_eq!(import.summary["seen"]["confirmed"].as_u64(), Some(8 - confirmed), "nothing is looked for twice");
    assert_eq!(scene.front.stop()["changed_repeats"], 0);
}

#[test]
fn the_map_leads_from_old_ids_to_front_and_is_for_its_owner_alone() {
    let scene = Scene::with(&[]);
    scene.import(&[]).with(0);
    scene.status(&["--map", "map.csv"]).with(0);
    let path = scene.workspace.path("map.csv");
    let mode = must(std::fs::metadata(&path), "map.csv").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut table = must(csv::Reader::from_path(&path), "map.csv");
    let header: Vec<String> = must(table.headers(), "header").iter().map(str::to_owned).collect();
    assert_eq!(header, ["old_id", "external_id", "message_id", "conversation_id", "url"]);
    let rows: Vec<csv::StringRecord> = table.records().map(|row| must(row, "row")).collect();
    assert_eq!(rows.len(), 8);
    for row in rows {
        assert!(row[0].ends_with("@x.example") && row[1].starts_with("tl1-"), "{row:?}");
        let message = scene.front.get(&format!("/messages/{}", &row[2]));
        let link = message["_links"]["related"]["conversation"].as_str().unwrap_or_default().to_owned();
        assert!(link.ends_with(&row[3]), "{link} {row:?}");
        assert_eq!(row[4], format!("https://app.frontapp.com/open/{}", &row[2]));
    }
    scene.verify(&["--map", "map.csv"]).with(0);
    // A slip in the name must not cost the mapping, the export or the ledger.
    for precious in [MAPPING, "mails/a1.eml", "mail.ledger/journal.jsonl"] {
        scene.status(&["--map", precious]).with(2).says(&["would be overwritten"]);
    }
    assert_eq!(scene.status(&[]).with(0).figure("confirmed"), 8);
}

#[test]
fn a_message_whose_id_is_used_up_goes_out_under_a_new_one_once_and_for_good() {
    let (scene, id) = Scene::with_burnt("b2", &[""]);
    assert_eq!(scene.import(&[]).with(7).figure("missing"), 1);
    // With the same id there is no getting through.
    assert_eq!(scene.retry(&["--missing"]).with(7).figure("missing"), 1);
    let before = scene.sendings("b2");
    let retry = scene.retry(&["--missing", "--new-id"]).with(0);
    assert_eq!((retry.figure("confirmed"), retry.figure("missing"), retry.figure("read")), (8, 0, 8));
    assert_eq!(retry.summary["sent"]["accepted"], 1, "{:#}", retry.summary);
    assert_eq!(scene.sendings("b2"), before + 1);
    let renewed = format!("{{\"renewed\":{{\"external_id\":\"{id}\",\"renewed_as\":\"{id}-r2\"}}}}");
    assert_eq!(scene.journal().matches(&renewed).count(), 1);

    let nothing_more = |scene: &Scene| {
        let again = scene.import(&[]).with(0);
        assert_eq!((&again.summary["sent"]["accepted"], again.figure("confirmed")), (&0.into(), 8));
        assert_eq!(scene.sendings("b2"), before + 1, "the old id is never sent again");
    };
    nothing_more(&scene);
    must(std::fs::remove_dir_all(scene.workspace.path("mail.ledger/sled")), "sled");
    nothing_more(&scene);
    scene.verify(&[]).with(0);
    must(std::fs::remove_file(scene.workspace.path("mails/f1.eml")), "f1.eml");
    let again = scene.import(&[]).with(0);
    assert_eq!((again.figure("confirmed"), scene.sendings("b2")), (7, before + 1), "another plan knows it, too");

    for shown in [scene.shown(&id), scene.shown("b2@x.example")] {
        assert!(shown.contains(&renewed) && shown.contains(&format!("external_id  {id}-r2")), "{shown}");
        assert!(shown.contains("confirmed") && shown.contains("\"missing\""), "{shown}");
    }
    scene.status(&["--map", "map.csv"]).with(0);
    let map = must(std::fs::read_to_string(scene.workspace.path("map.csv")), "map.csv");
    assert_eq!(map.matches("b2@x.example").count(), 1, "{map}");
    let check = must(scene.workspace.program().args(["ledger", "check", MAPPING]).output(), "check");
    assert_eq!(check.status.code(), Some(0), "{}", String::from_utf8_lossy(&check.stdout));
    // In the conversation in which the old one should have been.
    let places: Vec<&str> =
        map.lines().filter(|line| line.starts_with('b')).filter_map(|line| line.split(',').nth(3)).collect();
    assert!(matches!(places[..], [one, other] if one == other && !one.is_empty()), "{map}");
    assert_eq!(scene.front.stop()["changed_repeats"], 0);
}

#[test]
fn a_new_id_that_is_used_up_as_well_is_followed_by_another() {
    let (scene, id) = Scene::with_burnt("e1", &["", "-r2"]);
    scene.import(&[]).with(7);
    let retry = scene.retry(&["--missing", "--new-id"]).with(7);
    assert_eq!((retry.figure("missing"), retry.figure("confirmed")), (1, 7));
    assert_eq!(retry.amiss().len(), 1);
    let retry = scene.retry(&["--missing", "--new-id", "--id", "e1@x.example"]).with(0);
    assert_eq!((retry.figure("missing"), retry.figure("confirmed")), (0, 8));
    assert!(scene.shown(&id).contains(&format!("external_id  {id}-r3")));
    // Nobody is given a new id who is not missing.
    let journal = scene.journal();
    scene.retry(&["--missing", "--new-id"]).with(0);
    scene.retry(&["--missing", "--new-id", "--id", "a1@x.example"]).with(2);
    assert_eq!(scene.journal(), journal);
    scene.retry(&["--new-id"]).with(2);
}

#[test]
fn a_message_that_came_after_all_gets_no_new_id() {
    const SLOW: Duration = Duration::from_millis(1_500);
    let scene = Scene::paced("20ms", "100ms", &["--appear-after-ms", &SLOW.as_millis().to_string()]);
    let missing = scene.import(&[]).with(7).figure("missing");
    assert!(missing > 0, "Front is slower than we are patient");
    // They come to exist.
    std::thread::sleep(SLOW);
    let retry = scene.retry(&["--missing", "--new-id", "--no-verify"]).with(0);
    retry.says(&["found in Front after all"]);
    assert!(!scene.journal().contains("renewed"));
    std::thread::sleep(SLOW);
    assert_eq!(scene.verify(&[]).with(0).figure("confirmed"), 8);
    assert_eq!(scene.front.stop()["messages"], 8);
}

#[test]
fn nobody_gets_a_new_id_before_the_user_agreed() {
    let (scene, _) = Scene::with_burnt("b2", &[""]);
    scene.import(&[]).with(7);
    let journal = scene.journal();
    let mut command = scene.workspace.program();
    command.args(["retry", MAPPING, "--missing", "--new-id", "--base-url", scene.front.base_url()]);
    command.env("FRONT_API_TOKEN", TOKEN).stdin(Stdio::null());
    assert_eq!(must(command.output(), "retry").status.code(), Some(2));
    assert_eq!(scene.journal(), journal);
    assert_eq!(scene.status(&[]).with(7).figure("missing"), 1);
}
