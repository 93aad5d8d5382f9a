//! What is played when nobody is at the studio.

use std::time::Duration;

use air::Settings;
use air::automation::Repertoire;
use air::ring::{From, Heard};
use jiff::tz::TimeZone;
use station::event::{Event, Input};
use station::library::{Cues, Rendition};
use station::rotation::{Slot, Start, Timed};
use station::schedule::Days;
use station::{Codec, Piece, PieceId, Rotation, Spin, Timestamp};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};
use vault::Vault;

use crate::house::{Encoder, House, SERVICE, STATION, hear_for, path, piece, put_renditions, studio};
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
    let mut house = House::with(&[Codec::Aac], 3, Settings { burst_seconds: 0, ..Settings::default() }).await;
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
    let mut house = House::start(&[Codec::Aac], pieces.collect::<Vec<_>>(), Settings::default(), vault, folder);
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

/// A house whose pieces last four seconds, and where the last of them starts at a time of day (UTC; the house was opened at
/// midnight).
async fn with_timed(codecs: &[Codec], pieces: usize, time: &str, start: Start) -> House {
    let folder = TempDir::new().unwrap();
    let vault = Vault::disk(folder.path()).unwrap();
    let renditions = put_renditions(&vault, codecs).await;
    let what = Slot::Piece(PieceId(pieces as i64));
    let timed =
        Timed { what, days: Days::ALL, time: time.parse().unwrap(), start, valid_from: None, valid_until: None };
    let rotation = Rotation { timed: vec![timed], ..Rotation::none(STATION, SERVICE) };
    let repertoire = Repertoire {
        pieces: (1..=pieces).map(|number| piece(number, renditions.clone())).collect(),
        rotations: vec![(rotation, TimeZone::UTC)],
        spins: Vec::new(),
    };
    House::start(codecs, repertoire, Settings::default(), vault, folder)
}

/// Where a title begins on a mount.
#[derive(Clone, Debug)]
struct Begun {
    title: String,
    /// Its place in the sound.
    time: Duration,
    /// Its time on the air, since the house was opened.
    at: Duration,
}

/// The titles that are heard on a mount for so long.
async fn titles_of(house: &House, codec: Codec, time: Duration) -> Vec<Begun> {
    let mut follower = house.mount(codec).follow(From::Oldest);
    let mut heard: Vec<Begun> = Vec::new();
    let listening = async {
        while let Some(next) = follower.next().await {
            let Heard::Chunk(chunk) = next else { continue };
            if heard.last().is_none_or(|last| last.title != chunk.title.text) {
                let time = Duration::from_nanos(chunk.time * 1_000_000_000 / 48_000);
                let at = chunk.at.duration_since(Timestamp::UNIX_EPOCH).try_into().unwrap_or_default();
                heard.push(Begun { title: chunk.title.text.clone(), time, at });
            }
        }
    };
    let _ = timeout(time, listening).await;
    heard
}

async fn hear_spin(house: &mut House) -> Spin {
    house
        .hear(|event| match event {
            Event::Spun { spin } => Some(spin),
            _ => None,
        })
        .await
}

/// The longest frame: 1,152 samples at 48 kHz.
const FRAME: Duration = Duration::from_millis(24);

