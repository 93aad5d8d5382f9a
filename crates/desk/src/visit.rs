//! A visit: one request, once it is known whose it is and that its line of the table lets it in.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;
use station::role::{Place, Powers};
use station::{Permission, Station, Timestamp};
use store::Db;

use crate::Desk;
use crate::accounts::Hand;
use crate::answer::Fault;
use crate::cookies::Cookie;
use crate::origin;
use crate::sessions::Visitor;

/// One request.
pub struct Visit {
    /// The desk that is visited.
    pub desk: Arc<Desk>,
    /// The station whose desk it is.
    pub station: Station,
    /// The moment.
    pub now: Timestamp,
    pub(crate) visitor: Option<Visitor>,
    pub(crate) path: String,
    pub(crate) path_and_query: String,
    /// True if it only reads.
    pub(crate) is_read: bool,
    pub(crate) words: Vec<String>,
    pub(crate) query: Form,
    pub(crate) headers: HeaderMap,
    pub(crate) network: String,
    pub(crate) body: Bytes,
}

/// What a form says: names with their values, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `a=b&c=d`, as forms and addresses write it.
    pub fn read(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of that name, without space around it; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.whole(name).trim()
    }

    /// The first value of that name as it came: for passwords.
    pub fn whole(&self, name: &str) -> &str {
        self.0.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }

    /// Every value of that name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

impl Visit {
    /// The store.
    pub fn db(&self) -> &Db {
        &self.desk.db
    }

    /// Who is here.
    ///
    /// # Panics
    /// On a line of the table that lets in whoever is not signed in.
    pub fn visitor(&self) -> &Visitor {
        self.visitor.as_ref().expect("the table lets only those in who are signed in")
    }

    /// What they may do.
    pub fn powers(&self) -> &Powers {
        &self.visitor().powers
    }

    /// Refuses unless they may do it to what belongs to `place`.
    pub fn check(&self, permission: Permission, place: Place<'_>) -> Result<(), Fault> {
        if self.powers().may_in(permission, place) { Ok(()) } else { Err(Fault::NotAllowed) }
    }

    /// The hand that does what is asked.
    pub fn hand(&self) -> Hand {
        Hand { doer: self.visitor().doer(), powers: Some(self.powers().clone()) }
    }

    /// The word of the path that stands where the table has its `at`th name.
    pub fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// The number that stands there. What is no number leads nowhere.
    pub fn number(&self, at: usize) -> Result<i64, Fault> {
        let word = self.word(at);
        let number: i64 = word.parse().map_err(|_| Fault::NotFound)?;
        // One thing has one address: not `+7`, not `007`.
        if number.to_string() == word { Ok(number) } else { Err(Fault::NotFound) }
    }

    /// A part of the query.
    pub fn asked(&self, name: &str) -> &str {
        self.query.get(name)
    }

    /// True if what came is a form.
    pub(crate) fn is_form(&self) -> bool {
        self.is_of("application/x-www-form-urlencoded")
    }

    /// True if whoever asks is a script, and wants to be answered in JSON.
    pub(crate) fn wants_json(&self) -> bool {
        let accept = self.headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
        self.is_of("application/json") || accept.is_some_and(|accept| accept.starts_with("application/json"))
    }

    /// The form that came.
    pub fn form(&self) -> Result<Form, Fault> {
        if self.body.is_empty() || self.is_of("application/x-www-form-urlencoded") {
            Ok(Form::read(&self.body))
        } else {
            Err(Fault::Unreadable)
        }
    }

    /// The JSON that came.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        if !self.is_of("application/json") {
            return Err(Fault::Unreadable);
        }
        serde_json::from_slice(&self.body).map_err(|_| Fault::Unreadable)
    }

    /// The device, in words.
    pub fn device(&self) -> String {
        origin::device(&self.headers)
    }

    pub(crate) fn cookie(&self, cookie: Cookie) -> Option<String> {
        cookie.read(&self.headers, self.is_https())
    }

    pub(crate) fn is_https(&self) -> bool {
        self.desk.settings.is_https()
    }

    /// The whole address of a path of this desk.
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.desk.settings.origin_of(&self.station))
    }

    fn is_of(&self, media_type: &str) -> bool {
        let given = self.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        given.is_some_and(|given| {
            given.split(';').next().is_some_and(|given| given.trim().eq_ignore_ascii_case(media_type))
        })
    }
}

/// The path to go to after signing in, if it is one of this desk; the front page otherwise.
pub(crate) fn then(asked: &str) -> &str {
    let is_ours = asked.starts_with('/') && !asked.starts_with("//") && !asked.contains(['\\', '\r', '\n']);
    // Back to the way in would be a circle.
    let is_way_in = asked.starts_with("/sign-") || asked.starts_with("/join/");
    if is_ours && !is_way_in { asked } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_one_stays_here() {
        assert_eq!(then("/audit?before=3"), "/audit?before=3");
        for away in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/sign-in", "/a\r\nb", "audit"] {
            assert_eq!(then(away), "/", "{away:?}");
        }
    }
}
