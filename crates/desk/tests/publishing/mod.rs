//! Publishing at the desk: each act as a form, what the page says, and who may.

use http::StatusCode;
use station::redirect::Pattern;
use station::story::{Saved, State};
use station::{Block, Redirect, Rights, Section, Slug, Story, StoryId};

use crate::house::{Browser, House, Page};

const STORY: StoryId = StoryId(7);

/// A station with two sections and a draft in the first.
async fn newsroom() -> House {
    let house = House::new().await;
    let mut tx = house.db.begin().await.unwrap();
    for (position, name) in (1..).zip(["news", "arts"]) {
        let slug = Slug::parse(name).unwrap();
        let section =
            Section { station: house.station.id, slug, title: name.to_uppercase(), teaser: String::new(), position };
        store::section::save(&mut tx, &section).await.unwrap();
    }
    let saved = Saved { at: house.now(), by: "Del".into(), why: "saved".into() };
    store::story::save(&mut tx, &draft(&house), &saved).await.unwrap();
    tx.commit().await.unwrap();
    house
}

fn draft(house: &House) -> Story {
    Story {
        id: STORY,
        station: house.station.id,
        section: Slug::parse("news").unwrap(),
        programme: None,
        slug: Slug::parse("the-bridge-opens").unwrap(),
        kicker: String::new(),
        headline: "The bridge opens".into(),
        seo_title: String::new(),
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

impl House {
    async fn story(&self) -> Story {
        store::story::by_id(&self.db, self.station.id, STORY).await.unwrap().unwrap()
    }
}

/// Does it as a browser does: sends the form and follows to the page.
async fn act(browser: &mut Browser, act: &str, form: &[(&str, &str)]) -> Page {
    let answer = browser.post(&format!("/stories/7/{act}"), form).await;
    if answer.status != StatusCode::SEE_OTHER {
        return answer;
    }
    browser.get(answer.location()).await
}

#[tokio::test]
async fn a_story_goes_from_draft_to_reader_and_back_by_forms_alone() {
    let house = newsroom().await;
    let mut june = house.owner().await;
    for (name, form, state, said) in [
        ("submit", &[("word", "please look")][..], State::InReview, "The story is handed in."),
        ("send-back", &[("why", "a second source")], State::Draft, "sent back to its writer"),
        ("approve", &[], State::Ready, "ready to be published"),
        ("schedule", &[("due", "2026-11-24T16:30")], State::Scheduled, "set for that moment"),
        ("unschedule", &[], State::Ready, "out of the schedule"),
        ("publish", &[], State::Published, "readers see it now"),
        ("correct", &[("admission", "It was Tuesday.")], State::Published, "The correction stands on the page"),
        ("unpublish", &[("ending", "gone"), ("why", "it was not ours")], State::Unpublished, "off the site"),
        ("publish", &[], State::Published, "readers see it now"),
        ("kill", &[("why", "it names a child"), ("sure", "yes")], State::Killed, "gone from every page"),
    ] {
        let page = act(&mut june, name, form).await;
        assert_eq!(page.status, StatusCode::OK, "{name}: {}", page.text);
        assert!(page.text.contains(said), "{name}: {}", page.text);
        assert_eq!(house.story().await.state, state, "{name}");
    }
    let page = june.get("/stories/7").await;
    for words in ["please look", "a second source", "It was Tuesday.", "it was not ours", "it names a child"] {
        assert!(page.text.contains(words), "the life of the story does not say “{words}”");
    }
    assert!(
        !page.text.contains("What else can be done") && !page.text.contains("next-act"),
        "nothing can be done any more"
    );
    let log = june.get("/audit").await;
    for words in ["handed in", "sent back", "approved", "scheduled", "published", "corrected", "unpublished", "killed"]
    {
        assert!(log.text.contains(&format!("{words} “The bridge opens”")), "the audit log does not say “{words}”");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said_on_the_page_and_nothing_is_changed() {
    let house = newsroom().await;
    let mut june = house.owner().await;
    for (name, form, sentence) in [
        ("correct", &[("admission", "It was Tuesday.")][..], "A story that is a draft cannot be corrected."),
        ("kill", &[("why", "grave")], "Tick the box"),
        ("kill", &[("sure", "yes")], "The reason is missing."),
        ("schedule", &[("due", "")], "Say when"),
        ("schedule", &[("due", "2026-11-24T02:00")], "The moment is over already"),
        ("schedule", &[("due", "2027-03-14T02:30")], "02:30 does not exist on that day"),
        ("unschedule", &[], "cannot be taken out of the schedule"),
    ] {
        let page = act(&mut june, name, form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(page.text.contains(sentence), "{name}: {}", page.text);
        assert_eq!(house.story().await, draft(&house), "{name}");
    }
    assert_eq!(june.get("/stories/8").await.status, StatusCode::NOT_FOUND);
    assert_eq!(june.post("/stories/8/publish", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_planned_moment_is_said_in_the_stations_time_with_the_clocks_in_words() {
    let house = newsroom().await;
    let mut june = house.owner().await;
    let page = act(&mut june, "schedule", &[("due", "2027-04-01T06:00")]).await;
    assert!(page.text.contains("April 1, 2027 at 6:00 AM EDT"), "{}", page.text);
    assert!(page.text.contains("The clocks change before then"), "{}", page.text);
    assert!(page.text.contains("data-countdown=\"2027-04-01T06:00:00-04:00\""), "{}", page.text);
    let page = act(&mut june, "schedule", &[("due", "2027-11-07T01:30"), ("which", "second")]).await;
    assert!(page.text.contains("the second time, after the clocks went back (EST)"), "{}", page.text);
    let mut tx = house.db.begin().await.unwrap();
    let plan = store::plan::of_story(&house.db, house.station.id, STORY).await.unwrap().unwrap();
    store::plan::put_off(&mut tx, house.station.id, STORY, plan.due_at, plan.due_at, "the lights went out")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for page in ["/stories/7", "/"] {
        let late = june.get(page).await;
        assert!(late.text.contains("It could not be done: the lights went out"), "{page}: {}", late.text);
    }
}

#[tokio::test]
async fn each_is_offered_what_they_may_do_and_nothing_else() {
    let house = newsroom().await;
    let mut june = house.owner().await;
    let mut del = house.colleague(&mut june, "Del", "del@harrow.example", "reporter").await;
    let page = del.get("/stories/7").await;
    assert!(page.text.contains("Hand in") && !page.text.contains("Publish") && !page.text.contains("Kill"));
    assert_eq!(del.post("/stories/7/publish", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(del.post("/stories/7/submit", &[]).await.status, StatusCode::SEE_OTHER);

    // An editor of another section.
    let editor = [("role", "editor"), ("scope", "section:arts")];
    let id = house.account("del@harrow.example").await;
    june.post(&format!("/people/{id}/roles"), &editor).await;
    assert!(!del.get("/stories/7").await.text.contains("/stories/7/publish"));
    assert_eq!(del.post("/stories/7/publish", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.story().await.state, State::InReview);

    // Nor is a story of theirs brought into a section that is not.
    let mut ada = house.colleague(&mut june, "Ada", "ada@harrow.example", "membership").await;
    let id = house.account("ada@harrow.example").await;
    june.post(&format!("/people/{id}/roles"), &[("role", "editor"), ("scope", "section:news")]).await;
    let moved = store::draft::Kept {
        station: house.station.id,
        story: STORY,
        document: station::Draft { section: Slug::parse("arts").unwrap(), ..station::Draft::of(&draft(&house)) },
        version: 1,
        stands: None,
        saved_at: house.now(),
        saved_by: "Ada".into(),
        saved_by_account: None,
        begun_by: None,
    };
    let mut tx = house.db.begin().await.unwrap();
    store::draft::save(&mut tx, &moved).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ada.post("/stories/7/publish", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.story().await.state, State::InReview);
}

#[tokio::test]
async fn a_preview_link_is_shown_once_and_taken_back() {
    let house = newsroom().await;
    let mut june = house.owner().await;
    let page = act(&mut june, "preview", &[("days", "7")]).await;
    let link = page.between("<code id=\"link\">", "</code>");
    let secret = link.strip_prefix("https://harrow.example/preview/").unwrap().to_owned();
    assert!(secret.len() >= 43 && page.text.contains("1 link shows it now"), "{}", page.text);
    let rows = house.every_byte().await;
    assert!(!rows.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "the secret is in the database");
    assert!(!june.get("/stories/7").await.text.contains(&secret));

    act(&mut june, "preview", &[("days", "100000")]).await;
    let links = store::preview::of_story(&house.db, house.station.id, STORY, house.now(), 9).await.unwrap();
    let days = links.iter().map(|link| (link.ends_at - link.made_at).as_hours() / 24).max();
    assert_eq!((links.len(), days), (2, Some(30)));
    assert!(act(&mut june, "preview/revoke", &[]).await.text.contains("worthless now"));
    assert_eq!(store::preview::of_story(&house.db, house.station.id, STORY, house.now(), 9).await.unwrap(), []);
    assert_eq!(act(&mut june, "preview", &[("days", "x")]).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn redirects_are_made_by_hand_from_a_list_and_out_of_what_was_asked_for_in_vain() {
    let house = newsroom().await;
    let mut june = house.owner().await;
    let leads = async |path: &str| {
        let found = store::redirect::covering(&house.db, house.station.id, path).await.unwrap();
        found.map(|redirect: Redirect| redirect.target(path))
    };
    let made = june.post("/redirects", &[("from", "/old"), ("to", "/news")]).await;
    assert_eq!(made.location(), "/redirects?said=redirect-saved");
    assert_eq!(leads("/old").await.as_deref(), Some("/news"));
    for (from, to, sentence) in [
        ("/news", "/old", "would lead back to itself"),
        ("old", "/news", "is no path of this site"),
        ("/x", "javascript:alert(1)", "leads nowhere"),
    ] {
        let page = june.post("/redirects", &[("from", from), ("to", to)]).await;
        assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text.contains(sentence), "{}", page.text);
    }

    let list = "from,to\nhttps://old.example/post/flood,/news/flood\n/blog/*,/stories/*\nnonsense,/x\n/a,/a\n";
    let page = june.post("/redirects/import", &[("list", list)]).await;
    assert!(page.text.contains("2 redirects taken from the list"), "{}", page.text);
    assert!(
        page.text.contains("Line 4: `nonsense` is no path") && page.text.contains("Line 5: `&#x2f;a` would lead back")
    );
    assert_eq!(leads("/blog/x/y").await.as_deref(), Some("/stories/x/y"));

    let mut tx = house.db.begin().await.unwrap();
    let missed = [("/flood-map".to_owned(), 41), ("/wp-login.php".to_owned(), 9)];
    store::missed::add(&mut tx, house.station.id, &missed, house.now()).await.unwrap();
    tx.commit().await.unwrap();
    let page = june.get("/redirects").await;
    assert!(page.text.contains("flood-map") && page.text.contains("41 times"), "{}", page.text);
    assert!(june.get("/redirects?from=/flood-map").await.text.contains("value=\"&#x2f;flood-map\""));
    june.post("/redirects", &[("from", "/flood-map"), ("to", "/news")]).await;
    june.post("/redirects/missed/forget", &[("path", "/wp-login.php")]).await;
    assert_eq!(store::missed::most(&house.db, house.station.id, 9).await.unwrap(), []);

    assert_eq!(june.post("/redirects/remove", &[("from", "/blog/*")]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(june.post("/redirects/remove", &[("from", "/blog/*")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(leads("/blog/x/y").await, None);
    let all = store::redirect::list(&house.db, house.station.id, None, 9).await.unwrap();
    assert!(all.iter().any(|redirect| redirect.from == Pattern::exact("/post/flood")));
    assert_eq!(june.get("/redirects?before=nonsense").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_station_is_called_what_the_desk_says_and_a_colour_is_checked() {
    let house = newsroom().await;
    let mut june = house.owner().await;
    let good = [
        ("name", "  Harrow   Valley Radio "),
        ("tagline", "By the river"),
        ("call_signs", "WHVPR 91.3 Alder Falls\n\n WHVQ 88.1 Mill "),
        ("email", "News@Harrow.example"),
        ("accent", "#FFE066"),
    ];
    assert_eq!(june.post("/identity", &good).await.location(), "/identity?said=identity-changed");
    let station = store::station::by_slug(&house.db, "harrow").await.unwrap().unwrap();
    assert_eq!((station.name.as_str(), station.tagline.as_str()), ("Harrow Valley Radio", "By the river"));
    assert_eq!(station.call_signs, ["WHVPR 91.3 Alder Falls", "WHVQ 88.1 Mill"]);
    assert_eq!((station.email.as_deref(), station.accent.as_str()), (Some("news@harrow.example"), "#ffe066"));
    assert_eq!((station.zone, station.host_names), (house.station.zone.clone(), house.station.host_names.clone()));
    let page = june.get("/identity").await;
    assert!(page.text.contains("Too pale for words on a light page"), "{}", page.text);
    assert!(page.text.contains("fill=\"#000000\""), "white on yellow");
    let log = store::change::after(&house.db, house.station.id, ::station::event::Revision(0), 9).await.unwrap();
    assert_eq!(log.last().unwrap().event, ::station::Event::StationChanged);
    for (field, wrong) in [("name", " "), ("accent", "red"), ("email", "nobody"), ("tagline", "a\u{7}b")] {
        let form = good.map(|(name, value)| if name == field { (name, wrong) } else { (name, value) });
        assert_eq!(june.post("/identity", &form).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
    }
}
