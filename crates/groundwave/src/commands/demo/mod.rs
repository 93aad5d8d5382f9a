//! `groundwave demo`: a station to look at, made where there is none.

mod content;
mod prose;
mod seed;
mod told;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::{first_settings, runtime};
use crate::assembly::{self, House};
use crate::settings::Settings;

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
            first_settings::write(&file, "# The demonstration station.", "[log]\nlevel = \"warn\"\n")?;
        }
        let mut settings = Settings::load(Some(&file))?;
        settings.data.dir = self.data.clone();
        settings.door.listen = vec![self.listen];
        Ok(settings)
    }
}
