//! What was committed survives the killing of the program.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use station::event::Revision;
use station::{Event, StoryId};
use store::Db;

use crate::engine::Engine;
use crate::sample;

const KILLS: usize = 5;
const COMMITS_BEFORE_A_KILL: usize = 20;

/// A program of its own publishes stories and says so after each commit; it is killed in the middle of its work, over
/// and over, on the same file. Whatever it said is there, and nothing is there by halves.
#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let engine = Engine::sqlite();
    let db = engine.open_migrated().await;
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    db.close().await;

    let mut acknowledged = Vec::new();
    for _ in 0..KILLS {
        let url = engine.url.clone();
        acknowledged.extend(tokio::task::spawn_blocking(move || publish_until_killed(&url)).await.unwrap());
        let db = engine.open_migrated().await;
        check(&db, &acknowledged).await;
        db.close().await;
    }
    assert!(acknowledged.len() >= KILLS * COMMITS_BEFORE_A_KILL);
}

async fn check(db: &Db, acknowledged: &[i64]) {
    let station = station::StationId(1);
    let log = store::change::after(db, station, Revision(1), u32::MAX).await.unwrap();
    let published: Vec<i64> = log
        .iter()
        .map(|message| match message.event {
            Event::StoryPublished { story } => story.0,
            ref other => panic!("{other:?} in the log"),
        })
        .collect();
    for id in acknowledged {
        assert!(published.contains(id), "story {id} was acknowledged and is not in the log");
    }
    for (message, id) in log.iter().zip(&published) {
        let story = store::story::by_id(db, station, StoryId(*id)).await.unwrap();
        assert!(story.is_some(), "{message:?} tells of a story that is not there");
        let history = store::story::history(db, station, StoryId(*id), 9).await.unwrap();
        assert_eq!(history.len(), 1, "story {id} has no revision");
    }
    let revisions: Vec<i64> = log.iter().filter_map(|message| Some(message.revision?.0)).collect();
    assert_eq!(revisions, (2..2 + revisions.len() as i64).collect::<Vec<_>>());
    let heads = store::change::heads(db).await.unwrap();
    assert_eq!(heads[0].1.0, revisions.len() as i64 + 1);
}

/// Runs this same test program as the one to be killed; returns what it acknowledged, also at the very last.
fn publish_until_killed(url: &str) -> Vec<i64> {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::the_program_to_be_killed", "--ignored", "--nocapture"])
        .env("STORE_TO_WRITE", url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut acknowledged: Vec<i64> = Vec::new();
    while acknowledged.len() < COMMITS_BEFORE_A_KILL {
        let line = lines.next().expect("the program writes until it is killed");
        acknowledged.extend(id(&line));
    }
    victim.kill().unwrap();
    acknowledged.extend(lines.filter_map(|line| id(&line)));
    victim.wait().unwrap();
    acknowledged
}

fn id(line: &str) -> Option<i64> {
    line.strip_prefix("committed ")?.parse().ok()
}

#[tokio::test]
#[ignore = "is started, and killed, by what_was_acknowledged_survives_kill_9"]
async fn the_program_to_be_killed() {
    let Ok(url) = std::env::var("STORE_TO_WRITE") else { return };
    let db = Db::open(&url).await.unwrap();
    let alpha = sample::station("alpha", 1);
    let first = store::change::heads(&db).await.unwrap()[0].1.0 * 1000;
    for number in first.. {
        let story = sample::another_story(&alpha, number, sample::at("2026-11-24T12:00:00Z"));
        let mut tx = db.begin().await.unwrap();
        store::story::save(&mut tx, &story, &sample::saved(&alpha)).await.unwrap();
        store::change::add(&mut tx, alpha.id, &Event::StoryPublished { story: story.id }).await.unwrap();
        tx.commit().await.unwrap();
        let mut out = std::io::stdout().lock();
        // On a line of its own, whatever the test harness wrote before it.
        out.write_all(format!("\ncommitted {}\n", story.id).as_bytes()).unwrap();
        out.flush().unwrap();
    }
}
