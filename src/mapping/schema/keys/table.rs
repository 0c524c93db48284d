//! Keys of a `[[source]]` that is a chat table.

use super::keys;
#[cfg(test)]
use {
    crate::mapping::schema::values::{
        Channel, Column, Country, DateFormat, Delimiter, Moment, OneOrMore, Pattern, Quote, Text,
    },
    crate::mapping::schema::words::TextFormat,
    crate::mapping::table::{DaylightSaving, MessageType, Role, RowKind},
    schemars::JsonSchema,
    std::collections::BTreeMap,
};

keys! {
    /// Further keys of sources with `format = "csv"`: chats as a table, one row a message.
    ///
    /// ```toml
    /// [[source]]
    /// name = "chat"
    /// format = "csv"
    /// path = "chats/*.csv"
    /// date = "%d.%m.%Y %H:%M:%S"
    /// timezone = "Europe/Berlin"
    /// daylight_saving = "reject"
    /// encoding = "windows-1252"
    /// delimiter = ";"
    /// quote = "none"
    /// text_format = "html"
    /// message_type = "email"
    /// country = "DE"
    /// recipient = "chat@acme.example"
    /// subject_template = "Chat {chat} with {visitor}"
    ///
    /// [source.columns]
    /// conversation = "chat"
    /// time = "sent_at"
    /// sender = ["email", "visitor"]
    /// text = "message"
    /// ```
    ///
    /// **A subject** is made by `subject_template` for rows that have none. Names of columns stand in braces; a brace that stands for
    /// itself is doubled. Every run of white space becomes one space, and where none of the named columns holds anything there is
    /// no subject.
    #[schemars(title = "[[source]] of chats")]
    struct Table requires ["columns", "date"] {
        columns: Columns,
        /// How a time is written; never guessed, since 03/04/2019 is two different days. Of several the one that fits is taken.
        #[schemars(example = &"%d.%m.%Y %H:%M:%S", example = ["iso", "%Y-%m-%d"])]
        date: OneOrMore<DateFormat>,
        /// How the `clock` column is written, where `time` holds the day or the begin of the conversation. Without it the two are joined
        /// by a space and read by `date`.
        #[schemars(example = &"%H:%M:%S")]
        clock_format: Text,
        /// The clock of the export, by its name in the IANA time zone database. It must be said unless the times, a `timezone` column
        /// or the name of the time column (`started *`) say their zone.
        #[schemars(example = &"Europe/Berlin")]
        timezone: Text,
        /// What a time means that the clock showed twice or never because summer time began or ended.
        #[schemars(extend("default" = "compatible"))]
        daylight_saving: DaylightSaving,
        /// A label of the WHATWG Encoding Standard. Detected when absent, and shown in the plan.
        #[schemars(example = &"windows-1252")]
        encoding: Text,
        /// What stands between cells: one sign, or `"tab"`. Detected when absent, and shown in the plan.
        #[schemars(example = &";")]
        delimiter: Delimiter,
        /// What stands around cells that hold a delimiter or a line end; detected when absent. `"none"`: quotes are ordinary characters.
        quote: Quote,
        /// What the cells of the text column hold.
        #[schemars(extend("default" = "plain"))]
        text_format: TextFormat,
        /// What rows become in Front.
        #[schemars(extend("default" = "custom"))]
        message_type: MessageType,
        roles: Roles,
        kinds: Kinds,
        /// Whom a visitor wrote to, in rows that name no recipient. Without it the source's name.
        #[schemars(example = &"chat@acme.example")]
        recipient: Text,
        /// A subject for rows without one, made of their cells.
        #[schemars(example = &"Chat {chat} with {visitor}")]
        subject_template: Text,
        /// Whose telephone numbers the handles are, where they lack the `+`: an ISO 3166-1 code. `"none"`: rows of digits are ids.
        #[schemars(example = &"DE")]
        country: Country,
        deliver: Deliver,
        people: Vec<Person>,
        transcript: Transcript,
        join: Join,
    }
}

