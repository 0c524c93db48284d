//! What a plan decided over several records and people may not expect, one line each.

use crate::plan::{Ends, HUGE, Listed, Overview, Straddle, Straddling};
use crate::words::{count, counted, most_frequent, some_of};

/// The largest conversations that are named; the plan keeps a few more.
const MAX_LARGEST: usize = 3;

/// Ways of being sent differently that are named.
const MAX_WAYS: usize = 5;

/// Further inboxes that are named.
const MAX_INBOXES: usize = 5;

/// The lines, the most grave first; none if nothing is out of the ordinary.
pub(in crate::report) fn decisions(plan: &Overview) -> Vec<String> {
    let mut lines = Vec::new();
    sent_before(plan, &mut lines);
    if plan.again > 0 {
        let messages = counted(plan.again, "message");
        lines.push(format!(
            "{messages} go out under new ids (such as …-r2), in new conversations: what was sent of them was taken back, or never came"
        ));
    }
    straddling(plan, &mut lines);
    unplaced(plan, &mut lines);
    several_inboxes(plan, &mut lines);
    copies(plan, &mut lines);
    huge_threads(plan, &mut lines);
    lines
}

fn unplaced(plan: &Overview, lines: &mut Vec<String>) {
    let authors = plan.own_authors.first.iter().filter(|author| author.is_unplaced);
    let handles: Vec<String> = authors.map(|author| author.handle.clone()).collect();
    let number = plan.own_authors.unplaced;
    if number > 0 {
        let (who, are) = if number == 1 { ("author", "is") } else { ("authors", "are") };
        lines.push(format!(
            "{} {who} on our domains {are} neither a teammate in [agents] nor an address of [ours]: {}",
            count(number),
            some_of(&handles, number)
        ));
    }
}

fn straddling(plan: &Overview, lines: &mut Vec<String>) {
    let Straddling { cut, whole, left } = &plan.straddling;
    let mut add = |kind: &Straddle, what: &str| {
        if kind.conversations > 0 {
            let conversations = counted(kind.conversations, "conversation");
            let (place, id) = &kind.example;
            let named = if id.is_empty() { place.clone() } else { format!("{id} ({place})") };
            lines.push(format!(
                "{conversations} with messages on both sides of `since` or `until`: {what}; such as that of {named}"
            ));
        }
    };
    let (within, beyond) = (|kind: &Straddle| counted(kind.within, "message"), |kind: &Straddle| count(kind.beyond));
    add(cut, &format!("cut there, {} on this side imported, {} beyond left out", within(cut), beyond(cut)));
    let doubled = "imported whole; what is of `until` or later Front may have from its channel as well";
    add(whole, &format!("{doubled}: {} on this side, {} beyond", within(whole), beyond(whole)));
    add(left, &format!("left out whole, {} on this side and {} beyond", within(left), beyond(left)));
}

fn several_inboxes(plan: &Overview, lines: &mut Vec<String>) {
    if plan.inbox_conflicts > 0 {
        let threads = counted(plan.inbox_conflicts, "conversation");
        lines.push(format!("{threads} with messages for different inboxes: the oldest that names one decided"));
    }
    if !plan.also_in.is_empty() {
        let inboxes = most_frequent(plan.also_in.iter().map(|(inbox, messages)| (inbox, *messages)));
        let more = inboxes.len().saturating_sub(MAX_INBOXES);
        let mut named: Vec<String> = inboxes
            .into_iter()
            .take(MAX_INBOXES)
            .map(|(inbox, messages)| format!("also in {inbox} {}", count(messages)))
            .collect();
        if more > 0 {
            named.push(format!("and in {more} more"));
        }
        let why = "imported once, into the inbox of the first rule or of their conversation";
        lines.push(format!("messages for several inboxes, {why}: {}", named.join(", ")));
    }
    if plan.further_copies > 0 {
        let messages = counted(plan.further_copies, "message");
        lines.push(format!("{messages} imported once more, for a further inbox (`copies = \"per-inbox\"`)"));
    }
    if plan.spread > 0 {
        let records = counted(plan.spread, "record");
        lines.push(format!("{records} more than mails: a mail for several inboxes counts once for each"));
    }
}

