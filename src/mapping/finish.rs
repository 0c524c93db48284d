//! What a conversation gets beside its messages: links, custom fields, a ticket status, followers, notes; and who its people are.

use super::choice::choice;
use super::findings::{Findings, any_of, did_you_mean, quoted};
use super::schema::keys;
use super::section::{Section, Text, text_of, wrong_type};
use super::template::{Template, template};
use super::value;
use super::when::{Named, NamedBy};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::DeValue;

/// `[values]`: name → where a message says it; of several places the first that says something.
pub type Values = BTreeMap<String, Vec<Named>>;

/// A link of a conversation to where it was before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its address. What stands in for a name in braces is percent-encoded.
    pub url: Template,
    /// What people read; Front shows the address without it.
    pub name: Option<Template>,
}

/// Custom fields: name in Front → value.
pub type CustomFields = BTreeMap<String, Template>;

/// What a rule, or the defaults, give a conversation once all of it is in Front.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finish {
    /// A link.
    pub link: Option<Link>,
    /// Ticket status, by its name or id (`sts_…`).
    pub status: Option<String>,
    /// Custom fields of the conversation.
    pub custom_fields: CustomFields,
    /// Teammates who follow it: ids or aliases.
    pub followers: Vec<String>,
}

impl Finish {
    /// Does it give nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

choice! {
    /// What becomes of internal notes.
    pub enum Notes {
        /// Comments of their conversation, which only teammates see; `finish` writes them. Front dates them by the day on which they are
        /// written, so who wrote them and when stands in their first line.
        Comments = "comments",
        /// Messages of type custom within their conversation, with their dates. Whoever forwards the conversation forwards them, too.
        Messages = "messages",
        /// They are left out, and counted as skipped.
        Nothing = "nothing",
    }
}

choice! {
    /// Whose contacts are made before the import.
    pub enum ContactsOf {
        /// Everybody who wrote to us.
        Senders = "senders",
        /// Everybody who wrote to us or whom we wrote to.
        Everybody = "everybody",
    }
}

/// `[contacts]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts {
    /// Whose.
    pub of: ContactsOf,
    /// Lists that each of them is put on.
    pub lists: Vec<String>,
    /// Custom fields of contacts, name → value.
    pub custom_fields: BTreeMap<String, String>,
}

/// `new_inboxes` of `[target]`: how inboxes are made that are missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewInboxes {
    /// The workspace, by its name or id (`tim_…`); Front's oldest without it.
    pub workspace: Option<String>,
    /// The teammates who see them: ids or aliases.
    pub teammates: Vec<String>,
}

/// `[values]`
pub(super) fn values(found: &mut Findings, root: &Section) -> Values {
    let mut values = Values::new();
    for (name, value) in root.free_section(found, "values").entries() {
        if name.value.trim() != name.value || name.value.is_empty() || name.value.contains(['{', '}']) {
            let title = format!("{} is no name of a value", quoted(name.value));
            found.report(&name.at, title, "blank, or with braces", "choose a plain word, such as `ticket`");
            continue;
        }
        let places = places(found, &name, value);
        values.insert(name.value.to_owned(), places);
    }
    values
}

/// One place where a value stands, or a list of them.
fn places(found: &mut Findings, name: &Text, value: &Spanned<DeValue<'_>>) -> Vec<Named> {
    let one = Section::one(found, name.value, value, keys::Place::KEYS);
    let sections = match (value.get_ref(), one) {
        (DeValue::Table(_), Some(section)) => vec![section],
        (DeValue::Array(array), _) if !array.is_empty() => Section::tables(found, name.value, array, keys::Place::KEYS),
        _ => {
            let help = format!("write `{} = {{ header = \"X-Ticket-ID\" }}`, or a list of such tables", name.value);
            wrong_type(found, value, name.value, "a table or a list of tables", help);
            Vec::new()
        }
    };
    sections.iter().filter_map(|section| named(found, section, &format!("`{}`", name.value))).collect()
}

/// Where a message says something: a pattern on its subject, or a header or a column with or without one.
pub(super) fn named(found: &mut Findings, section: &Section, what: &str) -> Option<Named> {
    let given: Vec<&str> =
        ["subject", "header", "column"].into_iter().filter(|key| section.value(key).is_some()).collect();
    let [key] = given.as_slice() else {
        let help = "name one: `subject = '\\[#(\\d+)\\]'`, `header = \"X-Ticket-ID\"` or `column = \"ticket\"`";
        let title = if given.is_empty() { "names nothing" } else { "names several things" };
        found.report(&section.at, format!("{what} {title}"), "where does it stand?", help);
        return None;
    };
    if *key == "subject" {
        if let Some(at) = section.key_at("pattern") {
            let help = "write the pattern as the value of `subject`";
            found.report(&at, "`pattern` is for a header or a column", "of which value?", help);
        }
        let pattern = section.text(found, "subject").and_then(|text| value::regex(found, &text))?;
        return Some(Named { by: NamedBy::Subject, pattern: Some(pattern) });
    }
    let pattern = section.text(found, "pattern").and_then(|text| value::regex(found, &text));
    let name = section.text(found, key)?;
    let by = match *key {
        "header" => NamedBy::Header(value::header_name(found, &name)?),
        _ => NamedBy::Column(name.value.to_owned()),
    };
    Some(Named { by, pattern })
}

