//! The rules of the standard, held against lists that are fetched again and again while the stream goes on.

use std::collections::{HashMap, HashSet};

use super::*;

/// A list, read as a player reads it.
#[derive(Debug)]
struct List {
    target_s: f64,
    part_target_s: f64,
    sequence: u64,
    discontinuity_sequence: u64,
    segments: Vec<Named>,
    open_parts: Vec<(String, f64)>,
    hint: String,
    ranges: HashMap<String, String>,
}

/// A whole segment in a list.
#[derive(Clone, Debug, PartialEq)]
struct Named {
    uri: String,
    duration_s: f64,
    date: Timestamp,
    parts: Vec<(String, f64)>,
}

impl List {
    fn read(text: &str) -> Self {
        let number = |tag: &str| values(text, tag).first().map_or(0.0, |value| value.parse().unwrap());
        let (mut segments, mut parts, mut date, mut duration_s) = (Vec::new(), Vec::new(), None, None);
        for line in text.lines() {
            if let Some(value) = line.strip_prefix("#EXT-X-PROGRAM-DATE-TIME:") {
                date = Some(value.parse().unwrap());
            } else if let Some(value) = line.strip_prefix("#EXT-X-PART:") {
                parts.push((attribute(value, "URI"), attribute(value, "DURATION").parse().unwrap()));
            } else if let Some(value) = line.strip_prefix("#EXTINF:") {
                duration_s = Some(value.trim_end_matches(',').parse().unwrap());
            } else if !line.starts_with('#') {
                let (date, duration_s) =
                    (date.take().expect("each has a date"), duration_s.take().expect("each has a length"));
                segments.push(Named { uri: line.to_owned(), duration_s, date, parts: std::mem::take(&mut parts) });
            }
        }
        let ranges = values(text, "#EXT-X-DATERANGE:");
        let named: HashMap<String, String> = ranges.iter().map(|it| (attribute(it, "ID"), (*it).to_owned())).collect();
        assert_eq!(named.len(), ranges.len(), "two ranges with one name: {ranges:?}");
        Self {
            target_s: number("#EXT-X-TARGETDURATION:"),
            part_target_s: number("#EXT-X-PART-INF:PART-TARGET="),
            sequence: number("#EXT-X-MEDIA-SEQUENCE:") as u64,
            discontinuity_sequence: number("#EXT-X-DISCONTINUITY-SEQUENCE:") as u64,
            segments,
            open_parts: parts,
            hint: values(text, "#EXT-X-PRELOAD-HINT:").first().map_or(String::new(), |it| attribute(it, "URI")),
            ranges: named,
        }
    }

    /// What holds within one list.
    fn check(&self) {
        for pair in self.segments.windows(2) {
            let step = pair[1].date.duration_since(pair[0].date).as_secs_f64();
            assert!((step - pair[0].duration_s).abs() <= 0.0211, "dates go {step} s on over {pair:?}");
        }
        for segment in &self.segments {
            assert!(segment.duration_s.round() <= self.target_s, "{segment:?}");
            let lasts: f64 = segment.parts.iter().map(|part| part.1).sum();
            assert!(segment.parts.is_empty() || (lasts - segment.duration_s).abs() < 0.00001, "{segment:?}");
            self.check_parts(&segment.parts, true);
        }
        self.check_parts(&self.open_parts, false);
    }

    fn check_parts(&self, parts: &[(String, f64)], is_whole: bool) {
        for (index, (uri, duration_s)) in parts.iter().enumerate() {
            assert!(*duration_s <= self.part_target_s, "{uri} lasts {duration_s} s of {}", self.part_target_s);
            let is_last = is_whole && index + 1 == parts.len();
            assert!(is_last || *duration_s >= 0.85 * self.part_target_s, "{uri} lasts {duration_s} s only");
        }
    }

    /// What holds between a list and a later one.
    fn check_after(&self, before: &List) {
        assert!(self.sequence >= before.sequence && self.discontinuity_sequence >= before.discontinuity_sequence);
        assert_eq!(
            (self.target_s, self.part_target_s),
            (before.target_s, before.part_target_s),
            "targets never change"
        );
        let gone = (self.sequence - before.sequence) as usize;
        assert!(gone <= before.segments.len(), "the lists have nothing in common");
        for (known, now) in before.segments[gone..].iter().zip(&self.segments) {
            assert_eq!((&known.uri, known.duration_s, known.date), (&now.uri, now.duration_s, now.date));
        }
        let is_named = |uri: &str| {
            let whole = self.segments.iter().flat_map(|segment| &segment.parts);
            whole.chain(&self.open_parts).any(|part| part.0 == uri)
        };
        assert!(self.hint == before.hint || is_named(&before.hint), "{} was promised and never came", before.hint);
        for (id, now) in &self.ranges {
            let Some(known) = before.ranges.get(id) else { continue };
            for name in ["CLASS", "START-DATE", "X-TITLE"] {
                assert_eq!(attribute(known, name), attribute(now, name), "{id}");
            }
            assert!(!known.contains("END-DATE") || known == now, "{known} became {now}");
        }
    }
}

