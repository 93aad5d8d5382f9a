//! An invented station, with which every template is rendered in tests and in the preview.

use jiff::civil::{Date, Time};
use jiff::{Span, ZonedDateTime, tz::TimeZone};
use station::broadcast::{Cause, NowNext};
use station::person::Source;
use station::rights::Owner;
use station::schedule::{Days, Rule};
use station::sound::Transcript;
use station::story::{Correction, State, Summary};
use station::text::Run;
use station::{
    Accent, Block, Broadcast, Byline, Codec, Episode, EpisodeId, Image, Mount, Person, PersonId, Programme,
    ProgrammeId, Rights, RuleId, Section, Service, ServiceId, Slug, Sound, Station, StationId, Story, StoryId, Text,
    Timestamp, image, sound,
};

use super::Edition;
use super::schedule::Asked;

const STATION: StationId = StationId(1);
const NOW: &str = "2026-11-24T21:33:00Z";

/// The station with its menu and services, on a Tuesday afternoon.
pub fn edition() -> Edition {
    Edition {
        station: station(),
        sections: sections(),
        services: services(),
        origin: "https://www.harrowvalley.example".into(),
        now: at(NOW),
    }
}

/// The station.
pub fn station() -> Station {
    Station {
        id: STATION,
        slug: slug("harrow-valley"),
        name: "Harrow Valley Public Radio".into(),
        tagline: "News and music from the Harrow River to the Blue Line".into(),
        call_signs: vec!["WHVPR 91.3 Alder Falls".into(), "WHVPR 88.7 North Harrow".into()],
        host_names: vec!["www.harrowvalley.example".into()],
        zone: "America/New_York".into(),
        language: "en-US".into(),
        accent: Accent::parse("#1b5e8c").expect("the sample's accent is a colour"),
        banner: Some(picture(
            "banner.svg",
            1600,
            500,
            "The Harrow River below Alder Falls on a winter morning, mist over the mill dam",
        )),
        about: vec![
            Block::paragraph(
                "Harrow Valley Public Radio is owned by the people who listen to it. Eight of us make it, with sixty volunteers.",
            ),
            heading("What we do"),
            Block::paragraph(
                "We report on the valley, play music that nobody else plays here, and stay on the air when the power does not.",
            ),
        ],
        email: Some("hello@harrowvalley.example".into()),
        org_service_ids: Vec::new(),
    }
}

/// Three sections.
pub fn sections() -> Vec<Section> {
    let section = |position: i64, name: &str, title: &str, teaser: &str| Section {
        station: STATION,
        slug: slug(name),
        title: title.into(),
        teaser: teaser.into(),
        position,
    };
    vec![
        section(1, "news", "News", "What happened in the valley, and why."),
        section(2, "science", "Science and Nature", "The river, the weather, and the sky."),
        section(3, "music", "Music", "Who plays here, and what we are listening to."),
    ]
}

/// Two services.
pub fn services() -> Vec<Service> {
    let mount = |path: &str, codec: Codec, bitrate_kbps: u32| Mount {
        path: path.into(),
        codec,
        bitrate_kbps,
        sample_rate_hz: 44_100,
        channels: 2,
    };
    let service = |id: i64, name: &str, title: &str, teaser: &str, mounts: Vec<Mount>| Service {
        id: ServiceId(id),
        station: STATION,
        slug: slug(name),
        name: title.into(),
        teaser: teaser.into(),
        position: id,
        mounts,
    };
    vec![
        service(
            1,
            "news",
            "Harrow Valley News",
            "News and talk, day and night.",
            vec![mount("/news.mp3", Codec::Mp3, 128), mount("/news.aac", Codec::Aac, 96)],
        ),
        service(
            2,
            "music",
            "Harrow Valley Music",
            "Folk, jazz and the odd symphony, without a word too many.",
            vec![
                mount("/music.mp3", Codec::Mp3, 192),
                mount("/music.aac", Codec::Aac, 128),
                mount("/music.opus", Codec::OggOpus, 160),
            ],
        ),
    ]
}

