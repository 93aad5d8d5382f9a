//! Blocks: how a reel tells what is whole from what is damaged.
//!
//! A reel is a line of blocks. Each has a head (a mark, its length, the checksum of its body, the checksum of all that) and
//! a body. The checksums are salted with what the reel's name says, so that nothing is taken for a block that came from
//! another reel, or that somebody sent as sound.
//!
//! A [`Scanner`] goes through a reel's bytes as they come and says of every one of them whether it belongs to a whole
//! block, to damage in the middle, or to a torn end. Damage costs the blocks that it touches and no other.

use std::ops::Range;

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The size of a block's head.
pub const HEAD_BYTES: usize = 16;
/// The longest body that is believed.
pub const BODY_BYTES_MAX: usize = 4 << 20;
/// What every block begins with.
const MARK: [u8; 4] = [0x9c, b'G', b'W', 0xa7];

/// The block of this body.
///
/// # Panics
/// If the body is longer than [`BODY_BYTES_MAX`]: who writes blocks keeps them short.
pub fn wrap(salt: u32, body: &[u8]) -> Bytes {
    assert!(body.len() <= BODY_BYTES_MAX, "a block of {} bytes is too long", body.len());
    let mut block = BytesMut::with_capacity(HEAD_BYTES + body.len());
    block.put_slice(&MARK);
    block.put_u32_le(body.len() as u32);
    block.put_u32_le(checksum(salt, body));
    block.put_u32_le(checksum(salt, &block));
    block.put_slice(body);
    block.freeze()
}

/// The body of the block that these bytes are; `None` if they are not one whole block.
pub fn unwrap(salt: u32, block: &Bytes) -> Option<Bytes> {
    match look(salt, block) {
        Look::Whole { bytes } if bytes == block.len() => Some(block.slice(HEAD_BYTES..)),
        _ => None,
    }
}

/// The checksum of something in a reel with this salt.
pub fn checksum(salt: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(salt);
    hasher.update(bytes);
    hasher.finalize()
}

/// What stands at the beginning of some bytes.
enum Look {
    /// A block, so long in all.
    Whole { bytes: usize },
    /// Perhaps a block, if more comes.
    More,
    /// No block, or a damaged one.
    No,
}

