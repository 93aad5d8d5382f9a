//! What a radio's display shows, ready to be sent.

use std::sync::Arc;

use bytes::Bytes;

/// A title that is on the air, with the ICY block that carries it. Made once, shared by every listener.
#[derive(Debug, PartialEq, Eq)]
pub struct Title {
    /// What is played: "Artist - Title". May be empty.
    pub text: String,
    /// What belongs to it: a page or a picture; often a traffic system's cue. May be empty.
    pub url: String,
    /// The whole metadata block: its length byte and its padded text.
    pub block: Bytes,
}

impl Title {
    /// A title of these words.
    pub fn new(text: &str, url: &str) -> Arc<Self> {
        let block = audio::icy::metadata_block(text, url);
        Arc::new(Self { text: text.to_owned(), url: url.to_owned(), block })
    }
}