#[tokio::test(start_paused = true)]
async fn what_cuts_in_begins_on_its_second_to_the_frame_on_every_mount() {
    let codecs = [Codec::Mp3, Codec::Aac];
    let house = with_timed(&codecs, 9, "00:00:10", Start::Hard).await;
    let ears = codecs.map(|codec| titles_of(&house, codec, Duration::from_secs(16)));
    for heard in futures_util::future::join_all(ears).await {
        let cuts_in = heard.iter().find(|begun| begun.title == "Library - Piece 9").expect("it cuts in");
        assert!(cuts_in.at.abs_diff(Duration::from_secs(10)) <= FRAME, "{heard:?}");
        let before = &heard[heard.iter().position(|begun| begun.title == cuts_in.title).unwrap() - 1];
        let lasted = cuts_in.time - before.time;
        assert!(lasted < Duration::from_secs(PIECE_SECONDS), "what was on is cut: {heard:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_begins_when_the_piece_that_is_on_is_over() {
    let house = with_timed(&[Codec::Aac], 9, "00:00:05", Start::Soft).await;
    let heard = titles_of(&house, Codec::Aac, Duration::from_secs(14)).await;
    let waited = heard.iter().position(|begun| begun.title == "Library - Piece 9").expect("it begins");
    let lasted = heard[waited].time - heard[waited - 1].time;
    assert!(lasted.abs_diff(Duration::from_secs(PIECE_SECONDS)) < FRAME * 3, "what was on is played out: {heard:?}");
    let late = heard[waited].at.saturating_sub(Duration::from_secs(5));
    assert!(!late.is_zero() && late < Duration::from_secs(PIECE_SECONDS), "{heard:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_drifts_however_long_it_plays() {
    // The two files of a piece are not equally long: each encoder adds something of its own.
    let codecs = [Codec::Mp3, Codec::Aac];
    let house = House::with(&codecs, 3, Settings::default()).await;
    let time = Duration::from_secs(PIECE_SECONDS * 60);
    let [mp3, aac] = codecs.map(|codec| titles_of(&house, codec, time));
    let (mp3, aac) = futures_util::future::join(mp3, aac).await;
    assert!(mp3.len() >= 55 && mp3.len().abs_diff(aac.len()) <= 1, "{} and {} pieces", mp3.len(), aac.len());
    for (one, other) in mp3.iter().zip(&aac) {
        assert_eq!(one.title, other.title);
        assert!(one.time.abs_diff(other.time) <= FRAME, "{one:?} and {other:?}");
    }
    for begun in mp3.iter().skip(3) {
        // What was sent at once at the beginning is ahead of the clock, and stays so.
        let ahead = (begun.time - mp3[3].time).abs_diff(begun.at - mp3[3].at);
        assert!(ahead <= FRAME * 2, "{begun:?} drifted by {ahead:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_piece_is_played_from_its_cue_in_to_its_cue_out() {
    for codec in [Codec::Mp3, Codec::Aac] {
        let folder = TempDir::new().unwrap();
        let vault = Vault::disk(folder.path()).unwrap();
        let renditions = put_renditions(&vault, &[codec]).await;
        let cues = Cues { in_ms: Some(1_000), out_ms: Some(2_500) };
        let cut = |number| Piece { cues, ..piece(number, renditions.clone()) };
        let house = House::start(&[codec], vec![cut(1), cut(2)], Settings::default(), vault, folder);
        let mut follower = house.mount(codec).follow(From::Oldest);
        let heard = titles_of(&house, codec, Duration::from_secs(20)).await;
        for (number, begun) in heard.iter().enumerate() {
            assert_eq!(begun.title, format!("Library - Piece {}", number % 2 + 1));
            assert!(begun.time.abs_diff(Duration::from_millis(1_500) * number as u32) <= FRAME, "{heard:?}");
        }
        let heard = hear_for(&mut follower, Duration::from_secs(1)).await;
        sound::assert_decodes(&heard, codec);
        let file = std::fs::read(sound::piece(codec)).unwrap();
        assert!(!heard.windows(64).any(|window| window == &file[2_000..2_064]), "its beginning was played");
    }
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_played_is_told_with_its_time() {
    let mut house = House::with(&[Codec::Aac], 2, Settings::default()).await;
    let first = hear_spin(&mut house).await;
    assert_eq!((first.piece, first.title.as_str(), first.end), (Some(PieceId(1)), "Piece 1", None));
    let over = hear_spin(&mut house).await;
    assert_eq!(Spin { end: None, ..over.clone() }, first);
    let lasted = over.end.unwrap().duration_since(over.start).unsigned_abs();
    assert!(lasted.abs_diff(Duration::from_secs(PIECE_SECONDS)) < FRAME * 3, "{lasted:?}");
    let second = hear_spin(&mut house).await;
    assert_eq!((second.piece, Some(second.start)), (Some(PieceId(2)), over.end));

    // The studio comes on: what was on is over.
    let mut encoder = Encoder::new(house.mount(Codec::Aac).attach(studio("Studio")).unwrap(), Codec::Aac);
    encoder.send_live(1.0).await.unwrap();
    let broken_off = hear_spin(&mut house).await;
    assert!(broken_off.piece == Some(PieceId(2)) && broken_off.end.is_some());
    assert_eq!(house.air.console(SERVICE).unwrap().on(), None);
}

#[tokio::test]
async fn what_is_lined_up_survives_a_restart() {
    let house = House::with(&[Codec::Aac], 5, Settings::default()).await;
    let mut encoder = Encoder::new(house.mount(Codec::Aac).attach(studio("Studio")).unwrap(), Codec::Aac);
    encoder.send(0.5).await.unwrap();
    let console = house.air.console(SERVICE).unwrap();
    let wait_until_kept = async |expected: &str| {
        while house.vault.get("automation/1/queue.json").await.unwrap().as_deref() != Some(expected.as_bytes()) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    console.add(PieceId(4), 0).unwrap();
    console.add(PieceId(5), 1).unwrap();
    timeout(Duration::from_secs(60), wait_until_kept("[4,5]")).await.expect("it is kept");
    house.air.stop().await;

    let pieces: Vec<Piece> = console_pieces(&house.vault).await;
    let folder = TempDir::new().unwrap();
    let mut house = House::start(&[Codec::Aac], pieces, Settings::default(), house.vault.clone(), folder);
    for number in [4, 5, 1] {
        assert_eq!(hear_title(&mut house).await, format!("Library - Piece {number}"));
    }
}

async fn console_pieces(vault: &Vault) -> Vec<Piece> {
    let renditions = put_renditions(vault, &[Codec::Aac]).await;
    (1..=5).map(|number| piece(number, renditions.clone())).collect()
}

#[tokio::test(start_paused = true)]
async fn what_the_studio_plays_is_told_as_a_spin_if_its_title_names_an_artist() {
    let mut house = House::with(&[Codec::Aac], 0, Settings::default()).await;
    let mount = house.mount(Codec::Aac);
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    encoder.send(0.2).await.unwrap();
    for title in ["Midday, with Ann", "The Hum - River Song", "The Hum - River Song", "Ida Marsh - Mill Race"] {
        mount.retitle(Some(title), None).unwrap();
    }
    let first = hear_spin(&mut house).await;
    assert_eq!((first.piece, first.artist.as_str(), first.title.as_str()), (None, "The Hum", "River Song"));
    let over = hear_spin(&mut house).await;
    assert!(over.end.is_some() && over.start == first.start && over.title == first.title);
    assert_eq!(hear_spin(&mut house).await.title, "Mill Race");
    drop(encoder);
    let over = hear_spin(&mut house).await;
    assert!(over.end.is_some() && over.title == "Mill Race");
}

#[tokio::test(start_paused = true)]
async fn what_is_lined_up_comes_next_and_what_is_on_can_be_ended() {
    let mut house = House::with(&[Codec::Aac], 5, Settings::default()).await;
    let console = house.air.console(SERVICE).unwrap();
    assert_eq!(hear_title(&mut house).await, "Library - Piece 1");
    // The first seconds come at once: the second piece is begun when the first is told.
    assert_eq!(hear_title(&mut house).await, "Library - Piece 2");
    let lined_up = console.add(PieceId(4), usize::MAX).unwrap();
    console.add(PieceId(5), 0).unwrap();
    assert!(console.add(PieceId(77), 0).is_err(), "there is no such piece");
    let titles = |list: Vec<String>| list.join(", ");
    assert_eq!(
        titles(console.queue().into_iter().map(|entry| entry.title).collect()),
        "Library - Piece 5, Library - Piece 4"
    );
    let ahead = console.ahead(3);
    assert_eq!(ahead.iter().map(|ahead| ahead.piece.0).collect::<Vec<_>>(), [5, 4, 3]);
    assert_eq!(ahead[0].start, console.on().unwrap().end);

    let asked = Instant::now();
    assert!(console.skip());
    assert_eq!(hear_title(&mut house).await, "Library - Piece 5");
    assert!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());
    console.remove(lined_up.number).unwrap();
    assert_eq!(hear_title(&mut house).await, "Library - Piece 3");
    assert!(console.queue().is_empty() && console.on().unwrap().start > Timestamp::UNIX_EPOCH);
}
