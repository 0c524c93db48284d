//! What lies beyond the ends of its source's time, where its conversation decides about it: a function of the set of messages, as
//! conversations are known only when all are.

use super::facts::Class;
use super::ids::{ExternalId, ThreadRef};
use super::pins::Pins;
use super::resolve::{Fate, Message, NamesInGraph, Resolution, number};
use crate::mapping::{Edge, Straddling};

/// Why a message is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// It lies beyond the end of its own source.
    Own,
    /// Its conversation lies beyond this end of this source.
    Conversation(End),
    /// Its conversation straddles it, and is left out whole.
    Straddles(End),
}

/// An end of the source of this index.
pub(super) type End = (u16, Edge);

/// Conversations with messages on both sides of an end, by what becomes of them.
#[derive(Debug, Default)]
pub(super) struct Straddlers {
    pub cut: Straddler,
    pub whole: Straddler,
    pub left: Straddler,
}

/// Those of one kind.
#[derive(Debug, Default)]
pub(super) struct Straddler {
    pub conversations: u64,
    /// Messages on this side.
    pub within: u64,
    /// Messages beyond; of those that are cut, records.
    pub beyond: u64,
    /// The oldest message on this side.
    oldest: Option<(i64, ExternalId, u32)>,
}

impl Straddler {
    /// The record of an example.
    pub(super) fn example(&self) -> Option<u32> {
        self.oldest.as_ref().map(|(_, _, record)| *record)
    }

    fn add(&mut self, sides: &Sides) {
        self.conversations += 1;
        self.within += u64::from(sides.within);
        self.beyond += u64::from(sides.beyond);
    }

    fn add_example(&mut self, message: &Message, date: i64) {
        let found = (date, &message.external_id);
        if self.oldest.as_ref().is_none_or(|(date, id, _)| found < (*date, id)) {
            self.oldest = Some((date, message.external_id.clone(), message.record));
        }
    }
}

/// How a conversation lies to the ends.
#[derive(Debug, Default, Clone, Copy)]
struct Sides {
    within: u32,
    beyond: u32,
    /// The end, of several that of the first source; one that leaves whole conversations out comes before all others.
    end: Option<(bool, End)>,
}

impl Sides {
    fn add_beyond(&mut self, end: End, leaves: bool) {
        self.beyond = self.beyond.saturating_add(1);
        let found = (!leaves, end);
        self.end = Some(self.end.map_or(found, |known| known.min(found)));
    }

    fn add_within(&mut self) {
        self.within = self.within.saturating_add(1);
    }

    fn straddles(&self) -> bool {
        self.within > 0 && self.beyond > 0
    }

    /// The end at which it is left out whole if it straddles.
    fn leaves(&self) -> Option<End> {
        self.end.filter(|(keeps, _)| !keeps).map(|(_, end)| end)
    }
}

