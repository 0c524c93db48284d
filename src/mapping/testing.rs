//! A mapping for the tests of other rooms.

use super::{
    Collisions, DateFallback, Defaults, Format, Identity, InboxCopies, LabelsFrom, Limits, Mapping, Order, Ours,
    Oversize, Send, Silence, SourceMapping, Target, ThreadRule, UnlistedLabels,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A source with all defaults.
pub(crate) fn source(name: &str, format: Format) -> SourceMapping {
    SourceMapping {
        name: name.to_owned(),
        paths: Vec::new(),
        path_at: (1, 1),
        namespace: "default".to_owned(),
        labels_from: LabelsFrom { flags: true, ..LabelsFrom::default() },
        unpack: None,
        format,
    }
}

/// These sources and all defaults.
pub(crate) fn of(sources: Vec<SourceMapping>) -> Mapping {
    Mapping {
        path: PathBuf::new(),
        base: PathBuf::new(),
        text: String::new(),
        target: Target { inbox: "Support".into(), base_url: "http://localhost".into() },
        ours: Ours::default(),
        agents: BTreeMap::new(),
        sources,
        defaults: Defaults {
            tags: Vec::new(),
            to: None,
            date_fallback: DateFallback::Reject,
            oversize: Oversize::Note,
            unlisted_labels: UnlistedLabels::Ignore,
        },
        labels: BTreeMap::new(),
        thread: ThreadRule::default(),
        rules: Vec::new(),
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
            per_resource: 5,
            settle: Duration::from_secs(10),
            in_flight: 8,
            order: Order::RecentThreadsFirst,
        },
        limits: Limits::default(),
    }
}
