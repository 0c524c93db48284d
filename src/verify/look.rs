//! Looking for the messages of one conversation with as few requests as will do.
//!
//! The first message is looked up by its uid, which tells the conversation; the others are found in a list of that
//! conversation, a hundred a request. What the list does not show is looked up one by one as soon as one of those turns out
//! to exist (it is in another conversation, or lists name no uids), and in any case before it is called missing.

use super::conversation::{Conversation, Open};
use super::sight::Sight;
use crate::front::{Cancellation, FrontError, Message};
use crate::ledger::State;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// A list of more pages than this is a circle.
const MOST_PAGES: u32 = 100_000;

/// A message of the conversation that exists.
#[derive(Debug)]
pub(super) struct Seen {
    /// Which of the open ones.
    pub(super) index: usize,
    pub(super) message: Message,
}

/// Why looking ended early.
#[derive(Debug)]
pub(super) enum Trouble {
    Cancelled,
    Front(FrontError),
}

/// Asks Front, and counts.
pub(super) struct Looker {
    pub(super) sight: Arc<dyn Sight>,
    pub(super) cancellation: Cancellation,
    lookups: AtomicU64,
    /// Usable answers so far, and when the last of them came.
    answered: Mutex<(u64, Instant)>,
}

impl Looker {
    pub(super) fn new(sight: Arc<dyn Sight>, cancellation: Cancellation) -> Self {
        Self { sight, cancellation, lookups: AtomicU64::new(0), answered: Mutex::new((0, Instant::now())) }
    }

    /// Questions asked so far.
    pub(super) fn lookups(&self) -> u64 {
        self.lookups.load(Ordering::Relaxed)
    }

    /// How many usable answers Front gave, be it that a message is not there, and when the last of them came.
    pub(super) fn answered(&self) -> (u64, Instant) {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks for what is open; `turn` chooses which one is looked up first, so that one that never comes does not hide
    /// the others. What was found stays in `found` when trouble ends it.
    pub(super) async fn look(
        &self,
        conversation: &Conversation,
        turn: u32,
        found: &mut Vec<Seen>,
    ) -> Result<(), Trouble> {
        let open = &conversation.open;
        let mut home = conversation.known.clone();
        let mut rest: Vec<usize> = (0..open.len()).collect();
        if home.is_none() || !conversation.is_list_cheaper(rest.len()) {
            let first = usize::try_from(turn).unwrap_or(0).checked_rem(open.len()).unwrap_or(0);
            let Some(opener) = open.get(first) else { return Ok(()) };
            let Some(message) = self.one(opener).await? else {
                // Front has not come to this conversation yet.
                return if home.is_none() { Ok(()) } else { self.each(open, &rest, Some(first), found).await };
            };
            home.clone_from(&message.conversation_id);
            rest.retain(|index| *index != first);
            found.push(Seen { index: first, message });
        }
        match home {
            Some(home) if conversation.is_list_cheaper(rest.len()) => {
                let listed = self.list(conversation, &home, &rest, found).await;
                if let Err(Trouble::Front(FrontError::Unexpected { .. } | FrontError::Unreadable { .. })) = listed {
                    return self.each(open, &rest, None, found).await;
                }
                listed?;
                let listed: HashSet<usize> = found.iter().map(|seen| seen.index).collect();
                rest.retain(|index| !listed.contains(index));
                let Some(first) = rest.first().copied() else { return Ok(()) };
                let Some(message) = open.get(first) else { return Ok(()) };
                let Some(message) = self.one(message).await? else { return Ok(()) };
                found.push(Seen { index: first, message });
                self.each(open, &rest, Some(first), found).await
            }
            _ => self.each(open, &rest, None, found).await,
        }
    }

    /// Looks these up one by one, but for `asked`.
    async fn each(
        &self,
        open: &[Open],
        indexes: &[usize],
        asked: Option<usize>,
        found: &mut Vec<Seen>,
    ) -> Result<(), Trouble> {
        for index in indexes.iter().copied().filter(|index| Some(*index) != asked) {
            let Some(message) = open.get(index) else { continue };
            if let Some(message) = self.one(message).await? {
                found.push(Seen { index, message });
            }
        }
        Ok(())
    }

    async fn list(
        &self,
        conversation: &Conversation,
        home: &str,
        wanted: &[usize],
        found: &mut Vec<Seen>,
    ) -> Result<(), Trouble> {
        let mut by_uid: HashMap<&str, usize> = HashMap::with_capacity(wanted.len());
        for index in wanted {
            if let Some(uid) = conversation.open.get(*index).and_then(|open| uid(&open.state)) {
                by_uid.insert(uid, *index);
            }
        }
        let take = |mut message: Message| {
            let index = message.uid.as_deref().and_then(|uid| by_uid.remove(uid));
            if let Some(index) = index {
                // Whatever that conversation was called before it was merged with others.
                message.conversation_id = Some(home.to_owned());
                found.push(Seen { index, message });
            }
            !by_uid.is_empty()
        };
        self.pages(conversation, home, take).await
    }

    /// Hands over the messages of a conversation in Front, newest first, until `each` has enough, which is asked for after
    /// each page.
    pub(super) async fn pages(
        &self,
        conversation: &Conversation,
        home: &str,
        mut each: impl FnMut(Message) -> bool,
    ) -> Result<(), Trouble> {
        let mut next: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let Some(page) = self.ask(self.sight.page(home, conversation.per_page(), next.as_deref())).await? else {
                return Ok(());
            };
            let mut goes_on = true;
            for message in page.messages {
                goes_on = each(message);
            }
            next = page.next;
            if next.is_none() || !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Looks one message up by what is known of it.
    async fn one(&self, open: &Open) -> Result<Option<Message>, Trouble> {
        match &open.state {
            State::Confirmed { message_id, .. } => self.by_id(message_id).await,
            state => match uid(state) {
                Some(uid) => self.by_uid(uid).await,
                None => Ok(None),
            },
        }
    }

    /// The id that a conversation has now: colleagues may have merged it into another one.
    pub(super) async fn present_id(&self, conversation_id: &str) -> Result<Option<String>, Trouble> {
        let page = self.ask(self.sight.page(conversation_id, 1, None)).await?;
        let first = page.and_then(|page| page.messages.into_iter().next());
        Ok(first.and_then(|message| message.conversation_id))
    }

    /// The message with an id.
    pub(super) async fn by_id(&self, id: &str) -> Result<Option<Message>, Trouble> {
        self.ask(self.sight.by_id(id)).await
    }

    /// The message that a uid promised.
    pub(super) async fn by_uid(&self, uid: &str) -> Result<Option<Message>, Trouble> {
        self.ask(self.sight.by_uid(uid)).await
    }

    /// Asks Front; an answer that nobody waits for any more is worth nothing.
    async fn ask<T>(&self, question: impl Future<Output = Result<T, FrontError>>) -> Result<T, Trouble> {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        let answer = tokio::select! {
            biased;
            () = self.cancellation.cancelled() => return Err(Trouble::Cancelled),
            answer = question => answer.map_err(Trouble::Front)?,
        };
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        *answered = (answered.0 + 1, Instant::now());
        Ok(answer)
    }
}

fn uid(state: &State) -> Option<&str> {
    match state {
        State::Accepted { uid } | State::Missing { uid, .. } => Some(uid),
        _ => None,
    }
}
