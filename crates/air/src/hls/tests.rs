//! Mounts packed, served and played by ffmpeg; killed and started again; with a vault that fails.

mod low_latency;
mod rules;
mod variants;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use audio::{Codec, Format, Found, Frame, Framer};
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use station::{Service, ServiceId, Slug, StationId, Timestamp};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower::ServiceExt;
use vault::Vault;

use super::*;
use crate::Title;
use crate::beat::Beat;
use crate::ring::{Bounds, Follower, From, Log, Packer, duration};
use crate::settings;

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(30);
/// Blocks in six seconds at 44.1 kHz: a little less, so that it is the block after them that ends a segment.
const UNITS: usize = 258;

/// A service whose mounts we feed by hand, so that hours pass in no time.
struct Station {
    hls: Arc<Hls>,
    lines: Vec<Line>,
    now: Timestamp,
}

/// A mount, and what packs it.
struct Line {
    log: Arc<Log>,
    packer: Packer,
    packing: JoinHandle<()>,
}

/// Two minutes of rewind, in whole segments.
fn whole_segments() -> settings::Hls {
    settings::Hls { window_minutes: 2, low_latency: false, ..settings::Hls::default() }
}

fn mount(codec: station::Codec, bitrate_kbps: u32) -> station::Mount {
    let path = format!("/news-{bitrate_kbps}.{}", codec.slug());
    station::Mount { path, codec, bitrate_kbps, sample_rate_hz: 44_100, channels: 2 }
}

impl Station {
    /// Goes on the air at eight in the morning and `after`, with what is in `folder` and one mount, AAC.
    fn start(folder: &Path, after: Duration) -> Self {
        Self::with(folder, after, whole_segments(), vec![mount(station::Codec::Aac, 128)])
    }

    fn with(folder: &Path, after: Duration, hls: settings::Hls, mounts: Vec<station::Mount>) -> Self {
        let now = "2026-11-24T08:00:00Z".parse::<Timestamp>().unwrap() + after;
        let epoch = now.as_millisecond() as u64;
        let service = Service {
            id: ServiceId(7),
            station: StationId(1),
            slug: Slug::parse("news").unwrap(),
            name: "News".into(),
            teaser: String::new(),
            position: 0,
            mounts,
        };
        let settings = Settings {
            services: vec![service],
            hosts: vec![("radio.example".into(), StationId(1)), ("other.example".into(), StationId(2))],
            hls,
            ..Settings::default()
        };
        let hls = Hls::new(&settings, epoch, &Vault::disk(folder).unwrap(), &Beat::here());
        let ladder = &hls.ladders()[0];
        let lines = ladder.renditions().iter().map(|rendition| Line::start(ladder, rendition, epoch)).collect();
        Self { hls, lines, now }
    }

    /// Sends frames on the first mount as an encoder would, in their own time.
    fn send(&mut self, frames: &[Frame]) {
        self.now = self.lines[0].send(&aac(&frames[0]), frames, self.now);
    }

    /// Ends as a program does that is told to.
    async fn stop(self) -> Arc<Hls> {
        for line in self.lines {
            line.log.close();
            tokio::time::timeout(DEADLINE, line.packing).await.expect("packing ends with its mount").unwrap();
        }
        self.hls
    }

    /// Ends as a program does that is killed, once the segment before number `seq` is listed.
    async fn kill_before(self, seq: u64) {
        self.until_listed(seq).await;
        self.lines.iter().for_each(|line| line.packing.abort());
    }

    async fn until_listed(&self, end: u64) {
        for rendition in self.hls.ladders()[0].renditions() {
            until(|| (rendition.newest_seq() >= Some(end - 1)).then_some(())).await;
        }
    }
}

impl Line {
    fn start(ladder: &Arc<Ladder>, rendition: &Arc<Rendition>, epoch: u64) -> Self {
        let log = Log::new(Bounds { duration: Duration::from_secs(24 * 3600), bytes: 1 << 30 });
        let packer = Packer::new(Arc::clone(&log), epoch, Title::new("", ""));
        let follower = Follower::new(Arc::clone(&log), From::Oldest);
        let packing = tokio::spawn(Arc::clone(ladder).pack(Arc::clone(rendition), follower));
        Self { log, packer, packing }
    }

