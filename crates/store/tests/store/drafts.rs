//! What is being written, and how the desk finds it.

use station::story::State;
use station::{AccountId, Byline, Draft, Story};
use store::revision::{Aside, Kind};
use store::story::Sought;
use store::{Db, Error};

use crate::engine::Engine;
use crate::sample::{self, ACCOUNT, STORY, at};

async fn a_draft_comes_back_as_it_was_saved_and_the_story_stays(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let kept = store::draft::by_story(&db, alpha.id, STORY).await.unwrap().unwrap();
    assert_eq!(kept, sample::draft(&alpha));
    assert!(kept.is_ahead());
    let story = store::story::by_id(&db, alpha.id, STORY).await.unwrap().unwrap();
    assert_eq!(story, sample::story(&alpha), "what stands changed");

    let mut tx = db.begin().await.unwrap();
    store::draft::stands(&mut tx, alpha.id, STORY).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!store::draft::by_story(&db, alpha.id, STORY).await.unwrap().unwrap().is_ahead());
}

async fn a_draft_is_of_a_story_that_there_is(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    let stray = store::draft::Kept { story: station::StoryId(999), ..sample::draft(&alpha) };
    assert!(matches!(store::draft::save(&mut tx, &stray).await.unwrap_err(), Error::Missing { .. }));
}

async fn a_lock_is_given_back_by_whoever_holds_it(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    assert_eq!(store::draft::lock_in(&mut tx, alpha.id, STORY).await.unwrap(), Some(sample::lock(&alpha)));
    assert!(!store::draft::release(&mut tx, alpha.id, STORY, AccountId(9)).await.unwrap(), "it is another's");
    assert!(store::draft::release(&mut tx, alpha.id, STORY, ACCOUNT).await.unwrap());
    assert_eq!(store::draft::lock_in(&mut tx, alpha.id, STORY).await.unwrap(), None);
}

async fn what_a_save_was_answered_is_kept_for_a_while(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    let noon = at("2026-11-24T12:00:00Z");
    store::draft::answer(&mut tx, alpha.id, STORY, "later", noon, "1").await.unwrap();
    store::draft::forget_answers(&mut tx, alpha.id, STORY, noon).await.unwrap();
    assert_eq!(store::draft::answered_in(&mut tx, alpha.id, STORY, "save").await.unwrap(), None);
    assert_eq!(store::draft::answered_in(&mut tx, alpha.id, STORY, "later").await.unwrap().as_deref(), Some("1"));
    let twice = store::draft::answer(&mut tx, alpha.id, STORY, "later", noon, "2").await.unwrap_err();
    assert!(matches!(twice, Error::Taken { .. }), "{twice}");
}

async fn only_autosaves_can_be_forgotten(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    let document = Draft { headline: "On its way".into(), ..sample::draft(&alpha).document };
    let aside = Aside {
        document: &document,
        saved_at: at("2026-11-24T04:00:00Z"),
        saved_by: "Jo",
        why: "",
        kind: Kind::Autosave,
    };
    assert_eq!(store::revision::add(&mut tx, alpha.id, STORY, aside).await.unwrap(), 3);
    assert_eq!(store::revision::add(&mut tx, alpha.id, STORY, aside).await.unwrap(), 4);
    assert!(store::revision::name(&mut tx, alpha.id, STORY, 3, "the long one").await.unwrap());
    assert!(!store::revision::name(&mut tx, alpha.id, STORY, 1, "not this").await.unwrap(), "it stood");
    for number in 1..=4 {
        store::revision::forget(&mut tx, alpha.id, STORY, number).await.unwrap();
    }
    tx.commit().await.unwrap();
    let lines = store::revision::list(&db, alpha.id, STORY, None, 9).await.unwrap();
    let told: Vec<_> = lines.iter().map(|line| (line.number, line.kind, line.why.as_str())).collect();
    assert_eq!(
        told,
        [(3, Kind::Named, "the long one"), (2, Kind::Named, "before lunch"), (1, Kind::Story, "first text")]
    );
    assert_eq!(store::revision::by_number(&db, alpha.id, STORY, 3).await.unwrap(), Some(document));
    let stood = store::revision::by_number(&db, alpha.id, STORY, 1).await.unwrap();
    assert_eq!(stood, Some(Draft::of(&sample::story(&alpha))), "what stood reads as a draft too");
    let older = store::revision::list(&db, alpha.id, STORY, Some(2), 9).await.unwrap();
    assert_eq!(older.len(), 1);
}

