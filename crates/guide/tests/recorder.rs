//! The recorder beside a real store and a real schedule, with an archive that remembers what it was asked for.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::Bus;
use guide::recorder::{Archive, Cut, Fault, Settings};
use station::event::{Message, Revision};
use station::recording::{Chapter, Gap, Loudness, Order, Recording, Subject};
use station::schedule::{Days, OneOff, Rule};
use station::{Accent, Clock, Episode, Event, Programme, Service, Slug, Station, sound};
use station::{OneOffId, ProgrammeId, RuleId, ServiceId, StationId, Timestamp};
use store::Db;

const STATION: StationId = StationId(1);
const NEWS: ServiceId = ServiceId(1);
const LEDGER: ProgrammeId = ProgrammeId(1);
const CONCERT: ProgrammeId = ProgrammeId(2);
/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A wall clock with hands.
struct Wall(Mutex<Timestamp>, tokio::time::Instant);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.1.elapsed()
    }
}

/// An archive that has everything since some moment, and cuts nothing but remembers.
#[derive(Clone)]
struct Shelf(Arc<Mutex<Inside>>);

struct Inside {
    since: Timestamp,
    asked: Vec<Range<Timestamp>>,
    /// How many more times the disk fails.
    faults: u32,
    /// How many more times nobody lives to measure what was cut.
    deaf: u32,
}

impl Archive for Shelf {
    async fn kept_since(&self, _: ServiceId) -> Result<Option<Timestamp>, Fault> {
        Ok(Some(self.0.lock().unwrap().since))
    }

    async fn cut(&self, _: ServiceId, span: Range<Timestamp>) -> Result<Option<Cut>, Fault> {
        let mut inside = self.0.lock().unwrap();
        if inside.faults > 0 {
            inside.faults -= 1;
            return Err("the disk is away".into());
        }
        inside.asked.push(span.clone());
        if span.end <= inside.since {
            return Ok(None);
        }
        let duration_ms = span.end.duration_since(span.start).as_millis() as i64;
        Ok(Some(Cut {
            key: format!("media/{}.mp3", inside.asked.len()),
            media_type: "audio/mpeg".into(),
            bytes: duration_ms * 16,
            duration_ms,
            gaps: vec![Gap { offset_ms: 5_000, from: span.start, to: span.end, cause: "the disk was full".into() }],
            chapters: vec![Chapter { start_ms: 0, title: "Ann – One".into() }],
        }))
    }

    async fn loudness(&self, _: ServiceId, span: Range<Timestamp>) -> Option<Loudness> {
        let mut inside = self.0.lock().unwrap();
        assert_eq!(inside.asked.last(), Some(&span), "what was cut is measured");
        if inside.deaf > 0 {
            inside.deaf -= 1;
            return None;
        }
        Some(Loudness { integrated_lufs: -18.5, true_peak_dbtp: -1.25 })
    }
}

/// A station whose Ledger is on every day, and which records it.
struct House {
    db: Db,
    bus: Arc<bus::Local>,
    wall: Arc<Wall>,
    shelf: Shelf,
    _folder: tempfile::TempDir,
}

impl House {
    /// With the Ledger at these times of day, New York's, for so many minutes.
    async fn with(start: &str, minutes: u32, now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite://{}", folder.path().join("station.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        store::station::save(&mut tx, &station()).await.unwrap();
        store::service::save(&mut tx, &service()).await.unwrap();
        for (id, slug, title) in [(LEDGER, "the-ledger", "The Ledger"), (CONCERT, "concert", "Concert")] {
            store::programme::save(&mut tx, &programme(id, slug, title)).await.unwrap();
        }
        store::schedule::save_rule(&mut tx, &rule(start, minutes)).await.unwrap();
        store::recording::save_order(&mut tx, &order(at(now))).await.unwrap();
        tx.commit().await.unwrap();
        let inside = Inside { since: Timestamp::UNIX_EPOCH, asked: Vec::new(), faults: 0, deaf: 0 };
        let wall = Arc::new(Wall(Mutex::new(at(now)), tokio::time::Instant::now()));
        let (bus, shelf) = (bus::Local::new(), Shelf(Arc::new(Mutex::new(inside))));
        Self { db, bus, wall, shelf, _folder: folder }
    }

    /// Starts the keeper of the schedule and the recorder.
    fn open(&self) {
        let keeper = guide::Settings { check_ms: 5, retry_ms: 20, ..guide::Settings::default() };
        let recorder = Settings { check_ms: 5, retry_ms: 20, ..Settings::default() };
        let (db, bus, wall) = (self.db.clone(), self.bus.clone(), self.wall.clone());
        tokio::spawn(guide::run(db.clone(), bus.clone(), wall.clone(), keeper));
        tokio::spawn(guide::recorder::run(db, bus, wall, self.shelf.clone(), recorder));
    }

    fn set_clock(&self, moment: &str) {
        *self.wall.0.lock().unwrap() = at(moment);
    }

