//! Starting and stopping; the state that all handlers share.

use std::fs::OpenOptions;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::actor::{Actor, Stamp};
use super::calls::{self, Calls};
use super::clock::Clock;
use super::config::Config;
use super::connection::{Line, Loopback};
use super::errors::ApiError;
use super::pace::Pace;
use super::snapshot::Snapshot;
use super::store::{Attachment, Keep, LogReader, Said, SpoolDir, Store, Stored, private};
use super::tally::Tally;
use super::weather::Weather;
use super::{api, contents, gate, lodging, web};

/// How long requests in flight are waited for when the server is stopped.
const FAREWELL: Duration = Duration::from_secs(2);

/// What every handler can reach.
pub(super) struct Shared {
    pub(super) config: Config,
    /// The port that was really bound.
    pub(super) port: u16,
    pub(super) calls: Option<Calls>,
    pub(super) tally: Tally,
    pub(super) weather: Weather,
    pub(super) clock: Clock,
    pub(super) log: LogReader,
    /// What comments say.
    pub(super) said: LogReader,
    pub(super) spool: SpoolDir,
    pub(super) keep: Keep,
    /// Part of the addresses of pictures within mail, which only our own pages know.
    pub(super) secret: String,
    pub(super) searches: web::Searches,
    store: Mutex<Store>,
    pace: Mutex<Pace>,
}

impl Shared {
    /// The store. Not to be held over an `await`.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The server's time in Unix milliseconds.
    pub(super) fn now(&self) -> u64 {
        let seconds = self.clock.unix(Duration::ZERO);
        u64::try_from(Duration::try_from_secs_f64(seconds).unwrap_or_default().as_millis()).unwrap_or_default()
    }

    /// Something done now.
    pub(super) fn stamp(&self, by: Actor) -> Stamp {
        Stamp { by, at: self.now() }
    }

    /// One attachment of a message with its content; `None` if there is no such.
    pub(super) fn attachment(&self, message: u32, place: usize) -> io::Result<Option<(Attachment, Vec<u8>)>> {
        let message = self.store().message(message).copied();
        let Some(message) = message else { return Ok(None) };
        let stored: Stored = self.log.read(message.place)?;
        self.file(stored.attachments, message.spool, place)
    }

    /// One attachment of a comment with its content.
    pub(super) fn attachment_of_comment(
        &self,
        comment: u32,
        place: usize,
    ) -> io::Result<Option<(Attachment, Vec<u8>)>> {
        let comment = self.store().comment(comment).copied();
        let Some(comment) = comment else { return Ok(None) };
        let said: Said = self.said.read(comment.place)?;
        self.file(said.attachments, comment.spool, place)
    }

    fn file(
        &self,
        attachments: Vec<Attachment>,
        spool: Option<NonZeroU32>,
        place: usize,
    ) -> io::Result<Option<(Attachment, Vec<u8>)>> {
        let offset = attachments.iter().take(place).map(|before| before.size).sum();
        let Some(attachment) = attachments.into_iter().nth(place) else { return Ok(None) };
        let bytes = match spool {
            Some(number) => self.spool.read(number, offset, attachment.size)?,
            None if attachment.size == 0 => Vec::new(),
            // It was forgotten.
            None => return Ok(None),
        };
        Ok(Some((attachment, bytes)))
    }
}

/// A running Front on loopback. It stops when it is dropped.
pub struct Server {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    // Declared last, so that the files go after the thread that uses them has ended.
    _directory: TempDir,
}

