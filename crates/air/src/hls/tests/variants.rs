//! Several mounts of one service: what a player may choose from, and what was on.

use station::broadcast::{Broadcast, Cause, NowNext};
use station::{ProgrammeId, RuleId};

use super::*;

/// What each mount sends: half a minute of the same rising tone.
fn streams() -> Vec<(station::Mount, (Format, Bytes), Vec<Frame>)> {
    let source = "aevalsrc=0.4*sin(2*PI*(300+20*t)*t):s=48000:d=31";
    let kinds = [
        (station::Codec::Aac, 128, "-ar 44100 -c:a aac -b:a 128k -f adts"),
        (station::Codec::Aac, 48, "-ar 24000 -c:a aac -b:a 48k -f adts"),
        (station::Codec::OggOpus, 96, "-c:a libopus -b:a 96k -page_duration 100000 -f ogg"),
        (station::Codec::OggFlac, 0, "-ar 44100 -sample_fmt s16 -c:a flac -page_duration 100000 -f ogg"),
    ];
    kinds
        .map(|(codec, kbps, options)| {
            let (format, frames) = cut(crate::codec::to_audio(codec), &encode(source, &format!("-ac 2 {options}")));
            (mount(codec, kbps), format, frames)
        })
        .into()
}

/// The dates of a list's segments, by their numbers.
fn dates(list: &str) -> Vec<(String, Timestamp)> {
    let numbers = list.lines().filter_map(|line| line.strip_suffix(".m4s")?.split_once('-')).map(|it| it.1.to_owned());
    let dates = values(list, "#EXT-X-PROGRAM-DATE-TIME:").into_iter().map(|date| date.parse().unwrap());
    numbers.zip(dates).collect()
}

#[tokio::test]
async fn every_rendition_is_listed_where_its_players_look_and_all_are_cut_at_the_same_points() {
    let folder = TempDir::new().unwrap();
    let streams = streams();
    let mounts = streams.iter().map(|(mount, ..)| mount.clone()).collect();
    let mut station =
        Station::with(folder.path(), Duration::ZERO, settings::Hls { low_latency: true, ..whole_segments() }, mounts);
    let start = station.now;
    // Each encoder has a delay of its own.
    for ((line, (_, format, frames)), delay_ms) in station.lines.iter_mut().zip(&streams).zip([0, 40, 90, 150]) {
        line.send(format, frames, start + Duration::from_millis(delay_ms));
        let renditions = station.hls.ladders()[0].renditions();
        let ours = renditions
            .iter()
            .find(|rendition| rendition.listed().is_none() || rendition.newest_seq() < Some(3))
            .unwrap();
        until(|| (ours.newest_seq() >= Some(4)).then_some(())).await;
    }
    let hls = station.stop().await;

    let master = text(&hls, "/hls/news/master.m3u8").await;
    let codecs: Vec<_> = master.lines().filter_map(|line| line.split("CODECS=").nth(1)).collect();
    assert_eq!(codecs, ["\"mp4a.40.2\"", "\"mp4a.40.5\""], "{master}");
    assert!(master.ends_with("\naac-48/index.m3u8\n") && master.contains("\nindex.m3u8\n"), "{master}");
    for line in master.lines().filter(|line| line.contains("BANDWIDTH")) {
        let of = |name: &str| line.split(name).nth(1).unwrap().split(',').next().unwrap().parse::<u64>().unwrap();
        let (most, average) = (of(":BANDWIDTH="), of("AVERAGE-BANDWIDTH="));
        assert!(average <= most && (40_000..200_000).contains(&average), "{line}");
    }
    let open = text(&hls, "/hls/news/open.m3u8").await;
    assert!(
        open.contains("CODECS=\"opus\"\nopus-96/index.m3u8\n") && open.contains("CODECS=\"fLaC\"\nflac/index.m3u8\n"),
        "{open}"
    );

    let first = dates(&text(&hls, "/hls/news/index.m3u8").await);
    for (name, frame_ms) in [("aac-48", 43), ("opus-96", 20), ("flac", 105)] {
        let list = text(&hls, &format!("/hls/news/{name}/index.m3u8")).await;
        assert!(list.contains("#EXT-X-RENDITION-REPORT:URI=\"../index.m3u8\",LAST-MSN="), "{list}");
        let others = dates(&list);
        for ((number, date), (other_number, other_date)) in first.iter().zip(&others).skip(1).take(4) {
            assert_eq!(number, other_number, "{name}");
            let apart = date.duration_since(*other_date).abs().as_millis();
            assert!(apart <= frame_ms, "{name}: segment {number} begins {apart} ms apart");
        }
    }
    let end = start + Duration::from_secs(30);
    for (path, rate) in [("", 44_100), ("aac-48/", 48_000), ("opus-96/", 48_000), ("flac/", 44_100)] {
        let heard = play(&hls, &format!("/hls/news/{path}index.m3u8?from=2026-11-24T08:00:00Z&to={end}"), &[]).await;
        let seconds = heard.len() as f64 / (4 * rate) as f64;
        assert!((29.8..30.2).contains(&seconds), "{path}: {seconds} s");
    }
}

