//! A listener's place in the log: what it is sent next, to the byte, titles included.

use std::io::IoSlice;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};

use crate::Title;
use crate::ring::{Chunk, Window};

/// The most pieces that one system call gathers.
const PIECES_MAX: usize = 64;

/// The metadata block that says: nothing new.
const SAME_TITLE: &[u8] = &[0];

/// A place in the log. It is small, and it owns no sound but what a socket has taken half of.
#[derive(Debug)]
pub(super) struct Place {
    /// The chunk that is sent next, and how much of it was sent.
    seq: u64,
    offset: u32,
    /// Bytes of sound between two titles, and until the next one. Both are 0 where titles are not wanted.
    metaint: u32,
    until_title: u32,
    /// The title that was sent last.
    title: Option<Arc<Title>>,
    /// What goes out before any more of the log: a head, an opening, half a title.
    pending: Bytes,
    /// The chunk that was sent in part, so that its frame can be finished when the log has dropped it.
    held: Option<Arc<Chunk>>,
}

/// What one system call sends.
pub(super) struct Batch<'a> {
    slices: [IoSlice<'a>; PIECES_MAX],
    pieces: Pieces,
}

/// What each slice of a batch is, so that a place can be moved over as much of it as was taken.
pub(super) struct Pieces {
    list: [Piece; PIECES_MAX],
    count: usize,
    bytes: usize,
}

#[derive(Clone, Copy)]
enum Piece {
    /// Of `pending`.
    Pending,
    /// Sound of a chunk, from an offset on.
    Sound { seq: u64, offset: u32, bytes: u32, is_last: bool },
    /// The title of a chunk, in full if it is another one than before.
    Title { seq: u64, is_new: bool },
}

impl Place {
    /// A place for somebody who was sent nothing yet, and will get `head` first.
    pub fn new(head: Bytes, metaint: Option<NonZeroU32>, window: &Window, burst: Duration) -> Self {
        let metaint = metaint.map_or(0, NonZeroU32::get);
        let mut place =
            Self { seq: 0, offset: 0, metaint, until_title: metaint, title: None, pending: head, held: None };
        place.begin(window, burst);
        place
    }

    /// Goes on at a clean beginning, this far back.
    pub fn begin(&mut self, window: &Window, back: Duration) {
        let start = window.start(back);
        self.seq = start.next_seq;
        self.offset = 0;
        let headers = start.preface.as_ref().map_or(&[][..], |preface| &preface.headers);
        if headers.is_empty() && start.opening.is_empty() {
            return;
        }
        let mut pending = Vec::from(std::mem::take(&mut self.pending));
        pending.extend_from_slice(headers);
        for chunk in &start.opening {
            self.write_opening(chunk, &mut pending);
        }
        self.pending = pending.into();
    }

    /// True if the log has dropped what should be sent next.
    pub fn is_lost(&self, window: &Window) -> bool {
        self.seq < window.first_seq() && self.held.is_none()
    }

    /// Gathers what can be sent now.
    pub fn gather<'a>(&'a self, window: &'a Window) -> Batch<'a> {
        let mut batch = Batch::new();
        if !self.pending.is_empty() {
            batch.push(&self.pending, Piece::Pending);
        }
        let (mut seq, mut offset, mut until_title) = (self.seq, self.offset, self.until_title);
        let mut title = self.title.as_ref();
        while let (false, Some(chunk)) = (batch.is_full(), self.chunk(seq, window)) {
            if self.metaint > 0 && until_title == 0 {
                let is_new = title.is_none_or(|sent| !Arc::ptr_eq(sent, &chunk.title));
                batch.push(if is_new { &chunk.title.block } else { SAME_TITLE }, Piece::Title { seq, is_new });
                title = Some(&chunk.title);
                until_title = self.metaint;
                continue;
            }
            let rest = &chunk.bytes[offset as usize..];
            let wanted = if self.metaint > 0 { rest.len().min(until_title as usize) } else { rest.len() };
            let (bytes, is_last) = (wanted as u32, wanted == rest.len());
            batch.push(&rest[..wanted], Piece::Sound { seq, offset, bytes, is_last });
            until_title = until_title.saturating_sub(bytes);
            (seq, offset) = if is_last { (seq + 1, 0) } else { (seq, offset + bytes) };
        }
        batch
    }

