//! What happens, told to whoever listens.
//!
//! A [`Bus`] carries [`Message`]s from the rooms that do something to the rooms that want to know. It promises little,
//! so that it can hold to it on one machine and between machines alike: a message may be lost or arrive twice, and
//! nobody who tells is ever held up by somebody who listens. What must not be lost stands in the store's change log;
//! the bus only says that it is time to look.
//!
//! Start at [`Bus::subscribe`] and [`Heard`].

mod local;

use station::event::Message;
use tokio::sync::broadcast;

pub use local::Local;

/// How many messages may wait for one subscriber. Whoever falls further behind misses the oldest, and is told how many.
pub const WAITING_MESSAGES_MAX: usize = 1024;

/// Carries messages from room to room.
pub trait Bus: Send + Sync + 'static {
    /// Tells everybody who listens at this moment. It never waits and never fails.
    fn publish(&self, message: Message);

    /// Listens from this moment on.
    fn subscribe(&self) -> Subscription;
}

/// One listener's place on the bus.
#[derive(Debug)]
pub struct Subscription {
    waiting: broadcast::Receiver<Message>,
}

/// What a subscriber hears next.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "it is matched at once, and nearly always it is a message")]
pub enum Heard {
    /// Something happened.
    Message(Message),
    /// This subscriber was too slow, and that many messages are gone: it should doubt everything it remembers.
    Missed(u64),
    /// The bus is no more.
    Closed,
}

impl Subscription {
    /// Waits for what happens next. Giving up waiting loses nothing: the next call hears it.
    pub async fn next(&mut self) -> Heard {
        match self.waiting.recv().await {
            Ok(message) => Heard::Message(message),
            Err(broadcast::error::RecvError::Closed) => Heard::Closed,
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                metrics::counter!("groundwave_bus_messages_missed_total").increment(missed);
                Heard::Missed(missed)
            }
        }
    }
}
