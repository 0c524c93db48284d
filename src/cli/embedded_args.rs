//! What may be typed behind the hidden `embedded-front`.

use super::args::MappingArg;
use crate::rehearsal::{
    ChannelSpec, Fault, Faults, FieldSpec, Hint, LiveTeam, Misfortune, Outage, Play, Refusal, RepeatAnswer, RuleSpec,
    StatusSpec, Undocumented,
};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Options of the embedded Front as a process of its own. Imports are counted from 1, each attempt.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that is given or not")]
pub(super) struct EmbeddedFrontArgs {
    /// The mapping whose inboxes and teammates it has
    #[command(flatten)]
    pub mapping: MappingArg,
    /// Port; any free one unless given
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Token it accepts
    #[arg(long, default_value = "rehearsal")]
    pub token: String,
    /// Company that the token belongs to; one of its own unless given
    #[arg(long, value_name = "ID")]
    pub company: Option<String>,
    /// Requests a minute it allows
    #[arg(long, default_value_t = u64::from(u32::MAX))]
    pub limit: u64,
    /// From the K-th import on it allows another number of requests a minute: K=LIMIT; may be given again
    #[arg(long, value_name = "K=LIMIT", value_parser = limit_at)]
    pub limit_at: Vec<(u64, u64)>,
    /// It has a burst allowance of half the limit, refilled over ten minutes
    #[arg(long)]
    pub burst: bool,
    /// Requests a second that one inbox, conversation or message takes; Front takes 5
    #[arg(long, value_name = "N")]
    pub per_resource: Option<usize>,
    /// Its answers tell nothing of limits
    #[arg(long)]
    pub no_rate_headers: bool,
    /// Others use the same limit: `REQUESTS_PER_MINUTE` or `REQUESTS_PER_MINUTE:bursty`
    #[arg(long, value_name = "TEAM")]
    pub live_team: Option<LiveTeam>,
    /// A channel, and what it brought in before: `ADDRESS=INBOX[:OLDEST_DATE:COUNT]`, after `custom:` a custom channel; may be
    /// given again
    #[arg(long, value_name = "CHANNEL")]
    pub channel: Vec<ChannelSpec>,
    /// A tag that exists; may be given again
    #[arg(long, value_name = "NAME")]
    pub tag: Vec<String>,
    /// A workspace; one of the company's name unless given; may be given again
    #[arg(long, value_name = "NAME")]
    pub team: Vec<String>,
    /// A custom field of conversations: NAME=TYPE, or `NAME=enum:VALUE,VALUE`; may be given again
    #[arg(long, value_name = "FIELD")]
    pub conversation_field: Vec<FieldSpec>,
    /// A custom field of contacts
    #[arg(long, value_name = "FIELD")]
    pub contact_field: Vec<FieldSpec>,
    /// A ticket status: ID=CATEGORY:NAME; ticketing is off where none is given
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<StatusSpec>,
    /// A rule of the company, which is listed and never runs: NAME=ACTION;ACTION
    #[arg(long, value_name = "RULE")]
    pub rule: Vec<RuleSpec>,
    /// A teammate who is blocked, by id
    #[arg(long, value_name = "ID")]
    pub blocked: Vec<String>,
    /// Messages with tags that do not exist are refused
    #[arg(long)]
    pub refuse_unknown_tags: bool,
    /// Keep no bodies and attachments once they were judged
    #[arg(long)]
    pub forget_bodies: bool,
    /// Its clock is ahead by so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    pub clock_skew: i64,
    /// Write every message it stores, one JSON line each
    #[arg(long, value_name = "FILE.jsonl")]
    pub dump: Option<PathBuf>,
    /// Write every call of the client and its answer, one JSON line each
    #[arg(long, value_name = "FILE.jsonl")]
    pub calls: Option<PathBuf>,
    /// Milliseconds between its 202 and a message's existence
    #[arg(long, default_value_t = 50)]
    pub appear_after_ms: u64,
    /// External ids that are used up: 202, and never a message
    #[arg(long, value_name = "FILE")]
    pub burnt: Option<PathBuf>,
    /// At its end, append every external id that was used to this file
    #[arg(long, value_name = "FILE")]
    pub burn: Option<PathBuf>,
    /// A repeated external id gets a uid of its own, which never becomes a message, instead of the first
    #[arg(long)]
    pub new_uid_for_repeats: bool,
    /// A repeated external id is refused with 409
    #[arg(long, conflicts_with = "new_uid_for_repeats")]
    pub refuse_repeats: bool,
    /// What Front does not document, played otherwise: `inline=filename`, `limit=26214400`, … (an unknown one is answered with all
    /// there are); may be given again
    #[arg(long, value_name = "WHAT=HOW")]
    pub play: Vec<Play>,
    /// Milliseconds each answer takes
    #[arg(long, default_value_t = 0)]
    pub latency_ms: u64,
    /// What all chances follow from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// What goes wrong with imports, how often: `NAME=RATE[:ARGUMENT]`, such as `503=0.1:2` or `lose-answer=1/20` (an unknown
    /// name is answered with all there are); may be given again
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<Fault>,
    /// What goes wrong with all other calls; with `comment/` or another kind before it, only with those that write comments, …
    #[arg(long, value_name = "FAULT")]
    pub fault_reads: Vec<Fault>,
    /// Every K-th import is stored, and its answer lost
    #[arg(long, value_name = "K")]
    pub lose_answer_every: Option<u64>,
    /// Every K-th import is answered 500 and not stored
    #[arg(long, value_name = "K")]
    pub fail_every: Option<u64>,
    /// From the K-th import on the token is turned down
    #[arg(long, value_name = "K")]
    pub unauthorized_from: Option<u64>,
    /// The inbox of the K-th import is deleted before it
    #[arg(long, value_name = "K")]
    pub inbox_gone_at: Option<u64>,
    /// Before the K-th import two conversations of its inbox become one; may be given again
    #[arg(long, value_name = "K")]
    pub merge_at: Vec<u64>,
    /// From the K-th import on nothing is served, so long: K:MILLISECONDS, or K:MILLISECONDS:503
    #[arg(long, value_name = "OUTAGE")]
    pub outage: Vec<Outage>,
    /// Refuse messages by a piece of their external id or subject: PIECE=STATUS
    #[arg(long, value_name = "REFUSAL")]
    pub refuse: Vec<Refusal>,
    /// 500 for messages by a piece of their external id or subject, whenever they come
    #[arg(long, value_name = "PIECE")]
    pub poison: Vec<String>,
    /// Lose messages after their 202, by a piece of their external id or subject
    #[arg(long, value_name = "PIECE")]
    pub lose: Vec<String>,
    /// The id of a lost message stays burnt, instead of being taken in when it comes again
    #[arg(long)]
    pub lost_stay_burnt: bool,
    /// A message that comes before the first of its thread exists makes a conversation of its own
    #[arg(long)]
    pub race_firsts: bool,
}

