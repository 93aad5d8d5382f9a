//! TLS at the door: the certificates that are shown, and how others take their place while connections last.
//!
//! A [`Pair`] is a certificate with its chain and its key, looked at before it is used. [`Certificates`] holds the pairs
//! of this machine, one for each set of host names, and is exchanged as a whole: whoever connects from then on is
//! shown the new ones, and no connection that stands is touched.
//!
//! Files are not read here. Start at [`Pair::read`].

mod validity;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use station::Timestamp;

/// What can be spoken inside, the best first: pages and HLS by HTTP/2, everything else by HTTP/1.1.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why a certificate cannot be used with its key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is no certificate in the file that should hold it.
    #[error("the certificate's file holds no certificate")]
    NoCertificate,
    /// There is a key where the certificate should be.
    #[error("the certificate's file holds a key and no certificate: are the two files mixed up?")]
    MixedUp,
    /// What is there cannot be read as one.
    #[error("the certificate cannot be read: it must be PEM, as `-----BEGIN CERTIFICATE-----`")]
    NotACertificate,
    /// There is no key in the file that should hold it.
    #[error("the key's file holds no key: it must be PEM, as `-----BEGIN PRIVATE KEY-----`")]
    NoKey,
    /// The key is locked by a password.
    #[error("the key is locked by a password: store it without one, readable for this program alone")]
    LockedKey,
    /// The key is of a kind that is not known here.
    #[error("the key is of a kind that is not used for TLS: RSA of 2048 bits or more, ECDSA or Ed25519 are")]
    UnknownKey,
    /// Key and certificate are not of each other.
    #[error("the key does not belong to the certificate")]
    NotItsKey,
    /// TLS cannot be spoken at all.
    #[error("TLS could not be set up")]
    Setup,
}

/// A certificate with its chain and its key.
#[derive(Clone, Debug)]
pub struct Pair {
    certified: Arc<CertifiedKey>,
    validity: Range<Timestamp>,
}

impl Pair {
    /// Reads the certificate, with the chain behind it, and the key, both in PEM, and sees that they belong together.
    pub fn read(chain: &[u8], key: &[u8]) -> Result<Self, Fault> {
        let chain = read_chain(chain)?;
        let validity = validity::of(&chain[0]).ok_or(Fault::NotACertificate)?;
        let key = aws_lc_rs::default_provider()
            .key_provider
            .load_private_key(read_key(key)?)
            .map_err(|_| Fault::UnknownKey)?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => return Err(Fault::NotItsKey),
            Err(_) => return Err(Fault::NotACertificate),
        }
        Ok(Self { certified: Arc::new(certified), validity })
    }

    /// From when until when it is good.
    pub fn validity(&self) -> &Range<Timestamp> {
        &self.validity
    }

    /// True if it is a certificate for that host name.
    pub fn is_for(&self, host: &str) -> bool {
        let name = ServerName::try_from(host).ok();
        let certificate = self.certified.cert.first().and_then(|der| ParsedCertificate::try_from(der).ok());
        matches!((certificate, name), (Some(certificate), Some(name))
            if rustls::client::verify_server_name(&certificate, &name).is_ok())
    }

    fn is(&self, other: &Self) -> bool {
        self.certified.cert == other.certified.cert
    }
}

fn read_chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|_| Fault::NotACertificate)?;
    let is_key = || PrivateKeyDer::from_pem_slice(pem).is_ok();
    match chain.is_empty() {
        true if is_key() => Err(Fault::MixedUp),
        true => Err(Fault::NoCertificate),
        false => Ok(chain),
    }
}

fn read_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, Fault> {
    let is_locked = [&b"BEGIN ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"]
        .into_iter()
        .any(|mark| memchr::memmem::find(pem, mark).is_some());
    if is_locked {
        return Err(Fault::LockedKey);
    }
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| Fault::NoKey)
}

/// The certificates that are shown to whoever connects.
#[derive(Clone)]
pub struct Certificates {
    shown: Arc<Shown>,
    config: Arc<ServerConfig>,
}

