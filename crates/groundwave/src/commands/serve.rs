//! `groundwave serve`: the station as its settings say.

use std::process::ExitCode;

use clap::Args;

use super::{Place, runtime};
use crate::assembly::{self, House};

/// Runs the station until it is told to stop.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        crate::logging::start(&settings.log)?;
        runtime()?.block_on(async {
            let house = House::open(settings).await?;
            anyhow::ensure!(
                !house.stations.is_empty(),
                "there is no station in this store yet; `groundwave demo --data DIR` makes one to look at"
            );
            house.run(assembly::told_to_stop(), |_| Ok(())).await?;
            Ok(ExitCode::SUCCESS)
        })
    }
}
