//! Real players: they play, they show the title, and their decoders find nothing to complain of.

use air::Settings;
use station::Codec;

use crate::sound;
use crate::studio::{AUTHORIZATION, Studio, program, run, scratch, settings};
use crate::titles::wait_until_shown;

async fn playing(codec: Codec, path: &str) -> (Studio, crate::studio::Sending) {
    let studio = Studio::with(Settings { burst_seconds: 2, open_mounts: true, ..settings() }).await;
    let source = studio.send(codec, path, "ice-name: Test Röck\r\nice-genre: Jazz\r\n").await;
    let query = format!("mode=updinfo&mount={path}&song=Bj%C3%B6rk+-+J%C3%B3ga");
    let told = studio.ask(&format!("GET /admin/metadata?{query} HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n")).await;
    assert!(told.contains("<return>1</return>"), "{told}");
    if !codec.is_ogg() {
        wait_until_shown(&studio, path, "StreamTitle='Björk - Jóga';").await;
    }
    (studio, source)
}

async fn ffmpeg_decodes_without_a_complaint(codec: Codec) {
    let (studio, _source) = playing(codec, "/live").await;
    let mut ffmpeg = program("ffmpeg");
    ffmpeg.args(["-v", "error", "-i", &studio.url("/live"), "-t", "5", "-f", "null", "-"]);
    assert_eq!(run(ffmpeg).await.1, "");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mp3_decodes_from_the_first_frame() {
    ffmpeg_decodes_without_a_complaint(Codec::Mp3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aac_decodes_from_the_first_frame() {
    ffmpeg_decodes_without_a_complaint(Codec::Aac).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opus_decodes_from_the_first_page() {
    ffmpeg_decodes_without_a_complaint(Codec::OggOpus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vorbis_decodes_from_the_first_page() {
    ffmpeg_decodes_without_a_complaint(Codec::OggVorbis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flac_decodes_from_the_first_page() {
    ffmpeg_decodes_without_a_complaint(Codec::OggFlac).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffprobe_knows_the_station_and_the_title() {
    let (studio, _source) = playing(Codec::Mp3, "/live.mp3").await;
    let mut ffprobe = program("ffprobe");
    ffprobe.args(["-v", "error", "-show_entries", "format=format_name:format_tags", &studio.url("/live.mp3")]);
    let (shown, complaints) = run(ffprobe).await;
    assert_eq!(complaints, "");
    for line in ["format_name=mp3", "TAG:icy-name=Test Röck", "TAG:icy-genre=Jazz", "TAG:StreamTitle=Björk - Jóga"] {
        assert!(shown.contains(line), "{line} is missing in {shown}");
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mpg123_plays() {
    let (studio, _source) = playing(Codec::Mp3, "/live.mp3").await;
    let target = scratch().join("mpg123.wav");
    let mut mpg123 = program("mpg123");
    mpg123.args(["-n", "150", "-w"]).arg(&target).arg(studio.url("/live.mp3"));
    let (_, said) = run(mpg123).await;
    assert!(said.contains("ICY-NAME: Test R"), "{said}");
    assert!(said.contains("ICY-META: StreamTitle='Bj"), "{said}");
    let frames = std::fs::metadata(&target).unwrap().len() / (1_152 * 4);
    assert!((140..=150).contains(&frames), "{frames} frames of 150 were played: {said}");
    assert!(!said.to_lowercase().contains("error"), "{said}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mpv_plays_and_shows_the_title() {
    for codec in [Codec::Mp3, Codec::Aac] {
        let (studio, _source) = playing(codec, "/live").await;
        let mut mpv = program("mpv");
        mpv.args(["--no-config", "--ao=null", "--vo=null", "--length=3", "--no-terminal", "--msg-level=all=no"]);
        let log = scratch().join(format!("mpv-{}.log", codec.slug()));
        mpv.arg(format!("--log-file={}", log.display())).arg(studio.url("/live"));
        run(mpv).await;
        let log = std::fs::read_to_string(&log).unwrap();
        assert!(log.contains("icy-title: Björk - Jóga"), "{log}");
        assert!(log.contains("AO: [null] 44100Hz stereo"), "{log}");
        assert!(!log.contains("Error decoding audio"), "{log}");
        studio.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_that_is_led_by_a_playlist_finds_the_stream() {
    let (studio, _source) = playing(Codec::Mp3, "/live.mp3").await;
    for suffix in [".m3u", ".pls"] {
        let mut mpv = program("mpv");
        mpv.args(["--no-config", "--ao=null", "--vo=null", "--length=1"])
            .arg(studio.url(&format!("/live.mp3{suffix}")));
        let (said, _) = run(mpv).await;
        assert!(said.contains("AO: [null] 44100Hz stereo"), "{suffix}: {said}");
    }
    studio.close().await;
}

/// The way that a page's script listens: on a connection that has already fetched something.
#[tokio::test(flavor = "multi_thread")]
async fn curl_hears_the_stream_on_a_connection_that_fetched_a_page() {
    let (studio, _source) = playing(Codec::Mp3, "/live.mp3").await;
    let target = scratch().join("kept-alive.mp3");
    let mut curl = program("curl");
    curl.args(["-s", "-v", "--max-time", "3", &studio.url("/hello"), &studio.url("/live.mp3")]);
    curl.args(["-o", "/dev/null", "-o"]).arg(&target);
    let (_, said) = run(curl).await;
    assert!(said.contains("Re-using existing connection"), "{said}");
    assert!(said.contains("transfer-encoding: chunked"), "{said}");
    let sent = std::fs::read(sound::file(Codec::Mp3)).unwrap().repeat(2);
    sound::assert_is_a_run(Codec::Mp3, &std::fs::read(&target).unwrap(), &sent);
    studio.close().await;
}
