//! Reels: the files of a tape, and what their names say.
//!
//! A tape is kept as one reel for each hour, or more if the program was started anew within it. The name says in which order
//! the reels were made and in which hour each begins, so that the ones which hold a stretch of time are found without
//! opening any:
//!
//! ```text
//! tape/{service}/{codec}/{ordinal}-{microseconds since 1970}.reel
//! ```

use std::ops::Range;

use jiff::SignedDuration;
use station::{Codec, ServiceId, Timestamp};

use super::block::checksum;

/// The hour within which all records of a reel begin.
const HOUR_SECONDS: i64 = 3_600;
/// So far may a record stand outside its reel's hour: it began within it, or its time was moved a little.
const SLACK: SignedDuration = SignedDuration::from_mins(2);

/// Which tape: a service's in one codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Strip {
    /// Of which service.
    pub service: ServiceId,
    /// In which codec.
    pub codec: Codec,
}

/// The name of a reel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// One more than that of the reel before it, over every restart and every change of the clock.
    pub ordinal: u64,
    /// When its first record was on the air.
    pub begun_at: Timestamp,
}

impl Strip {
    /// Where its reels are in the vault.
    pub fn folder(&self) -> String {
        format!("tape/{}/{}", self.service, self.codec.slug())
    }

    /// A reel's key in the vault.
    pub fn key(&self, name: &Name) -> String {
        format!("{}/{:010}-{}.reel", self.folder(), name.ordinal, name.begun_at.as_microsecond())
    }

    /// Reads a key that [`key`](Self::key) made; `None` for any other.
    pub fn name(&self, key: &str) -> Option<Name> {
        let (strip, name) = parse(key)?;
        (strip == *self).then_some(name)
    }

    /// What the checksums in a reel are salted with.
    pub fn salt(&self, name: &Name) -> u32 {
        checksum(0, self.key(name).as_bytes())
    }
}

/// Reads the key of any tape's reel.
pub fn parse(key: &str) -> Option<(Strip, Name)> {
    let mut words = key.strip_prefix("tape/")?.split('/');
    let service = ServiceId(words.next()?.parse().ok()?);
    let codec_slug = words.next()?;
    let codec = Codec::ALL.into_iter().find(|codec| codec.slug() == codec_slug)?;
    let (ordinal, begun_at) = words.next()?.strip_suffix(".reel")?.split_once('-')?;
    let begun_at = Timestamp::from_microsecond(begun_at.parse().ok()?).ok()?;
    let (strip, name) = (Strip { service, codec }, Name { ordinal: ordinal.parse().ok()?, begun_at });
    (strip.key(&name) == key).then_some((strip, name))
}

impl Name {
    /// True if a record of this moment belongs into another reel: the hour is over, or the clock was set.
    pub fn is_over_at(&self, moment: Timestamp) -> bool {
        hour(self.begun_at) != hour(moment)
    }

    /// True if it may hold something of these instants.
    pub fn may_hold(&self, span: &Range<Timestamp>) -> bool {
        let from = Timestamp::from_second(hour(self.begun_at) * HOUR_SECONDS).unwrap_or(self.begun_at);
        let until = from.saturating_add(SignedDuration::from_secs(HOUR_SECONDS) + SLACK).unwrap_or(Timestamp::MAX);
        let from = from.saturating_sub(SLACK).unwrap_or(Timestamp::MIN);
        from < span.end && span.start < until
    }
}

fn hour(moment: Timestamp) -> i64 {
    moment.as_second().div_euclid(HOUR_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-11-24T{time}Z").parse().unwrap()
    }

    const STRIP: Strip = Strip { service: ServiceId(7), codec: Codec::OggOpus };

    #[test]
    fn a_name_says_which_reel_it_is() {
        let name = Name { ordinal: 12, begun_at: at("08:00:00.000123") };
        let key = STRIP.key(&name);
        assert_eq!(key, "tape/7/ogg-opus/0000000012-1795507200000123.reel");
        assert_eq!(parse(&key), Some((STRIP, name)));
        assert_eq!(Strip { service: ServiceId(8), ..STRIP }.name(&key), None);
    }

    #[test]
    fn other_keys_are_no_reels() {
        for key in [
            "tape/7/ogg-opus/12-1795507200000123.reel",
            "tape/7/wav/0000000012-1.reel",
            "tape/x/mp3/0000000012-1.reel",
            "tape/7/mp3/0000000012.reel",
            "tape/7/mp3/0000000012-1.reel/x",
            "hls/7/0000000012-1.reel",
            "",
        ] {
            assert_eq!(parse(key), None, "{key}");
        }
    }

    #[test]
    fn a_reel_may_hold_what_lies_in_its_hour_or_just_beside_it() {
        let name = Name { ordinal: 1, begun_at: at("08:59:59") };
        assert!(name.may_hold(&(at("08:10:00")..at("08:20:00"))), "the clock may have been set back within the hour");
        assert!(name.may_hold(&(at("09:00:01")..at("09:30:00"))));
        assert!(!name.may_hold(&(at("09:02:00")..at("09:30:00"))));
        assert!(!name.may_hold(&(at("07:00:00")..at("07:58:00"))));
        assert!(name.is_over_at(at("09:00:00")) && name.is_over_at(at("07:59:59")) && !name.is_over_at(at("08:00:00")));
    }
}
