//! The children that decode and encode: what they make, how they are locked in, and what becomes of one that goes wrong.
//! They are the real program.

mod fades;
mod house;
mod levels;
mod stuck;

use std::ffi::OsString;
use std::process::Command;
use std::time::Duration;

use air::transcode::{ANSWER_MAX, Decoding, Encoding, Ended, Workshop};
use audio::encode::{Coding, Recipe};
use audio::pcm::Layout;
use audio::{Codec, Format, Found, Framer};
use bytes::Bytes;

const MP3: Format = Format { codec: Codec::Mp3, sample_rate_hz: 48_000, channels: 2 };
const OPUS: Recipe = Recipe { coding: Coding::Opus, bitrate_kbps: 96, layout: Layout::HOUSE };

fn workshop() -> Workshop {
    Workshop::new(env!("CARGO_BIN_EXE_groundwave"), [OsString::from("transcode-child")])
}

/// Frames of a tone, encoded by ffmpeg.
fn frames(seconds: u32) -> Vec<Bytes> {
    let source = format!("sine=440:sample_rate=48000:duration={seconds}");
    let arguments = ["-v", "error", "-f", "lavfi", "-i", &source, "-ac", "2", "-b:a", "128k", "-f", "mp3", "-"];
    let made = Command::new("ffmpeg").args(arguments).output().expect("ffmpeg runs");
    let mut framer = Framer::new(Codec::Mp3);
    framer.push(&made.stdout);
    framer.finish();
    framer.filter_map(|found| if let Found::Frame(frame) = found { Some(frame.bytes) } else { None }).collect()
}

async fn decoder(workshop: &Workshop) -> Decoding {
    let mut decoding = workshop.decode(Codec::Mp3).await.expect("a child starts");
    decoding.open(MP3, Bytes::new()).await.expect("it takes a format");
    decoding
}

/// Everything that comes until the end.
async fn heard(decoding: &mut Decoding) -> Vec<f32> {
    let mut pcm = Vec::new();
    while let Some((layout, portion)) = decoding.next().await.expect("the child goes on") {
        assert_eq!(layout, Layout::HOUSE);
        pcm.extend(portion);
    }
    pcm
}

async fn made(encoding: &mut Encoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(portion) = encoding.next().await.expect("the child goes on") {
        bytes.extend(portion);
    }
    bytes
}

/// How it ends, whatever is still said before.
async fn end_of(decoding: &mut Decoding) -> Ended {
    loop {
        match decoding.next().await {
            Ok(said) => assert!(said.is_some(), "it does not end by itself"),
            Err(why) => return why,
        }
    }
}

fn signal(name: &str, process_id: u32) {
    let sent = Command::new("kill").args([name, &process_id.to_string()]).status().expect("kill runs");
    assert!(sent.success(), "the child is there");
}

#[tokio::test]
async fn a_stream_becomes_sound_and_another_stream_again() {
    let (workshop, frames) = (workshop(), frames(3));
    let mut decoding = decoder(&workshop).await;
    for frame in &frames {
        decoding.push(frame.clone()).await.expect("it takes frames");
    }
    decoding.finish().await.expect("it takes an end");
    let pcm = heard(&mut decoding).await;
    assert_eq!(pcm.len(), frames.len() * 2304, "every frame is heard");
    assert!(pcm[9600..].iter().any(|sample| *sample > 0.05), "and it is no silence");

    let mut encoding = workshop.encode(OPUS).await.expect("a child starts");
    encoding.push(pcm.clone()).await.expect("it takes sound");
    encoding.finish().await.expect("it takes an end");
    let mut framer = Framer::new(Codec::OggOpus);
    framer.push(&made(&mut encoding).await);
    let samples: u32 = framer.map(|found| if let Found::Frame(frame) = found { frame.samples } else { 0 }).sum();
    assert_eq!(samples as usize * 2, pcm.len());
    assert_eq!(decoding.push(frames[0].clone()).await, Err(Ended::Finished), "after the end it takes no more");
}

#[tokio::test]
async fn a_child_has_nothing_and_can_do_nothing_but_its_work() {
    let decoding = decoder(&workshop()).await;
    let of_child = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", decoding.process_id()));
    let status = of_child("status").expect("the child is there");
    for line in ["Seccomp:\t2", "NoNewPrivs:\t1", "Threads:\t1"] {
        assert!(status.contains(line), "{line}: {status}");
    }
    let limits = of_child("limits").expect("the child is there");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).expect("the kernel has this limit");
        line[name.len()..].split_whitespace().next().expect("a limit has a figure").to_owned()
    };
    assert_eq!(["Max open files", "Max file size", "Max processes"].map(limit), ["3", "0", "0"]);
    assert_eq!(limit("Max data size"), air::transcode::cell::MEMORY_BYTES_MAX.to_string());
    let cpu_seconds: u64 = limit("Max cpu time").parse().expect("it is limited");
    assert!(cpu_seconds <= 2 * air::transcode::cell::CPU_SECONDS_MAX);
    assert_eq!(of_child("environ").expect("the child is there"), "MIMALLOC_ARENA_RESERVE=0\0");
    let data = status.lines().find_map(|line| line.strip_prefix("VmData:")?.trim().strip_suffix(" kB"));
    let data_kb: u64 = data.and_then(|kb| kb.trim().parse().ok()).expect("the kernel counts its memory");
    assert!(data_kb < 32 << 10, "{data_kb} kB were taken before the limit was set");
    let files = std::fs::read_dir(format!("/proc/{}/fd", decoding.process_id())).expect("the child is there");
    assert_eq!(files.count(), 3 + inherited(), "no file of ours is open in it");
}

