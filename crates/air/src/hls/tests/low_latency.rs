//! Parts, and requests that wait for them.

use super::*;

fn in_parts() -> settings::Hls {
    settings::Hls { low_latency: true, ..whole_segments() }
}

fn start(folder: &Path, hls: settings::Hls) -> Station {
    Station::with(folder, Duration::ZERO, hls, vec![mount(station::Codec::Aac, 128)])
}

/// Blocks in so many seconds, and a few more, so that the part or segment which ends then is whole.
fn blocks(seconds: f64) -> usize {
    (seconds * 44_100.0 / 1024.0).ceil() as usize + 4
}

/// Sends until `seconds` have been sent in all, and waits until as many parts are listed.
async fn send_until(station: &mut Station, sent: &mut usize, seconds: f64) {
    let frames = silence(blocks(seconds) - *sent);
    *sent += frames.len();
    station.send(&frames);
    let hls = Arc::clone(&station.hls);
    let parts_in_all = seconds as u64;
    until(move || {
        let (seq, part) = hls.ladders()[0].renditions()[0].listed()?;
        (seq * 6 + part.map_or(0, |part| part + 1) >= parts_in_all).then_some(())
    })
    .await;
}

async fn status(hls: &Arc<Hls>, path: &str) -> StatusCode {
    tokio::time::timeout(DEADLINE, get(hls, path)).await.expect("it is answered").status()
}

#[tokio::test]
async fn parts_are_listed_while_their_segment_grows_and_make_it_when_joined() {
    let folder = TempDir::new().unwrap();
    let (mut station, mut sent) = (start(folder.path(), in_parts()), 0);
    send_until(&mut station, &mut sent, 14.0).await;
    let list = text(&station.hls, "/hls/news/index.m3u8").await;
    let parts: Vec<String> = list
        .lines()
        .filter_map(|line| {
            line.strip_prefix("#EXT-X-PART:")?.split("URI=\"").nth(1)?.split('"').next().map(str::to_owned)
        })
        .collect();
    assert_eq!(parts.len(), 6 + 6 + 2, "{list}");
    assert!(list.contains("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"1795507200000-2.2.m4s\""), "{list}");
    assert!(list.contains("PART-HOLD-BACK=3.065") && list.contains("PART-TARGET=1.021"), "{list}");
    let init = get(&station.hls, "/hls/news/init-1210.mp4").await.into_body().collect().await.unwrap().to_bytes();
    for seq in 0..2 {
        let mut joined = init.to_vec();
        for part in &parts[seq * 6..seq * 6 + 6] {
            let response = get(&station.hls, &format!("/hls/news/{part}")).await;
            joined.extend(response.into_body().collect().await.unwrap().to_bytes());
        }
        let whole = get(&station.hls, &format!("/hls/news/1795507200000-{seq}.m4s")).await;
        let whole = [init.clone(), whole.into_body().collect().await.unwrap().to_bytes()].concat();
        assert!(decode_file("parts.mp4", &joined) == decode_file("whole.mp4", &whole), "segment {seq}");
    }
    station.stop().await;
}

#[tokio::test]
async fn who_asks_for_the_next_part_waits_for_it() {
    let folder = TempDir::new().unwrap();
    let (mut station, mut sent) = (start(folder.path(), in_parts()), 0);
    send_until(&mut station, &mut sent, 7.0).await;
    let hls = Arc::clone(&station.hls);
    let [list, hinted, segment] =
        ["index.m3u8?_HLS_msn=1&_HLS_part=1", "1795507200000-1.1.m4s", "rewind.m3u8?_HLS_msn=1"].map(|file| {
            let hls = Arc::clone(&hls);
            tokio::spawn(async move {
                let response = get(&hls, &format!("/hls/news/{file}")).await;
                (
                    response.status(),
                    response.headers()[header::CACHE_CONTROL].clone(),
                    response.into_body().collect().await.unwrap().to_bytes(),
                )
            })
        });
    let room = &hls.ladders()[0].renditions()[0];
    until(|| (room.waiting() == 3).then_some(())).await;
    assert!(!list.is_finished() && !hinted.is_finished() && !segment.is_finished());

    send_until(&mut station, &mut sent, 8.0).await;
    let (status, caching, body) = list.await.unwrap();
    assert_eq!((status, caching.to_str().unwrap()), (StatusCode::OK, "public, max-age=36"));
    assert!(String::from_utf8_lossy(&body).contains("-1.1.m4s\",INDEPENDENT"), "{body:?}");
    assert_eq!(hinted.await.unwrap().0, StatusCode::OK);
    assert!(!segment.is_finished(), "the segment is not whole yet");
    send_until(&mut station, &mut sent, 12.0).await;
    let (_, _, body) = segment.await.unwrap();
    assert!(String::from_utf8_lossy(&body).contains("\n1795507200000-1.m4s\n"), "{body:?}");
    assert_eq!(room.waiting(), 0, "every seat is given back");
    station.stop().await;
}

