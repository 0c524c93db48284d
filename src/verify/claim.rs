//! A message that no uid leads to may be there all the same: an answer that was lost took a uid with it, and the repeat was
//! answered with another one. In a conversation that is known it is found by what it says, if nothing else reads like it.

use super::compare::Likeness;
use super::conversation::Conversation;
use super::judge::{Fate, Judge, MOST_NAMED, Stop, Traces, joined, locked, of_trouble};
use super::look::{Seen, Trouble};
use crate::front::{FrontError, Message};
use crate::ledger::{Ledger, State};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};

/// Which messages of Front belong to which of ours, as far as it takes to claim one.
pub(super) struct Claims {
    ledger: Arc<Ledger>,
    /// Claimed in this run.
    taken: Mutex<HashSet<String>>,
    /// Asked for while the journal was being read for others: the next pass serves them all.
    waiting: Mutex<HashSet<String>>,
    /// What a pass found for those that have not fetched it yet.
    answers: tokio::sync::Mutex<HashMap<String, Option<String>>>,
}

impl Claims {
    pub(super) fn new(ledger: Arc<Ledger>) -> Self {
        let (taken, waiting) = (Mutex::default(), Mutex::default());
        Self { ledger, taken, waiting, answers: tokio::sync::Mutex::default() }
    }

    /// The external ids of those messages of ours that these uids or message ids belong to.
    async fn holders(&self, names: &HashSet<String>) -> Result<HashMap<String, String>, Fate> {
        locked(&self.waiting).extend(names.iter().cloned());
        let mut answers = self.answers.lock().await;
        if !names.iter().all(|name| answers.contains_key(name)) {
            let mut asked = std::mem::take(&mut *locked(&self.waiting));
            asked.extend(names.iter().cloned());
            let ledger = Arc::clone(&self.ledger);
            let read = tokio::task::spawn_blocking(move || {
                let found = ledger.holders(&asked);
                found
                    .map(|mut found| asked.into_iter().map(move |name| (found.remove(&name), name)).collect::<Vec<_>>())
            });
            let read = joined(read.await).ok_or(Fate::Cancelled)?;
            let found = read.map_err(|error| Fate::Stop(Stop::from(error)))?;
            answers.extend(found.into_iter().map(|(holder, name)| (name, holder)));
        }
        Ok(names.iter().filter_map(|name| Some((name.clone(), answers.remove(name).flatten()?))).collect())
    }

    /// False if the message was claimed before.
    fn take(&self, message_id: &str) -> bool {
        locked(&self.taken).insert(message_id.to_owned())
    }
}

/// Messages of ours and of Front's that read alike.
#[derive(Default)]
struct Alike(HashMap<Likeness, Group>);

#[derive(Default)]
struct Group {
    /// One of ours that is not there, by its place among the open ones.
    wanted: Option<usize>,
    /// One of Front's.
    shown: Option<Message>,
    /// There is more than one of either, and which is which cannot be told.
    is_ambiguous: bool,
}

impl Alike {
    fn want(&mut self, likeness: Likeness, index: usize) {
        let group = self.0.entry(likeness).or_default();
        group.is_ambiguous |= group.wanted.replace(index).is_some();
    }

    /// One of ours that may be in Front, and is not to be found here.
    fn doubt(&mut self, likeness: Likeness) {
        self.0.entry(likeness).or_default().is_ambiguous = true;
    }

    fn show(&mut self, message: Message) {
        if let Some(group) = Likeness::shown(&message).and_then(|likeness| self.0.get_mut(&likeness)) {
            group.is_ambiguous |= group.shown.replace(message).is_some();
        }
    }

    /// Those of which there is one here and one there.
    fn pairs(self) -> Vec<Seen> {
        let plain = self.0.into_values().filter(|group| !group.is_ambiguous);
        let mut pairs: Vec<Seen> =
            plain.filter_map(|group| Some(Seen { index: group.wanted?, message: group.shown? })).collect();
        pairs.sort_unstable_by_key(|pair| pair.index);
        pairs
    }
}

