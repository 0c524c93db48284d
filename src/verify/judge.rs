//! What becomes of the messages that were looked for: confirmed, different, missing, or waited for.

use super::Resend;
use super::claim::Claims;
use super::conversation::{Conversation, Open, short};
use super::look::{Looker, Seen, Trouble};
use super::marks::Marks;
use crate::front::{Answer, FrontError, StopCause};
use crate::ledger::{Ledger, LedgerError, State, Trace, Verdict};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Conversations that are named where a thread is in several.
pub(super) const MOST_NAMED: usize = 6;

/// Why a message is missing that may be in Front under a uid that nobody heard of.
const NEVER_ANSWERED: &str = "not there under any uid that Front gave; one attempt was never properly answered, so it may be \
                              there under another: look in Front before sending it under a new id";

/// What is different where Front put one thread into several conversations.
pub const SPLIT: &str = "one thread in several conversations";

/// What was tried with messages, by external id.
pub(super) type Traces = HashMap<String, Trace>;

/// What follows for a conversation.
#[derive(Debug)]
pub(super) enum Fate {
    /// Everything of it is decided.
    Done,
    /// Something is not there yet. `first` tells that nothing at all was.
    Later { nothing: bool },
    /// Something is not as planned: the journal must say under which request it was sent.
    Doubtful,
    /// Something was sent again, and is waited for anew.
    Resent,
    /// Front could not be asked.
    Unavailable(FrontError),
    /// The run was cancelled.
    Cancelled,
    /// The run must stop.
    Stop(Stop),
}

/// What stops confirming altogether.
#[derive(Debug)]
pub enum Stop {
    /// Front turned the token down, or cannot be asked in a way it understands.
    Front(FrontError),
    /// Front stopped a message that was sent again.
    Sending(StopCause),
    /// The ledger failed.
    Ledger(Arc<LedgerError>),
    /// As many requests were made as the user allowed: nothing is wrong.
    Spent,
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        Stop::Ledger(Arc::new(error))
    }
}

/// What all conversations share.
pub(super) struct Judge {
    pub(super) ledger: Arc<Ledger>,
    pub(super) looker: Looker,
    pub(super) marks: Marks,
    pub(super) resend: Option<Resend>,
    pub(super) patience: Duration,
    /// Which thread a conversation in Front belongs to: 16 bytes each, as two of many thousands may be one by mistake.
    owners: Mutex<HashMap<u64, u64>>,
    pub(super) claims: Claims,
    pub(super) counts: Counters,
    /// Why something could not be sent again, the first time.
    pub(super) not_resent: Mutex<Option<String>>,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) confirmed: AtomicU64,
    pub(super) different: AtomicU64,
    pub(super) missing: AtomicU64,
    pub(super) resent: AtomicU64,
}

impl Judge {
    pub(super) fn new(
        ledger: Arc<Ledger>,
        looker: Looker,
        marks: Marks,
        resend: Option<Resend>,
        patience: Duration,
    ) -> Self {
        let owners = Mutex::new(HashMap::new());
        let claims = Claims::new(Arc::clone(&ledger));
        let (counts, not_resent) = (Counters::default(), Mutex::new(None));
        Self { ledger, looker, marks, resend, patience, owners, claims, counts, not_resent }
    }

    /// Looks for what is open of a conversation, and records what was seen. `is_late` ends the patience with it.
    pub(super) async fn look(&self, conversation: &Conversation, turn: u32) -> Fate {
        let mut found = Vec::new();
        let ended = self.looker.look(conversation, turn, &mut found).await;
        let nothing = found.is_empty() && conversation.known.is_none();
        let seen = found.len();
        let doubtful = match self.record(conversation, found, None).await {
            Ok(doubtful) => doubtful,
            Err(fate) => return fate,
        };
        match ended {
            Err(trouble) => of_trouble(trouble),
            Ok(()) if doubtful => Fate::Doubtful,
            Ok(()) if seen == conversation.open.len() => Fate::Done,
            Ok(()) => Fate::Later { nothing },
        }
    }

