//! Whatever is looked at, what is written is a mapping.

mod tables;

use super::*;
use crate::event::{Event, Observer, Silent};
use crate::mapping::{self, Format};
use proptest::prelude::*;
use std::sync::atomic::AtomicBool;

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    folder
}

fn looked_at(folder: &Path, given: &str) -> Result<Survey, SurveyError> {
    look(&[folder.join(given)], folder, &Watch { observer: &Silent, stop: &AtomicBool::new(false) })
}

/// The text, which is a mapping; also once what it asks for is filled in.
#[track_caller]
fn written(survey: &Survey) -> String {
    let written = survey.mapping();
    let path = Path::new("m.toml");
    if let Err(errors) = written.check(path) {
        panic!("{errors}\n{}", written.text);
    }
    let filled = written.text.replace("date     = \"TODO\"", "date = \"iso\"");
    let filled = filled.replace("timezone = \"TODO\"", "timezone = \"UTC\"");
    if let Err(errors) = mapping::parse(path, &filled) {
        panic!("{errors}\n{filled}");
    }
    let lines: Vec<&str> = written.text.lines().collect();
    for todo in &written.todos {
        let above = lines[todo.line.saturating_sub(5)..todo.line].join("\n");
        assert!(above.contains("TODO"), "line {}: {above}", todo.line);
    }
    written.text
}

#[track_caller]
fn of(files: &[(&str, &[u8])]) -> String {
    let folder = folder(files);
    written(&looked_at(folder.path(), "").unwrap_or_else(|error| panic!("{error}")))
}

fn mbox(mails: &[&str]) -> Vec<u8> {
    let mut mbox = Vec::new();
    for mail in mails {
        mbox.extend_from_slice(format!("From - Thu Jan  1 00:00:00 1970\n{mail}\n\nhi\n\n").as_bytes());
    }
    mbox
}

fn mail(from: &str, to: &str, more: &str) -> String {
    format!("From: {from}\nTo: {to}\nDate: Mon, 4 Jun 2018 10:00:00 +0000\nSubject: lamp\n{more}")
}

#[test]
fn a_provider_of_mailboxes_is_not_ours_because_one_of_us_has_one_there() {
    let sent = mail("nell@shop.example", "bob@post.example", "X-Gmail-Labels: Sent");
    let privately = mail("nell.g@post.example", "bob@post.example", "X-Gmail-Labels: Sent");
    let customer = mail("bob@post.example", "help@shop.example", "X-Gmail-Labels: Inbox");
    let text = of(&[("a.mbox", &mbox(&[&sent, &sent, &privately, &customer]))]);
    assert!(text.contains("domains   = [\"shop.example\"]"), "{text}");
    assert!(text.contains("addresses = [\"nell.g@post.example\"]"), "{text}");
    assert!(text.contains("nell@shop.example wrote 2 of 3 mails that are filed as sent"), "{text}");
    assert!(!text.contains("\"bob@post.example\""), "{text}");
}

#[test]
fn a_mailbox_at_a_provider_that_anybody_uses_is_an_address() {
    let sent = mail("shop@gmail.com", "bob@post.example", "X-Gmail-Labels: Sent");
    let text = of(&[("a.mbox", &mbox(&[&sent]))]);
    assert!(text.contains("addresses = [\"shop@gmail.com\"]") && !text.contains("\ndomains"), "{text}");
}

#[test]
fn where_nothing_shows_who_we_are_it_is_asked() {
    let mails: Vec<String> =
        (0..6).map(|n| mail(&format!("a{n}@x{n}.example"), &format!("b@y{n}.example"), "")).collect();
    let mails: Vec<&str> = mails.iter().map(String::as_str).collect();
    let text = of(&[("a.mbox", &mbox(&mails))]);
    assert!(
        text.contains("# TODO: your own domains") && text.contains("x0.example: 1 of 6 mails from there"),
        "{text}"
    );
}

