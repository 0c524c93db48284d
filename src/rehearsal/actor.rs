//! Who does something, and when.

/// Whom a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// The client: Front calls it the API.
    Api,
    /// A colleague at work in Front, by number.
    Teammate(u32),
}

/// Something done: by whom, and when by the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) by: Actor,
    /// Unix time in milliseconds.
    pub(super) at: u64,
}
