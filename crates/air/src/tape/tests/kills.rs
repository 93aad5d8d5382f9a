//! The program is killed again and again while it writes, and whatever it said was kept is kept.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::*;

/// How often the program is killed in every test run, and when somebody wants to be sure.
const KILLS: u32 = 10;
const KILLS_LONG: u32 = 200;
/// Each run airs its own frames at its own time.
const FRAMES_PER_RUN: u32 = 10_000;
const MINUTES_PER_RUN: i64 = 2;
const SECONDS_PER_RUN: u32 = 90;
/// What the killed program is told, and says.
const FOLDER: &str = "TAPE_OF_A_PROGRAM_THAT_IS_KILLED";
const RUN: &str = "RUN_OF_A_PROGRAM_THAT_IS_KILLED";
const KEPT: &str = "kept ";

fn begins(run: u32) -> Timestamp {
    at("08:00:00") + SignedDuration::from_mins(i64::from(run) * MINUTES_PER_RUN)
}

/// A run of the program in a process of its own.
struct Doomed {
    child: Child,
    /// How many frames it has said are kept.
    kept: Arc<AtomicU32>,
    listening: thread::JoinHandle<()>,
}

impl Doomed {
    fn start(folder: &Path, run: u32) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tape::tests::kills::the_program_that_is_killed", "--ignored", "--nocapture"])
            .env(FOLDER, folder)
            .env(RUN, run.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this test starts itself");
        let (output, kept) = (child.stdout.take().unwrap(), Arc::new(AtomicU32::new(0)));
        let told = Arc::clone(&kept);
        let listening = thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let frames = line.strip_prefix(KEPT).and_then(|frames| frames.parse().ok());
                frames.into_iter().for_each(|frames| told.store(frames, Ordering::Relaxed));
            }
        });
        Self { child, kept, listening }
    }

    /// Kills it some time after it has begun to keep anything; how many frames it had said are kept.
    fn kill_after(mut self, moment: Duration) -> u32 {
        let mut looks = 0..PATIENCE.as_millis();
        while self.kept.load(Ordering::Relaxed) == 0 {
            looks.next().expect("it keeps something in time");
            thread::sleep(Duration::from_millis(1));
        }
        // Whatever it is doing then.
        thread::sleep(moment);
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.listening.join().unwrap();
        self.kept.load(Ordering::Relaxed)
    }
}

/// A moment that is another one each time, and the same in every test run.
fn chance(number: u32) -> Duration {
    Duration::from_millis(u64::from(number.wrapping_mul(2_654_435_761) >> 25))
}

async fn kill_again_and_again(kills: u32) {
    let folder = tempfile::tempdir().unwrap();
    let kept: Vec<u32> = (0..kills).map(|run| Doomed::start(folder.path(), run).kill_after(chance(run))).collect();
    let studio = Studio::in_folder(folder.path());
    let end = airs_at(begins(kills - 1), kept[kept.len() - 1]);
    let (runs, gaps) = heard(&studio.tape(), begins(0)..end).await;
    for (run, kept) in (0..).zip(kept) {
        let first = run * FRAMES_PER_RUN;
        let is_there = runs.iter().any(|heard| heard.start == first && heard.end >= first + kept);
        assert!(is_there, "of run {run}, {kept} frames were kept, and it has {runs:?}");
    }
    assert_eq!(gaps.len() as u32, kills - 1, "{gaps:?}");
    assert!(gaps.iter().all(|gap| gap.cause == Cause::NotRunning), "{gaps:?}");
    let verified = studio.tape().verify().await.unwrap();
    assert!(verified.damage.is_empty(), "{:?}", verified.damage);
}

#[tokio::test]
async fn however_often_it_is_killed_nothing_that_was_kept_is_lost_and_every_gap_is_named() {
    kill_again_and_again(KILLS).await;
}

#[tokio::test]
#[ignore = "takes minutes: cargo test -p air --lib two_hundred_kills -- --ignored"]
async fn two_hundred_kills() {
    kill_again_and_again(KILLS_LONG).await;
}

#[tokio::test]
#[ignore = "is started, and killed, by the tests above"]
async fn the_program_that_is_killed() {
    let (Ok(folder), Ok(run)) = (std::env::var(FOLDER), std::env::var(RUN)) else { return };
    let (studio, run) = (Studio::in_folder(Path::new(&folder)), run.parse::<u32>().unwrap());
    let (first, start) = (run * FRAMES_PER_RUN, begins(run));
    let mut on_air = studio.on_air(u64::from(run) + 1);
    for second in 0..SECONDS_PER_RUN {
        let (from, to) = (second * FRAMES_PER_SECOND, (second + 1) * FRAMES_PER_SECOND);
        on_air.air(first + from..first + to, airs_at(start, from));
        let sure = from.saturating_sub(2 * FRAMES_PER_SECOND);
        if sure > 0 {
            on_air.kept_until(airs_at(start, sure)).await;
            println!("{KEPT}{sure}");
            std::io::stdout().flush().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    std::future::pending().await
}
