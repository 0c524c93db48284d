//! Making a planned request again from its origin, and proving that it is the same.

use super::PlanError;
use super::decide::explain;
use super::reader::{digest, drafted, read_record};
use crate::ledger::{Entry, Form, Planned, Verdict};
use crate::mapping::Mapping;
use crate::record::{Direction, Outcome, Record};
use crate::request::{Comment, Decision, Delivery, Draft, ImportRequest};
use crate::source::{RawEntry, Source};
use std::sync::Arc;

/// The change of a message that takes the conversation's customer as its recipient.
pub(super) const CUSTOMER_AS_RECIPIENT: &str = "no recipient: the customer of the conversation stands in";

/// The change of a message whose author others of its conversation know better.
pub(super) const KNOWN_BETTER: &str = "author: the handle that the conversation knows them by";

/// Reads entries again. Shared by the dry run (`--requests`), `show` and the import, so that all
/// three speak of the same request.
#[derive(Clone)]
pub struct Rebuilder {
    mapping: Arc<Mapping>,
    sources: Arc<Vec<Box<dyn Source>>>,
}

/// A request made again, with what was read on the way.
#[derive(Debug)]
pub struct Rebuilt<Request = ImportRequest> {
    /// What Front gets.
    pub request: Request,
    /// Every change made to the message, in words.
    pub changes: Vec<String>,
}

/// Why a request could not be made again.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The source no longer holds what was planned.
    #[error("{place}: {detail}")]
    SourceChanged {
        /// File and place.
        place: String,
        /// What is different.
        detail: String,
    },
    /// Source and mapping are as planned, the request is not.
    #[error("{place}: the request of {external_id} is not the one that was planned")]
    RequestChanged {
        /// File and place.
        place: String,
        /// Whose.
        external_id: String,
    },
}

impl Rebuilder {
    /// A rebuilder over the sources that were planned.
    #[must_use]
    pub fn new(mapping: Arc<Mapping>, sources: Arc<Vec<Box<dyn Source>>>) -> Self {
        Self { mapping, sources }
    }

    /// The sources entries are read from.
    pub(super) fn sources(&self) -> &[Box<dyn Source>] {
        &self.sources
    }

    /// The name the mapping gives a source.
    #[must_use]
    pub fn source_name(&self, index: usize) -> &str {
        self.sources.get(index).map_or("", |source| source.name())
    }

    /// The mapping requests are made with.
    #[must_use]
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// File and place of an entry, for people.
    #[must_use]
    pub fn place(&self, entry: &Entry) -> String {
        super::place(&self.sources, &entry.origin)
    }

    /// Reads an entry again as it stands in its source.
    ///
    /// # Errors
    /// [`RebuildError::SourceChanged`] if its bytes are gone or others.
    pub fn read(&self, entry: &Entry) -> Result<RawEntry, RebuildError> {
        let changed = |detail: String| RebuildError::SourceChanged { place: self.place(entry), detail };
        let source = self
            .sources
            .get(usize::from(entry.origin.source))
            .ok_or_else(|| changed("the mapping no longer has this source".to_owned()))?;
        let raw = source.read_at(&entry.origin).map_err(|unreadable| changed(unreadable.detail))?;
        if digest(&raw) != entry.digest {
            return Err(changed("the bytes there are not those that were planned".to_owned()));
        }
        Ok(raw)
    }

    /// The record of an entry, if it is one.
    ///
    /// # Errors
    /// As [`Rebuilder::read`].
    pub fn record(&self, entry: &Entry) -> Result<Option<Record>, RebuildError> {
        let raw = self.read(entry)?;
        Ok(match read_record(&raw, &self.mapping) {
            Ok(Outcome::Record(record)) => Some(*record),
            Ok(Outcome::Skip(_)) | Err(_) => None,
        })
    }

    /// What the mapping decides about the record of an entry by itself, in words, each decision with its reason.
    ///
    /// # Errors
    /// As [`Rebuilder::read`].
    pub fn evidence(&self, entry: &Entry) -> Result<Vec<String>, RebuildError> {
        let raw = self.read(entry)?;
        let Ok(Outcome::Record(record)) = read_record(&raw, &self.mapping) else { return Ok(Vec::new()) };
        let explained = explain(&raw, &record, usize::from(entry.origin.source), &self.mapping);
        let mut reasons = explained.reasons;
        if let Verdict::Planned(planned) = &entry.verdict {
            let inbox = &planned.inbox;
            match explained.inbox {
                Some(named) if named == *inbox => {}
                None if *inbox == self.mapping.target.inbox => reasons.push(format!("inbox {inbox}: by [target]")),
                _ => reasons.push(format!(
                    "inbox {inbox}: its conversation lies there, by its oldest message that names an inbox, by another copy, or \
                     because it was sent there before"
                )),
            }
        }
        Ok(reasons)
    }

