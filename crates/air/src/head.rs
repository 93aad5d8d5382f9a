//! A request's head, read leniently.
//!
//! Encoders of twenty years write heads that no strict parser takes: lines ended by a bare line feed, no `Host`,
//! `ICE/1.0` for a protocol, Latin-1 in a value, spaces in an address, a head in pieces of one byte. [`Gather`]
//! collects bytes until a head is whole; [`Head::parse`] reads it; [`Head::rewrite`] writes it out again as the
//! standard wants it, so that a strict parser behind sees exactly what was seen here.
//!
//! Everything in this module is pure: it waits for nothing and knows no socket.

use crate::icecast::charset;
use crate::visit;

/// The longest head that is read, in bytes. Icecast resets a connection above 4,096, which a page's cookies
/// reach.
pub const BYTES_MAX: usize = 16 * 1024;

/// Why a head cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It does not end within [`BYTES_MAX`].
    #[error("head is longer than {BYTES_MAX} bytes")]
    TooLong,
    /// Its first byte, or its first line, is not that of a request.
    #[error("it is not an HTTP request")]
    NotARequest,
    /// It asks for a protocol that is not spoken here.
    #[error("protocol `{0}` is not spoken here")]
    Protocol(String),
}

/// Collects a head, however small the pieces it arrives in.
///
/// ```
/// use air::head::Gather;
/// let mut gather = Gather::default();
/// assert!(!gather.push(b"GET / HTTP/1.0\n").unwrap());
/// assert!(gather.push(b"\nand what follows").unwrap());
/// let (head, rest) = gather.split();
/// assert_eq!((head.as_slice(), rest.as_slice()), (&b"GET / HTTP/1.0\n\n"[..], &b"and what follows"[..]));
/// ```
#[derive(Debug, Default)]
pub struct Gather {
    bytes: Vec<u8>,
    /// How far the bytes have been looked at.
    looked_at: usize,
    /// Where the line that is being looked at begins.
    line_start: usize,
    /// True once a line with something in it has ended: empty lines before it are not the end of a head.
    has_line: bool,
    /// Where the head ends, once that is known.
    end: Option<usize>,
    /// A password may stand where a request's first line does.
    takes_passwords: bool,
}

impl Gather {
    /// Takes a password on the first line for what it may be: it need not begin with a letter.
    pub fn with_passwords(self) -> Self {
        Self { takes_passwords: true, ..self }
    }

    /// Takes the next bytes; true once the head is whole.
    pub fn push(&mut self, bytes: &[u8]) -> Result<bool, Unreadable> {
        self.bytes.extend_from_slice(bytes);
        while self.end.is_none() && self.looked_at < self.bytes.len() {
            self.look_at_next_byte()?;
        }
        Ok(self.end.is_some())
    }

    fn look_at_next_byte(&mut self) -> Result<(), Unreadable> {
        if self.looked_at == BYTES_MAX {
            return Err(Unreadable::TooLong);
        }
        let byte = self.bytes[self.looked_at];
        self.looked_at += 1;
        if byte != b'\n' {
            let begins_request = !self.has_line && self.looked_at == self.line_start + 1;
            // A TLS greeting or plain noise is told apart at once, not after the deadline for heads.
            let may_begin = if self.takes_passwords { byte.is_ascii_graphic() } else { byte.is_ascii_alphabetic() };
            let is_noise = begins_request && byte != b'\r' && !may_begin;
            return if is_noise { Err(Unreadable::NotARequest) } else { Ok(()) };
        }
        let line = &self.bytes[self.line_start..self.looked_at - 1];
        let is_empty = line.iter().all(|&byte| byte == b'\r');
        self.line_start = self.looked_at;
        match (is_empty, self.has_line) {
            (true, true) => self.end = Some(self.looked_at),
            (true, false) => {}
            (false, _) => self.has_line = true,
        }
        Ok(())
    }

    /// The first line and what came behind it, if that line is whole and names no protocol: no request begins so.
    pub fn password(&self) -> Option<(String, &[u8])> {
        if !self.takes_passwords || !self.has_line {
            return None;
        }
        let start = self.bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
        let end = start + self.bytes[start..].iter().position(|&byte| byte == b'\n')?;
        let line = charset::decode(without_trailing_returns(&self.bytes[start..end]), None);
        let names_protocol =
            line.rsplit_once(' ').is_some_and(|(before, word)| word.contains('/') && before.contains(' '));
        (!names_protocol).then(|| (line, &self.bytes[end + 1..]))
    }

