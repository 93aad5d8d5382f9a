//! Stories from elsewhere, with their rights.
//!
//! A document comes in as its owner wrote it and is kept so. What the station shows is made from it again whenever
//! anything it depends on changes: the document itself, its flags, the name of its owner, the biography of its author,
//! a story that it points at. If what comes out is what stands already, nothing is written.
//!
//! It promises three things. What its owner does not allow to be shown is not shown, and goes if it was. What the
//! station cannot show is named in the [`Report`], never dropped silently. And no text gets past the one sanitiser.
//!
//! Start at [`import`]; [`Owners`] puts names to owners, [`fetch`] is the one way out to the network.

pub mod fetch;
mod import;
mod mentions;
pub mod owners;
pub mod report;
mod topics;
mod translate;

pub use import::{Error, import};
pub use owners::Owners;
pub use report::Report;

/// The name of the wire that documents of NPR's Content Distribution Service come by.
pub const CDS: &str = "cds";