    /// Moves over as much of what was gathered as was sent.
    pub fn advance(&mut self, pieces: &Pieces, sent_bytes: usize, window: &Window) {
        let mut left = sent_bytes;
        for piece in &pieces.list[..pieces.count] {
            if left == 0 {
                break;
            }
            left -= self.pass(*piece, left, window);
        }
        self.held = if self.offset > 0 { self.chunk(self.seq, window).cloned() } else { None };
    }

    /// Moves over a piece of which at most `left` bytes were sent; how many those were.
    fn pass(&mut self, piece: Piece, left: usize, window: &Window) -> usize {
        match piece {
            Piece::Pending => {
                let sent = left.min(self.pending.len());
                self.pending.advance(sent);
                if self.pending.is_empty() {
                    // An empty rest would still hold the whole.
                    self.pending = Bytes::new();
                }
                sent
            }
            Piece::Sound { seq, offset, bytes, is_last } => {
                let sent = left.min(bytes as usize);
                let is_done = is_last && sent == bytes as usize;
                (self.seq, self.offset) = if is_done { (seq + 1, 0) } else { (seq, offset + sent as u32) };
                self.until_title = self.until_title.saturating_sub(sent as u32);
                sent
            }
            Piece::Title { seq, is_new } => {
                self.until_title = self.metaint;
                let title = self.chunk(seq, window).map(|chunk| Arc::clone(&chunk.title)).filter(|_| is_new);
                let Some(title) = title else { return SAME_TITLE.len() };
                let sent = left.min(title.block.len());
                if sent < title.block.len() {
                    self.pending = title.block.slice(sent..);
                }
                self.title = Some(title);
                sent
            }
        }
    }

    /// Writes a chunk that only this listener gets, titles included.
    fn write_opening(&mut self, chunk: &Chunk, pending: &mut Vec<u8>) {
        let mut rest = &chunk.bytes[..];
        while self.metaint > 0 && rest.len() >= self.until_title as usize {
            let (before, after) = rest.split_at(self.until_title as usize);
            pending.extend_from_slice(before);
            if after.is_empty() {
                // The title stands before the next byte of sound, whose chunk knows it.
                self.until_title = 0;
                return;
            }
            let is_new = self.title.as_ref().is_none_or(|sent| !Arc::ptr_eq(sent, &chunk.title));
            pending.extend_from_slice(if is_new { &chunk.title.block } else { SAME_TITLE });
            self.title = Some(Arc::clone(&chunk.title));
            self.until_title = self.metaint;
            rest = after;
        }
        pending.extend_from_slice(rest);
        self.until_title = self.until_title.saturating_sub(rest.len() as u32);
    }

    fn chunk<'a>(&'a self, seq: u64, window: &'a Window) -> Option<&'a Arc<Chunk>> {
        window.get(seq).or_else(|| self.held.as_ref().filter(|chunk| chunk.seq == seq))
    }
}

impl<'a> Batch<'a> {
    fn new() -> Self {
        let pieces = Pieces { list: [Piece::Pending; PIECES_MAX], count: 0, bytes: 0 };
        Self { slices: [IoSlice::new(&[]); PIECES_MAX], pieces }
    }

    fn push(&mut self, bytes: &'a [u8], piece: Piece) {
        self.slices[self.pieces.count] = IoSlice::new(bytes);
        self.pieces.list[self.pieces.count] = piece;
        self.pieces.count += 1;
        self.pieces.bytes += bytes.len();
    }

    /// The slices to send.
    pub fn slices(&self) -> &[IoSlice<'a>] {
        &self.slices[..self.pieces.count]
    }

    /// True if there may be more than it could hold.
    pub fn is_full(&self) -> bool {
        self.pieces.count == PIECES_MAX
    }

    /// What the slices were.
    pub fn into_pieces(self) -> Pieces {
        self.pieces
    }
}

impl Pieces {
    /// How many bytes they are in all.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}
