//! Which records are one message, and under which id.

use super::*;

/// Two different messages that share a Message-ID.
fn collision() -> [String; 2] {
    [letter("a", 0, "", "the one"), letter("a", 0, "", "quite another")]
}

#[test]
fn copies_are_one_message_and_name_the_one_that_is_sent() {
    let copy = letter("a", 0, "", "Hi");
    let entries = planned_mails(&mapping(""), &[letter("b", 0, "", "Ho"), copy.clone(), copy]);
    assert_eq!(statuses(&entries), ["planned", "planned", "duplicate"]);
    let duplicate = entries.iter().find(|entry| entry.number == 2).unwrap();
    assert_eq!(duplicate.verdict, Verdict::Duplicate { of: 1 });
}

#[test]
fn the_copy_with_blind_copies_is_sent_wherever_it_lies() {
    let plain = letter("a", 0, "", "Hi");
    let rich = letter("a", 0, "Bcc: eve@shop.example\n", "Hi");
    let first = planned_mails(&mapping(""), &[rich.clone(), plain.clone()]);
    let last = planned_mails(&mapping(""), &[plain, rich]);
    assert_eq!(statuses(&first), ["planned", "duplicate"]);
    assert_eq!(statuses(&last), ["duplicate", "planned"]);
    assert_eq!(sent(&first), sent(&last));
}

#[test]
fn a_copy_filed_as_sent_settles_the_direction_against_one_with_a_footer() {
    let listed = letter("a", 0, "", "Hi\n\n_______________________________________________\nList mailing list\n");
    let filed = letter("a", 0, "X-Gmail-Labels: Sent\n", "Hi");
    let entries = planned_mails(&mapping(""), &[listed, filed]);
    assert_eq!(statuses(&entries), ["duplicate", "planned"]);
    assert!(!of(&entries, 1).is_inbound);
}

#[test]
fn labels_of_all_kept_copies_unite_in_one_order() {
    let with = |labels: &str| letter("a", 0, &format!("X-Gmail-Labels: {labels}\n"), "Hi");
    let mapping = mapping("[defaults]\ntags = [\"legacy\"]\nunlisted_labels = \"tag\"");
    let one = planned_mails(&mapping, &[with("Red,Blue"), with("Blue,Green"), with("Spam,Secret")]);
    let other = planned_mails(&mapping, &[with("Spam,Secret"), with("Green,Blue"), with("Blue,Red")]);
    assert_eq!(sent(&one)[0].tags, ["Blue", "Green", "Red", "legacy"]);
    assert_eq!(sent(&one)[0].tags, sent(&other)[0].tags);
}

#[test]
fn a_message_is_skipped_only_if_every_copy_of_it_is() {
    let trashed = letter("a", 0, "X-Gmail-Labels: Trash\n", "Hi");
    let kept = letter("a", 0, "X-Gmail-Labels: Inbox\n", "Hi");
    assert_eq!(statuses(&planned_mails(&mapping(""), &[trashed.clone(), kept])), ["skipped", "planned"]);
    assert_eq!(statuses(&planned_mails(&mapping(""), &[trashed.clone(), trashed])), ["skipped", "skipped"]);
}

#[test]
fn of_different_messages_with_one_message_id_both_are_kept() {
    let [one, other] = collision();
    let here = planned_mails(&mapping(""), &[one.clone(), other.clone()]);
    let there = planned_mails(&mapping(""), &[other, one]);
    assert_eq!(statuses(&here), ["planned", "planned"]);
    assert_eq!(of(&here, 0).external_id, of(&there, 1).external_id);
    assert_eq!(of(&here, 1).external_id, of(&there, 0).external_id);
    let (a, b) = (&of(&here, 0).external_id, &of(&here, 1).external_id);
    let (plain, suffixed) = if a.len() < b.len() { (a, b) } else { (b, a) };
    assert!(suffixed.starts_with(&format!("{plain}-")), "{suffixed} is {plain} with a suffix");
    assert!(suffixed.len() <= 100 && suffixed.is_ascii());
}

#[test]
fn if_the_mapping_says_richest_one_of_them_is_kept() {
    let long = letter("a", 0, "", "quite another, and longer");
    let mapping = mapping("[identity]\ncollisions = \"richest\"");
    let entries = planned_mails(&mapping, &[letter("a", 0, "", "the one"), long]);
    assert_eq!(statuses(&entries), ["duplicate", "planned"]);
    assert_eq!(of(&entries, 1).external_id.len(), "tl1-".len() + 40);
}

