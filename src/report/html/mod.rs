//! The report as one page for people: a pure function of the model, without a clock, and without anything that a browser
//! would fetch.
//!
//! The page holds what strangers wrote. Every text goes through [`shown`] and askama's escaping, mails go through
//! [`mail`], and a policy in the page's head forbids the browser everything but this page's own script, styles and the
//! pictures that lie in it.

mod around;
mod changes;
mod charts;
mod conversations;
mod details;
mod diff;
mod mail;
mod plain;
mod problems;
mod rules;
#[cfg(test)]
mod tests;
mod us;
mod verdict;

use super::{Particulars, Report};
use crate::words::printable;
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// How every report begins, so that no other file is taken for one.
pub const MARK: &str = "<!DOCTYPE html>\n<!-- threadlift report: holds personal data from the mails -->\n";

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>{{ title }}</title>
<style>
{{ style|safe }}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header>
<p class="privacy"><strong>Personal data:</strong> this file holds names, addresses and messages from the export. Keep it as you keep the export, and delete it when it has served.</p>
<p class="brand">threadlift <span>{{ version }}</span></p>
<h1>{{ heading }} <span class="file">{{ mapping }}</span></h1>
<p class="facts">{% if !plan_id.is_empty() %}plan <code>{{ plan_id }}</code> · {% endif %}ledger <code>{{ ledger }}</code>{% if let Some(written) = written %} · written {{ written }}{% endif %}</p>
</header>
<nav aria-label="Contents">
<ul>
{% for section in sections %}<li><a href="#{{ section.id }}">{{ section.title }}{% if let Some(mark) = section.mark %} <span class="count">{{ mark }}</span>{% endif %}</a></li>
{% endfor %}</ul>
</nav>
<main id="main" tabindex="-1">
{% for section in sections %}<section id="{{ section.id }}" aria-labelledby="{{ section.id }}-title">
<h2 id="{{ section.id }}-title">{{ section.title }}</h2>
{{ section.content|safe }}</section>
{% endfor %}</main>
<script>{{ script|safe }}</script>
</body>
</html>
"##
)]
struct Page<'a> {
    policy: String,
    title: String,
    style: &'static str,
    script: &'static str,
    version: &'static str,
    heading: &'static str,
    mapping: String,
    plan_id: &'a str,
    ledger: String,
    written: Option<&'a str>,
    sections: Vec<Section>,
}

/// A part of the page.
struct Section {
    id: &'static str,
    title: &'static str,
    /// What stands behind its title in the contents.
    mark: Option<String>,
    content: String,
}

/// The page.
#[must_use]
pub fn page(report: &Report, particulars: &Particulars) -> String {
    let heading = match report.command {
        "plan" => "Plan of",
        "rehearse" => "Rehearsal of",
        "import" => "Import of",
        "retry" => "Retry of",
        "verify" => "Verification of",
        "prepare" => "Preparation of",
        "finish" => "Conversations of",
        "deliver" => "Deliveries of",
        _ => "Status of",
    };
    let page = Page {
        policy: policy(),
        title: shown(&format!("{heading} {} · threadlift", report.mapping)),
        style: STYLE,
        script: SCRIPT,
        version: env!("CARGO_PKG_VERSION"),
        heading,
        mapping: shown(&report.mapping),
        plan_id: &report.plan_id,
        ledger: shown(&report.ledger),
        written: particulars.written.as_deref(),
        sections: sections(report, particulars),
    };
    format!("{MARK}{}", rendered(&page))
}

/// The parts, in the order in which people decide.
fn sections(report: &Report, particulars: &Particulars) -> Vec<Section> {
    let mut sections = vec![verdict::section(report)];
    sections.extend(around::section(report));
    sections.extend(report.diff.as_ref().map(diff::section));
    if let Some(plan) = &report.plan {
        sections.push(us::section(plan, particulars));
        sections.push(charts::section(plan, report));
    }
    sections.push(problems::section(&particulars.problems, particulars));
    if let Some(plan) = &report.plan {
        sections.push(changes::section(plan, particulars));
        sections.extend(changes::sent_before(plan, particulars));
        sections.push(rules::section(plan, particulars));
    }
    sections.push(conversations::section(report, &particulars.conversations, particulars));
    sections.push(details::section(report, particulars));
    sections
}

/// What a browser may do with the page: run its one script, by its digest, and show what lies in it.
fn policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

/// Foreign text on one line, without what would turn or hide others.
fn shown(text: &str) -> String {
    printable(text)
}

fn rendered(template: &impl Template) -> String {
    // Writing into a String cannot fail; a page without this part would be noticed.
    template.render().unwrap_or_default()
}
