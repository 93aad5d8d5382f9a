//! What a listener is told before the sound begins.
//!
//! Radios of twenty years read this head: HTTP/1.0, no length, `icy-*` fields without a space, and `icy-metaint`
//! only for those who asked. Web players read it too, so it tells them by CORS that they may.

use std::num::NonZeroU32;

use station::{Codec, Timestamp};

use super::answer;

/// The fields that a script on another site may read.
pub const EXPOSED: &str = "Icy-Br, Icy-Description, Icy-Genre, Icy-MetaInt, Icy-Name, Icy-Pub, Icy-Url, Ice-Audio-Info";

/// A stream as listeners are told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// What it is encoded in.
    pub codec: Codec,
    /// What it is called.
    pub name: String,
    /// What is heard on it; may be empty.
    pub description: String,
    /// What kind of thing it is; may be empty.
    pub genre: String,
    /// A page about it; may be empty.
    pub url: String,
    /// Whether directories may list it.
    pub is_public: bool,
    /// Its bit rate, in kbit/s, if it is known.
    pub bitrate_kbps: Option<u32>,
    /// What its encoder said of the sound; may be empty.
    pub audio_info: String,
    /// Further fields that the station wants its listeners to be told, in order. They come instead of those of ours
    /// that have the same name.
    pub headers: Vec<(String, String)>,
}

impl Stream {
    /// True if titles can be put between the sound: not inside Ogg pages.
    pub fn has_titles(&self) -> bool {
        !self.codec.is_ogg()
    }

    /// The fields that describe it, without those that no value is known for.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let known = |name, value: &str| (!value.is_empty()).then(|| (name, one_line(value)));
        [
            self.bitrate_kbps.map(|kbps| ("icy-br", kbps.to_string())),
            known("icy-description", &self.description),
            known("icy-genre", &self.genre),
            known("icy-name", &self.name),
            Some(("icy-pub", u8::from(self.is_public).to_string())),
            known("icy-url", &self.url),
            known("ice-audio-info", &self.audio_info),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What scripts on other sites may do, then what the station wants to be told besides.
    pub fn further_headers(&self) -> Vec<(&str, String)> {
        let is_set = |name: &str| self.headers.iter().any(|(set, _)| set.eq_ignore_ascii_case(name));
        let ours = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", EXPOSED)];
        let ours = ours.into_iter().filter(|(name, _)| !is_set(name));
        let set = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        ours.chain(set).map(|(name, value)| (name, one_line(value))).collect()
    }

    /// The whole head of a live answer. `metaint` is given to those who asked for titles.
    pub fn head(&self, metaint: Option<NonZeroU32>, now: Timestamp) -> Vec<u8> {
        let mut head = format!(
            "HTTP/1.0 200 OK\r\nServer: {server}\r\nConnection: Close\r\nDate: {date}\r\nContent-Type: {media_type}\r\n\
             Cache-Control: no-cache, no-store\r\nExpires: {expires}\r\nPragma: no-cache\r\n",
            server = answer::SERVER,
            date = answer::date(now),
            media_type = self.codec.media_type(),
            expires = answer::EXPIRES,
        );
        for (name, value) in self.further_headers() {
            head.extend([name, ": ", &value, "\r\n"]);
        }
        for (name, value) in self.fields() {
            head.extend([name, ":", &value, "\r\n"]);
        }
        if let Some(bytes) = metaint {
            head.push_str(&format!("icy-metaint:{bytes}\r\n"));
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// True if the value of an `Icy-MetaData` field asks for titles: any number but nought does.
pub fn wants_titles(icy_metadata: Option<&str>) -> bool {
    icy_metadata.and_then(|value| value.trim().parse::<i32>().ok()).is_some_and(|number| number != 0)
}

/// True for the request by which Apple's player finds out whether a server knows ranges, where it must be told that
/// this one does. A player that can show titles asks for them too; it must be told that this one does not, for
/// otherwise it goes on without them.
pub fn is_probe(range: Option<&str>, icy_metadata: Option<&str>) -> bool {
    let asks_for_two_bytes = range.is_some_and(|range| range.replace(' ', "").eq_ignore_ascii_case("bytes=0-1"));
    asks_for_two_bytes && !wants_titles(icy_metadata)
}

fn one_line(value: &str) -> String {
    value.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Stream {
            codec: Codec::Mp3,
            name: "Test Röck".into(),
            description: "A test".into(),
            genre: "Jazz".into(),
            url: "http://example.test/".into(),
            is_public: true,
            bitrate_kbps: Some(128),
            audio_info: String::new(),
            headers: Vec::new(),
        }
    }

    fn head(stream: &Stream, metaint: Option<NonZeroU32>) -> String {
        String::from_utf8(stream.head(metaint, "2026-11-24T05:40:55Z".parse().unwrap())).unwrap()
    }

    #[test]
    fn the_head_is_what_radios_expect() {
        let expected = "HTTP/1.0 200 OK\r\nServer: Groundwave\r\nConnection: Close\r\n\
            Date: Tue, 24 Nov 2026 05:40:55 GMT\r\nContent-Type: audio/mpeg\r\nCache-Control: no-cache, no-store\r\n\
            Expires: Mon, 26 Jul 1997 05:00:00 GMT\r\nPragma: no-cache\r\nAccess-Control-Allow-Origin: *\r\n\
            Access-Control-Expose-Headers: Icy-Br, Icy-Description, Icy-Genre, Icy-MetaInt, Icy-Name, Icy-Pub, Icy-Url, \
            Ice-Audio-Info\r\nicy-br:128\r\nicy-description:A test\r\nicy-genre:Jazz\r\nicy-name:Test Röck\r\nicy-pub:1\r\n\
            icy-url:http://example.test/\r\nicy-metaint:16000\r\n\r\n";
        assert_eq!(head(&stream(), NonZeroU32::new(16_000)), expected);
        assert!(!head(&stream(), None).contains("icy-metaint"));
    }

    #[test]
    fn no_value_can_end_its_line() {
        let hostile = Stream { name: "a\r\nSet-Cookie: b=c\n\r\n".into(), ..stream() };
        let text = head(&hostile, None);
        assert!(!text.contains("\nSet-Cookie") && text.matches("\r\n\r\n").count() == 1, "{text}");
    }

    #[test]
    fn a_station_s_own_field_comes_instead_of_ours() {
        let own = [("access-control-allow-origin", "https://radio.test"), ("X-Station", "a\r\nb")];
        let headers = own.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let text = head(&Stream { headers, ..stream() }, None);
        assert!(text.contains("\r\naccess-control-allow-origin: https://radio.test\r\nX-Station: a  b\r\n"), "{text}");
        assert_eq!(text.to_lowercase().matches("access-control-allow-origin").count(), 1, "{text}");
    }

    #[test]
    fn titles_are_for_those_who_ask() {
        for (value, wanted) in
            [(Some("1"), true), (Some(" 2 "), true), (Some("0"), false), (Some("x"), false), (None, false)]
        {
            assert_eq!(wants_titles(value), wanted, "{value:?}");
        }
    }

    #[test]
    fn only_the_probe_is_the_probe() {
        assert!(is_probe(Some("bytes=0-1"), None));
        assert!(!is_probe(Some("bytes=0-1"), Some("1")), "a player that shows titles must not go on without them");
        for other in [None, Some("bytes=0-"), Some("bytes=0-10"), Some("bytes=1-1")] {
            assert!(!is_probe(other, None), "{other:?}");
        }
    }
}
