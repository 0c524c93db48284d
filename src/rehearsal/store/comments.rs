//! Comments: who wrote them and where in memory, what they say on disk.

use std::io;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::super::actor::{Actor, Stamp};
use super::events::Happening;
use super::{Attachment, Conversation, Place, Store};

#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Comment {
    pub(in super::super) conversation: u32,
    /// Number of the teammate; the API itself where there is none.
    pub(in super::super) author: Option<u32>,
    /// Whose token wrote it: nobody else may change it.
    pub(in super::super) stamp: Stamp,
    pub(in super::super) is_pinned: bool,
    pub(in super::super) answers: Option<u32>,
    pub(in super::super) place: Place,
    pub(in super::super) spool: Option<NonZeroU32>,
}

/// What a comment says, as a line on disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Said {
    pub(in super::super) body: String,
    pub(in super::super) attachments: Vec<Attachment>,
}

/// A comment to be.
pub(in super::super) struct Remark<'a> {
    pub(in super::super) conversation: u32,
    pub(in super::super) author: Option<u32>,
    pub(in super::super) is_pinned: bool,
    pub(in super::super) answers: Option<u32>,
    pub(in super::super) said: &'a Said,
    pub(in super::super) spool: Option<NonZeroU32>,
}

impl Store {
    pub(in super::super) fn add_comment(&mut self, remark: &Remark<'_>, stamp: Stamp) -> io::Result<u32> {
        let number = u32::try_from(self.comments.len()).map_err(io::Error::other)?;
        let place = self.put_down(remark.said)?;
        let Remark { conversation, author, is_pinned, answers, spool, .. } = *remark;
        self.comments.push(Comment { conversation, author, stamp, is_pinned, answers, place, spool });
        if let Some(rest) = self.conversations.get_mut(conversation as usize).map(Conversation::rest) {
            rest.comments.push(number);
        }
        // A comment of a teammate, written with the client's token, is still the client's doing.
        self.emit(conversation, Happening::Comment, number, stamp);
        Ok(number)
    }

    pub(in super::super) fn change_comment(
        &mut self,
        number: u32,
        said: Option<&Said>,
        is_pinned: Option<bool>,
    ) -> io::Result<()> {
        let place = said.map(|said| self.put_down(said)).transpose()?;
        if let Some(comment) = self.comments.get_mut(number as usize) {
            comment.place = place.unwrap_or(comment.place);
            comment.is_pinned = is_pinned.unwrap_or(comment.is_pinned);
        }
        Ok(())
    }

    fn put_down(&mut self, said: &Said) -> io::Result<Place> {
        let mut line = serde_json::to_vec(said).map_err(io::Error::other)?;
        line.push(b'\n');
        self.said.append(&line)
    }

    /// A comment of a conversation that is still there.
    pub(in super::super) fn comment(&self, number: u32) -> Option<&Comment> {
        self.comments.get(number as usize).filter(|comment| self.conversation(comment.conversation).is_some())
    }

    /// Whether a comment was written with this token.
    pub(in super::super) fn wrote(&self, number: u32, actor: Actor) -> bool {
        self.comment(number).is_some_and(|comment| comment.stamp.by == actor)
    }
}
