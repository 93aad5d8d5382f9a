//! Opening and migrating, and what is said when it fails.

use std::error::Error as _;

use store::{Db, Error};

use crate::engine::Engine;
use crate::sample;

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let error = Db::open("sqlite:///nowhere/at/all/station.db").await.unwrap_err();
    assert_eq!(error.to_string(), "the store at `/nowhere/at/all/station.db` cannot be opened");
    assert!(error.source().is_some());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "this is not a database, but it is long enough to look like one".repeat(99)).unwrap();
    let error = Db::open(&format!("sqlite://{}", path.display())).await.unwrap_err();
    assert!(error.to_string().contains("notes.txt"), "{error}");
}

#[tokio::test]
async fn a_password_is_never_in_what_is_said() {
    for url in [
        "postgres://desk:hunter2@127.0.0.1:1/station",
        "postgres://desk:hunter2@127.0.0.1:notaport/station",
        "postgres://desk:hunter2@[::1/station",
        "mysql://desk:hunter2@localhost/station",
        "desk:hunter2",
    ] {
        let error = Db::open(url).await.unwrap_err();
        let said = format!("{error} {error:?} {:?}", error.source().map(ToString::to_string));
        assert!(!said.contains("hunter2"), "{url}: {said}");
    }
    let error = Db::open("postgres://desk:hunter2@127.0.0.1:1/station").await.unwrap_err();
    assert_eq!(error.to_string(), "the store at 127.0.0.1:1, database `station` cannot be opened");
    let cause = error.source().unwrap().to_string();
    assert!(cause.contains("refused"), "the cause is told: {cause}");
    let error = Db::open("mysql://localhost/station").await.unwrap_err();
    assert_eq!(error.to_string(), "a store's address starts with sqlite:// or postgres://, not with `mysql`");
}

#[tokio::test]
async fn a_closed_store_is_unavailable_and_not_broken() {
    for engine in Engine::both().await {
        let db = engine.open_migrated().await;
        db.ping().await.unwrap();
        db.close().await;
        assert!(db.ping().await.unwrap_err().is_unavailable());
        assert!(db.begin().await.unwrap_err().is_unavailable());
        assert!(store::station::all(&db).await.unwrap_err().is_unavailable());
    }
}

#[tokio::test]
async fn migrating_twice_and_from_many_programs_at_once_is_harmless() {
    for engine in [Engine::sqlite(), Engine::postgres().await, Engine::postgres().await, Engine::postgres().await] {
        let mut programs = Vec::new();
        for _ in 0..4 {
            programs.push(engine.open().await);
        }
        let migrations = programs.iter().cloned().map(|db| tokio::spawn(async move { db.migrate().await }));
        for migration in migrations.collect::<Vec<_>>() {
            migration.await.unwrap().unwrap();
        }
        programs[0].migrate().await.unwrap();
        sample::fill(&programs[1], &sample::station("alpha", 1)).await;
        assert_eq!(store::station::all(&programs[2]).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn rows_of_a_later_version_are_refused() {
    for engine in Engine::both().await {
        let db = engine.open_migrated().await;
        engine.run("INSERT INTO migration (step, text) VALUES (4711, 'from the future')").await;
        let error = db.migrate().await.unwrap_err();
        assert!(matches!(error, Error::TooNew { found: 4711, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_migration_that_reads_differently_is_refused() {
    for engine in Engine::both().await {
        let db = engine.open_migrated().await;
        engine.run("UPDATE migration SET text = text || ' ' WHERE step = 1").await;
        let error = db.migrate().await.unwrap_err();
        assert!(matches!(error, Error::Altered { step: 1 }), "{error:?}");
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_names_its_column() {
    for engine in Engine::both().await {
        let db = engine.open_migrated().await;
        let alpha = sample::station("alpha", 1);
        sample::fill(&db, &alpha).await;
        for (damage, column) in [
            ("UPDATE story SET body = '[{\"block\":'", "body"),
            ("UPDATE story SET slug = 'Not A Slug', body = '[]'", "slug"),
            ("UPDATE story SET slug = 'a', state = 'lost'", "state"),
            ("UPDATE story SET state = 'published', published_at = 9223372036854775807", "published_at"),
        ] {
            engine.run(damage).await;
            let error = store::story::by_id(&db, alpha.id, sample::STORY).await.unwrap_err();
            assert!(matches!(&error, Error::Corrupt { what, .. } if what == column), "{damage}: {error:?}");
        }
    }
}
