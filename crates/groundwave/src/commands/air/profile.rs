//! `groundwave air profile`: what a programme may sound like before that counts as dead air.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use station::programme::Sound;
use station::{Event, Programme, Station};
use store::Db;

use super::super::{Place, runtime};
use crate::assembly;

/// The quietest and the loudest that silence can be said to be, in LUFS.
const SILENCE_LUFS: std::ops::RangeInclusive<f64> = -100.0..=0.0;
/// The longest that anything may last, in seconds.
const SECONDS_MAX: u32 = 3_600;

/// Says what a programme may sound like before that counts as dead air, where that is not what [sound] says. It holds at once.
/// Without a programme, lists those that have a profile.
#[derive(Debug, Args)]
pub(super) struct Profile {
    /// The programme: `evening-concert`
    programme: Option<String>,
    /// What is quieter than this is silence, in LUFS
    #[arg(long, value_name = "LUFS", allow_hyphen_values = true)]
    silence_lufs: Option<f64>,
    /// How long it may be silent
    #[arg(long, value_name = "SECONDS")]
    silence_seconds: Option<u32>,
    /// How long one channel may be dead
    #[arg(long, value_name = "SECONDS")]
    channel_dead_seconds: Option<u32>,
    /// How long it may be one tone and nothing else
    #[arg(long, value_name = "SECONDS")]
    stuck_tone_seconds: Option<u32>,
    /// How long it may send the same few seconds again and again
    #[arg(long, value_name = "SECONDS")]
    frozen_seconds: Option<u32>,
    /// As usual from now on: what was said of it before no longer holds
    #[arg(long)]
    usual: bool,
    /// The station, where the store is home to several
    #[arg(long, value_name = "SLUG")]
    station: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Profile {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        runtime()?.block_on(self.say())
    }

    async fn say(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let db = assembly::open_store(&settings).await?;
        let station = assembly::choose_station(&db, self.station.as_deref()).await?;
        let programmes = store::programme::all(&db, station.id).await?;
        match &self.programme {
            None => list(&programmes),
            Some(slug) => {
                let known = || programmes.iter().map(|it| it.slug.as_str()).collect::<Vec<_>>().join(", ");
                let programme = programmes.iter().find(|programme| programme.slug.as_str() == slug);
                let programme =
                    programme.with_context(|| format!("no programme is called `{slug}`; there are {}", known()))?;
                let sound = self.over(if self.usual { Sound::default() } else { programme.sound })?;
                write(&db, &station, &Programme { sound, ..programme.clone() }).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What is said now, over what was said before.
    fn over(&self, before: Sound) -> anyhow::Result<Sound> {
        let sound = Sound {
            silence_lufs: self.silence_lufs.or(before.silence_lufs),
            silence_seconds: self.silence_seconds.or(before.silence_seconds),
            channel_dead_seconds: self.channel_dead_seconds.or(before.channel_dead_seconds),
            stuck_tone_seconds: self.stuck_tone_seconds.or(before.stuck_tone_seconds),
            frozen_seconds: self.frozen_seconds.or(before.frozen_seconds),
        };
        let is_level = sound.silence_lufs.is_none_or(|lufs| SILENCE_LUFS.contains(&lufs));
        anyhow::ensure!(is_level, "--silence-lufs must be from -100 to 0");
        for (name, seconds) in lasts(&sound) {
            let is_time = seconds.is_none_or(|seconds| (1..=SECONDS_MAX).contains(&seconds));
            anyhow::ensure!(
                is_time,
                "it can be {name} for 1 to {SECONDS_MAX} seconds, not {}",
                seconds.unwrap_or_default()
            );
        }
        Ok(sound)
    }
}

async fn write(db: &Db, station: &Station, programme: &Programme) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    store::programme::save(&mut tx, programme).await?;
    store::change::add(&mut tx, station.id, &Event::ProgrammeChanged { programme: programme.id }).await?;
    tx.commit().await?;
    println!("{}", told(programme));
    Ok(())
}

fn list(programmes: &[Programme]) {
    let own = programmes.iter().filter(|programme| programme.sound != Sound::default());
    let lines: Vec<String> = own.map(told).collect();
    let none = "every programme is held to what [sound] says: `groundwave air profile PROGRAMME` says otherwise of one";
    println!("{}", if lines.is_empty() { none.to_owned() } else { lines.join("\n") });
}

/// A programme's profile in a line: "Evening Concert: silence is below -60 LUFS, may be silent for 30 s".
fn told(programme: &Programme) -> String {
    let level = programme.sound.silence_lufs.map(|lufs| format!("silence is below {lufs} LUFS"));
    let times = lasts(&programme.sound).into_iter();
    let times = times.filter_map(|(name, seconds)| Some(format!("may be {name} for {} s", seconds?)));
    let figures: Vec<String> = level.into_iter().chain(times).collect();
    let figures = if figures.is_empty() { "as usual".to_owned() } else { figures.join(", ") };
    format!("{}: {figures}", programme.title)
}

/// What may last, by the name of it, and for how long.
fn lasts(sound: &Sound) -> [(&'static str, Option<u32>); 4] {
    [
        ("silent", sound.silence_seconds),
        ("half dead", sound.channel_dead_seconds),
        ("one tone", sound.stuck_tone_seconds),
        ("frozen", sound.frozen_seconds),
    ]
}
