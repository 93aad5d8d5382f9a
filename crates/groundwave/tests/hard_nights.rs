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
