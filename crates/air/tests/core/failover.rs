//! A source dies, another takes its place, automation fills in: whoever listens hears one stream without a fault.

use std::time::Duration;

use air::Settings;
use air::ring::From;
use station::Codec;
use station::event::Input;

use crate::house::{Ear, Encoder, House, hear_for, studio, wait_for};
use crate::sound;

fn quick() -> Settings {
    Settings { batch_ms: 100, ..Settings::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_dies_and_the_same_connection_goes_on_with_automation() {
    let house = House::with(&Codec::ALL, 1, quick()).await;
    for codec in Codec::ALL {
        let mount = house.mount(codec);
        wait_for("automation", || (mount.snapshot().input == Input::Automation).then_some(())).await;
        let mut ear = Ear::on(&mount, None);
        ear.hear(20_000).await;
        for _ in 0..3 {
            let mut encoder = Encoder::new(mount.attach(studio("Studio A")).unwrap(), codec);
            encoder.send(2.0).await.unwrap();
            assert_eq!(mount.snapshot().input, Input::Source("Studio A".into()));
            drop(encoder);
            assert_eq!(mount.snapshot().input, Input::Automation);
            // More than was sent ahead of time: what is heard at the end was played by automation.
            ear.hear(40_000).await;
        }
        sound::assert_decodes(&ear.heard, codec);
    }
    house.air.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_sources_that_come_and_go_decodes_without_a_fault() {
    for codec in Codec::ALL {
        let house = House::with(&[codec], 2, Settings::default()).await;
        let mount = house.mount(codec);
        let mut follower = mount.follow(From::Oldest);
        let heard = tokio::spawn(async move { hear_for(&mut follower, Duration::from_secs(3_600)).await });
        for turn in 0..40 {
            let mut encoder = Encoder::new(mount.attach(studio("Studio A")).unwrap(), codec);
            encoder.send_live(0.7 + f64::from(turn) * 0.1).await.unwrap();
            drop(encoder);
            tokio::time::sleep(Duration::from_millis(900 + turn as u64 * 170)).await;
        }
        house.air.stop().await;
        let heard = heard.await.unwrap();
        assert!(heard.len() > 1_000_000, "only {} bytes", heard.len());
        sound::assert_decodes(&heard, codec);
    }
}

#[tokio::test(start_paused = true)]
async fn listeners_who_come_at_any_moment_hear_no_fault() {
    for codec in Codec::ALL {
        let house = House::with(&[codec], 1, Settings::default()).await;
        let mount = house.mount(codec);
        let mut encoder = Encoder::new(mount.attach(studio("Studio A")).unwrap(), codec);
        encoder.send(5.0).await.unwrap();
        for _ in 0..14 {
            encoder.send(0.33).await.unwrap();
            let mut follower = mount.follow(From::Back(Duration::from_secs(3)));
            let heard = hear_for(&mut follower, Duration::ZERO).await;
            assert!(heard.len() > 15_000, "{codec:?}: only {} bytes", heard.len());
            sound::assert_decodes(&heard, codec);
        }
        house.air.stop().await;
    }
}
