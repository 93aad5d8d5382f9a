//! Whether everything on a tape is as it was written: every reel is read from its first byte to its last, and each checksum
//! held against what it is of.

use std::ops::Range;

use station::Timestamp;

use super::index::{Kind, MAGIC};
use super::survey::survey;
use super::{Tape, playback};

/// What was found on a tape.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many reels there are.
    pub reels: usize,
    /// How many records are whole.
    pub records: usize,
    /// The size of all that is whole, in bytes.
    pub bytes: u64,
    /// What is not.
    pub damage: Vec<Damage>,
}

/// A stretch of a reel that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The vault's key of the reel.
    pub key: String,
    /// Where in it the stretch begins.
    pub offset: u64,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// The first instant that may be missing.
    pub from: Timestamp,
    /// The first instant that is there again.
    pub to: Timestamp,
}

impl Tape {
    /// Reads all of it, and says what is whole and what is not. It takes as long as the disk takes to read everything; what is
    /// being written at the same time is looked at as far as it is there.
    pub async fn verify(&self) -> vault::Result<Verified> {
        let mut verified = Verified::default();
        for name in playback::reels(&self.vault, &self.strip).await? {
            let (key, salt) = (self.strip.key(&name), self.strip.salt(&name));
            let found = survey(&self.vault, &key, salt).await?;
            verified.reels += 1;
            verified.bytes += found.end;
            for entry in &found.index.entries {
                match entry.kind {
                    Kind::Sound | Kind::Gap => verified.records += 1,
                    Kind::Damage => verified.damage.push(Damage {
                        key: key.clone(),
                        offset: entry.offset,
                        bytes: entry.bytes.into(),
                        from: entry.at,
                        to: entry.end,
                    }),
                }
            }
            let magic = self.vault.range_so_far(&key, 0..MAGIC.len() as u64).await?;
            if magic.as_deref() != Some(&MAGIC[..]) {
                let (from, to) = (name.begun_at, name.begun_at);
                verified.damage.push(Damage { key: key.clone(), offset: 0, bytes: MAGIC.len() as u64, from, to });
            }
            let end = found.index.end().unwrap_or(name.begun_at);
            let at_its_end = match found.damage_at_its_end() {
                Some(range) => Some(range),
                None => self.broken_seal(&key, salt, found.end).await?,
            };
            verified.damage.extend(at_its_end.map(|Range { start, end: until }| Damage {
                key,
                offset: start,
                bytes: until - start,
                from: end,
                to: end,
            }));
        }
        Ok(verified)
    }

    /// What stands behind the last record of a finished reel, if that is not its index and seal. One that is not finished has none,
    /// and its torn end was being written.
    async fn broken_seal(&self, key: &str, salt: u32, from: u64) -> vault::Result<Option<Range<u64>>> {
        let Some(size) = self.vault.size(key).await? else { return Ok(None) };
        let is_sealed = playback::read_index(&self.vault, key, salt).await?.is_some();
        Ok((!is_sealed).then_some(from..size))
    }
}
