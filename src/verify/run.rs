//! The run itself: what is begun when, and what follows from what has ended.

use super::conversation::{Conversation, around};
use super::judge::{Fate, Judge, Stop, Traces, joined};
use super::waiting::{Item, Waiting};
use super::walk::{self, Piece};
use super::{Ending, Scope, Timing};
use crate::event::{Event, Observer, Stage, Waits};
use crate::front::{Cancellation, FrontError};
use crate::ledger::{Ledger, LedgerError};
use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Conversations held to be looked for at once, about; others stay where they are, in the ledger or in the channel.
const HELD: usize = 4_096;

/// Conversations whose past is read in one pass over the journal.
const TRACED: usize = 512;

/// Answers in a row that made no sense, with no other between them: then none will.
const SENSELESS: u32 = 10;

/// Times that Front gave no usable answer for one conversation while it answered others.
const FAILURES: u32 = 6;

/// A piece of work that has ended.
enum Done {
    Looked(Item, Fate),
    Walked(Result<Piece, Stop>),
    Traced(Vec<Item>, Result<Traces, Stop>),
}

pub(super) struct Run {
    judge: Arc<Judge>,
    observer: Arc<dyn Observer>,
    cancellation: Cancellation,
    timing: Timing,
    in_flight: usize,
    settled: Option<mpsc::UnboundedReceiver<Range<u64>>>,
    /// Where the walk over the ledger goes on.
    walk: Option<u64>,
    waiting: Waiting,
    /// Conversations that are being dealt with, or were given up in this run; by their first position.
    claimed: HashSet<u64>,
    /// Those about which the journal is to be asked.
    doubted: VecDeque<Item>,
    /// Those about which it has been.
    traced: VecDeque<(Item, Arc<Traces>)>,
    work: JoinSet<Option<Done>>,
    looking: usize,
    is_walking: bool,
    is_tracing: bool,
    /// Decided messages when the stage was announced.
    began: Option<u64>,
    /// Answers without sense since the last usable one, and how many of those there were by then.
    senseless: u32,
    answers: u64,
    unanswered: Option<String>,
}

impl Run {
    pub(super) fn new(
        judge: Arc<Judge>,
        observer: Arc<dyn Observer>,
        cancellation: Cancellation,
        timing: Timing,
        in_flight: usize,
    ) -> Self {
        Self {
            judge,
            observer,
            cancellation,
            timing,
            in_flight: in_flight.max(1),
            settled: None,
            walk: None,
            waiting: Waiting::new(timing),
            claimed: HashSet::new(),
            doubted: VecDeque::new(),
            traced: VecDeque::new(),
            work: JoinSet::new(),
            looking: 0,
            is_walking: false,
            is_tracing: false,
            began: None,
            senseless: 0,
            answers: 0,
            unanswered: None,
        }
    }

    /// Waits for the marks of what is under way. Gives why a conversation could not be looked up, if one could not.
    pub(super) async fn end(mut self, is_finished: bool) -> Option<String> {
        if !is_finished {
            // Whatever stopped this stops sending, too.
            self.cancellation.cancel();
        }
        while let Some(ended) = self.work.join_next().await {
            let _ = joined(ended);
        }
        if self.began.is_some() {
            self.observer.event(Event::StageFinished { stage: Stage::Confirming });
        }
        self.unanswered
    }

    pub(super) fn begin(&mut self, scope: Scope) -> Result<(), LedgerError> {
        let now = Instant::now();
        match scope {
            Scope::Open => self.walk_if_due(),
            Scope::Beside(settled) => {
                self.settled = Some(settled);
                return Ok(());
            }
            Scope::Only(range) => self.waiting.add_fresh(range, now),
            Scope::Sample(sample) => {
                for position in walk::sample(&self.judge.ledger, sample)? {
                    self.waiting.add_old(position..position + 1, true, now);
                }
            }
            Scope::These(positions) => {
                let ranges = around(&self.judge.ledger, &positions)?;
                let only = Some(Arc::new(positions));
                // Their patience has ended: the journal is asked at once.
                self.doubted =
                    ranges.into_iter().map(|range| Item { only: only.clone(), ..Item::new(range, now) }).collect();
            }
        }
        self.announce((self.waiting.len() + self.doubted.len()) as u64);
        Ok(())
    }

