//! A real browser before the program's pages: opens, clicks, types, looks, and writes down whatever went wrong meanwhile.
//!
//! Chromium's own protocol over a pipe, without a driver in between: what the tests want most (the console, dark mode, narrow
//! screens, downloads) is told in it anyway, and a fresh machine needs one package. Works for any page that the browser can
//! open, `file://` as well.

mod keys;
mod pipe;

pub(crate) use pipe::PATIENCE;

use self::pipe::{Event, Pipe};
use super::{must, repository};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// axe-core as `tests/browser/install.sh` puts it there.
const AXE: &str = "target/browser/axe-core-4.14.0.min.js";

/// What axe is asked: WCAG 2.2 at level AA, and what its makers call good practice.
const AXE_RUN: &str = "axe.run(document, { iframes: false, runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', \
                       'best-practice'] }).then(found => found.violations.map(rule => rule.id + ': ' + rule.help + ': ' + \
                       rule.nodes.map(node => node.html + ' (' + node.failureSummary + ')').join(' | ')))";

/// A browser with one page.
pub(crate) struct Browser {
    pipe: Pipe,
    session: String,
    seen: RefCell<Seen>,
    downloads: TempDir,
}

/// What came to pass since the page was opened last.
#[derive(Default)]
struct Seen {
    loads: usize,
    /// Requests that are not answered yet.
    under_way: BTreeSet<String>,
    complaints: Vec<String>,
    requests: Vec<String>,
    /// Sessions of frames that have a process of their own.
    frames: Vec<String>,
    downloaded: usize,
}

impl Browser {
    /// Starts one that reaches nothing but loopback, on a screen of 1280 by 800.
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Starts one with further switches.
    pub(crate) fn with(switches: &[String]) -> Self {
        let pipe = Pipe::start(switches);
        let downloads = must(tempfile::tempdir(), "temporary folder");
        let target = pipe.ask("", "Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = pipe.ask("", "Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        let session = attached["sessionId"].as_str().unwrap_or_default().to_owned();
        let folder = downloads.path().display().to_string();
        let behaviour = json!({ "behavior": "allow", "downloadPath": folder, "eventsEnabled": true });
        pipe.ask("", "Browser.setDownloadBehavior", behaviour);
        let browser = Self { pipe, session, seen: RefCell::default(), downloads };
        for (method, params) in listening() {
            browser.ask(method, params);
        }
        browser.screen(1280, 800);
        browser
    }

    /// Sends a command of the protocol to the page.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, params: Value) -> Value {
        self.pipe.ask(&self.session, method, params)
    }

    /// Opens an address and waits until all of it is there. What was complained about before is forgotten.
    #[track_caller]
    pub(crate) fn open(&self, url: &str) {
        self.settle();
        *self.seen.borrow_mut() = Seen::default();
        let answer = self.ask("Page.navigate", json!({ "url": url }));
        assert!(answer["errorText"].is_null(), "{url}: {answer}");
        self.wait("the page", |seen| seen.loads > 0);
        self.quiet();
    }

