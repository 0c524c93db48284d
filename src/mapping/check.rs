//! Checks the document and its single tables, and fills in the defaults.

use super::findings::{Findings, quoted};
use super::finish::{self, Values};
use super::model::{
    DateFallback, Defaults, Limits, Mapping, Order, Ours, Oversize, Send, Silence, Target, ThreadRule, UnlistedLabels,
};
use super::schema::{Undated, keys};
use super::section::{Section, choice_of, day_of, text_of, wrong_type};
use super::when::Place;
use super::{identity, probed, rule, source, target, value};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// The only version of the format so far.
pub(super) const VERSION: u32 = 1;

/// Only these words leave imported conversations open, or let rules run: nobody types them by mistake.
pub(super) const LEAVE_OPEN: &str = "no-leave-every-imported-conversation-open";
pub(super) const RUN_RULES: &str = "run-front-rules-which-may-send-mail-to-customers";

/// The mapping that `document` describes; `None` if anything in it was reported.
pub(super) fn check(found: &mut Findings, document: &DeTable, path: &Path, text: &str) -> Option<Mapping> {
    let root = Section::root(found, document, keys::Mapping::KEYS);
    version(found, &root);
    let target = target(found, &root);
    let ours = ours(found, &root);
    let agents = agents(found, &root);
    let identity = identity::section(found, &root);
    let namespace = identity::namespace(found, &identity);
    let mut sources = source::sources(found, &root, &namespace);
    let values = finish::values(found, &root);
    let defaults = defaults(found, &root, &values);
    let (labels, labels_at) = labels(found, &root);
    let thread = thread(found, &root);
    let rules = rule::rules(found, &root, &values);
    source::ask_for_columns(&mut sources, &rules, &values);
    let notes = finish::notes(found, &root);
    let contacts = finish::contacts(found, &root);
    let identity = identity::identity(found, &identity, namespace, &rules);
    let silence = silence(found, &root);
    let send = send(found, &root);
    let limits = limits(found, &root);
    if !found.is_empty() {
        return None;
    }
    Some(Mapping {
        path: path.to_owned(),
        base: folder_of(path),
        text: text.to_owned(),
        target: target?,
        ours,
        agents,
        sources,
        defaults,
        labels,
        labels_at,
        thread,
        values,
        rules,
        notes,
        contacts,
        identity,
        silence,
        send,
        limits,
    })
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn version(found: &mut Findings, root: &Section) {
    let Some(value) = root.value("version") else {
        root.missing(found, "version", format!("begin the file with `version = {VERSION}`"));
        return;
    };
    let Some(number) = value.get_ref().as_integer() else {
        wrong_type(found, value, "version", "a whole number", format!("write `version = {VERSION}`"));
        return;
    };
    if u32::from_str_radix(number.as_str(), number.radix()) != Ok(VERSION) {
        let help = format!("this threadlift reads version {VERSION}; a newer mapping needs a newer threadlift");
        let title = format!("the mapping has version {}", quoted(found.raw(&value.span())));
        found.report(&value.span(), title, "unknown version", help);
    }
}

fn target(found: &mut Findings, root: &Section) -> Option<Target> {
    const INBOX: &str = "\"Support\"";
    if root.value("target").is_none() {
        root.missing(
            found,
            "target",
            format!("add `[target]` with `inbox = {INBOX}`, its exact name or id (`inb_...`)"),
        );
        return None;
    }
    let section = root.section(found, "target", keys::Target::KEYS);
    if !section.is_present() {
        return None;
    }
    let inbox = section.required_text(found, "inbox", INBOX);
    let base_url = match section.text(found, "base_url") {
        None => Some(target::FRONT.to_owned()),
        Some(text) => match target::check_base_url(text.value) {
            Ok(url) => Some(url),
            Err(wrong) => {
                let title = format!("`base_url` is not accepted: {}", wrong.reason);
                found.report(&text.at, title, "not accepted", wrong.help);
                None
            }
        },
    };
    let new_inboxes = finish::new_inboxes(found, &section);
    let findings = probed::named(found, &section);
    Some(Target { inbox: inbox?.value.to_owned(), base_url: base_url?, new_inboxes, findings, probed: None })
}

fn ours(found: &mut Findings, root: &Section) -> Ours {
    let section = root.section(found, "ours", keys::Ours::KEYS);
    let addresses = section.list(found, "addresses");
    let domains = section.list(found, "domains");
    Ours {
        addresses: addresses.iter().filter_map(|text| value::address(found, text)).collect(),
        domains: domains.iter().filter_map(|text| value::domain(found, text)).collect(),
    }
}

fn agents(found: &mut Findings, root: &Section) -> BTreeMap<String, String> {
    let mut agents = BTreeMap::new();
    for (key, value) in root.free_section(found, "agents").entries() {
        if !key.value.contains('@')
            && let DeValue::Table(_) = value.get_ref()
        {
            // TOML takes the dots of a bare key apart, so the address cannot be shown whole.
            let help = "put the address in quotes: \"leela@acme.example\" = \"alt:email:leela@acme.example\"";
            found.report(&key.at, "this agent's address is not in quotes", "taken apart at its dots", help);
            continue;
        }
        let address = value::address(found, &key);
        let teammate = text_of(found, value, key.value).and_then(|text| value::teammate(found, &text));
        if let (Some(address), Some(teammate)) = (address, teammate)
            && agents.insert(address, teammate).is_some()
        {
            let title = format!("the agent {} is named twice", quoted(key.value));
            found.report(&key.at, title, "upper and lower case are the same", "keep one of the two lines");
        }
    }
    agents
}

fn defaults(found: &mut Findings, root: &Section, values: &Values) -> Defaults {
    let section = root.section(found, "defaults", keys::Defaults::KEYS);
    let tags = section.list(found, "tags");
    let to = section.text(found, "to").and_then(|text| value::address(found, &text));
    let date_fallback = section.value("date_fallback").and_then(|value| match value.get_ref() {
        DeValue::Datetime(_) => day_of(found, value, "date_fallback").map(DateFallback::Fixed),
        DeValue::String(text) if text.parse::<jiff::civil::Date>().is_ok() => {
            day_of(found, value, "date_fallback").map(DateFallback::Fixed)
        }
        _ => choice_of(found, value, "date_fallback").map(|undated| match undated {
            Undated::Reject => DateFallback::Reject,
            Undated::FileTime => DateFallback::FileTime,
        }),
    });
    let oversize = section.choice(found, "oversize");
    let unlisted_labels = section.choice(found, "unlisted_labels");
    Defaults {
        tags: tags.iter().filter_map(|text| value::tag(found, text)).collect(),
        to,
        date_fallback: date_fallback.unwrap_or(DateFallback::Reject),
        oversize: oversize.unwrap_or(Oversize::Note),
        unlisted_labels: unlisted_labels.unwrap_or(UnlistedLabels::Ignore),
        link: finish::link(found, &section, values),
        custom_fields: finish::custom_fields(found, &section, values),
        mark: section.flag(found, "mark").unwrap_or(false),
    }
}

fn labels(found: &mut Findings, root: &Section) -> (BTreeMap<String, String>, BTreeMap<String, Place>) {
    let (mut labels, mut places) = (BTreeMap::new(), BTreeMap::new());
    for (label, value) in root.free_section(found, "labels").entries() {
        if let Some(tag) = text_of(found, value, label.value).and_then(|text| value::tag(found, &text)) {
            places.insert(label.value.to_owned(), found.place_of(&label.at));
            labels.insert(label.value.to_owned(), tag);
        }
    }
    (labels, places)
}

fn thread(found: &mut Findings, root: &Section) -> ThreadRule {
    let section = root.section(found, "thread", keys::Thread::KEYS);
    ThreadRule {
        header: section.text(found, "header").and_then(|text| value::header_name(found, &text)),
        subject: section.text(found, "subject").and_then(|text| value::regex(found, &text)),
        join_by_subject: section.integer(found, "join_by_subject", &(0..=u32::MAX)).unwrap_or(0),
    }
}

fn silence(found: &mut Findings, root: &Section) -> Silence {
    let section = root.section(found, "silence", keys::Silence::KEYS);
    let mut is_loud = |key: &str, words: &str, silent: &str| {
        let Some(value) = section.value(key) else { return false };
        if value.get_ref().as_str() == Some(words) {
            return true;
        }
        let help = format!("{silent}: remove `{key}`; otherwise write `{key} = \"{words}\"`");
        found.report(&value.span(), format!("`{key}` takes only its one long value"), "not that value", help);
        false
    };
    let is_open = is_loud("archived", LEAVE_OPEN, "imported conversations are archived by themselves");
    let runs_rules = is_loud("rules", RUN_RULES, "Front's rules do not run by themselves");
    Silence { is_archived: !is_open, should_skip_rules: !runs_rules }
}

fn send(found: &mut Findings, root: &Section) -> Send {
    const IN_FLIGHT: RangeInclusive<u32> = 1..=256;
    let section = root.section(found, "send", keys::Send::KEYS);
    let share = share(found, &section);
    let reserve = section.integer(found, "reserve", &(0..=u32::MAX));
    let burst = section.flag(found, "burst");
    let per_resource = section.integer(found, "per_resource", &(1..=u32::MAX));
    let settle = section.text(found, "settle").and_then(|text| value::duration(found, &text));
    let patience = section.text(found, "patience").and_then(|text| value::duration(found, &text));
    let in_flight = section.integer(found, "in_flight", &IN_FLIGHT).and_then(|number| usize::try_from(number).ok());
    let order = section.choice(found, "order");
    Send {
        share: share.unwrap_or(0.8),
        reserve: reserve.unwrap_or(10),
        burst: burst.unwrap_or(false),
        per_resource: per_resource.unwrap_or(5),
        settle,
        patience,
        in_flight: in_flight.unwrap_or(32),
        order: order.unwrap_or(Order::RecentThreadsFirst),
    }
}

fn limits(found: &mut Findings, root: &Section) -> Limits {
    /// Offsets of the parser have 32 bits.
    const LARGEST: u64 = 4_000_000_000;
    /// The parser's stack stands several thousand levels; see `record::email`.
    const DEEPEST: u32 = 1_000;
    let section = root.section(found, "limits", keys::Limits::KEYS);
    let default = Limits::default();
    let mut size = |key: &str| section.text(found, key).and_then(|text| value::size(found, &text, LARGEST));
    let (mail, line) = (size("mail"), size("line"));
    let mut count =
        |key: &str, most: u32| section.integer(found, key, &(1..=most)).and_then(|number| usize::try_from(number).ok());
    Limits {
        mail: mail.unwrap_or(default.mail),
        line: line.unwrap_or(default.line),
        header_lines: count("header_lines", 10_000_000).unwrap_or(default.header_lines),
        parts: count("parts", 1_000_000).unwrap_or(default.parts),
        nesting: count("nesting", DEEPEST).unwrap_or(default.nesting),
    }
}

fn share(found: &mut Findings, section: &Section) -> Option<f64> {
    let help = "write a number above 0 and up to 1, such as 0.8 for four fifths of the rate limit";
    let value = section.value("share")?;
    let number: Option<f64> = match value.get_ref() {
        DeValue::Float(number) => number.as_str().parse().ok(),
        DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok().map(f64::from),
        _ => {
            wrong_type(found, value, "share", "a number", help);
            return None;
        }
    };
    let share = number.filter(|share| *share > 0.0 && *share <= 1.0);
    if share.is_none() {
        found.report(&value.span(), "`share` is out of range", "out of range", help);
    }
    share
}
