//! Streams that real encoders make at test time, and ffmpeg as the judge.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use audio::{Codec, Format, Found, Frame, Framer};

/// Music-like: tones under noise that swells, so that an encoder saves bits in one place and spends them in another.
const SWELLING: &str = "aevalsrc=exprs='0.3*sin(2*PI*440*t)+0.5*(random(0)-0.5)*pow(sin(2*PI*0.7*t),8)\
                        |0.3*sin(2*PI*554*t)+0.5*(random(1)-0.5)*pow(sin(2*PI*0.9*t),8)':s=44100:d=6";

pub struct Stream {
    pub name: &'static str,
    pub codec: Codec,
    pub bytes: Vec<u8>,
}

/// One stream of each kind that a studio may send.
pub static STREAMS: LazyLock<Vec<Stream>> = LazyLock::new(|| {
    let kinds: [(&str, Codec, &str); 13] = [
        ("CBR", Codec::Mp3, "-c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0 -f mp3"),
        ("CBR with tags", Codec::Mp3, "-c:a libmp3lame -b:a 128k -metadata title=Ferry -write_id3v1 1 -f mp3"),
        ("VBR", Codec::Mp3, "-c:a libmp3lame -q:a 4 -metadata title=Ferry -f mp3"),
        ("mono", Codec::Mp3, "-c:a libmp3lame -ac 1 -b:a 64k -f mp3"),
        ("MPEG-2", Codec::Mp3, "-c:a libmp3lame -ar 22050 -b:a 64k -f mp3"),
        ("MPEG-2.5", Codec::Mp3, "-c:a libmp3lame -ar 8000 -ac 1 -b:a 16k -f mp3"),
        ("AAC", Codec::Aac, "-c:a aac -b:a 128k -f adts"),
        ("AAC, mono", Codec::Aac, "-c:a aac -ac 1 -ar 48000 -b:a 64k -f adts"),
        ("AAC, low rate", Codec::Aac, "-c:a aac -ar 24000 -b:a 48k -f adts"),
        ("Opus", Codec::OggOpus, "-c:a libopus -ar 48000 -b:a 96k -page_duration 200000 -f ogg"),
        ("Vorbis", Codec::OggVorbis, "-c:a libvorbis -q:a 4 -page_duration 200000 -f ogg"),
        ("FLAC", Codec::OggFlac, "-c:a flac -metadata title=Ferry -page_duration 200000 -f ogg"),
        ("FLAC, mono", Codec::OggFlac, "-c:a flac -ac 1 -ar 48000 -f ogg"),
    ];
    let encoded = kinds.map(|(name, codec, options)| Stream { name, codec, bytes: encode(options) });
    encoded
        .into_iter()
        .chain([Stream { name: "CBR with checksums", codec: Codec::Mp3, bytes: lame_with_checksums() }])
        .collect()
});

/// The stream with this name.
pub fn stream(name: &str) -> &'static Stream {
    STREAMS.iter().find(|stream| stream.name == name).unwrap_or_else(|| panic!("no stream is called {name}"))
}

/// Six seconds of sound, encoded by ffmpeg with `options` into a file: it comes back to a file to write its Xing frame.
pub fn encode(options: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("the machine has a folder for temporary files");
    let file = folder.path().join("stream");
    run("ffmpeg", &format!("-v error -f lavfi -i @ {options} {}", file.display()), SWELLING, &[]);
    std::fs::read(file).expect("ffmpeg has written the file")
}

fn lame_with_checksums() -> Vec<u8> {
    let wave = encode("-f wav");
    run("lame", "--quiet -p -b 128 - -", "", &wave)
}

/// Decodes to 16-bit PCM, and fails if ffmpeg has anything to say about it.
pub fn decode(bytes: &[u8], format: &str) -> Vec<u8> {
    let output = spawn("ffmpeg", &format!("-v error -f {format} -i - -f s16le -"), "", bytes);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ffmpeg complains");
    output.stdout
}

/// What mpg123 says about a stream of MP3.
pub fn complaints_of_mpg123(bytes: &[u8]) -> String {
    let output = spawn("mpg123", "-q -t --no-gapless -", "", bytes);
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What ffmpeg's meter says about stereo sound at 48 kHz: its integrated loudness in LUFS and its true peak in dBTP.
pub fn loudness(pcm: &[f32]) -> (f64, f64) {
    let bytes: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let arguments = "-nostats -f f32le -ar 48000 -ac 2 -i - -filter_complex ebur128=peak=true -f null -";
    let said = String::from_utf8_lossy(&spawn("ffmpeg", arguments, "", &bytes).stderr).into_owned();
    let (_, summary) = said.rsplit_once("Summary:").unwrap_or_else(|| panic!("ffmpeg has no summary: {said}"));
    let figure = |name: &str| {
        let line = summary.lines().find_map(|line| line.trim().strip_prefix(name));
        let word =
            line.and_then(|line| line.split_whitespace().next()).unwrap_or_else(|| panic!("no {name} {summary}"));
        word.parse().unwrap_or_else(|_| panic!("{name} is no figure: {word}"))
    };
    (figure("I:"), figure("Peak:"))
}

/// Runs `program` and gives what it writes. `@` among the arguments stands for `at`.
pub fn run(program: &str, arguments: &str, at: &str, input: &[u8]) -> Vec<u8> {
    let output = spawn(program, arguments, at, input);
    assert!(output.status.success(), "{program} {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn spawn(program: &str, arguments: &str, at: &str, input: &[u8]) -> std::process::Output {
    let mut child = Command::new(program)
        .args(arguments.split(' ').filter(|part| !part.is_empty()).map(|part| if part == "@" { at } else { part }))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("could not start {program} ({error}): apt-get install {program}"));
    let mut stdin = child.stdin.take().expect("its input is a pipe");
    std::thread::scope(|scope| {
        // A program that has heard enough closes its input: that is not a failure.
        scope.spawn(move || stdin.write_all(input).ok());
        child.wait_with_output().expect("a started program ends")
    })
}

/// Everything that a framer finds in `bytes`, pushed `step` bytes at a time.
pub fn found(codec: Codec, bytes: &[u8], step: usize) -> Vec<Found> {
    let mut framer = Framer::new(codec);
    let mut found = Vec::new();
    for part in bytes.chunks(step) {
        framer.push(part);
        found.extend(framer.by_ref());
    }
    framer.finish();
    found.extend(framer.by_ref());
    assert_eq!(framer.pending_bytes(), 0, "after the end nothing is kept");
    found
}

/// The frames of a stream.
pub fn frames(stream: &Stream) -> Vec<Frame> {
    only_frames(found(stream.codec, &stream.bytes, 4096))
}

pub fn only_frames(found: Vec<Found>) -> Vec<Frame> {
    found.into_iter().filter_map(|it| if let Found::Frame(frame) = it { Some(frame) } else { None }).collect()
}

/// The formats that are told, with their header pages.
pub fn formats(found: &[Found]) -> Vec<(Format, &[u8])> {
    let format = |it| if let &Found::Format { format, ref headers } = it { Some((format, &headers[..])) } else { None };
    found.iter().filter_map(format).collect()
}

/// The frames' bytes, one after the other.
pub fn concat(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(|frame| frame.bytes.iter().copied()).collect()
}
