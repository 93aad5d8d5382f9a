//! Chance, of which ids are made.

/// Bits for `StoryId::mint` and its like, from the machine's own source of chance.
///
/// # Panics
/// If the machine has no source of chance: then nothing that must be unguessable can be made on it either.
pub fn chance() -> u32 {
    getrandom::u32().expect("the machine gives no random numbers")
}
