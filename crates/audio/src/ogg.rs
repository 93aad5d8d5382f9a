//! Ogg: pages of Opus, Vorbis and FLAC, passed on to the bit.
//!
//! A logical stream begins with header pages that every decoder needs; they come with
//! [`Found::Format`]. When it is followed by another (a *chained* stream, as encoders make at a new title) the new one's
//! header pages come the same way. Pages of streams that are not ours — another codec, a picture, a stream whose beginning
//! we missed — are skipped and counted.
//!
//! A page is believed when its checksum is right. How long it lasts is told by its *granule position*: the number of
//! samples that are finished with it.

mod headers;
mod joiner;
mod packets;
mod page;
mod writer;

use bytes::BytesMut;

use crate::framer::{Found, skip};
use crate::{Codec, Frame, Sniff};

pub(crate) use headers::OPUS_RATE_HZ;
use headers::{Identification, Progress};
pub use joiner::Joiner;
pub(crate) use packets::{Packets, PageEnd, pages};
use page::Parsed;
#[cfg(test)]
pub(crate) use page::test;
pub use page::{CAPTURE_PATTERN, PAGE_BYTES_MAX, Page};
pub(crate) use writer::{Draft, Writer};

/// The most that a stream's header pages may weigh together: a Vorbis comment can hold a picture. A stream with more is
/// skipped.
pub const HEADERS_BYTES_MAX: usize = 1 << 20;

/// A page that claims to last longer than this, in seconds, does not: the stream's clock was set anew, or we joined late.
const PAGE_SECONDS_MAX: i64 = 10;

/// Says what a stream carries whose bytes begin with the capture pattern.
pub(crate) fn sniff(bytes: &[u8]) -> Sniff {
    match Page::parse(bytes) {
        Parsed::Page(page) => {
            Identification::parse(page.body()).map_or(Sniff::Unknown, |it| Sniff::Codec(it.format.codec))
        }
        Parsed::More => Sniff::More,
        Parsed::No => Sniff::Unknown,
    }
}

/// Where we are in a physical stream.
#[derive(Debug)]
pub(crate) struct Cutter {
    codec: Codec,
    stream: Stream,
    /// Header pages that were kept and came to nothing, until they are told as skipped.
    abandoned_bytes: usize,
}

/// The logical stream that we follow.
#[derive(Debug)]
enum Stream {
    /// None has begun.
    Absent,
    /// Its header pages are coming in.
    Beginning { serial: u32, identification: Identification, progress: Progress, pages: BytesMut },
    /// Its sound is coming in.
    Sounding { serial: u32, clock: Clock },
}

/// What to do with a page.
enum Use {
    /// It is sound of so many samples.
    Sound(u32),
    /// It was kept as a header page.
    Kept,
    /// It was the last header page.
    Found(Found),
    Skip,
}

impl Cutter {
    pub(crate) fn new(codec: Codec) -> Self {
        Self { codec, stream: Stream::Absent, abandoned_bytes: 0 }
    }

    pub(crate) fn next(&mut self, pending: &mut BytesMut, has_ended: bool) -> Option<Found> {
        loop {
            if self.abandoned_bytes > 0 {
                return Some(Found::Skipped { bytes: std::mem::take(&mut self.abandoned_bytes) as u64 });
            }
            let page = match Page::parse(pending) {
                Parsed::Page(page) => page,
                Parsed::No if !pending.is_empty() => return skip(pending, page::next_candidate(pending)),
                _ if has_ended && self.kept_bytes() > 0 => {
                    self.abandon();
                    continue;
                }
                _ => return None,
            };
            let (bytes, is_entry) = (page.bytes.len(), !page.is_continued());
            match self.take(&page) {
                Use::Kept => drop(pending.split_to(bytes)),
                Use::Skip => self.abandoned_bytes += pending.split_to(bytes).len(),
                Use::Found(found) => {
                    drop(pending.split_to(bytes));
                    return Some(found);
                }
                Use::Sound(samples) => {
                    return Some(Found::Frame(Frame { bytes: pending.split_to(bytes).freeze(), samples, is_entry }));
                }
            }
        }
    }

    /// How many bytes of header pages wait for the rest.
    pub(crate) fn kept_bytes(&self) -> usize {
        if let Stream::Beginning { pages, .. } = &self.stream { pages.len() } else { 0 }
    }

    fn take(&mut self, page: &Page) -> Use {
        if page.is_beginning() {
            return self.begin(page);
        }
        match &mut self.stream {
            Stream::Beginning { serial, .. } if *serial == page.serial() => self.keep(page),
            Stream::Sounding { serial, clock } if *serial == page.serial() => {
                Use::Sound(clock.advance_to(page.granule_position()))
            }
            _ => Use::Skip,
        }
    }

    fn begin(&mut self, page: &Page) -> Use {
        let ours = Identification::parse(page.body()).filter(|it| it.format.codec == self.codec);
        let (Some(identification), false) = (ours, self.has_just_begun()) else { return Use::Skip };
        self.abandon();
        let progress = Progress::new(&identification);
        self.stream = Stream::Beginning { serial: page.serial(), identification, progress, pages: BytesMut::new() };
        self.keep(page)
    }

    /// True while only the first page of our stream is there: another that begins now is beside it, not after it.
    fn has_just_begun(&self) -> bool {
        matches!(&self.stream, Stream::Beginning { progress, .. } if progress.is_first_page_only())
    }

