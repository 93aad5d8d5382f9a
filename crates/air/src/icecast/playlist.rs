//! Small files that lead a player to a mount: `/news.mp3.m3u`, `.pls`, `.xspf`, `.vclt`.

use http::HeaderMap;

use super::escape_xml;
use super::status::Source;

/// A kind of file that leads to a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One address a line.
    M3u,
    /// An INI file of Winamp's.
    Pls,
    /// XML.
    Xspf,
    /// Ogg's own list of values.
    Vclt,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::M3u, Kind::Pls, Kind::Xspf, Kind::Vclt];

    /// What is put behind a mount's path to ask for it.
    pub fn suffix(self) -> &'static str {
        match self {
            Kind::M3u => ".m3u",
            Kind::Pls => ".pls",
            Kind::Xspf => ".xspf",
            Kind::Vclt => ".vclt",
        }
    }

    /// The media type that players know it by.
    pub fn media_type(self) -> &'static str {
        match self {
            Kind::M3u => "audio/x-mpegurl",
            Kind::Pls => "audio/x-scpls",
            Kind::Xspf => "application/xspf+xml; charset=UTF-8",
            Kind::Vclt => "audio/x-vclt; charset=UTF-8",
        }
    }

    /// Takes a path apart: the mount's path, and the kind of file that is asked for.
    pub fn of_path(path: &str) -> Option<(&str, Kind)> {
        Self::ALL.into_iter().find_map(|kind| Some((path.strip_suffix(kind.suffix())?, kind)))
    }

    /// The file that leads to a stream.
    pub fn write(self, stream: &Source) -> String {
        let (address, name) = (&stream.listenurl, one_line(&stream.server_name));
        match self {
            Kind::M3u => format!("{address}\r\n"),
            Kind::Pls => format!(
                "[playlist]\r\nNumberOfEntries=1\r\nFile1={address}\r\nTitle1={name}\r\nLength1=-1\r\nVersion=2\r\n"
            ),
            Kind::Xspf => xspf(stream),
            Kind::Vclt => format!(
                "STREAMURL={address}\nSERVER_NAME={name}\nDESCRIPTION={}\nSIGNALINFO={}\nGENRE={}\n==\n",
                one_line(&stream.server_description),
                one_line(&stream.audio_info),
                one_line(&stream.genre),
            ),
        }
    }
}

fn xspf(stream: &Source) -> String {
    let annotation = format!(
        "Stream Title: {}\nStream Description: {}\nContent Type: {}\nCurrent Listeners: {}\nPeak Listeners: {}\n\
         Stream Genre: {}",
        escape_xml(&stream.server_name),
        escape_xml(&stream.server_description),
        escape_xml(&stream.server_type),
        stream.listeners,
        stream.listener_peak,
        escape_xml(&stream.genre),
    );
    let info = match stream.server_url.as_str() {
        "" => String::new(),
        url => format!("      <info>{}</info>\n", escape_xml(url)),
    };
    // What is heard at the moment is the track's title; a player has the station's name from the list's.
    let heard = if stream.title.is_empty() { &stream.server_name } else { &stream.title };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<playlist xmlns=\"http://xspf.org/ns/0/\" version=\"1\">\n  \
         <title>{name}</title>\n  <creator/>\n  <trackList>\n    <track>\n      <location>{address}</location>\n      \
         <title>{heard}</title>\n      <annotation>{annotation}</annotation>\n{info}    </track>\n  </trackList>\n\
         </playlist>\n",
        name = escape_xml(&stream.server_name),
        address = escape_xml(&stream.listenurl),
        heard = escape_xml(heard),
    )
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// The scheme and host that this request came to, as a player must name them: `https://radio.test:8000`.
///
/// The host is what the client asked for, with or without a port, or what a proxy says that it asked for; `otherwise`
/// (an address of ours) where neither named one. That the public comes by https is said by a proxy, or by a setting.
/// Whoever sends false words here leads only itself astray: nobody keeps the answer.
pub fn origin(headers: &HeaderMap, otherwise: &str, is_https: bool) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    // Of several proxies the first is the one that the client spoke to.
    let first = |name: &str| text(name).and_then(|value| value.split(',').next()).map(str::trim);
    let forwarded = |key: &str| first("forwarded").and_then(|value| forwarded_value(value, key));
    let host = first("x-forwarded-host").or_else(|| forwarded("host")).filter(|host| is_host(host));
    let host = host.or_else(|| text("host").filter(|host| is_host(host))).unwrap_or(otherwise);
    let scheme = first("x-forwarded-proto").or_else(|| forwarded("proto"));
    let is_secure = is_https || scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    format!("{}://{host}", if is_secure { "https" } else { "http" })
}

