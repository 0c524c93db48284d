//! How the mapping fared: rules with what they matched and decided, what has no effect, labels and tags.

use super::{Section, rendered, shown};
use crate::plan::{Listed, Overview};
use crate::report::Particulars;
use crate::words::{count, counted};
use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"{% if rows.is_empty() %}<p>The mapping has no rules.</p>
{% else %}<table class="list"><thead><tr><th scope="col">Rule</th><th scope="col" class="number">Line</th><th scope="col" class="number">Records that match</th><th scope="col" class="number">Decides for</th></tr></thead><tbody>
{% for rule in rows %}<tr><th scope="row">rule {{ rule.number }}</th><td class="number" data-what="is its line">{{ rule.line }}</td><td class="number" data-what="records match">{{ rule.matched }}</td><td class="number" data-what="decided">{% if rule.decided == "0" %}<span class="tag fair">nothing</span>{% else %}{{ rule.decided }}{% endif %}</td></tr>
{% endfor %}</tbody></table>
{% endif %}{% if !warnings.is_empty() %}<h3>Without effect on these sources</h3>
<ul class="warnings">{% for warning in warnings %}<li><strong>Line {{ warning.line }}: {{ warning.title }}.</strong> {{ warning.label }}. <span class="soft">{{ warning.help }}</span></li>
{% endfor %}</ul>
{% endif %}{% for list in lists %}<h3>{{ list.title }}</h3>
<table class="list short"><thead><tr><th scope="col">{{ list.what }}</th><th scope="col" class="number">{{ list.number }}</th></tr></thead><tbody>
{% for (name, number) in list.lines %}<tr><td>{{ name }}</td><td class="number" data-what="{{ list.number|lower }}">{{ number }}</td></tr>
{% endfor %}</tbody></table>
{% if let Some(more) = list.more %}<p class="soft">{{ more }} not listed; <code>{{ requests }} FILE.jsonl</code> has those of every record.</p>
{% endif %}{% endfor %}"##
)]
struct Rules<'a> {
    rows: Vec<Rule>,
    warnings: Vec<Warning>,
    lists: Vec<List>,
    requests: &'a str,
}

struct Rule {
    number: usize,
    line: usize,
    matched: String,
    decided: String,
}

struct Warning {
    line: usize,
    title: String,
    label: String,
    help: String,
}

struct List {
    title: &'static str,
    what: &'static str,
    number: &'static str,
    lines: Vec<(String, String)>,
    more: Option<String>,
}

pub(super) fn section(plan: &Overview, particulars: &Particulars) -> Section {
    let lists = [
        list("Labels that become no tag", "Label", "Records", &plan.unlisted_labels),
        list("Tags", "Tag", "Conversations", &plan.tagged),
    ];
    let rules = Rules {
        rows: (1..)
            .zip(&plan.rules)
            .map(|(number, rule)| Rule {
                number,
                line: rule.line,
                matched: count(rule.matched),
                decided: count(rule.decided),
            })
            .collect(),
        warnings: plan
            .warnings
            .iter()
            .map(|warning| Warning {
                line: warning.line,
                title: shown(&warning.title),
                label: shown(&warning.label),
                help: shown(&warning.help),
            })
            .collect(),
        lists: lists.into_iter().flatten().collect(),
        requests: &particulars.commands.requests,
    };
    let mark = (!plan.warnings.is_empty()).then(|| counted(plan.warnings.len() as u64, "warning"));
    Section { id: "rules", title: "Rules and labels", mark, content: rendered(&rules) }
}

fn list(title: &'static str, what: &'static str, number: &'static str, listed: &Listed) -> Option<List> {
    let lines: Vec<_> = listed.first.iter().map(|(name, number)| (shown(name), count(*number))).collect();
    let more = (listed.left_out > 0)
        .then(|| format!("{} more {}", count(listed.left_out), if listed.left_out == 1 { "is" } else { "are" }));
    (!lines.is_empty()).then_some(List { title, what, number, lines, more })
}
