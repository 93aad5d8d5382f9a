//! Who is on, who waits, and who is held back.

use std::sync::Arc;
use std::time::Duration;

use air::Settings;
use air::mount::{Ended, Refused};
use air::settings::SecondSource;
use air::switch::Rank;
use station::Codec;
use station::event::Input;
use tokio::time::{Instant, sleep};

use crate::house::{Encoder, House, path, source, studio};

fn from(name: &str) -> Input {
    Input::Source(name.into())
}

#[tokio::test(start_paused = true)]
async fn a_second_source_takes_over_from_a_silent_first_and_the_first_returns_when_it_is_good_again() {
    let mut house = House::with(&[Codec::Mp3], 1, Settings::default()).await;
    let (mount, path) = (house.mount(Codec::Mp3), path(Codec::Mp3));
    assert_eq!(house.hear_input(&path).await.0, Input::Automation);
    let mut first = Encoder::new(mount.attach(studio("First")).unwrap(), Codec::Mp3);
    let mut second = Encoder::new(mount.attach(studio("Second")).unwrap(), Codec::Mp3);
    first.send(0.5).await.unwrap();
    second.send(0.5).await.unwrap();
    assert_eq!(house.hear_input(&path).await, (from("First"), "nothing better was on".into()));

    let silent_since = Instant::now();
    let second = tokio::spawn(async move { second.send_live(10.0).await });
    let (input, reason) = house.hear_input(&path).await;
    assert_eq!((input, reason.as_str()), (from("Second"), "the input before it sent nothing"));
    assert!(silent_since.elapsed() <= Duration::from_millis(2_200), "{:?}", silent_since.elapsed());

    first.send_live(2.0).await.unwrap();
    let (input, reason) = house.hear_input(&path).await;
    assert_eq!((input, reason.as_str()), (from("First"), "it is good again"));
    drop(first);
    assert_eq!(house.hear_input(&path).await, (from("Second"), "the input before it is gone".into()));
    second.await.unwrap().unwrap();
    assert_eq!(house.hear_input(&path).await.0, Input::Automation);
    house.air.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_source_faster_than_time_is_held_to_it_whether_it_is_on_or_waits() {
    let house = House::with(&[Codec::Aac], 0, Settings::default()).await;
    let mount = house.mount(Codec::Aac);
    let start = Instant::now();
    let encoders = ["On", "Waiting"].map(|name| {
        let mut encoder = Encoder::new(mount.attach(studio(name)).unwrap(), Codec::Aac);
        tokio::spawn(async move { encoder.send(60.0).await.map(|()| encoder) })
    });
    for encoder in encoders {
        encoder.await.unwrap().unwrap();
        let taken = start.elapsed();
        assert!(taken >= Duration::from_secs(49) && taken <= Duration::from_secs(51), "a minute took {taken:?}");
    }
    house.air.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_source_that_sends_ahead_again_and_again_never_gets_further_ahead() {
    let house = House::with(&[Codec::Aac], 1, Settings::default()).await;
    let mount = house.mount(Codec::Aac);
    let start = Instant::now();
    for _ in 0..10 {
        let mut encoder = Encoder::new(mount.attach(studio("Uploader")).unwrap(), Codec::Aac);
        encoder.send(10.0).await.unwrap();
    }
    assert!(start.elapsed() >= Duration::from_secs(88), "{:?}", start.elapsed());
    house.air.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_studio_comes_before_a_backup() {
    let house = House::with(&[Codec::Aac], 1, Settings::default()).await;
    let mount = house.mount(Codec::Aac);
    let mut backup = Encoder::new(mount.attach(source("Backup", Rank::Backup)).unwrap(), Codec::Aac);
    backup.send(0.2).await.unwrap();
    assert_eq!(mount.snapshot().input, from("Backup"));
    let mut studio = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    studio.send(0.2).await.unwrap();
    assert_eq!(mount.snapshot().input, from("Studio"));
    backup.send(0.2).await.unwrap();
    drop(studio);
    assert_eq!(mount.snapshot().input, from("Backup"));
    house.air.stop().await;
}

#[tokio::test(start_paused = true)]
async fn there_is_room_for_a_few_sources_and_no_more() {
    let house = House::with(&[Codec::Aac], 0, Settings::default()).await;
    let mount = house.mount(Codec::Aac);
    let mut feeds: Vec<_> = (0..4).map(|_| mount.attach(studio("One")).unwrap()).collect();
    assert_eq!(mount.attach(studio("Too many")).unwrap_err(), Refused::InUse);
    feeds.pop();
    mount.attach(studio("Another")).unwrap();
}

#[tokio::test(start_paused = true)]
async fn where_second_sources_are_refused_one_that_fell_silent_does_not_block_its_own_return() {
    let settings = Settings { second_source: SecondSource::Refuse, ..Settings::default() };
    let house = House::with(&[Codec::Aac], 1, settings).await;
    let mount = house.mount(Codec::Aac);
    let mut half_dead = Encoder::new(mount.attach(studio("Encoder")).unwrap(), Codec::Aac);
    half_dead.send(0.2).await.unwrap();
    assert_eq!(mount.attach(studio("Stranger")).unwrap_err(), Refused::InUse);
    sleep(Duration::from_millis(2_100)).await;
    let mut again = Encoder::new(mount.attach(studio("Encoder again")).unwrap(), Codec::Aac);
    again.send(0.2).await.unwrap();
    assert_eq!(mount.snapshot().input, from("Encoder again"));
    house.air.stop().await;
}

#[tokio::test(start_paused = true)]
async fn where_second_sources_take_over_the_first_is_told_to_go() {
    let settings = Settings { second_source: SecondSource::TakeOver, ..Settings::default() };
    let house = House::with(&[Codec::Aac], 1, settings).await;
    let mount = house.mount(Codec::Aac);
    let mut first = Encoder::new(mount.attach(studio("First")).unwrap(), Codec::Aac);
    first.send(0.2).await.unwrap();
    let mut second = Encoder::new(mount.attach(studio("Second")).unwrap(), Codec::Aac);
    first.send(0.2).await.unwrap();
    second.send(0.2).await.unwrap();
    assert_eq!(mount.snapshot().input, from("Second"));
    assert_eq!(first.send(0.2).await, Err(Ended::TakenOver));
    house.air.stop().await;
}

#[tokio::test(start_paused = true)]
async fn another_codec_is_refused_by_name() {
    let house = House::with(&[Codec::Mp3], 1, Settings::default()).await;
    let mut wrong = Encoder::new(house.mount(Codec::Mp3).attach(studio("Wrong")).unwrap(), Codec::Aac);
    let refused = Ended::WrongCodec { expected: audio::Codec::Mp3, got: audio::Codec::Aac };
    assert_eq!(wrong.send(0.2).await, Err(refused));
    assert_eq!(house.mount(Codec::Mp3).snapshot().sources, 1);
    drop(wrong);
    assert_eq!(house.mount(Codec::Mp3).snapshot().sources, 0);
}

#[tokio::test(start_paused = true)]
async fn a_mount_that_a_source_made_outlives_it_for_a_while() {
    let settings = Settings { open_mounts: true, open_mounts_max: 1, ..Settings::default() };
    let house = House::with(&[], 0, settings).await;
    let attach = |path: &str| house.air.attach(Some("news.example:8000"), path, audio::Codec::Aac, studio("Made"));
    let mut encoder = Encoder::new(attach("/made.aac").unwrap(), Codec::Aac);
    encoder.send(1.0).await.unwrap();
    assert_eq!(attach("/another.aac").unwrap_err(), Refused::TooMany);
    assert_eq!(attach("/../etc").unwrap_err(), Refused::BadPath);
    drop(encoder);
    sleep(Duration::from_secs(5)).await;
    let mount = house.air.mount(None, "/made.aac").expect("it waits for its source");
    let mut encoder = Encoder::new(attach("/made.aac").unwrap(), Codec::Aac);
    encoder.send(1.0).await.unwrap();
    drop(encoder);
    sleep(Duration::from_secs(11)).await;
    assert!(house.air.mount(None, "/made.aac").is_none());
    assert_eq!(mount.attach(studio("Late")).unwrap_err(), Refused::Closed);
}

#[tokio::test(start_paused = true)]
async fn stopping_ends_everything_and_nothing_panics() {
    let house = House::with(&[Codec::Mp3, Codec::OggOpus], 1, Settings::default()).await;
    let mount = house.mount(Codec::Mp3);
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Mp3);
    let mut follower = mount.follow(air::ring::From::Oldest);
    encoder.send(1.0).await.unwrap();
    house.air.stop().await;
    assert_eq!(encoder.send(1.0).await, Err(Ended::Closed));
    while follower.next().await.is_some() {}
    assert_eq!(mount.attach(studio("Late")).unwrap_err(), Refused::Closed);
    house.air.stop().await;
    let still_held = Arc::downgrade(&house.air);
    drop(house);
    assert!(still_held.upgrade().is_none(), "nothing keeps the air alive");
}
