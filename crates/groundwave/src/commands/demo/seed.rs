//! Makes the demonstration station: files into the vault, then every row in one transaction.
//!
//! A start that is cut off in the middle leaves files without rows, which the next start overwrites with the same
//! bytes; it never leaves half a station.

use std::collections::HashMap;

use anyhow::Context;
use bytes::Bytes;
use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, ToSpan as _, tz::TimeZone};
use station::schedule::{self, Change, Exception, OneOff, Rule};
use station::{
    Block, Byline, Clock, Codec, Episode, EpisodeId, Event, Image, OneOffId, Person, PersonId, Piece, PieceId,
    Programme, ProgrammeId, Rights, Rotation, RuleId, Section, Service, ServiceId, Slug, Sound, Station, StationId,
    Story, StoryId, Timestamp, image, library, sound, story,
};
use store::{Db, Tx};
use vault::Vault;

use super::content::{
    self, EpisodesFile, ExceptionEntry, LibraryFile, OneOffEntry, PeopleFile, Picture, PieceEntry, ProgrammesFile,
    RuleEntry, ScheduleFile, SectionsFile, StationFile, StoryHead,
};
use super::prose;
use crate::assembly;
use crate::clock::System;
use crate::rotation_file;
use crate::settings::Settings;

/// Makes the station where the store has none.
pub(super) async fn if_empty(settings: &Settings) -> anyhow::Result<()> {
    let db = assembly::open_store(settings).await?;
    if !store::station::all(&db).await?.is_empty() {
        return Ok(());
    }
    let vault = assembly::open_vault(settings)?;
    let clock = System::start();
    let station = Seed::prepare(&vault, clock.now()).await?.sow(&db).await?;
    let documents =
        content::folder("wire/", ".json").map(|(name, bytes)| (name.into(), bytes.to_vec())).collect::<Vec<_>>();
    if !documents.is_empty() {
        // Nothing is asked of the network on a first start: the shipped names are enough.
        wire::import(&db, &station, documents, &wire::Owners::shipped(), clock.now()).await?;
    }
    Ok(())
}

/// Everything that rows are made of.
struct Seed {
    now: Timestamp,
    zone: TimeZone,
    station: StationId,
    /// The vault's keys of the demonstration's files.
    keys: HashMap<String, String>,
    services: HashMap<Slug, Service>,
    people: HashMap<Slug, Person>,
    programmes: HashMap<Slug, Programme>,
    pieces: Vec<(String, Piece)>,
    stories: Vec<(StoryHead, &'static str)>,
}

impl Seed {
    /// Puts the files into the vault and reads who is who.
    async fn prepare(vault: &Vault, now: Timestamp) -> anyhow::Result<Self> {
        let mut seed = Self {
            now,
            zone: TimeZone::UTC,
            station: StationId::mint(now, store::id::chance()),
            keys: keep_files(vault).await?,
            services: HashMap::new(),
            people: HashMap::new(),
            programmes: HashMap::new(),
            pieces: Vec::new(),
            stories: content::folder("stories/", ".md")
                .map(|(name, bytes)| content::story(name, bytes))
                .collect::<anyhow::Result<_>>()?,
        };
        seed.read_people()?;
        seed.read_programmes()?;
        Ok(seed)
    }

    /// Writes every row, in one transaction.
    async fn sow(mut self, db: &Db) -> anyhow::Result<Station> {
        let file: StationFile = content::toml("station.toml")?;
        self.zone = TimeZone::get(&file.zone).with_context(|| format!("`{}` is no time zone", file.zone))?;
        let station = self.station_of(&file)?;
        let mut tx = db.begin().await?;
        store::station::save(&mut tx, &station).await?;
        store::change::add(&mut tx, self.station, &Event::StationChanged).await?;
        self.sow_services(&mut tx, file).await?;
        self.sow_sections(&mut tx).await?;
        self.sow_people_and_programmes(&mut tx).await?;
        self.sow_library(&mut tx).await?;
        self.sow_schedule(&mut tx).await?;
        self.sow_episodes(&mut tx).await?;
        self.sow_stories(&mut tx).await?;
        tx.commit().await?;
        Ok(station)
    }

