//! Who is asked, and who is told: the gate, the bans, the access log.

use std::sync::{Arc, Mutex};

use air::Settings;
use air::access::{Ledger, Setup};
use air::bans::{Lists, Networks};
use air::gate::Addresses;
use air::terms::{Table, Terms};
use jiff::civil::Date;
use station::Codec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::stub::{Received, Stub};
use crate::studio::{AUTHORIZATION, PATIENCE, Studio, listen, settings, wait_for, with_news};

// What Icecast 2.4.4 was seen to send; where it counts its clients, CLIENT stands.
const STREAM_AUTH: &str =
    "action=stream_auth&mount=%2furlauth%2emp3&ip=127%2e0%2e0%2e1&server=localhost&port=8000&user=source&pass=goodpw";
const MOUNT_ADD: &str = "action=mount_add&mount=%2furlauth%2emp3&server=localhost&port=8000";
const MOUNT_REMOVE: &str = "action=mount_remove&mount=%2furlauth%2emp3&server=localhost&port=8000";
const LISTENER_ADD: &str = "action=listener_add&server=localhost&port=8000&client=CLIENT&mount=%2furlauth%2emp3%3ftoken%3dabc%26x%3d1&user=fred&pass=pw&ip=127%2e0%2e0%2e1&agent=My%20Player%2f1%2e0&ClientHeader.x-token=tt&ClientHeader.cookie=c%3d1";
const LISTENER_REMOVE: &str = "action=listener_remove&server=localhost&port=8000&client=CLIENT&mount=%2furlauth%2emp3%3ftoken%3dabc%26x%3d1&user=fred&pass=pw&duration=SECONDS&ip=127%2e0%2e0%2e1&agent=My%20Player%2f1%2e0";
const NAMELESS_ADD: &str = "action=listener_add&server=localhost&port=8000&client=CLIENT&mount=%2furlauth%2emp3%3ftoken%3dbad&user=&pass=&ip=127%2e0%2e0%2e1&agent=-";

/// Lets in whoever has another token than `bad`, and one with the token `limit` for a second.
fn decide(received: &Received) -> String {
    let body = &received.body;
    let is_let_in = body.contains("action=listener_add") && !body.contains("token%3dbad")
        || body.contains("action=stream_auth") && body.contains("pass=goodpw");
    let limit = if body.contains("token%3dlimit") { "icecast-auth-timelimit: 1\r\n" } else { "" };
    if is_let_in { format!("icecast-auth-user: 1\r\n{limit}") } else { "icecast-auth-message: no\r\n".to_owned() }
}

/// A body with the numbers that no two runs have alike taken out.
fn without_numbers(body: &str) -> String {
    let fields = body.split('&').map(|field| match field.split_once('=') {
        Some(("client", number)) if number.parse::<u64>().is_ok() => "client=CLIENT",
        Some(("duration", number)) if number.parse::<u64>().is_ok() => "duration=SECONDS",
        _ => field,
    });
    fields.collect::<Vec<_>>().join("&")
}

async fn guarded(stub: &Stub, more: Settings) -> Studio {
    let url = |path| Some(stub.url(path).parse().unwrap());
    let addresses = Addresses {
        listener_add: url("/listener_add"),
        listener_remove: url("/listener_remove"),
        mount_add: url("/mount_add"),
        mount_remove: url("/mount_remove"),
        stream_auth: url("/stream_auth"),
        headers: vec!["x-token".into(), "cookie".into()],
        header_prefix: "ClientHeader.".into(),
        login: None,
    };
    let terms = Terms { gate: Some(Arc::new(addresses)), ..Terms::default() };
    Studio::with(Settings { terms: Table::new([("/urlauth.mp3".to_owned(), terms)]), ..more }).await
}

fn open() -> Settings {
    Settings { open_mounts: true, linger_seconds: 600, ..settings() }
}

