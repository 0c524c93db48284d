//! What is delivered through a channel instead of being imported.

use super::overview::overview_of;
use super::*;
use crate::ledger::Form;
use crate::plan::Rebuilder;

const CHANNEL: &str = "cha_live";

/// The mapping of mails and chats, whose chats are delivered from the second day of 2019 on.
fn live(more: &str) -> Arc<Mapping> {
    live_with("deliver = { channel = \"cha_live\", since = 2019-01-02 }", more)
}

fn live_with(keys: &str, more: &str) -> Arc<Mapping> {
    let text = format!("{BASE}\n{more}").replace("path = \"chat.csv\"\n", &format!("path = \"chat.csv\"\n{keys}\n"));
    match mapping::parse(Path::new("mapping.toml"), &text) {
        Ok(mapping) => Arc::new(mapping),
        Err(errors) => panic!("{}", errors.render(false)),
    }
}

fn said(id: &str, chat: &str, hour: i64, who: &str, role: &str) -> Written {
    row_in(0, [id, chat, &(NEW_YEAR + hour * 3_600).to_string(), who, "Is *anyone* here?\nHello", role, ""])
}

fn two_days() -> Sources {
    let rows = [
        said("m1", "c", 10, "ada", "visitor"),
        said("m2", "c", 11, "nell", "agent"),
        said("m3", "c", 25, "ada", "visitor"),
        said("m4", "c", 26, "nell", "agent"),
        said("m5", "d", 24, "ben", "visitor"),
        said("m6", "c", 27, "ada", "visitor"),
    ];
    sources(&[], &rows)
}

/// Ids and forms in the order of sending.
fn order(entries: &[Entry]) -> Vec<(&str, Form)> {
    entries
        .iter()
        .zip(sent(entries))
        .map(|(entry, planned)| (entry.original_id.as_deref().unwrap(), planned.form))
        .collect()
}

#[test]
fn what_customers_wrote_since_is_delivered_behind_all_else_and_what_we_wrote_is_left_out() {
    let entries = planned(&live(""), &two_days(), &Pins::default());
    let (message, live) = (Form::Message, Form::Delivery);
    assert_eq!(order(&entries), [("m1", message), ("m2", message), ("m3", live), ("m6", live), ("m5", live)]);
    let Verdict::Skipped { cause } = &entries.last().unwrap().verdict else { panic!() };
    assert_eq!(cause, "written by us, 2019-01-02 or later: a channel takes what customers write (`deliver` of chat)");
}

#[test]
fn it_makes_threads_of_its_own_and_says_where_it_goes() {
    let entries = planned(&live(""), &two_days(), &Pins::default());
    let (imported, delivered) = (of(&entries, 0), of(&entries, 2));
    assert_eq!(delivered.thread_ref, format!("{}-{CHANNEL}", imported.thread_ref));
    assert_eq!(
        (delivered.inbox.as_str(), of(&entries, 5).thread_ref.as_str()),
        (CHANNEL, delivered.thread_ref.as_str())
    );
    assert!(delivered.tags.is_empty() && delivered.finish.is_empty() && delivered.assignee.is_none());
    let rules = "[defaults]\ntags = [\"x\"]\nmark = true\n[[rule]]\nwhen = { since = 2019-01-01 }\ninbox = \"B\"\nassignee = \"tea_1\"\n";
    let entries = planned(&live(rules), &two_days(), &Pins::default());
    assert_eq!(of(&entries, 0).inbox, "B");
    let delivered = of(&entries, 2);
    assert!(delivered.tags.is_empty() && delivered.finish.is_empty() && delivered.assignee.is_none());
    assert_eq!(delivered.inbox, CHANNEL);
}

#[test]
fn its_text_stays_a_text_though_the_channel_takes_markdown() {
    let (mapping, sources) = (live(""), two_days());
    let entries = planned(&mapping, &sources, &Pins::default());
    let rebuilder = Rebuilder::new(Arc::clone(&mapping), sources);
    let entry = entries.iter().find(|entry| entry.number == 2).unwrap();
    let delivery = rebuilder.delivery(entry).unwrap().request;
    assert_eq!((delivery.sender.handle.as_str(), delivery.body_format), ("ada", "html"));
    assert!(delivery.body.contains("Is *anyone* here?<br"), "{}", delivery.body);
    assert_eq!(delivery.metadata.thread_ref, of(&entries, 2).thread_ref);
    assert!(rebuilder.request(entry).is_err(), "it is never imported");
    let imported = entries.iter().find(|entry| entry.number == 0).unwrap();
    assert!(rebuilder.delivery(imported).is_err(), "and what is imported is never delivered");
}

