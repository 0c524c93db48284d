//! A rehearsal that stays, and a browser before its inbox.

use crate::support::browser::Browser;
use crate::support::front::{PATIENCE, Process};
use crate::support::{Workspace, must, poll};
use std::cell::RefCell;
use std::fs;

/// The end of every mapping here: no budget to share on this machine.
const FULL_SPEED: &str = "\n[send]\nsettle = \"10ms\"\n";

/// A rehearsal that has imported everything, and a browser that has opened nothing yet.
pub(crate) struct Scene {
    pub(crate) browser: Browser,
    /// Where the inbox is, without a slash at the end.
    pub(crate) base: String,
    pub(crate) workspace: Workspace,
    rehearsal: RefCell<Process>,
}

impl Scene {
    /// The sample company.
    pub(crate) fn demo() -> Self {
        Self::of(Workspace::with_samples(), "mappings/demo.toml", &[], &[])
    }

    /// One mailbox.
    pub(crate) fn mails(mails: &[Vec<u8>]) -> Self {
        Self::switched(mails, &[], &[])
    }

    /// One mailbox, with options of `rehearse` and switches of the browser.
    pub(crate) fn switched(mails: &[Vec<u8>], options: &[&str], switches: &[String]) -> Self {
        let workspace = Workspace::empty();
        workspace.write("a.mbox", mails.concat());
        let mapping = "version = 1\n[target]\ninbox = \"Support\"\n[ours]\naddresses = [\"bob@y.example\"]\n[[source]]\n\
                       name = \"a\"\nformat = \"mbox\"\npath = \"a.mbox\"\n";
        workspace.write("m.toml", format!("{mapping}{FULL_SPEED}"));
        Self::of(workspace, "m.toml", options, switches)
    }

    fn of(workspace: Workspace, mapping: &str, options: &[&str], switches: &[String]) -> Self {
        let output = workspace.path("rehearsal.log");
        let mut command = workspace.program();
        command.args(["rehearse", mapping, "--stay", "--quiet"]).args(options);
        let mut rehearsal = Process::start(&mut command, &output);
        let mut base = None;
        poll(PATIENCE, "the inbox of a rehearsal", || {
            let log = must(fs::read_to_string(&output), output.display());
            assert!(!rehearsal.has_ended(), "{log}");
            let line = log.lines().find_map(|line| line.strip_prefix("Look at it: ")?.split_whitespace().next());
            base = line.map(|url| url.trim_end_matches('/').to_owned());
            base.is_some()
        });
        let base = base.unwrap_or_default();
        Self { browser: Browser::with(switches), base, workspace, rehearsal: RefCell::new(rehearsal) }
    }

    /// Opens a page of the inbox.
    #[track_caller]
    pub(crate) fn open(&self, path: &str) -> &Browser {
        self.browser.open(&format!("{}{path}", self.base));
        &self.browser
    }

    /// Opens the conversation whose subject this is.
    #[track_caller]
    pub(crate) fn open_conversation(&self, subject: &str) -> &Browser {
        self.open(&format!("/web/search?q={}", subject.replace(' ', "+")));
        let place = self.browser.eval(&format!(
            "[...document.querySelectorAll('.subject')].findIndex(it => it.innerText == {}) + 1",
            serde_json::json!(subject)
        ));
        assert_ne!(place, 0, "{subject} is not among what was found");
        self.browser.follow(&format!(".conversations li:nth-child({place}) a"));
        assert_eq!(self.browser.text("h1"), subject);
        &self.browser
    }

    /// Ends the rehearsal, and gives what another command prints after it.
    #[track_caller]
    pub(crate) fn stop_and_run(&self, arguments: &[&str]) -> String {
        let mut rehearsal = self.rehearsal.borrow_mut();
        rehearsal.terminate();
        assert!(rehearsal.wait().success());
        let output = must(self.workspace.program().args(arguments).output(), "process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What has gone wrong by now, in the console and in reading the page for all people: nothing.
    #[track_caller]
    pub(crate) fn is_sound(&self) {
        let address = self.browser.address();
        assert_eq!(self.browser.complaints(), Vec::<String>::new(), "console of {address}");
        assert_eq!(self.browser.overflow(), 0, "{address} is wider than the screen");
        assert_eq!(self.browser.axe(), Vec::<String>::new(), "axe on {address}");
    }
}
