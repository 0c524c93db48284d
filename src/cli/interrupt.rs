//! Ctrl-C, SIGTERM and SIGHUP (a closed SSH session): the first finishes what is in flight, the second
//! ends at once. Both are safe: what was sent is in the journal.

use super::Exit;
use crate::front::Cancellation;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How soon the first signal is noticed.
pub(super) const NOTICE: Duration = Duration::from_millis(50);

/// A flag set by the first signal; the second ends the process with 130.
pub(super) fn first_and_second() -> std::io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Registered first, so that it acts only on a flag that an earlier signal has set.
        flag::register_conditional_shutdown(signal, Exit::Interrupted as i32, Arc::clone(&stop))?;
        flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

/// Returns once the flag is set.
pub(super) async fn noticed(stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(NOTICE).await;
    }
}

/// Does work that is cancelled once the flag is set.
pub(super) async fn heeded<T, W: Future<Output = T>>(
    stop: &Arc<AtomicBool>,
    work: impl FnOnce(Cancellation) -> W,
) -> T {
    let cancellation = Cancellation::new();
    let (stop, cancelled) = (Arc::clone(stop), cancellation.clone());
    let watch = tokio::spawn(async move {
        noticed(&stop).await;
        super::say("\nstopping: what is in flight is finished first; Ctrl-C again ends at once\n");
        cancelled.cancel();
    });
    let done = work(cancellation).await;
    watch.abort();
    done
}