    /// Sends frames in their own time, from `now` on; gives the time after them.
    fn send(&mut self, (format, headers): &(Format, Bytes), frames: &[Frame], now: Timestamp) -> Timestamp {
        self.packer.open(*format, headers.clone(), now);
        let mut at = now;
        for frame in frames {
            self.packer.push(frame, at);
            at += duration(u64::from(frame.samples), format.sample_rate_hz);
        }
        self.packer.seal();
        at
    }
}

/// Looks again and again until `look` finds something.
async fn until<T>(look: impl Fn() -> Option<T>) -> T {
    let found = async {
        loop {
            match look() {
                Some(found) => return found,
                None => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(DEADLINE, found).await.expect("it comes in time")
}

/// The format that a frame of AAC tells.
fn aac(frame: &Frame) -> (Format, Bytes) {
    let mut framer = Framer::new(Codec::Aac);
    framer.push(&frame.bytes);
    framer.finish();
    let Some(Found::Format { format, headers }) = framer.next() else { panic!("a frame tells its format") };
    (format, headers)
}

/// What a stream is made of: its format with the header pages, and its frames.
fn cut(codec: Codec, stream: &[u8]) -> ((Format, Bytes), Vec<Frame>) {
    let mut framer = Framer::new(codec);
    framer.push(stream);
    framer.finish();
    let (mut told, mut frames) = (None, Vec::new());
    for found in framer {
        match found {
            Found::Format { format, headers } => told = Some((format, headers)),
            Found::Frame(frame) => frames.push(frame),
            _ => {}
        }
    }
    (told.expect("a stream tells its format"), frames)
}

/// What ffmpeg encodes of a source, with these options.
fn encode(source: &str, options: &str) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", source])
        .args(options.split(' '))
        .arg("-")
        .output()
        .expect("ffmpeg is needed: apt-get install ffmpeg");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Sound that ffmpeg encodes: `seconds` of a rising tone.
fn tone(seconds: u32, sample_rate_hz: u32) -> Vec<Frame> {
    let source = format!("aevalsrc=0.4*sin(2*PI*(300+20*t)*t):s={sample_rate_hz}:d={seconds}");
    cut(Codec::Aac, &encode(&source, "-ac 2 -c:a aac -b:a 128k -f adts")).1
}

/// So many blocks of silence.
fn silence(blocks: usize) -> Vec<Frame> {
    vec![audio::adts::silent_frame(44_100, 2).unwrap(); blocks]
}

async fn get(hls: &Arc<Hls>, path: &str) -> Response<Body> {
    let request = Request::get(path).header(header::HOST, "radio.example").body(Body::empty()).unwrap();
    hls.routes().oneshot(request).await.unwrap()
}

async fn text(hls: &Arc<Hls>, path: &str) -> String {
    let response = get(hls, path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// The numbers after a tag, one for each line that has it.
fn values<'a>(list: &'a str, tag: &str) -> Vec<&'a str> {
    list.lines().filter_map(|line| line.strip_prefix(tag)).collect()
}

/// Plays an address over a real socket until its end; gives the samples and fails if ffmpeg complains.
async fn play(hls: &Arc<Hls>, path: &str, options: &[&str]) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}{path}", listener.local_addr().unwrap());
    let server = tokio::spawn(axum::serve(listener, hls.routes()).into_future());
    let output = tokio::process::Command::new("ffmpeg")
        .args(["-v", "warning"])
        .args(options)
        .args(["-i", &address, "-f", "s16le", "-"])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("ffmpeg is needed: apt-get install ffmpeg");
    server.abort();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ffmpeg complains of {path}");
    output.stdout
}

/// Decodes frames as they are.
fn decode(frames: &[Frame]) -> Vec<u8> {
    decode_file("stream.aac", &frames.iter().flat_map(|frame| frame.bytes.to_vec()).collect::<Vec<u8>>())
}

fn decode_file(name: &str, bytes: &[u8]) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, bytes).unwrap();
    let output =
        Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(file).args(["-f", "s16le", "-"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ffmpeg complains of {name}");
    output.stdout
}

/// The whole window as a finished list.
const ALL: &str = "/hls/news/index.m3u8?from=2026-11-24T00:00:00Z&to=";

#[tokio::test]
async fn what_is_packed_is_heard_to_the_sample() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    let frames = tone(40, 44_100);
    station.send(&frames);
    let end = station.now;
    let hls = station.stop().await;

    let heard = play(&hls, &format!("{ALL}{}", end - Duration::from_secs(1)), &[]).await;
    assert!(heard == decode(&frames), "other samples, or fewer");

    let list = text(&hls, "/hls/news/rewind.m3u8").await;
    let total: f64 = values(&list, "#EXTINF:").iter().map(|it| it.trim_end_matches(',').parse::<f64>().unwrap()).sum();
    let sent = frames.len() as f64 * 1024.0 / 44_100.0;
    assert!((total - sent).abs() < 0.00001, "the list says {total} s of {sent} s");
}

