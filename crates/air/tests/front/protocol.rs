//! What is answered to whom, byte by byte where clients look at bytes.

use std::time::Duration;

use air::Settings;
use air::settings::SecondSource;
use serde_json::{Value, json};
use station::Codec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::sound;
use crate::studio::{AUTHORIZATION, PATIENCE, Studio, listen, settings, wait_for, with_news};

const WRONG: &str = "Authorization: Basic c291cmNlOmJhZA==";
const MPEG: &str = "Content-Type: audio/mpeg";

/// The status line of an answer, and the text below its head.
fn told(answer: &str) -> (&str, &str) {
    let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    (head.lines().next().unwrap_or_default(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_may_not_send_is_told_as_icecast_tells_it() {
    let studio = Studio::with(with_news()).await;
    for (request, status, text) in [
        (
            format!("SOURCE /news.mp3 HTTP/1.0\r\n{WRONG}\r\n{MPEG}"),
            "401 Authentication Required",
            "You need to authenticate\r\n",
        ),
        (format!("SOURCE /news.mp3 HTTP/1.0\r\n{MPEG}"), "401 Authentication Required", "You need to authenticate\r\n"),
        (
            format!("SOURCE /news.mp3 ICE/1.0\r\nice-password: srcpw\r\n{MPEG}"),
            "401 Authentication Required",
            "You need to authenticate\r\n",
        ),
        (
            format!("PUT /news.mp3 HTTP/1.1\r\nHost: x\r\n{WRONG}\r\n{MPEG}\r\nExpect: 100-continue"),
            "401 Authentication Required",
            "You need to authenticate\r\n",
        ),
        (format!("PUT /news.mp3 HTTP/1.1\r\n{AUTHORIZATION}"), "403 Forbidden", "No Content-type given"),
        (
            format!("SOURCE /other.mp3 HTTP/1.0\r\n{AUTHORIZATION}\r\n{MPEG}"),
            "404 Not Found",
            "There is no such mount here",
        ),
        (
            format!("PUT /other.mp3 HTTP/1.1\r\n{AUTHORIZATION}\r\n{MPEG}"),
            "404 Not Found",
            "There is no such mount here",
        ),
        (
            format!("SOURCE /news.mp3 HTTP/1.1\r\n{AUTHORIZATION}\r\nTransfer-Encoding: gzip"),
            "400 Bad Request",
            "This request cannot be understood",
        ),
    ] {
        let answer = studio.ask(&format!("{request}\r\n\r\n")).await;
        assert_eq!(told(&answer), (format!("HTTP/1.0 {status}").as_str(), text), "{request}");
        assert!(!answer.contains("100 Continue") && answer.contains("\r\nConnection: Close\r\n"), "{answer}");
    }
    studio.close().await;
}

/// An encoder that sends on without waiting must still read why it was refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_arrives_even_if_the_source_has_sent_megabytes() {
    let studio = Studio::open().await;
    let mut socket = studio.connect().await;
    socket.write_all(format!("SOURCE /a.mp3 HTTP/1.0\r\n{WRONG}\r\n\r\n").as_bytes()).await.unwrap();
    let _ = timeout(Duration::from_secs(1), socket.write_all(&vec![0; 1 << 20])).await;
    let mut answer = String::new();
    timeout(PATIENCE, socket.read_to_string(&mut answer)).await.unwrap().expect("no reset before the answer");
    assert_eq!(told(&answer).0, "HTTP/1.0 401 Authentication Required");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_source_is_refused_where_that_is_the_rule_and_a_backup_is_not() {
    let rule = Settings { second_source: SecondSource::Refuse, open_mounts: true, ..settings() };
    let studio = Studio::with(rule).await;
    let _first = studio.send(Codec::Mp3, "/live.mp3", "").await;
    let second = format!("SOURCE /live.mp3 HTTP/1.0\r\n{AUTHORIZATION}\r\n{MPEG}\r\n\r\n");
    assert_eq!(told(&studio.ask(&second).await), ("HTTP/1.0 403 Forbidden", "Mountpoint in use"));
    let with_expect = second.replace("SOURCE", "PUT").replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(told(&studio.ask(&with_expect).await), ("HTTP/1.0 403 Forbidden", "Mountpoint in use"));

    let mut backup = studio.connect().await;
    backup.write_all(second.replace("/live.mp3", "/live.mp3?input=backup").as_bytes()).await.unwrap();
    let mut answer = [0; 19];
    timeout(PATIENCE, backup.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.0 200 OK\r\n\r\n");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_only_so_many_sources() {
    let studio = Studio::with(Settings { sources_max: 1, open_mounts: true, ..settings() }).await;
    let first = studio.send(Codec::Mp3, "/a.mp3", "").await;
    let second = format!("SOURCE /b.mp3 HTTP/1.0\r\n{AUTHORIZATION}\r\n{MPEG}\r\n\r\n");
    assert_eq!(told(&studio.ask(&second).await), ("HTTP/1.0 403 Forbidden", "too many sources connected"));
    drop(first);
    let mount = studio.air.mount(None, "/a.mp3").unwrap();
    wait_for("the first to be gone", || (mount.snapshot().sources == 0).then_some(())).await;
    let _third = studio.send(Codec::Mp3, "/c.mp3", "").await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codec_that_the_mount_does_not_carry_is_refused_or_closed() {
    let studio = Studio::with(with_news()).await;
    let aac = std::fs::read(sound::file(Codec::Aac)).unwrap();
    let head = format!("PUT /news.mp3 HTTP/1.1\r\n{AUTHORIZATION}\r\n{MPEG}\r\n\r\n");
    let mut at_once = studio.connect().await;
    at_once.write_all(&[head.as_bytes(), &aac[..1_500]].concat()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, at_once.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert_eq!(told(&answer).0, "HTTP/1.0 415 Unsupported Media Type");

    let mut later = studio.connect().await;
    later.write_all(head.as_bytes()).await.unwrap();
    let mut welcome = [0; 19];
    later.read_exact(&mut welcome).await.unwrap();
    later.write_all(&aac[..8_000]).await.unwrap();
    let mut rest = Vec::new();
    // Closed with something unread is a reset, closed otherwise an end; either says that it is over.
    let _ = timeout(PATIENCE, later.read_to_end(&mut rest)).await.expect("the source is closed");
    assert_eq!(rest, b"");
    let mount = studio.air.mount(None, "/news.mp3").unwrap();
    wait_for("the source to be gone", || (mount.snapshot().sources == 0).then_some(())).await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_turns_to_garbage_is_closed_and_its_listener_stays() {
    let limit = Settings { source_garbage_bytes_max: 64 << 10, ..with_news() };
    let studio = Studio::with(limit).await;
    let mut listener = studio.connect().await;
    listener.write_all(b"GET /news.mp3 HTTP/1.1\r\nHost: radio.test\r\n\r\n").await.unwrap();

    let sound = std::fs::read(sound::file(Codec::Mp3)).unwrap();
    let mut source = studio.connect().await;
    source.write_all(format!("SOURCE /news.mp3 HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n").as_bytes()).await.unwrap();
    source.write_all(&sound[..100_000]).await.unwrap();
    let mount = studio.on_air("/news.mp3").await;
    let garbage: Vec<u8> = (0..300_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x7f).collect();
    let _ = source.write_all(&garbage).await;
    wait_for("the source to be closed", || (mount.snapshot().sources == 0).then_some(())).await;

    let mut heard = vec![0; 150_000];
    timeout(PATIENCE, listener.read_exact(&mut heard)).await.expect("the stream goes on").unwrap();
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_from_the_first_byte_makes_no_mount() {
    let studio = Studio::open().await;
    let mut source = studio.connect().await;
    let head = format!("SOURCE /noise HTTP/1.0\r\n{AUTHORIZATION}\r\n{MPEG}\r\n\r\n");
    source.write_all(&[head.as_bytes(), &[0x55; 200_000]].concat()).await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, source.read_to_end(&mut rest)).await.expect("the source is closed");
    assert!(studio.air.mount(None, "/noise").is_none());
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_falls_silent_is_closed_after_its_time() {
    let studio = Studio::with(Settings { source_timeout_ms: 300, ..with_news() }).await;
    let mut source = studio.connect().await;
    source.write_all(format!("SOURCE /news.mp3 HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, source.read_to_end(&mut answer)).await.expect("the source is closed").unwrap();
    assert_eq!(answer, b"HTTP/1.0 200 OK\r\n\r\n");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_has_a_size_and_a_time() {
    let studio = Studio::with(Settings { head_timeout_ms: 300, ..settings() }).await;
    let long = format!("GET /hello HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", "c".repeat(20_000));
    assert_eq!(told(&studio.ask(&long).await).0, "HTTP/1.0 431 Request Header Fields Too Large");
    assert_eq!(told(&studio.ask("GET /hello HTTP/1.1\r\nHost:").await).0, "HTTP/1.0 408 Request Timeout");
    for noise in ["\x16\x03\x01\x02", "GET /hello RTSP/1.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n", "srcpw \r\n\r\n"] {
        assert_eq!(told(&studio.ask(noise).await).0, "HTTP/1.0 400 Bad Request", "{noise:?}");
    }
    let fits = format!("GET /hello HTTP/1.0\r\nCookie: {}\r\n\r\n", "c".repeat(15_000));
    assert_eq!(told(&studio.ask(&fits).await), ("HTTP/1.0 200 OK", "hello"));
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_only_so_many_connections() {
    let studio = Studio::with(Settings { connections_max: 2, head_timeout_ms: 60_000, ..settings() }).await;
    let (first, second) = (studio.connect().await, studio.connect().await);
    wait_for_refusal(&studio).await;
    drop((first, second));
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_never_finishes_its_head_keeps_nobody_out() {
    let studio = Studio::with(Settings { heads_pending_max: 20, head_timeout_ms: 60_000, ..settings() }).await;
    let mut crowd = Vec::new();
    for _ in 0..200 {
        let mut silent = studio.connect().await;
        silent.write_all(b"GET /").await.unwrap();
        crowd.push(silent);
    }
    assert_eq!(told(&studio.ask("GET /hello HTTP/1.0\r\n\r\n").await).0, "HTTP/1.0 200 OK");
    let mut answer = String::new();
    timeout(PATIENCE, crowd[0].read_to_string(&mut answer)).await.expect("the first of them is shown out").unwrap();
    assert_eq!(told(&answer).0, "HTTP/1.0 408 Request Timeout");
    studio.close().await;
}

async fn wait_for_refusal(studio: &Studio) {
    let mut refused = studio.connect().await;
    let mut answer = String::new();
    timeout(PATIENCE, refused.read_to_string(&mut answer)).await.expect("it is refused").unwrap();
    assert_eq!(told(&answer).0, "HTTP/1.0 503 Service Unavailable");
    assert!(answer.contains("Retry-After: 60\r\n"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_who_finds_no_room_is_told() {
    let studio = Studio::with(Settings { listeners_max: 0, ..with_news() }).await;
    let answer = studio.ask("GET /news.mp3 HTTP/1.1\r\nHost: radio.test\r\n\r\n").await;
    assert_eq!(told(&answer), ("HTTP/1.0 403 Forbidden", "Icecast connection limit reached"));
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ogg_mount_that_nothing_feeds_says_so() {
    let studio = Studio::with(with_news()).await;
    let answer = studio.ask("GET /news.opus HTTP/1.1\r\nHost: radio.test\r\n\r\n").await;
    assert_eq!(told(&answer), ("HTTP/1.0 503 Service Unavailable", "Nothing is on the air here at the moment"));
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_is_answered_in_the_form_that_radios_know() {
    let studio = Studio::with(with_news()).await;
    for (fields, metaint) in [("", None), ("Icy-MetaData: 0\r\n", None), ("icy-metadata:1\r\n", Some("16000"))] {
        let heard = listen(&studio, "/news.mp3?token=abc", fields, 4_000).await;
        assert!(
            heard.head.starts_with("HTTP/1.0 200 OK\r\nServer: Groundwave\r\nConnection: Close\r\nDate: "),
            "{}",
            heard.head
        );
        for (field, value) in [
            ("Content-Type", "audio/mpeg"),
            ("Cache-Control", "no-cache, no-store"),
            ("Access-Control-Allow-Origin", "*"),
            ("icy-name", "Harrow Valley News"),
            ("icy-description", "What happens in the valley"),
            ("icy-br", "128"),
            ("icy-pub", "1"),
        ] {
            assert_eq!(heard.field(field), Some(value), "{field}");
        }
        assert_eq!(heard.field("icy-metaint"), metaint, "{fields}");
        assert!(heard.head.contains("\r\nicy-name:Harrow"), "no space, for old radios");
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_on_the_stream_gets_what_each_player_needs() {
    let studio = Studio::with(with_news()).await;
    let get = |fields: &str| format!("GET /news.mp3 HTTP/1.1\r\nHost: radio.test\r\nConnection: close\r\n{fields}\r\n");
    let mut socket = studio.connect().await;
    socket.write_all(get("Range: bytes=0-1\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, socket.read_to_end(&mut answer)).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&answer).to_lowercase();
    assert!(text.starts_with("http/1.1 206 partial content\r\n"), "{text}");
    assert!(text.contains("\r\ncontent-range: bytes 0-1/1073741823\r\n"), "{text}");
    assert!(text.contains("\r\ncontent-length: 2\r\n"), "{text}");
    assert!(answer.ends_with(b"\r\n\r\n\xff\xfb"), "{text}");

    for fields in ["Range: bytes=0-\r\n", "Range: bytes=0-1\r\nIcy-MetaData: 1\r\n", "Range: bytes=100-200\r\n"] {
        let heard = listen(&studio, "/news.mp3", fields, 4_000).await;
        assert!(heard.head.starts_with("HTTP/1.0 200 OK\r\n"), "{fields}: {}", heard.head);
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_listener_is_not_counted_as_one() {
    let studio = Studio::with(Settings { listener_counts_after_ms: 200, ..with_news() }).await;
    let mount = studio.air.mount(None, "/news.mp3").unwrap();
    let ask = |line: &str| {
        format!("{line} HTTP/1.1\r\nHost: radio.test\r\nConnection: close\r\nOrigin: https://x.test\r\n\r\n")
    };

    let head = studio.ask(&ask("HEAD /news.mp3")).await.to_lowercase();
    assert!(head.starts_with("http/1.1 200 ok\r\n") && head.contains("icy-name: harrow valley news\r\n"), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "{head}");

    let options = studio.ask(&ask("OPTIONS /news.mp3")).await.to_lowercase();
    assert!(options.starts_with("http/1.1 204 no content\r\n"), "{options}");
    for field in [
        "access-control-allow-origin: https://x.test",
        "access-control-allow-credentials: true",
        "access-control-allow-headers: origin, icy-metadata, range, authorization",
        "access-control-allow-methods: get, options, source, put, head",
        "vary: origin",
    ] {
        assert!(options.contains(&format!("\r\n{field}\r\n")), "{field} is missing in {options}");
    }
    assert!(options.contains("icy-metaint"), "{options}");

    let post = studio.ask(&ask("POST /news.mp3")).await;
    assert!(post.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{post}");
    assert_eq!((mount.audience().now(), mount.audience().peak()), (0, 0));

    let mut listener = studio.connect().await;
    listener.write_all(b"GET /news.mp3 HTTP/1.1\r\nHost: radio.test\r\n\r\n").await.unwrap();
    wait_for("the listener to be counted", || (mount.audience().now() == 1).then_some(())).await;
    drop(listener);
    wait_for("the listener to be gone", || (mount.audience().now() == 0).then_some(())).await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_on_a_kept_connection_has_its_titles_too() {
    let studio = Studio::with(with_news()).await;
    let mount = studio.air.mount(None, "/news.mp3").unwrap();
    let mut socket = studio.connect().await;
    socket.write_all(b"GET /hello HTTP/1.1\r\nHost: radio.test\r\n\r\n").await.unwrap();
    read_until(&mut socket, b"hello").await;
    socket.write_all(b"GET /news.mp3 HTTP/1.1\r\nHost: radio.test\r\nIcy-MetaData: 1\r\n\r\n").await.unwrap();
    let received = read_until(&mut socket, b"StreamTitle='Harrow Valley News';").await;
    let text = String::from_utf8_lossy(&received).to_lowercase();
    assert!(text.starts_with("http/1.1 200 ok\r\n") && text.contains("icy-metaint: 16000\r\n"), "{text:.600}");
    assert!(text.contains("access-control-expose-headers: ") && !text.contains("connection: close"), "{text:.600}");
    wait_for("the listener to be counted", || (mount.audience().now() == 1).then_some(())).await;
    drop(socket);
    wait_for("the listener to be gone", || (mount.audience().now() == 0).then_some(())).await;
    studio.close().await;
}

async fn read_until(socket: &mut tokio::net::TcpStream, wanted: &[u8]) -> Vec<u8> {
    let mut received = Vec::new();
    let reading = async {
        while !received.windows(wanted.len()).any(|window| window == wanted) {
            assert_ne!(socket.read_buf(&mut received).await.unwrap(), 0, "the connection ended");
        }
    };
    timeout(PATIENCE, reading).await.expect("what is waited for comes");
    received
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_answered_as_if_nobody_had_looked_first() {
    let studio = Studio::with(with_news()).await;
    let mut socket = studio.connect().await;
    socket.write_all(b"POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nwords").await.unwrap();
    read_until(&mut socket, b"\r\n\r\nwords").await;
    socket.write_all(b"GET /hello HTTP/1.1\nHost: x\nConnection: close\n\n").await.unwrap();
    read_until(&mut socket, b"\r\n\r\nhello").await;
    assert_eq!(told(&studio.ask("GET /nosuch HTTP/1.0\n\n").await).0, "HTTP/1.0 404 Not Found");
    assert_eq!(
        told(&studio.ask("GET http://radio.test/hello HTTP/1.0\r\n folded\r\nodd line\r\n\r\n").await).1,
        "hello"
    );
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn libshout_s_questions_are_answered_so_that_it_stays_with_source() {
    let studio = Studio::with(with_news()).await;
    let upgrade = "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1\r\n\r\n";
    let answer = studio.ask(upgrade).await.to_lowercase();
    assert!(answer.starts_with("http/1.1 204 no content\r\n"), "{answer}");
    assert!(answer.contains("\r\nallow: get, head, options, source\r\n"), "{answer}");
    let poke = studio.ask("GET /admin/!POKE HTTP/1.0\r\n\r\n").await;
    assert_eq!(told(&poke).0, "HTTP/1.0 400 Bad Request");
    assert!(poke.contains("<b>400 - Unrecognised command</b>"), "{poke}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn playlists_lead_back_to_the_host_that_was_asked() {
    let studio = Studio::with(with_news()).await;
    for (suffix, media_type) in [
        (".m3u", "audio/x-mpegurl"),
        (".pls", "audio/x-scpls"),
        (".xspf", "application/xspf+xml; charset=utf-8"),
        (".vclt", "audio/x-vclt; charset=utf-8"),
    ] {
        let file = |fields: &str| format!("GET /news.mp3{suffix} HTTP/1.0\r\n{fields}\r\n");
        let plain = studio.ask(&file("Host: radio.test\r\n")).await;
        assert!(plain.contains("http://radio.test/news.mp3"), "{plain}");
        assert_eq!(plain.contains("Harrow Valley News"), suffix != ".m3u", "{plain}");
        assert!(plain.to_lowercase().contains(&format!("\r\ncontent-type: {media_type}\r\n")), "{plain}");
        let behind_tls = studio.ask(&file("Host: radio.test:8443\r\nX-Forwarded-Proto: https\r\n")).await;
        assert!(behind_tls.contains("https://radio.test:8443/news.mp3"), "{behind_tls}");
        let nameless = studio.ask(&file("")).await;
        assert!(nameless.contains(&studio.url("/news.mp3")), "{nameless}");
    }
    studio.close().await;
}

async fn status(studio: &Studio, query: &str) -> Value {
    let answer = studio.ask(&format!("GET /status-json.xsl{query} HTTP/1.0\r\nHost: radio.test\r\n\r\n")).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
    serde_json::from_str::<Value>(body).unwrap()["icestats"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_has_the_shape_that_widgets_know() {
    let studio = Studio::open().await;
    assert!(status(&studio, "").await.get("source").is_none());

    let fields = "ice-name: One\r\nice-genre: Jazz\r\nice-audio-info: channels=2;samplerate=44100;bitrate=96\r\n";
    let _one = studio.send(Codec::Mp3, "/one.mp3", fields).await;
    studio
        .ask(&format!("GET /admin/metadata?mode=updinfo&mount=/one.mp3&song=1979 HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n"))
        .await;
    let mount = studio.on_air("/one.mp3").await;
    wait_for("the title", || (mount.snapshot().title == "1979").then_some(())).await;
    let one = status(&studio, "").await["source"].take();
    for (key, value) in [
        ("title", json!("1979")),
        ("server_name", json!("One")),
        ("genre", json!("Jazz")),
        ("bitrate", json!(96)),
        ("samplerate", json!(44_100)),
        ("channels", json!(2)),
        ("listeners", json!(0)),
        ("listenurl", json!("http://radio.test/one.mp3")),
        ("server_type", json!("audio/mpeg")),
        ("audio_info", json!("channels=2;samplerate=44100;bitrate=96")),
        ("dummy", Value::Null),
    ] {
        assert_eq!(one[key], value, "{key} in {one}");
    }

    let _two = studio.send(Codec::OggOpus, "/two.opus", "").await;
    assert_eq!(status(&studio, "").await["source"].as_array().map(Vec::len), Some(2));
    let two = status(&studio, "?mount=/two.opus").await["source"].take();
    assert_eq!((&two["subtype"], &two["server_type"]), (&json!("Opus"), &json!("audio/ogg")));
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_stops_nobody_is_let_in_and_pages_may_finish() {
    let studio = Studio::open().await;
    let address = studio.address;
    let source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    let mut idle = studio.connect().await;
    idle.write_all(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    read_until(&mut idle, b"hello").await;
    studio.close().await;
    let mut rest = Vec::new();
    assert_eq!(timeout(PATIENCE, idle.read_to_end(&mut rest)).await.unwrap().unwrap(), 0);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    drop(source);
}
