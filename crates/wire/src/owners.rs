//! Owners: the names that stand in a rights line.
//!
//! A document names its owners by addresses at the Organization Service. What an address means is looked up in this
//! order: the shipped table of the well-known ones, what the service said less than a week ago, the service itself,
//! what it said longer ago. Whoever is found nowhere is named by what is known of them, and the report says so.
//!
//! Start at [`Owners`].

use std::collections::HashMap;
use std::time::Duration;

use feeds::cds::{Link, Service};
use serde::Deserialize;
use station::Timestamp;
use station::rights::Owner;
use station::text::plain_from_html;
use store::Db;
use url::Url;

use crate::CDS;
use crate::fetch::{self, Fetcher, Trust};

/// The host of NPR's own Organization Service, in whose ids the shipped table speaks.
const NPR_HOST: &str = "organization.api.npr.org";
/// How long a name that the service told is taken for current.
const FRESH: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The largest answer of the service.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// After so many failures the service is not asked again during one import.
const FAILURES_MAX: u32 = 2;
/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 120;

/// The well-known services: id, name, site. With them an import credits rightly without a network.
const WELL_KNOWN: &[(&str, &str, &str)] = &[
    ("s1", "NPR", "https://www.npr.org"),
    ("s55", "KCRW", "https://www.kcrw.com"),
    ("s79", "KEXP", "https://www.kexp.org"),
    ("s150", "KQED", "https://www.kqed.org"),
    ("s295", "WABE", "https://www.wabe.org"),
    ("s308", "WBEZ", "https://www.wbez.org"),
    ("s552", "WNYC", "https://www.wnyc.org"),
    ("s715", "WXPN", "https://www.xpn.org"),
    ("s921", "Radio Milwaukee", "https://radiomilwaukee.org"),
];

/// Knows, or asks, who is behind an owner's id.
#[derive(Clone, Debug)]
pub struct Owners {
    directory: Option<Directory>,
}

#[derive(Clone, Debug)]
struct Directory {
    base: Url,
    fetcher: Fetcher,
}

/// Why owners cannot be asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The setting is no address.
    #[error("the Organization Service's address `{0}` is not an http or https address")]
    Address(String),
    /// There is no way to ask.
    #[error("the Organization Service cannot be asked")]
    Fetcher(#[source] fetch::Error),
}

impl Owners {
    /// The shipped names and what the store remembers; nobody is asked.
    pub fn shipped() -> Self {
        Self { directory: None }
    }

    /// Asks the Organization Service at `address` for whoever is not in the shipped table; nobody if it is empty.
    pub fn new(address: &str) -> Result<Self, Error> {
        if address.trim().is_empty() {
            return Ok(Self::shipped());
        }
        let base =
            Url::parse(address.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let base = base.ok_or_else(|| Error::Address(address.to_owned()))?;
        let fetcher = Fetcher::new().map_err(Error::Fetcher)?;
        Ok(Self { directory: Some(Directory { base, fetcher }) })
    }
}

/// The names that one import has asked for: each owner once, and a service that is away only [`FAILURES_MAX`] times.
pub(crate) struct Names<'a> {
    owners: &'a Owners,
    db: &'a Db,
    now: Timestamp,
    found: HashMap<String, Option<Owner>>,
    failures: u32,
}

impl<'a> Names<'a> {
    pub(crate) fn new(owners: &'a Owners, db: &'a Db, now: Timestamp) -> Self {
        Self { owners, db, now, found: HashMap::new(), failures: 0 }
    }

    /// The owner that `link` names; `None` if nobody can say.
    pub(crate) async fn of(&mut self, link: &Link) -> store::Result<Option<Owner>> {
        let Some(service) = link.service() else { return Ok(None) };
        if let Some(known) = well_known(&service) {
            return Ok(Some(known));
        }
        let key =
            if service.host == NPR_HOST { service.id.clone() } else { format!("{}/{}", service.host, service.id) };
        if let Some(found) = self.found.get(&key) {
            return Ok(found.clone());
        }
        let owner = self.look_up(&service, &key).await?;
        self.found.insert(key, owner.clone());
        Ok(owner)
    }

