//! Mapping or sources change between plan and import.

use crate::harness::{MAPPING, Scene, TOKEN, mailbox};

/// All that an import says before it sends what was planned before: who will notice, and what begins.
const READY: &str = "Silence   conversations are archived, Front's rules are skipped: nobody is mailed, nothing pops open\n\
                     Ready to send 3 messages to Rehearsal.\n";

#[test]
fn a_changed_mapping_is_planned_again_and_shown_before_it_is_sent() {
    let scene = Scene::that_works();
    scene.run(&["plan", "m.toml"]).ended_with(0);
    scene.write("m.toml", format!("{MAPPING}\n[silence]\narchived = \"no, leave them open\"\n"));
    scene.run(&["plan", "m.toml"]);
    scene.write("m.toml", format!("{MAPPING}\n[[rule]]\nwhen = {{ subject = '2$' }}\nskip = \"older\"\n"));
    let front = scene.front();
    let ran = scene.import_into(&front).ended_with(0);
    insta::assert_snapshot!(ran.stderr, @r#"
    the mapping was changed after it was planned: planning first
    Silence   conversations are archived, Front's rules are skipped: nobody is mailed, nothing pops open
    Into      Support 2 · 2 messages in 2 conversations, the largest has 1
    When                 2017-01
              Support          2
    Dates     2017-01-02 to 2017-01-02
    Direction 2 in, 0 out; treated as us: nobody
    Threads   by messages: 2 of 1
    Files     none
    Changes   none beside plain text made HTML
    Requests  4: 2 to send, 2 to see them in Front
    Time      8 s at 50/min, 4 s at 100/min, 2 s at 200/min, confirmation included (your Front plan's limit; 30, 70, 150 of it are used, by `share` and `reserve`)

    Balance                read  =     pending     skipped
              mail            3  =           2           1
                 skipped       1  older (rule at line 14)
    Ledger    m.ledger

    Ready to send 2 messages to Rehearsal.
    "#);
    assert_eq!(front.stop()["messages"], 2);
}

#[test]
fn a_changed_source_is_named_and_planned_again() {
    let scene = Scene::that_works();
    scene.run(&["plan", "m.toml"]).ended_with(0);
    scene.write("mail.mbox", mailbox(4));
    let front = scene.front();
    scene
        .import_into(&front)
        .ended_with(0)
        .says(&["mail.mbox of source `mail` is new or was changed after it was planned: planning first", "Support 4"]);
    assert_eq!(front.stop()["messages"], 4);
}

#[test]
fn a_file_that_is_gone_is_named() {
    let scene = Scene::that_works();
    scene.mapping_with("mail.mbox", "*.mbox");
    scene.write("old.mbox", mailbox(5));
    scene.run(&["plan", "m.toml"]).ended_with(0);
    crate::support::must(std::fs::remove_file(scene.workspace.path("old.mbox")), "old.mbox");
    let front = scene.front();
    scene.import_into(&front).ended_with(0).says(&["old.mbox of source `mail` is gone: planning first"]);
    assert_eq!(front.stop()["messages"], 3);
}

#[test]
fn an_unchanged_plan_is_sent_without_being_made_again() {
    let scene = Scene::that_works();
    scene.run(&["plan", "m.toml"]).ended_with(0);
    let front = scene.front();
    let ran = scene.import_into(&front).ended_with(0);
    assert_eq!(ran.stderr, READY);
    assert_eq!(front.stop()["messages"], 3);
}

#[test]
fn a_byte_changed_between_the_samples_is_found_by_rehash_and_named() {
    let scene = Scene::that_works();
    // Long enough that the samples (4 KB at the beginning, in the middle and at the end) leave most of it out.
    scene.write("mail.mbox", mailbox(200));
    scene.run(&["plan", "m.toml"]).ended_with(0);
    let text = mailbox(200);
    let at = text.find("Body 60\n").expect("mail 60");
    scene.write("mail.mbox", format!("{}Bady 60\n{}", &text[..at], &text[at + 8..]));
    let front = scene.front();
    let import = ["import", "m.toml", "--yes", "--rehash", "--base-url", front.base_url()];
    let ran = scene.run_with_token(Some(TOKEN), &import).ended_with(0);
    ran.says(&["mail.mbox, byte ", "not those that were planned: planning first", "200 accepted"]);
    let again = scene.run_with_token(Some(TOKEN), &import).ended_with(0);
    assert!(!again.stderr.contains("planning first"), "{}", again.stderr);
    assert_eq!(front.stop()["messages"], 200);
}

#[test]
fn a_source_that_was_moved_with_its_mapping_is_not_planned_again() {
    let scene = Scene::that_works();
    scene.run(&["plan", "m.toml"]).ended_with(0);
    for file in ["m.toml", "mail.mbox", "m.ledger"] {
        let to = scene.workspace.path("elsewhere");
        crate::support::must(std::fs::create_dir_all(&to), "elsewhere");
        crate::support::must(std::fs::rename(scene.workspace.path(file), to.join(file)), file);
    }
    let front = scene.front();
    let import = ["import", "elsewhere/m.toml", "--yes", "--base-url", front.base_url()];
    let ran = scene.run_with_token(Some(TOKEN), &import).ended_with(0);
    assert_eq!(ran.stderr, READY);
    assert_eq!(front.stop()["messages"], 3);
}

#[test]
fn a_namespace_that_was_changed_after_sending_doubles_nothing_unless_the_user_says_so() {
    let scene = Scene::that_works();
    let front = scene.front();
    scene.import_into(&front).ended_with(0);
    scene.write("m.toml", format!("{MAPPING}\n[identity]\nnamespace = \"another\"\n"));
    scene.import_into(&front).ended_with(2).says(&[
        "3 messages left to send were sent before under other ids",
        "if a `namespace` of the mapping was changed, put it back",
        "threadlift import m.toml --send-twice",
    ]);
    let twice = ["import", "m.toml", "--yes", "--send-twice", "--base-url", front.base_url()];
    scene.run_with_token(Some(TOKEN), &twice).ended_with(0);
    assert_eq!(front.stop()["messages"], 6);
}
