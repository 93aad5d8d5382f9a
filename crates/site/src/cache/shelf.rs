//! The bookkeeping of kept pages: what is where, what it was made from, what has to go. Pure: time comes in as an argument.
//!
//! Pages stand in two rows. A page that was asked for once stands in the front row, and a page that was asked for again
//! moves to the back row, which has most of the room. What has to go goes from the front row first: a stranger who asks
//! for a hundred thousand pages once does not push out the page that everybody reads.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use station::{EpisodeId, PersonId, ProgrammeId, StationId, StoryId, Timestamp};

use super::Finished;

/// How many forgettings are remembered for pages that are being made. A page that is overtaken by more is outdated.
const FORGOTTEN_MAX: usize = 1024;
/// What the books about one page take, roughly.
const ENTRY_BYTES: usize = 512;
/// How much of the room the back row has, in percent.
const BACK_ROW_PERCENT: usize = 80;

/// Whose page, and which: nothing else of a request tells one page from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The station.
    pub station: StationId,
    /// The path, with those parts of the query that its route allows.
    pub address: String,
}

/// What a page was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The station's identity, sections and services: every page.
    Station,
    /// A story that the page shows or mentions.
    Story(StoryId),
    /// Lists of the newest stories.
    Latest,
    /// A person whose words or bio the page shows.
    Person(PersonId),
    /// The people of the station, where any of them may be named.
    People,
    /// A programme.
    Programme(ProgrammeId),
    /// The programmes of the station, where any of them may be named.
    Programmes,
    /// An episode.
    Episode(EpisodeId),
    /// Lists of the newest episodes.
    Episodes,
    /// The schedule's rules and broadcasts.
    Schedule,
    /// What is on now and next.
    OnAir,
}

/// What an event makes outdated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// Pages that bear one of these.
    Tags(Vec<Tag>),
    /// Lists of the newest stories; and whatever shows this story is gone at once.
    TakenBack(StoryId),
}

/// A page with what has to be known of it.
#[derive(Debug)]
pub struct Kept {
    /// The page.
    pub page: Arc<Finished>,
    /// What it was made from.
    pub tags: Vec<Tag>,
    /// The story that this is the page of.
    pub subject: Option<StoryId>,
    /// When it is outdated without an event.
    pub fresh_until: Timestamp,
}

/// What the shelf has for a key.
#[derive(Debug)]
pub enum Found {
    /// The page as it should be; `is_promoted` the second time that it is asked for.
    Fresh {
        /// The page.
        page: Arc<Finished>,
        /// True if it has just moved to the back row.
        is_promoted: bool,
    },
    /// The page as it was; it should be made anew.
    Outdated(Arc<Finished>),
    /// The page as it was; making it anew has just failed and should not be tried yet.
    Resting(Arc<Finished>),
    /// The page of a story that was taken back.
    Gone,
    /// Nothing.
    Nothing,
}

/// The kept pages.
#[derive(Debug)]
pub struct Shelf {
    entries: HashMap<Key, Entry>,
    front: Row,
    back: Row,
    bytes_max: usize,
    ticks: u64,
    forgotten: VecDeque<(u64, Scope)>,
    moment: u64,
}

#[derive(Debug)]
struct Entry {
    content: Content,
    is_outdated: bool,
    rests_until: Duration,
    tick: u64,
    is_in_back: bool,
}

#[derive(Debug)]
enum Content {
    Page(Kept),
    /// The page of a story that was taken back.
    Gone,
}

#[derive(Debug, Default)]
struct Row {
    by_age: BTreeMap<u64, Key>,
    bytes: usize,
}

#[derive(Debug)]
enum Scope {
    Everything,
    Of(StationId, Forgotten),
}

impl Key {
    /// The page of `station` at `address`.
    pub fn new(station: StationId, address: impl Into<String>) -> Self {
        Self { station, address: address.into() }
    }
}

