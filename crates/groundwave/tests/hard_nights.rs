//! What goes wrong on a hard night, and what must not be lost.

mod codecs;
mod station;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use station::{Running, Station, folder, headlines, newest_segment, program, wait_for};

fn authorization(station: &Station) -> String {
    use base64::Engine as _;
    let source = &station.ready["source"];
    let pair = format!("{}:{}", source["user"].as_str().unwrap(), source["password"].as_str().unwrap());
    format!("Authorization: Basic {}\r\n", base64::engine::general_purpose::STANDARD.encode(pair))
}

#[test]
fn a_kill_in_the_middle_of_a_stream_loses_nothing_that_was_published() {
    let dir = folder();
    let station = Station::start(dir.path());
    let _encoder = Running(
        program("ffmpeg", "ffmpeg")
            .args([
                "-v",
                "quiet",
                "-re",
                "-f",
                "lavfi",
                "-i",
                "sine=sample_rate=44100",
                "-ac",
                "2",
                "-c:a",
                "aac",
                "-b:a",
                "64k",
            ])
            .args(["-content_type", "audio/aac", "-f", "adts", &station.icecast_url("/news.aac")])
            .stdin(Stdio::null())
            .spawn()
            .expect("ffmpeg starts"),
    );
    let before = wait_for("two segments", || newest_segment(&station).filter(|newest| *newest >= 1));
    let home = headlines(&station.get("/").text());
    station.kill();

    let station = Station::start(dir.path());
    assert_eq!(headlines(&station.get("/").text()), home);
    let after = wait_for("a segment after the kill", || newest_segment(&station).filter(|newest| *newest > before));
    assert!(after > before);
    let check = program("sqlite3", "sqlite3")
        .arg(dir.path().join("station.db"))
        .arg("PRAGMA integrity_check")
        .output()
        .expect("sqlite3 runs");
    assert_eq!(String::from_utf8_lossy(&check.stdout).trim(), "ok");
}

#[test]
fn a_source_that_sends_garbage_does_no_harm() {
    let dir = folder();
    let station = Station::start(dir.path());
    let mut listener = station.connect();
    listener.write_all(b"GET /news.mp3 HTTP/1.0\r\n\r\n").unwrap();
    let mut garbage = station.connect();
    let head =
        format!("PUT /news.mp3 HTTP/1.1\r\nHost: x\r\nContent-Type: audio/mpeg\r\n{}\r\n", authorization(&station));
    garbage.write_all(head.as_bytes()).unwrap();
    let mut noise: u32 = 1;
    for _ in 0..64 {
        let block: Vec<u8> = (0..16_384)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 24) as u8
            })
            .collect();
        // The station may have had enough before we have.
        if garbage.write_all(&block).is_err() {
            break;
        }
    }
    let mut heard = vec![0; 200_000];
    listener.read_exact(&mut heard).expect("the listener goes on hearing");
    assert_eq!(station.get("/").status, 200);
}

#[test]
fn a_head_may_come_byte_by_byte_and_end_in_bare_line_feeds() {
    let dir = folder();
    let station = Station::start(dir.path());
    let mut socket = station.connect();
    socket.set_nodelay(true).unwrap();
    for byte in b"GET /listen HTTP/1.0\nHost: localhost\n\n" {
        socket.write_all(&[*byte]).unwrap();
    }
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.") && answer.contains(" 200 "), "{answer}");
}

#[test]
fn a_head_without_end_is_answered_and_closed() {
    let dir = folder();
    let station = Station::start(dir.path());
    let mut socket = station.connect();
    let _ = socket.write_all(b"GET / HTTP/1.1\r\nX: ");
    let _ = socket.write_all(&vec![b'x'; 40_000]);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.is_empty() || answer.contains("431") || answer.contains("400"), "{answer}");
    assert_eq!(station.get("/").status, 200);
}

