//! What the newsroom's acts do to a story, its history and the change log.

mod desk;

use desk::{Desk, STATION, STORY, at, draft, evening, from_the_wire, morning};
use jiff::SignedDuration;
use newsroom::{Error, Weight};
use station::act::Ending;
use station::redirect::{Cause, Pattern};
use station::story::State;
use station::*;

#[tokio::test]
async fn publishing_writes_story_revision_step_and_event_at_once() {
    let desk = Desk::new().await;
    desk.save(&draft()).await;
    let published = desk.publish().await.unwrap();
    assert_eq!((published.state, published.published_at), (State::Published, Some(morning())));
    let found = store::story::by_path(&desk.db, STATION, "news", "2026-11-24", "the-bridge-opens").await.unwrap();
    assert_eq!(found, Some(published));
    assert_eq!(desk.history().await, ["Jo: published", "Jo: saved"]);
    assert_eq!(desk.steps().await, ["Jo: publish from draft to published"]);
    assert_eq!(desk.events().await, [Event::StoryPublished { story: STORY }]);
}

#[tokio::test]
async fn until_it_is_committed_nothing_is_done() {
    let desk = Desk::new().await;
    desk.save(&draft()).await;
    let mut tx = desk.db.begin().await.unwrap();
    newsroom::publish(&mut tx, &desk.errand("Jo", morning())).await.unwrap();
    drop(tx);
    assert_eq!(desk.story().await, draft());
    assert_eq!(desk.steps().await, [""; 0]);
    assert_eq!(desk.events().await, []);
}

