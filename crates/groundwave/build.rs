//! Puts the demonstration station's files into the program.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let demo = here.join("../../demo").canonicalize().expect("the demo folder stands beside the crates");
    println!("cargo::rerun-if-changed={}", demo.display());
    let mut files = Vec::new();
    gather(&demo, &mut files);
    files.sort();
    let mut table = String::from("&[\n");
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&demo).expect("it was found there").display().to_string();
        writeln!(table, "    ({name:?}, include_bytes!({:?})),", file.display().to_string())
            .expect("a string takes it");
    }
    table.push(']');
    let out = PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it")).join("demo.rs");
    std::fs::write(out, table).expect("cargo made the folder");
}

/// Every file that the station is made of; not the recipes that made them.
fn gather(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("the demo folder can be read") {
        let path = entry.expect("the demo folder can be read").path();
        if path.is_dir() {
            gather(&path, files);
        } else if path
            .extension()
            .is_some_and(|e| ["toml", "md", "svg", "mp3", "aac", "json"].iter().any(|known| e == *known))
        {
            files.push(path);
        }
    }
}
