//! A station with a store of its own, for a test to import into.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::PathBuf;

use serde_json::Value;
use station::clock::{Clock, Fixed};
use station::event::Revision;
use station::story::Saved;
use station::{Accent, Event, Person, Section, Slug, Station, StationId, Story, StoryId};
use store::Db;
use store::wire::WireDocument;
use tempfile::TempDir;
use wire::{CDS, Owners, Report};

/// The bytes of a document of `tests/fixtures`.
pub fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

pub struct House {
    pub clock: Fixed,
    db: Db,
    station: Station,
    owners: Owners,
    _folder: TempDir,
}

impl House {
    pub async fn open() -> Self {
        Self::open_as(&[]).await
    }

    /// A station that is authorised under these ids.
    pub async fn open_as(org_service_ids: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let db = Db::open(&format!("sqlite://{}", folder.path().join("station.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let station = station(org_service_ids);
        let mut tx = db.begin().await.unwrap();
        store::station::save(&mut tx, &station).await.unwrap();
        for (position, slug) in (0..).zip(["news", "science", "music"]) {
            let section = Section {
                station: station.id,
                slug: Slug::parse(slug).unwrap(),
                title: slug.to_owned(),
                teaser: String::new(),
                position,
            };
            store::section::save(&mut tx, &section).await.unwrap();
        }
        tx.commit().await.unwrap();
        let clock = Fixed::at("2026-11-24T08:00:00Z");
        Self { clock, db, station, owners: Owners::shipped(), _folder: folder }
    }

    /// The same house, with somebody to ask for owners.
    pub fn asking(self, owners: Owners) -> Self {
        Self { owners, ..self }
    }

    /// Imports documents of `tests/fixtures`.
    pub async fn import(&self, files: &[&'static str]) -> Report {
        self.import_bytes(files.iter().map(|name| (*name, fixture(name))).collect()).await
    }

    /// Imports a document of `tests/fixtures` after a change.
    pub async fn change(&self, file: &'static str, change: impl FnOnce(&mut Value)) -> Report {
        let mut document = serde_json::from_slice(&fixture(file)).unwrap();
        change(&mut document);
        self.import_bytes(vec![(file, document.to_string().into_bytes())]).await
    }

    pub async fn import_bytes(&self, files: Vec<(&'static str, Vec<u8>)>) -> Report {
        let files = files.into_iter().map(|(name, bytes)| (PathBuf::from(name), bytes));
        wire::import(&self.db, &self.station, files, &self.owners, self.clock.now()).await.unwrap()
    }

    pub async fn maybe_story(&self, id: &str) -> Option<Story> {
        store::story::by_external(&self.db, self.station.id, CDS, id).await.unwrap()
    }

    pub async fn story(&self, id: &str) -> Story {
        self.maybe_story(id).await.unwrap_or_else(|| panic!("there is no story of document {id}"))
    }

    pub async fn story_by_id(&self, id: StoryId) -> Story {
        store::story::by_id(&self.db, self.station.id, id).await.unwrap().unwrap()
    }

    pub async fn person(&self, id: &str) -> Person {
        store::person::by_external(&self.db, self.station.id, CDS, id).await.unwrap().unwrap()
    }

    /// The document as it is kept.
    pub async fn kept(&self, id: &str) -> WireDocument {
        store::wire::document(&self.db, self.station.id, CDS, id).await.unwrap().unwrap()
    }

    /// Every kept event, in order.
    pub async fn events(&self) -> Vec<Event> {
        let messages = store::change::after(&self.db, self.station.id, Revision(0), 1_000).await.unwrap();
        messages.into_iter().map(|message| message.event).collect()
    }

    /// Why each text of a story was saved, the newest first.
    pub async fn revisions(&self, id: &str) -> Vec<String> {
        let story = self.story(id).await.id;
        let history = store::story::history(&self.db, self.station.id, story, 100).await.unwrap();
        history.into_iter().map(|saved| saved.why).collect()
    }

    /// Saves a story as somebody at the station would.
    pub async fn save(&self, story: &Story) {
        let saved = Saved { at: self.clock.now(), by: "Ada Quill".into(), why: "By hand".into() };
        let mut tx = self.db.begin().await.unwrap();
        store::story::save(&mut tx, story, &saved).await.unwrap();
        tx.commit().await.unwrap();
    }
}

fn station(org_service_ids: &[&str]) -> Station {
    Station {
        id: StationId(1),
        slug: Slug::parse("hvpr").unwrap(),
        name: "Harrow Valley Public Radio".into(),
        tagline: String::new(),
        call_signs: Vec::new(),
        host_names: vec!["hvpr.example".into()],
        zone: "America/New_York".into(),
        language: "en-US".into(),
        accent: Accent::parse("#1b5e8c").unwrap(),
        banner: None,
        about: Vec::new(),
        email: None,
        org_service_ids: org_service_ids.iter().map(|id| (*id).to_owned()).collect(),
    }
}
