//! What the mapping decides about one record: direction, inbox, tags, thread, skip, and by which rule.

mod ends;

use super::conditions::Asked;
use super::gist::Gist;
use crate::mapping::{Direction, Edge, Mapping, Notes, Rule, SourceMapping, UnlistedLabels};
use crate::record::system_labels::{Meaning, meaning};
use crate::record::{Kind, Record};
use crate::source::RawEntry;
use serde::{Deserialize, Serialize};

/// Front's limit on the length of a tag name, in characters.
const MAX_TAG: usize = 64;

/// What the mapping says of one record, by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decided {
    pub direction: Direction,
    pub direction_by: DirectionBy,
    /// Indexes of the matching rules that name an inbox, in order, each inbox once.
    pub inbox_rules: Vec<usize>,
    /// The rule that names the assignee.
    pub assignee_rule: Option<usize>,
    /// The rule that says whether its thread is archived.
    pub archived_rule: Option<usize>,
    /// The rules that give its conversation something once all of it is in Front.
    pub finish_rules: Vec<usize>,
    /// It is an internal note.
    pub is_note: bool,
    /// The thread's name by a rule.
    pub thread: Option<String>,
    pub tags: Vec<String>,
    /// The end of its source's time that it lies beyond.
    pub beyond: Option<Edge>,
    /// It is delivered through a channel, not imported.
    pub is_delivery: bool,
    pub skip: Option<String>,
    /// Labels that became no tag, because no table names them.
    pub unlisted: Vec<String>,
    /// By rule: how it fared with this record.
    pub rules: Vec<Fared>,
}

/// What nothing was said of.
impl Default for Decided {
    fn default() -> Self {
        Self {
            direction: Direction::Inbound,
            direction_by: DirectionBy::Others,
            inbox_rules: Vec::new(),
            assignee_rule: None,
            archived_rule: None,
            finish_rules: Vec::new(),
            is_note: false,
            thread: None,
            tags: Vec::new(),
            beyond: None,
            is_delivery: false,
            skip: None,
            unlisted: Vec::new(),
            rules: Vec::new(),
        }
    }
}

/// What says in which direction a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum DirectionBy {
    /// A label, a folder or a role of the export.
    Stated,
    /// Its author is one of `[ours]`.
    Ours,
    /// The rule of this index.
    Rule(u16),
    /// Its author is none of ours.
    Others,
}

/// How a rule fared with one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fared {
    /// So many of its conditions held before one did not.
    Failed(usize),
    /// It matched and decided something.
    Decided,
    /// It matched and decided nothing.
    Idle(Idle),
}

/// Why a rule that matched decided nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Idle {
    /// The rule of this index had decided it.
    Rule(usize),
    /// A label, or an end of its source, had the record skipped.
    Skipped,
    /// What it says holds without it, or its `thread` finds no name.
    Needless,
}

/// Applies the mapping to a record of the source at `source`. Without the entry it was read from: `None` if the mapping asks
/// for what only the entry has.
pub(super) fn decide(entry: Option<&RawEntry>, gist: &Gist, source: usize, mapping: &Mapping) -> Option<Decided> {
    let mut deciding = Deciding::new(entry, gist, source, mapping, None);
    deciding.apply();
    (!deciding.asked.lacks_entry()).then_some(deciding.decided)
}

/// As [`decide`], in words: what was decided, each with its reason.
pub(super) fn explain(entry: &RawEntry, record: &Record, source: usize, mapping: &Mapping) -> Explained {
    let gist = Gist::of(entry, record);
    let mut deciding = Deciding::new(Some(entry), &gist, source, mapping, Some(Vec::new()));
    deciding.apply();
    deciding.say_thread(record);
    let rule = deciding.decided.inbox_rules.first().and_then(|rule| mapping.rules.get(*rule));
    Explained { reasons: deciding.why.unwrap_or_default(), inbox: rule.and_then(|rule| rule.inbox.clone()) }
}

