//! Which messages are one conversation, where it goes, and whom it is with.

use super::*;
use crate::mapping::Format;
use std::collections::BTreeSet;

fn reply(id: &str, minute: i64, to: &str, headers: &str) -> String {
    letter(id, minute, &format!("In-Reply-To: <{to}@x>\n{headers}"), &format!("this is {id}"))
}

const BILLING: &str = r#"
[[rule]]
when = { recipient = "billing@acme.example" }
inbox = "Billing"
[[rule]]
when = { recipient = "sales@acme.example" }
inbox = "Sales"
"#;

fn to(id: &str, minute: i64, recipient: &str, headers: &str) -> String {
    letter(id, minute, &format!("To: {recipient}@acme.example\n{headers}"), &format!("this is {id}"))
}

#[test]
fn a_skipped_mail_still_links_its_thread() {
    let spam = reply("b", 1, "a", "X-Gmail-Labels: Spam\n");
    let entries = planned_mails(&mapping(""), &[letter("a", 0, "", "Hi"), spam, reply("c", 2, "b", "")]);
    assert_eq!(statuses(&entries), ["planned", "skipped", "planned"]);
    assert_eq!(of(&entries, 0).thread_ref, of(&entries, 2).thread_ref);
}

#[test]
fn the_first_of_rule_gmails_thread_references_and_nothing_that_a_mail_has_decides() {
    let mails = [
        letter("a", 0, "X-Ticket: 1\nX-GM-THRID: 5\n", "Hi"),
        letter("b", 1, "X-Ticket: 1\nX-GM-THRID: 6\nReferences: <c@x>\n", "Hi"),
        letter("c", 2, "X-GM-THRID: 5\n", "Hi"),
        letter("d", 3, "X-GM-THRID: 6\nReferences: <c@x>\n", "Hi"),
        reply("e", 4, "c", ""),
        letter("f", 5, "", "Hi"),
    ];
    let joined = |more: &str| -> Vec<usize> {
        let entries = planned_mails(&mapping(more), &mails);
        let refs: Vec<&str> = (0..6).map(|number| of(&entries, number).thread_ref.as_str()).collect();
        refs.iter().map(|found| refs.iter().position(|other| other == found).unwrap()).collect()
    };
    assert_eq!(joined("[thread]\nheader = \"X-Ticket\""), [0, 0, 2, 3, 2, 5]);
    assert_eq!(joined(""), [0, 1, 0, 1, 0, 5]);
    let tickets = ["[#7] Lamp", "Re: [#7] lamp", "[#8] Lamp", "Lamp"].iter().zip(["a", "b", "c", "d"]);
    let mails: Vec<String> = tickets
        .map(|(subject, id)| letter(id, 0, "", "Hi").replace("Subject: Hello", &format!("Subject: {subject}")))
        .collect();
    let entries = planned_mails(&mapping("[thread]\nsubject = '\\[#(\\d+)\\]'"), &mails);
    let refs: std::collections::BTreeSet<&str> =
        sent(&entries).iter().map(|planned| planned.thread_ref.as_str()).collect();
    assert_eq!(refs.len(), 3);
    assert_eq!(of(&entries, 0).thread_ref, of(&entries, 1).thread_ref);
}

#[test]
fn equal_subjects_join_only_if_the_mapping_asks_and_from_one_mail_to_the_next_within_its_days() {
    let day = 24 * 60;
    let mails = [
        letter("a", 0, "", "Hi"),
        letter("b", 2 * day, "", "Ho").replace("Subject: ", "Subject: AW: "),
        letter("c", 5 * day + 1, "", "Ha"),
        letter("d", 0, "", "x").replace("Subject: Hello", "Subject: Re:"),
        letter("e", 0, "", "y").replace("Subject: Hello", "Subject: Re:"),
    ];
    let threads = |more: &str| {
        let entries = planned_mails(&mapping(more), &mails);
        let refs: std::collections::BTreeSet<&str> =
            sent(&entries).iter().map(|planned| planned.thread_ref.as_str()).collect();
        (refs.len(), of(&entries, 0).thread_ref == of(&entries, 1).thread_ref)
    };
    assert_eq!(threads(""), (5, false));
    assert_eq!(threads("[thread]\njoin_by_subject = 1"), (5, false));
    assert_eq!(threads("[thread]\njoin_by_subject = 2"), (4, true));
    assert_eq!(threads("[thread]\njoin_by_subject = 4"), (3, true), "subjects that say nothing join nothing");
}

