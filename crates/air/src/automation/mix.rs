//! The mix: automation's pieces as one sound, in which one fades into the next.
//!
//! Where a service's rotation asks for crossfades, its pieces are decoded and go on to the
//! [programme bus](crate::programme_bus), from which every mount gets a rendition. The deck plays the same pieces on the
//! same timeline as frames, so that a mount which cannot be encoded, or whose encoder is lost, has them at once.
//!
//! A piece that is on gives way to the next at that one's start: both are heard for as long as the fade lasts. What is not
//! decoded in time is a pause that listeners' buffers cover, never a jump on the timeline.
//!
//! Start at [`Mix::follow`], then [`Mix::play`].

use std::sync::Arc;
use std::time::Duration;

use audio::crossfade::Crossfade;
use audio::pcm::Layout;
use station::{Codec, Piece, PieceId};
use vault::Vault;

use super::player::{Player, Reading};
use crate::beat::Beat;
use crate::codec;
use crate::control::Control;
use crate::ear::{Heard, Verdict};
use crate::switch::InputId;
use crate::transcode::Workshop;

/// How much is handed on at once.
const STEP: u64 = Layout::HOUSE.sample_rate_hz as u64 / 10;
/// How long the join is where nothing is to fade, in milliseconds: enough that a cut is no click.
const CUT_MS: u32 = 5;
/// What is read, where a piece is there in several codecs: the best first.
const BEST: [Codec; 5] = [Codec::OggFlac, Codec::OggOpus, Codec::Aac, Codec::Mp3, Codec::OggVorbis];

/// A service's pieces as one sound.
pub(crate) struct Mix {
    control: Arc<Control>,
    workshop: Workshop,
    vault: Vault,
    beat: Beat,
    on: Option<Track>,
    /// What was on before, until it has faded out.
    going: Option<Track>,
    fade: Option<Crossfade>,
    /// What is opened ahead of its time.
    ready: Option<(PieceId, Player)>,
    /// The piece that could not be decoded; it is heard from the deck's frames.
    failed: Option<(PieceId, u64)>,
    /// Its place on the timeline, in instants.
    sent: u64,
    /// Whether anything of it has been heard since it came on.
    is_heard: bool,
}

/// A piece in the mix.
struct Track {
    piece: PieceId,
    /// Where on the timeline it begins, in instants.
    start: u64,
    player: Player,
}

/// What a mix is to be playing.
pub(crate) struct Cue<'a> {
    pub piece: &'a Piece,
    /// Where on the timeline it begins.
    pub start: Duration,
    /// For how long what was on is heard beside it.
    pub fade: Duration,
}

impl Mix {
    /// A mix in which nothing is on, for a service under this control.
    pub fn new(control: Arc<Control>, workshop: Workshop, vault: Vault, beat: Beat) -> Self {
        let (on, going, fade, ready, failed) = Default::default();
        Self { control, workshop, vault, beat, on, going, fade, ready, failed, sent: 0, is_heard: false }
    }

    /// Says whether pieces are to be mixed at all. True if somebody would hear it now.
    pub fn is_wanted(&mut self, has_fades: bool) -> bool {
        self.control.set_mixed(has_fades);
        has_fades && self.control.wants_mix()
    }

    /// True while it is heard.
    pub fn is_heard(&self) -> bool {
        self.is_heard
    }

    /// Opens a piece that will soon be on.
    pub fn prepare(&mut self, piece: &Piece) {
        if self.ready.as_ref().is_none_or(|(known, _)| *known != piece.id) {
            self.ready = self.open(piece, Duration::ZERO).map(|player| (piece.id, player));
        }
    }

    /// Sees to it that this is on. Where nothing was, it comes in at `place` on the timeline.
    pub fn follow(&mut self, cue: &Cue<'_>, place: Duration) {
        let (piece, start) = (cue.piece.id, instants(cue.start));
        let is_on = self.on.as_ref().is_some_and(|on| (on.piece, on.start) == (piece, start));
        if is_on || self.failed == Some((piece, start)) {
            return;
        }
        match self.on.take() {
            Some(before) if self.is_heard => self.go_over(before, cue),
            _ => self.come_in(cue, place.max(cue.start)),
        }
        if self.on.is_none() {
            self.give_up(piece, start);
        }
    }

