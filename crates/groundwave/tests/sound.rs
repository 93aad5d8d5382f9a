//! What a station does about the sound of its studio: it listens, switches, and makes what nobody sends.
//!
//! One studio goes through all of it in a session, for a station takes a while to start and a studio is never quick.

mod station;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use audio::{Codec, Found, Framer};
use serde_json::Value;
use station::{Running, Station, folder, program, wait_for};

const RATE_HZ: u32 = 44_100;

/// What comes from the studio's microphones.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
enum Sending {
    /// Noise with a tone of 440 Hz in it, in stereo.
    Voice,
    /// Nothing.
    Silence,
    /// The same voice on the left, nothing on the right.
    OneChannel,
    /// A test tone.
    Tone,
    /// A slow movement: the voice at -45 dBFS.
    Movement,
}

impl Sending {
    const ALL: [Sending; 5] = [Sending::Voice, Sending::Silence, Sending::OneChannel, Sending::Tone, Sending::Movement];

    /// The left and the right channel at an instant. `chance` is a number between -1 and 1.
    fn sample(self, instant: u64, chance: f32) -> [f32; 2] {
        let seconds = (instant % u64::from(RATE_HZ)) as f32 / RATE_HZ as f32;
        let tone = |hz: f32| (seconds * hz * std::f32::consts::TAU).sin();
        // About -24 LUFS.
        let voice = chance * 0.05 + tone(440.0) * 0.045;
        match self {
            Sending::Voice => [voice; 2],
            Sending::Silence => [0.0; 2],
            Sending::OneChannel => [voice, 0.0],
            Sending::Tone => [tone(1_000.0) * 0.1; 2],
            Sending::Movement => [voice * 0.12; 2],
        }
    }
}

/// A studio whose encoder sends MP3, and nothing else, until it is dropped.
struct Studio {
    sending: Arc<AtomicU8>,
    _encoder: Running,
}

impl Studio {
    fn connect(station: &Station) -> Self {
        let mut encoder = program("ffmpeg", "ffmpeg")
            .args(["-v", "error", "-re", "-f", "f32le", "-ar", "44100", "-ac", "2", "-i", "pipe:0"])
            .args(["-c:a", "libmp3lame", "-b:a", "96k", "-f", "mp3", "-content_type", "audio/mpeg"])
            .arg(station.icecast_url("/news.mp3"))
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("ffmpeg starts");
        let mut input = encoder.stdin.take().expect("ffmpeg's input is piped");
        let sending = Arc::new(AtomicU8::new(Sending::Voice as u8));
        let wanted = Arc::clone(&sending);
        std::thread::spawn(move || {
            let mut chance = 1_u32;
            for portion in 0_u64.. {
                let sending = Sending::ALL[usize::from(wanted.load(Ordering::Relaxed))];
                let samples = (portion * 441..(portion + 1) * 441).flat_map(|instant| {
                    chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    sending.sample(instant, (chance >> 8) as f32 / 8_388_608.0 - 1.0)
                });
                let bytes: Vec<u8> = samples.flat_map(f32::to_le_bytes).collect();
                if input.write_all(&bytes).is_err() {
                    return;
                }
            }
        });
        Self { sending, _encoder: Running(encoder) }
    }

    fn send(&self, what: Sending) {
        self.sending.store(what as u8, Ordering::Relaxed);
    }
}

/// An encoder that stands in, in mono and at another rate than the mount's.
fn backup(station: &Station) -> Running {
    let url = station.icecast_url("/news.mp3").replace("icecast://source:", "icecast://backup:");
    let encoder = program("ffmpeg", "ffmpeg")
        .args(["-v", "error", "-re", "-f", "lavfi", "-i"])
        .arg("sine=frequency=880:sample_rate=32000,volume=-20dB[a];anoisesrc=r=32000:a=0.05[b];[a][b]amix")
        .args(["-ac", "1", "-c:a", "libmp3lame", "-b:a", "64k", "-f", "mp3", "-content_type", "audio/mpeg"])
        .arg(url)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("ffmpeg starts");
    Running(encoder)
}

