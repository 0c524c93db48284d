//! `init`: look at exports and write a mapping to start from.

use super::args::{Common, InitArgs};
use super::context::quoted_for_shell;
use super::draft::{Draft, folder_of};
use super::exit::{Exit, Failure};
use super::interrupt::NOTICE;
use super::progress;
use crate::source::Watch;
use crate::survey::{self, Place, Survey, SurveyError, Trouble, Written};
use crate::words::{counted, printable};
use std::fs;
use std::io::{self, IsTerminal, Write, stderr, stdin};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};

/// How often a question is asked whose answer makes no sense.
const MOST_ASKED: usize = 3;

/// Widest line of the summary, in characters.
const WIDTH: usize = 118;

/// TODOs and things not read that the summary names.
const MOST_TODOS: usize = 9;
const MOST_LEFT: usize = 4;

pub(super) fn run(common: &Common, args: &InitArgs, stop: &AtomicBool) -> Result<Exit, Failure> {
    let output = &args.output;
    if fs::symlink_metadata(output).is_ok() && !args.force {
        let help = "give another name with --output, or --force to overwrite it";
        return Err(Failure::usage(format!("{} is there already; nothing was written", output.display()), help));
    }
    let observer = progress::observer(common);
    let mut survey = survey::look(&args.sources, folder_of(output), &Watch { observer: observer.as_ref(), stop })?;
    if stdin().is_terminal() && stderr().is_terminal() && !common.json {
        let answers = answers();
        ask(&mut survey, &mut |question| answer(question, &answers, stop))?;
    }
    let written = survey.mapping();
    let is_bug = |errors| Failure::internal(format!("the mapping that would be written is not accepted:\n{errors}"));
    written.check(output).map_err(is_bug)?;
    save(output, &written.text, args.force)?;
    if common.json {
        super::print_json(&document(output, &survey, &written))?;
    } else {
        super::print(&summary(output, &survey, &written))?;
    }
    Ok(Exit::Done)
}

/// Asks what is worth asking. No answer at all ends the questions, and what is left of them stays a TODO.
fn ask(survey: &mut Survey, answer: &mut dyn FnMut(&str) -> Result<Option<String>, Failure>) -> Result<(), Failure> {
    for question in survey.questions() {
        let (text, otherwise) = survey.asked(&question);
        let mut said = format!("{} [{}]\n> ", printable(&text), printable(&otherwise));
        for _ in 0..MOST_ASKED {
            let Some(given) = answer(&said)? else { return Ok(()) };
            match survey.answer(&question, &given) {
                Ok(()) => break,
                Err(why) => said = format!("{}\n> ", printable(&why)),
            }
        }
    }
    Ok(())
}

