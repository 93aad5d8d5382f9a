//! What the commands say to a person.

mod station;

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Output};

use station::served::{MailServer, Served, cookies};
use station::{PATIENCE, Station, folder, program, wait_for};

fn groundwave(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_groundwave")).args(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/tests/fixtures").join(name).display().to_string()
}

#[test]
fn config_prints_what_it_can_read_again() {
    let dir = folder();
    let printed = groundwave(&["config"]);
    assert!(printed.status.success());
    let file = dir.path().join("groundwave.toml");
    std::fs::write(&file, &printed.stdout).unwrap();
    let again = groundwave(&["config", "--config", file.to_str().unwrap()]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert_eq!(text(&again.stdout), text(&printed.stdout));
}

#[test]
fn a_misspelt_key_stops_the_program_with_the_place_and_the_cure() {
    let dir = folder();
    let file = dir.path().join("groundwave.toml");
    std::fs::write(&file, "[door]\nlisten = [\"127.0.0.1:8000\"]\nconection_max = 5\n").unwrap();
    let told = groundwave(&["serve", "--config", file.to_str().unwrap()]);
    assert!(!told.status.success());
    let words = text(&told.stderr);
    assert!(words.contains("groundwave.toml:3:1") && words.contains("did you mean `connections_max`?"), "{words}");
}

#[test]
fn check_says_what_is_unfit_before_anything_starts() {
    let dir = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let file = dir.path().join("groundwave.toml");
    std::fs::write(&file, format!("[door]\nlisten = [\"{}\"]\n", taken.local_addr().unwrap())).unwrap();
    let arguments = ["check", "--config", file.to_str().unwrap(), "--data", dir.path().to_str().unwrap()];
    let told = groundwave(&arguments);
    assert!(!told.status.success());
    assert!(text(&told.stdout).contains("unfit    address"), "{}", text(&told.stdout));
    drop(taken);
    let told = groundwave(&arguments);
    assert!(told.status.success(), "{}", text(&told.stdout));
}

#[test]
fn check_says_what_is_wrong_with_a_certificate() {
    let dir = folder();
    let testing = Path::new(env!("CARGO_MANIFEST_DIR")).join("../air/src/tls/testing");
    let check = |certificate: &str, key: &str| {
        let file = dir.path().join("groundwave.toml");
        let at = |name: &str| testing.join(name).display().to_string();
        let tls = format!("certificate = \"{}\"\nkey = \"{}\"\n", at(certificate), at(key));
        let door = "[door]\nlisten = [\"127.0.0.1:0\"]\n[tls]\nlisten = [\"127.0.0.1:0\"]\n";
        std::fs::write(&file, format!("{door}{tls}")).unwrap();
        let told = groundwave(&["check", "--config", file.to_str().unwrap(), "--data", dir.path().to_str().unwrap()]);
        (told.status.success(), text(&told.stdout))
    };
    let (is_fit, words) = check("certificate.pem", "key.pem");
    assert!(is_fit && words.contains("is good until 2051-06-07T08:09:10Z"), "{words}");
    for (certificate, key, fault) in [
        ("expired.pem", "key.pem", "has expired on 2021-01-02T03:04:05Z"),
        ("certificate.pem", "other-key.pem", "the key does not belong to the certificate"),
        ("key.pem", "certificate.pem", "are the two files mixed up?"),
        ("make", "key.pem", "holds no certificate"),
        ("nowhere.pem", "key.pem", "could not read"),
    ] {
        let (is_fit, words) = check(certificate, key);
        assert!(
            !is_fit && words.lines().any(|line| line.starts_with("unfit") && line.contains(fault)),
            "{fault}: {words}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_unfit() {
    let dir = folder();
    let file = dir.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let inside = file.join("data");
    let told = groundwave(&["check", "--data", inside.to_str().unwrap()]);
    assert!(!told.status.success());
    assert!(text(&told.stdout).contains("unfit    folder"), "{}", text(&told.stdout));
}

#[test]
fn serve_without_a_station_says_what_to_do() {
    let dir = folder();
    std::fs::write(dir.path().join("groundwave.toml"), "[door]\nlisten = [\"127.0.0.1:0\"]\n").unwrap();
    let told = groundwave(&["serve", "--data", dir.path().to_str().unwrap()]);
    assert!(!told.status.success());
    assert!(text(&told.stderr).contains("groundwave demo"), "{}", text(&told.stderr));
}

#[test]
fn an_import_reaches_a_running_station_and_a_withdrawal_too() {
    let dir = folder();
    let station = Station::start(dir.path());
    let data = dir.path().to_str().unwrap();
    let story = fixture("story.json");
    let biography = fixture("biography.json");
    let import = |file: &str| text(&groundwave(&["import", "cds", "--data", data, file]).stdout);

    // Somebody has looked at the section before, so the page is kept.
    let path = "/science/2026-02-11/how-a-town-learned-to-read-its-river";
    assert_eq!(station.get(path).status, 404);
    assert!(!station.get("/science").text().contains(path));

    let report = import(&story);
    assert!(report.starts_with("1 new, 0 updated, 0 unchanged"), "{report}");
    let page = wait_for("the story", || Some(station.get(path)).filter(|page| page.status == 200)).text();
    assert!(page.contains("Copyright 2026 NPR."), "no rights line");
    assert!(page.contains("To see more, visit") && page.contains("https://www.npr.org"), "no way to its owner");
    assert!(page.contains("rel=\"canonical\" href=\"https://www.npr.org/"), "no canonical address");
    wait_for("the story in its section", || station.get("/science").text().contains(path).then_some(()));

    assert!(import(&story).starts_with("0 new, 0 updated, 1 unchanged"));
    import(&biography);
    wait_for("the author's biography", || station.get(path).text().contains("Maren Tollivar").then_some(()));

    let withdrawn = dir.path().join("withdrawn.json");
    let mut document: serde_json::Value = serde_json::from_slice(&std::fs::read(&story).unwrap()).unwrap();
    document["isRestrictedToAuthorizedOrgServiceIds"] = true.into();
    std::fs::write(&withdrawn, document.to_string()).unwrap();
    let report = import(withdrawn.to_str().unwrap());
    assert!(report.contains("1 withdrawn"), "{report}");
    wait_for("the page to be gone", || (station.get(path).status == 410).then_some(()));
    wait_for("the section to forget it", || (!station.get("/science").text().contains(path)).then_some(()));
}

#[test]
fn an_import_into_a_stopped_station_is_there_when_it_starts() {
    let dir = folder();
    let data = dir.path().to_str().unwrap();
    Station::start(dir.path()).stop();
    let report = text(&groundwave(&["import", "cds", "--data", data, &fixture("related.json")]).stdout);
    assert!(report.starts_with("1 new"), "{report}");
    let station = Station::start(dir.path());
    assert!(
        station.get("/").text().contains("When the gauge fell silent")
            || station.get("/news").text().contains("When the gauge fell silent")
    );
}

#[test]
fn a_broken_file_is_named_and_stops_nothing() {
    let dir = folder();
    let data = dir.path().to_str().unwrap();
    Station::start(dir.path()).stop();
    let told = groundwave(&["import", "cds", "--data", data, &fixture("broken.json"), &fixture("story.json")]);
    assert!(!told.status.success());
    let report = text(&told.stdout);
    assert!(report.starts_with("1 new") && report.contains("broken.json: failed"), "{report}");
}

#[test]
fn the_switch_of_a_running_station_is_moved_by_hand_and_let_go() {
    let dir = folder();
    let data = dir.path().to_str().unwrap();
    let air = |arguments: &[&str]| groundwave(&[&["air"], arguments, &["--data", data]].concat());
    let nobody = air(&["status"]);
    assert!(
        !nobody.status.success() && text(&nobody.stderr).contains("no station runs on"),
        "{}",
        text(&nobody.stderr)
    );

    let station = Station::start(dir.path());
    let news = || {
        let status: serde_json::Value = serde_json::from_slice(&air(&["status", "--json"]).stdout).unwrap();
        status.as_array().unwrap().iter().find(|service| service["slug"] == "news").unwrap().clone()
    };
    assert_eq!((news()["on"].as_str(), news()["held"].as_str()), (Some("automation"), None));
    let told = text(&air(&["switch", "news", "emergency"]).stdout);
    assert!(told.contains("on      emergency") && told.contains("held to emergency by hand"), "{told}");
    assert_eq!((news()["on"].as_str(), news()["held"].as_str()), (Some("emergency"), Some("emergency")));
    assert_eq!(news()["reason"], "it was switched by hand");
    air(&["switch", "news", "auto"]);
    assert_eq!((news()["on"].as_str(), news()["held"].as_str()), (Some("automation"), None));

    for (arguments, words) in [
        (["switch", "nws", "auto"], "there is no service `nws`; there are news"),
        (["switch", "news", "tape"], "there is no input `tape`; say studio, backup"),
    ] {
        let refused = air(&arguments);
        assert!(!refused.status.success() && text(&refused.stderr).contains(words), "{}", text(&refused.stderr));
    }
    station.stop();
    assert!(!dir.path().join("intercom.sock").exists());
}

/// `init` on a folder of its own; returns what it said.
fn init(dir: &Path, zone: &str) -> Output {
    let data = dir.to_str().unwrap();
    let who = ["--name", "Mill Creek Radio", "--town", "Mill Creek", "--zone", zone, "--host", "localhost"];
    groundwave(&[&["init", "--data", data][..], &who].concat())
}

/// The path of the one link of the desk in `words`.
fn way_in(words: &str) -> String {
    let at = words.find("/join/").unwrap_or_else(|| panic!("no link in {words}"));
    words[at..].split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_new_station_is_made_once_and_its_owner_comes_in_by_a_link() {
    let dir = folder();
    let wrong = init(dir.path(), "America/Mill_Creek");
    assert!(!wrong.status.success() && text(&wrong.stderr).contains("is no time zone"), "{}", text(&wrong.stderr));
    let made = init(dir.path(), "America/New_York");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let again = init(dir.path(), "America/New_York");
    assert!(!again.status.success() && text(&again.stderr).contains("already"), "{}", text(&again.stderr));

    let mail = MailServer::start();
    let letters =
        [("GROUNDWAVE_MAIL_SMTP", mail.url.as_str()), ("GROUNDWAVE_MAIL_FROM", "Mill Creek <desk@mill.example>")];
    let station = Served::start(dir.path(), &letters);
    let file = dir.path().join("owner-link.txt");
    let link = way_in(&std::fs::read_to_string(&file).unwrap());
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "others may read the owner's link");
    for link in [&link, &way_in(&text(&made.stdout))] {
        assert!(station.get(link, "").text().contains("Make this desk yours"), "{link} does not lead in");
    }
    let owner = "name=June+Okafor&email=june%40mill.example&password=kettle+lantern+ferry+moss";
    let come_in = station.post(&link, owner);
    assert_eq!(come_in.status, 303, "{}", come_in.text());
    assert!(station.get("/", &cookies(&come_in)).text().contains("Stories"));
    assert_eq!(station.get(&way_in(&text(&made.stdout)), "").status, 410, "there could be a second owner");

    // A link by mail, from the way in to the desk.
    station.post("/sign-in/letter", "email=june%40mill.example");
    station.post("/sign-in/letter", "email=nobody%40mill.example");
    let letter = mail.letters.recv_timeout(PATIENCE).expect("a letter comes");
    assert!(letter.contains("To: june@mill.example") && letter.contains("Mill Creek"), "{letter}");
    let letter = letter.replace("=\n", "");
    let at = letter.find("/sign-in/letter/").expect("the letter has a link");
    let by_mail = letter[at..].split_whitespace().next().unwrap().to_owned();
    assert!(station.get(&by_mail, "").text().contains("Sign in as June Okafor"));
    let signed_in = station.post(&by_mail, "");
    assert_eq!(station.get("/account", &cookies(&signed_in)).status, 200);
    assert_eq!(station.post(&by_mail, "").status, 410, "a letter was good twice");
    assert!(mail.letters.try_recv().is_err(), "a letter went to an address that nobody has");

    // The log, at its most talkative, holds no secret.
    let said = station.said();
    let secrets =
        [&link[6..], &by_mail[16..], "kettle", cookies(&come_in).split(['=', ';']).nth(1).unwrap()].map(str::to_owned);
    for secret in secrets {
        assert!(secret.len() > 5 && !said.contains(&secret), "the log says a secret");
    }
    drop(station);
    let station = Served::start(dir.path(), &[]);
    assert!(!file.exists(), "the link of an owner who is there lies about");
    assert_eq!(station.get("/account", &cookies(&signed_in)).status, 200, "a restart signed her out");
}

#[test]
fn accounts_are_made_listed_and_kept_out_by_command() {
    let dir = folder();
    let data = dir.path().to_str().unwrap();
    let user = |arguments: &[&str]| groundwave(&[&["user"], arguments, &["--data", data]].concat());
    let none = user(&["list"]);
    assert!(text(&none.stderr).contains("groundwave init"), "{}", text(&none.stderr));
    init(dir.path(), "America/New_York");
    assert!(text(&user(&["list"]).stdout).contains("Nobody may come in yet"));
    way_in(&text(&user(&["owner"]).stdout));

    let invited =
        user(&["invite", "Del@Mill.example", "--name", "Del Aguirre", "--role", "editor", "--scope", "section:news"]);
    assert!(invited.status.success(), "{}", text(&invited.stderr));
    let link = way_in(&text(&invited.stdout));
    let listed = text(&user(&["list"]).stdout);
    assert!(
        listed.contains("del@mill.example") && listed.contains("invited") && listed.contains("editor in section:news"),
        "{listed}"
    );
    for (arguments, words) in [
        (&["invite", "del@mill.example", "--name", "Del"][..], "has an account already"),
        (&["invite", "x@mill.example", "--name", "X", "--role", "king"], "no role `king`"),
        (&["invite", "x@mill.example", "--name", "X", "--scope", "desk"], "is no place"),
        (&["link", "nobody@mill.example"], "nobody signs in as"),
    ] {
        let told = user(arguments);
        assert!(!told.status.success() && text(&told.stderr).contains(words), "{}", text(&told.stderr));
    }

    let station = Served::start(dir.path(), &[]);
    let come_in = station.post(&link, "password=moss+ferry+lantern+kettle");
    assert_eq!(station.get("/", &cookies(&come_in)).status, 200);
    assert!(user(&["disable", "del@mill.example"]).status.success());
    assert_eq!(station.get("/", &cookies(&come_in)).status, 303, "a disabled account went on");
    assert!(!user(&["link", "del@mill.example"]).status.success());
    assert!(user(&["enable", "del@mill.example"]).status.success());
    let back =
        station.post(&way_in(&text(&user(&["link", "del@mill.example"]).stdout)), "password=ferry+kettle+moss+lantern");
    assert_eq!(station.get("/", &cookies(&back)).status, 200);
}

#[test]
fn an_icecast_s_configuration_becomes_settings_that_can_be_read() {
    let dir = folder();
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/icecast/full.xml").display().to_string();
    let printed = groundwave(&["import", "icecast", &full]);
    assert!(printed.status.success(), "{}", text(&printed.stderr));
    assert!(text(&printed.stdout).contains("[[air.mount]]\npath = \"/live.mp3\"\n"), "{}", text(&printed.stdout));
    assert!(
        text(&printed.stderr).contains(&format!("{full}:12: <queue-size>: not needed")),
        "{}",
        text(&printed.stderr)
    );

    let target = dir.path().join("groundwave.toml").display().to_string();
    assert!(groundwave(&["import", "icecast", "--write", &target, &full]).status.success());
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&target).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "there are passwords in it");
    assert!(groundwave(&["config", "--config", &target]).status.success());
    let again = groundwave(&["import", "icecast", "--write", &target, &full]);
    assert!(
        !again.status.success() && text(&again.stderr).contains("must not be there yet"),
        "{}",
        text(&again.stderr)
    );
}

#[test]
fn a_ban_written_into_its_file_holds_while_the_station_runs_and_who_listened_is_in_the_access_log() {
    let dir = folder();
    let (bans, logs) = (dir.path().join("deny"), dir.path().join("access"));
    std::fs::write(&bans, "# nobody yet\n").unwrap();
    let settings =
        [("GROUNDWAVE_AIR_DENY_FILE", bans.to_str().unwrap()), ("GROUNDWAVE_ACCESS_LOG_DIR", logs.to_str().unwrap())];
    let station = Station::start_with(dir.path(), &settings);
    let mut listener = station.connect();
    listener.write_all(b"GET /news.mp3?secret=1 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Kitchen\r\n\r\n").unwrap();
    listener.read_exact(&mut [0; 4_000]).unwrap();
    drop(listener);
    let line = wait_for("a line of the access log", || {
        let file = std::fs::read_dir(&logs).ok()?.find_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok())?;
        file.lines().find(|line| line.contains("\"Kitchen\"")).map(str::to_owned)
    });
    assert!(line.starts_with("fd") && line.contains("\"GET /news.mp3 HTTP/1.1\" 200 "), "{line}");

    std::fs::write(&bans, "127.0.0.0/8\n").unwrap();
    wait_for("the ban", || is_turned_away(&station).then_some(()));
    std::fs::write(&bans, "").unwrap();
    wait_for("its end", || (!is_turned_away(&station)).then_some(()));
    station.stop();
}

