//! A programme: the series, of which broadcasts and episodes are made.

use serde::{Deserialize, Serialize};

use crate::{Block, Image, PersonId, ProgrammeId, Slug, StationId};

/// A series: "The Morning Ledger". Its airings are [`Broadcast`](crate::Broadcast)s, what can be heard again are
/// [`Episode`](crate::Episode)s.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Programme {
    /// Names it for ever.
    pub id: ProgrammeId,
    /// Whose it is.
    pub station: StationId,
    /// Its name in addresses.
    pub slug: Slug,
    /// What it is called.
    pub title: String,
    /// One or two sentences, plain.
    pub teaser: String,
    /// What its page says.
    pub about: Vec<Block>,
    /// Who presents it.
    pub hosts: Vec<PersonId>,
    /// Its picture.
    pub image: Option<Image>,
    /// What it may sound like.
    #[serde(default)]
    pub sound: Sound,
}

/// What a programme may sound like before that counts as dead air: a quiet movement is none. What is `None` is as usual at the
/// station.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sound {
    /// What is quieter than this is silence: momentary loudness, in LUFS.
    pub silence_lufs: Option<f64>,
    /// How long it may be silent, in seconds.
    pub silence_seconds: Option<u32>,
    /// How long one of two channels may be dead, in seconds.
    pub channel_dead_seconds: Option<u32>,
    /// How long it may be one tone and nothing else, in seconds.
    pub stuck_tone_seconds: Option<u32>,
    /// How long it may send the same few seconds again and again, in seconds.
    pub frozen_seconds: Option<u32>,
}
