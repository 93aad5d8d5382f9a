//! The SQL texts, by name, so that a check can go through all of them.
//!
//! Placeholders are `$1`, `$2`, … in the order in which they first appear: PostgreSQL goes by the number, SQLite by
//! the appearance.

/// One SQL text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The noun whose file it stands in: `story`.
    pub noun: &'static str,
    /// What it asks or does: `BY_PATH`.
    pub name: &'static str,
    /// The text.
    pub sql: &'static str,
}

/// Declares the SQL texts of one noun and lists them.
macro_rules! questions {
    ($noun:literal: $($name:ident = $sql:expr;)*) => {
        $(const $name: &str = $sql;)*
        pub(crate) const QUESTIONS: &[crate::Question] =
            &[$(crate::Question { noun: $noun, name: stringify!($name), sql: $sql }),*];
    };
}

/// Every SQL text that the store can send.
pub fn questions() -> impl Iterator<Item = Question> {
    [
        crate::account::QUESTIONS,
        crate::audit::QUESTIONS,
        crate::broadcast::QUESTIONS,
        crate::change::QUESTIONS,
        crate::device::QUESTIONS,
        crate::draft::QUESTIONS,
        crate::ending::QUESTIONS,
        crate::episode::QUESTIONS,
        crate::library::QUESTIONS,
        crate::migrate::QUESTIONS,
        crate::missed::QUESTIONS,
        crate::owner::QUESTIONS,
        crate::passkey::QUESTIONS,
        crate::person::QUESTIONS,
        crate::plan::QUESTIONS,
        crate::preview::QUESTIONS,
        crate::programme::QUESTIONS,
        crate::recording::QUESTIONS,
        crate::recovery_code::QUESTIONS,
        crate::revision::QUESTIONS,
        crate::redirect::QUESTIONS,
        crate::role::QUESTIONS,
        crate::rotation::QUESTIONS,
        crate::schedule::QUESTIONS,
        crate::search::QUESTIONS,
        crate::section::QUESTIONS,
        crate::service::QUESTIONS,
        crate::session::QUESTIONS,
        crate::spin::QUESTIONS,
        crate::station::QUESTIONS,
        crate::step::QUESTIONS,
        crate::story::QUESTIONS,
        crate::ticket::QUESTIONS,
        crate::wire::QUESTIONS,
    ]
    .into_iter()
    .flatten()
    .copied()
}
