//! What is wrong: by kind with the remedy, and one by one in a list that can be searched.

use super::{Section, rendered, shown};
use crate::report::{Particulars, Problem, Problems};
use crate::words::{count, counted};
use askama::Template;

/// Most bytes of the list, as they stand in the page.
const MAX_BYTES: usize = 6_000_000;

/// What a row holds beside its texts, in bytes, or a little less.
const ROW: usize = 120;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"{% if kinds.is_empty() %}<p class="note good">Nothing is wrong: no record is unreadable, rejected or refused.</p>
{% else %}<table class="list"><thead><tr><th scope="col">What</th><th scope="col" class="number">Records</th><th scope="col">Cause and remedy</th></tr></thead><tbody>
{% for kind in kinds %}<tr><td><span class="tag {{ kind.tone }}">{{ kind.status }}</span></td><td class="number" data-what="records">{{ kind.records }}</td><td>{{ kind.cause }}{% if !kind.remedy.is_empty() %}<br><span class="soft">{{ kind.remedy }}</span>{% endif %}</td></tr>
{% endfor %}</tbody></table>
{% if let Some(more) = more_kinds %}<p class="soft">{{ more }} of further kinds are not told apart here.</p>
{% endif %}<h3 id="list-title">One by one</h3>
<form class="search" id="search" hidden>
<label>Search <input type="search" id="query" autocomplete="off" spellcheck="false" placeholder="a file, an address, a cause"></label>
<label>Show <select id="status"><option value="">everything</option>{% for (status, number) in statuses %}<option value="{{ status }}">{{ status }} ({{ number }})</option>{% endfor %}</select></label>
</form>
<p id="found" class="soft" role="status"></p>
<table class="list problems" id="problem-list" aria-labelledby="list-title"><thead><tr><th scope="col">What</th><th scope="col">Place and id</th><th scope="col">Cause</th></tr></thead><tbody>
{% for row in rows %}<tr><td><span class="tag {{ row.tone }}">{{ row.status }}</span></td><td><b>{{ row.place }}</b>{% if !row.id.is_empty() %}<br>{{ row.id }}{% endif %}<br><i>{{ row.source }}</i></td><td>{{ row.cause }}{% if !row.detail.is_empty() %}<br><i>{{ row.detail }}</i>{% endif %}</td></tr>
{% endfor %}</tbody></table>
<p><button type="button" id="more" hidden>Show more</button></p>
{% if let Some(more) = more %}<p class="note fair">{{ more }} not in this list. <code>{{ rejects }} DIR</code> writes the original of each with its cause, and <code>{{ requests }} FILE.jsonl</code> names every record.</p>
{% else %}<p class="soft">Originals of all that cannot be sent: <code>{{ rejects }} DIR</code>.</p>
{% endif %}{% endif %}"##
)]
struct List<'a> {
    kinds: Vec<Kind>,
    more_kinds: Option<String>,
    statuses: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    more: Option<String>,
    rejects: &'a str,
    requests: &'a str,
}

struct Kind {
    status: &'static str,
    tone: &'static str,
    records: String,
    cause: String,
    remedy: String,
}

struct Row {
    status: &'static str,
    tone: &'static str,
    place: String,
    source: String,
    id: String,
    cause: String,
    detail: String,
}

pub(super) fn section(problems: &Problems, particulars: &Particulars) -> Section {
    let rows = rows(&problems.listed);
    let left_out = problems.left_out + (problems.listed.len() - rows.len()) as u64;
    let mut statuses: Vec<(&'static str, u64)> = Vec::new();
    for row in &rows {
        match statuses.iter_mut().find(|(status, _)| *status == row.status) {
            Some((_, number)) => *number += 1,
            None => statuses.push((row.status, 1)),
        }
    }
    let list = List {
        kinds: problems
            .kinds
            .iter()
            .map(|kind| Kind {
                status: kind.status,
                tone: tone(kind.status),
                records: count(kind.records),
                cause: shown(&kind.cause),
                remedy: shown(&kind.remedy),
            })
            .collect(),
        more_kinds: (problems.kinds_left_out > 0).then(|| counted(problems.kinds_left_out, "record")),
        statuses: statuses.into_iter().map(|(status, number)| (status, count(number))).collect(),
        more: (left_out > 0)
            .then(|| format!("{} {}", counted(left_out, "record"), if left_out == 1 { "is" } else { "are" })),
        rows,
        rejects: &particulars.commands.rejects,
        requests: &particulars.commands.requests,
    };
    let all = problems.listed.len() as u64 + problems.left_out;
    Section { id: "problems", title: "Problems", mark: Some(count(all)), content: rendered(&list) }
}

/// As many as there is room for.
fn rows(listed: &[Problem]) -> Vec<Row> {
    let mut room = MAX_BYTES;
    let mut rows = Vec::new();
    for problem in listed {
        let row = Row {
            status: problem.status,
            tone: tone(problem.status),
            place: shown(&problem.place),
            source: shown(&problem.source),
            id: shown(&problem.id),
            cause: shown(&problem.cause),
            detail: shown(&problem.detail),
        };
        let texts = [&row.place, &row.source, &row.id, &row.cause, &row.detail];
        let size = ROW + texts.into_iter().map(|text| escaped(text)).sum::<usize>();
        if size > room {
            break;
        }
        room -= size;
        rows.push(row);
    }
    rows
}

/// Bytes of a text once it is escaped.
fn escaped(text: &str) -> usize {
    text.bytes().map(|byte| if matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\'') { 5 } else { 1 }).sum()
}

fn tone(status: &str) -> &'static str {
    match status {
        "missing" | "refused" => "bad",
        "different" | "unknown" | "unreadable" | "rejected" => "fair",
        _ => "",
    }
}
