//! Chromium as a process of its own, spoken to over a pipe in the language of its developer tools: JSON messages that end in
//! a zero byte. It ends with the pipe, so a test that is killed leaves none behind.

#![expect(clippy::expect_used, reason = "helpers of tests fail as tests do")]

use super::super::front::Process;
use super::super::must;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Far longer than anything takes here, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A message that nobody asked for.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) session: String,
    pub(super) method: String,
    pub(super) params: Value,
}

/// A running Chromium.
pub(super) struct Pipe {
    // Declared first: with it the browser is asked to end, before it is made to.
    to: RefCell<ChildStdin>,
    from: Receiver<Value>,
    last: Cell<u64>,
    events: RefCell<VecDeque<Event>>,
    _process: Process,
    _profile: TempDir,
}

impl Pipe {
    /// Starts it with further switches, cut off from every network but loopback.
    pub(super) fn start(switches: &[String]) -> Self {
        let profile = must(tempfile::tempdir(), "temporary folder");
        // The browser reads from 3 and writes to 4; a shell puts our pipes there.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh", "chromium"]);
        command.args(["--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage"]);
        command.args(["--no-first-run", "--no-default-browser-check", "--disable-background-networking"]);
        command.args(["--disable-component-update", "--disable-sync", "--no-proxy-server", "--hide-scrollbars"]);
        command.args(["--force-color-profile=srgb", "--lang=en-GB"]);
        if rustix::process::geteuid().is_root() {
            // Its sandbox refuses to work for the superuser.
            command.arg("--no-sandbox");
        }
        command.arg(format!("--user-data-dir={}", profile.path().display())).args(switches);
        if !switches.iter().any(|switch| switch.starts_with("--host-resolver-rules")) {
            command.arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1");
        }
        command.env("TZ", "UTC").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process(must(command.spawn(), "sh"));
        let to = process.0.stdin.take().expect("stdin is piped");
        let stdout = process.0.stdout.take().expect("stdout is piped");
        let (send, from) = channel();
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            loop {
                let mut message = Vec::new();
                match stdout.by_ref().read_until(0, &mut message) {
                    Ok(length) if length > 1 => message.truncate(length - 1),
                    _ => return,
                }
                let message = must(serde_json::from_slice(&message), "a message of Chromium");
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        let pipe = Self {
            to: RefCell::new(to),
            from,
            last: Cell::new(0),
            events: RefCell::default(),
            _process: process,
            _profile: profile,
        };
        let version = pipe.ask("", "Browser.getVersion", json!({}));
        assert!(version["product"].is_string(), "{version}");
        pipe
    }

    /// Sends a command, to the browser itself where the session is empty, and gives its number.
    pub(super) fn tell(&self, session: &str, method: &str, params: Value) -> u64 {
        let number = self.last.get() + 1;
        self.last.set(number);
        let mut message = json!({ "id": number, "method": method });
        message["params"] = params;
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        must(self.to.borrow_mut().write_all(&bytes).map_err(|error| format!("{error}; {MISSING}")), method);
        number
    }

    /// Sends a command and gives its result.
    #[track_caller]
    pub(super) fn ask(&self, session: &str, method: &str, params: Value) -> Value {
        self.try_ask(session, method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Sends a command and gives its result, or what the browser says against it.
    #[track_caller]
    pub(super) fn try_ask(&self, session: &str, method: &str, params: Value) -> Result<Value, String> {
        let number = self.tell(session, method, params);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = self.receive(deadline, method);
            if message["id"] == number {
                return match &message["error"] {
                    Value::Null => Ok(message["result"].clone()),
                    error => Err(error.to_string()),
                };
            }
            self.take_note(message);
        }
    }

    /// The first event that is wanted, of those that came since they were last looked through or are still to come.
    pub(super) fn wait(&self, what: &str, mut is_wanted: impl FnMut(&Event) -> bool) -> Event {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while let Some(event) = self.next_event() {
                if is_wanted(&event) {
                    return event;
                }
            }
            let message = self.receive(deadline, what);
            self.take_note(message);
        }
    }

    /// The oldest event that was not looked at.
    pub(super) fn next_event(&self) -> Option<Event> {
        self.events.borrow_mut().pop_front()
    }

    fn receive(&self, deadline: Instant, what: &str) -> Value {
        match self.from.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => panic!("{what}: no answer from Chromium in {PATIENCE:?}"),
            Err(RecvTimeoutError::Disconnected) => panic!("{what}: Chromium has ended; {MISSING}"),
        }
    }

    fn take_note(&self, message: Value) {
        let Value::Object(mut message) = message else { return };
        let mut text = |name: &str| match message.remove(name) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let (session, method) = (text("sessionId"), text("method"));
        if !method.is_empty() {
            let params = message.remove("params").unwrap_or_default();
            self.events.borrow_mut().push_back(Event { session, method, params });
        }
    }
}

/// What to do where it cannot be started at all.
const MISSING: &str = "is it installed? ./test.sh installs it, and so does `sudo apt-get install chromium`";
