//! What may be typed.

use super::api::ApiArgs;
use super::budget::BudgetArgs;
use super::embedded_args::EmbeddedFrontArgs;
use super::list::ListArgs;
use super::probe::ProbeArgs;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// Conversations of a pilot unless another number is given.
pub(super) const PILOT_THREADS: u32 = 20;

/// threadlift moves the message history of a legacy helpdesk into Front.
#[derive(Debug, Parser)]
#[command(name = "threadlift", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done · 1 a bug · 2 usage or mapping · 3 done, but some records were unreadable, \
rejected or refused · 4 stopped by Front · 5 ledger · 6 a budget is used up · 7 sent, but some unconfirmed, missing or different · 130 interrupted\n\
Start with: threadlift init EXPORT, which writes a mapping; threadlift plan MAPPING, then rehearse, then import. `threadlift help COMMAND` says more."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub common: Common,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the command line")]
pub(super) struct Common {
    /// The ledger's directory; beside the mapping unless given, as NAME.ledger
    #[arg(long, global = true, value_name = "DIR")]
    pub ledger: Option<PathBuf>,
    /// Print a machine-readable summary on stdout; everything else goes to stderr
    #[arg(long, global = true)]
    pub json: bool,
    /// Show all lists of the summary in full, however long
    #[arg(long, global = true)]
    pub details: bool,
    /// Say less: no progress
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more: what became of each message that is sent, by its id
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
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
    /// Look at an export and write a mapping to start from, with what each guess was guessed from
    Init(InitArgs),
    /// Read everything, decide everything, send nothing
    Plan(PlanArgs),
    /// Run the real import against a Front inside this program, then show its inbox in the browser
    Rehearse(RehearseArgs),
    /// Make in Front what an import needs: inboxes, tags, contacts of the people in the messages; and look whose agents are there
    Prepare(PrepareArgs),
    /// Send what was planned to Front; run again to go on after a stop
    Import(ImportArgs),
    /// Take up again what Front refused, after its cause was mended; then go on as `import` does
    Retry(RetryArgs),
    /// What was planned and what became of it; safe beside a running import
    Status(StatusArgs),
    /// Look in Front for what was accepted: confirmed, different or missing
    Verify(VerifyArgs),
    /// Give conversations what they get once all of their messages are in Front: links, notes, tags, followers, state
    Finish(FinishArgs),
    /// Deliver what customers wrote since the cut-over through a channel, live, after everything else is in Front
    Deliver(DeliverArgs),
    /// Take back what was imported and finished, as far as nobody else has touched it; shows first what it would do
    Undo(UndoArgs),
    /// One message: where it lies, what was decided, the request, its history
    Show(ShowArgs),
    /// Find out on a scratch inbox what Front does not document, clean up, and write the findings for a mapping to name
    Probe(ProbeArgs),
    /// Show what Front has: inboxes, channels, teammates, tags, teams, custom fields; needs no mapping
    List(ListArgs),
    /// Make any call to Front's API and print the answer; needs no mapping
    Api(ApiArgs),
    /// Look at the ledger itself: is it damaged, and what can be mended
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Print the JSON Schema of the mapping, by which an editor completes and checks it
    Schema(SchemaArgs),
    /// Print what a shell needs to complete command lines of threadlift
    Completions(CompletionsArgs),
    /// Print the man page
    Man(ManArgs),
    /// Run the embedded Front by itself, for tests that kill the importer and not the Front
    #[command(hide = true)]
    EmbeddedFront(Box<EmbeddedFrontArgs>),
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Exports: mbox files, folders with mailboxes or mails, tables (CSV)
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<PathBuf>,
    /// The mapping to write
    #[arg(short, long, value_name = "FILE", default_value = "threadlift.toml")]
    pub output: PathBuf,
    /// Overwrite a mapping that is there
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub(super) struct MappingArg {
    /// The mapping file
    #[arg(value_name = "MAPPING")]
    pub mapping: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    /// Write a table of all messages that were ever sent: old id, external id, Front's ids, and the URL that opens each
    #[arg(long, value_name = "FILE.csv")]
    pub map: Option<PathBuf>,
    #[command(flatten)]
    pub rejects: RejectsArg,
    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    /// Look again at so many messages, evenly over all that were accepted or confirmed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub sample: Option<u64>,
    /// Write a table of all messages that were ever sent: old id, external id, Front's ids, and the URL that opens each
    #[arg(long, value_name = "FILE.csv")]
    pub map: Option<PathBuf>,
    #[command(flatten)]
    pub budget: BudgetArgs,
    #[command(flatten)]
    pub front: FrontArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Args)]
pub(super) struct PrepareArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    #[command(flatten)]
    pub reading: Reading,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Make the inboxes that Front does not have yet, as `new_inboxes` in the mapping's `[target]` says
    #[arg(long)]
    pub create_inboxes: bool,
    /// Try again the contacts that an earlier run left because Front refused them
    #[arg(long)]
    pub retry_left: bool,
    #[command(flatten)]
    pub budget: BudgetArgs,
    #[command(flatten)]
    pub front: FrontArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Args)]
