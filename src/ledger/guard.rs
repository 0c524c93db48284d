//! Every call of sled goes through here: its panics and errors are told apart, as damage or as what the system says.

use super::error::{LedgerError, Part, is_full};
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Calls sled, which may panic where its files are damaged.
pub(super) fn guarded<T>(dir: &Path, call: impl FnOnce() -> sled::Result<T>) -> Result<T, LedgerError> {
    let damaged = |what: String| LedgerError::Damaged {
        part: Part::Index,
        path: dir.to_path_buf(),
        place: "an unknown place".into(),
        what,
    };
    IS_IN_SLED.set(true);
    let called = catch_unwind(AssertUnwindSafe(call));
    IS_IN_SLED.set(false);
    match called {
        Ok(Ok(value)) => Ok(value),
        // What the system says (disk full, no rights) is no damage; what sled makes up itself is.
        Ok(Err(sled::Error::Io(error)))
            if error.raw_os_error().is_some() || is_the_system_s(error.kind()) || is_held(&error) =>
        {
            Err(LedgerError::io(dir, "use")(error))
        }
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(panic) => Err(damaged(format!("sled panicked: {}", words(panic.as_ref())))),
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.and_then(|text| text.lines().next()).unwrap_or("nothing more is known")
}

/// Keeps panics inside sled, some of them in threads of its own, from being printed: they are caught here and told as damage,
/// with what to do. All other panics go on to the hook that was there before.
pub fn hush_index_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_sled = panic.location().is_some_and(|place| place.file().contains("/sled-"));
        if !is_sled && !IS_IN_SLED.get() {
            before(panic);
        }
    }));
}

thread_local! {
    /// This thread is in a call of sled.
    static IS_IN_SLED: Cell<bool> = const { Cell::new(false) };
}

/// sled hands on an error that it met in the background as a copy, which has the kind but not the number.
fn is_the_system_s(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    is_full(kind) || matches!(kind, PermissionDenied | ReadOnlyFilesystem)
}

/// sled's own lock is still held, by threads of an index that was closed a moment ago.
fn is_held(error: &std::io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

pub(super) fn is_still_closing(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Io { source, .. } if is_held(source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    fn told(call: impl FnOnce() -> sled::Result<()>) -> LedgerError {
        guarded(Path::new("m.ledger/sled"), call).unwrap_err()
    }

    #[test]
    fn a_panic_inside_sled_is_damage_in_its_own_words() {
        let error = told(|| panic!("no segment at all\nand more"));
        assert!(error.is_index_damage(), "{error}");
        assert!(error.to_string().ends_with("sled panicked: no segment at all"), "{error}");
        assert!(!IS_IN_SLED.get(), "what this thread does next is not sled's");
    }

    #[test]
    fn what_panics_inside_sled_is_printed_by_nobody_and_every_other_panic_is() {
        static HEARD: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
        let before = std::panic::take_hook();
        // Panics of tests beside this one go on as they would.
        std::panic::set_hook(Box::new(move |panic| {
            let text = panic.payload_as_str().unwrap_or_default();
            if text.starts_with("heard: ") {
                HEARD.lock().unwrap().push(text.to_owned());
            } else {
                before(panic);
            }
        }));
        hush_index_panics();
        told(|| panic!("heard: inside"));
        assert!(catch_unwind(|| panic!("heard: outside")).is_err());
        assert_eq!(*HEARD.lock().unwrap(), ["heard: outside"]);
    }

    #[test]
    fn what_the_system_says_is_no_damage_and_what_sled_makes_up_is() {
        let numbered = |number| Error::from_raw_os_error(number);
        let copied = |kind| Error::new(kind, "a copy that has lost its number");
        let system = [
            numbered(28),
            numbered(5),
            copied(ErrorKind::StorageFull),
            copied(ErrorKind::QuotaExceeded),
            copied(ErrorKind::FileTooLarge),
            copied(ErrorKind::PermissionDenied),
            copied(ErrorKind::ReadOnlyFilesystem),
        ];
        for error in system {
            let kind = error.kind();
            match told(|| Err(sled::Error::Io(error))) {
                LedgerError::Io { source, .. } => assert_eq!(source.kind(), kind),
                other => panic!("{other}"),
            }
        }
        assert!(is_still_closing(&told(|| Err(sled::Error::Io(Error::other("could not acquire lock on \"db\""))))));
        for error in [
            sled::Error::Io(copied(ErrorKind::UnexpectedEof)),
            sled::Error::Io(copied(ErrorKind::InvalidData)),
            sled::Error::Corruption { at: None, bt: () },
            sled::Error::ReportableBug("a bug".into()),
        ] {
            assert!(told(|| Err(error)).is_index_damage());
        }
    }
}