    /// Waits until nothing is asked for any more: frames may come after the page.
    #[track_caller]
    pub(crate) fn quiet(&self) {
        let deadline = Instant::now() + PATIENCE;
        let mut since = Instant::now();
        while since.elapsed() < Duration::from_millis(250) {
            self.settle();
            if !self.seen.borrow().under_way.is_empty() {
                since = Instant::now();
            }
            assert!(Instant::now() < deadline, "not answered: {:?}", self.seen.borrow().under_way);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The value of an expression in the page; a promise is waited for.
    #[track_caller]
    pub(crate) fn eval(&self, expression: &str) -> Value {
        self.eval_with(&self.session, json!({ "expression": expression }))
    }

    #[track_caller]
    fn eval_with(&self, session: &str, mut params: Value) -> Value {
        params["awaitPromise"] = true.into();
        params["returnByValue"] = true.into();
        let answer = self.pipe.ask(session, "Runtime.evaluate", params);
        assert!(answer["exceptionDetails"].is_null(), "{answer}");
        answer["result"]["value"].clone()
    }

    /// The text that a reader sees of the first element that matches.
    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        let text = self.eval(&format!("document.querySelector({})?.innerText", json!(selector)));
        text.as_str().unwrap_or_else(|| panic!("{selector} is not on {}", self.address())).to_owned()
    }

    /// How many elements match.
    #[track_caller]
    pub(crate) fn count(&self, selector: &str) -> u64 {
        self.eval(&format!("document.querySelectorAll({}).length", json!(selector))).as_u64().unwrap_or_default()
    }

    /// Where the page is.
    #[track_caller]
    pub(crate) fn address(&self) -> String {
        self.eval("location.href").as_str().unwrap_or_default().to_owned()
    }

    /// Clicks in the middle of the first element that matches, as a hand with a mouse does.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let place = self.eval(&format!(
            "(() => {{ const it = document.querySelector({}); if (!it) return null; it.scrollIntoView({{ block: 'center' }}); \
             const box = it.getClientRects()[0]; return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
            json!(selector)
        ));
        assert!(place.is_array(), "{selector} is not on {}", self.address());
        self.click_at(&place[0], &place[1]);
    }

    /// Clicks at a place of a frame, `[x, y]` from its upper left corner.
    #[track_caller]
    pub(crate) fn click_within(&self, selector: &str, place: &Value) {
        let corner = self.eval(&format!(
            "(() => {{ const it = document.querySelector({}); it.scrollIntoView(); const box = it.getBoundingClientRect(); \
             return [box.x + it.clientLeft, box.y + it.clientTop]; }})()",
            json!(selector)
        ));
        let at =
            |side: usize| json!(corner[side].as_f64().unwrap_or_default() + place[side].as_f64().unwrap_or_default());
        self.click_at(&at(0), &at(1));
    }

    #[track_caller]
    fn click_at(&self, x: &Value, y: &Value) {
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            let event = json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", event);
        }
    }

    /// Clicks, and waits for the page that comes.
    #[track_caller]
    pub(crate) fn follow(&self, selector: &str) {
        let before = self.loads();
        self.click(selector);
        self.wait("the page behind a click", |seen| seen.loads > before);
        self.quiet();
    }

    /// Types into what has the focus.
    #[track_caller]
    pub(crate) fn type_text(&self, text: &str) {
        self.ask("Input.insertText", json!({ "text": text }));
    }

    /// Presses a key: `Tab`, `Enter`, `Space`, `Escape`.
    #[track_caller]
    pub(crate) fn press(&self, key: &str) {
        for event in keys::strokes(key) {
            self.ask("Input.dispatchKeyEvent", event);
        }
    }

    /// Presses a key, and waits for the page that comes.
    #[track_caller]
    pub(crate) fn press_and_follow(&self, key: &str) {
        let before = self.loads();
        self.press(key);
        self.wait("the page behind a key", |seen| seen.loads > before);
        self.quiet();
    }

    fn loads(&self) -> usize {
        self.settle();
        self.seen.borrow().loads
    }

    /// Sets the size of the screen, in CSS pixels.
    #[track_caller]
    pub(crate) fn screen(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size);
    }

    /// Whether the reader likes dark pages.
    #[track_caller]
    pub(crate) fn dark(&self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Whether pages may run scripts. What tests evaluate runs in any case.
    #[track_caller]
    pub(crate) fn scripts(&self, allowed: bool) {
        self.ask("Emulation.setScriptExecutionDisabled", json!({ "value": !allowed }));
    }

    /// How far the page is wider than the screen, in CSS pixels.
    #[track_caller]
    pub(crate) fn overflow(&self) -> i64 {
        let script = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        self.eval(script).as_i64().unwrap_or(i64::MAX)
    }

    /// What is wrong with the page for people who do not see, point or tell colours as most do: one line a rule.
    #[track_caller]
    pub(crate) fn axe(&self) -> Vec<String> {
        let hint = "axe-core is missing: run ./test.sh, or tests/browser/install.sh, which put it there";
        let script = must(fs::read_to_string(repository(AXE)), format_args!("{AXE}: {hint}"));
        self.eval(&format!("{script}; 0"));
        assert_eq!(self.eval("axe.version"), "4.14.0");
        let found = self.eval(AXE_RUN);
        let found = found.as_array().unwrap_or_else(|| panic!("axe found {found}"));
        found.iter().map(|line| line.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// How many pages there are, in whatever tab or window.
    pub(crate) fn tabs(&self) -> usize {
        let targets = self.pipe.ask("", "Target.getTargets", json!({}));
        targets["targetInfos"].as_array().into_iter().flatten().filter(|target| target["type"] == "page").count()
    }

    /// What the console says against the page and its frames, since it was opened.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.settle();
        self.seen.borrow().complaints.clone()
    }

    /// Every address that the page and its frames asked for, since it was opened.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.settle();
        self.seen.borrow().requests.clone()
    }

    /// The bytes of the file that a click downloads, with its name.
    #[track_caller]
    pub(crate) fn download(&self, selector: &str) -> (String, Vec<u8>) {
        let before = self.seen.borrow().downloaded;
        self.click(selector);
        self.wait("a download", |seen| seen.downloaded > before);
        let mut files: Vec<PathBuf> =
            must(fs::read_dir(self.downloads.path()), "downloads").map(|file| must(file, "downloads").path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        let file = files.remove(0);
        let content = must(fs::read(&file), file.display());
        must(fs::remove_file(&file), file.display());
        (file.file_name().unwrap_or_default().to_string_lossy().into_owned(), content)
    }

    /// A picture of the screen as PNG, or of all that the page holds: the screen is as high then.
    #[track_caller]
    pub(crate) fn picture(&self, path: &Path, whole: bool) {
        if whole {
            let size = self.eval("[innerWidth, document.documentElement.scrollHeight]");
            let pixels = |at: usize| size[at].as_u64().and_then(|pixels| u32::try_from(pixels).ok()).unwrap_or(800);
            self.screen(pixels(0), pixels(1));
            self.quiet();
        }
        let answer = self.ask("Page.captureScreenshot", json!({ "format": "png" }));
        let encoded = answer["data"].as_str().unwrap_or_default();
        let picture = must(STANDARD.decode(encoded), "a picture");
        must(fs::write(path, picture), path.display());
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn until(&self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.eval(expression) != true {
            assert!(Instant::now() < deadline, "waited in vain for {expression} on {}", self.address());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What an expression comes to in each frame of the page, whether it shares the page's process or has one of its own.
    #[track_caller]
    pub(crate) fn in_frames(&self, expression: &str) -> Vec<Value> {
        self.settle();
        let tree = self.ask("Page.getFrameTree", json!({}));
        let children = tree["frameTree"]["childFrames"].as_array().cloned().unwrap_or_default();
        let mut values: Vec<Value> = children
            .iter()
            .map(|child| {
                let frame = json!({ "frameId": child["frame"]["id"] });
                let world = self.ask("Page.createIsolatedWorld", frame)["executionContextId"].clone();
                self.eval_with(&self.session, json!({ "expression": expression, "contextId": world }))
            })
            .collect();
        let apart = self.seen.borrow().frames.clone();
        values.extend(apart.iter().map(|frame| self.eval_with(frame, json!({ "expression": expression }))));
        values
    }

    /// Waits for what is told of a page as it comes.
    #[track_caller]
    fn wait(&self, what: &str, is_there: impl Fn(&Seen) -> bool) {
        self.settle();
        if !is_there(&self.seen.borrow()) {
            self.pipe.wait(what, |event| {
                self.note(event);
                is_there(&self.seen.borrow())
            });
        }
    }

    /// Takes note of all that has been told so far: a question and its answer come behind it.
    fn settle(&self) {
        // A page that is about to go answers with an error, which is as good.
        let _ = self.pipe.try_ask(&self.session, "Runtime.evaluate", json!({ "expression": "0" }));
        while let Some(event) = self.pipe.next_event() {
            self.note(&event);
        }
    }

    fn note(&self, event: &Event) {
        let mut seen = self.seen.borrow_mut();
        let text = |pointer: &str| event.params.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        match event.method.as_str() {
            "Page.loadEventFired" if event.session == self.session => seen.loads += 1,
            "Network.requestWillBeSent" => {
                seen.requests.push(text("/request/url"));
                seen.under_way.insert(text("/requestId"));
            }
            "Network.loadingFinished" | "Network.loadingFailed" => {
                if event.method == "Network.loadingFailed" && event.params["canceled"] != true {
                    seen.complaints.push(event.params.to_string());
                }
                seen.under_way.remove(&text("/requestId"));
            }
            "Runtime.exceptionThrown" => seen.complaints.push(event.params.to_string()),
            "Runtime.consoleAPICalled" if text("/type") == "error" => seen.complaints.push(event.params.to_string()),
            "Log.entryAdded" if ["error", "warning"].contains(&text("/entry/level").as_str()) => {
                seen.complaints.push(format!("{} ({})", text("/entry/text"), text("/entry/url")));
            }
            "Browser.downloadProgress" if text("/state") == "completed" => seen.downloaded += 1,
            "Target.attachedToTarget" => {
                let session = text("/sessionId");
                for (method, params) in listening() {
                    self.pipe.tell(&session, method, params);
                }
                // It was held up, so that nothing it does is missed.
                self.pipe.tell(&session, "Runtime.runIfWaitingForDebugger", json!({}));
                seen.frames.push(session);
            }
            "Target.detachedFromTarget" => {
                let session = text("/sessionId");
                seen.frames.retain(|frame| *frame != session);
            }
            _ => {}
        }
    }
}

/// The commands by which a page, or a frame, tells what befalls it.
fn listening() -> [(&'static str, Value); 5] {
    let attach = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
    [
        ("Page.enable", json!({})),
        ("Runtime.enable", json!({})),
        ("Log.enable", json!({})),
        ("Network.enable", json!({})),
        ("Target.setAutoAttach", attach),
    ]
}
