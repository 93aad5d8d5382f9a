//! One of every noun. Everything of the station `alpha` says "alpha" somewhere and has the same ids, slugs and external
//! ids as that of any other station made here: only the station itself tells them apart.

use jiff::civil::{date, time};
use station::audit::Entry;
use station::event::Message;
use station::person::Source;
use station::redirect::{Cause, Pattern};
use station::rights::Owner;
use station::role::Scope;
use station::schedule::{Change, Days, Exception, OneOff, Rule};
use station::story::{Correction, Saved, State};
use station::*;
use store::draft::{Kept, Lock};
use store::passkey::Passkey;
use store::preview::Preview;
use store::revision::{Aside, Kind};
use store::session::Session;
use store::ticket::Ticket;
use store::wire::WireDocument;
use store::{Db, Tx};

pub const SERVICE: ServiceId = ServiceId(21);
pub const PROGRAMME: ProgrammeId = ProgrammeId(31);
pub const PERSON: PersonId = PersonId(41);
pub const RULE: RuleId = RuleId(51);
pub const ONE_OFF: OneOffId = OneOffId(61);
pub const EPISODE: EpisodeId = EpisodeId(71);
pub const STORY: StoryId = StoryId(81);
pub const PIECE: PieceId = PieceId(91);
/// The SHA-256 of what [`piece`] was made from.
pub const ORIGIN: &str = "0f1e2d";
pub const ACCOUNT: AccountId = AccountId(101);
pub const SESSION: SessionId = SessionId(111);

pub fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

pub fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

pub fn station(name: &str, id: i64) -> Station {
    Station {
        id: StationId(id),
        slug: slug(name),
        name: format!("{name} Public Radio"),
        tagline: format!("{name} follows the ground"),
        call_signs: vec![format!("{name} 91.3"), "Hill 88.1".into()],
        host_names: vec![format!("{name}.example"), format!("www.{name}.example")],
        zone: "America/New_York".into(),
        language: "en-US".into(),
        accent: Accent::parse("#1b5e8c").unwrap(),
        banner: Some(image(name)),
        about: vec![Block::paragraph(name)],
        email: Some(format!("desk@{name}.example")),
        org_service_ids: vec!["s921".into()],
    }
}

pub fn image(name: &str) -> Image {
    Image {
        file: image::File::Vault(format!("media/ab/{name}.svg")),
        width_px: Some(1200),
        height_px: None,
        alt: format!("a mast at {name}"),
        caption: "It’s “late” \u{1F4FB} \\ ' \" <b>".into(),
        credit: String::new(),
    }
}

pub fn sound(name: &str) -> Sound {
    Sound {
        title: name.into(),
        file: sound::File::Remote("https://audio.example/a.mp3?x=1&y=2".into()),
        media_type: "audio/mpeg".into(),
        duration_ms: Some(61_000),
        bytes: None,
        is_downloadable: true,
        transcript: Some(sound::Transcript::Text(vec!["Words.".into()])),
    }
}

pub fn section(station: &Station) -> Section {
    Section {
        station: station.id,
        slug: slug("news"),
        title: format!("News of {}", station.slug),
        teaser: "What happens".into(),
        position: 1,
    }
}

pub fn service(station: &Station) -> Service {
    Service {
        id: SERVICE,
        station: station.id,
        slug: slug("talk"),
        name: format!("{} Talk", station.slug),
        teaser: "People".into(),
        position: 1,
        mounts: vec![Mount {
            path: "/talk.mp3".into(),
            codec: Codec::Mp3,
            bitrate_kbps: 96,
            sample_rate_hz: 44_100,
            channels: 2,
        }],
    }
}

pub fn person(station: &Station) -> Person {
    Person {
        id: PERSON,
        station: station.id,
        slug: slug("jo-birch"),
        name: format!("Jo Birch of {}", station.slug),
        role: "Reporter".into(),
        bio: vec![Block::paragraph("Jo reports.")],
        image: Some(image("portrait")),
        source: Some(source("bio-1")),
    }
}

pub fn source(external_id: &str) -> Source {
    Source { wire: "cds".into(), external_id: external_id.into(), canonical: Some("https://owner.example/1".into()) }
}

pub fn programme(station: &Station) -> Programme {
    Programme {
        id: PROGRAMME,
        station: station.id,
        slug: slug("the-morning"),
        title: format!("The Morning at {}", station.slug),
        teaser: "Every day".into(),
        about: vec![Block::Divider],
        hosts: vec![PERSON],
        image: None,
        sound: station::programme::Sound { silence_lufs: Some(-60.0), ..Default::default() },
    }
}

