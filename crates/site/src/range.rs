//! Byte ranges (RFC 9110, section 14): a part of a file, for a player that seeks.

use std::ops::Range;

use http::{HeaderMap, header};

/// What part of a file a request wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: no range, one that is written wrongly, or several at once (which we may answer with everything).
    Whole,
    /// This part; never empty.
    Part(Range<u64>),
    /// A part that lies beyond its end.
    Beyond,
}

/// The part that the request wants of a file of `size` bytes with this entity tag.
pub fn wanted(headers: &HeaderMap, size: u64, etag: Option<&str>) -> Wanted {
    let Some(range) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else { return Wanted::Whole };
    if let Some(condition) = headers.get(header::IF_RANGE) {
        // Only a strong tag proves that the part belongs to the file that the browser has begun with.
        if etag.is_none_or(|etag| condition.as_bytes() != etag.as_bytes()) {
            return Wanted::Whole;
        }
    }
    parse(range, size).unwrap_or(Wanted::Whole)
}

fn parse(range: &str, size: u64) -> Option<Wanted> {
    let (unit, spec) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = spec.trim().split_once('-')?;
    match (first.trim_end(), last.trim_start()) {
        ("", suffix) => {
            let length = number(suffix)?.min(size);
            Some(if length == 0 { Wanted::Beyond } else { Wanted::Part(size - length..size) })
        }
        (first, "") => Some(part(number(first)?, size, size)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| part(first, last.saturating_add(1), size))
        }
    }
}

fn part(start: u64, end: u64, size: u64) -> Wanted {
    if start >= size { Wanted::Beyond } else { Wanted::Part(start..end.min(size)) }
}

/// Digits only: `parse` alone would take `+5`.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: &str, expected: Wanted) {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        assert_eq!(wanted(&headers, 1000, None), expected, "{range}");
    }

    #[test]
    fn a_single_range_is_what_it_says() {
        check("bytes=0-0", Wanted::Part(0..1));
        check("bytes=0-", Wanted::Part(0..1000));
        check("Bytes = 10-19", Wanted::Part(10..20));
        check("bytes=990-5000", Wanted::Part(990..1000));
        check("bytes=-1", Wanted::Part(999..1000));
        check("bytes=-5000", Wanted::Part(0..1000));
        check("bytes=0-18446744073709551615", Wanted::Part(0..1000));
    }

    #[test]
    fn a_range_beyond_the_end_is_told_so() {
        check("bytes=1000-", Wanted::Beyond);
        check("bytes=5000-6000", Wanted::Beyond);
        check("bytes=-0", Wanted::Beyond);
    }

    #[test]
    fn what_is_no_range_gets_the_whole_file() {
        for odd in [
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-4",
            "bytes=+1-2",
            "bytes=0-1,5-6",
            "items=0-1",
            "bytes=a-b",
            "bytes=99999999999999999999-",
        ] {
            check(odd, Wanted::Whole);
        }
    }

    #[test]
    fn a_part_of_another_file_is_not_sent() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, "bytes=1-2".parse().unwrap());
        headers.insert(header::IF_RANGE, "\"old\"".parse().unwrap());
        assert_eq!(wanted(&headers, 1000, Some("\"new\"")), Wanted::Whole);
        assert_eq!(wanted(&headers, 1000, Some("\"old\"")), Wanted::Part(1..3));
        assert_eq!(wanted(&headers, 1000, None), Wanted::Whole);
    }
}
