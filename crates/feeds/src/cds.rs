//! Documents of NPR's Content Distribution Service.
//!
//! A [`Document`] is a JSON object that says by its *profiles* what it is: one of them is its type (`story`,
//! `biography`), the others are what it has (`has-images`, `renderable`). Its parts are *assets*, kept by name; lists of
//! [`Link`]s (`layout`, `images`, `audio`) point at them and say in which order, and as what, they stand.
//!
//! Real documents are sloppy: fields are missing, of another type, or empty; markup stands where none belongs. So
//! everything given is kept, and every question about it has a quiet answer: what is not of the right shape is as if it
//! were not there, and [`Document::faults`] names it. Only one thing is read the other way: a flag that restricts is
//! obeyed unless it plainly says that it does not.
//!
//! Start at [`read`], then [`Document`].

mod asset;
mod document;
mod link;
mod record;

pub use asset::{Asset, Picture};
pub use document::{DOCUMENT_BYTES_MAX, Document, Error, read};
pub use link::{Link, Service};
pub use record::Record;
