//! Who was treated as us: the table that somebody who knows the team approves.

use super::{Section, rendered, shown};
use crate::plan::{Overview, OwnAuthor};
use crate::report::Particulars;
use crate::words::{count, counted};
use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<p>Messages of these {{ people }} are outbound: written by us. If a customer is among them, or a colleague is not, mend <code>[ours]</code>, <code>[agents]</code> or a rule and plan again: direction cannot be changed once it is in Front.</p>
{% if rows.is_empty() %}<p class="note bad">Nobody was treated as us: every message counts as written by a customer.</p>
{% else %}{% if unplaced > 0 %}<p class="note fair">{{ unplaced }} on our domains {% if unplaced == 1 %}is{% else %}are{% endif %} neither a teammate nor one of our addresses: whose {% if unplaced == 1 %}is it{% else %}are they{% endif %}?</p>
{% endif %}<table class="list approve"><thead><tr><th scope="col" class="tick"><span class="only-print">ok</span><span class="unseen">to be ticked on paper</span></th><th scope="col">Author</th><th scope="col" class="number">Messages</th><th scope="col">Because</th><th scope="col">In Front</th></tr></thead><tbody>
{% for row in rows %}<tr><td class="tick"></td><td class="address">{{ row.handle }}</td><td class="number" data-what="messages">{{ row.messages }}</td><td>{{ row.because }}</td><td>{% if row.is_unplaced %}<span class="tag fair">whose is it?</span>{% else if let Some(teammate) = row.teammate %}{{ teammate }}{% else %}<span class="soft">no teammate: the name alone</span>{% endif %}</td></tr>
{% endfor %}</tbody></table>
{% if let Some(more) = more %}<p class="soft">{{ more }} not listed; <code>{{ requests }} FILE.jsonl</code> has every message with its direction.</p>
{% endif %}{% endif %}"##
)]
struct Us<'a> {
    people: String,
    unplaced: u64,
    rows: Vec<Row>,
    more: Option<String>,
    requests: &'a str,
}

struct Row {
    handle: String,
    messages: String,
    because: String,
    teammate: Option<String>,
    is_unplaced: bool,
}

pub(super) fn section(plan: &Overview, particulars: &Particulars) -> Section {
    let authors = &plan.own_authors;
    let all = authors.first.len() as u64 + authors.left_out;
    let us = Us {
        people: counted(all, "author"),
        unplaced: authors.unplaced,
        rows: authors.first.iter().map(row).collect(),
        more: (authors.left_out > 0).then(|| {
            format!("{} {}", counted(authors.left_out, "more author"), if authors.left_out == 1 { "is" } else { "are" })
        }),
        requests: &particulars.commands.requests,
    };
    Section { id: "us", title: "Treated as us", mark: Some(count(all)), content: rendered(&us) }
}

fn row(author: &OwnAuthor) -> Row {
    let because: Vec<String> =
        author.because.iter().map(|(why, messages)| format!("{} ({})", shown(why), count(*messages))).collect();
    Row {
        handle: shown(&author.handle),
        messages: count(author.messages),
        because: because.join(", "),
        teammate: author.teammate.as_deref().map(shown),
        is_unplaced: author.is_unplaced,
    }
}
