//! What counts as dead air, carried from the settings and the programmes' rows to the air.
//!
//! The settings say what is usual. What a programme's row says goes before its entry in the settings, and that before what is
//! usual, figure by figure. The air asks the store nothing: it is told at the start, and again when somebody changes a
//! programme. While the store is away what it was told last stands.

use std::sync::Arc;
use std::time::Duration;

use air::Air;
use air::ear::Profile;
use air::settings::DeadAir;
use bus::{Bus, Heard, Subscription};
use station::programme::Sound;
use station::{Event, Programme, ProgrammeId, Station};
use store::Db;

use crate::settings::{self, Settings};

/// How long a store that could not be read is left alone.
const RETRY: Duration = Duration::from_secs(2);

/// What counts as dead air, with the profiles of the programmes that have one.
pub async fn load(settings: &Settings, db: &Db, stations: &[Station]) -> store::Result<DeadAir> {
    let profiles = profiles(settings, db, stations).await?;
    warn_of_unknown(&settings.programme_sounds, db, stations).await?;
    Ok(DeadAir {
        profile: usual(&settings.sound),
        profiles,
        return_after_ms: u64::from(settings.sound.return_after_seconds) * 1_000,
        quiet_point_wait_ms: u64::from(settings.sound.quiet_point_seconds) * 1_000,
    })
}

/// The profile of every programme that has one of its own.
async fn profiles(settings: &Settings, db: &Db, stations: &[Station]) -> store::Result<Vec<(ProgrammeId, Profile)>> {
    let mut profiles = Vec::new();
    for station in stations {
        for programme in store::programme::all(db, station.id).await? {
            let usual = usual(&settings.sound);
            let own = own_profile(settings, &programme, usual);
            profiles.extend((own != usual).then_some((programme.id, own)));
        }
    }
    Ok(profiles)
}

async fn warn_of_unknown(entries: &[settings::Programme], db: &Db, stations: &[Station]) -> store::Result<()> {
    for entry in entries {
        let mut is_known = false;
        for station in stations {
            is_known |= store::programme::by_slug(db, station.id, &entry.slug).await?.is_some();
        }
        if !is_known {
            tracing::warn!(slug = entry.slug, "[[sound.programme]] names a programme that no station has");
        }
    }
    Ok(())
}

fn usual(sound: &settings::Sound) -> Profile {
    Profile {
        silence_lufs: sound.silence_lufs,
        silence: seconds(sound.silence_seconds),
        channel_dead: seconds(sound.channel_dead_seconds),
        stuck_tone: seconds(sound.stuck_tone_seconds),
        frozen: seconds(sound.frozen_seconds),
    }
}

fn own_profile(settings: &Settings, programme: &Programme, usual: Profile) -> Profile {
    let entry = settings.programme_sounds.iter().find(|entry| entry.slug == programme.slug.as_str());
    let by_settings = entry.map_or(usual, |entry| over(usual, &sound_of(entry)));
    over(by_settings, &programme.sound)
}

fn sound_of(entry: &settings::Programme) -> Sound {
    Sound {
        silence_lufs: entry.silence_lufs,
        silence_seconds: entry.silence_seconds,
        channel_dead_seconds: entry.channel_dead_seconds,
        stuck_tone_seconds: entry.stuck_tone_seconds,
        frozen_seconds: entry.frozen_seconds,
    }
}

/// A profile in which what is said of a programme stands, and else what stood before.
fn over(before: Profile, own: &Sound) -> Profile {
    Profile {
        silence_lufs: own.silence_lufs.unwrap_or(before.silence_lufs),
        silence: own.silence_seconds.map_or(before.silence, seconds),
        channel_dead: own.channel_dead_seconds.map_or(before.channel_dead, seconds),
        stuck_tone: own.stuck_tone_seconds.map_or(before.stuck_tone, seconds),
        frozen: own.frozen_seconds.map_or(before.frozen, seconds),
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// Tells the air when somebody changes what a programme may sound like.
pub struct Carrier {
    settings: Arc<Settings>,
    db: Db,
    news: Subscription,
    air: Arc<Air>,
    stations: Vec<Station>,
}

impl Carrier {
    /// A carrier that hears of changes from this moment on.
    pub fn ready(settings: &Settings, db: Db, bus: &Arc<dyn Bus>, air: Arc<Air>, stations: Vec<Station>) -> Self {
        Self { settings: Arc::new(settings.clone()), db, news: bus.subscribe(), air, stations }
    }

    /// Carries until the bus is closed.
    pub async fn run(mut self) {
        let mut is_due = false;
        loop {
            tokio::select! {
                heard = self.news.next() => match heard {
                    Heard::Message(message) => is_due |= matches!(message.event, Event::ProgrammeChanged { .. }),
                    Heard::Missed(_) => is_due = true,
                    Heard::Closed => return,
                },
                () = tokio::time::sleep(RETRY), if is_due => {}
            }
            if !is_due {
                continue;
            }
            match profiles(&self.settings, &self.db, &self.stations).await {
                Ok(profiles) => {
                    self.air.set_profiles(profiles);
                    is_due = false;
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "what programmes may sound like cannot be read; what was known stands");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_row_says_goes_before_the_settings_and_these_before_what_is_usual() {
        let usual = Profile::default();
        let by_settings = Sound { silence_lufs: Some(-55.0), silence_seconds: Some(20), ..Sound::default() };
        let by_row = Sound { silence_lufs: Some(-62.0), ..Sound::default() };
        let profile = over(over(usual, &by_settings), &by_row);
        assert_eq!((profile.silence_lufs, profile.silence), (-62.0, Duration::from_secs(20)));
        assert_eq!(profile.stuck_tone, usual.stuck_tone);
    }
}