impl Shelf {
    /// An empty shelf that holds at most `bytes_max` bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self {
            entries: HashMap::new(),
            front: Row::default(),
            back: Row::default(),
            bytes_max,
            ticks: 0,
            forgotten: VecDeque::new(),
            moment: 0,
        }
    }

    /// What there is for `key` at `now`, with `elapsed` on the monotonic clock.
    pub fn find(&mut self, key: &Key, now: Timestamp, elapsed: Duration) -> Found {
        let is_promoted = self.touch(key);
        let Some(entry) = self.entries.get(key) else { return Found::Nothing };
        let kept = match &entry.content {
            Content::Gone => return Found::Gone,
            Content::Page(kept) => kept,
        };
        let page = kept.page.clone();
        match () {
            () if !entry.is_outdated && now < kept.fresh_until => Found::Fresh { page, is_promoted },
            () if elapsed < entry.rests_until => Found::Resting(page),
            () => Found::Outdated(page),
        }
    }

    /// The moment at which a page is begun, for [`Shelf::put`].
    pub fn moment(&self) -> u64 {
        self.moment
    }

    /// Keeps a page that was begun at the moment `begun`. False if something that it is made from was forgotten since:
    /// then it is kept as outdated, or, if what it shows was taken back, not at all.
    pub fn put(&mut self, key: &Key, kept: Kept, begun: u64, now: Timestamp) -> bool {
        let (is_outdated, is_taken_back) = self.overtaken(key, &kept, begun);
        if is_taken_back {
            self.take_back(key, kept.subject);
            return false;
        }
        let is_new = !is_outdated && now < kept.fresh_until;
        let is_in_back = self.entries.get(key).is_some_and(|entry| entry.is_in_back);
        self.insert(key, Content::Page(kept), is_outdated, is_in_back);
        self.make_room();
        is_new
    }

    /// Puts the same page, packed smaller, in the place of `old`, if that is still what is kept.
    pub fn replace(&mut self, key: &Key, old: &Arc<Finished>, new: Arc<Finished>) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let row = if entry.is_in_back { &mut self.back } else { &mut self.front };
        if let Content::Page(kept) = &mut entry.content
            && Arc::ptr_eq(&kept.page, old)
        {
            row.bytes = row.bytes - kept.page.size_bytes() + new.size_bytes();
            kept.page = new;
        }
    }

    /// Takes the page away.
    pub fn remove(&mut self, key: &Key) {
        let Some(entry) = self.entries.remove(key) else { return };
        let row = if entry.is_in_back { &mut self.back } else { &mut self.front };
        row.by_age.remove(&entry.tick);
        row.bytes -= entry.content.size_bytes(key);
    }

    /// Leaves the outdated page alone until `elapsed` on the monotonic clock.
    pub fn rest(&mut self, key: &Key, elapsed: Duration) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.rests_until = elapsed;
        }
    }

    /// Marks what an event makes outdated. Returns the pages whose bytes are gone.
    pub fn forget(&mut self, station: StationId, what: Forgotten) -> Vec<Key> {
        let keys: Vec<Key> = self
            .entries
            .iter()
            .filter(|(key, entry)| key.station == station && entry.is_hit(&what))
            .map(|(key, _)| key.clone())
            .collect();
        let gone = keys.into_iter().filter(|key| self.mark(key, &what)).collect();
        self.remember(Scope::Of(station, what));
        gone
    }

    /// Marks everything as outdated.
    pub fn forget_everything(&mut self) {
        self.entries.values_mut().for_each(|entry| entry.is_outdated = true);
        self.remember(Scope::Everything);
    }

    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.front.bytes + self.back.bytes
    }

    /// True if the bytes are gone.
    fn mark(&mut self, key: &Key, what: &Forgotten) -> bool {
        let Some(entry) = self.entries.get_mut(key) else { return false };
        match (what, &entry.content) {
            (Forgotten::TakenBack(story), Content::Page(kept)) if kept.tags.contains(&Tag::Story(*story)) => {
                let subject = kept.subject.filter(|subject| subject == story);
                self.take_back(key, subject);
                true
            }
            _ => {
                entry.is_outdated = true;
                false
            }
        }
    }

    /// Lets go of the bytes. Of the story's own page it is remembered that it is gone.
    fn take_back(&mut self, key: &Key, subject: Option<StoryId>) {
        let is_in_back = self.entries.get(key).is_some_and(|entry| entry.is_in_back);
        self.remove(key);
        if subject.is_some() {
            self.insert(key, Content::Gone, true, is_in_back);
            self.make_room();
        }
    }

    fn remember(&mut self, scope: Scope) {
        self.moment += 1;
        self.forgotten.push_back((self.moment, scope));
        if self.forgotten.len() > FORGOTTEN_MAX {
            self.forgotten.pop_front();
        }
    }

    /// Whether what a page was made from has been forgotten since `begun`, and whether something that it shows was taken
    /// back.
    fn overtaken(&self, key: &Key, kept: &Kept, begun: u64) -> (bool, bool) {
        let oldest = self.forgotten.front().map_or(0, |(moment, _)| *moment);
        let mut is_outdated = begun + 1 < oldest;
        for (_, scope) in self.forgotten.iter().filter(|(moment, _)| *moment > begun) {
            match scope {
                Scope::Everything => is_outdated = true,
                Scope::Of(station, what) if *station == key.station => {
                    if matches!(what, Forgotten::TakenBack(story) if kept.tags.contains(&Tag::Story(*story))) {
                        return (true, true);
                    }
                    is_outdated |= what.hits(&kept.tags);
                }
                Scope::Of(..) => {}
            }
        }
        (is_outdated, false)
    }

    fn insert(&mut self, key: &Key, content: Content, is_outdated: bool, is_in_back: bool) {
        self.remove(key);
        self.ticks += 1;
        let row = if is_in_back { &mut self.back } else { &mut self.front };
        row.bytes += content.size_bytes(key);
        row.by_age.insert(self.ticks, key.clone());
        let entry = Entry { content, is_outdated, rests_until: Duration::ZERO, tick: self.ticks, is_in_back };
        self.entries.insert(key.clone(), entry);
    }

    /// Notes that the page was asked for. True if that moved it to the back row.
    fn touch(&mut self, key: &Key) -> bool {
        let Some(entry) = self.entries.get_mut(key) else { return false };
        self.ticks += 1;
        let bytes = entry.content.size_bytes(key);
        let row = if entry.is_in_back { &mut self.back } else { &mut self.front };
        row.by_age.remove(&entry.tick);
        row.bytes -= bytes;
        let is_promoted = !entry.is_in_back;
        (entry.tick, entry.is_in_back) = (self.ticks, true);
        self.back.by_age.insert(self.ticks, key.clone());
        self.back.bytes += bytes;
        self.balance();
        is_promoted
    }

    /// What no longer fits into the back row stands in the front row again, as its newest.
    fn balance(&mut self) {
        while self.back.bytes > self.bytes_max / 100 * BACK_ROW_PERCENT {
            let Some((tick, key)) = self.back.by_age.pop_first() else { return };
            let Some(entry) = self.entries.get_mut(&key) else { return };
            let bytes = entry.content.size_bytes(&key);
            entry.is_in_back = false;
            self.back.bytes -= bytes;
            self.front.bytes += bytes;
            self.front.by_age.insert(tick, key);
        }
    }

    fn make_room(&mut self) {
        while self.front.bytes + self.back.bytes > self.bytes_max {
            let oldest = self.front.by_age.first_key_value().or(self.back.by_age.first_key_value());
            let Some(key) = oldest.map(|(_, key)| key.clone()) else { return };
            self.remove(&key);
            metrics::counter!("groundwave_site_pages_evicted_total").increment(1);
        }
        metrics::gauge!("groundwave_site_page_cache_bytes").set((self.front.bytes + self.back.bytes) as f64);
    }
}

