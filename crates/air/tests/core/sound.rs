//! Sound made by real encoders, and ffmpeg as the judge of what was heard.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use audio::{Found, Framer};
use station::Codec;
use tempfile::TempDir;

/// The lengths of what the studio sends and of a piece of the library, in seconds.
pub const STUDIO_SECONDS: u64 = 12;
pub const PIECE_SECONDS: u64 = 4;

/// What the studio sends: noise, whose frames lean on one another.
pub fn studio(codec: Codec) -> PathBuf {
    file("studio", codec)
}

/// A piece of the library: a tone of another kind.
pub fn piece(codec: Codec) -> PathBuf {
    file("piece", codec)
}

/// Everything a framer finds in a file.
pub fn found(path: &Path, codec: Codec) -> Vec<Found> {
    found_in(&std::fs::read(path).unwrap(), codec)
}

/// Everything a framer finds in these bytes.
pub fn found_in(bytes: &[u8], codec: Codec) -> Vec<Found> {
    let mut framer = Framer::new(air::codec::to_audio(codec));
    let mut found = Vec::new();
    for part in bytes.chunks(8 << 10) {
        framer.push(part);
        found.extend(framer.by_ref());
    }
    found
}

/// The bytes of whole frames and header pages at the beginning of these bytes, of which nothing may be anything else.
pub fn whole_frames(bytes: &[u8], codec: Codec) -> &[u8] {
    let mut length = 0;
    for found in found_in(bytes, codec) {
        length += match found {
            Found::Format { headers, .. } => headers.len(),
            Found::Frame(frame) => frame.bytes.len(),
            Found::Tag { bytes } | Found::Skipped { bytes } => panic!("{codec:?}: {bytes} bytes are no frame"),
        };
    }
    &bytes[..length]
}

/// Lets ffmpeg decode all of it, and fails if it complains about anything. It gets a pipe, as it would from a stream: in a
/// file it looks for the end first, and there finds another one of the chained streams.
pub fn assert_decodes(bytes: &[u8], codec: Codec) {
    let file = tempfile::tempfile().unwrap();
    (&file).write_all(whole_frames(bytes, codec)).unwrap();
    (&file).rewind().unwrap();
    let container = if codec == Codec::Aac { "aac" } else { names(codec).1 };
    let mut cat = Command::new("cat").stdin(file).stdout(Stdio::piped()).spawn().unwrap();
    let decoded = Command::new("ffmpeg")
        .args(["-v", "error", "-f", container, "-i", "pipe:0", "-f", "null", "-"])
        .stdin(cat.stdout.take().unwrap())
        .output()
        .expect("this test needs ffmpeg: apt-get install ffmpeg");
    cat.wait().unwrap();
    let complaints = String::from_utf8_lossy(&decoded.stderr);
    assert!(decoded.status.success() && complaints.is_empty(), "{codec:?}: {complaints}");
}

fn file(name: &str, codec: Codec) -> PathBuf {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(make_files);
    FOLDER.path().join(format!("{name}.{}", codec.slug()))
}

/// The encoder and the container of a codec, as ffmpeg calls them.
fn names(codec: Codec) -> (&'static str, &'static str) {
    match codec {
        Codec::Mp3 => ("libmp3lame", "mp3"),
        Codec::Aac => ("aac", "adts"),
        Codec::OggOpus => ("libopus", "ogg"),
        Codec::OggVorbis => ("libvorbis", "ogg"),
        Codec::OggFlac => ("flac", "ogg"),
    }
}

fn make_files() -> TempDir {
    let folder = TempDir::new().unwrap();
    let noise = format!("anoisesrc=color=pink:amplitude=0.3:sample_rate=48000:seed=7:duration={STUDIO_SECONDS}");
    let tone = format!("sine=frequency=880:sample_rate=48000:duration={PIECE_SECONDS}");
    for codec in Codec::ALL {
        let (encoder, container) = names(codec);
        for (name, source) in [("studio", &noise), ("piece", &tone)] {
            let samples: &[&str] = if codec == Codec::OggFlac { &["-sample_fmt", "s16"] } else { &[] };
            let made = Command::new("ffmpeg")
                .args(["-v", "error", "-f", "lavfi", "-i", source, "-ac", "2", "-ar", "48000"])
                .args(samples)
                .args(["-c:a", encoder, "-b:a", "128k", "-page_duration", "200000", "-f", container])
                .arg(folder.path().join(format!("{name}.{}", codec.slug())))
                .output()
                .expect("this test needs ffmpeg: apt-get install ffmpeg");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
    }
    folder
}
