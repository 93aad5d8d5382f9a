//! A mount as a fan-out thread sees it: a copy of its window, and how many listen.

use std::sync::Arc;

use crate::Mount;
use crate::ring::Window;

/// A mount that somebody on this thread listens to.
pub(super) struct Channel {
    pub mount: Arc<Mount>,
    pub window: Window,
    pub listeners: usize,
    /// True once the mount is closed and the window has everything it sent.
    pub has_ended: bool,
    /// What was sent since it was last told to the audience.
    pub bytes_sent: u64,
}

/// The mounts of one thread. A listener names its mount by its index here.
#[derive(Default)]
pub(super) struct Channels(Vec<Option<Channel>>);

impl Channels {
    /// The index of a mount's channel; makes it if this is its first listener here.
    pub fn of(&mut self, mount: Arc<Mount>) -> u32 {
        let is_it = |channel: &Option<Channel>| channel.as_ref().is_some_and(|c| Arc::ptr_eq(&c.mount, &mount));
        if let Some(index) = self.0.iter().position(is_it) {
            return index as u32;
        }
        let index = self.0.iter().position(Option::is_none).unwrap_or(self.0.len());
        self.0.resize_with(self.0.len().max(index + 1), || None);
        self.0[index] = Some(Channel::new(mount));
        index as u32
    }

    /// The channel of that index: it stays as long as anybody listens to it.
    pub fn get(&mut self, index: u32) -> &mut Channel {
        self.0[index as usize].as_mut().expect("a channel stays while it has listeners")
    }

    /// Gets what is new on every mount, tells what was sent, and forgets the mounts that nobody listens to.
    pub fn catch_up(&mut self) {
        for place in &mut self.0 {
            let Some(channel) = place else { continue };
            channel.report();
            if channel.listeners == 0 {
                *place = None;
                continue;
            }
            channel.catch_up();
        }
    }
}

impl Channel {
    fn new(mount: Arc<Mount>) -> Self {
        let (has_ended, window) = (mount.log().is_closed(), mount.log().window().clone());
        Self { mount, window, listeners: 0, has_ended, bytes_sent: 0 }
    }

    /// Gets what is new.
    pub fn catch_up(&mut self) {
        // Asked before looking: what is appended before the end is then seen.
        let has_ended = self.mount.log().is_closed();
        self.window.catch_up(&self.mount.log().window());
        self.has_ended = has_ended;
    }

    fn report(&mut self) {
        if self.bytes_sent > 0 {
            self.mount.audience().sent(std::mem::take(&mut self.bytes_sent));
        }
    }
}
