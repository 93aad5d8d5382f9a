//! HLS playlists as text (RFC 8216 and its second edition): what is to be said comes in, the lines go out.
//!
//! Start at [`Media`].

mod multivariant;
mod range;

use std::fmt::{self, Display, Write};
use std::time::Duration;

pub use multivariant::{Variant, multivariant};
pub use range::DateRange;

/// The media type of a playlist.
pub const MEDIA_TYPE: &str = "application/vnd.apple.mpegurl";

/// Fragmented MP4 needs this version (`EXT-X-MAP` in a list that is not I-frames only).
const VERSION: u8 = 6;
/// A list that leaves segments out.
const VERSION_OF_SKIPPING: u8 = 9;
/// A list that leaves dates out as well.
const VERSION_OF_SKIPPING_RANGES: u8 = 10;

/// A list of segments; its [`Display`] is the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// No segment is longer, once rounded to whole seconds.
    pub target_duration_s: u64,
    /// The number of the first segment.
    pub media_sequence: u64,
    /// How many discontinuities stood before the first segment since the stream began.
    pub discontinuity_sequence: u64,
    /// Where a player should begin.
    pub start: Option<Start>,
    /// Whether the list grows or is finished.
    pub kind: Kind,
    /// What low latency needs, if the list offers it.
    pub low_latency: Option<LowLatency>,
    /// What is left out, for a player that has an older list.
    pub skipped: Option<Skipped>,
    /// What was on and when.
    pub ranges: Vec<DateRange>,
    /// The segments, oldest first. Those that are skipped are not among them.
    pub segments: Vec<Segment>,
    /// How far the other renditions of the same sound are.
    pub reports: Vec<Report>,
}

/// How a list changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Segments come at its end and go at its beginning.
    Live,
    /// Segments come at its end; none goes.
    Event,
    /// Nothing changes any more. It is of the kind that it was while it grew: that may not change either.
    Finished,
}

/// Where a player should begin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// In seconds from the start of the list or, when negative, from its end.
    pub offset_s: f64,
    /// Whether sound before that place must not be heard.
    pub is_precise: bool,
}

/// What low latency needs.
#[derive(Clone, Debug, PartialEq)]
pub struct LowLatency {
    /// No part is longer.
    pub part_target: Duration,
    /// The part that comes next; who asks for it is answered when it is there.
    pub next_part_uri: String,
    /// What is older than this, counted from the end of the list, may be left out for who has seen it.
    pub skip_after: Duration,
}

/// What is left out of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// So many segments at its beginning.
    pub segments: u64,
    /// If dates were left out too: the ids of those that are gone from the list since a while.
    pub removed_ranges: Option<Vec<String>>,
}

/// How far another rendition is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its list, as seen from this one.
    pub uri: String,
    /// The number of its last segment, which may still be growing.
    pub last_sequence: u64,
    /// The number of the last part of that segment.
    pub last_part: Option<u64>,
}

/// A segment as a list names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// When its first sample was on the air, in RFC 3339.
    pub program_date_time: String,
    /// The init segment that it needs.
    pub map_uri: String,
    /// Whether its format or its clock has nothing to do with those of the segment before.
    pub is_discontinuity: bool,
    /// Its parts, if they are named.
    pub parts: Vec<Part>,
    /// The whole of it; `None` while it grows.
    pub whole: Option<Whole>,
}

/// A finished segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// Where it is, as seen from the list.
    pub uri: String,
    /// How long it lasts.
    pub duration: Duration,
}

/// A part of a segment, which decodes with nothing before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Where it is, as seen from the list.
    pub uri: String,
    /// How long it lasts.
    pub duration: Duration,
}

