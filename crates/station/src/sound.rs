//! A sound that can be asked for: a story's report, an episode.

use serde::{Deserialize, Serialize};

/// A piece of audio on demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sound {
    /// What it is called.
    pub title: String,
    /// Where its bytes are.
    pub file: File,
    /// Its media type: `audio/mpeg`.
    pub media_type: String,
    /// How long it lasts, in milliseconds, if known.
    pub duration_ms: Option<i64>,
    /// Its size in bytes, if known.
    pub bytes: Option<i64>,
    /// Whether its owner lets a listener keep the file.
    pub is_downloadable: bool,
    /// Where its words can be read.
    pub transcript: Option<Transcript>,
}

/// Where a sound's bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum File {
    /// In our vault, under this key; served at `/media/{key}`.
    Vault(String),
    /// At its owner's, at this `https` address.
    Remote(String),
}

/// The words of a sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transcript {
    /// The words themselves, a paragraph each.
    Text(Vec<String>),
    /// A page that has them.
    Page(String),
}
