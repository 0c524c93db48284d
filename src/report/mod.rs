//! What a command says at its end: one model, read by the terminal, by `--json` and, with particulars, by `--report`.

mod html;
mod particulars;
mod prepared;
#[cfg(test)]
mod tests;
mod text;

pub use html::{MARK, page};
pub use particulars::{
    Bounds, ChangeExample, ChangeExamples, Commands, Conversation, Conversations, Message, PICTURES, Particulars,
    Picture, Problem, ProblemFigures, Problems,
};
pub use prepared::{Agent, AgentStanding, LeftThing, Made, Prepared};
pub use text::Extent;

use crate::finish;
use crate::ledger::Tally;
use crate::mapping::{self, own_pace};
use crate::plan::{Overview, PlanDiff};
use crate::undo;
use crate::words::count;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The end of a command, as data.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `plan`, `rehearse`, `import` or `status`.
    pub command: &'static str,
    /// The mapping, as typed.
    pub mapping: String,
    /// The ledger's directory.
    pub ledger: String,
    /// Names the plan.
    pub plan_id: String,
    /// Figures of the plan.
    pub plan: Option<Overview>,
    /// How the plan differs from the one before, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<PlanDiff>,
    /// The balance, source by source.
    pub sources: Vec<SourceBalance>,
    /// All sources together.
    pub total: Tally,
    /// The first messages that Front refused; `total.refused` says how many there are.
    pub refusals: Vec<Refusal>,
    /// The command that shows a message of this ledger, all but the id.
    #[serde(skip)]
    pub show: String,
    /// The first messages that are missing or different; `total` says how many there are.
    pub amiss: Vec<Amiss>,
    /// `read` is the sum of the classes, for every source.
    pub balanced: bool,
    /// Requests that it takes.
    pub requests: Requests,
    /// How long sending what is pending would take.
    pub estimates: Vec<Estimate>,
    /// What Front said of what the plan needs, in sentences, where it was asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub front: Vec<String>,
    /// What this run sent, for commands that send.
    pub sent: Option<Sent>,
    /// What this run saw in Front, for commands that look.
    pub seen: Option<Seen>,
    /// What this run delivered through channels, for commands that do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Delivered>,
    /// What this run took back, for commands that do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<TakenBack>,
    /// What this run made before the import, for commands that do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepared: Option<Prepared>,
    /// What this run gave conversations beside their messages, for commands that do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Finished>,
    /// How it ended, in one sentence.
    pub ending: String,
    /// The exit code.
    pub exit: u8,
}

/// Requests that sending what is pending takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// One for each message.
    pub imports: u64,
    /// Look-ups until all are seen in Front.
    pub lookups: u64,
    /// What comes before, at most; none once anything was sent.
    pub prepare: u64,
    /// What comes after, at most.
    pub finish: u64,
}

impl Requests {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.imports + self.lookups + self.prepare + self.finish
    }

    /// What they are for, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let at_most = |number: u64, what: &str| (number > 0).then(|| format!("at most {} to {what}", count(number)));
        let sent = [
            Some(format!("{} to send", count(self.imports))),
            Some(format!("{} to see them in Front", count(self.lookups))),
        ];
        let around = [at_most(self.prepare, "prepare"), at_most(self.finish, "finish")];
        sent.into_iter().chain(around).flatten().collect::<Vec<_>>().join(", ")
    }
}

/// A message that Front refused.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// The id it was sent with.
    pub external_id: String,
    /// The export's own id.
    pub original_id: Option<String>,
    /// Front's words.
    pub cause: String,
}

/// A message that is missing in Front, or that reads otherwise there.
#[derive(Debug, Clone, Serialize)]
pub struct Amiss {
    /// `missing` or `different`.
    pub what: &'static str,
    /// The id it was sent with.
    pub external_id: String,
    /// The export's own id.
    pub original_id: Option<String>,
    /// Why, or in what.
    pub words: String,
    /// Opens it in Front, where it is there.
    pub url: Option<String>,
}

/// What one run saw in Front.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Seen {
    /// Messages that are there and read as planned.
    pub confirmed: u64,
    /// Messages that are there and do not.
    pub different: u64,
    /// Messages that are not there.
    pub missing: u64,
    /// Messages that were sent again because they were missing.
    pub resent: u64,
    /// Questions asked of Front.
    pub lookups: u64,
    /// Why a missing message was not sent again, the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_resent: Option<String>,
    /// Why a message could not be looked up though Front answered others, the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<String>,
}

