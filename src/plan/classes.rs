//! Which of the copies that share a key are one message: those of equal sameness, and a mail of which files are missing in
//! the export with the one that has them.

use super::copies::Copy;
use super::facts::Candidate;
use crate::record::Likeness;
use std::borrow::Cow;
use std::collections::HashMap;

/// Different messages of one key that are compared with each other; so many come from generators that give every mail the
/// same Message-ID, and are not compared pair by pair.
const MAX_COMPARED: usize = 64;

/// The copies of one message; the first of them names it.
pub(super) type Class<'g, 'a> = Cow<'g, [Copy<'a>]>;

/// The classes of copies that are sorted by sameness, in that order.
pub(super) fn classes<'g, 'a>(group: &'g [Copy<'a>]) -> Vec<Class<'g, 'a>> {
    let mut classes: Vec<Class<'g, 'a>> =
        group.chunk_by(|a, b| a.1.identity.sameness == b.1.identity.sameness).map(Cow::Borrowed).collect();
    if classes.len() > 1 && group.iter().any(|(_, copy)| copy.is_partial()) {
        unite_partial(&mut classes);
    }
    classes
}

/// Puts each class that lacks files behind the fullest that has what it has.
fn unite_partial(classes: &mut Vec<Class<'_, '_>>) {
    let likeness = |class: &Class<'_, '_>| class.first().and_then(|(_, copy)| copy.likeness.clone());
    let known: Vec<Option<Box<Likeness>>> = classes.iter().map(likeness).collect();
    let mut by_base: HashMap<[u8; 16], Vec<usize>> = HashMap::new();
    for (at, likeness) in known.iter().enumerate() {
        if let Some(likeness) = likeness {
            by_base.entry(likeness.base).or_default().push(at);
        }
    }
    let mut wholes: Vec<Option<usize>> = vec![None; classes.len()];
    for alike in by_base.values().filter(|alike| alike.len() <= MAX_COMPARED) {
        for at in alike {
            let Some(Some(part)) = known.get(*at) else { continue };
            let fuller = alike.iter().filter_map(|other| Some((*other, known.get(*other)?.as_ref()?)));
            let fuller = fuller.filter(|(_, other)| holds(other, part));
            // Whole before partial, then the most files, then the smallest sameness.
            let best = fuller.min_by_key(|(at, other)| (other.missing, std::cmp::Reverse(other.files.len()), *at));
            if let (Some(slot), Some((best, _))) = (wholes.get_mut(*at), best) {
                *slot = Some(best);
            }
        }
    }
    // One step may lead to a class that is partial itself; each step has more files, so the way ends.
    let end = |mut at: usize| {
        while let Some(Some(next)) = wholes.get(at) {
            at = *next;
        }
        at
    };
    for at in 0..wholes.len() {
        let to = end(at);
        if to != at
            && let Some(part) = classes.get_mut(at).map(std::mem::take)
            && let Some(whole) = classes.get_mut(to)
        {
            whole.to_mut().extend(part.iter().copied());
        }
    }
    classes.retain(|class| !class.is_empty());
}

/// May `part` be `other` with some of its files missing?
fn holds(other: &Likeness, part: &Likeness) -> bool {
    let (has, had) = (other.files.len(), part.files.len().saturating_add(part.missing as usize));
    part.missing > 0
        && has > part.files.len()
        && has <= had
        && part.files.iter().all(|file| other.files.binary_search(file).is_ok())
}

impl Candidate {
    /// Files of it are missing in the export.
    pub(super) fn is_partial(&self) -> bool {
        self.likeness.as_ref().is_some_and(|likeness| likeness.missing > 0)
    }
}
