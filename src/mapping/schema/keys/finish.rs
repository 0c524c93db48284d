//! What conversations get beside their messages, and what that is made of.

use super::keys;
#[cfg(test)]
use {
    crate::mapping::finish::{ContactsOf, Notes},
    crate::mapping::schema::values::{HeaderName, OneOrMore, Pattern, Tag, Teammate, Text},
    schemars::{JsonSchema, Schema},
    serde_json::json,
    std::collections::BTreeMap,
};

/// Values that messages say of their conversations, such as the number of a ticket, by names of your choice. In braces they stand in
/// links and custom fields. Of a list of places the first counts that says something.
///
/// ```toml
/// [values]
/// ticket = [{ header = "X-Ticket-ID" }, { subject = '\[#(\d+)\]' }, { column = "ticket_id" }]
/// customer = { header = "X-Account", pattern = '^[A-Z]+' }
/// ```
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(title = "[values]")]
#[allow(dead_code, clippy::zero_sized_map_values, reason = "described, and never filled")]
pub(in crate::mapping) struct Values(BTreeMap<String, OneOrMore<Place>>);

keys! {
    /// Where a message says something: in its subject, in a header or in a column, and in one of these only.
    ///
    /// ```toml
    /// [values]
    /// ticket = { subject = '\[#(\d+)\]' }
    /// plan = { header = "X-Plan", pattern = '\w+' }
    /// order = { column = "order_id" }
    /// ```
    #[schemars(title = "place of a value", transform = names_one)]
    struct Place requires [] {
        /// A pattern on the subject: its first group, or else all that it matches, is the value.
        #[schemars(example = &r"\[#(\d+)\]")]
        subject: Pattern,
        /// The first header field of this name that gives a value.
        #[schemars(example = &"X-Ticket-ID")]
        header: HeaderName,
        /// The cell under this column.
        #[schemars(example = &"ticket_id")]
        column: Text,
        /// What of it is the value: the first group, or else all that it matches; without it all of it. Not with `subject`.
        #[schemars(example = &r"\d+")]
        pattern: Pattern,
    }
}

#[cfg(test)]
pub(super) fn names_one(schema: &mut Schema) {
    let one = ["subject", "header", "column"].map(|key| json!({ "required": [key] }));
    schema.insert("oneOf".to_owned(), json!(one));
}

keys! {
    /// A link from the conversation in Front to where it was before. One address is one link in Front, however many conversations have
    /// it, and upper and lower case are not the same. Names in braces are those of [`[values]`](#values); a brace that stands for
    /// itself is doubled. Where a message lacks one of the values there is no link.
    ///
    /// ```toml
    /// [defaults]
    /// link = { url = "https://old.example/tickets/{ticket}", name = "Ticket {ticket}" }
    ///
    /// [values]
    /// ticket = { column = "ticket_id" }
    /// ```
    #[schemars(title = "link")]
    struct Link requires ["url"] {
        /// Its address. What stands in for a name is percent-encoded.
        #[schemars(example = &"https://old.example/tickets/7")]
        url: Text,
        /// What people read. Without it, the address.
        #[schemars(example = &"Ticket 7")]
        name: Text,
    }
}

keys! {
    /// Internal notes: rows whose kind is `"note"`, and mails of which a [rule](#rule) says `note = true`.
    ///
    /// ```toml
    /// [notes]
    /// into = "comments"
    /// ```
    #[schemars(title = "[notes]")]
    struct NotesTable requires [] {
        /// What becomes of them.
        #[schemars(extend("default" = "nothing"))]
        into: Notes,
    }
}

keys! {
    /// Contacts that `prepare` makes or completes before the import, so that people have their names: imported messages name nobody but
    /// their authors. What a contact has in Front already is never changed; what it lacks is added. Each person costs two requests.
    ///
    /// ```toml
    /// [contacts]
    /// of = "senders"
    /// lists = ["From the old helpdesk"]
    /// custom_fields = { "Origin" = "legacy" }
    /// ```
    #[schemars(title = "[contacts]")]
    struct ContactsTable requires ["of"] {
        /// Whose contacts are made.
        of: ContactsOf,
        /// Lists that each of them is put on; those that are missing are made.
        #[schemars(example = ["From the old helpdesk"])]
        lists: Vec<Tag>,
        /// Custom fields of contacts, which must exist in Front.
        #[schemars(example = json!({ "Origin": "legacy" }))]
        custom_fields: BTreeMap<String, Text>,
    }
}

keys! {
    /// How `prepare --create-inboxes` makes inboxes that the mapping names and Front lacks. An inbox is seen by nobody who is not
    /// named here.
    ///
    /// ```toml
    /// [target]
    /// inbox = "Archive"
    /// new_inboxes = { workspace = "Support", teammates = ["alt:email:nell@acme.example"] }
    /// ```
    #[schemars(title = "new_inboxes of the target")]
    struct NewInboxes requires [] {
        /// Their workspace, by its name or id. Without it Front takes the oldest.
        #[schemars(example = &"Support")]
        workspace: Text,
        /// Who sees them.
        teammates: Vec<Teammate>,
    }
}
