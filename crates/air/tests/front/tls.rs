//! The door behind TLS, as the programs that knock there see it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use air::Settings;
use air::tls::Pair;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use station::Codec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::sound;
use crate::studio::{AUTHORIZATION, PATIENCE, Studio, listen, program, run, settings, start, wait_for, with_news};

/// A certificate of the tests.
pub fn pair(certificate: &str, key: &str) -> Pair {
    let read = |name: &str| std::fs::read(file(name)).unwrap();
    Pair::read(&read(certificate), &read(key)).unwrap()
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/tls/testing/{name}.pem"))
}

/// curl, which trusts the tests' certificate and no other.
fn curl(studio: &Studio, arguments: &[&str], path: &str) -> Command {
    let mut curl = program("curl");
    curl.args(["-sS", "--max-time", "30", "--cacert"]).arg(file("certificate")).args(arguments);
    curl.arg(secure_url(studio, path));
    curl
}

fn secure_url(studio: &Studio, path: &str) -> String {
    format!("https://localhost:{}{path}", studio.secure.port())
}

/// A client that agrees on nothing but HTTP/1.1.
async fn connect(address: SocketAddr) -> TlsStream<TcpStream> {
    let socket = TcpStream::connect(address).await.unwrap();
    connector().connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap()
}

