//! The whole mapping, and the tables that say little each.

use super::keys;
#[cfg(test)]
use {
    super::{ContactsTable, Link, NewInboxes, NotesTable, Rule, Source, Values},
    crate::mapping::check::{LEAVE_OPEN, RUN_RULES, VERSION},
    crate::mapping::model::{Collisions, InboxCopies, Order, Oversize, UnlistedLabels},
    crate::mapping::schema::values::{
        Address, DateFallback, Domain, Duration, HeaderName, Namespace, Pattern, Share, Size, Tag, Teammate, Text,
    },
    schemars::JsonSchema,
    std::collections::BTreeMap,
};

keys! {
    /// A mapping is one TOML file that says what is imported, into which inbox, and what becomes of it on the way. As little as it can
    /// be:
    ///
    /// ```toml
    /// version = 1
    ///
    /// [target]
    /// inbox = "Support"
    ///
    /// [[source]]
    /// name = "mail"
    /// format = "mbox"
    /// path = "export/*.mbox"
    /// ```
    ///
    /// Every other key may be left out. A key that is misspelt, a value that could mean two things and a condition that can never
    /// be true are errors, each answered with its place and what to write instead; nothing is guessed. Paths start at the mapping's
    /// own folder. Days and moments are written as TOML has them, without quotes: `2015-01-01`, `2024-01-31T09:30:00Z`; a day begins
    /// at 00:00 UTC. Patterns are regular expressions, best in single quotes, in which TOML leaves every backslash as it is.
    #[schemars(title = "The mapping file")]
    struct Mapping requires ["version", "target", "source"] {
        /// Version of this format; the only one so far is 1.
        #[schemars(extend("const" = VERSION))]
        version: u32,
        target: Target,
        ours: Ours,
        agents: Agents,
        #[schemars(length(min = 1))]
        source: Vec<Source>,
        defaults: Defaults,
        labels: Labels,
        thread: Thread,
        values: Values,
        rule: Vec<Rule>,
        notes: NotesTable,
        contacts: ContactsTable,
        identity: Identity,
        silence: Silence,
        send: Send,
        limits: Limits,
    }
}

keys! {
    /// Where messages go, unless a [rule](#rule) names another inbox.
    ///
    /// ```toml
    /// [target]
    /// inbox = "Support"
    /// ```
    #[schemars(title = "[target]")]
    struct Target requires ["inbox"] {
        /// Exact name of an inbox in Front, or its id. `import` makes none; `prepare --create-inboxes` does.
        #[schemars(example = &"Support", example = &"inb_1a2b")]
        inbox: Text,
        /// Base URL of Front's API. It must be `https`, but for a server on this machine. `--base-url` and `FRONT_BASE_URL` go before it.
        #[schemars(extend("default" = crate::mapping::target::FRONT))]
        base_url: Text,
        /// What `threadlift probe` has found out about this company's Front: the file that it wrote, below the mapping's folder. What
        /// makes an import better or safer is followed and shown by `plan`; without it the careful defaults hold.
        #[schemars(example = &"front-findings.toml")]
        findings: Text,
        new_inboxes: NewInboxes,
    }
}

keys! {
    /// Who "we" are. A mail that one of these wrote is outbound, and so is one with a Sent label; everything else is inbound. Of chats
    /// the role column decides, where there is one.
    ///
    /// ```toml
    /// [ours]
    /// domains = ["acme.example", "mail.acme.example"]
    /// addresses = ["acme.support@post.example"]
    /// ```
    #[schemars(title = "[ours]")]
    struct Ours requires [] {
        /// Own domains, each in full: a subdomain is a domain of its own.
        #[schemars(example = ["acme.example"])]
        domains: Vec<Domain>,
        /// Own addresses on domains that are not ours.
        #[schemars(example = ["acme.support@post.example"])]
        addresses: Vec<Address>,
    }
}

