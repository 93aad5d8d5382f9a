//! Another rate, another number of channels: the same sound in another [`Layout`].
//!
//! A [`Resampler`] takes samples in portions of any size. What it gives begins with the first sample that went in: the
//! filter's own delay is taken off, and [`finish`](Resampler::finish) runs out what is still in it, so that a piece is as
//! long after as it was before.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use crate::pcm::{self, Layout};

/// About how many samples the filter takes at a time. Fewer are quicker to come out, more cut off less of the treble.
const CHUNK_SAMPLES: usize = 512;

/// Changes sound from one layout into another.
pub struct Resampler {
    from: Layout,
    to: Layout,
    /// None where the rates are equal.
    filter: Option<Filter>,
    scratch: Vec<f32>,
}

/// The layouts are ones that sound does not have here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sound cannot be changed from {from:?} to {to:?}: rates go from 7,350 to 192,000 Hz, channels are 1 or 2")]
pub struct Impossible {
    /// What there is.
    pub from: Layout,
    /// What was wanted.
    pub to: Layout,
}

/// The change of rate. It works on the smaller number of channels.
struct Filter {
    fft: Fft<f32>,
    channels: u8,
    pending: Vec<f32>,
    chunk: Vec<f32>,
    /// Numbers of the filter's delay that are still to be dropped.
    delay_numbers: usize,
    /// Samples per channel that went in, and that came out.
    taken: u64,
    given: u64,
}

impl Resampler {
    /// One that takes sound in `from` and gives it in `to`.
    pub fn new(from: Layout, to: Layout) -> Result<Self, Impossible> {
        let impossible = Impossible { from, to };
        if !from.is_possible() || !to.is_possible() {
            return Err(impossible);
        }
        let channels = from.channels.min(to.channels);
        let filter = (from.sample_rate_hz != to.sample_rate_hz)
            .then(|| Filter::new(from.sample_rate_hz, to.sample_rate_hz, channels).ok_or(impossible))
            .transpose()?;
        Ok(Self { from, to, filter, scratch: Vec::new() })
    }

    /// What it takes.
    pub fn from(&self) -> Layout {
        self.from
    }

    /// What it gives.
    pub fn to(&self) -> Layout {
        self.to
    }

    /// Takes samples, and puts those that are ready after what is in `out`.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let Some(filter) = &mut self.filter else {
            return pcm::remix(samples, self.from.channels, self.to.channels, out);
        };
        pcm::remix(samples, self.from.channels, filter.channels, &mut filter.pending);
        filter.taken += self.from.instants(samples) as u64;
        self.scratch.clear();
        filter.run(&mut self.scratch);
        pcm::remix(&self.scratch, filter.channels, self.to.channels, out);
    }

    /// Nothing follows: gives what is left. Afterwards it can be used for another piece.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        let Some(filter) = &mut self.filter else { return };
        self.scratch.clear();
        filter.run_out(self.from.sample_rate_hz, self.to.sample_rate_hz, &mut self.scratch);
        pcm::remix(&self.scratch, filter.channels, self.to.channels, out);
    }
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resampler").field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}

impl Filter {
    fn new(from_hz: u32, to_hz: u32, channels: u8) -> Option<Self> {
        let fft = Fft::new_custom(
            from_hz as usize,
            to_hz as usize,
            CHUNK_SAMPLES,
            1,
            usize::from(channels),
            WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        );
        let fft = fft.ok()?;
        let mut filter =
            Self { fft, channels, pending: Vec::new(), chunk: Vec::new(), delay_numbers: 0, taken: 0, given: 0 };
        filter.begin();
        Some(filter)
    }

    fn begin(&mut self) {
        self.fft.reset();
        self.pending.clear();
        self.delay_numbers = self.fft.output_delay() * usize::from(self.channels);
        (self.taken, self.given) = (0, 0);
    }

    /// Changes as many whole chunks as there are.
    fn run(&mut self, out: &mut Vec<f32>) {
        let channels = usize::from(self.channels);
        let (taken, given) = (self.fft.input_frames_next(), self.fft.output_frames_next());
        self.chunk.resize(given * channels, 0.0);
        let mut done = 0;
        while let Some(chunk) = self.pending.get(done..done + taken * channels) {
            let input = InterleavedSlice::new(chunk, channels, taken).expect("a chunk is as long as it is said to be");
            let mut output = InterleavedSlice::new_mut(&mut self.chunk, channels, given)
                .expect("there is room for as many as it is said to give");
            self.fft.process_into_buffer(&input, &mut output, None).expect("a whole chunk can be changed");
            done += taken * channels;
            let dropped = self.delay_numbers.min(self.chunk.len());
            self.delay_numbers -= dropped;
            out.extend_from_slice(&self.chunk[dropped..]);
            self.given += ((self.chunk.len() - dropped) / channels) as u64;
        }
        self.pending.drain(..done);
    }

    fn run_out(&mut self, from_hz: u32, to_hz: u32, out: &mut Vec<f32>) {
        let channels = usize::from(self.channels);
        let due = (self.taken * u64::from(to_hz)).div_ceil(u64::from(from_hz));
        while self.given < due {
            let silence = self.fft.input_frames_next() * channels
                - self.pending.len() % (channels * self.fft.input_frames_next());
            self.pending.resize(self.pending.len() + silence, 0.0);
            self.run(out);
        }
        out.truncate(out.len() - (self.given - due) as usize * channels);
        self.begin();
    }
}