    fn station_of(&self, file: &StationFile) -> anyhow::Result<Station> {
        Ok(Station {
            id: self.station,
            slug: file.slug.clone(),
            name: file.name.clone(),
            tagline: file.tagline.clone(),
            call_signs: file.call_signs.clone(),
            host_names: file.host_names.clone(),
            zone: file.zone.clone(),
            language: file.language.clone(),
            accent: file.accent.clone(),
            banner: Some(self.image(&file.banner)?),
            about: paragraphs(&file.about),
            email: Some(file.email.clone()),
            org_service_ids: Vec::new(),
        })
    }

    async fn sow_services(&mut self, tx: &mut Tx, file: StationFile) -> anyhow::Result<()> {
        for entry in file.services {
            let service = Service {
                id: ServiceId::mint(self.now, store::id::chance()),
                station: self.station,
                slug: entry.slug,
                name: entry.name,
                teaser: entry.teaser,
                position: entry.position,
                mounts: entry.mounts,
            };
            store::service::save(tx, &service).await?;
            store::change::add(tx, self.station, &Event::ServiceChanged { service: service.id }).await?;
            self.services.insert(service.slug.clone(), service);
        }
        Ok(())
    }

    async fn sow_sections(&self, tx: &mut Tx) -> anyhow::Result<()> {
        for entry in content::toml::<SectionsFile>("sections.toml")?.sections {
            let (slug, title, teaser, position) = (entry.slug, entry.title, entry.teaser, entry.position);
            let section = Section { station: self.station, slug: slug.clone(), title, teaser, position };
            store::section::save(tx, &section).await?;
            store::change::add(tx, self.station, &Event::SectionChanged { section: slug }).await?;
        }
        Ok(())
    }

    fn read_people(&mut self) -> anyhow::Result<()> {
        for entry in content::toml::<PeopleFile>("people.toml")?.people {
            let image = entry.portrait.as_ref().map(|picture| self.image(picture)).transpose()?;
            let person = Person {
                id: PersonId::mint(self.now, store::id::chance()),
                station: self.station,
                slug: entry.slug.clone(),
                name: entry.name,
                role: entry.role,
                bio: paragraphs(&entry.bio),
                image,
                source: None,
            };
            self.people.insert(entry.slug, person);
        }
        Ok(())
    }

    fn read_programmes(&mut self) -> anyhow::Result<()> {
        for entry in content::toml::<ProgrammesFile>("programmes.toml")?.programmes {
            let hosts = entry.hosts.iter().map(|host| Ok(self.person(host)?.id)).collect::<anyhow::Result<_>>()?;
            let image = entry.image.as_ref().map(|picture| self.image(picture)).transpose()?;
            let programme = Programme {
                id: ProgrammeId::mint(self.now, store::id::chance()),
                station: self.station,
                slug: entry.slug.clone(),
                title: entry.title,
                teaser: entry.teaser,
                about: paragraphs(&entry.about),
                hosts,
                image,
                sound: station::programme::Sound::default(),
            };
            self.programmes.insert(entry.slug, programme);
        }
        Ok(())
    }

    async fn sow_people_and_programmes(&self, tx: &mut Tx) -> anyhow::Result<()> {
        for person in self.people.values() {
            store::person::save(tx, person).await?;
            store::change::add(tx, self.station, &Event::PersonChanged { person: person.id }).await?;
        }
        for programme in self.programmes.values() {
            store::programme::save(tx, programme).await?;
            store::change::add(tx, self.station, &Event::ProgrammeChanged { programme: programme.id }).await?;
        }
        Ok(())
    }

