//! Tables of products for which a ready mapping comes with the program. A table is one of these if all columns that the ready
//! mapping names are there.

use super::{SCRATCH_HEAD, listed};
use crate::mapping::{self, CsvMapping, Format, Mapping};
use crate::source::{has_columns, has_joined_columns};
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
    /// The source of the ready mapping with these paths, line by line; lines that only the user can fill are left out.
    pub(super) lines: Vec<String>,
    /// The same as the engine sees it.
    pub(super) mapping: Mapping,
    /// Which of the tables beside it are its second table.
    pub(super) seconds: Vec<usize>,
}

/// Tables with the same columns, as a product is sought among them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'a> {
    pub(super) names: &'a [String],
    /// How the mapping names the files.
    pub(super) paths: &'a [String],
}

/// Finds the product whose tables these are. `beside`: other tables in the same folders, each with a number.
pub(super) fn recognise(table: Columns<'_>, beside: &[(usize, Columns<'_>)], base: &Path) -> Option<Recognised> {
    PRODUCTS.iter().find_map(|product| {
        let parsed = |seconds: &[String]| {
            let lines = source_lines(product.ready, table.paths, seconds);
            let text = format!("{SCRATCH_HEAD}{}", lines.join("\n"));
            Some((lines, mapping::parse(&base.join("look.toml"), &text).ok()?))
        };
        let (lines, mapping) = parsed(&["second".to_owned()])?;
        let csv = csv(&mapping)?;
        if !has_columns(csv, table.names) {
            return None;
        }
        let (name, title) = (product.name, product.title);
        if csv.join.is_none() {
            return Some(Recognised { name, title, lines, mapping, seconds: Vec::new() });
        }
        let found: Vec<&(usize, Columns<'_>)> =
            beside.iter().filter(|(_, table)| has_joined_columns(csv, table.names)).collect();
        let paths: Vec<String> = found.iter().flat_map(|(_, table)| table.paths).cloned().collect();
        let seconds: Vec<usize> = found.iter().map(|(number, _)| *number).collect();
        let (lines, mapping) = parsed(&paths).filter(|_| !seconds.is_empty())?;
        Some(Recognised { name, title, lines, mapping, seconds })
    })
}

fn csv(mapping: &Mapping) -> Option<&CsvMapping> {
    match &mapping.sources.first()?.format {
        Format::Csv(csv) => Some(csv),
        _ => None,
    }
}

impl Recognised {
    /// The column of roles with the values that the ready mapping knows.
    pub(super) fn knows_role(&self, value: &str) -> Option<bool> {
        let csv = csv(&self.mapping)?;
        csv.columns.role.as_ref()?;
        Some(csv.roles.keys().any(|known| known.eq_ignore_ascii_case(value) || known == "*"))
    }

    pub(super) fn role_column(&self) -> Option<&str> {
        csv(&self.mapping)?.columns.role.as_deref()
    }
}

/// The source of a ready mapping, from its header on, with these files for its own and without what it asks to be changed.
fn source_lines(ready: &str, paths: &[String], seconds: &[String]) -> Vec<String> {
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
            "path" => {
                let before = line.split('=').next().unwrap_or("path ");
                format!("{before}= {}", listed(if is_second { seconds } else { paths }))
            }
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
            let lines = source_lines(product.ready, &["a \"b\".csv".to_owned()], &["c.csv".to_owned()]);
            let text = format!("{SCRATCH_HEAD}{}", lines.join("\n"));
            let mapping = mapping::parse(Path::new("look.toml"), &text).unwrap_or_else(|errors| panic!("{errors}"));
            assert_eq!(mapping.sources[0].name, product.name);
            assert_eq!(mapping.sources[0].paths, ["a \"b\".csv"]);
            assert!(!text.contains("CHANGE") && !text.contains("your-company"), "{text}");
        }
    }
}
