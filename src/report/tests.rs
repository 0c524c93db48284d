//! What people read of a plan.

use super::*;
use crate::ledger::Class;
use crate::plan::{ChangeKind, Changes, Ends, LargeThread, LeftOut, Listed, OwnAuthor, OwnAuthors, RuleFigures};
use crate::request::TEXT_MADE_HTML;

fn listed(lines: &[(&str, u64)], left_out: u64) -> Listed {
    Listed { first: lines.iter().map(|(line, times)| ((*line).to_owned(), *times)).collect(), left_out }
}

/// A plan in which everything happened that a plan says of copies, threads and what was sent before.
fn eventful() -> Overview {
    let large = |thread_ref: &str, messages| LargeThread {
        thread_ref: thread_ref.to_owned(),
        inbox: "Support".to_owned(),
        messages,
        place: format!("lists/{thread_ref}.mbox, byte 4711"),
    };
    Overview {
        messages: 12_000,
        threads: 4_100,
        lookups: 6_000,
        largest_thread: 3_210,
        huge_threads: 4,
        largest: ["robots", "users", "cron", "alerts"]
            .iter()
            .zip([3_210, 2_000, 1_500, 1_001])
            .map(|(name, size)| large(name, size))
            .collect(),
        inbox_conflicts: 31,
        inboxes: [("Support", 9_000), ("Billing", 3_000)].map(|(name, n)| (name.to_owned(), n)).into(),
        also_in: ["A", "B", "C", "D", "E", "F", "G"].iter().zip(1..).map(|(name, n)| ((*name).to_owned(), n)).collect(),
        further_copies: 12,
        spread: 7,
        rejoined: 2,
        inbound: 7_000,
        outbound: 5_000,
        unlisted_labels: listed(&[("Opened", 900), ("Old", 3)], 4),
        dates: Some((1_262_304_000, 1_735_600_000)),
        files: 800,
        file_bytes: 2_400_000_000,
        changed: 1_204,
        sent_differently: 45,
        differences: listed(
            &[
                ("other tags now", 20),
                ("into Billing now, not Support", 15),
                ("other content, people or date now", 6),
                ("skipped now: older than we keep (rule at line 31)", 4),
                ("archived now", 2),
            ],
            0,
        ),
        sent_differently_ids: ["a@x.example", "b@x.example", "c@x.example", "d@x.example"].map(str::to_owned).into(),
        sent_and_gone: 9,
        gone: Ends { seen: 6, accepted: 2, missing: 0, unknown: 1 },
        collisions: 3,
        shared_rows: 210,
        repeated_rows: 5,
        is_archived: true,
        should_skip_rules: true,
        tagged: listed(&[("legacy", 4_100), ("vip", 12)], 0),
        ..in_figures()
    }
}

