//! Messages of unknown fate, and which of them can no longer be replayed byte for byte.
//!
//! A replay carries the bytes of the first attempt as long as the plan is the same. After the mapping or threadlift changed,
//! those bytes cannot be made again; then the plan's new request goes out, under the same id and into the same conversation,
//! as pins keep them. Whichever of the two came first is in Front, and the user is told.

use crate::ledger::{Ledger, LedgerError, Reached, Verdict};
use std::collections::{HashMap, HashSet};

/// The messages of unknown fate: external id → digest of the planned request.
pub struct Doubted(HashMap<String, [u8; 32]>);

impl Doubted {
    /// Those of a ledger, before anything of it is sent. They stand close to the first open position, so that the look ends
    /// early.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn of(ledger: &Ledger) -> Result<Self, LedgerError> {
        let counts = ledger.counts();
        let mut left = counts.unanswered();
        let mut found = HashMap::new();
        if left == 0 {
            return Ok(Self(found));
        }
        for item in ledger.reached(ledger.first_open()..u64::MAX)? {
            let (position, Reached::Unknown | Reached::Unanswered | Reached::Sending) = item? else { continue };
            if let Verdict::Planned(planned) = ledger.entry(position)?.verdict {
                found.insert(planned.external_id, planned.request);
            }
            left -= 1;
            if left == 0 {
                break;
            }
        }
        Ok(Self(found))
    }

    /// How many of them an earlier run sent as another request than the plan has now: the mapping or threadlift changed in
    /// between. Front keeps the one that came first; the journal has the digests of both. Reads the whole journal, if there
    /// are any.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn sent_otherwise(&self, ledger: &Ledger) -> Result<u64, LedgerError> {
        let ids: HashSet<String> = self.0.keys().cloned().collect();
        let sent = ledger.traces(&ids)?;
        let differs = |id: &String, planned: &[u8; 32]| {
            sent.get(id).is_some_and(|sent| sent.requests.iter().any(|request| request != planned))
        };
        Ok(self.0.iter().filter(|(id, planned)| differs(id, planned)).count() as u64)
    }
}
