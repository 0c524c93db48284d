//! Tables of products for which a ready mapping comes with the program. A table is one of these if the source of the ready
//! mapping opens it: then all columns that it names are there.

use super::SCRATCH_HEAD;
use crate::mapping::{self, Format, Mapping};
use crate::source::{self, Watch};
use crate::survey::text::quoted;
use std::path::Path;

/// A product, and its ready mapping.
struct Product {
    name: &'static str,
    title: &'static str,
    ready: &'static str,
}

const PRODUCTS: [Product; 5] = [
    Product {
        name: "livechat",
        title: "LiveChat's report with transcripts",
        ready: include_str!("../../../mappings/livechat.toml"),
    },
    Product { name: "tidio", title: "Tidio's table of messages", ready: include_str!("../../../mappings/tidio.toml") },
    Product {
        name: "intercom",
        title: "Intercom's table of conversation parts",
        ready: include_str!("../../../mappings/intercom.toml"),
    },
    Product {
        name: "gorgias",
        title: "Gorgias's tables of messages and tickets",
        ready: include_str!("../../../mappings/gorgias.toml"),
    },
    Product {
        name: "zendesk-chat",
        title: "Zendesk Chat as a table of messages",
        ready: include_str!("../../../mappings/zendesk-chat.toml"),
    },
];

/// A table that a ready mapping reads.
#[derive(Debug, Clone)]
pub(super) struct Recognised {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// The source of the ready mapping with these paths, line by line; lines that only the user can fill are marked.
    pub(super) lines: Vec<String>,
    /// The same as the engine sees it.
    pub(super) mapping: Mapping,
    /// The file that is its second table.
    pub(super) second: Option<String>,
}

/// Finds the product whose table lies at `path`. `beside`: other tables in the same folder.
pub(super) fn recognise(path: &str, beside: &[String], base: &Path, watch: &Watch<'_>) -> Option<Recognised> {
    PRODUCTS.iter().find_map(|product| {
        let seconds: Vec<Option<&String>> =
            if product.ready.contains("[source.join]") { beside.iter().map(Some).collect() } else { vec![None] };
        seconds.into_iter().find_map(|second| {
            let lines = source_lines(product.ready, path, second.map(String::as_str));
            let text = format!("{SCRATCH_HEAD}{}", lines.join("\n"));
            let mapping = mapping::parse(&base.join("look.toml"), &text).ok()?;
            source::open(&mapping, 0, watch).ok()?;
            Some(Recognised { name: product.name, title: product.title, lines, mapping, second: second.cloned() })
        })
    })
}

impl Recognised {
    /// The column of roles with the values that the ready mapping knows.
    pub(super) fn knows_role(&self, value: &str) -> Option<bool> {
        let Format::Csv(csv) = &self.mapping.sources.first()?.format else { return None };
        csv.columns.role.as_ref()?;
        Some(csv.roles.keys().any(|known| known.eq_ignore_ascii_case(value) || known == "*"))
    }

    /// The lines with all files of the group.
    pub(super) fn lines_for(&self, paths: &[String]) -> Vec<String> {
        if paths.len() < 2 {
            return self.lines.clone();
        }
        let all: Vec<String> = paths.iter().map(|path| quoted(path)).collect();
        let mut is_first = true;
        let replaced = |line: &String| {
            let is_path = line.trim_start().starts_with("path") && std::mem::take(&mut is_first);
            if is_path { format!("path   = [{}]", all.join(", ")) } else { line.clone() }
        };
        self.lines.iter().map(replaced).collect()
    }

    pub(super) fn role_column(&self) -> Option<&str> {
        let Format::Csv(csv) = &self.mapping.sources.first()?.format else { return None };
        csv.columns.role.as_deref()
    }
}

/// The source of a ready mapping, from its header on, with these files for its own and without what it asks to be changed.
fn source_lines(ready: &str, path: &str, second: Option<&str>) -> Vec<String> {
    let mut is_inside = false;
    let mut is_second = false;
    let mut lines = Vec::new();
    for line in ready.lines() {
        is_inside |= line == "[[source]]";
        if line == "[defaults]" {
            break;
        }
        if !is_inside {
            continue;
        }
        if line.starts_with('[') {
            is_second = line == "[source.join]";
        }
        let line = line.split("# CHANGE").next().unwrap_or(line).trim_end();
        let key = line.split('=').next().unwrap_or_default().trim();
        lines.push(match key {
            "path" => format!(
                "{}= {}",
                line.split('=').next().unwrap_or("path "),
                quoted(if is_second { second.unwrap_or_default() } else { path })
            ),
            // Nobody but the user knows whom a visitor wrote to.
            "recipient" if line.contains("your-company") => continue,
            // What went out between two blank lines leaves one.
            _ if line.is_empty() && lines.last().is_some_and(String::is_empty) => continue,
            _ => line.to_owned(),
        });
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_ready_mapping_the_source_is_taken_without_what_the_user_must_change() {
        for product in &PRODUCTS {
            let lines = source_lines(product.ready, "a \"b\".csv", Some("c.csv"));
            let text = format!("{SCRATCH_HEAD}{}", lines.join("\n"));
            let mapping = mapping::parse(Path::new("look.toml"), &text).unwrap_or_else(|errors| panic!("{errors}"));
            assert_eq!(mapping.sources[0].name, product.name);
            assert_eq!(mapping.sources[0].paths, ["a \"b\".csv"]);
            assert!(!text.contains("CHANGE") && !text.contains("your-company"), "{text}");
        }
    }
}
