//! The keeper beside a real store: what it writes, and what it tells when.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::{Bus, Heard, Subscription};
use guide::Settings;
use jiff::ToSpan;
use station::broadcast::NowNext;
use station::event::{Message, Revision};
use station::schedule::{Days, OneOff, Rule};
use station::{Accent, Broadcast, Clock, Event, PieceId, Programme, Service, Slug, Spin, Station};
use station::{OneOffId, ProgrammeId, RuleId, ServiceId, StationId, Timestamp};
use store::{Db, Tx};

const STATION: StationId = StationId(1);
const NEWS: ServiceId = ServiceId(1);
const MUSIC: ServiceId = ServiceId(2);
const LEDGER: ProgrammeId = ProgrammeId(1);
const REPORT: ProgrammeId = ProgrammeId(2);

/// A wall clock with hands that can be set both ways.
struct Wall {
    hands: Mutex<Timestamp>,
    /// How often somebody asked how much time has gone by.
    elapsed_asked: AtomicU32,
}

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        *self.hands.lock().unwrap()
    }

    /// The monotonic clock runs as time does: what is retried is retried without being told to.
    fn elapsed(&self) -> Duration {
        self.elapsed_asked.fetch_add(1, Ordering::Relaxed);
        static START: std::sync::OnceLock<tokio::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(tokio::time::Instant::now).elapsed()
    }
}

/// A station with two services. News has The Ledger from six to nine and The River Report from nine to ten each day.
struct House {
    db: Db,
    bus: Arc<bus::Local>,
    wall: Arc<Wall>,
    _folder: tempfile::TempDir,
}

impl House {
    /// At a time of 24 November 2026 in the station's zone, New York.
    async fn at(time: &str) -> Self {
        let house = Self::empty(time).await;
        house.db.migrate().await.unwrap();
        house.furnish().await;
        house
    }

    /// With a store that has no tables yet.
    async fn empty(time: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite://{}", folder.path().join("station.db").display())).await.unwrap();
        let wall = Wall { hands: Mutex::new(today(time)), elapsed_asked: AtomicU32::new(0) };
        Self { db, bus: bus::Local::new(), wall: Arc::new(wall), _folder: folder }
    }

