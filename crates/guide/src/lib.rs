//! The guide: what is on, what comes next, and when.
//!
//! A [`Schedule`] is what people wrote down: weekly rules, exceptions, broadcasts of their own. Resolving it gives
//! [`Broadcast`](station::Broadcast)s, which have instants. [`run`] keeps every
//! station's rows resolved for some weeks, and tells the house, to the second, when a service has something else on.
//!
//! It promises that a schedule which fills the week fills the year: without gap, overlap or drift, whatever the
//! clocks do. `docs/schedule.md` says for people what happens on the nights when they change.
//!
//! What is on the schedule can be recorded: [`recorder`] makes episodes of broadcasts.
//! Besides, it takes files into the [`library`] and keeps what was played ([`Spins`]).
//!
//! Start at [`Schedule::resolve`]; [`Board`] answers "what is on now?", and [`run`] keeps both going.

mod board;
mod claim;
mod keeper;
pub mod library;
pub mod recorder;
mod rows;
mod schedule;
mod spins;

pub use board::Board;
pub use keeper::{Settings, run};
pub use schedule::{Conflict, Schedule};
pub use spins::Spins;
