//! What the page says, what it leaves out, and that nothing breaks out of it.

use super::{MARK, page};
use crate::ledger::{Class, Tally};
use crate::mapping;
use crate::plan::{
    ChangeKind, Changes, DiffExample, DiffKind, Listed, Overview, OwnAuthor, OwnAuthors, PlanDiff, RuleFigures,
};
use crate::report::{
    Bounds, ChangeExample, ChangeExamples, Commands, Conversation, Conversations, Message, Particulars, Picture,
    Problem, ProblemFigures, Problems, Report,
};
use bytes::Bytes;
use html5gum::{Token, Tokenizer};
use std::path::Path;

/// A report in which everything that strangers write is `text`.
fn of(text: &str) -> (Report, Particulars) {
    let word = || text.to_owned();
    let tally = Tally {
        read: 5,
        pending: 3,
        skipped: 1,
        rejected: 1,
        causes: [(Class::Skipped, [(word(), 1)].into()), (Class::Rejected, [(word(), 1)].into())].into(),
        ..Tally::default()
    };
    let report = Report::of(
        "plan",
        Path::new("m.toml"),
        Path::new("m.ledger"),
        vec![("mail".to_owned(), tally)],
        &mapping::testing::of(Vec::new()).send,
    );
    let author = OwnAuthor {
        handle: word(),
        messages: 2,
        because: vec![(word(), 2)],
        teammate: Some(word()),
        is_unplaced: false,
    };
    let plan = Overview {
        messages: 3,
        threads: 2,
        lookups: 2,
        largest_thread: 2,
        inboxes: [(word(), 2), ("Billing".to_owned(), 1)].into(),
        also_in: [(word(), 1)].into(),
        inbound: 1,
        outbound: 2,
        own_authors: OwnAuthors { first: vec![author], left_out: 2, unplaced: 0 },
        months: serde_json::from_value(serde_json::json!({
            "2019-01": {"inbound": 1, "outbound": 1, "inboxes": {text: 2}},
            "2019-03": {"inbound": 0, "outbound": 1, "inboxes": {"Billing": 1}}
        }))
        .unwrap(),
        thread_sizes: serde_json::from_value(serde_json::json!([1, 1, 0, 0, 0, 0, 0, 0])).unwrap(),
        changed: 1,
        changes: Changes {
            first: vec![ChangeKind { change: word(), messages: 1, place: word(), id: word() }],
            left_out: 0,
        },
        sent_differently: 1,
        differences: Listed { first: vec![(word(), 1)], left_out: 0 },
        sent_differently_ids: vec![word()],
        unlisted_labels: Listed { first: vec![(word(), 7)], left_out: 3 },
        rules: vec![RuleFigures { line: 12, matched: 4, decided: 0 }],
        notes: vec![word()],
        is_archived: true,
        should_skip_rules: true,
        ..Overview::default()
    };
    let mut report = report.with_plan(plan);
    report.plan_id = "0123456789abcdef".to_owned();
    report.ending = format!("Planned. {text}");
    report.front = vec![word()];
    report.exit = 3;
    (report, particulars(text))
}

fn particulars(text: &str) -> Particulars {
    let word = || text.to_owned();
    let problem =
        Problem { status: "rejected", cause: word(), detail: word(), source: word(), place: word(), id: word() };
    let figures = ProblemFigures { status: "rejected", cause: word(), records: 1, remedy: word() };
    let message = Message {
        name: Some(word()),
        handle: word(),
        recipients: vec![("To", word()), ("To", word()), ("Cc", word())],
        is_inbound: true,
        created_at: 1_550_000_000,
        body: word(),
        is_html: true,
        files: vec![(word(), word(), 1_200)],
        changes: vec![word()],
        place: word(),
        id: word(),
        ..Message::default()
    };
    let chat = Message { is_html: false, is_inbound: false, state: Some("confirmed"), ..message.clone() };
    let conversation = Conversation {
        because: vec![word()],
        subject: Some(word()),
        inbox: word(),
        assignee: Some(word()),
        tags: vec![word()],
        messages: vec![message, chat],
        left_out: 4,
        gap: 1,
        ..Conversation::default()
    };
    let example = ChangeExample { change: format!("{text} of another"), id: "b@x.example".to_owned(), place: word() };
    Particulars {
        written: None,
        problems: Problems { kinds: vec![figures], kinds_left_out: 0, listed: vec![problem], left_out: 0 },
        changes: ChangeExamples { looked_at: 3, kinds: [(word(), vec![example])].into() },
        conversations: Conversations { shown: vec![conversation], left_out: 1, trouble: None },
        commands: Commands {
            show: "threadlift show m.toml".to_owned(),
            requests: "threadlift plan m.toml --requests".to_owned(),
            rehearse: "threadlift rehearse m.toml".to_owned(),
            rejects: "threadlift status m.toml --rejects".to_owned(),
        },
        bounds: Bounds { problems: 10_000, conversations: 12, messages: 20 },
    }
}

