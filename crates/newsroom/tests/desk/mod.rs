//! A newsroom with one story, and Ada, who does whatever is asked.

use jiff::SignedDuration;
use newsroom::{Errand, Weight};
use station::act::Ending;
use station::clock::Fixed;
use station::event::Revision;
use station::person::Source;
use station::story::{Saved, State};
use station::*;
use store::Db;
use store::draft::Kept;

pub const STATION: StationId = StationId(1);
pub const STORY: StoryId = StoryId(7);

pub fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

pub fn morning() -> Timestamp {
    at("2026-11-24T13:00:00Z")
}

pub fn evening() -> Timestamp {
    at("2026-11-24T23:00:00Z")
}

/// A station with a section for news, and nothing in it.
pub struct Desk {
    pub db: Db,
    station: Station,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite://{}", folder.path().join("station.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let station = station();
        store::station::save(&mut tx, &station).await.unwrap();
        let news = Section {
            station: STATION,
            slug: Slug::parse("news").unwrap(),
            title: "News".into(),
            teaser: String::new(),
            position: 1,
        };
        store::section::save(&mut tx, &news).await.unwrap();
        tx.commit().await.unwrap();
        Self { db, station, _folder: folder }
    }

    pub fn errand<'a>(&'a self, by: &'a str, now: Timestamp) -> Errand<'a> {
        Errand { station: &self.station, story: STORY, by, now }
    }

    pub async fn save(&self, story: &Story) {
        let mut tx = self.db.begin().await.unwrap();
        let saved = Saved { at: morning(), by: "Jo".into(), why: "saved".into() };
        store::story::save(&mut tx, story, &saved).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Brings the story into a state, by the acts that lead there; a published one has been written on since.
    pub async fn put(&self, state: State) {
        self.save(&draft()).await;
        match state {
            State::Draft => {}
            State::InReview => self.act(Act::Submit).await.unwrap(),
            State::Ready => self.act(Act::Approve).await.unwrap(),
            State::Scheduled => self.act(Act::Schedule).await.unwrap(),
            State::Published => drop(self.publish().await.unwrap()),
            State::Unpublished => {
                self.publish().await.unwrap();
                self.unpublish(Ending::Gone).await.unwrap();
            }
            State::Withdrawn => self.save(&Story { state, published_at: Some(morning()), ..draft() }).await,
            State::Killed => self.act(Act::Kill).await.unwrap(),
        }
    }

    /// What must have happened before the act can be done to a story that readers see.
    pub async fn prepare(&self, act: Act) {
        if self.story().await.state != State::Published {
            return;
        }
        if matches!(act, Act::Update | Act::Schedule | Act::Unschedule) {
            self.write(|text| text.teaser = "Somebody has written on.".into()).await;
        }
        if act == Act::Unschedule {
            self.schedule(evening() + SignedDuration::from_hours(1)).await.unwrap();
        }
    }

    /// Does it as Ada would, in the evening, with all that the act asks for.
    pub async fn act(&self, act: Act) -> newsroom::Result<()> {
        match act {
            Act::Schedule => self.schedule(evening() + SignedDuration::from_hours(1)).await,
            Act::Unschedule => self.unschedule().await,
            Act::Update => self.update(Weight::Major).await.map(drop),
            Act::Correct => self.correct("It was Tuesday.").await.map(drop),
            Act::Unpublish => self.unpublish(Ending::Gone).await,
            Act::Kill => self.kill("it names a child").await,
            Act::Submit => self.short(async |tx, errand| newsroom::submit(tx, errand, "please look").await).await,
            Act::SendBack => self.short(async |tx, errand| newsroom::send_back(tx, errand, "a source").await).await,
            Act::Approve => self.short(async |tx, errand| newsroom::approve(tx, errand).await).await,
            Act::Publish => self.short(async |tx, errand| newsroom::publish(tx, errand).await).await,
        }
    }

    /// Somebody writes on: the draft changes, and nothing else.
    pub async fn write(&self, change: impl FnOnce(&mut Draft)) {
        let story = self.story().await;
        let mut tx = self.db.begin().await.unwrap();
        let before = store::draft::by_story_in(&mut tx, STATION, STORY).await.unwrap();
        let version = before.as_ref().map_or(0, |draft| draft.version) + 1;
        let mut document = before.map_or_else(|| Draft::of(&story), |draft| draft.document);
        change(&mut document);
        let draft = Kept {
            station: STATION,
            story: STORY,
            document,
            version,
            stands: None,
            saved_at: evening(),
            saved_by: "Jo".into(),
            saved_by_account: None,
            begun_by: None,
        };
        store::draft::save(&mut tx, &draft).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// True if something has been written that readers do not see.
    pub async fn is_ahead(&self) -> bool {
        store::draft::by_story(&self.db, STATION, STORY).await.unwrap().is_some_and(|draft| draft.is_ahead())
    }

    pub async fn publish(&self) -> newsroom::Result<Story> {
        let mut tx = self.db.begin().await.unwrap();
        let published = newsroom::publish(&mut tx, &self.errand("Jo", morning())).await?;
        tx.commit().await.unwrap();
        Ok(published)
    }

    pub async fn update(&self, weight: Weight) -> newsroom::Result<Story> {
        let mut tx = self.db.begin().await.unwrap();
        let updated = newsroom::update(&mut tx, &self.errand("Ada", evening()), weight, "").await?;
        tx.commit().await.unwrap();
        Ok(updated)
    }

    pub async fn correct(&self, admission: &str) -> newsroom::Result<Story> {
        let mut tx = self.db.begin().await.unwrap();
        let corrected = newsroom::correct(&mut tx, &self.errand("Ada", evening()), Text::plain(admission)).await?;
        tx.commit().await.unwrap();
        Ok(corrected)
    }

    pub async fn schedule(&self, due_at: Timestamp) -> newsroom::Result<()> {
        let mut tx = self.db.begin().await.unwrap();
        newsroom::schedule(&mut tx, &self.errand("Ada", evening()), due_at, Weight::Major).await?;
        tx.commit().await.unwrap();
        Ok(())
    }

    pub async fn unschedule(&self) -> newsroom::Result<()> {
        let mut tx = self.db.begin().await.unwrap();
        newsroom::unschedule(&mut tx, &self.errand("Ada", evening())).await?;
        tx.commit().await.unwrap();
        Ok(())
    }

    pub async fn unpublish(&self, ending: Ending) -> newsroom::Result<()> {
        self.short(async |tx, errand| newsroom::unpublish(tx, errand, ending.clone(), "it was not ours").await).await
    }

    pub async fn kill(&self, why: &str) -> newsroom::Result<()> {
        self.short(async |tx, errand| newsroom::kill(tx, errand, why).await).await
    }

    /// What the keeper of plans does at `now`; when it would look again.
    pub async fn work_off(&self, now: Timestamp) -> Timestamp {
        newsroom::due::work_off(&self.db, &Fixed::at(&now.to_string())).await.unwrap()
    }

    pub async fn story(&self) -> Story {
        store::story::by_id(&self.db, STATION, STORY).await.unwrap().expect("the story was saved")
    }

    pub async fn events(&self) -> Vec<Event> {
        let log = store::change::after(&self.db, STATION, Revision(0), 99).await.unwrap();
        log.into_iter().map(|message| message.event).collect()
    }

    /// By whom and why the story was saved, the newest first.
    pub async fn history(&self) -> Vec<String> {
        let history = store::story::history(&self.db, STATION, STORY, 99).await.unwrap();
        history.into_iter().map(|saved| format!("{}: {}", saved.by, saved.why)).collect()
    }

    /// What was done with the story, the latest first.
    pub async fn steps(&self) -> Vec<String> {
        let steps = store::step::of_story(&self.db, STATION, STORY, 99).await.unwrap();
        let words = |step: station::act::Step| {
            format!("{}: {} from {} to {}", step.by, step.act.as_str(), step.from.as_str(), step.to.as_str())
        };
        steps.into_iter().map(words).collect()
    }

    async fn short<T>(
        &self,
        act: impl AsyncFn(&mut store::Tx, &Errand<'_>) -> newsroom::Result<T>,
    ) -> newsroom::Result<()> {
        let mut tx = self.db.begin().await.unwrap();
        act(&mut tx, &self.errand("Ada", evening())).await?;
        tx.commit().await.unwrap();
        Ok(())
    }
}

fn station() -> Station {
    Station {
        id: STATION,
        slug: Slug::parse("hill").unwrap(),
        name: "Hill Public Radio".into(),
        tagline: String::new(),
        call_signs: vec![],
        host_names: vec!["hill.example".into()],
        zone: "America/New_York".into(),
        language: "en-US".into(),
        accent: Accent::parse("#1b5e8c").unwrap(),
        banner: None,
        about: vec![],
        email: None,
        org_service_ids: vec![],
    }
}

pub fn draft() -> Story {
    Story {
        id: STORY,
        station: STATION,
        section: Slug::parse("news").unwrap(),
        slug: Slug::parse("the-bridge-opens").unwrap(),
        programme: None,
        kicker: String::new(),
        seo_title: String::new(),
        headline: "The bridge opens".into(),
        teaser: String::new(),
        bylines: vec![],
        lead: None,
        sounds: vec![],
        body: vec![Block::paragraph("On Monday.")],
        corrections: vec![],
        state: State::Draft,
        published_at: None,
        updated_at: None,
        source: None,
        rights: Rights::default(),
    }
}

pub fn from_the_wire() -> Story {
    let source = Source { wire: "cds".into(), external_id: "g-1".into(), canonical: None };
    Story { source: Some(source), state: State::Published, published_at: Some(morning()), ..draft() }
}