/// Which own address is which teammate in Front, so that what an agent wrote stays written by them. The key is the address, in
/// quotes, upper and lower case being the same; the value is the teammate's alias (`alt:email:` and the address in Front) or id
/// (`tea_…`). A message of an address without a line here keeps its author's name, and belongs to no teammate.
///
/// ```toml
/// [agents]
/// "nell@acme.example" = "alt:email:nell@acme.example"
/// "tomasz@acme.example" = "tea_1a2b"
/// ```
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(title = "[agents]", extend("propertyNames" = { "pattern": "@" }))]
#[allow(dead_code, reason = "described, and never filled")]
pub(in crate::mapping) struct Agents(BTreeMap<String, Teammate>);

keys! {
    /// What every message gets, and what is done where something is lacking.
    ///
    /// ```toml
    /// [defaults]
    /// tags = ["legacy"]
    /// to = "support@acme.example"
    /// date_fallback = "file-time"
    /// oversize = "reject"
    /// unlisted_labels = "tag"
    /// link = { url = "https://old.example/tickets/{ticket}", name = "Ticket {ticket}" }
    /// custom_fields = { "Old ticket" = "{ticket}" }
    /// mark = true
    ///
    /// [values]
    /// ticket = { header = "X-Ticket-ID" }
    /// ```
    #[schemars(title = "[defaults]")]
    struct Defaults requires [] {
        /// Tags of every imported message, so that all can be found again. At most 64 characters each.
        #[schemars(extend("default" = []), example = ["legacy"])]
        tags: Vec<Tag>,
        /// Recipient of mails that name none (all in Bcc). Without it: the first of our addresses, else `undisclosed-recipients`.
        #[schemars(example = &"support@acme.example")]
        to: Address,
        /// What becomes of a mail without any date. A day, without quotes, is the date of all such mails.
        #[schemars(extend("default" = "reject"))]
        date_fallback: DateFallback,
        /// What becomes of files over the limit of a request (24 MB in all).
        #[schemars(extend("default" = "note"))]
        oversize: Oversize,
        /// What becomes of labels that [`[labels]`](#labels) does not name.
        #[schemars(extend("default" = "ignore"))]
        unlisted_labels: UnlistedLabels,
        /// A link for every conversation of which a message says all that it is made of. `finish` attaches it.
        link: Link,
        /// Custom fields of conversations, likewise; they must exist in Front. `finish` fills them.
        #[schemars(example = serde_json::json!({ "Origin": "legacy" }))]
        custom_fields: BTreeMap<String, Text>,
        /// A link for every conversation that is made of its `thread_ref` alone, by which an import can be found again in Front without
        /// the ledger. `finish` attaches it.
        #[schemars(extend("default" = false))]
        mark: bool,
    }
}

/// Which label becomes which tag. Labels are those of Gmail, folders and flags (see `labels_from`), and the values of the `labels`
/// column of a table. Names with spaces, accents or slashes stand in quotes. A mail with a label that means Spam, Trash, Drafts or
/// Chats, in any language of Gmail, is left out unless the label stands here. A label that no message has is answered with a
/// warning.
///
/// ```toml
/// [labels]
/// Important = "vip"
/// "Warranty/Open" = "warranty"
/// ```
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(title = "[labels]")]
#[allow(dead_code, reason = "described, and never filled")]
pub(in crate::mapping) struct Labels(BTreeMap<String, Tag>);

keys! {
    /// What makes messages one conversation, beside what they say themselves. The first of these that applies decides: where the
    /// conversation was sent already; the `thread` of a [rule](#rule); `header`, then `subject`, below; Gmail's X-GM-THRID; the
    /// conversation column of a chat table; References and In-Reply-To.
    ///
    /// ```toml
    /// [thread]
    /// header = "X-Ticket-ID"
    /// subject = '\[#(\d+)\]'
    /// join_by_subject = 30
    /// ```
    #[schemars(title = "[thread]")]
    struct Thread requires [] {
        /// A header whose value names the conversation; of tables the column of that name.
        #[schemars(example = &"X-Ticket-ID")]
        header: HeaderName,
        /// A pattern on the subject: its first group, or else all that it matches, names the conversation.
        #[schemars(example = &r"\[#(\d+)\]")]
        subject: Pattern,
        /// Days. Conversations of one subject become one, from one mail to the next within so many days; 0 is never.
        #[schemars(extend("default" = 0))]
        join_by_subject: u32,
    }
}