#[test]
fn richest_keeps_the_id_that_was_sent_even_if_it_has_a_suffix() {
    let both = planned_mails(&mapping(""), &collision());
    let suffixed = sent(&both).into_iter().map(|planned| &planned.external_id).max_by_key(|id| id.len()).unwrap();
    let was_sent = both.iter().filter(|entry| of(&both, entry.number).external_id == *suffixed);
    let pins = pins_of(was_sent, &accepted());
    let mapping = mapping("[identity]\ncollisions = \"richest\"");
    let again = planned(&mapping, &mails_only(&collision()), &pins);
    assert_eq!(sent(&again).len(), 1);
    assert_eq!(sent(&again)[0].external_id, *suffixed);
}

#[test]
fn richest_never_sends_a_second_message_under_one_message_id() {
    let [one, other] = collision();
    let mapping = mapping("[identity]\ncollisions = \"richest\"");
    let before = planned_mails(&mapping, &[one]);
    let after = planned(&mapping, &mails_only(&[other]), &pins_of(&before, &accepted()));
    assert_eq!(of(&after, 0).external_id, of(&before, 0).external_id);
}

#[test]
fn whatever_part_of_a_collision_was_sent_keeps_its_id() {
    let both = planned_mails(&mapping(""), &collision());
    for (number, mail) in (0..).zip(collision()) {
        let was_sent = both.iter().filter(|entry| entry.number == number);
        let pins = pins_of(was_sent, &accepted());
        let alone = planned(&mapping(""), &mails_only(&[mail]), &pins);
        assert_eq!(of(&alone, 0).external_id, of(&both, number).external_id, "it alone is in the later export");
        let again = planned(&mapping(""), &mails_only(&collision()), &pins);
        assert_eq!(of(&again, 0).external_id, of(&both, 0).external_id);
        assert_eq!(of(&again, 1).external_id, of(&both, 1).external_id);
    }
}

#[test]
fn a_newcomer_never_takes_the_id_of_a_different_message() {
    // Whichever of the two came first and is missing now; sent or refused, its id has its state in the ledger.
    let [one, other] = collision();
    for (first, newcomer) in [(&one, &other), (&other, &one)] {
        let before = planned_mails(&mapping(""), std::slice::from_ref(first));
        for state in [accepted(), refused(), State::Unknown { why: "lost".into() }] {
            let after = planned(&mapping(""), &mails_only(std::slice::from_ref(newcomer)), &pins_of(&before, &state));
            assert_ne!(of(&after, 0).external_id, of(&before, 0).external_id, "{state:?}");
            let both =
                planned(&mapping(""), &mails_only(&[newcomer.clone(), first.clone()]), &pins_of(&before, &state));
            assert_eq!(of(&both, 1).external_id, of(&before, 0).external_id, "{state:?}");
            assert_eq!(of(&both, 0).external_id, of(&after, 0).external_id, "the suffix stays: {state:?}");
        }
    }
}

#[test]
fn a_suffix_stays_although_nothing_is_known_any_more_of_what_had_the_plain_id() {
    let [one, other] = collision();
    for (first, second) in [(&one, &other), (&other, &one)] {
        let before = planned_mails(&mapping(""), std::slice::from_ref(first));
        let both = mails_only(&[first.clone(), second.clone()]);
        let then = planned(&mapping(""), &both, &pins_of(&before, &accepted()));
        // What the journal said of the first was lost. A refusal stands under the id that was refused.
        for state in [accepted(), refused()] {
            let pins = pins_of(then.iter().filter(|entry| entry.number == 1), &state);
            let now = planned(&mapping(""), &both, &pins);
            assert_eq!(of(&now, 1).external_id, of(&then, 1).external_id, "{state:?}");
            assert_eq!(of(&now, 0).external_id, of(&then, 0).external_id, "{state:?}");
        }
    }
}

#[test]
fn the_copy_that_was_sent_stays_when_a_richer_one_turns_up() {
    let poor = letter("a", 0, "", "Hi");
    let rich = letter("a", 0, "Bcc: eve@shop.example\n", "Hi");
    let before = planned_mails(&mapping(""), std::slice::from_ref(&poor));
    let sources = mails_only(&[rich, poor]);
    let after = planned(&mapping(""), &sources, &pins_of(&before, &accepted()));
    assert_eq!(statuses(&after), ["duplicate", "planned"]);
    assert_eq!(of(&after, 1), of(&before, 0));
    let freed = planned(&mapping(""), &sources, &pins_of(&before, &refused()));
    assert_eq!(statuses(&freed), ["planned", "duplicate"], "what Front refused may be sent richer");
}