    /// Walks over the ledger unless that can find nothing: not even that a conversation seen now holds an earlier thread.
    fn walk_if_due(&mut self) {
        let counts = self.judge.ledger.counts();
        if counts.accepted + counts.missing + self.decided() > 0 {
            self.walk = Some(0);
        }
    }

    fn announce(&mut self, at_least: u64) {
        self.judge.marks.go_on_alone();
        let counts = self.judge.ledger.counts();
        let total = if self.walk.is_some() { counts.accepted + counts.missing } else { at_least };
        self.began = Some(self.decided());
        self.observer.event(Event::StageStarted { stage: Stage::Confirming, total });
    }

    fn decided(&self) -> u64 {
        let counts = &self.judge.counts;
        [&counts.confirmed, &counts.different, &counts.missing].iter().map(|one| one.load(Ordering::Relaxed)).sum()
    }

    /// Goes on until everything is decided, or something stops it.
    pub(super) async fn go_on(&mut self) -> Ending {
        loop {
            if self.cancellation.is_cancelled() {
                return Ending::Interrupted;
            }
            self.begin_work();
            let rests = self.work.is_empty() && self.waiting.is_empty();
            if rests && self.settled.is_none() && self.walk.is_none() {
                return Ending::Finished;
            }
            let cancellation = self.cancellation.clone();
            let due = if self.looking < self.limit() { self.waiting.next_due() } else { None };
            let is_hearing = self.settled.is_some() && self.waiting.len() < HELD;
            tokio::select! {
                biased;
                () = cancellation.cancelled() => {}
                Some(ended) = self.work.join_next(), if !self.work.is_empty() => {
                    if let Some(done) = joined(ended).flatten()
                        && let Err(stop) = self.take(done).await
                    {
                        return Ending::Stopped(stop);
                    }
                }
                heard = hear(&mut self.settled), if is_hearing => self.take_heard(heard),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
        }
    }

    fn take_heard(&mut self, heard: Option<Range<u64>>) {
        if let Some(range) = heard {
            if self.claimed.insert(range.start) {
                self.waiting.add_fresh(range, Instant::now());
            }
            return;
        }
        // Nothing more is sent: all requests are ours, and what earlier runs left is looked for as well.
        self.settled = None;
        self.walk_if_due();
        self.announce(0);
    }

    /// Requests in flight: a quarter while sending needs the others.
    fn limit(&self) -> usize {
        if self.settled.is_some() { self.in_flight.div_ceil(4) } else { self.in_flight }
    }

    /// Begins whatever can be begun now.
    fn begin_work(&mut self) {
        let now = Instant::now();
        while self.looking < self.limit() {
            if let Some((item, traces)) = self.traced.pop_front() {
                self.look(item, Some(traces));
            } else if let Some(item) = self.waiting.pop(now) {
                self.look(item, None);
            } else {
                break;
            }
        }
        if !self.is_tracing && !self.doubted.is_empty() {
            self.is_tracing = true;
            let items: Vec<Item> = self.doubted.drain(..self.doubted.len().min(TRACED)).collect();
            let ledger = Arc::clone(&self.judge.ledger);
            self.work.spawn(async move {
                let read = tokio::task::spawn_blocking(move || {
                    let traces = trace(&ledger, &items).map_err(Stop::from);
                    (items, traces)
                });
                joined(read.await).map(|(items, traces)| Done::Traced(items, traces))
            });
        }
        if let Some(from) = self.walk
            && !self.is_walking
            && self.waiting.len() < HELD
        {
            self.is_walking = true;
            let ledger = Arc::clone(&self.judge.ledger);
            self.work.spawn(async move {
                let piece = tokio::task::spawn_blocking(move || walk::walk(&ledger, from).map_err(Stop::from));
                joined(piece.await).map(Done::Walked)
            });
        }
    }

    fn look(&mut self, item: Item, traces: Option<Arc<Traces>>) {
        self.looking += 1;
        let judge = Arc::clone(&self.judge);
        self.work.spawn(async move {
            let (ledger, wanted) = (Arc::clone(&judge.ledger), item.clone());
            let loaded = tokio::task::spawn_blocking(move || Conversation::load(&ledger, &wanted));
            let fate = match joined(loaded.await)? {
                Err(error) => Fate::Stop(error.into()),
                Ok(conversation) => match traces {
                    Some(traces) => judge.decide(&conversation, &traces).await,
                    None => match judge.look(&conversation, item.turn).await {
                        Fate::Later { .. } if conversation.is_overdue() => Fate::Doubtful,
                        fate => fate,
                    },
                },
            };
            Some(Done::Looked(item, fate))
        });
    }

    async fn take(&mut self, done: Done) -> Result<(), Stop> {
        match done {
            Done::Looked(item, fate) => {
                self.looking = self.looking.saturating_sub(1);
                self.take_fate(item, fate)?;
            }
            Done::Walked(piece) => {
                self.is_walking = false;
                let piece = piece?;
                self.walk = piece.next;
                let now = Instant::now();
                for range in piece.open {
                    if self.claimed.insert(range.start) {
                        self.waiting.add_old(range, false, now);
                    }
                }
                self.judge.remember(piece.seen).await?;
            }
            Done::Traced(items, traces) => {
                self.is_tracing = false;
                let traces = Arc::new(traces?);
                self.traced.extend(items.into_iter().map(|item| (item, Arc::clone(&traces))));
            }
        }
        Ok(())
    }

    fn take_fate(&mut self, item: Item, fate: Fate) -> Result<(), Stop> {
        let now = Instant::now();
        match fate {
            Fate::Done => {
                self.waiting.was_there(&item);
                self.claimed.remove(&item.range.start);
            }
            Fate::Later { .. } if now >= item.since + self.timing.patience => self.doubted.push_back(item),
            Fate::Later { nothing } => self.waiting.later(item, nothing, now),
            Fate::Doubtful => self.doubted.push_back(item),
            Fate::Resent => self.waiting.add_fresh(item.range, now),
            Fate::Unavailable(error) => self.take_failure(item, error, now)?,
            Fate::Cancelled => {}
            Fate::Stop(stop) => return Err(stop),
        }
        if let Some(began) = self.began {
            let done = self.decided().saturating_sub(began);
            self.observer.event(Event::StageAdvanced { stage: Stage::Confirming, done, records: done });
            if let Some(by) = self.judge.looker.sight.waits().and_then(Waits::due) {
                self.observer.event(Event::Limited { stage: Stage::Confirming, by });
            }
        }
        Ok(())
    }

    /// An outage is waited out, and answers without sense are asked for again, unless there are many in a row. A conversation
    /// about which Front alone fails, or makes no sense, is left as it is.
    fn take_failure(&mut self, item: Item, error: FrontError, now: Instant) -> Result<(), Stop> {
        let is_senseless = !matches!(error, FrontError::Unavailable { .. });
        let (answers, answered) = self.judge.looker.answered();
        if answers != self.answers {
            self.answers = answers;
            self.senseless = 0;
        }
        self.senseless += u32::from(is_senseless);
        let silent = now.saturating_duration_since(answered);
        if self.senseless >= SENSELESS || (!is_senseless && silent >= self.timing.outage) {
            return Err(Stop::Front(error));
        }
        // While others are answered, a failure speaks against this one.
        if item.failures >= FAILURES && silent < self.timing.longest_pause {
            self.unanswered.get_or_insert_with(|| error.to_string());
        } else {
            self.waiting.postpone(item, is_senseless, now);
        }
        Ok(())
    }
}

async fn hear(settled: &mut Option<mpsc::UnboundedReceiver<Range<u64>>>) -> Option<Range<u64>> {
    settled.as_mut()?.recv().await
}

/// The past of everything that is open in these conversations.
fn trace(ledger: &Ledger, items: &[Item]) -> Result<Traces, LedgerError> {
    let mut ids = HashSet::new();
    for item in items {
        let conversation = Conversation::load(ledger, item)?;
        ids.extend(conversation.open.into_iter().map(|open| open.expected.external_id));
    }
    ledger.traces(&ids)
}
