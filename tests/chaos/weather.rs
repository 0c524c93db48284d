//! What goes wrong, and when the program is killed.

/// What goes wrong with imports, all of it at once.
pub(crate) const FAULTS: [&str; 18] = [
    "500=0.02",
    "502=0.01:0.1",
    "502=0.01",
    "503=0.02:0.2",
    "503=0.01",
    "504=0.01",
    "429=0.02:0.1",
    "429=0.01:text:80",
    "storm=0.01:6",
    "reset=0.03",
    "lose-answer=0.05",
    "close-idle=0.03",
    "slow=0.03:80",
    "drip=0.03:60",
    "truncated=0.02",
    "not-json=0.02",
    "html=0.02",
    "empty=0.02",
];

/// What goes wrong with all other calls.
pub(crate) const FAULTS_OF_READS: [&str; 10] = [
    "500=0.02",
    "503=0.02:0.1",
    "429=0.02:0.1",
    "reset=0.02",
    "close-idle=0.02",
    "slow=0.03:50",
    "drip=0.03:50",
    "truncated=0.01",
    "not-json=0.005",
    "html=0.005",
];

/// When to kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aim {
    /// Somewhere in a plan.
    Plan,
    /// While an import opens the ledger, greets Front, or plans because the mapping changed.
    Open,
    /// While sled writes its snapshot, which it does at open alone.
    Snapshot,
    /// When Front has stored some more.
    Sending,
    /// At once when the journal has grown.
    Journal,
    /// When a message was seen in Front.
    Confirming,
    /// A little after SIGTERM.
    Close,
}

/// As often as named.
pub(crate) const AIMS: [Aim; 13] = [
    Aim::Plan,
    Aim::Open,
    Aim::Snapshot,
    Aim::Snapshot,
    Aim::Sending,
    Aim::Sending,
    Aim::Sending,
    Aim::Journal,
    Aim::Journal,
    Aim::Confirming,
    Aim::Close,
    Aim::Close,
    Aim::Close,
];