#[tokio::test]
async fn ffmpeg_follows_the_live_list() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    let frames = tone(40, 44_100);
    station.send(&frames);
    let hls = station.stop().await;
    let heard = play(&hls, "/hls/news/index.m3u8", &["-live_start_index", "0", "-t", "30"]).await;
    assert_eq!(heard.len(), 30 * 44_100 * 4);
}

#[tokio::test]
async fn after_a_kill_numbers_and_media_time_go_on_and_the_clock_is_right() {
    let folder = TempDir::new().unwrap();
    let frames = tone(40, 44_100);
    let mut first = Station::start(folder.path(), Duration::ZERO);
    // Three segments, and a hundred blocks of the fourth.
    first.send(&frames[..776 + 100]);
    first.kill_before(3).await;

    let mut second = Station::start(folder.path(), Duration::from_secs(60));
    second.send(&frames[776..1_550]);
    let end = second.now;
    let hls = second.stop().await;
    let list = text(&hls, "/hls/news/rewind.m3u8").await;
    assert_eq!(values(&list, "#EXT-X-MEDIA-SEQUENCE:"), ["0"]);
    assert_eq!(values(&list, "#EXT-X-DISCONTINUITY"), ["-SEQUENCE:0"], "players end at a discontinuity");
    let uris: Vec<&str> = list.lines().filter(|line| line.ends_with(".m4s")).collect();
    let numbers: Vec<&str> =
        uris.iter().filter_map(|uri| uri.strip_suffix(".m4s")?.split_once('-')).map(|it| it.1).collect();
    assert_eq!(numbers, ["0", "1", "2", "3", "4", "5"]);
    let times = values(&list, "#EXT-X-PROGRAM-DATE-TIME:");
    assert_eq!((times[0], times[3]), ("2026-11-24T08:00:00.000Z", "2026-11-24T08:01:00.000Z"));

    // Media time has no hole: what is heard is what both runs sent, joined.
    let heard = play(&hls, &format!("{ALL}{end}"), &[]).await;
    assert!(heard == decode(&frames[..1_550]), "other samples, or fewer");
}

#[tokio::test]
async fn another_format_is_a_discontinuity_with_an_init_segment_of_its_own() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    let (before, after) = (tone(10, 44_100), tone(10, 48_000));
    station.send(&before);
    station.send(&after);
    let hls = station.stop().await;
    let list = text(&hls, "/hls/news/rewind.m3u8").await;
    let parts: Vec<&str> = list.split("#EXT-X-DISCONTINUITY\n").collect();
    assert_eq!(parts.len(), 2, "one discontinuity");
    for (part, init, frames) in [(parts[0], "init-1210.mp4", before), (parts[1], "init-1190.mp4", after)] {
        assert_eq!(values(part, "#EXT-X-MAP:URI="), [format!("\"{init}\"")]);
        let names = std::iter::once(init).chain(part.lines().filter(|line| line.ends_with(".m4s")));
        let mut file = Vec::new();
        for name in names {
            let response = get(&hls, &format!("/hls/news/{name}")).await;
            file.extend(response.into_body().collect().await.unwrap().to_bytes());
        }
        assert!(decode_file("part.mp4", &file) == decode(&frames), "{init}: other samples, or fewer");
    }
}

#[tokio::test]
async fn old_segments_leave_the_lists_and_then_the_vault() {
    let folder = TempDir::new().unwrap();
    let mut first = Station::start(folder.path(), Duration::ZERO);
    // Five minutes.
    first.send(&silence(12_920));
    first.until_listed(50).await;
    let hls = first.stop().await;
    let list = text(&hls, "/hls/news/rewind.m3u8").await;
    assert_eq!(values(&list, "#EXT-X-MEDIA-SEQUENCE:"), ["30"], "two minutes");
    let kept = std::fs::read_dir(folder.path().join("hls/7")).unwrap().count();
    assert_eq!(kept, 30, "two minutes, and a minute for those who have an older list");

    // A restart finds the same again.
    let mut second = Station::start(folder.path(), Duration::from_secs(301));
    second.send(&silence(UNITS));
    let hls = second.stop().await;
    assert_eq!(values(&text(&hls, "/hls/news/rewind.m3u8").await, "#EXT-X-MEDIA-SEQUENCE:"), ["31"]);
    for (seq, status) in [(21, StatusCode::OK), (19, StatusCode::NOT_FOUND)] {
        assert_eq!(get(&hls, &format!("/hls/news/1795507200000-{seq}.m4s")).await.status(), status, "{seq}");
    }
}

