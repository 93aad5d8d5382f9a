//! The public's door: pages, their cache, and what the player asks for.

pub mod view;
