use super::*;

fn read(text: &str) -> Result<Settings, String> {
    Settings::read("groundwave.toml", text, &[]).map_err(|faults| faults.to_string())
}

fn read_with(environment: &[(&str, &str)]) -> Result<Settings, String> {
    let variables: Vec<(String, String)> = environment.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    Settings::read("groundwave.toml", "", &variables).map_err(|faults| faults.to_string())
}

#[test]
fn an_empty_file_is_the_defaults() {
    assert_eq!(read("").unwrap(), Settings::default());
}

#[test]
fn what_is_printed_can_be_read_again() {
    let mut settings = Settings::default();
    settings.door.listen = vec!["0.0.0.0:80".parse().unwrap(), "[::]:80".parse().unwrap()];
    settings.metrics.listen = Some("127.0.0.1:9100".parse().unwrap());
    settings.air.shoutcast_listen = Some("127.0.0.1:8004".parse().unwrap());
    settings.air.shoutcast_mounts = vec!["/news.mp3".to_owned(), "/jazz.mp3".to_owned()];
    settings.air.second_source = air::settings::SecondSource::TakeOver;
    settings.tape.codecs = vec![station::Codec::Mp3, station::Codec::OggOpus];
    assert_eq!(read(&settings.print()).unwrap(), settings);
}

#[test]
fn a_misspelt_key_is_refused_with_the_one_that_was_meant() {
    let told = read("[door]\nlisen = [\"127.0.0.1:8000\"]\n").unwrap_err();
    assert_eq!(told, "groundwave.toml:2:1: unknown key `lisen` in [door]; did you mean `listen`?");
}

#[test]
fn a_misspelt_section_is_refused_with_the_one_that_was_meant() {
    let told = read("[dor]\nlisten = []\n").unwrap_err();
    assert_eq!(told, "groundwave.toml:1:2: unknown section [dor]; did you mean [door]?");
}

#[test]
fn a_wrong_type_is_told_with_what_is_wanted() {
    let told = read("[air]\nbatch_ms = \"often\"\n").unwrap_err();
    assert_eq!(told, "groundwave.toml:2:12: `batch_ms` in [air] wants a whole number, not below 0");
    let told = read("[log]\nformat = \"xml\"\n").unwrap_err();
    assert_eq!(told, "groundwave.toml:2:10: `format` in [log] wants \"text\" or \"json\"");
}

#[test]
fn an_impossible_address_is_told_with_an_example() {
    for wrong in ["\"8000\"", "[\"localhost:8000\"]", "[\"127.0.0.1\"]", "[\"127.0.0.1:70000\"]", "8000"] {
        let told = read(&format!("[door]\nlisten = {wrong}\n")).unwrap_err();
        assert!(told.starts_with("groundwave.toml:2:10: `listen` in [door] wants a list of addresses"), "{told}");
    }
    assert!(read("[door]\nlisten = []\n").unwrap_err().contains("at least one address"));
}

#[test]
fn a_shoutcast_port_needs_a_mount_and_room_above_it() {
    let told = read("[air]\nshoutcast_listen = \"127.0.0.1:8004\"\n").unwrap_err();
    assert!(
        told.starts_with("groundwave.toml:2:20: ") && told.contains("name a mount in `shoutcast_mounts`"),
        "{told}"
    );
    let told = read("[air]\nshoutcast_listen = \"127.0.0.1:65535\"\nshoutcast_mounts = [\"/a\"]\n").unwrap_err();
    assert!(told.contains("from 1 to 65534"), "{told}");
    let told = read("[air]\nshoutcast_mounts = [\"news\"]\n").unwrap_err();
    assert!(told.contains("write the path, like \"/news.mp3\""), "{told}");
}

#[test]
fn a_number_out_of_bounds_is_told_with_the_bounds() {
    let told = read("[air]\nbatch_ms = 5\n").unwrap_err();
    assert_eq!(told, "groundwave.toml:2:12: `batch_ms` in [air] is 5; it must be from 100 to 2000");
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let told = read("[air]\nbatch_ms = true\nburst = 3\n[hls]\nsegment_ms = 6000.5\n").unwrap_err();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(lines[0].contains(":2:") && lines[1].contains(":3:") && lines[2].contains(":5:"), "{told}");
}

#[test]
fn what_is_not_toml_is_told_with_its_line() {
    let told = read("[door]\nlisten = [\n").unwrap_err();
    assert!(told.starts_with("groundwave.toml:"), "{told}");
}

#[test]
fn the_environment_has_the_last_word() {
    let settings =
        read_with(&[("GROUNDWAVE_AIR_SOURCE_PASSWORD", "12345"), ("GROUNDWAVE_AIR_BATCH_MS", "250")]).unwrap();
    assert_eq!(settings.air.source_password.reveal(), "12345");
    assert_eq!(settings.air.batch_ms, 250);
}

