//! The API token: from a file that only its owner can read, from the environment, or from a prompt. Never from an argument,
//! which every user of the machine can see.

use super::args::FrontArgs;
use super::exit::Failure;
use secrecy::SecretString;
use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

/// A token is some hundred characters; a longer file is something else, given by mistake.
const LONGEST: u64 = 64 << 10;

const HELP: &str = "make a token in Front (Settings, Developers) with `messages:write`, without `messages:send`; then put it \
                    into the environment as FRONT_API_TOKEN or into a file for --token-file";

/// The token that was given, or asked for where somebody can answer.
///
/// # Errors
/// If there is none, it cannot be one, or its file is open to others.
pub(super) fn read(args: &FrontArgs) -> Result<SecretString, Failure> {
    let (text, place) = match &args.token_file {
        Some(path) => (from_file(path)?, path.display().to_string()),
        None => match std::env::var("FRONT_API_TOKEN") {
            Ok(text) => (text, "FRONT_API_TOKEN".to_owned()),
            Err(_) => (asked_for(), "the answer".to_owned()),
        },
    };
    let token = text.trim();
    if token.is_empty() {
        return Err(Failure::usage("there is no API token; nothing was sent", HELP));
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::usage(
            format!(
                "the API token in {place} holds characters that no token has (spaces, line ends); nothing was sent"
            ),
            "copy it again from Front (Settings, Developers): it is one word on one line, and nothing else may stand there",
        ));
    }
    Ok(SecretString::from(token.to_owned()))
}

fn from_file(path: &Path) -> Result<String, Failure> {
    let cannot =
        |error: std::io::Error| Failure::usage(format!("cannot read the token from {}: {error}", path.display()), HELP);
    let file = File::open(path).map_err(cannot)?;
    refuse_open_to_others(path, &file.metadata().map_err(cannot)?)?;
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).map_err(cannot)?;
    Ok(text)
}

/// A pipe holds nothing for others to read; a file that they can read has given the token away already.
#[cfg(unix)]
fn refuse_open_to_others(path: &Path, metadata: &std::fs::Metadata) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS: u32 = 0o077;
    let mode = metadata.permissions().mode();
    if !metadata.is_file() || mode & OTHERS == 0 {
        return Ok(());
    }
    let shown = path.display();
    Err(Failure::usage(
        format!(
            "{shown} can be read by others than its owner (mode {:03o}), and holds a token; nothing was sent",
            mode & 0o777
        ),
        format!("chmod 600 {shown}; if others may have read it, make a new token in Front and delete this one"),
    ))
}

#[cfg(not(unix))]
fn refuse_open_to_others(_path: &Path, _metadata: &std::fs::Metadata) -> Result<(), Failure> {
    Ok(())
}

/// Asks on the terminal, without showing what is typed; nothing where nobody can answer.
fn asked_for() -> String {
    let terminal = console::Term::stderr();
    if !std::io::IsTerminal::is_terminal(&stdin()) || !terminal.is_term() {
        return String::new();
    }
    super::say("Front's API token (it is not shown): ");
    // Whoever closes the terminal gives no token.
    terminal.read_secure_line().unwrap_or_default()
}
