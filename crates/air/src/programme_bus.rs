//! The programme bus: the one sound of a service that all its renditions are made from.
//!
//! What the ear of the input that is on decodes comes in here, whatever its rate; it leaves in the house's layout, brought
//! to the service's loudness. (Its peaks are taken down where it is known what it will be encoded in.) Where another input comes on, the two are crossfaded for a moment, so that
//! the join is not a click. The meters hang here as well: they show what is on, not what was sent.
//!
//! Start at [`Bus::push`].

use std::sync::Arc;
use std::time::Duration;

use audio::crossfade::Crossfade;
use audio::limit::Normaliser;
use audio::loudness::{Meter, Reading};
use audio::pcm::Layout;
use audio::resample::Resampler;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::settings::Loudness;
use crate::switch::{InputId, Seat};

/// How long the join of two inputs is, in milliseconds; so much of the sound is held back.
const JOIN_MS: u32 = 20;
/// How near to its loudness a service must have come to be called level, in dB, and how far it must be from it to be called so no more.
const LEVEL_FOUND_DB: f64 = 0.5;
const LEVEL_LOST_DB: f64 = 3.0;
/// How often the meters are told to the bus of events.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// How many portions wait for an encoder: more than a source may send ahead of time.
pub(crate) const PORTIONS_MAX: usize = 512;

/// A portion of sound in the house's layout.
pub(crate) type Portion = Arc<[f32]>;

/// The one sound of a service.
pub(crate) struct Bus {
    /// What is on, and how its samples are to be read.
    from: Option<(InputId, Layout)>,
    resampler: Option<Resampler>,
    meter: Option<Meter>,
    /// Whether anything was measured since the programme began.
    has_measured: bool,
    /// When the meters were last told.
    told: Option<Duration>,
    normaliser: Option<Normaliser>,
    /// Whether what leaves it is as loud as the service wants it.
    is_levelled: bool,
    /// The end of what is on, until it is known whether the same follows.
    held: Vec<f32>,
    outlets: Vec<Outlet>,
}

/// The way to a mount's encoder.
struct Outlet {
    seat: Seat,
    portions: mpsc::Sender<Portion>,
}

impl Bus {
    /// A bus on which nothing was heard yet.
    pub fn new(loudness: Loudness) -> Self {
        Self {
            from: None,
            resampler: None,
            meter: None,
            has_measured: false,
            told: None,
            normaliser: loudness.target_lufs.map(|target| Normaliser::new(Layout::HOUSE, target)),
            is_levelled: false,
            held: Vec::new(),
            outlets: Vec::new(),
        }
    }

    /// A mount's encoder gets its sound here from now on.
    pub fn connect(&mut self, seat: Seat) -> mpsc::Receiver<Portion> {
        let (portions, outlet) = mpsc::channel(PORTIONS_MAX);
        self.outlets.push(Outlet { seat, portions });
        outlet
    }

    /// A mount needs no sound any more.
    pub fn disconnect(&mut self, seat: Seat) {
        self.outlets.retain(|outlet| outlet.seat != seat);
    }

    /// What is heard from here on is another programme; the figures of the one before, if anything was measured.
    pub fn begin_programme(&mut self) -> Option<Reading> {
        let has_measured = std::mem::take(&mut self.has_measured);
        let meter = self.meter.as_mut()?;
        let reading = meter.reading();
        meter.begin_programme();
        has_measured.then_some(reading)
    }

    /// Whether what renditions are made from is as loud as the service wants it, and has been for some seconds.
    pub fn is_levelled(&self) -> bool {
        self.is_levelled
    }

