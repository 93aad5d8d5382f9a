//! How a story is written: by one at a time, and without a word lost.

use std::time::Duration;

use newsroom::Error;
use newsroom::write::{self, Hold, Save, Saved, Writer};
use station::story::State;
use station::*;
use store::Db;
use store::revision::Kind;

const STATION: StationId = StationId(1);
const STORY: StoryId = StoryId(7);
const JO: Writer<'static> = Writer { account: AccountId(1), name: "Jo" };
const ADA: Writer<'static> = Writer { account: AccountId(2), name: "Ada" };

/// Minutes after eight in the morning.
fn minute(minutes: u64) -> Timestamp {
    "2026-11-24T08:00:00Z".parse::<Timestamp>().unwrap() + Duration::from_secs(60 * minutes)
}

/// A desk at which Jo has begun a story.
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
        store::section::save(&mut tx, &news()).await.unwrap();
        for writer in [JO, ADA] {
            store::account::save(&mut tx, &account(writer)).await.unwrap();
        }
        write::begin(&mut tx, STATION, STORY, text("First"), JO, minute(0)).await.unwrap();
        tx.commit().await.unwrap();
        Self { db, _folder: folder }
    }

    async fn save(&self, writer: Writer<'_>, version: i64, headline: &str, at: Timestamp) -> newsroom::Result<Saved> {
        let save = Save { version, document: text(headline), name: String::new() };
        self.save_as_it_is(writer, save, at).await
    }

    async fn save_as_it_is(&self, writer: Writer<'_>, save: Save, at: Timestamp) -> newsroom::Result<Saved> {
        let mut tx = self.db.begin().await.unwrap();
        let saved = write::save(&mut tx, STATION, STORY, save, writer, at).await?;
        tx.commit().await.unwrap();
        Ok(saved)
    }

    async fn lock(&self, writer: Writer<'_>, take: bool, at: Timestamp) -> Hold {
        let mut tx = self.db.begin().await.unwrap();
        let hold = write::lock(&mut tx, STATION, STORY, take, writer, at).await.unwrap();
        tx.commit().await.unwrap();
        hold
    }

    async fn release(&self, writer: Writer<'_>) -> bool {
        let mut tx = self.db.begin().await.unwrap();
        let is_released = write::release(&mut tx, STATION, STORY, writer).await.unwrap();
        tx.commit().await.unwrap();
        is_released
    }

    async fn story(&self) -> Story {
        store::story::by_id(&self.db, STATION, STORY).await.unwrap().unwrap()
    }

    async fn draft(&self) -> store::draft::Kept {
        store::draft::by_story(&self.db, STATION, STORY).await.unwrap().unwrap()
    }

    /// Every revision, the newest first: its headline, by whom, why.
    async fn revisions(&self) -> Vec<String> {
        let mut told = Vec::new();
        for line in store::revision::list(&self.db, STATION, STORY, None, 99).await.unwrap() {
            let text = store::revision::by_number(&self.db, STATION, STORY, line.number).await.unwrap().unwrap();
            let kind = if line.kind == Kind::Autosave { "autosave" } else { line.why.as_str() };
            told.push(format!("{} by {}: {kind}", text.headline, line.saved_by));
        }
        told
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

fn news() -> Section {
    Section {
        station: STATION,
        slug: Slug::parse("news").unwrap(),
        title: "News".into(),
        teaser: String::new(),
        position: 1,
    }
}

fn account(writer: Writer<'_>) -> Account {
    Account {
        id: writer.account,
        station: STATION,
        email: format!("{}@hill.example", writer.name.to_lowercase()),
        name: writer.name.into(),
        person: None,
        invited_at: minute(0),
        joined_at: Some(minute(0)),
        disabled_at: None,
    }
}

fn text(headline: &str) -> Draft {
    Draft { headline: headline.into(), ..Draft::new(news().slug) }
}

fn taken(version: i64, at: Timestamp) -> Saved {
    Saved::Taken { version, at }
}

#[tokio::test]
async fn a_story_is_begun_as_a_draft_that_its_writer_holds() {
    let desk = Desk::new().await;
    let (story, draft) = (desk.story().await, desk.draft().await);
    assert_eq!((story.state, story.headline.as_str(), story.slug.as_str()), (State::Draft, "First", "first"));
    assert_eq!((draft.version, draft.begun_by, draft.is_ahead()), (1, Some(JO.account), true));
    assert_eq!(desk.lock(ADA, false, minute(4)).await, Hold::Theirs { holder: "Jo".into(), since: minute(0) });
}

#[tokio::test]
async fn a_save_is_the_newest_text_and_the_text_of_a_story_that_nobody_could_read_yet() {
    let desk = Desk::new().await;
    assert_eq!(desk.save(JO, 1, "Second", minute(1)).await.unwrap(), taken(2, minute(1)));
    assert_eq!(desk.draft().await.document.headline, "Second");
    assert_eq!(desk.story().await.headline, "Second");
}

#[tokio::test]
async fn what_stands_goes_on_standing_while_its_draft_is_written() {
    let desk = Desk::new().await;
    let mut tx = desk.db.begin().await.unwrap();
    let story = Story { body: vec![Block::paragraph("Water.")], ..desk.story().await };
    newsroom::publish_whole(&mut tx, story, "Ada", minute(1)).await.unwrap();
    store::draft::stands(&mut tx, STATION, STORY).await.unwrap();
    tx.commit().await.unwrap();
    desk.save(JO, 1, "Second", minute(2)).await.unwrap();
    assert_eq!((desk.story().await.headline.as_str(), desk.draft().await.is_ahead()), ("First", true));
}

#[tokio::test]
async fn a_save_from_an_older_text_is_put_aside_and_says_whose_is_newer() {
    let desk = Desk::new().await;
    desk.release(JO).await;
    assert_eq!(desk.save(ADA, 1, "Ada’s", minute(1)).await.unwrap(), taken(2, minute(1)));
    desk.release(ADA).await;
    let moved = desk.save(JO, 1, "Jo’s", minute(2)).await.unwrap();
    assert_eq!(moved, Saved::Moved { version: 2, by: "Ada".into(), at: minute(1), kept: 2 });
    assert_eq!(desk.draft().await.document.headline, "Ada’s");
    assert_eq!(desk.revisions().await, ["Jo’s by Jo: put aside: Ada had saved another text", "First by Jo: autosave"]);
    // Whoever goes on from the newest text loses neither.
    assert_eq!(desk.save(JO, 2, "Both", minute(3)).await.unwrap(), taken(3, minute(3)));
    assert_eq!(desk.revisions().await[0], "Ada’s by Ada: autosave");
}

#[tokio::test]
async fn while_one_writes_the_others_text_is_put_aside() {
    let desk = Desk::new().await;
    let held = desk.save(ADA, 1, "Ada’s", minute(4)).await.unwrap();
    assert_eq!(held, Saved::Held { holder: "Jo".into(), since: minute(0), kept: 1 });
    assert_eq!(desk.revisions().await, ["Ada’s by Ada: put aside: Jo was writing"]);
    assert_eq!(desk.draft().await.version, 1);
}

#[tokio::test]
async fn the_same_save_sent_again_is_answered_the_same_and_done_once() {
    let desk = Desk::new().await;
    let save = Save { version: 1, document: text("Second"), name: "k1".into() };
    assert_eq!(desk.save_as_it_is(JO, save.clone(), minute(1)).await.unwrap(), taken(2, minute(1)));
    assert_eq!(desk.save_as_it_is(JO, save.clone(), minute(2)).await.unwrap(), taken(2, minute(1)));
    assert_eq!(desk.draft().await.version, 2);
    let refused = desk.save_as_it_is(ADA, Save { name: "k2".into(), ..save.clone() }, minute(3)).await.unwrap();
    assert_eq!(desk.save_as_it_is(ADA, Save { name: "k2".into(), ..save }, minute(3)).await.unwrap(), refused);
    assert_eq!(desk.revisions().await.len(), 2, "{:?}", desk.revisions().await);
}

#[tokio::test]
async fn a_lock_lasts_for_as_long_as_its_holder_says_so() {
    let desk = Desk::new().await;
    assert_eq!(desk.lock(JO, false, minute(4)).await, Hold::Mine { until: minute(9) });
    assert_eq!(desk.lock(ADA, false, minute(8)).await, Hold::Theirs { holder: "Jo".into(), since: minute(0) });
    assert_eq!(desk.lock(ADA, false, minute(9)).await, Hold::Mine { until: minute(14) });
    assert!(!desk.release(JO).await, "it is Ada’s");
    assert!(desk.release(ADA).await);
    assert_eq!(desk.lock(JO, false, minute(10)).await, Hold::Mine { until: minute(15) });
}

#[tokio::test]
async fn a_take_over_keeps_the_others_text_under_a_name() {
    let desk = Desk::new().await;
    desk.save(JO, 1, "Jo’s", minute(1)).await.unwrap();
    assert_eq!(desk.lock(ADA, true, minute(2)).await, Hold::Mine { until: minute(7) });
    assert_eq!(desk.revisions().await[0], "Jo’s by Jo: kept when Ada took over from Jo");
    // What Jo had typed since comes a moment later.
    let late = desk.save(JO, 2, "Jo’s last words", minute(2)).await.unwrap();
    assert!(matches!(late, Saved::Held { ref holder, .. } if holder == "Ada"), "{late:?}");
    assert_eq!(desk.revisions().await[0], "Jo’s last words by Jo: put aside: Ada was writing");
    assert_eq!(desk.save(ADA, 2, "Ada’s", minute(3)).await.unwrap(), taken(3, minute(3)));
}

#[tokio::test]
async fn every_ten_minutes_of_writing_leave_a_revision() {
    let desk = Desk::new().await;
    let mut version = 1;
    for seconds in (5..=1_800).step_by(5) {
        let at = minute(0) + Duration::from_secs(seconds);
        version = match desk.save(JO, version, &format!("Text of second {seconds}"), at).await.unwrap() {
            Saved::Taken { version, .. } => version,
            refused => panic!("{refused:?}"),
        };
    }
    let revisions = desk.revisions().await;
    let kept = ["1785", "1190", "595"].map(|second| format!("Text of second {second} by Jo: autosave"));
    assert_eq!(revisions[..3], kept);
    assert_eq!(revisions[3..], ["First by Jo: autosave"]);
}

#[tokio::test]
async fn a_revision_is_named_and_restored_and_nothing_is_lost() {
    let desk = Desk::new().await;
    let mut tx = desk.db.begin().await.unwrap();
    let number = write::name(&mut tx, STATION, STORY, "the quiet one", JO, minute(1)).await.unwrap();
    tx.commit().await.unwrap();
    desk.save(JO, 1, "Second", minute(2)).await.unwrap();

    let mut tx = desk.db.begin().await.unwrap();
    let restored = write::restore(&mut tx, STATION, STORY, number, JO, minute(3)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(restored, taken(3, minute(3)));
    assert_eq!(desk.draft().await.document.headline, "First");
    let revisions = desk.revisions().await;
    assert!(revisions.contains(&"Second by Jo: kept when revision 1 was restored".to_owned()), "{revisions:?}");

    let mut tx = desk.db.begin().await.unwrap();
    let missing = write::restore(&mut tx, STATION, STORY, 99, JO, minute(3)).await.unwrap_err();
    assert_eq!(missing.to_string(), "story 7 has no revision 99");
}

#[tokio::test]
async fn what_was_killed_or_is_from_the_wire_is_not_written_in() {
    let desk = Desk::new().await;
    let wire = Story {
        id: StoryId(8),
        source: Some(person::Source { wire: "cds".into(), external_id: "g-1".into(), canonical: None }),
        ..desk.story().await
    };
    let killed = Story { id: StoryId(9), state: State::Killed, ..desk.story().await };
    let mut tx = desk.db.begin().await.unwrap();
    for story in [&wire, &killed] {
        store::story::save_text(&mut tx, story, minute(0), "Jo").await.unwrap();
    }
    let save = || Save { version: 0, document: text("Mine"), name: String::new() };
    let error = write::save(&mut tx, STATION, wire.id, save(), JO, minute(1)).await.unwrap_err();
    assert!(matches!(error, Error::NotOurs { .. }), "{error}");
    let error = write::save(&mut tx, STATION, killed.id, save(), JO, minute(1)).await.unwrap_err();
    assert!(matches!(error, Error::WrongState { state: State::Killed, .. }), "{error}");
}
