//! What is changed in messages on the way, and what was sent differently before.

use super::{Section, rendered, shown};
use crate::plan::{ChangeKind, Overview, is_expected};
use crate::report::text::decisions;
use crate::report::{ChangeExample, Particulars};
use crate::words::{count, counted};
use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<p>{{ on_the_way }} changed on the way, beside plain text that was made HTML. Nothing is changed without a line here; <code>{{ show }} ID</code> shows a message with its own changes.</p>
{% if kinds.is_empty() %}<p class="note good">No message is changed.</p>
{% endif %}{% for kind in kinds %}<details class="kind"><summary><span class="number">{{ kind.messages }}</span> {{ kind.change }}{% if kind.is_expected %} <span class="soft">as expected</span>{% endif %}</summary>
<ul>{% for example in kind.examples %}<li><b>{{ example.id }}</b> <span class="soft">{{ example.place }}</span>{% if example.change != kind.change %}<br>{{ example.change }}{% endif %}</li>{% endfor %}</ul>{% if let Some(more) = kind.more %}<p class="soft">{{ more }}</p>{% endif %}</details>
{% endfor %}{% if let Some(more) = more %}<p class="soft">{{ more }}</p>
{% endif %}<p class="soft">{{ looked_at }} <code>{{ requests }} FILE.jsonl</code> has every change of every message.</p>
"##
)]
struct Changed<'a> {
    on_the_way: String,
    show: &'a str,
    kinds: Vec<Kind>,
    more: Option<String>,
    looked_at: String,
    requests: &'a str,
}

struct Kind {
    change: String,
    messages: String,
    is_expected: bool,
    examples: Vec<ChangeExample>,
    more: Option<String>,
}

pub(super) fn section(plan: &Overview, particulars: &Particulars) -> Section {
    let examples = &particulars.changes;
    let mut kinds: Vec<&ChangeKind> = plan.changes.first.iter().collect();
    // What nearly every message has says least.
    kinds.sort_by_key(|kind| is_expected(&kind.change));
    let content = Changed {
        on_the_way: format!("{} {}", counted(plan.changed, "message"), if plan.changed == 1 { "is" } else { "are" }),
        show: &particulars.commands.show,
        kinds: kinds.into_iter().map(|kind| of_kind(kind, particulars)).collect(),
        more: (plan.changes.left_out > 0)
            .then(|| format!("{} more kinds are not listed.", count(plan.changes.left_out))),
        looked_at: format!("Examples come from {}, spread over all.", counted(examples.looked_at, "message")),
        requests: &particulars.commands.requests,
    };
    Section { id: "changes", title: "Changes", mark: Some(count(plan.changed)), content: rendered(&content) }
}

/// The examples that were found, and the one that the plan knows of in any case.
fn of_kind(kind: &ChangeKind, particulars: &Particulars) -> Kind {
    let mut examples = particulars.changes.kinds.get(&kind.change).cloned().unwrap_or_default();
    if examples.iter().all(|example| example.id != kind.id) {
        let (change, id, place) = (kind.change.clone(), kind.id.clone(), kind.place.clone());
        examples.insert(0, ChangeExample { change, id, place });
    }
    let more = kind.messages.saturating_sub(examples.len() as u64);
    let examples = examples.into_iter().map(|example| ChangeExample {
        change: shown(&example.change),
        id: shown(&example.id),
        place: shown(&example.place),
    });
    Kind {
        change: shown(&kind.change),
        messages: count(kind.messages),
        is_expected: is_expected(&kind.change),
        examples: examples.collect(),
        more: (more > 0).then(|| format!("and {} more", counted(more, "message"))),
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<p>Front keeps what it has; nothing is sent again.</p>
<dl class="figures">
{% for (what, number) in figures %}<div><dt>{{ what }}</dt><dd>{{ number }}</dd></div>
{% endfor %}</dl>
{% if !ways.is_empty() %}<h3>Sent differently, in these ways</h3>
<table class="list short"><thead><tr><th scope="col">What</th><th scope="col" class="number">Messages</th></tr></thead><tbody>
{% for (way, number) in ways %}<tr><td>{{ way }}</td><td class="number" data-what="messages">{{ number }}</td></tr>
{% endfor %}</tbody></table>
{% endif %}{% if !ids.is_empty() %}<details><summary>Which: {{ ids.len() }} of them</summary><ul>{% for id in ids %}<li>{{ id }}</li>{% endfor %}</ul><p class="soft"><code>{{ show }} ID</code> shows each.</p></details>
{% endif %}"##
)]
struct Before<'a> {
    figures: Vec<(&'static str, String)>,
    ways: Vec<(String, String)>,
    ids: Vec<String>,
    show: &'a str,
}

/// What an earlier import sent and this plan would send otherwise, or holds no longer; nothing if there is none of it.
pub(super) fn sent_before(plan: &Overview, particulars: &Particulars) -> Option<Section> {
    let figures = [
        ("Sent differently", plan.sent_differently),
        ("Sent and gone from the sources", plan.sent_and_gone),
        ("Would be there twice", plan.doubles),
        ("Conversations that turned out to be one", plan.rejoined),
    ];
    let figures: Vec<(&str, String)> =
        figures.into_iter().filter(|(_, number)| *number > 0).map(|(what, number)| (what, count(number))).collect();
    if figures.is_empty() {
        return None;
    }
    let before = Before {
        figures,
        ways: plan.differences.first.iter().map(|(way, number)| (shown(way), count(*number))).collect(),
        ids: plan.sent_differently_ids.iter().chain(&plan.double_ids).map(|id| shown(id)).collect(),
        show: &particulars.commands.show,
    };
    let mark = Some(count(plan.sent_differently + plan.sent_and_gone));
    Some(Section { id: "before", title: "Sent before", mark, content: rendered(&before) })
}

/// What must not be overlooked, the most grave first.
pub(super) fn notes(plan: &Overview) -> Vec<String> {
    let mut notes: Vec<String> = decisions(plan).into_iter().chain(plan.notes.iter().cloned()).collect();
    notes.sort_by_key(|note| !note.starts_with("ATTENTION"));
    notes.iter().map(|note| shown(note)).collect()
}
