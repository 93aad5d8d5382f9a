//! From when until when a certificate is good: the one thing in it that TLS itself does not look at on the server's side.
//!
//! A certificate is DER: elements of a tag, a length and contents, one inside the other. The way to the two moments is
//! always the same, so it is walked and nothing else is read.

use std::ops::Range;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use station::Timestamp;

const SEQUENCE: u8 = 0x30;
/// The version, which old certificates do not have.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALISED_TIME: u8 = 0x18;

/// An element: what it is, and what is in it.
struct Element<'a> {
    tag: u8,
    contents: &'a [u8],
}

/// The span in which a certificate in DER is good; `None` if it is no certificate.
pub fn of(certificate: &[u8]) -> Option<Range<Timestamp>> {
    let mut outermost = certificate;
    let mut certificate = sequence(&mut outermost)?;
    let mut signed = sequence(&mut certificate)?;
    if signed.first() == Some(&VERSION) {
        next(&mut signed)?;
    }
    let [_serial, _algorithm, _issuer] = [next(&mut signed)?, next(&mut signed)?, next(&mut signed)?];
    let mut validity = sequence(&mut signed)?;
    let (from, until) = (moment(&next(&mut validity)?)?, moment(&next(&mut validity)?)?);
    Some(from..until)
}

fn sequence<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    next(rest).filter(|element| element.tag == SEQUENCE).map(|element| element.contents)
}

/// Takes the next element off `rest`.
fn next<'a>(rest: &mut &'a [u8]) -> Option<Element<'a>> {
    let (&[tag, first], mut behind) = rest.split_first_chunk::<2>()?;
    let mut length = usize::from(first);
    if first & 0x80 != 0 {
        // The length has a length of its own; more than four bytes would be larger than any certificate.
        let (digits, after) = behind.split_at_checked(usize::from(first & 0x7f)).filter(|(it, _)| it.len() <= 4)?;
        length = digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit));
        behind = after;
    }
    let (contents, after) = behind.split_at_checked(length)?;
    *rest = after;
    Some(Element { tag, contents })
}

/// `260102030405Z` or `20510607080910Z`. What lies beyond the end of time is at its end.
fn moment(element: &Element<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(element.contents).ok()?.strip_suffix('Z')?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let (year, rest) = match element.tag {
        UTC_TIME if is_number && text.len() == 12 => (full_year(text[..2].parse().ok()?), &text[2..]),
        GENERALISED_TIME if is_number && text.len() == 14 => (text[..4].parse().ok()?, &text[4..]),
        _ => return None,
    };
    let at = |place: usize| rest[place * 2..place * 2 + 2].parse::<i8>().ok();
    let date = DateTime::new(year, at(0)?, at(1)?, at(2)?, at(3)?, at(4)?, 0).ok()?;
    Some(TimeZone::UTC.to_timestamp(date).unwrap_or(Timestamp::MAX))
}

/// A year of two digits, as certificates mean it.
fn full_year(short: i16) -> i16 {
    if short < 50 { 2_000 + short } else { 1_900 + short }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(tag: u8, text: &str) -> Option<String> {
        moment(&Element { tag, contents: text.as_bytes() }).map(|moment| moment.to_string())
    }

    #[test]
    fn both_ways_to_write_a_moment_are_read() {
        assert_eq!(time(UTC_TIME, "260102030405Z").as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!(time(UTC_TIME, "991231235959Z").as_deref(), Some("1999-12-31T23:59:59Z"));
        assert_eq!(time(GENERALISED_TIME, "20510607080910Z").as_deref(), Some("2051-06-07T08:09:10Z"));
        assert_eq!(time(GENERALISED_TIME, "99991231235959Z"), Some(Timestamp::MAX.to_string()));
        for wrong in ["", "Z", "26010203040Z", "260102030405", "26010203040xZ", "261302030405Z", "+6010203040507Z"] {
            assert_eq!((time(UTC_TIME, wrong), time(GENERALISED_TIME, wrong)), (None, None), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = of(&bytes);
            let _ = of(&[&[SEQUENCE, 0x50, SEQUENCE, 0x4e][..], &bytes].concat());
        }
    }
}
