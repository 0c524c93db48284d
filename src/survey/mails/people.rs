//! Who "we" are, as far as mails show it: what they were filed as sent from, delivered to, and mostly sent to and from.

use super::tally::{Domain, Person, Tally, domain_of, most_frequent};
use crate::words::{self, count};
use std::collections::BTreeMap;

/// Agents, shared addresses and candidates that are named.
const MOST_NAMED: usize = 40;

/// Own domains that are named.
const MOST_OWN: usize = 12;

/// Domains on which anybody has a mailbox: never ours as a whole. One of these first labels under any ending, or the name.
const FREE_FIRST: [&str; 8] = ["gmx", "yahoo", "hotmail", "live", "outlook", "yandex", "fastmail", "googlemail"];
const FREE: [&str; 58] = [
    "gmail.com",
    "aol.com",
    "icloud.com",
    "me.com",
    "mac.com",
    "msn.com",
    "ymail.com",
    "rocketmail.com",
    "web.de",
    "t-online.de",
    "freenet.de",
    "arcor.de",
    "posteo.de",
    "mailbox.org",
    "mail.ru",
    "bk.ru",
    "list.ru",
    "inbox.ru",
    "rambler.ru",
    "qq.com",
    "163.com",
    "126.com",
    "sina.com",
    "foxmail.com",
    "protonmail.com",
    "proton.me",
    "pm.me",
    "zoho.com",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "laposte.net",
    "sfr.fr",
    "libero.it",
    "virgilio.it",
    "alice.it",
    "tiscali.it",
    "comcast.net",
    "verizon.net",
    "att.net",
    "sbcglobal.net",
    "btinternet.com",
    "ntlworld.com",
    "sky.com",
    "talktalk.net",
    "bigpond.com",
    "shaw.ca",
    "rogers.com",
    "sympatico.ca",
    "seznam.cz",
    "wp.pl",
    "o2.pl",
    "onet.pl",
    "naver.com",
    "hanmail.net",
    "mail.com",
    "tutanota.com",
    "uol.com.br",
];

/// What stands before the `@` of addresses that belong to nobody alone.
const SHARED: [&str; 34] = [
    "support",
    "info",
    "help",
    "helpdesk",
    "contact",
    "contacts",
    "sales",
    "billing",
    "office",
    "hello",
    "hi",
    "team",
    "service",
    "services",
    "accounts",
    "orders",
    "shop",
    "enquiries",
    "inquiries",
    "feedback",
    "admin",
    "care",
    "kontakt",
    "vertrieb",
    "bestellung",
    "buchhaltung",
    "rechnung",
    "commande",
    "facturation",
    "ventas",
    "soporte",
    "chat",
    "noreply",
    "no-reply",
];

/// Who we seem to be.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct People {
    /// Own domains, each with why.
    pub domains: Vec<Guess>,
    /// Those of them for which only chats speak, in which they write most: a large client does so, too.
    pub doubtful: Vec<String>,
    /// Own addresses on domains of others, each with why.
    pub addresses: Vec<Guess>,
    /// Who else it might be, where nothing decides it: domains and addresses with their counts.
    pub candidates: Vec<Guess>,
    /// Persons on our side that wrote, each with how much.
    pub agents: Vec<Agent>,
    /// Own addresses that mails went to, most first.
    pub mailboxes: Vec<(String, u64)>,
    /// Anybody on our side wrote.
    pub wrote: bool,
}

/// A value, and what it was guessed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// The value.
    pub value: String,
    /// What speaks for it, in words.
    pub why: String,
}

/// Somebody who wrote for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// The address, or the handle in a chat table.
    pub handle: String,
    /// How much they wrote, in words.
    pub why: String,
    /// They wrote nothing in the last year of the export.
    pub is_gone: bool,
}

/// A year.
const GONE_AFTER: i64 = 365 * 86_400;

/// Does anybody have a mailbox there?
pub(in crate::survey) fn is_free(domain: &str) -> bool {
    let first = domain.split('.').next().unwrap_or_default();
    FREE.contains(&domain) || FREE_FIRST.contains(&first)
}

