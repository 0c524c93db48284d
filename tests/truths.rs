//! Real mails, read by the whole program, against what other parsers say of them.
//!
//! The mails and the truths about them are not part of the repository. Where they are absent, the tests print how much
//! they did not ask.

#![expect(clippy::print_stdout, reason = "the tables are what people read")]

mod support;

#[path = "truths/answers.rs"]
mod answers;
#[path = "truths/compare.rs"]
mod compare;
#[path = "truths/differences.rs"]
mod differences;
#[path = "truths/files.rs"]
mod files;
#[path = "truths/original.rs"]
mod original;
#[path = "truths/table.rs"]
mod table;
#[path = "truths/threads.rs"]
mod threads;
#[path = "truths/truth.rs"]
mod truth;
#[path = "truths/visible.rs"]
mod visible;

use answers::Answers;
use compare::{Difference, FIELDS};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use table::Table;
use truth::Samples;

/// One plan serves all tests of this file.
static ASKED: LazyLock<Option<(Samples, Answers)>> = LazyLock::new(|| {
    let samples = Samples::find()?;
    let answers = Answers::of(&samples);
    Some((samples, answers))
});

#[test]
fn every_truth_about_a_real_mail_is_met_or_its_difference_is_listed() {
    let Some((samples, answers)) = &*ASKED else {
        println!(
            "not asked, the real mails are absent (see THREADLIFT_REAL_SAMPLES): {} truths\n{}",
            Table::committed().all(),
            Table::committed().counts()
        );
        return;
    };
    let listed = differences::listed();
    let mut table = Table::default();
    let mut found = BTreeSet::new();
    for truth in &samples.truths {
        let answer = answers.of_truth(truth);
        let mail = original::Mail::read(samples, truth);
        for field in FIELDS {
            let Some(outcome) = compare::compare(field, truth, answer, &mail) else { continue };
            let difference = Difference::new(truth, field);
            table.count(&truth.origin, field, outcome.is_equal, listed.get(&difference).copied());
            if !outcome.is_equal {
                if std::env::var_os("SHOW_DIFFERENCES").is_some() {
                    println!(
                        "{} {field} {}\n  truth  {}\n  answer {}",
                        truth.origin, truth.id, outcome.truth, outcome.answer
                    );
                }
                found.insert(difference);
            }
        }
    }
    println!("{table}");
    println!(
        "{} mails without any sender were given a From line, as the program asks for it",
        answers.given_a_sender()
    );
    if std::env::var_os("SHOW_COUNTS").is_some() {
        println!("{}", table.counts());
    }
    differences::assert_exact(&found, &listed);
    assert_eq!(table.counts(), Table::committed().counts(), "tests/truths/asked.toml says what is asked");
    table.assert_floors();
}

#[test]
fn the_threads_of_a_real_list_are_those_on_which_others_agree() {
    let Some((samples, answers)) = &*ASKED else {
        println!("not asked, the real list is absent: the threads of {} mails", support::real::ON_THE_LIST);
        return;
    };
    threads::assert_as_agreed(samples, answers);
}
