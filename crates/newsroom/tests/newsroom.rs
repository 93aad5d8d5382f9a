//! What the newsroom's acts do to a story, its history and the change log.

use newsroom::Error;
use station::event::Revision;
use station::person::Source;
use station::story::{Saved, State};
use station::*;
use store::Db;

const STATION: StationId = StationId(1);
const STORY: StoryId = StoryId(7);

fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

fn morning() -> Timestamp {
    at("2026-11-24T13:00:00Z")
}

fn evening() -> Timestamp {
    at("2026-11-24T23:00:00Z")
}

/// A station with a section for news, and nothing in it.
struct Desk {
    db: Db,
    _folder: tempfile::TempDir,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite://{}", folder.path().join("station.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        store::station::save(&mut tx, &station()).await.unwrap();
        let news = Section {
            station: STATION,
            slug: Slug::parse("news").unwrap(),
            title: "News".into(),
            teaser: String::new(),
            position: 1,
        };
        store::section::save(&mut tx, &news).await.unwrap();
        tx.commit().await.unwrap();
        Self { db, _folder: folder }
    }

    async fn save(&self, story: &Story) {
        let mut tx = self.db.begin().await.unwrap();
        let saved = Saved { at: morning(), by: "Jo".into(), why: "saved".into() };
        store::story::save(&mut tx, story, &saved).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn publish(&self, story: Story) -> newsroom::Result<Story> {
        let mut tx = self.db.begin().await.unwrap();
        let published = newsroom::publish(&mut tx, story, "Jo", morning()).await?;
        tx.commit().await.unwrap();
        Ok(published)
    }

    async fn correct(&self, story: Story, admission: &str) -> newsroom::Result<Story> {
        let mut tx = self.db.begin().await.unwrap();
        let corrected = newsroom::correct(&mut tx, story, Text::plain(admission), "Ada", evening()).await?;
        tx.commit().await.unwrap();
        Ok(corrected)
    }

    async fn kill(&self) -> newsroom::Result<Story> {
        let mut tx = self.db.begin().await.unwrap();
        let killed = newsroom::kill(&mut tx, STATION, STORY, "it names a child", "Ada", evening()).await?;
        tx.commit().await.unwrap();
        Ok(killed)
    }

    async fn story(&self) -> Option<Story> {
        store::story::by_id(&self.db, STATION, STORY).await.unwrap()
    }

    async fn events(&self) -> Vec<Event> {
        let log = store::change::after(&self.db, STATION, Revision(0), 99).await.unwrap();
        log.into_iter().map(|message| message.event).collect()
    }

    /// By whom and why the story was saved, the newest first.
    async fn history(&self) -> Vec<String> {
        let history = store::story::history(&self.db, STATION, STORY, 99).await.unwrap();
        history.into_iter().map(|saved| format!("{}: {}", saved.by, saved.why)).collect()
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

fn draft() -> Story {
    Story {
        id: STORY,
        station: STATION,
        section: Slug::parse("news").unwrap(),
        slug: Slug::parse("the-bridge-opens").unwrap(),
        programme: None,
        seo_title: String::new(),
        kicker: String::new(),
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

fn from_the_wire() -> Story {
    let source = Source { wire: "cds".into(), external_id: "g-1".into(), canonical: None };
    Story { source: Some(source), state: State::Published, published_at: Some(morning()), ..draft() }
}

#[tokio::test]
async fn publishing_writes_story_revision_and_event_at_once() {
    let desk = Desk::new().await;
    let published = desk.publish(draft()).await.unwrap();
    assert_eq!((published.state, published.published_at), (State::Published, Some(morning())));
    let found = store::story::by_path(&desk.db, STATION, "news", "2026-11-24", "the-bridge-opens").await.unwrap();
    assert_eq!(found, Some(published));
    assert_eq!(desk.history().await, ["Jo: published"]);
    assert_eq!(desk.events().await, [Event::StoryPublished { story: STORY }]);
}

#[tokio::test]
async fn until_it_is_committed_nothing_is_published() {
    let desk = Desk::new().await;
    let mut tx = desk.db.begin().await.unwrap();
    newsroom::publish(&mut tx, draft(), "Jo", morning()).await.unwrap();
    drop(tx);
    assert_eq!(desk.story().await, None);
    assert_eq!(desk.history().await, [""; 0]);
    assert_eq!(desk.events().await, []);
}

#[tokio::test]
async fn a_story_that_brings_its_date_keeps_it() {
    let desk = Desk::new().await;
    let earlier = at("2019-05-01T12:00:00Z");
    let published = desk.publish(Story { published_at: Some(earlier), ..draft() }).await.unwrap();
    assert_eq!(published.published_at, Some(earlier));
}

#[tokio::test]
async fn a_saved_draft_is_published_once() {
    let desk = Desk::new().await;
    desk.save(&draft()).await;
    desk.publish(draft()).await.unwrap();
    let again = desk.publish(draft()).await.unwrap_err();
    assert_eq!(again.to_string(), "a story that is published cannot be published");
    assert_eq!(desk.events().await.len(), 1);
}

#[tokio::test]
async fn an_old_copy_does_not_bring_a_killed_story_back() {
    let desk = Desk::new().await;
    desk.publish(draft()).await.unwrap();
    desk.kill().await.unwrap();
    let error = desk.publish(draft()).await.unwrap_err();
    assert!(matches!(error, Error::WrongState { act: "published", state: State::Killed }));
    assert_eq!(desk.story().await.unwrap().state, State::Killed);
}

#[tokio::test]
async fn a_story_without_headline_or_words_is_not_published() {
    let desk = Desk::new().await;
    for (story, what) in
        [(Story { headline: " ".into(), ..draft() }, "headline"), (Story { body: vec![], ..draft() }, "words")]
    {
        let error = desk.publish(story).await.unwrap_err();
        assert!(matches!(error, Error::Incomplete { what: missing } if missing == what), "{error}");
    }
    assert_eq!(desk.story().await, None);
}

#[tokio::test]
async fn a_correction_says_what_was_wrong_and_leaves_the_address() {
    let desk = Desk::new().await;
    let published = desk.publish(draft()).await.unwrap();
    // The editor's copy is old and has been moved about; only its words count.
    let copy = Story {
        body: vec![Block::paragraph("On Tuesday.")],
        slug: Slug::parse("another").unwrap(),
        published_at: None,
        state: State::Draft,
        ..draft()
    };
    desk.correct(copy.clone(), "It was Tuesday.").await.unwrap();
    let corrected = desk.correct(copy, "The bridge is ours.").await.unwrap();

    assert_eq!(desk.story().await, Some(corrected.clone()));
    assert_eq!(corrected.body, [Block::paragraph("On Tuesday.")]);
    assert_eq!((corrected.slug, corrected.published_at), (published.slug, Some(morning())));
    assert_eq!((corrected.state, corrected.updated_at), (State::Published, Some(evening())));
    let admissions: Vec<_> = corrected.corrections.iter().map(|correction| correction.text.words()).collect();
    assert_eq!(admissions, ["It was Tuesday.", "The bridge is ours."]);
    assert_eq!(desk.history().await[0], "Ada: corrected: The bridge is ours.");
    assert_eq!(desk.events().await.last(), Some(&Event::StoryUpdated { story: STORY }));
}

#[tokio::test]
async fn a_correction_admits_something_of_a_story_that_readers_saw() {
    let desk = Desk::new().await;
    let missing = desk.correct(draft(), "It was Tuesday.").await.unwrap_err();
    assert!(matches!(missing, Error::Missing { story: STORY }));
    desk.save(&draft()).await;
    let early = desk.correct(draft(), "It was Tuesday.").await.unwrap_err();
    assert!(matches!(early, Error::WrongState { state: State::Draft, .. }));
    desk.publish(draft()).await.unwrap();
    let silent = desk.correct(draft(), " ").await.unwrap_err();
    assert!(matches!(silent, Error::Incomplete { what: "admission" }));
}

#[tokio::test]
async fn a_killed_story_is_gone_from_lists_and_its_texts_stay() {
    let desk = Desk::new().await;
    desk.publish(draft()).await.unwrap();
    desk.kill().await.unwrap();
    assert_eq!(store::story::latest(&desk.db, STATION, None, 9).await.unwrap(), []);
    assert_eq!(desk.history().await, ["Ada: killed: it names a child", "Jo: published"]);
    assert_eq!(desk.events().await.last(), Some(&Event::StoryWithdrawn { story: STORY }));

    desk.kill().await.expect("killing it once more is fine");
    assert_eq!(desk.events().await.len(), 2);
}

#[tokio::test]
async fn a_draft_is_not_killed_because_nobody_saw_it() {
    let desk = Desk::new().await;
    desk.save(&draft()).await;
    assert!(matches!(desk.kill().await, Err(Error::WrongState { act: "killed", state: State::Draft })));
}

#[tokio::test]
async fn a_story_from_the_wire_can_be_killed_and_nothing_else() {
    let desk = Desk::new().await;
    desk.save(&from_the_wire()).await;
    assert!(matches!(desk.publish(from_the_wire()).await, Err(Error::NotOurs { .. })));
    assert!(matches!(desk.correct(from_the_wire(), "It was Tuesday.").await, Err(Error::NotOurs { .. })));
    assert_eq!(desk.kill().await.unwrap().state, State::Killed);
}
