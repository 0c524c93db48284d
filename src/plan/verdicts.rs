//! From what was decided to the entries that the ledger keeps.

use super::facts::{Facts, Finding, Texts};
use super::resolve::{Fate, Message, Resolution};
use crate::ledger::{Entry, Planned, Traits, Verdict};
use crate::request::{Decision, decided_digest};
use crate::source::Origin;

impl Resolution<'_> {
    /// All entries as the ledger keeps them: messages in send order, then the rest in reading order.
    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        let messages = self.messages.iter().map(|message| message.record);
        let rest = (0_usize..).zip(&self.fates).filter(|(_, fate)| !matches!(fate, Fate::Message(_)));
        let numbers = messages.chain(rest.map(|(number, _)| number));
        numbers.filter_map(|number| Some(self.entry(number, self.verdict(number)?)))
    }

    /// All entries in reading order, each copy with the external id of the message it is a copy of.
    pub(super) fn entries_as_read(&self) -> impl Iterator<Item = (Entry, Option<String>)> {
        (0..self.fates.len()).filter_map(|number| {
            let other = match *self.fates.get(number)? {
                Fate::Copy(of) => self.messages.get(of as usize).map(|message| message.external_id.clone()),
                Fate::Message(_) | Fate::LeftOut | Fate::Own => None,
            };
            Some((self.entry(number, self.verdict(number)?), other))
        })
    }

    fn verdict(&self, number: usize) -> Option<Verdict> {
        Some(match *self.fates.get(number)? {
            Fate::Message(index) => Verdict::Planned(self.planned(self.messages.get(index as usize)?)?),
            Fate::Copy(of) => Verdict::Duplicate { of: self.messages.get(of as usize)?.record as u64 },
            Fate::LeftOut => Verdict::Skipped { cause: "not in the sample".to_owned() },
            Fate::Own => own_verdict(self.read.facts.get(number)?, &self.read.texts)?,
        })
    }

    fn entry(&self, number: usize, verdict: Verdict) -> Entry {
        let facts = self.read.facts.get(number);
        Entry {
            number: number as u64,
            origin: facts
                .map_or_else(|| Origin { source: 0, pieces: Vec::new(), part: 0 }, |facts| facts.place.origin()),
            digest: facts.map(|facts| facts.digest).unwrap_or_default(),
            verdict,
            original_id: facts.and_then(|facts| facts.original_id.as_deref()).map(str::to_owned),
        }
    }

    /// What must be known to send a message again.
    pub(super) fn planned(&self, message: &Message) -> Option<Planned> {
        let candidate = self.candidate_of(message)?;
        let thread = self.threads.get(message.thread)?;
        let text = |text| self.read.texts.get(text).as_ref().to_owned();
        let tags: Vec<String> = self.read.texts.list(message.tags).iter().copied().map(text).collect();
        let customer = thread.customer_for(candidate).map(text);
        let assignee = message.assignee.map(text);
        let decision = Decision {
            external_id: &message.external_id,
            thread_ref: &thread.thread_ref,
            tags: &tags,
            is_archived: thread.is_archived,
            customer: customer.as_deref(),
            assignee: assignee.as_deref(),
        };
        let request = decided_digest(&candidate.draft, &decision);
        Some(Planned {
            external_id: message.external_id.clone(),
            thread_ref: thread.thread_ref.clone(),
            inbox: thread.inbox.as_ref().to_owned(),
            is_inbound: candidate.is_inbound,
            is_archived: thread.is_archived,
            customer,
            assignee,
            created_at: candidate.date,
            traits: Traits { subject: candidate.subject, files: candidate.files, file_bytes: candidate.file_bytes },
            identity: candidate.pin(),
            request,
            size: candidate.size,
            tags,
        })
    }
}

fn own_verdict(facts: &Facts, texts: &Texts) -> Option<Verdict> {
    Some(match &facts.finding {
        Finding::Candidate(_) => return None,
        Finding::Skipped { cause, .. } => Verdict::Skipped { cause: texts.get(*cause).as_ref().to_owned() },
        Finding::Unreadable(problem) => Verdict::Unreadable {
            cause: problem.cause.clone(),
            detail: problem.detail.clone(),
            remedy: problem.remedy.clone(),
        },
        Finding::Rejected(problem) => Verdict::Rejected {
            cause: problem.cause.clone(),
            detail: problem.detail.clone(),
            remedy: problem.remedy.clone(),
        },
    })
}