/// The figures of the same plan: when, how large, what was changed, by whom.
fn in_figures() -> Overview {
    Overview {
        months: serde_json::from_value(serde_json::json!({
            "2010-01": {"inbound": 10, "outbound": 5, "inboxes": {"Support": 15}},
            "2013-02": {"inbound": 1, "outbound": 0, "inboxes": {"Billing": 1}},
            "2020-03": {"inbound": 900, "outbound": 84, "inboxes": {"Support": 984}},
            "2021-03": {"inbound": 900, "outbound": 0, "inboxes": {"Billing": 900}},
            "2022-03": {"inbound": 90, "outbound": 10, "inboxes": {"Billing": 99, "Support": 1}},
            "2023-11": {"inbound": 3_000, "outbound": 2_000, "inboxes": {"Support": 5_000}},
            "2023-12": {"inbound": 2_000, "outbound": 2_000, "inboxes": {"Billing": 2_000, "Support": 2_000}},
            "2024-12": {"inbound": 500, "outbound": 500, "inboxes": {"Support": 1_000}}
        }))
        .unwrap(),
        thread_sizes: serde_json::from_value(serde_json::json!([2_000, 1_000, 900, 150, 40, 4, 2, 4])).unwrap(),
        assigned: 40,
        left_open: 3,
        with_files: 610,
        left_out: LeftOut { messages: 2, files: 3, bytes: 90_000_000 },
        changes: Changes {
            first: [
                (TEXT_MADE_HTML, 6_000),
                ("text declared as us-ascii read as windows-1252", 700),
                ("date taken from the mbox separator: there is no Date field", 300),
                ("no recipient: the stated fallback stands in", 200),
                ("empty body replaced", 4),
            ]
            .map(|(change, messages)| ChangeKind {
                change: change.to_owned(),
                messages,
                place: "mail.mbox, byte 815".to_owned(),
                id: "a@x.example".to_owned(),
            })
            .into(),
            left_out: 0,
        },
        own_authors: OwnAuthors {
            first: vec![
                OwnAuthor {
                    handle: "support@acme.example".to_owned(),
                    messages: 4_000,
                    because: vec![("one of our addresses".to_owned(), 4_000)],
                    ..OwnAuthor::default()
                },
                OwnAuthor {
                    handle: "zapp@acme.example".to_owned(),
                    messages: 1_000,
                    because: vec![("on acme.example, one of our domains".to_owned(), 1_000)],
                    is_unplaced: true,
                    ..OwnAuthor::default()
                },
            ],
            left_out: 1,
            unplaced: 1,
        },
        rules: vec![
            RuleFigures { line: 94, matched: 3_000, decided: 2_900 },
            RuleFigures { line: 99, matched: 0, decided: 0 },
        ],
        warnings: vec![mapping::Diagnostic {
            line: 99,
            column: 1,
            width: 8,
            title: "this rule never matches".to_owned(),
            label: "matches 0 of 12,930 entries".to_owned(),
            help: "mend it or remove it".to_owned(),
        }],
        ..Overview::default()
    }
}

/// `[send]` where the mapping has none.
fn usual() -> mapping::Send {
    mapping::Send {
        share: 0.8,
        reserve: 10,
        burst: false,
        per_resource: 5,
        settle: None,
        patience: None,
        in_flight: 32,
        order: mapping::Order::RecentThreadsFirst,
    }
}

fn report(plan: Overview) -> Report {
    let tally = Tally {
        read: 12_930,
        accepted: 2_000,
        pending: 10_000,
        duplicate: 800,
        skipped: 130,
        causes: [
            (Class::Duplicate, [("same message as another".to_owned(), 800)].into()),
            (Class::Skipped, [("label Spam".to_owned(), 130)].into()),
        ]
        .into(),
        ..Tally::default()
    };
    let tallies = vec![("mail".to_owned(), tally)];
    let mut report = Report::of("plan", Path::new("acme.toml"), Path::new("acme.ledger"), tallies, &usual());
    report = report.with_plan(plan);
    report.ending = "planned; nothing was sent".to_owned();
    report
}

