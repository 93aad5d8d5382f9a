//! The settings of the sound, as the air wants them: loudness, the emergency piece, the workshop. What counts as dead air is in
//! [`dead_air`](crate::dead_air).

use std::io::Read as _;
use std::path::Path;

use air::settings::{Loudness, LoudnessTable};
use air::transcode::Workshop;
use anyhow::Context;
use bytes::Bytes;
use station::Service;

use crate::settings::{ServiceSound, Settings, Sound};

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

/// 0 LUFS is as loud as nothing ever is: it stands for no target.
fn target(lufs: f64) -> Option<f64> {
    (lufs < 0.0).then_some(lufs)
}
