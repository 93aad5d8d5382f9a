//! Plans, redirects and what was asked for in vain.

use station::redirect::{Cause, Pattern};
use station::{Redirect, Story, StoryId};
use store::Db;
use store::missed::MISSED_MAX;

use crate::sample::{self, STORY, at};

/// Many take one plan at once; who has it and does not commit has not had it.
async fn of_all_who_take_a_plan_one_gets_it(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let due_at = sample::plan(&alpha).due_at;
    let mut early = db.begin().await.unwrap();
    let before = due_at - std::time::Duration::from_micros(1);
    assert_eq!(store::plan::take_in(&mut early, alpha.id, STORY, before).await.unwrap(), None);
    assert!(store::plan::take_in(&mut early, alpha.id, STORY, due_at).await.unwrap().is_some());
    drop(early);
    let takers = (0..6).map(|_| {
        let (db, station) = (db.clone(), alpha.id);
        tokio::spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let taken = store::plan::take_in(&mut tx, station, STORY, due_at).await.unwrap();
            tx.commit().await.unwrap();
            taken.is_some()
        })
    });
    let mut taken = 0;
    for taker in takers.collect::<Vec<_>>() {
        taken += usize::from(taker.await.unwrap());
    }
    assert_eq!(taken, 1);
    assert_eq!(store::plan::next(&db, alpha.id).await.unwrap(), None);
}

async fn a_plan_that_is_put_off_waits_with_its_reason_and_one_made_anew_does_not(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let plan = sample::plan(&alpha);
    let later = plan.due_at + std::time::Duration::from_secs(60);
    let put_off = async || {
        let mut tx = db.begin().await.unwrap();
        store::plan::put_off(&mut tx, alpha.id, STORY, plan.due_at, later, "the lights went out").await.unwrap();
        tx.commit().await.unwrap();
    };
    put_off().await;
    // Once it waits, nobody who came at the same moment puts it off again.
    put_off().await;
    assert_eq!(store::plan::due(&db, alpha.id, plan.due_at, 9).await.unwrap(), []);
    assert_eq!(store::plan::due(&db, alpha.id, later, 9).await.unwrap(), [STORY]);
    let found = store::plan::of_story(&db, alpha.id, STORY).await.unwrap().unwrap();
    assert_eq!((found.tries, found.fault.as_deref(), found.due_at), (1, Some("the lights went out"), plan.due_at));
    let mut tx = db.begin().await.unwrap();
    store::plan::save(&mut tx, &plan).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store::plan::of_story(&db, alpha.id, STORY).await.unwrap().unwrap(), plan);
    assert_eq!(store::plan::next(&db, alpha.id).await.unwrap(), Some(plan.due_at));
}

async fn plans_are_worked_off_in_the_order_in_which_they_are_due(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let first = sample::plan(&alpha);
    for number in 1..=3 {
        let story = sample::another_story(&alpha, number, at("2026-11-24T12:00:00Z"));
        sample::save_story(&db, &alpha, &story).await;
        let due_at = first.due_at - std::time::Duration::from_secs(number as u64);
        let plan =
            station::act::Plan { story: story.id, due_at, text: Story { id: story.id, ..story }, ..first.clone() };
        let mut tx = db.begin().await.unwrap();
        store::plan::save(&mut tx, &plan).await.unwrap();
        tx.commit().await.unwrap();
    }
    let due = store::plan::due(&db, alpha.id, first.due_at, 3).await.unwrap();
    assert_eq!(due, [3, 2, 1].map(|number| StoryId(STORY.0 + number)));
}

async fn the_list_of_what_was_asked_for_in_vain_keeps_what_many_asked_for(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let probes: Vec<(String, u32)> = (0..MISSED_MAX + 50).map(|number| (format!("/probe/{number}"), 1)).collect();
    let add = async |paths: &[(String, u32)], moment: &str| {
        let mut tx = db.begin().await.unwrap();
        store::missed::add(&mut tx, alpha.id, paths, at(moment)).await.unwrap();
        tx.commit().await.unwrap();
    };
    add(&[("/flood".to_owned(), 2), ("/fire".to_owned(), 7)], "2026-11-24T09:00:00Z").await;
    add(&[("/flood".to_owned(), 40)], "2026-11-24T10:00:00Z").await;
    add(&probes, "2026-11-24T11:00:00Z").await;
    let most = store::missed::most(&db, alpha.id, MISSED_MAX + 99).await.unwrap();
    assert_eq!(most.len(), MISSED_MAX as usize);
    let first: Vec<(&str, i64)> = most.iter().take(2).map(|missed| (missed.path.as_str(), missed.times)).collect();
    assert_eq!(first, [("/flood", 42), ("/fire", 7)]);
    assert_eq!(most[0].last_at, at("2026-11-24T10:00:00Z"));
    let mut tx = db.begin().await.unwrap();
    store::missed::forget(&mut tx, alpha.id, "/flood").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store::missed::most(&db, alpha.id, 1).await.unwrap()[0].path, "/fire");
}

async fn the_longest_beginning_covers_and_the_list_is_read_to_its_end(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    for (number, (from, to)) in
        (0..).zip([("/a/*", "/one"), ("/a/b/*", "/two"), ("/a/b/c", "/three"), ("/x", "/a/b/c"), ("/y", "/x")])
    {
        let redirect = Redirect {
            from: Pattern::parse(from).unwrap(),
            to: to.into(),
            cause: Cause::Imported,
            // Two of each moment: then the path decides.
            at: at("2026-11-24T09:00:00Z") + std::time::Duration::from_secs(number / 2),
            ..sample::redirect(&alpha)
        };
        store::redirect::save(&mut tx, alpha.id, &redirect).await.unwrap();
    }
    tx.commit().await.unwrap();
    let leads = async |path: &str| {
        store::redirect::covering(&db, alpha.id, path).await.unwrap().map(|redirect| redirect.target(path))
    };
    for (path, to) in [
        ("/a", Some("/one")),
        ("/a/z", Some("/one")),
        ("/a/b", Some("/two")),
        ("/a/b/c", Some("/three")),
        ("/a/b/c/d", Some("/two")),
        ("/a/b/c/d/e/f/g/h/i/j/k/l", Some("/two")),
        ("/ab", None),
        ("/", None),
        ("", None),
    ] {
        assert_eq!(leads(path).await.as_deref(), to, "{path}");
    }
    let (mut read, mut before) = (Vec::new(), None);
    loop {
        let place = before.as_ref().map(|(moment, path): &(_, String)| (*moment, path.as_str()));
        let page = store::redirect::list(&db, alpha.id, place, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some((last.at, last.from.path.clone()));
        read.extend(page.into_iter().map(|redirect| redirect.from.to_string()));
    }
    assert_eq!(read, ["/y", "/x", "/a/b/c", "/a/b/*", "/a/*", "/old/*"]);
    assert_eq!(store::redirect::count(&db, alpha.id).await.unwrap(), 6);
}

told_to_both! {
    of_all_who_take_a_plan_one_gets_it,
    a_plan_that_is_put_off_waits_with_its_reason_and_one_made_anew_does_not,
    plans_are_worked_off_in_the_order_in_which_they_are_due,
    the_list_of_what_was_asked_for_in_vain_keeps_what_many_asked_for,
    the_longest_beginning_covers_and_the_list_is_read_to_its_end,
}
