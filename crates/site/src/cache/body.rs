//! A finished page: its bytes in every encoding, each with its own entity tag.

use std::io::Write;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use sha2::{Digest, Sha256};

/// Brotli's effort for a page that somebody is waiting for.
const BROTLI_QUICK: u32 = 5;
/// Brotli's effort for a page that is asked for again and again.
const BROTLI_FULL: u32 = 11;
/// Brotli's window, as a power of two: larger than any page.
const BROTLI_WINDOW: u32 = 18;
const BROTLI_BUFFER_BYTES: usize = 4096;

/// How bytes are packed on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As they are.
    Identity,
    /// With gzip.
    Gzip,
    /// With brotli.
    Brotli,
}

/// A page, ready to be sent.
pub struct Finished {
    /// Its status.
    pub status: StatusCode,
    identity: Bytes,
    gzip: Bytes,
    brotli: Bytes,
    brotli_effort: u32,
    hash: String,
}

impl Encoding {
    /// The smallest encoding that the request takes.
    pub fn wanted(headers: &HeaderMap) -> Self {
        let accepted: Vec<&str> =
            headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).collect();
        let takes = |name: &str| accepted.iter().flat_map(|value| value.split(',')).any(|offer| takes(offer, name));
        match () {
            () if takes("br") => Encoding::Brotli,
            () if takes("gzip") => Encoding::Gzip,
            () => Encoding::Identity,
        }
    }

    /// What `Content-Encoding` says; nothing for bytes as they are.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Encoding::Identity => None,
            Encoding::Gzip => Some("gzip"),
            Encoding::Brotli => Some("br"),
        }
    }
}

/// True if `offer` (`gzip;q=0.8`) is an offer to take `name`.
fn takes(offer: &str, name: &str) -> bool {
    let mut parts = offer.split(';').map(str::trim);
    let is_named = parts.next().is_some_and(|offered| offered.eq_ignore_ascii_case(name));
    is_named && !parts.any(|parameter| matches!(parameter, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
}

impl Finished {
    /// Packs a page. It takes milliseconds: not for a thread that others wait on.
    pub fn new(status: StatusCode, identity: Bytes) -> Self {
        Self {
            status,
            gzip: gzip(&identity),
            brotli: brotli(&identity, BROTLI_QUICK),
            brotli_effort: BROTLI_QUICK,
            hash: hash(&identity),
            identity,
        }
    }

    /// The same page, packed as small as it goes. It takes tens of milliseconds.
    pub fn polished(&self) -> Self {
        Self {
            status: self.status,
            identity: self.identity.clone(),
            gzip: self.gzip.clone(),
            brotli: brotli(&self.identity, BROTLI_FULL),
            brotli_effort: BROTLI_FULL,
            hash: self.hash.clone(),
        }
    }

    /// True if it is packed as small as it goes.
    pub fn is_polished(&self) -> bool {
        self.brotli_effort == BROTLI_FULL
    }

    /// The bytes in an encoding.
    pub fn bytes(&self, encoding: Encoding) -> Bytes {
        match encoding {
            Encoding::Identity => self.identity.clone(),
            Encoding::Gzip => self.gzip.clone(),
            Encoding::Brotli => self.brotli.clone(),
        }
    }

    /// The strong entity tag of the bytes in an encoding, in quotes: other bytes, another tag.
    pub fn etag(&self, encoding: Encoding) -> String {
        match encoding {
            Encoding::Identity => format!("\"{}\"", self.hash),
            Encoding::Gzip => format!("\"{}-gzip\"", self.hash),
            Encoding::Brotli => format!("\"{}-br{}\"", self.hash, self.brotli_effort),
        }
    }

    /// The entity tag, among those that the request names, of this very page in whatever encoding it was sent. A
    /// browser that has the page in one of them has the page.
    pub fn known_etag<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let named = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        named.flat_map(|value| value.split(',')).map(str::trim).find(|tag| self.is_named_by(tag))
    }

    /// How much memory it takes.
    pub fn size_bytes(&self) -> usize {
        self.identity.len() + self.gzip.len() + self.brotli.len() + self.hash.len()
    }

    fn is_named_by(&self, tag: &str) -> bool {
        let inner = tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"');
        let encoding = inner.strip_prefix(&self.hash);
        matches!(encoding, Some("" | "-gzip" | "-br5" | "-br11"))
    }
}

impl std::fmt::Debug for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finished").field("status", &self.status).field("hash", &self.hash).finish_non_exhaustive()
    }
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder =
        flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 3), flate2::Compression::default());
    encoder.write_all(bytes).expect("a vector takes whatever is written");
    encoder.finish().expect("a vector takes whatever is written").into()
}

fn brotli(bytes: &[u8], effort: u32) -> Bytes {
    let packed = Vec::with_capacity(bytes.len() / 3);
    let mut encoder = brotli::CompressorWriter::new(packed, BROTLI_BUFFER_BYTES, effort, BROTLI_WINDOW);
    encoder.write_all(bytes).expect("a vector takes whatever is written");
    encoder.into_inner().into()
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn wanted(accept: &str) -> Encoding {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
        Encoding::wanted(&headers)
    }

    #[test]
    fn the_smallest_encoding_that_is_taken_is_sent() {
        assert_eq!(wanted("gzip, deflate, br"), Encoding::Brotli);
        assert_eq!(wanted("br;q=0, gzip;q=0.5"), Encoding::Gzip);
        assert_eq!(wanted("GZIP"), Encoding::Gzip);
        assert_eq!(wanted("brotli"), Encoding::Identity);
        assert_eq!(Encoding::wanted(&HeaderMap::new()), Encoding::Identity);
    }

    #[test]
    fn every_encoding_is_the_same_page() {
        let text = "the river rose ".repeat(500);
        let page = Finished::new(StatusCode::OK, text.clone().into());
        for page in [&page, &page.polished()] {
            let mut out = String::new();
            flate2::read::GzDecoder::new(&page.bytes(Encoding::Gzip)[..]).read_to_string(&mut out).unwrap();
            assert_eq!(out, text);
            out.clear();
            brotli::Decompressor::new(&page.bytes(Encoding::Brotli)[..], 4096).read_to_string(&mut out).unwrap();
            assert_eq!(out, text);
        }
    }

    #[test]
    fn other_bytes_have_another_tag_and_any_of_them_names_the_page() {
        let page = Finished::new(StatusCode::OK, Bytes::from_static(b"page"));
        let polished = page.polished();
        let mut tags: Vec<String> =
            [Encoding::Identity, Encoding::Gzip, Encoding::Brotli].into_iter().map(|e| page.etag(e)).collect();
        tags.push(polished.etag(Encoding::Brotli));
        for tag in &tags {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, format!("\"other\", W/{tag}").parse().unwrap());
            assert!(polished.known_etag(&headers).is_some(), "{tag}");
            assert!(Finished::new(StatusCode::OK, Bytes::from_static(b"new")).known_etag(&headers).is_none());
        }
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 4);
    }
}
