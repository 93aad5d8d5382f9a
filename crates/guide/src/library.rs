//! The library's door: what a file is, and how a piece is put on the shelf.
//!
//! [`examine`] looks at a file: is it sound all through, in what, how long, and what does it call itself. Nothing of it is
//! trusted: names go through the sanitiser, and a file that is not sound is refused with the reason. [`shelve`] saves the
//! piece that was made of it, once: a file that a service has already is the piece that it has.
//!
//! Start at [`examine`].

use std::io::Cursor;

use audio::{Codec, Format, Found, Framer, Sniff, sniff};
use jiff::SignedDuration;
use lofty::config::{ParseOptions, ParsingMode};
use lofty::file::TaggedFileExt;
use lofty::probe::Probe;
use lofty::tag::Accessor;
use station::{Event, Piece, text};
use store::{Db, Tx};

/// The largest file that is taken, in bytes: two hours of FLAC.
pub const FILE_BYTES_MAX: u64 = 1 << 30;
/// The share of a file that may be something else than sound and its tags, in per cent.
const GARBAGE_PERCENT_MAX: u64 = 2;
/// The shortest piece, in milliseconds.
const DURATION_MS_MIN: i64 = 200;

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examined {
    /// What it is encoded in, and how.
    pub format: Format,
    /// How long it lasts, in milliseconds.
    pub duration_ms: i64,
    /// What it calls itself.
    pub names: Names,
}

/// What a piece is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Who performs or speaks; may be empty.
    pub artist: String,
    /// What it is called; never empty.
    pub title: String,
    /// What it was released on; may be empty.
    pub album: String,
}

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsound {
    /// It has nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is nothing that is played here.
    #[error("it is not MP3, AAC (ADTS) or Ogg; make one of it with `ffmpeg -i FILE -c:a flac FILE.oga`")]
    Unknown,
    /// Too much of it is no sound.
    #[error("{percent} % of it is not sound; it was cut off or damaged on the way here")]
    Damaged {
        /// How much.
        percent: u64,
    },
    /// Its format changes in the middle, which players do not take.
    #[error("it changes from {before} to {after} in the middle; encode it again as one")]
    Changes {
        /// What it was.
        before: Format,
        /// What it becomes.
        after: Format,
    },
    /// There is next to nothing in it.
    #[error("it lasts {duration_ms} ms, which nobody would hear")]
    Short {
        /// How long it lasts.
        duration_ms: i64,
    },
}

/// Looks at a file. `name` is its file name, for the title if it has no other: "Artist - Title.mp3".
pub fn examine(name: &str, bytes: &[u8]) -> Result<Examined, Unsound> {
    if bytes.is_empty() {
        return Err(Unsound::Empty);
    }
    let (format, duration_ms) = measure(bytes, kind(bytes).ok_or(Unsound::Unknown)?)?;
    if duration_ms < DURATION_MS_MIN {
        return Err(Unsound::Short { duration_ms });
    }
    Ok(Examined { format, duration_ms, names: names(name, bytes) })
}

/// Puts a piece on the shelf. `None`: its service had it already.
pub async fn shelve(db: &Db, piece: &Piece) -> store::Result<Option<Piece>> {
    let mut tx = db.begin().await?;
    if let Some(known) = already(&mut tx, piece).await? {
        return Ok(Some(known));
    }
    store::library::save(&mut tx, piece).await?;
    store::change::add(&mut tx, piece.station, &Event::LibraryChanged { service: piece.service }).await?;
    tx.commit().await?;
    Ok(None)
}

async fn already(tx: &mut Tx, piece: &Piece) -> store::Result<Option<Piece>> {
    let Some(origin) = &piece.origin else { return Ok(None) };
    store::library::by_origin_in(tx, piece.station, piece.service, origin).await
}

fn kind(bytes: &[u8]) -> Option<Codec> {
    match sniff(bytes) {
        Sniff::Codec(codec) => Some(codec),
        _ => None,
    }
}