/// How many files this test was itself started with, beyond the standard ones, that pass on to whatever it starts: cargo's.
fn inherited() -> usize {
    const CLOSED_ON_EXEC: u32 = 0o2_000_000;
    let passes_on = |number: &str| {
        let about = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).ok()?;
        let flags = about.lines().find_map(|line| line.strip_prefix("flags:"))?.trim().to_owned();
        Some(u32::from_str_radix(&flags, 8).ok()? & CLOSED_ON_EXEC == 0)
    };
    let files = std::fs::read_dir("/proc/self/fd").expect("there is a list of open files");
    let numbers = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    numbers.filter(|number| number.parse::<u32>().is_ok_and(|it| it > 2) && passes_on(number) == Some(true)).count()
}

#[tokio::test]
async fn a_child_that_is_killed_says_so_and_another_takes_its_place() {
    let (workshop, frames) = (workshop(), frames(1));
    for _ in 0..3 {
        let mut decoding = decoder(&workshop).await;
        decoding.push(frames[0].clone()).await.expect("it takes frames");
        assert!(decoding.next().await.is_ok_and(|heard| heard.is_some()));
        signal("-KILL", decoding.process_id());
        assert_eq!(end_of(&mut decoding).await, Ended::Killed(9));
        assert_eq!(decoding.push(frames[0].clone()).await, Err(Ended::Killed(9)));
    }
    assert_eq!(workshop.children(), 0, "no place is lost");
}

#[tokio::test]
async fn a_child_that_hangs_is_killed_and_nobody_waits_for_it_longer() {
    let (workshop, frames) = (workshop(), frames(1));
    let mut decoding = decoder(&workshop).await;
    let process_id = decoding.process_id();
    signal("-STOP", process_id);
    // More than it has room for: who pushes learns of it too.
    let told = tokio::time::timeout(10 * ANSWER_MAX, async {
        loop {
            if let Err(why) = decoding.push(frames[0].clone()).await {
                return why;
            }
        }
    });
    assert_eq!(told.await, Ok(Ended::Hung));
    assert!(!std::path::Path::new(&format!("/proc/{process_id}")).exists(), "it is gone, and was waited for");
}

#[tokio::test]
async fn an_idle_child_is_left_in_peace_and_one_nobody_listens_to_is_not_blamed() {
    let (workshop, frames) = (workshop(), frames(3));
    let mut decoding = decoder(&workshop).await;
    tokio::time::sleep(ANSWER_MAX + Duration::from_millis(300)).await;
    for frame in &frames[..20] {
        decoding.push(frame.clone()).await.expect("it is still there");
    }
    tokio::time::sleep(ANSWER_MAX + Duration::from_millis(300)).await;
    decoding.finish().await.expect("it is still there");
    assert_eq!(heard(&mut decoding).await.len(), 20 * 2304);
}

#[tokio::test]
async fn garbage_for_frames_is_silence_and_the_child_goes_on() {
    let (workshop, frames) = (workshop(), frames(1));
    let mut decoding = decoder(&workshop).await;
    let garbage = |seed: u32| -> Bytes { (0..700_u32).map(|at| (at.wrapping_mul(seed) >> 3) as u8).collect() };
    for frame in [frames[0].clone(), garbage(7919), garbage(104_729), frames[1].clone(), frames[2].clone()] {
        decoding.push(frame).await.expect("it takes anything");
    }
    decoding.finish().await.expect("it takes an end");
    let pcm = heard(&mut decoding).await;
    assert_eq!(pcm.len(), 5 * 2304, "time goes on");
    assert!(pcm[2304..3 * 2304].iter().all(|sample| *sample == 0.0));
}

#[tokio::test]
async fn a_program_that_is_not_there_or_is_another_is_an_ending_and_no_more() {
    let missing = Workshop::new("/nowhere/groundwave", []);
    assert_eq!(missing.decode(Codec::Mp3).await.err(), Some(Ended::NotStarted(std::io::ErrorKind::NotFound)));
    let echo = Workshop::new("/bin/cat", []);
    assert_eq!(echo.decode(Codec::Mp3).await.err(), Some(Ended::Babbled));
    let silent = Workshop::new("/bin/false", []);
    assert_eq!(silent.encode(OPUS).await.err(), Some(Ended::GaveUp(1)));
    assert_eq!([missing, echo, silent].map(|workshop| workshop.children()), [0; 3]);
}

#[tokio::test]
async fn there_are_only_so_many_children() {
    let workshop = workshop();
    let mut children = Vec::new();
    while children.len() < air::transcode::CHILDREN_MAX {
        children.push(workshop.decode(Codec::Mp3).await.expect("there is room"));
    }
    assert_eq!(workshop.decode(Codec::Mp3).await.err(), Some(Ended::TooMany));
    children.pop();
    tokio::time::timeout(super::station::PATIENCE, async {
        while workshop.decode(Codec::Mp3).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("a place is free again");
}