#[tokio::test]
async fn media_time_is_the_same_in_all_renditions() {
    let folder = TempDir::new().unwrap();
    let mounts = vec![mount(station::Codec::Aac, 128), mount(station::Codec::Aac, 64)];
    let mut station = Station::with(folder.path(), Duration::ZERO, whole_segments(), mounts);
    let (start, format) = (station.now, aac(&silence(1)[0]));
    let now = station.lines[0].send(&format, &silence(1_000), start);
    let ladder = Arc::clone(&station.hls.ladders()[0]);
    until(|| (ladder.renditions()[0].newest_seq() >= Some(2)).then_some(())).await;
    // The second encoder comes twenty seconds late.
    station.lines[1].send(&format, &silence(1_000), start + Duration::from_secs(20));
    station.lines[0].send(&format, &silence(1_000), now);
    let hls = station.stop().await;
    let mut begins = Vec::new();
    for path in ["", "aac-64/"] {
        let name = |list: &str| list.lines().find(|line| line.ends_with("-5.m4s")).map(str::to_owned);
        let list = text(&hls, &format!("/hls/news/{path}index.m3u8")).await;
        let name = name(&list).unwrap_or_else(|| panic!("no segment 5 in {list}"));
        let segment =
            get(&hls, &format!("/hls/news/{path}{name}")).await.into_body().collect().await.unwrap().to_bytes();
        let at = segment.windows(4).position(|it| it == b"tfdt").unwrap() + 8;
        begins.push(u64::from_be_bytes(segment[at..at + 8].try_into().unwrap()));
    }
    assert!(begins[0].abs_diff(begins[1]) <= 1024, "{begins:?}");
}

#[tokio::test]
async fn lists_tell_what_was_on_until_it_has_left_them() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    let eight = station.now;
    let broadcast = Broadcast {
        station: StationId(1),
        service: ServiceId(7),
        programme: ProgrammeId(3),
        title: "The \"Morning\"".into(),
        start: eight - Duration::from_secs(600),
        end: eight + Duration::from_secs(3_000),
        cause: Cause::Rule(RuleId(1)),
    };
    station.hls.on_air(ServiceId(7), &NowNext { now: Some(broadcast), next: None }, eight);
    for title in ["Ana - One", "Ben - Two", "Eve - Three"] {
        station.lines[0].packer.retitle(Title::new(title, ""));
        station.send(&silence(3_446)); // eighty seconds
    }
    let hls = station.stop().await;
    let list = text(&hls, "/hls/news/rewind.m3u8").await;
    let ranges = values(&list, "#EXT-X-DATERANGE:");
    assert_eq!(ranges.len(), 3, "what ended more than two minutes ago is gone: {ranges:#?}");
    assert!(
        ranges[0].contains(
            "CLASS=\"org.groundwave.programme\",START-DATE=\"2026-11-24T07:50:00.000Z\",PLANNED-DURATION=3600"
        )
    );
    assert!(ranges[0].ends_with("X-TITLE=\"The \u{201d}Morning\u{201d}\""), "{}", ranges[0]);
    assert!(
        ranges[1].contains("START-DATE=\"2026-11-24T08:01:20.0")
            && ranges[1].contains("END-DATE=\"2026-11-24T08:02:40.0"),
        "{}",
        ranges[1]
    );
    assert!(
        ranges[2].contains("START-DATE=\"2026-11-24T08:02:40.0") && !ranges[2].contains("END-DATE"),
        "{}",
        ranges[2]
    );
    let live = text(&hls, "/hls/news/index.m3u8").await;
    assert_eq!(values(&live, "#EXT-X-DATERANGE:"), [ranges[0], ranges[2]]);

    // From the start of the programme: a list of lists whose beginning stands.
    let programme = text(&hls, "/hls/news/index.m3u8?from=programme").await;
    assert!(
        programme.contains("#EXT-X-STREAM-INF") && programme.ends_with("\nindex.m3u8?from=2026-11-24T07:50:00.000Z\n"),
        "{programme}"
    );
    let ago = text(&hls, "/hls/news/master.m3u8?from=-30").await;
    assert!(ago.contains("\nindex.m3u8?from=2026-11-24T08:03:3"), "{ago}");

    // After a restart the lists say the same.
    let mut second = Station::start(folder.path(), Duration::from_secs(241));
    second.lines[0].packer.retitle(Title::new("Eve - Three", ""));
    second.send(&silence(UNITS));
    let list = text(&second.stop().await, "/hls/news/rewind.m3u8").await;
    assert_eq!(values(&list, "#EXT-X-DATERANGE:"), ranges);
}

