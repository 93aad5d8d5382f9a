//! Puts the templates into the program: writes a table of every file in `templates/`.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo says where the crate is")).join("templates");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("crates/desk/templates can be read")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".html"))
        .collect();
    names.sort();
    let mut table = String::from("&[\n");
    for name in &names {
        let file = folder.join(name);
        println!("cargo::rerun-if-changed={}", file.display());
        writeln!(table, "    ({name:?}, include_str!({file:?})),").expect("a string takes whatever is written");
    }
    table.push(']');
    let out = Path::new(&env::var("OUT_DIR").expect("cargo says where to write")).join("templates.rs");
    fs::write(out, table).expect("the table of templates can be written");
}
