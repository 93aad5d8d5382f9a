//! Proxies in front of the door: whom they speak for.
//!
//! A proxy says where a request came from in one of two ways: in `X-Forwarded-For`, a field of the request, or in a PROXY
//! header, which is what a connection begins with and has one for both versions of that protocol. It is believed if it is one of
//! the proxies that the settings name; from anybody else the field means nothing, and the header is no request.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::bans::Networks;

/// What the second version of the PROXY protocol begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// What the first version begins with.
const WORD: &[u8; 6] = b"PROXY ";
/// The longest header of the first version, in bytes.
const LINE_BYTES_MAX: usize = 107;
/// The longest header of the second version that is read, in bytes: addresses, and what a proxy may add to them.
const HEADER_BYTES_MAX: usize = 1_024;
/// How long to wait for the rest of a header of which a part is there.
const PAUSE: Duration = Duration::from_millis(5);

/// What the beginning of a connection is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Beginning {
    /// No PROXY header.
    Other,
    /// A part of one.
    Part,
    /// A whole one of so many bytes, and whom it names; nobody where the proxy speaks for itself.
    Header(usize, Option<SocketAddr>),
    /// Something that begins like one and is none.
    Malformed,
}

/// Takes a PROXY header off the beginning of a connection; whom it names, if there is one and it names anybody.
pub(super) async fn announced(socket: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut first = [0; HEADER_BYTES_MAX];
    loop {
        let count = socket.peek(&mut first).await?;
        match beginning(&first[..count]) {
            Beginning::Other => return Ok(None),
            Beginning::Malformed => return Err(io::ErrorKind::InvalidData.into()),
            Beginning::Part if count == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Beginning::Part => sleep(PAUSE).await,
            Beginning::Header(bytes, named) => {
                socket.read_exact(&mut first[..bytes]).await?;
                return Ok(named);
            }
        }
    }
}

/// Whom a request is from: the last in `X-Forwarded-For` who is no proxy of ours, where one of those has brought it.
pub(super) fn sender<'a>(peer: SocketAddr, fields: impl Iterator<Item = &'a str>, proxies: &Networks) -> SocketAddr {
    if !proxies.has(peer.ip()) {
        return peer;
    }
    let named = fields.flat_map(|field| field.split(',')).map(address).collect::<Vec<_>>();
    // Whatever stands before a word that is no address was written by nobody that we know.
    let known = named.into_iter().rev().map_while(|address| address).collect::<Vec<_>>();
    let other = known.iter().find(|address| !proxies.has(**address)).or(known.last());
    other.map_or(peer, |address| SocketAddr::new(*address, 0))
}

/// An address as proxies write it, some with a port.
fn address(word: &str) -> Option<IpAddr> {
    let word = word.trim();
    let plain = word.parse::<IpAddr>().ok();
    plain.or_else(|| word.parse::<SocketAddr>().ok().map(|address| address.ip())).map(|address| address.to_canonical())
}

fn beginning(bytes: &[u8]) -> Beginning {
    if bytes.starts_with(SIGNATURE) {
        return second_version(bytes);
    }
    if bytes.starts_with(WORD) {
        return first_version(bytes);
    }
    match SIGNATURE.starts_with(bytes) || WORD.starts_with(bytes) {
        true => Beginning::Part,
        false => Beginning::Other,
    }
}

/// `PROXY TCP4 203.0.113.7 198.51.100.1 56324 443`, or `PROXY UNKNOWN`.
fn first_version(bytes: &[u8]) -> Beginning {
    let line = &bytes[..bytes.len().min(LINE_BYTES_MAX)];
    let Some(end) = memchr::memchr(b'\n', line) else {
        return if bytes.len() < LINE_BYTES_MAX { Beginning::Part } else { Beginning::Malformed };
    };
    let Ok(text) = std::str::from_utf8(&line[..end]) else { return Beginning::Malformed };
    let words = text.trim_end_matches('\r').split(' ').collect::<Vec<_>>();
    let named = match words.as_slice() {
        ["PROXY", "UNKNOWN", ..] => Some(None),
        ["PROXY", "TCP4" | "TCP6", from, _, port, _] => from
            .parse::<IpAddr>()
            .ok()
            .zip(port.parse().ok())
            .map(|(from, port)| Some(SocketAddr::new(from.to_canonical(), port))),
        _ => None,
    };
    named.map_or(Beginning::Malformed, |named| Beginning::Header(end + 1, named))
}

