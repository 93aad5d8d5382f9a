//! What a deck plays on one mount: a tape, or silence.

use std::time::Duration;

use audio::{Codec, Format, Found, Frame};
use bytes::Bytes;
use station::Piece;
use vault::Vault;

use super::tape::{Tape, Unreadable};
use crate::Mount;
use crate::ring::duration;

/// When a mount comes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cue {
    /// The turn of automation that it is.
    pub turn: u64,
    /// How much of the piece has been played already.
    pub from: Duration,
}

/// One mount's part of what a deck plays.
pub(super) struct Voice {
    sound: Sound,
    turn: u64,
    /// How much of it has been played, from its beginning.
    position: Duration,
    has_begun: bool,
    has_ended: bool,
}

enum Sound {
    /// A piece's rendition, and the first frame that was not played yet.
    Tape { tape: Box<Tape>, title: String, preface: (Format, Bytes), next: Option<Frame> },
    /// The same frame again and again; `None` in a codec that has no such frame.
    Silence(Option<(Format, Frame)>),
}

impl Voice {
    /// A voice for a mount that comes in at a cue. Where the piece cannot be played, it will be silent.
    pub async fn open(piece: Option<&Piece>, mount: &Mount, vault: &Vault, cue: Cue) -> Self {
        let silent = || Self::silent(mount, cue);
        let Some(piece) = piece else { return silent() };
        match Self::open_tape(piece, mount, vault, cue).await {
            Ok(voice) => voice,
            Err(why) => {
                metrics::counter!("groundwave_pieces_skipped_total", "reason" => why.label()).increment(1);
                tracing::warn!(
                    mount = mount.path(),
                    piece = piece.display_title(),
                    reason = %why,
                    source = std::error::Error::source(&why).map(tracing::field::display),
                    "a piece cannot be played"
                );
                silent()
            }
        }
    }

    /// Pushes what is due.
    pub async fn play(&mut self, mount: &Mount, due: Duration) {
        if !self.has_begun {
            self.has_begun = true;
            self.begin(mount);
        }
        while !self.has_ended && self.position < due {
            match &mut self.sound {
                Sound::Silence(None) => self.position = due,
                Sound::Silence(Some((format, frame))) => {
                    mount.take_automated(frame, due - self.position);
                    self.position += duration(u64::from(frame.samples), format.sample_rate_hz);
                }
                Sound::Tape { .. } => self.play_tape_frame(mount, due).await,
            }
        }
    }

    /// The turn of automation that it was opened in.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// How much of it has been played.
    pub fn position(&self) -> Duration {
        self.position
    }

    /// True if it plays a piece.
    pub fn is_tape(&self) -> bool {
        matches!(self.sound, Sound::Tape { .. })
    }

    /// True if its piece is over.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    fn silent(mount: &Mount, cue: Cue) -> Self {
        let sound = Sound::Silence(silence(mount));
        Self { sound, turn: cue.turn, position: cue.from, has_begun: false, has_ended: false }
    }

    /// Tells the mount what comes.
    fn begin(&self, mount: &Mount) {
        match &self.sound {
            Sound::Tape { title, preface: (format, headers), .. } => {
                mount.automation_plays(Some(title));
                mount.automation_format(*format, headers.clone());
            }
            Sound::Silence(silence) => {
                mount.automation_plays(None);
                if let Some((format, _)) = silence {
                    mount.automation_format(*format, Bytes::new());
                }
            }
        }
        mount.automation_jumps();
    }

    /// Winds the tape to where the mount comes in, and says what is on it.
    async fn open_tape(piece: &Piece, mount: &Mount, vault: &Vault, cue: Cue) -> Result<Self, Unreadable> {
        let key = piece.key_in(mount.identity().mount.codec).ok_or(Unreadable::NoRendition)?;
        let mut tape = Box::new(Tape::new(vault, key, mount.codec()));
        let (mut position, mut preface) = (Duration::ZERO, None);
        let (next, has_ended) = loop {
            match tape.next().await? {
                Some(Found::Format { format, headers }) => preface = Some((format, headers)),
                Some(Found::Frame(frame)) if position >= cue.from => break (Some(frame), false),
                Some(Found::Frame(frame)) => position += sound_of(&frame, preface.as_ref()),
                Some(_) => {}
                None => break (None, true),
            }
        };
        let preface = preface.ok_or_else(|| Unreadable::NoSound(tape.key().to_owned()))?;
        let sound = Sound::Tape { tape, title: piece.display_title(), preface, next };
        Ok(Self { sound, turn: cue.turn, position, has_begun: false, has_ended })
    }

    async fn play_tape_frame(&mut self, mount: &Mount, due: Duration) {
        let Sound::Tape { tape, preface, next, .. } = &mut self.sound else { return };
        if let Some(frame) = next.take() {
            mount.take_automated(&frame, due.saturating_sub(self.position));
            self.position += sound_of(&frame, Some(preface));
        }
        match tape.next().await {
            Ok(Some(Found::Frame(frame))) => *next = Some(frame),
            Ok(Some(Found::Format { format, headers })) => {
                *preface = (format, headers.clone());
                mount.automation_format(format, headers);
            }
            Ok(Some(Found::Skipped { .. })) => mount.automation_jumps(),
            Ok(Some(_)) => {}
            Ok(None) => self.has_ended = true,
            Err(why) => {
                metrics::counter!("groundwave_pieces_skipped_total", "reason" => why.label()).increment(1);
                tracing::warn!(mount = mount.path(), key = tape.key(), reason = %why, "a piece broke off");
                self.has_ended = true;
            }
        }
    }
}

fn sound_of(frame: &Frame, preface: Option<&(Format, Bytes)>) -> Duration {
    preface.map_or(Duration::ZERO, |(format, _)| duration(u64::from(frame.samples), format.sample_rate_hz))
}

/// A silent frame such as the mount carries: like what it sent last, or as it was declared.
fn silence(mount: &Mount) -> Option<(Format, Frame)> {
    let declared = &mount.identity().mount;
    let (codec, sample_rate_hz, channels) = (mount.codec(), declared.sample_rate_hz, declared.channels);
    let format = mount.snapshot().format.unwrap_or(Format { codec, sample_rate_hz, channels });
    let frame = match codec {
        Codec::Mp3 => audio::mpeg::silent_frame(format.sample_rate_hz, format.channels, declared.bitrate_kbps),
        Codec::Aac => audio::adts::silent_frame(format.sample_rate_hz, format.channels),
        Codec::OggOpus | Codec::OggVorbis | Codec::OggFlac => None,
    };
    frame.map(|frame| (format, frame))
}
