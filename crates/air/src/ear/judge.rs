//! What is wrong with a sound: a plain value that is told a moment of it at a time.
//!
//! Four things are wrong when they last: silence, a stereo sound of which one channel is dead, a tone that does not
//! move, and a few seconds that come again and again. How long they must last, and how quiet silence is, is the [`Profile`] of the programme: a slow movement is not dead
//! air, and the minute's silence of a memorial is not a fault. A click, or a word between two minutes of nothing, ends none
//! of them: the sound must be right for half a second.
//!
//! Time is the sound's own. Start at [`Judge::hear`].

use std::time::Duration;

/// How long a sound must be right before it counts as right again.
const RIGHT_MIN: Duration = Duration::from_millis(500);
/// A channel is dead below this level, in dBFS…
const DEAD_DBFS: f64 = -60.0;
/// …if the other one is louder than it by this much, in dB.
const DEAD_DB: f64 = 30.0;
/// A tone is the same one while its pitch moves by no more than this part.
const PITCH_TOLERANCE: f64 = 0.01;
/// A pause is this much quieter than what was heard lately, in dB.
const PAUSE_DB: f64 = 12.0;
/// What was heard lately: about so long.
const LATELY: Duration = Duration::from_secs(3);

/// What a programme may sound like before it counts as broken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Below this momentary loudness it is silent, in LUFS.
    pub silence_lufs: f64,
    /// For how long it may be silent.
    pub silence: Duration,
    /// For how long one channel may be dead.
    pub channel_dead: Duration,
    /// For how long it may be one tone.
    pub stuck_tone: Duration,
    /// For how long it may send the same few seconds again and again.
    pub frozen: Duration,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            silence_lufs: -50.0,
            silence: Duration::from_secs(10),
            channel_dead: Duration::from_secs(20),
            stuck_tone: Duration::from_secs(15),
            frozen: Duration::from_secs(20),
        }
    }
}

/// What is wrong with a sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is none.
    Silent,
    /// One channel of two has none.
    ChannelDead,
    /// It is one tone and nothing else.
    StuckTone,
    /// It is the same few seconds again and again.
    Frozen,
}

impl Fault {
    /// As a metric's label, and where programs read it.
    pub fn label(self) -> &'static str {
        match self {
            Fault::Silent => "silent",
            Fault::ChannelDead => "channel-dead",
            Fault::StuckTone => "stuck-tone",
            Fault::Frozen => "frozen",
        }
    }
}

/// A short stretch of sound, measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// How long it is.
    pub lasts: Duration,
    /// Its momentary loudness, in LUFS.
    pub momentary_lufs: f64,
    /// The level of the left and the right channel, in dBFS; of a mono sound, twice the same.
    pub levels_dbfs: [f64; 2],
    /// The pitch of it, in Hz, if it is one tone and nothing else.
    pub tone_hz: Option<f64>,
    /// Whether the same frames were sent before.
    pub is_echo: bool,
}

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What is wrong.
    pub fault: Option<Fault>,
    /// Whether the sound pauses: nobody notices a join here.
    pub is_quiet: bool,
}

/// Listens to one sound.
#[derive(Debug)]
pub struct Judge {
    profile: Profile,
    silence: Spell,
    channel_dead: Spell,
    stuck_tone: Spell,
    frozen: Spell,
    tone_hz: f64,
    /// The level of what was heard lately, in dBFS.
    lately_dbfs: Option<f64>,
}

impl Judge {
    /// A judge who has heard nothing yet.
    pub fn new(profile: Profile) -> Self {
        let (silence, channel_dead, stuck_tone, frozen) = Default::default();
        Self { profile, silence, channel_dead, stuck_tone, frozen, tone_hz: 0.0, lately_dbfs: None }
    }

    /// From here on another programme is on.
    pub fn set_profile(&mut self, profile: Profile) {
        self.profile = profile;
    }

