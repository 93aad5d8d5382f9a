//! The library: the pieces that automation plays.

use jiff::civil::{DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::schedule::Days;
use crate::{Codec, PieceId, ProgrammeId, ServiceId, Slug, StationId, Timestamp};

/// The greatest weight that a piece can have.
pub const WEIGHT_MAX: u32 = 100;

/// A piece in the library: a song, an ident, a voice track, a recorded programme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Names it for ever.
    pub id: PieceId,
    /// Whose it is.
    pub station: StationId,
    /// The service that plays it.
    pub service: ServiceId,
    /// Its place where pieces are played in turn, smallest first.
    pub position: i64,
    /// Who performs or speaks; may be empty.
    pub artist: String,
    /// What it is called.
    pub title: String,
    /// What it was released on; may be empty.
    pub album: String,
    /// The category in which the [rotation](crate::rotation) looks for it; `None`: no clock asks for it.
    pub category: Option<Slug>,
    /// The programme that it belongs to: whose ident, whose trail it is.
    pub programme: Option<ProgrammeId>,
    /// How often it comes round beside the others of its category, 1 to [`WEIGHT_MAX`]: 2 is twice as often as 1.
    pub weight: u32,
    /// When in the week it may be played; empty: at any time.
    pub day_parts: Vec<DayPart>,
    /// The first instant at which it may be played.
    pub valid_from: Option<Timestamp>,
    /// The first instant at which it may no longer be played. No rule is ever stretched beyond it.
    pub valid_until: Option<Timestamp>,
    /// The pieces that it was spoken between, if it is a voice track.
    pub link: Option<Link>,
    /// How long its file lasts, in milliseconds.
    pub duration_ms: i64,
    /// Where in its file it begins and ends.
    pub cues: Cues,
    /// How loud it is; `None` where nobody has measured it.
    pub loudness: Option<Loudness>,
    /// What it was made from: the SHA-256 of the file, in hex. One file is one piece of a service.
    pub origin: Option<String>,
    /// The same piece in each codec that the service's mounts need.
    pub renditions: Vec<Rendition>,
}

/// A piece in one codec, as a file in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendition {
    /// What it is encoded in.
    pub codec: Codec,
    /// Where the vault keeps it.
    pub key: String,
}

/// A part of the week, by the clock on the wall: "Monday to Friday, 06:00 to 10:00".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayPart {
    /// The days on which it begins.
    pub days: Days,
    /// The first moment of it.
    pub from: Time,
    /// The first moment after it. Not later than `from`: it runs over midnight, or for a whole day.
    pub to: Time,
}

impl DayPart {
    /// True if it has begun at `wall` and not yet ended.
    pub fn contains(&self, wall: DateTime) -> bool {
        let (today, time) = (wall.weekday(), wall.time());
        if self.from < self.to {
            return self.days.contains(today) && self.from <= time && time < self.to;
        }
        let began_today = self.days.contains(today) && self.from <= time;
        began_today || self.days.contains(today.previous()) && time < self.to
    }
}

/// Where in its file a piece begins and ends, in milliseconds from the file's beginning. `None` is the file's own edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cues {
    /// The first moment that is played.
    pub in_ms: Option<i64>,
    /// The first moment that is no longer played.
    pub out_ms: Option<i64>,
}

/// Which pieces a voice track was spoken between. One that names both belongs where the two meet, and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The piece that it looks back on.
    pub after: Option<PieceId>,
    /// The piece that it announces.
    pub before: Option<PieceId>,
}

/// How loud a piece is, measured over the whole of it as EBU R 128 says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loudness {
    /// In LUFS.
    pub integrated_lufs: f64,
    /// The highest peak between the samples, in dBTP.
    pub true_peak_dbtp: f64,
}

