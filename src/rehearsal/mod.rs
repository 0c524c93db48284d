//! A Front of our own, on loopback: the referee of every rehearsal and of the tests.
//!
//! It keeps Front's documented contract strictly (what Front's API document and guides state; where they are silent
//! it takes the stricter reading) and shares no code with the client that talks to it, so that one misreading of the
//! contract cannot hide on both sides. What was imported is shown in a web inbox at [`Server::web_url`], for people who know
//! what it should look like; where a message comes from it learns from [`Origins`], if at all.
//!
//! Memory holds what lists and lookups need: about 600 bytes a message in conversations of five, and 1.5 kB where each message
//! has a conversation and a sender of its own. An event takes 32 bytes. Requests themselves lie in one append-only file, what
//! comments say in another, and attachments in one file per message, in a temporary directory that goes with the server. Beyond
//! [`Config::keep`], and altogether with [`Config::forget_bodies`], neither bodies nor files are kept, and repeats are still
//! told from what is not the same.
//!
//! # Colleagues
//!
//! People work in Front meanwhile, and tests need such: `Authorization: Bearer TOKEN:tea_…` (the token, a colon, the id of a
//! teammate) acts as that teammate. What they do has them as the source of its event, where the source of what the client does is
//! the API; the client cannot change their comments. Their calls are as if made in Front's own windows: no limit is theirs, no
//! fault falls on them, and nothing counts them.
//!
//! # What is left
//!
//! [`Server::contents`] gives all that there is as one JSON, for tests that compare what two runs have left, and
//! `GET /rehearsal/state` gives it to other processes. It is no part of Front's API.
//!
//! # Misbehaviour on request
//!
//! [`Faults`] and [`Config`] hold all of it, and the hidden `embedded-front` has an option for each:
//!
//! | option | what it does |
//! |---|---|
//! | `--fault NAME=RATE[:ARGUMENT]`, `--fault-reads …` | one of [`Fault`] on imports, on all other calls; a rate is a chance or `1/K` for every Kth |
//! | `--fault-reads KIND/NAME=RATE…` | the same on calls of one [`CallKind`], which are counted by themselves |
//! | `--seed N` | all chances follow from it and from the number of the call, so that a run can be repeated |
//! | `--fail-every K`, `--lose-answer-every K` | short for `--fault 500=1/K` and `--fault lose-answer=1/K` |
//! | `--unauthorized-from K`, `--inbox-gone-at K`, `--merge-at K`, `--outage K:MS[:503]` | what begins with the Kth import |
//! | `--refuse PIECE=STATUS`, `--poison PIECE`, `--lose PIECE` | what befalls messages by a piece of their external id or subject |
//! | `--lost-stay-burnt`, `--burnt FILE`, `--burn FILE`, `--new-uid-for-repeats` | ids that are used up, uids that never become messages |
//! | `--race-firsts`, `--appear-after-ms MS` | a second message that comes too early makes a conversation of its own |
//! | `--limit N`, `--limit-at K=N`, `--burst`, `--per-resource N`, `--no-rate-headers`, `--clock-skew S` | limits, and what is said of them |
//! | `--live-team N[:bursty]` | others who use the same limit; those of their requests that were refused are counted |
//! | `--channel ADDRESS=INBOX[:DATE:COUNT]`, `--tag NAME`, `--refuse-unknown-tags`, `--conversation-field`, `--contact-field`, `--status`, `--rule`, `--blocked` | what is there before the first import |
//! | `--play WHAT=HOW` | what Front does not document, played otherwise: see [`Undocumented`] |
//! | `--forget-bodies`, `--dump FILE`, `--calls FILE` | what is kept, and what was asked |
//!
//! A call passes these in this order: outage, token, what begins with its import, limits, storm, a fault in place of the
//! answer, the import itself, a fault on its answer. Calls over a limit do not count towards it.

mod actor;
mod api;
mod body;
mod calls;
mod channel;
mod clock;
mod config;
mod connection;
mod contents;
mod desk;
mod door;
mod errors;
mod faults;
mod gate;
mod import;
mod lodging;
mod origins;
mod pace;
mod server;
mod snapshot;
mod spoil;
mod store;
mod tally;
mod templates;
mod undocumented;
mod weather;
mod web;

pub use channel::{ChannelSpec, LiveMail};
pub use config::{Company, Config, InboxSpec, RepeatAnswer, TeammateSpec, UnknownTags};
pub use desk::{Category, ContactSpec, FieldKind, FieldSpec, RuleSpec, StatusSpec, TagSpec, TeamSpec};
pub use faults::{CallKind, Fault, Faults, Hint, Misfortune, Outage, Part, Rate, Refusal, Stretch};
pub use origins::{Account, Known, LongText, Original, Origins};
pub use pace::LiveTeam;
pub use server::Server;
pub use snapshot::{InboxCount, Snapshot};
pub use undocumented::{Fractions, InlineBy, Play, Undocumented};