keys! {
    /// What customers wrote since the cut-over is **delivered** through a channel of Front's, as if they wrote it now, instead of being
    /// imported. `threadlift deliver` does it, last of all and after a question of its own. Nothing about it is silent: Front's rules
    /// run, replies go to the channel's webhook and not by e-mail, dates are those of the delivery, and what is delivered never joins
    /// an imported conversation. What your side wrote since then is left out, and counted: no channel takes it.
    ///
    /// ```toml
    /// [[source]]
    /// name = "chat"
    /// format = "csv"
    /// path = "chats/*.csv"
    /// date = "iso"
    /// columns = { conversation = "chat_id", time = "time", sender = "visitor", text = "message" }
    /// deliver = { channel = "cha_55c8c149", since = 2024-05-31T18:00:00Z }
    /// ```
    #[schemars(title = "deliver")]
    struct Deliver requires ["channel", "since"] {
        /// The id of a channel of the type `custom`: `threadlift list channels` shows it. Its type is checked before anything is sent.
        #[schemars(example = &"cha_55c8c149")]
        channel: Channel,
        /// The cut-over: messages of this day or moment or later are delivered, those before are imported.
        since: Moment,
    }
}

keys! {
    /// Which column holds what: the names in the table's first line. One `*` in a name stands for what changes in the names of numbered
    /// columns: `tag *` is `tag 1`, `tag 2` and so on. A cell that holds JSON is reached into with dots: `sender_info.email`.
    ///
    /// ```toml
    /// [[source]]
    /// name = "chat"
    /// format = "csv"
    /// path = "chats/*.csv"
    /// date = "iso"
    ///
    /// [source.columns]
    /// id = "message_id"
    /// conversation = "chat_id"
    /// time = "day"
    /// clock = "hour"
    /// timezone = "tz"
    /// sender = "visitor_email"
    /// agent = "agent_email"
    /// sender_name = "name"
    /// recipient = "to"
    /// text = "message"
    /// role = "author_type"
    /// kind = "type"
    /// subject = "topic"
    /// labels = "tag *"
    ///
    /// [source.roles]
    /// visitor = "inbound"
    /// agent = "outbound"
    /// system = "skip"
    ///
    /// [source.kinds]
    /// message = "message"
    /// note = "note"
    /// "*" = "skip"
    /// ```
    #[schemars(title = "[source.columns]")]
    struct Columns requires ["conversation", "time", "sender", "text"] {
        /// The export's own id of a message. Without it equal rows are as many messages as the one file that has most of them.
        #[schemars(example = &"message_id")]
        id: Column,
        /// Rows with one value are one conversation.
        #[schemars(example = &"chat_id")]
        conversation: Column,
        /// When it was written, as `date` says.
        #[schemars(example = &"sent_at")]
        time: Column,
        /// The time of day, if it stands in a column of its own.
        #[schemars(example = &"sent_at_time")]
        clock: Column,
        /// The zone of a row's time, by its IANA name.
        #[schemars(example = &"tz")]
        timezone: Column,
        /// The author's handle: an address, or what else stays the same. Of several columns the first that is filled.
        #[schemars(example = &"visitor_email", example = ["email", "visitor_id"])]
        sender: OneOrMore<Column>,
        /// The author's handle in rows that we wrote, if other columns hold it. With `role`.
        #[schemars(example = &"agent_email")]
        agent: OneOrMore<Column>,
        /// The author's name.
        #[schemars(example = &"name")]
        sender_name: Column,
        /// The recipient's handle.
        #[schemars(example = &"to")]
        recipient: Column,
        /// The message. With a `*`, each row holds numbered messages.
        #[schemars(example = &"message")]
        text: Column,
        /// What tells visitors from agents, by [`[source.roles]`](#sourceroles).
        #[schemars(example = &"author_type")]
        role: Column,
        /// What tells messages from notes and events, by [`[source.kinds]`](#sourcekinds).
        #[schemars(example = &"type")]
        kind: Column,
        /// The subject.
        #[schemars(example = &"topic")]
        subject: Column,
        /// Labels: one column with commas between them, or numbered columns of one each.
        #[schemars(example = &"tag *")]
        labels: Column,
    }
}