fn limit_at(text: &str) -> Result<(u64, u64), String> {
    let parsed = text.split_once('=').and_then(|(import, limit)| Some((import.parse().ok()?, limit.parse().ok()?)));
    parsed.ok_or_else(|| "write K=LIMIT, two numbers".to_owned())
}

impl EmbeddedFrontArgs {
    /// How it is played where Front's documents are silent.
    pub(super) fn undocumented(&self) -> Undocumented {
        let mut undocumented = Undocumented::default();
        self.play.iter().for_each(|play| play.apply(&mut undocumented));
        undocumented
    }

    /// What a repeated external id is answered with.
    pub(super) fn repeat_answer(&self) -> RepeatAnswer {
        match (self.refuse_repeats, self.new_uid_for_repeats) {
            (true, _) => RepeatAnswer::Refuse,
            (false, true) => RepeatAnswer::NewUid,
            (false, false) => RepeatAnswer::FirstUid,
        }
    }

    /// The faults that were asked for.
    pub(super) fn faults(&self) -> Faults {
        let every = |k: Option<u64>, what| k.map(|k| Fault::every(k, what));
        let short = [
            every(self.fail_every, Misfortune::Status(500, Hint::None)),
            every(self.lose_answer_every, Misfortune::LoseAnswer),
        ];
        Faults {
            seed: self.seed,
            imports: short.into_iter().flatten().chain(self.fault.iter().copied()).collect(),
            reads: self.fault_reads.clone(),
            latency: Duration::from_millis(self.latency_ms),
            unauthorized_from: self.unauthorized_from,
            inbox_gone_at: self.inbox_gone_at,
            merge_at: self.merge_at.clone(),
            outages: self.outage.clone(),
            refuse: self.refuse.clone(),
            poison: self.poison.clone(),
            lose: self.lose.clone(),
            lost_stay_burnt: self.lost_stay_burnt,
            race_firsts: self.race_firsts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command};
    use super::*;
    use clap::Parser;

    fn args(options: &[&str]) -> Result<Box<EmbeddedFrontArgs>, clap::Error> {
        let line = ["threadlift", "embedded-front", "m.toml"].into_iter().chain(options.iter().copied());
        Cli::try_parse_from(line).map(|cli| match cli.command {
            Command::EmbeddedFront(args) => args,
            _ => panic!("another command"),
        })
    }

    #[test]
    fn what_goes_wrong_can_be_typed_and_every_kth_has_short_forms() {
        let typed = args(&[
            "--seed=7",
            "--fail-every=3",
            "--fault=429=0.1:0.5",
            "--fault=drip=1/2:10",
            "--fault-reads=html=0.2",
            "--outage=5:100",
            "--refuse=x=413",
            "--merge-at=2",
            "--merge-at=9",
            "--limit-at=4=50",
            "--clock-skew=-30",
            "--live-team=20:bursty",
            "--channel=a@b.example=Support",
            "--conversation-field=Plan=enum:basic,pro",
            "--status=sts_1=open:Open",
            "--rule=Greet=Send a reply",
            "--fault-reads=comment/lose-answer=1/3",
        ]);
        let typed = typed.unwrap();
        let faults = typed.faults();
        let expected = ["500=1/3", "429=0.1:0.5", "drip=1/2:10"].map(|fault| fault.parse::<Fault>().unwrap());
        assert_eq!(faults.imports, expected);
        let reads = ["html=0.2", "comment/lose-answer=1/3"].map(|fault| fault.parse::<Fault>().unwrap());
        assert_eq!(faults.reads, reads);
        assert_eq!((typed.conversation_field.len(), typed.status.len(), typed.rule.len()), (1, 1, 1));
        assert_eq!((faults.seed, faults.outages.len(), faults.refuse.len()), (7, 1, 1));
        assert_eq!((faults.merge_at, typed.limit_at, typed.clock_skew), (vec![2, 9], vec![(4, 50)], -30));
    }

    #[test]
    fn what_is_no_fault_is_a_mistake_in_the_arguments() {
        for wrong in ["--fault=500", "--fault=500=7", "--limit-at=5", "--live-team=x", "--channel=x", "--outage=1"] {
            assert!(args(&[wrong]).is_err(), "{wrong}");
        }
        assert!(args(&[]).unwrap().faults().imports.is_empty());
    }
}