    /// The last word on a conversation, with what the journal says of it: every uid that was ever given is tried, and what
    /// the message says where none leads to it. What is not there is missing; it is sent again if that was not done before.
    pub(super) async fn decide(&self, conversation: &Conversation, traces: &Traces) -> Fate {
        let mut found = Vec::new();
        let mut absent = Vec::new();
        for (index, open) in conversation.open.iter().enumerate() {
            match self.try_all(open, traces).await {
                Ok(Some(message)) => found.push(Seen { index, message }),
                Ok(None) => absent.push(index),
                Err(trouble) => {
                    return match self.record(conversation, found, Some(traces)).await {
                        Ok(_) => of_trouble(trouble),
                        Err(fate) => fate,
                    };
                }
            }
        }
        let claimed = self.claim(conversation, &found, &absent, traces).await;
        let trouble = match claimed {
            Ok(claimed) => {
                let there: HashSet<usize> = claimed.iter().map(|seen| seen.index).collect();
                absent.retain(|index| !there.contains(index));
                found.extend(claimed);
                None
            }
            Err(fate) => Some(fate),
        };
        if let Some(fate) = self.record(conversation, found, Some(traces)).await.err().or(trouble) {
            return fate;
        }
        let mut resent = false;
        for open in absent.into_iter().filter_map(|index| conversation.open.get(index)) {
            let trace = traces.get(&open.expected.external_id);
            match self.give_up(open, trace).await {
                Ok(Some(true)) => resent = true,
                Ok(Some(false)) => {}
                Ok(None) => return Fate::Cancelled,
                Err(stop) => return Fate::Stop(stop),
            }
        }
        if resent { Fate::Resent } else { Fate::Done }
    }