/// Every act is tried in every state: where the table lets it, the story moves, with a revision or a plan, a step and an
/// event; where not, nothing is written and the reason can be read out.
#[tokio::test]
async fn every_act_in_every_state_is_done_or_refused_with_a_sentence() {
    for act in Act::ALL {
        for state in State::ALL {
            let desk = Desk::new().await;
            desk.put(state).await;
            desk.prepare(act).await;
            let (events, steps) = (desk.events().await.len(), desk.steps().await.len());
            let done = desk.act(act).await;
            let (found, name) = (desk.story().await, format!("{} of {}", act.as_str(), state.as_str()));
            match act.leads(state) {
                Some(to) => {
                    done.unwrap_or_else(|error| panic!("{name}: {error}"));
                    assert_eq!(found.state, to, "{name}");
                    assert_eq!(desk.events().await.len(), events + 1, "{name}");
                    let step = format!("Ada: {} from {} to {}", act.as_str(), state.as_str(), to.as_str());
                    assert_eq!(desk.steps().await.first(), Some(&step));
                }
                None => {
                    let error = done.expect_err(&name);
                    assert!(matches!(error, Error::WrongState { .. }), "{name}: {error}");
                    let sentence = format!("a story that is {} cannot be {}", state.words(), act.done());
                    assert_eq!(error.to_string(), sentence);
                    assert_eq!(found.state, state, "{name}");
                    assert_eq!((desk.events().await.len(), desk.steps().await.len()), (events, steps), "{name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_story_from_the_wire_can_be_killed_and_nothing_else() {
    for act in Act::ALL {
        let desk = Desk::new().await;
        desk.save(&from_the_wire()).await;
        match act {
            Act::Kill => assert!(desk.act(act).await.is_ok() && desk.story().await.state == State::Killed),
            _ => assert!(matches!(desk.act(act).await, Err(Error::NotOurs { .. })), "{}", act.as_str()),
        }
    }
}

#[tokio::test]
async fn what_comes_whole_is_published_with_the_date_it_brings() {
    let desk = Desk::new().await;
    let earlier = at("2019-05-01T12:00:00Z");
    let whole = async |story| {
        let mut tx = desk.db.begin().await.unwrap();
        let published = newsroom::publish_whole(&mut tx, story, "Jo", morning()).await?;
        tx.commit().await.unwrap();
        newsroom::Result::Ok(published)
    };
    let published = whole(Story { published_at: Some(earlier), ..draft() }).await.unwrap();
    assert_eq!((published.state, published.published_at), (State::Published, Some(earlier)));
    let again = whole(draft()).await.unwrap_err();
    assert_eq!(again.to_string(), "a story that is published cannot be published");
    desk.act(Act::Kill).await.unwrap();
    let error = whole(draft()).await.unwrap_err();
    assert!(matches!(error, Error::WrongState { act: "published", state: State::Killed }), "an old copy came back");
}

#[tokio::test]
async fn a_story_without_headline_or_text_reaches_no_reader() {
    for (story, what) in
        [(Story { headline: " ".into(), ..draft() }, "the headline"), (Story { body: vec![], ..draft() }, "the text")]
    {
        for act in [Act::Approve, Act::Schedule, Act::Publish] {
            let desk = Desk::new().await;
            desk.save(&story).await;
            let error = desk.act(act).await.unwrap_err();
            assert!(matches!(error, Error::Incomplete { what: missing } if missing == what), "{error}");
            assert_eq!(desk.story().await.state, State::Draft);
        }
    }
}

#[tokio::test]
async fn a_correction_says_what_was_wrong_and_dates_the_story() {
    let desk = Desk::new().await;
    desk.put(State::Published).await;
    desk.correct("It was Tuesday.").await.unwrap();
    let corrected = desk.correct("The bridge is ours.").await.unwrap();
    assert_eq!(desk.story().await, corrected);
    assert_eq!((corrected.state, corrected.updated_at), (State::Published, Some(evening())));
    let admissions: Vec<_> = corrected.corrections.iter().map(|correction| correction.text.words()).collect();
    assert_eq!(admissions, ["It was Tuesday.", "The bridge is ours."]);
    assert_eq!(desk.history().await[0], "Ada: corrected: The bridge is ours.");
    assert_eq!(desk.events().await.last(), Some(&Event::StoryUpdated { story: STORY }));
    let silent = desk.correct(" ").await.unwrap_err();
    assert!(matches!(silent, Error::Incomplete { what: "what was wrong" }));
}

#[tokio::test]
async fn a_major_update_dates_the_story_and_a_minor_one_does_not() {
    for (weight, updated_at) in [(Weight::Minor, None), (Weight::Major, Some(evening()))] {
        let desk = Desk::new().await;
        desk.put(State::Published).await;
        let unchanged = desk.update(weight).await.unwrap_err();
        assert!(matches!(unchanged, Error::Unchanged));
        desk.write(|text| text.headline = "The bridge is open".into()).await;
        assert_eq!(desk.story().await.headline, "The bridge opens", "writing alone changed what readers see");
        let updated = desk.update(weight).await.unwrap();
        assert_eq!((updated.headline.as_str(), updated.updated_at), ("The bridge is open", updated_at));
        assert_eq!(updated.published_at, Some(morning()));
        assert!(!desk.is_ahead().await, "the draft is what readers see");
    }
}

#[tokio::test]
async fn a_new_address_leaves_the_old_one_leading_there_in_one_step() {
    let desk = Desk::new().await;
    desk.put(State::Published).await;
    for slug in ["the-bridge", "a-bridge-opens", "the-bridge-opens"] {
        desk.write(|text| text.slug = Some(Slug::parse(slug).unwrap())).await;
        desk.update(Weight::Minor).await.unwrap();
        let here = format!("/news/2026-11-24/{slug}");
        for other in ["the-bridge", "a-bridge-opens", "the-bridge-opens"] {
            let there = format!("/news/2026-11-24/{other}");
            let redirect = store::redirect::covering(&desk.db, STATION, &there).await.unwrap();
            if let Some(redirect) = redirect {
                assert_eq!((redirect.target(&there), redirect.cause), (here.clone(), Cause::Moved));
                assert_ne!(other, slug, "readers are led away from where the story stands");
            }
        }
    }
    assert_eq!(store::redirect::count(&desk.db, STATION).await.unwrap(), 2);
}

#[tokio::test]
async fn two_stories_never_have_one_address() {
    let desk = Desk::new().await;
    desk.put(State::Published).await;
    desk.save(&Story { id: StoryId(8), ..draft() }).await;
    let mut tx = desk.db.begin().await.unwrap();
    let errand = newsroom::Errand { story: StoryId(8), ..desk.errand("Ada", evening()) };
    let error = newsroom::publish(&mut tx, &errand).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "another story stands at /news/2026-11-24/the-bridge-opens already: choose another address"
    );
}

#[tokio::test]
async fn an_unpublished_story_keeps_its_date_and_comes_back() {
    let desk = Desk::new().await;
    desk.put(State::Published).await;
    desk.unpublish(Ending::Redirect { to: "/news".into() }).await.unwrap();
    assert_eq!(desk.story().await.state, State::Unpublished);
    assert_eq!(store::story::latest(&desk.db, STATION, None, 9).await.unwrap(), []);
    assert_eq!(desk.events().await.last(), Some(&Event::StoryWithdrawn { story: STORY }));
    let path = "/news/2026-11-24/the-bridge-opens";
    let redirect = store::redirect::covering(&desk.db, STATION, path).await.unwrap().unwrap();
    assert_eq!((redirect.target(path).as_str(), redirect.cause), ("/news", Cause::Unpublished));

    let again = desk.act(Act::Publish).await;
    again.unwrap();
    assert_eq!(desk.story().await.published_at, Some(morning()));
    assert_eq!(store::redirect::covering(&desk.db, STATION, path).await.unwrap(), None);
    let nowhere = desk.unpublish(Ending::Redirect { to: "javascript:x".into() }).await.unwrap_err();
    assert!(matches!(nowhere, Error::Redirect(_)));
    let silent = desk.unpublish(Ending::Notice { words: " ".into() }).await.unwrap_err();
    assert!(matches!(silent, Error::Incomplete { what: "the notice" }));
    assert_eq!(desk.story().await.state, State::Published);
}

#[tokio::test]
async fn a_killed_story_is_gone_from_lists_and_its_reason_stays() {
    let desk = Desk::new().await;
    desk.put(State::Published).await;
    desk.write(|text| text.headline = "The bridge is open".into()).await;
    desk.schedule(evening() + SignedDuration::from_hours(1)).await.unwrap();
    desk.kill("it names a child").await.unwrap();
    assert_eq!(store::story::latest(&desk.db, STATION, None, 9).await.unwrap(), []);
    assert_eq!(store::plan::of_story(&desk.db, STATION, STORY).await.unwrap(), None);
    assert_eq!(desk.history().await[0], "Ada: killed: it names a child");
    assert_eq!(desk.events().await.last(), Some(&Event::StoryWithdrawn { story: STORY }));
    let again = desk.kill("once more").await.unwrap_err();
    assert_eq!(again.to_string(), "a story that is killed cannot be killed");
    assert_eq!(desk.history().await[0], "Ada: killed: it names a child");
}

#[tokio::test]
async fn whoever_takes_something_away_says_why() {
    let desk = Desk::new().await;
    desk.put(State::Published).await;
    assert!(matches!(desk.kill("  ").await, Err(Error::Incomplete { what: "the reason" })));
    let errand = desk.errand("Ada", evening());
    let mut tx = desk.db.begin().await.unwrap();
    let silent = newsroom::unpublish(&mut tx, &errand, Ending::Gone, "").await;
    assert!(matches!(silent, Err(Error::Incomplete { what: "the reason" })));
}

#[tokio::test]
async fn what_was_planned_is_done_once_however_many_look() {
    let desk = Desk::new().await;
    desk.save(&draft()).await;
    let due = evening() + SignedDuration::from_secs(2);
    desk.schedule(due).await.unwrap();
    assert_eq!(desk.story().await.state, State::Scheduled);
    assert_eq!(desk.work_off(due - SignedDuration::from_millis(1)).await, due, "it looks again when that is due");
    assert_eq!(desk.story().await.state, State::Scheduled);
    tokio::join!(desk.work_off(due), desk.work_off(due), desk.work_off(due));
    let story = desk.story().await;
    assert_eq!((story.state, story.published_at), (State::Published, Some(due)));
    let published = desk.events().await.into_iter().filter(|event| matches!(event, Event::StoryPublished { .. }));
    assert_eq!(published.count(), 1);
    assert_eq!(desk.history().await[0], "Ada: published: as planned");
}

#[tokio::test]
async fn a_planned_change_leaves_the_old_text_up_until_its_second() {
    let desk = Desk::new().await;
    desk.put(State::Published).await;
    desk.write(|text| text.headline = "The bridge is open".into()).await;
    let due = evening() + SignedDuration::from_secs(2);
    desk.schedule(due).await.unwrap();
    // What is written, and admitted, after it was planned.
    desk.write(|text| text.headline = "Half a thought".into()).await;
    assert_eq!(desk.story().await.headline, "The bridge opens");
    desk.work_off(due).await;
    let story = desk.story().await;
    assert_eq!((story.headline.as_str(), story.updated_at), ("The bridge is open", Some(due)));
    assert_eq!(story.published_at, Some(morning()));
    assert!(desk.is_ahead().await, "what was written on is still to come");
}

#[tokio::test]
async fn what_was_taken_out_of_the_schedule_stays_out() {
    let desk = Desk::new().await;
    desk.save(&draft()).await;
    let past = desk.schedule(evening()).await.unwrap_err();
    assert!(matches!(past, Error::Past));
    let due = evening() + SignedDuration::from_secs(2);
    desk.schedule(due).await.unwrap();
    desk.act(Act::Unschedule).await.unwrap();
    desk.work_off(due).await;
    assert_eq!(desk.story().await.state, State::Ready);
    desk.put(State::Published).await;
    assert!(matches!(desk.unschedule().await, Err(Error::NoPlan)));
}

#[tokio::test]
async fn a_plan_that_fails_says_why_is_tried_again_and_holds_no_other_up() {
    let desk = Desk::new().await;
    desk.put(State::Published).await;
    desk.save(&Story { id: StoryId(8), ..draft() }).await;
    desk.save(&Story { id: StoryId(9), slug: Slug::parse("another").unwrap(), ..draft() }).await;
    let due = evening() + SignedDuration::from_secs(2);
    // The second will want the address that the first has, on the same day.
    for story in [StoryId(8), StoryId(9)] {
        let mut tx = desk.db.begin().await.unwrap();
        let errand = newsroom::Errand { story, ..desk.errand("Ada", evening()) };
        newsroom::schedule(&mut tx, &errand, due, Weight::Major).await.unwrap();
        tx.commit().await.unwrap();
    }
    desk.work_off(due).await;
    let state = async |id| store::story::by_id(&desk.db, STATION, id).await.unwrap().unwrap().state;
    assert_eq!((state(StoryId(8)).await, state(StoryId(9)).await), (State::Scheduled, State::Published));
    let plan = store::plan::of_story(&desk.db, STATION, StoryId(8)).await.unwrap().unwrap();
    assert_eq!((plan.tries, plan.due_at), (1, due));
    assert!(plan.fault.unwrap().starts_with("another story stands at"));
    let again = store::plan::next(&desk.db, STATION).await.unwrap().unwrap();
    assert_eq!(again, due + SignedDuration::from_secs(2));

    // The first goes elsewhere; the address is free at the next try.
    desk.write(|text| text.slug = Some(Slug::parse("elsewhere").unwrap())).await;
    desk.update(Weight::Minor).await.unwrap();
    desk.work_off(again).await;
    assert_eq!(state(StoryId(8)).await, State::Published);
}

#[tokio::test]
async fn redirects_lead_on_in_one_step_and_never_in_a_circle() {
    let desk = Desk::new().await;
    let lead = async |from: &str, to: &str| {
        let mut tx = desk.db.begin().await.unwrap();
        let from = Pattern::parse(from).unwrap();
        let wanted = Redirect { from, to: to.into(), cause: Cause::ByHand, by: "Ada".into(), at: evening() };
        let made = newsroom::redirect::lead(&mut tx, STATION, wanted).await?;
        tx.commit().await.unwrap();
        newsroom::Result::Ok(made.to)
    };
    let leads = async |path: &str| {
        let found = store::redirect::covering(&desk.db, STATION, path).await.unwrap();
        found.map(|redirect| redirect.target(path))
    };
    assert_eq!(lead("/a", "/b").await.unwrap(), "/b");
    assert_eq!(lead("/b", "/c").await.unwrap(), "/c");
    assert_eq!(leads("/a").await.as_deref(), Some("/c"), "what led to it goes on with it");
    assert_eq!(lead("/z", "/a").await.unwrap(), "/c", "it goes where that leads in the end");
    for (from, to) in [("/c", "/a"), ("/c", "/z"), ("/d", "/d"), ("/e/*", "/e/f"), ("/e/*", "/e/*")] {
        let error = lead(from, to).await.unwrap_err();
        assert!(error.to_string().contains("back to itself"), "{from} {to}: {error}");
    }
    assert_eq!(lead("/blog/*", "/stories/*").await.unwrap(), "/stories/*");
    assert_eq!(lead("/blog/about", "/about").await.unwrap(), "/about");
    assert_eq!(leads("/blog/2019/flood").await.as_deref(), Some("/stories/2019/flood"));
    assert_eq!(leads("/blog/about").await.as_deref(), Some("/about"), "the address itself comes first");
    assert_eq!(leads("/blogs").await, None);
    assert!(lead("/stories/*", "/blog/*").await.is_err());
    assert_eq!(lead("/old/*", "/blog/*").await.unwrap(), "/stories/*");
}
