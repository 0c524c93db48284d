//! `ledger rebuild`: the journal is made whole, the index is set aside to be planned anew.
//!
//! A half-written end is cut off. Anything more is a loss, and needs the user's word. Then the good lines are written to a
//! journal of their own, and what the index still knows of lost lines follows them: that the message was sent, and that its fate is
//! unknown, so that it keeps its id, thread and inbox and is sent again first, with the same id and bytes.

use super::checkup::readable;
use super::entry::{State, Verdict};
use super::error::LedgerError;
use super::fact::Fact;
use super::home;
use super::index::Watermark;
use super::journal::{self, FactReader, Survey, place};
use super::ledger::{Current, Ledger};
use super::lines;
use super::lock::Lock;
use super::renewal::former;
use super::rescue;
use super::scan::{Scan, scan};
use super::standing::{self, Standings};
use super::stored::Reached;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Losses that are named one by one.
const MOST_NAMED: usize = 10;
const LINE_LOST: &str = "its last line in the journal was damaged";

/// What was done to make a ledger fit for planning anew.
#[derive(Debug, Default)]
pub struct Repair {
    /// In sentences for the user.
    pub notices: Vec<String>,
    /// The former index, which may be deleted when the new plan stands.
    pub aside: Option<PathBuf>,
}

impl Ledger {
    /// Makes the journal of the ledger at `dir` whole and sets its index aside, so that planning again restores all that can be.
    ///
    /// # Errors
    /// [`LedgerError::Lossy`] if something would be lost and `drop_damaged` is not set: nothing is changed then. Locked, newer,
    /// absent, not a ledger, or refused by the system.
    pub fn repair(dir: &Path, drop_damaged: bool) -> Result<Repair, LedgerError> {
        let is_formatted = match home::prepare(dir, false) {
            Err(LedgerError::Damaged { .. }) => false,
            prepared => prepared.map(|()| true)?,
        };
        let _lock = Lock::take(dir)?;
        let mut repair = Repair::default();
        let format = if is_formatted { home::check(dir) } else { Err(home::no_format(dir)) };
        match &format {
            Err(LedgerError::Damaged { .. }) | Ok(()) => {}
            Err(_) => return format.map(|()| repair),
        }
        home::tidy_indexes(dir)?;
        let index = readable(dir);
        let found = found(dir, index.as_ref().map(|(_, watermark)| watermark))?;
        if let Err(error) = format {
            if found.scan.lines == 0 && index.is_none() {
                return Err(error);
            }
            home::write_format(dir)?;
            repair.notices.push(format!("The file format was written anew ({error})."));
        }
        if !found.losses.is_empty() && !drop_damaged {
            return Err(LedgerError::Lossy { path: dir.to_path_buf(), losses: found.losses });
        }
        if found.losses.is_empty() {
            let survey = Survey { good: found.scan.good, size: found.scan.bytes, last: None, target: None };
            repair.notices.extend(journal::cut_torn_tail(dir, &survey)?);
        } else {
            repair.notices.push(rewrite(dir, &found, index.as_ref().map(|(current, _)| current))?);
        }
        let path = home::index_path(dir);
        if path.exists() {
            let is_open = index.is_some();
            drop(index);
            if is_open {
                rescue::await_closed(&path)?;
            }
            let aside = home::free_name(dir, "sled.aside");
            fs::rename(&path, &aside).map_err(LedgerError::io(&path, "set aside"))?;
            home::sync_dir(dir)?;
            repair.aside = Some(aside);
        }
        Ok(repair)
    }
}

/// What is wrong with a journal.
struct Found {
    scan: Scan,
    losses: Vec<String>,
}

fn found(dir: &Path, watermark: Option<&Watermark>) -> Result<Found, LedgerError> {
    let path = home::journal_path(dir);
    let mut losses = Vec::new();
    let scan = match scan(dir, |_, _, _| ()) {
        Ok(scan) => scan,
        Err(LedgerError::Damaged { .. }) => {
            losses.push(format!("{} is missing: nothing would be known of what was sent", path.display()));
            Scan::default()
        }
        Err(error) => return Err(error),
    };
    let damaged = scan.damages().count();
    for bad in scan.damages().take(MOST_NAMED) {
        losses.push(format!("{}, {}: {}", path.display(), place(bad.number, bad.offset), bad.what));
    }
    if damaged > MOST_NAMED {
        losses.push(format!("and {} more places", damaged - MOST_NAMED));
    }
    // Of a journal of which lines are missing the end stands elsewhere: what counts is where it was written for.
    let end = scan.kept.last().map_or(0, |kept| kept.end);
    if let Some(watermark) = watermark.filter(|watermark| watermark.offset > end && !path_is_missing(&losses)) {
        losses.push(format!(
            "{}, byte {}: its end is missing, {} bytes that had been written",
            path.display(),
            scan.good,
            watermark.offset - end
        ));
    }
    Ok(Found { scan, losses })
}

fn path_is_missing(losses: &[String]) -> bool {
    losses.iter().any(|loss| loss.contains("is missing: nothing"))
}