    async fn furnish(&self) {
        let mut tx = self.db.begin().await.unwrap();
        store::station::save(&mut tx, &a_station()).await.unwrap();
        for (id, name) in [(NEWS, "news"), (MUSIC, "music")] {
            store::service::save(&mut tx, &a_service(id, name)).await.unwrap();
        }
        for (id, slug, title) in [(LEDGER, "ledger", "The Ledger"), (REPORT, "report", "The River Report")] {
            store::programme::save(&mut tx, &a_programme(id, slug, title)).await.unwrap();
        }
        store::schedule::save_rule(&mut tx, &a_rule(1, LEDGER, "06:00", 180)).await.unwrap();
        store::schedule::save_rule(&mut tx, &a_rule(2, REPORT, "09:00", 60)).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Starts the keeper; the subscription is older than it.
    fn keep(&self) -> (Subscription, tokio::task::JoinHandle<()>) {
        let heard = self.bus.subscribe();
        let settings = Settings { check_ms: 5, retry_ms: 20, ..Settings::default() };
        let keeper = guide::run(self.db.clone(), self.bus.clone(), self.wall.clone(), settings);
        (heard, tokio::spawn(keeper))
    }

    fn set_clock(&self, time: &str) {
        *self.wall.hands.lock().unwrap() = today(time);
    }

    async fn begin(&self) -> Tx {
        self.db.begin().await.unwrap()
    }

    /// What the program's courier does with a change that was committed.
    fn announce(&self) {
        let event = Event::ScheduleChanged { service: NEWS };
        self.bus.publish(Message { station: STATION, revision: Some(Revision(1)), event });
    }

    async fn rows(&self, from: &str, to: &str) -> Vec<String> {
        let rows = store::broadcast::between(&self.db, STATION, today(from), today(to)).await.unwrap();
        rows.iter().map(line).collect()
    }

    async fn changes(&self) -> Vec<Event> {
        let changes = store::change::after(&self.db, STATION, Revision(0), 100).await.unwrap();
        changes.into_iter().map(|message| message.event).collect()
    }
}

fn today(time: &str) -> Timestamp {
    format!("2026-11-24T{time}:00-05:00").parse().unwrap()
}

fn line(broadcast: &Broadcast) -> String {
    let shown = |moment: Timestamp| moment.in_tz("America/New_York").unwrap().strftime("%H:%M").to_string();
    format!("{} to {}: {}", shown(broadcast.start), shown(broadcast.end), broadcast.title)
}

fn a_station() -> Station {
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

fn a_service(id: ServiceId, slug: &str) -> Service {
    let (slug, name) = (Slug::parse(slug).unwrap(), slug.to_owned());
    Service { id, station: STATION, slug, name, teaser: String::new(), position: id.0, mounts: Vec::new() }
}

fn a_programme(id: ProgrammeId, slug: &str, title: &str) -> Programme {
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

fn a_rule(id: i64, programme: ProgrammeId, start: &str, minutes: u32) -> Rule {
    Rule {
        id: RuleId(id),
        station: STATION,
        service: NEWS,
        programme,
        title: None,
        days: Days::ALL,
        start: start.parse().unwrap(),
        minutes,
        valid_from: "2026-01-01".parse().unwrap(),
        valid_until: None,
    }
}

fn a_one_off(start: &str, end: &str) -> OneOff {
    OneOff {
        id: OneOffId(1),
        station: STATION,
        service: NEWS,
        programme: REPORT,
        title: Some("The flood".into()),
        start: today(start),
        end: today(end),
    }
}

/// The next thing told of the service, as now and next.
async fn told(heard: &mut Subscription, of: ServiceId) -> [Option<String>; 2] {
    within_seconds(async {
        loop {
            match heard.next().await {
                Heard::Message(Message { event: Event::OnAir { service, now_next }, .. }) if service == of => {
                    let NowNext { now, next } = now_next;
                    return [now.as_ref().map(line), next.as_ref().map(line)];
                }
                Heard::Message(_) => {}
                other => panic!("the bus went silent: {other:?}"),
            }
        }
    })
    .await
}

async fn until(condition: impl AsyncFn() -> bool) {
    within_seconds(async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
}

async fn within_seconds<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), work).await.expect("it happens within seconds")
}

fn words<const N: usize>(lines: [&str; N]) -> [Option<String>; N] {
    lines.map(|line| (!line.is_empty()).then(|| line.to_owned()))
}

#[tokio::test]
async fn at_the_start_it_says_of_every_service_what_is_on() {
    let house = House::at("08:00").await;
    let (mut heard, keeper) = house.keep();
    let music = house.bus.subscribe();
    assert_eq!(told(&mut heard, NEWS).await, words(["06:00 to 09:00: The Ledger", "09:00 to 10:00: The River Report"]));
    assert_eq!(told(&mut { music }, MUSIC).await, words(["", ""]));
    keeper.abort();
}

#[tokio::test]
async fn a_boundary_is_told_when_the_clock_reaches_it() {
    let house = House::at("08:59").await;
    let (mut heard, keeper) = house.keep();
    assert_eq!(told(&mut heard, NEWS).await[0].as_deref(), Some("06:00 to 09:00: The Ledger"));
    house.set_clock("09:00");
    assert_eq!(told(&mut heard, NEWS).await, words(["09:00 to 10:00: The River Report", "06:00 to 09:00: The Ledger"]));
    house.set_clock("10:00");
    assert_eq!(told(&mut heard, NEWS).await, words(["", "06:00 to 09:00: The Ledger"]));
    keeper.abort();
}

#[tokio::test]
async fn a_clock_that_is_put_back_is_followed() {
    let house = House::at("09:30").await;
    let (mut heard, keeper) = house.keep();
    assert_eq!(told(&mut heard, NEWS).await[0].as_deref(), Some("09:00 to 10:00: The River Report"));
    house.set_clock("08:30");
    assert_eq!(told(&mut heard, NEWS).await[0].as_deref(), Some("06:00 to 09:00: The Ledger"));
    keeper.abort();
}

#[tokio::test]
async fn rows_are_kept_for_weeks_and_move_along_with_the_clock() {
    let house = House::at("08:00").await;
    let (_heard, keeper) = house.keep();
    let kept_until = async |moment: Timestamp| {
        let rows = store::broadcast::between(&house.db, STATION, Timestamp::MIN, Timestamp::MAX).await.unwrap();
        rows.last().is_some_and(|last| last.end > moment)
    };
    let three_weeks_on = today("08:00") + (24 * 20).hours();
    until(async || kept_until(three_weeks_on).await).await;
    let rows = store::broadcast::between(&house.db, STATION, Timestamp::MIN, Timestamp::MAX).await.unwrap();
    assert!(rows[0].start < today("08:00") - (24 * 13).hours());

    *house.wall.hands.lock().unwrap() = three_weeks_on;
    until(async || kept_until(three_weeks_on + (24 * 20).hours()).await).await;
    keeper.abort();
}

#[tokio::test]
async fn a_changed_schedule_is_told_and_its_rows_announced_once() {
    let house = House::at("08:00").await;
    let (mut heard, keeper) = house.keep();
    told(&mut heard, NEWS).await;
    assert_eq!(house.changes().await, [Event::ScheduleChanged { service: NEWS }]);

    let mut tx = house.begin().await;
    store::schedule::save_one_off(&mut tx, &a_one_off("08:30", "09:30")).await.unwrap();
    tx.commit().await.unwrap();
    house.announce();
    assert_eq!(told(&mut heard, NEWS).await, words(["06:00 to 08:30: The Ledger", "08:30 to 09:30: The flood"]));
    assert_eq!(
        house.rows("00:00", "23:59").await,
        ["06:00 to 08:30: The Ledger", "08:30 to 09:30: The flood", "09:30 to 10:00: The River Report"]
    );

    // The courier brings the keeper's own announcement back. It must not answer itself for ever.
    house.announce();
    house.set_clock("08:30");
    assert_eq!(told(&mut heard, NEWS).await[0].as_deref(), Some("08:30 to 09:30: The flood"));
    house.announce();
    house.set_clock("09:30");
    told(&mut heard, NEWS).await;
    assert_eq!(house.changes().await.len(), 2);
    keeper.abort();
}

#[tokio::test]
async fn a_store_that_cannot_be_written_does_not_stop_the_clock() {
    let house = House::at("08:00").await;
    let (mut heard, keeper) = house.keep();
    told(&mut heard, NEWS).await;

    let mut tx = house.begin().await;
    store::schedule::save_one_off(&mut tx, &a_one_off("09:15", "09:30")).await.unwrap();
    tx.commit().await.unwrap();
    let other_writer = house.begin().await;
    house.announce();
    house.set_clock("09:00");
    assert_eq!(told(&mut heard, NEWS).await[0].as_deref(), Some("09:00 to 10:00: The River Report"));

    drop(other_writer);
    assert_eq!(told(&mut heard, NEWS).await, words(["09:00 to 09:15: The River Report", "09:15 to 09:30: The flood"]));
    keeper.abort();
}

#[tokio::test]
async fn a_store_that_is_not_ready_is_tried_again() {
    let house = House::empty("08:00").await;
    let (mut heard, keeper) = house.keep();
    // It asks once before it turns to the store, and once more when the store has failed it.
    until(async || house.wall.elapsed_asked.load(Ordering::Relaxed) >= 2).await;
    house.db.migrate().await.unwrap();
    house.furnish().await;
    house.bus.publish(Message { station: STATION, revision: None, event: Event::StationChanged });
    assert_eq!(told(&mut heard, NEWS).await[0].as_deref(), Some("06:00 to 09:00: The Ledger"));
    keeper.abort();
}

#[tokio::test]
async fn what_is_played_is_kept_and_what_is_refused_holds_nothing_up() {
    let house = House::at("07:00").await;
    let bus = Arc::clone(&house.bus) as Arc<dyn Bus>;
    let keeping = tokio::spawn(guide::Spins::ready(house.db.clone(), &bus).run());
    let spin = |service, end: Option<&str>| Spin {
        station: STATION,
        service,
        piece: Some(PieceId(1)),
        artist: "The Hum".into(),
        title: "River Song".into(),
        start: today("07:00"),
        end: end.map(today),
    };
    // There is no such service, and never will be.
    for spin in [spin(ServiceId(99), None), spin(MUSIC, None), spin(MUSIC, Some("07:03"))] {
        bus.publish(Message { station: STATION, revision: None, event: Event::Spun { spin } });
    }
    let kept = async {
        loop {
            let kept = store::spin::between(&house.db, STATION, MUSIC, Timestamp::MIN, Timestamp::MAX).await.unwrap();
            if kept == [spin(MUSIC, Some("07:03"))] {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), kept).await.expect("the spin is kept with its end");
    keeping.abort();
}
