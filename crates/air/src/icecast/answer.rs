//! Answers in Icecast's own form, to clients that know no other.
//!
//! Source programs compare status words and texts, so these are Icecast 2.4.4's; the fields around them are those
//! that it sends. An answer is made as bytes, for it goes to a raw socket.

use station::Timestamp;

/// What Groundwave calls itself in answers.
pub const SERVER: &str = "Groundwave";
/// A moment long past, as Icecast gives it, so that nothing keeps a stream.
pub const EXPIRES: &str = "Mon, 26 Jul 1997 05:00:00 GMT";
/// What a client without a password is asked for.
const CHALLENGE: &str = "Basic realm=\"Groundwave source\"";
/// When a client that there was no room for should try again.
const RETRY_SECONDS: &str = "60";

/// Why a source, or whoever speaks for one, is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No password, or a wrong one.
    Unauthorised,
    /// Another source has the mount and this one may not wait.
    MountInUse,
    /// There is no such mount, and sources may not make one.
    NoSuchMount,
    /// A `PUT` that does not say what it sends.
    NoContentType,
    /// As many sources as there may be.
    TooManySources,
    /// As many connections as there may be.
    TooManyConnections,
    /// As many listeners as there may be.
    TooManyListeners,
    /// As many listeners as the mount may have.
    MountFull,
    /// Nothing feeds the mount.
    NothingOn,
    /// What it sends is not what the mount carries.
    WrongCodec,
    /// Its head is too long.
    HeadTooLong,
    /// Its head did not come in time.
    HeadTooSlow,
    /// It cannot be understood.
    BadRequest,
    /// It comes from an address that is turned away.
    Banned,
    /// It speaks without TLS where TLS is spoken.
    SpeaksTls,
}

impl Refusal {
    /// The status line's number and words, and the text below.
    fn words(self) -> (u16, &'static str, &'static str) {
        match self {
            Refusal::Unauthorised => (401, "Authentication Required", "You need to authenticate\r\n"),
            Refusal::MountInUse => (403, "Forbidden", "Mountpoint in use"),
            Refusal::NoSuchMount => (404, "Not Found", "There is no such mount here"),
            Refusal::NoContentType => (403, "Forbidden", "No Content-type given"),
            Refusal::TooManySources => (403, "Forbidden", "too many sources connected"),
            Refusal::TooManyConnections => (503, "Service Unavailable", "Too many connections; try again in a minute"),
            Refusal::TooManyListeners => (403, "Forbidden", "Icecast connection limit reached"),
            Refusal::MountFull => (403, "Forbidden", "max listeners reached"),
            Refusal::NothingOn => (503, "Service Unavailable", "Nothing is on the air here at the moment"),
            Refusal::WrongCodec => (415, "Unsupported Media Type", "This mount carries another codec"),
            Refusal::HeadTooLong => (431, "Request Header Fields Too Large", "The request head is too long"),
            Refusal::HeadTooSlow => (408, "Request Timeout", "The request did not come in time"),
            Refusal::BadRequest => (400, "Bad Request", "This request cannot be understood"),
            Refusal::Banned => (403, "Forbidden", "You are not let in here"),
            Refusal::SpeaksTls => (400, "Bad Request", "This port speaks TLS only: ask for https, not http"),
        }
    }

    /// A word for counters: `mount-in-use`.
    pub fn reason(self) -> &'static str {
        match self {
            Refusal::Unauthorised => "unauthorised",
            Refusal::MountInUse => "mount-in-use",
            Refusal::NoSuchMount => "no-such-mount",
            Refusal::NoContentType => "no-content-type",
            Refusal::TooManySources => "too-many-sources",
            Refusal::TooManyConnections => "too-many-connections",
            Refusal::TooManyListeners => "too-many-listeners",
            Refusal::MountFull => "mount-full",
            Refusal::NothingOn => "nothing-on",
            Refusal::WrongCodec => "wrong-codec",
            Refusal::HeadTooLong => "head-too-long",
            Refusal::HeadTooSlow => "head-too-slow",
            Refusal::BadRequest => "bad-request",
            Refusal::Banned => "banned",
            Refusal::SpeaksTls => "speaks-tls",
        }
    }

    /// The status line's number.
    pub fn status(self) -> u16 {
        self.words().0
    }

    /// The status line's words.
    pub fn reason_phrase(self) -> &'static str {
        self.words().1
    }

    /// What it says to a person.
    pub fn text(self) -> &'static str {
        self.words().2
    }

    /// What it says to a program, besides the status.
    pub fn fields(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let challenge = (self == Refusal::Unauthorised).then_some(("WWW-Authenticate", CHALLENGE));
        let retry = (self.status() == 503).then_some(("Retry-After", RETRY_SECONDS));
        challenge.into_iter().chain(retry)
    }

    /// The whole answer.
    pub fn bytes(self, now: Timestamp) -> Vec<u8> {
        let (status, words, text) = self.words();
        let fields: String = self.fields().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!(
            "HTTP/1.0 {status} {words}\r\nServer: {SERVER}\r\nConnection: Close\r\nDate: {date}\r\n\
             Content-Type: text/plain; charset=utf-8\r\n{fields}Cache-Control: no-cache, no-store\r\n\
             Expires: {EXPIRES}\r\nPragma: no-cache\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: {length}\r\n\
             \r\n{text}",
            date = date(now),
            length = text.len(),
        )
        .into_bytes()
    }
}

/// A moment as HTTP writes it: `Tue, 24 Nov 2026 05:40:55 GMT`.
pub fn date(moment: Timestamp) -> String {
    moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(refusal: Refusal) -> String {
        String::from_utf8(refusal.bytes("2026-11-24T05:42:38Z".parse().unwrap())).unwrap()
    }

    #[test]
    fn a_refusal_reads_as_icecast_s_does() {
        let refused = text(Refusal::Unauthorised);
        assert!(refused.starts_with("HTTP/1.0 401 Authentication Required\r\n"), "{refused}");
        assert!(refused.contains("\r\nDate: Tue, 24 Nov 2026 05:42:38 GMT\r\n"), "{refused}");
        assert!(refused.contains("\r\nWWW-Authenticate: Basic realm=\""), "{refused}");
        assert!(refused.ends_with("\r\n\r\nYou need to authenticate\r\n"), "{refused}");
    }

    #[test]
    fn only_a_missing_password_is_asked_for() {
        let refused = text(Refusal::MountInUse);
        assert!(refused.starts_with("HTTP/1.0 403 Forbidden\r\n") && refused.ends_with("\r\n\r\nMountpoint in use"));
        assert!(!refused.contains("WWW-Authenticate"));
    }

    #[test]
    fn nothing_here_lets_libshout_think_that_it_may_put() {
        for refusal in [Refusal::Unauthorised, Refusal::BadRequest, Refusal::NoSuchMount] {
            assert!(!text(refusal).contains("Allow:"));
        }
    }
}
