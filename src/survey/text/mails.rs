//! Who we are, who writes for us, and the sources of mails.

use super::{Page, looked, quoted};
use crate::survey::exports::Program;
use crate::survey::mails::day;
use crate::survey::{MailSource, Survey};
use crate::words::{count, counted};

pub(super) fn ours(survey: &Survey, page: &mut Page) {
    let people = &survey.people;
    page.blank();
    if survey.says_direction_itself() && people.domains.is_empty() && people.addresses.is_empty() {
        return;
    }
    let sent = if survey.tally.filed_as_sent > 0 {
        format!("; so is what is filed as sent ({})", counted(survey.tally.filed_as_sent, "mail"))
    } else {
        String::new()
    };
    page.comment(&format!("Who \"we\" are: what one of these wrote is outbound{sent}; everything else is inbound."));
    page.header("[ours]");
    for guess in people.domains.iter().chain(&people.addresses) {
        page.item(&format!("{}: {}", guess.value, guess.why));
    }
    let listed = |values: Vec<String>| format!("[{}]", values.join(", "));
    let domains: Vec<String> = people.domains.iter().map(|guess| quoted(&guess.value)).collect();
    if !domains.is_empty() {
        let code = format!("domains   = {}", listed(domains));
        if !people.doubtful.is_empty() {
            let named = people.doubtful.join(", ");
            let what = format!(
                "is {named} yours? Nothing but chats speaks for it, and a client who writes in most of them would look so"
            );
            page.todo(&code, &what, false);
        } else if people.wrote || survey.tally.filed_as_sent > 0 || survey.mails.is_empty() {
            page.code(&code, "subdomains are domains of their own");
        } else {
            let what = "nobody there wrote any of the mails: who of you did? Until then everything is inbound";
            page.todo(&code, what, false);
            for guess in &people.candidates {
                page.item(&format!("{}: {}", guess.value, guess.why));
            }
        }
    } else if people.addresses.is_empty() {
        let what = "your own domains; nothing shows who you are, and until then everything is inbound";
        page.todo("# domains   = [\"your-company.example\"]", what, false);
        for guess in &people.candidates {
            page.item(&format!("{}: {}", guess.value, guess.why));
        }
    }
    let addresses: Vec<String> = people.addresses.iter().map(|guess| quoted(&guess.value)).collect();
    if addresses.is_empty() {
        page.off(
            "addresses = [\"your-company@mail.example\"]",
            "own addresses on domains of others, if you ever had any",
        );
    } else {
        page.code(&format!("addresses = {}", listed(addresses)), "");
    }
}

pub(super) fn agents(survey: &Survey, page: &mut Page) {
    page.blank();
    page.comment(
        "Own address -> teammate in Front. Whoever has no line here keeps the author's name, but is no teammate.",
    );
    page.header("[agents]");
    let agents = &survey.people.agents;
    if agents.is_empty() {
        page.off("\"first.agent@your-company.example\" = \"alt:email:first.agent@your-company.example\"", "");
        return;
    }
    let mut is_first = true;
    for agent in agents {
        let code = format!("{} = {}", quoted(&agent.handle), quoted(&format!("alt:email:{}", agent.handle)));
        if agent.is_gone {
            page.off(&code, &format!("{}: gone?", agent.why));
        } else if std::mem::take(&mut is_first) {
            let what = format!("keep those who have a seat in Front, take out the others. {}", agent.why);
            page.todo(&code, &what, false);
        } else {
            page.code(&code, &agent.why);
        }
    }
}

/// What a path starts from.
pub(super) fn relative(paths: &[String]) -> &'static str {
    if paths.iter().any(|path| path.starts_with('/')) { "" } else { "relative to this file" }
}

/// Several paths, a line for each.
pub(super) fn listed_below(paths: &[String], page: &mut Page) {
    page.line("path   = [");
    for path in paths {
        page.line(&format!("    {},", quoted(path)));
    }
    page.line("]");
}

pub(super) fn source(survey: &Survey, index: usize, source: &MailSource, page: &mut Page) {
    let export = &source.export;
    page.blank();
    page.header("[[source]]");
    page.code(&format!("name   = {}", quoted(&survey.name_of_mails(index))), &export.seen);
    page.code(&format!("format = {}", quoted(export.program.format())), "");
    match export.paths.as_slice() {
        [one] => page.code(&format!("path   = {}", quoted(one)), relative(&export.paths)),
        all => listed_below(all, page),
    }
    if let Some(labels_from) = export.labels_from {
        let why = "names of folders and files become labels; Trash, Spam and Drafts are left out, Sent says who wrote";
        page.code(&format!("labels_from = {labels_from}"), why);
    }
    if export.labels_from.is_none() && export.program != Program::Takeout && export.paths.len() == 1 {
        page.off("labels_from = [\"folders\", \"file\", \"flags\"]", "makes labels of the names of folders and files");
    }
    if export.unpack {
        page.code("unpack = \"unpacked\"", "packed files are unpacked once, into this folder");
    }
    if export.readable.is_empty() {
        page.comment(
            "What is packed was not read: unpack it and run `threadlift init` on what comes out, and more is guessed.",
        );
    } else {
        page.comment(&format!("{}.", looked(&source.seen.looked, "mails")));
    }
    for note in source.seen.notes.iter().take(8) {
        page.item(note);
    }
    // The counts are of all mails together, and said once.
    if index + 1 == survey.mails.len() {
        counts(survey, page);
    }
}

fn counts(survey: &Survey, page: &mut Page) {
    let tally = &survey.tally;
    if let Some((first, last)) = tally.dates.and_then(|(first, last)| day(first).zip(day(last))) {
        let mut years: Vec<String> =
            tally.years.iter().map(|(year, mails)| format!("{year}: {}", count(*mails))).collect();
        let more = years.len().saturating_sub(15);
        years.drain(..more);
        let earlier = if more > 0 { format!("({more} earlier years) ") } else { String::new() };
        let part = if survey.is_part() { " that were looked at" } else { "" };
        let odd = match tally.implausible {
            0 => String::new(),
            odd => format!("; {} from before 1980 or after 2100", count(odd)),
        };
        page.comment(&format!("Mails{part} from {first} to {last}; {earlier}{}{odd}.", years.join(", ")));
    }
    if !tally.bad.is_empty() {
        let causes: Vec<String> =
            tally.bad.iter().take(6).map(|(cause, mails)| format!("{cause}: {}", count(*mails))).collect();
        page.comment(&format!(
            "Not to be sent as they are ({}); `threadlift plan` names each, with its remedy.",
            causes.join(", ")
        ));
    }
}
