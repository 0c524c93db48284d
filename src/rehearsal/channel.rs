//! Channels that inboxes are connected to, and the live mail they brought in before any import.

use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A channel that exists from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSpec {
    /// `cha_…`; made up when absent.
    pub id: Option<String>,
    /// The address that it receives for and sends as.
    pub address: String,
    /// Id or name of its inbox.
    pub inbox: String,
    /// What it brought in before.
    pub live: Option<LiveMail>,
    /// A program of somebody's own delivers to it, and by no other channel: `POST /channels/{id}/incoming_messages`.
    pub is_custom: bool,
}

/// Live messages, each a conversation of its own, spread evenly up to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveMail {
    /// Unix time of the oldest, in seconds.
    pub oldest: i64,
    /// How many.
    pub count: u32,
}

/// `ADDRESS=INBOX`, or `ADDRESS=INBOX:OLDEST_DATE:COUNT` with the date as `2024-05-31`, in UTC; `custom:` before it for a custom
/// channel.
impl FromStr for ChannelSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (is_custom, text) = match text.strip_prefix("custom:") {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (address, rest) = text.split_once('=').ok_or("write ADDRESS=INBOX or ADDRESS=INBOX:OLDEST_DATE:COUNT")?;
        let (inbox, live) = match live_mail(rest) {
            Some((inbox, live)) => (inbox, Some(live)),
            None => (rest, None),
        };
        if address.is_empty() || inbox.is_empty() {
            return Err("a channel has an address and an inbox: ADDRESS=INBOX".to_owned());
        }
        Ok(Self { id: None, address: address.to_owned(), inbox: inbox.to_owned(), live, is_custom })
    }
}

fn live_mail(text: &str) -> Option<(&str, LiveMail)> {
    let (rest, count) = text.rsplit_once(':')?;
    let (inbox, date) = rest.rsplit_once(':')?;
    let oldest = date.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    Some((inbox, LiveMail { oldest, count: count.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_read_with_and_without_its_live_mail() {
        let channel = |text: &str| text.parse::<ChannelSpec>().map(|it| (it.address, it.inbox, it.live));
        let own = |inbox: &str, live| Ok(("a@b.example".to_owned(), inbox.to_owned(), live));
        assert_eq!(channel("a@b.example=Support"), own("Support", None));
        assert_eq!(channel("a@b.example=Support: EU"), own("Support: EU", None));
        let live = LiveMail { oldest: 1_717_113_600, count: 40 };
        assert_eq!(channel("a@b.example=Support:2024-05-31:40"), own("Support", Some(live)));
        assert!("custom:chat=Support".parse::<ChannelSpec>().is_ok_and(|it| it.is_custom && it.address == "chat"));
        assert!(!"a@b.example=Support".parse::<ChannelSpec>().unwrap().is_custom);
        assert!(channel("a@b.example").is_err() && channel("=x").is_err() && channel("x=").is_err());
    }
}