    async fn sow_library(&mut self, tx: &mut Tx) -> anyhow::Result<()> {
        for entry in content::toml::<LibraryFile>("audio/library.toml")?.pieces {
            let piece = self.piece(&entry)?;
            store::library::save(tx, &piece).await?;
            self.pieces.push((entry.audio, piece));
        }
        for service in self.services.values() {
            store::rotation::save(tx, &self.rotation(service)?).await?;
            store::change::add(tx, self.station, &Event::LibraryChanged { service: service.id }).await?;
        }
        Ok(())
    }

    /// What a service's automation plays by: the file of its name.
    fn rotation(&self, service: &Service) -> anyhow::Result<Rotation> {
        let name = format!("rotation/{}.toml", service.slug);
        let text = std::str::from_utf8(content::bytes(&name)?).with_context(|| format!("demo/{name} is not UTF-8"))?;
        let ours = self.pieces.iter().map(|(_, piece)| piece).filter(|piece| piece.service == service.id);
        let ours: Vec<Piece> = ours.cloned().collect();
        rotation_file::read(text, self.station, service.id, &ours).with_context(|| format!("demo/{name}"))
    }

    fn piece(&self, entry: &PieceEntry) -> anyhow::Result<Piece> {
        let rendition = |codec: Codec, ending: &str| {
            let key = self.key(&format!("audio/{}.{ending}", entry.audio))?.to_owned();
            anyhow::Ok(library::Rendition { codec, key })
        };
        let id = PieceId::mint(self.now, store::id::chance());
        let service = self.service(&entry.service)?.id;
        Ok(Piece {
            position: entry.position,
            category: Some(entry.category.clone()),
            artist: entry.artist.clone(),
            duration_ms: entry.duration_ms,
            renditions: vec![rendition(Codec::Mp3, "mp3")?, rendition(Codec::Aac, "aac")?],
            ..Piece::new(id, self.station, service, &entry.title)
        })
    }

    async fn sow_schedule(&self, tx: &mut Tx) -> anyhow::Result<()> {
        let file: ScheduleFile = content::toml("schedule.toml")?;
        let rules = file.rules.iter().map(|entry| self.rule(entry)).collect::<anyhow::Result<Vec<_>>>()?;
        for rule in &rules {
            store::schedule::save_rule(tx, rule).await?;
        }
        for entry in &file.exceptions {
            store::schedule::save_exception(tx, &self.exception(entry, &rules)?).await?;
        }
        for entry in &file.one_offs {
            store::schedule::save_one_off(tx, &self.one_off(entry)?).await?;
        }
        for service in self.services.values() {
            store::change::add(tx, self.station, &Event::ScheduleChanged { service: service.id }).await?;
        }
        Ok(())
    }

    fn rule(&self, entry: &RuleEntry) -> anyhow::Result<Rule> {
        Ok(Rule {
            id: RuleId::mint(self.now, store::id::chance()),
            station: self.station,
            service: self.service(&entry.service)?.id,
            programme: self.programme(&entry.programme)?.id,
            title: entry.title.clone(),
            days: entry.days.parse()?,
            start: time(&entry.start)?,
            minutes: entry.minutes,
            valid_from: self.first_monday()?,
            valid_until: None,
        })
    }

    fn exception(&self, entry: &ExceptionEntry, rules: &[Rule]) -> anyhow::Result<Exception> {
        let (service, start, date) = (self.service(&entry.service)?.id, time(&entry.start)?, self.next(&entry.on)?);
        let departs_from =
            |rule: &&Rule| rule.service == service && rule.start == start && rule.days.contains(date.weekday());
        let rule =
            rules.iter().find(departs_from).with_context(|| format!("no rule starts at {start} on {}", entry.on))?;
        let change = match (&entry.replaced_by, &entry.moved_to) {
            (Some(programme), _) => {
                Change::Replaced { programme: self.programme(programme)?.id, title: entry.title.clone() }
            }
            (None, Some(start)) => {
                Change::Moved { start: time(start)?, minutes: entry.minutes.unwrap_or(rule.minutes) }
            }
            (None, None) => Change::Cancelled,
        };
        Ok(Exception { station: self.station, rule: rule.id, date, change })
    }