impl Entry {
    fn is_hit(&self, what: &Forgotten) -> bool {
        match &self.content {
            Content::Page(kept) => what.hits(&kept.tags),
            Content::Gone => false,
        }
    }
}

impl Content {
    fn size_bytes(&self, key: &Key) -> usize {
        let page = match self {
            Content::Page(kept) => kept.page.size_bytes() + kept.tags.len() * size_of::<Tag>(),
            Content::Gone => 0,
        };
        page + key.address.len() * 2 + ENTRY_BYTES
    }
}

impl Forgotten {
    fn hits(&self, tags: &[Tag]) -> bool {
        match self {
            Forgotten::Tags(forgotten) => tags.iter().any(|tag| forgotten.contains(tag)),
            Forgotten::TakenBack(story) => tags.contains(&Tag::Latest) || tags.contains(&Tag::Story(*story)),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    const HOME: StationId = StationId(1);
    const AWAY: StationId = StationId(2);
    const ROOM: usize = 1 << 20;

    fn key(address: &str) -> Key {
        Key::new(HOME, address)
    }

    fn page(text: &str) -> Arc<Finished> {
        Arc::new(Finished::new(StatusCode::OK, text.to_owned().into()))
    }

    fn kept(text: &str, tags: &[Tag]) -> Kept {
        Kept { page: page(text), tags: tags.to_vec(), subject: None, fresh_until: at("2026-11-24T12:00:00Z") }
    }

    fn at(moment: &str) -> Timestamp {
        moment.parse().unwrap()
    }

    fn find(shelf: &mut Shelf, address: &str) -> Found {
        shelf.find(&key(address), at("2026-11-24T08:00:00Z"), Duration::ZERO)
    }

    fn put(shelf: &mut Shelf, address: &str, kept: Kept) {
        let begun = shelf.moment();
        assert!(shelf.put(&key(address), kept, begun, at("2026-11-24T08:00:00Z")));
    }

    #[test]
    fn an_event_makes_outdated_what_was_made_from_it_and_nothing_else() {
        let mut shelf = Shelf::new(ROOM);
        put(&mut shelf, "/a", kept("a", &[Tag::Story(StoryId(1))]));
        put(&mut shelf, "/b", kept("b", &[Tag::Story(StoryId(2))]));
        shelf.forget(HOME, Forgotten::Tags(vec![Tag::Story(StoryId(1))]));
        assert!(matches!(find(&mut shelf, "/a"), Found::Outdated(_)));
        assert!(matches!(find(&mut shelf, "/b"), Found::Fresh { .. }));
    }

    #[test]
    fn one_stations_event_is_not_anothers() {
        let mut shelf = Shelf::new(ROOM);
        put(&mut shelf, "/a", kept("a", &[Tag::Latest]));
        shelf.forget(AWAY, Forgotten::Tags(vec![Tag::Latest]));
        assert!(matches!(find(&mut shelf, "/a"), Found::Fresh { .. }));
    }

    #[test]
    fn a_page_that_was_overtaken_by_an_event_is_outdated_from_the_start() {
        let mut shelf = Shelf::new(ROOM);
        let begun = shelf.moment();
        shelf.forget(HOME, Forgotten::Tags(vec![Tag::OnAir]));
        let now = at("2026-11-24T08:00:00Z");
        assert!(!shelf.put(&key("/"), kept("old", &[Tag::OnAir]), begun, now));
        assert!(matches!(find(&mut shelf, "/"), Found::Outdated(_)));
        assert!(shelf.put(&key("/b"), kept("other", &[Tag::Latest]), begun, now));
    }

    #[test]
    fn a_page_that_was_overtaken_by_more_than_can_be_remembered_is_outdated() {
        let mut shelf = Shelf::new(ROOM);
        let begun = shelf.moment();
        for _ in 0..=FORGOTTEN_MAX {
            shelf.forget(AWAY, Forgotten::Tags(vec![Tag::Latest]));
        }
        assert!(!shelf.put(&key("/"), kept("old", &[]), begun, at("2026-11-24T08:00:00Z")));
    }

    #[test]
    fn what_shows_a_story_that_was_taken_back_is_gone_at_once() {
        let mut shelf = Shelf::new(ROOM);
        let story = StoryId(7);
        put(&mut shelf, "/news/s", Kept { subject: Some(story), ..kept("story", &[Tag::Story(story)]) });
        put(&mut shelf, "/", kept("list", &[Tag::Latest, Tag::Story(story)]));
        put(&mut shelf, "/music", kept("other list", &[Tag::Latest]));
        let mut gone = shelf.forget(HOME, Forgotten::TakenBack(story));
        gone.sort_by(|a, b| a.address.cmp(&b.address));
        assert_eq!(gone, [key("/"), key("/news/s")]);
        assert!(matches!(find(&mut shelf, "/news/s"), Found::Gone));
        assert!(matches!(find(&mut shelf, "/"), Found::Nothing));
        assert!(matches!(find(&mut shelf, "/music"), Found::Outdated(_)));
    }

    #[test]
    fn a_story_that_is_taken_back_while_its_page_is_made_is_not_kept() {
        let mut shelf = Shelf::new(ROOM);
        let (begun, story) = (shelf.moment(), StoryId(7));
        shelf.forget(HOME, Forgotten::TakenBack(story));
        let made = Kept { subject: Some(story), ..kept("story", &[Tag::Story(story)]) };
        assert!(!shelf.put(&key("/news/s"), made, begun, at("2026-11-24T08:00:00Z")));
        assert!(matches!(find(&mut shelf, "/news/s"), Found::Gone));
    }

    #[test]
    fn time_alone_makes_a_page_outdated() {
        let mut shelf = Shelf::new(ROOM);
        put(&mut shelf, "/schedule", kept("today", &[]));
        let midnight = at("2026-11-24T12:00:00Z");
        assert!(matches!(shelf.find(&key("/schedule"), midnight, Duration::ZERO), Found::Outdated(_)));
    }

    #[test]
    fn a_failed_page_rests_before_it_is_tried_again() {
        let mut shelf = Shelf::new(ROOM);
        put(&mut shelf, "/", kept("a", &[Tag::Latest]));
        shelf.forget_everything();
        shelf.rest(&key("/"), Duration::from_secs(2));
        let now = at("2026-11-24T08:00:00Z");
        assert!(matches!(shelf.find(&key("/"), now, Duration::from_secs(1)), Found::Resting(_)));
        assert!(matches!(shelf.find(&key("/"), now, Duration::from_secs(2)), Found::Outdated(_)));
    }

    #[test]
    fn a_hundred_thousand_pages_asked_for_once_do_not_push_out_what_everybody_reads() {
        let mut shelf = Shelf::new(100_000);
        put(&mut shelf, "/", kept(&"home ".repeat(100), &[]));
        assert!(matches!(find(&mut shelf, "/"), Found::Fresh { is_promoted: true, .. }));
        let stray = page("stray");
        for number in 0..100_000 {
            let made = Kept { page: stray.clone(), tags: Vec::new(), subject: None, fresh_until: Timestamp::MAX };
            put(&mut shelf, &format!("/news?before={number}"), made);
            assert!(shelf.bytes() <= 100_000);
        }
        assert!(matches!(find(&mut shelf, "/"), Found::Fresh { is_promoted: false, .. }));
    }

    #[test]
    fn the_books_balance() {
        let mut shelf = Shelf::new(20_000);
        for number in 0..200 {
            let address = format!("/{}", number % 37);
            put(&mut shelf, &address, kept(&"x".repeat(number), &[Tag::Latest]));
            find(&mut shelf, &format!("/{}", number % 11));
            if number % 13 == 0 {
                shelf.remove(&key(&format!("/{}", number % 7)));
            }
        }
        let counted: usize = shelf.entries.iter().map(|(key, entry)| entry.content.size_bytes(key)).sum();
        assert_eq!(counted, shelf.bytes());
        assert_eq!(shelf.entries.len(), shelf.front.by_age.len() + shelf.back.by_age.len());
    }

    #[test]
    fn a_smaller_packing_replaces_only_the_page_that_it_was_made_of() {
        let mut shelf = Shelf::new(ROOM);
        put(&mut shelf, "/", kept("old", &[]));
        let Found::Fresh { page: old, .. } = find(&mut shelf, "/") else { panic!("the page was kept") };
        put(&mut shelf, "/", kept("new", &[]));
        shelf.replace(&key("/"), &old, Arc::new(old.polished()));
        let Found::Fresh { page, .. } = find(&mut shelf, "/") else { panic!("the page was kept") };
        assert_eq!(&page.bytes(super::super::Encoding::Identity)[..], b"new");
    }
}
