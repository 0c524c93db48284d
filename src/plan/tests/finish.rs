//! Notes, and what conversations get beside their messages.

use super::overview::overview_of;
use super::*;
use crate::ledger::{Finish, Form, Link};
use crate::plan::{Rebuilder, mark_of};

const COMMENTS: &str = "[notes]\ninto = \"comments\"\n";

fn note(id: &str, chat: &str, second: i64, text: &str) -> Written {
    row_with_kind(id, chat, second, "nell@acme.example", text, "agent", "note")
}

fn message(id: &str, chat: &str, second: i64, text: &str) -> Written {
    row_with_kind(id, chat, second, "ada", text, "visitor", "message")
}

fn row_with_kind(id: &str, chat: &str, second: i64, who: &str, text: &str, role: &str, kind: &str) -> Written {
    let header = ["id", "chat", "time", "who", "text", "role", "labels", "kind", "ticket"].map(str::to_owned).to_vec();
    let time = (NEW_YEAR + second).to_string();
    let cells = [id, chat, &time, who, text, role, "", kind, "T 7"].map(str::to_owned).to_vec();
    (0, Content::Row(RawRow { header: Arc::new(header), cells, zone: None, run: None }))
}

/// The mapping of chats whose kind column tells notes.
fn with_kinds(more: &str) -> Arc<Mapping> {
    let text = format!("{BASE}\n{more}").replace(
        "labels = \"labels\" }",
        "labels = \"labels\", kind = \"kind\" }\nkinds = { message = \"message\", note = \"note\" }",
    );
    mapping::parse(Path::new("mapping.toml"), &text).map_or_else(|errors| panic!("{}", errors.render(false)), Arc::new)
}

fn chats(rows: &[Written]) -> Sources {
    sources(&[], rows)
}

fn finish_of(more: &str, mails: &[String]) -> Vec<Finish> {
    let entries = planned_mails(&mapping(more), mails);
    sent(&entries).into_iter().map(|planned| planned.finish.clone()).collect()
}

#[test]
fn notes_are_left_out_unless_the_mapping_says_what_they_become() {
    let rows = chats(&[message("m1", "c", 0, "Hi"), note("n1", "c", 1, "Angry")]);
    let entries = planned(&with_kinds(""), &rows, &Pins::default());
    assert_eq!(statuses(&entries), ["planned", "skipped"]);
    let mails = [letter("a", 0, "", "Hi"), letter("b", 1, "In-Reply-To: <a@x>\nX-Note: yes\n", "Angry")];
    let rule = "[[rule]]\nwhen = { header = { X-Note = 'yes' } }\nnote = true\n";
    let entries = planned_mails(&mapping(rule), &mails);
    assert_eq!(statuses(&entries), ["planned", "skipped"]);
    let Verdict::Skipped { cause } = &entries[1].verdict else { panic!() };
    assert!(cause.starts_with("internal note (rule at line "), "{cause}");
}

#[test]
fn as_comments_they_stand_behind_all_messages_in_order_and_say_who_and_when() {
    let mapping = with_kinds(&format!("{COMMENTS}[agents]\n\"nell@acme.example\" = \"tea_1\"\n"));
    let rows = [
        note("n2", "c", 70, "Paid.\nTold her"),
        message("m1", "c", 0, "Hi"),
        note("n1", "c", 60, "Angry"),
        message("m2", "c", 90, "Thanks"),
    ];
    let sources = chats(&rows);
    let entries = planned(&mapping, &sources, &Pins::default());
    let order: Vec<(u64, Form)> =
        entries.iter().zip(sent(&entries)).map(|(entry, planned)| (entry.number, planned.form)).collect();
    assert_eq!(order, [(1, Form::Message), (3, Form::Message), (2, Form::Comment), (0, Form::Comment)]);
    let all: std::collections::BTreeSet<&str> =
        sent(&entries).iter().map(|planned| planned.thread_ref.as_str()).collect();
    assert_eq!(all.len(), 1, "one conversation");

    let rebuilder = Rebuilder::new(Arc::clone(&mapping), sources);
    let comment = rebuilder.comment(&entries[3]).unwrap().request;
    let mark = crate::request::mark(&sent(&entries)[3].external_id);
    let body = format!("Note by nell@acme.example, 2019-01-01 00:01 UTC · {mark}\n\nPaid.  \nTold her");
    assert_eq!((comment.body, comment.author_id.as_deref()), (body, Some("tea_1")));
    assert!(rebuilder.request(&entries[3]).is_err(), "a note is never imported");
    assert!(rebuilder.comment(&entries[0]).is_err(), "and a message never a comment");
}

