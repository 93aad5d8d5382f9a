//! Sources whose mount is still to be made.
//!
//! A mount that no service has is made when its source has sent enough to know what it is. Encoders send the first
//! title before that, and only once; it is kept here until the mount is there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The sources that are expected to make a mount. As many as are connected, and no more.
#[derive(Debug, Default)]
pub struct Expected(Mutex<Vec<Arc<Awaited>>>);

/// A mount that is waited for, and the title that came before it.
#[derive(Debug)]
struct Awaited {
    path: String,
    title: Mutex<Option<(String, String)>>,
}

/// A source's place among the expected. Dropping it gives it up.
#[derive(Debug)]
pub struct Ticket {
    expected: Arc<Expected>,
    awaited: Arc<Awaited>,
}

impl Expected {
    /// A source has come that will make a mount at this path.
    pub fn announce(self: &Arc<Self>, path: &str) -> Ticket {
        let awaited = Arc::new(Awaited { path: path.to_owned(), title: Mutex::default() });
        self.list().push(Arc::clone(&awaited));
        Ticket { expected: Arc::clone(self), awaited }
    }

    /// Keeps a title, and what goes with it, for the mount at this path; false if no source is about to make it.
    pub fn keep_title(&self, path: &str, title: &str, url: &str) -> bool {
        let list = self.list();
        let mut is_kept = false;
        for awaited in list.iter().filter(|awaited| awaited.path == path) {
            *lock(&awaited.title) = Some((title.to_owned(), url.to_owned()));
            is_kept = true;
        }
        is_kept
    }

    fn list(&self) -> MutexGuard<'_, Vec<Arc<Awaited>>> {
        lock(&self.0)
    }
}

impl Ticket {
    /// The title that was kept.
    pub fn title(&self) -> Option<(String, String)> {
        lock(&self.awaited.title).take()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.expected.list().retain(|awaited| !Arc::ptr_eq(awaited, &self.awaited));
    }
}

/// What is guarded here is whole at every moment, whoever panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_kept_for_the_source_that_is_expected_and_for_nobody_else() {
        let expected = Arc::new(Expected::default());
        assert!(!expected.keep_title("/a", "One", ""));
        let ticket = expected.announce("/a");
        assert!(expected.keep_title("/a", "One", "") && expected.keep_title("/a", "Two", "http://x"));
        assert!(!expected.keep_title("/b", "One", ""));
        assert_eq!(ticket.title(), Some(("Two".into(), "http://x".into())));
        drop(ticket);
        assert!(!expected.keep_title("/a", "Three", ""));
    }
}