#[test]
fn what_certainly_never_left_pins_nothing() {
    let before = planned_mails(&mapping(""), &collision()[..1]);
    let pins = pins_of(&before, &State::Planned);
    let after = planned(&mapping(""), &mails_only(&collision()[1..]), &pins);
    assert_eq!(of(&after, 0).external_id, of(&before, 0).external_id);
}

#[test]
fn a_chat_line_said_twice_in_one_file_is_two_messages() {
    let ok = || line("c1", 0, "ada", "ok", "visitor");
    let entries = planned(&mapping(""), &sources(&[], &[ok(), ok(), ok()]), &Pins::default());
    assert_eq!(statuses(&entries), ["planned"; 3]);
    let mut ids: Vec<&str> = sent(&entries).iter().map(|planned| planned.external_id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(ids[1], format!("{}-2", ids[0]));
    assert_eq!(ids[2], format!("{}-3", ids[0]));
}

#[test]
fn lines_of_one_second_keep_the_order_of_the_export_that_had_them_first() {
    let said = |file, number: usize, label: &'static str| {
        row_in(file, ["", "c1", &NEW_YEAR.to_string(), "ada", &format!("line {number}"), "visitor", label])
    };
    // Which copy is sent depends on what it holds, and labels differ between the exports.
    let rows: Vec<Written> =
        (0..8).map(|number| said(0, number, "")).chain((0..8).map(|number| said(1, number, "rated"))).collect();
    let entries = planned(&mapping(""), &sources(&[], &rows), &Pins::default());
    let planned = entries.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_)));
    assert_eq!(planned.map(|entry| entry.number % 8).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn exports_that_overlap_do_not_double_a_chat() {
    let second = (NEW_YEAR + 5).to_string();
    let ok = |file, labels| row_in(file, ["", "c1", &second, "ada", "ok", "visitor", labels]);
    let rows = [ok(0, ""), ok(0, ""), ok(1, ""), ok(2, "x"), ok(2, ""), ok(2, "y")];
    let entries = planned(&mapping(""), &sources(&[], &rows), &Pins::default());
    assert_eq!(sent(&entries).len(), 3, "as many as the one file that has most of them");
    assert_eq!(statuses(&entries).iter().filter(|status| **status == "duplicate").count(), 3);
}

#[test]
fn rows_with_an_id_of_their_own_are_copies_if_they_are_equal() {
    let second = NEW_YEAR.to_string();
    let row = |text| row_in(0, ["m1", "c1", &second, "ada", text, "visitor", ""]);
    let entries = planned(&mapping(""), &sources(&[], &[row("ok"), row("ok"), row("no")]), &Pins::default());
    assert_eq!(statuses(&entries), ["planned", "duplicate", "planned"]);
}

/// What stands here is in Front's books and in ledgers: a change doubles every mailbox imported before, and takes
/// every conversation apart.
#[test]
fn ids_and_refs_stay_as_they_are() {
    let mails = [letter("a", 0, "", "Hi"), letter("a", 0, "", "Ho"), letter("b", 1, "X-GM-THRID: 7\n", "Hi")];
    let rows = [line("c1", 0, "ada", "ok", "visitor"), line("c1", 0, "ada", "ok", "visitor")];
    let written: Vec<Written> = mails.iter().map(|text| mail(text)).collect();
    let entries = planned(&mapping(""), &sources(&written, &rows), &Pins::default());
    let golden: Vec<(&str, &str)> = (0..5)
        .map(|number| of(&entries, number))
        .map(|planned| (planned.external_id.as_str(), planned.thread_ref.as_str()))
        .collect();
    assert_eq!(golden, GOLDEN);
}

const GOLDEN: [(&str, &str); 5] = [
    ("tl1-f338d744f48280349c4f2b06558cda0d84609d92", "tl1-d572c33237bd77318e71a6e0ea2fc18b"),
    ("tl1-f338d744f48280349c4f2b06558cda0d84609d92-c33f0028a6bbd90a", "tl1-d572c33237bd77318e71a6e0ea2fc18b"),
    ("tl1-a286e1708e8bc577e818143b1016167f1edadd1f", "tl1-1be15a33f10fbc39c97193a0c1489d68"),
    ("tl1-0dfd6d3db288eb0a35ff6287f4b9bb49b621c22b", "tl1-3666d1de24bd8693d552c0e496171d9b"),
    ("tl1-0dfd6d3db288eb0a35ff6287f4b9bb49b621c22b-2", "tl1-3666d1de24bd8693d552c0e496171d9b"),
];
