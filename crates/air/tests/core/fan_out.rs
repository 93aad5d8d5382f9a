//! Many listeners, and those among them who do not read.

use std::time::Duration;

use air::Settings;
use air::listener::{TurnedAway, Who};
use audio::{Found, Frame};
use bytes::Bytes;
use station::Codec;

use crate::house::{Ear, Encoder, House, studio, wait_for};
use crate::sound;

/// Numbered frames of AAC, large ones, so that sockets fill up soon.
struct Numbered {
    template: Frame,
    next: u32,
}

impl Numbered {
    async fn of(encoder: &mut Encoder) -> Self {
        encoder.send(0.1).await.unwrap();
        let template = audio::adts::silent_frame(48_000, 2).unwrap();
        Self { template, next: 0 }
    }

    /// The next frame: a header that says how long it is, then its number again and again.
    fn frame(&mut self) -> Frame {
        const BYTES: usize = 4_000;
        let mut bytes = self.template.bytes[..7].to_vec();
        bytes[3] = bytes[3] & 0xfc | (BYTES >> 11) as u8;
        bytes[4] = (BYTES >> 3) as u8;
        bytes[5] = bytes[5] & 0x1f | ((BYTES & 7) << 5) as u8;
        while bytes.len() < BYTES {
            bytes.push((self.next % 251) as u8);
        }
        self.next += 1;
        Frame { bytes: Bytes::from(bytes), ..self.template.clone() }
    }

    async fn push(&mut self, encoder: &mut Encoder, frames: usize) {
        for _ in 0..frames {
            encoder.feed.push(self.frame()).await.unwrap();
        }
    }
}

/// The numbers of the frames that were heard, of which none may be broken.
fn numbers(heard: &[u8]) -> Vec<u8> {
    let found = sound::found_in(heard, Codec::Aac);
    let frames = found.into_iter().filter_map(|found| match found {
        Found::Frame(frame) if frame.bytes.len() == 4_000 => {
            assert!(frame.bytes[8..].iter().all(|byte| *byte == frame.bytes[8]), "a frame is of two");
            Some(frame.bytes[8])
        }
        Found::Skipped { bytes } => panic!("{bytes} bytes are no frame"),
        _ => None,
    });
    frames.collect()
}

fn assert_without_a_gap(numbers: &[u8]) {
    for pair in numbers.windows(2) {
        assert_eq!((u32::from(pair[0]) + 1) % 251, u32::from(pair[1]), "a frame is missing or repeated");
    }
}

