//! The program: its settings, its commands, and how the rooms are wired together.
//!
//! A command reads the [`settings`], opens a [`House`](assembly::House) and runs it. Nothing here knows how radio
//! works; everything here knows which room does.
//!
//! Start at [`commands::run`], then [`assembly::House::open`].

mod access_log;
mod archive;
pub mod assembly;
mod certificates;
pub mod clock;
pub mod commands;
mod courier;
mod dead_air;
mod https;
mod icecast;
mod intake;
mod intercom;
mod limits;
mod logging;
pub mod reception;
mod repertoire;
mod rotation_file;
pub mod settings;
mod sound;
mod terms;
mod watch;
