//! What becomes of messages: defaults, labels, threads, rules.

use super::page::pattern;
use super::{Page, quoted, shown};
use crate::record::system_labels::{Meaning, meaning};
use crate::survey::Survey;
use crate::survey::mails::{Place, Ticket, most_frequent};
use crate::words::{count, counted};
use std::collections::HashMap;

/// Labels that are listed.
const MOST_LABELS: usize = 40;

/// Labels too long for a tag that are listed.
const MOST_LONG: usize = 5;

/// Front takes no longer name of a tag, in characters.
const LONGEST_TAG: usize = 64;

/// Own addresses that a rule is proposed for.
const MOST_RULES: usize = 6;

pub(super) fn defaults(survey: &Survey, page: &mut Page) {
    page.blank();
    page.header("[defaults]");
    page.code("tags = [\"imported\"]", "on every imported message, so that all of them can be found again");
    if let Some((mailbox, mails)) = survey.people.mailboxes.first() {
        let why = format!("recipient of mails that name none; {} went to it", counted(*mails, "mail"));
        page.code(&format!("to = {}", quoted(mailbox)), &why);
    }
    if !survey.mails.is_empty() {
        let undated =
            survey.tally.bad.iter().filter(|(cause, _)| cause.contains("date")).map(|(_, mails)| mails).sum::<u64>();
        let seen = if undated > 0 { format!("; {} here", counted(undated, "mail")) } else { String::new() };
        page.code(
            "date_fallback = \"reject\"",
            &format!("mails without any date are listed; \"file-time\" or a day takes them{seen}"),
        );
    }
    if !survey.own_labels().is_empty() {
        let of = match survey.own_labels().len() as u64 {
            1 => "the one label".to_owned(),
            labels => format!("each of {}", counted(labels, "label")),
        };
        match survey.answers.labels_become_tags {
            Some(true) => page.code("unlisted_labels = \"tag\"", &format!("{of} becomes a tag of its own name")),
            Some(false) => page.code("unlisted_labels = \"ignore\"", "labels that are not listed below become no tag"),
            None => {
                let what = format!("\"tag\" makes a tag of {of}; or take the # from those you want below");
                page.todo("unlisted_labels = \"ignore\"", &what, false);
            }
        }
    }
}

/// What becomes of internal notes, if there are any.
pub(super) fn notes(survey: &Survey, page: &mut Page) {
    if !survey.tables.iter().any(|table| table.reading.has_notes()) {
        return;
    }
    page.blank();
    page.header("[notes]");
    let what =
        "internal notes are left out; \"comments\" has `threadlift finish` write them where teammates alone see them";
    page.todo("into = \"nothing\"", what, false);
}

pub(super) fn labels(survey: &Survey, page: &mut Page) {
    let (own, system) = (survey.own_labels(), survey.left_out());
    if own.is_empty() && system.is_empty() {
        return;
    }
    page.blank();
    if !system.is_empty() {
        let named: Vec<String> =
            system.iter().take(12).map(|(label, mails)| format!("{label} {}", count(*mails))).collect();
        page.comment(&format!("Left out by themselves, unless they are listed: {}.", named.join(", ")));
    }
    if own.is_empty() {
        return;
    }
    page.comment("Label -> tag, most frequent first; take away the # to use one.");
    page.header("[labels]");
    let (short, long): (Vec<_>, Vec<_>) = own.iter().partition(|(label, _)| label.chars().count() <= LONGEST_TAG);
    for (label, messages) in short.iter().take(MOST_LABELS) {
        page.off(&format!("{} = {}", quoted(label), quoted(label)), &counted(*messages, "message"));
    }
    if short.len() > MOST_LABELS {
        page.comment(&format!("and {} more, which `threadlift plan` lists", count((short.len() - MOST_LABELS) as u64)));
    }
    for (label, messages) in long.iter().take(MOST_LONG) {
        let why = format!("{}; longer than a tag may be, so give it a shorter name", counted(*messages, "message"));
        page.off(&format!("{} = \"TODO\"", quoted(label)), &why);
    }
    if long.len() > MOST_LONG {
        page.comment(&format!("and {} more that are longer than a tag may be", count((long.len() - MOST_LONG) as u64)));
    }
}