    async fn look_up(&mut self, service: &Service, key: &str) -> store::Result<Option<Owner>> {
        let kept = store::owner::get(self.db, CDS, key).await?;
        let is_fresh = |at: &Timestamp| self.now.duration_since(*at).unsigned_abs() < FRESH;
        if kept.as_ref().is_some_and(|(_, at)| is_fresh(at)) {
            return Ok(kept.map(|(owner, _)| owner));
        }
        match self.ask(service).await {
            Some(owner) => {
                let mut tx = self.db.begin().await?;
                store::owner::save(&mut tx, CDS, key, &owner, self.now).await?;
                tx.commit().await?;
                Ok(Some(owner))
            }
            None => Ok(kept.map(|(owner, _)| owner)),
        }
    }

    async fn ask(&mut self, service: &Service) -> Option<Owner> {
        let directory = self.owners.directory.as_ref()?;
        if self.failures >= FAILURES_MAX || !directory.knows(service) {
            return None;
        }
        let answer = directory.ask(&service.id).await;
        metrics::counter!("groundwave_wire_owner_lookups_total", "answered" => answer.is_ok().to_string()).increment(1);
        match answer {
            Ok(owner) => owner,
            Err(error) => {
                self.failures += u32::from(!matches!(error, fetch::Error::Refused { .. }));
                tracing::warn!(service = %service.id, error = &error as &dyn std::error::Error, "the Organization Service did not name an owner");
                None
            }
        }
    }
}

impl Directory {
    /// An id means something only to the service that gave it.
    fn knows(&self, service: &Service) -> bool {
        let base = &self.base[url::Position::BeforeHost..url::Position::AfterPort];
        service.host == NPR_HOST || service.host == base
    }

    async fn ask(&self, id: &str) -> Result<Option<Owner>, fetch::Error> {
        let address = format!("{}/v4/services/{id}", self.base.as_str().trim_end_matches('/'));
        let answer = self.fetcher.get(&address, Trust::Operator, ANSWER_BYTES_MAX).await?;
        Ok(owner(&answer))
    }
}

fn well_known(service: &Service) -> Option<Owner> {
    let (_, name, site) = WELL_KNOWN.iter().find(|(id, ..)| service.host == NPR_HOST && service.id == *id)?;
    Some(Owner { name: (*name).to_owned(), site: Some((*site).to_owned()) })
}

/// What the service says of one of its services.
#[derive(Deserialize)]
struct Answer {
    name: Option<String>,
    brand: Option<Brand>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Brand {
    display_name: Option<String>,
}

fn owner(answer: &[u8]) -> Option<Owner> {
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    let name = answer.brand.and_then(|brand| brand.display_name).or(answer.name)?;
    let name: String = plain_from_html(&name).chars().take(NAME_CHARS_MAX).collect();
    (!name.is_empty()).then_some(Owner { name, site: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_one_that_the_owner_shows() {
        let named = |answer: &str| owner(answer.as_bytes()).map(|owner| owner.name);
        assert_eq!(
            named(r#"{"id":"s9","name":"WHVPR-FM","brand":{"displayName":"Harrow Valley"}}"#).as_deref(),
            Some("Harrow Valley")
        );
        assert_eq!(named(r#"{"id":"s9","name":"WHVPR-FM","brand":{}}"#).as_deref(), Some("WHVPR-FM"));
        assert_eq!(named(r#"{"name":"<script>x</script>"}"#), None);
        assert_eq!(named(r#"{"name":7}"#), None);
        assert_eq!(named("<html>"), None);
    }

    #[test]
    fn an_address_is_needed_or_nothing() {
        assert!(Owners::new("").unwrap().directory.is_none());
        assert!(matches!(Owners::new("organization.example"), Err(Error::Address(_))));
    }
}
