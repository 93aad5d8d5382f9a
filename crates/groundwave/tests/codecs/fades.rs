//! Pieces of automation fade into each other where the rotation asks for it.

use std::time::Duration;

use air::Settings;
use air::automation::Repertoire;
use jiff::tz::TimeZone;
use station::event::Input;
use station::rotation::{Category, GridRow, HourClock, Slot};
use station::schedule::Days;
use station::{Codec, Piece, Rotation, Slug};

use super::house::{self, House, Plan, SERVICE, STATION};

const PIECE_SECONDS: i64 = 6;
const LOW_HZ: u32 = 440;
const HIGH_HZ: u32 = 1_760;

fn slug(name: &str) -> Slug {
    Slug::parse(name).expect("the test writes a slug")
}

/// Two pieces, each a tone of its own, one after the other for ever.
async fn repertoire(vault: &vault::Vault, crossfade_ms: u32) -> Repertoire {
    let song = slug("song");
    let mut pieces = Vec::new();
    for (number, hertz) in [(1, LOW_HZ), (2, HIGH_HZ)] {
        let tone = format!("sine=frequency={hertz}:sample_rate=48000:duration={PIECE_SECONDS}");
        let piece = house::piece(vault, number, &tone, PIECE_SECONDS, &[Codec::Mp3, Codec::OggVorbis]).await;
        pieces.push(Piece { category: Some(song.clone()), ..piece });
    }
    let category =
        Category { slug: song.clone(), title: "Songs".into(), artist_minutes: 0, title_minutes: 0, crossfade_ms };
    let clock = HourClock { slug: slug("any"), title: "Any hour".into(), slots: vec![Slot::Category(song)] };
    let rotation = Rotation {
        categories: vec![category],
        clocks: vec![clock],
        grid: vec![GridRow { days: Days::ALL, from_hour: 0, to_hour: 24, clock: slug("any") }],
        ..Rotation::none(STATION, SERVICE)
    };
    Repertoire { pieces, rotations: vec![(rotation, TimeZone::UTC)], spins: Vec::new() }
}

/// For how many tenths of a second in all both tones were heard together, and how often one was heard alone.
fn together(pcm: &[f32]) -> (usize, usize) {
    let is_heard = |level: &f64| *level > -45.0;
    let (low, high) = (house::levels_dbfs(pcm, LOW_HZ as f32), house::levels_dbfs(pcm, HIGH_HZ as f32));
    let pairs = low.iter().zip(&high).map(|(low, high)| (is_heard(low), is_heard(high)));
    pairs.fold((0, 0), |(both, alone), (low, high)| (both + usize::from(low && high), alone + usize::from(low != high)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn songs_fade_into_each_other_where_they_are_encoded_and_are_cut_where_they_are_not() {
    let vault = house::vault();
    let repertoire = repertoire(&vault.0, 1_200).await;
    let house = House::open(Plan {
        mounts: vec![(Codec::Mp3, 128), (Codec::OggVorbis, 128)],
        settings: Settings { burst_seconds: 0, ..Settings::default() },
        repertoire,
        vault,
    });
    let (mp3, vorbis) = (house.mount(Codec::Mp3), house.mount(Codec::OggVorbis));
    let is_rendition = || house.air.status()[0].mounts.iter().map(|mount| mount.is_rendition).collect::<Vec<_>>();
    house::wait_until("the pieces are mixed", || is_rendition() == [true, false]).await;
    let time = Duration::from_secs(13);
    let (mp3_heard, vorbis_heard) = tokio::join!(house::hear(&mp3, time), house::hear(&vorbis, time));
    assert_eq!((mp3.snapshot().input, vorbis.snapshot().input), (Input::Automation, Input::Automation));
    assert_eq!(is_rendition(), [true, false]);

    let pcm = house::decoded(&mp3_heard, Codec::Mp3);
    let seconds = pcm.len() as f64 / f64::from(house::RATE_HZ);
    assert!((11.0..=15.0).contains(&seconds), "{seconds} s were heard in {time:?}");
    let (both, alone) = together(&pcm);
    // Every 4.8 seconds another piece comes, and both are heard for 1.2 of these.
    assert!(both >= 16, "both were heard for {both} tenths of a second");
    assert!(alone >= 30, "one alone was heard for {alone} tenths of a second");
    let loudest = pcm.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(loudest > 0.05 && loudest <= 0.9, "{loudest}");

    let (both, alone) = together(&house::decoded(&vorbis_heard, Codec::OggVorbis));
    assert!(both <= 5 && alone >= 90, "frames are not mixed: both for {both}, one for {alone} tenths of a second");
    house.air.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_fades_the_frames_are_passed_on_as_they_are() {
    let vault = house::vault();
    let repertoire = repertoire(&vault.0, 0).await;
    let house = House::open(Plan {
        mounts: vec![(Codec::Mp3, 128)],
        settings: Settings { burst_seconds: 0, ..Settings::default() },
        repertoire,
        vault,
    });
    house::hear(&house.mount(Codec::Mp3), Duration::from_secs(3)).await;
    assert!(!house.air.status()[0].mounts[0].is_rendition);
    house.air.stop().await;
}
