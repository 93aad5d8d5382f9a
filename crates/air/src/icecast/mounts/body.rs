//! A mount as the body of a general HTTP answer: what one follower hears, with titles between the sound if they were
//! asked for.

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use audio::icy;
use bytes::Bytes;
use futures_util::Stream;
use tokio::time::Instant;

use crate::admission::Admission;
use crate::listener::{Guest, Order, Orders, Who};
use crate::mount::Audience;
use crate::ring::{Follower, From, Heard};
use crate::{Air, Mount, Title};

/// The stream of a mount from a burst ago, until the mount is gone.
pub(super) fn stream(
    air: &Air,
    admission: Admission,
    metaint: Option<NonZeroU32>,
    who: &Who,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + use<> {
    let (settings, mount) = (air.settings(), admission.mount());
    let intro = mount.opening(metaint.is_some());
    let until = admission.until().map(|until| Instant::now() + until.saturating_sub(air.clock().elapsed()));
    let hearing = Hearing {
        follower: mount.follow(From::Back(mount.burst())),
        titles: metaint.map(|metaint| Titles::new(metaint, intro.since_title)),
        intro: intro.bytes,
        until,
        seat: Seat::new(air, admission, who, Duration::from_millis(settings.listener_counts_after_ms)),
    };
    futures_util::stream::unfold(hearing, |mut hearing| async {
        let bytes = hearing.next_in_time().await?;
        Some((Ok(bytes), hearing))
    })
}

struct Hearing {
    follower: Follower,
    /// What is heard first, with its places for titles.
    intro: Bytes,
    /// When it is over.
    until: Option<Instant>,
    titles: Option<Titles>,
    seat: Seat,
}

impl Hearing {
    async fn next_in_time(&mut self) -> Option<Bytes> {
        match self.until {
            Some(until) => tokio::time::timeout_at(until, self.next()).await.ok()?,
            None => self.next().await,
        }
    }

    async fn next(&mut self) -> Option<Bytes> {
        if !self.intro.is_empty() {
            let intro = std::mem::take(&mut self.intro);
            self.seat.sent(intro.len());
            return Some(intro);
        }
        loop {
            let heard = tokio::select! {
                biased;
                order = self.seat.orders.next() => {
                    match order {
                        Order::Leave => return None,
                        Order::Move(mount) => self.move_to(&mount),
                    }
                    continue;
                }
                heard = self.follower.next() => heard?,
            };
            let sound = match heard {
                Heard::Format(preface) if !preface.headers.is_empty() => preface.headers.clone(),
                Heard::Chunk(chunk) => chunk.bytes.clone(),
                Heard::Title(title) => {
                    if let Some(titles) = &mut self.titles {
                        titles.next = Some(title);
                    }
                    continue;
                }
                Heard::Format(_) | Heard::Lost { .. } => continue,
            };
            let sound = self.titles.as_mut().map_or(sound.clone(), |titles| titles.interleave(&sound));
            self.seat.sent(sound.len());
            return Some(sound);
        }
    }

    /// Goes on in the present of another mount.
    fn move_to(&mut self, mount: &Arc<Mount>) {
        self.follower = mount.follow(From::Back(Duration::ZERO));
        self.seat.move_to(mount);
    }
}

/// Puts titles between the sound.
struct Titles {
    interval: usize,
    /// Bytes of sound until the next place for one.
    left: usize,
    /// What that place will say; `None`: nothing new.
    next: Option<Arc<Title>>,
}

impl Titles {
    fn new(interval: NonZeroU32, since_title: u32) -> Self {
        let left = usize::try_from(interval.get() - since_title).unwrap_or(usize::MAX);
        let interval = usize::try_from(interval.get()).unwrap_or(usize::MAX);
        Self { interval, left, next: None }
    }

    fn interleave(&mut self, mut sound: &[u8]) -> Bytes {
        let mut mixed = Vec::with_capacity(sound.len() + 64);
        while sound.len() >= self.left {
            let (before, after) = sound.split_at(self.left);
            mixed.extend_from_slice(before);
            match self.next.take() {
                Some(title) => mixed.extend_from_slice(&title.block),
                None => mixed.extend_from_slice(icy::UNCHANGED),
            }
            (sound, self.left) = (after, self.interval);
        }
        mixed.extend_from_slice(sound);
        self.left -= sound.len();
        mixed.into()
    }
}

/// A listener's place in the audience: taken when it has been there for a moment, given back when it goes.
struct Seat {
    admission: Admission,
    guest: Guest,
    orders: Orders,
    counts_at: Instant,
    is_counted: bool,
}

impl Seat {
    fn new(air: &Air, admission: Admission, who: &Who, counts_after: Duration) -> Self {
        let (guest, orders) = Guest::enter_with_orders(&admission, who, air.clock().elapsed());
        Self { admission, guest, orders, counts_at: Instant::now() + counts_after, is_counted: false }
    }

    fn sent(&mut self, bytes: usize) {
        if !self.is_counted && Instant::now() >= self.counts_at {
            self.audience().join();
            self.is_counted = true;
        }
        self.audience().sent(bytes as u64);
        self.admission.sent(bytes as u64);
    }

    fn move_to(&mut self, mount: &Arc<Mount>) {
        if self.is_counted {
            self.audience().leave();
            mount.audience().join();
        }
        self.guest.move_to(mount);
        self.admission.move_to(mount);
    }

    fn audience(&self) -> &Audience {
        self.guest.mount().audience()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.is_counted {
            self.audience().leave();
        }
    }
}

#[cfg(test)]
mod tests {
    use audio::icy::{Deinterleaver, Piece};

    use super::*;

    #[test]
    fn titles_stand_where_they_are_looked_for() {
        let mut titles = Titles::new(NonZeroU32::new(10).unwrap(), 0);
        titles.next = Some(Title::new("Ferry", ""));
        let sound: Vec<u8> = (0..95).collect();
        let mixed: Vec<u8> = sound.chunks(7).flat_map(|piece| titles.interleave(piece)).collect();

        let (mut heard, mut said) = (Vec::new(), Vec::new());
        let (mut pieces, mut input) = (Deinterleaver::new(10), mixed.as_slice());
        while let Some(piece) = pieces.next(&mut input) {
            match piece {
                Piece::Sound(bytes) => heard.extend_from_slice(bytes),
                Piece::Metadata(metadata) => said.push((heard.len(), metadata.title)),
            }
        }
        assert_eq!(heard, sound);
        assert_eq!(said, [(10, Some("Ferry".to_owned()))]);
    }
}
