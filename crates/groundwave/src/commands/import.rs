//! `groundwave import`: stories from elsewhere, into a running station or a stopped one.

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

/// Takes in stories from elsewhere.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// Documents of NPR's Content Distribution Service, as JSON
    Cds(Cds),
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
        let From::Cds(cds) = self.from;
        runtime()?.block_on(cds.run())
    }
}

impl Cds {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let db = assembly::open_store(&settings).await?;
        let station = self.choose(store::station::all(&db).await?)?;
        let owners = assembly::owners(&settings)?;
        let files = documents(&self.paths)?.into_iter().map(read);
        let documents: Vec<(PathBuf, Vec<u8>)> = files.collect::<anyhow::Result<_>>()?;
        let report = wire::import(&db, &station, documents, &owners, System::start().now()).await?;
        println!("{report}");
        Ok(if report.has_failures() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    fn choose(&self, stations: Vec<station::Station>) -> anyhow::Result<station::Station> {
        let known = stations.iter().map(|station| station.slug.as_str()).collect::<Vec<_>>().join(", ");
        let wanted =
            |station: &station::Station| self.station.as_deref().is_none_or(|slug| station.slug.as_str() == slug);
        let mut fitting = stations.into_iter().filter(wanted);
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => {
                anyhow::bail!("the store is home to several stations: say --station with one of {known}")
            }
            (None, _) if known.is_empty() => anyhow::bail!("there is no station in this store yet"),
            (None, _) => {
                anyhow::bail!("no station is called `{}`; there are {known}", self.station.clone().unwrap_or_default())
            }
        }
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
