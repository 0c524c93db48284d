//! What the program makes of the mails: `plan --requests` over every file of which something is said.

use crate::original;
use crate::support::{Workspace, must};
use crate::truth::{Samples, Truth};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::Path;

/// Recipient of mails that name none.
pub(crate) const NOBODY: &str = "nobody@no-one.example";

/// Seconds of the day that mails without any date get.
pub(crate) const NO_DATE: i64 = 978_307_200;

/// What is asked of every plan. No copy is left out: each source has a namespace of its own, so that the same mail in two
/// test suites is planned twice.
const HEAD: &str = "version = 1\n[target]\ninbox = \"Support\"\n[ours]\ndomains = [\"no-one.example\"]\n[defaults]\n\
    to = \"nobody@no-one.example\"\ndate_fallback = 2001-01-01\n[identity]\ncollisions = \"keep-both\"\n";

/// Ending of the files in which mails are planned that were given a sender.
const GIVEN: &str = ".given.eml";

/// The sender of mails that have none: [`Answers`] says when.
const SENDER: &str = "From: someone@no-one.example\n";

/// A line of `plan --requests`, as far as it is compared.
#[derive(Deserialize)]
pub(crate) struct Answer {
    origin: Vec<Place>,
    cause: Option<String>,
    external_id: Option<String>,
    pub(crate) status: String,
    pub(crate) thread_ref: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) in_reply_to: Option<String>,
    pub(crate) references: Vec<String>,
    pub(crate) request: Option<Request>,
    pub(crate) attachments: Vec<File>,
}

#[derive(Deserialize)]
struct Place {
    file: String,
    offset: u64,
    length: u64,
}

/// A request.
#[derive(Deserialize)]
pub(crate) struct Request {
    pub(crate) sender: Sender,
    pub(crate) to: Vec<String>,
    #[serde(default)]
    pub(crate) cc: Vec<String>,
    #[serde(default)]
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) created_at: i64,
}

/// Its author.
#[derive(Deserialize)]
pub(crate) struct Sender {
    pub(crate) handle: String,
    #[serde(default)]
    pub(crate) name: String,
}

/// A file of it.
#[derive(Deserialize)]
pub(crate) struct File {
    pub(crate) filename: String,
    pub(crate) content_type: String,
    pub(crate) sha256: String,
}

impl Answer {
    /// Was the whole entry of the mail read, and no more? Some count the blank lines behind it, some do not.
    fn is_all_of(&self, truth: &Truth) -> bool {
        let [place] = self.origin.as_slice() else { return false };
        let is_own_file = !truth.in_mailbox || place.file.ends_with(GIVEN);
        is_own_file || (truth.length..=truth.length + 2).contains(&place.length)
    }
}

/// What the program made of all mails.
///
/// A mail without any sender is rejected with the advice to add a From line. Where the truth does not ask for a sender, a
/// copy with such a line is planned instead, so that everything else can be asked.
pub(crate) struct Answers {
    by_place: HashMap<(String, u64), Answer>,
    by_external_id: HashMap<String, (String, u64)>,
    given_a_sender: usize,
}

impl Answers {
    /// Plans all files.
    pub(crate) fn of(samples: &Samples) -> Self {
        let workspace = Workspace::empty();
        let kinds: BTreeMap<&str, bool> =
            samples.truths.iter().map(|truth| (truth.file.as_str(), truth.in_mailbox)).collect();
        let sources = kinds.iter().map(|(file, is_mailbox)| (samples.path(file), *is_mailbox));
        let mut answers = Self { by_place: HashMap::new(), by_external_id: HashMap::new(), given_a_sender: 0 };
        for answer in plan(&workspace, "all.toml", sources) {
            let [place] = answer.origin.as_slice() else { continue };
            let at = (samples.name_of(&place.file).to_owned(), place.offset);
            if let Some(id) = &answer.external_id {
                answers.by_external_id.insert(id.clone(), at.clone());
            }
            answers.by_place.insert(at, answer);
        }
        answers.give_senders(samples, &workspace);
        answers
    }

    fn give_senders(&mut self, samples: &Samples, workspace: &Workspace) {
        let with_sender: BTreeSet<_> =
            samples.truths.iter().filter(|truth| truth.get("from").is_some()).map(|truth| &truth.id).collect();
        let mut given: BTreeMap<String, &Truth> = BTreeMap::new();
        for truth in samples.truths.iter().filter(|truth| !with_sender.contains(&truth.id)) {
            let answer = self.by_place.get(&(truth.file.clone(), truth.offset));
            let has_none = answer.is_some_and(|answer| answer.cause.as_deref() == Some("no sender"));
            if has_none && !given.values().any(|other| other.id == truth.id) {
                let name = format!("{}{GIVEN}", given.len());
                workspace.write(&name, [SENDER.as_bytes(), &original::bytes(samples, truth)].concat());
                given.insert(name, truth);
            }
        }
        let sources = given.keys().map(|name| (workspace.path(name), false));
        for answer in plan(workspace, "given.toml", sources) {
            let [place] = answer.origin.as_slice() else { continue };
            let name = Path::new(&place.file).file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(truth) = given.get(name) else { continue };
            self.by_place.insert((truth.file.clone(), truth.offset), answer);
        }
        self.given_a_sender = given.len();
    }

    /// What became of the mail of a truth.
    pub(crate) fn of_truth(&self, truth: &Truth) -> Option<&Answer> {
        let answer = self.by_place.get(&(truth.file.clone(), truth.offset))?;
        answer.is_all_of(truth).then(|| self.at(&truth.file, truth.offset)).flatten()
    }

    /// What became of the mail at an offset of a file. A copy is answered by the message it is a copy of.
    pub(crate) fn at(&self, file: &str, offset: u64) -> Option<&Answer> {
        let answer = self.by_place.get(&(file.to_owned(), offset))?;
        match answer.cause.as_deref().and_then(|cause| cause.strip_prefix("same message as ")) {
            Some(id) => self.by_place.get(self.by_external_id.get(id)?),
            None => Some(answer),
        }
    }

    /// How many mails got a From line.
    pub(crate) fn given_a_sender(&self) -> usize {
        self.given_a_sender
    }
}

/// Plans files, each a source of its own, and whether it is a mailbox. Mails that cannot be sent are no error here.
fn plan(
    workspace: &Workspace,
    mapping: &str,
    sources: impl Iterator<Item = (std::path::PathBuf, bool)>,
) -> Vec<Answer> {
    let mut text = HEAD.to_owned();
    for (number, (path, is_mailbox)) in sources.enumerate() {
        let path = path.display().to_string();
        let format = if is_mailbox { "mbox" } else { "eml" };
        // A flag or a folder may mean spam or a draft; here nothing is left out for that.
        let _ = write!(
            text,
            "[[source]]\nname = \"s{number}\"\nnamespace = \"n{number}\"\nformat = \"{format}\"\npath = {path:?}\n\
             labels_from = []\n"
        );
    }
    workspace.write(mapping, text);
    let requests = format!("{mapping}.jsonl");
    let ledger = format!("{mapping}.ledger");
    let mut command = workspace.threadlift();
    let planned = command.args(["plan", mapping, "--quiet", "--requests", &requests, "--ledger", &ledger]).assert();
    let code = planned.get_output().status.code();
    assert!(matches!(code, Some(0 | 3)), "{code:?}: {}", String::from_utf8_lossy(&planned.get_output().stderr));
    let path = workspace.path(&requests);
    let lines = must(std::fs::read_to_string(&path), path.display());
    lines.lines().map(|line| must(serde_json::from_str(line), line)).collect()
}
