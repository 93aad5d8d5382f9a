//! How loud a track is, said in its header: players that know it turn loud stations down and soft ones up.

use bytes::{BufMut, BytesMut};

use super::{put_box, put_full_box};

/// A track's loudness as `ludt` holds it (ISO/IEC 14496-12, with the codes of ISO/IEC 23003-4).
///
/// It must be true or absent: a player acts on it. The codes are a quarter of a loudness unit and a 32nd of a decibel
/// apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Loudness {
    /// Integrated loudness: -57.75 LUFS, and so many quarters of a loudness unit.
    integrated_code: u8,
    /// True peak: 20 dBTP less so many 32nds of a decibel; 12 bits, of which 0 says nothing.
    true_peak_code: u16,
}

const TRUE_PEAK_CODE_MAX: u16 = 0xfff;

impl Loudness {
    /// A loudness that was measured: integrated, in LUFS, and the true peak, in dBTP. `None` for what cannot be said so.
    pub fn measured(integrated_lufs: f64, true_peak_dbtp: f64) -> Option<Self> {
        let integrated = ((integrated_lufs + 57.75) * 4.0).round();
        // Rounded up: a peak may be told as higher than it is, not as lower.
        let peak = ((20.0 - true_peak_dbtp) * 32.0).floor();
        let is_sayable = (0.0..=255.0).contains(&integrated) && (1.0..=f64::from(TRUE_PEAK_CODE_MAX)).contains(&peak);
        is_sayable.then_some(Self { integrated_code: integrated as u8, true_peak_code: peak as u16 })
    }

    /// Integrated loudness, in LUFS.
    pub fn integrated_lufs(&self) -> f64 {
        f64::from(self.integrated_code) / 4.0 - 57.75
    }

    /// True peak, in dBTP.
    pub fn true_peak_dbtp(&self) -> f64 {
        20.0 - f64::from(self.true_peak_code) / 32.0
    }

    /// A name that says all of it: `9f2a8`.
    pub fn name(&self) -> String {
        format!("{:02x}{:03x}", self.integrated_code, self.true_peak_code)
    }

    /// The loudness that a name says.
    pub fn from_name(name: &str) -> Option<Self> {
        let code = |from: usize, to: usize| u16::from_str_radix(name.get(from..to)?, 16).ok();
        let loudness = Self { integrated_code: code(0, 2)?.try_into().ok()?, true_peak_code: code(2, name.len())? };
        let is_code = (1..=TRUE_PEAK_CODE_MAX).contains(&loudness.true_peak_code);
        (is_code && loudness.name() == name).then_some(loudness)
    }

    pub(super) fn put(self, out: &mut BytesMut) {
        const BS_1770: u8 = 2;
        const ACCURATE: u8 = 3;
        const PROGRAM_LOUDNESS: u8 = 1;
        put_box(out, b"ludt", |out| {
            put_full_box(out, b"tlou", 0, 0, |out| {
                out.put_u16(0); // of the sound as it is: no downmix, no compression
                let no_sample_peak = 0;
                out.put_uint(no_sample_peak << 12 | u64::from(self.true_peak_code), 3);
                out.put_u8(BS_1770 << 4 | ACCURATE);
                out.put_u8(1); // one measurement follows
                out.put_u8(PROGRAM_LOUDNESS);
                out.put_u8(self.integrated_code);
                out.put_u8(BS_1770 << 4 | ACCURATE);
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loudness_is_said_in_its_codes() {
        let loudness = Loudness::measured(-18.0, -1.0).unwrap();
        assert_eq!((loudness.integrated_lufs(), loudness.true_peak_dbtp()), (-18.0, -1.0));
        assert_eq!(loudness.name(), "9f2a0");
        let mut out = BytesMut::new();
        loudness.put(&mut out);
        let expected = b"\0\0\0\x1eludt\0\0\0\x16tlou\0\0\0\0\0\0\x00\x02\xa0\x23\x01\x01\x9f\x23";
        assert_eq!(out[..], expected[..]);
    }

    #[test]
    fn a_name_is_read_back_or_refused() {
        let loudness = Loudness::measured(-23.13, 0.4).unwrap();
        assert_eq!(Loudness::from_name(&loudness.name()), Some(loudness));
        for name in ["", "9f", "9f000", "9f2a00", "zz2a0", "9f+a0", "é2a0"] {
            assert_eq!(Loudness::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn what_cannot_be_said_is_not_said() {
        for (integrated, peak) in
            [(-70.0, -1.0), (f64::NEG_INFINITY, -1.0), (f64::NAN, -1.0), (-18.0, 25.0), (20.0, 0.0)]
        {
            assert_eq!(Loudness::measured(integrated, peak), None, "{integrated} {peak}");
        }
    }
}