    /// Plays up to a place on the timeline. `mounts_at` is how far the mounts have got without it.
    pub fn play(&mut self, until: Duration, mounts_at: Duration) {
        if !self.is_heard && !self.catch_up(instants(mounts_at)) {
            return;
        }
        let until = instants(until);
        while self.sent < until {
            let pcm = self.step((until - self.sent).min(STEP));
            if pcm.is_empty() {
                break;
            }
            self.sent += Layout::HOUSE.instants(&pcm) as u64;
            let heard = Heard { layout: Layout::HOUSE, pcm: &pcm, verdict: Verdict::default() };
            self.control.hear(InputId::Automation, &heard);
        }
        if let Some(on) = self.on.as_ref().filter(|on| on.player.has_failed()) {
            self.give_up(on.piece, on.start);
        }
    }

    /// Nobody wants to hear it.
    pub fn rest(&mut self) {
        (self.on, self.going, self.fade, self.ready) = Default::default();
        if std::mem::take(&mut self.is_heard) {
            self.control.mix_rests();
        }
    }

    /// The piece cannot be decoded: what the deck sends is heard instead.
    fn give_up(&mut self, piece: PieceId, start: u64) {
        self.failed = Some((piece, start));
        self.rest();
    }

    fn go_over(&mut self, before: Track, cue: &Cue<'_>) {
        let prepared = self.ready.take().filter(|(piece, _)| *piece == cue.piece.id).map(|(_, player)| player);
        let player = prepared.or_else(|| self.open(cue.piece, Duration::ZERO));
        // A cut that was decided on late cannot take back what has been sent.
        let start = instants(cue.start);
        self.on = player.map(|player| Track { piece: cue.piece.id, start, player });
        self.going = Some(before);
        let fade_ms = u32::try_from(cue.fade.as_millis()).unwrap_or(u32::MAX).max(CUT_MS);
        self.fade = Some(Crossfade::new(Layout::HOUSE, fade_ms));
    }

    fn come_in(&mut self, cue: &Cue<'_>, place: Duration) {
        self.sent = instants(place);
        let start = instants(cue.start);
        self.on = self.open(cue.piece, place - cue.start).map(|player| Track { piece: cue.piece.id, start, player });
    }

    /// Leaves out what mounts have played while its first sound was being decoded. False: that is not there yet.
    fn catch_up(&mut self, mounts_at: u64) -> bool {
        let Some(on) = &mut self.on else { return false };
        let left_out = on.player.take(mounts_at.saturating_sub(self.sent).try_into().unwrap_or(usize::MAX));
        self.sent += Layout::HOUSE.instants(&left_out) as u64;
        self.is_heard = self.sent >= mounts_at;
        self.is_heard
    }

    /// What comes next, at most so many instants; nothing if it is not decoded yet.
    fn step(&mut self, instants: u64) -> Vec<f32> {
        let Some(on) = &mut self.on else { return Vec::new() };
        let alone = on.start.saturating_sub(self.sent);
        if alone > 0 {
            return self.going.as_mut().map(|going| going.next(instants.min(alone))).unwrap_or_default();
        }
        let coming = on.next(instants);
        let Some(fade) = &mut self.fade else { return coming };
        let going = self.going.as_mut().map(|going| going.player.take(Layout::HOUSE.instants(&coming)));
        let mut mixed = Vec::with_capacity(coming.len());
        fade.mix(&going.unwrap_or_default(), &coming, &mut mixed);
        if fade.is_over() {
            (self.fade, self.going) = (None, None);
        }
        mixed
    }

    fn open(&self, piece: &Piece, skipped: Duration) -> Option<Player> {
        let (codec, key) = BEST.into_iter().find_map(|codec| Some((codec, piece.key_in(codec)?)))?;
        let begins = Duration::from_millis(piece.begins_ms().try_into().unwrap_or_default());
        let reading = Reading {
            vault: self.vault.clone(),
            workshop: self.workshop.clone(),
            key: key.to_owned(),
            codec: codec::to_audio(codec),
            from: begins + skipped,
        };
        Some(Player::start(&self.beat, reading))
    }
}

impl Track {
    /// Its next sound, or silence once it is over; nothing if it is not decoded yet.
    fn next(&mut self, instants: u64) -> Vec<f32> {
        let instants = usize::try_from(instants).unwrap_or(usize::MAX);
        let pcm = self.player.take(instants);
        match pcm.is_empty() && self.player.is_over() {
            true => vec![0.0; instants * usize::from(Layout::HOUSE.channels)],
            false => pcm,
        }
    }
}

fn instants(place: Duration) -> u64 {
    let instants = place.as_nanos() * u128::from(Layout::HOUSE.sample_rate_hz) / 1_000_000_000;
    instants.try_into().unwrap_or(u64::MAX)
}
