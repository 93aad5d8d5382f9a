//! Publishing with the real program: never before its second, through a kill of the program, and gone from everywhere. What
//! each took is printed, for whoever measures.

mod station;

use std::time::Duration;

use ::station::story::{Saved, State};
use ::station::{Block, Rights, Slug, StationId, Story, StoryId, Timestamp};
use station::served::cookies;
use station::{Answer, Station, folder, wait_for};
use store::Db;

const STORY: StoryId = StoryId(7);
const HEADLINE: &str = "The lower bridge opens on Saturday";

/// A demonstration station with a draft, and June, who owns its desk.
struct Newsroom {
    station: Station,
    cookie: String,
    runtime: tokio::runtime::Runtime,
}

impl Newsroom {
    fn open(dir: &std::path::Path) -> Self {
        let station = Station::start(dir);
        let link = station.ready["desk"]["owner_link"].as_str().expect("nobody owns the desk yet").to_owned();
        let path = &link[link.find("/join/").expect("the link leads to the desk")..];
        let form = "name=June&email=june%40harrow.example&password=kettle+lantern+ferry+moss";
        let answer = to_desk(&station, path, form, "");
        assert_eq!(answer.status, 303, "{}", answer.text());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { cookie: cookies(&answer), station, runtime }
    }

    /// The rows, read and written beside the running program as another machine would.
    fn store<T>(&self, work: impl AsyncFnOnce(&Db, StationId) -> T) -> T {
        let url = format!("sqlite://{}", self.station.dir.join("station.db").display());
        self.runtime.block_on(async {
            let db = Db::open(&url).await.unwrap();
            let id = store::station::all(&db).await.unwrap()[0].id;
            let done = work(&db, id).await;
            db.close().await;
            done
        })
    }

    fn write_draft(&self) {
        self.store(async |db, station| {
            let mut tx = db.begin().await.unwrap();
            let saved = Saved { at: Timestamp::UNIX_EPOCH, by: "June".into(), why: "saved".into() };
            store::story::save(&mut tx, &draft(station), &saved).await.unwrap();
            tx.commit().await.unwrap();
        });
    }

    fn story(&self) -> Story {
        self.store(async |db, station| store::story::by_id(db, station, STORY).await.unwrap().unwrap())
    }

    /// Has the story published so many seconds from now; says when.
    fn schedule(&self, seconds: i64) -> Timestamp {
        let due = now() + Duration::from_secs(seconds.unsigned_abs());
        let zone = self.store(async |db, _| store::station::all(db).await.unwrap()[0].zone.clone());
        let shown = due.in_tz(&zone).unwrap().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let form = format!("due={}", shown.replace(':', "%3A"));
        let answer = self.post("/stories/7/schedule", &form);
        assert_eq!(answer.status, 303, "{}", answer.text());
        Timestamp::from_second(due.as_second()).unwrap()
    }

    fn post(&self, path: &str, form: &str) -> Answer {
        to_desk(&self.station, path, form, &self.cookie)
    }

    fn front_page_says(&self, words: &str) -> bool {
        self.station.get("/").text().contains(words)
    }
}

fn to_desk(station: &Station, path: &str, form: &str, cookie: &str) -> Answer {
    let (port, length) = (station.address.port(), form.len());
    station.ask(&format!(
        "POST {path} HTTP/1.1\r\nHost: desk.localhost:{port}\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{form}"
    ))
}

fn draft(station: StationId) -> Story {
    Story {
        id: STORY,
        station,
        section: Slug::parse("news").unwrap(),
        programme: None,
        slug: Slug::parse("the-lower-bridge-opens").unwrap(),
        kicker: String::new(),
        headline: HEADLINE.into(),
        seo_title: String::new(),
        teaser: "After two years.".into(),
        bylines: vec![],
        lead: None,
        sounds: vec![],
        body: vec![Block::paragraph("It opens at nine.")],
        corrections: vec![],
        state: State::Draft,
        published_at: None,
        updated_at: None,
        source: None,
        rights: Rights::default(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test waits in real time")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[test]
fn a_story_is_published_at_its_second_and_killed_everywhere() {
    let dir = folder();
    let newsroom = Newsroom::open(dir.path());
    newsroom.write_draft();
    assert!(!newsroom.front_page_says(HEADLINE));
    let due = newsroom.schedule(2);
    wait_for("the story on the front page", || newsroom.front_page_says(HEADLINE).then_some(()));
    let published_at = newsroom.story().published_at.expect("it is published");
    assert!(published_at >= due, "it was published before its second");
    eprintln!("published {} ms after its second began", (published_at - due).as_millis());

    let path = format!("/news/{}/the-lower-bridge-opens", published_at.in_tz("America/New_York").unwrap().date());
    for page in [path.as_str(), "/", "/news"] {
        assert!(newsroom.station.get(page).text().contains(HEADLINE), "{page}");
    }
    let corrected = newsroom.post("/stories/7/correct", "admission=It+was+Saturday%2C+not+Sunday.");
    assert_eq!(corrected.status, 303);
    let page = wait_for("the correction", || {
        let page = newsroom.station.get(&path).text();
        page.contains("It was Saturday, not Sunday.").then_some(page)
    });
    assert!(page.contains("CorrectionComment"), "machines are not told of the correction");

    assert_eq!(newsroom.post("/stories/7/kill", "why=It+names+a+child&sure=yes").status, 303);
    let killed_at = now();
    wait_for("the story to be gone from everywhere", || {
        let is_gone = newsroom.station.get(&path).status == 410
            && ["/", "/news"].into_iter().all(|page| !newsroom.station.get(page).text().contains(HEADLINE));
        is_gone.then_some(())
    });
    eprintln!("gone from everywhere {} ms after it was killed", (now() - killed_at).as_millis());
}

#[test]
fn what_was_due_while_the_program_was_killed_is_published_as_soon_as_it_is_back() {
    let dir = folder();
    let newsroom = Newsroom::open(dir.path());
    newsroom.write_draft();
    let due = newsroom.schedule(2);
    newsroom.station.kill();
    wait_for("its second to pass", || (now() > due + Duration::from_secs(1)).then_some(()));

    let station = Station::start(dir.path());
    let open_at = now();
    wait_for("the story on the front page", || station.get("/").text().contains(HEADLINE).then_some(()));
    eprintln!("caught up {} ms after it was back", (now() - open_at).as_millis());
}
