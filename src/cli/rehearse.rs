//! `rehearse`: the real import against a Front inside this program, then its inbox in the browser.

use super::args::RehearseArgs;
use super::context::{Context, rehearsal_dir};
use super::embedded_front;
use super::exit::{Exit, Failure};
use super::origins::LedgerOrigins;
use super::report_file::ReportFile;
use super::sending::{self, Pace};
use super::{
    deliver as deliver_command, finishing, greeting, import, interrupt, keep, plan, preparing, progress, stages,
};
use crate::deliver;
use crate::finish;
use crate::front::{self, Cancellation, Client};
use crate::ledger::Ledger;
use crate::plan::{Overview, Rebuilder};
use crate::prepare;
use crate::rehearsal::{Config, Server};
use crate::report::{FrontHolds, Prepared, Sent};
use crate::stage::Ending;
use crate::upload;
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::io::{IsTerminal, stdout};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Settings of the gate under which a loopback target is never the bottleneck.
const FULL_SPEED: u32 = 1_000_000;

/// The embedded Front makes a conversation when it accepts its first message; this covers its delay.
const SETTLE: Duration = Duration::from_millis(5);

/// Long for a Front on this machine that makes every message within [`SETTLE`].
const PATIENCE: Duration = Duration::from_secs(5);

/// Requests in flight: more than the real target gets, since nothing here is shared.
const IN_FLIGHT: usize = 32;

pub(super) fn run(context: &Context, args: &RehearseArgs) -> Result<Exit, Failure> {
    let sources = context.open_sources()?;
    let page = ReportFile::at(context, Ok(Arc::clone(&sources)), args.report.report.as_deref())?;
    let observer = progress::observer(&context.common);
    let mut ledger = fresh_ledger(&context.ledger_dir())?;
    let overview = plan::make(context, &sources, &mut ledger, context.settings(&args.reading), observer.as_ref())?;
    let ledger = Arc::new(ledger);
    let rebuilder = Rebuilder::new(Arc::clone(&context.mapping), Arc::clone(&sources));
    let (server, token) = serve(context, args, &overview, &ledger, &rebuilder)?;
    let mut settings = front::Settings::new(server.base_url(), token);
    settings.share = 1.0;
    settings.reserve = 0;
    settings.per_resource = FULL_SPEED;
    settings.observer = Arc::clone(&observer);
    let runtime = sending::runtime()?;
    let began = Instant::now();
    let pace = Pace {
        in_flight: IN_FLIGHT,
        settle: SETTLE,
        patience: (!args.no_verify).then_some(PATIENCE),
        until: None,
        again: BTreeSet::new(),
        only_unanswered: false,
    };
    let (sent, prepared, finished, delivered) = runtime.block_on(async {
        let look =
            async { preparing::look(context, false, greeting::knock(settings).await?, &overview, &ledger).await };
        let found = sending::unless_stopped(context, None, look).await?;
        let prepared = match overview.prepare.people {
            0 => None,
            _ => Some(prepare(context, args, &found, (&ledger, &rebuilder), &observer).await?),
        };
        let greeted = found.greeted;
        let (client, names) = (greeted.client.clone(), finishing::names(context, &greeted.client, &overview).await?);
        let sent = sending::send(context, ledger, sources, greeted, pace, Arc::clone(&observer)).await?;
        let is_done = matches!(sent.ending, upload::Ending::Finished) && !args.no_verify;
        let ledger = Arc::clone(&sent.ledger);
        let after = After { overview: &overview, ledger, rebuilder, client, names, observer };
        let (finished, delivered) = if is_done {
            interrupt::heeded(&context.stop, |cancellation| after.all(cancellation)).await
        } else {
            (None, None)
        };
        Ok::<_, Failure>((sent, prepared, finished, delivered))
    })?;
    let mut report = plan::booked(context, "rehearse", &sent.ledger, Some(overview))?;
    let holds = server.state();
    report.sent = Some(Sent {
        company: "the embedded Front".to_owned(),
        accepted: sent.accepted,
        seconds: began.elapsed().as_secs_f64(),
        front_holds: Some(FrontHolds {
            messages: holds.messages,
            conversations: holds.conversations,
            repeats: holds.repeats,
            inboxes: holds.inboxes.into_iter().map(|inbox| (inbox.name, inbox.messages)).collect(),
        }),
    });
    if let Some(outcome) = prepared {
        report.prepared = Some(Prepared { agents: Vec::new(), made: Some(preparing::made(&outcome)) });
        go_on(context, outcome.ending)?;
    }
    if let Some(outcome) = finished {
        report.finished = Some(finishing::finished(&outcome));
        go_on(context, outcome.ending)?;
    }
    let mut held = sent.accepted;
    if let Some(outcome) = delivered {
        held += outcome.counts.delivered;
        report.delivered = Some(deliver_command::delivered(&sent.ledger, &outcome)?);
        go_on(context, outcome.ending)?;
    }
    if holds.messages != held {
        let text = format!("{held} messages were accepted, the embedded Front holds {}", holds.messages);
        return Err(Failure::internal(text));
    }
    let exit = import::conclude(context, sent, report, &[], page)?;
    if !args.exit && exit != Exit::Interrupted && (args.stay || stdout().is_terminal()) {
        super::say(&format!("\n{}\n", keep::words(&server.state())));
        super::say(&format!("Look at it: {}   (Ctrl-C ends the rehearsal)\n", server.web_url()));
        while !context.stop.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(100));
        }
        super::say("\n");
    }
    server.stop();
    Ok(exit)
}