    fn one_off(&self, entry: &OneOffEntry) -> anyhow::Result<OneOff> {
        let start = self.zone.to_timestamp(self.next(&entry.on)?.to_datetime(time(&entry.start)?))?;
        Ok(OneOff {
            id: OneOffId::mint(self.now, store::id::chance()),
            station: self.station,
            service: self.service(&entry.service)?.id,
            programme: self.programme(&entry.programme)?.id,
            title: entry.title.clone(),
            start,
            end: start + SignedDuration::from_mins(entry.minutes.into()),
        })
    }

    async fn sow_episodes(&self, tx: &mut Tx) -> anyhow::Result<()> {
        for entry in content::toml::<EpisodesFile>("episodes.toml")?.episodes {
            let programme = self.programme(&entry.programme)?.id;
            let episode = Episode {
                id: EpisodeId::mint(self.now, store::id::chance()),
                station: self.station,
                programme,
                slug: entry.slug,
                sound: self.sound(&entry.audio, &entry.title)?,
                title: entry.title,
                teaser: entry.teaser,
                about: paragraphs(&entry.about),
                image: None,
                published_at: self.now - SignedDuration::from_hours(entry.hours_ago),
            };
            store::episode::save(tx, &episode).await?;
            store::change::add(tx, self.station, &Event::EpisodePublished { episode: episode.id, programme }).await?;
        }
        Ok(())
    }

    async fn sow_stories(&self, tx: &mut Tx) -> anyhow::Result<()> {
        for (head, words) in &self.stories {
            let story = self.story(head, words).with_context(|| format!("the story {}", head.slug))?;
            let by = story.bylines.first().map_or_else(|| "the newsroom".to_owned(), |byline| byline.name.clone());
            newsroom::publish_whole(tx, story, &by, self.now).await?;
        }
        Ok(())
    }

    fn story(&self, head: &StoryHead, words: &str) -> anyhow::Result<Story> {
        let bylines = head.bylines.iter().map(|slug| {
            let person = self.person(slug)?;
            Ok(Byline { name: person.name.clone(), person: Some(person.id) })
        });
        let sounds = head.sounds.iter().map(|entry| self.sound(&entry.audio, &entry.title));
        let body = prose::blocks(words, |file, alt, caption| {
            let credit = "Harrow Valley Public Radio".to_owned();
            self.image(&Picture { picture: file.into(), alt: alt.into(), caption: caption.into(), credit })
        })?;
        Ok(Story {
            id: StoryId::mint(self.now, store::id::chance()),
            station: self.station,
            section: head.section.clone(),
            slug: head.slug.clone(),
            programme: None,
            seo_title: String::new(),
            kicker: head.kicker.clone(),
            headline: head.headline.clone(),
            teaser: head.teaser.clone(),
            bylines: bylines.collect::<anyhow::Result<_>>()?,
            lead: head.lead.as_ref().map(|picture| self.image(picture)).transpose()?,
            sounds: sounds.collect::<anyhow::Result<_>>()?,
            body,
            corrections: Vec::new(),
            state: story::State::Draft,
            published_at: Some(self.now - SignedDuration::from_secs((head.hours_ago * 3600.0) as i64)),
            updated_at: None,
            source: None,
            rights: Rights::default(),
        })
    }