/// What one run gave conversations beside their messages.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Finished {
    /// Figures.
    #[serde(flatten)]
    pub counts: finish::Counts,
    /// The first steps that were left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<LeftStep>,
    /// Why something is not done yet that a further run may do, the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<String>,
}

/// What one run took back.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TakenBack {
    /// Nothing was changed: these are the figures of what would be.
    pub is_dry: bool,
    /// Figures.
    #[serde(flatten)]
    pub counts: undo::Counts,
    /// What was left, with the reason.
    #[serde(rename = "left_as_it_is")]
    pub left: Vec<(String, String)>,
    /// Why something is not done yet that a further run may do, the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<String>,
}

/// What one run delivered through channels.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Delivered {
    /// Messages that Front accepted.
    pub delivered: u64,
    /// Messages that were seen in Front.
    pub seen: u64,
    /// Messages that Front refused.
    pub refused: u64,
    /// Messages of this and earlier runs of which nobody knows whether Front has them.
    pub unknown: u64,
    /// The first of those.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<UnknownFate>,
    /// Why something is not done yet that a further run may do, the first time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<String>,
}

/// A delivered message of unknown fate.
#[derive(Debug, Clone, Serialize)]
pub struct UnknownFate {
    /// The export's own id, or else the external id.
    pub id: String,
    /// What happened instead of an answer.
    pub why: String,
}

/// A step that was left.
#[derive(Debug, Clone, Serialize)]
pub struct LeftStep {
    /// Front's id of the conversation.
    pub conversation: String,
    /// What was left, and why.
    pub why: String,
}

/// The balance of one source.
#[derive(Debug, Clone, Serialize)]
pub struct SourceBalance {
    /// The source's name.
    pub source: String,
    /// Its counts, in records.
    #[serde(flatten)]
    pub tally: Tally,
}

/// What one run sent.
#[derive(Debug, Clone, Serialize)]
pub struct Sent {
    /// Company the token belongs to.
    pub company: String,
    /// Messages accepted in this run.
    pub accepted: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// What the embedded Front holds afterwards, for a rehearsal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_holds: Option<FrontHolds>,
}

/// What an embedded Front counted by itself.
#[derive(Debug, Clone, Serialize)]
pub struct FrontHolds {
    /// Messages.
    pub messages: u64,
    /// Conversations.
    pub conversations: u64,
    /// Requests whose external id it had already.
    pub repeats: u64,
    /// Messages by inbox.
    pub inboxes: BTreeMap<String, u64>,
}

/// How long sending takes under one of Front's rate limits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// The company's limit, requests a minute.
    pub limit_per_minute: u32,
    /// Those of them that are ours, by the mapping's `share` and `reserve`.
    pub own_per_minute: f64,
    /// Seconds for everything pending.
    pub seconds: u64,
}

/// Limits of Front's plans (Starter, Professional, Enterprise), requests a minute.
const LIMITS: [u32; 3] = [50, 100, 200];

/// Estimates for what is left to send, one request a message.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate")]
fn estimates(left: u64, send: &mapping::Send) -> Vec<Estimate> {
    let estimate = |limit: u32| {
        let own_per_minute = own_pace(f64::from(limit), send.share, send.reserve);
        let seconds = (left as f64 * 60.0 / own_per_minute).ceil() as u64;
        Estimate { limit_per_minute: limit, own_per_minute, seconds }
    };
    LIMITS.map(estimate).to_vec()
}

/// The balances of all sources, their sum, and whether all hold.
fn balance(tallies: Vec<(String, Tally)>) -> (Vec<SourceBalance>, Tally, bool) {
    let mut total = Tally::default();
    let mut balanced = true;
    let mut sources = Vec::new();
    for (source, tally) in tallies {
        balanced &= tally.balances();
        total.add(&tally);
        sources.push(SourceBalance { source, tally });
    }
    (sources, total, balanced)
}

impl Report {
    /// The report of these books. Plan, refusals, what was sent and the ending are for the command to fill in.
    #[must_use]
    pub fn of(
        command: &'static str,
        mapping: &Path,
        ledger: &Path,
        tallies: Vec<(String, Tally)>,
        send: &mapping::Send,
    ) -> Self {
        let (sources, total, balanced) = balance(tallies);
        Self {
            command,
            mapping: mapping.display().to_string(),
            ledger: ledger.display().to_string(),
            plan_id: String::new(),
            plan: None,
            diff: None,
            refusals: Vec::new(),
            show: String::new(),
            amiss: Vec::new(),
            seen: None,
            prepared: None,
            finished: None,
            delivered: None,
            taken_back: None,
            requests: Requests { imports: total.left(), lookups: 0, prepare: 0, finish: 0 },
            estimates: estimates(total.left(), send),
            sources,
            total,
            balanced,
            front: Vec::new(),
            sent: None,
            ending: String::new(),
            exit: 0,
        }
    }

