//! What stands where in a reel, and the trailer by which it is found.
//!
//! A reel that is finished ends with its index and a [trailer](TRAILER_BYTES), so that a stretch of it is found by reading
//! its last few bytes. If they are damaged, or the program was killed before it wrote them, the same index is made by going
//! through the whole reel.

use bytes::{Buf, BufMut, Bytes, BytesMut, TryGetError};
use station::Timestamp;

use super::block::checksum;
use super::record::{Record, get_moment, put_moment};

/// What every reel begins with: what it is, and the version of its format.
pub const MAGIC: &[u8; 8] = b"GWTAPE1\n";
/// The size of what a finished reel ends with.
pub const TRAILER_BYTES: usize = 20;
/// What the trailer ends with.
const SEAL: &[u8; 8] = b"GWSEAL1\n";

/// What stands where in a reel, in the order in which it was aired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// A line for every record.
    pub entries: Vec<Entry>,
}

/// Where a record stands, and what of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Whether its title, its format or its input is another than that of the sound before it.
    pub is_news: bool,
    /// Where its block begins.
    pub offset: u64,
    /// The size of the block.
    pub bytes: u32,
    /// The first instant of it.
    pub at: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

/// What a line of an index is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Sound.
    Sound,
    /// A gap that was named when it came about.
    Gap,
    /// A stretch of the reel that is damaged; found only by going through it.
    Damage,
}

impl Index {
    /// Adds a line for a record, if there is anything to say of it.
    pub fn add(&mut self, record: &Record, is_news: bool, offset: u64, bytes: u32) {
        let (kind, at, end) = match record {
            Record::Sound(sound) => (Kind::Sound, sound.at, sound.end()),
            Record::Gap(gap) => (Kind::Gap, gap.from, gap.to),
            Record::Headers(_) | Record::Index(_) => return,
        };
        self.entries.push(Entry { kind, is_news, offset, bytes, at, end });
    }

    /// Where the last sound ended.
    pub fn end(&self) -> Option<Timestamp> {
        self.entries.iter().rev().find(|entry| entry.kind == Kind::Sound).map(|entry| entry.end)
    }

    pub(super) fn put(&self, body: &mut BytesMut) {
        for entry in &self.entries {
            body.put_u8(entry.kind as u8 | u8::from(entry.is_news) << 4);
            body.put_u64_le(entry.offset);
            body.put_u32_le(entry.bytes);
            put_moment(body, entry.at);
            put_moment(body, entry.end);
        }
    }

    pub(super) fn get(mut body: Bytes) -> Option<Self> {
        let mut entries = Vec::new();
        while body.has_remaining() {
            entries.push(get_entry(&mut body).ok()??);
        }
        Some(Self { entries })
    }
}

fn get_entry(body: &mut Bytes) -> Result<Option<Entry>, TryGetError> {
    let kind = body.try_get_u8()?;
    let (offset, bytes) = (body.try_get_u64_le()?, body.try_get_u32_le()?);
    let (at, end) = (get_moment(body)?, get_moment(body)?);
    let kinds = [Kind::Sound, Kind::Gap, Kind::Damage];
    let is_news = kind & 1 << 4 != 0;
    let kind = kinds.get(usize::from(kind & 0x0f)).copied();
    Ok((|| Some(Entry { kind: kind?, is_news, offset, bytes, at: at?, end: end? }))())
}

/// The end of a finished reel whose index begins at `offset`.
pub fn trailer(salt: u32, offset: u64) -> Bytes {
    let mut trailer = BytesMut::with_capacity(TRAILER_BYTES);
    trailer.put_u64_le(offset);
    trailer.put_u32_le(checksum(salt, &offset.to_le_bytes()));
    trailer.put_slice(SEAL);
    trailer.freeze()
}

/// Where the index begins, by the last bytes of a reel; `None` if they are no trailer.
pub fn index_offset(salt: u32, mut trailer: &[u8]) -> Option<u64> {
    let is_one = trailer.len() == TRAILER_BYTES && trailer.ends_with(SEAL);
    let (offset, sum) = is_one.then(|| (trailer.get_u64_le(), trailer.get_u32_le()))?;
    (checksum(salt, &offset.to_le_bytes()) == sum).then_some(offset)
}
