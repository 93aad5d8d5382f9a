//! Tapes on a real disk: written by a writer that follows a real log, read by time.
#![expect(clippy::single_range_in_vec_init, reason = "what was heard is a list of runs, also where it is one")]

mod kills;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use audio::{Codec as Sound, Format};
use bytes::Bytes;
use jiff::SignedDuration;

use super::*;
use crate::Title;
use crate::ring::testing::{FORMAT, frame};
use crate::ring::{Bounds, From, Log, Packer};

const SERVICE: ServiceId = ServiceId(7);
/// How many frames of [`frame`] are on the air in a second, nearly.
const FRAMES_PER_SECOND: u32 = 47;
/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

fn at(time: &str) -> Timestamp {
    format!("2026-11-24T{time}Z").parse().unwrap()
}

/// When the frame of that number is on the air, if the first was at `start`.
fn airs_at(start: Timestamp, number: u32) -> Timestamp {
    start + crate::ring::duration(u64::from(number) * 1_024, 48_000)
}

/// A moment at which the frame before it has begun, and it has not.
fn just_before(start: Timestamp, number: u32) -> Timestamp {
    airs_at(start, number) - Duration::from_millis(5)
}

/// Two clocks with hands that can be set.
#[derive(Debug)]
struct Hands(Mutex<(Timestamp, Duration)>);

impl Hands {
    fn set(&self, wall: Timestamp, elapsed: Duration) {
        *self.0.lock().unwrap() = (wall, elapsed);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    fn elapsed(&self) -> Duration {
        self.0.lock().unwrap().1
    }
}

/// A service that airs numbered frames, and the vault that keeps them.
struct Studio {
    folder: PathBuf,
    vault: Vault,
    clock: Arc<Hands>,
    settings: settings::Tape,
    codec: Codec,
}

/// One run of the program.
struct Run {
    log: Arc<Log>,
    packer: Packer,
    tapes: Tapes,
    writing: tokio::task::JoinHandle<()>,
}

impl Studio {
    fn in_folder(folder: &Path) -> Self {
        let settings = settings::Tape { free_bytes_min: 0, ..settings::Tape::default() };
        let clock = Arc::new(Hands(Mutex::new((at("08:00:00"), Duration::ZERO))));
        let vault = Vault::disk(folder).unwrap();
        Self { folder: folder.to_owned(), vault, clock, settings, codec: Codec::Aac }
    }

    fn start(&self, epoch: u64, format: Format, headers: &'static [u8]) -> Run {
        let log = Log::new(Bounds { duration: Duration::from_secs(600), bytes: 64 << 20 });
        let mut packer = Packer::new(Arc::clone(&log), epoch, Title::new("Before", ""));
        packer.open(format, Bytes::from_static(headers), self.clock.now());
        let mount = station::Mount {
            path: "/a".into(),
            codec: self.codec,
            bitrate_kbps: 128,
            sample_rate_hz: 48_000,
            channels: 2,
        };
        let service = Service {
            id: SERVICE,
            station: station::StationId(1),
            slug: station::Slug::parse("news").unwrap(),
            name: String::new(),
            teaser: String::new(),
            position: 1,
            mounts: vec![mount],
        };
        let tapes = Tapes::new(&[service], &self.settings, &self.vault);
        let clock: Arc<dyn Clock> = self.clock.clone();
        let writing = tokio::spawn(tapes.write(&tapes.all()[0], Follower::new(Arc::clone(&log), From::Oldest), clock));
        Run { log, packer, tapes, writing }
    }

    /// A run that airs frames in AAC.
    fn on_air(&self, epoch: u64) -> Run {
        self.start(epoch, FORMAT, b"")
    }

    /// The tape as another program finds it.
    fn tape(&self) -> Tape {
        Tape::new(&self.vault, SERVICE, self.codec)
    }

    fn reels(&self) -> Vec<PathBuf> {
        files(&self.folder.join(self.tape().strip.folder()))
    }