#[test]
fn a_plan_names_copies_threads_and_what_was_sent_otherwise() {
    insta::assert_snapshot!(report(eventful()).text(Extent::Screen), @r#"
    Silence   LOUD: 3 conversations left OPEN by rules, the others are archived; Front's rules are skipped
    Into      Billing 3,000 · Support 9,000 · 12,000 messages in 4,100 conversations, the largest has 3,210
    When               before 2020       2020       2021       2022       2023       2024
              Billing            1          ·        900         99      2,000          ·
              Support           15        984          ·          1      7,000      1,000
    Dates     2010-01-01 to 2024-12-30
    Direction 7,000 in, 5,000 out; treated as us: support@acme.example 4,000, zapp@acme.example 1,000, 1 more
    Threads   by messages: 2,000 of 1, 1,000 of 2, 900 of 3 to 5, 150 of 6 to 10, 40 of 11 to 20, 4 of 21 to 100, 2 of 101 to 1,000, 4 of over 1,000
    Assigned  40 conversations to somebody, by rules
    Files     800 files (2.4 GB) in 610 messages; 2 messages go without 3 files (90.0 MB) too large for a request, named in their text
    Changes   1,204 messages changed on the way beside plain text made HTML: 700 text declared as us-ascii read as windows-1252, 300 date taken from the mbox separator: there is no Date field, 200 no recipient: the stated fallback stands in; `show ID` names each change
    Labels    without a tag: Opened 900, Old 3, 4 more
    Tags      by conversation: legacy 4,100, vip 12
    Mapping   1 warning, of line 99: what there has no effect on these sources, or seems misspelt
    Note      45 messages sent differently before: Front keeps what it has. Tags, inbox and archived can be mended there, content, people and date cannot; nothing is sent again
    Note      in these ways: 20 other tags now; 15 into Billing now, not Support; 6 other content, people or date now; 4 skipped now: older than we keep (rule at line 31); 2 archived now
    Note      among them a@x.example, b@x.example, c@x.example and more; `show ID` names the place
    Note      2 conversations sent before turned out to be one with another: each keeps its ref, newcomers join the nearest one that they answer
    Note      9 messages sent before and not in these sources, or not fit to be read now: 6 seen in Front, 2 accepted and not seen, 1 of unknown fate; nobody looks for them unless their records are back
    Note      1 author on our domains is neither a teammate in [agents] nor an address of [ours]: zapp@acme.example
    Note      31 conversations with messages for different inboxes: the oldest that names one decided
    Note      messages for several inboxes, imported once, into the inbox of the first rule or of their conversation: also in G 7, also in F 6, also in E 5, also in D 4, also in C 3, and in 2 more
    Note      12 messages imported once more, for a further inbox (`copies = "per-inbox"`)
              6 notes more; `--details` shows them
    Requests  16,000: 10,000 to send, 6,000 to see them in Front
    Time      8 h 53 min at 50/min, 3 h 48 min at 100/min, 1 h 46 min at 200/min, confirmation included (your Front plan's limit; 30, 70, 150 of it are used, by `share` and `reserve`)

    Balance                read  =    accepted     pending   duplicate     skipped
              mail       12,930  =       2,000      10,000         800         130
               duplicate     800  same message as another
                 skipped     130  label Spam
    Ledger    acme.ledger

    planned; nothing was sent
    "#);
}

#[test]
fn with_everything_asked_for_every_list_is_shown() {
    let text = report(eventful()).text(Extent::Everything);
    let (_, lists) = text.split_once("\nTreated as us\n").expect("a table of own authors");
    let (lists, _) = lists.split_once("\nBalance").expect("the balance behind it");
    insta::assert_snapshot!(lists, @r"
      support@acme.example                         4,000  one of our addresses 4,000; no teammate
      zapp@acme.example                            1,000  on acme.example, one of our domains 1,000; neither in [agents] nor an address of [ours]: whose is it?
      1 more

    By month
      2010-01         10 in         5 out  Support 15
      2013-02          1 in         0 out  Billing 1
      2020-03        900 in        84 out  Support 984
      2021-03        900 in         0 out  Billing 900
      2022-03         90 in        10 out  Billing 99, Support 1
      2023-11      3,000 in     2,000 out  Support 5,000
      2023-12      2,000 in     2,000 out  Billing 2,000, Support 2,000
      2024-12        500 in       500 out  Support 1,000

    Changes
          6,000  plain text made HTML
                 such as a@x.example (mail.mbox, byte 815)
            700  text declared as us-ascii read as windows-1252
                 such as a@x.example (mail.mbox, byte 815)
            300  date taken from the mbox separator: there is no Date field
                 such as a@x.example (mail.mbox, byte 815)
            200  no recipient: the stated fallback stands in
                 such as a@x.example (mail.mbox, byte 815)
              4  empty body replaced
                 such as a@x.example (mail.mbox, byte 815)

    Labels without a tag
      Opened                                         900
      Old                                              3
      4 more

    Tags, by conversation
      legacy                                       4,100
      vip                                             12

    Rules, with the records that match and those for which they decide something
      rule 1 (line 94)      3,000     2,900
      rule 2 (line 99)          0         0
    ");
    assert!(text.contains("9 messages sent before and not in these sources"), "no note is left out:\n{text}");
}

#[test]
fn what_did_not_happen_is_not_mentioned() {
    let quiet = Overview {
        messages: 1,
        threads: 1,
        largest_thread: 1,
        is_archived: true,
        should_skip_rules: true,
        ..Overview::default()
    };
    let text = report(quiet).text(Extent::Screen);
    assert!(!text.contains("Note"), "{text}");
}

#[test]
fn however_much_there_is_to_say_a_plan_fits_a_screen() {
    let mut plan = eventful();
    plan.inboxes = (0..300).map(|n| (format!("Inbox {n}"), n)).collect();
    plan.also_in = plan.inboxes.clone();
    let usual = report(eventful()).text(Extent::Screen);
    let text = report(plan).text(Extent::Screen);
    assert_eq!(text.lines().count(), usual.lines().count());
    assert!(text.lines().count() <= 40, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 320), "{text}");
    assert!(text.contains("292 more inboxes") && text.contains("Inbox 299 299"), "{text}");
}

#[test]
fn estimates_include_confirmation() {
    let seconds = |lookups| {
        let plan = Overview { messages: 12_000, lookups, ..Overview::default() };
        report(plan).estimates.iter().map(|estimate| estimate.seconds).collect::<Vec<_>>()
    };
    let (without, with) = (seconds(0), seconds(6_000));
    // 10,000 to send; half a look-up for each of them and of the 2,000 that were accepted before.
    for (without, with) in without.iter().zip(&with) {
        assert!(with.abs_diff(without * 16 / 10) <= 2, "{without} {with}");
    }
}

#[test]
fn what_is_missing_or_different_is_named_with_where_to_look() {
    let tally = Tally {
        read: 4,
        confirmed: 2,
        different: 1,
        accepted: 2,
        missing: 1,
        causes: [
            (Class::Missing, [("not there 5 min after Front accepted it".to_owned(), 1)].into()),
            (Class::Different, [("subject".to_owned(), 1)].into()),
        ]
        .into(),
        ..Tally::default()
    };
    let tallies = vec![("mail".to_owned(), tally)];
    let mut report = Report::of("verify", Path::new("acme.toml"), Path::new("acme.ledger"), tallies, &usual());
    let amiss = |what, id: &str, words: &str, url: Option<&str>| Amiss {
        what,
        external_id: format!("tl1-{id}"),
        original_id: Some(format!("{id}@x.example")),
        words: words.to_owned(),
        url: url.map(str::to_owned),
    };
    report.amiss = vec![
        amiss("missing", "a\u{1b}[2J", "not there 5 min after Front accepted it", None),
        amiss("different", "b", "subject", Some("https://app.frontapp.com/open/msg_1")),
    ];
    report.seen = Some(Seen {
        confirmed: 1_000,
        different: 1,
        missing: 1,
        resent: 1,
        lookups: 1_204,
        not_resent: None,
        unanswered: None,
    });
    report.ending = "…".to_owned();
    assert_eq!((report.unconfirmed(), report.is_amiss()), (1, true));
    insta::assert_snapshot!(report.text(Extent::Screen), @r"
    Balance                read  =   confirmed    accepted
              mail            4  =           2           2
                 missing       1  not there 5 min after Front accepted it
               different       1  subject
    Missing   a�[2J@x.example: not there 5 min after Front accepted it
    Different b@x.example: subject https://app.frontapp.com/open/msg_1
    Seen      1,000 confirmed in Front, 1 different, 1 missing, 1 sent again with the same id, with 1,204 look-ups
    Ledger    acme.ledger

    …
    ");
}

#[test]
fn no_name_from_front_fakes_a_line_of_a_report() {
    let tallies = vec![("mail".to_owned(), Tally { read: 1, confirmed: 1, ..Tally::default() })];
    let mut report = Report::of("rehearse", Path::new("acme.toml"), Path::new("acme.ledger"), tallies, &usual());
    let name = "Acme\nSeen      all\u{202e}gro";
    report.sent = Some(Sent {
        company: name.to_owned(),
        accepted: 1,
        seconds: 1.0,
        front_holds: Some(FrontHolds {
            messages: 1,
            conversations: 1,
            repeats: 0,
            inboxes: [(name.to_owned(), 1)].into(),
        }),
    });
    let mut plan = eventful();
    plan.inboxes = [(name.to_owned(), 1)].into();
    let report = report.with_plan(plan);
    let text = report.text(Extent::Screen);
    assert!(!text.lines().any(|line| line.starts_with("Seen")) && !text.contains('\u{202e}'), "{text}");
    assert_eq!(text.matches("Acme\u{fffd}Seen      all\u{fffd}gro").count(), 3, "{text}");
}
