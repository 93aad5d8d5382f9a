//! Secrets that are made here: of 256 bits, so that nobody guesses one, and kept only as a hash, so that nobody reads one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const SECRET_BYTES: usize = 32;

/// A new secret, in letters that may stand in an address or a cookie.
pub(crate) fn mint() -> String {
    URL_SAFE_NO_PAD.encode(chance::<SECRET_BYTES>())
}

/// The hash that is kept of a secret, in hexadecimal digits. One round is enough: nobody can try 2²⁵⁶ secrets.
pub(crate) fn sha256(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Random bytes from the machine's own source of chance.
///
/// # Panics
/// If the machine has none: then nothing that must be unguessable can be made on it.
pub(crate) fn chance<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the machine gives no random numbers");
    bytes
}
