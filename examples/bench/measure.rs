//! How long a process took, and how much memory it held at most.

use std::fs;
use std::io;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at the memory of a process. The system keeps the most it ever held, so that only the growth of the last such
/// moment can be missed.
const LOOK: Duration = Duration::from_millis(10);

/// What a process took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Took {
    pub(crate) seconds: f64,
    /// Most memory it held at once, in MB (of a million bytes).
    pub(crate) megabytes: f64,
}

/// Runs a command to its end and measures it; its output is not shown.
///
/// # Errors
/// If it cannot be started, or ends with a code that is not among `fine`.
pub(crate) fn measure(command: &mut Command, fine: &[i32]) -> io::Result<Took> {
    watched(command.stdout(Stdio::null()), fine).map(|(took, _)| took)
}

/// As [`measure`], for a command that measures itself: it says its seconds, and nothing else.
///
/// # Errors
/// If it cannot be started, fails, or says no number.
pub(crate) fn told(command: &mut Command) -> io::Result<Took> {
    let (took, child) = watched(command.stdout(Stdio::piped()), &[0])?;
    let said = String::from_utf8_lossy(&child.wait_with_output()?.stdout).into_owned();
    let seconds = said.trim().parse().map_err(|_| io::Error::other(format!("{command:?} said {said:?}")))?;
    Ok(Took { seconds, ..took })
}

fn watched(command: &mut Command, fine: &[i32]) -> io::Result<(Took, Child)> {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut most = 0.0_f64;
    let status = loop {
        most = most.max(held(&child).unwrap_or(0.0));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        sleep(LOOK);
    };
    let took = Took { seconds: began.elapsed().as_secs_f64(), megabytes: most };
    if status.code().is_some_and(|code| fine.contains(&code)) {
        return Ok((took, child));
    }
    let said = child.wait_with_output().map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    Err(io::Error::other(format!("{command:?} ended with {status}: {}", said.unwrap_or_default())))
}

/// `VmHWM` of proc(5), in MB.
fn held(child: &Child) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

/// The run in the middle by time.
pub(crate) fn median(mut runs: Vec<Took>) -> Option<Took> {
    runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    runs.get(runs.len() / 2).copied()
}
