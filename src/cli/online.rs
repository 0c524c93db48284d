//! What is asked of Front beyond inboxes and teammates: tags, and whether it receives the same mail by itself.

use super::args::FrontArgs;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::greeting::{self, Greeted, Known, front_failure};
use super::sending;
use crate::front::{Client, FrontError, Holding};
use crate::ledger::Ledger;
use crate::mapping::{Format, SourceMapping};
use crate::plan::Overview;
use crate::report::{counted, printable};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// Lists of the tags, and attempts to make what is missing, before it is given up.
const ROUNDS: u32 = 3;

/// Names in a message; the rest is counted.
const MOST_NAMED: usize = 8;

/// Makes sure that every tag of the plan exists. Whether Front makes unknown ones by itself is not documented.
pub(super) async fn check_tags(
    context: &Context,
    greeted: &Greeted,
    overview: &Overview,
    may_create: bool,
) -> Result<(), Failure> {
    if overview.tags.is_empty() {
        return Ok(());
    }
    let (mut last, mut rounds) = (None, 0);
    loop {
        let missing = missing_tags(&greeted.client, overview).await?;
        if missing.is_empty() {
            return Ok(());
        }
        if !may_create || rounds == ROUNDS {
            return Err(no_tags(context, greeted, &missing, may_create, last.as_ref()));
        }
        rounds += 1;
        for name in &missing {
            match greeted.client.create_tag(name).await {
                Ok(()) => {}
                Err(error @ FrontError::Unauthorized { .. }) => return Err(tags_refused(&error, "tags:write")),
                // Whether it was made all the same, the next list tells.
                Err(error) => last = Some(error),
            }
        }
    }
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

fn no_tags(
    context: &Context,
    greeted: &Greeted,
    missing: &[String],
    may_create: bool,
    last: Option<&FrontError>,
) -> Failure {
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
        (false, _) => format!(
            "make them in Front, or have them made: {} --create-tags (the token then needs `tags:write`)",
            context.command("import")
        ),
    };
    Failure::target(message, help)
}

/// An own address that Front receives mail for by itself, and what that means for the sources.
pub(super) struct DoubleHistory {
    address: String,
    holding: Option<Holding>,
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
    /// Front could not be asked; a note for the user.
    Unclear(String),
}

/// Whether Front has, or may have, some of the mail that is to be imported. Its own copies have no external id, so nothing
/// but the mapping's answer (`until`) keeps them from being doubled.
pub(super) async fn double_history(context: &Context, greeted: &Greeted, ledger: &Ledger) -> Result<Doubling, Failure> {
    let is_open = |source: &&SourceMapping| source.until.is_none() && !matches!(source.format, Format::Csv(_));
    let Some(source) = context.mapping.sources.iter().find(is_open) else { return Ok(Doubling::Excluded) };
    let channels = match greeted.client.channels().await {
        Ok(channels) => channels,
        Err(FrontError::Unauthorized { .. }) => return Ok(unclear("the token lacks `channels:read`")),
        // A gateway before Front may know fewer paths than Front.
        Err(error @ (FrontError::Unexpected { .. } | FrontError::Unreadable { .. })) => {
            return Ok(unclear(&error.to_string()));
        }
        Err(error) => return Err(front_failure(&error)),
    };
    let ours = |address: &&String| context.mapping.ours.owns(address);
    let found = channels.iter().find_map(|channel| Some((channel, channel.addresses.iter().find(ours)?)));
    let Some((channel, address)) = found else { return Ok(Doubling::Excluded) };
    let counts = ledger.counts();
    let is_first = counts.accepted + counts.confirmed + counts.missing + counts.different == 0;
    // Once something was imported, the oldest message there may be one of ours.
    let holding = match channel.inbox_id.as_ref().filter(|_| is_first) {
        None => None,
        Some(inbox) => match greeted.client.holding(inbox).await {
            Ok(None) => return Ok(Doubling::Excluded),
            Ok(holding) => holding,
            Err(FrontError::Unauthorized { .. } | FrontError::Unexpected { .. } | FrontError::Unreadable { .. }) => {
                None
            }
            Err(error) => return Err(front_failure(&error)),
        },
    };
    let (address, path_at) = (address.clone(), source.path_at);
    let source = source.name.clone();
    Ok(Doubling::Likely(DoubleHistory { address, holding, path_at, source }))
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
        format!("Front receives mail for {} by itself", printable(&self.address))
    }

    fn label(&self) -> String {
        format!("source `{}` does not say what of it Front has already; nothing was sent", self.source)
    }

    fn help(&self) -> String {
        let either = "or `until = \"everything\"` if the export holds none of it";
        match self.holding.and_then(|holding| Some((holding, day(holding.since)?))) {
            Some((holding, day)) => format!(
                "its inbox has {}, the oldest message found is of {day}: add `until = {day}` to this [[source]], {either}",
                counted(holding.conversations, "conversation")
            ),
            None => format!(
                "look up the oldest live message of that inbox in Front, and add `until = YYYY-MM-DD` to this [[source]], {either}"
            ),
        }
    }
}

fn day(seconds: i64) -> Option<String> {
    Some(Timestamp::from_second(seconds).ok()?.strftime("%Y-%m-%d").to_string())
}

/// A plan that is compared with what Front has.
pub(super) struct Asking {
    runtime: tokio::runtime::Runtime,
    front: Known,
}

impl Asking {
    /// Proves the token.
    pub(super) fn begin(context: &Context, args: &FrontArgs) -> Result<Self, Failure> {
        let settings = greeting::settings(context, args)?;
        let runtime = sending::runtime()?;
        let front = runtime.block_on(sending::unless_stopped(context, None, greeting::knock(settings)))?;
        Ok(Self { runtime, front })
    }

    /// What Front says to the plan, in sentences. Nothing is changed there.
    ///
    /// # Errors
    /// As those with which an import would end before it sends anything.
    pub(super) fn answers(
        self,
        context: &Context,
        ledger: &Ledger,
        overview: &Overview,
    ) -> Result<Vec<String>, Failure> {
        let Self { runtime, front } = self;
        let asked = async {
            let greeted = greeting::greet(context, front, overview, ledger.target().as_ref()).await?;
            let mut lines = vec![format!(
                "{} has {} and {} that the plan names",
                greeted.company,
                counted(greeted.target.inboxes.len() as u64, "inbox").replace("inboxs", "inboxes"),
                counted(overview.teammates.len() as u64, "teammate")
            )];
            if !overview.tags.is_empty() {
                let missing = missing_tags(&greeted.client, overview).await?;
                lines.push(match missing.len() {
                    0 => format!("all {} are there", counted(overview.tags.len() as u64, "tag")),
                    _ => no_tags(context, &greeted, &missing, false, None).sentence(),
                });
            }
            match double_history(context, &greeted, ledger).await? {
                Doubling::Excluded => {}
                Doubling::Likely(double) => lines.push(format!("ATTENTION: {}", double.warning())),
                Doubling::Unclear(note) => lines.push(note),
            }
            Ok(lines)
        };
        runtime.block_on(sending::unless_stopped(context, None, asked))
    }
}