#[test]
fn a_misspelt_variable_is_refused_too() {
    let told = read_with(&[("GROUNDWAVE_AIR_SOURCE_PASWORD", "x")]).unwrap_err();
    assert!(told.contains("did you mean GROUNDWAVE_AIR_SOURCE_PASSWORD?"), "{told}");
    let told = read_with(&[("GROUNDWAVE_AIR_BATCH_MS", "often")]).unwrap_err();
    assert!(told.contains("GROUNDWAVE_AIR_BATCH_MS: wants a whole number"), "{told}");
}

#[test]
fn a_secret_is_never_shown() {
    let settings = read("[air]\nsource_password = \"hackme\"\n[store]\nurl = \"postgres://u:hackme@h/d\"\n").unwrap();
    assert!(!settings.print().contains("hackme"));
    assert!(!format!("{settings:?}").contains("hackme"));
}

#[test]
fn a_mount_has_its_own_terms_and_several_have_each_theirs() {
    let text = "[air]\nbatch_ms = 250\n[[air.mount]]\npath = \"/a.mp3\"\nlisteners_max = 5\npublic = false\n\
        headers = [\"X-A: b: c\"]\n[[air.mount]]\npath = \"*\"\nlistener_add = \"http://127.0.0.1:9100/add?k=v\"\n";
    let settings = read(text).unwrap();
    let [one, all] = &settings.mounts[..] else { panic!("two mounts are read") };
    assert_eq!((one.path.as_str(), one.listeners_max, one.public), ("/a.mp3", Some(5), Some(false)));
    assert_eq!(one.headers, [Header { name: "X-A".into(), value: "b: c".into() }]);
    assert_eq!(all.listener_add.as_ref().unwrap().as_str(), "http://127.0.0.1:9100/add?k=v");
    assert_eq!(read(&settings.print()).unwrap(), settings);
}

#[test]
fn what_is_wrong_with_an_entry_is_told_with_its_place() {
    for (text, expected) in [
        (
            "[[air.mount]]\npath = \"/a\"\nlistener_max = 5\n",
            "3:1: unknown key `listener_max` in [[air.mount]]; did you mean `listeners_max`?",
        ),
        (
            "[[air.mount]]\npath = \"/a\"\nlisteners_max = -1\n",
            "3:17: `listeners_max` in [[air.mount]] wants a whole number, not below 0",
        ),
        (
            "[[air.mount]]\npath = \"a\"\n",
            "2:8: `path` in [[air.mount]] wants a mount's path, like \"/news.mp3\", or \"*\" for all others",
        ),
        ("[[air.mount]]\npath = \"/a\"\n[[air.mount]]\npath = \"/a\"\n", "4:8: there are terms for `/a` already"),
        ("[air]\nmount = 5\n", "2:9: `mount` may stand many times: write [[air.mount]] on a line for each"),
        (
            "[[air.mount]]\npath = \"/a\"\nstream_auth = \"ftp://x\"\n",
            "3:15: `stream_auth` in [[air.mount]] wants an address, like \"http://example.org/path\"",
        ),
        (
            "[air]\ndeny = [\"203.0.113.0/33\"]\n",
            "2:8: `deny` in [air] wants a list of addresses and networks, like [\"203.0.113.7\", \"2001:db8::/32\"]",
        ),
    ] {
        assert_eq!(read(text).unwrap_err(), format!("groundwave.toml:{expected}"), "{text}");
    }
}

#[test]
fn a_reporting_window_is_a_month_at_most() {
    let read = |days: &str| read(&format!("[access_log]\nreporting = [\"{days}\"]\n"));
    assert_eq!(read("2026-02-02/2026-02-08").unwrap().access_log.reporting.len(), 1);
    for wrong in ["2026-02-02", "2026-02-08/2026-02-02", "2026-01-01/2026-12-31", "2026-02-30/2026-03-01"] {
        assert!(read(wrong).unwrap_err().contains("at most 31 each"), "{wrong}");
    }
}

#[test]
fn a_relay_is_an_address_by_http() {
    let settings = read("[[air.relay]]\nfrom = \"http://radio.test:8000/live.mp3?k=v\"\non_demand = true\n").unwrap();
    assert_eq!((settings.relays[0].on_demand, settings.relays[0].titles), (true, true));
    assert_eq!(read(&settings.print()).unwrap(), settings);
    for wrong in ["[[air.relay]]\n", "[[air.relay]]\nfrom = \"https://radio.test/live.mp3\"\n"] {
        assert!(read(wrong).unwrap_err().contains("`from` in [[air.relay]] wants a stream's address"), "{wrong}");
    }
    let told = read("[master]\nserver = \"http://radio.test:8000/x\"\n").unwrap_err();
    assert!(told.starts_with("groundwave.toml:2:10: `server` in [master] wants"), "{told}");
}
