//! Passkeys: WebAuthn, as much of it as a desk needs.
//!
//! A browser makes a pair of keys for the desk's host name and keeps the private one behind a finger, a face or a PIN. To
//! sign in, it signs a challenge that is good once. What is checked here is WebAuthn Level 3, sections 7.1 and 7.2, with
//! two choices that make it short:
//!
//! - No attestation is asked for: which make of key a reporter buys is not our business. Without one, whatever the
//!   browser says of a new key is worth exactly as much as the session that says it, so the public key is taken in the
//!   form in which the browser hands it out (`getPublicKey()`, a SubjectPublicKeyInfo), and there is no CBOR to read.
//! - User verification is required, so that a passkey is two proofs in one: having the device, and being its owner.
//!
//! Nothing here asks the store: the caller takes the challenge's ticket and looks the passkey up.
//! `docs/decisions/passkeys.md` has the reasons.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256};
use aws_lc_rs::signature::{UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The algorithms that are taken, as COSE numbers them, the preferred one first: ES256, EdDSA, RS256.
pub(crate) const ALGORITHMS: [i64; 3] = [-7, -8, -257];
/// What WebAuthn allows for a credential's id.
const ID_BYTES_MAX: usize = 1_023;
/// The largest public key that is kept: RSA of 8,192 bits.
const KEY_BYTES_MAX: usize = 1_200;

const IS_PRESENT: u8 = 0x01;
const IS_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;

/// Who asks: the desk, by its host name and its whole origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Party {
    /// The host name: `desk.radio.example`.
    pub(crate) id: String,
    /// The origin: `https://desk.radio.example`.
    pub(crate) origin: String,
}

/// What a browser sends of a new passkey; all binary values are Base64url.
#[derive(Debug, Deserialize)]
pub(crate) struct New {
    pub(crate) client_data: String,
    pub(crate) authenticator_data: String,
    pub(crate) public_key: String,
    pub(crate) algorithm: i64,
}

/// What a browser sends to sign in; all binary values are Base64url.
#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    pub(crate) id: String,
    pub(crate) client_data: String,
    pub(crate) authenticator_data: String,
    pub(crate) signature: String,
}

/// A new passkey that is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) public_key: String,
    pub(crate) algorithm: i64,
    pub(crate) uses: i64,
}

/// Why a passkey is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("what the browser sent cannot be read")]
    Unreadable,
    #[error("it was made for another purpose")]
    OtherPurpose,
    #[error("it was made for another site")]
    OtherSite,
    #[error("its challenge was answered before, or too late")]
    Late,
    #[error("it belongs to nobody here")]
    NotKept,
    #[error("its owner was not asked for a finger, a face or a PIN")]
    Unverified,
    #[error("it signs in a way that is not known here")]
    UnknownAlgorithm,
    #[error("its signature is wrong")]
    WrongSignature,
    #[error("it counts fewer uses than it did before: there may be a copy of it")]
    Copied,
}

/// What the browser says it signed (WebAuthn 5.8.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    purpose: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
}

/// What the authenticator says (WebAuthn 6.1).
struct Authenticator<'a> {
    party_sha256: &'a [u8],
    flags: u8,
    uses: u32,
    rest: &'a [u8],
}

/// The challenge that was answered: the secret of a ticket that the caller must take.
pub(crate) fn challenge(client_data: &str) -> Result<String, Refusal> {
    Ok(parse::<ClientData>(&decode(client_data)?)?.challenge)
}

/// Reads a new passkey.
pub(crate) fn register(party: &Party, new: &New) -> Result<Made, Refusal> {
    check_client(party, &decode(&new.client_data)?, "webauthn.create")?;
    let data = decode(&new.authenticator_data)?;
    let authenticator = check_authenticator(party, &data)?;
    let id = credential_id(&authenticator).ok_or(Refusal::Unreadable)?;
    let key = decode(&new.public_key)?;
    // An algorithm that cannot read the key says so here, and not when its owner wants to come in.
    check_key(new.algorithm, &key)?;
    Ok(Made {
        id: URL_SAFE_NO_PAD.encode(id),
        public_key: new.public_key.clone(),
        algorithm: new.algorithm,
        uses: authenticator.uses.into(),
    })
}

/// Checks what was shown against the passkey that is kept; returns how often that now counts itself used.
pub(crate) fn check(party: &Party, shown: &Shown, kept: &store::passkey::Passkey) -> Result<i64, Refusal> {
    let client = decode(&shown.client_data)?;
    check_client(party, &client, "webauthn.get")?;
    let data = decode(&shown.authenticator_data)?;
    let authenticator = check_authenticator(party, &data)?;
    let signed = [&data[..], &Sha256::digest(&client)].concat();
    let key = UnparsedPublicKey::new(algorithm(kept.algorithm)?, decode(&kept.public_key)?);
    key.verify(&signed, &decode(&shown.signature)?).map_err(|_| Refusal::WrongSignature)?;
    let uses = i64::from(authenticator.uses);
    // Passkeys that travel between devices do not count, and say 0 for ever.
    if (uses, kept.uses) != (0, 0) && uses <= kept.uses {
        return Err(Refusal::Copied);
    }
    Ok(uses)
}

