//! `groundwave import audio`: files become pieces of the library.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use guide::library::{FILE_BYTES_MAX, as_minutes};
use station::{Clock, Piece, Slug};

use super::super::{Place, choose_service};
use crate::assembly;
use crate::clock::System;
use crate::intake::{Intake, Taken};

/// The endings of files that are looked at in folders.
const ENDINGS: [&str; 7] = ["mp3", "aac", "ogg", "oga", "opus", "flac", "wav"];

/// Takes files into a service's library.
#[derive(Debug, Args)]
pub(super) struct Audio {
    #[command(flatten)]
    place: Place,
    /// The station, where the store is home to several
    #[arg(long, value_name = "SLUG")]
    station: Option<String>,
    /// The service that will play them
    #[arg(long, value_name = "SLUG")]
    service: String,
    /// The category in which clocks look for them; without one, they are played where there are no clocks
    #[arg(long, value_name = "SLUG")]
    category: Option<String>,
    /// Files, or folders whose sound files are taken, those within them too
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
}

impl Audio {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let db = assembly::open_store(&settings).await?;
        let station = assembly::choose_station(&db, self.station.as_deref()).await?;
        let service = choose_service(store::service::all(&db, station.id).await?, &self.service)?;
        let intake = Intake {
            db,
            vault: assembly::open_vault(&settings)?,
            workshop: crate::sound::workshop(&settings.sound)
                .context("what is taken in is decoded in child processes, and `workshop` in [sound] is off")?,
            service,
            category: self.category.as_deref().map(Slug::parse).transpose()?,
        };
        let (mut new, mut known, mut refused) = (0, 0, 0);
        for file in sound_files(&self.paths)? {
            match take(&intake, &file).await {
                Ok(Taken::New(piece)) => {
                    new += 1;
                    println!("new      {}", told(&piece));
                }
                Ok(Taken::Known(piece)) => {
                    known += 1;
                    println!("known    {}", told(&piece));
                }
                Err(error) => {
                    refused += 1;
                    println!("refused  {}: {error:#}", file.display());
                }
            }
        }
        println!("{new} new, {known} known already, {refused} refused");
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

async fn take(intake: &Intake, file: &Path) -> anyhow::Result<Taken> {
    let bytes = std::fs::metadata(file).context("it cannot be read")?.len();
    anyhow::ensure!(bytes <= FILE_BYTES_MAX, "it is larger than {} MB", FILE_BYTES_MAX >> 20);
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = std::fs::read(file).context("it cannot be read")?;
    intake.take(&name, bytes.into(), System::start().now()).await
}

/// A piece in a line.
fn told(piece: &Piece) -> String {
    let loudness = piece.loudness.map_or(String::new(), |loudness| format!(", {:.1} LUFS", loudness.integrated_lufs));
    format!("{} ({}{loudness})", piece.display_title(), as_minutes(piece.plays_ms()))
}

/// The files that `paths` name, those of folders in the order of their names.
fn sound_files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            gather(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn gather(dir: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("could not read the folder {}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.sort();
    for path in paths {
        // A link to a folder could lead around in a circle.
        if path.is_dir() && !path.is_symlink() {
            gather(&path, files)?;
        } else if path.is_file() && is_sound(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_sound(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}
