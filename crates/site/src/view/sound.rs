//! A sound on demand as a page offers it: what the player's buttons carry.

use serde::Serialize;
use station::sound::{File, Transcript};

use super::{Duration, address};

/// Something to hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sound {
    /// What it is called.
    pub title: String,
    /// Where its bytes are; also what tells one sound from another in the listener's queue.
    pub src: String,
    /// Its media type: `audio/mpeg`.
    pub media_type: String,
    /// How long it lasts, if known.
    pub duration: Option<Duration>,
    /// Where the file may be kept from, if its owner allows that.
    pub download: Option<String>,
    /// Its size in words ("3.4 MB"), if known.
    pub size: Option<String>,
    /// Its words.
    pub transcript: Option<Words>,
    /// The page that it belongs to: where the player's title leads.
    pub page: String,
    /// What it is a part of: the programme, the section or the station.
    pub context: String,
    /// A picture for the lock screen.
    pub artwork: Option<String>,
}

/// The words of a sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Words {
    /// The words themselves, a paragraph each; empty where only `href` is known.
    pub paragraphs: Vec<String>,
    /// A page that has them.
    pub href: Option<String>,
}

/// Where a sound stands on the site.
pub struct Place<'a> {
    /// The page that it belongs to.
    pub page: &'a str,
    /// What it is a part of.
    pub context: &'a str,
    /// A name, where the sound has none of its own.
    pub title: &'a str,
    /// A picture for the lock screen.
    pub artwork: Option<&'a str>,
}

impl Sound {
    /// The sound, if a page may load it.
    pub fn of(sound: &station::Sound, place: &Place<'_>) -> Option<Self> {
        let src = match &sound.file {
            File::Vault(key) => address::of_vault_key(key),
            File::Remote(href) => address::safe_source(href)?.to_owned(),
        };
        let title = if sound.title.trim().is_empty() { place.title } else { &sound.title };
        Some(Self {
            title: title.to_owned(),
            media_type: sound.media_type.clone(),
            duration: sound.duration_ms.and_then(Duration::of_ms),
            download: sound.is_downloadable.then(|| src.clone()),
            size: sound.bytes.and_then(size_in_words),
            transcript: sound.transcript.as_ref().and_then(words),
            page: place.page.to_owned(),
            context: place.context.to_owned(),
            artwork: place.artwork.map(Into::into),
            src,
        })
    }
}

fn words(transcript: &Transcript) -> Option<Words> {
    match transcript {
        Transcript::Text(paragraphs) => Some(Words { paragraphs: paragraphs.clone(), href: None }),
        Transcript::Page(href) => {
            Some(Words { paragraphs: Vec::new(), href: Some(address::safe_link(href)?.to_owned()) })
        }
    }
}

fn size_in_words(bytes: i64) -> Option<String> {
    match bytes {
        ..=0 => None,
        1..1_000_000 => Some(format!("{} kB", (bytes / 1000).max(1))),
        _ => Some(format!("{:.1} MB", bytes as f64 / 1e6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_said_in_units_that_people_know() {
        assert_eq!(size_in_words(3_449_000).as_deref(), Some("3.4 MB"));
        assert_eq!(size_in_words(12).as_deref(), Some("1 kB"));
        assert_eq!(size_in_words(0), None);
    }
}
