//! Names for rows that never change: one type per noun, so that a story's id cannot be handed to a programme.
//!
//! An id is 43 bits of milliseconds since 1970 and 20 bits of chance. It sorts by age, fits every database's
//! `BIGINT`, and two machines can make ids at once without asking each other.

use serde::{Deserialize, Serialize};

const CHANCE_BITS: u32 = 20;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// A new id, made at `now` and told apart from others of the same millisecond by `chance`
            /// (its lowest 20 bits count).
            pub fn mint(now: jiff::Timestamp, chance: u32) -> Self {
                Self(mint(now, chance))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// Names a [`Station`](crate::Station).
    StationId,
    /// Names a [`Service`](crate::Service).
    ServiceId,
    /// Names a [`Programme`](crate::Programme).
    ProgrammeId,
    /// Names an [`Episode`](crate::Episode).
    EpisodeId,
    /// Names a [`Story`](crate::Story).
    StoryId,
    /// Names a [`Person`](crate::Person).
    PersonId,
    /// Names a weekly [`Rule`](crate::schedule::Rule).
    RuleId,
    /// Names a [`OneOff`](crate::schedule::OneOff) broadcast.
    OneOffId,
    /// Names a [`Piece`](crate::Piece) of the library.
    PieceId,
    /// Names an [`Account`](crate::Account).
    AccountId,
    /// Names a session: one device on which somebody is signed in.
    SessionId,
}

fn mint(now: jiff::Timestamp, chance: u32) -> i64 {
    let millis = now.as_millisecond().clamp(0, (1 << 43) - 1);
    millis << CHANCE_BITS | i64::from(chance & ((1 << CHANCE_BITS) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_sorts_by_the_moment_it_was_made() {
        let earlier = StoryId::mint("2026-11-24T08:00:00Z".parse().unwrap(), u32::MAX);
        let later = StoryId::mint("2026-11-24T08:00:00.001Z".parse().unwrap(), 0);
        assert!(earlier < later);
        assert!(earlier.0 > 0);
    }

    #[test]
    fn chance_tells_apart_what_the_clock_cannot() {
        let now = "2026-11-24T08:00:00Z".parse().unwrap();
        assert_ne!(StoryId::mint(now, 1), StoryId::mint(now, 2));
    }
}