#[tokio::test]
async fn a_part_beyond_the_last_of_its_segment_is_the_first_of_the_next() {
    let folder = TempDir::new().unwrap();
    let (mut station, mut sent) = (start(folder.path(), in_parts()), 0);
    send_until(&mut station, &mut sent, 12.0).await;
    let hls = Arc::clone(&station.hls);
    let waiting = tokio::spawn(async move { get(&hls, "/hls/news/index.m3u8?_HLS_msn=1&_HLS_part=6").await.status() });
    until(|| (station.hls.ladders()[0].renditions()[0].waiting() == 1).then_some(())).await;
    send_until(&mut station, &mut sent, 13.0).await;
    assert_eq!(waiting.await.unwrap(), StatusCode::OK);
    station.stop().await;
}

#[tokio::test]
async fn absurd_numbers_are_refused_and_old_ones_are_answered_at_once() {
    let folder = TempDir::new().unwrap();
    let (mut station, mut sent) = (start(folder.path(), in_parts()), 0);
    send_until(&mut station, &mut sent, 14.0).await;
    for (query, expected) in [
        ("_HLS_msn=1&_HLS_part=0", StatusCode::OK),
        ("_HLS_msn=0&_HLS_part=99", StatusCode::OK),
        ("_HLS_msn=2&_HLS_part=9", StatusCode::BAD_REQUEST),
        ("_HLS_msn=4", StatusCode::BAD_REQUEST),
        ("_HLS_msn=18446744073709551615", StatusCode::BAD_REQUEST),
        ("_HLS_msn=99999999999999999999999", StatusCode::BAD_REQUEST),
        ("_HLS_part=1", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(status(&station.hls, &format!("/hls/news/index.m3u8?{query}")).await, expected, "{query}");
    }
    assert_eq!(
        status(&station.hls, "/hls/news/1795507200000-2.5.m4s").await,
        StatusCode::NOT_FOUND,
        "not the next one"
    );
    station.stop().await;
}

#[tokio::test]
async fn who_finds_the_room_full_is_told_when_to_come_again() {
    let folder = TempDir::new().unwrap();
    let (mut station, mut sent) = (start(folder.path(), settings::Hls { waiting_max: 1, ..in_parts() }), 0);
    send_until(&mut station, &mut sent, 7.0).await;
    let next = "/hls/news/index.m3u8?_HLS_msn=1&_HLS_part=1";
    let hls = Arc::clone(&station.hls);
    let first = tokio::spawn(async move { get(&hls, next).await.status() });
    until(|| (station.hls.ladders()[0].renditions()[0].waiting() == 1).then_some(())).await;
    let second = get(&station.hls, next).await;
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(second.headers()[header::RETRY_AFTER], "2");
    send_until(&mut station, &mut sent, 8.0).await;
    assert_eq!(first.await.unwrap(), StatusCode::OK);
    station.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_never_comes_is_given_up() {
    let folder = TempDir::new().unwrap();
    let (mut station, mut sent) = (start(folder.path(), in_parts()), 0);
    send_until(&mut station, &mut sent, 7.0).await;
    let begun = tokio::time::Instant::now();
    let response = get(&station.hls, "/hls/news/index.m3u8?_HLS_msn=1&_HLS_part=1").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(begun.elapsed().as_secs(), 18, "three segments' time");
    station.stop().await;
}

#[tokio::test]
async fn who_has_an_older_list_is_sent_what_is_new() {
    let folder = TempDir::new().unwrap();
    let (mut station, mut sent) = (start(folder.path(), in_parts()), 0);
    send_until(&mut station, &mut sent, 61.0).await;
    let whole = text(&station.hls, "/hls/news/rewind.m3u8").await;
    let delta = text(&station.hls, "/hls/news/rewind.m3u8?_HLS_skip=YES").await;
    assert_eq!(values(&delta, "#EXT-X-SKIP:SKIPPED-SEGMENTS="), ["4"], "36 s of 61 stay: {delta}");
    let uris = |list: &str| list.lines().filter(|line| line.ends_with(".m4s")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(uris(&delta), uris(&whole)[4..]);
    for tag in
        ["#EXT-X-MEDIA-SEQUENCE:", "#EXT-X-DISCONTINUITY-SEQUENCE:", "#EXT-X-TARGETDURATION:", "#EXT-X-PRELOAD-HINT:"]
    {
        assert_eq!(values(&delta, tag), values(&whole, tag));
    }
    let with_ranges = text(&station.hls, "/hls/news/rewind.m3u8?_HLS_skip=v2").await;
    assert!(
        with_ranges.contains("#EXT-X-VERSION:10\n") && with_ranges.contains(",RECENTLY-REMOVED-DATERANGES=\""),
        "{with_ranges}"
    );
    station.stop().await;
}

#[tokio::test]
async fn in_one_switch_it_is_off() {
    let folder = TempDir::new().unwrap();
    let mut station = start(folder.path(), whole_segments());
    station.send(&silence(blocks(61.0)));
    station.until_listed(10).await;
    let list = text(&station.hls, "/hls/news/index.m3u8?_HLS_msn=99&_HLS_skip=YES").await;
    for tag in ["#EXT-X-PART", "#EXT-X-SERVER-CONTROL", "#EXT-X-PRELOAD-HINT", "#EXT-X-SKIP"] {
        assert!(!list.contains(tag), "{list}");
    }
    station.stop().await;
}
