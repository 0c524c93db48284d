//! What a plan says about itself.

use super::*;
use crate::plan::overview::Counting;
use crate::plan::{Listed, Overview};

pub(super) fn overview_of(mapping: &Mapping, sources: &Sources, pins: &Pins) -> Overview {
    let (read, undecided) = read_by(2, mapping, sources, pins);
    let resolution = resolve::resolve(&read, undecided, pins, mapping, None).unwrap();
    let mut counting = Counting::begin(&resolution, sources).unwrap();
    let entries = resolution.entries(|message, facts| counting.add(message, facts));
    entries.for_each(|entry| drop(entry.unwrap()));
    counting.finish().unwrap()
}

/// Who was treated as us, with messages.
pub(super) fn own_authors(overview: &Overview) -> Vec<(&str, u64)> {
    overview.own_authors.first.iter().map(|author| (author.handle.as_str(), author.messages)).collect()
}

fn of_mails(more: &str, mails: &[String]) -> Overview {
    overview_of(&mapping(more), &mails_only(mails), &Pins::default())
}

#[test]
fn who_was_treated_as_us_is_listed_with_the_teammates_they_are() {
    let from = |id, who: &str| letter(id, 0, &format!("From: {who}@acme.example\n"), "Hi");
    let more = "[agents]\n\"leela@acme.example\" = \"tea_1\"\n\"fry@acme.example\" = \"tea_2\"";
    let mapping = Arc::new(Mapping {
        ours: mapping::Ours { domains: vec!["acme.example".into()], ..mapping("").ours.clone() },
        ..(*mapping(more)).clone()
    });
    let mails = [from("a", "leela"), from("b", "bender"), from("c", "leela"), letter("d", 5, "", "Hi")];
    let overview = overview_of(&mapping, &mails_only(&mails), &Pins::default());
    assert_eq!((overview.inbound, overview.outbound), (1, 3));
    assert_eq!(own_authors(&overview), [("leela@acme.example", 2), ("bender@acme.example", 1)]);
    assert_eq!(overview.own_authors.unplaced, 1, "bender");
    assert_eq!(overview.teammates, ["tea_1"], "fry wrote nothing and need not exist");
    assert_eq!(overview.dates, Some((NEW_YEAR, NEW_YEAR + 300)));
}

#[test]
fn messages_with_active_content_are_counted_once_for_each_kind() {
    let html = "Content-Type: text/html\n";
    let mails = [
        letter("a", 0, html, "<script>x</script><script>y</script><img src='https://x.example/1.png'>"),
        letter(
            "b",
            1,
            html,
            "<p onclick='x()'><form action='https://x.example'></form><img src=https://x.example/2.png>",
        ),
        letter("c", 2, "", "<script>plain text</script>"),
    ];
    let active = of_mails("", &mails).active;
    assert_eq!((active.scripts, active.handlers, active.forms, active.remote_images), (1, 1, 1, 2));
}

#[test]
fn a_long_list_is_cut_and_says_by_how_much() {
    let mails: Vec<String> =
        (0..105).map(|n| letter(&n.to_string(), 0, &format!("X-Gmail-Labels: L{n:03},Common\n"), "Hi")).collect();
    let labels = of_mails("", &mails).unlisted_labels;
    assert_eq!(labels.first[0], ("Common".to_owned(), 105));
    assert_eq!(labels.first[1], ("L000".to_owned(), 1));
    assert_eq!((labels.first.len(), labels.left_out), (100, 6));
}

#[test]
fn labels_of_what_is_skipped_are_not_asked_about() {
    let overview = of_mails("", &[letter("a", 0, "X-Gmail-Labels: Spam,Odd\n", "Hi")]);
    assert_eq!(overview.unlisted_labels, Listed::default());
}

#[test]
fn a_conversation_is_in_conflict_only_if_its_messages_name_different_inboxes() {
    let rule = |label, inbox| format!("[[rule]]\nwhen = {{ label = \"{label}\" }}\ninbox = \"{inbox}\"\n");
    let rules = [rule("A", "Sales"), rule("B", "Billing"), rule("C", "Sales")].concat();
    let thread = |first: &str, second: &str| {
        let labelled = |label: &str| format!("X-Gmail-Labels: {label}\n");
        let reply = format!("In-Reply-To: <a@x>\n{}", labelled(second));
        of_mails(&rules, &[letter("a", 0, &labelled(first), "Hi"), letter("b", 1, &reply, "Ho")])
    };
    assert_eq!(thread("A", "B").inbox_conflicts, 1);
    assert_eq!(thread("A", "C").inbox_conflicts, 0, "two rules, one inbox");
    assert_eq!(thread("A", "none").inbox_conflicts, 0, "the reply names none");
    assert_eq!(thread("none", "B").inboxes.get("Billing"), Some(&2));
}

