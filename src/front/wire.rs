//! Shapes that many of Front's answers share.

use std::collections::BTreeMap;

use reqwest::Url;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The links of a thing to others, `_links.related`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Related {
    #[serde(default, deserialize_with = "or_default")]
    related: BTreeMap<String, Value>,
}

impl Related {
    /// The id of the thing that is linked to under this name.
    pub(super) fn id(&self, name: &str) -> Option<String> {
        last_segment(self.related.get(name)?.as_str()?)
    }
}

/// Reads what may be `null` where the document knows a value: `#[serde(default, deserialize_with = "or_default")]`.
pub(super) fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

fn last_segment(link: &str) -> Option<String> {
    let url = Url::parse(link).ok()?;
    url.path_segments()?.rfind(|segment| !segment.is_empty()).map(str::to_owned)
}

/// A thing of which only the id is wanted; `null` where there is none.
#[derive(Debug, Deserialize)]
pub(super) struct Identified {
    pub(super) id: String,
}

pub(super) fn id_of(thing: Option<Identified>) -> Option<String> {
    thing.map(|thing| thing.id)
}
