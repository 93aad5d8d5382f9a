//! What documents and assets have in common: named fields, any of which may be missing or of another shape.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Link;

/// Profiles that say what a record has, not what it is.
const NOT_A_TYPE: &[&str] =
    &["document", "publishable", "renderable", "buildout", "listenable", "aggregation", "has-layout"];

/// The named fields of a document or an asset.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Record<'a> {
    /// The field as it was given.
    pub fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The field, if it is text with something in it.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.value(name)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// The field, if it is yes or no.
    pub fn flag(self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(word) => word.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    /// The field, if it is a whole number; a number written as text counts.
    pub fn number(self, name: &str) -> Option<i64> {
        whole_number(self.value(name)?)
    }

    /// The field, if it is an RFC 3339 time. Of a second's fraction six digits are kept.
    pub fn time(self, name: &str) -> Option<Timestamp> {
        let exact: Timestamp = self.value(name)?.as_str()?.trim().parse().ok()?;
        Timestamp::from_microsecond(exact.as_microsecond()).ok()
    }

    /// The links in a list; entries that are none are left out.
    pub fn links(self, name: &str) -> Vec<Link> {
        match self.value(name) {
            Some(Value::Array(entries)) => entries.iter().filter_map(Link::of).collect(),
            Some(single @ Value::Object(_)) => Link::of(single).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The link that a field holds.
    pub fn link(self, name: &str) -> Option<Link> {
        self.links(name).into_iter().next()
    }

    /// True if it lists the profile of that name: `has-premium-audio`.
    pub fn has_profile(self, name: &str) -> bool {
        self.profiles().any(|(profile, _)| profile == name)
    }

    /// What it is: the profile marked as its type, in whatever order they stand. Where none is marked, the first that
    /// could be.
    pub fn kind(self) -> Option<String> {
        let marked = self.profiles().find(|(_, is_type)| *is_type);
        let could_be = |name: &str| !NOT_A_TYPE.contains(&name) && !name.starts_with("has-");
        marked.or_else(|| self.profiles().find(|(name, _)| could_be(name))).map(|(name, _)| name)
    }

    fn profiles(self) -> impl Iterator<Item = (String, bool)> {
        let name_of = |link: Link| {
            let path = link.href.split(['?', '#']).next()?.trim_end_matches('/');
            let name = path.rsplit('/').next()?;
            let name = name.strip_suffix(".json").unwrap_or(name).to_owned();
            Some((name, link.has_rel("type")))
        };
        self.links("profiles").into_iter().filter_map(name_of)
    }

    /// True if it may be shown only by some services and none of `own_service_ids` is among them.
    ///
    /// A flag of a strange shape counts as set: it was put there to keep something back.
    pub fn is_closed_to(self, own_service_ids: &[String]) -> bool {
        let is_open = match self.value("isRestrictedToAuthorizedOrgServiceIds") {
            None | Some(Value::Bool(false)) => true,
            Some(Value::String(word)) => word.trim().eq_ignore_ascii_case("false"),
            Some(_) => false,
        };
        !is_open && !self.authorized_service_ids().iter().any(|id| own_service_ids.contains(id))
    }

    fn authorized_service_ids(self) -> Vec<String> {
        let Some(Value::Array(ids)) = self.value("authorizedOrgServiceIds") else { return Vec::new() };
        let id_of = |value: &Value| value.as_str()?.trim_end_matches('/').rsplit('/').next().map(str::to_owned);
        ids.iter().filter_map(id_of).collect()
    }
}

pub(super) fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| Some(number.as_f64()? as i64)),
        Value::String(digits) => digits.trim().parse().ok(),
        _ => None,
    }
}
