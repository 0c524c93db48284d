//! Promises of the ledger as a whole. What one file promises alone is tested there.

mod effects;
mod kills;
mod marks;
mod model;
mod plans;
mod refusals;
mod renewals;
mod repairs;
mod sent;
mod size;
mod traces;
mod undone;

use super::{
    Entry, FileMeta, Finish, Form, Ledger, LedgerError, NewPlan, PlanMeta, Planned, SourceMeta, State, Target, Traits,
    Verdict,
};
use crate::source::{Origin, Piece};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// Fills a plan with these entries.
fn filled(entries: impl IntoIterator<Item = Entry>) -> impl FnOnce(&mut NewPlan<'_>) -> Result<Vec<u8>, LedgerError> {
    |plan| {
        entries.into_iter().try_for_each(|entry| plan.add(&entry))?;
        Ok(b"tables".to_vec())
    }
}

/// The planned entry of message `name`.
fn planned(number: u64, name: &str) -> Entry {
    let identity = *blake3::hash(name.as_bytes()).as_bytes();
    entry(
        number,
        Some(format!("{name}@shop.example")),
        Verdict::Planned(Planned {
            external_id: external_id(name),
            thread_ref: format!("tl1-t-{name}"),
            inbox: "Support".into(),
            tags: vec!["legacy".into()],
            is_inbound: true,
            is_archived: true,
            assignee: None,
            customer: None,
            created_at: 1_600_000_000,
            traits: Traits::default(),
            identity,
            request: [7; 32],
            size: 2_000,
            form: Form::Message,
            finish: Finish::default(),
        }),
    )
}

fn external_id(name: &str) -> String {
    format!("tl1-{name}")
}

fn entry(number: u64, original_id: Option<String>, verdict: Verdict) -> Entry {
    let piece = Piece { file: 0, offset: number * 4_000, length: 4_000, line: None };
    let origin = Origin { source: 0, pieces: vec![piece], part: 0 };
    Entry { number, origin, digest: [3; 16], verdict, original_id }
}

fn meta(plan_id: &str, read: u64) -> PlanMeta {
    let files = vec![FileMeta { shown: "mail.mbox".into(), size: 1 << 33, sample: [5; 16] }];
    PlanMeta {
        plan_id: plan_id.into(),
        mapping_text: "version = 1\n".into(),
        mapping_digest: [1; 32],
        engine: "0.1.0".into(),
        sources: vec![SourceMeta { name: "takeout".into(), read, files }],
    }
}

/// A ledger whose plan sends these messages.
fn ledger_of(names: &[&str]) -> (TempDir, Ledger) {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
    plan_of(&mut ledger, "p1", names);
    (dir, ledger)
}

fn plan_of(ledger: &mut Ledger, plan_id: &str, names: &[&str]) {
    let entries = (0..).zip(names).map(|(number, name)| planned(number, name));
    ledger.write_plan(meta(plan_id, names.len() as u64), filled(entries)).unwrap();
}

fn accepted(uid: &str) -> State {
    State::Accepted { uid: uid.into() }
}

fn confirmed() -> State {
    State::Confirmed { message_id: "msg_1".into(), conversation_id: "cnv_1".into(), differs: None }
}

fn refused(cause: &str) -> State {
    State::Refused { status: 400, cause: cause.into() }
}

fn unknown(why: &str) -> State {
    State::Unknown { why: why.into() }
}

/// What a request turns into whose process ended.
fn never_answered() -> State {
    unknown("the process ended before Front answered")
}

/// Takes an entry from any state it may be sent in to `state`.
fn send(ledger: &Ledger, position: u64, state: &State) {
    ledger.mark(&[(position, State::Sending)]).unwrap();
    match state {
        State::Sending => {}
        State::Confirmed { .. } => {
            ledger.mark(&[(position, accepted("u")), (position, state.clone())]).unwrap();
        }
        other => ledger.mark(&[(position, other.clone())]).unwrap(),
    }
}

fn states(ledger: &Ledger) -> Vec<State> {
    let listed: Vec<(u64, State)> = ledger.states(0..u64::MAX).unwrap().map(Result::unwrap).collect();
    for (expected, (position, state)) in (0..).zip(&listed) {
        assert_eq!(*position, expected);
        assert_eq!(ledger.state(*position).unwrap(), *state);
    }
    listed.into_iter().map(|(_, state)| state).collect()
}

/// What a kill at this moment would leave: the files as they are now.
fn as_killed_now(ledger: &Ledger) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_tree(ledger.dir(), &dir.path().join("ledger"));
    dir
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for item in walkdir::WalkDir::new(from).min_depth(1) {
        let item = item.unwrap();
        let target = to.join(item.path().strip_prefix(from).unwrap());
        if item.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(item.path(), target).unwrap();
        }
    }
}

fn open_copy(copy: &TempDir) -> Ledger {
    Ledger::open_existing(&copy.path().join("ledger")).unwrap()
}

fn target() -> Target {
    Target {
        company_id: "cmp_1".into(),
        company_name: "Acme".into(),
        base_url: "https://api2.frontapp.com".into(),
        inboxes: BTreeMap::from([("Support".into(), "inb_1".into())]),
    }
}
