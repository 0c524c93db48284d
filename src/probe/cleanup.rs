//! Everything that this probe has made, and what earlier ones have left, into the trash.

use super::Halt;
use super::bench::{Bench, CUSTOMER, MARK, OURS, Seen};
use crate::front::{Conversation, ConversationChange, Handle, Outcome, Status};

/// What came of it.
#[derive(Default)]
pub(super) struct Cleaned {
    pub(super) left: Vec<String>,
    pub(super) trashed: u64,
    pub(super) deleted: u64,
}

pub(super) async fn clean(mut bench: Bench<'_>) -> Cleaned {
    let mut cleaned = Cleaned::default();
    if let Err(halt) = cleaned.all(&mut bench).await {
        let why = match halt {
            Halt::Front(error) => error.to_string(),
            Halt::Cancelled => "it was stopped".to_owned(),
        };
        cleaned.left.push(format!("whatever begins with `{MARK}` in its subject and is not in the trash: {why}"));
    }
    cleaned
}

impl Cleaned {
    async fn all(&mut self, bench: &mut Bench<'_>) -> Result<(), Halt> {
        // What was on its way when it was stopped comes to exist a moment later, and must not be missed.
        for uid in bench.pending.clone() {
            if bench.see(&uid).await?.is_none() {
                self.leave(format!("the message of {uid}, if it comes to exist later"))?;
            }
        }
        let bench = &*bench;
        let mut conversations = Vec::new();
        for uid in &bench.uids {
            // What nobody saw to the end of patience may come later still: the next probe finds it by its subject.
            let Some(message) = bench.get(&["messages", &format!("alt:uid:{uid}")]).await? else { continue };
            let seen = Seen { uid: uid.clone(), message };
            conversations.extend(seen.conversation().map(str::to_owned));
        }
        for inbox in std::iter::once(&bench.job.inbox_id).chain(&bench.job.other_inbox_id) {
            conversations.extend(bench.remains(inbox).await?);
        }
        conversations.sort();
        conversations.dedup();
        for id in &conversations {
            self.conversation(bench, id).await?;
        }
        self.tags(bench).await?;
        self.contacts(bench).await
    }

    async fn conversation(&mut self, bench: &Bench<'_>, id: &str) -> Result<(), Halt> {
        let (client, on) = (&bench.job.client, bench.on);
        let found = match client.conversation(id, on).await?.outcome {
            Outcome::Done(found) => found,
            Outcome::Absent { .. } => return Ok(()),
            other => return self.leave(format!("{id}: {other}")),
        };
        // A thread_ref may have brought it together with what is not ours.
        if !found.subject.starts_with(MARK) {
            return self.leave(format!("{id}: its subject is `{}`, so it is not the probe's alone", found.subject));
        }
        self.bare(bench, &found).await?;
        if !found.is_trashed() {
            let trash = ConversationChange { status: Some(Status::Deleted), ..ConversationChange::default() };
            match client.update_conversation(id, &trash, on).await?.outcome {
                Outcome::Done(()) => self.trashed += 1,
                other => return self.leave(format!("{id} could not be moved to the trash: {other}")),
            }
        }
        if bench.job.permanently {
            match client.delete_conversation(id, on).await?.outcome {
                Outcome::Done(()) => {
                    self.deleted += 1;
                    self.trashed = self.trashed.saturating_sub(u64::from(!found.is_trashed()));
                }
                other => return self.leave(format!("{id} is in the trash, and could not be deleted: {other}")),
            }
        }
        Ok(())
    }

    /// Takes tags and links off: what lies in the trash should not count for them.
    async fn bare(&mut self, bench: &Bench<'_>, found: &Conversation) -> Result<(), Halt> {
        let tags: Vec<String> = found.tags.iter().map(|tag| tag.id.clone()).collect();
        if !tags.is_empty() {
            let outcome = bench.job.client.remove_tags(&found.id, &tags, bench.on).await?.outcome;
            self.unless_done(outcome, &format!("the tags of {}", found.id))?;
        }
        let links: Vec<String> = found.links.iter().map(|link| link.id.clone()).collect();
        if !links.is_empty() {
            let outcome = bench.job.client.remove_links(&found.id, &links, bench.on).await?.outcome;
            self.unless_done(outcome, &format!("the links of {}", found.id))?;
        }
        Ok(())
    }

    /// Tags by their names, which no one else gives; those of earlier probes, too.
    async fn tags(&mut self, bench: &Bench<'_>) -> Result<(), Halt> {
        for tag in bench.job.client.tags().await? {
            if tag.name.starts_with("threadlift probe ") {
                let outcome = bench.job.client.delete_tag(&tag.id, bench.on).await?.outcome;
                self.unless_done(outcome, &format!("the tag `{}` ({})", tag.name, tag.id))?;
            }
        }
        Ok(())
    }

    /// The two whom no one can be: Front makes contacts of whoever writes or is written to.
    async fn contacts(&mut self, bench: &Bench<'_>) -> Result<(), Halt> {
        for (handle, source) in [(CUSTOMER, "email"), (OURS, "email"), (CUSTOMER, "custom"), (OURS, "custom")] {
            let handle = Handle { handle: handle.to_owned(), source: source.to_owned() };
            match bench.job.client.contact_by_handle(&handle, bench.on).await?.outcome {
                Outcome::Done(contact) => {
                    let outcome = bench.job.client.delete_contact(&contact.id, bench.on).await?.outcome;
                    self.unless_done(outcome, &format!("the contact {} ({})", handle.handle, contact.id))?;
                }
                Outcome::Absent { .. } => {}
                other => self.leave(format!("the contact {}: {other}", handle.handle))?,
            }
        }
        Ok(())
    }

    fn unless_done(&mut self, outcome: Outcome<()>, what: &str) -> Result<(), Halt> {
        match outcome {
            Outcome::Done(()) | Outcome::Absent { .. } => Ok(()),
            other => self.leave(format!("{what}: {other}")),
        }
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "what is left is no reason to stop, and reads well at the end of a match"
    )]
    fn leave(&mut self, what: String) -> Result<(), Halt> {
        self.left.push(what);
        Ok(())
    }
}