fn look(salt: u32, bytes: &[u8]) -> Look {
    let Some((mut head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>().map(|(head, rest)| (&head[..], rest)) else {
        return if MARK.starts_with(&bytes[..bytes.len().min(4)]) { Look::More } else { Look::No };
    };
    let is_marked = head.starts_with(&MARK);
    let sum_of_head = checksum(salt, &head[..HEAD_BYTES - 4]);
    head.advance(MARK.len());
    let (length, sum_of_body, told) = (head.get_u32_le() as usize, head.get_u32_le(), head.get_u32_le());
    if !is_marked || told != sum_of_head || length > BODY_BYTES_MAX {
        return Look::No;
    }
    match rest.get(..length) {
        None => Look::More,
        Some(body) if checksum(salt, body) == sum_of_body => Look::Whole { bytes: HEAD_BYTES + length },
        Some(_) => Look::No,
    }
}

/// What a scanner found, with its place in the reel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// A whole block.
    Block {
        /// Where its head begins.
        offset: u64,
        /// What is in it.
        body: Bytes,
    },
    /// Bytes in the middle that are no block.
    Damaged(Range<u64>),
    /// Bytes at the end that are no block: what was being written when the program was killed.
    Torn(Range<u64>),
}

/// Finds the blocks in a reel's bytes, in order.
#[derive(Debug)]
pub struct Scanner {
    salt: u32,
    pending: BytesMut,
    /// Where the first pending byte stands in the reel.
    offset: u64,
    damaged_from: Option<u64>,
    has_ended: bool,
}

impl Scanner {
    /// A scanner for a reel, of which the bytes from `offset` on will be pushed.
    pub fn new(salt: u32, offset: u64) -> Self {
        Self { salt, pending: BytesMut::new(), offset, damaged_from: None, has_ended: false }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// Says that nothing follows.
    pub fn finish(&mut self) {
        self.has_ended = true;
    }

    fn drop_front(&mut self, bytes: usize) -> BytesMut {
        self.offset += bytes as u64;
        self.pending.split_to(bytes)
    }

    /// Passes over at least one byte that begins no block, up to where one could begin.
    fn pass_over(&mut self) {
        self.damaged_from.get_or_insert(self.offset);
        let next = memchr::memmem::find(&self.pending[1..], &MARK).map(|at| at + 1);
        // Without a whole mark in sight, the last bytes may be the beginning of one.
        let kept = if self.has_ended { 0 } else { MARK.len() - 1 };
        let bytes = next.unwrap_or(self.pending.len().saturating_sub(kept).max(1));
        self.drop_front(bytes);
    }

    fn take_damage(&mut self) -> Option<Range<u64>> {
        Some(self.damaged_from.take()?..self.offset)
    }
}

/// Gives what stands next, or `None` until more is pushed.
impl Iterator for Scanner {
    type Item = Scanned;

    fn next(&mut self) -> Option<Scanned> {
        while !self.pending.is_empty() {
            match look(self.salt, &self.pending) {
                Look::Whole { bytes } => {
                    if let Some(damage) = self.take_damage() {
                        return Some(Scanned::Damaged(damage));
                    }
                    let offset = self.offset;
                    let body = self.drop_front(bytes).freeze().slice(HEAD_BYTES..);
                    return Some(Scanned::Block { offset, body });
                }
                Look::More if !self.has_ended => return None,
                Look::More | Look::No => self.pass_over(),
            }
        }
        if self.has_ended { self.take_damage().map(Scanned::Torn) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SALT: u32 = 7;

    fn bodies() -> Vec<Bytes> {
        (0..40u32).map(|number| (0..number * 13 + 1).map(|byte| (byte ^ number) as u8).collect()).collect()
    }

    fn reel(bodies: &[Bytes]) -> Vec<u8> {
        bodies.iter().flat_map(|body| wrap(SALT, body)).collect()
    }

    /// Scans in pieces of this size.
    fn scan(reel: &[u8], piece_bytes: usize) -> Vec<Scanned> {
        let mut scanner = Scanner::new(SALT, 0);
        let mut found = Vec::new();
        for piece in reel.chunks(piece_bytes) {
            scanner.push(piece);
            found.extend(scanner.by_ref());
        }
        scanner.finish();
        found.extend(scanner);
        found
    }

    fn whole(found: &[Scanned]) -> Vec<Bytes> {
        let body =
            |scanned: &Scanned| if let Scanned::Block { body, .. } = scanned { Some(body.clone()) } else { None };
        found.iter().filter_map(body).collect()
    }

    /// How many bytes of the reel are told, each once and in order.
    fn told_bytes(found: &[Scanned]) -> u64 {
        let mut next = 0;
        for scanned in found {
            let range = match scanned {
                Scanned::Block { offset, body } => *offset..offset + (HEAD_BYTES + body.len()) as u64,
                Scanned::Damaged(range) | Scanned::Torn(range) => range.clone(),
            };
            assert_eq!(range.start, next, "{found:?}");
            next = range.end;
        }
        next
    }

    #[test]
    fn whole_blocks_come_out_as_they_went_in() {
        for piece_bytes in [1, 7, 1_000, usize::MAX] {
            assert_eq!(whole(&scan(&reel(&bodies()), piece_bytes)), bodies());
        }
    }

    #[test]
    fn a_block_of_another_reel_is_not_taken_for_one_of_ours() {
        let foreign = wrap(SALT + 1, b"sound of elsewhere");
        let mixed = [&wrap(SALT, b"ours")[..], &foreign, &wrap(SALT, b"ours again")].concat();
        let found = scan(&mixed, usize::MAX);
        assert_eq!(whole(&found), ["ours", "ours again"]);
        assert!(matches!(&found[1], Scanned::Damaged(range) if range.end - range.start == foreign.len() as u64));
    }

    #[test]
    fn a_torn_end_is_told_from_damage_in_the_middle() {
        let reel = reel(&bodies());
        let torn = scan(&reel[..reel.len() - 1], usize::MAX);
        assert!(matches!(torn.last(), Some(Scanned::Torn(_))) && whole(&torn) == bodies()[..39]);
        let mut flipped = reel.clone();
        flipped[reel.len() / 2] ^= 1;
        let damaged = scan(&flipped, usize::MAX);
        assert_eq!(damaged.iter().filter(|scanned| matches!(scanned, Scanned::Damaged(_))).count(), 1);
        assert_eq!(whole(&damaged).len(), 39, "one flipped bit costs one block");
    }

    proptest! {
        #[test]
        fn whatever_is_damaged_every_body_is_right_or_missing(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..60),
            cut in any::<prop::sample::Index>(),
            left_out in any::<(prop::sample::Index, u8)>(),
            piece_bytes in 1usize..3_000,
        ) {
            let mut bytes = reel(&bodies());
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let at = left_out.0.index(bytes.len());
            bytes.drain(at..(at + usize::from(left_out.1)).min(bytes.len()));
            bytes.truncate(cut.index(bytes.len()) + 1);
            let found = scan(&bytes, piece_bytes);
            prop_assert_eq!(told_bytes(&found), bytes.len() as u64);
            let all = bodies();
            let mut rest = all.iter();
            for body in whole(&found) {
                prop_assert!(rest.any(|known| *known == body), "a body that nobody wrote, or out of order");
            }
        }

        #[test]
        fn bytes_that_nobody_wrote_are_no_blocks(bytes in prop::collection::vec(any::<u8>(), 0..4_000)) {
            prop_assert_eq!(whole(&scan(&bytes, 100)), Vec::<Bytes>::new());
        }
    }
}
