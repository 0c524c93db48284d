//! Every command that an ending prints can be pasted into a shell.

use super::args::Cli;
use super::confirmation::Found;
use super::context::Context;
use super::exit::Exit;
use super::{pilot, sending, status};
use crate::ledger::{Class, State, Tally};
use crate::report::{Extent, Refusal, Report, Seen, Sent};
use crate::upload::Ending;
use clap::Parser;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

const MAPPING: &str =
    "version = 1\n[target]\ninbox = \"Support\"\n[[source]]\nname = \"old\"\nformat = \"eml\"\npath = \"mails\"\n";

/// A context as a command line gives it.
fn context(home: &Path, arguments: &[&str]) -> Context {
    let mapping = home.join("my mail's.toml");
    std::fs::write(&mapping, MAPPING).unwrap();
    let line = ["threadlift", "plan", mapping.to_str().unwrap()].into_iter().chain(arguments.iter().copied());
    let cli = Cli::try_parse_from(line).unwrap();
    let super::args::Command::Plan(args) = &cli.command else { panic!("not a plan") };
    Context::load(cli.common, &args.mapping, Arc::new(AtomicBool::new(false))).ok().unwrap()
}

/// The import, one with its ledger elsewhere, a pilot of each, and one of another size.
fn contexts(home: &Path) -> Vec<Context> {
    let elsewhere = ["--ledger", "else where"];
    vec![
        context(home, &[]),
        context(home, &elsewhere),
        pilot::of(context(home, &[]), "Scratch it", 20),
        pilot::of(context(home, &elsewhere), "Scratch", 5),
    ]
}

#[test]
fn how_front_is_reached_stays_as_typed_for_commands_that_ask_it() {
    let home = tempfile::tempdir().unwrap();
    let front = super::args::FrontArgs {
        token_file: Some("the token".into()),
        base_url: Some("http://127.0.0.1:1".to_owned()),
    };
    let context = Context { typed_front: Some(front), ..context(home.path(), &[]) };
    let words = |command: &str| words(&context.command(command)).split_off(3);
    assert_eq!(words("import"), ["--token-file", "the token", "--base-url", "http://127.0.0.1:1"]);
    assert_eq!(words("status"), Vec::<String>::new());
}

/// The commands in a text: between backticks, or from `: threadlift` to the end of the line.
fn commands_in(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2).filter(|piece| piece.starts_with("threadlift "));
    let open = text
        .lines()
        .filter_map(|line| Some(line.split_once(": threadlift ")?.1))
        .map(|rest| format!("threadlift {rest}"));
    quoted.map(str::to_owned).chain(open).collect()
}

/// The words that a shell makes of a command.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut letters) = (Vec::new(), String::new(), false, command.chars());
    while let Some(letter) = letters.next() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            '\\' if !is_quoted => word.extend(letters.next()),
            ' ' if !is_quoted => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words
}

/// All commands of a text, each of which the program takes.
#[track_caller]
fn taken(text: &str) -> Vec<String> {
    let commands = commands_in(text);
    assert_eq!(text.matches("threadlift ").count(), commands.len(), "{text}");
    for command in &commands {
        if let Err(error) = Cli::try_parse_from(words(command)) {
            panic!("{command}\n{error}\nin: {text}");
        }
    }
    commands
}

/// Reports of every kind of trouble, alone and all together.
fn reports(context: &Context, command: &'static str) -> Vec<Report> {
    let none = Tally { read: 9, confirmed: 3, ..Tally::default() };
    let different = |kind: &str| {
        let causes = [(Class::Different, [(kind.to_owned(), 1)].into())].into();
        Tally { different: 1, causes, ..none.clone() }
    };
    let all =
        Tally { missing: 1, accepted: 2, refused: 2, rejected: 1, unreadable: 1, ..different(crate::verify::SPLIT) };
    let tallies = [
        none.clone(),
        Tally { accepted: 4, ..none.clone() },
        Tally { accepted: 1, missing: 1, ..none.clone() },
        Tally { refused: 2, ..none.clone() },
        Tally { rejected: 2, ..none.clone() },
        Tally { pending: 4, unknown: 1, ..none.clone() },
        different("subject"),
        Tally { pending: 3, ..all.clone() },
        all,
    ];
    let of = |tally: &Tally, looks: bool, accepted: u64| {
        let tallies = vec![("mail".to_owned(), tally.clone())];
        let mut report =
            Report::of(command, &context.mapping.path, &context.ledger_dir(), tallies, &context.mapping.send);
        report.seen = looks.then(Seen::default);
        report.sent = Some(Sent { company: "Acme".into(), accepted, seconds: 1.0, front_holds: None });
        if tally.refused > 0 {
            report.show = context.command_at("show", &context.ledger_dir());
            report.refusals = vec![Refusal { external_id: "tl1-abc".into(), original_id: None, cause: "no".into() }];
        }
        report
    };
    let choices = [(true, 1), (false, 1), (true, 0)];
    tallies.iter().flat_map(|tally| choices.map(|(looks, accepted)| of(tally, looks, accepted))).collect()
}

