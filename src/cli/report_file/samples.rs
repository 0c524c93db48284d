//! Which conversations are shown as samples: some of each inbox, the largest, the newest, the oldest, and those that have what
//! people ask about.

use super::messages;
use crate::cli::exit::Failure;
use crate::ledger::{Ledger, Planned, Verdict};
use crate::plan::Rebuilder;
use crate::report::{ChangeExamples, Conversation, Conversations};
use std::collections::BTreeMap;
use std::ops::Range;

/// Conversations that are shown.
pub(super) const MAX_SHOWN: usize = 12;

/// Inboxes of which one each is looked for; those that hold most come first.
const MAX_INBOXES: usize = 6;

/// Messages of one conversation that are shown: the first half and the last.
pub(super) const MAX_MESSAGES: u64 = 20;

/// What is known of a conversation while the plan is walked over.
#[derive(Clone)]
struct Seen {
    range: Range<u64>,
    inbox: String,
    oldest: i64,
    newest: i64,
    files: u64,
    inbound: u64,
    is_archived: bool,
    is_assigned: bool,
    is_tagged: bool,
}

impl Seen {
    fn begin(position: u64, planned: &Planned) -> Self {
        Self {
            range: position..position,
            inbox: planned.inbox.clone(),
            oldest: planned.created_at,
            newest: planned.created_at,
            files: 0,
            inbound: 0,
            is_archived: planned.is_archived,
            is_assigned: planned.assignee.is_some(),
            is_tagged: false,
        }
    }

    fn add(&mut self, planned: &Planned) {
        self.range.end += 1;
        self.oldest = self.oldest.min(planned.created_at);
        self.newest = self.newest.max(planned.created_at);
        self.files += u64::from(planned.traits.files);
        self.inbound += u64::from(planned.is_inbound);
        self.is_tagged |= !planned.tags.is_empty();
    }

    fn messages(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// How much there is to see of what an inbox usually holds: an exchange that is not too long, with files and tags.
    fn worth(&self) -> u64 {
        let messages = self.messages();
        let is_exchange = self.inbound > 0 && self.inbound < messages;
        let is_short = (2..=8).contains(&messages);
        u64::from(is_exchange) * 4 + u64::from(is_short) * 2 + u64::from(self.files > 0) + u64::from(self.is_tagged)
    }
}

/// The best of a kind so far; of equal ones the first.
#[derive(Default)]
struct Best(Option<(u64, Seen)>);

impl Best {
    fn offer(&mut self, seen: &Seen, worth: u64) {
        if self.0.as_ref().is_none_or(|(best, _)| worth > *best) {
            self.0 = Some((worth, seen.clone()));
        }
    }

    fn taken(self) -> Option<Seen> {
        self.0.map(|(_, seen)| seen)
    }
}

/// Some of many, evenly over all: each that is kept stands for as many others.
#[derive(Default)]
struct Spread {
    kept: Vec<Seen>,
    /// Conversations that one stands for, as a power of two.
    doubled: u32,
}

impl Spread {
    fn offer(&mut self, seen: &Seen, number: u64) {
        if number.is_multiple_of(1 << self.doubled) {
            self.kept.push(seen.clone());
        }
        if self.kept.len() > 2 * MAX_SHOWN {
            let mut is_kept = false;
            self.kept.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.doubled += 1;
        }
    }
}

/// The candidates.
#[derive(Default)]
struct Candidates {
    conversations: u64,
    spread: Spread,
    largest: Best,
    newest: Best,
    oldest: Best,
    with_files: Best,
    loud: Best,
    assigned: Best,
    /// With the messages of each inbox.
    by_inbox: BTreeMap<String, (u64, Best)>,
}

impl Candidates {
    fn add(&mut self, seen: &Seen, is_archived: bool) {
        self.spread.offer(seen, self.conversations);
        self.conversations += 1;
        let since = |moment: i64| moment.cast_unsigned() ^ (1 << 63);
        self.largest.offer(seen, seen.messages());
        self.newest.offer(seen, since(seen.newest));
        self.oldest.offer(seen, u64::MAX - since(seen.oldest));
        if seen.files > 0 {
            self.with_files.offer(seen, seen.worth());
        }
        if !seen.is_archived && is_archived {
            self.loud.offer(seen, seen.worth());
        }
        if seen.is_assigned {
            self.assigned.offer(seen, seen.worth());
        }
        let of_inbox = self.by_inbox.entry(seen.inbox.clone()).or_default();
        of_inbox.0 += seen.messages();
        of_inbox.1.offer(seen, seen.worth());
    }