fn attribute(line: &str, name: &str) -> String {
    let value = line.split(&format!("{name}=")).nth(1).unwrap_or_default();
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
        None => value.split(',').next().unwrap_or_default().to_owned(),
    }
}

/// Lateness in milliseconds of frames, as a network has it: never the same, on the whole none.
fn jitter(frame: usize) -> i64 {
    let noise = (frame as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    (noise % 81) as i64 - 40
}

#[tokio::test]
async fn the_lists_of_a_hundred_seconds_keep_every_rule() {
    let folder = TempDir::new().unwrap();
    let hls = settings::Hls { low_latency: true, window_minutes: 1, ..whole_segments() };
    let mut station = Station::with(folder.path(), Duration::ZERO, hls, vec![mount(station::Codec::Aac, 128)]);
    let frames = tone(100, 44_100);
    let (format, start) = (aac(&frames[0]), station.now);
    station.lines[0].packer.open(format.0, Bytes::new(), start);
    let mut before: HashMap<&str, List> = HashMap::new();
    let mut titles = HashSet::new();
    for (index, frame) in frames.iter().enumerate() {
        let ideal = start + duration(index as u64 * 1024, 44_100);
        let late = if index == 0 { 120 } else { jitter(index) };
        station.lines[0].packer.push(frame, ideal + jiff::SignedDuration::from_millis(late));
        if index % 700 == 350 {
            station.lines[0].packer.retitle(Title::new(&format!("Artist - Piece {index}"), ""));
        }
        if index % 43 != 42 {
            continue;
        }
        station.lines[0].packer.seal();
        let rendition = Arc::clone(&station.hls.ladders()[0].renditions()[0]);
        let whole_s = duration(index as u64 * 1024, 44_100).as_secs_f64() - 0.2;
        until(|| (rendition.listed().map_or(0.0, listed_s) >= whole_s.floor() || whole_s < 6.0).then_some(())).await;
        for name in ["index", "rewind"] {
            let path = format!("/hls/news/{name}.m3u8");
            if get(&station.hls, &path).await.status() != StatusCode::OK {
                continue;
            }
            let list = List::read(&text(&station.hls, &path).await);
            list.check();
            if let Some(before) = before.get(name) {
                list.check_after(before);
            }
            titles.extend(list.ranges.keys().cloned());
            before.insert(name, list);
        }
    }
    let last = &before["rewind"];
    assert!((10..=12).contains(&last.segments.len()), "a minute of segments: {}", last.segments.len());
    assert_eq!(titles.len(), 6, "each title has one name: {titles:?}");
    assert!((3..=5).contains(&last.ranges.len()), "what is over has gone: {:?}", last.ranges);
    let hls = station.stop().await;

    // Each segment lasts as long as its list says, and holds what was sent when the list says.
    let pcm = decode(&frames);
    for segment in &List::read(&text(&hls, "/hls/news/index.m3u8").await).segments {
        let mut file = Vec::new();
        for name in ["init-1210.mp4", &segment.uri] {
            file.extend(get(&hls, &format!("/hls/news/{name}")).await.into_body().collect().await.unwrap().to_bytes());
        }
        let heard = decode_file("segment.mp4", &file);
        let samples = heard.len() / 4;
        assert!(
            (samples as f64 / 44_100.0 - segment.duration_s).abs() < 1024.0 / 44_100.0,
            "{segment:?}: {samples} samples"
        );
        // The second block is the first that sounds as in the whole: a decoder needs the one before.
        let needle = &heard[2 * 4_096..3 * 4_096];
        let at = pcm.windows(4_096).step_by(4).position(|window| window == needle).expect("it is what was sent");
        let sent = start + duration(at as u64 - 2 * 1024, 44_100);
        let off = segment.date.duration_since(sent).as_millis();
        assert!(off.abs() <= 20, "{} is {off} ms off the air", segment.uri);
    }
}

/// How many seconds of parts are listed.
fn listed_s((seq, part): (u64, Option<u64>)) -> f64 {
    (seq * 6 + part.map_or(0, |part| part + 1)) as f64
}
