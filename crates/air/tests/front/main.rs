//! The front door, as the programs that knock at it see it: real encoders and real players over real sockets.

mod admin;
mod directory;
mod encoders;
mod gate;
mod icecast;
mod listeners;
mod protocol;
mod proxies;
mod relays;
mod shoutcast;
mod sound;
mod stub;
mod studio;
mod terms;
mod titles;
mod tls;
mod transcripts;
