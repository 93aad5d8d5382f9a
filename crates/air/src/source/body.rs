//! The sound inside a source's request, freed of how HTTP carries it.
//!
//! Most encoders send until they close. `curl` and liquidsoap send chunks, and a file has a length. Icecast hands
//! chunk-size lines on to listeners; here they are taken out. Pure: bytes in, sound out.

use bytes::{Buf, Bytes, BytesMut};

use crate::head::Head;

/// The longest chunk-size line or trailer line, in bytes.
const LINE_BYTES_MAX: usize = 1024;
/// The most trailer lines behind the last chunk.
const TRAILERS_MAX: u32 = 64;

/// How a body cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// `Content-Length` is not a number.
    #[error("its Content-Length is not a number")]
    Length,
    /// `Transfer-Encoding` is not `chunked`.
    #[error("its Transfer-Encoding is not spoken here")]
    Encoding,
    /// A chunk does not begin with its size, or does not end where that says.
    #[error("its chunks are broken")]
    Chunk,
}

/// Where in a body the reader stands.
#[derive(Debug, PartialEq, Eq)]
pub enum Body {
    /// All that comes until the sender closes.
    UntilClose,
    /// So many bytes are still to come.
    Sized(u64),
    /// In chunks.
    Chunked(Chunk),
}

/// Where in a chunked body the reader stands.
#[derive(Debug, PartialEq, Eq)]
pub enum Chunk {
    /// Before the line that says how long the next chunk is.
    Size,
    /// Inside one; so many bytes of it are still to come.
    Sound(u64),
    /// Before the line end that follows it.
    End,
    /// Behind the last, where so many lines may still follow.
    Trailers(u32),
    /// Behind everything.
    Over,
}

impl Body {
    /// What kind of body a source's head announces. The length that libshout sends with `SOURCE` means nothing:
    /// such a stream goes on until it is closed.
    pub fn of(head: &Head) -> Result<Self, Malformed> {
        if let Some(encoding) = head.field("transfer-encoding") {
            let is_chunked = encoding.trim().eq_ignore_ascii_case("chunked");
            let is_plain = encoding.trim().eq_ignore_ascii_case("identity");
            return match (is_chunked, is_plain) {
                (true, _) => Ok(Body::Chunked(Chunk::Size)),
                (_, true) => Ok(Body::UntilClose),
                _ => Err(Malformed::Encoding),
            };
        }
        match head.field("content-length") {
            Some(length) if head.method != "SOURCE" => {
                Ok(Body::Sized(length.trim().parse().map_err(|_| Malformed::Length)?))
            }
            _ => Ok(Body::UntilClose),
        }
    }

    /// True if no more sound will come, however much is read.
    pub fn is_over(&self) -> bool {
        matches!(self, Body::Sized(0) | Body::Chunked(Chunk::Over))
    }

    /// Takes the next sound out of `received`; `None` if more must be received first, or the body is over.
    pub fn take(&mut self, received: &mut BytesMut) -> Result<Option<Bytes>, Malformed> {
        match self {
            Body::UntilClose => Ok(split(received, u64::MAX)),
            Body::Sized(left) => {
                let sound = split(received, *left);
                *left -= sound.as_ref().map_or(0, |sound| sound.len() as u64);
                Ok(sound)
            }
            Body::Chunked(chunk) => chunk.take(received),
        }
    }
}

impl Chunk {
    fn take(&mut self, received: &mut BytesMut) -> Result<Option<Bytes>, Malformed> {
        loop {
            match self {
                Chunk::Sound(left) => {
                    let Some(sound) = split(received, *left) else { return Ok(None) };
                    *left -= sound.len() as u64;
                    if *left == 0 {
                        *self = Chunk::End;
                    }
                    return Ok(Some(sound));
                }
                Chunk::Over => return Ok(None),
                Chunk::Size | Chunk::End | Chunk::Trailers(_) => {
                    let Some(line) = take_line(received)? else { return Ok(None) };
                    *self = self.after(&line)?;
                }
            }
        }
    }

    fn after(&self, line: &[u8]) -> Result<Chunk, Malformed> {
        match self {
            Chunk::Size => Ok(match chunk_size(line)? {
                0 => Chunk::Trailers(TRAILERS_MAX),
                size => Chunk::Sound(size),
            }),
            Chunk::End if line.is_empty() => Ok(Chunk::Size),
            Chunk::Trailers(_) if line.is_empty() => Ok(Chunk::Over),
            Chunk::Trailers(left @ 1..) => Ok(Chunk::Trailers(left - 1)),
            _ => Err(Malformed::Chunk),
        }
    }
}