/// Twelve bytes, then version and command, family, the length of the rest, and the addresses.
fn second_version(bytes: &[u8]) -> Beginning {
    let Some((&[command, family, high, low], rest)) = bytes[SIGNATURE.len()..].split_first_chunk::<4>() else {
        return Beginning::Part;
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let whole = SIGNATURE.len() + 4 + length;
    if command >> 4 != 2 || whole > HEADER_BYTES_MAX {
        return Beginning::Malformed;
    }
    let Some(addresses) = rest.get(..length) else { return Beginning::Part };
    let named = match (command & 0xf, family) {
        // A proxy that looks whether we are there.
        (0, _) => Some(None),
        (1, 0x11) => of_family::<4>(addresses).map(|(from, port)| Some((Ipv4Addr::from(from).into(), port))),
        (1, 0x21) => of_family::<16>(addresses).map(|(from, port)| Some((Ipv6Addr::from(from).to_canonical(), port))),
        (1, _) => Some(None),
        _ => None,
    };
    named.map_or(Beginning::Malformed, |named| Beginning::Header(whole, named.map(SocketAddr::from)))
}

/// Two addresses of so many bytes, then two ports; the first of each.
fn of_family<const BYTES: usize>(addresses: &[u8]) -> Option<([u8; BYTES], u16)> {
    let (from, rest) = addresses.split_first_chunk::<BYTES>()?;
    let (_to, ports) = rest.split_first_chunk::<BYTES>()?;
    let port = ports.first_chunk::<2>()?;
    Some((*from, u16::from_be_bytes(*port)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proxies() -> Networks {
        ["127.0.0.1", "10.0.0.0/8"].iter().map(|network| network.parse().unwrap()).collect()
    }

    fn sender_of(peer: &str, fields: &[&str]) -> String {
        sender(SocketAddr::new(peer.parse().unwrap(), 5), fields.iter().copied(), &proxies()).ip().to_string()
    }

    #[test]
    fn only_a_known_proxy_is_believed_and_only_what_it_has_seen_itself() {
        assert_eq!(sender_of("127.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(sender_of("127.0.0.1", &["198.51.100.1, 203.0.113.7, 10.1.2.3"]), "203.0.113.7");
        assert_eq!(sender_of("127.0.0.1", &["198.51.100.1", "[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(sender_of("192.0.2.9", &["203.0.113.7"]), "192.0.2.9");
        assert_eq!(sender_of("127.0.0.1", &["203.0.113.7, unknown"]), "127.0.0.1");
        assert_eq!(sender_of("127.0.0.1", &["unknown, 10.0.0.9"]), "10.0.0.9");
        assert_eq!(sender_of("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn a_line_of_the_first_version_names_the_client() {
        let line = b"PROXY TCP4 203.0.113.7 127.0.0.1 56324 443\r\nGET / HTTP/1.1\r\n";
        assert_eq!(beginning(line), Beginning::Header(44, Some("203.0.113.7:56324".parse().unwrap())));
        assert_eq!(beginning(b"PROXY UNKNOWN\r\n"), Beginning::Header(15, None));
        for part in [&b""[..], b"P", b"PROXY TCP4 203", b"\r\n\r"] {
            assert_eq!(beginning(part), Beginning::Part, "{part:?}");
        }
        for other in [&b"PUT /a HTTP/1.1"[..], b"\x16\x03\x01", b"\r\nGET /"] {
            assert_eq!(beginning(other), Beginning::Other, "{other:?}");
        }
        for wrong in [&b"PROXY TCP4 a b c d\r\n"[..], b"PROXY \xff\r\n", &[&b"PROXY "[..], &[b'a'; 200]].concat()] {
            assert_eq!(beginning(wrong), Beginning::Malformed, "{wrong:?}");
        }
    }

    #[test]
    fn a_header_of_the_second_version_names_the_client() {
        let header = |command: u8, family: u8, rest: &[u8]| {
            [&SIGNATURE[..], &[command, family], &(rest.len() as u16).to_be_bytes(), rest].concat()
        };
        let four = [203, 0, 113, 7, 127, 0, 0, 1, 0xdc, 4, 1, 187];
        assert_eq!(
            beginning(&header(0x21, 0x11, &four)),
            Beginning::Header(28, Some("203.0.113.7:56324".parse().unwrap()))
        );
        let with_more = [&four[..], &[4, 0, 1, 9]].concat();
        assert!(matches!(beginning(&header(0x21, 0x11, &with_more)), Beginning::Header(32, Some(_))));
        assert_eq!(beginning(&header(0x20, 0, &[])), Beginning::Header(16, None));
        assert_eq!(beginning(&header(0x21, 0x11, &four)[..20]), Beginning::Part);
        for wrong in [header(0x11, 0x11, &four), header(0x21, 0x11, &four[..5]), header(0x21, 0x11, &[0; 2_000])] {
            assert_eq!(beginning(&wrong), Beginning::Malformed);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = beginning(&bytes);
            let _ = beginning(&[&SIGNATURE[..], &bytes].concat());
            let _ = beginning(&[&WORD[..], &bytes].concat());
        }
    }
}
