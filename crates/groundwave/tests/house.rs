//! The house holds: who imports whom is what ARCHITECTURE.md says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Each crate, and the crates of ours that it may lean on.
const TABLE: &[(&str, &[&str])] = &[
    ("audio", &[]),
    ("feeds", &[]),
    ("station", &[]),
    ("web", &[]),
    ("vault", &[]),
    ("store", &["station"]),
    ("bus", &["station"]),
    ("air", &["audio", "station", "vault", "bus"]),
    ("wire", &["feeds", "station", "store", "vault", "bus"]),
    ("newsroom", &["audio", "station", "store", "vault", "bus"]),
    ("guide", &["audio", "station", "store", "vault", "bus"]),
    ("site", &["audio", "feeds", "station", "store", "vault", "bus", "web"]),
    ("desk", &["station", "store", "bus", "web", "air", "wire", "newsroom", "guide"]),
    (
        "groundwave",
        &[
            "audio", "feeds", "station", "web", "vault", "store", "bus", "air", "wire", "newsroom", "guide", "site",
            "desk",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is two folders up")
}

/// What each manifest of the workspace leans on, of ours.
fn manifests() -> BTreeMap<String, BTreeSet<String>> {
    let ours: BTreeSet<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    let crates = std::fs::read_dir(root().join("crates")).expect("crates/ can be read");
    let folders = crates.map(|entry| entry.expect("crates/ can be read").path()).chain([root().join("web")]);
    let mut found = BTreeMap::new();
    for folder in folders.filter(|folder| folder.join("Cargo.toml").exists()) {
        let text = std::fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest can be read");
        let manifest: toml::Table = text.parse().expect("a manifest is TOML");
        let name = manifest["package"]["name"].as_str().expect("a crate has a name").to_owned();
        let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
        let leaned_on =
            tables.iter().filter_map(|table| manifest.get(*table)?.as_table()).flat_map(|table| table.keys());
        found.insert(name, leaned_on.filter(|key| ours.contains(key.as_str())).cloned().collect());
    }
    found
}

#[test]
fn no_room_opens_into_another() {
    for (name, leaned_on) in manifests() {
        let (_, allowed) = TABLE
            .iter()
            .find(|(known, _)| *known == name)
            .unwrap_or_else(|| panic!("`{name}` has no place in the table"));
        for other in leaned_on {
            assert!(allowed.contains(&other.as_str()), "`{name}` imports `{other}`, which the table forbids");
        }
    }
}

#[test]
fn every_room_of_the_table_stands() {
    let found = manifests();
    for (name, _) in TABLE {
        assert!(found.contains_key(*name), "`{name}` is in the table and not in the house");
    }
}

/// Files below `folder` that end in `.rs`, tests left out.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut all = Vec::new();
    rust_files(folder, &mut all);
    into.extend(all.into_iter().filter(|path| !path.ends_with("tests.rs")));
}

/// Every Rust file below a folder.
fn rust_files(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a source folder can be read") {
        let path = entry.expect("a source folder can be read").path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            into.push(path);
        }
    }
}

/// The lines of a crate's code (comments left out) that contain one of `words`.
fn lines_with(krate: &str, words: &[&str]) -> Vec<String> {
    let mut files = Vec::new();
    sources(&root().join("crates").join(krate).join("src"), &mut files);
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file can be read");
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", file.display(), at + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn the_cellar_and_the_hall_do_no_io_and_ask_no_time() {
    let words = ["std::fs", "std::net", "tokio::", "SystemTime", "Instant::now", "Timestamp::now", "Zoned::now"];
    for krate in ["audio", "feeds", "station"] {
        let found = lines_with(krate, &words);
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn only_the_store_contains_sql() {
    let words = ["SELECT ", "INSERT INTO", "DELETE FROM", "sqlx::"];
    for (krate, _) in TABLE.iter().filter(|(krate, _)| !["store", "web"].contains(krate)) {
        let found = lines_with(krate, &words);
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn only_the_vault_touches_stored_files() {
    let rooms = ["air", "wire", "newsroom", "guide", "bus"];
    for krate in rooms {
        let found = lines_with(krate, &["std::fs", "tokio::fs", "File::open"]);
        assert!(found.is_empty(), "{found:#?}");
    }
}

/// The Markdown files of the house.
fn pages() -> Vec<PathBuf> {
    let folders = [".", "docs", "docs/decisions", "demo", "bench", "crates/store/migrations"];
    let files =
        folders.iter().flat_map(|folder| std::fs::read_dir(root().join(folder)).expect("a folder of the house"));
    let paths = files.map(|entry| entry.expect("a folder can be read").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect()
}

#[test]
fn every_link_between_our_pages_leads_somewhere() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page can be read");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target)) {
            let path = target.split('#').next().unwrap_or_default();
            let is_ours = !path.is_empty() && !path.contains(':') && !path.contains(' ') && path.contains('.');
            let beside = page.parent().expect("a page stands in a folder").join(path);
            assert!(!is_ours || beside.exists(), "{}: `{target}` leads nowhere", page.display());
        }
    }
}

/// Every file of tests, ours and the browser's, as one text.
fn tests() -> String {
    let mut files = Vec::new();
    rust_files(&root().join("crates"), &mut files);
    let browser = std::fs::read_dir(root().join("tests/browser")).expect("tests/browser can be read");
    files.extend(browser.map(|entry| entry.expect("tests/browser can be read").path()));
    let is_test = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "rs" || ending == "mjs");
    let read = |path: &PathBuf| std::fs::read_to_string(path).expect("a file of tests can be read");
    files.iter().filter(is_test).map(read).collect()
}

#[test]
fn every_test_that_the_acceptance_page_names_is_there() {
    let page = std::fs::read_to_string(root().join("docs/acceptance.md")).expect("docs/acceptance.md can be read");
    let tests = tests();
    let rows =
        page.lines().filter(|line| line.starts_with("| ") && line.as_bytes().get(2).is_some_and(u8::is_ascii_digit));
    let mut named = 0;
    for row in rows {
        let last = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        for name in last.split('`').skip(1).step_by(2) {
            let is_there = tests.contains(&format!("fn {name}(")) || tests.contains(&format!("test(\"{name}\""));
            assert!(is_there, "no test is called `{name}`");
            named += 1;
        }
    }
    assert!(named > 40, "only {named} tests were found on the page");
}
