//! What the commands say to a person.

mod station;

use std::path::Path;
use std::process::{Command, Output};

use station::{Station, folder, wait_for};

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