/// The Front that is rehearsed in, and the token for it.
fn serve(
    context: &Context,
    args: &RehearseArgs,
    overview: &Overview,
    ledger: &Arc<Ledger>,
    rebuilder: &Rebuilder,
) -> Result<(Server, SecretString), Failure> {
    let folder = keep::folder(ledger.dir());
    let config = Config {
        port: args.port,
        token: token(),
        dump: args.dump.clone(),
        appear_after: SETTLE,
        keep: keep::with_room_left(args.keep, &folder),
        spill: Some(folder),
        origins: Some(Arc::new(LedgerOrigins::new(Arc::clone(ledger), rebuilder.clone()))),
        ..embedded_front::config(context, Some(overview), ledger.target().as_ref())
    };
    let token = SecretString::from(config.token.clone());
    let server = Server::start(config).map_err(|error| embedded_front::cannot_start(&error, args.port))?;
    Ok((server, token))
}

/// Makes the contacts of the plan, the only thing that the embedded Front does not have from the start.
async fn prepare(
    context: &Context,
    args: &RehearseArgs,
    found: &preparing::Found,
    (ledger, rebuilder): (&Arc<Ledger>, &Rebuilder),
    observer: &Arc<dyn crate::event::Observer>,
) -> Result<prepare::Outcome, Failure> {
    ledger.bind(&found.greeted.target)?;
    let job = prepare::Job {
        ledger: Arc::clone(ledger),
        rebuilder: rebuilder.clone(),
        client: found.greeted.client.clone(),
        inboxes: found.inboxes.clone(),
        tags: found.tags.clone(),
        contacts: found.contacts.clone(),
        in_flight: IN_FLIGHT,
        threads: args.reading.threads(),
        retry_left: false,
    };
    let work = |cancellation| prepare::run(job, Arc::clone(observer), cancellation);
    let (outcome, _) = interrupt::heeded(&context.stop, work).await;
    Ok(outcome)
}

/// What follows the import, once all of it was seen.
struct After<'a> {
    overview: &'a Overview,
    ledger: Arc<Ledger>,
    rebuilder: Rebuilder,
    client: Client,
    names: finish::Names,
    observer: Arc<dyn crate::event::Observer>,
}

impl After<'_> {
    /// Finishes and delivers, as far as there is anything to, and until cancelled.
    async fn all(self, cancellation: Cancellation) -> (Option<finish::Outcome>, Option<deliver::Outcome>) {
        let Self { overview, ledger, rebuilder, client, names, observer } = self;
        let mut finished = None;
        if finishing::is_wanted(overview) {
            let (ledger, rebuilder, client) = (Arc::clone(&ledger), rebuilder.clone(), client.clone());
            let job = finish::Job { ledger, rebuilder, client, names, in_flight: IN_FLIGHT, retry_left: false };
            finished = Some(finish::run(job, Arc::clone(&observer), cancellation.clone()).await);
        }
        let is_finished = finished.as_ref().is_none_or(|outcome| matches!(outcome.ending, Ending::Finished));
        let mut delivered = None;
        if is_finished && overview.delivering.messages > 0 {
            let (patience, pause) = (PATIENCE, deliver_command::pause(SETTLE));
            let job = deliver::Job { ledger, rebuilder, client, patience, pause, again: BTreeSet::new() };
            delivered = Some(deliver::run(job, observer, cancellation).await);
        }
        (finished, delivered)
    }
}

/// What stops a stage stops the rehearsal.
fn go_on(context: &Context, ending: Ending) -> Result<(), Failure> {
    match ending {
        Ending::Stopped(stop) => Err(stages::stopped(context, stop)),
        Ending::Finished | Ending::Interrupted | Ending::Spent => Ok(()),
    }
}

/// A token that nothing else is called: the client strikes it out of every answer, and an inbox may well be named
/// `rehearsal`. Nobody else on this machine can guess it either.
fn token() -> String {
    let [one, other] = [0, 1].map(|part| RandomState::new().hash_one(part));
    format!("{one:016x}{other:016x}")
}

/// A ledger of the rehearsal's own, in which nothing counts as sent, with the real one's pins where there is one: the whole import is
/// shown, with the ids, threads and inboxes that it has and will have.
fn fresh_ledger(real: &Path) -> Result<Ledger, Failure> {
    let dir = rehearsal_dir(real);
    Ledger::remove(&dir)?;
    Ok(Ledger::with_pins_of(&dir, real)?)
}
