//! Going through a reel from its first byte to its last, to find what is whole in it.
//!
//! It is done for a reel that a killed program left, for one that is being written by another program, and for one whose
//! own index is damaged.

use station::Timestamp;
use vault::Vault;

use super::block::{HEAD_BYTES, Scanned, Scanner};
use super::index::{Entry, Index, Kind, MAGIC};
use super::record::{Record, Sound, decode};

/// How much of a reel is read at once, in bytes.
const READ_BYTES: u64 = 512 << 10;

/// What was found in a reel.
#[derive(Debug, Default)]
pub struct Survey {
    /// What stands where, damage included.
    pub index: Index,
    /// The size of the reel without a torn end, an index and a trailer.
    pub end: u64,
    /// The last sound, for what is news after it.
    last: Option<Sound>,
    /// Damage after which nothing has come yet.
    damage: Option<std::ops::Range<u64>>,
}

/// Goes through a reel, as far as it reaches.
pub async fn survey(vault: &Vault, key: &str, salt: u32) -> vault::Result<Survey> {
    let mut found = Survey { end: MAGIC.len() as u64, ..Survey::default() };
    let mut scanner = Scanner::new(salt, found.end);
    let mut at = found.end;
    loop {
        let piece = vault.range_so_far(key, at..at + READ_BYTES).await?.unwrap_or_default();
        at += piece.len() as u64;
        if piece.is_empty() {
            scanner.finish();
        }
        scanner.push(&piece);
        for scanned in scanner.by_ref() {
            if found.take(scanned).is_break() {
                return Ok(found);
            }
        }
        if piece.is_empty() {
            return Ok(found);
        }
    }
}

impl Survey {
    /// Takes what comes next; breaks off at the reel's own index.
    fn take(&mut self, scanned: Scanned) -> std::ops::ControlFlow<()> {
        let (offset, body) = match scanned {
            Scanned::Block { offset, body } => (offset, body),
            Scanned::Damaged(range) => {
                self.damage = Some(range);
                return std::ops::ControlFlow::Continue(());
            }
            Scanned::Torn(_) => return std::ops::ControlFlow::Continue(()),
        };
        let bytes = (HEAD_BYTES + body.len()) as u32;
        let record = decode(body);
        if let Some(Record::Index(_)) = record {
            return std::ops::ControlFlow::Break(());
        }
        self.end = offset + u64::from(bytes);
        if let Some(record) = record {
            self.add(record, offset, bytes);
        }
        std::ops::ControlFlow::Continue(())
    }

    fn add(&mut self, record: Record, offset: u64, bytes: u32) {
        let at = match &record {
            Record::Sound(sound) => Some(sound.at),
            Record::Gap(gap) => Some(gap.from),
            _ => None,
        };
        if let Some(at) = at {
            self.note_damage(at);
        }
        let Record::Sound(sound) = record else { return self.index.add(&record, false, offset, bytes) };
        let is_news = self.last.as_ref().is_none_or(|last| last.is_told_from(&sound));
        let record = Record::Sound(sound);
        self.index.add(&record, is_news, offset, bytes);
        if let Record::Sound(sound) = record {
            self.last = Some(Sound { frames: Vec::new(), ..sound });
        }
    }

    /// Damage after the last record, if there is any.
    pub fn damage_at_its_end(&self) -> Option<std::ops::Range<u64>> {
        self.damage.clone()
    }

    /// Lists the damage that ends where something begins that was on the air at `at`.
    fn note_damage(&mut self, at: Timestamp) {
        let Some(range) = self.damage.take() else { return };
        let from = self.index.end().unwrap_or(at).min(at);
        let bytes = u32::try_from(range.end - range.start).unwrap_or(u32::MAX);
        self.index.entries.push(Entry {
            kind: Kind::Damage,
            is_news: false,
            offset: range.start,
            bytes,
            at: from,
            end: at,
        });
    }
}
