//! Frames become sound.
//!
//! A [`Decoder`] takes whole frames as a [`Framer`](crate::Framer) cuts them and gives the samples they stand for. It is
//! opened with what [`Found::Format`](crate::Found::Format) brings, and opened again when that comes again. What it is
//! given may be anything: a frame that cannot be decoded is an [`Error`] and leaves a decoder that goes on with the next.
//!
//! HE-AAC comes out at the rate that is heard, twice that of the [`Format`], and as stereo where it hides a second
//! channel. The libraries below run on strangers' bytes: a station calls them in a child process only, for the reasons in
//! `docs/decisions/codecs.md`.
//!
//! Start at [`Decoder::decode`].

mod aac;
mod mp3;
mod opus;
mod xiph;

use crate::ogg::Packets;
use crate::pcm::{CHANNELS_MAX, Layout};
use crate::{Codec, Format};

/// No frame lasts longer, in seconds. A few bytes of FLAC can stand for minutes of one and the same sample.
const FRAME_SECONDS_MAX: usize = 10;

/// Turns frames of one stream into sound.
pub struct Decoder {
    codec: Codec,
    opened: Option<Opened>,
}

/// Why something could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A frame came before its format: call [`Decoder::open`] with what the framer found.
    #[error("a frame of {0:?} came before its format")]
    NotOpen(Codec),
    /// The format is of another codec than the decoder.
    #[error("a decoder of {wanted:?} was given {got:?}")]
    OtherCodec {
        /// What the decoder is for.
        wanted: Codec,
        /// What it was given.
        got: Codec,
    },
    /// More channels than a station's sound has.
    #[error("{codec:?} with {channels} channels: only mono and stereo are decoded")]
    Channels {
        /// Of what.
        codec: Codec,
        /// How many there are.
        channels: u8,
    },
    /// The header pages cannot be understood.
    #[error("the header pages are not those of {codec:?}: {reason}")]
    Headers {
        /// What they should be.
        codec: Codec,
        /// What is wrong with them.
        reason: String,
    },
    /// A page stands for more sound than any encoder puts on one.
    #[error("a page lasts longer than {FRAME_SECONDS_MAX} seconds")]
    TooLong,
    /// A frame cannot be understood. The next one may be.
    #[error("a frame of {codec:?} is broken: {reason}")]
    Broken {
        /// Of what.
        codec: Codec,
        /// What is wrong with it.
        reason: String,
    },
}

/// What it was opened with, and the stream.
struct Opened {
    format: Format,
    headers: Box<[u8]>,
    stream: Stream,
}

/// One stream that is being decoded.
enum Stream {
    Mp3(Box<mp3::Stream>),
    Aac(Box<aac::Stream>),
    Ogg { packets: Packets, voice: Voice, trim: Trim },
}

/// What turns the packets of an Ogg stream into sound.
enum Voice {
    Opus(Box<opus::Stream>),
    Xiph(Box<xiph::Stream>),
}

impl Decoder {
    /// A decoder for a stream in `codec`. It has to be [opened](Self::open) first.
    pub fn new(codec: Codec) -> Self {
        Self { codec, opened: None }
    }

    /// The stream is in this format from here on, whatever it was before. `headers` are the header pages that came with
    /// it, empty unless the stream is Ogg.
    pub fn open(&mut self, format: &Format, headers: &[u8]) -> Result<(), Error> {
        self.opened = None;
        let codec = self.codec;
        if format.codec != codec {
            return Err(Error::OtherCodec { wanted: codec, got: format.codec });
        }
        if !(1..=CHANNELS_MAX).contains(&format.channels) {
            return Err(Error::Channels { codec, channels: format.channels });
        }
        let stream = guarded(|| Stream::begin(format, headers))
            .unwrap_or_else(|reason| Err(Error::Headers { codec, reason }))?;
        self.opened = Some(Opened { format: *format, headers: headers.into(), stream });
        Ok(())
    }

    /// Decodes one frame (of an Ogg stream: one page) and puts its sound after what is in `pcm`. What it says is how the
    /// sound is to be read. A page on which no packet ends gives none. After an error, `pcm` is as it was.
    pub fn decode(&mut self, frame: &[u8], pcm: &mut Vec<f32>) -> Result<Layout, Error> {
        let codec = self.codec;
        let opened = self.opened.as_mut().ok_or(Error::NotOpen(codec))?;
        let before = pcm.len();
        let decoded = guarded(|| opened.stream.decode(frame, pcm)).unwrap_or_else(|reason| {
            // What a panic leaves behind is not to be used again.
            opened.stream = Stream::begin(&opened.format, &opened.headers)?;
            Err(Error::Broken { codec, reason })
        });
        match decoded {
            Ok(_) => pcm[before..].iter_mut().for_each(tame),
            Err(_) => pcm.truncate(before),
        }
        decoded
    }

