//! What is asked for: an address below `/hls/`, understood.

use percent_encoding::percent_decode_str;
use station::Timestamp;

use super::list::Skip;
use super::segment::Header;
use super::shelf::Want;
use super::{LIVE_LIST, REWIND_LIST};

/// A request for something below `/hls/`.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The host that it names.
    pub host: Option<&'a str>,
    /// Its path, still percent-encoded.
    pub path: &'a str,
    /// Its query, still percent-encoded; empty if there is none.
    pub query: &'a str,
    /// What `Accept-Encoding` says.
    pub accept_encoding: Option<&'a str>,
    /// What `If-None-Match` says.
    pub known: Option<&'a str>,
}

impl Ask<'_> {
    pub(super) fn takes_gzip(&self) -> bool {
        self.accept_encoding.is_some_and(|value| value.split(',').any(is_gzip))
    }
}

fn is_gzip(coding: &str) -> bool {
    let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
    let quality = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
    name.trim().eq_ignore_ascii_case("gzip") && quality.is_ok_and(|quality| quality > 0.0)
}

/// A path, taken apart: `/hls/{service}/{file}` or `/hls/{service}/{rendition}/{file}`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub service: String,
    pub rendition: Option<String>,
    pub file: File,
}

/// What a file's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum File {
    Live,
    Rewind,
    /// The multivariant list.
    Master,
    /// The multivariant list of codecs that only some players take.
    Open,
    Init(Header),
    Segment {
        epoch: u64,
        seq: u64,
    },
    Part {
        epoch: u64,
        seq: u64,
        part: u64,
    },
}

impl Place {
    /// Takes a path apart; `None` if nothing could be there.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let steps: Vec<&str> = path.strip_prefix("/hls/")?.split('/').collect();
        let (service, rendition, file) = match steps[..] {
            [service, file] => (service, None, file),
            [service, rendition, file] => (service, Some(rendition), file),
            _ => return None,
        };
        let rendition = rendition.map(decoded);
        Some(Self { service: decoded(service), file: File::parse(file, rendition.is_some())?, rendition })
    }
}

impl File {
    fn parse(name: &str, is_of_rendition: bool) -> Option<Self> {
        match name {
            LIVE_LIST => Some(File::Live),
            REWIND_LIST => Some(File::Rewind),
            "master.m3u8" if !is_of_rendition => Some(File::Master),
            "open.m3u8" if !is_of_rendition => Some(File::Open),
            _ => Header::from_uri(name).map(File::Init).or_else(|| Self::media(name)),
        }
    }

    fn media(name: &str) -> Option<Self> {
        let (epoch, rest) = name.strip_suffix(".m4s")?.split_once('-')?;
        let epoch = number(epoch)?;
        match rest.split_once('.') {
            Some((seq, part)) => Some(File::Part { epoch, seq: number(seq)?, part: number(part)? }),
            None => Some(File::Segment { epoch, seq: number(rest)? }),
        }
    }
}

fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// What a query asks of a list.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Query {
    pub from: Option<From>,
    pub to: Option<Timestamp>,
    pub wants_whole_window: bool,
    /// Where a player should begin, in milliseconds from the start or, when negative, from the end.
    pub start_ms: Option<i64>,
    /// What is waited for.
    pub want: Option<Want>,
    pub skip: Skip,
}

/// Where a list begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    At(Timestamp),
    /// So many seconds before the newest segment's end.
    Ago(u32),
    /// Where the programme began that is on.
    Programme,
}

/// A query that makes no sense: its name and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nonsense {
    pub name: &'static str,
    pub value: String,
}

/// The longest start that is understood, in seconds: a year.
const START_S_MAX: f64 = 366.0 * 86_400.0;

impl Query {
    /// Reads a query. What it does not know it leaves alone: analytics put their own words there.
    pub(super) fn parse(query: &str) -> Result<Self, Nonsense> {
        let mut parsed = Self::default();
        let (mut seq, mut part) = (None, None);
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = decoded(value);
            match name {
                "from" => parsed.from = Some(From::parse(&value).ok_or_else(|| nonsense("from", &value))?),
                "to" => parsed.to = Some(value.parse().map_err(|_| nonsense("to", &value))?),
                "window" => parsed.wants_whole_window = value == "full",
                "start" => parsed.start_ms = Some(start_ms(&value).ok_or_else(|| nonsense("start", &value))?),
                "_HLS_msn" => seq = Some(number(&value).ok_or_else(|| nonsense("_HLS_msn", &value))?),
                "_HLS_part" => part = Some(number(&value).ok_or_else(|| nonsense("_HLS_part", &value))?),
                "_HLS_skip" => parsed.skip = skip(&value),
                _ => {}
            }
        }
        parsed.want = match (seq, part) {
            (Some(seq), part) => Some(Want { seq, part }),
            (None, Some(part)) => return Err(nonsense("_HLS_part", &part.to_string())),
            (None, None) => None,
        };
        Ok(parsed)
    }
}

