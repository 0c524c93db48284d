//! Ticket numbers that a helpdesk wrote into subjects or headers, and whether they join what References do not.

use super::tally::slot;
use crate::record::Record;
use regex::Regex;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// Patterns on subjects, the most particular first; what is in ( ) is the number. They are written into the mapping as they
/// stand here.
const PATTERNS: [&str; 7] = [
    r"\[#(\d{2,})\]",
    r"(?i)\[(?:ticket|case|request|issue|incident|vorgang|anfrage|demande|caso)[ #:.-]*(\d{3,})\]",
    r"(?i)\b(?:ticket|case)(?: (?:id|no|nr|number)\.?)? ?[#:]? ?#?(\d{3,})\b",
    r"\[([A-Z][A-Z0-9]{1,9}-\d+)\]",
    r"\[[^\]\s#]+ #(\d+)\]",
    r"\(#(\d{3,})\)",
    r"\{HS:(\d+)\}",
];

static REGEXES: LazyLock<Vec<Regex>> =
    LazyLock::new(|| PATTERNS.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect());

/// Words in the names of header fields that hold the number of a ticket.
const FIELD_WORDS: [&str; 10] =
    ["ticket", "zendesk", "freshdesk", "rt-ticket", "otrs", "zammad", "helpscout", "kayako", "case-id", "case-number"];

/// Fields of such programs that hold other things.
const NO_NUMBER: [&str; 8] = ["loop", "origin", "from", "class", "version", "priority", "delivery", "signature"];

/// One of so many mails must have a number for it to be worth a line.
const LEAST_SHARE: u64 = 200;

/// Fields that are counted.
const MOST_FIELDS: usize = 30;

/// Longest value that is taken for the number of a ticket.
const LONGEST: usize = 64;

/// Different numbers that a field must hold: with fewer it may as well name a queue, or a mailbox.
const LEAST_NUMBERS: u64 = 3;

/// A conversation has so many mails at most, or so many of a hundred of all that have a number; what stands on more is no
/// number of a ticket. On average it has far fewer.
const MOST_OF_ONE: u64 = 10;
const MOST_PERCENT: u64 = 3;
const MOST_ON_AVERAGE: u64 = 20;

/// What was seen of ticket numbers.
#[derive(Debug, Default)]
pub(in crate::survey) struct Tickets {
    subjects: BTreeMap<usize, Numbers>,
    headers: BTreeMap<String, Numbers>,
}

/// The numbers that one pattern or one field gave.
#[derive(Debug, Default)]
struct Numbers {
    mails: u64,
    example: String,
    by_number: HashMap<String, Mails>,
}

#[derive(Debug, Default)]
struct Mails {
    all: u64,
    /// Mails that answer nothing.
    roots: u64,
}

/// A way to join conversations by ticket number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Where the number stands.
    pub place: Place,
    /// Mails that have one.
    pub mails: u64,
    /// Different numbers.
    pub numbers: u64,
    /// Numbers that several mails have.
    pub shared: u64,
    /// Numbers of several mails that answer nothing: only the number joins them.
    pub joins: u64,
    /// Mails that have the most frequent number.
    pub most: u64,
    /// Mails that have one of the numbers that were counted.
    counted: u64,
    /// A subject or a value that holds one.
    pub example: String,
}

/// Where a number stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A header field of this name.
    Header(String),
    /// What this pattern finds in the subject.
    Subject(&'static str),
}

impl Ticket {
    /// Does it join what nothing else joins? Else it is left to whoever reads the mapping.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        let enough = match self.place {
            Place::Header(_) => 1,
            Place::Subject(_) => 2,
        };
        self.joins >= enough && self.varies()
    }

    /// Do the values differ as numbers of tickets do? What is the same on many mails is the name of a queue, and would put
    /// unrelated mails into one conversation.
    #[must_use]
    pub fn varies(&self) -> bool {
        let least = match self.place {
            Place::Header(_) => LEAST_NUMBERS,
            Place::Subject(_) => 1,
        };
        let is_rare =
            self.most <= MOST_OF_ONE || self.most.saturating_mul(100) <= self.mails.saturating_mul(MOST_PERCENT);
        self.numbers >= least && is_rare && self.counted <= self.numbers.saturating_mul(MOST_ON_AVERAGE)
    }
}

/// May the field hold the number of a ticket?
pub(super) fn is_field(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    FIELD_WORDS.iter().any(|word| name.contains(word)) && !NO_NUMBER.iter().any(|word| name.contains(word))
}

impl Tickets {
    pub(super) fn take(&mut self, record: &Record, fields: &[(String, String)]) {
        let is_root = record.in_reply_to.is_empty() && record.references.is_empty();
        if let Some(subject) = &record.subject {
            for (index, regex) in REGEXES.iter().enumerate() {
                if let Some(number) = regex.captures(subject).and_then(|found| found.get(1)) {
                    self.subjects.entry(index).or_default().take(number.as_str(), subject, is_root);
                }
            }
        }
        for (name, value) in fields {
            let value = value.trim();
            let is_number = value.len() <= LONGEST && value.bytes().any(|byte| byte.is_ascii_digit());
            if is_number && (self.headers.len() < MOST_FIELDS || self.headers.contains_key(name)) {
                self.headers.entry(name.clone()).or_default().take(value, value, is_root);
            }
        }
    }

