//! `ledger check` and `ledger rebuild`: what to do about a ledger that one does not trust.

use super::args::LedgerRebuildArgs;
use super::context::{Context, say_notices};
use super::exit::{Exit, Failure};
use super::{plan, progress};
use crate::ledger::{Checkup, Ledger, LedgerError};
use crate::words::{count, counted};
use std::fmt::Write as _;
use std::path::Path;

/// Looks at every byte of the ledger and changes nothing.
pub(super) fn check(context: &Context) -> Result<Exit, Failure> {
    let dir = context.ledger_dir();
    let checkup = Ledger::check(&dir).map_err(|error| absent(context, error))?;
    let exit = if checkup.is_sound() { Exit::Done } else { Exit::Ledger };
    if context.common.json {
        let mut value = serde_json::to_value(&checkup).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.insert("ledger".into(), dir.display().to_string().into());
            fields.insert("sound".into(), checkup.is_sound().into());
            fields.insert("exit".into(), (exit as u8).into());
        }
        super::print_json(&value)?;
    } else {
        super::print(&text(&dir, &checkup))?;
    }
    if checkup.is_sound() {
        return Ok(exit);
    }
    Err(Failure {
        exit,
        message: format!("the ledger {} is damaged in {}, see above", dir.display(), counted(checkup.damaged, "place")),
        help: Some(format!("run: {}", context.command("ledger rebuild"))),
    })
}

fn text(dir: &Path, checkup: &Checkup) -> String {
    let mut out = String::new();
    let facts: Vec<String> = checkup.facts.iter().map(|(name, facts)| format!("{} {name}", count(*facts))).collect();
    let _ = writeln!(out, "Ledger    {}", dir.display());
    let _ = writeln!(
        out,
        "Journal   {} bytes, {} with good checksums about {}{}",
        count(checkup.journal_bytes),
        counted(checkup.lines, "line"),
        counted(checkup.messages, "message"),
        if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", ")) }
    );
    if checkup.torn > 0 {
        let _ = writeln!(
            out,
            "          its last {} bytes are a half-written line, as a crash leaves it: no damage, the next command cuts them off",
            checkup.torn
        );
    }
    match &checkup.index {
        Some(index) => {
            let _ = writeln!(
                out,
                "Index     plan {}: {} read, {} of them to be sent; {}{}, {} compared with the entries; it goes up to byte {}",
                index.plan_id,
                counted(index.entries, "record"),
                count(index.planned),
                counted(index.states, "state"),
                if index.compared { " compared with the journal" } else { ", not compared with the damaged journal" },
                counted(index.ids, "id"),
                count(index.watermark)
            );
        }
        None => out.push_str("Index     none that can be read\n"),
    }
    for damage in &checkup.damages {
        let _ = writeln!(out, "Damage    {}, {}: {}", damage.path.display(), damage.place, damage.what);
    }
    let named = checkup.damages.len() as u64;
    if checkup.damaged > named {
        let _ = writeln!(out, "          and {} more", count(checkup.damaged - named));
    }
    if checkup.is_sound() {
        out.push_str("Sound: nothing is damaged.\n");
    }
    out
}

/// Makes the journal whole and the index anew, from sources and journal.
pub(super) fn rebuild(context: &Context, args: &LedgerRebuildArgs) -> Result<Exit, Failure> {
    let dir = context.ledger_dir();
    // Before anything is changed: without the sources there would be no plan afterwards.
    let sources = context.open_sources()?;
    let observer = progress::observer(&context.common);
    let repair = Ledger::repair(&dir, args.drop_damaged).map_err(|error| absent(context, error))?;
    for notice in &repair.notices {
        super::say(&format!("{notice}\n"));
    }
    let mut ledger = Ledger::open_existing(&dir)?;
    say_notices(&ledger);
    let known = ledger.pins()?.count() as u64;
    let overview = plan::make(context, &sources, &mut ledger, context.settings(&args.reading), observer.as_ref())?;
    let mut report = plan::report(context, "ledger rebuild", &ledger, Some(overview))?;
    if !report.balanced {
        return Err(plan::unbalanced(&report));
    }
    let came_back: u64 =
        [ledger.counts(), ledger.comments(), ledger.deliveries()].iter().map(crate::ledger::Counts::sent).sum();
    report.ending = format!(
        "Rebuilt from sources and journal. {} had been sent, and {} of them stand in the plan again with what became of them.{}",
        counted(known, "message"),
        count(came_back),
        if came_back < known {
            " The others are not in today's sources, or are to be sent anew; the journal keeps them."
        } else {
            ""
        }
    );
    ledger.write_summary("at rest", serde_json::Value::Null)?;
    if let Some(aside) = repair.aside
        && let Err(error) = std::fs::remove_dir_all(&aside)
    {
        super::say(&format!("note: the former index {} could not be removed: {error}\n", aside.display()));
    }
    ledger.close()?;
    let exit = if report.is_incomplete() { Exit::Incomplete } else { Exit::Done };
    plan::finish(context, report, exit)
}

/// What is said where there is no ledger, rather than to make one; any other error says itself what to do.
fn absent(context: &Context, error: LedgerError) -> Failure {
    match error {
        LedgerError::Absent { path } => Failure::usage(
            format!("there is no ledger at {}: nothing was planned yet", path.display()),
            format!("start with: {}", context.command("plan")),
        ),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::ledger::{Ledger, State};
    use crate::plan::testing::Folder;
    use std::path::Path;

    #[test]
    fn a_last_line_that_was_whole_once_is_called_damaged_and_nothing_else() {
        let folder = Folder::new();
        folder.write("a.eml", "From: a@x\nDate: Sun, 27 Jan 2019 10:00:00 +0000\nMessage-ID: <a@x>\n\na\n");
        let mut ledger = folder.open_ledger();
        folder.plan(&mut ledger, "");
        ledger.mark(&[(0, State::Sending)]).unwrap();
        ledger.mark(&[(0, State::Accepted { uid: "u".into() })]).unwrap();
        let dir = ledger.dir().to_owned();
        ledger.close().unwrap();
        let path = dir.join("journal.jsonl");
        let whole = std::fs::read(&path).unwrap();
        let said = |journal: &[u8]| {
            std::fs::write(&path, journal).unwrap();
            let checkup = Ledger::check(&dir).unwrap();
            (checkup.damaged, text(Path::new("m.ledger"), &checkup))
        };
        let mut flipped = whole.clone();
        let place = flipped.len() - 20;
        flipped[place] ^= 1;
        let (damaged, words) = said(&flipped);
        assert_eq!(damaged, 1, "{words}");
        assert!(words.contains("line 2 (byte ") && words.contains("its checksum does not match"), "{words}");
        assert!(
            words.contains("Index     plan ") && words.contains("not compared with the damaged journal"),
            "{words}"
        );
        for contradiction in ["half-written", "it ends there", "none that can be read"] {
            assert!(!words.contains(contradiction), "{contradiction}: {words}");
        }
        let (damaged, words) = said(&whole[..whole.len() - 5]);
        assert!(damaged == 1 && words.contains("it has no end") && !words.contains("no damage"), "{words}");
        let line = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let (damaged, words) = said(&whole[..line]);
        assert!(damaged == 1 && words.contains("its end is missing"), "{words}");
        // What no index has seen is what a crash leaves.
        let (damaged, words) = said(&[&whole[..], b"{\"accep"].concat());
        assert!(damaged == 0 && words.contains("half-written") && words.contains("Sound"), "{words}");
        assert!(said(&whole).1.contains(" compared with the journal, "));
    }
}
