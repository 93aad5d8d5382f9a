//! The place where one Ogg stream ends and another begins.

use bytes::{Bytes, BytesMut};

use super::page::{CRC_AT, Page, Parsed, SERIAL_AT, checksum};
use crate::Frame;

/// Makes one chained stream of several streams that know nothing of each other.
///
/// A decoder tells two logical streams apart by their serial numbers. Encoders often choose the same one again and
/// again; where a stream bears the number of the one before it, its pages pass with another. All others pass untouched.
#[derive(Debug, Default)]
pub struct Joiner {
    /// The serial number of the logical stream that passes, as it is sent.
    serial: Option<u32>,
    is_renumbered: bool,
    /// Its first page has to be one that a decoder can begin with.
    waits_for_entry: bool,
}

impl Joiner {
    /// A joiner before the first stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another logical stream begins. Its header pages as they should be sent.
    pub fn begin(&mut self, headers: Bytes) -> Bytes {
        self.waits_for_entry = true;
        let Parsed::Page(first) = Page::parse(&headers) else { return headers };
        let own = first.serial();
        self.is_renumbered = self.serial == Some(own);
        self.serial = Some(if self.is_renumbered { own.wrapping_add(1) } else { own });
        self.renumber(headers)
    }

    /// A page of it as it should be sent; `None` if a decoder could not begin with it.
    pub fn pass(&mut self, page: Frame) -> Option<Frame> {
        if self.waits_for_entry && !page.is_entry {
            return None;
        }
        self.waits_for_entry = false;
        Some(Frame { bytes: self.renumber(page.bytes), ..page })
    }

    fn renumber(&self, pages: Bytes) -> Bytes {
        match self.serial.filter(|_| self.is_renumbered) {
            Some(serial) => with_serial(&pages, serial),
            None => pages,
        }
    }
}

/// The same pages with another serial number. What is not a page stays as it is.
fn with_serial(pages: &Bytes, serial: u32) -> Bytes {
    let mut renumbered = BytesMut::from(&pages[..]);
    let mut from = 0;
    while let Parsed::Page(page) = Page::parse(&pages[from..]) {
        let to = from + page.bytes.len();
        let copy = &mut renumbered[from..to];
        copy[SERIAL_AT..SERIAL_AT + 4].copy_from_slice(&serial.to_le_bytes());
        let checksum = checksum(copy).to_le_bytes();
        copy[CRC_AT..CRC_AT + 4].copy_from_slice(&checksum);
        from = to;
    }
    renumbered.freeze()
}

#[cfg(test)]
mod tests {
    use super::super::page::test::Draft;
    use super::*;

    fn page(serial: u32, packet: &[u8], is_entry: bool) -> Frame {
        let draft = Draft { flags: 0, granule_position: 960, serial, packets: &[packet], last_goes_on: false };
        Frame { bytes: draft.bytes().into(), samples: 960, is_entry }
    }

    fn headers(serial: u32) -> Bytes {
        [page(serial, b"one", false).bytes, page(serial, b"two", false).bytes].concat().into()
    }

    fn serials(mut pages: &[u8]) -> Vec<u32> {
        let mut serials = Vec::new();
        while let Parsed::Page(page) = Page::parse(pages) {
            serials.push(page.serial());
            pages = &pages[page.bytes.len()..];
        }
        assert!(pages.is_empty(), "a checksum is wrong");
        serials
    }

    #[test]
    fn streams_with_numbers_of_their_own_pass_untouched() {
        let mut joiner = Joiner::new();
        for serial in [1, 2, 1] {
            assert_eq!(joiner.begin(headers(serial)), headers(serial));
            assert_eq!(joiner.pass(page(serial, b"sound", true)), Some(page(serial, b"sound", true)));
        }
    }

    #[test]
    fn a_stream_that_bears_the_number_of_the_one_before_it_gets_another() {
        let mut joiner = Joiner::new();
        let sent = [7, 7, 7].map(|serial| {
            let mut pages = joiner.begin(headers(serial)).to_vec();
            pages.extend(joiner.pass(page(serial, b"sound", true)).unwrap().bytes);
            serials(&pages)
        });
        assert_eq!(sent, [[7; 3], [8; 3], [7; 3]]);
    }

    #[test]
    fn a_stream_is_joined_at_a_page_that_can_be_heard_alone() {
        let mut joiner = Joiner::new();
        joiner.begin(headers(1));
        assert_eq!(joiner.pass(page(1, b"the rest of a packet", false)), None);
        assert!(joiner.pass(page(1, b"sound", true)).is_some());
        assert!(joiner.pass(page(1, b"the rest of a packet", false)).is_some());
    }
}
