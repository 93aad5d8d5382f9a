//! What the station knows, in rows: one file of SQL for each noun, on SQLite or PostgreSQL.
//!
//! A [`Db`] answers questions; a [`Tx`] changes rows, all of them or none. There is one SQL text for both databases;
//! which of the two is asked is decided once, in `db.rs`. Every row belongs to a station, and every question names
//! the station that it asks for. Whoever writes a row that readers see adds the [`Event`](station::Event) that
//! tells of it with [`change::add`] in the same transaction: the change log is the outbox.
//!
//! When [`Tx::commit`] has returned, what was written survives the loss of the program and of power.
//!
//! Start at [`Db::open`], then read [`story`] as the example of a noun.

#[macro_use]
mod question;
#[macro_use]
mod value;

pub mod account;
pub mod audit;
pub mod broadcast;
pub mod change;
mod db;
pub mod device;
pub mod draft;
pub mod ending;
pub mod episode;
mod error;
pub mod id;
pub mod library;
mod migrate;
pub mod missed;
pub mod owner;
pub mod passkey;
pub mod person;
pub mod plan;
pub mod preview;
pub mod programme;
pub mod recording;
pub mod recovery_code;
pub mod redirect;
pub mod revision;
pub mod role;
pub mod rotation;
mod row;
pub mod schedule;
pub mod search;
pub mod section;
pub mod service;
pub mod session;
pub mod spin;
pub mod station;
pub mod step;
pub mod story;
pub mod ticket;
pub mod wire;

pub use db::{Db, Tx};
pub use error::{Error, Result};
pub use question::{Question, questions};
