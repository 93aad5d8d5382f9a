//! What was played, as far as the next choice depends on it. Pure.

use std::collections::HashMap;

use jiff::SignedDuration;
use station::{Piece, PieceId, Spin, Timestamp};

/// How far back anything is remembered. What was played before then counts as never played.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);
/// How many artists or titles are kept before those that lie further back are dropped.
const NAMES_MAX: usize = 50_000;

/// When each piece, artist and title was last heard.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// When a piece last began.
    began: HashMap<PieceId, Timestamp>,
    /// When an artist's last piece ended, or will.
    artists: HashMap<String, Timestamp>,
    /// The same for titles.
    titles: HashMap<String, Timestamp>,
    last: Option<Last>,
}

/// The piece that was played last, or is on.
#[derive(Clone, Debug)]
struct Last {
    piece: PieceId,
    artists: Vec<String>,
    title: String,
    end: Timestamp,
}

impl History {
    /// A piece begins, and will be played to its end.
    pub fn began(&mut self, piece: &Piece, at: Timestamp) {
        let end = at + SignedDuration::from_millis(piece.plays_ms());
        self.note(piece.id, &piece.artist, &piece.title, at, end);
    }

    /// The piece that began last is over, be it cut or not.
    pub fn ended(&mut self, at: Timestamp) {
        let Some(last) = &mut self.last else { return };
        last.end = at;
        let Last { artists, title, .. } = last.clone();
        self.keep_apart(artists, title, at);
    }

    /// Remembers what was played before this moment.
    pub fn recall(&mut self, spin: &Spin) {
        let end = spin.end.unwrap_or(spin.start);
        match spin.piece {
            Some(piece) => self.note(piece, &spin.artist, &spin.title, spin.start, end),
            None => self.keep_apart(artists(&spin.artist).collect(), plain_title(&spin.title), end),
        }
    }

    /// The piece that began last.
    pub fn last(&self) -> Option<PieceId> {
        self.last.as_ref().map(|last| last.piece)
    }

    /// When that ended, or will.
    pub fn last_end(&self) -> Option<Timestamp> {
        self.last.as_ref().map(|last| last.end)
    }

    /// When the piece last began.
    pub fn last_began(&self, piece: PieceId) -> Option<Timestamp> {
        self.began.get(&piece).copied()
    }

    /// True if nobody of these artists has been heard for so many minutes.
    pub fn artist_has_rested(&self, artist: &str, minutes: u32, now: Timestamp) -> bool {
        minutes == 0 || artists(artist).all(|name| has_rested(self.artists.get(&name), minutes, now))
    }

    /// True if nothing of this title has been heard for so many minutes.
    pub fn title_has_rested(&self, title: &str, minutes: u32, now: Timestamp) -> bool {
        minutes == 0 || has_rested(self.titles.get(&plain_title(title)), minutes, now)
    }

    fn note(&mut self, piece: PieceId, artist: &str, title: &str, at: Timestamp, end: Timestamp) {
        let (artists, title) = (artists(artist).collect::<Vec<_>>(), plain_title(title));
        self.began.insert(piece, at);
        self.keep_apart(artists.clone(), title.clone(), end);
        self.last = Some(Last { piece, artists, title, end });
    }

    fn keep_apart(&mut self, artists: Vec<String>, title: String, end: Timestamp) {
        if self.artists.len().max(self.titles.len()) > NAMES_MAX {
            self.forget_before(end.checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN));
        }
        self.artists.extend(artists.into_iter().map(|artist| (artist, end)));
        if !title.is_empty() {
            self.titles.insert(title, end);
        }
    }

    fn forget_before(&mut self, moment: Timestamp) {
        self.began.retain(|_, at| *at >= moment);
        self.artists.retain(|_, at| *at >= moment);
        self.titles.retain(|_, at| *at >= moment);
    }
}

fn has_rested(end: Option<&Timestamp>, minutes: u32, now: Timestamp) -> bool {
    end.is_none_or(|end| now.duration_since(*end) >= SignedDuration::from_mins(minutes.into()))
}