#[tokio::test]
async fn a_vault_that_fails_does_not_stop_the_stream() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("hls")).unwrap();
    // Where the folder should be made there is a file.
    std::fs::write(folder.path().join("hls/7"), "").unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    let frames = tone(20, 44_100);
    station.send(&frames);
    let end = station.now;
    let hls = station.stop().await;
    let heard = play(&hls, &format!("{ALL}{}", end - Duration::from_secs(1)), &[]).await;
    assert!(heard == decode(&frames), "it is not heard from memory");
}

#[tokio::test]
async fn answers_say_what_they_are() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    let early = get(&station.hls, "/hls/news/index.m3u8").await;
    assert_eq!(early.status(), StatusCode::SERVICE_UNAVAILABLE);
    station.send(&silence(UNITS + 1));
    let hls = station.stop().await;
    for (path, media_type, caching) in [
        ("index.m3u8", "application/vnd.apple.mpegurl", "max-age=1"),
        ("rewind.m3u8", "application/vnd.apple.mpegurl", "max-age=1"),
        ("master.m3u8", "application/vnd.apple.mpegurl", "max-age=1"),
        ("init-1210.mp4", "audio/mp4", "public, max-age=31536000, immutable"),
        ("1795507200000-0.m4s", "video/iso.segment", "public, max-age=31536000, immutable"),
    ] {
        let response = get(&hls, &format!("/hls/news/{path}")).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_TYPE], media_type, "{path}");
        assert_eq!(headers[header::CACHE_CONTROL], caching, "{path}");
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{path}");
    }
    let master = text(&hls, "/hls/news/master.m3u8").await;
    assert!(master.contains("CODECS=\"mp4a.40.2\"") && master.ends_with("\nindex.m3u8\n"), "{master}");
}

#[tokio::test]
async fn what_is_not_there_is_told_in_a_sentence() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    station.send(&silence(UNITS + 1));
    let hls = station.stop().await;
    for (path, status) in [
        ("/hls/jazz/index.m3u8", StatusCode::NOT_FOUND),
        ("/hls/news/1795507200000-9.m4s", StatusCode::NOT_FOUND),
        ("/hls/news/1-0.m4s", StatusCode::NOT_FOUND),
        ("/hls/news/init-ffff.mp4", StatusCode::NOT_FOUND),
        ("/hls/news/..%2f..%2fetc%2fpasswd", StatusCode::NOT_FOUND),
        ("/hls/news/index.m3u8?from=yesterday", StatusCode::BAD_REQUEST),
    ] {
        let response = get(&hls, path).await;
        assert_eq!(response.status(), status, "{path}");
        let sentence = response.into_body().collect().await.unwrap().to_bytes();
        assert!(sentence.ends_with(b".\n"), "{path}: {sentence:?}");
    }
}

#[tokio::test]
async fn a_station_s_service_is_not_found_at_another_s_host() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    station.send(&silence(UNITS + 1));
    let hls = station.stop().await;
    for (host, status) in [
        ("radio.example:8000", StatusCode::OK),
        ("127.0.0.1", StatusCode::OK),
        ("other.example", StatusCode::NOT_FOUND),
    ] {
        let request = Request::head("/hls/news/index.m3u8").header(header::HOST, host).body(Body::empty()).unwrap();
        assert_eq!(hls.routes().oneshot(request).await.unwrap().status(), status, "{host}");
    }
}

#[tokio::test]
async fn a_list_comes_compressed_to_those_who_ask() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    let silence = silence(UNITS + 1);
    (0..12).for_each(|_| station.send(&silence));
    let hls = station.stop().await;
    let plain = text(&hls, "/hls/news/rewind.m3u8").await;
    let request = Request::get("/hls/news/rewind.m3u8").header(header::ACCEPT_ENCODING, "gzip").body(Body::empty());
    let response = hls.routes().oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    let compressed = response.into_body().collect().await.unwrap().to_bytes();
    let mut unpacked = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&compressed[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
    assert!(compressed.len() * 2 < plain.len());
}
