//! From what was decided to the entries that the ledger keeps.

use super::facts::{Candidate, Facts, Finding, Problem};
use super::pins::Difference;
use super::resolve::{Fate, Message, Resolution};
use super::texts::Texts;
use crate::ledger::{Entry, Finish, Form, LedgerError, Planned, Traits, Verdict};
use crate::request::{Decision, decided_digest};

impl Resolution<'_> {
    /// All entries as the ledger keeps them: messages in send order, then the rest in reading order. What is imported is shown
    /// to `see` with its facts, which are at hand here.
    pub(super) fn entries<'r>(
        &'r self,
        mut see: impl FnMut(&'r Message, &Facts) -> Result<(), LedgerError>,
    ) -> impl Iterator<Item = Result<Entry, LedgerError>> {
        // They come first.
        let imported = self.imported().len();
        let messages = (0..).zip(&self.messages);
        let messages = messages.map(move |(at, message)| (message.record as usize, (at < imported).then_some(message)));
        let rest = (0_usize..).zip(&self.fates).filter(|(_, fate)| !matches!(fate, Fate::Message(_)));
        let mut entry = move |number, imported: Option<&'r Message>| {
            let facts = self.read.facts(number)?;
            imported.map_or(Ok(()), |message| see(message, &facts))?;
            Ok(self.entry(number, facts))
        };
        let all = messages.chain(rest.map(|(number, _)| (number, None)));
        all.filter_map(move |(number, imported)| entry(number, imported).transpose())
    }

    /// All entries in reading order, each copy with the external id of the message it is a copy of.
    pub(super) fn entries_as_read(&self) -> impl Iterator<Item = Result<(Entry, Option<String>), LedgerError>> {
        (0..).zip(&self.fates).filter_map(|(number, fate)| {
            let other = match fate {
                Fate::Copy(of) => self.messages.get(*of as usize),
                Fate::Message(_) | Fate::LeftOut | Fate::Lone | Fate::Beyond(_) | Fate::Own => None,
            };
            let entry = self.read.facts(number).map(|facts| self.entry(number, facts)).transpose()?;
            Some(entry.map(|entry| (entry, other.map(|other| other.external_id.text().into_owned()))))
        })
    }

    fn entry(&self, number: usize, facts: Facts) -> Option<Entry> {
        let message = |index: u32| self.messages.get(index as usize);
        let verdict = match self.fates.get(number).copied().unwrap_or(Fate::Own) {
            Fate::Message(index) => {
                let sent = message(index).zip(facts.finding.candidate());
                sent.and_then(|(message, candidate)| self.planned_as(message, candidate)).map(Verdict::Planned)
            }
            Fate::Copy(of) => message(of).map(|of| Verdict::Duplicate { of: u64::from(of.record) }),
            Fate::Lone => {
                let Problem { cause, detail, remedy } = lone_note();
                Some(Verdict::Rejected { cause, detail, remedy })
            }
            Fate::LeftOut => Some(Verdict::Skipped { cause: "not in the sample".to_owned() }),
            Fate::Beyond(beyond) => Some(Verdict::Skipped { cause: self.beyond_in_words(number, beyond) }),
            Fate::Own => own_verdict(&facts, &self.read.texts),
        };
        verdict.map(|verdict| Entry {
            number: number as u64,
            origin: facts.place.origin(),
            digest: facts.digest,
            verdict,
            original_id: facts.original_id.map(String::from),
        })
    }

    /// What must be known to send a message again.
    pub(super) fn planned(&self, message: &Message) -> Result<Option<Planned>, LedgerError> {
        Ok(self.candidate_of(message)?.and_then(|candidate| self.planned_as(message, &candidate)))
    }

    /// As [`Resolution::planned`], of a candidate that is at hand.
    pub(super) fn planned_as(&self, message: &Message, candidate: &Candidate) -> Option<Planned> {
        let thread = self.threads.get(message.thread as usize)?;
        let text = |text| self.read.texts.get(text).as_ref().to_owned();
        let is_delivery = candidate.form == Form::Delivery;
        let tags: Vec<String> =
            self.read.texts.list(message.tags).iter().copied().map(text).filter(|_| !is_delivery).collect();
        let customer = thread.customer_for(candidate, |handle| self.read.texts.keep(handle)).map(text);
        let assignee = message.assignee.map(text);
        let (external_id, thread_ref) = (message.external_id.text(), thread.thread_ref.text());
        let decision = Decision {
            external_id: &external_id,
            thread_ref: &thread_ref,
            tags: &tags,
            is_archived: thread.is_archived,
            customer: customer.as_deref(),
            assignee: assignee.as_deref(),
        };
        let request = decided_digest(&candidate.draft, &decision);
        let mut planned = Planned {
            external_id: external_id.into_owned(),
            thread_ref: thread_ref.into_owned(),
            inbox: text(thread.inbox),
            is_inbound: candidate.is_inbound,
            is_archived: thread.is_archived,
            customer,
            assignee,
            created_at: candidate.date,
            traits: Traits { subject: candidate.subject, files: candidate.files, file_bytes: candidate.file_bytes },
            identity: candidate.pin(),
            request,
            size: candidate.size,
            form: candidate.form,
            finish: if is_delivery { Finish::default() } else { self.finish(message, candidate, thread) },
            tags,
        };
        if !is_delivery && self.pins.difference(&planned) == Some(Difference::Decided) {
            planned.finish.tags.clone_from(&planned.tags);
        }
        Some(planned)
    }
}

/// Why a note is not written where there is nothing to write it to.
pub(super) fn lone_note() -> Problem {
    Problem {
        cause: "a note without a conversation".to_owned(),
        detail: "none of its conversation's messages is imported".to_owned(),
        remedy: "import a message of its conversation, or leave such notes out by a rule with `skip`".to_owned(),
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
