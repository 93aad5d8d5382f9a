use std::sync::atomic::{AtomicUsize, Ordering};

use station::clock::Fixed;
use tokio::sync::Notify;

use super::*;

const HOME: StationId = StationId(1);
const STORY: StoryId = StoryId(7);

/// A cache, a clock, and a page whose words can be changed.
struct Desk {
    cache: Arc<Cache>,
    clock: Arc<Fixed>,
    page: Arc<Page>,
}

struct Page {
    words: Mutex<Result<&'static str, Failure>>,
    makings: AtomicUsize,
    /// Making waits for this, while it is there.
    gate: Mutex<Option<Arc<Notify>>>,
}

impl Desk {
    fn new() -> Self {
        let clock = Arc::new(Fixed::at("2026-11-24T08:00:00Z"));
        let page = Page { words: Mutex::new(Ok("first")), makings: AtomicUsize::new(0), gate: Mutex::new(None) };
        Self { cache: Cache::new(1 << 20, clock.clone()), clock, page: Arc::new(page) }
    }

    fn write(&self, words: Result<&'static str, Failure>) {
        *self.page.words.lock().unwrap() = words;
    }

    fn close_gate(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        *self.page.gate.lock().unwrap() = Some(gate.clone());
        gate
    }

    fn open_gate(&self) {
        if let Some(gate) = self.page.gate.lock().unwrap().take() {
            gate.notify_waiters();
        }
    }

    fn makings(&self) -> usize {
        self.page.makings.load(Ordering::SeqCst)
    }

    async fn read(&self) -> Result<(String, bool), Failure> {
        read(&self.cache, &self.page).await
    }

    /// Waits until the page is being made for the `n`th time.
    async fn being_made(&self, n: usize) {
        while self.makings() < n {
            tokio::task::yield_now().await;
        }
    }
}

async fn read(cache: &Arc<Cache>, page: &Arc<Page>) -> Result<(String, bool), Failure> {
    let page = page.clone();
    let make = move || -> Making {
        let page = page.clone();
        Box::pin(async move { page.make().await })
    };
    let served = cache.serve(Key::new(HOME, "/news/story"), make).await?;
    let bytes = served.page.bytes(Encoding::Identity);
    Ok((String::from_utf8(bytes.to_vec()).unwrap(), served.is_outdated))
}

impl Page {
    /// Reads the words first and waits then: what changes meanwhile is not in the page.
    async fn make(&self) -> Result<Made, Failure> {
        let words = *self.words.lock().unwrap();
        let gate = self.gate.lock().unwrap().clone();
        let opened = gate.as_ref().map(|gate| gate.notified());
        self.makings.fetch_add(1, Ordering::SeqCst);
        if let Some(opened) = opened {
            opened.await;
        }
        Ok(Made {
            status: StatusCode::OK,
            html: words?.to_owned(),
            tags: vec![Tag::Story(STORY), Tag::Latest],
            subject: Some(STORY),
            fresh_until: None,
        })
    }
}

fn new(words: &str) -> Result<(String, bool), Failure> {
    Ok((words.to_owned(), false))
}

fn old(words: &str) -> Result<(String, bool), Failure> {
    Ok((words.to_owned(), true))
}

fn updated() -> Forgotten {
    Forgotten::Tags(vec![Tag::Story(STORY)])
}

#[tokio::test]
async fn a_cold_page_is_made_once_however_many_ask() {
    let desk = Desk::new();
    desk.close_gate();
    let readers: Vec<_> = (0..500)
        .map(|_| {
            let (cache, page) = (desk.cache.clone(), desk.page.clone());
            tokio::spawn(async move { read(&cache, &page).await })
        })
        .collect();
    desk.being_made(1).await;
    desk.open_gate();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), new("first"));
    }
    assert_eq!(desk.makings(), 1);
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_wait_and_tried_once() {
    let desk = Desk::new();
    desk.write(Err(Failure::Unavailable));
    desk.close_gate();
    let readers: Vec<_> = (0..100)
        .map(|_| {
            let (cache, page) = (desk.cache.clone(), desk.page.clone());
            tokio::spawn(async move { read(&cache, &page).await })
        })
        .collect();
    desk.being_made(1).await;
    desk.open_gate();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), Err(Failure::Unavailable));
    }
    assert_eq!(desk.makings(), 1);
}

#[tokio::test]
async fn an_event_makes_the_next_reader_see_the_new_page() {
    let desk = Desk::new();
    assert_eq!(desk.read().await, new("first"));
    desk.write(Ok("second"));
    assert_eq!(desk.read().await, new("first"));
    desk.cache.forget(HOME, updated());
    assert_eq!(desk.read().await, new("second"));
    assert_eq!(desk.makings(), 2);
}

