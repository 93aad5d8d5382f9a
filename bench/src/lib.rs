//! Shared parts of the load tools: see `bench/README.md`.
pub mod args;
pub mod frames;
pub mod hist;
pub mod net;
pub mod procstat;
pub mod tls;
