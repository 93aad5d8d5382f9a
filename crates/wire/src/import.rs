//! An import: documents in, stories and people out.
//!
//! Each document is one transaction: the document as it came, what is shown of it, and the event that tells of it are
//! true together or not at all. A document that fails is an entry in the report, not the end.
//!
//! Biographies and transcripts go before stories, so that a story finds its author in the same import; whatever
//! arrives later than what names it is linked at the end. So the order of files does not matter.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use feeds::cds::{self, Document};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use station::rights::Owner;
use station::story::{Saved, State};
use station::{Event, Person, PersonId, Section, Slug, Station, Story, StoryId, Timestamp};
use store::wire::WireDocument;
use store::{Db, Tx};

use crate::mentions::{self, Known};
use crate::owners::{Names, Owners};
use crate::report::{Matter, Remark, Report};
use crate::translate::{self, Around, Told};
use crate::{CDS, topics};

/// What became of a document, as its row says it.
const SHOWN: &str = "shown";
pub(crate) const KEPT: &str = "kept";
const RESTRICTED: &str = "restricted";
const WAITS: &str = "waits";
const TAKEN_DOWN: &str = "taken down here";

/// How much of an import may wait for the biographies that could follow, in bytes.
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How many documents that name an arrived one are read at once.
const LINK_PAGE: u32 = 50;
/// How much there is to say of one document, so that one cannot drown what there is to say of the others.
const REMARKS_MAX: usize = 40;
/// How many owners are named in one rights line.
const OWNERS_MAX: usize = 8;
/// How many numbers are tried to tell two equal slugs of one day apart.
const SLUG_NUMBERS_MAX: u32 = 200;

/// Why an import ended before its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store is away. What was imported up to then stands.
    #[error("the store failed during the import")]
    Store(#[from] store::Error),
    /// There is nowhere to put a story.
    #[error("station `{0}` has no section that a story could stand in")]
    NoSection(Slug),
    /// The station's time zone is none.
    #[error("station `{station}` has the time zone `{zone}`, which nobody knows")]
    Zone {
        /// Which station.
        station: Slug,
        /// What its row says.
        zone: String,
        /// What the time-zone database says.
        source: jiff::Error,
    },
}

/// Imports CDS documents into `station`: each file holds one document, or several as the service answers with them.
///
/// Importing again what is there already changes nothing; what has changed is shown as it is now, under the address
/// that it has. Stories of the station's own are never touched.
pub async fn import(
    db: &Db,
    station: &Station,
    files: impl IntoIterator<Item = (PathBuf, Vec<u8>)>,
    owners: &Owners,
    now: Timestamp,
) -> Result<Report, Error> {
    let mut import = Import::prepare(db, station, owners, now).await?;
    let mut waiting = Waiting::default();
    for (file, bytes) in files {
        for document in import.read(&file, &bytes) {
            match document.kind() == "story" {
                true => waiting.push(file.clone(), document),
                false => import.take(Some(&file), &document).await?,
            }
        }
        if waiting.bytes > WAITING_BYTES_MAX {
            import.take_all(std::mem::take(&mut waiting)).await?;
        }
    }
    import.take_all(waiting).await?;
    import.link_anew().await?;
    let Report { new, updated, unchanged, withdrawn, kept, failed, .. } = import.report;
    tracing::info!(station = %station.slug, new, updated, unchanged, withdrawn, kept, failed, "documents were imported");
    Ok(import.report)
}

/// Stories that were read and wait for the biographies that could follow.
#[derive(Default)]
struct Waiting {
    stories: Vec<(PathBuf, Document)>,
    bytes: usize,
}

impl Waiting {
    fn push(&mut self, file: PathBuf, document: Document) {
        self.bytes += document.json().len();
        self.stories.push((file, document));
    }
}

/// What became of a document just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    New,
    Updated,
    Unchanged,
    Withdrawn,
    Kept,
}