    /// The request of a planned message, byte for byte as planned.
    ///
    /// # Errors
    /// [`RebuildError`] if source or request differ from the plan.
    pub fn request(&self, entry: &Entry) -> Result<Rebuilt, RebuildError> {
        self.rebuilt(entry, Self::request_of)
    }

    /// The comment of a planned note, byte for byte as planned.
    ///
    /// # Errors
    /// As [`Rebuilder::request`].
    pub fn comment(&self, entry: &Entry) -> Result<Rebuilt<Comment>, RebuildError> {
        self.rebuilt(entry, Self::comment_of)
    }

    /// What is delivered of a planned message, byte for byte as planned.
    ///
    /// # Errors
    /// As [`Rebuilder::request`].
    pub fn delivery(&self, entry: &Entry) -> Result<Rebuilt<Delivery>, RebuildError> {
        self.rebuilt(entry, Self::delivery_of)
    }

    fn rebuilt<T>(
        &self,
        entry: &Entry,
        make: impl Fn(&Self, Record, &Planned) -> Option<T>,
    ) -> Result<T, RebuildError> {
        let differs = |external_id: &str| RebuildError::RequestChanged {
            place: self.place(entry),
            external_id: external_id.to_owned(),
        };
        let Verdict::Planned(planned) = &entry.verdict else { return Err(differs("an entry that is not planned")) };
        let record = self.record(entry)?.ok_or_else(|| differs(&planned.external_id))?;
        make(self, record, planned).ok_or_else(|| differs(&planned.external_id))
    }

    /// The request of a record that was already read; absent if it is not the planned one.
    pub(super) fn request_of(&self, record: Record, planned: &Planned) -> Option<Rebuilt> {
        let (draft, mut changes) =
            self.draft_of(record, planned).filter(|_| !matches!(planned.form, Form::Comment | Form::Delivery))?;
        if draft.may_be_known_better() && planned.customer.is_some() {
            changes.push(KNOWN_BETTER.to_owned());
        }
        if draft.wants_recipient() {
            changes.push(match &planned.customer {
                Some(_) => CUSTOMER_AS_RECIPIENT.to_owned(),
                None => "no recipient: the stated fallback stands in".to_owned(),
            });
        }
        Some(Rebuilt { request: draft.finish(&decision(planned), &self.mapping), changes })
    }

    /// The comment of a note that was already read; absent if it is not the planned one.
    pub(super) fn comment_of(&self, record: Record, planned: &Planned) -> Option<Rebuilt<Comment>> {
        let (draft, changes) = self.draft_of(record, planned).filter(|_| planned.form == Form::Comment)?;
        Some(Rebuilt { request: draft.finish_comment(&decision(planned)), changes })
    }

    /// What is delivered of a record that was already read; absent if it is not the planned one.
    pub(super) fn delivery_of(&self, record: Record, planned: &Planned) -> Option<Rebuilt<Delivery>> {
        let (draft, changes) = self.draft_of(record, planned).filter(|_| planned.form == Form::Delivery)?;
        Some(Rebuilt { request: draft.finish_delivery(&decision(planned)), changes })
    }

    /// The draft of a record with all its changes, if it gives what was planned.
    fn draft_of(&self, record: Record, planned: &Planned) -> Option<(Draft, Vec<String>)> {
        let direction = if planned.is_inbound { Direction::Inbound } else { Direction::Outbound };
        let mut changes = record.changes.clone();
        let draft = drafted(record, direction, planned.form, &self.mapping).ok()?;
        changes.extend(draft.changes.iter().cloned());
        (draft.decided_digest(&decision(planned)) == planned.request).then_some((draft, changes))
    }
}

fn decision(planned: &Planned) -> Decision<'_> {
    Decision {
        external_id: &planned.external_id,
        thread_ref: &planned.thread_ref,
        tags: &planned.tags,
        is_archived: planned.is_archived,
        customer: planned.customer.as_deref(),
        assignee: planned.assignee.as_deref(),
    }
}

impl From<RebuildError> for PlanError {
    fn from(error: RebuildError) -> Self {
        Self::Rebuild(error)
    }
}
