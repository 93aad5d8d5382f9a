//! Records: what stands in a reel's blocks.
//!
//! A [`Sound`] is about a second of what was aired, whole frames with all that is known of them; a record of it can be
//! read with nothing before it but, for an Ogg stream, the header pages that it points to. A [`Gap`] names what is
//! missing. The [`Index`](super::index::Index) at the end says where everything stands.

use audio::{Codec, Format, Frame};
use bytes::{Buf, BufMut, Bytes, BytesMut, TryGetError};
use station::Timestamp;

use super::index::Index;

/// The longest title that is kept, in bytes.
const TITLE_BYTES_MAX: usize = 4 << 10;
/// In the length of a frame: it decodes with nothing before it.
const IS_ENTRY: u32 = 1 << 31;

/// What a block holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// The header pages of an Ogg stream, to which the sounds after it point.
    Headers(Bytes),
    /// Something that was aired.
    Sound(Sound),
    /// Something that was not, or was not kept.
    Gap(Gap),
    /// What stands where.
    Index(Index),
}

/// A stretch of what was aired, about a second of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// When its first frame was on the air.
    pub at: Timestamp,
    /// Which run of the program aired it.
    pub epoch: u64,
    /// The number in the mount's log of the chunk that it begins with.
    pub seq: u64,
    /// Media time of its first sample, in samples.
    pub time: u64,
    /// Whether it is the first of another input.
    pub is_join: bool,
    /// What its frames are.
    pub format: Format,
    /// Where in the reel its header pages stand, if it is Ogg.
    pub headers_at: Option<u64>,
    /// What was on.
    pub title: String,
    /// Its frames, as they were sent.
    pub frames: Vec<Frame>,
}

/// A stretch of time of which nothing is on the tape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first instant of it.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Why there is nothing.
    pub cause: Cause,
}

/// Why there is nothing on the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The mount sent nothing.
    Silent,
    /// The program did not run.
    NotRunning,
    /// The tape was too slow for its mount.
    TooSlow,
    /// The disk was full.
    DiskFull,
    /// The disk refused it for another reason.
    NotKept,
    /// It was kept, and what is read now is not what was written.
    Damaged,
    /// It is so long ago that it was forgotten, or nobody had begun to keep it.
    NotOnTape,
    /// The machine's clock was set forward; no sound is missing.
    ClockSet,
}

impl Cause {
    /// Every cause, in the order of its number in a record.
    const ALL: [Cause; 8] = [
        Cause::Silent,
        Cause::NotRunning,
        Cause::TooSlow,
        Cause::DiskFull,
        Cause::NotKept,
        Cause::Damaged,
        Cause::NotOnTape,
        Cause::ClockSet,
    ];

    /// Its name in JSON and in figures: `not-running`.
    pub fn label(self) -> &'static str {
        match self {
            Cause::Silent => "silent",
            Cause::NotRunning => "not-running",
            Cause::TooSlow => "too-slow",
            Cause::DiskFull => "disk-full",
            Cause::NotKept => "not-kept",
            Cause::Damaged => "damaged",
            Cause::NotOnTape => "not-on-tape",
            Cause::ClockSet => "clock-set",
        }
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Cause::Silent => "nothing was sent",
            Cause::NotRunning => "the program did not run",
            Cause::TooSlow => "the tape was too slow",
            Cause::DiskFull => "the disk was full",
            Cause::NotKept => "the disk refused it",
            Cause::Damaged => "the tape is damaged here",
            Cause::NotOnTape => "it is not on the tape",
            Cause::ClockSet => "the clock was set forward; no sound is missing",
        })
    }
}

impl Sound {
    /// How many samples it lasts.
    pub fn samples(&self) -> u64 {
        self.frames.iter().map(|frame| u64::from(frame.samples)).sum()
    }

    /// True if `next` is of another input, has another title or another format.
    pub fn is_told_from(&self, next: &Sound) -> bool {
        next.is_join || self.title != next.title || self.format != next.format
    }

