//! Tags that travel between frames: ID3v2 before them, ID3v1 after them.

/// The largest ID3v2 tag that is passed over as one; a larger claim is taken for garbage, so that four bytes cannot
/// silence a source for good.
pub(crate) const ID3V2_BYTES_MAX: usize = 16 << 20;

const ID3V2_HEADER_BYTES: usize = 10;
const ID3V1_BYTES: usize = 128;

/// What the bytes at hand may be the beginning of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    /// A tag of so many bytes, all of them or some of them there.
    Bytes(usize),
    /// Too few bytes to say.
    More,
    /// No tag.
    No,
}

/// Whether a tag begins here, where a frame could, and how long it is.
pub(crate) fn at(bytes: &[u8]) -> Tag {
    match bytes.first() {
        Some(b'I') => id3v2(bytes),
        Some(b'T') => id3v1(bytes),
        _ => Tag::No,
    }
}

/// Whether a tag begins here, among bytes that are nothing we know: only an ID3v2 tag says enough about itself.
pub(crate) fn in_garbage(bytes: &[u8]) -> Tag {
    if bytes.first() == Some(&b'I') { id3v2(bytes) } else { Tag::No }
}

fn id3v2(bytes: &[u8]) -> Tag {
    if !b"ID3".starts_with(&bytes[..bytes.len().min(3)]) {
        return Tag::No;
    }
    let Some(head) = bytes.first_chunk::<ID3V2_HEADER_BYTES>() else { return Tag::More };
    let [_, _, _, major, minor, flags, size @ ..] = *head;
    if major == 0xff || minor == 0xff || flags & 0x0f != 0 || size.iter().any(|&byte| byte & 0x80 != 0) {
        return Tag::No;
    }
    let body = size.iter().fold(0, |sum, &byte| sum << 7 | usize::from(byte));
    let footer = if flags & 0x10 != 0 { ID3V2_HEADER_BYTES } else { 0 };
    let total = ID3V2_HEADER_BYTES + body + footer;
    if total <= ID3V2_BYTES_MAX { Tag::Bytes(total) } else { Tag::No }
}

fn id3v1(bytes: &[u8]) -> Tag {
    if !b"TAG".starts_with(&bytes[..bytes.len().min(3)]) {
        return Tag::No;
    }
    if bytes.len() < 3 { Tag::More } else { Tag::Bytes(ID3V1_BYTES) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_an_id3v2_tag_is_read_seven_bits_at_a_time() {
        assert_eq!(at(b"ID3\x04\x00\x00\x00\x00\x02\x01"), Tag::Bytes(10 + 257));
        assert_eq!(at(b"ID3\x04\x00\x10\x00\x00\x00\x05"), Tag::Bytes(25), "with a footer");
    }

    #[test]
    fn a_tag_is_waited_for_only_while_it_can_still_be_one() {
        assert_eq!(at(b"ID"), Tag::More);
        assert_eq!(at(b"ID3\x04\x00"), Tag::More);
        assert_eq!(at(b"IDX"), Tag::No);
        assert_eq!(at(b"TA"), Tag::More);
        assert_eq!(at(b"TAG"), Tag::Bytes(128));
    }

    #[test]
    fn a_claim_that_is_too_large_or_malformed_is_no_tag() {
        assert_eq!(at(b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f"), Tag::No);
        assert_eq!(at(b"ID3\x04\x00\x00\x00\x00\x80\x00"), Tag::No);
    }
}