    fn unfinished(&self) -> Vec<PathBuf> {
        files(&self.folder.join(".growing").join(self.tape().strip.folder()))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

impl Run {
    /// Airs the frames of these numbers, as they would be from `start` on if that were the first.
    fn air(&mut self, numbers: Range<u32>, start: Timestamp) {
        let first = numbers.start;
        // What a mount does when nothing more came for a while.
        self.packer.seal();
        numbers.for_each(|number| self.packer.push(&frame(number), airs_at(start, number - first)));
    }

    /// Waits until the tape has what was aired up to `moment`.
    async fn kept_until(&self, moment: Timestamp) {
        let tape = &self.tapes.all()[0];
        let enough = async {
            while tape.kept_until().is_none_or(|end| end < moment) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.expect("the tape is written");
    }

    /// Ends as a program does that is told to.
    async fn stop(mut self) {
        self.packer.seal();
        self.log.close();
        self.writing.await.unwrap();
    }

    /// Ends as a program does that is killed.
    async fn kill(self) {
        self.writing.abort();
        assert!(self.writing.await.unwrap_err().is_cancelled());
    }
}

/// The numbers of the frames that are heard, each of which must be whole, in runs, and the gaps.
async fn heard(tape: &Tape, span: Range<Timestamp>) -> (Vec<Range<u32>>, Vec<Gap>) {
    let mut playback = tape.between(span);
    let (mut runs, mut gaps): (Vec<Range<u32>>, _) = (Vec::new(), Vec::new());
    while let Some(heard) = playback.next().await.unwrap() {
        let stretch = match heard {
            Heard::Gap(gap) => {
                gaps.push(gap);
                continue;
            }
            Heard::Sound(stretch) => stretch,
        };
        for heard in stretch.frames {
            let number = u32::from_be_bytes(*heard.bytes.first_chunk().unwrap());
            assert_eq!(heard, frame(number), "a frame is not what was sent");
            match runs.last_mut().filter(|run| run.end == number) {
                Some(run) => run.end = number + 1,
                None => runs.push(number..number + 1),
            }
        }
    }
    (runs, gaps)
}

/// True if two moments are the same but for the rounding of samples to microseconds.
fn is_about(a: Timestamp, b: Timestamp) -> bool {
    a.duration_since(b).abs() < SignedDuration::from_millis(1)
}

#[tokio::test]
async fn what_was_aired_comes_back_to_the_frame_over_the_turn_of_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::in_folder(folder.path());
    let start = at("08:59:30");
    let mut run = studio.on_air(1);
    run.air(0..60 * FRAMES_PER_SECOND, start);
    run.kept_until(airs_at(start, 58 * FRAMES_PER_SECOND)).await;

    // While it is written, here and from another program.
    for tape in [run.tapes.all()[0].clone(), studio.tape()] {
        let span = just_before(start, 100)..just_before(start, 2_000);
        assert_eq!(heard(&tape, span).await, (vec![100..2_000], Vec::new()));
    }
    run.stop().await;
    assert_eq!((studio.reels().len(), studio.unfinished().len()), (2, 0));
    let all = heard(&studio.tape(), start..airs_at(start, 60 * FRAMES_PER_SECOND)).await;
    assert_eq!(all, (vec![0..60 * FRAMES_PER_SECOND], Vec::new()));
    assert_eq!(studio.tape().since().await.unwrap(), Some(start));
}

#[tokio::test]
async fn a_kill_costs_a_second_and_the_time_until_the_next_start_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::in_folder(folder.path());
    let (first, second) = (at("08:10:00"), at("08:20:00"));
    let mut run = studio.on_air(1);
    run.air(0..10 * FRAMES_PER_SECOND, first);
    run.kept_until(airs_at(first, 8 * FRAMES_PER_SECOND)).await;
    run.kill().await;
    // It was in the middle of a record.
    let torn = studio.unfinished().remove(0);
    let bytes = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &bytes[..bytes.len() - 1_000]).unwrap();

    let mut run = studio.on_air(2);
    run.air(1_000..1_000 + 5 * FRAMES_PER_SECOND, second);
    run.stop().await;
    assert_eq!((studio.reels().len(), studio.unfinished().len()), (2, 0));
    let (runs, gaps) = heard(&studio.tape(), first..airs_at(second, 5 * FRAMES_PER_SECOND)).await;
    assert_eq!((runs.len(), runs[0].start, runs[1].clone()), (2, 0, 1_000..1_000 + 5 * FRAMES_PER_SECOND));
    assert!(runs[0].end >= 7 * FRAMES_PER_SECOND, "only {runs:?} were kept");
    assert_eq!((gaps.len(), gaps[0].cause, gaps[0].to), (1, Cause::NotRunning, second));
    assert!(is_about(gaps[0].from, airs_at(first, runs[0].end)), "{gaps:?}");
    // Who asks for the time in between is told the same.
    let (from, to) = (at("08:12:00"), at("08:13:00"));
    let in_between = heard(&studio.tape(), from..to).await;
    assert_eq!(in_between, (Vec::new(), vec![Gap { from, to, cause: Cause::NotRunning }]));
}

#[tokio::test]
async fn a_reel_of_which_nothing_is_whole_is_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::in_folder(folder.path());
    let mut run = studio.on_air(1);
    run.air(0..2 * FRAMES_PER_SECOND, at("08:00:00"));
    run.kept_until(at("08:00:01")).await;
    run.kill().await;
    std::fs::write(studio.unfinished().remove(0), b"GWTAPE1\n").unwrap();
    studio.on_air(2).stop().await;
    assert_eq!((studio.reels().len(), studio.unfinished().len()), (0, 0));
    let (runs, gaps) = heard(&studio.tape(), at("08:00:00")..at("08:00:01")).await;
    assert_eq!((runs, gaps[0].cause), (Vec::new(), Cause::NotOnTape));
}

