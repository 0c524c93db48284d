//! Small helpers for the tests of this module.

use super::email::from_mail;
use crate::mapping::{Dialect, Format, Mapping, Ours};
use crate::record::Record;
use crate::source::RawMail;
use bytes::Bytes;

/// A mapping with one mbox source and all defaults.
pub(in crate::record) fn mapping() -> Mapping {
    Mapping {
        ours: Ours { addresses: vec!["support@acme.example".into()], domains: Vec::new() },
        ..crate::mapping::testing::of(vec![crate::mapping::testing::source("box", Format::Mbox(Dialect::Auto))])
    }
}

/// A mail as a source gives it.
pub(in crate::record) fn mail(bytes: &[u8]) -> RawMail {
    RawMail::new(Bytes::copy_from_slice(bytes))
}

/// The record of a mail that must be good.
pub(in crate::record) fn record(bytes: &[u8]) -> Record {
    from_mail(&mail(bytes), &mapping(), 0).unwrap()
}

/// The identity of a mail that must be good.
pub(in crate::record) fn identity(text: &str) -> crate::record::Identity {
    record(text.as_bytes()).identity
}