impl Piece {
    /// A piece that may be played at any time, from the beginning of its file to the end; without a file yet.
    pub fn new(id: PieceId, station: StationId, service: ServiceId, title: impl Into<String>) -> Self {
        Self {
            id,
            station,
            service,
            position: 0,
            artist: String::new(),
            title: title.into(),
            album: String::new(),
            category: None,
            programme: None,
            weight: 1,
            day_parts: Vec::new(),
            valid_from: None,
            valid_until: None,
            link: None,
            duration_ms: 0,
            cues: Cues::default(),
            loudness: None,
            origin: None,
            renditions: Vec::new(),
        }
    }

    /// What a radio's display shows: "Artist - Title", or the title alone.
    pub fn display_title(&self) -> String {
        if self.artist.is_empty() { self.title.clone() } else { format!("{} - {}", self.artist, self.title) }
    }

    /// Where the vault keeps it in `codec`.
    pub fn key_in(&self, codec: Codec) -> Option<&str> {
        self.renditions.iter().find(|rendition| rendition.codec == codec).map(|rendition| rendition.key.as_str())
    }

    /// Where in its file it begins, in milliseconds.
    pub fn begins_ms(&self) -> i64 {
        self.cues.in_ms.unwrap_or_default().clamp(0, self.duration_ms.max(0))
    }

    /// How long it is on the air, in milliseconds: from its cue in to its cue out.
    pub fn plays_ms(&self) -> i64 {
        let out = self.cues.out_ms.unwrap_or(self.duration_ms).min(self.duration_ms);
        (out - self.begins_ms()).max(0)
    }

    /// True if it may be played at this instant at all: nobody has limited it to another time.
    pub fn is_valid_at(&self, moment: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= moment) && self.valid_until.is_none_or(|until| moment < until)
    }

    /// True if this is its time of the week.
    pub fn suits(&self, wall: DateTime) -> bool {
        self.day_parts.is_empty() || self.day_parts.iter().any(|part| part.contains(wall))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn a_day_part_may_run_over_midnight_from_the_days_on_which_it_begins() {
        let part = DayPart { days: Days::WEEKDAYS, from: time(22, 0, 0, 0), to: time(2, 0, 0, 0) };
        // 27 November 2026 is a Friday.
        assert!(part.contains(date(2026, 11, 27).at(23, 0, 0, 0)));
        assert!(part.contains(date(2026, 11, 28).at(1, 59, 59, 0)));
        assert!(!part.contains(date(2026, 11, 28).at(2, 0, 0, 0)));
        assert!(!part.contains(date(2026, 11, 28).at(23, 0, 0, 0)));
        assert!(!part.contains(date(2026, 11, 30).at(1, 0, 0, 0)), "nothing began on Sunday");
    }

    #[test]
    fn a_day_part_that_ends_when_it_begins_lasts_a_day() {
        let part =
            DayPart { days: Days::of(&[jiff::civil::Weekday::Monday]), from: time(6, 0, 0, 0), to: time(6, 0, 0, 0) };
        assert!(part.contains(date(2026, 11, 23).at(6, 0, 0, 0)));
        assert!(part.contains(date(2026, 11, 24).at(5, 59, 0, 0)));
        assert!(!part.contains(date(2026, 11, 24).at(6, 0, 0, 0)));
    }

    #[test]
    fn cues_beyond_the_file_are_its_edges() {
        let mut piece = Piece::new(PieceId(1), StationId(1), ServiceId(1), "River Song");
        piece.duration_ms = 60_000;
        piece.cues = Cues { in_ms: Some(1_000), out_ms: Some(58_000) };
        assert_eq!((piece.begins_ms(), piece.plays_ms()), (1_000, 57_000));
        piece.cues = Cues { in_ms: Some(-5), out_ms: Some(90_000) };
        assert_eq!((piece.begins_ms(), piece.plays_ms()), (0, 60_000));
        piece.cues = Cues { in_ms: Some(50_000), out_ms: Some(40_000) };
        assert_eq!(piece.plays_ms(), 0);
    }
}
