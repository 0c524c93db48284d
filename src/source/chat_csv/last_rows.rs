//! Rows of many messages, kept for a while.
//!
//! Messages are read again in the order in which they are sent: conversation by conversation, and within one by time. A
//! conversation may stand in several rows whose messages alternate, and several conversations are sent side by side. Without
//! memory each message would have its whole row read and laid out anew.

use super::super::Piece;
use super::Messages;
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows that are kept, at most.
const MOST: usize = 64;

/// Bytes that their cells may take together. The row that was read last is kept in any case.
const ROOM: usize = 64 << 20;

#[derive(Default)]
pub(super) struct LastRows {
    /// The one that was used last comes last.
    rows: VecDeque<Row>,
    size: usize,
}

struct Row {
    pieces: Vec<Piece>,
    messages: Arc<Messages>,
    size: usize,
}

impl LastRows {
    /// The messages of a row, if it is still here.
    pub(super) fn of(&mut self, pieces: &[Piece]) -> Option<Arc<Messages>> {
        let place = self.rows.iter().rposition(|row| row.pieces == pieces)?;
        let row = self.rows.remove(place)?;
        let messages = Arc::clone(&row.messages);
        self.rows.push_back(row);
        Some(messages)
    }

    pub(super) fn keep(&mut self, pieces: Vec<Piece>, messages: &Arc<Messages>) {
        let cells = messages.iter().flatten().flat_map(|message| &message.cells);
        let size = cells.map(|cell| cell.len() + size_of::<String>()).sum();
        self.size += size;
        self.rows.push_back(Row { pieces, messages: Arc::clone(messages), size });
        while self.rows.len() > MOST || (self.size > ROOM && self.rows.len() > 1) {
            self.size -= self.rows.pop_front().map_or(0, |row| row.size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Message;
    use super::*;

    fn pieces(offset: u64) -> Vec<Piece> {
        vec![Piece { file: 0, offset, length: 1, line: None }]
    }

    fn messages(bytes: usize) -> Arc<Messages> {
        Arc::new(vec![Ok(Message { cells: vec!["x".repeat(bytes)], run: None })])
    }

    #[test]
    fn rows_that_alternate_stay() {
        let mut last = LastRows::default();
        (0..10).for_each(|offset| last.keep(pieces(offset), &messages(10)));
        assert!((0..10).all(|offset| last.of(&pieces(offset)).is_some()));
        assert!(last.of(&pieces(10)).is_none());
    }

    #[test]
    fn what_was_not_used_for_long_goes_first_and_room_is_bounded() {
        let mut last = LastRows::default();
        last.keep(pieces(0), &messages(10));
        for offset in 1..1_000 {
            last.keep(pieces(offset), &messages(10));
            assert!(last.of(&pieces(0)).is_some(), "used all the time");
        }
        assert_eq!(last.rows.len(), MOST);
        assert!(last.of(&pieces(1)).is_none());
        for offset in 2_000..2_010 {
            last.keep(pieces(offset), &messages(ROOM));
            assert_eq!((last.rows.len(), last.of(&pieces(offset)).is_some()), (1, true), "the last one in any case");
        }
    }
}
