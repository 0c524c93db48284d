//! The text of the mapping: every guess with what it was guessed from, and TODO where nothing decides.

mod mails;
mod page;
mod rules;
mod tables;

pub use page::Todo;
pub(super) use page::{Page, quoted, shown};
pub(super) use tables::source_for_trial;

use super::{Looked, Survey};
use crate::mapping::{self, MappingErrors};
use crate::words::{count, counted, size};
use std::path::Path;

/// A mapping, written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Lines that ask for something, in order.
    pub todos: Vec<Todo>,
}

impl Written {
    /// Is it a mapping, but for the lines that ask for what no plan can be made without?
    ///
    /// # Errors
    /// What else is wrong with it: a bug.
    pub fn check(&self, path: &Path) -> Result<(), MappingErrors> {
        let Err(errors) = mapping::parse(path, &self.text) else { return Ok(()) };
        let is_asked = |line: usize| self.todos.iter().any(|todo| todo.is_needed && todo.line == line);
        if errors.diagnostics().iter().all(|found| is_asked(found.line)) { Ok(()) } else { Err(errors) }
    }
}

impl Survey {
    /// The mapping that comes of what was seen and answered.
    #[must_use]
    pub fn mapping(&self) -> Written {
        let mut page = Page::default();
        self.head(&mut page);
        self.target(&mut page);
        mails::ours(self, &mut page);
        mails::agents(self, &mut page);
        page.blank();
        for (index, export) in self.mails.iter().enumerate() {
            mails::source(self, index, export, &mut page);
        }
        for (index, export) in self.tables.iter().enumerate() {
            tables::source(self, index, export, &mut page);
        }
        rules::defaults(self, &mut page);
        rules::notes(self, &mut page);
        rules::labels(self, &mut page);
        rules::threads(self, &mut page);
        rules::rules(self, &mut page);
        page.blank();
        page.comment(
            "The import is silent: conversations arrive archived, and Front's rules (auto-replies among them) do not run.",
        );
        let (text, todos) = page.into_parts();
        Written { text, todos }
    }

    fn head(&self, page: &mut Page) {
        page.comment("Written by `threadlift init` from what it saw. Behind each guess stands what it was guessed from; TODO marks what");
        page.comment(
            "only you can know. Change whatever is wrong, then: threadlift plan, and look at who was treated as us.",
        );
        for left in self.left.iter().filter(|left| !left.remedy.is_empty()).take(10) {
            let files =
                if left.files > 1 { format!(" and {}", counted(left.files - 1, "other file")) } else { String::new() };
            page.comment(&format!("Not read: {}{files}: {}; {}", shown(&left.name), left.what, left.remedy));
        }
        if self.is_cut {
            page.comment(
                "There are more files than were looked at. The folders below are read whole; what else than was seen lies in \
                 them, nobody has looked at.",
            );
        }
        page.blank();
        page.line("version = 1");
    }

    fn target(&self, page: &mut Page) {
        page.blank();
        page.header("[target]");
        let what = "the exact name of the inbox in Front, or its id (inb_…)";
        if let Some(inbox) = &self.answers.inbox {
            page.code(&format!("inbox = {}", quoted(inbox)), what);
        } else {
            page.todo(&format!("inbox = {}", quoted(self.usual_inbox())), what, false);
        }
    }
}

/// How much was looked at, in words.
pub(super) fn looked(looked: &Looked, what: &str) -> String {
    let files = if looked.files == looked.all_files {
        counted(looked.files, "file")
    } else {
        format!("{} of {}", count(looked.files), counted(looked.all_files, "file"))
    };
    let mut said = format!("looked at {} {what} in {files}, {}", count(looked.entries), size(looked.bytes));
    if looked.cut_files > 0 {
        let of = if looked.cut_files == 1 && looked.files == 1 {
            "it".to_owned()
        } else {
            format!("each of {}", counted(looked.cut_files, "large file"))
        };
        said = format!("{said} of {}: of {of} only the beginning", size(looked.all_bytes));
    }
    if looked.bad > 0 {
        said = format!("{said}; {} of them could not be read, which `threadlift plan` names", count(looked.bad));
    }
    if looked.is_out_of_time {
        said = format!("{said}; then the time for it was over");
    }
    said
}