/// A source that shows the password which the gate, and nobody else, takes.
async fn send(studio: &Studio) -> tokio::net::TcpStream {
    let sound = std::fs::read(crate::sound::file(Codec::Mp3)).unwrap();
    let mut source = studio.connect().await;
    let head = "SOURCE /urlauth.mp3 HTTP/1.0\r\nAuthorization: Basic c291cmNlOmdvb2Rwdw==\r\n\r\n";
    source.write_all(head.as_bytes()).await.unwrap();
    source.write_all(&sound[..200_000]).await.unwrap();
    studio.on_air("/urlauth.mp3").await;
    source
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_is_asked_and_told_in_icecast_s_own_words() {
    let stub = Stub::answering(decide).await;
    let studio = guarded(&stub, open()).await;
    let refused = studio.ask(&format!("SOURCE /urlauth.mp3 HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n")).await;
    assert!(refused.starts_with("HTTP/1.0 401 "), "the machine's own password does not count: {refused}");

    let source = send(&studio).await;
    assert_eq!(stub.received()[1].body, STREAM_AUTH);
    let added = stub.hears("action=mount_add").await;
    assert_eq!(added.body, MOUNT_ADD);
    assert!(
        added.line().starts_with("POST /mount_add HTTP/1.1") && added.has("Authorization: Basic Og=="),
        "{added:?}"
    );
    assert!(added.has("Content-Type: application/x-www-form-urlencoded"), "{added:?}");
    assert!(added.head.to_lowercase().contains("user-agent: icecast 2.4.4"), "{added:?}");

    let fields = "User-Agent: My Player/1.0\r\nX-Token: tt\r\nCookie: c=1\r\nAuthorization: Basic ZnJlZDpwdw==\r\n";
    listen(&studio, "/urlauth.mp3?token=abc&x=1", fields, 4_000).await;
    let asked = stub.hears("action=listener_add").await;
    assert_eq!(without_numbers(&asked.body), LISTENER_ADD);
    assert!(asked.has("Authorization: Basic ZnJlZDpwdw=="), "the listener's own: {asked:?}");
    let told = stub.hears("action=listener_remove").await;
    assert_eq!(without_numbers(&told.body), LISTENER_REMOVE);

    let denied = studio.ask("GET /urlauth.mp3?token=bad HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(denied.starts_with("HTTP/1.0 401 Authentication Required\r\n"), "{denied}");
    assert!(denied.ends_with("\r\n\r\nYou need to authenticate\r\n"), "{denied}");
    let nameless = stub.received().into_iter().find(|received| received.body.contains("token%3dbad")).unwrap();
    assert_eq!(without_numbers(&nameless.body), NAMELESS_ADD);

    let title = "GET /admin/metadata?mode=updinfo&mount=/urlauth.mp3&song=x HTTP/1.0\r\n";
    let updated = studio.ask(&format!("{title}Authorization: Basic c291cmNlOmdvb2Rwdw==\r\n\r\n")).await;
    assert!(updated.contains("<return>1</return>"), "{updated}");
    assert_eq!(stub.received().last().unwrap().body, format!("{STREAM_AUTH}&admin=1"));

    drop(source);
    assert_eq!(stub.hears("action=mount_remove").await.body, MOUNT_REMOVE);
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_lets_in_for_a_while_and_its_silence_lets_nobody_in() {
    let stub = Stub::answering(decide).await;
    let studio = guarded(&stub, Settings { gate_timeout_ms: 300, ..open() }).await;
    let _source = send(&studio).await;
    // Whoever is let in for a second is closed by itself, while the mount goes on.
    let heard = studio.ask("GET /urlauth.mp3?token=limit HTTP/1.0\r\n\r\n").await;
    assert!(heard.starts_with("HTTP/1.0 200 OK\r\n"));
    let told = stub.hears("action=listener_remove").await;
    let seconds: u64 = told.body.split("duration=").nth(1).unwrap().split('&').next().unwrap().parse().unwrap();
    assert!(seconds >= 1, "{}", told.body);

    drop(stub);
    let answer = studio.ask("GET /urlauth.mp3 HTTP/1.0\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 401 "), "{answer}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_wait_for_a_gate() {
    let stub = Stub::answering(decide).await;
    let studio = guarded(&stub, Settings { gate_requests_max: 0, ..open() }).await;
    let answer = studio.ask("SOURCE /urlauth.mp3 HTTP/1.0\r\nAuthorization: Basic c291cmNlOmdvb2Rwdw==\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.0 503 ") && answer.contains("Retry-After: 60\r\n"), "{answer}");
    assert!(stub.received().is_empty());
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_address_is_turned_away_before_it_has_said_a_word() {
    let studio = Studio::with(with_news()).await;
    let list = |text: &str| Networks::read(text).0;
    assert!(studio.ask("GET /hello HTTP/1.0\r\n\r\n").await.ends_with("hello"));
    studio.air.bans().replace(Lists { denied: list("127.0.0.0/8"), allowed: Networks::default() });
    assert_turned_away(&studio).await;
    studio.air.bans().replace(Lists { denied: Networks::default(), allowed: list("203.0.113.0/24") });
    assert_turned_away(&studio).await;
    studio.air.bans().replace(Lists::default());
    assert!(studio.ask("GET /hello HTTP/1.0\r\n\r\n").await.ends_with("hello"));
    studio.close().await;
}

/// Nothing is sent, and the connection ends: by a reset, as Icecast does it.
async fn assert_turned_away(studio: &Studio) {
    // The reset may come before the connection is even known to stand.
    let Ok(mut socket) = tokio::net::TcpStream::connect(studio.address).await else { return };
    let mut answer = Vec::new();
    let ended = timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("the connection ends");
    assert!(ended.is_err() && answer.is_empty(), "{ended:?} {answer:?}");
}

/// A ledger that keeps its lines.
#[derive(Default)]
struct Sheet(Mutex<Vec<String>>);

impl Ledger for Sheet {
    fn take(&self, _: Date, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

/// Listener-hours of a mount, counted as scripts for Icecast 2.4 count them: a regular expression over the line, with
/// the seconds at its end.
fn listener_seconds(lines: &[String], mount: &str) -> u64 {
    let of = |line: &String| {
        let (address, rest) = line.split_once(" - ")?;
        let (_user, rest) = rest.split_once(" [")?;
        let (moment, rest) = rest.split_once("] \"")?;
        let (request, rest) = rest.split_once("\" ")?;
        let (codes, rest) = rest.split_once(" \"")?;
        let (_referer, rest) = rest.split_once("\" \"")?;
        let (_agent, seconds) = rest.split_once("\" ")?;
        address.parse::<std::net::IpAddr>().ok()?;
        jiff::fmt::strtime::parse("%d/%b/%Y:%H:%M:%S %z", moment).ok()?;
        let [status, bytes] = codes.split(' ').collect::<Vec<_>>()[..] else { return None };
        bytes.parse::<u64>().ok()?;
        let is_heard = status == "200" && request.starts_with(&format!("GET {mount} HTTP/1."));
        is_heard.then(|| seconds.parse::<u64>().ok())?
    };
    lines.iter().filter_map(of).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_log_gives_listener_hours_and_outside_a_window_no_address() {
    let sheet = Arc::new(Sheet::default());
    let setup = Setup { ledger: Arc::clone(&sheet) as Arc<dyn Ledger>, reporting: Vec::new() };
    let limit = Terms { listener_time_max: Some(std::time::Duration::from_secs(2)), ..Terms::default() };
    let terms = Table::new([("/live.mp3".to_owned(), limit)]);
    let studio = Studio::with(Settings { access_log: Some(setup), terms, ..open() }).await;
    let source = studio.send(Codec::Mp3, "/live.mp3", "User-Agent: Studio\r\n").await;
    let quoted = "GET /live.mp3?token=x HTTP/1.1\r\nHost: x\r\nUser-Agent: a \"b\"\r\n\r\n";
    let (one, _) = tokio::join!(studio.ask(quoted), studio.ask("GET /live.mp3 HTTP/1.0\r\n\r\n"));
    studio.ask("SOURCE /live.mp3 HTTP/1.0\r\n\r\n").await;
    drop(source);
    let lines = wait_for("four lines", || {
        let lines = sheet.0.lock().unwrap().clone();
        (lines.len() == 4).then_some(lines)
    })
    .await;
    let seconds = listener_seconds(&lines, "/live.mp3");
    assert!((4..=8).contains(&seconds), "two listeners of two seconds: {lines:#?}");
    let quoted = lines.iter().find(|line| line.contains("\"a .b.\"")).expect("a quote cannot end a field");
    assert!(quoted.contains("\"GET /live.mp3 HTTP/1.1\" 200 ") && !quoted.contains("token"), "{quoted}");
    let bytes: usize = quoted.split("\" 200 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(bytes > 10_000 && one.len() > 10_000, "{bytes} bytes, as many as were sent");
    assert!(lines.iter().any(|line| line.contains("\"SOURCE /live.mp3 HTTP/1.0\" 401 ")), "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.contains("\"SOURCE /live.mp3 HTTP/1.0\" 200 19 \"-\" \"Studio\" ")),
        "{lines:#?}"
    );
    assert!(!lines.iter().any(|line| line.contains("127.0.0.1")), "{lines:#?}");
    studio.close().await;
}