/// The names of everyone in an artist's line: "Ida Marsh feat. The Hum" is both of them.
fn artists(line: &str) -> impl Iterator<Item = String> {
    const JOINTS: [&str; 6] = [" feat. ", " feat ", " ft. ", " featuring ", ";", " / "];
    let line = JOINTS.iter().fold(line.to_lowercase(), |line, joint| line.replace(joint, "\n"));
    let names: Vec<String> = line.lines().map(plain).filter(|name| !name.is_empty()).collect();
    names.into_iter()
}

/// A title without what stands in brackets behind it: "River Song (live, 1998)" is "River Song".
fn plain_title(title: &str) -> String {
    let before_bracket = title.split(['(', '[']).next().map(plain).unwrap_or_default();
    if before_bracket.is_empty() { plain(title) } else { before_bracket }
}

/// Letters and digits, in lower case, with single spaces; no article in front.
fn plain(words: &str) -> String {
    let words = words.to_lowercase();
    let words = words.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    match words.as_slice() {
        ["the", rest @ ..] if !rest.is_empty() => rest.join(" "),
        all => all.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use station::{ServiceId, StationId};

    use super::*;

    fn at(moment: &str) -> Timestamp {
        moment.parse().unwrap()
    }

    fn song(artist: &str, title: &str) -> Piece {
        let artist = artist.to_owned();
        Piece { artist, duration_ms: 180_000, ..Piece::new(PieceId(1), StationId(1), ServiceId(1), title) }
    }

    #[test]
    fn an_artist_is_known_by_any_way_of_writing_the_name() {
        let mut history = History::default();
        history.began(&song("The Hum feat. Ida Marsh", "River Song"), at("2026-11-24T10:00:00Z"));
        for name in ["the hum", "Hum", "IDA MARSH", "Cal Whitlow ft. The Hum", "Ida Marsh; Cal Whitlow"] {
            assert!(!history.artist_has_rested(name, 30, at("2026-11-24T10:32:59Z")), "{name}");
            assert!(history.artist_has_rested(name, 30, at("2026-11-24T10:33:00Z")), "{name}");
        }
        assert!(history.artist_has_rested("Cal Whitlow", 30, at("2026-11-24T10:04:00Z")));
        assert!(history.artist_has_rested("", 30, at("2026-11-24T10:04:00Z")), "nobody in particular");
    }

    #[test]
    fn what_the_studio_played_rests_too() {
        let mut history = History::default();
        let (start, end) = (at("2026-11-24T10:00:00Z"), Some(at("2026-11-24T10:04:00Z")));
        let (artist, title) = ("The Hum".to_owned(), "River Song".to_owned());
        history.recall(&Spin { station: StationId(1), service: ServiceId(1), piece: None, artist, title, start, end });
        assert!(!history.artist_has_rested("Hum", 30, at("2026-11-24T10:33:00Z")));
        assert!(!history.title_has_rested("River Song (live)", 30, at("2026-11-24T10:33:00Z")));
        assert!(history.artist_has_rested("Hum", 30, at("2026-11-24T10:34:00Z")));
        assert_eq!(history.last(), None, "automation has played nothing");
    }

    #[test]
    fn another_recording_of_a_title_is_that_title() {
        let mut history = History::default();
        history.began(&song("The Hum", "River Song (live)"), at("2026-11-24T10:00:00Z"));
        assert!(!history.title_has_rested("River song", 60, at("2026-11-24T11:00:00Z")));
        assert!(history.title_has_rested("River", 60, at("2026-11-24T11:00:00Z")));
    }

    #[test]
    fn what_was_cut_counts_from_where_it_was_cut() {
        let mut history = History::default();
        history.began(&song("The Hum", "River Song"), at("2026-11-24T10:00:00Z"));
        history.ended(at("2026-11-24T10:01:00Z"));
        assert!(history.artist_has_rested("The Hum", 10, at("2026-11-24T10:11:00Z")));
    }
}
