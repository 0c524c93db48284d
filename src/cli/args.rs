//! What may be typed.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// threadlift moves the message history of a legacy helpdesk into Front.
#[derive(Debug, Parser)]
#[command(name = "threadlift", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done · 1 a bug · 2 usage or mapping · 3 done, but some records were unreadable, \
rejected or refused · 4 stopped by Front · 5 ledger · 7 sent, but some without an answer from Front · 130 interrupted\n\
Start with: threadlift plan MAPPING, then rehearse, then import. `threadlift help COMMAND` says more."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub common: Common,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// The ledger's directory; beside the mapping unless given, as NAME.ledger
    #[arg(long, global = true, value_name = "DIR")]
    pub ledger: Option<PathBuf>,
    /// Print a machine-readable summary on stdout; everything else goes to stderr
    #[arg(long, global = true)]
    pub json: bool,
    /// Say less: no progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Colour in messages
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read everything, decide everything, send nothing
    Plan(PlanArgs),
    /// Run the real import against a Front inside this program, then show its inbox in the browser
    Rehearse(RehearseArgs),
    /// Send what was planned to Front; run again to go on after a stop
    Import(ImportArgs),
    /// What was planned and what became of it; safe beside a running import
    Status(MappingArg),
    /// One message: where it lies, what was decided, the request, its history
    Show(ShowArgs),
    /// Look at the ledger itself: is it damaged, and what can be mended
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Run the embedded Front by itself, for tests that kill the importer and not the Front
    #[command(hide = true)]
    EmbeddedFront(EmbeddedFrontArgs),
}

#[derive(Debug, Args)]
pub(super) struct MappingArg {
    /// The mapping file
    #[arg(value_name = "MAPPING")]
    pub mapping: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Reading {
    /// Parsing threads; as many as there are cores unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    #[command(flatten)]
    pub reading: Reading,
    /// Write one JSON line for every record read, with the request it would become
    #[arg(long, value_name = "FILE.jsonl")]
    pub requests: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RehearseArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    #[command(flatten)]
    pub reading: Reading,
    /// End after the import instead of showing the inbox until Ctrl-C
    #[arg(long)]
    pub exit: bool,
    /// Port of the inbox; any free one unless given
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Write every message as the embedded Front decoded it, one JSON line each
    #[arg(long, value_name = "FILE.jsonl", hide = true)]
    pub dump: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    #[command(flatten)]
    pub reading: Reading,
    /// Do not ask; for scripts
    #[arg(long)]
    pub yes: bool,
    /// Read everything that was planned again first, instead of samples of it, and plan anew if a byte differs
    #[arg(long)]
    pub rehash: bool,
    /// File that holds the API token; otherwise it is read from `FRONT_API_TOKEN`
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Base URL of Front's API; the mapping's unless given
    #[arg(long, value_name = "URL", env = "FRONT_BASE_URL")]
    pub base_url: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    /// An external id, a Message-ID, or the export's own id
    #[arg(value_name = "ID")]
    pub id: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Look at every byte and change nothing; ends with 5 if something is damaged
    Check(MappingArg),
    /// Make the journal whole and plan anew, from sources and journal; what was sent keeps its ids, threads and inboxes
    Rebuild(LedgerRebuildArgs),
}

#[derive(Debug, Args)]
pub(super) struct LedgerRebuildArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    #[command(flatten)]
    pub reading: Reading,
    /// Go on although lines of the journal are lost; a copy of it is kept. Without this they are only named
    #[arg(long)]
    pub drop_damaged: bool,
}

#[derive(Debug, Args)]
pub(super) struct EmbeddedFrontArgs {
    /// The mapping whose inboxes and teammates it has
    #[command(flatten)]
    pub mapping: MappingArg,
    /// Port; any free one unless given
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Token it accepts
    #[arg(long, default_value = "rehearsal")]
    pub token: String,
    /// Company that the token belongs to; one of its own unless given
    #[arg(long, value_name = "ID")]
    pub company: Option<String>,
    /// Requests a minute it allows
    #[arg(long, default_value_t = u64::from(u32::MAX))]
    pub limit: u64,
    /// Write every message it stores, one JSON line each
    #[arg(long, value_name = "FILE.jsonl")]
    pub dump: Option<PathBuf>,
    /// Milliseconds between its 202 and a message's existence
    #[arg(long, default_value_t = 50)]
    pub appear_after_ms: u64,
    /// Milliseconds each answer takes
    #[arg(long, default_value_t = 0)]
    pub latency_ms: u64,
    /// Every K-th import is stored, and its answer lost
    #[arg(long, value_name = "K")]
    pub lose_answer_every: Option<u64>,
    /// From the K-th import on the token is turned down
    #[arg(long, value_name = "K")]
    pub unauthorized_from: Option<u64>,
    /// Every K-th import is answered 500 and not stored
    #[arg(long, value_name = "K")]
    pub fail_every: Option<u64>,
}
