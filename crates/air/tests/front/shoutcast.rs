//! Shoutcast v1 sources: a password, then the sound; and the titles that go with them.

use air::Settings;
use station::Codec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::sound;
use crate::studio::{PATIENCE, Studio, listen, program, settings, start, wait_for};

const OK2: &[u8] = b"OK2\r\nicy-caps:11\r\n\r\n";
const FIELDS: &str = "icy-name:SC one\r\nicy-genre:News\r\nicy-pub:0\r\nicy-br:128\r\nicy-url:http://sc.test\r\n\
                      icy-irc:x\r\nicy-aim:x\r\nicy-icq:x\r\ncontent-type:audio/mpeg\r\n\r\n";

/// A station whose Shoutcast encoders feed /sc, or /two as their second.
async fn studio() -> Studio {
    let shoutcast_mounts = vec!["/sc".to_owned(), "/two".to_owned()];
    Studio::with(Settings { shoutcast_mounts, open_mounts: true, linger_seconds: 600, ..settings() }).await
}

/// Sends a line, and reads until the connection ends or it is welcome.
async fn say(studio: &Studio, line: &str) -> (TcpStream, Vec<u8>) {
    let mut socket = studio.connect().await;
    socket.write_all(line.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let reading = async { while answer != OK2 && socket.read_buf(&mut answer).await.unwrap() > 0 {} };
    timeout(PATIENCE, reading).await.expect("the line is answered, or the connection ends");
    (socket, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoder_that_knows_the_password_is_heard() {
    for line in ["srcpw\r\n", "srcpw\n", "source:srcpw\r\n", "srcpw:#1\r\n"] {
        let studio = studio().await;
        let (mut socket, answer) = say(&studio, line).await;
        assert_eq!(answer, OK2, "{line:?}");
        let sound = std::fs::read(sound::file(Codec::Mp3)).unwrap();
        socket.write_all(&[FIELDS.as_bytes(), &sound[..150_000]].concat()).await.unwrap();
        studio.on_air("/sc").await;
        let heard = listen(&studio, "/sc", "", 40_000).await;
        for (field, value) in [
            ("icy-name", "SC one"),
            ("icy-genre", "News"),
            ("icy-br", "128"),
            ("icy-pub", "0"),
            ("icy-url", "http://sc.test"),
        ] {
            assert_eq!(heard.field(field), Some(value), "{field} in {}", heard.head);
        }
        sound::assert_is_a_run(Codec::Mp3, &heard.sound, &sound);
        studio.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_a_stream_says_which_mount_it_is() {
    let studio = studio().await;
    let (mut socket, answer) = say(&studio, "srcpw:#2\r\n").await;
    assert_eq!(answer, OK2);
    let sound = std::fs::read(sound::file(Codec::Mp3)).unwrap();
    socket.write_all(&[FIELDS.as_bytes(), &sound[..100_000]].concat()).await.unwrap();
    studio.on_air("/two").await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_answered_by_silence() {
    let studio = studio().await;
    for line in ["wrong\r\n", "\u{7f}\r\n", "admin:srcpw\r\n", "srcpw:#3\r\n", "GET /\r\n"] {
        let (_, answer) = say(&studio, line).await;
        assert!(answer.is_empty() || line.starts_with('\u{7f}'), "{line:?}: {answer:?}");
        assert_ne!(answer, OK2);
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_mount_is_set_a_password_is_no_request() {
    let studio = Studio::open().await;
    let answer = studio.ask("srcpw\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 400 Bad Request\r\n"), "{answer}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_come_by_admin_cgi() {
    let studio = studio().await;
    let (mut socket, _) = say(&studio, "srcpw\r\n").await;
    let sound = std::fs::read(sound::file(Codec::Mp3)).unwrap();
    socket.write_all(&[FIELDS.as_bytes(), &sound[..150_000]].concat()).await.unwrap();
    let mount = studio.on_air("/sc").await;
    let ask = async |query: &str| {
        studio.ask(&format!("GET /admin.cgi?{query} HTTP/1.0\r\nUser-Agent: x (Mozilla compatible)\r\n\r\n")).await
    };
    let done = ask("mode=updinfo&pass=srcpw&title=T%20%FC&artist=A&song=A%20%2D%20T%20%FC").await;
    assert!(done.starts_with("HTTP/1.0 200 OK\r\n"), "{done}");
    assert!(done.ends_with("<body><p>Metadata update successful</p></body></html>"), "{done}");
    wait_for("the title", || (mount.snapshot().title == "A - T ü").then_some(())).await;
    for (query, first_line, part) in [
        ("mode=updinfo&pass=bad&song=x", "HTTP/1.0 401 Authentication Required", "You need to authenticate\r\n"),
        ("mode=updinfo&song=x", "HTTP/1.0 400 Bad Request", "400 - missing pass parameter"),
        ("mode=other&pass=srcpw&song=x", "HTTP/1.0 400 Bad Request", "400 - No such action"),
        ("mode=updinfo&pass=srcpw&sid=2&song=x", "HTTP/1.0 400 Bad Request", "400 - Source does not exist"),
        ("mode=updinfo&pass=srcpw:%239&song=x", "HTTP/1.0 401 Authentication Required", "You need to authenticate"),
        ("mode=updinfo&pass=srcpw:%231&song=Again", "HTTP/1.0 200 OK", "Metadata update successful"),
    ] {
        let answer = ask(query).await;
        assert!(answer.starts_with(first_line) && answer.contains(part), "{query}: {answer}");
    }
    studio.close().await;
}

/// The encoder is told a port and sends to the one above it, so the station's port stands above one that leads there, too.
#[tokio::test(flavor = "multi_thread")]
async fn liquidsoap_is_heard_by_the_shoutcast_protocol() {
    let studio = studio().await;
    let base = two_ports_that_lead_to(&studio).await;
    let script = format!(
        "settings.init.allow_root.set(true)\n\
         s = mksafe(once(single(\"annotate:artist=\\\"Björk\\\",title=\\\"Jóga\\\":{wav}\")))\n\
         output.icecast(%mp3(bitrate=128), protocol=\"icy\", host=\"127.0.0.1\", port={base}, password=\"srcpw\", \
         icy_id=1, mount=\"ignored\", name=\"Liq icy\", genre=\"News\", url=\"http://liq.test\", s)\n",
        wav = sound::wav().display(),
    );
    let mut liquidsoap = program("liquidsoap");
    liquidsoap.arg(studio.file("icy.liq", &script));
    let _encoder = start(liquidsoap);
    let mount = studio.on_air("/sc").await;
    wait_for("the title", || (mount.snapshot().title == "Björk - Jóga").then_some(())).await;
    let heard = listen(&studio, "/sc", "", 40_000).await;
    assert_eq!((heard.field("icy-name"), heard.field("icy-br")), (Some("Liq icy"), Some("128")));
    studio.close().await;
}

/// Opens two ports in a row that pass everything on to the station; the lower of them.
async fn two_ports_that_lead_to(studio: &Studio) -> u16 {
    let address = studio.address;
    for _ in 0..50 {
        let lower = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = lower.local_addr().unwrap().port();
        let Ok(upper) = TcpListener::bind(("127.0.0.1", base.wrapping_add(1))).await else { continue };
        for listener in [lower, upper] {
            tokio::spawn(async move {
                while let Ok((mut client, _)) = listener.accept().await {
                    tokio::spawn(async move {
                        let mut station = TcpStream::connect(address).await?;
                        tokio::io::copy_bidirectional(&mut client, &mut station).await
                    });
                }
            });
        }
        return base;
    }
    panic!("no two ports in a row are free");
}
