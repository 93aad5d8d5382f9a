//! ICY: titles between the bytes of a stream, as Shoutcast invented it and every radio understands it.
//!
//! After each `icy-metaint` bytes of sound stands one length byte, and sixteen times as many bytes of
//! `StreamTitle='…';StreamUrl='…';`, padded with zeros; most often the length is zero.

use bytes::{BufMut, Bytes, BytesMut};

/// The block that says "nothing new".
pub const UNCHANGED: &[u8] = &[0];

/// The most that a block's text can hold: 255 times 16 bytes.
pub const TEXT_BYTES_MAX: usize = 255 * 16;

const TITLE_KEY: &str = "StreamTitle='";
const URL_KEY: &str = "StreamUrl='";
const FIELD_END: &str = "';";

/// A block that says a title, and an address if it is not empty.
///
/// A title may hold quotes, as "Rock 'n' Roll" does, but nothing that a radio could take for the end of the field. A text that is
/// too long is cut between two characters, the title before the address.
///
/// ```
/// let block = audio::icy::metadata_block("River Tones - Ferry", "");
/// assert_eq!(block[0], 3);
/// assert_eq!(&block[1..], b"StreamTitle='River Tones - Ferry';\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
/// ```
pub fn metadata_block(title: &str, url: &str) -> Bytes {
    let room = TEXT_BYTES_MAX - TITLE_KEY.len() - FIELD_END.len();
    let title = cut(&safe(title), room).to_owned();
    let mut text = [TITLE_KEY, &title, FIELD_END].concat();
    let url = safe(url);
    if !url.is_empty() && text.len() + URL_KEY.len() + url.len() + FIELD_END.len() <= TEXT_BYTES_MAX {
        text.extend([URL_KEY, &url, FIELD_END]);
    }
    let sixteens = text.len().div_ceil(16);
    let mut block = BytesMut::with_capacity(1 + sixteens * 16);
    block.put_u8(sixteens as u8);
    block.put_slice(text.as_bytes());
    block.put_bytes(0, sixteens * 16 - text.len());
    block.freeze()
}

/// The text without control characters, and with no quote that radios could take for the beginning or end of a field.
fn safe(text: &str) -> String {
    let printable: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    printable.trim().replace("='", "=’").replace(FIELD_END, "’;")
}

fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// What a block says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The title, if the block names one.
    pub title: Option<String>,
    /// The address, if the block names one.
    pub url: Option<String>,
}

impl Metadata {
    /// Reads a block's text. Bytes that are not UTF-8 are taken for Latin-1, as old encoders send it.
    pub fn parse(text: &[u8]) -> Self {
        let text_bytes = text.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let text = decode(&text[..text_bytes]);
        Self { title: field(&text, TITLE_KEY), url: field(&text, URL_KEY) }
    }
}

/// A text whose encoding nobody told: UTF-8 if it is that, Latin-1 otherwise.
pub fn decode(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(text) => text.to_owned(),
        Err(_) => text.iter().map(|&byte| char::from(byte)).collect(),
    }
}

fn field(text: &str, key: &str) -> Option<String> {
    let value = &text[text.find(key)? + key.len()..];
    let end = value.find(FIELD_END).or_else(|| value.rfind('\'')).unwrap_or(value.len());
    Some(value[..end].to_owned())
}

/// Takes the blocks out of a stream that has them every `interval_bytes`.
///
/// ```
/// use audio::icy::{Deinterleaver, Piece, metadata_block};
/// let stream = [&b"1234"[..], &metadata_block("Ferry", ""), b"5678", &[0], b"9"].concat();
/// let mut input = &stream[..];
/// let mut pieces = Deinterleaver::new(4);
/// let Some(Piece::Sound(sound)) = pieces.next(&mut input) else { panic!() };
/// assert_eq!(sound, b"1234");
/// let Some(Piece::Metadata(metadata)) = pieces.next(&mut input) else { panic!() };
/// assert_eq!(metadata.title.as_deref(), Some("Ferry"));
/// ```
#[derive(Debug)]
pub struct Deinterleaver {
    interval_bytes: usize,
    place: Place,
}

/// What comes next.
#[derive(Debug)]
enum Place {
    Sound { bytes_left: usize },
    Length,
    Text { bytes_left: usize, text: Vec<u8> },
}

/// A piece of a stream with ICY blocks in it.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Sound, all of it there.
    Sound(&'a [u8]),
    /// What a block said.
    Metadata(Metadata),
}

