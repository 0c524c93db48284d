//! Where a message comes from, and what became of it on the way.

use askama::Template;

use super::super::origins::Account;

#[derive(Template)]
#[template(
    ext = "html",
    source = r##"<p class="crumbs"><a href="/web/conversations/{{ conversation }}#{{ message }}">← {{ subject }}</a></p>
<h1>Origin and changes</h1>
<p class="summary"><code>{{ external_id }}</code></p>
{% if accounts.is_empty() %}<p class="empty">Nothing is known of this message's origin.</p>{% endif %}
{% for account in accounts %}<article class="account" aria-label="Record {{ loop.index }}">
<dl class="lines">{% for (name, value) in account.lines %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
{% for (name, text) in account.long %}<details><summary>{{ name }}</summary><pre tabindex="0">{{ text }}</pre></details>
{% endfor %}{% if let Some(original) = account.original %}<details><summary>Original, as it lies in the source ({{ original.size }} bytes)</summary><pre tabindex="0">{{ original.text }}</pre>
{% if original.is_cut %}<p class="cut">The rest is left out here.</p>{% endif %}</details>{% endif %}
</article>
{% endfor %}"##
)]
pub(in super::super) struct OriginPage<'a> {
    /// `cnv_…` and `msg_…`, to go back to.
    pub(in super::super) conversation: &'a str,
    pub(in super::super) message: &'a str,
    pub(in super::super) subject: &'a str,
    pub(in super::super) external_id: &'a str,
    pub(in super::super) accounts: &'a [Account],
}