pub fn rule(station: &Station) -> Rule {
    Rule {
        id: RULE,
        station: station.id,
        service: SERVICE,
        programme: PROGRAMME,
        title: Some(format!("Weekdays at {}", station.slug)),
        days: Days::WEEKDAYS,
        start: time(6, 30, 0, 0),
        minutes: 10_080,
        valid_from: date(2026, 1, 1),
        valid_until: Some(date(2027, 12, 31)),
    }
}

pub fn exception(station: &Station) -> Exception {
    Exception {
        station: station.id,
        rule: RULE,
        date: date(2026, 11, 26),
        change: Change::Replaced { programme: PROGRAMME, title: Some(format!("A feast at {}", station.slug)) },
    }
}

pub fn one_off(station: &Station) -> OneOff {
    OneOff {
        id: ONE_OFF,
        station: station.id,
        service: SERVICE,
        programme: PROGRAMME,
        title: Some(format!("Election night at {}", station.slug)),
        start: at("2026-11-24T20:00:00Z"),
        end: at("2026-11-24T23:00:00Z"),
    }
}

pub fn broadcast(station: &Station, start: &str, end: &str) -> Broadcast {
    Broadcast {
        station: station.id,
        service: SERVICE,
        programme: PROGRAMME,
        title: format!("The Morning at {}", station.slug),
        start: at(start),
        end: at(end),
        cause: broadcast::Cause::Rule(RULE),
    }
}

pub fn episode(station: &Station) -> Episode {
    Episode {
        id: EPISODE,
        station: station.id,
        programme: PROGRAMME,
        slug: slug("the-first"),
        title: format!("The first at {}", station.slug),
        teaser: String::new(),
        about: vec![],
        sound: sound("episode"),
        image: Some(image("episode")),
        published_at: at("2026-11-20T12:00:00Z"),
    }
}

pub fn recording(station: &Station) -> Recording {
    let (start, end) = (at("2026-11-24T11:30:00Z"), at("2026-11-24T12:30:00Z"));
    Recording {
        station: station.id,
        episode: EPISODE,
        revision: 2,
        service: SERVICE,
        cause: broadcast::Cause::Rule(RULE),
        programme: PROGRAMME,
        title: format!("The Morning at {}", station.slug),
        start,
        end,
        padding_before_s: 30,
        padding_after_s: 0,
        made_at: at("2026-11-24T12:30:10Z"),
        gaps: vec![recording::Gap { offset_ms: 1_000, from: start, to: end, cause: "the disk was full".into() }],
        chapters: vec![recording::Chapter { start_ms: 0, title: "Ann – Fünf".into() }],
        loudness: Some(recording::Loudness { integrated_lufs: -18.25, true_peak_dbtp: -1.5 }),
    }
}

pub fn order(station: &Station) -> recording::Order {
    recording::Order {
        station: station.id,
        subject: recording::Subject::Programme(PROGRAMME),
        is_recorded: true,
        since: at("2026-11-01T00:00:00Z"),
        padding_before_s: 30,
        padding_after_s: 60,
    }
}

pub fn piece(station: &Station) -> Piece {
    Piece {
        position: 3,
        artist: "The Hum".into(),
        album: "Low Water".into(),
        category: Some(slug("song")),
        programme: Some(PROGRAMME),
        weight: 2,
        day_parts: vec![library::DayPart { days: Days::WEEKDAYS, from: time(6, 0, 0, 0), to: time(10, 0, 0, 0) }],
        valid_from: Some(at("2026-01-01T00:00:00Z")),
        valid_until: Some(at("2027-01-01T00:00:00Z")),
        link: Some(library::Link { after: Some(PIECE), before: None }),
        duration_ms: 90_000,
        cues: library::Cues { in_ms: Some(120), out_ms: None },
        loudness: Some(library::Loudness { integrated_lufs: -18.25, true_peak_dbtp: -1.5 }),
        origin: Some(ORIGIN.into()),
        renditions: vec![library::Rendition { codec: Codec::Mp3, key: "media/cd/cdef.mp3".into() }],
        ..Piece::new(PIECE, station.id, SERVICE, format!("{} at Dawn", station.slug))
    }
}

