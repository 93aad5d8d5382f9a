//! The packets of a logical stream, put together again from its pages.

use super::page::{Page, Parsed};

/// The longest packet that is put together, in bytes: a Vorbis comment can hold a picture.
const PACKET_BYTES_MAX: usize = super::HEADERS_BYTES_MAX;

/// Puts packets together that are spread over pages.
#[derive(Debug, Default)]
pub(crate) struct Packets {
    /// The beginning of a packet whose rest is on the next page.
    begun: Option<Vec<u8>>,
}

/// What a page says about where it ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PageEnd {
    pub(crate) granule_position: Option<i64>,
    pub(crate) is_last: bool,
}

impl Packets {
    /// Gives `take` each packet that ends on this page. What is no page gives none.
    pub(crate) fn read(&mut self, page: &[u8], mut take: impl FnMut(&[u8])) -> PageEnd {
        let Parsed::Page(page) = Page::parse(page) else { return PageEnd::default() };
        let mut is_rest = page.is_continued();
        if !is_rest {
            self.begun = None;
        }
        for (part, ends) in page.packets() {
            let is_headless = std::mem::take(&mut is_rest) && self.begun.is_none();
            match (self.begun.take(), ends) {
                _ if is_headless => {}
                (None, true) => take(part),
                (None, false) => self.begun = Some(part.to_vec()),
                (Some(begun), _) if begun.len() + part.len() > PACKET_BYTES_MAX => {}
                (Some(mut begun), ends) => {
                    begun.extend_from_slice(part);
                    if ends { take(&begun) } else { self.begun = Some(begun) }
                }
            }
        }
        PageEnd { granule_position: page.granule_position(), is_last: page.is_end() }
    }

    /// Pages are missing before the next one.
    pub(crate) fn jump(&mut self) {
        self.begun = None;
    }
}

/// The pages that `bytes` are made of, one after the other, up to the first that is not whole.
pub(crate) fn pages(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let Parsed::Page(page) = Page::parse(bytes) else { return None };
        bytes = &bytes[page.bytes.len()..];
        Some(page.bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::super::page::test::Draft;
    use super::*;

    fn page(is_continued: bool, packets: &[&[u8]], last_goes_on: bool) -> Vec<u8> {
        let draft = Draft { flags: is_continued.into(), granule_position: 0, serial: 1, packets, last_goes_on };
        draft.bytes()
    }

    fn read(pages: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let (mut packets, mut found) = (Packets::default(), Vec::new());
        for page in pages {
            packets.read(page, |packet| found.push(packet.to_vec()));
        }
        found
    }

    #[test]
    fn a_packet_that_is_spread_over_pages_comes_out_whole() {
        let long = [7; 255];
        let pages =
            [page(false, &[b"one", &long], true), page(true, &[&long], true), page(true, &[b"end", b"two"], false)];
        let spread = [&long[..], &long, b"end"].concat();
        assert_eq!(read(&pages), [b"one".to_vec(), spread, b"two".to_vec()]);
    }

    #[test]
    fn a_packet_without_its_beginning_or_its_end_is_left_out() {
        let long = [7; 255];
        assert_eq!(read(&[page(true, &[b"rest", b"two"], false)]), [b"two".to_vec()]);
        assert_eq!(read(&[page(false, &[&long], true), page(false, &[b"two"], false)]), [b"two".to_vec()]);
    }

    #[test]
    fn a_packet_without_end_is_given_up() {
        let long = [7; 255 * 250];
        let pages: Vec<_> = (0..20).map(|turn| page(turn > 0, &[&long], true)).collect();
        let mut packets = Packets::default();
        for page in &pages {
            packets.read(page, |_| panic!("no packet ends"));
            assert!(packets.begun.as_ref().is_none_or(|begun| begun.len() <= PACKET_BYTES_MAX));
        }
    }
}
