//! Real encoders, each as it is shipped: what they send is what a listener hears, to the bit.

use std::process::Stdio;

use station::Codec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::sound;
use crate::studio::{AUTHORIZATION, PATIENCE, Studio, Tap, listen, program, run, start, wait_for};

/// How much is listened to, in bytes. FLAC needs more for the same seconds.
fn enough(codec: Codec) -> usize {
    if codec == Codec::OggFlac { 400_000 } else { 64_000 }
}

fn ffmpeg(codec: Codec, port: u16, path: &str) -> Command {
    let (_, container, _) = sound::ffmpeg_names(codec);
    let mut ffmpeg = program("ffmpeg");
    ffmpeg
        .args(["-v", "error", "-stream_loop", "-1", "-i"])
        .arg(sound::file(codec))
        .args(["-c", "copy", "-f", container, "-content_type", codec.media_type()])
        .args(["-ice_name", "Röck & Roll", "-ice_genre", "Jazz", "-ice_description", "A test", "-ice_public", "1"])
        .arg(format!("icecast://source:srcpw@127.0.0.1:{port}{path}"));
    ffmpeg
}

/// Hears an encoder through a tap, and proves that what was heard was sent.
async fn assert_heard_to_the_bit(studio: &Studio, tap: &Tap, codec: Codec, path: &str) {
    studio.on_air(path).await;
    let heard = listen(studio, path, "", enough(codec)).await;
    assert_eq!(heard.field("content-type"), Some(codec.media_type()));
    sound::assert_is_a_run(codec, &heard.sound, &tap.sound());
}

