//! The pages: each function answers one line of the table in [`routes`](crate::routes).
//!
//! A page that shows asks the store for rows and hands a view to the template of its name. A page that does something
//! does it in one transaction, with its entry in the audit log, and then sends the browser on, so that going back and
//! forth does nothing twice.

pub(crate) mod account;
pub(crate) mod acts;
pub(crate) mod audit;
pub(crate) mod control;
pub(crate) mod files;
pub(crate) mod history;
pub(crate) mod home;
pub(crate) mod identity;
pub(crate) mod join;
mod manuscript;
pub(crate) mod people;
mod planned;
pub(crate) mod preview;
pub(crate) mod problem;
pub(crate) mod redirects;
pub(crate) mod roles;
pub(crate) mod sign_in;
pub(crate) mod stories;
pub(crate) mod story;

use std::pin::Pin;
use std::sync::Arc;

use crate::answer::{Answer, Fault};
use crate::visit::Visit;

/// What answers a line of the table.
pub type Handler = fn(Arc<Visit>) -> Pin<Box<dyn Future<Output = Result> + Send>>;

pub(crate) type Result<T = Answer> = std::result::Result<T, Fault>;

/// Where to go on, with a word of what was done.
fn done(path: &str, said: &str) -> Answer {
    Answer::see_other(format!("{path}?said={said}"))
}