    /// When its last sample was on the air.
    pub fn end(&self) -> Timestamp {
        self.at.saturating_add(crate::ring::duration(self.samples(), self.format.sample_rate_hz)).unwrap_or(self.at)
    }
}

/// The body of the block for a record.
pub fn encode(record: &Record) -> Bytes {
    let mut body = BytesMut::new();
    match record {
        Record::Headers(pages) => {
            body.put_u8(0);
            body.put_slice(pages);
        }
        Record::Sound(sound) => {
            body.put_u8(1);
            put_sound(&mut body, sound);
        }
        Record::Gap(gap) => {
            body.put_u8(2);
            put_gap(&mut body, gap);
        }
        Record::Index(index) => {
            body.put_u8(3);
            index.put(&mut body);
        }
    }
    body.freeze()
}

/// The record in a block's body; `None` if a later version of the program wrote it.
pub fn decode(mut body: Bytes) -> Option<Record> {
    match body.try_get_u8().ok()? {
        0 => Some(Record::Headers(body)),
        1 => get_sound(body).ok()?.map(Record::Sound),
        2 => get_gap(body).ok()?.map(Record::Gap),
        3 => Index::get(body).map(Record::Index),
        _ => None,
    }
}

fn put_sound(body: &mut BytesMut, sound: &Sound) {
    let title = short(&sound.title);
    put_moment(body, sound.at);
    body.put_u64_le(sound.epoch);
    body.put_u64_le(sound.seq);
    body.put_u64_le(sound.time);
    body.put_u8(u8::from(sound.is_join));
    body.put_u8(codec_number(sound.format.codec));
    body.put_u8(sound.format.channels);
    body.put_u32_le(sound.format.sample_rate_hz);
    body.put_u64_le(sound.headers_at.unwrap_or(0));
    body.put_u16_le(title.len() as u16);
    body.put_slice(title.as_bytes());
    body.put_u32_le(sound.frames.len() as u32);
    for frame in &sound.frames {
        let mark = if frame.is_entry { IS_ENTRY } else { 0 };
        body.put_u32_le(frame.bytes.len() as u32 | mark);
        body.put_u32_le(frame.samples);
    }
    sound.frames.iter().for_each(|frame| body.put_slice(&frame.bytes));
}

fn get_sound(mut body: Bytes) -> Result<Option<Sound>, TryGetError> {
    let Some(at) = get_moment(&mut body)? else { return Ok(None) };
    let (epoch, seq, time) = (body.try_get_u64_le()?, body.try_get_u64_le()?, body.try_get_u64_le()?);
    let is_join = body.try_get_u8()? != 0;
    let (codec, channels) = (body.try_get_u8()?, body.try_get_u8()?);
    let sample_rate_hz = body.try_get_u32_le()?;
    let headers_at = Some(body.try_get_u64_le()?).filter(|at| *at != 0);
    let title = usize::from(body.try_get_u16_le()?);
    let (Some(codec), Some(title)) = (codec_of(codec), split(&mut body, title)) else { return Ok(None) };
    let count = body.try_get_u32_le()? as usize;
    let Some(mut marks) = count.checked_mul(8).and_then(|bytes| split(&mut body, bytes)) else { return Ok(None) };
    let mut frames = Vec::with_capacity(count);
    while marks.has_remaining() {
        let (length, samples) = (marks.try_get_u32_le()?, marks.try_get_u32_le()?);
        let Some(bytes) = split(&mut body, (length & !IS_ENTRY) as usize) else { return Ok(None) };
        frames.push(Frame { bytes, samples, is_entry: length & IS_ENTRY != 0 });
    }
    let (title, format) = (String::from_utf8_lossy(&title).into_owned(), Format { codec, sample_rate_hz, channels });
    Ok(Some(Sound { at, epoch, seq, time, is_join, format, headers_at, title, frames }))
}

fn put_gap(body: &mut BytesMut, gap: &Gap) {
    put_moment(body, gap.from);
    put_moment(body, gap.to);
    body.put_u8(gap.cause as u8);
}