/// A value of RFC 7239's field: `for=192.0.2.1;host="radio.test";proto=https`.
fn forwarded_value<'a>(field: &'a str, key: &str) -> Option<&'a str> {
    field.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case(key).then(|| value.trim().trim_matches('"'))
    })
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

    fn origin_of(pairs: &[(&'static str, &'static str)]) -> String {
        let headers: HeaderMap =
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        origin(&headers, "127.0.0.1:8000", false)
    }

    fn stream(name: &str) -> Source {
        Source {
            listenurl: "http://radio.test/a.mp3".into(),
            server_name: name.into(),
            server_description: "All day".into(),
            server_type: "audio/mpeg".into(),
            server_url: "http://radio.test/?a&b".into(),
            genre: "Jazz".into(),
            ..Source::default()
        }
    }

    #[test]
    fn the_host_is_the_one_that_was_asked_for() {
        for (host, expected) in [
            ("radio.test:8000", "http://radio.test:8000"),
            ("radio.test", "http://radio.test"),
            ("[::1]:8000", "http://[::1]:8000"),
            ("evil\"><script>", "http://127.0.0.1:8000"),
            ("", "http://127.0.0.1:8000"),
        ] {
            assert_eq!(origin_of(&[("host", host)]), expected);
        }
        assert_eq!(origin_of(&[]), "http://127.0.0.1:8000");
    }

    #[test]
    fn behind_a_proxy_it_is_the_one_that_the_proxy_was_asked_for() {
        let inside = ("host", "127.0.0.1:8000");
        for (fields, expected) in [
            (vec![("host", "radio.test"), ("x-forwarded-proto", "https")], "https://radio.test"),
            (vec![inside, ("x-forwarded-host", "radio.test"), ("x-forwarded-proto", "https")], "https://radio.test"),
            (vec![inside, ("x-forwarded-host", "radio.test, inner.test")], "http://radio.test"),
            (vec![inside, ("forwarded", "for=192.0.2.1;host=\"radio.test:81\";proto=https")], "https://radio.test:81"),
            (vec![inside, ("x-forwarded-host", "<evil>")], "http://127.0.0.1:8000"),
        ] {
            assert_eq!(origin_of(&fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_setting_can_say_that_the_public_comes_by_https() {
        let headers: HeaderMap = [("host".parse().unwrap(), "radio.test".parse().unwrap())].into_iter().collect();
        assert_eq!(origin(&headers, "x", true), "https://radio.test");
    }

    #[test]
    fn a_path_says_what_is_asked_for() {
        assert_eq!(Kind::of_path("/news.mp3.m3u"), Some(("/news.mp3", Kind::M3u)));
        assert_eq!(Kind::of_path("/news.pls"), Some(("/news", Kind::Pls)));
        assert_eq!(Kind::of_path("/news.mp3"), None);
    }

    #[test]
    fn an_m3u_is_the_address_and_nothing_else() {
        assert_eq!(Kind::M3u.write(&stream("One")), "http://radio.test/a.mp3\r\n");
    }

    #[test]
    fn a_vclt_is_what_icecast_makes_it() {
        let expected =
            "STREAMURL=http://radio.test/a.mp3\nSERVER_NAME=One\nDESCRIPTION=All day\nSIGNALINFO=\nGENRE=Jazz\n==\n";
        assert_eq!(Kind::Vclt.write(&stream("One")), expected);
    }

    #[test]
    fn a_name_cannot_break_out_of_its_line_or_its_element() {
        let hostile = stream("One & \"Two\"\r\nhttp://evil.test/ <b>");
        for kind in Kind::ALL {
            let file = kind.write(&hostile);
            assert!(!file.lines().any(|line| line.starts_with("http://evil")), "{file}");
            assert!(file.contains("http://radio.test/a.mp3"));
        }
        let xspf = Kind::Xspf.write(&hostile);
        assert!(xspf.contains("One &amp; &quot;Two&quot;") && xspf.contains("<info>http://radio.test/?a&amp;b</info>"));
    }
}
