//! The ends of a source's time, and conversations that go on beyond.

use super::overview::overview_of;
use super::*;
use crate::plan::Straddle;

/// The mapping of mails and chats, whose chats have these keys.
fn chats_with(keys: &str, more: &str) -> Arc<Mapping> {
    let text = format!("{BASE}\n{more}").replace(
        "path = \"chat.csv\"\n",
        &format!("path = \"chat.csv\"\nkinds = {{ message = \"message\", note = \"note\" }}\n{keys}\n"),
    );
    let text = text.replace("labels = \"labels\" }", "labels = \"labels\", kind = \"kind\" }");
    match mapping::parse(Path::new("mapping.toml"), &text) {
        Ok(mapping) => Arc::new(mapping),
        Err(errors) => panic!("{}", errors.render(false)),
    }
}

fn said(id: &str, chat: &str, hour: i64, kind: &str) -> Written {
    let header = ["id", "chat", "time", "who", "text", "role", "labels", "kind"].map(str::to_owned).to_vec();
    let time = (NEW_YEAR + hour * 3_600).to_string();
    let cells = [id, chat, &time, "ada", id, "visitor", "", kind].map(str::to_owned).to_vec();
    (0, Content::Row(RawRow { header: Arc::new(header), cells, zone: None, run: None }))
}

/// Conversations before, after and on both sides of the second day of 2019, each with a note at its end.
fn three_days() -> Sources {
    let rows = [
        said("old", "before", 20, "message"),
        said("old-note", "before", 21, "note"),
        said("s1", "straddles", 22, "message"),
        said("s2", "straddles", 23, "message"),
        said("s3", "straddles", 24, "message"),
        said("s-note", "straddles", 25, "note"),
        said("new", "after", 26, "message"),
        said("new-note", "after", 27, "note"),
    ];
    sources(&[], &rows)
}

const COMMENTS: &str = "[notes]\ninto = \"comments\"\n";

/// The export's ids of what is sent, in order.
fn sent_ids(entries: &[Entry]) -> Vec<&str> {
    let planned = entries.iter().filter(|entry| matches!(entry.verdict, Verdict::Planned(_)));
    planned.filter_map(|entry| entry.original_id.as_deref()).collect()
}

fn cause_of<'e>(entries: &'e [Entry], id: &str) -> &'e str {
    let entry = entries.iter().find(|entry| entry.original_id.as_deref() == Some(id)).unwrap();
    let Verdict::Skipped { cause } = &entry.verdict else { panic!("{id} is not skipped: {entry:?}") };
    cause
}

fn straddle(conversations: u64, within: u64, beyond: u64) -> Straddle {
    let example =
        if conversations > 0 { ("chat-0, byte 2000".to_owned(), "s1".to_owned()) } else { Default::default() };
    Straddle { conversations, within, beyond, example }
}

#[test]
fn a_conversation_is_cut_at_until_unless_the_mapping_says_otherwise_and_the_plan_says_so() {
    let mapping = chats_with("until = 2019-01-02", COMMENTS);
    let entries = planned(&mapping, &three_days(), &Pins::default());
    assert_eq!(sent_ids(&entries), ["s1", "s2", "old", "old-note"]);
    assert_eq!(cause_of(&entries, "s3"), "dated 2019-01-02 or later (`until` of chat)");
    let overview = overview_of(&mapping, &three_days(), &Pins::default());
    assert_eq!(overview.straddling.cut, straddle(1, 2, 1));
    assert_eq!((overview.straddling.whole, overview.straddling.left), (straddle(0, 0, 0), straddle(0, 0, 0)));
}

#[test]
fn taken_whole_it_goes_with_all_of_its_messages_and_notes_and_what_lies_beyond_altogether_is_left_out() {
    let mapping = chats_with("until = 2019-01-02\nstraddling = \"whole\"", COMMENTS);
    let entries = planned(&mapping, &three_days(), &Pins::default());
    assert_eq!(sent_ids(&entries), ["s1", "s2", "s3", "old", "s-note", "old-note"]);
    assert_eq!(cause_of(&entries, "new"), "dated 2019-01-02 or later (`until` of chat)");
    assert_eq!(cause_of(&entries, "new-note"), "a note of a conversation beyond `until` of chat");
    let overview = overview_of(&mapping, &three_days(), &Pins::default());
    assert_eq!(overview.straddling.whole, straddle(1, 2, 1));
    assert_eq!((overview.messages, overview.threads), (4, 2));
}