pub fn rotation(station: &Station) -> Rotation {
    Rotation {
        categories: vec![rotation::Category {
            slug: slug("song"),
            title: format!("Songs of {}", station.slug),
            artist_minutes: 60,
            title_minutes: 180,
            crossfade_ms: 3_000,
        }],
        clocks: vec![rotation::HourClock {
            slug: slug("day"),
            title: "The day".into(),
            slots: vec![
                rotation::Slot::Category(slug("song")),
                rotation::Slot::Piece(PIECE),
                rotation::Slot::Break { category: slug("song"), seconds: 60 },
            ],
        }],
        grid: vec![rotation::GridRow { days: Days::ALL, from_hour: 0, to_hour: 24, clock: slug("day") }],
        timed: vec![rotation::Timed {
            what: rotation::Slot::Piece(PIECE),
            days: Days::WEEKDAYS,
            time: time(12, 0, 0, 0),
            start: rotation::Start::Hard,
            valid_from: None,
            valid_until: Some(date(2026, 12, 31)),
        }],
        fill: Some(slug("song")),
        ..Rotation::none(station.id, SERVICE)
    }
}

pub fn spin(station: &Station) -> Spin {
    Spin {
        station: station.id,
        service: SERVICE,
        piece: Some(PIECE),
        artist: "The Hum".into(),
        title: format!("{} at Dawn", station.slug),
        start: at("2026-11-24T11:00:00.25Z"),
        end: Some(at("2026-11-24T11:01:30.25Z")),
    }
}

pub fn story(station: &Station) -> Story {
    Story {
        id: STORY,
        station: station.id,
        section: slug("news"),
        slug: slug("the-river-rises"),
        programme: None,
        seo_title: String::new(),
        kicker: "Weather".into(),
        headline: format!("The river rises at {}", station.slug),
        teaser: "By a foot.".into(),
        bylines: vec![
            Byline { name: "Jo Birch".into(), person: Some(PERSON) },
            Byline { name: "A Stringer".into(), person: None },
        ],
        lead: Some(image("river")),
        sounds: vec![sound("report")],
        body: vec![Block::paragraph("Water."), Block::Divider],
        corrections: vec![Correction { text: Text::plain("It was two."), at: at("2026-11-24T10:00:00Z") }],
        state: State::Published,
        published_at: Some(at("2026-11-24T03:00:00.123456Z")),
        updated_at: Some(at("2026-11-24T11:00:00Z")),
        source: Some(source("story-1")),
        rights: Rights { copyright_year: Some(2026), is_noindex: true, ..Rights::default() },
    }
}

pub fn draft(station: &Station) -> Kept {
    Kept {
        station: station.id,
        story: STORY,
        document: Draft { headline: format!("The river falls at {}", station.slug), ..Draft::of(&story(station)) },
        version: 4,
        stands: Some(3),
        saved_at: at("2026-11-24T03:30:00Z"),
        saved_by: format!("Jo of {}", station.slug),
        saved_by_account: Some(ACCOUNT),
        begun_by: Some(ACCOUNT),
    }
}

pub fn lock(station: &Station) -> Lock {
    Lock {
        station: station.id,
        account: ACCOUNT,
        holder: format!("Jo of {}", station.slug),
        since: at("2026-11-24T03:20:00Z"),
        until: at("2026-11-24T03:35:00Z"),
    }
}

/// The date of [`story`] in its address: still the evening before in New York.
pub const STORY_DATE: &str = "2026-11-23";

pub fn saved(station: &Station) -> Saved {
    Saved { at: at("2026-11-24T03:00:00Z"), by: format!("Jo of {}", station.slug), why: "first text".into() }
}