fn check_client(party: &Party, client: &[u8], purpose: &str) -> Result<(), Refusal> {
    let client: ClientData = parse(client)?;
    if client.purpose != purpose {
        return Err(Refusal::OtherPurpose);
    }
    if client.origin != party.origin || client.cross_origin {
        return Err(Refusal::OtherSite);
    }
    Ok(())
}

fn check_authenticator<'a>(party: &Party, data: &'a [u8]) -> Result<Authenticator<'a>, Refusal> {
    let authenticator = authenticator(data).ok_or(Refusal::Unreadable)?;
    if authenticator.party_sha256 != Sha256::digest(party.id.as_bytes()).as_slice() {
        return Err(Refusal::OtherSite);
    }
    if authenticator.flags & (IS_PRESENT | IS_VERIFIED) != IS_PRESENT | IS_VERIFIED {
        return Err(Refusal::Unverified);
    }
    Ok(authenticator)
}

fn authenticator(data: &[u8]) -> Option<Authenticator<'_>> {
    let (party_sha256, rest) = data.split_at_checked(32)?;
    let (flags, rest) = rest.split_first()?;
    let (uses, rest) = rest.split_first_chunk()?;
    Some(Authenticator { party_sha256, flags: *flags, uses: u32::from_be_bytes(*uses), rest })
}

/// The id in the attested credential data: after the make of the authenticator, with its length before it.
fn credential_id<'a>(authenticator: &Authenticator<'a>) -> Option<&'a [u8]> {
    if authenticator.flags & HAS_CREDENTIAL == 0 {
        return None;
    }
    let (length, rest) = authenticator.rest.get(16..)?.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    rest.get(..length).filter(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX)
}

fn algorithm(cose: i64) -> Result<&'static dyn VerificationAlgorithm, Refusal> {
    match cose {
        -7 => Ok(&ECDSA_P256_SHA256_ASN1),
        -8 => Ok(&ED25519),
        -257 => Ok(&RSA_PKCS1_2048_8192_SHA256),
        _ => Err(Refusal::UnknownAlgorithm),
    }
}

fn check_key(cose: i64, key: &[u8]) -> Result<(), Refusal> {
    use aws_lc_rs::signature::ParsedPublicKey;
    let algorithm = algorithm(cose)?;
    if key.len() > KEY_BYTES_MAX || ParsedPublicKey::new(algorithm, key).is_err() {
        return Err(Refusal::Unreadable);
    }
    Ok(())
}