/// Three people: two of the station's own and one from the wire.
pub fn people() -> Vec<Person> {
    let person = |id: i64, name: &str, role: &str, bio: &[&str], image: Option<Image>, source: Option<Source>| Person {
        id: PersonId(id),
        station: STATION,
        slug: Slug::from_headline(name, "person"),
        name: name.into(),
        role: role.into(),
        bio: bio.iter().copied().map(Block::paragraph).collect(),
        image,
        source,
    };
    let source = Source {
        wire: "cds".into(),
        external_id: "1001".into(),
        canonical: Some("https://www.npr.org/people/1001/ines-calloway".into()),
    };
    vec![
        person(
            1,
            "Mara Lindqvist",
            "Reporter",
            &[
                "Mara Lindqvist reports on water, farms and the people between them. She grew up a mile from the mill dam.",
                "Before radio she read river gauges for the county for six years.",
            ],
            Some(picture("mara.svg", 600, 600, "Mara Lindqvist")),
            None,
        ),
        person(
            2,
            "Tobias Okafor",
            "Host of The Morning Ledger",
            &["Tobias Okafor has said good morning to the valley since 2014."],
            None,
            None,
        ),
        person(
            3,
            "Ines Calloway",
            "Correspondent, NPR",
            &["Ines Calloway covers science for NPR, from fungi to satellites."],
            Some(picture("ines.svg", 600, 600, "Ines Calloway")),
            Some(source),
        ),
    ]
}

/// Four programmes.
pub fn programmes() -> Vec<Programme> {
    let programme = |id: i64, title: &str, teaser: &str, hosts: &[i64]| Programme {
        id: ProgrammeId(id),
        station: STATION,
        slug: Slug::from_headline(title, "programme"),
        title: title.into(),
        teaser: teaser.into(),
        about: vec![Block::paragraph(teaser), Block::paragraph("Write to us: we read every letter on the air.")],
        hosts: hosts.iter().copied().map(PersonId).collect(),
        image: Some(picture("programme.svg", 800, 800, "")),
        sound: Default::default(),
    };
    vec![
        programme(1, "The Morning Ledger", "What the valley needs to know before it goes to work.", &[2]),
        programme(2, "Valley at Noon", "An hour of conversation with whoever knows.", &[1]),
        programme(3, "Night Desk", "The world's news while the valley sleeps.", &[]),
        programme(4, "Long Player", "One record, from beginning to end.", &[2]),
    ]
}

/// The weekly rules.
pub fn rules() -> Vec<Rule> {
    let rule = |id: i64, service: i64, programme: i64, days: Days, hour: i8, minutes: u32| Rule {
        id: RuleId(id),
        station: STATION,
        service: ServiceId(service),
        programme: ProgrammeId(programme),
        title: None,
        days,
        start: Time::constant(hour, 0, 0, 0),
        minutes,
        valid_from: Date::constant(2026, 1, 1),
        valid_until: None,
    };
    vec![
        rule(1, 1, 1, Days::WEEKDAYS, 6, 360),
        rule(2, 1, 2, Days::ALL, 12, 600),
        rule(3, 1, 3, Days::ALL, 22, 480),
        rule(4, 2, 4, Days::ALL, 16, 120),
    ]
}

/// A week of broadcasts on both services, from Monday, November 23, by start.
pub fn broadcasts() -> Vec<Broadcast> {
    let titles = programmes();
    let mut all = Vec::new();
    for day in 0..7 {
        let date = monday().checked_add(Span::new().days(day)).expect("the sample's week is within time");
        let on_date = rules().into_iter().filter(|rule| rule.days.contains(date.weekday()));
        all.extend(on_date.map(|rule| broadcast(&rule, date, &titles)));
    }
    all.sort_by_key(|broadcast| (broadcast.start, broadcast.service));
    all
}

/// What each service has on now and next.
pub fn now_next() -> Vec<NowNext> {
    let now = at(NOW);
    let all = broadcasts();
    let of = |service: &Service| {
        let mut own = all.iter().filter(|broadcast| broadcast.service == service.id);
        NowNext {
            now: own.clone().find(|broadcast| broadcast.is_on_at(now)).cloned(),
            next: own.find(|broadcast| broadcast.start > now).cloned(),
        }
    };
    services().iter().map(of).collect()
}

/// How the newest of the episodes was cut from what was aired.
pub fn recording() -> station::Recording {
    let episode = &episodes()[0];
    let at = |time: &str| format!("2026-11-24T{time}-05:00").parse().expect("a time that is written here");
    let chapter = |start_ms, title: &str| station::recording::Chapter { start_ms, title: title.into() };
    station::Recording {
        station: episode.station,
        episode: episode.id,
        revision: 1,
        service: station::ServiceId(1),
        cause: station::broadcast::Cause::Rule(station::RuleId(1)),
        programme: episode.programme,
        title: episode.title.clone(),
        start: at("06:00:00"),
        end: at("09:00:00"),
        padding_before_s: 0,
        padding_after_s: 0,
        made_at: at("09:00:10"),
        gaps: vec![station::recording::Gap {
            offset_ms: 1_860_000,
            from: at("06:31:00"),
            to: at("06:33:00"),
            cause: "the program did not run".into(),
        }],
        chapters: vec![chapter(0, "The river at six"), chapter(723_000, "Ann Marsh - Low Water")],
        loudness: None,
    }
}

