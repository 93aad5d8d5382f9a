use super::*;
use crate::settings::Settings;

fn settings(xml: &str) -> (Settings, Translation) {
    let translation = translate(xml).unwrap();
    let read = Settings::read("groundwave.toml", &translation.settings, &[]);
    (read.unwrap_or_else(|faults| panic!("{faults}\n{}", translation.settings)), translation)
}

/// The configuration that Debian's package brings: where it is installed, or, if only its own user may read that, as it
/// stands in the package's documentation.
fn debian() -> String {
    std::fs::read_to_string("/etc/icecast2/icecast.xml").unwrap_or_else(|_| {
        let packed = std::process::Command::new("zcat").arg("/usr/share/doc/icecast2/icecast.xml.dist.gz").output();
        let text = packed.map(|packed| String::from_utf8_lossy(&packed.stdout).into_owned()).unwrap_or_default();
        assert!(!text.is_empty(), "this test needs icecast2: apt-get install icecast2");
        text
    })
}

/// The lines of the file that are told of, each once.
fn lines(translation: &Translation) -> Vec<u32> {
    let mut lines: Vec<u32> = translation.notes.iter().map(|note| note.line).collect();
    lines.dedup();
    lines
}

#[test]
fn what_debian_ships_is_taken_over() {
    let (settings, translation) = settings(&debian());
    let air = &settings.air;
    assert_eq!(settings.door.listen, ["0.0.0.0:8000".parse().unwrap()]);
    assert_eq!((air.listeners_max, air.sources_max, air.source_timeout_ms, air.burst_seconds), (100, 2, 10_000, 4));
    assert_eq!((air.source_password.reveal(), air.relay_password.reveal()), ("hackme", "hackme"));
    assert_eq!((air.admin_user.as_str(), air.admin_password.reveal()), ("admin", "hackme"));
    assert_eq!((air.public_name.as_str(), air.location.as_str()), ("localhost", "Earth"));
    assert_eq!(air.headers[0].value, "*");
    assert_eq!(settings.log.level, "info");
    assert_eq!(settings.access_log.dir.as_deref(), Some(std::path::Path::new("/var/log/icecast2")));
    let warned = translation.notes.iter().filter(|note| note.why.contains("password of every example")).count();
    assert_eq!(warned, 3, "{:#?}", translation.notes);
}

#[test]
fn a_full_configuration_is_taken_over_and_the_rest_is_told_line_by_line() {
    let (settings, translation) = settings(include_str!("full.xml"));
    let air = &settings.air;
    assert_eq!(settings.door.listen, ["127.0.0.1:8000".parse().unwrap(), "[::1]:8010".parse().unwrap()]);
    assert_eq!(air.shoutcast_listen, Some("127.0.0.1:8004".parse().unwrap()));
    assert_eq!(air.shoutcast_mounts, ["/sc"]);
    assert_eq!(settings.directory.urls[0].as_str(), "http://dir.example.test/cgi-bin/yp-cgi");
    assert_eq!(settings.directory.timeout_seconds, 15);
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().unwrap().display().to_string();
    assert_eq!(settings.tls.listen, ["0.0.0.0:8443".parse().unwrap()]);
    assert_eq!(settings.door.proxies, ["192.0.2.1".parse().unwrap()]);
    let pem = "/etc/icecast2/icecast.pem";
    assert_eq!((path(&settings.tls.certificate), path(&settings.tls.key)), (pem.into(), pem.into()));
    assert_eq!(
        (path(&air.deny_file), path(&air.allow_file)),
        ("/etc/icecast2/deny".into(), "/etc/icecast2/allow".into())
    );

    let mount = |wanted: &str| settings.mounts.iter().find(|mount| mount.path == wanted).unwrap();
    let live = mount("/live.mp3");
    assert_eq!((live.source_user.as_str(), live.source_password.reveal()), ("studio", "studiopw"));
    assert_eq!((live.listeners_max, live.listener_seconds_max, live.burst_seconds), (Some(50), Some(3_600), Some(8)));
    assert_eq!((live.hidden, live.public), (true, Some(false)));
    assert_eq!(path(&live.intro), "/usr/share/icecast2/web/intro.mp3");
    assert_eq!((live.name.as_str(), live.genre.as_str(), live.url.as_str()), ("Live", "Talk", "http://radio.test/"));
    assert_eq!(mount("/full.mp3").fallback_when_full.as_deref(), Some("/live.mp3"));
    let gate = mount("/urlauth.mp3");
    assert_eq!(gate.listener_add.as_ref().unwrap().path(), "/listener_add");
    assert_eq!(
        (gate.auth_headers.as_slice(), gate.auth_header_prefix.as_str()),
        (&["x-token".to_owned(), "cookie".to_owned()][..], "ClientHeader.")
    );
    assert_eq!((gate.auth_user.as_str(), gate.stream_auth.is_some(), gate.mount_remove.is_some()), ("ice", true, true));
    assert_eq!(mount("*").public, Some(true));

    let [relay, other] = &settings.relays[..] else { panic!("two relays") };
    assert_eq!(relay.from.as_ref().unwrap().as_str(), "http://far.example.test:8080/example.ogg");
    assert_eq!((relay.mount.as_deref(), relay.on_demand, relay.titles), (Some("/different.ogg"), false, false));
    assert!(other.on_demand, "as <relays-on-demand> says");
    let master = &settings.master;
    assert_eq!(master.server.as_ref().unwrap().as_str(), "http://master.example.test:8001/");
    assert_eq!((master.update_seconds, master.user.as_str(), master.on_demand), (60, "slave", true));

    // Each of these lines of full.xml has a comment that says so.
    let marked = include_str!("full.xml").lines().enumerate().filter(|(_, line)| line.contains("<!-- told -->"));
    let marked: Vec<u32> = marked.map(|(at, _)| at as u32 + 1).collect();
    assert_eq!(lines(&translation), marked, "{:#?}", translation.notes);
}

#[test]
fn every_element_is_taken_or_told() {
    let unknown =
        translate("<icecast><limits><clients>5</clients><mystery>1</mystery></limits>\n<other/></icecast>").unwrap();
    assert_eq!(unknown.taken, 1);
    let told: Vec<String> = unknown.notes.iter().map(Note::to_string).collect();
    assert_eq!(told, ["1: <mystery>: there is no such limit here", "2: <other>: there is no such setting here"]);
}

#[test]
fn what_is_no_configuration_is_refused() {
    assert!(translate("<icecast>").unwrap_err().to_string().starts_with("it is not XML"));
    assert_eq!(translate("<html/>").unwrap_err().to_string(), "its outermost element is <html>, not <icecast>");
    // No entity of a stranger's is resolved.
    assert!(translate("<!DOCTYPE x [<!ENTITY a \"aaaa\">]><icecast>&a;</icecast>").is_err());
}