/// A listener that keeps every byte it hears, all on one connection.
struct Listener {
    child: Child,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Listener {
    fn on(station: &Station, mount: &str) -> Self {
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
        Self { child, heard }
    }

    fn bytes(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// Waits until so many more bytes have come.
    fn hear(&self, bytes: usize) {
        let enough = self.bytes() + bytes;
        wait_for("more sound", || (self.bytes() >= enough).then_some(()));
    }

    fn finish(mut self) -> Vec<u8> {
        assert!(self.child.try_wait().expect("curl can be asked").is_none(), "the listener was dropped");
        self.child.kill().expect("curl can be stopped");
        self.child.wait().expect("curl can be waited for");
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

/// What `groundwave air status` says of the news service.
fn news(station: &Station) -> Value {
    let told = Command::new(env!("CARGO_BIN_EXE_groundwave"))
        .args(["air", "status", "--json", "--data"])
        .arg(&station.dir)
        .output()
        .expect("the program runs");
    let status: Vec<Value> = serde_json::from_slice(&told.stdout).expect("the status is JSON");
    status.into_iter().find(|service| service["slug"] == "news").expect("the news service is there")
}

fn switch(station: &Station, input: &str) {
    let done = Command::new(env!("CARGO_BIN_EXE_groundwave"))
        .args(["air", "switch", "news", input, "--data"])
        .arg(&station.dir)
        .output()
        .expect("the program runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn wait_until_on(station: &Station, rank: &str, reason: &str) {
    wait_for(&format!("{rank} to be on because {reason}"), || {
        let news = news(station);
        (news["on"] == rank && news["reason"] == reason).then_some(())
    });
}

/// How a mount gets what is on: the rank, and whether it is a rendition.
fn carried(station: &Station, mount: &str) -> (String, bool) {
    let news = news(station);
    let mount = news["mounts"].as_array().unwrap().iter().find(|known| known["path"] == mount).unwrap().clone();
    (mount["carries"].as_str().unwrap_or_default().to_owned(), mount["is_rendition"] == true)
}

fn wait_until_carried(station: &Station, mount: &str, rank: &str, is_rendition: bool) {
    let wanted = (rank.to_owned(), is_rendition);
    wait_for(&format!("{mount} to carry {wanted:?}"), || (carried(station, mount) == wanted).then_some(()));
}

/// The child processes of the station that decode and encode.
fn children(station: &Station) -> Vec<u32> {
    let parent = station.process_id();
    let told = program("pgrep", "procps").args(["-P", &parent.to_string()]).output().expect("pgrep runs");
    String::from_utf8_lossy(&told.stdout).lines().filter_map(|line| line.parse().ok()).collect()
}

/// Decodes what was heard with ffmpeg, which must not complain; its last seconds' loudness and true peak.
fn loudness(file: &Path, last_seconds: u32) -> (f64, f64) {
    let told = program("ffmpeg", "ffmpeg")
        .args(["-hide_banner", "-nostats", "-v", "info", "-sseof", &format!("-{last_seconds}"), "-i"])
        .arg(file)
        .args(["-af", "ebur128=peak=true", "-f", "null", "-"])
        .output()
        .expect("ffmpeg runs");
    let text = String::from_utf8_lossy(&told.stderr).into_owned();
    let summary = text.rsplit("Summary:").next().unwrap_or_default().to_owned();
    let figure = |name: &str| {
        let rest = summary.split(name).nth(1)?;
        rest.split_whitespace().next()?.parse::<f64>().ok()
    };
    (figure("I:").expect("a loudness"), figure("Peak:").expect("a true peak"))
}

fn nothing_is_broken(file: &Path) {
    let told = program("ffmpeg", "ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file)
        .args(["-f", "null", "-"])
        .output()
        .expect("ffmpeg runs");
    assert!(told.stderr.is_empty(), "{}: {}", file.display(), String::from_utf8_lossy(&told.stderr));
}

/// A browser gives up where rate or channels change. Nothing but whole frames may come, and all in one format.
fn is_in_one_format(heard: &[u8], codec: Codec) {
    let mut framer = Framer::new(codec);
    framer.push(heard);
    let found: Vec<Found> = framer.collect();
    let formats: Vec<_> = found.iter().filter(|found| matches!(found, Found::Format { .. })).collect();
    assert_eq!(formats.len(), 1, "{formats:?}");
    let skipped = found.iter().filter(|found| matches!(found, Found::Skipped { .. })).count();
    assert_eq!(skipped, 0, "between frames there was something else");
}

/// The level of a tone in a recording, in dBFS.
fn tone_dbfs(file: &Path, hertz: u32) -> f64 {
    let told = program("ffmpeg", "ffmpeg")
        .args(["-hide_banner", "-nostats", "-i"])
        .arg(file)
        .args(["-af", &format!("bandpass=f={hertz}:width_type=h:w=20,volumedetect"), "-f", "null", "-"])
        .output()
        .expect("ffmpeg runs");
    let text = String::from_utf8_lossy(&told.stderr).into_owned();
    let level = text.split("max_volume: ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    level.unwrap_or_else(|| panic!("no level: {text}"))
}

fn keep(dir: &Path, name: &str, heard: &[u8]) -> PathBuf {
    let file = dir.join(name);
    std::fs::write(&file, heard).expect("there is room for what was heard");
    file
}

/// Says of every programme, while the station runs, that it may be as quiet as a slow movement.
fn let_all_be_quiet(station: &Station) {
    let slugs: Vec<String> = include_str!("../../../demo/programmes.toml")
        .lines()
        .filter_map(|line| line.strip_prefix("slug = ").map(str::to_owned))
        .collect();
    for slug in slugs {
        let done = Command::new(env!("CARGO_BIN_EXE_groundwave"))
            .args(["air", "profile", slug.trim_matches('"'), "--silence-lufs", "-60", "--data"])
            .arg(&station.dir)
            .output()
            .expect("the program runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(String::from_utf8_lossy(&done.stdout).contains("silence is below -60 LUFS"));
    }
}

/// Settings in which everything is quicker than at a station.
fn write_settings(dir: &Path) {
    let text = "[air]\nsource_password = \"for-the-session\"\n[log]\nlevel = \"info\"\n[sound]\nsilence_lufs = -40\n\
         silence_seconds = 2\nchannel_dead_seconds = 2\nstuck_tone_seconds = 2\nreturn_after_seconds = 1\n\
         quiet_point_seconds = 1\n";
    std::fs::write(dir.join("groundwave.toml"), text).expect("settings can be written");
}

#[test]
fn a_studio_that_sends_mp3_is_heard_in_aac_and_left_for_whatever_is_wrong_with_its_sound() {
    let dir = folder();
    write_settings(dir.path());
    let station = Station::start(dir.path());
    let (mp3, aac) = (Listener::on(&station, "/news.mp3"), Listener::on(&station, "/news.aac"));
    let studio = Studio::connect(&station);
    wait_until_on(&station, "studio", "nothing better was on");
    assert_eq!(carried(&station, "/news.mp3"), ("studio".to_owned(), false));
    wait_until_carried(&station, "/news.aac", "studio", true);
    wait_for("the meters to show the voice", || {
        let meters = news(&station)["meters"].clone();
        let is_voice = |figure: &str| meters[figure].as_f64().is_some_and(|lufs| (-26.0..-22.0).contains(&lufs));
        (is_voice("short_term_lufs") && is_voice("momentary_lufs")).then_some(())
    });

    for (wrong, reason) in [
        (Sending::Silence, "the input before it was silent"),
        (Sending::OneChannel, "one channel of the input before it was dead"),
        (Sending::Tone, "the input before it was stuck on a tone"),
        (Sending::Movement, "the input before it was silent"),
    ] {
        studio.send(wrong);
        wait_until_on(&station, "automation", reason);
        studio.send(Sending::Voice);
        wait_until_on(&station, "studio", "it is good again");
        wait_until_carried(&station, "/news.aac", "studio", true);
    }

    // Every child is lost at once: the ear, and the encoder of the rendition.
    for child in children(&station) {
        assert!(Command::new("kill").args(["-9", &child.to_string()]).status().expect("kill runs").success());
    }
    // Half a minute at 64 kbit/s, in which the normaliser finds the voice's loudness.
    aac.hear(20 * 8_000);
    wait_for("the pause to be told", || {
        let log = std::fs::read_to_string(dir.path().join("log.txt")).ok()?;
        let told = log.lines().find(|line| line.contains("a rendition paused"))?.to_owned();
        (told.contains("/news.aac") && told.contains("killed")).then(|| println!("{told}"))
    });
    assert_eq!(news(&station)["on"], "studio", "who lost its ear counts as unheard, not as bad");
    assert_eq!(carried(&station, "/news.aac"), ("studio".to_owned(), true));

    let (mp3, aac) = (mp3.finish(), aac.finish());
    is_in_one_format(&mp3, Codec::Mp3);
    is_in_one_format(&aac, Codec::Aac);
    let (mp3, aac) = (keep(dir.path(), "heard.mp3", &mp3), keep(dir.path(), "heard.aac", &aac));
    nothing_is_broken(&mp3);
    nothing_is_broken(&aac);
    assert!(tone_dbfs(&aac, 440) > -30.0, "the studio was not heard in AAC");
    let (integrated_lufs, true_peak_dbtp) = loudness(&aac, 8);
    assert!((integrated_lufs + 18.0).abs() <= 0.5, "{integrated_lufs} LUFS");
    assert!(true_peak_dbtp <= -1.0, "{true_peak_dbtp} dBTP");
    station.stop();
}

#[test]
fn a_slow_movement_is_not_dead_air_and_a_backup_in_another_format_is_heard_in_the_mount_s() {
    let dir = folder();
    write_settings(dir.path());
    let station = Station::start(dir.path());
    let_all_be_quiet(&station);
    let listener = Listener::on(&station, "/news.mp3");
    let studio = Studio::connect(&station);
    wait_until_on(&station, "studio", "nothing better was on");
    studio.send(Sending::Movement);
    // Three times as long as it may be silent, at 96 kbit/s.
    listener.hear(6 * 12_000);
    let news = news(&station);
    assert_eq!((&news["on"], &news["reason"]), (&"studio".into(), &"nothing better was on".into()));

    studio.send(Sending::Voice);
    let _backup = backup(&station);
    wait_for("the backup to wait", || {
        self::news(&station)["inputs"].as_array()?.iter().find(|input| input["rank"] == "backup").cloned()
    });
    listener.hear(12_000);
    drop(studio);
    wait_until_on(&station, "backup", "the input before it is gone");
    wait_until_carried(&station, "/news.mp3", "backup", true);
    listener.hear(4 * 12_000);
    let again = Studio::connect(&station);
    wait_until_on(&station, "studio", "nothing better was on");
    wait_until_carried(&station, "/news.mp3", "studio", false);
    listener.hear(2 * 12_000);
    // The loop is ready some seconds after the start; from then on it is heard on the very same connection.
    switch(&station, "emergency");
    wait_until_on(&station, "emergency", "it was switched by hand");
    wait_for("the loop to be heard", || {
        let status = station.get("/status-json.xsl").json();
        let sources = status["icestats"]["source"].as_array()?.clone();
        sources.into_iter().find(|source| source["input"] == "emergency")
    });
    listener.hear(4 * 12_000);
    switch(&station, "auto");
    wait_until_on(&station, "studio", "it was switched by hand");
    drop(again);

    let heard = listener.finish();
    is_in_one_format(&heard, Codec::Mp3);
    let file = keep(dir.path(), "heard.mp3", &heard);
    nothing_is_broken(&file);
    for hertz in [440, 880, 523] {
        let level = tone_dbfs(&file, hertz);
        assert!(level > -40.0, "{hertz} Hz was not heard: {level} dBFS");
    }
    station.stop();
}
