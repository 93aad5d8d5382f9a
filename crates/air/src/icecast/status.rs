//! `/status-json.xsl`: what is on the air, in the shape that Icecast 2.4 gives it.
//!
//! Now-playing widgets, directories and encoders poll it, so its oddities are kept: with no stream the key
//! `source` is missing, with one it is an object, with several an array. One oddity is not: a title that
//! looks like a number stays a string.
//!
//! `/status.xsl` is the same for people.

use serde::Serialize;
use station::event::Input;
use station::{Codec, Timestamp};

use super::playlist::Kind;
use super::{answer, escape_xml};

/// The whole answer.
#[derive(Debug, Serialize)]
pub struct Status {
    icestats: Server,
}

#[derive(Debug, Serialize)]
struct Server {
    admin: String,
    host: String,
    location: String,
    server_id: &'static str,
    server_start: String,
    server_start_iso8601: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Sources>,
    dummy: (),
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Sources {
    One(Box<Source>),
    Many(Vec<Source>),
}

/// One stream.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Source {
    /// What its encoder said of the sound.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub audio_info: String,
    /// Bit rate, in kbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bitrate: Option<u32>,
    /// How many channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<u8>,
    /// What kind of thing it is.
    pub genre: String,
    /// What feeds it: `source`, `automation`, `emergency` or `nothing`. Icecast has no such key; whoever does not know it passes it
    /// over.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub input: &'static str,
    /// The most listeners there were at once.
    pub listener_peak: u64,
    /// Listeners now.
    pub listeners: u64,
    /// Where it can be heard.
    pub listenurl: String,
    /// Samples per second, in Hz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samplerate: Option<u32>,
    /// What is heard on it.
    pub server_description: String,
    /// What it is called.
    pub server_name: String,
    /// Its media type.
    pub server_type: String,
    /// A page about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub server_url: String,
    /// Since when what is on now is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_start: Option<String>,
    /// The same in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_start_iso8601: Option<String>,
    /// What is inside the Ogg pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtype: Option<&'static str>,
    /// What is heard at this moment.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Icecast ends every object with this.
    pub dummy: (),
}

impl Source {
    /// Says since when it is on.
    pub fn since(mut self, start: Timestamp) -> Self {
        self.stream_start = Some(long_time(start));
        self.stream_start_iso8601 = Some(iso_time(start));
        self
    }
}

/// What a server says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    /// Whom to write to; may be empty.
    pub contact: &'a str,
    /// The host by which it was asked.
    pub host: &'a str,
    /// Where it stands; may be empty.
    pub location: &'a str,
}

impl Status {
    /// The answer for a server that started at `start`.
    pub fn new(server: Named<'_>, start: Timestamp, mut sources: Vec<Source>) -> Self {
        let source = match sources.len() {
            0 => None,
            1 => sources.pop().map(|source| Sources::One(Box::new(source))),
            _ => Some(Sources::Many(sources)),
        };
        Self {
            icestats: Server {
                admin: server.contact.to_owned(),
                host: server.host.to_owned(),
                location: server.location.to_owned(),
                server_id: answer::SERVER,
                server_start: long_time(start),
                server_start_iso8601: iso_time(start),
                source,
                dummy: (),
            },
        }
    }
}

/// A stream on the page for people: what it is, what is heard, and what leads a player to it.
pub(super) fn section(source: &Source) -> String {
    let address = escape_xml(&source.listenurl);
    let players = Kind::ALL.map(|kind| {
        format!("<a href=\"{address}{suffix}\">{name}</a>", suffix = kind.suffix(), name = &kind.suffix()[1..])
    });
    let rows = [
        ("Heard now", source.title.as_str()),
        ("Description", &source.server_description),
        ("Genre", &source.genre),
        ("Media type", &source.server_type),
        ("Listeners now", &source.listeners.to_string()),
        ("Most at once", &source.listener_peak.to_string()),
        ("Since", source.stream_start.as_deref().unwrap_or_default()),
    ];
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    let rows: String = rows
        .map(|(name, value)| format!("<tr><th scope=\"row\">{name}</th><td>{}</td></tr>\n", escape_xml(value)))
        .collect();
    format!(
        "<section>\n<h2>{name}</h2>\n<p><a href=\"{address}\">{address}</a> ({players})</p>\n<table>\n{rows}</table>\n\
         </section>\n",
        name = escape_xml(&source.server_name),
        players = players.join(", "),
    )
}

/// What is inside a codec's Ogg pages, as Icecast calls it.
pub fn subtype(codec: Codec) -> Option<&'static str> {
    match codec {
        Codec::Mp3 | Codec::Aac => None,
        Codec::OggOpus => Some("Opus"),
        Codec::OggVorbis => Some("Vorbis"),
        Codec::OggFlac => Some("FLAC"),
    }
}

/// What feeds a stream, in a word.
pub fn input(input: &Input) -> &'static str {
    match input {
        Input::Source(_) => "source",
        Input::Automation => "automation",
        Input::Emergency => "emergency",
        Input::Nothing => "nothing",
    }
}

/// A moment as Icecast writes it: `Tue, 24 Nov 2026 05:39:07 +0000`.
pub(super) fn long_time(moment: Timestamp) -> String {
    moment.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// The same in ISO 8601, as Icecast writes that.
pub(super) fn iso_time(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn start() -> Timestamp {
        "2026-11-24T05:39:07Z".parse().unwrap()
    }

    fn source(title: &str) -> Source {
        Source { title: title.into(), server_name: "News".into(), ..Source::default() }.since(start())
    }

    fn written(sources: Vec<Source>) -> Value {
        serde_json::to_value(Status::new(Named { host: "localhost", ..Named::default() }, start(), sources)).unwrap()["icestats"].take()
    }

    #[test]
    fn nothing_on_the_air_is_a_missing_key() {
        let expected = json!({
            "admin": "", "host": "localhost", "location": "", "server_id": "Groundwave",
            "server_start": "Tue, 24 Nov 2026 05:39:07 +0000", "server_start_iso8601": "2026-11-24T05:39:07+0000",
            "dummy": null,
        });
        assert_eq!(written(vec![]), expected);
    }

    #[test]
    fn one_stream_is_an_object_and_several_are_an_array() {
        assert_eq!(written(vec![source("a")])["source"]["title"], "a");
        let many = written(vec![source("a"), source("b")]);
        assert_eq!((&many["source"][0]["title"], &many["source"][1]["title"]), (&json!("a"), &json!("b")));
    }

    #[test]
    fn a_title_that_looks_like_a_number_stays_a_string() {
        for title in ["1979", "007", "1e5", "true", "-5", "1.50", "null"] {
            assert_eq!(written(vec![source(title)])["source"]["title"], json!(title));
        }
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let source = written(vec![source("")])["source"].take();
        let keys: Vec<_> = source.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "dummy",
                "genre",
                "listener_peak",
                "listeners",
                "listenurl",
                "server_description",
                "server_name",
                "server_type",
                "stream_start",
                "stream_start_iso8601"
            ]
        );
    }
}
