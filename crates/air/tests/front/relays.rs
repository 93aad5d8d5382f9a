//! Relays in both directions, with a stock Icecast 2.4 at the other end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use air::Settings;
use air::relay::master::Master;
use air::relay::{Relay, Upstream};
use station::Codec;
use station::event::Input;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::icecast::Icecast;
use crate::sound;
use crate::studio::{AUTHORIZATION, Studio, listen, settings, wait_for, with_news};

fn relay(port: u16, target: &str, path: &str) -> Relay {
    let from = Upstream { host: "127.0.0.1".into(), port, target: target.into(), login: None };
    Relay { from, path: path.into(), on_demand: false, with_titles: true }
}

fn mp3() -> Vec<u8> {
    std::fs::read(sound::file(Codec::Mp3)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_master_s_streams_are_heard_here_to_the_bit_with_their_titles() {
    let icecast = Icecast::start("").await;
    let sent = mp3();
    let _source = icecast.send("/live.mp3", sent.clone()).await;
    let leaving = icecast.send("/other.mp3", sent.clone()).await;
    let title = format!(
        "GET /admin/metadata?mode=updinfo&mount=/live.mp3&song=Far%20-%20Away HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n"
    );
    icecast.ask(&title).await;
    let master = Master {
        host: "127.0.0.1".into(),
        port: icecast.port,
        user: "relay".into(),
        password: "relpw".into(),
        every: Duration::from_secs(1),
        on_demand: false,
    };
    let upstreams =
        vec![relay(icecast.port, "/live.mp3", "/single.mp3"), relay(icecast.port, "/live.mp3", "/news.mp3")];
    // Sources may not make mounts here; relays make theirs all the same.
    let studio = Studio::with(Settings { master: Some(master), upstreams, open_mounts: false, ..with_news() }).await;
    for path in ["/single.mp3", "/live.mp3", "/other.mp3", "/news.mp3"] {
        let mount = studio.on_air(path).await;
        assert_eq!(mount.snapshot().source.unwrap().declared.name, "Far", "{path}");
    }
    let heard = listen(&studio, "/single.mp3", "Icy-MetaData: 1\r\n", 90_000).await;
    assert_eq!((heard.field("icy-name"), heard.field("icy-br")), (Some("Far"), Some("128")));
    sound::assert_is_a_run(Codec::Mp3, &heard.sound, &sent.repeat(2));
    assert!(heard.titles.iter().any(|(_, title)| title.starts_with("StreamTitle='Far - Away';")), "{:?}", heard.titles);

    // The studio's own encoder is better than a relay, and the relay is there again when it goes.
    let own = studio.send(Codec::Mp3, "/news.mp3", "ice-name: Near\r\n").await;
    let news = studio.air.mount(None, "/news.mp3").unwrap();
    let is_on = |name: &'static str| {
        let news = Arc::clone(&news);
        move || (news.snapshot().input == Input::Source(name.to_owned())).then_some(())
    };
    wait_for("the studio", is_on("Near")).await;
    drop(own);
    wait_for("the relay", is_on("Far")).await;

    // What leaves the list is let go.
    drop(leaving);
    wait_for("the mount to go", || studio.air.mount(None, "/other.mp3").is_none().then_some(())).await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_on_demand_relay_is_fetched_while_somebody_hears_it() {
    let icecast = Icecast::start("").await;
    let _source = icecast.send("/live.mp3", mp3()).await;
    let on_demand = Relay { on_demand: true, ..relay(icecast.port, "/live.mp3", "/asked.mp3") };
    let studio = Studio::with(Settings { upstreams: vec![on_demand], ..settings() }).await;
    // It is looked at once, to know what it carries, and let go.
    let mount = wait_for("the mount", || studio.air.mount(None, "/asked.mp3")).await;
    wait_for("it to be let go", || (mount.snapshot().sources == 0).then_some(())).await;
    icecast.says("\"listeners\":0").await;

    let mut listener = studio.connect().await;
    listener.write_all(b"GET /asked.mp3 HTTP/1.0\r\n\r\n").await.unwrap();
    icecast.says("\"listeners\":1").await;
    let mut heard = Vec::new();
    while heard.len() < 40_000 {
        assert_ne!(listener.read_buf(&mut heard).await.unwrap(), 0, "the stream ended");
    }
    let sent = mp3();
    let tail = &heard[heard.len() - 4_000..];
    assert!(sent.windows(tail.len()).any(|window| window == tail), "what is heard is what the master sends");
    drop(listener);
    wait_for("it to be let go again", || (mount.snapshot().sources == 0).then_some(())).await;
    icecast.says("\"listeners\":0").await;
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_slave_relays_our_streams_with_their_titles() {
    let studio = Studio::with(Settings { open_mounts: true, linger_seconds: 600, ..settings() }).await;
    let _source = studio.send(Codec::Mp3, "/ours.mp3", "ice-name: Ours\r\nice-public: 0\r\n").await;
    let title = format!(
        "GET /admin/metadata?mode=updinfo&mount=/ours.mp3&song=So%20-%20Near HTTP/1.0\r\n{AUTHORIZATION}\r\n\r\n"
    );
    assert!(studio.ask(&title).await.contains("<return>1</return>"));
    let port = studio.port();
    let single = |on_demand: u8| {
        format!(
            "<relay><server>127.0.0.1</server><port>{port}</port><mount>/ours.mp3</mount>\
             <local-mount>/{on_demand}.mp3</local-mount><on-demand>{on_demand}</on-demand>\
             <relay-shoutcast-metadata>1</relay-shoutcast-metadata></relay>"
        )
    };
    let slave = Icecast::start(&[single(0), single(1)].concat()).await;
    slave.says("/0.mp3\"").await;
    // Titles follow in the stream.
    slave.says("So - Near").await;
    for path in ["/0.mp3", "/1.mp3"] {
        let sound = hear(&slave, path, 40_000).await;
        // A relayed stream that Icecast joins goes on in the middle of a frame; behind that it is what was sent.
        let frames = &sound[4_096..];
        let (needle, rest) = frames.split_at(256);
        let sent = mp3().repeat(2);
        let at = sent.windows(256).position(|window| window == needle).unwrap_or_else(|| panic!("{path} was not sent"));
        assert_eq!(&sent[at + 256..][..rest.len()], rest, "{path}");
    }
    studio.close().await;
}

/// Hears a mount of an Icecast's, without its answer's head.
async fn hear(icecast: &Icecast, path: &str, bytes: usize) -> Vec<u8> {
    let mut socket = TcpStream::connect(("127.0.0.1", icecast.port)).await.unwrap();
    socket.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
    let mut received = Vec::new();
    let reading = async {
        while received.len() < bytes {
            assert_ne!(socket.read_buf(&mut received).await.unwrap(), 0, "{path} ended");
        }
    };
    tokio::time::timeout(crate::studio::PATIENCE, reading).await.expect("it is heard");
    let head_end = received.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert!(received.starts_with(b"HTTP/1.0 200 OK"), "{}", String::from_utf8_lossy(&received[..head_end]));
    received.split_off(head_end)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shoutcast_upstream_is_understood_and_fetched_again_when_it_breaks_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let fetches = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fetches);
    let serving = tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let mut request = vec![0; 2_048];
            let length = socket.read(&mut request).await.unwrap();
            assert!(String::from_utf8_lossy(&request[..length]).contains("Icy-MetaData: 1\r\n"));
            let title = audio::icy::metadata_block(&format!("Fetch {number}"), "");
            let _ = socket.write_all(b"ICY 200 OK\r\nicy-name:DNAS\r\nicy-metaint:8192\r\n\r\n").await;
            for (piece, is_first) in
                mp3().chunks_exact(8_192).take(10).zip(std::iter::once(true).chain(std::iter::repeat(false)))
            {
                let block = if is_first { &title[..] } else { audio::icy::UNCHANGED };
                let _ = socket.write_all(&[piece, block].concat()).await;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    let studio = Studio::with(Settings { upstreams: vec![relay(port, "/", "/dnas.mp3")], ..settings() }).await;
    let mount = studio.on_air("/dnas.mp3").await;
    assert_eq!(mount.snapshot().source.unwrap().declared.name, "DNAS");
    wait_for("the title", || (mount.snapshot().title == "Fetch 0").then_some(())).await;
    wait_for("the title of the second fetch", || (mount.snapshot().title == "Fetch 1").then_some(())).await;
    assert!(fetches.load(Ordering::Relaxed) >= 2);
    serving.abort();
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirection_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = elsewhere.local_addr().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let studio = Studio::with(Settings { upstreams: vec![relay(port, "/", "/moved.mp3")], ..settings() }).await;
    for _ in 0..2 {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket
            .write_all(format!("HTTP/1.0 302 Found\r\nLocation: http://{target}/x\r\n\r\n").as_bytes())
            .await
            .unwrap();
    }
    // It has come back to the address that is set, and never went to the other.
    let gone_there = futures_util::FutureExt::now_or_never(elsewhere.accept());
    assert!(gone_there.is_none());
    assert!(studio.air.mount(None, "/moved.mp3").is_none());
    studio.close().await;
}
