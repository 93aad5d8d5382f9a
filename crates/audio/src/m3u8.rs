//! HLS playlists as text (RFC 8216): what is to be said comes in, the lines go out.
//!
//! Start at [`Media`].

use std::fmt::{self, Display, Write};
use std::time::Duration;

/// The media type of a playlist.
pub const MEDIA_TYPE: &str = "application/vnd.apple.mpegurl";

/// Fragmented MP4 needs this version (`EXT-X-MAP` in a list that is not I-frames only).
const VERSION: u8 = 6;

/// A list of segments; its [`Display`] is the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// No segment is longer, once rounded to whole seconds.
    pub target_duration_s: u64,
    /// The number of the first segment.
    pub media_sequence: u64,
    /// How many discontinuities stood before the first segment since the stream began.
    pub discontinuity_sequence: u64,
    /// Where a player should begin, in seconds from the start or, when negative, from the end.
    pub start_s: Option<f64>,
    /// Whether the list grows or is finished.
    pub kind: Kind,
    /// The segments, oldest first.
    pub segments: Vec<Segment>,
}

/// How a list changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Segments come at its end and go at its beginning.
    Live,
    /// Segments come at its end; none goes.
    Event,
    /// Nothing changes any more.
    Finished,
}

/// A segment as a list names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Where it is, as seen from the list.
    pub uri: String,
    /// How long it lasts.
    pub duration: Duration,
    /// When its first sample was on the air, in RFC 3339.
    pub program_date_time: String,
    /// The init segment that it needs.
    pub map_uri: String,
    /// Whether its format or its clock has nothing to do with those of the segment before.
    pub is_discontinuity: bool,
}

impl Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "#EXTM3U")?;
        writeln!(f, "#EXT-X-VERSION:{VERSION}")?;
        writeln!(f, "#EXT-X-TARGETDURATION:{}", self.target_duration_s)?;
        writeln!(f, "#EXT-X-MEDIA-SEQUENCE:{}", self.media_sequence)?;
        writeln!(f, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", self.discontinuity_sequence)?;
        writeln!(f, "#EXT-X-INDEPENDENT-SEGMENTS")?;
        match self.kind {
            Kind::Live => {}
            Kind::Event => writeln!(f, "#EXT-X-PLAYLIST-TYPE:EVENT")?,
            Kind::Finished => writeln!(f, "#EXT-X-PLAYLIST-TYPE:VOD")?,
        }
        if let Some(start_s) = self.start_s {
            writeln!(f, "#EXT-X-START:TIME-OFFSET={start_s:.3}")?;
        }
        let mut map_uri = "";
        for segment in &self.segments {
            segment.write(f, &mut map_uri)?;
        }
        if self.kind == Kind::Finished { writeln!(f, "#EXT-X-ENDLIST") } else { Ok(()) }
    }
}

impl Segment {
    fn write<'a>(&'a self, f: &mut fmt::Formatter<'_>, map_uri: &mut &'a str) -> fmt::Result {
        if self.is_discontinuity {
            writeln!(f, "#EXT-X-DISCONTINUITY")?;
        }
        if self.map_uri != *map_uri {
            *map_uri = &self.map_uri;
            writeln!(f, "#EXT-X-MAP:URI=\"{}\"", self.map_uri)?;
        }
        writeln!(f, "#EXT-X-PROGRAM-DATE-TIME:{}", self.program_date_time)?;
        writeln!(f, "#EXTINF:{}.{:06},", self.duration.as_secs(), self.duration.subsec_micros())?;
        writeln!(f, "{}", self.uri)
    }
}

/// One rendition of a stream in a multivariant playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant<'a> {
    /// Its media playlist.
    pub uri: &'a str,
    /// Its codecs: `mp4a.40.2`.
    pub codecs: &'a str,
    /// The most bits in a second that any segment of it needs.
    pub bandwidth_bps: u64,
}

/// The playlist that names renditions of the same sound, for a player to choose from.
pub fn multivariant(variants: &[Variant]) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for Variant { uri, codecs, bandwidth_bps } in variants {
        writeln!(text, "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth_bps},CODECS=\"{codecs}\"\n{uri}")
            .expect("writing to a string does not fail");
    }
    text
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
            uri: format!("{number}.m4s"),
            duration: duration_of(259 * 1024, 44_100),
            program_date_time: format!("2026-11-24T08:00:{number:02}.000Z"),
            map_uri: map_uri.to_owned(),
            is_discontinuity: false,
        }
    }

    #[test]
    fn a_live_list_says_what_players_need() {
        let second = Segment { is_discontinuity: true, ..segment(6, "init-b.mp4") };
        let list = Media {
            target_duration_s: 6,
            media_sequence: 4,
            discontinuity_sequence: 1,
            start_s: Some(-18.0),
            kind: Kind::Live,
            segments: vec![segment(4, "init-a.mp4"), segment(5, "init-a.mp4"), second],
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
    fn a_finished_list_says_so() {
        let list = Media {
            target_duration_s: 6,
            media_sequence: 0,
            discontinuity_sequence: 0,
            start_s: None,
            kind: Kind::Finished,
            segments: vec![segment(0, "init.mp4")],
        };
        let text = list.to_string();
        assert!(text.contains("#EXT-X-PLAYLIST-TYPE:VOD\n") && text.ends_with("#EXT-X-ENDLIST\n"));
    }

    #[test]
    fn variants_are_named_with_their_codecs() {
        let variants = [Variant { uri: "news.m3u8", codecs: "mp4a.40.2", bandwidth_bps: 134_000 }];
        let expected = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n\
            #EXT-X-STREAM-INF:BANDWIDTH=134000,CODECS=\"mp4a.40.2\"\nnews.m3u8\n";
        assert_eq!(multivariant(&variants), expected);
    }
}
