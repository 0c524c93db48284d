//! The few questions whose answers no export holds. An answer takes the place of a TODO.

use super::mails::{is_free, is_usable};
use super::{Guess, Reading, Survey, Zone};
use crate::mapping::zone_named;
use crate::words::counted;

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Where the messages go.
    Inbox,
    /// Whose messages are outbound.
    Ours,
    /// Which of two numbers is the day, in the table of this number.
    DayFirst(usize),
    /// The clock of the table of this number.
    Zone(usize),
    /// What becomes of labels.
    Labels,
}

/// An answer that says nothing is no answer; a longer one is no name.
const LONGEST: usize = 500;

impl Survey {
    /// What is worth asking, in the order of the file.
    #[must_use]
    pub fn questions(&self) -> Vec<Question> {
        let mut questions = vec![Question::Inbox];
        if !self.mails.is_empty() || !self.says_direction_itself() {
            questions.push(Question::Ours);
        }
        for (index, table) in self.tables.iter().enumerate() {
            let Reading::Guessed(guessed) = &table.reading else { continue };
            if !guessed.dates.open.is_empty() {
                questions.push(Question::DayFirst(index));
            }
            if guessed.zone == Zone::Open {
                questions.push(Question::Zone(index));
            }
        }
        if !self.own_labels().is_empty() {
            questions.push(Question::Labels);
        }
        questions
    }

    /// The question in words, and what an empty answer means.
    #[must_use]
    pub fn asked(&self, question: &Question) -> (String, String) {
        match question {
            Question::Inbox => {
                let name = self.usual_inbox();
                ("Into which inbox of Front (its exact name)?".to_owned(), format!("\"{name}\" for now, as a TODO"))
            }
            Question::Ours => {
                let known: Vec<&str> = self
                    .people
                    .domains
                    .iter()
                    .chain(&self.people.addresses)
                    .map(|guess| guess.value.as_str())
                    .collect();
                let otherwise = if known.is_empty() { "left as a TODO".to_owned() } else { known.join(", ") };
                let candidates: Vec<&str> = self.people.candidates.iter().map(|guess| guess.value.as_str()).collect();
                let perhaps = if known.is_empty() && !candidates.is_empty() {
                    format!(" Frequent are {}.", candidates.join(", "))
                } else {
                    String::new()
                };
                (format!("Your own domains and addresses, with commas?{perhaps}"), otherwise)
            }
            Question::DayFirst(index) => {
                let why = self.guessed(*index).map(|guessed| guessed.dates.why.clone()).unwrap_or_default();
                let table = self.name_of_table(*index);
                (format!("{table}: {why}. Which comes first, day or month?"), "left as a TODO".to_owned())
            }
            Question::Zone(index) => {
                let table = self.name_of_table(*index);
                let text = format!("{table}: which clock are its times of, such as UTC or Europe/London?");
                (text, "left as a TODO".to_owned())
            }
            Question::Labels => {
                let labels = self.own_labels();
                let names: Vec<&str> = labels.iter().take(4).map(|(label, _)| label.as_str()).collect();
                let many = counted(labels.len() as u64, "label");
                let text = format!(
                    "{many} ({}{}): make a tag of each?",
                    names.join(", "),
                    if labels.len() > 4 { ", …" } else { "" }
                );
                (text, "no".to_owned())
            }
        }
    }

    /// Takes an answer; an empty one leaves things as they are.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub fn answer(&mut self, question: &Question, answer: &str) -> Result<(), String> {
        let answer = answer.trim();
        if answer.len() > LONGEST || answer.contains(char::is_control) {
            return Err("that is too long, or holds signs that are no letters".to_owned());
        }
        match question {
            Question::Labels => {
                self.answers.labels_become_tags = Some(match answer.to_lowercase().as_str() {
                    "y" | "yes" => true,
                    "" | "n" | "no" => false,
                    _ => return Err("yes or no?".to_owned()),
                });
            }
            _ if answer.is_empty() => {}
            Question::Inbox => self.answers.inbox = Some(answer.to_owned()),
            Question::Ours => self.ours(answer)?,
            Question::DayFirst(index) => {
                let is_day_first = match answer.to_lowercase().as_str() {
                    "day" | "d" => true,
                    "month" | "m" => false,
                    _ => return Err("day or month?".to_owned()),
                };
                self.answers.tables.entry(*index).or_default().is_day_first = Some(is_day_first);
            }
            Question::Zone(index) => {
                if zone_named(answer).is_none() {
                    return Err(format!("{answer:?} is no time zone; write UTC, or a city as in Europe/London"));
                }
                self.answers.tables.entry(*index).or_default().zone = Some(answer.to_owned());
            }
        }
        Ok(())
    }

    fn ours(&mut self, answer: &str) -> Result<(), String> {
        let (mut domains, mut addresses) = (Vec::new(), Vec::new());
        for word in answer.split([',', ' ', ';']).map(str::trim).filter(|word| !word.is_empty()) {
            let value = word.trim_start_matches('@').to_lowercase();
            let guess = Guess { value: value.clone(), why: "as you said".to_owned() };
            if value.contains('@') && is_usable(&value) {
                addresses.push(guess);
            } else if value.contains('@') || !is_usable(&format!("x@{value}")) || !value.contains('.') {
                return Err(format!("{word:?} is neither a domain nor an address"));
            } else if is_free(&value) {
                return Err(format!("anybody has a mailbox at {value}: write your whole addresses there"));
            } else {
                domains.push(guess);
            }
        }
        self.people.domains = domains;
        self.people.doubtful.clear();
        self.people.addresses = addresses;
        self.people.candidates.clear();
        self.people.agents_and_mailboxes(&self.tally);
        self.people_of_tables(false);
        Ok(())
    }

    fn guessed(&self, index: usize) -> Option<&super::tables::Guessed> {
        match &self.tables.get(index)?.reading {
            Reading::Guessed(guessed) => Some(guessed),
            Reading::Ready { .. } => None,
        }
    }
}
