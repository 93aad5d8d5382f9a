//! What a question is asked with.
//!
//! Two kinds are enough for both databases: whole numbers (times in microseconds UTC, ids, truths as 0 and 1) and
//! text (words, dates, JSON documents). A `None` keeps its kind, because PostgreSQL wants to know it.

use serde::Serialize;
use station::{
    AccountId, EpisodeId, OneOffId, PersonId, PieceId, ProgrammeId, RuleId, ServiceId, SessionId, Slug, StationId,
    StoryId, Timestamp,
};

/// An argument of a question.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Number(Option<i64>),
    Text(Option<String>),
}

/// The arguments of a question, in the order of its placeholders.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Value::from($value)),*] };
}

/// A document: anything of the station's words, as JSON.
pub(crate) fn json<T: Serialize>(value: &T) -> Value {
    Value::Text(Some(document(value)))
}

/// A document that may be absent.
pub(crate) fn maybe_json<T: Serialize>(value: Option<&T>) -> Value {
    Value::Text(value.map(document))
}

fn document<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the station's words have string keys and so can always be written as JSON")
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Number(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Value::Number(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Value::Number(Some(number.into()))
    }
}

impl From<u8> for Value {
    fn from(number: u8) -> Self {
        Value::Number(Some(number.into()))
    }
}

impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Value::Number(Some(moment.as_microsecond()))
    }
}

impl From<Option<Timestamp>> for Value {
    fn from(moment: Option<Timestamp>) -> Self {
        Value::Number(moment.map(Timestamp::as_microsecond))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(Some(text.to_owned()))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Value::Text(Some(text.clone()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(Some(text))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Value::Text(text.map(str::to_owned))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Value::Text(text)
    }
}

impl From<&Slug> for Value {
    fn from(slug: &Slug) -> Self {
        Value::Text(Some(slug.to_string()))
    }
}

macro_rules! from_ids {
    ($($id:ident),*) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Value::Number(Some(id.0))
            }
        }
    )*};
}

from_ids!(
    AccountId,
    EpisodeId,
    OneOffId,
    PersonId,
    PieceId,
    ProgrammeId,
    RuleId,
    ServiceId,
    SessionId,
    StationId,
    StoryId
);
