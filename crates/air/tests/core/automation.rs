//! What is played when nobody is at the studio.

use std::time::Duration;

use air::Settings;
use air::ring::{From, Heard};
use station::Codec;
use station::event::{Event, Input};
use station::library::Rendition;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};
use vault::Vault;

use crate::house::{Encoder, House, hear_for, path, piece, put_renditions, studio};
use crate::sound::{self, PIECE_SECONDS};

/// The next title that the service has.
async fn hear_title(house: &mut House) -> String {
    house
        .hear(|event| match event {
            Event::Title { title, .. } => Some(title),
            _ => None,
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn pieces_are_played_in_rotation_and_in_real_time() {
    let mut house = House::with(&[Codec::Aac], 3, Settings::default()).await;
    let mut begun = Vec::new();
    for number in [1, 2, 3, 1, 2, 3] {
        assert_eq!(hear_title(&mut house).await, format!("Library - Piece {number}"));
        begun.push(Instant::now());
    }
    // The first seconds come at once, so that whoever comes first has a burst; then it is real time.
    let (three_pieces, played) = (Duration::from_secs(PIECE_SECONDS * 3), begun[5] - begun[2]);
    assert!(played.abs_diff(three_pieces) < Duration::from_millis(700), "three pieces took {played:?}");
    let (two_pieces, burst) =
        (Duration::from_secs(PIECE_SECONDS * 2), Duration::from_secs(Settings::default().burst_seconds));
    assert!((begun[2] - begun[0] + burst) < two_pieces, "the first two pieces took {:?}", begun[2] - begun[0]);
}

#[tokio::test(start_paused = true)]
async fn it_plays_from_a_piece_s_first_frame_and_goes_on_in_the_rotation() {
    let mut house = House::with(&[Codec::Aac], 3, Settings::default()).await;
    let mount = house.mount(Codec::Aac);
    assert_eq!(hear_title(&mut house).await, "Library - Piece 1");
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    encoder.send_live(3.0).await.unwrap();
    assert_eq!(hear_title(&mut house).await, "Harrow Valley News");
    let mut follower = mount.follow(From::Live);
    drop(encoder);
    let heard = hear_for(&mut follower, Duration::from_secs(1)).await;
    let piece = std::fs::read(sound::piece(Codec::Aac)).unwrap();
    let start = heard.windows(64).position(|window| window == &piece[..64]).expect("the piece's first frame");
    assert!(heard[start..].len() > 10_000 && piece.starts_with(&heard[start..]));
    assert_eq!(hear_title(&mut house).await, "Library - Piece 2");
}

#[tokio::test(start_paused = true)]
async fn every_mount_of_a_service_plays_the_same_at_the_same_moment() {
    let codecs = [Codec::Mp3, Codec::Aac];
    let house = House::with(&codecs, 3, Settings::default()).await;
    sleep(Duration::from_secs(PIECE_SECONDS + 2)).await;
    // One of the mounts is taken away for a moment in the middle of a piece, and comes back into it.
    let mp3 = house.mount(Codec::Mp3);
    drop({
        let mut encoder = Encoder::new(mp3.attach(studio("Studio")).unwrap(), Codec::Mp3);
        encoder.send_live(0.5).await.unwrap();
        encoder
    });
    sleep(Duration::from_millis(100)).await;
    for _ in 0..20 {
        let titles = codecs.map(|codec| house.mount(codec).snapshot().title);
        assert_eq!(titles[0], titles[1]);
        sleep(Duration::from_millis(210)).await;
    }
    let times = codecs.map(|codec| {
        let mount = house.mount(codec);
        let newest = mount.log().window().last().cloned().unwrap();
        Duration::from_millis((newest.time + u64::from(newest.samples)) * 1_000 / 48_000)
    });
    // The studio sent its half second in the place of half a second of the piece; what automation had sent ahead of time by
    // then, a second, is heard again.
    assert!(times[0].abs_diff(times[1]) < Duration::from_millis(1_200), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_played_is_skipped() {
    let folder = TempDir::new().unwrap();
    let vault = Vault::disk(folder.path()).unwrap();
    let good = put_renditions(&vault, &[Codec::Aac]).await;
    let missing = vec![Rendition { codec: Codec::Aac, key: "media/00/missing.aac".into() }];
    let key = vault.put_content("These are no frames.".into(), "aac").await.unwrap();
    let no_sound = vec![Rendition { codec: Codec::Aac, key }];
    let pieces =
        [good.clone(), missing, Vec::new(), no_sound, good].into_iter().enumerate().map(|(n, r)| piece(n + 1, r));
    let mut house = House::start(&[Codec::Aac], pieces.collect(), Settings::default(), vault, folder);
    for number in [1, 5, 1, 5] {
        assert_eq!(hear_title(&mut house).await, format!("Library - Piece {number}"));
    }
}

#[tokio::test(start_paused = true)]
async fn with_nothing_to_play_a_mount_is_silent_but_does_not_end() {
    for codec in [Codec::Mp3, Codec::Aac] {
        let house = House::with(&[codec], 0, Settings::default()).await;
        let mount = house.mount(codec);
        let mut follower = mount.follow(From::Oldest);
        let heard = hear_for(&mut follower, Duration::from_secs(30)).await;
        assert_eq!(mount.snapshot().input, Input::Nothing);
        assert_eq!(mount.snapshot().title, "Harrow Valley News");
        sound::assert_decodes(&heard, codec);
        let newest = mount.log().window().last().cloned().unwrap();
        let sent = Duration::from_millis((newest.time + u64::from(newest.samples)) * 1_000 / 48_000);
        let expected = Duration::from_secs(30 + Settings::default().burst_seconds);
        assert!(
            sent.abs_diff(expected) < Duration::from_millis(1_500),
            "{sent:?} in half a minute, with the burst before it"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pieces_that_come_later_are_found() {
    let mut house = House::with(&[Codec::Aac], 0, Settings::default()).await;
    let renditions = put_renditions(&house.vault, &[Codec::Aac]).await;
    let path = path(Codec::Aac);
    assert_eq!(house.hear_input(&path).await.0, Input::Automation);
    assert_eq!(house.hear_input(&path).await.0, Input::Nothing);
    house.air.set_pieces(vec![piece(9, renditions)]);
    assert_eq!(house.hear_input(&path).await.0, Input::Automation);
    assert_eq!(house.mount(Codec::Aac).snapshot().title, "Library - Piece 9");
}

#[tokio::test(start_paused = true)]
async fn it_rests_while_the_studio_is_on() {
    let house = House::with(&[Codec::Aac], 1, Settings::default()).await;
    let mount = house.mount(Codec::Aac);
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    encoder.send(0.2).await.unwrap();
    // The vault loses everything; nobody notices as long as the studio sends.
    for entry in house.vault.list("").await.unwrap() {
        house.vault.delete(&entry.key).await.unwrap();
    }
    let mut follower = mount.follow(From::Live);
    encoder.send_live(30.0).await.unwrap();
    let heard = timeout(Duration::ZERO, follower.next()).await.unwrap();
    assert!(matches!(heard, Some(Heard::Format(_))));
    drop(encoder);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(mount.snapshot().input, Input::Nothing);
}
