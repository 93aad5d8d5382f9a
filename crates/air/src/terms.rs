//! The terms of a mount: who may send to it and hear it, how many, for how long, and what they are told.
//!
//! A mount has the terms that are set for its path, or those that are set for all (`*`), or none: then it is open to
//! everybody who finds room. They are the machine's business, not the station's, so they stand in its settings file.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::gate;
use crate::settings::Sources;

/// The path that stands for every mount without terms of its own.
pub const EVERY_MOUNT: &str = "*";

/// On which terms a mount is sent to and heard.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// How many may listen at once; `None`: as many as the machine lets in.
    pub listeners_max: Option<u64>,
    /// How long one may listen before the connection is closed.
    pub listener_time_max: Option<Duration>,
    /// How much of the past a new listener is given at once, where that differs from the machine's setting.
    pub burst: Option<Duration>,
    /// Whether it is left out of status pages and of the list for relays. It can be heard by who knows its address.
    pub is_hidden: bool,
    /// Whether directories may list it; `None`: as its source says.
    pub is_public: Option<bool>,
    /// A piece that every listener hears first: a file in the mount's codec.
    pub intro: Option<Bytes>,
    /// The mount that is heard instead while this one is full.
    pub fallback_when_full: Option<String>,
    /// Who may send, where that differs from the machine's setting.
    pub source: Option<Sources>,
    /// A service that is asked who may send and listen.
    pub gate: Option<Arc<gate::Addresses>>,
    /// Further fields of the answer to a listener, in order.
    pub headers: Vec<(String, String)>,
    /// What the mount is called, whatever its source says.
    pub words: Words,
}

/// What a mount is called, whatever its source says. What is empty is left to the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// What the stream is called.
    pub name: String,
    /// What is heard on it.
    pub description: String,
    /// What kind of thing it is.
    pub genre: String,
    /// A page about it.
    pub url: String,
}

/// The terms of every mount, by path.
#[derive(Clone, Debug, Default)]
pub struct Table(Vec<(String, Arc<Terms>)>);

impl Table {
    /// A table of these; of two for one path the first counts.
    pub fn new(terms: impl IntoIterator<Item = (String, Terms)>) -> Self {
        Self(terms.into_iter().map(|(path, terms)| (path, Arc::new(terms))).collect())
    }

    /// The terms of the mount at a path.
    ///
    /// ```
    /// use air::terms::{EVERY_MOUNT, Table, Terms};
    /// let few = Terms { listeners_max: Some(5), ..Terms::default() };
    /// let hidden = Terms { is_hidden: true, ..Terms::default() };
    /// let table = Table::new([(EVERY_MOUNT.to_owned(), few), ("/backup.mp3".to_owned(), hidden)]);
    /// assert_eq!(table.of("/live.mp3").listeners_max, Some(5));
    /// assert_eq!(table.of("/backup.mp3").listeners_max, None);
    /// ```
    pub fn of(&self, path: &str) -> Arc<Terms> {
        let set_for = |wanted: &str| self.0.iter().find(|(known, _)| known == wanted).map(|(_, terms)| terms);
        set_for(path).or_else(|| set_for(EVERY_MOUNT)).cloned().unwrap_or_default()
    }

    /// True if any mount has a gate.
    pub fn have_gates(&self) -> bool {
        self.0.iter().any(|(_, terms)| terms.gate.is_some())
    }

    /// Every path that has terms of its own.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(path, _)| path.as_str()).filter(|path| *path != EVERY_MOUNT)
    }
}