/// Does the address belong to nobody alone?
fn is_shared(handle: &str) -> bool {
    let local = handle.split('@').next().unwrap_or_default();
    SHARED.contains(&local)
}

/// Does the mapping take it for an address?
pub(in crate::survey) fn is_usable(handle: &str) -> bool {
    let odd = |letter: char| letter.is_whitespace() || letter.is_control() || "<>,;*/:\\\"'".contains(letter);
    handle.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && !domain.starts_with('.')
            && !domain.contains('@')
            && !handle.contains(odd)
    })
}

impl People {
    /// Reads it off the counts.
    pub(in crate::survey) fn of(tally: &Tally) -> People {
        let mut people = People::default();
        let mut domains: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (handle, person) in sorted(tally).into_iter().filter(|(handle, _)| is_usable(handle)) {
            let (Some(why), Some(domain)) = (why_ours(tally, person), domain_of(handle)) else { continue };
            if is_free(domain) || !is_whole(tally, domain) {
                people.addresses.push(Guess { value: handle.clone(), why });
            } else {
                domains.entry(domain.to_owned()).or_default().push(format!("{handle} {why}"));
            }
        }
        for (name, domain) in &tally.domains {
            let is_possible = !is_free(name) && is_usable(&format!("x@{name}")) && !domains.contains_key(name);
            if let Some(why) = why_both_ways(tally, domain).filter(|_| is_possible) {
                domains.insert(name.clone(), vec![why]);
            }
        }
        let is_known = |handle: &str| domain_of(handle).is_some_and(|domain| domains.contains_key(domain));
        people.addresses.retain(|own| !is_known(&own.value));
        let weight = |name: &String| std::cmp::Reverse(tally.domains.get(name).map_or(0, |domain| domain.either));
        let mut named: Vec<(String, Vec<String>)> = domains.into_iter().collect();
        named.sort_by_key(|(name, _)| weight(name));
        named.truncate(MOST_OWN);
        let few = |why: Vec<String>| {
            let more = if why.len() > 2 { format!("; and {} more", why.len() - 2) } else { String::new() };
            format!("{}{more}", why.into_iter().take(2).collect::<Vec<_>>().join("; "))
        };
        people.domains = named.into_iter().map(|(value, why)| Guess { value, why: few(why) }).collect();
        people.addresses.truncate(MOST_OWN);
        people.candidates = people.candidates_of(tally);
        people.agents_and_mailboxes(tally);
        people
    }

    /// Is the address on our side?
    pub(in crate::survey) fn owns(&self, handle: &str) -> bool {
        let domain = domain_of(handle).unwrap_or_default();
        self.domains.iter().any(|own| own.value == domain) || self.addresses.iter().any(|own| own.value == handle)
    }

    fn candidates_of(&self, tally: &Tally) -> Vec<Guess> {
        let share = |number: u64| format!("{} of {} mails", count(number), count(tally.mails));
        let domains = most_frequent(&tally.domains, |domain| domain.either).into_iter().filter_map(|(name, _)| {
            let Domain { from, to, .. } = tally.domains.get(&name)?;
            let why = format!("{} from there, {} to there", share(*from), count(*to));
            (!is_free(&name) && !self.domains.iter().any(|own| own.value == name)).then_some(Guess { value: name, why })
        });
        let domains = domains.filter(|guess| is_usable(&format!("x@{}", guess.value))).take(4);
        let authors =
            most_frequent(&tally.people, |person| person.from).into_iter().filter(|(handle, _)| is_usable(handle));
        let authors = authors.take(4).map(|(value, mails)| Guess { value, why: format!("wrote {}", share(mails)) });
        domains.chain(authors).collect()
    }

