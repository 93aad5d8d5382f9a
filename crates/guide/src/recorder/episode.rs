//! The rows of a recorded broadcast: its episode, and how it was cut.

use jiff::tz::TimeZone;
use station::recording::Recording;
use station::{Episode, EpisodeId, Programme, Slug, Sound, Station, Timestamp, sound};
use store::Tx;

use super::{Cut, Job};

/// How many names are tried for an episode before chance is asked for one.
const SLUGS_MAX: u32 = 20;

/// What the rows are made from.
pub(super) struct Draft<'a> {
    pub station: &'a Station,
    pub programme: Option<&'a Programme>,
    pub job: &'a Job,
    /// What was cut; `None` if only words are different.
    pub cut: Option<&'a Cut>,
    pub made_at: Timestamp,
}

impl Draft<'_> {
    /// A new episode of what was cut.
    pub fn episode(&self, cut: &Cut, slug: Slug) -> Episode {
        let title = self.title();
        Episode {
            id: EpisodeId::mint(self.made_at, store::id::chance()),
            station: self.station.id,
            programme: self.job.broadcast.programme,
            slug,
            sound: sound_of(cut, &title, true),
            title,
            teaser: String::new(),
            about: Vec::new(),
            image: None,
            published_at: self.made_at,
        }
    }

    /// The episode that there is, after a correction. What people wrote stays theirs.
    pub fn corrected(&self, earlier: Episode) -> Episode {
        // A title that we gave goes along with the schedule; one that somebody wrote does not.
        let was_ours =
            self.job.recording.as_ref().is_some_and(|it| self.title_of(&it.title, it.start) == earlier.title);
        let title = if was_ours { self.title() } else { earlier.title };
        let sound = match self.cut {
            Some(cut) => sound_of(cut, &title, earlier.sound.is_downloadable),
            None => Sound { title: title.clone(), ..earlier.sound },
        };
        Episode { programme: self.job.broadcast.programme, sound, title, ..earlier }
    }

    /// How it was cut.
    pub fn recording(&self, episode: EpisodeId) -> Recording {
        let (broadcast, order) = (&self.job.broadcast, &self.job.order);
        let earlier = self.job.recording.as_ref();
        let (gaps, chapters, loudness) = match (self.cut, earlier) {
            (Some(cut), _) => (cut.gaps.clone(), cut.chapters.clone(), None),
            (None, Some(earlier)) => (earlier.gaps.clone(), earlier.chapters.clone(), earlier.loudness),
            (None, None) => Default::default(),
        };
        Recording {
            station: self.station.id,
            episode,
            revision: earlier.map_or(1, |earlier| earlier.revision + u32::from(self.cut.is_some())),
            service: broadcast.service,
            cause: broadcast.cause,
            programme: broadcast.programme,
            title: broadcast.title.clone(),
            start: broadcast.start,
            end: broadcast.end,
            padding_before_s: order.padding_before_s,
            padding_after_s: order.padding_after_s,
            made_at: self.made_at,
            gaps,
            chapters,
            loudness,
        }
    }

    /// A name in addresses that no episode has: `the-morning-ledger-2026-11-24`.
    pub async fn free_slug(&self, tx: &mut Tx) -> store::Result<Slug> {
        let broadcast = &self.job.broadcast;
        let of = self.programme.map_or(broadcast.title.as_str(), |programme| programme.slug.as_str());
        let start = broadcast.start.to_zoned_datetime(zone(self.station));
        let (date, time) = (start.strftime("%Y-%m-%d"), start.strftime("%H%M"));
        let numbered = (2..SLUGS_MAX).map(|number| format!("{date}-{time}-{number}"));
        for name in [format!("{date}"), format!("{date}-{time}")].into_iter().chain(numbered) {
            let slug = Slug::from_headline(&format!("{} {name}", shortened(of)), &name);
            if store::episode::slug_is_free_in(tx, self.station.id, &slug).await? {
                return Ok(slug);
            }
        }
        Ok(Slug::from_headline(&format!("episode {}", store::id::chance()), "episode"))
    }

    fn title(&self) -> String {
        self.title_of(&self.job.broadcast.title, self.job.broadcast.start)
    }

    /// A title of its own stands for itself; a programme's needs the day.
    fn title_of(&self, title: &str, start: Timestamp) -> String {
        if self.programme.is_some_and(|programme| programme.title != title) {
            return title.to_owned();
        }
        let is_american = self.station.language.eq_ignore_ascii_case("en-us");
        let format = if is_american { "%B %-d, %Y" } else { "%-d %B %Y" };
        format!("{title}, {}", start.to_zoned_datetime(zone(self.station)).strftime(format))
    }
}

/// As much of a name as leaves room for a date behind it.
fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(70)]
}

/// The words of an earlier cut are of another sound: it has none.
fn sound_of(cut: &Cut, title: &str, is_downloadable: bool) -> Sound {
    Sound {
        title: title.to_owned(),
        file: sound::File::Vault(cut.key.clone()),
        media_type: cut.media_type.clone(),
        duration_ms: Some(cut.duration_ms),
        bytes: Some(cut.bytes),
        is_downloadable,
        transcript: None,
    }
}

fn zone(station: &Station) -> TimeZone {
    TimeZone::get(&station.zone).unwrap_or(TimeZone::UTC)
}