keys! {
    /// What makes two records one message. Ids come from content and this namespace alone, so what was imported once is not imported
    /// again, from whatever export.
    ///
    /// ```toml
    /// [identity]
    /// namespace = "acme"
    /// collisions = "keep-both"
    /// copies = "one"
    /// also_in_tag = "also in {inbox}"
    /// ```
    #[schemars(title = "[identity]")]
    struct Identity requires [] {
        /// Part of every id, at most 64 of `A-Z a-z 0-9 . _ -`. Another namespace imports everything once more.
        #[schemars(extend("default" = "threadlift"))]
        namespace: Namespace,
        /// What becomes of different messages with one Message-ID.
        #[schemars(extend("default" = "keep-both"))]
        collisions: Collisions,
        /// What becomes of one message whose copies the rules send to several inboxes.
        #[schemars(extend("default" = "one"))]
        copies: InboxCopies,
        /// Tag for each further inbox that a message was for; `{inbox}` stands for the inbox's name. Not with `copies = "per-inbox"`.
        #[schemars(example = &"also in {inbox}")]
        also_in_tag: Tag,
    }
}

keys! {
    /// The import is silent: conversations arrive archived, and Front's rules (auto-replies among them) do not run. Nothing but the
    /// long words below, which nobody types by mistake, changes that.
    #[schemars(title = "[silence]")]
    struct Silence requires [] {
        /// With this value every imported conversation is open. For some of them there is `archived` of a [rule](#rule).
        #[schemars(extend("const" = LEAVE_OPEN))]
        archived: String,
        /// With this value Front's rules run on every imported message, and may send mail to customers.
        #[schemars(extend("const" = RUN_RULES))]
        rules: String,
    }
}

keys! {
    /// How fast and in which order messages are sent. The defaults leave your colleagues room; nothing here is needed.
    ///
    /// ```toml
    /// [send]
    /// share = 0.8
    /// reserve = 10
    /// order = "oldest-first"
    /// ```
    #[schemars(title = "[send]")]
    struct Send requires [] {
        /// Part of the requests a minute that Front allows the whole company, above 0 and up to 1.
        #[schemars(extend("default" = 0.8))]
        share: Share,
        /// Requests a minute that are left free beside that: of 100, 80 less 10 are the import's.
        #[schemars(extend("default" = 10))]
        reserve: u32,
        /// Also use half of what Front allows beyond its limit for sudden needs.
        #[schemars(extend("default" = false))]
        burst: bool,
        /// Requests a second on one resource; more than 5 only to a server on this machine.
        #[schemars(extend("default" = 5), range(min = 1))]
        per_resource: u32,
        /// Wait after the first message of a conversation before its second. Without it 10 seconds, to a server on this machine 100 ms.
        settle: Duration,
        /// A message that is not in Front so long after it was accepted is missing. Without it 5 minutes, on this machine 10 seconds.
        #[schemars(example = &"300s")]
        patience: Duration,
        /// Requests under way at once.
        #[schemars(extend("default" = 32), range(min = 1, max = 256))]
        in_flight: u32,
        /// Which conversations come first; within one it is always the oldest message.
        #[schemars(extend("default" = "recent-threads-first"))]
        order: Order,
    }
}

keys! {
    /// Mails beyond one of these are rejected before they are parsed. All lie far above what mail programs write; nobody needs them
    /// but whoever has such a mail. Sizes are in powers of 1,000 and at most `"4000 MB"`.
    ///
    /// ```toml
    /// [limits]
    /// mail = "300 MB"
    /// nesting = 200
    /// ```
    #[schemars(title = "[limits]")]
    struct Limits requires [] {
        /// Largest mail.
        #[schemars(extend("default" = "150 MB"))]
        mail: Size,
        /// Longest line.
        #[schemars(extend("default" = "150 MB"))]
        line: Size,
        /// Most lines in the header of a mail.
        #[schemars(extend("default" = 100_000), range(min = 1, max = 10_000_000))]
        header_lines: u32,
        /// Most parts of a mail.
        #[schemars(extend("default" = 20_000), range(min = 1, max = 1_000_000))]
        parts: u32,
        /// Most messages and multiparts inside one another.
        #[schemars(extend("default" = 1_000), range(min = 1, max = 1_000))]
        nesting: u32,
    }
}