    /// Names again who wrote for us, after somebody has said who we are.
    pub(in crate::survey) fn agents_and_mailboxes(&mut self, tally: &Tally) {
        let last = tally.dates.map_or(0, |(_, last)| last);
        self.wrote = false;
        self.agents.clear();
        self.mailboxes.clear();
        for (handle, person) in sorted(tally).into_iter().filter(|(handle, _)| is_usable(handle)) {
            if !self.owns(handle) {
                continue;
            }
            self.wrote |= person.from > 0;
            if person.from > 0 && !is_shared(handle) && self.agents.len() < MOST_NAMED {
                let until = person.last.and_then(day).map(|day| format!(", last on {day}")).unwrap_or_default();
                let name = person.name.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
                let mails =
                    if person.from == 1 { "1 mail".to_owned() } else { format!("{} mails", count(person.from)) };
                let is_gone = person.last.is_some_and(|wrote| last.saturating_sub(wrote) > GONE_AFTER);
                self.agents.push(Agent { handle: handle.clone(), why: format!("{name}{mails}{until}"), is_gone });
            }
            let received = person.to.max(person.delivered);
            if received > 0 && (is_shared(handle) || person.from == 0) && self.mailboxes.len() < MOST_NAMED {
                self.mailboxes.push((handle.clone(), received));
            }
        }
        self.mailboxes = words::most_frequent(std::mem::take(&mut self.mailboxes));
    }
}

/// The day of a moment, UTC.
pub(in crate::survey) fn day(seconds: i64) -> Option<String> {
    let moment = jiff::Timestamp::from_second(seconds).ok()?;
    Some(moment.strftime("%Y-%m-%d").to_string())
}

/// Everybody, whoever has to do with most mails first.
fn sorted(tally: &Tally) -> Vec<(&String, &Person)> {
    let mut all: Vec<(&String, &Person)> = tally.people.iter().collect();
    let weight = |person: &Person| person.from.saturating_add(person.to).saturating_add(person.delivered);
    all.sort_by(|a, b| weight(b.1).cmp(&weight(a.1)).then_with(|| a.0.cmp(b.0)));
    all
}

/// Is a domain ours as a whole, of which some addresses are? Half of what speaks for anybody speaks for it, or nobody else
/// there wrote: a provider of mailboxes has customers of ours, too.
fn is_whole(tally: &Tally, domain: &str) -> bool {
    let is_there = |handle: &str| domain_of(handle) == Some(domain);
    let there = || tally.people.iter().filter(|(handle, _)| is_there(handle)).map(|(_, person)| person);
    let filed: u64 = there().map(|person| person.from_filed).sum();
    let delivered = there().map(|person| person.delivered).max().unwrap_or(0);
    (filed > 0 && filed * 2 >= tally.filed_as_sent)
        || (delivered > 0 && delivered * 2 >= tally.delivered)
        || there().all(|person| person.from == 0 || person.from_filed > 0)
}

/// Why one address is ours: it wrote what is filed as sent, or mails were delivered to it.
fn why_ours(tally: &Tally, person: &Person) -> Option<String> {
    let is_share =
        |part: u64, whole: u64, percent: u64| part > 0 && part.saturating_mul(100) >= whole.saturating_mul(percent);
    if is_share(person.from_filed, tally.filed_as_sent, 2) {
        let of = (count(person.from_filed), count(tally.filed_as_sent));
        return Some(format!("wrote {} of {} mails that are filed as sent", of.0, of.1));
    }
    let least = if tally.mails < 4 { 1 } else { 2 };
    // Where few mails name a mailbox, it says little of the others.
    let is_often = is_share(person.delivered, tally.mails, 20) && is_share(person.delivered, tally.delivered, 30);
    if person.delivered >= least && is_often {
        let of = (count(person.delivered), count(tally.delivered));
        return Some(format!("got {} of {} mails that name their mailbox", of.0, of.1));
    }
    None
}

/// Why a domain is ours where nothing else says so: nearly all mails go to it or come from it, and both occur.
fn why_both_ways(tally: &Tally, domain: &Domain) -> Option<String> {
    const LEAST: u64 = 5;
    let percent = |part: u64| part.saturating_mul(100) / tally.mails.max(1);
    let is_hub =
        tally.mails >= LEAST && percent(domain.either) >= 70 && percent(domain.from) >= 5 && percent(domain.to) >= 30;
    is_hub.then(|| {
        let (either, all) = (count(domain.either), count(tally.mails));
        format!(
            "{either} of {all} mails have to do with it: {} from there, {} to there",
            count(domain.from),
            count(domain.to)
        )
    })
}
