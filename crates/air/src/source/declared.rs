//! What an encoder says of the stream that it sends: its `ice-*` fields.
//!
//! They are words from outside: each is cut to a line of bounded length, so that it can stand in a listener's
//! answer and in a status page without ending either.

use crate::head::Head;

/// The longest of these words that is kept, in bytes.
pub const WORDS_BYTES_MAX: usize = 1024;

/// What an encoder says of its stream. A field that it did not send is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// `ice-name`: what the stream is called.
    pub name: String,
    /// `ice-genre`.
    pub genre: String,
    /// `ice-description`.
    pub description: String,
    /// `ice-url`: a page about it.
    pub url: String,
    /// `ice-public`: whether directories may list it.
    pub is_public: Option<bool>,
    /// `ice-bitrate`, or the bit rate in `ice-audio-info`, in kbit/s.
    pub bitrate_kbps: Option<u32>,
    /// `ice-audio-info` as it was sent: `channels=2;samplerate=44100;bitrate=128`.
    pub audio_info: String,
    /// The program that sends.
    pub agent: String,
}

impl Declared {
    /// Reads them out of a source's head; `icy-*` is read where `ice-*` is missing.
    pub fn of(head: &Head) -> Self {
        let audio_info = words(head.field("ice-audio-info"));
        Self {
            name: either(head, "name"),
            genre: either(head, "genre"),
            description: either(head, "description"),
            url: either(head, "url"),
            is_public: public(head),
            bitrate_kbps: bitrate(head).or_else(|| kbps(audio_value(&audio_info, "bitrate")?)),
            audio_info,
            agent: words(head.field("user-agent")),
        }
    }

    /// One of the values inside `ice-audio-info`: some encoders write `bitrate=`, some `ice-bitrate=`.
    pub fn audio_value(&self, key: &str) -> Option<&str> {
        audio_value(&self.audio_info, key)
    }
}

fn either(head: &Head, name: &str) -> String {
    words(head.field(&format!("ice-{name}")).or_else(|| head.field(&format!("icy-{name}"))))
}

fn public(head: &Head) -> Option<bool> {
    let text = head.field("ice-public").or_else(|| head.field("icy-pub"))?;
    Some(text.trim() != "0")
}

fn bitrate(head: &Head) -> Option<u32> {
    kbps(head.field("ice-bitrate").or_else(|| head.field("icy-br"))?)
}

/// A bit rate in kbit/s. Some encoders write bits per second, and variable ones a range or a word.
fn kbps(text: &str) -> Option<u32> {
    let number: u32 = text.trim().parse().ok()?;
    Some(if number >= 8_000 { number / 1_000 } else { number }).filter(|kbps| (1..8_000).contains(kbps))
}

fn audio_value<'a>(audio_info: &'a str, key: &str) -> Option<&'a str> {
    audio_info.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let name = name.trim();
        (name.strip_prefix("ice-").unwrap_or(name) == key).then(|| value.trim())
    })
}

fn words(value: Option<&str>) -> String {
    let value = value.unwrap_or_default().trim();
    let mut end = value.len().min(WORDS_BYTES_MAX);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value[..end].chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(fields: &str) -> Declared {
        Declared::of(&Head::parse(format!("SOURCE /a HTTP/1.0\n{fields}\n\n").as_bytes()).unwrap())
    }

    #[test]
    fn both_ways_to_write_audio_info_are_read() {
        let liquidsoap = declared("ice-audio-info: channels=2;samplerate=44100;bitrate=128");
        let butt = declared("ice-audio-info: ice-bitrate=96;ice-channels=1;ice-samplerate=48000");
        assert_eq!((liquidsoap.bitrate_kbps, liquidsoap.audio_value("channels")), (Some(128), Some("2")));
        assert_eq!((butt.bitrate_kbps, butt.audio_value("samplerate")), (Some(96), Some("48000")));
    }

    #[test]
    fn a_field_of_its_own_comes_before_audio_info() {
        assert_eq!(declared("ice-bitrate: 192\nice-audio-info: bitrate=128").bitrate_kbps, Some(192));
    }

    #[test]
    fn a_bit_rate_is_a_sensible_number_or_unknown() {
        for (text, kbps) in [("128000", Some(128)), ("Quality 0.3", None), ("0", None), ("-5", None), ("", None)] {
            assert_eq!(declared(&format!("ice-bitrate: {text}")).bitrate_kbps, kbps, "{text}");
        }
    }

    #[test]
    fn shoutcast_names_are_understood() {
        let declared = declared("icy-name: Old\nicy-pub: 0\nicy-br: 64");
        assert_eq!((declared.name.as_str(), declared.is_public, declared.bitrate_kbps), ("Old", Some(false), Some(64)));
    }

    #[test]
    fn long_words_are_cut_between_letters() {
        let name = declared(&format!("ice-name: {}", "ö".repeat(WORDS_BYTES_MAX))).name;
        assert_eq!(name, "ö".repeat(WORDS_BYTES_MAX / 2));
    }
}
