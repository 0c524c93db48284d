//! Search over subjects, people and what stands in messages.
//!
//! Messages are read from disk, newest conversations first, up to a bound for each page: the page says how far it came, and
//! the next one goes on there. The store is held only to copy out what is to be read. Whoever asks again before an answer
//! came does not wait for the answer: a search that begins ends the one before.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{RawQuery, State};
use axum::response::Html;
use regex::{Regex, RegexBuilder};
use url::form_urlencoded;

use super::super::server::Shared;
use super::super::store::{PEOPLE, Place, Stored};
use super::super::templates::{ConversationRow, Found, SearchPage, counted};
use super::{App, Trouble, aside, asked, mail, page, show};

/// Most hits on a page.
const HITS: usize = 50;
/// Conversations that are copied out of the store at a time: imports go on in between.
const WINDOW: usize = 500;
/// Bytes of messages that are read for one page.
const READ: u64 = 128_000_000;
/// Letters that can be searched for.
const LONGEST: usize = 200;
/// Letters shown before and after a hit.
const AROUND: usize = 70;

pub(in super::super) async fn search(State(shared): App, RawQuery(query): RawQuery) -> Result<Html<String>, Trouble> {
    let asked_for = asked(query.as_deref(), "q").unwrap_or_default();
    let after = asked(query.as_deref(), "after").and_then(|place| parse_place(&place));
    aside(&shared, move |shared| {
        let words: String = asked_for.trim().chars().take(LONGEST).collect();
        let looked = match needle(&words) {
            Some(needle) => look(shared, &needle, after)?,
            None => Looked::default(),
        };
        let next = looked.next.map(|(time, number)| {
            let words: String = form_urlencoded::byte_serialize(words.as_bytes()).collect();
            format!("/web/search?q={words}&after={time}_{number}")
        });
        let extent = looked.extent(after.is_some());
        let content = SearchPage { query: &words, rows: looked.rows, people: PEOPLE, extent, next };
        page(shared, "Search", "", &asked_for, &content)
    })
    .await
}

/// The words in any case of letters, however they are spaced; nothing where there are none.
fn needle(words: &str) -> Option<Regex> {
    let pattern: Vec<String> = words.split_whitespace().map(regex::escape).collect();
    if pattern.is_empty() {
        return None;
    }
    RegexBuilder::new(&pattern.join(r"\s+")).case_insensitive(true).build().ok()
}

/// The last conversation of the page before: time and number.
fn parse_place(text: &str) -> Option<(i64, u32)> {
    let (time, number) = text.split_once('_')?;
    Some((time.parse().ok()?, number.parse().ok()?))
}

/// Who searches: the one that began last.
#[derive(Default)]
pub(in super::super) struct Searches(AtomicU64);

impl Searches {
    fn begin(&self) -> Turn<'_> {
        Turn { searches: self, number: self.0.fetch_add(1, Ordering::Relaxed) + 1 }
    }
}

/// A search that may read on until another begins.
struct Turn<'a> {
    searches: &'a Searches,
    number: u64,
}

impl Turn<'_> {
    fn is_over(&self) -> bool {
        self.searches.0.load(Ordering::Relaxed) != self.number
    }
}

/// What a page of search has found, and how far it came.
#[derive(Default)]
struct Looked {
    rows: Vec<ConversationRow>,
    /// Conversations whose subjects and people were looked at.
    conversations: u64,
    /// Messages whose text was, and those for which there was no time.
    read: u64,
    unread: u64,
    /// Messages whose text was not kept.
    forgotten: u64,
    next: Option<(i64, u32)>,
    /// Another search began.
    is_stopped: bool,
}

/// A conversation to look into.
struct Candidate {
    place: (i64, u32),
    is_hit: bool,
    messages: Vec<Place>,
}

fn look(shared: &Shared, needle: &Regex, after: Option<(i64, u32)>) -> Result<Looked, Trouble> {
    let turn = shared.searches.begin();
    let mut looked = Looked::default();
    let mut left = READ;
    let mut after = after;
    loop {
        let window = candidates(shared, needle, after);
        let is_last = window.len() < WINDOW;
        for candidate in window {
            if looked.rows.len() >= HITS || left == 0 {
                looked.next = after;
                return Ok(looked);
            }
            let found =
                if candidate.is_hit { None } else { looked.read(shared, needle, &candidate, &turn, &mut left)? };
            // What was being read is read again by whoever goes on from here.
            if turn.is_over() {
                return Ok(Looked { next: after, is_stopped: true, ..looked });
            }
            after = Some(candidate.place);
            looked.conversations += 1;
            if candidate.is_hit || found.is_some() {
                let row = show::row(&shared.store(), candidate.place.1);
                looked.rows.extend(row.map(|row| ConversationRow { found, ..row }));
            }
        }
        if is_last {
            return Ok(looked);
        }
    }
}

/// The next conversations, with what is to be read of those that do not show the words already.
fn candidates(shared: &Shared, needle: &Regex, after: Option<(i64, u32)>) -> Vec<Candidate> {
    let store = shared.store();
    let candidate = |place: (i64, u32)| {
        let it = store.conversation(place.1)?;
        let is_hit = it.mentions(|text| needle.is_match(text));
        let messages = it.messages.iter().rev().filter(|_| !is_hit);
        let messages = messages.filter_map(|(_, number)| Some(store.message(*number)?.place)).collect();
        Some(Candidate { place, is_hit, messages })
    };
    store.newest(after, WINDOW).into_iter().filter_map(candidate).collect()
}