impl Resolution<'_> {
    /// Leaves out what lies beyond, by its conversation where that decides. `refs` are those of the threads; gives those that are left.
    pub(super) fn keep_within(
        &mut self,
        refs: Vec<ThreadRef>,
        names: &NamesInGraph<'_>,
        pins: &Pins,
    ) -> Vec<ThreadRef> {
        if self.mapping.sources.iter().all(|source| source.ends.since.is_none() && source.ends.until.is_none()) {
            return refs;
        }
        let ends = self.ends_of_messages();
        let mut threads = vec![Sides::default(); refs.len()];
        for (message, end) in self.messages.iter().zip(&ends).filter(|(message, _)| !self.is_comment(message)) {
            let Some(sides) = threads.get_mut(message.thread as usize) else { continue };
            match end {
                Some(end) => sides.add_beyond(*end, self.leaves(*end)),
                None => sides.add_within(),
            }
        }
        let cut = self.cut_by_name(&ends, names);
        let is_sent: Vec<bool> = refs.iter().map(|known| pins.thread(&known.text()).is_some()).collect();
        let fate = |(message, end): (&Message, &Option<End>)| {
            let thread = message.thread as usize;
            let is_sent = is_sent.get(thread).copied().unwrap_or_default();
            if is_sent && pins.copy(&message.external_id.text()).is_some() {
                return None;
            }
            let sides = threads.get(thread).copied().unwrap_or_default();
            let by_itself = || end.map(|_| Beyond::Own);
            match (sides.straddles(), sides.leaves(), is_sent) {
                (true, None, _) => None,
                (true, Some(end), false) => Some(Beyond::Straddles(end)),
                // It cannot be left out whole any more.
                (true, Some(_), true) => by_itself(),
                _ if !self.is_comment(message) || is_sent => by_itself(),
                _ if sides.within > 0 => None,
                _ => {
                    let of_name = || Some(cut.get(names.number_of(message)? as usize)?.end?.1);
                    sides.end.map(|(_, end)| end).or_else(of_name).map(Beyond::Conversation)
                }
            }
        };
        let fates: Vec<Option<Beyond>> = self.messages.iter().zip(&ends).map(fate).collect();
        self.count_straddlers(&threads, &is_sent, &ends);
        self.count_cut(&cut, &ends, names);
        self.leave_beyond(refs, &fates)
    }

    /// By message: the end that all of its copies lie beyond.
    fn ends_of_messages(&self) -> Vec<Option<End>> {
        // Not known, within, or beyond.
        let mut ends: Vec<Option<Option<End>>> = vec![None; self.messages.len()];
        for (fate, brief) in self.fates.iter().zip(&self.read.briefs) {
            let (Fate::Message(at) | Fate::Copy(at)) = fate else { continue };
            let Some(slot) = ends.get_mut(*at as usize) else { continue };
            let end = brief.traits.beyond().map(|edge| (brief.source, edge));
            *slot = Some(slot.map_or(end, |known| known.min(end)));
        }
        ends.into_iter().map(Option::flatten).collect()
    }

    fn leaves(&self, (source, _): End) -> bool {
        self.mapping.sources.get(usize::from(source)).is_some_and(|source| source.ends.straddling == Straddling::Leave)
    }

    /// By name in the graph: conversations of which records were cut one by one. Empty where none were.
    fn cut_by_name(&self, ends: &[Option<End>], names: &NamesInGraph<'_>) -> Vec<Sides> {
        let mut cut: Vec<Sides> = Vec::new();
        let briefs = self.read.briefs.iter().filter(|brief| brief.traits.is_of(Class::Skipped));
        for (brief, edge) in briefs.filter_map(|brief| Some((brief, brief.traits.beyond()?))) {
            cut.resize(names.len(), Sides::default());
            if let Some(sides) = names.number_at(brief.place).and_then(|name| cut.get_mut(name as usize)) {
                sides.add_beyond((brief.source, edge), false);
            }
        }
        if cut.is_empty() {
            return cut;
        }
        for (message, _) in self.within(ends) {
            if let Some(sides) = names.number_of(message).and_then(|name| cut.get_mut(name as usize)) {
                sides.add_within();
            }
        }
        cut
    }

    /// Messages on this side of their ends, without comments.
    fn within<'m>(&'m self, ends: &'m [Option<End>]) -> impl Iterator<Item = (&'m Message, i64)> {
        let within = self.messages.iter().zip(ends).filter(|(message, end)| end.is_none() && !self.is_comment(message));
        within.map(|(message, _)| (message, self.date_of(message)))
    }

    fn count_straddlers(&mut self, threads: &[Sides], is_sent: &[bool], ends: &[Option<End>]) {
        let mut counted = Straddlers::default();
        let kind = |sides: &Sides, is_sent: bool| match (sides.straddles(), sides.leaves()) {
            (false, _) => None,
            (true, None) => Some(Straddling::Whole),
            (true, Some(_)) if is_sent => Some(Straddling::Cut),
            (true, Some(_)) => Some(Straddling::Leave),
        };
        let kinds: Vec<_> = threads.iter().zip(is_sent).map(|(sides, is_sent)| kind(sides, *is_sent)).collect();
        for (sides, kind) in threads.iter().zip(&kinds) {
            if let Some(kind) = kind {
                counted.of(*kind).add(sides);
            }
        }
        for (message, date) in self.within(ends) {
            if let Some(Some(kind)) = kinds.get(message.thread as usize) {
                counted.of(*kind).add_example(message, date);
            }
        }
        self.straddlers = counted;
    }

    fn count_cut(&mut self, cut: &[Sides], ends: &[Option<End>], names: &NamesInGraph<'_>) {
        let mut counted = std::mem::take(&mut self.straddlers.cut);
        cut.iter().filter(|sides| sides.straddles()).for_each(|sides| counted.add(sides));
        for (message, date) in self.within(ends) {
            let sides = names.number_of(message).and_then(|name| cut.get(name as usize));
            if sides.is_some_and(Sides::straddles) {
                counted.add_example(message, date);
            }
        }
        self.straddlers.cut = counted;
    }

    /// Takes out the messages that are left out, and the threads that have none any more.
    fn leave_beyond(&mut self, mut refs: Vec<ThreadRef>, fates: &[Option<Beyond>]) -> Vec<ThreadRef> {
        if fates.iter().all(Option::is_none) {
            return refs;
        }
        let fate = |at: u32| fates.get(at as usize).copied().flatten();
        self.keep_messages(|at, _| fate(at).is_none(), |at| fate(at).map_or(Fate::Own, Fate::Beyond));
        let mut is_kept = vec![false; refs.len()];
        for message in &self.messages {
            if let Some(slot) = is_kept.get_mut(message.thread as usize) {
                *slot = true;
            }
        }
        let mut next = 0;
        let numbers: Vec<u32> = is_kept
            .iter()
            .map(|is_kept| {
                next += u32::from(*is_kept);
                next.saturating_sub(1)
            })
            .collect();
        for message in &mut self.messages {
            message.thread = numbers.get(message.thread as usize).copied().unwrap_or_default();
        }
        let mut is_kept = is_kept.into_iter();
        refs.retain(|_| is_kept.next().unwrap_or_default());
        refs
    }

    /// Why the record of this number is left out, in words.
    pub(super) fn beyond_in_words(&self, record: usize, beyond: Beyond) -> String {
        let source = |index: u16| self.mapping.sources.get(usize::from(index));
        match beyond {
            Beyond::Own => {
                let brief = self.read.briefs.get(record);
                let end = brief.and_then(|brief| Some((source(brief.source)?, brief.traits.beyond()?)));
                end.map_or_else(String::new, |(source, edge)| source.ends.cause(edge, &source.name))
            }
            Beyond::Conversation((index, edge)) => {
                let name = source(index).map_or("", |source| &source.name);
                format!("a note of a conversation beyond {edge} of {name}")
            }
            Beyond::Straddles((index, edge)) => {
                let name = source(index).map_or("", |source| &source.name);
                format!("its conversation straddles {edge} of {name} (`straddling = \"leave\"`)")
            }
        }
    }
}

impl Straddlers {
    fn of(&mut self, kind: Straddling) -> &mut Straddler {
        match kind {
            Straddling::Cut => &mut self.cut,
            Straddling::Whole => &mut self.whole,
            Straddling::Leave => &mut self.left,
        }
    }
}

impl Resolution<'_> {
    /// Keeps these messages; the others, by their places, get another fate, and so do their copies.
    pub(super) fn keep_messages(&mut self, is_kept: impl Fn(u32, &Message) -> bool, otherwise: impl Fn(u32) -> Fate) {
        let mut next = 0;
        let mut places: Vec<Option<u32>> = Vec::with_capacity(self.messages.len());
        for (at, message) in (0..).zip(&self.messages) {
            let is_kept = is_kept(at, message);
            places.push(is_kept.then(|| number(next)));
            next += usize::from(is_kept);
        }
        let place = |old: u32| places.get(old as usize).copied().flatten();
        for fate in &mut self.fates {
            if let Fate::Message(index) | Fate::Copy(index) = fate {
                match place(*index) {
                    Some(new) => *index = new,
                    None => *fate = otherwise(*index),
                }
            }
        }
        let mut places = places.iter();
        self.messages.retain(|_| places.next().is_some_and(Option::is_some));
    }
}
