//! Where a server keeps what was imported while it runs: people's mail, so nothing of it may stay behind.

use std::fs;
use std::io;
use std::path::Path;
use tempfile::TempDir;

/// Beginning of the folder's name; the process's number and a random ending follow.
const PREFIX: &str = "threadlift-rehearsal-";

/// Makes a folder that goes with the server, below `parent` or where the system keeps such; and removes those of servers
/// that were killed and could not.
pub(super) fn make(parent: Option<&Path>) -> io::Result<TempDir> {
    let parent = parent.map_or_else(std::env::temp_dir, Path::to_path_buf);
    clear_abandoned(&parent);
    tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir_in(parent)
}

/// Whatever cannot be removed (another user's, say) is left: it is no reason not to rehearse.
fn clear_abandoned(parent: &Path) {
    // Only Linux tells by a folder which processes live; elsewhere nothing is cleared.
    if !Path::new("/proc/self").exists() {
        return;
    }
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(owner) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-')) else { continue };
        if owner.0.parse::<u32>().is_ok_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_server_left_is_removed_and_a_living_one_s_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        // Linux numbers processes up to 4194304, so this one never lives.
        let abandoned = parent.path().join(format!("{PREFIX}4194305-abc"));
        let alive = parent.path().join(format!("{PREFIX}{}-abc", std::process::id()));
        let strange = parent.path().join(format!("{PREFIX}notes"));
        for folder in [&abandoned, &alive, &strange] {
            fs::create_dir(folder).unwrap();
        }
        let own = make(Some(parent.path())).unwrap();
        assert!(own.path().exists() && alive.exists() && strange.exists());
        assert!(!abandoned.exists() || !Path::new("/proc/self").exists());
    }
}
