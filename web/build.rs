//! Bundles the browser's part with esbuild and writes the table that `lib.rs` includes.
//!
//! The sources are copied to `OUT_DIR` first, so that the source tree stays clean and two builds at once do not meet.
//! npm is asked only when the lockfile has changed. `GROUNDWAVE_WEB_DIST=DIR` takes what `node build.mjs DIR` made
//! before, for who builds without Node.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs, io};

const SOURCES: [&str; 4] = ["package.json", "package-lock.json", "build.mjs", "src"];
const STAMP: &str = "installed.lock";

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed=GROUNDWAVE_WEB_DIST");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo tells a build script its OUT_DIR"));
    match dist(&out).and_then(|dist| write_table(&dist, &out)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("cargo::error={reason}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of finished files: the one that was made before, or a new one.
fn dist(out: &Path) -> Result<PathBuf, String> {
    if let Some(ready) = env::var_os("GROUNDWAVE_WEB_DIST") {
        let ready = PathBuf::from(ready);
        println!("cargo::rerun-if-changed={}", ready.display());
        return Ok(ready);
    }
    let workshop = out.join("web");
    copy_sources(&workshop).map_err(|e| format!("could not copy the browser's part to {}: {e}", workshop.display()))?;
    install(&workshop)?;
    let dist = out.join("dist");
    let mut bundle = Command::new("node");
    bundle.arg("build.mjs").arg(&dist).current_dir(&workshop);
    run(bundle, "could not bundle the browser's part")?;
    Ok(dist)
}

/// Installs what the bundle is made of, if the lockfile is not the one that was installed last.
fn install(workshop: &Path) -> Result<(), String> {
    let wanted =
        fs::read(workshop.join("package-lock.json")).map_err(|e| format!("could not read package-lock.json: {e}"))?;
    let stamp = workshop.join(STAMP);
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]);
    npm.current_dir(workshop);
    run(npm, "could not install the browser's part with npm")?;
    fs::write(&stamp, wanted).map_err(|e| format!("could not write {}: {e}", stamp.display()))
}

/// Runs a program of Node's to its end; what went wrong is told in one line.
fn run(mut command: Command, what: &str) -> Result<(), String> {
    let told = command.output().map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => {
            format!("{what}: install Node.js 20 or newer with npm, or set GROUNDWAVE_WEB_DIST to a folder made elsewhere by `node build.mjs`")
        }
        _ => format!("{what}: {e}"),
    })?;
    if told.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&told.stderr);
    Err(format!("{what}: {}", words.split_whitespace().collect::<Vec<_>>().join(" ")))
}

fn copy_sources(to: &Path) -> io::Result<()> {
    // What was deleted here must not live on there.
    if to.join("src").exists() {
        fs::remove_dir_all(to.join("src"))?;
    }
    fs::create_dir_all(to)?;
    SOURCES.iter().try_for_each(|source| copy(Path::new(source), &to.join(source)))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Turns the manifest into the Rust table of assets.
fn write_table(dist: &Path, out: &Path) -> Result<(), String> {
    let manifest = dist.join("manifest.tsv");
    let rows = fs::read_to_string(&manifest).map_err(|e| format!("could not read {}: {e}", manifest.display()))?;
    let mut table = String::from("static ASSETS: &[Asset] = &[\n");
    for row in rows.lines() {
        let [name, file, media_type, hash] = row.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("{} has a line that is not one of ours: {row}", manifest.display()));
        };
        let bytes = |suffix: &str| format!("include_bytes!({:?})", dist.join(format!("{file}{suffix}")));
        let (identity, gzip, brotli) = (bytes(""), bytes(".gz"), bytes(".br"));
        writeln!(
            table,
            "    Asset {{ name: {name:?}, path: {:?}, media_type: {media_type:?}, identity: {identity}, gzip: {gzip}, brotli: {brotli}, etag: {hash:?} }},",
            format!("/assets/{file}")
        )
        .expect("writing to a string succeeds");
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table).map_err(|e| format!("could not write the table of assets: {e}"))
}
