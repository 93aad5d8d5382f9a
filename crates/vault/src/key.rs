//! Keys: which texts may name an object.
//!
//! Keys come out of addresses that strangers type, and become file names. So a key is only what needs no thought:
//! words of ASCII letters, digits, `.`, `_` and `-`, joined by single slashes; no word begins with a dot.

use crate::{Error, Result, StorePath};

/// The longest key, in bytes.
const KEY_BYTES_MAX: usize = 512;
/// The longest word between two slashes, in bytes: what file systems take, less the mark of a file being written.
const WORD_BYTES_MAX: usize = 200;

/// Takes `key` as it is, or refuses it.
pub(crate) fn parse(key: &str) -> Result<StorePath> {
    let is_key = key.len() <= KEY_BYTES_MAX && key.split('/').all(is_word);
    let path = is_key.then(|| StorePath::parse(key).ok()).flatten();
    path.ok_or_else(|| Error::NotAKey { key: key.chars().take(KEY_BYTES_MAX).collect() })
}

fn is_word(word: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !word.is_empty() && word.len() <= WORD_BYTES_MAX && !word.starts_with('.') && word.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_keys() {
        for key in ["media/ab/abcdef.mp3", "hls/news/0000000012.m4s", "a", "A-b_c.d..e/f"] {
            assert_eq!(parse(key).unwrap().as_ref(), key);
        }
    }

    #[test]
    fn nothing_that_could_lead_elsewhere_is_a_key() {
        let long_word = "x".repeat(WORD_BYTES_MAX + 1);
        let long_key = "x/".repeat(KEY_BYTES_MAX) + "x";
        for wrong in [
            "",
            "/",
            "/etc/passwd",
            "a//b",
            "a/",
            "..",
            "../a",
            "a/../b",
            "a/..",
            ".",
            "a/./b",
            ".hidden",
            "a/.b",
            "a\0b",
            "a\\b",
            "a b",
            "a%2e%2e/b",
            "a#1",
            "ä",
            "a\nb",
            "C:/a",
            "~",
            "a?b",
            &long_word,
            &long_key,
        ] {
            assert!(matches!(parse(wrong), Err(Error::NotAKey { .. })), "{wrong:?} was taken");
        }
    }
}