#[test]
fn strangers_are_apart() {
    let entries = planned_mails(&mapping(""), &[letter("a", 0, "", "Hi"), letter("b", 0, "", "Hi")]);
    assert_ne!(of(&entries, 0).thread_ref, of(&entries, 1).thread_ref);
}

#[test]
fn a_thread_goes_to_the_inbox_of_its_oldest_message_that_has_a_rule() {
    let mails = [
        letter("a", 0, "", "Hi"),
        to("c", 2, "sales", "References: <a@x>\n"),
        to("b", 1, "billing", "References: <a@x>\n"),
    ];
    let entries = planned_mails(&mapping(BILLING), &mails);
    assert!(sent(&entries).iter().all(|planned| planned.inbox == "Billing"));
    let without = planned_mails(&mapping(BILLING), &mails[..1]);
    assert_eq!(sent(&without)[0].inbox, "Support");
}

#[test]
fn of_the_rules_that_name_an_inbox_the_first_that_matches_decides() {
    let both = to("a", 0, "sales", "Cc: billing@acme.example\n");
    assert_eq!(sent(&planned_mails(&mapping(BILLING), &[both]))[0].inbox, "Billing");
}

#[test]
fn a_kept_copy_that_matches_an_earlier_rule_brings_its_inbox() {
    let copies = [letter("a", 0, "Bcc: eve@x\nX-Gmail-Labels: B\n", "Hi"), letter("a", 0, "X-Gmail-Labels: A\n", "Hi")];
    let rules =
        "[[rule]]\nwhen = { label = \"A\" }\ninbox = \"A\"\n[[rule]]\nwhen = { label = \"B\" }\ninbox = \"B\"\n";
    let entries = planned_mails(&mapping(rules), &copies);
    assert_eq!(statuses(&entries), ["planned", "duplicate"]);
    assert_eq!(of(&entries, 0).inbox, "A");
}

#[test]
fn what_was_sent_keeps_ref_inbox_and_archived_and_newcomers_join_it() {
    let first = letter("a", 5, "", "Hi");
    let before = planned_mails(&mapping(BILLING), std::slice::from_ref(&first));
    let pins = pins_of(&before, &accepted());
    // An older mail of the thread turns up, which would name thread, inbox and state if nothing had been sent.
    let mapping = mapping(&format!("[silence]\narchived = \"no-leave-every-imported-conversation-open\"\n{BILLING}"));
    for mails in [
        vec![first.clone(), to("root", 0, "billing", ""), reply("a", 5, "root", "")],
        vec![to("root", 0, "billing", ""), letter("c", 9, "References: <root@x> <a@x>\n", "Ho")],
    ] {
        let after = planned(&mapping, &mails_only(&mails), &pins);
        let joined = sent(&after).into_iter().filter(|planned| planned.thread_ref == of(&before, 0).thread_ref);
        assert!(joined.clone().count() >= 2, "{:?}", sent(&after));
        assert!(joined.clone().all(|planned| planned.inbox == "Support" && planned.is_archived));
    }
}

#[test]
fn a_refused_message_pins_neither_inbox_nor_ref() {
    let mail = to("a", 0, "billing", "");
    let before = planned_mails(&mapping(""), std::slice::from_ref(&mail));
    let after = planned(&mapping(BILLING), &mails_only(&[mail]), &pins_of(&before, &refused()));
    assert_eq!(of(&after, 0).external_id, of(&before, 0).external_id);
    assert_eq!((of(&before, 0).inbox.as_str(), of(&after, 0).inbox.as_str()), ("Support", "Billing"));
}

#[test]
fn a_thread_sent_into_two_inboxes_goes_on_in_the_first() {
    let mails = [letter("a", 0, "", "Hi"), reply("b", 1, "a", "")];
    let before = planned_mails(&mapping(""), &mails);
    let mut pins = Pins::default();
    for (entry, inbox) in before.iter().zip(["Billing", "Support"]) {
        pins.add(Pin { inbox: inbox.into(), ..pin_of(entry, accepted()) });
    }
    let after = planned(&mapping(""), &mails_only(&[reply("c", 2, "b", "")]), &pins);
    assert_eq!(of(&after, 0).inbox, "Billing");
    assert_eq!(of(&after, 0).thread_ref, of(&before, 0).thread_ref);
}

