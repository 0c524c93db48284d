//! What `threadlift probe` has found out about Front, in the file that `findings` of `[target]` names.

use super::findings::{Findings, quoted};
use super::section::Section;
use super::when::Place;
use super::{Mapping, MappingErrors, diagnostic};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The only version of the file so far.
pub const FINDINGS_VERSION: u32 = 1;

/// Requests of other sizes were not tried, so such a number was typed by mistake.
const SIZES: std::ops::RangeInclusive<i64> = 1_000_000..=100_000_000;

/// Names of the findings that the engine follows.
pub mod finding {
    /// Whether an import makes tags that do not exist.
    pub const UNKNOWN_TAGS: &str = "unknown_tags";
    /// What makes Front show a file within the text.
    pub const INLINE_IMAGES: &str = "inline_images";
    /// Bytes of the largest request that was taken.
    pub const LARGEST_REQUEST: &str = "largest_request";
    /// What a repeated external id is answered with.
    pub const REPEATED_ID: &str = "repeated_id";
    /// Whether the ids of what was deleted can be used again.
    pub const DELETED_IDS: &str = "deleted_ids";
}

/// The file: what was found, where, when, and by what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingsFile {
    /// [`FINDINGS_VERSION`].
    pub version: u32,
    /// The company whose Front it is (`cmp_…`).
    pub company_id: String,
    /// As shown in Front.
    pub company: String,
    /// The inbox that was tried (`inb_…`).
    pub inbox_id: String,
    /// The day.
    pub date: String,
    /// By name.
    pub finding: BTreeMap<String, Finding>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// What holds; absent if it could not be settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<toml::Value>,
    /// Why it could not be settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsettled: Option<String>,
    /// What was seen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// The day.
    pub date: String,
}

/// What tells Front which file a `cid:` in the text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inline {
    /// The header Content-ID of the file's part.
    ContentId,
    /// The file's name.
    Filename,
}

/// What of a findings file is followed.
#[derive(Debug, Clone)]
pub struct Probed {
    /// The file as the mapping names it.
    pub name: String,
    /// Where the mapping names it.
    pub at: Place,
    /// BLAKE3 of the file: another file makes another plan.
    pub digest: [u8; 32],
    /// The company of which it speaks.
    pub company_id: String,
    /// Its name.
    pub company: String,
    /// The day.
    pub date: String,
    /// Imports make the tags that are missing.
    pub are_tags_made: bool,
    /// How files are told that stand within the text; nothing is done about it where that did not work.
    pub inline: Option<Inline>,
    /// Bytes of the largest request.
    pub largest_request: Option<u64>,
    /// A repeated id is swallowed: the same message stays, whatever is answered.
    pub are_repeats_swallowed: bool,
    /// Ids of deleted messages can (not) be used again; not known without `probe --permanently`.
    pub are_deleted_ids_free: Option<bool>,
}

impl FindingsFile {
    /// As it is written.
    ///
    /// # Errors
    /// If a value is none that TOML has.
    pub fn to_text(&self) -> Result<String, toml::ser::Error> {
        let begin = "# What `threadlift probe` has found out about this company's Front. A mapping names this file by `findings` under\n\
                     # [target]; threadlift then follows what makes an import better or safer, and says so in the plan.\n";
        Ok(format!("{begin}{}", toml::to_string_pretty(self)?))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.finding.get(name)?.value.as_ref()?.as_str()
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.finding.get(name)?.value.as_ref()?.as_integer()
    }

    fn followed(&self, name: &str, at: Place, digest: [u8; 32]) -> Probed {
        let largest = self.number(finding::LARGEST_REQUEST).filter(|bytes| SIZES.contains(bytes));
        Probed {
            name: name.to_owned(),
            at,
            digest,
            company_id: self.company_id.clone(),
            company: self.company.clone(),
            date: self.date.clone(),
            are_tags_made: self.text(finding::UNKNOWN_TAGS) == Some("made"),
            inline: match self.text(finding::INLINE_IMAGES) {
                Some("content-id") => Some(Inline::ContentId),
                Some("filename") => Some(Inline::Filename),
                _ => None,
            },
            largest_request: largest.and_then(|bytes| u64::try_from(bytes).ok()),
            are_repeats_swallowed: matches!(self.text(finding::REPEATED_ID), Some("same uid" | "new uid")),
            are_deleted_ids_free: match self.text(finding::DELETED_IDS) {
                Some("free") => Some(true),
                Some("burnt") => Some(false),
                _ => None,
            },
        }
    }
}

impl Probed {
    /// What is followed, one sentence each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("found out on {} in {} ({}), and followed:", self.date, self.company, self.name)];
        if self.are_tags_made {
            lines.push("imports make the tags that are missing: --create-tags is not needed".to_owned());
        }
        match self.inline {
            Some(Inline::ContentId) => {
                lines.push("pictures within mails are named by the header Content-ID of their parts".to_owned());
            }
            Some(Inline::Filename) => {
                lines
                    .push("pictures within mails are named by their Content-ID in place of their file name".to_owned());
            }
            None => {}
        }
        if let Some(bytes) = self.largest_request {
            lines.push(format!("requests of up to {bytes} bytes are sent"));
        }
        if self.are_repeats_swallowed {
            lines.push("a repeated external id makes no second message".to_owned());
        }
        match self.are_deleted_ids_free {
            Some(true) => lines.push("what was deleted in Front can come again under its old id".to_owned()),
            Some(false) => lines.push("what was deleted in Front comes again only under a new id".to_owned()),
            None => {}
        }
        if lines.len() == 1 {
            lines.push("nothing: the careful defaults hold".to_owned());
        }
        lines
    }
}

/// `findings = "front-findings.toml"`: the name of a file, and where it stands. Only [`follow`] reads it.
pub(super) fn named(found: &mut Findings, target: &Section) -> Option<(String, Place)> {
    let name = target.text(found, "findings")?;
    Some((name.value.to_owned(), found.place_of(&name.at)))
}

/// Reads the findings that the mapping names, below its folder.
pub(super) fn follow(mut mapping: Mapping) -> Result<Mapping, MappingErrors> {
    let Some((name, at)) = mapping.target.findings.clone() else { return Ok(mapping) };
    let wrong = |title: String, label: &str| {
        let help =
            "`threadlift probe --inbox SCRATCH` writes such a file; without `findings` the careful defaults hold";
        diagnostic(&mapping, (at.line, at.column), at.width, title, label, help)
    };
    let bytes = std::fs::read(mapping.base.join(&name))
        .map_err(|error| wrong(format!("cannot read {}: {error}", quoted(&name)), "no such findings"))?;
    let read = std::str::from_utf8(&bytes).map_err(|error| error.to_string());
    let read = read.and_then(|text| toml::from_str::<FindingsFile>(text).map_err(|error| error.message().to_owned()));
    let file =
        read.map_err(|why| wrong(format!("{} does not hold findings: {why}", quoted(&name)), "not a findings file"))?;
    if file.version != FINDINGS_VERSION {
        return Err(wrong(format!("{} has version {}", quoted(&name), file.version), "unknown version"));
    }
    let probed = file.followed(&name, at, blake3::hash(&bytes).into());
    mapping.target.probed = Some(probed);
    Ok(mapping)
}