impl Server {
    /// Binds 127.0.0.1 and serves from a thread with a runtime of its own, so that it neither needs nor disturbs the
    /// client's.
    ///
    /// Fails when the port is taken, the temporary directory or dump file cannot be made, the token is empty, or two
    /// inboxes share an id.
    pub fn start(config: Config) -> io::Result<Self> {
        if config.token.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a rehearsal needs a token that is not empty"));
        }
        if let Some(complaint) = config.faults.complaint() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, complaint));
        }
        let directory = lodging::make(config.spill.as_deref())?;
        let listener = std::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, config.port)))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let (store, readers) = Store::open(&config, directory.path())?;
        let shared = Arc::new(Shared {
            port,
            calls: config.calls.as_deref().map(Calls::open).transpose()?,
            tally: Tally::default(),
            weather: Weather::new(&config.faults.outages),
            clock: Clock::new(config.clock_skew),
            log: readers.messages,
            said: readers.said,
            spool: SpoolDir::new(directory.path().join("attachments")),
            keep: Keep::new(if config.forget_bodies { 0 } else { config.keep }),
            secret: format!("{:016x}", RandomState::new().hash_one("pictures")),
            searches: web::Searches::default(),
            store: Mutex::new(store),
            pace: Mutex::new(Pace::new(&config, Instant::now())),
            config,
        });
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::channel();
        let handlers = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("rehearsal".to_owned())
            .spawn(move || run(listener, handlers, stopped, &ready))?;
        let gone = || io::Error::other("the rehearsal's thread ended before it served");
        started.recv().map_err(|_| gone())??;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread), _directory: directory })
    }

    /// Where the API is, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.shared.base_url()
    }

    /// Where the web inbox is.
    #[must_use]
    pub fn web_url(&self) -> String {
        format!("{}/", self.shared.base_url())
    }

    /// What has been counted so far.
    #[must_use]
    pub fn state(&self) -> Snapshot {
        let counts = self.shared.tally.counts().clone();
        let busy = self.shared.pace().busy(Instant::now());
        Snapshot {
            refused: counts.refused,
            over_limit: counts.over_limit,
            over_resource: counts.over_resource,
            over_search: counts.over_search,
            imports: counts.imports,
            reads: counts.reads,
            span: counts.span(),
            busiest_window: busy.busiest,
            others_asked: busy.others_asked,
            others_refused: busy.others_refused,
            faults: counts.faults,
            kept_bytes: self.shared.keep.used(),
            keep_limit: self.shared.keep.limit(),
            forgotten: self.shared.keep.forgotten(),
            ..self.shared.store().snapshot()
        }
    }

    /// All that there is, so that tests can compare what two runs have left: conversations with everything that was put to
    /// them, contacts, tags, links, inboxes. Things are named as people name them, and in an order that follows from what they
    /// are; only the `id` of a conversation follows from the order in which it came.
    ///
    /// `GET /rehearsal/state` gives the same to other processes. It is no part of Front's API.
    pub fn contents(&self) -> io::Result<serde_json::Value> {
        contents::all(&self.shared)
    }

    /// Appends every `external_id` that was stored or burnt to a file, one a line, for [`Config::burnt`] of a later
    /// server. Gives how many.
    pub fn burn(&self, file: &Path) -> io::Result<usize> {
        let mut ids = self.shared.store().used_ids();
        ids.sort();
        let text: String = ids.iter().flat_map(|id| [&**id, "\n"]).collect();
        private(OpenOptions::new().append(true).create(true)).open(file)?.write_all(text.as_bytes())?;
        Ok(ids.len())
    }

    /// Stops serving, waits briefly for requests in flight, and removes all that was stored.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone only when the thread has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
    stopped: oneshot::Receiver<()>,
    ready: &mpsc::Sender<io::Result<()>>,
) {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("rehearsal-worker")
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = ready.send(Err(error));
            return;
        }
    };
    runtime.block_on(async {
        let listener = match TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                let _ = ready.send(Err(error));
                return;
            }
        };
        let _ = ready.send(Ok(()));
        let (last_call, closing) = oneshot::channel::<()>();
        let service = router(Arc::clone(&shared)).into_make_service_with_connect_info::<Line>();
        let serving = axum::serve(Loopback { listener, shared }, service)
            .with_graceful_shutdown(async {
                let _ = closing.await;
            })
            .into_future();
        let mut serving = std::pin::pin!(serving);
        tokio::select! {
            _ = &mut serving => {}
            _ = stopped => {
                let _ = last_call.send(());
                let _ = tokio::time::timeout(FAREWELL, serving).await;
            }
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
}

fn router(shared: Arc<Shared>) -> Router {
    api::routes()
        .route("/", get(web::inboxes))
        .route("/web/style.css", get(web::style))
        .route("/web/icon.svg", get(web::icon))
        .route("/favicon.ico", get(web::icon))
        .route("/web/search", get(web::search))
        .route("/web/inboxes/{inbox}", get(web::inbox))
        .route("/web/conversations/{conversation}", get(web::conversation))
        .route("/web/messages/{message}/body", get(web::body))
        .route("/web/messages/{message}/origin", get(web::origin))
        .route("/web/messages/{message}/request", get(web::request))
        .route("/web/pictures/{secret}/{message}/{number}", get(web::picture))
        .route("/web/attachments/{message}/{number}", get(web::attachment))
        .route("/web/comments/{comment}/{number}", get(web::comment_file))
        .route("/web/{*path}", get(web::nowhere))
        .fallback(|| async { ApiError::no_such_path() })
        .method_not_allowed_fallback(|| async { ApiError::wrong_method() })
        .layer(from_fn_with_state(Arc::clone(&shared), calls::note))
        // The import sets its own limit, and must be able to answer 413 after it has read the whole request.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&shared), gate::guard))
        .with_state(shared)
}
