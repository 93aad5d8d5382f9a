//! Stories from elsewhere, with their rights.