impl Fate {
    fn as_str(self) -> &'static str {
        match self {
            Fate::New => "new",
            Fate::Updated => "updated",
            Fate::Unchanged => "unchanged",
            Fate::Withdrawn => "withdrawn",
            Fate::Kept => "kept",
        }
    }
}

/// A fate, what the document's row says of it, and the event that tells of it.
struct Outcome {
    fate: Fate,
    word: &'static str,
    event: Option<Event>,
}

/// Why one document failed.
enum Failure {
    Store(store::Error),
    Document(&'static str),
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Failure::Store(error)
    }
}

struct Import<'a> {
    db: &'a Db,
    station: &'a Station,
    zone: TimeZone,
    sections: Vec<Section>,
    names: Names<'a>,
    now: Timestamp,
    report: Report,
    /// Documents that others may want to point at, or no longer.
    arrived: BTreeSet<String>,
}

impl<'a> Import<'a> {
    async fn prepare(db: &'a Db, station: &'a Station, owners: &'a Owners, now: Timestamp) -> Result<Self, Error> {
        let zone = TimeZone::get(&station.zone).map_err(|source| Error::Zone {
            station: station.slug.clone(),
            zone: station.zone.clone(),
            source,
        })?;
        let sections = store::section::all(db, station.id).await?;
        if sections.is_empty() {
            return Err(Error::NoSection(station.slug.clone()));
        }
        let names = Names::new(owners, db, now);
        let (report, arrived) = (Report::default(), BTreeSet::new());
        Ok(Self { db, station, zone, sections, names, now, report, arrived })
    }

    /// The documents of a file; what cannot be read is in the report.
    fn read(&mut self, file: &Path, bytes: &[u8]) -> Vec<Document> {
        let documents = cds::read(bytes).unwrap_or_else(|error| vec![Err(error)]);
        let mut readable = Vec::with_capacity(documents.len());
        for document in documents {
            match document {
                Ok(document) => readable.push(document),
                Err(error) => self.fail(Some(file), None, words_of(&error)),
            }
        }
        readable
    }

    async fn take_all(&mut self, waiting: Waiting) -> Result<(), Error> {
        for (file, document) in waiting.stories {
            self.take(Some(&file), &document).await?;
        }
        Ok(())
    }

    /// Takes one document in and reports what became of it.
    async fn take(&mut self, file: Option<&Path>, document: &Document) -> Result<(), Error> {
        let mut matters = Vec::new();
        match self.take_in(document, &mut matters).await {
            Ok(fate) => {
                self.count(fate, file.is_some());
                // What there is to say of an unchanged document was said when it came.
                if fate != Fate::Unchanged && (fate != Fate::Kept || file.is_some()) {
                    self.remark(file, document, matters);
                }
            }
            Err(Failure::Store(error @ store::Error::Unavailable { .. })) => return Err(error.into()),
            Err(Failure::Store(error)) => self.fail(file, Some(document), words_of(&error)),
            Err(Failure::Document(why)) => self.fail(file, Some(document), why.to_owned()),
        }
        Ok(())
    }

    fn count(&mut self, fate: Fate, is_of_this_import: bool) {
        let report = &mut self.report;
        match fate {
            Fate::New => report.new += 1,
            Fate::Updated if is_of_this_import => report.updated += 1,
            Fate::Updated => report.relinked += 1,
            Fate::Withdrawn => report.withdrawn += 1,
            Fate::Unchanged if is_of_this_import => report.unchanged += 1,
            Fate::Kept if is_of_this_import => report.kept += 1,
            Fate::Unchanged | Fate::Kept => return,
        }
        metrics::counter!("groundwave_wire_documents_total", "fate" => fate.as_str()).increment(1);
    }

    fn fail(&mut self, file: Option<&Path>, document: Option<&Document>, why: String) {
        self.report.failed += 1;
        metrics::counter!("groundwave_wire_documents_total", "fate" => "failed").increment(1);
        let document = document.map(|document| document.id().to_owned());
        self.report.remark(Remark { file: file.map(Path::to_owned), document, matter: Matter::Failed(why) });
    }

