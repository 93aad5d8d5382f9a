//! What a deck plays on one mount: a tape, or silence.

use std::time::Duration;

use audio::{Codec, Format, Found, Frame};
use bytes::Bytes;
use station::Piece;
use vault::Vault;

use super::tape::{Tape, Unreadable};
use crate::Mount;
use crate::ring::duration;

/// Where a mount comes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cue {
    /// How much of the piece has been played already.
    pub skipped: Duration,
}

/// What a voice is to send in one go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portion {
    /// How much sound.
    pub sound: Duration,
    /// How long ago the first of it was due.
    pub ago: Duration,
}

impl Portion {
    /// How long ago what comes after this much of it was due.
    fn ago_after(&self, sent: Duration) -> Duration {
        self.ago.saturating_sub(sent)
    }
}

/// One mount's part of what a deck plays.
pub(super) struct Voice {
    sound: Sound,
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
        let Some(piece) = piece else { return Self::silent(mount) };
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
                Self::silent(mount)
            }
        }
    }

    /// A voice that sends silence.
    pub fn silent(mount: &Mount) -> Self {
        Self { sound: Sound::Silence(silence(mount)), has_begun: false, has_ended: false }
    }

    /// Sends a portion, or less if its piece is over. Returns how much it was: up to a frame more.
    pub async fn play(&mut self, mount: &Mount, portion: Portion) -> Duration {
        if !self.has_begun {
            self.has_begun = true;
            self.begin(mount);
        }
        let mut sent = Duration::ZERO;
        while !self.has_ended && sent < portion.sound {
            match &self.sound {
                Sound::Silence(_) => return self.pad(mount, portion),
                Sound::Tape { .. } => sent += self.play_tape_frame(mount, portion.ago_after(sent)).await,
            }
        }
        sent
    }

    /// Sends a portion of silence, without a word to the mount. Returns how much it was: up to a frame more.
    pub fn pad(&self, mount: &Mount, portion: Portion) -> Duration {
        let Sound::Silence(Some((format, frame))) = &self.sound else { return portion.sound };
        let mut sent = Duration::ZERO;
        while sent < portion.sound {
            mount.take_automated(frame, portion.ago_after(sent));
            sent += duration(u64::from(frame.samples), format.sample_rate_hz);
        }
        sent
    }

    /// True if it plays a piece.
    pub fn is_tape(&self) -> bool {
        matches!(self.sound, Sound::Tape { .. })
    }

    /// True if its piece is over.
    pub fn has_ended(&self) -> bool {
        self.has_ended
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

    /// Winds the tape to where the mount comes in, and says what is on it: to the frame that holds the piece's beginning.
    async fn open_tape(piece: &Piece, mount: &Mount, vault: &Vault, cue: Cue) -> Result<Self, Unreadable> {
        let key = piece.key_in(mount.identity().mount.codec).ok_or(Unreadable::NoRendition)?;
        let mut tape = Box::new(Tape::new(vault, key, mount.codec()));
        let begins = Duration::from_millis(piece.begins_ms().try_into().unwrap_or_default()) + cue.skipped;
        let (mut position, mut preface) = (Duration::ZERO, None);
        let (next, has_ended) = loop {
            match tape.next().await? {
                Some(Found::Format { format, headers }) => preface = Some((format, headers)),
                Some(Found::Frame(frame)) => {
                    position += sound_of(&frame, preface.as_ref());
                    if position > begins {
                        break (Some(frame), false);
                    }
                }
                Some(_) => {}
                None => break (None, true),
            }
        };
        let preface = preface.ok_or_else(|| Unreadable::NoSound(tape.key().to_owned()))?;
        let sound = Sound::Tape { tape, title: piece.display_title(), preface, next };
        Ok(Self { sound, has_begun: false, has_ended })
    }

    /// Pushes a frame and gets the next one ready. Returns how much sound it was.
    async fn play_tape_frame(&mut self, mount: &Mount, ago: Duration) -> Duration {
        let Sound::Tape { tape, preface, next, .. } = &mut self.sound else { return Duration::ZERO };
        let mut sent = Duration::ZERO;
        if let Some(frame) = next.take() {
            mount.take_automated(&frame, ago);
            sent = sound_of(&frame, Some(preface));
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
        sent
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
