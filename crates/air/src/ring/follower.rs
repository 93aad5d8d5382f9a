//! Whoever reads a log one chunk at a time: HLS, a stream inside a browser's open connection, a meter.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{Chunk, Log, Preface};
use crate::Title;

/// Where a follower begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// With the next chunk that is made.
    Live,
    /// With this much of the past, at a clean beginning; what a listener gets.
    Back(Duration),
    /// With the oldest chunk that is kept.
    Oldest,
}

/// What a follower hears.
///
/// Whoever forwards bytes sends the headers of each [`Format`](Heard::Format), if there are any, and the bytes of each
/// [`Chunk`](Heard::Chunk): header pages never come as a chunk.
#[derive(Clone, Debug)]
pub enum Heard {
    /// What the chunks that follow are made of; told before the first and at each change.
    Format(Arc<Preface>),
    /// The title of what follows; told before the first chunk and at each change.
    Title(Arc<Title>),
    /// Sound.
    Chunk(Arc<Chunk>),
    /// It was too slow, and this many chunks are gone; it goes on with the oldest that is left.
    Lost {
        /// How many.
        chunks: u64,
    },
}

/// A reader of a log, at its own place and pace. It never slows the log.
#[derive(Debug)]
pub struct Follower {
    log: Arc<Log>,
    next_seq: u64,
    opening: VecDeque<Arc<Chunk>>,
    ready: VecDeque<Heard>,
    preface: Option<Arc<Preface>>,
    title: Option<Arc<Title>>,
}

impl Follower {
    /// A follower of `log`.
    pub fn new(log: Arc<Log>, from: From) -> Self {
        let window = log.window();
        let (opening, next_seq) = match from {
            From::Live => (Vec::new(), window.next_seq()),
            From::Back(back) => {
                let start = window.start(back);
                (start.opening, start.next_seq)
            }
            From::Oldest => (Vec::new(), window.first_seq()),
        };
        drop(window);
        Self { log, next_seq, opening: opening.into(), ready: VecDeque::new(), preface: None, title: None }
    }

    /// What comes next; waits for it. `None` when the mount is gone and everything was heard. Nothing is lost if the
    /// wait is given up.
    pub async fn next(&mut self) -> Option<Heard> {
        let log = Arc::clone(&self.log);
        loop {
            // Asked for before looking, so that what is appended in between still wakes us.
            let news = log.news.notified();
            tokio::pin!(news);
            news.as_mut().enable();
            let was_closed = log.is_closed();
            if let Some(heard) = self.try_next() {
                return Some(heard);
            }
            if was_closed {
                return None;
            }
            news.await;
        }
    }

    /// What comes next, if it is there already.
    pub fn try_next(&mut self) -> Option<Heard> {
        while self.ready.is_empty() {
            let chunk = match self.opening.pop_front() {
                Some(chunk) => chunk,
                None => self.take_next()?,
            };
            self.unfold(chunk);
        }
        self.ready.pop_front()
    }

    fn take_next(&mut self) -> Option<Arc<Chunk>> {
        let window = self.log.window();
        if self.next_seq < window.first_seq() {
            let chunks = window.first_seq() - self.next_seq;
            self.next_seq = window.first_seq();
            self.ready.push_back(Heard::Lost { chunks });
        }
        let chunk = Arc::clone(window.get(self.next_seq)?);
        self.next_seq += 1;
        Some(chunk)
    }

    /// Says what has changed with this chunk, then the chunk.
    fn unfold(&mut self, chunk: Arc<Chunk>) {
        if chunk.flags.is_head {
            return;
        }
        if self.preface.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &chunk.preface)) {
            self.preface = Some(Arc::clone(&chunk.preface));
            self.ready.push_back(Heard::Format(Arc::clone(&chunk.preface)));
        }
        if self.title.as_ref() != Some(&chunk.title) {
            self.title = Some(Arc::clone(&chunk.title));
            self.ready.push_back(Heard::Title(Arc::clone(&chunk.title)));
        }
        self.ready.push_back(Heard::Chunk(chunk));
    }
}
