//! Titles: what an encoder sends to `/admin/metadata` is what a radio shows.

use base64::Engine as _;
use station::Codec;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::admin::Ear;
use crate::studio::{AUTHORIZATION, PATIENCE, Studio, listen, wait_for, with_news};

const DONE: &str = "<iceresponse><message>Metadata update successful</message><return>1</return></iceresponse>";

async fn update(studio: &Studio, query: &str) -> String {
    studio.ask(&format!("GET /admin/metadata?{query} HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n")).await
}

/// Waits until a radio that tunes in is told this first: the title of the oldest sound that it gets.
pub async fn wait_until_shown(studio: &Studio, path: &str, block: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let heard = listen(studio, path, "Icy-MetaData: 1\r\n", 20_000).await;
        let (place, shown) = &heard.titles[0];
        assert_eq!(*place, 16_000, "the first block stands where it should");
        if shown == block {
            return;
        }
        assert!(Instant::now() < deadline, "a radio shows {shown}, not {block}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_send_a_title_is_understood() {
    let studio = Studio::open().await;
    let _source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    let mount = studio.on_air("/live.mp3").await;
    for (query, title) in [
        ("song=Bj%C3%B6rk+-+J%C3%B3ga&charset=UTF-8", "Björk - Jóga"),
        ("artist=Miles&title=So+What", "Miles - So What"),
        ("song=Only+Song", "Only Song"),
        ("title=Alone", "Alone"),
        ("artist=A&title=T&song=A%20%2D%20T%20%FC", "A - T ü"),
        ("song=Bj%F6rk", "Björk"),
        ("song=%D0%9F%D1%80%D0%B8&charset=UTF-8", "При"),
        ("song=One - Two with spaces", "One - Two with spaces"),
    ] {
        let answer = update(&studio, &format!("mode=updinfo&mount=%2Flive.mp3&{query}")).await;
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.contains(DONE), "{query}: {answer}");
        wait_for(title, || (mount.snapshot().title == title).then_some(())).await;
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_radio_shows_the_title_and_the_address_stays_until_it_changes() {
    let studio = Studio::open().await;
    let _source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    update(&studio, "mode=updinfo&mount=/live.mp3&song=One&url=http%3A%2F%2Fx.test%2F1").await;
    wait_until_shown(&studio, "/live.mp3", "StreamTitle='One';StreamUrl='http://x.test/1';").await;
    update(&studio, "mode=updinfo&mount=/live.mp3&song=Two").await;
    wait_until_shown(&studio, "/live.mp3", "StreamTitle='Two';StreamUrl='http://x.test/1';").await;
    update(&studio, "mode=updinfo&mount=/live.mp3&song=Don%27t%27%3B+Stop&url=").await;
    wait_until_shown(&studio, "/live.mp3", "StreamTitle='Don't’; Stop';").await;
    studio.close().await;
}

/// Every way in which encoders and traffic systems give titles, and the whole block that a radio gets for it. Where
/// Icecast 2.4.4 does something else, the line says what.
#[tokio::test(flavor = "multi_thread")]
async fn every_title_is_told_as_it_should_be_to_the_last_byte_of_its_block() {
    let studio = Studio::open().await;
    let _source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    let mut radio = Ear::on(&studio, "/live.mp3", "A radio").await;
    for (query, block) in [
        ("song=Bj%C3%B6rk+-+J%C3%B3ga&charset=UTF-8", "StreamTitle='Björk - Jóga';"),
        ("song=Bj%C3%B6rk%20%2D%20Hunter", "StreamTitle='Björk - Hunter';"),
        ("artist=Miles&title=So+What", "StreamTitle='Miles - So What';"),
        // 2.4.4: 'Miles - Only Song'.
        ("song=Only+Song", "StreamTitle='Only Song';"),
        // 2.4.4: the old title again.
        ("title=Alone", "StreamTitle='Alone';"),
        // 2.4.4: no address.
        ("title=WithUrl&url=http%3A%2F%2Fx.test%2F", "StreamTitle='WithUrl';StreamUrl='http://x.test/';"),
        ("song=Later", "StreamTitle='Later';StreamUrl='http://x.test/';"),
        // 2.4.4: raw, so that the block cannot be read.
        ("song=Don%27t%27%3B+Stop&url=", "StreamTitle='Don't’; Stop';"),
        ("song=Bj%C3%B6rk&url=", "StreamTitle='Björk';"),
        // 2.4.4: '&#1055;&#1088;&#1080;' on a mount whose character set is not named.
        ("song=%D0%9F%D1%80%D0%B8&charset=UTF-8", "StreamTitle='При';"),
        // 2.4.4: Latin-1 goes out as Latin-1.
        ("song=M%F6ve", "StreamTitle='Möve';"),
        ("song=%C3%B6&charset=ISO-8859-1", "StreamTitle='Ã¶';"),
        ("song=", "StreamTitle='';"),
    ] {
        let answer = update(&studio, &format!("mode=updinfo&mount=%2Flive.mp3&{query}")).await;
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.contains(DONE), "{query}: {answer}");
        let sixteens = block.len().div_ceil(16);
        let mut whole = vec![u8::try_from(sixteens).unwrap()];
        whole.extend_from_slice(block.as_bytes());
        whole.resize(1 + sixteens * 16, 0);
        radio.hear_bytes(&whole).await;
    }
    studio.close().await;
}

/// 2.4.4 begins another logical stream at each title, at which browsers stop.
#[tokio::test(flavor = "multi_thread")]
async fn a_title_does_not_cut_an_ogg_stream_in_two() {
    let studio = Studio::open().await;
    // Once and no more, so that the encoder itself begins but one stream.
    let sound = std::fs::read(crate::sound::file(Codec::OggVorbis)).unwrap();
    let mut source = studio.connect().await;
    let head = format!("SOURCE /live.ogg HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n");
    source.write_all(head.as_bytes()).await.unwrap();
    let sending = tokio::spawn(async move { source.write_all(&sound).await.map(|()| source) });
    let mount = studio.on_air("/live.ogg").await;
    let (mut follower, mut streams) = (mount.follow(air::ring::From::Oldest), 0);
    for title in ["One", "Two", "Three"] {
        assert!(update(&studio, &format!("mode=updinfo&mount=/live.ogg&song={title}")).await.contains(DONE));
        loop {
            match timeout(PATIENCE, follower.next()).await.expect("the stream goes on") {
                Some(air::ring::Heard::Format(_)) => streams += 1,
                Some(air::ring::Heard::Title(told)) if told.text == title => break,
                Some(_) => {}
                None => panic!("the stream ended"),
            }
        }
    }
    assert_eq!(streams, 1);
    drop(sending);
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_that_is_too_long_is_cut_and_not_dropped() {
    let studio = Studio::open().await;
    let _source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    let long = "ö".repeat(3_000);
    let encoded = "%C3%B6".repeat(3_000);
    assert!(
        update(&studio, &format!("mode=updinfo&mount=/live.mp3&song=x{encoded}")).await.contains("431"),
        "a head has a limit"
    );
    let form = format!("mode=updinfo&mount=/live.mp3&song={long}");
    let answer = studio
        .ask(&format!(
            "POST /admin/metadata HTTP/1.0\r\n{AUTHORIZATION}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ))
        .await;
    assert!(answer.contains(DONE), "{answer}");
    let cut = format!("StreamTitle='{}';", "ö".repeat(2_032));
    wait_for("the whole of what fits", || {
        let mount = studio.air.mount(None, "/live.mp3")?;
        let window = mount.log().window();
        (window.last()?.title.block.get(1..1 + cut.len()) == Some(cut.as_bytes())).then_some(())
    })
    .await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said_so() {
    let studio = Studio::with(with_news()).await;
    for (query, answered) in [
        ("mode=updinfo&mount=/news.mp3&song=x", "<return>0</return>"),
        ("mode=bad&mount=/news.mp3&song=x", "<message>No such action</message><return>0</return>"),
        ("mount=/news.mp3&song=x", "<b>400 - Missing parameter</b>"),
        ("mode=updinfo&song=x", "<b>400 - Missing parameter</b>"),
        ("mode=updinfo&mount=/nope&song=x", "<b>400 - Source does not exist</b>"),
    ] {
        let answer = update(&studio, query).await;
        assert!(answer.contains(answered), "{query}: {answer}");
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_waits_does_not_speak_for_the_studio() {
    let studio = Studio::open().await;
    let _source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    assert!(update(&studio, "mode=updinfo&mount=/live.mp3&song=Studio").await.contains(DONE));
    let as_backup = "mode=updinfo&mount=/live.mp3&input=backup&song=Backup";
    assert!(update(&studio, as_backup).await.contains("<return>0</return>"), "there is no backup");

    let sound = std::fs::read(crate::sound::file(Codec::Mp3)).unwrap();
    let head = format!("SOURCE /live.mp3?input=backup HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n");
    let mut backup = studio.connect().await;
    backup.write_all(&[head.as_bytes(), &sound[..80_000]].concat()).await.unwrap();
    let mount = studio.on_air("/live.mp3").await;
    wait_for("the backup", || (mount.snapshot().sources == 2).then_some(())).await;
    assert!(update(&studio, as_backup).await.contains(DONE));
    assert_eq!(mount.snapshot().title, "Studio");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ogg_mount_takes_titles_for_whoever_asks_what_is_on() {
    let studio = Studio::open().await;
    let _source = studio.send(Codec::OggVorbis, "/live.ogg", "").await;
    assert!(update(&studio, "mode=updinfo&mount=/live.ogg&song=Ferry").await.contains(DONE));
    let mount = studio.on_air("/live.ogg").await;
    wait_for("the title", || (mount.snapshot().title == "Ferry").then_some(())).await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_send_may_give_titles() {
    let studio = Studio::open().await;
    let wrong = base64::engine::general_purpose::STANDARD.encode("source:wrong");
    for fields in ["", &format!("Authorization: Basic {wrong}\r\n"), "Authorization: Bearer srcpw\r\n"] {
        let request = format!("GET /admin/metadata?mode=updinfo&mount=/a&song=x HTTP/1.0\r\n{fields}\r\n");
        let answer = studio.ask(&request).await;
        assert!(answer.starts_with("HTTP/1.0 401 ") && answer.ends_with("You need to authenticate\r\n"), "{answer}");
        assert!(answer.to_lowercase().contains("\r\nwww-authenticate: basic realm="), "{answer}");
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_that_ride_in_a_source_s_sound_are_taken_out_of_it() {
    let studio = Studio::open().await;
    let sound = std::fs::read(crate::sound::file(Codec::Mp3)).unwrap();
    let mut carried = Vec::new();
    for (number, piece) in sound[..150_000].chunks(8_192).enumerate() {
        carried.extend_from_slice(piece);
        if piece.len() == 8_192 {
            carried.extend_from_slice(&audio::icy::metadata_block(&format!("Song {number}"), ""));
        }
    }
    let mut socket = studio.connect().await;
    let head = format!("SOURCE /icy.mp3 HTTP/1.0\r\n{AUTHORIZATION}\r\nicy-metaint: 8192\r\n\r\n");
    socket.write_all(&[head.as_bytes(), &carried].concat()).await.unwrap();
    let mount = studio.on_air("/icy.mp3").await;
    wait_for("the last title", || (mount.snapshot().title == "Song 17").then_some(())).await;
    let heard = listen(&studio, "/icy.mp3", "", 40_000).await;
    crate::sound::assert_is_a_run(Codec::Mp3, &heard.sound, &sound);
    studio.close().await;
}
