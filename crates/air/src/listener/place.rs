//! A listener's place in the log: what it is sent next, to the byte, titles included.

use std::io::IoSlice;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};

use crate::Title;
use crate::intro::Opening;
use crate::ring::{Chunk, Window};

/// The most pieces that one system call gathers.
const PIECES_MAX: usize = 24;

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
    /// What goes out before everything else, the last of it first: an answer's head, an intro.
    before: Vec<Bytes>,
    /// What goes out before any more of the log: a head, an opening, half a title.
    pending: Bytes,
    /// The chunk that was sent in part, so that its frame can be finished when the log has dropped it.
    held: Option<Arc<Chunk>>,
}

/// The slices that one system call sends.
pub(super) struct Slices<'a>([IoSlice<'a>; PIECES_MAX]);

/// What each of the slices is, so that a place can be moved over as much of them as was taken.
pub(super) struct Pieces {
    list: [Piece; PIECES_MAX],
    count: usize,
    bytes: usize,
}

#[derive(Clone, Copy)]
enum Piece {
    /// Of `before`.
    Before,
    /// Of `pending`.
    Pending,
    /// Sound of a chunk, from an offset on.
    Sound { seq: u64, offset: u32, bytes: u32, is_last: bool },
    /// The title of a chunk, in full if it is another one than before.
    Title { seq: u64, is_new: bool },
}

impl Place {
    /// A place for somebody who was sent nothing yet, and will get `head` first, then the intro.
    pub fn new(head: Bytes, intro: Opening, metaint: Option<NonZeroU32>, window: &Window, burst: Duration) -> Self {
        let metaint = metaint.map_or(0, NonZeroU32::get);
        let until_title = metaint.saturating_sub(intro.since_title);
        let (before, pending) = match intro.bytes.is_empty() {
            true => (Vec::new(), head),
            false => (vec![intro.bytes, head], Bytes::new()),
        };
        let mut place = Self { seq: 0, offset: 0, metaint, until_title, title: None, before, pending, held: None };
        place.begin(window, burst);
        place
    }