/// What was decided about one record, in words.
pub(super) struct Explained {
    pub reasons: Vec<String>,
    /// The inbox that the first rule names.
    pub inbox: Option<String>,
}

struct Deciding<'a> {
    mapping: &'a Mapping,
    source: Option<&'a SourceMapping>,
    gist: &'a Gist,
    asked: Asked<'a>,
    decided: Decided,
    /// The rule that skips it; `None` while nothing does or a label did.
    skip_rule: Option<usize>,
    /// By tag: the rule that added it, where one did.
    tagged_by: Vec<(usize, String)>,
    /// The rules that gave direction and thread.
    direction_rule: Option<usize>,
    thread_rule: Option<usize>,
    /// The rule that made it a note.
    note_rule: Option<usize>,
    /// By what a conversation has one of (status, or a custom field by its name): the rule that gave it.
    given_by: Vec<(Option<&'a str>, usize)>,
    /// Reasons, where somebody wants to hear them.
    why: Option<Vec<String>>,
}

impl<'a> Deciding<'a> {
    fn new(
        entry: Option<&'a RawEntry>,
        gist: &'a Gist,
        source: usize,
        mapping: &'a Mapping,
        why: Option<Vec<String>>,
    ) -> Self {
        let source = mapping.sources.get(source);
        let decided = Decided { rules: Vec::with_capacity(mapping.rules.len()), ..Decided::default() };
        Self {
            mapping,
            source,
            gist,
            asked: Asked::new(entry, gist, source.map_or("", |source| source.name.as_str())),
            decided,
            skip_rule: None,
            tagged_by: Vec::new(),
            direction_rule: None,
            thread_rule: None,
            note_rule: None,
            given_by: Vec::new(),
            why,
        }
    }

    fn apply(&mut self) {
        self.direction();
        self.default_tags();
        self.labels();
        self.ends_of_source();
        self.decided.is_note = self.gist.is_note;
        for (index, rule) in self.mapping.rules.iter().enumerate() {
            let held = self.asked.held(&rule.when, self.decided.direction);
            let fared = if held < rule.when.conditions.len() { Fared::Failed(held) } else { self.rule(index, rule) };
            self.decided.rules.push(fared);
        }
        self.delivery();
    }

    /// Says what names the thread, in the order in which it is asked.
    fn say_thread(&mut self, record: &Record) {
        let references = record.references.len() + record.in_reply_to.len();
        let words = match (&record.thread_value, &record.gmail_thread, &record.conversation) {
            _ if self.thread_rule.is_some() => return,
            (Some(value), ..) => format!("thread {value}: by [thread]"),
            (_, Some(value), _) => format!("thread {value}: by X-GM-THRID"),
            (.., Some(value)) => format!("thread {value}: the conversation's id"),
            _ if references > 0 => {
                let last = record.in_reply_to.first().or(record.references.last()).map_or("", String::as_str);
                format!("thread: with what it refers to, {last} the nearest of {references}")
            }
            _ => "thread: it refers to nothing, so it begins one".to_owned(),
        };
        self.say(|| words);
    }

    fn say(&mut self, words: impl FnOnce() -> String) {
        if let Some(why) = &mut self.why {
            why.push(words());
        }
    }

    /// Says that a rule did something; the reason is that of its conditions.
    fn say_rule(&mut self, index: usize, rule: &Rule, direction: Direction, what: impl FnOnce() -> String) {
        if let Some(why) = &mut self.why {
            let because = self.asked.because(&rule.when, direction);
            why.push(format!("rule {} (line {}) {} because {because}", index + 1, rule.at.line, what()));
        }
    }

    fn direction(&mut self) {
        let handle = self.gist.author.as_str();
        let (direction, by, because) = if let Some(stated) = self.gist.stated_direction {
            let by = match self.gist.kind {
                Kind::Mail => "its labels say so",
                Kind::Row => "its role says so",
            };
            (stated, DirectionBy::Stated, by)
        } else if self.mapping.ours.owns(handle) {
            (Direction::Outbound, DirectionBy::Ours, "is one of our addresses or on one of our domains ([ours])")
        } else {
            (Direction::Inbound, DirectionBy::Others, "is none of ours ([ours])")
        };
        let stated = by == DirectionBy::Stated;
        (self.decided.direction, self.decided.direction_by) = (direction, by);
        self.say(
            || if stated { format!("{direction}: {because}") } else { format!("{direction}: {handle} {because}") },
        );
    }