    /// Hears what comes next.
    pub fn hear(&mut self, moment: &Moment) -> Verdict {
        let is_silent = moment.momentary_lufs < self.profile.silence_lufs;
        self.silence.note(is_silent, moment.lasts);
        if !is_silent {
            // In silence no channel is deader than the other, no tone is heard, and every frame is the same: nothing is learned.
            self.channel_dead.note(is_channel_dead(moment.levels_dbfs), moment.lasts);
            let is_same_tone = self.is_same_tone(moment.tone_hz);
            self.stuck_tone.note(is_same_tone, moment.lasts);
            self.frozen.note(moment.is_echo && moment.tone_hz.is_none(), moment.lasts);
        }
        Verdict { fault: self.fault(), is_quiet: is_silent || self.pauses(moment) }
    }

    fn fault(&self) -> Option<Fault> {
        let Profile { silence, channel_dead, stuck_tone, frozen, .. } = self.profile;
        let found = [
            (self.silence.lasts >= silence, Fault::Silent),
            (self.channel_dead.lasts >= channel_dead, Fault::ChannelDead),
            (self.stuck_tone.lasts >= stuck_tone, Fault::StuckTone),
            (self.frozen.lasts >= frozen, Fault::Frozen),
        ];
        found.into_iter().find(|(is_wrong, _)| *is_wrong).map(|(_, fault)| fault)
    }

    fn is_same_tone(&mut self, tone_hz: Option<f64>) -> bool {
        let Some(tone_hz) = tone_hz else { return false };
        let is_same = (tone_hz - self.tone_hz).abs() <= self.tone_hz * PITCH_TOLERANCE;
        if !is_same {
            self.tone_hz = tone_hz;
            self.stuck_tone = Spell::default();
        }
        is_same
    }

    fn pauses(&mut self, moment: &Moment) -> bool {
        let level_dbfs = moment.levels_dbfs[0].max(moment.levels_dbfs[1]);
        let lately_dbfs = self.lately_dbfs.get_or_insert(level_dbfs);
        let pauses = level_dbfs < *lately_dbfs - PAUSE_DB;
        let weight = (moment.lasts.as_secs_f64() / LATELY.as_secs_f64()).min(1.0);
        *lately_dbfs += (level_dbfs.max(-100.0) - *lately_dbfs) * weight;
        pauses
    }
}

fn is_channel_dead([left_dbfs, right_dbfs]: [f64; 2]) -> bool {
    left_dbfs.min(right_dbfs) < DEAD_DBFS && (left_dbfs - right_dbfs).abs() >= DEAD_DB
}

/// How long something has been wrong, short interruptions included.
#[derive(Clone, Copy, Debug, Default)]
struct Spell {
    lasts: Duration,
    right_for: Duration,
}

