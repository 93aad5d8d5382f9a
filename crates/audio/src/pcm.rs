//! Sound as numbers: samples between -1 and 1, the channels of one instant side by side.
//!
//! Everything that works on sound takes and gives this one shape, so that a [`Layout`] is all that two of them have to
//! agree on. A station's sound is mono or stereo; more channels do not get past the decoder.

/// The most channels that sound has here.
pub const CHANNELS_MAX: u8 = 2;

/// The rates that are worked at, in Hz: from a telephone line to a studio's master.
pub const SAMPLE_RATES_HZ: std::ops::RangeInclusive<u32> = 7_350..=192_000;

/// How samples are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Samples per second and channel.
    pub sample_rate_hz: u32,
    /// 1 or 2.
    pub channels: u8,
}

impl Layout {
    /// Stereo at 48 kHz: what a service works in unless it is told otherwise.
    pub const HOUSE: Layout = Layout { sample_rate_hz: 48_000, channels: 2 };

    /// Whether sound can have this shape.
    pub fn is_possible(&self) -> bool {
        SAMPLE_RATES_HZ.contains(&self.sample_rate_hz) && (1..=CHANNELS_MAX).contains(&self.channels)
    }

    /// How many instants `pcm` is long: samples per channel.
    pub fn instants(&self, pcm: &[f32]) -> usize {
        pcm.len() / usize::from(self.channels)
    }

    /// How many numbers `milliseconds` of sound are, all channels together.
    pub fn numbers_in(&self, milliseconds: u32) -> usize {
        let instants = u64::from(self.sample_rate_hz) * u64::from(milliseconds) / 1000;
        instants as usize * usize::from(self.channels)
    }
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let channels = if self.channels == 1 { "mono" } else { "stereo" };
        write!(f, "{} Hz {channels}", self.sample_rate_hz)
    }
}

/// The same sound with another number of channels, after what is in `out`: mono goes to both sides, two sides become
/// their mean.
pub fn remix(pcm: &[f32], from_channels: u8, to_channels: u8, out: &mut Vec<f32>) {
    match (from_channels, to_channels) {
        (1, 2) => out.extend(pcm.iter().flat_map(|&sample| [sample, sample])),
        (2, 1) => out.extend(pcm.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0)),
        _ => out.extend_from_slice(pcm),
    }
}

/// One channel of it.
pub fn channel(pcm: &[f32], channels: u8, which: u8) -> impl Iterator<Item = f32> + '_ {
    pcm.iter().skip(usize::from(which)).step_by(usize::from(channels)).copied()
}

/// An amplitude in dB below full scale. Silence is [`FLOOR_DB`].
pub fn decibels(amplitude: f64) -> f64 {
    (20.0 * amplitude.abs().log10()).max(FLOOR_DB)
}

/// The amplitude of so many dB.
pub fn amplitude(decibels: f64) -> f64 {
    10_f64.powf(decibels / 20.0)
}

/// What stands for silence where a figure in dB or LUFS is given: a hundred times below anything that can be heard.
pub const FLOOR_DB: f64 = -120.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mono_and_stereo_become_each_other() {
        let mut out = vec![9.0];
        remix(&[0.25, -0.5], 1, 2, &mut out);
        assert_eq!(out, [9.0, 0.25, 0.25, -0.5, -0.5]);
        let mut out = Vec::new();
        remix(&[0.25, 0.75, -1.0, 1.0], 2, 1, &mut out);
        assert_eq!(out, [0.5, 0.0]);
        let mut out = Vec::new();
        remix(&[0.25, 0.75], 2, 2, &mut out);
        assert_eq!(out, [0.25, 0.75]);
    }

    #[test]
    fn a_layout_knows_how_long_sound_is() {
        assert_eq!(Layout::HOUSE.numbers_in(20), 1920);
        assert_eq!(Layout::HOUSE.instants(&[0.0; 1920]), 960);
        assert!(!Layout { sample_rate_hz: 48_000, channels: 6 }.is_possible());
        assert!(!Layout { sample_rate_hz: 0, channels: 2 }.is_possible());
    }

    #[test]
    fn decibels_and_amplitudes_agree() {
        assert!((decibels(0.5) + 6.02).abs() < 0.01);
        assert!((amplitude(-6.0) - 0.501).abs() < 0.001);
        assert_eq!(decibels(0.0), FLOOR_DB);
    }
}
