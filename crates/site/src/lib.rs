//! The public's door: pages, their cache, and what the player asks for.

mod colours;
pub mod preview;
pub mod templates;
pub mod view;
