//! Small helpers for the tests of this module.

use super::email::from_mail;
use crate::mapping::{Format, Mapping, Ours, SourceMapping};
use crate::record::Record;
use crate::source::RawMail;
use bytes::Bytes;

/// A mapping with one mbox source and all defaults.
pub(in crate::record) fn mapping() -> Mapping {
    Mapping {
        ours: Ours { addresses: vec!["support@acme.example".into()], domains: Vec::new() },
        ..crate::mapping::testing::of(vec![SourceMapping {
            name: "box".into(),
            paths: Vec::new(),
            path_at: (1, 1),
            namespace: "default".into(),
            format: Format::Mbox,
        }])
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