impl Judge {
    /// Looks for what is `absent` under all its uids in the conversations in which it should be.
    pub(super) async fn claim(
        &self,
        conversation: &Conversation,
        found: &[Seen],
        absent: &[usize],
        traces: &Traces,
    ) -> Result<Vec<Seen>, Fate> {
        let homes = found.iter().filter_map(|seen| seen.message.conversation_id.as_deref());
        let homes: BTreeSet<&str> =
            homes.chain(conversation.known.as_deref()).filter(|home| !home.is_empty()).take(MOST_NAMED).collect();
        if absent.is_empty() || homes.is_empty() {
            return Ok(Vec::new());
        }
        let mut alike = Alike::default();
        let mut promised: HashMap<&str, usize> = HashMap::new();
        for index in absent.iter().copied() {
            let Some(open) = conversation.open.get(index) else { continue };
            let trace = traces.get(&open.expected.external_id);
            let likeness = Likeness::planned(&open.expected);
            // What was there once is not looked for under another name: somebody may have deleted it on purpose.
            if trace.is_some_and(|trace| trace.seen) {
                alike.doubt(likeness);
                continue;
            }
            alike.want(likeness, index);
            promised.extend(trace.into_iter().flat_map(|trace| &trace.uids).map(|uid| (uid.as_str(), index)));
            if let State::Accepted { uid } | State::Missing { uid, .. } = &open.state {
                promised.insert(uid, index);
            }
        }
        for other in &conversation.others {
            alike.doubt(other.clone());
        }
        let mut passed: HashSet<String> = conversation.seen.clone();
        passed.extend(found.iter().map(|seen| seen.message.id.clone()));
        let mut claimed: Vec<Seen> = Vec::new();
        for home in homes {
            let take = |message: Message| {
                if passed.insert(message.id.clone()) {
                    // Whatever that conversation was called before it was merged with others.
                    let message = Message { conversation_id: Some(home.to_owned()), ..message };
                    match message.uid.as_deref().and_then(|uid| promised.remove(uid)) {
                        // Lists may know of a message before its uid leads to it.
                        Some(index) => claimed.push(Seen { index, message }),
                        None => alike.show(message),
                    }
                }
                true
            };
            match self.looker.pages(conversation, home, take).await {
                // Front does not list this conversation, which says nothing about others.
                Ok(()) | Err(Trouble::Front(FrontError::Unexpected { .. })) => {}
                Err(trouble) => return Err(of_trouble(trouble)),
            }
        }
        let by_uid: HashSet<usize> = claimed.iter().map(|seen| seen.index).collect();
        let pairs: Vec<Seen> = alike.pairs().into_iter().filter(|pair| !by_uid.contains(&pair.index)).collect();
        claimed.extend(self.unheld(conversation, pairs).await?);
        Ok(claimed)
    }

    /// Leaves out what belongs to another message of ours, in whichever conversation that was planned.
    async fn unheld(&self, conversation: &Conversation, pairs: Vec<Seen>) -> Result<Vec<Seen>, Fate> {
        if pairs.is_empty() {
            return Ok(pairs);
        }
        let names = pairs.iter().flat_map(|pair| [Some(&pair.message.id), pair.message.uid.as_ref()]).flatten();
        let holders = self.claims.holders(&names.cloned().collect()).await?;
        let is_free = |pair: &Seen| {
            let own = conversation.open.get(pair.index).map(|open| &open.expected.external_id);
            let mut names = [Some(&pair.message.id), pair.message.uid.as_ref()].into_iter().flatten();
            names.all(|name| holders.get(name).is_none_or(|holder| Some(holder) == own))
        };
        Ok(pairs.into_iter().filter(|pair| is_free(pair) && self.claims.take(&pair.message.id)).collect())
    }
}
