//! `groundwave import icecast`: an Icecast's configuration as settings of ours.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::icecast::{self, Translation};
use crate::settings::Settings;

/// The largest configuration that is read, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Prints what an `icecast.xml` amounts to as groundwave.toml; what could not be taken over is told line by line.
#[derive(Debug, Args)]
pub(super) struct Icecast {
    /// Write the settings to this file, which must not be there yet, instead of printing them
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// The Icecast's configuration
    #[arg(value_name = "ICECAST.XML")]
    file: PathBuf,
}

impl Icecast {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let translation = self.translate()?;
        for note in &translation.notes {
            eprintln!("{}:{note}", self.file.display());
        }
        let (taken, told) = (translation.taken, translation.notes.len());
        eprintln!("{taken} elements taken over, {told} remarks");
        match &self.write {
            None => print!("{}", translation.settings),
            Some(target) => {
                write(target, &translation.settings)?;
                eprintln!("written to {}; look at it with `groundwave config --config {0}`", target.display());
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn translate(&self) -> anyhow::Result<Translation> {
        let told = || format!("could not read {}", self.file.display());
        let size = std::fs::metadata(&self.file).with_context(told)?.len();
        anyhow::ensure!(size <= FILE_BYTES_MAX, "{} is larger than 4 MB; it is no icecast.xml", self.file.display());
        let xml = std::fs::read_to_string(&self.file).with_context(told)?;
        let translation = icecast::translate(&xml).with_context(told)?;
        // What it says may be wrong as it stands, in Icecast's terms too: better told now than at the first start.
        Settings::read("the settings that it amounts to", &translation.settings, &[])
            .with_context(|| format!("{} cannot be taken over as it is; mend it there", self.file.display()))?;
        Ok(translation)
    }
}

/// Writes a new file that only its owner can read: there are passwords in it.
fn write(target: &Path, text: &str) -> anyhow::Result<()> {
    let told = || format!("could not write {}; the file must not be there yet", target.display());
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(target).with_context(told)?;
    file.write_all(text.as_bytes()).with_context(told)
}