/// What the values of the role column say about the direction. Every value that occurs is listed, for what a role means is never
/// guessed; `"*"` stands for all that are not. An example is at [`[source.columns]`](#sourcecolumns).
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(title = "[source.roles]", extend("minProperties" = 1))]
#[allow(dead_code, reason = "described, and never filled")]
pub(in crate::mapping) struct Roles(BTreeMap<String, Role>);

/// What the values of the kind column say a row is. Notes among agents become what `[notes]` says, and nothing without it. `"*"` stands for all values that are
/// not listed. An example is at [`[source.columns]`](#sourcecolumns).
#[cfg(test)]
#[derive(JsonSchema)]
#[schemars(title = "[source.kinds]", extend("minProperties" = 1))]
#[allow(dead_code, reason = "described, and never filled")]
pub(in crate::mapping) struct Kinds(BTreeMap<String, RowKind>);

keys! {
    /// Columns that say who is meant by a name, where the text column or the transcript calls authors by name alone. `*` is any number,
    /// the same in all of them.
    ///
    /// ```toml
    /// [[source]]
    /// name = "chat"
    /// format = "csv"
    /// path = "chats/*.csv"
    /// date = "iso"
    /// clock_format = "%H:%M:%S"
    /// columns = { conversation = "chat", time = "start", clock = "clock", sender = "author", text = "words" }
    /// transcript = { column = "transcript", line = '^\((?<clock>[\d:]+)\) (?<author>[^:]+): (?<words>.*)$' }
    /// roles = { agent = "outbound", "*" = "inbound" }
    ///
    /// [[source.people]]
    /// name = "operator * nick"
    /// handle = ["operator * email", "operator * id"]
    /// role = "agent"
    /// ```
    #[schemars(title = "[[source.people]]")]
    struct Person requires ["name", "handle"] {
        /// Column of the name as the author column has it.
        #[schemars(example = &"operator * nick")]
        name: Column,
        /// Column of the handle; of several the first that is filled.
        #[schemars(example = &"operator * id")]
        handle: OneOrMore<Column>,
        /// Their role, a value in [`[source.roles]`](#sourceroles).
        #[schemars(example = &"agent")]
        role: Text,
    }
}

keys! {
    /// One row a chat, all of it in one cell. An example is at [`[[source.people]]`](#sourcepeople).
    #[schemars(title = "[source.transcript]")]
    struct Transcript requires ["column", "line"] {
        /// The column.
        #[schemars(example = &"transcript")]
        column: Column,
        /// What a line looks like that begins a message. Its named groups are columns, to be named in `columns`.
        #[schemars(example = &r"^\((?<clock>[\d:]+)\) (?<author>[^:]+): (?<words>.*)$")]
        line: Pattern,
    }
}

keys! {
    /// A second table, of which one row belongs to each row of the first. Its columns are called by its name and theirs: `ticket.topic`.
    ///
    /// ```toml
    /// [[source]]
    /// name = "tickets"
    /// format = "csv"
    /// path = "comments.csv"
    /// date = "iso"
    /// columns = { conversation = "ticket_id", time = "at", sender = "author", text = "body", subject = "ticket.topic" }
    ///
    /// [source.join]
    /// name = "ticket"
    /// path = "tickets*.csv"
    /// on = "ticket_id"
    /// key = "id"
    /// ```
    #[schemars(title = "[source.join]")]
    struct Join requires ["name", "path", "on", "key"] {
        /// What stands before the dot in the names of its columns.
        #[schemars(example = &"ticket")]
        name: Text,
        /// Its files, as in `path` of the source.
        #[schemars(example = &"tickets*.csv")]
        path: OneOrMore<Text>,
        /// Column of the key in the first table.
        #[schemars(example = &"ticket_id")]
        on: Text,
        /// Column of the key in the second table.
        #[schemars(example = &"id")]
        key: Text,
    }
}