#[tokio::test]
async fn nothing_on_the_schedule_is_told_in_a_sentence() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    station.send(&silence(UNITS + 1));
    let hls = station.stop().await;
    let response = get(&hls, "/hls/news/index.m3u8?from=programme").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    let open = get(&hls, "/hls/news/open.m3u8").await;
    assert_eq!(open.status(), StatusCode::NOT_FOUND, "there is no such rendition");
}

#[tokio::test]
async fn a_list_from_a_moment_begins_at_that_moment_and_grows_to_its_end() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    station.send(&silence(1_300)); // thirty seconds
    station.until_listed(4).await;
    let list = |query: &str| format!("/hls/news/index.m3u8?from=2026-11-24T08:00:07.5Z{query}");
    let growing = text(&station.hls, &list("&to=2026-11-24T08:00:50Z")).await;
    assert!(growing.contains("#EXT-X-PLAYLIST-TYPE:EVENT\n") && !growing.contains("#EXT-X-ENDLIST"), "{growing}");
    let start: f64 = values(&growing, "#EXT-X-START:TIME-OFFSET=")[0].trim_end_matches(",PRECISE=YES").parse().unwrap();
    assert!((1.47..=1.5).contains(&start), "{start} s into the second segment");
    station.send(&silence(1_300));
    station.until_listed(9).await;
    let finished = text(&station.hls, &list("&to=2026-11-24T08:00:50Z")).await;
    assert!(finished.contains("#EXT-X-PLAYLIST-TYPE:EVENT\n") && finished.ends_with("#EXT-X-ENDLIST\n"), "{finished}");
    assert!(finished.starts_with(&growing[..growing.find("#EXTINF").unwrap()]), "nothing that was said is taken back");
    let open_ended = text(&station.hls, &list("")).await;
    assert!(!open_ended.contains("#EXT-X-PLAYLIST-TYPE"), "its first segments will leave: {open_ended}");
    let offset = text(&station.hls, "/hls/news/rewind.m3u8?start=-20").await;
    assert_eq!(values(&offset, "#EXT-X-START:TIME-OFFSET="), ["-20.000"]);
    station.stop().await;
}

#[tokio::test]
async fn a_loudness_that_becomes_known_is_told_without_a_break() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    let frames = tone(20, 44_100);
    station.send(&frames[..400]);
    station.until_listed(1).await;
    let rendition = station.hls.rendition(ServiceId(7), "/news-128.aac").unwrap();
    rendition.set_loudness(Loudness::measured(-18.0, -1.0));
    station.send(&frames[400..]);
    let end = station.now;
    let hls = station.stop().await;
    let list = text(&hls, "/hls/news/rewind.m3u8").await;
    assert_eq!(values(&list, "#EXT-X-MAP:URI="), ["\"init-1210.mp4\"", "\"init-1210.9f2a0.mp4\""]);
    assert!(!list.contains("#EXT-X-DISCONTINUITY\n"));
    let init = get(&hls, "/hls/news/init-1210.9f2a0.mp4").await.into_body().collect().await.unwrap().to_bytes();
    assert!(init.windows(4).any(|it| it == b"ludt"));
    // ffmpeg remarks upon the second header, and goes on with the first.
    let heard = play(&hls, &format!("{ALL}{}", end - Duration::from_secs(1)), &["-v", "error"]).await;
    assert!(heard == decode(&frames), "other samples, or fewer");
}

#[tokio::test]
async fn who_has_the_list_already_is_told_so() {
    let folder = TempDir::new().unwrap();
    let mut station = Station::start(folder.path(), Duration::ZERO);
    station.send(&silence(UNITS + 1));
    station.until_listed(1).await;
    let hls = Arc::clone(&station.hls);
    let ask = |tag: String| {
        let hls = Arc::clone(&hls);
        async move {
            let request = Request::get("/hls/news/index.m3u8").header(header::IF_NONE_MATCH, tag).body(Body::empty());
            hls.routes().oneshot(request.unwrap()).await.unwrap()
        }
    };
    let tag = get(&station.hls, "/hls/news/index.m3u8").await.headers()[header::ETAG].to_str().unwrap().to_owned();
    let known = ask(format!("\"other\", W/{tag}")).await;
    assert_eq!(
        (known.status(), known.headers()[header::ETAG].to_str().unwrap()),
        (StatusCode::NOT_MODIFIED, tag.as_str())
    );
    station.send(&silence(UNITS + 1));
    station.until_listed(2).await;
    assert_eq!(ask(tag).await.status(), StatusCode::OK, "it is another list by now");
    station.stop().await;
}