impl Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#EXTM3U")?;
        writeln!(f, "#EXT-X-VERSION:{}", self.version())?;
        writeln!(f, "#EXT-X-TARGETDURATION:{}", self.target_duration_s)?;
        if let Some(low_latency) = &self.low_latency {
            low_latency.write_control(f)?;
        }
        writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence)?;
        writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.discontinuity_sequence)?;
        writeln!(f, "#EXT-X-INDEPENDENT-SEGMENTS")?;
        if self.kind != Kind::Live {
            writeln!(f, "#EXT-X-PLAYLIST-TYPE:EVENT")?;
        }
        if let Some(start) = self.start {
            let precise = if start.is_precise { ",PRECISE=YES" } else { "" };
            writeln!(f, "#EXT-X-START:TIME-OFFSET={:.3}{precise}", start.offset_s)?;
        }
        if let Some(skipped) = &self.skipped {
            skipped.write(f)?;
        }
        self.ranges.iter().try_for_each(|range| writeln!(f, "{range}"))?;
        let mut map_uri = "";
        self.segments.iter().try_for_each(|segment| segment.write(f, &mut map_uri))?;
        if let Some(low_latency) = &self.low_latency {
            writeln!(f, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}\"", low_latency.next_part_uri)?;
        }
        self.reports.iter().try_for_each(|report| report.write(f))?;
        if self.kind == Kind::Finished { writeln!(f, "#EXT-X-ENDLIST") } else { Ok(()) }
    }
}

impl Media {
    fn version(&self) -> u8 {
        match &self.skipped {
            None => VERSION,
            Some(Skipped { removed_ranges: None, .. }) => VERSION_OF_SKIPPING,
            Some(_) => VERSION_OF_SKIPPING_RANGES,
        }
    }
}

impl LowLatency {
    /// A player stays three parts behind the end: one that it plays, one that it has, one that is on its way.
    const HOLD_BACK_PARTS: u32 = 3;

    fn write_control(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hold_back = self.part_target * Self::HOLD_BACK_PARTS;
        let (hold_back, skip_after) = (Seconds(hold_back), Seconds(self.skip_after));
        writeln!(
            f,
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={hold_back},CAN-SKIP-UNTIL={skip_after},CAN-SKIP-DATERANGES=YES"
        )?;
        writeln!(f, "#EXT-X-PART-INF:PART-TARGET={}", Seconds(self.part_target))
    }
}

impl Skipped {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#EXT-X-SKIP:SKIPPED-SEGMENTS={}", self.segments)?;
        if let Some(removed) = &self.removed_ranges {
            write!(f, ",RECENTLY-REMOVED-DATERANGES=\"{}\"", removed.join("\t"))?;
        }
        writeln!(f)
    }
}

impl Report {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#EXT-X-RENDITION-REPORT:URI=\"{}\",LAST-MSN={}", self.uri, self.last_sequence)?;
        match self.last_part {
            Some(part) => writeln!(f, ",LAST-PART={part}"),
            None => writeln!(f),
        }
    }
}

impl Segment {
    fn write<'a>(&'a self, f: &mut fmt::Formatter<'_>, map_uri: &mut &'a str) -> fmt::Result {
        if self.whole.is_none() && self.parts.is_empty() {
            return Ok(());
        }
        if self.is_discontinuity {
            writeln!(f, "#EXT-X-DISCONTINUITY")?;
        }
        if self.map_uri != *map_uri {
            *map_uri = &self.map_uri;
            writeln!(f, "#EXT-X-MAP:URI=\"{}\"", self.map_uri)?;
        }
        writeln!(f, "#EXT-X-PROGRAM-DATE-TIME:{}", self.program_date_time)?;
        for Part { uri, duration } in &self.parts {
            writeln!(f, "#EXT-X-PART:DURATION={},URI=\"{uri}\",INDEPENDENT=YES", Seconds(*duration))?;
        }
        match &self.whole {
            Some(Whole { uri, duration }) => writeln!(f, "#EXTINF:{},\n{uri}", Seconds(*duration)),
            None => Ok(()),
        }
    }
}

/// Seconds as lists have them, to the microsecond.
struct Seconds(Duration);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0.as_secs(), self.0.subsec_micros())
    }
}

/// A string as an attribute of a list can hold it: no quotation mark, nothing that ends a line.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for letter in self.0.chars() {
            match letter {
                '"' => f.write_char('\u{201d}')?,
                letter if letter.is_control() => f.write_char(' ')?,
                letter => f.write_char(letter)?,
            }
        }
        f.write_char('"')
    }
}

