//! A station with an open port, the programs that use it, and a tap on the wire between them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use air::Air;
use air::front::Door;
use air::settings::{Settings, Sources};
use air::tls::Certificates;
use axum::Router;
use axum::routing::get;
use station::event::Input;
use station::{Clock, Codec, Mount, Service, ServiceId, Slug, StationId, Timestamp};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// How long anything may take before a test gives up. The machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What opens the station to sources: `source:srcpw`.
pub const AUTHORIZATION: &str = "Authorization: Basic c291cmNlOnNyY3B3";

/// The Debian package that a program comes in, where it is not called like the program.
const PACKAGES: [(&str, &str); 2] = [("ffprobe", "ffmpeg"), ("sox", "sox")];

/// A station that lets sources make mounts, with a page at `/hello`.
pub struct Studio {
    pub air: Arc<Air>,
    pub address: SocketAddr,
    /// The address behind which TLS is spoken.
    pub secure: SocketAddr,
    pub certificates: Certificates,
    pub folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Studio {
    pub async fn open() -> Self {
        Self::with(Settings { open_mounts: true, linger_seconds: 600, ..settings() }).await
    }

    pub async fn with(settings: Settings) -> Self {
        let folder = TempDir::new().unwrap();
        let vault = vault::Vault::disk(folder.path()).unwrap();
        let air = Air::start(settings, Vec::new(), vault, bus::Local::new(), Arc::new(Running::start())).unwrap();
        let listener = air::front::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let secure_listener = air::front::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let (address, secure) = (listener.local_addr().unwrap(), secure_listener.local_addr().unwrap());
        let certificates = Certificates::new(vec![crate::tls::pair("certificate", "key")]).unwrap();
        let doors =
            [Door::from(listener), Door { listener: secure_listener, certificates: Some(certificates.clone()) }];
        let (stop, stopped) = oneshot::channel::<()>();
        let pages = Router::new()
            .route("/hello", get(|| async { "hello" }).post(|said: String| async { said }))
            .merge(air.routes());
        let serving = tokio::spawn(air::front::serve(doors, Arc::clone(&air), pages, async {
            let _ = stopped.await;
        }));
        Self { air, address, secure, certificates, folder, stop: Some(stop), serving }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Writes a file for a program to read.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads what is answered until the connection closes.
    pub async fn ask(&self, request: &str) -> String {
        let mut socket = self.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("the answer ends").unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Waits until a source is on the mount's air.
    pub async fn on_air(&self, path: &str) -> Arc<air::Mount> {
        let is_on = || {
            let mount = self.air.mount(None, path)?;
            matches!(mount.snapshot().input, Input::Source(_)).then_some(mount)
        };
        wait_for(&format!("{path} to be on the air"), is_on).await
    }

    /// Connects a source that sends a file again and again, and waits until it is on the air.
    pub async fn send(&self, codec: Codec, path: &str, fields: &str) -> Sending {
        let sound = std::fs::read(crate::sound::file(codec)).unwrap();
        let head = format!(
            "SOURCE {path} HTTP/1.0\r\n{AUTHORIZATION}\r\nContent-Type: {}\r\n{fields}\r\n",
            codec.media_type()
        );
        let mut socket = self.connect().await;
        socket.write_all(head.as_bytes()).await.unwrap();
        let sending = tokio::spawn(async move { while socket.write_all(&sound).await.is_ok() {} });
        self.on_air(path).await;
        Sending(sending)
    }

    pub async fn close(mut self) {
        let _ = self.stop.take().unwrap().send(());
        timeout(PATIENCE, &mut self.serving).await.expect("the front closes").unwrap();
        self.air.stop().await;
    }
}

/// A source that sends until it is dropped.
pub struct Sending(JoinHandle<()>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Settings with a password.
pub fn settings() -> Settings {
    Settings { sources: Sources { user: "source".into(), password: "srcpw".into() }, ..Settings::default() }
}

/// The same with one service, "News", that has a mount in MP3 and one in Opus.
pub fn with_news() -> Settings {
    let mount = |path: &str, codec, sample_rate_hz| Mount {
        path: path.into(),
        codec,
        bitrate_kbps: 128,
        sample_rate_hz,
        channels: 2,
    };
    let news = Service {
        id: ServiceId(1),
        station: StationId(1),
        slug: Slug::parse("news").unwrap(),
        name: "Harrow Valley News".into(),
        teaser: "What happens in the valley".into(),
        position: 0,
        mounts: vec![mount("/news.mp3", Codec::Mp3, 44_100), mount("/news.opus", Codec::OggOpus, 48_000)],
    };
    Settings { services: vec![news], hosts: vec![("radio.test".into(), StationId(1))], ..settings() }
}

/// Asks again and again until there is an answer.
pub async fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A program that ends with the test.
pub fn program(name: &str) -> Command {
    let is_there = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()));
    let package = PACKAGES.iter().find(|(program, _)| *program == name).map_or(name, |(_, package)| package);
    assert!(is_there, "this test needs {name}: apt-get install {package}");
    let mut command = Command::new(name);
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts an encoder that runs until it is dropped.
pub fn start(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Runs a program to its end: what it wrote to its output and to its error output.
pub async fn run(mut command: Command) -> (String, String) {
    let output = timeout(PATIENCE, command.output()).await.expect("the program ends").unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// A clock that goes, from a moment that is the same in every test.
struct Running {
    since: Instant,
    base: Timestamp,
}

impl Running {
    fn start() -> Self {
        Self { since: Instant::now(), base: "2026-11-24T08:00:00Z".parse().unwrap() }
    }
}

impl Clock for Running {
    fn now(&self) -> Timestamp {
        self.base + self.since.elapsed()
    }

    fn elapsed(&self) -> Duration {
        self.since.elapsed()
    }
}

/// Passes connections on to the station and keeps what the clients sent.
pub struct Tap {
    pub port: u16,
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
    serving: JoinHandle<()>,
}

impl Tap {
    pub async fn on(studio: &Studio) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sent: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let (log, station) = (Arc::clone(&sent), studio.address);
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = {
                    let mut log = log.lock().unwrap();
                    log.push(Vec::new());
                    log.len() - 1
                };
                tokio::spawn(pass_on(client, station, Arc::clone(&log), number));
            }
        });
        Self { port, sent, serving }
    }

    /// The heads of all that was asked, and the body of the one that sent sound, freed of its chunks.
    pub fn heads(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|bytes| split_head(bytes).0).collect()
    }

