//! `show`: one message, with where it lies, what was decided, its request and its history.

use super::args::ShowArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use crate::ledger::{Entry, Form, Ledger, LedgerError, State, Verdict};
use crate::plan::Rebuilder;
use crate::words::printable;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::Arc;

/// Copies shown of one id.
pub(super) const MAX_SHOWN: usize = 20;

pub(super) fn run(context: &Context, args: &ShowArgs) -> Result<Exit, Failure> {
    let dir = context.ledger_dir();
    let ledger = Ledger::open_existing(&dir).map_err(|error| match error {
        LedgerError::Absent { .. } => Failure::usage(
            format!("there is no ledger at {}", dir.display()),
            format!("run: {}", context.command("plan")),
        ),
        LedgerError::Locked { .. } => Failure {
            help: Some(
                "one process at a time can read the plan: ask again when the other one is done. Meanwhile `threadlift status MAPPING` \
                 shows counts, and what was sent of a message stands in the ledger's journal.jsonl, one line each; `grep` it for \
                 its id"
                    .to_owned(),
            ),
            ..error.into()
        },
        error => error.into(),
    })?;
    let id = args.id.trim().trim_start_matches('<').trim_end_matches('>');
    let positions = find(&ledger, id)?;
    if positions.is_empty() {
        return Err(Failure::usage(
            format!("no record has the id {id}"),
            "give an external id (tl1-…), a Message-ID, or the export's own id; `plan --requests FILE` lists them all",
        ));
    }
    let rebuilder = Rebuilder::new(Arc::clone(&context.mapping), context.open_sources()?);
    let mut shown = Vec::new();
    for position in positions.iter().copied().take(MAX_SHOWN) {
        shown.push(describe(&ledger, &rebuilder, &ledger.entry(position)?, position)?);
    }
    if context.common.json {
        super::print_json(&shown)?;
    } else {
        for message in &shown {
            super::print(&text(message))?;
        }
        if positions.len() > MAX_SHOWN {
            super::print(&format!("{} more records have this id\n", positions.len() - MAX_SHOWN))?;
        }
    }
    Ok(Exit::Done)
}

/// Where the records with this id stand in the plan.
pub(super) fn find(ledger: &Ledger, id: &str) -> Result<Vec<u64>, LedgerError> {
    let positions = ledger.find(id)?;
    if positions.is_empty() {
        // An id that a message had once leads to the one that it has now.
        return ledger.find(&ledger.renewals()?.newest(id));
    }
    Ok(positions)
}

fn planned(entry: &Entry) -> bool {
    matches!(entry.verdict, Verdict::Planned(_))
}

/// All that is told of a record.
pub(super) fn describe(
    ledger: &Ledger,
    rebuilder: &Rebuilder,
    entry: &Entry,
    position: u64,
) -> Result<Value, LedgerError> {
    // Only what is planned has a state.
    let state = if planned(entry) { ledger.state(position)? } else { State::Planned };
    let (status, cause) = entry.verdict.status();
    let mut message = json!({
        "source": rebuilder.source_name(usize::from(entry.origin.source)),
        "place": rebuilder.place(entry),
        "id": entry.original_id,
        "status": status,
        "cause": cause,
    });
    let Some(fields) = message.as_object_mut() else { return Ok(message) };
    match &entry.verdict {
        Verdict::Planned(planned) => {
            fields.insert("state".into(), json!(state.name()));
            fields.extend(answer(&state).into_iter().map(|(name, value)| (name.to_owned(), json!(value))));
            fields.insert("external_id".into(), json!(planned.external_id));
            fields.insert("thread_ref".into(), json!(planned.thread_ref));
            fields.insert("inbox".into(), json!(planned.inbox));
            fields.insert("because".into(), json!(rebuilder.evidence(entry).unwrap_or_default()));
            let made = match planned.form {
                Form::Comment => rebuilder
                    .comment(entry)
                    .map(|made| ("comment", json!(made.request), made.request.attachments, made.changes)),
                Form::Delivery => rebuilder
                    .delivery(entry)
                    .map(|made| ("delivery", json!(made.request), made.request.attachments, made.changes)),
                Form::Message | Form::NoteAsMessage => rebuilder
                    .request(entry)
                    .map(|made| ("request", json!(made.request), made.request.attachments, made.changes)),
            };
            match made {
                Ok((what, request, files, changes)) => {
                    let files: Vec<Value> = files
                        .iter()
                        .map(|file| json!({"filename": file.filename, "content_type": file.content_type, "size": file.content.len()}))
                        .collect();
                    fields.insert("changes".into(), json!(changes));
                    fields.insert(what.into(), request);
                    fields.insert("attachments".into(), json!(files));
                }
                Err(error) => {
                    fields.insert("problem".into(), json!(error.to_string()));
                }
            }
            if !planned.finish.is_empty() {
                fields.insert("finish".into(), json!(planned.finish));
            }
            fields.insert("history".into(), json!(ledger.history(&planned.external_id)?));
        }
        Verdict::Duplicate { of } => {
            let kept = ledger.entry(*of)?;
            fields.insert("copy_of".into(), json!(rebuilder.place(&kept)));
            if let Verdict::Planned(planned) = &kept.verdict {
                fields.insert("external_id".into(), json!(planned.external_id));
            }
        }
        Verdict::Unreadable { detail, remedy, .. } | Verdict::Rejected { detail, remedy, .. } => {
            fields.insert("detail".into(), json!(detail));
            fields.insert("remedy".into(), json!(remedy));
        }
        Verdict::Skipped { .. } => {
            fields.insert("because".into(), json!(rebuilder.evidence(entry).unwrap_or_default()));
        }
    }
    Ok(message)
}

/// What Front said, as far as it did.
fn answer(state: &State) -> Vec<(&'static str, String)> {
    match state {
        State::Planned | State::Sending => Vec::new(),
        State::Accepted { uid } => vec![("uid", uid.clone())],
        State::Confirmed { message_id, conversation_id, differs } => {
            let mut lines = vec![("message", message_id.clone()), ("conversation", conversation_id.clone())];
            lines.extend(differs.iter().map(|words| ("differs", words.clone())));
            lines
        }
        State::Missing { uid, why } => vec![("uid", uid.clone()), ("answer", why.clone())],
        State::Refused { status, cause } => vec![("answer", format!("{status}: {cause}"))],
        State::Unknown { why } => vec![("answer", why.clone())],
    }
}

/// One field a line; long values below their name.
fn text(message: &Value) -> String {
    let mut out = String::new();
    for (name, value) in message.as_object().into_iter().flatten() {
        match value {
            Value::Null => {}
            Value::String(text) => {
                let _ = writeln!(out, "{name:<12} {}", printable(text));
            }
            Value::Array(lines) if lines.is_empty() => {}
            Value::Array(lines) if lines.iter().all(Value::is_string) => {
                for line in lines.iter().filter_map(Value::as_str) {
                    let _ = writeln!(out, "{name:<12} {}", printable(line));
                }
            }
            other => {
                let _ = writeln!(out, "{name:<12} {}", serde_json::to_string_pretty(other).unwrap_or_default());
            }
        }
    }
    out.push('\n');
    out
}