#[test]
fn who_has_not_written_for_a_year_is_proposed_and_not_taken() {
    let old = mail("ida@shop.example", "bob@post.example", "X-Gmail-Labels: Sent").replace("2018", "2011");
    let new = mail("nell@shop.example", "bob@post.example", "X-Gmail-Labels: Sent");
    let text = of(&[("a.mbox", &mbox(&[&old, &new]))]);
    assert!(
        text.contains("# \"ida@shop.example\" = \"alt:email:ida@shop.example\"   # 1 mail, last on 2011-06-04: gone?"),
        "{text}"
    );
    assert!(text.contains("\n\"nell@shop.example\" = \"alt:email:nell@shop.example\""), "{text}");
}

#[test]
fn numbers_that_join_what_nothing_else_joins_are_taken_and_others_proposed() {
    let with = |subject: &str, more: &str| mail("a@x.example", "b@y.example", more).replace("lamp", subject);
    let joined = of(&[(
        "a.mbox",
        &mbox(&[&with("[#17] a", ""), &with("[#17] b", ""), &with("[#18] a", ""), &with("[#18] b", "")]),
    )]);
    assert!(joined.contains("\n[thread]\n") && joined.contains(r"subject = '\[#(\d{2,})\]'"), "{joined}");
    let answers = "In-Reply-To: <1@x.example>";
    let replied = of(&[("a.mbox", &mbox(&[&with("[#17] a", ""), &with("[#17] b", answers)]))]);
    assert!(replied.contains("# [thread]\n") && replied.contains("References join these already"), "{replied}");
}

#[test]
fn a_field_with_the_same_value_in_unrelated_mails_joins_nothing() {
    let with = |queue: usize| mail("a@x.example", "b@y.example", &format!("X-OTRS-Queue: Support {queue}"));
    let of_queues = |queues: usize| {
        let mails: Vec<String> = (0..100).map(|number| with(number % queues)).collect();
        let mails: Vec<&str> = mails.iter().map(String::as_str).collect();
        of(&[("a.mbox", &mbox(&mails))]).replace("\n# ", " ")
    };
    let same = of_queues(1);
    assert!(!same.contains("\n[thread]\n") && !same.contains("\nheader = \"X-OTRS-Queue\""), "{same}");
    assert!(same.contains("one of them on 100 mails"), "{same}");
    let different = of_queues(40);
    assert!(different.contains("\n[thread]") && different.contains("\nheader = \"X-OTRS-Queue\""), "{different}");
}

#[test]
fn labels_too_long_for_a_tag_are_named_and_said_to_be_so() {
    let long = "l".repeat(70);
    let labels: Vec<String> = (0..42).map(|number| format!("short {number:02}")).chain([long.clone()]).collect();
    let labels = format!("X-Gmail-Labels: {}", labels.join(","));
    let text = of(&[("a.mbox", &mbox(&[&mail("a@x.example", "b@y.example", &labels)]))]);
    assert!(text.contains("# and 2 more, which `threadlift plan` lists"), "{text}");
    assert!(text.contains(&format!("# \"{long}\" = \"TODO\"")) && text.contains("longer than a tag may be"), "{text}");
}

/// Somebody who interrupts when the mails have been looked at.
struct Impatient(AtomicBool);