#[test]
fn as_messages_they_are_of_us_to_ourselves_and_say_what_they_are() {
    let mapping = with_kinds("[notes]\ninto = \"messages\"\n");
    let sources = chats(&[message("m1", "c", 0, "Hi"), note("n1", "c", 60, "Angry")]);
    let entries = planned(&mapping, &sources, &Pins::default());
    let request = Rebuilder::new(Arc::clone(&mapping), sources).request(&entries[1]).unwrap().request;
    assert_eq!((request.kind, request.metadata.is_inbound), ("custom", false));
    assert_eq!(request.to, ["nell@acme.example"]);
    assert_eq!(request.body, "[Internal note by nell@acme.example]\n\nAngry");
}

#[test]
fn a_note_of_no_conversation_is_rejected_unless_that_is_in_front() {
    let mapping = with_kinds(COMMENTS);
    let alone = chats(&[note("n1", "c", 60, "Angry"), message("m1", "other", 0, "Hi")]);
    let entries = planned(&mapping, &alone, &Pins::default());
    assert_eq!(statuses(&entries), ["rejected", "planned"]);

    let both = chats(&[message("m0", "c", 0, "Hi"), note("n1", "c", 60, "Angry")]);
    let first = planned(&mapping, &both, &Pins::default());
    let pins = pins_of(first.iter().filter(|entry| entry.number == 0), &accepted());
    let entries = planned(&mapping, &alone, &pins);
    assert_eq!(statuses(&entries), ["planned", "planned"]);
    assert_eq!(of(&entries, 0).thread_ref, of(&first, 0).thread_ref);
}

#[test]
fn a_note_decides_nothing_about_its_conversation() {
    let mapping = with_kinds(&format!(
        "{COMMENTS}[[rule]]\nwhen = {{ column = {{ text = 'Angry' }} }}\ninbox = \"Secret\"\n\
         archived = \"no-leave-these-conversations-open\"\nassignee = \"tea_1\"\n"
    ));
    let rows = chats(&[note("n1", "c", 0, "Angry"), message("m1", "c", 60, "Hi")]);
    let entries = planned(&mapping, &rows, &Pins::default());
    let message = of(&entries, 1);
    assert_eq!((message.inbox.as_str(), message.is_archived, &message.assignee), ("Support", true, &None));
}

#[test]
fn links_are_made_of_what_messages_say_and_there_is_none_where_they_say_too_little() {
    let values = "[values]\nticket = [{ header = \"X-Ticket\" }, { subject = '#(\\d+)' }]\n\
                  [defaults]\nlink = { url = \"https://old.example/t/{ticket}?x={{1}}\", name = \"Ticket {ticket}\" }\n";
    let mails = [
        letter("a", 0, "X-Ticket: A b/ü\n", "Hi"),
        letter("b", 1, "", "Hi").replace("Hello", "Hello #42"),
        letter("c", 2, "", "Hi"),
        letter("d", 3, "In-Reply-To: <a@x>\nX-Ticket: A b/ü\n", "Hi"),
    ];
    let mut found = finish_of(&format!("{values}[send]\norder = \"source\"\n"), &mails);
    let link = |url: &str, name: &str| Link { url: url.to_owned(), name: Some(name.to_owned()) };
    let own = link("https://old.example/t/A%20b%2F%C3%BC?x={1}", "Ticket A b/ü");
    assert_eq!(found.remove(0).links, std::slice::from_ref(&own));
    assert_eq!(found.remove(0).links, [own], "each message says what it gives; its conversation gets it once");
    assert_eq!(found.remove(0).links, [link("https://old.example/t/42?x={1}", "Ticket 42")]);
    assert_eq!(found.remove(0).links, []);
}

