//! What befalls chosen messages, whenever they come: chosen by a piece of their `external_id` or subject.

use super::Faults;

/// Messages that are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A piece of the `external_id` or the subject.
    pub holds: String,
    /// The status that refuses them.
    pub status: u16,
}

/// What befalls a chosen message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Chosen {
    Refused(u16),
    Poison,
    Lost,
}

impl Faults {
    /// What befalls the message with this id and subject.
    pub(in super::super) fn chosen(&self, external_id: &str, subject: &str) -> Option<Chosen> {
        let holds = |piece: &str| external_id.contains(piece) || subject.contains(piece);
        if let Some(refusal) = self.refuse.iter().find(|refusal| holds(&refusal.holds)) {
            Some(Chosen::Refused(refusal.status))
        } else if self.poison.iter().any(|piece| holds(piece)) {
            Some(Chosen::Poison)
        } else if self.lose.iter().any(|piece| holds(piece)) {
            Some(Chosen::Lost)
        } else {
            None
        }
    }
}