pub(super) struct FinishArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Try again what an earlier run left: steps that Front refused, and conversations that somebody had touched
    #[arg(long)]
    pub retry_left: bool,
    #[command(flatten)]
    pub budget: BudgetArgs,
    #[command(flatten)]
    pub front: FrontArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    /// Conversations of which all messages come from this source alone; may be given again
    #[arg(long, value_name = "NAME")]
    pub source: Vec<String>,
    /// Conversations that have this tag by the plan, such as one that a rule gives; may be given again
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// The conversation of this message: its old id, external id or `thread_ref`; may be given again
    #[arg(long, value_name = "ID")]
    pub thread: Vec<String>,
    /// Do it; without this, nothing is changed and what would be done is shown
    #[arg(long)]
    pub go: bool,
    /// Delete for good what is trashed; asks for more than a yes
    #[arg(long, requires = "go")]
    pub permanently: bool,
    /// Take conversations that Front does not show for deleted by somebody, and what was in them for not sent. Front answers the same
    /// where they lie in an inbox that the token cannot see, and importing them again would make them twice
    #[arg(long)]
    pub gone: bool,
    /// What would be typed: `yes`, or with `--permanently` the words that are asked for
    #[arg(long, value_name = "WORDS", requires = "go")]
    pub confirm: Option<String>,
    #[command(flatten)]
    pub budget: BudgetArgs,
    #[command(flatten)]
    pub front: FrontArgs,
}

#[derive(Debug, Args)]
pub(super) struct DeliverArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    /// Do not ask, and take this for the answer: "deliver live"
    #[arg(long, value_name = "WORDS")]
    pub confirm: Option<String>,
    /// Deliver this message once more, though nobody knows whether Front has it: an external id or the export's own; may be given
    /// again. Look in the channel's inbox first
    #[arg(long = "again-although-front-may-have-it", value_name = "ID")]
    pub again: Vec<String>,
    #[command(flatten)]
    pub budget: BudgetArgs,
    #[command(flatten)]
    pub front: FrontArgs,
    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Args)]
pub(super) struct Reading {
    /// Mails and rows that are read at once; as many as there are cores unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,
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
    /// Say how it differs from the plan before: what a change of the mapping changed, by count and by example
    #[arg(long)]
    pub diff: bool,
    /// Ask Front as well whether inboxes, teammates and tags are there, and whether it has this mail already
    #[arg(long)]
    pub online: bool,
    #[command(flatten)]
    pub front: FrontArgs,
    #[command(flatten)]
    pub rejects: RejectsArg,
    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Args)]
pub(super) struct RejectsArg {
    /// Write the originals of all that is unreadable, rejected or refused into a new folder, with the causes
    #[arg(long, value_name = "DIR")]
    pub rejects: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Write the outcome as a page for the browser: charts, every problem, sample conversations; one file, for you alone
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RetryArgs {
    #[command(flatten)]
    pub send: SendArgs,
    /// Only messages with this in their cause, in any case of letters
    #[arg(long, value_name = "TEXT")]
    pub cause: Option<String>,
    /// Only this message: an external id, a Message-ID, or the export's own id; may be given again
    #[arg(long = "id", value_name = "ID")]
    pub ids: Vec<String>,
    /// Take up what Front accepted and never made, instead of what it refused: it is sent again with the same id
    #[arg(long)]
    pub missing: bool,
    /// Send the missing ones under a new id, for good: where Front no longer takes the old one, as when its conversation was
    /// deleted there
    #[arg(long, requires = "missing")]
    pub new_id: bool,
}

#[derive(Debug, Args)]
pub(super) struct RehearseArgs {
    #[command(flatten)]
    pub mapping: MappingArg,
    #[command(flatten)]
    pub reading: Reading,
    /// So many conversations only, spread over all
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub threads: Option<u32>,
    /// Do not look for each message after it was accepted
    #[arg(long)]
    pub no_verify: bool,
    /// End after the import instead of showing the inbox until Ctrl-C
    #[arg(long)]
    pub exit: bool,
    /// Show the inbox until Ctrl-C without a terminal, too
    #[arg(long, conflicts_with = "exit")]
    pub stay: bool,
    /// Most that the embedded Front keeps of texts and files on the disk, such as `500 MB`; it keeps less where that would leave
    /// less than 1 GB free. What comes beyond is counted and compared, and not kept
    #[arg(long, value_name = "SIZE", default_value = "2 GB", value_parser = super::keep::size)]
    pub keep: u64,
    /// Port of the inbox; any free one unless given
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Write every message as the embedded Front decoded it, one JSON line each
    #[arg(long, value_name = "FILE.jsonl", hide = true)]
    pub dump: Option<PathBuf>,
    #[command(flatten)]
    pub report: ReportArgs,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[command(flatten)]
    pub send: SendArgs,
    /// Send nothing new: only what was sent without an answer, again with the same id, to learn what became of it
    #[arg(long, conflicts_with_all = ["pilot", "create_tags"])]
    pub settle: bool,
}

/// Options of every command that sends.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that is given or not")]
pub(super) struct SendArgs {
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
    #[command(flatten)]
    pub front: FrontArgs,
    /// Do not look for each message after it was accepted: fewer requests, and no word on what never came to exist
    #[arg(long)]
    pub no_verify: bool,
    /// Make the tags that Front does not have yet
    #[arg(long)]
    pub create_tags: bool,
    /// Send also what was sent before under another id, so that Front has it twice
    #[arg(long)]
    pub send_twice: bool,
    /// Send a sample into this inbox instead, under ids of its own, to be looked at in Front and thrown away
    #[arg(long, value_name = "INBOX")]
    pub pilot: Option<String>,
    /// Conversations of the sample
    #[arg(long, value_name = "N", default_value_t = PILOT_THREADS, requires = "pilot", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub threads: u32,
    #[command(flatten)]
    pub budget: BudgetArgs,
    #[command(flatten)]
    pub rejects: RejectsArg,
    #[command(flatten)]
    pub report: ReportArgs,
}

/// How to reach Front.
#[derive(Debug, Clone, Args)]
pub(super) struct FrontArgs {
    /// File that holds the API token, readable by you alone; otherwise it is read from `FRONT_API_TOKEN`, or asked for
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

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    /// Print the reference page that is made of the same texts instead
    #[arg(long, hide = true)]
    pub reference: bool,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write a page for each command into this folder instead
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
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