/// Three episodes of the first programme, newest first.
pub fn episodes() -> Vec<Episode> {
    let episode = |id: i64, day: &str, title: &str, teaser: &str| Episode {
        id: EpisodeId(id),
        station: STATION,
        programme: ProgrammeId(1),
        slug: Slug::from_headline(title, "episode"),
        title: title.into(),
        teaser: teaser.into(),
        about: vec![
            Block::paragraph(teaser),
            Block::paragraph("Also in this hour: the school board, and a recipe for quince."),
        ],
        sound: report(title, 52 * 60 * 1000),
        image: None,
        published_at: at(&format!("{day}T14:00:00Z")),
    };
    vec![
        episode(3, "2026-11-24", "What a gauge can tell you", "The river, read aloud by the woman who measured it."),
        episode(2, "2026-11-23", "The last ferry", "A crossing that the valley is about to lose."),
        episode(1, "2026-11-20", "Friday letters", "You wrote about the bridge. Here is what you said."),
    ]
}

/// An own story with every kind of block.
pub fn own_story() -> Story {
    Story {
        id: StoryId(1),
        station: STATION,
        section: slug("science"),
        slug: slug("why-the-harrow-rises-overnight"),
        programme: None,
        seo_title: String::new(),
        kicker: "The river".into(),
        headline: "Why the Harrow rises overnight when it has not rained".into(),
        teaser:
            "Snow, gravel and a mill dam from 1871: how water that fell a week ago arrives while the valley sleeps."
                .into(),
        bylines: vec![byline("Mara Lindqvist", Some(1)), byline("Joel Abara", None)],
        lead: Some(Image {
            caption: "The gauge at Mill Street, read every fifteen minutes.".into(),
            credit: "Jo Birch / Harrow Valley Public Radio".into(),
            ..picture(
                "river.svg",
                1200,
                800,
                "A striped river gauge fixed to a stone bridge pier, brown water at the five-foot mark",
            )
        }),
        sounds: vec![Sound {
            transcript: Some(Transcript::Text(vec![
                "MARA LINDQVIST: At four in the morning the gauge at Mill Street says five feet.".into(),
                "JOEL ABARA: And at midnight it said three and a half.".into(),
            ])),
            ..report("Why the Harrow rises overnight", 252_000)
        }],
        body: body(),
        corrections: vec![Correction {
            text: Text::plain(
                "An earlier version of this story gave the year of the mill dam as 1817. It was built in 1871.",
            ),
            at: at("2026-11-24T19:10:00Z"),
        }],
        state: State::Published,
        published_at: Some(at("2026-11-24T11:00:00Z")),
        updated_at: Some(at("2026-11-24T19:10:00Z")),
        source: None,
        rights: Rights::default(),
    }
}

/// A story from the wire.
pub fn wire_story() -> Story {
    let canonical = "https://www.npr.org/2026/11/23/nx-s1-0000001/listening-to-soil";
    Story {
        id: StoryId(2),
        section: slug("news"),
        slug: slug("listening-to-soil"),
        programme: None,
        seo_title: String::new(),
        kicker: "Science".into(),
        headline: "Listening to soil, scientists hear how alive it is".into(),
        teaser: "A microphone in the ground can tell a healthy field from a tired one.".into(),
        bylines: vec![byline("Ines Calloway", Some(3))],
        lead: Some(Image {
            credit: "Ines Calloway / NPR".into(),
            ..picture("soil.svg", 1400, 933, "Two hands hold a dark clod of earth with a thin microphone in it")
        }),
        sounds: vec![Sound {
            transcript: Some(Transcript::Page("https://www.npr.org/transcripts/nx-s1-0000001".into())),
            file: sound::File::Remote("https://audio.example.org/2026/11/soil.mp3".into()),
            is_downloadable: false,
            ..report("Listening to soil", 231_000)
        }],
        body: vec![
            Block::paragraph(
                "Push a microphone into a meadow and the meadow crackles. Push one into a car park's edge and there is hardly a sound.",
            ),
            Block::Quote {
                text: vec![Text::plain("It is the sound of things moving out of each other's way.")],
                attribution: "Petra Vane, soil ecologist".into(),
            },
            Block::paragraph(
                "The method is cheap, and a farmer can hear the answer before a laboratory writes it down.",
            ),
        ],
        corrections: Vec::new(),
        published_at: Some(at("2026-11-23T21:01:00Z")),
        updated_at: None,
        source: Some(Source {
            wire: "cds".into(),
            external_id: "nx-s1-0000001".into(),
            canonical: Some(canonical.into()),
        }),
        rights: Rights {
            owners: vec![Owner { name: "NPR".into(), site: Some("https://www.npr.org".into()) }],
            copyright_year: Some(2026),
            canonical: Some(canonical.into()),
            ..Rights::default()
        },
        ..own_story()
    }
}