fn made(text: &str) -> String {
    let (report, particulars) = of(text);
    page(&report, &particulars)
}

/// Elements and attributes of a page, as a browser's tokenizer reads them.
fn elements(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let Ok(tokens) = Tokenizer::new(html).collect::<Result<Vec<_>, _>>();
    tokens
        .into_iter()
        .filter_map(|token| match token {
            Token::StartTag(tag) => {
                let attributes = tag.attributes.iter().map(|(name, value)| (text(name), text(value))).collect();
                Some((text(&tag.name), attributes))
            }
            _ => None,
        })
        .collect()
}

/// What a page would do, ask for or lead to, beside its own.
#[track_caller]
fn is_harmless(html: &str) {
    let elements = elements(html);
    let count = |name: &str| elements.iter().filter(|(element, _)| element == name).count();
    assert_eq!((count("script"), count("style"), count("title")), (1, 1, 1), "{html}");
    for forbidden in ["iframe", "object", "embed", "base", "link", "video", "audio", "frame", "foreignobject", "use"] {
        assert_eq!(count(forbidden), 0, "{forbidden} in {html}");
    }
    assert_eq!((count("form"), count("meta")), (1, 6), "{html}");
    for (element, attributes) in &elements {
        for (name, value) in attributes {
            let is_own = match name.as_str() {
                "href" => element == "a" && value.starts_with('#'),
                "src" => element == "img" && value.starts_with("data:image/"),
                "style" => !value.contains("url") && !value.contains("position") && !value.contains('\\'),
                "http-equiv" => value == "Content-Security-Policy",
                name => {
                    !name.starts_with("on") && !["srcdoc", "action", "formaction", "srcset", "ping"].contains(&name)
                }
            };
            assert!(is_own, "<{element} {name}={value:?}>");
        }
    }
}

#[test]
fn the_page_says_all_of_it_in_the_order_in_which_people_decide() {
    let text = html2text::config::plain_no_decorate().string_from_read(made("Élan & Co").as_bytes(), 100).unwrap();
    let (head, text) = text.split_once("Notes and details").unwrap();
    for words in ["Personal data:", "Plan of m.toml", "plan 0123456789abcdef", "How it stands"] {
        assert!(head.contains(words), "{words:?} is not in {head}");
    }
    let order = [
        "How it stands",
        "Silent. conversations are archived",
        "The books balance",
        "Treated as us",
        "2 more authors are not listed; threadlift plan m.toml --requests FILE.jsonl",
        "What goes where",
        "Messages by month and inbox",
        "Direction by month",
        "Sizes of conversations",
        "Time the import takes",
        "One by one",
        "threadlift status m.toml --rejects DIR",
        "Élan & Co of another",
        "Sent before",
        "Rules and labels",
        "Labels that become no tag",
        "3 more are not listed; threadlift plan m.toml --requests FILE.jsonl",
        "Sample conversations",
        "4 messages between these are not shown",
        "1 conversation is not shown",
        "What this file leaves out",
        "at most 10,000 problems, 300 authors and 200 kinds",
    ];
    let mut rest = text;
    for words in order {
        let (_, behind) = rest.split_once(words).unwrap_or_else(|| panic!("{words:?} is not where it belongs: {text}"));
        rest = behind;
    }
    assert!(made("x").contains("shows at most 12 conversations of 20 messages"));
}

#[test]
fn the_same_report_is_the_same_page_and_one_that_can_be_told_from_other_files() {
    let one = made("x");
    assert_eq!(one, made("x"));
    assert!(one.starts_with(MARK));
    is_harmless(&one);
}