    /// Takes what the input that is on has sent. Gives what the meters show, if it is time to tell.
    pub fn push(&mut self, id: InputId, layout: Layout, pcm: &[f32], now: Duration) -> Option<Reading> {
        let is_join = self.from.is_some_and(|(before, _)| before != id);
        if self.from != Some((id, layout)) {
            self.from = Some((id, layout));
            self.resampler = Resampler::new(layout, Layout::HOUSE).ok();
        }
        let mut pcm = self.in_house_layout(pcm);
        let reading = self.measure(&pcm, now);
        if self.outlets.is_empty() {
            self.held.clear();
            return reading;
        }
        pcm = self.join(pcm, is_join);
        if let Some(normaliser) = &mut self.normaliser {
            normaliser.run(&mut pcm);
        }
        self.note_level();
        self.send(pcm.into());
        reading
    }

    /// A level that was reached is lost only when it is clearly missed: what is said of it should not flicker.
    fn note_level(&mut self) {
        let error_db = self.normaliser.as_ref().and_then(Normaliser::error_db);
        let error_db_max = if self.is_levelled { LEVEL_LOST_DB } else { LEVEL_FOUND_DB };
        self.is_levelled = error_db.is_some_and(|error_db| error_db.abs() <= error_db_max);
    }

    fn in_house_layout(&mut self, pcm: &[f32]) -> Vec<f32> {
        let mut out = Vec::with_capacity(pcm.len() * 2);
        if let Some(resampler) = &mut self.resampler {
            resampler.push(pcm, &mut out);
        }
        out
    }

    fn measure(&mut self, pcm: &[f32], now: Duration) -> Option<Reading> {
        if self.meter.is_none() {
            self.meter = Meter::new(Layout::HOUSE).ok();
        }
        let meter = self.meter.as_mut()?;
        meter.push(pcm);
        self.has_measured = true;
        let is_due = self.told.is_none_or(|told| now.saturating_sub(told) >= TELL_EVERY);
        if !is_due {
            return None;
        }
        self.told = Some(now);
        Some(meter.reading())
    }

    /// Puts what was held back before what is new, or fades it into that; then holds back the end.
    fn join(&mut self, new: Vec<f32>, is_join: bool) -> Vec<f32> {
        let mut all = std::mem::take(&mut self.held);
        if is_join && !all.is_empty() {
            let before = std::mem::take(&mut all);
            Crossfade::new(Layout::HOUSE, JOIN_MS).mix(&before, &new, &mut all);
        } else {
            all.extend_from_slice(&new);
        }
        let hold = Layout::HOUSE.numbers_in(JOIN_MS).min(all.len());
        self.held = all.split_off(all.len() - hold);
        all
    }

