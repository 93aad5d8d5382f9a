//! A station with one service, sources that push, and ears that listen.

use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use air::admission::Admission;
use air::automation::Repertoire;
use air::listener::{NewListener, Who};
use air::mount::{Ended, Feed, NewSource};
use air::ring::{Follower, Heard};
use air::switch::Rank;
use air::{Air, Mount, Settings};
use audio::Found;
use bus::{Bus, Subscription};
use bytes::Bytes;
use station::event::{Event, Input, Message};
use station::library::Rendition;
use station::{Clock, Codec, Piece, PieceId, Service, ServiceId, Slug, StationId, Timestamp};
use tempfile::TempDir;
use vault::Vault;

use crate::sound;

/// How long anything may take before a test gives up. The machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

pub const STATION: StationId = StationId(1);
pub const SERVICE: ServiceId = ServiceId(1);

/// A clock that runs, and follows tokio's when a test has stopped that.
pub struct Running(tokio::time::Instant);

impl Clock for Running {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.0.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// An air with one service, and all that it needs.
pub struct House {
    pub air: Arc<Air>,
    pub bus: Arc<bus::Local>,
    pub news: Subscription,
    pub vault: Vault,
    _folder: TempDir,
}

impl House {
    /// A service with a mount in each of these codecs, and a library of so many pieces.
    pub async fn with(codecs: &[Codec], pieces: usize, settings: Settings) -> Self {
        let folder = TempDir::new().unwrap();
        let vault = Vault::disk(folder.path()).unwrap();
        let renditions = put_renditions(&vault, codecs).await;
        let pieces: Vec<Piece> = (1..=pieces).map(|number| piece(number, renditions.clone())).collect();
        Self::start(codecs, pieces, settings, vault, folder)
    }

    /// A service with this library.
    pub fn start(
        codecs: &[Codec],
        repertoire: impl Into<Repertoire>,
        settings: Settings,
        vault: Vault,
        folder: TempDir,
    ) -> Self {
        let services = vec![service(codecs)];
        let hosts = vec![("news.example".to_owned(), STATION)];
        let bus = bus::Local::new();
        let news = bus.subscribe();
        let clock = Arc::new(Running(tokio::time::Instant::now()));
        let settings = Settings { services, hosts, ..settings };
        let air = Air::start(settings, repertoire, vault.clone(), Arc::clone(&bus) as Arc<dyn Bus>, clock).unwrap();
        Self { air, bus, news, vault, _folder: folder }
    }

    pub fn mount(&self, codec: Codec) -> Arc<Mount> {
        self.air.mount_of(SERVICE, codec).unwrap()
    }

    /// The next event that `pick` wants.
    pub async fn hear<T>(&mut self, pick: impl Fn(Event) -> Option<T>) -> T {
        let wanted = async {
            loop {
                if let bus::Heard::Message(message) = self.news.next().await
                    && let Some(picked) = pick(message.event)
                {
                    return picked;
                }
            }
        };
        tokio::time::timeout(PATIENCE * 60, wanted).await.expect("the event comes")
    }

    /// The next change of a mount's input, with its reason.
    pub async fn hear_input(&mut self, path: &str) -> (Input, String) {
        self.hear(|event| match event {
            Event::InputChanged { mount, input, reason, .. } if mount == path => Some((input, reason)),
            _ => None,
        })
        .await
    }