#[tokio::test]
async fn damage_is_a_named_gap_wherever_it_strikes() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::in_folder(folder.path());
    let start = at("08:00:00");
    let count = 20 * FRAMES_PER_SECOND;
    let mut run = studio.on_air(1);
    run.air(0..count, start);
    run.stop().await;
    let reel = studio.reels().remove(0);
    let whole = std::fs::read(&reel).unwrap();
    let verified = studio.tape().verify().await.unwrap();
    assert!(verified.records >= 19 && verified.reels == 1 && verified.damage.is_empty(), "{verified:?}");
    let span = start..airs_at(start, count);

    // A byte in every part of the file, index and trailer among them, and strokes of garbage.
    let strokes = (0..100).map(|part| (whole.len() * part / 100, 1)).chain([(40_000, 30_000), (whole.len() - 30, 30)]);
    for (from, length) in strokes {
        let mut damaged = whole.clone();
        damaged[from..from + length].iter_mut().for_each(|byte| *byte ^= 0x55);
        std::fs::write(&reel, &damaged).unwrap();
        let (runs, gaps) = heard(&studio.tape(), span.clone()).await;
        assert!(runs.windows(2).all(|pair| pair[0].end < pair[1].start), "from {from}: {runs:?}");
        let missing: Vec<u32> = (0..count).filter(|number| !runs.iter().any(|run| run.contains(number))).collect();
        assert!(missing.len() <= (length / 16_000 + 2) * 48, "from {from}: only {runs:?} were heard");
        for number in &missing {
            let moment = airs_at(start, *number) + Duration::from_millis(5);
            let is_in = |gap: &Gap| gap.cause == Cause::Damaged && (gap.from..gap.to).contains(&moment);
            assert!(gaps.iter().any(is_in), "frame {number} is missing without a word: {gaps:?}");
        }
        assert_eq!(gaps.is_empty(), missing.is_empty(), "from {from}: {gaps:?}");
        let verified = studio.tape().verify().await.unwrap();
        let strikes = |damage: &Damage| (damage.offset..damage.offset + damage.bytes).contains(&(from as u64));
        assert!(verified.damage.iter().any(strikes), "from {from}: {verified:?}");
    }
}

#[tokio::test]
async fn silence_and_what_was_lost_on_the_way_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::in_folder(folder.path());
    let mut run = studio.on_air(1);
    run.air(0..100, at("08:00:00"));
    run.air(100..200, at("08:01:00"));
    run.stop().await;
    let (runs, gaps) = heard(&studio.tape(), at("08:00:00")..just_before(at("08:01:00"), 50)).await;
    assert_eq!(runs, [0..150]);
    assert_eq!((gaps.len(), gaps[0].cause, gaps[0].to), (1, Cause::Silent, at("08:01:00")));

    // A log that keeps two seconds, and a writer that begins when ten have gone through it.
    let log = Log::new(Bounds { duration: Duration::from_secs(2), bytes: 64 << 20 });
    let mut packer = Packer::new(Arc::clone(&log), 2, Title::new("", ""));
    packer.open(FORMAT, Bytes::new(), at("09:00:00"));
    let mut follower = Follower::new(Arc::clone(&log), From::Oldest);
    let push = |packer: &mut Packer, numbers: Range<u32>| {
        numbers.for_each(|number| packer.push(&frame(number), airs_at(at("09:00:00"), number)));
    };
    push(&mut packer, 0..20);
    packer.seal();
    assert!(matches!(follower.try_next(), Some(crate::ring::Heard::Format(_))));
    push(&mut packer, 20..500);
    packer.seal();
    log.close();
    let tapes = Tapes::new(&[], &studio.settings, &studio.vault);
    tapes.write(&studio.tape(), follower, studio.clock.clone()).await;
    let (runs, gaps) = heard(&studio.tape(), at("09:00:00")..airs_at(at("09:00:00"), 500)).await;
    let [gap] = &gaps[..] else { panic!("one gap: {gaps:?}") };
    assert_eq!((runs.len(), gap.cause), (2, Cause::TooSlow));
    assert!(is_about(gap.from, airs_at(at("09:00:00"), runs[0].end)), "{runs:?} {gap:?}");
    assert!(is_about(gap.to, airs_at(at("09:00:00"), runs[1].start)), "{runs:?} {gap:?}");
}

