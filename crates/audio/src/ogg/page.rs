//! One Ogg page: its header read, its checksum held against it.

use memchr::memmem;

use crate::bits::{le32, le64};

/// What every page begins with.
pub const CAPTURE_PATTERN: &[u8] = b"OggS";

/// The longest page there is: 255 segments of 255 bytes, and its header.
pub const PAGE_BYTES_MAX: usize = HEADER_BYTES + 255 + 255 * 255;

const HEADER_BYTES: usize = 27;
pub(super) const SERIAL_AT: usize = 14;
pub(super) const CRC_AT: usize = 22;

/// A whole page whose checksum is right.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// All of it, header and body.
    pub bytes: &'a [u8],
    segments: &'a [u8],
}

/// What stands at the front of some bytes.
pub(crate) enum Parsed<'a> {
    Page(Page<'a>),
    /// The beginning of a page, as far as one can see.
    More,
    /// Not a page, or a broken one.
    No,
}

impl<'a> Page<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Parsed<'a> {
        let seen = bytes.len().min(CAPTURE_PATTERN.len());
        if bytes[..seen] != CAPTURE_PATTERN[..seen] {
            return Parsed::No;
        }
        let Some(&segment_count) = bytes.get(HEADER_BYTES - 1) else { return Parsed::More };
        let body_at = HEADER_BYTES + usize::from(segment_count);
        let Some(segments) = bytes.get(HEADER_BYTES..body_at) else { return Parsed::More };
        let body_bytes: usize = segments.iter().map(|&segment| usize::from(segment)).sum();
        let Some(bytes) = bytes.get(..body_at + body_bytes) else { return Parsed::More };
        let is_whole = bytes[4] == 0 && le32(bytes, CRC_AT) == Some(checksum(bytes));
        if is_whole { Parsed::Page(Page { bytes, segments }) } else { Parsed::No }
    }

    /// Whether it begins with the rest of a packet from the page before.
    pub fn is_continued(&self) -> bool {
        self.bytes[5] & 1 != 0
    }

    /// Whether it is the first of its logical stream.
    pub fn is_beginning(&self) -> bool {
        self.bytes[5] & 2 != 0
    }

    /// Whether it is the last of its logical stream.
    pub fn is_end(&self) -> bool {
        self.bytes[5] & 4 != 0
    }

    /// The samples that are finished with this page, counted from the stream's start; `None` if no packet ends on it.
    pub fn granule_position(&self) -> Option<i64> {
        let position = le64(self.bytes, 6).map(|position| position as i64);
        position.filter(|&position| position != -1)
    }

    /// Which logical stream it belongs to.
    pub fn serial(&self) -> u32 {
        le32(self.bytes, SERIAL_AT).unwrap_or_default()
    }

    /// Its packets, one after the other.
    pub fn body(&self) -> &'a [u8] {
        &self.bytes[HEADER_BYTES + self.segments.len()..]
    }

    /// The packets, or parts of packets, on this page, each with whether it ends here.
    pub fn packets(&self) -> impl Iterator<Item = (&'a [u8], bool)> {
        let (mut segments, mut body) = (self.segments, self.body());
        std::iter::from_fn(move || {
            if segments.is_empty() {
                return None;
            }
            let last = segments.iter().position(|&segment| segment < 255);
            let count = last.map_or(segments.len(), |last| last + 1);
            let bytes: usize = segments[..count].iter().map(|&segment| usize::from(segment)).sum();
            let (packet, rest) = body.split_at(bytes);
            (segments, body) = (&segments[count..], rest);
            Some((packet, last.is_some()))
        })
    }
}

/// How far it is to the next place, after the first byte, where a page could begin.
pub(crate) fn next_candidate(pending: &[u8]) -> usize {
    let rest = pending.get(1..).unwrap_or_default();
    if let Some(at) = memmem::find(rest, CAPTURE_PATTERN) {
        return at + 1;
    }
    // The pattern may have been cut in two by the end of what is here.
    let kept = (1..CAPTURE_PATTERN.len()).rev().find(|&bytes| rest.ends_with(&CAPTURE_PATTERN[..bytes]));
    pending.len() - kept.unwrap_or(0)
}

/// The page's checksum, which is taken with its own place zeroed.
pub(super) fn checksum(page: &[u8]) -> u32 {
    let crc = crc32(0, &page[..CRC_AT]);
    crc32(crc32(crc, &[0; 4]), &page[CRC_AT + 4..])
}

fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(crc, |crc, &byte| crc << 8 ^ CRC_TABLE[usize::from((crc >> 24) as u8 ^ byte)])
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

#[cfg(test)]
pub(crate) mod test {
    use super::*;

    /// A page as an encoder would write it.
    pub(crate) struct Draft<'a> {
        pub flags: u8,
        pub granule_position: i64,
        pub serial: u32,
        pub packets: &'a [&'a [u8]],
        pub last_goes_on: bool,
    }

    impl Draft<'_> {
        pub(crate) fn bytes(&self) -> Vec<u8> {
            let mut segments = Vec::new();
            for (index, packet) in self.packets.iter().enumerate() {
                segments.extend(std::iter::repeat_n(255, packet.len() / 255));
                if !(self.last_goes_on && index + 1 == self.packets.len()) {
                    segments.push((packet.len() % 255) as u8);
                }
            }
            let mut page = [CAPTURE_PATTERN, &[0, self.flags]].concat();
            page.extend(self.granule_position.to_le_bytes());
            page.extend(self.serial.to_le_bytes());
            page.extend([0; 8]);
            page.push(segments.len().try_into().expect("the test's packets fit in one page"));
            page.extend(segments);
            page.extend(self.packets.concat());
            let crc = checksum(&page);
            page[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
            page
        }
    }

    #[test]
    fn a_page_gives_its_packets() {
        let long = [7; 300];
        let page =
            Draft { flags: 0, granule_position: 5, serial: 9, packets: &[b"one", b"", &long], last_goes_on: false };
        let bytes = page.bytes();
        let Parsed::Page(page) = Page::parse(&bytes) else { panic!("the page is whole") };
        let packets: Vec<_> = page.packets().collect();
        assert_eq!(packets, [(&b"one"[..], true), (&b""[..], true), (&long[..], true)]);
        assert_eq!((page.serial(), page.granule_position()), (9, Some(5)));
    }

    #[test]
    fn a_packet_that_goes_on_is_told_as_unfinished() {
        let long = [7; 255];
        let page = Draft { flags: 0, granule_position: -1, serial: 9, packets: &[&long], last_goes_on: true };
        let bytes = page.bytes();
        let Parsed::Page(page) = Page::parse(&bytes) else { panic!("the page is whole") };
        assert_eq!(page.packets().collect::<Vec<_>>(), [(&long[..], false)]);
        assert_eq!(page.granule_position(), None);
    }

    #[test]
    fn one_wrong_bit_makes_it_no_page() {
        let page = Draft { flags: 0, granule_position: 5, serial: 9, packets: &[b"sound"], last_goes_on: false };
        for at in 0..page.bytes().len() * 8 {
            let mut broken = page.bytes();
            broken[at / 8] ^= 1 << (at % 8);
            assert!(!matches!(Page::parse(&broken), Parsed::Page(_)), "bit {at} was not missed");
        }
    }
}
