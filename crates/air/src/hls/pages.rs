//! Lists as they are sent: each made once for each state of its rendition, and compressed once, for however many ask.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::list::Wish;

/// How many different lists of one state are kept. Who asks for another, of some stretch of the past, gets one of its own.
const LISTS_MAX: usize = 64;

/// A list as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub identity: Bytes,
    pub gzip: Bytes,
    /// Names the text.
    pub tag: u64,
}

impl Page {
    pub(super) fn new(text: String) -> Self {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let gzip = gzip(text.as_bytes());
        Self { identity: text.into(), gzip, tag: hasher.finish() }
    }
}

fn gzip(text: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let compressed = encoder.write_all(text).and_then(|()| encoder.finish());
    compressed.expect("writing to memory does not fail").into()
}

/// The place of a page that one of those who ask makes, while the others wait for it. `None` in it: nothing to list yet.
type Place = Arc<OnceLock<Option<Page>>>;

/// The lists of a rendition's present state.
#[derive(Debug, Default)]
pub(super) struct Pages {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    state: (u64, u64),
    places: HashMap<Wish, Place>,
}

impl Pages {
    /// The list that is wished for: as it was made for this state, or else as `make` makes it.
    pub(super) fn get(&self, state: (u64, u64), wish: &Wish, make: impl FnOnce() -> Option<Page>) -> Option<Page> {
        self.place(state, wish).get_or_init(make).clone()
    }

    fn place(&self, state: (u64, u64), wish: &Wish) -> Place {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.state != state {
            kept.state = state;
            kept.places.clear();
        }
        if let Some(place) = kept.places.get(wish) {
            return Arc::clone(place);
        }
        let place = Place::default();
        if kept.places.len() < LISTS_MAX {
            kept.places.insert(*wish, Arc::clone(&place));
        } else {
            metrics::counter!("groundwave_hls_lists_not_shared_total").increment(1);
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hls::list::Skip;
    use crate::hls::window::Stretch;

    const WISH: Wish = Wish { stretch: Stretch::Live, start_ms: None, skip: Skip::Nothing };

    #[test]
    fn a_list_is_made_once_for_each_state() {
        let pages = Pages::default();
        let mut made = 0;
        for state in [(1, 0), (1, 0), (2, 0), (2, 1), (2, 1)] {
            let page = pages.get(state, &WISH, || {
                made += 1;
                Some(Page::new(format!("{state:?}")))
            });
            assert_eq!(page.unwrap().identity, format!("{state:?}"));
        }
        assert_eq!(made, 3);
    }

    #[test]
    fn however_many_lists_are_asked_for_only_so_many_are_kept() {
        let pages = Pages::default();
        for start_ms in 0..1_000 {
            let wish = Wish { start_ms: Some(start_ms), ..WISH };
            assert!(pages.get((1, 0), &wish, || Some(Page::new(String::new()))).is_some());
        }
        assert_eq!(pages.kept.lock().unwrap().places.len(), LISTS_MAX);
    }

    #[test]
    fn equal_texts_have_equal_tags() {
        let [one, same, other] = ["a", "a", "b"].map(|text| Page::new(text.to_owned()).tag);
        assert!(one == same && one != other);
    }
}
