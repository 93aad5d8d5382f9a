//! What a newcomer does in the first hour: start it, look, listen, stop it, start it again.

mod station;

use station::{Station, folder, headlines, newest_segment, program, wait_for};

#[test]
fn the_ready_file_says_where_everything_is() {
    let dir = folder();
    let station = Station::start(dir.path());
    let services = station.ready["services"].as_array().expect("services are listed");
    assert_eq!(services.len(), 2);
    for service in services {
        for key in ["slug", "name", "hls"] {
            assert!(service[key].is_string(), "{key} is missing in {service}");
        }
        let mounts = service["mounts"].as_array().expect("mounts are listed");
        let codecs: Vec<&str> = mounts.iter().filter_map(|mount| mount["codec"].as_str()).collect();
        assert!(codecs.contains(&"mp3") && codecs.contains(&"aac"), "{codecs:?}");
        assert!(mounts.iter().all(|mount| mount["path"].is_string() && mount["bitrate_kbps"].is_u64()));
    }
    assert!(station.ready["source"]["password"].as_str().is_some_and(|password| password.len() >= 12));
}

#[test]
fn every_page_of_the_menu_answers() {
    let dir = folder();
    let station = Station::start(dir.path());
    for path in ["/", "/news", "/science", "/music", "/people", "/programmes", "/schedule", "/listen", "/about"] {
        let page = station.get(path);
        assert_eq!(page.status, 200, "{path}: {}", page.head);
        assert!(page.text().contains("Harrow Valley Public Radio"), "{path} does not name the station");
    }
    assert_eq!(station.get("/no/such/page").status, 404);
    assert_eq!(station.get("/healthz").status, 200);
    assert_eq!(station.get("/readyz").status, 200);
}

#[test]
fn the_schedule_knows_what_is_on_and_what_is_next() {
    let dir = folder();
    let station = Station::start(dir.path());
    let on_air = wait_for("the schedule", || {
        let on_air = station.get("/on-air.json").json();
        let services = on_air["services"].as_array()?.clone();
        services.iter().all(|service| service["now"].is_object() && service["next"].is_object()).then_some(services)
    });
    for service in on_air {
        assert_eq!(service["now"]["end"], service["next"]["start"], "a gap in the demonstration's week: {service}");
        assert!(service["now"]["programme"]["slug"].is_string());
    }
}

#[test]
fn every_mount_plays_in_a_real_player() {
    let dir = folder();
    let station = Station::start(dir.path());
    for service in station.ready["services"].as_array().unwrap() {
        for mount in service["mounts"].as_array().unwrap() {
            let url = station.url(mount["path"].as_str().unwrap());
            let told = program("ffmpeg", "ffmpeg")
                .args(["-v", "error", "-t", "5", "-i", &url, "-f", "null", "-"])
                .output()
                .expect("ffmpeg runs");
            assert!(
                told.status.success() && told.stderr.is_empty(),
                "{url}: {}",
                String::from_utf8_lossy(&told.stderr)
            );
            let probe = program("ffprobe", "ffmpeg")
                .args(["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", &url])
                .output()
                .expect("ffprobe runs");
            assert_eq!(String::from_utf8_lossy(&probe.stdout).trim(), mount["codec"].as_str().unwrap());
        }
    }
}

#[test]
fn a_radio_is_told_what_it_hears() {
    let dir = folder();
    let station = Station::start(dir.path());
    let probe = program("ffprobe", "ffmpeg")
        .args([
            "-v",
            "error",
            "-show_entries",
            "format_tags=StreamTitle,icy-name",
            "-of",
            "default=nw=1",
            &station.url("/music.mp3"),
        ])
        .output()
        .expect("ffprobe runs");
    let told = String::from_utf8_lossy(&probe.stdout).into_owned();
    assert!(told.contains("icy-name=Harrow Valley Music"), "{told}");
    let title = told.lines().find_map(|line| line.strip_prefix("TAG:StreamTitle=")).unwrap_or_default();
    assert!(!title.is_empty(), "no title: {told}");
}

#[test]
fn a_playlist_leads_a_player_to_the_stream() {
    let dir = folder();
    let station = Station::start(dir.path());
    let playlist = station.get("/news.mp3.m3u");
    assert_eq!(playlist.status, 200);
    assert!(playlist.text().lines().any(|line| line.ends_with("/news.mp3")), "{}", playlist.text());
}

#[test]
fn it_ends_when_told_and_goes_on_where_it_was() {
    let dir = folder();
    let station = Station::start(dir.path());
    let password = station.ready["source"]["password"].clone();
    let home = headlines(&station.get("/").text());
    let first = wait_for("two segments", || newest_segment(&station).filter(|newest| *newest >= 1));
    station.stop();

    let station = Station::start(dir.path());
    assert_eq!(station.ready["source"]["password"], password);
    let again = headlines(&station.get("/").text());
    assert!(home.len() >= 6, "{home:?}");
    assert_eq!(again, home);
    let next = wait_for("a segment after the restart", || newest_segment(&station).filter(|newest| *newest > first));
    assert!(next > first);
}

#[test]
fn figures_are_served_on_an_address_of_their_own() {
    let dir = folder();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let station = Station::start_with(dir.path(), &[("GROUNDWAVE_METRICS_LISTEN", &free.to_string())]);
    assert_eq!(station.get("/metrics").status, 404, "the public has no business with figures");
    let figures = program("curl", "curl").args(["-s", &format!("http://{free}/metrics")]).output().expect("curl runs");
    let told = String::from_utf8_lossy(&figures.stdout).into_owned();
    assert!(told.contains("groundwave_connections_total"), "{told}");
}