/// True if the station ends a connection without a word.
fn is_turned_away(station: &Station) -> bool {
    let Ok(mut socket) = std::net::TcpStream::connect(station.address) else { return true };
    let asked = socket.write_all(b"GET /healthz HTTP/1.0\r\n\r\n");
    let mut answer = Vec::new();
    asked.and_then(|()| socket.read_to_end(&mut answer)).is_err() || answer.is_empty()
}

/// A second of silence, three seconds of a tone, a second of silence, as MP3 with tags.
fn tone(dir: &Path, file: &str, artist: &str, title: &str, hz: u32) {
    let sound = format!("sine=frequency={hz}:sample_rate=44100:duration=3,volume=0.5,adelay=1000,apad=pad_dur=1");
    let made = program("ffmpeg", "ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", &sound, "-ac", "2", "-c:a", "libmp3lame", "-b:a", "128k"])
        .args(["-metadata", &format!("artist={artist}"), "-metadata", &format!("title={title}")])
        .arg(dir.join(file))
        .output()
        .expect("ffmpeg runs");
    assert!(made.status.success(), "{}", text(&made.stderr));
}

/// The integrated loudness of a file, as ffmpeg measures it, in LUFS.
fn loudness(file: &Path) -> f64 {
    let measured = program("ffmpeg", "ffmpeg")
        .args(["-nostats", "-i"])
        .arg(file)
        .args(["-af", "ebur128", "-f", "null", "-"])
        .output()
        .expect("ffmpeg runs");
    let told = text(&measured.stderr);
    let integrated = told.rsplit("I:").next().and_then(|rest| rest.split_whitespace().next());
    integrated.and_then(|lufs| lufs.parse().ok()).unwrap_or_else(|| panic!("no loudness: {told}"))
}

