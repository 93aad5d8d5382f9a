//! A demonstration station for tests: the real program, on a folder and a port of its own.

#![allow(dead_code, reason = "each test file uses a part")]

pub mod served;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take before a test gives up. Nothing is expected to; it only ends what hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running station.
pub struct Station {
    pub dir: PathBuf,
    pub ready: Value,
    pub address: SocketAddr,
    child: Child,
}

/// A folder for a station.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("the machine has room for a folder")
}

impl Station {
    /// Starts one on `dir` and waits until everything answers.
    pub fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[])
    }

    /// Starts one with variables in its environment.
    pub fn start_with(dir: &Path, environment: &[(&str, &str)]) -> Self {
        let ready_file = dir.join("ready.json");
        let _ = std::fs::remove_file(&ready_file);
        let log =
            std::fs::File::options().create(true).append(true).open(dir.join("log.txt")).expect("a log can be written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_groundwave"))
            .args(["demo", "--listen", "127.0.0.1:0", "--data"])
            .arg(dir)
            .arg("--ready-file")
            .arg(&ready_file)
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let text = wait_for("the ready file", || {
            if let Some(status) = child.try_wait().expect("the program can be asked") {
                panic!(
                    "the station ended at once ({status}): {}",
                    std::fs::read_to_string(dir.join("log.txt")).unwrap_or_default()
                );
            }
            std::fs::read_to_string(&ready_file).ok()
        });
        let ready: Value = serde_json::from_str(&text).expect("the ready file is JSON");
        let port =
            ready["site"].as_str().and_then(|site| site.rsplit(':').next()?.parse().ok()).expect("the site has a port");
        Self { dir: dir.to_owned(), ready, address: SocketAddr::from(([127, 0, 0, 1], port)), child }
    }

    /// The process that it is.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// The address of something on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where an encoder sends to.
    pub fn icecast_url(&self, mount: &str) -> String {
        let source = &self.ready["source"];
        let (user, password) = (source["user"].as_str().unwrap(), source["password"].as_str().unwrap());
        format!("icecast://{user}:{password}@{}{mount}", self.address)
    }

    /// Ends it as Ctrl-C does, and waits until it is gone.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
        let status = wait_for("the station to end", || self.child.try_wait().expect("the program can be asked"));
        assert!(status.success(), "the station ended with {status}");
    }

    /// Ends it with no chance to say goodbye.
    pub fn kill(mut self) {
        self.child.kill().expect("the program can be killed");
        self.child.wait().expect("a killed program can be waited for");
    }

    /// The answer to a GET: its head and its whole body.
    pub fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    }

    /// The answer to a whole request, until the program closes the connection.
    pub fn ask(&self, request: &str) -> Answer {
        let mut socket = self.connect();
        socket.write_all(request.as_bytes()).expect("the station takes a request");
        let mut bytes = Vec::new();
        socket.read_to_end(&mut bytes).expect("the station answers");
        Answer::parse(&bytes)
    }

    /// A connection to its door.
    pub fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address).expect("the station's door is open");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        socket
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer of the station.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("an answer has a status");
        let body = bytes[end + 4..].to_vec();
        let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        Self { status, head, body: if is_chunked { dechunk(&body) } else { body } }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|cause| panic!("not JSON ({cause}): {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

fn dechunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap_or("0").trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 4 + size..];
    }
    whole
}

/// Looks again and again until `look` finds something.
///
/// # Panics
/// If it has found nothing after [`PATIENCE`].
#[expect(clippy::disallowed_methods, reason = "a test waits in real time")]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what} in vain");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The number of the newest segment in the news service's playlist, once there is one.
pub fn newest_segment(station: &Station) -> Option<u64> {
    let playlist = station.get("/hls/news/index.m3u8");
    let text = (playlist.status == 200).then(|| playlist.text())?;
    let first: u64 = text.lines().find_map(|line| line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:"))?.parse().ok()?;
    (first + text.lines().filter(|line| line.starts_with("#EXTINF")).count() as u64).checked_sub(1)
}

/// The words of a page's second- and third-level headings, in their order.
pub fn headlines(page: &str) -> Vec<String> {
    let headings = ["<h2", "<h3"].into_iter().flat_map(|mark| page.split(mark).skip(1));
    let inner = headings.filter_map(|rest| rest.split_once('>')?.1.split("</h").next());
    inner.map(without_tags).filter(|words| !words.is_empty()).collect()
}

fn without_tags(html: &str) -> String {
    let words = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, words)| words));
    words.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A program of the machine's, with the package that brings it.
pub fn program(name: &str, package: &str) -> Command {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {name}")])
        .output()
        .is_ok_and(|answer| answer.status.success());
    assert!(found, "`{name}` is missing: apt-get install {package}");
    Command::new(name)
}

/// A child that is killed when the test is over.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