/// Twelve stories as lists show them, newest first.
pub fn summaries() -> Vec<Summary> {
    let mut all = vec![summary(&own_story()), summary(&wire_story())];
    for (at_place, (section, headline, teaser)) in OTHERS.into_iter().enumerate() {
        all.push(Summary {
            id: StoryId(10 + at_place as i64),
            section: slug(section),
            slug: Slug::from_headline(headline, "story"),
            kicker: String::new(),
            headline: headline.into(),
            teaser: teaser.into(),
            bylines: vec![byline("Tobias Okafor", Some(2))],
            lead: at_place.is_multiple_of(2).then(|| picture("valley.svg", 1200, 800, "The valley from Signal Hill")),
            sounds: if at_place.is_multiple_of(3) { vec![report(headline, 187_000)] } else { Vec::new() },
            published_at: at("2026-11-23T15:00:00Z") - Span::new().hours(5 * at_place as i64),
            rights: Rights::default(),
        });
    }
    all
}

const OTHERS: [(&str, &str, &str); 10] = [
    (
        "news",
        "Alder Falls votes on the bridge for the third time in a century",
        "The last two votes were decided by fewer than forty people.",
    ),
    (
        "music",
        "A fiddle that crossed the ocean twice comes home to North Harrow",
        "Its maker's name was under the varnish all along.",
    ),
    (
        "science",
        "What a winter sky over the valley shows in the hour before dawn",
        "Three planets, one comet, and a good reason to get up.",
    ),
    (
        "news",
        "The county's snow ploughs get a map that knows where the school buses are",
        "Drivers say it saves them an hour a night.",
    ),
    ("music", "The church organ that was tuned for a film nobody remembers", "It has been slightly sharp since 1926."),
    ("science", "Why the mist sits still over the mill dam until exactly nine", "It is the stone, not the water."),
    ("news", "Who reads the meters when the meter reader retires", "Forty years, eleven thousand doors, four dogs."),
    (
        "music",
        "A choir of sixty learns to sing apart",
        "When the hall closed, they found another way to be in one room.",
    ),
    ("science", "Counting owls by ear, a township at a time", "Volunteers listen for six minutes, write, and walk on."),
    ("news", "The library lends snowshoes now", "Overdue fines have been abolished; wet socks have not."),
];

/// The schedule of the sample's week, or of one day of it.
pub fn asked(day: Option<Date>) -> Asked {
    Asked {
        week: monday(),
        day,
        zone: zone(),
        zone_name: None,
        known: (Date::constant(2026, 11, 9), Date::constant(2026, 12, 14)),
    }
}