    fn default_tags(&mut self) {
        for tag in &self.mapping.defaults.tags {
            if self.tag(tag, None) {
                self.say(|| format!("tag {tag}: every message has it ([defaults])"));
            }
        }
    }

    fn labels(&mut self) {
        // In a table of chats a label such as `Chat` or `Important` is somebody's own word.
        let is_mail = self.gist.kind == Kind::Mail;
        let meaning = |label| if is_mail { meaning(label) } else { None };
        for label in &self.gist.labels {
            if let Some(tag) = self.mapping.labels.get(label) {
                self.tag(tag, None);
                self.say(|| format!("tag {tag}: label = {label} ([labels])"));
            } else if let Some(meaning) = meaning(label) {
                if meaning == Meaning::NotKept {
                    self.decided.skip.get_or_insert_with(|| format!("label {label}"));
                    self.say(|| format!("skipped: label = {label}, which [labels] does not name"));
                }
            } else if self.mapping.defaults.unlisted_labels == UnlistedLabels::Tag && label.chars().count() <= MAX_TAG {
                self.tag(label, None);
                self.say(|| format!("tag {label}: label = {label} (`unlisted_labels`)"));
            } else {
                self.decided.unlisted.push(label.clone());
                self.say(|| format!("no tag for label {label}: [labels] does not name it"));
            }
        }
    }

    /// Adds a tag once.
    fn tag(&mut self, tag: &str, rule: Option<usize>) -> bool {
        if self.decided.tags.iter().any(|known| known == tag) {
            return false;
        }
        self.decided.tags.push(tag.to_owned());
        self.tagged_by.extend(rule.map(|rule| (rule, tag.to_owned())));
        true
    }

    /// A rule leaves it out: where it lies to the ends of its source does not matter then.
    fn skip(&mut self, rule: usize, cause: String) {
        (self.skip_rule, self.decided.beyond) = (Some(rule), None);
        self.decided.skip = Some(cause);
    }