#[tokio::test]
async fn an_event_during_the_making_leaves_no_old_page_behind() {
    let desk = Desk::new();
    desk.close_gate();
    let reader = tokio::spawn({
        let (cache, page) = (desk.cache.clone(), desk.page.clone());
        async move { read(&cache, &page).await }
    });
    desk.being_made(1).await;
    desk.write(Ok("second"));
    desk.cache.forget(HOME, updated());
    desk.open_gate();
    assert_eq!(reader.await.unwrap(), new("second"));
    assert_eq!(desk.read().await, new("second"));
    assert_eq!(desk.makings(), 2);
}

#[tokio::test]
async fn while_the_store_is_away_what_was_served_is_served_again() {
    let desk = Desk::new();
    assert_eq!(desk.read().await, new("first"));
    desk.cache.forget_everything();
    desk.write(Err(Failure::Unavailable));
    assert_eq!(desk.read().await, old("first"));
    let tries = desk.makings();
    assert_eq!(desk.read().await, old("first"));
    assert_eq!(desk.makings(), tries, "the store was asked again at once");
    desk.write(Ok("second"));
    desk.clock.advance(RETRY_AFTER);
    assert_eq!(desk.read().await, new("second"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_making_is_bridged_with_the_outdated_page() {
    let desk = Desk::new();
    assert_eq!(desk.read().await, new("first"));
    desk.cache.forget(HOME, updated());
    desk.write(Ok("second"));
    desk.close_gate();
    assert_eq!(desk.read().await, old("first"));
    desk.open_gate();
    assert_eq!(desk.read().await, new("second"));
    assert_eq!(desk.makings(), 2);
}

#[tokio::test]
async fn a_story_that_was_taken_back_is_gone_even_while_the_store_is_away() {
    let desk = Desk::new();
    assert_eq!(desk.read().await, new("first"));
    desk.write(Err(Failure::Unavailable));
    let gone = desk.cache.forget(HOME, Forgotten::TakenBack(STORY));
    assert_eq!(gone, [Key::new(HOME, "/news/story")]);
    assert_eq!(desk.read().await, Err(Failure::Gone));
}

#[tokio::test(start_paused = true)]
async fn a_story_that_is_taken_back_while_somebody_waits_is_not_bridged() {
    let desk = Desk::new();
    assert_eq!(desk.read().await, new("first"));
    desk.cache.forget(HOME, updated());
    desk.close_gate();
    let reader = tokio::spawn({
        let (cache, page) = (desk.cache.clone(), desk.page.clone());
        async move { read(&cache, &page).await }
    });
    desk.being_made(2).await;
    desk.cache.forget(HOME, Forgotten::TakenBack(STORY));
    assert_eq!(reader.await.unwrap(), Err(Failure::Gone));
}

#[tokio::test]
async fn what_is_not_there_is_not_kept() {
    let desk = Desk::new();
    desk.write(Err(Failure::NotFound));
    assert_eq!(desk.read().await, Err(Failure::NotFound));
    desk.write(Ok("first"));
    assert_eq!(desk.read().await, new("first"));
    desk.cache.forget(HOME, updated());
    desk.write(Err(Failure::NotFound));
    assert_eq!(desk.read().await, Err(Failure::NotFound));
    desk.write(Err(Failure::Unavailable));
    assert_eq!(desk.read().await, Err(Failure::Unavailable));
}

#[tokio::test]
async fn a_panic_costs_one_answer() {
    let desk = Desk::new();
    let make = || -> Making { Box::pin(async { panic!("a broken page") }) };
    assert_eq!(desk.cache.serve(Key::new(HOME, "/news/story"), make).await.unwrap_err(), Failure::Failed);
    assert_eq!(desk.read().await, new("first"));
}

#[tokio::test]
async fn a_page_that_is_read_again_is_packed_smaller() {
    let desk = Desk::new();
    let words: &'static str = Box::leak("the river rose in the night and fell by day; ".repeat(200).into_boxed_str());
    desk.write(Ok(words));
    desk.read().await.unwrap();
    desk.read().await.unwrap();
    let polisher = tokio::spawn({
        let cache = desk.cache.clone();
        async move { cache.polish().await }
    });
    let key = Key::new(HOME, "/news/story");
    let is_polished = || {
        let never = || -> Making { Box::pin(async { Err(Failure::Failed) }) };
        let (cache, key) = (desk.cache.clone(), key.clone());
        async move { cache.serve(key, never).await.unwrap().page.is_polished() }
    };
    while !is_polished().await {
        tokio::task::yield_now().await;
    }
    polisher.abort();
    assert_eq!(desk.makings(), 1);
}