fn body() -> Vec<Block> {
    vec![
        Block::Paragraph {
            text: Text(vec![
                run(
                    "At four in the morning the gauge at Mill Street reads five feet. At midnight it read three and a half, and ",
                ),
                Run { em: true, ..run("not a drop") },
                run(" has fallen since "),
                Run { href: Some("https://water.example.gov/harrow".into()), ..run("the weekend's snow") },
                run("."),
            ]),
        },
        Block::paragraph(
            "The answer begins eleven miles upstream, where the road ends and the gravel is sixty feet deep. Water goes into it quickly and comes out of it slowly.",
        ),
        heading("Sixty feet of gravel"),
        Block::paragraph(
            "A glacier left the gravel here. It holds about as much water as the reservoir does, and nobody has ever had to paint it.",
        ),
        Block::PullQuote {
            text: Text::plain("The river you see today fell on somebody else's day off."),
            attribution: "Hanna Reuter, hydrologist".into(),
        },
        Block::List {
            is_ordered: false,
            items: vec![
                Text::plain("Snow melts from above in the afternoon sun."),
                Text::plain("The gravel lets it through at about a foot an hour."),
                Text::plain("The dam holds it back until the gate at its foot opens."),
            ],
        },
        Block::Image {
            image: Image {
                caption: "The mill dam in 1911, forty years after it was built.".into(),
                credit: "Alder Falls Historical Society".into(),
                ..picture(
                    "dam.svg",
                    1000,
                    640,
                    "An old photograph of a stone dam with three men in hats standing on it",
                )
            },
        },
        Block::Quote {
            text: vec![Text::plain("People ask me why it floods under a blue sky. I tell them the sky is late.")],
            attribution: "Hanna Reuter".into(),
        },
        Block::Sound { sound: report("The gate opens, recorded at night", 64_000) },
        Block::Gallery {
            title: "The gauge through the year".into(),
            images: vec![
                picture("gauge-1.svg", 800, 600, "The gauge in ice"),
                picture("gauge-2.svg", 800, 600, "The gauge in spring flood"),
            ],
        },
        Block::Embed {
            title: "Six hours of the river in forty seconds".into(),
            href: "https://www.youtube.com/watch?v=xxxxxxxxxxx".into(),
            provider: "YouTube".into(),
        },
        Block::Related {
            title: "Why the mist sits still over the mill dam".into(),
            teaser: "It is the stone, not the water.".into(),
            href: "/science/2026-11-22/why-the-mist-sits-still-over-the-mill-dam-until-exactly-nine".into(),
        },
        Block::Table {
            head: true,
            rows: vec![
                vec![Text::plain("Month"), Text::plain("Mean depth")],
                vec![Text::plain("April"), Text::plain("6.2 ft")],
                vec![Text::plain("November"), Text::plain("2.1 ft")],
            ],
        },
        Block::Callout {
            title: "If you live by the river".into(),
            text: vec![Text::plain("The county answers questions about sandbags at any hour.")],
        },
        Block::Divider,
        Block::Note {
            text: Text::plain("We will read the gauge again tonight and add what it says."),
            at: Some(at("2026-11-24T18:00:00Z")),
        },
    ]
}

fn summary(story: &Story) -> Summary {
    Summary {
        id: story.id,
        section: story.section.clone(),
        slug: story.slug.clone(),
        kicker: story.kicker.clone(),
        headline: story.headline.clone(),
        teaser: story.teaser.clone(),
        bylines: story.bylines.clone(),
        lead: story.lead.clone(),
        sounds: story.sounds.clone(),
        published_at: story.published_at.expect("the sample's stories are published"),
        rights: story.rights.clone(),
    }
}

fn broadcast(rule: &Rule, date: Date, programmes: &[Programme]) -> Broadcast {
    let start: ZonedDateTime =
        date.to_datetime(rule.start).to_zoned_datetime(zone()).expect("the sample's hours exist");
    let programme = programmes.iter().find(|programme| programme.id == rule.programme);
    Broadcast {
        station: STATION,
        service: rule.service,
        programme: rule.programme,
        title: programme.map(|programme| programme.title.clone()).unwrap_or_default(),
        start: start.timestamp(),
        end: start.timestamp() + Span::new().minutes(i64::from(rule.minutes)),
        cause: Cause::Rule(rule.id),
    }
}

fn report(title: &str, duration_ms: i64) -> Sound {
    Sound {
        title: title.into(),
        file: sound::File::Vault(format!("media/{}.mp3", Slug::from_headline(title, "sound"))),
        media_type: "audio/mpeg".into(),
        duration_ms: Some(duration_ms),
        bytes: Some(duration_ms * 16),
        is_downloadable: true,
        transcript: None,
    }
}

fn picture(name: &str, width_px: u32, height_px: u32, alt: &str) -> Image {
    Image {
        file: image::File::Vault(format!("media/sample-{name}")),
        width_px: Some(width_px),
        height_px: Some(height_px),
        alt: alt.into(),
        caption: String::new(),
        credit: String::new(),
    }
}

fn byline(name: &str, person: Option<i64>) -> Byline {
    Byline { name: name.into(), person: person.map(PersonId) }
}

fn heading(words: &str) -> Block {
    Block::Heading { level: 2, text: Text::plain(words) }
}

fn run(words: &str) -> Run {
    Run { words: words.into(), ..Run::default() }
}

fn monday() -> Date {
    Date::constant(2026, 11, 23)
}

fn zone() -> TimeZone {
    TimeZone::get("America/New_York").expect("the time zone database is bundled")
}

fn slug(text: &str) -> Slug {
    Slug::parse(text).expect("the sample's slugs are slugs")
}

fn at(moment: &str) -> Timestamp {
    moment.parse().expect("the sample's times are times")
}