    /// Shows the plan, too. It knows how many look-ups confirming takes, and what is done around the import, which the estimates then
    /// include.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate"
    )]
    pub fn with_plan(mut self, plan: Overview) -> Self {
        let left = self.total.left();
        if left > 0 && plan.messages > 0 {
            let awaited = (left + self.unconfirmed()) as f64;
            let lookups = awaited * plan.lookups as f64 / plan.messages as f64;
            self.requests.lookups = lookups.ceil() as u64;
            let is_begun = self.total.accepted + self.total.confirmed + self.total.different > 0;
            self.requests.prepare = if is_begun { 0 } else { plan.prepare.requests };
            self.requests.finish = plan.finish.requests;
            let more = self.requests.all() as f64 / left as f64;
            for estimate in &mut self.estimates {
                estimate.seconds = (estimate.seconds as f64 * more).ceil() as u64;
            }
        }
        self.plan = Some(plan);
        self
    }

    /// Messages that Front has accepted and that nobody has looked for to the end.
    #[must_use]
    pub fn unconfirmed(&self) -> u64 {
        self.total.accepted.saturating_sub(self.total.missing + self.total.delivered)
    }

    /// Messages that are missing in Front, or read otherwise there.
    #[must_use]
    pub fn is_amiss(&self) -> bool {
        self.total.missing + self.total.different > 0
    }

    /// Some records did not make it: unreadable, rejected or refused.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.total.unreadable + self.total.rejected + self.total.refused > 0
    }

    /// What must be heard before anything is sent, where the plan is not shown: who will notice, and what begins.
    #[must_use]
    pub fn aloud(&self) -> String {
        let silence = self.plan.as_ref().map(|plan| format!("Silence   {}\n", text::silence(plan)));
        format!("{}{}{}\n", self.live_aloud(), silence.unwrap_or_default(), self.ending)
    }

    /// What must be heard before anything is delivered, whatever else is shown.
    #[must_use]
    pub fn deliver_aloud(&self) -> String {
        format!("{}{}\n", self.live_aloud(), self.ending)
    }

    /// What must be heard before anything is made, where the plan is not shown.
    #[must_use]
    pub fn prepare_aloud(&self) -> String {
        format!("{}{}\n", self.front_aloud(), self.ending)
    }

    /// What must be heard before conversations are finished, where the plan is not shown.
    #[must_use]
    pub fn finish_aloud(&self) -> String {
        let steps = self.plan.as_ref().and_then(text::finishing).map(|steps| format!("Finish    {steps}\n"));
        format!("{}{}{}\n", steps.unwrap_or_default(), self.front_aloud(), self.ending)
    }

    /// What is delivered live, if anything is.
    fn live_aloud(&self) -> String {
        let live = self.plan.as_ref().and_then(text::delivering);
        live.map(|live| format!("Live      {live}\n")).unwrap_or_default()
    }

    /// What Front said, line by line.
    fn front_aloud(&self) -> String {
        self.front.iter().fold(String::new(), |lines, line| lines + "Front     " + line + "\n")
    }

    /// Somebody will notice the import, because the mapping says so.
    #[must_use]
    pub fn is_loud(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| !plan.is_archived || plan.left_open > 0 || !plan.should_skip_rules)
    }

    /// Seconds that the estimates come to where the company has this limit.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate"
    )]
    pub fn seconds_at(&self, limit: f64, send: &mapping::Send) -> u64 {
        let of_import = (self.requests.imports + self.requests.lookups) as f64 / self.requests.all().max(1) as f64;
        let requests = |estimate: &Estimate| estimate.seconds as f64 * estimate.own_per_minute * of_import;
        let own = own_pace(limit, send.share, send.reserve);
        self.estimates.last().map_or(0, |estimate| (requests(estimate) / own).ceil() as u64)
    }

    /// The text for a terminal.
    #[must_use]
    pub fn text(&self, extent: Extent) -> String {
        text::render(self, extent)
    }
}
