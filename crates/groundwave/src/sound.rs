//! The settings of the sound, as the air wants them: dead air, loudness, the emergency piece, the workshop.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use air::ear::Profile;
use air::settings::{DeadAir, Loudness, LoudnessTable};
use air::transcode::Workshop;
use anyhow::Context;
use bytes::Bytes;
use station::{ProgrammeId, Service, Station};
use store::Db;

use crate::settings::{Programme, ServiceSound, Settings, Sound};

/// The largest emergency piece that is read, in bytes.
const PIECE_BYTES_MAX: u64 = 16 << 20;

/// The running program, even after another has been put in its place on the disk.
const THIS_PROGRAM: &str = "/proc/self/exe";
/// The command that a child of the workshop is started with.
pub const CHILD: &str = "transcode-child";

/// Where sound is decoded and encoded: in children of this very program. `None` if that is switched off.
pub fn workshop(sound: &Sound) -> Option<Workshop> {
    sound.workshop.then(|| Workshop::new(THIS_PROGRAM, [CHILD.into()]))
}

/// What counts as dead air, with the profiles of the programmes that have one.
pub async fn dead_air(settings: &Settings, db: &Db, stations: &[Station]) -> anyhow::Result<DeadAir> {
    let (sound, usual) = (&settings.sound, profile(&settings.sound));
    let mut profiles = Vec::new();
    for own in &settings.programme_sounds {
        for id in programmes(own, db, stations).await? {
            profiles.push((id, own_profile(own, usual)));
        }
    }
    Ok(DeadAir {
        profile: usual,
        profiles,
        return_after_ms: u64::from(sound.return_after_seconds) * 1_000,
        quiet_point_wait_ms: u64::from(sound.quiet_point_seconds) * 1_000,
    })
}

/// How loud the renditions of each service are.
pub fn loudness(settings: &Settings, services: &[Service]) -> LoudnessTable {
    let usual =
        Loudness { target_lufs: target(settings.sound.loudness_lufs), ceiling_dbtp: settings.sound.true_peak_dbtp };
    let of = |own: &ServiceSound| Loudness {
        target_lufs: own.loudness_lufs.map_or(usual.target_lufs, target),
        ceiling_dbtp: own.true_peak_dbtp.unwrap_or(usual.ceiling_dbtp),
    };
    let mut lines = Vec::new();
    for own in &settings.service_sounds {
        let meant: Vec<_> = services.iter().filter(|service| service.slug.as_str() == own.slug).collect();
        if meant.is_empty() {
            tracing::warn!(slug = own.slug, "[[sound.service]] names a service that no station has");
        }
        lines.extend(meant.into_iter().map(|service| (service.id, of(own))));
    }
    LoudnessTable { usual, services: lines }
}

/// What is heard when even automation has nothing.
pub fn emergency_piece(sound: &Sound) -> anyhow::Result<Option<Bytes>> {
    sound.emergency_file.as_deref().map(read_piece).transpose()
}

fn read_piece(file: &Path) -> anyhow::Result<Bytes> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)
        .and_then(|opened| opened.take(PIECE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .with_context(|| format!("could not read emergency_file {}", file.display()))?;
    anyhow::ensure!(bytes.len() as u64 <= PIECE_BYTES_MAX, "emergency_file {} is larger than 16 MB", file.display());
    anyhow::ensure!(
        matches!(audio::sniff(&bytes), audio::Sniff::Codec(_)),
        "emergency_file {} is nothing that is known as sound: take MP3, AAC or Ogg",
        file.display()
    );
    Ok(bytes.into())
}

/// The programmes that an entry names: one, or those of several stations with equal slugs.
async fn programmes(own: &Programme, db: &Db, stations: &[Station]) -> anyhow::Result<Vec<ProgrammeId>> {
    let mut ids = Vec::new();
    for station in stations {
        ids.extend(store::programme::by_slug(db, station.id, &own.slug).await?.map(|programme| programme.id));
    }
    if ids.is_empty() {
        tracing::warn!(slug = own.slug, "[[sound.programme]] names a programme that no station has");
    }
    Ok(ids)
}

fn profile(sound: &Sound) -> Profile {
    Profile {
        silence_lufs: sound.silence_lufs,
        silence: seconds(sound.silence_seconds),
        channel_dead: seconds(sound.channel_dead_seconds),
        stuck_tone: seconds(sound.stuck_tone_seconds),
        frozen: seconds(sound.frozen_seconds),
    }
}

fn own_profile(own: &Programme, usual: Profile) -> Profile {
    Profile {
        silence_lufs: own.silence_lufs.unwrap_or(usual.silence_lufs),
        silence: own.silence_seconds.map_or(usual.silence, seconds),
        channel_dead: own.channel_dead_seconds.map_or(usual.channel_dead, seconds),
        stuck_tone: own.stuck_tone_seconds.map_or(usual.stuck_tone, seconds),
        frozen: own.frozen_seconds.map_or(usual.frozen, seconds),
    }
}

/// 0 LUFS is as loud as nothing ever is: it stands for no target.
fn target(lufs: f64) -> Option<f64> {
    (lufs < 0.0).then_some(lufs)
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}