fn connector() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("certificate")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn read_until_closed(socket: &mut (impl tokio::io::AsyncRead + Unpin)) -> Vec<u8> {
    let mut received = Vec::new();
    // How it closes is not the question here.
    let _ = timeout(PATIENCE, socket.read_to_end(&mut received)).await.expect("the connection is closed");
    received
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_behind_tls_hears_to_the_byte_what_was_sent() {
    let studio = Studio::open().await;
    let _source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    let mut socket = connect(studio.secure).await;
    socket.write_all(b"GET /live.mp3 HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut received = vec![0; 130_000];
    timeout(PATIENCE, socket.read_exact(&mut received)).await.expect("it is heard").unwrap();
    let end = received.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert!(received.starts_with(b"HTTP/1.0 200 OK\r\n"));
    let sent = std::fs::read(sound::file(Codec::Mp3)).unwrap();
    sound::assert_is_a_run(Codec::Mp3, &received[end..], &sent);
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_plays_behind_tls_what_ffmpeg_sends_behind_tls() {
    let studio = Studio::open().await;
    let mut encoder = program("ffmpeg");
    encoder.args(["-v", "error", "-stream_loop", "-1", "-i"]).arg(sound::file(Codec::OggFlac));
    encoder.args(["-c", "copy", "-f", "ogg", "-content_type", "application/ogg", "-tls", "1"]);
    encoder.arg(format!("icecast://source:srcpw@127.0.0.1:{}/live.ogg", studio.secure.port()));
    let _encoder = start(encoder);
    studio.on_air("/live.ogg").await;
    let mut player = program("ffmpeg");
    player.args(["-v", "error", "-i", &secure_url(&studio, "/live.ogg"), "-t", "4", "-f", "null", "-"]);
    assert_eq!(run(player).await.1, "");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn liquidsoap_is_heard_behind_tls() {
    let studio = Studio::open().await;
    let script = format!(
        "settings.init.allow_root.set(true)\ns = mksafe(single(\"{wav}\"))\n\
         output.icecast(%mp3(bitrate=128), mount=\"/liq.mp3\", protocol=\"https\", host=\"localhost\", port={port},\n\
         password=\"srcpw\", s)\n",
        wav = sound::wav().display(),
        port = studio.secure.port(),
    );
    let mut liquidsoap = program("liquidsoap");
    liquidsoap.arg(studio.file("station.liq", &script));
    let _encoder = start(liquidsoap);
    studio.on_air("/liq.mp3").await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_curl_sends_behind_tls_is_heard_to_the_bit() {
    let studio = Studio::open().await;
    let sent = sound::file(Codec::Mp3);
    let send = ["--http1.1", "-u", "source:srcpw", "-H", "Content-Type: audio/mpeg", "-T", sent.to_str().unwrap()];
    let _encoder = start(curl(&studio, &send, "/curl.mp3"));
    studio.on_air("/curl.mp3").await;
    let heard = listen(&studio, "/curl.mp3", "", 100_000).await;
    sound::assert_is_a_run(Codec::Mp3, &heard.sound, &std::fs::read(&sent).unwrap());
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_playlists_and_streams_come_by_http2_where_that_is_agreed() {
    let studio = Studio::with(Settings { open_mounts: true, ..with_news() }).await;
    let _source = studio.send(Codec::Mp3, "/news.mp3", "").await;
    let version = ["-w", " %{http_version}"];
    assert_eq!(run(curl(&studio, &version, "/hello")).await.0, "hello 2");
    assert_eq!(run(curl(&studio, &["--http1.1", "-w", " %{http_version}"], "/hello")).await.0, "hello 1.1");
    assert_eq!(run(curl(&studio, &["-d", "a form", "-w", " %{http_version}"], "/hello")).await.0, "a form 2");
    let playlist = run(curl(&studio, &version, "/news.mp3.m3u")).await.0;
    assert!(playlist.contains(&secure_url(&studio, "/news.mp3")), "{playlist}");
    let no_list =
        run(curl(&studio, &["-o", "-", "-w", " %{http_version} %{http_code}"], "/hls/none/index.m3u8")).await.0;
    assert!(no_list.ends_with(" 2 404"), "{no_list}");
    let mut stream = program("curl");
    stream.args(["-sS", "--max-time", "30", "--http2", "-i", "--cacert"]).arg(file("certificate"));
    let stream = stream.arg(secure_url(&studio, "/news.mp3")).spawn().unwrap();
    let mut output = stream.stdout.unwrap();
    let mut heard = vec![0; 120_000];
    timeout(PATIENCE, output.read_exact(&mut heard)).await.expect("it is heard").unwrap();
    assert!(heard.starts_with(b"HTTP/2 200"), "{}", String::from_utf8_lossy(&heard[..100]));
    studio.close().await;
}

async fn s_client(studio: &Studio, arguments: &[&str]) -> String {
    let mut client = program("openssl");
    client.args(["s_client", "-connect", &studio.secure.to_string(), "-CAfile"]).arg(file("certificate"));
    run(client_with(client, arguments)).await.0
}

fn client_with(mut client: Command, arguments: &[&str]) -> Command {
    client.args(arguments);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_agrees_on_every_version_that_is_spoken_and_on_no_older_one() {
    let studio = Studio::open().await;
    for (asked, agreed) in [("-tls1_2", "TLSv1.2, Cipher is "), ("-tls1_3", "TLSv1.3, Cipher is ")] {
        let said = s_client(&studio, &[asked, "-alpn", "http/1.1"]).await;
        assert!(said.contains(agreed) && said.contains("Verification: OK"), "{said}");
        assert!(said.contains("ALPN protocol: http/1.1"), "{said}");
    }
    let said = s_client(&studio, &["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"]).await;
    assert!(said.contains("Cipher is (NONE)"), "{said}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_host_name_is_shown_its_own_certificate() {
    let studio = Studio::open().await;
    studio.certificates.replace(vec![pair("certificate", "key"), pair("other-certificate", "other-key")]);
    for (name, shown) in [
        ("elsewhere.test", "CN = other-certificate"),
        ("radio.test", "CN = certificate"),
        ("nobody.test", "CN = certificate"),
    ] {
        let said = s_client(&studio, &["-servername", name]).await;
        assert!(said.contains(&format!("subject={shown}\n")), "{name}: {said}");
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_is_shown_from_then_on_and_nobody_is_dropped() {
    let studio = Studio::open().await;
    let _source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    let mut socket = connect(studio.secure).await;
    socket.write_all(b"GET /live.mp3 HTTP/1.1\r\n\r\n").await.unwrap();
    let mut piece = vec![0; 32_000];
    timeout(PATIENCE, socket.read_exact(&mut piece)).await.expect("it is heard").unwrap();
    assert!(studio.certificates.replace(vec![pair("other-certificate", "other-key")]));
    let said = s_client(&studio, &["-servername", "localhost"]).await;
    assert!(said.contains("subject=CN = other-certificate\n"), "{said}");
    let mut more = vec![0; 64_000];
    timeout(PATIENCE, socket.read_exact(&mut more)).await.expect("it is still heard").unwrap();
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_plain_http_to_tls_is_told_so() {
    let studio = Studio::open().await;
    let mut socket = TcpStream::connect(studio.secure).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: radio.test\r\n\r\n").await.unwrap();
    let told = String::from_utf8(read_until_closed(&mut socket).await).unwrap();
    assert!(told.starts_with("HTTP/1.0 400 "), "{told}");
    assert!(told.ends_with("This port speaks TLS only: ask for https, not http"), "{told}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_handshake_or_never_ends_is_closed_and_the_door_stays_open() {
    let studio = Studio::with(Settings { head_timeout_ms: 700, ..settings() }).await;
    let hello = client_hello();
    // A length that promises more, a record of nothing, an old hello, noise, half a hello, silence.
    let beginnings =
        [&[22, 3, 1, 255, 255, 1][..], &[22, 3, 3, 0, 0], &[128, 46, 1, 3, 1], &[0; 600], &hello[..90], &[]];
    let visits = beginnings.map(|bytes| {
        let (bytes, address) = (bytes.to_vec(), studio.secure);
        tokio::spawn(async move {
            let mut socket = TcpStream::connect(address).await.unwrap();
            socket.write_all(&bytes).await.unwrap();
            let told = read_until_closed(&mut socket).await;
            // An alert is all that they may be told.
            assert!(told.is_empty() || told[0] == 21, "{bytes:?}: {told:?}");
        })
    });
    for visit in visits {
        visit.await.unwrap();
    }
    assert_eq!(run(curl(&studio, &[], "/hello")).await.0, "hello");
    studio.close().await;
}

/// The first flight of a client that knows nothing yet.
fn client_hello() -> Vec<u8> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = rustls::ClientConnection::new(Arc::clone(connector().config()), name).unwrap();
    let mut hello = Vec::new();
    client.write_tls(&mut hello).unwrap();
    hello
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_may_come_byte_by_byte() {
    let studio = Studio::open().await;
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut socket = TcpStream::connect(studio.secure).await.unwrap();
    socket.set_nodelay(true).unwrap();
    tokio::spawn(async move {
        let (mut from, mut to) = socket.split();
        let (mut said, mut heard) = tokio::io::split(&mut theirs);
        let byte_by_byte = async {
            while let Ok(byte) = said.read_u8().await {
                to.write_all(&[byte]).await?;
                to.flush().await?;
            }
            std::io::Result::Ok(())
        };
        let _ = tokio::join!(byte_by_byte, tokio::io::copy(&mut from, &mut heard));
    });
    let agreed = connector().connect(ServerName::try_from("localhost").unwrap(), ours);
    let mut socket = timeout(PATIENCE, agreed).await.expect("they agree").unwrap();
    socket.write_all(b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let answer = String::from_utf8(read_until_closed(&mut socket).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"), "{answer}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_listener_behind_tls_is_closed_and_another_hears_on() {
    let studio = Studio::with(Settings { open_mounts: true, listener_stuck_ms: 1_500, ..settings() }).await;
    let _source = studio.send(Codec::OggFlac, "/live.ogg", "").await;
    let mount = studio.on_air("/live.ogg").await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let socket = socket.connect(studio.secure).await.unwrap();
    let mut stalled = connector().connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap();
    let mut hears = connect(studio.secure).await;
    for listener in [&mut stalled, &mut hears] {
        listener.write_all(b"GET /live.ogg HTTP/1.1\r\n\r\n").await.unwrap();
    }
    wait_for("both to listen", || (studio.air.listeners_connected() == 2).then_some(())).await;
    let hearing = tokio::spawn(async move {
        let mut piece = vec![0; 64_000];
        while hears.read_exact(&mut piece).await.is_ok() {}
    });
    wait_for("the stalled one to be closed", || (studio.air.listeners_connected() == 1).then_some(())).await;
    assert!(mount.audience().slow() > 0, "it is counted among the slow");
    assert!(!hearing.is_finished());
    hearing.abort();
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_who_says_goodbye_is_gone_at_once() {
    let studio = Studio::open().await;
    let _source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    let mut socket = connect(studio.secure).await;
    socket.write_all(b"GET /live.mp3 HTTP/1.1\r\n\r\nand then some words that nobody listens to").await.unwrap();
    wait_for("it to listen", || (studio.air.listeners_connected() == 1).then_some(())).await;
    // The goodbye of TLS alone: the socket stays open.
    socket.get_mut().1.send_close_notify();
    socket.flush().await.unwrap();
    wait_for("it to be gone", || (studio.air.listeners_connected() == 0).then_some(())).await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_may_not_send_is_told_so_behind_tls_too() {
    let studio = Studio::open().await;
    let mut socket = connect(studio.secure).await;
    let wrong = AUTHORIZATION.replace('3', "4");
    socket.write_all(format!("SOURCE /a HTTP/1.0\r\n{wrong}\r\n\r\n").as_bytes()).await.unwrap();
    let told = String::from_utf8(read_until_closed(&mut socket).await).unwrap();
    assert!(told.starts_with("HTTP/1.0 401 "), "{told}");
    studio.close().await;
}