#[test]
fn nothing_that_a_stranger_writes_breaks_out_of_its_place() {
    for hostile in [
        "<script>alert(1)</script>",
        "</script><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</title></style></textarea><svg onload=alert(1)>",
        "<svg><script href=https://t.example/x></script><use href=#x></svg>",
        "--><iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<base href=//t.example><meta http-equiv=refresh content='0;url=//t.example'>",
        "<form action=//t.example><input name=q><button formaction=//t.example>go</button></form>",
        "<a href=javascript:alert(1)>x</a><a href=https://t.example>y</a>",
        "<p style='background:url(//t.example);position:fixed;inset:0'>x</p>",
        "<p style='color:red;width:expression(alert(1));background-color:url(//t.example)'>x</p>",
        "<style>@import '//t.example';*{display:none}</style>",
        "<link rel=stylesheet href=//t.example><object data=//t.example></object><embed src=//t.example>",
        "<video src=//t.example autoplay></video><img srcset='//t.example 2x' src=//t.example>",
        "<math><mtext></p><img src=x onerror=alert(1)></math>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<template shadowrootmode=open><script>alert(1)</script></template>",
        "<!--<img src='--><img src=x onerror=alert(1)//'>",
        "<![CDATA[><script>alert(1)</script>]]>",
        "{{ 7 * 7 }}{% include 'x' %}",
        "\u{0}<\u{0}script>alert(1)</\u{0}script>",
    ] {
        is_harmless(&made(hostile));
    }
}

#[test]
fn marks_that_turn_the_direction_of_writing_are_shown_and_not_obeyed() {
    let (report, mut particulars) = of("invoice\u{202e}fdp.exe");
    // A body is a block of its own: what turns in it turns back at its end.
    for message in particulars.conversations.shown.iter_mut().flat_map(|shown| &mut shown.messages) {
        message.body = "x".to_owned();
    }
    let page = page(&report, &particulars);
    assert!(page.contains("invoice\u{fffd}fdp.exe"));
    assert!(!page.contains('\u{202e}'));
}

#[test]
fn pictures_of_a_mail_stand_in_their_place_and_others_are_not_fetched() {
    let (report, mut particulars) = of("x");
    let message = &mut particulars.conversations.shown[0].messages[0];
    message.body =
        "<img src='cid:logo@x.example' alt='our logo'><img src='CID:gone'><img src='https://t.example/p.png'>\
                    <img src='data:image/png;base64,AAAA'><img src='data:image/svg+xml;base64,AAAA'>"
            .to_owned();
    let picture = Picture { content_type: "image/png", content: Bytes::from_static(b"PNG") };
    message.pictures.insert("logo@x.example".to_owned(), picture);
    let page = page(&report, &particulars);
    is_harmless(&page);
    let sources: Vec<String> = elements(&page)
        .into_iter()
        .filter(|(element, _)| element == "img")
        .map(|(_, attributes)| attributes.into_iter().find(|(name, _)| name == "src").unwrap_or_default().1)
        .collect();
    assert_eq!(sources, ["data:image/png;base64,UE5H", "", "", "data:image/png;base64,AAAA", ""]);
}

#[test]
fn how_a_plan_differs_from_the_one_before_stands_behind_the_verdict_with_examples() {
    let (mut report, particulars) = of("Acme & <b>Co</b>");
    assert!(!page(&report, &particulars).contains("Otherwise than before"), "nothing was compared");
    let example = |place: &str| DiffExample { id: "<a@x.example>".to_owned(), place: place.to_owned() };
    let kind = DiffKind {
        what: "inbox Support instead of <i>Billing</i>".to_owned(),
        messages: 1_200,
        examples: vec![example("a.mbox, byte 7"), example("")],
    };
    report.diff = Some(PlanDiff { unavailable: None, same: 34_000, changed: 1_201, kinds: vec![kind], left_out: 1 });
    let whole = page(&report, &particulars);
    is_harmless(&whole);
    let text = html2text::config::plain_no_decorate().string_from_read(whole.as_bytes(), 200).unwrap();
    let mut rest = text.as_str();
    for words in [
        "How it stands",
        "1,201 messages planned otherwise than before, 34,000 as before.",
        "1,200 inbox Support instead of <i>Billing</i>",
        "<a@x.example> a.mbox, byte 7",
        "1 kind is not listed.",
        "Treated as us",
    ] {
        rest = rest.split_once(words).unwrap_or_else(|| panic!("{words:?} is not where it belongs: {text}")).1;
    }
    report.diff = Some(PlanDiff { unavailable: Some("there was no plan <before>".to_owned()), ..PlanDiff::default() });
    let whole = page(&report, &particulars);
    assert!(whole.contains("Nothing to compare with: there was no plan &#60;before&#62;"));
    assert!(!whole.contains("planned otherwise than before"));
}

