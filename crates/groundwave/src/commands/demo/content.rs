//! The demonstration station's files, as they are written.

use anyhow::Context;
use serde::Deserialize;

/// Every file of the demonstration: its name below `demo/`, and its bytes.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/demo.rs"));

/// The bytes of a file.
pub(super) fn bytes(name: &str) -> anyhow::Result<&'static [u8]> {
    let found = FILES.iter().find(|(known, _)| *known == name);
    found.map(|(_, bytes)| *bytes).with_context(|| format!("demo/{name} is missing from this program"))
}

/// A file that is written in TOML.
pub(super) fn toml<T: serde::de::DeserializeOwned>(name: &str) -> anyhow::Result<T> {
    let text = std::str::from_utf8(bytes(name)?).with_context(|| format!("demo/{name} is not UTF-8"))?;
    toml::from_str(text).with_context(|| format!("demo/{name} is not as expected"))
}

/// The files of a folder that end in `ending`, in the order of their names.
pub(super) fn folder(folder: &str, ending: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let (folder, ending) = (folder.to_owned(), ending.to_owned());
    FILES.iter().copied().filter(move |(name, _)| name.starts_with(&folder) && name.ends_with(&ending))
}

/// `station.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StationFile {
    pub slug: station::Slug,
    pub name: String,
    pub tagline: String,
    pub call_signs: Vec<String>,
    pub host_names: Vec<String>,
    pub zone: String,
    pub language: String,
    pub accent: station::Accent,
    pub email: String,
    pub about: Vec<String>,
    pub banner: Picture,
    #[serde(rename = "service")]
    pub services: Vec<ServiceEntry>,
}

/// A picture and the words beside it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Picture {
    pub picture: String,
    pub alt: String,
    #[serde(default)]
    pub caption: String,
    #[serde(default)]
    pub credit: String,
}

/// A `[[service]]` of `station.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceEntry {
    pub slug: station::Slug,
    pub name: String,
    pub teaser: String,
    pub position: i64,
    #[serde(rename = "mount")]
    pub mounts: Vec<station::Mount>,
}

/// `sections.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionsFile {
    #[serde(rename = "section")]
    pub sections: Vec<SectionEntry>,
}

/// A `[[section]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionEntry {
    pub slug: station::Slug,
    pub title: String,
    pub teaser: String,
    pub position: i64,
}

/// `people.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeopleFile {
    #[serde(rename = "person")]
    pub people: Vec<PersonEntry>,
}

/// A `[[person]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonEntry {
    pub slug: station::Slug,
    pub name: String,
    pub role: String,
    pub bio: Vec<String>,
    pub portrait: Option<Picture>,
}

/// `programmes.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgrammesFile {
    #[serde(rename = "programme")]
    pub programmes: Vec<ProgrammeEntry>,
}

/// A `[[programme]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgrammeEntry {
    pub slug: station::Slug,
    pub title: String,
    pub teaser: String,
    pub hosts: Vec<station::Slug>,
    pub about: Vec<String>,
    pub image: Option<Picture>,
}

/// `schedule.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScheduleFile {
    #[serde(rename = "rule")]
    pub rules: Vec<RuleEntry>,
    #[serde(default, rename = "exception")]
    pub exceptions: Vec<ExceptionEntry>,
    #[serde(default, rename = "one_off")]
    pub one_offs: Vec<OneOffEntry>,
}

/// A `[[rule]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleEntry {
    pub service: station::Slug,
    pub programme: station::Slug,
    pub title: Option<String>,
    pub days: String,
    pub start: String,
    pub minutes: u32,
}

/// An `[[exception]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExceptionEntry {
    pub service: station::Slug,
    pub on: String,
    pub start: String,
    pub replaced_by: Option<station::Slug>,
    pub title: Option<String>,
    pub moved_to: Option<String>,
    pub minutes: Option<u32>,
}

/// A `[[one_off]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OneOffEntry {
    pub service: station::Slug,
    pub programme: station::Slug,
    pub title: Option<String>,
    pub on: String,
    pub start: String,
    pub minutes: u32,
}

/// `episodes.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EpisodesFile {
    #[serde(rename = "episode")]
    pub episodes: Vec<EpisodeEntry>,
}

/// An `[[episode]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EpisodeEntry {
    pub slug: station::Slug,
    pub programme: station::Slug,
    pub title: String,
    pub teaser: String,
    pub about: Vec<String>,
    pub audio: String,
    pub hours_ago: i64,
}

/// `audio/library.toml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LibraryFile {
    #[serde(rename = "piece")]
    pub pieces: Vec<PieceEntry>,
}

/// A `[[piece]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PieceEntry {
    pub service: station::Slug,
    pub audio: String,
    pub position: i64,
    pub category: station::Slug,
    #[serde(default)]
    pub artist: String,
    pub title: String,
    pub duration_ms: i64,
}

/// The front matter of a story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoryHead {
    pub slug: station::Slug,
    pub section: station::Slug,
    #[serde(default)]
    pub kicker: String,
    pub headline: String,
    pub teaser: String,
    pub bylines: Vec<station::Slug>,
    pub hours_ago: f64,
    pub lead: Option<Picture>,
    #[serde(default, rename = "sound")]
    pub sounds: Vec<SoundEntry>,
}

/// A `[[sound]]` of a story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SoundEntry {
    pub audio: String,
    pub title: String,
    #[serde(default)]
    pub transcript: Vec<String>,
}

/// A story's file: its head and its words.
pub(super) fn story(name: &str, bytes: &'static [u8]) -> anyhow::Result<(StoryHead, &'static str)> {
    let text = std::str::from_utf8(bytes).with_context(|| format!("demo/{name} is not UTF-8"))?;
    let parts = text.strip_prefix("+++\n").and_then(|rest| rest.split_once("\n+++\n"));
    let (head, words) = parts.with_context(|| format!("demo/{name} does not begin with +++ and a head"))?;
    let head = toml::from_str(head).with_context(|| format!("the head of demo/{name} is not as expected"))?;
    Ok((head, words))
}