#[test]
fn left_out_whole_it_is_named_as_the_cause() {
    let mapping = chats_with("until = 2019-01-02\nstraddling = \"leave\"", COMMENTS);
    let entries = planned(&mapping, &three_days(), &Pins::default());
    assert_eq!(sent_ids(&entries), ["old", "old-note"]);
    for id in ["s1", "s2", "s3", "s-note"] {
        let cause = "its conversation straddles `until` of chat (`straddling = \"leave\"`)";
        assert_eq!(cause_of(&entries, id), cause);
    }
    assert_eq!(overview_of(&mapping, &three_days(), &Pins::default()).straddling.left, straddle(1, 2, 1));
}

#[test]
fn since_is_the_same_from_the_other_side() {
    let of = |policy: &str| {
        let keys = format!("since = 2019-01-02\nstraddling = \"{policy}\"");
        planned(&chats_with(&keys, COMMENTS), &three_days(), &Pins::default())
    };
    assert_eq!(sent_ids(&of("cut")), ["new", "s3", "new-note", "s-note"]);
    assert_eq!(cause_of(&of("cut"), "s1"), "dated before 2019-01-02 (`since` of chat)");
    assert_eq!(sent_ids(&of("whole")), ["new", "s1", "s2", "s3", "new-note", "s-note"]);
    assert_eq!(sent_ids(&of("leave")), ["new", "new-note"]);
}

#[test]
fn a_late_note_of_a_conversation_that_was_cut_off_is_no_note_without_a_conversation() {
    let sources = sources(&[], &[said("m", "c", 0, "message"), said("n", "c", 30, "note")]);
    let entries = planned(&chats_with("since = 2019-01-02", COMMENTS), &sources, &Pins::default());
    assert_eq!(cause_of(&entries, "n"), "a note of a conversation beyond `since` of chat");
}

#[test]
fn what_was_sent_stays_and_its_conversation_is_cut_where_it_would_be_left_out() {
    let first = planned(&chats_with("until = 2019-01-01T23:30:00Z", COMMENTS), &three_days(), &Pins::default());
    let early = first.iter().filter(|entry| entry.original_id.as_deref() == Some("s1"));
    let pins = pins_of(early, &accepted());
    let leave = chats_with("until = 2019-01-02\nstraddling = \"leave\"", COMMENTS);
    let entries = planned(&leave, &three_days(), &pins);
    assert_eq!(sent_ids(&entries), ["s1", "s2", "old", "old-note"]);
    assert_eq!(overview_of(&leave, &three_days(), &pins).straddling.cut.conversations, 1);
    for policy in ["cut", "whole", "leave"] {
        let keys = format!("since = 2019-01-03\nstraddling = \"{policy}\"");
        assert_eq!(sent_ids(&planned(&chats_with(&keys, COMMENTS), &three_days(), &pins)), ["s1"], "{policy}");
    }
}

#[test]
fn a_copy_within_keeps_a_message_of_which_another_lies_beyond() {
    let text = format!("{BASE}\n")
        .replace("path = \"box.mbox\"\n", "path = \"box.mbox\"\nuntil = 2019-01-01\nstraddling = \"whole\"\n");
    let text = text.replace(
        "[[source]]\nname = \"chat\"",
        "[[source]]\nname = \"other\"\nformat = \"mbox\"\npath = \"other.mbox\"\n[[source]]\nname = \"chat\"",
    );
    let two =
        mapping::parse(Path::new("mapping.toml"), &text).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    let written = letter("a", 0, "", "Hi");
    let both = sources(&[mail(&written)], &[mail(&written)]);
    let entries = planned(&two, &both, &Pins::default());
    assert_eq!(statuses(&entries), ["planned", "duplicate"]);
    let one = sources(&[mail(&written)], &[]);
    assert_eq!(statuses(&planned(&two, &one, &Pins::default())), ["skipped"]);
}
