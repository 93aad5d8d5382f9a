//! `groundwave import`: stories, sound and rotations from elsewhere, into a running station or a stopped one; an Icecast's
//! configuration.

mod audio;
mod icecast;
mod rotation;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use station::Clock;

use super::{Place, runtime};
use crate::assembly;
use crate::clock::System;

/// The largest file that is read, in bytes. A story with everything in it is some 200 kB.
const FILE_BYTES_MAX: u64 = 32 << 20;

/// Takes in what comes from elsewhere.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// Sound files, into a service's library
    Audio(audio::Audio),
    /// Documents of NPR's Content Distribution Service, as JSON
    Cds(Cds),
    /// An Icecast's configuration: prints the settings that it amounts to, and what it says besides
    Icecast(icecast::Icecast),
    /// What a service's automation plays by, as TOML
    Rotation(rotation::Rotation),
}

#[derive(Debug, Args)]
struct Cds {
    #[command(flatten)]
    place: Place,
    /// The station that takes them in, where the store is home to several
    #[arg(long, value_name = "SLUG")]
    station: Option<String>,
    /// Files, or folders whose `.json` files are read
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
}

impl Import {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.from {
            From::Audio(audio) => runtime()?.block_on(audio.run()),
            From::Cds(cds) => runtime()?.block_on(cds.run()),
            From::Icecast(icecast) => icecast.run(),
            From::Rotation(rotation) => runtime()?.block_on(rotation.run()),
        }
    }
}

impl Cds {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let db = assembly::open_store(&settings).await?;
        let station = assembly::choose_station(&db, self.station.as_deref()).await?;
        let owners = assembly::owners(&settings)?;
        let files = documents(&self.paths)?.into_iter().map(read);
        let documents: Vec<(PathBuf, Vec<u8>)> = files.collect::<anyhow::Result<_>>()?;
        let report = wire::import(&db, &station, documents, &owners, System::start().now()).await?;
        println!("{report}");
        Ok(if report.has_failures() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// The files that `paths` name, those of folders in the order of their names.
fn documents(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(json_files(path)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn json_files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("could not read the folder {}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    Ok(files)
}

fn read(path: PathBuf) -> anyhow::Result<(PathBuf, Vec<u8>)> {
    let file = std::fs::File::open(&path).with_context(|| format!("could not open {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).with_context(|| format!("could not read {}", path.display()))?;
    Ok((path, bytes))
}