#[tokio::test]
async fn a_clock_that_is_set_costs_no_frame() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::in_folder(folder.path());
    let seconds = Duration::from_secs;
    let mut run = studio.on_air(1);
    // Half an hour on, an hour back, and a day on.
    let steps = ["2026-11-24T08:00:00Z", "2026-11-24T08:30:10Z", "2026-11-24T07:30:20Z", "2026-11-25T07:30:30Z"];
    for (number, step) in (0..).zip(steps) {
        let wall: Timestamp = step.parse().unwrap();
        studio.clock.set(wall, seconds(10 * u64::from(number)));
        run.air(number * 470..(number + 1) * 470, wall);
        run.kept_until(airs_at(wall, 400)).await;
        // Another day is another time: the end that is waited for next may be earlier.
        run.tapes.all()[0].live.as_ref().unwrap().clear();
    }
    run.stop().await;
    let (runs, gaps) = heard(&studio.tape(), at("00:00:00")..at("23:59:59")).await;
    assert_eq!(runs, [0..3 * 470], "in the order in which they were aired, each once");
    assert!(gaps.iter().any(|gap| gap.cause == Cause::ClockSet && gap.to == at("08:30:10")), "{gaps:?}");
    let next_day = "2026-11-25T07:30:30Z".parse().unwrap();
    assert_eq!(heard(&studio.tape(), next_day..airs_at(next_day, 470)).await.0, [1_410..1_880]);
}

#[tokio::test]
async fn the_log_has_a_line_for_each_title_and_each_gap() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio::in_folder(folder.path());
    let start = at("08:59:55");
    let mut run = studio.on_air(1);
    run.air(0..300, start);
    run.packer.retitle(Title::new("Ann – One", ""));
    run.air(300..600, airs_at(start, 300));
    run.air(600..900, at("09:10:00"));
    run.stop().await;
    studio.on_air(2).stop().await;
    let lines = studio.tape().log(at("08:59:57")..at("09:10:05")).await.unwrap();
    let told: Vec<_> = lines.iter().map(|line| (line.from, line.to, line.entry.clone())).collect();
    let title = |title: &str| LogEntry::Title(title.to_owned());
    let entries = [title("Before"), title("Ann – One"), LogEntry::Gap(Cause::Silent), title("Ann – One")];
    assert_eq!(lines.iter().map(|line| line.entry.clone()).collect::<Vec<_>>(), entries, "{told:?}");
    assert!(is_about(lines[0].to, airs_at(start, 300)) && is_about(lines[1].to, airs_at(start, 600)), "{told:?}");
    assert!(lines[2].to == at("09:10:00") && lines[3].to == at("09:10:05"), "{told:?}");
}