    /// True as long as nothing has arrived.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The head, and the bytes that arrived behind it. While the head is not whole, all of it is head.
    pub fn split(mut self) -> (Vec<u8>, Vec<u8>) {
        let rest = self.bytes.split_off(self.end.unwrap_or(self.bytes.len()));
        (self.bytes, rest)
    }
}

/// What a request line asks to be spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1, or a later 1.x.
    Http11,
    /// ICE/1.0, which old encoders put there.
    Ice10,
}

impl Protocol {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "HTTP/1.0" => Some(Protocol::Http10),
            "ICE/1.0" => Some(Protocol::Ice10),
            _ => word
                .strip_prefix("HTTP/1.")
                .filter(|minor| minor.len() == 1 && minor.as_bytes()[0].is_ascii_digit())
                .map(|_| Protocol::Http11),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Protocol::Ice10 => "ICE/1.0",
            other => other.as_http(),
        }
    }

    fn as_http(self) -> &'static str {
        match self {
            Protocol::Http11 => "HTTP/1.1",
            Protocol::Http10 | Protocol::Ice10 => "HTTP/1.0",
        }
    }
}

/// A request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// What is asked: `GET`, `SOURCE`.
    pub method: String,
    /// Of what, as it was sent: `/news.mp3?token=1`.
    pub target: String,
    /// In which protocol.
    pub protocol: Protocol,
    fields: Vec<(String, String)>,
}

impl Head {
    /// Reads a head that [`Gather`] found whole.
    ///
    /// A line without a colon is dropped, and so is a field whose name is not one; a line that begins with a space
    /// goes on with the line before.
    pub fn parse(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut lines =
            bytes.split(|&byte| byte == b'\n').map(without_trailing_returns).skip_while(|line| line.is_empty());
        let (method, target, protocol) = request_line(&charset::decode(lines.next().unwrap_or_default(), None))?;
        Ok(Self { method, target, protocol, fields: fields(lines) })
    }

    /// The first field of that name, whatever the case it was written in.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every field, in the order it was sent.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The path that is asked for, still percent-encoded, without the query.
    pub fn path(&self) -> &str {
        self.split_target().0
    }

    /// The query, still percent-encoded; empty if there is none.
    pub fn query(&self) -> &str {
        self.split_target().1
    }

    fn split_target(&self) -> (&str, &str) {
        let target = without_origin(&self.target);
        target.split_once('?').unwrap_or((target, ""))
    }