    async fn try_all(&self, open: &Open, traces: &Traces) -> Result<Option<crate::front::Message>, Trouble> {
        if let State::Confirmed { message_id, .. } = &open.state
            && let Some(message) = self.looker.by_id(message_id).await?
        {
            return Ok(Some(message));
        }
        let latest = match &open.state {
            State::Accepted { uid } | State::Missing { uid, .. } => Some(uid),
            _ => None,
        };
        let earlier = traces.get(&open.expected.external_id).into_iter().flat_map(|trace| trace.uids.iter().rev());
        for uid in latest.into_iter().chain(earlier.filter(|uid| Some(*uid) != latest)) {
            if let Some(message) = self.looker.by_uid(uid).await? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// Records what was seen. Without the journal's word nothing is called different by its content; true if something
    /// waits for that word. Where Front does not say what a conversation is called now, nothing is recorded: a merged one
    /// would pass for several.
    async fn record(
        &self,
        conversation: &Conversation,
        found: Vec<Seen>,
        traces: Option<&Traces>,
    ) -> Result<bool, Fate> {
        let id = |seen: &Seen| seen.message.conversation_id.clone().unwrap_or_default();
        let oldest = found.iter().min_by_key(|seen| seen.index).map(id);
        let mut home = conversation.known.clone().or(oldest).unwrap_or_default();
        if let Some(known) = &conversation.known
            && found.iter().any(|seen| id(seen) != *known)
            && let Some(present) = self.looker.present_id(known).await.map_err(of_trouble)?
        {
            home = present;
        }
        let mut ids: BTreeSet<String> = found.iter().map(id).filter(|id| !id.is_empty()).collect();
        let is_spread = ids.iter().any(|id| *id != home) && !home.is_empty();
        ids.insert(home.clone());
        let is_shared = !home.is_empty() && !self.owns(conversation.thread, &home);

        let mut changes = Vec::with_capacity(found.len());
        let mut doubtful = false;
        let mut told_shared = false;
        for seen in &found {
            let Some(open) = conversation.open.get(seen.index) else { continue };
            let mut words = open.expected.differences(&seen.message);
            if !words.is_empty() {
                match traces {
                    None => {
                        doubtful = true;
                        continue;
                    }
                    // Sent under an earlier plan: what the present one would send says nothing about it.
                    Some(traces) if is_of_another_plan(open, traces) => words.clear(),
                    Some(_) => {}
                }
            }
            let conversation_id = id(seen);
            let mut kinds: Vec<String> = (!words.is_empty()).then(|| words.join(", ")).into_iter().collect();
            if is_spread && conversation_id != home {
                let named: Vec<&str> = ids.iter().map(String::as_str).take(MOST_NAMED).collect();
                kinds.push(format!("{SPLIT}: {}", named.join(", ")));
            } else if is_shared && !told_shared {
                told_shared = true;
                kinds.push(format!("two threads in one conversation: {conversation_id}"));
            }
            let differs = (!kinds.is_empty()).then(|| kinds.join("; "));
            let state = State::Confirmed { message_id: seen.message.id.clone(), conversation_id, differs };
            self.count(&state);
            if state != open.state {
                changes.push((open.position, state));
            }
        }
        self.marks.mark(changes).await.map_err(|error| Fate::Stop(Stop::Ledger(error)))?;
        Ok(doubtful)
    }

    /// Does a conversation in Front hold this thread and no other, as far as was seen?
    fn owns(&self, thread: u64, conversation_id: &str) -> bool {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        *owners.entry(short(conversation_id)).or_insert(thread) == thread
    }

    /// Takes up conversations that earlier runs have seen; marks those that turn out to hold another thread, too.
    pub(super) async fn remember(&self, seen: Vec<super::walk::SeenBefore>) -> Result<(), Stop> {
        let mut changes = Vec::new();
        for before in seen {
            if self.owns(before.thread, &before.conversation_id) {
                continue;
            }
            let (position, state) = before.message;
            if let State::Confirmed { message_id, conversation_id, differs: None } = state {
                let differs = Some(format!("two threads in one conversation: {conversation_id}"));
                let state = State::Confirmed { message_id, conversation_id, differs };
                self.count(&state);
                changes.push((position, state));
            }
        }
        self.marks.mark(changes).await.map_err(Stop::Ledger)
    }

    /// A message is not there. Some(true) if it was sent again, nothing if the run was cancelled meanwhile.
    async fn give_up(&self, open: &Open, trace: Option<&Trace>) -> Result<Option<bool>, Stop> {
        let after = words(self.patience);
        let seen = trace.is_some_and(|trace| trace.seen);
        let resent = trace.is_some_and(|trace| trace.resent);
        let renewed = trace.is_some_and(|trace| trace.renewed);
        let unanswered = trace.is_some_and(|trace| trace.unanswered);
        let why = match (seen, unanswered, resent) {
            (true, _, _) => "seen before, and gone since".to_owned(),
            (false, true, _) => NEVER_ANSWERED.to_owned(),
            (false, false, true) => "accepted twice with the same id, and not there".to_owned(),
            (false, false, false) => format!("not there {after} after Front accepted it"),
        };
        let uid = match &open.state {
            State::Accepted { uid } | State::Missing { uid, .. } => uid.clone(),
            _ => trace.and_then(|trace| trace.uids.last().cloned()).unwrap_or_default(),
        };
        let missing = State::Missing { uid, why };
        let is_told = matches!(open.state, State::Missing { .. }) && !resent && !unanswered;
        if !is_told && missing != open.state {
            self.marks.mark(vec![(open.position, missing)]).await.map_err(Stop::Ledger)?;
        }
        match &self.resend {
            // Someone may have deleted it on purpose.
            Some(resend) if !seen && !resent && !renewed => self.send_again(resend, open.position).await,
            _ => {
                self.counts.missing.fetch_add(1, Ordering::Relaxed);
                Ok(Some(false))
            }
        }
    }

    /// Sends a missing message again, with the same id and bytes.
    async fn send_again(&self, resend: &Resend, position: u64) -> Result<Option<bool>, Stop> {
        let (ledger, rebuilder) = (Arc::clone(&self.ledger), resend.rebuilder.clone());
        let made = tokio::task::spawn_blocking(move || {
            let entry = ledger.entry(position)?;
            let inbox = match &entry.verdict {
                Verdict::Planned(planned) => planned.inbox.clone(),
                _ => String::new(),
            };
            Ok::<_, LedgerError>((inbox, rebuilder.request(&entry)))
        });
        let Some((inbox, rebuilt)) = joined(made.await).transpose()? else { return Ok(None) };
        let unable = match (resend.inboxes.get(&inbox), rebuilt) {
            (Some(inbox), Ok(rebuilt)) => return self.import(inbox, &rebuilt.request, position).await,
            (None, _) => format!("the inbox `{inbox}` was not looked up"),
            (_, Err(error)) => error.to_string(),
        };
        locked(&self.not_resent).get_or_insert(unable);
        self.counts.missing.fetch_add(1, Ordering::Relaxed);
        Ok(Some(false))
    }

    async fn import(
        &self,
        inbox: &str,
        request: &crate::request::ImportRequest,
        position: u64,
    ) -> Result<Option<bool>, Stop> {
        if self.looker.cancellation.is_cancelled() {
            return Ok(None);
        }
        self.mark(position, State::Sending).await?;
        self.counts.resent.fetch_add(1, Ordering::Relaxed);
        let answer = self.looker.sight.import(inbox, request, &self.looker.cancellation).await;
        let unknown = |why: &str| State::Unknown { why: why.to_owned() };
        let (state, ends) = match answer {
            Answer::Accepted { uid, repeated } => {
                if repeated {
                    for state in State::repeated() {
                        self.mark(position, state).await?;
                    }
                }
                (State::Accepted { uid }, Ok(Some(true)))
            }
            Answer::Refused { status, cause } => (State::Refused { status, cause }, Ok(Some(false))),
            Answer::Poison { attempts, status, cause } => {
                let cause = format!("Front failed {attempts} times on it: {cause}");
                (State::Refused { status: status.unwrap_or_default(), cause }, Ok(Some(false)))
            }
            Answer::Unknown { why } => (unknown(&why), Ok(Some(false))),
            Answer::Cancelled { .. } => (unknown("stopped before Front answered"), Ok(None)),
            Answer::Stop { cause: StopCause::Spent, .. } => {
                (unknown("the budget of requests ended before Front answered"), Err(Stop::Spent))
            }
            Answer::Stop { cause, .. } => (unknown("stopped before Front answered"), Err(Stop::Sending(cause))),
        };
        self.mark(position, state).await?;
        ends
    }

    async fn mark(&self, position: u64, state: State) -> Result<(), Stop> {
        self.marks.mark(vec![(position, state)]).await.map_err(Stop::Ledger)
    }

    fn count(&self, state: &State) {
        let counter = match state {
            State::Confirmed { differs: None, .. } => &self.counts.confirmed,
            _ => &self.counts.different,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn is_of_another_plan(open: &Open, traces: &Traces) -> bool {
    let sent = traces.get(&open.expected.external_id).and_then(|trace| trace.requests.last());
    sent.is_some_and(|sent| *sent != open.expected.request)
}

pub(super) fn of_trouble(trouble: Trouble) -> Fate {
    match trouble {
        Trouble::Cancelled => Fate::Cancelled,
        Trouble::Front(FrontError::Spent) => Fate::Stop(Stop::Spent),
        Trouble::Front(error @ FrontError::Unauthorized { .. }) => Fate::Stop(Stop::Front(error)),
        Trouble::Front(error) => Fate::Unavailable(error),
    }
}

/// What a blocking task gave; nothing if the runtime is shutting down. A panic goes on here.
pub(super) fn joined<T>(result: Result<T, tokio::task::JoinError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        },
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A patience as people say it.
fn words(patience: Duration) -> String {
    match patience.as_secs() {
        0 => format!("{} ms", patience.as_millis()),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