fn decode(text: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::Unreadable)
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, Refusal> {
    serde_json::from_slice(json).map_err(|_| Refusal::Unreadable)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    use proptest::prelude::*;
    use store::passkey::Passkey;

    use super::*;

    const CHALLENGE: &str = "Y2hhbGxlbmdl";

    fn party() -> Party {
        Party { id: "desk.radio.example".into(), origin: "https://desk.radio.example".into() }
    }

    /// An authenticator made of the same parts as a real one: a key, a counter, and what it says of itself.
    struct Phone {
        key: EcdsaKeyPair,
        uses: u32,
        flags: u8,
    }

    impl Phone {
        fn new() -> Self {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
            Self { key, uses: 5, flags: IS_PRESENT | IS_VERIFIED }
        }

        fn data(&self, party: &str, with: &[u8]) -> Vec<u8> {
            let flags = if with.is_empty() { self.flags } else { self.flags | HAS_CREDENTIAL };
            [&Sha256::digest(party.as_bytes())[..], &[flags], &self.uses.to_be_bytes(), with].concat()
        }

        fn make(&self) -> New {
            let credential = [&[0u8; 16][..], &[0, 3], b"abc", &[0xa5, 1, 2]].concat();
            let key: PublicKeyX509Der = self.key.public_key().as_der().unwrap();
            New {
                client_data: encode(client("webauthn.create", &party().origin).as_bytes()),
                authenticator_data: encode(&self.data(&party().id, &credential)),
                public_key: encode(key.as_ref()),
                algorithm: -7,
            }
        }

        fn show(&self, client: &str, party: &str) -> Shown {
            let data = self.data(party, &[]);
            let signed = [&data[..], &Sha256::digest(client.as_bytes())].concat();
            let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
            Shown {
                id: encode(b"abc"),
                client_data: encode(client.as_bytes()),
                authenticator_data: encode(&data),
                signature: encode(signature.as_ref()),
            }
        }

        fn kept(&self) -> Passkey {
            let made = register(&party(), &self.make()).unwrap();
            Passkey {
                id: made.id,
                station: station::StationId(1),
                account: station::AccountId(2),
                name: "Phone".into(),
                public_key: made.public_key,
                algorithm: made.algorithm,
                uses: made.uses,
                made_at: "2026-11-24T08:00:00Z".parse().unwrap(),
                used_at: None,
            }
        }
    }

    fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn client(purpose: &str, origin: &str) -> String {
        format!(r#"{{"type":"{purpose}","challenge":"{CHALLENGE}","origin":"{origin}","crossOrigin":false,"extra":1}}"#)
    }

    #[test]
    fn a_passkey_is_made_and_then_signs_in() {
        let mut phone = Phone::new();
        let kept = phone.kept();
        assert_eq!((kept.id.as_str(), kept.uses), ("YWJj", 5));
        phone.uses = 6;
        let shown = phone.show(&client("webauthn.get", &party().origin), &party().id);
        assert_eq!(challenge(&shown.client_data).as_deref(), Ok(CHALLENGE));
        assert_eq!(check(&party(), &shown, &kept), Ok(6));
    }

    #[test]
    fn a_passkey_of_another_site_or_purpose_is_refused() {
        let mut phone = Phone::new();
        let kept = phone.kept();
        phone.uses = 6;
        let right = client("webauthn.get", &party().origin);
        let cases = [
            (client("webauthn.create", &party().origin), "desk.radio.example", Refusal::OtherPurpose),
            (
                client("webauthn.get", "https://desk.radio.example.evil.example"),
                "desk.radio.example",
                Refusal::OtherSite,
            ),
            (client("webauthn.get", "http://desk.radio.example"), "desk.radio.example", Refusal::OtherSite),
            (right.replace("false", "true"), "desk.radio.example", Refusal::OtherSite),
            (right.clone(), "radio.example", Refusal::OtherSite),
            ("{}".into(), "desk.radio.example", Refusal::Unreadable),
        ];
        for (client, party_id, refusal) in cases {
            assert_eq!(check(&party(), &phone.show(&client, party_id), &kept), Err(refusal), "{client} {party_id}");
        }
    }

    #[test]
    fn a_signature_holds_for_one_key_and_one_text() {
        let (mut phone, other) = (Phone::new(), Phone::new());
        let kept = phone.kept();
        phone.uses = 6;
        let right = client("webauthn.get", &party().origin);
        let shown = phone.show(&right, &party().id);
        assert_eq!(check(&party(), &shown, &other.kept()), Err(Refusal::WrongSignature));
        let changed = right.replace(CHALLENGE, "b3RoZXI");
        let replayed = Shown { client_data: encode(changed.as_bytes()), ..phone.show(&right, &party().id) };
        assert_eq!(check(&party(), &replayed, &kept), Err(Refusal::WrongSignature));
    }

    #[test]
    fn an_owner_who_was_not_asked_is_no_owner() {
        let mut phone = Phone::new();
        let kept = phone.kept();
        phone.flags = IS_PRESENT;
        phone.uses = 6;
        let shown = phone.show(&client("webauthn.get", &party().origin), &party().id);
        assert_eq!(check(&party(), &shown, &kept), Err(Refusal::Unverified));
        assert_eq!(register(&party(), &phone.make()), Err(Refusal::Unverified));
    }

    #[test]
    fn a_copy_is_noticed_where_uses_are_counted() {
        let mut phone = Phone::new();
        let right = client("webauthn.get", &party().origin);
        let kept = phone.kept();
        for (uses, expected) in
            [(4, Err(Refusal::Copied)), (5, Err(Refusal::Copied)), (0, Err(Refusal::Copied)), (6, Ok(6))]
        {
            phone.uses = uses;
            assert_eq!(check(&party(), &phone.show(&right, &party().id), &kept), expected, "{uses}");
        }
        phone.uses = 0;
        let not_counting = Passkey { uses: 0, ..kept };
        assert_eq!(check(&party(), &phone.show(&right, &party().id), &not_counting), Ok(0));
    }

    #[test]
    fn an_ed25519_key_is_taken_in_the_form_that_browsers_send() {
        let key = Ed25519KeyPair::generate().unwrap();
        let der: PublicKeyX509Der = key.public_key().as_der().unwrap();
        assert_eq!(check_key(-8, der.as_ref()), Ok(()));
        assert_eq!(check_key(-7, der.as_ref()), Err(Refusal::Unreadable));
        assert_eq!(check_key(-35, der.as_ref()), Err(Refusal::UnknownAlgorithm));
    }

    proptest! {
        #[test]
        fn whatever_a_browser_sends_is_no_fault(
            client_data in ".*", data in proptest::collection::vec(any::<u8>(), 0..200), key in ".*", algorithm: i64,
        ) {
            let authenticator_data = encode(&data);
            let _ = challenge(&client_data);
            let _ = register(&party(), &New { client_data, authenticator_data, public_key: key, algorithm });
            let in_order = encode(client("webauthn.create", &party().origin).as_bytes());
            let start = [&Sha256::digest(party().id.as_bytes())[..], &[0x45], &data[..]].concat();
            let new = New { client_data: in_order, authenticator_data: encode(&start), public_key: encode(&data), algorithm: -7 };
            prop_assert!(register(&party(), &new).is_err());
        }
    }
}