#[test]
fn the_plan_counts_it_apart() {
    let overview = overview_of(&live(""), &two_days(), &Pins::default());
    assert_eq!((overview.messages, overview.threads), (2, 1));
    let live = overview.delivering;
    assert_eq!((live.messages, live.conversations, live.requests), (3, 2, 6));
    assert_eq!(live.channels, std::collections::BTreeMap::from([(CHANNEL.to_owned(), 3)]));
    assert_eq!(overview.inboxes.keys().collect::<Vec<_>>(), ["Support"], "a channel is no inbox");
}

#[test]
fn what_was_imported_is_never_delivered_and_what_was_delivered_never_imported() {
    let before = planned(&mapping(""), &two_days(), &Pins::default());
    let sent = before.iter().filter(|entry| matches!(entry.original_id.as_deref(), Some("m3" | "m4")));
    let imported = planned(&live(""), &two_days(), &pins_of(sent, &accepted()));
    assert_eq!(of(&imported, 2).form, Form::Message);
    assert_eq!(of(&imported, 2).thread_ref, of(&before, 2).thread_ref);
    assert_eq!(of(&imported, 3).form, Form::Message, "ours, but Front has it");
    assert_eq!(of(&imported, 5).form, Form::Delivery);

    let delivered = planned(&live(""), &two_days(), &Pins::default());
    let sent = delivered.iter().filter(|entry| entry.original_id.as_deref() == Some("m3"));
    let pins = pins_of(sent, &State::Unknown { why: "lost".into() });
    let entries = planned(&mapping(""), &two_days(), &pins);
    assert_eq!((of(&entries, 2).form, of(&entries, 2).inbox.as_str()), (Form::Delivery, CHANNEL));
    assert_eq!(of(&entries, 2).thread_ref, of(&delivered, 2).thread_ref);
    assert_eq!(of(&entries, 2).request, of(&delivered, 2).request);
    for number in [0, 1, 3, 5] {
        let planned = of(&entries, number);
        assert_eq!((planned.form, &planned.thread_ref), (Form::Message, &of(&delivered, 0).thread_ref), "{number}");
    }
    let overview = overview_of(&mapping(""), &two_days(), &pins);
    assert_eq!((overview.sent_and_gone, overview.sent_differently), (0, 0));
    assert_eq!(overview_of(&live(""), &two_days(), &pins).sent_and_gone, 0);
}

#[test]
fn one_message_is_delivered_once_however_many_inboxes_it_is_for() {
    let more = "[identity]\ncopies = \"per-inbox\"\n[[rule]]\nwhen = { sender = \"ada\" }\ninbox = \"A\"\n\
                [[rule]]\nwhen = { since = 2019-01-01 }\ninbox = \"B\"\n";
    let entries = planned(&live(more), &two_days(), &Pins::default());
    let forms: Vec<Form> = sent(&entries).iter().map(|planned| planned.form).collect();
    assert_eq!(forms.iter().filter(|form| **form == Form::Message).count(), 3, "one of them for both");
    assert_eq!(forms.iter().filter(|form| **form == Form::Delivery).count(), 3);
}

#[test]
fn a_sample_delivers_nothing() {
    let mapping = live("");
    let (sources, pins) = (two_days(), Pins::default());
    let (read, undecided) = read_by(1, &mapping, &sources, &pins);
    let resolution = resolve::resolve(&read, undecided, &pins, &mapping, Some(10)).unwrap();
    let entries: Vec<Entry> = resolution.entries(|_, _| Ok(())).collect::<Result<_, _>>().unwrap();
    assert_eq!(order(&entries), [("m1", Form::Message), ("m2", Form::Message)]);
}

#[test]
fn the_ends_of_the_source_hold_for_it_too() {
    let keys = "until = 2019-01-02T01:30:00Z\ndeliver = { channel = \"cha_live\", since = 2019-01-02 }";
    let entries = planned(&live_with(keys, ""), &two_days(), &Pins::default());
    let delivered: Vec<&str> =
        order(&entries).into_iter().filter(|(_, form)| *form == Form::Delivery).map(|(id, _)| id).collect();
    assert_eq!(delivered, ["m3", "m5"]);
}