    fn keep(&mut self, page: &Page) -> Use {
        let Stream::Beginning { serial, identification, progress, pages } = &mut self.stream else { return Use::Skip };
        if pages.len() + page.bytes.len() > HEADERS_BYTES_MAX {
            self.abandon();
            return Use::Skip;
        }
        pages.extend_from_slice(page.bytes);
        progress.read(page);
        if !progress.is_complete() {
            return Use::Kept;
        }
        let found = Found::Format { format: identification.format, headers: pages.split().freeze() };
        self.stream = Stream::Sounding { serial: *serial, clock: Clock::new(identification) };
        Use::Found(found)
    }

    fn abandon(&mut self) {
        self.abandoned_bytes += self.kept_bytes();
        self.stream = Stream::Absent;
    }
}

/// Tells how long pages last.
#[derive(Debug)]
struct Clock {
    /// The granule position that the pages so far have reached.
    position: i64,
    /// Where the sound begins: what comes before it, a decoder throws away.
    sound_at: i64,
    page_samples_max: i64,
}

impl Clock {
    fn new(identification: &Identification) -> Self {
        let sound_at = i64::from(identification.pre_skip);
        let page_samples_max = i64::from(identification.format.sample_rate_hz) * PAGE_SECONDS_MAX;
        Self { position: sound_at, sound_at, page_samples_max }
    }

    /// The samples between the page before and one that ends at `granule_position`.
    fn advance_to(&mut self, granule_position: Option<i64>) -> u32 {
        let Some(granule_position) = granule_position else { return 0 };
        let before = std::mem::replace(&mut self.position, granule_position.max(self.sound_at));
        let samples = self.position - before;
        if (0..=self.page_samples_max).contains(&samples) { samples as u32 } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::page::test::Draft;
    use super::*;
    use crate::{Format, Framer};

    const BEGINS: u8 = 2;

    fn opus_head(pre_skip: u16) -> Vec<u8> {
        [&b"OpusHead\x01\x02"[..], &pre_skip.to_le_bytes(), &[0; 7]].concat()
    }

    fn page(serial: u32, flags: u8, granule_position: i64, packets: &[&[u8]]) -> Vec<u8> {
        Draft { flags, granule_position, serial, packets, last_goes_on: false }.bytes()
    }

    fn opus_headers(serial: u32) -> Vec<u8> {
        [page(serial, BEGINS, 0, &[&opus_head(312)]), page(serial, 0, 0, &[b"OpusTags"])].concat()
    }

    fn found(stream: &[u8]) -> Vec<Found> {
        let mut framer = Framer::new(Codec::OggOpus);
        framer.push(stream);
        framer.finish();
        framer.collect()
    }

    fn opus(headers: Vec<u8>) -> Found {
        let format = Format { codec: Codec::OggOpus, sample_rate_hz: 48_000, channels: 2 };
        Found::Format { format, headers: headers.into() }
    }

    fn sound(page: Vec<u8>, samples: u32) -> Found {
        Found::Frame(Frame { bytes: page.into(), samples, is_entry: true })
    }

    #[test]
    fn header_pages_come_with_the_format_and_a_page_lasts_as_its_granule_says() {
        let (first, second) = (page(1, 0, 960 + 312, &[b"a"]), page(1, 0, 2880 + 312, &[b"b", b"c"]));
        let stream = [opus_headers(1), first.clone(), second.clone()].concat();
        assert_eq!(found(&stream), [opus(opus_headers(1)), sound(first, 960), sound(second, 1920)]);
    }

    #[test]
    fn a_chained_stream_brings_its_own_header_pages() {
        let (first, second) = (page(1, 4, 960 + 312, &[b"a"]), page(2, 0, 960 + 312, &[b"b"]));
        let stream = [opus_headers(1), first.clone(), opus_headers(2), second.clone()].concat();
        let expected = [opus(opus_headers(1)), sound(first, 960), opus(opus_headers(2)), sound(second, 960)];
        assert_eq!(found(&stream), expected);
    }

    #[test]
    fn pages_of_other_streams_and_of_a_stream_without_a_beginning_are_skipped_and_counted() {
        let strange = page(7, BEGINS, 0, &[b"\x80theora"]);
        let headless = page(8, 0, 960, &[b"x"]);
        let beside = page(1, 0, 960 + 312, &[b"a"]);
        let skipped = (strange.len() + headless.len()) as u64;
        let stream = [strange, headless, opus_headers(1), beside.clone()].concat();
        let found = found(&stream);
        let counted: u64 = found.iter().map(|it| if let Found::Skipped { bytes } = it { *bytes } else { 0 }).sum();
        assert_eq!(counted, skipped);
        assert_eq!(found[found.len() - 2..], [opus(opus_headers(1)), sound(beside, 960)]);
    }

    #[test]
    fn header_pages_without_end_are_given_up() {
        let picture = [0; 255 * 200];
        let more =
            Draft { flags: 1, granule_position: -1, serial: 1, packets: &[&picture], last_goes_on: true }.bytes();
        let mut stream = page(1, BEGINS, 0, &[&opus_head(0)]);
        let mut framer = Framer::new(Codec::OggOpus);
        framer.push(&stream);
        let mut skipped = 0;
        for _ in 0..30 {
            framer.push(&more);
            stream.extend(&more);
            skipped += framer.by_ref().map(|it| if let Found::Skipped { bytes } = it { bytes } else { 0 }).sum::<u64>();
            assert!(framer.pending_bytes() <= HEADERS_BYTES_MAX);
        }
        assert_eq!(skipped, stream.len() as u64);
    }

    #[test]
    fn a_stream_that_was_joined_late_does_not_claim_the_time_before() {
        let (first, second) = (page(1, 0, 48_000 * 3600, &[b"a"]), page(1, 0, 48_000 * 3600 + 960, &[b"b"]));
        let stream = [opus_headers(1), first.clone(), second.clone()].concat();
        assert_eq!(found(&stream), [opus(opus_headers(1)), sound(first, 0), sound(second, 960)]);
    }
}
