//! How the plan differs from the one before.

use super::{Section, rendered, shown};
use crate::plan::PlanDiff;
use crate::words::{count, counted};
use askama::Template;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"{% if let Some(why) = unavailable %}<p class="note">Nothing to compare with: {{ why }}</p>
{% else %}<p>{{ changed }} planned otherwise than before, {{ same }} as before.</p>
{% for kind in kinds %}<details class="kind"><summary><span class="number">{{ kind.messages }}</span> {{ kind.what }}</summary>
<ul>{% for (id, place) in kind.examples %}<li><b>{{ id }}</b> <span class="soft">{{ place }}</span></li>{% endfor %}</ul></details>
{% endfor %}{% if let Some(more) = more %}<p class="soft">{{ more }} not listed.</p>
{% endif %}{% endif %}"##
)]
struct Diff {
    unavailable: Option<String>,
    changed: String,
    same: String,
    kinds: Vec<Kind>,
    more: Option<String>,
}

struct Kind {
    what: String,
    messages: String,
    examples: Vec<(String, String)>,
}

pub(super) fn section(diff: &PlanDiff) -> Section {
    let kinds = diff.kinds.iter().map(|kind| Kind {
        what: shown(&kind.what),
        messages: count(kind.messages),
        examples: kind.examples.iter().map(|example| (shown(&example.id), shown(&example.place))).collect(),
    });
    let content = Diff {
        unavailable: diff.unavailable.as_deref().map(shown),
        changed: counted(diff.changed, "message"),
        same: count(diff.same),
        kinds: kinds.collect(),
        more: (diff.left_out > 0)
            .then(|| format!("{} {}", counted(diff.left_out, "kind"), if diff.left_out == 1 { "is" } else { "are" })),
    };
    let mark = Some(count(diff.changed));
    Section { id: "diff", title: "Otherwise than before", mark, content: rendered(&content) }
}