fn split(received: &mut BytesMut, bytes_max: u64) -> Option<Bytes> {
    let bytes = usize::try_from(bytes_max).unwrap_or(usize::MAX).min(received.len());
    (bytes > 0).then(|| received.split_to(bytes).freeze())
}

fn take_line(received: &mut BytesMut) -> Result<Option<Bytes>, Malformed> {
    let Some(end) = received.iter().take(LINE_BYTES_MAX).position(|&byte| byte == b'\n') else {
        return if received.len() >= LINE_BYTES_MAX { Err(Malformed::Chunk) } else { Ok(None) };
    };
    let mut line = received.split_to(end).freeze();
    received.advance(1);
    if line.last() == Some(&b'\r') {
        line.truncate(line.len() - 1);
    }
    Ok(Some(line))
}

fn chunk_size(line: &[u8]) -> Result<u64, Malformed> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    let is_number = (1..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_number).ok_or(Malformed::Chunk)?;
    u64::from_str_radix(digits, 16).map_err(|_| Malformed::Chunk)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(fields: &str) -> Result<Body, Malformed> {
        body_of("PUT", fields)
    }

    fn body_of(method: &str, fields: &str) -> Result<Body, Malformed> {
        Body::of(&Head::parse(format!("{method} /a HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes()).unwrap())
    }

    fn sound(body: &mut Body, pieces: &[&[u8]]) -> Result<Vec<u8>, Malformed> {
        let (mut received, mut sound) = (BytesMut::new(), Vec::new());
        for piece in pieces {
            received.extend_from_slice(piece);
            while let Some(bytes) = body.take(&mut received)? {
                sound.extend_from_slice(&bytes);
            }
        }
        Ok(sound)
    }

    #[test]
    fn the_head_says_how_the_sound_is_carried() {
        assert_eq!(body(""), Ok(Body::UntilClose));
        assert_eq!(body("Content-Length: 5"), Ok(Body::Sized(5)));
        assert_eq!(body("Transfer-Encoding: Chunked\r\nContent-Length: 5"), Ok(Body::Chunked(Chunk::Size)));
        assert_eq!(body("Transfer-Encoding: gzip"), Err(Malformed::Encoding));
        assert_eq!(body("Content-Length: -1"), Err(Malformed::Length));
        assert_eq!(body_of("SOURCE", "Content-Length: 0"), Ok(Body::UntilClose));
    }

    #[test]
    fn a_sized_body_ends_at_its_size() {
        let mut body = Body::Sized(5);
        assert_eq!(sound(&mut body, &[b"abc", b"defgh"]).unwrap(), b"abcde");
        assert!(body.is_over());
    }

    #[test]
    fn chunk_sizes_and_trailers_are_not_sound() {
        let mut body = Body::Chunked(Chunk::Size);
        let pieces: [&[u8]; 3] = [b"3;ext=1\r\nabc\r\nA\n0123", b"456789\r\n0\r\nTrailer: x\r\n", b"\r\nignored"];
        assert_eq!(sound(&mut body, &pieces).unwrap(), b"abc0123456789");
        assert!(body.is_over());
    }

    #[test]
    fn broken_chunks_are_named_and_never_waited_for() {
        for broken in ["xyz\r\n", "\r\n", "3\r\nabcd\r\n", "-1\r\n", "fffffffffffffffff\r\n", &"0".repeat(2_000)] {
            let mut body = Body::Chunked(Chunk::Size);
            assert_eq!(sound(&mut body, &[broken.as_bytes()]), Err(Malformed::Chunk), "{broken:.20}");
        }
        let endless_trailers = format!("0\r\n{}", "a: b\r\n".repeat(100));
        assert_eq!(sound(&mut Body::Chunked(Chunk::Size), &[endless_trailers.as_bytes()]), Err(Malformed::Chunk));
    }

    proptest! {
        #[test]
        fn wherever_it_is_cut_the_sound_is_the_same(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            step in 1_usize..30,
        ) {
            let mut carried = Vec::new();
            for chunk in &chunks {
                carried.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                carried.extend_from_slice(chunk);
                carried.extend_from_slice(b"\r\n");
            }
            carried.extend_from_slice(b"0\r\n\r\n");
            let mut body = Body::Chunked(Chunk::Size);
            let pieces: Vec<&[u8]> = carried.chunks(step).collect();
            prop_assert_eq!(sound(&mut body, &pieces).unwrap(), chunks.concat());
            prop_assert!(body.is_over());
        }

        #[test]
        fn no_bytes_make_it_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..8)) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let _ = sound(&mut Body::Chunked(Chunk::Size), &pieces);
        }
    }
}
