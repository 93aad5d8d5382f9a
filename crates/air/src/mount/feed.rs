//! A source's end of a mount.

use std::sync::Arc;

use audio::{Format, Found, Frame};
use bytes::Bytes;

use super::Mount;
use crate::source::Declared;
use crate::switch::{InputId, Rank};

/// A source that wants to feed a mount.
#[derive(Clone, Debug)]
pub struct NewSource {
    /// What people know it by: the name it gave, or its program's.
    pub name: String,
    /// Whose credentials it has.
    pub user: String,
    /// Its place in the order of preference.
    pub rank: Rank,
    /// What it says of its stream.
    pub declared: Declared,
}

/// Why a source is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Another source is there, and one more is not wanted.
    #[error("the mount is in use")]
    InUse,
    /// There is no such mount, and a source may not make one.
    #[error("there is no such mount")]
    Unknown,
    /// The path is none that a mount can have.
    #[error("the path is none for a mount")]
    BadPath,
    /// There are as many sources, or mounts made by sources, as there may be.
    #[error("there are too many sources")]
    TooMany,
    /// The mount, or the whole air, is closing.
    #[error("the mount is closing")]
    Closed,
}

/// Why a feed has ended although its source has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ended {
    /// Another source has taken its place.
    #[error("another source has taken over")]
    TakenOver,
    /// It was disconnected, or the mount is closing.
    #[error("the mount was closed to it")]
    Closed,
    /// It sends something that the mount does not carry.
    #[error("the mount carries {expected:?}, not {got:?}")]
    WrongCodec {
        /// What the mount carries.
        expected: audio::Codec,
        /// What it sends.
        got: audio::Codec,
    },
}

/// A title was given, but no source is there to give it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no source is connected to the mount")]
pub struct NoSource;

/// A source's end of a mount. Dropping it is how a source leaves.
#[derive(Debug)]
pub struct Feed {
    mount: Arc<Mount>,
    id: InputId,
}

impl Feed {
    pub(super) fn new(mount: Arc<Mount>, id: InputId) -> Self {
        Self { mount, id }
    }

    /// The mount that it feeds.
    pub fn mount(&self) -> &Arc<Mount> {
        &self.mount
    }

    /// Whatever a framer found.
    pub async fn take(&mut self, found: Found) -> Result<(), Ended> {
        match found {
            Found::Format { format, headers } => self.format(format, headers),
            Found::Frame(frame) => self.push(frame).await,
            Found::Tag { .. } => Ok(()),
            Found::Skipped { .. } => {
                self.skip();
                Ok(())
            }
        }
    }

    /// Says what the frames that follow are; an Ogg stream's header pages go before them.
    pub fn format(&mut self, format: Format, headers: Bytes) -> Result<(), Ended> {
        let expected = self.mount.codec();
        if format.codec != expected {
            return Err(Ended::WrongCodec { expected, got: format.codec });
        }
        self.mount.open(self.id, format, headers);
        Ok(())
    }

    /// Pushes a frame. It goes on the air if this source is on. Waits if the source is too far ahead of time, so that
    /// its connection fills up and holds it back.
    pub async fn push(&mut self, frame: Frame) -> Result<(), Ended> {
        loop {
            let wait = self.mount.wait(self.id)?;
            if wait.is_zero() {
                return self.mount.take(self.id, &frame);
            }
            tokio::time::sleep(wait.min(WAIT_MAX)).await;
        }
    }

    /// Nothing more comes for a moment: what was pushed is given to readers, unless it is too little to be worth it.
    pub fn pause(&self) {
        let mut desk = self.mount.desk();
        if desk.is_on(self.id) {
            desk.pause();
        }
    }

    /// The frames that follow do not follow in sound: something between them was no frame.
    pub fn skip(&mut self) {
        self.mount.desk().skip(self.id);
    }

    /// Gives what this source sends another title.
    pub fn title(&self, text: &str, url: &str) {
        self.mount.retitle_source(self.id, Some(text), Some(url));
    }
}

/// A source that is held back looks this often whether it is still wanted.
const WAIT_MAX: std::time::Duration = std::time::Duration::from_millis(500);

impl Drop for Feed {
    fn drop(&mut self) {
        self.mount.detach(self.id);
    }
}
