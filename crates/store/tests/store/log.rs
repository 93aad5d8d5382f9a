//! The change log: no gaps, in the order of commits, and never without the deed.

use station::event::{Message, Revision};
use station::{Event, StationId};
use store::Db;

use crate::engine::Engine;
use crate::sample;

async fn an_event_is_told_with_its_place_in_the_log(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    assert_eq!(store::change::heads(&db).await.unwrap(), [(alpha.id, Revision(1))]);
    assert_eq!(store::change::after(&db, alpha.id, Revision(0), 9).await.unwrap(), [sample::published(&alpha)]);
    assert_eq!(store::change::after(&db, alpha.id, Revision(1), 9).await.unwrap(), []);
}

async fn the_log_is_read_on_in_pages(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    for expected in 2..=5 {
        let revision = store::change::add(&mut tx, alpha.id, &Event::StationChanged).await.unwrap();
        assert_eq!(revision, Revision(expected));
    }
    tx.commit().await.unwrap();
    let page = store::change::after(&db, alpha.id, Revision(1), 2).await.unwrap();
    assert_eq!(page.iter().filter_map(|message| message.revision).collect::<Vec<_>>(), [Revision(2), Revision(3)]);
}

async fn a_deed_that_never_happened_is_not_in_the_log(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    store::change::add(&mut tx, alpha.id, &Event::StationChanged).await.unwrap();
    drop(tx);
    let mut tx = db.begin().await.unwrap();
    let revision = store::change::add(&mut tx, alpha.id, &Event::StationChanged).await.unwrap();
    assert_eq!(revision, Revision(2), "the number of what never happened is used again");
    tx.commit().await.unwrap();
}

/// Somebody reads the log on while eight others write: at no moment is a revision visible before the ones below it.
async fn a_reader_never_sees_a_gap_while_others_write(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                for _ in 0..10 {
                    let mut tx = db.begin().await.unwrap();
                    store::change::add(&mut tx, StationId(1), &Event::StationChanged).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    let reader = tokio::spawn({
        let db = db.clone();
        async move {
            let mut last = Revision(0);
            while last < Revision(81) {
                for message in store::change::after(&db, StationId(1), last, 100).await.unwrap() {
                    assert_eq!(message.revision, Some(Revision(last.0 + 1)));
                    last = Revision(last.0 + 1);
                }
                tokio::task::yield_now().await;
            }
        }
    });
    for writer in writers {
        writer.await.unwrap();
    }
    reader.await.unwrap();
    assert_eq!(store::change::heads(&db).await.unwrap(), [(alpha.id, Revision(81))]);
}

told_to_both! {
    an_event_is_told_with_its_place_in_the_log,
    the_log_is_read_on_in_pages,
    a_deed_that_never_happened_is_not_in_the_log,
    a_reader_never_sees_a_gap_while_others_write,
}

#[tokio::test]
async fn an_event_of_a_later_version_is_taken_for_a_change_of_everything() {
    for engine in Engine::both().await {
        let db = engine.open_migrated().await;
        let alpha = sample::station("alpha", 1);
        sample::fill(&db, &alpha).await;
        engine.run(r#"INSERT INTO change (station, rev, event) VALUES (1, 2, '{"event":"mast-painted"}')"#).await;
        let expected = Message { station: alpha.id, revision: Some(Revision(2)), event: Event::StationChanged };
        assert_eq!(store::change::after(&db, alpha.id, Revision(1), 9).await.unwrap(), [expected]);
    }
}

#[tokio::test]
async fn a_passing_event_does_not_get_into_the_log() {
    let db = Engine::sqlite().open_migrated().await;
    let passing =
        Event::Title { service: sample::SERVICE, title: "A Song".into(), at: sample::at("2026-11-24T03:00:00Z") };
    let added = tokio::spawn(async move {
        let mut tx = db.begin().await.unwrap();
        store::change::add(&mut tx, StationId(1), &passing).await
    });
    assert!(added.await.unwrap_err().is_panic());
}