    fn sound(&self, audio: &str, title: &str) -> anyhow::Result<Sound> {
        let transcript = self.transcript(audio);
        let name = format!("audio/{audio}.mp3");
        let known = self.pieces.iter().find(|(file, _)| file == audio).map(|(_, piece)| piece.duration_ms);
        Ok(Sound {
            title: title.to_owned(),
            file: sound::File::Vault(self.key(&name)?.to_owned()),
            media_type: Codec::Mp3.media_type().to_owned(),
            duration_ms: known,
            bytes: Some(i64::try_from(content::bytes(&name)?.len())?),
            is_downloadable: true,
            transcript: (!transcript.is_empty()).then_some(sound::Transcript::Text(transcript)),
        })
    }

    /// The words of a recording: they stand in the story that it belongs to.
    fn transcript(&self, audio: &str) -> Vec<String> {
        let sounds = self.stories.iter().flat_map(|(head, _)| &head.sounds);
        sounds.filter(|sound| sound.audio == audio).map(|sound| sound.transcript.clone()).next().unwrap_or_default()
    }

    fn image(&self, picture: &Picture) -> anyhow::Result<Image> {
        let name = format!("pictures/{}", picture.picture);
        let (width_px, height_px) = drawn_size(content::bytes(&name)?).unzip();
        Ok(Image {
            file: image::File::Vault(self.key(&name)?.to_owned()),
            width_px,
            height_px,
            alt: picture.alt.clone(),
            caption: picture.caption.clone(),
            credit: picture.credit.clone(),
        })
    }

    fn key(&self, name: &str) -> anyhow::Result<&str> {
        self.keys.get(name).map(String::as_str).with_context(|| format!("demo/{name} is missing"))
    }

    fn service(&self, slug: &Slug) -> anyhow::Result<&Service> {
        self.services.get(slug).with_context(|| format!("no service is called {slug}"))
    }

    fn person(&self, slug: &Slug) -> anyhow::Result<&Person> {
        self.people.get(slug).with_context(|| format!("no person is called {slug}"))
    }

    fn programme(&self, slug: &Slug) -> anyhow::Result<&Programme> {
        self.programmes.get(slug).with_context(|| format!("no programme is called {slug}"))
    }

    fn today(&self) -> Date {
        self.zone.to_datetime(self.now).date()
    }

    /// A Monday four weeks back: the week was the same then, so the schedule has a past.
    fn first_monday(&self) -> anyhow::Result<Date> {
        Ok(self.today().checked_sub(28.days())?.checked_add(1.day())?.nth_weekday(-1, Weekday::Monday)?)
    }

    /// The first `day` ("wed") after today.
    fn next(&self, day: &str) -> anyhow::Result<Date> {
        Ok(self.today().nth_weekday(1, weekday(day)?)?)
    }
}

/// Puts audio and pictures into the vault; returns each file's key.
async fn keep_files(vault: &Vault) -> anyhow::Result<HashMap<String, String>> {
    let mut keys = HashMap::new();
    for ending in ["mp3", "aac", "svg"] {
        for (name, bytes) in content::folder("", &format!(".{ending}")) {
            keys.insert(name.to_owned(), vault.put_content(Bytes::from_static(bytes), ending).await?);
        }
    }
    Ok(keys)
}

/// The size that an SVG says it has in its `viewBox`.
fn drawn_size(svg: &[u8]) -> Option<(u32, u32)> {
    let text = std::str::from_utf8(svg).ok()?;
    let (_, rest) = text.split_once("viewBox=\"")?;
    let mut numbers = rest.split_once('"')?.0.split_whitespace().skip(2).map(|number| number.parse::<f64>().ok());
    Some((numbers.next()?? as u32, numbers.next()?? as u32))
}

fn paragraphs(words: &[String]) -> Vec<Block> {
    words.iter().map(Block::paragraph).collect()
}

fn time(text: &str) -> anyhow::Result<Time> {
    text.parse().with_context(|| format!("`{text}` is no time of day"))
}

fn weekday(text: &str) -> anyhow::Result<Weekday> {
    schedule::weekday(text).with_context(|| format!("`{text}` is no day: mon, tue, wed, thu, fri, sat, sun"))
}