    fn remark(&mut self, file: Option<&Path>, document: &Document, mut matters: Vec<Matter>) {
        let mut said = HashSet::new();
        matters.retain(|matter| said.insert(matter.clone()));
        self.report.remarks_left_out += matters.len().saturating_sub(REMARKS_MAX) as u64;
        for matter in matters.into_iter().take(REMARKS_MAX) {
            let document = Some(document.id().to_owned());
            self.report.remark(Remark { file: file.map(Path::to_owned), document, matter });
        }
    }

    /// One document, one transaction.
    async fn take_in(&mut self, document: &Document, matters: &mut Vec<Matter>) -> Result<Fate, Failure> {
        let owners = self.owners_of(document).await?;
        let mentioned = mentions::of(document);
        let mut tx = self.db.begin().await?;
        let outcome = match self.hidden(document, matters) {
            Some(word) => self.hide(&mut tx, document, word, matters).await?,
            None if document.kind() == "biography" => self.take_person(&mut tx, document, matters).await?,
            None => {
                let known = mentions::look_up(&mut tx, self.station.id, &self.zone, &mentioned).await?;
                self.take_story(&mut tx, document, &known, &owners, matters).await?
            }
        };
        let is_other_text = self.keep(&mut tx, document, outcome.word, &mentioned).await?;
        if let Some(event) = &outcome.event {
            store::change::add(&mut tx, self.station.id, event).await?;
        }
        if is_other_text || outcome.event.is_some() {
            tx.commit().await?;
        }
        if outcome.event.is_some() || (is_other_text && document.kind() == "transcript") {
            self.arrived.insert(document.id().to_owned());
        }
        Ok(outcome.fate)
    }

    /// The names behind a document's brandings. They may have to be asked for, which no transaction should wait for.
    async fn owners_of(&mut self, document: &Document) -> Result<Vec<(String, Option<Owner>)>, Failure> {
        let mut owners = Vec::new();
        if document.kind() == "story" {
            for branding in document.brandings().into_iter().take(OWNERS_MAX) {
                let owner = self.names.of(&branding).await?;
                owners.push((branding.href, owner));
            }
        }
        Ok(owners)
    }

