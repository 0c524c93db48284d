//! Where a source begins and ends in time, and what becomes of conversations that go on beyond.

use super::choice::choice;
use super::findings::Findings;
use super::schema::Everything;
use super::section::{Section, choice_of, moment_of};
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt::{self, Display, Formatter};

/// The time of a source, and the policy for what reaches beyond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ends {
    /// Messages before this moment are left out.
    pub since: Option<Moment>,
    /// Where its history ends because Front has the rest already, or the statement that it does not.
    pub until: Option<Until>,
    /// What becomes of conversations with messages on both sides.
    pub straddling: Straddling,
}

/// A moment, as the mapping has it. A day is its beginning in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Timestamp);

/// What the mapping says of messages that Front may have from a connected channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Messages of this moment or later are left out.
    Moment(Moment),
    /// Nothing is left out: Front has none of it, or doubles are wanted.
    Everything,
}

choice! {
    /// What becomes of a conversation with messages on both sides of `since` or `until`. What was sent before stays as it is.
    #[derive(Default)]
    pub enum Straddling {
        /// It is cut: messages on this side are imported, and none beyond.
        #[default]
        Cut = "cut",
        /// It is imported whole. Messages of `until` or later Front may then have twice: from its channel, and imported.
        Whole = "whole",
        /// It is left out whole. One of which something was imported before is cut instead.
        Leave = "leave",
    }
}

/// An end of a source's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Edge {
    /// `since`
    Since,
    /// `until`
    Until,
}

impl Ends {
    /// The end beyond which a moment lies, in Unix seconds; none within the source's time.
    #[must_use]
    pub fn beyond(&self, seconds: i64) -> Option<Edge> {
        let is_before = self.since.is_some_and(|Moment(since)| seconds < since.as_second());
        let is_behind = matches!(self.until, Some(Until::Moment(Moment(until))) if seconds >= until.as_second());
        is_before.then_some(Edge::Since).or(is_behind.then_some(Edge::Until))
    }

    /// Why a message beyond this end is left out of the source of this name.
    #[must_use]
    pub fn cause(&self, edge: Edge, source: &str) -> String {
        match (edge, self.since, self.until) {
            (Edge::Since, Some(since), _) => format!("dated before {since} (`since` of {source})"),
            (Edge::Until, _, Some(until)) => format!("dated {until} or later (`until` of {source})"),
            _ => format!("beyond {edge} of {source}"),
        }
    }
}

impl Display for Edge {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Edge::Since => "`since`",
            Edge::Until => "`until`",
        })
    }
}

impl Display for Moment {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let is_day = self.0.as_second().rem_euclid(86_400) == 0;
        let format = if is_day { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%SZ" };
        write!(formatter, "{}", self.0.strftime(format))
    }
}

impl Display for Until {
    /// As the mapping has it.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Until::Moment(moment) => moment.fmt(formatter),
            Until::Everything => formatter.write_str("\"everything\""),
        }
    }
}

/// `since`, `until` and `straddling` of a source.
pub(super) fn ends(found: &mut Findings, table: &Section) -> Ends {
    let since = table.value("since").and_then(|value| moment_of(found, value, "since")).map(Moment);
    let until = until(found, table);
    if let (Some(since), Some(Until::Moment(until)), Some(at)) = (since, until, table.key_at("since"))
        && since >= until
    {
        let help = "`since` is the first moment that is imported, `until` the first that is not any more";
        found.report(&at, "`since` is not before `until`", "nothing lies between", help);
    }
    Ends { since, until, straddling: table.choice(found, "straddling").unwrap_or_default() }
}

fn until(found: &mut Findings, table: &Section) -> Option<Until> {
    let value = table.value("until")?;
    if value.get_ref().as_str().is_some_and(|word| word.parse::<Date>().is_err() && word.parse::<Timestamp>().is_err())
    {
        return choice_of(found, value, "until").map(|Everything::Everything| Until::Everything);
    }
    moment_of(found, value, "until").map(|moment| Until::Moment(Moment(moment)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment(text.parse().unwrap())
    }

    #[test]
    fn since_is_the_first_moment_within_and_until_the_first_beyond() {
        let ends = Ends {
            since: Some(at("2019-01-01T00:00:00Z")),
            until: Some(Until::Moment(at("2019-01-02T09:30:00Z"))),
            straddling: Straddling::Cut,
        };
        let new_year = 1_546_300_800;
        let last = new_year + 86_400 + 34_200;
        assert_eq!(
            [new_year - 1, new_year, last - 1, last].map(|second| ends.beyond(second)),
            [Some(Edge::Since), None, None, Some(Edge::Until)]
        );
        assert_eq!(ends.cause(Edge::Since, "mail"), "dated before 2019-01-01 (`since` of mail)");
        assert_eq!(ends.cause(Edge::Until, "mail"), "dated 2019-01-02T09:30:00Z or later (`until` of mail)");
        assert_eq!(Ends { until: Some(Until::Everything), ..Ends::default() }.beyond(i64::MAX), None);
    }
}