#[test]
fn sound_is_taken_in_once_measured_and_played_on_every_mount() {
    let (dir, files) = (folder(), folder());
    tone(files.path(), "a.mp3", "Ida Marsh", "River Song", 440);
    tone(files.path(), "b.mp3", "The Hum", "Low Water", 660);
    std::fs::write(files.path().join("c.mp3"), "These are words and no sound. ".repeat(900)).unwrap();
    let station = Station::start(dir.path());
    let data = dir.path().to_str().unwrap();
    let import = || {
        groundwave(&[
            "import",
            "audio",
            "--data",
            data,
            "--service",
            "music",
            "--category",
            "song",
            files.path().to_str().unwrap(),
        ])
    };

    let told = import();
    let words = text(&told.stdout);
    assert!(
        !told.status.success() && words.contains("2 new, 0 known already, 1 refused"),
        "{words}{}",
        text(&told.stderr)
    );
    assert!(words.contains("c.mp3: it is not MP3, AAC (ADTS) or Ogg"), "{words}");
    // The silence at its edges is left out: three seconds and what is kept of it.
    let line = words.lines().find(|line| line.starts_with("new      Ida Marsh - River Song (0:03, ")).expect(&words);
    let measured: f64 = line.split(", ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).expect(line);
    assert!((measured - loudness(&files.path().join("a.mp3"))).abs() <= 0.5, "{line}");
    assert!(text(&import().stdout).contains("0 new, 2 known already, 1 refused"));
    assert!(text(&groundwave(&["library", "--data", data, "music"]).stdout).contains("Ida Marsh - River Song"));

    // What the rotation knows of a piece can be seen and changed.
    let piece =
        |arguments: &[&str]| groundwave(&[&["piece", "music", "River Song"], arguments, &["--data", data]].concat());
    let changed = piece(&[
        "--weight",
        "2",
        "--day-part",
        "mon-fri 06:00-10:00",
        "--before",
        "Low Water",
        "--until",
        "2099-12-31",
    ]);
    let words = text(&changed.stdout);
    for line in [
        "weight     2",
        "when       mon-fri 06:00-10:00",
        "before     The Hum - Low Water",
        "until      2099-12-31 00:00",
    ] {
        assert!(words.contains(line), "{line}: {words}{}", text(&changed.stderr));
    }
    let refused = piece(&["--weight", "0"]);
    assert!(text(&refused.stderr).contains("--weight must be from 1 to 100"), "{}", text(&refused.stderr));
    let words = text(&piece(&["--any-time", "--before", "none", "--until", "none"]).stdout);
    assert!(words.contains("weight     2") && !words.contains("when") && !words.contains("before"), "{words}");

    // It reaches the station that runs, and is played on each of its mounts.
    let queue = |arguments: &[&str]| groundwave(&[&["air", "queue"], arguments, &["--data", data]].concat());
    wait_for("the piece in the running library", || {
        queue(&["add", "music", "river song", "--place", "0"]).status.success().then_some(())
    });
    let listed = text(&queue(&["list", "music"]).stdout);
    assert!(listed.contains("Ida Marsh - River Song"), "{listed}");
    let several = queue(&["add", "music", "i"]);
    assert!(text(&several.stderr).contains("say which, by its number"), "{}", text(&several.stderr));
    assert!(queue(&["skip", "music"]).status.success());
    wait_for("the title on both mounts", || {
        let status = station.get("/status-json.xsl").json();
        let sources = status["icestats"]["source"].as_array()?.clone();
        let music =
            sources.iter().filter(|source| source["listenurl"].as_str().is_some_and(|url| url.contains("/music.")));
        let titles: Vec<_> = music.map(|source| source["title"].as_str().unwrap_or_default().to_owned()).collect();
        (titles.len() == 2 && titles.iter().all(|title| title == "Ida Marsh - River Song")).then_some(())
    });
    let heard = program("ffmpeg", "ffmpeg")
        .args(["-v", "error", "-t", "2", "-i", &station.url("/music.aac"), "-f", "null", "-"])
        .output()
        .expect("ffmpeg runs");
    assert!(heard.status.success() && heard.stderr.is_empty(), "{}", text(&heard.stderr));
    let verified = groundwave(&["air", "verify", "--data", data]);
    assert!(verified.status.success() && text(&verified.stdout).contains("are whole"), "{}", text(&verified.stderr));
}

#[test]
fn a_rotation_is_taken_in_whole_or_refused_with_every_fault() {
    let dir = folder();
    let station = Station::start(dir.path());
    let data = dir.path().to_str().unwrap();
    let file = dir.path().join("music.toml");
    let import = |rotation: &str| {
        std::fs::write(&file, rotation).unwrap();
        groundwave(&["import", "rotation", "--data", data, "--service", "music", file.to_str().unwrap()])
    };
    let plan = || text(&groundwave(&["air", "plan", "--data", data, "music", "--count", "12"]).stdout);
    let before = plan();
    assert!(before.contains("Mill Race") && before.contains("Harrow Valley Public Radio"), "{before}");

    let sound = "[[category]]\nslug = \"ident\"\ntitle = \"Idents\"\n[[clock]]\nslug = \"any\"\ntitle = \"Any\"\nslots = [{ ident = \"ident\" }]\n[[grid]]\nclock = \"any\"\n";
    let refused = import(
        &sound
            .replace("{ ident = \"ident\" }", "{ category = \"gold\" }")
            .replace("clock = \"any\"", "clock = \"noon\""),
    );
    let words = text(&refused.stderr);
    assert!(!refused.status.success() && words.contains("`gold`") && words.contains("`noon`"), "{words}");
    assert!(plan().contains("Mill Race"), "nothing was changed");

    assert!(import(sound).status.success());
    wait_for("the new rotation on the air", || {
        let plan = plan();
        (plan.contains("Harrow Valley Public Radio") && !plan.contains("Mill Race")).then_some(())
    });
    drop(station);
}

#[test]
fn what_was_played_is_kept_and_rules_hold_across_a_kill() {
    let dir = folder();
    let station = Station::start(dir.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let spins = || {
        runtime.block_on(async {
            let db = store::Db::open(&format!("sqlite://{}", dir.path().join("station.db").display())).await.unwrap();
            let found = store::station::all(&db).await.unwrap().remove(0);
            let service = store::service::by_slug(&db, found.id, "music").await.unwrap().unwrap();
            let (from, to) = (::station::Timestamp::UNIX_EPOCH, ::station::Timestamp::MAX);
            store::spin::between(&db, found.id, service.id, from, to).await.unwrap()
        })
    };
    let data = dir.path().to_str().unwrap();
    let skip = || groundwave(&["air", "queue", "skip", "music", "--data", data]);
    // Songs rest for two minutes, and there are four: at most three are heard, and then the program is killed.
    for count in [1, 2] {
        wait_for("a spin", || (spins().len() >= count).then_some(()));
        skip();
    }
    let before = wait_for("the third spin", || Some(spins()).filter(|spins| spins.len() >= 3));
    assert!(before[..2].iter().all(|spin| spin.end.is_some()), "{before:?}");
    station.kill();
    let _station = Station::start(dir.path());
    // What begins a run is dated back by the burst, so the new ones are not simply the last.
    let is_new = |spin: &::station::Spin| before.iter().all(|known| known.start != spin.start);
    let song = wait_for("a song", || {
        let mut new = spins().into_iter().filter(is_new);
        let found = new.find(|spin| spin.artist == "The Harrow Valley Machine");
        if found.is_none() {
            skip();
        }
        found
    });
    assert!(before.iter().all(|spin| spin.title != song.title), "{} was heard just before: {before:?}", song.title);
}
