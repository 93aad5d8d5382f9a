//! The station's words: every noun that the rooms share.
//!
//! A room says what is done; this crate says what it is done to. Everything here is a plain value: it reads no
//! file, opens no socket and never asks the time. `docs/glossary.md` says in prose what each word means.
//!
//! Start at [`Station`], then [`Service`] (what a listener tunes to), [`Story`] (what a reader reads) and
//! [`Event`] (what the rooms tell each other).

pub mod account;
pub mod act;
pub mod audit;
pub mod block;
pub mod broadcast;
pub mod byline;
pub mod clock;
pub mod draft;
pub mod episode;
pub mod event;
mod html;
pub mod id;
pub mod image;
pub mod library;
pub mod markdown;
pub mod mount;
pub mod person;
pub mod programme;
pub mod recording;
pub mod redirect;
pub mod rights;
pub mod role;
pub mod rotation;
pub mod schedule;
pub mod section;
pub mod service;
pub mod slug;
pub mod sound;
pub mod spin;
mod station;
pub mod story;
pub mod text;
pub mod wall;

pub use account::Account;
pub use act::Act;
pub use block::Block;
pub use broadcast::Broadcast;
pub use byline::Byline;
pub use clock::{Clock, Timestamp};
pub use draft::Draft;
pub use episode::Episode;
pub use event::Event;
pub use id::*;
pub use image::Image;
pub use library::Piece;
pub use mount::{Codec, Mount};
pub use person::Person;
pub use programme::Programme;
pub use recording::Recording;
pub use redirect::Redirect;
pub use rights::Rights;
pub use role::{Grant, Permission, Role};
pub use rotation::Rotation;
pub use section::Section;
pub use service::Service;
pub use slug::Slug;
pub use sound::Sound;
pub use spin::Spin;
pub use station::{Accent, Station};
pub use story::Story;
pub use text::Text;
