//! What describes the program itself and the mapping: `schema`, `completions`, `man`.

use super::args::{Cli, ManArgs, SchemaArgs};
use super::exit::{Exit, Failure};
use crate::mapping;
use clap::CommandFactory;
use clap_complete::Shell;
use std::path::Path;

/// The JSON Schema of the mapping, or its page.
pub(super) fn schema(args: &SchemaArgs) -> Result<Exit, Failure> {
    super::write(if args.reference { mapping::REFERENCE } else { mapping::SCHEMA })?;
    Ok(Exit::Done)
}

/// What a shell needs to complete command lines.
pub(super) fn completions(shell: Shell) -> Result<Exit, Failure> {
    // Scripts for bash offer hidden commands, too, so those are left out.
    let all = Cli::command();
    let commands = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let options = all.get_arguments().cloned();
    let mut offered = clap::Command::new("threadlift").version(env!("CARGO_PKG_VERSION")).propagate_version(true);
    offered = offered.args(options).subcommands(commands);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut offered, "threadlift", &mut script);
    super::write(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// The man page, or one for each command in a folder.
pub(super) fn man(args: &ManArgs) -> Result<Exit, Failure> {
    // `help` has no page of its own.
    let command = Cli::command().disable_help_subcommand(true);
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(|error| unwritten(Path::new("stdout"), &error))?;
        super::write(&String::from_utf8_lossy(&page))?;
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(dir)
        .and_then(|()| clap_mangen::generate_to(command, dir))
        .map_err(|error| unwritten(dir, &error))?;
    Ok(Exit::Done)
}

fn unwritten(place: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(
        format!("the man pages could not be written to {}: {error}", place.display()),
        "name a folder that you may write to with --dir",
    )
}