    fn send(&mut self, portion: Portion) {
        if portion.is_empty() {
            return;
        }
        for outlet in &self.outlets {
            if let Err(TrySendError::Full(_)) = outlet.portions.try_send(Arc::clone(&portion)) {
                metrics::counter!("groundwave_rendition_portions_dropped_total").increment(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUDIO: InputId = InputId::Source(1);
    const BACKUP: InputId = InputId::Source(2);
    const MONO: Layout = Layout { sample_rate_hz: 44_100, channels: 1 };
    const AS_IT_IS: Loudness = Loudness { target_lufs: None, ceiling_dbtp: -1.0 };

    /// A tone at half of full scale.
    fn tone(layout: Layout, hz: f32, seconds: f32) -> Vec<f32> {
        let instants = (layout.sample_rate_hz as f32 * seconds) as usize;
        let sample = |at: usize| (at as f32 * hz * std::f32::consts::TAU / layout.sample_rate_hz as f32).sin() * 0.5;
        (0..instants).flat_map(|at| std::iter::repeat_n(sample(at), usize::from(layout.channels))).collect()
    }

    fn heard(outlet: &mut mpsc::Receiver<Portion>) -> Vec<f32> {
        std::iter::from_fn(|| outlet.try_recv().ok()).flat_map(|portion| portion.to_vec()).collect()
    }

    #[test]
    fn what_comes_in_any_layout_leaves_in_the_house_s() {
        let mut bus = Bus::new(AS_IT_IS);
        let mut outlet = bus.connect(0);
        for _ in 0..20 {
            bus.push(STUDIO, MONO, &tone(MONO, 440.0, 0.1), Duration::ZERO);
        }
        let seconds = Layout::HOUSE.instants(&heard(&mut outlet)) as f32 / 48_000.0;
        assert!((1.9..=2.0).contains(&seconds), "{seconds} s");
    }

    #[test]
    fn where_another_input_comes_on_there_is_no_click() {
        let mut bus = Bus::new(AS_IT_IS);
        let mut outlet = bus.connect(0);
        for id in [STUDIO, BACKUP, STUDIO] {
            bus.push(id, Layout::HOUSE, &tone(Layout::HOUSE, 441.3, 0.31), Duration::ZERO);
        }
        let heard = heard(&mut outlet);
        let steps = heard.chunks_exact(2).map(|instant| instant[0]).collect::<Vec<_>>();
        let largest = steps.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(largest < 0.05, "a step of {largest}");
    }

    #[test]
    fn it_is_brought_to_the_service_s_loudness() {
        let mut bus = Bus::new(Loudness { target_lufs: Some(-18.0), ceiling_dbtp: -1.0 });
        let mut outlet = bus.connect(0);
        let mut meter = Meter::new(Layout::HOUSE).unwrap();
        for at in 0..600 {
            let mut pcm = tone(Layout::HOUSE, 1_000.0, 0.1);
            pcm.iter_mut().for_each(|sample| *sample *= 0.1);
            bus.push(STUDIO, Layout::HOUSE, &pcm, Duration::ZERO);
            // Half a minute to find its loudness, half a minute that is measured.
            if at == 300 {
                meter.begin_programme();
            }
            assert!(at > 50 || !bus.is_levelled(), "it takes a while");
            meter.push(&heard(&mut outlet));
        }
        let reading = meter.reading();
        assert!((reading.integrated_lufs + 18.0).abs() < 1.0, "{} LUFS", reading.integrated_lufs);
        assert!(bus.is_levelled());
    }

    #[test]
    fn meters_are_told_twice_a_second_and_each_programme_has_its_own_figures() {
        let mut bus = Bus::new(AS_IT_IS);
        let mut told = 0;
        for at in 0..40 {
            let now = Duration::from_millis(at * 100);
            told += usize::from(bus.push(STUDIO, Layout::HOUSE, &tone(Layout::HOUSE, 1_000.0, 0.1), now).is_some());
        }
        assert_eq!(told, 8);
        let figures = bus.begin_programme().unwrap();
        assert!((figures.integrated_lufs + 6.0).abs() < 1.0, "{} LUFS", figures.integrated_lufs);
        let mut quiet = tone(Layout::HOUSE, 1_000.0, 2.0);
        quiet.iter_mut().for_each(|sample| *sample *= 0.1);
        bus.push(STUDIO, Layout::HOUSE, &quiet, Duration::ZERO);
        let figures = bus.begin_programme().unwrap();
        assert_eq!(bus.begin_programme(), None, "nobody listened to this one");
        assert!((figures.integrated_lufs + 26.0).abs() < 1.0, "{} LUFS", figures.integrated_lufs);
    }

    #[test]
    fn an_encoder_that_does_not_keep_up_loses_sound_and_slows_nobody() {
        let mut bus = Bus::new(AS_IT_IS);
        let (mut stuck, mut other) = (bus.connect(0), bus.connect(1));
        for _ in 0..PORTIONS_MAX + 10 {
            bus.push(STUDIO, Layout::HOUSE, &tone(Layout::HOUSE, 440.0, 0.1), Duration::ZERO);
            assert!(other.try_recv().is_ok());
        }
        assert_eq!(std::iter::from_fn(|| stuck.try_recv().ok()).count(), PORTIONS_MAX);
        bus.disconnect(0);
    }
}