async fn ffmpeg_is_heard_to_the_bit(codec: Codec) {
    let studio = Studio::open().await;
    let tap = Tap::on(&studio).await;
    let _encoder = start(ffmpeg(codec, tap.port, "/live"));
    assert_heard_to_the_bit(&studio, &tap, codec, "/live").await;
    let head = &tap.heads()[0];
    assert!(head.starts_with("PUT /live HTTP/1.1\r\n") && head.contains("Expect: 100-continue"), "{head}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_is_heard_in_mp3() {
    ffmpeg_is_heard_to_the_bit(Codec::Mp3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_is_heard_in_aac() {
    ffmpeg_is_heard_to_the_bit(Codec::Aac).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_is_heard_in_opus() {
    ffmpeg_is_heard_to_the_bit(Codec::OggOpus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_is_heard_in_vorbis() {
    ffmpeg_is_heard_to_the_bit(Codec::OggVorbis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_is_heard_in_flac() {
    ffmpeg_is_heard_to_the_bit(Codec::OggFlac).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_is_heard_the_old_way_too() {
    let studio = Studio::open().await;
    let tap = Tap::on(&studio).await;
    let mut command = ffmpeg(Codec::Mp3, tap.port, "/legacy.mp3");
    // An option belongs before the address that it is for.
    let address = format!("icecast://source:srcpw@127.0.0.1:{}/legacy.mp3", tap.port);
    command = with_option_before(command, &address, ["-legacy_icecast", "1"]);
    let _encoder = start(command);
    assert_heard_to_the_bit(&studio, &tap, Codec::Mp3, "/legacy.mp3").await;
    assert!(tap.heads()[0].starts_with("SOURCE /legacy.mp3 HTTP/1.1\r\n"));
    studio.close().await;
}

fn with_option_before(command: Command, address: &str, option: [&str; 2]) -> Command {
    let mut again = program("ffmpeg");
    let arguments = command.as_std().get_args().filter(|argument| *argument != address);
    again.args(arguments).args(option).arg(address);
    again
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_encoder_says_of_itself_reaches_the_listener() {
    let studio = Studio::open().await;
    let _encoder = start(ffmpeg(Codec::Mp3, studio.port(), "/live"));
    studio.on_air("/live").await;
    let heard = listen(&studio, "/live", "", 4_000).await;
    for (field, value) in
        [("icy-name", "Röck & Roll"), ("icy-genre", "Jazz"), ("icy-description", "A test"), ("icy-pub", "1")]
    {
        assert_eq!(heard.field(field), Some(value), "{field} in {}", heard.head);
    }
    assert_eq!(heard.field("icy-metadata"), None, "ffmpeg's own odd header is not for listeners");
    studio.close().await;
}

fn liquidsoap(studio: &Studio, port: u16, output: &str) -> Command {
    let script = format!(
        "settings.init.allow_root.set(true)\nsettings.log.stdout.set(true)\n\
         s = mksafe(once(single(\"annotate:artist=\\\"Björk\\\",title=\\\"It's über\\\":{wav}\")))\n\
         output.icecast({output}, host=\"127.0.0.1\", port={port}, password=\"srcpw\", name=\"Liq name\", s)\n",
        wav = sound::wav().display(),
    );
    let mut liquidsoap = program("liquidsoap");
    liquidsoap.arg(studio.file("station.liq", &script));
    liquidsoap
}

async fn liquidsoap_is_heard_to_the_bit(codec: Codec, output: &str, path: &str, first_line: &str) {
    let studio = Studio::open().await;
    let tap = Tap::on(&studio).await;
    let _encoder = start(liquidsoap(&studio, tap.port, output));
    assert_heard_to_the_bit(&studio, &tap, codec, path).await;
    let heads = tap.heads();
    assert!(heads.iter().any(|head| head.starts_with(first_line)), "{heads:?}");
    if codec == Codec::Mp3 {
        let mount = studio.on_air(path).await;
        let title = || Some(mount.snapshot().title).filter(|title| title == "Björk - It's über");
        wait_for("the title", title).await;
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn liquidsoap_is_heard_by_source() {
    let output = "%mp3(bitrate=128), mount=\"/liq.mp3\"";
    liquidsoap_is_heard_to_the_bit(Codec::Mp3, output, "/liq.mp3", "SOURCE /liq.mp3 HTTP/1.0\r\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn liquidsoap_is_heard_by_put() {
    let output = "%mp3(bitrate=128), mount=\"/liq.mp3\", method=\"put\"";
    liquidsoap_is_heard_to_the_bit(Codec::Mp3, output, "/liq.mp3", "PUT /liq.mp3 HTTP/1.0\r\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn liquidsoap_is_heard_in_chunks() {
    let output = "%mp3(bitrate=128), mount=\"/liq.mp3\", method=\"put\", chunked=true";
    liquidsoap_is_heard_to_the_bit(Codec::Mp3, output, "/liq.mp3", "PUT /liq.mp3 HTTP/1.1\r\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn liquidsoap_is_heard_in_vorbis() {
    let output = "%vorbis(quality=0.3), mount=\"/liq.ogg\"";
    liquidsoap_is_heard_to_the_bit(Codec::OggVorbis, output, "/liq.ogg", "SOURCE /liq.ogg HTTP/1.0\r\n").await;
}

/// darkice ends its lines with a bare line feed and sends its head in two pieces. It records from a sound card; here
/// that is ALSA's file plugin, which reads a file as fast as it is asked.
#[tokio::test(flavor = "multi_thread")]
async fn darkice_is_heard() {
    let studio = Studio::open().await;
    let tap = Tap::on(&studio).await;
    let wav = sound::wav();
    let card = format!(
        "pcm.tape {{ type file slave.pcm \"null\" file \"/dev/null\" infile \"{}\" format \"raw\" }}\n",
        wav.display()
    );
    studio.file(".asoundrc", &card);
    let configuration = format!(
        "[general]\nduration = 0\nbufferSecs = 1\nreconnect = no\nrealtime = no\n\
         [input]\ndevice = tape\nsampleRate = 44100\nbitsPerSample = 16\nchannel = 2\n\
         [icecast2-0]\nbitrateMode = cbr\nformat = mp3\nbitrate = 128\nserver = 127.0.0.1\nport = {}\n\
         password = srcpw\nmountPoint = dark.mp3\nname = Dark name\ngenre = G\npublic = no\n",
        tap.port
    );
    let mut darkice = program("darkice");
    darkice.env("HOME", studio.folder.path()).arg("-c").arg(studio.file("darkice.cfg", &configuration));
    let _encoder = start(darkice);
    assert_heard_to_the_bit(&studio, &tap, Codec::Mp3, "/dark.mp3").await;
    assert!(tap.heads()[0].starts_with("SOURCE /dark.mp3 HTTP/1.0\n"), "{:?}", tap.heads());
    studio.close().await;
}

/// The programs that use libshout ask what the server can, then try without a password; the next connection must be the
/// stream, and by `SOURCE`: libshout's `PUT` waits.
fn assert_libshout_danced_once(tap: &Tap, path: &str) {
    let heads = tap.heads();
    let lines: Vec<&str> = heads.iter().take(3).map(|head| head.lines().next().unwrap_or_default()).collect();
    let source = format!("SOURCE {path} HTTP/1.0");
    assert_eq!(lines, ["OPTIONS * HTTP/1.1", &source, &source], "{heads:#?}");
    assert!(!heads[1].contains("Authorization") && heads[2].contains("Authorization"), "{heads:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ezstream_is_heard_and_sends_its_title() {
    let studio = Studio::open().await;
    let tap = Tap::on(&studio).await;
    let configuration = format!(
        "<ezstream><servers><server><hostname>127.0.0.1</hostname><port>{}</port><password>srcpw</password></server>\
         </servers><streams><stream><mountpoint>/ez.mp3</mountpoint><format>MP3</format>\
         <stream_name>EZ</stream_name><stream_bitrate>128</stream_bitrate></stream></streams>\
         <intakes><intake><type>file</type><filename>{}</filename></intake></intakes></ezstream>",
        tap.port,
        sound::file(Codec::Mp3).display(),
    );
    let mut ezstream = program("ezstream");
    ezstream.arg("-c").arg(studio.file("ezstream.xml", &configuration));
    let _encoder = start(ezstream);
    assert_heard_to_the_bit(&studio, &tap, Codec::Mp3, "/ez.mp3").await;
    assert_libshout_danced_once(&tap, "/ez.mp3");
    let mount = studio.on_air("/ez.mp3").await;
    wait_for("the title", || mount.snapshot().title.contains("Grüße").then_some(())).await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oggfwd_is_heard() {
    let studio = Studio::open().await;
    let tap = Tap::on(&studio).await;
    let mut oggfwd = program("oggfwd");
    oggfwd.args(["-n", "OggFwd", "127.0.0.1", &tap.port.to_string(), "srcpw", "/fwd.ogg"]);
    oggfwd.stdin(std::fs::File::open(sound::file(Codec::OggVorbis)).unwrap());
    let _encoder = start(oggfwd);
    assert_heard_to_the_bit(&studio, &tap, Codec::OggVorbis, "/fwd.ogg").await;
    assert_libshout_danced_once(&tap, "/fwd.ogg");
    studio.close().await;
}

fn curl(studio: &Studio, from: &std::ffi::OsStr) -> Command {
    let mut curl = program("curl");
    curl.args(["-s", "-S", "-u", "source:srcpw", "-H", "Content-Type: audio/mpeg", "-T"]).arg(from);
    curl.arg(studio.url("/curl.mp3"));
    curl
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_is_heard_in_chunks_until_its_input_ends() {
    let studio = Studio::open().await;
    let mut ffmpeg = program("ffmpeg");
    ffmpeg.args(["-v", "error", "-re", "-i"]).arg(sound::file(Codec::Mp3)).args(["-c", "copy", "-f", "mp3", "-"]);
    let mut player = ffmpeg.stderr(Stdio::null()).spawn().unwrap();
    let played: Stdio = player.stdout.take().unwrap().try_into().unwrap();
    let mut command = curl(&studio, "-".as_ref());
    command.stdin(played);
    let _curl = start(command);
    let mount = studio.on_air("/curl.mp3").await;
    let heard = listen(&studio, "/curl.mp3", "", 40_000).await;
    sound::assert_is_a_run(Codec::Mp3, &heard.sound, &std::fs::read(sound::file(Codec::Mp3)).unwrap());
    player.kill().await.unwrap();
    wait_for("the source to be gone", || (mount.snapshot().sources == 0).then_some(())).await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_curl_sends_ends_where_it_said() {
    let studio = Studio::open().await;
    let whole = std::fs::read(sound::file(Codec::Mp3)).unwrap();
    // Less than a source may be ahead of time, so that nothing holds it back.
    let file = studio.folder.path().join("short.mp3");
    std::fs::write(&file, &whole[..128_000]).unwrap();
    let (_, errors) = run(curl(&studio, file.as_os_str())).await;
    assert_eq!(errors, "");
    let mount = studio.air.mount(None, "/curl.mp3").expect("the mount outlives its source for a while");
    wait_for("the source to be gone", || (mount.snapshot().sources == 0).then_some(())).await;
    let heard = listen(&studio, "/curl.mp3", "", 40_000).await;
    sound::assert_is_a_run(Codec::Mp3, &heard.sound, &whole);
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_encoders_are_heard_however_they_write_their_head() {
    let sent = std::fs::read(sound::file(Codec::Mp3)).unwrap();
    for (head, ways) in [
        (format!("SOURCE /raw.mp3 ICE/1.0\r\n{AUTHORIZATION}\r\ncontent-type: audio/mpeg\r\n\r\n"), "ICE/1.0"),
        (format!("SOURCE /raw.mp3 HTTP/1.0\n{AUTHORIZATION}\n\n"), "bare line feeds and no type"),
        (format!("PUT /raw.mp3 HTTP/1.1\r\n{AUTHORIZATION}\r\nContent-Type: audio/mpeg\r\n\r\n"), "a plain PUT"),
    ] {
        let studio = Studio::open().await;
        let mut socket = studio.connect().await;
        for byte in head.as_bytes() {
            socket.write_all(&[*byte]).await.unwrap();
        }
        let mut answer = [0; 19];
        let read = socket.read_exact(&mut answer);
        tokio::time::timeout(PATIENCE, read).await.expect(ways).unwrap();
        assert_eq!(&answer, b"HTTP/1.0 200 OK\r\n\r\n", "{ways}");
        socket.write_all(&sent[..140_000]).await.unwrap();
        studio.on_air("/raw.mp3").await;
        let heard = listen(&studio, "/raw.mp3", "", 40_000).await;
        sound::assert_is_a_run(Codec::Mp3, &heard.sound, &sent);
        studio.close().await;
    }
}