#[test]
fn what_would_be_sent_differently_now_is_counted() {
    let mails = [letter("a", 0, "", "Hi"), letter("b", 0, "", "Ho")];
    let before = planned_mails(&mapping(""), &mails);
    let tagged = mapping("[defaults]\ntags = [\"late\"]");
    let differently = |entries: &[Entry], mapping: &Mapping, state: State| {
        overview_of(mapping, &mails_only(&mails), &pins_of(entries, &state)).sent_differently
    };
    assert_eq!(differently(&before, &mapping(""), accepted()), 0);
    assert_eq!(differently(&before, &tagged, accepted()), 2);
    assert_eq!(differently(&before[..1], &tagged, accepted()), 1);
    assert_eq!(differently(&before, &tagged, refused()), 0, "Front has none of them");
}

#[test]
fn rows_that_overlapping_exports_share_are_a_count_of_their_own() {
    let second = (NEW_YEAR + 5).to_string();
    let ok = |file, text| row_in(file, ["", "c1", &second, "ada", text, "visitor", ""]);
    let rows = [ok(0, "ok"), ok(0, "ok"), ok(0, "bye"), ok(1, "ok"), ok(1, "bye"), ok(2, "bye")];
    let overview = overview_of(&mapping(""), &sources(&[], &rows), &Pins::default());
    assert_eq!((overview.messages, overview.shared_rows, overview.repeated_rows), (3, 3, 1));
    let own = |file| row_in(file, ["m1", "c1", &second, "ada", "ok", "visitor", ""]);
    let overview = overview_of(&mapping(""), &sources(&[], &[own(0), own(1)]), &Pins::default());
    assert_eq!(overview.shared_rows, 0, "rows with ids are plain duplicates");
}

#[test]
fn an_author_whom_the_conversation_knows_by_a_better_handle_is_a_change() {
    let more = "[[source]]\nname = \"desk\"\nformat = \"csv\"\npath = \"desk.csv\"\ndate = \"epoch-seconds\"\n\
                columns = { conversation = \"chat\", time = \"time\", sender = [\"mail\", \"phone\"], text = \"text\" }\n";
    let header = Arc::new(["chat", "time", "mail", "phone", "text"].map(str::to_owned).to_vec());
    let row = |cells: [&str; 5]| {
        let row =
            RawRow { header: Arc::clone(&header), cells: cells.map(str::to_owned).to_vec(), zone: None, run: None };
        (0, Content::Row(row))
    };
    let overview = |rows: &[Written]| {
        let all = sources(&[], rows);
        let mut entries: Vec<RawEntry> = all[1].scan().map(|entry| entry.unwrap()).collect();
        for entry in &mut entries {
            entry.origin.source = 2;
        }
        let files = all[1].files().to_vec();
        let desk = Box::new(Memory { name: "desk", files, entries }) as Box<dyn Source>;
        overview_of(&mapping(more), &Arc::new(vec![desk]), &Pins::default())
    };
    let known = row(["c1", "1546300800", "ada@shop.example", "+1 555 0100", "Hi"]);
    let by_phone = row(["c1", "1546300801", "", "+1 555 0100", "Still there?"]);
    assert_eq!(overview(std::slice::from_ref(&known)).changed, 0);
    assert_eq!(overview(std::slice::from_ref(&by_phone)).changed, 0, "nobody knows them better");
    assert_eq!(overview(&[known, by_phone]).changed, 1);
}

#[test]
fn different_messages_with_one_message_id_are_counted() {
    let mails = [letter("a", 0, "", "one"), letter("a", 0, "", "two"), letter("a", 0, "", "two")];
    assert_eq!(of_mails("", &mails).collisions, 1);
    assert_eq!(of_mails("[identity]\ncollisions = \"richest\"", &mails).collisions, 1, "left out or not");
    let row = |text| row_in(0, ["", "c1", "1546300800", "ada", text, "visitor", ""]);
    assert_eq!(overview_of(&mapping(""), &sources(&[], &[row("a"), row("b")]), &Pins::default()).collisions, 0);
}

