//! Small files that lead a player to a mount: `/news.mp3.m3u`, `.pls`, `.xspf`.

use http::HeaderMap;

/// A kind of file that leads to a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One address a line.
    M3u,
    /// An INI file of Winamp's.
    Pls,
    /// XML.
    Xspf,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::M3u, Kind::Pls, Kind::Xspf];

    /// What is put behind a mount's path to ask for it.
    pub fn suffix(self) -> &'static str {
        match self {
            Kind::M3u => ".m3u",
            Kind::Pls => ".pls",
            Kind::Xspf => ".xspf",
        }
    }

    /// The media type that players know it by.
    pub fn media_type(self) -> &'static str {
        match self {
            Kind::M3u => "audio/x-mpegurl",
            Kind::Pls => "audio/x-scpls",
            Kind::Xspf => "application/xspf+xml; charset=UTF-8",
        }
    }

    /// Takes a path apart: the mount's path, and the kind of file that is asked for.
    pub fn of_path(path: &str) -> Option<(&str, Kind)> {
        Self::ALL.into_iter().find_map(|kind| Some((path.strip_suffix(kind.suffix())?, kind)))
    }

    /// The file that leads to `address`.
    pub fn write(self, address: &str, title: &str) -> String {
        let title = one_line(title);
        match self {
            Kind::M3u => format!("#EXTM3U\r\n#EXTINF:-1,{title}\r\n{address}\r\n"),
            Kind::Pls => {
                format!(
                    "[playlist]\r\nNumberOfEntries=1\r\nFile1={address}\r\nTitle1={title}\r\nLength1=-1\r\nVersion=2\r\n"
                )
            }
            Kind::Xspf => format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                 <playlist xmlns=\"http://xspf.org/ns/0/\" version=\"1\">\n  <title>{title}</title>\n  <trackList>\n    \
                 <track><location>{address}</location><title>{title}</title></track>\n  </trackList>\n</playlist>\n",
                title = super::escape_xml(&title),
                address = super::escape_xml(address),
            ),
        }
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// The scheme and host that this request came to, as a player must name them: `https://radio.test:8000`.
///
/// The host is what the client asked for, with or without a port; `otherwise` (an address of ours) where it named
/// none that could be one. Behind a proxy that ends TLS, `X-Forwarded-Proto` says so.
pub fn origin(headers: &HeaderMap, otherwise: &str) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let host = text("host").filter(|host| is_host(host)).unwrap_or(otherwise);
    let is_secure = text("x-forwarded-proto").is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
    format!("{}://{host}", if is_secure { "https" } else { "http" })
}

fn is_host(host: &str) -> bool {
    (1..=255).contains(&host.len())
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_host_is_the_one_that_was_asked_for() {
        for (host, origin_expected) in [
            ("radio.test:8000", "http://radio.test:8000"),
            ("radio.test", "http://radio.test"),
            ("[::1]:8000", "http://[::1]:8000"),
            ("evil\"><script>", "http://127.0.0.1:8000"),
            ("", "http://127.0.0.1:8000"),
        ] {
            assert_eq!(origin(&headers(&[("host", host)]), "127.0.0.1:8000"), origin_expected);
        }
        assert_eq!(origin(&headers(&[]), "127.0.0.1:8000"), "http://127.0.0.1:8000");
    }

    #[test]
    fn behind_a_proxy_with_tls_the_address_is_secure() {
        let headers = headers(&[("host", "radio.test"), ("x-forwarded-proto", "https")]);
        assert_eq!(origin(&headers, "x"), "https://radio.test");
    }

    #[test]
    fn a_path_says_what_is_asked_for() {
        assert_eq!(Kind::of_path("/news.mp3.m3u"), Some(("/news.mp3", Kind::M3u)));
        assert_eq!(Kind::of_path("/news.pls"), Some(("/news", Kind::Pls)));
        assert_eq!(Kind::of_path("/news.mp3"), None);
    }

    #[test]
    fn a_title_cannot_break_out_of_its_line_or_its_element() {
        let title = "One & \"Two\"\r\nhttp://evil.test/ <b>";
        for kind in Kind::ALL {
            let file = kind.write("http://radio.test/a.mp3", title);
            assert!(!file.lines().any(|line| line.starts_with("http://evil")), "{file}");
            assert!(file.contains("http://radio.test/a.mp3"));
        }
        assert!(Kind::Xspf.write("http://radio.test/a", title).contains("One &amp; &quot;Two&quot;"));
    }
}
