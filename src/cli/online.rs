//! What is asked of Front beyond inboxes and teammates: tags, and whether it receives the same mail by itself.

use super::args::FrontArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::greeting::{self, Greeted, Known, front_failure};
use super::{channels, finishing, sending};
use crate::front::{Called, Cancellation, Client, FrontError, Holding, Outcome};
use crate::ledger::{Effect, EffectChange, EffectEnd, EffectKind, Ledger};
use crate::mapping::{Format, Moment, SourceMapping, Until};
use crate::plan::Overview;
use crate::words::{counted, printable};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Lists of the tags, and attempts to make what is missing, before it is given up.
const ROUNDS: u32 = 3;

/// Names in a message; the rest is counted.
const MOST_NAMED: usize = 8;

/// Makes sure that every tag of the plan exists. Whether Front makes unknown ones by itself is not documented. Those that are missing
/// are made if a ledger is given, which then knows them as ours.
pub(super) async fn check_tags(
    context: &Context,
    greeted: &Greeted,
    overview: &Overview,
    made_in: Option<&Ledger>,
) -> Result<(), Failure> {
    let makes_tags = context.mapping.target.probed.as_ref().is_some_and(|probed| probed.are_tags_made);
    if overview.tags.is_empty() || makes_tags {
        return Ok(());
    }
    let (mut last, mut rounds) = (None, 0);
    loop {
        let missing = missing_tags(&greeted.client, overview).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let Some(ledger) = made_in.filter(|_| rounds < ROUNDS) else {
            return Err(no_tags(context, greeted, &missing, made_in.is_some(), last.as_deref()));
        };
        rounds += 1;
        // What is ours is ours in one company.
        ledger.bind(&greeted.target).map_err(greeting::nothing_sent)?;
        for name in &missing {
            // Whether it was made all the same, the next list tells.
            if let Some(why) = make_tag(&greeted.client, ledger, name).await? {
                last = Some(why);
            }
        }
    }
}

/// Makes a tag, written down before and after, so that `undo` knows it. Otherwise why it may not be there.
async fn make_tag(client: &Client, ledger: &Ledger, name: &str) -> Result<Option<String>, Failure> {
    let record = |end| {
        let effect = Effect::company(EffectKind::Tag, name);
        ledger.record(vec![EffectChange { effect, conversation: None, end }])
    };
    record(EffectEnd::Begun)?;
    let (end, why) = match client.create_tag(name, None, &Cancellation::new()).await {
        Ok(Called { outcome: Outcome::Done(tag), .. }) => {
            (EffectEnd::Done { id: Some(tag.id), made: true, before: None }, Ok(None))
        }
        // It may be there: `undo` looks for it by its name.
        Ok(Called { outcome: lost @ Outcome::Lost { .. }, .. }) => return Ok(Some(lost.to_string())),
        Ok(called) => (EffectEnd::Undone, Ok(Some(called.outcome.to_string()))),
        Err(error @ FrontError::Unauthorized { .. }) => (EffectEnd::Undone, Err(tags_refused(&error, "tags:write"))),
        Err(error) => (EffectEnd::Undone, Ok(Some(error.to_string()))),
    };
    record(end)?;
    why
}

async fn missing_tags(client: &Client, overview: &Overview) -> Result<Vec<String>, Failure> {
    let known = client.tags().await.map_err(|error| match error {
        FrontError::Unauthorized { .. } => tags_refused(&error, "tags:read"),
        _ => front_failure(&error),
    })?;
    let known: BTreeSet<&str> = known.iter().map(|tag| tag.name.as_str()).collect();
    Ok(overview.tags.iter().filter(|tag| !known.contains(tag.as_str())).cloned().collect())
}

fn tags_refused(error: &FrontError, scope: &str) -> Failure {
    Failure::target(
        format!("{error}; nothing was sent"),
        format!(
            "give the token `{scope}`, or take the tags out of the mapping: they are checked before anything is sent"
        ),
    )
}

fn no_tags(context: &Context, greeted: &Greeted, missing: &[String], may_create: bool, last: Option<&str>) -> Failure {
    let named: Vec<String> = missing.iter().take(MOST_NAMED).map(|tag| format!("`{}`", printable(tag))).collect();
    let more = missing.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!(
        "{} lacks {} of the plan: {}{more}; nothing was sent",
        printable(&greeted.company),
        counted(missing.len() as u64, "tag"),
        named.join(", ")
    );
    let help = match (may_create, last) {
        (true, Some(error)) => format!("they could not be made ({error}): make them in Front, then run it again"),
        (true, None) => "they were made and are not listed yet: run it again in a minute".to_owned(),
        (false, _) => {
            let import = format!("{} --create-tags", context.command("import"));
            let needs = "make them in Front, or have them made (the token then needs `tags:write`)";
            match context.pilot {
                // Its tags are the import's, and it makes them by itself.
                Some(_) => format!("{needs}: {import}"),
                None => format!("{needs}: `{}`, or `{import}`", context.command("prepare")),
            }
        }
    };
    Failure::target(message, help)
}