async fn the_desk_lists_what_is_not_published_too(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let draft = draft_of(&alpha, 1, "First text");
    sample::save_story(&db, &alpha, &draft).await;
    sample::save_story(&db, &alpha, &Story { headline: "Second text".into(), ..draft.clone() }).await;
    let everything = Sought::default();
    let list = store::story::list_for_desk(&db, alpha.id, &everything, None, 9).await.unwrap();
    let told: Vec<_> = list.iter().map(|listed| (listed.id, listed.state, listed.is_ahead)).collect();
    assert_eq!(told, [(draft.id, State::Draft, false), (STORY, State::Published, true)]);
    assert_eq!((list[0].headline.as_str(), list[0].path_date.as_deref()), ("Second text", None));
    assert_eq!((list[1].saved_by.as_str(), list[1].path_date.as_deref()), ("Jo of alpha", Some(sample::STORY_DATE)));
    assert_eq!(list[1].lock, Some(("Jo of alpha".into(), at("2026-11-24T03:35:00Z"))));
    let older = Some((list[0].saved_at, draft.id));
    assert_eq!(store::story::list_for_desk(&db, alpha.id, &everything, older, 9).await.unwrap().len(), 1);
}

async fn a_story_is_found_by_state_section_writer_and_words(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let draft = draft_of(&alpha, 1, "Café Müller closes its doors");
    sample::save_story(&db, &alpha, &draft).await;
    let (news, arts) = (sample::slug("news"), sample::slug("arts"));
    let found = async |sought: Sought<'_>| {
        let list = store::story::list_for_desk(&db, alpha.id, &sought, None, 9).await.unwrap();
        list.into_iter().map(|listed| listed.id).collect::<Vec<_>>()
    };
    let any = Sought::default();
    assert_eq!(found(Sought { state: Some(State::Draft), ..any }).await, [draft.id]);
    assert_eq!(found(Sought { section: Some(&news), ..any }).await, [draft.id, STORY]);
    assert_eq!(found(Sought { section: Some(&arts), ..any }).await, []);
    assert_eq!(found(Sought { section: Some(&news), state: Some(State::Published), ..any }).await, [STORY]);
    assert_eq!(found(Sought { writer: Some(ACCOUNT), ..any }).await, [STORY]);
    assert_eq!(found(Sought { writer: Some(ACCOUNT), state: Some(State::Draft), ..any }).await, []);
    for (words, ids) in [
        ("cafe", &[draft.id][..]),
        ("DOORS mull", &[draft.id]),
        ("stringer", &[draft.id, STORY]),
        ("river alph", &[STORY]),
        ("cafe river", &[]),
        ("oors", &[]),
        ("%_*", &[]),
    ] {
        assert_eq!(found(Sought { words, ..any }).await, ids, "{words}");
    }
    assert_eq!(found(Sought { words: "stringer", state: Some(State::Published), ..any }).await, [STORY]);

    // What is not said any more finds nothing.
    sample::save_story(&db, &alpha, &Story { headline: "It stays open".into(), bylines: vec![], ..draft.clone() })
        .await;
    assert_eq!(found(Sought { words: "cafe", ..any }).await, []);
    assert_eq!(found(Sought { words: "open", ..any }).await, [draft.id]);
}

#[tokio::test]
async fn the_desks_list_goes_through_no_table_from_end_to_end() {
    use sqlx::{Connection, Row, SqliteConnection};

    let engine = Engine::sqlite();
    engine.open_migrated().await;
    let mut sqlite = SqliteConnection::connect(&engine.url).await.unwrap();
    let lists = store::questions().filter(|question| question.name.starts_with("FOR_DESK"));
    let mut count = 0;
    for question in lists {
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", question.sql));
        let steps = sqlx::query(explain).fetch_all(&mut sqlite).await.unwrap();
        let steps: Vec<String> = steps.iter().map(|step| step.get("detail")).collect();
        // What the words have found is a list of its own, and is sorted: by how many there are, not by how many stories.
        let is_found =
            |step: &&String| step.contains("found") || question.name == "FOR_DESK_BY_WORDS" && step.contains("B-TREE");
        let slow: Vec<_> = steps
            .iter()
            .filter(|step| !is_found(step))
            .filter(|step| step.starts_with("SCAN") || step.contains("TEMP B-TREE"))
            .collect();
        assert!(slow.is_empty(), "{}: {steps:#?}", question.name);
        count += 1;
    }
    assert_eq!(count, 6);
}

fn draft_of(station: &station::Station, number: i64, headline: &str) -> Story {
    Story {
        state: State::Draft,
        published_at: None,
        headline: headline.into(),
        bylines: vec![Byline { name: "A Stringer".into(), person: None }],
        ..sample::another_story(station, number, at("2026-11-24T09:00:00Z"))
    }
}

told_to_both! {
    a_draft_comes_back_as_it_was_saved_and_the_story_stays,
    a_draft_is_of_a_story_that_there_is,
    a_lock_is_given_back_by_whoever_holds_it,
    what_a_save_was_answered_is_kept_for_a_while,
    only_autosaves_can_be_forgotten,
    the_desk_lists_what_is_not_published_too,
    a_story_is_found_by_state_section_writer_and_words,
}
