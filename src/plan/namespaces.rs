//! Conversations of two chat sources that have the same id, and may be of two products.

use super::resolve::Resolution;
use crate::mapping::{Format, Mapping};
use std::collections::{BTreeMap, BTreeSet};

/// A note for each pair of chat sources whose messages share conversations: exports of one product may overlap, but the
/// conversation 1001 of one product is not that of another.
pub(super) fn notes(resolution: &Resolution<'_>, mapping: &Mapping) -> Vec<String> {
    let mut pairs: BTreeMap<(u16, u16), u64> = BTreeMap::new();
    // Messages stand conversation by conversation.
    for conversation in resolution.messages.chunk_by(|one, next| one.thread == next.thread) {
        let briefs = conversation.iter().filter_map(|message| resolution.brief_of(message));
        let sources: BTreeSet<u16> =
            briefs.map(|brief| brief.source).filter(|source| is_chat(mapping, *source)).collect();
        let mut sources = sources.into_iter();
        if let Some(pair) = sources.next().zip(sources.next()) {
            *pairs.entry(pair).or_default() += 1;
        }
    }
    let name = |source: u16| mapping.sources.get(usize::from(source)).map_or("", |source| source.name.as_str());
    let note = |((one, other), conversations): ((u16, u16), u64)| {
        let (are, noun) = if conversations == 1 { ("is", "conversation") } else { ("are", "conversations") };
        format!(
            "{conversations} {noun} of chats {are} made of messages of `{}` and of `{}`: if these are different products, give each \
             `[[source]]` a `namespace` of its own",
            name(one),
            name(other)
        )
    };
    pairs.into_iter().map(note).collect()
}

fn is_chat(mapping: &Mapping, source: u16) -> bool {
    mapping.sources.get(usize::from(source)).is_some_and(|source| matches!(source.format, Format::Csv(_)))
}
