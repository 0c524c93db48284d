//! What was there before the first import: channels, and the live mail they brought in.

use std::io;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::super::actor::{Actor, Stamp};
use super::super::channel::{ChannelSpec, LiveMail};
use super::super::import::store_view;
use super::{Content, Offer, Store};

/// A channel of an inbox.
#[derive(Debug)]
pub(in super::super) struct Channel {
    /// `cha_…`, if it was given one.
    pub(in super::super) id: Option<String>,
    pub(in super::super) address: String,
    /// Number of the inbox.
    pub(in super::super) inbox: u32,
    pub(in super::super) is_custom: bool,
}

impl Store {
    /// Connects the channels, and puts in what they brought before: conversations of one message each.
    pub(super) fn open_channels(&mut self, channels: &[ChannelSpec]) -> io::Result<()> {
        for spec in channels {
            let named = |(_, inbox): &(u32, &super::Inbox)| inbox.id == spec.inbox || inbox.name == spec.inbox;
            let found = (0..).zip(&self.inboxes).find(named).map(|(number, inbox)| (number, inbox.id.clone()));
            let (inbox, id) = found.ok_or_else(|| {
                super::invalid(format!(
                    "the channel {} names the inbox {}, which is not there",
                    spec.address, spec.inbox
                ))
            })?;
            if let Some(live) = spec.live {
                self.receive(&spec.address, (&id, inbox), live)?;
            }
            let (id, address) = (spec.id.clone(), spec.address.clone());
            self.channels.push(Channel { id, address, inbox, is_custom: spec.is_custom });
        }
        // Live mail has neither external ids nor threads that an import could meet.
        self.by_external_id.clear();
        self.threads.clear();
        Ok(())
    }

    fn receive(&mut self, address: &str, inbox: (&str, u32), live: LiveMail) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let span = i64::try_from(now).map_err(io::Error::other)?.saturating_sub(live.oldest).max(0);
        let steps = i64::from(live.count.saturating_sub(1).max(1));
        for number in 0..live.count {
            let created_at = live.oldest.saturating_add(span.saturating_mul(i64::from(number)) / steps);
            let request = message(address, self.live, created_at);
            let Value::Object(request) = request else { continue };
            let content = Content { multipart: false, request: &request, attachments: &[] };
            // Nothing repeats it.
            let offer = Offer::new(inbox, store_view(&request), &content, false, 0)?;
            let at = u64::try_from(created_at).unwrap_or_default().saturating_mul(1000);
            self.accept(offer, Instant::now(), Stamp { by: Actor::Api, at })
                .map_err(|error| io::Error::other(format!("{error:?}")))?;
            self.live += 1;
            if let Some(inbox) = self.inboxes.get_mut(inbox.1 as usize) {
                inbox.live += 1;
            }
        }
        Ok(())
    }
}

/// A live message; every third was sent by the team.
fn message(address: &str, number: u32, created_at: i64) -> Value {
    let customer = format!("customer-{number}@customers.example");
    let is_inbound = !number.is_multiple_of(3);
    let (sender, to) = if is_inbound { (customer.as_str(), address) } else { (address, customer.as_str()) };
    json!({
        "sender": { "handle": sender },
        "to": [to],
        "subject": format!("Live conversation {number}"),
        "body": format!("Live message {number}"),
        "body_format": "html",
        "external_id": format!("live-{number}"),
        "created_at": created_at,
        "metadata": { "is_inbound": is_inbound, "thread_ref": format!("live-{number}") },
    })
}
