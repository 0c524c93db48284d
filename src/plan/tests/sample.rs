//! A plan of some conversations only.

use super::*;
use std::collections::BTreeMap;

fn sampled(wanted: usize, sources: &Sources, pins: &Pins) -> Vec<Entry> {
    let mapping = mapping("");
    let (read, undecided) = read_by(1, &mapping, sources, pins);
    let resolution = resolve::resolve(&read, undecided, pins, &mapping, Some(wanted)).unwrap();
    resolution.entries(|_, _| Ok(())).collect::<Result<_, _>>().unwrap()
}

/// Conversations of one, two, three, ... mails; with a copy of each first mail.
fn conversations(count: usize) -> Sources {
    let mut mails = Vec::new();
    for n in 0..count {
        let minute = 10 * i64::try_from(n).unwrap();
        let first = letter(&format!("r{n}"), minute, "", "Hi");
        mails.extend([first.clone(), first]);
        for reply in 0..n % 3 {
            mails.push(letter(&format!("s{n}-{reply}"), minute + 1, &format!("References: <r{n}@x>\n"), "Re: Hi"));
        }
    }
    mails_only(&mails)
}

/// Messages by conversation.
fn by_ref(entries: &[Entry]) -> BTreeMap<&str, Vec<&Planned>> {
    sent(entries).into_iter().fold(BTreeMap::new(), |mut refs, planned| {
        refs.entry(planned.thread_ref.as_str()).or_insert_with(Vec::new).push(planned);
        refs
    })
}

#[test]
fn a_sample_has_whole_conversations_as_they_are_planned_and_every_other_record_is_counted_as_left_out() {
    let sources = conversations(30);
    let whole = planned(&mapping(""), &sources, &Pins::default());
    for wanted in [0, 1, 7, 30, 99] {
        let sample = sampled(wanted, &sources, &Pins::default());
        assert_eq!(sample.len(), whole.len(), "every record is in one place");
        let (kept, all) = (by_ref(&sample), by_ref(&whole));
        assert_eq!(kept.len(), wanted.min(30));
        for (thread_ref, messages) in kept {
            assert_eq!(messages, all[thread_ref]);
        }
        let left_out = statuses(&sample).into_iter().filter(|status| *status == "skipped").count();
        let copies = statuses(&sample).into_iter().filter(|status| *status == "duplicate").count();
        assert_eq!(left_out + copies + sent(&sample).len(), sample.len());
        assert_eq!(copies, wanted.min(30), "the copies of what is left out are left out as well");
    }
}

#[test]
fn a_sample_is_spread_over_old_and_new() {
    let sample = sampled(3, &conversations(30), &Pins::default());
    let mut tens: Vec<i64> = sent(&sample).iter().map(|planned| (planned.created_at - NEW_YEAR) / 600).collect();
    tens.sort_unstable();
    tens.dedup();
    assert_eq!(tens.len(), 3, "{tens:?}");
    assert!(tens[0] < 10 && (10..20).contains(&tens[1]) && tens[2] >= 20, "{tens:?}");
}

#[test]
fn what_was_sent_before_stays_in_the_sample() {
    let sources = conversations(30);
    let whole = planned(&mapping(""), &sources, &Pins::default());
    let before: Vec<&Entry> = whole.iter().filter(|entry| entry.verdict.status().0 == "planned").take(9).collect();
    let pins = pins_of(before.iter().copied(), &State::Accepted { uid: "u".into() });
    let sample = sampled(1, &sources, &pins);
    let kept: Vec<&str> = sent(&sample).iter().map(|planned| planned.external_id.as_str()).collect();
    for entry in before {
        let Verdict::Planned(planned) = &entry.verdict else { unreachable!() };
        assert!(kept.contains(&planned.external_id.as_str()));
    }
}

#[test]
fn a_huge_conversation_is_not_chosen_while_there_are_others() {
    let mut mails: Vec<String> =
        (0..60).map(|n| letter(&format!("h{n}"), 900 + n, "References: <h@x>\n", "Long")).collect();
    mails.push(letter("small", 0, "", "Hi"));
    let one = sampled(1, &mails_only(&mails), &Pins::default());
    assert_eq!(sent(&one).len(), 1);
    let only_huge = sampled(1, &mails_only(&mails[..60]), &Pins::default());
    assert_eq!(sent(&only_huge).len(), 60);
}