impl Observer for Impatient {
    fn event(&self, event: Event) {
        self.0.fetch_or(matches!(event, Event::StageFinished { .. }), std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn whoever_interrupts_the_look_gets_no_mapping_however_late_it_was() {
    let folder = folder(&[("a.mbox", &mbox(&[&mail("a@x.example", "b@y.example", "")]))]);
    let impatient = Impatient(AtomicBool::new(false));
    let watch = Watch { observer: &impatient, stop: &impatient.0 };
    let error = look(&[folder.path().join("a.mbox")], folder.path(), &watch).unwrap_err();
    assert_eq!(error.kind, Trouble::Interrupted);
}

#[test]
fn one_folder_may_hold_several_kinds() {
    let single = mail("a@x.example", "b@y.example", "").into_bytes();
    let folder = folder(&[
        ("all/Inbox", &mbox(&[&mail("a@x.example", "b@y.example", "")])),
        ("all/saved/1.eml", &single),
        ("all/saved/note", &single),
        ("all/chats.csv", b"chat;when;who;role;text\nc1;2019-01-13 10:00;a@x.example;visitor;hello there\nc1;2019-01-13 10:01;b@y.example;agent;hello you\n"),
        ("all/photo.jpg", b"\xff\xd8\xff\0"),
        ("all/old.pst", b"!BDN\0"),
    ]);
    let survey = looked_at(folder.path(), "all").unwrap();
    let text = written(&survey);
    let filled = text.replace("timezone = \"TODO\"", "timezone = \"UTC\"");
    let mapping = mapping::parse(&folder.path().join("m.toml"), &filled).unwrap();
    let formats: Vec<&str> = mapping
        .sources
        .iter()
        .map(|source| match source.format {
            Format::Mbox(_) => "mbox",
            Format::Eml => "eml",
            Format::Csv(_) => "csv",
        })
        .collect();
    assert_eq!(formats, ["mbox", "eml", "csv"]);
    assert_eq!(mapping.sources[1].paths, ["all/saved", "all/saved/note"]);
    assert!(text.contains("convert it with `readpst -e`") && !text.contains("photo.jpg: "), "{text}");
}

#[test]
fn the_order_of_day_and_month_and_the_zone_are_asked_for_and_answers_take_their_place() {
    let table = b"chat,when,who,role,text\nc1,03/04/2019 10:00,a@x.example,visitor,hello there\nc1,03/04/2019 10:01,b@y.example,agent,hello you\n";
    let folder = folder(&[("c.csv", table)]);
    let mut survey = looked_at(folder.path(), "c.csv").unwrap();
    let text = written(&survey);
    assert!(text.contains("date     = \"TODO\"") && text.contains("timezone = \"TODO\""), "{text}");
    assert!(text.contains("# date     = \"%d/%m/%Y %H:%M\"   # the day first"), "{text}");
    assert_eq!(survey.questions(), [Question::Inbox, Question::DayFirst(0), Question::Zone(0)]);
    assert!(survey.answer(&Question::DayFirst(0), "first").is_err());
    assert!(survey.answer(&Question::Zone(0), "GMT+1").is_err());
    for (question, answer) in survey.questions().into_iter().zip(["Chat \"old\"", "month", "Europe/Paris"]) {
        survey.answer(&question, answer).unwrap();
    }
    let mapping = mapping::parse(Path::new("m.toml"), &written(&survey)).unwrap();
    let Format::Csv(csv) = &mapping.sources[0].format else { panic!() };
    assert_eq!(csv.date, [mapping::DateFormat::Pattern("%m/%d/%Y %H:%M".to_owned())]);
    assert_eq!(mapping.target.inbox, "Chat \"old\"");
}

#[test]
fn own_domains_that_are_said_count_instead_of_those_that_were_guessed() {
    let sent = mail("nell@shop.example", "bob@post.example", "X-Gmail-Labels: Sent");
    let folder = folder(&[("a.mbox", &mbox(&[&sent]))]);
    let mut survey = looked_at(folder.path(), "").unwrap();
    assert!(survey.answer(&Question::Ours, "gmail.com").is_err());
    assert!(survey.answer(&Question::Ours, "nonsense").is_err());
    survey.answer(&Question::Ours, "Post.example, shop@gmail.com").unwrap();
    let text = written(&survey);
    assert!(
        text.contains("domains   = [\"post.example\"]") && text.contains("addresses = [\"shop@gmail.com\"]"),
        "{text}"
    );
    assert!(!text.contains("\n\"nell@shop.example\""), "{text}");
}

#[test]
fn what_is_no_export_is_refused_with_its_name_and_what_to_do() {
    let folder = folder(&[
        ("a.json", b"[{\"id\": 1}]"),
        ("empty/x", b""),
        ("figures.csv", b"agent,replies,satisfaction\nida,3,4\n"),
    ]);
    let refused = |given: &str| looked_at(folder.path(), given).unwrap_err();
    assert!(refused("a.json").message.contains("a.json: it is JSON; make a table of it"));
    assert!(refused("figures.csv").message.contains("a report"), "{}", refused("figures.csv"));
    assert!(refused("empty").message.contains("x: empty"));
    assert_eq!((refused("nothing").kind, refused("nothing").help.as_str()), (Trouble::Given, "check the path"));
}

#[test]
fn a_name_that_is_no_utf_8_is_an_error_that_says_so() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.mbox"));
    std::fs::write(&path, mbox(&[&mail("a@x.example", "b@y.example", "")])).unwrap();
    let error = look(&[path], folder.path(), &Watch { observer: &Silent, stop: &AtomicBool::new(false) }).unwrap_err();
    assert!(error.message.contains("not UTF-8") && error.help.contains("rename"), "{error}");
}

/// What might end a comment, a string, a line, or a terminal's patience.
fn hostile() -> impl Strategy<Value = String> {
    let letters = prop::sample::select(vec![
        "\"",
        "'",
        "\\",
        "\n",
        "\r",
        "\t",
        "\u{0}",
        "\u{1b}[2J",
        "\u{202e}",
        "\u{2028}",
        "\u{feff}",
        "]",
        "[[source]]",
        "#",
        "=",
        "TODO",
        "é",
        "日",
        " ",
        "a",
        "b@c.example",
        "*",
        ".",
        ",",
        ";",
        "\"\"\"",
        "'''",
        "\u{e0001}",
        "x",
        "1",
    ]);
    prop::collection::vec(letters, 0..8).prop_map(|letters| letters.concat())
}

fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_bytes_give_a_mapping_or_an_error(
        content in prop::collection::vec(any::<u8>(), 0..400),
        name in prop::sample::select(vec!["a.csv", "a.mbox", "a.eml", "a", "Maildir/cur/1", "a.zip", "a.tsv", "a.emlx"]),
        start in prop::sample::select(vec![
            "", "From - Thu Jan  1 00:00:00 1970\nSubject: ", "id,chat,time,from,text,role\n1,2,2019-01-13T10:00:00Z,", "From: ", "PK\x03\x04",
            "\u{1f}\u{8b}\u{8}", "\u{feff}chat;time;text\n",
        ]),
    ) {
        let folder = folder(&[(name, &[start.as_bytes(), &content].concat())]);
        match looked_at(folder.path(), "") {
            Ok(survey) => drop(written(&survey)),
            Err(error) => prop_assert!(error.kind == Trouble::Given && error.message.contains(folder.path().to_str().unwrap())),
        }
    }

    #[test]
    fn whatever_stands_in_mails_stays_in_its_place(
        texts in prop::collection::vec(hostile(), 5), file in "[a-z'\"\\\\\\[\\]{}*#= é]{1,12}",
    ) {
        let [from, label, subject, ticket, name] = <[String; 5]>::try_from(texts).unwrap();
        let header = |text: &str| text.replace(['\n', '\r'], "\n ");
        let mail = format!(
            "From: {} <{}@shop.example>\nTo: help@{}\nSubject: [#17] {}\nX-Gmail-Labels: Sent,{}\nX-Ticket-ID: {}\nDate: Mon, 4 Jun 2018 10:00:00 +0000",
            header(&name), header(&from), header(&from), header(&subject), header(&label), header(&ticket),
        );
        let folder = folder(&[(&format!("in/{file}"), &mbox(&[&mail, &mail]))]);
        let text = written(&looked_at(folder.path(), "in").unwrap());
        let is_obeyed = |letter: char| letter.is_control() && letter != '\n' || ['\u{202e}', '\u{2028}'].contains(&letter);
        prop_assert!(!text.contains(is_obeyed), "{}", text);
    }

    #[test]
    fn whatever_stands_in_tables_stays_in_its_place(
        names in prop::collection::vec(hostile(), 3), values in prop::collection::vec(hostile(), 8), day in 1..29_u8,
    ) {
        let mut table = format!("chat,when,who,role,text,type,{}\n", names.iter().map(|name| cell(name)).collect::<Vec<_>>().join(","));
        for (number, value) in values.iter().enumerate() {
            let role = if number % 3 == 0 { "visitor" } else if number % 3 == 1 { "agent" } else { value };
            let kind = if number % 2 == 0 { "message" } else { value };
            let row = ["c1", &format!("{day:02}/04/2019 10:0{number}"), value, role, &format!("hello there {value}"), kind, value, value, value];
            table.push_str(&row.map(cell).join(","));
            table.push('\n');
        }
        let folder = folder(&[("c.csv", table.as_bytes())]);
        match looked_at(folder.path(), "c.csv") {
            Ok(survey) => drop(written(&survey)),
            Err(error) => prop_assert_eq!(error.kind, Trouble::Given),
        }
    }
}
