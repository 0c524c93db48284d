//! Checks of single values: addresses, domains, tags, patterns, names.

use super::findings::{Findings, quoted};
use super::section::Text;
use crate::words::bytes_of;
use regex::Regex;
use std::time::Duration;

/// Front refuses tags with longer names where tags are created (Core API, `CreateTag`).
const LONGEST_TAG: usize = 64;

/// Longest namespace; it is part of every id.
const LONGEST_NAMESPACE: usize = 64;

/// One bare mail address, in lower case.
pub(super) fn address(found: &mut Findings, text: &Text) -> Option<String> {
    let written = text.value;
    let is_address = written.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !written.contains(is_between_addresses) && !domain.contains('@')
    });
    if is_address {
        return Some(written.to_ascii_lowercase());
    }
    let inner = written.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(inner, _)| inner.trim());
    let (label, help) = match inner {
        Some(inner) if inner.contains('@') => ("more than the address", format!("write only the address: \"{inner}\"")),
        _ if !written.contains('@') => {
            ("no `@`", "write the whole address, such as \"support@acme.example\"".to_owned())
        }
        _ => ("not one address", "write one bare address, such as \"support@acme.example\"".to_owned()),
    };
    found.report(&text.at, format!("{} is not a mail address", quoted(written)), label, help);
    None
}

/// A domain without `@`, in lower case.
pub(super) fn domain(found: &mut Findings, text: &Text) -> Option<String> {
    let written = text.value;
    let (label, help) = if let Some((local, domain)) = written.rsplit_once('@') {
        if local.is_empty() {
            ("a domain is written without `@`", format!("write \"{domain}\""))
        } else {
            ("this is an address", format!("write the domain alone: \"{domain}\"; addresses have a key of their own"))
        }
    } else if written.contains('*') {
        ("no wildcards", "name each domain in full, such as \"mail.acme.example\"".to_owned())
    } else if written.contains(is_between_addresses) || written.contains(['/', ':']) || written.starts_with('.') {
        ("not a domain", "write the part behind the `@`, such as \"acme.example\"".to_owned())
    } else {
        return Some(written.to_ascii_lowercase());
    };
    found.report(&text.at, format!("{} is not a domain", quoted(written)), label, help);
    None
}

/// Characters that no bare address holds: white space, and what stands between or around addresses in mail headers.
fn is_between_addresses(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || matches!(letter, '<' | '>' | ',' | ';')
}

/// A teammate: an alias or an id.
pub(super) fn teammate(found: &mut Findings, text: &Text) -> Option<String> {
    let written = text.value;
    let is_teammate =
        ["alt:", "tea_"].iter().any(|prefix| written.strip_prefix(prefix).is_some_and(|rest| !rest.trim().is_empty()));
    if is_teammate {
        return Some(written.to_owned());
    }
    let help = if written.contains('@') && !written.contains(':') {
        format!("write \"alt:email:{written}\"")
    } else {
        "write \"alt:email:\" and the teammate's address, or the teammate's id (`tea_...`)".to_owned()
    };
    let title = format!("{} does not name a teammate", quoted(written));
    found.report(&text.at, title, "neither an alias nor an id", help);
    None
}

/// The name of a tag.
pub(super) fn tag(found: &mut Findings, text: &Text) -> Option<String> {
    let length = text.value.chars().count();
    if length <= LONGEST_TAG {
        return Some(text.value.to_owned());
    }
    found.report(
        &text.at,
        format!("the tag {} is too long", quoted(text.value)),
        format!("{length} characters"),
        format!("Front takes at most {LONGEST_TAG} characters in the name of a tag; choose a shorter one"),
    );
    None
}

/// A namespace of ids.
pub(super) fn namespace(found: &mut Findings, text: &Text) -> Option<String> {
    let is_namespace = text.value.len() <= LONGEST_NAMESPACE
        && text.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if is_namespace {
        return Some(text.value.to_owned());
    }
    found.report(
        &text.at,
        format!("{} is not a namespace", quoted(text.value)),
        "not a namespace",
        format!("use 1 to {LONGEST_NAMESPACE} of the characters A-Z a-z 0-9 . _ -"),
    );
    None
}

/// A regular expression.
pub(super) fn regex(found: &mut Findings, text: &Text) -> Option<Regex> {
    let fault = match Regex::new(text.value) {
        Ok(regex) => return Some(regex),
        Err(fault) => fault.to_string(),
    };
    // The whole message repeats the pattern over several lines; its last line says what is wrong.
    let reason = fault.lines().last().unwrap_or_default().trim();
    let reason = reason.strip_prefix("error: ").unwrap_or(reason);
    found.report(
        &text.at,
        format!("this pattern is not a regular expression: {reason}"),
        reason,
        "mend the pattern; in single quotes ('...') TOML leaves every backslash as it is",
    );
    None
}

/// The name of a header field (RFC 5322, 3.6.8: printable ASCII without the colon).
pub(super) fn header_name(found: &mut Findings, text: &Text) -> Option<String> {
    if text.value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        return Some(text.value.to_owned());
    }
    let help = match text.value.split_once(':') {
        Some((name, _)) if !name.is_empty() => format!("write the name alone: \"{name}\""),
        _ => "write the name as it stands before the colon, such as \"X-Ticket-ID\"".to_owned(),
    };
    found.report(&text.at, format!("{} is not the name of a header", quoted(text.value)), "not a header name", help);
    None
}

/// A length of time: a whole number and its unit, `ms` or `s`.
pub(super) fn duration(found: &mut Findings, text: &Text) -> Option<Duration> {
    let written = text.value;
    let (number, unit) =
        written.split_at(written.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(written.len()));
    let duration = match (number.parse(), unit) {
        (Ok(number), "ms") => Some(Duration::from_millis(number)),
        (Ok(number), "s") => Some(Duration::from_secs(number)),
        _ => None,
    };
    if duration.is_none() {
        let help = match (number.parse::<u64>(), unit.trim()) {
            (Ok(number), "") => format!("add the unit: \"{number}s\" or \"{number}ms\""),
            _ => "write a whole number and its unit, `s` or `ms`, such as \"10s\" or \"500ms\"".to_owned(),
        };
        found.report(&text.at, format!("{} is not a length of time", quoted(written)), "not a length of time", help);
    }
    duration
}

/// A size in bytes: a whole number and its unit, `kB`, `MB` or `GB` (powers of 1,000), from 1 to `largest`.
pub(super) fn size(found: &mut Findings, text: &Text, largest: u64) -> Option<u64> {
    let size = bytes_of(text.value).filter(|size| (1..=largest).contains(size));
    if size.is_none() {
        let help =
            format!("write a whole number and its unit, such as \"150 MB\"; at most \"{} MB\"", largest / 1_000_000);
        found.report(&text.at, format!("{} is not a size", quoted(text.value)), "not a size", help);
    }
    size
}