    /// What is worth proposing: the field, then the pattern, that most mails have.
    pub(in crate::survey) fn found(&self, of_mails: u64) -> Vec<Ticket> {
        let headers = self.headers.iter().map(|(name, numbers)| numbers.ticket(Place::Header(name.clone())));
        let subjects = self
            .subjects
            .iter()
            .filter_map(|(index, numbers)| PATTERNS.get(*index).map(|pattern| numbers.ticket(Place::Subject(pattern))));
        // A number that no two mails share joins nothing, and a few in a large mailbox are other people's.
        let is_useful = |ticket: &Ticket| ticket.shared > 0 && ticket.mails.saturating_mul(LEAST_SHARE) >= of_mails;
        let best = |tickets: &mut dyn Iterator<Item = Ticket>| {
            let mut useful: Vec<Ticket> = tickets.filter(is_useful).collect();
            useful.sort_by_key(|ticket| std::cmp::Reverse(ticket.mails));
            useful.into_iter().next()
        };
        [best(&mut headers.into_iter()), best(&mut subjects.into_iter())].into_iter().flatten().collect()
    }
}

impl Numbers {
    fn take(&mut self, number: &str, example: &str, is_root: bool) {
        self.mails += 1;
        if self.example.is_empty() {
            example.chars().take(80).collect::<String>().clone_into(&mut self.example);
        }
        if let Some(mails) = slot(&mut self.by_number, number) {
            mails.all += 1;
            mails.roots += u64::from(is_root);
        }
    }

    fn ticket(&self, place: Place) -> Ticket {
        let count = |is: &dyn Fn(&Mails) -> bool| self.by_number.values().filter(|mails| is(mails)).count() as u64;
        Ticket {
            place,
            mails: self.mails,
            numbers: self.by_number.len() as u64,
            shared: count(&|mails| mails.all > 1),
            joins: count(&|mails| mails.roots > 1),
            most: self.by_number.values().map(|mails| mails.all).max().unwrap_or(0),
            counted: self.by_number.values().map(|mails| mails.all).sum(),
            example: self.example.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(subject: &str) -> Option<String> {
        let found = REGEXES.iter().find_map(|regex| regex.captures(subject))?;
        Some(found.get(1)?.as_str().to_owned())
    }

    #[test]
    fn the_numbers_of_helpdesks_are_found_in_subjects() {
        assert_eq!(REGEXES.len(), PATTERNS.len());
        for (subject, expected) in [
            ("Re: [#4711] Broken lamp", "4711"),
            ("[Ticket#2019010112000012] lamp", "2019010112000012"),
            ("Ticket 1234: lamp", "1234"),
            ("Your case no. 5512", "5512"),
            ("[LAMP-17] broken", "LAMP-17"),
            ("[shop.example #3321] lamp", "3321"),
            ("Lamp (#1042)", "1042"),
            ("Lamp {HS:99}", "99"),
        ] {
            assert_eq!(number(subject).as_deref(), Some(expected), "{subject}");
        }
        for subject in ["[PATCH 1/3] lamp", "Re: lamp", "just in case", "2019-05-01", "[RFC] #1"] {
            assert_eq!(number(subject), None, "{subject}");
        }
    }

    /// What a field says whose values stand on so many mails each, none of which answers another.
    fn field(mails_of_each: &[u64]) -> Ticket {
        let mut numbers = Numbers::default();
        for (number, mails) in mails_of_each.iter().enumerate() {
            (0..*mails).for_each(|_| numbers.take(&number.to_string(), "4711", true));
        }
        numbers.ticket(Place::Header("X-OTRS-Queue".to_owned()))
    }

    #[test]
    fn a_field_joins_mails_only_if_its_values_differ_as_numbers_of_tickets_do() {
        assert!(field(&[2, 1, 3]).is_needed());
        assert!(field(&[7].repeat(500)).is_needed());
        for queues in [vec![100], vec![7, 7], vec![60, 1, 1, 1, 1, 1], vec![200; 50], [vec![40], vec![3; 300]].concat()]
        {
            assert!(!field(&queues).is_needed(), "{queues:?}");
        }
    }

    #[test]
    fn fields_of_helpdesks_are_known_by_their_names() {
        for name in [
            "X-Ticket-ID",
            "X-RT-Ticket",
            "RT-Ticket",
            "X-Zendesk-Ticket-Id",
            "X-OTRS-TicketNumber",
            "X-Freshdesk-Ticket",
        ] {
            assert!(is_field(name), "{name}");
        }
        for name in ["X-RT-Loop-Prevention", "X-Mailer", "X-OTRS-Priority", "Message-ID", "X-Zendesk-From-Account-Id"] {
            assert!(!is_field(name), "{name}");
        }
    }
}
