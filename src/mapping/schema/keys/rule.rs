//! `[[rule]]` and its conditions.

use super::keys;
#[cfg(test)]
use {
    super::Link,
    super::finish::names_one,
    crate::mapping::schema::values::{
        Archived, Day, Domain, HeaderName, OneOrMore, Pattern, Size, Tag, Teammate, Text,
    },
    crate::mapping::when::Direction,
    serde_json::json,
    std::collections::BTreeMap,
};

keys! {
    /// What becomes of messages that meet a condition. There may be any number of rules.
    ///
    /// ```toml
    /// [[rule]]
    /// when = { recipient = "billing@acme.example" }
    /// inbox = "Billing"
    /// tags = ["billing"]
    ///
    /// [[rule]]
    /// when = { header = { "X-Queue" = '^(?i)warranty' }, since = 2023-01-01 }
    /// assignee = "alt:email:nell@acme.example"
    /// archived = "no-leave-these-conversations-open"
    /// thread = { header = "X-Case" }
    ///
    /// [[rule]]
    /// when = { sender = "forms@acme.example" }
    /// direction = "inbound"
    ///
    /// [[rule]]
    /// when = { recipient = "notes@acme.example" }
    /// note = true
    ///
    /// [[rule]]
    /// when = { label = "Escalated" }
    /// link = { url = "https://old.example/cases/{case}", name = "Case {case}" }
    /// status = "Waiting"
    /// custom_fields = { "Case" = "{case}" }
    /// followers = ["alt:email:nell@acme.example"]
    ///
    /// [values]
    /// case = { header = "X-Case" }
    ///
    /// [[rule]]
    /// when = { before = 2015-01-01, not = { label = "Contracts" } }
    /// skip = "older than we keep"
    /// ```
    ///
    /// **All rules are asked, in order, and every one that matches applies.** Tags add up. Of what a message can have only one of (inbox,
    /// assignee, archived, direction, thread, the reason to skip it), the first rule that gives it decides, so what is special stands
    /// before what is general. A rule sees the direction as the rules before it left it.
    ///
    /// **Some things are of a whole conversation**: inbox, assignee, archived, status and each custom field. There the oldest message whose
    /// rules give one decides. Links and followers add up.
    /// Of a conversation that is in Front already the inbox and the archived state stay, and nobody new is assigned. Tags and skipping
    /// are of each message by itself. What `link`, `status`, `custom_fields` and `followers` give is there after `finish`.
    ///
    /// **A rule that does nothing is told.** `plan` warns at the rule's line, with counts, of a rule that never matches ("matches 0
    /// of 1,204 entries", and at the condition that no entry meets), of one that decides nothing because an earlier rule has decided
    /// all of it, and of an inbox into which nothing comes.
    ///
    /// **Which rule decided what** is said by `threadlift show MAPPING ID`, with the value in the message that met the condition.
    #[schemars(title = "[[rule]]")]
    struct Rule requires ["when"] {
        when: When,
        /// Exact name or id of the inbox for the conversation.
        #[schemars(example = &"Billing")]
        inbox: Text,
        /// Tags for the message. At most 64 characters each.
        #[schemars(example = ["billing"])]
        tags: Vec<Tag>,
        /// Teammate whom the conversation is assigned to: an alias or an id, as in [`[agents]`](#agents).
        #[schemars(example = &"alt:email:nell@acme.example")]
        assignee: Teammate,
        /// `true` archives the conversation, where [`[silence]`](#silence) leaves all others open; the long words leave it open.
        archived: Archived,
        /// The direction, against all other evidence.
        direction: Direction,
        thread: RuleThread,
        /// A link for the conversation, if the message says all that it is made of.
        link: Link,
        /// It is an internal note: see [`[notes]`](#notes). Of tables the kind column says so.
        #[schemars(extend("const" = true))]
        note: bool,
        /// Ticket status of the conversation, by its name or id, in companies that have ticketing.
        #[schemars(example = &"Waiting")]
        status: Text,
        /// Custom fields of the conversation, which must exist in Front, with values as in a link.
        #[schemars(example = json!({ "Origin": "legacy" }))]
        custom_fields: BTreeMap<String, Text>,
        /// Teammates who follow the conversation, and so hear of all that happens to it from then on.
        followers: Vec<Teammate>,
        /// Leaves the message out, with this reason in the balance. It stands alone in its rule, but for `when`.
        #[schemars(example = &"older than we keep")]
        skip: Text,
    }
}