    /// Applies a rule that matches.
    fn rule(&mut self, index: usize, rule: &'a Rule) -> Fared {
        let direction = self.decided.direction;
        // What is skipped goes nowhere, whatever else is said of it; it is decided all the same, for a message that was
        // sent before.
        let was_skipped = self.decided.skip.is_some();
        let mut idle_by = self.skip_rule;
        let mut has_decided = false;
        let mut note = |decided: bool, by: Option<usize>| {
            has_decided |= decided;
            if !decided && idle_by.is_none() {
                idle_by = by;
            }
        };
        if let Some(inbox) = &rule.inbox {
            let first = self.decided.inbox_rules.first().copied();
            let of = |rule: &usize| self.mapping.rules.get(*rule).and_then(|rule| rule.inbox.as_ref());
            let is_known = self.decided.inbox_rules.iter().any(|known| of(known) == Some(inbox));
            let names_further = self.mapping.identity.names_further_inboxes();
            note(first.is_none() || (!is_known && names_further), first);
            if !is_known {
                self.decided.inbox_rules.push(index);
                let what = || {
                    if first.is_none() { format!("set inbox {inbox}") } else { format!("named inbox {inbox}, too,") }
                };
                self.say_rule(index, rule, direction, what);
            }
        }
        for tag in &rule.tags {
            let is_new = self.tag(tag, Some(index));
            let by = self.tagged_by.iter().find(|(_, known)| known == tag).map(|(by, _)| *by);
            note(is_new, by.filter(|by| *by != index));
            if is_new {
                self.say_rule(index, rule, direction, || format!("added tag {tag}"));
            }
        }
        if let Some(assignee) = &rule.assignee {
            let first = self.decided.assignee_rule;
            note(first.is_none(), first);
            if first.is_none() {
                self.decided.assignee_rule = Some(index);
                self.say_rule(index, rule, direction, || format!("assigned it to {assignee}"));
            }
        }
        if let Some(is_archived) = rule.is_archived {
            let first = self.decided.archived_rule;
            note(first.is_none(), first);
            if first.is_none() {
                self.decided.archived_rule = Some(index);
                let what = if is_archived { "archived it" } else { "left it open" };
                self.say_rule(index, rule, direction, || what.to_owned());
            }
        }
        if let Some(named) = &rule.thread
            && let Some(name) = self.asked.says(named)
        {
            note(self.thread_rule.is_none(), self.thread_rule);
            if self.thread_rule.is_none() {
                self.thread_rule = Some(index);
                self.say_rule(index, rule, direction, || format!("put it into the thread {name}"));
                self.decided.thread = Some(name);
            }
        }
        if !rule.finish.is_empty() {
            let (is_new, by) = self.finish(index, rule, direction);
            note(is_new, by);
        }
        if rule.is_note {
            note(!self.decided.is_note, self.note_rule);
            if !self.decided.is_note {
                self.note_rule = Some(index);
                self.decided.is_note = true;
                self.say_rule(index, rule, direction, || "made it an internal note".to_owned());
            }
            if self.mapping.notes == Notes::Nothing && !was_skipped {
                self.skip(index, format!("internal note (rule at line {})", rule.at.line));
                self.say(|| "skipped: [notes] leaves internal notes out".to_owned());
            }
        }
        if let Some(wanted) = rule.direction {
            note(self.direction_rule.is_none(), self.direction_rule);
            if self.direction_rule.is_none() {
                self.direction_rule = Some(index);
                self.decided.direction = wanted;
                self.decided.direction_by = u16::try_from(index).map_or(DirectionBy::Stated, DirectionBy::Rule);
                self.say_rule(index, rule, direction, || format!("set direction {wanted}"));
            }
        }
        if let Some(reason) = &rule.skip {
            note(!was_skipped, self.skip_rule);
            if !was_skipped {
                self.skip(index, format!("{reason} (rule at line {})", rule.at.line));
                self.say_rule(index, rule, direction, || format!("skipped it ({reason})"));
            }
        }
        match idle_by {
            _ if has_decided && !was_skipped => Fared::Decided,
            Some(rule) => Fared::Idle(Idle::Rule(rule)),
            None if was_skipped => Fared::Idle(Idle::Skipped),
            None => Fared::Idle(Idle::Needless),
        }
    }
    /// Takes up what a rule gives the conversation. Is any of it new, and if not, which rule gave it before?
    fn finish(&mut self, index: usize, rule: &'a Rule, direction: Direction) -> (bool, Option<usize>) {
        let finish = &rule.finish;
        let status = finish.status.as_ref().map(|_| None);
        let fields = finish.custom_fields.keys().map(|name| Some(name.as_str()));
        let mut is_new = finish.link.is_some() || !finish.followers.is_empty();
        let mut given_before = None;
        for given in status.into_iter().chain(fields) {
            if let Some((_, by)) = self.given_by.iter().find(|(known, _)| *known == given) {
                given_before = given_before.or(Some(*by));
            } else {
                self.given_by.push((given, index));
                is_new = true;
            }
        }
        self.decided.finish_rules.push(index);
        let names = [
            (finish.link.is_some(), "a link"),
            (finish.status.is_some(), "a ticket status"),
            (!finish.custom_fields.is_empty(), "custom fields"),
            (!finish.followers.is_empty(), "followers"),
        ];
        let names: Vec<&str> = names.into_iter().filter(|(is_given, _)| *is_given).map(|(_, name)| name).collect();
        self.say_rule(index, rule, direction, || format!("gave its conversation {}", names.join(", ")));
        (is_new, given_before)
    }
}
