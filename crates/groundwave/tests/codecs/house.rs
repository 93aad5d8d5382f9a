//! An air of one service whose children are the real program, without a store or a door.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use air::automation::Repertoire;
use air::mount::{Feed, NewSource};
use air::ring::{From, Heard};
use air::switch::Rank;
use air::{Air, Mount, Settings};
use audio::{Found, Framer};
use bus::{Bus, Subscription};
use station::library::Rendition;
use station::{Clock, Codec, Piece, PieceId, Service, ServiceId, Slug, StationId, Timestamp};
use tempfile::TempDir;
use tokio::time::timeout;
use vault::Vault;

pub const STATION: StationId = StationId(1);
pub const SERVICE: ServiceId = ServiceId(1);
/// The rate of everything in this house.
pub const RATE_HZ: u32 = 48_000;

/// A clock that runs from 1970 on.
struct Running(tokio::time::Instant);

impl Clock for Running {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.0.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The air, and what it stands on.
pub struct House {
    pub air: Arc<Air>,
    pub news: Subscription,
    _folder: TempDir,
}

/// What a house is opened with.
pub struct Plan {
    /// The mounts: codec and kbit/s.
    pub mounts: Vec<(Codec, u32)>,
    pub settings: Settings,
    pub repertoire: Repertoire,
    pub vault: (Vault, TempDir),
}

pub fn vault() -> (Vault, TempDir) {
    let folder = TempDir::new().expect("the machine has room for a folder");
    (Vault::disk(folder.path()).expect("a vault opens in it"), folder)
}

impl House {
    pub fn open(plan: Plan) -> Self {
        let mounts = plan.mounts.iter().map(|(codec, bitrate_kbps)| station::Mount {
            path: path(*codec),
            codec: *codec,
            bitrate_kbps: *bitrate_kbps,
            sample_rate_hz: RATE_HZ,
            channels: 2,
        });
        let service = Service {
            station: STATION,
            id: SERVICE,
            slug: Slug::parse("music").expect("it is a slug"),
            name: "Music".into(),
            teaser: String::new(),
            position: 0,
            mounts: mounts.collect(),
        };
        let settings = Settings { services: vec![service], workshop: Some(super::workshop()), ..plan.settings };
        let (bus, (vault, folder)) = (bus::Local::new(), plan.vault);
        let news = bus.subscribe();
        let clock = Arc::new(Running(tokio::time::Instant::now()));
        let air = Air::start(settings, plan.repertoire, vault, Arc::clone(&bus) as Arc<dyn Bus>, clock);
        Self { air: air.expect("the air opens"), news, _folder: folder }
    }

    pub fn mount(&self, codec: Codec) -> Arc<Mount> {
        self.air.mount_of(SERVICE, codec).expect("the house has such a mount")
    }

    pub fn studio(&self, codec: Codec) -> Feed {
        let (name, user, declared) = ("Studio".to_owned(), String::new(), Default::default());
        let source = NewSource { name, user, rank: Rank::Studio, declared };
        self.mount(codec).attach(source).expect("the studio is let in")
    }
}

pub fn path(codec: Codec) -> String {
    format!("/music.{}", codec.slug())
}

/// Waits for something that will be so soon.
pub async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), waiting).await.unwrap_or_else(|_| panic!("it never came that {what}"));
}

/// What is heard on a mount from here on, for so long.
pub async fn hear(mount: &Mount, time: Duration) -> Vec<u8> {
    let (mut follower, mut bytes) = (mount.follow(From::Live), Vec::new());
    let listening = async {
        while let Some(heard) = follower.next().await {
            match heard {
                Heard::Chunk(chunk) => bytes.extend_from_slice(&chunk.bytes),
                Heard::Format(preface) => bytes.extend_from_slice(&preface.headers),
                _ => {}
            }
        }
    };
    let _ = timeout(time, listening).await;
    bytes
}

