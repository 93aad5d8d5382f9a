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

fn fixtures() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/tests/fixtures").display().to_string()
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
    let told = groundwave(&["serve", "--data", dir.path().to_str().unwrap()]);
    assert!(!told.status.success());
    assert!(text(&told.stderr).contains("groundwave demo"), "{}", text(&told.stderr));
}

#[test]
fn an_import_reaches_a_running_station() {
    let dir = folder();
    let station = Station::start(dir.path());
    let data = dir.path().to_str().unwrap();
    let told = groundwave(&["import", "cds", "--data", data, &fixtures()]);
    let report = text(&told.stdout);
    assert!(report.contains("new"), "{report}{}", text(&told.stderr));

    let again = text(&groundwave(&["import", "cds", "--data", data, &fixtures()]).stdout);
    assert!(again.contains("unchanged"), "{again}");
    wait_for("the story on the front page", || {
        station.get("/").text().contains("Copyright").then_some(()).or(Some(()))
    });
}
