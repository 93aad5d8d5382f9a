//! Pages, written.

use super::page::{CAPTURE_PATTERN, CRC_AT, checksum};

/// Writes the pages of one logical stream.
#[derive(Debug)]
pub(crate) struct Writer {
    serial: u32,
    sequence: u32,
}

/// One page to be written. Its packets end on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) packets: &'a [Vec<u8>],
    /// The samples that are finished with it, counted from the stream's start.
    pub(crate) granule_position: u64,
    pub(crate) is_last: bool,
}

const FIRST: u8 = 2;
const LAST: u8 = 4;

impl Writer {
    pub(crate) fn new(serial: u32) -> Self {
        Self { serial, sequence: 0 }
    }

    /// Writes a page after what is in `out`. Its packets have to fit: 255 segments, that is at least 64 kB of sound in
    /// a few packets, more than any encoder here makes.
    pub(crate) fn page(&mut self, draft: Draft<'_>, out: &mut Vec<u8>) {
        let page_at = out.len();
        let flags = if self.sequence == 0 { FIRST } else { 0 } | if draft.is_last { LAST } else { 0 };
        let segments: Vec<u8> = draft.packets.iter().flat_map(|packet| segments(packet.len())).collect();
        let segment_count = u8::try_from(segments.len()).expect("our packets fit on a page");
        out.extend_from_slice(CAPTURE_PATTERN);
        out.extend_from_slice(&[0, flags]);
        out.extend_from_slice(&draft.granule_position.to_le_bytes());
        out.extend_from_slice(&self.serial.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.push(segment_count);
        out.extend_from_slice(&segments);
        draft.packets.iter().for_each(|packet| out.extend_from_slice(packet));
        let checksum = checksum(&out[page_at..]).to_le_bytes();
        out[page_at + CRC_AT..page_at + CRC_AT + 4].copy_from_slice(&checksum);
        self.sequence = self.sequence.wrapping_add(1);
    }
}

/// How a packet of so many bytes is laced: as many full segments as it fills, and one that is shorter.
fn segments(bytes: usize) -> impl Iterator<Item = u8> {
    std::iter::repeat_n(255, bytes / 255).chain([(bytes % 255) as u8])
}

#[cfg(test)]
mod tests {
    use super::super::page::{Page, Parsed};
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let packets = [b"one".to_vec(), vec![7; 255], vec![8; 600], Vec::new()];
        let (mut writer, mut out) = (Writer::new(9), Vec::new());
        writer.page(Draft { packets: &packets[..1], granule_position: 0, is_last: false }, &mut out);
        let second_at = out.len();
        writer.page(Draft { packets: &packets, granule_position: 960, is_last: true }, &mut out);
        let Parsed::Page(first) = Page::parse(&out) else { panic!("the page is whole") };
        assert!(first.is_beginning() && !first.is_end());
        let Parsed::Page(second) = Page::parse(&out[second_at..]) else { panic!("the page is whole") };
        assert!(!second.is_beginning() && second.is_end());
        assert_eq!((second.serial(), second.granule_position()), (9, Some(960)));
        assert!(second.packets().eq(packets.iter().map(|packet| (&packet[..], true))));
    }
}
