//! The studio comes and goes, and nobody who listens is dropped.

mod station;

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use station::{Running, Station, folder, program, wait_for};

/// An encoder that sends a tone, in the format of the news service's MP3 mount.
fn encoder(station: &Station, mount: &str, hertz: u32) -> Running {
    let tone = format!("sine=frequency={hertz}:sample_rate=44100");
    let codec: &[&str] = if mount.ends_with(".aac") {
        &["-c:a", "aac", "-b:a", "64k", "-f", "adts", "-content_type", "audio/aac"]
    } else {
        &["-c:a", "libmp3lame", "-b:a", "96k", "-f", "mp3", "-content_type", "audio/mpeg"]
    };
    let mut command: Command = program("ffmpeg", "ffmpeg");
    command
        .args(["-v", "error", "-re", "-f", "lavfi", "-i", &tone, "-ac", "2"])
        .args(codec)
        .arg(station.icecast_url(mount));
    Running(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("ffmpeg starts"))
}

/// A listener that keeps every byte it hears, all on one connection.
struct Recorder {
    child: Child,
    heard: Arc<Mutex<Vec<u8>>>,
    bytes_per_second: usize,
}

impl Recorder {
    fn start(station: &Station, mount: &str) -> Self {
        let mut child = program("curl", "curl")
            .args(["-sN", &station.url(mount)])
            .stdout(Stdio::piped())
            .spawn()
            .expect("curl starts");
        let mut output = child.stdout.take().expect("curl's output is piped");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut block) {
                kept.lock().unwrap().extend_from_slice(&block[..count]);
            }
        });
        let bytes_per_second = if mount.ends_with(".aac") { 8_000 } else { 12_000 };
        Self { child, heard, bytes_per_second }
    }

    /// Waits until so many more seconds of sound have come.
    fn hear(&self, seconds: usize) {
        let count = || self.heard.lock().unwrap().len();
        let enough = count() + seconds * self.bytes_per_second;
        wait_for("more sound", || (count() >= enough).then_some(()));
    }

    /// What was heard.
    fn finish(mut self) -> Vec<u8> {
        assert!(self.child.try_wait().expect("curl can be asked").is_none(), "the listener was dropped");
        self.child.kill().expect("curl can be stopped");
        self.child.wait().expect("curl can be waited for");
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

/// What feeds a mount, as the public statistics tell it.
fn is_fed_by_a_source(station: &Station, mount: &str) -> bool {
    station.get("/status-json.xsl").json()["icestats"]["source"]
        .as_array()
        .and_then(|sources| {
            sources.iter().find(|source| source["listenurl"].as_str().is_some_and(|url| url.ends_with(mount))).cloned()
        })
        .is_some_and(|source| source["input"] == "source")
}

/// The share of a recording's energy at `hertz`, by ffmpeg's filters: compares the whole with a narrow band.
fn band_level_db(recording: &std::path::Path, filter: &str) -> f64 {
    let told = program("ffmpeg", "ffmpeg")
        .args([
            "-hide_banner",
            "-nostats",
            "-i",
            recording.to_str().unwrap(),
            "-af",
            &format!("{filter},volumedetect"),
            "-f",
            "null",
            "-",
        ])
        .output()
        .expect("ffmpeg runs");
    let text = String::from_utf8_lossy(&told.stderr).into_owned();
    let level =
        text.split("max_volume: ").nth(1).and_then(|rest| rest.split(' ').next()).and_then(|word| word.parse().ok());
    level.unwrap_or_else(|| panic!("no level: {text}"))
}

fn nothing_is_broken(recording: &std::path::Path) {
    let told = program("ffmpeg", "ffmpeg")
        .args(["-v", "error", "-i", recording.to_str().unwrap(), "-f", "null", "-"])
        .output()
        .expect("ffmpeg runs");
    assert!(told.stderr.is_empty(), "a broken frame: {}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn a_listener_stays_while_the_studio_comes_and_goes() {
    for mount in ["/news.mp3", "/news.aac"] {
        let dir = folder();
        let station = Station::start(dir.path());
        let recorder = Recorder::start(&station, mount);
        let studio = encoder(&station, mount, 440);
        wait_for("the studio on the air", || is_fed_by_a_source(&station, mount).then_some(()));
        recorder.hear(4);
        drop(studio);
        wait_for("the automation back on the air", || (!is_fed_by_a_source(&station, mount)).then_some(()));
        recorder.hear(4);
        let heard = recorder.finish();

        let file = dir.path().join(format!("heard{}", mount.replace('/', "-")));
        std::fs::write(&file, heard).unwrap();
        nothing_is_broken(&file);
        assert!(
            band_level_db(&file, "bandpass=f=440:width_type=h:w=20") > -30.0,
            "the studio was not heard on {mount}"
        );
    }
}

#[test]
fn a_second_source_takes_over_when_the_first_goes() {
    let dir = folder();
    let station = Station::start(dir.path());
    let mount = "/news.mp3";
    let first = encoder(&station, mount, 440);
    wait_for("the studio on the air", || is_fed_by_a_source(&station, mount).then_some(()));
    let _second = encoder(&station, mount, 2000);
    let recorder = Recorder::start(&station, mount);
    // The burst and three seconds more: by then the second encoder is there, and waits.
    recorder.hear(7);
    drop(first);
    recorder.hear(5);
    assert!(is_fed_by_a_source(&station, mount), "the second source was not taken");
    let heard = recorder.finish();
    let file = dir.path().join("heard.mp3");
    std::fs::write(&file, heard).unwrap();
    nothing_is_broken(&file);
    for hertz in [440, 2000] {
        let level = band_level_db(&file, &format!("bandpass=f={hertz}:width_type=h:w=20"));
        assert!(level > -30.0, "{hertz} Hz was not heard: {level} dB");
    }
}