fn get_gap(mut body: Bytes) -> Result<Option<Gap>, TryGetError> {
    let (from, to) = (get_moment(&mut body)?, get_moment(&mut body)?);
    let cause = Cause::ALL.get(usize::from(body.try_get_u8()?)).copied();
    Ok((|| Some(Gap { from: from?, to: to?, cause: cause? }))())
}

pub(super) fn put_moment(body: &mut BytesMut, moment: Timestamp) {
    body.put_i64_le(moment.as_microsecond());
}

pub(super) fn get_moment(body: &mut Bytes) -> Result<Option<Timestamp>, TryGetError> {
    Ok(Timestamp::from_microsecond(body.try_get_i64_le()?).ok())
}

/// The next `bytes` of it, if there are so many.
fn split(body: &mut Bytes, bytes: usize) -> Option<Bytes> {
    (bytes <= body.len()).then(|| body.split_to(bytes))
}

/// As much of a title as is kept.
fn short(title: &str) -> &str {
    &title[..title.floor_char_boundary(TITLE_BYTES_MAX)]
}

fn codec_number(codec: Codec) -> u8 {
    match codec {
        Codec::Mp3 => 0,
        Codec::Aac => 1,
        Codec::OggOpus => 2,
        Codec::OggVorbis => 3,
        Codec::OggFlac => 4,
    }
}

fn codec_of(number: u8) -> Option<Codec> {
    let all = [Codec::Mp3, Codec::Aac, Codec::OggOpus, Codec::OggVorbis, Codec::OggFlac];
    all.get(usize::from(number)).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tape::index::{Entry, Kind};

    fn sound() -> Sound {
        Sound {
            at: "2026-11-24T08:00:00.123456Z".parse().unwrap(),
            epoch: 1_795_507_200_123,
            seq: 42,
            time: 48_000 * 3_600,
            is_join: true,
            format: Format { codec: Codec::OggOpus, sample_rate_hz: 48_000, channels: 2 },
            headers_at: Some(8),
            title: "Ann – Fünf".into(),
            frames: (0..50u8).map(|number| frame(number, usize::from(number) * 7)).collect(),
        }
    }

    fn frame(number: u8, length: usize) -> Frame {
        Frame { bytes: vec![number; length].into(), samples: 960, is_entry: number.is_multiple_of(3) }
    }

    fn records() -> Vec<Record> {
        let sound = sound();
        let gap = |cause| Record::Gap(Gap { from: sound.at, to: sound.end(), cause });
        let entry = Entry { kind: Kind::Sound, is_news: true, offset: 8, bytes: 999, at: sound.at, end: sound.end() };
        let mut records: Vec<Record> = Cause::ALL.map(gap).to_vec();
        records.push(Record::Headers(Bytes::from_static(b"OggS and so on")));
        records.push(Record::Index(Index { entries: vec![entry; 3] }));
        records.push(Record::Sound(sound));
        records
    }

    #[test]
    fn every_record_comes_back_as_it_was() {
        for record in records() {
            assert_eq!(decode(encode(&record)), Some(record));
        }
    }

    #[test]
    fn a_title_is_cut_between_its_letters() {
        let long = Sound { title: "ä".repeat(TITLE_BYTES_MAX), ..sound() };
        let Some(Record::Sound(read)) = decode(encode(&Record::Sound(long))) else { panic!("it is a sound") };
        assert_eq!(read.title, "ä".repeat(TITLE_BYTES_MAX / 2));
        assert_eq!(read.frames, sound().frames);
    }

    #[test]
    fn what_a_later_version_writes_is_passed_over() {
        assert_eq!(decode(Bytes::from_static(b"\x09whatever")), None);
        assert_eq!(decode(Bytes::new()), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            which in 0usize..11,
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut body = encode(&records()[which]).to_vec();
            let at = at.index(body.len());
            body[at] = byte;
            body.truncate(cut.index(body.len()) + 1);
            let _ = decode(body.into());
        }
    }
}