impl Looked {
    /// Reads a conversation, newest message first, up to the first that holds the words.
    fn read(
        &mut self,
        shared: &Shared,
        needle: &Regex,
        candidate: &Candidate,
        turn: &Turn<'_>,
        left: &mut u64,
    ) -> Result<Option<Found>, Trouble> {
        for (number, place) in candidate.messages.iter().enumerate() {
            if turn.is_over() {
                break;
            }
            if *left == 0 {
                self.unread += (candidate.messages.len() - number) as u64;
                break;
            }
            *left = left.saturating_sub(place.len());
            let stored: Stored = shared.log.read(*place)?;
            self.read += 1;
            self.forgotten += u64::from(stored.forgotten);
            if let Some(found) = found_in(needle, &stored) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// How far the search came, in words.
    fn extent(&self, goes_on: bool) -> String {
        let further = if goes_on { "further " } else { "" };
        let mut words = format!(
            "Looked at subjects and people of {} and at the text of {}, newest first.",
            counted(&self.conversations, &format!("{further}conversation")),
            counted(&self.read, "message")
        );
        if self.is_stopped {
            words.push_str(" A search that began after this one stopped it: one is made at a time.");
        }
        if self.next.is_some() {
            words.push_str(" There are older conversations.");
        }
        if self.unread > 0 {
            let unread = counted(&self.unread, "older message");
            let were = if self.unread == 1 { "was" } else { "were" };
            let _ = write!(words, " Of a very long conversation, {unread} {were} left out.");
        }
        if self.forgotten > 0 {
            let _ = write!(words, " The texts of {} were not kept.", counted(&self.forgotten, "message"));
        }
        words
    }
}

fn found_in(needle: &Regex, stored: &Stored) -> Option<Found> {
    let body = show::text(stored, "body");
    let text = if show::is_html(stored) { mail::text(body) } else { body.to_owned() };
    let names = stored.attachments.iter().map(|file| file.filename.as_str());
    let mut places =
        [text.as_str(), stored.external_id.as_str(), show::text(stored, "subject")].into_iter().chain(names);
    places.find_map(|text| needle.find(text).map(|hit| around(text, hit.start(), hit.end())))
}

/// The hit with what stands around it, on one line.
fn around(text: &str, start: usize, end: usize) -> Found {
    let line = |text: &str| {
        let mut line = String::new();
        for letter in text.chars() {
            match letter.is_whitespace() {
                true if line.ends_with(' ') => {}
                true => line.push(' '),
                false => line.push(letter),
            }
        }
        line
    };
    let (before, rest) = text.split_at(start);
    let (hit, after) = rest.split_at(end - start);
    let cut = before.char_indices().rev().nth(AROUND).map(|(at, _)| at);
    let shown = cut.and_then(|at| before.get(at..));
    let before = shown.map_or_else(|| line(before), |shown| format!("…{}", line(shown)));
    let cut = after.char_indices().nth(AROUND).map(|(at, _)| at);
    let shown = cut.and_then(|at| after.get(..at));
    let after = shown.map_or_else(|| line(after), |shown| format!("{}…", line(shown)));
    let straight = |text: String| show::straight(&text);
    Found { before: straight(before), hit: straight(line(hit)), after: straight(after) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_however_they_are_spaced() {
        let needle = needle(" Broken  LAMP (x").unwrap();
        assert!(needle.is_match("my broken\n lamp (X)") && !needle.is_match("brokenlamp (x"));
        assert!(super::needle("  ").is_none());
        assert!(super::needle("ÄRGER").unwrap().is_match("viel ärger"));
    }

    #[test]
    fn a_hit_is_shown_on_one_line_with_what_stands_around_it() {
        let text = format!("{}\n the  Hit\tand {}", "ä".repeat(100), "b".repeat(100));
        let found = needle("hit").unwrap().find(&text).map(|hit| around(&text, hit.start(), hit.end())).unwrap();
        assert_eq!(found.hit, "Hit");
        assert!(found.before.starts_with('…') && found.before.ends_with("ä the "), "{}", found.before);
        assert!(found.after.starts_with(" and b") && found.after.ends_with('…'), "{}", found.after);
    }

    #[test]
    fn a_search_is_over_when_another_begins() {
        let searches = Searches::default();
        let first = searches.begin();
        assert!(!first.is_over());
        let second = searches.begin();
        assert!(first.is_over() && !second.is_over());
    }

    #[test]
    fn one_is_not_said_as_many() {
        let looked = Looked { conversations: 1, read: 1, unread: 1, is_stopped: true, ..Looked::default() };
        assert_eq!(
            looked.extent(true),
            "Looked at subjects and people of 1 further conversation and at the text of 1 message, newest first. \
             A search that began after this one stopped it: one is made at a time. \
             Of a very long conversation, 1 older message was left out."
        );
        let looked = Looked { conversations: 20_000, read: 0, ..Looked::default() };
        assert!(looked.extent(false).contains("20,000 conversations and at the text of 0 messages"));
    }

    #[test]
    fn the_place_to_go_on_from_is_read_as_written() {
        assert_eq!(parse_place("-5_3"), Some((-5, 3)));
        for nonsense in ["", "5", "a_b", "5_-1", "5_99999999999"] {
            assert_eq!(parse_place(nonsense), None, "{nonsense}");
        }
    }
}
