//! What the desk is set to, and where it stands.

use std::net::IpAddr;

use station::Station;

use crate::proof::passkey::Party;

/// Stands in [`Settings::origin`] for a station's first host name.
pub const HOST: &str = "{host}";

/// What the machine's operator decides about the desk.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address at which the staff reach the desk, without a slash at the end: `https://desk.radio.example`.
    /// [`HOST`] in it stands for the station's first host name. It is the only address that links, cookies and passkeys
    /// are made for: never what a request says.
    pub origin: String,
    /// Where the public site stands, written in the same way.
    pub site: String,
    /// The addresses of proxies in front of the door: what they say of where a request came from is believed.
    pub proxies: Vec<IpAddr>,
    /// How letters are sent; `None` if they are not.
    pub mail: Option<Mail>,
}

/// How letters are sent.
#[derive(Clone)]
pub struct Mail {
    /// The server: `smtps://user:password@mail.example` or `smtp://…?tls=required`.
    pub url: String,
    /// The address that letters come from.
    pub from: String,
}

/// Why a desk cannot stand at an address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// It is no address.
    #[error("`{origin}` is no origin; write it like https://desk.radio.example, without a path")]
    NotAnOrigin {
        /// What was given.
        origin: String,
    },
    /// Passwords would travel in the open.
    #[error(
        "the desk at {origin} would send passwords in the open; put https in front of it, or use a name that ends in localhost"
    )]
    InTheOpen {
        /// What was given.
        origin: String,
    },
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address holds a password.
        f.debug_struct("Mail").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Settings {
    /// Settings for a desk at `origin`, without proxies or letters.
    pub fn at(origin: &str) -> Self {
        Self { origin: origin.to_owned(), site: "https://{host}".to_owned(), proxies: Vec::new(), mail: None }
    }

    /// Says what is wrong with the origin, if something is.
    pub fn check(&self) -> Result<(), Error> {
        let origin = self.origin.replace(HOST, "host.example");
        let parsed =
            url::Url::parse(&origin).ok().filter(|url| url.has_host() && url.origin().ascii_serialization() == origin);
        let Some(url) = parsed else { return Err(Error::NotAnOrigin { origin: self.origin.clone() }) };
        let is_local = self.origin.contains(HOST) || is_of_this_machine(url.host_str().unwrap_or_default());
        match url.scheme() {
            "https" => Ok(()),
            "http" if is_local => Ok(()),
            "http" => Err(Error::InTheOpen { origin: self.origin.clone() }),
            _ => Err(Error::NotAnOrigin { origin: self.origin.clone() }),
        }
    }

    /// True if the desk is reached by https: then its cookies say so.
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// Where a station's desk stands: `https://desk.radio.example`.
    pub fn origin_of(&self, station: &Station) -> String {
        let host = station.host_names.first().map_or("localhost", String::as_str);
        self.origin.replace(HOST, host)
    }

    /// Where a station's public site stands.
    pub fn site_of(&self, station: &Station) -> String {
        let host = station.host_names.first().map_or("localhost", String::as_str);
        self.site.replace(HOST, host)
    }

    /// Where a station's desk stands, if passwords do not travel in the open on the way.
    pub fn safe_origin_of(&self, station: &Station) -> Result<String, Error> {
        let origin = self.origin_of(station);
        Self { origin: origin.clone(), ..self.clone() }.check()?;
        Ok(origin)
    }

    /// True if a request for `host` (with or without a port) is one for a desk.
    pub fn is_at(&self, host: &str) -> bool {
        self.asked(host).is_some()
    }

    /// The host name of the station whose desk is asked for by `host`; empty if there is one desk for all.
    pub(crate) fn asked(&self, host: &str) -> Option<String> {
        let host = without_port(host).to_ascii_lowercase();
        let ours = self.origin.split_once("://")?.1;
        let ours = without_port(ours);
        match ours.split_once(HOST) {
            None => (host == ours).then(String::new),
            Some((before, after)) => {
                let name = host.strip_prefix(before)?.strip_suffix(after)?;
                (!name.is_empty()).then(|| name.to_owned())
            }
        }
    }

    pub(crate) fn party(&self, station: &Station) -> Party {
        let origin = self.origin_of(station);
        let id = origin.split_once("://").map_or("", |(_, host)| without_port(host)).to_owned();
        Party { id, origin }
    }
}

/// True for names and addresses that never leave the machine, and which browsers trust without https.
fn is_of_this_machine(host: &str) -> bool {
    let is_local_name = host == "localhost" || host.ends_with(".localhost");
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    is_local_name || address.is_ok_and(|address| address.is_loopback())
}

/// `example.org:8000` → `example.org`; `[::1]:8000` → `[::1]`.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_stands_at_its_own_name_only() {
        let each = Settings::at("https://desk.{host}");
        assert_eq!(each.asked("desk.radio.example").as_deref(), Some("radio.example"));
        assert_eq!(each.asked("Desk.Radio.Example:443").as_deref(), Some("radio.example"));
        for not in ["radio.example", "desk.", "xdesk.radio.example", "", "www.desk.radio.example"] {
            assert!(!each.is_at(not), "{not}");
        }
        let one = Settings::at("http://desk.localhost:8000");
        assert!(one.is_at("desk.localhost:9000") && one.is_at("desk.localhost"));
        assert!(!one.is_at("localhost") && !one.is_at("desk.localhost.evil.example"));
    }

    #[test]
    fn passwords_do_not_travel_in_the_open() {
        for fine in [
            "https://desk.radio.example",
            "https://desk.{host}",
            "http://desk.localhost:8000",
            "http://127.0.0.1:8010",
            "http://[::1]:8010",
        ] {
            assert_eq!(Settings::at(fine).check(), Ok(()), "{fine}");
        }
        for open in ["http://desk.radio.example", "http://192.0.2.7:8000", "http://localhost.evil.example"] {
            assert!(matches!(Settings::at(open).check(), Err(Error::InTheOpen { .. })), "{open}");
        }
        for no in ["", "desk.radio.example", "https://desk.radio.example/", "ftp://desk.radio.example", "https://a b"] {
            assert!(matches!(Settings::at(no).check(), Err(Error::NotAnOrigin { .. })), "{no}");
        }
    }
}
