//! Conversations that were recorded with Icecast 2.4.4, with icecast-kh, and between real source programs and Icecast:
//! what the client said is said to us, and our status line is theirs, or another one on purpose.
//!
//! A file in `transcripts/` shows bytes with `\r`, `\n` and `\xNN`; a line end that is not written so is none. The table
//! below names every file. Words of the status line are compared, not the version before them: pages are answered in the
//! version that was asked in, as icecast-kh does it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use air::Settings;
use air::settings::{SecondSource, Sources};
use air::terms::{Table, Terms};
use station::Codec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::admin::administered;
use crate::studio::{PATIENCE, Studio};

/// What we answer to what a client said.
enum Ours {
    /// What it was answered then.
    Same,
    /// Something else, and why.
    Other(&'static str, &'static str),
    /// It is no conversation; this test has its contents.
    Contents(&'static str),
}
use Ours::{Contents, Other, Same};

const AS_KH: &str = "Icecast 2.4.4 cannot do it; icecast-kh can, and so do we";
const NOT_FOUND: &str = "HTTP's own words for 404";
const ANY_PORT: &str = "every port takes what any port takes";
const ANSWERED: &str = "an answer is kinder than a closed connection";

/// Every conversation that is not with a source program.
const TRANSCRIPTS: &[(&str, Ours)] = &[
    ("a00-status-json-none.txt", Same),
    ("a01-status-json-one.txt", Same),
    ("a02-status-json-many.txt", Same),
    ("a03-status-json-mount.txt", Same),
    ("a04-admin-stats.txt", Same),
    ("a05-admin-noauth.txt", Same),
    ("a06-listmounts.txt", Same),
    ("a07-streamlist-txt.txt", Same),
    ("a08-listclients.txt", Same),
    ("a09-killclient.txt", Same),
    ("a10-killclient-unknown.txt", Same),
    ("a11-moveclients.txt", Same),
    ("a12-moveclients-difftype.txt", Same),
    ("a13-fallbacks.txt", Same),
    ("a14-badmount.txt", Same),
    ("a15-badcmd.txt", Same),
    ("a16-source-cred-admin.txt", Same),
    ("a17-buildm3u.txt", Same),
    ("a18-manageauth.txt", Same),
    ("a20-status-json-typing.txt", Contents("a_title_that_looks_like_a_number_stays_a_string")),
    ("kh/a01-status-json.txt", Same),
    ("kh/a02-stats.txt", Same),
    ("kh/a03-listclients.txt", Same),
    ("kh/l01-get.txt", Same),
    ("kh/l02-get-icy.txt", Same),
    ("kh/l03-head.txt", Same),
    ("kh/l04-options.txt", Same),
    ("kh/l05-range-live.txt", Same),
    ("kh/l06-range01.txt", Same),
    ("kh/l07-404.txt", Other("404 Not Found", NOT_FOUND)),
    ("kh/l08-7xsl.txt", Other("404 Not Found", "it was empty there; Shoutcast's /7.html is here")),
    ("kh/s05-put-inuse-expect.txt", Other("403 Forbidden", "a source that is refused is not told to go on")),
    ("l01-get-plain.txt", Same),
    ("l02-get-icy.txt", Same),
    ("l03-head.txt", Other("200 OK", AS_KH)),
    ("l04-options.txt", Other("204 No Content", AS_KH)),
    ("l05-range-live.txt", Same),
    ("l06-range-file.txt", Other("404 Not Found", "files are the site's business, not the streams'")),
    ("l07-404.txt", Other("404 Not Found", NOT_FOUND)),
    ("l08-post.txt", Other("405 Method Not Allowed", "HTTP's own number for it")),
    ("l09-m3u.txt", Same),
    ("l10-m3u-nohostport.txt", Same),
    ("l11-xspf.txt", Same),
    ("l12-vclt.txt", Same),
    ("l13-pls.txt", Other("200 OK", "players of Winamp's kind ask for it")),
    ("l14-alias.txt", Other("404 Not Found", "there are no aliases: a mount has one address")),
    ("m01-updinfo-song.txt", Same),
    ("m02-metadata-session.txt", Contents("every_title_is_told_as_it_should_be_to_the_last_byte_of_its_block")),
    ("s01-source-ice10.txt", Same),
    ("s02-source-badpw.txt", Same),
    ("s03-source-noauth.txt", Same),
    ("s04-source-inuse.txt", Same),
    ("s05-put-inuse-expect.txt", Same),
    ("s06-put-noct.txt", Other("404 Not Found", "a PUT that names neither sound nor a mount is meant for the site")),
    ("s07-source-noct.txt", Same),
    ("s08-put-noexpect.txt", Same),
    ("s09-put-badpw-expect.txt", Same),
    ("s10-permount-user.txt", Same),
    ("s11-permount-globalpw-refused.txt", Same),
    ("s12-admin-cred-as-source.txt", Same),
    ("s13-ice-password.txt", Same),
    ("s14-shoutcast-badpw.txt", Same),
    ("s15-shoutcast-connect.txt", Same),
    ("s16-stats-method.txt", Same),
    ("s17-traversal.txt", Other("404 Not Found", ANSWERED)),
    ("s18-lf-only.txt", Other("404 Not Found", NOT_FOUND)),
    ("s19-unknown-proto.txt", Other("400 Bad Request", ANSWERED)),
    ("s20-admincgi.txt", Same),
    ("s21-admincgi-badpass.txt", Same),
    ("s22-admincgi-mainport.txt", Other("200 OK", ANY_PORT)),
    ("s23-sc-listen.txt", Same),
    ("s24-admincgi-to-source-port.txt", Other("200 OK", ANY_PORT)),
    // Last, for it ends what the others need.
    ("a19-killsource.txt", Same),
];

/// The source programs.
const PROGRAMS: &[&str] = &[
    "src-butt-opus.tap",
    "src-butt.tap",
    "src-curl.tap",
    "src-darkice-shoutcast-base.tap",
    "src-darkice.tap",
    "src-ezstream.tap",
    "src-ffmpeg-legacy.tap",
    "src-ffmpeg.tap",
    "src-ices2.tap",
    "src-libshout.tap",
    "src-liq-icy-base.tap",
    "src-liq-icy-source.tap",
    "src-liquidsoap.tap",
    "src-oggfwd.tap",
];

/// What begins so in a source program's words is answered otherwise: Icecast closes the connection without a word.
const ANSWERED_OTHERWISE: &[(&[u8], &str)] = &[
    // libshout asks whether it may change to TLS.
    (b"OPTIONS * ", "204 No Content"),
    // darkice's own Shoutcast mode begins with sound.
    (b"\xff", "400 Bad Request"),
];

/// The files of the tests that have a transcript's contents.
const TESTS: &str = concat!(include_str!("titles.rs"), include_str!("../../src/icecast/status.rs"));

/// What stands in the answers of 2.4.4 and not in ours.
const LEFT_OUT: &[&str] = &["source_ip"];

#[tokio::test(flavor = "multi_thread")]
async fn every_conversation_with_icecast_goes_the_same_way_here_or_another_on_purpose() {
    let studio = recorded_studio().await;
    let _sources = recorded_sources(&studio).await;
    let mut listener = studio.connect().await;
    listener.write_all(b"GET /live.mp3 HTTP/1.0\r\nUser-Agent: agent2\r\n\r\n").await.unwrap();
    for (file, ours) in TRANSCRIPTS {
        let recorded = conversations(file).into_iter().next();
        let (expected, why) = match ours {
            Contents(test) => {
                assert!(TESTS.contains(&format!("fn {test}(")), "{file}: no test is called {test}");
                continue;
            }
            Same => (recorded.as_ref().map_or(String::new(), Conversation::words), "as it was recorded"),
            Other(words, why) => ((*words).to_owned(), *why),
        };
        let recorded = recorded.unwrap_or_else(|| panic!("{file} has no conversation"));
        let (_socket, answer) = say(&studio, &recorded.client).await;
        assert_eq!(words(&answer), expected, "{file} ({why})");
        if matches!(ours, Same) {
            assert_tells_as_much(file, &answer, &recorded.server);
        }
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_program_is_answered_as_icecast_answered_it() {
    for file in PROGRAMS {
        let studio = recorded_studio().await;
        // Titles by /admin.cgi are for a source that is there.
        let _source = studio.send(Codec::Mp3, "/sc", "").await;
        let mut connections = Vec::new();
        for conversation in conversations(file) {
            let other = ANSWERED_OTHERWISE.iter().find(|(begin, _)| conversation.client.starts_with(begin));
            let expected = other.map_or_else(|| conversation.words(), |(_, words)| (*words).to_owned());
            let (socket, answer) = say(&studio, head_of(&conversation.client)).await;
            assert_eq!(words(&answer), expected, "{file}, connection {}", conversation.connection);
            connections.push(socket);
        }
        assert!(!connections.is_empty(), "{file} has no conversation");
        studio.close().await;
    }
}

#[test]
fn every_transcript_has_its_line() {
    let listed = TRANSCRIPTS.iter().map(|(file, _)| *file).chain(PROGRAMS.iter().copied());
    let mut listed: Vec<String> = listed.map(str::to_owned).collect();
    let mut there: Vec<String> = ["", "kh/"].into_iter().flat_map(files_in).collect();
    listed.sort();
    there.sort();
    assert_eq!(listed, there);
}

/// The station that the conversations were recorded with, as far as it matters: passwords, a mount with its own, a
/// hidden one, a second source refused.
async fn recorded_studio() -> Studio {
    let own = Sources { user: "studio".into(), password: "studiopw".into() };
    let own = ("/max1.mp3".to_owned(), Terms { source: Some(own), ..Terms::default() });
    let hidden = ("/backup.mp3".to_owned(), Terms { is_hidden: true, ..Terms::default() });
    Studio::with(Settings {
        terms: Table::new([own, hidden]),
        shoutcast_mounts: vec!["/sc".to_owned()],
        second_source: SecondSource::Refuse,
        ..administered()
    })
    .await
}

async fn recorded_sources(studio: &Studio) -> Vec<crate::studio::Sending> {
    let fields = "User-Agent: Lavf/59.27.100\r\nice-name: Test Röck\r\nice-url: http://example.test/\r\n";
    let mut sources = Vec::new();
    for path in ["/live.mp3", "/backup.mp3", "/latin.mp3", "/sc"] {
        sources.push(studio.send(Codec::Mp3, path, fields).await);
    }
    sources.push(studio.send(Codec::OggOpus, "/live.opus", "").await);
    sources
}

/// What was said on one connection before and after the first answer.
struct Conversation {
    connection: u32,
    client: Vec<u8>,
    server: Vec<u8>,
}

impl Conversation {
    fn words(&self) -> String {
        words(&self.server)
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/front/transcripts")
}

fn files_in(kind: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder().join(kind)).unwrap().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files.map(|entry| format!("{kind}{}", entry.file_name().to_str().unwrap())).collect()
}

/// Reads a file: its connections in their order.
fn conversations(file: &str) -> Vec<Conversation> {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    let mut found: BTreeMap<u32, Conversation> = BTreeMap::new();
    let mut speaker: Option<(u32, bool)> = None;
    for line in text.lines() {
        let is_client = line.ends_with(">>> CLIENT");
        if is_client || line.ends_with("<<< SERVER") {
            speaker = Some((connection_of(line), is_client));
            continue;
        }
        if line.starts_with('[') {
            speaker = None;
        }
        let Some((connection, is_client)) = speaker else { continue };
        let conversation = found.entry(connection).or_insert_with(|| Conversation {
            connection,
            client: Vec::new(),
            server: Vec::new(),
        });
        match (is_client, conversation.server.is_empty()) {
            (false, _) => conversation.server.extend(unescaped(line)),
            (true, true) => conversation.client.extend(unescaped(line)),
            // What is said after the answer is no part of what it answers.
            (true, false) => {}
        }
    }
    found.into_values().filter(|conversation| !conversation.client.is_empty()).collect()
}

/// The number in `[2 +0.01s] >>> CLIENT`; 0 where there is none.
fn connection_of(line: &str) -> u32 {
    line.strip_prefix('[').and_then(|line| line.split(' ').next()?.parse().ok()).unwrap_or(0)
}

fn unescaped(line: &str) -> Vec<u8> {
    let (mut bytes, mut letters) = (Vec::new(), line.chars());
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match letters.next() {
            Some('r') => bytes.push(b'\r'),
            Some('n') => bytes.push(b'\n'),
            Some('t') => bytes.push(b'\t'),
            Some('x') => {
                let digits: String = letters.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
            }
            Some(other) => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
            None => {}
        }
    }
    bytes
}

/// The head of what a source says; what it says on one line, if it has no head.
fn head_of(client: &[u8]) -> &[u8] {
    let end = (1..client.len()).find(|&at| client[..at].ends_with(b"\n\n") || client[..at].ends_with(b"\n\r\n"));
    end.map_or(client, |end| &client[..end])
}

/// Says something on a connection of its own, and reads until it is answered: to the second line, if the first one says
/// to go on, or to the end, if it is a page.
async fn say(studio: &Studio, client: &[u8]) -> (TcpStream, Vec<u8>) {
    let mut socket = studio.connect().await;
    socket.write_all(client).await.unwrap();
    let mut answer = Vec::new();
    let reading = async {
        // A connection that is reset has ended, too.
        while !is_whole(&answer) && socket.read_buf(&mut answer).await.unwrap_or(0) > 0 {}
    };
    let said = String::from_utf8_lossy(client).into_owned();
    timeout(PATIENCE, reading).await.unwrap_or_else(|_| panic!("no answer to {said}"));
    (socket, answer)
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    if head.starts_with("http/1.1 100 ") {
        return body.contains("\r\n\r\n");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|it| it.parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// The words of the status lines: `401 Authentication Required`; of what is none, the first line.
fn words(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let heads = text.split("\r\n\r\n").take_while(|head| !head.is_empty());
    let mut lines = heads.filter_map(|head| head.lines().next());
    let first = lines.next().unwrap_or_default();
    let without_version = |line: &str| line.split_once(' ').map_or(line, |(_, words)| words).to_owned();
    match first.strip_prefix("HTTP/1.1 100 ") {
        Some(words) => format!("100 {words}, then {}", lines.next().map(without_version).unwrap_or_default()),
        None if first.starts_with("HTTP/") => without_version(first),
        None => first.to_owned(),
    }
}

/// Every element that the recorded XML has is in ours; a text that is not XML is the same but for the host.
fn assert_tells_as_much(file: &str, ours: &[u8], recorded: &[u8]) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    let (Some(ours), Some(recorded)) = (text(ours), text(recorded)) else { return };
    if !recorded.starts_with("<?xml") || file.starts_with("kh/") {
        return;
    }
    for element in elements(&recorded).filter(|element| !LEFT_OUT.contains(element)) {
        assert!(elements(&ours).any(|other| other == element), "{file}: <{element}> is missing in {ours}");
    }
}

fn elements(xml: &str) -> impl Iterator<Item = &str> {
    let opened = xml.split('<').skip(1).filter(|tag| !tag.starts_with(['/', '?', '!']));
    opened.map(|tag| tag.split([' ', '>', '/']).next().unwrap_or_default())
}