#[tokio::test]
async fn titles_inputs_and_header_pages_come_back_with_the_sound() {
    let folder = tempfile::tempdir().unwrap();
    let studio = Studio { codec: Codec::OggVorbis, ..Studio::in_folder(folder.path()) };
    let format = Format { codec: Sound::OggVorbis, sample_rate_hz: 48_000, channels: 2 };
    let start = at("08:00:00");
    let mut run = studio.start(1, format, b"OggS first");
    run.air(0..100, start);
    run.packer.retitle(Title::new("Ann – One", ""));
    run.air(100..200, airs_at(start, 100));
    run.packer.join();
    run.packer.open(format, Bytes::from_static(b"OggS second"), airs_at(start, 200));
    run.air(200..300, airs_at(start, 200));
    run.stop().await;

    let mut playback = studio.tape().between(start..airs_at(start, 300));
    let (mut told, mut bytes) = (Vec::new(), Vec::new());
    while let Some(Heard::Sound(stretch)) = playback.next().await.unwrap() {
        let is_new = (stretch.title.clone(), stretch.headers.clone(), stretch.is_join);
        if told.last() != Some(&is_new) {
            told.push(is_new);
        }
        bytes.extend(stretch.frames.into_iter().map(|frame| frame.bytes));
    }
    let told: Vec<_> = told.iter().map(|(title, pages, is_join)| (title.as_str(), &pages[..], *is_join)).collect();
    let (first, second) = (&b"OggS first"[..], &b"OggS second"[..]);
    let expected = [
        ("Before", first, false),
        ("Ann – One", first, false),
        ("Ann – One", second, true),
        ("Ann – One", second, false),
    ];
    assert_eq!(told, expected);
    assert_eq!(bytes, (0..300).map(|number| frame(number).bytes).collect::<Vec<_>>());

    let mut cut = Cut::new(studio.tape().between(start..airs_at(start, 300)), Manner::AsAired);
    let mut file = Vec::new();
    while let Some(piece) = cut.next().await.unwrap() {
        file.extend_from_slice(&piece);
    }
    let sound = |numbers: Range<u32>| numbers.flat_map(|number| frame(number).bytes).collect::<Vec<u8>>();
    assert_eq!(file, [first.to_vec(), sound(0..200), second.to_vec(), sound(200..300)].concat());
    let told = cut.told();
    assert_eq!((told.bytes, told.duration), (file.len() as u64, Duration::from_millis(6_400)));
    assert_eq!(told.titles.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>(), ["Before", "Ann – One"]);
    assert!(told.gaps.is_empty() && told.from == Some(start));
}

/// A disk of two megabytes, of this test's own: the test starts itself again where it may mount one.
#[test]
fn a_full_disk_takes_the_oldest_and_then_a_named_gap() {
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=2m none \"$TAPE_ON_A_SMALL_DISK\" && exec \"$@\"";
    let told = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "tape::tests::the_program_on_the_small_disk", "--ignored", "--nocapture"])
        .env("TAPE_ON_A_SMALL_DISK", folder.path())
        .output()
        .expect("a small disk is made with unshare, which is missing: apt-get install util-linux");
    assert!(
        told.status.success(),
        "{}{}",
        String::from_utf8_lossy(&told.stdout),
        String::from_utf8_lossy(&told.stderr)
    );
}

#[tokio::test]
#[ignore = "is started by a_full_disk_takes_the_oldest_and_then_a_named_gap"]
async fn the_program_on_the_small_disk() {
    let Ok(disk) = std::env::var("TAPE_ON_A_SMALL_DISK") else { return };
    let studio = Studio::in_folder(Path::new(&disk));
    // Seventy seconds in each of two hours do not fit: the first hour goes for the second.
    let seconds = |seconds: u32| seconds * FRAMES_PER_SECOND;
    let (eight, nine) = (at("08:00:00"), at("09:00:00"));
    let mut run = studio.on_air(1);
    run.air(0..seconds(70), eight);
    run.kept_until(airs_at(eight, seconds(68))).await;
    run.air(seconds(70)..seconds(140), nine);
    run.kept_until(airs_at(nine, seconds(68))).await;
    assert!(heard(&studio.tape(), eight..at("08:59:00")).await.0.is_empty());
    assert_eq!(studio.tape().since().await.unwrap(), Some(nine));

    // Somebody else takes the rest. There is nothing old left to take away, and the air goes on without the tape.
    let hog = Path::new(&disk).join("hog");
    std::fs::write(&hog, vec![0; 4 << 20]).expect_err("the disk is small");
    run.air(seconds(140)..seconds(150), airs_at(nine, seconds(70)));
    tokio::time::sleep(Duration::from_millis(300)).await;
    std::fs::remove_file(&hog).unwrap();
    run.air(seconds(150)..seconds(160), airs_at(nine, seconds(80)));
    run.stop().await;
    let (runs, gaps) = heard(&studio.tape(), nine..airs_at(nine, seconds(90))).await;
    let [gap] = &gaps[..] else { panic!("one gap: {gaps:?}") };
    assert_eq!(gap.cause, Cause::DiskFull);
    assert!(gap.from >= airs_at(nine, seconds(68)) && gap.to <= airs_at(nine, seconds(82)), "{gap:?}");
    assert_eq!((runs.len(), runs[0].start, runs[1].end), (2, seconds(70), seconds(160)));
    assert!(runs[0].end > seconds(138), "{runs:?}");
}
