//! The site as a browser meets it: real routes over a real store, with the clock in our hands.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bus::Bus;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};
use site::view::sample;
use site::{Settings, Site};
use station::act::Ending;
use station::clock::Fixed;
use station::event::{Message, Revision};
use station::redirect::{Cause, Pattern};
use station::story::{Saved, State};
use station::{Draft, Event, Redirect, Slug, Station, StationId, Story, StoryId, Text};
use store::Db;
use store::draft::Kept;
use store::preview::Preview;
use tower::ServiceExt;
use vault::Vault;

const HOST: &str = "www.harrowvalley.example";
const OWN_STORY: &str = "/science/2026-11-24/why-the-harrow-rises-overnight";
const WIRE_STORY: &str = "/news/2026-11-23/listening-to-soil";
/// How long a test waits for what must happen.
const DEADLINE: Duration = Duration::from_secs(10);

/// A station on the shelf, open to the public.
struct House {
    db: Db,
    vault: Vault,
    bus: Arc<bus::Local>,
    clock: Arc<Fixed>,
    site: Arc<Site>,
    router: Router,
    folder: tempfile::TempDir,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl House {
    async fn open() -> Self {
        let house = Self::unfurnished().await;
        house.furnish(&sample::station()).await;
        house
    }

    async fn unfurnished() -> Self {
        Self::built(Settings::default()).await
    }

    async fn built(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite://{}", folder.path().join("station.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let vault = Vault::disk(&folder.path().join("vault")).unwrap();
        let bus = bus::Local::new();
        let clock = Arc::new(Fixed::at("2026-11-24T21:33:00Z"));
        let site = Site::new(settings, db.clone(), vault.clone(), bus.clone(), clock.clone());
        let router = site.routes();
        tokio::spawn({
            let site = site.clone();
            async move { site.run().await }
        });
        Self { db, vault, bus, clock, site, router, folder }
    }

    async fn furnish(&self, station: &Station) {
        let mut tx = self.db.begin().await.unwrap();
        store::station::save(&mut tx, station).await.unwrap();
        for section in sample::sections() {
            store::section::save(&mut tx, &section).await.unwrap();
        }
        for service in sample::services() {
            store::service::save(&mut tx, &service).await.unwrap();
        }
        for person in sample::people() {
            store::person::save(&mut tx, &person).await.unwrap();
        }
        for programme in sample::programmes() {
            store::programme::save(&mut tx, &programme).await.unwrap();
        }
        for rule in sample::rules() {
            store::schedule::save_rule(&mut tx, &rule).await.unwrap();
        }
        for episode in sample::episodes() {
            store::episode::save(&mut tx, &episode).await.unwrap();
        }
        let broadcasts = sample::broadcasts();
        for service in sample::services() {
            let own: Vec<_> = broadcasts.iter().filter(|broadcast| broadcast.service == service.id).cloned().collect();
            let (from, to) = (own[0].start, own.last().unwrap().end);
            store::broadcast::replace(&mut tx, station.id, service.id, from, to, &own).await.unwrap();
        }
        tx.commit().await.unwrap();
        self.save(&sample::own_story()).await;
        self.save(&sample::wire_story()).await;
    }

    async fn save(&self, story: &Story) {
        let mut tx = self.db.begin().await.unwrap();
        let saved = Saved { at: "2026-11-24T21:00:00Z".parse().unwrap(), by: "Test".into(), why: "told".into() };
        store::story::save(&mut tx, story, &saved).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn redirect(&self, from: &str, to: &str, cause: Cause) {
        let mut tx = self.db.begin().await.unwrap();
        let at = "2026-11-24T21:00:00Z".parse().unwrap();
        let from = Pattern::parse(from).unwrap();
        let redirect = Redirect { from, to: to.into(), cause, by: "Test".into(), at };
        store::redirect::save(&mut tx, StationId(1), &redirect).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn end(&self, story: &Story, ending: Ending) {
        let mut tx = self.db.begin().await.unwrap();
        store::ending::save(&mut tx, StationId(1), story.id, &ending).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Somebody writes: the draft has another headline.
    async fn write(&self, story: &Story, headline: &str) {
        let draft = Kept {
            station: StationId(1),
            story: story.id,
            document: Draft { headline: headline.into(), ..Draft::of(story) },
            version: 1,
            stands: None,
            saved_at: "2026-11-24T21:00:00Z".parse().unwrap(),
            saved_by: "Test".into(),
            saved_by_account: None,
            begun_by: None,
        };
        let mut tx = self.db.begin().await.unwrap();
        store::draft::save(&mut tx, &draft).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A link that is good for a day.
    async fn make_preview(&self, story: &Story, secret: &str) {
        let sha256 = Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect();
        let preview = Preview {
            secret_sha256: sha256,
            story: story.id,
            made_by: "Test".into(),
            made_at: "2026-11-24T21:33:00Z".parse().unwrap(),
            ends_at: "2026-11-25T21:33:00Z".parse().unwrap(),
        };
        let mut tx = self.db.begin().await.unwrap();
        store::preview::make(&mut tx, StationId(1), &preview).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn tell(&self, event: Event) {
        self.bus.publish(Message { station: StationId(1), revision: Some(Revision(1)), event });
    }

    async fn ask(&self, request: http::request::Builder) -> Answer {
        let has_host = request.headers_ref().unwrap().contains_key(header::HOST);
        let request = if has_host { request } else { request.header(header::HOST, HOST) };
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, address: &str) -> Answer {
        self.ask(Request::get(address)).await
    }

    /// Asks until the answer is as it should be.
    async fn get_until(&self, address: &str, is_right: impl Fn(&Answer) -> bool) -> Answer {
        let asking = async {
            loop {
                let answer = self.get(address).await;
                if is_right(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(DEADLINE, asking).await.expect("the answer became as it should be")
    }
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn says(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    fn is_outdated(&self) -> bool {
        self.headers.contains_key("cache-status")
    }
}

#[tokio::test]
async fn every_page_can_be_read() {
    let house = House::open().await;
    for address in [
        "/",
        "/news",
        OWN_STORY,
        WIRE_STORY,
        "/people",
        "/people/mara-lindqvist",
        "/programmes",
        "/programmes/the-morning-ledger",
        "/episodes/the-last-ferry",
        "/schedule",
        "/schedule?day=2026-11-24",
        "/schedule?week=2026-11-30&zone=America/Los_Angeles",
        "/listen",
        "/about",
    ] {
        let answer = house.get(address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "text/html; charset=utf-8", "{address}");
        assert!(answer.says("Harrow Valley Public Radio"), "{address}");
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{address}");
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{address}");
        assert!(answer.headers.contains_key(header::ETAG) && answer.headers.contains_key(header::REFERRER_POLICY));
        assert!(answer.body.len() < 100 * 1024, "{address} has {} bytes", answer.body.len());
    }
}

#[tokio::test]
async fn everything_of_ours_that_a_page_loads_is_there() {
    let house = House::open().await;
    let home = house.get("/").await;
    let addresses = home.text().split(['"', '\'', ' ']).filter(|word| word.starts_with("/assets/"));
    let addresses: std::collections::BTreeSet<&str> = addresses.collect();
    assert!(addresses.iter().any(|address| address.starts_with("/assets/station.css")));
    assert!(addresses.len() >= 3, "{addresses:?}");
    for address in addresses.into_iter().chain(["/favicon.svg", "/manifest.webmanifest", "/robots.txt"]) {
        let answer = house.get(address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}");
        assert!(!answer.body.is_empty() && answer.header(header::CACHE_CONTROL).contains("public"), "{address}");
    }
}

#[tokio::test]
async fn a_page_comes_packed_and_is_sent_once() {
    let house = House::open().await;
    let plain = house.get(OWN_STORY).await;
    assert_eq!(plain.header(header::CONTENT_ENCODING), "");
    assert_eq!(plain.header(header::VARY), "accept-encoding");
    for (accept, encoding) in [("gzip", "gzip"), ("gzip, deflate, br", "br")] {
        let packed = house.ask(Request::get(OWN_STORY).header(header::ACCEPT_ENCODING, accept)).await;
        assert_eq!(packed.header(header::CONTENT_ENCODING), encoding);
        assert!(packed.body.len() * 2 < plain.body.len(), "{encoding}: {} bytes", packed.body.len());
        let etag = packed.header(header::ETAG).to_owned();
        assert_ne!(etag, plain.header(header::ETAG));
        let again =
            Request::get(OWN_STORY).header(header::ACCEPT_ENCODING, accept).header(header::IF_NONE_MATCH, &etag);
        let again = house.ask(again).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(again.header(header::ETAG), etag);
    }
    let head = house.ask(Request::head(OWN_STORY)).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.header(header::CONTENT_LENGTH), plain.body.len().to_string());
}

#[tokio::test]
async fn a_correction_is_seen_as_soon_as_it_is_told() {
    let house = House::open().await;
    for address in ["/", "/science", OWN_STORY] {
        assert!(house.get(address).await.says("Why the Harrow rises overnight"), "{address}");
    }
    let corrected = Story { headline: "Why the Harrow rises by night".into(), ..sample::own_story() };
    house.save(&corrected).await;
    house.tell(Event::StoryUpdated { story: corrected.id });
    for address in ["/", "/science", OWN_STORY] {
        house.get_until(address, |answer| answer.says("Why the Harrow rises by night")).await;
    }
}

#[tokio::test]
async fn a_withdrawn_story_is_gone_from_its_page_and_from_every_list() {
    let house = House::open().await;
    assert!(house.get("/").await.says("Listening to soil"));
    assert!(house.get(WIRE_STORY).await.says("https://www.npr.org"));
    let withdrawn = Story { state: State::Withdrawn, ..sample::wire_story() };
    house.save(&withdrawn).await;
    house.tell(Event::StoryWithdrawn { story: withdrawn.id });
    let page = house.get_until(WIRE_STORY, |answer| answer.status == StatusCode::GONE).await;
    assert!(page.says("This story was withdrawn") && !page.says("Listening to soil"));
    house.get_until("/", |answer| !answer.says("Listening to soil")).await;

    house.db.close().await;
    house.tell(Event::StoryWithdrawn { story: withdrawn.id });
    let page = house.get_until(WIRE_STORY, |answer| answer.says("taken back")).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert_eq!(house.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn readers_go_on_reading_while_the_store_is_away() {
    let house = House::open().await;
    for address in ["/", OWN_STORY] {
        assert_eq!(house.get(address).await.status, StatusCode::OK);
    }
    assert_eq!(house.get("/on-air.json").await.status, StatusCode::OK);
    house.db.close().await;
    house.tell(Event::StationChanged);
    for address in ["/", OWN_STORY] {
        let answer = house.get_until(address, Answer::is_outdated).await;
        assert_eq!((answer.status, answer.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-cache"));
    }
    assert!(
        house.get("/on-air.json").await.says("The Morning Ledger")
            || house.get("/on-air.json").await.says("Valley at Noon")
    );
    let unread = house.get(WIRE_STORY).await;
    assert_eq!(unread.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(unread.says("cannot be shown for the moment") && unread.says("Harrow Valley Public Radio"));
    assert_eq!(unread.header(header::RETRY_AFTER), "30");
    assert_eq!(unread.header(header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn what_has_no_line_in_the_table_does_not_exist() {
    let house = House::open().await;
    for address in [
        "/nothing",
        "/news/2026-11-24/nothing",
        "/news/2026-11-24/why-the-harrow-rises-overnight",
        "/science/2026-11-25/why-the-harrow-rises-overnight",
        "/science/24-11-2026/why-the-harrow-rises-overnight",
        "/people/nobody",
        "/programmes/nothing",
        "/episodes/nothing",
        "/news?before=nonsense",
        "/news?before=1-1",
        "/schedule?week=1999-01-04",
        "/schedule?day=2026-02-30",
        "/schedule?zone=Mars/Olympus",
        "/schedule?zone=../../etc/passwd",
        "/assets/nothing.js",
        "/media/nothing.mp3",
        "/media/../station.db",
        "/media/%2e%2e/station.db",
        "/%6eews",
        "/news;x=y",
        "/a/b/c/d",
        "//evil.example/",
    ] {
        let answer = house.get(address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        assert!(answer.says("Nothing stands here"), "{address}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-store", "{address}");
    }
    let slashed = house.get("/news/").await;
    assert_eq!((slashed.status, slashed.header(header::LOCATION)), (StatusCode::PERMANENT_REDIRECT, "/news"));
}

#[tokio::test]
async fn pages_are_read_and_not_written_to() {
    let house = House::open().await;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "SOURCE"] {
        let answer = house.ask(Request::builder().method(method).uri("/news")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header(header::ALLOW), "GET, HEAD", "{method}");
    }
    let fat = Request::get("/news").header(header::CONTENT_LENGTH, "9").header(header::HOST, HOST);
    let fat = house.send(fat.body(Body::from("too large")).unwrap()).await;
    assert_eq!(fat.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(house.get("/news").await.status, StatusCode::OK);
}

#[tokio::test]
async fn nothing_in_a_request_but_host_and_address_reaches_a_page() {
    let clean = House::open().await.get(OWN_STORY).await;
    let house = House::open().await;
    let mut poisoned = Request::get(format!("{OWN_STORY}?utm_source=evil.example&x=y"));
    for name in
        ["x-forwarded-host", "x-original-url", "x-http-method-override", "forwarded", "cookie", "accept-language"]
    {
        poisoned = poisoned.header(name, "evil.example");
    }
    assert_eq!(house.ask(poisoned).await.body, clean.body);
    assert_eq!(house.ask(Request::get(OWN_STORY).header(header::HOST, "evil.example:81")).await.body, clean.body);
    assert_eq!(house.get(OWN_STORY).await.body, clean.body);
}

#[tokio::test]
async fn a_host_name_leads_to_its_own_station() {
    let house = House::open().await;
    let other = Station {
        id: StationId(2),
        slug: Slug::parse("quarry").unwrap(),
        name: "Quarry Radio".into(),
        tagline: "From the quarry".into(),
        call_signs: Vec::new(),
        banner: None,
        about: Vec::new(),
        email: None,
        host_names: vec!["quarry.example".into()],
        ..sample::station()
    };
    let mut tx = house.db.begin().await.unwrap();
    store::station::save(&mut tx, &other).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(house.get("/").await.status, StatusCode::OK);
    house.tell(Event::StationChanged);

    let at = |host: &'static str, address: &'static str| house.ask(Request::get(address).header(header::HOST, host));
    let asking = async {
        while !at("QUARRY.example:8000", "/about").await.says("Quarry Radio") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.expect("the new station was found");
    assert_eq!(at("quarry.example", OWN_STORY).await.status, StatusCode::NOT_FOUND);
    assert!(!at("quarry.example", "/").await.text().to_lowercase().contains("harrow"));
    assert_eq!(at(HOST, OWN_STORY).await.status, StatusCode::OK);
    let unknown = at("evil.example", "/").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert!(!unknown.says("evil.example") && !unknown.says("Harrow") && !unknown.says("Quarry"));
}

#[tokio::test]
async fn before_there_is_a_station_the_site_says_so_and_then_finds_it() {
    let house = House::unfurnished().await;
    assert_eq!(house.get("/").await.status, StatusCode::NOT_FOUND);
    house.furnish(&sample::station()).await;
    assert_eq!(house.get("/").await.status, StatusCode::OK);
}

#[tokio::test]
async fn words_from_outside_never_become_markup() {
    let house = House::open().await;
    let attack = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    let hostile = Story {
        headline: attack.into(),
        teaser: attack.into(),
        kicker: attack.into(),
        body: vec![
            station::Block::PullQuote { text: Text::plain(attack), attribution: attack.into() },
            station::Block::Embed { title: attack.into(), href: "javascript:alert(1)".into(), provider: attack.into() },
        ],
        ..sample::own_story()
    };
    house.save(&hostile).await;
    for address in [OWN_STORY, "/", "/science"] {
        let page = house.get(address).await;
        assert!(page.says("&lt;img src=x"), "{address}");
        assert!(!page.says("<script>alert") && !page.says("<img src=x") && !page.says("javascript:"), "{address}");
    }
}

#[tokio::test]
async fn a_list_is_read_to_its_end_without_a_story_twice() {
    let house = House::open().await;
    let section = Slug::parse("music").unwrap();
    for number in 0..45 {
        let story = Story {
            id: StoryId(1000 + number),
            section: section.clone(),
            slug: Slug::parse(&format!("song-{number}")).unwrap(),
            headline: format!("Song number {number}."),
            // Many at the same moment: the id decides.
            published_at: Some(format!("2026-11-20T{:02}:00:00Z", number / 10).parse().unwrap()),
            ..sample::own_story()
        };
        house.save(&story).await;
    }
    let mut seen = Vec::new();
    let mut next = Some("/music".to_owned());
    let mut pages = 0;
    while let Some(address) = next {
        let page = house.get(&address).await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        pages += 1;
        let text = page.text();
        for number in 0..45 {
            if text.contains(&format!(">Song number {number}.<")) {
                seen.push(number);
            }
        }
        next = text.split('"').find(|word| word.starts_with("/music?before=") && *word != address).map(Into::into);
    }
    assert_eq!(pages, 3);
    seen.sort_unstable();
    assert_eq!(seen, (0..45).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_sound_can_be_sought_in() {
    let house = House::open().await;
    let bytes: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    let key = house.vault.put_content(bytes.clone().into(), "mp3").await.unwrap();
    let address = format!("/{key}");
    let whole = house.get(&address).await;
    assert_eq!((whole.status, whole.header(header::CONTENT_TYPE)), (StatusCode::OK, "audio/mpeg"));
    assert_eq!(whole.body, bytes);
    assert!(whole.header(header::CACHE_CONTROL).contains("immutable"));
    assert_eq!(whole.header(header::ACCEPT_RANGES), "bytes");
    let part = |range: &'static str| house.ask(Request::get(&address).header(header::RANGE, range));
    let middle = part("bytes=131000-263000").await;
    assert_eq!(middle.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(middle.header(header::CONTENT_RANGE), "bytes 131000-263000/300000");
    assert_eq!(middle.header(header::CONTENT_LENGTH), "132001");
    assert_eq!(middle.body, bytes[131_000..=263_000]);
    assert_eq!(part("bytes=-5").await.body, bytes[299_995..]);
    let beyond = part("bytes=300000-").await;
    assert_eq!(
        (beyond.status, beyond.header(header::CONTENT_RANGE)),
        (StatusCode::RANGE_NOT_SATISFIABLE, "bytes */300000")
    );
    let etag = whole.header(header::ETAG).to_owned();
    let again = house.ask(Request::get(&address).header(header::IF_NONE_MATCH, etag)).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let head = house.ask(Request::head(&address)).await;
    assert_eq!((head.header(header::CONTENT_LENGTH), head.body.len()), ("300000", 0));
}

#[tokio::test]
async fn a_drawing_is_looked_at_and_never_run() {
    let house = House::open().await;
    let drawing = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    let key = house.vault.put_content(drawing.to_vec().into(), "svg").await.unwrap();
    let answer = house.get(&format!("/{key}")).await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "image/svg+xml");
    let policy = answer.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox") && !policy.contains("script-src"));
    assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
}

#[tokio::test]
async fn what_is_not_for_the_public_stays_in_the_vault() {
    let house = House::open().await;
    house.vault.put("recordings/raw.mp3", vec![1, 2, 3].into()).await.unwrap();
    for address in [
        "/media/recordings/raw.mp3",
        "/media/../recordings/raw.mp3",
        "/recordings/raw.mp3",
        "/media/..%2frecordings/raw.mp3",
    ] {
        assert_eq!(house.get(address).await.status, StatusCode::NOT_FOUND, "{address}");
    }
    assert!(house.folder.path().join("vault").exists());
}

#[tokio::test]
async fn the_player_is_told_what_is_on() {
    let house = House::open().await;
    let answer = house.get("/on-air.json").await;
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
    let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let news = &told["services"][0];
    assert_eq!(news["slug"], "news");
    assert_eq!(news["hls"], "/hls/news/index.m3u8");
    assert_eq!(news["mounts"][0]["path"], "/news.mp3");
    assert_eq!(news["mounts"][0]["media_type"], "audio/mpeg");
    assert_eq!(news["now"]["title"], "Valley at Noon");
    assert_eq!(news["now"]["programme"]["slug"], "valley-at-noon");
    assert_eq!(news["now"]["start"], "2026-11-24T17:00:00Z");
    assert_eq!(news["next"]["title"], "Night Desk");
    assert_eq!(news["playing"], "");

    house.clock.advance(Duration::from_secs(6 * 60 * 60));
    let later: serde_json::Value = serde_json::from_slice(&house.get("/on-air.json").await.body).unwrap();
    assert_eq!(later["services"][0]["now"]["title"], "Night Desk");
}

#[tokio::test]
async fn whoever_follows_hears_at_once_and_at_every_change() {
    let house = House::open().await;
    let request = Request::get("/on-air/events").header(header::HOST, HOST).body(Body::empty()).unwrap();
    let answer = house.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut events = answer.into_body();
    let first = next_event(&mut events).await;
    assert!(
        first.starts_with("retry: 3000\nevent: on-air\ndata: {\"services\":[") && first.ends_with("\n\n"),
        "{first}"
    );
    let service = sample::services()[0].id;
    let title = "A Fiddler \u{2013} \"The Weir\"\r\ndata: forged".to_owned();
    house.tell(Event::Title { service, title, at: "2026-11-24T21:34:00Z".parse().unwrap() });
    let second = next_event(&mut events).await;
    assert!(second.starts_with("event: on-air\ndata: ") && second.contains(r"The Weir\"));
    assert_eq!(second.lines().count(), 3, "{second:?}");
    let on = sample::now_next().swap_remove(1);
    house.tell(Event::OnAir { service, now_next: on });
    assert!(next_event(&mut events).await.contains(r#""now":{"title":"Long Player""#));
    house.site.stop();
    assert!(events.frame().await.is_none());
}

#[tokio::test]
async fn how_many_may_follow_is_bounded_and_a_place_is_given_back() {
    let house = House::built(Settings { followers_max: 1, ..Settings::default() }).await;
    house.furnish(&sample::station()).await;
    let follow = || Request::get("/on-air/events").header(header::HOST, HOST).body(Body::empty()).unwrap();
    let first = house.router.clone().oneshot(follow()).await.unwrap();
    assert_eq!(first.status(), StatusCode::OK);
    let second = house.router.clone().oneshot(follow()).await.unwrap();
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(first);
    assert_eq!(house.router.clone().oneshot(follow()).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_theme_in_the_stations_folder_changes_the_page_that_it_names() {
    let theme = tempfile::tempdir().unwrap();
    std::fs::write(theme.path().join("about.html"), "<!doctype html><title>{{ frame.title }}</title><p>ours</p>")
        .unwrap();
    let house = House::built(Settings { theme_dir: Some(theme.path().into()), ..Settings::default() }).await;
    house.furnish(&sample::station()).await;
    assert!(house.get("/about").await.says("<p>ours</p>"));
    assert!(house.get("/listen").await.says("<nav"));
}

async fn next_event(events: &mut Body) -> String {
    let frame = tokio::time::timeout(DEADLINE, events.frame()).await.expect("an event came in time");
    String::from_utf8(frame.unwrap().unwrap().into_data().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn the_day_changes_at_the_stations_midnight() {
    let house = House::open().await;
    let today = |page: &Answer| page.text().matches("2026-11-25").count();
    let before = house.get("/schedule").await;
    house.clock.advance(Duration::from_secs(8 * 60 * 60));
    let after = house.get("/schedule").await;
    assert_eq!((before.status, after.status), (StatusCode::OK, StatusCode::OK));
    assert!(today(&before) > 0 && before.header(header::ETAG) != after.header(header::ETAG));
}

#[tokio::test]
async fn what_moved_is_found_and_what_is_not_there_is_counted() {
    let house = House::open().await;
    for (from, to, cause) in [
        ("/news/2026-11-23/soil", WIRE_STORY, Cause::Moved),
        ("/blog/*", "/science/*", Cause::Imported),
        ("/jobs", "https://jobs.example/harrow", Cause::ByHand),
        ("/science/2026-11-20/soon", "/news", Cause::Unpublished),
    ] {
        house.redirect(from, to, cause).await;
    }
    for (address, status, location) in [
        ("/news/2026-11-23/soil", StatusCode::MOVED_PERMANENTLY, WIRE_STORY),
        ("/news/2026-11-23/soil?utm_source=x", StatusCode::MOVED_PERMANENTLY, WIRE_STORY),
        ("/blog/2019/flood", StatusCode::MOVED_PERMANENTLY, "/science/2019/flood"),
        ("/jobs", StatusCode::MOVED_PERMANENTLY, "https://jobs.example/harrow"),
        ("/science/2026-11-20/soon", StatusCode::FOUND, "/news"),
        ("/news/2026-11-23/listening-to-soil?amp=1", StatusCode::MOVED_PERMANENTLY, WIRE_STORY),
        ("/news/2026-11-23/listening-to-soil/amp/", StatusCode::MOVED_PERMANENTLY, WIRE_STORY),
    ] {
        let answer = house.get(address).await;
        assert_eq!((answer.status, answer.header(header::LOCATION)), (status, location), "{address}");
        assert_eq!(answer.header(header::CACHE_CONTROL), "no-cache", "it may move back: {address}");
    }
    assert_eq!(house.get("/news").await.status, StatusCode::OK, "where something stands nobody is led away");

    for _ in 0..3 {
        assert_eq!(house.get("/flood-map?from=mail").await.status, StatusCode::NOT_FOUND);
    }
    house.ask(Request::post("/flood-map")).await;
    let counting = async {
        loop {
            let missed = store::missed::most(&house.db, StationId(1), 9).await.unwrap();
            if let Some(first) = missed.first() {
                return (first.path.clone(), first.times);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let counted = tokio::time::timeout(DEADLINE, counting).await.expect("it is written down");
    assert_eq!(counted, ("/flood-map".to_owned(), 3));
}

#[tokio::test]
async fn an_unpublished_story_leaves_a_sentence_a_notice_or_the_way_to_something_else() {
    let house = House::open().await;
    let story = Story { state: State::Unpublished, ..sample::own_story() };
    assert_eq!(house.get(OWN_STORY).await.status, StatusCode::OK);
    house.save(&story).await;
    house.end(&story, Ending::Gone).await;
    house.tell(Event::StoryWithdrawn { story: story.id });
    let gone = house.get_until(OWN_STORY, |answer| answer.status == StatusCode::GONE).await;
    assert!(gone.says("not published any more") && !gone.says(&story.headline));
    house.get_until("/", |answer| !answer.says(&story.headline)).await;

    house.end(&story, Ending::Notice { words: "We are checking a figure <in it>.".into() }).await;
    house.tell(Event::StoryWithdrawn { story: story.id });
    let notice = house.get_until(OWN_STORY, |answer| answer.says("checking a figure")).await;
    assert_eq!(notice.status, StatusCode::OK);
    assert!(notice.says("&lt;in it&gt;") && notice.says("noindex") && !notice.says(&story.headline));

    house.end(&story, Ending::Redirect { to: "/science".into() }).await;
    house.redirect(OWN_STORY, "/science", Cause::Unpublished).await;
    house.tell(Event::StoryWithdrawn { story: story.id });
    let sent = house.get_until(OWN_STORY, |answer| answer.status == StatusCode::FOUND).await;
    assert_eq!(sent.header(header::LOCATION), "/science");

    house.save(&sample::own_story()).await;
    house.tell(Event::StoryPublished { story: story.id });
    house.get_until(OWN_STORY, |answer| answer.status == StatusCode::OK && answer.says(&story.headline)).await;
}

#[tokio::test]
async fn a_story_that_nobody_may_read_yet_is_at_no_address() {
    let house = House::open().await;
    for state in [State::Draft, State::InReview, State::Ready, State::Scheduled] {
        let story = Story { state, published_at: None, ..sample::own_story() };
        house.save(&story).await;
        house.tell(Event::StoryWithdrawn { story: story.id });
        house.get_until(OWN_STORY, |answer| answer.status == StatusCode::NOT_FOUND).await;
        house.get_until("/science", |answer| !answer.says(&story.headline)).await;
    }
}

#[tokio::test]
async fn a_preview_link_shows_the_draft_to_whoever_has_it_until_it_ends() {
    let house = House::open().await;
    let story = Story { state: State::Draft, published_at: None, ..sample::own_story() };
    house.save(&story).await;
    house.write(&story, "Why the Harrow will rise").await;
    house.make_preview(&story, "a-long-secret").await;
    let shown = house.get("/preview/a-long-secret").await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.says("Why the Harrow will rise") && shown.says("Preview.") && shown.says("November 25"));
    assert_eq!(shown.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(shown.header("x-robots-tag"), "noindex, nofollow");
    assert_eq!(shown.header(header::REFERRER_POLICY), "no-referrer");
    assert!(!shown.headers.contains_key(header::SET_COOKIE));
    assert!(!shown.says("a-long-secret") && !shown.says("ld+json") && !shown.says("rel=\"canonical\""));
    assert_eq!(house.ask(Request::head("/preview/a-long-secret")).await.body.len(), 0);
    for wrong in ["/preview/another-secret", "/preview/", "/preview/a-long-secret/x"] {
        assert_ne!(house.get(wrong).await.status, StatusCode::OK, "{wrong}");
    }

    house.write(&story, "Why the Harrow rose").await;
    assert!(house.get("/preview/a-long-secret").await.says("Why the Harrow rose"), "it shows what is written now");
    house.save(&Story { state: State::Killed, ..story.clone() }).await;
    assert_eq!(house.get("/preview/a-long-secret").await.status, StatusCode::NOT_FOUND);
    house.save(&story).await;
    house.clock.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(house.get("/preview/a-long-secret").await.status, StatusCode::NOT_FOUND, "it has ended");
}
