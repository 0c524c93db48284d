//! A line to Front for commands that need no mapping.

use super::args::{Common, FrontArgs, MappingArg};
use super::context::Context;
use super::exit::{Exit, Failure};
use super::greeting::{self, front_failure};
use super::{interrupt, progress, sending, token};
use crate::front::{self, Client};
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Somebody sits there and waits: an outage is told soon.
const OUTAGE: Duration = Duration::from_mins(5);

/// How to reach Front, without a mapping or with one.
#[derive(Debug, Clone, Args)]
pub(super) struct LineArgs {
    /// A mapping, of which base URL and pace are taken
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// File that holds the API token, readable by you alone; otherwise it is read from `FRONT_API_TOKEN`, or asked for
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Base URL of Front's API; the mapping's unless given, or Front's own
    #[arg(long, value_name = "URL", env = "FRONT_BASE_URL")]
    pub base_url: Option<String>,
}

/// A client, and what it runs on.
pub(super) struct Line {
    pub client: Client,
    pub runtime: Runtime,
    pub stop: Arc<AtomicBool>,
}

impl Line {
    /// Prepares it; sends nothing.
    ///
    /// # Errors
    /// If mapping, token or base URL cannot be used.
    pub(super) fn open(common: &Common, args: &LineArgs, stop: &Arc<AtomicBool>) -> Result<Self, Failure> {
        let front = FrontArgs { token_file: args.token_file.clone(), base_url: args.base_url.clone() };
        let mut settings = if let Some(mapping) = &args.mapping {
            let mapping = MappingArg { mapping: mapping.clone() };
            greeting::settings(&Context::load(common.clone(), &mapping, Arc::clone(stop))?, &front)?
        } else {
            let base_url = greeting::given_base_url(&front)?.unwrap_or_else(|| front::BASE_URL.to_owned());
            front::Settings::new(base_url, token::read(&front)?)
        };
        settings.observer = progress::observer(common);
        settings.timing.outage = OUTAGE;
        let client = Client::new(settings).map_err(|error| front_failure(&error))?;
        Ok(Self { client, runtime: sending::runtime()?, stop: Arc::clone(stop) })
    }

    /// Asks, unless the user stops it meanwhile.
    ///
    /// # Errors
    /// Those of what is asked, and the interruption.
    pub(super) fn ask<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        self.runtime.block_on(async {
            tokio::select! {
                ended = work => ended,
                () = interrupt::noticed(&self.stop) => Err(interrupted("interrupted; nothing was changed in Front")),
            }
        })
    }
}

pub(super) fn interrupted(message: &str) -> Failure {
    Failure { exit: Exit::Interrupted, message: message.to_owned(), help: None }
}
