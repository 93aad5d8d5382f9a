//! Eight people change the same story at once, and nobody's work is lost.

use station::{Event, Story};
use store::{Db, Result};

use crate::sample::{self, STORY};

const WRITERS: usize = 8;
const CHANGES: usize = 25;

async fn eight_writers_lose_nothing_and_none_is_turned_away(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    sample::save_story(&db, &alpha, &Story { headline: "0".into(), ..sample::story(&alpha) }).await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                for _ in 0..CHANGES {
                    count_up(&db).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let changes = WRITERS * CHANGES;
    let story = store::story::by_id(&db, alpha.id, STORY).await.unwrap().unwrap();
    assert_eq!(story.headline, changes.to_string());
    assert_eq!(store::story::history(&db, alpha.id, STORY, 999).await.unwrap().len(), changes + 2);
    assert_eq!(store::change::heads(&db).await.unwrap()[0].1.0 as usize, changes + 1);
}

/// Reads the number that the headline is, and saves the next one.
async fn count_up(db: &Db) -> Result<()> {
    let alpha = sample::station("alpha", 1);
    let mut tx = db.begin().await?;
    let mut story = store::story::by_external_in(&mut tx, alpha.id, "cds", "story-1").await?.unwrap();
    story.headline = (story.headline.parse::<u32>().unwrap() + 1).to_string();
    store::story::save(&mut tx, &story, &sample::saved(&alpha)).await?;
    store::change::add(&mut tx, alpha.id, &Event::StoryUpdated { story: story.id }).await?;
    tx.commit().await
}

told_to_both! { eight_writers_lose_nothing_and_none_is_turned_away }