    /// Frames are missing before the next one: nothing of it is taken from what came before.
    pub fn jump(&mut self) {
        match self.opened.as_mut().map(|opened| &mut opened.stream) {
            Some(Stream::Mp3(stream)) => stream.jump(),
            Some(Stream::Aac(stream)) => stream.jump(),
            Some(Stream::Ogg { packets, .. }) => packets.jump(),
            None => {}
        }
    }

    /// By how many samples what comes out is later than what the encoder put in, counting what the decoder itself adds.
    pub fn delay_samples(&self) -> u32 {
        match self.codec {
            Codec::Mp3 => mp3::DELAY_SAMPLES,
            Codec::Aac | Codec::OggOpus | Codec::OggVorbis | Codec::OggFlac => 0,
        }
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("codec", &self.codec)
            .field("is_open", &self.opened.is_some())
            .finish_non_exhaustive()
    }
}

impl Stream {
    fn begin(format: &Format, headers: &[u8]) -> Result<Self, Error> {
        let voice = match format.codec {
            Codec::Mp3 => return Ok(Stream::Mp3(Box::new(mp3::Stream::new()))),
            Codec::Aac => return Ok(Stream::Aac(Box::new(aac::Stream::new()))),
            Codec::OggOpus => Voice::Opus(Box::new(opus::Stream::new(&header_packets(headers))?)),
            Codec::OggVorbis => Voice::Xiph(Box::new(xiph::Stream::vorbis(format, &header_packets(headers))?)),
            Codec::OggFlac => Voice::Xiph(Box::new(xiph::Stream::flac(format, &header_packets(headers))?)),
        };
        let trim = Trim { granule_position: voice.pre_skip() };
        Ok(Stream::Ogg { packets: Packets::default(), voice, trim })
    }

    fn decode(&mut self, frame: &[u8], pcm: &mut Vec<f32>) -> Result<Layout, Error> {
        match self {
            Stream::Mp3(stream) => stream.decode(frame, pcm),
            Stream::Aac(stream) => stream.decode(frame, pcm),
            Stream::Ogg { packets, voice, trim } => {
                let before = pcm.len();
                let layout = voice.layout();
                let numbers_max = FRAME_SECONDS_MAX * layout.numbers_in(1000);
                let mut decoded = Ok(());
                let page = packets.read(frame, |packet| {
                    if decoded.is_ok() {
                        decoded = voice.decode(packet, pcm);
                    }
                    if pcm.len() - before > numbers_max {
                        decoded = Err(Error::TooLong);
                    }
                });
                decoded?;
                trim.apply(page, layout, pcm, before);
                Ok(layout)
            }
        }
    }
}

impl Voice {
    /// Some encoders end a stream with a packet that has nothing in it.
    fn decode(&mut self, packet: &[u8], pcm: &mut Vec<f32>) -> Result<(), Error> {
        match self {
            _ if packet.is_empty() => Ok(()),
            Voice::Opus(stream) => stream.decode(packet, pcm),
            Voice::Xiph(stream) => stream.decode(packet, pcm),
        }
    }

    /// Where the stream's clock stands when its sound begins.
    fn pre_skip(&self) -> i64 {
        match self {
            Voice::Opus(stream) => stream.pre_skip() as i64,
            Voice::Xiph(_) => 0,
        }
    }

    fn layout(&self) -> Layout {
        match self {
            Voice::Opus(stream) => stream.layout(),
            Voice::Xiph(stream) => stream.layout(),
        }
    }
}

/// Cuts off what an encoder had to add at the end to fill its last packet: the last page says where the sound ends.
#[derive(Debug)]
struct Trim {
    granule_position: i64,
}

impl Trim {
    fn apply(&mut self, page: crate::ogg::PageEnd, layout: Layout, pcm: &mut Vec<f32>, before: usize) {
        let Some(granule_position) = page.granule_position else { return };
        let samples = granule_position.saturating_sub(std::mem::replace(&mut self.granule_position, granule_position));
        let numbers = usize::try_from(samples).unwrap_or(0).saturating_mul(usize::from(layout.channels));
        if page.is_last && before.saturating_add(numbers) < pcm.len() {
            pcm.truncate(before + numbers);
        }
    }
}

/// The packets on a stream's header pages.
fn header_packets(headers: &[u8]) -> Vec<Vec<u8>> {
    let (mut packets, mut found) = (Packets::default(), Vec::new());
    for page in crate::ogg::pages(headers) {
        packets.read(page, |packet| found.push(packet.to_vec()));
    }
    found
}

/// A library that panics over a stranger's bytes has found them broken; that is no reason to take the program down.
fn guarded<T>(decode: impl FnOnce() -> T) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(decode)).map_err(|_| "its decoder panicked".to_owned())
}

/// Keeps a sample where samples belong: a broken frame can decode to anything.
fn tame(sample: &mut f32) {
    *sample = if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 };
}