/// No pacing: a test pushes as fast as it likes.
fn unpaced() -> Settings {
    Settings { batch_ms: 100, source_lead_seconds: 100_000, source_stall_ms: 1_000_000, ..Settings::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_who_never_read_do_no_harm_and_are_closed() {
    let settings = Settings { listener_stuck_ms: 1_000, ..unpaced() };
    let house = House::with(&[Codec::Aac], 0, settings).await;
    let mount = house.mount(Codec::Aac);
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    let mut sound = Numbered::of(&mut encoder).await;
    let mut good: Vec<_> = (0..20).map(|_| Ear::on(&mount, None)).collect();
    let stalled: Vec<_> = (0..200).map(|_| Ear::on(&mount, None)).collect();
    assert_eq!(house.air.listeners_connected(), 220);
    let mut pushed_bytes = 0;
    while house.air.listeners_connected() > 20 {
        sound.push(&mut encoder, 50).await;
        pushed_bytes += 50 * 4_000;
        for ear in &mut good {
            wait_for("the good ones to hear it", || {
                assert!(ear.read(), "a good listener was closed");
                (ear.heard.len() + 20_000 >= pushed_bytes).then_some(())
            })
            .await;
        }
        assert!(pushed_bytes < 400 << 20, "the stalled ones are never closed");
    }
    for ear in &good {
        let numbers = numbers(&ear.heard);
        assert!(numbers.len() > 100);
        assert_without_a_gap(&numbers);
    }
    drop(stalled);
    house.air.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_listener_loses_its_place_alone_and_hears_whole_frames() {
    let settings = Settings { listener_stuck_ms: 1_000_000, ring_seconds: 2, ..unpaced() };
    let house = House::with(&[Codec::Aac], 0, settings).await;
    let mount = house.mount(Codec::Aac);
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    let mut sound = Numbered::of(&mut encoder).await;
    let (mut slow, mut good) = (Ear::on(&mount, None), Ear::on(&mount, None));
    // Ten megabytes: more than any socket takes for somebody who does not read.
    for _ in 0..100 {
        sound.push(&mut encoder, 25).await;
        let target = good.heard.len() + 50_000;
        wait_for("the good one to hear it", || {
            assert!(good.read());
            (good.heard.len() >= target).then_some(())
        })
        .await;
    }
    assert_without_a_gap(&numbers(&good.heard));
    // It reads at last: first what its socket holds, then the present.
    slow.hear(20_000).await;
    let newest = (sound.next - 1) % 251;
    wait_for("the slow one to be in the present", || {
        assert!(slow.read(), "the slow one was closed");
        numbers(&slow.heard).last().is_some_and(|last| u32::from(*last).abs_diff(newest) < 20).then_some(())
    })
    .await;
    let numbers = numbers(&slow.heard);
    let jumps = numbers.windows(2).filter(|pair| (u32::from(pair[0]) + 1) % 251 != u32::from(pair[1])).count();
    assert_eq!(jumps, 1, "it lost its place once");
    house.air.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_counts_when_it_has_stayed_and_a_probe_never_does() {
    let settings = Settings { listener_counts_after_ms: 600, ..unpaced() };
    let house = House::with(&[Codec::Aac], 0, settings).await;
    let mount = house.mount(Codec::Aac);
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    encoder.send(5.0).await.unwrap();
    let mut probe = Ear::on(&mount, None);
    probe.hear(2).await;
    drop(probe);
    wait_for("the probe to be gone", || (house.air.listeners_connected() == 0).then_some(())).await;
    assert_eq!(mount.audience().peak(), 0);
    let ears = [Ear::on(&mount, None), Ear::on(&mount, None)];
    wait_for("both to be counted", || (mount.audience().now() == 2).then_some(())).await;
    drop(ears);
    wait_for("both to be gone", || (mount.audience().now() == 0).then_some(())).await;
    assert_eq!(mount.audience().peak(), 2);
    assert!(mount.audience().bytes_sent() > 100_000);
    house.air.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_room_for_so_many_listeners_and_no_more() {
    let settings = Settings { listeners_max: 2, ..unpaced() };
    let house = House::with(&[Codec::Aac], 0, settings).await;
    let mount = house.mount(Codec::Aac);
    let ears = [Ear::on(&mount, None), Ear::on(&mount, None)];
    let (near, _far) = socket_pair();
    let listener = new_listener(near, &mount);
    assert_eq!(mount.listen(listener), Err(TurnedAway::Full));
    drop(ears);
    wait_for("room", || (house.air.listeners_connected() == 0).then_some(())).await;
    Ear::on(&mount, None);
    house.air.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_gives_listeners_the_rest_and_ends_their_connections() {
    let house = House::with(&[Codec::Aac], 0, unpaced()).await;
    let mount = house.mount(Codec::Aac);
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    let mut sound = Numbered::of(&mut encoder).await;
    let mut ear = Ear::on(&mount, None);
    ear.hear(100).await;
    sound.push(&mut encoder, 7).await;
    house.air.stop().await;
    ear.hear_all().await;
    assert_eq!(numbers(&ear.heard), [0, 1, 2, 3, 4, 5, 6]);
    let late = new_listener(socket_pair().0, &mount);
    assert_eq!(mount.listen(late), Err(TurnedAway::Closed));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arrival_in_a_crowd_hears_something_at_once() {
    let house = House::with(&[Codec::Aac], 0, Settings { batch_ms: 2_000, ..unpaced() }).await;
    let mount = house.mount(Codec::Aac);
    let mut encoder = Encoder::new(mount.attach(studio("Studio")).unwrap(), Codec::Aac);
    encoder.send(10.0).await.unwrap();
    let mut ears: Vec<_> = (0..300).map(|_| Ear::on(&mount, Some(16_000))).collect();
    for ear in &mut ears {
        ear.hear(50_000).await;
    }
    let latest = tokio::time::timeout(Duration::from_secs(60), async {
        let mut ear = Ear::on(&mount, None);
        ear.hear(50_000).await;
        ear.heard
    });
    assert!(!numbers_of_frames(&latest.await.unwrap()).is_empty());
    house.air.stop().await;
}

fn numbers_of_frames(heard: &[u8]) -> Vec<usize> {
    let found = sound::found_in(heard, Codec::Aac);
    let frames = found.into_iter().filter_map(|found| match found {
        Found::Frame(frame) => Some(frame.bytes.len()),
        _ => None,
    });
    frames.collect()
}

fn new_listener(stream: std::net::TcpStream, mount: &std::sync::Arc<air::Mount>) -> air::listener::NewListener {
    let admission = air::admission::Admission::free(mount);
    air::listener::NewListener {
        stream,
        session: None,
        head: Bytes::new(),
        metaint: None,
        who: Who::default(),
        admission,
    }
}

fn socket_pair() -> (std::net::TcpStream, std::net::TcpStream) {
    let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let far = std::net::TcpStream::connect(door.local_addr().unwrap()).unwrap();
    (door.accept().unwrap().0, far)
}