/// The format of the sound and how long it lasts, in milliseconds.
fn measure(bytes: &[u8], codec: Codec) -> Result<(Format, i64), Unsound> {
    let mut framer = Framer::new(codec);
    framer.push(bytes);
    framer.finish();
    let (mut format, mut samples, mut skipped) = (None, 0_u64, 0_u64);
    for found in framer {
        match found {
            Found::Format { format: after, .. } => match format {
                Some(before) if before != after => return Err(Unsound::Changes { before, after }),
                _ => format = Some(after),
            },
            Found::Frame(frame) => samples += u64::from(frame.samples),
            Found::Skipped { bytes } => skipped += bytes,
            Found::Tag { .. } => {}
        }
    }
    let percent = skipped * 100 / bytes.len().max(1) as u64;
    match format {
        Some(format) if percent <= GARBAGE_PERCENT_MAX => {
            let ms = samples * 1_000 / u64::from(format.sample_rate_hz.max(1));
            Ok((format, i64::try_from(ms).unwrap_or(i64::MAX)))
        }
        Some(_) => Err(Unsound::Damaged { percent }),
        None => Err(Unsound::Unknown),
    }
}

/// What the file's tags say, or else its name.
fn names(file: &str, bytes: &[u8]) -> Names {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let (artist, title) = stem.split_once(" - ").unwrap_or(("", stem));
    let tagged = tags(bytes).unwrap_or_default();
    let has_title = !tagged.title.is_empty();
    Names {
        artist: if has_title || !tagged.artist.is_empty() { tagged.artist } else { text::title(artist) },
        title: if has_title { tagged.title } else { text::title(title) },
        album: tagged.album,
    }
}

fn tags(bytes: &[u8]) -> Option<Names> {
    // Pictures and lyrics are left alone; a tag that is broken is as good as none.
    let options = ParseOptions::new().parsing_mode(ParsingMode::Relaxed).read_cover_art(false).read_properties(false);
    let file = Probe::new(Cursor::new(bytes)).options(options).guess_file_type().ok()?.read().ok()?;
    let tag = file.primary_tag().or_else(|| file.first_tag())?;
    let word = |word: Option<std::borrow::Cow<'_, str>>| word.map(|word| text::title(&word)).unwrap_or_default();
    Some(Names { artist: word(tag.artist()), title: word(tag.title()), album: word(tag.album()) })
}

/// A length of sound in milliseconds, as people say it: "3:07".
pub fn as_minutes(duration_ms: i64) -> String {
    let seconds = SignedDuration::from_millis(duration_ms).as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(frames: usize) -> Vec<u8> {
        let frame = audio::mpeg::silent_frame(44_100, 2, 128).unwrap();
        frame.bytes.repeat(frames)
    }

    #[test]
    fn a_file_without_tags_is_called_as_it_is_named() {
        let examined = examine("The Hum - River Song.mp3", &silence(100)).unwrap();
        assert_eq!((examined.names.artist.as_str(), examined.names.title.as_str()), ("The Hum", "River Song"));
        assert_eq!(examined.duration_ms, 100 * 1_152 * 1_000 / 44_100);
        assert_eq!(examine("River Song.mp3", &silence(100)).unwrap().names.title, "River Song");
    }

    #[test]
    fn what_is_not_sound_is_refused_with_a_reason() {
        assert_eq!(examine("a.mp3", b""), Err(Unsound::Empty));
        assert_eq!(
            examine("a.mp3", b"These are words, and many of them. ".repeat(500).as_slice()),
            Err(Unsound::Unknown)
        );
        assert!(matches!(examine("a.mp3", &silence(3)), Err(Unsound::Short { .. })));
        let mut damaged = silence(100);
        damaged.extend(std::iter::repeat_n(0x55, damaged.len() / 4));
        assert!(matches!(examine("a.mp3", &damaged), Err(Unsound::Damaged { percent: 15..=25 })));
    }

    #[test]
    fn a_file_that_changes_its_format_is_refused() {
        let mono = audio::mpeg::silent_frame(44_100, 1, 128).unwrap();
        let both = [silence(50), mono.bytes.repeat(50)].concat();
        assert!(matches!(examine("a.mp3", &both), Err(Unsound::Changes { .. })));
    }
}
