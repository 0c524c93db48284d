//! Plans on top of a plan: what has not changed since is not read again.

use crate::generate::{self, Kind};
use crate::table::{self, Figures, Row};
use crate::{Outcome, Scene, size_of};
use memchr::memmem;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Files that are planned first; there is one more.
const FILES: usize = 100;

/// A file that was written less than two seconds ago might be written to again unseen, so that it is read.
const SETTLED: Duration = Duration::from_millis(2_100);

const SOURCE: &str = "format = \"mbox\"\npath = \"boxes/*\"";

pub(crate) fn again(messages: u64) -> Outcome {
    let scene = Scene::new()?;
    let whole = scene.path("whole.mbox");
    let messages = generate::mbox(&whole, Kind::Small, messages, u64::MAX)?;
    let export = fs::read(&whole)?;
    fs::remove_file(&whole)?;
    let mails = mails_of(&export);
    let boxes = scene.path("boxes");
    fs::create_dir(&boxes)?;
    for (number, mails) in mails.chunks(mails.len().div_ceil(FILES + 1)).enumerate() {
        fs::write(boxes.join(format!("{number:03}.mbox")), mails.concat())?;
    }
    let last = boxes.join(format!("{FILES:03}.mbox"));
    let kept = scene.path("last.mbox");
    fs::rename(&last, &kept)?;
    scene.mapping(SOURCE)?;
    std::thread::sleep(SETTLED);

    let figures = Figures { messages, bytes: size_of(&boxes)? };
    table::title("plans on top of plans, small mails in 100 mbox files", figures);
    let first = scene.plan()?;
    let row = |what: &str, took| table::row(&Row { what, took, figures, beside: first });
    row("from nothing", first);
    row("the same again", scene.plan_again()?);
    scene.mapping(&format!("{SOURCE}\n[[rule]]\nwhen = {{ sender = \"nobody@x.example\" }}\ntags = [\"nobody\"]"))?;
    row("after a change of the rules", scene.plan_again()?);
    fs::rename(&kept, &last)?;
    row("with one file more", scene.plan_again()?);
    newest_first(&boxes, &mails)?;
    row("the same mails in one new file, the newest first", scene.plan_again()?);
    Ok(())
}

/// Where a blank line and a separator stand, a mail ends.
fn mails_of(export: &[u8]) -> Vec<&[u8]> {
    let mut starts: Vec<usize> = memmem::find_iter(export, b"\n\nFrom ").map(|at| at + 2).collect();
    starts.insert(0, 0);
    let ends = starts.iter().skip(1).copied().chain([export.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| export.get(*start..end)).collect()
}

fn newest_first(boxes: &Path, mails: &[&[u8]]) -> Outcome {
    fs::remove_dir_all(boxes)?;
    fs::create_dir(boxes)?;
    let mails: Vec<&[u8]> = mails.iter().rev().copied().collect();
    Ok(fs::write(boxes.join("all.mbox"), mails.concat())?)
}