/// The keys of a rule that give its conversations something. Of the defaults, those that they have, too.
pub(super) fn finish(found: &mut Findings, table: &Section, values: &Values) -> Finish {
    Finish {
        link: link(found, table, values),
        status: table.text(found, "status").map(|text| text.value.to_owned()),
        custom_fields: custom_fields(found, table, values),
        followers: teammates(found, table, "followers"),
    }
}

/// A list of teammates.
fn teammates(found: &mut Findings, table: &Section, key: &str) -> Vec<String> {
    table.list(found, key).iter().filter_map(|text| value::teammate(found, text)).collect()
}

/// `link = { url = "…", name = "…" }`
pub(super) fn link(found: &mut Findings, table: &Section, values: &Values) -> Option<Link> {
    let section = table.section(found, "link", keys::Link::KEYS);
    if !section.is_present() {
        return None;
    }
    let url = section.required_text(found, "url", "\"https://old.example/tickets/{ticket}\"");
    let name = section.text(found, "name").and_then(|text| with_values(found, &text, values));
    let url = url.and_then(|text| {
        if ["https://", "http://"].iter().any(|scheme| text.value.starts_with(scheme)) {
            return with_values(found, &text, values);
        }
        let help = "begin it with `https://`; what changes from message to message stands in braces behind that";
        found.report(&text.at, format!("{} is no address", quoted(text.value)), "not an address of the web", help);
        None
    });
    Some(Link { url: url?, name })
}

/// `custom_fields = { "Old ticket" = "{ticket}" }`
pub(super) fn custom_fields(found: &mut Findings, table: &Section, values: &Values) -> CustomFields {
    let mut fields = CustomFields::new();
    for (name, value) in table.free_section(found, "custom_fields").entries() {
        let value = text_of(found, value, name.value).and_then(|text| with_values(found, &text, values));
        fields.extend(value.map(|value| (name.value.to_owned(), value)));
    }
    fields
}

/// A template whose names in braces are those of `[values]`.
fn with_values(found: &mut Findings, text: &Text, values: &Values) -> Option<Template> {
    let template = template(found, text)?;
    let known: Vec<&str> = values.keys().map(String::as_str).collect();
    let mut is_known = true;
    for name in template.names().filter(|name| !values.contains_key(*name)) {
        let otherwise = if known.is_empty() {
            format!("say where it stands: `[values]` with `{name} = {{ header = \"X-Ticket-ID\" }}`")
        } else {
            format!("[values] has {}", any_of(known.iter().copied()))
        };
        let help = did_you_mean(name, &known, otherwise);
        found.report(&text.at, format!("{} is not in [values]", quoted(name)), "a name in braces", help);
        is_known = false;
    }
    is_known.then_some(template)
}

/// `[notes]`
pub(super) fn notes(found: &mut Findings, root: &Section) -> Notes {
    let section = root.section(found, "notes", keys::NotesTable::KEYS);
    section.choice(found, "into").unwrap_or(Notes::Nothing)
}

/// `[contacts]`; none are made without it.
pub(super) fn contacts(found: &mut Findings, root: &Section) -> Option<Contacts> {
    let section = root.section(found, "contacts", keys::ContactsTable::KEYS);
    if !section.is_present() {
        return None;
    }
    if section.value("of").is_none() {
        section.missing(found, "of", "add `of = \"senders\"`, or `of = \"everybody\"`");
    }
    let of = section.choice(found, "of");
    let lists = section.list(found, "lists").iter().map(|text| text.value.to_owned()).collect();
    let fields = section.free_section(found, "custom_fields");
    let text = |(name, value): (Text, &Spanned<DeValue<'_>>)| {
        text_of(found, value, name.value).map(|text| (name.value.to_owned(), text.value.to_owned()))
    };
    let custom_fields = fields.entries().filter_map(text).collect();
    Some(Contacts { of: of?, lists, custom_fields })
}

/// `new_inboxes = { workspace = "…", teammates = ["…"] }`
pub(super) fn new_inboxes(found: &mut Findings, target: &Section) -> NewInboxes {
    let section = target.section(found, "new_inboxes", keys::NewInboxes::KEYS);
    NewInboxes {
        workspace: section.text(found, "workspace").map(|text| text.value.to_owned()),
        teammates: teammates(found, &section, "teammates"),
    }
}