impl Spell {
    fn note(&mut self, is_wrong: bool, lasts: Duration) {
        if is_wrong {
            self.lasts += lasts;
            self.right_for = Duration::ZERO;
            return;
        }
        self.right_for += lasts;
        if self.right_for >= RIGHT_MIN {
            self.lasts = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: Profile = Profile {
        silence_lufs: -50.0,
        silence: Duration::from_secs(10),
        channel_dead: Duration::from_secs(20),
        stuck_tone: Duration::from_secs(15),
        frozen: Duration::from_secs(20),
    };

    fn moment(level_dbfs: f64) -> Moment {
        Moment {
            lasts: Duration::from_millis(100),
            momentary_lufs: level_dbfs,
            levels_dbfs: [level_dbfs; 2],
            tone_hz: None,
            is_echo: false,
        }
    }

    fn one_sided() -> Moment {
        Moment { levels_dbfs: [-20.0, -90.0], ..moment(-20.0) }
    }

    fn echo() -> Moment {
        Moment { is_echo: true, ..moment(-20.0) }
    }

    fn tone(tone_hz: f64) -> Moment {
        Moment { tone_hz: Some(tone_hz), ..moment(-20.0) }
    }

    /// Hears the same for so many seconds; the last verdict's fault.
    fn hear(judge: &mut Judge, moment: Moment, seconds: f64) -> Option<Fault> {
        (0..(seconds * 10.0) as usize).fold(None, |_, _| judge.hear(&moment).fault)
    }

    #[test]
    fn speech_with_its_pauses_is_right() {
        let mut judge = Judge::new(PROFILE);
        for _ in 0..100 {
            assert_eq!(hear(&mut judge, moment(-20.0), 1.5), None);
            assert_eq!(hear(&mut judge, moment(-80.0), 1.0), None);
        }
    }

    #[test]
    fn each_fault_is_found_when_it_has_lasted_and_not_before() {
        for (moment, seconds, fault) in [
            (moment(-70.0), 10.0, Fault::Silent),
            (one_sided(), 20.0, Fault::ChannelDead),
            (tone(1_000.0), 15.1, Fault::StuckTone),
            (echo(), 20.0, Fault::Frozen),
        ] {
            let mut judge = Judge::new(PROFILE);
            hear(&mut judge, self::moment(-20.0), 5.0);
            assert_eq!(hear(&mut judge, moment, seconds - 0.2), None, "{fault:?}");
            assert_eq!(hear(&mut judge, moment, 0.3), Some(fault));
            assert_eq!(hear(&mut judge, self::moment(-20.0), 0.5), None, "{fault:?} is over");
        }
    }

    #[test]
    fn a_click_does_not_end_silence_but_a_word_does() {
        let mut judge = Judge::new(PROFILE);
        hear(&mut judge, moment(-70.0), 9.0);
        hear(&mut judge, moment(-20.0), 0.3);
        assert_eq!(hear(&mut judge, moment(-70.0), 1.0), Some(Fault::Silent));
        hear(&mut judge, moment(-20.0), 0.6);
        assert_eq!(hear(&mut judge, moment(-70.0), 9.0), None);
    }

    #[test]
    fn a_quiet_movement_is_right_for_a_programme_that_has_such() {
        let mut judge = Judge::new(Profile { silence_lufs: -40.0, ..PROFILE });
        assert_eq!(hear(&mut judge, moment(-45.0), 11.0), Some(Fault::Silent));
        let classical = Profile { silence_lufs: -60.0, silence: Duration::from_secs(30), ..PROFILE };
        let mut judge = Judge::new(classical);
        assert_eq!(hear(&mut judge, moment(-45.0), 600.0), None);
        assert_eq!(hear(&mut judge, moment(-65.0), 29.0), None);
        judge.set_profile(PROFILE);
        assert_eq!(hear(&mut judge, moment(-65.0), 0.1), Some(Fault::Silent));
    }

    #[test]
    fn silence_and_a_held_tone_repeat_themselves_and_have_rules_of_their_own() {
        let patient = Profile { silence: Duration::MAX, stuck_tone: Duration::MAX, ..PROFILE };
        let mut judge = Judge::new(patient);
        assert_eq!(hear(&mut judge, Moment { is_echo: true, ..moment(-120.0) }, 600.0), None);
        assert_eq!(hear(&mut judge, Moment { is_echo: true, ..tone(1_000.0) }, 600.0), None);
    }

    #[test]
    fn a_melody_of_pure_tones_is_music() {
        let mut judge = Judge::new(PROFILE);
        for note in 0..60 {
            assert_eq!(hear(&mut judge, tone(440.0 + f64::from(note % 7) * 60.0), 1.0), None);
        }
    }

    #[test]
    fn mono_in_two_channels_is_not_a_dead_channel() {
        let mut judge = Judge::new(PROFILE);
        assert_eq!(hear(&mut judge, moment(-20.0), 60.0), None);
        let soft_side = Moment { levels_dbfs: [-20.0, -45.0], ..moment(-20.0) };
        assert_eq!(hear(&mut judge, soft_side, 60.0), None);
    }

    #[test]
    fn a_pause_between_two_words_is_a_quiet_point() {
        let mut judge = Judge::new(PROFILE);
        for _ in 0..50 {
            assert!(!judge.hear(&moment(-20.0)).is_quiet);
        }
        assert!(judge.hear(&moment(-40.0)).is_quiet);
        assert!(!judge.hear(&moment(-20.0)).is_quiet);
        assert!(judge.hear(&moment(-70.0)).is_quiet);
    }
}