#[test]
fn every_command_in_an_ending_is_one_that_the_program_takes() {
    let home = tempfile::tempdir().unwrap();
    for context in contexts(home.path()) {
        for command in ["import", "retry", "rehearse"] {
            for mut report in reports(&context, command) {
                let endings = [
                    (Ending::Finished, false),
                    (Ending::Interrupted, false),
                    (Ending::Interrupted, true),
                    (Ending::Spent, false),
                ];
                for (ending, is_late) in endings {
                    let looks = report.seen.is_some();
                    let (_, words) = sending::verdict(&context, ending, is_late, looks, &report).ok().unwrap();
                    report.ending = words;
                    taken(&report.text(Extent::Screen));
                }
            }
        }
        for report in reports(&context, "status") {
            taken(&status::ending(&context, &report, "Nothing is running."));
        }
    }
}

#[test]
fn a_command_keeps_the_ledger_and_the_pilot_that_were_typed() {
    let home = tempfile::tempdir().unwrap();
    let [plain, elsewhere, pilot, small] = <[Context; 4]>::try_from(contexts(home.path())).ok().unwrap();
    let cut = |command: String| command.split_once(".toml' ").map_or(String::new(), |(_, options)| options.to_owned());
    assert_eq!(cut(plain.command("import")), "");
    assert_eq!(cut(elsewhere.command("verify")), "--ledger 'else where'");
    assert_eq!(cut(pilot.command("retry")), "--pilot 'Scratch it'");
    assert_eq!(cut(small.command("import")), "--ledger 'else where' --pilot Scratch --threads 5");
    assert!(
        pilot.command("retry").starts_with("threadlift retry ")
            && small.command("verify").starts_with("threadlift import ")
    );
    let show = cut(small.command_at("show", &small.ledger_dir()));
    assert!(show.starts_with("--ledger 'else where-pilot-") && !show.contains("Scratch"), "{show}");
    let rehearsal = Context { sample: Some(7), ..plain };
    assert_eq!(cut(rehearsal.command("rehearse")), "--threads 7");
}

#[test]
fn every_trouble_is_in_the_last_words_with_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let context = context(home.path(), &[]);
    let ending = |report: &Report| sending::verdict(&context, Ending::Finished, false, true, report).ok().unwrap();
    let find =
        |is: &dyn Fn(&Tally) -> bool| reports(&context, "import").into_iter().find(|report| is(&report.total)).unwrap();
    let all = find(&|total| total.missing > 0 && total.refused > 0 && total.pending == 0);
    let (exit, words) = ending(&all);
    assert_eq!(exit, Exit::Unconfirmed);
    for needed in [
        "Front refused 2 messages",
        "1 message is missing",
        "1 message is different",
        "--missing`",
        "threadlift retry",
        "--rejects DIR`",
        "longer `settle` under `[send]`",
        "merge",
        "names place and remedy",
    ] {
        assert!(words.contains(needed), "{needed:?} in {words}");
    }
    assert!(!words.contains("Front accepted every message"), "{words}");
    // As wide as a terminal, and not even with the rest of the report more than a screen.
    let mut shown = all;
    shown.ending = words;
    let rows = |line: &str| line.chars().count().div_ceil(100).max(1);
    assert!(shown.text(Extent::Screen).lines().map(rows).sum::<usize>() <= 24, "{}", shown.text(Extent::Screen));

    let (exit, words) = ending(&find(&|total| total.refused > 0 && total.missing == 0));
    assert_eq!(exit, Exit::Incomplete);
    assert!(words.contains("once the mapping is mended") && words.contains("threadlift retry"), "{words}");
    let missing = find(&|total| total.missing > 0 && total.refused == 0);
    let words = status::ending(&context, &missing, "Nothing is running.");
    assert!(words.contains("threadlift retry") && words.contains("--missing`"), "{words}");
    // Nothing is wrong: nothing is advised.
    let words =
        status::ending(&context, &find(&|total| total.confirmed == 3 && total.accepted == 0), "Nothing is running.");
    assert_eq!(words, "Nothing is running. Everything planned was sent.");
}

#[test]
fn a_first_conversation_that_fails_is_told_with_what_front_really_said() {
    let home = tempfile::tempdir().unwrap();
    let failure = |states: &[State], unanswered: Option<&str>| {
        let mut texts = Vec::new();
        for context in contexts(home.path()) {
            let mut found = Found::default();
            for state in states {
                found.add(state.clone());
            }
            let failure = |help| found.failure(2, unanswered, help).text();
            taken(&failure(Found::help_for_rehearsal(&context)));
            texts.push(failure(found.help(&context)));
            taken(texts.last().unwrap());
        }
        texts.swap_remove(0)
    };
    let accepted = State::Accepted { uid: "u".into() };
    let senseless = failure(std::slice::from_ref(&accepted), Some("Front's answer to /messages cannot be read: no id"));
    assert!(senseless.contains("makes no sense: Front's answer to /messages cannot be read"), "{senseless}");
    assert!(!senseless.contains("did not answer"), "{senseless}");
    let silent = failure(&[accepted], Some("Front did not answer /messages in 6 attempts; last: 503"));
    assert!(silent.contains("as planned: Front did not answer /messages in 6 attempts"), "{silent}");
    let missing = failure(&[State::Missing { uid: "u".into(), why: "not there".into() }], None);
    assert!(missing.contains("1 message is missing") && !missing.contains("did not answer"), "{missing}");
    assert!(missing.contains("--missing`") && missing.contains("--missing --new-id`"), "{missing}");
    let refused = failure(&[State::Refused { status: 422, cause: "bad\nfile".into() }], None);
    assert!(refused.contains("Front refused a message: bad\u{fffd}file") && refused.contains("retry"), "{refused}");
}