impl Deinterleaver {
    /// For a stream with a block after each `interval_bytes`, at least one.
    pub fn new(interval_bytes: usize) -> Self {
        let interval_bytes = interval_bytes.max(1);
        Self { interval_bytes, place: Place::Sound { bytes_left: interval_bytes } }
    }

    /// The next piece of `input`, which is shortened by what was taken; `None` when it is used up. A block that says nothing
    /// new is passed over.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Piece<'a>> {
        while !input.is_empty() {
            match &mut self.place {
                Place::Sound { bytes_left } => {
                    let sound = take(input, *bytes_left);
                    *bytes_left -= sound.len();
                    if *bytes_left == 0 {
                        self.place = Place::Length;
                    }
                    return Some(Piece::Sound(sound));
                }
                Place::Length => {
                    let bytes_left = usize::from(take(input, 1)[0]) * 16;
                    self.place =
                        if bytes_left == 0 { self.sound() } else { Place::Text { bytes_left, text: Vec::new() } };
                }
                Place::Text { bytes_left, text } => {
                    let here = take(input, *bytes_left);
                    *bytes_left -= here.len();
                    text.extend_from_slice(here);
                    if *bytes_left == 0 {
                        let metadata = Metadata::parse(text);
                        self.place = self.sound();
                        return Some(Piece::Metadata(metadata));
                    }
                }
            }
        }
        None
    }

    fn sound(&self) -> Place {
        Place::Sound { bytes_left: self.interval_bytes }
    }
}

fn take<'a>(input: &mut &'a [u8], bytes: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(bytes.min(input.len()));
    *input = rest;
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_cannot_put_in_a_field_of_its_own() {
        let block = metadata_block("Evil';StreamUrl='http://elsewhere';x='", "http://here");
        let metadata = Metadata::parse(&block[1..]);
        assert_eq!(metadata.url.as_deref(), Some("http://here"));
        assert_eq!(metadata.title.as_deref(), Some("Evil’;StreamUrl=’http://elsewhere’;x=’"));
    }

    #[test]
    fn an_apostrophe_stays_one() {
        let block = metadata_block("Don't - Rock 'n'", "");
        assert_eq!(Metadata::parse(&block[1..]).title.as_deref(), Some("Don't - Rock 'n'"));
    }

    #[test]
    fn a_long_title_is_cut_between_characters() {
        let block = metadata_block(&"ü".repeat(3000), "http://here");
        assert_eq!((block.len(), block[0]), (1 + TEXT_BYTES_MAX, 255));
        let title = Metadata::parse(&block[1..]).title.unwrap();
        assert!(title.chars().all(|letter| letter == 'ü') && title.len() > TEXT_BYTES_MAX - 20);
    }

    #[test]
    fn latin_1_from_an_old_encoder_is_understood() {
        assert_eq!(Metadata::parse(b"StreamTitle='M\xfcller';\0\0").title.as_deref(), Some("Müller"));
    }

    #[test]
    fn an_empty_title_is_said_too() {
        assert_eq!(&metadata_block("", "")[..], b"\x01StreamTitle='';\0");
    }

    proptest! {
        #[test]
        fn any_title_comes_back_and_the_block_is_well_formed(title in ".*", url in ".*") {
            let block = metadata_block(&title, &url);
            prop_assert_eq!(block.len(), 1 + usize::from(block[0]) * 16);
            prop_assert!(std::str::from_utf8(&block[1..]).is_ok());
            let said = Metadata::parse(&block[1..]).title.unwrap();
            let safe_title = safe(&title);
            prop_assert_eq!(said, cut(&safe_title, TEXT_BYTES_MAX - 15));
        }

        #[test]
        fn wherever_the_stream_is_cut_the_sound_is_the_same(
            stream in proptest::collection::vec(any::<u8>(), 0..4000),
            interval in 1_usize..300,
            step in 1_usize..500,
        ) {
            let sound = |step: usize| {
                let mut pieces = Deinterleaver::new(interval);
                let (mut sound, mut titles) = (Vec::new(), Vec::new());
                for mut part in stream.chunks(step) {
                    while let Some(piece) = pieces.next(&mut part) {
                        match piece {
                            Piece::Sound(bytes) => sound.extend_from_slice(bytes),
                            Piece::Metadata(metadata) => titles.push(metadata),
                        }
                    }
                }
                (sound, titles)
            };
            prop_assert_eq!(sound(step), sound(stream.len().max(1)));
        }
    }
}
