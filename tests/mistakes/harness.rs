//! A small migration that works, to be broken in one respect by each test.

use crate::support::front::Front;
use crate::support::{Workspace, must};
use std::fmt::Write as _;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

/// The token that an embedded Front takes unless told otherwise.
pub(crate) const TOKEN: &str = "rehearsal";

/// No command of these tests takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a test waits for what must come.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A mapping that works with [`mailbox`] in `mail.mbox`.
pub(crate) const MAPPING: &str = r#"version = 1

[target]
inbox = "Support"

[ours]
addresses = ["support@acme.example"]

[[source]]
name   = "mail"
format = "mbox"
path   = "mail.mbox"
"#;

/// A workspace, and what the program said in it.
pub(crate) struct Scene {
    pub(crate) workspace: Workspace,
}

/// How a command ended.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Scene {
    /// Three mails and a mapping `m.toml` that works; the same once more as `front.toml`, for the embedded Front.
    pub(crate) fn that_works() -> Self {
        let scene = Self { workspace: Workspace::empty() };
        scene.write("m.toml", MAPPING);
        scene.write("front.toml", MAPPING);
        scene.write("mail.mbox", mailbox(3));
        scene
    }

    pub(crate) fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        self.workspace.write(relative, content);
    }

    /// Writes a file that its owner alone can read.
    pub(crate) fn write_secret(&self, relative: &str, content: impl AsRef<[u8]>) {
        use std::os::unix::fs::PermissionsExt;
        self.write(relative, content);
        let owner_only = std::fs::Permissions::from_mode(0o600);
        must(std::fs::set_permissions(self.workspace.path(relative), owner_only), relative);
    }

    /// Writes `m.toml` as the working mapping with one piece of it replaced.
    pub(crate) fn mapping_with(&self, piece: &str, instead: &str) {
        assert!(MAPPING.contains(piece), "the mapping holds no {piece:?}");
        self.write("m.toml", MAPPING.replace(piece, instead));
    }

    /// Writes `m.toml` with another source: its format, its path, and more keys.
    pub(crate) fn mapping_of_source(&self, format: &str, path: &str, more: &str) {
        let (head, _) = MAPPING.split_at(MAPPING.find("format").expect("the mapping has a source"));
        self.write("m.toml", format!("{head}format = \"{format}\"\npath   = {path}\n{more}"));
    }

    /// A Front that knows the inbox `Support`.
    pub(crate) fn front(&self) -> Front {
        self.front_with(&[])
    }

    pub(crate) fn front_with(&self, options: &[&str]) -> Front {
        Front::start(&self.workspace, "front.toml", "front.jsonl", options)
    }

    /// Runs the program, without a token and without a terminal.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_token(None, arguments)
    }

    pub(crate) fn run_with_token(&self, token: Option<&str>, arguments: &[&str]) -> Ran {
        let mut command = self.workspace.threadlift();
        let mut arguments: Vec<&str> = arguments.to_vec();
        // By the environment, so that the commands that it prints are the same in every run.
        if let Some(at) = arguments.iter().position(|argument| *argument == "--base-url") {
            let url: Vec<&str> = arguments.drain(at..at + 2).collect();
            command.env("FRONT_BASE_URL", url[1]);
        }
        command.timeout(PATIENCE).args(arguments);
        if let Some(token) = token {
            command.env("FRONT_API_TOKEN", token);
        }
        self.ran(&must(command.output(), "threadlift"))
    }

    /// Starts the program with a token and without a terminal; what it says is kept.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("threadlift"));
        command.current_dir(self.workspace.path("")).args(arguments);
        command.env("FRONT_API_TOKEN", TOKEN).env_remove("FRONT_BASE_URL");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        must(command.spawn(), "threadlift")
    }

    /// `import m.toml --yes`, with a token, into this Front.
    pub(crate) fn import_into(&self, front: &Front) -> Ran {
        self.run_with_token(Some(TOKEN), &["import", "m.toml", "--yes", "--base-url", front.base_url()])
    }

    /// `import m.toml --yes` ends with this code, and Front receives nothing.
    pub(crate) fn import_sends_nothing(&self, code: i32) -> Ran {
        let front = self.front();
        let ran = self.import_into(&front).ended_with(code);
        front.received_nothing();
        ran
    }

    /// The output with what differs from run to run made the same.
    pub(crate) fn ran(&self, output: &Output) -> Ran {
        let folder = must(self.workspace.path("").canonicalize(), "workspace");
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).expect("the program prints UTF-8");
            assert!(!text.contains("panicked"), "{text}");
            text.replace(&folder.display().to_string(), "[folder]")
        };
        Ran { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Ran {
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        self
    }

    /// Every one of these stands in the text for people.
    pub(crate) fn says(self, pieces: &[&str]) -> Self {
        let all = format!("{}{}", self.stdout, self.stderr);
        for piece in pieces {
            assert!(all.contains(piece), "{piece:?} is missing in:\n{all}");
        }
        self
    }

    pub(crate) fn keeps_quiet_about(self, secret: &str) -> Self {
        for text in [&self.stdout, &self.stderr] {
            assert!(!text.contains(secret), "{text}");
        }
        self
    }
}

/// An mbox with this many mails, each a conversation of its own.
pub(crate) fn mailbox(mails: u32) -> String {
    (1..=mails).fold(String::new(), |mut mailbox, number| {
        let _ = write!(mailbox, "From - Mon Jan  2 10:00:00 2017\n{}\n", mail(number));
        mailbox
    })
}

/// One mail to us.
pub(crate) fn mail(number: u32) -> String {
    let (minute, second) = (number / 60 % 60, number % 60);
    format!(
        "From: ann@customer.example\nTo: support@acme.example\nSubject: Question {number}\n\
         Date: Mon, 2 Jan 2017 10:{minute:02}:{second:02} +0000\nMessage-ID: <m{number}@customer.example>\n\n\
         Body {number}\n"
    )
}