/// How long so many samples last, to the nanosecond.
pub fn duration_of(samples: u64, sample_rate_hz: u32) -> Duration {
    let rate = u64::from(sample_rate_hz.max(1));
    Duration::from_secs(samples / rate) + Duration::from_nanos(samples % rate * 1_000_000_000 / rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(number: u64, map_uri: &str) -> Segment {
        Segment {
            program_date_time: format!("2026-11-24T08:00:{number:02}.000Z"),
            map_uri: map_uri.to_owned(),
            is_discontinuity: false,
            parts: Vec::new(),
            whole: Some(Whole { uri: format!("{number}.m4s"), duration: duration_of(259 * 1024, 44_100) }),
        }
    }

    fn list(segments: Vec<Segment>) -> Media {
        Media {
            target_duration_s: 6,
            media_sequence: 4,
            discontinuity_sequence: 1,
            start: None,
            kind: Kind::Live,
            low_latency: None,
            skipped: None,
            ranges: Vec::new(),
            segments,
            reports: Vec::new(),
        }
    }

    #[test]
    fn a_live_list_says_what_players_need() {
        let second = Segment { is_discontinuity: true, ..segment(6, "init-b.mp4") };
        let list = Media {
            start: Some(Start { offset_s: -18.0, is_precise: false }),
            ..list(vec![segment(4, "init-a.mp4"), segment(5, "init-a.mp4"), second])
        };
        let expected = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:4
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=-18.000
#EXT-X-MAP:URI=\"init-a.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T08:00:04.000Z
#EXTINF:6.013968,
4.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T08:00:05.000Z
#EXTINF:6.013968,
5.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI=\"init-b.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T08:00:06.000Z
#EXTINF:6.013968,
6.m4s
";
        assert_eq!(list.to_string(), expected);
    }

    #[test]
    fn a_list_of_low_latency_names_parts_and_what_comes_next() {
        let part = |number: u64| Part { uri: format!("4.{number}.m4s"), duration: Duration::from_millis(1_001) };
        let open = Segment { parts: vec![part(0), part(1)], whole: None, ..segment(4, "init.mp4") };
        let low_latency = LowLatency {
            part_target: Duration::from_millis(1_022),
            next_part_uri: "4.2.m4s".to_owned(),
            skip_after: Duration::from_secs(36),
        };
        let report = Report { uri: "../index.m3u8".to_owned(), last_sequence: 4, last_part: Some(1) };
        let list = Media { low_latency: Some(low_latency), reports: vec![report], ..list(vec![open]) };
        let expected = "\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:6
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.066000,CAN-SKIP-UNTIL=36.000000,CAN-SKIP-DATERANGES=YES
#EXT-X-PART-INF:PART-TARGET=1.022000
#EXT-X-MEDIA-SEQUENCE:4
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI=\"init.mp4\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T08:00:04.000Z
#EXT-X-PART:DURATION=1.001000,URI=\"4.0.m4s\",INDEPENDENT=YES
#EXT-X-PART:DURATION=1.001000,URI=\"4.1.m4s\",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"4.2.m4s\"
#EXT-X-RENDITION-REPORT:URI=\"../index.m3u8\",LAST-MSN=4,LAST-PART=1
";
        assert_eq!(list.to_string(), expected);
    }

    #[test]
    fn what_is_left_out_is_counted_and_raises_the_version() {
        let skipped = Skipped { segments: 7, removed_ranges: None };
        let text = Media { skipped: Some(skipped), ..list(vec![segment(11, "init.mp4")]) }.to_string();
        assert!(text.contains("#EXT-X-VERSION:9\n") && text.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=7\n"), "{text}");
        let skipped = Skipped { segments: 7, removed_ranges: Some(vec!["a".to_owned(), "b".to_owned()]) };
        let text = Media { skipped: Some(skipped), ..list(vec![segment(11, "init.mp4")]) }.to_string();
        assert!(text.contains("#EXT-X-VERSION:10\n"), "{text}");
        assert!(text.contains("SKIPPED-SEGMENTS=7,RECENTLY-REMOVED-DATERANGES=\"a\tb\"\n"), "{text}");
    }

    #[test]
    fn a_finished_list_says_so() {
        let text = Media { kind: Kind::Finished, ..list(vec![segment(0, "init.mp4")]) }.to_string();
        assert!(text.contains("#EXT-X-PLAYLIST-TYPE:EVENT\n") && text.ends_with("#EXT-X-ENDLIST\n"));
    }

    #[test]
    fn no_word_breaks_out_of_its_quotes() {
        assert_eq!(Quoted("say \"no\"\n#EXT-X-ENDLIST").to_string(), "\"say \u{201d}no\u{201d} #EXT-X-ENDLIST\"");
    }
}