#[test]
fn tags_are_counted_by_conversation() {
    let tagged = |id: &str, minute, labels: &str, headers: &str| {
        letter(id, minute, &format!("X-Gmail-Labels: {labels}\n{headers}"), "Hi")
    };
    let mails =
        [tagged("a", 0, "Red,Blue", ""), tagged("b", 1, "Red", "In-Reply-To: <a@x>\n"), tagged("c", 2, "Red", "")];
    let overview = of_mails("[defaults]\nunlisted_labels = \"tag\"", &mails);
    assert_eq!(overview.tagged.first, [("Red".to_owned(), 2), ("Blue".to_owned(), 1)]);
}

#[test]
fn conversations_beyond_a_thousand_messages_are_counted_and_the_largest_named() {
    let thread = |name: &str, messages: i64| -> Vec<String> {
        (0..messages)
            .map(|n| {
                letter(&format!("{name}{n}"), n, "X-GM-THRID: ", "Hi").replace("THRID: ", &format!("THRID: {name}"))
            })
            .collect()
    };
    let fits = of_mails("", &thread("1", 1_000));
    assert_eq!((fits.huge_threads, fits.largest.len(), fits.largest_thread), (0, 0, 1_000));
    let mails = [thread("1", 1_001), thread("2", 1_003), thread("3", 5)].concat();
    let overview = of_mails("", &mails);
    assert_eq!(overview.huge_threads, 2);
    let named: Vec<u64> = overview.largest.iter().map(|thread| thread.messages).collect();
    assert_eq!(named, [1_003, 1_001]);
    assert_eq!(overview.largest[0].place, "box-0, byte 1001000", "of its oldest message");
    assert_eq!(overview.largest[0].inbox, "Support");
}

/// A source of which nothing can be read.
struct Broken(Vec<SourceFile>);

impl Source for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn files(&self) -> &[SourceFile] {
        &self.0
    }

    fn scan(&self) -> Scan<'_> {
        Box::new((0..3).map(|at| {
            let piece = Piece { file: 0, offset: at, length: 10, line: None };
            Err(Unreadable {
                origin: Origin { source: 0, pieces: vec![piece], part: 0 },
                cause: "torn".into(),
                detail: format!("torn at {at}"),
                remedy: "mend it".into(),
            })
        }))
    }

    fn read_at(&self, _: &Origin) -> Result<RawEntry, Unreadable> {
        panic!("what cannot be read is not read again")
    }

    fn notes(&self) -> Vec<String> {
        vec!["it is broken".into()]
    }
}

#[test]
fn problems_of_one_kind_are_one_line_with_the_first_place() {
    let file = SourceFile::new(Path::new("/nowhere"), "torn.mbox", 0);
    let sources: Sources = Arc::new(vec![Box::new(Broken(vec![file]))]);
    assert_eq!(statuses(&planned(&mapping(""), &sources, &Pins::default())), ["unreadable"; 3]);
    let overview = overview_of(&mapping(""), &sources, &Pins::default());
    assert_eq!(overview.notes, ["it is broken"]);
    let [problem] = overview.problems.as_slice() else { panic!("{:?}", overview.problems) };
    assert_eq!((problem.status.as_str(), problem.cause.as_str(), problem.count), ("unreadable", "torn", 3));
    assert_eq!((problem.place.as_str(), problem.detail.as_str()), ("torn.mbox", "torn at 0"));
}

#[test]
fn look_ups_are_counted_by_conversation_one_for_the_first_message_and_one_for_each_hundred_others() {
    let thread = |name: &str, size: u32| {
        let name = name.to_owned();
        (0..size).map(move |number| {
            letter(&format!("{name}{number}"), number.into(), &format!("References: <root-{name}@x>\n"), "Hi")
        })
    };
    for (size, lookups) in [(1, 1), (2, 2), (101, 2), (102, 3)] {
        let mails: Vec<String> = thread("a", size).chain(thread("b", 1)).collect();
        assert_eq!(of_mails("", &mails).lookups, lookups + 1, "{size}");
    }
}
