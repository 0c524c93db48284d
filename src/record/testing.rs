//! Small helpers for the tests of this module.

use super::email::from_mail;
use crate::mapping::{
    Collisions, DateFallback, Defaults, Format, Identity, Mapping, Order, Ours, Oversize, Send, Silence, SourceMapping,
    Target, ThreadRule, UnlistedLabels,
};
use crate::record::Record;
use crate::source::RawMail;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A mapping with one mbox source and all defaults.
pub(in crate::record) fn mapping() -> Mapping {
    Mapping {
        path: PathBuf::new(),
        base: PathBuf::new(),
        text: String::new(),
        target: Target { inbox: "Support".into(), base_url: "http://localhost".into() },
        ours: Ours { addresses: vec!["support@acme.example".into()], domains: Vec::new() },
        agents: BTreeMap::new(),
        sources: vec![SourceMapping {
            name: "box".into(),
            paths: Vec::new(),
            path_at: (1, 1),
            namespace: "default".into(),
            format: Format::Mbox,
        }],
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
        identity: Identity { namespace: "default".into(), collisions: Collisions::KeepBoth },
        silence: Silence { is_archived: true, should_skip_rules: true },
        send: Send {
            share: 0.8,
            reserve: 10,
            per_resource: 5,
            settle: Duration::from_secs(10),
            in_flight: 4,
            order: Order::RecentThreadsFirst,
        },
    }
}

/// A mail as a source gives it.
pub(in crate::record) fn mail(bytes: &[u8]) -> RawMail {
    RawMail { bytes: Bytes::copy_from_slice(bytes), separator_date: None, file_time: None }
}

/// The record of a mail that must be good.
pub(in crate::record) fn record(bytes: &[u8]) -> Record {
    from_mail(&mail(bytes), &mapping(), 0).unwrap()
}

/// The identity of a mail that must be good.
pub(in crate::record) fn identity(text: &str) -> crate::record::Identity {
    record(text.as_bytes()).identity
}
