//! Recovery codes: ten of them, each good once in the place of a one-time code.

use crate::secret;

/// How many are made at a time.
pub(crate) const CODES: usize = 10;
/// Eighty bits: nobody guesses one, whatever is kept of it.
const CODE_BYTES: usize = 10;
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz234567890";

/// New codes, as people write them down: `k7mq-22fe-…`.
pub(crate) fn mint() -> Vec<String> {
    (0..CODES).map(|_| write(secret::chance::<CODE_BYTES>())).collect()
}

/// The hash that is kept of a code, however it is typed.
pub(crate) fn sha256(code: &str) -> String {
    let typed = code.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase);
    secret::sha256(&typed.collect::<String>())
}

fn write(chance: [u8; CODE_BYTES]) -> String {
    // Sixteen letters of five bits.
    let mut bits = chance.iter().fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
    let mut code = String::new();
    for at in 0..16 {
        if at % 4 == 0 && at > 0 {
            code.push('-');
        }
        code.push(char::from(LETTERS[(bits & 31) as usize]));
        bits >>= 5;
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_again_however_it_is_typed() {
        let codes = mint();
        assert_eq!(codes.len(), CODES);
        let [code, other] = &codes[..2] else { panic!("there are ten") };
        assert_eq!(code.len(), 19);
        assert_ne!(code, other);
        let typed = format!(" {} ", code.replace('-', " ").to_uppercase());
        assert_eq!(sha256(code), sha256(&typed));
        assert_ne!(sha256(code), sha256(other));
    }

    #[test]
    fn every_letter_can_stand_in_a_code_and_none_twice() {
        let letters: std::collections::HashSet<&u8> = LETTERS.iter().collect();
        assert_eq!(letters.len(), LETTERS.len());
        assert_ne!(write([0; CODE_BYTES]), write([255; CODE_BYTES]));
    }
}
