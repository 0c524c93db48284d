//! A trial of what is proposed for a table: its first rows, read as the engine will read them.

use crate::mapping::Mapping;
use crate::record::{self, BadRecord, Direction, Outcome};
use crate::source::{self, SourceError, Watch};
use crate::survey::mails::{domain_of, is_free, is_usable};
use crate::words::most_frequent;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;

/// Messages that are tried.
const MOST: u64 = 20_000;

/// Different authors and conversations that are counted.
const MOST_COUNTED: usize = 50_000;

/// What the first rows become.
#[derive(Debug, Default)]
pub(in crate::survey) struct Trial {
    pub(in crate::survey) read: u64,
    pub(in crate::survey) messages: u64,
    pub(in crate::survey) inbound: u64,
    pub(in crate::survey) outbound: u64,
    pub(in crate::survey) skipped: BTreeMap<String, u64>,
    /// By cause: how many, what exactly the first was, and its remedy.
    pub(in crate::survey) bad: BTreeMap<String, (u64, String, String)>,
    pub(in crate::survey) conversations: u64,
    pub(in crate::survey) dates: Option<(i64, i64)>,
    /// Who wrote outbound messages.
    pub(in crate::survey) agents: HashMap<String, u64>,
    /// Who wrote anything.
    pub(in crate::survey) authors: HashMap<String, u64>,
    /// In how many conversations somebody of a domain wrote.
    pub(in crate::survey) domains: HashMap<String, u64>,
    pub(in crate::survey) labels: HashMap<String, u64>,
    pub(in crate::survey) is_cut: bool,
}

/// Reads the first source of the mapping; the error is why it cannot be opened, and the remedy.
pub(super) fn trial(mapping: &Mapping, watch: &Watch<'_>) -> Result<Trial, (String, String)> {
    let source = source::open(mapping, 0, watch).map_err(|error| (told(&error), error.remedy))?;
    let mut trial = Trial::default();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut conversations: BTreeSet<String> = BTreeSet::new();
    for entry in source.scan() {
        if trial.read >= MOST || watch.stop.load(Ordering::Relaxed) {
            trial.is_cut = true;
            break;
        }
        trial.read += 1;
        let outcome = match entry {
            Ok(entry) => record::read(&entry, mapping),
            Err(bad) => {
                trial.bad(&bad.cause, &bad.detail, &bad.remedy);
                continue;
            }
        };
        match outcome {
            Ok(Outcome::Skip(cause)) => *trial.skipped.entry(cause).or_default() += 1,
            Err(BadRecord { cause, detail, remedy, .. }) => trial.bad(&cause, &detail, &remedy),
            Ok(Outcome::Record(record)) => {
                trial.messages += 1;
                let is_ours = record.stated_direction == Some(Direction::Outbound);
                trial.inbound += u64::from(record.stated_direction == Some(Direction::Inbound));
                trial.outbound += u64::from(is_ours);
                if let Some(date) = record.date {
                    let (first, last) = trial.dates.unwrap_or((date, date));
                    trial.dates = Some((first.min(date), last.max(date)));
                }
                for label in record.labels.iter().filter(|label| label.len() <= 100) {
                    add(&mut trial.labels, label);
                }
                let handle = record.from.map(|from| from.handle.to_lowercase()).unwrap_or_default();
                let conversation = record.conversation.unwrap_or_default();
                if is_usable(&handle) {
                    add(&mut trial.authors, &handle);
                    if is_ours {
                        add(&mut trial.agents, &handle);
                    }
                }
                if let Some(domain) = domain_of(&handle).filter(|domain| {
                    !is_free(domain) && is_usable(&handle) && seen.len() < MOST_COUNTED && domain.len() < 100
                }) && seen.insert((domain.to_owned(), conversation.clone()))
                {
                    add(&mut trial.domains, domain);
                }
                if conversations.len() < MOST_COUNTED {
                    conversations.insert(conversation);
                }
            }
        }
    }
    trial.conversations = conversations.len() as u64;
    Ok(trial)
}

impl Trial {
    fn bad(&mut self, cause: &str, detail: &str, remedy: &str) {
        if self.bad.len() < 100 || self.bad.contains_key(cause) {
            self.bad.entry(cause.to_owned()).or_insert_with(|| (0, detail.to_owned(), remedy.to_owned())).0 += 1;
        }
    }

    /// The domain that writes in most conversations where no other does in half as many: ours, if no column says who is.
    pub(in crate::survey) fn hub(&self) -> Option<(String, String)> {
        let all = most_frequent(self.domains.iter().map(|(name, count)| (name, *count)));
        let (name, first) = *all.first()?;
        let second = all.get(1).map_or(0, |(_, count)| *count);
        // Somebody must have been answered.
        let others: u64 = all.iter().skip(1).map(|(_, count)| count).sum();
        let is_hub = others * 2 >= self.conversations
            && self.conversations >= 3
            && first * 100 >= self.conversations * 50
            && second * 2 <= first;
        is_hub.then(|| {
            (name.clone(), format!("writes in {first} of {} chats, the next domain in {second}", self.conversations))
        })
    }
}

/// What is wrong with a source that was made for a look, without its name.
pub(in crate::survey) fn told(error: &SourceError) -> String {
    let title = error.title.strip_prefix("source `look`: ").unwrap_or(&error.title);
    format!("{title}: {}", error.detail)
}

fn add(table: &mut HashMap<String, u64>, key: &str) {
    if table.len() < MOST_COUNTED || table.contains_key(key) {
        *table.entry(key.to_owned()).or_default() += 1;
    }
}