    /// The sound that was sent.
    pub fn sound(&self) -> Vec<u8> {
        let sent = self.sent.lock().unwrap();
        let longest = sent.iter().max_by_key(|bytes| bytes.len()).expect("somebody sent sound");
        let (head, body) = split_head(longest);
        if head.to_lowercase().contains("transfer-encoding: chunked") { unchunked(body) } else { body.to_vec() }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn pass_on(mut client: TcpStream, station: SocketAddr, log: Arc<Mutex<Vec<Vec<u8>>>>, number: usize) {
    let Ok(mut server) = TcpStream::connect(station).await else { return };
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) = (client.split(), server.split());
    let up = async {
        let mut piece = vec![0; 8 << 10];
        while let Ok(bytes @ 1..) = from_client.read(&mut piece).await {
            log.lock().unwrap()[number].extend_from_slice(&piece[..bytes]);
            to_server.write_all(&piece[..bytes]).await?;
        }
        to_server.shutdown().await
    };
    let down = async {
        tokio::io::copy(&mut from_server, &mut to_client).await?;
        to_client.shutdown().await
    };
    let _: (std::io::Result<()>, std::io::Result<()>) = tokio::join!(up, down);
}

fn split_head(bytes: &[u8]) -> (String, &[u8]) {
    let end = (1..bytes.len())
        .find(|&at| bytes[..at].ends_with(b"\n\n") || bytes[..at].ends_with(b"\r\n\r\n"))
        .unwrap_or(bytes.len());
    (String::from_utf8_lossy(&bytes[..end]).into_owned(), &bytes[end..])
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut sound = Vec::new();
    while let Some(end) = body.windows(2).position(|pair| pair == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap().trim(), 16).unwrap();
        let chunk = &body[end + 2..];
        sound.extend_from_slice(&chunk[..size.min(chunk.len())]);
        body = chunk.get(size + 2..).unwrap_or_default();
    }
    sound
}

/// A listener's connection: the answer's head, and the sound that came until enough was there.
pub struct Heard {
    pub head: String,
    pub sound: Vec<u8>,
    pub titles: Vec<(usize, String)>,
}

impl Heard {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(field, value)| field.eq_ignore_ascii_case(name).then(|| value.trim()))
    }
}

/// Listens until `bytes` have come; titles are taken out of the sound, with the place where each stood.
pub async fn listen(studio: &Studio, path: &str, fields: &str, bytes: usize) -> Heard {
    let mut socket = studio.connect().await;
    socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: radio.test\r\n{fields}\r\n").as_bytes()).await.unwrap();
    let mut received = Vec::new();
    let reading = async {
        let mut piece = vec![0; 16 << 10];
        while received.len() < bytes {
            let read = socket.read(&mut piece).await.unwrap();
            assert_ne!(read, 0, "the stream ended: {}", String::from_utf8_lossy(&received[..received.len().min(500)]));
            received.extend_from_slice(&piece[..read]);
        }
    };
    if timeout(PATIENCE, reading).await.is_err() {
        panic!("only {} of {bytes} bytes of {path} came", received.len());
    }
    let (head, body) = split_head(&received);
    let mut heard = Heard { head, sound: Vec::new(), titles: Vec::new() };
    match heard.field("icy-metaint").map(|bytes| bytes.parse().unwrap()) {
        None => heard.sound = body.to_vec(),
        Some(interval) => take_titles_out(body, interval, &mut heard),
    }
    heard
}

fn take_titles_out(mut body: &[u8], interval: usize, heard: &mut Heard) {
    while body.len() > interval {
        heard.sound.extend_from_slice(&body[..interval]);
        let length = usize::from(body[interval]) * 16;
        let block = &body[interval + 1..];
        if block.len() < length {
            return;
        }
        if length > 0 {
            let text = String::from_utf8(block[..length].to_vec()).expect("a block is UTF-8");
            heard.titles.push((heard.sound.len(), text.trim_end_matches('\0').to_owned()));
        }
        body = &block[length..];
    }
    heard.sound.extend_from_slice(body);
}

/// The folder that files made for the tests stay in while they run.
pub fn scratch() -> &'static Path {
    static SCRATCH: std::sync::LazyLock<TempDir> = std::sync::LazyLock::new(|| TempDir::new().unwrap());
    SCRATCH.path()
}