    /// Why a document is not to be shown, as its row says it; `None` if it is.
    fn hidden(&self, document: &Document, matters: &mut Vec<Matter>) -> Option<&'static str> {
        if document.is_closed_to(&self.station.org_service_ids) {
            matters.push(Matter::Restricted);
            return Some(RESTRICTED);
        }
        if let Some(until) = document.published_at().filter(|at| *at > self.now) {
            matters.push(Matter::Waits { until });
            return Some(WAITS);
        }
        let kind = document.kind();
        (kind != "story" && kind != "biography").then(|| {
            matters.push(Matter::NotShown { kind });
            KEPT
        })
    }

    /// Takes away what was shown of a document.
    async fn hide(
        &self,
        tx: &mut Tx,
        document: &Document,
        word: &'static str,
        matters: &mut Vec<Matter>,
    ) -> Result<Outcome, Failure> {
        let event = match store::story::by_external_in(tx, self.station.id, CDS, document.id()).await? {
            Some(story) if story.state == State::Published => Some(self.withdraw(tx, story, word).await?),
            Some(_) => None,
            None => self.empty_person(tx, document).await?,
        };
        if event.is_none() {
            return Ok(Outcome { fate: Fate::Kept, word, event });
        }
        matters.push(Matter::Withdrawn);
        Ok(Outcome { fate: Fate::Withdrawn, word, event })
    }

    /// Withdraws a story. Nothing of it stays in its row but its name: what is not there cannot be shown by mistake.
    async fn withdraw(&self, tx: &mut Tx, story: Story, word: &str) -> Result<Event, Failure> {
        let story = Story {
            state: State::Withdrawn,
            teaser: String::new(),
            bylines: Vec::new(),
            lead: None,
            sounds: Vec::new(),
            body: Vec::new(),
            corrections: Vec::new(),
            ..story
        };
        store::story::save(tx, &story, &self.saved(&format!("Withdrawn by its owner: {word}"))).await?;
        Ok(Event::StoryWithdrawn { story: story.id })
    }

    /// A person stays in the credits; what their biography said does not.
    async fn empty_person(&self, tx: &mut Tx, document: &Document) -> Result<Option<Event>, Failure> {
        let Some(person) = store::person::by_external_in(tx, self.station.id, CDS, document.id()).await? else {
            return Ok(None);
        };
        let emptied = Person { role: String::new(), bio: Vec::new(), image: None, ..person.clone() };
        if emptied == person {
            return Ok(None);
        }
        store::person::save(tx, &emptied).await?;
        Ok(Some(Event::PersonChanged { person: person.id }))
    }

    async fn take_person(
        &self,
        tx: &mut Tx,
        document: &Document,
        matters: &mut Vec<Matter>,
    ) -> Result<Outcome, Failure> {
        let told = translate::person(document, &self.around(), matters).map_err(Failure::Document)?;
        let held = store::person::by_external_in(tx, self.station.id, CDS, document.id()).await?;
        let (id, slug) = match &held {
            Some(held) => (held.id, held.slug.clone()),
            None => (PersonId::mint(self.now, store::id::chance()), self.free_person_slug(tx, &told.slug).await?),
        };
        let person = Person { id, slug, station: self.station.id, ..told };
        if held.as_ref() == Some(&person) {
            return Ok(Outcome { fate: Fate::Unchanged, word: SHOWN, event: None });
        }
        store::person::save(tx, &person).await?;
        let fate = if held.is_some() { Fate::Updated } else { Fate::New };
        Ok(Outcome { fate, word: SHOWN, event: Some(Event::PersonChanged { person: id }) })
    }

    async fn take_story(
        &self,
        tx: &mut Tx,
        document: &Document,
        known: &Known,
        owners: &[(String, Option<Owner>)],
        matters: &mut Vec<Matter>,
    ) -> Result<Outcome, Failure> {
        let held = store::story::by_external_in(tx, self.station.id, CDS, document.id()).await?;
        if held.as_ref().is_some_and(|held| matches!(held.state, State::Killed | State::Draft | State::Unpublished)) {
            matters.push(Matter::TakenDownHere);
            return Ok(Outcome { fate: Fate::Kept, word: TAKEN_DOWN, event: None });
        }
        let section = topics::section(&document.collections(), &self.sections).unwrap_or(self.sections[0].slug.clone());
        let first_published_at = held.as_ref().and_then(|held| held.published_at);
        let told = Told { known, owners, section, first_published_at };
        let told = translate::story(document, &self.around(), &told, matters).map_err(Failure::Document)?;
        let story = self.give_place(tx, held.as_ref(), told).await?;
        let (fate, why, event) = match &held {
            Some(held) if *held == story => return Ok(Outcome { fate: Fate::Unchanged, word: SHOWN, event: None }),
            Some(held) if held.state == State::Published => {
                (Fate::Updated, "Updated by its owner", Event::StoryUpdated { story: story.id })
            }
            Some(_) => (Fate::New, "Shown again by its owner", Event::StoryPublished { story: story.id }),
            None => (Fate::New, "Imported", Event::StoryPublished { story: story.id }),
        };
        store::story::save(tx, &story, &self.saved(why)).await?;
        Ok(Outcome { fate, word: SHOWN, event: Some(event) })
    }

    /// The story where it stands already, or at an address of its own.
    async fn give_place(&self, tx: &mut Tx, held: Option<&Story>, told: Story) -> Result<Story, Failure> {
        let station = self.station.id;
        if let Some(held) = held {
            let (section, slug) = (held.section.clone(), held.slug.clone());
            return Ok(Story { id: held.id, station, section, slug, ..told });
        }
        let id = StoryId::mint(self.now, store::id::chance());
        let slug = self.free_story_slug(tx, &told).await?;
        Ok(Story { id, station, slug, ..told })
    }

    async fn free_story_slug(&self, tx: &mut Tx, story: &Story) -> Result<Slug, Failure> {
        let date = self.zone.to_datetime(story.published_at.unwrap_or(self.now)).date().to_string();
        for number in 1..=SLUG_NUMBERS_MAX {
            let slug = numbered(&story.slug, number);
            if store::story::slug_is_free_in(tx, self.station.id, &story.section, &date, &slug).await? {
                return Ok(slug);
            }
        }
        Err(Failure::Document("too many stories of that day have its headline"))
    }

    async fn free_person_slug(&self, tx: &mut Tx, wanted: &Slug) -> Result<Slug, Failure> {
        for number in 1..=SLUG_NUMBERS_MAX {
            let slug = numbered(wanted, number);
            if store::person::slug_is_free_in(tx, self.station.id, &slug).await? {
                return Ok(slug);
            }
        }
        Err(Failure::Document("too many people have that name"))
    }

    /// Keeps the document as it came. False if it is kept already, with the same word for what became of it.
    async fn keep(&self, tx: &mut Tx, document: &Document, word: &str, mentioned: &[String]) -> Result<bool, Failure> {
        let raw = document.json();
        let sha256 = format!("{:x}", Sha256::digest(&raw));
        let held = store::wire::document_in(tx, self.station.id, CDS, document.id()).await?;
        if held.is_some_and(|held| held.sha256 == sha256 && held.outcome == word) {
            return Ok(false);
        }
        let external_id = document.id().to_owned();
        let (wire, outcome) = (CDS.to_owned(), word.to_owned());
        let row = WireDocument { wire, external_id, sha256, raw, seen_at: self.now, outcome };
        store::wire::save_document(tx, self.station.id, &row).await?;
        store::wire::save_mentions(tx, self.station.id, CDS, document.id(), mentioned).await?;
        Ok(true)
    }

    /// Looks again at the documents that name what arrived, changed or went.
    async fn link_anew(&mut self) -> Result<(), Error> {
        let mut done = BTreeSet::new();
        for arrived in std::mem::take(&mut self.arrived) {
            let mut after = String::new();
            loop {
                let page = store::wire::mentioning(self.db, self.station.id, CDS, &arrived, &after, LINK_PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.external_id.clone();
                for held in page {
                    if done.insert(held.external_id.clone()) {
                        self.look_again(&held).await?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn look_again(&mut self, held: &WireDocument) -> Result<(), Error> {
        match Document::parse(held.raw.as_bytes()) {
            Ok(document) => self.take(None, &document).await,
            Err(error) => {
                self.fail(None, None, format!("kept document {}: {}", held.external_id, words_of(&error)));
                Ok(())
            }
        }
    }

    fn around(&self) -> Around<'_> {
        Around { own_service_ids: &self.station.org_service_ids, zone: &self.zone, now: self.now }
    }

    fn saved(&self, why: &str) -> Saved {
        Saved { at: self.now, by: CDS.to_owned(), why: why.to_owned() }
    }
}

/// `river-gauge`, `river-gauge-2`, …
fn numbered(slug: &Slug, number: u32) -> Slug {
    if number == 1 {
        return slug.clone();
    }
    let tail = format!(" {number}");
    let room = slug.as_str().len().min(station::slug::SLUG_BYTES_MAX - tail.len());
    Slug::from_headline(&format!("{}{tail}", &slug.as_str()[..room]), "story")
}

/// An error with its causes, for a report that nobody will ask for `source()`.
fn words_of(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_slugs_are_told_apart_by_a_number() {
        let slug = Slug::parse("river-gauge").unwrap();
        assert_eq!(numbered(&slug, 1).as_str(), "river-gauge");
        assert_eq!(numbered(&slug, 12).as_str(), "river-gauge-12");
        let long = Slug::from_headline(&"x".repeat(200), "story");
        assert_eq!(numbered(&long, 7).as_str().len(), station::slug::SLUG_BYTES_MAX);
        assert!(numbered(&long, 7).as_str().ends_with("x-7"));
    }
}