pub fn document(station: &Station) -> WireDocument {
    WireDocument {
        wire: "cds".into(),
        external_id: "story-1".into(),
        sha256: "00".into(),
        raw: format!(r#"{{"title":"{}"}}"#, station.slug),
        seen_at: at("2026-11-24T03:00:00Z"),
        outcome: "shown".into(),
    }
}

pub fn owner() -> Owner {
    Owner { name: "NPR".into(), site: Some("https://www.npr.org".into()) }
}

pub fn account(station: &Station) -> Account {
    Account {
        id: ACCOUNT,
        station: station.id,
        email: "jo@harrow.example".into(),
        name: format!("Jo Birch of {}", station.slug),
        person: Some(PERSON),
        invited_at: at("2026-11-01T09:00:00Z"),
        joined_at: Some(at("2026-11-02T09:00:00Z")),
        disabled_at: None,
    }
}

pub fn role(station: &Station) -> Role {
    Role {
        slug: slug("weekend-editor"),
        title: format!("Weekend editor of {}", station.slug),
        teaser: "Alone on Sundays.".into(),
        permissions: [Permission::ViewDrafts, Permission::Publish].into(),
    }
}

pub fn grant(station: &Station) -> Grant {
    Grant { station: station.id, account: ACCOUNT, role: slug("weekend-editor"), scope: Scope::Section(slug("news")) }
}

pub fn session(station: &Station) -> Session {
    Session {
        id: SESSION,
        station: station.id,
        account: ACCOUNT,
        device: format!("Firefox at {}", station.slug),
        began_at: at("2026-11-24T08:00:00Z"),
        seen_at: at("2026-11-24T09:00:00Z"),
        ends_at: at("2026-12-24T08:00:00Z"),
    }
}

pub fn passkey(station: &Station) -> Passkey {
    Passkey {
        id: "credential".into(),
        station: station.id,
        account: ACCOUNT,
        name: format!("Phone of {}", station.slug),
        public_key: "key".into(),
        algorithm: -7,
        uses: 3,
        made_at: at("2026-11-03T09:00:00Z"),
        used_at: None,
    }
}

pub fn ticket(station: &Station) -> Ticket {
    Ticket {
        station: station.id,
        kind: "invitation".into(),
        account: Some(ACCOUNT),
        document: format!("for {}", station.slug),
        ends_at: at("2026-11-25T08:00:00Z"),
    }
}

pub fn entry(station: &Station) -> Entry {
    Entry {
        station: station.id,
        at: at("2026-11-24T08:00:00Z"),
        account: Some(ACCOUNT),
        who: format!("Jo Birch of {}", station.slug),
        act: "signed-in".into(),
        subject: String::new(),
        words: "signed in".into(),
        device: "Firefox on Linux".into(),
    }
}

pub fn step(station: &Station) -> act::Step {
    act::Step {
        story: STORY,
        at: at("2026-11-24T03:00:00Z"),
        by: format!("Jo of {}", station.slug),
        act: Act::Publish,
        from: State::Ready,
        to: State::Published,
        why: String::new(),
    }
}

/// Each station's is due in another minute.
pub fn plan(station: &Station) -> act::Plan {
    act::Plan {
        station: station.id,
        story: STORY,
        due_at: at("2026-11-24T20:00:00Z") + std::time::Duration::from_secs(60 * station.id.0.unsigned_abs()),
        act: Act::Update,
        is_major: true,
        text: story(station),
        by: "Jo Birch".into(),
        planned_at: at("2026-11-24T08:00:00Z"),
        tries: 0,
        fault: None,
    }
}

pub fn preview(station: &Station) -> Preview {
    Preview {
        secret_sha256: "preview".into(),
        story: STORY,
        made_by: format!("Jo of {}", station.slug),
        made_at: at("2026-11-24T08:00:00Z"),
        ends_at: at("2026-11-25T08:00:00Z"),
    }
}

pub fn redirect(station: &Station) -> Redirect {
    Redirect {
        from: Pattern::parse("/old/*").unwrap(),
        to: format!("/{}/*", station.slug),
        cause: Cause::ByHand,
        by: "Jo Birch".into(),
        at: at("2026-11-24T08:00:00Z"),
    }
}

pub fn published(station: &Station) -> Message {
    Message { station: station.id, revision: Some(event::Revision(1)), event: Event::StoryPublished { story: STORY } }
}

/// Saves the station and, of everything that it can have, one.
pub async fn fill(db: &Db, station: &Station) {
    let mut tx = db.begin().await.unwrap();
    save_all(&mut tx, station).await.unwrap();
    tx.commit().await.unwrap();
}

pub async fn save_all(tx: &mut Tx, station: &Station) -> store::Result<()> {
    let tuesday = broadcast(station, "2026-11-24T11:30:00Z", "2026-11-24T12:30:00Z");
    let after_it = broadcast(station, "2026-11-24T12:30:00Z", "2026-11-24T13:00:00Z");
    store::station::save(tx, station).await?;
    store::section::save(tx, &section(station)).await?;
    store::service::save(tx, &service(station)).await?;
    store::person::save(tx, &person(station)).await?;
    store::programme::save(tx, &programme(station)).await?;
    store::schedule::save_rule(tx, &rule(station)).await?;
    store::schedule::save_exception(tx, &exception(station)).await?;
    store::schedule::save_one_off(tx, &one_off(station)).await?;
    let (from, to) = (at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z"));
    store::broadcast::replace(tx, station.id, SERVICE, from, to, &[tuesday, after_it]).await?;
    store::episode::save(tx, &episode(station)).await?;
    store::recording::save(tx, &recording(station)).await?;
    store::recording::save_order(tx, &order(station)).await?;
    store::library::save(tx, &piece(station)).await?;
    store::rotation::save(tx, &rotation(station)).await?;
    store::spin::save(tx, &spin(station)).await?;
    store::story::save(tx, &story(station), &saved(station)).await?;
    save_desk(tx, station).await?;
    save_publishing(tx, station).await?;
    save_draft(tx, station).await?;
    store::wire::save_document(tx, station.id, &document(station)).await?;
    store::wire::save_mentions(tx, station.id, "cds", "story-1", &["bio-1".to_owned()]).await?;
    store::change::add(tx, station.id, &Event::StoryPublished { story: STORY }).await?;
    Ok(())
}

async fn save_publishing(tx: &mut Tx, station: &Station) -> store::Result<()> {
    let id = station.id;
    store::step::add(tx, id, &step(station)).await?;
    store::plan::save(tx, &plan(station)).await?;
    let notice = act::Ending::Notice { words: format!("back soon at {}", station.slug) };
    store::ending::save(tx, id, STORY, &notice).await?;
    store::preview::revoke(tx, id, STORY).await?;
    store::preview::make(tx, id, &preview(station)).await?;
    store::missed::add(tx, id, &[(format!("/asked/{}", station.slug), 1)], at("2026-11-24T08:00:00Z")).await?;
    store::redirect::save(tx, id, &redirect(station)).await
}

async fn save_desk(tx: &mut Tx, station: &Station) -> store::Result<()> {
    let (id, made_at) = (station.id, at("2026-11-03T09:00:00Z"));
    store::account::save(tx, &account(station)).await?;
    store::account::set_password(tx, id, ACCOUNT, Some("$argon2id$")).await?;
    store::role::save(tx, id, &role(station)).await?;
    store::role::give(tx, &grant(station)).await?;
    store::session::end_others(tx, id, ACCOUNT, None).await?;
    store::session::begin(tx, &session(station), "session").await?;
    store::device::know(tx, id, ACCOUNT, "device", made_at).await?;
    store::passkey::remove_all(tx, id, ACCOUNT).await?;
    store::passkey::add(tx, &passkey(station)).await?;
    store::recovery_code::replace(tx, id, ACCOUNT, &["code".to_owned()], made_at).await?;
    store::ticket::void(tx, id, "invitation", Some(ACCOUNT)).await?;
    store::ticket::issue(tx, &ticket(station), "ticket").await?;
    store::audit::add(tx, &entry(station)).await
}

async fn save_draft(tx: &mut Tx, station: &Station) -> store::Result<()> {
    let (kept, at) = (draft(station), at("2026-11-24T03:30:00Z"));
    let aside = Aside {
        document: &kept.document,
        saved_at: kept.saved_at,
        saved_by: &kept.saved_by,
        why: "before lunch",
        kind: Kind::Named,
    };
    store::draft::save(tx, &kept).await?;
    store::draft::note_writer(tx, station.id, STORY, ACCOUNT, at).await?;
    store::draft::note_credited(tx, station.id, STORY, PERSON, at).await?;
    store::draft::set_lock(tx, STORY, &lock(station)).await?;
    store::draft::forget_answers(tx, station.id, STORY, at + std::time::Duration::from_secs(1)).await?;
    store::draft::answer(tx, station.id, STORY, "save", at, &format!("\"of {}\"", station.slug)).await?;
    store::revision::add(tx, station.id, STORY, aside).await?;
    Ok(())
}

/// Saves one story.
pub async fn save_story(db: &Db, station: &Station, story: &Story) {
    let mut tx = db.begin().await.unwrap();
    store::story::save(&mut tx, story, &saved(station)).await.unwrap();
    tx.commit().await.unwrap();
}

/// A story of its own name and moment.
pub fn another_story(station: &Station, number: i64, published_at: Timestamp) -> Story {
    Story {
        id: StoryId(STORY.0 + number),
        slug: slug(&format!("story-{number}")),
        published_at: Some(published_at),
        source: None,
        ..story(station)
    }
}
