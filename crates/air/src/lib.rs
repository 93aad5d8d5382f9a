//! The live audio server: sources in, listeners and HLS out, and never silence.
//!
//! A service's [`switch`] decides what is on (the studio, a backup, automation), and an [`ear`] tells it what that sounds
//! like. A [`Mount`] is one encoded stream of it: its log ([`ring`]) keeps what it sent lately, and whoever hears it reads that log at their own pace: the fan-out
//! ([`listener`]) for the continuous stream, followers for everything else. [`front`] is the one port on which sources and
//! listeners arrive. Titles and changes of input are told to the bus. What goes by the clock runs on one [`Beat`].
//!
//! The air never asks a database for anything: the music survives it.
//!
//! Start at [`Air::start`], then [`mount`].

pub mod access;
pub mod admission;
pub mod automation;
pub mod bans;
mod caller;
pub mod codec;
pub mod control;
pub mod directory;
pub mod ear;
pub mod front;
pub mod gate;
pub mod head;
pub mod hls;
pub mod icecast;
pub mod intro;
pub mod listener;
pub mod mount;
pub mod pace;
pub mod redirect;
pub mod relay;
pub mod ring;
pub mod settings;
pub mod source;
pub mod switch;
pub mod tally;
pub mod tape;
pub mod terms;
pub mod title;
pub mod tls;
pub mod transcode;
pub mod visit;

mod air;
mod airtime;
mod beat;
mod emergency;
mod herald;
mod profiles;
mod programme_bus;
mod rendition;
mod round;

pub use air::{Air, Error};
pub use beat::Beat;
pub use mount::Mount;
pub use settings::Settings;
pub use title::Title;
