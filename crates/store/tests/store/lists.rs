//! Lists: published only, newest first, no story twice and none skipped.

use std::time::Duration;

use station::story::State;
use station::{Episode, EpisodeId, PersonId, Story};
use store::Db;

use crate::sample::{self, PERSON, PROGRAMME, at};

/// Reads a list to its end, three at a time, while a new story appears after every page.
async fn pages_hold_every_story_once_while_new_ones_appear(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let start = at("2026-11-24T12:00:00Z");
    for number in 1..=10 {
        // Pairs share a moment: then the id decides.
        let story = sample::another_story(&alpha, number, start + Duration::from_secs(number as u64 / 2));
        sample::save_story(&db, &alpha, &story).await;
    }
    let (mut read, mut before, mut appeared) = (Vec::new(), None, 100);
    loop {
        let page = store::story::latest(&db, alpha.id, before, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.published_at, last.id));
        read.extend(page.iter().map(|story| story.id.0 - sample::STORY.0));
        appeared += 1;
        let new = sample::another_story(&alpha, appeared, start + Duration::from_secs(appeared as u64));
        sample::save_story(&db, &alpha, &new).await;
    }
    assert_eq!(read, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
}

async fn a_list_holds_only_what_can_be_read(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    for (number, state) in [(1, State::Draft), (2, State::Withdrawn), (3, State::Killed)] {
        let story = sample::another_story(&alpha, number, at("2026-11-24T12:00:00Z"));
        sample::save_story(&db, &alpha, &Story { state, ..story }).await;
    }
    let latest = store::story::latest(&db, alpha.id, None, 9).await.unwrap();
    let in_section = store::story::latest_in_section(&db, alpha.id, "news", None, 9).await.unwrap();
    let by_person = store::story::by_person(&db, alpha.id, PERSON, None, 9).await.unwrap();
    for list in [latest, in_section, by_person] {
        assert_eq!(list.iter().map(|story| story.id).collect::<Vec<_>>(), [sample::STORY]);
        assert_eq!(list[0].headline, "The river rises at alpha");
        assert_eq!(list[0].published_at, sample::story(&alpha).published_at.unwrap());
    }
}

async fn a_section_lists_its_own_and_a_person_theirs(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    let science = station::Section { slug: sample::slug("science"), ..sample::section(&alpha) };
    store::section::save(&mut tx, &science).await.unwrap();
    tx.commit().await.unwrap();
    let elsewhere = Story {
        section: science.slug,
        bylines: vec![],
        ..sample::another_story(&alpha, 1, at("2026-11-24T12:00:00Z"))
    };
    sample::save_story(&db, &alpha, &elsewhere).await;

    let ids = |list: Vec<station::story::Summary>| list.into_iter().map(|story| story.id).collect::<Vec<_>>();
    let section = async |name| ids(store::story::latest_in_section(&db, alpha.id, name, None, 9).await.unwrap());
    assert_eq!(section("science").await, [elsewhere.id]);
    assert_eq!(section("news").await, [sample::STORY]);
    let by = async |person| ids(store::story::by_person(&db, alpha.id, person, None, 9).await.unwrap());
    assert_eq!(by(PERSON).await, [sample::STORY]);
    assert_eq!(by(PersonId(4)).await, []);

    // The credit goes: so does the story from the list.
    sample::save_story(&db, &alpha, &Story { bylines: vec![], ..sample::story(&alpha) }).await;
    assert_eq!(by(PERSON).await, []);
}

async fn episodes_are_listed_newest_first_page_by_page(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    for number in 1..=4 {
        let episode = Episode {
            id: EpisodeId(sample::EPISODE.0 + number),
            slug: sample::slug(&format!("episode-{number}")),
            ..sample::episode(&alpha)
        };
        store::episode::save(&mut tx, &episode).await.unwrap();
    }
    tx.commit().await.unwrap();
    let numbers = |page: &[Episode]| page.iter().map(|e| e.id.0 - sample::EPISODE.0).collect::<Vec<_>>();
    let first = store::episode::latest(&db, alpha.id, None, 3).await.unwrap();
    assert_eq!(numbers(&first), [4, 3, 2]);
    let before = Some((first[2].published_at, first[2].id));
    assert_eq!(numbers(&store::episode::latest(&db, alpha.id, before, 3).await.unwrap()), [1, 0]);
    let of_programme = store::episode::by_programme(&db, alpha.id, PROGRAMME, before, 1).await.unwrap();
    assert_eq!(numbers(&of_programme), [1]);
}

told_to_both! {
    pages_hold_every_story_once_while_new_ones_appear,
    a_list_holds_only_what_can_be_read,
    a_section_lists_its_own_and_a_person_theirs,
    episodes_are_listed_newest_first_page_by_page,
}
