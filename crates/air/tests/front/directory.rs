//! Public mounts are announced to a directory, as Icecast announces them.

use std::time::Duration;

use air::Settings;
use air::directory::Setup;
use air::terms::{Table, Terms};
use station::Codec;

use crate::stub::Stub;
use crate::studio::{AUTHORIZATION, Studio, settings, wait_for};

const ADD: &str = "action=add&sn=Test%20R%c3%b6ck&genre=Jazz&cpswd=&desc=A%20test&url=http%3a%2f%2fexample%2etest%2f&listenurl=http%3a%2f%2flocalhost%3a8000%2flive%2emp3&type=audio%2fmpeg&stype=&b=128&channels=2&samplerate=44100&bitrate=128\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_public_mount_is_added_touched_and_taken_back_and_no_other_is_told_of() {
    let stub = Stub::answering(|received| {
        let sid = if received.body.starts_with("action=add") { "SID: sid-123\r\nTouchFreq: 30\r\n" } else { "" };
        format!("YPResponse: 1\r\nYPMessage: ok\r\n{sid}")
    })
    .await;
    let refusing = Stub::answering(|_| "YPResponse: 0\r\nYPMessage: not you\r\n".to_owned()).await;
    let urls = vec![stub.url("/yp").parse().unwrap(), refusing.url("/yp").parse().unwrap()];
    let directory = Setup { urls, patience: Duration::from_secs(5) };
    let private = Terms { is_public: Some(false), ..Terms::default() };
    let hidden = Terms { is_hidden: true, ..Terms::default() };
    let terms = Table::new([("/private.mp3".to_owned(), private), ("/hidden.mp3".to_owned(), hidden)]);
    let studio = Studio::with(Settings { directory, terms, open_mounts: true, ..settings() }).await;
    let fields = "ice-name: Test Röck\r\nice-genre: Jazz\r\nice-description: A test\r\nice-url: http://example.test/\r\n\
        ice-public: 1\r\nice-audio-info: channels=2;samplerate=44100;bitrate=128\r\n";
    let source = studio.send(Codec::Mp3, "/live.mp3", fields).await;
    let _others = [
        studio.send(Codec::Mp3, "/private.mp3", "ice-public: 1\r\n").await,
        studio.send(Codec::Mp3, "/hidden.mp3", "ice-public: 1\r\n").await,
        studio.send(Codec::Mp3, "/shy.mp3", "ice-public: 0\r\n").await,
    ];
    let added = stub.hears("action=add").await;
    assert!(added.line().starts_with("POST /yp HTTP/1.1"), "{added:?}");
    assert_eq!(added.body, ADD);

    let title = "GET /admin/metadata?mode=updinfo&mount=/live.mp3&song=Artist%20-%20Title HTTP/1.0\r\n";
    studio.ask(&format!("{title}{AUTHORIZATION}\r\n\r\n")).await;
    let touched = stub.hears("action=touch").await;
    let expected = "action=touch&sid=sid-123&st=Artist%20%2d%20Title&listeners=0&max_listeners=unlimited&stype=\r\n";
    assert_eq!(touched.body, expected);

    drop(source);
    assert_eq!(stub.hears("action=remove").await.body, "action=remove&sid=sid-123");
    wait_for("the refusal", || (!refusing.received().is_empty()).then_some(())).await;
    assert_eq!(refusing.received().len(), 1, "who refuses is left alone for a while");
    assert!(stub.received().iter().all(|received| !received.body.contains("mp3") || received.body == ADD));
    studio.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_announced_when_the_program_stops_is_taken_back() {
    let stub = Stub::answering(|_| "YPResponse: 1\r\nSID: 7\r\n".to_owned()).await;
    let directory = Setup { urls: vec![stub.url("/").parse().unwrap()], patience: Duration::from_secs(5) };
    let studio = Studio::with(Settings { directory, open_mounts: true, ..settings() }).await;
    let _source = studio.send(Codec::Mp3, "/live.mp3", "").await;
    stub.hears("action=add").await;
    studio.close().await;
    assert_eq!(stub.received().last().unwrap().body, "action=remove&sid=7");
}