/// A sound that ffmpeg makes of a filter, encoded.
pub fn made(filter: &str, codec: Codec) -> Vec<u8> {
    let (encoder, container) = match codec {
        Codec::Mp3 => ("libmp3lame", "mp3"),
        Codec::Aac => ("aac", "adts"),
        Codec::OggOpus => ("libopus", "ogg"),
        Codec::OggVorbis => ("libvorbis", "ogg"),
        Codec::OggFlac => ("flac", "ogg"),
    };
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", filter, "-ac", "2", "-ar", "48000", "-c:a", encoder])
        .args(["-b:a", "128k", "-page_duration", "200000", "-f", container, "-"])
        .output()
        .expect("this test needs ffmpeg: apt-get install ffmpeg");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

/// A piece of the library in these codecs.
pub async fn piece(vault: &Vault, number: i64, filter: &str, seconds: i64, codecs: &[Codec]) -> Piece {
    let mut renditions = Vec::new();
    for &codec in codecs {
        let key = vault.put_content(made(filter, codec).into(), codec.slug()).await.expect("the vault takes it");
        renditions.push(Rendition { codec, key });
    }
    let piece = Piece::new(PieceId(number), STATION, SERVICE, format!("Piece {number}"));
    Piece { position: number, duration_ms: seconds * 1_000, renditions, ..piece }
}

/// Every frame of a sound, with what it begins with.
pub fn found(bytes: &[u8], codec: Codec) -> Vec<Found> {
    let mut framer = Framer::new(air::codec::to_audio(codec));
    framer.push(bytes);
    framer.finish();
    framer.collect()
}

/// What ffmpeg makes of a stream: the left channel's samples at 48 kHz. It must not complain.
pub fn decoded(bytes: &[u8], codec: Codec) -> Vec<f32> {
    let raw = ffmpeg(bytes, codec, &["-v", "error"], &["-ac", "1", "-ar", "48000", "-f", "f32le", "-"]);
    let complaints = String::from_utf8_lossy(&raw.stderr);
    assert!(raw.status.success() && complaints.is_empty(), "{codec:?}: {complaints}");
    raw.stdout.chunks_exact(4).map(|sample| f32::from_le_bytes([sample[0], sample[1], sample[2], sample[3]])).collect()
}

/// Runs ffmpeg on a stream that it gets by a pipe, as from a server.
pub fn ffmpeg(bytes: &[u8], codec: Codec, before: &[&str], after: &[&str]) -> std::process::Output {
    let container = match codec {
        Codec::Mp3 => "mp3",
        Codec::Aac => "aac",
        Codec::OggOpus | Codec::OggVorbis | Codec::OggFlac => "ogg",
    };
    let mut child = Command::new("ffmpeg")
        .args(before)
        .args(["-f", container, "-i", "pipe:0"])
        .args(after)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this test needs ffmpeg: apt-get install ffmpeg");
    let (mut input, bytes) = (child.stdin.take().expect("its input is piped"), bytes.to_vec());
    let writing = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().expect("ffmpeg ends");
    // It may have ended before it had read everything; what it said then is judged by who asked.
    let _ = writing.join().expect("no writer panics");
    output
}

/// The level of a tone in each tenth of a second, in dBFS (Goertzel's filter).
pub fn levels_dbfs(pcm: &[f32], hertz: f32) -> Vec<f64> {
    let window = RATE_HZ as usize / 10;
    let omega = std::f32::consts::TAU * hertz / RATE_HZ as f32;
    let level = |pcm: &[f32]| {
        let (re, im) = pcm.iter().enumerate().fold((0.0_f64, 0.0_f64), |(re, im), (at, sample)| {
            let (sin, cos) = (omega * at as f32).sin_cos();
            (re + f64::from(sample * cos), im + f64::from(sample * sin))
        });
        20.0 * (2.0 * re.hypot(im) / pcm.len() as f64).max(1e-6).log10()
    };
    pcm.chunks_exact(window).map(level).collect()
}
