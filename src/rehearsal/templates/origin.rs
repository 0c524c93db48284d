//! Where a message comes from, and what became of it on the way.

use askama::Template;

use super::super::origins::Known;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<p class="crumbs"><a href="/web/conversations/{{ conversation }}#{{ message }}">← {{ subject }}</a></p>
<h1>Origin and changes</h1>
<p class="summary"><code>{{ external_id }}</code></p>
{% if known.accounts.is_empty() %}<p class="empty">Nothing is known of this message's origin.</p>{% endif %}
{% for account in known.accounts %}<article class="account" aria-label="Record {{ loop.index }}">
<dl class="lines">{% for (name, value) in account.lines %}<dt>{{ name }}</dt><dd dir="auto">{{ value }}</dd>{% endfor %}</dl>
{% for text in account.long %}<details><summary>{{ text.name }}</summary><pre tabindex="0">{{ text.text }}</pre>
{% if text.is_cut %}<p class="cut">It goes on: the rest is left out here.</p>{% endif %}</details>
{% endfor %}{% if let Some(original) = account.original %}<details><summary>Original, as it lies in the source ({{ super::counted(original.size, "byte") }})</summary><pre tabindex="0">{{ original.text }}</pre>
{% if original.is_cut %}<p class="cut">The rest is left out here.</p>{% endif %}</details>{% endif %}
</article>
{% endfor %}{% if known.left_out > 0 %}<p class="cut">{{ super::counted(known.left_out, "more record") }} of this message {% if known.left_out == 1 %}is{% else %}are{% endif %} not shown.</p>
{% endif %}"##
)]
pub(in super::super) struct OriginPage<'a> {
    /// `cnv_…` and `msg_…`, to go back to.
    pub(in super::super) conversation: &'a str,
    pub(in super::super) message: &'a str,
    pub(in super::super) subject: &'a str,
    pub(in super::super) external_id: &'a str,
    pub(in super::super) known: &'a Known,
}
