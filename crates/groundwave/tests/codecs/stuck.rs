//! An encoder that is stuck in its buffer, and sends the same three seconds again and again.

use std::time::Duration;

use air::Settings;
use air::automation::Repertoire;
use air::ear::Profile;
use air::mount::Feed;
use air::settings::DeadAir;
use audio::Found;
use station::Codec;

use super::house::{self, House, Plan};

/// Something like music, of which no two moments are alike.
fn noise(seconds: u32) -> Vec<Found> {
    let noise = format!("anoisesrc=color=pink:amplitude=0.4:sample_rate=48000:seed=11:duration={seconds}");
    house::found(&house::made(&noise, Codec::Mp3), Codec::Mp3)
}

fn open(frozen: Duration) -> House {
    let profile = Profile { frozen, silence: Duration::from_secs(600), ..Profile::default() };
    House::open(Plan {
        mounts: vec![(Codec::Mp3, 128)],
        settings: Settings { dead_air: DeadAir { profile, ..DeadAir::default() }, ..Settings::default() },
        repertoire: Repertoire::default(),
        vault: house::vault(),
    })
}

/// Sends all of it again and again, as fast as it is taken.
fn send_for_ever(mut feed: Feed, found: Vec<Found>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            for found in found.clone() {
                if feed.take(found).await.is_err() {
                    return;
                }
            }
        }
    })
}

/// How the studio is, in one word.
fn state(house: &House) -> String {
    let status = house.air.status().remove(0);
    let studio = status.inputs.iter().find(|input| input.rank == "studio");
    studio.map(|studio| serde_json::to_value(studio.state).expect("a state is a word").to_string()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_repeats_three_seconds_is_left_and_says_why() {
    let house = open(Duration::from_secs(5));
    let sending = send_for_ever(house.studio(Codec::Mp3), noise(3));
    house::wait_until("the studio is found frozen", || state(&house) == "\"frozen\"").await;
    let status = house.air.status().remove(0);
    assert_eq!(
        (status.on.as_deref(), status.reason.as_str()),
        (Some("emergency"), "the input before it sent the same again and again")
    );
    sending.abort();
    house.air.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_and_a_loop_that_is_longer_than_a_buffer_are_not_frozen() {
    for sound in ["anullsrc=sample_rate=48000:duration=3", "anoisesrc=sample_rate=48000:seed=5:duration=18"] {
        let house = open(Duration::from_secs(2));
        let found = house::found(&house::made(sound, Codec::Mp3), Codec::Mp3);
        let sending = send_for_ever(house.studio(Codec::Mp3), found);
        house::wait_until("the studio is heard", || state(&house) == "\"good\"").await;
        house::hear(&house.mount(Codec::Mp3), Duration::from_secs(5)).await;
        assert_eq!((state(&house).as_str(), house.air.status()[0].on.as_deref()), ("\"good\"", Some("studio")));
        sending.abort();
        house.air.stop().await;
    }
}