keys! {
    /// The condition of a rule. Everything in it must hold; of a list one value is enough. Conditions go inside of each other by `any`,
    /// `all` and `not`, at most eight deep.
    ///
    /// ```toml
    /// [[rule]]
    /// when = { source = "mail", any = [
    ///   { label = ["Billing", "Invoices"] },
    ///   { subject = '(?i)\binvoice\b', has_attachment = true },
    ///   { all = [{ domain = "acme.example" }, { domain = "bank.example" }] },
    /// ], not = { folder = "Archive/2015" } }
    /// inbox = "Billing"
    ///
    /// [[rule]]
    /// when = { direction = "inbound", recipient = "help@acme.example", smaller = "20 MB", larger = "1 MB" }
    /// tags = ["large"]
    ///
    /// [[rule]]
    /// when = { column = { "department" = '^sales$' }, since = 2015-01-01, before = 2016-01-01 }
    /// inbox = "Sales"
    /// ```
    #[schemars(title = "when of a rule", extend("minProperties" = 1))]
    struct When requires [] {
        /// Name of the source it lies in.
        #[schemars(example = &"mail")]
        source: OneOrMore<Text>,
        /// One of its labels, letter by letter.
        #[schemars(example = &"Billing")]
        label: OneOrMore<Text>,
        /// The folder or mailbox file it lies in, below the fixed part of the source's `path`, or a folder above that.
        #[schemars(example = &"Archive/2019")]
        folder: OneOrMore<Text>,
        /// Its author's address or handle. Upper and lower case are the same.
        #[schemars(example = &"forms@acme.example")]
        sender: OneOrMore<Text>,
        /// An address or handle in To, Cc or Bcc, or the mailbox of Delivered-To, X-Original-To, Envelope-To or X-Delivered-To.
        #[schemars(example = &"billing@acme.example")]
        recipient: OneOrMore<Text>,
        /// Domain of its author's address or of one in To, Cc or Bcc.
        #[schemars(example = &"acme.example")]
        domain: OneOrMore<Domain>,
        /// A pattern that the subject holds.
        #[schemars(example = &r"(?i)\binvoice\b")]
        subject: Pattern,
        /// Header fields and the pattern that each holds; all of them must. Mails only.
        #[schemars(example = json!({ "X-Queue": "^returns" }), extend("minProperties" = 1))]
        header: BTreeMap<HeaderName, Pattern>,
        /// Columns and the pattern that the cell under each holds; all of them must. Tables only.
        #[schemars(example = json!({ "department": "^sales$" }), extend("minProperties" = 1))]
        column: BTreeMap<String, Pattern>,
        /// Its date is before this day.
        before: Day,
        /// Its date is on this day or later.
        since: Day,
        /// It has more bytes in its source.
        #[schemars(example = &"10 MB")]
        larger: Size,
        /// It has fewer bytes in its source.
        #[schemars(example = &"10 MB")]
        smaller: Size,
        /// Its direction, as far as the rules before this one left it.
        direction: Direction,
        /// Has it a file?
        has_attachment: bool,
        /// One of these conditions at least holds.
        #[schemars(length(min = 1), example = json!([{ "label": "a" }, { "label": "b" }]))]
        any: Vec<When>,
        /// Each of these conditions holds.
        #[schemars(length(min = 1), example = json!([{ "domain": "acme.example" }, { "domain": "bank.example" }]))]
        all: Vec<When>,
        /// This condition does not hold.
        #[schemars(example = json!({ "label": "Spam" }))]
        not: Box<When>,
    }
}

keys! {
    /// Where a message that the rule matches says the name of its conversation, such as a ticket's number: in its subject, in a header or
    /// in a column, and in one of these only. Messages with one name become one conversation.
    ///
    /// ```toml
    /// [[rule]]
    /// when = { sender = "tickets@acme.example" }
    /// thread = { subject = '\[#(\d+)\]' }
    ///
    /// [[rule]]
    /// when = { source = "mail", label = "Cases" }
    /// thread = { header = "X-Case", pattern = '\d+' }
    ///
    /// [[rule]]
    /// when = { label = "Shop" }
    /// thread = { column = "order" }
    /// ```
    #[schemars(title = "thread of a rule", transform = names_one)]
    struct RuleThread requires [] {
        /// A pattern on the subject: its first group, or else all that it matches, is the name.
        #[schemars(example = &r"\[#(\d+)\]")]
        subject: Pattern,
        /// The first header field of this name whose value gives one.
        #[schemars(example = &"X-Case")]
        header: HeaderName,
        /// The cell under this column.
        #[schemars(example = &"order")]
        column: Text,
        /// What of the value is the name: the first group, or else all that it matches; without it the whole value. Not with `subject`.
        #[schemars(example = &r"\d+")]
        pattern: Pattern,
    }
}
