//! `groundwave demo`: a station to look at, made where there is none.

mod content;
mod prose;
mod seed;
mod told;

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::runtime;
use crate::assembly::{self, House};
use crate::settings::{Secret, Settings};

/// Starts a demonstration station on a folder of its own; what is missing is made.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// The folder that holds the station
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    data: PathBuf,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// A file to write once everything answers: addresses and password, as JSON
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Demo {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.settings()?;
        crate::logging::start(&settings.log)?;
        runtime()?.block_on(async {
            seed::if_empty(&settings).await.context("could not make the demonstration station")?;
            let house = House::open(settings.clone()).await?;
            house.run(assembly::told_to_stop(), |open| told::tell(open, &settings, self.ready_file.as_deref())).await?;
            Ok(ExitCode::SUCCESS)
        })
    }

    /// The settings in the station's folder, written there with a password of its own at the first start.
    fn settings(&self) -> anyhow::Result<Settings> {
        let file = self.data.join("groundwave.toml");
        if !file.exists() {
            write_settings(&file)?;
        }
        let mut settings = Settings::load(Some(&file))?;
        settings.data.dir = self.data.clone();
        settings.door.listen = vec![self.listen];
        Ok(settings)
    }
}

fn write_settings(file: &Path) -> anyhow::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).with_context(|| format!("could not make the folder {}", dir.display()))?;
    let text = format!(
        "# The demonstration station. `groundwave config --data {}` prints everything that can be set.\n\n[air]\nsource_password = \"{}\"\n\n[log]\nlevel = \"warn\"\n",
        dir.display(),
        random_word()?.reveal(),
    );
    // It holds a password: nobody else on the machine need read it.
    let made = std::fs::File::options().write(true).create_new(true).mode(0o600).open(file);
    made.and_then(|mut made| made.write_all(text.as_bytes()))
        .with_context(|| format!("could not write {}", file.display()))
}

/// Sixteen letters and digits that nobody can guess and everybody can type.
fn random_word() -> anyhow::Result<Secret> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut chance = [0u8; 16];
    getrandom::fill(&mut chance).context("the machine gives no random numbers")?;
    Ok(Secret::new(chance.map(|byte| char::from(LETTERS[usize::from(byte % 32)])).into_iter().collect::<String>()))
}