#[test]
fn stalled_listeners_do_not_disturb_good_ones() {
    let dir = folder();
    let station = Station::start(dir.path());
    let ask = |socket: &mut TcpStream| socket.write_all(b"GET /music.mp3 HTTP/1.0\r\nIcy-MetaData: 1\r\n\r\n").unwrap();
    let stalled: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut socket = station.connect();
            ask(&mut socket);
            socket
        })
        .collect();
    let mut good: Vec<TcpStream> = (0..1000)
        .map(|_| {
            let mut socket = station.connect();
            ask(&mut socket);
            socket
        })
        .collect();
    // Twelve seconds of 128 kbit/s beyond the burst: each good listener gets them, in its time.
    let mut block = vec![0; 16_000];
    for _ in 0..12 {
        for socket in &mut good {
            socket.read_exact(&mut block).expect("a good listener goes on hearing");
        }
    }
    drop(stalled);
}

#[test]
fn a_station_that_cannot_listen_says_so() {
    let dir = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let told = Command::new(env!("CARGO_BIN_EXE_groundwave"))
        .args(["demo", "--listen", &address, "--data"])
        .arg(dir.path())
        .output()
        .expect("the program runs");
    assert!(!told.status.success());
    let words = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(words.contains(&address) && words.contains("another"), "{words}");
}

#[test]
fn an_encoder_without_the_password_stays_outside() {
    let dir = folder();
    let station = Station::start(dir.path());
    let answer = station.ask("PUT /news.mp3 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: audio/mpeg\r\nAuthorization: Basic c291cmNlOmhhY2ttZQ==\r\n\r\n");
    assert_eq!(answer.status, 401);
    assert!(answer.header("WWW-Authenticate").is_some());
}

/// A connection from an address that only this visitor has.
fn connect_from(visitor: [u8; 4], station: &Station) -> TcpStream {
    use socket2::{Domain, Protocol, SockAddr, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
    socket.bind(&SockAddr::from(std::net::SocketAddr::from((visitor, 0)))).unwrap();
    socket.connect(&SockAddr::from(station.address)).unwrap();
    let socket = TcpStream::from(socket);
    socket.set_read_timeout(Some(station::PATIENCE)).unwrap();
    socket
}

/// Every file below a folder that has these words in it.
fn files_with(words: &str, folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files_with(words, &path),
            false => {
                let bytes = std::fs::read(&path).unwrap();
                let is_in = bytes.windows(words.len()).any(|window| window == words.as_bytes());
                is_in.then_some(path).into_iter().collect()
            }
        })
        .collect()
}

#[test]
fn nobody_s_address_is_kept_or_logged() {
    let dir = folder();
    // All that the log can be made to say.
    let station = Station::start_with(dir.path(), &[("GROUNDWAVE_LOG_LEVEL", "trace")]);
    let (listener, reader, refused, forwarded) = ([127, 0, 0, 77], [127, 0, 0, 78], [127, 0, 0, 79], "203.0.113.77");
    let mut heard = connect_from(listener, &station);
    heard.write_all(format!("GET /news.mp3 HTTP/1.0\r\nX-Forwarded-For: {forwarded}\r\n\r\n").as_bytes()).unwrap();
    heard.read_exact(&mut [0; 60_000]).expect("a listener hears");
    for path in [
        "/",
        "/listen",
        "/hls/news/index.m3u8",
        "/no-such-page",
        "/status-json.xsl",
        "/admin/listclients?mount=/news.mp3",
    ] {
        let mut page = connect_from(reader, &station);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nForwarded: for={forwarded}\r\nConnection: close\r\n\r\n"
        );
        page.write_all(request.as_bytes()).unwrap();
        page.read_to_end(&mut Vec::new()).unwrap();
    }
    let mut source = connect_from(refused, &station);
    source.write_all(b"SOURCE /news.mp3 HTTP/1.0\r\nAuthorization: Basic eDp5\r\n\r\n").unwrap();
    source.read_to_end(&mut Vec::new()).unwrap();
    let mut garbage = connect_from(refused, &station);
    garbage.write_all(b"\x16\x03\x01\x00garbage\r\n\r\n").unwrap();
    let _ = garbage.read_to_end(&mut Vec::new());
    drop(heard);
    station.stop();

    let log = std::fs::read_to_string(dir.path().join("log.txt")).unwrap();
    assert!(log.contains("a source was refused"), "the log says nothing: {log}");
    for address in ["127.0.0.77", "127.0.0.78", "127.0.0.79", forwarded] {
        assert_eq!(files_with(address, dir.path()), [] as [std::path::PathBuf; 0], "{address} was kept");
    }
}
