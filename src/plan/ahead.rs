//! An iterator that works ahead of whoever takes from it, on a thread of its own.

use std::sync::mpsc;

/// Items that are handed over together: handing over costs more than making one.
const BATCH: usize = 256;
/// Batches that wait to be taken.
const WAITING: usize = 4;

/// Gives `take` the items that `make` makes, in order, while further ones are made. Nothing more is made once `take` has ended.
///
/// # Errors
/// The system's, if no thread can be started.
pub(super) fn ahead<I: Iterator<Item: Send>, R>(
    make: impl FnOnce() -> I + Send,
    take: impl FnOnce(&mut dyn Iterator<Item = I::Item>) -> R,
) -> std::io::Result<R> {
    std::thread::scope(|scope| {
        let (sender, batches) = mpsc::sync_channel(WAITING);
        std::thread::Builder::new().name("ahead".to_owned()).spawn_scoped(scope, move || {
            let mut items = make();
            loop {
                let batch: Vec<I::Item> = items.by_ref().take(BATCH).collect();
                if batch.is_empty() || sender.send(batch).is_err() {
                    break;
                }
            }
        })?;
        Ok(take(&mut batches.into_iter().flatten()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_items_come_in_order_however_many_there_are() {
        for count in [0, 1, BATCH, BATCH + 1, 7 * BATCH] {
            let taken: Vec<usize> = ahead(|| 0..count, |items| items.collect()).unwrap();
            assert!(taken.iter().copied().eq(0..count), "{count}");
        }
    }

    #[test]
    fn who_takes_no_more_waits_for_no_more() {
        assert_eq!(ahead(|| 0_u64.., |items| items.nth(1_000)).unwrap(), Some(1_000));
    }
}