    /// The head as a strict parser wants it: fields on one line each, ended by CRLF; nothing in the address that
    /// does not belong there.
    pub fn rewrite(&self) -> Vec<u8> {
        let mut head = format!("{} {} {}\r\n", self.method, tidy_target(&self.target), self.protocol.as_http());
        for (name, value) in &self.fields {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

impl visit::Request for Head {
    fn method(&self) -> &str {
        &self.method
    }

    fn target(&self) -> &str {
        without_origin(&self.target)
    }

    fn protocol(&self) -> &'static str {
        self.protocol.name()
    }

    fn field(&self, name: &str) -> Option<&str> {
        Head::field(self, name)
    }
}

fn request_line(line: &str) -> Result<(String, String, Protocol), Unreadable> {
    let (method, after) = line.trim().split_once(' ').ok_or(Unreadable::NotARequest)?;
    // The protocol is the last word, so that an address may have spaces in it, as some traffic systems write.
    let (target, word) = after.trim().rsplit_once(' ').ok_or(Unreadable::NotARequest)?;
    let is_method = !method.is_empty() && method.bytes().all(is_token_byte);
    if !is_method || target.trim().is_empty() {
        return Err(Unreadable::NotARequest);
    }
    let protocol = Protocol::parse(word).ok_or_else(|| Unreadable::Protocol(word.chars().take(32).collect()))?;
    Ok((method.to_owned(), target.trim().to_owned(), protocol))
}

fn fields<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut last_was_dropped = false;
    for line in lines {
        let text: String = charset::decode(line, None).chars().map(printable).collect();
        if line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            if let (Some((_, value)), false) = (fields.last_mut(), last_was_dropped) {
                value.push(' ');
                value.push_str(text.trim());
            }
            continue;
        }
        let field = text
            .split_once(':')
            .map(|(name, value)| (name.trim(), value.trim()))
            .filter(|(name, _)| !name.is_empty() && name.bytes().all(is_token_byte));
        last_was_dropped = field.is_none();
        fields.extend(field.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
    fields
}

/// A control character in a value could end it where the value is sent on; it becomes a space.
fn printable(letter: char) -> char {
    if letter.is_control() { ' ' } else { letter }
}

fn without_trailing_returns(mut line: &[u8]) -> &[u8] {
    while let [before @ .., b'\r'] = line {
        line = before;
    }
    line
}

/// A client of a proxy sends the whole address; only what stands behind the host counts.
fn without_origin(target: &str) -> &str {
    let Some((scheme, after)) = target.split_once("://") else { return target };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return target;
    }
    after.find(['/', '?']).map_or("/", |at| &after[at..])
}

fn tidy_target(target: &str) -> String {
    let stands_for_itself = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    let mut tidy = String::with_capacity(target.len());
    for byte in target.bytes() {
        if stands_for_itself(byte) {
            tidy.push(char::from(byte));
        } else {
            tidy.push_str(&format!("%{byte:02X}"));
        }
    }
    tidy
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A head and what came behind it; `None` if the head is not whole.
    type Gathered = Option<(Vec<u8>, Vec<u8>)>;

    fn gathered(bytes: &[u8]) -> Result<Gathered, Unreadable> {
        let mut gather = Gather::default();
        Ok(gather.push(bytes)?.then(|| gather.split()))
    }

    fn parsed(text: &str) -> Head {
        let (head, rest) = gathered(text.as_bytes()).unwrap().expect("the head is whole");
        assert!(rest.is_empty());
        Head::parse(&head).unwrap()
    }

    #[test]
    fn what_darkice_sends_is_read_though_its_lines_end_without_a_return() {
        let head =
            parsed("SOURCE /dark.mp3 HTTP/1.0\nContent-type: audio/mpeg\nice-name: Dark name\nice-genre: G\r\n\r\n");
        assert_eq!((head.method.as_str(), head.path(), head.protocol), ("SOURCE", "/dark.mp3", Protocol::Http10));
        assert_eq!(head.field("CONTENT-TYPE"), Some("audio/mpeg"));
        assert_eq!(head.field("ice-genre"), Some("G"));
        assert_eq!(head.field("host"), None);
    }

    #[test]
    fn every_way_to_end_a_head_is_one() {
        for end in ["\r\n\r\n", "\n\n", "\r\r\n\r\r\n", "\n\r\n", "\r\n\n"] {
            let text = format!("GET /a HTTP/1.0{end}body");
            let (head, rest) = gathered(text.as_bytes()).unwrap().expect("the head is whole");
            assert_eq!(rest, b"body", "after {end:?}");
            assert_eq!(Head::parse(&head).unwrap().path(), "/a");
        }
    }

    #[test]
    fn empty_lines_before_a_request_are_passed_over() {
        assert_eq!(parsed("\r\n\n\r\nGET /a HTTP/1.1\r\n\r\n").path(), "/a");
    }

    #[test]
    fn a_head_of_one_byte_pieces_is_the_same_head() {
        let text = b"PUT /a.mp3 ICE/1.0\r\nice-name: Bj\xf6rk\r\n\r\nsound";
        let mut gather = Gather::default();
        let whole_after = text.iter().position(|&byte| gather.push(&[byte]).unwrap()).expect("the head ends");
        assert_eq!(whole_after + 1, text.len() - b"sound".len());
        let head = Head::parse(&gather.split().0).unwrap();
        assert_eq!((head.protocol, head.field("ice-name")), (Protocol::Ice10, Some("Björk")));
    }

    #[test]
    fn a_head_may_be_long_but_not_endless() {
        let long = format!("GET / HTTP/1.1\r\nCookie: {}\r\n\r\n", "c".repeat(BYTES_MAX - 64));
        assert_eq!(parsed(&long).field("cookie").map(str::len), Some(BYTES_MAX - 64));
        let endless = format!("GET / HTTP/1.1\r\nCookie: {}\r\n\r\n", "c".repeat(BYTES_MAX));
        assert_eq!(gathered(endless.as_bytes()), Err(Unreadable::TooLong));
    }

    #[test]
    fn noise_is_told_apart_at_its_first_byte() {
        for noise in [&b"\x16\x03\x01"[..], b"\0", b"\xff\xfb\x90", b"\r\n\x80", b" GET"] {
            assert_eq!(gathered(noise), Err(Unreadable::NotARequest), "{noise:?}");
        }
    }

    #[test]
    fn a_password_is_told_from_a_request_where_one_may_stand() {
        let password = |bytes: &[u8]| {
            let mut gather = Gather::default().with_passwords();
            gather.push(bytes).unwrap();
            gather.password().map(|(line, rest)| (line, rest.to_vec()))
        };
        assert_eq!(password(b"s3cret:#1\r\nicy-name:x\r\n"), Some(("s3cret:#1".into(), b"icy-name:x\r\n".to_vec())));
        assert_eq!(password(b"\r\n7 words of it\n"), Some(("7 words of it".into(), vec![])));
        for other in [&b"s3cr"[..], b"GET / HTTP/1.1\r\n", b"GET /a RTSP/1.0\r\n\r\n", b"SOURCE /a ICE/1.0\n"] {
            assert_eq!(password(other), None, "{other:?}");
        }
        let mut strict = Gather::default();
        strict.push(b"secret\r\n").unwrap();
        assert_eq!(strict.password(), None);
        assert_eq!(Gather::default().with_passwords().push(b"\xff\xfb"), Err(Unreadable::NotARequest));
    }

    #[test]
    fn a_request_line_that_is_none_is_refused_by_name() {
        for (line, why) in [
            ("GET /a RTSP/1.0", Unreadable::Protocol("RTSP/1.0".into())),
            ("PRI * HTTP/2.0", Unreadable::Protocol("HTTP/2.0".into())),
            ("GET /a HTTP/1.12", Unreadable::Protocol("HTTP/1.12".into())),
            ("GET /a", Unreadable::NotARequest),
            ("hackme", Unreadable::NotARequest),
            ("GET  HTTP/1.0", Unreadable::NotARequest),
            ("G(T / HTTP/1.0", Unreadable::NotARequest),
        ] {
            assert_eq!(Head::parse(format!("{line}\r\n\r\n").as_bytes()), Err(why), "{line}");
        }
    }

    #[test]
    fn odd_fields_do_no_harm() {
        let head = parsed(
            "GET / HTTP/1.0\r\n folded onto nothing\r\nno colon here\r\n dropped with it\r\nb@d: 1\r\n: 2\r\n\
             ice-name : Two\r\n\twords\r\nice-url: a\x0bb\r\nempty:\r\n\r\n",
        );
        let fields: Vec<_> = head.fields().collect();
        assert_eq!(fields, [("ice-name", "Two words"), ("ice-url", "a b"), ("empty", "")]);
    }

    #[test]
    fn the_target_is_taken_apart() {
        let head = |target: &str| parsed(&format!("GET {target} HTTP/1.1\r\n\r\n"));
        for (target, path, query) in [
            ("/a.mp3?token=1&b=?", "/a.mp3", "token=1&b=?"),
            ("/a", "/a", ""),
            ("*", "*", ""),
            ("http://radio.test:8000/a.mp3?b", "/a.mp3", "b"),
            ("HTTP://radio.test", "/", ""),
            ("/admin/metadata?song=One - Two", "/admin/metadata", "song=One - Two"),
            ("/goto?http://x", "/goto", "http://x"),
        ] {
            assert_eq!((head(target).path(), head(target).query()), (path, query), "{target}");
        }
    }

    #[test]
    fn what_is_handed_on_is_strict() {
        let head = Head::parse(b"GET /a?song=One \xe9 HTTP/1.0\nA:  b\n c\njunk\n\n").unwrap();
        assert_eq!(head.rewrite(), b"GET /a?song=One%20%C3%A9 HTTP/1.0\r\nA: b c\r\n\r\n");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            if let Ok(Some((head, rest))) = gathered(&bytes) {
                prop_assert_eq!(&[head.clone(), rest].concat(), &bytes);
                let _ = Head::parse(&head);
            }
            let _ = Head::parse(&bytes);
        }

        #[test]
        fn where_a_head_is_cut_changes_nothing(
            lines in prop::collection::vec("[ -~]{0,20}", 1..8),
            end in prop::sample::select(vec!["\n", "\r\n"]),
            cut in any::<prop::sample::Index>(),
        ) {
            let text = format!("GET / HTTP/1.1{end}{}{end}{end}rest", lines.join(end));
            let cut = cut.index(text.len());
            let mut gather = Gather::default();
            let is_whole_early = gather.push(&text.as_bytes()[..cut]).unwrap();
            prop_assert!(gather.push(&text.as_bytes()[cut..]).unwrap() || is_whole_early);
            prop_assert_eq!(gather.split(), gathered(text.as_bytes()).unwrap().unwrap());
        }

        #[test]
        fn a_head_written_again_reads_the_same(
            target in "/[ -~é]{0,20}[a-z]",
            fields in prop::collection::vec(("[A-Za-z-]{1,10}", "[!-~]{1,8}( [!-~é]{1,8})?"), 0..6),
        ) {
            let lines: String = fields.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
            let head = Head::parse(format!("GET {target} HTTP/1.1\n{lines}\n").as_bytes()).unwrap();
            let again = Head::parse(&head.rewrite()).unwrap();
            prop_assert_eq!(again.fields().collect::<Vec<_>>(), head.fields().collect::<Vec<_>>());
            prop_assert_eq!(again.rewrite(), head.rewrite());
        }
    }
}
