//! A picture, as it is used in one place.

use serde::{Deserialize, Serialize};

/// A picture with what must stand beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Where its bytes are.
    pub file: File,
    /// Its own width in pixels, if known: it lets a page keep the place free.
    pub width_px: Option<u32>,
    /// Its own height in pixels, if known.
    pub height_px: Option<u32>,
    /// What it shows, for who cannot see it. Empty only where the picture says nothing that the text does not.
    pub alt: String,
    /// The words below it, plain.
    pub caption: String,
    /// Who made it and who provided it: "Jo Birch / Harrow Valley Public Radio".
    pub credit: String,
}

/// Where a picture's bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum File {
    /// In our vault, under this key; served at `/media/{key}`.
    Vault(String),
    /// At its owner's, at this `https` address.
    Remote {
        /// The address of the whole picture.
        href: String,
        /// An address with `{width}` (and perhaps `{quality}`, `{format}`) to be filled in.
        template: Option<String>,
    },
}
