//! A mapping for the tests of other rooms.

use super::{
    Collisions, Columns, CsvMapping, CustomFields, DateFallback, DateFormat, DaylightSaving, Defaults, Format,
    Identity, InboxCopies, LabelsFrom, Limits, Mapping, MessageType, NewInboxes, Notes, Order, Ours, Oversize, Send,
    Silence, SourceMapping, Target, ThreadRule, UnlistedLabels, Values,
};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A source with all defaults.
pub(crate) fn source(name: &str, format: Format) -> SourceMapping {
    SourceMapping {
        name: name.to_owned(),
        paths: Vec::new(),
        path_at: (1, 1),
        namespace: "default".to_owned(),
        labels_from: LabelsFrom { flags: true, ..LabelsFrom::default() },
        unpack: None,
        ends: super::Ends::default(),
        deliver: None,
        format,
    }
}

/// A table with these columns for conversation, time, sender and text, ISO times, and all defaults.
pub(crate) fn table([conversation, time, sender, text]: [&str; 4]) -> CsvMapping {
    CsvMapping {
        columns: Columns {
            id: None,
            conversation: conversation.into(),
            time: time.into(),
            clock: None,
            timezone: None,
            sender: vec![sender.into()],
            agent: Vec::new(),
            sender_name: None,
            recipient: None,
            text: text.into(),
            role: None,
            kind: None,
            subject: None,
            labels: None,
            asked: Vec::new(),
        },
        columns_at: BTreeMap::new(),
        date: vec![DateFormat::Iso],
        clock_format: None,
        timezone: None,
        daylight_saving: DaylightSaving::Compatible,
        encoding: None,
        delimiter: None,
        quote: None,
        text_is_html: false,
        message_type: MessageType::Custom,
        roles: BTreeMap::new(),
        kinds: BTreeMap::new(),
        people: Vec::new(),
        transcript: None,
        join: None,
        phones: None,
        subject_template: None,
        recipient: None,
    }
}

/// These sources and all defaults.
pub(crate) fn of(sources: Vec<SourceMapping>) -> Mapping {
    Mapping {
        path: PathBuf::new(),
        base: PathBuf::new(),
        text: String::new(),
        target: Target {
            inbox: "Support".into(),
            base_url: "http://localhost".into(),
            new_inboxes: NewInboxes::default(),
            findings: None,
            probed: None,
        },
        ours: Ours::default(),
        agents: BTreeMap::new(),
        sources,
        defaults: Defaults {
            tags: Vec::new(),
            to: None,
            date_fallback: DateFallback::Reject,
            oversize: Oversize::Note,
            unlisted_labels: UnlistedLabels::Ignore,
            link: None,
            custom_fields: CustomFields::new(),
            mark: false,
        },
        labels: BTreeMap::new(),
        labels_at: BTreeMap::new(),
        thread: ThreadRule::default(),
        values: Values::new(),
        rules: Vec::new(),
        notes: Notes::Nothing,
        contacts: None,
        identity: Identity {
            namespace: "default".into(),
            collisions: Collisions::KeepBoth,
            copies: InboxCopies::One,
            also_in_tag: None,
        },
        silence: Silence { is_archived: true, should_skip_rules: true },
        send: Send {
            share: 0.8,
            reserve: 10,
            burst: false,
            per_resource: 5,
            settle: None,
            patience: None,
            in_flight: 8,
            order: Order::RecentThreadsFirst,
        },
        limits: Limits::default(),
    }
}
