//! Exports that are not what the mapping says, in whole or in part.

use crate::harness::{Scene, mail, mailbox};
use crate::support::must;
use std::io::Write;
use std::os::unix::fs::symlink;

const CHAT: &str = "timezone = \"UTC\"\ndate = \"%Y-%m-%d %H:%M:%S\"\n\
                    columns = { id = \"id\", conversation = \"chat\", time = \"at\", sender = \"who\", text = \"said\" }\n";

#[test]
fn links_that_lead_nowhere_or_out_are_set_aside_by_name_and_all_other_mails_are_planned() {
    let scene = Scene::that_works();
    scene.mapping_of_source("eml", "\"tree\"", "");
    scene.write("tree/2017/1.eml", mail(1));
    scene.write("tree/y.eml/2.eml", mail(2));
    scene.write("secret.eml", mail(3));
    must(symlink("nowhere", scene.workspace.path("tree/x.eml")), "link");
    must(symlink("../secret.eml", scene.workspace.path("tree/z.eml")), "link");
    let ran = scene.run(&["plan", "m.toml"]).ended_with(3);
    insta::assert_snapshot!(ran.stdout, @r#"
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

    Balance                read  =     pending  unreadable
              mail            4  =           2           2
              unreadable       1  file cannot be read
              unreadable       1  symbolic link leads out of the source
    Unreadable file cannot be read: tree/x.eml (1)
              tree/x.eml: No such file or directory (os error 2)
              help: put the file back (if it is a link, what it points to), or plan again without it
    Unreadable symbolic link leads out of the source: tree/z.eml (1)
              tree/z.eml: it points to ../secret.eml
              help: replace the link by a copy of what it points to, or name that in `path`
    Ledger    m.ledger

    Planned; some records cannot be sent as they are, see above. Nothing was sent. Next: threadlift rehearse m.toml
    "#);
    let front = scene.front();
    scene.import_into(&front).ended_with(3).says(&["file cannot be read", "threadlift status m.toml"]);
    assert_eq!(front.stop()["messages"], 2);
    scene.run(&["status", "m.toml"]).ended_with(3).says(&["tree/x.eml", "put the file back", "tree/z.eml"]);
}

#[test]
fn a_folder_without_eml_files_is_answered_with_what_was_looked_for() {
    let scene = Scene::that_works();
    scene.mapping_of_source("eml", "\"tree/\"", "");
    scene.write("tree/1.msg", mail(1));
    scene.run(&["plan", "m.toml"]).ended_with(2).says(&["holds no file that ends in `.eml`", "`tree/**/*`"]);
    scene.mapping_of_source("eml", "\"tree/**/*\"", "");
    scene.run(&["plan", "m.toml"]).ended_with(0);
}

#[test]
fn several_records_of_one_kind_come_with_the_way_to_see_them_all() {
    let scene = Scene::that_works();
    let nobody = |number: u32| mail(number).replace("From: ann@customer.example\n", "");
    scene.mapping_of_source("eml", "\"tree\"", "");
    scene.write("tree/0.eml", mail(0));
    scene.write("tree/1.eml", nobody(1));
    let all = "`plan --requests FILE` names every record";
    assert!(!scene.run(&["plan", "m.toml"]).ended_with(3).stdout.contains(all));
    scene.write("tree/2.eml", nobody(2));
    scene.run(&["plan", "m.toml"]).ended_with(3).says(&["no sender: tree/1.eml (2)", all]);
}

#[test]
fn a_rehearsal_sends_nobody_to_a_ledger_that_is_not_there() {
    let scene = Scene::that_works();
    scene.mapping_of_source("eml", "\"tree\"", "");
    scene.write("tree/1.eml", mail(1));
    scene.write("tree/2.eml", "");
    let ran = scene.run(&["rehearse", "m.toml", "--exit"]).ended_with(3);
    ran.says(&["`threadlift plan m.toml` names place and remedy"]);
    scene.run(&["plan", "m.toml"]).ended_with(3).says(&["tree/2.eml", "export this mail again"]);
}

#[test]
fn a_mapping_that_leaves_out_everything_is_not_told_that_it_was_sent_before() {
    let scene = Scene::that_works();
    let everything = "path   = \"mail.mbox\"\n\n[[rule]]\nwhen = { since = 2000-01-01 }\nskip = \"all\"\n";
    scene.mapping_with("path   = \"mail.mbox\"\n", everything);
    let ran = scene.run(&["rehearse", "m.toml", "--exit"]).ended_with(0);
    assert!(!ran.stdout.contains("sent before"), "{}", ran.stdout);
    ran.says(&["the mapping leaves out every record"]);
}

#[test]
fn a_chat_message_without_a_recipient_counts_as_changed_as_its_own_changes_say() {
    let scene = Scene::that_works();
    scene.mapping_of_source("csv", "\"chat.csv\"", &format!("{CHAT}recipient = \"chat@acme.example\"\n"));
    scene.write("chat.csv", "id,chat,at,who,said\n1,c,2019-01-01 10:00:00,support@acme.example,Hello\n");
    scene.run(&["plan", "m.toml"]).ended_with(0).says(&["1 message changed on the way"]);
    scene.run(&["show", "m.toml", "1"]).ended_with(0).says(&["changes      no recipient"]);
}

#[test]
fn an_mbox_or_a_table_that_cannot_be_opened_stops_the_run() {
    let scene = Scene::that_works();
    for (format, more) in [("mbox", ""), ("csv", CHAT)] {
        let name = format!("export.{format}");
        must(symlink("nowhere", scene.workspace.path(&name)), "link");
        scene.mapping_of_source(format, &format!("\"{name}\""), more);
        scene.import_sends_nothing(2).says(&[
            &name,
            "cannot be opened",
            "m.toml:12:1",
            "No such file",
            "put the file back",
        ]);
    }
}

#[test]
fn an_empty_mbox_alone_stops_the_run() {
    let scene = Scene::that_works();
    scene.write("mail.mbox", "");
    insta::assert_snapshot!(scene.import_sends_nothing(2).stderr, @r#"
    error: source `mail` holds no messages
      --> m.toml:12:1
       |
    12 | path   = "mail.mbox"
       | ^^^^ mail.mbox is empty
       |
       = help: export again, or take this source out of the mapping
    "#);
}

#[test]
fn an_empty_mbox_beside_others_is_noted() {
    let scene = Scene::that_works();
    scene.mapping_with("\"mail.mbox\"", "\"*.mbox\"");
    scene.write("drafts.mbox", "");
    scene.run(&["plan", "m.toml"]).ended_with(0).says(&["Note      drafts.mbox is empty", "Support 3"]);
}

#[test]
fn a_folder_of_other_files_given_as_mbox_stops_the_run_and_one_of_mailboxes_is_read() {
    let scene = Scene::that_works();
    scene.write("export/1.eml", mail(1));
    scene.mapping_with("\"mail.mbox\"", "\"export\"");
    scene.import_sends_nothing(2).says(&["holds no mailbox file", "export/1.eml was not read", "format = \"eml\""]);
    scene.write("export/Local Folders/Inbox", mailbox(1));
    scene.run(&["plan", "m.toml"]).ended_with(0).says(&["Note      export/1.eml was not read", "Support 1"]);
    scene.write("Inbox.mbox/mbox", mailbox(1));
    scene.mapping_with("\"mail.mbox\"", "\"Inbox.mbox\"");
    scene.run(&["plan", "m.toml"]).ended_with(0).says(&["Support 1"]);
}

#[test]
fn a_packed_mailbox_is_unpacked_once_and_its_mails_are_those_of_the_mailbox_itself() {
    let scene = Scene::that_works();
    let ids = |path: &str| -> Vec<String> {
        scene.mapping_with("\"mail.mbox\"", path);
        scene.run(&["plan", "m.toml", "--requests", "r.jsonl"]).ended_with(0).says(&["Support 3"]);
        let lines = must(std::fs::read_to_string(scene.workspace.path("r.jsonl")), "requests");
        let id =
            |line: &str| line.split("tl1-").nth(1).map_or_else(String::new, |rest| rest.chars().take(32).collect());
        let mut ids: Vec<String> = lines.lines().map(id).collect();
        ids.sort_unstable();
        ids
    };
    let plain = ids("\"mail.mbox\"");
    assert!(plain.len() == 3 && plain.iter().all(|id| id.len() == 32), "{plain:?}");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    must(packed.write_all(&std::fs::read(scene.workspace.path("mail.mbox")).unwrap_or_default()), "packing");
    scene.write("in/mail.mbox.gz", must(packed.finish(), "packing"));
    assert_eq!(ids("\"in\"\nunpack = \"out\""), plain);
    let again = scene.run(&["plan", "m.toml"]).ended_with(0);
    assert!(again.stdout.contains("in/mail.mbox.gz is unpacked (1 files, "), "{}", again.stdout);
    assert!(!again.stderr.contains("unpacked"), "it was unpacked before: {}", again.stderr);
}

#[test]
fn a_table_without_a_named_column_is_shown_in_the_mapping_with_the_columns_it_has() {
    let scene = Scene::that_works();
    scene.mapping_of_source("csv", "\"chat.csv\"", CHAT);
    scene.write("chat.csv", "id,chat,at,author,said\n1,c1,2017-01-02 10:00:00,ann@customer.example,Hello\n");
    insta::assert_snapshot!(scene.import_sends_nothing(2).stderr, @r#"
    error: source `mail`: chat.csv has no column `who`
      --> m.toml:15:69
       |
    15 | columns = { id = "id", conversation = "chat", time = "at", sender = "who", text = "said" }
       |                                                                     ^^^^^ it has `id`, `chat`, `at`, `author`, `said`
       |
       = help: set columns.sender to one of these names, or declare `delimiter` and `encoding`
    "#);
    scene.write("chat.csv", "id,chat,at,Who,said\n1,c1,2017-01-02 10:00:00,ann@customer.example,Hello\n");
    scene.import_sends_nothing(2).says(&["has no column `who`", "did you mean `Who`?"]);
}

#[test]
fn a_file_that_is_no_mbox_is_named_for_what_it_looks_like() {
    let scene = Scene::that_works();
    scene.mapping_with("\"mail.mbox\"", "[\"mail.mbox\", \"other.mbox\"]");
    for (content, looks, remedy) in [
        (&b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"[..], "PDF", "name the exported mbox file itself"),
        (b"<!DOCTYPE html>\n<html><title>Sign in</title>", "it is a web page", "download it again"),
        (mail(9).as_bytes(), "it looks like a single mail", "read it with format = \"eml\""),
        (b"{\"messages\": []}", "it looks like JSON", "leave this file out of `path`"),
    ] {
        scene.write("other.mbox", content);
        scene.run(&["plan", "m.toml"]).ended_with(3).says(&[
            "not an mbox file: other.mbox",
            looks,
            remedy,
            "Support 3",
        ]);
    }
}

#[test]
fn a_source_that_holds_nothing_else_leaves_nothing_to_send() {
    let scene = Scene::that_works();
    scene.write("mail.mbox", "<!DOCTYPE html>\n<html><title>Sign in</title>");
    let ran = scene.run(&["plan", "m.toml"]).ended_with(3);
    insta::assert_snapshot!(ran.stdout, @r#"
    Silence   conversations are archived, Front's rules are skipped: nobody is mailed, nothing pops open
    Into      no inbox · 0 messages in 0 conversations, the largest has 0
    Direction 0 in, 0 out; treated as us: nobody
    Files     none
    Changes   none beside plain text made HTML

    Balance                read  =  unreadable
              mail            1  =           1
              unreadable       1  not an mbox file
    Unreadable not an mbox file: mail.mbox (1)
              mail.mbox holds no line that separates mails; it is a web page
              help: a browser may have saved the page instead of the export: download it again
    Ledger    m.ledger

    Planned; some records cannot be sent as they are, see above. There is nothing to send. Mend what is named above, then: threadlift plan m.toml
    "#);
    scene.import_sends_nothing(3);
}

#[test]
fn a_packed_export_stops_the_run_with_the_command_that_unpacks_it() {
    let scene = Scene::that_works();
    scene.write("mail.mbox", b"PK\x03\x04\x14\0\0\0");
    insta::assert_snapshot!(scene.import_sends_nothing(2).stderr, @r#"
    error: source `mail`: mail.mbox is a ZIP archive
      --> m.toml:12:1
       |
    12 | path   = "mail.mbox"
       | ^^^^ packed files cannot be read at a place, which resuming an import needs
       |
       = help: unpack it once with `unzip mail.mbox -d .`, then name what comes out in `path`
    "#);
}

#[test]
fn broken_rows_are_set_aside_with_file_and_line_and_the_others_are_planned() {
    let scene = Scene::that_works();
    scene.mapping_of_source("csv", "\"chat.csv\"", CHAT);
    scene.write(
        "chat.csv",
        "id,chat,at,who,said\n\
         1,c1,2017-01-02 10:00:00,ann@customer.example,Hello\n\
         2,c1,2017-01-02 10:00:01,ann@customer.example,one,two\n\
         3,c1,2017-01-02 10:00:02,ann@customer.example,\"never closed\n\
         4,c1,yesterday,ann@customer.example,when?\n\
         5,c1,2017-01-02 10:00:04,ann@customer.example,Bye\n",
    );
    let ran = scene.run(&["plan", "m.toml"]).ended_with(3);
    insta::assert_snapshot!(ran.stdout, @r#"
    Silence   conversations are archived, Front's rules are skipped: nobody is mailed, nothing pops open
    Into      Support 2 · 2 messages in 1 conversation, the largest has 2
    When                 2017-01
              Support          2
    Dates     2017-01-02 to 2017-01-02
    Direction 2 in, 0 out; treated as us: nobody
    Threads   by messages: 1 of 2
    Files     none
    Changes   none beside plain text made HTML
    Note      chat.csv: encoding UTF-8; delimiter `,`; quote `"`
    Requests  4: 2 to send, 2 to see them in Front
    Time      8 s at 50/min, 4 s at 100/min, 2 s at 200/min, confirmation included (your Front plan's limit; 30, 70, 150 of it are used, by `share` and `reserve`)

    Balance                read  =     pending  unreadable    rejected
              mail            5  =           2           2           1
              unreadable       1  quote never closed
              unreadable       1  wrong number of cells
                rejected       1  time does not fit the date format
    Rejected  time does not fit the date format: chat.csv, line 5 (1)
              "yesterday" is no time between 1971 and 2100 as "%Y-%m-%d %H:%M:%S" has it
              help: set `date` of this source to the format of its time column, or mend the cell
    Unreadable quote never closed: chat.csv, line 4 (1)
              chat.csv, line 4: a cell begins with a quote that is not closed; reading goes on at the next line
              help: close the quote, or double the quotes that stand for themselves
    Unreadable wrong number of cells: chat.csv, line 3 (1)
              chat.csv, line 3: 6 cells, but the header has 5
              help: put quotes around the cell that holds a delimiter (and double the quotes inside it)
    Ledger    m.ledger

    Planned; some records cannot be sent as they are, see above. Nothing was sent. Next: threadlift rehearse m.toml
    "#);
    let front = scene.front();
    // The second message of a new conversation waits until Front has made it; that wait is not what is tested here.
    let mapping = must(std::fs::read_to_string(scene.workspace.path("m.toml")), "m.toml");
    scene.write("m.toml", format!("{mapping}\n[send]\nsettle = \"100ms\"\n"));
    scene.import_into(&front).ended_with(3);
    assert_eq!(front.stop()["messages"], 2);
}

#[test]
fn a_mail_that_cannot_be_sent_is_found_by_its_message_id() {
    let scene = Scene::that_works();
    let dateless = mailbox(1).replace("Date: ", "X-Date: ").replace("From - Mon Jan  2 10:00:00 2017\n", "");
    scene.mapping_of_source("eml", "\"box\"", "");
    // What stands in its file's name is shown, and not obeyed by the terminal.
    scene.write("box/red\u{1b}[31m.eml", dateless);
    let planned = scene.run(&["plan", "m.toml", "--requests", "r.jsonl"]).ended_with(3).says(&["no date: box/red"]);
    assert!(!planned.stdout.contains('\u{1b}'), "{}", planned.stdout);
    let requests = must(std::fs::read_to_string(scene.workspace.path("r.jsonl")), "r.jsonl");
    assert!(requests.contains(r#""status":"rejected","cause":"no date""#), "{requests}");
    assert!(requests.contains(r#""message_id":"m1@customer.example""#), "{requests}");
    scene.run(&["show", "m.toml", "m1@customer.example"]).ended_with(0).says(&["no date", "date_fallback"]);
}

#[test]
fn what_is_planned_is_not_refused_by_a_rehearsal_for_its_size() {
    let scene = Scene::that_works();
    let words = "words and words ".repeat(750_000);
    let with_file = format!(
        "\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n{words}\n--b\n\
         Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nx\n--b--\n"
    );
    for body in [format!("\n\n{words}"), with_file] {
        scene.write("mail.mbox", mailbox(1).replace("\n\nBody 1", &body));
        scene.run(&["rehearse", "m.toml", "--exit"]).ended_with(0).says(&["1  =           1"]);
    }
}

#[test]
fn a_mail_nested_without_end_is_rejected_and_the_mails_around_it_are_planned() {
    let scene = Scene::that_works();
    let nested = "Content-Type: message/rfc822\n\n".repeat(27_000);
    assert!(nested.len() > 800_000);
    let hostile = format!("From: eve@x.example\nDate: Fri, 21 Nov 1997 09:55:06 +0000\n{nested}\n");
    let between = |mail: &str| format!("From - Mon Jan  2 10:00:00 2017\n{mail}\n");
    scene.write("mail.mbox", [mail(1), hostile, mail(2)].map(|mail| between(&mail)).concat());
    let ran = scene.run(&["plan", "m.toml", "--requests", "out.jsonl"]).ended_with(3);
    assert!(ran.stdout.contains("nested too deeply") && ran.stdout.contains("`nesting` in [limits]"), "{}", ran.stdout);
    let statuses: Vec<String> = crate::support::read_jsonl(&scene.workspace.path("out.jsonl"))
        .iter()
        .map(|line| line["status"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(statuses, ["planned", "rejected", "planned"]);
}
