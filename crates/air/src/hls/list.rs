//! Segments as a list says them, and lists as they are sent.

use std::io::Write;
use std::time::Duration;

use audio::m3u8::{self, Kind, Media};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::segment::{Segment, init_uri};

/// A list of `segments`; `None` if there are none.
///
/// The count of discontinuities in a list is of those before it. One that stands before the first segment is still in the list:
/// it is counted when that segment has left, and not before, or players take the list for broken.
pub(super) fn media(segments: &[&Segment], kind: Kind, segment_ms: u64) -> Option<Media> {
    let first = segments.first()?;
    let longest = segments.iter().map(|segment| rounded_s(segment.duration())).max().unwrap_or(0);
    Some(Media {
        target_duration_s: longest.max(rounded_s(Duration::from_millis(segment_ms))),
        media_sequence: first.seq,
        discontinuity_sequence: first.discontinuities - u64::from(first.is_discontinuity),
        start_s: None,
        kind,
        segments: segments.iter().map(|segment| name(segment)).collect(),
    })
}

fn rounded_s(duration: Duration) -> u64 {
    (duration + Duration::from_millis(500)).as_secs()
}

fn name(segment: &Segment) -> m3u8::Segment {
    m3u8::Segment {
        uri: segment.uri(),
        duration: segment.duration(),
        program_date_time: format!("{:.3}", segment.at),
        map_uri: init_uri(&segment.config),
        is_discontinuity: segment.is_discontinuity,
    }
}

/// A list as it is sent: made once, for however many listeners.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) identity: Bytes,
    pub(super) gzip: Bytes,
}

impl Page {
    pub(super) fn new(text: String) -> Self {
        let gzip = gzip(text.as_bytes());
        Self { identity: text.into(), gzip }
    }
}

fn gzip(text: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let compressed = encoder.write_all(text).and_then(|()| encoder.finish());
    compressed.expect("writing to memory does not fail").into()
}
