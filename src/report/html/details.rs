//! What else the plan knows, and what this file leaves out.

use super::changes::notes;
use super::{Section, rendered, shown};
use crate::plan::{MAX_AUTHORS, MAX_CHANGE_KINDS};
use crate::report::text::{active, finishing};
use crate::report::{Particulars, Report};
use crate::words::{count, counted, size};
use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"{% if !notes.is_empty() %}<h3>Notes</h3>
<ul>{% for note in notes %}<li>{{ note }}</li>
{% endfor %}</ul>
{% endif %}{% if !facts.is_empty() %}<dl class="figures">
{% for (what, figure) in facts %}<div><dt>{{ what }}</dt><dd>{{ figure }}</dd></div>
{% endfor %}</dl>
{% endif %}<h3>What this file leaves out</h3>
<ul>
<li>It lists at most {{ bounds.problems }} problems, {{ bounds.authors }} authors and {{ bounds.changes }} kinds of changes, and shows at most {{ bounds.conversations }} conversations of {{ bounds.messages }} messages, of long texts the beginning. Where something is left out, it says how much.</li>
<li>Every record, with its request: <code>{{ requests }} FILE.jsonl</code></li>
<li>One message, with place, reasons and history: <code>{{ show }} ID</code></li>
<li>The whole import, to click through: <code>{{ rehearse }}</code></li>
</ul>
"##
)]
struct Details<'a> {
    notes: Vec<String>,
    facts: Vec<(&'static str, String)>,
    bounds: Bounds,
    requests: &'a str,
    show: &'a str,
    rehearse: &'a str,
}

struct Bounds {
    problems: String,
    authors: String,
    changes: String,
    conversations: String,
    messages: String,
}

pub(super) fn section(report: &Report, particulars: &Particulars) -> Section {
    let mut facts = Vec::new();
    let mut said = Vec::new();
    if let Some(plan) = &report.plan {
        said = notes(plan);
        let left_out = plan.left_out;
        if left_out.messages > 0 {
            let files = counted(left_out.files, "file");
            let figure = format!("{files} ({}) of {}", size(left_out.bytes), counted(left_out.messages, "message"));
            facts.push(("Too large for a request, named in the text", figure));
        }
        if let Some(finishing) = finishing(plan) {
            facts.push(("Beside messages", finishing));
        }
        if let Some(active) = active(plan.active) {
            facts.push(("Active HTML, which Front sanitises", active));
        }
        for (inbox, messages) in &plan.also_in {
            facts.push(("Also for another inbox", format!("{} ({})", shown(inbox), count(*messages))));
        }
        if plan.assigned > 0 {
            facts.push(("Assigned by rules", counted(plan.assigned, "conversation")));
        }
    }
    let commands = &particulars.commands;
    let details = Details {
        notes: said,
        facts,
        bounds: Bounds {
            problems: count(particulars.bounds.problems),
            authors: count(MAX_AUTHORS as u64),
            changes: count(MAX_CHANGE_KINDS as u64),
            conversations: count(particulars.bounds.conversations),
            messages: count(particulars.bounds.messages),
        },
        requests: &commands.requests,
        show: &commands.show,
        rehearse: &commands.rehearse,
    };
    Section { id: "details", title: "Notes and details", mark: None, content: rendered(&details) }
}