pub(super) fn threads(survey: &Survey, page: &mut Page) {
    if survey.mails.is_empty() {
        return;
    }
    page.blank();
    page.comment("Threads follow the mails' own References (and X-GM-THRID of Gmail). A ticket number joins more:");
    let tickets = survey.tickets();
    let is_needed = tickets.iter().any(Ticket::is_needed);
    if is_needed {
        page.header("[thread]");
    } else {
        page.off("[thread]", "");
    }
    if tickets.is_empty() {
        page.off(
            "subject = '\\[#(\\d+)\\]'",
            "\"[#4711] Broken lamp\": what is in ( ) names the conversation; none was seen",
        );
    }
    for ticket in &tickets {
        let code = match &ticket.place {
            Place::Header(name) => format!("header = {}", quoted(name)),
            Place::Subject(found) => format!("subject = {}", pattern(found)),
        };
        let seen = format!(
            "{} have one, such as {}: {}, {} of them on several mails",
            counted(ticket.mails, "mail"),
            shown(&ticket.example),
            counted(ticket.numbers, "number"),
            count(ticket.shared)
        );
        if ticket.is_needed() {
            page.code(&code, &format!("{seen}; {} join mails that answer nothing", count(ticket.joins)));
        } else if ticket.varies() {
            page.off(&code, &format!("{seen}; References join these already"));
        } else {
            let most = counted(ticket.most, "mail");
            page.off(&code, &format!("{seen}, one of them on {most}: use it if it does name one conversation"));
        }
    }
}

pub(super) fn rules(survey: &Survey, page: &mut Page) {
    page.blank();
    page.comment("Rules: every one that matches applies, in order. Take away the # to use one.");
    let others: Vec<&(String, u64)> = survey.people.mailboxes.iter().skip(1).take(MOST_RULES).collect();
    for (mailbox, mails) in others {
        let inbox = mailbox.split('@').next().unwrap_or_default();
        let mut letters = inbox.chars();
        let inbox: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        page.line("#");
        page.off("[[rule]]", "");
        page.off(
            &format!("when  = {{ recipient = {} }}", quoted(mailbox)),
            &format!("{} went to it", counted(*mails, "mail")),
        );
        page.off(&format!("inbox = {}", quoted(&inbox)), "the inbox of the whole conversation");
    }
    page.line("#");
    page.off("[[rule]]", "");
    let first = survey.first_year();
    page.off(
        &format!("when = {{ before = {first}-01-01 }}"),
        "or label, sender, recipient, domain, subject, source, since",
    );
    page.off("skip = \"older than we keep\"", "left out, and counted under this reason");
}

impl Survey {
    /// Labels of mails and chats that are people's own, most frequent first.
    #[must_use]
    pub fn own_labels(&self) -> Vec<(String, u64)> {
        let is_own = |label: &str| !label.trim().is_empty() && meaning(label).is_none();
        let mut all: HashMap<String, u64> = self.tally.labels.clone();
        all.retain(|label, _| is_own(label));
        for trial in self.tables.iter().filter_map(|table| table.trial.as_ref().ok()) {
            // In chats these words have no meaning of their own; but a line for one of them would be one for mails, too.
            let is_free =
                |label: &str| !label.trim().is_empty() && (is_own(label) || !self.tally.labels.contains_key(label));
            for (label, messages) in trial.labels.iter().filter(|(label, _)| is_free(label)) {
                *all.entry(label.clone()).or_default() += messages;
            }
        }
        most_frequent(&all, |messages| *messages)
    }

    /// Labels that keep mails from being imported. Those of chats do not.
    #[must_use]
    pub fn left_out(&self) -> Vec<(String, u64)> {
        let mut all: HashMap<String, u64> = self.tally.labels.clone();
        all.retain(|label, _| meaning(label) == Some(Meaning::NotKept));
        most_frequent(&all, |messages| *messages)
    }
}
