//! The mapping file: what the user decided, checked before anything else happens.

mod model;

pub use model::*;
