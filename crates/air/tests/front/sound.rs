//! Sound for encoders to send, and the proof that it was heard to the bit.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use station::Codec;

use crate::studio::scratch;

/// What ffmpeg is told to make a file in a codec: its encoder, its container's name, the file's name.
pub fn ffmpeg_names(codec: Codec) -> (&'static str, &'static str, &'static str) {
    match codec {
        Codec::Mp3 => ("libmp3lame", "mp3", "sound.mp3"),
        Codec::Aac => ("aac", "adts", "sound.aac"),
        Codec::OggOpus => ("libopus", "ogg", "opus.ogg"),
        Codec::OggVorbis => ("libvorbis", "ogg", "vorbis.ogg"),
        Codec::OggFlac => ("flac", "ogg", "flac.ogg"),
    }
}

/// Twenty seconds of something that no two frames of are alike, made once.
pub fn file(codec: Codec) -> PathBuf {
    static FILES: LazyLock<()> = LazyLock::new(make_files);
    LazyLock::force(&FILES);
    scratch().join(ffmpeg_names(codec).2)
}

/// The same as 16-bit samples in a WAV file, for programs that encode themselves.
pub fn wav() -> PathBuf {
    file(Codec::Mp3);
    scratch().join("sound.wav")
}

fn make_files() {
    let wav = scratch().join("sound.wav");
    let noise = "anoisesrc=color=pink:amplitude=0.3:sample_rate=44100:seed=7,aformat=channel_layouts=stereo";
    ffmpeg(&["-f", "lavfi", "-i", noise, "-t", "20"], &wav);
    for codec in Codec::ALL {
        let (encoder, container, name) = ffmpeg_names(codec);
        let rate = if codec == Codec::OggOpus { "48000" } else { "44100" };
        let source = wav.to_str().unwrap();
        let arguments =
            ["-i", source, "-c:a", encoder, "-b:a", "128k", "-ar", rate, "-metadata", "title=Grüße", "-f", container];
        ffmpeg(&arguments, &scratch().join(name));
    }
}

fn ffmpeg(arguments: &[&str], target: &std::path::Path) {
    let made = Command::new("ffmpeg").args(["-v", "error", "-y"]).args(arguments).arg(target).output();
    let made = made.expect("this test needs ffmpeg: apt-get install ffmpeg");
    assert!(made.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&made.stderr));
}

/// Proves that what was heard is one contiguous run of what was sent.
///
/// What a listener gets first is made to be decodable alone: an Ogg stream's header pages, MP3 frames whose missing
/// part is silent. The proof begins behind that.
pub fn assert_is_a_run(codec: Codec, heard: &[u8], sent: &[u8]) {
    assert_begins_cleanly(codec, heard);
    let heard = &heard[opening_bytes(codec, heard)..];
    assert!(heard.len() > 16 << 10, "only {} bytes were heard", heard.len());
    let (needle, rest) = heard.split_at(256);
    let at = sent.windows(needle.len()).position(|window| window == needle).expect("what was heard was sent");
    let sent = &sent[at + needle.len()..];
    let common = rest.iter().zip(sent).take_while(|(heard, sent)| heard == sent).count();
    assert_eq!(common, rest.len(), "what was heard differs after {common} bytes ({} were sent)", sent.len());
}

/// Proves that a stream is nothing but whole frames, one after the other; the last one may be cut.
pub fn assert_is_unbroken(codec: Codec, heard: &[u8]) {
    assert_begins_cleanly(codec, heard);
    let mut framer = audio::Framer::new(air::codec::to_audio(codec));
    framer.push(heard);
    let found: Vec<audio::Found> = framer.by_ref().collect();
    let frames = found.iter().filter(|found| matches!(found, audio::Found::Frame(_))).count();
    let skipped = found.iter().filter(|found| matches!(found, audio::Found::Skipped { .. })).count();
    assert!(frames > 20 && skipped == 0, "{frames} frames, and {skipped} times something between them");
}

fn assert_begins_cleanly(codec: Codec, heard: &[u8]) {
    let begins_with = match codec {
        Codec::Mp3 => heard[0] == 0xff && heard[1] & 0xe6 == 0xe2,
        Codec::Aac => heard[0] == 0xff && heard[1] & 0xf6 == 0xf0,
        _ => heard.starts_with(b"OggS\0\x02"),
    };
    assert!(begins_with, "{codec:?} begins with {:02x?}", &heard[..8]);
}

fn opening_bytes(codec: Codec, heard: &[u8]) -> usize {
    match codec {
        Codec::Aac => 0,
        Codec::Mp3 => 4 << 10,
        _ => ogg_pages(heard).take_while(|&(_, granule)| matches!(granule, 0 | u64::MAX)).map(|(bytes, _)| bytes).sum(),
    }
}

/// The size and the granule position of each whole page.
pub fn ogg_pages(mut bytes: &[u8]) -> impl Iterator<Item = (usize, u64)> {
    std::iter::from_fn(move || {
        let segments = usize::from(*bytes.get(26)?);
        assert!(bytes.starts_with(b"OggS"), "a page begins with {:02x?}", &bytes[..4]);
        let size = 27 + segments + bytes.get(27..27 + segments)?.iter().map(|&part| usize::from(part)).sum::<usize>();
        let granule = u64::from_le_bytes(bytes[6..14].try_into().unwrap());
        bytes = bytes.get(size..)?;
        Some((size, granule))
    })
}
