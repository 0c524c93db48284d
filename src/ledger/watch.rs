//! Calls of sled that write, watched over, so that none of them waits forever.
//!
//! sled writes in threads of its own and wakes those that wait for it. Where the write of a full segment fails, it notes the error and
//! wakes nobody (0.34.7, `Log::exit_reservation`): whoever waits by then would wait for good. A flush that comes later finds
//! the error and wakes them all. So a call that takes long is joined by a flush, and by another each time it has taken twice as long;
//! and where even that helps nothing, because a thread of sled has died, the call is given up.

use super::error::LedgerError;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

/// The first wait, and how many there are, each twice as long as the one before: ten minutes in all, which no disk takes for so little.
const FIRST: Duration = Duration::from_secs(5);
const WAITS: u32 = 7;

/// How long closing may take. Nothing depends on it: what counts was written before.
const CLOSING: Duration = Duration::from_mins(1);

/// Makes a call of sled for the files at `path`, in a thread of its own. `flush` is called beside it when it takes long.
pub(super) fn over<T: Send + 'static>(
    path: &Path,
    call: impl FnOnce() -> Result<T, LedgerError> + Send + 'static,
    flush: impl Fn() -> Result<(), LedgerError> + Clone + Send + 'static,
) -> Result<T, LedgerError> {
    let waits: Vec<Duration> = (0..WAITS).map(|times| FIRST * 2_u32.pow(times)).collect();
    within(path, &waits, call, flush)
}

/// Closes what `close` closes, or leaves it to the end of the process.
pub(super) fn over_closing(path: &Path, close: impl FnOnce() -> Result<(), LedgerError> + Send + 'static) {
    let _ = within(path, &[CLOSING], close, || Ok(()));
}

fn within<T: Send + 'static>(
    path: &Path,
    waits: &[Duration],
    call: impl FnOnce() -> Result<T, LedgerError> + Send + 'static,
    flush: impl Fn() -> Result<(), LedgerError> + Clone + Send + 'static,
) -> Result<T, LedgerError> {
    let (sender, ended) = mpsc::channel();
    start(path, &sender, |sender| drop(sender.send(call())))?;
    for wait in waits {
        match ended.recv_timeout(*wait) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => {
                let flush = flush.clone();
                // That a flush beside it went well says nothing of the call.
                start(path, &sender, move |sender| drop(flush().map_err(|error| sender.send(Err(error)))))?;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let what = format!("sled did not come back within {} s", waits.iter().sum::<Duration>().as_secs());
    Err(LedgerError::io(path, "write to")(std::io::Error::new(std::io::ErrorKind::TimedOut, what)))
}

fn start<T: Send + 'static>(
    path: &Path,
    sender: &Sender<Result<T, LedgerError>>,
    work: impl FnOnce(Sender<Result<T, LedgerError>>) + Send + 'static,
) -> Result<(), LedgerError> {
    let sender = sender.clone();
    let builder = std::thread::Builder::new().name("ledger index".to_owned());
    builder.spawn(move || work(sender)).map(drop).map_err(LedgerError::io(path, "start a thread that writes to"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};
    use std::sync::{Arc, Mutex};

    const SHORT: Duration = Duration::from_millis(20);
    /// Far longer than a thread takes to start.
    const LONG: Duration = Duration::from_secs(30);

    fn full() -> LedgerError {
        LedgerError::io(Path::new("sled"), "use")(Error::from(ErrorKind::StorageFull))
    }

    /// Wakes the call once.
    type Waker = Arc<Mutex<Option<Sender<()>>>>;

    /// A call that ends only when somebody lets it, and who does.
    fn held_up() -> (impl FnOnce() -> Result<u8, LedgerError> + Send + 'static, Waker) {
        let (sender, woken) = mpsc::channel();
        let waker = Arc::new(Mutex::new(Some(sender)));
        (move || woken.recv().map(|()| 7).map_err(|_| full()), waker)
    }

    #[test]
    fn a_call_gives_what_it_gives() {
        assert_eq!(over(Path::new("sled"), || Ok(7), || Ok(())).unwrap(), 7);
        assert!(matches!(over(Path::new("sled"), || Err::<u8, _>(full()), || Ok(())), Err(LedgerError::Io { .. })));
    }

    #[test]
    fn a_call_that_nobody_wakes_is_told_the_error_that_a_flush_beside_it_meets() {
        let (call, _waker) = held_up();
        match within(Path::new("sled"), &[SHORT, LONG], call, || Err(full())) {
            Err(LedgerError::Io { source, .. }) => assert_eq!(source.kind(), ErrorKind::StorageFull),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_slow_call_is_waited_for_although_a_flush_beside_it_is_through_before() {
        let (call, waker) = held_up();
        let flush = move || {
            let waker = waker.lock().unwrap().take();
            waker.map_or(Ok(()), |waker| waker.send(()).map_err(|_| full()))
        };
        assert_eq!(within(Path::new("sled"), &[SHORT, LONG], call, flush).unwrap(), 7);
    }

    #[test]
    fn a_call_that_never_comes_back_is_given_up_with_what_to_do() {
        let (call, _waker) = held_up();
        let error = within(Path::new("m.ledger/sled"), &[SHORT, SHORT], call, || Ok(())).unwrap_err();
        assert!(error.to_string().contains("m.ledger/sled: sled did not come back"), "{error}");
        assert!(error.remedy().contains("run the same command again"), "{}", error.remedy());
    }
}
