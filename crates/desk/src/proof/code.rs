//! One-time codes: six digits that a phone makes out of a shared secret and the time (RFC 6238, with its defaults, which
//! are what every authenticator app knows: SHA-1, six digits, thirty seconds).

use aws_lc_rs::hmac;
use station::Timestamp;

use crate::secret;

/// How long a code holds, in seconds.
const STEP_SECONDS: i64 = 30;
/// How many steps a phone's clock may be off, either way.
const STEPS_OFF_MAX: i64 = 1;
const DIGITS: usize = 6;
/// RFC 4226 recommends 160 bits.
const SECRET_BYTES: usize = 20;
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret, in Base32.
pub(crate) fn mint() -> String {
    to_base32(&secret::chance::<SECRET_BYTES>())
}

/// The step to which `code` belongs, if it is right at `now`. Each step must be used only once.
pub(crate) fn step(secret: &str, code: &str, now: Timestamp) -> Option<i64> {
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    let secret = from_base32(secret)?;
    let current = now.as_second().div_euclid(STEP_SECONDS);
    let mut steps = current - STEPS_OFF_MAX..=current + STEPS_OFF_MAX;
    steps.find(|step| {
        aws_lc_rs::constant_time::verify_slices_are_equal(self::code(&secret, *step).as_bytes(), code.as_bytes())
            .is_ok()
    })
}

/// The address that tells an app everything: issuer, account and secret. A QR code says the same to a camera.
pub(crate) fn address(secret: &str, issuer: &str, account: &str) -> String {
    // Apps take a plus for a plus, so spaces are written out.
    let escaped = |text: &str| -> String {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    };
    let (issuer, account) = (escaped(issuer), escaped(account));
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}")
}

/// The secret in groups of four, for whoever types it.
pub(crate) fn spaced(secret: &str) -> String {
    let groups: Vec<&str> = secret.as_bytes().chunks(4).filter_map(|four| std::str::from_utf8(four).ok()).collect();
    groups.join(" ")
}

/// The code of a step (RFC 4226, 5.3).
fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let hash = tag.as_ref();
    let at = usize::from(hash[hash.len() - 1] & 0xf);
    let number = u32::from_be_bytes([hash[at], hash[at + 1], hash[at + 2], hash[at + 3]]) & 0x7fff_ffff;
    format!("{:0DIGITS$}", number % 10u32.pow(DIGITS as u32))
}

fn to_base32(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let fives = bits.as_bytes().chunks(5);
    let digit = |five: &[u8]| five.iter().fold(0, |sum, bit| sum << 1 | usize::from(bit - b'0')) << (5 - five.len());
    fives.map(|five| char::from(LETTERS[digit(five)])).collect()
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: u8| LETTERS.iter().position(|known| *known == letter);
    let digits: Option<Vec<usize>> = text.bytes().map(digit).collect();
    let bits: String = digits?.iter().map(|digit| format!("{digit:05b}")).collect();
    let bytes = bits.as_bytes().chunks_exact(8);
    Some(bytes.map(|eight| eight.iter().fold(0, |sum, bit| sum << 1 | (bit - b'0'))).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// RFC 6238, appendix B (SHA-1), the last six digits of each.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = to_base32(b"12345678901234567890");
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(step(&secret, expected, at(second)), Some(second / 30), "{expected}");
        }
        assert_eq!(step(&secret, "287 082", at(59)), Some(1), "people type the gap that they see");
    }

    #[test]
    fn a_phone_whose_clock_is_a_little_off_gets_in() {
        let secret = to_base32(b"12345678901234567890");
        for second in [0, 59, 89] {
            assert_eq!(step(&secret, "287082", at(second)), Some(1), "{second}");
        }
        assert_eq!(step(&secret, "287082", at(90)), None);
        for wrong in ["", "28708", "2870820", "287083", "287082x", "２８７０８２"] {
            assert_eq!(step(&secret, wrong, at(59)), None, "{wrong}");
        }
    }

    #[test]
    fn the_address_cannot_be_broken_out_of() {
        let told = address("ABCD", "Harrow & Valley?", "jo@a.example");
        assert_eq!(
            told,
            "otpauth://totp/Harrow%20%26%20Valley%3F:jo%40a.example?secret=ABCD&issuer=Harrow%20%26%20Valley%3F"
        );
        assert_eq!(spaced("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }

    proptest! {
        #[test]
        fn a_secret_survives_being_written(bytes in proptest::array::uniform20(any::<u8>())) {
            prop_assert_eq!(from_base32(&to_base32(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn whatever_is_typed_is_no_fault(secret in ".*", code in ".*") {
            step(&secret, &code, at(0));
        }
    }
}