    /// Goes on at a clean beginning, this far back.
    pub fn begin(&mut self, window: &Window, back: Duration) {
        let start = window.start(back);
        // Whoever was there when the stream began has its headers, and a decoder stumbles over them in its middle.
        let unknown = start.preface.as_ref().filter(|preface| self.seq <= preface.first_seq);
        let headers = unknown.map_or(&[][..], |preface| &preface.headers);
        self.seq = start.next_seq;
        self.offset = 0;
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

    /// Goes on in the present of another log, once the chunk is finished that was sent in part.
    pub fn move_to(&mut self, window: &Window) {
        if let Some(chunk) = self.held.take() {
            let mut pending = Vec::from(std::mem::take(&mut self.pending));
            self.write_rest(&chunk, self.offset as usize, &mut pending);
            self.pending = pending.into();
        }
        // Nothing of the other log is known, so its headers are wanted whatever its numbers are.
        self.seq = 0;
        self.begin(window, Duration::ZERO);
    }

    /// True if the log has dropped what should be sent next.
    pub fn is_lost(&self, window: &Window) -> bool {
        self.seq < window.first_seq() && self.held.is_none()
    }

    /// Gathers what can be sent now.
    pub fn gather<'a>(&'a self, window: &'a Window, slices: &mut Slices<'a>, pieces: &mut Pieces) {
        let mut push = |bytes: &'a [u8], piece| {
            slices.0[pieces.count] = IoSlice::new(bytes);
            pieces.list[pieces.count] = piece;
            pieces.count += 1;
            pieces.bytes += bytes.len();
            pieces.count < PIECES_MAX
        };
        let mut has_room = self.before.iter().rev().all(|bytes| push(bytes, Piece::Before));
        has_room &= self.pending.is_empty() || push(&self.pending, Piece::Pending);
        let (mut seq, mut offset, mut until_title) = (self.seq, self.offset, self.until_title);
        let mut title = self.title.as_ref();
        while let (true, Some(chunk)) = (has_room, self.chunk(seq, window)) {
            if self.metaint > 0 && until_title == 0 {
                let is_new = title.is_none_or(|sent| !Arc::ptr_eq(sent, &chunk.title));
                has_room = push(if is_new { &chunk.title.block } else { SAME_TITLE }, Piece::Title { seq, is_new });
                title = Some(&chunk.title);
                until_title = self.metaint;
                continue;
            }
            let rest = &chunk.bytes[offset as usize..];
            let wanted = if self.metaint > 0 { rest.len().min(until_title as usize) } else { rest.len() };
            let (bytes, is_last) = (wanted as u32, wanted == rest.len());
            has_room = push(&rest[..wanted], Piece::Sound { seq, offset, bytes, is_last });
            until_title = until_title.saturating_sub(bytes);
            (seq, offset) = if is_last { (seq + 1, 0) } else { (seq, offset + bytes) };
        }
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
            Piece::Before => {
                let Some(first) = self.before.last_mut() else { return 0 };
                let sent = left.min(first.len());
                first.advance(sent);
                if first.is_empty() {
                    self.before.pop();
                }
                sent
            }
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
        self.write_rest(chunk, 0, pending);
    }

    /// Writes a chunk from an offset on, titles included.
    fn write_rest(&mut self, chunk: &Chunk, offset: usize, pending: &mut Vec<u8>) {
        let mut rest = &chunk.bytes[offset..];
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

impl<'a> Slices<'a> {
    pub fn new() -> Self {
        Self([IoSlice::new(&[]); PIECES_MAX])
    }

    /// As many as were gathered.
    pub fn of(&self, pieces: &Pieces) -> &[IoSlice<'a>] {
        &self.0[..pieces.count]
    }
}

impl Pieces {
    pub fn new() -> Self {
        Self { list: [Piece::Pending; PIECES_MAX], count: 0, bytes: 0 }
    }

    /// How many bytes they are in all.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// True if there may be more than they could hold.
    pub fn are_full(&self) -> bool {
        self.count == PIECES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::testing::{bytes, log, log_of, push};

    const METAINT: usize = 1_600;
    const OPUS: audio::Format = audio::Format { codec: audio::Codec::OggOpus, sample_rate_hz: 48_000, channels: 2 };

    /// A generator of numbers that look like chance and are the same in each run.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as usize % sides
        }
    }

    /// Lets a socket take at most so many bytes; what it took.
    fn send(place: &mut Place, window: &Window, at_most: usize) -> Vec<u8> {
        let (mut slices, mut pieces) = (Slices::new(), Pieces::new());
        place.gather(window, &mut slices, &mut pieces);
        let mut taken = slices.of(&pieces).iter().flat_map(|slice| slice.to_vec()).collect::<Vec<u8>>();
        taken.truncate(at_most);
        place.advance(&pieces, taken.len(), window);
        taken
    }

    fn send_all(place: &mut Place, window: &Window) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let taken = send(place, window, usize::MAX);
            if taken.is_empty() {
                return all;
            }
            all.extend(taken);
        }
    }

    /// What a radio makes of it: the sound, and each title with the place in the sound where it came.
    fn read_icy(mut bytes: &[u8]) -> (Vec<u8>, Vec<(usize, String)>) {
        let (mut sound, mut titles) = (Vec::new(), Vec::new());
        while bytes.len() > METAINT {
            sound.extend_from_slice(&bytes[..METAINT]);
            let length = usize::from(bytes[METAINT]) * 16;
            let block = &bytes[METAINT + 1..METAINT + 1 + length];
            if length > 0 {
                let text = String::from_utf8(block.to_vec()).unwrap();
                titles.push((sound.len(), text.trim_end_matches('\0').to_owned()));
            }
            bytes = &bytes[METAINT + 1 + length..];
        }
        sound.extend_from_slice(bytes);
        (sound, titles)
    }

    fn listener(window: &Window) -> Place {
        Place::new(
            Bytes::from_static(b"HEAD"),
            Opening::default(),
            NonZeroU32::new(METAINT as u32),
            window,
            Duration::from_secs(4),
        )
    }

    #[test]
    fn five_minutes_with_titles_are_right_to_the_byte_however_little_the_socket_takes() {
        let (log, mut packer) = log();
        let (mut dice, mut sent) = (Dice(1), Vec::new());
        let mut place = listener(&log.window());
        let mut titles = vec!["Before".to_owned()];
        for batch in 0..600 {
            if batch % 13 == 12 {
                titles.push(format!("Title {batch} {}", "ö".repeat(dice.roll(60))));
                packer.retitle(Title::new(titles.last().unwrap(), ""));
            }
            push(&mut packer, batch * 24..(batch + 1) * 24);
            for _ in 0..dice.roll(12) {
                sent.extend(send(&mut place, &log.window(), 1 + dice.roll(7_000)));
            }
        }
        packer.seal();
        sent.extend(send_all(&mut place, &log.window()));
        let (sound, heard) = read_icy(sent.strip_prefix(b"HEAD").unwrap());
        assert!(sound == bytes(0..600 * 24), "the sound is not what was pushed");
        let heard: Vec<_> = heard.into_iter().map(|(_, title)| title).collect();
        let expected: Vec<_> = titles.iter().map(|title| format!("StreamTitle='{title}';")).collect();
        assert_eq!(heard, expected);
    }

    #[test]
    fn a_new_listener_gets_the_title_of_its_first_byte_and_later_the_new_one() {
        let (log, mut packer) = log();
        push(&mut packer, 0..100);
        packer.retitle(Title::new("After", ""));
        push(&mut packer, 100..200);
        packer.seal();
        let mut place = listener(&log.window());
        let sent = send_all(&mut place, &log.window());
        let (sound, titles) = read_icy(&sent[4..]);
        let new_sound = bytes(100..200).len();
        assert_eq!(titles[0], (METAINT, "StreamTitle='Before';".into()));
        assert_eq!(titles[1].1, "StreamTitle='After';");
        let late = titles[1].0 - (sound.len() - new_sound);
        assert!(late < METAINT, "the title came {late} bytes of sound late");
        assert_eq!(titles.len(), 2);
    }

    #[test]
    fn without_titles_there_is_nothing_but_sound() {
        let (log, mut packer) = log();
        push(&mut packer, 0..100);
        packer.seal();
        let mut place =
            Place::new(Bytes::from_static(b"HEAD"), Opening::default(), None, &log.window(), Duration::from_secs(60));
        assert_eq!(send_all(&mut place, &log.window()), [b"HEAD".to_vec(), bytes(0..100)].concat());
    }

    #[test]
    fn who_falls_behind_finishes_its_chunk_and_goes_on_in_the_present() {
        let (log, mut packer) = log();
        push(&mut packer, 0..10);
        let mut place = Place::new(Bytes::new(), Opening::default(), None, &log.window(), Duration::from_secs(60));
        let before = send(&mut place, &log.window(), 1_000);
        push(&mut packer, 10..20_000);
        assert!(!place.is_lost(&log.window()), "it has half a chunk to finish");
        let rest = send_all(&mut place, &log.window());
        assert!(bytes(0..10).starts_with(&[before, rest].concat()));
        assert!(place.is_lost(&log.window()));
        place.begin(&log.window(), Duration::ZERO);
        let present = send_all(&mut place, &log.window());
        let first = u32::from_be_bytes(present[..4].try_into().unwrap());
        assert!(first > 19_980);
        assert!(bytes(first..20_000).starts_with(&present));
    }

    #[test]
    fn a_listener_who_came_before_the_first_frame_gets_the_headers_too() {
        let log = crate::ring::Log::new(crate::ring::testing::BOUNDS);
        let mut place = Place::new(Bytes::new(), Opening::default(), None, &log.window(), Duration::from_secs(4));
        let mut packer = crate::ring::Packer::new(Arc::clone(&log), 7, Title::new("", ""));
        packer.open(OPUS, Bytes::from_static(b"headers "), station::Timestamp::UNIX_EPOCH);
        push(&mut packer, 0..10);
        packer.seal();
        assert_eq!(send_all(&mut place, &log.window()), [b"headers ".to_vec(), bytes(0..10)].concat());
    }

    #[test]
    fn who_falls_behind_in_an_ogg_stream_gets_its_headers_again_only_if_they_are_other_ones() {
        let (log, mut packer) = log_of(OPUS, b"first ");
        push(&mut packer, 0..10);
        let mut place = Place::new(Bytes::new(), Opening::default(), None, &log.window(), Duration::from_secs(60));
        let mut catch_up = |packer: &mut crate::ring::Packer, numbers| {
            push(packer, numbers);
            send_all(&mut place, &log.window());
            assert!(place.is_lost(&log.window()));
            place.begin(&log.window(), Duration::ZERO);
            send_all(&mut place, &log.window())
        };
        assert!(!catch_up(&mut packer, 10..20_000).starts_with(b"first "));
        packer.open(OPUS, Bytes::from_static(b"second "), station::Timestamp::UNIX_EPOCH);
        assert!(catch_up(&mut packer, 20_000..40_000).starts_with(b"second "));
    }

    #[test]
    fn who_is_moved_finishes_its_chunk_and_hears_the_other_log_with_its_title() {
        let (log, mut packer) = log();
        push(&mut packer, 0..40);
        packer.seal();
        for cut in 1..300 {
            let (other, mut other_packer) = crate::ring::testing::log();
            other_packer.retitle(Title::new("Elsewhere", ""));
            push(&mut other_packer, 500..540);
            other_packer.seal();
            let mut place = listener(&log.window());
            let mut sent = send(&mut place, &log.window(), 4 + cut * 13);
            place.move_to(&other.window());
            push(&mut other_packer, 540..560);
            sent.extend(send_all(&mut place, &other.window()));
            let (sound, titles) = read_icy(sent.strip_prefix(b"HEAD").unwrap());
            let numbers = crate::ring::testing::numbers(&sound);
            let (before, after): (Vec<u32>, Vec<u32>) = numbers.iter().partition(|&&number| number < 500);
            assert!(before.iter().copied().eq(0..before.len() as u32), "cut after {cut}: {before:?}");
            assert!(after.windows(2).all(|pair| pair[1] == pair[0] + 1) && !after.is_empty(), "{after:?}");
            assert_eq!(titles.last().unwrap().1, "StreamTitle='Elsewhere';");
        }
    }

    #[test]
    fn who_is_moved_to_an_ogg_stream_gets_its_headers() {
        let (log, mut packer) = log_of(OPUS, b"first ");
        push(&mut packer, 0..10);
        packer.seal();
        let (other, mut other_packer) = log_of(OPUS, b"second ");
        push(&mut other_packer, 20..30);
        other_packer.seal();
        let mut place = Place::new(Bytes::new(), Opening::default(), None, &log.window(), Duration::from_secs(60));
        send_all(&mut place, &log.window());
        place.move_to(&other.window());
        assert!(send_all(&mut place, &other.window()).starts_with(b"second "));
    }

    #[test]
    fn a_place_is_small() {
        assert!(size_of::<Place>() <= 96, "{} bytes", size_of::<Place>());
    }
}
