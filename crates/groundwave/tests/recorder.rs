//! What a station sends is on its tape to the bit, and what is on its schedule becomes an episode, through a kill.

mod station;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use ::station::recording::{Order, Subject};
use ::station::schedule::OneOff;
use ::station::{Clock, Episode, Event, OneOffId, Programme, Timestamp, sound};
use groundwave::clock::System;
use station::{Running, Station, folder, program, wait_for};
use store::Db;

const SENT_SECONDS: u32 = 90;
/// At 96 kbit/s.
const BYTES_PER_SECOND: usize = 12_000;

/// Sound without a header or a tag, as an encoder sends it.
fn sound_to_send(folder: &Path) -> std::path::PathBuf {
    let file = folder.join("sent.mp3");
    let noise = format!("anoisesrc=color=pink:amplitude=0.3:sample_rate=44100:seed=7:duration={SENT_SECONDS}");
    let made = program("ffmpeg", "ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &noise, "-ac", "2", "-c:a", "libmp3lame", "-b:a", "96k"])
        .args(["-write_xing", "0", "-id3v2_version", "0"])
        .arg(&file)
        .status()
        .expect("ffmpeg runs");
    assert!(made.success());
    file
}

fn encoder(station: &Station, file: &Path) -> Running {
    let mut command = program("ffmpeg", "ffmpeg");
    command
        .args(["-v", "error", "-re", "-i"])
        .arg(file)
        .args(["-c", "copy", "-f", "mp3", "-write_xing", "0", "-id3v2_version", "0", "-content_type", "audio/mpeg"])
        .arg(station.icecast_url("/news.mp3"));
    Running(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("ffmpeg starts"))
}

/// A command on the station's folder.
fn groundwave(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_groundwave"));
    command.args(arguments).arg("--data").arg(dir).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Exports what was aired to a new file; gives its bytes and what was said of it.
fn export(dir: &Path, from: Timestamp, to: Timestamp, name: &str) -> (Vec<u8>, String) {
    let file = dir.join(name);
    let (from, to) = (from.to_string(), to.to_string());
    let told = groundwave(dir, &["air", "export", "news", &from, &to, file.to_str().unwrap()]);
    assert!(told.status.success(), "{}", text(&told.stderr));
    (std::fs::read(file).unwrap(), text(&told.stderr))
}

/// The rows of the station, read and written beside it.
struct Rows {
    runtime: tokio::runtime::Runtime,
    db: Db,
    clock: System,
}

impl Rows {
    fn of(dir: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = format!("sqlite://{}", dir.join("station.db").display());
        let db = runtime.block_on(Db::open(&url)).unwrap();
        Self { runtime, db, clock: System::start() }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Has a programme recorded, and puts it on the schedule of the news service.
    fn schedule(&self, start: Timestamp, end: Timestamp) -> Programme {
        self.runtime.block_on(async {
            let station = store::station::all(&self.db).await.unwrap().remove(0);
            let service = store::service::by_slug(&self.db, station.id, "news").await.unwrap().unwrap();
            let programme = store::programme::all(&self.db, station.id).await.unwrap().remove(0);
            let one_off = OneOff {
                id: OneOffId(1),
                station: station.id,
                service: service.id,
                programme: programme.id,
                title: Some("The Night of the Kill".into()),
                start,
                end,
            };
            let order = Order {
                station: station.id,
                subject: Subject::OneOff(one_off.id),
                is_recorded: true,
                since: start,
                padding_before_s: 0,
                padding_after_s: 0,
            };
            let mut tx = self.db.begin().await.unwrap();
            store::schedule::save_one_off(&mut tx, &one_off).await.unwrap();
            store::recording::save_order(&mut tx, &order).await.unwrap();
            let event = Event::ScheduleChanged { service: service.id };
            store::change::add(&mut tx, station.id, &event).await.unwrap();
            tx.commit().await.unwrap();
            programme
        })
    }

    /// The newest episode of a programme, if it is the recorded one, and how it was cut.
    fn recorded(&self, of: &Programme) -> Option<(Episode, ::station::Recording)> {
        self.runtime.block_on(async {
            let episodes = store::episode::by_programme(&self.db, of.station, of.id, None, 1).await.unwrap();
            let episode = episodes.into_iter().find(|episode| episode.title == "The Night of the Kill")?;
            let recording = store::recording::by_episode(&self.db, of.station, episode.id).await.unwrap()?;
            Some((episode, recording))
        })
    }

    /// Waits until the clock on the wall shows this.
    fn wait_until(&self, moment: Timestamp) {
        wait_for("a moment", || (self.now() >= moment).then_some(()));
    }
}

/// How loud a file is for ffmpeg, in LUFS.
fn loudness(file: &Path) -> f64 {
    let told = program("ffmpeg", "ffmpeg")
        .args(["-hide_banner", "-nostats", "-i"])
        .arg(file)
        .args(["-af", "ebur128", "-f", "null", "-"])
        .output()
        .expect("ffmpeg runs");
    let words = text(&told.stderr);
    let summary = words.rsplit("Integrated loudness:").next().unwrap_or_default();
    let level = summary.split("I:").nth(1).and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    level.unwrap_or_else(|| panic!("no loudness: {words}"))
}

/// How long a file lasts for ffprobe, in seconds; fails if decoding it gives anything to complain about.
fn plays_for(file: &Path) -> f64 {
    let decoded = program("ffmpeg", "ffmpeg").args(["-v", "error", "-i"]).arg(file).args(["-f", "null", "-"]).output();
    let complaints = text(&decoded.expect("ffmpeg runs").stderr);
    assert!(complaints.is_empty(), "{complaints}");
    let told = program("ffprobe", "ffmpeg")
        .args(["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"])
        .arg(file)
        .output()
        .expect("ffprobe runs");
    text(&told.stdout).trim().parse().expect("a duration")
}

#[test]
fn a_kill_in_the_middle_of_a_recorded_broadcast_costs_a_second_and_is_named() {
    let dir = folder();
    let sent = sound_to_send(dir.path());
    let bytes = std::fs::read(&sent).unwrap();
    let station = Station::start(dir.path());
    let rows = Rows::of(dir.path());
    let seconds = |seconds: u64| Duration::from_secs(seconds);
    // As exact as rows are.
    let began = Timestamp::from_microsecond(rows.now().as_microsecond()).unwrap();
    let studio = encoder(&station, &sent);

    // On the schedule from three seconds from now, for sixteen seconds, with a kill in the middle.
    let (start, end) = (began + seconds(3), began + seconds(19));
    let programme = rows.schedule(start, end);
    rows.wait_until(start + seconds(6));

    // What was sent until a second ago is on the tape, while it is being written.
    let (aired, _) = export(dir.path(), began, rows.now() - seconds(2), "while-on-the-air.mp3");
    let skipped = 4_000;
    let at = aired.windows(800).position(|window| *window == bytes[skipped..skipped + 800]).expect("it was aired");
    let heard = &aired[at..];
    assert!(heard.len() > 3 * BYTES_PER_SECOND, "only {} bytes were aired", heard.len());
    assert_eq!(heard, &bytes[skipped..skipped + heard.len()], "what is on the tape is not what was sent");

    let killed = rows.now();
    station.kill();
    drop(studio);
    let station = Station::start(dir.path());
    let again = rows.now();
    let _studio = encoder(&station, &sent);
    rows.wait_until(end);

    let (episode, recording) = wait_for("the episode", || rows.recorded(&programme));
    let gap = recording.gaps.iter().find(|gap| gap.cause == "the program did not run");
    let gap = gap.unwrap_or_else(|| panic!("the kill is not named: {:?}", recording.gaps));
    assert!(gap.from >= killed - seconds(2), "a kill costs a second: {gap:?}, killed {killed}");
    assert!(gap.to <= again + seconds(10), "{gap:?}, started {again}");
    let missing: Duration = recording.gaps.iter().map(|gap| gap.to.duration_since(gap.from).unsigned_abs()).sum();
    let expected = (seconds(16) - missing).as_secs_f64();
    let sound::File::Vault(key) = &episode.sound.file else { panic!("it is in the vault") };
    let answer = station.get(&format!("/media/{}", key.strip_prefix("media/").unwrap_or(key)));
    assert_eq!((answer.status, answer.body.len() as i64), (200, episode.sound.bytes.unwrap()));
    let file = dir.path().join("episode.mp3");
    std::fs::write(&file, &answer.body).unwrap();
    let plays = plays_for(&file);
    assert!((plays - expected).abs() < 0.5, "it plays for {plays} s and should for {expected}");
    assert!((episode.sound.duration_ms.unwrap() as f64 / 1_000.0 - plays).abs() < 0.2);
    let measured = wait_for("its loudness", || rows.recorded(&programme)?.1.loudness);
    let judged = loudness(&file);
    assert!((measured.integrated_lufs - judged).abs() < 0.5, "{measured:?}, ffmpeg says {judged}");
    let page = wait_for("the programme's page", || {
        let page = station.get(&format!("/programmes/{}", programme.slug)).text();
        page.contains("The Night of the Kill").then_some(page)
    });
    assert!(page.contains(key), "the page does not play it");

    // It ended three seconds earlier, the schedule says later on.
    rows.schedule(start, end - seconds(3));
    let (corrected, recut) =
        wait_for("the next revision", || rows.recorded(&programme).filter(|(_, recording)| recording.revision == 2));
    assert_eq!((corrected.id, recut.end), (episode.id, end - seconds(3)));
    let shorter = episode.sound.duration_ms.unwrap() - corrected.sound.duration_ms.unwrap();
    assert!((shorter - 3_000).abs() < 100, "it is {shorter} ms shorter");

    // The logger says the same, from a station that runs and from one that was stopped.
    let log = groundwave(dir.path(), &["air", "log", "news"]);
    assert!(text(&log.stdout).contains("-- the program did not run"), "{}{}", text(&log.stdout), text(&log.stderr));
    station.stop();
    let (_, told) = export(dir.path(), start, end, "stopped.mp3");
    assert!(told.contains("the program did not run"), "{told}");
    let again = groundwave(dir.path(), &["air", "export", "news", "06:00", "05:00", "/tmp/never.mp3"]);
    assert!(!again.status.success() && text(&again.stderr).contains("is not before"), "{}", text(&again.stderr));
    let taken = dir.path().join("stopped.mp3");
    let (from, to) = (start.to_string(), end.to_string());
    let refused = groundwave(dir.path(), &["air", "export", "news", &from, &to, taken.to_str().unwrap()]);
    assert!(!refused.status.success() && taken.exists(), "a file that is there is not written over");
}