/// Writes the journal anew from its good lines and what the index knows of the others. Says what was done.
fn rewrite(dir: &Path, found: &Found, index: Option<&Current>) -> Result<String, LedgerError> {
    let path = home::journal_path(dir);
    let draft = dir.join("journal.new");
    let io = |error| LedgerError::io(&draft, "write")(error);
    let file = home::private_file().write(true).create(true).truncate(true).open(&draft).map_err(io)?;
    let mut out = Out { file: BufWriter::new(file), length: 0, line: Vec::new() };
    let mut standings = Standings::default();
    let mut failed = None;
    if path.exists() {
        scan(dir, |fact, json, _| {
            if failed.is_none() {
                standings.note(fact, out.length);
                failed = out.write(json).err();
            }
        })?;
    }
    if let Some(error) = failed {
        return Err(io(error));
    }
    out.file.flush().map_err(io)?;
    let mut remade = Remade::default();
    if let Some(current) = index {
        let mut facts = FactReader::at(&draft)?;
        remade = remake(dir, current, found, &standings, &mut facts, &mut out)?;
    }
    out.file.flush().and_then(|()| out.file.get_ref().sync_all()).map_err(io)?;
    let mut copied = String::new();
    if path.exists() {
        let aside = home::free_name(dir, "journal.damaged");
        fs::rename(&path, &aside).map_err(LedgerError::io(&path, "set aside"))?;
        copied = format!(" The damaged journal is kept as {}.", aside.display());
    }
    fs::rename(&draft, &path).map_err(LedgerError::io(&path, "replace"))?;
    home::sync_dir(dir)?;
    let known = match (index, remade.sent) {
        (None, _) => "The index could not be read either, so nothing is known of what they said.".to_owned(),
        (Some(_), 0) => "The index knows of no message that they alone told of.".to_owned(),
        (Some(_), sent) => format!(
            "Messages that they told of and the index knew: {sent}. Where no other line says what became of one, it counts as sent \
             without an answer, and is sent again first, under the same id."
        ),
    };
    let renewed = match remade.renewed {
        0 => String::new(),
        renewed => format!(" New ids that it knew, too: {renewed}; the messages keep them."),
    };
    Ok(format!(
        "Damaged and gone from the journal:{}\n{} good lines were kept. {known}{renewed}{copied}",
        found.losses.iter().fold(String::new(), |text, loss| text + "\n  " + loss),
        found.scan.lines
    ))
}

/// A journal being written.
struct Out {
    file: BufWriter<fs::File>,
    length: u64,
    line: Vec<u8>,
}

impl Out {
    fn write(&mut self, json: &[u8]) -> std::io::Result<()> {
        self.line.clear();
        lines::write_line(&mut self.line, json, self.length);
        self.length += self.line.len() as u64;
        self.file.write_all(&self.line)
    }

    fn write_fact(&mut self, dir: &Path, fact: &Fact) -> Result<(), LedgerError> {
        let written = serde_json::to_vec(fact).map_err(std::io::Error::from).and_then(|json| self.write(&json));
        written.map_err(LedgerError::io(&home::journal_path(dir), "write"))
    }
}

/// Messages of which lost lines were written again.
#[derive(Debug, Default)]
struct Remade {
    /// That they were sent.
    sent: u64,
    /// That they have new ids.
    renewed: u64,
}

/// Writes again what lost lines said, as far as the index knows it.
fn remake(
    dir: &Path,
    current: &Current,
    found: &Found,
    standings: &Standings,
    facts: &mut FactReader,
    out: &mut Out,
) -> Result<Remade, LedgerError> {
    let mut remade = Remade::default();
    for position in 0..current.plan.planned {
        // Where the index is damaged itself it knows nothing.
        let Ok(Some(entry)) = current.index.entry(position) else { continue };
        let Verdict::Planned(planned) = &entry.verdict else { continue };
        if let Some(former) = former(&planned.external_id)
            && !standings.renewals().is_known(&planned.external_id)
        {
            remade.renewed += 1;
            let renewed_as = planned.external_id.clone();
            out.write_fact(dir, &Fact::Renewed { external_id: former, renewed_as })?;
        }
        let hash = standing::hash(&planned.external_id);
        let stored = current.index.state(position).ok().flatten();
        let is_lost = stored.is_some_and(|stored| {
            stored.reached != Reached::Planned && stored.reached != Reached::Refused && !found.scan.has(stored.line)
        });
        let last = standings.last(&hash);
        if !is_lost && (last.is_none() || standings.sending(&hash).is_some()) {
            continue;
        }
        remade.sent += 1;
        if standings.sending(&hash).is_none() {
            out.write_fact(dir, &current.fact(&entry, planned, &State::Sending))?;
        }
        let after = match last.filter(|_| !is_lost) {
            Some(line) => facts.read(line)?,
            None => current.fact(&entry, planned, &State::Unknown { why: LINE_LOST.to_owned() }),
        };
        out.write_fact(dir, &after)?;
    }
    Ok(remade)
}