impl From {
    fn parse(value: &str) -> Option<Self> {
        match value.strip_prefix('-') {
            _ if value == "programme" => Some(From::Programme),
            Some(seconds) => seconds.parse().ok().map(From::Ago),
            None => value.parse().ok().map(From::At),
        }
    }
}

fn start_ms(value: &str) -> Option<i64> {
    let seconds: f64 = value.parse().ok()?;
    (seconds.abs() <= START_S_MAX).then_some((seconds * 1_000.0) as i64)
}

fn skip(value: &str) -> Skip {
    match value {
        "YES" => Skip::Segments,
        "v2" => Skip::SegmentsAndRanges,
        _ => Skip::Nothing,
    }
}

fn nonsense(name: &'static str, value: &str) -> Nonsense {
    Nonsense { name, value: value.chars().take(40).collect() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_taken_apart() {
        let place = |path: &str| Place::parse(path).map(|place| (place.service, place.rendition, place.file));
        let service = || "news".to_owned();
        for (path, rendition, file) in [
            ("/hls/news/index.m3u8", None, File::Live),
            ("/hls/news/aac-64/rewind.m3u8", Some("aac-64"), File::Rewind),
            ("/hls/n%65ws/master.m3u8", None, File::Master),
            ("/hls/news/1764000000000-12.m4s", None, File::Segment { epoch: 1_764_000_000_000, seq: 12 }),
            ("/hls/news/1-2.3.m4s", None, File::Part { epoch: 1, seq: 2, part: 3 }),
        ] {
            assert_eq!(place(path), Some((service(), rendition.map(str::to_owned), file)), "{path}");
        }
        for wrong in [
            "12.m4s",
            "a-b.m4s",
            "1-2.mp4",
            "1-2-3.m4s",
            "1-+2.m4s",
            "1-2.3.4.m4s",
            "x/y/index.m3u8",
            "x/master.m3u8",
            "",
        ] {
            assert_eq!(place(&format!("/hls/news/{wrong}")), None, "{wrong}");
        }
    }

    #[test]
    fn a_query_says_from_where_and_what_is_waited_for() {
        let noon: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let parsed = |query: &str| Query::parse(query).unwrap();
        for written in ["2026-11-24T12:00:00Z", "2026-11-24T12%3A00%3A00Z", "2026-11-24T13:00:00+01:00"] {
            assert_eq!(parsed(&format!("from={written}&utm=x")).from, Some(From::At(noon)), "{written}");
        }
        assert_eq!(parsed("from=programme").from, Some(From::Programme));
        assert_eq!(parsed("from=-600").from, Some(From::Ago(600)));
        assert_eq!(parsed("start=-1.5").start_ms, Some(-1_500));
        let waiting = parsed("_HLS_msn=7&_HLS_part=2&_HLS_skip=v2");
        assert_eq!((waiting.want, waiting.skip), (Some(Want { seq: 7, part: Some(2) }), Skip::SegmentsAndRanges));
        for wrong in
            ["from=yesterday", "from=-x", "to=1", "start=nan", "start=1e99", "_HLS_msn=-1", "_HLS_part=1", "_HLS_msn="]
        {
            assert!(Query::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        let takes =
            |accept_encoding| Ask { host: None, path: "", query: "", accept_encoding, known: None }.takes_gzip();
        for taking in ["gzip", "br, gzip", "deflate,GZIP;q=0.5"] {
            assert!(takes(Some(taking)), "{taking}");
        }
        for refusing in ["", "br", "gzip;q=0", "identity", "xgzip"] {
            assert!(!takes(Some(refusing)), "{refusing}");
        }
        assert!(!takes(None));
    }

    proptest! {
        #[test]
        fn no_address_makes_it_panic(path in ".{0,60}", query in ".{0,60}") {
            let _ = Place::parse(&format!("/hls/{path}"));
            let _ = Query::parse(&query);
        }
    }
}
