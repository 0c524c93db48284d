//! Are the channels that messages are delivered through what the mapping takes them for?

use super::context::Context;
use super::exit::{Exit, Failure};
use super::greeting::front_failure;
use super::place;
use crate::front::{Client, FrontError};
use crate::plan::Overview;
use crate::words::printable;

/// The only type of channel that takes messages.
const CUSTOM: &str = "custom";

/// Channels that are named where one is missing.
const MOST_NAMED: usize = 8;

/// Makes sure of every channel of the plan; nothing is asked where there is none.
///
/// # Errors
/// One that is not there or is no custom channel, pointed at in the mapping; nothing was sent.
pub(super) async fn check(context: &Context, client: &Client, overview: &Overview) -> Result<(), Failure> {
    if overview.delivering.channels.is_empty() {
        return Ok(());
    }
    let known = client.channels().await.map_err(|error| match error {
        FrontError::Unauthorized { .. } => Failure::target(
            format!("{error}; nothing was sent"),
            "give the token `channels:read`, or take `deliver` out of the mapping: its channel is checked before anything is sent",
        ),
        _ => front_failure(&error),
    })?;
    for channel in overview.delivering.channels.keys() {
        match known.iter().find(|known| known.id == *channel) {
            Some(found) if found.kind == CUSTOM => {}
            Some(found) => {
                let title = format!("the channel {channel} is of the type {}, not {CUSTOM}", printable(&found.kind));
                return Err(wrong(context, channel, &title, "takes no messages"));
            }
            None => {
                let custom = known.iter().filter(|known| known.kind == CUSTOM).take(MOST_NAMED);
                let named: Vec<String> =
                    custom.map(|known| format!("{} ({})", known.id, printable(&known.name))).collect();
                let label = if named.is_empty() {
                    "not in Front, and no other custom channel is either".to_owned()
                } else {
                    format!("not in Front, which has {}", named.join(", "))
                };
                return Err(wrong(context, channel, &format!("Front has no channel {channel}"), &label));
            }
        }
    }
    Ok(())
}

/// A channel that cannot be delivered through.
pub(super) fn wrong(context: &Context, channel: &str, title: &str, label: &str) -> Failure {
    let help = "`threadlift list channels` shows all with their types; only a custom channel is delivered through";
    context.wrong_setting(Exit::Target, place::of_value(&context.mapping.text, "channel", channel), title, label, help)
}
