//! The bus inside one process.

use std::sync::Arc;

use station::event::Message;
use tokio::sync::broadcast;

use crate::{Bus, Subscription, WAITING_MESSAGES_MAX};

/// A bus that reaches everybody in this process, and nobody else.
#[derive(Debug)]
pub struct Local {
    sender: broadcast::Sender<Message>,
}

impl Local {
    /// A bus on which nobody listens yet.
    pub fn new() -> Arc<Local> {
        Arc::new(Local { sender: broadcast::Sender::new(WAITING_MESSAGES_MAX) })
    }
}

impl Bus for Local {
    fn publish(&self, message: Message) {
        // The only way in which this fails is that nobody listens, which is nobody's fault.
        let _ = self.sender.send(message);
    }

    fn subscribe(&self) -> Subscription {
        Subscription { waiting: self.sender.subscribe() }
    }
}

#[cfg(test)]
mod tests {
    use station::event::Revision;
    use station::{Event, StationId};

    use super::*;
    use crate::Heard;

    fn message(revision: i64) -> Message {
        Message { station: StationId(1), revision: Some(Revision(revision)), event: Event::StationChanged }
    }

    #[tokio::test]
    async fn everybody_who_listens_hears_everything_in_order() {
        let bus = Local::new();
        let mut listeners = [bus.subscribe(), bus.subscribe()];
        bus.publish(message(1));
        bus.publish(message(2));
        for listener in &mut listeners {
            assert_eq!(listener.next().await, Heard::Message(message(1)));
            assert_eq!(listener.next().await, Heard::Message(message(2)));
        }
    }

    #[tokio::test]
    async fn nobody_hears_what_was_said_before_they_listened() {
        let bus = Local::new();
        bus.publish(message(1));
        let mut late = bus.subscribe();
        bus.publish(message(2));
        assert_eq!(late.next().await, Heard::Message(message(2)));
    }

    #[tokio::test]
    async fn a_slow_subscriber_learns_how_many_it_missed_and_goes_on_with_the_rest() {
        let bus = Local::new();
        let mut slow = bus.subscribe();
        let told = WAITING_MESSAGES_MAX as i64 + 7;
        (1..=told).for_each(|revision| bus.publish(message(revision)));
        assert_eq!(slow.next().await, Heard::Missed(7));
        for revision in 8..=told {
            assert_eq!(slow.next().await, Heard::Message(message(revision)));
        }
    }

    #[tokio::test]
    async fn the_end_of_the_bus_is_heard_after_what_it_still_carried() {
        let bus = Local::new();
        let mut listener = bus.subscribe();
        bus.publish(message(1));
        drop(bus);
        assert_eq!(listener.next().await, Heard::Message(message(1)));
        assert_eq!(listener.next().await, Heard::Closed);
    }

    #[tokio::test]
    async fn giving_up_waiting_loses_nothing() {
        let bus = Local::new();
        let mut listener = bus.subscribe();
        tokio::select! {
            biased;
            heard = listener.next() => panic!("heard {heard:?} on a silent bus"),
            () = std::future::ready(()) => {}
        }
        bus.publish(message(1));
        assert_eq!(listener.next().await, Heard::Message(message(1)));
    }
}