#[test]
fn what_was_not_sent_to_front_is_not_said_to_be_there() {
    let (report, mut particulars) = of("x");
    let mut says = |command: &'static str, state| {
        for message in particulars.conversations.shown.iter_mut().flat_map(|shown| &mut shown.messages) {
            message.state = state;
        }
        let report = Report { command, ..report.clone() };
        page(&report, &particulars).contains("As they were sent to Front")
    };
    assert!(says("import", Some("accepted")) && says("status", Some("confirmed")));
    assert!(!says("plan", None) && !says("status", Some("planned")) && !says("rehearse", Some("confirmed")));
}

#[test]
fn columns_of_a_plain_text_stay_and_a_mail_that_would_grow_without_end_is_text() {
    let (report, mut particulars) = of("x");
    let messages = &mut particulars.conversations.shown[0].messages;
    messages[1].body = "lamp\t2\nbulb\t10\u{1b}".to_owned();
    let open: String = (0..4_500).flat_map(|n| ["<b a".to_owned(), n.to_string(), ">".to_owned()]).collect();
    messages[0].body = format!("<p>{open}{}the end & more", "<p>x".repeat(8_000));
    let page = page(&report, &particulars);
    is_harmless(&page);
    assert!(page.contains("lamp\t2\nbulb\t10\u{fffd}</div>"));
    assert!(page.contains("x\nx\nxthe end &#38; more</div>") && page.contains("only its text is shown here"));
    assert!(page.len() < 200_000, "{}", page.len());
}

#[test]
fn a_list_that_is_too_long_for_a_browser_is_cut_and_says_so() {
    let (report, mut particulars) = of("x");
    let long = Problem { detail: "<".repeat(300), ..particulars.problems.listed[0].clone() };
    particulars.problems.listed = vec![long; 10_000];
    let page = page(&report, &particulars);
    assert!(page.len() < 8_000_000, "{}", page.len());
    let rows = page.matches("<tr><td><span class=\"tag fair\">rejected</span></td><td><b>").count();
    assert!(rows > 3_000, "{rows}");
    let left_out = crate::words::counted(10_000 - rows as u64, "record");
    assert!(page.contains(&format!("{left_out} are not in this list")), "{left_out}");
}

#[test]
fn years_stand_for_months_where_there_are_too_many_and_the_table_says_what_the_bars_say() {
    let (report, particulars) = of("Support");
    let mut report = report;
    if let Some(plan) = &mut report.plan {
        plan.months = serde_json::from_value(serde_json::json!({
            "1971-01": {"inbound": 2, "outbound": 0, "inboxes": {"Support": 2}},
            "2001-05": {"inbound": 1_500, "outbound": 0, "inboxes": {"Support": 1_500}},
            "2003-01": {"inbound": 0, "outbound": 4, "inboxes": {"Billing": 4}},
            "2003-12": {"inbound": 0, "outbound": 5, "inboxes": {"Billing": 5}}
        }))
        .unwrap();
    }
    let page = page(&report, &particulars);
    assert!(page.contains("Messages by year and inbox") && page.contains("; years without messages are left out"));
    for row in [
        "<tr><th scope=\"row\">1971</th><td>2</td><td>0</td></tr>",
        "<tr><th scope=\"row\">2001</th><td>1,500</td><td>0</td></tr>",
        "<tr><th scope=\"row\">2003</th><td>0</td><td>9</td></tr>",
    ] {
        assert!(page.contains(row), "{row}");
    }
    let drawn: Vec<&str> = page.split("data-series=\"Billing\" data-category=\"").skip(1).collect();
    assert!(drawn.iter().any(|bar| bar.starts_with("2003\" data-value=\"9\"")), "{drawn:?}");
}