    /// Changes the schedule, and says so as the program's courier does.
    async fn broadcast_instead(&self, one_off: OneOff) {
        let mut tx = self.db.begin().await.unwrap();
        store::schedule::save_one_off(&mut tx, &one_off).await.unwrap();
        tx.commit().await.unwrap();
        self.announce();
    }

    fn announce(&self) {
        let event = Event::ScheduleChanged { service: NEWS };
        self.bus.publish(Message { station: STATION, revision: Some(Revision(1)), event });
    }

    /// Waits until the recordings are as wanted.
    async fn recordings(&self, is_wanted: impl Fn(&[Recording]) -> bool) -> Vec<Recording> {
        let wanted = async {
            loop {
                let all = store::recording::between(&self.db, STATION, Timestamp::MIN, Timestamp::MAX).await.unwrap();
                if is_wanted(&all) {
                    return all;
                }
                // What carries the rows' events is not here.
                self.announce();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wanted).await.expect("it is recorded")
    }

    async fn episode(&self, recording: &Recording) -> Episode {
        store::episode::by_id(&self.db, STATION, recording.episode).await.unwrap().expect("a recording has an episode")
    }

    fn asked(&self) -> Vec<Range<Timestamp>> {
        self.shelf.0.lock().unwrap().asked.clone()
    }
}

fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

fn station() -> Station {
    Station {
        id: STATION,
        slug: Slug::parse("harrow-valley").unwrap(),
        name: "Harrow Valley Public Radio".into(),
        tagline: String::new(),
        call_signs: Vec::new(),
        host_names: vec!["harrow.example".into()],
        zone: "America/New_York".into(),
        language: "en-US".into(),
        accent: Accent::parse("#14595f").unwrap(),
        banner: None,
        about: Vec::new(),
        email: None,
        org_service_ids: Vec::new(),
    }
}

fn service() -> Service {
    let (slug, name) = (Slug::parse("news").unwrap(), "News".to_owned());
    Service { id: NEWS, station: STATION, slug, name, teaser: String::new(), position: 1, mounts: Vec::new() }
}

fn programme(id: ProgrammeId, slug: &str, title: &str) -> Programme {
    Programme {
        id,
        station: STATION,
        slug: Slug::parse(slug).unwrap(),
        title: title.into(),
        teaser: String::new(),
        about: Vec::new(),
        hosts: Vec::new(),
        image: None,
        sound: Default::default(),
    }
}

fn rule(start: &str, minutes: u32) -> Rule {
    Rule {
        id: RuleId(1),
        station: STATION,
        service: NEWS,
        programme: LEDGER,
        title: None,
        days: Days::ALL,
        start: start.parse().unwrap(),
        minutes,
        valid_from: "2026-01-01".parse().unwrap(),
        valid_until: None,
    }
}

/// Records the Ledger, with half a minute before and a minute after.
fn order(since: Timestamp) -> Order {
    let subject = Subject::Programme(LEDGER);
    Order { station: STATION, subject, is_recorded: true, since, padding_before_s: 30, padding_after_s: 60 }
}

fn one_off(start: &str, end: &str) -> OneOff {
    OneOff {
        id: OneOffId(9),
        station: STATION,
        service: NEWS,
        programme: CONCERT,
        title: None,
        start: at(start),
        end: at(end),
    }
}

#[tokio::test]
async fn a_broadcast_that_is_over_is_an_episode_with_its_gaps_named() {
    let house = House::with("06:00", 180, "2026-11-24T10:00:00Z").await;
    house.open();
    house.set_clock("2026-11-24T14:01:10Z");
    let is_measured = |all: &[Recording]| all.first().is_some_and(|recording| recording.loudness.is_some());
    let [recording] = &house.recordings(is_measured).await[..] else { panic!("there is one") };
    assert_eq!(recording.loudness.map(|loudness| loudness.integrated_lufs), Some(-18.5));
    assert_eq!(house.asked(), [at("2026-11-24T10:59:30Z")..at("2026-11-24T14:01:00Z")]);
    assert_eq!((recording.start, recording.end), (at("2026-11-24T11:00:00Z"), at("2026-11-24T14:00:00Z")));
    assert_eq!((recording.revision, recording.gaps[0].cause.as_str()), (1, "the disk was full"));
    assert_eq!(recording.chapters[0].title, "Ann – One");

    let episode = house.episode(recording).await;
    assert_eq!(
        (episode.title.as_str(), episode.slug.as_str()),
        ("The Ledger, November 24, 2026", "the-ledger-2026-11-24")
    );
    assert_eq!((episode.programme, episode.published_at), (LEDGER, at("2026-11-24T14:01:10Z")));
    assert_eq!(episode.sound.file, sound::File::Vault("media/1.mp3".into()));
    let lasts_ms = 3 * 3_600_000 + 90_000;
    assert_eq!((episode.sound.duration_ms, episode.sound.bytes), (Some(lasts_ms), Some(lasts_ms * 16)));
    let changes = store::change::after(&house.db, STATION, Revision(0), 100).await.unwrap();
    let told = Event::EpisodePublished { episode: episode.id, programme: LEDGER };
    assert_eq!(changes.iter().filter(|message| message.event == told).count(), 1);
}

#[tokio::test]
async fn what_was_left_unmeasured_is_measured_after_the_next_start_and_not_before() {
    let house = House::with("06:00", 180, "2026-11-24T10:00:00Z").await;
    house.shelf.0.lock().unwrap().deaf = 1;
    house.open();
    house.set_clock("2026-11-24T14:01:10Z");
    let [recording] = &house.recordings(|all| all.len() == 1).await[..] else { panic!("there is one") };
    assert_eq!(recording.loudness, None);
    let is_deaf = || house.shelf.0.lock().unwrap().deaf > 0;
    while is_deaf() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    house.open();
    let is_measured = |all: &[Recording]| all.first().is_some_and(|recording| recording.loudness.is_some());
    let [measured] = &house.recordings(is_measured).await[..] else { panic!("there is one") };
    assert_eq!((measured.revision, house.asked().len()), (1, 1), "it is not cut again for that");
}

#[tokio::test]
async fn a_corrected_schedule_cuts_the_same_episode_again() {
    let house = House::with("06:00", 180, "2026-11-24T10:00:00Z").await;
    house.open();
    house.set_clock("2026-11-24T14:01:10Z");
    let first = house.recordings(|all| all.len() == 1).await.remove(0);
    // Somebody gives it a title and an address of its own meaning.
    let mut written = house.episode(&first).await;
    written.title = "The night of the flood".into();
    written.teaser = "A foot in an hour.".into();
    let mut tx = house.db.begin().await.unwrap();
    store::episode::save(&mut tx, &written).await.unwrap();
    tx.commit().await.unwrap();

    // It turns out that the concert began at half past eight.
    house.broadcast_instead(one_off("2026-11-24T13:30:00Z", "2026-11-24T14:30:00Z")).await;
    let second = house.recordings(|all| all.iter().any(|recording| recording.revision == 2)).await.remove(0);
    assert_eq!((second.episode, second.end), (first.episode, at("2026-11-24T13:30:00Z")));
    assert_eq!(house.asked()[1], at("2026-11-24T10:59:30Z")..at("2026-11-24T13:31:00Z"));
    let episode = house.episode(&second).await;
    assert_eq!((episode.title, episode.teaser, episode.slug), (written.title, written.teaser, written.slug));
    assert_eq!(episode.sound.file, sound::File::Vault("media/2.mp3".into()));
    assert_eq!(episode.published_at, written.published_at);

    // A week later the tape has forgotten the first hour; what there is stays as it is.
    house.shelf.0.lock().unwrap().since = at("2026-11-24T12:00:00Z");
    house.broadcast_instead(one_off("2026-11-24T13:00:00Z", "2026-11-24T14:30:00Z")).await;
    house.set_clock("2026-11-25T14:01:10Z");
    let all = house.recordings(|all| all.len() == 2).await;
    assert_eq!((all[0].revision, all[0].end), (2, at("2026-11-24T13:30:00Z")));
    assert_eq!((all[1].revision, all[1].start), (1, at("2026-11-25T11:00:00Z")));
}

#[tokio::test]
async fn recording_goes_over_midnight_and_through_a_night_on_which_the_clocks_change() {
    let house = House::with("23:30", 180, "2026-10-31T23:00:00Z").await;
    house.open();
    // From 23:30 EDT to 02:30 EST, four hours later.
    house.set_clock("2026-11-01T07:31:10Z");
    let recording = house.recordings(|all| all.len() == 1).await.remove(0);
    assert_eq!((recording.start, recording.end), (at("2026-11-01T03:30:00Z"), at("2026-11-01T07:30:00Z")));
    assert_eq!(house.asked(), [at("2026-11-01T03:29:30Z")..at("2026-11-01T07:31:00Z")]);
    assert_eq!(house.episode(&recording).await.slug.as_str(), "the-ledger-2026-10-31");
}

#[tokio::test]
async fn a_disk_that_fails_is_tried_again_and_what_was_never_kept_is_not() {
    let house = House::with("06:00", 180, "2026-11-24T10:00:00Z").await;
    house.shelf.0.lock().unwrap().faults = 2;
    house.shelf.0.lock().unwrap().since = at("2026-11-25T00:00:00Z");
    house.open();
    house.set_clock("2026-11-24T14:01:10Z");
    let asked = async {
        while house.asked().is_empty() {
            // Until the first fault; from there on it tries again by itself.
            if house.shelf.0.lock().unwrap().faults == 2 {
                house.announce();
            }
            // The hands go on while it waits.
            let now = *house.wall.0.lock().unwrap() + Duration::from_millis(50);
            *house.wall.0.lock().unwrap() = now;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("it is tried again");
    house.set_clock("2026-11-25T14:01:10Z");
    let all = house.recordings(|all| !all.is_empty()).await;
    assert_eq!(all.iter().map(|it| it.start).collect::<Vec<_>>(), [at("2026-11-25T11:00:00Z")]);
    assert_eq!(house.asked().len(), 2, "each was asked for once, when the disk was back");
}
