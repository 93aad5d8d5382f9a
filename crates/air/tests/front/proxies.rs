//! Proxies in front of the door: they are believed if they are known, and nobody else is.

use air::Settings;
use air::bans::Lists;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::studio::{PATIENCE, Studio, program, run, settings};

const BANNED: &str = "203.0.113.7";
const OTHER: &str = "203.0.113.8";

async fn studio(proxies: &[&str]) -> Studio {
    let proxies = proxies.iter().map(|network| network.parse().unwrap()).collect();
    let studio = Studio::with(Settings { proxies, open_mounts: true, ..settings() }).await;
    let denied = [BANNED.parse().unwrap()].into_iter().collect();
    studio.air.bans().replace(Lists { denied, ..Lists::default() });
    studio
}

fn hello(forwarded: &str) -> String {
    format!("GET /hello HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {forwarded}\r\nConnection: close\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_holds_for_whom_a_known_proxy_brings_and_for_nobody_else() {
    let studio = studio(&["127.0.0.0/8"]).await;
    assert!(studio.ask(&hello(BANNED)).await.starts_with("HTTP/1.0 403 "));
    assert!(studio.ask(&hello(&format!("{OTHER}, {BANNED}, 127.0.0.9"))).await.starts_with("HTTP/1.0 403 "));
    // What the client wrote itself is not believed.
    assert!(studio.ask(&hello(&format!("{BANNED}, {OTHER}"))).await.ends_with("hello"));
    let listener = studio.ask(&hello(BANNED).replace("/hello", "/live.mp3")).await;
    assert!(listener.starts_with("HTTP/1.0 403 "), "{listener}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_of_a_proxy_s_connection_has_its_own_sender() {
    let studio = studio(&["127.0.0.1"]).await;
    let kept_open = hello(OTHER).replace("Connection: close\r\n", "");
    let answers = studio.ask(&format!("{kept_open}{}", hello(BANNED))).await;
    assert!(answers.starts_with("HTTP/1.1 200 OK\r\n"), "{answers}");
    assert!(
        answers.contains("HTTP/1.1 403 Forbidden\r\n") && answers.ends_with("You are not let in here"),
        "{answers}"
    );
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_proxy_of_ours_is_not_believed() {
    let studio = studio(&["10.0.0.0/8"]).await;
    assert!(studio.ask(&hello(BANNED)).await.ends_with("hello"));
    let announced = studio.ask(&format!("PROXY TCP4 {OTHER} 127.0.0.1 1 2\r\n{}", hello(OTHER))).await;
    assert!(announced.starts_with("HTTP/1.0 400 "), "{announced}");
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_protocol_names_the_client_in_both_versions() {
    let studio = studio(&["127.0.0.1"]).await;
    let first = |from: &str| format!("PROXY TCP4 {from} 127.0.0.1 56324 80\r\n").into_bytes();
    let second = |last: u8| {
        let addresses = [203, 0, 113, last, 127, 0, 0, 1, 220, 4, 0, 80];
        [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &addresses].concat()
    };
    for (header, is_let_in) in [(first(OTHER), true), (second(8), true), (first(BANNED), false), (second(7), false)] {
        let mut socket = studio.connect().await;
        // In two pieces, as a slow proxy may send it.
        let (one, other) = header.split_at(9);
        socket.write_all(one).await.unwrap();
        socket.write_all(other).await.unwrap();
        // A banned one's connection is reset, whenever that is noticed.
        let _ = socket.write_all(hello("192.0.2.1").as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, socket.read_to_end(&mut answer)).await.expect("the connection is closed");
        assert_eq!(answer.ends_with(b"hello"), is_let_in, "{}", String::from_utf8_lossy(&answer));
    }
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_is_answered_through_the_proxy_protocol_plain_and_behind_tls() {
    let studio = studio(&["127.0.0.1"]).await;
    for url in [studio.url("/hello"), format!("https://{}/hello", studio.secure)] {
        let mut curl = program("curl");
        curl.args(["-sSk", "--max-time", "30", "--haproxy-protocol", &url]);
        assert_eq!(run(curl).await.0, "hello", "{url}");
    }
    studio.close().await;
}
