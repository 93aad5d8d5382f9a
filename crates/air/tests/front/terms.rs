//! A mount's terms, as listeners and encoders meet them.

use std::time::Duration;

use air::Settings;
use air::settings::Sources;
use air::terms::{Table, Terms, Words};
use station::Codec;
use tokio::io::AsyncWriteExt;

use crate::sound;
use crate::studio::{AUTHORIZATION, Studio, listen, program, run, settings, with_news};

fn terms(path: &str, terms: Terms) -> (String, Terms) {
    (path.to_owned(), terms)
}

async fn with_terms(table: impl IntoIterator<Item = (String, Terms)>) -> Studio {
    Studio::with(Settings { open_mounts: true, terms: Table::new(table), ..settings() }).await
}

/// Somebody who listens and stays.
async fn stay(studio: &Studio, path: &str) -> tokio::net::TcpStream {
    let mount = studio.air.mount(None, path).unwrap();
    let before = mount.audience().connected();
    let mut socket = studio.connect().await;
    socket.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
    crate::studio::wait_for("a listener", || (mount.audience().connected() > before).then_some(())).await;
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mount_refuses_or_sends_on_and_has_room_again_when_somebody_leaves() {
    let full = Terms { listeners_max: Some(1), ..Terms::default() };
    let sends_on = Terms { fallback_when_full: Some("/other.mp3".into()), ..full.clone() };
    let studio = with_terms([terms("/max1.mp3", full), terms("/full.mp3", sends_on)]).await;
    let _one = studio.send(Codec::Mp3, "/max1.mp3", "ice-name: One\r\n").await;
    let _two = studio.send(Codec::Mp3, "/full.mp3", "ice-name: Two\r\n").await;
    let _three = studio.send(Codec::Mp3, "/other.mp3", "ice-name: Latin\r\n").await;

    let first = stay(&studio, "/max1.mp3").await;
    let refused = studio.ask("GET /max1.mp3 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(refused.starts_with("HTTP/1.0 403 Forbidden\r\n"), "{refused}");
    assert!(refused.ends_with("\r\n\r\nmax listeners reached"), "{refused}");
    let kept_open = studio
        .ask("GET /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /max1.mp3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(kept_open.contains("403 Forbidden") && kept_open.ends_with("max listeners reached"), "{kept_open}");

    let _second = stay(&studio, "/full.mp3").await;
    let sent_on = listen(&studio, "/full.mp3", "", 2_000).await;
    assert_eq!(sent_on.field("icy-name"), Some("Latin"));

    drop(first);
    let mount = studio.air.mount(None, "/max1.mp3").unwrap();
    crate::studio::wait_for("room", || (mount.audience().connected() == 0).then_some(())).await;
    assert_eq!(listen(&studio, "/max1.mp3", "", 2_000).await.field("icy-name"), Some("One"));
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_with_a_password_of_its_own_takes_no_other() {
    let own = Sources { user: "studio".into(), password: "studiopw".into() };
    let studio = with_terms([terms("/own.mp3", Terms { source: Some(own), ..Terms::default() })]).await;
    let ask = |authorization: &str| format!("SOURCE /own.mp3 HTTP/1.0\r\n{authorization}\r\n\r\n");
    assert!(studio.ask(&ask(AUTHORIZATION)).await.starts_with("HTTP/1.0 401 "));
    let mut source = studio.connect().await;
    source.write_all(ask("Authorization: Basic c3R1ZGlvOnN0dWRpb3B3").as_bytes()).await.unwrap();
    source.write_all(&std::fs::read(sound::file(Codec::Mp3)).unwrap()[..100_000]).await.unwrap();
    studio.on_air("/own.mp3").await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mount_is_called_listed_and_headed_as_its_terms_say() {
    let words = Words { name: "By the terms".into(), genre: "Talk".into(), ..Words::default() };
    let headers =
        vec![("Access-Control-Allow-Origin".into(), "https://radio.test".into()), ("X-Own".into(), "1".into())];
    let own = Terms { is_hidden: true, is_public: Some(false), words, headers, ..Terms::default() };
    let studio = with_terms([terms("/own.mp3", own)]).await;
    let _source = studio.send(Codec::Mp3, "/own.mp3", "ice-name: By the source\r\nice-public: 1\r\n").await;
    let _other = studio.send(Codec::Mp3, "/other.mp3", "").await;
    let heard = listen(&studio, "/own.mp3", "", 2_000).await;
    for (field, value) in [
        ("icy-name", "By the terms"),
        ("icy-genre", "Talk"),
        ("icy-pub", "0"),
        ("Access-Control-Allow-Origin", "https://radio.test"),
        ("X-Own", "1"),
    ] {
        assert_eq!(heard.field(field), Some(value), "{field} in {}", heard.head);
    }
    let status = studio.ask("GET /status-json.xsl HTTP/1.0\r\n\r\n").await;
    assert!(status.contains("/other.mp3") && !status.contains("/own.mp3"), "{status}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_up_for_the_listener_and_not_for_the_mount() {
    let limit = Terms { listener_time_max: Some(Duration::from_secs(1)), ..Terms::default() };
    let studio = with_terms([terms("*", limit)]).await;
    let _source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    let began = studio.air.clock().elapsed();
    let in_the_fan_out = studio.ask("GET /live.mp3 HTTP/1.0\r\n\r\n");
    // A second request of one connection goes through the general path.
    let kept_open = studio
        .ask("GET /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /live.mp3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let (one, other) = tokio::join!(in_the_fan_out, kept_open);
    assert!(studio.air.clock().elapsed() - began >= Duration::from_secs(1));
    assert!(one.len() > 10_000 && other.len() > 10_000, "{} and {} bytes", one.len(), other.len());
    let mount = studio.air.mount(None, "/live.mp3").unwrap();
    crate::studio::wait_for("both to be gone", || (mount.audience().connected() == 0).then_some(())).await;
    studio.close().await;
}

/// A second of a tone in a codec.
fn intro(codec: Codec) -> Vec<u8> {
    let (encoder, container, _) = sound::ffmpeg_names(codec);
    let rate = if codec == Codec::OggOpus { "48000" } else { "44100" };
    let made = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "sine=frequency=880:duration=2", "-ac", "2", "-ar", rate])
        .args(["-c:a", encoder, "-b:a", "128k", "-f", container, "-"])
        .output()
        .expect("this test needs ffmpeg: apt-get install ffmpeg");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intro_is_heard_first_by_everybody_and_nothing_breaks_at_its_end() {
    for codec in [Codec::Mp3, Codec::Aac, Codec::OggOpus] {
        let file = intro(codec);
        let table = [terms("*", Terms { intro: Some(file.clone().into()), ..Terms::default() })];
        let studio = with_terms(table).await;
        let _source = studio.send(codec, "/live", "").await;
        let plain = listen(&studio, "/live", "", file.len() + 40_000).await;
        // Whole frames of the file from its first on, then the mount's.
        let frames = whole_frames(codec, &file);
        assert!(plain.sound.starts_with(&frames), "{codec:?}");
        assert_eq!(whole_frames(codec, &plain.sound)[..frames.len()], frames[..], "{codec:?}");
        let titled = listen(&studio, "/live", "Icy-MetaData: 1\r\n", file.len() + 40_000).await;
        assert!(titled.sound.starts_with(&frames), "{codec:?}");
        if !codec.is_ogg() {
            assert_eq!(titled.titles[0].1, "StreamTitle='';", "{codec:?}");
        }

        let mut ffmpeg = program("ffmpeg");
        ffmpeg.args(["-v", "error", "-i", &studio.url("/live"), "-t", "5", "-f", "null", "-"]);
        assert_eq!(run(ffmpeg).await.1, "", "{codec:?}");
        studio.close().await;
    }
}

fn whole_frames(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    let mut framer = audio::Framer::new(air::codec::to_audio(codec));
    framer.push(bytes);
    let found = framer.by_ref().flat_map(|found| match found {
        audio::Found::Frame(frame) => frame.bytes.to_vec(),
        audio::Found::Format { headers, .. } => headers.to_vec(),
        _ => Vec::new(),
    });
    found.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intro_that_the_mount_cannot_carry_stops_the_start_with_the_reason() {
    let wrong = Terms { intro: Some(intro(Codec::Aac).into()), ..Terms::default() };
    let settings = Settings { terms: Table::new([terms("/news.mp3", wrong)]), ..with_news() };
    let folder = tempfile::tempdir().unwrap();
    let vault = vault::Vault::disk(folder.path()).unwrap();
    let clock = std::sync::Arc::new(station::clock::Fixed::at("2026-11-24T08:00:00Z"));
    let told = air::Air::start(settings, Vec::new(), vault, bus::Local::new(), clock).unwrap_err().to_string();
    assert_eq!(told, "the intro of `/news.mp3` does not fit: it is Aac, but the mount carries Mp3; encode it as that");
}