fn copies(plan: &Overview, lines: &mut Vec<String>) {
    if plan.repeated_rows > 0 {
        let rows = counted(plan.repeated_rows, "row");
        lines.push(format!(
            "{rows} without an id equal to another of the same file: numbered, each a message of its own"
        ));
    }
    if plan.collisions > 0 {
        let messages = counted(plan.collisions, "message");
        lines.push(format!(
            "{messages} with the id of a different one: `collisions` in the mapping says what becomes of them"
        ));
    }
    if plan.shared_rows > 0 {
        let rows = counted(plan.shared_rows, "row");
        lines.push(format!("{rows} without an id that overlapping exports hold again: imported once (see duplicate)"));
    }
}

fn huge_threads(plan: &Overview, lines: &mut Vec<String>) {
    if plan.huge_threads == 0 {
        return;
    }
    let threads = counted(plan.huge_threads, "conversation");
    let named: Vec<String> = plan
        .largest
        .iter()
        .take(MAX_LARGEST)
        .map(|thread| format!("{} in {} from {}", count(thread.messages), thread.inbox, thread.place))
        .collect();
    lines.push(format!("{threads} of more than {} messages, the largest: {}", count(HUGE), named.join("; ")));
    lines.push(
        "if those are not one matter, a `[thread]` rule or `join_by_subject` joins too much, or a list or a robot \
         answers itself: skip it by a [[rule]], or name its threads by a header"
            .to_owned(),
    );
}

fn sent_before(plan: &Overview, lines: &mut Vec<String>) {
    if plan.sent_differently > 0 {
        let messages = counted(plan.sent_differently, "message");
        lines.push(format!(
            "{messages} sent differently before: Front keeps what it has. Tags, inbox and archived can be mended there, \
             content, people and date cannot; nothing is sent again"
        ));
        if !plan.differences.first.is_empty() {
            lines.push(format!("in these ways: {}", ways(&plan.differences)));
        }
        if !plan.sent_differently_ids.is_empty() {
            let ids = some_of(&plan.sent_differently_ids, plan.sent_differently);
            lines.push(format!("among them {ids}; `show ID` names the place"));
        }
    }
    if plan.rejoined > 0 {
        let threads = counted(plan.rejoined, "conversation");
        lines.push(format!(
            "{threads} sent before turned out to be one with another: each keeps its ref, newcomers join the nearest one \
             that they answer"
        ));
    }
    if plan.doubles > 0 {
        lines.push(format!(
            "ATTENTION: {} left to send, {}, were sent before under other ids: Front would have them twice. Was a `namespace` \
             changed?",
            counted(plan.doubles, "message"),
            some_of(&plan.double_ids, plan.doubles),
        ));
    }
    if plan.sent_and_gone > 0 {
        let messages = counted(plan.sent_and_gone, "message");
        lines.push(format!(
            "{messages} sent before and not in these sources, or not fit to be read now{}; nobody looks for them unless \
             their records are back",
            known_of(plan.gone)
        ));
    }
}

/// What is known of messages that are not in the plan; nothing where the plan was made before that was counted.
fn known_of(gone: Ends) -> String {
    let said = [
        (gone.seen, "seen in Front"),
        (gone.accepted, "accepted and not seen"),
        (gone.missing, "missing"),
        (gone.unknown, "of unknown fate"),
    ];
    let said: Vec<String> = said
        .iter()
        .filter(|(messages, _)| *messages > 0)
        .map(|(messages, what)| format!("{} {what}", count(*messages)))
        .collect();
    if said.is_empty() { String::new() } else { format!(": {}", said.join(", ")) }
}

/// Ways in which messages differ, with their numbers first, since a way has commas of its own.
fn ways(differences: &Listed) -> String {
    let named = differences.first.iter().take(MAX_WAYS);
    let mut ways: Vec<String> = named.map(|(way, messages)| format!("{} {way}", count(*messages))).collect();
    let more = differences.left_out + differences.first.len().saturating_sub(MAX_WAYS) as u64;
    if more > 0 {
        ways.push(counted(more, "more way"));
    }
    ways.join("; ")
}