    pub fn tell(&self, event: Event) {
        self.bus.publish(Message { station: STATION, revision: None, event });
    }
}

/// Puts the piece's file into the vault in each codec.
pub async fn put_renditions(vault: &Vault, codecs: &[Codec]) -> Vec<Rendition> {
    let mut renditions = Vec::new();
    for &codec in codecs {
        let bytes = std::fs::read(sound::piece(codec)).unwrap();
        let key = vault.put_content(bytes.into(), codec.slug()).await.unwrap();
        renditions.push(Rendition { codec, key });
    }
    renditions
}

pub fn piece(number: usize, renditions: Vec<Rendition>) -> Piece {
    Piece {
        position: number as i64,
        artist: "Library".into(),
        duration_ms: sound::PIECE_SECONDS as i64 * 1_000,
        renditions,
        ..Piece::new(PieceId(number as i64), STATION, SERVICE, format!("Piece {number}"))
    }
}

fn service(codecs: &[Codec]) -> Service {
    let mount = |codec: Codec| station::Mount {
        path: path(codec),
        codec,
        bitrate_kbps: 128,
        sample_rate_hz: 48_000,
        channels: 2,
    };
    Service {
        id: SERVICE,
        station: STATION,
        slug: Slug::parse("news").unwrap(),
        name: "Harrow Valley News".into(),
        teaser: String::new(),
        position: 1,
        mounts: codecs.iter().map(|&codec| mount(codec)).collect(),
    }
}

pub fn path(codec: Codec) -> String {
    format!("/news.{}", codec.slug())
}

pub fn source(name: &str, rank: Rank) -> NewSource {
    NewSource { name: name.into(), user: "source".into(), rank, declared: Default::default() }
}

pub fn studio(name: &str) -> NewSource {
    source(name, Rank::Studio)
}

/// A source that sends what was recorded in the studio, round and round.
pub struct Encoder {
    pub feed: Feed,
    found: Vec<Found>,
    next: usize,
}

impl Encoder {
    pub fn new(feed: Feed, codec: Codec) -> Self {
        let found = sound::found(&sound::studio(codec), codec);
        let found = found.into_iter().filter(|found| !matches!(found, Found::Tag { .. })).collect();
        Self { feed, found, next: 0 }
    }

    /// Sends so much sound, as fast as it is let.
    pub async fn send(&mut self, seconds: f64) -> Result<(), Ended> {
        let (mut rate_hz, mut samples) = (48_000.0, 0.0);
        while samples < seconds * rate_hz {
            let found = self.found[self.next % self.found.len()].clone();
            self.next += 1;
            match &found {
                Found::Format { format, .. } => rate_hz = f64::from(format.sample_rate_hz),
                Found::Frame(frame) => samples += f64::from(frame.samples),
                _ => {}
            }
            self.feed.take(found).await?;
        }
        Ok(())
    }

    /// Sends so much sound as an encoder does that has it from a microphone: a tenth of a second at a time.
    pub async fn send_live(&mut self, seconds: f64) -> Result<(), Ended> {
        for _ in 0..(seconds * 10.0) as usize {
            self.send(0.1).await?;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }
}

/// A listener's end of a connection.
pub struct Ear {
    socket: TcpStream,
    pub heard: Vec<u8>,
}

impl Ear {
    /// Connects to a mount, and reads nothing yet.
    pub fn on(mount: &Arc<Mount>, metaint: Option<u32>) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(door.local_addr().unwrap()).unwrap();
        let (stream, _) = door.accept().unwrap();
        let (metaint, admission) = (metaint.and_then(NonZeroU32::new), Admission::free(mount));
        let listener =
            NewListener { stream, session: None, head: Bytes::new(), metaint, who: Who::default(), admission };
        mount.listen(listener).unwrap();
        socket.set_nonblocking(true).unwrap();
        Self { socket, heard: Vec::new() }
    }

    /// Reads what has come. False: the connection has ended.
    pub fn read(&mut self) -> bool {
        let mut part = [0; 64 << 10];
        loop {
            match self.socket.read(&mut part) {
                Ok(0) => return false,
                Ok(bytes) => self.heard.extend_from_slice(&part[..bytes]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
    }

    /// Reads until it has heard so much more.
    pub async fn hear(&mut self, bytes: usize) {
        let target = self.heard.len() + bytes;
        wait_for("more sound", || {
            assert!(self.read(), "the connection has ended");
            (self.heard.len() >= target).then_some(())
        })
        .await;
    }

    /// Reads until the connection ends.
    pub async fn hear_all(&mut self) {
        wait_for("the end", || (!self.read()).then_some(())).await;
    }
}

/// Asks again and again until there is an answer.
pub async fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Everything a follower hears for so long, as somebody hears it who forwards bytes.
pub async fn hear_for(follower: &mut Follower, time: Duration) -> Vec<u8> {
    let mut heard = Vec::new();
    let listening = async {
        while let Some(next) = follower.next().await {
            match next {
                Heard::Format(preface) => heard.extend_from_slice(&preface.headers),
                Heard::Chunk(chunk) => heard.extend_from_slice(&chunk.bytes),
                Heard::Title(_) => {}
                Heard::Lost { chunks } => panic!("{chunks} chunks were lost"),
            }
        }
    };
    let _ = tokio::time::timeout(time, listening).await;
    heard
}