/// Own addresses that Front receives mail for by itself, and what that means for the sources.
pub(super) struct DoubleHistory {
    live: Live,
    /// The first source that does not say where its history ends.
    path_at: (usize, usize),
    source: String,
}

/// Whether mail that is to be imported may be in Front already.
pub(super) enum Doubling {
    /// None of it, as far as Front says; or the mapping has answered for all of it.
    Excluded,
    /// Some of it: the mapping must answer.
    Likely(DoubleHistory),
    /// It cannot be told, or the mapping's answer seems to be wrong; a note for the user.
    Unclear(String),
}

/// Whether Front has, or may have, some of the mail that is to be imported. Its own copies have no external id, so nothing
/// but the mapping's answer (`until`) keeps them from being doubled.
pub(super) async fn double_history(context: &Context, greeted: &Greeted, ledger: &Ledger) -> Result<Doubling, Failure> {
    let is_mail = |source: &&SourceMapping| !matches!(source.format, Format::Csv(_));
    let is_answered = |source: &&SourceMapping| matches!(source.ends.until, Some(Until::Everything));
    let sources: Vec<&SourceMapping> =
        context.mapping.sources.iter().filter(is_mail).filter(|source| !is_answered(source)).collect();
    let open = sources.iter().find(|source| source.ends.until.is_none());
    let counts = ledger.counts();
    let is_first = counts.accepted + counts.confirmed + counts.missing + counts.different == 0;
    if sources.is_empty() || (open.is_none() && !is_first) {
        return Ok(Doubling::Excluded);
    }
    let channels = match greeted.client.channels().await {
        Ok(channels) => channels,
        // The mapping has answered for all of it.
        Err(_) if open.is_none() => return Ok(Doubling::Excluded),
        Err(FrontError::Unauthorized { .. }) => return Ok(unclear("the token lacks `channels:read`")),
        // A gateway before Front may know fewer paths than Front.
        Err(error @ (FrontError::Unexpected { .. } | FrontError::Unreadable { .. })) => {
            return Ok(unclear(&error.to_string()));
        }
        Err(error) => return Err(front_failure(&error)),
    };
    let ours = |address: &&String| context.mapping.ours.owns(address);
    let mut live = Live::default();
    for channel in &channels {
        let Some(address) = channel.addresses.iter().find(ours) else { continue };
        // Once something was imported, the oldest message there may be one of ours.
        match channel.inbox_id.as_ref().filter(|_| is_first) {
            None => live.add(address, None),
            Some(inbox) => match greeted.client.holding(inbox).await {
                Ok(None) => {}
                Ok(holding) => live.add(address, holding),
                Err(
                    FrontError::Unauthorized { .. } | FrontError::Unexpected { .. } | FrontError::Unreadable { .. },
                ) => {
                    live.add(address, None);
                }
                Err(error) => return Err(front_failure(&error)),
            },
        }
    }
    if live.addresses.is_empty() {
        return Ok(Doubling::Excluded);
    }
    Ok(match open {
        Some(source) => Doubling::Likely(DoubleHistory { live, path_at: source.path_at, source: source.name.clone() }),
        None => live.overlap(&sources).map_or(Doubling::Excluded, Doubling::Unclear),
    })
}

/// Own addresses whose mail Front receives, with what their inboxes hold together.
#[derive(Default)]
struct Live {
    addresses: Vec<String>,
    holding: Option<Holding>,
    /// Of one of them it is not known what its inbox holds.
    is_unclear: bool,
}

impl Live {
    fn add(&mut self, address: &str, holding: Option<Holding>) {
        self.addresses.push(address.to_owned());
        let Some(more) = holding else {
            self.is_unclear = true;
            return;
        };
        let holding = self.holding.get_or_insert(Holding { conversations: 0, since: more.since });
        holding.conversations += more.conversations;
        holding.since = holding.since.min(more.since);
    }

    /// What is to be said of sources that end after the oldest message of these inboxes.
    fn overlap(&self, sources: &[&SourceMapping]) -> Option<String> {
        let oldest = self.holding?.since;
        let late: Vec<String> = sources
            .iter()
            .filter_map(|source| match source.ends.until {
                Some(until @ Until::Moment(Moment(moment))) if moment.as_second() > oldest => {
                    Some(format!("`{}` until {until}", source.name))
                }
                _ => None,
            })
            .collect();
        (!late.is_empty()).then(|| {
            format!(
                "the oldest message found in the inbox of {} is of {}, and sources go on after it ({}): what lies between may be \
                 there twice",
                self.named(),
                moment(oldest),
                late.join(", ")
            )
        })
    }

