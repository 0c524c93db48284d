//! Whose contacts a plan counts, and that those are the people whom the messages name when they are read again.

use super::overview::overview_of;
use super::*;
use crate::plan::Rebuilder;
use std::collections::BTreeSet;

/// The people of a plan, each once, and that the plan has counted as many.
fn people(mapping: &Arc<Mapping>, sources: &Sources) -> Vec<String> {
    let rebuilder = Rebuilder::new(Arc::clone(mapping), Arc::clone(sources));
    let entries = planned(mapping, sources, &Pins::default());
    let all = entries.iter().flat_map(|entry| rebuilder.people(entry).unwrap());
    let all: BTreeSet<String> = all.map(|it| format!("{}:{}", it.reached.source, it.reached.handle)).collect();
    let counted = overview_of(mapping, sources, &Pins::default()).prepare.people;
    assert_eq!(counted, all.len() as u64, "{all:?}");
    all.into_iter().collect()
}

fn contacts(of: &str, more: &str) -> Arc<Mapping> {
    mapping(&format!("[contacts]\nof = \"{of}\"\n{more}"))
}

#[test]
fn those_who_wrote_to_us_and_only_if_asked_for_those_we_wrote_to() {
    let agents = "[agents]\n\"nell@home.example\" = \"tea_1\"\n";
    let from_us = "From: support@acme.example\nTo: Bob <bob@shop.example>, nell@home.example\nCc: joe@x.invalid\n";
    let mails = [
        letter("a", 0, "", "Hi"),
        letter("b", 1, "From: ADA@shop.example\n", "Hi again"),
        letter("c", 2, from_us, "Hello"),
        letter("d", 3, "From: spam@robot.example\n", "Win"),
        letter("a", 0, "From: Ada <ada@shop.example>\nTo: support@acme.example\n", "Hi"),
    ];
    let skip = "[[rule]]\nwhen = { sender = \"spam@robot.example\" }\nskip = \"robots\"\n";
    let sources = mails_only(&mails);
    let more = format!("{agents}{skip}");
    assert_eq!(people(&contacts("senders", &more), &sources), ["email:ada@shop.example"]);
    assert_eq!(people(&contacts("everybody", &more), &sources), ["email:ada@shop.example", "email:bob@shop.example"]);
    assert_eq!(people(&mapping(&more), &sources), Vec::<String>::new());
}

#[test]
fn a_chats_customer_stands_in_where_the_message_names_nobody() {
    let rows = [
        line("c", 0, "ada", "Hi", "visitor"),
        line("c", 1, "nell", "Hello", "agent"),
        line("d", 2, "+491234567", "Hi", "visitor"),
        line("e", 3, "nell", "Anybody there?", "agent"),
    ];
    let sources = sources(&[], &rows);
    for of in ["senders", "everybody"] {
        assert_eq!(people(&contacts(of, ""), &sources), ["custom:ada", "phone:+491234567"], "{of}");
    }
}

#[test]
fn a_person_is_known_by_the_handle_that_is_sent() {
    let text =
        format!("{BASE}\n[contacts]\nof = \"senders\"\n").replace("sender = \"who\"", "sender = [\"labels\", \"who\"]");
    let text = text.replace(", labels = \"labels\"", "");
    let mapping = Arc::new(mapping::parse(Path::new("mapping.toml"), &text).ok().unwrap());
    let row = |chat: &str, second: i64, mail: &str| {
        row_in(0, ["", chat, &(NEW_YEAR + second).to_string(), "ada", "Hi", "visitor", mail])
    };
    // The second row leaves out what the first one knows, in one conversation alone.
    let rows = [row("c", 0, "ada@shop.example"), row("c", 1, ""), row("d", 2, "")];
    assert_eq!(people(&mapping, &sources(&[], &rows[..2])), ["email:ada@shop.example"]);
    assert_eq!(people(&mapping, &sources(&[], &rows)), ["custom:ada", "email:ada@shop.example"]);
}