/// Lines of the terminal. Reading goes on after a signal, so it is left to a thread.
fn answers() -> Receiver<String> {
    let (sender, answers) = mpsc::channel();
    std::thread::spawn(move || {
        for line in stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    answers
}

fn answer(question: &str, answers: &Receiver<String>, stop: &AtomicBool) -> Result<Option<String>, Failure> {
    super::say(question);
    loop {
        match answers.recv_timeout(NOTICE) {
            Ok(line) => return Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => {
                super::say("\n");
                return Ok(None);
            }
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => {
                super::say("\n");
                let message = "interrupted; nothing was written".to_owned();
                return Err(Failure { exit: Exit::Interrupted, message, help: Some("run it again".to_owned()) });
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Writes it whole or not at all.
fn save(path: &Path, text: &str, should_overwrite: bool) -> Result<(), Failure> {
    let write = || {
        let mut draft = Draft::of(path)?;
        draft.write_all(text.as_bytes())?;
        if should_overwrite { draft.keep() } else { draft.keep_new() }
    };
    write().map_err(|error: io::Error| {
        Failure::usage(
            format!("cannot write {}: {error}", path.display()),
            "choose a file that can be written with --output",
        )
    })
}

/// What was found, what was guessed and why, what is left to do: a screenful.
fn summary(path: &Path, survey: &Survey, written: &Written) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut say = |word: &str, text: &str| lines.push(cut(&format!("{word:<9} {text}")));
    for (index, found) in survey.found().iter().enumerate() {
        say(if index == 0 { "Found" } else { "" }, found);
    }
    if let Some((first, last)) = survey.days() {
        let part = if survey.is_part() { ", of what was looked at" } else { "" };
        say("Dates", &format!("{first} to {last}{part}"));
    }
    let people = survey.people();
    let ours = people.domains.iter().chain(&people.addresses);
    for (index, guess) in ours.take(4).enumerate() {
        say(if index == 0 { "Us" } else { "" }, &format!("{} ({})", guess.value, guess.why));
    }
    if !people.agents.is_empty() {
        let named: Vec<&str> = people.agents.iter().take(4).map(|agent| agent.handle.as_str()).collect();
        let more = if people.agents.len() > named.len() { ", …" } else { "" };
        say("Agents", &format!("{}: {}{more}", people.agents.len(), named.join(", ")));
    }
    let (own, left_out) = (survey.own_labels(), survey.left_out());
    let counts = |labels: &[(String, u64)]| {
        let named: Vec<String> = labels.iter().take(4).map(|(label, messages)| format!("{label} {messages}")).collect();
        if labels.len() > named.len() { format!("{}, …", named.join(", ")) } else { named.join(", ") }
    };
    if !own.is_empty() {
        say("Labels", &format!("{}: {}", own.len(), counts(&own)));
    }
    if !left_out.is_empty() {
        say("", &format!("left out by themselves: {}", counts(&left_out)));
    }
    for ticket in survey.tickets() {
        let place = match &ticket.place {
            Place::Header(name) => format!("header {name}"),
            Place::Subject(pattern) => format!("subjects, by {pattern}"),
        };
        let used = if ticket.is_needed() { "joined by it" } else { "proposed" };
        say("Tickets", &format!("{place}: {}, {used}", counted(ticket.mails, "mail")));
    }
    for (index, left) in survey.left().iter().filter(|left| !left.remedy.is_empty()).take(MOST_LEFT).enumerate() {
        let others = if left.files > 1 { format!(" and {} more", left.files - 1) } else { String::new() };
        say(
            if index == 0 { "Not read" } else { "" },
            &format!("{}{others}: {}; {}", left.name, left.what, left.remedy),
        );
    }
    say("Wrote", &format!("{}, with {}", path.display(), counted(written.todos.len() as u64, "TODO")));
    for todo in written.todos.iter().take(MOST_TODOS) {
        let needed = if todo.is_needed { " (needed before a plan)" } else { "" };
        lines.push(cut(&format!("  line {:<4}{needed} {}", todo.line, todo.what)));
    }
    if written.todos.len() > MOST_TODOS {
        lines.push(format!("  and {} more", written.todos.len() - MOST_TODOS));
    }
    let next = format!("threadlift plan {}", quoted_for_shell(path));
    let first = if written.todos.iter().any(|todo| todo.is_needed) {
        "Fill in the lines that are needed, then: "
    } else {
        "Next: "
    };
    lines.push(format!("\n{first}{next}"));
    format!("{}\n", lines.join("\n"))
}

fn cut(line: &str) -> String {
    let line = printable(line);
    if line.chars().count() <= WIDTH {
        return line;
    }
    let kept: String = line.chars().take(WIDTH - 1).collect();
    format!("{}…", kept.trim_end())
}

/// The same for scripts.
fn document(path: &Path, survey: &Survey, written: &Written) -> serde_json::Value {
    let people = survey.people();
    let ours: Vec<_> = people.domains.iter().chain(&people.addresses).collect();
    serde_json::json!({
        "command": "init",
        "mapping": path.display().to_string(),
        "found": survey.found(),
        "ours": ours.iter().map(|guess| serde_json::json!({ "value": guess.value, "why": guess.why })).collect::<Vec<_>>(),
        "left": survey.left().iter().map(|left| serde_json::json!({
            "name": left.name, "files": left.files, "what": left.what, "remedy": left.remedy,
        })).collect::<Vec<_>>(),
        "todos": written.todos.iter().map(|todo| serde_json::json!({
            "line": todo.line, "what": todo.what, "needed": todo.is_needed,
        })).collect::<Vec<_>>(),
        "exit": Exit::Done as u8,
    })
}

impl From<SurveyError> for Failure {
    fn from(error: SurveyError) -> Self {
        match error.kind {
            Trouble::Given => Failure::usage(error.message, error.help),
            Trouble::Interrupted => Failure { exit: Exit::Interrupted, message: error.message, help: Some(error.help) },
            Trouble::Bug => Failure::internal(error.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Silent;

    #[test]
    fn a_question_is_asked_again_if_the_answer_makes_no_sense_and_none_after_the_last_line() {
        let folder = tempfile::tempdir().unwrap();
        let table = "chat,when,who,role,text\nc1,2019-04-03 10:00,a@x.example,visitor,hello there\nc1,2019-04-03 10:01,b@y.example,agent,hello you\n";
        fs::write(folder.path().join("c.csv"), table).unwrap();
        let mut survey = survey::look(
            &[folder.path().join("c.csv")],
            folder.path(),
            &Watch { observer: &Silent, stop: &AtomicBool::new(false) },
        )
        .unwrap();
        let mut answers = ["Old chats", "tomorrow"].into_iter();
        let mut asked = Vec::new();
        let done = ask(&mut survey, &mut |question| {
            asked.push(question.to_owned());
            Ok(answers.next().map(str::to_owned))
        });
        assert!(done.is_ok());
        assert_eq!(asked.len(), 3, "{asked:?}");
        assert!(
            asked[0].starts_with("Into which inbox") && asked[2].starts_with("\"tomorrow\" is no time zone"),
            "{asked:?}"
        );
        let written = survey.mapping();
        assert!(
            written.text.contains("inbox = \"Old chats\"") && written.text.contains("timezone = \"TODO\""),
            "{}",
            written.text
        );
    }

    #[test]
    fn a_line_of_the_summary_is_cut_and_commands_no_terminal() {
        let line = cut(&format!("\u{1b}[2J{}", "x".repeat(200)));
        assert_eq!(line.chars().count(), WIDTH);
        assert!(line.ends_with('…') && !line.contains('\u{1b}'));
    }
}
