//! What concerns the whole company: tags, teammates, limits.

use super::bench::{Bench, OURS, Sent};
use super::{Halt, Verdict};
use crate::mapping::finding::UNKNOWN_TAGS;

const UNKNOWN: &str = "unknown_author";
const BLOCKED: &str = "blocked_author";
const BURST: &str = "burst";

/// Front's ids are letters and digits, so this is nobody's.
const NOBODY: &str = "tea_zzzzzzzz";

pub(super) async fn tags(bench: &mut Bench<'_>) -> Result<Vec<Verdict>, Halt> {
    let name = format!("threadlift probe {}", bench.job.run);
    let mut letter = bench.letter("a tag that does not exist");
    letter.tags = vec![name.clone()];
    let sent = bench.send(&letter).await?;
    let told = format!("a message with the tag `{name}` was {}", sent.told());
    let uid = match sent {
        Sent::Taken(uid) => uid,
        Sent::Refused { .. } => return Ok(vec![Verdict::settled(UNKNOWN_TAGS, "refused", told)]),
        Sent::Lost(_) => return Ok(vec![Verdict::open(UNKNOWN_TAGS, told)]),
    };
    if let Err(why) = bench.arrived(uid).await? {
        return Ok(vec![Verdict::open(UNKNOWN_TAGS, why)]);
    }
    let made = bench.job.client.tags().await?.into_iter().find(|tag| tag.name == name);
    Ok(vec![match made {
        Some(tag) => Verdict::settled(UNKNOWN_TAGS, "made", format!("{told}; it is {} now", tag.id)),
        None => Verdict::settled(UNKNOWN_TAGS, "ignored", format!("{told}; no such tag is listed")),
    }])
}

pub(super) async fn authors(bench: &mut Bench<'_>) -> Result<Vec<Verdict>, Halt> {
    let unknown = by(bench, UNKNOWN, NOBODY).await?;
    let blocked = bench.job.client.teammates().await?.into_iter().find(|teammate| teammate.is_blocked);
    let blocked = match blocked {
        Some(teammate) => by(bench, BLOCKED, &teammate.id).await?,
        None => Verdict::open(BLOCKED, "this company has no teammate who is blocked"),
    };
    Ok(vec![unknown, blocked])
}

/// An outbound message by this author.
async fn by(bench: &mut Bench<'_>, name: &'static str, author: &str) -> Result<Verdict, Halt> {
    let mut letter = bench.letter("an author who cannot be one");
    OURS.clone_into(&mut letter.sender.handle);
    letter.sender.author_id = Some(author.to_owned());
    letter.metadata.is_inbound = false;
    let sent = bench.send(&letter).await?;
    let told = format!("a message by {author} was {}", sent.told());
    Ok(match sent {
        Sent::Lost(_) => Verdict::open(name, told),
        Sent::Refused { .. } => Verdict::settled(name, "refused", told),
        Sent::Taken(uid) => match bench.arrived(uid).await? {
            Ok(_) => Verdict::settled(name, "taken", told),
            Err(why) => Verdict::settled(name, "lost", format!("{told}, and {why}")),
        },
    })
}

/// What the answers so far have announced; nothing is tried.
pub(super) fn burst(bench: &Bench<'_>) -> Vec<Verdict> {
    let client = &bench.job.client;
    #[expect(clippy::cast_possible_truncation, reason = "requests a minute")]
    let whole = |number: f64| number.round() as i64;
    vec![match (client.announced_burst(), client.limit_per_minute()) {
        (Some(burst), limit) => {
            let limit = limit.map_or_else(|| "no limit".to_owned(), |limit| format!("{} a minute", whole(limit)));
            Verdict::settled(BURST, whole(burst), format!("x-ratelimit-burst-limit, beside {limit}"))
        }
        (None, Some(limit)) => {
            let told = format!("answers announce {} requests a minute and no x-ratelimit-burst-limit", whole(limit));
            Verdict::settled(BURST, "none", told)
        }
        (None, None) => Verdict::open(BURST, "answers announce no limits"),
    }]
}