    fn named(&self) -> String {
        const NAMED: usize = 3;
        let named: Vec<String> = self.addresses.iter().take(NAMED).map(|address| printable(address)).collect();
        match self.addresses.len().saturating_sub(NAMED) {
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }
}

fn unclear(why: &str) -> Doubling {
    Doubling::Unclear(format!(
        "whether Front receives mail for your own addresses by itself could not be asked ({why}); if it \
         does, its newest mail and this import would be there twice: give every such [[source]] an `until`"
    ))
}

impl DoubleHistory {
    /// As what stops an import.
    pub(super) fn failure(&self, context: &Context) -> Failure {
        context.wrong_setting(Exit::Usage, Some(self.path_at), &self.title(), &self.label(), &self.help())
    }

    /// As a warning of a plan.
    pub(super) fn warning(&self) -> String {
        format!("{}: {}; {}", self.title(), self.label(), self.help())
    }

    fn title(&self) -> String {
        format!("Front receives mail for {} by itself", self.live.named())
    }

    fn label(&self) -> String {
        format!("source `{}` does not say what of it Front has already; nothing was sent", self.source)
    }

    fn help(&self) -> String {
        let either = "or `until = \"everything\"` if the export holds none of it";
        match self.live.holding.filter(|_| !self.live.is_unclear) {
            Some(holding) => format!(
                "Front has {} there, the oldest message found is of {}: add `until = {}` to this [[source]], {either}",
                counted(holding.conversations, "conversation"),
                moment(holding.since),
                moment(just_before(holding.since)),
            ),
            None => format!(
                "look up the oldest live message there in Front, and add `until = 2024-01-31T09:30:00Z` (its time) to this \
                 [[source]], {either}"
            ),
        }
    }
}

/// A mail says when it was sent, and Front when it came, which is minutes later at most: a whole minute before that.
fn just_before(seconds: i64) -> i64 {
    const MINUTE: i64 = 60;
    seconds.saturating_sub(5 * MINUTE).div_euclid(MINUTE).saturating_mul(MINUTE)
}

/// As the mapping takes it.
fn moment(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| "an impossible day".to_owned(), |moment| Moment(moment).to_string())
}

/// A plan that is compared with what Front has.
pub(super) struct Asking {
    runtime: tokio::runtime::Runtime,
    front: Known,
}

impl Asking {
    /// Proves the token, and refuses a company that is not the ledger's.
    pub(super) fn begin(context: &Context, args: &FrontArgs, ledger: &Ledger) -> Result<Self, Failure> {
        let settings = greeting::settings(context, args)?;
        let runtime = sending::runtime()?;
        let front = runtime.block_on(sending::unless_stopped(context, None, greeting::knock(settings)))?;
        let (company, named) = front.company();
        ledger.check_company(company, named).map_err(greeting::nothing_sent)?;
        Ok(Self { runtime, front })
    }

    /// What Front says to the plan, in sentences, and the failure with which an import would end before it sends anything.
    /// Nothing is changed there.
    pub(super) fn answers(
        self,
        context: &Context,
        ledger: &Ledger,
        overview: &Overview,
    ) -> (Vec<String>, Result<(), Failure>) {
        let Self { runtime, front } = self;
        let mut lines = Vec::new();
        let asked = async {
            let greeted = greeting::greet(context, front, overview, ledger.target().as_ref()).await?;
            lines.push(format!(
                "{} has {} and {} that the plan names",
                greeted.company,
                counted(greeted.target.inboxes.len() as u64, "inbox"),
                counted(overview.teammates.len() as u64, "teammate")
            ));
            // Both are asked, so that one run tells of both.
            let tags = check_tags(context, &greeted, overview, None).await;
            match &tags {
                Ok(()) if overview.tags.is_empty() => {}
                Ok(()) if context.mapping.target.probed.as_ref().is_some_and(|probed| probed.are_tags_made) => {}
                Ok(()) => lines.push(format!("all {} are there", counted(overview.tags.len() as u64, "tag"))),
                Err(lacking) => lines.push(lacking.sentence()),
            }
            let mut finishes = Ok(());
            if finishing::is_wanted(overview) {
                lines.extend(finishing::rules_if_told(&greeted.client).await);
                finishes = finishing::names(context, &greeted.client, overview).await.map(drop);
                lines.push(match &finishes {
                    Ok(()) => "everything that `finish` gives is known to it".to_owned(),
                    Err(lacking) => lacking.sentence(),
                });
            }
            match double_history(context, &greeted, ledger).await? {
                Doubling::Excluded => {}
                Doubling::Likely(double) => {
                    lines.push(format!("ATTENTION: {}", double.warning()));
                    return Err(double.failure(context));
                }
                Doubling::Unclear(note) => lines.push(note),
            }
            tags?;
            finishes?;
            channels::check(context, &greeted.client, overview).await
        };
        let ended = runtime.block_on(sending::unless_stopped(context, None, asked));
        (lines, ended)
    }
}
