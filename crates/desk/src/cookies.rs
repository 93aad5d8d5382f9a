//! The desk's cookies: which session a browser is in, and that the device is known.
//!
//! Over https each is `__Host-…`: the browser then takes it only from this host, sends it only to this host, and only
//! over https. On a machine of one's own (`http://desk.localhost`) there is no certificate; the same cookies go by their
//! plain names and without `Secure`, which not every browser accepts there. None names a domain, so none is ever sent to
//! the public site, which has another host name. All are `HttpOnly` and `SameSite=Strict`.

use http::{HeaderMap, HeaderValue, header};

/// How long a browser keeps what tells the device again: a year, in seconds.
const DEVICE_SECONDS: i64 = 365 * 86_400;

/// A cookie of the desk's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The secret of a session.
    Session,
    /// The secret of a sign-in that wants a second proof.
    Halfway,
    /// What tells a device again.
    Device,
}

impl Cookie {
    fn name(self, is_https: bool) -> &'static str {
        match (self, is_https) {
            (Cookie::Session, true) => "__Host-desk",
            (Cookie::Session, false) => "desk",
            (Cookie::Halfway, true) => "__Host-desk-halfway",
            (Cookie::Halfway, false) => "desk-halfway",
            (Cookie::Device, true) => "__Host-desk-device",
            (Cookie::Device, false) => "desk-device",
        }
    }

    /// What the browser sent. A name that comes twice counts for nothing: one of the two is not ours.
    pub(crate) fn read(self, headers: &HeaderMap, is_https: bool) -> Option<String> {
        let name = self.name(is_https);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(given, _)| *given == name).map(|(_, value)| value.to_owned());
        let first = values.next();
        first.filter(|value| !value.is_empty() && values.next().is_none())
    }

    /// The header that sets it.
    pub(crate) fn set(self, value: &str, is_https: bool) -> HeaderValue {
        let age = if self == Cookie::Device { format!("; Max-Age={DEVICE_SECONDS}") } else { String::new() };
        self.line(value, &age, is_https)
    }

    /// The header that takes it away.
    pub(crate) fn clear(self, is_https: bool) -> HeaderValue {
        self.line("", "; Max-Age=0", is_https)
    }

    fn line(self, value: &str, age: &str, is_https: bool) -> HeaderValue {
        let secure = if is_https { "; Secure" } else { "" };
        let line = format!("{}={value}; Path=/{age}; HttpOnly; SameSite=Strict{secure}", self.name(is_https));
        HeaderValue::try_from(line).expect("a secret is letters and digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_https_a_cookie_belongs_to_this_host_alone() {
        let line = Cookie::Session.set("abc", true);
        assert_eq!(line, "__Host-desk=abc; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert!(!line.to_str().unwrap().to_lowercase().contains("domain"));
        assert_eq!(Cookie::Session.clear(false), "desk=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    }

    #[test]
    fn a_cookie_that_comes_twice_is_not_believed() {
        let headers = |line: &str| HeaderMap::from_iter([(header::COOKIE, line.parse().unwrap())]);
        assert_eq!(Cookie::Session.read(&headers("a=b; __Host-desk=x;c=d"), true).as_deref(), Some("x"));
        assert_eq!(Cookie::Session.read(&headers("__Host-desk=x; __Host-desk=y"), true), None);
        assert_eq!(Cookie::Session.read(&headers("desk=x"), true), None, "a page over http could have set it");
        assert_eq!(Cookie::Session.read(&headers("__Host-desk="), true), None);
    }
}