    /// Those that are shown, each with the reasons.
    fn chosen(self, changed: Option<Seen>) -> Vec<(Seen, Vec<String>)> {
        let mut chosen: Vec<(Seen, Vec<String>)> = Vec::new();
        let mut choose = |seen: Option<Seen>, why: String| {
            let Some(seen) = seen else { return };
            match chosen.iter_mut().find(|(other, _)| other.range == seen.range) {
                Some((_, because)) => because.push(why),
                None => chosen.push((seen, vec![why])),
            }
        };
        choose(self.loud.taken(), "left open by a rule".to_owned());
        let mut inboxes: Vec<(String, (u64, Best))> = self.by_inbox.into_iter().collect();
        inboxes.sort_by_key(|(_, (messages, _))| std::cmp::Reverse(*messages));
        for (inbox, (_, best)) in inboxes.into_iter().take(MAX_INBOXES) {
            choose(best.taken(), format!("one of {inbox}"));
        }
        choose(self.largest.taken(), "the largest".to_owned());
        choose(self.newest.taken(), "the newest".to_owned());
        choose(self.oldest.taken(), "the oldest".to_owned());
        choose(self.with_files.taken(), "with files".to_owned());
        choose(changed, "with changes".to_owned());
        choose(self.assigned.taken(), "assigned".to_owned());
        chosen.truncate(MAX_SHOWN);
        let spread = self.spread.kept;
        let step = spread.len().div_ceil(MAX_SHOWN.saturating_sub(chosen.len()).max(1)).max(1);
        // From beginning to end in the first round; what is chosen already leaves its room to the second.
        for seen in spread.iter().step_by(step).chain(&spread) {
            if chosen.len() < MAX_SHOWN && chosen.iter().all(|(other, _)| other.range != seen.range) {
                chosen.push((seen.clone(), vec!["for comparison".to_owned()]));
            }
        }
        chosen
    }
}

/// Walks over the plan once, chooses, and makes the messages of what was chosen again.
///
/// # Errors
/// If the ledger is damaged.
pub(super) fn collect(
    ledger: &Ledger,
    rebuilder: &Rebuilder,
    changes: &ChangeExamples,
    is_sent: bool,
) -> Result<Conversations, Failure> {
    let is_archived = rebuilder.mapping().silence.is_archived;
    let planned = ledger.messages();
    let mut candidates = Candidates::default();
    let mut current: Option<(String, Seen)> = None;
    for item in ledger.entries(0..planned)? {
        let (position, entry) = item?;
        let Verdict::Planned(planned) = entry.verdict else { continue };
        if current.as_ref().is_none_or(|(thread, _)| *thread != planned.thread_ref) {
            if let Some((_, seen)) = current.take() {
                candidates.add(&seen, is_archived);
            }
            current = Some((planned.thread_ref.clone(), Seen::begin(position, &planned)));
        }
        if let Some((_, seen)) = &mut current {
            seen.add(&planned);
        }
    }
    if let Some((_, seen)) = current {
        candidates.add(&seen, is_archived);
    }
    let all = candidates.conversations;
    let changed = changed(ledger, changes, planned)?;
    let mut conversations = Conversations::default();
    let mut room = messages::Room::default();
    for (seen, because) in candidates.chosen(changed) {
        conversations.shown.push(conversation(ledger, rebuilder, &seen, because, is_sent, &mut room)?);
    }
    conversations.left_out = all.saturating_sub(conversations.shown.len() as u64);
    Ok(conversations)
}

/// The conversation of a message that is changed in a rare way.
fn changed(ledger: &Ledger, changes: &ChangeExamples, planned: u64) -> Result<Option<Seen>, Failure> {
    let rare = changes.kinds.values().filter_map(|examples| Some((examples.len(), examples.first()?)));
    let Some((_, example)) = rare.min_by_key(|(examples, _)| *examples) else { return Ok(None) };
    for position in ledger.find(&example.id)?.into_iter().filter(|position| *position < planned) {
        if let Verdict::Planned(first) = ledger.entry(position)?.verdict {
            let range = ledger.conversation(position)?;
            return Ok(Some(Seen { range, ..Seen::begin(position, &first) }));
        }
    }
    Ok(None)
}

fn conversation(
    ledger: &Ledger,
    rebuilder: &Rebuilder,
    seen: &Seen,
    because: Vec<String>,
    is_sent: bool,
    room: &mut messages::Room,
) -> Result<Conversation, Failure> {
    let mut conversation = Conversation { because, inbox: seen.inbox.clone(), ..Conversation::default() };
    let left_out = seen.messages().saturating_sub(MAX_MESSAGES);
    let half = seen.range.start + MAX_MESSAGES / 2;
    for position in seen.range.clone() {
        if left_out > 0 && (half..half + left_out).contains(&position) {
            continue;
        }
        let entry = ledger.entry(position)?;
        let Verdict::Planned(planned) = &entry.verdict else { continue };
        conversation.is_archived = planned.is_archived;
        conversation.assignee = conversation.assignee.or_else(|| planned.assignee.clone());
        for tag in &planned.tags {
            if !conversation.tags.contains(tag) {
                conversation.tags.push(tag.clone());
            }
        }
        let state = if is_sent { Some(ledger.state(position)?.name()) } else { None };
        let (message, subject) = messages::message(rebuilder, &entry, planned, state, room);
        conversation.subject = conversation.subject.or(subject);
        conversation.messages.push(message);
    }
    conversation.left_out = left_out;
    conversation.gap = usize::try_from(MAX_MESSAGES / 2).unwrap_or_default();
    Ok(conversation)
}

#[cfg(test)]
mod tests {
    use super::{MAX_SHOWN, Seen, Spread};

    #[test]
    fn of_many_conversations_some_are_kept_from_beginning_to_end() {
        for all in [5, 25, 1_000, 12_345_u64] {
            let mut spread = Spread::default();
            for number in 0..all {
                let seen = Seen {
                    range: number..number + 1,
                    inbox: String::new(),
                    oldest: 0,
                    newest: 0,
                    files: 0,
                    inbound: 0,
                    is_archived: true,
                    is_assigned: false,
                    is_tagged: false,
                };
                spread.offer(&seen, number);
            }
            let kept: Vec<u64> = spread.kept.iter().map(|seen| seen.range.start).collect();
            let least = usize::try_from(all).unwrap().min(MAX_SHOWN);
            assert!((least..=2 * MAX_SHOWN).contains(&kept.len()), "{kept:?} of {all}");
            let steps: Vec<u64> = kept.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(kept[0] == 0 && steps.iter().all(|step| *step == steps[0]), "{kept:?} of {all}");
            assert!(kept.last().unwrap() + steps[0] >= all, "{kept:?} of {all}");
        }
    }
}
