//! What a sound is like, for the switch.

mod judge;

pub use judge::{Fault, Judge, Moment, Profile, Verdict};