impl Certificates {
    /// Shows these. The first is for whoever names no host, or one that none is for.
    pub fn new(pairs: Vec<Pair>) -> Result<Self, Fault> {
        let shown = Arc::new(Shown(RwLock::new(pairs.into())));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| Fault::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        // What a player needs to come back without a second handshake in full is in the player's hands, not in memory.
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(|_| Fault::Setup)?;
        config.send_tls13_tickets = 1;
        Ok(Self { shown, config: Arc::new(config) })
    }

    /// Shows these from now on. True if they are others than before.
    pub fn replace(&self, pairs: Vec<Pair>) -> bool {
        let mut shown = self.shown.0.write().unwrap_or_else(PoisonError::into_inner);
        let are_the_same = shown.len() == pairs.len() && shown.iter().zip(&pairs).all(|(one, other)| one.is(other));
        if !are_the_same {
            *shown = pairs.into();
        }
        !are_the_same
    }

    /// When the first of them ends to be good; `None` if there are none.
    pub fn good_until(&self) -> Option<Timestamp> {
        self.shown.pairs().iter().map(|pair| pair.validity.end).min()
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("count", &self.shown.pairs().len()).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shown(RwLock<Arc<[Pair]>>);

impl Shown {
    fn pairs(&self) -> Arc<[Pair]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let pairs = self.pairs();
        let named = hello.server_name().and_then(|name| pairs.iter().find(|pair| pair.is_for(name)));
        named.or_else(|| pairs.first()).map(|pair| Arc::clone(&pair.certified))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: &[u8] = include_bytes!("tls/testing/certificate.pem");
    const KEY: &[u8] = include_bytes!("tls/testing/key.pem");
    const OTHER_KEY: &[u8] = include_bytes!("tls/testing/other-key.pem");

    fn fault(chain: &[u8], key: &[u8]) -> Fault {
        Pair::read(chain, key).expect_err("the pair cannot be used")
    }

    #[test]
    fn a_pair_says_for_whom_and_until_when_it_is_good() {
        let pair = Pair::read(CHAIN, KEY).unwrap();
        assert_eq!(pair.validity().start.to_string(), "2026-01-02T03:04:05Z");
        assert_eq!(pair.validity().end.to_string(), "2051-06-07T08:09:10Z");
        assert!(pair.is_for("radio.test") && pair.is_for("desk.radio.test") && pair.is_for("127.0.0.1"));
        assert!(!pair.is_for("elsewhere.test") && !pair.is_for("") && !pair.is_for("radio.test\0"));
    }

    #[test]
    fn one_file_may_hold_both() {
        let both = [KEY, CHAIN].concat();
        assert!(Pair::read(&both, &both).is_ok());
    }

    #[test]
    fn what_cannot_be_used_is_told_by_its_cause() {
        assert_eq!(fault(b"", KEY), Fault::NoCertificate);
        assert_eq!(fault(KEY, CHAIN), Fault::MixedUp);
        assert_eq!(fault(CHAIN, b""), Fault::NoKey);
        assert_eq!(fault(CHAIN, CHAIN), Fault::NoKey);
        assert_eq!(fault(CHAIN, OTHER_KEY), Fault::NotItsKey);
        assert_eq!(fault(CHAIN, b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n"), Fault::LockedKey);
        let torn = [&CHAIN[..CHAIN.len() / 2], b"\n-----END CERTIFICATE-----\n"].concat();
        assert_eq!(fault(&torn, KEY), Fault::NotACertificate);
        assert_eq!(
            fault(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", KEY),
            Fault::NotACertificate
        );
    }

    #[test]
    fn the_same_pairs_again_are_no_change() {
        let pair = || Pair::read(CHAIN, KEY).unwrap();
        let certificates = Certificates::new(vec![pair()]).unwrap();
        assert!(!certificates.replace(vec![pair()]));
        assert!(certificates.replace(vec![pair(), pair()]));
        assert_eq!(certificates.good_until().unwrap().to_string(), "2051-06-07T08:09:10Z");
    }
}
