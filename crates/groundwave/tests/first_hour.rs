//! What a newcomer does in the first hour: start it, look, listen, stop it, start it again.

mod station;

use std::io::{Read, Write};
use std::process::Stdio;

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

fn testing(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../air/src/tls/testing").join(name)
}

/// What curl got, with the status and the certificate's name behind it.
fn curl(url: &str, arguments: &[&str]) -> String {
    let output = program("curl", "curl")
        .args(["-sk", "--max-time", "30", "-w", "\n%{http_code} %{redirect_url}", url])
        .args(arguments)
        .output()
        .expect("curl runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn subject_shown(port: u16) -> String {
    let connect = format!("127.0.0.1:{port}");
    let output = program("openssl", "openssl").args(["s_client", "-connect", &connect]).stdin(Stdio::null()).output();
    String::from_utf8_lossy(&output.expect("openssl runs").stdout).into_owned()
}

#[test]
fn behind_tls_a_browser_reads_readers_are_sent_on_and_streams_are_not() {
    let dir = folder();
    let (certificate, key) = (dir.path().join("certificate.pem"), dir.path().join("key.pem"));
    std::fs::copy(testing("certificate.pem"), &certificate).unwrap();
    std::fs::copy(testing("key.pem"), &key).unwrap();
    let environment = [
        ("GROUNDWAVE_TLS_LISTEN", "[\"127.0.0.1:0\"]"),
        ("GROUNDWAVE_TLS_CERTIFICATE", certificate.to_str().unwrap()),
        ("GROUNDWAVE_TLS_KEY", key.to_str().unwrap()),
        ("GROUNDWAVE_TLS_REDIRECT", "true"),
        ("GROUNDWAVE_SITE_HSTS_DAYS", "2"),
        ("GROUNDWAVE_LOG_LEVEL", "info"),
    ];
    let station = Station::start_with(dir.path(), &environment);
    let port: u16 = wait_for("the TLS door", || {
        let log = std::fs::read_to_string(dir.path().join("log.txt")).ok()?;
        log.split("tls=[127.0.0.1:").nth(1)?.split(']').next()?.parse().ok()
    });
    let secure = format!("https://localhost:{port}");

    let page = station.get("/listen");
    assert_eq!((page.status, page.header("location")), (301, Some(format!("{secure}/listen").as_str())));
    assert!(curl(&format!("{secure}/listen"), &["-D", "-"]).contains("strict-transport-security: max-age=172800"));
    for (path, status) in [("/healthz", "200"), ("/status-json.xsl", "200"), ("/news.mp3.m3u", "200")] {
        let told = curl(&station.url(path), &[]);
        assert!(told.ends_with(&format!("\n{status} ")), "{path} stays where it is: {told}");
    }
    let mut radio = station.connect();
    radio.write_all(b"GET /news.mp3 HTTP/1.0\r\n\r\n").unwrap();
    radio.read_exact(&mut [0; 30_000]).expect("an old radio hears without TLS");

    let browser = program("chromium", "chromium")
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", "--dump-dom"])
        .arg(format!("--user-data-dir={}", dir.path().join("browser").display()))
        .arg(&secure)
        .output()
        .expect("chromium runs");
    let page = String::from_utf8_lossy(&browser.stdout).into_owned();
    assert!(page.contains("</main>") && page.contains("Harrow"), "{page:.500}");

    // Half-written and mixed-up files change nothing; a whole pair does.
    std::fs::copy(testing("other-certificate.pem"), &certificate).unwrap();
    wait_for("the mixture to be told", || {
        let log = std::fs::read_to_string(dir.path().join("log.txt")).ok()?;
        log.contains("the key does not belong to the certificate").then_some(())
    });
    assert!(subject_shown(port).contains("subject=CN = certificate\n"));
    std::fs::copy(testing("other-key.pem"), &key).unwrap();
    wait_for("the new certificate", || subject_shown(port).contains("subject=CN = other-certificate\n").then_some(()));
    radio.read_exact(&mut [0; 30_000]).expect("nobody was dropped");
    station.stop();
}