#[test]
fn the_first_rule_that_gives_a_status_or_a_field_decides_and_the_rest_adds_up() {
    let rules = "[values]\ncase = { header = \"X-Case\" }\n\
                 [defaults]\ncustom_fields = { Case = \"none of {case}\", Origin = \"legacy\" }\nmark = true\n\
                 [[rule]]\nwhen = { sender = \"ada@shop.example\" }\nstatus = \"Waiting\"\nfollowers = [\"tea_1\"]\n\
                 custom_fields = { Case = \"{case}\" }\n\
                 [[rule]]\nwhen = { since = 2019-01-01 }\nstatus = \"Open\"\nfollowers = [\"tea_2\", \"tea_1\"]\n\
                 link = { url = \"https://x.example/{case}\" }\n";
    let entries = planned_mails(&mapping(rules), &[letter("a", 0, "X-Case: 7\n", "Hi")]);
    let planned = of(&entries, 0);
    let finish = &planned.finish;
    assert_eq!(finish.status.as_deref(), Some("Waiting"));
    assert_eq!(finish.followers, ["tea_1", "tea_2"]);
    let fields = [("Case", "7"), ("Origin", "legacy")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(finish.custom_fields, fields);
    let urls: Vec<&str> = finish.links.iter().map(|link| link.url.as_str()).collect();
    assert_eq!(urls, [mark_of(&planned.thread_ref).as_str(), "https://x.example/7"]);
}

#[test]
fn what_finish_costs_is_in_the_plan() {
    let mapping = with_kinds(&format!(
        "{COMMENTS}[values]\nticket = {{ column = \"ticket\" }}\n\
         [defaults]\nlink = {{ url = \"https://old.example/{{ticket}}\" }}\n"
    ));
    let rows = [
        message("m1", "c", 0, "Hi"),
        message("m2", "c", 1, "Hi?"),
        note("n1", "c", 2, "Angry"),
        note("n2", "c", 3, "Calm"),
        message("m3", "d", 4, "Hi"),
    ];
    let overview = overview_of(&mapping, &chats(&rows), &Pins::default());
    assert_eq!((overview.messages, overview.threads), (3, 2));
    let finish = overview.finish;
    assert_eq!((finish.conversations, finish.comments, finish.links), (2, 2, 2));
    // Each conversation: a look, the link, attaching it. The notes: a look at the comments, and each.
    assert_eq!(finish.requests, 2 * 3 + 1 + 2);
}

#[test]
fn tags_that_a_conversation_was_sent_without_are_mended_and_its_state() {
    let mails = [letter("a", 0, "", "Hi")];
    let first = planned_mails(&mapping(""), &mails);
    let pins = pins_of(&first, &accepted());
    let more = "[defaults]\ntags = [\"late\"]\n[[rule]]\nwhen = { since = 2019-01-01 }\n\
                archived = \"no-leave-these-conversations-open\"\n";
    let entries = planned(&mapping(more), &mails_only(&mails), &pins);
    let finish = &of(&entries, 0).finish;
    assert_eq!((finish.tags.as_slice(), finish.is_archived), (["late".to_owned()].as_slice(), Some(false)));
    assert!(of(&entries, 0).is_archived, "what is sent again says what it said");
    let same = planned(&mapping(""), &mails_only(&mails), &pins);
    assert!(of(&same, 0).finish.is_empty());
}
