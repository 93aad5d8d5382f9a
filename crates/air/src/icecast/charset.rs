//! Text from encoders: UTF-8 where it can be, Latin-1 where it cannot.
//!
//! Nothing in the protocol says reliably how a title is encoded. Bytes that are valid UTF-8 hardly ever are
//! anything else, so they are taken as such; other bytes are read as Latin-1 in the sense that browsers give the
//! word (windows-1252), which cannot fail. A sender that names Latin-1 itself is believed.

/// Reads `bytes` in the character set that the sender named, if it named one.
///
/// ```
/// use air::icecast::charset::decode;
/// assert_eq!(decode("Björk".as_bytes(), None), "Björk");
/// assert_eq!(decode(b"Bj\xf6rk", None), "Björk");
/// assert_eq!(decode(b"\xc3\xb6", Some("ISO-8859-1")), "Ã¶");
/// ```
pub fn decode(bytes: &[u8], named: Option<&str>) -> String {
    if named.is_some_and(is_latin_1) {
        return latin_1(bytes);
    }
    std::str::from_utf8(bytes).map_or_else(|_| latin_1(bytes), str::to_owned)
}

fn is_latin_1(name: &str) -> bool {
    ["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "windows-1252", "cp1252"]
        .iter()
        .any(|known| name.trim().eq_ignore_ascii_case(known))
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| letter(byte)).collect()
}

/// Bytes 0x80 to 0x9F in windows-1252; the five that it leaves open are replaced.
const UPPER: [char; 32] = [
    '€', '\u{FFFD}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{FFFD}', 'Ž', '\u{FFFD}', //
    '\u{FFFD}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{FFFD}', 'ž', 'Ÿ',
];

fn letter(byte: u8) -> char {
    match byte {
        0x80..=0x9F => UPPER[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_utf_8_but_is_not_is_read_as_latin_1() {
        assert_eq!(decode(b"J\xf3ga", Some("UTF-8")), "Jóga");
        assert_eq!(decode(b"It\x92s", Some("UTF-8")), "It’s");
    }

    #[test]
    fn an_unknown_character_set_is_as_good_as_none() {
        assert_eq!(decode("При".as_bytes(), Some("klingon")), "При");
    }

    #[test]
    fn every_byte_has_a_letter() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(latin_1(&all).chars().count(), 256);
    }
}
