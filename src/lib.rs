//! threadlift moves the message history of a legacy helpdesk into Front.
//!
//! # The house in one page
//!
//! ```text
//!              source            record              thread            request          ledger
//!  bytes ──► RawEntry ────────► Record ──────────► (refs graph) ──► ImportRequest ──► planned entry    pass 1: plan
//!            + Origin       (RFC 5322 terms)        thread_ref      + external_id      + send order
//!                                                                                           │
//!  Front ◄── JSON / multipart ◄── gate ◄── ImportRequest, made again from its Origin ◄──────┘        pass 2: upload
//!    │ 202 uid                                                 ▲ its digest must be the planned one
//!    └──────────► ledger: accepted ──► verify: confirmed (message id, conversation id)
//! ```
//!
//! | room | job |
//! | --- | --- |
//! | [`mapping`] | the user's TOML file, checked; errors point at line and column |
//! | [`source`] | mbox, EML directories, chat CSV: scan all, or read one entry again at its [`source::Origin`] |
//! | [`record`] | a mail or chat row as a [`record::Record`]: people, date, body, files, labels, identity |
//! | [`thread`] | which messages make one conversation: a pure function of a set |
//! | [`request`] | what Front gets: built, sized, digested, encoded |
//! | [`plan`] | pass 1: reads everything once, decides everything, sends nothing; also makes one request again |
//! | [`ledger`] | journal (the truth of what was sent) and index (what is planned); the only room that names sled |
//! | [`front`] | Front's HTTP API: one gate for every attempt, resends of the same bytes, answers told apart |
//! | [`stage`] | what `prepare`, `finish`, `deliver` and `undo` share: how a run goes, what stops it, how it ends |
//! | [`prepare`] | what Front must have before that: inboxes, tags, contacts of the people in the messages |
//! | [`upload`] | pass 2: conversation by conversation, durable marks around every request |
//! | [`verify`] | sees in Front what was accepted: confirmed, different or missing; sends what is missing once more |
//! | [`finish`] | what conversations get once all of their messages are there: links, notes, tags, followers, state |
//! | [`deliver`] | what customers wrote since the cut-over, live through a channel, last of all |
//! | [`undo`] | takes back what a ledger has put into Front, as far as nobody else has touched it |
//! | [`probe`] | settles on a scratch inbox what Front does not document, for the engine to follow |
//! | [`rehearsal`] | a Front of our own on loopback, with a web inbox; the referee, sharing no code with the client |
//! | [`survey`] | looks at exports that nobody has described yet, and writes a mapping to start from |
//! | [`report`] | what a command says at its end: one model, text and JSON |
//! | [`event`] | what the engine announces while it works; bars and lines are readers of it |
//! | [`words`] | numbers and foreign text as people read them |
//! | [`cli`] | arguments in, exit code out; the only room that draws |
//!
//! Arrows between rooms point one way; `tests/architecture.rs` holds the table.
//!
//! # Five ideas that carry the rest
//!
//! 1. **Ids come from content alone** ([`record::identity`]), so a plan is the same on any machine and a second import of
//!    the same mail is swallowed by Front instead of doubled.
//! 2. **Plan, then send exactly that.** The plan keeps a digest of every request; the import makes the request again from
//!    the source and sends it only if the digest is the same.
//! 3. **Durable before visible.** "Sending" is on disk before a request leaves, its answer before it is counted. A kill
//!    leaves at worst a message of unknown fate, which is sent again with the same id and bytes.
//! 4. **The books balance.** Every record read ends in one class; [`ledger::Tally::balances`] is checked at the end of
//!    every command, and a command whose books do not balance fails.
//! 5. **Two kinds of errors.** What is wrong with one record is data ([`record::BadRecord`], [`source::Unreadable`]) and
//!    never stops a run; what is wrong with the setting is an error type, and stops before anything is sent.
//!
//! Plain threads parse; tokio is only where waiting happens (`front`, `stage` and those that build on
//! it, `upload`, `verify`, `probe`, `rehearsal`, and `cli` that starts them).

pub mod cli;
pub mod deliver;
pub mod event;
pub mod finish;
pub mod front;
#[doc(hidden)]
pub mod fuzzing;
pub mod ledger;
pub mod mapping;
pub mod plan;
pub mod prepare;
pub mod probe;
pub mod record;
pub mod rehearsal;
pub mod report;
pub mod request;
pub mod source;
pub mod stage;
pub mod survey;
pub mod thread;
pub mod undo;
pub mod upload;
pub mod verify;
pub mod words;

/// A message is made in one thread and sent in another. What the system's allocator keeps for each thread of such memory made
/// the process twice as large (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