#[test]
fn two_sent_threads_that_turn_out_to_be_one_keep_their_refs() {
    let apart = [letter("a", 0, "", "Hi"), letter("b", 1, "", "Ho")];
    let before = planned_mails(&mapping(""), &apart);
    let [one, other] = apart;
    let after = planned(
        &mapping(""),
        &mails_only(&[one, other, letter("c", 2, "References: <a@x> <b@x>\n", "Both")]),
        &pins_of(&before, &accepted()),
    );
    assert_eq!(of(&after, 0).thread_ref, of(&before, 0).thread_ref);
    assert_eq!(of(&after, 1).thread_ref, of(&before, 1).thread_ref);
    assert_eq!(of(&after, 2).thread_ref, of(&before, 1).thread_ref, "the nearest ancestor's");
}

#[test]
fn newcomers_of_a_chat_join_what_was_sent_of_it_though_the_mapping_now_names_threads_otherwise() {
    let first = line("c1", 0, "ada", "Hi", "visitor");
    let second = line("c1", 60, "ada", "Still there?", "visitor");
    let before = planned(&mapping(""), &sources(&[], std::slice::from_ref(&first)), &Pins::default());
    let mapping = mapping("[thread]\nheader = \"who\"");
    let rows = sources(&[], &[first, second]);
    let unpinned = planned(&mapping, &rows, &Pins::default());
    assert_ne!(of(&unpinned, 0).thread_ref, of(&before, 0).thread_ref, "the rule does change the name");
    let after = planned(&mapping, &rows, &pins_of(&before, &accepted()));
    assert_eq!(of(&after, 0).thread_ref, of(&before, 0).thread_ref);
    assert_eq!(of(&after, 1).thread_ref, of(&before, 0).thread_ref);
}

#[test]
fn what_we_wrote_in_a_chat_goes_to_its_customer() {
    let rows = [
        line("c1", 0, "leela", "Hello, can I help?", "agent"),
        line("c1", 1, "system", "Ada joined", "system"),
        line("c1", 2, "ada", "Yes", "visitor"),
        line("c1", 3, "bob", "I am here too", "visitor"),
        line("c2", 0, "leela", "Nobody there?", "agent"),
    ];
    let entries = planned(&mapping(""), &sources(&[], &rows), &Pins::default());
    assert_eq!(statuses(&entries), ["planned", "skipped", "planned", "planned", "planned"]);
    assert_eq!(of(&entries, 0).customer.as_deref(), Some("ada"));
    assert_eq!(of(&entries, 2).customer, None, "a visitor's lines name theirs");
    assert_eq!(of(&entries, 4).customer, None, "nobody to name: the fallback of the mapping stands in");
}

#[test]
fn an_author_is_known_by_the_best_handle_that_stands_beside_theirs_in_the_conversation() {
    let mut mapping = Mapping::clone(&mapping(""));
    for source in &mut mapping.sources {
        if let Format::Csv(csv) = &mut source.format {
            // The last cell holds an address in some rows.
            csv.columns.sender = vec!["labels".to_owned(), "who".to_owned()];
            csv.columns.labels = None;
        }
    }
    let said = |chat, second: i64, who, mail| {
        row_in(0, ["", chat, &(NEW_YEAR + second).to_string(), who, "hi", "visitor", mail])
    };
    let rows = [
        said("c1", 0, "v1", ""),
        line("c1", 1, "leela", "Hello", "agent"),
        said("c1", 2, "v1", "judith@x.example"),
        said("c1", 3, "v2", ""),
        said("c2", 4, "v1", ""),
        said("c3", 5, "Owen", "owen@x.example"),
        said("c3", 6, "Owen", "owen@y.example"),
        said("c3", 7, "Owen", ""),
    ];
    let entries = planned(&mapping, &sources(&[], &rows), &Pins::default());
    let customer = |number| of(&entries, number).customer.as_deref();
    assert_eq!(customer(0), Some("judith@x.example"), "said in row 2 of the same visitor");
    assert_eq!(customer(1), Some("judith@x.example"), "whom we wrote to, once they are known");
    assert_eq!(customer(2), None, "known already");
    assert_eq!(customer(3), None, "another visitor of the same conversation");
    assert_eq!(customer(4), None, "nothing is taken from another conversation");
    assert_eq!(customer(7), None, "two people of one name");
    let ids: BTreeSet<&str> = sent(&entries).iter().map(|planned| planned.external_id.as_str()).collect();
    let early = planned(&mapping, &sources(&[], &rows[..2]), &Pins::default());
    assert!(sent(&early).iter().all(|planned| ids.contains(planned.external_id.as_str())), "no id hangs on it");
}
